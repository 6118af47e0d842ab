/* feed.c - see feed.h.
 *
 * An eponymous virtual table whose only cursor asks the function. It is registered for the time of
 * one statement; its rows live in the rf_feed that is handed through SQLite.
 */
#include "store/feed.h"

#include "base/memory.h"
#include "store/store_private.h"

#include <assert.h>

typedef struct feed {
    rf_feed_fn next;
    void *context;
    rf_feed_cell cells[RF_FEED_CELLS];
    bool found; /* there is a row in `cells` */
    rf_status status;
    rf_error error;
} feed;

typedef struct feed_table {
    sqlite3_vtab base;
    feed *rows;
} feed_table;

typedef struct feed_cursor {
    sqlite3_vtab_cursor base;
    feed *rows;
} feed_cursor;

static int connect_table(sqlite3 *db, void *context, int count, const char *const *words,
                         sqlite3_vtab **out, char **message)
{
    feed_table *table;
    int code;
    (void)count;
    (void)words;
    (void)message;
    *out = NULL;
    code = sqlite3_declare_vtab(db, "CREATE TABLE x (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10,"
                                    " c11, c12, c13, c14, c15)");
    if (code != SQLITE_OK) {
        return code;
    }
    table = rf_alloc(1, sizeof *table);
    if (table == NULL) {
        return SQLITE_NOMEM;
    }
    table->rows = context;
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
    rf_free(table);
    return SQLITE_OK;
}

/* Always a scan, and worth being the outer loop. */
static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1e6;
    info->estimatedRows = 1000000;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    feed_cursor *cursor = rf_alloc(1, sizeof *cursor);
    *out = NULL;
    if (cursor == NULL) {
        return SQLITE_NOMEM;
    }
    cursor->rows = ((feed_table *)table)->rows;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    rf_free(cursor);
    return SQLITE_OK;
}

static int next_row(sqlite3_vtab_cursor *cursor)
{
    feed *rows = ((feed_cursor *)cursor)->rows;
    rows->status = rows->next(rows->context, rows->cells, &rows->found, &rows->error);
    return rows->status == RF_OK ? SQLITE_OK : SQLITE_ERROR;
}

static int first_row(sqlite3_vtab_cursor *cursor, int number, const char *name, int count,
                     sqlite3_value **values)
{
    (void)number;
    (void)name;
    (void)count;
    (void)values;
    return next_row(cursor);
}

static int is_over(sqlite3_vtab_cursor *cursor)
{
    return !((feed_cursor *)cursor)->rows->found;
}

static int give_cell(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int column)
{
    const rf_feed_cell *cell = &((feed_cursor *)cursor)->rows->cells[column];
    switch (cell->kind) {
    case RF_INT:
        sqlite3_result_int64(to, cell->number);
        break;
    case RF_REAL:
        sqlite3_result_double(to, cell->real);
        break;
    case RF_TEXT:
        sqlite3_result_text64(to, cell->text, cell->length, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case RF_NULL:
    case RF_BLOB:
        break; /* a result is NULL until it is set */
    }
    return SQLITE_OK;
}

static int row_number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *number)
{
    (void)cursor;
    *number = 0;
    return SQLITE_OK;
}

/* Without xCreate a module is a table by its name alone. */
static sqlite3_module const module = {.xConnect = connect_table,
                                      .xBestIndex = plan,
                                      .xDisconnect = disconnect_table,
                                      .xOpen = open_cursor,
                                      .xClose = close_cursor,
                                      .xFilter = first_row,
                                      .xNext = next_row,
                                      .xEof = is_over,
                                      .xColumn = give_cell,
                                      .xRowid = row_number};

rf_status rf_feed_run(rf_store *store, const char *sql, rf_feed_fn next, void *context,
                      rf_error *err)
{
    feed rows = {.next = next, .context = context};
    rf_statement *statement = NULL;
    rf_status status;
    for (int i = 0; i < RF_FEED_CELLS; i++) {
        rows.cells[i].kind = RF_INT;
    }
    if (sqlite3_create_module_v2(store->db, "feed", &module, &rows, NULL) != SQLITE_OK) {
        return rf_fail_memory(err, "rows to insert");
    }
    status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        status = rf_run(statement, err);
    }
    rf_statement_end(statement);
    (void)sqlite3_create_module_v2(store->db, "feed", NULL, NULL, NULL);
    if (rows.status != RF_OK) {
        if (err != NULL) {
            *err = rows.error;
        }
        return rows.status;
    }
    return status;
}
