/* population.c - accounts, signals, and the order in which all is read; activity.c reads what
 * accounts did, holdings.c builds the groups. See population.h. */
#include "store/population.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "store/activity.h"
#include "store/population_private.h"
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

/* ---- text columns ---- */

/* Texts gathered while reading: a code in order of appearance, made bytewise at the end. */
typedef struct interner {
    const char **text;
    uint32_t *length;
    size_t count;
    size_t capacity[2];
    uint32_t *slot; /* open addressing; 0 is empty, else code */
    size_t slots;   /* a power of two */
} interner;

static void interner_free(interner *in)
{
    rf_free(in->text);
    rf_free(in->length);
    rf_free(in->slot);
}

static bool interner_grow(interner *in)
{
    size_t const slots = in->slots == 0 ? 1024 : in->slots * 2;
    uint32_t *slot = rf_alloc(slots, sizeof *slot);
    if (slot == NULL) {
        return false;
    }
    for (size_t code = 1; code < in->count; code++) {
        size_t at = rf_hash_bytes(0, in->text[code], in->length[code]) & (slots - 1);
        while (slot[at] != 0) {
            at = (at + 1) & (slots - 1);
        }
        slot[at] = (uint32_t)code;
    }
    rf_free(in->slot);
    in->slot = slot;
    in->slots = slots;
    return true;
}

/* The code of a text, new or known; 0 for "". False when out of memory. */
static bool intern(interner *in, rf_arena *arena, const rf_scan_cell *text, uint32_t *code)
{
    size_t at;
    *code = 0;
    if (text->length == 0) {
        return true;
    }
    if (in->count * 2 >= in->slots && !interner_grow(in)) {
        return false;
    }
    at = rf_hash_bytes(0, text->text, text->length) & (in->slots - 1);
    while (in->slot[at] != 0) {
        uint32_t const known = in->slot[at];
        if (in->length[known] == text->length &&
            memcmp(in->text[known], text->text, text->length) == 0) {
            *code = known;
            return true;
        }
        at = (at + 1) & (in->slots - 1);
    }
    if (!rf_reserve(&in->text, &in->capacity[0], in->count + 2, sizeof *in->text) ||
        !rf_reserve(&in->length, &in->capacity[1], in->count + 2, sizeof *in->length)) {
        return false;
    }
    if (in->count == 0) {
        in->length[0] = 0;
        in->text[in->count++] = "";
    }
    in->length[in->count] = text->length;
    in->text[in->count] = rf_arena_text(arena, text->text, text->length);
    if (in->text[in->count] == NULL) {
        return false;
    }
    *code = (uint32_t)in->count;
    in->slot[at] = (uint32_t)in->count++;
    return true;
}

typedef struct ranked_text {
    const char *text;
    uint32_t code;
} ranked_text;

static int by_text(const void *left, const void *right)
{
    const ranked_text *a = left;
    const ranked_text *b = right;
    return strcmp(a->text, b->text);
}

/* Renumbers codes by the bytes of their texts, and hands the texts over to `column`. */
static rf_status finish_column(interner *in, uint32_t accounts, rf_coded *column, rf_error *err)
{
    size_t const count = in->count == 0 ? 1 : in->count;
    ranked_text *ranked = rf_alloc(count, sizeof *ranked);
    uint32_t *new_code = rf_alloc(count, sizeof *new_code);
    rf_status status = RF_OK;
    column->text = rf_alloc(count, sizeof *column->text);
    if (ranked == NULL || new_code == NULL || column->text == NULL) {
        status = rf_fail_memory(err, "a text column");
        goto done;
    }
    for (size_t i = 1; i < count; i++) {
        ranked[i] = (ranked_text){in->text[i], (uint32_t)i};
    }
    qsort(ranked + 1, count - 1, sizeof *ranked, by_text);
    column->text[0] = "";
    column->texts = (uint32_t)count;
    for (size_t i = 1; i < count; i++) {
        column->text[i] = ranked[i].text;
        new_code[ranked[i].code] = (uint32_t)i;
    }
    for (uint32_t a = 0; a < accounts; a++) {
        column->code[a] = new_code[column->code[a]];
    }
done:
    rf_free(ranked);
    rf_free(new_code);
    return status;
}

/* ---- accounts ---- */

enum { TEXT_COLUMNS = 5 };

/* The accounts in the order they were read, until they are numbered. */
typedef struct account_key {
    const char *external_id;
    int64_t row;
    int64_t created_at;
    uint64_t mailbox;
    uint32_t code[TEXT_COLUMNS];
    uint8_t status;
} account_key;

static int by_external_id(const void *left, const void *right)
{
    const account_key *a = left;
    const account_key *b = right;
    return strcmp(a->external_id, b->external_id); /* strcmp compares bytes as unsigned char */
}

uint8_t rf_population_status(const char *text, size_t length)
{
    static const char *const names[] = {"", "active", "suspended", "banned", "closed"};
    for (uint8_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0) {
            return i;
        }
    }
    return RF_STATUS_UNKNOWN;
}

uint64_t rf_population_mailbox(const char *text, size_t length)
{
    uint64_t const hash = length == 0 ? 0 : rf_hash_bytes(0, text, length);
    return length > 0 && hash == 0 ? 1 : hash;
}

static rf_status allocate_accounts(rf_population *p, rf_coded *const *columns, rf_error *err)
{
    size_t const n = p->accounts;
    bool good = true;
    p->account_row = rf_alloc(n, sizeof *p->account_row);
    p->external_id = rf_alloc(n, sizeof *p->external_id);
    p->identity = rf_alloc(n, sizeof *p->identity);
    p->created_at = rf_alloc(n, sizeof *p->created_at);
    p->status = rf_alloc(n, sizeof *p->status);
    p->requests = rf_alloc(n, sizeof *p->requests);
    p->active_days = rf_alloc(n, sizeof *p->active_days);
    p->hours = rf_alloc(n, sizeof *p->hours);
    p->observed = rf_alloc(n, sizeof *p->observed);
    p->prepaid = rf_alloc(n, sizeof *p->prepaid);
    p->capability_start = rf_alloc(n + 1, sizeof *p->capability_start);
    p->mailbox = rf_alloc(n, sizeof *p->mailbox);
    p->first_use = rf_alloc(n, sizeof *p->first_use);
    p->last_use = rf_alloc(n, sizeof *p->last_use);
    p->undated = rf_alloc(n, sizeof *p->undated);
    p->funded = rf_alloc(n, sizeof *p->funded);
    p->unpaid = rf_alloc(n, sizeof *p->unpaid);
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        columns[c]->code = rf_alloc(n, sizeof *columns[c]->code);
        good = good && columns[c]->code != NULL;
    }
    if (!good || p->account_row == NULL || p->external_id == NULL || p->identity == NULL ||
        p->created_at == NULL || p->status == NULL || p->requests == NULL ||
        p->active_days == NULL || p->hours == NULL || p->observed == NULL || p->prepaid == NULL ||
        p->capability_start == NULL || p->mailbox == NULL || p->first_use == NULL ||
        p->last_use == NULL || p->undated == NULL || p->funded == NULL || p->unpaid == NULL) {
        return rf_fail_memory(err, "the account columns");
    }
    return RF_OK;
}

/* Numbers the accounts by their external ids and lays their columns out in that order. */
static rf_status lay_out_accounts(rf_population *p, account_key *keys, size_t count,
                                  interner *interners, rf_error *err)
{
    rf_coded *const columns[TEXT_COLUMNS] = {&p->email_domain, &p->country, &p->timezone, &p->plan,
                                             &p->owner};
    bool ordered = true; /* they are after a first import of accounts */
    rf_status status;
    if (count >= UINT32_MAX) {
        return rf_fail(err, RF_EINPUT, "too many accounts for one database: %zu", count);
    }
    p->accounts = (uint32_t)count;
    status = allocate_accounts(p, columns, err);
    for (size_t i = 1; i < count && ordered; i++) {
        ordered = by_external_id(&keys[i - 1], &keys[i]) < 0;
    }
    if (!ordered) {
        qsort(keys, count, sizeof *keys, by_external_id);
    }
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        p->account_row[i] = keys[i].row;
        p->external_id[i] = keys[i].external_id;
        p->identity[i] = rf_hash_bytes(0, keys[i].external_id, strlen(keys[i].external_id));
        p->created_at[i] = keys[i].created_at;
        p->status[i] = keys[i].status;
        p->mailbox[i] = keys[i].mailbox;
        for (int c = 0; c < TEXT_COLUMNS; c++) {
            columns[c]->code[i] = keys[i].code[c];
        }
    }
    for (int c = 0; c < TEXT_COLUMNS && status == RF_OK; c++) {
        status = finish_column(&interners[c], p->accounts, columns[c], err);
    }
    return status;
}

static rf_status read_accounts(rf_store *store, rf_population *p, rf_error *err)
{
    enum { ID, EXTERNAL_ID, CREATED_AT, STATUS, EMAIL_KEY, TEXTS };
    const rf_scan_cell *cells = NULL;
    interner interners[TEXT_COLUMNS] = {{0}};
    account_key *keys = NULL;
    size_t capacity = 0;
    size_t count = 0;
    rf_scan *scan = NULL;
    rf_status status = rf_scan_open(store, "account",
                                    "id, external_id, created_at, status, email_key, email_domain,"
                                    " country, timezone, plan, owner_id",
                                    "id", &scan, err);
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        account_key *key;
        bool good = rf_reserve(&keys, &capacity, count + 1, sizeof *keys);
        if (good) {
            key = &keys[count++];
            key->row = cells[ID].number;
            key->created_at =
                cells[CREATED_AT].kind == RF_INT ? cells[CREATED_AT].number : RF_NO_TIME;
            key->status = rf_population_status(cells[STATUS].text, cells[STATUS].length);
            key->mailbox = rf_population_mailbox(cells[EMAIL_KEY].text, cells[EMAIL_KEY].length);
            key->external_id =
                rf_arena_text(&p->texts, cells[EXTERNAL_ID].text, cells[EXTERNAL_ID].length);
            good = key->external_id != NULL;
        }
        for (int c = 0; c < TEXT_COLUMNS && good; c++) {
            good = intern(&interners[c], &p->texts, &cells[TEXTS + c], &key->code[c]);
        }
        if (!good) {
            status = rf_fail_memory(err, "the accounts");
        }
    }
    rf_scan_end(scan);
    if (status == RF_OK) {
        status = lay_out_accounts(p, keys, count, interners, err);
    }
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        interner_free(&interners[c]);
    }
    rf_free(keys);
    return status;
}

rf_status rf_population_number(const rf_population *population, rf_account_map *map, rf_error *err)
{
    const rf_population *p = population;
    bool dense = p->accounts > 0;
    map->first = 0;
    map->rows = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        dense = dense && p->account_row[a] == p->account_row[0] + a;
        if (p->account_row[a] >= map->rows) {
            map->rows = p->account_row[a] + 1;
        }
    }
    if (dense) {
        map->first = p->account_row[0];
        return RF_OK;
    }
    map->number = rf_alloc_raw((size_t)map->rows, sizeof *map->number);
    if (map->number == NULL) {
        return rf_fail_memory(err, "the account numbers");
    }
    memset(map->number, 0xff, (size_t)map->rows * sizeof *map->number);
    for (uint32_t a = 0; a < p->accounts; a++) {
        map->number[p->account_row[a]] = a;
    }
    return RF_OK;
}

/* ---- signals ---- */

static int by_name(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;
    return strcmp(*a, *b);
}

static rf_status read_signals(rf_store *store, rf_population *p, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(
        store, "SELECT id, name, family, role, windowed FROM signal ORDER BY name", &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_signal *signal = &p->signal[p->signals];
        if (p->signals == RF_MAX_SIGNALS) {
            status = rf_fail(err, RF_EINPUT, "more than %d signals", RF_MAX_SIGNALS);
            break;
        }
        signal->row = rf_column_int(select, 0);
        signal->name =
            rf_arena_text(&p->texts, rf_column_text(select, 1), rf_column_bytes(select, 1));
        signal->family_name =
            rf_arena_text(&p->texts, rf_column_text(select, 2), rf_column_bytes(select, 2));
        signal->link = strcmp(rf_column_text(select, 3), "link") == 0;
        signal->windowed = rf_column_int(select, 4) != 0;
        if (signal->name == NULL || signal->family_name == NULL) {
            status = rf_fail_memory(err, "the signals");
            break;
        }
        p->signals++;
    }
    rf_statement_end(select);
    return status;
}

/* Families are numbered by name over the link signals that are left after the configuration. */
static rf_status number_families(rf_population *p, rf_error *err)
{
    const char *names[RF_MAX_SIGNALS];
    size_t count = 0;
    for (uint32_t s = 0; s < p->signals; s++) {
        if (p->signal[s].link) {
            names[count++] = p->signal[s].family_name;
        }
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        if (p->families > 0 && strcmp(p->family_name[p->families - 1], names[i]) == 0) {
            continue;
        }
        if (p->families == RF_MAX_FAMILIES) {
            return rf_fail(err, RF_EINPUT, "more than %d families of signals", RF_MAX_FAMILIES);
        }
        p->family_name[p->families++] = names[i];
    }
    for (uint32_t s = 0; s < p->signals; s++) {
        for (uint32_t f = 0; f < p->families; f++) {
            if (p->signal[s].link && strcmp(p->signal[s].family_name, p->family_name[f]) == 0) {
                p->signal[s].family = (uint8_t)f;
            }
        }
    }
    return RF_OK;
}

/* ---- all of it ---- */

/* Two hands: one reads what is held, the other what is known of accounts. They write different
 * parts of the population; `map` is ready before the second half. */
typedef struct reading {
    rf_population *p;
    rf_account_map map;
    rf_holdings *holdings;
    rf_store *accounts_store;
    rf_store *holdings_store; /* the same, unless there are two connections */
} reading;

static rf_status first_half(void *context, size_t hand, size_t first, size_t end, unsigned worker,
                            rf_error *err)
{
    reading *r = context;
    rf_status status;
    (void)first;
    (void)end;
    (void)worker;
    if (hand == 0) {
        return rf_holdings_begin(r->holdings_store, r->p, &r->holdings, err);
    }
    status = read_accounts(r->accounts_store, r->p, err);
    return status == RF_OK ? rf_population_number(r->p, &r->map, err) : status;
}

static rf_status second_half(void *context, size_t hand, size_t first, size_t end, unsigned worker,
                             rf_error *err)
{
    reading *r = context;
    (void)first;
    (void)end;
    (void)worker;
    return hand == 0 ? rf_holdings_read(r->holdings_store, &r->map, r->holdings, err)
                     : rf_activity_read(r->accounts_store, r->p, &r->map, err);
}

static rf_status read_all(rf_store *store, rf_store *other, rf_population *p, rf_error *err)
{
    reading r = {.p = p, .accounts_store = store, .holdings_store = other};
    unsigned const threads = other == NULL ? 1 : 2;
    rf_status status;
    if (other == NULL) {
        r.holdings_store = store;
    }
    status = rf_parallel(threads, 2, 1, first_half, &r, err);
    if (status == RF_OK) {
        status = rf_parallel(threads, 2, 1, second_half, &r, err);
    }
    if (status == RF_OK) {
        status = rf_holdings_turn(r.holdings, err);
    }
    rf_holdings_end(r.holdings);
    rf_free(r.map.number);
    return status;
}

rf_status rf_population_signals(rf_store *store, rf_signal_override override, void *context,
                                rf_population *population, rf_error *err)
{
    rf_status status = read_signals(store, population, err);
    if (status == RF_OK && override != NULL) {
        status = override(context, population->signal, population->signals, err);
    }
    return status == RF_OK ? number_families(population, err) : status;
}

rf_status rf_population_read(rf_store *store, rf_store *other, rf_signal_override override,
                             void *context, rf_population *population, rf_error *err)
{
    rf_status status;
    *population = (rf_population){0};
    status = rf_population_signals(store, override, context, population, err);
    if (status == RF_OK) {
        status = read_all(store, other, population, err);
    }
    if (status != RF_OK) {
        rf_population_free(population);
    }
    return status;
}

static void free_column(rf_coded *column)
{
    rf_free(column->code);
    rf_free(column->text);
}

void rf_population_free(rf_population *population)
{
    rf_population *p = population;
    rf_free(p->allowed);
    rf_free(p->account_row);
    rf_free(p->external_id);
    rf_free(p->identity);
    rf_free(p->created_at);
    rf_free(p->status);
    rf_free(p->mailbox);
    free_column(&p->email_domain);
    free_column(&p->country);
    free_column(&p->timezone);
    free_column(&p->plan);
    free_column(&p->owner);
    rf_free(p->requests);
    rf_free(p->active_days);
    rf_free(p->first_use);
    rf_free(p->last_use);
    rf_free(p->undated);
    rf_free(p->hours);
    rf_free(p->capability_start);
    rf_free(p->capability_use);
    rf_free(p->capability);
    rf_free(p->observed);
    for (uint32_t s = 0; s < RF_MAX_SIGNALS; s++) {
        rf_free(p->held[s]);
    }
    rf_free(p->prepaid);
    rf_free(p->funded);
    rf_free(p->unpaid);
    rf_free(p->value_row);
    rf_free(p->value_signal);
    rf_free(p->value_holders);
    rf_free(p->value_group_start);
    rf_free(p->value_network);
    rf_free(p->group_value);
    rf_free(p->group_day);
    rf_free(p->group_start);
    rf_free(p->holder);
    rf_free(p->account_start);
    rf_free(p->account_group);
    rf_arena_free(&p->texts);
    *p = (rf_population){0};
}

uint32_t rf_family_named(const rf_population *population, const char *name)
{
    for (uint32_t f = 0; f < population->families; f++) {
        if (strcmp(population->family_name[f], name) == 0) {
            return f;
        }
    }
    return UINT32_MAX;
}

uint32_t rf_population_find(const rf_population *population, const char *external_id)
{
    uint32_t low = 0;
    uint32_t high = population->accounts;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        int const order = strcmp(population->external_id[middle], external_id);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return UINT32_MAX;
}
