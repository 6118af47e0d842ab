/* pair.h - the evidence that two given accounts have one operator, term by term.
 *
 * The same function decides links and explains them: there is no second, cheaper truth. A value
 * that the two share counts once, by its best day; the judged pair itself is left out of what is
 * known about the value; inside a family the k-th strongest value counts 2^-(k-1), or
 * 4^-(k-1) where values are windowed by day.
 */
#ifndef RF_EVIDENCE_PAIR_H
#define RF_EVIDENCE_PAIR_H

#include "evidence/calibration.h"

/* One value that both accounts hold, as input: how often and how commonly. */
typedef struct rf_shared_value {
    uint32_t signal;      /* index into population.signal */
    uint32_t value;       /* index into population.values; not used by the arithmetic */
    uint32_t fewest;      /* holders of the smallest group they share: the best day */
    uint32_t days;        /* groups they share: days, or 1 for a stable signal */
    uint32_t full_groups; /* of these, groups in which every pair was examined */
    uint32_t examined;    /* what is known of the value, over all its pairs */
    uint32_t corroborated;
    double reliability; /* out: p after leaving the pair out */
    rf_bits alone;      /* out: d, its worth by itself */
    rf_bits counted;    /* out: what it adds after halving inside its family */
} rf_shared_value;

typedef struct rf_pair_evidence {
    rf_shared_value *shared; /* strongest first */
    size_t count;
    size_t capacity;
    rf_bits prior;
    int64_t posterior; /* rf_bits; prior + sum of counted */
    uint32_t families; /* with a positive contribution */
} rf_pair_evidence;    /* all zero bytes is empty; reuse it from pair to pair */

/* Adds one shared group of `holders` accounts. `value` gives signal, value, examined and
 * corroborated; groups of one value must follow each other, by day. O(1). */
RF_MUST_USE rf_status rf_pair_add(const rf_calibration *calibration, const rf_shared_value *value,
                                  uint32_t holders, rf_pair_evidence *evidence, rf_error *err);

/* Gathers what a and b share and weighs it. O(groups of a + groups of b). */
RF_MUST_USE rf_status rf_pair_weigh(const rf_population *population,
                                    const rf_calibration *calibration, uint32_t a, uint32_t b,
                                    rf_pair_evidence *evidence, rf_error *err);

/* The arithmetic alone: fills the `out` fields of evidence->shared, sorts it, and sums. `tells` and
 * `corroborated` say, by bit, for which families the pair itself was examined and counted as
 * corroborated. Exposed for `explain`, which gathers from the store. O(n log n). */
void rf_pair_sum(const rf_signal *signals, const rf_calibration *calibration, uint64_t tells,
                 uint64_t corroborated, rf_pair_evidence *evidence);

void rf_pair_evidence_free(rf_pair_evidence *evidence);

/* An upper bound of what group g can add to any pair, in rf_bits. */
rf_bits rf_group_bound(const rf_population *population, const rf_calibration *calibration,
                       uint32_t group);
/* Whether group g, were it smaller but in the same bucket, could be worth more to some pair. */
bool rf_group_size_tells(const rf_population *population, const rf_calibration *calibration,
                         uint32_t group);
/* The reliability and worth of group g for a pair that was not itself examined. */
double rf_group_reliability(const rf_population *population, const rf_calibration *calibration,
                            uint32_t group);
rf_bits rf_group_worth(const rf_population *population, const rf_calibration *calibration,
                       uint32_t group);

#endif
