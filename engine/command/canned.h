/* canned.h - the canned queries of queries/: their heads, parameters and columns.
 *
 * A query is a file queries/NAME.sql. It begins with comment lines of a fixed form, then one
 * SELECT:
 *     -- purpose: what it answers; may go on in lines that begin with blanks
 *     -- param: name=default  description        (no "=default": a value must be given)
 *     -- column: name  description
 * Invariant, checked whenever a query runs and for all of them by a test: the parameters of the
 * head are those of the statement, the columns those of the result, in order, and it only reads.
 */
#ifndef RF_COMMAND_CANNED_H
#define RF_COMMAND_CANNED_H

#include "base/memory.h"
#include "base/status.h"
#include "store/store.h"

#include <stddef.h>

enum { RF_CANNED_PARAMS = 12, RF_CANNED_COLUMNS = 24 };

typedef struct rf_canned_item {
    const char *name;
    const char *initial; /* a parameter's default; NULL when a value must be given */
    const char *about;
} rf_canned_item;

typedef struct rf_canned {
    const char *name;
    const char *sql; /* the whole file; borrowed */
    const char *purpose;
    rf_canned_item param[RF_CANNED_PARAMS];
    size_t params;
    rf_canned_item column[RF_CANNED_COLUMNS];
    size_t columns;
} rf_canned;

/* Reads the head of a query. Texts go to `arena`; `name` and `sql` are borrowed. RF_EINPUT names
 * the line that is not of the form. O(length). */
RF_MUST_USE rf_status rf_canned_read(const char *name, const char *sql, rf_arena *arena,
                                     rf_canned *out, rf_error *err);

/* The item of that name, or NULL. */
const rf_canned_item *rf_canned_find(const rf_canned_item *items, size_t count, const char *name);

/* RF_EINPUT unless the statement reads only and has the head's parameters and columns. */
RF_MUST_USE rf_status rf_canned_check(const rf_canned *query, rf_statement *statement,
                                      rf_error *err);

/* Binds a value given as text: as a number when it is written as one would be (7, -1, 0.5; not 007
 * or 1e3), as text otherwise. */
void rf_canned_bind(rf_statement *statement, int parameter, const char *text);

#endif
