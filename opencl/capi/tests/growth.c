/* Many evaluations take no more memory than a few, on the host or on the device. */

#include <unistd.h>

#include "check.h"

enum { WARM_UP = 2000, EVALUATIONS = 10000, PIXELS = 64 };

/* Bytes of memory that the process holds. */
static long resident(void) {
    long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2);
    if (file) fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Every buffer, queue, program and event that is alive holds a share of its context. */
static cl_uint shares(cl_context context) {
    cl_uint count = 0;
    CHECK(clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof count, &count, NULL) ==
          CL_SUCCESS);
    return count;
}

int main(void) {
    place own = place_new();
    cl_command_queue queue = queue_new(own, 0);
    float logits[PIXELS], gradient[PIXELS];
    uint8_t targets[PIXELS];
    for (int i = 0; i < PIXELS; i++) logits[i] = (float)(i - 32) / 8, targets[i] = (uint8_t)(i & 1);
    cl_mem z_memory = buffer_new(own.context, sizeof logits, logits);
    cl_mem y_memory = buffer_new(own.context, sizeof targets, targets);
    cl_mem g_memory = buffer_new(own.context, sizeof logits, logits);
    int64_t shape[] = {1, 1, 8, 8};
    DLTensor z = segloss_cl_tensor(z_memory, 0, SEGLOSS_CL_FLOAT32, shape, 4);
    DLTensor y = segloss_cl_tensor(y_memory, 0, SEGLOSS_CL_UINT8, shape, 4);
    DLTensor g = segloss_cl_tensor(g_memory, 0, SEGLOSS_CL_FLOAT32, shape, 4);

    double first = 0;
    long before = 0;
    cl_uint shares_before = 0;
    for (int i = 0; i < WARM_UP + EVALUATIONS; i++) {
        if (i == WARM_UP) before = resident(), shares_before = shares(own.context);
        /* The loss anew each time: its program is found again. */
        segloss_cl_loss *loss = loss_new("0.5*bce + 0.5*dice", SEGLOSS_CL_LINK_SIGMOID);
        segloss_cl_pending *pending = NULL;
        cl_event done = NULL;
        OK(segloss_cl_enqueue(own.evaluator, queue, loss, &z, &y, NULL, &g, 0, NULL, &done, &pending));
        double value = 0;
        if (i % 4) {
            CHECK(clWaitForEvents(1, &done) == CL_SUCCESS);
        } else {
            OK(segloss_cl_pending_wait(pending, &value, NULL));
            if (i == 0) first = value;
            CHECK(value == first);
        }
        clReleaseEvent(done);
        segloss_cl_pending_free(pending);
        segloss_cl_loss_free(loss);
    }
    read_after(queue, g_memory, sizeof gradient, gradient, NULL);
    long grown = resident() - before;
    printf("%ld bytes more after %d evaluations, %u and %u shares of the context\n", grown, EVALUATIONS,
           shares_before, shares(own.context));
    /* A hundred bytes an evaluation would be 1 MB. */
    CHECK(grown < 1000000);
    /* A driver's own threads put things away a little later; one an evaluation would be 10000. */
    CHECK(shares(own.context) < shares_before + 100);
    clReleaseMemObject(z_memory), clReleaseMemObject(y_memory), clReleaseMemObject(g_memory);
    clReleaseCommandQueue(queue);
    place_free(own);
    return finish();
}
