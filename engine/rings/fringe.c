/* fringe.c - see fringe.h. */
#include "rings/fringe.h"

#include "rings/assemble.h"

#include <stdlib.h>
#include <string.h>

rf_fringe_settings rf_fringe_defaults(void)
{
    return (rf_fringe_settings){.bits = 5, .min_links = 1};
}

/* A link from an account outside to a core member of a flagged ring. */
typedef struct pull {
    uint32_t account, ring, cell;
    rf_bits bits;
} pull;

typedef struct grower {
    const rf_population *p;
    rf_findings *f;
    uint32_t *ring;   /* by account: index of its ring, UINT32_MAX for none */
    uint32_t *member; /* by account: index of its membership, UINT32_MAX for none */
    pull *pulls;
    size_t count, room;
    uint32_t *to;   /* by account: the flagged ring it joins, UINT32_MAX for none */
    uint32_t *cell; /* by account: the cell it joins there */
} grower;

static int by_account(const void *left, const void *right)
{
    const pull *a = left;
    const pull *b = right;
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    if (a->ring != b->ring) {
        return a->ring < b->ring ? -1 : 1;
    }
    if (a->bits != b->bits) {
        return a->bits > b->bits ? -1 : 1; /* the strongest first: its cell is the one to join */
    }
    return (a->cell > b->cell) - (a->cell < b->cell);
}

static bool flagged(const grower *g, uint32_t account)
{
    return g->ring[account] != UINT32_MAX && g->f->ring[g->ring[account]].flagged;
}

static bool note_pull(grower *g, uint32_t outside, uint32_t inside, rf_bits bits)
{
    if (!rf_reserve(&g->pulls, &g->room, g->count + 1, sizeof *g->pulls)) {
        return false;
    }
    g->pulls[g->count++] =
        (pull){outside, g->ring[inside], g->f->member[g->member[inside]].cell, bits};
    return true;
}

static rf_status list_pulls(grower *g, const rf_links *links, rf_error *err)
{
    for (uint64_t i = 0; i < links->count; i++) {
        bool const a = flagged(g, links->a[i]);
        bool const b = flagged(g, links->b[i]);
        if (a != b && !note_pull(g, a ? links->b[i] : links->a[i], a ? links->a[i] : links->b[i],
                                 links->bits[i])) {
            return rf_fail_memory(err, "the fringe of the rings");
        }
    }
    if (g->count > 0) {
        qsort(g->pulls, g->count, sizeof *g->pulls, by_account);
    }
    return RF_OK;
}

/* Chooses the strongest flagged ring of every account that is pulled enough. */
static uint32_t choose(grower *g, const rf_fringe_settings *settings)
{
    uint32_t chosen = 0;
    double best = 0;
    for (size_t first = 0, end; first < g->count; first = end) {
        const pull *p = &g->pulls[first];
        double bits = 0;
        double own = 0;
        for (end = first;
             end < g->count && g->pulls[end].account == p->account && g->pulls[end].ring == p->ring;
             end++) {
            bits += fmin(rf_bits_real(g->pulls[end].bits), RF_LINK_BITS_MAX);
        }
        if (first == 0 || g->pulls[first - 1].account != p->account) {
            best = 0;
        }
        if (g->member[p->account] != UINT32_MAX) {
            own = g->f->member[g->member[p->account]].bits;
        }
        if (bits >= settings->bits && end - first >= settings->min_links && bits > own &&
            bits > best) {
            chosen += g->to[p->account] == UINT32_MAX;
            g->to[p->account] = p->ring;
            g->cell[p->account] = p->cell;
            best = bits;
        }
    }
    return chosen;
}

static int by_ring(const void *left, const void *right)
{
    const rf_member *a = left;
    const rf_member *b = right;
    if (a->ring != b->ring) {
        return a->ring < b->ring ? -1 : 1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

/* Drops rings that fell below min_size and closes up the numbers; members come by ring. */
static void close_up(rf_findings *f, uint32_t min_size)
{
    uint32_t rings = 0;
    uint32_t at = 0;
    for (uint32_t first = 0, end; first < f->members; first = end) {
        uint32_t const old = f->member[first].ring - 1;
        for (end = first; end < f->members && f->member[end].ring == old + 1;) {
            end++;
        }
        if (end - first < min_size && !f->ring[old].flagged) {
            continue;
        }
        f->ring[rings] = f->ring[old];
        f->ring[rings].first_member = at;
        f->ring[rings].size = end - first;
        rings++;
        for (uint32_t i = first; i < end; i++, at++) {
            f->member[at] = f->member[i];
            f->member[at].ring = rings;
        }
    }
    f->rings = rings;
    f->members = at;
}

static rf_status add_members(grower *g, uint32_t chosen, uint32_t min_size, rf_error *err)
{
    rf_findings *f = g->f;
    if (!rf_resize(&f->member, (size_t)f->members + chosen, sizeof *f->member)) {
        return rf_fail_memory(err, "the fringe of the rings");
    }
    for (uint32_t a = 0; a < g->p->accounts; a++) {
        rf_member *member;
        if (g->to[a] == UINT32_MAX) {
            continue;
        }
        member = g->member[a] == UINT32_MAX ? &f->member[f->members++] : &f->member[g->member[a]];
        *member = (rf_member){.account = a,
                              .account_row = g->p->account_row[a],
                              .ring = g->to[a] + 1,
                              .cell = g->cell[a],
                              .fringe = true};
    }
    qsort(f->member, f->members, sizeof *f->member, by_ring);
    close_up(f, min_size);
    return RF_OK;
}

static rf_status prepare(grower *g, rf_error *err)
{
    uint32_t const n = g->p->accounts;
    g->ring = rf_alloc_raw(n, sizeof *g->ring);
    g->member = rf_alloc_raw(n, sizeof *g->member);
    g->to = rf_alloc_raw(n, sizeof *g->to);
    g->cell = rf_alloc(n, sizeof *g->cell);
    if (g->ring == NULL || g->member == NULL || g->to == NULL || g->cell == NULL) {
        return rf_fail_memory(err, "the fringe of the rings");
    }
    rf_rings_of_accounts(g->f, n, g->ring);
    memset(g->member, 0xff, n * sizeof *g->member);
    memset(g->to, 0xff, n * sizeof *g->to);
    for (uint32_t i = 0; i < g->f->members; i++) {
        g->member[g->f->member[i].account] = i;
    }
    return RF_OK;
}

rf_status rf_rings_grow(const rf_population *population, const rf_links *links,
                        const rf_fringe_settings *settings, uint32_t min_size,
                        rf_findings *findings, uint32_t *grown, rf_error *err)
{
    grower g = {.p = population, .f = findings};
    rf_status status = prepare(&g, err);
    *grown = 0;
    if (status == RF_OK) {
        status = list_pulls(&g, links, err);
    }
    if (status == RF_OK) {
        *grown = choose(&g, settings);
    }
    if (status == RF_OK && *grown > 0) {
        status = add_members(&g, *grown, min_size, err);
    }
    rf_free(g.ring);
    rf_free(g.member);
    rf_free(g.to);
    rf_free(g.cell);
    rf_free(g.pulls);
    return status;
}
