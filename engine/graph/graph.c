/* graph.c - see graph.h. */
#include "graph/graph.h"

#include "base/memory.h"

#include <string.h>

/* Two counting passes: bucketing by neighbour first and by row second leaves rows ascending. */
typedef struct half_edges {
    uint64_t count;
    uint32_t *from, *to;
    float *weight;
} half_edges;

static rf_status bucket_by_to(uint32_t vertices, uint64_t edges, const uint32_t *from,
                              const uint32_t *to, const float *weight, half_edges *out,
                              rf_error *err)
{
    uint64_t *next = rf_alloc((size_t)vertices + 1, sizeof *next);
    out->count = 2 * edges;
    out->from = rf_alloc_raw(out->count, sizeof *out->from);
    out->to = rf_alloc_raw(out->count, sizeof *out->to);
    out->weight = rf_alloc_raw(out->count, sizeof *out->weight);
    if (next == NULL || out->from == NULL || out->to == NULL || out->weight == NULL) {
        rf_free(next);
        return rf_fail_memory(err, "a graph");
    }
    for (uint64_t i = 0; i < edges; i++) {
        next[from[i] + 1]++;
        next[to[i] + 1]++;
    }
    for (uint32_t v = 0; v < vertices; v++) {
        next[v + 1] += next[v];
    }
    for (uint64_t i = 0; i < edges; i++) {
        uint64_t const forth = next[to[i]]++;
        out->from[forth] = from[i];
        out->to[forth] = to[i];
        out->weight[forth] = weight[i];
        uint64_t const back = next[from[i]]++;
        out->from[back] = to[i];
        out->to[back] = from[i];
        out->weight[back] = weight[i];
    }
    rf_free(next);
    return RF_OK;
}

/* Fills rows in order of neighbour, adding up repeats and leaving out self-loops. */
static void fill_rows(rf_graph *graph, const half_edges *half, uint64_t *end)
{
    for (uint64_t i = 0; i < half->count; i++) {
        uint32_t const v = half->from[i];
        if (v == half->to[i]) {
            continue;
        }
        if (end[v] > graph->start[v] && graph->neighbour[end[v] - 1] == half->to[i]) {
            graph->weight[end[v] - 1] += half->weight[i];
            continue;
        }
        graph->neighbour[end[v]] = half->to[i];
        graph->weight[end[v]++] = half->weight[i];
    }
}

static void close_gaps(rf_graph *graph, const uint64_t *end)
{
    uint64_t at = 0;
    for (uint32_t v = 0; v < graph->vertices; v++) {
        uint64_t const first = graph->start[v];
        uint64_t const length = end[v] - first;
        graph->start[v] = at;
        if (at != first && length > 0) {
            memmove(graph->neighbour + at, graph->neighbour + first,
                    length * sizeof *graph->neighbour);
            memmove(graph->weight + at, graph->weight + first, length * sizeof *graph->weight);
        }
        at += length;
    }
    graph->start[graph->vertices] = at;
    graph->edges = at / 2;
}

static bool allocate(rf_graph *graph, uint64_t halves, uint64_t **end)
{
    graph->start = rf_alloc((size_t)graph->vertices + 1, sizeof *graph->start);
    graph->neighbour = rf_alloc_raw(halves, sizeof *graph->neighbour);
    graph->weight = rf_alloc_raw(halves, sizeof *graph->weight);
    *end = rf_alloc((size_t)graph->vertices + 1, sizeof **end);
    return graph->start != NULL && graph->neighbour != NULL && graph->weight != NULL &&
           *end != NULL;
}

/* Counts of start[v + 1] become offsets, and end[v] those of rows still to be filled. */
static void add_up_starts(rf_graph *graph, uint64_t *end)
{
    for (uint32_t v = 0; v < graph->vertices; v++) {
        graph->start[v + 1] += graph->start[v];
        end[v] = graph->start[v];
    }
}

static rf_status build_from_any(uint64_t edges, const uint32_t *from, const uint32_t *to,
                                const float *weight, rf_graph *graph, uint64_t **end, rf_error *err)
{
    half_edges half = {0};
    rf_status status = bucket_by_to(graph->vertices, edges, from, to, weight, &half, err);
    if (status == RF_OK && !allocate(graph, half.count, end)) {
        status = rf_fail_memory(err, "a graph");
    }
    if (status == RF_OK) {
        for (uint64_t i = 0; i < half.count; i++) {
            graph->start[half.from[i] + 1]++;
        }
        add_up_starts(graph, *end);
        fill_rows(graph, &half, *end);
        close_gaps(graph, *end);
    }
    rf_free(half.from);
    rf_free(half.to);
    rf_free(half.weight);
    return status;
}

/* Whether edges are ascending, each from the smaller vertex, and no one is there twice. */
static bool are_ordered(uint64_t edges, const uint32_t *from, const uint32_t *to)
{
    bool ordered = edges == 0 || from[0] < to[0];
    for (uint64_t i = 1; i < edges && ordered; i++) {
        ordered = from[i] < to[i] &&
                  (from[i - 1] < from[i] || (from[i - 1] == from[i] && to[i - 1] < to[i]));
    }
    return ordered;
}

/* Edges in order fill rows in order: those of a vertex to smaller ones come first. */
static rf_status build_from_ordered(uint64_t edges, const uint32_t *from, const uint32_t *to,
                                    const float *weight, rf_graph *graph, uint64_t **end,
                                    rf_error *err)
{
    if (!allocate(graph, 2 * edges, end)) {
        return rf_fail_memory(err, "a graph");
    }
    for (uint64_t i = 0; i < edges; i++) {
        graph->start[from[i] + 1]++;
        graph->start[to[i] + 1]++;
    }
    add_up_starts(graph, *end);
    for (uint64_t i = 0; i < edges; i++) {
        uint64_t const forth = (*end)[from[i]]++;
        uint64_t const back = (*end)[to[i]]++;
        graph->neighbour[forth] = to[i];
        graph->weight[forth] = weight[i];
        graph->neighbour[back] = from[i];
        graph->weight[back] = weight[i];
    }
    graph->edges = edges;
    return RF_OK;
}

rf_status rf_graph_build(uint32_t vertices, uint64_t edges, const uint32_t *from,
                         const uint32_t *to, const float *weight, rf_graph *graph, rf_error *err)
{
    uint64_t *end = NULL;
    rf_status status;
    *graph = (rf_graph){.vertices = vertices};
    status = are_ordered(edges, from, to)
                 ? build_from_ordered(edges, from, to, weight, graph, &end, err)
                 : build_from_any(edges, from, to, weight, graph, &end, err);
    rf_free(end);
    if (status != RF_OK) {
        rf_graph_free(graph);
    }
    return status;
}

void rf_graph_free(rf_graph *graph)
{
    rf_free(graph->start);
    rf_free(graph->neighbour);
    rf_free(graph->weight);
    *graph = (rf_graph){0};
}

rf_status rf_graph_components(const rf_graph *graph, uint32_t *component, uint32_t *count,
                              rf_error *err)
{
    uint32_t *queue = rf_alloc_raw(graph->vertices, sizeof *queue);
    *count = 0;
    if (queue == NULL) {
        return rf_fail_memory(err, "the components");
    }
    memset(component, 0xff, graph->vertices * sizeof *component);
    for (uint32_t root = 0; root < graph->vertices; root++) {
        uint32_t head = 0;
        uint32_t tail = 0;
        if (component[root] != UINT32_MAX) {
            continue;
        }
        component[root] = *count;
        queue[tail++] = root;
        while (head < tail) {
            uint32_t const v = queue[head++];
            for (uint64_t i = graph->start[v]; i < graph->start[v + 1]; i++) {
                uint32_t const w = graph->neighbour[i];
                if (component[w] == UINT32_MAX) {
                    component[w] = *count;
                    queue[tail++] = w;
                }
            }
        }
        (*count)++;
    }
    rf_free(queue);
    return RF_OK;
}

double rf_graph_strength(const rf_graph *graph, uint32_t vertex)
{
    double sum = 0;
    for (uint64_t i = graph->start[vertex]; i < graph->start[vertex + 1]; i++) {
        sum += (double)graph->weight[i];
    }
    return sum;
}

double rf_graph_total(const rf_graph *graph)
{
    double sum = 0;
    for (uint64_t i = 0; i < 2 * graph->edges; i++) {
        sum += (double)graph->weight[i];
    }
    return sum / 2;
}
