/* Calls the library as a C program would, and compares with the formulas in double. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <segloss.h>

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

#define FLOAT32 SEGLOSS_FLOAT32
#define FLOAT64 SEGLOSS_FLOAT64
#define UINT8 SEGLOSS_UINT8
#define INT32 SEGLOSS_INT32
#define INT64 SEGLOSS_INT64

static char message[1024];
static segloss_loss *sigmoid_half, *softmax_half;

#define tensor segloss_tensor

/* What was wrong, into `message`, and the code again. */
static int32_t told(int32_t code) {
    segloss_last_message(message, sizeof message);
    return code;
}

static int32_t evaluate(const segloss_loss *loss, const DLTensor *logits, const DLTensor *targets,
                        const DLTensor *gradient, double *value, uint64_t *valid) {
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    outputs.value = value;
    outputs.valid = valid;
    outputs.gradient = gradient;
    return told(segloss_evaluate(loss, logits, targets, NULL, &outputs, NULL));
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

static float weights32[BATCH * PIXELS];
static double value, samples[BATCH];
static uint64_t valid;

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
    const segloss_loss *loss_of = sigmoid_half;
    DLTensor logits = tensor(z32, FLOAT32, mask_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, mask_shape, 4);
    DLTensor targets[6];
    double loss, first = 0;
    size_t i;
    for (i = 0; i < COUNT(shares); i++) {
        shares[i] = shares32[i] = labels[i];
        labels64[i] = labels32[i] = labels[i];
    }
    loss = sigmoid_loss(z, shares, expected);
    targets[0] = tensor(labels, UINT8, mask_shape, 4);
    targets[1] = tensor(labels, SEGLOSS_BOOL, mask_shape, 4);
    targets[2] = tensor(labels32, INT32, mask_shape, 4);
    targets[3] = tensor(labels64, INT64, mask_shape, 4);
    targets[4] = tensor(shares32, FLOAT32, mask_shape, 4);
    targets[5] = tensor(shares, FLOAT64, mask_shape, 4);
    for (i = 0; i < COUNT(targets); i++) {
        memset(g32, MARK, sizeof g32);
        CHECK(evaluate(loss_of, &logits, &targets[i], &gradient, &value, &valid) == 0);
        CHECK(is_close(value, loss, 1e-6 * loss));
        CHECK(valid == BATCH * PIXELS);
        check_gradient32(COUNT(shares));
        /* However the targets are stored, the same bits. */
        if (i == 0) first = value;
        CHECK(memcmp(&first, &value, sizeof value) == 0);
    }
    /* Without a gradient, the same value. */
    CHECK(evaluate(loss_of, &logits, &targets[0], NULL, &value, &valid) == 0);
    CHECK(memcmp(&first, &value, sizeof value) == 0);

    logits = tensor(z, FLOAT64, mask_shape, 4);
    gradient = tensor(g64, FLOAT64, mask_shape, 4);
    CHECK(evaluate(loss_of, &logits, &targets[0], &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-12 * loss));
    check_gradient64(COUNT(shares));
}

static void softmax_agrees(void) {
    const segloss_loss *loss_of = softmax_half;
    DLTensor logits = tensor(z32, FLOAT32, class_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, class_shape, 4);
    DLTensor targets = tensor(labels, UINT8, mask_shape, 4);
    double loss;
    uint64_t counted = 0;
    size_t i;
    for (i = 0; i < COUNT(labels); i++) {
        labels[i] = (uint8_t)(noise() < 0.1 ? 255 : CLASSES * noise());
        counted += labels[i] != 255;
    }
    loss = softmax_loss(z, labels, expected);
    memset(g32, MARK, sizeof g32);
    CHECK(evaluate(loss_of, &logits, &targets, &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-6 * loss));
    CHECK(valid == counted);
    check_gradient32(COUNT(z));

    logits = tensor(z, FLOAT64, class_shape, 4);
    gradient = tensor(g64, FLOAT64, class_shape, 4);
    CHECK(evaluate(loss_of, &logits, &targets, &gradient, &value, &valid) == 0);
    CHECK(is_close(value, loss, 1e-12 * loss));
    check_gradient64(COUNT(z));
}

/* Channels last, every other column, an offset in bytes, 3 and 5 axes. */
static void layouts_agree(void) {
    static float last[1 + 2 * BATCH * CLASSES * PIXELS];
    static float found[COUNT(last)];
    const segloss_loss *loss_of = softmax_half;
    DLTensor logits = tensor(z32, FLOAT32, class_shape, 4);
    DLTensor gradient = tensor(g32, FLOAT32, class_shape, 4);
    DLTensor targets = tensor(labels, UINT8, mask_shape, 4);
    int64_t flat_shape[] = {BATCH, CLASSES, PIXELS};
    int64_t flat_mask[] = {BATCH, 1, PIXELS};
    int64_t deep_shape[] = {BATCH, CLASSES, 1, HEIGHT, WIDTH};
    int64_t deep_mask[] = {BATCH, 1, 1, HEIGHT, WIDTH};
    int64_t strides[] = {2 * CLASSES * PIXELS, 1, 2 * CLASSES * WIDTH, 2 * CLASSES};
    double again = 0;
    size_t at;
    int b, k, i;
    CHECK(evaluate(loss_of, &logits, &targets, &gradient, &value, &valid) == 0);

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
    CHECK(evaluate(loss_of, &logits, &targets, &gradient, &again, &valid) == 0);
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
    CHECK(evaluate(loss_of, &logits, &targets, NULL, &again, &valid) == 0);
    CHECK(memcmp(&value, &again, sizeof value) == 0);

    logits = tensor(z32, FLOAT32, deep_shape, 5);
    targets = tensor(labels, UINT8, deep_mask, 5);
    CHECK(evaluate(loss_of, &logits, &targets, NULL, &again, &valid) == 0);
    CHECK(memcmp(&value, &again, sizeof value) == 0);
}

/* What a call is made of, so that each mistake below changes one thing. */
typedef struct {
    DLTensor logits, targets, gradient, weights, mask, map;
    const segloss_loss *loss;
    segloss_call call;
    segloss_outputs outputs;
    int64_t logits_shape[5], targets_shape[5], gradient_shape[5], weights_shape[5];
} call;

static void start(call *c) {
    segloss_call usual = SEGLOSS_CALL_INIT;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    memset(c, 0, sizeof *c);
    memcpy(c->logits_shape, class_shape, sizeof class_shape);
    memcpy(c->targets_shape, mask_shape, sizeof mask_shape);
    memcpy(c->gradient_shape, class_shape, sizeof class_shape);
    memcpy(c->weights_shape, mask_shape, sizeof mask_shape);
    c->loss = softmax_half;
    c->logits = tensor(z32, FLOAT32, c->logits_shape, 4);
    c->targets = tensor(labels, UINT8, c->targets_shape, 4);
    c->gradient = tensor(g32, FLOAT32, c->gradient_shape, 4);
    c->weights = tensor(weights32, FLOAT32, c->weights_shape, 4);
    c->mask = tensor(labels, UINT8, c->weights_shape, 4);
    c->map = c->weights;
    c->call = usual;
    c->outputs = outputs;
    c->outputs.value = &value;
    c->outputs.valid = &valid;
    c->outputs.gradient = &c->gradient;
}

static int32_t run(const call *c) {
    return told(segloss_evaluate(c->loss, &c->logits, &c->targets, &c->call, &c->outputs, NULL));
}

/* The call is refused with this code and a message that says this, and writes nothing. */
static void refused(const call *c, int line, int32_t code, const char *says) {
    const unsigned char *bytes = (const unsigned char *)g32;
    size_t i, touched = 0;
    int32_t found;
    value = -1, valid = 42, samples[0] = -2;
    memset(g32, MARK, sizeof g32);
    found = run(c);
    for (i = 0; i < sizeof g32; i++) touched += bytes[i] != MARK;
    if (found != code || !strstr(message, says)) {
        failures++;
        printf("line %d: %s, message \"%s\"\n", line, segloss_result_name(found), message);
    }
    if (touched || value != -1 || valid != 42 || samples[0] != -2) {
        failures++;
        printf("line %d: outputs were touched\n", line);
    }
}

#define REFUSED(code, says) refused(&c, __LINE__, SEGLOSS_RESULT_##code, says)

static void pointers_are_checked(void) {
    static const segloss_map no_map = {"band", NULL};
    call c;
    start(&c);
    CHECK(segloss_evaluate(c.loss, NULL, &c.targets, NULL, &c.outputs, NULL) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(told(0) == 0 && strcmp(message, "`logits` is NULL") == 0);
    CHECK(segloss_evaluate(c.loss, &c.logits, NULL, NULL, &c.outputs, NULL) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(told(0) == 0 && strcmp(message, "`targets` is NULL") == 0);
    CHECK(segloss_evaluate(c.loss, &c.logits, &c.targets, NULL, NULL, NULL) ==
          SEGLOSS_RESULT_NULL_POINTER);
    CHECK(told(0) == 0 && strcmp(message, "`outputs` is NULL") == 0);
    start(&c), c.loss = NULL, REFUSED(NULL_POINTER, "`loss` is NULL");

    start(&c), c.logits.data = NULL, REFUSED(NULL_POINTER, "`logits.data` is NULL");
    start(&c), c.targets.shape = NULL, REFUSED(NULL_POINTER, "`targets.shape` is NULL");
    start(&c), c.gradient.data = NULL, REFUSED(NULL_POINTER, "`outputs.gradient.data` is NULL");
    start(&c), c.call.map_count = 1, REFUSED(NULL_POINTER, "`call.maps` is NULL");
    start(&c), c.call.spacing_count = 2, REFUSED(NULL_POINTER, "`call.spacing` is NULL");
    start(&c), c.call.sample_scale_count = 2;
    REFUSED(NULL_POINTER, "`call.sample_scales` is NULL");
    start(&c), c.outputs.sample_value_count = 2;
    REFUSED(NULL_POINTER, "`outputs.sample_values` is NULL");
    start(&c), c.call.maps = &no_map, c.call.map_count = 1;
    REFUSED(NULL_POINTER, "`call.maps[..].weights` is NULL");

    start(&c), c.logits.byte_offset = 2, REFUSED(MISALIGNED, "multiple of 4");
    start(&c), c.gradient.byte_offset = 1, REFUSED(MISALIGNED, "`outputs.gradient.data`");
    start(&c), c.logits.shape = (int64_t *)((char *)c.logits_shape + 4);
    REFUSED(MISALIGNED, "`logits.shape`");
    start(&c), c.outputs.value = (double *)((char *)samples + 4);
    REFUSED(MISALIGNED, "`outputs.value`");

    /* Nothing is asked for: everything is checked all the same. */
    start(&c), c.outputs.value = NULL, c.outputs.valid = NULL, c.outputs.gradient = NULL;
    CHECK(run(&c) == 0);
}

static void options_are_checked(void) {
    static const char *const band[] = {"vessels"};
    static segloss_map maps[17];
    static const double scales[] = {1, 2, 3}, one = 1, infinite = HUGE_VAL, spacing[] = {1, 0};
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_loss *loss = NULL;
    struct {
        segloss_call known;
        char later[8];
    } larger;
    call c;
    start(&c);
    memset(&larger, 0, sizeof larger);
    larger.known = c.call;
    larger.known.struct_size = sizeof larger;
    CHECK(segloss_evaluate(c.loss, &c.logits, &c.targets, &larger.known, &c.outputs, NULL) == 0);
    larger.later[7] = 1;
    CHECK(segloss_evaluate(c.loss, &c.logits, &c.targets, &larger.known, &c.outputs, NULL) ==
          SEGLOSS_RESULT_UNSUPPORTED_VERSION);
    start(&c), c.call.struct_size = 0, REFUSED(UNSUPPORTED_VERSION, "`call.struct_size` is 0");
    start(&c), c.call.struct_size = 5000, REFUSED(UNSUPPORTED_VERSION, "is 5000");
    start(&c), c.outputs.struct_size = 8, REFUSED(UNSUPPORTED_VERSION, "`outputs.struct_size`");
    start(&c), c.outputs.reserved = 1, REFUSED(UNSUPPORTED_OPTION, "`outputs.reserved` is 1");
    start(&c), c.call.reserved = 1, REFUSED(UNSUPPORTED_OPTION, "`call.reserved` is 1");
    start(&c), c.call.ignore = 4, REFUSED(UNSUPPORTED_OPTION, "`call.ignore` is 4");
    start(&c), c.call.ignore_index = 255, REFUSED(UNSUPPORTED_OPTION, "`call.ignore_index` is 255");
    start(&c), c.call.ignore_index_count = 1, REFUSED(UNSUPPORTED_OPTION, "`call.ignore_index_count` is 1");
    start(&c), c.call.ignore = SEGLOSS_IGNORE_INDICES, c.call.ignore_index_count = 1;
    REFUSED(NULL_POINTER, "`call.ignore_indices` is NULL");
    {
        int64_t many[17] = {0};
        start(&c), c.call.ignore = SEGLOSS_IGNORE_INDICES;
        c.call.ignore_indices = many, c.call.ignore_index_count = 17;
        REFUSED(BAD_LENGTH, "`ignore_index` has 17 labels");
    }
    start(&c), c.call.write = -1, REFUSED(UNSUPPORTED_OPTION, "`call.write` is -1");
    start(&c), c.call.scale = &infinite, REFUSED(BAD_VALUE, "`scale` is inf");
    start(&c), c.call.sample_scales = scales, c.call.sample_scale_count = 3;
    REFUSED(BAD_LENGTH, "`scale` holds 3 values");
    c.call.scale = &one, REFUSED(UNSUPPORTED_OPTION, "are both given");
    start(&c), c.call.spacing = spacing, c.call.spacing_count = 2;
    REFUSED(BAD_VALUE, "`spacing` of `distance` is 0");
    start(&c), c.call.spacing = scales, c.call.spacing_count = 4;
    REFUSED(BAD_SHAPE, "4 axes");
    start(&c), c.call.maps = maps, c.call.map_count = 17;
    REFUSED(BAD_LENGTH, "`call.maps` has 17 entries, expected at most 16");
    maps[0].name = "band", maps[0].weights = &c.map;
    start(&c), c.call.maps = maps, c.call.map_count = 1;
    REFUSED(NOT_SUPPORTED_BY_LOSS, "`call.maps` has `band`");
    maps[0].name = "\xff";
    start(&c), c.call.maps = maps, c.call.map_count = 1, REFUSED(BAD_TEXT, "not UTF-8 from byte 0");
    start(&c), c.outputs.sample_values = samples, c.outputs.sample_value_count = 2;
    REFUSED(NOT_SUPPORTED_BY_LOSS, "`dice` is formed over the whole batch");
    start(&c), c.outputs.loss_map = &c.map, REFUSED(NOT_SUPPORTED_BY_LOSS, "`dice` is a loss of whole");
    weights32[3] = (float)HUGE_VAL;
    start(&c), c.call.weights = &c.weights, REFUSED(BAD_WEIGHT, "`weights` holds inf at pixel 3");
    weights32[3] = 1;
    start(&c), c.call.weights = &c.weights, c.weights.dtype = UINT8;
    REFUSED(UNSUPPORTED_DTYPE, "`call.weights` holds uint8, expected float16, bfloat16, float32 or float64");
    start(&c), c.call.mask = &c.mask, c.mask.dtype = FLOAT32;
    REFUSED(UNSUPPORTED_DTYPE, "`call.mask` holds float32, expected uint8 or bool8");
    start(&c), c.call.mask = &c.mask, c.weights_shape[2] = 1;
    REFUSED(BAD_SHAPE, "`mask` has shape 2x1x1x37");

    CHECK(segloss_loss_new(NULL, 0, NULL, &loss) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_new("bce", 0, NULL, NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_new("bce", 9, NULL, &loss) == SEGLOSS_RESULT_UNSUPPORTED_OPTION);
    CHECK(told(0) == 0 && strstr(message, "`link` is 9"));
    CHECK(segloss_loss_new("bce + dise", 0, NULL, &loss) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(told(0) == 0 && strstr(message, "at 7: ") && strstr(message, "`dice`"));
    CHECK(segloss_loss_new("focal(gamma=-1)", 0, NULL, &loss) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(segloss_loss_new("\xc3", 0, NULL, &loss) == SEGLOSS_RESULT_BAD_TEXT);
    options.level = 5;
    CHECK(segloss_loss_new("bce", 0, &options, &loss) == SEGLOSS_RESULT_UNSUPPORTED_OPTION);
    options.level = 0, options.threads = 5000;
    CHECK(segloss_loss_new("bce", 0, &options, &loss) == SEGLOSS_RESULT_UNSUPPORTED_OPTION);
    options.threads = 0, options.map_name_count = 1;
    CHECK(segloss_loss_new("bce", 0, &options, &loss) == SEGLOSS_RESULT_NULL_POINTER);
    options.map_names = band;
    CHECK(segloss_loss_new("bce @ vessel", 0, &options, &loss) == SEGLOSS_RESULT_BAD_TEXT);
    options.map_name_count = 0, options.plugin_count = 1;
    CHECK(segloss_loss_new("bce", 0, &options, &loss) == SEGLOSS_RESULT_NULL_POINTER);
    options.struct_size = 1;
    CHECK(segloss_loss_new("bce", 0, &options, &loss) == SEGLOSS_RESULT_UNSUPPORTED_VERSION);
    CHECK(loss == NULL);
}

/* A short buffer gets the start of the message and its whole length, and no buffer the length. */
static void messages_are_cut(void) {
    char small[9];
    size_t length;
    CHECK(evaluate(softmax_half, NULL, NULL, NULL, NULL, NULL) == SEGLOSS_RESULT_NULL_POINTER);
    length = strlen("`logits` is NULL");
    memset(small, MARK, sizeof small);
    CHECK(segloss_last_message(small, 8) == length);
    CHECK(strcmp(small, "`logits") == 0 && small[8] == MARK);
    CHECK(segloss_last_message(NULL, 0) == length);
    CHECK(segloss_last_message(NULL, 8) == length);
    CHECK(segloss_last_message(small, 0) == length);
}

static void tensors_are_checked(void) {
    int64_t strides[] = {CLASSES * PIXELS, PIXELS, WIDTH, 1};
    call c;
    start(&c), c.logits.device.device_type = kDLOpenCL;
    REFUSED(UNSUPPORTED_DEVICE, "`logits` is on a device of type 4");
    start(&c), c.logits.dtype = INT32, REFUSED(UNSUPPORTED_DTYPE, "`logits` holds int32");
    start(&c), c.logits.dtype.lanes = 4, REFUSED(UNSUPPORTED_DTYPE, "4 lanes");
    start(&c), c.targets.dtype.bits = 128, REFUSED(UNSUPPORTED_DTYPE, "`targets` holds uint128");
    start(&c), c.gradient.dtype = FLOAT64;
    REFUSED(UNSUPPORTED_DTYPE, "`outputs.gradient` holds float64, expected what `logits` does");

    start(&c), c.logits.ndim = 2, REFUSED(BAD_SHAPE, "`logits` has 2 axes");
    start(&c), c.targets.ndim = -1, REFUSED(BAD_SHAPE, "`targets` has -1 axes");
    start(&c), c.logits_shape[3] = -WIDTH, REFUSED(BAD_SHAPE, "extent -37 along axis 3");
    start(&c), c.logits_shape[0] = 0, REFUSED(BAD_SHAPE, "expected 0x1x23x37");
    start(&c), c.logits_shape[2] = 0, REFUSED(BAD_SHAPE, "2x3x0x37");
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
    REFUSED(BAD_STRIDES, "let elements share memory");
    start(&c), c.logits.strides = strides, strides[2] = INT64_MAX;
    REFUSED(BAD_SHAPE, "address space");

    start(&c), c.gradient.data = c.logits.data;
    REFUSED(OVERLAP, "`outputs.gradient` shares memory with `logits`");
    start(&c), c.call.weights = &c.weights, c.weights.data = g32 + 7;
    REFUSED(OVERLAP, "`outputs.gradient` shares memory with `call.weights`");
    start(&c), c.call.mask = &c.mask, c.mask.data = g32;
    REFUSED(OVERLAP, "with `call.mask`");
    start(&c), c.outputs.loss_map = &c.map, c.map.data = g32;
    REFUSED(OVERLAP, "`outputs.loss_map` shares memory with `outputs.gradient`");
    start(&c), c.outputs.sample_values = (double *)g32, c.outputs.sample_value_count = 2;
    REFUSED(OVERLAP, "`outputs.sample_values` shares memory with `outputs.gradient`");
    start(&c), c.outputs.value = (double *)g32;
    REFUSED(OVERLAP, "`outputs.value` shares memory with `outputs.gradient`");
    start(&c), c.outputs.valid = (uint64_t *)&value;
    REFUSED(OVERLAP, "`outputs.valid` shares memory with `outputs.value`");
}

/* A weight map of targets without a pixel. */
static void no_pixels_are_told(void) {
    segloss_loss *loss = NULL;
    call c;
    CHECK(segloss_loss_new("ce @ decay @ band", SEGLOSS_LINK_SOFTMAX, NULL, &loss) == 0);
    start(&c), c.loss = loss, c.targets_shape[2] = 0;
    REFUSED(BAD_SHAPE, "`targets` has shape 2x1x0x37");
    segloss_loss_free(loss);
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

    start(&c), c.loss = sigmoid_half;
    c.logits_shape[1] = c.gradient_shape[1] = 1;
    c.targets.data = shares32;
    c.targets.dtype = FLOAT32;
    shares32[7] = 1.5f;
    REFUSED(BAD_TARGET, "holds 1.5 at pixel 7 of sample 0");
    shares32[7] = share;
}

/* Outputs and options that the comparisons above leave out. */
static void options_do_what_they_say(void) {
    static float again[BATCH * CLASSES * PIXELS], map[BATCH * PIXELS];
    static uint8_t counts[BATCH * PIXELS];
    const double two = 2, scales[] = {1, 3};
    double whole, sum;
    segloss_map own;
    segloss_loss *loss;
    uint64_t all;
    size_t i;
    call c;
    start(&c);
    CHECK(run(&c) == 0);
    memcpy(again, g32, sizeof again);
    whole = value, all = valid;
    c.call.scale = &two, c.call.write = SEGLOSS_WRITE_MODE_ACCUMULATE;
    CHECK(run(&c) == 0 && value == whole);
    for (i = 0; i < COUNT(z); i++) CHECK(g32[i] == again[i] + 2 * again[i]);

    /* A mask, and an index of the caller's, leave out what they say. */
    start(&c), c.call.mask = &c.mask, c.mask.data = counts;
    CHECK(run(&c) == 0 && value == 0 && valid == 0 && largest_of(expected, 1) >= 0);
    for (i = 0; i < COUNT(counts); i++) counts[i] = 1;
    CHECK(run(&c) == 0 && value == whole && valid == all);
    start(&c), c.call.ignore = SEGLOSS_IGNORE_NOTHING;
    CHECK(run(&c) == SEGLOSS_RESULT_BAD_TARGET);
    start(&c), c.call.ignore = SEGLOSS_IGNORE_INDEX, c.call.ignore_index = 255;
    CHECK(run(&c) == 0 && value == whole);

    {
        /* One of several. */
        const int64_t indices[] = {-100, 255};
        start(&c), c.call.ignore = SEGLOSS_IGNORE_INDICES;
        c.call.ignore_indices = indices, c.call.ignore_index_count = 2;
        CHECK(run(&c) == 0 && value == whole && valid == all);
    }

    /* Labels of other integers. */
#define AS(type, own_dtype)                                                \
    {                                                                      \
        static type own[COUNT(labels)];                                    \
        for (i = 0; i < COUNT(labels); i++) own[i] = (type)labels[i];      \
        start(&c), c.targets = tensor(own, own_dtype, c.targets_shape, 4); \
        CHECK(run(&c) == 0 && value == whole && valid == all);             \
    }
    AS(int16_t, SEGLOSS_INT16)
    AS(uint16_t, SEGLOSS_UINT16)
    AS(uint32_t, SEGLOSS_UINT32)
    AS(uint64_t, SEGLOSS_UINT64)
    {
        static int8_t own[COUNT(labels)];
        for (i = 0; i < COUNT(labels); i++) own[i] = (int8_t)(labels[i] == 255 ? -1 : labels[i]);
        start(&c), c.targets = tensor(own, SEGLOSS_INT8, c.targets_shape, 4);
        c.call.ignore = SEGLOSS_IGNORE_INDEX, c.call.ignore_index = -1;
        CHECK(run(&c) == 0 && value == whole && valid == all);
    }

    /* Without the axis of channels: targets, and what goes with them. */
    {
        int64_t few[] = {2, 23, 37};
        start(&c), c.targets.ndim = 3, c.targets.shape = few;
        c.call.mask = &c.mask, c.mask.data = counts, c.mask.ndim = 3, c.mask.shape = few;
        CHECK(run(&c) == 0 && value == whole && valid == all);
        few[2] = 36;
        CHECK(run(&c) == SEGLOSS_RESULT_BAD_SHAPE);
    }

    /* No samples are worth 0. */
    start(&c), c.logits_shape[0] = c.targets_shape[0] = c.gradient_shape[0] = 0;
    c.logits.data = c.targets.data = c.gradient.data = NULL;
    CHECK(run(&c) == 0 && value == 0 && valid == 0);

    /* Values of samples and pixels. */
    CHECK(segloss_loss_new("ce", SEGLOSS_LINK_SOFTMAX, NULL, &loss) == 0);
    start(&c), c.loss = loss, c.map.data = map;
    c.outputs.loss_map = &c.map, c.outputs.sample_values = samples, c.outputs.sample_value_count = 2;
    CHECK(run(&c) == 0);
    for (i = 0, sum = 0; i < COUNT(map); i++) sum += map[i];
    CHECK(is_close(sum / (double)valid, value, 1e-6));
    CHECK(samples[0] != samples[1] && is_close((samples[0] + samples[1]) / 2, value, 0.1));
    c.call.sample_scales = scales, c.call.sample_scale_count = 2;
    CHECK(run(&c) == 0);
    segloss_loss_free(loss);

    /* Weights, as such and as a map by name: the same. */
    for (i = 0; i < COUNT(weights32); i++) weights32[i] = (float)noise();
    CHECK(segloss_loss_new("ce @ band", SEGLOSS_LINK_SOFTMAX, NULL, &loss) == 0);
    start(&c), c.loss = loss;
    CHECK(run(&c) == 0);
    whole = value;
    own.name = "band", own.weights = &c.map;
    c.call.maps = &own, c.call.map_count = 1;
    CHECK(run(&c) == 0 && value != whole);
    whole = value;
    segloss_loss_free(loss);
    CHECK(segloss_loss_new("ce", SEGLOSS_LINK_SOFTMAX, NULL, &loss) == 0);
    start(&c), c.loss = loss, c.call.weights = &c.weights;
    CHECK(run(&c) == 0 && value == whole);
    segloss_loss_free(loss);
}

/* Every level, and threads, give the same bits. */
static void levels_agree(void) {
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    static float again[BATCH * CLASSES * PIXELS];
    int32_t result;
    double whole;
    call c;
    start(&c);
    CHECK(run(&c) == 0);
    memcpy(again, g32, sizeof again);
    whole = value;
    for (options.level = 0; options.level <= SEGLOSS_LEVEL_AVX512; options.level++) {
        segloss_loss *loss = NULL;
        options.threads = options.level == 0 ? 3 : 0;
        result = told(segloss_loss_new("preset:balanced", SEGLOSS_LINK_SOFTMAX, &options, &loss));
        if (options.level >= SEGLOSS_LEVEL_AVX2 && result != 0) {
            CHECK(strstr(message, "which this machine has not"));
            continue;
        }
        CHECK(result == 0);
        start(&c), c.loss = loss;
        CHECK(run(&c) == 0 && value == whole && memcmp(again, g32, sizeof again) == 0);
        segloss_loss_free(loss);
    }
}

static void losses_are_read(void) {
    segloss_loss *loss;
    char text[100];
    double number = 0, weights[3] = {0};
    CHECK(segloss_loss_new("0.3*ce(weights=[1, 2, 4]) + tversky(fp=0.3, fn=0.7) + 0*boundary", 1,
                           NULL, &loss) == 0);
    CHECK(segloss_loss_text(loss, text, sizeof text) == strlen(text));
    CHECK(strcmp(text, "0.3*ce(weights=[1, 2, 4]) + tversky(fp=0.3, fn=0.7) + 0*ce @ band") == 0);
    CHECK(segloss_loss_text(loss, text, 4) > 4 && strcmp(text, "0.3") == 0);
    CHECK(segloss_loss_text(loss, NULL, 0) > 4 && segloss_loss_text(NULL, text, 9) == 0);
    CHECK(segloss_loss_link(loss) == SEGLOSS_LINK_SOFTMAX && segloss_loss_link(NULL) == -1);
    CHECK(segloss_loss_term_count(loss) == 3 && segloss_loss_term_count(NULL) == 0);
    CHECK(segloss_loss_term_name(loss, 1, text, sizeof text) == 7 && strcmp(text, "tversky") == 0);
    CHECK(segloss_loss_term_name(loss, 3, text, sizeof text) == 0);
    CHECK(segloss_loss_term_name(NULL, 0, text, sizeof text) == 0);
    CHECK(segloss_loss_term_coefficient(loss, 0, &number) == 0 && number == 0.3);
    CHECK(segloss_loss_term_coefficient(loss, 3, &number) == SEGLOSS_RESULT_NOT_FOUND);
    CHECK(told(0) == 0 && strcmp(message, "`term` is 3, expected less than 3") == 0);
    CHECK(segloss_loss_term_coefficient(loss, 0, NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_term_coefficient(NULL, 0, &number) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_parameter_count(loss, 1) == 5);
    CHECK(segloss_loss_parameter_count(loss, 9) == 0 && segloss_loss_parameter_count(NULL, 0) == 0);
    CHECK(segloss_loss_parameter_name(loss, 1, 1, text, sizeof text) == 2 && !strcmp(text, "fn"));
    CHECK(segloss_loss_parameter_name(loss, 1, 5, text, sizeof text) == 0);
    CHECK(segloss_loss_parameter_name(NULL, 0, 0, text, sizeof text) == 0);
    CHECK(segloss_loss_parameter_value(loss, 1, "fn", &number) == 0 && number == 0.7);
    CHECK(segloss_loss_parameter_value(loss, 1, "smooth", &number) == 0 && number == 1e-6);
    CHECK(segloss_loss_parameter_value(loss, 1, "gamma", &number) == SEGLOSS_RESULT_NOT_FOUND);
    CHECK(segloss_loss_parameter_value(loss, 1, NULL, &number) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_parameter_value(loss, 1, "fp", NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_parameter_value(NULL, 1, "fp", &number) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_loss_class_weights(loss, 0, weights, 3) == 3 && weights[2] == 4);
    CHECK(segloss_loss_class_weights(loss, 0, NULL, 0) == 3);
    CHECK(segloss_loss_class_weights(loss, 1, weights, 3) == 0);
    CHECK(segloss_loss_class_weights(NULL, 1, weights, 3) == 0);
    segloss_loss_free(loss);
    segloss_loss_free(NULL);
}

static void links_are_those_of_the_terms(void) {
    int32_t link = 7;
    CHECK(segloss_link_of("0.5*bce + dice", NULL, &link) == 0 && link == SEGLOSS_LINK_SIGMOID);
    CHECK(segloss_link_of("dice + 0*ce @ band", NULL, &link) == 0 && link == SEGLOSS_LINK_SOFTMAX);
    CHECK(segloss_link_of("focal + boundary", NULL, &link) == 0 && link == -1);
    CHECK(segloss_link_of("preset:balanced", NULL, &link) == 0 && link == -1);
    CHECK(segloss_link_of("dise", NULL, &link) == 0 && link == -1);
    link = 7;
    CHECK(told(segloss_link_of("bce + ce", NULL, &link)) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(strcmp(message, "at 7: `ce` needs the softmax link, and `bce` needs the sigmoid link, "
                          "expected terms of one link") == 0);
    CHECK(segloss_link_of("bce +", NULL, &link) == SEGLOSS_RESULT_BAD_TEXT);
    CHECK(segloss_link_of(NULL, NULL, &link) == SEGLOSS_RESULT_NULL_POINTER && link == 7);
    CHECK(segloss_link_of("bce", NULL, NULL) == SEGLOSS_RESULT_NULL_POINTER);
}

/* Term by term, the same as from text. */
static void losses_are_composed(void) {
    static const double weights[] = {1, 2, 0.25};
    segloss_argument of_ce[2] = {{"weights", NULL, weights, 3, 0}, {"reduction", "sum", NULL, 0, 0}};
    segloss_argument of_band = {"theta", NULL, NULL, 0, 2};
    segloss_named band = {"band", &of_band, 1};
    segloss_term terms[2] = {{0.5, {"ce", of_ce, 2}, &band, 1}, {1, {"dice", NULL, 0}, NULL, 0}};
    segloss_loss *loss = NULL;
    char text[100];
    CHECK(segloss_loss_compose(terms, 2, SEGLOSS_LINK_SOFTMAX, NULL, &loss) == 0);
    CHECK(segloss_loss_text(loss, text, sizeof text) == strlen(text));
    CHECK(strcmp(text, "0.5*ce(weights=[1, 2, 0.25], reduction=sum) @ band(theta=2) + dice") == 0);
    segloss_loss_free(loss);
    loss = NULL;
#define COMPOSE told(segloss_loss_compose(terms, 2, SEGLOSS_LINK_SOFTMAX, NULL, &loss))
    CHECK(told(segloss_loss_compose(NULL, 2, 1, NULL, &loss)) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(told(segloss_loss_compose(terms, 2, 1, NULL, NULL)) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(told(segloss_loss_compose(terms, 2, 3, NULL, &loss)) == SEGLOSS_RESULT_UNSUPPORTED_OPTION);
    CHECK(told(segloss_loss_compose(terms, 0, 1, NULL, &loss)) == SEGLOSS_RESULT_BAD_TEXT);
    terms[1].term.name = "dice + bce";
    CHECK(COMPOSE == SEGLOSS_RESULT_BAD_TEXT && strstr(message, "expected letters"));
    terms[1].term.name = "dise";
    CHECK(COMPOSE == SEGLOSS_RESULT_BAD_TEXT && strstr(message, "`dice`") && strstr(message, "in `0.5*"));
    terms[1].term.name = NULL;
    CHECK(COMPOSE == SEGLOSS_RESULT_NULL_POINTER && strstr(message, "`terms[..].name` is NULL"));
    terms[1].term.name = "dice", terms[1].coefficient = -1;
    CHECK(COMPOSE == SEGLOSS_RESULT_BAD_VALUE && strstr(message, "coefficient is -1"));
    terms[1].coefficient = 1, terms[1].map_count = 1;
    CHECK(COMPOSE == SEGLOSS_RESULT_NULL_POINTER && strstr(message, "`terms[..].maps` is NULL"));
    terms[1].map_count = 0, terms[1].term.argument_count = 1;
    CHECK(COMPOSE == SEGLOSS_RESULT_NULL_POINTER && strstr(message, ".arguments` is NULL"));
    terms[1].term.argument_count = 0, of_band.number = HUGE_VAL;
    CHECK(COMPOSE == SEGLOSS_RESULT_BAD_VALUE && strstr(message, "holds inf"));
    of_band.name = NULL;
    CHECK(COMPOSE == SEGLOSS_RESULT_NULL_POINTER && loss == NULL);
}

/* bfloat16 and float16 logits: the numbers of single precision, and gradients rounded or not. */
static void halves_agree(void) {
    static uint16_t halves[BATCH * CLASSES * PIXELS], gradient[COUNT(halves)];
    static float kept[COUNT(halves)], expected32[COUNT(halves)];
    DLTensor logits = tensor(kept, FLOAT32, class_shape, 4);
    DLTensor sink = tensor(expected32, FLOAT32, class_shape, 4);
    DLTensor targets = tensor(labels, UINT8, mask_shape, 4);
    double whole = 0, again = 0;
    size_t i;
    for (i = 0; i < COUNT(halves); i++) {
        uint32_t bits;
        memcpy(&bits, &z32[i], 4);
        halves[i] = (uint16_t)(bits >> 16);
        bits &= 0xffff0000u;
        memcpy(&kept[i], &bits, 4);
    }
    CHECK(evaluate(softmax_half, &logits, &targets, &sink, &whole, &valid) == 0);
    logits = tensor(halves, SEGLOSS_BFLOAT16, class_shape, 4);
    sink = tensor(g32, FLOAT32, class_shape, 4);
    CHECK(evaluate(softmax_half, &logits, &targets, &sink, &again, &valid) == 0);
    CHECK(again == whole && memcmp(g32, expected32, sizeof expected32) == 0);
    sink = tensor(gradient, SEGLOSS_BFLOAT16, class_shape, 4);
    CHECK(evaluate(softmax_half, &logits, &targets, &sink, &again, &valid) == 0 && again == whole);
    for (i = 0; i < COUNT(halves); i++) {
        uint32_t bits = (uint32_t)gradient[i] << 16;
        float rounded;
        memcpy(&rounded, &bits, 4);
        CHECK(fabs(rounded - expected32[i]) <= fabs(expected32[i]) / 256);
    }
    /* 1, 2, 3 in float16. */
    for (i = 0; i < COUNT(halves); i++) {
        static const uint16_t numbers[] = {0x3c00, 0x4000, 0x4200};
        halves[i] = numbers[i % 3], kept[i] = (float)(1 + i % 3);
    }
    logits = tensor(kept, FLOAT32, class_shape, 4);
    CHECK(evaluate(softmax_half, &logits, &targets, NULL, &whole, &valid) == 0);
    logits = tensor(halves, SEGLOSS_FLOAT16, class_shape, 4);
    sink = tensor(gradient, SEGLOSS_FLOAT16, class_shape, 4);
    CHECK(evaluate(softmax_half, &logits, &targets, &sink, &again, &valid) == 0 && again == whole);
    sink = tensor(gradient, SEGLOSS_BFLOAT16, class_shape, 4);
    CHECK(evaluate(softmax_half, &logits, &targets, &sink, &again, &valid) ==
          SEGLOSS_RESULT_UNSUPPORTED_DTYPE);
}

static void workspaces_serve_calls(void) {
    segloss_workspace *workspace = NULL;
    double whole;
    call c;
    start(&c);
    CHECK(run(&c) == 0);
    whole = value;
    CHECK(segloss_workspace_new(NULL) == SEGLOSS_RESULT_NULL_POINTER);
    CHECK(segloss_workspace_new(&workspace) == 0);
    CHECK(segloss_evaluate(c.loss, &c.logits, &c.targets, NULL, &c.outputs, workspace) == 0);
    CHECK(value == whole);
    segloss_workspace_free(workspace);
    segloss_workspace_free(NULL);
}

static void versions_are_told(void) {
    CHECK(segloss_abi_version() == SEGLOSS_ABI_VERSION);
    CHECK(strchr(segloss_version(), '.') != NULL);
}

static void results_have_names(void) {
    CHECK(strcmp(segloss_result_name(SEGLOSS_RESULT_OK), "SEGLOSS_RESULT_OK") == 0);
    CHECK(strcmp(segloss_result_name(SEGLOSS_RESULT_OVERLAP), "SEGLOSS_RESULT_OVERLAP") == 0);
    CHECK(strcmp(segloss_result_name(-1), "SEGLOSS_RESULT_UNKNOWN") == 0);
}

int main(void) {
    fill();
    CHECK(segloss_loss_new("0.5*bce + 0.5*dice", SEGLOSS_LINK_SIGMOID, NULL, &sigmoid_half) == 0);
    CHECK(segloss_loss_new("0.5*ce + 0.5*dice", SEGLOSS_LINK_SOFTMAX, NULL, &softmax_half) == 0);
    sigmoid_agrees();
    softmax_agrees();
    layouts_agree();
    pointers_are_checked();
    options_are_checked();
    messages_are_cut();
    options_do_what_they_say();
    levels_agree();
    losses_are_read();
    links_are_those_of_the_terms();
    losses_are_composed();
    halves_agree();
    workspaces_serve_calls();
    versions_are_told();
    tensors_are_checked();
    no_pixels_are_told();
    want_of_memory_is_told();
    targets_are_checked();
    results_have_names();
    segloss_loss_free(sigmoid_half);
    segloss_loss_free(softmax_half);
    puts(failures ? "some checks failed" : "all checks passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
