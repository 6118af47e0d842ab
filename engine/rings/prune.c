/* prune.c - see prune.h. Cells are numbered over all rings. */
#include "rings/prune.h"

#include "rings/regroup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An account at an end of a link between two cells of a ring: of the cell, or beyond it. */
typedef struct end {
    uint32_t cell, account;
    bool beyond;
} end;

typedef struct cell {
    uint32_t ring; /* index */
    uint32_t members;
    uint32_t ends[2]; /* accounts of its own, and beyond, in which its links to other cells meet */
    uint32_t wanted;  /* members that the rest of the ring would take in */
    bool mixed;       /* members of it are in other rings, too: it stays */
    bool hangs, leaves;
} cell;

typedef struct pruner {
    const rf_population *p;
    const rf_grow_settings *settings;
    rf_rivals *rivals;
    rf_findings *f;
    rf_places places;
    uint64_t *suspect; /* by account, a bit: it is in a suspect ring */
    cell *cell;
    uint32_t cells; /* the greatest number, plus one */
    end *end;
    size_t ends, end_room;
    uint32_t *rest; /* members of the ring at hand, those of hanging cells left out */
    rf_membership_model model;
    rf_membership_scratch scratch;
} pruner;

/* Suspect, and judged in this run: an update does not look at rings that stand. */
static bool is_suspect(const pruner *x, uint32_t ring)
{
    return ring != UINT32_MAX && x->f->ring[ring].score >= x->settings->suspect_from &&
           x->f->ring[ring].parts > 0;
}

/* ---- which cells hang ---- */

static int by_cell(const void *left, const void *right)
{
    const end *a = left;
    const end *b = right;
    if (a->cell != b->cell) {
        return a->cell < b->cell ? -1 : 1;
    }
    if (a->beyond != b->beyond) {
        return a->beyond ? 1 : -1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

static bool in_suspect(const pruner *x, uint32_t account)
{
    return (x->suspect[account / 64] >> account % 64 & 1) != 0;
}

static rf_status find_ends(pruner *x, const rf_links *links, rf_error *err)
{
    for (size_t i = 0; i < links->count; i++) {
        uint32_t const a = links->a[i];
        uint32_t const b = links->b[i];
        uint32_t mine;
        uint32_t other;
        if (!in_suspect(x, a) || x->places.ring[a] != x->places.ring[b]) {
            continue;
        }
        mine = x->places.cell[a];
        other = x->places.cell[b];
        if (mine == other) {
            continue;
        }
        if (!rf_reserve(&x->end, &x->end_room, x->ends + 4, sizeof *x->end)) {
            return rf_fail_memory(err, "the cells of the rings");
        }
        x->end[x->ends++] = (end){mine, a, false};
        x->end[x->ends++] = (end){mine, b, true};
        x->end[x->ends++] = (end){other, b, false};
        x->end[x->ends++] = (end){other, a, true};
    }
    if (x->ends > 1) {
        qsort(x->end, x->ends, sizeof *x->end, by_cell);
    }
    for (size_t i = 0; i < x->ends; i++) {
        x->cell[x->end[i].cell].ends[x->end[i].beyond] +=
            i == 0 || by_cell(&x->end[i - 1], &x->end[i]) != 0;
    }
    return RF_OK;
}

/* Marks the cells that hang, but the largest of each ring (the first of equal ones). */
static rf_status find_hanging(pruner *x, rf_error *err)
{
    uint32_t *largest = rf_alloc(x->f->rings, sizeof *largest);
    if (largest == NULL) {
        return rf_fail_memory(err, "the cells of the rings");
    }
    for (uint32_t c = 1; c < x->cells; c++) {
        uint32_t *best = &largest[x->cell[c].ring];
        if (x->cell[c].members > x->cell[*best].members) {
            *best = c;
        }
    }
    for (uint32_t c = 1; c < x->cells; c++) {
        cell *one = &x->cell[c];
        uint32_t const ties = one->ends[0] < one->ends[1] ? one->ends[0] : one->ends[1];
        one->hangs = !one->mixed && one->members >= RF_PRUNE_LEAST && ties <= RF_PRUNE_TIES &&
                     c != largest[one->ring] && is_suspect(x, one->ring);
    }
    rf_free(largest);
    return RF_OK;
}

/* ---- which of them the rest would not take in ---- */

/* Asks the rest of one ring whom it would take in of its hanging cells. */
static rf_status ask_ring(pruner *x, uint32_t ring, rf_error *err)
{
    const rf_ring *r = &x->f->ring[ring];
    rf_strength_counts counts;
    rf_ratios ratios;
    uint32_t left = 0;
    rf_status status;
    for (uint32_t i = 0; i < r->size; i++) {
        const rf_member *m = &x->f->member[r->first_member + i];
        if (!x->cell[m->cell].hangs) {
            x->rest[left++] = m->account;
        }
    }
    if (left == r->size) {
        return RF_OK;
    }
    status = rf_membership_measure(&x->model, NULL, x->rest, left, &x->scratch, &counts, err);
    if (status == RF_OK) {
        rf_membership_ratios(&x->model, &counts, left, &x->rivals->pool, x->rivals->pool_members,
                             &ratios);
    }
    for (size_t i = left; i < x->scratch.touched_count && status == RF_OK; i++) {
        rf_membership const m = rf_membership_of(&x->model, &x->scratch, &ratios, i);
        if (x->places.ring[m.account] == ring && m.held >= x->settings->held &&
            (double)m.bits >= x->settings->leave_bits) {
            x->cell[x->places.cell[m.account]].wanted++;
        }
    }
    rf_membership_clear(&x->scratch);
    return status;
}

/* ---- letting them go ---- */

/* Notes where those who leave were. */
static rf_status note_leaving(const pruner *x, rf_pruned *pruned, rf_error *err)
{
    const rf_findings *f = x->f;
    uint32_t const accounts = x->p->accounts;
    pruned->stays = rf_alloc_raw(accounts, sizeof *pruned->stays);
    pruned->membership = rf_alloc(accounts, sizeof *pruned->membership);
    pruned->fringe = rf_alloc(accounts, sizeof *pruned->fringe);
    if (pruned->stays == NULL || pruned->membership == NULL || pruned->fringe == NULL) {
        return rf_fail_memory(err, "the cells of the rings");
    }
    memset(pruned->stays, 0xff, accounts * sizeof *pruned->stays);
    for (uint32_t r = 0; r < f->rings; r++) {
        const rf_member *member = f->member + f->ring[r].first_member;
        uint32_t stays = 0;
        while (x->cell[member[stays].cell].leaves) { /* the largest cell never does */
            stays++;
        }
        for (uint32_t i = 0; i < f->ring[r].size; i++) {
            if (x->cell[member[i].cell].leaves) {
                pruned->stays[member[i].account] = member[stays].account;
                pruned->membership[member[i].account] = member[i].membership;
                pruned->fringe[member[i].account] = member[i].fringe;
            }
        }
    }
    return RF_OK;
}

/* The cells that leave become rings after those there are. */
static rf_status let_go(pruner *x, uint32_t pruned, uint32_t min_size, rf_error *err)
{
    rf_findings *f = x->f;
    uint32_t *target = rf_alloc(x->cells, sizeof *target);
    rf_ring *ring = rf_alloc((size_t)f->rings + pruned, sizeof *ring);
    uint32_t rings = f->rings;
    if (target == NULL || ring == NULL) {
        rf_free(target);
        rf_free(ring);
        return rf_fail_memory(err, "the cells of the rings");
    }
    memcpy(ring, f->ring, f->rings * sizeof *ring);
    for (uint32_t c = 1; c < x->cells; c++) {
        if (x->cell[c].leaves) {
            ring[rings] = ring[x->cell[c].ring];
            target[c] = rings++;
        }
    }
    for (uint32_t i = 0; i < f->members; i++) {
        const rf_member *m = &f->member[i];
        if (x->cell[m->cell].leaves) {
            x->places.ring[m->account] = target[m->cell];
            x->places.fringe[m->account] = 0;
            x->places.membership[m->account] = (float)NAN;
        }
    }
    rf_free(f->ring);
    f->ring = ring;
    f->rings = rings;
    rf_free(target);
    return rf_rings_regroup(x->p, &x->places, min_size, f, err);
}

static rf_status prepare(pruner *x, rf_error *err)
{
    const rf_findings *f = x->f;
    rf_status status = rf_places_of(f, x->p->accounts, &x->places, err);
    for (uint32_t i = 0; i < f->members; i++) {
        x->cells = f->member[i].cell >= x->cells ? f->member[i].cell + 1 : x->cells;
    }
    x->cell = rf_alloc(x->cells, sizeof *x->cell);
    x->suspect = rf_alloc((size_t)x->p->accounts / 64 + 1, sizeof *x->suspect);
    x->rest = rf_alloc_raw(f->members, sizeof *x->rest);
    if (status == RF_OK && (x->cell == NULL || x->suspect == NULL || x->rest == NULL)) {
        status = rf_fail_memory(err, "the cells of the rings");
    }
    for (uint32_t i = 0; i < f->members && status == RF_OK; i++) {
        cell *c = &x->cell[f->member[i].cell];
        uint32_t const account = f->member[i].account;
        c->mixed = c->mixed || (c->members > 0 && c->ring != f->member[i].ring - 1);
        c->ring = f->member[i].ring - 1;
        c->members++;
        x->suspect[account / 64] |= (uint64_t)is_suspect(x, c->ring) << account % 64;
    }
    return status;
}

static rf_status ask_all(pruner *x, const rf_calibration *calibration, uint32_t *pruned,
                         rf_error *err)
{
    rf_status status = rf_rivals_model(x->p, calibration, x->rivals, err);
    x->model = x->rivals->model; /* borrowed */
    if (status == RF_OK) {
        status = rf_membership_scratch_begin(&x->model, &x->scratch, err);
    }
    for (uint32_t r = 0; r < x->f->rings && status == RF_OK; r++) {
        if (is_suspect(x, r)) {
            status = ask_ring(x, r, err);
        }
    }
    for (uint32_t c = 1; c < x->cells && status == RF_OK; c++) {
        cell *one = &x->cell[c];
        one->leaves = one->hangs && one->wanted < RF_PRUNE_SHARE * one->members;
        *pruned += one->leaves;
    }
    rf_membership_scratch_end(&x->scratch);
    return status;
}

rf_status rf_rings_prune(const rf_population *population, const rf_calibration *calibration,
                         const rf_links *links, const rf_grow_settings *settings, rf_rivals *rivals,
                         uint32_t min_size, rf_findings *findings, rf_pruned *pruned, rf_error *err)
{
    pruner x = {.p = population, .settings = settings, .rivals = rivals, .f = findings};
    rf_status status = prepare(&x, err);
    *pruned = (rf_pruned){0};
    if (status == RF_OK) {
        status = find_ends(&x, links, err);
    }
    if (status == RF_OK) {
        status = find_hanging(&x, err);
    }
    if (status == RF_OK) {
        status = ask_all(&x, calibration, &pruned->cells, err);
    }
    if (status == RF_OK && pruned->cells > 0) {
        status = note_leaving(&x, pruned, err);
    }
    if (status == RF_OK && pruned->cells > 0) {
        status = let_go(&x, pruned->cells, min_size, err);
    }
    rf_places_free(&x.places);
    rf_free(x.cell);
    rf_free(x.suspect);
    rf_free(x.end);
    rf_free(x.rest);
    return status;
}

/* ---- going back ---- */

void rf_pruned_free(rf_pruned *pruned)
{
    rf_free(pruned->stays);
    rf_free(pruned->membership);
    rf_free(pruned->fringe);
    *pruned = (rf_pruned){0};
}

rf_status rf_rings_return(const rf_population *population, const rf_pruned *pruned, double from,
                          uint32_t min_size, rf_findings *findings, uint32_t *returned,
                          rf_error *err)
{
    const rf_findings *f = findings;
    rf_places places;
    rf_status status;
    *returned = 0;
    if (pruned->cells == 0) {
        return RF_OK;
    }
    status = rf_places_of(f, population->accounts, &places, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        const rf_member *member = f->member + f->ring[r].first_member;
        uint32_t const stays = pruned->stays[member[0].account];
        if (stays == UINT32_MAX || f->ring[r].score < from ||
            f->ring[places.ring[stays]].score < from) {
            continue;
        }
        ++*returned;
        for (uint32_t i = 0; i < f->ring[r].size; i++) {
            uint32_t const a = member[i].account;
            places.ring[a] = places.ring[stays];
            places.membership[a] = pruned->membership[a];
            places.fringe[a] = pruned->fringe[a];
        }
    }
    if (*returned > 0) {
        status = rf_rings_regroup(population, &places, min_size, findings, err);
    }
    rf_places_free(&places);
    return status;
}
