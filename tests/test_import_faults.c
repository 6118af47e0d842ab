/* test_import_faults.c - an import is wholly in or out, whatever happens in the middle: every
 * failing allocation, a full disk, a stop by the user, a kill at any moment. */
#include "import_support.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char first[] = "account_id,plan\na1,x\na2,y\n";

/* Every allocation fails once; the import then fails with RF_ENOMEM and leaves nothing. */
static void fail_each_allocation(sandbox *box, const char *kind, const char *text,
                                 const rf_intake_limits *limits)
{
    char *before = sandbox_facts(box);
    rf_status status = RF_ENOMEM;
    long n = 0;
    while (status != RF_OK) {
        char *after;
        rf_memory_fail_after(++n);
        status = sandbox_import_bytes(box, kind, NULL, text, strlen(text), limits);
        rf_memory_fail_after(0);
        if (status != RF_OK && status != RF_ENOMEM) {
            fail_msg("allocation %ld of %s: status %d, %s", n, kind, status, box->error.text);
        }
        if (status != RF_OK && n % 7 == 0) { /* the check takes longer than the import */
            after = sandbox_facts(box);
            assert_string_equal(before, after);
            free(after);
        }
        assert_true(n < 5000);
    }
    assert_true(n > 10);
    free(before);
}

static void memory_runs_out(void **state)
{
    static const rf_intake_limits tight = {.counts = 2, .text_bytes = 1};
    sandbox *box = *state;
    assert_int_equal(sandbox_import(box, "accounts", first), RF_OK);
    fail_each_allocation(box, "accounts", "account_id,email,bad\na1,q@x.y,\na3,r,\na4,s@t.u,\n",
                         NULL);
    fail_each_allocation(box, "events",
                         "account_id,ip,device,template,capability\na1,1.2.3.4,d,t,c\n"
                         "a5,::1,e,t,c\na6,1.2.3.4,d,t,c\n",
                         &tight);
    fail_each_allocation(box, "payments",
                         "{\"account_id\":1,\"instrument\":\"x\",\"zz\":[1]}\n"
                         "{\"account_id\":\"b\",\"kind\":\"card\"}\n{bad\n",
                         NULL);
    fail_each_allocation(box, "links", "account_id,other_id\na1,a9\n", NULL);
    fail_each_allocation(box, "labels", "account_id,label\na1,fraud\n", NULL);
    fail_each_allocation(box, "sightings:new", "account_id,value\na1,v\n", NULL);
    free(sandbox_facts(box));
}

static void the_user_stops(void **state)
{
    sandbox *box = *state;
    char *before = sandbox_facts(box);
    char *after;
    box->stop = 1;
    assert_int_equal(sandbox_import(box, "accounts", first), RF_ESTOPPED);
    box->stop = 0;
    after = sandbox_facts(box);
    assert_string_equal(before, after);
    assert_int_equal(sandbox_import(box, "accounts", first), RF_OK);
    free(before);
    free(after);
}

static void nothing_usable(void **state)
{
    sandbox *box = *state;
    assert_int_equal(sandbox_import(box, "accounts", "account_id,email\n,a@b.c\nx,bad\n"),
                     RF_EINPUT);
    assert_non_null(strstr(box->error.text, "every row (2) was rejected, the first at line 2"));
    assert_int_equal(sandbox_number(box, "SELECT count(*) FROM import"), 0);
    assert_int_equal(sandbox_import(box, "accounts", "account_id,email\n"), RF_OK);
    assert_non_null(strstr(box->said, "no row"));
}

/* ---- another process that dies or runs into a limit ---- */

static char *many_events(unsigned rows)
{
    rf_text text = {0};
    char *copy;
    rf_text_add(&text, "account_id,seen_at,ip,device,template\n");
    for (unsigned i = 0; i < rows; i++) {
        rf_text_printf(&text, "a%u,2026-03-%02u,10.%u.%u.7,dev%u,t%u\n", i % 977, 1 + i % 28,
                       i % 250, i % 241, i % 3001, i % 7);
    }
    copy = strdup(rf_text_get(&text));
    rf_text_free(&text);
    assert_non_null(copy);
    return copy;
}

/* Imports in a child process, which ends with the status; returns its id. */
static pid_t import_in_child(sandbox *box, const char *text, rlim_t file_limit,
                             const rf_intake_limits *limits)
{
    pid_t child;
    rf_store_close(box->store); /* no connection may cross a fork */
    box->store = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        rf_status status = rf_store_open(box->db, RF_STORE_WRITE, &box->store, &box->error);
        if (file_limit > 0) {
            struct rlimit limit = {file_limit, file_limit};
            (void)signal(SIGXFSZ, SIG_IGN);
            (void)setrlimit(RLIMIT_FSIZE, &limit);
        }
        if (status == RF_OK) {
            status = sandbox_import_bytes(box, "events", NULL, text, strlen(text), limits);
        }
        _exit((int)status);
    }
    return child;
}

static void reopen(sandbox *box)
{
    assert_int_equal(rf_store_open(box->db, RF_STORE_WRITE, &box->store, &box->error), RF_OK);
}

/* As small imports are, and as large ones: with a second thread. */
static const rf_intake_limits small_import = {.counts = 4000};
static const rf_intake_limits large_import = {.counts = 4000, .large = 1};

/* The database as one finds it who may only read. */
static char *facts_read_only(sandbox *box)
{
    char *facts;
    assert_int_equal(rf_store_open(box->db, RF_STORE_READ, &box->store, &box->error), RF_OK);
    facts = sandbox_facts(box);
    rf_store_close(box->store);
    box->store = NULL;
    return facts;
}

static void kill_at_any_moment(sandbox *box, const rf_intake_limits *limits)
{
    char *text = many_events(40000);
    char *before;
    int outs = 0;
    assert_int_equal(sandbox_import(box, "accounts", first), RF_OK);
    before = sandbox_facts(box);
    for (long delay = 1; delay < 4000; delay = delay * 2 + 3) {
        struct timespec pause = {delay / 1000, delay % 1000 * 1000000};
        pid_t child = import_in_child(box, text, 0, limits);
        int code;
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &code, 0), child);
        free(facts_read_only(box));
        reopen(box);
        if (sandbox_number(box, "SELECT count(*) FROM import") == 2) {
            assert_int_equal(sandbox_number(box, "SELECT rows FROM import WHERE id = 2"), 40000);
            assert_int_equal(sandbox_number(box, "SELECT sum(events) FROM usage"), 40000);
            break; /* it was faster than the kill */
        }
        char *after = sandbox_facts(box);
        assert_string_equal(before, after);
        free(after);
        outs++;
    }
    assert_true(outs > 0);
    free(sandbox_facts(box));
    free(before);
    free(text);
}

static void killed_at_any_moment(void **state)
{
    kill_at_any_moment(*state, &small_import);
}

static void killed_while_large(void **state)
{
    kill_at_any_moment(*state, &large_import);
}

static void fill_the_disk(sandbox *box, const rf_intake_limits *limits)
{
    char *text = many_events(40000);
    char *before;
    int failures = 0;
    assert_int_equal(sandbox_import(box, "accounts", first), RF_OK);
    before = sandbox_facts(box);
    for (rlim_t limit = 150000; limit < 40000000; limit = limit * 5 / 2) {
        pid_t child = import_in_child(box, text, limit, limits);
        int code;
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFEXITED(code));
        reopen(box);
        if (sandbox_number(box, "SELECT count(*) FROM import") == 2) {
            break;
        }
        assert_int_equal(WEXITSTATUS(code), RF_EIO);
        char *after = sandbox_facts(box);
        assert_string_equal(before, after);
        free(after);
        failures++;
    }
    assert_true(failures > 1);
    free(sandbox_facts(box));
    free(before);
    free(text);
}

static void the_disk_is_full(void **state)
{
    fill_the_disk(*state, &small_import);
}

static void full_while_large(void **state)
{
    fill_the_disk(*state, &large_import);
}

/* Several first imports at once: the tables are made once, and nobody fails. */
static void made_by_several_at_once(void **state)
{
    sandbox *box = *state;
    rf_store_close(box->store); /* no connection may cross a fork */
    box->store = NULL;
    for (int round = 0; round < 5; round++) {
        pid_t children[4];
        char path[128];
        (void)snprintf(path, sizeof path, "%s-%d", box->db, round);
        for (size_t i = 0; i < 4; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] == 0) {
                rf_status status = rf_store_open(path, RF_STORE_CREATE, &box->store, &box->error);
                if (status != RF_OK) {
                    (void)fprintf(stderr, "%s\n", box->error.text);
                }
                rf_store_close(box->store);
                _exit((int)status);
            }
        }
        for (size_t i = 0; i < 4; i++) {
            int code;
            assert_int_equal(waitpid(children[i], &code, 0), children[i]);
            assert_true(WIFEXITED(code));
            assert_int_equal(WEXITSTATUS(code), RF_OK);
        }
        (void)unlink(path);
    }
    reopen(box);
}

/* Rejected rows that cannot be kept stop the import. */
static void rejects_cannot_be_written(void **state)
{
    sandbox *box = *state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(rf_rejects_open(&box->rejects, "/dev/full", false, &box->error), RF_OK);
    assert_int_equal(sandbox_import(box, "accounts", "account_id\na\n,\n\"\n"), RF_EIO);
    assert_int_equal(rf_rejects_close(&box->rejects, &box->error), RF_EIO);
    assert_int_equal(sandbox_number(box, "SELECT count(*) FROM account"), 0);
    assert_int_equal(rf_rejects_open(&box->rejects, "/no/such/folder/x", false, &box->error),
                     RF_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_runs_out, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(the_user_stops, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(nothing_usable, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(killed_at_any_moment, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(the_disk_is_full, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(killed_while_large, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(full_while_large, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(made_by_several_at_once, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(rejects_cannot_be_written, sandbox_start, sandbox_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
