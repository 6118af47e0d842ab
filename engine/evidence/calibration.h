/* calibration.h - learns from the data, without labels, what sharing a value is worth.
 *
 * Corroboration: among pairs of accounts that share a value, which fraction also shares something
 * of another family? Pairs for which no other family is known on both sides say nothing. From the
 * rate among random pairs we know what chance would corroborate, and take it off. From pairs that
 * share two families, which are nearly all real ties, we know how often a real tie shows a third: a
 * tie is corroborated only so often (its sensitivity), and the rate is divided by it. This is the
 * capture-recapture argument of Lincoln and Petersen, with families as the traps.
 *   bucket (signal, n): all examined pairs of groups with n holders (rf_bucket_of), drawn towards
 * the bucket of the next fewer holders by RF_BUCKET_WEIGHT pseudo-pairs: what little is known of
 *     very common values is taken from less common ones;
 *   value: its own examined pairs, pooled over its days, drawn towards the bucket (rf_reliability).
 * Groups of up to RF_ALL_PAIRS_UP_TO holders are examined pair by pair. In larger ones
 * rf_sampled_pairs(n) pairs are drawn with repeats: the k-th is (holder i, holder i + step) modulo
 * n, both from rf_mix2(key, k), where the key mixes the seed, the signal and the identities of the
 * first, middle and last holder. The value itself has no part in it. A group above `common` holders
 * does not corroborate: so many share it that it tells nothing. Where one family alone is known,
 * another *value* of that family corroborates instead.
 *
 * Invariant: nothing here depends on the order or the text of values; samples are drawn by account
 * identities. Cost: at most 60 list intersections a group, in parallel over values.
 */
#ifndef RF_EVIDENCE_CALIBRATION_H
#define RF_EVIDENCE_CALIBRATION_H

#include "evidence/worth.h"
#include "store/population.h"

#define RF_BUCKET_WEIGHT 4.0
/* Sensitivity is not taken to be lower than this: rates are multiplied by 4 at most. */
#define RF_SENSITIVITY_LEAST 0.25

typedef struct rf_evidence_settings {
    double prior_bits;     /* L0; NAN: -log2(number of accounts) */
    double threshold_bits; /* a link is a pair above this posterior */
    uint32_t pair_cap;     /* groups with more holders make no pairs */
    double common_share; /* groups above this share of accounts (and the cap) corroborate nothing */
    double star_from;    /* reliability from which an over-cap group joins its holders as a star */
    uint64_t seed;
} rf_evidence_settings;

/* The defaults of every setting. */
rf_evidence_settings rf_evidence_defaults(void);

typedef struct rf_bucket {
    uint64_t groups;
    uint64_t examined;
    uint64_t corroborated;
    double reliability;
} rf_bucket;

typedef struct rf_calibration {
    rf_evidence_settings settings; /* prior_bits resolved */
    uint32_t accounts;             /* of the population */
    uint32_t common;               /* groups above so many holders do not corroborate */
    bool one_family;               /* a single family is known: values corroborate each other */
    bool strange; /* pairs weighed were not among those learned from: none is left out of a value */
    double by_chance[RF_MAX_FAMILIES];   /* rate among random pairs, of families other than f */
    double sensitivity[RF_MAX_FAMILIES]; /* how often a real tie that shares f is corroborated */
    rf_bucket (*bucket)[RF_BUCKETS];     /* by signal */
    uint32_t *examined, *corroborated;   /* by value, pooled over its days */
    uint32_t *full_groups;               /* by value: groups in which every pair was examined */
} rf_calibration;

/* On success the caller owns *calibration (rf_calibration_free). */
RF_MUST_USE rf_status rf_calibrate(const rf_population *population,
                                   const rf_evidence_settings *settings, unsigned threads,
                                   rf_calibration *calibration, rf_error *err);
/* Examines the pairs of some values again: fills examined and corroborated of these alone; buckets
 * and rates stay as they are. */
RF_MUST_USE rf_status rf_calibration_examine(const rf_population *population, const uint32_t *value,
                                             uint32_t values, unsigned threads,
                                             rf_calibration *calibration, rf_error *err);
void rf_calibration_free(rf_calibration *calibration);

/* The families in which a and b share a corroborating group, as bits; in one-family stores, bit k
 * is set when they share at least k + 1 values (k = 0, 1). O(groups of a + groups of b). */
uint64_t rf_shared_families(const rf_population *population, const rf_calibration *calibration,
                            uint32_t a, uint32_t b);
/* Whether the pair can tell anything about a value of this family: another family (in one-family
 * stores: a second value) is known on both sides. */
bool rf_pair_tells(const rf_population *population, const rf_calibration *calibration,
                   uint32_t family, uint32_t a, uint32_t b);
/* Whether shared families (as above) corroborate a value of `family`. */
static inline bool rf_corroborates(const rf_calibration *calibration, uint64_t shared,
                                   uint32_t family)
{
    return calibration->one_family ? (shared & 2) != 0 : (shared & ~(UINT64_C(1) << family)) != 0;
}

#endif
