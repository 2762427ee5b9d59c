/* What does not fit is refused with a message that names it, and nothing is written. */

#include "check.h"

enum { PIXELS = 8 };

static place own;
static segloss_cl_loss *loss, *classes;
static cl_mem logits, targets, gradient;
static int64_t shape[] = {1, 1, 2, 4};
static DLTensor z, y, g;
static segloss_cl_call call;
static segloss_cl_pending *pending;

static segloss_cl_result enqueue(void) {
    return segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, &call, &g, 0, NULL, NULL, &pending);
}

/* A call that would be taken. */
static void usual(void) {
    static const segloss_cl_call INIT = SEGLOSS_CL_CALL_INIT;
    call = INIT;
    z = segloss_cl_tensor(logits, 0, SEGLOSS_CL_FLOAT32, shape, 4);
    y = segloss_cl_tensor(targets, 0, SEGLOSS_CL_UINT8, shape, 4);
    g = segloss_cl_tensor(gradient, 0, SEGLOSS_CL_FLOAT32, shape, 4);
}

/* With something changed, it is refused. */
#define REFUSED(change, code, says)                                                                \
    do {                                                                                           \
        usual();                                                                                   \
        (void)(change);                                                                            \
        REFUSES(enqueue(), code, says);                                                            \
    } while (0)

static void tensors(void) {
    int64_t other[] = {1, 1, 4, 2}, bad[] = {1, 1, -2, 4}, empty[] = {1, 1, 0, 4};
    int64_t strides[] = {8, 8, 1, 2}, huge[] = {INT64_MAX, INT64_MAX, 2, 4};
    REFUSED(z.device.device_type = kDLCPU, UNSUPPORTED_DEVICE, "`logits` is on a device of type 1");
    REFUSED(y.ndim = 2, BAD_SHAPE, "`targets` has 2 axes");
    REFUSED(y.shape = other, BAD_SHAPE, "`targets` has shape");
    REFUSED(g.shape = other, BAD_SHAPE, "`gradient` has shape");
    REFUSED(z.shape = bad, BAD_SHAPE, "extent -2 along axis 2");
    REFUSED(z.shape = huge, BAD_SHAPE, "`logits`");
    REFUSED((z.shape = empty, y.shape = empty, g.shape = empty), BAD_SHAPE, "`logits`");
    REFUSED(z.shape = NULL, NULL_POINTER, "`logits.shape`");
    REFUSED(z.data = NULL, NULL_POINTER, "`logits.data`");
    REFUSED(g.data = NULL, NULL_POINTER, "`gradient.data`");
    REFUSED(z.strides = strides, BAD_STRIDES, "`logits` has strides");
    REFUSED(z.dtype = SEGLOSS_CL_INT32, UNSUPPORTED_DTYPE, "`logits` holds int32");
    REFUSED(y.dtype = segloss_cl_dtype((uint8_t)kDLFloat, 8), UNSUPPORTED_DTYPE, "`targets` holds float8");
    REFUSED(g.dtype = SEGLOSS_CL_FLOAT16, UNSUPPORTED_DTYPE, "`gradient` holds float16");
    REFUSED(z.dtype.lanes = 2, UNSUPPORTED_DTYPE, "2 lanes");
    REFUSED(z.byte_offset = 2, MISALIGNED, "`logits.byte_offset` is 2");
    REFUSED(z.byte_offset = 4, BAD_LENGTH, "`logits` has 7 elements, expected 8");
    REFUSED(z.byte_offset = UINT64_MAX - 3, BAD_LENGTH, "`logits` has 0 elements");
    REFUSED(y.byte_offset = 1, BAD_LENGTH, "`targets` has 7 elements");
    REFUSED(g.byte_offset = 8, BAD_LENGTH, "`gradient` has 6 elements");
    REFUSED(g.data = logits, OVERLAP, "`gradient` shares memory with `logits`");
    REFUSED((y.data = gradient, y.byte_offset = 31 - 7), OVERLAP, "`gradient` shares memory with `targets`");
}

static void calls(void) {
    double numbers[] = {1, HUGE_VAL};
    DLTensor mask = segloss_cl_tensor(targets, 0, SEGLOSS_CL_UINT8, shape, 4);
    REFUSED(call.struct_size = 3, UNSUPPORTED_VERSION, "`call.struct_size` is 3");
    int64_t labels[17] = {7};
    REFUSED(call.ignore = 4, UNSUPPORTED_OPTION, "`call.ignore` is 4");
    REFUSED(call.ignore_index = 7, UNSUPPORTED_OPTION, "`call.ignore_index` is 7");
    REFUSED(call.ignore_index_count = 1, UNSUPPORTED_OPTION, "`call.ignore_index_count` is 1");
    REFUSED((call.ignore = SEGLOSS_CL_IGNORE_INDICES, call.ignore_index_count = 1), NULL_POINTER,
            "`call.ignore_indices`");
    REFUSED((call.ignore = SEGLOSS_CL_IGNORE_INDICES, call.ignore_indices = labels,
             call.ignore_index_count = 17), BAD_LENGTH, "17 labels");
    REFUSED((call.spacing = numbers, call.spacing_count = 1), NOT_SUPPORTED_BY_LOSS, "`spacing`");
    REFUSED(call.write = -1, UNSUPPORTED_OPTION, "`call.write` is -1");
    REFUSED(call.reserved = 1, UNSUPPORTED_OPTION, "`call.reserved`");
    REFUSED(call.scale = numbers + 1, BAD_VALUE, "`scale` is inf");
    REFUSED((call.sample_scales = numbers, call.sample_scale_count = 2), BAD_LENGTH, "2");
    REFUSED((call.scale = numbers, call.sample_scales = numbers, call.sample_scale_count = 1),
            UNSUPPORTED_OPTION, "both given");
    REFUSED(call.sample_scale_count = 1, NULL_POINTER, "`call.sample_scales`");
    REFUSED((mask.dtype = SEGLOSS_CL_INT32, call.mask = &mask), UNSUPPORTED_DTYPE, "`call.mask` holds int32");
    REFUSED((mask.dtype = SEGLOSS_CL_FLOAT64, call.weights = &mask), UNSUPPORTED_DTYPE, "`call.weights`");
    REFUSED((mask.dtype = SEGLOSS_CL_FLOAT16, call.weights = &mask), UNSUPPORTED_DTYPE,
            "`call.weights` holds float16");
    REFUSED(call.map_count = 17, BAD_LENGTH, "`call.maps` has 17");
    REFUSED(call.map_count = 1, NULL_POINTER, "`call.maps`");
}

static void arguments(void) {
    segloss_cl_evaluator *evaluator = NULL;
    segloss_cl_loss *other = NULL;
    cl_event nothing = NULL;
    usual();
    REFUSES(segloss_cl_enqueue(NULL, NULL, loss, &z, &y, NULL, NULL, 0, NULL, NULL, &pending),
            NULL_POINTER, "`evaluator`");
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, NULL, &z, &y, NULL, NULL, 0, NULL, NULL, &pending),
            NULL_POINTER, "`loss`");
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, NULL, &y, NULL, NULL, 0, NULL, NULL, &pending),
            NULL_POINTER, "`logits`");
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, NULL, 1, NULL, NULL, &pending),
            NULL_POINTER, "`wait`");
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, NULL, 1, &nothing, NULL, &pending),
            NULL_POINTER, "`wait[..]`");
    REFUSES(segloss_cl_enqueue(own.evaluator, NULL, loss, &z, &y, NULL, NULL, 0, NULL, NULL, NULL),
            NULL_POINTER, "`pending`");
    REFUSES(segloss_cl_pending_wait(NULL, NULL, NULL), NULL_POINTER, "`pending`");
    CHECK(segloss_cl_pending_report(NULL) == NULL);
    CHECK(segloss_cl_evaluator_queue(NULL) == NULL);
    REFUSES(segloss_cl_evaluator_new(NULL, "", &evaluator), NULL_POINTER, "`platform`");
    REFUSES(segloss_cl_evaluator_new("no such platform", "", &evaluator), NO_DEVICE, "no such platform");
    REFUSES(segloss_cl_evaluator_within(NULL, own.device, &evaluator), NULL_POINTER, "`context`");
    REFUSES(segloss_cl_evaluator_within(own.context, NULL, &evaluator), NULL_POINTER, "`device`");
    REFUSES(segloss_cl_evaluator_within(own.context, own.device, NULL), NULL_POINTER, "`evaluator`");
    REFUSES(segloss_cl_loss_new("bce + nothing", 0, NULL, &other), BAD_TEXT, "nothing");
    REFUSES(segloss_cl_loss_new("bce", 2, NULL, &other), UNSUPPORTED_OPTION, "`link` is 2");
    REFUSES(segloss_cl_loss_new("\xff", 0, NULL, &other), BAD_TEXT, "UTF-8");
    REFUSES(segloss_cl_loss_new("bce", 0, NULL, NULL), NULL_POINTER, "`loss`");
    CHECK(evaluator == NULL && other == NULL && pending == NULL);
    segloss_cl_evaluator_free(NULL), segloss_cl_loss_free(NULL), segloss_cl_pending_free(NULL);
    CHECK(strcmp(segloss_cl_result_name(-5), "SEGLOSS_CL_RESULT_UNKNOWN") == 0);
}

/* What only the device can see: the gradient stays as it was. */
static void numbers(void) {
    static const float bad_targets[PIXELS] = {0, 1, 0, 0, 0, 1.5f, 0, 0};
    float found[PIXELS];
    cl_mem bad = buffer_new(own.context, sizeof bad_targets, bad_targets);
    usual();
    y = segloss_cl_tensor(bad, 0, SEGLOSS_CL_FLOAT32, shape, 4);
    OK(enqueue());
    double value = 77;
    REFUSES(segloss_cl_pending_wait(pending, &value, NULL), BAD_TARGET, "1.5");
    CHECK(value == 77);
    read_after(segloss_cl_evaluator_queue(own.evaluator), gradient, sizeof found, found, NULL);
    for (int i = 0; i < PIXELS; i++) CHECK(found[i] == 77);
    uint64_t nonsense[SEGLOSS_CL_REPORT_LENGTH] = {99, 0, 0, 0}, far[] = {1, UINT64_MAX, 0, 0};
    REFUSES(segloss_cl_pending_interpret(pending, nonsense, NULL, NULL), OPEN_CL_FAILED, "99");
    REFUSES(segloss_cl_pending_interpret(pending, far, NULL, NULL), OPEN_CL_FAILED, "place");
    REFUSES(segloss_cl_pending_interpret(pending, NULL, NULL, NULL), NULL_POINTER, "`report`");
    segloss_cl_pending_free(pending);

    /* Labels that are no class. */
    int64_t three[] = {1, 3, 2}, one[] = {1, 1, 2};
    static const uint8_t labels[] = {2, 3};
    cl_mem label_memory = buffer_new(own.context, sizeof labels, labels);
    z = segloss_cl_tensor(logits, 0, SEGLOSS_CL_FLOAT32, three, 3);
    y = segloss_cl_tensor(label_memory, 0, SEGLOSS_CL_UINT8, one, 3);
    OK(segloss_cl_enqueue(own.evaluator, NULL, classes, &z, &y, NULL, NULL, 0, NULL, NULL, &pending));
    REFUSES(segloss_cl_pending_wait(pending, NULL, NULL), BAD_TARGET, "3");
    segloss_cl_pending_free(pending);

    /* A mask of two numbers, and two classes that look like one of 0 and 255. */
    static const uint8_t two_numbers[PIXELS] = {0, 1, 0, 0, 2, 1, 0, 0}, like_a_mask[] = {0, 255};
    cl_mem mask_memory = buffer_new(own.context, sizeof two_numbers, two_numbers);
    usual();
    y = segloss_cl_tensor(mask_memory, 0, SEGLOSS_CL_UINT8, shape, 4);
    OK(enqueue());
    REFUSES(segloss_cl_pending_wait(pending, NULL, NULL), BAD_TARGET, "holds 2 at pixel 4");
    segloss_cl_pending_free(pending);
    int64_t two[] = {1, 2, 2};
    cl_mem like_memory = buffer_new(own.context, sizeof like_a_mask, like_a_mask);
    z = segloss_cl_tensor(logits, 0, SEGLOSS_CL_FLOAT32, two, 3);
    y = segloss_cl_tensor(like_memory, 0, SEGLOSS_CL_UINT8, one, 3);
    OK(segloss_cl_enqueue(own.evaluator, NULL, classes, &z, &y, NULL, NULL, 0, NULL, NULL, &pending));
    REFUSES(segloss_cl_pending_wait(pending, NULL, NULL), BAD_TARGET, "0 and 255");
    segloss_cl_pending_free(pending), pending = NULL;
    clReleaseMemObject(bad), clReleaseMemObject(label_memory);
    clReleaseMemObject(mask_memory), clReleaseMemObject(like_memory);
}

int main(void) {
    float numbers_of[PIXELS];
    for (int i = 0; i < PIXELS; i++) numbers_of[i] = 77;
    own = place_new();
    logits = buffer_new(own.context, sizeof numbers_of, numbers_of);
    gradient = buffer_new(own.context, sizeof numbers_of, numbers_of);
    targets = buffer_new(own.context, PIXELS, memset(numbers_of, 0, sizeof numbers_of));
    loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    classes = loss_new("ce", SEGLOSS_CL_LINK_SOFTMAX);
    tensors();
    calls();
    arguments();
    numbers();
    usual();
    OK(enqueue());
    OK(segloss_cl_pending_wait(pending, NULL, NULL));
    segloss_cl_pending_free(pending);
    segloss_cl_loss_free(loss), segloss_cl_loss_free(classes);
    clReleaseMemObject(logits), clReleaseMemObject(targets), clReleaseMemObject(gradient);
    place_free(own);
    return finish();
}
