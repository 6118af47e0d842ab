/* difference.c - see difference.h. */
#include "rings/difference.h"

#include "rings/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void rf_difference_free(rf_difference *difference)
{
    rf_free(difference->ring);
    rf_free(difference->member);
    rf_free(difference->gone);
    rf_free(difference->left);
    rf_free(difference->touched);
    rf_free(difference->links.a);
    rf_free(difference->links.b);
    *difference = (rf_difference){0};
}

/* ---- links ---- */

static void touch(rf_difference *difference, const rf_links *links, uint64_t i)
{
    difference->touched[links->a[i]] = 1;
    difference->touched[links->b[i]] = 1;
}

/* A pair that came or went: it has to be written from both sides. */
static void move(rf_difference *difference, const rf_links *links, uint64_t i)
{
    touch(difference, links, i);
    difference->links.a[links->a[i]] = 1;
    difference->links.b[links->b[i]] = 1;
}

rf_status rf_difference_links(const rf_population *population, const rf_links *before,
                              const rf_links *now, rf_difference *difference, rf_error *err)
{
    rf_link_changes *d = &difference->links;
    uint64_t i = 0;
    uint64_t k = 0;
    difference->touched = rf_alloc(population->accounts, sizeof *difference->touched);
    d->a = rf_alloc(population->accounts, sizeof *d->a);
    d->b = rf_alloc(population->accounts, sizeof *d->b);
    if (difference->touched == NULL || d->a == NULL || d->b == NULL) {
        return rf_fail_memory(err, "the links that have changed");
    }
    while (i < before->count || k < now->count) {
        uint64_t const x =
            i < before->count ? (uint64_t)before->a[i] << 32 | before->b[i] : UINT64_MAX;
        uint64_t const y = k < now->count ? (uint64_t)now->a[k] << 32 | now->b[k] : UINT64_MAX;
        if (x < y) {
            d->gone++;
            move(difference, before, i);
        } else if (x > y) {
            d->fresh++;
            move(difference, now, k);
        } else if (before->bits[i] != now->bits[k] || before->families[i] != now->families[k]) {
            d->changed++;
            d->a[now->a[k]] = 1;
            if (abs(before->bits[i] - now->bits[k]) >= rf_bits_from(RF_LINK_MOVES)) {
                touch(difference, now, k);
            }
        }
        i += x <= y;
        k += y <= x;
    }
    return RF_OK;
}

/* ---- which rings are the same ---- */

typedef struct comparing {
    rf_store *store;
    const rf_population *p;
    const rf_run_memory *before;
    rf_findings *f;
    rf_difference *d;
    uint32_t *same;    /* by ring: the kept ring with the same members, UINT32_MAX: none */
    uint8_t *met;      /* by kept ring: 1 when a ring of now is the same or continues it */
    uint32_t *place;   /* by account: its kept member plus one; 0: none */
    uint32_t *changed; /* rings that are not the same */
    uint32_t changes;
    rf_error *err;
} comparing;

typedef struct by_hash {
    uint64_t hash;
    uint32_t ring;
} by_hash;

static int ascending(const void *left, const void *right)
{
    const by_hash *a = left;
    const by_hash *b = right;
    return (a->hash > b->hash) - (a->hash < b->hash);
}

static uint32_t find_ring(const by_hash *list, size_t count, uint64_t hash)
{
    by_hash const wanted = {hash, 0};
    const by_hash *found = bsearch(&wanted, list, count, sizeof *list, ascending);
    return found == NULL ? UINT32_MAX : found->ring;
}

static rf_status match_same(comparing *c)
{
    size_t const count = c->before->ring_count;
    by_hash *list = rf_alloc_raw(count, sizeof *list);
    if (list == NULL) {
        return rf_fail_memory(c->err, "the rings of before");
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = (by_hash){c->before->rings[i].judged, (uint32_t)i};
    }
    qsort(list, count, sizeof *list, ascending);
    for (uint32_t r = 0; r < c->f->rings; r++) {
        rf_ring *ring = &c->f->ring[r];
        uint32_t const k = find_ring(list, count, ring->judged);
        c->same[r] = k;
        if (k == UINT32_MAX) {
            c->changed[c->changes++] = r;
            continue;
        }
        c->met[k] = 1;
        ring->life = c->before->rings[k].life;
        ring->number = c->before->rings[k].number;
        memcpy(ring->key, c->before->rings[k].key, sizeof ring->key);
        ring->key[sizeof ring->key - 1] = '\0';
    }
    rf_free(list);
    return RF_OK;
}

/* ---- what the others continue ---- */

static rf_status note_life(rf_statement *insert, int64_t what, rf_error *err)
{
    rf_bind_int(insert, 1, what);
    return rf_run(insert, err);
}

/* Whether a changed ring is another one than the kept ring that most of it comes from: three
 * quarters of both are what it takes to be the same. It may then continue one of long ago. */
static bool has_turned(const comparing *c, const rf_ring *ring)
{
    uint32_t same;
    uint32_t const kept =
        rf_memory_kept(c->before, c->f->member + ring->first_member, ring->size, &same);
    return kept == 0 || 4 * (uint64_t)same < 3 * (uint64_t)ring->size ||
           4 * (uint64_t)same < 3 * (uint64_t)c->before->kept_size[kept - 1];
}

/* The lives that the changed rings may continue: into temp.update_life. */
static rf_status list_lives(comparing *c)
{
    rf_statement *life = NULL;
    rf_statement *newcomer = NULL;
    rf_statement *other = NULL;
    rf_status status =
        rf_store_exec(c->store,
                      "CREATE TEMP TABLE IF NOT EXISTS update_life (life INTEGER PRIMARY KEY);"
                      "DELETE FROM temp.update_life",
                      c->err);
    if (status == RF_OK) {
        status = rf_prepare(c->store, "INSERT OR IGNORE INTO temp.update_life VALUES (?)", &life,
                            c->err);
    }
    if (status == RF_OK) {
        status = rf_prepare(c->store,
                            "INSERT OR IGNORE INTO temp.update_life SELECT life FROM ring_member"
                            " WHERE account = (SELECT external_id FROM account WHERE id = ?)",
                            &newcomer, c->err);
    }
    if (status == RF_OK) {
        status =
            rf_prepare(c->store, "DELETE FROM temp.update_life WHERE life = ?", &other, c->err);
    }
    for (uint32_t i = 0; i < c->changes && status == RF_OK; i++) {
        const rf_ring *ring = &c->f->ring[c->changed[i]];
        bool const turned = has_turned(c, ring);
        for (uint32_t m = 0; m < ring->size && status == RF_OK; m++) {
            const rf_member *member = &c->f->member[ring->first_member + m];
            if (turned || c->place[member->account] == 0) {
                status = note_life(newcomer, member->account_row, c->err);
            }
        }
    }
    for (size_t k = 0; k < c->before->ring_count && status == RF_OK; k++) {
        status = note_life(c->met[k] != 0 ? other : life, c->before->rings[k].life, c->err);
    }
    rf_statement_end(life);
    rf_statement_end(newcomer);
    rf_statement_end(other);
    return status;
}

/* The changed rings alone, as findings of their own. */
static rf_status settle_changed(comparing *c)
{
    rf_findings some = {.ring = rf_alloc(c->changes, sizeof *some.ring),
                        .member = rf_alloc_raw(c->f->members, sizeof *some.member)};
    rf_status status = some.ring == NULL || some.member == NULL
                           ? rf_fail_memory(c->err, "the rings that have changed")
                           : RF_OK;
    for (uint32_t i = 0; i < c->changes && status == RF_OK; i++) {
        const rf_ring *ring = &c->f->ring[c->changed[i]];
        some.ring[some.rings] = *ring;
        some.ring[some.rings++].first_member = some.members;
        memcpy(some.member + some.members, c->f->member + ring->first_member,
               ring->size * sizeof *some.member);
        some.members += ring->size;
    }
    if (status == RF_OK) {
        status = rf_rings_settle(c->store, c->p, INT64_MAX, true, &some, c->err);
    }
    for (uint32_t i = 0; i < c->changes && status == RF_OK; i++) {
        rf_ring *ring = &c->f->ring[c->changed[i]];
        ring->life = some.ring[i].life;
        memcpy(ring->key, some.ring[i].key, sizeof ring->key);
    }
    rf_free(some.ring);
    rf_free(some.member);
    c->f->ledger = some.ledger;
    c->f->ledger_texts = some.ledger_texts;
    return status;
}

typedef struct by_life {
    int64_t life;
    uint32_t ring;
} by_life;

static int by_life_order(const void *left, const void *right)
{
    int64_t const a = ((const by_life *)left)->life;
    int64_t const b = ((const by_life *)right)->life;
    return (a > b) - (a < b);
}

/* A changed ring has the number of a kept one: the one it was. */
static void take_kept(comparing *c, uint32_t ring, uint32_t kept)
{
    c->f->ring[ring].number = c->before->rings[kept].number;
    c->met[kept] = 1;
    c->same[ring] = kept;
}

/* A changed ring has the number of what it continues, or a new one; the ledger tells it so. */
static rf_status number_rings(comparing *c)
{
    size_t const count = c->before->ring_count;
    by_life *list = rf_alloc_raw(count, sizeof *list);
    uint32_t newest = 0;
    if (list == NULL) {
        return rf_fail_memory(c->err, "the rings of before");
    }
    for (size_t k = 0; k < count; k++) {
        list[k] = (by_life){c->before->rings[k].life, (uint32_t)k};
        newest = c->before->rings[k].number > newest ? c->before->rings[k].number : newest;
    }
    qsort(list, count, sizeof *list, by_life_order);
    for (uint32_t i = 0; i < c->changes; i++) { /* score and evidence are under the old number */
        uint32_t const stands = c->f->ring[c->changed[i]].stands;
        if (stands != 0) {
            take_kept(c, c->changed[i], stands - 1);
        }
    }
    for (uint32_t i = 0; i < c->changes; i++) {
        rf_ring *ring = &c->f->ring[c->changed[i]];
        by_life const wanted = {ring->life, 0};
        const by_life *found = bsearch(&wanted, list, count, sizeof *list, by_life_order);
        if (ring->stands != 0) {
            continue;
        }
        if (found != NULL && c->met[found->ring] == 0) {
            take_kept(c, c->changed[i], found->ring);
        } else {
            ring->number = ++newest;
        }
    }
    rf_free(list);
    for (size_t i = 0; i < c->f->ledger.events; i++) {
        rf_ledger_event *event = &c->f->ledger.event[i];
        if (event->ring > 0) {
            event->ring = c->f->ring[c->changed[event->ring - 1]].number;
        }
    }
    return RF_OK;
}

/* ---- cells and networks ---- */

/* A numbering of now that takes over numbers of before. */
typedef struct numbering {
    uint32_t *number; /* by number of now: that of before, or a new one; 0: none yet */
    uint8_t *taken;   /* by number of before */
    uint32_t most_now, most_before;
} numbering;

static bool numbering_begin(numbering *n)
{
    n->number = rf_alloc((size_t)n->most_now + 1, sizeof *n->number);
    n->taken = rf_alloc((size_t)n->most_before + 1, sizeof *n->taken);
    return n->number != NULL && n->taken != NULL;
}

static void take_number(numbering *n, uint32_t now, uint32_t before)
{
    if (n->number[now] == 0 && before != 0 && n->taken[before] == 0) {
        n->number[now] = before;
        n->taken[before] = 1;
    }
}

static void numbering_finish(numbering *n)
{
    for (uint32_t i = 1; i <= n->most_now; i++) {
        if (n->number[i] == 0) {
            n->number[i] = ++n->most_before;
        }
    }
}

static const rf_kept_member *kept_member(const comparing *c, uint32_t account)
{
    uint32_t const place = c->place[account];
    return place == 0 ? NULL : &c->before->members[place - 1];
}

static rf_status number_cells(comparing *c)
{
    rf_findings *f = c->f;
    numbering n = {0};
    bool good;
    for (uint32_t i = 0; i < f->members; i++) {
        n.most_now = f->member[i].cell > n.most_now ? f->member[i].cell : n.most_now;
    }
    for (size_t i = 0; i < c->before->member_count; i++) {
        uint32_t const cell = c->before->members[i].cell;
        n.most_before = cell > n.most_before ? cell : n.most_before;
    }
    good = numbering_begin(&n);
    for (uint32_t i = 0; i < f->members && good; i++) {
        const rf_kept_member *m = kept_member(c, f->member[i].account);
        take_number(&n, f->member[i].cell, m == NULL ? 0 : m->cell);
    }
    if (good) {
        numbering_finish(&n);
    }
    for (uint32_t i = 0; i < f->members && good; i++) {
        f->member[i].cell = n.number[f->member[i].cell];
    }
    rf_free(n.number);
    rf_free(n.taken);
    return good ? RF_OK : rf_fail_memory(c->err, "the numbers of cells");
}

static int by_value(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The largest rings first. */
static rf_status number_networks(comparing *c)
{
    rf_findings *f = c->f;
    numbering n = {0};
    uint64_t *order;
    bool good;
    for (uint32_t r = 0; r < f->rings; r++) {
        n.most_now = f->ring[r].network > n.most_now ? f->ring[r].network : n.most_now;
    }
    for (size_t k = 0; k < c->before->ring_count; k++) {
        uint32_t const network = c->before->rings[k].network;
        n.most_before = network > n.most_before ? network : n.most_before;
    }
    order = rf_alloc_raw(f->rings, sizeof *order);
    good = order != NULL && numbering_begin(&n);
    for (uint32_t r = 0; r < f->rings && good; r++) {
        order[r] = (uint64_t)(UINT32_MAX - f->ring[r].size) << 32 | r;
    }
    if (good && f->rings > 1) {
        qsort(order, f->rings, sizeof *order, by_value);
    }
    for (uint32_t i = 0; i < f->rings && good; i++) { /* what most have must not change */
        uint32_t const r = (uint32_t)order[i];
        if (c->same[r] != UINT32_MAX) {
            take_number(&n, f->ring[r].network, c->before->rings[c->same[r]].network);
        }
    }
    if (good) {
        numbering_finish(&n);
    }
    for (uint32_t r = 0; r < f->rings && good; r++) {
        f->ring[r].network = n.number[f->ring[r].network];
    }
    rf_free(order);
    rf_free(n.number);
    rf_free(n.taken);
    return good ? RF_OK : rf_fail_memory(c->err, "the numbers of networks");
}

/* ---- comparing ---- */

static bool differs(double a, double b)
{
    return a < b || a > b;
}

static void compare_rings(comparing *c)
{
    for (uint32_t r = 0; r < c->f->rings; r++) {
        const rf_ring *ring = &c->f->ring[r];
        const rf_kept_ring *k;
        if (ring->parts > 0 || c->same[r] == UINT32_MAX) {
            c->d->ring[r] = RF_RING_JUDGED;
            continue;
        }
        if (ring->stands != 0) {
            c->d->ring[r] = RF_RING_GREW;
            continue;
        }
        k = &c->before->rings[c->same[r]];
        if (k->network != ring->network || k->cells != ring->cells || k->links != ring->links ||
            k->requests != ring->requests || k->flagged != ring->flagged ||
            differs(k->link_bits, ring->link_bits) || differs(k->inner_bits, ring->inner_bits)) {
            c->d->ring[r] = RF_RING_MOVED;
        }
    }
}

/* What becomes of the row of somebody who was a member before. */
static rf_member_change compare_member(const rf_findings *f, const rf_kept_member *k, rf_member *m)
{
    rf_kept_role const role = m->fringe   ? RF_KEPT_FRINGE
                              : m->bridge ? RF_KEPT_BRIDGE
                                          : RF_KEPT_CORE;
    bool const both_known = !isnan(k->membership) && !isnan(m->membership);
    bool same = k->cell == m->cell && k->network == f->ring[m->ring - 1].network &&
                k->links == m->links && k->role == role &&
                isnan(k->membership) == isnan(m->membership);
    if (both_known && fabs((double)k->membership - (double)m->membership) < RF_MEMBERSHIP_MOVES) {
        m->membership = k->membership;
    }
    if (fabs(k->bits - m->bits) < RF_MEMBERSHIP_MOVES) {
        m->bits = k->bits;
    }
    same = same && !differs(k->bits, m->bits) &&
           (!both_known || !differs((double)k->membership, (double)m->membership));
    if (k->ring != rf_ring_number(f, m->ring - 1)) {
        return RF_MEMBER_CAME;
    }
    return same ? RF_MEMBER_STAYS : RF_MEMBER_MOVED;
}

static void compare_members(comparing *c)
{
    const rf_findings *f = c->f;
    for (uint32_t i = 0; i < f->members; i++) {
        rf_member *m = &f->member[i];
        const rf_kept_member *k = kept_member(c, m->account);
        c->d->member[i] = (uint8_t)(k == NULL ? RF_MEMBER_CAME : compare_member(f, k, m));
        c->place[m->account] = 0; /* seen */
    }
}

/* Who was in a ring and is in none, and numbers that nothing has any more. */
static rf_status list_gone(comparing *c)
{
    rf_difference *d = c->d;
    d->gone = rf_alloc_raw(c->before->ring_count, sizeof *d->gone);
    d->left = rf_alloc_raw(c->before->member_count, sizeof *d->left);
    if (d->gone == NULL || d->left == NULL) {
        return rf_fail_memory(c->err, "what is gone");
    }
    for (size_t k = 0; k < c->before->ring_count; k++) {
        if (c->met[k] == 0) {
            d->gone[d->goings++] = c->before->rings[k].number;
        }
    }
    for (uint32_t a = 0; a < c->p->accounts; a++) {
        if (c->place[a] != 0) {
            d->left[d->leavings++] = c->p->account_row[a];
        }
    }
    return RF_OK;
}

/* place[account]: rows of kept members as accounts. */
static rf_status place_members(comparing *c)
{
    uint64_t rows = 0;
    uint32_t *number;
    for (uint32_t a = 0; a < c->p->accounts; a++) {
        uint64_t const row = (uint64_t)c->p->account_row[a];
        rows = row >= rows ? row + 1 : rows;
    }
    number = rf_alloc(rows, sizeof *number);
    if (number == NULL) {
        return rf_fail_memory(c->err, "the members of before");
    }
    for (size_t i = 0; i < c->before->member_count; i++) {
        number[c->before->members[i].row] = (uint32_t)i + 1;
    }
    for (uint32_t a = 0; a < c->p->accounts; a++) {
        c->place[a] = number[c->p->account_row[a]];
    }
    rf_free(number);
    return RF_OK;
}

static rf_status compare(comparing *c)
{
    rf_status status = place_members(c);
    if (status == RF_OK) {
        status = match_same(c);
    }
    if (status == RF_OK) {
        status = list_lives(c);
    }
    if (status == RF_OK) {
        status = settle_changed(c);
    }
    if (status == RF_OK) {
        status = number_rings(c);
    }
    if (status == RF_OK) {
        status = number_cells(c);
    }
    if (status == RF_OK) {
        status = number_networks(c);
    }
    if (status == RF_OK) {
        compare_rings(c);
        compare_members(c);
        status = list_gone(c);
    }
    return status;
}

rf_status rf_difference_rings(rf_store *store, const rf_population *population,
                              const rf_run_memory *before, rf_findings *findings,
                              rf_difference *difference, rf_error *err)
{
    comparing c = {.store = store,
                   .p = population,
                   .before = before,
                   .f = findings,
                   .d = difference,
                   .same = rf_alloc_raw(findings->rings, sizeof *c.same),
                   .met = rf_alloc(before->ring_count, sizeof *c.met),
                   .place = rf_alloc(population->accounts, sizeof *c.place),
                   .changed = rf_alloc_raw(findings->rings, sizeof *c.changed),
                   .err = err};
    rf_status status;
    difference->ring = rf_alloc(findings->rings, sizeof *difference->ring);
    difference->member = rf_alloc(findings->members, sizeof *difference->member);
    status = c.same == NULL || c.met == NULL || c.place == NULL || c.changed == NULL ||
                     difference->ring == NULL || difference->member == NULL
                 ? rf_fail_memory(err, "what an update has changed")
                 : compare(&c);
    rf_free(c.same);
    rf_free(c.met);
    rf_free(c.place);
    rf_free(c.changed);
    return status;
}
