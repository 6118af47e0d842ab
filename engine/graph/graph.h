/* graph.h - a weighted undirected graph as compressed rows, and what the project asks of one.
 *
 * Knows nothing of accounts or the store: vertices are numbers, edges are arrays.
 * Invariant: every edge stands in both rows; rows are ascending by neighbour; no self-loops, no
 * repeats. Weights are positive.
 * Workload: millions of vertices, tens of millions of edges; built once, read many times.
 */
#ifndef RF_GRAPH_GRAPH_H
#define RF_GRAPH_GRAPH_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rf_graph {
    uint32_t vertices;
    uint64_t edges;      /* undirected */
    uint64_t *start;     /* vertices + 1 offsets */
    uint32_t *neighbour; /* 2 * edges */
    float *weight;       /* 2 * edges */
} rf_graph;

/* Builds from edge lists; edges[i] joins from[i] and to[i] (< vertices) with weight[i] > 0.
 * Self-loops are left out and repeated edges added up. The arrays stay the caller's. On success the
 * caller owns *graph (rf_graph_free). O(edges + vertices). */
RF_MUST_USE rf_status rf_graph_build(uint32_t vertices, uint64_t edges, const uint32_t *from,
                                     const uint32_t *to, const float *weight, rf_graph *graph,
                                     rf_error *err);
void rf_graph_free(rf_graph *graph);

/* component[v] for every vertex, numbered by their smallest vertex; *count is their number.
 * O(edges + vertices). */
RF_MUST_USE rf_status rf_graph_components(const rf_graph *graph, uint32_t *component,
                                          uint32_t *count, rf_error *err);

/* The sum of the weights at v, and of all edges (each once). O(degree); O(edges). */
double rf_graph_strength(const rf_graph *graph, uint32_t vertex);
double rf_graph_total(const rf_graph *graph);

#endif
