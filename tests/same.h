/* same.h - two populations, or two lists of links, are the same to the last byte.
 *
 * Fails the test that calls at the first array which differs. O(what is compared).
 */
#ifndef RF_TESTS_SAME_H
#define RF_TESTS_SAME_H

#include "evidence/links.h"

/* Of a and b in scope: an array of so many elements. */
#define SAME(what, count) assert_memory_equal(a->what, b->what, (count) * sizeof *a->what)

/* Values, the groups they make, and who is in which. */
void assert_same_groups(const rf_population *a, const rf_population *b);
/* Links, and how many hubs and stars there are. */
void assert_same_links(const rf_links *a, const rf_links *b);

#endif
