/* verified.c - see verified.h. */
#include "rings/verified.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double rf_verified_bits(const rf_labels *labels, uint32_t fraud, uint32_t legit, double most,
                        double *expected)
{
    double const k = RF_VERIFIED_SHRINKAGE;
    double const outside = (double)labels->fraud - fraud;
    double const others = outside + (double)labels->legit - legit;
    double const rate =
        fmin(fmax((outside + 1) / (others + 2), RF_VERIFIED_LEAST), RF_VERIFIED_MOST);
    double const inside = (fraud + k * rate) / (legit + k * (1 - rate));
    *expected = rate;
    return fmin(fmax(log2(inside / (rate / (1 - rate))), -most), most);
}

rf_status rf_verified_judge(const rf_labels *labels, const rf_member *members,
                            const rf_score_settings *settings, rf_arena *texts, rf_ring *ring,
                            rf_error *err)
{
    uint32_t fraud = 0;
    uint32_t legit = 0;
    double bits;
    double expected;
    char words[160];
    rf_score_part *part = &ring->part[ring->parts];
    for (uint32_t i = 0; i < ring->size; i++) {
        fraud += rf_label_of(labels, members[i].account) == RF_LABEL_FRAUD;
        legit += rf_label_of(labels, members[i].account) == RF_LABEL_LEGIT;
    }
    if (fraud + legit == 0) {
        return RF_OK;
    }
    bits = rf_verified_bits(labels, fraud, legit, settings->verified_bits, &expected);
    (void)snprintf(words, sizeof words,
                   "of %u members with a verified outcome %u are fraud and %u legitimate; %.0f %% "
                   "fraud would be usual",
                   fraud + legit, fraud, legit, 100 * expected);
    *part = (rf_score_part){"verified outcomes", bits, (double)fraud / (fraud + legit), expected,
                            rf_arena_text(texts, words, strlen(words))};
    if (part->note == NULL) {
        return rf_fail_memory(err, "the parts of a score");
    }
    ring->parts++;
    ring->score += bits;
    ring->flagged = ring->score >= settings->flagged_from;
    return RF_OK;
}
