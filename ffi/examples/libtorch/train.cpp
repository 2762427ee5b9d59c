/* Trains a small U-Net on thin vessels with each of three losses, and times them beside LibTorch's formulas:
 *
 *     train [STEPS SEEDS [CURVES.csv]]
 *
 * Without arguments a few steps, and whether the loss falls. */

#include <segloss_torch.hpp>

#include "source_losses.hpp"
#include "vessels.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace {

using torch::Tensor;

constexpr int SIDE = 64, BATCH = 8, HELD_OUT = 32, EVERY = 20;

/** Three levels of 8, 16 and 32 channels. */
struct UNetImpl : torch::nn::Module {
    torch::nn::ModuleList down, up;
    torch::nn::Conv2d last{nullptr};

    UNetImpl() {
        down = register_module("down", torch::nn::ModuleList(block(1, 8), block(8, 16), block(16, 32)));
        up = register_module("up", torch::nn::ModuleList(block(48, 16), block(24, 8)));
        last = register_module("last", torch::nn::Conv2d(8, 1, 1));
    }

    static torch::nn::Sequential block(int before, int after) {
        const auto conv = [](int from, int to) {
            return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, 3).padding(1).bias(false));
        };
        return torch::nn::Sequential(conv(before, after), torch::nn::BatchNorm2d(after), torch::nn::ReLU(),
                                     conv(after, after), torch::nn::BatchNorm2d(after), torch::nn::ReLU());
    }

    Tensor forward(Tensor x) {
        std::vector<Tensor> beside;
        for (const auto &module : *down) {
            if (!beside.empty()) x = torch::max_pool2d(x, 2);
            x = module->as<torch::nn::Sequential>()->forward(x);
            beside.push_back(x);
        }
        beside.pop_back();
        for (const auto &module : *up) {
            x = torch::cat({torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}), beside.back()}, 1);
            beside.pop_back();
            x = module->as<torch::nn::Sequential>()->forward(x);
        }
        return last->forward(x);
    }
};
TORCH_MODULE(UNet);

Tensor dilate(const Tensor &mask) {
    const Tensor out = torch::empty_like(mask);
    segloss::dilate(segloss::from_torch(mask), SEGLOSS_ELEMENT_CROSS, 1, segloss::from_torch(out));
    return out;
}

Tensor edges(const Tensor &mask) {
    const Tensor inner = torch::empty_like(mask);
    segloss::erode(segloss::from_torch(mask), SEGLOSS_ELEMENT_CROSS, SEGLOSS_BORDER_KEEP, 1,
                   segloss::from_torch(inner));
    return mask.logical_and(inner.logical_not());
}

double count(const Tensor &mask) { return mask.sum().item<double>(); }

struct Scores {
    double dice, boundary_f1;
};

/** Dice, and the F1 of boundary pixels that may be off by one step: over all images. */
Scores scores(const Tensor &predicted, const Tensor &mask) {
    const double both = count(predicted.logical_and(mask));
    const Tensor found = edges(predicted), real = edges(mask);
    const double precision = count(found.logical_and(dilate(real))) / std::max(1.0, count(found));
    const double recall = count(real.logical_and(dilate(found))) / std::max(1.0, count(real));
    return {2 * both / std::max(1.0, count(predicted) + count(mask)),
            2 * precision * recall / std::max(1e-9, precision + recall)};
}

struct Timed {
    double seconds, value;
    Tensor gradient;
};

template <class Loss>
Timed timed(const Loss &loss, const Tensor &z, const Tensor &y) {
    const Tensor own = z.detach().requires_grad_();
    const auto begin = std::chrono::steady_clock::now();
    const Tensor value = loss(own, y);
    value.backward();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    return {seconds.count(), value.item<double>(), own.grad()};
}

void demand(bool condition, const std::string &what) {
    if (!condition) throw std::runtime_error(what);
}

struct Loss {
    const char *text;
    Tensor (*formula)(const Tensor &, const Tensor &);
};

struct Training {
    std::vector<std::pair<int, Scores>> curve;
    std::vector<double> losses, ours, theirs;
};

Training train(const Loss &loss, unsigned seed, int steps) {
    torch::manual_seed(seed);
    Vessels vessels(seed, SIDE);
    const auto held_out = Vessels(1000, SIDE).draw(HELD_OUT);
    const Tensor real = held_out.masks > 0.5;
    UNet model;
    const segloss::TorchLoss criterion(loss.text);
    torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(3e-3));
    Training found;
    for (int step = 0; step <= steps; step++) {
        if (step % EVERY == 0 || step == steps) {
            const torch::NoGradGuard guard;
            model->eval();
            found.curve.emplace_back(step, scores(model->forward(held_out.images) > 0, real));
            model->train();
        }
        if (step == steps) break;
        const auto [x, y] = vessels.draw(BATCH);
        const Tensor z = model->forward(x);
        // Of the same logits, in turns: the first of the two finds colder caches.
        Timed ours, theirs;
        if (step % 2) theirs = timed(loss.formula, z, y);
        ours = timed(criterion, z, y);
        if (step % 2 == 0) theirs = timed(loss.formula, z, y);
        const double steepest = theirs.gradient.abs().max().item<double>();
        demand(std::abs(ours.value - theirs.value) < 1e-5 * std::max(1.0, theirs.value), "another value");
        demand((ours.gradient - theirs.gradient).abs().max().item<double>() < 1e-5 * steepest,
               "another gradient");
        found.losses.push_back(ours.value);
        found.ours.push_back(ours.seconds), found.theirs.push_back(theirs.seconds);
        optimizer.zero_grad();
        z.backward(ours.gradient);
        optimizer.step();
    }
    return found;
}

double mean(const double *from, int numbers) { return std::accumulate(from, from + numbers, 0.0) / numbers; }

double median(std::vector<double> numbers) {
    std::nth_element(numbers.begin(), numbers.begin() + numbers.size() / 2, numbers.end());
    return numbers[numbers.size() / 2];
}

} // namespace

int main(int count, char **arguments) try {
    const int steps = count > 2 ? std::stoi(arguments[1]) : 12, seeds = count > 2 ? std::stoi(arguments[2]) : 1;
    demand(steps >= 6 && seeds >= 1, "expected 6 steps and 1 seed or more");
    const Loss losses[] = {
        {"bce", source::bce},
        {"dice", [](const Tensor &z, const Tensor &y) { return source::dice(z, y); }},
        {"preset:boundary", source::preset_boundary},
    };
    std::ofstream curves;
    if (count > 3) curves.open(arguments[3]), curves << "loss,seed,step,dice,boundary_f1\n";
    std::printf("%-16s %15s %15s   %10s %10s  a step\n", "loss", "Dice", "boundary F1", "segloss", "LibTorch");
    for (const auto &loss : losses) {
        std::vector<double> ours, theirs, last_dice, last_f1;
        for (int seed = 0; seed < seeds; seed++) {
            const auto found = train(loss, seed, steps);
            for (const auto &[step, at] : found.curve)
                curves << loss.text << ',' << seed << ',' << step << ',' << at.dice << ',' << at.boundary_f1 << '\n';
            last_dice.push_back(found.curve.back().second.dice);
            last_f1.push_back(found.curve.back().second.boundary_f1);
            ours.insert(ours.end(), found.ours.begin() + steps / 10, found.ours.end());
            theirs.insert(theirs.end(), found.theirs.begin() + steps / 10, found.theirs.end());
            demand(mean(&found.losses[steps - 3], 3) < 0.95 * mean(found.losses.data(), 3),
                   std::string(loss.text) + ": the loss does not fall");
        }
        const auto spread = [&](const std::vector<double> &numbers) {
            double sum = 0;
            for (const double number : numbers) sum += std::pow(number - mean(numbers.data(), seeds), 2);
            return std::sqrt(sum / seeds);
        };
        std::printf("%-16s %7.3f ± %.3f %7.3f ± %.3f   %7.0f µs %7.0f µs\n", loss.text,
                    mean(last_dice.data(), seeds), spread(last_dice), mean(last_f1.data(), seeds),
                    spread(last_f1), 1e6 * median(ours), 1e6 * median(theirs));
        std::fflush(stdout);
    }
    std::puts("all checks passed");
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
