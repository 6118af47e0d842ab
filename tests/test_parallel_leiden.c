/* test_parallel_leiden.c - teams of threads, and communities found by several threads: run under
 * the thread sanitizer, too. */
#include "graphs.h"

#include "graph/cluster.h"

#include "base/team.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 500 };

typedef struct tally {
    unsigned seen[TASKS];
    unsigned workers;
    unsigned char stray;
} tally;

static void count(void *context, size_t task, unsigned worker)
{
    tally *t = context;
    t->seen[task]++; /* no two threads meet at a task */
    if (worker >= t->workers) {
        t->stray = 1;
    }
}

static void a_team_does_every_task_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 9; threads += 1 + threads / 3) {
        rf_team *team = NULL;
        rf_error err = {.status = RF_OK};
        tally t = {.workers = 0};
        assert_int_equal(rf_team_start(threads, &team, &err), RF_OK);
        t.workers = rf_team_size(team);
        assert_in_range(t.workers, 1, threads < 1 ? 1 : threads);
        for (size_t loop = 0; loop < TASKS; loop++) {
            rf_team_run(team, loop, count, &t);
        }
        for (size_t task = 0; task < TASKS; task++) {
            assert_int_equal(t.seen[task], TASKS - 1 - task);
        }
        assert_false(t.stray);
        rf_team_end(team);
    }
    rf_team_end(NULL);
}

static void same_for_any_number_of_threads(sample *s)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    uint32_t const n = s->input.vertices;
    uint32_t *expected = calloc(n, sizeof *expected);
    uint32_t *community = calloc(n, sizeof *community);
    assert_non_null(expected);
    assert_non_null(community);
    for (int i = 0; i < 4; i++) {
        rf_error err = {.status = RF_OK};
        uint32_t communities = 0;
        s->input.threads = threads[i];
        assert_int_equal(rf_leiden(&s->input, community, &communities, &err), RF_OK);
        check_partition(s, community, communities);
        if (i == 0) {
            memcpy(expected, community, n * sizeof *community);
        }
        assert_memory_equal(community, expected, n * sizeof *community);
    }
    free(expected);
    free(community);
}

static void communities_do_not_depend_on_threads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        sample s = sample_sparse(60000 + 10000 * (uint32_t)seed, seed == 2, seed);
        s.input.seed = seed;
        s.input.iterations = (int)seed;
        if (seed == 1) {
            sample_modularity(&s, 1);
        } else {
            sample_cpm(&s, 0.01);
        }
        same_for_any_number_of_threads(&s);
        sample_free(&s);
    }
}

/* The whole way from an edge list, one component being large. */
static void an_edge_list_gives_the_same(void **state)
{
    sample s = sample_sparse(66000, 1, 4);
    rf_edges e = sample_edges(&s);
    uint32_t *expected = calloc(e.nodes, sizeof *expected);
    uint32_t *community = calloc(e.nodes, sizeof *community);
    double quality[4];
    (void)state;
    assert_true(expected != NULL && community != NULL);
    for (unsigned threads = 1; threads <= 4; threads++) {
        rf_cluster_settings const settings = {
            .resolution = 1, .seed = 3, .iterations = 1, .polished = true, .threads = threads};
        rf_error err = {.status = RF_OK};
        uint32_t communities;
        assert_int_equal(
            rf_cluster(&e, &settings, community, &communities, &quality[threads - 1], &err), RF_OK);
        if (threads == 1) {
            memcpy(expected, community, e.nodes * sizeof *community);
        }
        assert_memory_equal(community, expected, e.nodes * sizeof *community);
        assert_true(quality[threads - 1] == quality[0]);
    }
    free(expected);
    free(community);
    rf_edges_free(&e);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_team_does_every_task_once),
        cmocka_unit_test(communities_do_not_depend_on_threads),
        cmocka_unit_test(an_edge_list_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
