/* import.h - imports one file: reads its rows, writes their facts, all or nothing.
 *
 * The same bytes imported the same way (KIND, signal, map) a second time change nothing. A file of
 * which no row can be used is an error and leaves no trace; a file with a header alone is imported,
 * with no rows.
 */
#ifndef RF_IMPORTERS_IMPORT_H
#define RF_IMPORTERS_IMPORT_H

#include "base/status.h"
#include "importers/kinds.h"
#include "importers/rejects.h"
#include "store/intake.h"
#include "store/store.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum { RF_SHOWN_REJECTS = 5, RF_MAP_TEXT = 1024 };

/* A --map, read: which column holds which field. */
typedef struct rf_map {
    char canonical[RF_MAP_TEXT]; /* "account_id=user_id,ip=address" in contract order */
    char texts[RF_MAP_TEXT];     /* what `columns` points into */
    rf_columns columns;
} rf_map;

/* Reads a --map (NULL: none) for a kind. RF_EUSAGE for an unknown or repeated field (naming the
 * fields there are), or what is not FIELD=COLUMN. *map must not be moved afterwards. */
RF_MUST_USE rf_status rf_map_read(const rf_kind *kind, const char *text, rf_map *map,
                                  rf_error *err);

typedef struct rf_import_options {
    const rf_kind *kind;
    const char *signal; /* "" unless the kind is sightings */
    const rf_map *map;
    bool again;                        /* import even what was imported before */
    const char *card_key;              /* secret for the tokens of card numbers; "" for none */
    rf_rejects *rejects;               /* never NULL; its file may be */
    const rf_intake_limits *limits;    /* NULL: the defaults */
    const volatile sig_atomic_t *stop; /* becomes true when the user asks to stop; may be NULL */
    /* A line for people (notices, the first rejected rows). May be NULL. */
    void (*say)(void *context, const char *line);
    void *context;
} rf_import_options;

typedef struct rf_import_result {
    int64_t import; /* its id; when already_imported that of the earlier one */
    bool already_imported;
    int64_t imported_at; /* when already_imported: when that was */
    int64_t rows;        /* good ones */
    int64_t rejected;
    int64_t accounts_new;
    int64_t values_new;
    uint64_t bytes;
    double seconds;
} rf_import_result;

/* Imports the file at `path` ("-": standard input) in one transaction. RF_OK also when some rows
 * were rejected. Errors: RF_EINPUT (the file, or no usable row), RF_ESTOPPED, and those of the
 * store; the database is then as it was. O(bytes + facts log facts). */
RF_MUST_USE rf_status rf_import_file(rf_store *store, const char *path,
                                     const rf_import_options *options, rf_import_result *result,
                                     rf_error *err);
/* The same from an open source, for tests; the source stays the caller's. */
RF_MUST_USE rf_status rf_import_source(rf_store *store, rf_source *source,
                                       const rf_import_options *options, rf_import_result *result,
                                       rf_error *err);

#endif
