/* truth.h - reads a truth file: which accounts belong together, and which are honest.
 *
 * CSV or JSON Lines with a column for the account and one for its ring, under the contract's names
 * (account_id, ring) or others by a --map. An account is honest when its ring is empty, -1 or the
 * value that the caller calls honest. With a source, only rings on rows of that source are true;
 * accounts in rings of other rows are left out, honest ones are kept whatever their source.
 *
 * What is returned is sorted by the bytes of the account ids, one row each, and so are the names of
 * the rings, whose numbers count from 1. Rows that cannot be read are left out, counted, and the
 * first five said. O(bytes + rows log rows); about 32 bytes a row and the texts. Workload: a
 * million rows.
 */
#ifndef RF_COMMAND_TRUTH_H
#define RF_COMMAND_TRUTH_H

#include "base/memory.h"
#include "base/status.h"
#include "command/command.h"

#include <stddef.h>
#include <stdint.h>

/* Where the truth is and how it is read; all texts are the caller's. */
typedef struct rf_truth_options {
    const char *path;          /* "-": standard input */
    const char *map;           /* FIELD=COLUMN,... as for imports; NULL: none */
    const char *honest;        /* a ring that is honest, too; NULL: none */
    const char *source_column; /* NULL: rings of every source are true */
    const char *source_value;  /* what that column must hold */
} rf_truth_options;

typedef struct rf_truth_row {
    const char *account;
    const char *ring; /* NULL: honest */
    int64_t line;
    uint32_t number; /* of the ring, from 1; 0: honest */
} rf_truth_row;

typedef struct rf_truth {
    rf_truth_row *row; /* by the bytes of `account`, each account once */
    size_t rows, room;
    const char **name; /* of ring number - 1, in bytewise order */
    uint32_t names;
    int64_t other_source; /* rows left out as rings of another source */
    int64_t rejected;     /* rows left out because they could not be read */
    rf_arena texts;       /* all texts above */
} rf_truth;

/* Fills *out, to be ended with rf_truth_free; on failure it is all zero. RF_EUSAGE for a map that
 * names no field of a truth; RF_EINPUT for a file that cannot be read, has no column for the
 * account, the ring or the source, or puts one account into two rings (naming both lines). */
RF_MUST_USE rf_status rf_truth_read(const rf_globals *globals, const rf_truth_options *options,
                                    rf_truth *out, rf_error *err);
void rf_truth_free(rf_truth *truth);

#endif
