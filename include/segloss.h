/* Segmentation losses and their gradients with respect to the logits. */

#ifndef SEGLOSS_H
#define SEGLOSS_H

/* Generated from ffi/src; `SEGLOSS_WRITE_HEADER=1 cargo test -p segloss-ffi --test main header::` writes it anew. */

#include <stddef.h>
#include <stdint.h>

/* DLPack's tensor. A program that uses dlpack.h includes it before this header. */
#if !defined(DLPACK_DLPACK_H_) && !defined(SEGLOSS_DLTENSOR)
#define SEGLOSS_DLTENSOR
typedef enum { kDLCPU = 1, kDLOpenCL = 4 } DLDeviceType;

typedef struct {
    DLDeviceType device_type;
    int32_t device_id;
} DLDevice;

typedef enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLBfloat = 4, kDLBool = 6 } DLDataTypeCode;

typedef struct {
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
} DLDataType;

typedef struct {
    void *data;
    DLDevice device;
    int32_t ndim;
    DLDataType dtype;
    int64_t *shape;
    int64_t *strides; /* in elements; NULL: packed, row-major */
    uint64_t byte_offset;
} DLTensor;
#endif

/** A tensor of packed memory on the host: `dtype` is one of SEGLOSS_FLOAT32 and so on. Since 0.1. */
static inline DLTensor segloss_tensor(void *data, DLDataType dtype, int64_t *shape, int32_t axes) {
    DLTensor tensor;
    tensor.data = data;
    tensor.device.device_type = kDLCPU;
    tensor.device.device_id = 0;
    tensor.ndim = axes;
    tensor.dtype = dtype;
    tensor.shape = shape;
    tensor.strides = NULL;
    tensor.byte_offset = 0;
    return tensor;
}

static inline DLDataType segloss_dtype(uint8_t code, uint8_t bits) {
    DLDataType dtype;
    dtype.code = code;
    dtype.bits = bits;
    dtype.lanes = 1;
    return dtype;
}

#define SEGLOSS_BOOL segloss_dtype((uint8_t)kDLBool, 8)
#define SEGLOSS_UINT8 segloss_dtype((uint8_t)kDLUInt, 8)
#define SEGLOSS_UINT16 segloss_dtype((uint8_t)kDLUInt, 16)
#define SEGLOSS_UINT32 segloss_dtype((uint8_t)kDLUInt, 32)
#define SEGLOSS_UINT64 segloss_dtype((uint8_t)kDLUInt, 64)
#define SEGLOSS_INT8 segloss_dtype((uint8_t)kDLInt, 8)
#define SEGLOSS_INT16 segloss_dtype((uint8_t)kDLInt, 16)
#define SEGLOSS_INT32 segloss_dtype((uint8_t)kDLInt, 32)
#define SEGLOSS_INT64 segloss_dtype((uint8_t)kDLInt, 64)
#define SEGLOSS_FLOAT16 segloss_dtype((uint8_t)kDLFloat, 16)
#define SEGLOSS_BFLOAT16 segloss_dtype((uint8_t)kDLBfloat, 16)
#define SEGLOSS_FLOAT32 segloss_dtype((uint8_t)kDLFloat, 32)
#define SEGLOSS_FLOAT64 segloss_dtype((uint8_t)kDLFloat, 64)

/* What to start from: everything else is 0. */
#define SEGLOSS_LOSS_OPTIONS_INIT {(uint32_t)sizeof(segloss_loss_options), SEGLOSS_LEVEL_BEST, 0, 0, NULL, NULL, 0}
#define SEGLOSS_CALL_INIT {(uint32_t)sizeof(segloss_call), SEGLOSS_IGNORE_DEFAULT, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, 0, SEGLOSS_WRITE_MODE_OVERWRITE, 0, NULL, 0}
#define SEGLOSS_OUTPUTS_INIT {(uint32_t)sizeof(segloss_outputs), 0, NULL, NULL, NULL, NULL, 0, NULL}
#define SEGLOSS_MASKS_INIT {(uint32_t)sizeof(segloss_masks), SEGLOSS_LINK_SIGMOID, NULL, 0, SEGLOSS_IGNORE_DEFAULT, 0, 0, 2, NULL, 0}
#define SEGLOSS_PIXEL_TERM_INIT {(uint32_t)sizeof(segloss_pixel_term), SEGLOSS_PLUGIN_API_VERSION, NULL, NULL, 0, NULL, NULL, NULL, NULL}
#define SEGLOSS_CLASS_TERM_INIT {(uint32_t)sizeof(segloss_class_term), SEGLOSS_PLUGIN_API_VERSION, NULL, NULL, 0, NULL, NULL, NULL, NULL}
#define SEGLOSS_REGION_TERM_INIT {(uint32_t)sizeof(segloss_region_term), SEGLOSS_PLUGIN_API_VERSION, NULL, NULL, 0, NULL, NULL, NULL, 0, 0}

/**
 * The interface between plugins and this library; a plugin says which it was written for.
 */
#define SEGLOSS_PLUGIN_API_VERSION 1

/**
 * The pixels that tiles have a whole number of for sums to be the same in every bit.
 */
#define SEGLOSS_SEGMENT 65536

/**
 * The binary interface of this header.
 */
#define SEGLOSS_ABI_VERSION 1

/**
 * What a call came to. A number keeps its meaning for ever; new ones are added at the end. Since 0.1.
 */
enum segloss_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Success: outputs are written.
     */
    SEGLOSS_RESULT_OK = 0,
    /**
     * A pointer that must not be NULL is.
     */
    SEGLOSS_RESULT_NULL_POINTER = 1,
    /**
     * A pointer is not aligned for what it points to.
     */
    SEGLOSS_RESULT_MISALIGNED = 2,
    /**
     * A struct's `struct_size`, or a plugin's `api_version`, is none that this library knows.
     */
    SEGLOSS_RESULT_UNSUPPORTED_VERSION = 3,
    /**
     * An option has a value that this library does not know, or one that does not go with another.
     */
    SEGLOSS_RESULT_UNSUPPORTED_OPTION = 4,
    /**
     * A tensor is not in host memory.
     */
    SEGLOSS_RESULT_UNSUPPORTED_DEVICE = 5,
    /**
     * A tensor holds elements that this argument cannot.
     */
    SEGLOSS_RESULT_UNSUPPORTED_DTYPE = 6,
    /**
     * A shape that does not fit, or is empty, or reaches too far with its strides.
     */
    SEGLOSS_RESULT_BAD_SHAPE = 7,
    /**
     * Strides that are negative, or let elements of an output share memory, or are not packed where
     * they must be.
     */
    SEGLOSS_RESULT_BAD_STRIDES = 8,
    /**
     * An output shares memory with an input or another output.
     */
    SEGLOSS_RESULT_OVERLAP = 9,
    /**
     * A label that is no class, or a target outside 0 to 1.
     */
    SEGLOSS_RESULT_BAD_TARGET = 10,
    /**
     * A defect of this library. What outputs hold is then unspecified.
     */
    SEGLOSS_RESULT_INTERNAL = 11,
    /**
     * The system does not give the memory, or the threads, that the call needs.
     */
    SEGLOSS_RESULT_OUT_OF_MEMORY = 12,
    /**
     * A text with a mistake: where it is and what was expected there is in the message.
     */
    SEGLOSS_RESULT_BAD_TEXT = 13,
    /**
     * A number out of its range: a parameter, a coefficient, a scale, a spacing.
     */
    SEGLOSS_RESULT_BAD_VALUE = 14,
    /**
     * An array of another length than the one that fits.
     */
    SEGLOSS_RESULT_BAD_LENGTH = 15,
    /**
     * The loss has no such thing: no value of one sample or pixel, no weights, no such map.
     */
    SEGLOSS_RESULT_NOT_SUPPORTED_BY_LOSS = 16,
    /**
     * A pixel's weight that is not finite, or negative where it may not be.
     */
    SEGLOSS_RESULT_BAD_WEIGHT = 17,
    /**
     * A plugin that cannot be registered: its name is taken or is none, say.
     */
    SEGLOSS_RESULT_BAD_PLUGIN = 18,
    /**
     * The workspace is in use by another call.
     */
    SEGLOSS_RESULT_BUSY = 19,
    /**
     * The masks say nothing: no pixel counts, or all are of one class.
     */
    SEGLOSS_RESULT_NOTHING_TO_LEARN = 20,
    /**
     * An index past the end, or a name that is not there.
     */
    SEGLOSS_RESULT_NOT_FOUND = 21,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_result segloss_result;
#else
typedef int32_t segloss_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What weight a class gets that never occurs. Since 0.1.
 */
enum segloss_absent
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * 1; the others have the weights that they have without it, so that all add up to the number of
     * classes.
     */
    SEGLOSS_ABSENT_ONE = 0,
    /**
     * 0; the others as by SEGLOSS_ABSENT_ONE.
     */
    SEGLOSS_ABSENT_ZERO = 1,
    /**
     * What the formula gives for all classes: absent ones share nearly all of the sum, and the others are
     * left with about 1e-8 each, at which a loss stands still. The reference's rule.
     */
    SEGLOSS_ABSENT_SOURCE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_absent segloss_absent;
#else
typedef int32_t segloss_absent;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What lies outside the image. Since 0.1.
 */
enum segloss_border
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Background: what SciPy does.
     */
    SEGLOSS_BORDER_ZERO = 0,
    /**
     * More of what is at the edge.
     */
    SEGLOSS_BORDER_KEEP = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_border segloss_border;
#else
typedef int32_t segloss_border;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which distance. Since 0.1.
 */
enum segloss_distance_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * To the nearest background pixel, label 0: 0 at background.
     */
    SEGLOSS_DISTANCE_KIND_TO_BACKGROUND = 0,
    /**
     * To the nearest pixel of another label: at least the smallest spacing.
     */
    SEGLOSS_DISTANCE_KIND_TO_OTHER = 1,
    /**
     * To the nearest pixel of another label, positive on foreground and negative on background. Of a mask
     * that is the distance to background minus the distance to foreground.
     */
    SEGLOSS_DISTANCE_KIND_SIGNED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_distance_kind segloss_distance_kind;
#else
typedef int32_t segloss_distance_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The neighbourhood of a pixel. Since 0.1.
 */
enum segloss_element
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The pixel and those that share a face with it: the default of SciPy.
     */
    SEGLOSS_ELEMENT_CROSS = 0,
    /**
     * The pixel and all around it.
     */
    SEGLOSS_ELEMENT_FULL = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_element segloss_element;
#else
typedef int32_t segloss_element;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which target stands for pixels that do not count. Since 0.1.
 */
enum segloss_ignore
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing is said. Losses and counts of classes then ignore 255 under softmax, of up to 255 classes; all else
     * ignores nothing. Targets of two classes that hold 0 and 255 alone are refused: a mask of 0 and 255 would
     * lose its foreground.
     */
    SEGLOSS_IGNORE_DEFAULT = 0,
    /**
     * None.
     */
    SEGLOSS_IGNORE_NOTHING = 1,
    /**
     * `ignore_index`, compared before the target is read as anything else.
     */
    SEGLOSS_IGNORE_INDEX = 2,
    /**
     * Each of `ignore_indices`, up to 16.
     */
    SEGLOSS_IGNORE_INDICES = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_ignore segloss_ignore;
#else
typedef int32_t segloss_ignore;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which instructions a loss is computed with; the results are the same in every bit. Since 0.1.
 */
enum segloss_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The fastest that this machine has.
     */
    SEGLOSS_LEVEL_BEST = 0,
    /**
     * What SEGLOSS_LEVEL_PORTABLE is; one pixel at a time up to 0.1.
     */
    SEGLOSS_LEVEL_SCALAR = 1,
    /**
     * The vectors that the library was built for.
     */
    SEGLOSS_LEVEL_PORTABLE = 2,
    /**
     * 256 bits, on x86-64 processors that have AVX2.
     */
    SEGLOSS_LEVEL_AVX2 = 3,
    /**
     * 512 bits, on x86-64 processors that have AVX-512 F, BW, DQ and VL.
     */
    SEGLOSS_LEVEL_AVX512 = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_level segloss_level;
#else
typedef int32_t segloss_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How logits become probabilities. Since 0.1.
 */
enum segloss_link
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Each channel by itself, with targets of the logits' shape from 0 to 1 (integers: 0 and not 0).
     */
    SEGLOSS_LINK_SIGMOID = 0,
    /**
     * All channels together, with one label per pixel, from 0 to the number of channels less 1; pixels
     * labelled 255 do not count unless the call says otherwise.
     */
    SEGLOSS_LINK_SOFTMAX = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_link segloss_link;
#else
typedef int32_t segloss_link;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * In which sum a region term is differentiated. Since 0.1.
 */
enum segloss_region_seed
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * In none: the slope is not read.
     */
    SEGLOSS_REGION_SEED_NOTHING = 0,
    /**
     * In the false positives of `seed_class`.
     */
    SEGLOSS_REGION_SEED_FALSE_POSITIVE = 1,
    /**
     * In the false negatives of `seed_class`, whose true positives fall as these grow: the derivative in
     * the former minus that in the latter.
     */
    SEGLOSS_REGION_SEED_FALSE_NEGATIVE = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_region_seed segloss_region_seed;
#else
typedef int32_t segloss_region_seed;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What happens to what the gradient's tensor holds. Since 0.1.
 */
enum segloss_write_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is replaced.
     */
    SEGLOSS_WRITE_MODE_OVERWRITE = 0,
    /**
     * The gradient is added to it.
     */
    SEGLOSS_WRITE_MODE_ACCUMULATE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_write_mode segloss_write_mode;
#else
typedef int32_t segloss_write_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A loss: a sum of terms, read from text.
 *
 * Immutable: any number of threads may use one at the same time. Since 0.1.
 */
typedef struct segloss_loss segloss_loss;

/**
 * A term of the caller's, which losses can name once it is among their options.
 *
 * Immutable, and shared by the losses that are made with it: it may be freed before them. Since 0.1.
 */
typedef struct segloss_plugin segloss_plugin;

/**
 * Storage for calls: it grows to what the largest call needs, after which calls allocate nothing.
 *
 * One call at a time may use it; another one meanwhile is refused with SEGLOSS_RESULT_BUSY. It may be
 * used from any thread, for any loss. Where none is given, a call uses one that its thread keeps until
 * it ends. Since 0.1.
 */
typedef struct segloss_workspace segloss_workspace;

/**
 * A weight map, by the name that the loss's text refers to it by. Since 0.1.
 */
typedef struct {
    /**
     * A name of segloss_loss_options' `map_names`; or of a map that would be computed, as `band`, to use
     * the same weights again.
     */
    const char *name;
    /**
     * What each pixel's loss is multiplied by, in the form of segloss_call's `weights`.
     */
    const DLTensor *weights;
} segloss_map;

/**
 * What a call reads besides logits and targets. Start from SEGLOSS_CALL_INIT: all else 0 is the usual
 * call.
 *
 * Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_call).
     */
    uint32_t struct_size;
    /**
     * A segloss_ignore.
     */
    int32_t ignore;
    /**
     * The target of pixels that do not count, with SEGLOSS_IGNORE_INDEX; else 0.
     */
    int64_t ignore_index;
    /**
     * Pixels that count, those that are not 0: uint8 or bool, of the targets' shape or with 1 channel for
     * all. The others may hold anything, NaN included, in all other inputs. NULL: all.
     */
    const DLTensor *mask;
    /**
     * What each pixel's loss is multiplied by: float16, bfloat16, float32 or float64, of the targets' shape or with 1
     * channel for all. Finite; not negative where a mean is divided by them (`normalise=weights`) or
     * region terms take them (`weighted=true`). NULL: 1.
     */
    const DLTensor *weights;
    /**
     * Weight maps by name. NULL: none.
     */
    const segloss_map *maps;
    /**
     * Entries of `maps`, up to 16.
     */
    size_t map_count;
    /**
     * Distance between neighbours along each spatial axis, outermost first, for maps that measure
     * distances; 1e-30 to 1e30. Other than 1 where none does, it is an error. NULL: 1.
     */
    const double *spacing;
    /**
     * Entries of `spacing`: as many as there are spatial axes.
     */
    size_t spacing_count;
    /**
     * What the gradient is multiplied by, not the value: the gradient of whatever follows. NULL: 1.
     */
    const double *scale;
    /**
     * What each sample's gradient is multiplied by, if what follows takes the samples' values: one number a
     * sample, instead of `scale`. NULL: none.
     */
    const double *sample_scales;
    /**
     * Entries of `sample_scales`: as many as there are samples.
     */
    size_t sample_scale_count;
    /**
     * A segloss_write_mode.
     */
    int32_t write;
    /**
     * 0.
     */
    int32_t reserved;
    /**
     * The targets of pixels that do not count, with SEGLOSS_IGNORE_INDICES. NULL: none.
     */
    const int64_t *ignore_indices;
    /**
     * Entries of `ignore_indices`, up to 16; else 0.
     */
    size_t ignore_index_count;
} segloss_call;

/**
 * Where the results of a call go: what is NULL is not computed. Start from SEGLOSS_OUTPUTS_INIT.
 *
 * Later versions add fields at the end. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_outputs).
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The loss. 0 if no pixel counts, or all weights are 0.
     */
    double *value;
    /**
     * How many pixels counted, over all samples (and channels, under sigmoid); 0 too where all weights
     * are 0.
     */
    uint64_t *valid;
    /**
     * The gradient with respect to the logits: of their shape, stored as they are or, of float16 and
     * bfloat16, as float32.
     */
    const DLTensor *gradient;
    /**
     * The loss of each sample by itself, as if it were the whole batch. Not of a loss whose region terms
     * pool the batch.
     */
    double *sample_values;
    /**
     * Entries of `sample_values`: as many as there are samples.
     */
    size_t sample_value_count;
    /**
     * The loss of each pixel, not divided by anything; 0 where a pixel does not count. Of the targets'
     * shape; float64 for float64 logits, else float32. Not of a loss with region terms.
     */
    const DLTensor *loss_map;
} segloss_outputs;

/**
 * The masks to look at. Start from SEGLOSS_MASKS_INIT.
 *
 * Later versions add fields at the end. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_masks).
     */
    uint32_t struct_size;
    /**
     * A segloss_link: under sigmoid each channel is a binary mask of its own, under softmax targets are
     * label maps of 1 channel.
     */
    int32_t link;
    /**
     * Targets as of segloss_evaluate, each of a shape of its own.
     */
    const DLTensor *const *targets;
    /**
     * Entries of `targets`.
     */
    size_t target_count;
    /**
     * A segloss_ignore.
     */
    int32_t ignore;
    /**
     * 0.
     */
    int32_t reserved;
    /**
     * The target of pixels that do not count, with SEGLOSS_IGNORE_INDEX; else 0.
     */
    int64_t ignore_index;
    /**
     * The number of classes, background included: 2 under sigmoid.
     */
    size_t classes;
    /**
     * The targets of pixels that do not count, with SEGLOSS_IGNORE_INDICES. NULL: none.
     */
    const int64_t *ignore_indices;
    /**
     * Entries of `ignore_indices`, up to 16; else 0.
     */
    size_t ignore_index_count;
} segloss_masks;

/**
 * What masks look like. An image is one mask; an object is a connected component of foreground, or of
 * one class other than 0, by faces; a boundary pixel shares a face with one of another class, where those
 * that do not count have the class of the nearest one that does. NaN stands for a share of nothing. Since
 * 0.1.
 */
typedef struct {
    /**
     * Masks, each channel of each sample one.
     */
    uint64_t images;
    /**
     * Pixels that count.
     */
    uint64_t pixels;
    /**
     * Classes with at least one pixel.
     */
    uint64_t present;
    /**
     * Objects in all masks.
     */
    uint64_t objects;
    /**
     * Objects that are smaller than 1/32 of the image along each axis.
     */
    uint64_t small_objects;
    /**
     * Pixels of the smallest object; 0 without objects.
     */
    uint64_t smallest_size;
    /**
     * Pixels on a boundary between classes, on either side, whether they count or not.
     */
    uint64_t boundary_pixels;
    /**
     * Pixels of an object on average.
     */
    double mean_size;
    /**
     * The rarest class's share over what each would have if all that occur were equally frequent: 1 if
     * they are.
     */
    double balance;
    /**
     * Small objects over all objects.
     */
    double small_share;
    /**
     * Boundary pixels over pixels, whether they count or not.
     */
    double boundary_share;
} segloss_statistics;

/**
 * How a loss is computed, and what its text may name besides the built-in terms. Start from
 * SEGLOSS_LOSS_OPTIONS_INIT.
 *
 * Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_loss_options).
     */
    uint32_t struct_size;
    /**
     * A segloss_level; 0 is the fastest.
     */
    int32_t level;
    /**
     * Threads of a call of segloss_evaluate. 0 and 1: the caller's alone. More: a pool of so many that
     * the loss owns and all its calls share; UINT32_MAX: of as many as there are processors. A forked
     * process has no pool: there, calls run on the caller's thread.
     */
    uint32_t threads;
    /**
     * Entries of `plugins`.
     */
    uint32_t plugin_count;
    /**
     * Plugins that the text may name; the loss keeps a share of each. NULL: none.
     */
    const segloss_plugin *const *plugins;
    /**
     * Names of weight maps that each call gives (segloss_call, `maps`). NULL: none besides the built-in
     * ones, which are computed where a call does not give them.
     */
    const char *const *map_names;
    /**
     * Entries of `map_names`.
     */
    size_t map_name_count;
} segloss_loss_options;

/**
 * A parameter's or option's value: a word, else a list, else a number. Since 0.1.
 */
typedef struct {
    /**
     * The parameter, or option: `smooth`, `weights`, `reduction`.
     */
    const char *name;
    /**
     * A word, such as `sum`. NULL: it is none.
     */
    const char *word;
    /**
     * Numbers, one a class. NULL: it is no list.
     */
    const double *list;
    /**
     * Entries of `list`.
     */
    size_t list_length;
    /**
     * A number.
     */
    double number;
} segloss_argument;

/**
 * A term or map by name, with what is not at its default. Since 0.1.
 */
typedef struct {
    /**
     * `dice`, or `band`.
     */
    const char *name;
    /**
     * NULL: all at their defaults.
     */
    const segloss_argument *arguments;
    /**
     * Entries of `arguments`.
     */
    size_t argument_count;
} segloss_named;

/**
 * One term of a sum. Since 0.1.
 */
typedef struct {
    /**
     * What it is multiplied by: finite, 0 or larger.
     */
    double coefficient;
    /**
     * The term.
     */
    segloss_named term;
    /**
     * Weight maps that it is multiplied by. NULL: none.
     */
    const segloss_named *maps;
    /**
     * Entries of `maps`.
     */
    size_t map_count;
} segloss_term;

/**
 * A parameter of a plugin. Since 0.1.
 */
typedef struct {
    /**
     * Its name in text: letters, digits and `_`.
     */
    const char *name;
    /**
     * Its value where the text gives none: finite, and within the range.
     */
    double default_value;
    /**
     * The smallest value; -INFINITY for none.
     */
    double smallest;
    /**
     * The largest value; INFINITY for none.
     */
    double largest;
} segloss_parameter;

/**
 * The probability of the true class at some pixels, as arrays of `count` numbers in double precision. Since
 * 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_class_tile_f64), of the library.
     */
    uint32_t struct_size;
    /**
     * Numbers in each array: 256.
     */
    uint32_t count;
    /**
     * ln p.
     */
    const double *log_p;
    /**
     * The probability p of the pixel's label.
     */
    const double *p;
    /**
     * 1 - p, without cancellation.
     */
    const double *q;
    /**
     * Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
     * NULL: all do.
     */
    const double *valid;
} segloss_class_tile_f64;

/**
 * The probability of the true class at some pixels, as arrays of `count` numbers in single precision. Since
 * 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_class_tile_f32), of the library.
     */
    uint32_t struct_size;
    /**
     * Numbers in each array: 256.
     */
    uint32_t count;
    /**
     * ln p.
     */
    const float *log_p;
    /**
     * The probability p of the pixel's label.
     */
    const float *p;
    /**
     * 1 - p, without cancellation.
     */
    const float *q;
    /**
     * Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
     * NULL: all do.
     */
    const float *valid;
} segloss_class_tile_f32;

/**
 * A class term: the loss of each pixel by the probability of its label, under the softmax link. Start
 * from SEGLOSS_CLASS_TERM_INIT.
 *
 * Its functions may be called on any thread, several at the same time. They return normally: no
 * exception and no longjmp leaves them. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_class_term).
     */
    uint32_t struct_size;
    /**
     * SEGLOSS_PLUGIN_API_VERSION.
     */
    uint32_t api_version;
    /**
     * Its name in text: letters, digits and `_`.
     */
    const char *name;
    /**
     * Its parameters. NULL: none.
     */
    const segloss_parameter *parameters;
    /**
     * Entries of `parameters`, up to 8.
     */
    size_t parameter_count;
    /**
     * What its functions are given first.
     */
    void *context;
    /**
     * Writes the loss of each pixel of `tile` to `value`, and its derivative in ln p (p times the one in
     * p) to `slope`. `parameters` are as many as declared, in that order.
     */
    void (*tile_f64)(void *context,
                     const double *parameters,
                     const segloss_class_tile_f64 *tile,
                     double *value,
                     double *slope);
    /**
     * (optional) Does what `tile_f64` does for logits that are computed in single precision; without it
     * they are converted, and the results rounded.
     */
    void (*tile_f32)(void *context,
                     const double *parameters,
                     const segloss_class_tile_f32 *tile,
                     float *value,
                     float *slope);
    /**
     * (optional) Called once with the context when the plugin and all losses made with it are freed.
     * Not called if the plugin is refused.
     */
    void (*release)(void *context);
} segloss_class_term;

/**
 * Some pixels of one channel, as arrays of `count` numbers in double precision. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_pixel_tile_f64), of the library.
     */
    uint32_t struct_size;
    /**
     * Numbers in each array: 256.
     */
    uint32_t count;
    /**
     * Logits.
     */
    const double *z;
    /**
     * Targets, 0 to 1.
     */
    const double *y;
    /**
     * sigmoid(z).
     */
    const double *p;
    /**
     * 1 - p, without cancellation.
     */
    const double *q;
    /**
     * ln(1 + exp(-|z|)), so that ln(1 + exp(z)) is max(z, 0) + tail.
     */
    const double *tail;
    /**
     * Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
     * NULL: all do.
     */
    const double *valid;
} segloss_pixel_tile_f64;

/**
 * Some pixels of one channel, as arrays of `count` numbers in single precision. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_pixel_tile_f32), of the library.
     */
    uint32_t struct_size;
    /**
     * Numbers in each array: 256.
     */
    uint32_t count;
    /**
     * Logits.
     */
    const float *z;
    /**
     * Targets, 0 to 1.
     */
    const float *y;
    /**
     * sigmoid(z).
     */
    const float *p;
    /**
     * 1 - p, without cancellation.
     */
    const float *q;
    /**
     * ln(1 + exp(-|z|)), so that ln(1 + exp(z)) is max(z, 0) + tail.
     */
    const float *tail;
    /**
     * Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
     * NULL: all do.
     */
    const float *valid;
} segloss_pixel_tile_f32;

/**
 * A pixel term: the loss of each pixel by itself, under the sigmoid link. Start from
 * SEGLOSS_PIXEL_TERM_INIT.
 *
 * Its functions may be called on any thread, several at the same time. They return normally: no
 * exception and no longjmp leaves them. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_pixel_term).
     */
    uint32_t struct_size;
    /**
     * SEGLOSS_PLUGIN_API_VERSION.
     */
    uint32_t api_version;
    /**
     * Its name in text: letters, digits and `_`.
     */
    const char *name;
    /**
     * Its parameters. NULL: none.
     */
    const segloss_parameter *parameters;
    /**
     * Entries of `parameters`, up to 8.
     */
    size_t parameter_count;
    /**
     * What its functions are given first.
     */
    void *context;
    /**
     * Writes the loss of each pixel of `tile` to `value`, and its derivative in the logit to `slope`.
     * `parameters` are as many as declared, in that order.
     */
    void (*tile_f64)(void *context,
                     const double *parameters,
                     const segloss_pixel_tile_f64 *tile,
                     double *value,
                     double *slope);
    /**
     * (optional) Does what `tile_f64` does for logits that are computed in single precision; without it
     * they are converted, and the results rounded.
     */
    void (*tile_f32)(void *context,
                     const double *parameters,
                     const segloss_pixel_tile_f32 *tile,
                     float *value,
                     float *slope);
    /**
     * (optional) Called once with the context when the plugin and all losses made with it are freed.
     * Not called if the plugin is refused.
     */
    void (*release)(void *context);
} segloss_pixel_term;

/**
 * The sums of all classes over the valid pixels of a sample or of the batch. With p the probability of
 * a class and g its target, each class has three numbers in this order: true positives, the sum of p g;
 * false positives, of p (1 - g); and false negatives, of (1 - p) g. The target's mass is the sum of the
 * first and the last, the predicted mass that of the first two. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_region_sums), of the library.
     */
    uint32_t struct_size;
    /**
     * A segloss_region_seed.
     */
    int32_t seed;
    /**
     * The class of the sum that the loss is differentiated in.
     */
    size_t seed_class;
    /**
     * Three numbers a class.
     */
    const double *sums;
    /**
     * The number of classes; 1 for a binary mask.
     */
    size_t classes;
    /**
     * Not 0 if classes whose target's mass is 0 are to be left out (`absent=skip`): those of neither true
     * positives nor false negatives.
     */
    int32_t skips_absent;
    /**
     * 0.
     */
    int32_t reserved;
    /**
     * The number of valid pixels in which each class can occur, one a class. A class of 0 (a channel that is ignored as
     * a whole, a label that is ignored) is to have no part in a mean over classes.
     */
    const double *counts;
} segloss_region_sums;

/**
 * A region term: a loss of sums over regions. Start from SEGLOSS_REGION_TERM_INIT.
 *
 * Its functions may be called on any thread, several at the same time. They return normally: no
 * exception and no longjmp leaves them. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_region_term).
     */
    uint32_t struct_size;
    /**
     * SEGLOSS_PLUGIN_API_VERSION.
     */
    uint32_t api_version;
    /**
     * Its name in text: letters, digits and `_`.
     */
    const char *name;
    /**
     * Its parameters. NULL: none.
     */
    const segloss_parameter *parameters;
    /**
     * Entries of `parameters`, up to 8.
     */
    size_t parameter_count;
    /**
     * What its functions are given first.
     */
    void *context;
    /**
     * Writes the loss of all classes to `value`, and its derivative in the seed that `sums` names to
     * `slope`. `parameters` are as many as declared, in that order.
     */
    void (*loss)(void *context,
                 const double *parameters,
                 const segloss_region_sums *sums,
                 double *value,
                 double *slope);
    /**
     * (optional) Called once with the context when the plugin and all losses made with it are freed.
     * Not called if the plugin is refused.
     */
    void (*release)(void *context);
    /**
     * Not 0 if it is formed for each sample unless the text says otherwise (`pool=`), 0 for the batch.
     */
    int32_t pools_samples;
    /**
     * 0.
     */
    int32_t reserved;
} segloss_region_term;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The pixels of each class of label maps, added to those of `before`, into `counts`.
 *
 * `targets` are as for segloss_evaluate under softmax. Of `call`, which may be NULL, what it says of pixels that do not
 * count is read (`ignore` and what belongs to it); anything else is refused. `before` and `counts` have `classes` numbers; `before` is NULL for
 * zeros, and may be `counts` itself, to count any number of masks, or to join several workers' counts.
 * `counts` is written only on success. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for; `before` and `counts` are NULL or point to `classes` numbers.
 */
segloss_result segloss_class_counts(const DLTensor *targets,
                                    const segloss_call *call,
                                    const uint64_t *before,
                                    uint64_t *counts,
                                    size_t classes);

/**
 * The weights of classes by inverse frequency, into `weights`: with `total` the sum of the counts, n the
 * number of classes that occur and r = total / (n count + 1e-6), each of these has n r over the sum of
 * all r. `absent`, a segloss_absent, says what the others have.
 *
 * Fails with SEGLOSS_RESULT_NOTHING_TO_LEARN if all counts are 0. `counts` and `weights` have `classes`
 * numbers. Since 0.1.
 *
 * # Safety
 * `counts` and `weights` are NULL or point to `classes` numbers.
 */
segloss_result segloss_class_weights(const uint64_t *counts,
                                     size_t classes,
                                     int32_t absent,
                                     double *weights);

/**
 * The loss of `logits` and whatever else `outputs` asks for.
 *
 * Tensors are in host memory (kDLCPU) with 3 to 5 axes: batch, channels, and 1 to 3 of space. Strides
 * are counted in elements; negative ones are refused, and 0 repeats an input. `logits` holds float16,
 * bfloat16, float32 or float64; `targets` integers of 8 to 64 bits, bool or what logits can hold, of the logits'
 * shape under the sigmoid link and with 1 channel under softmax. Where there is 1 channel, `targets`, and a call's `mask`,
 * `weights` and maps, may leave out that axis. A batch without samples has the value 0.
 *
 * Targets of integers under the sigmoid link are a mask: 0, and one positive number throughout, which is foreground.
 * Floats are the share of foreground; up to four rounding steps outside of 0 to 1 they are taken as the nearer of
 * both. `call` is NULL for SEGLOSS_CALL_INIT.
 *
 * Outputs are written only on success, but for a gradient that is overwritten: after any other result it may hold
 * anything, since floats are checked in the sweep that writes it. (After SEGLOSS_RESULT_INTERNAL, which is a defect, so may
 * all outputs.) The memory of each, from its first element to its last, has nothing in
 * common with that of inputs and other outputs; while a call runs it is the call's own, what lies
 * between elements included, and nobody writes between the first and last element of an input.
 *
 * The result is the same in every bit on every machine, at every level and number of threads, that
 * rounds to nearest and does not flush denormals to zero.
 *
 * `workspace` is NULL for one that the thread keeps until it ends. After the first call of a size
 * nothing is allocated (threads of the loss's own aside). May be called from any thread, and any number
 * at the same time with one loss. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for.
 */
segloss_result segloss_evaluate(const segloss_loss *loss,
                                const DLTensor *logits,
                                const DLTensor *targets,
                                const segloss_call *call,
                                const segloss_outputs *outputs,
                                segloss_workspace *workspace);

/**
 * What masks look like, into `statistics`, and the pixels of each class (background and foreground, under
 * sigmoid) into `counts`, of as many numbers as `masks` says there are classes, or NULL.
 *
 * `workspace` is NULL for the thread's own. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say.
 */
segloss_result segloss_statistics_of(const segloss_masks *masks,
                                     segloss_statistics *statistics,
                                     uint64_t *counts,
                                     size_t count_length,
                                     segloss_workspace *workspace);

/**
 * The loss to start from for masks like these, as text for segloss_loss_new under the masks' link, into
 * `loss`, and why, into `reason`; either may be NULL, with a capacity of 0.
 *
 * `priority` is `balanced`, `speed`, `boundary`, `recall` or `overlap`; `boundary` is as `balanced` if no
 * pixel that counts is within 3 steps of a boundary. Each buffer gets as much as fits
 * and a terminating 0; no text is longer than 200 bytes. Fails with SEGLOSS_RESULT_NOTHING_TO_LEARN if no
 * pixel counts or all are of one class. `workspace` is NULL for the thread's own. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; `priority` ends with a 0.
 */
segloss_result segloss_recommend(const segloss_masks *masks,
                                 const char *priority,
                                 char *loss,
                                 size_t loss_capacity,
                                 char *reason,
                                 size_t reason_capacity,
                                 segloss_workspace *workspace);

/**
 * The loss that `text` describes under `link` (a segloss_link), into `loss`, for segloss_loss_free to
 * free.
 *
 * The text is a sum of terms, `0.3*bce + 0.4*dice(smooth=1e-6) + 0.3*boundary(theta=3, weight=5)`, or
 * the name of one: `preset:balanced`, `preset:imbalanced`, `preset:boundary`, `preset:medical`,
 * `preset:nnunet`.
 *
 * | term | parameters and their defaults |
 * |---|---|
 * | `bce` (sigmoid) | `pos_weight=1, smoothing=0` |
 * | `ce` (softmax) | `weights=[...]`, one a class, `power=1` |
 * | `focal` | `alpha=0.25` or `alpha=off`, `gamma=2` (sigmoid); `alpha=[...], gamma=2` (softmax) |
 * | `dice` | `smooth=1e-6, smooth_nr=smooth, log=false, gamma=1` |
 * | `jaccard` | `smooth=1e-6, smooth_nr=smooth, log=false, gamma=1` |
 * | `tversky` | `fp=0.5, fn=0.5, smooth=1e-6, smooth_nr=smooth, log=false` |
 * | `focal_tversky` | `fp=0.5, fn=0.5, gamma=1, smooth=1e-6, smooth_nr=smooth, log=false` |
 * | `fbeta` | `beta=1.5, smooth=1e-6, smooth_nr=smooth, log=false` |
 * | `recall` | `smooth=1e-6, smooth_nr=smooth, log=false` |
 * | `log_cosh_dice` | `smooth=1e-6` |
 * | `generalized_dice` | `weight=square, smooth=1e-6, scale=max` |
 * | `poly1` | `epsilon=1` |
 * | `poly1_focal` | `epsilon=1, gamma=2` |
 * | `sce` (softmax) | `alpha=0.1, beta=1, floor=-4` |
 * | `gce` (softmax) | `power=0.7` |
 * | `mae` (softmax) | |
 * | `boundary` | `theta=3, weight=5, border=auto, void=nearest`: cross-entropy weighted in a band along boundaries |
 * | `distance` | `sigma=5, empty=zero, void=nearest`: cross-entropy weighted by the distance to them |
 *
 * Those from `dice` to `generalized_dice` are of regions, and take `classes=all`, `foreground` or a list, `weights=[...]`,
 * one for each class in use, `absent=keep`, `zero` or `skip`, `pool=sample` or `batch`, `empty=keep` or `skip` and
 * `weighted=false` or `true`; all but the last `average=macro` or `micro` and `normalise=weights` or `classes`.
 *
 * A pixel or class term takes weight maps, `bce @ band(theta=3, weight=5) @ decay(sigma=5)`, among them
 * the caller's own. `options` is NULL for the fastest level, the caller's thread alone, and no plugins.
 *
 * Fails with SEGLOSS_RESULT_BAD_TEXT at the first mistake in the text: the message says where it is and
 * what was expected there. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; `text` ends with a 0.
 */
segloss_result segloss_loss_new(const char *text,
                                int32_t link,
                                const segloss_loss_options *options,
                                segloss_loss **loss);

/**
 * Frees a loss that no call uses. NULL is no loss, and nothing happens.
 *
 * Since 0.1.
 *
 * # Safety
 * `loss` is NULL or comes from segloss_loss_new and is not used any more.
 */
void segloss_loss_free(segloss_loss *loss);

/**
 * The sum of `terms`, into `loss`: what segloss_loss_new makes of the same in text.
 *
 * Names and words are letters, digits and `_`; numbers are finite. Fails with SEGLOSS_RESULT_BAD_TEXT for
 * a mistake in what they say: the message tells where in the text of the sum. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; texts end with a 0.
 */
segloss_result segloss_loss_compose(const segloss_term *terms,
                                    size_t term_count,
                                    int32_t link,
                                    const segloss_loss_options *options,
                                    segloss_loss **loss);

/**
 * The link that the terms of `text` need, into `link`: a segloss_link, or -1 where each has a meaning under
 * both, as in a preset. For programs that choose the link by the shapes of their tensors otherwise.
 *
 * `text` and `options` are as for segloss_loss_new; names of no term are left for it to refuse. Fails with
 * SEGLOSS_RESULT_BAD_TEXT for a mistake in the syntax, and for terms that need different links. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; `text` ends with a 0.
 */
segloss_result segloss_link_of(const char *text,
                               const segloss_loss_options *options,
                               int32_t *link);

/**
 * The text that reads back as this loss, with what is at its default left out.
 *
 * Writes as much as fits, and a terminating 0, to `buffer`, of `capacity` bytes; NULL and 0 write
 * nothing. Returns the length of the whole text, the 0 not counted: as much or more than `capacity`
 * means that it was cut. 0 if `loss` is NULL. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
 */
size_t segloss_loss_text(const segloss_loss *loss, char *buffer, size_t capacity);

/**
 * The segloss_link that the loss was read for; -1 if `loss` is NULL. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss.
 */
int32_t segloss_loss_link(const segloss_loss *loss);

/**
 * The number of terms; 0 if `loss` is NULL. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss.
 */
size_t segloss_loss_term_count(const segloss_loss *loss);

/**
 * The name of term `term`, from 0, in the way of segloss_loss_text: `boundary(...)` is `bce` or `ce`
 * with a map. 0 if there is no such term. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
 */
size_t segloss_loss_term_name(const segloss_loss *loss,
                              size_t term,
                              char *buffer,
                              size_t capacity);

/**
 * The coefficient of term `term`, from 0: finite, 0 or larger. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `coefficient` is NULL or points to a place for it.
 */
segloss_result segloss_loss_term_coefficient(const segloss_loss *loss,
                                             size_t term,
                                             double *coefficient);

/**
 * The number of parameters of term `term`; 0 if there is no such term. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss.
 */
size_t segloss_loss_parameter_count(const segloss_loss *loss, size_t term);

/**
 * The name of parameter `parameter` of term `term`, both from 0, in the way of segloss_loss_text. 0 if
 * there is none. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `buffer` is NULL or points to `capacity` bytes that may be written.
 */
size_t segloss_loss_parameter_name(const segloss_loss *loss,
                                   size_t term,
                                   size_t parameter,
                                   char *buffer,
                                   size_t capacity);

/**
 * The value that term `term` has for the parameter called `name`: a number, -1 for the word `off`, or the place of another
 * word among those that the parameter takes. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `name` is NULL or a text that ends with a 0; `value` is NULL or points to a
 * place for it.
 */
segloss_result segloss_loss_parameter_value(const segloss_loss *loss,
                                            size_t term,
                                            const char *name,
                                            double *value);

/**
 * The class weights of term `term` (`weights` of `ce`, `alpha` of `focal` under softmax), as many as
 * fit, to `weights`, of `capacity` numbers; NULL writes none. Returns how many there are: 0 if the term
 * has none, or there is no such term. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or a loss; `weights` is NULL or points to `capacity` numbers that may be written.
 */
size_t segloss_loss_class_weights(const segloss_loss *loss,
                                  size_t term,
                                  double *weights,
                                  size_t capacity);

/**
 * Exact Euclidean distances between the centres of pixels (`distance`, a segloss_distance_kind), of each
 * sample and channel by itself, into `out`; infinite where there is nothing to measure to.
 *
 * Arguments are as for segloss_map_weights, `out` being packed within each image. Pixels that do not
 * count have no distance measured to them; their own is to what does count. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for.
 */
segloss_result segloss_distance(int32_t distance,
                                int32_t link,
                                const DLTensor *targets,
                                const segloss_call *call,
                                const DLTensor *out,
                                segloss_workspace *workspace);

/**
 * The pixels from which `iterations` steps of `element` (a segloss_element) reach foreground, of each
 * sample and channel by itself: 1 or 0 into `out`.
 *
 * `mask` holds integers of 8 to 64 bits or bool (0, and one positive number throughout, which is foreground), or floats
 * from 0 to 1 (foreground: above one half); `out`
 * uint8 or bool of its shape, packed within each image. `workspace` is NULL for the thread's own. Since
 * 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for.
 */
segloss_result segloss_dilate(const DLTensor *mask,
                              int32_t element,
                              uint32_t iterations,
                              const DLTensor *out,
                              segloss_workspace *workspace);

/**
 * The pixels from which `iterations` steps of `element` reach nothing but foreground: 1 or 0 into `out`.
 * `border` is a segloss_border; the rest is as for segloss_dilate. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for.
 */
segloss_result segloss_erode(const DLTensor *mask,
                             int32_t element,
                             int32_t border,
                             uint32_t iterations,
                             const DLTensor *out,
                             segloss_workspace *workspace);

/**
 * The weights of a map, as `text` describes it and as a loss would compute it, into `out`:
 *
 * | map | weights |
 * |---|---|
 * | `band(theta=3, weight=5, border=auto, void=nearest)` | `weight` within `theta` steps of a pixel at a boundary, 1 elsewhere; outside the image is background (`border=zero`, that of masks) or more of the same (`border=keep`, that of label maps) |
 * | `decay(sigma=5, empty=zero, void=nearest)` | exp(-d / sigma), d the distance to the nearest pixel of another label; where there is none 0, or with `empty=one` 1 |
 *
 * Pixels that do not count are void. They have the label of the nearest pixel that counts, by the spacing, of
 * several as near the smallest: over a ring of w void pixels a band shows from theta w / 2 on. With `void=cut`
 * none is at a boundary, and no distance is measured to them. Masks without foreground have weight 0 in
 * `decay`: false positives there are learned from with `empty=one`.
 *
 * `targets` are as for segloss_evaluate under `link`: masks, one a channel, or label maps of 1 channel.
 * Of `call`, which may be NULL, `ignore`, `mask` and `spacing` count; the rest is as in
 * SEGLOSS_CALL_INIT. `out` is float32 or float64 of the targets' shape, packed. `workspace` is NULL for the
 * thread's own. `out` is written only on success. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
 * and type ask for; `text` is NULL or ends with a 0.
 */
segloss_result segloss_map_weights(const char *text,
                                   int32_t link,
                                   const DLTensor *targets,
                                   const segloss_call *call,
                                   const DLTensor *out,
                                   segloss_workspace *workspace);

/**
 * What was wrong with this thread's last call that failed: the argument, its value, and what was
 * expected. UTF-8, up to 1024 bytes.
 *
 * Writes as much as fits, and a terminating 0, to `buffer`, of `capacity` bytes; NULL and 0 write
 * nothing. Returns the length of the whole message, the 0 not counted: as much or more than `capacity`
 * means that it was cut. A call that succeeds leaves the message as it was.
 *
 * May be called from any thread; each has a message of its own. Since 0.1.
 *
 * # Safety
 * `buffer` is NULL or points to `capacity` bytes that may be written.
 */
size_t segloss_last_message(char *buffer,
                            size_t capacity);

/**
 * A class term as a plugin, into `plugin`, as segloss_plugin_pixel does for pixel terms. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; the functions do what their fields say.
 */
segloss_result segloss_plugin_class(const segloss_class_term *term, segloss_plugin **plugin);

/**
 * Gives up a share of a plugin; losses that were made with it keep theirs. NULL is none, and nothing
 * happens.
 *
 * Since 0.1.
 *
 * # Safety
 * `plugin` is NULL or comes from segloss_plugin_pixel or its like and is not used any more.
 */
void segloss_plugin_free(segloss_plugin *plugin);

/**
 * A pixel term as a plugin, into `plugin`, for segloss_plugin_free to free.
 *
 * Fails with SEGLOSS_RESULT_BAD_PLUGIN if the name is taken or no text can hold it, and likewise for
 * parameters. The struct and what it points to, `context` excepted, are not used after the call. Since
 * 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; the functions do what their fields say.
 */
segloss_result segloss_plugin_pixel(const segloss_pixel_term *term,
                                    segloss_plugin **plugin);

/**
 * A region term as a plugin, into `plugin`, as segloss_plugin_pixel does for pixel terms. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; the functions do what their fields say.
 */
segloss_result segloss_plugin_region(const segloss_region_term *term,
                                     segloss_plugin **plugin);

/**
 * The name of a result code, valid for ever; "SEGLOSS_RESULT_UNKNOWN" for any other number.
 *
 * May be called from any thread at any time. Since 0.1.
 */
const char *segloss_result_name(int32_t code);

/**
 * How many numbers the stages need: `sums`, with a row a sample, and `totals`.
 *
 * Tensors and `call` are as for segloss_reduce. Tiles of the same samples have the same lengths. Since
 * 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that they ask for.
 */
segloss_result segloss_stage_lengths(const segloss_loss *loss,
                                     const DLTensor *logits,
                                     const DLTensor *targets,
                                     const segloss_call *call,
                                     size_t *sums_length,
                                     size_t *totals_length);

/**
 * The first stage: the sums of `before`, and of these pixels, into `sums`.
 *
 * `sums` gets `length` numbers, as many as segloss_stage_lengths says: a row a sample. `before` is NULL
 * or the sums of earlier tiles of the same samples, as many; it may be `sums` itself. If each tile
 * before the last has a whole number of SEGLOSS_SEGMENT pixels, then going on from tile to tile gives
 * the sums of one call on the whole in every bit; otherwise, or with the sums of each tile by themselves
 * and segloss_merge, they agree to about 1e-12 (and 1e-6 where tiles cut a block of 1024 pixels).
 *
 * Tensors, `call` and `workspace` are as for segloss_evaluate. Weight maps are not computed, because of a
 * part of an image they would be others: the call gives all that the loss refers to (segloss_map_weights
 * computes them). `sums` is written only on success, and has nothing in common with the inputs. Since
 * 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say, `before` and `sums` to `length` numbers; tensors
 * have the memory that they ask for.
 */
segloss_result segloss_reduce(const segloss_loss *loss,
                              const DLTensor *logits,
                              const DLTensor *targets,
                              const segloss_call *call,
                              const double *before,
                              double *sums,
                              size_t length,
                              segloss_workspace *workspace);

/**
 * Sums or totals of two tiles or workers, each `length` numbers, into `merged`, which may be one of
 * them: `merged[i] = one[i] + other[i]`, as MPI_Allreduce with MPI_SUM does.
 *
 * Sums are merged of tiles of the same samples, totals (segloss_close) of different samples. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to `length` numbers.
 */
segloss_result segloss_merge(const double *one,
                             const double *other,
                             double *merged,
                             size_t length);

/**
 * What sums of all tiles come to over samples: `totals_length` numbers into `totals`, which
 * segloss_merge adds up over workers (MPI_Allreduce). With one worker they are the totals themselves.
 *
 * Tensors and `call` are as for segloss_reduce, any tile's. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say, `sums` and `totals` to as many numbers as are
 * given beside them; tensors have the memory that they ask for.
 */
segloss_result segloss_close(const segloss_loss *loss,
                             const DLTensor *logits,
                             const DLTensor *targets,
                             const segloss_call *call,
                             const double *sums,
                             size_t sums_length,
                             double *totals,
                             size_t totals_length);

/**
 * The second stage: from the totals over all tiles and workers, and the sums of these samples over all
 * their tiles, the loss and the gradient of these logits.
 *
 * Outputs are as for segloss_evaluate, the loss map excepted, which is NULL; `valid` counts all pixels
 * that are not ignored, whatever their weights, and is 0 where nothing is left to divide by. Where a
 * framework averages gradients over workers, `call->scale` is their number.
 *
 * Tensors, `call` and `workspace` are as for segloss_reduce. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say, `sums` and `totals` to as many numbers as are
 * given beside them; tensors have the memory that they ask for.
 */
segloss_result segloss_finish(const segloss_loss *loss,
                              const DLTensor *logits,
                              const DLTensor *targets,
                              const segloss_call *call,
                              const double *sums,
                              size_t sums_length,
                              const double *totals,
                              size_t totals_length,
                              const segloss_outputs *outputs,
                              segloss_workspace *workspace);

/**
 * The version of this library, such as "0.1.0". Valid for ever.
 *
 * May be called from any thread. Since 0.1.
 */
const char *segloss_version(void);

/**
 * The number of the binary interface: programs built with a header whose `SEGLOSS_ABI_VERSION` is this
 * number run with this library. It changes when a function or struct does so that they would not.
 *
 * May be called from any thread. Since 0.1.
 */
uint32_t segloss_abi_version(void);

/**
 * A workspace in which nothing is allocated yet, for segloss_workspace_free to free.
 *
 * Since 0.1.
 *
 * # Safety
 * `workspace` is NULL or points to a place for a pointer.
 */
segloss_result segloss_workspace_new(segloss_workspace **workspace);

/**
 * Frees a workspace that no call uses. NULL is no workspace, and nothing happens.
 *
 * Since 0.1.
 *
 * # Safety
 * `workspace` is NULL or comes from segloss_workspace_new and is not used any more.
 */
void segloss_workspace_free(segloss_workspace *workspace);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SEGLOSS_H */
