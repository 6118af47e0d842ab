/* components.h - an edge list cut into connected components, with rows of neighbours where wanted.
 *
 * Nodes stand in places 0 .. nodes - 1: components one after the other, numbered by their first
 * node, and in one the nodes ascending. Neighbours are numbered inside their component, from 0, so
 * the rows of a component are a graph of their own.
 *
 * Invariant: each edge of a wanted component stands in both rows; rows are ascending. The same for
 * any number of threads.
 * Workload: millions of nodes and tens of millions of edges; tens of thousands of components of two
 * or three nodes, of which one look tells all, beside one with most of the edges.
 */
#ifndef RF_GRAPH_COMPONENTS_H
#define RF_GRAPH_COMPONENTS_H

#include "base/team.h"
#include "graph/edges.h"

typedef struct rf_components {
    uint32_t count;
    uint32_t *first;     /* count + 1 places: where each component begins */
    uint32_t *node;      /* by place */
    uint32_t *of;        /* by node: its component */
    uint64_t *edges;     /* by component: how many, */
    double *inside;      /* what they weigh together, */
    double *least;       /* and what the lightest one does; infinite without edges */
    uint64_t *start;     /* by place, nodes + 1 offsets into neighbour and weight */
    uint32_t *neighbour; /* two for each edge of a wanted component */
    double *weight;      /* NULL: all are `alike` */
    double alike;
} rf_components;

/* All but rows. On success the caller owns *out (rf_components_free). O(edges + nodes) and a
 * near-constant factor. RF_ENOMEM. */
RF_MUST_USE rf_status rf_components_find(const rf_edges *edges, rf_components *out, rf_error *err);

/* Rows of the components c with wanted[c]; those of others are empty. Threads share the work.
 * O(edges + nodes); 8 bytes an edge, 24 where weights differ, and 8 a node. RF_ENOMEM. */
RF_MUST_USE rf_status rf_components_rows(const rf_edges *edges, const bool *wanted, rf_team *team,
                                         rf_components *components, rf_error *err);
void rf_components_free(rf_components *components);

#endif
