/* population_private.h - what the ways to a population have in common; used by population*.c. */
#ifndef RF_STORE_POPULATION_PRIVATE_H
#define RF_STORE_POPULATION_PRIVATE_H

#include "store/holdings.h"

/* Fills signal and families. */
RF_MUST_USE rf_status rf_population_signals(rf_store *store, rf_signal_override override,
                                            void *context, rf_population *population,
                                            rf_error *err);
/* number[row] is the account with that account.id, UINT32_MAX where there is none. */
RF_MUST_USE rf_status rf_population_number(const rf_population *population, rf_account_map *map,
                                           rf_error *err);
uint8_t rf_population_status(const char *text, size_t length);
/* What stands for a mailbox; 0 for an empty text. */
uint64_t rf_population_mailbox(const char *text, size_t length);

/* An array of the population with one element an account. */
typedef struct rf_account_column {
    const char *part; /* its name where it is kept */
    size_t size;      /* of an element */
    size_t at;        /* in rf_population */
} rf_account_column;
enum { RF_ACCOUNT_COLUMNS = 18 };
extern const rf_account_column rf_account_columns[RF_ACCOUNT_COLUMNS];

/* The columns of texts, in the order of rf_account_texts' names. */
enum { RF_ACCOUNT_TEXTS = 5 };
extern const char *const rf_account_texts[RF_ACCOUNT_TEXTS];
rf_coded *rf_account_text(rf_population *population, int column);

/* Figures of a kept population. */
enum {
    RF_KEPT_FORMAT,
    RF_KEPT_IMPORT,       /* newest that it has seen */
    RF_KEPT_ACCOUNT_ROW,  /* greatest account.id */
    RF_KEPT_VALUE_ROW,    /* greatest value.id */
    RF_KEPT_SIGHTING_DAY, /* latest days of sightings and of activity */
    RF_KEPT_ACTIVITY_DAY,
    RF_KEPT_SIGHTINGS,
    RF_KEPT_FIGURES
};
#define RF_KEPT_THIS_FORMAT INT64_C(0x52464b3100000000 + sizeof(void *) * 256 + 5)

/* The hours of an account as rf_population.hour_use has them: ascending, more than one for an hour
 * only when its days do not fit into one. Returns how many; `to` has room for RF_HOUR_USES. */
enum { RF_HOUR_USES = 24 * (1 + UINT16_MAX / (UINT16_MAX >> 5)) };
size_t rf_hours_put(const uint16_t hours[24], uint16_t *to);

/* Reads what was kept into *base, by a second thread too when `other` is not NULL, checked: every
 * index lies where it must. *good is false when it does not fit, or nothing is kept; the caller
 * frees *base in any case, which has its signals already. Arrays by account have room for accounts
 * that are new since. Its account_start, account_group and group_value are left out. */
RF_MUST_USE rf_status rf_population_load(rf_store *store, rf_store *other, rf_population *base,
                                         int64_t figure[RF_KEPT_FIGURES], bool *good,
                                         rf_error *err);

#endif
