/* The loss of what all ranks of MPI have together, and each rank's part of its gradient:
 *
 *     mpirun -n 4 ./global_batch
 *
 * A batch whose samples are spread over ranks takes one MPI_Allreduce of a few doubles. An image whose rows
 * are spread over ranks takes its sums from rank to rank, and gives the bits of one process. Both are
 * compared here with a call on the whole, which each rank makes for itself. */

#include <math.h>
#include <mpi.h>
#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int rank, ranks;

static void check(segloss_result result) {
    char message[1024];
    if (result != SEGLOSS_RESULT_OK) {
        segloss_last_message(message, sizeof message);
        fprintf(stderr, "rank %d: %s: %s\n", rank, segloss_result_name(result), message);
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
}

static void demand(int condition, const char *what, const char *text) {
    if (!condition) {
        fprintf(stderr, "rank %d: %s: %s\n", rank, text, what);
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
}

static void *storage(size_t count, size_t size) {
    void *memory = calloc(count, size);
    demand(memory != NULL, "out of memory", "calloc");
    return memory;
}

/* The value of the batch of all ranks, and the gradient of this rank's logits, times the number of ranks if
 * gradients are to be averaged. Returns how many bytes an MPI_Allreduce had. */
static size_t evaluate_batch(const segloss_loss *loss, const DLTensor *z, const DLTensor *y,
                             segloss_call call, const DLTensor *gradient, int averaged, double *value) {
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    const double scale = averaged ? ranks : 1;
    size_t sums_length, totals_length;
    double *sums, *totals;
    check(segloss_stage_lengths(loss, z, y, &call, &sums_length, &totals_length));
    sums = storage(sums_length, sizeof *sums);
    totals = storage(totals_length, sizeof *totals);
    check(segloss_reduce(loss, z, y, &call, NULL, sums, sums_length, NULL));
    check(segloss_close(loss, z, y, &call, sums, sums_length, totals, totals_length));
    MPI_Allreduce(MPI_IN_PLACE, totals, (int)totals_length, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    call.scale = &scale;
    outputs.value = value;
    outputs.gradient = gradient;
    check(segloss_finish(loss, z, y, &call, sums, sums_length, totals, totals_length, &outputs, NULL));
    free(sums);
    free(totals);
    return totals_length * sizeof *totals;
}

/* The value of the image of all ranks, and the gradient of this rank's rows. All ranks but the last have a
 * whole number of SEGLOSS_SEGMENT pixels. */
static void evaluate_image(const segloss_loss *loss, const DLTensor *z, const DLTensor *y,
                           const DLTensor *gradient, double *value) {
    segloss_call call = SEGLOSS_CALL_INIT;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    size_t sums_length, totals_length;
    double *sums, *totals;
    check(segloss_stage_lengths(loss, z, y, &call, &sums_length, &totals_length));
    sums = storage(sums_length, sizeof *sums);
    totals = storage(totals_length, sizeof *totals);
    if (rank > 0)
        MPI_Recv(sums, (int)sums_length, MPI_DOUBLE, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    check(segloss_reduce(loss, z, y, &call, rank > 0 ? sums : NULL, sums, sums_length, NULL));
    if (rank + 1 < ranks) MPI_Send(sums, (int)sums_length, MPI_DOUBLE, rank + 1, 0, MPI_COMM_WORLD);
    MPI_Bcast(sums, (int)sums_length, MPI_DOUBLE, ranks - 1, MPI_COMM_WORLD);
    check(segloss_close(loss, z, y, &call, sums, sums_length, totals, totals_length));
    outputs.value = value;
    outputs.gradient = gradient;
    check(segloss_finish(loss, z, y, &call, sums, sums_length, totals, totals_length, &outputs, NULL));
    free(sums);
    free(totals);
}

/* The same numbers on every rank. */
static double noise(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (double)(state >> 8) / 16777216.0;
}

/* Samples of each rank, the others having 1; all pixels of one rank are ignored. */
static const int SHARDS[] = {3, 1, 4, 2};
enum { IGNORING_RANK = 1 };

static int shard(int of_rank) { return of_rank < (int)COUNT(SHARDS) ? SHARDS[of_rank] : 1; }

static double compare_batch(const char *text, segloss_link link, int64_t classes, int64_t side,
                            size_t *bytes) {
    int64_t first = 0, samples = 0;
    double *logits, *whole, *part, expected, value, largest = 0, difference = 0;
    size_t pixels = (size_t)(side * side), i, from, count;
    int64_t label_channels = link == SEGLOSS_LINK_SOFTMAX ? 1 : classes;
    uint8_t *labels;
    segloss_call call = SEGLOSS_CALL_INIT;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_loss *loss;
    int of_rank, averaged;
    call.ignore = SEGLOSS_IGNORE_INDEX, call.ignore_index = 255;
    for (of_rank = 0; of_rank < ranks; of_rank++) {
        if (of_rank < rank) first += shard(of_rank);
        samples += shard(of_rank);
    }
    count = (size_t)(samples * classes) * pixels;
    logits = storage(count, sizeof *logits), whole = storage(count, sizeof *whole);
    part = storage(count, sizeof *part), labels = storage(count, 1);
    for (i = 0; i < count; i++) logits[i] = 12 * noise() - 6;
    for (i = 0; i < (size_t)(samples * label_channels) * pixels; i++)
        labels[i] = (uint8_t)(noise() < 0.1 ? 255 : (link == SEGLOSS_LINK_SOFTMAX ? classes : 2) * noise());
    from = (size_t)shard(0) * label_channels * pixels;
    memset(labels + from, 255, (size_t)shard(IGNORING_RANK) * label_channels * pixels);
    /* Of the ignored pixels nothing is read. */
    for (i = 0; i < pixels; i++) logits[shard(0) * classes * pixels + i] = NAN;

    check(segloss_loss_new(text, link, NULL, &loss));
    {
        int64_t shape[] = {samples, classes, side, side}, label_shape[] = {samples, label_channels, side, side};
        DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT64, shape, 4);
        DLTensor y = segloss_tensor(labels, SEGLOSS_UINT8, label_shape, 4);
        DLTensor dz = segloss_tensor(whole, SEGLOSS_FLOAT64, shape, 4);
        outputs.value = &expected, outputs.gradient = &dz;
        check(segloss_evaluate(loss, &z, &y, &call, &outputs, NULL));
    }
    for (i = 0; i < count; i++) largest = fmax(largest, fabs(whole[i]));
    demand(largest > 0 && expected > 0, "nothing to compare", text);
    for (averaged = 0; averaged < 2; averaged++) {
        int64_t shape[] = {shard(rank), classes, side, side};
        int64_t label_shape[] = {shard(rank), label_channels, side, side};
        DLTensor z = segloss_tensor(logits + first * classes * pixels, SEGLOSS_FLOAT64, shape, 4);
        DLTensor y = segloss_tensor(labels + first * label_channels * pixels, SEGLOSS_UINT8, label_shape, 4);
        DLTensor dz = segloss_tensor(part, SEGLOSS_FLOAT64, shape, 4);
        size_t own = (size_t)(shard(rank) * classes) * pixels;
        *bytes = evaluate_batch(loss, &z, &y, call, &dz, averaged, &value);
        demand(fabs(value - expected) <= 1e-12 * expected, "another value than of the whole batch", text);
        for (i = 0; i < own; i++) {
            double found = part[i] / (averaged ? ranks : 1);
            difference = fmax(difference, fabs(found - whole[first * classes * pixels + i]) / largest);
        }
        demand(difference <= 1e-12, "another gradient than of the whole batch", text);
    }
    segloss_loss_free(loss);
    free(logits), free(whole), free(part), free(labels);
    return difference;
}

static void compare_image(const char *text) {
    enum { SIDE = 512, ROWS = SEGLOSS_SEGMENT / SIDE };
    /* The last rank has some rows more. */
    const int64_t rows = (int64_t)ranks * ROWS + 37, mine = rank + 1 < ranks ? ROWS : ROWS + 37;
    const size_t count = (size_t)(rows * SIDE), from = (size_t)rank * ROWS * SIDE;
    float *logits = storage(count, sizeof *logits), *whole = storage(count, sizeof *whole);
    float *part = storage(count, sizeof *part);
    uint8_t *mask = storage(count, 1);
    double expected, value;
    int64_t shape[] = {1, 1, rows, SIDE}, own[] = {1, 1, mine, SIDE};
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    DLTensor dz = segloss_tensor(whole, SEGLOSS_FLOAT32, shape, 4);
    DLTensor my_z = segloss_tensor(logits + from, SEGLOSS_FLOAT32, own, 4);
    DLTensor my_y = segloss_tensor(mask + from, SEGLOSS_UINT8, own, 4);
    DLTensor my_dz = segloss_tensor(part, SEGLOSS_FLOAT32, own, 4);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_loss *loss;
    size_t i;
    for (i = 0; i < count; i++) logits[i] = (float)(12 * noise() - 6), mask[i] = noise() < 0.2;
    check(segloss_loss_new(text, SEGLOSS_LINK_SIGMOID, NULL, &loss));
    outputs.value = &expected, outputs.gradient = &dz;
    check(segloss_evaluate(loss, &z, &y, NULL, &outputs, NULL));
    evaluate_image(loss, &my_z, &my_y, &my_dz, &value);
    demand(memcmp(&value, &expected, sizeof value) == 0, "a value of other bits", text);
    demand(memcmp(part, whole + from, (size_t)(mine * SIDE) * sizeof *part) == 0,
           "a gradient of other bits", text);
    segloss_loss_free(loss);
    free(logits), free(whole), free(part), free(mask);
}

int main(int count, char **arguments) {
    static const struct {
        const char *text;
        segloss_link link;
        int64_t classes;
    } LOSSES[] = {
        {"dice", SEGLOSS_LINK_SIGMOID, 1},
        {"tversky(fp=0.3, fn=0.7)", SEGLOSS_LINK_SIGMOID, 1},
        {"0.5*bce + 0.5*dice", SEGLOSS_LINK_SIGMOID, 1},
        {"preset:medical", SEGLOSS_LINK_SIGMOID, 3},
        {"0.5*ce + 0.5*dice", SEGLOSS_LINK_SOFTMAX, 4},
    };
    size_t i;
    MPI_Init(&count, &arguments);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    demand(ranks > 1, "start it with mpirun -n 4", arguments[0]);
    if (rank == 0)
        printf("%d ranks; bytes of the all-reduce of a step at 32 x 32 and at 256 x 256 pixels, and the largest\n"
               "difference of a gradient from one process's on the whole batch, over the largest gradient\n",
               ranks);
    for (i = 0; i < COUNT(LOSSES); i++) {
        size_t small, large;
        double difference, largest;
        compare_batch(LOSSES[i].text, LOSSES[i].link, LOSSES[i].classes, 32, &small);
        difference = compare_batch(LOSSES[i].text, LOSSES[i].link, LOSSES[i].classes, 256, &large);
        demand(small == large, "what is sent depends on the size of images", LOSSES[i].text);
        MPI_Reduce(&difference, &largest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
        if (rank == 0)
            printf("  %-24s %d classes  %4zu %4zu  %.1e\n", LOSSES[i].text, (int)LOSSES[i].classes, small, large,
                   largest);
    }
    for (i = 0; i < 3; i++) compare_image(LOSSES[i].text);
    if (rank == 0) puts("an image over all ranks: the same bits as one process\nall checks passed");
    MPI_Finalize();
    return EXIT_SUCCESS;
}
