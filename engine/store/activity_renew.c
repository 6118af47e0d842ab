/* activity_renew.c - what accounts did: as kept, and what came since; see population_renew.h.
 *
 * On a day that is later than all that was kept, whatever was done is simply added. Of earlier days
 * it is not known what was done before: the account is then read anew.
 */
#include "store/population_renew.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* Requests with a capability, to be added to what is kept, or in its place. */
typedef struct new_use {
    uint32_t account, capability;
    uint64_t requests;
} new_use;

typedef struct gathering {
    rf_renewer *r;
    int64_t *capability_row; /* by index into capability */
    uint64_t *days;          /* of the account at hand: (day + 1) << 32 | hours */
    size_t day_count, day_room;
    new_use *use;
    size_t uses, use_room;
    uint8_t *anew;        /* by account: nothing of what was kept counts */
    rf_statement *select; /* all rows of an account */
} gathering;

static rf_status read_capability_rows(gathering *g, rf_error *err)
{
    rf_statement *select = NULL;
    uint32_t count = 0;
    bool row = true;
    rf_status status = rf_prepare(g->r->store,
                                  "SELECT id FROM value WHERE signal ="
                                  " (SELECT id FROM signal WHERE name = 'capability')"
                                  " ORDER BY text",
                                  &select, err);
    g->capability_row = rf_alloc(g->r->p->capabilities, sizeof *g->capability_row);
    if (g->capability_row == NULL) {
        status = rf_fail_memory(err, "the capabilities");
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        if (count < g->r->p->capabilities) { /* as many as were kept: the caller has seen to it */
            g->capability_row[count++] = rf_column_int(select, 0);
        }
    }
    rf_statement_end(select);
    return status;
}

/* Notes one row: account, day, capability, requests, hours from `first` on. */
static rf_status take_row(gathering *g, rf_statement *row, uint32_t account, rf_error *err)
{
    int64_t const day = rf_column_int(row, 1);
    int64_t const capability = rf_column_int(row, 2);
    uint64_t const requests = (uint64_t)rf_column_int(row, 3);
    uint32_t c = 0;
    if (!rf_reserve(&g->days, &g->day_room, g->day_count + 1, sizeof *g->days) ||
        !rf_reserve(&g->use, &g->use_room, g->uses + 1, sizeof *g->use)) {
        return rf_fail_memory(err, "the activity of accounts");
    }
    g->days[g->day_count++] = (uint64_t)(day + 1) << 32 | (uint32_t)rf_column_int(row, 4);
    g->r->p->requests[account] += requests;
    while (c < g->r->p->capabilities && g->capability_row[c] != capability) {
        c++;
    }
    if (capability != 0 && c < g->r->p->capabilities) {
        g->use[g->uses++] = (new_use){account, c, requests};
    }
    return RF_OK;
}

static int by_number(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* A day counts once, and so does an hour of it. */
static void add_days(gathering *g, uint32_t account)
{
    rf_population *p = g->r->p;
    if (g->day_count > 1) {
        qsort(g->days, g->day_count, sizeof *g->days, by_number);
    }
    for (size_t i = 0; i < g->day_count;) {
        uint64_t const day = g->days[i] >> 32;
        uint32_t hours = 0;
        for (; i < g->day_count && g->days[i] >> 32 == day; i++) {
            hours |= (uint32_t)g->days[i];
        }
        rf_note_day(p, account, (uint32_t)day);
        for (; hours != 0; hours &= hours - 1) {
            uint16_t *count = &p->hours[account][__builtin_ctz(hours) % 24];
            *count = (uint16_t)(*count + (*count < UINT16_MAX));
        }
    }
    g->day_count = 0;
}

static rf_status read_anew(gathering *g, uint32_t account, rf_error *err)
{
    rf_population *p = g->r->p;
    bool row = true;
    rf_status status = RF_OK;
    g->day_count = 0;
    g->anew[account] = 1;
    p->requests[account] = 0;
    p->active_days[account] = 0;
    p->first_use[account] = 0;
    p->last_use[account] = 0;
    p->undated[account] = 0;
    memset(p->hours[account], 0, sizeof p->hours[account]);
    while (g->uses > 0 && g->use[g->uses - 1].account == account) {
        g->uses--;
    }
    if (g->select == NULL) {
        status = rf_prepare(g->r->store,
                            "SELECT account, day, capability, requests, hours FROM activity"
                            " WHERE account = ?1",
                            &g->select, err);
    }
    if (status == RF_OK) {
        rf_bind_int(g->select, 1, p->account_row[account]);
    }
    while (status == RF_OK && (status = rf_step(g->select, &row, err)) == RF_OK && row) {
        status = take_row(g, g->select, account, err);
    }
    return status;
}

/* All news of an account are read; `earlier`: some are of days that others told of, too. */
static rf_status finish_account(gathering *g, uint32_t account, bool earlier, rf_error *err)
{
    rf_status status = RF_OK;
    if (account == UINT32_MAX) {
        return RF_OK;
    }
    if (earlier) {
        status = read_anew(g, account, err);
    }
    add_days(g, account);
    return status;
}

static rf_status read_news(gathering *g, rf_error *err)
{
    rf_renewer *r = g->r;
    rf_statement *select = NULL;
    uint32_t current = UINT32_MAX;
    bool earlier = false;
    bool row = true;
    rf_status status = rf_prepare(r->store,
                                  "SELECT account, day, capability, requests, hours, import"
                                  " FROM news_activity ORDER BY account, day",
                                  &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(&r->map, rf_column_int(select, 0));
        int64_t const day = rf_column_int(select, 1);
        int64_t const import = rf_column_int(select, 5);
        if (a == UINT32_MAX || import <= r->figure[RF_KEPT_IMPORT]) {
            continue;
        }
        if (a != current) {
            status = finish_account(g, current, earlier, err);
            current = a;
            earlier = false;
        }
        earlier = earlier || (day != RF_NO_DAY && day <= r->figure[RF_KEPT_ACTIVITY_DAY]);
        if (import > r->since) {
            r->out->fresh[a] |= RF_NEW_FACTS;
        }
        if (status == RF_OK) {
            status = take_row(g, select, a, err);
        }
    }
    rf_statement_end(select);
    return status == RF_OK ? finish_account(g, current, earlier, err) : status;
}

/* ---- capabilities ---- */

static int by_account(const void *left, const void *right)
{
    const new_use *a = left;
    const new_use *b = right;
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    return (a->capability > b->capability) - (a->capability < b->capability);
}

/* Adds to the uses of an account, which stand from `first` on. */
static void add_use(rf_capability_use *first, uint64_t *count, const new_use *add)
{
    uint64_t at = 0;
    while (at < *count && first[at].capability != add->capability) {
        at++;
    }
    if (at == *count) {
        first[at] = (rf_capability_use){.capability = add->capability};
        (*count)++;
    }
    first[at].requests += add->requests;
}

static rf_status lay_out_uses(gathering *g, rf_error *err)
{
    const rf_population *base = &g->r->base;
    rf_population *p = g->r->p;
    uint64_t const most = base->capability_start[base->accounts] + g->uses;
    uint64_t at = 0;
    size_t next = 0;
    uint32_t b = 0;
    p->capability_start = rf_alloc_raw((size_t)p->accounts + 1, sizeof *p->capability_start);
    p->capability_use = rf_alloc_raw(most, sizeof *p->capability_use);
    if (p->capability_start == NULL || p->capability_use == NULL) {
        return rf_fail_memory(err, "the capability counts");
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        bool const known = b < base->accounts && g->r->moved[b] == a;
        uint64_t count = 0;
        p->capability_start[a] = at;
        if (known && g->anew[a] == 0) {
            count = base->capability_start[b + 1] - base->capability_start[b];
            for (uint64_t i = 0; i < count; i++) {
                p->capability_use[at + i] = base->capability_use[base->capability_start[b] + i];
            }
        }
        b += known;
        for (; next < g->uses && g->use[next].account == a; next++) {
            add_use(p->capability_use + at, &count, &g->use[next]);
        }
        at += count;
    }
    p->capability_start[p->accounts] = at;
    return RF_OK;
}

rf_status rf_renew_activity(rf_renewer *renewer, rf_error *err)
{
    rf_population *p = renewer->p;
    gathering g = {.r = renewer};
    rf_status status;
    p->capability = renewer->base.capability;
    p->capabilities = renewer->base.capabilities;
    renewer->base.capability = NULL;
    g.anew = rf_alloc(p->accounts, 1);
    status = g.anew == NULL ? rf_fail_memory(err, "the activity of accounts")
                            : read_capability_rows(&g, err);
    if (status == RF_OK) {
        status = read_news(&g, err);
    }
    if (status == RF_OK && g.uses > 1) {
        qsort(g.use, g.uses, sizeof *g.use, by_account);
    }
    if (status == RF_OK) {
        status = lay_out_uses(&g, err);
    }
    rf_statement_end(g.select);
    rf_free(g.days);
    rf_free(g.use);
    rf_free(g.anew);
    rf_free(g.capability_row);
    return status;
}
