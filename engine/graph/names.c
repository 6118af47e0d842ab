/* names.c - see names.h. */
#include "graph/names.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdbool.h>
#include <string.h>

enum { DIRECT_FIRST = 1 << 12, DIRECT_MOST = 1 << 26, SLOTS_FIRST = 1 << 12 };

/* A number below DIRECT_MOST, as it would be printed: no sign, no leading zeros. */
static bool small_number(const char *text, size_t length, uint32_t *number)
{
    uint32_t value = 0;
    if (length == 0 || length > 8 || (text[0] == '0' && length > 1)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned const digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return value < DIRECT_MOST;
}

/* New memory comes as zero pages, so a few large numbers cost little. */
static bool grow_direct(rf_names *n, uint32_t number)
{
    size_t size = n->direct_size == 0 ? DIRECT_FIRST : n->direct_size;
    uint32_t *grown;
    while (size <= number) {
        size *= 2;
    }
    grown = rf_alloc(size, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    if (n->direct_size > 0) {
        memcpy(grown, n->direct, n->direct_size * sizeof *grown);
    }
    rf_free(n->direct);
    n->direct = grown;
    n->direct_size = size;
    return true;
}

static bool grow_slots(rf_names *n)
{
    size_t const slots = n->slots == 0 ? SLOTS_FIRST : n->slots * 2;
    uint64_t *slot = rf_alloc(slots, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    for (size_t i = 0; i < n->slots; i++) {
        uint32_t const number = (uint32_t)n->slot[i];
        size_t at;
        if (number == 0) {
            continue;
        }
        at = rf_hash_bytes(0, n->bytes + n->start[number - 1],
                           (size_t)(n->start[number] - n->start[number - 1])) &
             (slots - 1);
        while ((uint32_t)slot[at] != 0) {
            at = (at + 1) & (slots - 1);
        }
        slot[at] = n->slot[i];
    }
    rf_free(n->slot);
    n->slot = slot;
    n->slots = slots;
    return true;
}

static rf_status append(rf_names *n, const char *text, size_t length, uint32_t *number,
                        rf_error *err)
{
    uint64_t const used = n->count == 0 ? 0 : n->start[n->count];
    if (n->count >= UINT32_MAX - 1) {
        return rf_fail(err, RF_EINPUT, "more than %u nodes", UINT32_MAX - 1);
    }
    if (!rf_reserve(&n->bytes, &n->byte_room, (size_t)used + length + 1, 1) ||
        !rf_reserve(&n->start, &n->start_room, (size_t)n->count + 2, sizeof *n->start)) {
        return rf_fail_memory(err, "the names of the nodes");
    }
    memcpy(n->bytes + used, text, length);
    n->start[n->count] = used;
    n->start[n->count + 1] = used + length;
    *number = n->count++;
    return RF_OK;
}

static rf_status add_number(rf_names *n, const char *text, size_t length, uint32_t small,
                            uint32_t *number, rf_error *err)
{
    rf_status status;
    if (small >= n->direct_size && !grow_direct(n, small)) {
        return rf_fail_memory(err, "the names of the nodes");
    }
    if (n->direct[small] != 0) {
        *number = n->direct[small] - 1;
        return RF_OK;
    }
    status = append(n, text, length, number, err);
    if (status == RF_OK) {
        n->direct[small] = *number + 1;
    }
    return status;
}

static bool is_name(const rf_names *n, uint32_t number, const char *text, size_t length)
{
    return n->start[number + 1] - n->start[number] == length &&
           memcmp(n->bytes + n->start[number], text, length) == 0;
}

rf_status rf_names_add(rf_names *names, const char *text, size_t length, uint32_t *number,
                       rf_error *err)
{
    rf_names *n = names;
    uint32_t small;
    uint64_t hash;
    size_t at;
    rf_status status;
    if (small_number(text, length, &small)) {
        return add_number(n, text, length, small, number, err);
    }
    if (n->hashed * 2 >= n->slots && !grow_slots(n)) {
        return rf_fail_memory(err, "the names of the nodes");
    }
    hash = rf_hash_bytes(0, text, length);
    at = hash & (n->slots - 1);
    while ((uint32_t)n->slot[at] != 0) {
        uint32_t const known = (uint32_t)n->slot[at] - 1;
        if (n->slot[at] >> 32 == hash >> 32 && is_name(n, known, text, length)) {
            *number = known;
            return RF_OK;
        }
        at = (at + 1) & (n->slots - 1);
    }
    status = append(n, text, length, number, err);
    if (status == RF_OK) {
        n->slot[at] = hash >> 32 << 32 | (*number + 1);
        n->hashed++;
    }
    return status;
}

void rf_names_free(rf_names *names)
{
    rf_free(names->bytes);
    rf_free(names->start);
    rf_free(names->direct);
    rf_free(names->slot);
    *names = (rf_names){0};
}
