/* verified.h - the part "verified outcomes" of a ring's score: what people found out about members.
 *
 * With f members labelled fraud and l legit, and r the share of fraud among the labelled accounts
 * outside of the ring,
 *     bits = log2 of ((f + k r) / (l + k (1 - r))) / (r / (1 - r)),    k = RF_VERIFIED_SHRINKAGE
 * within +- verified_bits of the settings. k pseudo-labels draw the ring to the rest, so that one
 * label, right or wrong, is worth two bits at most and the bits rise with the logarithm of many. r
 * is held within [RF_VERIFIED_LEAST, RF_VERIFIED_MOST]: labels are gathered where something was
 * suspected, and a share above one half says how good the suspicion was, not that a ring half of
 * whose members are frauds is better than most.
 *
 * Invariant: a ring without labelled members gets no part. O(members).
 */
#ifndef RF_RINGS_VERIFIED_H
#define RF_RINGS_VERIFIED_H

#include "evidence/labels.h"
#include "rings/score.h"

#define RF_VERIFIED_SHRINKAGE 4.0
#define RF_VERIFIED_LEAST 0.1
#define RF_VERIFIED_MOST 0.5

/* The bits of a ring with `fraud` and `legit` labelled members among all those of the store. */
double rf_verified_bits(const rf_labels *labels, uint32_t fraud, uint32_t legit, double most,
                        double *expected);

/* Adds the part to a ring just scored, and decides again whether it is flagged. */
RF_MUST_USE rf_status rf_verified_judge(const rf_labels *labels, const rf_member *members,
                                        const rf_score_settings *settings, rf_arena *texts,
                                        rf_ring *ring, rf_error *err);

#endif
