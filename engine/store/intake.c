/* intake.c - the life of an intake: begin, write down what rows say, commit; see intake.h. */
#include "store/intake.h"

#include "base/clock.h"
#include "store/intake_private.h"

#include <stdio.h>
#include <string.h>

enum { BYTES_A_ROW = 64 }; /* guess used to compare a file with what the database holds */
enum { BATCH_ROWS = 512, BATCH_BYTES = 1 << 18 }; /* handed over at one of them */

static const size_t default_counts = (size_t)16 << 20;
static const size_t default_text_bytes = (size_t)640 << 20;
static const size_t default_large = (size_t)16 << 20;

/* Foreign keys and checks hold by construction here; checking each row would cost look-ups. What a
 * large import writes goes to the log early, where another thread takes it (log_file.h), and is not
 * looked at again; a small one looks around in what is there. */
static rf_status bulk_settings(rf_store *store, bool large, rf_error *err)
{
    return rf_store_exec(store,
                         large ? "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
                                 "PRAGMA cache_size = -24576"
                               : "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
                                 "PRAGMA cache_size = -131072",
                         err);
}

static void usual_settings(rf_store *store)
{
    rf_status const ignored =
        rf_store_exec(store,
                      "PRAGMA foreign_keys = ON; PRAGMA ignore_check_constraints = OFF;"
                      "PRAGMA cache_size = -65536",
                      NULL);
    (void)ignored; /* pragmas that cannot be set leave a store that is slower, not wrong */
}

/* Before the transaction ends. */
static void end_statements(rf_intake *intake)
{
    rf_statement_end(intake->find_account);
    rf_statement_end(intake->find_value);
    rf_statement_end(intake->insert_import);
    intake->find_account = NULL;
    intake->find_value = NULL;
    intake->insert_import = NULL;
}

static void give_memory_back(rf_intake *intake)
{
    if (intake->hoards) {
        rf_memory_hoard(false);
        intake->hoards = false;
    }
}

/* Frees all but the transaction. */
static void release(rf_intake *intake)
{
    end_statements(intake);
    rf_queue_end(intake->queue);
    rf_intern_clear(&intake->accounts);
    rf_intern_clear(&intake->values);
    rf_tally_free(&intake->sightings);
    rf_tally_free(&intake->activity);
    rf_tally_free(&intake->holdings);
    rf_news_free(&intake->news);
    rf_arena_free(&intake->said);
    rf_free(intake->account_claims.items);
    rf_free(intake->instrument_claims.items);
    rf_free(intake->labels);
    give_memory_back(intake);
    rf_free(intake);
}

void rf_intake_abort(rf_intake *intake)
{
    if (intake != NULL) {
        rf_store *store = intake->store;
        rf_queue_end(intake->queue); /* first: its thread uses the store */
        intake->queue = NULL;
        end_statements(intake);
        rf_store_rollback(store);
        usual_settings(store);
        release(intake);
    }
}

/* The row of the import is written last of all: a page that goes to the log early and is changed
 * again later makes the database sum the whole log once more. */
static rf_status begin_import(rf_intake *intake, const rf_intake_source *source, rf_error *err)
{
    rf_status status = rf_store_number(intake->store, "SELECT coalesce(max(id), 0) + 1 FROM import",
                                       &intake->import, err);
    if (status == RF_OK) {
        status = rf_prepare(
            intake->store,
            "INSERT INTO import (id, kind, signal, map, path, started_at, digest, bytes, rows,"
            " rejected, accounts_new, values_new, sightings, finished_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            &intake->insert_import, err);
    }
    if (status == RF_OK) {
        rf_bind_int(intake->insert_import, 1, intake->import);
        rf_bind_text(intake->insert_import, 2, source->kind);
        rf_bind_text(intake->insert_import, 3, source->signal);
        rf_bind_text(intake->insert_import, 4, source->map);
        rf_bind_text(intake->insert_import, 5, source->path);
        rf_bind_int(intake->insert_import, 6, rf_time_now());
    }
    return status;
}

/* Reads (id, tag, text) rows into a table; *all is false when memory for it ran out before. */
static rf_status preload(rf_intake *intake, const char *sql, rf_intern *intern, bool *all,
                         rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(intake->store, sql, &statement, err);
    *all = status == RF_OK;
    while (status == RF_OK && (status = rf_step(statement, &row, err)) == RF_OK && row) {
        const char *text = rf_column_text(statement, 2);
        size_t const length = rf_column_bytes(statement, 2);
        uint32_t const tag = (uint32_t)rf_column_int(statement, 1);
        uint64_t const hash = rf_intern_hash(tag, text, length);
        if (intern->bytes > intake->limits.text_bytes / 2) {
            *all = false;
            break;
        }
        if (rf_intern_find(intern, tag, text, length, hash) == RF_INTERN_NONE &&
            rf_intern_add(intern, tag, text, length, hash, (uint32_t)rf_column_int(statement, 0)) ==
                RF_INTERN_NONE) {
            status = rf_fail_memory(err, "the table of known texts");
        }
    }
    rf_statement_end(statement);
    return status;
}

/* The values that rows of a kind can name. */
static const char *values_of_kind(const char *kind)
{
    static const char *const of[][2] = {
        {"accounts", "SELECT id, signal, text FROM value WHERE false"},
        {"labels", "SELECT id, signal, text FROM value WHERE false"},
        {"payments", "SELECT id, signal, text FROM value WHERE signal = 1"},
        {"events", "SELECT id, signal, text FROM value WHERE signal IN (2, 3, 4, 7)"},
        {"links", "SELECT id, signal, text FROM value WHERE signal = 5"},
    };
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        if (strcmp(of[i][0], kind) == 0) {
            return of[i][1];
        }
    }
    return "SELECT id, signal, text FROM value";
}

/* What the database holds is read at once when it is no more than the file brings, since that is
 * then faster than a look-up for each text; otherwise texts are looked up as they come. */
static rf_status look_around(rf_intake *intake, const rf_intake_source *source, rf_error *err)
{
    int64_t const rows = (int64_t)(source->bytes_hint / BYTES_A_ROW);
    bool all = false;
    rf_status status = rf_store_number(intake->store, "SELECT coalesce(max(id), 0) FROM account",
                                       &intake->last_account, err);
    if (status == RF_OK) {
        status = rf_store_number(intake->store, "SELECT coalesce(max(id), 0) FROM value",
                                 &intake->last_value, err);
    }
    intake->accounts_unseen = intake->last_account > 0;
    intake->values_unseen = intake->last_value > 0;
    if (status == RF_OK && intake->accounts_unseen && intake->last_account <= rows) {
        rf_intern_expect(&intake->accounts, (size_t)intake->last_account);
        status =
            preload(intake, "SELECT id, 0, external_id FROM account", &intake->accounts, &all, err);
        intake->accounts_unseen = !all;
    }
    if (status == RF_OK && intake->values_unseen && intake->last_value <= rows) {
        status = preload(intake, values_of_kind(source->kind), &intake->values, &all, err);
        intake->values_unseen = !all;
    }
    return status;
}

rf_status rf_intake_begin(rf_store *store, const rf_intake_source *source,
                          const rf_intake_limits *limits, rf_intake **out, rf_error *err)
{
    rf_intake *intake = rf_alloc(1, sizeof *intake);
    bool large;
    rf_status status;
    *out = NULL;
    if (intake == NULL) {
        return rf_fail_memory(err, "the import");
    }
    intake->store = store;
    intake->activity.events = true;
    intake->limits = limits == NULL ? (rf_intake_limits){0} : *limits;
    if (intake->limits.counts == 0) {
        intake->limits.counts = default_counts;
    }
    if (intake->limits.text_bytes == 0) {
        intake->limits.text_bytes = default_text_bytes;
    }
    if (intake->limits.large == 0) {
        intake->limits.large = default_large;
    }
    /* Limits are looked at between batches. */
    intake->batch_rows = intake->limits.counts / 16 < BATCH_ROWS   ? intake->limits.counts / 16 + 1
                         : intake->limits.text_bytes < BATCH_BYTES ? 1
                                                                   : BATCH_ROWS;
    large = source->bytes_hint >= intake->limits.large;
    if (large) {
        rf_memory_hoard(true);
        intake->hoards = true;
    }
    intake->queue = rf_queue_start(rf_intake_apply, intake, large);
    status = intake->queue == NULL ? rf_fail_memory(err, "the import")
                                   : bulk_settings(store, large, err);
    if (status == RF_OK) {
        status = rf_store_begin(store, err);
    }
    if (status == RF_OK) {
        status = begin_import(intake, source, err);
    }
    if (status == RF_OK) {
        status = look_around(intake, source, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(store, "SELECT id FROM account WHERE external_id = ?1",
                            &intake->find_account, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(store, "SELECT id FROM value WHERE signal = ?2 AND text = ?1",
                            &intake->find_value, err);
    }
    if (status != RF_OK) {
        rf_intake_abort(intake);
        return status;
    }
    *out = intake;
    return RF_OK;
}

rf_status rf_intake_signal(rf_intake *intake, const char *name, int *signal, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(intake->store,
                                  "INSERT INTO signal (name, family, role, windowed)"
                                  " VALUES (?1, ?1, 'link', 0) ON CONFLICT DO NOTHING",
                                  &statement, err);
    if (status == RF_OK) {
        rf_bind_text(statement, 1, name);
        status = rf_run(statement, err);
        rf_statement_end(statement);
        statement = NULL;
    }
    if (status == RF_OK) {
        status =
            rf_prepare(intake->store, "SELECT id FROM signal WHERE name = ?1", &statement, err);
    }
    if (status == RF_OK) {
        rf_bind_text(statement, 1, name);
        status = rf_step(statement, &row, err);
    }
    if (status == RF_OK && row) {
        *signal = (int)rf_column_int(statement, 0);
    }
    rf_statement_end(statement);
    return status;
}

/* ---- what rows say is written down ---- */

static rf_status written(bool kept, rf_error *err)
{
    return kept ? RF_OK : rf_fail_memory(err, "the rows to count");
}

rf_status rf_intake_account(rf_intake *intake, const char *text, size_t length, uint32_t *account,
                            rf_error *err)
{
    return rf_intake_value(intake, 0, text, length, account, err);
}

rf_status rf_intake_value(rf_intake *intake, int signal, const char *text, size_t length,
                          uint32_t *value, rf_error *err)
{
    return written(rf_batch_add_text(rf_queue_batch(intake->queue), signal, text, length, value),
                   err);
}

static rf_status add(rf_intake *intake, rf_batch_fact fact, rf_error *err)
{
    return written(rf_batch_add_fact(rf_queue_batch(intake->queue), fact), err);
}

rf_status rf_intake_sighting(rf_intake *intake, uint32_t value, uint32_t account, int32_t day,
                             uint32_t times, rf_error *err)
{
    return add(intake,
               (rf_batch_fact){RF_BATCH_SIGHTING, value, account, (uint32_t)(day + 1), times}, err);
}

rf_status rf_intake_activity(rf_intake *intake, uint32_t account, uint32_t capability, int32_t day,
                             int hour, uint32_t requests, rf_error *err)
{
    uint32_t const known = day == RF_NO_DAY ? RF_ACTIVITY_NO_HOUR : (uint32_t)hour;
    uint32_t const when = (uint32_t)(day + 1) << RF_ACTIVITY_HOUR_BITS | known;
    return add(intake, (rf_batch_fact){RF_BATCH_ACTIVITY, account, capability, when, requests},
               err);
}

rf_status rf_intake_account_claim(rf_intake *intake, uint32_t account, const rf_account_claim *said,
                                  rf_error *err)
{
    const char *const texts[ACCOUNT_TEXTS] = {
        [CLAIM_EMAIL] = said->email,
        [CLAIM_EMAIL_KEY] = said->email == NULL ? NULL : said->email_key,
        [CLAIM_EMAIL_DOMAIN] = said->email == NULL ? NULL : said->email_domain,
        [CLAIM_COUNTRY] = said->country,
        [CLAIM_TIMEZONE] = said->timezone,
        [CLAIM_PLAN] = said->plan,
        [CLAIM_STATUS] = said->status,
        [CLAIM_OWNER] = said->owner_id};
    return written(rf_batch_add_claim(rf_queue_batch(intake->queue), account, said->created_at,
                                      texts, ACCOUNT_TEXTS),
                   err);
}

rf_status rf_intake_instrument_claim(rf_intake *intake, uint32_t value,
                                     const rf_instrument_claim *said, rf_error *err)
{
    const char *const texts[INSTRUMENT_TEXTS] = {said->kind, said->bin, said->last4, said->country,
                                                 said->funding};
    return written(rf_batch_add_claim(rf_queue_batch(intake->queue), value, RF_NO_TIME, texts,
                                      INSTRUMENT_TEXTS),
                   err);
}

rf_status rf_intake_label(rf_intake *intake, uint32_t account, const char *label,
                          const char *source, int64_t at, rf_error *err)
{
    return written(rf_batch_add_label(rf_queue_batch(intake->queue), account,
                                      strcmp(label, "fraud") == 0, source, at),
                   err);
}

rf_status rf_intake_row_end(rf_intake *intake, rf_error *err)
{
    rf_batch *batch = rf_queue_batch(intake->queue);
    batch->rows++;
    return batch->rows < intake->batch_rows && batch->used < BATCH_BYTES
               ? RF_OK
               : rf_queue_hand_over(intake->queue, err);
}

rf_status rf_intake_settle(rf_intake *intake, rf_error *err)
{
    return rf_queue_settle(intake->queue, err);
}

static rf_status finish_import(rf_intake *intake, const char *digest, uint64_t bytes, int64_t rows,
                               int64_t rejected, rf_error *err)
{
    rf_statement *insert = intake->insert_import;
    rf_bind_text(insert, 7, digest);
    rf_bind_int(insert, 8, (int64_t)bytes);
    rf_bind_int(insert, 9, rows);
    rf_bind_int(insert, 10, rejected);
    rf_bind_int(insert, 11, intake->accounts_new);
    rf_bind_int(insert, 12, intake->values_new);
    rf_bind_int(insert, 13, intake->sightings_new);
    rf_bind_int(insert, 14, rf_time_now());
    return rf_run(insert, err);
}

rf_status rf_intake_commit(rf_intake *intake, const char *digest, uint64_t bytes, int64_t rows,
                           int64_t rejected, rf_intake_summary *summary, rf_error *err)
{
    rf_store *store = intake->store;
    rf_status tidied;
    rf_status status = rf_intake_settle(intake, err);
    if (status == RF_OK) {
        status = rf_intake_write_texts(intake, err);
    }
    if (status == RF_OK) {
        rf_intern_clear(&intake->accounts);
        rf_intern_clear(&intake->values);
        status = rf_intake_write_counts(intake, err);
    }
    if (status == RF_OK) {
        status = finish_import(intake, digest, bytes, rows, rejected, err);
    }
    if (status == RF_OK) {
        status = rf_store_exec(store, "PRAGMA analysis_limit = 400; ANALYZE", err);
    }
    end_statements(intake);
    give_memory_back(intake); /* the commit has use for the pages */
    if (status == RF_OK) {
        status = rf_store_commit(store, err);
    }
    if (status != RF_OK) {
        rf_intake_abort(intake);
        return status;
    }
    *summary = (rf_intake_summary){intake->import, intake->accounts_new, intake->values_new,
                                   intake->sightings_new};
    release(intake);
    usual_settings(store);
    /* Only tidies up: a reader may be in the way, and the next import tries again. */
    tidied = rf_store_exec(store, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    (void)tidied;
    return RF_OK;
}
