/* mincut.h - the cheapest way to part two vertices of a weighted graph.
 *
 * The minimum s-t cut by maximum flow (Dinic 1970). Of all cheapest cuts the one nearest to s is
 * told: the set of vertices that s still reaches when the flow is at its maximum is the same for
 * every maximum flow, so the result depends on the graph alone, not on the order of its edges.
 *
 * Workload: one community of up to some ten thousand vertices at a time. Cost: O(edges) a phase,
 * a handful of phases in practice; O(vertices^2 edges) at worst.
 */
#ifndef RF_GRAPH_MINCUT_H
#define RF_GRAPH_MINCUT_H

#include "base/status.h"

#include <stdint.h>

/* Edges have no direction; from[i] <> to[i] < vertices, weight[i] > 0. near[v] becomes 1 when v is
 * on the side of `s`, else 0 (the side of `t` and what hangs on neither). *cost is the sum of the
 * weights cut. RF_ENOMEM. */
RF_MUST_USE rf_status rf_min_cut(uint32_t vertices, uint64_t edges, const uint32_t *from,
                                 const uint32_t *to, const uint32_t *weight, uint32_t s, uint32_t t,
                                 uint8_t *near, uint64_t *cost, rf_error *err);

#endif
