/* parallel.c - see parallel.h. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/parallel.h"

#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

typedef struct shared_loop {
    pthread_mutex_t lock; /* guards next_block and the failure */
    size_t next_block;
    size_t blocks;
    size_t count;
    size_t grain;
    rf_block_fn fn;
    void *context;
    rf_status status;
    size_t failed_block;
    rf_error error;
} shared_loop;

typedef struct worker_start {
    shared_loop *loop;
    unsigned worker;
} worker_start;

static bool take_block(shared_loop *loop, size_t *block)
{
    bool taken = false;
    (void)pthread_mutex_lock(&loop->lock);
    if (loop->status == RF_OK && loop->next_block < loop->blocks) {
        *block = loop->next_block++;
        taken = true;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return taken;
}

static void record_failure(shared_loop *loop, size_t block, rf_status status, const rf_error *error)
{
    (void)pthread_mutex_lock(&loop->lock);
    if (loop->status == RF_OK || block < loop->failed_block) {
        loop->status = status;
        loop->failed_block = block;
        loop->error = *error;
    }
    (void)pthread_mutex_unlock(&loop->lock);
}

static void *run_worker(void *start_pointer)
{
    const worker_start *start = start_pointer;
    shared_loop *loop = start->loop;
    size_t block;
    while (take_block(loop, &block)) {
        rf_error error = {0};
        size_t const first = block * loop->grain;
        size_t const end = first + loop->grain < loop->count ? first + loop->grain : loop->count;
        rf_status status = loop->fn(loop->context, block, first, end, start->worker, &error);
        if (status != RF_OK) {
            record_failure(loop, block, status, &error);
        }
    }
    return NULL;
}

rf_status rf_parallel(unsigned threads, size_t count, size_t grain, rf_block_fn fn, void *context,
                      rf_error *err)
{
    shared_loop loop = {.count = count, .grain = grain == 0 ? 1 : grain, .fn = fn};
    worker_start *starts = NULL;
    pthread_t *handles = NULL;
    unsigned started = 1; /* this thread is worker 0 */
    rf_status status = RF_OK;
    loop.blocks = (count + loop.grain - 1) / loop.grain;
    loop.context = context;
    if (threads < 1) {
        threads = 1;
    }
    if (threads > loop.blocks) {
        threads = loop.blocks == 0 ? 1 : (unsigned)loop.blocks;
    }
    starts = rf_alloc(threads, sizeof *starts);
    handles = rf_alloc(threads, sizeof *handles);
    if (starts == NULL || handles == NULL) {
        status = rf_fail_memory(err, "threads");
        goto done;
    }
    (void)pthread_mutex_init(&loop.lock, NULL);
    for (unsigned i = 0; i < threads; i++) {
        starts[i] = (worker_start){&loop, i};
    }
    while (started < threads &&
           pthread_create(&handles[started], NULL, run_worker, &starts[started]) == 0) {
        started++; /* fewer threads than asked for do the same work */
    }
    (void)run_worker(&starts[0]);
    for (unsigned i = 1; i < started; i++) {
        (void)pthread_join(handles[i], NULL);
    }
    (void)pthread_mutex_destroy(&loop.lock);
    status = loop.status;
    if (status != RF_OK && err != NULL) {
        *err = loop.error;
    }
done:
    rf_free(handles);
    rf_free(starts);
    return status;
}

unsigned rf_processors(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return 1;
    }
    return CPU_COUNT(&allowed) < 1 ? 1 : (unsigned)CPU_COUNT(&allowed);
}
