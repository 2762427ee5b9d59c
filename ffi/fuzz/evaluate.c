/* Any logits, labels and weights: the same bits on every level, and finite where the logits are. */

#include "driver.h"

enum { CLASSES = 3, PIXELS = 40 };

static const char *const texts[2][9] = {
    {"bce", "focal(gamma=0.5)", "dice + bce @ band", "focal_tversky(gamma=0.75)", "preset:medical",
     "bce(normalise=weights) + distance", "bce(pos_weight=3, smoothing=0.1)", "poly1(epsilon=-1) + focal(alpha=off)",
     "poly1_focal(gamma=0.5) + dice"},
    {"ce", "focal(gamma=0.5)", "dice + ce @ band", "focal_tversky(gamma=0.75)", "preset:boundary",
     "ce(weights=[1, 0, 2]) + distance", "ce(power=0.3) + dice", "poly1(epsilon=-1) + sce(alpha=0)",
     "poly1_focal(gamma=0.5) + gce + mae"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static segloss_loss *losses[2][9][2];
    float logits[CLASSES * PIXELS], weights[PIXELS], gradient[2][CLASSES * PIXELS];
    uint8_t labels[CLASSES * PIXELS];
    int64_t shape[] = {1, CLASSES, 5, 8}, one[] = {1, 1, 5, 8};
    segloss_call call = SEGLOSS_CALL_INIT;
    int64_t indices[2];
    double value[2] = {-1, -1};
    segloss_result result[2];
    DLTensor z, y, w, dz;
    bytes input = {data, size};
    const int link = next(&input) & 1, which = next(&input) % 9, any_bits = next(&input) & 1;
    int level, is_finite = 1;
    size_t i;
    for (i = 0; i < COUNT(logits); i++) {
        const uint32_t bits = (uint32_t)next(&input) << 24 | (uint32_t)next(&input) << 16;
        logits[i] = (float)(int16_t)(bits >> 16) / 256;
        if (any_bits) memcpy(&logits[i], &bits, 4);
        /* From 1e35 on, the sum of a block of single-precision losses may be infinite; weights add to that. */
        is_finite = is_finite && fabsf(logits[i]) < 1e33f;
    }
    for (i = 0; i < COUNT(labels); i++) labels[i] = next(&input) % (any_bits ? 5 : 3);
    for (i = 0; i < COUNT(weights); i++) weights[i] = (float)next(&input) / 16;
    z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    y = segloss_tensor(labels, SEGLOSS_UINT8, link ? one : shape, 4);
    w = segloss_tensor(weights, SEGLOSS_FLOAT32, one, 4);
    if (next(&input) & 1) call.weights = &w;
    call.ignore = next(&input) % 4, indices[0] = next(&input) % 4, indices[1] = next(&input);
    if (call.ignore == SEGLOSS_IGNORE_INDEX) call.ignore_index = indices[0];
    if (call.ignore == SEGLOSS_IGNORE_INDICES) call.ignore_indices = indices, call.ignore_index_count = 2;
    for (level = 0; level < 2; level++) {
        segloss_loss **loss = &losses[link][which][level];
        segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
        if (*loss == NULL) {
            segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
            options.level = level ? SEGLOSS_LEVEL_SCALAR : SEGLOSS_LEVEL_BEST;
            REQUIRE(segloss_loss_new(texts[link][which], link, &options, loss) == SEGLOSS_RESULT_OK);
        }
        dz = segloss_tensor(gradient[level], SEGLOSS_FLOAT32, shape, 4);
        memset(gradient[level], 0x55, sizeof gradient[level]);
        outputs.value = &value[level], outputs.gradient = &dz;
        result[level] = segloss_evaluate(*loss, &z, &y, &call, &outputs, NULL);
    }
    REQUIRE(result[0] == result[1] && result[0] != SEGLOSS_RESULT_INTERNAL);
    /* Weights that no term of the loss takes are refused. */
    REQUIRE(result[0] == SEGLOSS_RESULT_OK || result[0] == SEGLOSS_RESULT_BAD_TARGET ||
            (call.weights && result[0] == SEGLOSS_RESULT_NOT_SUPPORTED_BY_LOSS));
    REQUIRE(value[0] == value[1] || (isnan(value[0]) && isnan(value[1])));
    for (i = 0; i < COUNT(logits); i++) {
        const float one_gradient = gradient[0][i], other = gradient[1][i];
        REQUIRE(one_gradient == other || (isnan(one_gradient) && isnan(other)));
        REQUIRE(!is_finite || result[0] != SEGLOSS_RESULT_OK || isfinite(one_gradient));
    }
    REQUIRE(!is_finite || isfinite(value[0]));
    return 0;
}
