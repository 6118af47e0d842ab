/* cut.c - see cut.h. */
#include "graph/cut.h"

#include "base/memory.h"

#include <string.h>

typedef struct searcher {
    const rf_graph *g;
    uint64_t *next;   /* the next edge to follow, by vertex */
    uint32_t *order;  /* from 1 in order of discovery; 0: not yet found */
    uint32_t *low;    /* the earliest vertex reachable from the subtree by one edge back */
    uint32_t *parent; /* in the search tree */
    uint32_t *weight; /* mass of the subtree */
    uint32_t *apart;  /* mass of the subtrees that hang on v alone */
    uint32_t *most;   /* the heaviest of these */
    uint32_t *found;  /* vertices in order of discovery */
    uint32_t count;
} searcher;

static void discover(searcher *s, uint32_t v, uint32_t parent, const uint8_t *mass)
{
    s->found[s->count++] = v;
    s->order[v] = s->count;
    s->low[v] = s->count;
    s->parent[v] = parent;
    s->weight[v] = mass == NULL ? 1 : mass[v];
    s->next[v] = s->g->start[v];
}

/* v's subtree is done: what its parent learns of it. */
static void leave(searcher *s, uint32_t v)
{
    uint32_t const p = s->parent[v];
    if (p == UINT32_MAX) {
        return;
    }
    s->low[p] = s->low[v] < s->low[p] ? s->low[v] : s->low[p];
    s->weight[p] += s->weight[v];
    if (s->low[v] >= s->order[p]) {
        s->apart[p] += s->weight[v];
        s->most[p] = s->weight[v] > s->most[p] ? s->weight[v] : s->most[p];
    }
}

/* One component, from its root. */
static void search(searcher *s, uint32_t root, const uint8_t *mass)
{
    uint32_t v = root;
    discover(s, root, UINT32_MAX, mass);
    while (v != UINT32_MAX) {
        if (s->next[v] == s->g->start[v + 1]) {
            leave(s, v);
            v = s->parent[v];
            continue;
        }
        uint32_t const w = s->g->neighbour[s->next[v]++];
        if (s->order[w] == 0) {
            discover(s, w, v, mass);
            v = w;
        } else if (w != s->parent[v] && s->order[w] < s->low[v]) {
            s->low[v] = s->order[w];
        }
    }
}

/* Of the component found from number `first` on: what each vertex cuts off. */
static void measure(const searcher *s, uint32_t first, const uint8_t *mass, uint32_t *off)
{
    uint32_t const total = s->weight[s->found[first]];
    for (uint32_t i = first; i < s->count; i++) {
        uint32_t const v = s->found[i];
        uint32_t const rest = total - (mass == NULL ? 1 : mass[v]);
        uint32_t const above = rest - s->apart[v];
        uint32_t const most = s->most[v] > above ? s->most[v] : above;
        off[v] = rest - most;
    }
}

rf_status rf_graph_cuts(const rf_graph *graph, const uint8_t *mass, uint32_t *off, rf_error *err)
{
    size_t const n = graph->vertices;
    searcher s = {.g = graph,
                  .next = rf_alloc(n, sizeof *s.next),
                  .order = rf_alloc(n, sizeof *s.order),
                  .low = rf_alloc(n, sizeof *s.low),
                  .parent = rf_alloc(n, sizeof *s.parent),
                  .weight = rf_alloc(n, sizeof *s.weight),
                  .apart = rf_alloc(n, sizeof *s.apart),
                  .most = rf_alloc(n, sizeof *s.most),
                  .found = rf_alloc(n, sizeof *s.found)};
    rf_status status = RF_OK;
    if (s.next == NULL || s.order == NULL || s.low == NULL || s.parent == NULL ||
        s.weight == NULL || s.apart == NULL || s.most == NULL || s.found == NULL) {
        status = rf_fail_memory(err, "the cut vertices");
    }
    for (uint32_t v = 0; v < graph->vertices && status == RF_OK; v++) {
        if (s.order[v] == 0) {
            uint32_t const first = s.count;
            search(&s, v, mass);
            measure(&s, first, mass, off);
        }
    }
    rf_free(s.next);
    rf_free(s.order);
    rf_free(s.low);
    rf_free(s.parent);
    rf_free(s.weight);
    rf_free(s.apart);
    rf_free(s.most);
    rf_free(s.found);
    return status;
}
