/* test_unsettled.c - which communities changed edges unsettle, against a second way to say it that
 * adds up all edges for every vertex and every pair of communities. */
#include "base/memory.h"
#include "graph/unsettled.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { VERTICES = 60, GROUPS = 2, COMMUNITIES = 12 };

static unsigned drawn;

static int draw(int limit)
{
    drawn = drawn * 1664525U + 1013904223U;
    return (int)(drawn >> 8) % limit;
}

/* Vertices of either group, in communities that lie in one group each. */
typedef struct world {
    float weight[VERTICES][VERTICES];
    uint32_t group[VERTICES], community[VERTICES], start[VERTICES], local[VERTICES];
    uint8_t touched[VERTICES];
    double density;
} world;

static void make_world(world *w, unsigned seed)
{
    uint32_t members[GROUPS] = {0};
    drawn = seed;
    memset(w, 0, sizeof *w);
    w->density = 0.05 * (1 + draw(20));
    for (int v = 0; v < VERTICES; v++) {
        w->community[v] = (uint32_t)draw(COMMUNITIES);
        w->group[v] = w->community[v] % GROUPS;
        w->local[v] = members[w->group[v]]++;
        w->touched[v] = draw(4) == 0;
        w->start[v] = (uint32_t)v;
        for (int u = v - 1; u >= 0; u--) {
            w->start[v] = w->community[u] == w->community[v] ? (uint32_t)u : w->start[v];
        }
        for (int u = 0; u < v; u++) {
            bool const inside = w->community[u] == w->community[v];
            if (draw(inside ? 2 : 12) == 0) {
                w->weight[u][v] = w->weight[v][u] = (float)(1 + draw(40)) / 16;
            }
        }
    }
}

/* ---- the slow way ---- */

static double weight_to(const world *w, int v, uint32_t community)
{
    double sum = 0;
    for (int u = 0; u < VERTICES; u++) {
        bool const there = w->community[u] == community && w->group[u] == w->group[v];
        sum += there ? (double)w->weight[v][u] : 0;
    }
    return sum;
}

static int mass_of(const world *w, uint32_t community, int without)
{
    int mass = 0;
    for (int u = 0; u < VERTICES; u++) {
        mass += w->community[u] == community && u != without;
    }
    return mass;
}

static void open_by_vertex(const world *w, int v, bool *open)
{
    uint32_t const own = w->community[v];
    double stay = weight_to(w, v, own) - w->density * mass_of(w, own, v);
    if (stay < -1e-5) {
        open[own] = true;
        stay = 0;
    }
    for (uint32_t c = own % GROUPS; c < COMMUNITIES; c += GROUPS) {
        double const gain = weight_to(w, v, c) - w->density * mass_of(w, c, -1);
        if (c != own && weight_to(w, v, c) > 0 && gain > stay + 1e-5) {
            open[own] = open[c] = true;
        }
    }
}

static void open_by_pair(const world *w, uint32_t c, uint32_t d, bool *open)
{
    double between = 0;
    bool asked = false;
    for (int v = 0; v < VERTICES; v++) {
        between += w->community[v] == c ? weight_to(w, v, d) : 0;
        asked = asked || ((w->community[v] == c || w->community[v] == d) && w->touched[v] != 0);
    }
    if (asked && between > w->density * mass_of(w, c, -1) * mass_of(w, d, -1) + 1e-5) {
        open[c] = open[d] = true;
    }
}

static void find_open(const world *w, bool *open)
{
    memset(open, 0, COMMUNITIES * sizeof *open);
    for (int v = 0; v < VERTICES; v++) {
        if (w->touched[v] != 0) {
            open_by_vertex(w, v, open);
        }
    }
    for (uint32_t c = 0; c < COMMUNITIES; c++) {
        for (uint32_t d = c + GROUPS; d < COMMUNITIES; d += GROUPS) {
            open_by_pair(w, c, d, open);
        }
    }
}

/* ---- both ways ---- */

static void build(const world *w, rf_graph *graph)
{
    uint32_t from[VERTICES * VERTICES];
    uint32_t to[VERTICES * VERTICES];
    float weight[VERTICES * VERTICES];
    uint64_t edges = 0;
    rf_error err;
    for (uint32_t v = 0; v < VERTICES; v++) {
        for (uint32_t u = 0; u < v; u++) {
            if (w->weight[u][v] > 0) {
                from[edges] = u;
                to[edges] = v;
                weight[edges++] = w->weight[u][v];
            }
        }
    }
    assert_int_equal(rf_graph_build(VERTICES, edges, from, to, weight, graph, &err), RF_OK);
}

static rf_status ask(const world *w, const rf_graph *graph, uint32_t group, uint32_t first_hub,
                     uint32_t *members, uint8_t *unsettled, uint32_t *count)
{
    rf_settling s = {.graph = graph,
                     .members = members,
                     .group = w->group,
                     .local = w->local,
                     .start = w->start,
                     .touched = w->touched,
                     .first_hub = first_hub,
                     .density = w->density};
    rf_error err;
    for (uint32_t v = 0; v < VERTICES; v++) {
        if (w->group[v] == group) {
            members[s.count++] = v;
        }
    }
    return rf_unsettled_find(&s, unsettled, count, &err);
}

static void unsettled_are_those_that_would_move(void **state)
{
    int closed = 0;
    int opened = 0;
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        static world w;
        bool open[COMMUNITIES];
        rf_graph graph = {0};
        make_world(&w, seed);
        build(&w, &graph);
        find_open(&w, open);
        for (uint32_t group = 0; group < GROUPS; group++) {
            uint32_t members[VERTICES] = {0};
            uint8_t unsettled[VERTICES] = {0};
            uint32_t count = 0;
            uint32_t expected = 0;
            assert_int_equal(ask(&w, &graph, group, VERTICES, members, unsettled, &count), RF_OK);
            for (uint32_t v = 0; v < VERTICES; v++) {
                if (w.group[v] == group) {
                    assert_int_equal(unsettled[w.local[v]], open[w.community[v]]);
                    expected += open[w.community[v]];
                    closed += !open[w.community[v]];
                }
            }
            assert_int_equal(count, expected);
            opened += (int)count;
        }
        rf_graph_free(&graph);
    }
    assert_true(opened > 1000 && closed > 1000); /* the test sees both */
}

static void a_group_with_a_hub_is_searched_whole(void **state)
{
    static world w;
    rf_graph graph = {0};
    uint32_t members[VERTICES] = {0};
    uint8_t unsettled[VERTICES] = {0};
    uint32_t count = 0;
    uint32_t all = 0;
    (void)state;
    make_world(&w, 5);
    build(&w, &graph);
    assert_int_equal(
        ask(&w, &graph, w.group[VERTICES - 1], VERTICES - 1, members, unsettled, &count), RF_OK);
    for (int v = 0; v < VERTICES; v++) {
        all += w.group[v] == w.group[VERTICES - 1];
    }
    assert_int_equal(count, all);
    rf_graph_free(&graph);
}

static void short_memory_is_a_failure(void **state)
{
    static world w;
    rf_graph graph = {0};
    uint32_t members[VERTICES] = {0};
    uint8_t unsettled[VERTICES] = {0};
    uint32_t count = 0;
    (void)state;
    make_world(&w, 9);
    build(&w, &graph);
    for (long n = 1; n <= 10; n++) {
        rf_memory_fail_after(n);
        assert_int_equal(ask(&w, &graph, 0, VERTICES, members, unsettled, &count), RF_ENOMEM);
        rf_memory_fail_after(0);
    }
    rf_graph_free(&graph);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsettled_are_those_that_would_move),
        cmocka_unit_test(a_group_with_a_hub_is_searched_whole),
        cmocka_unit_test(short_memory_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
