/* judgement.h - what allow, decide and separate have in common: each records what a person judged,
 * with a reason and a name, and each can list what was recorded. Its options are read here.
 */
#ifndef RF_COMMAND_JUDGEMENT_H
#define RF_COMMAND_JUDGEMENT_H

#include "command/command.h"
#include "store/store.h"

#include <getopt.h>
#include <stdbool.h>

typedef struct rf_judgement {
    const char *reason, *by; /* NULL: not given */
    bool list;
} rf_judgement;

/* For a table of options; their codes are y, b and l. */
#define RF_JUDGEMENT_OPTIONS                                                                       \
    {"reason", required_argument, NULL, 'y'}, {"by", required_argument, NULL, 'b'},                \
    {                                                                                              \
        "list", no_argument, NULL, 'l'                                                             \
    }

/* Takes one of these options, with its optarg; false when it is another one. */
bool rf_judgement_option(rf_judgement *judgement, int option);
/* Whether a reason was given that is more than blanks. */
bool rf_judgement_has_reason(const rf_judgement *judgement);
/* The store, to be read for a list, else to be written to. The caller closes it. */
RF_MUST_USE rf_status rf_judgement_open(const rf_judgement *judgement, const rf_globals *globals,
                                        rf_store **store, rf_error *err);

#endif
