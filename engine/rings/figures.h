/* figures.h - what a run counts of each ring, of mailboxes and of links with banned accounts, so
 * that a ring of tens of thousands is told without asking its members; schema/0020_figures.sql says
 * what each figure is. rings/counts.h counts the rest.
 *
 * Workload: a million accounts, 10^4 rings with 200,000 members, 2 million links. Cost:
 * O(accounts + links + members, sign-up times sorted within each ring). Memory: 18 bytes an account
 * while it counts, 90 bytes a ring.
 */
#ifndef RF_RINGS_FIGURES_H
#define RF_RINGS_FIGURES_H

#include "store/population.h"
#include "store/results.h"

/* Rings of so many members and more have their commonest countries and the like counted. */
enum { RF_COMMON_FROM = 200, RF_COMMON_MOST = 3 };

/* Fills findings->figures, common, mailbox and regrown; names are borrowed from the population.
 * False when out of memory. */
RF_MUST_USE bool rf_rings_figures(const rf_population *population, rf_findings *findings);

/* The shortest time that holds half of `count` ascending moments: of several the earliest; both are
 * RF_NO_TIME when there are fewer than four. One early account makes "from 2023 to 2026" of a
 * burst; this tells better. O(count). */
void rf_half_of(const int64_t *moment, size_t count, int64_t *first, int64_t *last);

#endif
