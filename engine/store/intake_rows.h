/* intake_rows.h - inserts many rows a statement; private to engine/store.
 *
 * Cells are collected until a statement's worth of rows (256) is there: three times as fast as row
 * by row. Texts must live until rf_rows_end_row has flushed them: until the next rf_rows_flush.
 */
#ifndef RF_STORE_INTAKE_ROWS_H
#define RF_STORE_INTAKE_ROWS_H

#include "base/status.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rf_rows rf_rows;

/* `head` is "INSERT INTO t (...) VALUES ", `row` is "(?, ?, 7)" with `columns` question marks, tail
 * is what follows the rows ("" or an ON CONFLICT clause). The caller ends *out with rf_rows_end. */
RF_MUST_USE rf_status rf_rows_open(rf_store *store, const char *head, const char *row,
                                   const char *tail, int columns, rf_rows **out, rf_error *err);
/* The next cell of the current row. */
void rf_rows_int(rf_rows *rows, int64_t value);
void rf_rows_text(rf_rows *rows, const char *text, size_t length); /* NULL text is NULL */
/* Ends a row of exactly `columns` cells; now and then runs a statement. */
RF_MUST_USE rf_status rf_rows_end_row(rf_rows *rows, rf_error *err);
/* Runs what is left. */
RF_MUST_USE rf_status rf_rows_flush(rf_rows *rows, rf_error *err);
void rf_rows_end(rf_rows *rows); /* NULL is fine; does not flush */

#endif
