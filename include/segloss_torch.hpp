/* Tensors of PyTorch (LibTorch) as segloss's: the same memory, on the CPU. */

#ifndef SEGLOSS_TORCH_HPP
#define SEGLOSS_TORCH_HPP

#include <torch/torch.h>

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

} // namespace segloss

#endif
