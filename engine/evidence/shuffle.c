/* shuffle.c - see shuffle.h. */
#include "evidence/shuffle.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/parallel.h"

#include <string.h>

/* ---- the plan ---- */

/* Signal and day as one number; equal for all groups of a window. */
static uint64_t key_of_window(const rf_population *p, uint32_t group)
{
    uint32_t const s = p->value_signal[p->group_value[group]];
    int32_t const day = p->signal[s].windowed ? p->group_day[group] : RF_NO_DAY;
    return (uint64_t)s << 32 | ((uint32_t)day ^ UINT32_C(0x80000000));
}

/* The first window with at least this key. */
static uint32_t find_window(const rf_shuffle *s, uint64_t key)
{
    uint32_t low = 0;
    uint32_t high = s->windows;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (s->window_key[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Windows are few beside groups: days times signals. */
static rf_status list_windows(rf_shuffle *s, rf_error *err)
{
    const rf_population *p = s->facts;
    size_t room = 0;
    for (uint32_t g = 0; g < p->groups; g++) {
        uint64_t const key = key_of_window(p, g);
        uint32_t const at = find_window(s, key);
        if (at < s->windows && s->window_key[at] == key) {
            continue;
        }
        if (!rf_reserve(&s->window_key, &room, (size_t)s->windows + 1, sizeof *s->window_key)) {
            return rf_fail_memory(err, "the windows of the shuffle");
        }
        memmove(s->window_key + at + 1, s->window_key + at,
                (s->windows - at) * sizeof *s->window_key);
        s->window_key[at] = key;
        s->windows++;
    }
    return RF_OK;
}

/* A key of a value by who holds it on which day: values with equal keys are interchangeable. */
static uint64_t key_of_value(const rf_population *p, uint32_t value)
{
    uint64_t key = p->value_signal[value];
    for (uint32_t g = p->value_group_start[value]; g < p->value_group_start[value + 1]; g++) {
        const uint32_t *holders = rf_group_holders(p, g);
        key = rf_mix2(key, (uint64_t)p->group_day[g]);
        for (uint32_t i = 0; i < rf_group_size(p, g); i++) {
            key = rf_mix2(key, holders[i]);
        }
    }
    return key;
}

/* An account's groups inside a window in an order that does not depend on that of values. */
static void order_run(const rf_population *p, const uint64_t *value_key, uint32_t *run,
                      uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        uint32_t const moved = run[i];
        uint64_t const key = value_key[p->group_value[moved]];
        uint64_t j = i;
        while (j > 0 && value_key[p->group_value[run[j - 1]]] > key) {
            run[j] = run[j - 1];
            j--;
        }
        run[j] = moved;
    }
}

static void list_holdings(rf_shuffle *s, const uint32_t *window_of, const uint64_t *value_key)
{
    const rf_population *p = s->facts;
    for (uint32_t g = 0; g < p->groups; g++) {
        s->start[window_of[g] + 1] += rf_group_size(p, g);
    }
    for (uint32_t w = 0; w < s->windows; w++) {
        s->start[w + 1] += s->start[w];
        s->cursor[w] = s->start[w];
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        for (uint64_t i = p->account_start[a]; i < p->account_start[a + 1]; i++) {
            uint32_t const g = p->account_group[i];
            uint64_t const at = s->cursor[window_of[g]]++;
            s->account[at] = a;
            s->held[at] = g;
        }
    }
    for (uint32_t w = 0; w < s->windows; w++) {
        for (uint64_t first = s->start[w], end; first < s->start[w + 1]; first = end) {
            for (end = first + 1; end < s->start[w + 1] && s->account[end] == s->account[first];) {
                end++;
            }
            order_run(p, value_key, s->held + first, end - first);
        }
    }
}

static rf_status allocate(rf_shuffle *s, rf_error *err)
{
    const rf_population *p = s->facts;
    uint64_t const holdings = p->groups == 0 ? 0 : p->group_start[p->groups];
    uint32_t const most = p->groups > p->accounts ? p->groups : p->accounts;
    s->start = rf_alloc((size_t)s->windows + 1, sizeof *s->start);
    s->account = rf_alloc_raw(holdings, sizeof *s->account);
    s->held = rf_alloc_raw(holdings, sizeof *s->held);
    s->now = rf_alloc_raw(holdings, sizeof *s->now);
    s->holder = rf_alloc_raw(holdings, sizeof *s->holder);
    s->account_group = rf_alloc_raw(holdings, sizeof *s->account_group);
    s->cursor = rf_alloc_raw(most, sizeof *s->cursor);
    return s->start == NULL || s->account == NULL || s->held == NULL || s->now == NULL ||
                   s->holder == NULL || s->account_group == NULL || s->cursor == NULL
               ? rf_fail_memory(err, "the shuffled holdings")
               : RF_OK;
}

rf_status rf_shuffle_plan(const rf_population *facts, rf_shuffle *shuffle, rf_error *err)
{
    uint32_t *window_of = NULL;
    uint64_t *value_key = NULL;
    rf_status status;
    *shuffle = (rf_shuffle){.facts = facts};
    status = list_windows(shuffle, err);
    if (status == RF_OK) {
        status = allocate(shuffle, err);
    }
    if (status == RF_OK) {
        window_of = rf_alloc_raw(facts->groups, sizeof *window_of);
        value_key = rf_alloc_raw(facts->values, sizeof *value_key);
        status = window_of == NULL || value_key == NULL
                     ? rf_fail_memory(err, "the windows of the shuffle")
                     : RF_OK;
    }
    if (status == RF_OK) {
        for (uint32_t g = 0; g < facts->groups; g++) {
            window_of[g] = find_window(shuffle, key_of_window(facts, g));
        }
        for (uint32_t v = 0; v < facts->values; v++) {
            value_key[v] = key_of_value(facts, v);
        }
        list_holdings(shuffle, window_of, value_key);
        shuffle->population = *facts;
    }
    rf_free(window_of);
    rf_free(value_key);
    if (status != RF_OK) {
        rf_shuffle_free(shuffle);
    }
    return status;
}

void rf_shuffle_free(rf_shuffle *shuffle)
{
    rf_free(shuffle->window_key);
    rf_free(shuffle->start);
    rf_free(shuffle->account);
    rf_free(shuffle->held);
    rf_free(shuffle->now);
    rf_free(shuffle->holder);
    rf_free(shuffle->account_group);
    rf_free(shuffle->cursor);
    *shuffle = (rf_shuffle){0};
}

/* ---- one window ---- */

/* The holdings of a window while they are exchanged, and its own source of draws. */
typedef struct window {
    const uint32_t *account;
    uint32_t *group;
    uint64_t count;
    uint64_t key, draws;
} window;

static uint64_t draw_below(window *w, uint64_t limit)
{
    uint64_t const draw = rf_mix2(w->key, w->draws++) >> 32;
    return limit >> 32 == 0 ? draw * limit >> 32 : rf_mix(w->key ^ w->draws) % limit;
}

/* How often the account of holding i holds the group. */
static uint32_t times_held(const window *w, uint64_t i, uint32_t group)
{
    uint32_t times = 0;
    uint64_t k = i;
    while (k > 0 && w->account[k - 1] == w->account[i]) {
        k--;
    }
    for (; k < w->count && w->account[k] == w->account[i]; k++) {
        times += w->group[k] == group;
    }
    return times;
}

/* Exchanges the groups of two holdings, unless somebody would then hold a group twice. */
static bool exchange(window *w, uint64_t i, uint64_t j)
{
    uint32_t const a = w->group[i];
    uint32_t const b = w->group[j];
    if (a == b || w->account[i] == w->account[j] || times_held(w, i, b) > 0 ||
        times_held(w, j, a) > 0) {
        return false;
    }
    w->group[i] = b;
    w->group[j] = a;
    return true;
}

static void permute(window *w)
{
    for (uint64_t i = w->count; i > 1; i--) {
        uint64_t const j = draw_below(w, i);
        uint32_t const group = w->group[i - 1];
        w->group[i - 1] = w->group[j];
        w->group[j] = group;
    }
}

/* Sees to it that nobody holds a group twice; false when exchanges one at a time cannot. */
static bool repair(window *w)
{
    uint64_t patience = RF_REPAIR_SCANS * w->count;
    for (uint64_t i = 0; i < w->count; i++) {
        bool done = (i == 0 || w->account[i - 1] != w->account[i]) &&
                    (i + 1 == w->count || w->account[i + 1] != w->account[i]);
        done = done || times_held(w, i, w->group[i]) == 1;
        for (int k = 0; k < RF_REPAIR_TRIES && !done; k++) {
            done = exchange(w, i, draw_below(w, w->count));
        }
        for (uint64_t j = 0; j < w->count && patience > 0 && !done; j++) {
            done = exchange(w, i, j);
            patience--;
        }
        if (!done) {
            return false;
        }
    }
    return true;
}

static void mix_lawfully(window *w)
{
    for (int sweep = 0; sweep < RF_SWEEPS; sweep++) {
        for (uint64_t i = 0; i < w->count; i++) {
            (void)exchange(w, i, draw_below(w, w->count));
        }
    }
}

/* ---- a draw ---- */

typedef struct shuffle_task {
    rf_shuffle *s;
    uint64_t key;
} shuffle_task;

static rf_status shuffle_windows(void *context, size_t block, size_t first, size_t end,
                                 unsigned worker, rf_error *err)
{
    const shuffle_task *task = context;
    rf_shuffle *s = task->s;
    (void)block;
    (void)worker;
    (void)err;
    for (size_t k = first; k < end; k++) {
        uint64_t const from = s->start[k];
        window w = {.account = s->account + from,
                    .group = s->now + from,
                    .count = s->start[k + 1] - from,
                    .key = rf_mix2(task->key, s->window_key[k])};
        memcpy(w.group, s->held + from, w.count * sizeof *w.group);
        permute(&w);
        if (!repair(&w)) {
            memcpy(w.group, s->held + from, w.count * sizeof *w.group);
            mix_lawfully(&w);
        }
    }
    return RF_OK;
}

/* Holdings come by account inside a window and a group lies in one window, so holders ascend. */
static void list_holders(rf_shuffle *s)
{
    const rf_population *p = s->facts;
    if (p->groups == 0) {
        return;
    }
    memcpy(s->cursor, p->group_start, p->groups * sizeof *s->cursor);
    for (uint64_t i = 0; i < s->start[s->windows]; i++) {
        s->holder[s->cursor[s->now[i]]++] = s->account[i];
    }
    memcpy(s->cursor, p->account_start, p->accounts * sizeof *s->cursor);
    for (uint32_t g = 0; g < p->groups; g++) {
        for (uint64_t i = p->group_start[g]; i < p->group_start[g + 1]; i++) {
            s->account_group[s->cursor[s->holder[i]]++] = g;
        }
    }
}

rf_status rf_shuffle_draw(rf_shuffle *shuffle, uint64_t seed, uint32_t number, unsigned threads,
                          rf_error *err)
{
    shuffle_task task = {shuffle, rf_mix2(rf_mix2(UINT64_C(0x73687566666c65), seed), number)};
    rf_status const status = rf_parallel(threads, shuffle->windows, 1, shuffle_windows, &task, err);
    if (status == RF_OK) {
        list_holders(shuffle);
        shuffle->population.holder = shuffle->holder;
        shuffle->population.account_group = shuffle->account_group;
    }
    return status;
}
