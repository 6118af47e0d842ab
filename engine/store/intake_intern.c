/* intake_intern.c - see intake_intern.h. */
#include "store/intake_intern.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12, SORT_BITS = 8, SORT_DIGITS = 1 << SORT_BITS };

typedef struct sort_key {
    uint64_t prefix[2]; /* the first bytes, big-endian: decides most comparisons */
    const rf_intern_text *text;
    uint32_t index;
} sort_key;

/* Both halves of a product: every bit of one factor moves most of the result. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide const product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes a step; never stored, so it may differ between machines. */
uint64_t rf_intern_hash(uint32_t tag, const char *text, size_t length)
{
    uint64_t const factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = (uint64_t)tag << 32 | (length & UINT32_MAX);
    uint64_t eight = 0;
    if (length >= sizeof eight) { /* the last eight may overlap those before */
        const char *const last = text + length - sizeof eight;
        for (; text < last; text += sizeof eight) {
            memcpy(&eight, text, sizeof eight);
            hash = fold(hash ^ eight ^ factor, factor);
        }
        memcpy(&eight, last, sizeof eight);
    } else {
        memcpy(&eight, text, length);
    }
    return rf_mix(hash ^ eight);
}

void rf_intern_fetch_slot(const rf_intern *intern, uint64_t hash)
{
    if (intern->slot_count > 0) {
        __builtin_prefetch(&intern->slots[hash & (intern->slot_count - 1)]);
    }
}

void rf_intern_fetch_text(const rf_intern *intern, uint64_t hash)
{
    if (intern->slot_count > 0) {
        __builtin_prefetch(intern->slots[hash & (intern->slot_count - 1)].text);
    }
}

uint32_t rf_intern_find(const rf_intern *intern, uint32_t tag, const char *text, size_t length,
                        uint64_t hash)
{
    size_t const mask = intern->slot_count - 1;
    if (intern->slot_count == 0) {
        return RF_INTERN_NONE;
    }
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        const rf_intern_slot *slot = &intern->slots[at];
        if (slot->text == NULL) {
            return RF_INTERN_NONE;
        }
        if (slot->hash == (uint32_t)(hash >> 32) && slot->text->length == length &&
            slot->text->tag == tag && memcmp(slot->text->bytes, text, length) == 0) {
            return slot->index;
        }
    }
}

static void put_slot(rf_intern_slot *slots, size_t slot_count, uint64_t hash, rf_intern_slot added)
{
    size_t at = hash & (slot_count - 1);
    while (slots[at].text != NULL) {
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = added;
}

/* At most three quarters of the slots are taken. */
static bool grow_slots(rf_intern *intern)
{
    size_t const wanted = intern->slot_count == 0 ? FIRST_SLOTS : intern->slot_count * 2;
    rf_intern_slot *slots = rf_alloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < intern->count; i++) {
        rf_intern_text *text = intern->texts[i];
        uint64_t const hash = rf_intern_hash(text->tag, text->bytes, text->length);
        put_slot(slots, wanted, hash, (rf_intern_slot){text, (uint32_t)(hash >> 32), (uint32_t)i});
    }
    rf_free(intern->slots);
    intern->bytes += (wanted - intern->slot_count) * sizeof *slots;
    intern->slots = slots;
    intern->slot_count = wanted;
    return true;
}

uint32_t rf_intern_add(rf_intern *intern, uint32_t tag, const char *text, size_t length,
                       uint64_t hash, uint32_t id)
{
    rf_intern_text *copy;
    if (intern->count >= RF_INTERN_NONE - 1 ||
        (intern->count * 4 >= intern->slot_count * 3 && !grow_slots(intern)) ||
        !rf_reserve(&intern->texts, &intern->text_capacity, intern->count + 1, sizeof(void *)) ||
        !rf_reserve(&intern->ids, &intern->id_capacity, intern->count + 1, sizeof *intern->ids)) {
        return RF_INTERN_NONE;
    }
    copy = rf_arena_take(&intern->arena, sizeof *copy + length + 1);
    if (copy == NULL) {
        return RF_INTERN_NONE;
    }
    *copy = (rf_intern_text){.length = (uint32_t)length, .tag = tag};
    memcpy(copy->bytes, text, length);
    copy->bytes[length] = '\0';
    intern->texts[intern->count] = copy;
    intern->ids[intern->count] = id;
    put_slot(intern->slots, intern->slot_count, hash,
             (rf_intern_slot){copy, (uint32_t)(hash >> 32), (uint32_t)intern->count});
    intern->bytes += sizeof(void *) + sizeof *intern->ids + sizeof *copy + length + 8;
    return (uint32_t)intern->count++;
}

static uint64_t eight_bytes(const rf_intern_text *text, uint32_t from)
{
    uint64_t bytes = 0;
    for (uint32_t i = from; i < from + 8; i++) {
        bytes = bytes << 8 | (i < text->length ? (unsigned char)text->bytes[i] : 0);
    }
    return bytes;
}

/* Whole texts, when their prefixes do not differ. */
static int compare_keys(const void *left, const void *right)
{
    const sort_key *a = left;
    const sort_key *b = right;
    size_t const shorter = a->text->length < b->text->length ? a->text->length : b->text->length;
    int const order = memcmp(a->text->bytes, b->text->bytes, shorter);
    if (order != 0) {
        return order;
    }
    return a->text->length < b->text->length ? -1 : a->text->length > b->text->length;
}

static size_t digit_of(const sort_key *key, int part, unsigned shift)
{
    return key->prefix[part] >> shift & (SORT_DIGITS - 1);
}

/* One stable counting pass; false when the digit is the same everywhere and nothing was moved. */
static bool sort_pass(const sort_key *from, sort_key *to, size_t count, int part, unsigned shift)
{
    size_t starts[SORT_DIGITS] = {0};
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        starts[digit_of(&from[i], part, shift)]++;
    }
    if (starts[digit_of(&from[0], part, shift)] == count) {
        return false;
    }
    for (size_t digit = 0; digit < SORT_DIGITS; digit++) {
        size_t const here = starts[digit];
        starts[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[digit_of(&from[i], part, shift)]++] = from[i];
    }
    return true;
}

/* By prefix in counting passes, then what has the same prefix by comparing. Returns which of the
 * two arrays holds the result. */
static sort_key *sort_keys(sort_key *keys, sort_key *other, size_t count)
{
    for (int part = 1; part >= 0; part--) {
        for (unsigned shift = 0; shift < 64; shift += SORT_BITS) {
            if (sort_pass(keys, other, count, part, shift)) {
                sort_key *const swap = keys;
                keys = other;
                other = swap;
            }
        }
    }
    for (size_t first = 0, end; first < count; first = end) {
        end = first + 1;
        while (end < count && keys[end].prefix[0] == keys[first].prefix[0] &&
               keys[end].prefix[1] == keys[first].prefix[1]) {
            end++;
        }
        if (end - first > 1) {
            qsort(keys + first, end - first, sizeof *keys, compare_keys);
        }
    }
    return keys;
}

/* The smallest tag from `low` on among the texts without an id; false when there is none. */
static bool next_tag(const rf_intern *intern, uint32_t low, uint32_t *tag)
{
    bool found = false;
    for (size_t i = intern->pending; i < intern->count; i++) {
        uint32_t const here = intern->texts[i]->tag;
        if (intern->ids[i] == 0 && here >= low && (!found || here < *tag)) {
            found = true;
            *tag = here;
        }
    }
    return found;
}

/* Tag by tag (an import has at most four), so that the whole prefix can serve the comparison. */
uint32_t *rf_intern_sorted_new(const rf_intern *intern, size_t *count)
{
    size_t const most = intern->count - intern->pending;
    sort_key *keys = rf_alloc_raw(most, sizeof *keys);
    sort_key *other = rf_alloc_raw(most, sizeof *other);
    uint32_t *sorted = rf_alloc_raw(most, sizeof *sorted);
    uint32_t tag = 0;
    *count = 0;
    if (keys == NULL || other == NULL || sorted == NULL) {
        rf_free(sorted);
        sorted = NULL;
    }
    for (uint32_t low = 0; sorted != NULL && next_tag(intern, low, &tag); low = tag + 1) {
        const sort_key *ordered;
        size_t same = 0;
        for (size_t i = intern->pending; i < intern->count; i++) {
            const rf_intern_text *text = intern->texts[i];
            if (intern->ids[i] == 0 && text->tag == tag) {
                keys[same++] =
                    (sort_key){{eight_bytes(text, 0), eight_bytes(text, 8)}, text, (uint32_t)i};
            }
        }
        ordered = sort_keys(keys, other, same);
        for (size_t i = 0; i < same; i++) {
            sorted[(*count)++] = ordered[i].index;
        }
    }
    rf_free(keys);
    rf_free(other);
    return sorted;
}

void rf_intern_fetch_sorted(const rf_intern *intern, const uint32_t *sorted, size_t count, size_t i)
{
    enum { PLACE_AHEAD = 32, TEXT_AHEAD = 16 };
    if (i + PLACE_AHEAD < count) {
        __builtin_prefetch(&intern->texts[sorted[i + PLACE_AHEAD]]);
        __builtin_prefetch(&intern->ids[sorted[i + PLACE_AHEAD]], 1);
    }
    if (i + TEXT_AHEAD < count) {
        __builtin_prefetch(intern->texts[sorted[i + TEXT_AHEAD]]);
    }
}

void rf_intern_clear(rf_intern *intern)
{
    rf_arena_free(&intern->arena);
    rf_free(intern->texts);
    rf_free(intern->ids);
    rf_free(intern->slots);
    *intern = (rf_intern){0};
}
