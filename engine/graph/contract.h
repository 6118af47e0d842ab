/* contract.h - vertices that are together in every best partition, made one before the search.
 *
 * Two communities A and B of a best partition gain nothing by merging: the edges between them weigh
 * at most resolution * K_A * K_B, K being the sums of vertex weights. With K for all vertices that
 * is at most resolution * K^2 / 4, so the ends of a heavier edge are in one community.
 *
 * Nor do single vertices gain by going over. Let u be in A and v in B, with vertex weights k and
 * edges w. That neither u gains by going to B nor v by going to A, the former taken a times and the
 * latter b times (both at least 0), adds up to
 *     (a + b) w_uv  <=  sum over other x of |a w_ux - b w_vx|
 *                       + resolution * ((a k_u - b k_v) (K_B - K_A) + a k_u^2 + b k_v^2).
 * Where it is more they are in one community. Tried are a : b = k_v : k_u, where the communities
 * around them drop out (two whose edges lead alike to the same others, as in a clique), and 1 : 0
 * and 0 : 1 (one whose edges mostly lead to the other, as does a leaf), with K_B - K_A as large as
 * it can be.
 *
 * Such vertices become one, parallel edges add up, and what has become heavy or alike enough goes
 * the same way. Nothing is lost: a best partition of what is left is a best one of the whole.
 *
 * Workload: thousands of small components, nearly all of which end as one vertex; modularity
 * charges little for them. In a large component the bounds tell too little for what they take.
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

/* On success the caller owns *out (rf_contraction_free). O(edges times the mean degree of their
 * ends) for each time that something was contracted, rarely more than five; RF_ENOMEM. */
RF_MUST_USE rf_status rf_contract(const rf_leiden_input *input, rf_contraction *out, rf_error *err);
void rf_contraction_free(rf_contraction *contraction);

#endif
