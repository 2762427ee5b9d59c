// Labels of classes of which two stand for void, without the axis of channels.

#include <segloss.hpp>
#include <cstdio>

int main() try {
    const std::vector<float> logits(2 * 3 * 4 * 4);
    std::vector<std::uint8_t> labels;
    for (int row = 0; row < 8; row++) labels.insert(labels.end(), {0, 2, 254, 255});

    segloss::Call call;
    call.ignore_indices = {254, 255}; // of one label: ignore_index
    const segloss::Loss loss("ce", segloss::Link::softmax);
    const auto [value, valid] = loss.evaluate(segloss::tensor(logits, {2, 3, 4, 4}),
                                              segloss::tensor(labels, {2, 4, 4}), {}, call);

    std::printf("%.6f of %d pixels\n", value, static_cast<int>(valid));
} catch (const segloss::Error &error) {
    std::fprintf(stderr, "%s: %s\n", segloss_result_name(error.code()), error.what());
    return 1;
}
