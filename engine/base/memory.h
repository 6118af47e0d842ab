/* memory.h - the only door to the heap.
 *
 * Large columns (incidence, links) are plain arrays with their count beside them; small strings of
 * one command live in an arena and die with it. Every allocation takes a count and a size, checks
 * the product for overflow, and can be made to fail on purpose so that tests walk every error path.
 *
 * Expected workload: a few hundred large arrays and, in arenas, millions of short strings.
 */
#ifndef RF_BASE_MEMORY_H
#define RF_BASE_MEMORY_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* count * size bytes, zeroed; never NULL for count 0. NULL when out of memory or on overflow.
 * The caller frees with rf_free. */
RF_MUST_USE void *rf_alloc(size_t count, size_t size);

/* As rf_alloc, not zeroed: for arrays that are filled at once. */
RF_MUST_USE void *rf_alloc_raw(size_t count, size_t size);

/* Resizes *array (an rf_alloc block or NULL) to hold count elements of size bytes. On failure
 * returns false and leaves *array as it was. New bytes are not zeroed. */
RF_MUST_USE bool rf_resize(void *array_address, size_t count, size_t size);

/* Makes room for at least `need` elements: doubles *capacity as required. Amortised O(1) a push.
 * `array_address` is the address of the array pointer. False when out of memory. */
RF_MUST_USE bool rf_reserve(void *array_address, size_t *capacity, size_t need, size_t size);

/* NULL is fine. */
void rf_free(void *block);
/* Frees an array and forgets it: *array_address, a pointer to anything, is NULL then. */
void rf_drop(void *array_address);

/* Whether freed arrays stay with the process, to be handed out again, and lie in pages of 2 MiB,
 * where the system has them. The system clears every page that it hands out: for work of seconds
 * with many arrays of some megabytes that is a tenth of the time. With false what is free goes back
 * to the system. From the first call on, all threads share one heap. */
void rf_memory_hoard(bool hoard);

/* A copy of a NUL-terminated text, freed with rf_free; NULL when out of memory. */
RF_MUST_USE char *rf_copy_text(const char *text);

/* For tests: the n-th allocation from now fails (1 = the next), and every one after it; 0 ends the
 * experiment. Not for use from two threads. */
void rf_memory_fail_after(long n);

/* ---- arena: many small blocks, freed together ---- */

typedef struct rf_arena {
    struct rf_arena_block *blocks;
    size_t used;
    size_t size;
} rf_arena;

/* An arena that is all zero bytes is empty and ready. */
/* `bytes` bytes aligned for any type; NULL when out of memory. O(1). */
RF_MUST_USE void *rf_arena_take(rf_arena *arena, size_t bytes);
/* Copies `length` bytes and adds a NUL. NULL when out of memory. */
RF_MUST_USE char *rf_arena_text(rf_arena *arena, const char *text, size_t length);
/* What was taken from `from` now belongs to `to`, and `from` is empty. O(blocks of `from`). */
void rf_arena_join(rf_arena *to, rf_arena *from);
/* Frees everything taken from it and makes it empty again. */
void rf_arena_free(rf_arena *arena);

#endif
