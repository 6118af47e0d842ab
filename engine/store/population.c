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

enum { TEXT_COLUMNS = RF_ACCOUNT_TEXTS };
enum { MOST_ROOM = 1 << 25 }; /* accounts, at first */

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

/* The columns that are read, each with the size of an element. */
typedef struct read_column {
    void *array; /* the address of its pointer */
    size_t size;
} read_column;
enum { READ_COLUMNS = 6 + TEXT_COLUMNS };

static void list_columns(rf_population *p, read_column column[READ_COLUMNS])
{
    size_t count = 0;
    column[count++] = (read_column){&p->account_row, sizeof *p->account_row};
    column[count++] = (read_column){&p->external_id, sizeof *p->external_id};
    column[count++] = (read_column){&p->identity, sizeof *p->identity};
    column[count++] = (read_column){&p->created_at, sizeof *p->created_at};
    column[count++] = (read_column){&p->status, sizeof *p->status};
    column[count++] = (read_column){&p->mailbox, sizeof *p->mailbox};
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        uint32_t **code = &rf_account_text(p, c)->code;
        column[count++] = (read_column){code, sizeof **code};
    }
}

static bool resize_columns(rf_population *p, size_t room)
{
    read_column column[READ_COLUMNS];
    bool good = true;
    list_columns(p, column);
    for (int c = 0; c < READ_COLUMNS && good; c++) {
        good = rf_resize(column[c].array, room, column[c].size);
    }
    return good;
}

/* What is told of accounts elsewhere begins with nothing. */
static rf_status allocate_others(rf_population *p, rf_error *err)
{
    size_t const n = p->accounts;
    p->requests = rf_alloc(n, sizeof *p->requests);
    p->active_days = rf_alloc(n, sizeof *p->active_days);
    p->hours = rf_alloc(n, sizeof *p->hours);
    p->observed = rf_alloc(n, sizeof *p->observed);
    p->capability_start = rf_alloc(n + 1, sizeof *p->capability_start);
    p->first_use = rf_alloc(n, sizeof *p->first_use);
    p->last_use = rf_alloc(n, sizeof *p->last_use);
    p->undated = rf_alloc(n, sizeof *p->undated);
    if (p->requests == NULL || p->active_days == NULL || p->hours == NULL || p->observed == NULL ||
        p->capability_start == NULL || p->first_use == NULL || p->last_use == NULL ||
        p->undated == NULL) {
        return rf_fail_memory(err, "the account columns");
    }
    return RF_OK;
}

/* ---- the order of accounts ---- */

/* Puts the two stretches of `from` that end at `middle` and `end`, each in order, in order in
 * `to`. */
static void merge(const char *const *id, const uint32_t *from, uint32_t *to, size_t first,
                  size_t middle, size_t end)
{
    size_t left = first;
    size_t right = middle;
    for (size_t i = first; i < end; i++) {
        /* strcmp compares bytes as unsigned char */
        bool const is_left =
            right == end || (left < middle && strcmp(id[from[left]], id[from[right]]) <= 0);
        to[i] = is_left ? from[left++] : from[right++];
    }
}

/* The order of accounts by their external ids. They come in a few long stretches that are in order,
 * one of each part of an import: those are merged two by two. O(n log stretches). */
static uint32_t *order_accounts(const char *const *id, size_t count)
{
    uint32_t *order = rf_alloc_raw(count, sizeof *order);
    uint32_t *spare = rf_alloc_raw(count, sizeof *spare);
    size_t *start = rf_alloc_raw(count + 1, sizeof *start); /* of stretches */
    size_t stretches = 0;
    for (size_t i = 0; i < count && order != NULL && spare != NULL && start != NULL; i++) {
        order[i] = (uint32_t)i;
        if (i == 0 || strcmp(id[i - 1], id[i]) > 0) {
            start[stretches++] = i;
        }
    }
    while (stretches > 1) {
        uint32_t *const from = order;
        size_t left = 0;
        start[stretches] = count;
        for (size_t i = 0; i < stretches; i += 2) {
            size_t const first = start[i];
            size_t const middle = start[i + 1];
            size_t const end = i + 2 <= stretches ? start[i + 2] : count;
            merge(id, from, spare, first, middle, end);
            start[left++] = first;
        }
        stretches = left;
        order = spare;
        spare = from;
    }
    if (spare == NULL || start == NULL) {
        rf_free(order);
        order = NULL;
    }
    rf_free(spare);
    rf_free(start);
    return order;
}

/* Lays the columns out by external id. */
static rf_status order_columns(rf_population *p, rf_error *err)
{
    read_column column[READ_COLUMNS];
    uint32_t *order = order_accounts(p->external_id, p->accounts);
    rf_status status = order == NULL ? rf_fail_memory(err, "the order of accounts") : RF_OK;
    list_columns(p, column);
    for (int c = 0; c < READ_COLUMNS && status == RF_OK; c++) {
        size_t const size = column[c].size;
        char *old;
        char *ordered = rf_alloc_raw(p->accounts, size);
        memcpy(&old, column[c].array, sizeof old);
        if (ordered == NULL) {
            status = rf_fail_memory(err, "the order of accounts");
            break;
        }
        for (uint32_t a = 0; a < p->accounts; a++) {
            memcpy(ordered + a * size, old + order[a] * size, size);
        }
        rf_free(old);
        memcpy(column[c].array, &ordered, sizeof ordered);
    }
    rf_free(order);
    return status;
}

/* The accounts are read: their columns get their order and their size. */
static rf_status finish_accounts(rf_population *p, size_t count, bool ordered, interner *interners,
                                 rf_error *err)
{
    rf_status status = RF_OK;
    if (count >= UINT32_MAX) {
        return rf_fail(err, RF_EINPUT, "too many accounts for one database: %zu", count);
    }
    p->accounts = (uint32_t)count;
    if (!resize_columns(p, count)) {
        return rf_fail_memory(err, "the accounts");
    }
    if (!ordered) {
        status = order_columns(p, err);
    }
    for (int c = 0; c < TEXT_COLUMNS && status == RF_OK; c++) {
        status = finish_column(&interners[c], p->accounts, rf_account_text(p, c), err);
    }
    return status == RF_OK ? allocate_others(p, err) : status;
}

enum { ID, EXTERNAL_ID, CREATED_AT, STATUS, EMAIL_KEY, TEXTS };

/* One row becomes account `a`, for which there is room. */
static bool add_account(rf_population *p, size_t a, const rf_scan_cell *cells, interner *interners)
{
    const rf_scan_cell *id = &cells[EXTERNAL_ID];
    const char *copy = rf_arena_text(&p->texts, id->text, id->length);
    bool good = copy != NULL;
    p->external_id[a] = copy;
    p->account_row[a] = cells[ID].number;
    p->created_at[a] = cells[CREATED_AT].kind == RF_INT ? cells[CREATED_AT].number : RF_NO_TIME;
    p->status[a] = rf_population_status(cells[STATUS].text, cells[STATUS].length);
    p->mailbox[a] = rf_population_mailbox(cells[EMAIL_KEY].text, cells[EMAIL_KEY].length);
    p->identity[a] = rf_hash_bytes(0, id->text, id->length);
    for (int c = 0; c < TEXT_COLUMNS && good; c++) {
        good = intern(&interners[c], &p->texts, &cells[TEXTS + c], &rf_account_text(p, c)->code[a]);
    }
    return good;
}

/* Room for as many accounts as there can be: what is not used is not touched, and given back. */
static rf_status first_room(rf_store *store, rf_population *p, size_t *room, rf_error *err)
{
    int64_t newest = 0;
    rf_status const status =
        rf_store_number(store, "SELECT ifnull(max(id), 0) FROM account", &newest, err);
    *room = newest < 0 || newest > MOST_ROOM ? MOST_ROOM : (size_t)newest + 1;
    return status == RF_OK && !resize_columns(p, *room) ? rf_fail_memory(err, "the accounts")
                                                        : status;
}

static rf_status read_accounts(rf_store *store, rf_population *p, rf_error *err)
{
    const rf_scan_cell *cells = NULL;
    interner interners[TEXT_COLUMNS] = {{0}};
    size_t room = 0;
    size_t count = 0;
    bool ordered = true; /* they are after a first import of accounts */
    rf_scan *scan = NULL;
    rf_status status = first_room(store, p, &room, err);
    if (status == RF_OK) {
        status = rf_scan_open(store, "account",
                              "id, external_id, created_at, status, email_key, email_domain,"
                              " country, timezone, plan, owner_id",
                              "id", &scan, err);
    }
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        bool good = true;
        if (count == room) {
            room += room / 2;
            good = resize_columns(p, room);
        }
        if (!good || !add_account(p, count, cells, interners)) {
            status = rf_fail_memory(err, "the accounts");
            break;
        }
        ordered =
            ordered && (count == 0 || strcmp(p->external_id[count - 1], p->external_id[count]) < 0);
        count++;
    }
    rf_scan_end(scan);
    if (status == RF_OK) {
        status = finish_accounts(p, count, ordered, interners, err);
    }
    for (int c = 0; c < TEXT_COLUMNS; c++) {
        interner_free(&interners[c]);
    }
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

/* Two hands: one reads what is held, the other accounts and what they did. They write different
 * parts of the population. */
typedef struct reading {
    rf_population *p;
    rf_account_map map;
    rf_holdings *holdings;
    rf_store *store, *other;
    bool held; /* what is held is read, by rows of accounts */
} reading;

static rf_status read_held(reading *r, rf_store *store, const rf_account_map *map, rf_error *err)
{
    rf_status const status =
        r->holdings != NULL ? RF_OK : rf_holdings_begin(store, r->p, &r->holdings, err);
    return status == RF_OK ? rf_holdings_read(store, map, r->holdings, &r->held, err) : status;
}

static rf_status read_half(void *context, size_t hand, size_t first, size_t end, unsigned worker,
                           rf_error *err)
{
    reading *r = context;
    rf_status status;
    (void)first;
    (void)end;
    (void)worker;
    if (hand == 0) {
        return read_held(r, r->other, NULL, err);
    }
    status = read_accounts(r->store, r->p, err);
    if (status == RF_OK) {
        status = rf_population_number(r->p, &r->map, err);
    }
    return status == RF_OK ? rf_activity_read(r->store, r->p, &r->map, err) : status;
}

/* With one connection accounts come first. With two, what is held waits for them only where it
 * cannot go by their rows. */
static rf_status read_all(rf_store *store, rf_store *other, rf_population *p, rf_error *err)
{
    reading r = {.p = p, .store = store, .other = other};
    rf_status status =
        other == NULL ? read_half(&r, 1, 0, 0, 0, err) : rf_parallel(2, 2, 1, read_half, &r, err);
    if (status == RF_OK && r.held) {
        status = rf_holdings_number(r.holdings, &r.map, 2, &r.held, err);
    }
    if (status == RF_OK && !r.held) {
        status = read_held(&r, store, &r.map, err);
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
    rf_free(p->hour_start);
    rf_free(p->hour_use);
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
