/* results_counts.h - what a run counts of everybody as rows; private to engine/store. */
#ifndef RF_STORE_RESULTS_COUNTS_H
#define RF_STORE_RESULTS_COUNTS_H

#include "store/results.h"

/* Writes findings->place, place_ring, shared, shared_in, together, signup, timing and base of a
 * run, in place of those it may have. O(rows). */
RF_MUST_USE rf_status rf_results_write_counts(rf_store *store, const rf_findings *findings,
                                              int64_t run, rf_error *err);
/* The same when the run has them already, and findings->shared tells only of values whose counts
 * may be others. O(places + links that signed up together + values told of). */
RF_MUST_USE rf_status rf_results_renew_counts(rf_store *store, const rf_findings *findings,
                                              int64_t run, rf_error *err);

#endif
