/* levels.h - three nested levels of community on a link graph: cells in rings in networks.
 *
 * The graph is cleaned, split into components, and each component is clustered by itself
 * (rf_leiden with the 2m of the whole graph, so that splitting changes nothing): cells at a fine
 * resolution, then the graph of cells at a coarse one for rings, then coarser still for networks.
 * Aggregation only merges, so cleaning comes first and again inside each ring: a member needs
 * `min_links` links to other members, and what falls apart becomes several rings.
 *
 * Vertices from `first_hub` on are hubs (one value that joins its holders as a star): they hold a
 * community together but are never members, and an edge to a hub counts as one link.
 *
 * Invariant: a vertex that is no member has RF_NO_COMMUNITY at every level; a cell lies in one
 * ring, a ring in one network; every ring is connected and has at least `min_size` members. Cost:
 * that of Leiden, O(edges) a pass; memory O(edges).
 */
#ifndef RF_GRAPH_LEVELS_H
#define RF_GRAPH_LEVELS_H

#include "graph/graph.h"

#define RF_NO_COMMUNITY UINT32_MAX

typedef struct rf_level_settings {
    double cell_resolution;    /* gamma of modularity for cells */
    double ring_resolution;    /* and for rings */
    double network_resolution; /* and for networks */
    uint32_t min_links;        /* a member's links inside its ring */
    uint32_t min_size;         /* members of a ring */
    uint64_t seed;
    int iterations; /* of Leiden; -1 until nothing changes */
} rf_level_settings;

rf_level_settings rf_level_defaults(void);

typedef struct rf_levels {
    uint32_t *cell, *ring, *network; /* by vertex, RF_NO_COMMUNITY when not a member */
    uint32_t cells, rings, networks; /* numbered from 0 by their smallest vertex */
} rf_levels;

/* On success the caller owns *levels (rf_levels_free). */
RF_MUST_USE rf_status rf_levels_find(const rf_graph *graph, uint32_t first_hub,
                                     const rf_level_settings *settings, rf_levels *levels,
                                     rf_error *err);
void rf_levels_free(rf_levels *levels);

#endif
