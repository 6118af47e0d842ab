/* doubt.c - see doubt.h. */
#include "rings/doubt.h"

#include <math.h>

rf_doubt_settings rf_doubt_defaults(void)
{
    return (rf_doubt_settings){.honest_share = 0.1, .last_share = 0.25};
}

/* E(0): honest communities expected at zero and above. */
static double expected_above_zero(const rf_findings *f)
{
    double const thinning = exp2(-RF_DOUBT_SLOPE * RF_DOUBT_BAND);
    double below = fmin((double)f->rings / RF_DOUBT_ONE_IN, 2);
    for (uint32_t r = 0; r < f->rings; r++) {
        below += f->ring[r].score < 0 && f->ring[r].score >= -RF_DOUBT_BAND;
    }
    return below * thinning / (1 - thinning);
}

void rf_rings_doubt(const rf_doubt_settings *settings, double flagged_from, rf_findings *findings,
                    uint32_t *doubted)
{
    rf_findings *f = findings;
    double const expected = expected_above_zero(f);
    uint32_t candidates = 0;
    uint32_t passing = 0;
    double best = 0;
    *doubted = 0;
    while (candidates < f->rings && f->ring[candidates].score >= flagged_from) {
        double const honest = expected * exp2(-RF_DOUBT_SLOPE * f->ring[candidates].score);
        double gain;
        candidates++;
        gain = settings->last_share * candidates - honest;
        if (honest <= settings->honest_share * candidates &&
            (gain > best || settings->last_share >= 1)) {
            best = gain;
            passing = candidates;
        }
    }
    if (settings->honest_share >= 1 || flagged_from < 0) {
        passing = candidates;
    }
    for (uint32_t r = passing; r < candidates; r++) {
        *doubted += f->ring[r].flagged;
        f->ring[r].flagged = false;
    }
    f->flagged_from = passing == candidates ? flagged_from
                      : passing == 0        ? (double)INFINITY
                                            : f->ring[passing - 1].score;
}
