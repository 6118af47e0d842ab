/* test_scan.c - rows read from pages are those that statements give, whatever the tables look like;
 * broken pages are told, never followed; and pages are read only when nothing is in the log. */
#include "store/scan.h"

#include "base/memory.h"
#include "import_support.h"
#include "store/snapshot.h"
#include "store/store_private.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char columns_of_rows[] = "note, id, number, plain";
static const char columns_of_keys[] = "number, a, b, note";

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

/* A text of bytes that tell rows apart, sometimes longer than several pages. */
static void random_text(unsigned long long *seed, unsigned page, char *text)
{
    unsigned const kind = random_below(seed, 10);
    unsigned const length = kind == 0   ? random_below(seed, page * 3)
                            : kind == 1 ? page / 4 + random_below(seed, 60)
                                        : random_below(seed, 40);
    for (unsigned i = 0; i < length; i++) {
        text[i] = (char)('a' + random_below(seed, 26));
    }
    text[length] = '\0';
}

/* Numbers of every size, NULL, and what is read as NULL. */
static void bind_something(sqlite3_stmt *insert, int parameter, unsigned long long *seed)
{
    unsigned const bits = random_below(seed, 63);
    long long const number = (long long)(((unsigned long long)random_below(seed, 1u << 31) << 32 |
                                          random_below(seed, 1u << 31)) &
                                         ((2ULL << bits) - 1));
    switch (random_below(seed, 8)) {
    case 0:
        sqlite3_bind_null(insert, parameter);
        break;
    case 1:
        sqlite3_bind_double(insert, parameter, (double)number * 1.5 + 0.25);
        break;
    case 2:
        sqlite3_bind_blob(insert, parameter, "blob", 4, SQLITE_STATIC);
        break;
    case 3:
        sqlite3_bind_int64(insert, parameter, (long long)random_below(seed, 3));
        break;
    default:
        sqlite3_bind_int64(insert, parameter, random_below(seed, 2) == 0 ? number : -number);
    }
}

static void fill_tables(sqlite3 *db, unsigned page, unsigned rows, unsigned long long seed)
{
    sqlite3_stmt *row = NULL;
    sqlite3_stmt *key = NULL;
    char *text = malloc((size_t)page * 4 + 100);
    assert_non_null(text);
    run_sql(db, "CREATE TABLE rows (plain TEXT, id INTEGER PRIMARY KEY, number ANY, note TEXT);"
                "CREATE TABLE keys (note TEXT, b INTEGER, number ANY, a INTEGER,"
                " PRIMARY KEY (a, b)) WITHOUT ROWID; BEGIN");
    assert_int_equal(
        sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?)", -1, &row, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)", -1, &key, NULL),
        SQLITE_OK);
    for (unsigned i = 0; i < rows; i++) {
        random_text(&seed, page, text);
        sqlite3_bind_text(row, 1, text, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(key, 1, text, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(row, 2, (long long)random_below(&seed, 1u << 30) - (1 << 28));
        bind_something(row, 3, &seed);
        bind_something(key, 3, &seed);
        random_text(&seed, page, text);
        sqlite3_bind_text(row, 4, text, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int(key, 2, (int)random_below(&seed, 1000));
        sqlite3_bind_int(key, 4, (int)random_below(&seed, 200) - 100);
        (void)sqlite3_step(row);
        (void)sqlite3_step(key);
        (void)sqlite3_reset(row);
        (void)sqlite3_reset(key);
    }
    sqlite3_finalize(row);
    sqlite3_finalize(key);
    run_sql(db, "COMMIT");
    free(text);
}

/* A database of its own, in a file. */
static void make(rf_store *store, const char *path, unsigned page, unsigned rows,
                 unsigned long long seed)
{
    char sql[64];
    (void)remove(path);
    assert_int_equal(sqlite3_open(path, &store->db), SQLITE_OK);
    (void)snprintf(sql, sizeof sql, "PRAGMA page_size = %u; PRAGMA synchronous = OFF", page);
    run_sql(store->db, sql);
    fill_tables(store->db, page, rows, seed);
}

static void assert_same_cells(const rf_scan_cell *left, const rf_scan_cell *right, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(left[i].kind, right[i].kind);
        assert_int_equal(left[i].number, right[i].number);
        assert_int_equal(left[i].length, right[i].length);
        assert_memory_equal(left[i].text, right[i].text, left[i].length);
    }
}

/* Reads a table both ways; the rows. */
static unsigned compare(rf_store *store, const char *table, const char *columns, const char *keys)
{
    rf_scan *pages = NULL;
    rf_scan *statement = NULL;
    const rf_scan_cell *left;
    const rf_scan_cell *right;
    rf_error err;
    unsigned rows = 0;
    store->still = true;
    assert_int_equal(rf_scan_open(store, table, columns, keys, &pages, &err), RF_OK);
    store->still = false;
    assert_int_equal(rf_scan_open(store, table, columns, keys, &statement, &err), RF_OK);
    assert_true(rf_scan_is_direct(pages));
    assert_false(rf_scan_is_direct(statement));
    for (;; rows++) {
        if (rf_scan_next(pages, &left, &err) != RF_OK ||
            rf_scan_next(statement, &right, &err) != RF_OK) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(left == NULL, right == NULL);
        if (left == NULL) {
            break;
        }
        assert_same_cells(left, right, 4);
    }
    rf_scan_end(pages);
    rf_scan_end(statement);
    return rows;
}

static void rows_are_those_of_statements(void **state)
{
    static const unsigned page[] = {512, 1024, 4096, 8192, 65536};
    static const unsigned rows[] = {0, 1, 3, 40, 700, 6000};
    const sandbox *box = *state;
    char path[160];
    rf_store store = {.path = path};
    (void)snprintf(path, sizeof path, "%s/scan.db", box->folder);
    for (unsigned p = 0; p < sizeof page / sizeof page[0]; p++) {
        for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            unsigned found;
            if (page[p] == 65536 && rows[r] > 1000) {
                continue; /* slow, and nothing new */
            }
            make(&store, path, page[p], rows[r], 7 + p * 10 + r);
            found = compare(&store, "rows", columns_of_rows, "id");
            assert_in_range(found, rows[r] - rows[r] / 10, rows[r]);
            found = compare(&store, "keys", columns_of_keys, "a, b");
            assert_in_range(found, rows[r] - rows[r] / 10, rows[r]);
            assert_int_equal(sqlite3_close(store.db), SQLITE_OK);
        }
    }
}

/* A hole in the pages, rows deleted, and columns that came later. */
static void tables_with_a_past(void **state)
{
    const sandbox *box = *state;
    char path[160];
    rf_store store = {.path = path};
    rf_scan *scan = NULL;
    rf_error err;
    (void)snprintf(path, sizeof path, "%s/scan.db", box->folder);
    make(&store, path, 1024, 3000, 3);
    run_sql(store.db, "DELETE FROM rows WHERE id % 3 = 0; DELETE FROM keys WHERE b % 5 < 2;"
                      "INSERT INTO keys SELECT note, b + 2000, number, a FROM keys WHERE a > 0;"
                      "ALTER TABLE rows ADD COLUMN later TEXT;"
                      "INSERT INTO rows (id, later) VALUES (-1000000000, 'new');"
                      "ALTER TABLE keys ADD COLUMN stated INTEGER NOT NULL DEFAULT 5;");
    assert_true(compare(&store, "rows", "later, id, number, note", "id") > 1000);
    assert_true(compare(&store, "keys", columns_of_keys, "a, b") > 1000);
    store.still = true; /* older records do not have what a new column says of them */
    assert_int_equal(rf_scan_open(&store, "keys", "a, stated", "a, b", &scan, &err), RF_OK);
    assert_false(rf_scan_is_direct(scan));
    rf_scan_end(scan);
    run_sql(store.db, "CREATE VIEW shown AS SELECT a, b FROM keys");
    assert_int_equal(rf_scan_open(&store, "shown", "a, b", "a, b", &scan, &err), RF_OK);
    assert_false(rf_scan_is_direct(scan));
    rf_scan_end(scan);
    assert_int_equal(rf_scan_open(&store, "nothing", "a", "a", &scan, &err), RF_EDATABASE);
    assert_null(scan);
    assert_int_equal(sqlite3_close(store.db), SQLITE_OK);
}

/* Reads what can be read of a broken file. */
static rf_status read_broken(rf_store *store, const char *table, const char *columns,
                             const char *keys)
{
    rf_scan *scan = NULL;
    const rf_scan_cell *cells = NULL;
    rf_error err = {.status = RF_OK};
    unsigned long sum = 0;
    rf_status status = rf_scan_open(store, table, columns, keys, &scan, &err);
    for (int rows = 0; status == RF_OK && rows < 100000; rows++) {
        status = rf_scan_next(scan, &cells, &err);
        if (status != RF_OK || cells == NULL) {
            break;
        }
        for (int i = 0; i < 4; i++) { /* every byte that is told of can be read */
            for (uint32_t k = 0; k < cells[i].length; k++) {
                sum += (unsigned char)cells[i].text[k];
            }
        }
    }
    rf_scan_end(scan);
    assert_true(status == RF_OK || (err.status == status && err.text[0] != '\0'));
    return sum == 1 ? RF_OK : status;
}

static void broken_pages_are_told(void **state)
{
    const sandbox *box = *state;
    char path[160];
    rf_store store = {.path = path};
    unsigned long long seed = 11;
    int told = 0;
    (void)snprintf(path, sizeof path, "%s/scan.db", box->folder);
    make(&store, path, 512, 300, 5);
    store.still = true;
    for (int round = 0; round < 3000; round++) {
        int64_t size = 0;
        unsigned char was[3];
        long at[3];
        FILE *file = fopen(path, "r+b");
        assert_non_null(file);
        assert_int_equal(rf_store_number(&store, "PRAGMA page_count", &size, NULL), RF_OK);
        for (int i = 0; i < 3; i++) { /* in the heads of pages, mostly; the schema stays whole */
            long const page = 3 + (long)random_below(&seed, (unsigned)size - 3);
            at[i] = page * 512 + (long)random_below(&seed, random_below(&seed, 4) == 0 ? 512 : 60);
            assert_int_equal(fseek(file, at[i], SEEK_SET), 0);
            was[i] = (unsigned char)fgetc(file);
            assert_int_equal(fseek(file, at[i], SEEK_SET), 0);
            (void)fputc((int)random_below(&seed, 256), file);
        }
        assert_int_equal(fflush(file), 0);
        told += read_broken(&store, "rows", columns_of_rows, "id") != RF_OK;
        told += read_broken(&store, "keys", columns_of_keys, "a, b") != RF_OK;
        for (int i = 2; i >= 0; i--) {
            assert_int_equal(fseek(file, at[i], SEEK_SET), 0);
            (void)fputc(was[i], file);
        }
        assert_int_equal(fclose(file), 0);
    }
    assert_true(told > 300);
    assert_int_equal(read_broken(&store, "keys", columns_of_keys, "a, b"), RF_OK);
    assert_int_equal(truncate(path, 512 * 20), 0); /* pages are missing */
    assert_int_not_equal(read_broken(&store, "keys", columns_of_keys, "a, b"), RF_OK);
    assert_int_equal(sqlite3_close(store.db), SQLITE_OK);
}

static void every_allocation_may_fail(void **state)
{
    const sandbox *box = *state;
    char path[160];
    rf_store store = {.path = path};
    long failures = 0;
    (void)snprintf(path, sizeof path, "%s/scan.db", box->folder);
    make(&store, path, 512, 300, 9);
    store.still = true;
    for (long n = 1;; n++) {
        rf_status status;
        rf_memory_fail_after(n);
        status = read_broken(&store, "rows", columns_of_rows, "id");
        rf_memory_fail_after(0);
        if (status == RF_OK) {
            break;
        }
        assert_int_equal(status, RF_ENOMEM);
        failures++;
    }
    assert_true(failures > 3);
    assert_int_equal(sqlite3_close(store.db), SQLITE_OK);
}

/* ---- when pages may be read ---- */

static unsigned count_accounts(rf_store *store, bool *direct)
{
    rf_scan *scan = NULL;
    const rf_scan_cell *cells = NULL;
    rf_error err;
    unsigned rows = 0;
    assert_int_equal(rf_scan_open(store, "account", "id, external_id", "id", &scan, &err), RF_OK);
    *direct = rf_scan_is_direct(scan);
    while (rf_scan_next(scan, &cells, &err) == RF_OK && cells != NULL) {
        rows++;
    }
    rf_scan_end(scan);
    return rows;
}

static rf_store *open_another(const sandbox *box)
{
    rf_store *store = NULL;
    rf_error err;
    assert_int_equal(rf_store_open(box->db, RF_STORE_WRITE, &store, &err), RF_OK);
    return store;
}

static void add_accounts(rf_store *store)
{
    assert_int_equal(
        rf_store_exec(store,
                      "INSERT INTO account (external_id) WITH RECURSIVE n(i) AS (SELECT"
                      " 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT"
                      " hex(randomblob(9)) FROM n",
                      NULL),
        RF_OK);
}

/* What others write while a snapshot is read, and move into the file, is not seen. */
static void pages_of_one_state(void **state)
{
    const sandbox *box = *state;
    rf_store *writer = open_another(box);
    add_accounts(writer);
    for (int two = 0; two < 2; two++) {
        rf_store *other = NULL;
        rf_error err;
        bool direct = false;
        assert_int_equal(rf_snapshot_begin(box->store, two == 1, &other, &err), RF_OK);
        add_accounts(writer);
        assert_int_equal(rf_store_exec(writer, "PRAGMA wal_checkpoint(PASSIVE)", NULL), RF_OK);
        assert_int_equal(count_accounts(box->store, &direct), 500 * (two + 1));
        assert_true(direct);
        if (two == 1) {
            assert_int_equal(count_accounts(other, &direct), 1000);
            assert_true(direct);
        }
        assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
        assert_int_equal(count_accounts(box->store, &direct), 500 * (two + 2));
        assert_false(direct); /* outside of a snapshot */
    }
    rf_store_close(writer);
}

/* A reader of an older state keeps what is newer in the log. */
static void no_pages_while_the_log_is_needed(void **state)
{
    const sandbox *box = *state;
    rf_store *reader = open_another(box);
    rf_store *other = NULL;
    rf_error err;
    int64_t number = 0;
    bool direct = true;
    add_accounts(box->store);
    assert_int_equal(rf_store_exec(reader, "BEGIN", &err), RF_OK);
    assert_int_equal(rf_store_number(reader, "SELECT count(*) FROM account", &number, &err), RF_OK);
    add_accounts(box->store);
    for (int two = 0; two < 2; two++) {
        assert_int_equal(rf_snapshot_begin(box->store, two == 1, &other, &err), RF_OK);
        assert_int_equal(count_accounts(box->store, &direct), 1000);
        assert_false(direct);
        assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
    }
    rf_store_close(reader);
}

static void no_pages_behind_a_view(void **state)
{
    const sandbox *box = *state;
    rf_store *other = NULL;
    rf_error err;
    bool direct = true;
    add_accounts(box->store);
    assert_int_equal(rf_store_exec(box->store,
                                   "CREATE TEMP VIEW account AS SELECT * FROM main.account"
                                   " WHERE id <= 10",
                                   &err),
                     RF_OK);
    assert_int_equal(rf_snapshot_begin(box->store, true, &other, &err), RF_OK);
    assert_int_equal(count_accounts(box->store, &direct), 10);
    assert_false(direct);
    assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_those_of_statements, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(tables_with_a_past, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(broken_pages_are_told, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(pages_of_one_state, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(no_pages_while_the_log_is_needed, sandbox_start,
                                        sandbox_end),
        cmocka_unit_test_setup_teardown(no_pages_behind_a_view, sandbox_start, sandbox_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
