/* The library for firmware, against the whole one: its sums are not of doubles, so nearly the same. */

#include "check.h"

#include <segloss_firmware.h>

enum { BATCH = 2, CLASSES = 3, PIXELS = 300 };

static float logits[BATCH * CLASSES * PIXELS], gradient[COUNT(logits)], expected[COUNT(logits)];
static uint8_t targets[COUNT(logits)], scratch[65536];

static void agrees(const char *text, int32_t link) {
    const uint32_t extents[] = {BATCH, CLASSES, 1, 10, 30};
    int64_t shape[] = {BATCH, CLASSES, 1, 10, 30}, one[] = {BATCH, 1, 1, 10, 30};
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 5);
    DLTensor y = segloss_tensor(targets, SEGLOSS_UINT8, link ? one : shape, 5);
    DLTensor dz = segloss_tensor(expected, SEGLOSS_FLOAT32, shape, 5);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_loss *loss = NULL;
    double whole = 0, largest = 0;
    float value = 0;
    uint64_t all = 0;
    uint32_t valid = 0;
    size_t needed = 0, i;
    CHECK(segloss_loss_new(text, link, NULL, &loss) == 0);
    outputs.value = &whole, outputs.valid = &all, outputs.gradient = &dz;
    CHECK(segloss_evaluate(loss, &z, &y, NULL, &outputs, NULL) == 0);
    segloss_loss_free(loss);
    CHECK(segloss_firmware_scratch(text, link, extents, &needed) == 0);
    CHECK(needed > 0 && needed < sizeof scratch - 1);
    /* From any byte on. */
    CHECK(segloss_firmware_evaluate(text, link, extents, logits, targets, gradient, &value, &valid,
                                    scratch + 1, needed) == 0);
    CHECK(valid == all && fabs(value - whole) <= 1e-6 * whole);
    for (i = 0; i < COUNT(logits); i++) largest = fmax(largest, fabs(expected[i]));
    for (i = 0; i < COUNT(logits); i++) CHECK(fabs(gradient[i] - expected[i]) <= 1e-6 * largest);
    CHECK(segloss_firmware_evaluate(text, link, extents, logits, targets, NULL, &value, &valid,
                                    scratch, needed / 2) == SEGLOSS_RESULT_OUT_OF_MEMORY);
}

static void mistakes_are_told(void) {
    const uint32_t extents[] = {1, 1, 1, 1, 4}, empty[] = {1, 1, 1, 0, 4};
    const uint32_t huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 1, 1};
    float value = -1;
    uint32_t valid = 9;
    size_t bytes = 7;
#define EVALUATE(text, link, extents)                                                              \
    segloss_firmware_evaluate(text, link, extents, logits, targets, gradient, &value, &valid,      \
                              scratch, sizeof scratch)
    CHECK(EVALUATE(NULL, 0, extents) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(EVALUATE("bce", 0, NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(EVALUATE("bce", 2, extents) == SEGLOSS_RESULT_UNSUPPORTED_OPTION);
    CHECK(EVALUATE("bce", 0, empty) == SEGLOSS_RESULT_BAD_SHAPE);
    CHECK(EVALUATE("bce", 0, huge) == SEGLOSS_RESULT_BAD_SHAPE);
    CHECK(EVALUATE("ce", 1, extents) == SEGLOSS_RESULT_BAD_SHAPE);
    CHECK(EVALUATE("bce(", 0, extents) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(EVALUATE("\xff", 0, extents) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(EVALUATE("boundary", 0, extents) == SEGLOSS_RESULT_BAD_TEXT ||
          EVALUATE("boundary", 0, extents) == SEGLOSS_RESULT_NOT_SUPPORTED_BY_LOSS);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, NULL, targets, gradient, &value, &valid, scratch,
                                    64) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, logits, NULL, gradient, &value, &valid, scratch,
                                    64) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, logits, targets, gradient, NULL, &valid, scratch,
                                    64) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, logits, targets, gradient, &value, NULL, scratch,
                                    64) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, logits, targets, gradient, &value, &valid, NULL,
                                    64) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_evaluate("bce", 0, extents, (const float *)(const void *)(scratch + 1), targets,
                                    gradient, &value, &valid, scratch, 64) == SEGLOSS_RESULT_MISALIGNED);
    CHECK(segloss_firmware_scratch("bce", 0, extents, NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_firmware_scratch("bce", 0, huge, &bytes) == SEGLOSS_RESULT_BAD_SHAPE);
    CHECK(value == -1 && valid == 9 && bytes == 7);
}

int main(void) {
    size_t i;
    for (i = 0; i < COUNT(logits); i++) logits[i] = (float)(12 * noise() - 6);
    for (i = 0; i < COUNT(targets); i++) targets[i] = (uint8_t)(noise() < 0.3);
    agrees("bce", 0);
    agrees("0.3*bce + 0.4*dice(smooth=1) + 0.3*focal", 0);
    agrees("preset:medical", 0);
    for (i = 0; i < COUNT(targets); i++) targets[i] = (uint8_t)(noise() < 0.1 ? 255 : CLASSES * noise());
    agrees("ce(weights=[1, 2, 0.5]) + dice", 1);
    agrees("focal(alpha=[1, 0.5, 2], gamma=1.5) + focal_tversky(gamma=0.75)", 1);
    mistakes_are_told();
    return finish();
}
