/* changes.h - which pairs of accounts have to be weighed again after news.
 *
 * What a pair shares is worth more or less when a group they hold has grown, or when its value was
 * examined again. In a group that has grown
 *   - newcomers are weighed against everybody;
 *   - the others are weighed against everybody, too, where the group may now be worth more (it is
 *     of a bucket with a higher reliability, no longer examined pair by pair, or now above the
 * cap);
 *   - else what they share is worth the same or less: only the links among them are weighed again.
 * A group that stays in its bucket and whose rarity does not count is worth what it was.
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
