/* Images in tiles and batches on several workers, against one call on the whole. */

#include "check.h"

enum { BATCH = 2, CLASSES = 3, SEGMENTS = 2, PIXELS = SEGMENTS * SEGLOSS_SEGMENT + 777 };

static float logits[BATCH * CLASSES * PIXELS], gradient[COUNT(logits)], found[COUNT(logits)];
static uint8_t labels[BATCH * PIXELS];
static float band[BATCH * PIXELS];
static double sums[1000], tile_sums[1000], totals[1000], other_totals[1000];

static int64_t strides[] = {CLASSES * PIXELS, PIXELS, 1};
static int64_t label_strides[] = {PIXELS, PIXELS, 1};

/* Some samples, and some pixels of each. */
typedef struct {
    int64_t shape[3], label_shape[3];
    DLTensor logits, labels, gradient, band;
    segloss_map map;
    segloss_call call;
    segloss_outputs outputs;
} part;

static double value;
static uint64_t valid;

static void cut(part *p, int sample, int samples, int pixel, int pixels) {
    const segloss_call call = SEGLOSS_CALL_INIT;
    const segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    size_t first = (size_t)sample * CLASSES * PIXELS + pixel, label = (size_t)sample * PIXELS + pixel;
    p->shape[0] = p->label_shape[0] = samples;
    p->shape[1] = CLASSES, p->label_shape[1] = 1;
    p->shape[2] = p->label_shape[2] = pixels;
    p->logits = segloss_tensor(logits + first, SEGLOSS_FLOAT32, p->shape, 3);
    p->gradient = segloss_tensor(found + first, SEGLOSS_FLOAT32, p->shape, 3);
    p->labels = segloss_tensor(labels + label, SEGLOSS_UINT8, p->label_shape, 3);
    p->band = segloss_tensor(band + label, SEGLOSS_FLOAT32, p->label_shape, 3);
    p->logits.strides = p->gradient.strides = strides;
    p->labels.strides = p->band.strides = label_strides;
    p->map.name = "band", p->map.weights = &p->band;
    p->call = call;
    p->call.maps = &p->map, p->call.map_count = 1;
    p->outputs = outputs;
    p->outputs.value = &value, p->outputs.valid = &valid, p->outputs.gradient = &p->gradient;
}

static void tiles_give_the_same_bits(const segloss_loss *loss, int go_on) {
    const int tile = SEGLOSS_SEGMENT;
    double whole;
    uint64_t all;
    size_t length = 0, totals_length = 0, i;
    int from;
    part p;
    cut(&p, 0, BATCH, 0, PIXELS);
    CHECK(segloss_evaluate(loss, &p.logits, &p.labels, &p.call, &p.outputs, NULL) == 0);
    memcpy(gradient, found, sizeof found);
    whole = value, all = valid;
    memset(sums, 0, sizeof sums);
    for (from = 0; from < PIXELS; from += tile) {
        cut(&p, 0, BATCH, from, from + tile < PIXELS ? tile : PIXELS - from);
        CHECK(segloss_stage_lengths(loss, &p.logits, &p.labels, &p.call, &length, &totals_length) == 0);
        CHECK(length <= COUNT(sums) && totals_length <= COUNT(totals));
        CHECK(segloss_reduce(loss, &p.logits, &p.labels, &p.call, go_on && from ? sums : NULL,
                             go_on ? sums : tile_sums, length, NULL) == 0);
        if (!go_on) CHECK(segloss_merge(sums, tile_sums, sums, length) == 0);
    }
    CHECK(segloss_close(loss, &p.logits, &p.labels, &p.call, sums, length, totals, totals_length) == 0);
    memset(found, 0, sizeof found);
    for (from = 0; from < PIXELS; from += tile) {
        cut(&p, 0, BATCH, from, from + tile < PIXELS ? tile : PIXELS - from);
        CHECK(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, length, totals, totals_length,
                             &p.outputs, NULL) == 0);
    }
    CHECK(valid == all);
    if (go_on) {
        CHECK(value == whole && memcmp(found, gradient, sizeof found) == 0);
    } else {
        CHECK(fabs(value - whole) <= 1e-12 * whole);
        for (i = 0; i < COUNT(found); i++) CHECK(fabs(found[i] - gradient[i]) < 1e-10);
    }
}

/* A sample a worker; each multiplies its gradient by their number, as a framework averages them. */
static void workers_agree(const segloss_loss *loss) {
    const double workers = BATCH;
    double whole;
    size_t length = 0, totals_length = 0, i;
    int worker;
    part p;
    cut(&p, 0, BATCH, 0, PIXELS);
    CHECK(segloss_evaluate(loss, &p.logits, &p.labels, &p.call, &p.outputs, NULL) == 0);
    memcpy(gradient, found, sizeof found);
    whole = value;
    memset(totals, 0, sizeof totals);
    for (worker = 0; worker < BATCH; worker++) {
        cut(&p, worker, 1, 0, PIXELS);
        CHECK(segloss_stage_lengths(loss, &p.logits, &p.labels, &p.call, &length, &totals_length) == 0);
        CHECK(segloss_reduce(loss, &p.logits, &p.labels, &p.call, NULL, sums + 100 * worker, length,
                             NULL) == 0);
        CHECK(segloss_close(loss, &p.logits, &p.labels, &p.call, sums + 100 * worker, length,
                            other_totals, totals_length) == 0);
        CHECK(segloss_merge(other_totals, totals, totals, totals_length) == 0);
    }
    memset(found, 0, sizeof found);
    for (worker = 0; worker < BATCH; worker++) {
        cut(&p, worker, 1, 0, PIXELS);
        p.call.scale = &workers;
        CHECK(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums + 100 * worker, length, totals,
                             totals_length, &p.outputs, NULL) == 0);
        CHECK(fabs(value - whole) <= 1e-12 * whole);
    }
    for (i = 0; i < COUNT(found); i++) CHECK(fabs(found[i] / workers - gradient[i]) < 1e-10);
}

static void mistakes_are_told(const segloss_loss *loss) {
    size_t length = 0, totals_length = 0;
    part p;
    cut(&p, 0, BATCH, 0, 1000);
    CHECK(segloss_stage_lengths(loss, &p.logits, &p.labels, &p.call, &length, &totals_length) == 0);
    REFUSES(segloss_stage_lengths(loss, &p.logits, &p.labels, &p.call, NULL, &length), NULL_POINTER,
            "`sums_length` is NULL");
    REFUSES(segloss_stage_lengths(loss, &p.logits, &p.labels, &p.call, &length, NULL), NULL_POINTER,
            "`totals_length` is NULL");
    REFUSES(segloss_reduce(loss, &p.logits, &p.labels, NULL, NULL, sums, length, NULL),
            NOT_SUPPORTED_BY_LOSS, "`band` is not computed here");
    REFUSES(segloss_reduce(loss, &p.logits, &p.labels, &p.call, NULL, NULL, length, NULL),
            NULL_POINTER, "`sums` is NULL");
    REFUSES(segloss_reduce(loss, &p.logits, &p.labels, &p.call, NULL, sums, length - 1, NULL),
            BAD_LENGTH, "`sums` has");
    REFUSES(segloss_reduce(loss, &p.logits, &p.labels, &p.call, NULL, (double *)(void *)logits, length,
                           NULL), OVERLAP, "`sums` shares memory with `logits`");
    REFUSES(segloss_merge(NULL, sums, sums, 1), NULL_POINTER, "`one` is NULL");
    REFUSES(segloss_merge(sums, NULL, sums, 1), NULL_POINTER, "`other` is NULL");
    REFUSES(segloss_merge(sums, sums, NULL, 1), NULL_POINTER, "`merged` is NULL");
    REFUSES(segloss_merge(sums, sums, sums, SIZE_MAX), BAD_SHAPE, "address space");
    REFUSES(segloss_close(loss, &p.logits, &p.labels, &p.call, NULL, length, totals, totals_length),
            NULL_POINTER, "`sums` is NULL");
    REFUSES(segloss_close(loss, &p.logits, &p.labels, &p.call, sums, length, NULL, totals_length),
            NULL_POINTER, "`totals` is NULL");
    REFUSES(segloss_close(loss, &p.logits, &p.labels, &p.call, sums, length, sums, totals_length),
            OVERLAP, "`totals` shares memory with `sums`");
    REFUSES(segloss_close(loss, &p.logits, &p.labels, &p.call, sums, length, totals, 1), BAD_LENGTH,
            "`totals` has 1 entries");
    REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, 1, totals, totals_length,
                           &p.outputs, NULL), BAD_LENGTH, "`sums` has 1 entries");
    REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, NULL, length, totals, totals_length,
                           &p.outputs, NULL), NULL_POINTER, "`sums` is NULL");
    REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, length, NULL, totals_length,
                           &p.outputs, NULL), NULL_POINTER, "`totals` is NULL");
    p.outputs.loss_map = &p.band;
    REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, length, totals, totals_length,
                           &p.outputs, NULL), OVERLAP, "`outputs.loss_map` shares memory");
    {
        static float map[BATCH * 1000];
        int64_t shape[] = {BATCH, 1, 1000};
        DLTensor pixels = segloss_tensor(map, SEGLOSS_FLOAT32, shape, 3);
        cut(&p, 0, BATCH, 0, 1000);
        p.outputs.loss_map = &pixels;
        REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, length, totals, totals_length,
                               &p.outputs, NULL), UNSUPPORTED_OPTION, "`outputs.loss_map` is given");
    }
    p.outputs.loss_map = NULL, p.outputs.value = totals;
    REFUSES(segloss_finish(loss, &p.logits, &p.labels, &p.call, sums, length, totals, totals_length,
                           &p.outputs, NULL), OVERLAP, "`outputs.value` shares memory with `totals`");
}

int main(void) {
    const char *text = "0.3*ce @ band + 0.4*dice + 0.3*ce(weights=[1, 2, 0.5])";
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_loss *loss;
    size_t i;
    for (i = 0; i < COUNT(logits); i++) logits[i] = (float)(12 * noise() - 6);
    for (i = 0; i < COUNT(labels); i++) {
        labels[i] = (uint8_t)(noise() < 0.1 ? 255 : CLASSES * noise());
        band[i] = (float)noise();
    }
    for (options.threads = 0; options.threads < 3; options.threads += 2) {
        CHECK(segloss_loss_new(text, SEGLOSS_LINK_SOFTMAX, &options, &loss) == 0);
        tiles_give_the_same_bits(loss, 1);
        tiles_give_the_same_bits(loss, 0);
        workers_agree(loss);
        mistakes_are_told(loss);
        segloss_loss_free(loss);
    }
    return finish();
}
