// The C++ wrapper where there are no exceptions.

#define SEGLOSS_NO_EXCEPTIONS
#include <segloss.hpp>

#include <cstdio>

int main() {
    const std::vector<float> logits{2, -1};
    const std::vector<std::uint8_t> mask{1, 0};
    auto loss = segloss::Loss::make("bce", segloss::Link::sigmoid);
    auto none = segloss::Loss::make("bce(", segloss::Link::sigmoid);
    if (!loss || none || none.failure().code != SEGLOSS_RESULT_BAD_TEXT) return 1;
    const segloss::Shape shape{1, 1, 2};
    auto value = loss->try_evaluate(segloss::tensor(logits, shape), segloss::tensor(mask, shape));
    if (!value || value->valid != 2) return 1;
    std::puts("all checks passed");
}
