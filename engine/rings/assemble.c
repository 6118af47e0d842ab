/* assemble.c - see assemble.h. */
#include "rings/assemble.h"

#include "base/clock.h"
#include "base/order.h"
#include "base/parallel.h"

#include <math.h>
#include <string.h>

/* The accounts that have a link, as vertices in order of their number, then the hubs. */
typedef struct vertex_map {
    uint32_t *vertex;  /* by account, UINT32_MAX when it has no link */
    uint32_t *account; /* by vertex */
    uint32_t accounts; /* vertices that are accounts: the number of the first hub */
} vertex_map;

static rf_status map_vertices(const rf_population *p, const rf_links *links, vertex_map *map,
                              rf_error *err)
{
    map->vertex = rf_alloc(p->accounts, sizeof *map->vertex);
    map->account = rf_alloc_raw(p->accounts, sizeof *map->account);
    if (map->vertex == NULL || map->account == NULL) {
        return rf_fail_memory(err, "the link graph");
    }
    for (uint64_t i = 0; i < links->count; i++) {
        map->vertex[links->a[i]] = 1;
        map->vertex[links->b[i]] = 1;
    }
    for (uint32_t s = 0; s < links->stars; s++) {
        const uint32_t *holders = rf_group_holders(p, links->star[s].group);
        for (uint32_t i = 0; i < rf_group_size(p, links->star[s].group); i++) {
            map->vertex[holders[i]] = 1;
        }
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (map->vertex[a] != 0) {
            map->account[map->accounts] = a;
            map->vertex[a] = map->accounts++;
        } else {
            map->vertex[a] = UINT32_MAX;
        }
    }
    return RF_OK;
}

static float link_weight(rf_bits bits)
{
    double const weight = rf_bits_real(bits);
    return (float)(weight < RF_LINK_BITS_MAX ? weight : RF_LINK_BITS_MAX);
}

static rf_status build_graph(const rf_population *p, const rf_links *links, const vertex_map *map,
                             rf_graph *graph, rf_error *err)
{
    uint64_t edges = links->count;
    uint64_t at = links->count;
    uint32_t *from;
    uint32_t *to;
    float *weight;
    rf_status status;
    for (uint32_t s = 0; s < links->stars; s++) {
        edges += rf_group_size(p, links->star[s].group);
    }
    from = rf_alloc_raw(edges, sizeof *from);
    to = rf_alloc_raw(edges, sizeof *to);
    weight = rf_alloc_raw(edges, sizeof *weight);
    if (from == NULL || to == NULL || weight == NULL) {
        status = rf_fail_memory(err, "the link graph");
        goto done;
    }
    for (uint64_t i = 0; i < links->count; i++) {
        from[i] = map->vertex[links->a[i]];
        to[i] = map->vertex[links->b[i]];
        weight[i] = link_weight(links->bits[i]);
    }
    for (uint32_t s = 0; s < links->stars; s++) {
        const uint32_t *holders = rf_group_holders(p, links->star[s].group);
        for (uint32_t i = 0; i < rf_group_size(p, links->star[s].group); i++, at++) {
            from[at] = map->vertex[holders[i]];
            to[at] = map->accounts + s;
            weight[at] = link_weight(links->star[s].bits);
        }
    }
    status = rf_graph_build(map->accounts + links->stars, edges, from, to, weight, graph, err);
done:
    rf_free(from);
    rf_free(to);
    rf_free(weight);
    return status;
}

static rf_status list_members(const rf_population *p, const vertex_map *map,
                              const rf_levels *levels, rf_findings *f, rf_error *err)
{
    uint32_t *next = rf_alloc((size_t)levels->rings + 1, sizeof *next);
    f->rings = levels->rings;
    f->ring = rf_alloc(f->rings, sizeof *f->ring);
    for (uint32_t v = 0; next != NULL && v < map->accounts; v++) {
        if (levels->ring[v] != RF_NO_COMMUNITY) {
            next[levels->ring[v] + 1]++;
            f->members++;
        }
    }
    f->member = rf_alloc(f->members, sizeof *f->member);
    if (next == NULL || f->ring == NULL || f->member == NULL) {
        rf_free(next);
        return rf_fail_memory(err, "the rings");
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        f->ring[r].first_member = next[r];
        f->ring[r].size = next[r + 1];
        next[r + 1] += next[r];
    }
    for (uint32_t v = 0; v < map->accounts; v++) {
        uint32_t const r = levels->ring[v];
        rf_member *member;
        if (r == RF_NO_COMMUNITY) {
            continue;
        }
        member = &f->member[next[r]++];
        *member = (rf_member){.account = map->account[v],
                              .account_row = p->account_row[map->account[v]],
                              .ring = r + 1,
                              .cell = levels->cell[v] + 1,
                              .membership = (float)NAN};
        f->ring[r].network = levels->network[v] + 1;
    }
    rf_free(next);
    return RF_OK;
}

void rf_rings_of_accounts(const rf_findings *findings, uint32_t accounts, uint32_t *ring)
{
    memset(ring, 0xff, accounts * sizeof *ring);
    for (uint32_t i = 0; i < findings->members; i++) {
        ring[findings->member[i].account] = findings->member[i].ring - 1;
    }
}

/* ---- links inside rings ---- */

/* Links of members and inside rings, and their bits in whole units, so that the order in which they
 * are added up does not matter. */
typedef struct link_sums {
    uint32_t *links; /* by place among the members */
    int64_t *bits;
    uint64_t *inside; /* by ring, like the next */
    int64_t *inside_bits;
} link_sums;

typedef struct link_counting {
    const rf_links *links;
    const rf_findings *f;
    const uint32_t *place; /* by account: among the members, UINT32_MAX outside of rings */
    const uint32_t *ring;  /* by place: an index */
    link_sums *sums;       /* by worker */
} link_counting;

static int64_t counted_bits(rf_bits bits)
{
    rf_bits const most = rf_bits_from(RF_LINK_BITS_MAX);
    return bits < most ? bits : most;
}

static bool begin_sums(const rf_findings *f, link_sums *sums)
{
    sums->links = rf_alloc(f->members, sizeof *sums->links);
    sums->bits = rf_alloc(f->members, sizeof *sums->bits);
    sums->inside = rf_alloc(f->rings, sizeof *sums->inside);
    sums->inside_bits = rf_alloc(f->rings, sizeof *sums->inside_bits);
    return sums->links != NULL && sums->bits != NULL && sums->inside != NULL &&
           sums->inside_bits != NULL;
}

static void end_sums(link_sums *sums)
{
    rf_free(sums->links);
    rf_free(sums->bits);
    rf_free(sums->inside);
    rf_free(sums->inside_bits);
}

static rf_status count_links(void *context, size_t block, size_t first, size_t end, unsigned worker,
                             rf_error *err)
{
    const link_counting *c = context;
    const rf_links *links = c->links;
    link_sums *to = &c->sums[worker];
    (void)block;
    if (to->links == NULL && !begin_sums(c->f, to)) {
        return rf_fail_memory(err, "the rings");
    }
    for (size_t i = first; i < end; i++) {
        uint32_t const a = c->place[links->a[i]];
        uint32_t const b = a == UINT32_MAX ? UINT32_MAX : c->place[links->b[i]];
        if (b != UINT32_MAX && c->ring[a] == c->ring[b]) {
            int64_t const bits = counted_bits(links->bits[i]);
            to->links[a]++;
            to->links[b]++;
            to->bits[a] += bits;
            to->bits[b] += bits;
            to->inside[c->ring[a]]++;
            to->inside_bits[c->ring[a]] += bits;
        }
    }
    return RF_OK;
}

/* Links to hubs are those of a member, but not inside its ring. */
static void count_stars(const rf_population *p, const link_counting *c, link_sums *to)
{
    for (uint32_t s = 0; s < c->links->stars; s++) {
        const rf_star *star = &c->links->star[s];
        const uint32_t *holders = rf_group_holders(p, star->group);
        for (uint32_t i = 0; i < rf_group_size(p, star->group); i++) {
            if (c->place[holders[i]] != UINT32_MAX) {
                to->links[c->place[holders[i]]]++;
                to->bits[c->place[holders[i]]] += counted_bits(star->bits);
            }
        }
    }
}

static void add_sums(const link_sums *from, rf_findings *f)
{
    for (uint32_t i = 0; i < f->members; i++) {
        f->member[i].links += from->links[i];
        f->member[i].bits += rf_bits_real(from->bits[i]);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        f->ring[r].links += from->inside[r];
        f->ring[r].link_bits += rf_bits_real(from->inside_bits[r]);
    }
}

static rf_status measure_links(const rf_population *p, const rf_links *links, unsigned threads,
                               rf_findings *f, rf_error *err)
{
    enum { LINK_GRAIN = 1 << 16 };
    uint32_t *place = rf_alloc_raw(p->accounts, sizeof *place);
    uint32_t *ring = rf_alloc_raw(f->members, sizeof *ring);
    link_sums *sums = rf_alloc(threads, sizeof *sums);
    link_counting counting = {.links = links, .f = f, .place = place, .ring = ring, .sums = sums};
    rf_status status = RF_OK;
    if (place == NULL || ring == NULL || sums == NULL || !begin_sums(f, &sums[0])) {
        status = rf_fail_memory(err, "the rings");
    } else {
        memset(place, 0xff, p->accounts * sizeof *place);
        for (uint32_t i = 0; i < f->members; i++) {
            place[f->member[i].account] = i;
            ring[i] = f->member[i].ring - 1;
            f->member[i].links = 0;
            f->member[i].bits = 0;
        }
        count_stars(p, &counting, &sums[0]);
        status = rf_parallel(threads, links->count, LINK_GRAIN, count_links, &counting, err);
    }
    for (unsigned w = 0; sums != NULL && w < threads; w++) {
        if (status == RF_OK && sums[w].links != NULL) {
            add_sums(&sums[w], f);
        }
        end_sums(&sums[w]);
    }
    rf_free(sums);
    rf_free(ring);
    rf_free(place);
    return status;
}

static void measure_dates(const rf_population *p, const rf_member *member, rf_ring *ring)
{
    ring->first_created = RF_NO_TIME;
    ring->last_created = RF_NO_TIME;
    ring->requests = 0;
    for (uint32_t i = 0; i < ring->size; i++) {
        int64_t const created = p->created_at[member[i].account];
        ring->requests += p->requests[member[i].account];
        if (created == RF_NO_TIME) {
            continue;
        }
        if (ring->first_created == RF_NO_TIME || created < ring->first_created) {
            ring->first_created = created;
        }
        if (ring->last_created == RF_NO_TIME || created > ring->last_created) {
            ring->last_created = created;
        }
    }
}

typedef struct measuring {
    const rf_population *p;
    rf_findings *f;
    uint32_t *cells; /* by member */
} measuring;

static rf_status measure_rings(void *context, size_t block, size_t first, size_t end,
                               unsigned worker, rf_error *err)
{
    const measuring *m = context;
    (void)block;
    (void)worker;
    (void)err;
    for (size_t r = first; r < end; r++) {
        rf_ring *ring = &m->f->ring[r];
        const rf_member *member = m->f->member + ring->first_member;
        uint32_t *cells = m->cells + ring->first_member;
        ring->links = 0;
        ring->link_bits = 0;
        ring->cells = 0;
        measure_dates(m->p, member, ring);
        for (uint32_t i = 0; i < ring->size; i++) {
            cells[i] = member[i].cell;
        }
        rf_order_small(cells, ring->size);
        for (uint32_t i = 0; i < ring->size; i++) {
            ring->cells += i == 0 || cells[i] != cells[i - 1];
        }
    }
    return RF_OK;
}

rf_status rf_rings_measure(const rf_population *population, const rf_links *links, unsigned threads,
                           rf_findings *findings, rf_error *err)
{
    enum { RING_GRAIN = 64 };
    measuring m = {
        .p = population, .f = findings, .cells = rf_alloc_raw(findings->members, sizeof *m.cells)};
    rf_status status =
        m.cells == NULL ? rf_fail_memory(err, "the rings")
                        : rf_parallel(threads, findings->rings, RING_GRAIN, measure_rings, &m, err);
    rf_free(m.cells);
    return status == RF_OK ? measure_links(population, links, threads, findings, err) : status;
}

/* What was found before, by vertex; hubs were in no community. */
static rf_status find_levels(const rf_graph *graph, const vertex_map *map,
                             const rf_level_settings *settings, const rf_level_start *start,
                             rf_levels *levels, rf_error *err)
{
    uint32_t *ring;
    uint32_t *cell;
    uint8_t *touched;
    rf_status status;
    if (start == NULL) {
        return rf_levels_find(graph, map->accounts, settings, levels, err);
    }
    ring = rf_alloc_raw(graph->vertices, sizeof *ring);
    cell = rf_alloc_raw(graph->vertices, sizeof *cell);
    touched = rf_alloc(graph->vertices, sizeof *touched);
    if (ring == NULL || cell == NULL || touched == NULL) {
        status = rf_fail_memory(err, "the communities of before");
    } else {
        for (uint32_t v = 0; v < graph->vertices; v++) {
            ring[v] = v < map->accounts ? start->ring[map->account[v]] : RF_NO_COMMUNITY;
            cell[v] = v < map->accounts ? start->cell[map->account[v]] : RF_NO_COMMUNITY;
            touched[v] = v < map->accounts ? start->touched[map->account[v]] : 1;
        }
        status = rf_levels_renew(graph, map->accounts, settings,
                                 &(rf_level_start){ring, cell, touched}, levels, err);
    }
    rf_free(ring);
    rf_free(cell);
    rf_free(touched);
    return status;
}

rf_status rf_rings_assemble(const rf_population *population, const rf_links *links,
                            const rf_level_settings *settings, rf_findings *findings,
                            double *chance_density, rf_error *err)
{
    return rf_rings_reassemble(population, links, settings, NULL, findings, chance_density, err);
}

rf_status rf_rings_reassemble(const rf_population *population, const rf_links *links,
                              const rf_level_settings *settings, const rf_level_start *start,
                              rf_findings *findings, double *chance_density, rf_error *err)
{
    vertex_map map = {0};
    rf_graph graph = {0};
    rf_levels levels = {0};
    rf_status status = map_vertices(population, links, &map, err);
    if (status == RF_OK) {
        status = build_graph(population, links, &map, &graph, err);
    }
    if (status == RF_OK) {
        status = find_levels(&graph, &map, settings, start, &levels, err);
    }
    if (status == RF_OK) {
        status = list_members(population, &map, &levels, findings, err);
    }
    if (status == RF_OK) {
        *chance_density = levels.chance_density;
    }
    if (status == RF_OK && start == NULL) {
        status = rf_rings_measure(population, links, settings->threads, findings, err);
    }
    rf_levels_free(&levels);
    rf_graph_free(&graph);
    rf_free(map.vertex);
    rf_free(map.account);
    return status;
}
