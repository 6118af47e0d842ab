/* reader.h - rows of a file as cells of contract fields, whatever its format.
 *
 * CSV with a header (RFC 4180, UTF-8, any column order) or JSON Lines, told by content. A row is
 * good or bad; a bad row never stops the reading. Cells are trimmed; an empty cell is absent.
 *
 * A broken quote must not swallow the rows behind it: when a CSV row that spans several lines
 * breaks the syntax, never ends, or has too many or too few cells, only its first line is given up,
 * and reading resumes at the second. A row that is well formed but has an unreadable cell is given
 * up whole: what a quoted cell holds must never be read as rows, since strangers may have written
 * it.
 *
 * Invariants: memory is bounded by the limits of source.h. Good cells are valid UTF-8 without NUL
 * and, but for free texts, without control characters. Workload: 10^7 rows of 2..9 wanted cells.
 */
#ifndef RF_IMPORTERS_READER_H
#define RF_IMPORTERS_READER_H

#include "base/status.h"
#include "base/text.h"
#include "importers/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_MAX_FIELDS = 9, RF_REASON = 240 };

/* What is wanted: contract fields and the file's columns that hold them. Field 0 is account_id and
 * must be there; all others may be missing, but not when `mapped`. */
typedef struct rf_columns {
    size_t count;
    const char *fields[RF_MAX_FIELDS];  /* contract names, for messages */
    const char *columns[RF_MAX_FIELDS]; /* names in the file */
    bool mapped[RF_MAX_FIELDS];         /* named by --map */
    bool free_text[RF_MAX_FIELDS];      /* line feeds and tabs are allowed inside */
} rf_columns;

typedef struct rf_cell {
    const char *text; /* NUL-terminated; NULL when absent */
    size_t length;
} rf_cell;

typedef struct rf_row {
    int64_t line;           /* where it starts, from 1 */
    char reason[RF_REASON]; /* "" for a good row, else what is wrong */
    bool split;             /* the cells below were told apart, even if the row is bad */
    rf_cell cells[RF_MAX_FIELDS];
    const char *raw; /* its bytes as they are in the file */
    size_t raw_length;
} rf_row; /* cells and raw are valid until the next call on the reader */

typedef struct rf_reader rf_reader;

/* Looks at the beginning of the source and reads the header, if the format has one. `source` and
 * `columns` must outlive the reader. Errors (RF_EINPUT, with what to do): an empty file, a
 * compressed, UTF-16 or binary file, a JSON array, no account_id, a mapped column that is missing,
 * a wanted column that is there twice. */
RF_MUST_USE rf_status rf_reader_open(rf_source *source, const rf_columns *columns, rf_reader **out,
                                     rf_error *err);
void rf_reader_close(rf_reader *reader); /* NULL is fine */

/* The next row, good or bad; *found is false at the end. O(row). */
RF_MUST_USE rf_status rf_reader_next(rf_reader *reader, rf_row *row, bool *found, rf_error *err);
/* Names of the file's columns that nobody asked for, comma-separated, "" when none; for JSON Lines
 * those seen so far. */
const char *rf_reader_ignored(const rf_reader *reader);
/* Fields in the order of the file's columns (JSON Lines: contract order), for showing a row. */
const size_t *rf_reader_order(const rf_reader *reader, size_t *count);
bool rf_reader_is_json(const rf_reader *reader);

#endif
