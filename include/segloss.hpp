/* Segmentation losses and their gradients, for C++17: segloss.h with ownership, views and errors.
 *
 * Each operation comes twice: `evaluate` throws segloss::Error, `try_evaluate` returns a Result. With
 * SEGLOSS_NO_EXCEPTIONS only the latter is there. Thread-safety is as in segloss.h. */

#ifndef SEGLOSS_HPP
#define SEGLOSS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#ifndef SEGLOSS_NO_EXCEPTIONS
#include <stdexcept>
#endif

#include "segloss.h"

namespace segloss {

/** What was wrong with a call. */
struct Failure {
    segloss_result code;
    std::string message;

    /** That of this thread's last call. */
    static Failure last(segloss_result code) {
        std::string message(segloss_last_message(nullptr, 0), '\0');
        segloss_last_message(message.data(), message.size() + 1);
        return {code, std::move(message)};
    }
};

#ifndef SEGLOSS_NO_EXCEPTIONS
/** A failure, thrown. */
class Error : public std::runtime_error {
public:
    explicit Error(Failure failure) : std::runtime_error(failure.message), code_(failure.code) {}
    segloss_result code() const noexcept { return code_; }

private:
    segloss_result code_;
};
#endif

/** A value, or what was wrong. */
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

    explicit operator bool() const noexcept { return state_.index() == 0; }
    /** The value, of a result that is one. */
    T &operator*() noexcept { return *std::get_if<0>(&state_); }
    T *operator->() noexcept { return std::get_if<0>(&state_); }
    /** What was wrong, of a result that is no value. */
    const Failure &failure() const noexcept { return *std::get_if<1>(&state_); }

#ifndef SEGLOSS_NO_EXCEPTIONS
    /** The value; throws Error if there is none. */
    T value() && {
        if (!*this) throw Error(failure());
        return std::move(**this);
    }
#endif

private:
    std::variant<T, Failure> state_;
};

/** Nothing, where all went well. */
using Done = std::monostate;

namespace detail {
inline Result<Done> done(segloss_result code) {
    if (code == SEGLOSS_RESULT_OK) return Done{};
    return Failure::last(code);
}
} // namespace detail

/** A run of elements that somebody else owns. */
template <class T>
class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = std::enable_if_t<std::is_convertible_v<
                           decltype(std::declval<C &>().data()), T *>>>
    constexpr Span(C &container) noexcept : data_(container.data()), size_(container.size()) {}
    template <std::size_t N>
    constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/** How a C++ type is stored, for DLPack. */
template <class T>
DLDataType dtype() {
    using E = std::remove_cv_t<T>;
    static_assert(std::is_arithmetic_v<E>, "not a number");
    constexpr auto bits = static_cast<std::uint8_t>(8 * sizeof(E));
    if constexpr (std::is_same_v<E, bool>) return segloss_dtype(kDLBool, bits);
    else if constexpr (std::is_floating_point_v<E>) return segloss_dtype(kDLFloat, bits);
    else if constexpr (std::is_signed_v<E>) return segloss_dtype(kDLInt, bits);
    else return segloss_dtype(kDLUInt, bits);
}

/** Extents: batch, channels, and 1 to 3 axes of space. */
class Shape {
public:
    Shape(std::initializer_list<std::int64_t> extents)
        : Shape(extents.begin(), extents.size()) {}
    Shape(const std::int64_t *extents, std::size_t axes) : axes_(axes) {
        for (std::size_t axis = 0; axis < axes && axis < extents_.size(); axis++)
            extents_[axis] = extents[axis];
    }

    std::size_t axes() const noexcept { return axes_; }
    std::int64_t operator[](std::size_t axis) const noexcept { return extents_[axis]; }
    const std::int64_t *data() const noexcept { return extents_.data(); }

private:
    // More axes than this are refused by the library, which reads no further.
    std::array<std::int64_t, 5> extents_{};
    std::size_t axes_;
};

/** A tensor that somebody else owns. `Tensor` may be written, `ConstTensor` not. */
template <bool IsConst>
class BasicTensor {
public:
    using Void = std::conditional_t<IsConst, const void, void>;

    /** Packed, row-major. */
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T> &&
                                                (IsConst || !std::is_const_v<T>)>>
    BasicTensor(T *data, const Shape &shape)
        : BasicTensor(static_cast<Void *>(data), segloss::dtype<T>(), shape) {}
    /** Of a dtype that C++ has no type for, or with strides, in elements. */
    BasicTensor(Void *data, DLDataType dtype, const Shape &shape,
                std::optional<Shape> strides = std::nullopt)
        : data_(data), dtype_(dtype), shape_(shape), strides_(strides) {}
    /** One that is not written, of one that may be. */
    template <bool Other, class = std::enable_if_t<IsConst && !Other>>
    BasicTensor(const BasicTensor<Other> &other)
        : BasicTensor(other.data(), other.dtype(), other.shape(), other.strides()) {}

    Void *data() const noexcept { return data_; }
    DLDataType dtype() const noexcept { return dtype_; }
    const Shape &shape() const noexcept { return shape_; }
    const std::optional<Shape> &strides() const noexcept { return strides_; }

    /** For C, which has no const in tensors; for as long as this is there. */
    DLTensor raw() const noexcept {
        auto *extents = const_cast<std::int64_t *>(shape_.data());
        DLTensor tensor = segloss_tensor(const_cast<void *>(static_cast<const void *>(data_)), dtype_,
                                         extents, static_cast<std::int32_t>(shape_.axes()));
        if (strides_) tensor.strides = const_cast<std::int64_t *>(strides_->data());
        return tensor;
    }

private:
    Void *data_;
    DLDataType dtype_;
    Shape shape_;
    std::optional<Shape> strides_;
};

using Tensor = BasicTensor<false>;
using ConstTensor = BasicTensor<true>;

/** The elements of a container, in this shape. Throws std::length_error (aborts, without exceptions) if it
 * has fewer. */
template <class C>
auto tensor(C &container, const Shape &shape) {
    using Pointer = decltype(container.data());
    constexpr bool is_const = std::is_const_v<std::remove_pointer_t<Pointer>>;
    std::size_t count = 1;
    bool fits = true;
    for (std::size_t axis = 0; axis < shape.axes() && axis < 5; axis++) {
        const auto extent = static_cast<std::size_t>(shape[axis] < 0 ? 0 : shape[axis]);
        fits = fits && (extent == 0 || count <= static_cast<std::size_t>(-1) / extent);
        count *= extent;
    }
    if (!fits || container.size() < count) {
#ifdef SEGLOSS_NO_EXCEPTIONS
        std::abort();
#else
        throw std::length_error("segloss::tensor: the container is smaller than the shape");
#endif
    }
    return BasicTensor<is_const>(container.data(), shape);
}

/** A term of the caller's. */
class Plugin {
public:
    static Result<Plugin> make(const segloss_pixel_term &term) {
        segloss_plugin *plugin = nullptr;
        const auto code = segloss_plugin_pixel(&term, &plugin);
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return Plugin(plugin);
    }
    static Result<Plugin> make(const segloss_class_term &term) {
        segloss_plugin *plugin = nullptr;
        const auto code = segloss_plugin_class(&term, &plugin);
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return Plugin(plugin);
    }
    static Result<Plugin> make(const segloss_region_term &term) {
        segloss_plugin *plugin = nullptr;
        const auto code = segloss_plugin_region(&term, &plugin);
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return Plugin(plugin);
    }
    const segloss_plugin *get() const noexcept { return plugin_.get(); }

private:
    struct Free {
        void operator()(segloss_plugin *plugin) const noexcept { segloss_plugin_free(plugin); }
    };
    explicit Plugin(segloss_plugin *plugin) : plugin_(plugin) {}
    std::unique_ptr<segloss_plugin, Free> plugin_;
};

/** Storage for calls, of one thread at a time. */
class Workspace {
public:
    static Result<Workspace> make() {
        segloss_workspace *workspace = nullptr;
        const auto code = segloss_workspace_new(&workspace);
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return Workspace(workspace);
    }
    segloss_workspace *get() const noexcept { return workspace_.get(); }

private:
    struct Free {
        void operator()(segloss_workspace *workspace) const noexcept {
            segloss_workspace_free(workspace);
        }
    };
    explicit Workspace(segloss_workspace *workspace) : workspace_(workspace) {}
    std::unique_ptr<segloss_workspace, Free> workspace_;
};

/** How logits become probabilities. */
enum class Link : std::int32_t { sigmoid = SEGLOSS_LINK_SIGMOID, softmax = SEGLOSS_LINK_SOFTMAX };

/** How a loss is computed, and what its text may name besides the built-in terms. */
struct LossOptions {
    segloss_level level = SEGLOSS_LEVEL_BEST;
    std::uint32_t threads = 0;
    std::vector<const Plugin *> plugins;
    std::vector<std::string> maps;
};

/** What a call reads besides logits and targets. */
struct Call {
    /**
     * The target of pixels that do not count. Unless this or `ignore_indices` is set, losses under softmax ignore 255
     * if it is no class, and nothing else is ignored (see segloss_ignore).
     */
    std::optional<std::int64_t> ignore_index;
    /** Several such targets, up to 16, instead of `ignore_index`; an empty list says that there is none. */
    std::optional<std::vector<std::int64_t>> ignore_indices;
    std::optional<ConstTensor> mask, weights;
    std::vector<std::pair<std::string, ConstTensor>> maps;
    std::vector<double> spacing;
    std::optional<double> scale;
    std::vector<double> sample_scales;
    bool accumulate = false;
};

/** Where results go besides the value. */
struct Outputs {
    std::optional<Tensor> gradient, loss_map;
    Span<double> sample_values;
};

/** The loss of a call. */
struct Value {
    double value = 0;
    /** How many pixels counted. */
    std::uint64_t valid = 0;
};

namespace detail {
/** A call for C, with what it points to. */
class RawCall {
public:
    explicit RawCall(const Call &call) {
        if (call.ignore_index) {
            raw.ignore = SEGLOSS_IGNORE_INDEX;
            raw.ignore_index = *call.ignore_index;
        }
        if (call.ignore_indices) {
            raw.ignore = SEGLOSS_IGNORE_INDICES;
            raw.ignore_indices = call.ignore_indices->data();
            raw.ignore_index_count = call.ignore_indices->size();
        }
        if (call.mask) raw.mask = &(mask_ = call.mask->raw());
        if (call.weights) raw.weights = &(weights_ = call.weights->raw());
        tensors_.reserve(call.maps.size());
        for (const auto &[name, weights] : call.maps) {
            tensors_.push_back(weights.raw());
            maps_.push_back({name.c_str(), &tensors_.back()});
        }
        raw.maps = maps_.empty() ? nullptr : maps_.data();
        raw.map_count = maps_.size();
        raw.spacing = call.spacing.empty() ? nullptr : call.spacing.data();
        raw.spacing_count = call.spacing.size();
        raw.scale = call.scale ? &*call.scale : nullptr;
        raw.sample_scales = call.sample_scales.empty() ? nullptr : call.sample_scales.data();
        raw.sample_scale_count = call.sample_scales.size();
        if (call.accumulate) raw.write = SEGLOSS_WRITE_MODE_ACCUMULATE;
    }
    RawCall(const RawCall &) = delete;
    RawCall &operator=(const RawCall &) = delete;

    segloss_call raw = SEGLOSS_CALL_INIT;

private:
    DLTensor mask_{}, weights_{};
    std::vector<DLTensor> tensors_;
    std::vector<segloss_map> maps_;
};
} // namespace detail

/** A loss: immutable, for any number of threads. */
class Loss {
public:
    /** The loss that `text` describes; see segloss_loss_new. */
    static Result<Loss> make(const std::string &text, Link link, const LossOptions &options = {}) {
        segloss_loss_options raw = SEGLOSS_LOSS_OPTIONS_INIT;
        std::vector<const segloss_plugin *> plugins;
        std::vector<const char *> names;
        for (const auto *plugin : options.plugins) plugins.push_back(plugin->get());
        for (const auto &name : options.maps) names.push_back(name.c_str());
        raw.level = options.level;
        raw.threads = options.threads;
        raw.plugins = plugins.data();
        raw.plugin_count = static_cast<std::uint32_t>(plugins.size());
        raw.map_names = names.data();
        raw.map_name_count = names.size();
        segloss_loss *loss = nullptr;
        const auto code =
            segloss_loss_new(text.c_str(), static_cast<std::int32_t>(link), &raw, &loss);
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return Loss(loss);
    }

    /** The loss, and whatever else `outputs` asks for; see segloss_evaluate. */
    Result<Value> try_evaluate(const ConstTensor &logits, const ConstTensor &targets,
                               const Outputs &outputs = {}, const Call &call = {},
                               Workspace *workspace = nullptr) const {
        const detail::RawCall options(call);
        const DLTensor z = logits.raw(), y = targets.raw();
        DLTensor gradient{}, loss_map{};
        Value value;
        segloss_outputs raw = SEGLOSS_OUTPUTS_INIT;
        raw.value = &value.value;
        raw.valid = &value.valid;
        if (outputs.gradient) raw.gradient = &(gradient = outputs.gradient->raw());
        if (outputs.loss_map) raw.loss_map = &(loss_map = outputs.loss_map->raw());
        raw.sample_values = outputs.sample_values.data();
        raw.sample_value_count = outputs.sample_values.size();
        const auto code = segloss_evaluate(loss_.get(), &z, &y, &options.raw, &raw,
                                           workspace == nullptr ? nullptr : workspace->get());
        if (code != SEGLOSS_RESULT_OK) return Failure::last(code);
        return value;
    }

    /** The text that reads back as this loss. */
    std::string text() const {
        std::string text(segloss_loss_text(loss_.get(), nullptr, 0), '\0');
        segloss_loss_text(loss_.get(), text.data(), text.size() + 1);
        return text;
    }

    const segloss_loss *get() const noexcept { return loss_.get(); }

#ifndef SEGLOSS_NO_EXCEPTIONS
    Loss(const std::string &text, Link link, const LossOptions &options = {})
        : Loss(make(text, link, options).value()) {}

    Value evaluate(const ConstTensor &logits, const ConstTensor &targets, const Outputs &outputs = {},
                   const Call &call = {}, Workspace *workspace = nullptr) const {
        return try_evaluate(logits, targets, outputs, call, workspace).value();
    }

    /** The value, and the gradient into `gradient`. */
    Value evaluate(const ConstTensor &logits, const ConstTensor &targets, const Tensor &gradient) const {
        Outputs outputs;
        outputs.gradient = gradient;
        return evaluate(logits, targets, outputs);
    }
#endif

private:
    struct Free {
        void operator()(segloss_loss *loss) const noexcept { segloss_loss_free(loss); }
    };
    explicit Loss(segloss_loss *loss) : loss_(loss) {}
    std::unique_ptr<segloss_loss, Free> loss_;
};

/** The weights of a map, `band(theta=3, weight=5)`; see segloss_map_weights. */
inline Result<Done> try_map_weights(const std::string &text, Link link, const ConstTensor &targets,
                                    const Tensor &out, const Call &call = {}) {
    const detail::RawCall options(call);
    const DLTensor from = targets.raw(), to = out.raw();
    return detail::done(segloss_map_weights(text.c_str(), static_cast<std::int32_t>(link), &from,
                                            &options.raw, &to, nullptr));
}

/** Exact distances; see segloss_distance. */
inline Result<Done> try_distance(segloss_distance_kind kind, Link link, const ConstTensor &targets,
                                 const Tensor &out, const Call &call = {}) {
    const detail::RawCall options(call);
    const DLTensor from = targets.raw(), to = out.raw();
    return detail::done(segloss_distance(kind, static_cast<std::int32_t>(link), &from, &options.raw,
                                         &to, nullptr));
}

/** Dilation; see segloss_dilate. */
inline Result<Done> try_dilate(const ConstTensor &mask, segloss_element element,
                               std::uint32_t iterations, const Tensor &out) {
    const DLTensor from = mask.raw(), to = out.raw();
    return detail::done(segloss_dilate(&from, element, iterations, &to, nullptr));
}

/** Erosion; see segloss_erode. */
inline Result<Done> try_erode(const ConstTensor &mask, segloss_element element, segloss_border border,
                              std::uint32_t iterations, const Tensor &out) {
    const DLTensor from = mask.raw(), to = out.raw();
    return detail::done(segloss_erode(&from, element, border, iterations, &to, nullptr));
}

#ifndef SEGLOSS_NO_EXCEPTIONS
inline void map_weights(const std::string &text, Link link, const ConstTensor &targets,
                        const Tensor &out, const Call &call = {}) {
    try_map_weights(text, link, targets, out, call).value();
}

inline void distance(segloss_distance_kind kind, Link link, const ConstTensor &targets,
                     const Tensor &out, const Call &call = {}) {
    try_distance(kind, link, targets, out, call).value();
}

inline void dilate(const ConstTensor &mask, segloss_element element, std::uint32_t iterations,
                   const Tensor &out) {
    try_dilate(mask, element, iterations, out).value();
}

inline void erode(const ConstTensor &mask, segloss_element element, segloss_border border,
                  std::uint32_t iterations, const Tensor &out) {
    try_erode(mask, element, border, iterations, out).value();
}
#endif

} // namespace segloss

#endif
