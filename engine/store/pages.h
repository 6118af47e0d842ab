/* pages.h - the records of one table, straight from the pages of the database file; used by scan.c
 * alone.
 *
 * SQLite hands out rows at 80 ns for three columns, whoever takes them. A pass over tens of
 * millions of rows is read here as the file format describes them (sqlite.org/fileformat2.html: a
 * b-tree of pages, cells on pages, overflow chains), through the connection's own file, for a
 * second handle would end the locks of the first when it is closed.
 *
 * Only in a reading transaction whose state is wholly in the database file, see snapshot.h. Nothing
 * on a page is believed: an offset or size out of bounds is a corrupt database.
 *
 * Workload: 10^7 records in key order, a few bytes each, on pages that mostly follow each other.
 */
#ifndef RF_STORE_PAGES_H
#define RF_STORE_PAGES_H

#include "store/store.h"

typedef struct rf_pages rf_pages;

/* A record as it lies on its page, or put together when it did not fit. */
typedef struct rf_record {
    const uint8_t *bytes; /* NULL: there is none */
    uint32_t length;
    int64_t rowid; /* of tables that have one, else 0 */
} rf_record;

/* The table whose b-tree begins at page `root`. *keyed says that it has no rowid: its records are
 * those of a key. On success the caller owns *out (rf_pages_end); on failure it is NULL.
 * Errors: RF_EIO, RF_EDATABASE (corrupt), RF_ENOMEM. */
RF_MUST_USE rf_status rf_pages_open(rf_store *store, int64_t root, rf_pages **out, bool *keyed,
                                    rf_error *err);
/* The next record in key order; it is valid until the next call. Amortised O(1). */
RF_MUST_USE rf_status rf_pages_next(rf_pages *pages, rf_record *record, rf_error *err);
void rf_pages_end(rf_pages *pages); /* NULL is fine */

#endif
