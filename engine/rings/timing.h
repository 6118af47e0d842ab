/* timing.h - how an account's sign-up lies among other sign-ups, and what that says.
 *
 * Operators make accounts in bursts; so do classes, launches and hackathons. What a burst is worth
 * is therefore learned from each run: how much more often accounts of flagged rings signed up like
 * this than all others did. Where rings are made slowly, it is worth nothing.
 *
 * Of an account that is linked, the sign-ups of those it is linked to are looked at (tied): how
 * many of them signed up within an hour, six hours, a day and three days of it, where their share
 * of all accounts would be expected. Of any other account, everybody's (crowd): how many signed up
 * within a quarter of an hour and an hour of it, where the rate of the three days around it, they
 * left out, is expected. Each figure is (observed + 1) / (expected + 1), the mean of a Poisson rate
 * with one sign-up known before (a gamma prior of shape 1); the mean over the spans, in half bits,
 * is the *level*. Not how surely there is a burst, but how likely an account in it is of it.
 *
 * Time is counted in quarters of an hour since 1970. Sign-ups before 1970 or after 2089 are as if
 * not known. Nothing here decides a flag: see suspicion.h and docs/scoring.md.
 *
 * Workload: a million accounts, two million links, 10^4 to 10^5 quarters. Cost: a few additions an
 * account and link; memory: 4 bytes a quarter between the first sign-up and the last.
 */
#ifndef RF_RINGS_TIMING_H
#define RF_RINGS_TIMING_H

#include "store/population.h"
#include "store/results.h"

enum {
    RF_QUARTER_SECONDS = 900,
    RF_QUARTERS_MOST = 1 << 22,
    RF_TIMING_AROUND = 288, /* quarters before and after: three days; no span is longer */
    RF_TIMING_SPANS = 4,
    RF_TIMING_LEVELS = 21,
    RF_TIMING_USUAL = 8 /* the level of what is expected */
};
#define RF_NO_QUARTER (-1)
/* What timing adds or takes at most, bits. */
#define RF_TIMING_BITS_MAX 4.0

/* The quarter of an hour of a sign-up; RF_NO_QUARTER when not known. */
int64_t rf_quarter_of(int64_t created_at);

/* Accounts by quarter, from `first` on. Whoever asks about one quarter needs to have those within
 * RF_TIMING_AROUND of it alone; `all`, `lowest` and `highest` are of everybody. */
typedef struct rf_signups {
    int64_t first;
    uint32_t quarters;
    uint32_t *before; /* quarters + 1: accounts of the quarters from first up to here */
    uint32_t all;     /* accounts whose sign-up is known */
    int64_t lowest, highest;
} rf_signups;

/* The caller ends it with rf_signups_free, also on failure (RF_ENOMEM). O(accounts + quarters). */
RF_MUST_USE rf_status rf_signups_count(const int32_t *quarter, uint32_t accounts,
                                       rf_signups *signups, rf_error *err);
void rf_signups_free(rf_signups *signups);
/* Accounts that signed up at most `span` quarters before or after. O(1). */
uint32_t rf_signups_within(const rf_signups *signups, int64_t quarter, int64_t span);

/* Those that one account is linked to and whose sign-up is known, by the shortest span they are
 * in; last those in none. All zero when there are none. */
typedef struct rf_ties {
    uint32_t in[RF_TIMING_SPANS + 1];
} rf_ties;
void rf_ties_add(rf_ties *ties, int64_t quarter, int64_t other);

typedef enum rf_timing_kind { RF_TIMING_CROWD, RF_TIMING_TIED, RF_TIMING_KINDS } rf_timing_kind;

typedef struct rf_timing {
    bool known;          /* the account's sign-up is; else the rest is 0 */
    rf_timing_kind kind; /* RF_TIMING_TIED when any of those it is linked to has a sign-up */
    double level;        /* 0 to RF_TIMING_LEVELS - 1 */
    /* for people: the span that tells most, in quarters before and after, and what is in it */
    uint32_t span, observed, of; /* of: of how many; 0 for a crowd */
    double expected;
} rf_timing;

/* O(1). */
rf_timing rf_timing_of(const rf_signups *signups, int64_t quarter, const rf_ties *ties);

/* What a level is worth, in bits: the log ratio of how often members of flagged rings and how often
 * all others have it, neighbouring levels counting by half, drawn towards nothing by four members
 * like everybody, never falling as the level rises (pool adjacent violators; Barlow et al.,
 * "Statistical inference under order restrictions", 1972), at most RF_TIMING_BITS_MAX. Without
 * members 0. O(levels). */
void rf_timing_learn(const double members[RF_TIMING_LEVELS], const double others[RF_TIMING_LEVELS],
                     double bits[RF_TIMING_LEVELS]);

/* What lies between two levels is worth what lies between them. */
double rf_timing_bits(const double bits[RF_TIMING_LEVELS], double level);

/* How much `accounts` of one ring count: they are not independent. The first ten fully, every
 * doubling beyond as six more. */
double rf_timing_witnesses(double accounts);

/* Fills findings->signup, timing and base; ring[] as of rf_rings_of_accounts. To be called when
 * links, rings and flags are final. O(accounts + links + quarters). RF_ENOMEM. */
RF_MUST_USE rf_status rf_timing_count(const rf_population *population, const uint32_t *ring,
                                      rf_findings *findings, rf_error *err);

#endif
