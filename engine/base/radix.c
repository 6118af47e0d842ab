/* radix.c - see radix.h. */
#include "base/radix.h"

#include "base/memory.h"

#include <string.h>

enum { BYTES = sizeof(uint64_t), VALUES = 256 };

/* Sorts by number ^ flip. */
static bool sort(uint64_t *number, size_t count, uint64_t flip)
{
    uint64_t *other = rf_alloc_raw(count, sizeof *other);
    uint64_t *from = number;
    uint64_t *to = other;
    uint64_t differ = 0;
    if (other == NULL) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        differ |= number[i] ^ number[0];
    }
    for (unsigned byte = 0; byte < BYTES; byte++) {
        unsigned const shift = 8 * byte;
        size_t start[VALUES + 1] = {0};
        uint64_t *swap = from;
        if ((differ >> shift & 0xff) == 0) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            start[((from[i] ^ flip) >> shift & 0xff) + 1]++;
        }
        for (unsigned v = 0; v < VALUES; v++) {
            start[v + 1] += start[v];
        }
        for (size_t i = 0; i < count; i++) {
            to[start[(from[i] ^ flip) >> shift & 0xff]++] = from[i];
        }
        from = to;
        to = swap;
    }
    if (from != number) {
        memcpy(number, from, count * sizeof *number);
    }
    rf_free(other);
    return true;
}

bool rf_sort_numbers(uint64_t *number, size_t count)
{
    return sort(number, count, 0);
}

bool rf_sort_signed(int64_t *number, size_t count)
{
    return sort((uint64_t *)number, count, UINT64_C(1) << 63);
}
