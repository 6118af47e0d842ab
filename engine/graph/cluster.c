/* cluster.c - see cluster.h. */
#include "graph/cluster.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "graph/components.h"
#include "graph/contract.h"

#include <stdlib.h>
#include <string.h>

/* A component of at most SMALL edges is clustered RUNS_LEAST to RUNS_MOST times, as often as comes
 * to RUN_EDGES edges in all: it takes no time, and single runs differ. When the first RUNS_EQUAL do
 * not, it is enough. */
enum { RUNS_LEAST = 10, RUNS_MOST = 50, RUNS_EQUAL = 5, SMALL = 100000, RUN_EDGES = 500000 };

enum {
    GRAIN = 64,    /* small components a task */
    ROWS = 1 << 14 /* vertices or edges a task */
};

/* Refining a large component draws at random as if weights were this many times the mean one; a
 * small one is searched many times, and more freely. */
static const double RANDOMNESS = 0.02;

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
    const rf_cluster_settings *settings;
    rf_components parts;
    double resolution;
    rf_component_form *form; /* by component: large ones in rows, those of one community left out */
    double *mass;            /* by place: vertex weights, but of components left out */
    uint32_t *found;         /* by place: the community inside its component */
    uint32_t *count;         /* by component: its communities */
} search;

static double mass_of(const search *s, size_t c)
{
    const rf_components *p = &s->parts;
    return s->settings->objective == RF_CPM ? p->first[c + 1] - p->first[c] : 2 * p->inside[c];
}

/* Where every single edge outweighs what any two sides of a component cost (see contract.h), it is
 * one community and need not be searched. */
static void choose_forms(search *s)
{
    for (uint32_t c = 0; c < s->parts.count; c++) {
        double const mass = mass_of(s, c);
        s->form[c] = s->parts.least[c] > s->resolution * mass / 4 * mass ? RF_LEFT_OUT
                     : s->parts.edges[c] > SMALL                         ? RF_AS_ROWS
                                                                         : RF_AS_LIST;
        s->count[c] = 1;
    }
    memset(s->found, 0, s->edges->nodes * sizeof *s->found);
}

/* Vertex weights: 1, or the weights at each. */
static void weigh_list(const search *s, size_t c)
{
    const rf_components *p = &s->parts;
    double *mass = s->mass + p->first[c];
    bool const cpm = s->settings->objective == RF_CPM;
    for (uint32_t v = 0; v < p->first[c + 1] - p->first[c]; v++) {
        mass[v] = cpm ? 1 : 0;
    }
    for (uint64_t i = p->list_start[c]; i < p->list_start[c + 1] && !cpm; i++) {
        mass[p->list_from[i]] += p->list_weight[i];
        mass[p->list_to[i]] += p->list_weight[i];
    }
}

typedef struct row_weighing {
    const search *search;
    size_t component;
} row_weighing;

static void weigh_rows(void *context, size_t task, unsigned worker)
{
    const row_weighing *w = context;
    const search *s = w->search;
    const rf_components *p = &s->parts;
    uint32_t const end = p->first[w->component + 1];
    uint32_t const first = p->first[w->component] + (uint32_t)task * ROWS;
    bool const cpm = s->settings->objective == RF_CPM;
    (void)worker;
    for (uint32_t v = first; v < end && v - first < ROWS; v++) {
        double mass = p->weight == NULL ? (double)(p->start[v + 1] - p->start[v]) : 0;
        for (uint64_t i = p->start[v]; i < p->start[v + 1] && p->weight != NULL && !cpm; i++) {
            mass += (double)p->weight[i];
        }
        s->mass[v] = cpm ? 1 : mass * p->scale;
    }
}

static rf_leiden_input input_of(const search *s, size_t c)
{
    const rf_components *p = &s->parts;
    size_t length;
    const char *name = rf_edges_name(s->edges, p->node[p->first[c]], &length);
    return (rf_leiden_input){
        .vertices = p->first[c + 1] - p->first[c],
        .edges = p->edges[c],
        .vertex_weight = s->mass + p->first[c],
        .resolution = s->resolution,
        .seed = rf_hash_bytes(s->settings->seed, name, length),
        .iterations = s->settings->iterations,
        .polished = s->settings->polished,
    };
}

static rf_status cluster_large(const search *s, size_t c, rf_team *team, rf_error *err)
{
    const rf_components *p = &s->parts;
    uint32_t const base = p->first[c];
    row_weighing w = {s, c};
    rf_leiden_input input = input_of(s, c);
    rf_leiden_rows const rows = {p->start + base, p->neighbour, p->weight, p->scale};
    rf_team_run(team, (input.vertices + (size_t)ROWS - 1) / ROWS, weigh_rows, &w);
    input.randomness = RANDOMNESS;
    input.threads = s->settings->threads;
    return rf_leiden_by_rows(&input, &rows, s->found + base, &s->count[c], err);
}

static rf_status cluster_small(void *context, size_t block, size_t first, size_t end,
                               unsigned worker, rf_error *err)
{
    const search *s = context;
    rf_status status = RF_OK;
    (void)block;
    (void)worker;
    for (size_t c = first; c < end && status == RF_OK; c++) {
        if (s->form[c] == RF_AS_LIST) {
            const rf_components *p = &s->parts;
            rf_leiden_input input = input_of(s, c);
            weigh_list(s, c);
            input.from = p->list_from + p->list_start[c];
            input.to = p->list_to + p->list_start[c];
            input.weight = p->list_weight + p->list_start[c];
            status = cluster_contracted(&input, s->found + p->first[c], &s->count[c], err);
        }
    }
    return status;
}

/* Large components one after the other by all threads, small ones side by side. */
static rf_status cluster_parts(search *s, rf_team *team, rf_error *err)
{
    const rf_components *p = &s->parts;
    unsigned const threads = s->settings->threads;
    rf_status status = RF_OK;
    rf_progress progress;
    rf_progress_start(&progress, "finding communities", s->edges->nodes);
    for (uint32_t c = 0; c < p->count && status == RF_OK; c++) {
        if (s->form[c] == RF_AS_ROWS) {
            rf_progress_show(&progress, p->first[c]);
            status = cluster_large(s, c, team, err);
        }
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, p->count, GRAIN, cluster_small, s, err);
    }
    rf_progress_end(&progress);
    return status;
}

/* ---- numbers ---- */

/* Numbers communities component by component. Returns how many there are. */
static uint32_t number_by_place(const search *s)
{
    const rf_components *p = &s->parts;
    uint32_t before = 0;
    for (uint32_t c = 0; c < p->count; c++) {
        for (uint32_t v = p->first[c]; v < p->first[c + 1]; v++) {
            s->found[v] += before;
        }
        before += s->count[c];
    }
    return before;
}

/* Numbers communities by size, the largest first, then by first node; community[] is by node. */
static rf_status number_by_size(const search *s, uint32_t *community, uint32_t communities,
                                rf_error *err)
{
    uint32_t const nodes = s->edges->nodes;
    uint32_t *size = rf_alloc(communities, sizeof *size); /* these two by number so far */
    uint32_t *number = rf_alloc_raw(communities, sizeof *number);
    uint32_t *next = rf_alloc((size_t)nodes + 1, sizeof *next); /* new number, by size */
    if (size == NULL || number == NULL || next == NULL) {
        rf_free(size);
        rf_free(number);
        rf_free(next);
        return rf_fail_memory(err, "the communities");
    }
    for (uint32_t v = 0; v < nodes; v++) {
        size[s->found[v]]++;
        community[s->parts.node[v]] = s->found[v];
    }
    for (uint32_t k = 0; k < communities; k++) {
        next[size[k]]++;
        number[k] = UINT32_MAX;
    }
    for (uint32_t k = nodes, before = 0; k > 0; k--) {
        uint32_t const count = next[k];
        next[k] = before;
        before += count;
    }
    for (uint32_t v = 0; v < nodes; v++) {
        uint32_t const k = community[v];
        number[k] = number[k] == UINT32_MAX ? next[size[k]]++ : number[k];
        community[v] = number[k];
    }
    rf_free(size);
    rf_free(number);
    rf_free(next);
    return RF_OK;
}

/* ---- quality ---- */

/* The weight of edges inside communities, in blocks of ROWS edges. */
typedef struct weighing {
    const rf_edges *edges;
    const uint32_t *community; /* by node */
    double *sum;               /* by block */
} weighing;

static void weigh_inside(void *context, size_t task, unsigned worker)
{
    const weighing *w = context;
    const rf_edges *e = w->edges;
    uint64_t const first = (uint64_t)task * ROWS;
    double sum = 0;
    (void)worker;
    for (uint64_t i = first; i < e->count && i - first < ROWS; i++) {
        sum += w->community[e->from[i]] == w->community[e->to[i]] ? e->weight[i] : 0;
    }
    w->sum[task] = sum;
}

static rf_status find_inside(const search *s, const uint32_t *community, rf_team *team,
                             double *inside, rf_error *err)
{
    size_t const blocks = (size_t)((s->edges->count + ROWS - 1) / ROWS);
    weighing w = {s->edges, community, rf_alloc_raw(blocks, sizeof *w.sum)};
    *inside = 0;
    if (w.sum == NULL) {
        return rf_fail_memory(err, "the quality of the communities");
    }
    rf_team_run(team, blocks, weigh_inside, &w);
    for (size_t i = 0; i < blocks; i++) {
        *inside += w.sum[i];
    }
    rf_free(w.sum);
    return RF_OK;
}

/* Needs s->found numbered over all components; community[] is by node. */
static rf_status measure(const search *s, const uint32_t *community, uint32_t communities,
                         rf_team *team, double total, double *quality, rf_error *err)
{
    const rf_components *p = &s->parts;
    bool const cpm = s->settings->objective == RF_CPM;
    double inside = 0;
    double charged = 0;
    double *mass = rf_alloc(communities, sizeof *mass);
    rf_status const status = mass == NULL ? rf_fail_memory(err, "the quality of the communities")
                                          : find_inside(s, community, team, &inside, err);
    for (uint32_t c = 0; c < p->count && status == RF_OK; c++) {
        if (s->form[c] == RF_LEFT_OUT) {
            mass[s->found[p->first[c]]] = mass_of(s, c);
        }
        for (uint32_t v = p->first[c]; v < p->first[c + 1] && s->form[c] != RF_LEFT_OUT; v++) {
            mass[s->found[v]] += s->mass[v];
        }
    }
    for (uint32_t k = 0; k < communities && status == RF_OK; k++) {
        double const share = mass[k] / (2 * total);
        charged += cpm ? s->resolution * (mass[k] * (mass[k] - 1) / 2)
                       : s->settings->resolution * (share * share);
    }
    rf_free(mass);
    *quality = total > 0 ? (cpm ? inside : inside / total) - charged : 0;
    return status;
}

/* ---- the whole ---- */

static rf_status allocate_search(search *s, rf_error *err)
{
    uint32_t const nodes = s->edges->nodes;
    s->form = rf_alloc(s->parts.count, sizeof *s->form);
    s->count = rf_alloc(s->parts.count, sizeof *s->count);
    s->mass = rf_alloc_raw(nodes, sizeof *s->mass);
    s->found = rf_alloc_raw(nodes, sizeof *s->found);
    return s->form == NULL || s->count == NULL || s->mass == NULL || s->found == NULL
               ? rf_fail_memory(err, "the communities")
               : RF_OK;
}

static void free_search(search *s)
{
    rf_components_free(&s->parts);
    rf_free(s->form);
    rf_free(s->count);
    rf_free(s->mass);
    rf_free(s->found);
}

/* What a pair costs, for vertex weights as in weigh_some. */
static double resolution_for(const rf_cluster_settings *settings, uint32_t nodes, double total)
{
    double const pairs = (double)nodes * ((double)nodes - 1) / 2;
    if (settings->objective == RF_MODULARITY) {
        return total > 0 ? settings->resolution / (2 * total) : 0;
    }
    return !settings->relative ? settings->resolution
           : pairs > 0         ? settings->resolution * total / pairs
                               : 0;
}

static rf_status find(search *s, rf_team *team, uint32_t *community, uint32_t *communities,
                      double *quality, rf_error *err)
{
    uint32_t const nodes = s->edges->nodes;
    double total = 0;
    rf_status status = allocate_search(s, err);
    for (uint32_t c = 0; c < s->parts.count; c++) {
        total += s->parts.inside[c];
    }
    s->resolution = resolution_for(s->settings, nodes, total);
    if (status == RF_OK) {
        choose_forms(s);
        status = rf_components_lay_out(s->edges, s->form, team, &s->parts, err);
    }
    if (status == RF_OK) {
        status = cluster_parts(s, team, err);
    }
    if (status == RF_OK) {
        *communities = number_by_place(s);
        status = number_by_size(s, community, *communities, err);
    }
    return status == RF_OK ? measure(s, community, *communities, team, total, quality, err)
                           : status;
}

rf_status rf_cluster(const rf_edges *edges, const rf_cluster_settings *settings,
                     uint32_t *community, uint32_t *communities, double *quality, rf_error *err)
{
    search s = {.edges = edges, .settings = settings};
    rf_team *team = NULL;
    rf_status status = rf_team_start(settings->threads, &team, err);
    *communities = 0;
    *quality = 0;
    if (status == RF_OK) {
        status = rf_components_find(edges, team, &s.parts, err);
    }
    if (status == RF_OK) {
        status = find(&s, team, community, communities, quality, err);
    }
    free_search(&s);
    rf_team_end(team);
    return status;
}
