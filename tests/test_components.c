/* test_components.c - an edge list cut into components, their rows, and Leiden on such rows. */
#include "graphs.h"

#include "graph/cluster.h"
#include "graph/components.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 120 };

/* A few groups of nodes that edges join inside; some nodes have none. */
static sample scattered(uint64_t seed, bool weighted)
{
    sample s = sample_start("scattered", NODES);
    for (uint32_t i = 0; i < NODES; i++) {
        uint64_t const draw = rf_mix2(seed, i);
        uint32_t const a = (uint32_t)(draw % NODES);
        uint32_t const b = (uint32_t)(draw / NODES % NODES);
        uint32_t const groups = 7 + (uint32_t)(seed % 5);
        if (a != b && a % groups == b % groups) {
            sample_add(&s, a, b, weighted ? 0.5 * (double)(1 + draw % 9) : 3);
        }
        sample_add(&s, i / 8, i / 8 + 8 * (1 + i % 3), weighted ? 2 : 3);
    }
    return s;
}

/* Smallest node of each component, by spreading it until nothing changes. */
static void slow_components(const rf_edges *e, uint32_t *least)
{
    bool changed = true;
    for (uint32_t v = 0; v < e->nodes; v++) {
        least[v] = v;
    }
    while (changed) {
        changed = false;
        for (uint64_t i = 0; i < e->count; i++) {
            uint32_t const a = least[e->from[i]];
            uint32_t const b = least[e->to[i]];
            if (a != b) {
                least[e->from[i]] = least[e->to[i]] = a < b ? a : b;
                changed = true;
            }
        }
    }
}

/* Components by first node, nodes ascending in each, edges counted and weighed. */
static void check_places(const rf_edges *e, const rf_components *c, const uint32_t *least)
{
    uint32_t before = 0;
    for (uint32_t k = 0; k < c->count; k++) {
        uint32_t const root = c->node[c->first[k]];
        double inside = 0;
        double lightest = HUGE_VAL;
        uint64_t edges = 0;
        assert_true(c->first[k] < c->first[k + 1]);
        assert_true(k == 0 || root > before);
        assert_int_equal(least[root], root);
        before = root;
        for (uint32_t p = c->first[k]; p < c->first[k + 1]; p++) {
            assert_int_equal(least[c->node[p]], root);
            assert_int_equal(c->of[c->node[p]], k);
            assert_true(p == c->first[k] || c->node[p] > c->node[p - 1]);
        }
        for (uint64_t i = 0; i < e->count; i++) {
            if (least[e->from[i]] == root) {
                edges++;
                inside += e->weight[i];
                lightest = fmin(lightest, e->weight[i]);
            }
        }
        assert_int_equal(c->edges[k], edges);
        assert_true(fabs(c->inside[k] - inside) < 1e-9 && c->least[k] == lightest);
    }
    assert_int_equal(c->first[c->count], e->nodes);
}

static double weight_between(const rf_edges *e, uint32_t a, uint32_t b)
{
    for (uint64_t i = 0; i < e->count; i++) {
        if (e->from[i] == (a < b ? a : b) && e->to[i] == (a < b ? b : a)) {
            return e->weight[i];
        }
    }
    return 0;
}

/* Rows have every edge of components in rows, both ways, and nothing else. */
static void check_rows(const rf_edges *e, const rf_components *c, const rf_component_form *form)
{
    uint64_t halves = 0;
    for (uint32_t p = 0; p < e->nodes; p++) {
        uint32_t const k = c->of[c->node[p]];
        for (uint64_t i = c->start[p]; i < c->start[p + 1]; i++) {
            uint32_t const other = c->node[c->first[k] + c->neighbour[i]];
            double const weight = c->scale * (c->weight == NULL ? 1 : (double)c->weight[i]);
            assert_int_equal(form[k], RF_AS_ROWS);
            assert_true(weight > 0 && fabs(weight - weight_between(e, c->node[p], other)) < 1e-6);
            assert_true(i == c->start[p] || c->neighbour[i] > c->neighbour[i - 1]);
        }
    }
    for (uint32_t k = 0; k < c->count; k++) {
        halves += form[k] == RF_AS_ROWS ? 2 * c->edges[k] : 0;
    }
    assert_int_equal(c->start[e->nodes], halves);
    assert_int_equal(c->start[0], 0);
}

/* Lists have the edges of components in lists, ascending, and nothing else. */
static void check_lists(const rf_edges *e, const rf_components *c, const rf_component_form *form)
{
    for (uint32_t k = 0; k < c->count; k++) {
        const uint32_t *node = c->node + c->first[k];
        uint64_t at = c->list_start[k];
        for (uint64_t i = 0; i < e->count && form[k] == RF_AS_LIST; i++) {
            if (c->of[e->from[i]] == k) {
                assert_true(at < c->list_start[k + 1]);
                assert_int_equal(node[c->list_from[at]], e->from[i]);
                assert_int_equal(node[c->list_to[at]], e->to[i]);
                assert_true(c->list_weight[at] == e->weight[i]);
                at++;
            }
        }
        assert_int_equal(at, c->list_start[k + 1]);
    }
}

static void components_are_those_of_the_slow_way(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        sample s = scattered(seed, seed % 2 == 0);
        rf_edges e = sample_edges(&s);
        uint32_t least[NODES];
        slow_components(&e, least);
        for (unsigned threads = 1; threads <= 3; threads++) {
            rf_error err = {.status = RF_OK};
            rf_components c;
            rf_team *team;
            rf_component_form form[NODES];
            assert_int_equal(rf_team_start(threads, &team, &err), RF_OK);
            assert_int_equal(rf_components_find(&e, team, &c, &err), RF_OK);
            assert_in_range(c.count, 5, NODES - 1);
            check_places(&e, &c, least);
            for (uint32_t k = 0; k < c.count; k++) {
                form[k] = (rf_component_form)(rf_mix2(seed, k) % 3);
            }
            assert_int_equal(rf_components_lay_out(&e, form, team, &c, &err), RF_OK);
            check_rows(&e, &c, form);
            check_lists(&e, &c, form);
            rf_components_free(&c);
            rf_team_end(team);
        }
        rf_edges_free(&e);
        sample_free(&s);
    }
}

/* The rows of a graph, for Leiden. */
static rf_leiden_rows rows_of(const rf_edges *e, bool alike)
{
    uint64_t *start = calloc((size_t)e->nodes + 2, sizeof *start);
    uint32_t *neighbour = calloc(2 * e->count + 1, sizeof *neighbour);
    float *weight = calloc(2 * e->count + 1, sizeof *weight);
    double most = 0;
    assert_true(start != NULL && neighbour != NULL && weight != NULL);
    for (uint64_t i = 0; i < e->count; i++) {
        start[e->from[i] + 2]++;
        start[e->to[i] + 2]++;
        most = e->weight[i] > most ? e->weight[i] : most;
    }
    for (uint32_t v = 0; v < e->nodes; v++) {
        start[v + 2] += start[v + 1];
    }
    for (uint64_t i = 0; i < e->count; i++) {
        weight[start[e->from[i] + 1]] = weight[start[e->to[i] + 1]] = (float)(e->weight[i] / most);
        neighbour[start[e->from[i] + 1]++] = e->to[i];
        neighbour[start[e->to[i] + 1]++] = e->from[i];
    }
    if (alike) {
        free(weight);
        weight = NULL;
    }
    return (rf_leiden_rows){start, neighbour, weight, most};
}

/* Leiden does the same on rows as on edges, whatever the size and however it is asked. */
static void rows_give_what_edges_give(void **state)
{
    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        bool const alike = turn % 2 == 0;
        sample s = turn < 4 ? sample_planted(20, 15, 0.6, 0.02, !alike, (uint64_t)turn)
                            : sample_sparse(70000, 1, (uint64_t)turn);
        rf_edges e;
        rf_leiden_rows rows;
        uint32_t *community[2];
        uint32_t communities[2];
        rf_error err = {.status = RF_OK};
        for (uint64_t i = 0; alike && i < s.input.edges; i++) {
            s.weight[i] = 0.75;
        }
        e = sample_edges(&s);
        for (uint64_t i = 0; alike && i < e.count; i++) {
            e.weight[i] = 0.75; /* repeats have added up */
        }
        sample_modularity(&s, 1);
        rows = rows_of(&e, alike);
        s.input.from = e.from;
        s.input.to = e.to;
        s.input.weight = e.weight;
        s.input.edges = e.count;
        s.input.iterations = 2;
        s.input.randomness = turn % 3 * 0.02;
        s.input.polished = turn % 2 == 0;
        s.input.threads = 2;
        for (int i = 0; i < 2; i++) {
            community[i] = calloc(e.nodes, sizeof *community[i]);
            assert_non_null(community[i]);
        }
        assert_int_equal(rf_leiden(&s.input, community[0], &communities[0], &err), RF_OK);
        assert_int_equal(rf_leiden_by_rows(&s.input, &rows, community[1], &communities[1], &err),
                         RF_OK);
        assert_int_equal(communities[0], communities[1]);
        assert_in_range(communities[0], 2, e.nodes / 10);
        assert_memory_equal(community[0], community[1], e.nodes * sizeof *community[0]);
        free(community[0]);
        free(community[1]);
        free((void *)(uintptr_t)rows.start);
        free(rows.neighbour);
        free(rows.weight);
        rf_edges_free(&e);
        sample_free(&s);
    }
}

/* A crowd and a last sweep: never worse on these, better somewhere, still connected. */
static void a_polished_search_is_better(void **state)
{
    int bettered = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        sample s = sample_sparse(70000, 1, seed);
        uint32_t *community = calloc(s.input.vertices, sizeof *community);
        double quality[2];
        assert_non_null(community);
        sample_modularity(&s, 1);
        s.input.iterations = 1;
        for (int polished = 0; polished < 2; polished++) {
            rf_error err = {.status = RF_OK};
            rf_status status;
            uint32_t communities;
            s.input.polished = polished == 1;
            assert_int_equal(rf_leiden(&s.input, community, &communities, &err), RF_OK);
            check_partition(&s, community, communities);
            quality[polished] = rf_leiden_quality(&s.input, community, communities, &status, &err);
            assert_int_equal(status, RF_OK);
        }
        assert_true(quality[1] >= quality[0] * (1 - 1e-12));
        bettered += quality[1] > quality[0];
        free(community);
        sample_free(&s);
    }
    assert_true(bettered > 0);
}

/* One large component beside small ones, by weights and without: the whole way. */
static void failing_memory_is_told(void **state)
{
    sample s = sample_sparse(30000, 1, 5);
    rf_edges e = sample_edges(&s);
    uint32_t *community = calloc(e.nodes, sizeof *community);
    rf_cluster_settings const settings = {
        .resolution = 1, .seed = 1, .iterations = 1, .polished = true, .threads = 2};
    bool done = false;
    (void)state;
    assert_non_null(community);
    assert_true(e.count > 100000);
    for (long n = 1; !done; n += 1 + n / 16) {
        rf_error err = {.status = RF_OK};
        uint32_t communities;
        double quality;
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_cluster(&e, &settings, community, &communities, &quality, &err);
        rf_memory_fail_after(0);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        assert_in_range(n, 1, 5000);
    }
    free(community);
    rf_edges_free(&e);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_those_of_the_slow_way),
        cmocka_unit_test(rows_give_what_edges_give),
        cmocka_unit_test(a_polished_search_is_better),
        cmocka_unit_test(failing_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
