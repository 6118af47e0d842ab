/* leiden.h - community detection behind one interface, so that the algorithm can be replaced.
 *
 * Leiden (Traag, Waltman, van Eck 2019) maximises
 *     sum over edges inside communities of w  -  resolution / 2 * sum over communities of (sum of
 * n)^2 over partitions, where n are vertex weights. With n = strength and resolution = gamma / 2m
 * this is modularity (times m); with n = 1 the constant Potts model (CPM). The sum is additive over
 * components: running each component by itself, with 2m of the whole graph, changes nothing.
 *
 * Result: every community is connected by edges of positive weight. Where every single edge
 * outweighs what any community costs, it is the optimum: the components. The same input gives the
 * same result, for any number of threads.
 *
 * Workload: from two vertices (there are hundreds of thousands of small components) to millions of
 * vertices and tens of millions of edges. See leiden_core.h for how it is done.
 *
 * Cost: O(edges + vertices) a sweep, about a dozen sweeps a round. Memory besides the input, for n
 * vertices and m edges: at most 32 m bytes (24 m when all weights are equal), 110 n, and 24 n for
 * each thread. A million vertices and 9.67 million edges of weight 1, two threads: 390 MB by this
 * count; `ringfence cluster` as a whole, with names and edges, 778 MB measured.
 */
#ifndef RF_GRAPH_LEIDEN_H
#define RF_GRAPH_LEIDEN_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct rf_leiden_input {
    uint32_t vertices;
    uint64_t edges;
    const uint32_t *from, *to;   /* vertex numbers; no self-loops; repeats count as their sum */
    const double *weight;        /* finite, at least 0 */
    const double *vertex_weight; /* finite, at least 0 */
    const uint32_t *start;       /* communities to start from, each named by one of its vertices,
                                  * which is in it; NULL: everybody alone */
    double resolution;
    double randomness; /* of refining, which draws parts by exp(gain / it), relative to the mean
                        * weight of an edge; 0: 0.05 of the largest */
    uint64_t seed;
    int iterations; /* rounds of the whole algorithm; -1: while they help, at most 100 */
    bool polished;  /* a large graph: its parts are searched several times (leiden_crowd.c), and at
                     * last its vertices move by themselves once more */
    unsigned threads; /* 0 counts as 1 */
} rf_leiden_input;

/* Edges as rows: those of v are start[v] .. start[v + 1], each edge stands in both rows. */
typedef struct rf_leiden_rows {
    const uint64_t *start;
    uint32_t *neighbour; /* not written */
    float *weight; /* not written; in shares of `scale`, above 0, at most 1; NULL: all weigh that */
    double scale;
} rf_leiden_rows;

/* community[v] for every vertex, numbered from 0 in order of their first vertex; *communities is
 * their number. RF_ENOMEM. May be called from several threads. */
RF_MUST_USE rf_status rf_leiden(const rf_leiden_input *input, uint32_t *community,
                                uint32_t *communities, rf_error *err);

/* The same for a connected graph given as rows; edges, from, to and weight of the input are not
 * read. */
RF_MUST_USE rf_status rf_leiden_by_rows(const rf_leiden_input *input, const rf_leiden_rows *rows,
                                        uint32_t *community, uint32_t *communities, rf_error *err);

/* The objective above for a given partition. O(edges + vertices). */
double rf_leiden_quality(const rf_leiden_input *input, const uint32_t *community,
                         uint32_t communities, rf_status *status, rf_error *err);

/* Makes numbers dense and ordered by first appearance. `count` is an upper bound of the values + 1.
 * Returns how many there are through *communities. O(n + count). */
RF_MUST_USE rf_status rf_renumber(uint32_t *community, uint32_t n, uint32_t count,
                                  uint32_t *communities, rf_error *err);

#endif
