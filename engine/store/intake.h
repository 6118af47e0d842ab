/* intake.h - writes facts: everything one import brings, in one transaction.
 *
 * The importer calls rf_intake_begin, then, for every good row, the calls below in any order and
 * rf_intake_row_end, then rf_intake_commit (or rf_intake_abort: the database is as before). A row
 * must be fully checked before its first call: what was said cannot be taken back singly.
 *
 * How: the calls only write down what a row says (intake_batch.h); some hundred rows at a time are
 * counted, for a large file in a second thread (intake_queue.h). Texts are interned in memory,
 * sightings and activity are counted in arrays of (a, b, c, n) that are sorted and summed, and
 * packed a few dozen a row (pack.h); the database sees each row once, in key order, one statement a
 * table (feed.h), while a second thread makes the rows (feed_ahead.h) and sorts what comes next.
 * When a limit is reached between two batches, new accounts and values are written, and the counts
 * go to an unlinked temporary file as a sorted run (16 bytes each, in $TMPDIR or /var/tmp); the
 * commit merges the runs. So memory is bounded by rf_intake_limits plus the page cache, for any
 * input.
 *
 * Invariants: row order never matters to the facts (ids of new accounts and values follow the order
 * of their texts while the limits are not reached). Nothing is visible to readers before commit.
 *
 * Expected workload: loads of 10 M rows into an empty file; daily loads of 10^4..10^6 rows into a
 * large one, whose cost is proportional to the new rows (unknown texts are looked up by index).
 */
#ifndef RF_STORE_INTAKE_H
#define RF_STORE_INTAKE_H

#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The signals of schema/0001_facts.sql that imports know by number. */
enum {
    RF_INTAKE_INSTRUMENT = 1,
    RF_INTAKE_IP = 2,
    RF_INTAKE_DEVICE = 3,
    RF_INTAKE_TEMPLATE = 4,
    RF_INTAKE_TIE = 5,
    RF_INTAKE_PHONE = 6,
    RF_INTAKE_CAPABILITY = 7
};

typedef struct rf_intake rf_intake;

/* What is remembered of an import. Texts are copied; none may be NULL. */
typedef struct rf_intake_source {
    const char *kind;   /* rows name only values of signals that belong to it */
    const char *signal; /* "" unless the kind is sightings */
    const char *map;    /* canonical, "" when none */
    const char *path;
    uint64_t bytes_hint; /* size of the file when known, 0 otherwise: decides what to preload */
} rf_intake_source;

/* Zero means the default. Small values make the rare paths frequent in tests. */
typedef struct rf_intake_limits {
    size_t counts;     /* records in memory per kind of count; default 16 M (256 MiB) */
    size_t text_bytes; /* interned texts and claims; default 640 MiB */
    size_t large;      /* size of a file from which a second thread counts; default 16 MiB */
} rf_intake_limits;

typedef struct rf_intake_summary {
    int64_t import;       /* its id */
    int64_t accounts_new; /* accounts and values nobody had mentioned before */
    int64_t values_new;
    int64_t sightings; /* that are new: rows of the view sighting */
} rf_intake_summary;

/* Begins the transaction (and so takes the write lock of the database). On success the caller owns
 * *out and ends it with commit or abort; on failure it is NULL. `limits` may be NULL. */
RF_MUST_USE rf_status rf_intake_begin(rf_store *store, const rf_intake_source *source,
                                      const rf_intake_limits *limits, rf_intake **out,
                                      rf_error *err);

/* The number of the signal `name`; a new name becomes a link signal of its own family. */
RF_MUST_USE rf_status rf_intake_signal(rf_intake *intake, const char *name, int *signal,
                                       rf_error *err);

/* Handles of an account and of a value; valid until rf_intake_row_end. The text is canonical UTF-8
 * without NUL, is copied, and is created when unknown. O(length). */
RF_MUST_USE rf_status rf_intake_account(rf_intake *intake, const char *text, size_t length,
                                        uint32_t *account, rf_error *err);
RF_MUST_USE rf_status rf_intake_value(rf_intake *intake, int signal, const char *text,
                                      size_t length, uint32_t *value, rf_error *err);

/* Account used value on a day (RF_NO_DAY: not known), so many times (> 0). Amortised O(1). */
RF_MUST_USE rf_status rf_intake_sighting(rf_intake *intake, uint32_t value, uint32_t account,
                                         int32_t day, uint32_t times, rf_error *err);

/* One event of an account: adds 1 event, `requests` and, when `day` is known, the hour 0..23, to
 * what the account did with a capability (a value of that signal, or RF_INTAKE_NOTHING). */
#define RF_INTAKE_NOTHING UINT32_MAX
RF_MUST_USE rf_status rf_intake_activity(rf_intake *intake, uint32_t account, uint32_t capability,
                                         int32_t day, int hour, uint32_t requests, rf_error *err);

/* NULL (RF_NO_TIME) is "not said". Texts are copied. The greater text wins over the smaller. */
typedef struct rf_account_claim {
    int64_t created_at;
    const char *email;
    const char *email_key; /* both belong to the email and win with it */
    const char *email_domain;
    const char *country;
    const char *timezone;
    const char *plan;
    const char *status;
    const char *owner_id;
} rf_account_claim;

typedef struct rf_instrument_claim {
    const char *kind;
    const char *bin;
    const char *last4;
    const char *country;
    const char *funding;
} rf_instrument_claim;

RF_MUST_USE rf_status rf_intake_account_claim(rf_intake *intake, uint32_t account,
                                              const rf_account_claim *claim, rf_error *err);
RF_MUST_USE rf_status rf_intake_instrument_claim(rf_intake *intake, uint32_t value,
                                                 const rf_instrument_claim *claim, rf_error *err);

/* `label` is fraud or legit; source may be ""; at may be RF_NO_TIME. A repetition is dropped. */
RF_MUST_USE rf_status rf_intake_label(rf_intake *intake, uint32_t account, const char *label,
                                      const char *source, int64_t at, rf_error *err);

/* Ends a row; now and then hands what was said over to be counted. A failure of the counting may
 * come some rows later, at the latest by rf_intake_settle. */
RF_MUST_USE rf_status rf_intake_row_end(rf_intake *intake, rf_error *err);
/* Waits until all rows are counted. Between the first row and the end of the intake, the store may
 * be used for something else only after this, and until the next row. */
RF_MUST_USE rf_status rf_intake_settle(rf_intake *intake, rf_error *err);

/* Writes the rest, the record of the import and the statistics of the query planner (from a sample:
 * milliseconds), commits, and frees the intake whatever happens; on failure the database is as
 * before. O(n) sorted inserts. */
RF_MUST_USE rf_status rf_intake_commit(rf_intake *intake, const char *digest, uint64_t bytes,
                                       int64_t rows, int64_t rejected, rf_intake_summary *summary,
                                       rf_error *err);
void rf_intake_abort(rf_intake *intake); /* NULL is fine */

/* ---- imports that were ---- */

typedef struct rf_import_record {
    int64_t id;
    int64_t finished_at;
} rf_import_record;

/* Looks for an import of the same bytes in the same way that was not undone; found->id is 0 when
 * there is none. O(log imports). */
RF_MUST_USE rf_status rf_intake_find(rf_store *store, const char *digest,
                                     const rf_intake_source *source, rf_import_record *found,
                                     rf_error *err);
/* Whether any import of the kind had so many bytes: if not, the digest need not be known first. */
RF_MUST_USE rf_status rf_intake_size_seen(rf_store *store, const rf_intake_source *source,
                                          uint64_t bytes, bool *seen, rf_error *err);

typedef struct rf_undo_summary {
    int64_t accounts; /* removed, since nobody mentions them any more */
    int64_t values;
    int64_t rows; /* rows of facts removed */
} rf_undo_summary;

/* Takes an import back in one transaction: its rows go, merged columns are made anew from what the
 * other imports said, and accounts and values go that no fact, result or verification request
 * mentions. RF_EINPUT when there is no such import or it was undone before. O(facts). */
RF_MUST_USE rf_status rf_intake_undo(rf_store *store, int64_t import, rf_undo_summary *summary,
                                     rf_error *err);

#endif
