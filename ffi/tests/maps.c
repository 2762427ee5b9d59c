/* Maps, morphology, class weights and statistics, against their definitions. */

#include "check.h"

enum { BATCH = 2, HEIGHT = 13, WIDTH = 70, PIXELS = HEIGHT * WIDTH };

static uint8_t mask[BATCH * PIXELS], out8[BATCH * PIXELS], expected8[BATCH * PIXELS];
static int64_t labels64[BATCH * PIXELS], binary[BATCH * PIXELS];
static float out32[BATCH * PIXELS];
static double out64[BATCH * PIXELS];
static int64_t shape[] = {BATCH, 1, HEIGHT, WIDTH};

static int inside(int y, int x) { return y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH; }

/* One step, by its definition. */
static void step(uint8_t *image, int full, int erode, int outside) {
    static uint8_t before[PIXELS];
    int y, x, dy, dx;
    memcpy(before, image, PIXELS);
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            int any = 0, all = 1;
            for (dy = -1; dy <= 1; dy++) {
                for (dx = -1; dx <= 1; dx++) {
                    int other;
                    if (!full && dy && dx) continue;
                    other = inside(y + dy, x + dx) ? before[(y + dy) * WIDTH + x + dx] != 0 : outside;
                    any |= other, all &= other;
                }
            }
            image[y * WIDTH + x] = (uint8_t)(erode ? all : any);
        }
    }
}

static void morphology_agrees(void) {
    DLTensor from = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    DLTensor to = segloss_tensor(out8, SEGLOSS_UINT8, shape, 4);
    int full, times, border, i, b;
    for (full = 0; full < 2; full++) {
        for (times = 0; times < 4; times++) {
            memset(out8, 7, sizeof out8);
            CHECK(segloss_dilate(&from, full, (uint32_t)times, &to, NULL) == 0);
            for (i = 0; i < BATCH * PIXELS; i++) expected8[i] = mask[i] != 0;
            for (b = 0; b < BATCH; b++)
                for (i = 0; i < times; i++) step(expected8 + b * PIXELS, full, 0, 0);
            CHECK(memcmp(out8, expected8, sizeof out8) == 0);
            for (border = 0; border < 2; border++) {
                CHECK(segloss_erode(&from, full, border, (uint32_t)times, &to, NULL) == 0);
                for (i = 0; i < BATCH * PIXELS; i++) expected8[i] = mask[i] != 0;
                for (b = 0; b < BATCH; b++)
                    for (i = 0; i < times; i++) step(expected8 + b * PIXELS, full, 1, border);
                CHECK(memcmp(out8, expected8, sizeof out8) == 0);
            }
        }
    }
}

static double distance_at(const int64_t *image, int at, int kind, double dy, double dx) {
    double nearest = HUGE_VAL;
    int i;
    if (kind == SEGLOSS_DISTANCE_KIND_TO_BACKGROUND && image[at] == 0) return 0;
    for (i = 0; i < PIXELS; i++) {
        double y = dy * (i / WIDTH - at / WIDTH), x = dx * (i % WIDTH - at % WIDTH);
        int counts = kind == SEGLOSS_DISTANCE_KIND_TO_BACKGROUND ? image[i] == 0 : image[i] != image[at];
        if (counts) nearest = fmin(nearest, sqrt(y * y + x * x));
    }
    return kind == SEGLOSS_DISTANCE_KIND_SIGNED && image[at] == 0 ? -nearest : nearest;
}

static void distances_agree(void) {
    const double spacing[] = {2, 0.5};
    segloss_call call = SEGLOSS_CALL_INIT;
    DLTensor to64 = segloss_tensor(out64, SEGLOSS_FLOAT64, shape, 4);
    DLTensor to32 = segloss_tensor(out32, SEGLOSS_FLOAT32, shape, 4);
    int kind, link, spaced, i;
    for (link = 0; link < 2; link++) {
        const int64_t *labels = link ? labels64 : binary;
        DLTensor from = segloss_tensor(link ? labels64 : binary, SEGLOSS_INT64, shape, 4);
        for (kind = 0; kind < 3; kind++) {
            for (spaced = 0; spaced < 2; spaced++) {
                const double dy = spaced ? 2 : 1, dx = spaced ? 0.5 : 1;
                call.spacing = spaced ? spacing : NULL, call.spacing_count = spaced ? 2 : 0;
                CHECK(segloss_distance(kind, link, &from, &call, &to64, NULL) == 0);
                CHECK(segloss_distance(kind, link, &from, &call, &to32, NULL) == 0);
                for (i = 0; i < BATCH * PIXELS; i += 3) {
                    const int64_t *image = labels + i / PIXELS * PIXELS;
                    double expected = distance_at(image, i % PIXELS, kind, dy, dx);
                    CHECK(fabs(out64[i] - expected) <= 1e-12 * fabs(expected));
                    CHECK(fabs(out32[i] - expected) <= 1e-6 * fabs(expected));
                }
            }
        }
    }
    /* Nothing to measure to. */
    memset(out8, 0, sizeof out8);
    {
        DLTensor none = segloss_tensor(out8, SEGLOSS_UINT8, shape, 4);
        CHECK(segloss_distance(SEGLOSS_DISTANCE_KIND_SIGNED, 0, &none, NULL, &to32, NULL) == 0);
        CHECK(out32[5] == -HUGE_VAL);
    }
}

static void weights_agree(void) {
    DLTensor from = segloss_tensor(labels64, SEGLOSS_INT64, shape, 4);
    DLTensor to64 = segloss_tensor(out64, SEGLOSS_FLOAT64, shape, 4);
    DLTensor to32 = segloss_tensor(out32, SEGLOSS_FLOAT32, shape, 4);
    double distance;
    int i;
    CHECK(segloss_map_weights("decay(sigma=3)", 1, &from, NULL, &to64, NULL) == 0);
    for (i = 0; i < BATCH * PIXELS; i += 3) {
        distance = distance_at(labels64 + i / PIXELS * PIXELS, i % PIXELS, 1, 1, 1);
        CHECK(fabs(out64[i] - exp(-distance / 3)) < 1e-14);
    }
    /* A band no step wide is the pixels beside another label. */
    CHECK(segloss_map_weights("band(theta=0, weight=4, border=keep)", 1, &from, NULL, &to32, NULL) == 0);
    for (i = 0; i < BATCH * PIXELS; i += 3) {
        distance = distance_at(labels64 + i / PIXELS * PIXELS, i % PIXELS, 1, 1, 1);
        CHECK(out32[i] == (distance == 1 ? 4 : 1));
    }
}

static void classes_are_counted(void) {
    DLTensor from = segloss_tensor(labels64, SEGLOSS_INT64, shape, 4);
    DLTensor of_mask = segloss_tensor(binary, SEGLOSS_INT64, shape, 4);
    uint64_t counts[4] = {9, 9, 9, 9}, expected[4] = {0}, pair[2], absent[3] = {1000, 100, 0};
    double weights[4], raw[4], sum = 0;
    segloss_masks masks = SEGLOSS_MASKS_INIT;
    segloss_statistics found;
    const DLTensor *all[] = {&from, &from}, *both[] = {&of_mask, &of_mask};
    char loss[200], reason[200];
    int i;
    for (i = 0; i < BATCH * PIXELS; i++) expected[labels64[i]]++;
    CHECK(segloss_class_counts(&from, NULL, NULL, counts, 4) == 0);
    CHECK(memcmp(counts, expected, sizeof counts) == 0);
    CHECK(segloss_class_counts(&from, NULL, counts, counts, 4) == 0);
    for (i = 0; i < 4; i++) CHECK(counts[i] == 2 * expected[i]);
    segloss_call index = SEGLOSS_CALL_INIT;
    index.ignore = SEGLOSS_IGNORE_INDEX;
    CHECK(segloss_class_counts(&from, &index, NULL, counts, 4) == 0 && counts[0] == 0);
    CHECK(segloss_class_weights(expected, 4, SEGLOSS_ABSENT_SOURCE, weights) == 0);
    for (i = 0; i < 4; i++) sum += raw[i] = BATCH * PIXELS / (4.0 * (double)expected[i] + 1e-6);
    for (i = 0; i < 4; i++) CHECK(fabs(weights[i] - 4 * raw[i] / sum) < 1e-12);
    CHECK(segloss_class_weights(absent, 3, 0, weights) == 0 && weights[2] == 1);
    CHECK(fabs(weights[0] - 2.0 / 11) < 1e-8 && fabs(weights[1] - 20.0 / 11) < 1e-8);
    CHECK(segloss_class_weights(absent, 3, SEGLOSS_ABSENT_ZERO, weights) == 0 && weights[2] == 0);
    CHECK(segloss_class_weights(absent, 3, SEGLOSS_ABSENT_SOURCE, weights) == 0 && weights[2] > 2.9999);

    masks.targets = both, masks.target_count = 2;
    CHECK(segloss_statistics_of(&masks, &found, pair, 2, NULL) == 0);
    CHECK(found.images == 2 * BATCH && found.pixels == 2 * BATCH * PIXELS && found.present == 2);
    CHECK(pair[0] == 2 * expected[0] && pair[0] + pair[1] == found.pixels);
    CHECK(found.objects > 0 && found.small_share == (double)found.small_objects / (double)found.objects);
    CHECK(found.boundary_share > 0 && found.mean_size == (double)pair[1] / (double)found.objects);
    masks.targets = all;
    CHECK(segloss_statistics_of(&masks, &found, pair, 2, NULL) == SEGLOSS_RESULT_BAD_TARGET);
    masks.link = SEGLOSS_LINK_SOFTMAX, masks.classes = 4;
    CHECK(segloss_statistics_of(&masks, &found, NULL, 0, NULL) == 0 && found.present == 4);
    CHECK(segloss_recommend(&masks, "recall", loss, sizeof loss, reason, sizeof reason, NULL) == 0);
    CHECK(strcmp(loss, "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)") == 0);
    CHECK(strstr(reason, "medical imaging: ") == reason);
    CHECK(segloss_recommend(&masks, "speed", NULL, 0, NULL, 0, NULL) == 0);

    REFUSES(segloss_class_counts(NULL, NULL, NULL, counts, 4), NULL_POINTER, "`targets`");
    REFUSES(segloss_class_counts(&from, NULL, NULL, NULL, 4), NULL_POINTER, "`counts`");
    {
        /* A list of what is ignored is apart from the counts, as targets are. */
        uint64_t own[4] = {0};
        index.ignore = SEGLOSS_IGNORE_INDICES, index.ignore_index = 0;
        index.ignore_indices = (const int64_t *)own, index.ignore_index_count = 2;
        REFUSES(segloss_class_counts(&from, &index, NULL, own, 4), OVERLAP, "`call.ignore_indices`");
        index.ignore_indices = NULL, index.ignore_index_count = 0;
    }
    index.ignore = 5;
    REFUSES(segloss_class_counts(&from, &index, NULL, counts, 4), UNSUPPORTED_OPTION, "`call.ignore` is 5");
    index.ignore = 0, index.write = 1;
    REFUSES(segloss_class_counts(&from, &index, NULL, counts, 4), UNSUPPORTED_OPTION, "`call.write`");
    REFUSES(segloss_class_counts(&from, NULL, NULL, counts, 2), BAD_TARGET, "label");
    REFUSES(segloss_class_counts(&from, NULL, NULL, (uint64_t *)labels64, 4), OVERLAP, "`counts`");
    REFUSES(segloss_class_counts(&from, NULL, NULL, counts, 0), BAD_LENGTH, "`counts`");
    REFUSES(segloss_class_weights(NULL, 4, 0, weights), NULL_POINTER, "`counts`");
    REFUSES(segloss_class_weights(counts, 4, 0, NULL), NULL_POINTER, "`weights`");
    REFUSES(segloss_class_weights(counts, 4, 3, weights), UNSUPPORTED_OPTION, "`absent` is 3");
    REFUSES(segloss_class_weights(counts, 4, 0, (double *)counts), OVERLAP, "`weights`");
    memset(counts, 0, sizeof counts);
    REFUSES(segloss_class_weights(counts, 4, 0, weights), NOTHING_TO_LEARN, "no pixel");
    REFUSES(segloss_statistics_of(NULL, &found, NULL, 0, NULL), NULL_POINTER, "`masks`");
    REFUSES(segloss_statistics_of(&masks, NULL, NULL, 0, NULL), NULL_POINTER, "`statistics`");
    REFUSES(segloss_statistics_of(&masks, &found, counts, 3, NULL), BAD_LENGTH, "`counts` has 3");
    masks.classes = 3;
    REFUSES(segloss_statistics_of(&masks, &found, NULL, 0, NULL), BAD_TARGET, "label");
    masks.classes = SIZE_MAX;
    REFUSES(segloss_statistics_of(&masks, &found, NULL, 0, NULL), BAD_LENGTH, "2 to 2^24");
    masks.link = 0;
    REFUSES(segloss_statistics_of(&masks, &found, NULL, 0, NULL), BAD_LENGTH, "`masks.classes`");
    masks.classes = 2, masks.reserved = 1;
    REFUSES(segloss_statistics_of(&masks, &found, NULL, 0, NULL), UNSUPPORTED_OPTION, "reserved");
    masks.reserved = 0, masks.targets = NULL;
    REFUSES(segloss_statistics_of(&masks, &found, NULL, 0, NULL), NULL_POINTER, "`masks.targets`");
    masks.target_count = 0;
    CHECK(segloss_statistics_of(&masks, &found, NULL, 0, NULL) == 0 && isnan(found.balance));
    REFUSES(segloss_recommend(&masks, "balanced", loss, 1, NULL, 0, NULL), NOTHING_TO_LEARN, "no pixel");
    REFUSES(segloss_recommend(&masks, NULL, loss, 1, NULL, 0, NULL), NULL_POINTER, "`priority`");
    REFUSES(segloss_recommend(&masks, "fast", loss, 1, NULL, 0, NULL), BAD_TEXT, "expected one of");
    REFUSES(segloss_recommend(NULL, "speed", loss, 1, NULL, 0, NULL), NULL_POINTER, "`masks`");
}

static void mistakes_are_told(void) {
    static const double by = 2;
    int64_t other_shape[] = {BATCH, 1, HEIGHT, 1}, wide[] = {BATCH, 2, HEIGHT, WIDTH / 2};
    int64_t apart[] = {PIXELS, PIXELS, 1, HEIGHT};
    segloss_call call = SEGLOSS_CALL_INIT;
    DLTensor from = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    DLTensor to = segloss_tensor(out32, SEGLOSS_FLOAT32, shape, 4);
    DLTensor to8 = segloss_tensor(out8, SEGLOSS_UINT8, shape, 4);
    REFUSES(segloss_map_weights(NULL, 0, &from, NULL, &to, NULL), NULL_POINTER, "`text`");
    REFUSES(segloss_map_weights("band", 0, NULL, NULL, &to, NULL), NULL_POINTER, "`targets`");
    REFUSES(segloss_map_weights("band", 0, &from, NULL, NULL, NULL), NULL_POINTER, "`out`");
    REFUSES(segloss_map_weights("bend", 0, &from, NULL, &to, NULL), BAD_TEXT, "`band`");
    REFUSES(segloss_map_weights("band(theta=-1)", 0, &from, NULL, &to, NULL), BAD_TEXT, "at 12");
    REFUSES(segloss_map_weights("band", 2, &from, NULL, &to, NULL), UNSUPPORTED_OPTION, "`link` is 2");
    REFUSES(segloss_map_weights("band", 0, &from, NULL, &to8, NULL), UNSUPPORTED_DTYPE, "`out`");
    REFUSES(segloss_distance(3, 0, &from, NULL, &to, NULL), UNSUPPORTED_OPTION, "`distance` is 3");
    REFUSES(segloss_distance(0, 0, NULL, NULL, &to, NULL), NULL_POINTER, "`targets`");
    REFUSES(segloss_distance(0, 0, &from, NULL, NULL, NULL), NULL_POINTER, "`out`");
    REFUSES(segloss_distance(0, 0, &from, NULL, &to8, NULL), UNSUPPORTED_DTYPE, "`out`");
    call.scale = &by;
    REFUSES(segloss_distance(0, 0, &from, &call, &to, NULL), UNSUPPORTED_OPTION, "`call.scale`");
    call.scale = NULL, call.spacing = &by, call.spacing_count = 1;
    REFUSES(segloss_distance(0, 0, &from, &call, &to, NULL), BAD_LENGTH, "`spacing` is for 1 axes");
    to.shape = other_shape;
    REFUSES(segloss_distance(0, 0, &from, NULL, &to, NULL), BAD_SHAPE, "`out` has shape 2x1x13x1");
    to.shape = shape, to.strides = apart;
    REFUSES(segloss_distance(0, 0, &from, NULL, &to, NULL), BAD_STRIDES, "packed");
    to.strides = NULL, from.shape = to.shape = wide;
    REFUSES(segloss_distance(0, 1, &from, NULL, &to, NULL), BAD_SHAPE, "expected 2x1x13x35");
    from.shape = to.shape = shape, to.data = mask;
    REFUSES(segloss_distance(0, 0, &from, NULL, &to, NULL), OVERLAP, "`out` shares memory");
    REFUSES(segloss_dilate(NULL, 0, 1, &to8, NULL), NULL_POINTER, "`targets`");
    REFUSES(segloss_dilate(&from, 0, 1, NULL, NULL), NULL_POINTER, "`out`");
    REFUSES(segloss_dilate(&from, 2, 1, &to8, NULL), UNSUPPORTED_OPTION, "`element` is 2");
    REFUSES(segloss_erode(NULL, 0, 0, 1, &to8, NULL), NULL_POINTER, "`targets`");
    REFUSES(segloss_erode(&from, 0, 0, 1, NULL, NULL), NULL_POINTER, "`out`");
    REFUSES(segloss_erode(&from, 0, 2, 1, &to8, NULL), UNSUPPORTED_OPTION, "`border` is 2");
}

int main(void) {
    int i;
    for (i = 0; i < BATCH * PIXELS; i++) {
        /* Patches, so that there are insides. */
        int y = i / WIDTH / 4, x = i % WIDTH / 5;
        labels64[i] = (y * 7 + x * 5 + y * x) % 4;
        binary[i] = labels64[i] != 0;
        mask[i] = (uint8_t)(labels64[i] > 1 || noise() < 0.05);
    }
    morphology_agrees();
    distances_agree();
    weights_agree();
    classes_are_counted();
    mistakes_are_told();
    return finish();
}
