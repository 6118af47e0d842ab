/* levels.c - see levels.h. */
#include "graph/levels.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/progress.h"
#include "graph/leiden.h"

#include <string.h>

rf_level_settings rf_level_defaults(void)
{
    return (rf_level_settings){
        .cell_resolution = 1,
        .ring_resolution = 0.05,
        .network_resolution = 0.005,
        .min_links = 2,
        .min_size = 3,
        .seed = 1,
        .iterations = 2,
    };
}

/* ---- cleaning ---- */

/* Takes away, again and again, every vertex with fewer than min_links neighbours of its own group;
 * group RF_NO_COMMUNITY means gone. A hub stays while it has min_links neighbours, too. */
static rf_status peel(const rf_graph *g, uint32_t min_links, uint32_t *group, rf_error *err)
{
    uint32_t *degree = rf_alloc(g->vertices, sizeof *degree);
    uint32_t *queue = rf_alloc_raw(g->vertices, sizeof *queue);
    uint32_t head = 0;
    uint32_t tail = 0;
    if (degree == NULL || queue == NULL) {
        rf_free(degree);
        rf_free(queue);
        return rf_fail_memory(err, "the communities");
    }
    for (uint32_t v = 0; v < g->vertices; v++) {
        if (group[v] == RF_NO_COMMUNITY) {
            continue;
        }
        for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
            degree[v] += group[g->neighbour[i]] == group[v];
        }
        if (degree[v] < min_links) {
            queue[tail++] = v;
        }
    }
    while (head < tail) {
        uint32_t const v = queue[head++];
        uint32_t const left = group[v];
        group[v] = RF_NO_COMMUNITY;
        for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
            uint32_t const w = g->neighbour[i];
            if (group[w] == left && degree[w]-- == min_links) {
                queue[tail++] = w;
            }
        }
    }
    rf_free(degree);
    rf_free(queue);
    return RF_OK;
}

/* Splits every group into its connected parts: group[v] becomes the part's number. */
static rf_status split(const rf_graph *g, uint32_t *group, uint32_t *groups, rf_error *err)
{
    uint32_t *part = rf_alloc_raw(g->vertices, sizeof *part);
    uint32_t *queue = rf_alloc_raw(g->vertices, sizeof *queue);
    *groups = 0;
    if (part == NULL || queue == NULL) {
        rf_free(part);
        rf_free(queue);
        return rf_fail_memory(err, "the communities");
    }
    memset(part, 0xff, g->vertices * sizeof *part);
    for (uint32_t root = 0; root < g->vertices; root++) {
        uint32_t head = 0;
        uint32_t tail = 0;
        if (group[root] == RF_NO_COMMUNITY || part[root] != RF_NO_COMMUNITY) {
            continue;
        }
        part[root] = *groups;
        queue[tail++] = root;
        while (head < tail) {
            uint32_t const v = queue[head++];
            for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
                uint32_t const w = g->neighbour[i];
                if (group[w] == group[v] && part[w] == RF_NO_COMMUNITY) {
                    part[w] = *groups;
                    queue[tail++] = w;
                }
            }
        }
        (*groups)++;
    }
    memcpy(group, part, g->vertices * sizeof *part);
    rf_free(part);
    rf_free(queue);
    return RF_OK;
}

/* ---- one component ---- */

/* A component with its own vertex numbers, or an aggregate of one. */
typedef struct piece {
    uint32_t vertices;
    uint64_t edges;
    uint32_t *from, *to;
    double *weight;
    double *mass; /* vertex weights: strengths */
} piece;

static void piece_free(piece *p)
{
    rf_free(p->from);
    rf_free(p->to);
    rf_free(p->weight);
    rf_free(p->mass);
    *p = (piece){0};
}

static bool piece_alloc(piece *p, uint32_t vertices, uint64_t edges)
{
    *p = (piece){.vertices = vertices};
    p->from = rf_alloc_raw(edges, sizeof *p->from);
    p->to = rf_alloc_raw(edges, sizeof *p->to);
    p->weight = rf_alloc_raw(edges, sizeof *p->weight);
    p->mass = rf_alloc(vertices, sizeof *p->mass);
    return p->from != NULL && p->to != NULL && p->weight != NULL && p->mass != NULL;
}

typedef struct finder {
    const rf_graph *g;
    const rf_level_settings *settings;
    double twice_total; /* 2m of the whole cleaned graph */
    uint32_t *local;    /* vertex -> number inside its component */
    rf_levels *levels;
    uint32_t *work[3]; /* cell, ring and network of a component's vertices or communities */
} finder;

/* The subgraph of `members` (ascending), which are all of one component. */
static rf_status cut_piece(const finder *f, const uint32_t *members, uint32_t count,
                           const uint32_t *component, piece *out, rf_error *err)
{
    const rf_graph *g = f->g;
    uint64_t edges = 0;
    for (uint32_t i = 0; i < count; i++) {
        edges += g->start[members[i] + 1] - g->start[members[i]];
    }
    if (!piece_alloc(out, count, edges / 2 + 1)) {
        piece_free(out);
        return rf_fail_memory(err, "a component");
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t const v = members[i];
        for (uint64_t k = g->start[v]; k < g->start[v + 1]; k++) {
            uint32_t const w = g->neighbour[k];
            if (component[w] != component[v]) {
                continue; /* peeled off */
            }
            out->mass[i] += (double)g->weight[k];
            if (v < w) {
                out->from[out->edges] = i;
                out->to[out->edges] = f->local[w];
                out->weight[out->edges++] = (double)g->weight[k];
            }
        }
    }
    return RF_OK;
}

/* The graph of communities: edges between two of them added up, masses too. */
static rf_status aggregate(const piece *fine, const uint32_t *community, uint32_t communities,
                           piece *out, rf_error *err)
{
    rf_graph joined = {0};
    float *weight = rf_alloc_raw(fine->edges, sizeof *weight);
    uint32_t *ends[2] = {rf_alloc_raw(fine->edges, sizeof(uint32_t)),
                         rf_alloc_raw(fine->edges, sizeof(uint32_t))};
    rf_status status = RF_OK;
    if (weight == NULL || ends[0] == NULL || ends[1] == NULL) {
        status = rf_fail_memory(err, "an aggregated graph");
        goto done;
    }
    for (uint64_t i = 0; i < fine->edges; i++) {
        ends[0][i] = community[fine->from[i]];
        ends[1][i] = community[fine->to[i]];
        weight[i] = (float)fine->weight[i];
    }
    status = rf_graph_build(communities, fine->edges, ends[0], ends[1], weight, &joined, err);
    if (status == RF_OK && !piece_alloc(out, communities, joined.edges)) {
        piece_free(out);
        status = rf_fail_memory(err, "an aggregated graph");
    }
    if (status != RF_OK) {
        goto done;
    }
    for (uint32_t v = 0; v < communities; v++) {
        for (uint64_t k = joined.start[v]; k < joined.start[v + 1]; k++) {
            if (v < joined.neighbour[k]) {
                out->from[out->edges] = v;
                out->to[out->edges] = joined.neighbour[k];
                out->weight[out->edges++] = (double)joined.weight[k];
            }
        }
    }
    for (uint32_t v = 0; v < fine->vertices; v++) {
        out->mass[community[v]] += fine->mass[v];
    }
done:
    rf_graph_free(&joined);
    rf_free(weight);
    rf_free(ends[0]);
    rf_free(ends[1]);
    return status;
}

static rf_status cluster_piece(const finder *f, const piece *p, double resolution, uint64_t seed,
                               uint32_t *community, uint32_t *communities, rf_error *err)
{
    rf_leiden_input const input = {
        .vertices = p->vertices,
        .edges = p->edges,
        .from = p->from,
        .to = p->to,
        .weight = p->weight,
        .vertex_weight = p->mass,
        .resolution = resolution / f->twice_total,
        .seed = seed,
        .iterations = f->settings->iterations,
    };
    if (p->vertices <= 2) { /* one community: nothing to decide at the resolutions in use */
        memset(community, 0, p->vertices * sizeof *community);
        *communities = p->vertices == 0 ? 0 : 1;
        return RF_OK;
    }
    return rf_leiden(&input, community, communities, err);
}

/* Clusters one component at the three levels and hands out numbers from the running counts. */
static rf_status find_in_component(finder *f, const uint32_t *members, uint32_t count,
                                   const uint32_t *component, rf_error *err)
{
    double const resolution[3] = {f->settings->cell_resolution, f->settings->ring_resolution,
                                  f->settings->network_resolution};
    uint32_t communities[3] = {0};
    uint64_t const seed = rf_mix2(f->settings->seed, members[0]);
    piece current = {0};
    rf_status status = cut_piece(f, members, count, component, &current, err);
    for (int level = 0; level < 3 && status == RF_OK; level++) {
        status = cluster_piece(f, &current, resolution[level], seed, f->work[level],
                               &communities[level], err);
        if (status == RF_OK && level < 2) {
            piece next = {0};
            status = aggregate(&current, f->work[level], communities[level], &next, err);
            piece_free(&current);
            current = next;
        }
    }
    piece_free(&current);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t const cell = f->work[0][i];
        uint32_t const ring = f->work[1][cell];
        f->levels->cell[members[i]] = f->levels->cells + cell;
        f->levels->ring[members[i]] = f->levels->rings + ring;
        f->levels->network[members[i]] = f->levels->networks + f->work[2][ring];
    }
    f->levels->cells += communities[0];
    f->levels->rings += communities[1];
    f->levels->networks += communities[2];
    return RF_OK;
}

/* ---- all components ---- */

/* Vertices ordered by component: members[start[c] .. start[c + 1]) are those of component c. */
static void order_by_component(const uint32_t *component, uint32_t vertices, uint32_t components,
                               uint32_t *start, uint32_t *members, uint32_t *local)
{
    memset(start, 0, ((size_t)components + 1) * sizeof *start);
    for (uint32_t v = 0; v < vertices; v++) {
        if (component[v] != RF_NO_COMMUNITY) {
            start[component[v] + 1]++;
        }
    }
    for (uint32_t c = 0; c < components; c++) {
        start[c + 1] += start[c];
    }
    for (uint32_t v = 0; v < vertices; v++) {
        if (component[v] != RF_NO_COMMUNITY) {
            members[start[component[v]]++] = v;
        }
    }
    memmove(start + 1, start, components * sizeof *start);
    start[0] = 0;
    for (uint32_t c = 0; c < components; c++) {
        for (uint32_t i = start[c]; i < start[c + 1]; i++) {
            local[members[i]] = i - start[c];
        }
    }
}

static double mass_of(const rf_graph *g, const uint32_t *component)
{
    double sum = 0;
    for (uint32_t v = 0; v < g->vertices; v++) {
        for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
            if (component[v] != RF_NO_COMMUNITY && component[g->neighbour[i]] == component[v]) {
                sum += (double)g->weight[i];
            }
        }
    }
    return sum > 0 ? sum : 1;
}

static rf_status cluster_components(finder *f, uint32_t *component, uint32_t components,
                                    uint32_t min_size, rf_error *err)
{
    uint32_t const n = f->g->vertices;
    uint32_t *start = rf_alloc((size_t)components + 1, sizeof *start);
    uint32_t *members = rf_alloc_raw(n, sizeof *members);
    rf_progress progress;
    rf_status status = RF_OK;
    f->local = rf_alloc_raw(n, sizeof *f->local);
    for (int i = 0; i < 3; i++) {
        f->work[i] = rf_alloc_raw(n, sizeof *f->work[i]);
    }
    rf_progress_start(&progress, "finding communities", n);
    if (start == NULL || members == NULL || f->local == NULL || f->work[0] == NULL ||
        f->work[1] == NULL || f->work[2] == NULL) {
        status = rf_fail_memory(err, "the communities");
        goto done;
    }
    order_by_component(component, n, components, start, members, f->local);
    f->twice_total = mass_of(f->g, component);
    for (uint32_t c = 0; c < components && status == RF_OK; c++) {
        uint32_t const size = start[c + 1] - start[c];
        rf_progress_show(&progress, start[c]);
        if (size >= min_size) {
            status = find_in_component(f, members + start[c], size, component, err);
        }
    }
done:
    rf_progress_end(&progress);
    rf_free(start);
    rf_free(members);
    rf_free(f->local);
    for (int i = 0; i < 3; i++) {
        rf_free(f->work[i]);
    }
    return status;
}

/* ---- cleaning the rings ---- */

/* Members of each group, hubs not counted; groups below min_size are dissolved. */
static rf_status drop_small(uint32_t *group, uint32_t vertices, uint32_t groups, uint32_t first_hub,
                            uint32_t min_size, rf_error *err)
{
    uint32_t *size = rf_alloc(groups, sizeof *size);
    if (size == NULL) {
        return rf_fail_memory(err, "the rings");
    }
    for (uint32_t v = 0; v < vertices && v < first_hub; v++) {
        if (group[v] != RF_NO_COMMUNITY) {
            size[group[v]]++;
        }
    }
    for (uint32_t v = 0; v < vertices; v++) {
        if (group[v] != RF_NO_COMMUNITY && size[group[v]] < min_size) {
            group[v] = RF_NO_COMMUNITY;
        }
    }
    rf_free(size);
    return RF_OK;
}

/* Numbers dense by first vertex; hubs lose their membership. */
static rf_status number_level(uint32_t *level, const uint32_t *ring, uint32_t vertices,
                              uint32_t first_hub, uint32_t *count, rf_error *err)
{
    uint32_t most = 0;
    uint32_t *number;
    for (uint32_t v = 0; v < vertices; v++) {
        if (v >= first_hub || ring[v] == RF_NO_COMMUNITY) {
            level[v] = RF_NO_COMMUNITY;
        } else if (level[v] >= most) {
            most = level[v] + 1;
        }
    }
    number = rf_alloc_raw(most, sizeof *number);
    *count = 0;
    if (number == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    memset(number, 0xff, (size_t)most * sizeof *number);
    for (uint32_t v = 0; v < vertices; v++) {
        if (level[v] != RF_NO_COMMUNITY) {
            if (number[level[v]] == UINT32_MAX) {
                number[level[v]] = (*count)++;
            }
            level[v] = number[level[v]];
        }
    }
    rf_free(number);
    return RF_OK;
}

/* A cell whose ring fell apart falls apart with it: cells are cut where rings are. */
static rf_status cut_cells(const rf_graph *g, const uint32_t *ring, uint32_t *cell, rf_error *err)
{
    uint32_t parts;
    for (uint32_t v = 0; v < g->vertices; v++) {
        if (ring[v] == RF_NO_COMMUNITY) {
            cell[v] = RF_NO_COMMUNITY;
        }
    }
    return split(g, cell, &parts, err);
}

static rf_status clean_rings(finder *f, uint32_t first_hub, rf_error *err)
{
    rf_levels *l = f->levels;
    uint32_t const n = f->g->vertices;
    uint32_t parts = 0;
    rf_status status = peel(f->g, f->settings->min_links, l->ring, err);
    if (status == RF_OK) {
        status = split(f->g, l->ring, &parts, err);
    }
    if (status == RF_OK) {
        status = drop_small(l->ring, n, parts, first_hub, f->settings->min_size, err);
    }
    if (status == RF_OK) {
        status = cut_cells(f->g, l->ring, l->cell, err);
    }
    if (status == RF_OK) {
        status = number_level(l->network, l->ring, n, first_hub, &l->networks, err);
    }
    if (status == RF_OK) {
        status = number_level(l->cell, l->ring, n, first_hub, &l->cells, err);
    }
    if (status == RF_OK) {
        status = number_level(l->ring, l->ring, n, first_hub, &l->rings, err);
    }
    return status;
}

rf_status rf_levels_find(const rf_graph *graph, uint32_t first_hub,
                         const rf_level_settings *settings, rf_levels *levels, rf_error *err)
{
    uint32_t const n = graph->vertices;
    finder f = {.g = graph, .settings = settings, .levels = levels};
    uint32_t *component = rf_alloc(n, sizeof *component);
    uint32_t components = 0;
    rf_status status = RF_OK;
    *levels = (rf_levels){0};
    levels->cell = rf_alloc_raw(n, sizeof *levels->cell);
    levels->ring = rf_alloc_raw(n, sizeof *levels->ring);
    levels->network = rf_alloc_raw(n, sizeof *levels->network);
    if (component == NULL || levels->cell == NULL || levels->ring == NULL ||
        levels->network == NULL) {
        status = rf_fail_memory(err, "the communities");
        goto done;
    }
    memset(levels->cell, 0xff, n * sizeof *levels->cell);
    memset(levels->ring, 0xff, n * sizeof *levels->ring);
    memset(levels->network, 0xff, n * sizeof *levels->network);
    status = peel(graph, settings->min_links, component, err); /* all of one group 0 at first */
    if (status == RF_OK) {
        status = split(graph, component, &components, err);
    }
    if (status == RF_OK) {
        status = cluster_components(&f, component, components, settings->min_size, err);
    }
    if (status == RF_OK) {
        status = clean_rings(&f, first_hub, err);
    }
done:
    rf_free(component);
    if (status != RF_OK) {
        rf_levels_free(levels);
    }
    return status;
}

void rf_levels_free(rf_levels *levels)
{
    rf_free(levels->cell);
    rf_free(levels->ring);
    rf_free(levels->network);
    *levels = (rf_levels){0};
}
