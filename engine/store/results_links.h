/* results_links.h - the part of writing results that writes links, by far the most facts of a run;
 * used by results.c and results_update.c alone. */
#ifndef RF_STORE_RESULTS_LINKS_H
#define RF_STORE_RESULTS_LINKS_H

#include "store/results.h"

/* Writes the tables link_pack and link_by_b_pack, each in the order of its key. O(links +
 * accounts). */
RF_MUST_USE rf_status rf_results_write_links(rf_store *store, const rf_result_links *links,
                                             uint32_t accounts, int64_t run, rf_error *err);

/* Writes all packs of some accounts anew: by account 1 in some_a where the links it is the first of
 * are others, in some_b where it is the second of other pairs. O(links + accounts + packs). */
RF_MUST_USE rf_status rf_results_renew_links(rf_store *store, const rf_result_links *links,
                                             uint32_t accounts, int64_t run, const uint8_t *some_a,
                                             const uint8_t *some_b, rf_error *err);

#endif
