/* A program with its own context, queues, buffers and events. It never calls clFinish. */

#include <time.h>

#include "check.h"

enum { PIXELS = 6, LOGITS_AT = 3, TARGETS_AT = 5, GRADIENT_AT = 2, AROUND = 16 };

static const float LOGITS[PIXELS] = {0.5f, -1.25f, 3, -0.0625f, 2.5f, -4};
static const uint8_t TARGETS[PIXELS] = {1, 0, 1, 1, 0, 0};

/* The mean over all pixels, and the gradient of one of them. */
static double bce_of_all(void) {
    double sum = 0;
    for (int i = 0; i < PIXELS; i++) sum += bce(LOGITS[i], TARGETS[i]);
    return sum / PIXELS;
}

static double slope(int i) { return (sigmoid(LOGITS[i]) - TARGETS[i]) / PIXELS; }

static cl_uint memory_shares(cl_mem memory) {
    cl_uint count = 0;
    CHECK(clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof count, &count, NULL) ==
          CL_SUCCESS);
    return count;
}

/* A queue of either kind, whose first command waits for the program. */
static void queue_of_the_program(place own, cl_command_queue_properties properties) {
    cl_command_queue queue = queue_new(own, properties);
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    float nothing[AROUND], gradient[AROUND];
    for (int i = 0; i < AROUND; i++) nothing[i] = 77;
    uint8_t targets_around[AROUND] = {0};
    memcpy(targets_around + TARGETS_AT, TARGETS, sizeof TARGETS);
    cl_mem logits_memory = buffer_new(own.context, sizeof nothing, nothing);
    cl_mem targets_memory = buffer_new(own.context, sizeof targets_around, targets_around);
    cl_mem gradient_memory = buffer_new(own.context, sizeof nothing, nothing);
    cl_uint shares = memory_shares(logits_memory);

    int64_t shape[] = {1, 1, 2, 3};
    DLTensor z = segloss_cl_tensor(logits_memory, LOGITS_AT * sizeof(float), SEGLOSS_CL_FLOAT32, shape, 4);
    DLTensor y = segloss_cl_tensor(targets_memory, TARGETS_AT, SEGLOSS_CL_UINT8, shape, 4);
    DLTensor g = segloss_cl_tensor(gradient_memory, GRADIENT_AT * sizeof(float), SEGLOSS_CL_FLOAT32, shape, 4);
    double scale = 2;
    segloss_cl_call call = SEGLOSS_CL_CALL_INIT;
    call.scale = &scale;
    OK(segloss_cl_prepare(own.evaluator, loss, &z, &y, &call));

    /* The logits arrive when the gate opens, and the evaluation is to wait for them. */
    cl_int status;
    cl_event gate = clCreateUserEvent(own.context, &status), written = NULL, done = NULL;
    CHECK(status == CL_SUCCESS);
    CHECK(clEnqueueWriteBuffer(queue, logits_memory, CL_FALSE, LOGITS_AT * sizeof(float),
                               sizeof LOGITS, LOGITS, 1, &gate, &written) == CL_SUCCESS);
    segloss_cl_pending *pending = NULL;
    OK(segloss_cl_enqueue(own.evaluator, queue, loss, &z, &y, &call, &g, 1, &written, &done,
                          &pending));
    CHECK(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL) ==
          CL_SUCCESS);
    CHECK(status != CL_COMPLETE);

    /* The value by an event: nothing blocks until the program asks. */
    uint64_t report[SEGLOSS_CL_REPORT_LENGTH];
    cl_event told = NULL;
    CHECK(clEnqueueReadBuffer(queue, segloss_cl_pending_report(pending), CL_FALSE, 0, sizeof report,
                              report, 1, &done, &told) == CL_SUCCESS);
    CHECK(clFlush(queue) == CL_SUCCESS);
    CHECK(clSetUserEventStatus(gate, CL_COMPLETE) == CL_SUCCESS);
    CHECK(clWaitForEvents(1, &told) == CL_SUCCESS);
    double value = 0, again = 0;
    uint64_t valid = 0;
    OK(segloss_cl_pending_interpret(pending, report, &value, &valid));
    CHECK(near(value, bce_of_all(), 1e-6) && valid == PIXELS);
    OK(segloss_cl_pending_wait(pending, &again, NULL));
    CHECK(again == value);

    read_after(queue, gradient_memory, sizeof gradient, gradient, done);
    for (int i = 0; i < AROUND; i++) {
        int pixel = i - GRADIENT_AT, inside = pixel >= 0 && pixel < PIXELS;
        CHECK(inside ? near(gradient[i], scale * slope(pixel), 1e-6) : gradient[i] == 77);
    }

    /* Added to what is there, once more. */
    call.write = SEGLOSS_CL_WRITE_MODE_ACCUMULATE;
    segloss_cl_pending_free(pending);
    clReleaseEvent(written), clReleaseEvent(told), clReleaseEvent(gate);
    cl_event first = done;
    OK(segloss_cl_enqueue(own.evaluator, queue, loss, &z, &y, &call, &g, 1, &first, &done, &pending));
    read_after(queue, gradient_memory, sizeof gradient, gradient, done);
    for (int i = 0; i < PIXELS; i++)
        CHECK(near(gradient[GRADIENT_AT + i], 2 * scale * slope(i), 1e-6));

    segloss_cl_pending_free(pending);
    segloss_cl_loss_free(loss);
    clReleaseEvent(first), clReleaseEvent(done);
    /* Nothing of the program's is kept, once a driver's own threads have put it away. */
    struct timespec moment = {0, 10000000};
    for (int i = 0; i < 1000 && memory_shares(logits_memory) != shares; i++) nanosleep(&moment, NULL);
    CHECK(memory_shares(logits_memory) == shares);
    clReleaseMemObject(logits_memory), clReleaseMemObject(targets_memory);
    clReleaseMemObject(gradient_memory), clReleaseCommandQueue(queue);
}

static uint16_t half_bits(float number) {
    /* Of numbers that are normal in half precision and fit it. */
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (uint16_t)((bits >> 16 & 0x8000) | (((bits >> 23 & 0xff) - 112) << 10) | (bits >> 13 & 0x3ff));
}

static double half_number(uint16_t bits) {
    double fraction = (bits & 0x3ff) / 1024.0, sign = bits & 0x8000 ? -1 : 1;
    int exponent = bits >> 10 & 0x1f;
    return sign * (exponent ? ldexp(1 + fraction, exponent - 15) : ldexp(fraction, -14));
}

static uint16_t upper_bits(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static double upper_number(uint16_t upper) {
    uint32_t bits = (uint32_t)upper << 16;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Whatever logits and targets are stored as, in sub-buffers. */
static void formats(place own) {
    double doubles[PIXELS];
    uint16_t halves[PIXELS], uppers[PIXELS];
    int8_t bytes_of[PIXELS];
    int16_t shorts[PIXELS];
    int32_t ints[PIXELS];
    int64_t longs[PIXELS];
    float floats[PIXELS];
    double shares[PIXELS];
    uint16_t half_shares[PIXELS], upper_shares[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
        doubles[i] = LOGITS[i], halves[i] = half_bits(LOGITS[i]), uppers[i] = upper_bits(LOGITS[i]);
        ints[i] = TARGETS[i], longs[i] = TARGETS[i], floats[i] = TARGETS[i];
        bytes_of[i] = (int8_t)TARGETS[i], shorts[i] = TARGETS[i], shares[i] = TARGETS[i];
        half_shares[i] = TARGETS[i] ? 0x3c00 : 0, upper_shares[i] = TARGETS[i] ? 0x3f80 : 0;
    }
    struct {
        DLDataType dtype;
        const void *data;
        double tolerance;
    } logits[] = {{SEGLOSS_CL_FLOAT32, LOGITS, 1e-6},
                  {SEGLOSS_CL_FLOAT64, doubles, 1e-14},
                  {SEGLOSS_CL_FLOAT16, halves, 1e-3},
                  {SEGLOSS_CL_BFLOAT16, uppers, 1e-2}};
    struct {
        DLDataType dtype;
        const void *data;
    } targets[] = {{SEGLOSS_CL_UINT8, TARGETS}, {SEGLOSS_CL_BOOL, TARGETS}, {SEGLOSS_CL_INT32, ints},
                   {SEGLOSS_CL_INT64, longs}, {SEGLOSS_CL_FLOAT32, floats}, {SEGLOSS_CL_INT8, bytes_of},
                   {SEGLOSS_CL_INT16, shorts}, {SEGLOSS_CL_UINT16, shorts}, {SEGLOSS_CL_UINT32, ints},
                   {SEGLOSS_CL_UINT64, longs}, {SEGLOSS_CL_FLOAT64, shares},
                   {SEGLOSS_CL_FLOAT16, half_shares}, {SEGLOSS_CL_BFLOAT16, upper_shares}};
    enum { TARGET_TYPES = sizeof targets / sizeof *targets };
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    for (size_t i = 0; i < 4 + TARGET_TYPES; i++) {
        size_t z_kind = i < 4 ? i : 0, y_kind = i < 4 ? 0 : i - 4;
        size_t size = logits[z_kind].dtype.bits / 8, bytes = PIXELS * size;
        int64_t shape[] = {1, 1, PIXELS}, plane[] = {1, PIXELS}, strides[] = {1000, -3, 1};
        cl_mem z_memory = buffer_new(own.context, bytes, logits[z_kind].data);
        cl_mem y_memory = buffer_new(own.context, PIXELS * targets[y_kind].dtype.bits / 8,
                                     targets[y_kind].data);
        cl_mem whole = buffer_new(own.context, 8192, memset(calloc(1, 8192), 0, 8192));
        cl_buffer_region region = {4096, 4096};
        cl_int status;
        cl_mem part = clCreateSubBuffer(whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                        &region, &status);
        CHECK(status == CL_SUCCESS);
        DLTensor z = segloss_cl_tensor(z_memory, 0, logits[z_kind].dtype, shape, 3);
        /* Without an axis of channels. */
        DLTensor y = segloss_cl_tensor(y_memory, 0, targets[y_kind].dtype, plane, 2);
        DLTensor g = segloss_cl_tensor(part, size, logits[z_kind].dtype, shape, 3);
        /* Strides of single entries may be any. */
        z.strides = strides;
        cl_event done = NULL;
        segloss_cl_pending *pending = NULL;
        OK(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, &g, 0, NULL, &done, &pending));
        double value = 0;
        OK(segloss_cl_pending_wait(pending, &value, NULL));
        CHECK(near(value, bce_of_all(), 1e-6));
        unsigned char gradient[8192];
        read_after(segloss_cl_evaluator_queue(own.evaluator), whole, sizeof gradient, gradient, done);
        for (int k = 0; k < PIXELS; k++) {
            const unsigned char *at = gradient + 4096 + (k + 1) * size;
            float single;
            double number;
            uint16_t bits;
            memcpy(&single, at, 4), memcpy(&number, at, size == 8 ? 8 : 0), memcpy(&bits, at, 2);
            if (z_kind == 0) number = single;
            if (z_kind == 2) number = half_number(bits);
            if (z_kind == 3) number = upper_number(bits);
            CHECK(near(number, slope(k), logits[z_kind].tolerance));
        }
        clReleaseEvent(done), segloss_cl_pending_free(pending);
        clReleaseMemObject(part), clReleaseMemObject(whole);
        clReleaseMemObject(z_memory), clReleaseMemObject(y_memory);
    }
    segloss_cl_loss_free(loss);
}

/* Softmax, with pixels left out, weights, a map by its name, and a scale for each sample. */
static void options(place own) {
    enum { SAMPLES = 2, CLASSES = 3, EACH = 2 };
    const float z_data[SAMPLES][CLASSES][EACH] = {{{1, 0.5f}, {-1, 2}, {0.25f, 0}},
                                                  {{0, 3}, {1, -2}, {-0.5f, 1}}};
    const int32_t y_data[SAMPLES][EACH] = {{0, 255}, {2, 1}};
    const uint8_t mask_data[SAMPLES][EACH] = {{1, 1}, {1, 0}};
    const float weights_data[SAMPLES][EACH] = {{2, 1}, {0.5f, 1}}, map_data[SAMPLES][EACH] = {{3, 1}, {5, 1}};
    const double scales[SAMPLES] = {2, -3};
    cl_mem z_memory = buffer_new(own.context, sizeof z_data, z_data);
    cl_mem g_memory = buffer_new(own.context, sizeof z_data, z_data);
    cl_mem y_memory = buffer_new(own.context, sizeof y_data, y_data);
    cl_mem mask_memory = buffer_new(own.context, sizeof mask_data, mask_data);
    cl_mem weights_memory = buffer_new(own.context, sizeof weights_data, weights_data);
    cl_mem map_memory = buffer_new(own.context, sizeof map_data, map_data);
    int64_t shape[] = {SAMPLES, CLASSES, EACH}, plane[] = {SAMPLES, 1, EACH}, bare[] = {SAMPLES, EACH};
    DLTensor z = segloss_cl_tensor(z_memory, 0, SEGLOSS_CL_FLOAT32, shape, 3);
    DLTensor g = segloss_cl_tensor(g_memory, 0, SEGLOSS_CL_FLOAT32, shape, 3);
    DLTensor y = segloss_cl_tensor(y_memory, 0, SEGLOSS_CL_INT32, plane, 3);
    DLTensor mask = segloss_cl_tensor(mask_memory, 0, SEGLOSS_CL_BOOL, bare, 2);
    DLTensor weights = segloss_cl_tensor(weights_memory, 0, SEGLOSS_CL_FLOAT32, plane, 3);
    DLTensor map = segloss_cl_tensor(map_memory, 0, SEGLOSS_CL_FLOAT32, bare, 2);
    const char *names[] = {"seams"};
    segloss_cl_loss_options own_maps = SEGLOSS_CL_LOSS_OPTIONS_INIT;
    own_maps.map_names = names, own_maps.map_name_count = 1;
    segloss_cl_loss *loss = NULL;
    OK(segloss_cl_loss_new("ce @ seams", SEGLOSS_CL_LINK_SOFTMAX, &own_maps, &loss));
    segloss_cl_map maps[] = {{"seams", &map}};
    segloss_cl_call call = SEGLOSS_CL_CALL_INIT;
    call.mask = &mask, call.weights = &weights, call.maps = maps, call.map_count = 1;
    call.sample_scales = scales, call.sample_scale_count = SAMPLES;

    cl_event done = NULL;
    segloss_cl_pending *pending = NULL;
    OK(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, &g, 0, NULL, &done, &pending));
    double value = 0, expected = 0;
    uint64_t valid = 0;
    OK(segloss_cl_pending_wait(pending, &value, &valid));
    float gradient[SAMPLES][CLASSES][EACH];
    read_after(segloss_cl_evaluator_queue(own.evaluator), g_memory, sizeof gradient, gradient, done);
    for (int n = 0; n < SAMPLES; n++) {
        for (int i = 0; i < EACH; i++) {
            double sum = 0;
            for (int c = 0; c < CLASSES; c++) sum += exp(z_data[n][c][i]);
            int counts = mask_data[n][i] && y_data[n][i] != 255;
            /* The mean is over the pixels that count: the first of each sample. */
            double weight = counts ? (double)weights_data[n][i] * map_data[n][i] / 2 : 0;
            if (counts) expected += weight * (log(sum) - z_data[n][y_data[n][i]][i]);
            for (int c = 0; c < CLASSES; c++) {
                double share = exp(z_data[n][c][i]) / sum - (c == y_data[n][i]);
                /* Each scale is for the loss of its sample, where one pixel counts. */
                CHECK(near(gradient[n][c][i], scales[n] * 2 * weight * share, 1e-5));
            }
        }
    }
    CHECK(near(value, expected, 1e-5) && valid == 2);

    /* A map that the loss does not know, and one that the call does not give. */
    maps[0].name = "other";
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, NULL, 0, NULL, NULL, &pending),
            NOT_SUPPORTED_BY_LOSS, "`other`");
    call.map_count = 0;
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, NULL, 0, NULL, NULL, &pending),
            MAP_NOT_GIVEN, "`seams`");
    clReleaseEvent(done), segloss_cl_pending_free(pending), segloss_cl_loss_free(loss);
    clReleaseMemObject(z_memory), clReleaseMemObject(g_memory), clReleaseMemObject(y_memory);
    clReleaseMemObject(mask_memory), clReleaseMemObject(weights_memory), clReleaseMemObject(map_memory);
}

/* Labels that are ignored, by a list; and a batch of nothing, which needs no buffers. */
static void lists(place own) {
    const float z_data[3][4] = {{1, 0, 2, 0}, {0, 1, 0, 2}, {0, 0, 0, 1}};
    const uint8_t y_data[4] = {0, 7, 2, 255};
    const int64_t ignored[] = {255, 7, -1};
    int64_t shape[] = {1, 3, 4}, plane[] = {1, 4}, no_shape[] = {0, 3, 4}, no_plane[] = {0, 4};
    cl_mem z_memory = buffer_new(own.context, sizeof z_data, z_data);
    cl_mem y_memory = buffer_new(own.context, sizeof y_data, y_data);
    DLTensor z = segloss_cl_tensor(z_memory, 0, SEGLOSS_CL_FLOAT32, shape, 3);
    DLTensor y = segloss_cl_tensor(y_memory, 0, SEGLOSS_CL_UINT8, plane, 2);
    segloss_cl_loss *loss = loss_new("ce", SEGLOSS_CL_LINK_SOFTMAX);
    segloss_cl_call call = SEGLOSS_CL_CALL_INIT;
    call.ignore = SEGLOSS_CL_IGNORE_INDICES;
    call.ignore_indices = ignored, call.ignore_index_count = 3;
    segloss_cl_pending *pending = NULL;
    OK(segloss_cl_prepare(own.evaluator, loss, &z, &y, &call));
    OK(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, NULL, 0, NULL, NULL, &pending));
    double value = 0;
    uint64_t valid = 0;
    OK(segloss_cl_pending_wait(pending, &value, &valid));
    double first = log(1 + 2 * exp(-1)), third = log(2 + exp(2));
    CHECK(valid == 2 && near(value, (first + third) / 2, 1e-6));
    segloss_cl_pending_free(pending);
    /* A call as it was before there were lists. */
    call.struct_size = offsetof(segloss_cl_call, ignore_indices);
    call.ignore = SEGLOSS_CL_IGNORE_DEFAULT;
    OK(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, NULL, 0, NULL, NULL, &pending));
    REFUSES(segloss_cl_pending_wait(pending, NULL, NULL), BAD_TARGET, "label 7");
    segloss_cl_pending_free(pending);

    z = segloss_cl_tensor(NULL, 0, SEGLOSS_CL_FLOAT32, no_shape, 3);
    y = segloss_cl_tensor(NULL, 0, SEGLOSS_CL_UINT8, no_plane, 2);
    cl_event done = NULL;
    value = 77, valid = 77;
    OK(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, &z, 0, NULL, &done, &pending));
    CHECK(clWaitForEvents(1, &done) == CL_SUCCESS);
    OK(segloss_cl_pending_wait(pending, &value, &valid));
    CHECK(value == 0 && valid == 0);
    clReleaseEvent(done), segloss_cl_pending_free(pending), segloss_cl_loss_free(loss);
    clReleaseMemObject(z_memory), clReleaseMemObject(y_memory);
}

int main(void) {
    place own = place_new();
    CHECK(segloss_cl_evaluator_context(own.evaluator) == own.context);
    CHECK(segloss_cl_evaluator_device(own.evaluator) == own.device);
    queue_of_the_program(own, 0);
    queue_of_the_program(own, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    formats(own);
    options(own);
    lists(own);
    place_free(own);
    CHECK(segloss_cl_abi_version() == SEGLOSS_CL_ABI_VERSION);
    CHECK(strcmp(segloss_cl_result_name(SEGLOSS_CL_RESULT_DEVICE_LOST), "SEGLOSS_CL_RESULT_DEVICE_LOST") == 0);
    return finish();
}
