/* suspicion.h - how suspect single accounts are, in bits, whether they are in a ring or not.
 *
 * For the order in which people look at accounts, and for `evaluate --curve`. Never for flagging:
 * nothing here is part of a ring's score, and a burst of sign-ups is also a class or a launch
 * (docs/scoring.md). Everything it rests on is stored with the run and shown by `explain`.
 *
 *   bits = anybody + company + timing
 *
 *   anybody  log2 odds that any account is in a flagged ring: flagged + 1 over all others + 1.
 *   company  what its place adds: log2(2^anybody + 2^own) - anybody, where `own` is
 *              in a ring: the ring is an operation and the account belongs to it. Both must hold:
 *                own = -log2(2^-score + 2^-membership);
 *              else, the best of its links: the two have one operator, and the other's ring is an
 *                operation: own = -log2(2^-link + 2^-score of that ring); when the other is in no
 *                ring either, two linked accounts are taken for as suspect as rings of few members
 *                are: the log2 odds of being flagged, of rings of RF_FEW_MEMBERS at most, drawn
 *                towards `anybody` by one ring;
 *              0 without ring and links.
 *   timing   what its sign-up tells (timing.h), by what is seen of flagged rings; its own ring,
 *            when that is flagged, is left out of what is learned.
 *
 * Scores, memberships and links are bounded by +-RF_SUSPICION_BOUND bits. A run of an older program
 * has no sign-ups: its accounts have no timing.
 *
 * Workload: one account among millions (index look-ups and some 10^3 rows), or all of them (one
 * pass over accounts, members and links; 60 bytes an account).
 */
#ifndef RF_RINGS_SUSPICION_H
#define RF_RINGS_SUSPICION_H

#include "rings/timing.h"

#define RF_SUSPICION_BOUND 60.0

typedef struct rf_ring_timing {
    int64_t ring;
    double bits[RF_TIMING_KINDS][RF_TIMING_LEVELS];
} rf_ring_timing;

/* What all accounts of a run are measured by. */
typedef struct rf_suspicion_scale {
    int64_t accounts, flagged; /* all; those in flagged rings */
    double anybody, pair;      /* bits; of a link between accounts in no ring */
    rf_signups signups;
    double bits[RF_TIMING_KINDS][RF_TIMING_LEVELS]; /* of accounts in no flagged ring */
    rf_ring_timing *ring;                           /* of flagged rings, ascending */
    size_t rings, ring_room;
} rf_suspicion_scale;

/* Reads the scale for the sign-ups about `quarter`, or for all of them (RF_NO_QUARTER). Ended with
 * rf_suspicion_scale_free, also on failure. O(flagged rings + quarters read). */
RF_MUST_USE rf_status rf_suspicion_scale_read(rf_store *store, int64_t run, int64_t quarter,
                                              rf_suspicion_scale *scale, rf_error *err);
void rf_suspicion_scale_free(rf_suspicion_scale *scale);

/* Those an account is linked to. `best` is -INFINITY before the first. */
typedef struct rf_company {
    rf_ties ties;
    double best; /* bits of the best link, as above */
} rf_company;

/* The bits of one link of an account in no ring, to one in a ring of `score` bits, or in none
 * (ring 0). True when it is better than those before. */
bool rf_company_link(const rf_suspicion_scale *scale, double link, int64_t ring, double score,
                     rf_company *company);

typedef enum rf_suspicion_kind {
    RF_SUSPICION_RING, /* it is in a ring */
    RF_SUSPICION_LINK, /* in none, but linked */
    RF_SUSPICION_NONE
} rf_suspicion_kind;

typedef struct rf_suspicion {
    rf_suspicion_kind kind;
    double anybody, company, timing_bits;
    double bits; /* their sum */
    rf_timing timing;
} rf_suspicion;

/* ring 0: in none. membership may be NAN: not measured, and then taken for sure. O(log rings). */
rf_suspicion rf_suspicion_weigh(const rf_suspicion_scale *scale, int64_t quarter, int64_t ring,
                                double score, double membership, const rf_company *company);

/* ---- one account, for people ---- */

typedef struct rf_suspicion_page {
    rf_suspicion suspicion;
    int64_t accounts, flagged;
    int64_t ring; /* its own, or that of its best link; 0: none */
    double score, membership, link;
} rf_suspicion_page;

RF_MUST_USE rf_status rf_suspicion_explain(rf_store *store, int64_t run, int64_t account,
                                           rf_suspicion_page *page, rf_error *err);

/* ---- all accounts ---- */

/* By account row id. */
typedef struct rf_ranking {
    uint64_t rows;
    int32_t *bits; /* in units of 1/65536 bit */
    uint8_t *kind; /* rf_suspicion_kind */
} rf_ranking;

/* Ended with rf_ranking_free, also on failure. */
RF_MUST_USE rf_status rf_ranking_read(rf_store *store, int64_t run, rf_ranking *ranking,
                                      rf_error *err);
void rf_ranking_free(rf_ranking *ranking);

#endif
