/* peel.h - what hangs on by too few edges leaves its group, and what has fallen apart becomes
 * several groups.
 *
 * Workload: 10^6 vertices in 10^4 groups, once a run. Cost: O(vertices + edges).
 */
#ifndef RF_GRAPH_PEEL_H
#define RF_GRAPH_PEEL_H

#include "graph/graph.h"

/* Takes away, again and again, every vertex with fewer than min_links neighbours of its own group:
 * group[v] becomes UINT32_MAX, which means none. */
RF_MUST_USE rf_status rf_graph_peel(const rf_graph *graph, uint32_t min_links, uint32_t *group,
                                    rf_error *err);
/* Splits every group into its connected parts: group[v] becomes the part's number. */
RF_MUST_USE rf_status rf_graph_split(const rf_graph *graph, uint32_t *group, uint32_t *groups,
                                     rf_error *err);

#endif
