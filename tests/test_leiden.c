/* test_leiden.c - our communities: connected, as good as igraph's, the same again, and told when
 * memory fails. */
#include "graphs.h"
#include "igraph_leiden.h"

#include "base/hash.h"
#include "base/memory.h"
#include "graph/contract.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef rf_status (*method)(const rf_leiden_input *, uint32_t *, uint32_t *, rf_error *);

/* What must hold of any result; returns the quality. */
static double found(sample *s, method find, uint64_t seed, uint32_t *community)
{
    rf_error err = {.status = RF_OK};
    rf_status status = RF_OK;
    uint32_t communities = 0;
    double quality;
    s->input.seed = seed;
    if (find(&s->input, community, &communities, &err) != RF_OK) {
        fail_msg("%s: %s", s->name, err.text);
    }
    quality = rf_leiden_quality(&s->input, community, communities, &status, &err);
    assert_int_equal(status, RF_OK);
    if (find == rf_leiden) {
        check_partition(s, community, communities);
        if (s->input.vertices < 2000) {
            double const slow = slow_leiden_quality(s, community);
            assert_true(fabs(quality - slow) <= 1e-9 * (1 + fabs(slow)));
        }
    }
    return quality;
}

/* Qualities over all samples of a test: single ones differ by luck. */
typedef struct contest {
    double ours, igraphs;
} contest;

/* The best of as many seeds of both: nowhere noticeably lower. */
static void compare(sample *s, contest *all)
{
    enum { SEEDS = 20 };
    uint32_t *ours = calloc((size_t)s->input.vertices + 1, sizeof *ours);
    uint32_t *again = calloc((size_t)s->input.vertices + 1, sizeof *again);
    double best = -(double)INFINITY;
    double reference = -(double)INFINITY;
    assert_non_null(ours);
    assert_non_null(again);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        double const quality = found(s, rf_leiden, seed, ours);
        assert_true(quality == found(s, rf_leiden, seed, again));
        assert_memory_equal(ours, again, s->input.vertices * sizeof *ours);
        best = fmax(best, quality);
        reference = fmax(reference, found(s, rf_igraph_leiden, seed, again));
    }
    all->ours += best;
    all->igraphs += reference;
    if (best < reference - 1e-3 * fabs(reference)) {
        fail_msg("%s (%u vertices, %llu edges, resolution %g): %.9g is below igraph's %.9g",
                 s->name, s->input.vertices, (unsigned long long)s->input.edges,
                 s->input.resolution, best, reference);
    }
    free(ours);
    free(again);
}

/* Both objectives at a few resolutions; ends the sample. */
static void judge(sample s, contest *all)
{
    static const double resolutions[] = {0.5, 1, 2};
    for (int i = 0; i < 3; i++) {
        sample_modularity(&s, resolutions[i]);
        compare(&s, all);
        sample_cpm(&s, resolutions[i] / 10);
        compare(&s, all);
    }
    sample_free(&s);
}

static void known_graphs_are_as_good_as_igraphs(void **state)
{
    contest all = {0, 0};
    (void)state;
    judge(sample_karate(), &all);
    judge(sample_clique_ring(30, 5), &all);
    judge(sample_clique_ring(12, 8), &all);
    judge(sample_star(40), &all);
    judge(sample_nested(1), &all);
    assert_true(all.ours >= all.igraphs * (1 - 1e-4));
}

static void planted_partitions_are_as_good_as_igraphs(void **state)
{
    contest all = {0, 0};
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        judge(sample_planted(4, 12, 0.6, 0.05, seed % 2 == 0, seed), &all);
        judge(sample_planted(12, 20, 0.4, 0.02, seed % 2 == 0, seed), &all);
        judge(sample_planted(40, 6, 0.7, 0.01, seed % 2 == 0, seed),
              &all);                                                      /* and single vertices */
        judge(sample_planted(1, 30, 0.03, 0, seed % 2 == 0, seed), &all); /* pieces */
    }
    assert_true(all.ours >= all.igraphs * (1 - 1e-9));
}

/* Zachary's karate club at its known optimum (Brandes and others 2008). */
static void karate_is_at_its_optimum(void **state)
{
    sample s = sample_karate();
    uint32_t community[34];
    double best = 0;
    (void)state;
    sample_modularity(&s, 1);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        best = fmax(best, found(&s, rf_leiden, seed, community) / 78);
    }
    assert_true(fabs(best - 0.4197896) < 1e-6);
    sample_free(&s);
}

/* Cliques are found however many there are under CPM; modularity would join them in pairs. */
static void there_is_no_resolution_limit_under_cpm(void **state)
{
    sample s = sample_clique_ring(60, 5);
    uint32_t community[300];
    (void)state;
    sample_cpm(&s, 0.2);
    (void)found(&s, rf_leiden, 3, community);
    for (uint32_t v = 0; v < 300; v++) {
        assert_int_equal(community[v], v / 5);
    }
    sample_free(&s);
}

static void not_far_below(double ours, double igraphs)
{
    if (ours < igraphs * (1 - 5e-4)) {
        fail_msg("%.9g is below igraph's %.9g", ours, igraphs);
    }
}

/* Large enough to be gone through in chunks and in haste. */
static void large_graphs_are_as_good_as_igraphs(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        sample s = sample_sparse(80000, weighted, 7);
        uint32_t *community = calloc(s.input.vertices, sizeof *community);
        double ours;
        assert_non_null(community);
        s.input.iterations = 1;
        sample_modularity(&s, 1);
        ours = found(&s, rf_leiden, 1, community);
        not_far_below(ours, found(&s, rf_igraph_leiden, 1, community));
        s.input.iterations = 2;
        sample_cpm(&s, 0.01);
        ours = found(&s, rf_leiden, 1, community);
        not_far_below(ours, found(&s, rf_igraph_leiden, 1, community));
        free(community);
        sample_free(&s);
    }
}

/* From where it ended before, Leiden finds nothing worse, and on a planted partition the same; a
 * few vertices taken out of it find their way back. */
static void a_start_is_kept_or_bettered(void **state)
{
    enum { GROUPS = 40, SIZE = 25, VERTICES = GROUPS * SIZE };
    uint32_t community[VERTICES];
    uint32_t again[VERTICES];
    uint32_t start[VERTICES];
    uint32_t communities;
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        sample s = sample_planted(GROUPS, SIZE, 0.5, 0.01, seed % 2 == 0, seed);
        rf_status status;
        rf_error err;
        double before;
        sample_cpm(&s, 0.1);
        s.input.iterations = 1;
        s.input.seed = seed;
        assert_int_equal(rf_leiden(&s.input, community, &communities, &err), RF_OK);
        before = rf_leiden_quality(&s.input, community, communities, &status, &err);
        for (uint32_t v = VERTICES; v-- > 0;) { /* named by the first vertex */
            start[community[v]] = v;
        }
        for (uint32_t v = 0; v < VERTICES; v++) {
            again[v] = start[community[v]];
        }
        for (uint32_t v = 0; v < VERTICES; v++) {
            bool const named = again[v] == v; /* names its community and has to stay */
            start[v] = v % 9 == 0 && !named ? v : again[v];
        }
        s.input.start = start;
        s.input.seed = seed + 100;
        assert_int_equal(rf_leiden(&s.input, again, &communities, &err), RF_OK);
        check_partition(&s, again, communities);
        assert_true(rf_leiden_quality(&s.input, again, communities, &status, &err) >=
                    before - 1e-9 * before);
        assert_memory_equal(again, community, sizeof again);
        sample_free(&s);
    }
}

static void nothing_and_little(void **state)
{
    uint32_t community[4] = {9, 9, 9, 9};
    sample s = sample_start("empty", 0);
    (void)state;
    (void)found(&s, rf_leiden, 1, community);
    sample_free(&s);
    s = sample_start("one vertex", 1);
    sample_cpm(&s, 1);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[0], 0);
    sample_free(&s);
    s = sample_start("no edges", 4);
    sample_modularity(&s, 1);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[3], 3);
    sample_free(&s);
    s = sample_start("a pair", 2);
    sample_add(&s, 1, 0, 1);
    sample_cpm(&s, 0.5);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[1], 0);
    sample_cpm(&s, 1.5);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[1], 1);
    sample_free(&s);
}

/* Repeated edges count as their sum; one without weight joins nobody. */
static void repeats_and_weightless_edges(void **state)
{
    uint32_t community[4];
    sample s = sample_start("repeats", 4);
    (void)state;
    for (int i = 0; i < 6; i++) {
        sample_add(&s, 0, 1, 0.1);
    }
    sample_add(&s, 1, 2, 0.4);
    sample_add(&s, 2, 3, 0);
    sample_cpm(&s, 0.5);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[1], 0);
    assert_int_equal(community[2], 1);
    assert_int_equal(community[3], 2);
    sample_free(&s);
}

/* Weights near the largest and the smallest there are change nothing but the unit. */
static void units_of_weight_do_not_matter(void **state)
{
    static const double units[] = {1e-140, 1e-9, 1e9, 1e145};
    (void)state;
    for (int u = 0; u < 4; u++) {
        sample s = sample_planted(6, 10, 0.6, 0.1, 1, 5);
        uint32_t expected[60];
        uint32_t community[60];
        sample_modularity(&s, 1);
        (void)found(&s, rf_leiden, 2, expected);
        for (uint64_t i = 0; i < s.input.edges; i++) {
            s.weight[i] *= units[u];
        }
        sample_modularity(&s, 1);
        (void)found(&s, rf_leiden, 2, community);
        assert_memory_equal(community, expected, sizeof expected);
        sample_free(&s);
    }
}

static void one_huge_weight_leaves_the_rest_in_order(void **state)
{
    sample s = sample_clique_ring(8, 6);
    uint32_t community[48];
    (void)state;
    sample_add(&s, 0, 2, 1e30);
    sample_cpm(&s, 0.3);
    (void)found(&s, rf_leiden, 1, community);
    assert_int_equal(community[0], community[2]);
    sample_free(&s);
}

static void failing_memory_is_told(void **state)
{
    sample s = sample_planted(5, 8, 0.6, 0.05, 1, 3);
    uint32_t community[40];
    bool done = false;
    (void)state;
    sample_modularity(&s, 1);
    for (long n = 1; !done; n++) {
        rf_error err = {.status = RF_OK};
        uint32_t communities;
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_leiden(&s.input, community, &communities, &err);
        rf_memory_fail_after(0);
        done = status == RF_OK;
        assert_true(done || (status == RF_ENOMEM && err.text[0] != '\0'));
        assert_in_range(n, 1, 5000);
    }
    sample_free(&s);
}

static void failing_memory_is_told_by_large_graphs(void **state)
{
    sample s = sample_sparse(70000, 0, 3);
    uint32_t *community = calloc(s.input.vertices, sizeof *community);
    bool done = false;
    (void)state;
    assert_non_null(community);
    s.input.threads = 2;
    s.input.iterations = 1;
    s.input.polished = true;
    sample_modularity(&s, 1);
    for (long n = 1; !done; n += 1 + n / 8) {
        rf_error err = {.status = RF_OK};
        uint32_t communities;
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_leiden(&s.input, community, &communities, &err);
        rf_memory_fail_after(0);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        assert_in_range(n, 1, 5000);
    }
    free(community);
    sample_free(&s);
}

/* ---- contraction ---- */

enum { FEW = 8, PAIRS = FEW * (FEW - 1) / 2 };

typedef struct tiny {
    uint32_t from[2 * PAIRS], to[2 * PAIRS];
    double weight[2 * PAIRS], mass[FEW];
    rf_leiden_input input;
} tiny;

/* Up to FEW vertices on a path, further edges at random, some twice; weights of all sizes. */
static void tiny_make(tiny *t, uint64_t seed)
{
    uint32_t const n = 2 + (uint32_t)(rf_mix2(seed, 1) % (FEW - 1));
    uint64_t edges = 0;
    for (uint32_t a = 0; a < n; a++) {
        t->mass[a] = 0;
        for (uint32_t b = 0; b < a; b++) {
            uint64_t const draw = rf_mix2(seed, 100 + a * FEW + b);
            for (uint64_t k = 0; k < (b + 1 == a ? 1 + draw % 2 : draw % 3); k++) {
                t->from[edges] = draw % 5 < 2 ? a : b;
                t->to[edges] = draw % 5 < 2 ? b : a;
                t->weight[edges++] = exp2((double)(rf_mix2(draw, k) % 80) / 10 - 4);
            }
        }
    }
    for (uint64_t i = 0; i < edges; i++) {
        t->mass[t->from[i]] += t->weight[i];
        t->mass[t->to[i]] += t->weight[i];
    }
    t->input = (rf_leiden_input){.vertices = n,
                                 .edges = edges,
                                 .from = t->from,
                                 .to = t->to,
                                 .weight = t->weight,
                                 .vertex_weight = t->mass,
                                 .resolution = exp2(-(double)(rf_mix2(seed, 2) % 12))};
}

/* The best quality of all partitions of the input in which vertices of one group are together;
 * groups are numbered by first vertex. */
static double best_of_all(const rf_leiden_input *in, const uint32_t *group, uint32_t groups)
{
    uint32_t label[FEW] = {0}; /* by group: restricted growth strings, one after the other */
    double best = -(double)INFINITY;
    for (;;) {
        uint32_t community[FEW];
        uint32_t most = 0;
        uint32_t k = groups;
        rf_status status;
        for (uint32_t v = 0; v < in->vertices; v++) {
            community[v] = label[group[v]];
        }
        best = fmax(best, rf_leiden_quality(in, community, FEW, &status, NULL));
        while (--k > 0) { /* the last that can be raised */
            most = 0;
            for (uint32_t i = 0; i < k; i++) {
                most = label[i] > most ? label[i] : most;
            }
            if (label[k] <= most) {
                break;
            }
        }
        if (k == 0) {
            return best;
        }
        label[k]++;
        memset(&label[k + 1], 0, (groups - k - 1) * sizeof *label);
    }
}

/* All partitions are tried: the best one is left by the contraction. */
static void contraction_keeps_the_best(void **state)
{
    static const uint32_t alone[FEW] = {0, 1, 2, 3, 4, 5, 6, 7};
    int contracted = 0;
    int to_one = 0;
    int told_at_once = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        tiny t;
        rf_contraction c;
        rf_error err;
        double best;
        double weight = 0;
        tiny_make(&t, seed);
        assert_int_equal(rf_contract(&t.input, &c, &err), RF_OK);
        best = best_of_all(&t.input, alone, t.input.vertices);
        for (uint64_t i = 0; i < t.input.edges; i++) {
            weight += t.weight[i];
        }
        if (c.group == NULL) {
            assert_ptr_equal(c.rest.from, t.input.from);
            assert_false(rf_contract_to_one(&t.input));
        } else {
            double const left = best_of_all(&t.input, c.group, c.rest.vertices);
            assert_true(fabs(left - best) <= 1e-9 * weight);
            contracted++;
            to_one += c.rest.vertices == 1;
        }
        if (rf_contract_to_one(&t.input)) {
            assert_int_equal(c.rest.vertices, 1);
            told_at_once++;
        }
        rf_contraction_free(&c);
    }
    assert_in_range(contracted, 150, 590);
    assert_true(to_one > 50 && contracted - to_one > 50 && told_at_once > 10);
}

/* Nodes of a clique that nothing else tells apart are together however large the rest is; an edge
 * alone, or a clique at whose nodes more hangs, does not show it. */
static void alike_neighbours_are_contracted(void **state)
{
    sample s = sample_start("alike", 40);
    rf_contraction c;
    rf_error err;
    (void)state;
    for (uint32_t k = 0; k < 40; k += 5) {
        for (uint32_t i = 0; i < 5; i++) {
            for (uint32_t j = 0; j < i; j++) {
                sample_add(&s, k + i, k + j, 1);
            }
        }
        sample_add(&s, k, (k + 5) % 40, 1); /* a ring of cliques */
        sample_add(&s, k, (k + 20) % 40, 1);
    }
    sample_modularity(&s, 1);
    assert_int_equal(rf_contract(&s.input, &c, &err), RF_OK);
    assert_non_null(c.group);
    for (uint32_t v = 0; v < 40; v++) {
        assert_true(c.group[v] == c.group[v - v % 5 + 1] || v % 5 == 0);
    }
    assert_in_range(c.rest.vertices, 8, 16);
    rf_contraction_free(&c);
    sample_free(&s);
}

static void failing_memory_is_told_by_contraction(void **state)
{
    tiny t;
    long failures = 0;
    (void)state;
    tiny_make(&t, 5);
    t.input.resolution = 1e-3;
    for (long n = 1;; n++) {
        rf_contraction c;
        rf_error err;
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_contract(&t.input, &c, &err);
        rf_memory_fail_after(0);
        if (status == RF_OK) {
            assert_non_null(c.group);
            rf_contraction_free(&c);
            break;
        }
        assert_int_equal(status, RF_ENOMEM);
        failures++;
    }
    assert_true(failures >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contraction_keeps_the_best),
        cmocka_unit_test(alike_neighbours_are_contracted),
        cmocka_unit_test(failing_memory_is_told_by_contraction),
        cmocka_unit_test(known_graphs_are_as_good_as_igraphs),
        cmocka_unit_test(planted_partitions_are_as_good_as_igraphs),
        cmocka_unit_test(karate_is_at_its_optimum),
        cmocka_unit_test(there_is_no_resolution_limit_under_cpm),
        cmocka_unit_test(large_graphs_are_as_good_as_igraphs),
        cmocka_unit_test(a_start_is_kept_or_bettered),
        cmocka_unit_test(nothing_and_little),
        cmocka_unit_test(repeats_and_weightless_edges),
        cmocka_unit_test(units_of_weight_do_not_matter),
        cmocka_unit_test(one_huge_weight_leaves_the_rest_in_order),
        cmocka_unit_test(failing_memory_is_told),
        cmocka_unit_test(failing_memory_is_told_by_large_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
