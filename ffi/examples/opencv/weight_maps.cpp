/* A mask of OpenCV in, its boundary band, signed distance and weights out as images, beside OpenCV's own:
 *
 *     weight_maps FOLDER [MASK.png]
 *
 * writes them into the folder. Without a mask it draws one. */

#include <segloss_opencv.hpp>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace {

void demand(bool condition, const char *what) {
    if (!condition) throw std::runtime_error(what);
}

/** Discs and thin branches. */
cv::Mat draw(int side) {
    cv::Mat mask = cv::Mat::zeros(side, side, CV_8U);
    cv::RNG random(1);
    for (int disc = 0; disc < 12; disc++)
        cv::circle(mask, {random.uniform(0, side), random.uniform(0, side)},
                   random.uniform(side / 64, side / 12), 255, cv::FILLED);
    for (int branch = 0; branch < 30; branch++) {
        cv::Point from(random.uniform(0, side), random.uniform(0, side));
        for (int bend = 0; bend < 6; bend++) {
            const cv::Point to = from + cv::Point(random.uniform(-side / 8, side / 8 + 1),
                                                  random.uniform(-side / 8, side / 8 + 1));
            cv::line(mask, from, to, 255, 1 + branch % 3);
            from = to;
        }
    }
    return mask;
}

/** What `distance` with SEGLOSS_DISTANCE_KIND_SIGNED gives, by two transforms. */
cv::Mat signed_by_opencv(const cv::Mat &mask) {
    cv::Mat inside, outside;
    cv::distanceTransform(mask, inside, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    cv::distanceTransform(mask == 0, outside, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    return inside - outside;
}

/** What `band(theta, weight)` gives, by morphology. */
cv::Mat band_by_opencv(const cv::Mat &mask, int theta, double weight) {
    const cv::Mat cross = cv::getStructuringElement(cv::MORPH_CROSS, {3, 3});
    const auto zero = cv::Scalar::all(0);
    const cv::Point centre(-1, -1);
    cv::Mat dilated, eroded, region;
    cv::dilate(mask, dilated, cross, centre, 1, cv::BORDER_CONSTANT, zero);
    cv::erode(mask, eroded, cross, centre, 1, cv::BORDER_CONSTANT, zero);
    region = dilated ^ eroded;
    cv::Mat weights(mask.size(), CV_32F, cv::Scalar(1));
    cv::dilate(region, region, cross, centre, theta, cv::BORDER_CONSTANT, zero);
    weights.setTo(weight, region);
    return weights;
}

double largest_difference(const cv::Mat &one, const cv::Mat &other) {
    return cv::norm(one, other, cv::NORM_INF);
}

/** Values from `smallest` to `largest` as shades of grey. */
void write(const std::string &path, const cv::Mat &values, double smallest, double largest) {
    cv::Mat image;
    values.convertTo(image, CV_8U, 255 / (largest - smallest), -255 * smallest / (largest - smallest));
    demand(cv::imwrite(path, image), "an image cannot be written");
    demand(largest_difference(cv::imread(path, cv::IMREAD_GRAYSCALE), image) == 0,
           "an image is not what was written");
}

template <class F>
double milliseconds(F &&call) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/** Compares values and times on one mask. */
void compare(const cv::Mat &mask) {
    const auto is_signed = SEGLOSS_DISTANCE_KIND_SIGNED;
    cv::Mat ours, theirs, band, their_band;
    double best[4];
    std::fill_n(best, 4, std::numeric_limits<double>::infinity());
    for (int repeat = 0; repeat < 9; repeat++) {
        const double times[] = {
            milliseconds([&] { ours = segloss::distance(is_signed, mask); }),
            milliseconds([&] { theirs = signed_by_opencv(mask); }),
            milliseconds([&] { band = segloss::map_weights("band(theta=3, weight=5)", mask); }),
            milliseconds([&] { their_band = band_by_opencv(mask, 3, 5); }),
        };
        for (int i = 0; i < 4; i++) best[i] = std::min(best[i], times[i]);
    }
    const double error = largest_difference(ours, theirs);
    std::printf("%4d x %4d  signed distance: %7.2f ms, OpenCV %7.2f ms, largest difference %.1e\n"
                "             band:            %7.2f ms, OpenCV %7.2f ms, largest difference %.1e\n",
                mask.cols, mask.rows, best[0], best[1], error, best[2], best[3],
                largest_difference(band, their_band));
    // Ours are square roots of integers, rounded once.
    demand(error <= 1e-6 * std::hypot(mask.cols, mask.rows), "distances differ from OpenCV's");
    demand(largest_difference(band, their_band) == 0, "the band differs from OpenCV's");

    // A part of an image lies in rows that are longer than it is.
    const cv::Mat part = mask(cv::Rect(5, 3, mask.cols / 2, mask.rows / 2));
    demand(largest_difference(segloss::distance(is_signed, part),
                              segloss::distance(is_signed, part.clone())) == 0,
           "a part of an image has other distances than its copy");

    cv::Mat weights, expected;
    weights = segloss::map_weights("decay(sigma=5)", mask);
    cv::exp(cv::abs(theirs) / -5, expected);
    demand(largest_difference(weights, expected) < 1e-5, "weights differ from exp(-d / 5)");
}

} // namespace

int main(int count, char **arguments) try {
    demand(count > 1, "expected a folder to write to, and optionally a mask");
    const std::string folder = arguments[1];
    cv::setNumThreads(1);
    cv::Mat mask = count > 2 ? cv::imread(arguments[2], cv::IMREAD_GRAYSCALE) : draw(512);
    demand(!mask.empty(), "the mask cannot be read");
    mask = mask > 127;
    write(folder + "/mask.png", mask, 0, 255);
    write(folder + "/band.png", segloss::map_weights("band(theta=3, weight=5)", mask), 1, 5);
    write(folder + "/signed_distance.png", segloss::distance(SEGLOSS_DISTANCE_KIND_SIGNED, mask), -64, 64);
    write(folder + "/weights.png", segloss::map_weights("decay(sigma=5)", mask), 0, 1);
    compare(mask);
    if (count == 2) compare(draw(2048));

    // Nothing to measure to is infinite, and has no weight.
    const cv::Mat nothing = cv::Mat::zeros(16, 16, CV_8U);
    demand(std::isinf(segloss::distance(SEGLOSS_DISTANCE_KIND_SIGNED, nothing).at<float>(0, 0)) &&
               cv::countNonZero(segloss::map_weights("decay", nothing)) == 0,
           "an empty mask has distances");
    std::puts("all checks passed");
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
