/* components.h - an edge list cut into connected components, with their edges as rows or as lists.
 *
 * Nodes stand in places 0 .. nodes - 1: components one after the other, numbered by their first
 * node, and in one the nodes ascending. Ends of edges are numbered inside their component, from 0,
 * so the rows or the list of a component are a graph of their own.
 *
 * Invariant: each edge of a component in rows stands in both; rows are ascending. Lists have each
 * edge once, from < to, ascending by (from, to). The same for any number of threads.
 * Workload: millions of nodes and tens of millions of edges; tens of thousands of components of two
 * or three nodes, of which one look tells all, beside one with most of the edges.
 */
#ifndef RF_GRAPH_COMPONENTS_H
#define RF_GRAPH_COMPONENTS_H

#include "base/team.h"
#include "graph/edges.h"

typedef enum rf_component_form { RF_LEFT_OUT, RF_AS_LIST, RF_AS_ROWS } rf_component_form;

typedef struct rf_components {
    uint32_t count;
    uint32_t *first; /* count + 1 places: where each component begins */
    uint32_t *node;  /* by place */
    uint32_t *of;    /* by node: its component */
    uint64_t *edges; /* by component: how many, */
    double *inside;  /* what they weigh together, */
    double *least;   /* and what the lightest one does; infinite without edges */
    double scale;    /* the weight of the heaviest edge of all */
    bool alike;      /* all edges weigh as much */
    /* in rows */
    uint64_t *start;     /* by place, nodes + 1 offsets into neighbour and weight */
    uint32_t *neighbour; /* two for each edge */
    float *weight;       /* in shares of scale, above 0; NULL when all are alike */
    /* in lists */
    uint64_t *list_start; /* by component, count + 1 offsets */
    uint32_t *list_from, *list_to;
    double *list_weight;
} rf_components;

/* All but rows and lists. Two threads share the work. On success the caller owns *out
 * (rf_components_free). O(edges + nodes) and a near-constant factor. RF_ENOMEM. */
RF_MUST_USE rf_status rf_components_find(const rf_edges *edges, rf_team *team, rf_components *out,
                                         rf_error *err);

/* The edges of component c in the form[c]. Threads share the work. O(edges + nodes); 16 bytes an
 * edge in a list, 16 in rows, 8 where all are alike; 16 a node and, for a moment, 8 and 4 for each
 * thread. RF_ENOMEM. */
RF_MUST_USE rf_status rf_components_lay_out(const rf_edges *edges, const rf_component_form *form,
                                            rf_team *team, rf_components *components,
                                            rf_error *err);
void rf_components_free(rf_components *components);

#endif
