// An image of OpenCV, channels interleaved and rows apart, against the same numbers packed.

#include <segloss_opencv.hpp>

#include <cstdio>

int main() {
    cv::Mat large(6, 8, CV_32FC3), gradient = cv::Mat::zeros(6, 8, CV_32FC3);
    std::vector<float> packed(3 * 4 * 5), expected(packed.size());
    const cv::Mat part = large(cv::Rect(1, 1, 5, 4));
    cv::Mat gradient_part = gradient(cv::Rect(2, 1, 5, 4));
    cv::Mat labels(4, 5, CV_8UC1);
    for (int y = 0; y < large.rows; y++)
        for (int x = 0; x < large.cols; x++)
            large.at<cv::Vec3f>(y, x) = cv::Vec3f(float(x - y), float(x * y % 5), float(y % 3));
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 5; x++) {
            labels.at<unsigned char>(y, x) = static_cast<unsigned char>((x + y) % 3);
            for (int k = 0; k < 3; k++) packed[(k * 4 + y) * 5 + x] = part.at<cv::Vec3f>(y, x)[k];
        }
    const segloss::Loss loss("ce + dice", segloss::Link::softmax);
    const auto y = segloss::from_opencv(labels);
    const auto found = loss.evaluate(segloss::from_opencv(part), y, segloss::from_opencv(gradient_part));
    const segloss::Shape shape{1, 3, 4, 5};
    const auto same = loss.evaluate(segloss::tensor(packed, shape), y, segloss::tensor(expected, shape));
    bool agrees = found.value == same.value && found.valid == 20;
    for (int v = 0; v < 4; v++)
        for (int x = 0; x < 5; x++)
            for (int k = 0; k < 3; k++)
                agrees = agrees && gradient_part.at<cv::Vec3f>(v, x)[k] == expected[(k * 4 + v) * 5 + x];
    std::puts(agrees ? "all checks passed" : "they differ");
    return !agrees;
}
