/* results_private.h - rows of results, for a whole run and for an update; used by results*.c. */
#ifndef RF_STORE_RESULTS_PRIVATE_H
#define RF_STORE_RESULTS_PRIVATE_H

#include "store/feed.h"
#include "store/results.h"

/* Writes rings with their parts and evidence: `count` of them, whose indexes are `some` (NULL: the
 * first ones); there must be none of their numbers. */
RF_MUST_USE rf_status rf_results_write_rings(rf_store *store, const rf_findings *findings,
                                             int64_t run, const uint32_t *some, uint32_t count,
                                             rf_error *err);

/* The row of a member. */
void rf_member_row(const rf_findings *findings, const rf_member *member, int64_t run,
                   rf_feed_cell *cells);
/* The hubs of a run; those it had must be gone. */
RF_MUST_USE rf_status rf_results_write_hubs(rf_store *store, const rf_findings *findings,
                                            int64_t run, rf_error *err);
/* Timings so far, as JSON; to be freed with rf_free. NULL when out of memory. */
char *rf_results_timings(const rf_results_hooks *hooks);
/* After a transaction that wrote results, with what became of it. */
rf_status rf_results_clean_up(rf_store *store, rf_status status, rf_error *err);

#endif
