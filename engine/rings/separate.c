/* separate.c - see separate.h. */
#include "rings/separate.h"

#include "graph/mincut.h"
#include "rings/assemble.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static int by_pair(const void *left, const void *right)
{
    const rf_separated *x = left;
    const rf_separated *y = right;
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    return (x->b > y->b) - (x->b < y->b);
}

rf_status rf_separations_read(rf_store *store, const rf_population *population,
                              rf_separations *separations, rf_error *err)
{
    rf_separations *all = separations;
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT a.external_id, b.external_id FROM separation s "
                                  "JOIN account a ON a.id = s.account_a "
                                  "JOIN account b ON b.id = s.account_b WHERE s.undone_at IS NULL",
                                  &select, err);
    *all = (rf_separations){0};
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_population_find(population, rf_column_text(select, 0));
        uint32_t const b = rf_population_find(population, rf_column_text(select, 1));
        if (a == UINT32_MAX || b == UINT32_MAX || a == b) {
            continue; /* added since the population was read */
        }
        if (!rf_reserve(&all->pair, &all->room, all->count + 1, sizeof *all->pair)) {
            status = rf_fail_memory(err, "the separated accounts");
            break;
        }
        all->pair[all->count++] = a < b ? (rf_separated){a, b} : (rf_separated){b, a};
    }
    rf_statement_end(select);
    if (status != RF_OK) {
        rf_separations_free(all);
    } else if (all->count > 1) {
        qsort(all->pair, all->count, sizeof *all->pair, by_pair);
    }
    return status;
}

void rf_separations_free(rf_separations *separations)
{
    rf_free(separations->pair);
    *separations = (rf_separations){0};
}

/* ---- links ---- */

void rf_separate_links(const rf_separations *separations, rf_links *links)
{
    uint64_t kept = 0;
    size_t next = 0;
    for (uint64_t i = 0; i < links->count && separations->count > 0; i++) {
        rf_separated const link = {links->a[i], links->b[i]};
        while (next < separations->count && by_pair(&separations->pair[next], &link) < 0) {
            next++;
        }
        if (next < separations->count && by_pair(&separations->pair[next], &link) == 0) {
            continue;
        }
        links->a[kept] = links->a[i];
        links->b[kept] = links->b[i];
        links->bits[kept] = links->bits[i];
        links->families[kept++] = links->families[i];
    }
    links->count = separations->count > 0 ? kept : links->count;
}

/* ---- cutting one ring ---- */

enum { NOBODY = UINT32_MAX };

typedef struct cutter {
    const rf_population *p;
    const rf_links *links;
    rf_findings *f;
    uint32_t *ring;   /* by account: index of its ring, NOBODY for none */
    uint32_t *vertex; /* by account: its vertex in the ring being cut */
    uint32_t *from, *to, *weight;
    size_t edges, room[3];
    uint8_t *near;
    size_t near_room;
} cutter;

static bool add_edge(cutter *c, uint32_t from, uint32_t to, rf_bits bits)
{
    rf_bits const most = rf_bits_from(RF_LINK_BITS_MAX);
    if (!rf_reserve(&c->from, &c->room[0], c->edges + 1, sizeof *c->from) ||
        !rf_reserve(&c->to, &c->room[1], c->edges + 1, sizeof *c->to) ||
        !rf_reserve(&c->weight, &c->room[2], c->edges + 1, sizeof *c->weight)) {
        return false;
    }
    c->from[c->edges] = from;
    c->to[c->edges] = to;
    c->weight[c->edges++] = (uint32_t)(bits < most ? bits : most);
    return true;
}

/* The ring's links, and the stars that touch it as further vertices; *vertices counts both. */
static rf_status gather(cutter *c, uint32_t ring, uint32_t *vertices, rf_error *err)
{
    const rf_links *l = c->links;
    bool good = true;
    uint32_t members = 0;
    c->edges = 0;
    for (uint32_t a = 0; a < c->p->accounts; a++) {
        c->vertex[a] = c->ring[a] == ring ? members++ : NOBODY;
    }
    for (uint64_t i = 0; i < l->count && good; i++) {
        if (c->ring[l->a[i]] == ring && c->ring[l->b[i]] == ring) {
            good = add_edge(c, c->vertex[l->a[i]], c->vertex[l->b[i]], l->bits[i]);
        }
    }
    for (uint32_t s = 0; s < l->stars; s++) {
        const uint32_t *holders = rf_group_holders(c->p, l->star[s].group);
        for (uint32_t i = 0; i < rf_group_size(c->p, l->star[s].group) && good; i++) {
            if (c->ring[holders[i]] == ring) {
                good = add_edge(c, c->vertex[holders[i]], members + s, l->star[s].bits);
            }
        }
    }
    *vertices = members + l->stars;
    good = good && rf_reserve(&c->near, &c->near_room, *vertices, sizeof *c->near);
    return good ? RF_OK : rf_fail_memory(err, "the cut of a ring");
}

/* Whether the side of the first account is the weaker one, by bits inside, then members. */
static bool near_is_weaker(const cutter *c, uint32_t members)
{
    uint64_t bits[2] = {0, 0};
    uint32_t size[2] = {0, 0};
    for (size_t i = 0; i < c->edges; i++) {
        if (c->near[c->from[i]] == c->near[c->to[i]]) {
            bits[c->near[c->from[i]]] += c->weight[i];
        }
    }
    for (uint32_t v = 0; v < members; v++) {
        size[c->near[v]]++;
    }
    if (bits[0] != bits[1]) {
        return bits[1] < bits[0];
    }
    return size[1] < size[0]; /* else the side of the later account leaves */
}

/* Moves the side that leaves to the ring number `target`. */
static rf_status cut_ring(cutter *c, const rf_separated *pair, uint32_t target, rf_error *err)
{
    uint32_t const ring = c->ring[pair->a];
    uint32_t vertices = 0;
    uint64_t cost = 0;
    rf_status status = gather(c, ring, &vertices, err);
    if (status == RF_OK) {
        status = rf_min_cut(vertices, c->edges, c->from, c->to, c->weight, c->vertex[pair->a],
                            c->vertex[pair->b], c->near, &cost, err);
    }
    if (status == RF_OK) {
        uint8_t const leaving = near_is_weaker(c, vertices - c->links->stars);
        for (uint32_t a = 0; a < c->p->accounts; a++) {
            if (c->vertex[a] != NOBODY && c->near[c->vertex[a]] == leaving) {
                c->ring[a] = target;
            }
        }
    }
    return status;
}

/* ---- listing the rings anew ---- */

static int by_ring(const void *left, const void *right)
{
    const rf_member *a = left;
    const rf_member *b = right;
    if (a->ring != b->ring) {
        return a->ring < b->ring ? -1 : 1;
    }
    return (a->account > b->account) - (a->account < b->account);
}

typedef struct split_cell {
    uint32_t old, ring;
} split_cell;

static int by_cell(const void *left, const void *right)
{
    const split_cell *a = left;
    const split_cell *b = right;
    if (a->ring != b->ring) {
        return a->ring < b->ring ? -1 : 1;
    }
    return (a->old > b->old) - (a->old < b->old);
}

/* A cell lies in one ring: cells are numbered anew by ring and old cell. */
static rf_status number_cells(rf_findings *f, rf_error *err)
{
    split_cell *cell = rf_alloc_raw(f->members, sizeof *cell);
    uint32_t cells = 0;
    if (cell == NULL) {
        return rf_fail_memory(err, "the cells of the rings");
    }
    for (uint32_t i = 0; i < f->members; i++) {
        cell[i] = (split_cell){f->member[i].cell, f->member[i].ring};
    }
    if (f->members > 1) {
        qsort(cell, f->members, sizeof *cell, by_cell);
    }
    for (uint32_t i = 0; i < f->members; i++) {
        if (cells == 0 || by_cell(&cell[cells - 1], &cell[i]) != 0) {
            cell[cells++] = cell[i];
        }
    }
    for (uint32_t i = 0; i < f->members; i++) {
        split_cell const key = {f->member[i].cell, f->member[i].ring};
        const split_cell *found = bsearch(&key, cell, cells, sizeof *cell, by_cell);
        f->member[i].cell = (uint32_t)(found - cell) + 1;
    }
    rf_free(cell);
    return RF_OK;
}

/* Members follow ring[]; rings with fewer than min_size go, the others close up. `ring` has room
 * for all numbers in ring[]. */
static rf_status list_rings(cutter *c, rf_ring *ring, uint32_t min_size, rf_error *err)
{
    rf_findings *f = c->f;
    uint32_t rings = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < f->members; i++) {
        f->member[i].ring = c->ring[f->member[i].account] + 1;
    }
    qsort(f->member, f->members, sizeof *f->member, by_ring);
    for (uint32_t first = 0, end; first < f->members; first = end) {
        uint32_t const old = f->member[first].ring;
        for (end = first; end < f->members && f->member[end].ring == old;) {
            end++;
        }
        if (end - first < min_size) {
            continue;
        }
        ring[rings] = ring[old - 1]; /* numbers only shrink: nothing is overwritten before read */
        ring[rings].first_member = at;
        ring[rings++].size = end - first;
        for (uint32_t i = first; i < end; i++, at++) {
            f->member[at] = f->member[i];
            f->member[at].ring = rings;
        }
    }
    rf_free(f->ring);
    f->ring = ring;
    f->rings = rings;
    f->members = at;
    return number_cells(f, err);
}

static rf_status prepare(cutter *c, rf_error *err)
{
    c->ring = rf_alloc_raw(c->p->accounts, sizeof *c->ring);
    c->vertex = rf_alloc_raw(c->p->accounts, sizeof *c->vertex);
    if (c->ring == NULL || c->vertex == NULL) {
        return rf_fail_memory(err, "the separated accounts");
    }
    rf_rings_of_accounts(c->f, c->p->accounts, c->ring);
    return RF_OK;
}

static void end(cutter *c)
{
    rf_free(c->ring);
    rf_free(c->vertex);
    rf_free(c->from);
    rf_free(c->to);
    rf_free(c->weight);
    rf_free(c->near);
}

rf_status rf_separate_rings(const rf_population *population, const rf_links *links,
                            const rf_separations *separations, uint32_t min_size,
                            rf_findings *findings, uint32_t *cut, rf_error *err)
{
    cutter c = {.p = population, .links = links, .f = findings};
    rf_ring *ring = NULL;
    rf_status status = RF_OK;
    *cut = 0;
    if (separations->count > 0) {
        status = prepare(&c, err);
    }
    if (status == RF_OK && separations->count > 0) {
        ring = rf_alloc((size_t)findings->rings + separations->count, sizeof *ring);
        status = ring == NULL ? rf_fail_memory(err, "the separated accounts") : RF_OK;
    }
    if (status == RF_OK && findings->rings > 0 && separations->count > 0) {
        memcpy(ring, findings->ring, findings->rings * sizeof *ring);
    }
    for (size_t i = 0; i < separations->count && status == RF_OK; i++) {
        const rf_separated *pair = &separations->pair[i];
        uint32_t const both = c.ring[pair->a];
        if (both != NOBODY && both == c.ring[pair->b]) {
            ring[findings->rings + *cut] = ring[both];
            status = cut_ring(&c, pair, findings->rings + *cut, err);
            ++*cut;
        }
    }
    if (status == RF_OK && *cut > 0) {
        status = list_rings(&c, ring, min_size, err);
    } else {
        rf_free(ring);
    }
    end(&c);
    return status;
}

/* ---- fringe ---- */

/* Of two members of one ring the one that leaves; NULL when neither is fringe. */
static rf_member *leaving(rf_member *a, rf_member *b)
{
    if (!a->fringe || !b->fringe) {
        return a->fringe ? a : b->fringe ? b : NULL;
    }
    return a->bits < b->bits ? a : b;
}

/* Members with ring 0 go; the others and their rings close up. */
static void close_up(rf_findings *f)
{
    uint32_t at = 0;
    for (uint32_t r = 0; r < f->rings; r++) {
        uint32_t const end = f->ring[r].first_member + f->ring[r].size;
        uint32_t const first = at;
        for (uint32_t i = f->ring[r].first_member; i < end; i++) {
            if (f->member[i].ring != 0) {
                f->member[at++] = f->member[i];
            }
        }
        f->ring[r].first_member = first;
        f->ring[r].size = at - first;
    }
    f->members = at;
}

rf_status rf_separate_fringe(const rf_population *population, const rf_separations *separations,
                             rf_findings *findings, uint32_t *left, rf_error *err)
{
    uint32_t *member; /* by account: its membership */
    *left = 0;
    if (separations->count == 0) {
        return RF_OK;
    }
    member = rf_alloc_raw(population->accounts, sizeof *member);
    if (member == NULL) {
        return rf_fail_memory(err, "the separated accounts");
    }
    memset(member, 0xff, population->accounts * sizeof *member);
    for (uint32_t i = 0; i < findings->members; i++) {
        member[findings->member[i].account] = i;
    }
    for (size_t i = 0; i < separations->count; i++) {
        uint32_t const a = member[separations->pair[i].a];
        uint32_t const b = member[separations->pair[i].b];
        if (a != NOBODY && b != NOBODY && findings->member[a].ring != 0 &&
            findings->member[a].ring == findings->member[b].ring) {
            rf_member *gone = leaving(&findings->member[a], &findings->member[b]);
            if (gone != NULL) { /* core members were parted before */
                gone->ring = 0;
                ++*left;
            }
        }
    }
    rf_free(member);
    if (*left > 0) {
        close_up(findings);
    }
    return RF_OK;
}
