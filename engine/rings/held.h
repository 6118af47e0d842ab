/* held.h - what one account holds, read from the store: its values and the groups they make.
 *
 * A group is what can join accounts: a value, or a value on one day when the run windowed its
 * signal. How many accounts hold a group is counted when it is first asked for, since most values
 * of two accounts are not shared.
 *
 * Workload: a handful of accounts a command. O(sightings of the account) to read, O(sightings of
 * the value) to count; both by index.
 */
#ifndef RF_RINGS_HELD_H
#define RF_RINGS_HELD_H

#include "rings/learned.h"

typedef struct rf_held_group {
    int32_t day;      /* RF_NO_DAY when undated or not windowed */
    uint32_t holders; /* accounts, this one among them; 0 until counted */
} rf_held_group;

typedef struct rf_held_value {
    int64_t row; /* value.id */
    uint32_t signal;
    uint32_t first_group, groups; /* by day */
    bool counted;
    uint32_t holders; /* accounts over all days, this one among them */
    uint32_t sharing; /* other accounts in one of its groups */
    uint32_t members; /* of these, members of the ring asked for */
    bool described;
    const char *text;                /* in the arena of the holdings, as are the next two */
    const char *what;                /* "card, prepaid, US"; "" when there is nothing to say */
    const char *treatment;           /* ignored, adds, star: of a hub; else NULL */
    uint32_t hub_holders;            /* of a hub: as the run counted them */
    double hub_bits;                 /* of a hub: what it adds at most */
    uint32_t examined, corroborated; /* pairs of its holders, as the run saw them */
} rf_held_value;

typedef struct rf_held {
    rf_arena texts;
    int64_t account;
    int64_t ring;         /* whose members are counted; 0: none */
    uint64_t observed;    /* bit f: holds a value of a link signal of family f */
    rf_held_value *value; /* ascending by row */
    uint32_t values;
    size_t value_room;
    rf_held_group *group;
    uint32_t groups;
    size_t group_room;
} rf_held;

/* Reads the values of link signals. The caller ends *held with rf_held_free, also on failure. */
RF_MUST_USE rf_status rf_held_read(rf_store *store, const rf_learned *learned, int64_t account,
                                   int64_t ring, rf_held *held, rf_error *err);
void rf_held_free(rf_held *held);

/* Reads text, hub and experience of a value once. */
RF_MUST_USE rf_status rf_held_describe(rf_store *store, const rf_learned *learned, rf_held *held,
                                       rf_held_value *value, rf_error *err);
/* Describes a value and counts its holders once. */
RF_MUST_USE rf_status rf_held_count(rf_store *store, const rf_learned *learned, rf_held *held,
                                    rf_held_value *value, rf_error *err);

#endif
