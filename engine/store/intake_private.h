/* intake_private.h - the inside of an intake, shared by engine/store/intake*.c only. */
#ifndef RF_STORE_INTAKE_PRIVATE_H
#define RF_STORE_INTAKE_PRIVATE_H

#include "base/memory.h"
#include "base/progress.h"
#include "store/feed.h"
#include "store/intake.h"
#include "store/intake_batch.h"
#include "store/intake_intern.h"
#include "store/intake_news.h"
#include "store/intake_queue.h"
#include "store/intake_tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct claim {
    uint32_t owner; /* account or value, as a number of this import */
    int64_t created_at;
    const char *texts[ACCOUNT_TEXTS]; /* in the arena; NULL: not said */
} claim;

typedef struct claims {
    claim *items;
    size_t count;
    size_t capacity;
} claims;

typedef struct pending_label {
    uint32_t account;
    bool fraud;
    int64_t at;
    const char *source; /* in the arena */
} pending_label;

struct rf_intake {
    rf_store *store;
    rf_intake_limits limits;
    int64_t import;
    rf_statement *insert_import; /* what is known at the beginning is bound */
    bool hoards;                 /* rf_memory_hoard */
    rf_queue *queue;
    size_t batch_rows;

    /* What follows belongs to the thread of the queue until the queue is settled. */
    rf_intern accounts;
    rf_intern values;
    bool accounts_unseen; /* the database may hold accounts that `accounts` does not */
    bool values_unseen;
    rf_statement *find_account;
    rf_statement *find_value;
    int64_t last_account; /* greatest ids given out */
    int64_t last_value;
    int64_t accounts_new;
    int64_t values_new;
    int64_t sightings_new;

    rf_tally sightings; /* (value, account, day + 1) -> times */
    rf_tally activity;  /* (account, capability, day + 1 and hour) -> events and requests */
    rf_tally holdings;  /* (account, value, 0), made when the sightings are written */
    rf_news news;       /* for an update of the latest run; decided before anything is written */

    rf_arena said; /* texts of claims and labels */
    size_t said_bytes;
    claims account_claims;
    claims instrument_claims;
    pending_label *labels;
    size_t label_count;
    size_t label_capacity;

    rf_progress progress; /* of the table being written */
};

/* The last part of a key of activity: the day plus one above, the hour below; without a day the
 * hour is RF_ACTIVITY_NO_HOUR. */
enum { RF_ACTIVITY_HOUR_BITS = 5, RF_ACTIVITY_HOUR_MASK = 31, RF_ACTIVITY_NO_HOUR = 24 };

/* Counts a batch; then, when a limit is reached, spills. The rf_queue_fn of an intake, which is its
 * context. (intake_apply.c) */
RF_MUST_USE rf_status rf_intake_apply(void *intake, rf_batch *batch, rf_error *err);
/* A feed of about `size` facts, of which the function does not touch the store: many (the function
 * before) are made in a second thread. (intake_counts.c) */
bool rf_intake_many(const rf_intake *intake, uint64_t size);
RF_MUST_USE rf_status rf_intake_feed(rf_intake *intake, uint64_t size, const char *sql,
                                     size_t columns, rf_feed_fn next, void *context, rf_error *err);
/* Gives new accounts and values their ids and writes them with all that was said of them; the
 * tallies then count by database ids. (intake_write.c) */
RF_MUST_USE rf_status rf_intake_write_texts(rf_intake *intake, rf_error *err);
/* Writes sightings, activity and holdings, and empties the tallies. (intake_counts.c) */
RF_MUST_USE rf_status rf_intake_write_counts(rf_intake *intake, rf_error *err);
/* The last part of it: the holdings, which are sorted by then or soon. (intake_holdings.c) */
RF_MUST_USE rf_status rf_intake_write_holdings(rf_intake *intake, rf_error *err);

#endif
