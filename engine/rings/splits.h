/* splits.h - single values without which a part of a ring falls off: among values, what bridges
 * (bridges.h) are among members.
 *
 * A value *splits* a ring when, without it, RF_BRIDGE_PART members or more are no longer connected
 * with the largest piece. Asked for every value by itself, yet in almost linear time: a link is
 * missing only while one of its own values is hidden, so over the line of all values it lives in a
 * few intervals; these are laid into a tree of halves of that line, and one walk through the tree
 * joins and parts members again (union by size, undone on the way back). The same walk over the
 * line of members tells their cuts, but graph/cut.h does that faster.
 */
#ifndef RF_RINGS_SPLITS_H
#define RF_RINGS_SPLITS_H

#include "rings/inside.h"

/* off[value] for every value: members that are cut from the largest piece when it is hidden; 0 for
 * most. O((links + their terms) log values log members). */
RF_MUST_USE rf_status rf_ring_value_cuts(const rf_inside *inside, uint32_t *off, rf_error *err);

/* off[member]: members cut from the largest piece when it is taken out. O(links). */
RF_MUST_USE rf_status rf_ring_member_cuts(const rf_inside *inside, uint32_t *off, rf_error *err);

#endif
