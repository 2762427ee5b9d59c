/* Any text is a loss or a mistake that is told; a loss prints as a text that reads back as itself. */

#define WORDS                                                                                      \
    "bce", "ce", "dice", "focal", "tversky", "focal_tversky", "boundary", "distance", "band", "decay", \
        "(", ")", "[", "]", "=", ",", "+", "*", "@", " ", "\n", "preset:", "medical", "weights",     \
        "alpha", "gamma", "smooth", "theta", "sigma", "empty", "skip", "pool", "batch", "1", "0.5", \
        "1e-6", "-2", "1e999", "mean", "absent", "fp", "fn", "true", "weighted", "reduction", "poly1", "poly1_focal", "sce", "gce", "mae", "off", "power",       \
        "epsilon", "floor", "pos_weight", "smoothing"
#include "driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char text[1024], printed[8192], again[8192];
    segloss_loss *loss = NULL, *same = NULL;
    bytes input = {data, size};
    const int32_t link = next(&input) & 1;
    size_t length;
    if (input.size >= sizeof text) return 0;
    memcpy(text, input.data, input.size);
    text[input.size] = 0;
    if (segloss_loss_new(text, link, NULL, &loss) != SEGLOSS_RESULT_OK) {
        REQUIRE(loss == NULL && segloss_last_message(printed, sizeof printed) > 0);
        return 0;
    }
    length = segloss_loss_text(loss, printed, sizeof printed);
    REQUIRE(length < sizeof printed && segloss_loss_term_count(loss) > 0);
    REQUIRE(segloss_loss_new(printed, link, NULL, &same) == SEGLOSS_RESULT_OK);
    segloss_loss_text(same, again, sizeof again);
    REQUIRE(strcmp(printed, again) == 0);
    segloss_loss_free(loss);
    segloss_loss_free(same);
    return 0;
}
