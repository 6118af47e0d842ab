/* results_links.h - the part of writing results that writes links, by far the most facts of a run;
 * used by results.c and results_update.c alone. */
#ifndef RF_STORE_RESULTS_LINKS_H
#define RF_STORE_RESULTS_LINKS_H

#include "store/results.h"

/* Writes the tables link_pack and link_by_b_pack, each in the order of its key. O(links +
 * accounts), and O(links log links) unless the accounts are numbered as their rows are. */
RF_MUST_USE rf_status rf_results_write_links(rf_store *store, const rf_result_links *links,
                                             uint32_t accounts, int64_t run, rf_error *err);

/* Accounts of which a link is another, as rows in any order; it may be changed here. */
typedef struct rf_linked_rows {
    int64_t *a, *b; /* as first and as second of their pair */
    size_t as, bs;
} rf_linked_rows;

/* Writes all packs of these accounts anew. O(links + accounts log rows). */
RF_MUST_USE rf_status rf_results_renew_links(rf_store *store, const rf_result_links *links,
                                             uint32_t accounts, int64_t run, rf_linked_rows *rows,
                                             rf_error *err);

#endif
