/* intake_queue.c - see intake_queue.h. */
#include "store/intake_queue.h"

#include "base/memory.h"

#include <pthread.h>
#include <stddef.h>

enum { BATCHES = 16 };

struct rf_queue {
    rf_queue_fn fn;
    void *context;
    rf_batch batches[BATCHES]; /* number `given` is being filled, `counted`..`given` wait */
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    size_t given;
    size_t counted;
    bool ended;
    rf_status status;
    rf_error error;
};

/* Waits for a batch to count; false when there will be none. */
static bool wait_for_batch(rf_queue *queue, size_t *number)
{
    bool going_on;
    (void)pthread_mutex_lock(&queue->lock);
    while (queue->given == queue->counted && !queue->ended) {
        (void)pthread_cond_wait(&queue->changed, &queue->lock);
    }
    going_on = !queue->ended;
    *number = queue->counted;
    (void)pthread_mutex_unlock(&queue->lock);
    return going_on;
}

static void *count_batches(void *context)
{
    rf_queue *queue = context;
    rf_status status = RF_OK;
    size_t number;
    while (wait_for_batch(queue, &number)) {
        rf_error error = {0};
        rf_batch *batch = &queue->batches[number % BATCHES];
        if (status == RF_OK) { /* after a failure batches are only thrown away */
            status = queue->fn(queue->context, batch, &error);
        }
        rf_batch_empty(batch);
        (void)pthread_mutex_lock(&queue->lock);
        if (status != RF_OK && queue->status == RF_OK) {
            queue->status = status;
            queue->error = error;
        }
        queue->counted++;
        if (queue->given - queue->counted <= BATCHES / 2) { /* to wake a thread has its price */
            (void)pthread_cond_broadcast(&queue->changed);
        }
        (void)pthread_mutex_unlock(&queue->lock);
    }
    return NULL;
}

rf_queue *rf_queue_start(rf_queue_fn fn, void *context, bool threaded)
{
    rf_queue *queue = rf_alloc(1, sizeof *queue);
    if (queue == NULL) {
        return NULL;
    }
    queue->fn = fn;
    queue->context = context;
    if (threaded) {
        (void)pthread_mutex_init(&queue->lock, NULL);
        (void)pthread_cond_init(&queue->changed, NULL);
        queue->threaded = pthread_create(&queue->thread, NULL, count_batches, queue) == 0;
        if (!queue->threaded) {
            (void)pthread_cond_destroy(&queue->changed);
            (void)pthread_mutex_destroy(&queue->lock);
        }
    }
    return queue;
}

rf_batch *rf_queue_batch(rf_queue *queue)
{
    return &queue->batches[queue->given % BATCHES]; /* `given` changes in this thread alone */
}

static rf_status count_here(rf_queue *queue, rf_error *err)
{
    rf_batch *batch = rf_queue_batch(queue);
    if (queue->status == RF_OK) {
        queue->status = queue->fn(queue->context, batch, &queue->error);
    }
    rf_batch_empty(batch);
    if (queue->status != RF_OK && err != NULL) {
        *err = queue->error;
    }
    return queue->status;
}

/* Gives the batch away and waits until at most `most` are outstanding. */
static rf_status give(rf_queue *queue, size_t most, rf_error *err)
{
    rf_status status;
    (void)pthread_mutex_lock(&queue->lock);
    queue->given++;
    (void)pthread_cond_broadcast(&queue->changed);
    while (queue->given - queue->counted > most) {
        (void)pthread_cond_wait(&queue->changed, &queue->lock);
    }
    status = queue->status;
    if (status != RF_OK && err != NULL) {
        *err = queue->error;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return status;
}

rf_status rf_queue_hand_over(rf_queue *queue, rf_error *err)
{
    return queue->threaded ? give(queue, BATCHES - 1, err) : count_here(queue, err);
}

rf_status rf_queue_settle(rf_queue *queue, rf_error *err)
{
    return queue->threaded ? give(queue, 0, err) : count_here(queue, err);
}

void rf_queue_end(rf_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    if (queue->threaded) {
        (void)pthread_mutex_lock(&queue->lock);
        queue->ended = true;
        (void)pthread_cond_broadcast(&queue->changed);
        (void)pthread_mutex_unlock(&queue->lock);
        (void)pthread_join(queue->thread, NULL);
        (void)pthread_cond_destroy(&queue->changed);
        (void)pthread_mutex_destroy(&queue->lock);
    }
    for (size_t i = 0; i < BATCHES; i++) {
        rf_batch_free(&queue->batches[i]);
    }
    rf_free(queue);
}
