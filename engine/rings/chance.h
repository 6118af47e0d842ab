/* chance.h - how many rings as strongly bound would be found if nobody had an operator.
 *
 * A ring's *inner bits* are the bits (at most RF_LINK_BITS_MAX a link) of those links between its
 * core members for which two families speak - in stores that know one family only, two values -
 * over these members: evidence a member that no single value makes. A sign-up within RF_TOGETHER
 * seconds of the other's speaks as a family does: shuffles leave sign-up times where they are, so
 * chance is held to the same. One shared card ties any number of strangers into a clique of honest
 * looks; chance hardly ever ties the same two twice. A mean, so that a ring of twelve compares with
 * one of twelve thousand.
 *
 * The null. Holdings are shuffled (evidence/shuffle.h) with the calibration held fixed, links and
 * rings are found again, with one pass of Leiden and without judging, joining or fringe, and their
 * inner bits are listed. With N(t) the mean number of chance rings with at least t inner bits, and
 * F(t) that of rings found, the q-value of a ring with t is the least N(s) / F(s) over s <= t, at
 * most 1: about this share of the rings at least so strongly bound would be there by chance (Storey
 * 2002). It falls as inner bits rise. A ring without inner bits has 1.
 *
 * With R shuffles nothing below 1 / (R + 1) can be told of a single ring: among honest strangers
 * the most strongly bound community beats all of its R counterparts once in R + 1 populations. q
 * becomes sharp by the number of rings compared, or by more shuffles. What it cannot tell: offices
 * and households are bound by more than chance, and beat this null as fake rings do. They are the
 * score's task.
 */
#ifndef RF_RINGS_CHANCE_H
#define RF_RINGS_CHANCE_H

#include "evidence/links.h"
#include "graph/levels.h"
#include "store/results.h"

enum { RF_TOGETHER = 3600 };

typedef struct rf_chance_settings {
    uint32_t shuffles; /* 0: no q-values, nothing is unflagged */
    double q_most;     /* flagged rings have at most this */
} rf_chance_settings;

rf_chance_settings rf_chance_defaults(void);

/* The rings that chance makes of the same holdings. */
typedef struct rf_chance {
    double *bits; /* inner bits of the rings of all shuffles */
    uint32_t count;
    size_t room;
    uint32_t shuffles;
} rf_chance;

/* Draws the shuffles and finds their rings; without shuffles, nothing. Deterministic by seed for
 * any thread count and any order of rows and values. Cost of a shuffle: a pair step (cheaper than
 * that of the facts: what shares one group is not weighed) and one clustering; memory: 20 bytes a
 * holding, and the links of one shuffle. The caller ends *chance with rf_chance_free, also on
 * failure. */
RF_MUST_USE rf_status rf_chance_draw(const rf_population *population,
                                     const rf_calibration *calibration,
                                     const rf_level_settings *levels,
                                     const rf_chance_settings *settings, uint64_t seed,
                                     unsigned threads, rf_chance *chance, rf_error *err);
void rf_chance_free(rf_chance *chance);

/* Fills inner_bits and q of every judged ring of *findings (NAN without shuffles), takes the flag
 * from rings above q_most, and sets findings->expected: N(t) for the least inner bits t of a
 * flagged ring, 0 when none is. Fringe members do not count: chance rings are not grown. Orders
 * *chance. O(links + rings log rings). */
RF_MUST_USE rf_status rf_rings_chance(const rf_population *population,
                                      const rf_calibration *calibration, const rf_links *links,
                                      const rf_chance_settings *settings, rf_chance *chance,
                                      rf_findings *findings, rf_error *err);

/* The q-value of each of found[0, count), given the inner bits of the rings of `shuffles` shuffles
 * together; both are sorted descending, q likewise. O(count + chances). */
void rf_chance_q(const double *found, uint32_t count, const double *chance, uint32_t chances,
                 uint32_t shuffles, double *q);

#endif
