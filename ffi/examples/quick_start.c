#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>

static void check(segloss_result result) {
    char message[1024];
    if (result != SEGLOSS_RESULT_OK) {
        segloss_last_message(message, sizeof message);
        fprintf(stderr, "%s: %s\n", segloss_result_name(result), message);
        exit(EXIT_FAILURE);
    }
}

int main(void) {
    static float logits[512 * 512], gradient[512 * 512];
    static uint8_t mask[512 * 512];
    int64_t shape[] = {1, 1, 512, 512}; /* batch, channels, height, width */
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 4);
    DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 4);
    DLTensor dz = segloss_tensor(gradient, SEGLOSS_FLOAT32, shape, 4);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_loss *loss;
    double value;

    check(segloss_loss_new("0.5*bce + 0.5*dice", SEGLOSS_LINK_SIGMOID, NULL, &loss));
    outputs.value = &value;
    outputs.gradient = &dz;
    check(segloss_evaluate(loss, &z, &y, NULL, &outputs, NULL));
    printf("%.6f\n", value);
    segloss_loss_free(loss);
    return 0;
}
