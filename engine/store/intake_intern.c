/* intake_intern.c - see intake_intern.h. */
#include "store/intake_intern.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1 << 12 };

typedef struct sort_key {
    uint64_t prefix; /* the tag and the first bytes: decides most comparisons */
    const rf_intern_text *text;
} sort_key;

uint32_t rf_intern_find(const rf_intern *intern, uint32_t tag, const char *text, size_t length,
                        uint64_t *hash)
{
    *hash = rf_hash_bytes(tag, text, length);
    if (intern->slot_count == 0) {
        return RF_INTERN_NONE;
    }
    for (size_t at = *hash & (intern->slot_count - 1);; at = (at + 1) & (intern->slot_count - 1)) {
        uint32_t const slot = intern->slots[at];
        const rf_intern_text *known;
        if (slot == 0) {
            return RF_INTERN_NONE;
        }
        known = &intern->texts[slot - 1];
        if (known->hash == (uint32_t)(*hash >> 32) && known->length == length &&
            known->tag == tag && memcmp(known->bytes, text, length) == 0) {
            return slot - 1;
        }
    }
}

static void put_slot(uint32_t *slots, size_t slot_count, uint64_t hash, uint32_t index)
{
    size_t at = hash & (slot_count - 1);
    while (slots[at] != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = index + 1;
}

/* At most half of the slots are taken. */
static bool grow_slots(rf_intern *intern)
{
    size_t const wanted = intern->slot_count == 0 ? FIRST_SLOTS : intern->slot_count * 2;
    uint32_t *slots = rf_alloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < intern->count; i++) {
        const rf_intern_text *text = &intern->texts[i];
        put_slot(slots, wanted, rf_hash_bytes(text->tag, text->bytes, text->length), (uint32_t)i);
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
    char *copy;
    if (intern->count >= RF_INTERN_NONE - 1 ||
        (intern->count * 2 >= intern->slot_count && !grow_slots(intern)) ||
        !rf_reserve(&intern->texts, &intern->text_capacity, intern->count + 1,
                    sizeof *intern->texts) ||
        !rf_reserve(&intern->ids, &intern->id_capacity, intern->count + 1, sizeof *intern->ids)) {
        return RF_INTERN_NONE;
    }
    copy = rf_arena_text(&intern->arena, text, length);
    if (copy == NULL) {
        return RF_INTERN_NONE;
    }
    intern->texts[intern->count] =
        (rf_intern_text){copy, (uint32_t)length, (uint32_t)(hash >> 32), tag, 0};
    intern->ids[intern->count] = id;
    put_slot(intern->slots, intern->slot_count, hash, (uint32_t)intern->count);
    intern->bytes += sizeof *intern->texts + sizeof *intern->ids + length + 16;
    return (uint32_t)intern->count++;
}

static int compare_keys(const void *left, const void *right)
{
    const sort_key *a = left;
    const sort_key *b = right;
    size_t shorter;
    int order;
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    shorter = a->text->length < b->text->length ? a->text->length : b->text->length;
    order = memcmp(a->text->bytes, b->text->bytes, shorter);
    if (order != 0) {
        return order;
    }
    return a->text->length < b->text->length ? -1 : a->text->length > b->text->length;
}

static uint64_t prefix_of(const rf_intern_text *text)
{
    uint64_t prefix = (uint64_t)(text->tag & 0xffff) << 48;
    for (uint32_t i = 0; i < 6 && i < text->length; i++) {
        prefix |= (uint64_t)(unsigned char)text->bytes[i] << (40 - 8 * i);
    }
    return prefix;
}

uint32_t *rf_intern_sorted_new(const rf_intern *intern, size_t *count)
{
    sort_key *keys = rf_alloc_raw(intern->count - intern->pending, sizeof *keys);
    uint32_t *sorted = NULL;
    *count = 0;
    if (keys == NULL) {
        return NULL;
    }
    for (size_t i = intern->pending; i < intern->count; i++) {
        if (intern->ids[i] == 0) {
            keys[(*count)++] = (sort_key){prefix_of(&intern->texts[i]), &intern->texts[i]};
        }
    }
    sorted = rf_alloc_raw(*count, sizeof *sorted);
    if (sorted != NULL) {
        qsort(keys, *count, sizeof *keys, compare_keys);
        for (size_t i = 0; i < *count; i++) {
            sorted[i] = (uint32_t)(keys[i].text - intern->texts);
        }
    }
    rf_free(keys);
    return sorted;
}

void rf_intern_clear(rf_intern *intern)
{
    rf_arena_free(&intern->arena);
    rf_free(intern->texts);
    rf_free(intern->ids);
    rf_free(intern->slots);
    *intern = (rf_intern){0};
}
