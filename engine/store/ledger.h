/* ledger.h - what becomes of rings from run to run, as kept in the store.
 *
 * A ring beyond one run is a *life* with a lasting ring_key; schema/0006_ledger.sql says what is
 * kept of it. Detection reads the ledger as it stood before a run, decides which life each ring
 * continues (rings/ledger.h), and the entries are written in the transaction of the run.
 *
 * Invariants: entries are only added; whatever is read "before run R" is the same however many runs
 * came after R, so a run can be replayed. Lives are numbered by the bytes of their keys.
 *
 * Workload: tens of thousands of lives, up to a million members, once a run.
 */
#ifndef RF_STORE_LEDGER_H
#define RF_STORE_LEDGER_H

#include "base/memory.h"
#include "store/store.h"

enum { RF_KEY_TEXT = 18 }; /* "lusab-babad-gutih" and its NUL */

/* The lives known before a run, with the members each was last found with. */
typedef struct rf_ledger {
    rf_arena texts;
    int64_t previous; /* the run before, 0 when there is none */
    int64_t newest;   /* the largest life.id there is, of any run */
    uint32_t lives;
    int64_t *life;       /* ring_life.id */
    const char **key;    /* ascending by bytes */
    bool *found;         /* the run before found it */
    uint32_t *start;     /* lives + 1 offsets into member */
    const char **member; /* external ids, ascending by bytes inside a life */
} rf_ledger;

typedef enum rf_ring_event {
    RF_RING_BIRTH,
    RF_RING_GROWTH,
    RF_RING_SHRINKAGE,
    RF_RING_TURNOVER,
    RF_RING_UNCHANGED,
    RF_RING_RETURN,
    RF_RING_DORMANCY,
    RF_RING_MERGE,
    RF_RING_MERGED,
    RF_RING_SPLIT,
    RF_RING_SPLIT_OFF,
    RF_RING_REGROWTH,
    RF_RING_EVENTS
} rf_ring_event;

/* "birth", "growth", ...: names in the store. */
extern const char *const rf_ring_event_names[RF_RING_EVENTS];

/* One row of ring_event; see there. Where a figure has no meaning it is -1 or NAN. */
typedef struct rf_ledger_event {
    rf_ring_event event;
    int64_t life, other; /* other: 0 for none */
    uint32_t ring;       /* from 1; 0 when the run did not find it */
    int64_t size, joined, gone, shared;
    double overlap, score;
    int flagged; /* -1 not found */
} rf_ledger_event;

/* An account that came into a life or left it with this run. */
typedef struct rf_ledger_move {
    int64_t life;
    const char *account; /* borrowed external id */
} rf_ledger_move;

/* What a run adds to the ledger. */
typedef struct rf_ledger_entries {
    int64_t previous; /* 0: none */
    struct rf_ledger_birth {
        int64_t life;
        char key[RF_KEY_TEXT];
    } * birth;
    size_t births, birth_room;
    rf_ledger_event *event;
    size_t events, event_room;
    rf_ledger_move *joined, *gone;
    size_t joins, join_room, goings, going_room;
} rf_ledger_entries;

void rf_ledger_entries_free(rf_ledger_entries *entries);

/* Reads the ledger as it stood before run `before` (INT64_MAX: as it stands); with `some`, of the
 * lives in temp.update_life alone. The caller ends *ledger with rf_ledger_free, also on failure.
 * O(members). */
RF_MUST_USE rf_status rf_ledger_read(rf_store *store, int64_t before, bool some, rf_ledger *ledger,
                                     rf_error *err);
void rf_ledger_free(rf_ledger *ledger);

/* Writes the entries of a run and which imports it saw (those of the temporary table run_sees,
 * which rf_ledger_note_facts made). Inside the transaction of the run. */
RF_MUST_USE rf_status rf_ledger_write(rf_store *store, int64_t run, int64_t started_at,
                                      const rf_ledger_entries *entries, rf_error *err);

/* Notes, in the reading transaction that reads the facts, which imports there are and what is known
 * of accounts: in temporary tables, until the run is written. */
RF_MUST_USE rf_status rf_ledger_note_facts(rf_store *store, rf_error *err);

/* ---- looking up ---- */

/* The life of a ring: `id` is a ring's number in `run`, or the beginning of a ring_key, of whatever
 * run. RF_EINPUT when there is none, or several, or the run left no entry. `key` is filled. */
RF_MUST_USE rf_status rf_ledger_find(rf_store *store, int64_t run, const char *id,
                                     char key[RF_KEY_TEXT], rf_error *err);

#endif
