/* allowed.h - which allowed values two accounts, or the members of a ring, share: what a run left
 * out, and why.
 *
 * Workload: one look-up for each value an account, or each member, holds.
 */
#ifndef RF_RINGS_ALLOWED_H
#define RF_RINGS_ALLOWED_H

#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"

typedef struct rf_left_out {
    const char *signal, *value;
    const char *entry; /* as it was allowed: the value, or a prefix that holds it */
    const char *reason;
    int32_t until;   /* RF_NO_DAY: without end */
    int64_t members; /* that hold it; 2 of a pair */
} rf_left_out;

typedef struct rf_left_outs {
    rf_arena texts;
    rf_left_out *one; /* most members first, then by signal and value */
    size_t count, room;
} rf_left_outs;

/* The caller ends *out with rf_left_outs_free, also on failure. `ring` is its number in the run. */
RF_MUST_USE rf_status rf_left_out_of_pair(rf_store *store, int64_t run, int64_t account,
                                          int64_t other, rf_left_outs *out, rf_error *err);
RF_MUST_USE rf_status rf_left_out_of_ring(rf_store *store, int64_t run, int64_t ring,
                                          rf_left_outs *out, rf_error *err);
void rf_left_outs_free(rf_left_outs *left);

/* "ip 192.0.2.1, allowed until 2026-12-31 (as 192.0.2.0/24): the office". Safe to show. */
void rf_left_out_say(const rf_left_out *one, rf_text *text);

#endif
