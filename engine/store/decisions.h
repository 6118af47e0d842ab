/* decisions.h - what investigators decided about rings, and how far a ring is still what was
 * decided on.
 *
 * A decision belongs to a ring_key and remembers the members and the score it was made on. It is
 * never changed; the latest counts. A cleared ring is *quiet*, that is not flagged, until it has
 * changed materially: more than one in five of its members are new, or its score has risen by
 * RF_CHANGED_BITS. Losing members is no such change.
 *
 * Invariant: whether a ring is quiet is decided here alone, for detection, `rings`, `ring`, `flag`
 * and exports. Workload: hundreds of decisions; a look-up a ring, and one a member where decided.
 */
#ifndef RF_STORE_DECISIONS_H
#define RF_STORE_DECISIONS_H

#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"

#define RF_CHANGED_BITS 6.0

typedef enum rf_decided { RF_CONFIRMED, RF_CLEARED, RF_WATCHED, RF_DECIDED_COUNT } rf_decided;

/* "confirmed", "cleared", "watched": names in the store. */
extern const char *const rf_decided_names[RF_DECIDED_COUNT];

/* The decision that counts for a ring of a run. */
typedef struct rf_standing {
    int64_t ring;
    int64_t decision;
    rf_decided verdict;
    int64_t at;
    const char *by, *reason;
    int64_t size, fresh; /* members of the run, and those the decision was not made on */
    int64_t size_then;
    double score, score_then;
    bool flagged; /* as the run has it */
    bool changed; /* materially */
    bool quiet;   /* cleared and not changed: not flagged, whatever the run has */
} rf_standing;

typedef struct rf_standings {
    rf_arena texts;
    rf_standing *one; /* by ring, ascending */
    size_t count, room;
} rf_standings;

/* The standings of ring `ring` of a run, or with 0 of all its rings on which somebody decided. The
 * caller ends *out with rf_standings_free, also on failure. */
RF_MUST_USE rf_status rf_standings_read(rf_store *store, int64_t run, int64_t ring,
                                        rf_standings *out, rf_error *err);
void rf_standings_free(rf_standings *standings);
/* NULL when nobody decided on the ring. O(log standings). */
const rf_standing *rf_standing_of(const rf_standings *standings, int64_t ring);

/* "cleared on 2026-05-01 by ann: an office; flagged again since 14 of 40 members are new". */
void rf_standing_say(const rf_standing *standing, rf_text *text);

/* Adds a decision on a ring as a run found it, in one transaction, on the disk when it returns. */
RF_MUST_USE rf_status rf_decision_add(rf_store *store, int64_t run, int64_t ring,
                                      rf_decided verdict, const char *reason, const char *by,
                                      int64_t at, int64_t *decision, rf_error *err);

/* Rings that lost their flag. */
typedef struct rf_quieted {
    int64_t *ring; /* numbers in the run, ascending */
    uint32_t rings, accounts;
} rf_quieted;

/* In the transaction of a run: its quiet rings lose their flag. `number` is its own in the ledger,
 * or that of the update of it. A run that is replayed (0: none) knows the decisions that it knew.
 * The caller frees out->ring with rf_free, also on failure. */
RF_MUST_USE rf_status rf_decisions_apply(rf_store *store, int64_t run, int64_t number,
                                         int64_t replayed, rf_quieted *out, rf_error *err);

#endif
