/* links.h - the pair step: finds every pair of accounts whose evidence exceeds the threshold.
 *
 * A row-wise sparse product with a dense accumulator: for each account, for each of its groups
 * below the cap, for each later holder, an upper bound of the group's worth is added up. Only pairs
 * whose bound, with what over-cap groups could add, passes the threshold are weighed exactly
 * (rf_pair_weigh). So memory is that of the links kept, not of the pairs visited.
 *
 * Invariant: the result is that of weighing all pairs that share a group below the cap which is
 * worth anything, in order of (a, b), for any number of threads. Cost: O(sum over groups below the
 * cap of n^2 / 2) additions + O(list lengths) a pair weighed.
 */
#ifndef RF_EVIDENCE_LINKS_H
#define RF_EVIDENCE_LINKS_H

#include "evidence/pair.h"

/* An over-cap group strong enough to join all its holders: a node that is never a member. */
typedef struct rf_star {
    uint32_t group;
    rf_bits bits; /* of each of its edges: the posterior of two accounts that share it alone */
} rf_star;

/* What became of a group above the cap. */
typedef enum rf_hub_treatment { RF_HUB_IGNORED, RF_HUB_ADDS, RF_HUB_STAR } rf_hub_treatment;

typedef struct rf_hub {
    uint32_t group;
    double reliability;
    rf_bits worth;
    rf_hub_treatment treatment;
} rf_hub;

typedef struct rf_links {
    uint64_t count;
    uint32_t *a, *b; /* account numbers, a < b, ascending by (a, b) */
    rf_bits *bits;   /* posterior */
    uint8_t *families;
    rf_hub *hub; /* every group above the cap, by group number */
    uint32_t hubs;
    rf_star *star;
    uint32_t stars;
    uint64_t pairs;   /* pairs that share a group worth anything below the cap */
    uint64_t weighed; /* of these, weighed exactly */
} rf_links;

/* On success the caller owns *links (rf_links_free). */
RF_MUST_USE rf_status rf_links_find(const rf_population *population,
                                    const rf_calibration *calibration, unsigned threads,
                                    rf_links *links, rf_error *err);

/* What has to be weighed again, by account. */
typedef enum rf_again {
    RF_AGAIN_NOT,
    RF_AGAIN_LINKS, /* its links to others that are marked: what they share may be worth less */
    RF_AGAIN_OWN,   /* its links to anybody: that they share something worthless is new */
    RF_AGAIN_PAIRS, /* its pairs with whom it shares a marked group, and all its links */
    RF_AGAIN_HUB, /* and those with others marked so, or more: they may share one that joins none */
    RF_AGAIN_KNOWN, /* and those with whom it shares a group of which all pairs were examined */
    RF_AGAIN_ALL    /* all its pairs */
} rf_again;

typedef struct rf_link_marks {
    uint8_t *account; /* rf_again */
    uint8_t *group;   /* 1: marked */
} rf_link_marks;

/* Finds the links anew where `marks` say so; all others are as they were: `before`, under the
 * account numbers of now (its bits and families are changed on the way). So the result is that of
 * rf_links_find when all that has changed is marked (changes.h), but for `pairs` and `weighed`,
 * which count what was done. On success the caller owns *links. Cost: rows and links marked, and
 * O(links + groups). */
RF_MUST_USE rf_status rf_links_renew(const rf_population *population,
                                     const rf_calibration *calibration, const rf_link_marks *marks,
                                     const rf_links *before, unsigned threads, rf_links *links,
                                     rf_error *err);
void rf_links_free(rf_links *links);

#endif
