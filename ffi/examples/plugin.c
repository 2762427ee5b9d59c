/* Two terms of one's own: squared error of each pixel, and Jaccard's loss of regions. */

#include <math.h>
#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>

/* scale (p - y)^2; its derivative in the logit is 2 scale (p - y) p q. */
static void squared_error(void *context, const double *parameters, const segloss_pixel_tile_f64 *tile,
                          double *value, double *slope) {
    uint32_t i;
    (void)context;
    for (i = 0; i < tile->count; i++) {
        double error = tile->p[i] - tile->y[i];
        value[i] = parameters[0] * error * error;
        slope[i] = 2 * parameters[0] * error * tile->p[i] * tile->q[i];
    }
}

/* The mean over classes of (FP + FN) / (TP + FP + FN). */
static void jaccard(void *context, const double *parameters, const segloss_region_sums *region,
                    double *value, double *slope) {
    size_t k;
    (void)context, (void)parameters;
    *value = *slope = 0;
    for (k = 0; k < region->classes; k++) {
        double tp = region->sums[3 * k], fp = region->sums[3 * k + 1], fn = region->sums[3 * k + 2];
        double hit = tp + 1e-6, all = hit + fp + fn;
        *value += (fp + fn) / all / (double)region->classes;
        if (k != region->seed_class) continue;
        if (region->seed == SEGLOSS_REGION_SEED_FALSE_POSITIVE)
            *slope = hit / (all * all) / (double)region->classes;
        if (region->seed == SEGLOSS_REGION_SEED_FALSE_NEGATIVE)
            *slope = 1 / all / (double)region->classes;
    }
}

static void check(segloss_result result) {
    char message[1024];
    if (result != SEGLOSS_RESULT_OK) {
        segloss_last_message(message, sizeof message);
        fprintf(stderr, "%s: %s\n", segloss_result_name(result), message);
        exit(EXIT_FAILURE);
    }
}

int main(void) {
    float logits[] = {2, -1, 0.5f, -3}, gradient[4];
    uint8_t mask[] = {1, 0, 1, 0};
    int64_t shape[] = {1, 1, 2, 2};
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    DLTensor dz = segloss_tensor(gradient, SEGLOSS_FLOAT32, shape, 4);
    segloss_parameter scale = {"scale", 1, 0, HUGE_VAL};
    segloss_pixel_term pixel = SEGLOSS_PIXEL_TERM_INIT;
    segloss_region_term region = SEGLOSS_REGION_TERM_INIT;
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_plugin *plugins[2];
    segloss_loss *loss;
    double value;

    pixel.name = "squared_error", pixel.tile_f64 = squared_error;
    pixel.parameters = &scale, pixel.parameter_count = 1;
    region.name = "my_jaccard", region.loss = jaccard;
    check(segloss_plugin_pixel(&pixel, &plugins[0]));
    check(segloss_plugin_region(&region, &plugins[1]));
    options.plugins = (const segloss_plugin *const *)plugins, options.plugin_count = 2;
    check(segloss_loss_new("0.5*bce + squared_error(scale=2) + my_jaccard", SEGLOSS_LINK_SIGMOID,
                           &options, &loss));
    outputs.value = &value, outputs.gradient = &dz;
    check(segloss_evaluate(loss, &z, &y, NULL, &outputs, NULL));
    printf("%.6f\n", value);
    segloss_loss_free(loss);
    segloss_plugin_free(plugins[0]);
    segloss_plugin_free(plugins[1]);
    return 0;
}
