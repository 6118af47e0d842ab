/* labels.h - what people found out about accounts, and what it teaches about sharing a value.
 *
 * One word an account: fraud, legit or nothing. It comes from the view account_label (imported
 * labels and ended verification requests; the latest wins, contradictions at one time are none).
 *
 * Labelled pairs are observed pairs. Of the accounts that share a value,
 *   two fraud accounts in one community speak for the value's bucket: sharing it was a tie;
 *   a fraud and a legit account, or two legit accounts of different known owners, speak against;
 *   two fraud accounts in different communities say nothing: there are many operators. Two legit
 *   accounts of unknown owners say nothing either: a family that shares a card is honest, and a
 * tie. They move the bucket's reliability p(t, n), with three limits, since labels are few, chosen
 * where something was suspected, and now and then wrong:
 *   - the pairs of one value are not independent: they count as RF_LABEL_VALUE_PAIRS at most;
 *   - of each side, what the wrong labels of the other would make is taken off: of two right
 *     labels, one or the other is wrong in 2e / (1 - e) cases, e = RF_LABEL_WRONG;
 *   - what was learned without labels weighs RF_LABEL_PRIOR_PAIRS pairs, and its log odds move by
 *     RF_LABEL_MOVE bits at most.
 *
 * Invariant: without labels nothing is read, allocated or changed. Nothing depends on the order of
 * values or labels. Workload: up to some hundred thousand labels. Cost: O(holdings).
 */
#ifndef RF_EVIDENCE_LABELS_H
#define RF_EVIDENCE_LABELS_H

#include "evidence/calibration.h"

#define RF_LABEL_VALUE_PAIRS 10.0
#define RF_LABEL_PRIOR_PAIRS 20.0
#define RF_LABEL_WRONG 0.05
#define RF_LABEL_MOVE 2.0

typedef enum rf_label { RF_LABEL_NONE, RF_LABEL_FRAUD, RF_LABEL_LEGIT } rf_label;

typedef struct rf_labels {
    uint8_t *of;                     /* by account: rf_label; NULL when nobody has one */
    uint32_t fraud, legit, disputed; /* accounts; the disputed have RF_LABEL_NONE */
} rf_labels;                         /* all zero bytes: no labels */

/* On success the caller owns *labels (rf_labels_free); on failure it is empty. Accounts that the
 * population does not know are passed over. O(labels log accounts). */
RF_MUST_USE rf_status rf_labels_read(rf_store *store, const rf_population *population,
                                     rf_labels *labels, rf_error *err);
void rf_labels_free(rf_labels *labels);

static inline rf_label rf_label_of(const rf_labels *labels, uint32_t account)
{
    return labels->of == NULL ? RF_LABEL_NONE : (rf_label)labels->of[account];
}

/* A bucket that labels moved. */
typedef struct rf_label_effect {
    uint32_t signal, bucket;
    double pairs_for, pairs_against; /* after all limits */
    double without, with;            /* reliability */
} rf_label_effect;

/* The reliability `without` labels, moved by so many pairs for and against, after their limits
 * (the last one is applied here); within [2^prior_bits, RF_RELIABILITY_MAX] where it moves. */
double rf_label_moved(double without, double pairs_for, double pairs_against, double prior_bits);

/* Moves the buckets of *calibration. community[account] tells the communities found without labels,
 * UINT32_MAX for none. *effect (rf_free) lists the buckets moved, by signal and bucket. */
RF_MUST_USE rf_status rf_labels_teach(const rf_population *population, const rf_labels *labels,
                                      const uint32_t *community, rf_calibration *calibration,
                                      rf_label_effect **effect, uint32_t *effects, rf_error *err);

#endif
