/* exposure.h - how many honest accounts are hit when the members of a ring are asked to verify.
 *
 * From the score. A score is a log ratio of opinions, so its odds are taken at RF_EXPOSURE_SLOPE of
 * their worth: a ring with score s is honest with probability 1 / (1 + 2^(slope s)), and then all
 * its members are. Of the members of a ring that is not honest some are strangers all the same:
 * RF_EXPOSURE_CORE of the core, RF_EXPOSURE_FRINGE of the fringe. The three figures were chosen on
 * generated populations (seeds 301 and 302) and checked on others; see docs/model.md.
 *
 * From past outcomes, when there are RF_EXPOSURE_OUTCOMES of them: ended verification requests
 * (approved: honest, declined: not) by the score they were opened with, in bands. Those of one
 * campaign are not independent and count as RF_EXPOSURE_CAMPAIGN at most. Each band is drawn
 * towards the rate told by the score with RF_EXPOSURE_SHRINKAGE pseudo-outcomes, made
 * monotone (a better score is never more honest: pool adjacent violators) and read by
 * linear interpolation between the bands.
 *
 * Invariant: 0 <= rate <= 1, and it never rises with the score. Cost: O(ended requests) to learn.
 */
#ifndef RF_RINGS_EXPOSURE_H
#define RF_RINGS_EXPOSURE_H

#include "store/store.h"

#define RF_EXPOSURE_SLOPE 0.75
#define RF_EXPOSURE_CORE 0.01
#define RF_EXPOSURE_FRINGE 0.02
#define RF_EXPOSURE_OUTCOMES 100
#define RF_EXPOSURE_CAMPAIGN 10
#define RF_EXPOSURE_SHRINKAGE 20.0
enum { RF_EXPOSURE_BANDS = 9 };

typedef struct rf_exposure {
    bool learned;            /* from outcomes; else from the score alone */
    int64_t approved, ended; /* outcomes; ended counts both kinds */
    double weight[RF_EXPOSURE_BANDS], honest[RF_EXPOSURE_BANDS]; /* outcomes, as they count */
    double rate[RF_EXPOSURE_BANDS]; /* of honest accounts, at the middle of each band */
} rf_exposure;                      /* all zero bytes: from the score alone */

/* Reads the outcomes. */
RF_MUST_USE rf_status rf_exposure_learn(rf_store *store, rf_exposure *exposure, rf_error *err);

/* Adds the outcomes of one campaign with one score; rf_exposure_finish makes the rates. Exposed for
 * rf_exposure_learn and the tests. */
void rf_exposure_add(rf_exposure *exposure, double score, int64_t approved, int64_t declined);
void rf_exposure_finish(rf_exposure *exposure);

/* The probability that a member asked in a ring with this score is honest. O(1). */
double rf_exposure_rate(const rf_exposure *exposure, double score, bool fringe);

#endif
