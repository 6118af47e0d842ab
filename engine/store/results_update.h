/* results_update.h - writes what an update of the latest run has changed, in place.
 *
 * The rows of the run stay under its number; rings keep the numbers they had, new ones come after
 * the largest. In the ledger the update has a number of its own.
 * Cost: O(rows changed), and O(parts kept) by the caller's `conclude`.
 */
#ifndef RF_STORE_RESULTS_UPDATE_H
#define RF_STORE_RESULTS_UPDATE_H

#include "store/results.h"

/* What becomes of a ring's rows. */
typedef enum rf_ring_change {
    RF_RING_STAYS,
    RF_RING_MOVED, /* its figures are others, its score and evidence are not */
    RF_RING_GREW,  /* and its members are others, too */
    RF_RING_JUDGED /* all of it is new */
} rf_ring_change;

/* What becomes of a member's row. */
typedef enum rf_member_change {
    RF_MEMBER_STAYS,
    RF_MEMBER_MOVED, /* it is in the ring it was in, but its figures are others */
    RF_MEMBER_CAME
} rf_member_change;

/* Whose links are others, by account, and how many are. */
typedef struct rf_link_changes {
    uint8_t *a; /* 1: a pair of which it is the first came or went, or is worth another thing */
    uint8_t *b; /* 1: a pair of which it is the second came or went */
    uint64_t fresh, gone, changed;
} rf_link_changes;

typedef struct rf_results_changes {
    int64_t run;
    int64_t started_at;
    int64_t import;        /* newest that was taken in */
    uint32_t imports;      /* how many were */
    uint32_t accounts;     /* new ones */
    const uint8_t *ring;   /* by index into findings->ring: rf_ring_change */
    const uint8_t *member; /* by index into findings->member: rf_member_change */
    const uint32_t *gone;  /* numbers of rings that are no more */
    uint32_t goings;
    const int64_t *left; /* rows of accounts that are in no ring any more */
    uint32_t leavings;
    const uint8_t *worth; /* by index into findings->worth: 1 when it is another */
    const rf_link_changes *links;
} rf_results_changes;

/* Writes the changes as hooks->settle left them (it may fill the lists that `changes` points to);
 * *number is that of the update in the ledger. One transaction: on failure nothing is written. */
RF_MUST_USE rf_status rf_results_update(rf_store *store, const rf_findings *findings,
                                        const rf_results_changes *changes,
                                        const rf_results_hooks *hooks, int64_t *number,
                                        rf_error *err);

#endif
