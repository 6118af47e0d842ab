/* fringe.h - accounts at the edge of a flagged ring.
 *
 * Clustering leaves out accounts with little to tie them to anything, ring accounts that were used
 * with care among them. Once a ring is flagged, the question is a narrower one: an account outside
 * of every flagged ring whose links to the core of one come to `bits` or more joins it as *fringe*,
 * marked so, unless its own community holds it more strongly. The score stays that of the core, and
 * only links to core members count: fringe does not grow fringe.
 */
#ifndef RF_RINGS_FRINGE_H
#define RF_RINGS_FRINGE_H

#include "evidence/links.h"
#include "store/results.h"

typedef struct rf_fringe_settings {
    double bits;        /* evidence towards the core, at least */
    uint32_t min_links; /* from so many core members, at least */
} rf_fringe_settings;

rf_fringe_settings rf_fringe_defaults(void);

/* Adds fringe members to the flagged rings of *findings; an unflagged ring that loses members below
 * min_size disappears. *grown is how many joined. The caller measures again. O(links log links) in
 * the links between flagged rings and others. */
RF_MUST_USE rf_status rf_rings_grow(const rf_population *population, const rf_links *links,
                                    const rf_fringe_settings *settings, uint32_t min_size,
                                    rf_findings *findings, uint32_t *grown, rf_error *err);

#endif
