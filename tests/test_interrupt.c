/* test_interrupt.c - Ctrl-C at any moment of any command leaves the database as it was, row by row,
 * and of exported files nothing; and what lasts over a second shows on a terminal how long is left.
 *
 * Each command is run on a copy of one database behind a terminal of its own, and Ctrl-C is typed
 * there after a part of the time that the command takes. */
#define _XOPEN_SOURCE 700
#include "story.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 1 << 16, MOST_WORDS = 16 };

/* ---- a program behind a terminal ---- */

typedef struct seen {
    char text[ROOM]; /* of the terminal */
    size_t length;
    int status; /* of waitpid */
    double seconds;
} seen;

static void be_the_program(const fixture *f, const char *terminal, char *arguments)
{
    char *word[MOST_WORDS] = {(char *)(uintptr_t)fixture_program(), (char *)(uintptr_t) "--db",
                              (char *)(uintptr_t)f->db};
    int count = 3;
    int out;
    int tty;
    for (char *at = strtok(arguments, " "); at != NULL && count < MOST_WORDS - 1;
         at = strtok(NULL, " ")) {
        word[count++] = at;
    }
    (void)setsid();
    tty = open(terminal, O_RDWR); /* becomes the terminal of the session: Ctrl-C is a signal */
    out = open("/dev/null", O_WRONLY);
    if (tty < 0 || out < 0 || dup2(tty, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(tty, STDIN_FILENO) < 0) {
        _exit(126);
    }
    (void)execv(word[0], word);
    _exit(127);
}

static void read_some(int master, seen *s, int milliseconds)
{
    struct pollfd poll_for = {.fd = master, .events = POLLIN};
    if (poll(&poll_for, 1, milliseconds) > 0 && s->length < ROOM - 1) {
        ssize_t const got = read(master, s->text + s->length, ROOM - 1 - s->length);
        s->length += got > 0 ? (size_t)got : 0;
        s->text[s->length] = '\0';
    }
}

/* Types Ctrl-C after so many seconds; never when negative. */
static void run_behind_terminal(const fixture *f, const char *arguments, double after, seen *s)
{
    char words[512];
    double const started = rf_seconds();
    int const master = posix_openpt(O_RDWR | O_NOCTTY);
    pid_t child;
    bool typed = false;
    memset(s, 0, sizeof *s);
    (void)snprintf(words, sizeof words, "%s", arguments);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    (void)fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        be_the_program(f, ptsname(master), words);
    }
    while (waitpid(child, &s->status, WNOHANG) == 0) {
        read_some(master, s, 5);
        if (!typed && after >= 0 && rf_seconds() - started >= after) {
            typed = true;
            assert_int_equal(write(master, "\x03", 1), 1);
        }
    }
    s->seconds = rf_seconds() - started;
    for (size_t before = SIZE_MAX; before != s->length;) {
        before = s->length;
        read_some(master, s, 0);
    }
    (void)close(master);
}

/* ---- the database ---- */

static uint64_t digest_table(sqlite3 *db, const char *name, uint64_t digest)
{
    rf_text sql = {0};
    sqlite3_stmt *rows = NULL;
    rf_text_printf(&sql, "SELECT * FROM \"%s\"", name);
    assert_int_equal(sqlite3_prepare_v2(db, rf_text_get(&sql), -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const void *bytes = sqlite3_column_blob(rows, i);
            size_t const length = (size_t)sqlite3_column_bytes(rows, i);
            digest = rf_hash_bytes(digest, bytes == NULL ? "" : bytes, length);
        }
    }
    sqlite3_finalize(rows);
    rf_text_free(&sql);
    return rf_hash_bytes(digest, name, strlen(name));
}

static uint64_t count_table(sqlite3 *db, const char *name, uint64_t digest)
{
    rf_text sql = {0};
    sqlite3_stmt *rows = NULL;
    rf_text_printf(&sql, "SELECT count(*) FROM \"%s\"", name);
    assert_int_equal(sqlite3_prepare_v2(db, rf_text_get(&sql), -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    digest = digest * 31 + (uint64_t)sqlite3_column_int64(rows, 0);
    sqlite3_finalize(rows);
    rf_text_free(&sql);
    return digest;
}

/* Of every table; statistics for the planner aside. */
static uint64_t of_tables(const fixture *f,
                          uint64_t (*add)(sqlite3 *db, const char *name, uint64_t digest))
{
    sqlite3 *db = NULL;
    sqlite3_stmt *tables = NULL;
    uint64_t digest = 0;
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name FROM sqlite_schema WHERE type = 'table' AND"
                                        " name NOT LIKE 'sqlite_stat%' ORDER BY name",
                                        -1, &tables, NULL),
                     SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        digest = add(db, (const char *)sqlite3_column_text(tables, 0), digest);
    }
    sqlite3_finalize(tables);
    sqlite3_close(db);
    return digest;
}

/* Of every row. */
static uint64_t digest_of(const fixture *f)
{
    return of_tables(f, digest_table);
}

/* How many rows each has: another run of the same command makes as many. */
static uint64_t counts_of(const fixture *f)
{
    return of_tables(f, count_table);
}

static void copy(const char *from, const char *from_end, const char *to, const char *to_end)
{
    char command[512];
    (void)snprintf(command, sizeof command, "cp '%s%s' '%s%s'", from, from_end, to, to_end);
    assert_int_equal(system(command), 0);
}

static void remove_file(const char *path, const char *end)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%s%s", path, end);
    (void)unlink(name);
}

static void put_back(const fixture *f)
{
    copy(f->db, ".kept", f->db, "");
    remove_file(f->db, "-wal");
    remove_file(f->db, "-shm");
}

/* ---- the tests ---- */

/* The rows of a file up to one line go before, the others are today's. */
static void split_events(const fixture *f, int lines)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "cd '%s/w' && awk 'NR == 1 { print > \"old.csv\"; print > \"new.csv\"; next }"
                   " { print > (NR %% %d == 0 ? \"new.csv\" : \"old.csv\") }' events.csv",
                   f->folder, lines);
    assert_int_equal(system(command), 0);
}

/* A population with a run, all but a fiftieth of the events in it, kept aside. */
static void make_world(fixture *f, const char *accounts)
{
    story_world(f, accounts, "23");
    split_events(f, 50);
    story_import_file(f, "accounts", "accounts.csv");
    story_import_file(f, "payments", "payments.csv");
    story_import_file(f, "events", "old.csv");
    story_run(f, "detect --shuffles 1", 0);
}

static void check_same(const char *file, const char *other)
{
    char command[700];
    (void)snprintf(command, sizeof command, "cmp '%s' '%s'", file, other);
    assert_int_equal(system(command), 0);
}

/* What one command, of which `whole` seconds were measured, leaves when it is stopped. */
typedef struct stopping {
    const char *command, *file, *whole_file; /* whole_file: NULL, or what it should make of file */
    double whole;
    uint64_t before, after;
} stopping;

/* Types Ctrl-C at five moments; returns how many came before the end. */
static int stop_at_moments(fixture *f, const stopping *of)
{
    enum { MOMENTS = 5 };
    static seen s;
    int stopped = 0;
    for (int i = 1; i <= MOMENTS; i++) {
        double const moment = of->whole * i / (MOMENTS + 1);
        put_back(f);
        if (of->whole_file != NULL) {
            remove_file(of->file, "");
        }
        run_behind_terminal(f, of->command, moment, &s);
        stopped += !(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0);
        if (digest_of(f) != of->before && counts_of(f) != of->after) {
            fail_msg("%s: stopped after %.2f of %.2f s, and the database is another", of->command,
                     moment, of->whole);
        }
        if (of->whole_file != NULL && access(of->file, F_OK) == 0) {
            check_same(of->file, of->whole_file);
        }
    }
    put_back(f);
    return stopped;
}

/* Types Ctrl-C at several moments of one command: WORDS, and a path in the folder, if any. A file
 * that it makes is there whole or not at all. What comes after the commit is too late to be
 * stopped. */
static void check_command(fixture *f, const char *words, const char *path, bool makes)
{
    static seen s;
    char command[512];
    char file[256];
    char whole_file[300];
    stopping of = {.command = command, .file = file};
    int stopped = 0;
    (void)snprintf(file, sizeof file, "%s%s", f->folder, path == NULL ? "/none" : path);
    (void)snprintf(command, sizeof command, "%s %s", words, path == NULL ? "" : file);
    copy(f->db, "", f->db, ".kept");
    of.before = digest_of(f);
    run_behind_terminal(f, command, -1, &s);
    if (!WIFEXITED(s.status) || WEXITSTATUS(s.status) != 0) {
        fail_msg("%s: status %d: %s", command, s.status, s.text);
    }
    of.after = counts_of(f);
    of.whole = s.seconds;
    if (makes) {
        (void)snprintf(whole_file, sizeof whole_file, "%s.whole", file);
        assert_int_equal(rename(file, whole_file), 0);
        of.whole_file = whole_file;
    }
    /* A machine with other work may have measured too long a time. */
    for (int tries = 0; tries < 12 && stopped == 0; tries++, of.whole /= 1.5) {
        stopped = stop_at_moments(f, &of);
    }
    assert_true(stopped > 0); /* else nothing was tested */
}

static void ctrl_c_leaves_the_database_as_it_was(void **state)
{
    fixture *f = *state;
    make_world(f, "2000");
    check_command(f, "import events", "/w/new.csv", false);
    check_command(f, "import --undo 3", NULL, false);
    check_command(f, "detect", NULL, false);
    check_command(f, "detect --replay 1", NULL, false);
    check_command(f, "flag", NULL, false);
    check_command(f, "export assignments --to", "/a.csv", true);
    check_command(f, "export ring 1 --to", "/r.graphml", true);
    check_command(f, "evaluate --curve --truth", "/w/truth.csv", false);
    check_command(f, "query shared_mailboxes --param min_accounts=1", NULL, false);
    check_command(f, "ring 1 --stress", NULL, false);
    story_import_file(f, "events", "new.csv");
    check_command(f, "detect --shuffles 1 --update", NULL, false);
}

/* Whatever takes over a second says how long it will go on, and leaves nothing behind. */
static void a_terminal_sees_how_long_is_left(void **state)
{
    static seen s;
    fixture *f = *state;
    make_world(f, "12000");
    run_behind_terminal(f, "detect --shuffles 4", -1, &s);
    assert_int_equal(s.status, 0);
    if (s.seconds > 1.5) { /* a fast machine has nothing to show */
        story_contains(s.text, " s left ");
        assert_string_equal(s.text + s.length - 4, "\r\033[K");
    }
    run_behind_terminal(f, "--quiet detect --shuffles 4", -1, &s);
    assert_int_equal(s.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ctrl_c_leaves_the_database_as_it_was, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(a_terminal_sees_how_long_is_left, story_start, story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
