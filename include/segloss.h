/* Segmentation losses and their gradients with respect to the logits. */

#ifndef SEGLOSS_H
#define SEGLOSS_H

/* Generated from ffi/src; `SEGLOSS_WRITE_HEADER=1 cargo test -p segloss-ffi --test header` writes it anew. */

#include <stddef.h>
#include <stdint.h>

/* DLPack's tensor. A program that uses dlpack.h includes it before this header. */
#ifndef DLPACK_DLPACK_H_
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

/** Sigmoid link, no message: what to start from. */
#define SEGLOSS_OPTIONS_INIT {(uint32_t)sizeof(segloss_options), SEGLOSS_LINK_SIGMOID, NULL, 0}

/**
 * What a call came to. A number keeps its meaning for ever; new ones are added at the end.
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
     * A struct's `struct_size` is none that this library knows.
     */
    SEGLOSS_RESULT_UNSUPPORTED_VERSION = 3,
    /**
     * An option has a value that this library does not know.
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
     * Strides that are negative, or let gradient elements share memory.
     */
    SEGLOSS_RESULT_BAD_STRIDES = 8,
    /**
     * The gradient shares memory with an input.
     */
    SEGLOSS_RESULT_OVERLAP = 9,
    /**
     * A label that is no class, or a target outside 0 to 1.
     */
    SEGLOSS_RESULT_BAD_TARGET = 10,
    /**
     * A defect of this library. The gradient's contents are then unspecified.
     */
    SEGLOSS_RESULT_INTERNAL = 11,
    /**
     * The system does not give the memory that the call needs.
     */
    SEGLOSS_RESULT_OUT_OF_MEMORY = 12,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_result segloss_result;
#else
typedef int32_t segloss_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How logits become probabilities.
 */
enum segloss_link
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Each channel by itself, with targets of the logits' shape from 0 to 1. The loss is
     * 0.5 bce + 0.5 dice.
     */
    SEGLOSS_LINK_SIGMOID = 0,
    /**
     * All channels together, with one label per pixel and 255 for pixels that do not count. The
     * loss is 0.5 ce + 0.5 dice.
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
 * What a call is asked to do. Start from SEGLOSS_OPTIONS_INIT.
 *
 * Later versions add fields at the end, where 0 asks for what the library did before.
 */
typedef struct {
    /**
     * Bytes of this struct as the caller knows it: sizeof(segloss_options).
     */
    uint32_t struct_size;
    /**
     * A segloss_link.
     */
    int32_t link;
    /**
     * NULL, or where a message for a person goes: what was wrong, by argument and value; empty
     * after success. UTF-8, terminated, cut to fit. Not written if `struct_size` is not known.
     */
    char *message;
    /**
     * Bytes at `message`.
     */
    size_t message_capacity;
} segloss_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * A fixed loss of `logits` and its gradient: half a cross-entropy, half a Dice loss, under the
 * link of `options`.
 *
 * Tensors are in host memory with 3 to 5 axes: batch, channels, and 1 to 3 of space. Strides are
 * counted in elements; negative ones are refused, and 0 repeats an input. `logits` holds float32
 * or float64 (or float16 or bfloat16, in a library built with them); `targets` uint8, bool, int32,
 * int64, float32 or float64, of the logits' shape under the sigmoid link and with 1 channel under
 * softmax. `gradient` is NULL, or a tensor of the logits' shape and type whose memory, from its
 * first element to its last, has nothing in common with the inputs'.
 *
 * `value` gets the loss and `valid` the number of pixels that counted; the elements of `gradient`
 * are overwritten. All outputs are written only on success; only after SEGLOSS_RESULT_INTERNAL,
 * which is a defect, the gradient's elements are unspecified.
 *
 * The result is the same in every bit on every machine and thread that rounds to nearest and does
 * not flush denormals to zero. May be called from any thread. While a call runs, all memory from
 * the gradient's first element to its last is its own, what lies between elements included, and
 * nobody writes between the first and the last element of an input. Each thread keeps a workspace
 * until it ends: about 1 KiB a class, and 32 bytes a sample and class.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; tensors have the memory that their shape,
 * strides and type ask for.
 */
segloss_result segloss_evaluate(const DLTensor *logits,
                                const DLTensor *targets,
                                const segloss_options *options,
                                DLTensor *gradient,
                                double *value,
                                uint64_t *valid);

/**
 * The name of a result code, valid for ever; "SEGLOSS_RESULT_UNKNOWN" for any other number.
 *
 * May be called from any thread at any time.
 */
const char *segloss_result_name(int32_t code);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SEGLOSS_H */
