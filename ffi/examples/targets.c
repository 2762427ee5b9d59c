/* Labels of classes of which two stand for void, without the axis of channels. */

#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIXELS = 2 * 4 * 4, CLASSES = 3 };

static void check(segloss_result result) {
    char message[1024];
    if (result != SEGLOSS_RESULT_OK) {
        segloss_last_message(message, sizeof message);
        fprintf(stderr, "%s: %s\n", segloss_result_name(result), message);
        exit(EXIT_FAILURE);
    }
}

int main(void) {
    static float logits[PIXELS * CLASSES];
    static uint8_t labels[PIXELS];
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    segloss_loss *loss;
    double value;
    uint64_t valid;
    int i;

    for (i = 0; i < PIXELS; i++) labels[i] = (uint8_t)(i % 4 < 2 ? 2 * (i % 4) : 252 + i % 4);
    outputs.value = &value;
    outputs.valid = &valid;

    const int64_t ignored[] = {254, 255};
    int64_t of_logits[] = {2, 3, 4, 4}, of_labels[] = {2, 4, 4};
    const DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, of_logits, 4);
    const DLTensor y = segloss_tensor(labels, SEGLOSS_UINT8, of_labels, 3);
    segloss_call call = SEGLOSS_CALL_INIT;
    call.ignore = SEGLOSS_IGNORE_INDICES; /* of one label: SEGLOSS_IGNORE_INDEX and ignore_index */
    call.ignore_indices = ignored;
    call.ignore_index_count = 2;
    check(segloss_loss_new("ce", SEGLOSS_LINK_SOFTMAX, NULL, &loss));
    check(segloss_evaluate(loss, &z, &y, &call, &outputs, NULL));

    printf("%.6f of %d pixels\n", value, (int)valid);
    segloss_loss_free(loss);
    return 0;
}
