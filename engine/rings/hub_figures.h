/* hub_figures.h - what is seen of a value that many accounts hold: the figures by which it is
 * typed.
 *
 * A *hub* is here a value of a link signal held by RF_HUB_FROM accounts or more, over all days.
 * Its figures are counts and shares of its holders only, each one that a person can check in the
 * store, each NAN when nothing is known. Of values windowed by day only accounts that met another
 * one there on some day are looked at (`met` of `holders`).
 *
 * Two holders *share* a device, an instrument, a template or a tie through another, stable value
 * that is not common everywhere: RF_HUB_OWN of all its holders hold this hub, too. So a fingerprint
 * sold a million times binds nobody.
 *
 * Invariant: figures depend neither on the order of values nor on threads. Cost: O(holdings of hubs
 * + stable holdings of their holders), in parallel over values. Memory: 12 bytes a value and 4 an
 * account for each thread.
 */
#ifndef RF_RINGS_HUB_FIGURES_H
#define RF_RINGS_HUB_FIGURES_H

#include "evidence/calibration.h"
#include "store/results.h"

enum { RF_HUB_FROM = 8 };
#define RF_HUB_OWN 0.25

/* What is needed to look at hubs, beside the population: made once, read by all threads. */
typedef struct rf_hub_ground {
    const rf_population *p;
    const rf_calibration *c;
    uint32_t *stable_start; /* accounts + 1 offsets into stable */
    uint32_t *stable;       /* values of stable signals that an account shares with others */
    uint32_t *days;         /* sign-ups of each day from first_day on */
    int64_t first_day;
    uint32_t day_count;
    uint32_t *domain_accounts; /* by e-mail domain code */
    uint8_t *school;           /* by e-mail domain code: a name reserved for schools */
} rf_hub_ground;

RF_MUST_USE rf_status rf_hub_ground_make(const rf_population *population,
                                         const rf_calibration *calibration, rf_hub_ground *ground,
                                         rf_error *err);
void rf_hub_ground_free(rf_hub_ground *ground);

/* A thread's working space. */
typedef struct rf_hub_scratch rf_hub_scratch;
RF_MUST_USE rf_status rf_hub_scratch_new(const rf_hub_ground *ground, rf_hub_scratch **out,
                                         rf_error *err);
void rf_hub_scratch_free(rf_hub_scratch *scratch);

/* The figures of one value, all but RF_FIGURE_FLAGGED; type, bits and words of *hub are left as
 * they are. */
RF_MUST_USE rf_status rf_hub_look(const rf_hub_ground *ground, uint32_t value,
                                  rf_hub_scratch *scratch, rf_result_type *hub, rf_error *err);

#endif
