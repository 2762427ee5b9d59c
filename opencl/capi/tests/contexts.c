/* Two contexts at once, from one thread and from two. */

#include <pthread.h>

#include "check.h"

enum { COUNT = 5000, ROUNDS = 20 };

/* An evaluation in one of the contexts, with logits of its own. */
typedef struct {
    place own;
    cl_command_queue queue;
    cl_mem logits, targets, gradient;
    DLTensor z, y, g;
    int64_t shape[3];
    float numbers[COUNT];
    segloss_cl_loss *loss;
    segloss_cl_pending *pending;
    cl_event done;
} work;

static void start(work *own, float phase) {
    uint8_t targets[COUNT];
    own->own = place_new();
    own->queue = queue_new(own->own, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    for (int i = 0; i < COUNT; i++) {
        own->numbers[i] = 4 * sinf(phase + (float)i);
        targets[i] = i % 3 == 0;
    }
    own->logits = buffer_new(own->own.context, sizeof own->numbers, own->numbers);
    own->targets = buffer_new(own->own.context, sizeof targets, targets);
    own->gradient = buffer_new(own->own.context, sizeof own->numbers, own->numbers);
    own->shape[0] = 1, own->shape[1] = 1, own->shape[2] = COUNT;
    own->z = segloss_cl_tensor(own->logits, 0, SEGLOSS_CL_FLOAT32, own->shape, 3);
    own->y = segloss_cl_tensor(own->targets, 0, SEGLOSS_CL_UINT8, own->shape, 3);
    own->g = segloss_cl_tensor(own->gradient, 0, SEGLOSS_CL_FLOAT32, own->shape, 3);
}

static void add(work *own) {
    OK(segloss_cl_enqueue(own->own.evaluator, own->queue, own->loss, &own->z, &own->y, NULL, &own->g,
                          0, NULL, &own->done, &own->pending));
}

static void end(work *own) {
    double value = 0, expected = 0;
    float gradient[COUNT];
    OK(segloss_cl_pending_wait(own->pending, &value, NULL));
    read_after(own->queue, own->gradient, sizeof gradient, gradient, own->done);
    for (int i = 0; i < COUNT; i++) {
        expected += bce(own->numbers[i], i % 3 == 0) / COUNT;
        CHECK(near(gradient[i] * COUNT, sigmoid(own->numbers[i]) - (i % 3 == 0), 1e-5));
    }
    CHECK(near(value, expected, 1e-6));
    clReleaseEvent(own->done), segloss_cl_pending_free(own->pending);
}

static void stop(work *own) {
    clReleaseMemObject(own->logits), clReleaseMemObject(own->targets);
    clReleaseMemObject(own->gradient), clReleaseCommandQueue(own->queue);
    place_free(own->own);
}

static void *rounds(void *argument) {
    work *own = argument;
    for (int i = 0; i < ROUNDS; i++) add(own), end(own);
    return NULL;
}

int main(void) {
    static work one, other;
    segloss_cl_loss *loss = loss_new("bce", SEGLOSS_CL_LINK_SIGMOID);
    start(&one, 0), start(&other, 1);
    CHECK(one.own.context != other.own.context);
    one.loss = other.loss = loss;

    /* Both under way before either is asked. */
    add(&one), add(&other);
    end(&other), end(&one);

    /* Buffers, a queue and an event of the other context are refused. */
    segloss_cl_pending *pending = NULL;
    cl_int status;
    cl_event event = clCreateUserEvent(other.own.context, &status);
    segloss_cl_evaluator *here = one.own.evaluator;
    REFUSES(segloss_cl_enqueue(here, one.queue, loss, &one.z, &other.y, NULL, NULL, 0, NULL, NULL, &pending),
            OTHER_CONTEXT, "`targets`");
    REFUSES(segloss_cl_enqueue(here, one.queue, loss, &one.z, &one.y, NULL, &other.g, 0, NULL, NULL, &pending),
            OTHER_CONTEXT, "`gradient`");
    REFUSES(segloss_cl_enqueue(here, other.queue, loss, &one.z, &one.y, NULL, NULL, 0, NULL, NULL, &pending),
            OTHER_CONTEXT, "`queue`");
    REFUSES(segloss_cl_enqueue(here, one.queue, loss, &one.z, &one.y, NULL, NULL, 1, &event, NULL, &pending),
            OTHER_CONTEXT, "`wait`");
    CHECK(pending == NULL);
    clReleaseEvent(event);

    /* A thread for each context; then both in one context, with one evaluator. */
    for (int shared = 0; shared < 2; shared++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, rounds, &other) == 0);
        rounds(&one);
        CHECK(pthread_join(thread, NULL) == 0);
        stop(&other);
        if (shared) break;
        other = one;
        clRetainContext(one.own.context);
        other.queue = queue_new(one.own, 0);
        other.logits = buffer_new(one.own.context, sizeof one.numbers, one.numbers);
        other.gradient = buffer_new(one.own.context, sizeof one.numbers, one.numbers);
        clRetainMemObject(other.targets);
        other.z.data = other.logits, other.g.data = other.gradient;
        other.z.shape = other.y.shape = other.g.shape = other.shape;
    }
    one.own.evaluator = NULL; /* freed with the other's */
    stop(&one);
    segloss_cl_loss_free(loss);
    return finish();
}
