/* leiden_graph.c - the graphs Leiden works on: built from edges, laid out anew, aggregated.
 *
 * Invariant: the order inside a row depends on the input alone. Each thread fills rows of its own.
 * Workload: built and laid out anew once (the largest arrays of Leiden), aggregated a few times.
 */
#include "graph/leiden_core.h"

#include "base/memory.h"

#include <string.h>

enum { ROWS = 1 << 12 }; /* vertices a task */

static rf_status allocate(rf_lgraph *g, uint32_t vertices, uint64_t halves, bool weighted,
                          rf_error *err)
{
    *g = (rf_lgraph){.vertices = vertices,
                     .start = rf_alloc_raw((size_t)vertices + 1, sizeof *g->start),
                     .degree = rf_alloc(vertices, sizeof *g->degree),
                     .neighbour = rf_alloc_raw(halves, sizeof *g->neighbour),
                     .mass = rf_alloc(vertices, sizeof *g->mass)};
    if (weighted) {
        g->weight = rf_alloc_raw(halves, sizeof *g->weight);
    }
    if (g->start == NULL || g->degree == NULL || g->neighbour == NULL || g->mass == NULL ||
        (weighted && g->weight == NULL)) {
        rf_lgraph_free(g);
        return rf_fail_memory(err, "the graph of communities");
    }
    return RF_OK;
}

void rf_lgraph_free(rf_lgraph *graph)
{
    if (!graph->borrowed) {
        rf_free(graph->start);
        rf_free(graph->degree);
        rf_free(graph->lent ? NULL : graph->neighbour);
        rf_free(graph->lent ? NULL : graph->weight);
        rf_free(graph->mass);
    }
    *graph = (rf_lgraph){0};
}

/* ---- from edges ---- */

typedef struct builder {
    const rf_leiden_input *in;
    rf_lgraph *graph;
    double scale;
    uint32_t share; /* vertices a task */
} builder;

static float relative(const builder *b, uint64_t i)
{
    return (float)(b->in->weight[i] / b->scale);
}

/* Every task reads all edges, in order, and writes the rows that are its own. */
static void count_rows(void *context, size_t task, unsigned worker)
{
    builder *b = context;
    const uint32_t *from = b->in->from;
    const uint32_t *to = b->in->to;
    uint32_t *degree = b->graph->degree;
    uint32_t const first = (uint32_t)task * b->share;
    bool const weighted = b->graph->weight != NULL;
    (void)worker;
    for (uint64_t i = 0; i < b->in->edges; i++) {
        if (weighted && relative(b, i) <= 0) {
            continue;
        }
        if (from[i] - first < b->share) {
            degree[from[i]]++;
        }
        if (to[i] - first < b->share) {
            degree[to[i]]++;
        }
    }
}

static void append(rf_lgraph *g, uint32_t v, uint32_t w, float weight)
{
    uint64_t const at = g->start[v] + g->degree[v]++;
    g->neighbour[at] = w;
    if (g->weight != NULL) {
        g->weight[at] = weight;
    }
}

static void fill_rows(void *context, size_t task, unsigned worker)
{
    builder *b = context;
    const uint32_t *from = b->in->from;
    const uint32_t *to = b->in->to;
    uint32_t const first = (uint32_t)task * b->share;
    bool const weighted = b->graph->weight != NULL;
    (void)worker;
    for (uint64_t i = 0; i < b->in->edges; i++) {
        float const weight = weighted ? relative(b, i) : 1;
        if (weight <= 0) {
            continue;
        }
        if (from[i] - first < b->share) {
            append(b->graph, from[i], to[i], weight);
        }
        if (to[i] - first < b->share) {
            append(b->graph, to[i], from[i], weight);
        }
    }
}

static double largest_weight(const rf_leiden_input *in, bool *equal)
{
    double most = 0;
    *equal = true;
    for (uint64_t i = 0; i < in->edges; i++) {
        most = in->weight[i] > most ? in->weight[i] : most;
        *equal = *equal && in->weight[i] == in->weight[0];
    }
    return most;
}

static double largest_mass(const rf_leiden_input *in)
{
    double most = 0;
    for (uint32_t v = 0; v < in->vertices; v++) {
        most = in->vertex_weight[v] > most ? in->vertex_weight[v] : most;
    }
    return most > 0 ? most : 1;
}

rf_status rf_lgraph_build(const rf_leiden_input *input, rf_team *team, rf_lgraph *graph,
                          double *resolution, rf_error *err)
{
    unsigned const tasks = rf_team_size(team);
    uint32_t const n = input->vertices;
    builder b = {.in = input, .graph = graph, .share = n / tasks + 1};
    double const mass = largest_mass(input);
    bool equal;
    rf_status status;
    b.scale = largest_weight(input, &equal);
    status = allocate(graph, n, 2 * input->edges, !equal || b.scale <= 0, err);
    if (status != RF_OK) {
        return status;
    }
    b.scale = b.scale > 0 ? b.scale : 1;
    rf_team_run(team, tasks, count_rows, &b);
    graph->start[0] = 0;
    for (uint32_t v = 0; v < n; v++) {
        graph->start[v + 1] = graph->start[v] + graph->degree[v];
        graph->degree[v] = 0;
        graph->mass[v] = input->vertex_weight[v] / mass;
    }
    rf_team_run(team, tasks, fill_rows, &b);
    *resolution = input->resolution * mass * (mass / b.scale);
    return RF_OK;
}

/* ---- from rows ---- */

rf_status rf_lgraph_from_rows(const rf_leiden_input *input, const rf_leiden_rows *rows,
                              rf_lgraph *graph, double *resolution, rf_error *err)
{
    uint32_t const n = input->vertices;
    uint64_t const skipped = rows->start[0];
    double const mass = largest_mass(input);
    rf_status const status = allocate(graph, n, 0, false, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t v = 0; v < n; v++) {
        graph->start[v] = rows->start[v] - skipped;
        graph->degree[v] = (uint32_t)(rows->start[v + 1] - rows->start[v]);
        graph->mass[v] = input->vertex_weight[v] / mass;
    }
    graph->start[n] = rows->start[n] - skipped;
    rf_free(graph->neighbour);
    graph->neighbour = rows->neighbour + skipped;
    graph->weight = rows->weight == NULL ? NULL : rows->weight + skipped;
    graph->lent = true;
    *resolution = input->resolution * mass * (mass / rows->scale);
    return RF_OK;
}

/* ---- laid out anew ---- */

typedef struct layout {
    const rf_lgraph *from;
    rf_lgraph *to;
    const uint32_t *order, *number;
} layout;

static void copy_rows(void *context, size_t task, unsigned worker)
{
    const layout *l = context;
    uint32_t const n = l->to->vertices;
    uint32_t const first = (uint32_t)task * ROWS;
    (void)worker;
    for (uint32_t v = first; v < n && v < first + ROWS; v++) {
        const uint32_t *row = l->from->neighbour + l->from->start[l->order[v]];
        uint32_t *copy = l->to->neighbour + l->to->start[v];
        for (uint32_t i = 0; i < l->to->degree[v]; i++) {
            copy[i] = l->number[row[i]];
        }
        if (l->to->weight != NULL) {
            memcpy(l->to->weight + l->to->start[v], l->from->weight + l->from->start[l->order[v]],
                   l->to->degree[v] * sizeof *l->to->weight);
        }
    }
}

rf_status rf_lgraph_relabel(const rf_lgraph *graph, rf_team *team, const uint32_t *order,
                            const uint32_t *number, rf_lgraph *out, rf_error *err)
{
    uint32_t const n = graph->vertices;
    layout l = {.from = graph, .to = out, .order = order, .number = number};
    uint64_t halves = 0;
    rf_status status;
    for (uint32_t v = 0; v < n; v++) {
        halves += graph->degree[v];
    }
    status = allocate(out, n, halves, graph->weight != NULL, err);
    if (status != RF_OK) {
        return status;
    }
    out->start[0] = 0;
    for (uint32_t v = 0; v < n; v++) {
        out->degree[v] = graph->degree[order[v]];
        out->mass[v] = graph->mass[order[v]];
        out->start[v + 1] = out->start[v] + out->degree[v];
    }
    rf_team_run(team, (n + ROWS - 1) / ROWS, copy_rows, &l);
    return RF_OK;
}

/* ---- aggregated ---- */

void rf_lcore_sort(rf_lcore *core, const uint32_t *key, uint32_t vertices)
{
    uint32_t *first = core->first;
    memset(first, 0, ((size_t)vertices + 2) * sizeof *first);
    for (uint32_t v = 0; v < vertices; v++) {
        first[key[v] + 2]++;
    }
    for (uint32_t k = 2; k < vertices + 1; k++) {
        first[k] += first[k - 1];
    }
    for (uint32_t v = 0; v < vertices; v++) { /* first[k + 1] serves as the cursor of k */
        core->order[first[key[v] + 1]++] = v;
    }
}

typedef struct aggregation {
    rf_lcore *core;
    const rf_lgraph *from;
    rf_lgraph *to;
} aggregation;

static void add_up_rows(void *context, size_t task, unsigned worker)
{
    const aggregation *a = context;
    const rf_lcore *core = a->core;
    rf_lslot *slot = core->worker[worker].slot;
    uint32_t *touched = core->worker[worker].touched;
    uint32_t const parts = a->to->vertices;
    uint32_t const first = (uint32_t)task * (ROWS / 4);
    uint64_t at = a->to->start[first]; /* rows of a task stand close */
    for (uint32_t p = first; p < parts && p < first + ROWS / 4; p++) {
        uint32_t count = 0;
        for (uint32_t k = core->first[p]; k < core->first[p + 1]; k++) {
            uint32_t const v = core->order[k];
            uint64_t const end = a->from->start[v] + a->from->degree[v];
            a->to->mass[p] += a->from->mass[v];
            for (uint64_t i = a->from->start[v]; i < end; i++) {
                uint32_t const other = core->part[a->from->neighbour[i]];
                if (other == p) { /* most do */
                    continue;
                }
                touched[count] = other;
                count += slot[other].links == 0;
                slot[other].links += a->from->weight == NULL ? 1 : (double)a->from->weight[i];
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t const other = touched[i];
            a->to->neighbour[at + i] = other;
            a->to->weight[at + i] = (float)slot[other].links;
            slot[other].links = 0;
        }
        a->to->start[p] = at;
        a->to->degree[p] = count;
        at += count;
    }
}

rf_status rf_lgraph_aggregate(const rf_lgraph *graph, rf_lcore *core, uint32_t parts,
                              rf_lgraph *out, rf_error *err)
{
    aggregation a = {.core = core, .from = graph, .to = out};
    uint64_t halves = 0;
    rf_status status;
    rf_lcore_sort(core, core->part, graph->vertices);
    for (uint32_t v = 0; v < graph->vertices; v++) {
        halves += graph->degree[v];
    }
    status = allocate(out, parts, halves, true, err); /* pages that stay empty cost nothing */
    if (status != RF_OK) {
        return status;
    }
    halves = 0;
    for (uint32_t p = 0; p < parts; p++) {
        out->start[p] = halves;
        for (uint32_t k = core->first[p]; k < core->first[p + 1]; k++) {
            halves += graph->degree[core->order[k]];
        }
    }
    out->start[parts] = halves;
    rf_team_run(core->team, (parts + ROWS / 4 - 1) / (ROWS / 4), add_up_rows, &a);
    return RF_OK;
}
