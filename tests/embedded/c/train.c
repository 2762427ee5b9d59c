/* The training of firmware/src/train.rs, from C: fine-tunes the last layer of a classifier of pixels on a tile
 * of 64 x 64, on a board or on its host. Compile with -ffp-contract=off: a fused multiply-add has other bits. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <segloss_firmware.h>

enum { SIDE = 64, PIXELS = SIDE * SIDE, FEATURES = 5, STEPS = 24, IGNORED = 255, WORDS = 1728 };

static float image[PIXELS], band[PIXELS], logits[PIXELS], gradient[PIXELS];
static float scratch[SEGLOSS_FIRMWARE_FLOATS(3, 1, 1)], weights[FEATURES];
static uint8_t mask[PIXELS];
static uint64_t words[WORDS];

static float noise(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f;
}

static void fill(void) {
    for (int at = 0; at < PIXELS; at++) {
        float row = (float)(at / SIDE), column = (float)(at % SIDE);
        float down = row - 30.0f, right = column - 35.0f;
        float distance = (down * down + right * right) / 225.0f;
        image[at] = 1.0f / (1.0f + distance * distance) + 0.4f * (noise() - 0.5f);
        mask[at] = distance < 1.0f;
        if (row < 6.0f && column < 6.0f) mask[at] = IGNORED;
    }
}

static void describe(int at, float x[FEATURES]) {
    int row = at / SIDE, column = at % SIDE;
    int above = row > 0 ? row - 1 : 0, below = row < SIDE - 1 ? row + 1 : row;
    int left = column > 0 ? column - 1 : 0, right = column < SIDE - 1 ? column + 1 : column;
    float around = (image[above * SIDE + column] + image[below * SIDE + column]) +
                   (image[row * SIDE + left] + image[row * SIDE + right]);
    float mean = 0.25f * around;
    x[0] = image[at], x[1] = mean, x[2] = image[at] * image[at], x[3] = mean * mean, x[4] = 1.0f;
}

static uint32_t bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

int main(void) {
    const segloss_firmware_mask plane = {mask, SIDE, SIDE, IGNORED};
    const segloss_firmware_planes planes = {
        logits, mask, gradient, band, scratch, sizeof scratch / sizeof *scratch, PIXELS, 1, IGNORED};
    segloss_firmware_outcome outcome;
    uint64_t hash = 0xcbf29ce484222325u;
    float x[FEATURES];
    fill();
    if (segloss_firmware_band(&plane, 3, 5.0f, band, words, WORDS) != 0) return 1;
    for (int step = 0; step < STEPS; step++) {
        float descent[FEATURES] = {0};
        for (int at = 0; at < PIXELS; at++) {
            float sum = 0;
            describe(at, x);
            for (int i = 0; i < FEATURES; i++) sum += x[i] * weights[i];
            logits[at] = sum;
        }
        if (segloss_firmware_bce_dice_map(&planes, 0.3f, 0.4f, 0.3f, &outcome) != 0) return 2;
        for (int at = 0; at < PIXELS; at++) {
            describe(at, x);
            for (int i = 0; i < FEATURES; i++) descent[i] += gradient[at] * x[i];
        }
        for (int i = 0; i < FEATURES; i++) weights[i] -= 4.0f * descent[i];
        printf("step %d: loss %08" PRIx32 ", %" PRIu32 " pixels\n", step, bits(outcome.value),
               outcome.valid);
    }
    printf("weights");
    for (int i = 0; i < FEATURES; i++) printf(" %08" PRIx32, bits(weights[i]));
    for (int at = 0; at < PIXELS; at++) hash = (hash ^ bits(gradient[at])) * 0x100000001b3u;
    printf("\ngradient %08" PRIx32 "%08" PRIx32 "\n", (uint32_t)(hash >> 32), (uint32_t)hash);
    return 0;
}
