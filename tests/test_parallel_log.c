/* test_parallel_log.c - what is written through the log file is what the usual one would hold: for
 * a cache so small that pages go to the log early, are read back and change there once more; and
 * whatever becomes of the transaction. */
#include "store/log_file.h"

#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 20, STEPS = 300 };

static void run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

static sqlite3 *open_with(const sandbox *box, const char *name, const char *vfs)
{
    char path[160];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", box->folder, name);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
    run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 20;"
            "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT)");
    return db;
}

static int add_row(void *context, int columns, char **cells, char **names)
{
    rf_text *text = context;
    (void)names;
    for (int i = 0; i < columns; i++) {
        rf_text_add(text, cells[i] == NULL ? "-" : cells[i]);
        rf_text_add(text, "|");
    }
    return 0;
}

static char *all_of(sqlite3 *db)
{
    rf_text text = {0};
    char *copy;
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA integrity_check; SELECT count(*), sum(id),"
                                  " sum(length(a)), sum(id * unicode(a)) FROM t",
                                  add_row, &text, NULL),
                     SQLITE_OK);
    copy = strdup(rf_text_get(&text));
    rf_text_free(&text);
    return copy;
}

/* One statement, the same for both. Rows of 40 KB are longer than a page, and many are more than a
 * block. */
static void step(sqlite3 **both, unsigned long long *seed)
{
    char sql[200];
    unsigned const id = random_below(seed, 4000);
    unsigned const kind = random_below(seed, 10);
    if (kind < 7) {
        (void)snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO t VALUES (%u, hex(zeroblob(%u)))",
                       id, random_below(seed, kind == 0 ? 40000 : 900));
    } else if (kind < 9) {
        (void)snprintf(sql, sizeof sql, "UPDATE t SET a = 'x' || a WHERE id BETWEEN %u AND %u", id,
                       id + 20);
    } else {
        (void)snprintf(sql, sizeof sql, "DELETE FROM t WHERE id BETWEEN %u AND %u", id, id + 5);
    }
    run(both[0], sql);
    run(both[1], sql);
}

static void it_is_what_the_usual_one_holds(void **state)
{
    static const char *const ends[] = {"COMMIT", "COMMIT", "ROLLBACK"};
    const sandbox *box = *state;
    unsigned long long seed = 71;
    sqlite3 *both[2] = {open_with(box, "usual", NULL), open_with(box, "ours", rf_log_file_vfs())};
    assert_non_null(rf_log_file_vfs());
    for (int turn = 0; turn < TURNS; turn++) {
        const char *end = ends[random_below(&seed, 3)];
        sqlite3 *reader;
        char *wanted;
        char *got;
        for (int i = 0; i < 2; i++) {
            run(both[i], turn % 7 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE); BEGIN" : "BEGIN");
        }
        for (int i = 0; i < STEPS; i++) {
            step(both, &seed);
        }
        run(both[0], end);
        run(both[1], end);
        reader = open_with(box, "ours", NULL); /* sees what is in the files alone */
        wanted = all_of(both[0]);
        got = all_of(reader);
        assert_memory_equal(wanted, "ok|", 3);
        assert_string_equal(got, wanted);
        free(wanted);
        free(got);
        assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(both[0]), SQLITE_OK);
    assert_int_equal(sqlite3_close(both[1]), SQLITE_OK);
}

/* In a child process: a transaction of 3 MB that the file system does not take whole. */
static int write_too_much(const sandbox *box, rlim_t most)
{
    struct rlimit limit = {most, most};
    sqlite3 *db = open_with(box, "ours", rf_log_file_vfs());
    int code;
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    code = sqlite3_exec(db,
                        "BEGIN; WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n LIMIT 3000)"
                        " INSERT INTO t SELECT 10000 + i, hex(zeroblob(500)) FROM n; COMMIT",
                        NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : 1;
}

static void what_cannot_be_written_never_was(void **state)
{
    const sandbox *box = *state;
    sqlite3 *db = open_with(box, "ours", NULL);
    char *before;
    int failures = 0;
    run(db, "INSERT INTO t VALUES (1, 'a'), (2, 'b'); PRAGMA wal_checkpoint(TRUNCATE)");
    before = all_of(db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    for (rlim_t most = 40000; most < 20000000; most = most * 3 / 2) {
        pid_t const child = fork();
        int code;
        char *after;
        assert_true(child >= 0);
        if (child == 0) {
            _exit(write_too_much(box, most));
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFEXITED(code));
        db = open_with(box, "ours", NULL);
        after = all_of(db);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        if (WEXITSTATUS(code) == 0) {
            assert_string_not_equal(after, before);
            free(after);
            break;
        }
        assert_string_equal(after, before);
        free(after);
        failures++;
    }
    assert_true(failures > 3);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_what_the_usual_one_holds, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_never_was, sandbox_start,
                                        sandbox_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
