/* levels.h - three nested levels of community on a link graph: cells in rings in networks.
 *
 * Rings. The quality is the constant Potts model with weights in bits: two groups belong together
 * when the evidence between them is at least `ring_density` bits for each pair of their members.
 * Unlike modularity it has no resolution limit (Fortunato and Barthelemy 2007): whether a dozen
 * accounts belong together does not depend on how many other links the store holds. A large
 * operation falls into several such rings; once they are judged, rings/join.h puts together those
 * that are suspect.
 *
 * Cells are the same inside each ring, `cell_factor` times as dense. Networks join rings whose
 * evidence stands out from chance: chance links are spread thinly over all pairs of accounts, and
 * two rings join above `network_contrast` times their density.
 *
 * Cleaning: a member needs `min_links` links to other members of its ring; what falls apart becomes
 * several rings. It is done before clustering, so that chains do not glue, and again after.
 *
 * Vertices from `first_hub` on are hubs (one value that joins its holders as a star): they hold a
 * community together but are never members, have no mass, and an edge to one counts as one link.
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
    double resolution;       /* multiplies densities and contrasts; 1 by default */
    double ring_density;     /* bits a pair of accounts */
    double cell_factor;      /* cells are so many times as dense */
    double network_contrast; /* how far evidence must stand out from the chance density */
    uint32_t min_links;      /* a member's links inside its ring */
    uint32_t min_size;       /* members of a ring */
    uint64_t seed;
    int iterations;   /* of Leiden; -1 until nothing changes */
    unsigned threads; /* results do not depend on it */
    bool rings_only;  /* cells and networks are left out: 0 for everybody */
} rf_level_settings;

rf_level_settings rf_level_defaults(void);

typedef struct rf_levels {
    uint32_t *cell, *ring, *network; /* by vertex, RF_NO_COMMUNITY when not a member */
    uint32_t cells, rings, networks; /* numbered from 0 by their smallest vertex */
    double chance_density;           /* bits a pair of accounts that links between rings come to */
} rf_levels;

/* On success the caller owns *levels (rf_levels_free). */
RF_MUST_USE rf_status rf_levels_find(const rf_graph *graph, uint32_t first_hub,
                                     const rf_level_settings *settings, rf_levels *levels,
                                     rf_error *err);
/* The same from what was found before on a graph much like this one: ring[v] and cell[v] are the
 * communities v was in (any numbers below `vertices`; RF_NO_COMMUNITY: none). What is no longer
 * connected starts in parts. touched[v] is 1 where v has come to have other edges; only communities
 * that are unsettled by these (unsettled.h) are searched again. */
typedef struct rf_level_start {
    const uint32_t *ring, *cell;
    const uint8_t *touched;
} rf_level_start;
RF_MUST_USE rf_status rf_levels_renew(const rf_graph *graph, uint32_t first_hub,
                                      const rf_level_settings *settings,
                                      const rf_level_start *start, rf_levels *levels,
                                      rf_error *err);
void rf_levels_free(rf_levels *levels);

#endif
