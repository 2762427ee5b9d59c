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

#ifdef __cplusplus
}
#endif

#endif
