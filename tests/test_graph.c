/* test_graph.c - graphs against adjacency matrices, components against union-find, Leiden against
 * every partition of tiny graphs, and the invariants of the three levels on random graphs. */
#include "base/memory.h"
#include "graph/graph.h"
#include "graph/leiden.h"
#include "graph/levels.h"
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 120, EDGES = 3000 };

/* A random edge list with repeats and self-loops. Weights are small multiples of 1/4: exact. */
typedef struct edge_list {
    uint32_t vertices;
    uint64_t count;
    uint32_t from[EDGES], to[EDGES];
    float weight[EDGES];
    double matrix[MOST][MOST];
} edge_list;

static void add_edge(edge_list *e, uint32_t a, uint32_t b, float weight)
{
    assert_true(e->count < EDGES);
    e->from[e->count] = a;
    e->to[e->count] = b;
    e->weight[e->count++] = weight;
    if (a != b) {
        e->matrix[a][b] += (double)weight;
        e->matrix[b][a] += (double)weight;
    }
}

/* Vertices in clumps of about `clump`; edges mostly stay inside them. */
static edge_list *random_edges(uint32_t vertices, uint32_t edges, uint32_t clump,
                               unsigned long long *seed)
{
    edge_list *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->vertices = vertices;
    for (uint32_t i = 0; i < edges && vertices > 0; i++) {
        uint32_t const a = random_below(seed, vertices);
        uint32_t b = random_below(seed, vertices);
        if (clump > 0 && random_below(seed, 20) != 0) {
            b = a / clump * clump + random_below(seed, clump);
            b = b < vertices ? b : vertices - 1;
        }
        add_edge(e, a, b, (float)(1 + random_below(seed, 40)) / 4);
    }
    return e;
}

static rf_graph built(const edge_list *e)
{
    rf_graph g;
    rf_error err = {.status = RF_OK};
    assert_int_equal(rf_graph_build(e->vertices, e->count, e->from, e->to, e->weight, &g, &err),
                     RF_OK);
    return g;
}

/* ---- graphs ---- */

static void same_as_matrix(const edge_list *e, const rf_graph *g)
{
    uint64_t edges = 0;
    double total = 0;
    assert_int_equal(g->vertices, e->vertices);
    for (uint32_t v = 0; v < g->vertices; v++) {
        uint64_t at = g->start[v];
        double strength = 0;
        for (uint32_t w = 0; w < g->vertices; w++) {
            if (e->matrix[v][w] > 0) { /* so rows ascend, and nothing else is in them */
                assert_true(at < g->start[v + 1]);
                assert_int_equal(g->neighbour[at], w);
                assert_true((double)g->weight[at++] == e->matrix[v][w]);
                strength += e->matrix[v][w];
                edges += v < w;
                total += v < w ? e->matrix[v][w] : 0;
            }
        }
        assert_int_equal(at, g->start[v + 1]);
        assert_true(rf_graph_strength(g, v) == strength);
    }
    assert_int_equal(g->edges, edges);
    assert_true(rf_graph_total(g) == total);
}

/* The same graph from its edges in order, each once. */
static rf_graph built_in_order(const edge_list *e)
{
    edge_list *ordered = calloc(1, sizeof *ordered);
    rf_graph g;
    assert_non_null(ordered);
    ordered->vertices = e->vertices;
    for (uint32_t v = 0; v < e->vertices; v++) {
        for (uint32_t w = v + 1; w < e->vertices; w++) {
            if (e->matrix[v][w] > 0) {
                add_edge(ordered, v, w, (float)e->matrix[v][w]);
            }
        }
    }
    g = built(ordered);
    free(ordered);
    return g;
}

static void graphs_are_their_matrices(void **state)
{
    unsigned long long seed = 3;
    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        edge_list *e = random_edges(round * 2, round * round / 2, round % 2 * 7, &seed);
        rf_graph g = built(e);
        same_as_matrix(e, &g);
        rf_graph_free(&g);
        g = built_in_order(e);
        same_as_matrix(e, &g);
        rf_graph_free(&g);
        free(e);
    }
}

static uint32_t slow_root(const uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        v = parent[v];
    }
    return v;
}

static void components_are_those_of_union_find(void **state)
{
    unsigned long long seed = 4;
    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        edge_list *e = random_edges(MOST, round * 3, 0, &seed);
        rf_graph g = built(e);
        rf_error err = {.status = RF_OK};
        uint32_t parent[MOST];
        uint32_t component[MOST];
        uint32_t count = 0;
        uint32_t roots = 0;
        for (uint32_t v = 0; v < MOST; v++) {
            parent[v] = v;
        }
        for (uint64_t i = 0; i < e->count; i++) {
            parent[slow_root(parent, e->from[i])] = slow_root(parent, e->to[i]);
        }
        assert_int_equal(rf_graph_components(&g, component, &count, &err), RF_OK);
        for (uint32_t v = 0, next = 0; v < MOST; v++) {
            roots += parent[v] == v;
            assert_true(component[v] <= next); /* numbered by smallest vertex */
            next += component[v] == next;
            for (uint32_t w = 0; w < v; w++) {
                assert_int_equal(component[v] == component[w],
                                 slow_root(parent, v) == slow_root(parent, w));
            }
        }
        assert_int_equal(count, roots);
        rf_graph_free(&g);
        free(e);
    }
}

/* ---- Leiden ---- */

typedef struct problem {
    uint32_t from[64], to[64];
    double weight[64], vertex_weight[16];
    rf_leiden_input input;
} problem;

static void make_problem(problem *p, uint32_t vertices, int modularity, unsigned long long *seed)
{
    double total = 0;
    memset(p, 0, sizeof *p);
    p->input = (rf_leiden_input){.vertices = vertices,
                                 .from = p->from,
                                 .to = p->to,
                                 .weight = p->weight,
                                 .vertex_weight = p->vertex_weight,
                                 .seed = random_below(seed, 1000),
                                 .iterations = -1};
    for (uint32_t v = 0; v < vertices; v++) {
        p->vertex_weight[v] = modularity ? 0 : 1;
        for (uint32_t w = v + 1; w < vertices; w++) {
            if (random_below(seed, 100) < 45) {
                uint64_t const i = p->input.edges++;
                p->from[i] = v;
                p->to[i] = w;
                p->weight[i] = (1 + random_below(seed, 20)) / 4.0;
                total += p->weight[i];
            }
        }
    }
    for (uint64_t i = 0; i < p->input.edges && modularity; i++) {
        p->vertex_weight[p->from[i]] += p->weight[i];
        p->vertex_weight[p->to[i]] += p->weight[i];
    }
    p->input.resolution = modularity ? 1 / fmax(2 * total, 1) : 0.25 * random_below(seed, 12);
}

/* The objective in its other form: over pairs. */
static double slow_quality(const rf_leiden_input *in, const uint32_t *community)
{
    double quality = 0;
    for (uint64_t i = 0; i < in->edges; i++) {
        quality += community[in->from[i]] == community[in->to[i]] ? in->weight[i] : 0;
    }
    for (uint32_t v = 0; v < in->vertices; v++) {
        for (uint32_t w = 0; w < in->vertices; w++) {
            quality -= community[v] == community[w]
                           ? in->resolution / 2 * in->vertex_weight[v] * in->vertex_weight[w]
                           : 0;
        }
    }
    return quality;
}

/* The best of all partitions: community[v] is at most one above those before it. */
static double best_quality(const rf_leiden_input *in, uint32_t *community, uint32_t v,
                           uint32_t used)
{
    double best = -(double)INFINITY;
    if (v == in->vertices) {
        return slow_quality(in, community);
    }
    for (uint32_t k = 0; k <= used; k++) {
        community[v] = k;
        best = fmax(best, best_quality(in, community, v + 1, used + (k == used)));
    }
    return best;
}

static int is_connected(const rf_leiden_input *in, const uint32_t *community, uint32_t which)
{
    uint32_t reached[16] = {0};
    uint32_t members = 0;
    uint32_t count = 0;
    for (uint32_t v = 0; v < in->vertices; v++) {
        if (community[v] == which) {
            reached[v] = members++ == 0;
        }
    }
    for (uint32_t round = 0; round < in->vertices; round++) {
        for (uint64_t i = 0; i < in->edges; i++) {
            uint32_t const a = in->from[i];
            uint32_t const b = in->to[i];
            if (community[a] == which && community[b] == which && reached[a] + reached[b] == 1) {
                reached[a] = reached[b] = 1;
            }
        }
    }
    for (uint32_t v = 0; v < in->vertices; v++) {
        count += reached[v];
    }
    return count == members;
}

static void leiden_is_near_the_optimum(void **state)
{
    unsigned long long seed = 5;
    int exact = 0;
    enum { ROUNDS = 120 };
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        problem p;
        uint32_t community[16];
        uint32_t again[16];
        uint32_t single[16];
        uint32_t together[16] = {0};
        uint32_t scratch[16];
        uint32_t count = 0;
        rf_error err = {.status = RF_OK};
        rf_status status = RF_OK;
        double quality;
        double best;
        make_problem(&p, 2 + round % 7, round % 2 == 0, &seed);
        assert_int_equal(rf_leiden(&p.input, community, &count, &err), RF_OK);
        quality = rf_leiden_quality(&p.input, community, count, &status, &err);
        assert_int_equal(status, RF_OK);
        assert_true(fabs(quality - slow_quality(&p.input, community)) < 1e-9);
        best = best_quality(&p.input, scratch, 0, 0);
        for (uint32_t v = 0; v < p.input.vertices; v++) {
            single[v] = v;
        }
        assert_true(quality <= best + 1e-9);
        assert_true(quality >= slow_quality(&p.input, single) - 1e-9);
        assert_true(quality >= slow_quality(&p.input, together) - 1e-9);
        exact += quality >= best - 1e-9;
        for (uint32_t k = 0; k < count; k++) {
            assert_true(is_connected(&p.input, community, k));
        }
        assert_int_equal(rf_leiden(&p.input, again, &count, &err), RF_OK);
        assert_memory_equal(community, again, p.input.vertices * sizeof *again);
    }
    assert_in_range(exact, ROUNDS * 8 / 10, ROUNDS);
}

static void renumbering_keeps_the_partition(void **state)
{
    uint32_t community[] = {7, 3, 7, 0, 3, 9};
    uint32_t const expected[] = {0, 1, 0, 2, 1, 3};
    uint32_t count = 0;
    rf_error err = {.status = RF_OK};
    (void)state;
    assert_int_equal(rf_renumber(community, 6, 10, &count, &err), RF_OK);
    assert_int_equal(count, 4);
    assert_memory_equal(community, expected, sizeof expected);
}

/* ---- levels ---- */

static void ring_is_connected(const edge_list *e, const rf_levels *l, uint32_t ring,
                              uint32_t first_hub, const rf_level_settings *s)
{
    uint8_t reached[MOST] = {0};
    uint32_t members = 0;
    uint32_t count = 0;
    for (uint32_t v = 0; v < first_hub; v++) {
        if (l->ring[v] == ring) {
            reached[v] = members++ == 0;
        }
    }
    for (uint32_t round = 0; round < e->vertices; round++) {
        for (uint32_t v = 0; v < e->vertices; v++) {
            for (uint32_t w = 0; w < e->vertices && reached[v]; w++) {
                /* by way of a hub, too */
                reached[w] |= e->matrix[v][w] > 0 && (w >= first_hub || l->ring[w] == ring);
            }
        }
    }
    for (uint32_t v = 0; v < first_hub; v++) {
        count += l->ring[v] == ring && reached[v];
    }
    assert_int_equal(count, members);
    assert_true(members >= s->min_size);
}

static void check_levels(const edge_list *e, const rf_levels *l, uint32_t first_hub,
                         const rf_level_settings *s)
{
    uint32_t next[3] = {0};
    for (uint32_t v = 0; v < e->vertices; v++) {
        uint32_t const at[3] = {l->cell[v], l->ring[v], l->network[v]};
        uint32_t links = 0;
        int const member = at[1] != RF_NO_COMMUNITY;
        for (int k = 0; k < 3; k++) {
            assert_int_equal(at[k] != RF_NO_COMMUNITY, member);
            assert_true(!member || at[k] <= next[k]); /* numbered by smallest vertex */
            next[k] += member && at[k] == next[k];
        }
        assert_true(v < first_hub || !member);
        for (uint32_t w = 0; w < e->vertices && member; w++) {
            links += e->matrix[v][w] > 0 && (w >= first_hub || l->ring[w] == l->ring[v]);
            if (w < first_hub && l->ring[w] != RF_NO_COMMUNITY) {
                assert_true(l->cell[w] != l->cell[v] || l->ring[w] == l->ring[v]);
                assert_true(l->ring[w] != l->ring[v] || l->network[w] == l->network[v]);
            }
        }
        assert_true(!member || links >= s->min_links);
    }
    assert_int_equal(next[0], l->cells);
    assert_int_equal(next[1], l->rings);
    assert_int_equal(next[2], l->networks);
    for (uint32_t r = 0; r < l->rings; r++) {
        ring_is_connected(e, l, r, first_hub, s);
    }
}

static void levels_keep_their_invariants(void **state)
{
    unsigned long long seed = 6;
    uint32_t rings = 0;
    (void)state;
    for (uint32_t round = 0; round < 80; round++) {
        uint32_t const hubs = round % 4;
        uint32_t const first_hub = MOST - hubs;
        edge_list *e = random_edges(first_hub, round * 12, 3 + round % 17, &seed);
        rf_level_settings s = rf_level_defaults();
        rf_levels l;
        rf_levels again;
        rf_error err = {.status = RF_OK};
        rf_graph g;
        e->vertices = MOST;
        for (uint32_t h = first_hub; h < MOST; h++) {
            for (uint32_t i = 0; i < 12; i++) {
                add_edge(e, random_below(&seed, first_hub / 3), h, 2);
            }
        }
        s.min_links = 1 + round % 3;
        s.min_size = 2 + round % 4;
        s.resolution = round % 5 == 0 ? 20 : 1;
        s.seed = round;
        g = built(e);
        assert_int_equal(rf_levels_find(&g, first_hub, &s, &l, &err), RF_OK);
        check_levels(e, &l, first_hub, &s);
        rings += l.rings;
        assert_int_equal(rf_levels_find(&g, first_hub, &s, &again, &err), RF_OK);
        assert_memory_equal(l.cell, again.cell, MOST * sizeof *l.cell);
        assert_memory_equal(l.ring, again.ring, MOST * sizeof *l.ring);
        assert_memory_equal(l.network, again.network, MOST * sizeof *l.network);
        rf_levels_free(&again);
        rf_levels_free(&l);
        rf_graph_free(&g);
        free(e);
    }
    assert_true(rings > 200);
}

static void failing_memory_is_told(void **state)
{
    unsigned long long seed = 8;
    edge_list *e = random_edges(40, 150, 8, &seed);
    bool done = false;
    (void)state;
    for (long n = 1; !done; n++) {
        rf_graph g = {0};
        rf_levels l = {0};
        rf_level_settings const s = rf_level_defaults();
        rf_error err = {.status = RF_OK};
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_graph_build(e->vertices, e->count, e->from, e->to, e->weight, &g, &err);
        if (status == RF_OK) {
            status = rf_levels_find(&g, e->vertices, &s, &l, &err);
        }
        rf_memory_fail_after(0);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        rf_levels_free(&l);
        rf_graph_free(&g);
        assert_in_range(n, 1, 5000);
    }
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_are_their_matrices),
        cmocka_unit_test(components_are_those_of_union_find),
        cmocka_unit_test(leiden_is_near_the_optimum),
        cmocka_unit_test(renumbering_keeps_the_partition),
        cmocka_unit_test(levels_keep_their_invariants),
        cmocka_unit_test(failing_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
