/* prune.h - a ring gives up parts that hang on it by a thread.
 *
 * Joining and growth ask what speaks for more; one coincidence can tie a whole school class or
 * laboratory to an operation: one of its accounts behind the same proxy, a guessed prompt. Its own
 * members then vouch for each other. So when rings are complete each of their cells is looked at
 * from outside. A cell *hangs* when its links to the rest of the ring meet in at most
 * RF_PRUNE_TIES accounts, on one side or the other. Hanging cells are set aside (but never the
 * largest), and what is left is asked which of their members it would keep (membership.h: held by
 * as many families as joining asks for, or a value of its own, and leave_bits). A cell of which it
 * wants less than RF_PRUNE_SHARE is a community of its own from then on, judged by itself. If that
 * says that each of the two would be flagged without the other it goes back: the offices of one
 * operator may have no more in common than a card.
 *
 * Workload: some dozens of suspect rings of up to 25,000 members in hundreds of cells. Cost:
 * O(links + t log t) for t links between cells, and one rf_membership_measure for every ring of
 * which a cell hangs. Nothing depends on the order of rows.
 */
#ifndef RF_RINGS_PRUNE_H
#define RF_RINGS_PRUNE_H

#include "evidence/links.h"
#include "rings/grow.h"

enum {
    RF_PRUNE_LEAST = 6, /* members of a cell that is looked at */
    RF_PRUNE_TIES = 1
};
#define RF_PRUNE_SHARE 0.2

/* Who left, by account. */
typedef struct rf_pruned {
    uint32_t cells;
    uint32_t *stays;   /* somebody of the ring that it left; UINT32_MAX: it did not leave */
    float *membership; /* there; NULL, as both others, when nobody left */
    uint8_t *fringe;
} rf_pruned;
void rf_pruned_free(rf_pruned *pruned);

/* Prunes the suspect rings of *findings that were judged in this run (parts > 0). `rivals` are
 * those of the last growth, for what rings are like. When any cells left, members are listed anew,
 * and the caller measures and judges again; whoever left has no membership. The caller frees
 * *pruned, also on failure. */
RF_MUST_USE rf_status rf_rings_prune(const rf_population *population,
                                     const rf_calibration *calibration, const rf_links *links,
                                     const rf_grow_settings *settings, rf_rivals *rivals,
                                     uint32_t min_size, rf_findings *findings, rf_pruned *pruned,
                                     rf_error *err);

/* Those go back that have a score of `from` bits or more by themselves, as what they left has;
 * *returned is how many. When any did, the caller measures and judges again. */
RF_MUST_USE rf_status rf_rings_return(const rf_population *population, const rf_pruned *pruned,
                                      double from, uint32_t min_size, rf_findings *findings,
                                      uint32_t *returned, rf_error *err);

#endif
