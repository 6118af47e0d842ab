/* contract.h - vertices that are together in every best partition, made one before the search.
 *
 * Two communities A and B of a best partition gain nothing by merging: the edges between them weigh
 * at most resolution * K_A * K_B, K being the sums of vertex weights. With K for all vertices that
 * is at most resolution * K^2 / 4, so the ends of a heavier edge are in one community. They become
 * one vertex, parallel edges add up, and what has become heavy enough goes the same way. Nothing is
 * lost: a best partition of what is left is a best one of the whole.
 *
 * Workload: hundreds of thousands of small components, nearly all of which end as one vertex;
 * modularity charges little for them. In a large component the bound is too weak to tell anything.
 */
#ifndef RF_GRAPH_CONTRACT_H
#define RF_GRAPH_CONTRACT_H

#include "graph/leiden.h"

#include <stdbool.h>

typedef struct rf_contraction {
    uint32_t *group;      /* by vertex: from 0, by first vertex; NULL: `rest` is the input itself */
    rf_leiden_input rest; /* the groups as vertices; its arrays belong to the contraction */
    uint32_t *from, *to;  /* the arrays of `rest`, one edge a pair of groups */
    double *weight, *mass;
} rf_contraction;

/* Whether all vertices are together, the graph being connected, told by single edges alone.
 * O(edges + vertices), no memory. */
bool rf_contract_to_one(const rf_leiden_input *input);

/* On success the caller owns *out (rf_contraction_free). O(edges log edges) for each time that
 * something was contracted, rarely more than three; RF_ENOMEM. */
RF_MUST_USE rf_status rf_contract(const rf_leiden_input *input, rf_contraction *out, rf_error *err);
void rf_contraction_free(rf_contraction *contraction);

#endif
