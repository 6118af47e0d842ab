/* csv_out.h - writes CSV (RFC 4180, but lines end in a bare newline so that line tools work).
 *
 * Invariants: what a CSV reader reads back is the text that was given, except that invalid UTF-8
 * becomes U+FFFD and, unless `raw`, a text beginning with one of = + - @ TAB CR gets a leading
 * apostrophe, so that a spreadsheet does not run it as a formula. Numbers are never touched.
 * A failed write stays on the file (ferror): ask once, at the end.
 *
 * Workload: up to millions of rows, one call a cell.
 */
#ifndef RF_BASE_CSV_OUT_H
#define RF_BASE_CSV_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct rf_csv {
    FILE *file;
    bool raw;     /* leave formulas as they are */
    size_t cells; /* of the row so far */
    bool blank;   /* the row so far is one empty cell */
} rf_csv;

/* A writer at the start of a row. The file stays the caller's. */
rf_csv rf_csv_to_file(FILE *file, bool raw);

/* One cell. NULL and the empty text are both an empty cell. O(length). */
void rf_csv_text(rf_csv *csv, const char *text);
void rf_csv_bytes(rf_csv *csv, const char *bytes, size_t length);
/* A text that is a number, a date or a name of ours: written as it is. */
void rf_csv_plain(rf_csv *csv, const char *text);
void rf_csv_int(rf_csv *csv, int64_t value);
/* The shortest decimal that reads back the same; empty for NaN and infinities. */
void rf_csv_real(rf_csv *csv, double value);
/* Fixed decimals (0..17). */
void rf_csv_fixed(rf_csv *csv, double value, int decimals);
void rf_csv_empty(rf_csv *csv);

/* Ends the row. A row of one empty cell is written as "" so that readers do not skip it. */
void rf_csv_end_row(rf_csv *csv);

#endif
