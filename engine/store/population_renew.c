/* population_renew.c - what is kept of a population, and the accounts among the news, put together;
 * see population_kept.h. What is newly held is the business of population_groups.c. */
#include "store/population_renew.h"

#include "base/clock.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* ---- new accounts ---- */

static int by_external_id(const void *left, const void *right)
{
    const rf_new_account *a = left;
    const rf_new_account *b = right;
    return strcmp(a->external_id, b->external_id);
}

/* How many of the base's accounts come before a text. */
static uint32_t place_of(const rf_population *base, const char *text)
{
    uint32_t low = 0;
    uint32_t high = base->accounts;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (strcmp(base->external_id[middle], text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static rf_status read_new_accounts(rf_renewer *r, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(r->store, "SELECT id, external_id FROM account WHERE id > ?1", &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, r->figure[RF_KEPT_ACCOUNT_ROW]);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_new_account one = {.row = rf_column_int(select, 0),
                              .external_id = rf_arena_text(&r->p->texts, rf_column_text(select, 1),
                                                           rf_column_bytes(select, 1))};
        if (one.external_id == NULL ||
            !rf_reserve(&r->added, &r->added_room, (size_t)r->addeds + 1, sizeof *r->added)) {
            status = rf_fail_memory(err, "the new accounts");
            break;
        }
        r->added[r->addeds++] = one;
    }
    rf_statement_end(select);
    if (status == RF_OK && r->addeds > 1) {
        qsort(r->added, r->addeds, sizeof *r->added, by_external_id);
    }
    for (uint32_t k = 0; k < r->addeds && status == RF_OK; k++) {
        r->added[k].at = place_of(&r->base, r->added[k].external_id);
    }
    return status;
}

/* An array by account goes over from the base, which has left room behind its elements, to the
 * population: they move to their new places, and new accounts have zeros. */
static void take_over(rf_renewer *r, void *from_address, void *to_address, size_t size)
{
    char *array;
    uint32_t end = r->base.accounts;
    memcpy(&array, from_address, sizeof array);
    for (uint32_t k = r->addeds; k > 0 && array != NULL; k--) {
        uint32_t const at = r->added[k - 1].at;
        memmove(array + (size_t)(at + k) * size, array + (size_t)at * size,
                (size_t)(end - at) * size);
        memset(array + (size_t)(at + k - 1) * size, 0, size);
        end = at;
    }
    memcpy(to_address, &array, sizeof array);
    array = NULL;
    memcpy(from_address, &array, sizeof array);
}

/* All that is known of accounts, under their new numbers. */
static rf_status take_accounts(rf_renewer *r, rf_error *err)
{
    rf_population *p = r->p;
    uint32_t k = 0;
    p->accounts = r->base.accounts + r->addeds;
    r->moved = rf_alloc_raw(r->base.accounts, sizeof *r->moved);
    r->out->fresh = rf_alloc(p->accounts, sizeof *r->out->fresh);
    r->out->accounts = r->addeds;
    if (r->moved == NULL || r->out->fresh == NULL) {
        return rf_fail_memory(err, "the accounts");
    }
    for (int c = 0; c < RF_ACCOUNT_COLUMNS; c++) {
        const rf_account_column *column = &rf_account_columns[c];
        take_over(r, (char *)&r->base + column->at, (char *)p + column->at, column->size);
    }
    for (uint32_t s = 0; s < p->signals; s++) {
        take_over(r, &r->base.held[s], &p->held[s], sizeof *p->held[s]);
    }
    take_over(r, &r->base.external_id, &p->external_id, sizeof *p->external_id);
    take_over(r, &r->base.identity, &p->identity, sizeof *p->identity);
    for (uint32_t b = 0; b < r->base.accounts; b++) {
        while (k < r->addeds && r->added[k].at <= b) {
            k++;
        }
        r->moved[b] = b + k;
    }
    for (k = 0; k < r->addeds; k++) {
        uint32_t const a = r->added[k].at + k;
        p->account_row[a] = r->added[k].row;
        p->external_id[a] = r->added[k].external_id;
        p->identity[a] = rf_hash_bytes(0, p->external_id[a], strlen(p->external_id[a]));
    }
    return rf_population_number(p, &r->map, err);
}

/* ---- columns ---- */

/* The code of a text: as it was, or for the time being one beyond those. */
static bool code_text(rf_renewer *r, int column, const char *text, uint32_t *code)
{
    const rf_coded *known = rf_account_text(&r->base, column);
    rf_new_texts *more = &r->texts[column];
    uint32_t low = 1;
    uint32_t high = known->texts;
    if (text[0] == '\0') {
        *code = 0;
        return true;
    }
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        int const order = strcmp(known->text[middle], text);
        if (order == 0) {
            *code = middle;
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    for (uint32_t i = 0; i < more->count; i++) { /* a day brings a few */
        if (strcmp(more->text[i], text) == 0) {
            *code = known->texts + i;
            return true;
        }
    }
    if (!rf_reserve(&more->text, &more->room, (size_t)more->count + 1, sizeof *more->text) ||
        (more->text[more->count] = rf_arena_text(&r->p->texts, text, strlen(text))) == NULL) {
        return false;
    }
    *code = known->texts + more->count++;
    return true;
}

#define ACCOUNT_FACTS                                                                              \
    "SELECT a.id, a.created_at, a.status, a.email_domain, a.country, a.timezone, a.plan,"          \
    " a.owner_id, a.email_key"

static rf_status read_facts(rf_renewer *r, const char *sql, int64_t bound, rf_error *err)
{
    rf_population *p = r->p;
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(r->store, sql, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, bound);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(&r->map, rf_column_int(select, 0));
        if (a == UINT32_MAX) {
            continue;
        }
        p->created_at[a] =
            rf_column_kind(select, 1) == RF_NULL ? RF_NO_TIME : rf_column_int(select, 1);
        p->status[a] = rf_population_status(rf_column_text(select, 2), rf_column_bytes(select, 2));
        p->mailbox[a] = rf_population_mailbox(rf_column_text(select, 3 + RF_ACCOUNT_TEXTS),
                                              rf_column_bytes(select, 3 + RF_ACCOUNT_TEXTS));
        for (int c = 0; c < RF_ACCOUNT_TEXTS && status == RF_OK; c++) {
            if (!code_text(r, c, rf_column_text(select, 3 + c), &rf_account_text(p, c)->code[a])) {
                status = rf_fail_memory(err, "the account columns");
            }
        }
    }
    rf_statement_end(select);
    return status;
}

/* Marks accounts that the query tells. */
static rf_status mark(rf_renewer *r, const char *sql, uint8_t what, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(r->store, sql, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, r->since);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(&r->map, rf_column_int(select, 0));
        if (a != UINT32_MAX) {
            r->out->fresh[a] |= what;
        }
    }
    rf_statement_end(select);
    return status;
}

typedef struct ranked_text {
    const char *text;
    uint32_t code;
} ranked_text;

static int by_text(const void *left, const void *right)
{
    return strcmp(((const ranked_text *)left)->text, ((const ranked_text *)right)->text);
}

/* Codes rise with the bytes of their texts: new texts push the others up. */
static rf_status finish_texts(rf_renewer *r, int c, rf_error *err)
{
    rf_coded *known = rf_account_text(&r->base, c);
    rf_coded *column = rf_account_text(r->p, c);
    const rf_new_texts *more = &r->texts[c];
    uint32_t const texts = known->texts + more->count;
    ranked_text *ranked = rf_alloc(more->count, sizeof *ranked);
    uint32_t *code = rf_alloc(texts, sizeof *code);
    uint32_t at = 0;
    uint32_t next = 0;
    column->text = rf_alloc(texts, sizeof *column->text);
    column->texts = texts;
    if (ranked == NULL || code == NULL || column->text == NULL) {
        rf_free(ranked);
        rf_free(code);
        return rf_fail_memory(err, "a text column");
    }
    for (uint32_t i = 0; i < more->count; i++) {
        ranked[i] = (ranked_text){more->text[i], known->texts + i};
    }
    qsort(ranked, more->count, sizeof *ranked, by_text);
    for (uint32_t i = 0; i < known->texts; i++) {
        for (; next < more->count && strcmp(ranked[next].text, known->text[i]) < 0; next++, at++) {
            column->text[at] = ranked[next].text;
            code[ranked[next].code] = at;
        }
        column->text[at] = known->text[i];
        code[i] = at++;
    }
    for (; next < more->count; next++, at++) {
        column->text[at] = ranked[next].text;
        code[ranked[next].code] = at;
    }
    for (uint32_t a = 0; a < r->p->accounts && more->count > 0; a++) {
        column->code[a] = code[column->code[a]];
    }
    rf_free(ranked);
    rf_free(code);
    return RF_OK;
}

static rf_status read_columns(rf_renewer *r, rf_error *err)
{
    rf_status status = read_facts(r, ACCOUNT_FACTS " FROM account a WHERE a.id > ?1",
                                  r->figure[RF_KEPT_ACCOUNT_ROW], err);
    if (status == RF_OK) {
        status =
            read_facts(r,
                       ACCOUNT_FACTS " FROM (SELECT DISTINCT account FROM news_account WHERE"
                                     " import > ?1) n CROSS JOIN account a ON a.id = n.account",
                       r->figure[RF_KEPT_IMPORT], err);
    }
    if (status == RF_OK) {
        status = mark(r, "SELECT account FROM news_account WHERE import > ?1", RF_NEW_FACTS, err);
    }
    for (int c = 0; c < RF_ACCOUNT_TEXTS && status == RF_OK; c++) {
        status = finish_texts(r, c, err);
    }
    for (uint32_t k = 0; k < r->addeds && status == RF_OK; k++) {
        r->out->fresh[r->added[k].at + k] |= RF_NEW_ACCOUNT;
    }
    return status;
}

/* ---- all of it ---- */

/* What stands in the way of renewing, or NULL. */
static rf_status find_obstacle(rf_renewer *r, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        r->store,
        "SELECT EXISTS (SELECT 1 FROM import WHERE id > ?1 AND undone_at IS NULL AND kind <>"
        "  'labels' AND id NOT IN (SELECT import FROM news_import)),"
        " (SELECT total(sightings) FROM import WHERE id > ?1 AND undone_at IS NULL),"
        " (SELECT count(*) FROM value WHERE signal = (SELECT id FROM signal WHERE name ="
        "  'capability'))",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, r->figure[RF_KEPT_IMPORT]);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        double const brought = rf_column_real(select, 1);
        r->p->sightings = (uint64_t)r->figure[RF_KEPT_SIGHTINGS] + (uint64_t)brought;
        if (rf_column_int(select, 0) != 0) {
            r->out->obstacle = "an import since was too large to tell its news";
        } else if (brought > RF_RENEWAL_LEAST &&
                   brought * RF_RENEWAL_SHARE > (double)r->figure[RF_KEPT_SIGHTINGS]) {
            r->out->obstacle = "too much was imported since the last full run";
        } else if (rf_column_int(select, 2) != r->base.capabilities) {
            r->out->obstacle = "a capability was imported that was not known";
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status renew(rf_renewer *r, rf_error *err)
{
    rf_status status = read_new_accounts(r, err);
    if (status == RF_OK) {
        status = take_accounts(r, err);
    }
    if (status == RF_OK) {
        status = read_columns(r, err);
    }
    if (status == RF_OK) {
        status = rf_renew_activity(r, err);
    }
    if (status == RF_OK) {
        status = rf_renew_groups(r, err);
    }
    rf_drop(&r->base.holder);
    rf_drop(&r->base.group_start);
    rf_drop(&r->base.group_day);
    return status == RF_OK ? rf_holdings_transpose(r->p, err) : status;
}

static void end(rf_renewer *r)
{
    rf_arena_join(&r->p->texts, &r->base.texts); /* texts went over */
    rf_population_free(&r->base);
    rf_free(r->added);
    rf_free(r->moved);
    rf_free(r->map.number);
    for (int c = 0; c < RF_ACCOUNT_TEXTS; c++) {
        rf_free(r->texts[c].text);
    }
}

rf_status rf_population_renew(rf_store *store, rf_store *other, rf_signal_override override,
                              void *context, int64_t since, rf_population *population,
                              rf_renewal *renewal, rf_error *err)
{
    rf_renewer r = {.store = store, .p = population, .out = renewal, .since = since};
    bool good = false;
    rf_status status;
    *population = (rf_population){0};
    *renewal = (rf_renewal){0};
    status = rf_population_signals(store, override, context, population, err);
    if (status == RF_OK) {
        memcpy(r.base.signal, population->signal, sizeof r.base.signal);
        r.base.signals = population->signals;
        status = rf_population_load(store, other, &r.base, r.figure, &good, err);
    }
    if (status == RF_OK && !good) {
        renewal->obstacle = "what an update needs was not kept";
    } else if (status == RF_OK) {
        status = find_obstacle(&r, err);
    }
    if (status == RF_OK && renewal->obstacle == NULL) {
        status = renew(&r, err);
    }
    end(&r);
    if (status != RF_OK || renewal->obstacle != NULL) {
        rf_population_free(population);
    }
    return status;
}

void rf_renewal_free(rf_renewal *renewal)
{
    rf_free(renewal->fresh);
    rf_free(renewal->grown);
    *renewal = (rf_renewal){0};
}
