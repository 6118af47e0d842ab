/* feed.h - rows made by a function, as a table that a statement can read; private to engine/store.
 *
 * INSERT ... SELECT c0, c1, ... FROM feed asks the function for row after row: half the cost of
 * binding the cells of statements with many rows, and everything else SQL can do with a table.
 * Workload: 10^7 rows of 2..12 numbers and texts, in key order.
 */
#ifndef RF_STORE_FEED_H
#define RF_STORE_FEED_H

#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_FEED_CELLS = 16 };

/* A cell is a number unless it was made something else; a text must live until the next row. */
typedef struct rf_feed_cell {
    rf_column_type kind;
    union {
        int64_t number;
        double real;
        size_t length;
    };
    const char *text;
} rf_feed_cell;

/* Fills the cells of the next row; *found is false when there is none, and it is not asked again.
 * Cells keep their contents from row to row. */
typedef rf_status (*rf_feed_fn)(void *context, rf_feed_cell *cells, bool *found, rf_error *err);

/* Runs one statement that reads the table `feed` (columns c0..c15) once. Its failure is that of the
 * function, when that failed, else of the database. O(rows). */
RF_MUST_USE rf_status rf_feed_run(rf_store *store, const char *sql, rf_feed_fn next, void *context,
                                  rf_error *err);

static inline void rf_feed_int(rf_feed_cell *cell, int64_t number)
{
    cell->kind = RF_INT;
    cell->number = number;
}

static inline void rf_feed_real(rf_feed_cell *cell, double real)
{
    cell->kind = RF_REAL;
    cell->real = real;
}

/* NULL is NULL. */
static inline void rf_feed_text(rf_feed_cell *cell, const char *text, size_t length)
{
    cell->kind = text == NULL ? RF_NULL : RF_TEXT;
    cell->text = text;
    cell->length = length;
}

#endif
