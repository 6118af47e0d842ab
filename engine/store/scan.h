/* scan.h - all rows of one table, in key order; private to engine/store.
 *
 * Where the reading transaction allows it (snapshot.h) the rows are taken from the pages of the
 * file (pages.h): a tenth of what SQLite's statements cost. Otherwise, and for what only looks like
 * a table, a statement gives the same rows.
 *
 * Workload: 10^7 rows of which 2 to 9 columns are read.
 */
#ifndef RF_STORE_SCAN_H
#define RF_STORE_SCAN_H

#include "store/store.h"

enum { RF_SCAN_COLUMNS = 12 };

typedef struct rf_scan_cell {
    rf_column_type kind; /* RF_INT, RF_TEXT or RF_NULL; others read as RF_NULL */
    uint32_t length;     /* of the text */
    int64_t number;      /* 0 unless it is one */
    const char *text;    /* not terminated; "" unless it is one */
} rf_scan_cell;

typedef struct rf_scan rf_scan;

/* `columns` are names ("value, account, day"), all of the table; `keys` those the rows are ordered
 * by, the first ones of the table's key. On success the caller owns *out (rf_scan_end). */
RF_MUST_USE rf_status rf_scan_open(rf_store *store, const char *table, const char *columns,
                                   const char *keys, rf_scan **out, rf_error *err);
/* *cells are those of the next row, in the order named, valid until the next call; NULL: no more.
 */
RF_MUST_USE rf_status rf_scan_next(rf_scan *scan, const rf_scan_cell **cells, rf_error *err);
/* Whether it reads pages, for the tests. */
bool rf_scan_is_direct(const rf_scan *scan);
void rf_scan_end(rf_scan *scan); /* NULL is fine */

#endif
