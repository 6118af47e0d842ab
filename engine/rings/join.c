/* join.c - see join.h. */
#include "rings/join.h"

#include "graph/graph.h"
#include "graph/leiden.h"
#include "rings/assemble.h"

#include <stdlib.h>
#include <string.h>

rf_join_settings rf_join_defaults(void)
{
    return (rf_join_settings){.suspect_from = -2, .contrast = 10};
}

/* The suspect rings, as vertices. */
typedef struct suspects {
    uint32_t *vertex; /* by ring index, UINT32_MAX when not suspect */
    uint32_t count;
    double *mass; /* members */
} suspects;

static rf_status list_suspects(const rf_findings *f, double from, suspects *s, rf_error *err)
{
    s->vertex = rf_alloc(f->rings, sizeof *s->vertex);
    s->mass = rf_alloc(f->rings, sizeof *s->mass);
    if (s->vertex == NULL || s->mass == NULL) {
        return rf_fail_memory(err, "the suspect rings");
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        s->vertex[r] = UINT32_MAX;
        if (f->ring[r].score >= from) {
            s->mass[s->count] = f->ring[r].size;
            s->vertex[r] = s->count++;
        }
    }
    return RF_OK;
}

/* The evidence between suspects. */
static rf_status link_suspects(const rf_links *links, const uint32_t *ring, const suspects *s,
                               rf_graph *graph, rf_error *err)
{
    uint32_t *from = NULL;
    uint32_t *to = NULL;
    float *weight = NULL;
    size_t room[3] = {0};
    size_t count = 0;
    rf_status status = RF_OK;
    for (uint64_t i = 0; i < links->count && status == RF_OK; i++) {
        uint32_t const a = ring[links->a[i]];
        uint32_t const b = ring[links->b[i]];
        double const bits = rf_bits_real(links->bits[i]);
        if (a == UINT32_MAX || b == UINT32_MAX || a == b || s->vertex[a] == UINT32_MAX ||
            s->vertex[b] == UINT32_MAX) {
            continue;
        }
        if (!rf_reserve(&from, &room[0], count + 1, sizeof *from) ||
            !rf_reserve(&to, &room[1], count + 1, sizeof *to) ||
            !rf_reserve(&weight, &room[2], count + 1, sizeof *weight)) {
            status = rf_fail_memory(err, "the links between rings");
            break;
        }
        from[count] = s->vertex[a];
        to[count] = s->vertex[b];
        weight[count++] = (float)(bits < RF_LINK_BITS_MAX ? bits : RF_LINK_BITS_MAX);
    }
    if (status == RF_OK) {
        status = rf_graph_build(s->count, count, from, to, weight, graph, err);
    }
    rf_free(from);
    rf_free(to);
    rf_free(weight);
    return status;
}

static rf_status cluster_suspects(const rf_graph *g, const suspects *s, double density,
                                  uint64_t seed, uint32_t *community, rf_error *err)
{
    rf_leiden_input input = {.vertices = s->count,
                             .vertex_weight = s->mass,
                             .resolution = density,
                             .seed = seed,
                             .iterations = 10};
    uint32_t *from = rf_alloc_raw(g->edges, sizeof *from);
    uint32_t *to = rf_alloc_raw(g->edges, sizeof *to);
    double *weight = rf_alloc_raw(g->edges, sizeof *weight);
    uint32_t communities;
    rf_status status = RF_OK;
    if (from == NULL || to == NULL || weight == NULL) {
        status = rf_fail_memory(err, "the links between rings");
    } else {
        for (uint32_t v = 0; v < g->vertices; v++) {
            for (uint64_t k = g->start[v]; k < g->start[v + 1]; k++) {
                if (v < g->neighbour[k]) {
                    from[input.edges] = v;
                    to[input.edges] = g->neighbour[k];
                    weight[input.edges++] = (double)g->weight[k];
                }
            }
        }
        input.from = from;
        input.to = to;
        input.weight = weight;
        status = rf_leiden(&input, community, &communities, err);
    }
    rf_free(from);
    rf_free(to);
    rf_free(weight);
    return status;
}

/* target[r]: the first ring of r's community, r itself when it is alone. */
static rf_status choose_targets(const rf_findings *f, const suspects *s, const uint32_t *community,
                                uint32_t *target, rf_error *err)
{
    uint32_t *first = rf_alloc_raw(s->count, sizeof *first);
    if (first == NULL) {
        return rf_fail_memory(err, "the joined rings");
    }
    memset(first, 0xff, s->count * sizeof *first);
    for (uint32_t r = 0; r < f->rings; r++) {
        target[r] = r;
        if (s->vertex[r] != UINT32_MAX) {
            uint32_t const c = community[s->vertex[r]];
            first[c] = first[c] == UINT32_MAX ? r : first[c];
            target[r] = first[c];
        }
    }
    rf_free(first);
    return RF_OK;
}

/* Networks of joined rings become one: the smallest number of any that touch. */
static rf_status join_networks(rf_findings *f, const uint32_t *target, rf_error *err)
{
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
        uint32_t a = f->ring[r].network;
        uint32_t b = f->ring[target[r]].network;
        while (parent[a] != a) {
            a = parent[a] = parent[parent[a]];
        }
        while (parent[b] != b) {
            b = parent[b] = parent[parent[b]];
        }
        parent[a < b ? b : a] = a < b ? a : b;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        while (parent[f->ring[r].network] != f->ring[r].network) {
            f->ring[r].network = parent[f->ring[r].network];
        }
    }
    rf_free(parent);
    return RF_OK;
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

/* Members move to the target; rings left empty go, the others close up. */
static uint32_t move_members(rf_findings *f, const uint32_t *target)
{
    uint32_t kept = 0;
    uint32_t const before = f->rings;
    for (uint32_t i = 0; i < f->members; i++) {
        f->member[i].ring = target[f->member[i].ring - 1] + 1;
    }
    qsort(f->member, f->members, sizeof *f->member, by_ring);
    for (uint32_t first = 0, end; first < f->members; first = end) {
        uint32_t const old = f->member[first].ring - 1;
        for (end = first; end < f->members && f->member[end].ring == old + 1;) {
            end++;
        }
        f->ring[kept] = f->ring[old];
        f->ring[kept].first_member = first;
        f->ring[kept].size = end - first;
        kept++;
        for (uint32_t i = first; i < end; i++) {
            f->member[i].ring = kept;
        }
    }
    f->rings = kept;
    return before - kept;
}

rf_status rf_rings_join(const rf_population *population, const rf_links *links,
                        const rf_join_settings *settings, double chance_density, uint64_t seed,
                        rf_findings *findings, uint32_t *joined, rf_error *err)
{
    suspects s = {0};
    rf_graph graph = {0};
    uint32_t *ring = rf_alloc_raw(population->accounts, sizeof *ring);
    uint32_t *community = NULL;
    uint32_t *target = rf_alloc(findings->rings, sizeof *target);
    rf_status status = ring == NULL || target == NULL
                           ? rf_fail_memory(err, "the joined rings")
                           : list_suspects(findings, settings->suspect_from, &s, err);
    *joined = 0;
    if (status == RF_OK && s.count > 1) {
        rf_rings_of_accounts(findings, population->accounts, ring);
        status = link_suspects(links, ring, &s, &graph, err);
        community = rf_alloc(s.count, sizeof *community);
        if (status == RF_OK && community == NULL) {
            status = rf_fail_memory(err, "the joined rings");
        }
        if (status == RF_OK && graph.edges > 0) {
            status = cluster_suspects(&graph, &s, settings->contrast * chance_density, seed,
                                      community, err);
            if (status == RF_OK) {
                status = choose_targets(findings, &s, community, target, err);
            }
            if (status == RF_OK) {
                status = join_networks(findings, target, err);
            }
            if (status == RF_OK) {
                *joined = move_members(findings, target);
            }
        }
    }
    rf_graph_free(&graph);
    rf_free(s.vertex);
    rf_free(s.mass);
    rf_free(community);
    rf_free(target);
    rf_free(ring);
    return status;
}
