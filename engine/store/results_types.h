/* results_types.h - the types of shared values as rows; private to engine/store. */
#ifndef RF_STORE_RESULTS_TYPES_H
#define RF_STORE_RESULTS_TYPES_H

#include "store/results.h"

/* Writes findings->type of a run. O(types). */
RF_MUST_USE rf_status rf_results_write_types(rf_store *store, const rf_findings *findings,
                                             int64_t run, rf_error *err);

#endif
