/* worth.h - the arithmetic of evidence: from counts to bits.
 *
 * Evidence is kept in rf_bits, integers in units of 1/65536 bit, so that sums do not depend on the
 * order of their terms: threads, row order and interning cannot change a result.
 *
 * Model (Fellegi and Sunter 1969, with learned reliabilities): the log2 odds that accounts a and b
 * have one operator are
 *     L0 + sum over families, over the k-th strongest shared value: 2^-(k-1) * d,   k = 1, 2, ...
 *     d = max(0, logit2(p) - L0)
 * (4^-(k-1) when the values are windowed by day: strangers behind one carrier share many addresses)
 * where p is the reliability of the shared value and L0 the prior log-odds of a random pair.
 */
#ifndef RF_EVIDENCE_WORTH_H
#define RF_EVIDENCE_WORTH_H

#include <math.h>
#include <stdint.h>

typedef int32_t rf_bits;
#define RF_BIT 65536

static inline double rf_bits_real(int64_t bits)
{
    return (double)bits / RF_BIT;
}
static inline rf_bits rf_bits_from(double bits)
{
    return (rf_bits)llround(bits * RF_BIT);
}

enum {
    RF_ALL_PAIRS_UP_TO = 11, /* in groups of up to so many holders every pair is examined */
    RF_SAMPLED_PAIRS = 60,   /* in larger ones at least so many, */
    RF_SAMPLED_MOST = 2000,  /* two for each holder, and at most so many */
    RF_SHRINKAGE = 8,        /* pseudo-pairs that draw a value towards its bucket */
    RF_BUCKETS = 36          /* 2..7 singly, then powers of two */
};
#define RF_RELIABILITY_MAX 0.95

/* The bucket of a group with n >= 2 holders: 0..5 for 2..7, 6 for 8..15, 7 for 16..31, ... */
static inline uint32_t rf_bucket_of(uint32_t holders)
{
    return holders < 8 ? holders - 2 : 34U - (uint32_t)__builtin_clz(holders);
}
/* The smallest and largest number of holders in a bucket. */
static inline uint32_t rf_bucket_from(uint32_t bucket)
{
    return bucket < 6 ? bucket + 2 : 1U << (bucket - 3);
}
static inline uint32_t rf_bucket_to(uint32_t bucket)
{
    return bucket < 6 ? bucket + 2 : (bucket >= 34 ? UINT32_MAX : (1U << (bucket - 2)) - 1);
}

/* How many pairs of a group are examined when not all are. Common values need more: what matters
 * is whether one pair in a hundred or one in ten thousand is a tie. */
static inline uint32_t rf_sampled_pairs(uint32_t holders)
{
    uint32_t const pairs = holders < RF_SAMPLED_MOST / 2 ? 2 * holders : RF_SAMPLED_MOST;
    return pairs > RF_SAMPLED_PAIRS ? pairs : RF_SAMPLED_PAIRS;
}

/* The reliability of a value: what was seen inside it (corroborated of examined pairs, less what
 * chance corroborates, over how often a real tie is corroborated at all), drawn towards its
 * bucket's reliability; within [2^prior, 0.95]. What a value shows beyond chance counts as far as
 * it is significant: one standard error is taken off once more than RF_ALL_PAIRS_UP_TO holders'
 * worth of pairs were examined. */
static inline double rf_reliability(double examined, double corroborated, double by_chance,
                                    double sensitivity, double bucket, double prior_bits)
{
    double const enough = RF_ALL_PAIRS_UP_TO * (RF_ALL_PAIRS_UP_TO - 1) / 2.0;
    double const doubt = examined > enough ? sqrt(corroborated) : 0;
    double const excess = corroborated - by_chance * examined - doubt;
    double const seen = (excess > 0 ? excess : 0) / sensitivity;
    double const p = (seen + RF_SHRINKAGE * bucket) / (examined + RF_SHRINKAGE);
    double const least = exp2(prior_bits);
    double const most = p < RF_RELIABILITY_MAX ? p : RF_RELIABILITY_MAX;
    return most > least ? most : least;
}

/* Whether what was seen inside a value stands out from chance, by three standard errors. */
static inline int rf_stands_out(double examined, double corroborated, double by_chance)
{
    double const expected = by_chance * examined;
    return corroborated - expected > 3 * sqrt(expected + 1);
}

/* d: what sharing a value of that reliability adds to the log odds; never negative. */
static inline rf_bits rf_worth(double reliability, double prior_bits)
{
    rf_bits const d = rf_bits_from(log2(reliability / (1 - reliability)) - prior_bits);
    return d > 0 ? d : 0;
}

/* A common value that does not itself stand out from chance is worth its rarity at most, log2 of
 * accounts over holders: in Fellegi and Sunter's m / u, m cannot exceed 1. Without this the few
 * corroborated pairs that chance puts into any sample would make a fingerprint used by thousands
 * worth ten bits. */
static inline rf_bits rf_rarity_limit(rf_bits worth, double accounts, double holders)
{
    rf_bits const rarity = rf_bits_from(log2(accounts / holders));
    return worth < rarity ? worth : rarity;
}

#endif
