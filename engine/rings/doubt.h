/* doubt.h - takes flags back where too many of the flagged are expected to be honest.
 *
 * A score is the log odds of one ring by itself. How many honest communities reach a score depends
 * on how many there are: among a million accounts some offices look like rings by every sign. Those
 * just below zero are nearly all honest and tell: honest communities thin out with the score by
 * 2^-RF_DOUBT_SLOPE a bit (measured on generated populations; the odds of a score, taken at three
 * quarters of their worth, as in exposure.h). With n rings in [-RF_DOUBT_BAND, 0),
 *     E(s) = n r / (1 - r) 2^(-RF_DOUBT_SLOPE s),   r = 2^(-RF_DOUBT_SLOPE RF_DOUBT_BAND)
 * of them are expected at s and above; n is small, and taken two too high, or one too
 * high for every RF_DOUBT_ONE_IN communities when there are fewer. Two limits hold.
 *   - Of all flagged. As many rings are flagged, best score first, as keep the expected share
 *     E(s_k) / k at most `honest_share` (the step-up rule of Benjamini and Hochberg 1995).
 *   - Of the last. Many clear rings would pay for doubtful ones: fifteen beyond doubt let one or
 *     two pass that are nearly surely honest. So of those, the number k is taken at which
 *     k * last_share - E(s_k) is greatest: a further flag is set only while fewer than `last_share`
 *     of those it brings are expected to be honest (the local false discovery rate of Efron et al.
 *     2001, under the greatest convex minorant).
 * A population without rings has communities just below zero and hardly any above: nothing is
 * flagged. One with many clear rings loses its doubtful ones; nothing is touched when flagged_from
 * is below zero: whoever asks for that has decided.
 */
#ifndef RF_RINGS_DOUBT_H
#define RF_RINGS_DOUBT_H

#include "store/results.h"

#define RF_DOUBT_SLOPE 0.75
#define RF_DOUBT_BAND 3.0
#define RF_DOUBT_ONE_IN 250.0

typedef struct rf_doubt_settings {
    double honest_share; /* of flagged rings; 1: no flag is taken back */
    double last_share;   /* of those flagged last; 1: no limit besides */
} rf_doubt_settings;

rf_doubt_settings rf_doubt_defaults(void);

/* Takes back flags of *findings, whose rings are judged and stand best score first, and sets
 * findings->flagged_from: the score of the last ring that passes, `flagged_from` when all do, and
 * INFINITY when none does. *doubted is how many flags were taken. O(rings). */
void rf_rings_doubt(const rf_doubt_settings *settings, double flagged_from, rf_findings *findings,
                    uint32_t *doubted);

#endif
