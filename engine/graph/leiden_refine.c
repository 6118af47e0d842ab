/* leiden_refine.c - dividing communities into connected parts.
 *
 * Every vertex begins as a part of its own. One that is still alone joins the part it gains most
 * with, inside its community, provided that both are well connected to the rest of it: their edges
 * to it weigh at least what the objective charges for them (Traag, Waltman, van Eck 2019).
 *
 * Invariant: a part is connected, for a vertex joins only by an edge and never leaves.
 * Communities do not touch each other here, so they are refined in parallel.
 */
#include "graph/leiden_core.h"

#include "base/hash.h"

#include <math.h>

enum { VERTICES = 1 << 12 }; /* a task: the communities that begin among so many */

typedef struct refinement {
    rf_lcore *core;
    const rf_lgraph *graph;
} refinement;

/* Adds up the edges of v inside its community by part; returns how many parts were touched. */
static uint32_t gather(const refinement *r, const rf_lworker *worker, uint32_t v, double *links)
{
    const rf_lgraph *g = r->graph;
    const uint32_t *community = r->core->now.community;
    uint32_t const own = community[v];
    uint32_t count = 0;
    *links = 0;
    for (uint64_t i = g->start[v]; i < g->start[v] + g->degree[v]; i++) {
        uint32_t const w = g->neighbour[i];
        if (community[w] == own) {
            uint32_t const part = r->core->part[w];
            double const weight = g->weight == NULL ? 1 : (double)g->weight[i];
            worker->touched[count] = part;
            count += worker->slot[part].links == 0;
            worker->slot[part].links += weight;
            *links += weight;
        }
    }
    return count;
}

static bool well_connected(const rf_lcore *core, uint32_t part, double total)
{
    double const mass = core->part_mass[part];
    return core->part_links[part] >= core->resolution * mass * (total - mass);
}

/* Whoever adds such a number to log probabilities and takes the greatest draws by probability. */
static double gumbel(uint64_t random)
{
    return -log(-log(((double)(random >> 12) + 0.5) * 0x1p-52));
}

/* No gumbel lies outside: what cannot change the order need not be drawn. */
#define GUMBEL_LEAST (-4.0)
#define GUMBEL_MOST 37.0

/* Leaves the slots as they were. */
static void join_best(const refinement *r, const rf_lworker *worker, uint32_t v, double total)
{
    rf_lcore *core = r->core;
    double const price = core->resolution * core->part_mass[v];
    uint64_t state = 0; /* of drawing, which is rare */
    double links;
    uint32_t const count = gather(r, worker, v, &links);
    uint32_t best = v;
    double best_gain = 0;
    double best_links = 0;
    bool drawn_best = core->noise <= 0; /* the first one is not drawn while it is alone */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t const part = worker->touched[i];
        double const weight = worker->slot[part].links;
        double const gain = weight - price * core->part_mass[part];
        double drawn = gain;
        worker->slot[part].links = 0;
        if (gain <= 0 || !well_connected(core, part, total)) {
            continue;
        }
        if (best != v) {
            if (gain + core->noise * GUMBEL_MOST <
                best_gain + (drawn_best ? 0 : core->noise * GUMBEL_LEAST)) {
                continue;
            }
            state = state == 0 ? rf_mix2(core->turn, v) : state;
            if (!drawn_best) {
                best_gain += core->noise * gumbel(rf_mix2(state, best));
                drawn_best = true;
            }
            drawn += core->noise > 0 ? core->noise * gumbel(rf_mix2(state, part)) : 0;
            if (drawn <= best_gain) {
                continue;
            }
        }
        best = part;
        best_gain = drawn;
        best_links = weight;
    }
    if (best != v) {
        core->part[v] = best;
        core->part_mass[best] += core->part_mass[v];
        core->part_mass[v] = 0;
        core->part_links[best] += links - 2 * best_links;
        core->part_members[best]++;
        core->part_members[v] = 0;
    }
}

/* The vertices core->order[from .. to) are one community. */
static void refine_community(const refinement *r, const rf_lworker *worker, uint32_t from,
                             uint32_t to)
{
    rf_lcore *core = r->core;
    const rf_lgraph *g = r->graph;
    double total = 0;
    for (uint32_t i = from; i < to; i++) {
        uint32_t const v = core->order[i];
        double links = 0;
        for (uint64_t k = g->start[v]; k < g->start[v] + g->degree[v] && to - from > 1; k++) {
            if (core->now.community[g->neighbour[k]] == core->now.community[v]) {
                links += g->weight == NULL ? 1 : (double)g->weight[k];
            }
        }
        core->part[v] = v;
        core->part_members[v] = 1;
        core->part_mass[v] = g->mass[v];
        core->part_links[v] = links;
        total += g->mass[v];
    }
    for (uint32_t i = from; i < to && to - from > 1; i++) {
        uint32_t const v = core->order[i];
        if (core->part_members[v] == 1 && core->part[v] == v && well_connected(core, v, total)) {
            join_best(r, worker, v, total);
        }
    }
}

static void refine_some(void *context, size_t task, unsigned worker)
{
    const refinement *r = context;
    const rf_lcore *core = r->core;
    const uint32_t *community = core->now.community;
    uint32_t const n = r->graph->vertices;
    uint32_t at = (uint32_t)task * VERTICES;
    uint32_t const end = n - at < VERTICES ? n : at + VERTICES;
    if (core->first[community[core->order[at]]] < at) { /* begins in a task before */
        at = core->first[community[core->order[at]] + 1];
    }
    while (at < end) {
        uint32_t const next = core->first[community[core->order[at]] + 1];
        refine_community(r, &core->worker[worker], at, next);
        at = next;
    }
}

uint32_t rf_lcore_refine(rf_lcore *core, const rf_lgraph *graph)
{
    refinement r = {.core = core, .graph = graph};
    uint32_t const n = graph->vertices;
    uint32_t *number = core->before;
    uint32_t parts = 0;
    core->turn = rf_mix2(core->turn, core->seed);
    rf_lcore_sort(core, core->now.community, n);
    rf_team_run(core->team, (n + (size_t)VERTICES - 1) / VERTICES, refine_some, &r);
    for (uint32_t v = 0; v < n; v++) {
        if (core->part[v] == v) {
            number[v] = parts++;
        }
    }
    for (uint32_t v = 0; v < n; v++) {
        core->part[v] = number[core->part[v]];
    }
    return parts;
}
