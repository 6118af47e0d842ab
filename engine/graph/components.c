/* components.c - see components.h. */
#include "graph/components.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        v = parent[v] = parent[parent[v]];
    }
    return v;
}

/* Union-find; the smallest node is the root, so components come numbered by it. Returns their
 * number. */
static uint32_t join_ends(const rf_edges *e, uint32_t *of)
{
    uint32_t count = 0;
    for (uint32_t v = 0; v < e->nodes; v++) {
        of[v] = v;
    }
    for (uint64_t i = 0, end; i < e->count; i = end) { /* the edges of one node at a time */
        uint32_t root = root_of(of, e->from[i]);
        for (end = i; end < e->count && e->from[end] == e->from[i]; end++) {
            if (of[e->to[end]] != root) {
                uint32_t const other = root_of(of, e->to[end]);
                uint32_t const least = root < other ? root : other;
                of[root] = of[other] = least;
                root = least;
            }
        }
    }
    /* parents are smaller than their children: one ascending pass turns roots into numbers */
    for (uint32_t v = 0; v < e->nodes; v++) {
        of[v] = of[v] == v ? count++ : of[of[v]];
    }
    return count;
}

/* Counting sort: first[c + 1] is the cursor of c and ends as the beginning of c + 1. */
static void place_nodes(const rf_edges *e, rf_components *out)
{
    uint32_t *first = out->first;
    for (uint32_t v = 0; v < e->nodes; v++) {
        first[out->of[v] + 2]++;
    }
    for (uint32_t c = 0; c < out->count; c++) {
        first[c + 2] += first[c + 1];
    }
    for (uint32_t v = 0; v < e->nodes; v++) {
        out->node[first[out->of[v] + 1]++] = v;
    }
}

static void weigh(const rf_edges *e, rf_components *out)
{
    for (uint32_t c = 0; c < out->count; c++) {
        out->least[c] = HUGE_VAL;
    }
    for (uint64_t i = 0, end; i < e->count; i = end) {
        uint32_t const c = out->of[e->from[i]];
        double least = out->least[c];
        double inside = out->inside[c];
        for (end = i; end < e->count && e->from[end] == e->from[i]; end++) {
            inside += e->weight[end];
            least = e->weight[end] < least ? e->weight[end] : least;
        }
        out->edges[c] += end - i;
        out->inside[c] = inside;
        out->least[c] = least;
    }
}

rf_status rf_components_find(const rf_edges *edges, rf_components *out, rf_error *err)
{
    *out = (rf_components){.of = rf_alloc_raw(edges->nodes, sizeof *out->of)};
    if (out->of == NULL) {
        return rf_fail_memory(err, "the components");
    }
    out->count = join_ends(edges, out->of);
    out->first = rf_alloc((size_t)out->count + 2, sizeof *out->first);
    out->node = rf_alloc_raw(edges->nodes, sizeof *out->node);
    out->edges = rf_alloc(out->count, sizeof *out->edges);
    out->inside = rf_alloc(out->count, sizeof *out->inside);
    out->least = rf_alloc_raw(out->count, sizeof *out->least);
    if (out->first == NULL || out->node == NULL || out->edges == NULL || out->inside == NULL ||
        out->least == NULL) {
        rf_components_free(out);
        return rf_fail_memory(err, "the components");
    }
    place_nodes(edges, out);
    weigh(edges, out);
    return RF_OK;
}

/* ---- rows ---- */

/* Where a node goes. */
typedef struct spot {
    uint32_t place; /* NOWHERE: its component is not wanted */
    uint32_t base;  /* of its component */
} spot;

#define NOWHERE UINT32_MAX

typedef struct builder {
    const rf_edges *edges;
    rf_components *out;
    const spot *spots; /* by node */
    uint32_t share;    /* places a task */
} builder;

/* Every task reads all edges, in order, and writes the rows that are its own. start[p + 1] counts
 * the row of p. NOWHERE is in no task's share, being more than all places. */
static void count_rows(void *context, size_t task, unsigned worker)
{
    const builder *b = context;
    const rf_edges *e = b->edges;
    uint64_t *count = b->out->start + 1;
    uint32_t const first = (uint32_t)task * b->share;
    (void)worker;
    for (uint64_t i = 0; i < e->count; i++) {
        uint32_t const from = b->spots[e->from[i]].place;
        if (from == NOWHERE) {
            continue;
        }
        uint32_t const to = b->spots[e->to[i]].place;
        if (from - first < b->share) {
            count[from]++;
        }
        if (to - first < b->share) {
            count[to]++;
        }
    }
}

static void append(rf_components *out, uint32_t place, uint32_t neighbour, double weight)
{
    uint64_t const at = out->start[place]++;
    out->neighbour[at] = neighbour;
    if (out->weight != NULL) {
        out->weight[at] = weight;
    }
}

/* start[p] is the cursor of row p and ends as the start of row p + 1. */
static void fill_rows(void *context, size_t task, unsigned worker)
{
    const builder *b = context;
    const rf_edges *e = b->edges;
    uint32_t const first = (uint32_t)task * b->share;
    (void)worker;
    for (uint64_t i = 0; i < e->count; i++) {
        spot const from = b->spots[e->from[i]];
        if (from.place == NOWHERE) {
            continue;
        }
        uint32_t const to = b->spots[e->to[i]].place;
        if (from.place - first < b->share) {
            append(b->out, from.place, to - from.base, e->weight[i]);
        }
        if (to - first < b->share) {
            append(b->out, to, from.place - from.base, e->weight[i]);
        }
    }
}

static bool all_alike(const rf_edges *e)
{
    for (uint64_t i = 1; e->weighted && i < e->count; i++) {
        if (e->weight[i] != e->weight[0]) {
            return false;
        }
    }
    return true;
}

/* Returns how many half edges the wanted components have. */
static uint64_t find_spots(const rf_components *c, const bool *wanted, spot *spots)
{
    uint64_t halves = 0;
    for (uint32_t k = 0; k < c->count; k++) {
        halves += wanted[k] ? 2 * c->edges[k] : 0;
        for (uint32_t p = c->first[k]; p < c->first[k + 1]; p++) {
            spots[c->node[p]] = (spot){wanted[k] ? p : NOWHERE, c->first[k]};
        }
    }
    return halves;
}

rf_status rf_components_rows(const rf_edges *edges, const bool *wanted, rf_team *team,
                             rf_components *components, rf_error *err)
{
    uint32_t const nodes = edges->nodes;
    rf_components *c = components;
    unsigned const tasks = rf_team_size(team);
    bool const alike = all_alike(edges);
    spot *spots = rf_alloc_raw(nodes, sizeof *spots);
    builder b = {.edges = edges, .out = c, .spots = spots, .share = nodes / tasks + 1};
    uint64_t const halves = spots == NULL ? 0 : find_spots(c, wanted, spots);
    c->alike = edges->count > 0 ? edges->weight[0] : 0;
    c->start = rf_alloc((size_t)nodes + 1, sizeof *c->start);
    c->neighbour = rf_alloc_raw(halves, sizeof *c->neighbour);
    c->weight = alike ? NULL : rf_alloc_raw(halves, sizeof *c->weight);
    if (spots == NULL || c->start == NULL || c->neighbour == NULL || (!alike && !c->weight)) {
        rf_free(spots);
        return rf_fail_memory(err, "the components");
    }
    rf_team_run(team, halves == 0 ? 0 : tasks, count_rows, &b);
    for (uint32_t p = 0; p < nodes; p++) {
        c->start[p + 1] += c->start[p];
    }
    rf_team_run(team, halves == 0 ? 0 : tasks, fill_rows, &b);
    if (nodes > 0 && halves > 0) {
        memmove(c->start + 1, c->start, nodes * sizeof *c->start);
        c->start[0] = 0;
    }
    rf_free(spots);
    return RF_OK;
}

void rf_components_free(rf_components *components)
{
    rf_free(components->first);
    rf_free(components->node);
    rf_free(components->of);
    rf_free(components->edges);
    rf_free(components->inside);
    rf_free(components->least);
    rf_free(components->start);
    rf_free(components->neighbour);
    rf_free(components->weight);
    *components = (rf_components){0};
}
