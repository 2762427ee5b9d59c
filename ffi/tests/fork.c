/* A loss with threads, and one without, in a process that is forked after their first call. */

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

enum { PIXELS = 3 * SEGLOSS_SEGMENT };

static float logits[PIXELS], gradient[PIXELS], expected[PIXELS];
static uint8_t mask[PIXELS];

static double evaluate(const segloss_loss *loss, float *out) {
    int64_t shape[] = {1, 1, PIXELS};
    DLTensor z = segloss_tensor(logits, SEGLOSS_FLOAT32, shape, 3);
    DLTensor y = segloss_tensor(mask, SEGLOSS_UINT8, shape, 3);
    DLTensor dz = segloss_tensor(out, SEGLOSS_FLOAT32, shape, 3);
    segloss_outputs outputs = SEGLOSS_OUTPUTS_INIT;
    double value = -1;
    outputs.value = &value, outputs.gradient = &dz;
    CHECK(segloss_evaluate(loss, &z, &y, NULL, &outputs, NULL) == 0);
    return value;
}

int main(void) {
    segloss_loss_options options = SEGLOSS_LOSS_OPTIONS_INIT;
    segloss_loss *loss;
    size_t i;
    for (i = 0; i < COUNT(logits); i++) logits[i] = (float)(12 * noise() - 6), mask[i] = noise() < 0.2;
    for (options.threads = 1; options.threads < 4; options.threads++) {
        double value;
        int status = 0;
        pid_t child;
        CHECK(segloss_loss_new("0.5*bce + 0.5*dice", SEGLOSS_LINK_SIGMOID, &options, &loss) == 0);
        value = evaluate(loss, expected);
        child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            /* Waiting for threads that are not there would be for ever. */
            alarm(60);
            CHECK(evaluate(loss, gradient) == value);
            CHECK(memcmp(gradient, expected, sizeof gradient) == 0);
            segloss_loss_free(loss);
            CHECK(segloss_loss_new("bce", SEGLOSS_LINK_SIGMOID, &options, &loss) == 0);
            evaluate(loss, gradient);
            segloss_loss_free(loss);
            _exit(finish());
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK(evaluate(loss, gradient) == value);
        segloss_loss_free(loss);
    }
    return finish();
}
