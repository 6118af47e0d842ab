/* regroup.h - rings change members: accounts move, rings join or disappear.
 *
 * Whoever moves accounts (join.h, grow.h) says by account where it is now; this module alone
 * rewrites the lists. Workload: 10^5 members, some times a run.
 *
 * Invariants afterwards: members come by ring, then by account; a ring has at least `min_size`
 * members, rings are numbered without gaps in their former order; networks of joined rings are one.
 */
#ifndef RF_RINGS_REGROUP_H
#define RF_RINGS_REGROUP_H

#include "store/population.h"
#include "store/results.h"

/* Where every account is, as arrays by account number. */
typedef struct rf_places {
    uint32_t *ring;    /* an index into findings->ring, UINT32_MAX outside of rings */
    uint32_t *cell;    /* its cell there; anything outside of rings */
    uint8_t *fringe;   /* 1: found by membership, not by links */
    float *membership; /* bits; NAN when not measured */
} rf_places;

/* The places of today. On success the caller owns them (rf_places_free). O(accounts + members). */
RF_MUST_USE rf_status rf_places_of(const rf_findings *findings, uint32_t accounts,
                                   rf_places *places, rf_error *err);
void rf_places_free(rf_places *places);

/* Joins the networks of r and target[r], for every ring r. O(rings). */
RF_MUST_USE rf_status rf_networks_join(rf_findings *findings, const uint32_t *target,
                                       rf_error *err);

/* Rewrites members and rings as `places` says; rings below min_size disappear and their members are
 * in none. The caller measures again. O(accounts + members). */
RF_MUST_USE rf_status rf_rings_regroup(const rf_population *population, const rf_places *places,
                                       uint32_t min_size, rf_findings *findings, rf_error *err);

#endif
