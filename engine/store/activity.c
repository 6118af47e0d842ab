/* activity.c - see activity.h. */
#include "store/activity.h"

#include "base/clock.h"
#include "base/order.h"
#include "store/pack.h"
#include "store/scan.h"

#include <string.h>

/* The facts of one account, being gathered: they come by import, capability and day. */
typedef struct gathering {
    rf_population *p;
    int64_t *capability_row; /* value.id by index into p->capability */
    uint32_t account;        /* UINT32_MAX: none yet */
    uint64_t *days;          /* of the account: (day + 1) << 32 | hours */
    size_t day_count, day_room;
    rf_capability_use *uses; /* of all accounts, by row; those of one are together */
    size_t use_count, use_room;
    size_t first_use; /* of the account */
    bool ordered;     /* accounts came by their numbers so far */
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

/* A day counts once, and so does an hour of it, whatever was done and whoever told of it. */
static void finish_days(gathering *g)
{
    rf_population *p = g->p;
    rf_order_numbers(g->days, g->day_count);
    for (size_t i = 0; i < g->day_count;) {
        uint64_t const day = g->days[i] >> 32;
        uint32_t hours = 0;
        for (; i < g->day_count && g->days[i] >> 32 == day; i++) {
            hours |= (uint32_t)g->days[i];
        }
        rf_note_day(p, g->account, (uint32_t)day);
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
    if (c == UINT32_MAX) {
        return true;
    }
    for (size_t i = g->use_count; i-- > g->first_use;) {
        if (g->uses[i].capability == c) {
            g->uses[i].requests += requests;
            return true;
        }
    }
    if (!rf_reserve(&g->uses, &g->use_room, g->use_count + 1, sizeof *g->uses)) {
        return false;
    }
    g->uses[g->use_count++] = (rf_capability_use){.capability = c, .requests = requests};
    g->p->capability_start[g->account + 1]++;
    return true;
}

/* One fact of an account: what it did on a day with a capability. */
static bool add_fact(gathering *g, int64_t capability, int64_t day, uint64_t requests,
                     uint32_t hours)
{
    g->p->requests[g->account] += requests;
    g->p->last_activity = day > g->p->last_activity ? (int32_t)day : g->p->last_activity;
    if (!rf_reserve(&g->days, &g->day_room, g->day_count + 1, sizeof *g->days) ||
        !add_use(g, capability, requests)) {
        return false;
    }
    g->days[g->day_count++] = (uint64_t)(day + 1) << 32 | hours;
    return true;
}

enum { ACCOUNT, CAPABILITY, DAY, DAYS, EVENTS_SPAN, REQUESTS, REQUESTS_SPAN, PACKED };

/* The facts of a pack; see pack.h. */
static bool add_pack(gathering *g, const rf_scan_cell *cells)
{
    uint64_t const days = (uint64_t)cells[DAYS].number;
    uint64_t const events = (uint64_t)cells[EVENTS_SPAN].number;
    uint64_t const span = (uint64_t)cells[REQUESTS_SPAN].number;
    rf_pack_numbers numbers = rf_pack_open(cells[PACKED].text, cells[PACKED].length);
    uint64_t number;
    bool kept = true;
    while (kept && days > 0 && events > 0 && span > 0 && rf_pack_next(&numbers, &number)) {
        uint32_t const hours = (uint32_t)number & ((1 << RF_PACK_HOURS_BITS) - 1);
        uint64_t const rest = number >> RF_PACK_HOURS_BITS;
        uint64_t const when = rest / span / events;
        kept = add_fact(g, cells[CAPABILITY].number + (int64_t)(when / days),
                        cells[DAY].number + (int64_t)(when % days),
                        (uint64_t)cells[REQUESTS].number + rest % span, hours);
    }
    return kept;
}

static rf_status gather(rf_store *store, gathering *g, const rf_account_map *map, rf_error *err)
{
    const rf_scan_cell *cells = NULL;
    rf_scan *scan = NULL;
    rf_status status =
        rf_scan_open(store, "activity_pack",
                     "account, capability, day, days, events_span, requests, requests_span, packed",
                     "account", &scan, err);
    while (status == RF_OK && (status = rf_scan_next(scan, &cells, err)) == RF_OK &&
           cells != NULL) {
        uint32_t const a = rf_account_number(map, cells[ACCOUNT].number);
        if (a == UINT32_MAX) {
            continue;
        }
        if (a != g->account) {
            finish_days(g);
            g->ordered = g->ordered && (g->account == UINT32_MAX || g->account < a);
            g->account = a;
            g->first_use = g->use_count;
        }
        if (!add_pack(g, cells)) {
            status = rf_fail_memory(err, "the activity of accounts");
            break;
        }
    }
    finish_days(g);
    rf_scan_end(scan);
    return status;
}

/* Uses were gathered by account row; they are laid out by account number. */
static rf_status lay_out_uses(gathering *g, const rf_account_map *map, rf_error *err)
{
    rf_population *p = g->p;
    size_t at = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        p->capability_start[a + 1] += p->capability_start[a];
    }
    if (g->ordered) { /* they lie as they should */
        if (!rf_resize(&g->uses, g->use_count, sizeof *g->uses)) {
            return rf_fail_memory(err, "the capability counts");
        }
        p->capability_use = g->uses;
        g->uses = NULL;
        return RF_OK;
    }
    p->capability_use = rf_alloc_raw(g->use_count, sizeof *p->capability_use);
    if (p->capability_use == NULL) {
        return rf_fail_memory(err, "the capability counts");
    }
    for (int64_t row = map->first; row < map->rows; row++) {
        uint32_t const a = rf_account_number(map, row);
        for (uint64_t i = a == UINT32_MAX ? 0 : p->capability_start[a];
             a != UINT32_MAX && i < p->capability_start[a + 1]; i++) {
            p->capability_use[i] = g->uses[at++];
        }
    }
    return RF_OK;
}

rf_status rf_activity_read(rf_store *store, rf_population *p, const rf_account_map *map,
                           rf_error *err)
{
    gathering g = {.p = p, .account = UINT32_MAX, .ordered = true};
    rf_status status = read_capability_names(store, &g, err);
    p->last_activity = RF_NO_DAY;
    if (status == RF_OK) {
        status = gather(store, &g, map, err);
    }
    if (status == RF_OK) {
        status = lay_out_uses(&g, map, err);
    }
    rf_free(g.days);
    rf_free(g.uses);
    rf_free(g.capability_row);
    return status;
}
