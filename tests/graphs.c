/* graphs.c - see graphs.h. */
#include "graphs.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

sample sample_start(const char *name, uint32_t vertices)
{
    sample s = {.name = name};
    s.vertex_weight = calloc((size_t)vertices + 1, sizeof *s.vertex_weight);
    assert_non_null(s.vertex_weight);
    s.input = (rf_leiden_input){.vertices = vertices,
                                .vertex_weight = s.vertex_weight,
                                .seed = 1,
                                .iterations = -1,
                                .threads = 1};
    return s;
}

void sample_add(sample *s, uint32_t a, uint32_t b, double weight)
{
    if (s->input.edges == s->room) {
        s->room = s->room == 0 ? 64 : 2 * s->room;
        s->from = realloc(s->from, s->room * sizeof *s->from);
        s->to = realloc(s->to, s->room * sizeof *s->to);
        s->weight = realloc(s->weight, s->room * sizeof *s->weight);
        assert_non_null(s->from);
        assert_non_null(s->to);
        assert_non_null(s->weight);
    }
    assert_true(a < s->input.vertices && b < s->input.vertices && a != b);
    s->from[s->input.edges] = a;
    s->to[s->input.edges] = b;
    s->weight[s->input.edges++] = weight;
    s->input.from = s->from;
    s->input.to = s->to;
    s->input.weight = s->weight;
}

void sample_modularity(sample *s, double g)
{
    double total = 0;
    for (uint32_t v = 0; v < s->input.vertices; v++) {
        s->vertex_weight[v] = 0;
    }
    for (uint64_t i = 0; i < s->input.edges; i++) {
        s->vertex_weight[s->from[i]] += s->weight[i];
        s->vertex_weight[s->to[i]] += s->weight[i];
        total += s->weight[i];
    }
    s->input.resolution = total > 0 ? g / (2 * total) : 0;
}

void sample_cpm(sample *s, double g)
{
    for (uint32_t v = 0; v < s->input.vertices; v++) {
        s->vertex_weight[v] = 1;
    }
    s->input.resolution = g;
}

void sample_free(sample *s)
{
    free(s->from);
    free(s->to);
    free(s->weight);
    free(s->vertex_weight);
}

/* ---- kinds ---- */

static double uniform(uint64_t *state)
{
    return (double)(rf_mix((*state)++) >> 11) * 0x1p-53;
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(uniform(state) * n);
}

sample sample_planted(uint32_t groups, uint32_t size, double inner, double outer, int weighted,
                      uint64_t seed)
{
    uint32_t const n = groups * size;
    uint64_t state = rf_mix(seed);
    sample s = sample_start(weighted ? "planted, weighted" : "planted", n);
    for (uint32_t v = 0; v < n; v++) {
        for (uint32_t w = v + 1; w < n; w++) {
            if (uniform(&state) < (v % groups == w % groups ? inner : outer)) {
                sample_add(&s, v, w, weighted ? 0.1 + 3 * uniform(&state) : 1);
            }
        }
    }
    return s;
}

sample sample_karate(void)
{
    static const unsigned char pairs[] = {
        2,  1,  3,  1,  3,  2,  4,  1,  4,  2,  4,  3,  5,  1,  6,  1,  7,  1,  7,  5,  7,  6,  8,
        1,  8,  2,  8,  3,  8,  4,  9,  1,  9,  3,  10, 3,  11, 1,  11, 5,  11, 6,  12, 1,  13, 1,
        13, 4,  14, 1,  14, 2,  14, 3,  14, 4,  17, 6,  17, 7,  18, 1,  18, 2,  20, 1,  20, 2,  22,
        1,  22, 2,  26, 24, 26, 25, 28, 3,  28, 24, 28, 25, 29, 3,  30, 24, 30, 27, 31, 2,  31, 9,
        32, 1,  32, 25, 32, 26, 32, 29, 33, 3,  33, 9,  33, 15, 33, 16, 33, 19, 33, 21, 33, 23, 33,
        24, 33, 30, 33, 31, 33, 32, 34, 9,  34, 10, 34, 14, 34, 15, 34, 16, 34, 19, 34, 20, 34, 21,
        34, 23, 34, 24, 34, 27, 34, 28, 34, 29, 34, 30, 34, 31, 34, 32, 34, 33};
    sample s = sample_start("karate", 34);
    for (size_t i = 0; i < sizeof pairs; i += 2) {
        sample_add(&s, pairs[i] - 1U, pairs[i + 1] - 1U, 1);
    }
    assert_int_equal(s.input.edges, 78);
    return s;
}

sample sample_clique_ring(uint32_t cliques, uint32_t size)
{
    sample s = sample_start("ring of cliques", cliques * size);
    for (uint32_t c = 0; c < cliques; c++) {
        for (uint32_t i = 0; i < size; i++) {
            for (uint32_t j = i + 1; j < size; j++) {
                sample_add(&s, c * size + i, c * size + j, 1);
            }
        }
        sample_add(&s, c * size, (c + 1) % cliques * size + 1, 1);
    }
    return s;
}

sample sample_star(uint32_t leaves)
{
    sample s = sample_start("star", leaves + 1);
    for (uint32_t i = 1; i <= leaves; i++) {
        sample_add(&s, 0, i, 1);
    }
    return s;
}

sample sample_nested(uint32_t seed)
{
    static const double chance[] = {0.6, 0.12, 0.02, 0.003}; /* by the level at which they part */
    uint64_t state = rf_mix(seed);
    sample s = sample_start("nested", 500);
    for (uint32_t v = 0; v < 500; v++) {
        for (uint32_t w = v + 1; w < 500; w++) {
            int const parted = v / 10 == w / 10     ? 0
                               : v / 50 == w / 50   ? 1
                               : v / 250 == w / 250 ? 2
                                                    : 3;
            if (uniform(&state) < chance[parted]) {
                sample_add(&s, v, w, 1);
            }
        }
    }
    return s;
}

sample sample_sparse(uint32_t vertices, int weighted, uint64_t seed)
{
    uint64_t state = rf_mix(seed);
    sample s = sample_start("sparse", vertices);
    uint32_t start = 0;
    while (start < vertices) {
        uint32_t const drawn = 20 + below(&state, 61);
        uint32_t const size = vertices - start < drawn ? vertices - start : drawn;
        for (uint32_t i = 0; i < 5 * size; i++) {
            uint32_t const a = start + below(&state, size);
            uint32_t const b = i % 4 == 0 ? below(&state, vertices) : start + below(&state, size);
            if (a != b) {
                sample_add(&s, a, b, weighted ? 0.25 * (1 + below(&state, 8)) : 1);
            }
        }
        start += size;
    }
    return s;
}

/* ---- as an edge list ---- */

typedef struct listed {
    uint32_t from, to;
    double weight;
} listed;

static int by_ends(const void *left, const void *right)
{
    const listed *a = left;
    const listed *b = right;
    return a->from != b->from ? (a->from > b->from) - (a->from < b->from)
                              : (a->to > b->to) - (a->to < b->to);
}

static void name_nodes(rf_edges *e)
{
    e->names = rf_alloc((size_t)e->nodes * 11 + 1, 1);
    e->name_start = rf_alloc((size_t)e->nodes + 1, sizeof *e->name_start);
    assert_true(e->names != NULL && e->name_start != NULL);
    for (uint32_t v = 0; v < e->nodes; v++) {
        int const length = snprintf(e->names + e->name_start[v], 11, "%u", v);
        e->name_start[v + 1] = e->name_start[v] + (uint64_t)length;
    }
}

rf_edges sample_edges(const sample *s)
{
    uint64_t const count = s->input.edges;
    rf_edges e = {.nodes = s->input.vertices, .weighted = true};
    listed *all = calloc(count + 1, sizeof *all);
    e.from = rf_alloc(count, sizeof *e.from);
    e.to = rf_alloc(count, sizeof *e.to);
    e.weight = rf_alloc(count, sizeof *e.weight);
    assert_true(all != NULL && e.from != NULL && e.to != NULL && e.weight != NULL);
    for (uint64_t i = 0; i < count; i++) {
        bool const turned = s->from[i] > s->to[i];
        all[i].from = turned ? s->to[i] : s->from[i];
        all[i].to = turned ? s->from[i] : s->to[i];
        all[i].weight = s->weight[i];
    }
    qsort(all, count, sizeof *all, by_ends);
    for (uint64_t i = 0; i < count; i++) {
        if (i == 0 || by_ends(&all[i - 1], &all[i]) != 0) {
            e.from[e.count] = all[i].from;
            e.to[e.count++] = all[i].to;
        }
        e.weight[e.count - 1] += all[i].weight;
    }
    free(all);
    name_nodes(&e);
    return e;
}

/* ---- truths ---- */

/* Walks from the first vertex of each community along edges that stay inside. */
void check_partition(const sample *s, const uint32_t *community, uint32_t communities)
{
    uint32_t const n = s->input.vertices;
    size_t *start = calloc((size_t)n + 2, sizeof *start);
    uint32_t *row = calloc(2 * s->input.edges + 1, sizeof *row);
    uint32_t *queue = calloc((size_t)n + 1, sizeof *queue);
    unsigned char *reached = calloc((size_t)n + 1, 1);
    uint32_t next = 0;
    assert_true(start != NULL && row != NULL && queue != NULL && reached != NULL);
    for (uint64_t i = 0; i < s->input.edges; i++) {
        start[s->from[i] + 2]++;
        start[s->to[i] + 2]++;
    }
    for (uint32_t v = 0; v < n; v++) {
        start[v + 2] += start[v + 1];
    }
    for (uint64_t i = 0; i < s->input.edges; i++) {
        row[start[s->from[i] + 1]++] = s->to[i];
        row[start[s->to[i] + 1]++] = s->from[i];
    }
    for (uint32_t v = 0; v < n; v++) {
        uint32_t tail = 0;
        assert_true(community[v] <= next);
        if (community[v] < next) {
            assert_true(reached[v]); /* from the community's first vertex */
            continue;
        }
        next++;
        reached[v] = 1;
        queue[tail++] = v;
        for (uint32_t head = 0; head < tail; head++) {
            uint32_t const at = queue[head];
            for (size_t i = start[at]; i < start[at + 1]; i++) {
                if (!reached[row[i]] && community[row[i]] == community[at]) {
                    reached[row[i]] = 1;
                    queue[tail++] = row[i];
                }
            }
        }
    }
    assert_int_equal(next, communities);
    free(start);
    free(row);
    free(queue);
    free(reached);
}

double slow_leiden_quality(const sample *s, const uint32_t *community)
{
    const rf_leiden_input *in = &s->input;
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
