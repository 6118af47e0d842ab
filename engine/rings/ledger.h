/* ledger.h - which ring of earlier runs a ring continues, and what has become of each.
 *
 * A ring continues an earlier one when their members overlap by a Jaccard of at least one half
 * (RF_CONTINUES); pairs are taken greatest overlap first, each ring once. Rings found by the run
 * before and rings long dormant compete alike: the nearer membership wins, then the larger overlap,
 * then a ring that was found by the run before, then the smaller key. A ring that continues none is
 * born: its key is a digest of its founding members' external ids, as pronounceable words.
 *
 * Told besides, of rings found by the run before (see schema/0006_ledger.sql for the names):
 *   merge     a ring that nothing continues, at least half of which is now in another one
 *   split     a ring of which at least half comes out of a ring that it does not continue
 *   dormancy  a ring that nothing continues and that did not merge
 *   regrowth  at least half of an earlier ring's members are banned, and the ring that continues
 * it, or holds at least half of it, has new members that are not
 *
 * Workload: tens of thousands of rings with up to a million members on both sides. Only rings that
 * share a member are ever compared: O(members + overlaps log overlaps).
 */
#ifndef RF_RINGS_LEDGER_H
#define RF_RINGS_LEDGER_H

#include "store/ledger.h"
#include "store/population.h"
#include "store/results.h"

/* Sets of account numbers side by side; RF_NO_ACCOUNT stands for one that is there no more. */
#define RF_NO_ACCOUNT UINT32_MAX
typedef struct rf_sets {
    uint32_t count;
    const uint32_t *start; /* count + 1 offsets into item */
    const uint32_t *item;  /* without repeats inside a set */
} rf_sets;

/* An earlier set and one of now that share members. */
typedef struct rf_overlap {
    uint32_t before, now;
    uint32_t shared;
    uint32_t shared_banned; /* of these, banned accounts */
} rf_overlap;

typedef struct rf_matching {
    rf_overlap *overlap; /* by `now`, then by `before` */
    size_t overlaps, overlap_room;
    uint32_t *continues;    /* by set of now: the earlier one, UINT32_MAX for none */
    uint32_t *continued_by; /* by earlier set: the one of now, UINT32_MAX for none */
} rf_matching;

/* Matches. `found` says of each earlier set whether the run before found it, `banned` of each of
 * `accounts` accounts whether it is banned (NULL: none is). The caller ends *out with
 * rf_matching_free, also on failure. */
RF_MUST_USE rf_status rf_ledger_match(const rf_sets *before, const bool *found, const rf_sets *now,
                                      const bool *banned, uint32_t accounts, rf_matching *out,
                                      rf_error *err);
void rf_matching_free(rf_matching *matching);

/* Gives every ring of *findings its lasting key and fills findings->ledger. `before` is the run
 * whose past is meant, INT64_MAX for a new one; `some`: see rf_ledger_read. */
RF_MUST_USE rf_status rf_rings_settle(rf_store *store, const rf_population *population,
                                      int64_t before, bool some, rf_findings *findings,
                                      rf_error *err);

/* The key of a ring founded by these accounts (numbers, ascending). Another `attempt` gives another
 * key, for when one is taken. */
void rf_ring_key(const rf_population *population, const rf_member *members, uint32_t size,
                 uint64_t attempt, char key[RF_KEY_TEXT]);

#endif
