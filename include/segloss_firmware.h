/* Segmentation losses for firmware: libsegloss_firmware.a, which has no threads, no allocator and nothing
 * of an operating system. Results and links are the numbers of segloss.h. Since 0.1. */

#ifndef SEGLOSS_FIRMWARE_H
#define SEGLOSS_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of scratch that a call takes, into `bytes`.
 *
 * `text` is a loss of up to 8 terms without weight maps, as for segloss_loss_new; `link` is 0 for sigmoid
 * and 1 for softmax; `extents` are batch, channels, depth, height and width. Returns a segloss_result: 13
 * for a mistake in the text, 16 for a weight map.
 */
int32_t segloss_firmware_scratch(const char *text, int32_t link, const uint32_t extents[5],
                                 size_t *bytes);

/**
 * The loss of `logits`, and its gradient into `gradient` unless that is NULL.
 *
 * All arrays are packed, channels first: `logits` and `gradient` as `extents` say, `targets` likewise under
 * sigmoid (0 and not 0) and with 1 channel under softmax (labels; 255 does not count). `value` gets the
 * loss, `valid` the number of pixels that counted. `scratch` has `scratch_bytes` bytes, aligned or not,
 * and is free after the call; too few of them give 12. Sums are kept in pairs of floats, so that a
 * processor without double is no slower for it. Outputs are written only on success, and have nothing in
 * common with inputs, scratch or each other.
 */
int32_t segloss_firmware_evaluate(const char *text, int32_t link, const uint32_t extents[5],
                                  const float *logits, const uint8_t *targets, float *gradient,
                                  float *value, uint32_t *valid, uint8_t *scratch,
                                  size_t scratch_bytes);

/* Losses by name. Each of these functions holds one loss and nothing of the others, so that a program (linked
 * with --gc-sections) takes the code of those that it calls; docs/embedded.md says how much that is. They go
 * pixel by pixel through one sample, and give the same bits on every processor.
 */

/** One sample. */
typedef struct segloss_firmware_planes {
    /** The plane of the first class, then those of the others. */
    const float *logits;
    /** One a pixel: 0 and not 0 for one class, else labels. */
    const uint8_t *targets;
    /** Laid out as the logits, to be written; or NULL. */
    float *gradient;
    /** One weight a pixel, finite, for the losses whose name ends with _map. */
    const float *map;
    /** SEGLOSS_FIRMWARE_FLOATS of them, whatever they hold. */
    float *scratch;
    /** How many they are. */
    uint32_t scratch_floats;
    /** Pixels of a plane. */
    uint32_t pixels;
    /** Planes: 1, or 2 and more for the losses of several classes. */
    uint32_t classes;
    /** The target of pixels that do not count, or -1. */
    int32_t ignored;
} segloss_firmware_planes;

/** What an evaluation gives. */
typedef struct segloss_firmware_outcome {
    /** The loss. */
    float value;
    /** Pixels that counted. */
    uint32_t valid;
} segloss_firmware_outcome;

/** Floats of scratch for a loss of `terms` terms, `regions` being 1 if one is of regions (Dice, Tversky, Jaccard
 * and so on), else 0. */
#define SEGLOSS_FIRMWARE_FLOATS(terms, regions, classes)                                           \
    (36 * ((terms) + 3 * (regions) * (classes)) + 3 * (classes))

/**
 * One term with the defaults of its text form: cross-entropy, focal loss (alpha 0.25, gamma 2), Dice, Tversky, focal
 * Tversky, Jaccard, F-beta, log-cosh Dice, generalised Dice, recall, Poly-1 and Poly-1 focal loss; and, of several
 * classes, cross-entropy, focal loss (gamma 2), Poly-1, Poly-1 focal, symmetric and generalised cross-entropy and mean
 * absolute error.
 *
 * Return a segloss_result: 7 for a number of planes that the loss is not for, 10 for a label that is no class,
 * 12 for too little scratch. Outputs are written only on success.
 */
int32_t segloss_firmware_bce(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_focal(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_dice(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_tversky(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_focal_tversky(const segloss_firmware_planes *planes,
                                       segloss_firmware_outcome *outcome);
int32_t segloss_firmware_jaccard(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_fbeta(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_log_cosh_dice(const segloss_firmware_planes *planes,
                                       segloss_firmware_outcome *outcome);
int32_t segloss_firmware_generalized_dice(const segloss_firmware_planes *planes,
                                          segloss_firmware_outcome *outcome);
int32_t segloss_firmware_recall(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_ce(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_class_focal(const segloss_firmware_planes *planes,
                                     segloss_firmware_outcome *outcome);
int32_t segloss_firmware_poly1(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_poly1_focal(const segloss_firmware_planes *planes,
                                     segloss_firmware_outcome *outcome);
int32_t segloss_firmware_class_poly1(const segloss_firmware_planes *planes,
                                     segloss_firmware_outcome *outcome);
int32_t segloss_firmware_class_poly1_focal(const segloss_firmware_planes *planes,
                                           segloss_firmware_outcome *outcome);
int32_t segloss_firmware_sce(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_gce(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_mae(const segloss_firmware_planes *planes, segloss_firmware_outcome *outcome);

/**
 * Sums of terms with these coefficients, finite and not negative (14 if not): cross-entropy and Dice, of one
 * class, with cross-entropy times `map` too, and of several classes. The first and last have 2 terms, the
 * second has 3.
 */
int32_t segloss_firmware_bce_dice(const segloss_firmware_planes *planes, float bce, float dice,
                                  segloss_firmware_outcome *outcome);
int32_t segloss_firmware_bce_dice_map(const segloss_firmware_planes *planes, float bce, float dice,
                                      float map, segloss_firmware_outcome *outcome);
int32_t segloss_firmware_ce_dice(const segloss_firmware_planes *planes, float ce, float dice,
                                 segloss_firmware_outcome *outcome);

/** A mask. */
typedef struct segloss_firmware_mask {
    /** Row by row; 0 and not 0. */
    const uint8_t *mask;
    /** Rows. */
    uint32_t height;
    /** Pixels of a row. */
    uint32_t width;
    /** What pixels hold that do not count, or -1: for the edge they are as the nearest pixel that counts. */
    int32_t ignored;
} segloss_firmware_mask;

/**
 * Words of 64 bits that segloss_firmware_band takes, into `words`: a quarter of a byte a pixel, and three bytes
 * more if pixels may not count.
 */
int32_t segloss_firmware_band_scratch(const segloss_firmware_mask *plane, uint32_t *words);

/**
 * The map of a boundary loss: `weight` within `theta` steps of the mask's edge, else 1. `map` has one place a
 * pixel; `scratch` has `scratch_words` words.
 */
int32_t segloss_firmware_band(const segloss_firmware_mask *plane, uint32_t theta, float weight,
                              float *map, uint64_t *scratch, uint32_t scratch_words);

#ifdef __cplusplus
}
#endif

#endif
