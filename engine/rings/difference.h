/* difference.h - what an update has changed of a run, so that only this is written.
 *
 * Rings with the members they had keep life, key and number without being looked at. The others are
 * matched with the rings they may continue (ledger.h): those that are no longer there as they were,
 * and those that ever held one of their newcomers. A ring that continues another has its number;
 * new ones come after the largest. Cells and networks keep the numbers most of them had.
 *
 * How strongly a member belongs to its ring, and what its links come to, moves a little with every
 * account anywhere; it is told anew where it has moved by RF_MEMBERSHIP_MOVES bits.
 *
 * Cost: O(links + members) to compare, the ledger's for what has changed.
 */
#ifndef RF_RINGS_DIFFERENCE_H
#define RF_RINGS_DIFFERENCE_H

#include "rings/run_memory.h"
#include "store/results_update.h"

#define RF_MEMBERSHIP_MOVES 1.0
#define RF_LINK_MOVES 1.0

typedef struct rf_difference {
    uint8_t *ring;   /* rf_ring_change, by index into findings->ring */
    uint8_t *member; /* rf_member_change, by index into findings->member */
    uint32_t *gone;  /* numbers of rings that are no more */
    uint32_t goings;
    int64_t *left; /* rows of accounts that are in no ring any more */
    uint32_t leavings;
    rf_link_changes links;
    uint8_t *touched; /* by account: 1: it has or had a link that is new or gone, or weighs by
                         RF_LINK_MOVES bits more or less */
} rf_difference;      /* all zero bytes is empty */

/* Compares the links with those before (under the numbers of now). */
RF_MUST_USE rf_status rf_difference_links(const rf_population *population, const rf_links *before,
                                          const rf_links *now, rf_difference *difference,
                                          rf_error *err);
/* Gives rings their lives, keys and numbers, fills findings->ledger, and compares rings and members
 * with those before. In the transaction of the update. */
RF_MUST_USE rf_status rf_difference_rings(rf_store *store, const rf_population *population,
                                          const rf_run_memory *before, rf_findings *findings,
                                          rf_difference *difference, rf_error *err);
void rf_difference_free(rf_difference *difference);

#endif
