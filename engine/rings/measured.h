/* measured.h - what membership.h measured of communities, so that those which have not changed need
 * not be measured again when rings are grown once more.
 *
 * Kept are the strengths of members and of the outsiders whom a community could pull at all:
 * whoever that leaves out is at no strength in enough families. What follows from them (the ratios
 * of all rings together, and so every membership) may be another each time.
 *
 * Invariant: a community that is found has exactly the members asked for. Stores with one family
 * are not served: there, strengths do not tell who vouches.
 * Workload: 10^4 communities, 10^5 members, 10^5 to 10^6 outsiders; five bytes and a byte a family
 * for each. Threads may find and note at the same time as long as no account is in two communities.
 */
#ifndef RF_RINGS_MEASURED_H
#define RF_RINGS_MEASURED_H

#include "rings/membership.h"

typedef struct rf_measured rf_measured;

/* *out is the caller's (rf_measured_free). O(accounts). */
RF_MUST_USE rf_status rf_measured_new(uint32_t accounts, rf_measured **out, rf_error *err);
void rf_measured_free(rf_measured *measured); /* NULL is fine */

/* Notes what scratch holds of the community member[0, size), just measured with everybody vouching;
 * outsiders if `held` families or a value of the community's own can hold them. In place of what
 * was noted by the same first member. O(touched). */
RF_MUST_USE rf_status rf_measured_note(rf_measured *measured, const rf_membership_model *model,
                                       const uint32_t *member, uint32_t size, uint32_t held,
                                       const rf_membership_scratch *scratch,
                                       const rf_strength_counts *counts, rf_error *err);
/* False when this community was not noted. *view is to be read like the scratch it was noted from,
 * and stays good until a community with the same first member is noted. O(size). */
bool rf_measured_find(const rf_measured *measured, const rf_membership_model *model,
                      const uint32_t *member, uint32_t size, rf_membership_scratch *view,
                      rf_strength_counts *counts);

#endif
