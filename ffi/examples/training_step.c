#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 64, PIXELS = SIDE * SIDE };

static void check(segloss_result result) {
    char message[1024];
    if (result != SEGLOSS_RESULT_OK) {
        segloss_last_message(message, sizeof message);
        fprintf(stderr, "%s: %s\n", segloss_result_name(result), message);
        exit(EXIT_FAILURE);
    }
}

int main(void) {
    static float image[PIXELS], logits[PIXELS], gradient[PIXELS];
    static uint8_t mask[PIXELS];
    int64_t shape[] = {1, 1, SIDE, SIDE}; /* batch, channels, height, width */
    const DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    const DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    const DLTensor dz = segloss_tensor(gradient, SEGLOSS_FLOAT32, shape, 4);
    float weight = 0, bias = 0; /* the model: logit = weight * pixel + bias */
    segloss_loss *loss;
    segloss_workspace *workspace;
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    double value = 0;
    int i, step;

    for (i = 0; i < PIXELS; i++) {
        const int v = i / SIDE - 20, u = i % SIDE - 30;
        mask[i] = v * v + u * u < 100;
        image[i] = (mask[i] ? 0.8f : 0.3f) + 0.001f * (float)(i * 7919 % 200);
    }
    check(segloss_loss_new("0.5*bce + 0.5*dice", SEGLOSS_LINK_SIGMOID, NULL, &loss));
    check(segloss_workspace_new(&workspace));
    outputs.value = &value;
    outputs.gradient = &dz;
    for (step = 0; step < 200; step++) {
        float dweight = 0, dbias = 0;
        for (i = 0; i < PIXELS; i++) logits[i] = weight * image[i] + bias;
        check(segloss_evaluate(loss, &z, &y, NULL, &outputs, workspace));
        for (i = 0; i < PIXELS; i++) {
            dweight += gradient[i] * image[i]; /* the model's own backward pass */
            dbias += gradient[i];
        }
        weight -= 20 * dweight;
        bias -= 20 * dbias;
        if (step % 50 == 0) printf("step %3d: %.4f\n", step, value);
    }
    printf("step %3d: %.4f\n", step, value);
    segloss_workspace_free(workspace);
    segloss_loss_free(loss);
    return value < 0.1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
