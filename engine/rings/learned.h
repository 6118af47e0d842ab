/* learned.h - what a run had learned of signals and values, read back from the store.
 *
 * Detection keeps its calibration with the run, so that any pair can be weighed again later by the
 * very arithmetic that decided its link. Rates and reliabilities are kept to the last bit.
 *
 * Invariant: signals are numbered by name, as detection numbers them; `calibration` has what
 * rf_pair_sum and rf_pair_add ask for, but no columns by value: those are read one by one.
 * Workload: once a command; a few hundred rows.
 */
#ifndef RF_RINGS_LEARNED_H
#define RF_RINGS_LEARNED_H

#include "evidence/pair.h"

typedef struct rf_learned {
    rf_arena texts;
    int64_t run;
    int64_t started_at, finished_at;
    uint32_t min_links, min_size; /* of the run's configuration; 0 when not told */
    bool changed;                 /* an import came or was taken back since the run began */
    rf_signal signal[RF_MAX_SIGNALS];
    uint32_t signals;
    uint32_t families;
    rf_calibration calibration;
} rf_learned;

/* The caller ends it with rf_learned_free, also on failure. RF_EINPUT when the run did not keep how
 * it weighed pairs. */
RF_MUST_USE rf_status rf_learned_read(rf_store *store, int64_t run, rf_learned *learned,
                                      rf_error *err);
void rf_learned_free(rf_learned *learned);

/* The index in signal[] of signal.id `row` when the run used it as a link signal, else UINT32_MAX.
 */
uint32_t rf_learned_link_signal(const rf_learned *learned, int64_t row);

#endif
