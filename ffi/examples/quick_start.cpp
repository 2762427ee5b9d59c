#include <segloss.hpp>
#include <cstdio>

int main() try {
    const std::vector<float> logits(512 * 512);
    const std::vector<std::uint8_t> mask(512 * 512);
    std::vector<float> gradient(512 * 512);
    const segloss::Shape shape{1, 1, 512, 512}; // batch, channels, height, width

    const segloss::Loss loss("0.5*bce + 0.5*dice", segloss::Link::sigmoid);
    const auto [value, valid] =
        loss.evaluate(segloss::tensor(logits, shape), segloss::tensor(mask, shape),
                      segloss::tensor(gradient, shape));
    std::printf("%.6f\n", value);
} catch (const segloss::Error &error) {
    std::fprintf(stderr, "%s: %s\n", segloss_result_name(error.code()), error.what());
    return 1;
}
