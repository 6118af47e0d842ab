/* grow.h - suspect rings take in who belongs to them and give up who does not.
 *
 * Clustering finds the parts of an operation that share two things pair by pair. Of one that was
 * run with care these are pieces, and many accounts in no piece at all. Once a piece is suspect,
 * membership.h answers the narrower question for every account that shares anything with it. In
 * rounds, until little changes:
 *   - an account outside of every suspect ring joins the ring where its membership is highest, when
 *     that is at least `join_bits`, two families hold it (it is pulled *firmly*), and no community
 *     that is not suspect holds it by `stay_bits` more: it is *fringe*, marked so;
 *   - one of the two families must hold it by what a member uses who *vouches*: one from the start,
 *     or who joined and keeps the ring's company (`loyalty`). Without this an office of whom one
 *     was mistaken for a member would follow him in, colleague by colleague;
 *   - a member whose membership falls below `leave_bits` leaves.
 * Each round asks by what the last one found. Honest communities are not grown: a ring is suspect
 * by its score before the first round (suspect_from), and the caller judges anew after the last.
 *
 * Workload: hundreds of suspect rings of 3 to 25,000 members. Cost: a round is
 * rf_membership_measure of every suspect ring, in parallel over rings.
 */
#ifndef RF_RINGS_GROW_H
#define RF_RINGS_GROW_H

#include "rings/measured.h"
#include "rings/membership.h"
#include "store/results.h"

typedef struct rf_grow_settings {
    double suspect_from; /* score of a ring that is grown */
    double join_bits;    /* membership from which an account joins */
    double leave_bits;   /* and below which a member leaves */
    double stay_bits;    /* an account stays in a community that holds it by so much more */
    double loyalty;      /* share of an account's company from which it vouches for others */
    uint32_t held;       /* families that must hold an account which joins */
    uint32_t rounds;     /* at most; 0: nothing grows */
} rf_grow_settings;

rf_grow_settings rf_grow_defaults(void);

/* How strongly communities that are not suspect hold accounts, and what rings are like: weighed for
 * one run, an update takes it over where nothing has changed. */
typedef struct rf_rivals {
    float *bits;       /* by account: its highest membership in such a community */
    float *membership; /* by account: in the community it is in; NAN: not known */
    uint8_t *stands;   /* by ring of the findings: 1: not to be weighed again; NULL: none */
    rf_measured
        *measured; /* of communities, by an earlier growth in the same population; or NULL */
    rf_membership_model model; /* of that population, once it was needed */
    bool resumed;              /* fringe joined in an earlier run: it vouches if it is loyal */
    rf_strength_counts pool;   /* of all suspect rings; resumed: as the full run had it, when any */
    uint64_t pool_members;
} rf_rivals;
void rf_rivals_free(rf_rivals *rivals);
/* Forgets all but what was measured and the model: to be weighed anew. */
void rf_rivals_clear(rf_rivals *rivals);
/* Makes the model, unless it is there. O(groups). */
RF_MUST_USE rf_status rf_rivals_model(const rf_population *population,
                                      const rf_calibration *calibration, rf_rivals *rivals,
                                      rf_error *err);

/* Grows the suspect rings of judged *findings. *changed is how many accounts moved. Members have
 * their membership; when any moved they are listed anew, and the caller measures and judges again.
 * Rings that fall below min_size disappear. *rivals may be empty; bits and membership are allocated
 * then, and are those of now afterwards. */
RF_MUST_USE rf_status rf_rings_grow(const rf_population *population,
                                    const rf_calibration *calibration,
                                    const rf_grow_settings *settings, uint32_t min_size,
                                    unsigned threads, rf_rivals *rivals, rf_findings *findings,
                                    uint32_t *changed, rf_error *err);

#endif
