/* population_kept.h - a population kept by one run and renewed by what imports brought since.
 *
 * Reading a million accounts with all they did takes seconds, though a day changes one in a hundred
 * facts. So a full run keeps its population (kept.h), and imports tell their news
 * (intake_news.h). Renewing reads both, each once and in order, and puts them together.
 *
 * Invariant: a renewed population is the one that rf_population_read would read, account by account
 * and group by group, in the same order, with two exceptions: the capabilities of an account may
 * stand in another order, and `prepaid` stays as it was when an import says of a known instrument
 * by what it is funded.
 *
 * Workload: 10^6 accounts kept, 10^5 rows of news. Cost: O(what is kept) copied, O(news log news).
 */
#ifndef RF_STORE_POPULATION_KEPT_H
#define RF_STORE_POPULATION_KEPT_H

#include "store/population.h"

/* Keeps a population that was just read, in the transaction of its run: what was kept before is
 * forgotten. */
RF_MUST_USE rf_status rf_population_keep(rf_store *store, const rf_population *population,
                                         rf_error *err);

/* What is new about an account since the last update. */
enum {
    RF_NEW_ACCOUNT = 1,  /* nobody had mentioned it */
    RF_NEW_HOLDINGS = 2, /* it holds a further value */
    RF_NEW_FACTS = 4,    /* it did something, or something was said of it */
    RF_NEW_GROUP = 8,    /* it is in a group that it was not in */
    RF_NEW_FAMILY = 16   /* it holds something of a family that was not known of it */
};

typedef struct rf_renewal {
    const char *obstacle; /* static text: why the population cannot be renewed; NULL: it was */
    uint8_t *fresh;       /* by account: RF_NEW_... */
    uint32_t *grown;      /* by group: holders that it did not have */
    uint32_t accounts;    /* new since the full run, as RF_NEW_ACCOUNT is */
} rf_renewal;

/* Reads what is kept, by a second thread too when `other` is not NULL (snapshot.h), and puts the
 * news of all imports since to it. Imports up to `since` are no news to the caller. On success the
 * caller owns both (rf_population_free, rf_renewal_free); with an obstacle the population is empty.
 * Inside a reading transaction. */
RF_MUST_USE rf_status rf_population_renew(rf_store *store, rf_store *other,
                                          rf_signal_override override, void *context, int64_t since,
                                          rf_population *population, rf_renewal *renewal,
                                          rf_error *err);
void rf_renewal_free(rf_renewal *renewal);

#endif
