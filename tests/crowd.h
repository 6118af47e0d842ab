/* crowd.h - a small population made by chance: accounts, values of several signals and sightings,
 * kept as plain lists, and written to a real store in any order of rows. */
#ifndef RF_TESTS_CROWD_H
#define RF_TESTS_CROWD_H

#include "store/population.h"

enum { CROWD_ACCOUNTS = 600, CROWD_VALUES = 1600, CROWD_SIGHTINGS = 12000, CROWD_SIGNALS = 8 };

typedef struct crowd_signal {
    const char *name, *family;
    int windowed;
} crowd_signal;

typedef struct crowd_sighting {
    uint32_t value, account;
    int32_t day; /* -1: not known */
} crowd_sighting;

typedef struct crowd {
    crowd_signal signal[CROWD_SIGNALS];
    uint32_t signals;
    char external_id[CROWD_ACCOUNTS][24];
    int64_t created_at[CROWD_ACCOUNTS];
    uint32_t accounts;
    uint32_t value_signal[CROWD_VALUES];
    char text[CROWD_VALUES][24];
    uint32_t values;
    crowd_sighting sighting[CROWD_SIGHTINGS]; /* repeats are possible */
    uint32_t sightings;
} crowd;

typedef struct crowd_options {
    uint32_t accounts;
    uint32_t rings;      /* planted: share values of several signals */
    uint32_t coincident; /* values shared by few at random */
    uint32_t hubs;       /* values shared by many */
    int one_family;      /* 1: addresses alone; 2: all signals in one family */
} crowd_options;

/* A crowd on the heap, by seed; freed with free. */
crowd *crowd_make(const crowd_options *options, unsigned long long seed);
uint32_t crowd_add_account(crowd *c, const char *external_id, int64_t created_at);
uint32_t crowd_add_value(crowd *c, const char *signal, const char *text);
void crowd_add_sighting(crowd *c, uint32_t value, uint32_t account, int32_t day);

/* Writes it to a new store under `path`. `order` decides the order of rows, and so all row ids (0:
 * as listed); with `pseudonyms` the texts of values are replaced. Fails the test on any trouble. */
rf_store *crowd_store(const crowd *c, const char *path, unsigned long long order, int pseudonyms);
/* The same in a file that is gone when this returns, read as a population (to be freed). */
void crowd_read(const crowd *c, unsigned long long order, int pseudonyms,
                rf_population *population);

#endif
