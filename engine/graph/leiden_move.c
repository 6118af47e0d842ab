/* leiden_move.c - moving vertices to the neighbouring community where they add most.
 *
 * A large graph is cut into 8 to 16 stretches of 2^k vertices. A step takes a chunk of each
 * stretch, all of the same place in theirs; chunks run in parallel. Far apart, they share few
 * edges, so little is decided on what the same step has made stale; and what a vertex needs to know
 * of its own chunk is never stale. A sweep is as many steps as a stretch has chunks.
 *
 * Invariant between steps: now.mass and now.members are those of now.community; later is all 0.
 * Workload: the first sweep over the first graph is the most costly part of Leiden.
 */
#include "graph/leiden_core.h"

#include <string.h>

enum {
    SEQUENTIAL = 1 << 14, /* graphs of at most so many vertices are one chunk */
    STRETCHES = 8,        /* at least */
    CHUNK_MOST = 1 << 10,
    CHUNKS_LEAST = 64 /* a stretch */
};

/* Differences below this share of what is compared are rounding. */
#define NOTICEABLE 1e-11

typedef struct mover {
    rf_lcore *core;
    const rf_lgraph *graph;
    uint32_t stretch;              /* a power of two, or all vertices */
    uint32_t chunk;                /* likewise */
    uint32_t offset;               /* of this step's chunks in their stretches */
    uint32_t moved[2 * STRETCHES]; /* by chunk */
    double gained[2 * STRETCHES];
} mover;

/* One chunk while it is worked on. */
typedef struct chunk {
    mover *m;
    rf_lworker *worker;
    uint32_t start, end;
    uint32_t moved;
    double gained;
} chunk;

typedef struct choice {
    uint32_t label;
    double gain; /* over staying */
} choice;

/* Adds up the edges of v by community; returns how many other communities were touched. Most edges
 * lead to its own, whose sum goes round the memory that each addition would have to wait for. */
static uint32_t gather(const chunk *c, uint32_t v)
{
    const rf_lgraph *g = c->m->graph;
    const uint32_t *stable = c->m->core->now.community;
    const uint32_t *live = c->m->core->live;
    rf_lslot *slot = c->worker->slot;
    uint32_t *touched = c->worker->touched;
    uint32_t const start = c->start;
    uint32_t const length = c->end - start;
    const uint32_t *neighbour = g->neighbour + g->start[v];
    const float *weight = g->weight == NULL ? NULL : g->weight + g->start[v];
    uint32_t const degree = g->degree[v];
    uint32_t const own = live[v];
    double kept = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < degree; i++) {
        uint32_t const w = neighbour[i];
        const uint32_t *seen = w - start < length ? live : stable;
        uint32_t const label = seen[w];
        double const links = weight == NULL ? 1 : (double)weight[i];
        if (label == own) {
            kept += links;
            continue;
        }
        touched[count] = label;
        count += slot[label].links == 0;
        slot[label].links += links;
    }
    slot[own].links = kept;
    return count;
}

static bool is_empty(const chunk *c, uint32_t label)
{
    return (int64_t)c->m->core->now.members[label] + c->worker->members[label] == 0;
}

/* A community v can be alone in: its own label, else that of a neighbour in the chunk; when there
 * is none, the community it is in. */
static uint32_t empty_label(const chunk *c, uint32_t v)
{
    const rf_lgraph *g = c->m->graph;
    if (is_empty(c, v)) {
        return v;
    }
    for (uint64_t i = g->start[v]; i < g->start[v] + g->degree[v]; i++) {
        uint32_t const w = g->neighbour[i];
        if (w - c->start < c->end - c->start && is_empty(c, w)) {
            return w;
        }
    }
    return c->m->core->live[v];
}

/* Leaves the slots as they were. */
static choice choose(const chunk *c, uint32_t v, uint32_t count)
{
    const rf_lcore *core = c->m->core;
    rf_lslot *slot = c->worker->slot;
    const uint32_t *touched = c->worker->touched;
    double const mass = c->m->graph->mass[v];
    double const price = core->resolution * mass;
    uint32_t const own = core->live[v];
    double const kept = slot[own].links;
    double const stay = kept - price * (core->now.mass[own] + slot[own].mass - mass);
    choice best = {own, 0};
    double best_links = kept;
    double best_score = stay;
    slot[own].links = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t const label = touched[i];
        double const links = slot[label].links;
        double const score = links - price * (core->now.mass[label] + slot[label].mass);
        slot[label].links = 0;
        if (score > best_score) {
            best_score = score;
            best_links = links;
            best.label = label;
        }
    }
    if (best_score < 0) {
        uint32_t const label = empty_label(c, v);
        best_score = label == own ? best_score : 0;
        best_links = label == own ? best_links : 0;
        best.label = label == own ? best.label : label;
    }
    best.gain = best_score - stay;
    if (best.gain <= NOTICEABLE * (best_links + kept)) {
        best = (choice){own, 0};
    }
    return best;
}

/* Neighbours in other communities are looked at again; those in chunks of this step after it. */
static void wake_neighbours(const chunk *c, uint32_t v, uint32_t label)
{
    const mover *m = c->m;
    const uint32_t *neighbour = m->graph->neighbour + m->graph->start[v];
    const uint32_t *stable = m->core->now.community;
    const uint32_t *live = m->core->live;
    unsigned char *awake = m->core->awake;
    unsigned char *later = m->core->later;
    uint32_t const degree = m->graph->degree[v];
    uint32_t const start = c->start;
    uint32_t const length = c->end - start;
    uint32_t const inside = m->stretch - 1;
    uint32_t const offset = m->offset;
    uint32_t const busy = m->chunk;
    for (uint32_t i = 0; i < degree; i++) {
        uint32_t const w = neighbour[i];
        bool const mine = w - start < length;
        if ((mine ? live : stable)[w] == label) {
            continue;
        }
        if (mine) {
            awake[w] = 1;
        } else { /* others may write the same */
            __atomic_store_n(((w & inside) - offset < busy ? later : awake) + w, 1,
                             __ATOMIC_RELAXED);
        }
    }
}

static void move_vertex(chunk *c, uint32_t v, choice to)
{
    rf_lcore *core = c->m->core;
    uint32_t const own = core->live[v];
    double const mass = c->m->graph->mass[v];
    rf_lslot *slot = c->worker->slot;
    slot[own].mass -= mass;
    slot[to.label].mass += mass;
    c->worker->members[own]--;
    c->worker->members[to.label]++;
    core->live[v] = to.label;
    core->mover[c->start + c->moved] = v;
    core->before[c->start + c->moved] = own;
    c->moved++;
    c->gained += to.gain;
    wake_neighbours(c, v, to.label);
}

/* One chunk of a step: `task` is its stretch. */
static void run_chunk(void *context, size_t task, unsigned worker)
{
    mover *m = context;
    rf_lcore *core = m->core;
    uint32_t const n = m->graph->vertices;
    uint32_t const start = (uint32_t)task * m->stretch + m->offset;
    chunk c = {.m = m, .worker = &core->worker[worker], .start = start};
    c.end = start >= n ? start : n - start < m->chunk ? n : start + m->chunk;
    for (uint32_t v = start; v < c.end; v++) {
        if (core->awake[v]) {
            choice to;
            core->awake[v] = 0;
            to = choose(&c, v, gather(&c, v));
            if (to.label != core->live[v]) {
                move_vertex(&c, v, to);
            }
        }
    }
    for (uint32_t i = 0; i < c.moved; i++) {
        uint32_t const old = core->before[start + i];
        uint32_t const new = core->live[core->mover[start + i]];
        c.worker->slot[old].mass = c.worker->slot[new].mass = 0;
        c.worker->members[old] = c.worker->members[new] = 0;
    }
    m->moved[task] = c.moved;
    m->gained[task] = c.gained;
}

/* Who was to be woken after the step is awake now. */
static void wake_later(const rf_lcore *core, uint32_t start, uint32_t length, uint32_t vertices)
{
    uint32_t const count = start >= vertices           ? 0
                           : vertices - start < length ? vertices - start
                                                       : length;
    unsigned char *restrict awake = core->awake + start;
    unsigned char *restrict later = core->later + start;
    for (uint32_t i = 0; i < count; i++) {
        awake[i] |= later[i];
    }
    memset(later, 0, count);
}

/* What the chunks of a step did becomes what all see. */
static double commit(mover *m, size_t chunks, uint64_t *moves)
{
    rf_lcore *core = m->core;
    double gained = 0;
    for (size_t k = 0; k < chunks; k++) {
        uint32_t const start = (uint32_t)k * m->stretch + m->offset;
        for (uint32_t i = start; i < start + m->moved[k]; i++) {
            uint32_t const v = core->mover[i];
            uint32_t const old = core->before[i];
            uint32_t const new = core->live[v];
            double const mass = m->graph->mass[v];
            core->now.mass[old] -= mass;
            core->now.mass[new] += mass;
            core->now.members[old]--;
            core->now.members[new]++;
            core->now.community[v] = new;
            if (core->now.members[old] == 0) {
                core->now.mass[old] = 0; /* not what rounding left */
            }
        }
        gained += m->gained[k];
        *moves += m->moved[k];
    }
    for (size_t k = 0; k < chunks && chunks > 1; k++) {
        wake_later(core, (uint32_t)k * m->stretch + m->offset, m->chunk, m->graph->vertices);
    }
    return gained;
}

static uint32_t power_of_two_below(uint32_t n)
{
    uint32_t power = 1;
    while (power <= n / 2) {
        power *= 2;
    }
    return power;
}

static double sweep(mover *m, uint64_t turn, uint64_t *moves)
{
    uint32_t const n = m->graph->vertices;
    uint32_t const steps = m->stretch / m->chunk;
    size_t const chunks = (n + m->stretch - 1) / m->stretch;
    double gained = 0;
    for (uint32_t step = 0; step < steps; step++) {
        m->offset = (uint32_t)((step + turn) % steps) * m->chunk;
        rf_team_run(m->core->team, chunks, run_chunk, m);
        gained += commit(m, chunks, moves);
    }
    return gained;
}

double rf_lcore_move(rf_lcore *core, const rf_lgraph *graph, double least, int sweeps)
{
    uint32_t const n = graph->vertices;
    mover m = {.core = core, .graph = graph, .stretch = n, .chunk = n};
    double gained = 0;
    if (n > SEQUENTIAL) {
        m.stretch = power_of_two_below(n / STRETCHES);
        m.chunk = m.stretch / CHUNKS_LEAST < CHUNK_MOST ? m.stretch / CHUNKS_LEAST : CHUNK_MOST;
    }
    memcpy(core->live, core->now.community, (size_t)n * sizeof *core->live);
    memset(core->awake, 1, n);
    for (int i = 0; i < sweeps && n > 0; i++) {
        uint64_t moved = 0;
        double const more = sweep(&m, core->seed, &moved);
        gained += more;
        if (moved == 0 || more < least) {
            break;
        }
    }
    return gained;
}
