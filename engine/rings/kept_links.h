/* kept_links.h - the links of a run, kept for its updates: those of the full run as they were, and
 * what has become another since.
 *
 * A day changes a link in thirty: to write what differs costs a tenth of writing all. Once every
 * fourth is another, all are kept anew.
 *
 * Accounts are kept by their row. Workload: millions of links, 10^5 that differ. Cost: O(links) to
 * read and to compare, O(what differs) to write.
 */
#ifndef RF_RINGS_KEPT_LINKS_H
#define RF_RINGS_KEPT_LINKS_H

#include "evidence/links.h"

enum { RF_LINK_GONE = UINT8_MAX };

/* A link that is not as it was kept; of accounts by number, or by row as it is kept. */
typedef struct rf_link_news {
    uint32_t a, b;
    rf_bits bits;
    uint32_t families; /* RF_LINK_GONE: it is none any more */
} rf_link_news;

typedef struct rf_kept_links {
    rf_links now;       /* with its news; without hubs and stars */
    uint64_t kept;      /* how many there were without */
    rf_link_news *news; /* ascending by (a, b) */
    size_t count;
} rf_kept_links; /* all zero bytes is empty */

/* Keeps all links. In the transaction of the run. */
RF_MUST_USE rf_status rf_kept_links_put(rf_store *store, const rf_population *population,
                                        const rf_links *links, rf_error *err);
/* Adds what of `links` differs from before->now to the news; the links of before are freed. */
RF_MUST_USE rf_status rf_kept_links_compare(rf_kept_links *before, const rf_links *links,
                                            rf_error *err);
/* Keeps what of `links` differs from those of the full run, as it was compared, and renumbers it by
 * row. In the transaction of an update. */
RF_MUST_USE rf_status rf_kept_links_renew(rf_store *store, const rf_population *population,
                                          rf_kept_links *before, const rf_links *links,
                                          rf_error *err);
/* number[row] is the number of the account with a row below `rows`, UINT32_MAX: none. *good becomes
 * false when what is kept does not fit. The caller ends *kept with rf_kept_links_free. */
RF_MUST_USE rf_status rf_kept_links_get(rf_store *store, const uint32_t *number, uint64_t rows,
                                        rf_kept_links *kept, bool *good, rf_error *err);
void rf_kept_links_free(rf_kept_links *kept);

#endif
