/* cluster.h - communities of an edge list, component by component.
 *
 * Objectives, for a partition into communities c of n_c nodes, with w_c the weight of the edges
 * inside c, K_c the strengths (weighted degrees) of its nodes added up, and m the weight of all
 * edges:
 *   modularity  sum over c of  w_c / m - G * (K_c / 2m)^2     (Newman and Girvan 2004; with the
 *               resolution G of Reichardt and Bornholdt 2006), in [-1, 1] for G = 1
 *   cpm         sum over c of  w_c - G * n_c (n_c - 1) / 2     (Traag, Van Dooren, Nesterov 2011)
 * Both are maximised by Leiden (leiden.h), which runs on every connected component by itself; on
 * one of at most 100,000 edges 10 to 50 times, of which the best result counts, after what is
 * together anyhow was made one vertex (contract.h). Components whose lightest edge outweighs what
 * they cost are one community and are not even laid out in rows (components.h). m is that of the
 * whole graph, and the seed of a component depends on the name of its first node only: so under cpm
 * (unless relative) a component's communities do not depend on what else the file holds.
 */
#ifndef RF_GRAPH_CLUSTER_H
#define RF_GRAPH_CLUSTER_H

#include "graph/edges.h"

typedef enum rf_objective { RF_MODULARITY, RF_CPM } rf_objective;

/* Resolutions used when none is asked for. */
#define RF_MODULARITY_RESOLUTION 1.0
#define RF_CPM_RESOLUTION 0.05

typedef struct rf_cluster_settings {
    rf_objective objective;
    double resolution; /* G */
    uint64_t seed;
    int iterations;   /* rounds of Leiden; -1: while they help, at most 100 */
    bool polished;    /* large components: as in leiden.h */
    unsigned threads; /* results do not depend on it */
    bool relative;    /* cpm: G counts in densities of the whole graph, which is the weight of all
                       * edges over the number of pairs of nodes */
} rf_cluster_settings;

/* community[v] for every node: numbered from 0, larger communities first, then by first node.
 * `community` has edges->nodes elements. *communities is their number, *quality the objective (0
 * without edges). The same input gives the same result. Cost: that of Leiden, O(edges) a pass. */
RF_MUST_USE rf_status rf_cluster(const rf_edges *edges, const rf_cluster_settings *settings,
                                 uint32_t *community, uint32_t *communities, double *quality,
                                 rf_error *err);

#endif
