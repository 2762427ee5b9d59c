/* Calls of OpenCL that fail. Some are made to: this program's functions stand before the loader's, which
 * they call unless told to fail. */

#define _GNU_SOURCE
#include <dlfcn.h>

#include "check.h"

static cl_int buffers, launches, builds, sources, without_double;

/* The loader's function of this name. */
static void (*loader(const char *name))(void) {
    void (*function)(void) = NULL;
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(&function, &found, sizeof function);
    return function;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *status) {
    typedef cl_mem function(cl_context, cl_mem_flags, size_t, void *, cl_int *);
    if (!buffers) return ((function *)loader("clCreateBuffer"))(context, flags, size, host, status);
    if (status) *status = buffers;
    return NULL;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *all, const size_t *group,
                              cl_uint wait_count, const cl_event *wait, cl_event *event) {
    typedef cl_int function(cl_command_queue, cl_kernel, cl_uint, const size_t *, const size_t *,
                            const size_t *, cl_uint, const cl_event *, cl_event *);
    if (launches) return launches;
    return ((function *)loader("clEnqueueNDRangeKernel"))(queue, kernel, dimensions, offset, all, group,
                                                          wait_count, wait, event);
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
                      const char *options, void(CL_CALLBACK *tell)(cl_program, void *), void *with) {
    typedef cl_int function(cl_program, cl_uint, const cl_device_id *, const char *,
                            void(CL_CALLBACK *)(cl_program, void *), void *);
    if (builds) return builds;
    return ((function *)loader("clBuildProgram"))(program, count, devices, options, tell, with);
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
                                     const size_t *lengths, cl_int *status) {
    typedef cl_program function(cl_context, cl_uint, const char **, const size_t *, cl_int *);
    static const char *nonsense = "kernel void reduce() { undeclared_in_every_language = 1; }";
    function *own = (function *)loader("clCreateProgramWithSource");
    if (sources) return own(context, 1, &nonsense, NULL, status);
    return own(context, count, texts, lengths, status);
}

cl_int clGetDeviceInfo(cl_device_id device, cl_device_info request, size_t size, void *value,
                       size_t *length) {
    typedef cl_int function(cl_device_id, cl_device_info, size_t, void *, size_t *);
    cl_int status = ((function *)loader("clGetDeviceInfo"))(device, request, size, value, length);
    if (without_double && request == CL_DEVICE_EXTENSIONS && value && size) {
        char *found = strstr(value, "cl_khr_fp64");
        if (found) memcpy(found, "cl_khr_none", 11);
    }
    return status;
}

static cl_mem logits, targets;
static int64_t shape[] = {1, 1, 8};
static DLTensor z, y;
static segloss_cl_pending *pending;

static segloss_cl_result enqueue(place own, const segloss_cl_loss *loss, cl_event wait) {
    return segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, NULL, wait ? 1 : 0,
                              wait ? &wait : NULL, NULL, &pending);
}

static void failing_calls(place own) {
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    sources = 1;
    REFUSES(enqueue(own, loss, NULL), BUILD_FAILED, "undeclared_in_every_language");
    sources = 0;
    /* Without a log, and not because of the program. */
    builds = CL_BUILD_PROGRAM_FAILURE;
    REFUSES(enqueue(own, loss, NULL), BUILD_FAILED, "did not build");
    builds = CL_OUT_OF_HOST_MEMORY;
    REFUSES(enqueue(own, loss, NULL), OUT_OF_MEMORY, "build a program");
    builds = 0;
    /* What failed once is not kept. */
    OK(enqueue(own, loss, NULL));
    OK(segloss_cl_pending_wait(pending, NULL, NULL));
    segloss_cl_pending_free(pending), pending = NULL;

    buffers = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    REFUSES(enqueue(own, loss, NULL), OUT_OF_MEMORY, "allocate device memory");
    buffers = 0, launches = CL_OUT_OF_RESOURCES;
    REFUSES(enqueue(own, loss, NULL), OUT_OF_MEMORY, "launch a kernel");
    launches = CL_DEVICE_NOT_AVAILABLE;
    REFUSES(enqueue(own, loss, NULL), DEVICE_LOST, "launch a kernel");
    launches = CL_INVALID_KERNEL_ARGS;
    REFUSES(enqueue(own, loss, NULL), OPEN_CL_FAILED, "launch a kernel");
    /* A number that OpenCL does not know. */
    launches = -4242;
    REFUSES(enqueue(own, loss, NULL), OPEN_CL_FAILED, "status -4242");
    launches = 0;
    CHECK(pending == NULL);
    OK(enqueue(own, loss, NULL));
    OK(segloss_cl_pending_wait(pending, NULL, NULL));
    segloss_cl_pending_free(pending), pending = NULL;
    segloss_cl_loss_free(loss);
}

/* What is waited for fails. */
static void failed_event(place own) {
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    cl_int status;
    cl_event gate = clCreateUserEvent(own.context, &status);
    OK(enqueue(own, loss, gate));
    CHECK(clSetUserEventStatus(gate, -1) == CL_SUCCESS);
    REFUSES(segloss_cl_pending_wait(pending, NULL, NULL), DEVICE_LOST, "evaluate the loss");
    segloss_cl_pending_free(pending), pending = NULL;
    clReleaseEvent(gate), segloss_cl_loss_free(loss);
}

static void no_double(void) {
    without_double = 1;
    place own = place_new();
    without_double = 0;
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    int64_t half[] = {1, 1, 4};
    DLTensor doubles = segloss_cl_tensor(logits, 0, SEGLOSS_CL_FLOAT64, half, 3);
    y.shape = half;
    REFUSES(segloss_cl_prepare(own.evaluator, loss, &doubles, &y, NULL), NO_DOUBLE, "f64");
    y.shape = shape;
    segloss_cl_loss_free(loss);
    place_free(own);
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) { /* run without a driver */
        segloss_cl_evaluator *evaluator = NULL;
        REFUSES(segloss_cl_evaluator_new("", "", &evaluator), NO_PLATFORM, "install a driver");
        return finish();
    }
    static const float numbers[8] = {0};
    place own = place_new();
    logits = buffer_new(own.context, sizeof numbers, numbers);
    targets = buffer_new(own.context, 8, numbers);
    z = segloss_cl_tensor(logits, 0, SEGLOSS_CL_FLOAT32, shape, 3);
    y = segloss_cl_tensor(targets, 0, SEGLOSS_CL_UINT8, shape, 3);
    failing_calls(own);
    no_double();
    failed_event(own);
    clReleaseMemObject(logits), clReleaseMemObject(targets);
    place_free(own);
    return finish();
}
