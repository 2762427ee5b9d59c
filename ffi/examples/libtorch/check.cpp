/* segloss in LibTorch's graphs, against autograd on the usual formulas. */

#include <segloss_torch.hpp>

#include "source_losses.hpp"

#include <cstdio>
#include <functional>

namespace {

using segloss::Link;
using segloss::TorchCall;
using segloss::TorchLoss;
using torch::Tensor;
using Formula = std::function<Tensor(const Tensor &, const Tensor &)>;

void demand(bool condition, const std::string &what) {
    if (!condition) throw std::runtime_error(what);
}

struct Found {
    Tensor value, gradient;
};

Found gradient_of(const Formula &loss, const Tensor &z, const Tensor &y, double upstream = 1) {
    const Tensor own = z.detach().clone().requires_grad_();
    const Tensor value = loss(own, y);
    (value.to(torch::kFloat64) * upstream).backward();
    return {value.detach(), own.grad()};
}

double largest(const Tensor &x) { return x.abs().max().item<double>(); }

Tensor logits(torch::IntArrayRef shape) { return 3 * torch::randn(shape, torch::kFloat64); }

Tensor masks() {
    const Tensor y = torch::zeros({2, 1, 24, 31}, torch::kFloat64);
    y.slice(0, 0, 1).slice(2, 5, 12).slice(3, 3, 20).fill_(1);
    y.slice(0, 1, 2).slice(2, 9, 10).fill_(1);
    return y;
}

Tensor labels() {
    const Tensor y = torch::randint(0, 4, {2, 9, 11}, torch::kInt64);
    return torch::where(torch::rand({2, 9, 11}) < 0.2, torch::full_like(y, 255), y);
}

struct Case {
    std::string text;
    Link link;
    Formula formula;
};

const std::vector<Case> CASES = {
    {"bce", Link::sigmoid, [](auto &z, auto &y) { return source::bce(z, y); }},
    {"dice(smooth=1)", Link::sigmoid, [](auto &z, auto &y) { return source::dice(z, y, 1); }},
    {"tversky(fp=0.3, fn=0.7)", Link::sigmoid,
     [](auto &z, auto &y) { return source::tversky(z, y, 0.3, 0.7); }},
    {"focal", Link::sigmoid, [](auto &z, auto &y) { return source::focal(z, y); }},
    {"boundary", Link::sigmoid, source::boundary},
    {"preset:boundary", Link::sigmoid, source::preset_boundary},
    {"0.5*focal + 0.5*dice", Link::sigmoid,
     [](auto &z, auto &y) { return 0.5 * source::focal(z, y) + 0.5 * source::dice(z, y); }},
    {"ce", Link::softmax, source::cross_entropy},
    {"0.5*ce + 0.5*dice", Link::softmax,
     [](auto &z, auto &y) {
         return 0.5 * source::cross_entropy(z, y) + 0.5 * source::multi_class_dice(z, y);
     }},
};

void agrees_with_autograd() {
    for (const auto &[text, link, formula] : CASES) {
        const bool binary = link == Link::sigmoid;
        const Tensor z = binary ? logits({2, 1, 24, 31}) : logits({2, 4, 9, 11});
        const Tensor y = binary ? masks() : labels();
        const TorchLoss loss(text, link);
        for (const double upstream : {1.0, -2.5}) {
            const auto expected = gradient_of(formula, z, y, upstream);
            const double steepest = largest(expected.gradient), value = expected.value.item<double>();
            struct {
                torch::ScalarType dtype;
                double of_value, of_gradient;
            } bounds[] = {{torch::kFloat64, 1e-12, 1e-12},
                          {torch::kFloat32, 2e-6, 4e-6},
                          // Half an ulp of what the gradient is rounded to; logits are exact in both.
                          {torch::kBFloat16, 1e-5, 1.0 / 256}};
            for (const auto &[dtype, of_value, of_gradient] : bounds) {
                const Tensor own = z.to(dtype);
                const auto exact = dtype == torch::kBFloat16
                                       ? gradient_of(formula, own.to(torch::kFloat64), y, upstream)
                                       : expected;
                const auto found = gradient_of(loss, own, y, upstream);
                demand(found.gradient.scalar_type() == dtype, text + ": another dtype");
                demand(largest(found.value.to(torch::kFloat64) - exact.value) <=
                           of_value * std::max(1.0, value),
                       text + ": another value");
                demand(largest(found.gradient.to(torch::kFloat64) - exact.gradient) <=
                           of_gradient * steepest,
                       text + ": another gradient");
            }
        }
        std::printf("%-26s agrees\n", text.c_str());
    }
}

void mixed_precision() {
    torch::nn::Conv2d model(torch::nn::Conv2dOptions(1, 1, 3).padding(1));
    const Tensor images = torch::randn({2, 1, 24, 31});
    // As autocast does: a model in bfloat16, parameters in float32.
    const Tensor z = torch::conv2d(images.to(torch::kBFloat16), model->weight.to(torch::kBFloat16),
                                   model->bias.to(torch::kBFloat16), 1, 1);
    demand(z.scalar_type() == torch::kBFloat16, "logits are not of 16 bits");
    TorchLoss("0.5*bce + 0.5*dice")(z, masks()).backward();
    demand(largest(model->weight.grad()) > 0 && model->weight.grad().scalar_type() == torch::kFloat32,
           "no gradient of the weights");
    // A loss scaler's factor, more than float16 holds, reaches the gradient before it is rounded.
    const Tensor half = logits({2, 1, 24, 31}).to(torch::kFloat16);
    const auto found = gradient_of(TorchLoss("bce"), half, masks(), 131072);
    const auto exact = gradient_of([](auto &z, auto &y) { return source::bce(z, y); },
                                   half.to(torch::kFloat64), masks(), 131072);
    demand(largest(found.gradient.to(torch::kFloat64) - exact.gradient) <=
               largest(exact.gradient) / 2048,
           "float16 loses digits");
}

void is_part_of_a_graph() {
    const TorchLoss loss("0.5*bce + 0.5*dice");
    const Tensor z = logits({2, 1, 24, 31}).requires_grad_(), y = masks();
    const Tensor expected = gradient_of(loss, z, y).gradient;
    const Tensor value = loss(z, y);
    for (int times = 1; times <= 3; times++) {
        value.backward(torch::full_like(value, 2), true);
        demand(torch::allclose(z.grad(), 2 * times * expected, 1e-14, 0), "a graph that is kept adds up wrongly");
    }
    z.mutable_grad() = Tensor();
    (loss(2 * z, y) + loss(2 * z, y).square()).backward();
    const Tensor twice = 2 * gradient_of(loss, 2 * z, y).gradient * (1 + 2 * loss(2 * z, y).detach());
    demand(torch::allclose(z.grad(), twice, 1e-12, 0), "the chain rule");
    z.mutable_grad() = Tensor();
    TorchCall call;
    call.each_sample = true;
    const TorchLoss dice("dice");
    const Tensor each = dice(z, y, call);
    demand(each.dim() == 1 && each.size(0) == 2, "one loss a sample");
    (each * torch::tensor({3.0, -1.0})).sum().backward();
    for (int sample = 0; sample < 2; sample++) {
        const auto own = gradient_of(dice, z.slice(0, sample, sample + 1), y.slice(0, sample, sample + 1));
        demand(torch::allclose(z.grad().slice(0, sample, sample + 1), (sample ? -1 : 3) * own.gradient, 1e-12,
                               0),
               "factors of samples");
    }
    const torch::NoGradGuard guard;
    demand(!loss(z, y).requires_grad(), "a graph where none is wanted");
}

void takes_what_calls_bring() {
    const Tensor z = logits({2, 1, 24, 31}), y = masks();
    TorchCall call;
    call.mask = torch::rand_like(y) < 0.7;
    const Tensor torn = torch::where(call.mask, z, torch::full_like(z, NAN));
    const auto masked = [&](auto &z, auto &y) { return TorchLoss("bce")(z, y, call); };
    const Tensor gradient = gradient_of(masked, torn, y).gradient;
    demand(torch::isfinite(gradient).all().item<bool>() &&
               largest(gradient.masked_select(call.mask.logical_not())) == 0,
           "ignored pixels count");
    TorchCall given;
    given.maps.emplace_back("band", source::band(y));
    demand(TorchLoss("boundary")(z, y, given).equal(TorchLoss("boundary")(z, y)), "maps by name");
    for (const auto dtype : {torch::kBool, torch::kUInt8, torch::kInt32, torch::kInt64, torch::kFloat32})
        demand(TorchLoss("dice")(z, y.to(dtype)).equal(TorchLoss("dice")(z, y)), "masks of other types");
    const Tensor last = z.repeat({1, 3, 1, 1}).contiguous(torch::MemoryFormat::ChannelsLast);
    demand(gradient_of(TorchLoss("dice"), last, y.repeat({1, 3, 1, 1}))
               .gradient.equal(gradient_of(TorchLoss("dice"), last.contiguous(), y.repeat({1, 3, 1, 1})).gradient),
           "another layout");
}

template <class F>
void refused(const std::string &says, F &&call) {
    try {
        call();
    } catch (const std::exception &error) {
        demand(std::string(error.what()).find(says) != std::string::npos, error.what());
        return;
    }
    throw std::runtime_error("not refused: " + says);
}

void refuses() {
    const Tensor z = logits({2, 1, 24, 31}).requires_grad_(), y = masks();
    const TorchLoss loss("dice");
    refused("`dice`", [] { TorchLoss("dise"); });
    refused("`targets`", [&] { loss(z, y.slice(3, 0, 7)); });
    refused("`targets` require", [&] { loss(z, y.clone().requires_grad_()); });
    refused("no tensors of", [&] { loss(z, y.to(torch::kComplexDouble)); });
    refused("no second derivatives", [&] {
        torch::autograd::grad({torch::autograd::grad({loss(z, y)}, {z}, {}, true, true)[0].sum()}, {z});
    });
    refused("modified by an inplace operation", [&] {
        Tensor changed = 2 * z;
        const Tensor value = loss(changed, y);
        changed.add_(1);
        value.backward();
    });
}

} // namespace

int main() try {
    torch::manual_seed(1);
    agrees_with_autograd();
    mixed_precision();
    is_part_of_a_graph();
    takes_what_calls_bring();
    refuses();
    std::puts("all checks passed");
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
