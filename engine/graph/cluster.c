/* cluster.c - see cluster.h. */
#include "graph/cluster.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "graph/contract.h"

#include <stdlib.h>
#include <string.h>

/* A component of at most SMALL edges is clustered RUNS_LEAST to RUNS_MOST times, as often as comes
 * to RUN_EDGES edges in all: it takes no time, and single runs differ. When the first RUNS_EQUAL do
 * not, it is enough. */
enum { RUNS_LEAST = 10, RUNS_MOST = 50, RUNS_EQUAL = 5, SMALL = 100000, RUN_EDGES = 500000 };

enum { GRAIN = 64 }; /* small components a task */

/* The edge list cut into components: nodes and edges of one stand side by side. */
typedef struct parts {
    uint32_t count;
    uint32_t *of;         /* by node: its component; components are numbered by first node */
    uint32_t *node_start; /* count + 1 offsets into node */
    uint32_t *node;       /* by component, ascending */
    uint32_t *local;      /* by node: its number inside its component */
    uint64_t *edge_start; /* count + 1 offsets into the edges below */
    uint32_t *from, *to;  /* local numbers */
    double *weight;
    double *vertex_weight; /* in the order of `node` */
} parts;

static void parts_free(parts *p)
{
    rf_free(p->of);
    rf_free(p->node_start);
    rf_free(p->node);
    rf_free(p->local);
    rf_free(p->edge_start);
    rf_free(p->from);
    rf_free(p->to);
    rf_free(p->weight);
    rf_free(p->vertex_weight);
}

/* ---- components ---- */

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        parent[v] = parent[parent[v]];
        v = parent[v];
    }
    return v;
}

/* Union-find; the smallest node is the root, so components come numbered by it. */
static rf_status find_components(const rf_edges *e, parts *p, rf_error *err)
{
    p->of = rf_alloc_raw(e->nodes, sizeof *p->of);
    if (p->of == NULL) {
        return rf_fail_memory(err, "the components");
    }
    for (uint32_t v = 0; v < e->nodes; v++) {
        p->of[v] = v;
    }
    for (uint64_t i = 0; i < e->count; i++) {
        uint32_t const a = root_of(p->of, e->from[i]);
        uint32_t const b = root_of(p->of, e->to[i]);
        p->of[a < b ? b : a] = a < b ? a : b;
    }
    /* parents are smaller than their children: one ascending pass turns roots into numbers */
    for (uint32_t v = 0; v < e->nodes; v++) {
        p->of[v] = p->of[v] == v ? p->count++ : p->of[p->of[v]];
    }
    return RF_OK;
}

static rf_status allocate_parts(const rf_edges *e, parts *p, rf_error *err)
{
    p->node_start = rf_alloc((size_t)p->count + 2, sizeof *p->node_start);
    p->edge_start = rf_alloc((size_t)p->count + 2, sizeof *p->edge_start);
    p->node = rf_alloc_raw(e->nodes, sizeof *p->node);
    p->local = rf_alloc_raw(e->nodes, sizeof *p->local);
    p->from = rf_alloc_raw(e->count, sizeof *p->from);
    p->to = rf_alloc_raw(e->count, sizeof *p->to);
    p->weight = rf_alloc_raw(e->count, sizeof *p->weight);
    p->vertex_weight = rf_alloc(e->nodes, sizeof *p->vertex_weight);
    if (p->node_start == NULL || p->edge_start == NULL || p->node == NULL || p->local == NULL ||
        p->from == NULL || p->to == NULL || p->weight == NULL || p->vertex_weight == NULL) {
        return rf_fail_memory(err, "the components");
    }
    return RF_OK;
}

/* Counting sort of nodes and edges by component: start[c + 1] serves as the cursor of c and ends up
 * as the start of c + 1. */
static void fill_parts(const rf_edges *e, parts *p)
{
    for (uint32_t v = 0; v < e->nodes; v++) {
        p->node_start[p->of[v] + 2]++;
    }
    for (uint64_t i = 0; i < e->count; i++) {
        p->edge_start[p->of[e->from[i]] + 2]++;
    }
    for (uint32_t c = 0; c < p->count; c++) {
        p->node_start[c + 2] += p->node_start[c + 1];
        p->edge_start[c + 2] += p->edge_start[c + 1];
    }
    for (uint32_t v = 0; v < e->nodes; v++) {
        p->node[p->node_start[p->of[v] + 1]++] = v;
    }
    for (uint32_t c = 0; c < p->count; c++) { /* all starts are final only now */
        for (uint32_t i = p->node_start[c]; i < p->node_start[c + 1]; i++) {
            p->local[p->node[i]] = i - p->node_start[c];
        }
    }
    for (uint64_t i = 0; i < e->count; i++) {
        uint64_t const at = p->edge_start[p->of[e->from[i]] + 1]++;
        p->from[at] = p->local[e->from[i]];
        p->to[at] = p->local[e->to[i]];
        p->weight[at] = e->weight[i];
    }
}

static rf_status cut_parts(const rf_edges *e, rf_objective objective, parts *p, rf_error *err)
{
    rf_status status = find_components(e, p, err);
    if (status == RF_OK) {
        status = allocate_parts(e, p, err);
    }
    if (status != RF_OK) {
        return status;
    }
    fill_parts(e, p);
    for (uint32_t c = 0; c < p->count; c++) {
        double *mass = p->vertex_weight + p->node_start[c];
        for (uint32_t i = 0; i < p->node_start[c + 1] - p->node_start[c]; i++) {
            mass[i] = objective == RF_CPM ? 1 : 0;
        }
        for (uint64_t i = p->edge_start[c]; i < p->edge_start[c + 1] && objective != RF_CPM; i++) {
            mass[p->from[i]] += p->weight[i];
            mass[p->to[i]] += p->weight[i];
        }
    }
    return RF_OK;
}

/* ---- communities ---- */

static int runs_for(uint64_t edges)
{
    uint64_t const runs = edges == 0 ? RUNS_MOST : RUN_EDGES / edges;
    return runs < RUNS_LEAST ? RUNS_LEAST : runs > RUNS_MOST ? RUNS_MOST : (int)runs;
}

/* The best of several runs with seeds derived from the input's; the first of equals. */
static rf_status best_of_runs(const rf_leiden_input *input, uint32_t *best, uint32_t *count,
                              rf_error *err)
{
    rf_leiden_input again = *input;
    double quality = 0;
    uint32_t *found = rf_alloc_raw(input->vertices, sizeof *found);
    rf_status status = found == NULL ? rf_fail_memory(err, "the communities") : RF_OK;
    int const runs = runs_for(input->edges);
    int equal = 0; /* runs with the same quality, counted while there was no other */
    for (int run = 0; run < runs && (equal < RUNS_EQUAL || equal < run) && status == RF_OK; run++) {
        uint32_t communities = 0;
        double reached = 0;
        again.seed = rf_mix2(input->seed, (uint64_t)run);
        status = rf_leiden(&again, found, &communities, err);
        if (status == RF_OK) {
            reached = rf_leiden_quality(&again, found, communities, &status, err);
        }
        equal += run == 0 || (equal == run && reached == quality);
        if (status == RF_OK && (run == 0 || reached > quality)) {
            quality = reached;
            *count = communities;
            memcpy(best, found, input->vertices * sizeof *found);
        }
    }
    rf_free(found);
    return status;
}

/* A small component: what is together anyhow is one vertex of the search. */
static rf_status cluster_contracted(const rf_leiden_input *input, uint32_t *found, uint32_t *count,
                                    rf_error *err)
{
    rf_contraction smaller;
    uint32_t *of_group = NULL;
    rf_status status = rf_contract(input, &smaller, err);
    if (status != RF_OK || smaller.group == NULL) {
        return status == RF_OK ? best_of_runs(input, found, count, err) : status;
    }
    of_group = rf_alloc(smaller.rest.vertices, sizeof *of_group);
    *count = 1;
    if (of_group == NULL) {
        status = rf_fail_memory(err, "the communities");
    } else if (smaller.rest.vertices > 1) {
        status = best_of_runs(&smaller.rest, of_group, count, err);
    }
    for (uint32_t v = 0; v < input->vertices && status == RF_OK; v++) {
        found[v] = of_group[smaller.group[v]];
    }
    rf_free(of_group);
    rf_contraction_free(&smaller);
    return status;
}

/* Communities component by component. */
typedef struct search {
    const rf_edges *edges;
    const parts *parts;
    const rf_cluster_settings *settings;
    double resolution;
    uint32_t *found; /* by place in parts->node: the community inside its component */
    uint32_t *count; /* by component: its communities */
} search;

static bool is_large(const parts *p, size_t c)
{
    return p->edge_start[c + 1] - p->edge_start[c] > SMALL;
}

static rf_status cluster_part(const search *s, size_t c, unsigned threads, rf_error *err)
{
    const parts *p = s->parts;
    size_t length;
    const char *first = rf_edges_name(s->edges, p->node[p->node_start[c]], &length);
    uint32_t *found = s->found + p->node_start[c];
    rf_leiden_input const input = {
        .vertices = p->node_start[c + 1] - p->node_start[c],
        .edges = p->edge_start[c + 1] - p->edge_start[c],
        .from = p->from + p->edge_start[c],
        .to = p->to + p->edge_start[c],
        .weight = p->weight + p->edge_start[c],
        .vertex_weight = p->vertex_weight + p->node_start[c],
        .resolution = s->resolution,
        .seed = rf_hash_bytes(s->settings->seed, first, length),
        .iterations = s->settings->iterations,
        .threads = threads,
    };
    if (rf_contract_to_one(&input)) {
        memset(found, 0, input.vertices * sizeof *found);
        s->count[c] = 1;
        return RF_OK;
    }
    return is_large(p, c) ? rf_leiden(&input, found, &s->count[c], err)
                          : cluster_contracted(&input, found, &s->count[c], err);
}

static rf_status cluster_small(void *context, size_t block, size_t first, size_t end,
                               unsigned worker, rf_error *err)
{
    const search *s = context;
    rf_status status = RF_OK;
    (void)block;
    (void)worker;
    for (size_t c = first; c < end && status == RF_OK; c++) {
        if (!is_large(s->parts, c)) {
            status = cluster_part(s, c, 1, err);
        }
    }
    return status;
}

static rf_status cluster_parts(search *s, uint32_t *community, uint32_t *communities, rf_error *err)
{
    const parts *p = s->parts;
    unsigned const threads = s->settings->threads;
    rf_status status = RF_OK;
    rf_progress progress;
    s->found = rf_alloc_raw(s->edges->nodes, sizeof *s->found);
    s->count = rf_alloc(p->count, sizeof *s->count);
    if (s->found == NULL || s->count == NULL) {
        status = rf_fail_memory(err, "the communities");
    }
    *communities = 0;
    rf_progress_start(&progress, "finding communities", s->edges->nodes);
    for (uint32_t c = 0; c < p->count && status == RF_OK; c++) {
        if (is_large(p, c)) {
            rf_progress_show(&progress, p->node_start[c]);
            status = cluster_part(s, c, threads, err);
        }
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, p->count, GRAIN, cluster_small, s, err);
    }
    for (uint32_t c = 0; c < p->count && status == RF_OK; c++) {
        for (uint32_t i = p->node_start[c]; i < p->node_start[c + 1]; i++) {
            community[p->node[i]] = *communities + s->found[i];
        }
        *communities += s->count[c];
    }
    rf_progress_end(&progress);
    rf_free(s->found);
    rf_free(s->count);
    return status;
}

typedef struct ranked {
    uint32_t size, first, old;
} ranked;

static int largest_first(const void *left, const void *right)
{
    const ranked *a = left;
    const ranked *b = right;
    if (a->size != b->size) {
        return a->size < b->size ? 1 : -1;
    }
    return (a->first > b->first) - (a->first < b->first);
}

static rf_status number_by_size(uint32_t nodes, uint32_t *community, uint32_t communities,
                                rf_error *err)
{
    ranked *rank = rf_alloc(communities, sizeof *rank);
    uint32_t *number = rf_alloc_raw(communities, sizeof *number);
    if (rank == NULL || number == NULL) {
        rf_free(rank);
        rf_free(number);
        return rf_fail_memory(err, "the communities");
    }
    for (uint32_t v = nodes; v-- > 0;) {
        ranked *r = &rank[community[v]];
        r->size++;
        r->first = v;
        r->old = community[v];
    }
    qsort(rank, communities, sizeof *rank, largest_first);
    for (uint32_t k = 0; k < communities; k++) {
        number[rank[k].old] = k;
    }
    for (uint32_t v = 0; v < nodes; v++) {
        community[v] = number[community[v]];
    }
    rf_free(rank);
    rf_free(number);
    return RF_OK;
}

/* ---- quality ---- */

static rf_status measure(const rf_edges *e, const rf_cluster_settings *settings, double total,
                         const uint32_t *community, uint32_t communities, double *quality,
                         rf_error *err)
{
    double *inside = rf_alloc(communities, sizeof *inside);
    double *mass = rf_alloc(communities, sizeof *mass);
    rf_status status = RF_OK;
    bool const cpm = settings->objective == RF_CPM;
    *quality = 0;
    if (inside == NULL || mass == NULL) {
        status = rf_fail_memory(err, "the quality of the communities");
        communities = 0;
    }
    for (uint64_t i = 0; i < e->count && status == RF_OK; i++) {
        uint32_t const a = community[e->from[i]];
        uint32_t const b = community[e->to[i]];
        inside[a] += a == b ? e->weight[i] : 0;
        mass[a] += cpm ? 0 : e->weight[i];
        mass[b] += cpm ? 0 : e->weight[i];
    }
    for (uint32_t v = 0; v < e->nodes && cpm && status == RF_OK; v++) {
        mass[community[v]]++;
    }
    for (uint32_t k = 0; k < communities && total > 0; k++) {
        double const share = mass[k] / (2 * total);
        *quality += cpm ? inside[k] - settings->resolution * mass[k] * (mass[k] - 1) / 2
                        : inside[k] / total - settings->resolution * share * share;
    }
    rf_free(inside);
    rf_free(mass);
    return status;
}

rf_status rf_cluster(const rf_edges *edges, const rf_cluster_settings *settings,
                     uint32_t *community, uint32_t *communities, double *quality, rf_error *err)
{
    parts p = {0};
    double total = 0;
    double resolution = settings->resolution;
    rf_status status = cut_parts(edges, settings->objective, &p, err);
    for (uint64_t i = 0; i < edges->count; i++) {
        total += edges->weight[i];
    }
    if (settings->objective == RF_MODULARITY) {
        resolution = total > 0 ? resolution / (2 * total) : 0;
    }
    if (status == RF_OK) {
        search s = {.edges = edges, .parts = &p, .settings = settings, .resolution = resolution};
        status = cluster_parts(&s, community, communities, err);
    }
    parts_free(&p);
    if (status == RF_OK) {
        status = number_by_size(edges->nodes, community, *communities, err);
    }
    if (status == RF_OK) {
        status = measure(edges, settings, total, community, *communities, quality, err);
    }
    return status;
}
