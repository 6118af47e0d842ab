/* intake_intern.c - see intake_intern.h. */
#include "store/intake_intern.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, LOOKED_AT = 32 };

/* The new texts of one tag. Of the first bytes those that tell nothing (all texts have the same
 * there) take no room in a key, the others as many bits as they have different bytes. */
typedef struct tag_group {
    uint32_t tag;
    uint32_t shortest;                  /* length of a text */
    size_t count;                       /* of texts */
    size_t next;                        /* place among all keys of the next one made */
    unsigned char code[LOOKED_AT][256]; /* 1: the byte is seen there; then, its rank there */
    unsigned char bits[LOOKED_AT];      /* of a code */
    uint32_t looked_at;                 /* bytes that are in the key */
    unsigned key_bits;
} tag_group;

typedef struct tag_groups {
    tag_group *items;
    size_t count, capacity;
} tag_groups;

typedef struct sort_key {
    union {
        uint64_t key;
        const rf_intern_text *text; /* where keys do not differ */
    } by;
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

/* What a slot keeps of a hash tells its place as well, so that a larger table is filled without
 * looking at the texts. */
static uint32_t place_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

void rf_intern_fetch_slot(const rf_intern *intern, uint64_t hash)
{
    if (intern->slot_count > 0) {
        __builtin_prefetch(&intern->slots[place_of(hash) & (intern->slot_count - 1)]);
    }
}

void rf_intern_fetch_text(const rf_intern *intern, uint64_t hash)
{
    if (intern->slot_count > 0) {
        __builtin_prefetch(intern->slots[place_of(hash) & (intern->slot_count - 1)].text);
    }
}

uint32_t rf_intern_find(const rf_intern *intern, uint32_t tag, const char *text, size_t length,
                        uint64_t hash)
{
    size_t const mask = intern->slot_count - 1;
    if (intern->slot_count == 0) {
        return RF_INTERN_NONE;
    }
    for (size_t at = place_of(hash) & mask;; at = (at + 1) & mask) {
        const rf_intern_slot *slot = &intern->slots[at];
        if (slot->text == NULL) {
            return RF_INTERN_NONE;
        }
        if (slot->hash == place_of(hash) && slot->text->length == length &&
            slot->text->tag == tag && memcmp(slot->text->bytes, text, length) == 0) {
            return slot->index;
        }
    }
}

static void put_slot(rf_intern_slot *slots, size_t slot_count, rf_intern_slot added)
{
    size_t at = added.hash & (slot_count - 1);
    while (slots[at].text != NULL) {
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = added;
}

/* At most three quarters of the slots are taken. */
static bool has_room(const rf_intern *intern, size_t texts)
{
    return texts * 4 < intern->slot_count * 3;
}

static bool grow_slots(rf_intern *intern, size_t wanted)
{
    rf_intern_slot *slots = rf_alloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < intern->slot_count; i++) {
        if (intern->slots[i].text != NULL) {
            put_slot(slots, wanted, intern->slots[i]);
        }
    }
    rf_free(intern->slots);
    intern->bytes += (wanted - intern->slot_count) * sizeof *slots;
    intern->slots = slots;
    intern->slot_count = wanted;
    return true;
}

void rf_intern_expect(rf_intern *intern, size_t texts)
{
    size_t wanted = FIRST_SLOTS;
    while (texts * 4 >= wanted * 3) {
        wanted *= 2;
    }
    if (wanted > intern->slot_count) {
        bool const grown = grow_slots(intern, wanted);
        (void)grown; /* else it grows as texts come */
    }
}

uint32_t rf_intern_add(rf_intern *intern, uint32_t tag, const char *text, size_t length,
                       uint64_t hash, uint32_t id)
{
    rf_intern_text *copy;
    if (intern->count >= RF_INTERN_NONE - 1 ||
        (!has_room(intern, intern->count) &&
         !grow_slots(intern, intern->slot_count == 0 ? FIRST_SLOTS : intern->slot_count * 2)) ||
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
    put_slot(intern->slots, intern->slot_count,
             (rf_intern_slot){copy, place_of(hash), (uint32_t)intern->count});
    intern->bytes += sizeof(void *) + sizeof *intern->ids + sizeof *copy + length + 8;
    return (uint32_t)intern->count++;
}

/* ---- the order of new texts ---- */

static tag_group *group_of(tag_groups *groups, uint32_t tag)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->items[i].tag == tag) {
            return &groups->items[i];
        }
    }
    return NULL;
}

/* The group of a tag, in the order of tags, made when there is none; NULL when out of memory. */
static tag_group *add_group(tag_groups *groups, uint32_t tag)
{
    size_t at = groups->count;
    if (!rf_reserve(&groups->items, &groups->capacity, groups->count + 1, sizeof *groups->items)) {
        return NULL;
    }
    while (at > 0 && groups->items[at - 1].tag > tag) {
        groups->items[at] = groups->items[at - 1];
        at--;
    }
    groups->count++;
    groups->items[at] = (tag_group){.tag = tag, .shortest = UINT32_MAX};
    return &groups->items[at];
}

/* Which bytes the texts have where. */
static bool look_at_texts(const rf_intern *intern, tag_groups *groups)
{
    for (size_t i = intern->pending; i < intern->count; i++) {
        const rf_intern_text *text = intern->texts[i];
        tag_group *group;
        uint32_t length;
        if (intern->ids[i] != 0) {
            continue;
        }
        group = group_of(groups, text->tag);
        if (group == NULL && (group = add_group(groups, text->tag)) == NULL) {
            return false;
        }
        group->count++;
        group->shortest = text->length < group->shortest ? text->length : group->shortest;
        length = text->length < LOOKED_AT ? text->length : LOOKED_AT;
        for (uint32_t at = 0; at < length; at++) {
            group->code[at][(unsigned char)text->bytes[at]] = 1;
        }
    }
    return true;
}

/* Ranks in place of bytes, as many places as fit into a key. A text that has ended is as if zeros
 * followed. */
static void make_codes(tag_group *group)
{
    for (; group->looked_at < LOOKED_AT; group->looked_at++) {
        unsigned char *code = group->code[group->looked_at];
        unsigned rank = 0;
        unsigned char bits = 0;
        code[0] |= group->looked_at >= group->shortest;
        for (unsigned byte = 0; byte < 256; byte++) {
            bool const seen = code[byte] != 0;
            code[byte] = (unsigned char)rank;
            rank += seen;
        }
        while (rank > 1u << bits) {
            bits++;
        }
        if (group->key_bits + bits > 64) {
            return;
        }
        group->bits[group->looked_at] = bits;
        group->key_bits += bits;
    }
}

static uint64_t key_of(const tag_group *group, const rf_intern_text *text)
{
    uint64_t key = 0;
    for (uint32_t at = 0; at < group->looked_at; at++) {
        unsigned char const byte = at < text->length ? (unsigned char)text->bytes[at] : 0;
        key = key << group->bits[at] | group->code[at][byte];
    }
    return key;
}

/* One stable counting pass; false when the digit is the same everywhere and nothing was moved. */
static bool sort_pass(const sort_key *from, sort_key *to, size_t count, unsigned shift)
{
    uint32_t starts[DIGITS] = {0};
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        starts[from[i].by.key >> shift & (DIGITS - 1)]++;
    }
    if (starts[from[0].by.key >> shift & (DIGITS - 1)] == count) {
        return false;
    }
    for (size_t digit = 0; digit < DIGITS; digit++) {
        uint32_t const here = starts[digit];
        starts[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[from[i].by.key >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

/* Whole texts, for keys that do not differ. */
static int compare_texts(const void *left, const void *right)
{
    const rf_intern_text *a = ((const sort_key *)left)->by.text;
    const rf_intern_text *b = ((const sort_key *)right)->by.text;
    uint32_t const shorter = a->length < b->length ? a->length : b->length;
    int const order = memcmp(a->bytes, b->bytes, shorter);
    if (order != 0) {
        return order;
    }
    return a->length < b->length ? -1 : a->length > b->length;
}

/* Keys from `first` to before `end` are the same. */
static void sort_same(const rf_intern *intern, sort_key *keys, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        keys[i].by.text = intern->texts[keys[i].index];
    }
    qsort(keys + first, end - first, sizeof *keys, compare_texts);
}

/* Sorts the keys of a group, with `other` as room for as many, and puts their texts' indexes in
 * order. */
static void sort_group(const rf_intern *intern, const tag_group *group, sort_key *keys,
                       sort_key *other, uint32_t *sorted)
{
    size_t const count = group->count;
    for (unsigned shift = 0; shift < group->key_bits; shift += DIGIT_BITS) {
        if (sort_pass(keys, other, count, shift)) {
            sort_key *const swap = keys;
            keys = other;
            other = swap;
        }
    }
    for (size_t first = 0, end; first < count; first = end) {
        uint64_t const key = keys[first].by.key;
        for (end = first + 1; end < count && keys[end].by.key == key;) {
            end++;
        }
        if (end - first > 1) {
            sort_same(intern, keys, first, end);
        }
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = keys[i].index;
    }
}

static void make_keys(const rf_intern *intern, tag_groups *groups, sort_key *keys)
{
    for (size_t i = intern->pending; i < intern->count; i++) {
        if (intern->ids[i] == 0) {
            tag_group *group = group_of(groups, intern->texts[i]->tag);
            assert(group != NULL);
            keys[group->next++] = (sort_key){{key_of(group, intern->texts[i])}, (uint32_t)i};
        }
    }
}

uint32_t *rf_intern_sorted_new(const rf_intern *intern, size_t *count)
{
    tag_groups groups = {0};
    sort_key *keys = NULL;
    sort_key *other = NULL;
    uint32_t *sorted = NULL;
    size_t largest = 0;
    *count = 0;
    if (look_at_texts(intern, &groups)) {
        for (size_t i = 0; i < groups.count; i++) {
            make_codes(&groups.items[i]);
            groups.items[i].next = *count;
            *count += groups.items[i].count;
            largest = groups.items[i].count > largest ? groups.items[i].count : largest;
        }
        keys = rf_alloc_raw(*count, sizeof *keys);
        other = rf_alloc_raw(largest, sizeof *other);
        sorted = rf_alloc_raw(*count, sizeof *sorted);
    }
    if (keys != NULL && other != NULL && sorted != NULL) {
        size_t at = 0;
        make_keys(intern, &groups, keys);
        for (size_t i = 0; i < groups.count; at += groups.items[i++].count) {
            sort_group(intern, &groups.items[i], keys + at, other, sorted + at);
        }
    } else {
        rf_free(sorted);
        sorted = NULL;
    }
    rf_free(groups.items);
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
