/* population.c - accounts and their usage; holdings.c builds the groups. See population.h. */
#include "store/population.h"

#include "base/clock.h"
#include "base/hash.h"
#include "store/holdings.h"

#include <stdlib.h>
#include <string.h>

/* ---- text columns ---- */

/* Texts gathered while reading: a code in order of appearance, made bytewise at the end. */
typedef struct interner {
    const char **text;
    size_t count;
    size_t capacity;
    uint32_t *slot; /* open addressing; 0 is empty, else code */
    size_t slots;   /* a power of two */
} interner;

static void interner_free(interner *in)
{
    rf_free(in->text);
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
        size_t at = rf_hash_bytes(0, in->text[code], strlen(in->text[code])) & (slots - 1);
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
static bool intern(interner *in, rf_arena *arena, const char *text, uint32_t *code)
{
    size_t at;
    *code = 0;
    if (text[0] == '\0') {
        return true;
    }
    if (in->count * 2 >= in->slots && !interner_grow(in)) {
        return false;
    }
    at = rf_hash_bytes(0, text, strlen(text)) & (in->slots - 1);
    while (in->slot[at] != 0) {
        if (strcmp(in->text[in->slot[at]], text) == 0) {
            *code = in->slot[at];
            return true;
        }
        at = (at + 1) & (in->slots - 1);
    }
    if (!rf_reserve(&in->text, &in->capacity, in->count + 2, sizeof *in->text)) {
        return false;
    }
    if (in->count == 0) {
        in->text[in->count++] = "";
    }
    in->text[in->count] = rf_arena_text(arena, text, strlen(text));
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

typedef struct account_key {
    const char *external_id;
    int64_t row;
} account_key;

static int by_external_id(const void *left, const void *right)
{
    const account_key *a = left;
    const account_key *b = right;
    return strcmp(a->external_id, b->external_id); /* strcmp compares bytes as unsigned char */
}

static rf_status read_keys(rf_store *store, rf_population *p, rf_error *err)
{
    rf_statement *select = NULL;
    account_key *keys = NULL;
    size_t capacity = 0;
    size_t count = 0;
    bool row = true;
    rf_status status = rf_prepare(store, "SELECT id, external_id FROM account", &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        const char *text = rf_column_text(select, 1);
        if (!rf_reserve(&keys, &capacity, count + 1, sizeof *keys) ||
            (keys[count].external_id =
                 rf_arena_text(&p->texts, text, rf_column_bytes(select, 1))) == NULL) {
            status = rf_fail_memory(err, "the accounts");
            break;
        }
        keys[count++].row = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    if (status == RF_OK && count >= UINT32_MAX) {
        status = rf_fail(err, RF_EINPUT, "too many accounts for one database: %zu", count);
    }
    if (status == RF_OK) {
        p->accounts = (uint32_t)count;
        p->account_row = rf_alloc(count, sizeof *p->account_row);
        p->external_id = rf_alloc(count, sizeof *p->external_id);
        p->identity = rf_alloc(count, sizeof *p->identity);
        if (p->account_row == NULL || p->external_id == NULL || p->identity == NULL) {
            status = rf_fail_memory(err, "the accounts");
        }
    }
    if (status == RF_OK && count > 0) {
        qsort(keys, count, sizeof *keys, by_external_id);
        for (size_t i = 0; i < count; i++) {
            p->account_row[i] = keys[i].row;
            p->external_id[i] = keys[i].external_id;
            p->identity[i] = rf_hash_bytes(0, keys[i].external_id, strlen(keys[i].external_id));
        }
    }
    rf_free(keys);
    return status;
}

/* number[row] is the account with that account.id, UINT32_MAX where there is none. */
static rf_status number_accounts(const rf_population *p, rf_account_map *map, rf_error *err)
{
    map->rows = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->account_row[a] >= map->rows) {
            map->rows = p->account_row[a] + 1;
        }
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

static uint8_t status_code(const char *text)
{
    static const char *const names[] = {"", "active", "suspended", "banned", "closed"};
    for (uint8_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            return i;
        }
    }
    return RF_STATUS_UNKNOWN;
}

enum { TEXT_COLUMNS = 5 };

static rf_status read_columns(rf_store *store, rf_population *p, const rf_account_map *map,
                              rf_error *err)
{
    rf_coded *const columns[TEXT_COLUMNS] = {&p->email_domain, &p->country, &p->timezone, &p->plan,
                                             &p->owner};
    interner interners[TEXT_COLUMNS] = {{0}};
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store,
                   "SELECT id, created_at, status, email_domain, country, timezone, plan, owner_id "
                   "FROM account",
                   &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(map, rf_column_int(select, 0));
        if (a == UINT32_MAX) {
            continue; /* added by somebody else since the keys were read */
        }
        p->created_at[a] =
            rf_column_kind(select, 1) == RF_NULL ? RF_NO_TIME : rf_column_int(select, 1);
        p->status[a] = status_code(rf_column_text(select, 2));
        for (int c = 0; c < TEXT_COLUMNS; c++) {
            if (!intern(&interners[c], &p->texts, rf_column_text(select, 3 + c),
                        &columns[c]->code[a])) {
                status = rf_fail_memory(err, "the account columns");
            }
        }
    }
    rf_statement_end(select);
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        if (status == RF_OK) {
            status = finish_column(&interners[c], p->accounts, columns[c], err);
        }
        interner_free(&interners[c]);
    }
    return status;
}

static rf_status allocate_accounts(rf_population *p, rf_error *err)
{
    size_t const n = p->accounts;
    rf_coded *const columns[TEXT_COLUMNS] = {&p->email_domain, &p->country, &p->timezone, &p->plan,
                                             &p->owner};
    bool good = true;
    p->created_at = rf_alloc(n, sizeof *p->created_at);
    p->status = rf_alloc(n, sizeof *p->status);
    p->requests = rf_alloc(n, sizeof *p->requests);
    p->active_days = rf_alloc(n, sizeof *p->active_days);
    p->hours = rf_alloc(n, sizeof *p->hours);
    p->observed = rf_alloc(n, sizeof *p->observed);
    p->prepaid = rf_alloc(n, sizeof *p->prepaid);
    p->capability_start = rf_alloc(n + 1, sizeof *p->capability_start);
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        columns[c]->code = rf_alloc(n, sizeof *columns[c]->code);
        good = good && columns[c]->code != NULL;
    }
    if (!good || p->created_at == NULL || p->status == NULL || p->requests == NULL ||
        p->active_days == NULL || p->hours == NULL || p->observed == NULL || p->prepaid == NULL ||
        p->capability_start == NULL) {
        return rf_fail_memory(err, "the account columns");
    }
    return RF_OK;
}

/* ---- activity ---- */

typedef struct loose_use {
    uint32_t account;
    rf_capability_use use;
} loose_use;

/* The rows of one account, being gathered: they come by capability, then by day. */
typedef struct gathering {
    rf_population *p;
    int64_t *capability_row; /* value.id by index into p->capability */
    uint32_t account;        /* UINT32_MAX: none yet */
    uint64_t *days;          /* of the account: (day + 1) << 32 | hours */
    size_t day_count, day_room;
    loose_use *uses; /* of all accounts; those of one are together */
    size_t use_count, use_room;
} gathering;

static rf_status read_capability_names(rf_store *store, gathering *g, rf_error *err)
{
    rf_population *p = g->p;
    rf_statement *select = NULL;
    size_t name_room = 0;
    size_t row_room = 0;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT id, text FROM value WHERE signal = "
                                  "(SELECT id FROM signal WHERE name = 'capability') ORDER BY text",
                                  &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        const char *name = rf_column_text(select, 1);
        if (!rf_reserve(&p->capability, &name_room, p->capabilities + 1, sizeof *p->capability) ||
            !rf_reserve(&g->capability_row, &row_room, p->capabilities + 1,
                        sizeof *g->capability_row) ||
            (p->capability[p->capabilities] = rf_arena_text(&p->texts, name, strlen(name))) ==
                NULL) {
            status = rf_fail_memory(err, "the capabilities");
            break;
        }
        g->capability_row[p->capabilities++] = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

static uint32_t capability_index(const gathering *g, int64_t row)
{
    for (uint32_t i = 0; i < g->p->capabilities; i++) { /* a handful of capabilities */
        if (g->capability_row[i] == row) {
            return i;
        }
    }
    return UINT32_MAX;
}

static int by_day(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* A day counts once, and so does an hour of it, whatever was done and whoever told of it. */
static void finish_days(gathering *g)
{
    rf_population *p = g->p;
    if (g->day_count > 1) {
        qsort(g->days, g->day_count, sizeof *g->days, by_day);
    }
    for (size_t i = 0; i < g->day_count;) {
        uint64_t const day = g->days[i] >> 32;
        uint32_t hours = 0;
        for (; i < g->day_count && g->days[i] >> 32 == day; i++) {
            hours |= (uint32_t)g->days[i];
        }
        p->active_days[g->account] += day != 0;
        for (; hours != 0; hours &= hours - 1) {
            uint16_t *count = &p->hours[g->account][__builtin_ctz(hours) % 24];
            *count = (uint16_t)(*count + (*count < UINT16_MAX));
        }
    }
    g->day_count = 0;
}

static bool add_use(gathering *g, int64_t capability, uint64_t requests)
{
    uint32_t const c = capability == 0 ? UINT32_MAX : capability_index(g, capability);
    loose_use *last = g->use_count == 0 ? NULL : &g->uses[g->use_count - 1];
    if (c == UINT32_MAX) {
        return true;
    }
    if (last != NULL && last->account == g->account && last->use.capability == c) {
        last->use.requests += requests;
        return true;
    }
    if (!rf_reserve(&g->uses, &g->use_room, g->use_count + 1, sizeof *g->uses)) {
        return false;
    }
    g->uses[g->use_count++] = (loose_use){g->account, {c, requests}};
    g->p->capability_start[g->account + 1]++;
    return true;
}

static rf_status gather(rf_store *store, gathering *g, const rf_account_map *map, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(
        store, "SELECT account, capability, day, requests, hours FROM activity", &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(map, rf_column_int(select, 0));
        uint64_t const requests = (uint64_t)rf_column_int(select, 3);
        if (a == UINT32_MAX) {
            continue;
        }
        if (a != g->account) {
            finish_days(g);
            g->account = a;
        }
        g->p->requests[a] += requests;
        if (!rf_reserve(&g->days, &g->day_room, g->day_count + 1, sizeof *g->days) ||
            !add_use(g, rf_column_int(select, 1), requests)) {
            status = rf_fail_memory(err, "the activity of accounts");
            break;
        }
        g->days[g->day_count++] =
            (uint64_t)(rf_column_int(select, 2) + 1) << 32 | (uint32_t)rf_column_int(select, 4);
    }
    finish_days(g);
    rf_statement_end(select);
    return status;
}

/* Uses were gathered by account row; they are laid out by account number. */
static rf_status lay_out_uses(const gathering *g, rf_error *err)
{
    rf_population *p = g->p;
    uint64_t *next = rf_alloc((size_t)p->accounts + 1, sizeof *next);
    p->capability_use = rf_alloc(g->use_count, sizeof *p->capability_use);
    if (p->capability_use == NULL || next == NULL) {
        rf_free(next);
        return rf_fail_memory(err, "the capability counts");
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        p->capability_start[a + 1] += p->capability_start[a];
        next[a] = p->capability_start[a];
    }
    for (size_t i = 0; i < g->use_count; i++) {
        p->capability_use[next[g->uses[i].account]++] = g->uses[i].use;
    }
    rf_free(next);
    return RF_OK;
}

static rf_status read_activity(rf_store *store, rf_population *p, const rf_account_map *map,
                               rf_error *err)
{
    gathering g = {.p = p, .account = UINT32_MAX};
    rf_status status = read_capability_names(store, &g, err);
    if (status == RF_OK) {
        status = gather(store, &g, map, err);
    }
    if (status == RF_OK) {
        status = lay_out_uses(&g, err);
    }
    rf_free(g.days);
    rf_free(g.uses);
    rf_free(g.capability_row);
    return status;
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

rf_status rf_population_read(rf_store *store, rf_signal_override override, void *context,
                             rf_population *population, rf_error *err)
{
    rf_account_map map = {0};
    rf_status status;
    *population = (rf_population){0};
    status = read_signals(store, population, err);
    if (status == RF_OK && override != NULL) {
        status = override(context, population->signal, population->signals, err);
    }
    if (status == RF_OK) {
        status = number_families(population, err);
    }
    if (status == RF_OK) {
        status = read_keys(store, population, err);
    }
    if (status == RF_OK) {
        status = allocate_accounts(population, err);
    }
    if (status == RF_OK) {
        status = number_accounts(population, &map, err);
    }
    if (status == RF_OK) {
        status = read_columns(store, population, &map, err);
    }
    if (status == RF_OK) {
        status = read_activity(store, population, &map, err);
    }
    if (status == RF_OK) {
        status = rf_holdings_read(store, &map, population, err);
    }
    rf_free(map.number);
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
    rf_free(p->account_row);
    rf_free(p->external_id);
    rf_free(p->identity);
    rf_free(p->created_at);
    rf_free(p->status);
    free_column(&p->email_domain);
    free_column(&p->country);
    free_column(&p->timezone);
    free_column(&p->plan);
    free_column(&p->owner);
    rf_free(p->requests);
    rf_free(p->active_days);
    rf_free(p->hours);
    rf_free(p->capability_start);
    rf_free(p->capability_use);
    rf_free(p->capability);
    rf_free(p->observed);
    for (uint32_t s = 0; s < RF_MAX_SIGNALS; s++) {
        rf_free(p->held[s]);
    }
    rf_free(p->prepaid);
    rf_free(p->value_row);
    rf_free(p->value_signal);
    rf_free(p->value_holders);
    rf_free(p->value_group_start);
    rf_free(p->group_value);
    rf_free(p->group_day);
    rf_free(p->group_start);
    rf_free(p->holder);
    rf_free(p->account_start);
    rf_free(p->account_group);
    rf_arena_free(&p->texts);
    *p = (rf_population){0};
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
