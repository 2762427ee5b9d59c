/* Segmentation losses and their gradients with respect to the logits, on OpenCL devices. */

#ifndef SEGLOSS_OPENCL_H
#define SEGLOSS_OPENCL_H

/* Generated from opencl/capi/src; `SEGLOSS_WRITE_HEADER=1 cargo test -p segloss-opencl-ffi --test main header::`
 * writes it anew. */

#include <stddef.h>
#include <stdint.h>

/* What OpenCL's handles point to: `struct _cl_mem *` is `cl_mem`. A program includes OpenCL's own header for
 * itself, in any order. */
struct _cl_context;
struct _cl_device_id;
struct _cl_command_queue;
struct _cl_mem;
struct _cl_event;

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

/** A packed tensor in an OpenCL buffer, `offset` bytes from its start: `dtype` is one of
 *  SEGLOSS_CL_FLOAT32 and so on. Since 0.1. */
static inline DLTensor segloss_cl_tensor(struct _cl_mem *memory, uint64_t offset, DLDataType dtype,
                                         int64_t *shape, int32_t axes) {
    DLTensor tensor;
    tensor.data = memory;
    tensor.device.device_type = kDLOpenCL;
    tensor.device.device_id = 0;
    tensor.ndim = axes;
    tensor.dtype = dtype;
    tensor.shape = shape;
    tensor.strides = NULL;
    tensor.byte_offset = offset;
    return tensor;
}

static inline DLDataType segloss_cl_dtype(uint8_t code, uint8_t bits) {
    DLDataType dtype;
    dtype.code = code;
    dtype.bits = bits;
    dtype.lanes = 1;
    return dtype;
}

#define SEGLOSS_CL_BOOL segloss_cl_dtype((uint8_t)kDLBool, 8)
#define SEGLOSS_CL_UINT8 segloss_cl_dtype((uint8_t)kDLUInt, 8)
#define SEGLOSS_CL_INT8 segloss_cl_dtype((uint8_t)kDLInt, 8)
#define SEGLOSS_CL_INT16 segloss_cl_dtype((uint8_t)kDLInt, 16)
#define SEGLOSS_CL_UINT16 segloss_cl_dtype((uint8_t)kDLUInt, 16)
#define SEGLOSS_CL_UINT32 segloss_cl_dtype((uint8_t)kDLUInt, 32)
#define SEGLOSS_CL_UINT64 segloss_cl_dtype((uint8_t)kDLUInt, 64)
#define SEGLOSS_CL_INT32 segloss_cl_dtype((uint8_t)kDLInt, 32)
#define SEGLOSS_CL_INT64 segloss_cl_dtype((uint8_t)kDLInt, 64)
#define SEGLOSS_CL_FLOAT16 segloss_cl_dtype((uint8_t)kDLFloat, 16)
#define SEGLOSS_CL_BFLOAT16 segloss_cl_dtype((uint8_t)kDLBfloat, 16)
#define SEGLOSS_CL_FLOAT32 segloss_cl_dtype((uint8_t)kDLFloat, 32)
#define SEGLOSS_CL_FLOAT64 segloss_cl_dtype((uint8_t)kDLFloat, 64)

/* What to start from: everything else is 0. */
#define SEGLOSS_CL_LOSS_OPTIONS_INIT {(uint32_t)sizeof(segloss_cl_loss_options), 0, NULL, 0}
#define SEGLOSS_CL_CALL_INIT {(uint32_t)sizeof(segloss_cl_call), SEGLOSS_CL_IGNORE_DEFAULT, 0, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, 0, SEGLOSS_CL_WRITE_MODE_OVERWRITE, 0, NULL, 0}

/**
 * Numbers of a report.
 */
#define SEGLOSS_CL_REPORT_LENGTH 4

/**
 * The binary interface of this header.
 */
#define SEGLOSS_CL_ABI_VERSION 1

/**
 * What a call came to. A number keeps its meaning for ever; those up to 63 mean the same as in
 * segloss_result. Since 0.1.
 */
enum segloss_cl_result
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Success: outputs are written.
     */
    SEGLOSS_CL_RESULT_OK = 0,
    /**
     * A pointer or handle that must not be NULL is.
     */
    SEGLOSS_CL_RESULT_NULL_POINTER = 1,
    /**
     * A pointer is not aligned for what it points to, or an offset not for its elements.
     */
    SEGLOSS_CL_RESULT_MISALIGNED = 2,
    /**
     * A struct's `struct_size` is none that this library knows.
     */
    SEGLOSS_CL_RESULT_UNSUPPORTED_VERSION = 3,
    /**
     * An option has a value that this library does not know, or one that does not go with another.
     */
    SEGLOSS_CL_RESULT_UNSUPPORTED_OPTION = 4,
    /**
     * A tensor is not in an OpenCL buffer.
     */
    SEGLOSS_CL_RESULT_UNSUPPORTED_DEVICE = 5,
    /**
     * A tensor holds elements that this argument cannot.
     */
    SEGLOSS_CL_RESULT_UNSUPPORTED_DTYPE = 6,
    /**
     * A shape that does not fit, or is empty, or more channels than kernels have room for.
     */
    SEGLOSS_CL_RESULT_BAD_SHAPE = 7,
    /**
     * Strides that are not packed, channels first.
     */
    SEGLOSS_CL_RESULT_BAD_STRIDES = 8,
    /**
     * The gradient shares memory with an input.
     */
    SEGLOSS_CL_RESULT_OVERLAP = 9,
    /**
     * A label that is no class, a target outside 0 to 1, or a mask of more than one number beside 0.
     */
    SEGLOSS_CL_RESULT_BAD_TARGET = 10,
    /**
     * A defect of this library. What outputs hold is then unspecified.
     */
    SEGLOSS_CL_RESULT_INTERNAL = 11,
    /**
     * The device, its driver or the host has not the memory for it.
     */
    SEGLOSS_CL_RESULT_OUT_OF_MEMORY = 12,
    /**
     * A text with a mistake: where it is and what was expected there is in the message.
     */
    SEGLOSS_CL_RESULT_BAD_TEXT = 13,
    /**
     * A number out of its range: a parameter, a coefficient, a scale, a spacing.
     */
    SEGLOSS_CL_RESULT_BAD_VALUE = 14,
    /**
     * An array of another length than the one that fits, a buffer that is too small among them.
     */
    SEGLOSS_CL_RESULT_BAD_LENGTH = 15,
    /**
     * The loss has no such thing: no weights, no such map.
     */
    SEGLOSS_CL_RESULT_NOT_SUPPORTED_BY_LOSS = 16,
    /**
     * A pixel's weight that is not finite, or negative where it may not be.
     */
    SEGLOSS_CL_RESULT_BAD_WEIGHT = 17,
    /**
     * A name of a map that cannot be one.
     */
    SEGLOSS_CL_RESULT_BAD_PLUGIN = 18,
    /**
     * No platform: no OpenCL driver is installed.
     */
    SEGLOSS_CL_RESULT_NO_PLATFORM = 64,
    /**
     * No device has such a name.
     */
    SEGLOSS_CL_RESULT_NO_DEVICE = 65,
    /**
     * `f64` logits on a device that does not compute in it.
     */
    SEGLOSS_CL_RESULT_NO_DOUBLE = 66,
    /**
     * The device's compiler rejected the program: its log is in the message.
     */
    SEGLOSS_CL_RESULT_BUILD_FAILED = 67,
    /**
     * The device is gone, or a command that was waited for failed.
     */
    SEGLOSS_CL_RESULT_DEVICE_LOST = 68,
    /**
     * A buffer, queue or event of another context than the evaluator's.
     */
    SEGLOSS_CL_RESULT_OTHER_CONTEXT = 69,
    /**
     * A queue of another device, or a context without the device.
     */
    SEGLOSS_CL_RESULT_OTHER_DEVICE = 70,
    /**
     * An OpenCL call failed in another way: which, and what it reported, is in the message.
     */
    SEGLOSS_CL_RESULT_OPEN_CL_FAILED = 71,
    /**
     * A map that this version does not compute on devices and that the call does not give.
     */
    SEGLOSS_CL_RESULT_MAP_NOT_GIVEN = 72,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_cl_result segloss_cl_result;
#else
typedef int32_t segloss_cl_result;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which targets stand for pixels that do not count. Since 0.1.
 */
enum segloss_cl_ignore
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing is said: 255 under softmax, of up to 255 classes; none under sigmoid. Targets of two classes that hold 0
     * and 255 alone are refused: a mask of 0 and 255 would lose its foreground.
     */
    SEGLOSS_CL_IGNORE_DEFAULT = 0,
    /**
     * None.
     */
    SEGLOSS_CL_IGNORE_NOTHING = 1,
    /**
     * `ignore_index`, compared before the target is read as anything else.
     */
    SEGLOSS_CL_IGNORE_INDEX = 2,
    /**
     * Each of `ignore_indices`, up to 16.
     */
    SEGLOSS_CL_IGNORE_INDICES = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_cl_ignore segloss_cl_ignore;
#else
typedef int32_t segloss_cl_ignore;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How logits become probabilities. Since 0.1.
 */
enum segloss_cl_link
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Each channel by itself, with targets of the logits' shape from 0 to 1 (integers: 0 and one positive number).
     */
    SEGLOSS_CL_LINK_SIGMOID = 0,
    /**
     * All channels together, with one label per pixel, from 0 to the number of channels less 1; pixels
     * labelled 255 do not count unless the call says otherwise.
     */
    SEGLOSS_CL_LINK_SOFTMAX = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_cl_link segloss_cl_link;
#else
typedef int32_t segloss_cl_link;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What happens to what the gradient's buffer holds. Since 0.1.
 */
enum segloss_cl_write_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It is replaced.
     */
    SEGLOSS_CL_WRITE_MODE_OVERWRITE = 0,
    /**
     * The gradient is added to it.
     */
    SEGLOSS_CL_WRITE_MODE_ACCUMULATE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum segloss_cl_write_mode segloss_cl_write_mode;
#else
typedef int32_t segloss_cl_write_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Evaluates losses on a device, in a context: keeps the programs that are built for it.
 *
 * Any number of threads may use one at the same time. Since 0.1.
 */
typedef struct segloss_cl_evaluator segloss_cl_evaluator;

/**
 * A loss: a sum of terms, read from text.
 *
 * Immutable: any number of threads and evaluators may use one at the same time. Since 0.1.
 */
typedef struct segloss_cl_loss segloss_cl_loss;

/**
 * An evaluation that a device is to do, or has done. Any number of threads may use one at the same time.
 * Since 0.1.
 */
typedef struct segloss_cl_pending segloss_cl_pending;

/**
 * A weight map, by the name that the loss's text refers to it by. Since 0.1.
 */
typedef struct {
    /**
     * A name of segloss_cl_loss_options' `map_names`, or of a built-in map, as `band`.
     */
    const char *name;
    /**
     * What each pixel's loss is multiplied by, in the form of segloss_cl_call's `weights`.
     */
    const DLTensor *weights;
} segloss_cl_map;

/**
 * What a call reads besides logits and targets. Start from SEGLOSS_CL_CALL_INIT: all else 0 is the usual
 * call. Tensors are in buffers of the device; scales and spacing are numbers of the host, read during
 * the call.
 *
 * Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_cl_call).
     */
    uint32_t struct_size;
    /**
     * A segloss_cl_ignore.
     */
    int32_t ignore;
    /**
     * The target of pixels that do not count, with SEGLOSS_CL_IGNORE_INDEX; else 0.
     */
    int64_t ignore_index;
    /**
     * Pixels that count, those that are not 0: uint8 or bool, of the targets' shape or with 1 channel, or
     * without that axis, for all. The others may hold anything, NaN included, in all other inputs. NULL: all.
     */
    const DLTensor *mask;
    /**
     * What each pixel's loss is multiplied by: float32, or float64 with float64 logits, of the targets'
     * shape or with 1 channel, or without that axis, for all. Finite; not negative where a mean is divided by them
     * (`normalise=weights`) or region terms take them (`weighted=true`). NULL: 1.
     */
    const DLTensor *weights;
    /**
     * Weight maps by name. NULL: none.
     */
    const segloss_cl_map *maps;
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
     * A segloss_cl_write_mode.
     */
    int32_t write;
    /**
     * 0.
     */
    int32_t reserved;
    /**
     * The targets of pixels that do not count, with SEGLOSS_CL_IGNORE_INDICES: numbers of the host. NULL: none.
     */
    const int64_t *ignore_indices;
    /**
     * Entries of `ignore_indices`, up to 16; else 0.
     */
    size_t ignore_index_count;
} segloss_cl_call;

/**
 * What a loss's text may name besides the built-in terms and maps. Start from
 * SEGLOSS_CL_LOSS_OPTIONS_INIT.
 *
 * Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
 */
typedef struct {
    /**
     * sizeof(segloss_cl_loss_options).
     */
    uint32_t struct_size;
    /**
     * 0.
     */
    int32_t reserved;
    /**
     * Names of weight maps that each call gives (segloss_cl_call, `maps`). NULL: none.
     */
    const char *const *map_names;
    /**
     * Entries of `map_names`.
     */
    size_t map_name_count;
} segloss_cl_loss_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Adds the evaluation of `loss` to `queue`, after the `wait_count` events of `wait`; NULL for the queue of
 * segloss_cl_evaluator_queue. Nothing is waited for, and nothing is copied to the host.
 *
 * Tensors are DLTensors of the device type kDLOpenCL: `data` is the `cl_mem`, `byte_offset` a multiple of
 * the size of an element, `strides` NULL or packed; `device_id` is not looked at. They have 3 to 5 axes:
 * batch, channels, 1 to 3 of space. `logits` are float16, bfloat16, float32 or float64; `targets` integers of 8
 * to 64 bits, bool or what logits can be, of the logits' shape, or with 1 channel under softmax; `gradient`,
 * NULL if it is not asked for, is as the logits, in memory of its own. Where there is 1 channel, `targets`, and a
 * call's `mask`, `weights` and maps, may leave out that axis. `call` is NULL for the usual call. What the
 * buffers hold must stay until the evaluation is done. A batch without samples has the value 0, and its
 * tensors no need of buffers.
 *
 * Targets of integers under the sigmoid link are a mask: 0, and one positive number throughout, which is foreground.
 * Floats are the share of foreground; up to four rounding steps outside of 0 to 1 they are taken as the nearer of
 * both.
 *
 * `event`, unless NULL, becomes the event of the last command, for the caller to wait for and to release;
 * all commands wait for each other by events, so that `queue` may be out of order. `pending` becomes a
 * handle for segloss_cl_pending_free to free: whoever wants the value asks it. Targets and weights of no
 * use are found by the device and told by the same handle; the gradient is untouched then.
 *
 * On failure nothing was added that writes the caller's buffers, and outputs are as they were. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; handles are NULL or valid.
 */
segloss_cl_result segloss_cl_enqueue(const segloss_cl_evaluator *evaluator,
                                     struct _cl_command_queue *queue,
                                     const segloss_cl_loss *loss,
                                     const DLTensor *logits,
                                     const DLTensor *targets,
                                     const segloss_cl_call *call,
                                     const DLTensor *gradient,
                                     uint32_t wait_count,
                                     struct _cl_event *const *wait,
                                     struct _cl_event **event,
                                     segloss_cl_pending **pending);

/**
 * Builds the program that segloss_cl_enqueue needs for such inputs, so that the first call does not wait for
 * the device's compiler. Of tensors only shape and dtype are looked at: `data` may be NULL. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; handles are NULL or valid.
 */
segloss_cl_result segloss_cl_prepare(const segloss_cl_evaluator *evaluator,
                                     const segloss_cl_loss *loss,
                                     const DLTensor *logits,
                                     const DLTensor *targets,
                                     const segloss_cl_call *call);

/**
 * An evaluator on the first device with `device` in its name, on a platform with `platform` in its name,
 * with a context and an in-order queue of its own; into `evaluator`, for segloss_cl_evaluator_free to
 * free. Empty texts are in every name.
 *
 * Fails with SEGLOSS_CL_RESULT_NO_PLATFORM or SEGLOSS_CL_RESULT_NO_DEVICE, whose message names the
 * devices there are. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; texts end with a 0.
 */
segloss_cl_result segloss_cl_evaluator_new(const char *platform,
                                           const char *device,
                                           segloss_cl_evaluator **evaluator);

/**
 * An evaluator in the caller's own context, which it retains, on one of its devices; into `evaluator`,
 * for segloss_cl_evaluator_free to free. Calls name their queues; a call that names none is added to an
 * in-order queue that the evaluator makes.
 *
 * Fails with SEGLOSS_CL_RESULT_OTHER_DEVICE if the context is without the device. Since 0.1.
 *
 * # Safety
 * `context` and `device` are NULL or valid handles; `evaluator` is NULL or points to a place for a
 * pointer.
 */
segloss_cl_result segloss_cl_evaluator_within(struct _cl_context *context,
                                              struct _cl_device_id *device,
                                              segloss_cl_evaluator **evaluator);

/**
 * The context that its buffers belong to, valid for as long as the evaluator; NULL of NULL. Since 0.1.
 *
 * # Safety
 * `evaluator` is NULL or comes from one of the functions that make such and is not freed.
 */
struct _cl_context *segloss_cl_evaluator_context(const segloss_cl_evaluator *evaluator);

/**
 * Its device; NULL of NULL. Since 0.1.
 *
 * # Safety
 * `evaluator` is NULL or comes from one of the functions that make such and is not freed.
 */
struct _cl_device_id *segloss_cl_evaluator_device(const segloss_cl_evaluator *evaluator);

/**
 * The queue of calls that name none, valid for as long as the evaluator; NULL of NULL. Since 0.1.
 *
 * # Safety
 * `evaluator` is NULL or comes from one of the functions that make such and is not freed.
 */
struct _cl_command_queue *segloss_cl_evaluator_queue(const segloss_cl_evaluator *evaluator);

/**
 * Frees an evaluator that no call uses; evaluations that were added to queues go on. NULL is none, and
 * nothing happens. Since 0.1.
 *
 * # Safety
 * `evaluator` is NULL or comes from one of the functions that make such and is not used any more.
 */
void segloss_cl_evaluator_free(segloss_cl_evaluator *evaluator);

/**
 * The loss that `text` describes under `link` (a segloss_cl_link), as segloss_loss_new reads it; into
 * `loss`, for segloss_cl_loss_free to free. `options` is NULL for no maps but the built-in ones.
 *
 * Fails with SEGLOSS_CL_RESULT_BAD_TEXT at the first mistake in the text: the message says where it is and
 * what was expected there. Since 0.1.
 *
 * # Safety
 * Pointers are NULL or point to what their types say; texts end with a 0.
 */
segloss_cl_result segloss_cl_loss_new(const char *text,
                                      int32_t link,
                                      const segloss_cl_loss_options *options,
                                      segloss_cl_loss **loss);

/**
 * Frees a loss that no call uses. NULL is no loss, and nothing happens. Since 0.1.
 *
 * # Safety
 * `loss` is NULL or comes from segloss_cl_loss_new and is not used any more.
 */
void segloss_cl_loss_free(segloss_cl_loss *loss);

/**
 * What was wrong with this thread's last call that failed: the argument, its value, and what was
 * expected; or what OpenCL reported, with the whole log of a program that did not build. UTF-8.
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
size_t segloss_cl_last_message(char *buffer,
                               size_t capacity);

/**
 * Waits for the evaluation and reads its report, 32 bytes: the value, and how many pixels counted. `value`
 * and `valid` may be NULL.
 *
 * Fails with SEGLOSS_CL_RESULT_BAD_TARGET, SEGLOSS_CL_RESULT_BAD_WEIGHT or SEGLOSS_CL_RESULT_BAD_VALUE
 * if the numbers in the buffers are of no use: the message says which and where, and the gradient is
 * untouched; with SEGLOSS_CL_RESULT_DEVICE_LOST if a command failed. Since 0.1.
 *
 * # Safety
 * `pending` is NULL or comes from segloss_cl_enqueue and is not freed; `value` and `valid` are NULL or
 * may be written.
 */
segloss_cl_result segloss_cl_pending_wait(const segloss_cl_pending *pending,
                                          double *value,
                                          uint64_t *valid);

/**
 * Where the report lies on the device, to be read by a command of the caller's, once the event of
 * segloss_cl_enqueue is complete, and given to segloss_cl_pending_interpret: SEGLOSS_CL_REPORT_LENGTH
 * numbers of 64 bits, the third the count of pixels, the fourth the bits of the value, a `double` where the
 * device has it, else a `float`; the first is 0 if nothing is wrong. Valid for as long as `pending`; NULL
 * of NULL. Since 0.1.
 *
 * # Safety
 * `pending` is NULL or comes from segloss_cl_enqueue and is not freed.
 */
struct _cl_mem *segloss_cl_pending_report(const segloss_cl_pending *pending);

/**
 * What a `report` that the caller has read says, as segloss_cl_pending_wait does. Nothing is waited for
 * unless something is wrong in the buffers, which are read then to tell what. Since 0.1.
 *
 * # Safety
 * `pending` is NULL or comes from segloss_cl_enqueue and is not freed; `report` is NULL or points to
 * SEGLOSS_CL_REPORT_LENGTH numbers; `value` and `valid` are NULL or may be written.
 */
segloss_cl_result segloss_cl_pending_interpret(const segloss_cl_pending *pending,
                                               const uint64_t *report,
                                               double *value,
                                               uint64_t *valid);

/**
 * Frees a handle that no call uses; the evaluation goes on, and its buffers with it. NULL is none, and
 * nothing happens. Since 0.1.
 *
 * # Safety
 * `pending` is NULL or comes from segloss_cl_enqueue and is not used any more.
 */
void segloss_cl_pending_free(segloss_cl_pending *pending);

/**
 * The name of a result code, valid for ever; "SEGLOSS_CL_RESULT_UNKNOWN" for any other number.
 *
 * May be called from any thread at any time. Since 0.1.
 */
const char *segloss_cl_result_name(int32_t code);

/**
 * The version of this library, such as "0.1.0". Valid for ever.
 *
 * May be called from any thread. Since 0.1.
 */
const char *segloss_cl_version(void);

/**
 * The number of the binary interface: programs built with a header whose `SEGLOSS_CL_ABI_VERSION` is this
 * number run with this library. It changes when a function or struct does so that they would not.
 *
 * May be called from any thread. Since 0.1.
 */
uint32_t segloss_cl_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SEGLOSS_OPENCL_H */
