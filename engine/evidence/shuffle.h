/* shuffle.h - who holds which value, by chance: the population under which nobody has an operator.
 *
 * Within a window - a signal windowed by day: that signal on that day; any other: that signal over
 * all time - the holders of groups are exchanged at random. Kept exactly: how many accounts hold
 * each group, how many groups of the window each account holds, and that nobody holds a group
 * twice. What is lost is who shares with whom, and so that the same accounts meet in two values.
 *
 * How. The holdings of a window are listed by account; the list of their groups is permuted
 * (Fisher and Yates). Where an account came to hold a group twice, the *repair* exchanges that
 * holding with a random other one, when neither account then holds a group twice: RF_REPAIR_TRIES
 * times at random, then with every holding in turn (RF_REPAIR_SCANS times through the window at
 * most). A window that cannot be repaired so (a few groups that nearly all hold) starts again from
 * what is truly held, and RF_SWEEPS random exchanges a holding are tried, of which only lawful ones
 * are done: then it is mixed as far as it can be.
 *
 * Invariant: the draws depend on the seed, the shuffle's number, the window and who holds what, by
 * the numbers of accounts (which are those of their external ids); not on the order or text of
 * values, nor on threads. Only groups of two holders or more are known here, so an account that
 * shares nothing never does: the null has as much sharing as the facts.
 * Workload: one plan a run, then a few shuffles. Cost: plan O(h log w), shuffle O(h d) for h
 * holdings, w windows, and d holdings of an account in a window (rarely above five); memory 20
 * bytes a holding.
 */
#ifndef RF_EVIDENCE_SHUFFLE_H
#define RF_EVIDENCE_SHUFFLE_H

#include "store/population.h"

enum { RF_REPAIR_TRIES = 64, RF_REPAIR_SCANS = 16, RF_SWEEPS = 4 };

typedef struct rf_shuffle {
    const rf_population *facts; /* borrowed */
    rf_population population;   /* a view: as the facts, with holder and account_group replaced */
    uint32_t windows;
    uint64_t *window_key;    /* ascending: signal and day */
    uint64_t *start;         /* windows + 1 offsets into the holdings */
    uint32_t *account;       /* by holding: ascending inside a window */
    uint32_t *held;          /* by holding: the group, as the facts have it */
    uint32_t *now;           /* by holding: the group, after the last shuffle */
    uint32_t *holder;        /* what the view points to */
    uint32_t *account_group; /* likewise */
    uint64_t *cursor;        /* scratch, by group or account */
} rf_shuffle;

/* Prepares shuffles of `facts`, which must outlive them. On success the caller owns *shuffle
 * (rf_shuffle_free); its population is a copy of the facts until the first draw. */
RF_MUST_USE rf_status rf_shuffle_plan(const rf_population *facts, rf_shuffle *shuffle,
                                      rf_error *err);

/* Draws shuffle number `number` into shuffle->population, which must not be freed by itself. */
RF_MUST_USE rf_status rf_shuffle_draw(rf_shuffle *shuffle, uint64_t seed, uint32_t number,
                                      unsigned threads, rf_error *err);

void rf_shuffle_free(rf_shuffle *shuffle);

#endif
