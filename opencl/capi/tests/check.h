/* What the C tests have in common: checks that are counted, a device, buffers. */

#ifndef SEGLOSS_CL_TEST_CHECK_H
#define SEGLOSS_CL_TEST_CHECK_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <math.h>
#include <segloss_opencl.h>

#define LAST_MESSAGE segloss_cl_last_message
#define RESULT(code) SEGLOSS_CL_RESULT_##code
#include "../../../tests/c/check.h"

#define OK(call) CHECK((call) == SEGLOSS_CL_RESULT_OK)

/* A program's own context, of a device that it has found. */
typedef struct {
    cl_device_id device;
    cl_context context;
    segloss_cl_evaluator *evaluator;
} place;

static inline place place_new(void) {
    place own = {NULL, NULL, NULL};
    cl_platform_id platform = NULL;
    cl_int status = clGetPlatformIDs(1, &platform, NULL);
    CHECK(status == CL_SUCCESS);
    status = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &own.device, NULL);
    CHECK(status == CL_SUCCESS);
    /* Without properties. */
    own.context = clCreateContext(NULL, 1, &own.device, NULL, NULL, &status);
    CHECK(status == CL_SUCCESS);
    OK(segloss_cl_evaluator_within(own.context, own.device, &own.evaluator));
    if (failures) exit(EXIT_FAILURE);
    return own;
}

static inline void place_free(place own) {
    segloss_cl_evaluator_free(own.evaluator);
    CHECK(clReleaseContext(own.context) == CL_SUCCESS);
}

static inline cl_command_queue queue_new(place own, cl_command_queue_properties properties) {
    cl_int status;
    cl_command_queue queue = clCreateCommandQueue(own.context, own.device, properties, &status);
    CHECK(status == CL_SUCCESS);
    return queue;
}

/* A buffer that holds a copy of `data`. */
static inline cl_mem buffer_new(cl_context context, size_t bytes, const void *data) {
    cl_int status;
    cl_mem_flags flags = CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR;
    cl_mem memory = clCreateBuffer(context, flags, bytes, (void *)(uintptr_t)data, &status);
    CHECK(status == CL_SUCCESS);
    return memory;
}

static inline void read_after(cl_command_queue queue, cl_mem memory, size_t bytes, void *data,
                              cl_event after) {
    CHECK(clEnqueueReadBuffer(queue, memory, CL_TRUE, 0, bytes, data, after ? 1 : 0,
                              after ? &after : NULL, NULL) == CL_SUCCESS);
}

static inline segloss_cl_loss *loss_new(const char *text, int32_t link) {
    segloss_cl_loss *loss = NULL;
    OK(segloss_cl_loss_new(text, link, NULL, &loss));
    return loss;
}

static inline double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* Binary cross-entropy of one logit. */
static inline double bce(double z, double y) { return fmax(z, 0) - y * z + log1p(exp(-fabs(z))); }

static inline int near(double own, double expected, double tolerance) {
    return fabs(own - expected) <= tolerance * fmax(1, fabs(expected));
}

#endif
