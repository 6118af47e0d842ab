/* test_parallel.c - the parallel loop, and what runs in it: run under the thread sanitizer, too. */
#include "base/beside.h"
#include "base/parallel.h"
#include "crowd.h"
#include "evidence/links.h"
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

enum { MOST = 5000 };

typedef struct visits {
    uint8_t seen[MOST]; /* every element is in one block, so no two threads meet */
    uint8_t block_seen[MOST];
    size_t count, grain;
    unsigned threads;
    size_t fails_from, fails_every; /* blocks that fail */
} visits;

static rf_status visit(void *context, size_t block, size_t first, size_t end, unsigned worker,
                       rf_error *err)
{
    visits *v = context;
    if (worker >= v->threads || first != block * v->grain || end > v->count || first >= end ||
        (end != v->count && end - first != v->grain)) {
        return rf_fail(err, RF_EINPUT, "wrong block");
    }
    v->block_seen[block]++;
    for (size_t i = first; i < end; i++) {
        v->seen[i]++;
    }
    if (v->fails_every > 0 && block >= v->fails_from && block % v->fails_every == 0) {
        return rf_fail(err, RF_EIO, "block %zu", block);
    }
    return RF_OK;
}

static void every_element_is_visited_once(void **state)
{
    static const size_t counts[] = {0, 1, 7, 100, 4999, MOST};
    static const size_t grains[] = {1, 3, 64, 10000};
    (void)state;
    for (unsigned threads = 0; threads < 9; threads += 1 + threads / 3) {
        for (int i = 0; i < 6 * 4; i++) {
            visits v = {.count = counts[i % 6],
                        .grain = grains[i / 6],
                        .threads = threads < 1 ? 1 : threads};
            rf_error err = {.status = RF_OK};
            if (rf_parallel(threads, v.count, v.grain, visit, &v, &err) != RF_OK) {
                fail_msg("%s", err.text);
            }
            for (size_t k = 0; k < MOST; k++) {
                assert_int_equal(v.seen[k], k < v.count);
            }
        }
    }
}

static void the_lowest_failure_is_told(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads < 9; threads++) {
        for (size_t from = 0; from < 40; from += 13) {
            visits v = {
                .count = 500, .grain = 1, .threads = threads, .fails_from = from, .fails_every = 3};
            char expected[32];
            rf_error err = {.status = RF_OK};
            (void)snprintf(expected, sizeof expected, "block %zu", (from + 2) / 3 * 3);
            assert_int_equal(rf_parallel(threads, v.count, 1, visit, &v, &err), RF_EIO);
            assert_string_equal(err.text, expected);
            assert_int_equal(rf_parallel(threads, v.count, 1, visit, &v, NULL), RF_EIO);
            assert_int_equal(v.block_seen[499], 0); /* no new block after a failure */
        }
    }
}

static void there_is_a_processor(void **state)
{
    (void)state;
    assert_true(rf_processors() >= 1);
}

/* Calibration and links with several threads are those of one. */
static void links_do_not_depend_on_threads(void **state)
{
    crowd *people =
        crowd_make(&(crowd_options){.accounts = 150, .rings = 8, .coincident = 120, .hubs = 5}, 21);
    rf_evidence_settings settings = rf_evidence_defaults();
    rf_population p;
    rf_calibration first;
    rf_links one;
    rf_error err = {.status = RF_OK};
    (void)state;
    settings.pair_cap = 40;
    crowd_read(people, 0, 0, &p);
    assert_int_equal(rf_calibrate(&p, &settings, 1, &first, &err), RF_OK);
    assert_int_equal(rf_links_find(&p, &first, 1, &one, &err), RF_OK);
    for (unsigned threads = 2; threads < 8; threads++) {
        rf_calibration c;
        rf_links many;
        assert_int_equal(rf_calibrate(&p, &settings, threads, &c, &err), RF_OK);
        assert_memory_equal(c.by_chance, first.by_chance, sizeof c.by_chance);
        assert_memory_equal(c.sensitivity, first.sensitivity, sizeof c.sensitivity);
        assert_int_equal(rf_links_find(&p, &c, threads, &many, &err), RF_OK);
        assert_int_equal(many.count, one.count);
        assert_memory_equal(many.a, one.a, one.count * sizeof *one.a);
        assert_memory_equal(many.b, one.b, one.count * sizeof *one.b);
        assert_memory_equal(many.bits, one.bits, one.count * sizeof *one.bits);
        rf_links_free(&many);
        rf_calibration_free(&c);
    }
    assert_true(one.count > 100);
    rf_links_free(&one);
    rf_calibration_free(&first);
    rf_population_free(&p);
    free(people);
}

static rf_status add_up(void *context, rf_error *err)
{
    long *sum = context;
    for (long i = 1; i <= 1000; i++) {
        *sum += i;
    }
    return *sum > 600000 ? rf_fail(err, RF_EIO, "too much") : RF_OK;
}

static void work_beside_is_done_once(void **state)
{
    rf_beside none = {0};
    rf_error err;
    (void)state;
    assert_int_equal(rf_beside_end(&none, &err), RF_OK);
    for (int own = 0; own < 2; own++) {
        rf_beside work;
        long sum = 0;
        rf_beside_start(&work, own == 1, add_up, &sum);
        assert_int_equal(rf_beside_end(&work, &err), RF_OK);
        assert_int_equal(sum, 500500);
        sum = 200000;
        rf_beside_start(&work, own == 1, add_up, &sum);
        assert_int_equal(rf_beside_end(&work, &err), RF_EIO);
        assert_string_equal(err.text, "too much");
        assert_int_equal(rf_beside_end(&work, NULL), RF_EIO);
        assert_int_equal(sum, 700500);
    }
}

static int64_t number(rf_store *store, const char *sql)
{
    int64_t found = -1;
    assert_int_equal(rf_store_number(store, sql, &found, NULL), RF_OK);
    return found;
}

/* Links are written while rings are judged: the same rows, and after a failure of either side
 * none. */
static void writing_beside_judging(void **state)
{
    crowd_options const options = {.accounts = 300, .rings = 9, .coincident = 250, .hubs = 2};
    crowd *people = crowd_make(&options, 5);
    char path[128];
    char command[160];
    rf_detect_settings settings = rf_detect_defaults();
    rf_detect_summary summary;
    rf_store *store;
    rf_error err = {.status = RF_OK};
    (void)state;
    (void)snprintf(path, sizeof path, "%s/beside-%ld.db",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (long)getpid());
    store = crowd_store(people, path, 7, 0);
    for (unsigned threads = 1; threads < 4; threads++) {
        settings.threads = threads;
        if (rf_detect(store, &settings, &summary, &err) != RF_OK) {
            fail_msg("%s", err.text);
        }
        assert_int_equal(summary.run, threads);
    }
    assert_true(number(store, "SELECT count(*) FROM link") > 300);
    assert_int_equal(number(store,
                            "SELECT count(*) FROM (SELECT account_a, account_b, bits, families"
                            " FROM link GROUP BY 1, 2, 3, 4 HAVING count(*) <> 3)"),
                     0);
    assert_int_equal(number(store, "SELECT count(*) FROM (SELECT account, ring, links FROM member"
                                   " GROUP BY 1, 2, 3 HAVING count(*) <> 3)"),
                     0);
    assert_int_equal(rf_store_exec(store,
                                   "CREATE TRIGGER refuse BEFORE INSERT ON link_by_b_pack"
                                   " BEGIN SELECT raise(ABORT, 'refused'); END",
                                   NULL),
                     RF_OK);
    for (unsigned threads = 1; threads < 4; threads++) {
        settings.threads = threads;
        assert_int_not_equal(rf_detect(store, &settings, &summary, &err), RF_OK);
        assert_non_null(strstr(err.text, "refused"));
        assert_int_equal(number(store, "SELECT max(id) FROM run"), 3);
        assert_int_equal(number(store, "SELECT max(run) FROM link"), 3);
        assert_int_equal(number(store, "PRAGMA foreign_keys"), 1);
    }
    assert_int_equal(rf_store_exec(store, "DROP TRIGGER refuse", NULL), RF_OK);
    assert_int_equal(rf_detect(store, &settings, &summary, &err), RF_OK);
    assert_int_equal(summary.run, 4);
    rf_store_close(store);
    free(people);
    (void)snprintf(command, sizeof command, "rm -f '%s'*", path);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_is_visited_once),
        cmocka_unit_test(the_lowest_failure_is_told),
        cmocka_unit_test(there_is_a_processor),
        cmocka_unit_test(links_do_not_depend_on_threads),
        cmocka_unit_test(work_beside_is_done_once),
        cmocka_unit_test(writing_beside_judging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
