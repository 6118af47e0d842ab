/* test_memory.c - a whole detection in which every allocation fails once: no crash, no leak, and no
 * half-written run. Allocations of the libraries (SQLite, igraph) are not ours to fail. */
#include "crowd.h"

#include "base/memory.h"
#include "rings/detect.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t number(rf_store *store, const char *sql)
{
    int64_t value = -1;
    rf_error err = {.status = RF_OK};
    if (rf_store_number(store, sql, &value, &err) != RF_OK) {
        fail_msg("%s: %s", sql, err.text);
    }
    return value;
}

static void nothing_was_written(rf_store *store)
{
    static const char *const tables[] = {"run",      "ring",       "member",
                                         "link",     "hub",        "calibration",
                                         "evidence", "score_part", "value_worth"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(number(store, sql), 0);
    }
}

static void judge_some(rf_store *store)
{
    rf_error err = {.status = RF_OK};
    if (rf_store_exec(store,
                      "INSERT INTO label (account, label, source, import)"
                      " SELECT id, iif(id % 3 = 0, 'legit', 'fraud'), '', 1 FROM account"
                      " WHERE id % 2 = 0;"
                      "INSERT INTO separation (account_a, account_b, reason, said_by, said_at)"
                      " SELECT id, id + 1, 'r', '', 1 FROM account WHERE id % 7 < 3"
                      " AND id < (SELECT max(id) FROM account)",
                      &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
}

static void detection_survives_every_failure(void **state)
{
    crowd *people =
        crowd_make(&(crowd_options){.accounts = 40, .rings = 4, .coincident = 30, .hubs = 1}, 3);
    char folder[128];
    char path[160];
    char command[160];
    rf_store *store;
    rf_detect_settings settings = rf_detect_defaults();
    bool done = false;
    long failures = 0;
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/ringfence-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/memory.db", folder);
    store = crowd_store(people, path, 0, 0);
    judge_some(store);
    settings.evidence.pair_cap = 12; /* so that there are hubs and stars */
    settings.evidence.star_from = 0.05;
    settings.threads = 1; /* the counter is not for two threads */
    settings.score.flagged_from = -20;
    for (long n = 1; !done; n++) {
        rf_detect_summary summary;
        rf_error err = {.status = RF_OK};
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_detect(store, &settings, &summary, &err);
        rf_memory_fail_after(0);
        done = status == RF_OK;
        if (!done) {
            assert_int_equal(status, RF_ENOMEM);
            assert_true(err.text[0] != '\0');
            nothing_was_written(store);
            failures++;
        }
        assert_in_range(n, 1, 20000);
    }
    assert_true(failures > 100);
    assert_int_equal(number(store, "SELECT count(*) FROM run"), 1);
    assert_true(number(store, "SELECT count(*) FROM ring") > 0);
    assert_true(number(store, "SELECT count(*) FROM hub") > 0);
    rf_store_close(store);
    free(people);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_survives_every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
