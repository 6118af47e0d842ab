/* bridges.h - members without whom their ring falls into parts.
 *
 * A core member is a *bridge* when the links left without it no longer tie RF_BRIDGE_PART or more
 * of the others to the largest part: as many as would be a ring of their own. Such a member is the
 * weakest spot of a ring: two groups that share one go-between may be two operators, or one and a
 * bystander. Whoever merely carries a single further account is none. Values above the pair cap
 * that join their holders as a star are ways between members like links.
 */
#ifndef RF_RINGS_BRIDGES_H
#define RF_RINGS_BRIDGES_H

#include "rings/run_memory.h"

enum { RF_BRIDGE_PART = 3 };

/* Sets `bridge` of every member of *findings; to be called once membership is final.
 * O(links + members). */
RF_MUST_USE rf_status rf_rings_bridges(const rf_population *population, const rf_links *links,
                                       rf_findings *findings, rf_error *err);
/* The same in an update: a ring with the members it had, of whom nobody is touched (by account: 1:
 * it has other links), has the bridges it had. */
RF_MUST_USE rf_status rf_rings_bridges_renew(const rf_population *population, const rf_links *links,
                                             const rf_run_memory *before, const uint8_t *touched,
                                             rf_findings *findings, rf_error *err);

#endif
