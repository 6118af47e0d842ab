/* resume.c - see resume.h. */
#include "rings/resume.h"

#include "rings/regroup.h"

#include <string.h>

typedef struct resuming {
    const rf_population *p;
    const rf_run_memory *before;
    rf_findings *f;
    rf_places places;
    uint32_t *slot; /* by number of a kept ring: its index in f->ring, UINT32_MAX: not resumed */
    uint32_t *cell; /* by number of a kept cell: the cell its members are in now; 0: not known */
    uint32_t
        *piece; /* by ring as clustered: the resumed ring that takes most of it, or UINT32_MAX */
    uint32_t clustered;
    uint32_t most_ring, most_cell, next_cell;
} resuming;

static bool allocate(resuming *r)
{
    for (size_t k = 0; k < r->before->ring_count; k++) {
        uint32_t const number = r->before->rings[k].number;
        r->most_ring = number > r->most_ring ? number : r->most_ring;
    }
    for (size_t i = 0; i < r->before->member_count; i++) {
        uint32_t const cell = r->before->members[i].cell;
        r->most_cell = cell > r->most_cell ? cell : r->most_cell;
    }
    for (uint32_t i = 0; i < r->f->members; i++) {
        uint32_t const cell = r->f->member[i].cell;
        r->next_cell = cell > r->next_cell ? cell : r->next_cell;
    }
    r->clustered = r->f->rings;
    r->slot = rf_alloc_raw((size_t)r->most_ring + 1, sizeof *r->slot);
    r->cell = rf_alloc((size_t)r->most_cell + 1, sizeof *r->cell);
    r->piece = rf_alloc_raw(r->clustered, sizeof *r->piece);
    return r->slot != NULL && r->cell != NULL && r->piece != NULL;
}

/* A suspect ring is resumed unless it is one community as it was clustered: all of it, and no more.
 */
static rf_status choose(resuming *r, double suspect_from, uint32_t *resumed, rf_error *err)
{
    const rf_run_memory *b = r->before;
    uint32_t *community = rf_alloc_raw((size_t)r->most_ring + 1, sizeof *community);
    uint32_t *size = rf_alloc((size_t)r->p->accounts + 2, sizeof *size);
    if (community == NULL || size == NULL) {
        rf_free(community);
        rf_free(size);
        return rf_fail_memory(err, "the rings of before");
    }
    memset(r->slot, 0xff, ((size_t)r->most_ring + 1) * sizeof *r->slot);
    memset(community, 0xff, ((size_t)r->most_ring + 1) * sizeof *community);
    for (uint32_t a = 0; a < r->p->accounts; a++) {
        size[b->ring[a] < r->p->accounts ? b->ring[a] : r->p->accounts]++;
    }
    for (size_t i = 0; i < b->member_count; i++) { /* of any member: one stands for all */
        community[b->members[i].ring] = b->ring[b->members[i].account];
    }
    for (size_t i = 0; i < b->member_count; i++) {
        uint32_t const of = b->ring[b->members[i].account];
        uint32_t const ring = b->members[i].ring;
        if (of == community[ring] && of < r->p->accounts) {
            size[of]--;
        } else {
            r->slot[ring] = 0; /* of several communities, or of none */
        }
    }
    *resumed = 0;
    for (size_t k = 0; k < b->ring_count; k++) {
        uint32_t const number = b->rings[k].number;
        bool const whole = r->slot[number] == UINT32_MAX && community[number] < r->p->accounts &&
                           size[community[number]] == 0;
        bool const suspect = b->rings[k].score >= suspect_from;
        r->slot[number] = suspect && !whole ? r->clustered + (*resumed)++ : UINT32_MAX;
    }
    rf_free(community);
    rf_free(size);
    return RF_OK;
}

/* Members go back to resumed rings. Fringe has the cell that the others of its cell are in. */
static void take_back(resuming *r)
{
    const rf_run_memory *b = r->before;
    for (size_t i = 0; i < b->member_count; i++) {
        const rf_kept_member *m = &b->members[i];
        if (r->slot[m->ring] != UINT32_MAX && r->cell[m->cell] == 0 &&
            r->places.ring[m->account] != UINT32_MAX) {
            r->cell[m->cell] = r->places.cell[m->account];
        }
    }
    for (size_t i = 0; i < b->member_count; i++) {
        const rf_kept_member *m = &b->members[i];
        uint32_t const a = m->account;
        if (r->slot[m->ring] == UINT32_MAX) {
            continue;
        }
        if (r->places.ring[a] == UINT32_MAX) {
            if (r->cell[m->cell] == 0) {
                r->cell[m->cell] = ++r->next_cell;
            }
            r->places.cell[a] = r->cell[m->cell];
        }
        r->places.ring[a] = r->slot[m->ring];
        r->places.fringe[a] = m->role == RF_KEPT_FRINGE;
        r->places.membership[a] = m->membership;
    }
}

/* Which resumed ring takes more than half of each ring as clustered; who is new there goes along.
 */
static void take_newcomers(resuming *r)
{
    const rf_findings *f = r->f;
    for (uint32_t i = 0; i < r->clustered; i++) {
        const rf_ring *ring = &f->ring[i];
        const rf_member *member = f->member + ring->first_member;
        uint32_t leader = UINT32_MAX;
        uint32_t votes = 0;
        uint32_t taken = 0;
        for (uint32_t m = 0; m < ring->size; m++) {
            uint32_t const to = r->places.ring[member[m].account];
            leader = votes == 0 ? to : leader;
            votes = to == leader ? votes + 1 : votes - 1;
        }
        for (uint32_t m = 0; m < ring->size; m++) {
            taken += r->places.ring[member[m].account] == leader;
        }
        r->piece[i] = leader >= r->clustered && leader != UINT32_MAX && 2 * taken > ring->size
                          ? leader
                          : UINT32_MAX;
        for (uint32_t m = 0; m < ring->size && r->piece[i] != UINT32_MAX; m++) {
            uint32_t const a = member[m].account;
            if (r->places.ring[a] == i && r->before->ring[a] == UINT32_MAX) {
                r->places.ring[a] = leader;
            }
        }
    }
}

/* Resumed rings are listed after the others, each in the network of its pieces. */
static rf_status list_resumed(resuming *r, uint32_t resumed, rf_error *err)
{
    rf_findings *f = r->f;
    uint32_t networks = 0;
    uint32_t *target = rf_alloc_raw((size_t)r->clustered + resumed, sizeof *target);
    rf_status status;
    if (target == NULL || !rf_resize(&f->ring, (size_t)r->clustered + resumed, sizeof *f->ring)) {
        rf_free(target);
        return rf_fail_memory(err, "the rings of before");
    }
    for (uint32_t i = 0; i < r->clustered; i++) {
        networks = f->ring[i].network > networks ? f->ring[i].network : networks;
        target[i] = r->piece[i] == UINT32_MAX ? i : r->piece[i];
    }
    for (uint32_t i = r->clustered; i < r->clustered + resumed; i++) {
        f->ring[i] = (rf_ring){.network = ++networks};
        target[i] = i;
    }
    f->rings = r->clustered + resumed;
    status = rf_networks_join(f, target, err);
    rf_free(target);
    return status;
}

rf_status rf_rings_resume(const rf_population *population, const rf_run_memory *before,
                          double suspect_from, uint32_t min_size, rf_findings *findings,
                          uint32_t *resumed, rf_error *err)
{
    resuming r = {.p = population, .before = before, .f = findings};
    rf_status status =
        allocate(&r) ? choose(&r, suspect_from, resumed, err) : rf_fail_memory(err, "the rings");
    if (status == RF_OK && *resumed > 0) {
        status = rf_places_of(findings, population->accounts, &r.places, err);
    }
    if (status == RF_OK && *resumed > 0) {
        take_back(&r);
        take_newcomers(&r);
        status = list_resumed(&r, *resumed, err);
    }
    if (status == RF_OK && *resumed > 0) {
        status = rf_rings_regroup(population, &r.places, min_size, findings, err);
    }
    rf_places_free(&r.places);
    rf_free(r.slot);
    rf_free(r.cell);
    rf_free(r.piece);
    return status;
}
