/* results.h - what a run found, as plain arrays, and how it is written to the store.
 *
 * rings/ fills rf_findings; this module alone turns it into rows. Accounts, values and signals are
 * named by their row ids. Everything of a run is written in one transaction.
 */
#ifndef RF_STORE_RESULTS_H
#define RF_STORE_RESULTS_H

#include "base/memory.h"
#include "base/stopwatch.h"
#include "store/allow.h"
#include "store/ledger.h"
#include "store/store.h"

enum { RF_MAX_PARTS = 24 };

/* One named part of a ring's score. */
typedef struct rf_score_part {
    const char *name; /* static text: "sign-up burst" */
    double bits;      /* positive speaks for one operator, negative for honest people */
    double observed;  /* NAN when there is no single figure */
    double expected;
    const char *note; /* both in words; in the arena of the findings */
} rf_score_part;

typedef struct rf_ring_evidence {
    int64_t value_row;
    uint32_t members; /* of the ring that use it */
    uint32_t holders; /* accounts that use it anywhere */
    double bits;      /* what sharing it is worth for a pair */
    int32_t first_day, last_day;
} rf_ring_evidence;

typedef struct rf_ring {
    char key[RF_KEY_TEXT]; /* of its life beyond this run, like the next; see rings/ledger.h */
    int64_t life;
    uint32_t number;             /* in its run; 0: index plus one */
    uint32_t network;            /* from 1 */
    uint32_t first_member, size; /* in rf_findings.member */
    uint32_t cells;
    uint64_t links;
    double link_bits;
    double score;
    uint64_t judged; /* a hash of the members it was scored with; 0: not yet. See rings/judge.c */
    uint32_t news;   /* of members since it was judged, come or gone: rings/update.h; in quarters */
    uint32_t stands; /* 1 + the kept ring whose judgement it has though its members are others */
    bool flagged;
    double inner_bits;      /* a member, of links that two families make: rings/chance.h */
    double q;               /* the false-ring rate; NAN when holdings were not shuffled */
    const char *looks_like; /* static text */
    int64_t first_created, last_created;
    uint64_t requests;
    rf_score_part part[RF_MAX_PARTS];
    uint32_t parts;
    uint32_t first_evidence, evidences; /* in rf_findings.evidence */
} rf_ring;

typedef struct rf_member {
    uint32_t account; /* account number of the population */
    int64_t account_row;
    uint32_t ring; /* from 1: the index in rf_findings.ring plus one */
    uint32_t cell; /* from 1 */
    bool fringe;
    bool bridge;      /* without it the ring falls into parts: rings/bridges.h */
    uint32_t links;   /* kept pairs with other members */
    double bits;      /* their sum */
    float membership; /* log2 odds of belonging to the ring; NAN when not measured */
} rf_member;

typedef struct rf_result_bucket {
    int64_t signal_row;
    uint32_t holders_from, holders_to;
    uint64_t groups, examined;
    double corroborated, by_chance, reliability, bits;
} rf_result_bucket;

/* A signal as the run used it. */
typedef struct rf_result_signal {
    int64_t signal_row;
    const char *family; /* borrowed */
    bool link, windowed;
    double by_chance, sensitivity; /* NAN for context signals */
} rf_result_signal;

/* The settings by which pairs were weighed, resolved for the population. */
typedef struct rf_result_weighing {
    double threshold_bits;
    uint32_t pair_cap, common;
    bool one_family;
} rf_result_weighing;

/* A bucket of the calibration that labels moved. */
typedef struct rf_result_label {
    int64_t signal_row;
    uint32_t holders_from;
    double pairs_for, pairs_against, without;
} rf_result_label;

typedef struct rf_result_worth {
    int64_t value_row;
    uint32_t examined, corroborated;
} rf_result_worth;

typedef struct rf_result_hub {
    int64_t value_row;
    uint32_t holders, days;
    double reliability, bits;
    const char *treatment; /* ignored, adds or star */
} rf_result_hub;

/* What is seen of a value that many accounts hold; rings/hub_figures.h. Shares are 0 to 1. */
typedef enum rf_figure {
    RF_FIGURE_CROWD,    /* of those ever met there, how many are there on a day, on average */
    RF_FIGURE_LOYAL,    /* of its holders' active days, how many they spent there */
    RF_FIGURE_WEEKEND,  /* of account-days there, on Saturday and Sunday (UTC) */
    RF_FIGURE_YEARS,    /* between the first and last tenth of sign-ups; in years */
    RF_FIGURE_TOGETHER, /* signed up within a day of another holder, beyond chance */
    RF_FIGURE_COUNTRY,  /* in the commonest country */
    RF_FIGURE_MAIL,     /* on the commonest e-mail domain that is no large provider's */
    RF_FIGURE_OWN_MAIL, /* on any such domain */
    RF_FIGURE_SCHOOL,   /* on a domain reserved for schools (.edu, .ac.uk) */
    RF_FIGURE_PAYING,   /* have an instrument */
    RF_FIGURE_CARDS,    /* of those, share one with another holder */
    RF_FIGURE_ONE_CARD, /* of those, on the commonest */
    RF_FIGURE_PREPAID,  /* of those, have prepaid ones only */
    RF_FIGURE_DEVICES,  /* share a device with another holder */
    RF_FIGURE_PROMPTS,  /* share a query template */
    RF_FIGURE_TIES,     /* share anything else: phone, tie, ... */
    RF_FIGURE_PAIRS,    /* of pairs, share something of another family, beyond chance */
    RF_FIGURE_FLAGGED,  /* in a flagged ring */
    RF_FIGURES
} rf_figure;

/* A value that many accounts hold, and what it is taken for. */
typedef struct rf_result_type {
    int64_t value_row;
    const char *type;    /* static text */
    const char *instead; /* the next best */
    double bits;         /* by how much the type is the better one */
    const char *why;     /* the figures that told most, in words; in the arena of the findings */
    uint32_t lent;       /* pairs it counts as corroborated for its type: rings/hub_types.h */
    uint32_t holders;    /* over all days */
    uint32_t met;        /* of these, met another one there on some day */
    uint32_t days;       /* on which any did; 0 for stable signals */
    uint32_t peak;       /* most holders on one day */
    double figure[RF_FIGURES]; /* NAN: not known */
} rf_result_type;

/* What is counted of everybody; rings/counts.h. Names are borrowed. */
typedef struct rf_result_place {
    const char *kind; /* country or timezone */
    const char *name;
    uint32_t accounts, in_rings;
} rf_result_place;

typedef struct rf_result_place_ring {
    const char *kind;
    const char *name;
    uint32_t ring; /* from 1: a flagged one */
    uint32_t accounts;
} rf_result_place_ring;

/* A value that two accounts or more hold. */
typedef struct rf_result_shared {
    int64_t signal_row, value_row;
    uint32_t holders, members, rings;
} rf_result_shared;

typedef struct rf_result_shared_in {
    uint32_t shared; /* an index into rf_findings.shared */
    uint32_t ring;   /* from 1 */
    uint32_t members;
} rf_result_shared_in;

/* A link of accounts that signed up at about the same time; row ids as in the link. */
typedef struct rf_result_together {
    uint32_t seconds;
    int64_t a, b;
} rf_result_together;

/* Accounts that signed up on a day, by quarter of an hour; rings/timing.h. */
enum { RF_DAY_QUARTERS = 96 };
typedef struct rf_result_signup {
    int64_t day;
    uint32_t accounts[RF_DAY_QUARTERS];
} rf_result_signup;

/* How members of a flagged ring, or accounts in none, signed up. */
typedef struct rf_result_timing {
    uint32_t ring; /* from 1; 0: accounts that are in no flagged ring */
    bool tied;     /* beside those they are linked to; else beside everybody */
    uint8_t level;
    uint32_t accounts;
} rf_result_timing;

/* What is known of an account of which nothing else is: rings/suspicion.h. */
enum { RF_FEW_MEMBERS = 4 };
typedef struct rf_result_base {
    uint32_t accounts, flagged; /* all; those in flagged rings */
    uint32_t few, few_flagged;  /* rings of RF_FEW_MEMBERS at most; of these, flagged ones */
} rf_result_base;

/* What is counted of a ring; schema/0020_figures.sql. */
typedef struct rf_result_figures {
    uint32_t core, fringe, bridges;
    int64_t half_first, half_last; /* RF_NO_TIME */
    uint32_t active;
    uint64_t account_days;
    bool dated;                  /* all requests have a day */
    int64_t first_day, last_day; /* RF_NO_DAY */
    int64_t funded, unpaid;      /* -1: instruments do not link */
} rf_result_figures;

/* One of the commonest texts among the members of a large ring. */
typedef struct rf_result_common {
    uint32_t ring; /* from 1 */
    const char *kind;
    uint32_t nth; /* from 1 */
    const char *name;
    uint32_t accounts, known;
} rf_result_common;

/* A mailbox that several accounts have. */
typedef struct rf_result_mailbox {
    uint32_t accounts;
    size_t first; /* in rf_findings.mailbox_account */
} rf_result_mailbox;

/* A link of a banned account with one that came later; row ids as in the link. */
typedef struct rf_result_regrown {
    int64_t days, a, b, banned, last_day;
} rf_result_regrown;

typedef struct rf_result_links {
    uint64_t count;
    const uint32_t *a, *b; /* account numbers: row ids are account_row[number] */
    const int32_t *bits;   /* in units of 1/65536 bit */
    const uint8_t *families;
    const int64_t *account_row;
} rf_result_links;

typedef struct rf_findings {
    rf_arena texts;
    int64_t started_at;
    uint64_t seed;
    const char *config; /* JSON */
    uint32_t accounts;
    uint64_t sightings, pairs;
    double prior_bits;
    uint32_t shuffles;
    double expected; /* rings as strongly bound as the flagged ones, by chance */
    double *chance;  /* inner bits of rings found by chance, of all shuffles, descending */
    uint32_t chances;
    double flagged_from; /* the score that was asked; INFINITY: none sufficed */
    rf_ring *ring;       /* best score first: ring id is index + 1 */
    uint32_t rings;
    rf_member *member; /* by ring, then by account number */
    uint32_t members;
    rf_ring_evidence *evidence;
    uint32_t evidences;
    rf_result_weighing weighing;
    rf_result_signal *signal;
    uint32_t signals;
    rf_result_bucket *bucket;
    uint32_t buckets;
    rf_result_label *label;
    uint32_t labels;
    rf_result_worth *worth;
    uint32_t worths;
    rf_result_hub *hub;
    uint32_t hubs;
    rf_result_type *type;
    uint32_t types;
    rf_result_place *place;
    uint32_t places;
    rf_result_place_ring *place_ring;
    uint32_t place_rings;
    size_t place_ring_room;
    rf_result_shared *shared; /* by signal, then by value */
    uint32_t shareds;
    rf_result_shared_in *shared_in; /* by shared, then by ring */
    uint32_t shared_ins;
    size_t shared_in_room;
    rf_result_together *together; /* by seconds, then by row ids */
    uint32_t togethers;
    rf_result_signup *signup; /* by day */
    uint32_t signups;
    rf_result_timing *timing; /* by ring, tied, level */
    uint32_t timings;
    rf_result_base base;
    rf_result_figures *figures; /* by ring */
    rf_result_common *common;   /* by ring, kind, nth */
    size_t commons, common_room;
    rf_result_mailbox *mailbox; /* by accounts, then by the first of them */
    size_t mailboxes;
    int64_t *mailbox_account;   /* row ids, ascending inside a mailbox */
    rf_result_regrown *regrown; /* by days, then by row ids */
    size_t regrowns, regrown_room;
    rf_result_links links;     /* borrowed arrays */
    const rf_allowed *allowed; /* borrowed */
    uint32_t alloweds;
    rf_ledger_entries ledger;
    rf_arena ledger_texts; /* of the entries */
} rf_findings;

void rf_findings_free(rf_findings *findings);

static inline uint32_t rf_ring_number(const rf_findings *findings, uint32_t index)
{
    uint32_t const number = findings->ring[index].number;
    return number != 0 ? number : index + 1;
}

/* What else belongs into the transaction of a run. `settle` comes before anything is written that
 * tells of rings, and may complete the findings by what earlier runs left; `counted` comes before
 * what is counted of everybody is read, which another thread may count until then; `conclude` comes
 * last, when everything is written, and may say that nothing is to be kept. Each may be NULL. So
 * may `watch`, whose laps are noted with the run, the writing included. */
typedef struct rf_results_hooks {
    void *context;
    rf_status (*settle)(void *context, rf_store *store, rf_error *err);
    rf_status (*counted)(void *context, rf_error *err);
    rf_status (*conclude)(void *context, rf_store *store, int64_t run, bool *keep, rf_error *err);
    rf_stopwatch *watch;
    const char *const *stage; /* the last one is the writing */
    uint32_t stages;
} rf_results_hooks;

/* A run being written, in two parts and one transaction. */
typedef struct rf_results_writing rf_results_writing;

/* What else of a run is final before its rings are; written last of the first part. */
typedef rf_status (*rf_results_also)(void *context, rf_store *store, rf_error *err);

/* Begins the transaction and writes what does not depend on rings, by far the most rows: of
 * *findings accounts, worth and links, which must be final and stay; then also(context), unless it
 * is NULL. With `beside` a thread of its own does it until rf_results_finish or rf_results_abandon,
 * one of which must follow; the store is not to be used before. *out is NULL after a failure. */
RF_MUST_USE rf_status rf_results_begin(rf_store *store, const rf_findings *findings, bool beside,
                                       rf_results_also also, void *context,
                                       rf_results_writing **out, rf_error *err);
/* Writes all else and ends the transaction and *writing; *run is the id of the run, higher than
 * that of any run there ever was. On failure nothing is written. */
RF_MUST_USE rf_status rf_results_finish(rf_results_writing *writing, const rf_findings *findings,
                                        const rf_results_hooks *hooks, int64_t *run, rf_error *err);
/* As if it had never begun. NULL is fine. */
void rf_results_abandon(rf_results_writing *writing);

#endif
