/* results_links.h - the part of writing results that writes links, by far the most rows of a run;
 * used by results.c alone. */
#ifndef RF_STORE_RESULTS_LINKS_H
#define RF_STORE_RESULTS_LINKS_H

#include "store/results.h"

/* Writes the tables link and link_by_b, each in the order of its key as long as the accounts are
 * numbered as their rows are (and correctly always). O(links + accounts), or O(links log links)
 * when they are not. */
RF_MUST_USE rf_status rf_results_write_links(rf_store *store, const rf_result_links *links,
                                             uint32_t accounts, int64_t run, rf_error *err);

#endif
