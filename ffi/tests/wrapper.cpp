// The C++ wrapper: ownership, errors both ways, views, options.

#include <segloss.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

static int failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            std::printf("line %d: %s\n", __LINE__, #condition);                                    \
        }                                                                                          \
    } while (0)

using namespace segloss;

static void squared_error(void *, const double *, const segloss_pixel_tile_f64 *tile, double *value,
                          double *slope) {
    for (std::uint32_t i = 0; i < tile->count; i++) {
        const double error = tile->p[i] - tile->y[i];
        value[i] = error * error;
        slope[i] = 2 * error * tile->p[i] * tile->q[i];
    }
}

static void errors_come_both_ways() {
    auto made = Loss::make("bce + dise", Link::sigmoid);
    CHECK(!made && made.failure().code == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(made.failure().message.find("`dice`") != std::string::npos);
    try {
        Loss("bce(", Link::sigmoid);
        CHECK(false);
    } catch (const Error &error) {
        CHECK(error.code() == SEGLOSS_RESULT_BAD_TEXT && error.what()[0] != 0);
    }
    std::vector<float> few(3);
    try {
        (void)tensor(few, {1, 1, 4});
        CHECK(false);
    } catch (const std::length_error &) {
    }
    const Loss loss("bce", Link::sigmoid);
    auto result = loss.try_evaluate(tensor(few, {1, 1, 3}), tensor(few, {1, 3, 1}));
    CHECK(!result && result.failure().code == SEGLOSS_RESULT_BAD_SHAPE);
}

static void calls_do_what_they_say() {
    const std::vector<float> logits{2, -1, 0.5f, -3};
    const std::vector<std::uint8_t> mask{1, 0, 255, 0};
    std::vector<double> wide(logits.begin(), logits.end());
    std::vector<float> gradient(4), weights{1, 2, 3, 4}, map(4);
    const Shape shape{1, 1, 2, 2};
    const auto z = tensor(logits, shape);
    const auto y = tensor(mask, shape);

    LossOptions options;
    options.maps = {"mine"};
    const Loss mapped("bce @ mine", Link::sigmoid, options), plain("bce", Link::sigmoid);
    CHECK(mapped.text() == "bce @ mine");
    Call call;
    call.maps.emplace_back("mine", tensor(weights, shape));
    call.ignore_index = 255;
    Outputs outputs;
    outputs.gradient = tensor(gradient, shape);
    double sample = 0;
    outputs.sample_values = Span<double>(&sample, 1);
    outputs.loss_map = tensor(map, shape);
    const auto value = mapped.evaluate(z, y, outputs, call);
    CHECK(value.valid == 3 && sample == value.value && gradient[2] == 0 && map[2] == 0);

    Call weighted;
    weighted.weights = tensor(weights, shape);
    weighted.ignore_index = 255;
    CHECK(plain.evaluate(z, y, {}, weighted).value == value.value);
    weighted.ignore_index.reset();
    weighted.ignore_indices = std::vector<std::int64_t>{};
    const auto refused = plain.try_evaluate(z, y, {}, weighted);
    CHECK(!refused && refused.failure().code == SEGLOSS_RESULT_BAD_TARGET);
    weighted.ignore_indices = {7, 255};
    CHECK(plain.evaluate(z, y, {}, weighted).value == value.value);

    const std::vector<float> before = gradient;
    call.accumulate = true;
    call.scale = 3;
    auto workspace = Workspace::make().value();
    mapped.evaluate(z, y, outputs, call, &workspace);
    for (std::size_t i = 0; i < 4; i++) CHECK(std::fabs(gradient[i] - 4 * before[i]) < 1e-7f);

    const auto in_double = plain.evaluate(tensor(wide, shape), y, {}, weighted);
    CHECK(std::fabs(in_double.value - plain.evaluate(z, y, {}, weighted).value) < 1e-6);

    // Channels last.
    const std::vector<float> pairs{2, 9, -1, 9, 0.5f, 9, -3, 9};
    const ConstTensor strided(pairs.data(), dtype<float>(), shape, Shape{8, 1, 4, 2});
    Call ignoring;
    ignoring.ignore_index = 255;
    CHECK(plain.evaluate(strided, y, {}, ignoring).value == plain.evaluate(z, y, {}, ignoring).value);
}

static void plugins_are_owned() {
    segloss_pixel_term term = SEGLOSS_PIXEL_TERM_INIT;
    term.name = "squared_error";
    term.tile_f64 = squared_error;
    const std::vector<float> logits{2, -1};
    const std::vector<std::uint8_t> mask{1, 0};
    auto plugin = Plugin::make(term).value();
    LossOptions options;
    options.plugins = {&plugin};
    const Loss loss("squared_error", Link::sigmoid, options);
    const auto value = loss.evaluate(tensor(logits, {1, 1, 2}), tensor(mask, {1, 1, 2}));
    const double p = 1 / (1 + std::exp(-2.0)), q = 1 / (1 + std::exp(1.0));
    CHECK(std::fabs(value.value - ((p - 1) * (p - 1) + q * q) / 2) < 1e-6);
    term.name = "dice";
    CHECK(Plugin::make(term).failure().code == SEGLOSS_RESULT_BAD_PLUGIN);
    segloss_region_term region = SEGLOSS_REGION_TERM_INIT;
    CHECK(Plugin::make(region).failure().code == SEGLOSS_RESULT_NULL_POINTER);
}

static void maps_are_made() {
    const std::vector<std::uint8_t> mask{0, 0, 1, 1, 1, 0, 0};
    std::vector<float> out(7);
    std::vector<std::uint8_t> bits(7);
    const Shape shape{1, 1, 7};
    distance(SEGLOSS_DISTANCE_KIND_SIGNED, Link::sigmoid, tensor(mask, shape), tensor(out, shape));
    CHECK((out == std::vector<float>{-2, -1, 1, 2, 1, -1, -2}));
    map_weights("band(theta=0)", Link::sigmoid, tensor(mask, shape), tensor(out, shape));
    CHECK((out == std::vector<float>{1, 5, 5, 1, 5, 5, 1}));
    dilate(tensor(mask, shape), SEGLOSS_ELEMENT_CROSS, 1, tensor(bits, shape));
    CHECK((bits == std::vector<std::uint8_t>{0, 1, 1, 1, 1, 1, 0}));
    erode(tensor(mask, shape), SEGLOSS_ELEMENT_FULL, SEGLOSS_BORDER_ZERO, 1, tensor(bits, shape));
    CHECK((bits == std::vector<std::uint8_t>{0, 0, 0, 1, 0, 0, 0}));
}

// Eight threads, one loss.
static void threads_share_a_loss() {
    constexpr std::size_t pixels = 70000;
    std::vector<float> logits(pixels), expected(pixels);
    std::vector<std::uint8_t> mask(pixels);
    for (std::size_t i = 0; i < pixels; i++) {
        logits[i] = static_cast<float>(i * 7919 % 1000) / 100 - 5;
        mask[i] = i % 3 == 0;
    }
    const Shape shape{1, 1, pixels};
    LossOptions options;
    options.threads = 2;
    for (const auto &own : {LossOptions{}, options}) {
        const Loss loss("preset:boundary", Link::sigmoid, own);
        const auto value =
            loss.evaluate(tensor(logits, shape), tensor(mask, shape), tensor(expected, shape));
        std::vector<std::thread> threads;
        std::array<bool, 8> same{};
        for (auto &is_same : same) {
            threads.emplace_back([&] {
                std::vector<float> gradient(pixels);
                is_same = true;
                for (int round = 0; round < 20; round++) {
                    const auto found = loss.evaluate(tensor(logits, shape), tensor(mask, shape),
                                                     tensor(gradient, shape));
                    is_same = is_same && found.value == value.value && gradient == expected;
                }
            });
        }
        for (auto &thread : threads) thread.join();
        for (const bool is_same : same) CHECK(is_same);
    }
}

int main() {
    errors_come_both_ways();
    calls_do_what_they_say();
    plugins_are_owned();
    maps_are_made();
    threads_share_a_loss();
    std::puts(failures ? "some checks failed" : "all checks passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
