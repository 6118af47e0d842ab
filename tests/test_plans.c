/* test_plans.c - every statement that the answers of an investigator run, recorded while they are
 * given, and how the database would go about it; what taking an import back costs.
 *
 * Commands run in this process; each connection that they open tells its statements. A plan is
 * looked at as a program: a cursor over a table or index that grows with the facts is never put to
 * its beginning (Rewind, Last), nor sought by the run alone where rows of a run are many.
 */
#include "command/command.h"
#include "command/commands.h"
#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATEMENTS = 400, CURSORS = 200, ROOTS = 60 };

/* ---- what is run ---- */

typedef struct record {
    char *sql[STATEMENTS];
    size_t count;
} record;

static record told;
static double steps; /* of the database's machine, by statements that have ended */

static int take(unsigned kind, void *context, void *statement, void *text)
{
    const char *sql = sqlite3_sql(statement);
    (void)context;
    if (kind == SQLITE_TRACE_PROFILE) {
        steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
        return 0;
    }
    if (sql == NULL || strncmp(text, "--", 2) == 0) { /* inside a trigger */
        return 0;
    }
    for (size_t i = 0; i < told.count; i++) {
        if (strcmp(told.sql[i], sql) == 0) {
            return 0;
        }
    }
    assert_in_range(told.count, 0, STATEMENTS - 1);
    told.sql[told.count++] = strdup(sql);
    return 0;
}

static int listen(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, take, NULL);
}

/* Runs a command with its words parted by blanks; its output goes nowhere. */
static void answer(const fixture *f, const rf_command *command, const char *words)
{
    rf_globals const globals = {.db = f->db, .format = RF_FORMAT_JSON, .threads = 1, .quiet = true};
    rf_error err = {.status = RF_OK};
    char copy[200];
    char *argv[12];
    int argc = 0;
    int const screen = dup(STDOUT_FILENO);
    int const nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    rf_status status;
    assert_true(screen >= 0 && nowhere >= 0);
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word != NULL && argc < 11; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    (void)fflush(stdout);
    assert_true(dup2(nowhere, STDOUT_FILENO) >= 0);
    optind = 0;
    status = command->run(&globals, argc, argv, &err);
    (void)fflush(stdout);
    assert_true(dup2(screen, STDOUT_FILENO) >= 0);
    (void)close(screen);
    (void)close(nowhere);
    if (status != RF_OK) {
        fail_msg("%s: %s", words, err.text);
    }
}

/* ---- how it would be run ---- */

/* A table or an index that is large. */
typedef struct root {
    char name[64];
    int page;
    bool by_run; /* its first column is the run, which does not narrow it down */
} root;

typedef struct roots {
    root root[ROOTS];
    size_t count;
} roots;

/* What grows with the facts and what a run writes for each account or link. */
static const char LARGE[] =
    "SELECT name, rootpage, tbl_name IN ('link_pack', 'link_by_b_pack', 'member', 'value_worth') "
    "FROM sqlite_schema WHERE rootpage > 0 AND tbl_name IN ("
    "'account', 'account_claim', 'value', 'instrument', 'instrument_claim', 'address_other',"
    "'sighting_pack', 'holding_pack', 'activity_pack', 'label', 'member', 'link_pack',"
    "'link_by_b_pack', 'value_worth', 'ring_member', 'verification_request')";

static roots find_roots(sqlite3 *db)
{
    roots found = {.count = 0};
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, LARGE, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        root *r = &found.root[found.count++];
        assert_in_range(found.count, 1, ROOTS);
        (void)snprintf(r->name, sizeof r->name, "%s",
                       (const char *)sqlite3_column_text(statement, 0));
        r->page = sqlite3_column_int(statement, 1);
        r->by_run = sqlite3_column_int(statement, 2) != 0;
    }
    assert_in_range(found.count, 16, ROOTS);
    (void)sqlite3_finalize(statement);
    return found;
}

static const root *find_root(const roots *all, int page)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->root[i].page == page) {
            return &all->root[i];
        }
    }
    return NULL;
}

/* Statements that are as they should be. */
static const char *const ALLOWED[] = {
    "SELECT max(id) FROM account", /* one row: the loop is left, which the program does not tell */
    "SELECT coalesce(country, ''), count(*) FROM account GROUP BY 1", /* flag: against everybody */
    "SELECT coalesce(timezone, ''), count(*) FROM account GROUP BY 1"};

static bool is_allowed(const char *sql)
{
    for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++) {
        if (strcmp(sql, ALLOWED[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a program would read far too much of; NULL: nothing. */
static const root *reads_all(sqlite3 *db, const roots *all, const char *sql)
{
    enum { ADDRESS, OPCODE, P1, P2, P3, P4 };
    const root *cursor[CURSORS] = {NULL};
    bool begun[CURSORS] = {false}; /* from its first or last row, or the first of a run */
    bool on[CURSORS] = {false};    /* and then goes on to the next */
    const root *bad = NULL;
    sqlite3_stmt *program = NULL;
    char *explain = sqlite3_mprintf("EXPLAIN %s", sql);
    assert_non_null(explain);
    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &program, NULL), SQLITE_OK);
    for (int pass = 0; pass < 2; pass++) { /* cursors may be opened further down */
        while (sqlite3_step(program) == SQLITE_ROW) {
            const char *opcode = (const char *)sqlite3_column_text(program, OPCODE);
            int const c = sqlite3_column_int(program, P1);
            bool const known = c >= 0 && c < CURSORS;
            if (strcmp(opcode, "OpenRead") == 0) {
                assert_in_range(c, 0, CURSORS - 1);
                cursor[c] = sqlite3_column_int(program, P3) == 0
                                ? find_root(all, sqlite3_column_int(program, P2))
                                : NULL;
            } else if (known && (strcmp(opcode, "Next") == 0 || strcmp(opcode, "Prev") == 0)) {
                on[c] = true;
            } else if (known && cursor[c] != NULL) {
                begun[c] = begun[c] || strcmp(opcode, "Rewind") == 0 ||
                           strcmp(opcode, "Last") == 0 ||
                           (strncmp(opcode, "Seek", 4) == 0 && cursor[c]->by_run &&
                            sqlite3_column_int(program, P4) == 1);
            }
        }
        (void)sqlite3_reset(program);
    }
    for (int c = 0; c < CURSORS; c++) {
        bad = begun[c] && on[c] ? cursor[c] : bad;
    }
    (void)sqlite3_finalize(program);
    sqlite3_free(explain);
    return bad;
}

/* What ANALYZE says of 100,000 accounts with a run. */
static const char FIGURES[] =
    "ANALYZE; DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES"
    "  ('holding_pack', 'holding_pack', '191784 2 1'), ('address_other', NULL, '40738'),"
    "  ('activity_pack', 'activity_pack', '90720 1 1 1'), ('instrument', NULL, '43272'),"
    "  ('sighting_pack', 'sighting_pack', '800000 1 1 1 1'),"
    "  ('account', 'sqlite_autoindex_account_1', '51305 1'),"
    "  ('signal', 'sqlite_autoindex_signal_1', '7 1'),"
    "  ('value', 'sqlite_autoindex_value_1', '418600 401 1'),"
    "  ('member', 'member', '31000 31000 1'), ('member', 'member_by_ring', '31000 31000 12 1'),"
    "  ('link_pack', 'link_pack', '51000 51000 2 1'),"
    "  ('link_by_b_pack', 'link_by_b_pack', '51000 51000 2 1'),"
    "  ('ring', 'ring', '2600 2600 1'), ('ring', 'ring_by_key', '2600 1 1'),"
    "  ('score_part', 'score_part', '60000 60000 23 1'),"
    "  ('evidence', 'evidence', '25000 25000 10 1'),"
    "  ('evidence', 'evidence_by_value', '25000 1 1'),"
    "  ('value_worth', 'value_worth', '70000 70000 1'), ('hub', 'hub', '200 200 1');";

static void check_all(const fixture *f, size_t least)
{
    sqlite3 *db = NULL;
    roots all;
    assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    all = find_roots(db);
    assert_in_range(told.count, least, STATEMENTS);
    for (size_t i = 0; i < told.count; i++) {
        const root *bad = reads_all(db, &all, told.sql[i]);
        if (bad != NULL && !is_allowed(told.sql[i])) {
            fail_msg("reads all of %s: %s", bad->name, told.sql[i]);
        }
    }
    (void)sqlite3_close(db);
}

static void listen_to(fixture *f, const char *figures)
{
    fixture_sql(f, figures);
    told.count = 0;
    assert_int_equal(sqlite3_auto_extension((void (*)(void))listen), SQLITE_OK);
}

static void stop_listening(void)
{
    (void)sqlite3_cancel_auto_extension((void (*)(void))listen);
    for (size_t i = 0; i < told.count; i++) {
        free(told.sql[i]);
    }
    told.count = 0;
}

static void answers_search(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    listen_to(&f, FIGURES);
    answer(&f, &rf_command_rings, "rings --limit 20");
    answer(&f, &rf_command_rings, "rings --flagged --min-size 2");
    answer(&f, &rf_command_ring, "ring 1");
    answer(&f, &rf_command_ring, "ring 1 --members 3");
    answer(&f, &rf_command_explain, "explain r1");
    answer(&f, &rf_command_explain, "explain r1 r2");
    answer(&f, &rf_command_explain, "explain h1 s1");
    answer(&f, &rf_command_ring, "ring 1 --bridges");
    answer(&f, &rf_command_ring, "ring 1 --knock-out");
    answer(&f, &rf_command_ring, "ring 1 --stress");
    answer(&f, &rf_command_export, "export ring 1 --to - --as json");
    answer(&f, &rf_command_separate, "separate --list");
    answer(&f, &rf_command_allow, "allow --list");
    answer(&f, &rf_command_decide, "decide 1 watch --reason because");
    answer(&f, &rf_command_history, "history 1");
    answer(&f, &rf_command_flag, "flag --dry-run");
    check_all(&f, 60);
    stop_listening();
    fixture_end(&f);
}

/* The check itself: it tells what is wrong, and only that. */
static void a_full_read_is_told(void **state)
{
    static const char *const BAD[] = {"SELECT count(*) FROM sighting",
                                      "SELECT account FROM holding WHERE value = ?",
                                      "SELECT max(created_at) FROM account",
                                      "SELECT * FROM value WHERE text = ?",
                                      "SELECT sum(bits) FROM link WHERE run = ?",
                                      "SELECT count(*) FROM member WHERE run = 1"};
    static const char *const GOOD[] = {"SELECT * FROM sighting WHERE value = ?",
                                       "SELECT * FROM holding WHERE account = ?",
                                       "SELECT * FROM account WHERE external_id = ?",
                                       "SELECT max(id) FROM run",
                                       "SELECT bits FROM link WHERE run = ? AND account_a = ?",
                                       "SELECT count(*) FROM member WHERE run = 1 AND ring = 2"};
    fixture f;
    sqlite3 *db = NULL;
    roots all;
    (void)state;
    fixture_start(&f, 1);
    fixture_sql(&f, FIGURES);
    assert_int_equal(sqlite3_open_v2(f.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    all = find_roots(db);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        if (reads_all(db, &all, BAD[i]) == NULL) {
            fail_msg("not told: %s", BAD[i]);
        }
    }
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        if (reads_all(db, &all, GOOD[i]) != NULL) {
            fail_msg("told: %s", GOOD[i]);
        }
    }
    (void)sqlite3_close(db);
    fixture_end(&f);
}

/* ---- taking imports back ---- */

/* A file of accounts, one of payments and one of events: everything is shared by four or five. */
static void write_files(const fixture *f, int accounts)
{
    static const char *const NAMES[] = {"accounts", "payments", "events"};
    for (int kind = 0; kind < 3; kind++) {
        char path[160];
        FILE *file;
        (void)snprintf(path, sizeof path, "%s/%s.csv", f->folder, NAMES[kind]);
        file = fopen(path, "w");
        assert_non_null(file);
        (void)fprintf(file, "account_id,%s\n",
                      kind == 0   ? "created_at,email,country"
                      : kind == 1 ? "instrument,bin,seen_at"
                                  : "seen_at,ip,device,requests,capability");
        for (int i = 0; i < accounts; i++) {
            for (int day = 1; day < 4 && kind == 2; day++) {
                (void)fprintf(file, "a%d,2026-05-0%dT10:00:00Z,198.51.%d.%d,d%d,3,chat\n", i, day,
                              i / 1000, i / 4 % 250, i / 5);
            }
            if (kind == 0) {
                (void)fprintf(file, "a%d,2026-04-01T10:00:00Z,a%d@x.example,SG\n", i, i);
            } else if (kind == 1) {
                (void)fprintf(file, "a%d,c%d,411111,2026-05-01\n", i, i / 4);
            }
        }
        assert_int_equal(fclose(file), 0);
    }
}

/* Steps of taking back import 1, 2 or 3 (accounts, payments, events) of so many accounts. */
static double steps_to_undo(int id, int accounts)
{
    static const char *const KINDS[] = {"accounts", "payments", "events"};
    fixture f;
    char words[160];
    fixture_start(&f, 0);
    write_files(&f, accounts);
    for (int kind = 0; kind < 3; kind++) {
        (void)snprintf(words, sizeof words, "import %s %s/%s.csv", KINDS[kind], f.folder,
                       KINDS[kind]);
        assert_int_equal(fixture_run(&f, words), 0);
    }
    listen_to(&f, "SELECT 1");
    steps = 0;
    (void)snprintf(words, sizeof words, "import --undo %d", id);
    answer(&f, &rf_command_import, words);
    stop_listening();
    fixture_end(&f);
    return steps;
}

/* Four times the data takes about four times as long. */
static void undo_grows_with_the_data(void **state)
{
    (void)state;
    for (int id = 1; id <= 3; id++) {
        double const few = steps_to_undo(id, 300);
        double const many = steps_to_undo(id, 1200);
        assert_true(few > 1000);
        if (many > 6 * few) {
            fail_msg("import %d: %.0f steps for 300 accounts, %.0f for 1,200", id, few, many);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_read_is_told),
        cmocka_unit_test(answers_search),
        cmocka_unit_test(undo_grows_with_the_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
