/* past.h - the store as a run saw it, and whether two runs are the same.
 *
 * A run is replayed over the facts of the imports it saw. Imports may have come since: temporary
 * views and tables then stand in front of the fact tables, under their names, and show only what
 * those imports brought; whoever reads facts reads them without knowing. Nothing of the database is
 * changed by it.
 *
 * Workload: a replay; O(facts) for the accounts that are merged anew, O(rows log rows) to compare.
 */
#ifndef RF_STORE_PAST_H
#define RF_STORE_PAST_H

#include "base/memory.h"
#include "store/store.h"

/* From here to the end of the connection, facts are those that run `run` saw. RF_EINPUT, saying
 * why, when they are no longer all there. */
RF_MUST_USE rf_status rf_past_enter(rf_store *store, int64_t run, rf_error *err);

/* One table with results. */
typedef struct rf_past_table {
    const char *name;
    int64_t rows;    /* of the first run */
    int64_t missing; /* of these, not to be found in the second */
    int64_t extra;   /* rows of the second that the first has not */
} rf_past_table;

typedef struct rf_past_comparison {
    rf_arena texts;
    rf_past_table *table; /* by name */
    size_t tables, table_room;
    bool identical;
} rf_past_comparison;

/* Compares all that two runs left, value by value, but for their numbers and the wall clock. The
 * caller ends *out with rf_past_comparison_free, also on failure. */
RF_MUST_USE rf_status rf_past_compare(rf_store *store, int64_t run, int64_t other,
                                      rf_past_comparison *out, rf_error *err);
void rf_past_comparison_free(rf_past_comparison *comparison);

#endif
