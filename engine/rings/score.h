/* score.h - judges a ring: named parts in bits, against the honest explanation that fits best.
 *
 * Signs. Each sign (shared devices, sign-up burst, ...) is worth S >= 0 bits: the log2 ratio of
 * what is seen in the ring against the rest of the population, the ring left out, summed over at
 * most RF_WITNESSES members (people who share a cause are not independent) and bounded.
 *
 * Honest explanations. A household shares a card and a device; a class signs up in one morning with
 * one assignment; an office sits behind one address. Explanation E accounts for the share
 * explains[E][sign] of a sign, and has objections of its own: a household of forty, a class that
 * never met. Under E the score is
 *     score(E) = sum of S * (1 - explains[E][sign]) + objection(E) + favour - prior
 * and the ring's score is that under the explanation that fits best: the least. So the ring is
 * judged by what the kindest reading of it leaves unexplained. Every part is stored, they add up to
 * the score, and the table of what explains what is the whole of our opinion (docs/model.md).
 */
#ifndef RF_RINGS_SCORE_H
#define RF_RINGS_SCORE_H

#include "rings/signs.h"

typedef struct rf_score_settings {
    double prior_bits;    /* how much rarer rings are than honest communities */
    double flagged_from;  /* rings with at least this score are flagged */
    double verified_bits; /* what labels may add or take at most; see verified.h */
} rf_score_settings;

rf_score_settings rf_score_defaults(void);

/* Scores one profiled ring: fills part, parts, score, flagged and looks_like of *ring. Notes go to
 * `texts`. O(1) besides the families. */
RF_MUST_USE rf_status rf_score_ring(const rf_population *population, const rf_baseline *baseline,
                                    const rf_profile *profile, const rf_score_settings *settings,
                                    rf_arena *texts, rf_ring *ring, rf_error *err);

/* Profiles and scores all rings of *findings, in parallel, but for those whose members are those of
 * the last time: what they are scored by is their members and the baseline, which must be the same
 * from call to call. Lists their evidence, orders rings best score first
 * and renumbers rings, cells and networks accordingly. */
RF_MUST_USE rf_status rf_rings_judge(const rf_population *population,
                                     const rf_calibration *calibration, const rf_baseline *baseline,
                                     const rf_score_settings *settings, unsigned threads,
                                     rf_findings *findings, rf_error *err);

/* What the judgement of a ring rests on, as rf_ring.judged has it; never 0. 64 bits over some ten
 * thousand lists: they do not meet. O(members). */
uint64_t rf_members_hash(const rf_population *population, const rf_member *members, uint32_t size);

#endif
