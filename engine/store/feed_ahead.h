/* feed_ahead.h - a feed (feed.h) of which the rows are made by a second thread, block by block,
 * while the database takes in those before; private to engine/store.
 *
 * The function runs in the second thread alone, from the first row to the last, and must not touch
 * the store. Where the system gives no thread it is run as in feed.h. The rows are the same.
 * Workload: 10^6 rows and more, of which making one costs a good part of inserting it.
 */
#ifndef RF_STORE_FEED_AHEAD_H
#define RF_STORE_FEED_AHEAD_H

#include "store/feed.h"

/* As rf_feed_run; the statement reads the first `columns` cells. O(rows). */
RF_MUST_USE rf_status rf_feed_run_ahead(rf_store *store, const char *sql, size_t columns,
                                        rf_feed_fn next, void *context, rf_error *err);

#endif
