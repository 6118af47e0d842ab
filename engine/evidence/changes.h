/* changes.h - which pairs of accounts have to be weighed again after news.
 *
 * What a pair shares is worth more or less when a group they hold has grown, or when its value was
 * examined again. In a group that has grown
 *   - newcomers are weighed against everybody;
 *   - the others are weighed against all with whom they share it where it may now be worth more (it
 *     is of a bucket with a higher reliability, or no longer examined pair by pair), and so are its
 *     holders among themselves when it comes above the cap or is there already: it makes no pairs
 *     then, but what else they share does;
 *   - else what they share is worth the same or less: only the links among them are weighed again.
 * A group that stays in its bucket and whose rarity does not count is worth what it was. Of an
 * account that is known better (a family that was not known of it), pairs are weighed that share a
 * group of which every pair was examined: only there is the pair itself left out.
 *
 * Invariant: with what this marks, rf_links_renew finds what rf_links_find would with the same
 * calibration. Cost: O(groups + holdings of those that have changed).
 */
#ifndef RF_EVIDENCE_CHANGES_H
#define RF_EVIDENCE_CHANGES_H

#include "evidence/links.h"
#include "evidence/recall.h"
#include "store/population_kept.h"

/* Fills *marks, all zero before. */
void rf_links_changed(const rf_population *population, const rf_calibration *calibration,
                      const rf_renewal *renewal, const rf_recalled *recalled,
                      const rf_link_marks *marks);

#endif
