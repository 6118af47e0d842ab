/* squeeze.c - see squeeze.h.
 *
 * Layout: the head, then block after block (128 records; the last may be less), in each its columns
 * in order: a byte with the bits of a number and how they are meant, the base in as many bytes as
 * the column is wide, and 128 numbers. These stand in four lanes, so that a loop over the lanes
 * works on four at a time: lane l has numbers l, l + 4, l + 8 ...
 */
#include "base/squeeze.h"

#include "base/memory.h"

#include <string.h>

enum {
    BLOCK = 128,
    LANES = 4,
    STEPS = BLOCK / LANES,
    MEASURED = 64,
    NEXT = 0x40,
    MOST_SIZE = 65535
};

static uint32_t const mark = 0x315a5152; /* changes with the layout */

typedef struct head {
    uint32_t mark;
    uint16_t size, width; /* of a record, and of a column; 0: copied */
    uint64_t count;
} head;

/* How the numbers of one column in one block are written. */
typedef struct way {
    uint32_t base;
    unsigned bits;
    bool next; /* from one to the next, sign last */
} way;

static unsigned bits_of(uint32_t number)
{
    return number == 0 ? 0 : 32 - (unsigned)__builtin_clz(number);
}

static uint32_t mask_of(size_t width)
{
    return width == 4 ? UINT32_MAX : (UINT32_C(1) << 8 * width) - 1;
}

/* ---- columns ---- */

/* Fetches a column of n records; where there are fewer than 128, the last one is repeated. */
static void fetch(const uint8_t *at, size_t size, size_t width, size_t n, uint32_t number[BLOCK])
{
    if (width == 4) {
        for (size_t i = 0; i < n; i++) {
            memcpy(&number[i], at + i * size, 4);
        }
    } else if (width == 2) {
        for (size_t i = 0; i < n; i++) {
            uint16_t half;
            memcpy(&half, at + i * size, 2);
            number[i] = half;
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            number[i] = at[i * size];
        }
    }
    for (size_t i = n; i < BLOCK; i++) {
        number[i] = number[n - 1];
    }
}

/* The same of an array of nothing but this column. */
static void store_all(uint8_t *at, size_t width, size_t n, const uint32_t number[BLOCK])
{
    uint16_t half[BLOCK];
    uint8_t byte[BLOCK];
    if (width == 4) {
        memcpy(at, number, n * 4);
    } else if (width == 2) {
        for (size_t i = 0; i < BLOCK; i++) {
            half[i] = (uint16_t)number[i];
        }
        memcpy(at, half, n * 2);
    } else {
        for (size_t i = 0; i < BLOCK; i++) {
            byte[i] = (uint8_t)number[i];
        }
        memcpy(at, byte, n);
    }
}

static void store(uint8_t *at, size_t size, size_t width, size_t n, const uint32_t number[BLOCK])
{
    if (width == size) {
        store_all(at, width, n, number);
    } else if (width == 4) {
        for (size_t i = 0; i < n; i++) {
            memcpy(at + i * size, &number[i], 4);
        }
    } else if (width == 2) {
        for (size_t i = 0; i < n; i++) {
            uint16_t const half = (uint16_t)number[i];
            memcpy(at + i * size, &half, 2);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            at[i * size] = (uint8_t)number[i];
        }
    }
}

/* Distances to the one before, in the arithmetic of the column: small ones up or down are small
 * numbers (zigzag). The first has none. */
static void step_forth(const uint32_t number[BLOCK], size_t width, uint32_t step[BLOCK])
{
    unsigned const spare = 32 - 8 * (unsigned)width;
    step[0] = 0;
    for (size_t i = 1; i < BLOCK; i++) {
        uint32_t const high = (number[i] - number[i - 1]) << spare; /* its sign is the top bit */
        step[i] = (high << 1 ^ (0 - (high >> 31)) << spare) >> spare;
    }
}

static void step_back(uint32_t base, size_t width, uint32_t number[BLOCK])
{
    uint32_t const mask = mask_of(width);
    uint32_t at = base;
    for (size_t i = 0; i < BLOCK; i++) {
        uint32_t const step = number[i];
        at += step >> 1 ^ (0 - (step & 1));
        number[i] = at & mask;
    }
}

/* The shorter way to write a column; what is to be written replaces it. */
static way shorten(uint32_t number[BLOCK], size_t width)
{
    uint32_t step[BLOCK];
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    uint32_t steps = 0;
    way to;
    step_forth(number, width, step);
    for (size_t i = 0; i < BLOCK; i++) {
        least = number[i] < least ? number[i] : least;
        most = number[i] > most ? number[i] : most;
        steps |= step[i];
    }
    to = (way){least, bits_of(most - least), false};
    if (bits_of(steps) < to.bits) {
        to = (way){number[0], bits_of(steps), true};
        memcpy(number, step, sizeof step);
    } else {
        for (size_t i = 0; i < BLOCK; i++) {
            number[i] -= least;
        }
    }
    return to;
}

/* ---- bits ---- */

static size_t packed_bytes(unsigned bits)
{
    return (size_t)bits * (BLOCK / 8);
}

static void pack(const uint32_t number[BLOCK], unsigned bits, uint8_t *to)
{
    uint32_t open[LANES] = {0};
    unsigned filled = 0;
    for (size_t i = 0; i < STEPS && bits > 0; i++) {
        const uint32_t *four = number + i * LANES;
        for (size_t l = 0; l < LANES; l++) {
            open[l] |= four[l] << filled;
        }
        filled += bits;
        if (filled >= 32) {
            memcpy(to, open, sizeof open);
            to += sizeof open;
            filled -= 32;
            for (size_t l = 0; l < LANES; l++) {
                open[l] = filled == 0 ? 0 : four[l] >> (bits - filled);
            }
        }
    }
}

static void unpack(const uint8_t *from, unsigned bits, uint32_t number[BLOCK])
{
    uint32_t const mask = bits == 32 ? UINT32_MAX : (UINT32_C(1) << bits) - 1;
    uint32_t open[LANES] = {0};
    unsigned taken = 32; /* of open */
    memset(number, 0, BLOCK * sizeof *number);
    for (size_t i = 0; i < STEPS && bits > 0; i++) {
        uint32_t *four = number + i * LANES;
        unsigned const had = 32 - taken;
        if (had > 0) {
            for (size_t l = 0; l < LANES; l++) {
                four[l] = open[l] >> taken;
            }
        }
        if (had < bits) {
            memcpy(open, from, sizeof open);
            from += sizeof open;
            for (size_t l = 0; l < LANES; l++) {
                four[l] |= open[l] << had;
            }
            taken = bits - had;
        } else {
            taken += bits;
        }
        for (size_t l = 0; l < LANES; l++) {
            four[l] &= mask;
        }
    }
}

/* ---- whole arrays ---- */

/* The bytes of a block of n records in columns of `width`; written to `to` unless it is NULL. */
static size_t squeeze_block(const uint8_t *block, size_t size, size_t width, size_t n, uint8_t *to)
{
    size_t bytes = 0;
    for (size_t c = 0; c < size; c += width) {
        uint32_t number[BLOCK];
        way how;
        fetch(block + c, size, width, n, number);
        how = shorten(number, width);
        if (to != NULL) {
            to[bytes] = (uint8_t)(how.bits | (how.next ? NEXT : 0));
            memcpy(to + bytes + 1, &how.base, width);
            pack(number, how.bits, to + bytes + 1 + width);
        }
        bytes += 1 + width + packed_bytes(how.bits);
    }
    return bytes;
}

/* The width of columns that makes some blocks smallest; 0 when none makes them smaller. */
static size_t best_width(const uint8_t *records, size_t count, size_t size)
{
    size_t const blocks = count / BLOCK;
    size_t const every = blocks <= MEASURED ? 1 : blocks / MEASURED;
    size_t best = 0;
    size_t least = SIZE_MAX;
    for (size_t width = 4; width > 0; width /= 2) {
        size_t bytes = 0;
        size_t plain = 0;
        for (size_t b = 0; b < blocks && size % width == 0; b += every) {
            bytes += squeeze_block(records + b * BLOCK * size, size, width, BLOCK, NULL);
            plain += BLOCK * size;
        }
        if (bytes < least && bytes < plain - plain / 16) {
            least = bytes;
            best = width;
        }
    }
    return best;
}

/* Ends early, with SIZE_MAX, when it does not fit into `room`. */
static size_t squeeze_all(const uint8_t *records, const head *h, uint8_t *to, size_t room)
{
    size_t const most = h->size / h->width * (1 + h->width + packed_bytes(8 * h->width));
    size_t bytes = 0;
    for (size_t first = 0; first < h->count; first += BLOCK) {
        size_t const n = h->count - first < BLOCK ? (size_t)h->count - first : BLOCK;
        if (room - bytes < most) {
            return SIZE_MAX;
        }
        bytes += squeeze_block(records + first * h->size, h->size, h->width, n, to + bytes);
    }
    return bytes;
}

bool rf_squeeze(const void *records, size_t count, size_t size, uint8_t **out, size_t *bytes)
{
    head h = {mark, (uint16_t)size, 0, count};
    size_t const plain = count * size;
    size_t squeezed = SIZE_MAX;
    *out = size > MOST_SIZE ? NULL : rf_alloc_raw(sizeof h + plain, 1);
    *bytes = 0;
    if (*out == NULL) {
        return false;
    }
    h.width = (uint16_t)best_width(records, count, size);
    if (h.width > 0) {
        squeezed = squeeze_all(records, &h, *out + sizeof h, plain);
    }
    if (squeezed == SIZE_MAX) {
        h.width = 0;
        squeezed = plain;
        if (plain > 0) {
            memcpy(*out + sizeof h, records, plain);
        }
    }
    memcpy(*out, &h, sizeof h);
    *bytes = sizeof h + squeezed;
    return true;
}

static bool read_head(const uint8_t *from, size_t bytes, size_t size, head *h)
{
    if (bytes < sizeof *h) {
        return false;
    }
    memcpy(h, from, sizeof *h);
    if (h->mark != mark || h->size != size || size == 0) {
        return false;
    }
    if (h->width == 0) {
        return h->count == (bytes - sizeof *h) / size && (bytes - sizeof *h) % size == 0;
    }
    /* Each block has two bytes a column at least: a damaged count asks for no absurd memory. */
    return (h->width == 1 || h->width == 2 || h->width == 4) && size % h->width == 0 &&
           h->count / BLOCK <= (bytes - sizeof *h) / (2 * (size / h->width));
}

bool rf_squeezed_count(const uint8_t *from, size_t bytes, size_t size, size_t *count)
{
    head h = {0};
    bool const good = read_head(from, bytes, size, &h);
    *count = good ? (size_t)h.count : 0;
    return good;
}

/* Reads one block of n records; how many bytes it took, 0 when it is damaged. */
static size_t unsqueeze_block(const uint8_t *from, size_t bytes, const head *h, size_t n,
                              uint8_t *block)
{
    size_t at = 0;
    for (size_t c = 0; c < h->size; c += h->width) {
        uint32_t number[BLOCK];
        uint32_t base = 0;
        unsigned bits;
        bool next;
        if (bytes - at < (size_t)1 + h->width) {
            return 0;
        }
        bits = from[at] & (NEXT - 1);
        next = (from[at] & NEXT) != 0;
        memcpy(&base, from + at + 1, h->width);
        at += (size_t)1 + h->width;
        if (bits > 32 || bytes - at < packed_bytes(bits)) {
            return 0;
        }
        if (bits == 0) {
            memset(number, 0, sizeof number);
        } else {
            unpack(from + at, bits, number);
        }
        at += packed_bytes(bits);
        if (next && bits > 0) {
            step_back(base, h->width, number);
        } else {
            for (size_t i = 0; i < BLOCK; i++) {
                number[i] += base;
            }
        }
        store(block + c, h->size, h->width, n, number);
    }
    return at;
}

bool rf_unsqueeze(const uint8_t *from, size_t bytes, size_t size, void *records)
{
    head h = {0};
    size_t at = sizeof h;
    if (!read_head(from, bytes, size, &h)) {
        return false;
    }
    if (h.width == 0) {
        if (h.count > 0) {
            memcpy(records, from + sizeof h, bytes - sizeof h);
        }
        return true;
    }
    for (size_t first = 0; first < h.count; first += BLOCK) {
        size_t const n = h.count - first < BLOCK ? (size_t)h.count - first : BLOCK;
        size_t const taken =
            unsqueeze_block(from + at, bytes - at, &h, n, (uint8_t *)records + first * h.size);
        if (taken == 0) {
            return false;
        }
        at += taken;
    }
    return at == bytes;
}
