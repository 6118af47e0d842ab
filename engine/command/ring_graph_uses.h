/* ring_graph_uses.h - the values that two or more members of a ring used, and who used them.
 *
 * Order: values by signal and text, uses by the account's id and then by value.
 * Workload: one ring a command; 48,000 values and 330,000 uses of a ring of 25,000 accounts.
 */
#ifndef RF_COMMAND_RING_GRAPH_USES_H
#define RF_COMMAND_RING_GRAPH_USES_H

#include "base/memory.h"
#include "store/store.h"

typedef struct rf_graph_text {
    const char *text;
    size_t length;
} rf_graph_text;

typedef struct rf_graph_value {
    int64_t row;
    rf_graph_text signal, text;
    int64_t members, holders; /* of the ring; in all */
} rf_graph_value;

typedef struct rf_graph_use {
    uint32_t member, value; /* numbers of the arrays below */
    int32_t first, last;    /* days; -1: none is known */
    int64_t times;
} rf_graph_use;

typedef struct rf_graph_uses {
    rf_arena texts;
    uint32_t members;
    int64_t *row;
    rf_graph_text *id; /* external_id */
    size_t values, count;
    rf_graph_value *value;
    rf_graph_use *use;
    size_t room[4];
} rf_graph_uses;

/* The caller ends *uses with rf_graph_uses_free, also on failure. O(sightings of the members'
 * values). */
RF_MUST_USE rf_status rf_graph_uses_read(rf_store *store, int64_t run, int64_t ring,
                                         rf_graph_uses *uses, rf_error *err);
void rf_graph_uses_free(rf_graph_uses *uses);

#endif
