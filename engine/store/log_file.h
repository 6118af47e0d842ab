/* log_file.h - the log (WAL) of a database, written by a second thread; private to engine/store.
 *
 * SQLite hands the log over page by page, each with a header of 24 bytes, and waits for the system
 * each time. Databases opened through this VFS (SQLite's word for what speaks to the file system)
 * gather these writes in blocks, which a second thread gives to the system while the next one is
 * filled: a load of a million rows spends a tenth less time in the thread that everything waits
 * for. All else goes to the VFS that is the default as it comes.
 *
 * Invariant: nobody sees, or relies on, what has not been written. Readers of other connections
 * know of a transaction after its last page is in the log; its header tells that it is the last
 * (bytes 4 to 7, the size of the database, are not zero: SQLite's file format). This page and its
 * header are written at once, after all before them; so a failed write fails the transaction. And
 * before the log is read where something waits, synced, cut, measured or closed, all is written.
 *
 * Where memory or a thread is not to be had, writes are made as they come.
 */
#ifndef RF_STORE_LOG_FILE_H
#define RF_STORE_LOG_FILE_H

/* The name to open databases with; NULL, the default, where it cannot be had. */
const char *rf_log_file_vfs(void);

#endif
