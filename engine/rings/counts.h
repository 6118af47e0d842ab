/* counts.h - what a run counts of everybody, so that questions about everybody are answered at
 * once: accounts by place, values that several accounts hold and in which rings they are, linked
 * accounts that signed up within RF_SIGNED_UP_TOGETHER seconds. Canned queries read what is stored
 * of it (schema/0017_counts.sql); they took seconds to count for themselves.
 *
 * Invariant: nothing but the facts and findings is counted, and the order is that of row ids and
 * texts. How members and others signed up is counted with it (timing.h). Workload: a million
 * accounts, 10^5 values, 2 million links. Cost: O(accounts + holdings of stable values, sorted
 * within each + links). Memory: 20 bytes a value and a ring it is in.
 */
#ifndef RF_RINGS_COUNTS_H
#define RF_RINGS_COUNTS_H

#include "store/population.h"
#include "store/results.h"

enum { RF_SIGNED_UP_TOGETHER = 600 };

/* Fills findings->place, place_ring, shared, shared_in, together, and what figures.h and timing.h
 * count; names are borrowed from the population. To be called when rings and flags are final.
 * `only` says of each value whether shared and shared_in are to tell of it; NULL: of all.
 * RF_ENOMEM. */
RF_MUST_USE rf_status rf_rings_count(const rf_population *population, const uint8_t *only,
                                     rf_findings *findings, rf_error *err);

#endif
