/* test_main.c - the command line itself, by running the built program: exit statuses, help,
 * suggestions, options in any place, writes that fail. */
#define _XOPEN_SOURCE 700 /* posix_openpt */

#include "fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 1);
    *state = made;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static void version_and_help(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "--version"), 0);
    contains(f->output, "ringfence ");
    assert_int_equal(fixture_run(f, "--help"), 0);
    contains(f->output, "commands:");
    assert_int_equal(fixture_run(f, ""), 2);
    contains(f->errors, "no command");
    assert_string_equal(f->output, "");
    assert_int_equal(fixture_run(f, "help rings"), 0);
    contains(f->output, "usage: ringfence rings");
    assert_int_equal(fixture_run(f, "help nothing-like-it"), 2);
}

/* Every command of the list has --help that says how it is used. */
static void every_command_has_help(void **state)
{
    fixture *f = *state;
    char names[32][24];
    size_t count = 0;
    const char *at;
    assert_int_equal(fixture_run(f, "--help"), 0);
    at = strstr(f->output, "commands:\n") + strlen("commands:\n");
    while (strncmp(at, "  ", 2) == 0 && count < 32) {
        assert_int_equal(sscanf(at, "%23s", names[count++]), 1);
        at += strcspn(at, "\n") + 1;
    }
    assert_true(count >= 3);
    for (size_t i = 0; i < count; i++) {
        char arguments[64];
        char usage[64];
        (void)snprintf(arguments, sizeof arguments, "%.23s --help", names[i]);
        (void)snprintf(usage, sizeof usage, "usage: ringfence %.23s", names[i]);
        assert_int_equal(fixture_run(f, arguments), 0);
        contains(f->output, usage);
        (void)snprintf(arguments, sizeof arguments, "%.23s --no-such-option", names[i]);
        assert_int_equal(fixture_run(f, arguments), 2);
        contains(f->errors, "ringfence: ");
        assert_string_equal(f->output, "");
    }
}

static void unknown_command_suggests(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "rigns"), 2);
    contains(f->errors, "did you mean `ringfence rings`?");
    assert_int_equal(fixture_run(f, "qurey"), 2);
    contains(f->errors, "`ringfence query`");
    assert_int_equal(fixture_run(f, "zzzzzzzz"), 2);
    assert_null(strstr(f->errors, "did you mean"));
    assert_int_equal(fixture_run(f, "\"$(printf '\\033[31m')\""), 2);
    assert_null(strchr(f->errors, '\x1b'));
}

static void wrong_options_are_usage_errors(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "--format xml rings"), 2);
    contains(f->errors, "table, json, csv");
    assert_int_equal(fixture_run(f, "--threads 0 rings"), 2);
    assert_int_equal(fixture_run(f, "--threads many rings"), 2);
    assert_int_equal(fixture_run(f, "--nothing rings"), 2);
    assert_int_equal(fixture_run(f, "rings --format"), 2);
    contains(f->errors, "--format needs a value");
    assert_int_equal(fixture_run(f, "rings --limit"), 2);
    contains(f->errors, "--limit needs a value");
    assert_int_equal(fixture_run(f, "rings --min-size x"), 2);
    assert_int_equal(fixture_run(f, "rings extra"), 2);
}

static void global_options_anywhere(void **state)
{
    fixture *f = *state;
    char *before;
    assert_int_equal(fixture_run(f, "--format json rings --limit 1"), 0);
    before = f->output;
    f->output = NULL;
    assert_int_equal(fixture_run(f, "rings --limit 1 --format json"), 0);
    assert_string_equal(f->output, before);
    assert_int_equal(fixture_run(f, "rings --format=json --quiet --limit 1"), 0);
    assert_string_equal(f->output, before);
    assert_int_equal(before[0], '[');
    free(before);
}

static void database_by_environment(void **state)
{
    fixture *f = *state;
    char command[512];
    (void)snprintf(command, sizeof command, "RINGFENCE_DB='%s' '%s' rings >'%s' 2>'%s'", f->db,
                   fixture_program(), f->out, f->err);
    assert_int_equal(system(command), 0);
}

static void trouble_has_its_own_status(void **state)
{
    fixture *f = *state;
    char command[512];
    FILE *file;
    assert_int_equal(fixture_run(f, "--db /nonexistent/x.db rings"), 1);
    contains(f->errors, "no such database");
    file = fopen(f->out, "wb");
    assert_non_null(file);
    (void)fputs("this is no database, but a text that is long enough to be read as a header "
                "of one, if one did not look\n",
                file);
    (void)fclose(file);
    (void)snprintf(command, sizeof command, "'%s' --db '%s' rings >/dev/null 2>'%s'",
                   fixture_program(), f->out, f->err);
    assert_int_equal(WEXITSTATUS(system(command)), 4);
    fixture_sql(f, "PRAGMA user_version = 9999");
    assert_int_equal(fixture_run(f, "rings"), 4);
    contains(f->errors, "newer");
}

static void mistyped_file_leaves_nothing(void **state)
{
    fixture *f = *state;
    (void)snprintf(f->db, sizeof f->db, "%s/none.db", f->folder);
    assert_int_equal(fixture_run(f, "import accounts /nonexistent.csv"), 1);
    contains(f->errors, "/nonexistent.csv: No such file");
    assert_int_not_equal(access(f->db, F_OK), 0);
}

static void full_disk_is_an_error(void **state)
{
    static const char *const COMMANDS[] = {
        "rings",        "rings --format json", "ring 1", "ring 1 --format csv",
        "query --list", "query largest_rings", "--help", "--version"};
    fixture *f = *state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
        char command[512];
        (void)snprintf(command, sizeof command, "'%s' --db '%s' %s >/dev/full 2>'%s'",
                       fixture_program(), f->db, COMMANDS[i], f->err);
        if (WEXITSTATUS(system(command)) != 1) {
            fail_msg("%s ignored a full disk", COMMANDS[i]);
        }
    }
}

/* So is a limit on the size of files; the program is not killed by it. */
static void file_limit_is_an_error(void **state)
{
    fixture *f = *state;
    char command[512];
    (void)snprintf(command, sizeof command,
                   "ulimit -f 1; exec '%s' --db '%s' ring 1 --format json >'%s' 2>'%s'",
                   fixture_program(), f->db, f->out, f->err);
    assert_int_equal(WEXITSTATUS(system(command)), 1);
}

/* What a rejected row holds is shown without anything that drives a terminal, and its quotes, tabs
 * and card numbers as they should be. */
static void rejected_rows_are_safe_to_look_at(void **state)
{
    fixture *f = *state;
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "printf 'account_id\nfine\nx,\\033[31m\\tred\\000\\r\ny,4111111111111111\n' | "
                   "'%s' --db '%s' import accounts - --rejects '%s' >/dev/null 2>'%s'; test $? = 3",
                   fixture_program(), f->db, f->out, f->err);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command,
                   "printf 'line,reason,text\n3,2 cells where the header has 1,\"x,"
                   "\\134u001b[31m\\tred\\134u0000\"\n4,2 cells where the header has 1,"
                   "\"y,************1111\"\n' | cmp - '%s'",
                   f->out);
    assert_int_equal(system(command), 0);
}

/* `| head` ends the program without a word. */
static void broken_pipe_is_quiet(void **state)
{
    fixture *f = *state;
    char command[512];
    fixture_sql(f, "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < "
                   "60000) INSERT INTO account (id, external_id, email_key) SELECT i, 'n' || i, "
                   "'m' || i / 2 FROM n");
    (void)snprintf(command, sizeof command,
                   "'%s' --db '%s' query shared_mailboxes --param limit=90000 2>'%s' | head -n 1 "
                   ">'%s'",
                   fixture_program(), f->db, f->err, f->out);
    assert_int_equal(system(command), 0);
    assert_int_equal(system("true"), 0);
    (void)snprintf(command, sizeof command, "test ! -s '%s'", f->err);
    assert_int_equal(system(command), 0);
}

/* Runs the program on a terminal of so many columns; what it wrote, freed by the caller. */
static char *on_terminal(const fixture *f, unsigned short columns, const char *arguments)
{
    enum { ROOM = 1 << 16 };
    char command[512];
    struct winsize size = {.ws_row = 40, .ws_col = columns};
    char *text = calloc(1, ROOM);
    size_t length = 0;
    ssize_t got;
    pid_t child;
    int leader = posix_openpt(O_RDWR | O_NOCTTY);
    assert_non_null(text);
    assert_true(leader >= 0 && grantpt(leader) == 0 && unlockpt(leader) == 0);
    assert_int_equal(ioctl(leader, TIOCSWINSZ, &size), 0);
    (void)snprintf(command, sizeof command, "'%s' --db '%s' %s >'%s' 2>&1", fixture_program(),
                   f->db, arguments, ptsname(leader));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    while (length + 1 < ROOM && (got = read(leader, text + length, ROOM - 1 - length)) > 0) {
        length += (size_t)got;
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(leader);
    return text;
}

/* On a narrow terminal notes are wrapped and figures stay whole; NO_COLOR is obeyed. */
static void tables_fit_the_terminal(void **state)
{
    fixture *f = *state;
    char *text;
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    text = on_terminal(f, 80, "ring 1");
    assert_null(strchr(text, '\x1b'));
    contains(text, "+14.0  sign-up burst");
    contains(text, "4 of 5 members signed up");
    assert_null(strstr(text, "4 of 5 members signed up within an hour"));
    free(text);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    text = on_terminal(f, 80, "rings --flagged");
    contains(text, "\x1b[");
    contains(text, "2026-05-01 - 2026-05-20");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_and_help, start, end),
        cmocka_unit_test_setup_teardown(every_command_has_help, start, end),
        cmocka_unit_test_setup_teardown(unknown_command_suggests, start, end),
        cmocka_unit_test_setup_teardown(wrong_options_are_usage_errors, start, end),
        cmocka_unit_test_setup_teardown(global_options_anywhere, start, end),
        cmocka_unit_test_setup_teardown(database_by_environment, start, end),
        cmocka_unit_test_setup_teardown(trouble_has_its_own_status, start, end),
        cmocka_unit_test_setup_teardown(mistyped_file_leaves_nothing, start, end),
        cmocka_unit_test_setup_teardown(full_disk_is_an_error, start, end),
        cmocka_unit_test_setup_teardown(file_limit_is_an_error, start, end),
        cmocka_unit_test_setup_teardown(rejected_rows_are_safe_to_look_at, start, end),
        cmocka_unit_test_setup_teardown(broken_pipe_is_quiet, start, end),
        cmocka_unit_test_setup_teardown(tables_fit_the_terminal, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
