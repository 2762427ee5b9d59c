/* The usual formulas of segmentation losses, in LibTorch: what segloss is compared with. */

#ifndef SOURCE_LOSSES_HPP
#define SOURCE_LOSSES_HPP

#include <torch/torch.h>

namespace source {

using torch::Tensor;
namespace F = torch::nn::functional;

inline Tensor bce(const Tensor &z, const Tensor &y) { return F::binary_cross_entropy_with_logits(z, y); }

inline Tensor dice(const Tensor &z, const Tensor &y, double smooth = 1e-6) {
    const Tensor p = torch::sigmoid(z).flatten(1), g = y.flatten(1);
    return (1 - (2 * (p * g).sum(1) + smooth) / (p.sum(1) + g.sum(1) + smooth)).mean();
}

inline Tensor tversky(const Tensor &z, const Tensor &y, double alpha, double beta, double smooth = 1e-6) {
    const Tensor p = torch::sigmoid(z);
    const Tensor tp = (p * y).sum(), fp = (p * (1 - y)).sum(), fn = ((1 - p) * y).sum();
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth);
}

inline Tensor focal(const Tensor &z, const Tensor &y, double alpha = 0.25, double gamma = 2) {
    const Tensor p = torch::sigmoid(z), p_true = y * p + (1 - y) * (1 - p);
    const auto each = F::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone);
    return ((y * alpha + (1 - y) * (1 - alpha)) * (1 - p_true).pow(gamma) *
            F::binary_cross_entropy_with_logits(z, y, each))
        .mean();
}

/** How many of a pixel and its four neighbours are set; outside is nothing. */
inline Tensor neighbours(const Tensor &mask) {
    const float cross[] = {0, 1, 0, 1, 1, 1, 0, 1, 0};
    const auto kernel = torch::tensor(torch::ArrayRef<float>(cross)).reshape({1, 1, 3, 3});
    return F::conv2d(mask, kernel, F::Conv2dFuncOptions().padding(1));
}

/** `weight` within `theta` steps of a boundary, 1 elsewhere. */
inline Tensor band(const Tensor &y, int theta = 3, double weight = 5) {
    const torch::NoGradGuard guard;
    const Tensor count = neighbours((y > 0.5).to(torch::kFloat32));
    Tensor region = (count > 0.5).logical_and(count < 4.5).to(torch::kFloat32);
    for (int step = 0; step < theta; step++) region = (neighbours(region) > 0.5).to(torch::kFloat32);
    return (1 + (weight - 1) * region).to(y.scalar_type());
}

inline Tensor boundary(const Tensor &z, const Tensor &y) {
    return F::binary_cross_entropy_with_logits(
        z, y, F::BinaryCrossEntropyWithLogitsFuncOptions().weight(band(y)));
}

inline Tensor preset_boundary(const Tensor &z, const Tensor &y) {
    return 0.3 * bce(z, y) + 0.4 * dice(z, y) + 0.3 * boundary(z, y);
}

inline Tensor cross_entropy(const Tensor &z, const Tensor &labels) {
    return F::cross_entropy(z, labels, F::CrossEntropyFuncOptions().ignore_index(255));
}

inline Tensor multi_class_dice(const Tensor &z, const Tensor &labels, double smooth = 1e-6) {
    const Tensor valid = labels != 255, counts = valid.unsqueeze(1).to(z.scalar_type());
    const Tensor own = torch::where(valid, labels, torch::zeros_like(labels));
    const Tensor y = torch::one_hot(own, z.size(1)).permute({0, 3, 1, 2}).to(z.scalar_type()) * counts;
    const Tensor p = torch::softmax(z, 1) * counts;
    const std::vector<std::int64_t> axes{0, 2, 3};
    return 1 - ((2 * (p * y).sum(axes) + smooth) / (p.sum(axes) + y.sum(axes) + smooth)).mean();
}

} // namespace source

#endif
