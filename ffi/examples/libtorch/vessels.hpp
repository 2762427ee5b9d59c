/* Images of thin branching vessels, drawn: one pixel in twelve or so is foreground. */

#ifndef VESSELS_HPP
#define VESSELS_HPP

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <random>

class Vessels {
public:
    explicit Vessels(unsigned seed, int side) : random_(seed), side_(side) {}

    struct Batch {
        torch::Tensor images, masks;
    };

    Batch draw(int samples) {
        const auto images = torch::zeros({samples, 1, side_, side_}), masks = torch::zeros_like(images);
        const int pixels = side_ * side_;
        for (int sample = 0; sample < samples; sample++)
            draw(images.data_ptr<float>() + sample * pixels, masks.data_ptr<float>() + sample * pixels);
        return {images, masks};
    }

private:
    std::mt19937 random_;
    int side_;

    double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
    double normal(double deviation) { return std::normal_distribution<double>(0, deviation)(random_); }

    /** From a place, one pixel a step, with branches. */
    void walk(float *mask, double row, double column, double heading, int length, double radius) {
        for (int step = 0; step < length; step++) {
            heading += normal(0.12);
            row += std::sin(heading), column += std::cos(heading);
            if (row < 0 || column < 0 || row >= side_ || column >= side_) return;
            for (int v = std::max(0, int(row) - 2); v < std::min(side_, int(row) + 4); v++)
                for (int u = std::max(0, int(column) - 2); u < std::min(side_, int(column) + 4); u++)
                    if (std::hypot(v - row, u - column) <= radius) mask[v * side_ + u] = 1;
            if (radius > 0.8 && length - step > 8 && uniform(0, 1) < 0.04) {
                const double turn = (uniform(0, 1) < 0.5 ? -1 : 1) * uniform(0.4, 0.9);
                walk(mask, row, column, heading + turn, (length - step) / 2, 0.75 * radius);
            }
        }
    }

    /** A mask, and an image in which vessels are somewhat darker than an uneven background. */
    void draw(float *image, float *mask) {
        for (int vessel = 0; vessel < 2; vessel++) {
            const double angle = uniform(0, 2 * 3.14159265358979), half = side_ / 2.0;
            walk(mask, half * (1 - 0.98 * std::sin(angle)), half * (1 - 0.98 * std::cos(angle)),
                 angle + normal(0.3), side_, uniform(0.8, 1.4));
        }
        const double contrast = uniform(0.5, 1.0);
        double waves[4];
        for (double &wave : waves) wave = uniform(-1, 1);
        for (int v = 0; v < side_; v++)
            for (int u = 0; u < side_; u++) {
                const double background = std::sin(4 * waves[0] * v / side_ + 3 * waves[1]) +
                                          std::cos(4 * waves[2] * u / side_ + waves[3]);
                const int at = v * side_ + u;
                image[at] = float(0.5 * background - contrast * mask[at] + normal(0.5));
            }
    }
};

#endif
