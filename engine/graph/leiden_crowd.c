/* leiden_crowd.c - several searches of one graph, and one more of what they disagree on.
 *
 * Searches that differ by chance alone agree about nearly everything. What all of them put together
 * becomes one vertex; the graph of these is about as small as there are communities, and a search
 * of it takes the best of each, region by region (the core groups of Ovelgoenne and Geyer-Schulz,
 * 2012). It starts from the best single search, so it is never worse.
 *
 * Invariant: the number of searches and their seeds do not depend on the number of threads.
 * Workload: a graph of parts of some ten thousand vertices; a search of it takes 20 ms.
 */
#include "graph/leiden_core.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <string.h>

enum {
    SEARCHES = 4,
    ROUNDS_EACH = 2,
    ROUNDS_LAST = 4 /* on the graph of what all agree on; they take next to nothing */
};

typedef struct crowd {
    const rf_lcore *core;
    const rf_lgraph *graph;
    uint32_t *found[SEARCHES];
    double quality[SEARCHES];
} crowd;

/* The objective without what is inside the vertices. `mass` has as many elements as vertices. */
static double quality_of(const crowd *c, const uint32_t *community, double *mass)
{
    const rf_lgraph *g = c->graph;
    double inside = 0;
    double charged = 0;
    memset(mass, 0, g->vertices * sizeof *mass);
    for (uint32_t v = 0; v < g->vertices; v++) {
        mass[community[v]] += g->mass[v];
        for (uint64_t i = g->start[v]; i < g->start[v] + g->degree[v]; i++) {
            if (community[g->neighbour[i]] == community[v]) {
                inside += g->weight == NULL ? 1 : (double)g->weight[i];
            }
        }
    }
    for (uint32_t v = 0; v < g->vertices; v++) {
        charged += mass[v] * mass[v];
    }
    return (inside - c->core->resolution * charged) / 2;
}

static rf_status search_some(void *context, size_t block, size_t first, size_t end, unsigned worker,
                             rf_error *err)
{
    crowd *c = context;
    rf_status status = RF_OK;
    (void)block;
    (void)worker;
    for (size_t i = first; i < end && status == RF_OK; i++) {
        rf_lsearch const how = {.start = c->core->now.community,
                                .resolution = c->core->resolution,
                                .noise = c->core->noise,
                                .seed = rf_mix2(rf_mix2(c->core->turn, c->core->seed), i),
                                .rounds = ROUNDS_EACH};
        double *mass = rf_alloc_raw(c->graph->vertices, sizeof *mass);
        status = mass == NULL ? rf_fail_memory(err, "the communities")
                              : rf_lgraph_search(c->graph, &how, c->found[i], err);
        if (status == RF_OK) {
            c->quality[i] = quality_of(c, c->found[i], mass);
        }
        rf_free(mass);
    }
    return status;
}

/* core->part: who is together in all searches, dense. Returns how many such groups there are. */
static uint32_t find_agreed(const crowd *c, rf_lcore *core)
{
    uint32_t const n = c->graph->vertices;
    uint32_t *group = core->part;
    uint32_t *last = core->before;  /* by label: the group it was met in, */
    uint32_t *number = core->mover; /* and which new group that makes */
    uint32_t groups = 0;
    memset(group, 0, n * sizeof *group);
    for (int i = 0; i < SEARCHES; i++) {
        const uint32_t *found = c->found[i];
        groups = 0;
        rf_lcore_sort(core, group, n);
        memset(last, 0xff, n * sizeof *last);
        for (uint32_t k = 0; k < n; k++) {
            uint32_t const v = core->order[k];
            if (last[found[v]] != group[v]) {
                last[found[v]] = group[v];
                number[found[v]] = groups++;
            }
            group[v] = number[found[v]];
        }
    }
    return groups;
}

/* From the best search to a better partition, by moving groups. */
static rf_status search_agreed(const crowd *c, rf_lcore *core, rf_error *err)
{
    uint32_t const n = c->graph->vertices;
    uint32_t const groups = find_agreed(c, core);
    uint32_t *start = core->now.community;
    uint32_t *found = core->live;
    int best = 0;
    rf_lgraph above = {0};
    rf_status status = rf_lgraph_aggregate(c->graph, core, groups, &above, err);
    if (status != RF_OK) {
        return status;
    }
    for (int i = 1; i < SEARCHES; i++) {
        best = c->quality[i] > c->quality[best] ? i : best;
    }
    for (uint32_t k = 0; k < groups; k++) {
        start[k] = c->found[best][core->order[core->first[k]]];
    }
    (void)rf_lcore_name(core, groups, n);
    status = rf_lgraph_search(&above,
                              &(rf_lsearch){.start = start,
                                            .resolution = core->resolution,
                                            .noise = core->noise,
                                            .seed = core->seed,
                                            .rounds = ROUNDS_LAST},
                              found, err);
    for (uint32_t v = 0; v < n && status == RF_OK; v++) {
        start[v] = found[core->part[v]];
    }
    (void)rf_lcore_name(core, n, n);
    rf_lgraph_free(&above);
    return status;
}

rf_status rf_lcore_crowd(rf_lcore *core, const rf_lgraph *graph, rf_error *err)
{
    crowd c = {.core = core, .graph = graph};
    uint32_t *all = rf_alloc_raw((size_t)graph->vertices * SEARCHES, sizeof *all);
    rf_status status = all == NULL ? rf_fail_memory(err, "the communities") : RF_OK;
    for (size_t i = 0; i < SEARCHES && status == RF_OK; i++) {
        c.found[i] = all + i * graph->vertices;
    }
    if (status == RF_OK) {
        status = rf_parallel(rf_team_size(core->team), SEARCHES, 1, search_some, &c, err);
    }
    if (status == RF_OK) {
        status = search_agreed(&c, core, err);
    }
    rf_free(all);
    return status;
}
