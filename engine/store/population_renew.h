/* population_renew.h - a population being renewed; private to population_renew.c,
 * population_groups.c and activity_renew.c. See population_kept.h. */
#ifndef RF_STORE_POPULATION_RENEW_H
#define RF_STORE_POPULATION_RENEW_H

#include "store/population_kept.h"
#include "store/population_private.h"

/* A population is renewed while what came since is at most this part of what it was made of, or
 * RF_RENEWAL_LEAST sightings. */
enum { RF_RENEWAL_SHARE = 8, RF_RENEWAL_LEAST = 20000 };

typedef struct rf_new_account {
    int64_t row;
    const char *external_id;
    uint32_t at; /* accounts of the base that come before it */
} rf_new_account;

typedef struct rf_new_texts {
    const char **text;
    uint32_t count;
    size_t room;
} rf_new_texts;

typedef struct rf_renewer {
    rf_store *store;
    rf_population base; /* as kept; its arrays go over to p one by one */
    rf_population *p;
    rf_renewal *out;
    int64_t since; /* imports up to this are no news to the caller */
    int64_t figure[RF_KEPT_FIGURES];
    rf_new_account *added; /* by external_id */
    uint32_t addeds;
    size_t added_room;
    uint32_t *moved;    /* by number in the base: the number in p */
    rf_account_map map; /* of p */
    rf_new_texts texts[RF_ACCOUNT_TEXTS];
} rf_renewer;

/* Requests, days, hours and capabilities. (activity_renew.c) */
RF_MUST_USE rf_status rf_renew_activity(rf_renewer *renewer, rf_error *err);
/* Values, groups, and what is held. (population_groups.c) */
RF_MUST_USE rf_status rf_renew_groups(rf_renewer *renewer, rf_error *err);

#endif
