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

/* Days active in each hour, to be added to what is kept, or in its place. */
typedef struct new_hours {
    uint32_t account;
    uint16_t days[24];
} new_hours;

/* The row of an account as it becomes, in a list of such. */
typedef struct new_row {
    uint32_t account;
    uint64_t first, count, had; /* had: elements it was */
} new_row;

typedef struct gathering {
    rf_renewer *r;
    int64_t *capability_row; /* by index into capability */
    uint64_t *days;          /* of the account at hand: (day + 1) << 32 | hours */
    size_t day_count, day_room;
    new_use *use;
    size_t uses, use_room;
    new_hours *hours; /* of accounts with news */
    size_t hour_count, hour_room;
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

/* A day counts once, and so does an hour of it. False when memory is short. */
static bool add_days(gathering *g, uint32_t account)
{
    rf_population *p = g->r->p;
    new_hours *to;
    if (!rf_reserve(&g->hours, &g->hour_room, g->hour_count + 1, sizeof *g->hours)) {
        return false;
    }
    to = &g->hours[g->hour_count++];
    *to = (new_hours){.account = account};
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
            uint16_t *count = &to->days[__builtin_ctz(hours) % 24];
            *count = (uint16_t)(*count + (*count < UINT16_MAX));
        }
    }
    g->day_count = 0;
    return true;
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
    return status == RF_OK && !add_days(g, account)
               ? rf_fail_memory(err, "the activity of accounts")
               : status;
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

/* ---- rows as they become ---- */

/* What was kept of an account, in rows that start there; none when it is new, or read anew. */
static void find_kept(const gathering *g, const uint64_t *start, uint32_t account, uint64_t *first,
                      uint64_t *count, uint64_t *had)
{
    const rf_renewer *r = g->r;
    uint32_t low = 0;
    uint32_t high = r->base.accounts;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (r->moved[middle] < account) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = 0;
    *had = 0;
    if (low < r->base.accounts && r->moved[low] == account) {
        *first = start[low];
        *had = start[low + 1] - start[low];
    }
    *count = g->anew[account] != 0 ? 0 : *had;
}

/* Rows of *array (elements of `size` bytes; those of account a from start[a] on) are told anew, and
 * take their places with all others; rows are ascending by account, none shorter than it was. From
 * the end, so that no other array is needed: nothing moves to the front. */
static bool replace_rows(const rf_renewer *r, uint64_t *start, void *array_address, size_t size,
                         const new_row *row, size_t rows, const void *told)
{
    uint64_t old_end = start[r->base.accounts];
    uint64_t at = old_end;
    uint32_t b = r->base.accounts;
    uint32_t k = r->addeds;
    char *array;
    for (size_t i = 0; i < rows; i++) {
        at += row[i].count - row[i].had;
    }
    if (!rf_resize(array_address, at, size)) {
        return false;
    }
    memcpy(&array, array_address, sizeof array);
    for (uint32_t a = r->p->accounts; a > 0;) {
        bool const told_anew = rows > 0 && row[rows - 1].account == a - 1;
        bool const added = k > 0 && r->added[k - 1].at + (k - 1) == a - 1;
        uint64_t first = old_end;
        uint64_t count = 0;
        start[a--] = at;
        if (added) {
            k--;
        } else {
            first = start[--b];
            count = old_end - first;
            old_end = first;
        }
        if (told_anew) {
            rows--;
            at -= row[rows].count;
            memcpy(array + at * size, (const char *)told + row[rows].first * size,
                   row[rows].count * size);
        } else if (count > 0) {
            at -= count;
            memmove(array + at * size, array + first * size, count * size);
        }
    }
    start[0] = 0;
    return true;
}

/* ---- hours ---- */

static int by_account_of_hours(const void *left, const void *right)
{
    uint32_t const a = ((const new_hours *)left)->account;
    uint32_t const b = ((const new_hours *)right)->account;
    return (a > b) - (a < b);
}

static rf_status renew_hours(gathering *g, rf_error *err)
{
    rf_population *p = g->r->p;
    new_row *row = rf_alloc(g->hour_count, sizeof *row);
    uint16_t *told = NULL;
    size_t room = 0;
    uint64_t all = 0;
    bool good = row != NULL;
    if (g->hour_count > 1) {
        qsort(g->hours, g->hour_count, sizeof *g->hours, by_account_of_hours);
    }
    for (size_t i = 0; i < g->hour_count && good; i++) {
        new_hours *one = &g->hours[i];
        uint64_t first;
        uint64_t count;
        uint64_t had;
        find_kept(g, p->hour_start, one->account, &first, &count, &had);
        for (uint64_t k = first; k < first + count; k++) {
            uint16_t *days = &one->days[p->hour_use[k] & 31];
            unsigned const sum = *days + (p->hour_use[k] >> 5);
            *days = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
        }
        good = rf_reserve(&told, &room, all + RF_HOUR_USES + had, sizeof *told);
        if (good) {
            row[i] = (new_row){one->account, all, rf_hours_put(one->days, told + all), had};
            for (; row[i].count < had; row[i].count++) { /* what was seen is seen for good */
                told[all + row[i].count] = 0;
            }
            all += row[i].count;
        }
    }
    good = good &&
           replace_rows(g->r, p->hour_start, &p->hour_use, sizeof *told, row, g->hour_count, told);
    rf_free(row);
    rf_free(told);
    return good ? RF_OK : rf_fail_memory(err, "the activity of accounts");
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

static rf_status renew_uses(gathering *g, rf_error *err)
{
    rf_population *p = g->r->p;
    new_row *row = rf_alloc(g->uses, sizeof *row);
    rf_capability_use *told = NULL;
    size_t rows = 0;
    size_t room = 0;
    uint64_t all = 0;
    bool good = row != NULL;
    if (g->uses > 1) {
        qsort(g->use, g->uses, sizeof *g->use, by_account);
    }
    for (size_t i = 0, end; i < g->uses && good; i = end) {
        uint32_t const account = g->use[i].account;
        uint64_t first;
        uint64_t count;
        uint64_t had;
        for (end = i + 1; end < g->uses && g->use[end].account == account;) {
            end++;
        }
        find_kept(g, p->capability_start, account, &first, &count, &had);
        good = rf_reserve(&told, &room, all + had + (end - i), sizeof *told);
        for (uint64_t k = 0; k < count && good; k++) {
            told[all + k] = p->capability_use[first + k];
        }
        for (size_t k = i; k < end && good; k++) {
            add_use(told + all, &count, &g->use[k]);
        }
        for (; count < had && good; count++) { /* what was used was used for good */
            told[all + count] = (rf_capability_use){0};
        }
        row[rows++] = (new_row){account, all, count, had};
        all += count;
    }
    good = good && replace_rows(g->r, p->capability_start, &p->capability_use, sizeof *told, row,
                                rows, told);
    rf_free(row);
    rf_free(told);
    return good ? RF_OK : rf_fail_memory(err, "the capability counts");
}

/* What an array is becomes another's. */
static void hand_over(rf_population *from, rf_population *to)
{
    to->capability = from->capability;
    to->capabilities = from->capabilities;
    to->capability_start = from->capability_start;
    to->capability_use = from->capability_use;
    to->hour_start = from->hour_start;
    to->hour_use = from->hour_use;
    from->capability = NULL;
    from->capability_start = NULL;
    from->capability_use = NULL;
    from->hour_start = NULL;
    from->hour_use = NULL;
}

rf_status rf_renew_activity(rf_renewer *renewer, rf_error *err)
{
    rf_population *p = renewer->p;
    gathering g = {.r = renewer};
    rf_status status;
    hand_over(&renewer->base, p);
    g.anew = rf_alloc(p->accounts, 1);
    status = g.anew == NULL ? rf_fail_memory(err, "the activity of accounts")
                            : read_capability_rows(&g, err);
    if (status == RF_OK) {
        status = read_news(&g, err);
    }
    if (status == RF_OK) {
        status = renew_hours(&g, err);
    }
    if (status == RF_OK) {
        status = renew_uses(&g, err);
    }
    rf_statement_end(g.select);
    rf_free(g.days);
    rf_free(g.use);
    rf_free(g.hours);
    rf_free(g.anew);
    rf_free(g.capability_row);
    return status;
}
