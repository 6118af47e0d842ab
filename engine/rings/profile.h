/* profile.h - what a ring looks like, as figures, beside the same figures of everybody else.
 *
 * A profile holds counts and means only; score.c turns them into bits. Two kinds:
 *   rf_baseline   of the whole population, computed once;
 *   rf_profile    of one ring. "The rest" is the baseline less the ring: a ring must not make its
 *                 own habits look ordinary.
 *
 * A *telling* value is one whose reliability is at least RF_TELLING: sharing it means something.
 * Workload: tens of thousands of rings, most of three to ten members, the largest of 25,000.
 */
#ifndef RF_RINGS_PROFILE_H
#define RF_RINGS_PROFILE_H

#include "evidence/labels.h"
#include "evidence/links.h"
#include "store/results.h"

#define RF_TELLING 0.05

/* What an account is like: one bit each, counted in the baseline and in every ring. */
typedef enum rf_trait {
    RF_TRAIT_BUSY,             /* requests above the population's upper quartile */
    RF_TRAIT_MANY_INSTRUMENTS, /* two payment instruments or more */
    RF_TRAIT_PREPAID,          /* pays with prepaid, virtual or gift instruments only */
    RF_TRAIT_ZONE_MISMATCH,    /* time zone is not one of the account's country */
    RF_TRAIT_BANNED,           /* status banned or suspended */
    RF_TRAITS
} rf_trait;

/* known: accounts for which the trait can be told; having: of these, those that have it. */
typedef struct rf_trait_count {
    uint32_t known, having;
} rf_trait_count;

typedef struct rf_baseline {
    uint32_t accounts;
    rf_trait_count trait[RF_TRAITS];
    uint8_t *traits;                   /* by account: bit t */
    uint8_t *known;                    /* by account: bit t */
    uint32_t telling[RF_MAX_FAMILIES]; /* accounts that share a telling value with another */
    uint64_t *telling_of;              /* by account: those families, as bits */
    uint64_t hours[24];                /* active hours by local time, where the zone is known */
    int16_t *offset;                   /* by account: minutes east of UTC, INT16_MIN not known */
    double log_requests_mean, log_requests_deviation; /* of accounts with usage, natural log */
    double *capability; /* share of each capability, mean over accounts with any */
    uint32_t capability_accounts;
    int64_t *created; /* all known sign-up times, ascending */
    uint32_t created_count;
    uint32_t *domain_accounts; /* by e-mail domain code */
    uint8_t *telling_group;    /* by group: 1 when telling */
    const rf_labels *labels;   /* borrowed; NULL when there are none */
} rf_baseline;

/* What everybody does, which a day does not change: an update takes over what a full run learned.
 */
typedef struct rf_habits {
    uint64_t hours[24];
    double log_requests_mean, log_requests_deviation;
    uint32_t capability_accounts;
    uint32_t capabilities;
    double *capability; /* NULL: nothing is known */
} rf_habits;

/* Learns all but the habits when those are known (NULL or empty: not). On success the caller owns
 * *baseline (rf_baseline_free). O(holdings + accounts log accounts). */
RF_MUST_USE rf_status rf_baseline_learn(const rf_population *population,
                                        const rf_calibration *calibration, const rf_habits *habits,
                                        unsigned threads, rf_baseline *baseline, rf_error *err);
/* A copy of the baseline's habits; the caller frees out->capability. */
RF_MUST_USE rf_status rf_habits_of(const rf_baseline *baseline, uint32_t capabilities,
                                   rf_habits *out, rf_error *err);
void rf_baseline_free(rf_baseline *baseline);

/* How a family of signals binds the ring. */
typedef struct rf_binding {
    uint32_t members;  /* that share a telling value of the family with another member */
    uint32_t observed; /* members for which the family is known at all */
    uint32_t values;   /* telling values shared inside */
    uint32_t top;      /* members on the most shared one */
    uint32_t met;      /* members that share any value with another, telling or not */
    double own;        /* share of the values held by bound members that no other member uses */
} rf_binding;

enum { RF_BURST_SCALES = 4 };

typedef struct rf_profile {
    uint32_t size;
    rf_trait_count trait[RF_TRAITS];
    rf_binding binding[RF_MAX_FAMILIES];
    uint32_t created_known;
    uint32_t
        close[RF_BURST_SCALES]; /* members created within a minute, hour, day, week of another */
    double close_expected[RF_BURST_SCALES]; /* the same if members were drawn from the rest */
    uint64_t hours[24];
    uint32_t hour_accounts;
    double log_requests_mean, log_requests_deviation;
    uint32_t request_accounts;
    double capability_divergence; /* bits between the ring's capability mix and the rest's */
    uint32_t capability_accounts;
    uint32_t top_capability;             /* the one most above the rest */
    uint32_t domain_known, domain_top;   /* members with an e-mail; those on the commonest domain */
    uint32_t domain;                     /* its code */
    uint32_t country_known, country_top; /* members with a country; those in the commonest */
    uint32_t meetings; /* n members at one telling address on one day have met n - 1 times */
    double networks;   /* in how many networks, see rf_networks; 0: they have not met */
} rf_profile;

/* Meetings in one network. */
typedef struct rf_meeting {
    uint32_t network, times;
} rf_meeting;

/* Over how many networks meetings are spread: the exponential of the Shannon entropy of their
 * shares (a Hill number, of order 1), so that k networks met in alike count k and stray ones hardly
 * anything. Drawn towards one network by RF_STRAY further meetings in the commonest. 0 of none.
 * Sorts meeting[0, count). O(count log count). */
#define RF_STRAY 2.0
double rf_networks(rf_meeting *meeting, size_t count);

/* A thread's working space for profiles. */
typedef struct rf_profile_scratch rf_profile_scratch;
RF_MUST_USE rf_status rf_profile_scratch_new(const rf_population *population,
                                             rf_profile_scratch **out, rf_error *err);
void rf_profile_scratch_free(rf_profile_scratch *scratch);

/* Profiles the ring of members[0, size), and lists the values that bind it, strongest first, at
 * most `evidence_room` of them. O(holdings of the members, sorted). */
RF_MUST_USE rf_status rf_profile_ring(const rf_population *population,
                                      const rf_calibration *calibration,
                                      const rf_baseline *baseline, const rf_member *members,
                                      uint32_t size, rf_profile_scratch *scratch,
                                      rf_profile *profile, rf_ring_evidence *evidence,
                                      uint32_t evidence_room, uint32_t *evidences, rf_error *err);

#endif
