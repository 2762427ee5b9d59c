/* Tensors of any shape, strides and dtype: refused, or evaluated within their memory. What asks for more
 * memory than there is breaks the caller's word, and is left out. */

#include "driver.h"

enum { MEMORY = 4096 };

/* 8 bytes apart from their neighbours, so that reading past the end is seen. */
typedef struct {
    int64_t shape[6], strides[6];
    DLTensor tensor;
    uint8_t *memory;
} any;

static int64_t number(bytes *input) {
    const uint8_t kind = next(input);
    if (kind < 200) return kind % 6;
    if (kind < 220) return kind;
    if (kind < 230) return -(int64_t)(kind % 7);
    return (int64_t)next64(input);
}

static void read(any *a, bytes *input, const DLDataType *dtypes, uint8_t dtype_count) {
    int axis;
    a->memory = (uint8_t *)malloc(MEMORY);
    memset(a->memory, 0, MEMORY);
    for (axis = 0; axis < 6; axis++) {
        a->shape[axis] = number(input);
        a->strides[axis] = number(input);
    }
    a->tensor = segloss_tensor(a->memory, dtypes[next(input) % dtype_count], a->shape, 3 + next(input) % 3);
    if (next(input) % 16 == 0) a->tensor.ndim = (int32_t)number(input);
    if (next(input) % 16 == 0) a->tensor.dtype.bits = next(input);
    if (next(input) % 16 == 0) a->tensor.dtype.lanes = next(input);
    if (next(input) % 32 == 0) a->tensor.device.device_type = (DLDeviceType)(next(input) % 5);
    if (next(input) % 2) a->tensor.strides = a->strides;
    if (next(input) % 4 == 0) a->tensor.byte_offset = next(input);
    if (next(input) % 64 == 0) a->tensor.data = NULL;
}

/* Whether it is within its memory, or certainly refused without a look at it. */
static int is_honest(const any *a) {
    const DLTensor *t = &a->tensor;
    long double span = 1, packed = 1;
    int axis;
    if (t->ndim < 2 || t->ndim > 5) return 1;
    for (axis = t->ndim - 1; axis >= 0; axis--) {
        const long double extent = (long double)a->shape[axis];
        if (extent < 0) return 1;
        if (extent == 0) return 1;
        if (t->strides && a->strides[axis] < 0) return 1;
        span += (extent - 1) * (t->strides ? (long double)a->strides[axis] : packed);
        packed *= extent;
    }
    span = span * t->dtype.bits / 8 * t->dtype.lanes + (long double)t->byte_offset;
    return span <= MEMORY || span > 1.0e19L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static segloss_loss *losses[2];
    static uint8_t before[MEMORY];
    DLDataType floats[5], targets[6];
    any logits, labels, gradient, weights;
    segloss_call call = SEGLOSS_CALL_INIT;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    double value = -1;
    bytes input = {data, size};
    const int link = next(&input) & 1;
    if (losses[0] == NULL) {
        REQUIRE(segloss_loss_new("bce + dice", 0, NULL, &losses[0]) == SEGLOSS_RESULT_OK);
        REQUIRE(segloss_loss_new("ce @ decay + dice", 1, NULL, &losses[1]) == SEGLOSS_RESULT_OK);
    }
    floats[0] = floats[4] = SEGLOSS_FLOAT32, floats[1] = SEGLOSS_FLOAT64;
    floats[2] = SEGLOSS_FLOAT16, floats[3] = SEGLOSS_BFLOAT16;
    targets[0] = SEGLOSS_UINT8, targets[1] = SEGLOSS_BOOL, targets[2] = SEGLOSS_INT32;
    targets[3] = SEGLOSS_INT64, targets[4] = SEGLOSS_FLOAT32, targets[5] = SEGLOSS_FLOAT64;
    read(&logits, &input, floats, 5);
    read(&labels, &input, targets, 6);
    read(&gradient, &input, floats, 5);
    read(&weights, &input, floats, 2);
    /* Mostly shapes that go together. */
    if (next(&input) % 8) {
        memcpy(labels.shape, logits.shape, sizeof logits.shape);
        memcpy(gradient.shape, logits.shape, sizeof logits.shape);
        memcpy(weights.shape, logits.shape, sizeof logits.shape);
        if (link) labels.shape[1] = 1;
        weights.shape[1] = 1;
        labels.tensor.ndim = gradient.tensor.ndim = weights.tensor.ndim = logits.tensor.ndim;
        if (next(&input) % 2) gradient.tensor.dtype = logits.tensor.dtype;
    }
    outputs.value = &value;
    if (next(&input) % 4) outputs.gradient = &gradient.tensor;
    if (next(&input) % 4 == 0) call.weights = &weights.tensor;
    if (is_honest(&logits) && is_honest(&labels) && is_honest(&gradient) && is_honest(&weights)) {
        segloss_result result;
        memset(gradient.memory, 0x55, MEMORY);
        memcpy(before, gradient.memory, MEMORY);
        result = segloss_evaluate(losses[link], &logits.tensor, &labels.tensor, &call, &outputs, NULL);
        REQUIRE(result != SEGLOSS_RESULT_INTERNAL);
        if (result == SEGLOSS_RESULT_OK) {
            REQUIRE(isfinite(value));
        } else {
            REQUIRE(value == -1 && memcmp(before, gradient.memory, MEMORY) == 0);
        }
    }
    free(logits.memory), free(labels.memory), free(gradient.memory), free(weights.memory);
    return 0;
}
