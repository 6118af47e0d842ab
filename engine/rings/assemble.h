/* assemble.h - from links to rings with members, not yet judged.
 *
 * Builds the link graph (weights: bits, at most 30 a link; over-cap stars as hub vertices), finds
 * the three levels, and lists rings and members. Rings come in order of their first member; rank.h
 * orders them by score at the end.
 */
#ifndef RF_RINGS_ASSEMBLE_H
#define RF_RINGS_ASSEMBLE_H

#include "evidence/links.h"
#include "graph/levels.h"
#include "store/results.h"

/* The largest weight of one link, bits: beyond it two accounts are as good as one. */
#define RF_LINK_BITS_MAX 30.0

/* Fills ring and member of *findings (empty before). O(links + accounts) besides rf_levels_find. */
RF_MUST_USE rf_status rf_rings_assemble(const rf_population *population, const rf_links *links,
                                        const rf_level_settings *settings, rf_findings *findings,
                                        rf_error *err);

#endif
