/* counts.c - see counts.h. */
#include "rings/counts.h"

#include "base/clock.h"
#include "base/order.h"
#include "rings/assemble.h"
#include "rings/figures.h"
#include "rings/timing.h"

#include <stdlib.h>

/* Sorts, and tells each number and how often it is there to `tell`, which is false when memory is
 * short. */
static bool tally(uint32_t *number, uint32_t count,
                  bool (*tell)(void *context, uint32_t number, uint32_t times), void *context)
{
    rf_order_small(number, count);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && number[end] == number[i];) {
            end++;
        }
        if (!tell(context, number[i], end - i)) {
            return false;
        }
    }
    return true;
}

/* ---- places ---- */

typedef struct places {
    const char *kind;
    const rf_coded *column;
    rf_findings *f;
    uint32_t ring; /* from 1: whose members are told */
} places;

static bool add_place_ring(void *context, uint32_t code, uint32_t accounts)
{
    const places *to = context;
    rf_findings *f = to->f;
    if (!rf_reserve(&f->place_ring, &f->place_ring_room, (size_t)f->place_rings + 1,
                    sizeof *f->place_ring)) {
        return false;
    }
    f->place_ring[f->place_rings++] =
        (rf_result_place_ring){to->kind, to->column->text[code], to->ring, accounts};
    return true;
}

static bool count_places(const rf_population *p, const uint32_t *ring, places *to,
                         uint32_t *scratch)
{
    rf_findings *f = to->f;
    const rf_coded *column = to->column;
    rf_result_place *place;
    if (!rf_resize(&f->place, (size_t)f->places + column->texts, sizeof *f->place)) {
        return false;
    }
    place = f->place + f->places;
    for (uint32_t c = 0; c < column->texts; c++) {
        place[c] = (rf_result_place){.kind = to->kind, .name = column->text[c]};
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        place[column->code[a]].accounts++;
        place[column->code[a]].in_rings += ring[a] != UINT32_MAX;
    }
    f->places += column->texts;
    for (uint32_t r = 0; r < f->rings; r++) {
        const rf_ring *of = &f->ring[r];
        if (!of->flagged) {
            continue;
        }
        to->ring = r + 1;
        for (uint32_t i = 0; i < of->size; i++) {
            scratch[i] = column->code[f->member[of->first_member + i].account];
        }
        if (!tally(scratch, of->size, add_place_ring, to)) {
            return false;
        }
    }
    return true;
}

/* ---- shared values ---- */

static bool add_shared_in(void *context, uint32_t ring, uint32_t members)
{
    rf_findings *f = context;
    rf_result_shared *value = &f->shared[f->shareds];
    if (!rf_reserve(&f->shared_in, &f->shared_in_room, (size_t)f->shared_ins + 1,
                    sizeof *f->shared_in)) {
        return false;
    }
    f->shared_in[f->shared_ins++] = (rf_result_shared_in){f->shareds, ring + 1, members};
    value->rings++;
    value->members += members;
    return true;
}

/* Values of one signal, ascending: they stand so in the population. */
static bool count_shared(const rf_population *p, uint32_t signal, const uint8_t *only,
                         const uint32_t *ring, rf_findings *f, uint32_t *scratch)
{
    for (uint32_t v = 0; v < p->values; v++) {
        uint32_t const g = p->value_group_start[v];
        uint32_t in_rings = 0;
        if (p->value_signal[v] != signal || g == p->value_group_start[v + 1] ||
            (only != NULL && only[v] == 0)) {
            continue;
        }
        for (uint32_t i = 0; i < rf_group_size(p, g); i++) {
            uint32_t const of = ring[rf_group_holders(p, g)[i]];
            scratch[in_rings] = of;
            in_rings += of != UINT32_MAX;
        }
        f->shared[f->shareds] =
            (rf_result_shared){p->signal[signal].row, p->value_row[v], p->value_holders[v], 0, 0};
        if (!tally(scratch, in_rings, add_shared_in, f)) {
            return false;
        }
        f->shareds++;
    }
    return true;
}

/* ---- signed up together ---- */

static int by_seconds(const void *left, const void *right)
{
    const rf_result_together *a = left;
    const rf_result_together *b = right;
    if (a->seconds != b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    if (a->a != b->a) {
        return a->a < b->a ? -1 : 1;
    }
    return (a->b > b->b) - (a->b < b->b);
}

static bool count_together(const rf_population *p, rf_findings *f)
{
    const rf_result_links *links = &f->links;
    size_t room = 0;
    for (uint64_t i = 0; i < links->count; i++) {
        int64_t const a = p->created_at[links->a[i]];
        int64_t const b = p->created_at[links->b[i]];
        int64_t const row_a = links->account_row[links->a[i]];
        int64_t const row_b = links->account_row[links->b[i]];
        if (a == RF_NO_TIME || b == RF_NO_TIME || (a > b ? a - b : b - a) > RF_SIGNED_UP_TOGETHER) {
            continue;
        }
        if (!rf_reserve(&f->together, &room, (size_t)f->togethers + 1, sizeof *f->together)) {
            return false;
        }
        f->together[f->togethers++] =
            (rf_result_together){(uint32_t)(a > b ? a - b : b - a), row_a, row_b};
    }
    if (f->togethers > 1) {
        qsort(f->together, f->togethers, sizeof *f->together, by_seconds);
    }
    return true;
}

rf_status rf_rings_count(const rf_population *population, const uint8_t *only,
                         rf_findings *findings, rf_error *err)
{
    const rf_population *p = population;
    rf_findings *f = findings;
    places countries = {"country", &p->country, f, 0};
    places zones = {"timezone", &p->timezone, f, 0};
    uint32_t *ring = rf_alloc_raw(p->accounts, sizeof *ring);
    uint32_t *scratch = rf_alloc_raw((size_t)p->accounts + 1, sizeof *scratch);
    rf_status status = RF_OK;
    bool done;
    f->shared = rf_alloc_raw(p->values, sizeof *f->shared);
    done = ring != NULL && scratch != NULL && f->shared != NULL;
    if (done) {
        rf_rings_of_accounts(f, p->accounts, ring);
        done = count_places(p, ring, &countries, scratch) &&
               count_places(p, ring, &zones, scratch) && count_together(p, f);
    }
    for (uint32_t s = 0; s < p->signals && done; s++) {
        if (p->signal[s].link && !p->signal[s].windowed) {
            done = count_shared(p, s, only, ring, f, scratch);
        }
    }
    if (done) {
        done = rf_rings_figures(p, f);
    }
    if (done) {
        status = rf_timing_count(p, ring, f, err);
    }
    rf_free(ring);
    rf_free(scratch);
    return done ? status : rf_fail_memory(err, "what is counted of everybody");
}
