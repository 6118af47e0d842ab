/* command.h - what a command is. One file per command, each exporting one rf_command; the table of
 * all of them is in main.c and is the only list.
 *
 * A command writes its result to standard output in the asked format, messages to standard error,
 * and returns a status; main.c prints the error text and turns the status into the exit status.
 */
#ifndef RF_COMMAND_COMMAND_H
#define RF_COMMAND_COMMAND_H

#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum rf_format { RF_FORMAT_TABLE, RF_FORMAT_JSON, RF_FORMAT_CSV } rf_format;

/* The options before the command's name. */
typedef struct rf_globals {
    const char *db; /* --db, else $RINGFENCE_DB, else ringfence.db */
    rf_format format;
    unsigned threads; /* at least 1 */
    bool quiet;
} rf_globals;

typedef struct rf_command {
    const char *name;    /* "import" */
    const char *usage;   /* "import KIND FILE... [--map ...]", lines under each other */
    const char *summary; /* one line for the list of commands */
    const char *help;    /* what --help adds: options and an example */
    /* argv[0] is the command's name; argv is the command's own to permute (getopt_long). */
    rf_status (*run)(const rf_globals *globals, int argc, char **argv, rf_error *err);
} rf_command;

/* A message for people on standard error, unless --quiet. */
void rf_say(const rf_globals *globals, const char *format, ...) RF_PRINTF(2, 3);
/* For a wrong command line: RF_EUSAGE with the text and "see ringfence COMMAND --help". */
rf_status rf_usage(rf_error *err, const rf_command *command, const char *format, ...)
    RF_PRINTF(3, 4);
/* The same after getopt_long returned '?' or ':' : names the option that is unknown or lacks its
 * value. The option string must begin with ':' for the latter to be told apart. */
rf_status rf_usage_option(rf_error *err, const rf_command *command, char **argv, int returned);
/* Reads a whole number in [low, high]; RF_EUSAGE naming the option otherwise. */
RF_MUST_USE rf_status rf_option_int(const char *option, const char *text, int64_t low, int64_t high,
                                    int64_t *out, rf_error *err);
/* Reads a finite number in [low, high]. */
RF_MUST_USE rf_status rf_option_real(const char *option, const char *text, double low, double high,
                                     double *out, rf_error *err);

/* The command's usage, summary and help, as --help shows them. */
void rf_command_help(const rf_command *command, rf_text *text);

#endif
