/* explain.h - why two accounts are linked or not, and why an account is in its ring.
 *
 * Nothing is guessed: what two accounts share is gathered from the facts, what it is worth from the
 * calibration that the run kept, and rf_pair_sum adds it up as it did in detection. So the
 * posterior explained is the link's, bit by bit, as long as the facts are those of the run.
 *
 * Texts live in the arenas of the page. Workload: one page a command; index look-ups only.
 */
#ifndef RF_RINGS_EXPLAIN_H
#define RF_RINGS_EXPLAIN_H

#include "rings/allowed.h"
#include "rings/held.h"
#include "rings/suspicion.h"

/* An account and its place in the run. */
typedef struct rf_explained_account {
    int64_t row;
    const char *id;
    int64_t created_at;                                 /* RF_NO_TIME when not known */
    const char *country, *plan, *status, *email_domain; /* NULL when not known */
    int64_t requests, active_days;
    int64_t ring; /* 0: in none; then the rest is empty */
    const char *ring_key, *looks_like, *role;
    int64_t cell, ring_size, links;
    double bits, score;
    bool flagged;
} rf_explained_account;

/* A value that is shared. */
typedef struct rf_explained_value {
    const char *signal, *family, *text, *what;
    bool windowed;
    int32_t *day; /* days on which it is shared, ascending; those not known are left out */
    uint32_t days;
    uint32_t holders;      /* accounts in the group that counts: the value, or its best day */
    uint32_t holders_from; /* the bucket of that number, and what was seen in it */
    uint32_t holders_to;
    uint64_t bucket_examined, bucket_corroborated;
    uint32_t examined, corroborated; /* inside the value, the pair itself left out */
    double reliability;
    double alone, counted;         /* bits */
    uint32_t halvings;             /* inside its family: 0 counts fully, 2 a quarter */
    bool rarity_limited;           /* alone is held down to the value's rarity */
    const char *treatment;         /* of a hub, else NULL */
    bool too_common;               /* no pair is made by this group: above the cap */
    uint32_t all_holders, sharing; /* of all days; other accounts sharing a group (account page) */
    uint32_t members;              /* of these, in the ring */
} rf_explained_value;

typedef struct rf_explained_pair {
    rf_explained_value *shared; /* strongest first */
    size_t count;
    size_t counting; /* of these, adding more than 0 bits */
    double prior, posterior, threshold;
    uint32_t families;
    const char *separated_why; /* judged not to have one operator: the reason; else NULL */
    const char *separated_by;  /* "" when not told */
    int64_t separated_at;
    bool linked;      /* the run kept the pair */
    double link_bits; /* as the run kept it */
    uint32_t link_families;
    bool by_star; /* both hold a value that joins its holders as a star */
    bool differs; /* posterior is not what the run kept: the facts have changed */
    /* Windowed values both used, but never on one day. */
    rf_explained_value *apart;
    size_t aparts;
} rf_explained_pair;

typedef struct rf_explained_neighbour {
    const char *id;
    int64_t row, ring;
    double bits;
    uint32_t families;
    rf_explained_pair pair;
} rf_explained_neighbour;

typedef struct rf_pair_page {
    rf_arena texts;
    rf_learned learned;
    rf_explained_account account[2];
    rf_held held[2];
    rf_explained_pair pair;
    rf_left_outs left_out; /* allowed values both hold */
} rf_pair_page;

typedef struct rf_account_page {
    rf_arena texts;
    rf_learned learned;
    rf_explained_account account;
    rf_held held;
    rf_explained_neighbour *neighbour; /* those in its ring first, strongest first */
    size_t neighbours, neighbour_room;
    int64_t links;              /* all of them */
    int64_t links_inside;       /* to members of its ring */
    int64_t links_elsewhere;    /* to members of other rings */
    rf_explained_value *shared; /* with members first, then strongest first */
    size_t shares;
    rf_explained_value *own; /* values that nobody else has, or not on its days */
    size_t owns;
    rf_suspicion_page suspicion;
} rf_account_page;

/* The account with this id. RF_EINPUT when there is none, naming ids that begin alike. O(log n). */
RF_MUST_USE rf_status rf_find_account(rf_store *store, const char *id, int64_t *row, rf_error *err);

/* Both pages are ended with their free function, also on failure. */
RF_MUST_USE rf_status rf_explain_pair(rf_store *store, int64_t run, int64_t one, int64_t other,
                                      rf_pair_page *page, rf_error *err);
void rf_pair_page_free(rf_pair_page *page);

/* Neighbours beyond `most` are counted, not told. */
RF_MUST_USE rf_status rf_explain_account(rf_store *store, int64_t run, int64_t account,
                                         int64_t most, rf_account_page *page, rf_error *err);
void rf_account_page_free(rf_account_page *page);

#endif
