/* levels.c - see levels.h. */
#include "graph/levels.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "graph/leiden.h"
#include "graph/peel.h"
#include "graph/unsettled.h"

#include <math.h>
#include <string.h>

enum {
    GROUP_LARGE = 1 << 16, /* members */
    GROUP_GRAIN = 16       /* small groups a task */
};

rf_level_settings rf_level_defaults(void)
{
    return (rf_level_settings){
        .resolution = 1,
        .ring_density = 0.025,
        .cell_factor = 10,
        .network_contrast = 5,
        .min_links = 2,
        .min_size = 3,
        .seed = 1,
        .iterations = 2,
        .threads = 1,
    };
}

/* ---- one group of vertices ---- */

/* A subgraph with its own vertex numbers. */
typedef struct piece {
    uint32_t vertices;
    uint64_t edges;
    uint32_t *from, *to;
    double *weight;
    double *mass; /* vertex weights: members */
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
    rf_levels *levels;
    uint32_t first_hub;
    uint32_t *first;              /* of each group in members; groups + 1 */
    uint32_t *members;            /* vertices by group */
    uint32_t *local;              /* vertex -> number inside its group */
    uint32_t *work;               /* communities of a group, where its members stand */
    const rf_level_start *before; /* what was found before; NULL: nothing */
    uint32_t *start; /* by vertex: the first one it starts with; NULL: everybody alone */
} finder;

/* The subgraph of the vertices of one group (ascending), or of some of it: some[i] is then the
 * number that member i of the group has among them, UINT32_MAX for all others. */
static rf_status cut_piece(const finder *f, const uint32_t *members, uint32_t count,
                           const uint32_t *group, const uint32_t *some, piece *out, rf_error *err)
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
        out->mass[i] = v < f->first_hub ? 1 : 0;
        for (uint64_t k = g->start[v]; k < g->start[v + 1]; k++) {
            uint32_t const w = g->neighbour[k];
            if (v < w && group[w] == group[v] &&
                (some == NULL || some[f->local[w]] != UINT32_MAX)) {
                out->from[out->edges] = i;
                out->to[out->edges] = some == NULL ? f->local[w] : some[f->local[w]];
                out->weight[out->edges++] = (double)g->weight[k];
            }
        }
    }
    return RF_OK;
}

static rf_status cluster_piece(const finder *f, const piece *p, double density, uint64_t seed,
                               unsigned threads, const uint32_t *start, uint32_t *community,
                               uint32_t *communities, rf_error *err)
{
    rf_leiden_input const input = {
        .vertices = p->vertices,
        .edges = p->edges,
        .from = p->from,
        .to = p->to,
        .weight = p->weight,
        .vertex_weight = p->mass,
        .start = start,
        .resolution = density,
        .seed = seed,
        .iterations = f->settings->iterations,
        .threads = threads,
    };
    return rf_leiden(&input, community, communities, err);
}

/* ---- all groups ---- */

/* Vertices ordered by group: members[start[c] .. start[c + 1]) are those of group c. */
static void order_by_group(finder *f, const uint32_t *group, uint32_t groups)
{
    uint32_t const vertices = f->g->vertices;
    memset(f->first, 0, ((size_t)groups + 1) * sizeof *f->first);
    for (uint32_t v = 0; v < vertices; v++) {
        if (group[v] != RF_NO_COMMUNITY) {
            f->first[group[v] + 1]++;
        }
    }
    for (uint32_t c = 0; c < groups; c++) {
        f->first[c + 1] += f->first[c];
    }
    for (uint32_t v = 0; v < vertices; v++) {
        if (group[v] != RF_NO_COMMUNITY) {
            f->members[f->first[group[v]]++] = v;
        }
    }
    memmove(f->first + 1, f->first, groups * sizeof *f->first);
    f->first[0] = 0;
    for (uint32_t c = 0; c < groups; c++) {
        for (uint32_t i = f->first[c]; i < f->first[c + 1]; i++) {
            f->local[f->members[i]] = i - f->first[c];
        }
    }
}

/* All groups, each by itself. */
typedef struct grouping {
    const finder *f;
    const uint32_t *group;
    double density;
    uint32_t *count; /* by group: its communities */
} grouping;

/* A large group is clustered by all threads, small ones by one each. */
static bool is_large(const finder *f, size_t c)
{
    return f->first[c + 1] - f->first[c] >= GROUP_LARGE;
}

static bool is_touched(const finder *f, const uint32_t *members, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && f->before->touched[members[i]] == 0) {
        i++;
    }
    return i < count;
}

/* The communities of before stay, numbered by their first members, but for those of some members
 * (as in cut_piece; NULL: none); returns how many do. */
static uint32_t stay(const finder *f, const uint32_t *members, uint32_t count, const uint32_t *some,
                     uint32_t *community)
{
    uint32_t communities = 0;
    for (uint32_t i = 0; i < count; i++) { /* the first one comes first */
        uint32_t const first = f->local[f->start[members[i]]];
        if (some == NULL || some[i] == UINT32_MAX) {
            community[i] = first == i ? communities++ : community[first];
        }
    }
    return communities;
}

/* f->work has the communities of the group's members, in their order. */
static rf_status cluster_group(const grouping *all, size_t c, unsigned threads, rf_error *err)
{
    const finder *f = all->f;
    const uint32_t *members = f->members + f->first[c];
    uint32_t const count = f->first[c + 1] - f->first[c];
    piece current = {0};
    rf_status status = cut_piece(f, members, count, all->group, NULL, &current, err);
    if (status == RF_OK) {
        status = cluster_piece(f, &current, all->density, rf_mix2(f->settings->seed, members[0]),
                               threads, NULL, f->work + f->first[c], &all->count[c], err);
    }
    piece_free(&current);
    return status;
}

/* Those of a group that are searched again. */
typedef struct searched {
    uint8_t *unsettled; /* by member */
    uint32_t *some;     /* see cut_piece */
    uint32_t *vertex;   /* the others of these are by their number */
    uint32_t *start;
    uint32_t *community;
    uint32_t count;
} searched;

static rf_status list_searched(const finder *f, const grouping *all, size_t c, searched *s,
                               rf_error *err)
{
    const uint32_t *members = f->members + f->first[c];
    uint32_t const count = f->first[c + 1] - f->first[c];
    rf_settling const settling = {.graph = f->g,
                                  .members = members,
                                  .count = count,
                                  .group = all->group,
                                  .local = f->local,
                                  .start = f->start,
                                  .touched = f->before->touched,
                                  .first_hub = f->first_hub,
                                  .density = all->density};
    uint32_t next = 0;
    rf_status status;
    s->unsettled = rf_alloc_raw(count, sizeof *s->unsettled);
    s->some = rf_alloc_raw(count, sizeof *s->some);
    if (s->unsettled == NULL || s->some == NULL) {
        return rf_fail_memory(err, "a component");
    }
    status = rf_unsettled_find(&settling, s->unsettled, &s->count, err);
    s->vertex = rf_alloc_raw(s->count, sizeof *s->vertex);
    s->start = rf_alloc_raw(s->count, sizeof *s->start);
    s->community = rf_alloc_raw(s->count, sizeof *s->community);
    if (status == RF_OK && (s->vertex == NULL || s->start == NULL || s->community == NULL)) {
        status = rf_fail_memory(err, "a component");
    }
    for (uint32_t i = 0; i < count && status == RF_OK; i++) {
        s->some[i] = s->unsettled[i] != 0 ? next : UINT32_MAX;
        if (s->unsettled[i] != 0) {
            s->start[next] = s->some[f->local[f->start[members[i]]]];
            s->vertex[next++] = members[i];
        }
    }
    return status;
}

/* The same from the communities of before: only unsettled ones are searched. */
static rf_status renew_group(const grouping *all, size_t c, unsigned threads, rf_error *err)
{
    const finder *f = all->f;
    const uint32_t *members = f->members + f->first[c];
    uint32_t const count = f->first[c + 1] - f->first[c];
    uint32_t *community = f->work + f->first[c];
    uint32_t found = 0;
    searched s = {0};
    piece current = {0};
    rf_status status = RF_OK;
    if (is_touched(f, members, count)) {
        status = list_searched(f, all, c, &s, err);
    }
    if (status == RF_OK && s.count > 0) {
        status = cut_piece(f, s.vertex, s.count, all->group, s.some, &current, err);
        if (status == RF_OK) {
            status =
                cluster_piece(f, &current, all->density, rf_mix2(f->settings->seed, members[0]),
                              threads, s.start, s.community, &found, err);
        }
        piece_free(&current);
    }
    if (status == RF_OK) {
        uint32_t const settled = stay(f, members, count, s.some, community);
        for (uint32_t i = 0; i < count && s.count > 0; i++) {
            community[i] =
                s.some[i] == UINT32_MAX ? community[i] : settled + s.community[s.some[i]];
        }
        all->count[c] = settled + found;
    }
    rf_free(s.unsettled);
    rf_free(s.some);
    rf_free(s.vertex);
    rf_free(s.start);
    rf_free(s.community);
    return status;
}

static rf_status search_group(const grouping *all, size_t c, unsigned threads, rf_error *err)
{
    return all->f->start == NULL ? cluster_group(all, c, threads, err)
                                 : renew_group(all, c, threads, err);
}

static rf_status cluster_small(void *context, size_t block, size_t first, size_t end,
                               unsigned worker, rf_error *err)
{
    const grouping *all = context;
    rf_status status = RF_OK;
    (void)block;
    (void)worker;
    for (size_t c = first; c < end && status == RF_OK; c++) {
        if (!is_large(all->f, c)) {
            status = search_group(all, c, 1, err);
        }
    }
    return status;
}

/* Where clustering starts: f->start[v] is the first vertex of those that were together in `before`,
 * are in one group and hang together; alone who was in none. Needs f->members. */
static void find_start(finder *f, const uint32_t *before, const uint32_t *group)
{
    const rf_graph *g = f->g;
    uint32_t *queue = f->members;
    uint32_t *part = f->start;
    memset(part, 0xff, g->vertices * sizeof *part);
    for (uint32_t root = 0; root < g->vertices; root++) {
        uint32_t head = 0;
        uint32_t tail = 0;
        if (part[root] != UINT32_MAX) {
            continue;
        }
        part[root] = root;
        if (before[root] == RF_NO_COMMUNITY || group[root] == RF_NO_COMMUNITY) {
            continue;
        }
        queue[tail++] = root;
        while (head < tail) {
            uint32_t const v = queue[head++];
            for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
                uint32_t const w = g->neighbour[i];
                if (part[w] == UINT32_MAX && before[w] == before[v] && group[w] == group[v]) {
                    part[w] = root;
                    queue[tail++] = w;
                }
            }
        }
    }
}

/* Clusters every group by itself: level[v] is the community of v, numbered over all groups; *total
 * is their number. */
static rf_status cluster_groups(finder *f, const uint32_t *group, uint32_t groups,
                                const uint32_t *before, double density, uint32_t *level,
                                uint32_t *total, rf_error *err)
{
    grouping all = {.f = f, .group = group, .density = density};
    unsigned const threads = f->settings->threads;
    rf_progress progress;
    rf_status status = RF_OK;
    *total = 0;
    all.count = rf_alloc(groups, sizeof *all.count);
    if (all.count == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    if (f->start != NULL) {
        find_start(f, before, group);
    }
    order_by_group(f, group, groups);
    rf_progress_start(&progress, "finding communities", f->first[groups]);
    for (uint32_t c = 0; c < groups && status == RF_OK; c++) {
        if (is_large(f, c)) {
            rf_progress_show(&progress, f->first[c]);
            status = search_group(&all, c, threads, err);
        }
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, groups, GROUP_GRAIN, cluster_small, &all, err);
    }
    for (uint32_t c = 0; c < groups && status == RF_OK; c++) {
        for (uint32_t i = f->first[c]; i < f->first[c + 1]; i++) {
            level[f->members[i]] = *total + f->work[i];
        }
        *total += all.count[c];
    }
    rf_progress_end(&progress);
    rf_free(all.count);
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

/* Peels and splits the rings as clustered, and drops what is left too small. */
static rf_status clean_rings(const finder *f, uint32_t *ring, uint32_t *rings, rf_error *err)
{
    rf_status status = rf_graph_peel(f->g, f->settings->min_links, ring, err);
    if (status == RF_OK) {
        status = rf_graph_split(f->g, ring, rings, err);
    }
    if (status == RF_OK) {
        status = drop_small(ring, f->g->vertices, *rings, f->first_hub, f->settings->min_size, err);
    }
    return status;
}

/* ---- joining communities ---- */

/* The links between groups, as a graph of groups. */
static rf_status join_groups(const finder *f, const uint32_t *group, uint32_t groups,
                             rf_graph *joined, rf_error *err)
{
    const rf_graph *g = f->g;
    uint64_t edges = 0;
    uint32_t *from = rf_alloc_raw(g->edges, sizeof *from);
    uint32_t *to = rf_alloc_raw(g->edges, sizeof *to);
    float *weight = rf_alloc_raw(g->edges, sizeof *weight);
    rf_status status = RF_OK;
    if (from == NULL || to == NULL || weight == NULL) {
        status = rf_fail_memory(err, "the graph of communities");
    }
    for (uint32_t v = 0; v < g->vertices && status == RF_OK; v++) {
        for (uint64_t k = g->start[v]; k < g->start[v + 1] && group[v] != RF_NO_COMMUNITY; k++) {
            uint32_t const w = g->neighbour[k];
            if (v < w && group[w] != RF_NO_COMMUNITY && group[w] != group[v]) {
                from[edges] = group[v];
                to[edges] = group[w];
                weight[edges++] = g->weight[k];
            }
        }
    }
    if (status == RF_OK) {
        status = rf_graph_build(groups, edges, from, to, weight, joined, err);
    }
    rf_free(from);
    rf_free(to);
    rf_free(weight);
    return status;
}

/* Joins groups whose evidence exceeds contrast times that of chance: the bits between all groups
 * over all pairs of their members, for nearly all of them are strangers. */
static rf_status cluster_joined(const finder *f, const uint32_t *group, uint32_t groups,
                                double contrast, uint32_t *community, rf_error *err)
{
    rf_graph joined = {0};
    piece p = {0};
    double members = 0;
    uint32_t communities;
    rf_status status = join_groups(f, group, groups, &joined, err);
    if (status == RF_OK && !piece_alloc(&p, groups, joined.edges)) {
        status = rf_fail_memory(err, "the graph of communities");
    }
    if (status != RF_OK) {
        piece_free(&p);
        rf_graph_free(&joined);
        return status;
    }
    for (uint32_t v = 0; v < f->g->vertices && v < f->first_hub; v++) {
        if (group[v] != RF_NO_COMMUNITY) {
            p.mass[group[v]] += 1;
            members += 1;
        }
    }
    for (uint32_t r = 0; r < groups; r++) {
        for (uint64_t k = joined.start[r]; k < joined.start[r + 1]; k++) {
            if (r < joined.neighbour[k]) {
                p.from[p.edges] = r;
                p.to[p.edges] = joined.neighbour[k];
                p.weight[p.edges++] = (double)joined.weight[k];
            }
        }
    }
    f->levels->chance_density = 2 * rf_graph_total(&joined) / fmax(members * members, 1);
    status = cluster_piece(f, &p, contrast * f->levels->chance_density, f->settings->seed,
                           f->settings->threads, NULL, community, &communities, err);
    piece_free(&p);
    rf_graph_free(&joined);
    return status;
}

/* network[v] becomes the community of v's ring. */
static rf_status find_networks(const finder *f, const uint32_t *ring, uint32_t rings,
                               uint32_t *network, rf_error *err)
{
    uint32_t *community = rf_alloc(rings, sizeof *community);
    double const contrast = f->settings->network_contrast * f->settings->resolution;
    rf_status status = community == NULL ? rf_fail_memory(err, "the graph of communities")
                                         : cluster_joined(f, ring, rings, contrast, community, err);
    for (uint32_t v = 0; v < f->g->vertices && status == RF_OK; v++) {
        network[v] = ring[v] == RF_NO_COMMUNITY ? RF_NO_COMMUNITY : community[ring[v]];
    }
    rf_free(community);
    return status;
}

/* ---- the three levels ---- */

static rf_status find_rings(finder *f, rf_levels *l, uint32_t *rings, rf_error *err)
{
    uint32_t *component = l->network; /* until networks are known */
    uint32_t groups = 0;
    rf_status status;
    memset(component, 0, f->g->vertices * sizeof *component);
    status =
        rf_graph_peel(f->g, f->settings->min_links, component, err); /* all of one group at first */
    if (status == RF_OK) {
        status = rf_graph_split(f->g, component, &groups, err);
    }
    if (status == RF_OK) {
        status = cluster_groups(f, component, groups, f->before == NULL ? NULL : f->before->ring,
                                f->settings->ring_density * f->settings->resolution, l->ring,
                                &groups, err);
    }
    if (status == RF_OK) {
        *rings = groups;
        status = clean_rings(f, l->ring, rings, err);
    }
    return status;
}

static rf_status find_levels(finder *f, rf_levels *l, rf_error *err)
{
    const rf_level_settings *s = f->settings;
    uint32_t const n = f->g->vertices;
    uint32_t rings = 0;
    uint32_t cells = 0;
    rf_status status = find_rings(f, l, &rings, err);
    if (status == RF_OK && s->rings_only) {
        memset(l->cell, 0, n * sizeof *l->cell);
        memset(l->network, 0, n * sizeof *l->network);
        return number_level(l->ring, l->ring, n, f->first_hub, &l->rings, err);
    }
    if (status == RF_OK) {
        status =
            cluster_groups(f, l->ring, rings, f->before == NULL ? NULL : f->before->cell,
                           s->ring_density * s->cell_factor * s->resolution, l->cell, &cells, err);
    }
    if (status == RF_OK) {
        status = find_networks(f, l->ring, rings, l->network, err);
    }
    if (status == RF_OK) {
        status = number_level(l->network, l->ring, n, f->first_hub, &l->networks, err);
    }
    if (status == RF_OK) {
        status = number_level(l->cell, l->ring, n, f->first_hub, &l->cells, err);
    }
    if (status == RF_OK) {
        status = number_level(l->ring, l->ring, n, f->first_hub, &l->rings, err);
    }
    return status;
}

rf_status rf_levels_find(const rf_graph *graph, uint32_t first_hub,
                         const rf_level_settings *settings, rf_levels *levels, rf_error *err)
{
    return rf_levels_renew(graph, first_hub, settings, NULL, levels, err);
}

rf_status rf_levels_renew(const rf_graph *graph, uint32_t first_hub,
                          const rf_level_settings *settings, const rf_level_start *start,
                          rf_levels *levels, rf_error *err)
{
    size_t const n = graph->vertices;
    finder f = {.g = graph,
                .settings = settings,
                .levels = levels,
                .first_hub = first_hub,
                .first = rf_alloc(n + 2, sizeof *f.first),
                .members = rf_alloc_raw(n, sizeof *f.members),
                .local = rf_alloc_raw(n, sizeof *f.local),
                .work = rf_alloc_raw(n, sizeof *f.work),
                .before = start,
                .start = start == NULL ? NULL : rf_alloc_raw(n, sizeof *f.start)};
    rf_status status;
    *levels = (rf_levels){.cell = rf_alloc_raw(n, sizeof *levels->cell),
                          .ring = rf_alloc_raw(n, sizeof *levels->ring),
                          .network = rf_alloc_raw(n, sizeof *levels->network)};
    if (f.first == NULL || f.members == NULL || (start != NULL && f.start == NULL) ||
        f.local == NULL || f.work == NULL || levels->cell == NULL || levels->ring == NULL ||
        levels->network == NULL) {
        status = rf_fail_memory(err, "the communities");
    } else {
        memset(levels->ring, 0xff, n * sizeof *levels->ring);
        memset(levels->cell, 0xff, n * sizeof *levels->cell);
        status = find_levels(&f, levels, err);
    }
    rf_free(f.first);
    rf_free(f.start);
    rf_free(f.members);
    rf_free(f.local);
    rf_free(f.work);
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
