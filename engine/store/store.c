/* store.c - opening, migration, transactions and statements; see store.h. */
#include "store/store.h"

#include "base/memory.h"
#include "base/progress.h"
#include "store/embedded.h"
#include "store/log_file.h"
#include "store/store_private.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BUSY_MILLISECONDS = 5000 };

/* Larger than usual: half the calls and checksums when much is written. */
#define PAGE_SIZE "PRAGMA page_size = 8192"

struct rf_statement {
    sqlite3_stmt *handle;
    rf_store *store;
    int bind_code; /* the first binding failure, kept for rf_step */
};

rf_status rf_store_error(const rf_store *store, int code, rf_error *err)
{
    const char *path = store->path;
    const char *message = sqlite3_errmsg(store->db);
    int system;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return rf_fail(err, RF_EDATABASE,
                       "%s: the database is busy: another program is writing to it; try again when "
                       "it has finished",
                       path);
    case SQLITE_CORRUPT:
        return rf_fail(err, RF_EDATABASE, "%s: the database is corrupt (%s); restore a copy", path,
                       message);
    case SQLITE_NOTADB:
        return rf_fail(err, RF_EDATABASE, "%s: this file is not a Ringfence database", path);
    case SQLITE_NOMEM:
        return rf_fail_memory(err, path);
    case SQLITE_FULL:
        return rf_fail(err, RF_EIO,
                       "%s: the disk is full; nothing was changed, free some space and try again",
                       path);
    case SQLITE_IOERR:
        system = sqlite3_system_errno(store->db); /* 0 when SQLite has not kept it */
        return rf_fail(err, RF_EIO, "%s: reading or writing failed (%s%s%s)", path, message,
                       system == 0 ? "" : ": ", system == 0 ? "" : strerror(system));
    case SQLITE_READONLY:
        return rf_fail(err, RF_EIO,
                       "%s: the database cannot be written to (%s); even reading keeps an index "
                       "beside it, so copy it to a folder where you may write",
                       path, message);
    case SQLITE_CANTOPEN:
        return rf_fail(err, RF_EIO, "%s: cannot be opened (%s)", path, message);
    case SQLITE_INTERRUPT:
        return rf_fail(err, RF_ESTOPPED, "stopped; the database is as it was before");
    default:
        return rf_fail(err, RF_EDATABASE, "%s: %s", path, message);
    }
}

rf_status rf_store_exec(rf_store *store, const char *sql, rf_error *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? RF_OK : rf_store_error(store, code, err);
}

rf_status rf_store_begin(rf_store *store, rf_error *err)
{
    return rf_store_exec(store, "BEGIN IMMEDIATE", err);
}

rf_status rf_store_read(rf_store *store, rf_error *err)
{
    return rf_store_exec(store, "BEGIN", err);
}

rf_status rf_store_commit(rf_store *store, rf_error *err)
{
    rf_status status = rf_store_exec(store, "COMMIT", err);
    if (status != RF_OK) {
        rf_store_rollback(store);
    }
    return status;
}

rf_status rf_store_flush(rf_store *store, rf_error *err)
{
    int const code = sqlite3_db_cacheflush(store->db);
    /* busy: without a log readers are in the way; the commit waits for them */
    return code == SQLITE_OK || code == SQLITE_BUSY ? RF_OK : rf_store_error(store, code, err);
}

void rf_store_rollback(rf_store *store)
{
    if (store != NULL && sqlite3_get_autocommit(store->db) == 0) {
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
}

rf_status rf_store_number(rf_store *store, const char *sql, int64_t *out, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, sql, &statement, err);
    *out = 0;
    if (status != RF_OK || statement == NULL) {
        return status;
    }
    status = rf_step(statement, &row, err);
    if (status == RF_OK && row) {
        *out = rf_column_int(statement, 0);
    }
    rf_statement_end(statement);
    return status;
}

static int64_t newest_version(void)
{
    int64_t count = 0;
    while (rf_schema_steps[count].name != NULL) {
        count++;
    }
    return count;
}

/* A step and its number commit together. Another process may have taken the step meanwhile. */
static rf_status apply_step(rf_store *store, int64_t step, rf_error *err)
{
    char number[96];
    int64_t version = 0;
    rf_status status = rf_store_begin(store, err);
    if (status == RF_OK) {
        status = rf_store_number(store, "PRAGMA user_version", &version, err);
    }
    if (status == RF_OK && version >= step) {
        rf_store_rollback(store);
        return RF_OK;
    }
    if (status == RF_OK) {
        status = rf_store_exec(store, rf_schema_steps[step - 1].text, err);
    }
    if (status == RF_OK) {
        (void)snprintf(number, sizeof number,
                       "PRAGMA application_id = %d; PRAGMA user_version = %lld", RF_APPLICATION_ID,
                       (long long)step);
        status = rf_store_exec(store, number, err);
    }
    if (status == RF_OK) {
        return rf_store_commit(store, err);
    }
    rf_store_rollback(store);
    return status;
}

/* Refuses what is not ours or newer; *version is 0 for an empty database. */
static rf_status check_identity(rf_store *store, int64_t *version, rf_error *err)
{
    int64_t application = 0;
    int64_t tables = 0;
    /* One reading transaction: another process may be making the tables. */
    rf_status status = rf_store_exec(store, "BEGIN", err);
    if (status == RF_OK) {
        status = rf_store_number(store, "PRAGMA application_id", &application, err);
    }
    if (status == RF_OK) {
        status = rf_store_number(store, "PRAGMA user_version", version, err);
    }
    if (status == RF_OK) {
        status = rf_store_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
    }
    rf_store_rollback(store);
    if (status != RF_OK) {
        return status;
    }
    if (application != RF_APPLICATION_ID && (application != 0 || *version != 0 || tables != 0)) {
        return rf_fail(err, RF_EDATABASE,
                       "%s: this SQLite database belongs to another program; name another file "
                       "with --db",
                       store->path);
    }
    if (*version > newest_version()) {
        return rf_fail(err, RF_EDATABASE,
                       "%s: written by a newer Ringfence (schema %lld, this program knows %lld); "
                       "use the newer program",
                       store->path, (long long)*version, (long long)newest_version());
    }
    return RF_OK;
}

/* SQLite does not wait by itself for the lock that turns a new database into one with a log, so
 * that is done here. */
static rf_status keep_a_log(rf_store *store, rf_error *err)
{
    enum { PAUSE = 20 };
    int code;
    (void)sqlite3_busy_timeout(store->db, 0);
    for (int waited = 0;; waited += PAUSE) {
        code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                            NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY || waited >= BUSY_MILLISECONDS) {
            break;
        }
        (void)sqlite3_sleep(PAUSE);
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_MILLISECONDS);
    return code == SQLITE_OK ? RF_OK : rf_store_error(store, code, err);
}

/* Older databases are rewritten in part: some 30 MB a second. */
static rf_status apply_steps(rf_store *store, int64_t version, rf_error *err)
{
    int64_t pages = 0;
    rf_progress progress = {0};
    rf_status status = rf_store_number(store, "PRAGMA page_count", &pages, err);
    if (version > 0 && version < newest_version()) {
        rf_progress_expect(&progress, "bringing the database up to date",
                           (double)pages * 8192 / 3e7);
    }
    while (status == RF_OK && version < newest_version()) {
        status = apply_step(store, ++version, err);
    }
    rf_progress_end(&progress);
    return status;
}

static rf_status migrate(rf_store *store, rf_store_mode mode, rf_error *err)
{
    int64_t version = 0;
    rf_status status = check_identity(store, &version, err);
    if (status != RF_OK) {
        return status;
    }
    if (version == 0 && mode != RF_STORE_CREATE) {
        return rf_fail(err, RF_EINPUT, "%s: the database is empty; import something first",
                       store->path);
    }
    if (mode == RF_STORE_READ) {
        return version == newest_version()
                   ? RF_OK
                   : rf_fail(err, RF_EDATABASE,
                             "%s: the database is of an older Ringfence (schema %lld of %lld); any "
                             "command that writes, such as detect, brings it up to date",
                             store->path, (long long)version, (long long)newest_version());
    }
    if (version == 0) { /* of no effect on a database that has pages */
        status = rf_store_exec(store, PAGE_SIZE, err);
    }
    if (status == RF_OK) {
        status = keep_a_log(store, err);
    }
    return status == RF_OK ? apply_steps(store, version, err) : status;
}

static rf_status settings(rf_store *store, rf_error *err)
{
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_MILLISECONDS);
    return rf_store_exec(store,
                         "PRAGMA foreign_keys = ON; PRAGMA temp_store = FILE;"
                         "PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF",
                         err);
}

static rf_status check_file(const char *path, rf_store_mode mode, rf_error *err)
{
    struct stat found;
    if (stat(path, &found) == 0) {
        return S_ISDIR(found.st_mode)
                   ? rf_fail(err, RF_EINPUT, "%s: is a folder, not a database", path)
                   : RF_OK;
    }
    if (errno != ENOENT) {
        return rf_fail(err, RF_EIO, "%s: %s", path, strerror(errno));
    }
    return mode == RF_STORE_CREATE
               ? RF_OK
               : rf_fail(err, RF_EINPUT,
                         "%s: no such database; make one with `ringfence --db %s import accounts "
                         "FILE`, or name yours with --db",
                         path, path);
}

rf_status rf_store_open(const char *path, rf_store_mode mode, rf_store **out, rf_error *err)
{
    rf_store *store = NULL;
    int flags = mode == RF_STORE_CREATE  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                : mode == RF_STORE_WRITE ? SQLITE_OPEN_READWRITE
                                         : SQLITE_OPEN_READONLY;
    int code;
    rf_status status = check_file(path, mode, err);
    *out = NULL;
    if (status != RF_OK) {
        return status;
    }
    store = rf_alloc(1, sizeof *store);
    if (store == NULL || (store->path = rf_copy_text(path)) == NULL) {
        status = rf_fail_memory(err, "the store");
        goto done;
    }
    code = sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX, rf_log_file_vfs());
    if (code != SQLITE_OK) {
        status = store->db == NULL ? rf_fail_memory(err, path) : rf_store_error(store, code, err);
        goto done;
    }
    status = settings(store, err);
    if (status == RF_OK) {
        status = migrate(store, mode, err);
    }
    if (status == RF_OK) {
        *out = store;
        store = NULL; /* now the caller's */
    }
done:
    rf_store_close(store);
    return status;
}

void rf_store_close(rf_store *store)
{
    if (store != NULL) {
        (void)sqlite3_close_v2(store->db);
        rf_free(store->path);
        rf_free(store);
    }
}

const char *rf_store_path(const rf_store *store)
{
    return store->path;
}

int64_t rf_store_last_id(const rf_store *store)
{
    return sqlite3_last_insert_rowid(store->db);
}

int64_t rf_store_changes(const rf_store *store)
{
    return sqlite3_changes64(store->db);
}

void rf_store_interrupt(rf_store *store)
{
    sqlite3_interrupt(store->db);
}

/* ---- statements ---- */

static bool only_blanks(const char *sql)
{
    return sql[strspn(sql, " \t\r\n;")] == '\0';
}

rf_status rf_prepare(rf_store *store, const char *sql, rf_statement **out, rf_error *err)
{
    const char *tail = NULL;
    rf_statement *statement = rf_alloc(1, sizeof *statement);
    int code;
    *out = NULL;
    if (statement == NULL) {
        return rf_fail_memory(err, "a statement");
    }
    statement->store = store;
    code = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle,
                              &tail);
    if (code != SQLITE_OK || statement->handle == NULL || !only_blanks(tail)) {
        rf_status status =
            code != SQLITE_OK
                ? rf_store_error(store, code, err)
                : rf_fail(err, RF_EUSAGE, "expected exactly one SQL statement: %.200s", sql);
        rf_statement_end(statement);
        return status;
    }
    *out = statement;
    return RF_OK;
}

void rf_statement_end(rf_statement *statement)
{
    if (statement != NULL) {
        (void)sqlite3_finalize(statement->handle);
        rf_free(statement);
    }
}

static void remember(rf_statement *statement, int code)
{
    if (code != SQLITE_OK && statement->bind_code == SQLITE_OK) {
        statement->bind_code = code;
    }
}

void rf_bind_int(rf_statement *statement, int parameter, int64_t value)
{
    remember(statement, sqlite3_bind_int64(statement->handle, parameter, value));
}

void rf_bind_real(rf_statement *statement, int parameter, double value)
{
    remember(statement, sqlite3_bind_double(statement->handle, parameter, value));
}

void rf_bind_null(rf_statement *statement, int parameter)
{
    remember(statement, sqlite3_bind_null(statement->handle, parameter));
}

void rf_bind_text(rf_statement *statement, int parameter, const char *text)
{
    remember(statement,
             sqlite3_bind_text(statement->handle, parameter, text, -1, SQLITE_TRANSIENT));
}

void rf_bind_text_static(rf_statement *statement, int parameter, const char *text, size_t length)
{
    remember(statement, sqlite3_bind_text64(statement->handle, parameter, text, length,
                                            SQLITE_STATIC, SQLITE_UTF8));
}

int rf_parameter(rf_statement *statement, const char *name)
{
    return sqlite3_bind_parameter_index(statement->handle, name);
}

const char *rf_parameter_name(rf_statement *statement, int parameter)
{
    return sqlite3_bind_parameter_name(statement->handle, parameter);
}

int rf_parameter_count(rf_statement *statement)
{
    return sqlite3_bind_parameter_count(statement->handle);
}

rf_status rf_step(rf_statement *statement, bool *row, rf_error *err)
{
    int code = statement->bind_code;
    *row = false;
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement->handle);
    }
    if (code == SQLITE_ROW) {
        *row = true;
        return RF_OK;
    }
    if (code != SQLITE_DONE) {
        rf_status status = rf_store_error(statement->store, code, err);
        statement->bind_code = SQLITE_OK;
        (void)sqlite3_reset(statement->handle);
        return status;
    }
    (void)sqlite3_reset(statement->handle);
    return RF_OK;
}

rf_status rf_run(rf_statement *statement, rf_error *err)
{
    bool row;
    rf_status status = rf_step(statement, &row, err);
    if (status == RF_OK && row) {
        (void)sqlite3_reset(statement->handle);
    }
    return status;
}

void rf_reset(rf_statement *statement)
{
    (void)sqlite3_reset(statement->handle);
}

bool rf_statement_is_read_only(rf_statement *statement)
{
    return sqlite3_stmt_readonly(statement->handle) != 0;
}

int rf_column_count(rf_statement *statement)
{
    return sqlite3_column_count(statement->handle);
}

const char *rf_column_name(rf_statement *statement, int column)
{
    return sqlite3_column_name(statement->handle, column);
}

rf_column_type rf_column_kind(rf_statement *statement, int column)
{
    switch (sqlite3_column_type(statement->handle, column)) {
    case SQLITE_INTEGER:
        return RF_INT;
    case SQLITE_FLOAT:
        return RF_REAL;
    case SQLITE_TEXT:
        return RF_TEXT;
    case SQLITE_BLOB:
        return RF_BLOB;
    default:
        return RF_NULL;
    }
}

int64_t rf_column_int(rf_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

double rf_column_real(rf_statement *statement, int column)
{
    return sqlite3_column_double(statement->handle, column);
}

const char *rf_column_text(rf_statement *statement, int column)
{
    const void *text = sqlite3_column_text(statement->handle, column);
    return text == NULL ? "" : text;
}

size_t rf_column_bytes(rf_statement *statement, int column)
{
    return (size_t)sqlite3_column_bytes(statement->handle, column);
}
