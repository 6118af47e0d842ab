/* evaluate.h - compares predicted rings with true ones.
 *
 * Items are the n accounts given: those that the truth names and the database knows. Each has a
 * true ring (0: honest) and a predicted ring (0: none), and a predicted ring is flagged or not.
 *
 * Account level. An account is flagged when its predicted ring is. Precision, recall and F1 are
 * over flagged accounts against accounts in true rings.
 *
 * Ring level. A true ring is found when at least 80 % of its accounts lie in flagged rings more
 * than half of whose accounts (of those given) belong to it.
 *
 * Cluster level. Two partitions of all n items are compared. Predicted: the flagged rings; every
 * other account, those in unflagged rings too, is a cluster by itself. True: the true rings; every
 * honest account is a cluster by itself. pair precision, recall   over unordered pairs of items put
 * together by the prediction, by truth B-cubed                  the mean over all n items of |C and
 * T| / |C| (precision) and of |C and T| / |T| (recall), C and T being the item's two clusters.
 *                            Bagga and Baldwin, "Entity-based cross-document coreferencing using
 * the vector space model", COLING-ACL 1998. Honest singletons count as 1. ARI adjusted Rand index,
 * Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985; 1 when both
 * partitions are the same.
 *
 * 0 / 0: a share of nothing is 1 when there was nothing to find and nothing was claimed, else 0.
 * Counts are exact 64-bit integers up to 2^32 - 1 items. O(n log n) time, 8 bytes an item.
 */
#ifndef RF_RINGS_EVALUATE_H
#define RF_RINGS_EVALUATE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rf_evaluate_input {
    uint32_t accounts;
    const uint32_t *truth;     /* of each account: 0 honest, else 1..true_rings */
    const uint32_t *predicted; /* of each account: 0 none, else 1..rings */
    uint32_t true_rings, rings;
    const bool *flagged; /* of rings + 1 predicted rings; [0] is not looked at */
} rf_evaluate_input;

/* How one true ring fared. */
typedef struct rf_true_ring {
    uint32_t size;
    uint32_t flagged;     /* of its accounts in flagged rings of any majority */
    uint32_t covered;     /* of its accounts in flagged rings whose majority it is */
    uint32_t best_ring;   /* the predicted ring holding most of it, flagged or not; the lowest
                             number among equals; 0: none holds any */
    uint32_t best_shared; /* of its accounts in that ring: the largest single piece */
    uint32_t best_size;   /* given accounts in that ring */
    bool best_flagged;
    bool found;
} rf_true_ring;

typedef struct rf_evaluation {
    uint64_t accounts, true_ring_accounts, flagged_accounts, both; /* both: true and flagged */
    double precision, recall, f1;
    uint32_t rings_true, rings_found; /* true rings without any given account do not count */
    uint64_t pairs_true, pairs_predicted, pairs_both;
    double pair_precision, pair_recall, b_cubed_precision, b_cubed_recall, ari;
    rf_true_ring *ring; /* one for each of the input's true_rings; ring[i] is true ring i + 1 */
} rf_evaluation;

/* Fills *out, to be ended with rf_evaluation_free; on failure (RF_ENOMEM) it is all zero. */
RF_MUST_USE rf_status rf_evaluate(const rf_evaluate_input *input, rf_evaluation *out,
                                  rf_error *err);
void rf_evaluation_free(rf_evaluation *evaluation);

#endif
