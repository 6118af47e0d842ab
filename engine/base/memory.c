/* memory.c - see memory.h. */
#define _DEFAULT_SOURCE /* madvise */
#include "base/memory.h"

#include <limits.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { ARENA_BLOCK = 1 << 18, LARGE_ARENA_BLOCK = 8 << 20 };
enum { HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };
enum { TOP_PAD = 64 << 20, MOST_HEAP = INT_MAX - 4 * TOP_PAD };

struct rf_arena_block {
    struct rf_arena_block *next;
    alignas(max_align_t) char bytes[];
};

static long fail_after; /* 0: never */

void rf_memory_fail_after(long n)
{
    fail_after = n;
}

/* True when this allocation is to fail: the counter runs down to 1 and stays there. */
static bool refused(void)
{
    if (fail_after == 0) {
        return false;
    }
    if (fail_after > 1) {
        fail_after--;
        return false;
    }
    return true;
}

static bool byte_count(size_t count, size_t size, size_t *bytes)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return false;
    }
    *bytes = count * size == 0 ? 1 : count * size;
    return true;
}

/* Large arrays are read all over the place: in pages of 2 MiB, where the system has them, fewer
 * addresses have to be looked up and fewer pages handed out. Only advice; failing is fine. */
static void *advised(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    if (block != NULL && bytes >= LARGE) {
        size_t const before = (uintptr_t)block % HUGE_PAGE;
        size_t const skipped = before == 0 ? 0 : HUGE_PAGE - before;
        (void)madvise((char *)block + skipped, (bytes - skipped) / HUGE_PAGE * HUGE_PAGE,
                      MADV_HUGEPAGE);
    }
#endif
    return block;
}

void *rf_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (!byte_count(count, size, &bytes) || refused()) {
        return NULL;
    }
    return advised(calloc(1, bytes), bytes);
}

void *rf_alloc_raw(size_t count, size_t size)
{
    size_t bytes;
    if (!byte_count(count, size, &bytes) || refused()) {
        return NULL;
    }
    return advised(malloc(bytes), bytes);
}

bool rf_resize(void *array_address, size_t count, size_t size)
{
    void *array;
    void *moved;
    size_t bytes;
    memcpy(&array, array_address, sizeof array);
    if (!byte_count(count, size, &bytes) || refused()) {
        return false;
    }
    moved = advised(realloc(array, bytes), bytes);
    if (moved == NULL) {
        return false;
    }
    memcpy(array_address, &moved, sizeof moved);
    return true;
}

bool rf_reserve(void *array_address, size_t *capacity, size_t need, size_t size)
{
    size_t wanted = *capacity;
    if (need <= wanted) {
        return true;
    }
    while (wanted < need) {
        wanted = wanted < 16 ? 16 : wanted > SIZE_MAX / 2 ? need : wanted + wanted / 2;
    }
    if (!rf_resize(array_address, wanted, size)) {
        return false;
    }
    *capacity = wanted;
    return true;
}

void rf_free(void *block)
{
    free(block);
}

void rf_drop(void *array_address)
{
    void *array;
    memcpy(&array, array_address, sizeof array);
    rf_free(array);
    array = NULL;
    memcpy(array_address, &array, sizeof array);
}

#ifdef __GLIBC__
/* Pages of 2 MiB also for what is too small to be advised by itself: the heap is made as large as
 * half of the machine's memory, in addresses alone, and those are advised before anything is there.
 * (A heap whose free end is longer than INT_MAX would be given back at once.)
 */
static void advise_heap(void)
{
    long const pages = sysconf(_SC_PHYS_PAGES);
    long const page = sysconf(_SC_PAGESIZE);
    size_t const half = pages > 0 && page > 0 ? (size_t)pages / 2 * (size_t)page : 0;
    size_t const bytes = half < MOST_HEAP ? half : MOST_HEAP;
    free(advised(malloc(bytes), bytes)); /* is not touched: takes up nothing */
}
#endif

void rf_memory_hoard(bool hoard)
{
#ifdef __GLIBC__ /* only advice, like all of this */
    bool const obeyed = mallopt(M_MMAP_THRESHOLD, hoard ? INT_MAX : 1 << 20) != 0;
    if (!obeyed) {
        (void)mallopt(M_MMAP_THRESHOLD, 1 << 25); /* all that older ones allow */
    }
    (void)mallopt(M_TRIM_THRESHOLD, hoard ? INT_MAX : 1 << 21);
    (void)mallopt(M_ARENA_MAX, hoard ? 1 : 0); /* what one thread frees another may have */
    (void)mallopt(M_TOP_PAD, hoard ? TOP_PAD : 1 << 17);
    if (hoard && obeyed) {
        advise_heap();
    }
    if (!hoard) {
        (void)malloc_trim(0);
    }
#else
    (void)hoard;
#endif
}

char *rf_copy_text(const char *text)
{
    size_t length = strlen(text) + 1;
    char *copy = rf_alloc_raw(length, 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}

void *rf_arena_take(rf_arena *arena, size_t bytes)
{
    size_t const alignment = alignof(max_align_t);
    size_t rounded;
    if (bytes > SIZE_MAX - alignment) {
        return NULL;
    }
    rounded = (bytes + alignment - 1) / alignment * alignment;
    if (arena->blocks == NULL || rounded > arena->size - arena->used) {
        size_t size = arena->size * 2; /* the more it holds, the larger its blocks */
        size = size < ARENA_BLOCK         ? ARENA_BLOCK
               : size > LARGE_ARENA_BLOCK ? LARGE_ARENA_BLOCK
                                          : size;
        size = rounded > size ? rounded : size;
        struct rf_arena_block *block = rf_alloc_raw(1, sizeof *block + size);
        if (block == NULL) {
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
        arena->size = size;
    }
    arena->used += rounded;
    return arena->blocks->bytes + (arena->used - rounded);
}

char *rf_arena_text(rf_arena *arena, const char *text, size_t length)
{
    char *copy = length == SIZE_MAX ? NULL : rf_arena_take(arena, length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void rf_arena_join(rf_arena *to, rf_arena *from)
{
    struct rf_arena_block **end = &from->blocks;
    if (to->blocks == NULL) {
        *to = *from;
    } else { /* behind the block that is being filled */
        while (*end != NULL) {
            end = &(*end)->next;
        }
        *end = to->blocks->next;
        to->blocks->next = from->blocks;
    }
    *from = (rf_arena){0};
}

void rf_arena_free(rf_arena *arena)
{
    while (arena->blocks != NULL) {
        struct rf_arena_block *next = arena->blocks->next;
        rf_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
    arena->size = 0;
}
