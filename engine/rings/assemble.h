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

/* Fills ring and member of *findings (empty before): who is in which ring, cell and network.
 * *chance_density is that of rf_levels. O(links + accounts) besides rf_levels_find. */
RF_MUST_USE rf_status rf_rings_assemble(const rf_population *population, const rf_links *links,
                                        const rf_level_settings *settings, rf_findings *findings,
                                        double *chance_density, rf_error *err);

/* The same from communities found before: start->ring and start->cell are by account,
 * RF_NO_COMMUNITY for who was in none; start->touched tells who has other links. Links are not
 * measured: the caller does when rings are complete. */
RF_MUST_USE rf_status rf_rings_reassemble(const rf_population *population, const rf_links *links,
                                          const rf_level_settings *settings,
                                          const rf_level_start *start, rf_findings *findings,
                                          double *chance_density, rf_error *err);

/* Adds up what a ring's members and links come to: links, bits, cells, dates, requests. To be
 * called whenever membership has changed. O(links + members log members). */
RF_MUST_USE rf_status rf_rings_measure(const rf_population *population, const rf_links *links,
                                       unsigned threads, rf_findings *findings, rf_error *err);

/* ring[a] for every account: an index into findings->ring, UINT32_MAX outside of rings. */
void rf_rings_of_accounts(const rf_findings *findings, uint32_t accounts, uint32_t *ring);

#endif
