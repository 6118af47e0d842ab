/* snapshot.h - one state of the database, read by two threads at once.
 *
 * A reading transaction never sees what is committed after its start. Two connections that start at
 * about the same time nearly always see the same state; whether they do is found out, not hoped:
 * the second one looks at its counter of foreign commits before the first starts and after it has
 * started itself. If nothing was committed between, both see the same.
 *
 * Beforehand what the write-ahead log still holds is moved into the database file. When all of it
 * could be, and nobody has committed since, the state that is seen lies in the file alone, and
 * stays there until the transaction ends, since nothing newer is moved past a reader: its pages may
 * then be read as they are (scan.h, pages.h).
 */
#ifndef RF_STORE_SNAPSHOT_H
#define RF_STORE_SNAPSHOT_H

#include "store/store.h"

/* Starts a reading transaction of `store` and gives a second connection that sees the same state
 * and may be used by another thread. *other is NULL when `two` is false or that cannot be had
 * (others commit all the time, the file was moved): read with one then. On success end it with
 * rf_snapshot_end; a failure leaves no transaction. */
RF_MUST_USE rf_status rf_snapshot_begin(rf_store *store, bool two, rf_store **other, rf_error *err);
/* Ends the transaction (temporary tables made in it stay) and closes the second connection. */
RF_MUST_USE rf_status rf_snapshot_end(rf_store *store, rf_store *other, rf_error *err);

#endif
