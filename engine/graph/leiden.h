/* leiden.h - community detection behind one interface, so that the algorithm can be replaced.
 *
 * Leiden (Traag, Waltman, van Eck 2019) maximises
 *     sum over edges inside communities of w  -  resolution / 2 * sum over communities of (sum of
 * n)^2 over partitions, where n are vertex weights. With n = strength and resolution = gamma / 2m
 * this is modularity (times m); with n = 1 the constant Potts model (CPM). The sum is additive over
 * components: running each component by itself, with 2m of the whole graph, changes nothing.
 *
 * Not for use from two threads: igraph as packaged by Debian keeps global state.
 */
#ifndef RF_GRAPH_LEIDEN_H
#define RF_GRAPH_LEIDEN_H

#include "graph/graph.h"

typedef struct rf_leiden_input {
    uint32_t vertices;
    uint64_t edges;
    const uint32_t *from, *to; /* vertex numbers; no self-loops */
    const double *weight;
    const double *vertex_weight;
    double resolution;
    uint64_t seed;
    int iterations; /* rounds of the whole algorithm; -1: while they help, at most 100 */
} rf_leiden_input;

/* community[v] for every vertex, numbered from 0 in order of their first vertex; *communities is
 * their number. The same input gives the same result. O(edges) a pass in practice. */
RF_MUST_USE rf_status rf_leiden(const rf_leiden_input *input, uint32_t *community,
                                uint32_t *communities, rf_error *err);

/* The objective above for a given partition. O(edges + vertices). */
double rf_leiden_quality(const rf_leiden_input *input, const uint32_t *community,
                         uint32_t communities, rf_status *status, rf_error *err);

/* Makes numbers dense and ordered by first appearance. `count` is an upper bound of the values + 1.
 * Returns how many there are through *communities. O(n + count). */
RF_MUST_USE rf_status rf_renumber(uint32_t *community, uint32_t n, uint32_t count,
                                  uint32_t *communities, rf_error *err);

#endif
