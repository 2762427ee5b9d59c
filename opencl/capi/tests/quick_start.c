#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <segloss_opencl.h>
#include <stdio.h>

#define TRY(call)                                              \
    if ((call) != SEGLOSS_CL_RESULT_OK) {                      \
        char text[1024];                                       \
        segloss_cl_last_message(text, sizeof text);            \
        fprintf(stderr, "%s\n", text);                         \
        return 1;                                              \
    }

int main(void) {
    segloss_cl_evaluator *evaluator;
    TRY(segloss_cl_evaluator_new("", "", &evaluator));
    cl_context context = segloss_cl_evaluator_context(evaluator);
    cl_command_queue queue = segloss_cl_evaluator_queue(evaluator);

    float logits[4] = {0}, gradient[4];
    unsigned char targets[4] = {0, 0, 1, 1};
    cl_mem_flags copy = CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR;
    cl_mem z_memory = clCreateBuffer(context, copy, sizeof logits, logits, NULL);
    cl_mem y_memory = clCreateBuffer(context, copy, sizeof targets, targets, NULL);
    cl_mem g_memory = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof gradient, NULL, NULL);

    int64_t shape[4] = {1, 1, 2, 2}; /* batch, channels, height, width */
    DLTensor z = segloss_cl_tensor(z_memory, 0, SEGLOSS_CL_FLOAT32, shape, 4);
    DLTensor y = segloss_cl_tensor(y_memory, 0, SEGLOSS_CL_UINT8, shape, 4);
    DLTensor g = segloss_cl_tensor(g_memory, 0, SEGLOSS_CL_FLOAT32, shape, 4);
    segloss_cl_loss *loss;
    TRY(segloss_cl_loss_new("0.5*bce + 0.5*dice", SEGLOSS_CL_LINK_SIGMOID, NULL, &loss));

    cl_event done; /* the gradient is there when it is complete */
    segloss_cl_pending *pending;
    TRY(segloss_cl_enqueue(evaluator, queue, loss, &z, &y, NULL, &g, 0, NULL, &done, &pending));
    double value;
    TRY(segloss_cl_pending_wait(pending, &value, NULL));
    printf("%f\n", value);

    clReleaseEvent(done);
    segloss_cl_pending_free(pending);
    segloss_cl_loss_free(loss);
    clReleaseMemObject(z_memory), clReleaseMemObject(y_memory), clReleaseMemObject(g_memory);
    segloss_cl_evaluator_free(evaluator);
}
