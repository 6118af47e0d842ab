/* population_groups.c - who holds what: as kept, and what came since; see population_renew.h.
 *
 * News come by value, like what is kept; both are gone through side by side. What is kept knows
 * groups of two or more: where a value or a day of it has none, and may have been seen before, all
 * that was seen there is looked up.
 */
#include "store/population_renew.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* An account newly seen with a value; day plus one, 0 for stable signals and undated sightings. */
typedef struct addition {
    uint32_t value, day, account;
    uint16_t network;
    uint8_t signal;
    bool fresh; /* since the last update */
} addition;

typedef struct additions {
    addition *one;
    size_t count, room;
} additions;

typedef struct builder {
    rf_renewer *r;
    rf_population *p;
    uint8_t signal_of[1 << 16]; /* by signal.id: index, NO_SIGNAL for context signals */
    additions seen;             /* in groups that may be: by value and day */
    additions held;             /* values newly held: by value */
    size_t next_held;
    uint32_t *holder; /* of the group at hand, ascending */
    size_t holders, holder_room;
    uint32_t *came; /* those who come to it */
    size_t came_room;
    size_t value_room[5], group_room[4], all_room;
    uint64_t all; /* holdings so far */
    rf_statement *of_value, *of_day;
} builder;

enum { NO_SIGNAL = 0xff };

/* ---- reading the news ---- */

static bool is_allowed(const rf_population *p, int64_t value)
{
    uint32_t low = 0;
    uint32_t high = p->alloweds;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (p->allowed[middle].value_row == value) {
            return true;
        }
        if (p->allowed[middle].value_row < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

static uint16_t network_of(const builder *b, uint8_t signal, rf_statement *select)
{
    const char *text = rf_column_text(select, 5);
    return rf_network_of(&b->p->signal[signal], text, strlen(text));
}

/* value, day, account, import, signal, text */
static rf_status read_additions(builder *b, const char *sql, additions *out, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(b->r->store, sql, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, b->r->figure[RF_KEPT_IMPORT]);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int64_t const signal = rf_column_int(select, 4);
        addition const one = {.value = (uint32_t)rf_column_int(select, 0),
                              .day = (uint32_t)(rf_column_int(select, 1) + 1),
                              .account = rf_account_number(&b->r->map, rf_column_int(select, 2)),
                              .signal = signal < (1 << 16) ? b->signal_of[signal] : NO_SIGNAL,
                              .fresh = rf_column_int(select, 3) > b->r->since};
        if (one.signal == NO_SIGNAL || one.account == UINT32_MAX || is_allowed(b->p, one.value)) {
            continue;
        }
        if (!rf_reserve(&out->one, &out->room, out->count + 1, sizeof *out->one)) {
            return rf_fail_memory(err, "the news");
        }
        out->one[out->count] = one;
        out->one[out->count++].network = network_of(b, one.signal, select);
    }
    rf_statement_end(select);
    return status;
}

static int by_place(const void *left, const void *right)
{
    const addition *a = left;
    const addition *b = right;
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

static rf_status read_news(builder *b, rf_error *err)
{
    rf_status status = read_additions(
        b,
        "SELECT n.value, -1, n.account, n.import, v.signal, v.text FROM news_holding n"
        " CROSS JOIN value v ON v.id = n.value WHERE n.import > ?1 ORDER BY n.value, n.account",
        &b->held, err);
    if (status == RF_OK) {
        status = read_additions(
            b,
            "SELECT n.value, n.day, n.account, n.import, v.signal, v.text FROM news_sighting n"
            " CROSS JOIN value v ON v.id = n.value WHERE n.import > ?1 ORDER BY n.value, n.day",
            &b->seen, err);
    }
    for (size_t i = 0; i < b->held.count && status == RF_OK; i++) {
        const addition *one = &b->held.one[i];
        if (b->p->signal[one->signal].windowed) {
            continue;
        }
        if (!rf_reserve(&b->seen.one, &b->seen.room, b->seen.count + 1, sizeof *b->seen.one)) {
            status = rf_fail_memory(err, "the news");
            break;
        }
        b->seen.one[b->seen.count++] = *one;
    }
    if (status == RF_OK && b->seen.count > 1) {
        qsort(b->seen.one, b->seen.count, sizeof *b->seen.one, by_place);
    }
    return status;
}

/* ---- what accounts hold ---- */

/* How the instruments of an account are funded, as holdings.c tells it. */
static rf_status tell_funding(builder *b, rf_statement *select, uint32_t account, rf_error *err)
{
    rf_population *p = b->p;
    bool ordinary = false;
    bool prepaid = false;
    bool row = true;
    rf_status status = RF_OK;
    p->funded[account] = 0;
    p->unpaid[account] = 0;
    rf_bind_int(select, 1, p->account_row[account]);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        unsigned const funding = (unsigned)rf_column_int(select, 1);
        bool const one = (funding & RF_FUNDING_PREPAID) != 0;
        if (!is_allowed(p, rf_column_int(select, 0))) {
            rf_note_funding(p, account, funding);
            prepaid = prepaid || one;
            ordinary = ordinary || !one;
        }
    }
    p->prepaid[account] = prepaid ? (ordinary ? 1 : 2) : 0;
    return status;
}

static rf_status count_held(builder *b, rf_error *err)
{
    rf_population *p = b->p;
    rf_statement *select = NULL;
    rf_status status = rf_prepare(
        b->r->store,
        "SELECT h.value, ifnull((lower(i.funding) IN ('prepaid', 'virtual', 'gift'))"
        " + 2 * (i.funding <> '') + 4 * (i.funding IN ('prepaid', 'virtual')), 0)"
        " FROM holding h CROSS JOIN value v ON v.id = h.value"
        " LEFT JOIN instrument i ON i.value = h.value"
        " WHERE h.account = ?1 AND v.signal = (SELECT id FROM signal WHERE name = 'instrument')",
        &select, err);
    for (size_t i = 0; i < b->held.count && status == RF_OK; i++) {
        const addition *one = &b->held.one[i];
        const rf_signal *signal = &p->signal[one->signal];
        uint16_t **held = &p->held[one->signal];
        if (*held == NULL && (*held = rf_alloc(p->accounts, sizeof **held)) == NULL) {
            status = rf_fail_memory(err, "the counts of values held");
            break;
        }
        (*held)[one->account] =
            (uint16_t)((*held)[one->account] + ((*held)[one->account] < UINT16_MAX));
        if (!one->fresh) {
            p->observed[one->account] |= UINT64_C(1) << signal->family;
        }
        if (strcmp(signal->name, "instrument") == 0) {
            status = tell_funding(b, select, one->account, err);
        }
    }
    rf_statement_end(select);
    for (size_t i = 0; i < b->held.count && status == RF_OK; i++) { /* what was known by then is */
        const addition *one = &b->held.one[i];
        uint64_t const family = UINT64_C(1) << p->signal[one->signal].family;
        if (one->fresh) {
            bool const known = (p->observed[one->account] & family) != 0;
            b->r->out->fresh[one->account] |= RF_NEW_HOLDINGS | (known ? 0 : RF_NEW_FAMILY);
        }
    }
    for (size_t i = 0; i < b->held.count && status == RF_OK; i++) {
        const addition *one = &b->held.one[i];
        p->observed[one->account] |= UINT64_C(1) << p->signal[one->signal].family;
    }
    return status;
}

/* ---- building ---- */

static bool room_for(builder *b, uint32_t values, uint32_t groups, uint64_t holders)
{
    rf_population *p = b->p;
    size_t const v = (size_t)p->values + values + 2;
    size_t const g = (size_t)p->groups + groups + 2;
    if (v <= b->value_room[4] && g <= b->group_room[3] && b->all + holders <= b->all_room) {
        return true; /* those asked for last: the others were before */
    }
    return rf_reserve(&p->value_row, &b->value_room[0], v, sizeof *p->value_row) &&
           rf_reserve(&p->value_signal, &b->value_room[1], v, sizeof *p->value_signal) &&
           rf_reserve(&p->value_holders, &b->value_room[2], v, sizeof *p->value_holders) &&
           rf_reserve(&p->value_group_start, &b->value_room[3], v, sizeof *p->value_group_start) &&
           rf_reserve(&p->value_network, &b->value_room[4], v, sizeof *p->value_network) &&
           rf_reserve(&p->group_value, &b->group_room[0], g, sizeof *p->group_value) &&
           rf_reserve(&p->group_day, &b->group_room[1], g, sizeof *p->group_day) &&
           rf_reserve(&p->group_start, &b->group_room[2], g, sizeof *p->group_start) &&
           rf_reserve(&b->r->out->grown, &b->group_room[3], g, sizeof *b->r->out->grown) &&
           rf_reserve(&p->holder, &b->all_room, b->all + holders, sizeof *p->holder);
}

/* Values first..end of the base go over as they are. */
static rf_status copy_values(builder *b, uint32_t first, uint32_t end, rf_error *err)
{
    const rf_population *base = &b->r->base;
    rf_population *p = b->p;
    uint32_t const g_first = base->value_group_start[first];
    uint32_t const g_end = base->value_group_start[end];
    uint64_t const h_first = base->group_start[g_first];
    uint64_t const h_end = base->group_start[g_end];
    if (first == end) {
        return RF_OK;
    }
    if (!room_for(b, end - first, g_end - g_first, h_end - h_first)) {
        return rf_fail_memory(err, "the holdings");
    }
    for (uint32_t v = first; v < end; v++) {
        uint32_t const to = p->values++;
        p->value_row[to] = base->value_row[v];
        p->value_signal[to] = base->value_signal[v];
        p->value_holders[to] = base->value_holders[v];
        p->value_network[to] = base->value_network[v];
        p->value_group_start[to] = p->groups + (base->value_group_start[v] - g_first);
        for (uint32_t g = base->value_group_start[v]; g < base->value_group_start[v + 1]; g++) {
            p->group_value[p->groups + (g - g_first)] = to;
        }
    }
    memcpy(p->group_day + p->groups, base->group_day + g_first,
           (size_t)(g_end - g_first) * sizeof *p->group_day);
    memset(b->r->out->grown + p->groups, 0, (size_t)(g_end - g_first) * sizeof *b->r->out->grown);
    for (uint32_t g = g_first; g < g_end; g++) {
        p->group_start[p->groups + (g - g_first)] = base->group_start[g] - h_first + b->all;
    }
    for (uint64_t i = h_first; i < h_end; i++) {
        p->holder[b->all + (i - h_first)] = b->r->moved[base->holder[i]];
    }
    p->groups += g_end - g_first;
    b->all += h_end - h_first;
    return RF_OK;
}

static bool hold(builder *b, uint32_t account)
{
    if (!rf_reserve(&b->holder, &b->holder_room, b->holders + 1, sizeof *b->holder)) {
        return false;
    }
    b->holder[b->holders++] = account;
    return true;
}

/* Who was ever seen with the value (on the day, when there is one). */
static rf_status look_up(builder *b, int64_t value, const int32_t *day, rf_error *err)
{
    rf_statement **select = day == NULL ? &b->of_value : &b->of_day;
    bool row = true;
    rf_status status = RF_OK;
    b->holders = 0;
    if (*select == NULL) {
        status =
            rf_prepare(b->r->store,
                       day == NULL ? "SELECT DISTINCT account FROM sighting WHERE value = ?1"
                                   : "SELECT DISTINCT account FROM sighting WHERE value = ?1 AND"
                                     " day = ?2",
                       select, err);
    }
    if (status == RF_OK) {
        rf_bind_int(*select, 1, value);
        if (day != NULL) {
            rf_bind_int(*select, 2, *day);
        }
    }
    while (status == RF_OK && (status = rf_step(*select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_account_number(&b->r->map, rf_column_int(*select, 0));
        if (a != UINT32_MAX && !hold(b, a)) {
            status = rf_fail_memory(err, "the holdings");
        }
    }
    return status;
}

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Those added (ascending) take their places among the holders at hand; false when memory is short.
 */
static bool take_in(builder *b, const addition *added, size_t count)
{
    size_t at = b->holders;
    size_t came = 0;
    if (!rf_reserve(&b->came, &b->came_room, count, sizeof *b->came) ||
        !rf_reserve(&b->holder, &b->holder_room, b->holders + count, sizeof *b->holder)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t const account = added[i].account;
        bool const again = came > 0 && b->came[came - 1] == account;
        if (!again &&
            (at == 0 || bsearch(&account, b->holder, at, sizeof *b->holder, ascending) == NULL)) {
            b->came[came++] = account;
        }
    }
    b->holders += came;
    for (size_t to = b->holders; came > 0;) { /* from the end */
        b->holder[--to] =
            at > 0 && b->holder[at - 1] > b->came[came - 1] ? b->holder[--at] : b->came[--came];
    }
    return true;
}

/* The holders at hand, with those added, become a group when there are two. */
static rf_status finish_group(builder *b, const addition *added, size_t count, uint32_t day,
                              rf_error *err)
{
    rf_population *p = b->p;
    size_t kept;
    uint32_t grown = 0;
    if (!take_in(b, added, count)) {
        return rf_fail_memory(err, "the holdings");
    }
    kept = b->holders;
    if (kept < 2) {
        return RF_OK;
    }
    if (!room_for(b, 1, 1, kept)) {
        return rf_fail_memory(err, "the holdings");
    }
    for (size_t i = 0; i < count; i++) {
        bool const again = i > 0 && added[i].account == added[i - 1].account;
        if (added[i].fresh && !again) {
            b->r->out->fresh[added[i].account] |= RF_NEW_GROUP;
            grown++;
        }
    }
    p->group_value[p->groups] = p->values;
    p->group_day[p->groups] = (int32_t)day - 1;
    p->group_start[p->groups] = b->all;
    b->r->out->grown[p->groups++] = grown;
    memcpy(p->holder + b->all, b->holder, kept * sizeof *b->holder);
    b->all += kept;
    return RF_OK;
}

/* Group g of the base is at hand. */
static bool hold_group(builder *b, uint32_t g)
{
    const rf_population *base = &b->r->base;
    b->holders = 0;
    for (uint64_t i = base->group_start[g]; i < base->group_start[g + 1]; i++) {
        if (!hold(b, b->r->moved[base->holder[i]])) {
            return false;
        }
    }
    return true;
}

/* Whether the value may have been seen there (on that day, when windowed) before the news. */
static bool may_be_older(const builder *b, const addition *one, bool windowed)
{
    return one->value <= b->r->figure[RF_KEPT_VALUE_ROW] &&
           (!windowed || one->day == 0 ||
            (int64_t)one->day - 1 <= b->r->figure[RF_KEPT_SIGHTING_DAY]);
}

/* The groups of a value: of the base from g to g_end, and the news. */
static rf_status merge_groups(builder *b, uint32_t g, uint32_t g_end, const addition *one,
                              size_t count, rf_error *err)
{
    const rf_population *base = &b->r->base;
    bool const windowed = b->p->signal[one->signal].windowed;
    rf_status status = RF_OK;
    for (size_t i = 0; (i < count || g < g_end) && status == RF_OK;) {
        uint32_t const next = i < count ? one[i].day : UINT32_MAX;
        uint32_t const old = g < g_end ? (uint32_t)(base->group_day[g] + 1) : UINT32_MAX;
        uint32_t const day = next < old ? next : old;
        size_t end = i;
        while (end < count && one[end].day == day) {
            end++;
        }
        b->holders = 0;
        if (old == day) {
            status = hold_group(b, g++) ? RF_OK : rf_fail_memory(err, "the holdings");
        } else if (may_be_older(b, &one[i], windowed)) {
            int32_t const looked_up = (int32_t)day - 1;
            status = look_up(b, one->value, windowed ? &looked_up : NULL, err);
            qsort(b->holder, b->holders, sizeof *b->holder, ascending);
        }
        if (status == RF_OK) {
            status = finish_group(b, one + i, end - i, day, err);
        }
        i = end;
    }
    return status;
}

/* How many accounts were ever seen with the value just built; those newly seen are in `held`. */
static rf_status count_holders(builder *b, const addition *one, uint32_t kept, uint32_t *holders,
                               rf_error *err)
{
    const rf_population *p = b->p;
    uint32_t newly = 0;
    rf_status status = RF_OK;
    while (b->next_held < b->held.count && b->held.one[b->next_held].value < one->value) {
        b->next_held++;
    }
    for (size_t i = b->next_held; i < b->held.count && b->held.one[i].value == one->value; i++) {
        newly++;
    }
    if (!p->signal[one->signal].windowed) {
        *holders = rf_group_size(p, p->groups - 1);
    } else if (kept > 0 || one->value > b->r->figure[RF_KEPT_VALUE_ROW]) {
        *holders = kept + newly;
    } else {
        status = look_up(b, one->value, NULL, err);
        *holders = (uint32_t)b->holders;
    }
    return status;
}

/* A value of which there are news; v is its number in the base, UINT32_MAX for none. */
static rf_status merge_value(builder *b, uint32_t v, const addition *one, size_t count,
                             rf_error *err)
{
    const rf_population *base = &b->r->base;
    rf_population *p = b->p;
    bool const known = v != UINT32_MAX;
    uint32_t const first = p->groups;
    uint32_t holders = 0;
    rf_status status;
    if (!room_for(b, 1, 1, 0)) {
        return rf_fail_memory(err, "the values");
    }
    status = merge_groups(b, known ? base->value_group_start[v] : 0,
                          known ? base->value_group_start[v + 1] : 0, one, count, err);
    if (status != RF_OK || p->groups == first) {
        return status;
    }
    p->group_start[p->groups] = b->all;
    status = count_holders(b, one, known ? base->value_holders[v] : 0, &holders, err);
    p->value_row[p->values] = one->value;
    p->value_signal[p->values] = one->signal;
    p->value_holders[p->values] = holders;
    p->value_network[p->values] = one->network;
    p->value_group_start[p->values++] = first;
    return status;
}

static rf_status merge_all(builder *b, rf_error *err)
{
    const rf_population *base = &b->r->base;
    uint32_t const more = (uint32_t)b->seen.count;
    uint32_t v = 0;
    rf_status status = room_for(b, base->values + more, base->groups + more,
                                base->group_start[base->groups] + more)
                           ? RF_OK
                           : rf_fail_memory(err, "the holdings");
    for (size_t i = 0, end; i < b->seen.count && status == RF_OK; i = end) {
        uint32_t const value = b->seen.one[i].value;
        uint32_t first = v;
        for (end = i; end < b->seen.count && b->seen.one[end].value == value;) {
            end++;
        }
        while (v < base->values && base->value_row[v] < value) {
            v++;
        }
        status = copy_values(b, first, v, err);
        if (status == RF_OK) {
            bool const known = v < base->values && base->value_row[v] == value;
            status = merge_value(b, known ? v : UINT32_MAX, b->seen.one + i, end - i, err);
            v += known;
        }
    }
    if (status == RF_OK) {
        status = copy_values(b, v, base->values, err);
    }
    if (status == RF_OK && !room_for(b, 1, 1, 1)) {
        status = rf_fail_memory(err, "the holdings");
    }
    if (status == RF_OK) {
        b->p->group_start[b->p->groups] = b->all;
        b->p->value_group_start[b->p->values] = b->p->groups;
    }
    return status;
}

rf_status rf_renew_groups(rf_renewer *renewer, rf_error *err)
{
    rf_population *p = renewer->p;
    builder *b = rf_alloc(1, sizeof *b);
    rf_status status;
    if (b == NULL) {
        return rf_fail_memory(err, "the holdings");
    }
    b->r = renewer;
    b->p = p;
    memset(b->signal_of, NO_SIGNAL, sizeof b->signal_of);
    for (uint32_t s = 0; s < p->signals && s < NO_SIGNAL; s++) {
        if (p->signal[s].link && p->signal[s].row < (1 << 16)) {
            b->signal_of[p->signal[s].row] = (uint8_t)s;
        }
    }
    status = rf_allow_values(renewer->store, &p->allowed, &p->alloweds, err);
    if (status == RF_OK) {
        status = read_news(b, err);
    }
    if (status == RF_OK) {
        status = count_held(b, err);
    }
    if (status == RF_OK) {
        status = merge_all(b, err);
    }
    rf_statement_end(b->of_value);
    rf_statement_end(b->of_day);
    rf_free(b->seen.one);
    rf_free(b->held.one);
    rf_free(b->holder);
    rf_free(b->came);
    rf_free(b);
    return status;
}
