/* intake_write.c - puts an intake into the tables, in key order; see intake_private.h. */
#include "store/intake_private.h"

#include "base/address.h"
#include "base/clock.h"
#include "store/intake_rows.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Non-empty replaces empty, the greater replaces the smaller; an email takes its parts along. */
#define GREATER(column)                                                                            \
#column " = coalesce(max(" #column ", excluded." #column "), " #column ", excluded." #column ")"
#define WITH_EMAIL(column)                                                                         \
#column " = CASE WHEN excluded.email > coalesce(email, '') THEN excluded." #column             \
            " ELSE " #column " END"
#define MERGE_ACCOUNT                                                                                                        \
    " ON CONFLICT DO UPDATE SET " GREATER(created_at) ", " WITH_EMAIL(email_key) ", " WITH_EMAIL(email_domain) ", " GREATER( \
        email) ", " GREATER(country) ", " GREATER(timezone) ", " GREATER(plan) ", " GREATER(status) ", " GREATER(owner_id)
#define MERGE_INSTRUMENT                                                                           \
    " ON CONFLICT DO UPDATE SET " GREATER(kind) ", " GREATER(bin) ", " GREATER(                    \
        last4) ", " GREATER(country) ", " GREATER(funding)
#define ACCOUNT_COLUMNS                                                                            \
    "created_at, email, email_key, email_domain, country, timezone, plan, status, owner_id"

static rf_status finish_rows(rf_rows *rows, rf_status status, rf_error *err)
{
    if (status == RF_OK && rows != NULL) {
        status = rf_rows_flush(rows, err);
    }
    rf_rows_end(rows);
    return status;
}

/* Claims in the order of their owners' ids, so that tables are written in key order. */
typedef struct ordered_claim {
    uint32_t id;
    const claim *said;
} ordered_claim;

static int compare_claims(const void *left, const void *right)
{
    uint32_t const a = ((const ordered_claim *)left)->id;
    uint32_t const b = ((const ordered_claim *)right)->id;
    return a < b ? -1 : a > b;
}

/* The claims of owners with ids up to `last`. */
static rf_status order_claims(const claims *list, const rf_intern *owners, int64_t last,
                              ordered_claim **out, size_t *count, rf_error *err)
{
    *count = 0;
    *out = rf_alloc_raw(list->count, sizeof **out);
    if (*out == NULL) {
        return rf_fail_memory(err, "the order of claims");
    }
    for (size_t i = 0; i < list->count; i++) {
        uint32_t const id = owners->ids[list->items[i].owner];
        if (id <= last) {
            (*out)[(*count)++] = (ordered_claim){id, &list->items[i]};
        }
    }
    qsort(*out, *count, sizeof **out, compare_claims);
    return RF_OK;
}

static void put_time(rf_rows *rows, int64_t time)
{
    if (time == RF_NO_TIME) {
        rf_rows_text(rows, NULL, 0);
    } else {
        rf_rows_int(rows, time);
    }
}

static void put_texts(rf_rows *rows, const char *const *texts, int count)
{
    for (int i = 0; i < count; i++) {
        rf_rows_text(rows, texts[i], texts[i] == NULL ? 0 : strlen(texts[i]));
    }
}

static rf_status open_accounts(rf_intake *intake, const char *tail, rf_rows **rows, rf_error *err)
{
    return rf_rows_open(intake->store,
                        "INSERT INTO account (id, external_id, " ACCOUNT_COLUMNS ") VALUES ",
                        "(?,?,?,?,?,?,?,?,?,?,?)", tail, 11, rows, err);
}

static rf_status put_account(rf_intake *intake, rf_rows *rows, uint32_t account, const claim *said,
                             rf_error *err)
{
    static const claim nothing = {.created_at = RF_NO_TIME};
    const rf_intern_text *text = intake->accounts.texts[account];
    const claim *shown = said == NULL ? &nothing : said;
    rf_rows_int(rows, intake->accounts.ids[account]);
    rf_rows_text(rows, text->bytes, text->length);
    put_time(rows, shown->created_at);
    put_texts(rows, shown->texts, ACCOUNT_TEXTS);
    return rf_rows_end_row(rows, err);
}

static rf_status open_account_claims(rf_intake *intake, rf_rows **rows, rf_error *err)
{
    char row[64];
    (void)snprintf(row, sizeof row, "(?,%lld,?,?,?,?,?,?,?,?,?)", (long long)intake->import);
    return rf_rows_open(intake->store,
                        "INSERT INTO account_claim (account, import, " ACCOUNT_COLUMNS ") VALUES ",
                        row, MERGE_ACCOUNT, 10, rows, err);
}

static rf_status put_account_claim(rf_rows *rows, uint32_t id, const claim *said, rf_error *err)
{
    rf_rows_int(rows, id);
    put_time(rows, said->created_at);
    put_texts(rows, said->texts, ACCOUNT_TEXTS);
    return rf_rows_end_row(rows, err);
}

static const claim *claim_of(const rf_intake *intake, uint32_t account)
{
    uint32_t const number = intake->accounts.texts[account]->claim;
    return number == 0 ? NULL : &intake->account_claims.items[number - 1];
}

/* The accounts come in the order of their texts, and so from all over the memory: what was said of
 * those to come is fetched in three steps. */
static void fetch_accounts(const rf_intake *intake, const uint32_t *sorted, size_t count, size_t i)
{
    enum { CLAIM_AHEAD = 8, TEXTS_AHEAD = 4 };
    const claim *said;
    rf_intern_fetch_sorted(&intake->accounts, sorted, count, i);
    if (i + CLAIM_AHEAD < count && (said = claim_of(intake, sorted[i + CLAIM_AHEAD])) != NULL) {
        __builtin_prefetch(said);
        __builtin_prefetch((const char *)(said + 1) - 1);
    }
    if (i + TEXTS_AHEAD < count && (said = claim_of(intake, sorted[i + TEXTS_AHEAD])) != NULL) {
        for (int text = 0; text < ACCOUNT_TEXTS; text++) {
            __builtin_prefetch(said->texts[text]);
        }
    }
}

/* New accounts go in with everything said of them, in the order of their texts. */
static rf_status write_new_accounts(rf_intake *intake, rf_error *err)
{
    size_t count;
    rf_rows *rows = NULL;
    rf_rows *kept = NULL;
    uint32_t *sorted = rf_intern_sorted_new(&intake->accounts, &count);
    rf_status status = sorted == NULL ? rf_fail_memory(err, "the order of accounts")
                                      : open_accounts(intake, "", &rows, err);
    if (status == RF_OK) {
        status = open_account_claims(intake, &kept, err);
    }
    if (status == RF_OK && intake->last_account + (int64_t)count > UINT32_MAX) {
        status = rf_fail(err, RF_EDATABASE, "the database would hold over 2^32 accounts");
    }
    for (size_t i = 0; sorted != NULL && i < count && status == RF_OK; i++) {
        uint32_t const id = (uint32_t)++intake->last_account;
        const claim *said = claim_of(intake, sorted[i]);
        fetch_accounts(intake, sorted, count, i);
        intake->accounts.ids[sorted[i]] = id;
        status = put_account(intake, rows, sorted[i], said, err);
        if (status == RF_OK && said != NULL) {
            status = put_account_claim(kept, id, said, err);
        }
    }
    intake->accounts_new += (int64_t)count;
    rf_free(sorted);
    status = finish_rows(kept, status, err);
    return finish_rows(rows, status, err);
}

/* What was said of accounts that were there before, whose ids are up to `known`. */
static rf_status write_account_claims(rf_intake *intake, int64_t known, rf_error *err)
{
    rf_rows *merged = NULL;
    rf_rows *kept = NULL;
    ordered_claim *ordered = NULL;
    size_t count;
    rf_status status =
        order_claims(&intake->account_claims, &intake->accounts, known, &ordered, &count, err);
    if (status == RF_OK) {
        status = open_accounts(intake, MERGE_ACCOUNT, &merged, err);
    }
    if (status == RF_OK) {
        status = open_account_claims(intake, &kept, err);
    }
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        const claim *said = ordered[i].said;
        status = put_account_claim(kept, ordered[i].id, said, err);
        if (status == RF_OK) {
            status = put_account(intake, merged, said->owner, said, err);
        }
    }
    rf_free(ordered);
    status = finish_rows(kept, status, err);
    return finish_rows(merged, status, err);
}

/* ---- values ---- */

static const char *device_form(const char *text, size_t length)
{
    size_t hex = 0;
    size_t dashes = 0;
    for (size_t i = 0; i < length; i++) {
        hex += (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        dashes += text[i] == '-' && (i == 8 || i == 13 || i == 18 || i == 23);
    }
    if (length == 36 && hex == 32 && dashes == 4) {
        return "uuid";
    }
    if (length >= 16 && hex == length) {
        return "hash";
    }
    return memchr(text, '/', length) != NULL && memchr(text, ' ', length) != NULL ? "user-agent"
                                                                                  : "other";
}

typedef struct value_rows {
    rf_rows *values;
    rf_rows *addresses;
    rf_rows *devices;
} value_rows;

static rf_status open_values(rf_store *store, value_rows *rows, rf_error *err)
{
    rf_status status = rf_rows_open(store, "INSERT INTO value (id, signal, text) VALUES ",
                                    "(?,?,?)", "", 3, &rows->values, err);
    if (status == RF_OK) {
        status = rf_rows_open(store, "INSERT INTO address (value, version, prefix, scope) VALUES ",
                              "(?,?,?,?)", "", 4, &rows->addresses, err);
    }
    if (status == RF_OK) {
        status = rf_rows_open(store, "INSERT INTO device (value, form) VALUES ", "(?,?)", "", 2,
                              &rows->devices, err);
    }
    return status;
}

static rf_status put_address(rf_rows *rows, uint32_t id, const rf_intern_text *text,
                             rf_arena *prefixes, rf_error *err)
{
    rf_address address;
    char prefix[RF_ADDRESS_TEXT];
    size_t length;
    const char *kept;
    if (!rf_address_parse(text->bytes, text->length, &address)) {
        return rf_fail(err, RF_EINPUT, "not an address: %.100s", text->bytes);
    }
    length = rf_address_prefix(&address, prefix);
    kept = rf_arena_text(prefixes, prefix, length);
    if (kept == NULL) {
        return rf_fail_memory(err, "address prefixes");
    }
    rf_rows_int(rows, id);
    rf_rows_int(rows, address.version);
    rf_rows_text(rows, kept, length);
    rf_rows_text(rows, rf_address_scope(&address), strlen(rf_address_scope(&address)));
    return rf_rows_end_row(rows, err);
}

static rf_status put_value(value_rows *rows, uint32_t id, const rf_intern_text *text,
                           rf_arena *prefixes, rf_error *err)
{
    rf_status status;
    rf_rows_int(rows->values, id);
    rf_rows_int(rows->values, text->tag);
    rf_rows_text(rows->values, text->bytes, text->length);
    status = rf_rows_end_row(rows->values, err);
    if (status == RF_OK && text->tag == RF_INTAKE_IP) {
        status = put_address(rows->addresses, id, text, prefixes, err);
    }
    if (status == RF_OK && text->tag == RF_INTAKE_DEVICE) {
        const char *form = device_form(text->bytes, text->length);
        rf_rows_int(rows->devices, id);
        rf_rows_text(rows->devices, form, strlen(form));
        status = rf_rows_end_row(rows->devices, err);
    }
    return status;
}

static rf_status write_new_values(rf_intake *intake, rf_error *err)
{
    size_t count;
    value_rows rows = {0};
    rf_arena prefixes = {0}; /* a row's texts must live until its statement ran */
    uint32_t *sorted = rf_intern_sorted_new(&intake->values, &count);
    rf_status status = sorted == NULL ? rf_fail_memory(err, "the order of values")
                                      : open_values(intake->store, &rows, err);
    if (status == RF_OK && intake->last_value + (int64_t)count > UINT32_MAX) {
        status = rf_fail(err, RF_EDATABASE, "the database would hold over 2^32 values");
    }
    for (size_t i = 0; sorted != NULL && i < count && status == RF_OK; i++) {
        uint32_t const id = (uint32_t)++intake->last_value;
        rf_intern_fetch_sorted(&intake->values, sorted, count, i);
        intake->values.ids[sorted[i]] = id;
        status = put_value(&rows, id, intake->values.texts[sorted[i]], &prefixes, err);
    }
    intake->values_new += (int64_t)count;
    rf_free(sorted);
    if (rows.values != NULL) {
        status = finish_rows(rows.values, status, err);
    }
    if (rows.addresses != NULL) {
        status = finish_rows(rows.addresses, status, err);
    }
    if (rows.devices != NULL) {
        status = finish_rows(rows.devices, status, err);
    }
    rf_arena_free(&prefixes);
    return status;
}

static rf_status put_instrument(rf_rows *rows, const ordered_claim *item, rf_error *err)
{
    rf_rows_int(rows, item->id);
    put_texts(rows, item->said->texts, INSTRUMENT_TEXTS);
    return rf_rows_end_row(rows, err);
}

static rf_status write_instrument_claims(rf_intake *intake, rf_error *err)
{
    char row[64];
    rf_rows *merged = NULL;
    rf_rows *kept = NULL;
    ordered_claim *ordered = NULL;
    size_t count;
    rf_status status = order_claims(&intake->instrument_claims, &intake->values, UINT32_MAX,
                                    &ordered, &count, err);
    (void)snprintf(row, sizeof row, "(?,%lld,?,?,?,?,?)", (long long)intake->import);
    if (status == RF_OK) {
        status = rf_rows_open(
            intake->store,
            "INSERT INTO instrument (value, kind, bin, last4, country, funding) VALUES ",
            "(?,?,?,?,?,?)", MERGE_INSTRUMENT, 6, &merged, err);
    }
    if (status == RF_OK) {
        status = rf_rows_open(intake->store,
                              "INSERT INTO instrument_claim (value, import, kind, bin, last4,"
                              " country, funding) VALUES ",
                              row, MERGE_INSTRUMENT, 6, &kept, err);
    }
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        status = put_instrument(merged, &ordered[i], err);
        if (status == RF_OK) {
            status = put_instrument(kept, &ordered[i], err);
        }
    }
    rf_free(ordered);
    status = finish_rows(kept, status, err);
    return finish_rows(merged, status, err);
}

/* ---- labels ---- */

static int compare_labels(const void *left, const void *right)
{
    const pending_label *a = left;
    const pending_label *b = right;
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    if (a->fraud != b->fraud) {
        return a->fraud ? -1 : 1;
    }
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    return strcmp(a->source, b->source);
}

/* UNIQUE does not see two NULL times as equal, so repetitions are looked for. */
static rf_status write_labels(rf_intake *intake, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status =
        rf_prepare(intake->store,
                   "INSERT INTO label (account, label, source, at, import)"
                   " SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM label WHERE"
                   " account = ?1 AND label = ?2 AND source = ?3 AND at IS ?4 AND import = ?5)",
                   &statement, err);
    for (size_t i = 0; i < intake->label_count; i++) {
        intake->labels[i].account = intake->accounts.ids[intake->labels[i].account];
    }
    if (intake->label_count > 1) {
        qsort(intake->labels, intake->label_count, sizeof *intake->labels, compare_labels);
    }
    for (size_t i = 0; i < intake->label_count && status == RF_OK; i++) {
        const pending_label *label = &intake->labels[i];
        rf_bind_int(statement, 1, label->account);
        rf_bind_text(statement, 2, label->fraud ? "fraud" : "legit");
        rf_bind_text(statement, 3, label->source);
        if (label->at == RF_NO_TIME) {
            rf_bind_null(statement, 4);
        } else {
            rf_bind_int(statement, 4, label->at);
        }
        rf_bind_int(statement, 5, intake->import);
        status = rf_run(statement, err);
    }
    rf_statement_end(statement);
    return status;
}

/* ---- all texts, all counts ---- */

/* What was said is in the tables now. */
static void forget_said(rf_intake *intake)
{
    for (size_t i = 0; i < intake->account_claims.count; i++) {
        intake->accounts.texts[intake->account_claims.items[i].owner]->claim = 0;
    }
    for (size_t i = 0; i < intake->instrument_claims.count; i++) {
        intake->values.texts[intake->instrument_claims.items[i].owner]->claim = 0;
    }
    intake->account_claims.count = 0;
    intake->instrument_claims.count = 0;
    intake->label_count = 0;
    intake->said_bytes = 0;
    rf_arena_free(&intake->said);
    intake->accounts.pending = intake->accounts.count;
    intake->values.pending = intake->values.count;
}

rf_status rf_intake_write_texts(rf_intake *intake, rf_error *err)
{
    int64_t const known = intake->last_account;
    rf_status status = write_new_accounts(intake, err);
    if (status == RF_OK) {
        status = write_account_claims(intake, known, err);
    }
    if (status == RF_OK) {
        status = write_new_values(intake, err);
    }
    if (status == RF_OK) {
        status = write_instrument_claims(intake, err);
    }
    if (status == RF_OK) {
        status = write_labels(intake, err);
    }
    if (status == RF_OK) {
        rf_tally_translate(&intake->sightings, intake->values.ids, intake->accounts.ids);
        rf_tally_translate(&intake->usage, intake->accounts.ids, NULL);
        rf_tally_translate(&intake->capabilities, intake->accounts.ids, intake->values.ids);
        forget_said(intake);
    }
    return status;
}

typedef struct count_rows {
    rf_intake *intake;
    rf_rows *rows;
    bool open; /* a usage row is being collected */
    uint32_t account;
    uint32_t day; /* + 1 */
    uint64_t events;
    uint64_t requests;
    uint32_t hours;
} count_rows;

static rf_status put_sighting(void *context, uint32_t value, uint32_t account, uint32_t day,
                              uint64_t times, rf_error *err)
{
    count_rows *to = context;
    rf_rows_int(to->rows, value);
    rf_rows_int(to->rows, account);
    rf_rows_int(to->rows, (int64_t)day - 1);
    rf_rows_int(to->rows, (int64_t)times);
    to->intake->sightings_new++;
    return rf_rows_end_row(to->rows, err);
}

/* The same after the tally was turned. */
static rf_status put_turned(void *context, uint32_t account, uint32_t value, uint32_t day,
                            uint64_t times, rf_error *err)
{
    return put_sighting(context, value, account, day, times, err);
}

static rf_status put_capability(void *context, uint32_t account, uint32_t capability, uint32_t day,
                                uint64_t requests, rf_error *err)
{
    count_rows *to = context;
    rf_rows_int(to->rows, account);
    rf_rows_int(to->rows, capability);
    rf_rows_int(to->rows, (int64_t)day - 1);
    rf_rows_int(to->rows, (int64_t)requests);
    return rf_rows_end_row(to->rows, err);
}

static rf_status end_usage(count_rows *to, rf_error *err)
{
    if (!to->open) {
        return RF_OK;
    }
    to->open = false;
    rf_rows_int(to->rows, to->account);
    rf_rows_int(to->rows, (int64_t)to->day - 1);
    rf_rows_int(to->rows, (int64_t)to->events);
    rf_rows_int(to->rows, (int64_t)to->requests);
    rf_rows_int(to->rows, to->hours);
    return rf_rows_end_row(to->rows, err);
}

/* The slots of an account and day come one after the other. */
static rf_status put_usage(void *context, uint32_t account, uint32_t day, uint32_t slot, uint64_t n,
                           rf_error *err)
{
    count_rows *to = context;
    rf_status status = RF_OK;
    if (to->open && (to->account != account || to->day != day)) {
        status = end_usage(to, err);
    }
    if (!to->open) {
        to->open = true;
        to->account = account;
        to->day = day;
        to->events = 0;
        to->requests = 0;
        to->hours = 0;
    }
    to->requests += n;
    if (slot != USAGE_MORE_REQUESTS) {
        to->events += n;
    }
    if (slot < 24) {
        to->hours |= UINT32_C(1) << slot;
    }
    return status;
}

/* `row` names the import as %lld. */
static rf_status drain(rf_intake *intake, rf_tally *tally, const char *head, const char *row,
                       int columns, rf_tally_fn fn, rf_error *err)
{
    count_rows to = {.intake = intake};
    rf_status status = rf_rows_open(intake->store, head, row, "", columns, &to.rows, err);
    if (status != RF_OK) {
        return status;
    }
    status = rf_tally_drain(tally, fn, &to, err);
    if (status == RF_OK) {
        status = end_usage(&to, err);
    }
    return finish_rows(to.rows, status, err);
}

/* Building the index anew is faster than filling it when at least half of its rows are new; then
 * the cost is still proportional to what this import brings. Sightings that fill an index come in
 * its order: where they go in the table is then mostly its end, since their values are mostly new,
 * and the end of a table is in memory. */
static rf_status prepare_index(rf_intake *intake, bool *turned, rf_error *err)
{
    int64_t before = 0;
    uint64_t coming = intake->sightings.count;
    rf_status status = rf_store_number(
        intake->store, "SELECT total(sightings) FROM import WHERE undone_at IS NULL", &before, err);
    if (intake->sightings.runs > 0) {
        coming += intake->sightings.run_ends[intake->sightings.runs - 1];
    }
    *turned = (uint64_t)before > coming && intake->sightings.runs == 0;
    if (*turned) {
        rf_tally_turn(&intake->sightings);
    }
    if (status == RF_OK && (uint64_t)before <= coming && coming > 0) {
        status = rf_store_exec(intake->store, "DROP INDEX IF EXISTS sighting_by_account", err);
    }
    return status;
}

/* The tallies that are written later are sorted meanwhile. What fails here (memory alone can) is
 * found out again when they are drained. */
static void *sort_ahead(void *context)
{
    rf_intake *intake = context;
    rf_error ignored;
    if (rf_tally_compact(&intake->capabilities, &ignored) == RF_OK) {
        rf_status const sorted = rf_tally_compact(&intake->usage, &ignored);
        (void)sorted;
    }
    return NULL;
}

static rf_status write_sightings(rf_intake *intake, rf_error *err)
{
    enum { WORTH_WHILE = 1 << 20 };
    char row[64];
    pthread_t thread;
    bool turned = false;
    bool const ahead = intake->usage.count >= WORTH_WHILE &&
                       pthread_create(&thread, NULL, sort_ahead, intake) == 0;
    rf_status status = prepare_index(intake, &turned, err);
    (void)snprintf(row, sizeof row, "(?,?,?,%lld,?)", (long long)intake->import);
    if (status == RF_OK) {
        status = drain(intake, &intake->sightings,
                       "INSERT INTO sighting (value, account, day, import, times) VALUES ", row, 4,
                       turned ? put_turned : put_sighting, err);
    }
    if (ahead) {
        (void)pthread_join(thread, NULL);
    }
    return status;
}

rf_status rf_intake_write_counts(rf_intake *intake, rf_error *err)
{
    char row[64];
    rf_status status = write_sightings(intake, err);
    (void)snprintf(row, sizeof row, "(?,?,?,%lld,?)", (long long)intake->import);
    if (status == RF_OK) {
        status = drain(intake, &intake->capabilities,
                       "INSERT INTO capability_use (account, capability, day, import, requests)"
                       " VALUES ",
                       row, 4, put_capability, err);
    }
    if (status == RF_OK) {
        (void)snprintf(row, sizeof row, "(?,?,%lld,?,?,?)", (long long)intake->import);
        status = drain(intake, &intake->usage,
                       "INSERT INTO usage (account, day, import, events, requests, hours) VALUES ",
                       row, 5, put_usage, err);
    }
    if (status == RF_OK) {
        /* A small cache makes the sorter work in runs that fit the processor's: twice as fast. */
        status = rf_store_exec(
            intake->store,
            "PRAGMA cache_size = -2048;"
            "CREATE INDEX IF NOT EXISTS sighting_by_account ON sighting (account, value)",
            err);
    }
    return status;
}
