/* unsettled.h - which communities have to be searched again after some edges have changed.
 *
 * Communities that were searched once stay as good as they were wherever nothing has changed, and
 * most changes tie members of one community more firmly. A community is *unsettled* when
 *   - a vertex with other edges would rather be in another one, or by itself: both are;
 *   - somebody in it has other edges, and it would rather be one with another: both are.
 * "Rather" is by the constant Potts model (leiden.h), by more than rounding. Within one group of
 * vertices, which nobody leaves.
 *
 * Workload: components of up to 10^5 vertices in thousands of communities, of which a day changes
 * one in ten; 10^4 rings of some ten vertices. Cost: O(members + edges of communities that somebody
 * with other edges is in).
 */
#ifndef RF_GRAPH_UNSETTLED_H
#define RF_GRAPH_UNSETTLED_H

#include "graph/graph.h"

typedef struct rf_settling {
    const rf_graph *graph;
    const uint32_t *members; /* vertices of the group, ascending */
    uint32_t count;
    const uint32_t *group;  /* by vertex: equal for members of one group */
    const uint32_t *local;  /* by vertex: its place among the members of its group */
    const uint32_t *start;  /* by vertex: the first vertex of its community */
    const uint8_t *touched; /* by vertex: 1: it has other edges */
    uint32_t first_hub;     /* vertices from here on have no mass, all others 1 */
    double density;
} rf_settling;

/* unsettled[i] becomes 1 where member i is in such a community; *count is how many members are. A
 * group with a hub is unsettled as a whole. `unsettled` has settling->count elements. */
RF_MUST_USE rf_status rf_unsettled_find(const rf_settling *settling, uint8_t *unsettled,
                                        uint32_t *count, rf_error *err);

#endif
