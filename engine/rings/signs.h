/* signs.h - what speaks for one operator in one ring, sign by sign, before anybody explains it.
 *
 * Each sign (shared devices, sign-up burst, ...) is worth S >= 0 bits: the log2 ratio of what is
 * seen in the ring against the rest of the population, the ring left out, summed over at most
 * RF_WITNESSES members and what rf_witnesses adds (people who share a cause are not independent),
 * and bounded by rf_sign_kinds[].most. What honest people may account for is score.c's question.
 * Invariant: depends on the profile and the baseline alone. Workload: thousands of rings a run.
 */
#ifndef RF_RINGS_SIGNS_H
#define RF_RINGS_SIGNS_H

#include "rings/profile.h"

/* Members of one community are not independent witnesses: up to RF_WITNESSES count fully, beyond
 * that every doubling counts as six more. */
#define RF_WITNESSES 10.0
double rf_witnesses(double members);

/* Pseudo-members that draw a ring's rate towards the rest's. */
#define RF_RATE_SHRINKAGE 2.0

/* The spread of volumes within a community of people, of everybody's: measured on generated
 * populations, where it is .7 in the median and below .45 in one of fifty. */
#define RF_ALIKE 0.65

/* Networks in which people who know each other meet: measured on generated populations, where of
 * communities of people one in fifty meets in more than 2.7 (profile.h) and most meet in one; and
 * bits for every doubling beyond. */
#define RF_PLACES 2.0
#define RF_PLACES_BITS 5.0

typedef enum rf_sign {
    RF_SIGN_DEVICES,
    RF_SIGN_PAYMENT,
    RF_SIGN_CARD_MESH,
    RF_SIGN_OTHER_TIES,
    RF_SIGN_ADDRESSES,
    RF_SIGN_TEMPLATES,
    RF_SIGN_PLACES,
    RF_SIGN_NOTHING_OWN,
    RF_SIGN_BURST,
    RF_SIGN_INSTRUMENTS,
    RF_SIGN_PREPAID,
    RF_SIGN_NIGHT,
    RF_SIGN_ZONES,
    RF_SIGN_VOLUME,
    RF_SIGN_EVENNESS,
    RF_SIGN_CAPABILITIES,
    RF_SIGN_BANNED,
    RF_SIGNS
} rf_sign;

/* A sign's name, as the parts of a score have it, and its most bits. */
typedef struct rf_sign_kind {
    const char *name;
    double most;
} rf_sign_kind;
extern const rf_sign_kind rf_sign_kinds[RF_SIGNS];

/* A sign as seen in one ring. */
typedef struct rf_seen {
    double bits; /* S, before any explanation */
    double observed, expected;
    char words[160];
} rf_seen;

typedef struct rf_signs {
    const rf_population *p; /* borrowed, as all three */
    const rf_baseline *base;
    const rf_profile *profile;
    rf_seen sign[RF_SIGNS];
    uint32_t address;   /* the family of addresses, UINT32_MAX when there is none */
    uint32_t payment;   /* likewise of payments */
    uint32_t device;    /* the family of devices, UINT32_MAX when there is none */
    double device_star; /* of members that share a device, the share on the commonest */
    double ties_star;   /* of those other ties bind, the share on the commonest value */
    int burst_scale;    /* of the sign-up burst: the closest that is as telling as any */
    double favour;      /* corporate e-mail domain: negative bits */
    double favour_observed;
    char favour_words[160];
} rf_signs;

/* Reads all signs of one profiled ring. Families it has not been told of have no bits.
 * O(families). */
void rf_signs_read(const rf_population *population, const rf_baseline *baseline,
                   const rf_profile *profile, rf_signs *signs);

#endif
