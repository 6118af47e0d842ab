/* holdings.c - see holdings.h.
 *
 * Sightings arrive by value. Those of one value are gathered, sorted by (day, account) when the
 * signal is windowed and by account otherwise, and written as groups when two accounts meet.
 *
 * They go by account rows as well as by account numbers: rows are there before accounts are read,
 * sightings come ordered by them, and after a first import of accounts the two are the same.
 */
#include "store/holdings.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/order.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "store/pack.h"
#include "store/scan.h"

#include <string.h>
#include <strings.h>

enum { NO_SIGNAL = 0xff };
enum { FEW_ROWS = 1 << 20 }; /* go by rows whatever their gaps */
enum { NUMBER_GRAIN = 1 << 14 };
enum { PREPAID_ANY = 1, PREPAID_ONLY = 2 };

struct rf_holdings {
    rf_population *p;
    const rf_account_map *map;
    rf_account_map rows; /* when accounts go by rows */
    size_t accounts;     /* numbers there are */
    uint8_t *signal_of;  /* by value.id: index into p->signal, NO_SIGNAL for context values */
    uint8_t *funding;    /* by value.id of instruments: RF_FUNDING_... */
    uint16_t *network;   /* by value.id of addresses */
    int64_t value_rows;
    uint64_t *sighted; /* of the value being gathered: account << 32 | day + 1, then the other way
                          round */
    uint64_t *spare;   /* to sort them with */
    size_t sighted_count, sighted_room, spare_room;
    size_t value_room[5], group_room[3], holder_room;
    uint64_t holders;
    uint8_t *ordinary;  /* by account: holds an instrument that is not prepaid */
    uint8_t instrument; /* the signal of that name, or NO_SIGNAL */
};
typedef struct rf_holdings builder;

uint16_t rf_network_of(const rf_signal *signal, const char *text, size_t length)
{
    rf_address address;
    return strcmp(signal->family_name, "address") == 0 && rf_address_parse(text, length, &address)
               ? rf_address_network(&address)
               : 0;
}

static void map_value(builder *b, const uint8_t *index_of, const rf_scan_cell *cells)
{
    int64_t const id = cells[0].number;
    int64_t const row = cells[1].number;
    if (id < 0 || id >= b->value_rows || row < 0 || row >= (1 << 16)) {
        return;
    }
    b->signal_of[id] = index_of[row];
    if (index_of[row] != NO_SIGNAL) {
        b->network[id] =
            rf_network_of(&b->p->signal[index_of[row]], cells[2].text, cells[2].length);
    }
}

static rf_status map_values(rf_store *store, builder *b, rf_error *err)
{
    const rf_scan_cell *cells = NULL;
    rf_scan *scan = NULL;
    uint8_t index_of[1 << 16];
    int64_t newest = 0;
    rf_status status = rf_store_number(store, "SELECT max(id) FROM value", &newest, err);
    if (status != RF_OK) {
        return status;
    }
    b->value_rows = newest + 1;
    b->p->last_value = newest;
    b->signal_of = rf_alloc_raw((size_t)b->value_rows, 1);
    b->funding = rf_alloc((size_t)b->value_rows, 1);
    b->network = rf_alloc((size_t)b->value_rows, sizeof *b->network);
    if (b->signal_of == NULL || b->funding == NULL || b->network == NULL) {
        return rf_fail_memory(err, "the values");
    }
    memset(b->signal_of, NO_SIGNAL, (size_t)b->value_rows);
    memset(index_of, NO_SIGNAL, sizeof index_of);
    for (uint32_t s = 0; s < b->p->signals && s < NO_SIGNAL; s++) {
        if (b->p->signal[s].link && b->p->signal[s].row < (1 << 16)) {
            index_of[b->p->signal[s].row] = (uint8_t)s;
        }
    }
    status = rf_scan_open(store, "value", "id, signal, text", "id", &scan, err);
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        map_value(b, index_of, cells);
    }
    rf_scan_end(scan);
    return status;
}

/* Allowed values are as if nobody had been seen with them. */
static rf_status leave_out_allowed(rf_store *store, builder *b, rf_error *err)
{
    rf_status status = rf_allow_values(store, &b->p->allowed, &b->p->alloweds, err);
    for (uint32_t i = 0; i < b->p->alloweds; i++) {
        b->signal_of[b->p->allowed[i].value_row] = NO_SIGNAL;
    }
    return status;
}

static bool is_text(const rf_scan_cell *cell, const char *text)
{
    return cell->length == strlen(text) && memcmp(cell->text, text, cell->length) == 0;
}

static uint8_t weigh_funding(const rf_scan_cell *cell)
{
    static const char *const PREPAID[] = {"prepaid", "virtual", "gift"};
    bool const unpaid = is_text(cell, PREPAID[0]) || is_text(cell, PREPAID[1]);
    unsigned funding = cell->length > 0 ? RF_FUNDING_KNOWN : 0;
    funding |= unpaid ? RF_FUNDING_UNPAID : 0;
    for (size_t i = 0; i < sizeof PREPAID / sizeof PREPAID[0]; i++) {
        if (cell->length == strlen(PREPAID[i]) &&
            strncasecmp(cell->text, PREPAID[i], cell->length) == 0) {
            funding |= RF_FUNDING_PREPAID;
        }
    }
    return (uint8_t)funding;
}

static rf_status read_funding(rf_store *store, builder *b, rf_error *err)
{
    const rf_scan_cell *cells = NULL;
    rf_scan *scan = NULL;
    rf_status status = rf_scan_open(store, "instrument", "value, funding", "value", &scan, err);
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        int64_t const id = cells[0].number;
        if (id >= 0 && id < b->value_rows) {
            b->funding[id] = weigh_funding(&cells[1]);
        }
    }
    rf_scan_end(scan);
    return status;
}

/* ---- one value ---- */

static rf_status note_held(builder *b, uint8_t signal, uint8_t funding, uint32_t account,
                           rf_error *err)
{
    rf_population *p = b->p;
    if (p->held[signal] == NULL) {
        p->held[signal] = rf_alloc(b->accounts, sizeof *p->held[signal]);
        if (p->held[signal] == NULL) {
            return rf_fail_memory(err, "the counts of values held");
        }
    }
    if (p->held[signal][account] < UINT16_MAX) {
        p->held[signal][account]++;
    }
    rf_note_funding(p, account, funding);
    if ((funding & RF_FUNDING_PREPAID) != 0) {
        p->prepaid[account] = PREPAID_ANY;
    } else if (signal == b->instrument) {
        b->ordinary[account] = 1;
    }
    return RF_OK;
}

static bool room_for_group(builder *b)
{
    rf_population *p = b->p;
    size_t const need = (size_t)p->groups + 2;
    return rf_reserve(&p->group_value, &b->group_room[0], need, sizeof *p->group_value) &&
           rf_reserve(&p->group_day, &b->group_room[1], need, sizeof *p->group_day) &&
           rf_reserve(&p->group_start, &b->group_room[2], need, sizeof *p->group_start);
}

static bool room_for_value(builder *b)
{
    rf_population *p = b->p;
    size_t const need = (size_t)p->values + 2;
    return rf_reserve(&p->value_row, &b->value_room[0], need, sizeof *p->value_row) &&
           rf_reserve(&p->value_signal, &b->value_room[1], need, sizeof *p->value_signal) &&
           rf_reserve(&p->value_holders, &b->value_room[2], need, sizeof *p->value_holders) &&
           rf_reserve(&p->value_group_start, &b->value_room[3], need,
                      sizeof *p->value_group_start) &&
           rf_reserve(&p->value_network, &b->value_room[4], need, sizeof *p->value_network);
}

/* Writes sighted[first, end), all of one day and without repeats, as a group. */
static bool write_group(builder *b, size_t first, size_t end)
{
    rf_population *p = b->p;
    if (!room_for_group(b) ||
        !rf_reserve(&p->holder, &b->holder_room, b->holders + (end - first), sizeof *p->holder)) {
        return false;
    }
    p->group_value[p->groups] = p->values;
    p->group_day[p->groups] = (int32_t)(b->sighted[first] >> 32) - 1;
    p->group_start[p->groups] = b->holders;
    for (size_t i = first; i < end; i++) {
        p->holder[b->holders++] = (uint32_t)b->sighted[i];
    }
    p->groups++;
    p->group_start[p->groups] = b->holders;
    return true;
}

/* Distinct accounts of the value: noted as held; `sighted` is sorted by account at this point. */
static rf_status note_holders(builder *b, uint8_t signal, uint8_t funding, uint32_t *holders,
                              rf_error *err)
{
    rf_status status = RF_OK;
    *holders = 0;
    for (size_t i = 0; i < b->sighted_count && status == RF_OK; i++) {
        uint32_t const account = (uint32_t)(b->sighted[i] >> 32);
        if (i == 0 || account != (uint32_t)(b->sighted[i - 1] >> 32)) {
            (*holders)++;
            status = note_held(b, signal, funding, account, err);
        }
    }
    return status;
}

/* Sorts by (day, account) and removes repeats; days are equal where the signal is stable. Those of
 * a day come in the order of accounts already. */
static rf_status sort_sighted(builder *b, rf_error *err)
{
    size_t kept = 0;
    if (!rf_reserve(&b->spare, &b->spare_room, b->sighted_count, sizeof *b->spare)) {
        return rf_fail_memory(err, "the values");
    }
    rf_order_upper(b->sighted, b->spare, b->sighted_count);
    for (size_t i = 0; i < b->sighted_count; i++) {
        if (kept == 0 || b->sighted[i] != b->sighted[kept - 1]) {
            b->sighted[kept++] = b->sighted[i];
        }
    }
    b->sighted_count = kept;
    return RF_OK;
}

/* By account: that is how they come, unless several imports told of them. */
static void sort_by_account(builder *b)
{
    for (size_t i = 1; i < b->sighted_count; i++) {
        if (b->sighted[i - 1] > b->sighted[i]) {
            rf_order_numbers(b->sighted, b->sighted_count);
            return;
        }
    }
}

static rf_status finish_value(builder *b, int64_t value_row, rf_error *err)
{
    rf_population *p = b->p;
    uint8_t const signal = b->signal_of[value_row];
    uint32_t const groups_before = p->groups;
    uint32_t holders = 0;
    bool windowed;
    rf_status status;
    if (b->sighted_count == 0) {
        return RF_OK;
    }
    sort_by_account(b);
    status = note_holders(b, signal, b->funding[value_row], &holders, err);
    if (status != RF_OK || holders < 2) {
        return status;
    }
    windowed = p->signal[signal].windowed;
    for (size_t i = 0; i < b->sighted_count; i++) { /* all time: no day */
        b->sighted[i] = b->sighted[i] >> 32 | (windowed ? b->sighted[i] << 32 : 0);
    }
    status = sort_sighted(b, err);
    if (status != RF_OK || !room_for_value(b)) {
        return status != RF_OK ? status : rf_fail_memory(err, "the values");
    }
    for (size_t first = 0, end; first < b->sighted_count; first = end) {
        end = first + 1;
        while (end < b->sighted_count && b->sighted[end] >> 32 == b->sighted[first] >> 32) {
            end++;
        }
        if (end - first >= 2 && !write_group(b, first, end)) {
            return rf_fail_memory(err, "the holdings");
        }
    }
    if (p->groups > groups_before) {
        p->value_row[p->values] = value_row;
        p->value_signal[p->values] = signal;
        p->value_holders[p->values] = holders;
        p->value_network[p->values] = b->network[value_row];
        p->value_group_start[p->values] = groups_before;
        p->values++;
        p->value_group_start[p->values] = p->groups;
    }
    return RF_OK;
}

enum { VALUE, ACCOUNT, DAY, DAYS, MOST, PACKED };

/* The facts of a pack; see pack.h. Packs of several imports overlap. */
static rf_status add_pack(builder *b, const rf_scan_cell *cells, rf_error *err)
{
    int64_t const first = cells[ACCOUNT].number;
    int64_t const day = cells[DAY].number;
    uint64_t const days = (uint64_t)cells[DAYS].number;
    uint64_t const most = (uint64_t)cells[MOST].number;
    rf_pack_numbers numbers = rf_pack_open(cells[PACKED].text, cells[PACKED].length);
    uint64_t number;
    while (days > 0 && most > 0 && rf_pack_next(&numbers, &number)) {
        uint64_t const when = number / most;
        uint32_t const account = rf_account_number(b->map, first + (int64_t)(when / days));
        b->p->sightings++;
        if (account == UINT32_MAX) {
            continue;
        }
        if (b->sighted_count == b->sighted_room &&
            !rf_reserve(&b->sighted, &b->sighted_room, b->sighted_count + 1, sizeof *b->sighted)) {
            return rf_fail_memory(err, "the sightings of a value");
        }
        b->sighted[b->sighted_count++] =
            (uint64_t)account << 32 | (uint32_t)(day + (int64_t)(when % days) + 1);
    }
    if (day + (int64_t)days - 1 > b->p->last_sighting) {
        b->p->last_sighting = (int32_t)(day + (int64_t)days - 1);
    }
    return RF_OK;
}

static uint64_t count_pack(const rf_scan_cell *cells)
{
    rf_pack_numbers numbers = rf_pack_open(cells[PACKED].text, cells[PACKED].length);
    uint64_t count = 0;
    for (uint64_t number; rf_pack_next(&numbers, &number);) {
        count++;
    }
    return count;
}

static rf_status read_sightings(rf_store *store, builder *b, rf_error *err)
{
    const rf_scan_cell *cells = NULL;
    rf_scan *scan = NULL;
    int64_t current = -1;
    uint64_t packs = 0;
    rf_progress progress;
    rf_status status =
        rf_scan_open(store, "sighting_pack", "value, account, day, days, most, packed",
                     "value, account", &scan, err);
    rf_progress_start(&progress, "reading sightings", (uint64_t)b->value_rows);
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        int64_t const value = cells[VALUE].number;
        if (packs++ % 4096 == 0) {
            rf_progress_show(&progress, (uint64_t)value); /* they come by value */
        }
        if (value < 0 || value >= b->value_rows || b->signal_of[value] == NO_SIGNAL) {
            b->p->sightings += count_pack(cells);
            continue;
        }
        if (value != current) {
            status = current >= 0 ? finish_value(b, current, err) : RF_OK;
            current = value;
            b->sighted_count = 0;
        }
        if (status == RF_OK) {
            status = add_pack(b, cells, err);
        }
    }
    if (status == RF_OK && current >= 0) {
        status = finish_value(b, current, err);
    }
    rf_progress_end(&progress);
    rf_scan_end(scan);
    return status;
}

/* ---- the other direction ---- */

rf_status rf_holdings_transpose(rf_population *p, rf_error *err)
{
    uint64_t const holdings = p->groups == 0 ? 0 : p->group_start[p->groups];
    p->account_start = rf_alloc((size_t)p->accounts + 1, sizeof *p->account_start);
    p->account_group = rf_alloc_raw(holdings, sizeof *p->account_group);
    if (p->account_start == NULL || p->account_group == NULL) {
        return rf_fail_memory(err, "the holdings by account");
    }
    for (uint64_t i = 0; i < holdings; i++) {
        p->account_start[p->holder[i] + 1]++;
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        p->account_start[a + 1] += p->account_start[a];
    }
    /* Fill with the starts as cursors; afterwards each start has become its end: shift back. */
    for (uint32_t g = 0; g < p->groups; g++) {
        for (uint64_t i = p->group_start[g]; i < p->group_start[g + 1]; i++) {
            p->account_group[p->account_start[p->holder[i]]++] = g;
        }
    }
    memmove(p->account_start + 1, p->account_start, p->accounts * sizeof *p->account_start);
    p->account_start[0] = 0;
    return RF_OK;
}

/* A population without groups still has its offset arrays. */
static bool terminate_offsets(builder *b)
{
    rf_population *p = b->p;
    if (!room_for_group(b) || !room_for_value(b)) {
        return false;
    }
    p->group_start[p->groups] = b->holders;
    p->value_group_start[p->values] = p->groups;
    return rf_reserve(&p->holder, &b->holder_room, 1, sizeof *p->holder);
}

rf_status rf_holdings_begin(rf_store *store, rf_population *population, rf_holdings **out,
                            rf_error *err)
{
    builder *b = rf_alloc(1, sizeof *b);
    rf_status status;
    *out = b;
    if (b == NULL) {
        return rf_fail_memory(err, "the holdings");
    }
    b->p = population;
    population->last_sighting = RF_NO_DAY;
    b->instrument = NO_SIGNAL;
    for (uint32_t s = 0; s < population->signals && s < NO_SIGNAL; s++) {
        if (strcmp(population->signal[s].name, "instrument") == 0) {
            b->instrument = (uint8_t)s;
        }
    }
    status = map_values(store, b, err);
    if (status == RF_OK) {
        status = leave_out_allowed(store, b, err);
    }
    return status == RF_OK ? read_funding(store, b, err) : status;
}

/* The map by which accounts go by their rows, unless most of the rows between the first and the
 * last are none. */
static rf_status map_rows(rf_store *store, builder *b, bool *good, rf_error *err)
{
    int64_t last = 0;
    int64_t count = 0;
    rf_status status =
        rf_store_number(store, "SELECT ifnull(min(id), 1) FROM account", &b->rows.first, err);
    if (status == RF_OK) {
        status = rf_store_number(store, "SELECT ifnull(max(id), 0) FROM account", &last, err);
    }
    b->rows.rows = last + 1;
    *good = b->rows.first >= 0 && last < INT32_MAX;
    if (status == RF_OK && *good && last - b->rows.first >= FEW_ROWS) {
        status = rf_store_number(store, "SELECT count(*) FROM account", &count, err);
        *good = last - b->rows.first < 2 * count;
    }
    return status;
}

rf_status rf_holdings_read(rf_store *store, const rf_account_map *map, rf_holdings *holdings,
                           bool *done, rf_error *err)
{
    rf_population *p = holdings->p;
    rf_status status = RF_OK;
    *done = true;
    holdings->map = map;
    if (map == NULL) { /* how many accounts there are is being found out */
        status = map_rows(store, holdings, done, err);
        holdings->map = &holdings->rows;
        holdings->accounts = (size_t)(holdings->rows.rows - holdings->rows.first);
    } else {
        holdings->accounts = p->accounts;
    }
    if (status != RF_OK || !*done) {
        return status;
    }
    holdings->ordinary = rf_alloc(holdings->accounts, 1);
    p->prepaid = rf_alloc(holdings->accounts, sizeof *p->prepaid);
    p->funded = rf_alloc(holdings->accounts, sizeof *p->funded);
    p->unpaid = rf_alloc(holdings->accounts, sizeof *p->unpaid);
    status =
        holdings->ordinary == NULL || p->prepaid == NULL || p->funded == NULL || p->unpaid == NULL
            ? rf_fail_memory(err, "the holdings")
            : read_sightings(store, holdings, err);
    if (status == RF_OK && !terminate_offsets(holdings)) {
        status = rf_fail_memory(err, "the holdings");
    }
    return status;
}

/* ---- from rows to numbers ---- */

/* All that was read is forgotten. */
static void forget(builder *b)
{
    rf_population *p = b->p;
    void *const address[] = {
        &p->prepaid,      &p->funded,        &p->unpaid,           &b->ordinary,  &p->value_row,
        &p->value_signal, &p->group_value,   &p->value_holders,    &p->group_day, &p->group_start,
        &p->holder,       &p->value_network, &p->value_group_start};
    for (size_t i = 0; i < sizeof address / sizeof address[0]; i++) {
        rf_drop(address[i]);
    }
    for (uint32_t s = 0; s < p->signals; s++) {
        rf_drop(&p->held[s]);
    }
    memset(b->value_room, 0, sizeof b->value_room);
    memset(b->group_room, 0, sizeof b->group_room);
    b->holder_room = 0;
    b->holders = 0;
    b->sighted_count = 0;
    p->values = 0;
    p->groups = 0;
    p->sightings = 0;
    p->last_sighting = RF_NO_DAY;
}

static uint32_t number_of_row(const builder *b, const rf_account_map *map, size_t at)
{
    return rf_account_number(map, b->rows.first + (int64_t)at);
}

/* Whether all who were seen with anything have a number. */
static bool knows_all(const builder *b, const rf_account_map *map)
{
    const rf_population *p = b->p;
    for (size_t i = 0; i < b->accounts; i++) {
        bool const known = number_of_row(b, map, i) != UINT32_MAX;
        for (uint32_t s = 0; s < p->signals && !known; s++) {
            if (p->held[s] != NULL && p->held[s][i] != 0) {
                return false;
            }
        }
    }
    return true;
}

/* Puts an array with elements of `size` bytes by row in the order of numbers. */
static bool order_by_number(const builder *b, const rf_account_map *map, void *array_address,
                            size_t size)
{
    char *old;
    char *ordered;
    memcpy(&old, array_address, sizeof old);
    if (old == NULL) {
        return true;
    }
    ordered = rf_alloc(b->p->accounts, size);
    for (size_t i = 0; i < b->accounts && ordered != NULL; i++) {
        uint32_t const number = number_of_row(b, map, i);
        if (number != UINT32_MAX) {
            memcpy(ordered + number * size, old + i * size, size);
        }
    }
    if (ordered == NULL) {
        return false;
    }
    rf_free(old);
    memcpy(array_address, &ordered, sizeof ordered);
    return true;
}

static rf_status number_groups(void *context, size_t block, size_t first, size_t end,
                               unsigned worker, rf_error *err)
{
    builder *b = context;
    rf_population *p = b->p;
    (void)block;
    (void)worker;
    (void)err;
    for (size_t g = first; g < end; g++) {
        uint32_t *holder = p->holder + p->group_start[g];
        size_t const count = (size_t)(p->group_start[g + 1] - p->group_start[g]);
        for (size_t i = 0; i < count; i++) {
            holder[i] = number_of_row(b, b->map, holder[i]);
        }
        rf_order_small(holder, count);
    }
    return RF_OK;
}

rf_status rf_holdings_number(rf_holdings *holdings, const rf_account_map *map, unsigned threads,
                             bool *known, rf_error *err)
{
    rf_population *p = holdings->p;
    bool good;
    *known = true;
    holdings->map = map;
    if (map->number == NULL && map->first == holdings->rows.first &&
        map->rows == holdings->rows.rows) {
        return RF_OK;
    }
    if (!knows_all(holdings, map)) {
        *known = false;
        forget(holdings);
        return RF_OK;
    }
    good = order_by_number(holdings, map, &p->prepaid, sizeof *p->prepaid) &&
           order_by_number(holdings, map, &p->funded, sizeof *p->funded) &&
           order_by_number(holdings, map, &p->unpaid, sizeof *p->unpaid) &&
           order_by_number(holdings, map, &holdings->ordinary, sizeof *holdings->ordinary);
    for (uint32_t s = 0; s < p->signals && good; s++) {
        good = order_by_number(holdings, map, &p->held[s], sizeof *p->held[s]);
    }
    return good ? rf_parallel(threads, p->groups, NUMBER_GRAIN, number_groups, holdings, err)
                : rf_fail_memory(err, "the account numbers");
}

static void note_observed(rf_population *p)
{
    for (uint32_t s = 0; s < p->signals; s++) {
        for (uint32_t a = 0; p->held[s] != NULL && a < p->accounts; a++) {
            p->observed[a] |= (uint64_t)(p->held[s][a] > 0) << p->signal[s].family;
        }
    }
}

rf_status rf_holdings_turn(rf_holdings *holdings, rf_error *err)
{
    rf_population *p = holdings->p;
    note_observed(p);
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->prepaid[a] != 0 && holdings->ordinary[a] == 0) {
            p->prepaid[a] = PREPAID_ONLY;
        }
    }
    return rf_holdings_transpose(p, err);
}

void rf_holdings_end(rf_holdings *holdings)
{
    if (holdings != NULL) {
        rf_free(holdings->ordinary);
        rf_free(holdings->sighted);
        rf_free(holdings->spare);
        rf_free(holdings->funding);
        rf_free(holdings->network);
        rf_free(holdings->signal_of);
        rf_free(holdings);
    }
}
