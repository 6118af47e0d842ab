/* read_ahead.c - see read_ahead.h. */
#include "importers/read_ahead.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 4 };

struct rf_read_ahead {
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows but the bytes of blocks that are not full */
    pthread_cond_t changed;
    size_t filled; /* blocks ever filled, and ever taken */
    size_t taken;
    bool ended; /* by the end of the file, a failure or the owner */
    int failure;
    size_t lengths[BLOCKS];
    char *bytes;
    int file;
    rf_sha256 *hash;
};

/* Waits for a free block; false when the owner wants no more. */
static bool wait_for_room(rf_read_ahead *ahead)
{
    bool going_on;
    (void)pthread_mutex_lock(&ahead->lock);
    while (ahead->filled - ahead->taken == BLOCKS && !ahead->ended) {
        (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
    going_on = !ahead->ended;
    (void)pthread_mutex_unlock(&ahead->lock);
    return going_on;
}

static void *fill_blocks(void *context)
{
    rf_read_ahead *ahead = context;
    bool going_on = true;
    while (going_on && wait_for_room(ahead)) {
        size_t const slot = ahead->filled % BLOCKS; /* only this thread changes it */
        char *to = ahead->bytes + slot * RF_READ_AHEAD_BLOCK;
        ssize_t got;
        do {
            got = read(ahead->file, to, RF_READ_AHEAD_BLOCK);
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            rf_sha256_add(ahead->hash, to, (size_t)got);
        }
        (void)pthread_mutex_lock(&ahead->lock);
        if (got > 0) {
            ahead->lengths[slot] = (size_t)got;
            ahead->filled++;
        } else {
            ahead->failure = got < 0 ? errno : 0;
            ahead->ended = true;
            going_on = false;
        }
        (void)pthread_cond_broadcast(&ahead->changed);
        (void)pthread_mutex_unlock(&ahead->lock);
    }
    return NULL;
}

rf_read_ahead *rf_read_ahead_start(int file, rf_sha256 *hash)
{
    rf_read_ahead *ahead = rf_alloc(1, sizeof *ahead);
    if (ahead == NULL) {
        return NULL;
    }
    ahead->file = file;
    ahead->hash = hash;
    ahead->bytes = rf_alloc_raw(BLOCKS, RF_READ_AHEAD_BLOCK);
    if (ahead->bytes != NULL) {
        (void)pthread_mutex_init(&ahead->lock, NULL);
        (void)pthread_cond_init(&ahead->changed, NULL);
        if (pthread_create(&ahead->thread, NULL, fill_blocks, ahead) == 0) {
            return ahead;
        }
        (void)pthread_cond_destroy(&ahead->changed);
        (void)pthread_mutex_destroy(&ahead->lock);
    }
    rf_free(ahead->bytes);
    rf_free(ahead);
    return NULL;
}

long rf_read_ahead_take(rf_read_ahead *ahead, void *to)
{
    size_t slot;
    size_t length;
    (void)pthread_mutex_lock(&ahead->lock);
    while (ahead->filled == ahead->taken && !ahead->ended) {
        (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
    if (ahead->filled == ahead->taken) {
        errno = ahead->failure;
        (void)pthread_mutex_unlock(&ahead->lock);
        return ahead->failure == 0 ? 0 : -1;
    }
    slot = ahead->taken % BLOCKS;
    length = ahead->lengths[slot];
    (void)pthread_mutex_unlock(&ahead->lock);
    memcpy(to, ahead->bytes + slot * RF_READ_AHEAD_BLOCK, length);
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->taken++;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
    return (long)length;
}

void rf_read_ahead_end(rf_read_ahead *ahead)
{
    if (ahead != NULL) {
        (void)pthread_mutex_lock(&ahead->lock);
        ahead->ended = true;
        (void)pthread_cond_broadcast(&ahead->changed);
        (void)pthread_mutex_unlock(&ahead->lock);
        (void)pthread_join(ahead->thread, NULL);
        (void)pthread_cond_destroy(&ahead->changed);
        (void)pthread_mutex_destroy(&ahead->lock);
        rf_free(ahead->bytes);
        rf_free(ahead);
    }
}
