/* import_support.h - a scratch database for the tests of imports, and all its facts as one text. */
#ifndef RF_TESTS_IMPORT_SUPPORT_H
#define RF_TESTS_IMPORT_SUPPORT_H

#include "importers/import.h"
#include "store/store.h"

#include <stddef.h>

typedef struct sandbox {
    char folder[64];
    char db[96];
    rf_store *store;
    rf_rejects rejects;
    volatile sig_atomic_t stop; /* set: the next import is asked to stop */
    char said[4096];            /* what the last import told people */
    rf_import_result result;
    rf_error error;
} sandbox;

/* cmocka set-up and tear-down: *state is a sandbox with an open, empty database. */
int sandbox_start(void **state);
int sandbox_end(void **state);

/* Imports bytes as a kind. `kind` may be "sightings:NAME"; map and limits may be NULL. */
rf_status sandbox_import_bytes(sandbox *box, const char *kind, const char *map, const char *bytes,
                               size_t length, const rf_intake_limits *limits);
/* The same for a NUL-terminated text, with the defaults. */
rf_status sandbox_import(sandbox *box, const char *kind, const char *text);

/* All facts without their ids, one line each, sorted: equal texts are equal databases. The caller
 * frees it with free. Fails the test when the database is not sound. */
char *sandbox_facts(const sandbox *box);
/* The first column of the first row, as a number. */
long long sandbox_number(const sandbox *box, const char *sql);
/* The rows of a query, columns parted by '|', rows by line feeds; freed with free. */
char *sandbox_query(const sandbox *box, const char *sql);

/* A small generator of repeatable random numbers: below `limit`. */
unsigned random_below(unsigned long long *seed, unsigned limit);

#endif
