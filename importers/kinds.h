/* kinds.h - what each KIND of import holds, and how one of its rows becomes facts.
 *
 * The table of kinds is the only list of them. A row is checked whole before its first fact is
 * written: a bad row leaves nothing behind.
 */
#ifndef RF_IMPORTERS_KINDS_H
#define RF_IMPORTERS_KINDS_H

#include "base/status.h"
#include "importers/reader.h"
#include "store/intake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a row function works with. */
typedef struct rf_importing {
    rf_intake *intake;
    int signal;           /* of --signal, for sightings */
    const char *card_key; /* never NULL */
    int64_t cards;        /* full card numbers replaced by tokens so far */
} rf_importing;

typedef enum rf_privacy {
    RF_SHOWN,   /* may be shown in rejects */
    RF_MASKED,  /* payment instruments: the last four characters only */
    RF_LEFT_OUT /* prompts and templates: never */
} rf_privacy;

typedef struct rf_kind_field {
    const char *name;
    rf_privacy privacy;
    bool free_text; /* line feeds and tabs are allowed */
} rf_kind_field;

typedef struct rf_kind {
    const char *name;
    bool needs_signal;
    size_t count;
    rf_kind_field fields[RF_MAX_FIELDS]; /* the first is account_id */
    /* Writes the facts of a good row. A row that turns out bad gets row->reason and writes nothing;
     * the returned status is for the store alone. */
    rf_status (*take)(rf_importing *importing, rf_row *row, rf_error *err);
} rf_kind;

/* NULL when there is no such kind. */
const rf_kind *rf_kind_find(const char *name);
/* "accounts, payments, ..." for messages. */
const char *rf_kind_names(void);

/* True when a name may be given by --signal: [a-z][a-z0-9_]* of at most 40 characters, and neither
 * tie nor capability, which have their own KINDs. */
bool rf_signal_name_valid(const char *name);

#endif
