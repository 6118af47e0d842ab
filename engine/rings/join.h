/* join.h - puts the pieces of a large operation together.
 *
 * A ring of 25,000 accounts is too thin to be one community among all accounts: its pieces are
 * found, each tight enough by itself, but between any two of them there is little. Once the pieces
 * are judged the question is easier: which *suspect* rings are linked by more than chance? There
 * are few suspects, so what links strangers cannot glue. Honest communities are never joined.
 *
 * Three things join, and are added up:
 *   - links between them, of which no two have an account in common (one value that some accounts
 * of one ring share with many of another is one coincidence), from `contrast` times the density of
 *     chance on, less an allowance;
 *   - the number of such links m alone: m - 1 >= tie_contrast * rate * pairs of members, m >= 2.
 * The rate is that of any two rings: pairs of rings tied by a link, over pairs of members. This is
 *     asked when rings have grown: early pieces are too many and too small. Measured on pieces with
 * a score of at least -2 in 18 populations of 60,000 and one of a million (m - 1 over rate *
 * pairs): 176 and more for two of one operation, 45 at most for strangers;
 *   - a value of RF_SIGNATURE_HOLDERS users or more, most of them in suspect rings,
 * RF_SIGNATURE_MEMBERS in each.
 */
#ifndef RF_RINGS_JOIN_H
#define RF_RINGS_JOIN_H

#include "evidence/links.h"
#include "store/results.h"

enum { RF_SIGNATURE_HOLDERS = 10, RF_SIGNATURE_MEMBERS = 3 };
#define RF_SIGNATURE_SHARE 0.6 /* of the holders, in suspect rings */

typedef struct rf_join_settings {
    double suspect_from; /* rings with at least this score may be joined */
    double allowance;    /* bits between two rings that are put down to chance */
    double contrast;     /* evidence between them, over the density of chance */
    double tie_contrast; /* links between them, over the rate of strangers; 0: not counted */
} rf_join_settings;

rf_join_settings rf_join_defaults(void);

/* Joins judged rings of *findings; *joined is the number that disappeared into others. Networks of
 * joined rings become one. When any joined, members are listed anew; the caller measures and judges
 * again. O(links + t log t + members), t links between different rings. */
RF_MUST_USE rf_status rf_rings_join(const rf_population *population, const rf_links *links,
                                    const rf_join_settings *settings, double chance_density,
                                    uint64_t seed, rf_findings *findings, uint32_t *joined,
                                    rf_error *err);

#endif
