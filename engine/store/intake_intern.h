/* intake_intern.h - texts of one import as small numbers; private to engine/store/intake*.c.
 *
 * A table of (tag, text) in the order of first appearance, found through open addressing. The tag
 * is the signal of a value, 0 for accounts. ids[i] is the database id of text i, 0 while it has
 * none. Workload: 10^7 look-ups, 10^6..10^7 texts of 10..40 bytes, no deletion but of all.
 */
#ifndef RF_STORE_INTAKE_INTERN_H
#define RF_STORE_INTAKE_INTERN_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_INTERN_NONE UINT32_MAX

/* A text in the arena; it never moves. */
typedef struct rf_intern_text {
    uint32_t length;
    uint32_t tag;
    uint32_t claim; /* for the owner: 1 + its claim, 0 when none */
    char bytes[];   /* NUL-terminated */
} rf_intern_text;

/* One look into the table costs two cache misses: the slot and the text. */
typedef struct rf_intern_slot {
    rf_intern_text *text; /* NULL: free */
    uint32_t hash;
    uint32_t index;
} rf_intern_slot;

typedef struct rf_intern {
    rf_arena arena;
    rf_intern_text **texts; /* by index */
    uint32_t *ids;
    size_t count;
    size_t text_capacity;
    size_t id_capacity;
    rf_intern_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t bytes;      /* memory taken, about */
    size_t pending;    /* texts before it have been given to the database */
} rf_intern;           /* all zero bytes is an empty table */

/* Makes room for as many texts at once, when there is memory for it: only saves time. */
void rf_intern_expect(rf_intern *intern, size_t texts);
/* The hash that the calls below want. O(length). */
uint64_t rf_intern_hash(uint32_t tag, const char *text, size_t length);
/* Asks the processor to fetch the slot of a hash, and then what the slot points at: for callers
 * that look up several texts at once. */
void rf_intern_fetch_slot(const rf_intern *intern, uint64_t hash);
void rf_intern_fetch_text(const rf_intern *intern, uint64_t hash);
/* The number of a text, or RF_INTERN_NONE. Expected O(length). */
uint32_t rf_intern_find(const rf_intern *intern, uint32_t tag, const char *text, size_t length,
                        uint64_t hash);
/* Adds a text that is not there, with its database id (0: none yet). RF_INTERN_NONE: no memory. */
uint32_t rf_intern_add(rf_intern *intern, uint32_t tag, const char *text, size_t length,
                       uint64_t hash, uint32_t id);
/* The texts without an id, ordered by tag and then bytes; *count of them. The caller frees it.
 * NULL when out of memory. O(n) for texts that differ in their first 64 bits, of which bytes that
 * are the same in all take none and others no more than it takes to tell them apart; else O(n log
 * n). Takes 36 bytes a text meanwhile. */
RF_MUST_USE uint32_t *rf_intern_sorted_new(const rf_intern *intern, size_t *count);
/* Asks the processor to fetch the texts that follow place i of what rf_intern_sorted_new gave. */
void rf_intern_fetch_sorted(const rf_intern *intern, const uint32_t *sorted, size_t count,
                            size_t i);
/* Empties it and gives the memory back. */
void rf_intern_clear(rf_intern *intern);

#endif
