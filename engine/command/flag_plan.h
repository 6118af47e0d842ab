/* flag_plan.h - whom to ask to verify: the rings of a run, a policy and what was asked before,
 * turned into one verdict for every member. Pure reading: the caller opens the requests.
 *
 * Rings come best score first (then by number), members of a ring core first, then by the bits of
 * their links, then by account id, so a budget always takes the same ones.
 */
#ifndef RF_COMMAND_FLAG_PLAN_H
#define RF_COMMAND_FLAG_PLAN_H

#include "base/memory.h"
#include "command/flag_policy.h"
#include "rings/exposure.h"
#include "store/store.h"

typedef enum rf_verdict {
    RF_ASK,
    RF_ALREADY_OPEN, /* a request of any campaign waits for an answer */
    RF_COOLDOWN,     /* a request ended less than cooldown_days ago */
    RF_DECLINED,     /* a request was declined: a person decides what follows */
    RF_BANNED,       /* banned or closed: nobody is there to ask */
    RF_KNOWN_LEGIT,  /* labelled legit, by its latest labels */
    RF_EXCLUDED,     /* by plan or country */
    RF_FRINGE_LEFT,  /* fringe, and the policy leaves fringes out */
    RF_OVER_BUDGET,
    RF_OVER_HONEST,  /* more honest accounts would be hit than the policy allows */
    RF_RING_CLEARED, /* somebody cleared the ring, and it has not materially changed */
    RF_RING_WATCHED, /* somebody watches it: it must not be warned */
    RF_VERDICTS
} rf_verdict;

/* "ask", "already_open", ...: names in JSON and CSV. */
extern const char *const rf_verdict_names[RF_VERDICTS];

typedef struct rf_flag_account {
    int64_t account;         /* row id */
    const char *external_id; /* these texts live in the plan's arena; "" when not known */
    const char *country, *timezone;
    uint32_t ring;   /* index in the plan's rings */
    int64_t attempt; /* of the request, when it is opened */
    rf_verdict verdict;
    double honest; /* the probability that it is, by its ring's score and its role */
} rf_flag_account;

typedef struct rf_flag_ring {
    int64_t ring;
    const char *key, *looks_like;
    double score;
    const char *parts; /* "sign_up_burst +6.2, ...", largest first */
    int64_t size;
    int64_t counts[RF_VERDICTS];
    bool passed_over; /* does not fit into the budget as a whole */
    double honest;    /* how many honest accounts are expected among those asked */
} rf_flag_ring;

typedef struct rf_flag_plan {
    rf_arena texts;
    int64_t run;
    rf_flag_ring *ring;
    size_t rings, ring_room;
    rf_flag_account *account;
    size_t accounts, account_room;
    int64_t counts[RF_VERDICTS];
    rf_exposure exposure;
    double honest;       /* of all rings */
    bool honest_reached; /* max_honest was: later rings are left out */
} rf_flag_plan;

/* Fills *plan, to be ended with rf_flag_plan_free whatever is returned. `now` is the time by which
 * cooldowns are judged. O(members log members). */
RF_MUST_USE rf_status rf_flag_plan_make(rf_store *store, int64_t run, const rf_policy *policy,
                                        int64_t now, rf_flag_plan *plan, rf_error *err);
void rf_flag_plan_free(rf_flag_plan *plan);

/* How many of those asked come from one country or time zone, and how many of all accounts. */
typedef struct rf_flag_share {
    const char *name; /* "" when not known */
    int64_t asked, population;
} rf_flag_share;

/* By `column`, "country" or "timezone"; most asked first. *out is freed with rf_free. */
RF_MUST_USE rf_status rf_flag_shares(rf_store *store, const rf_flag_plan *plan, const char *column,
                                     rf_flag_share **out, size_t *count, int64_t *population,
                                     rf_error *err);

#endif
