/* Images of OpenCV as segloss's tensors: the same memory. */

#ifndef SEGLOSS_OPENCV_HPP
#define SEGLOSS_OPENCV_HPP

#include <opencv2/core.hpp>

#include "segloss.hpp"

namespace segloss {

namespace detail {
inline DLDataType dtype_of(const cv::Mat &image) {
    switch (image.depth()) {
    case CV_8U: return SEGLOSS_UINT8;
    case CV_8S: return SEGLOSS_INT8;
    case CV_16U: return SEGLOSS_UINT16;
    case CV_16S: return SEGLOSS_INT16;
    case CV_32S: return SEGLOSS_INT32;
    case CV_16F: return SEGLOSS_FLOAT16;
    case CV_32F: return SEGLOSS_FLOAT32;
    case CV_64F: return SEGLOSS_FLOAT64;
    default: CV_Error(cv::Error::StsUnsupportedFormat, "segloss takes no images of this depth");
    }
}
} // namespace detail

/** An image of rows x columns x interleaved channels as 1 x channels x rows x columns, for as long as
 * `image` keeps its memory. */
inline Tensor from_opencv(cv::Mat &image) {
    CV_Assert(image.dims == 2);
    const std::int64_t channels = image.channels();
    const auto row = static_cast<std::int64_t>(image.step1());
    return Tensor(static_cast<void *>(image.data), detail::dtype_of(image),
                  Shape{1, channels, image.rows, image.cols},
                  Shape{row * image.rows, 1, row, channels});
}

/** An image that is only read. */
inline ConstTensor from_opencv(const cv::Mat &image) {
    return from_opencv(const_cast<cv::Mat &>(image));
}

#ifndef SEGLOSS_NO_EXCEPTIONS
/** The weights of a map, `band(theta=3, weight=5)` or `decay(sigma=5)`, of a mask or a label map of one
 * channel: CV_32F of its size. Throws Error. */
inline cv::Mat map_weights(const std::string &text, const cv::Mat &mask, Link link = Link::sigmoid,
                           const Call &call = {}) {
    cv::Mat out(mask.size(), CV_32F);
    map_weights(text, link, from_opencv(mask), from_opencv(out), call);
    return out;
}

/** Exact distances in a mask or a label map of one channel: CV_32F of its size, infinite where there is
 * nothing to measure to. Throws Error. */
inline cv::Mat distance(segloss_distance_kind kind, const cv::Mat &mask, Link link = Link::sigmoid,
                        const Call &call = {}) {
    cv::Mat out(mask.size(), CV_32F);
    distance(kind, link, from_opencv(mask), from_opencv(out), call);
    return out;
}
#endif

} // namespace segloss

#endif
