/* membership.h - how strongly an account belongs to a ring, in bits.
 *
 * Two accounts are linked by what they share. Whether an account belongs to a ring that is already
 * found is a narrower question, with more to answer it by: its address may be shared with one
 * member, its device with another, its template with a third.
 *
 * Strength. Of the values of one family that an account shares with at least one (other) member,
 * the most telling one counts. A value used by n accounts of which k others are members tells
 *     q = (k + RF_SHARE_SHRINKAGE p) / (n - 1 + RF_SHARE_SHRINKAGE)
 * where p is its reliability (worth.h): its users' share in this ring, drawn towards how likely
 * users of it belong together at all. The card of an office of 120, of whom one was taken for a
 * member, says little. Strengths are compared in steps of two bits of log odds.
 *
 * Ratio. How much commoner such a strength is among the ring's members (each held against the
 * others) than among everybody else: log2 of the two rates, the members' drawn towards all rings'.
 * Everybody else holds members not found yet, so ratios err on the low side; and what the ring's
 * camouflage shares with half a city has no ratio to speak of.
 *
 *     membership = log2(members / accounts) + sum over families of max(0, ratio)
 *
 * the posterior log2 odds of a naive Bayes classifier whose prior is the ring's size. An account is
 * *held* by the families with a ratio of at least RF_HOLDING bits. In a store with one family its
 * two most telling values take the place of two families.
 *
 * A ring's own value. When more than half of a stable value's other users are members, by the score
 * test with 90 % confidence (all of three, four of five, nine of thirteen: 2k - n > 1.28 sqrt(n)),
 * whoever else uses it belongs there as well: the device of a farm. It holds an account like two
 * families, and the membership is at least log2 odds of the share. People keep their payment
 * instruments to themselves and their families, so an instrument of at most five accounts is the
 * ring's own when half of its other users are members; but a single one must never have been at one
 * address with the account, as those are who live together.
 *
 * Invariant: nothing depends on the order of values. Cost: O(groups that members hold + users of
 * those in which the members are more than a few among strangers); memory: four
 * bytes an account and a group, per thread.
 */
#ifndef RF_RINGS_MEMBERSHIP_H
#define RF_RINGS_MEMBERSHIP_H

#include "evidence/pair.h"

#define RF_SHARE_SHRINKAGE 4.0
#define RF_HOLDING 1.5
#define RF_OWN_Z 1.2816 /* one-sided 90 % */
enum {
    RF_OWN_LEAST = 3, /* members that use a value of the ring's own */
    RF_OWN_FEW = 4,   /* other users, at most, of an instrument that was passed on */
    RF_STRENGTHS = 6
}; /* 0: nothing, or odds of q below 2^-6; 1..5: below 2^-4, 2^-2, 1, 4, above */

/* How many members, and how many others, are at each strength, by slot: a slot is a family (or, in
 * a one-family store, the first and the second value). */
typedef struct rf_strength_counts {
    uint32_t inside[RF_MAX_FAMILIES][RF_STRENGTHS];
    uint32_t outside[RF_MAX_FAMILIES][RF_STRENGTHS];
} rf_strength_counts;

typedef struct rf_membership {
    uint32_t account;
    float bits;
    uint8_t held;    /* families that hold it */
    uint8_t vouched; /* of these, by what members who vouch use */
} rf_membership;

/* A thread's working space. What is found of a ring lies close together, by place: the members come
 * first, in the caller's order, and then whoever shares something with one of them. */
typedef struct rf_membership_scratch {
    uint32_t *place;   /* by account: its place plus one, zero between rings */
    uint32_t *touched; /* by place: the account */
    size_t touched_count, touched_room;
    uint8_t *strength; /* place * slots + slot */
    size_t strength_room;
    bool all_vouch;   /* `vouched` would be `strength`, and is not kept */
    uint8_t *vouched; /* as strength, over values that a member who vouches uses */
    size_t vouched_room;
    float *own; /* by place: bits of the ring's own value that it uses, 0 when none */
    size_t own_room;
    uint32_t *second; /* one-family stores: by place, value of the first slot plus one */
    size_t second_room;
    uint32_t *members; /* by group: of the ring at hand, zero between rings */
    uint32_t *groups;  /* those that members hold */
    size_t group_room;
} rf_membership_scratch;

/* What does not change from ring to ring. */
typedef struct rf_membership_model {
    const rf_population *population;
    const rf_calibration *calibration;
    float *reliability; /* by group; 0 for groups that are left out */
    uint32_t slots;
    uint32_t payment, address; /* the families, UINT32_MAX when there is none */
} rf_membership_model;

/* On success the caller owns *model (rf_membership_end). O(groups). */
RF_MUST_USE rf_status rf_membership_begin(const rf_population *population,
                                          const rf_calibration *calibration,
                                          rf_membership_model *model, rf_error *err);
void rf_membership_end(rf_membership_model *model);
RF_MUST_USE rf_status rf_membership_scratch_begin(const rf_membership_model *model,
                                                  rf_membership_scratch *scratch, rf_error *err);
void rf_membership_scratch_end(rf_membership_scratch *scratch);

/* Finds the strengths of the ring member[0, size) and of everybody who shares something with a
 * member, and counts them. vouches[a] != 0 for the members who vouch; NULL: all do. What is found
 * stays in scratch until rf_membership_clear, which comes before the next ring. */
RF_MUST_USE rf_status rf_membership_measure(const rf_membership_model *model,
                                            const uint8_t *vouches, const uint32_t *member,
                                            uint32_t size, rf_membership_scratch *scratch,
                                            rf_strength_counts *counts, rf_error *err);
void rf_membership_clear(rf_membership_scratch *scratch);

/* Bits of a stable value of `holders` users of which, besides the one asked about, `others` are
 * members: 0 unless it is the ring's own. Of others = holders - 1 = 3 it is 2.8. `given`: it is a
 * payment instrument, of which one user more is taken for a member. */
float rf_own_bits(bool given, uint32_t others, uint32_t holders);

/* ratio[slot][strength] in bits, of a ring with `size` members; `all` are the counts of all rings
 * together, over all_members members. */
typedef struct rf_ratios {
    float bits[RF_MAX_FAMILIES][RF_STRENGTHS];
    float prior;
} rf_ratios;
void rf_membership_ratios(const rf_membership_model *model, const rf_strength_counts *counts,
                          uint32_t size, const rf_strength_counts *all, uint64_t all_members,
                          rf_ratios *ratios);

/* The membership of the account at a place of scratch. O(slots). */
rf_membership rf_membership_of(const rf_membership_model *model,
                               const rf_membership_scratch *scratch, const rf_ratios *ratios,
                               size_t place);

#endif
