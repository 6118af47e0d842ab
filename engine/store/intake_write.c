/* intake_write.c - puts the texts of an intake into the tables, in key order: accounts, values and
 * what is said of them; see intake_private.h. */
#include "store/intake_private.h"

#include "base/address.h"
#include "base/clock.h"
#include "store/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_GLANCE = 4096 }; /* between two looks at the progress */

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

static void put_time(rf_feed_cell *cell, int64_t time)
{
    if (time == RF_NO_TIME) {
        rf_feed_text(cell, NULL, 0);
    } else {
        rf_feed_int(cell, time);
    }
}

static void put_texts(rf_feed_cell *cells, const char *const *texts, int count)
{
    for (int i = 0; i < count; i++) {
        rf_feed_text(&cells[i], texts[i], texts[i] == NULL ? 0 : strlen(texts[i]));
    }
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

typedef struct other_address {
    uint32_t value;
    rf_address address;
} other_address;

/* Texts in the order in which they get their ids, being read one after the other. */
typedef struct new_texts {
    rf_intake *intake;
    uint32_t *sorted;
    size_t count;
    size_t next;
    other_address *others; /* of values: addresses of which the text does not tell all */
    size_t other_count, other_room;
} new_texts;

/* id, external_id, what is said (9), the import that says it */
static rf_status next_new_account(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    static const claim nothing = {.created_at = RF_NO_TIME};
    new_texts *list = context;
    const claim *said;
    uint32_t account;
    (void)err;
    *found = list->next < list->count;
    if (!*found) {
        return RF_OK;
    }
    fetch_accounts(list->intake, list->sorted, list->count, list->next);
    account = list->sorted[list->next++];
    if (list->next % ROWS_A_GLANCE == 0) {
        rf_progress_show(&list->intake->progress, list->next);
    }
    said = claim_of(list->intake, account);
    rf_feed_int(&cells[0], list->intake->accounts.ids[account]);
    rf_feed_text(&cells[1], list->intake->accounts.texts[account]->bytes,
                 list->intake->accounts.texts[account]->length);
    put_time(&cells[2], said == NULL ? RF_NO_TIME : said->created_at);
    put_texts(&cells[3], said == NULL ? nothing.texts : said->texts, ACCOUNT_TEXTS);
    if (said == NULL) {
        rf_feed_text(&cells[11], NULL, 0);
    } else {
        rf_feed_int(&cells[11], list->intake->import);
    }
    return RF_OK;
}

/* Gives the new texts their ids, in the order of their bytes. */
static rf_status number_texts(rf_intake *intake, rf_intern *intern, int64_t *last, new_texts *list,
                              rf_error *err)
{
    *list = (new_texts){.intake = intake};
    list->sorted = rf_intern_sorted_new(intern, &list->count);
    if (list->sorted == NULL) {
        return rf_fail_memory(err, "the order of accounts and values");
    }
    if (*last + (int64_t)list->count > UINT32_MAX) {
        return rf_fail(err, RF_EDATABASE, "the database would hold over 2^32 accounts or values");
    }
    for (size_t i = 0; i < list->count; i++) {
        intern->ids[list->sorted[i]] = (uint32_t)++ * last;
    }
    return RF_OK;
}

/* New accounts go in with everything said of them, in the order of their texts. */
static rf_status write_new_accounts(new_texts *list, rf_error *err)
{
    rf_status status;
    if (list->count == 0) {
        return RF_OK;
    }
    rf_progress_start(&list->intake->progress, "writing accounts", list->count);
    status = rf_intake_feed(list->intake, list->count,
                            "INSERT OR FAIL INTO account (id, external_id, " ACCOUNT_COLUMNS
                            ", said_by) SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10,"
                            " c11 FROM feed",
                            12, next_new_account, list, err);
    rf_progress_end(&list->intake->progress);
    return status;
}

/* ---- what is said of accounts that were there before ---- */

typedef struct said_list {
    rf_intake *intake;
    ordered_claim *ordered;
    size_t count;
    size_t next;
    int texts;
} said_list;

/* id, the import; of an account its text; the time; the texts */
static rf_status next_said(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    said_list *list = context;
    const ordered_claim *item;
    (void)err;
    *found = list->next < list->count;
    if (!*found) {
        return RF_OK;
    }
    item = &list->ordered[list->next++];
    rf_feed_int(&cells[0], item->id);
    rf_feed_int(&cells[1], list->intake->import);
    put_time(&cells[2], item->said->created_at);
    put_texts(&cells[3], item->said->texts, list->texts);
    if (list->texts == ACCOUNT_TEXTS) {
        const rf_intern_text *text = list->intake->accounts.texts[item->said->owner];
        rf_feed_text(&cells[11], text->bytes, text->length);
    }
    return RF_OK;
}

static rf_status run_said(said_list *list, const char *const *steps, rf_error *err)
{
    rf_status status = RF_OK;
    for (; *steps != NULL && status == RF_OK && list->count > 0; steps++) {
        list->next = 0;
        status = rf_feed_run(list->intake->store, *steps, next_said, list, err);
    }
    return status;
}

/* As long as one import alone speaks of an account, the account itself holds what it says. Before
 * another is heard, these words become a claim. */
#define OTHERS " FROM feed CROSS JOIN account AS a ON a.id = c0 WHERE a.said_by <> c1"
static const char *const account_steps[] = {
    "INSERT INTO account_claim (account, import, " ACCOUNT_COLUMNS ") SELECT a.id, a.said_by,"
    " a.created_at, a.email, a.email_key, a.email_domain, a.country, a.timezone, a.plan, a.status,"
    " a.owner_id" OTHERS " AND a.said_by > 0",
    "INSERT INTO account_claim (account, import, " ACCOUNT_COLUMNS
    ") SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10" OTHERS MERGE_ACCOUNT,
    "INSERT INTO account (id, external_id, " ACCOUNT_COLUMNS
    ", said_by) SELECT c0, c11, c2, c3, c4, c5, c6, c7, c8, c9, c10, c1 FROM feed WHERE"
    " true" MERGE_ACCOUNT ", said_by = iif(coalesce(said_by, excluded.said_by) ="
    " excluded.said_by, excluded.said_by, 0)",
    NULL};

static const char *const news_steps[] = {
    "INSERT OR IGNORE INTO news_account (account, import) SELECT c0, c1 FROM feed", NULL};

/* `known` is the greatest id of an account that was there before. */
static rf_status write_account_claims(rf_intake *intake, int64_t known, rf_error *err)
{
    said_list list = {.intake = intake, .texts = ACCOUNT_TEXTS};
    rf_status status = order_claims(&intake->account_claims, &intake->accounts, known,
                                    &list.ordered, &list.count, err);
    if (status == RF_OK) {
        status = run_said(&list, account_steps, err);
    }
    if (status == RF_OK && intake->news.wanted) {
        status = run_said(&list, news_steps, err);
    }
    rf_free(list.ordered);
    return status;
}

/* ---- values ---- */

/* Notes an address that is not what the view address takes it for. */
static rf_status note_other(new_texts *list, uint32_t value, rf_error *err)
{
    const rf_intern_text *text = list->intake->values.texts[value];
    rf_address address;
    if (!rf_address_parse(text->bytes, text->length, &address)) {
        return rf_fail(err, RF_EINPUT, "not an address: %.100s", text->bytes);
    }
    if (address.version == 4 && strcmp(rf_address_scope(&address), "global") == 0) {
        return RF_OK;
    }
    if (!rf_reserve(&list->others, &list->other_room, list->other_count + 1,
                    sizeof *list->others)) {
        return rf_fail_memory(err, "the addresses");
    }
    list->others[list->other_count++] = (other_address){value, address};
    return RF_OK;
}

/* id, signal, text */
static rf_status next_new_value(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    new_texts *list = context;
    const rf_intern *values = &list->intake->values;
    const rf_intern_text *text;
    uint32_t value;
    *found = list->next < list->count;
    if (!*found) {
        return RF_OK;
    }
    rf_intern_fetch_sorted(values, list->sorted, list->count, list->next);
    value = list->sorted[list->next++];
    if (list->next % ROWS_A_GLANCE == 0) {
        rf_progress_show(&list->intake->progress, list->next);
    }
    text = values->texts[value];
    rf_feed_int(&cells[0], values->ids[value]);
    rf_feed_int(&cells[1], text->tag);
    rf_feed_text(&cells[2], text->bytes, text->length);
    return text->tag == RF_INTAKE_IP ? note_other(list, value, err) : RF_OK;
}

typedef struct new_addresses {
    new_texts *list;
    char prefix[RF_ADDRESS_TEXT];
} new_addresses;

/* value, version, prefix, scope */
static rf_status next_address(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    new_addresses *to = context;
    new_texts *list = to->list;
    const rf_intern *values = &list->intake->values;
    (void)err;
    *found = list->next < list->other_count;
    if (*found) {
        const other_address *other = &list->others[list->next++];
        const char *scope = rf_address_scope(&other->address);
        rf_feed_int(&cells[0], values->ids[other->value]);
        rf_feed_int(&cells[1], other->address.version);
        rf_feed_text(&cells[2], to->prefix, rf_address_prefix(&other->address, to->prefix));
        rf_feed_text(&cells[3], scope, strlen(scope));
    }
    return RF_OK;
}

static rf_status write_new_values(new_texts *list, rf_error *err)
{
    new_addresses addresses = {.list = list};
    rf_status status;
    if (list->count == 0) {
        return RF_OK;
    }
    rf_progress_start(&list->intake->progress, "writing values", list->count);
    status =
        rf_intake_feed(list->intake, list->count,
                       "INSERT OR FAIL INTO value (id, signal, text) SELECT c0, c1, c2 FROM feed",
                       3, next_new_value, list, err);
    rf_progress_end(&list->intake->progress);
    if (status == RF_OK && list->other_count > 0) {
        list->next = 0;
        status = rf_intake_feed(list->intake, list->other_count,
                                "INSERT OR FAIL INTO address_other (value, version, prefix, scope)"
                                " SELECT c0, c1, c2, c3 FROM feed",
                                4, next_address, &addresses, err);
    }
    return status;
}

static const char *const instrument_steps[] = {
    "INSERT INTO instrument (value, kind, bin, last4, country, funding)"
    " SELECT c0, c3, c4, c5, c6, c7 FROM feed WHERE true" MERGE_INSTRUMENT,
    "INSERT INTO instrument_claim (value, import, kind, bin, last4, country, funding)"
    " SELECT c0, c1, c3, c4, c5, c6, c7 FROM feed WHERE true" MERGE_INSTRUMENT,
    NULL};

static rf_status write_instrument_claims(rf_intake *intake, rf_error *err)
{
    said_list list = {.intake = intake, .texts = INSTRUMENT_TEXTS};
    rf_status status = order_claims(&intake->instrument_claims, &intake->values, UINT32_MAX,
                                    &list.ordered, &list.count, err);
    if (status == RF_OK) {
        status = run_said(&list, instrument_steps, err);
    }
    rf_free(list.ordered);
    return status;
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

/* The tallies count by database ids from now on. */
static void translate_counts(rf_intake *intake)
{
    rf_tally_translate(&intake->sightings, intake->values.ids, intake->accounts.ids);
    rf_tally_translate(&intake->activity, intake->accounts.ids, intake->values.ids);
}

/* Sorts what is written next after the texts, meanwhile. What fails here (memory alone can) is
 * found out again when it is read back. */
static void *sort_ahead(void *context)
{
    rf_intake *intake = context;
    rf_error ignored;
    rf_status sorted;
    translate_counts(intake);
    sorted = rf_tally_compact(&intake->sightings, &ignored);
    (void)sorted;
    return NULL;
}

static rf_status write_numbered(rf_intake *intake, int64_t known, new_texts *accounts,
                                new_texts *values, rf_error *err)
{
    rf_status status = write_new_accounts(accounts, err);
    if (status == RF_OK) {
        status = write_account_claims(intake, known, err);
    }
    if (status == RF_OK) {
        status = write_new_values(values, err);
    }
    if (status == RF_OK) {
        status = write_instrument_claims(intake, err);
    }
    if (status == RF_OK) {
        status = write_labels(intake, err);
    }
    return status;
}

rf_status rf_intake_write_texts(rf_intake *intake, rf_error *err)
{
    enum { WORTH_WHILE = 1 << 16 };
    int64_t const known = intake->last_account;
    new_texts accounts = {0};
    new_texts values = {0};
    pthread_t thread;
    bool ahead;
    rf_status status =
        number_texts(intake, &intake->accounts, &intake->last_account, &accounts, err);
    if (status == RF_OK) {
        status = rf_news_begin(intake->store, intake->import,
                               rf_tally_size(&intake->sightings) +
                                   rf_tally_size(&intake->activity) + intake->account_claims.count,
                               &intake->news, err);
    }
    if (status == RF_OK) {
        status = number_texts(intake, &intake->values, &intake->last_value, &values, err);
    }
    if (status == RF_OK) {
        intake->accounts_new += (int64_t)accounts.count;
        intake->values_new += (int64_t)values.count;
        ahead = intake->sightings.count >= WORTH_WHILE &&
                pthread_create(&thread, NULL, sort_ahead, intake) == 0;
        status = write_numbered(intake, known, &accounts, &values, err);
        if (ahead) {
            (void)pthread_join(thread, NULL);
        } else {
            translate_counts(intake);
        }
    }
    if (status == RF_OK) {
        forget_said(intake);
    }
    rf_free(accounts.sorted);
    rf_free(values.sorted);
    rf_free(values.others);
    return status;
}
