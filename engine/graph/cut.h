/* cut.h - which vertices hold a graph together.
 *
 * A vertex whose removal disconnects its component is a cut vertex (articulation point). Not every
 * one matters: whoever has a neighbour with no other neighbour is one. So each comes with how much
 * is cut off: the mass outside of the heaviest piece that is left.
 * Method: Tarjan 1972, depth-first with a stack of its own (rings may be long chains).
 */
#ifndef RF_GRAPH_CUT_H
#define RF_GRAPH_CUT_H

#include "graph/graph.h"

/* off[v] for every vertex: the mass that is cut from the heaviest remaining piece of v's component
 * when v is removed; 0 when v is no cut vertex. mass[v] is 0 or 1 (NULL: all 1).
 * O(vertices + edges). */
RF_MUST_USE rf_status rf_graph_cuts(const rf_graph *graph, const uint8_t *mass, uint32_t *off,
                                    rf_error *err);

#endif
