/* store.h - keeps facts and results in one SQLite file; only engine/store sees sqlite3.h.
 *
 * This header is the connection: opening, transactions, statements. What the tables mean stands in
 * schema/ (one .sql file per migration step, embedded in the program). Around it:
 *   intake.h      writes facts (used by importers/)
 *   population.h  reads all facts into arrays for detection, once, sequentially
 *   feed.h        inserts rows that a function makes; snapshot.h  two connections, one state
 *   results.h     writes and reads what a run found
 *
 * Invariants: application_id says that a file is ours; user_version counts schema steps, and a step
 * and its number commit together; a foreign or newer database is refused by name and untouched.
 * WAL: readers are never blocked by a writer. Foreign keys are on.
 */
#ifndef RF_STORE_STORE_H
#define RF_STORE_STORE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_APPLICATION_ID 0x52494e47 /* "RING" */

typedef struct rf_store rf_store;
typedef struct rf_statement rf_statement;

typedef enum rf_store_mode {
    RF_STORE_READ,  /* an existing database, never changed */
    RF_STORE_WRITE, /* an existing database, migrated when older */
    RF_STORE_CREATE /* as write, but made when missing or empty */
} rf_store_mode;

/* On success the caller owns *out and ends it with rf_store_close; on failure it is NULL.
 * Errors: RF_EDATABASE busy, corrupt, foreign or newer; RF_EINPUT missing file (with a hint to
 * import first); RF_EIO. A database older than the program is migrated in write modes, step by
 * step; in read mode it is refused with the hint to run any writing command. */
RF_MUST_USE rf_status rf_store_open(const char *path, rf_store_mode mode, rf_store **out,
                                    rf_error *err);
void rf_store_close(rf_store *store); /* NULL is fine; an open transaction is rolled back */

/* The path it was opened with; owned by the store. */
const char *rf_store_path(const rf_store *store);

/* Runs one or more statements without results. */
RF_MUST_USE rf_status rf_store_exec(rf_store *store, const char *sql, rf_error *err);

/* A write transaction (BEGIN IMMEDIATE). Rollback never fails loudly and is harmless outside one.
 */
RF_MUST_USE rf_status rf_store_begin(rf_store *store, rf_error *err);
RF_MUST_USE rf_status rf_store_commit(rf_store *store, rf_error *err);
void rf_store_rollback(rf_store *store);

/* Writes down what the transaction has changed so far, where nobody sees it before the commit,
 * which then has less to do. Worth it beside other work, and once: pages written twice are summed
 * twice.
 */
RF_MUST_USE rf_status rf_store_flush(rf_store *store, rf_error *err);

/* Many statements that read see one state of the database, and ask for its lock once (a third of
 * what small ones take). Ended by rf_store_rollback. */
RF_MUST_USE rf_status rf_store_read(rf_store *store, rf_error *err);

int64_t rf_store_last_id(const rf_store *store);
/* Rows changed by the last statement. */
int64_t rf_store_changes(const rf_store *store);
/* Makes any running statement of this store stop with RF_ESTOPPED; safe in a signal handler. */
void rf_store_interrupt(rf_store *store);

/* One number from a query without parameters; NULL or no row gives 0. */
RF_MUST_USE rf_status rf_store_number(rf_store *store, const char *sql, int64_t *out,
                                      rf_error *err);

/* ---- statements ---- */

/* Compiles exactly one statement; *out is owned by the caller (rf_statement_end). */
RF_MUST_USE rf_status rf_prepare(rf_store *store, const char *sql, rf_statement **out,
                                 rf_error *err);
void rf_statement_end(rf_statement *statement); /* NULL is fine */

/* Parameters count from 1. Texts are copied by SQLite unless _static, where they must live until
 * the statement is stepped to its end or reset. Binding fails only by programmer mistake or memory;
 * the failure is remembered and reported by rf_step. */
void rf_bind_int(rf_statement *statement, int parameter, int64_t value);
void rf_bind_real(rf_statement *statement, int parameter, double value);
void rf_bind_null(rf_statement *statement, int parameter);
void rf_bind_text(rf_statement *statement, int parameter, const char *text); /* NULL binds NULL */
void rf_bind_text_static(rf_statement *statement, int parameter, const char *text, size_t length);
/* The number of a named parameter (":account"), 0 when there is none. */
int rf_parameter(rf_statement *statement, const char *name);
/* The name of parameter n ("?" forms: NULL) and how many there are. */
const char *rf_parameter_name(rf_statement *statement, int parameter);
int rf_parameter_count(rf_statement *statement);

/* *row says whether there is a row to read. After the last row, or an error, the statement is reset
 * and may be bound and stepped again. */
RF_MUST_USE rf_status rf_step(rf_statement *statement, bool *row, rf_error *err);
/* For statements without rows: steps once and resets. */
RF_MUST_USE rf_status rf_run(rf_statement *statement, rf_error *err);
void rf_reset(rf_statement *statement);
/* True when the statement cannot change the database. */
bool rf_statement_is_read_only(rf_statement *statement);

typedef enum rf_column_type { RF_NULL, RF_INT, RF_REAL, RF_TEXT, RF_BLOB } rf_column_type;

/* Columns count from 0; texts are valid until the next step. rf_column_text never returns NULL. */
int rf_column_count(rf_statement *statement);
const char *rf_column_name(rf_statement *statement, int column);
rf_column_type rf_column_kind(rf_statement *statement, int column);
int64_t rf_column_int(rf_statement *statement, int column);
double rf_column_real(rf_statement *statement, int column);
const char *rf_column_text(rf_statement *statement, int column);
size_t rf_column_bytes(rf_statement *statement, int column);

#endif
