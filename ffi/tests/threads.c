/* Eight threads with everything that may be shared: a loss with threads of its own, one without, plugins with
 * one context, and a workspace of which one call at a time is served. Each call gives the bits of the first. */

#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include <pthread.h>

enum { THREADS = 8, ROUNDS = 12, CLASSES = 3, SIDE = 160, PIXELS = SIDE * SIDE };

static const double context = 0.5;
static float logits[CLASSES * PIXELS], expected_gradient[2][CLASSES * PIXELS];
static uint8_t labels[PIXELS];
static double expected[2];
static segloss_loss *losses[2];
static segloss_workspace *contended;

static void halves(void *own, const double *parameters, const segloss_class_tile_f64 *tile, double *value,
                   double *slope) {
    const double by = *(const double *)own;
    uint32_t i;
    (void)parameters;
    for (i = 0; i < tile->count; i++) value[i] = by * tile->q[i], slope[i] = -by * tile->p[i];
}

static segloss_result evaluate(int which, double *value, float *gradient, segloss_workspace *workspace) {
    int64_t shape[] = {1, CLASSES, SIDE, SIDE}, map[] = {1, 1, SIDE, SIDE};
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    DLTensor y = segloss_tensor(labels, SEGLOSS_UINT8, map, 4);
    DLTensor dz = segloss_tensor(gradient, SEGLOSS_FLOAT32, shape, 4);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    outputs.value = value, outputs.gradient = &dz;
    return segloss_evaluate(losses[which], &z, &y, NULL, &outputs, workspace);
}

/* The number of wrong results; what is refused must say that the workspace is in use. */
static void *run(void *number) {
    float *gradient = (float *)malloc(sizeof expected_gradient[0]);
    segloss_workspace *own = NULL;
    size_t wrong = 0;
    int round;
    wrong += segloss_workspace_new(&own) != SEGLOSS_RESULT_OK;
    for (round = 0; round < ROUNDS; round++) {
        const int which = (round + *(const int *)number) % 2, storage = round % 3;
        double value = -1;
        segloss_result result = evaluate(which, &value, gradient, storage == 0   ? NULL
                                                                  : storage == 1 ? own
                                                                                 : contended);
        char text[200];
        if (storage == 2 && result == SEGLOSS_RESULT_BUSY) {
            segloss_last_message(text, sizeof text);
            wrong += value != -1 || strstr(text, "in use") == NULL;
            continue;
        }
        wrong += result != SEGLOSS_RESULT_OK || value != expected[which] ||
                 memcmp(gradient, expected_gradient[which], sizeof expected_gradient[which]) != 0;
        segloss_loss_text(losses[which], text, sizeof text);
        wrong += strncmp(text, "0.2*ce", 6) != 0;
    }
    segloss_workspace_free(own);
    free(gradient);
    *(int *)number = (int)wrong;
    return NULL;
}

int main(void) {
    segloss_class_term term = SEGLOSS_CLASS_TERM_INIT;
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_plugin *plugin = NULL;
    pthread_t threads[THREADS];
    int numbers[THREADS], i;
    for (i = 0; i < CLASSES * PIXELS; i++) logits[i] = (float)(8 * noise() - 4);
    for (i = 0; i < PIXELS; i++) labels[i] = (uint8_t)(i / SIDE / 40 % CLASSES);
    term.name = "halves", term.tile_f64 = halves, term.context = (void *)&context;
    CHECK(segloss_plugin_class(&term, &plugin) == SEGLOSS_RESULT_OK);
    options.plugins = (const segloss_plugin *const *)&plugin, options.plugin_count = 1;
    CHECK(segloss_workspace_new(&contended) == SEGLOSS_RESULT_OK);
    for (i = 0; i < 2; i++) {
        options.threads = i == 0 ? 0 : 3;
        CHECK(segloss_loss_new("0.2*ce(weights=[1, 2, 1]) @ band + 0.5*dice + halves", 1, &options,
                               &losses[i]) == SEGLOSS_RESULT_OK);
        CHECK(evaluate(i, &expected[i], expected_gradient[i], NULL) == SEGLOSS_RESULT_OK);
    }
    CHECK(expected[0] == expected[1]);
    CHECK(memcmp(expected_gradient[0], expected_gradient[1], sizeof expected_gradient[0]) == 0);
    segloss_plugin_free(plugin);
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, run, &numbers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0 && numbers[i] == 0);
    segloss_loss_free(losses[0]), segloss_loss_free(losses[1]);
    segloss_workspace_free(contended);
    return finish();
}
