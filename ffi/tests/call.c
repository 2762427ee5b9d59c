/* Calls segloss_evaluate as a C program would, and compares with the formulas in double. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segloss.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int failures;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            failures++;                                                        \
            printf("line %d: %s\n", __LINE__, #condition);                     \
        }                                                                      \
    } while (0)

enum { BATCH = 2, HEIGHT = 23, WIDTH = 37, CLASSES = 3, MARK = 77 };
enum { PIXELS = HEIGHT * WIDTH };

static const DLDataType FLOAT32 = {kDLFloat, 32, 1};
static const DLDataType FLOAT64 = {kDLFloat, 64, 1};
static const DLDataType UINT8 = {kDLUInt, 8, 1};
static const DLDataType BOOL = {kDLBool, 8, 1};
static const DLDataType INT32 = {kDLInt, 32, 1};
static const DLDataType INT64 = {kDLInt, 64, 1};

static char message[256];

static DLTensor tensor(void *data, DLDataType dtype, int64_t *shape, int32_t ndim) {
    DLTensor made;
    memset(&made, 0, sizeof made);
    made.data = data;
    made.device.device_type = kDLCPU;
    made.ndim = ndim;
    made.dtype = dtype;
    made.shape = shape;
    return made;
}

static segloss_options options_for(int32_t link) {
    segloss_options options = SEGLOSS_OPTIONS_INIT;
    options.link = link;
    options.message = message;
    options.message_capacity = sizeof message;
    return options;
}

static double noise(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (double)(state >> 8) / 16777216.0;
}

static int is_close(double found, double expected, double bound) {
    return fabs(found - expected) <= bound;
}

/* 0.5 bce + 0.5 dice, one channel: bce over all pixels, dice per sample. */
static double sigmoid_loss(const double *z, const double *y, double *gradient) {
    double bce = 0, dice = 0;
    int b, i;
    for (b = 0; b < BATCH; b++) {
        const double *zb = z + b * PIXELS, *yb = y + b * PIXELS;
        double product = 0, mass = 1e-6;
        for (i = 0; i < PIXELS; i++) {
            double p = 1 / (1 + exp(-zb[i]));
            bce += log1p(exp(-fabs(zb[i]))) + fmax(zb[i], 0) - zb[i] * yb[i];
            product += p * yb[i];
            mass += p + yb[i];
        }
        dice += 1 - (2 * product + 1e-6) / mass;
        for (i = 0; i < PIXELS; i++) {
            double p = 1 / (1 + exp(-zb[i]));
            double slope = -(2 * yb[i] * mass - (2 * product + 1e-6)) / (mass * mass);
            gradient[b * PIXELS + i] =
                0.5 * (p - yb[i]) / (BATCH * PIXELS) + 0.5 / BATCH * slope * p * (1 - p);
        }
    }
    return 0.5 * bce / (BATCH * PIXELS) + 0.5 * dice / BATCH;
}

static void softmax(const double *z, int b, int i, double *p) {
    double largest = -HUGE_VAL, sum = 0;
    int k;
    for (k = 0; k < CLASSES; k++) largest = fmax(largest, z[(b * CLASSES + k) * PIXELS + i]);
    for (k = 0; k < CLASSES; k++) {
        p[k] = exp(z[(b * CLASSES + k) * PIXELS + i] - largest);
        sum += p[k];
    }
    for (k = 0; k < CLASSES; k++) p[k] /= sum;
}

/* 0.5 ce + 0.5 dice, both over the whole batch; 255 does not count. */
static double softmax_loss(const double *z, const uint8_t *labels, double *gradient) {
    double ce = 0, dice = 0, product[CLASSES] = {0}, mass[CLASSES];
    double p[CLASSES], slope[CLASSES];
    int b, i, k, valid = 0;
    for (k = 0; k < CLASSES; k++) mass[k] = 1e-6;
    for (b = 0; b < BATCH; b++) {
        for (i = 0; i < PIXELS; i++) {
            int label = labels[b * PIXELS + i];
            if (label == 255) continue;
            softmax(z, b, i, p);
            valid++;
            ce -= log(p[label]);
            for (k = 0; k < CLASSES; k++) {
                product[k] += p[k] * (k == label);
                mass[k] += p[k] + (k == label);
            }
        }
    }
    for (k = 0; k < CLASSES; k++) dice += 1 - (2 * product[k] + 1e-6) / mass[k];
    for (b = 0; b < BATCH; b++) {
        for (i = 0; i < PIXELS; i++) {
            int label = labels[b * PIXELS + i];
            double mean = 0;
            softmax(z, b, i, p);
            for (k = 0; k < CLASSES; k++) {
                double over = 2 * (k == label) * mass[k] - (2 * product[k] + 1e-6);
                slope[k] = -over / (mass[k] * mass[k]) / CLASSES;
                mean += p[k] * slope[k];
            }
            for (k = 0; k < CLASSES; k++) {
                double g = 0.5 * (p[k] - (k == label)) / valid + 0.5 * p[k] * (slope[k] - mean);
                gradient[(b * CLASSES + k) * PIXELS + i] = label == 255 ? 0 : g;
            }
        }
    }
    return 0.5 * ce / valid + 0.5 * dice / CLASSES;
}

static double largest_of(const double *x, size_t count) {
    double largest = 0;
    size_t i;
    for (i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
    return largest;
}

static double z[BATCH * CLASSES * PIXELS];
static float z32[BATCH * CLASSES * PIXELS];
static double expected[BATCH * CLASSES * PIXELS];
static float g32[BATCH * CLASSES * PIXELS];
static double g64[BATCH * CLASSES * PIXELS];
static uint8_t labels[BATCH * PIXELS];
static int32_t labels32[BATCH * PIXELS];
static int64_t labels64[BATCH * PIXELS];
static double shares[BATCH * PIXELS];
static float shares32[BATCH * PIXELS];

static int64_t mask_shape[] = {BATCH, 1, HEIGHT, WIDTH};
static int64_t class_shape[] = {BATCH, CLASSES, HEIGHT, WIDTH};

static void fill(void) {
    size_t i;
    for (i = 0; i < COUNT(z); i++) {
        z32[i] = (float)(12 * noise() - 6);
        z[i] = z32[i];
    }
    for (i = 0; i < COUNT(labels); i++) labels[i] = (uint8_t)(noise() < 0.3);
}

static void check_gradient32(size_t count) {
    double bound = 2.5e-7 * 13 * largest_of(expected, count);
    size_t i;
    for (i = 0; i < count; i++) CHECK(is_close(g32[i], expected[i], bound));
}

static void check_gradient64(size_t count) {
    double bound = 1e-13 * 13 * largest_of(expected, count);
    size_t i;
    for (i = 0; i < count; i++) CHECK(is_close(g64[i], expected[i], bound));
}

static void sigmoid_agrees(void) {
    segloss_options options = options_for(SEGLOSS_LINK_SIGMOID);
    DLTensor logits = tensor(z32, FLOAT32, mask_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, mask_shape, 4);
    DLTensor targets[6];
    double loss, value = 0, first = 0;
    uint64_t valid = 0;
    size_t i;
    for (i = 0; i < COUNT(shares); i++) {
        shares[i] = shares32[i] = labels[i];
        labels64[i] = labels32[i] = labels[i];
    }
    loss = sigmoid_loss(z, shares, expected);
    targets[0] = tensor(labels, UINT8, mask_shape, 4);
    targets[1] = tensor(labels, BOOL, mask_shape, 4);
    targets[2] = tensor(labels32, INT32, mask_shape, 4);
    targets[3] = tensor(labels64, INT64, mask_shape, 4);
    targets[4] = tensor(shares32, FLOAT32, mask_shape, 4);
    targets[5] = tensor(shares, FLOAT64, mask_shape, 4);
    for (i = 0; i < COUNT(targets); i++) {
        memset(g32, MARK, sizeof g32);
        strcpy(message, "stale");
        CHECK(segloss_evaluate(&logits, &targets[i], &options, &gradient, &value, &valid) == 0);
        CHECK(is_close(value, loss, 1e-6 * loss));
        CHECK(valid == BATCH * PIXELS);
        CHECK(strcmp(message, "") == 0);
        check_gradient32(COUNT(shares));
        /* However the targets are stored, the same bits. */
        if (i == 0) first = value;
        CHECK(memcmp(&first, &value, sizeof value) == 0);
    }
    /* Without a gradient, the same value. */
    CHECK(segloss_evaluate(&logits, &targets[0], &options, NULL, &value, &valid) == 0);
    CHECK(memcmp(&first, &value, sizeof value) == 0);

    logits = tensor(z, FLOAT64, mask_shape, 4);
    gradient = tensor(g64, FLOAT64, mask_shape, 4);
    CHECK(segloss_evaluate(&logits, &targets[0], &options, &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-12 * loss));
    check_gradient64(COUNT(shares));
}

static void softmax_agrees(void) {
    segloss_options options = options_for(SEGLOSS_LINK_SOFTMAX);
    DLTensor logits = tensor(z32, FLOAT32, class_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, class_shape, 4);
    DLTensor targets = tensor(labels, UINT8, mask_shape, 4);
    double loss, value = 0;
    uint64_t valid = 0, counted = 0;
    size_t i;
    for (i = 0; i < COUNT(labels); i++) {
        labels[i] = (uint8_t)(noise() < 0.1 ? 255 : CLASSES * noise());
        counted += labels[i] != 255;
    }
    loss = softmax_loss(z, labels, expected);
    memset(g32, MARK, sizeof g32);
    CHECK(segloss_evaluate(&logits, &targets, &options, &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-6 * loss));
    CHECK(valid == counted);
    check_gradient32(COUNT(z));

    logits = tensor(z, FLOAT64, class_shape, 4);
    gradient = tensor(g64, FLOAT64, class_shape, 4);
    CHECK(segloss_evaluate(&logits, &targets, &options, &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-12 * loss));
    check_gradient64(COUNT(z));
}

/* Channels last, every other column, an offset in bytes, 3 and 5 axes. */
static void layouts_agree(void) {
    static float last[1 + 2 * BATCH * CLASSES * PIXELS];
    static float found[COUNT(last)];
    segloss_options options = options_for(SEGLOSS_LINK_SOFTMAX);
    DLTensor logits = tensor(z32, FLOAT32, class_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, class_shape, 4);
    DLTensor targets = tensor(labels, UINT8, mask_shape, 4);
    int64_t flat_shape[] = {BATCH, CLASSES, PIXELS};
    int64_t flat_mask[] = {BATCH, 1, PIXELS};
    int64_t deep_shape[] = {BATCH, CLASSES, 1, HEIGHT, WIDTH};
    int64_t deep_mask[] = {BATCH, 1, 1, HEIGHT, WIDTH};
    int64_t strides[] = {2 * CLASSES * PIXELS, 1, 2 * CLASSES * WIDTH, 2 * CLASSES};
    double value = 0, again = 0;
    uint64_t valid = 0;
    size_t at;
    int b, k, i;
    CHECK(segloss_evaluate(&logits, &targets, &options, &gradient, &value, &valid) == 0);

    for (b = 0; b < BATCH; b++) {
        for (k = 0; k < CLASSES; k++) {
            for (i = 0; i < PIXELS; i++) {
                at = 1 + (size_t)(b * PIXELS + i) * 2 * CLASSES + k;
                last[at] = z32[(b * CLASSES + k) * PIXELS + i];
            }
        }
    }
    logits = tensor(last, FLOAT32, class_shape, 4);
    logits.strides = strides;
    logits.byte_offset = sizeof(float);
    gradient = tensor(found, FLOAT32, class_shape, 4);
    gradient.strides = strides;
    gradient.byte_offset = sizeof(float);
    for (at = 0; at < COUNT(found); at++) found[at] = MARK;
    CHECK(segloss_evaluate(&logits, &targets, &options, &gradient, &again, &valid) == 0);
    CHECK(memcmp(&value, &again, sizeof value) == 0);
    CHECK(found[0] == MARK);
    for (b = 0; b < BATCH; b++) {
        for (k = 0; k < CLASSES; k++) {
            for (i = 0; i < PIXELS; i++) {
                at = 1 + (size_t)(b * PIXELS + i) * 2 * CLASSES + k;
                CHECK(found[at] == g32[(b * CLASSES + k) * PIXELS + i]);
                CHECK(found[at + CLASSES] == MARK);
            }
        }
    }

    logits = tensor(z32, FLOAT32, flat_shape, 3);
    targets = tensor(labels, UINT8, flat_mask, 3);
    CHECK(segloss_evaluate(&logits, &targets, &options, NULL, &again, &valid) == 0);
    CHECK(memcmp(&value, &again, sizeof value) == 0);

    logits = tensor(z32, FLOAT32, deep_shape, 5);
    targets = tensor(labels, UINT8, deep_mask, 5);
    CHECK(segloss_evaluate(&logits, &targets, &options, NULL, &again, &valid) == 0);
    CHECK(memcmp(&value, &again, sizeof value) == 0);
}

/* What a call is made of, so that each mistake below changes one thing. */
typedef struct {
    DLTensor logits, targets, gradient;
    segloss_options options;
    int64_t logits_shape[5], targets_shape[5], gradient_shape[5];
} call;

static void start(call *c) {
    memset(c, 0, sizeof *c);
    memcpy(c->logits_shape, class_shape, sizeof class_shape);
    memcpy(c->targets_shape, mask_shape, sizeof mask_shape);
    memcpy(c->gradient_shape, class_shape, sizeof class_shape);
    c->logits = tensor(z32, FLOAT32, c->logits_shape, 4);
    c->targets = tensor(labels, UINT8, c->targets_shape, 4);
    c->gradient = tensor(g32, FLOAT32, c->gradient_shape, 4);
    c->options = options_for(SEGLOSS_LINK_SOFTMAX);
}

/* The call is refused with this code and a message that says this, and writes nothing. */
static void refused(const call *c, int line, int32_t code, const char *says) {
    double value = -1;
    uint64_t valid = 42;
    DLTensor gradient = c->gradient;
    const unsigned char *bytes = (const unsigned char *)g32;
    size_t i, touched = 0;
    int32_t found;
    memset(g32, MARK, sizeof g32);
    memset(message, MARK, sizeof message);
    found = segloss_evaluate(&c->logits, &c->targets, &c->options, &gradient, &value, &valid);
    for (i = 0; i < sizeof g32; i++) touched += bytes[i] != MARK;
    if (found != code || !memchr(message, 0, sizeof message) || !strstr(message, says)) {
        failures++;
        printf("line %d: %s, message \"%.255s\"\n", line, segloss_result_name(found), message);
    }
    if (touched || value != -1 || valid != 42) {
        failures++;
        printf("line %d: outputs were touched\n", line);
    }
}

#define REFUSED(code, says) refused(&c, __LINE__, SEGLOSS_RESULT_##code, says)

static void pointers_are_checked(void) {
    double value = -1;
    uint64_t valid = 42;
    call c;
    start(&c);
    CHECK(segloss_evaluate(NULL, &c.targets, &c.options, NULL, &value, &valid) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(strcmp(message, "`logits` is NULL") == 0);
    CHECK(segloss_evaluate(&c.logits, NULL, &c.options, NULL, &value, &valid) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(strcmp(message, "`targets` is NULL") == 0);
    CHECK(segloss_evaluate(&c.logits, &c.targets, NULL, NULL, &value, &valid) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_evaluate(&c.logits, &c.targets, &c.options, NULL, NULL, &valid) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(strcmp(message, "`value` is NULL") == 0);
    CHECK(segloss_evaluate(&c.logits, &c.targets, &c.options, NULL, &value, NULL) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(strcmp(message, "`valid` is NULL") == 0);
    CHECK(value == -1 && valid == 42);

    start(&c), c.logits.data = NULL, REFUSED(NULL_POINTER, "`logits.data` is NULL");
    start(&c), c.targets.shape = NULL, REFUSED(NULL_POINTER, "`targets.shape` is NULL");
    start(&c), c.gradient.data = NULL, REFUSED(NULL_POINTER, "`gradient.data` is NULL");
    start(&c), c.logits.byte_offset = 2, REFUSED(MISALIGNED, "multiple of 4");
    start(&c), c.gradient.byte_offset = 1, REFUSED(MISALIGNED, "`gradient.data`");
    start(&c), c.logits.shape = (int64_t *)((char *)c.logits_shape + 4);
    REFUSED(MISALIGNED, "`logits.shape`");
}

static void options_are_checked(void) {
    struct {
        segloss_options known;
        char later[8];
    } larger;
    double value = 0;
    uint64_t valid = 0;
    call c;
    start(&c);
    memset(&larger, 0, sizeof larger);
    larger.known = c.options;
    larger.known.struct_size = sizeof larger;
    CHECK(segloss_evaluate(&c.logits, &c.targets, &larger.known, NULL, &value, &valid) == 0);
    larger.later[7] = 1;
    CHECK(segloss_evaluate(&c.logits, &c.targets, &larger.known, NULL, &value, &valid) ==
          SEGLOSS_RESULT_UNSUPPORTED_VERSION);
    c.options.struct_size = 0;
    CHECK(segloss_evaluate(&c.logits, &c.targets, &c.options, NULL, &value, &valid) ==
          SEGLOSS_RESULT_UNSUPPORTED_VERSION);
    start(&c), c.options.link = 9, REFUSED(UNSUPPORTED_OPTION, "`options.link` is 9");

    /* A short buffer gets the start of the message, and no buffer none. */
    start(&c), c.options.link = 9, c.options.message_capacity = 8;
    REFUSED(UNSUPPORTED_OPTION, "`option");
    CHECK(strlen(message) == 7 && message[8] == MARK);
    c.options.message = NULL;
    CHECK(segloss_evaluate(&c.logits, &c.targets, &c.options, NULL, &value, &valid) ==
          SEGLOSS_RESULT_UNSUPPORTED_OPTION);
}

static void tensors_are_checked(void) {
    int64_t strides[] = {CLASSES * PIXELS, PIXELS, WIDTH, 1};
    call c;
    start(&c), c.logits.device.device_type = kDLOpenCL;
    REFUSED(UNSUPPORTED_DEVICE, "`logits` is on a device of type 4");
    start(&c), c.logits.dtype = INT32, REFUSED(UNSUPPORTED_DTYPE, "`logits` holds int32");
    start(&c), c.logits.dtype.lanes = 4, REFUSED(UNSUPPORTED_DTYPE, "4 lanes");
    start(&c), c.targets.dtype.bits = 16, REFUSED(UNSUPPORTED_DTYPE, "`targets` holds uint16");
    start(&c), c.gradient.dtype = FLOAT64;
    REFUSED(UNSUPPORTED_DTYPE, "`gradient` holds float64, expected float32");

    start(&c), c.logits.ndim = 2, REFUSED(BAD_SHAPE, "`logits` has 2 axes");
    start(&c), c.targets.ndim = -1, REFUSED(BAD_SHAPE, "`targets` has -1 axes");
    start(&c), c.logits_shape[3] = -WIDTH, REFUSED(BAD_SHAPE, "extent -37 along axis 3");
    start(&c), c.logits_shape[0] = 0, REFUSED(BAD_SHAPE, "0x3x23x37");
    start(&c), c.logits_shape[1] = 1, REFUSED(BAD_SHAPE, "`logits` has 1 channels");
    start(&c), c.targets_shape[1] = CLASSES, REFUSED(BAD_SHAPE, "expected 2x1x23x37");
    start(&c), c.gradient_shape[0] = 1, REFUSED(BAD_SHAPE, "`gradient` has shape 1x3x23x37");
    start(&c), c.logits_shape[0] = INT64_MAX, REFUSED(BAD_SHAPE, "address space");
    start(&c), c.logits_shape[0] = INT64_MAX / (CLASSES * PIXELS);
    REFUSED(BAD_SHAPE, "address space");
    start(&c), c.logits.byte_offset = UINT64_MAX, REFUSED(BAD_SHAPE, "address space");

    start(&c), c.logits.strides = strides, strides[2] = -WIDTH;
    REFUSED(BAD_STRIDES, "stride -37 along axis 2");
    start(&c), c.gradient.strides = strides, strides[2] = 0;
    REFUSED(BAD_STRIDES, "share memory");
    start(&c), c.logits.strides = strides, strides[2] = INT64_MAX;
    REFUSED(BAD_SHAPE, "address space");

    start(&c), c.gradient.data = c.logits.data;
    REFUSED(OVERLAP, "`gradient` shares memory with `logits`");
}

/* One element repeated 2^44 times: sums of every sample would be 1 PB. */
static void want_of_memory_is_told(void) {
    static int64_t repeated[5];
    call c;
    start(&c), c.logits_shape[0] = c.targets_shape[0] = (int64_t)1 << 44;
    c.logits.strides = c.targets.strides = repeated;
    REFUSED(OUT_OF_MEMORY, "no memory for");
}

static void targets_are_checked(void) {
    uint8_t kept = labels[PIXELS + 5];
    float share = shares32[7];
    call c;
    start(&c), labels[PIXELS + 5] = CLASSES;
    REFUSED(BAD_TARGET, "label 3 at pixel 5 of sample 1");
    labels[PIXELS + 5] = kept;

    start(&c), c.options.link = SEGLOSS_LINK_SIGMOID;
    c.logits_shape[1] = c.gradient_shape[1] = 1;
    c.targets.data = shares32;
    c.targets.dtype = FLOAT32;
    shares32[7] = 1.5f;
    REFUSED(BAD_TARGET, "holds 1.5 at pixel 7 of sample 0");
    shares32[7] = share;
}

static void results_have_names(void) {
    CHECK(strcmp(segloss_result_name(SEGLOSS_RESULT_OK), "SEGLOSS_RESULT_OK") == 0);
    CHECK(strcmp(segloss_result_name(SEGLOSS_RESULT_OVERLAP), "SEGLOSS_RESULT_OVERLAP") == 0);
    CHECK(strcmp(segloss_result_name(-1), "SEGLOSS_RESULT_UNKNOWN") == 0);
}

int main(void) {
    fill();
    sigmoid_agrees();
    softmax_agrees();
    layouts_agree();
    pointers_are_checked();
    options_are_checked();
    tensors_are_checked();
    want_of_memory_is_told();
    targets_are_checked();
    results_have_names();
    puts(failures ? "some checks failed" : "all checks passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
