/* separate.h - keeps accounts apart that a person judged not to have the same operator.
 *
 * Detection respects a judgement in three places:
 *   links     the two are not linked, whatever they share;
 *   rings     when clustering or joining puts them into one ring all the same (others tie both),
 * the ring is cut where it is cheapest (rf_min_cut over its links in bits, stars as vertices, from
 * the account that comes first), and the side that is bound by fewer bits leaves (then the smaller
 * one, then that of the account that comes later). The side that leaves is a ring of its own when
 * it has min_size members, else its members are in none; a side that stays with fewer than min_size
 * is no ring any more either; fringe    of the two, one that had joined as fringe leaves (of two,
 * the one with fewer bits, then the later one). Judgements are taken in order of the two accounts,
 * each on what the ones before have left.
 *
 * Invariant: after each step no two separated accounts are in one ring. Without judgements nothing
 * is changed. Nothing depends on the order in which they were made. Cost: O(links) a ring cut.
 */
#ifndef RF_RINGS_SEPARATE_H
#define RF_RINGS_SEPARATE_H

#include "evidence/links.h"
#include "store/results.h"

typedef struct rf_separated {
    uint32_t a, b; /* account numbers, a < b */
} rf_separated;

typedef struct rf_separations {
    rf_separated *pair; /* ascending by (a, b), each once */
    size_t count, room;
} rf_separations; /* all zero bytes: none */

/* Those in force. On success the caller owns *separations (rf_separations_free). O(n log n). */
RF_MUST_USE rf_status rf_separations_read(rf_store *store, const rf_population *population,
                                          rf_separations *separations, rf_error *err);
void rf_separations_free(rf_separations *separations);

/* Takes the links between separated accounts out. O(links + separations). */
void rf_separate_links(const rf_separations *separations, rf_links *links);

/* Cuts rings (see above); *cut is how many were. The caller measures and judges them again. */
RF_MUST_USE rf_status rf_separate_rings(const rf_population *population, const rf_links *links,
                                        const rf_separations *separations, uint32_t min_size,
                                        rf_findings *findings, uint32_t *cut, rf_error *err);

/* Takes fringe members out of rings that hold the other one. The findings must be measured. */
RF_MUST_USE rf_status rf_separate_fringe(const rf_population *population,
                                         const rf_separations *separations, rf_findings *findings,
                                         uint32_t *left, rf_error *err);

#endif
