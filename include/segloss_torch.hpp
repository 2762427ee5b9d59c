/* Losses for PyTorch's C++ side (LibTorch), on the CPU: tensors are the same memory on both sides, and losses
 * are part of its graphs. Like LibTorch, it needs exceptions. */

#ifndef SEGLOSS_TORCH_HPP
#define SEGLOSS_TORCH_HPP

#include <torch/torch.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "segloss.hpp"

namespace segloss {

namespace detail {
inline DLDataType dtype_of(const torch::Tensor &tensor) {
    switch (tensor.scalar_type()) {
    case torch::kFloat16: return SEGLOSS_FLOAT16;
    case torch::kBFloat16: return SEGLOSS_BFLOAT16;
    case torch::kFloat32: return SEGLOSS_FLOAT32;
    case torch::kFloat64: return SEGLOSS_FLOAT64;
    case torch::kUInt8: return SEGLOSS_UINT8;
    case torch::kInt8: return SEGLOSS_INT8;
    case torch::kInt16: return SEGLOSS_INT16;
    case torch::kInt32: return SEGLOSS_INT32;
    case torch::kInt64: return SEGLOSS_INT64;
    case torch::kBool: return SEGLOSS_BOOL;
    default: TORCH_CHECK_TYPE(false, "segloss takes no tensors of ", tensor.scalar_type());
    }
}
} // namespace detail

/** A tensor of batch x channels x 1 to 3 axes, for as long as `tensor` keeps its memory. */
inline Tensor from_torch(const torch::Tensor &tensor) {
    TORCH_CHECK_VALUE(tensor.device().is_cpu(), "segloss takes tensors on the CPU");
    const auto axes = static_cast<std::size_t>(tensor.dim());
    return Tensor(tensor.data_ptr(), detail::dtype_of(tensor), Shape(tensor.sizes().data(), axes),
                  Shape(tensor.strides().data(), axes));
}

/** What a call reads besides logits and targets; undefined tensors are left out. */
struct TorchCall {
    /** The label whose pixels do not count; see Call. */
    std::optional<std::int64_t> ignore_index;
    /** Several, instead of `ignore_index`. */
    std::optional<std::vector<std::int64_t>> ignore_indices;
    torch::Tensor mask, weights;
    std::vector<std::pair<std::string, torch::Tensor>> maps;
    /** One loss a sample instead of one of all. */
    bool each_sample = false;
};

namespace detail {

/** A call that a graph keeps, with the gradient that was made together with the value. */
struct TorchNode : torch::CustomClassHolder {
    TorchNode(std::shared_ptr<const Loss> loss, TorchCall call)
        : loss(std::move(loss)), call(std::move(call)) {}

    std::shared_ptr<const Loss> loss;
    TorchCall call;
    torch::Tensor gradient;

    /** The value, and the gradient into `gradient` if that is asked for. */
    torch::Tensor evaluate(const torch::Tensor &logits, const torch::Tensor &targets, bool with_gradient) {
        Call raw;
        raw.ignore_index = call.ignore_index;
        raw.ignore_indices = call.ignore_indices;
        if (call.mask.defined()) raw.mask = from_torch(call.mask);
        if (call.weights.defined()) raw.weights = from_torch(call.weights);
        for (const auto &[name, weights] : call.maps) raw.maps.emplace_back(name, from_torch(weights));
        const auto wide = logits.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
        Outputs outputs;
        if (with_gradient) {
            // In single precision, where logits are of 16 bits, until the factor of a loss scaler is in it.
            gradient = torch::empty_like(logits, logits.options().dtype(wide).requires_grad(false));
            outputs.gradient = from_torch(gradient);
        }
        std::vector<double> samples(call.each_sample ? static_cast<std::size_t>(logits.size(0)) : 0);
        if (call.each_sample) {
            outputs.sample_values = samples;
            raw.sample_scales.assign(samples.size(), 1.0);
        }
        const auto found = loss->evaluate(from_torch(logits), from_torch(targets), outputs, raw);
        return call.each_sample ? torch::tensor(samples, wide) : torch::scalar_tensor(found.value, wide);
    }
};

/** A gradient that is no constant, but cannot be differentiated. */
class Once : public torch::autograd::Function<Once> {
public:
    static torch::Tensor forward(torch::autograd::AutogradContext *, const torch::Tensor &gradient,
                                 const torch::Tensor &, const torch::Tensor &) {
        return gradient.view_as(gradient);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                   const torch::autograd::variable_list &) {
        TORCH_CHECK(false, "segloss has no second derivatives");
    }
};

class Differentiable : public torch::autograd::Function<Differentiable> {
public:
    static torch::Tensor forward(torch::autograd::AutogradContext *context, const torch::Tensor &logits,
                                 const torch::Tensor &targets, c10::intrusive_ptr<TorchNode> node,
                                 bool with_gradient) {
        context->save_for_backward({logits, targets});
        context->saved_data["node"] = torch::IValue::make_capsule(node);
        return node->evaluate(logits, targets, with_gradient);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   const torch::autograd::variable_list &upstream) {
        // What has been modified in place since is an error here.
        const auto saved = context->get_saved_variables();
        const auto node = c10::static_intrusive_pointer_cast<TorchNode>(
            context->saved_data["node"].toCapsule());
        torch::Tensor result;
        {
            const torch::NoGradGuard guard;
            // The first pass takes the gradient as its own; later ones, of a graph that is kept, make it anew.
            if (!node->gradient.defined()) node->evaluate(saved[0], saved[1], true);
            auto gradient = std::exchange(node->gradient, {});
            auto factor = upstream[0];
            if (factor.dim() > 0) {
                std::vector<std::int64_t> shape(static_cast<std::size_t>(gradient.dim()), 1);
                shape[0] = -1;
                factor = factor.reshape(shape);
            }
            result = gradient.mul_(factor).to(saved[0].scalar_type());
        }
        if (torch::GradMode::is_enabled()) result = Once::apply(result, saved[0], upstream[0]);
        return {result, {}, {}, {}};
    }
};

} // namespace detail

/** A loss as a part of PyTorch's graphs: `loss(logits, targets).backward()`. May be called from any thread. */
class TorchLoss {
public:
    /** The loss that `text` describes; see segloss_loss_new. Throws Error. */
    explicit TorchLoss(const std::string &text, Link link = Link::sigmoid, const LossOptions &options = {})
        : loss_(std::make_shared<const Loss>(text, link, options)), link_(link) {}

    /** The loss as a scalar, or with `each_sample` one a sample: float64 for float64 logits, else float32.
     * Logits are batch x channels x 1 to 3 axes of float16, bfloat16, float32 or float64; targets alike, or
     * under softmax labels with or without an axis for the channel. Throws Error. */
    torch::Tensor operator()(const torch::Tensor &logits, const torch::Tensor &targets,
                             const TorchCall &call = {}) const {
        TORCH_CHECK_VALUE(!targets.requires_grad(), "`targets` require a gradient, which is computed for "
                                                    "logits alone");
        const bool labels = link_ == Link::softmax && targets.dim() + 1 == logits.dim();
        const bool with_gradient = torch::GradMode::is_enabled() && logits.requires_grad();
        return detail::Differentiable::apply(logits, labels ? targets.unsqueeze(1) : targets,
                                             c10::make_intrusive<detail::TorchNode>(loss_, call),
                                             with_gradient);
    }

    /** The loss itself. */
    const Loss &loss() const noexcept { return *loss_; }

private:
    std::shared_ptr<const Loss> loss_;
    Link link_;
};

} // namespace segloss

#endif
