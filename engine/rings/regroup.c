/* regroup.c - see regroup.h. */
#include "rings/regroup.h"

#include <math.h>
#include <string.h>

rf_status rf_places_of(const rf_findings *findings, uint32_t accounts, rf_places *places,
                       rf_error *err)
{
    *places = (rf_places){rf_alloc_raw(accounts, sizeof *places->ring),
                          rf_alloc(accounts, sizeof *places->cell),
                          rf_alloc(accounts, sizeof *places->fringe),
                          rf_alloc_raw(accounts, sizeof *places->membership)};
    if (places->ring == NULL || places->cell == NULL || places->fringe == NULL ||
        places->membership == NULL) {
        rf_places_free(places);
        return rf_fail_memory(err, "the places of accounts");
    }
    memset(places->ring, 0xff, accounts * sizeof *places->ring);
    for (uint32_t a = 0; a < accounts; a++) {
        places->membership[a] = (float)NAN;
    }
    for (uint32_t i = 0; i < findings->members; i++) {
        const rf_member *m = &findings->member[i];
        places->ring[m->account] = m->ring - 1;
        places->cell[m->account] = m->cell;
        places->fringe[m->account] = m->fringe;
        places->membership[m->account] = m->membership;
    }
    return RF_OK;
}

void rf_places_free(rf_places *places)
{
    rf_free(places->ring);
    rf_free(places->cell);
    rf_free(places->fringe);
    rf_free(places->membership);
    *places = (rf_places){0};
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        i = parent[i] = parent[parent[i]];
    }
    return i;
}

rf_status rf_networks_join(rf_findings *findings, const uint32_t *target, rf_error *err)
{
    rf_findings *f = findings;
    uint32_t most = 0;
    uint32_t *parent;
    for (uint32_t r = 0; r < f->rings; r++) {
        most = f->ring[r].network > most ? f->ring[r].network : most;
    }
    parent = rf_alloc_raw((size_t)most + 1, sizeof *parent);
    if (parent == NULL) {
        return rf_fail_memory(err, "the networks");
    }
    for (uint32_t i = 0; i <= most; i++) {
        parent[i] = i;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        uint32_t const a = root(parent, f->ring[r].network);
        uint32_t const b = root(parent, f->ring[target[r]].network);
        parent[a < b ? b : a] = a < b ? a : b;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        f->ring[r].network = root(parent, f->ring[r].network);
    }
    rf_free(parent);
    return RF_OK;
}

/* Closes up the rings that keep enough members; to[r] is the new index of r, UINT32_MAX when gone.
 * size[r] is its number of members. */
static void close_up(rf_findings *f, const uint32_t *size, uint32_t min_size, uint32_t *to)
{
    uint32_t kept = 0;
    uint32_t at = 0;
    for (uint32_t r = 0; r < f->rings; r++) {
        if (size[r] == 0 || size[r] < min_size) {
            to[r] = UINT32_MAX;
            continue;
        }
        to[r] = kept;
        if (kept != r) {
            f->ring[kept] = f->ring[r];
        }
        f->ring[kept].first_member = at;
        f->ring[kept].size = size[r];
        at += size[r];
        kept++;
    }
    f->rings = kept;
    f->members = at;
}

static void list_members(const rf_population *p, const rf_places *places, const uint32_t *to,
                         uint32_t *next, rf_member *member, const rf_findings *f)
{
    for (uint32_t r = 0; r < f->rings; r++) {
        next[r] = f->ring[r].first_member;
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        uint32_t const ring = places->ring[a] == UINT32_MAX ? UINT32_MAX : to[places->ring[a]];
        if (ring != UINT32_MAX) {
            member[next[ring]++] = (rf_member){.account = a,
                                               .account_row = p->account_row[a],
                                               .ring = ring + 1,
                                               .cell = places->cell[a],
                                               .fringe = places->fringe[a] != 0,
                                               .membership = places->membership[a]};
        }
    }
}

rf_status rf_rings_regroup(const rf_population *population, const rf_places *places,
                           uint32_t min_size, rf_findings *findings, rf_error *err)
{
    uint32_t const before = findings->rings;
    uint32_t *size = rf_alloc(before, sizeof *size);
    uint32_t *to = rf_alloc(before, sizeof *to);
    rf_member *member = NULL;
    rf_status status = RF_OK;
    if (size == NULL || to == NULL) {
        status = rf_fail_memory(err, "the members of the rings");
        goto done;
    }
    for (uint32_t a = 0; a < population->accounts; a++) {
        if (places->ring[a] != UINT32_MAX) {
            size[places->ring[a]]++;
        }
    }
    close_up(findings, size, min_size, to);
    member = rf_alloc_raw(findings->members, sizeof *member);
    if (member == NULL) {
        status = rf_fail_memory(err, "the members of the rings");
        goto done;
    }
    list_members(population, places, to, size, member, findings);
    rf_free(findings->member);
    findings->member = member;
done:
    rf_free(size);
    rf_free(to);
    return status;
}
