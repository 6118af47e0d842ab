/* recall.h - what a full run learned about sharing, kept for its updates.
 *
 * Buckets, rates and the prior stay as the full run learned them. What is known of a single value
 * is from the time when it was last examined; a value is examined again when it is new or when its
 * holdings have grown by RF_RECALL_GROWTH since.
 *
 * Cost: O(values + groups), and what calibration costs of the values examined.
 */
#ifndef RF_EVIDENCE_RECALL_H
#define RF_EVIDENCE_RECALL_H

#include "evidence/calibration.h"
#include "store/results.h"

#define RF_RECALL_GROWTH 1.25

/* Keeps what was learned. `type` tells what was lent to values (rings/hub_types.h), by value. In
 * the transaction of the run, after rf_population_keep. */
RF_MUST_USE rf_status rf_calibration_keep(rf_store *store, const rf_population *population,
                                          const rf_calibration *calibration,
                                          const rf_result_type *type, uint32_t types,
                                          rf_error *err);

typedef struct rf_recalled {
    bool good;             /* false: nothing that fits was kept */
    uint8_t *renewed;      /* by value: examined again, so that its worth may have changed */
    uint32_t examined;     /* how many were */
    uint32_t *seen, *lent; /* by value: holdings when it was examined, and pairs lent */
} rf_recalled;

/* On success the caller owns *calibration and *recalled (rf_recalled_free). */
RF_MUST_USE rf_status rf_calibration_recall(rf_store *store, const rf_population *population,
                                            const rf_evidence_settings *settings, unsigned threads,
                                            rf_calibration *calibration, rf_recalled *recalled,
                                            rf_error *err);
/* Keeps what an update has examined. */
RF_MUST_USE rf_status rf_recalled_keep(rf_store *store, const rf_population *population,
                                       const rf_calibration *calibration,
                                       const rf_recalled *recalled, rf_error *err);
void rf_recalled_free(rf_recalled *recalled);

#endif
