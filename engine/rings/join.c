/* join.c - see join.h. */
#include "rings/join.h"

#include "graph/graph.h"
#include "graph/leiden.h"
#include "rings/assemble.h"
#include "rings/regroup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

rf_join_settings rf_join_defaults(void)
{
    return (rf_join_settings){
        .suspect_from = -4, .allowance = 12, .contrast = 6, .tie_contrast = 100};
}

/* Groups of suspect rings: at first each by itself. */
typedef struct suspects {
    uint32_t *group; /* by ring index, UINT32_MAX when not suspect */
    uint32_t groups;
    double *mass; /* members, by group */
} suspects;

/* Links between suspect rings, by ring index. */
typedef struct bridges {
    uint32_t *from, *to;
    float *weight;
    size_t count, room[3];
} bridges;

static rf_status list_suspects(const rf_findings *f, double from, suspects *s, rf_error *err)
{
    s->group = rf_alloc(f->rings, sizeof *s->group);
    s->mass = rf_alloc(f->rings, sizeof *s->mass);
    if (s->group == NULL || s->mass == NULL) {
        return rf_fail_memory(err, "the suspect rings");
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        s->group[r] = f->ring[r].score >= from ? s->groups++ : UINT32_MAX;
    }
    return RF_OK;
}

static bool add_bridge(bridges *out, uint32_t from, uint32_t to, double bits)
{
    if (!rf_reserve(&out->from, &out->room[0], out->count + 1, sizeof *out->from) ||
        !rf_reserve(&out->to, &out->room[1], out->count + 1, sizeof *out->to) ||
        !rf_reserve(&out->weight, &out->room[2], out->count + 1, sizeof *out->weight)) {
        return false;
    }
    out->from[out->count] = from;
    out->to[out->count] = to;
    out->weight[out->count++] = (float)(bits < RF_LINK_BITS_MAX ? bits : RF_LINK_BITS_MAX);
    return true;
}

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* found[0, count): the suspect ring of each holder of one value, sorted here. Every ring with
 * enough of them is bridged to the first such ring. */
static bool bridge_value(bridges *out, uint32_t *found, uint32_t count)
{
    uint32_t first = UINT32_MAX;
    qsort(found, count, sizeof *found, ascending);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && found[end] == found[i];) {
            end++;
        }
        if (end - i < RF_SIGNATURE_MEMBERS) {
            continue;
        }
        if (first == UINT32_MAX) {
            first = found[i];
        } else if (!add_bridge(out, first, found[i], RF_LINK_BITS_MAX)) {
            return false;
        }
    }
    return true;
}

/* ---- by links ---- */

/* A link between two rings. */
typedef struct tie {
    uint32_t from, to; /* ring indices, from < to */
    uint32_t a, b;     /* an account of each */
    rf_bits bits;
} tie;

/* By pairs of rings, the strongest first. */
static int by_rings(const void *left, const void *right)
{
    const tie *x = left;
    const tie *y = right;
    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    if (x->to != y->to) {
        return x->to < y->to ? -1 : 1;
    }
    if (x->bits != y->bits) {
        return x->bits > y->bits ? -1 : 1;
    }
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    return (x->b > y->b) - (x->b < y->b);
}

/* Lists the links between different rings, sorted. */
static bool list_ties(const rf_links *links, const uint32_t *ring, tie **out, size_t *count)
{
    size_t room = 0;
    for (uint64_t i = 0; i < links->count; i++) {
        uint32_t const a = links->a[i];
        uint32_t const b = links->b[i];
        if (ring[a] == UINT32_MAX || ring[b] == UINT32_MAX || ring[a] == ring[b]) {
            continue;
        }
        if (!rf_reserve(out, &room, *count + 1, sizeof **out)) {
            return false;
        }
        (*out)[(*count)++] = ring[a] < ring[b] ? (tie){ring[a], ring[b], a, b, links->bits[i]}
                                               : (tie){ring[b], ring[a], b, a, links->bits[i]};
    }
    if (*count > 1) {
        qsort(*out, *count, sizeof **out, by_rings);
    }
    return true;
}

/* The end of the links between the two rings of list[i]. */
static size_t ties_end(const tie *list, size_t count, size_t i)
{
    size_t end = i + 1;
    while (end < count && list[end].from == list[i].from && list[end].to == list[i].to) {
        end++;
    }
    return end;
}

/* How often chance ties two members of different rings: pairs of rings that any link joins, over
 * pairs of members. Nearly all rings are strangers to each other; counted by pairs of rings, those
 * that belong together weigh no more than others. */
static double stranger_rate(const tie *list, size_t count, double members)
{
    double tied_rings = 0;
    for (size_t i = 0; i < count; i = ties_end(list, count, i)) {
        tied_rings++;
    }
    return 2 * tied_rings / fmax(members * members, 1);
}

/* Moves the links of list[0, count) of which no two have an account in common to the front, taken
 * greedily, the strongest first, and returns their number: one value that some accounts share with
 * many is one coincidence, not many. used[] is by account, and holds `mark` for accounts met here.
 */
static size_t matched(tie *list, size_t count, uint32_t mark, uint32_t *used)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        tie const it = list[i];
        if (used[it.a] != mark && used[it.b] != mark) {
            used[it.a] = used[it.b] = mark;
            list[found++] = it;
        }
    }
    return found;
}

/* Bridges suspect rings by the matched links between them; by one more when these are more than
 * strangers' by so much that their number alone tells. */
static bool bridge_ties(const rf_findings *f, tie *list, size_t count, const suspects *s,
                        double contrast, uint32_t *used, bridges *out)
{
    double const rate = stranger_rate(list, count, f->members);
    uint32_t mark = 0;
    bool done = true;
    for (size_t i = 0, end; i < count && done; i = end) {
        uint32_t const from = list[i].from;
        uint32_t const to = list[i].to;
        double const pairs = (double)f->ring[from].size * f->ring[to].size;
        size_t links;
        end = ties_end(list, count, i);
        if (s->group[from] == UINT32_MAX || s->group[to] == UINT32_MAX) {
            continue;
        }
        links = matched(list + i, end - i, ++mark, used);
        for (size_t k = 0; k < links && done; k++) {
            done = add_bridge(out, from, to, rf_bits_real(list[i + k].bits));
        }
        if (done && contrast > 0 && links >= 2 && (double)(links - 1) >= contrast * rate * pairs) {
            done = add_bridge(out, from, to, RF_LINK_BITS_MAX);
        }
    }
    return done;
}

static rf_status bridge_by_links(const rf_findings *f, uint32_t accounts, const rf_links *links,
                                 const uint32_t *ring, const suspects *s, double contrast,
                                 bridges *out, rf_error *err)
{
    tie *list = NULL;
    size_t count = 0;
    uint32_t *used = rf_alloc(accounts, sizeof *used);
    bool const done = used != NULL && list_ties(links, ring, &list, &count) &&
                      bridge_ties(f, list, count, s, contrast, used, out);
    rf_free(used);
    rf_free(list);
    return done ? RF_OK : rf_fail_memory(err, "the links between rings");
}

/* ---- by values that suspects alone hold ---- */

/* All bridges of this kind weigh the same, so their order, that of values, does not matter. */
static rf_status bridge_by_values(const rf_population *p, const uint32_t *ring, const suspects *s,
                                  bridges *out, rf_error *err)
{
    uint32_t *found = rf_alloc_raw(p->accounts, sizeof *found);
    rf_status status = found == NULL ? rf_fail_memory(err, "the links between rings") : RF_OK;
    for (uint32_t g = 0; g < p->groups && status == RF_OK; g++) {
        const uint32_t *holders = rf_group_holders(p, g);
        uint32_t const n = rf_group_size(p, g);
        uint32_t count = 0;
        if (n < RF_SIGNATURE_HOLDERS || rf_group_signal(p, g)->windowed) {
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            uint32_t const r = ring[holders[i]];
            if (r != UINT32_MAX && s->group[r] != UINT32_MAX) {
                found[count++] = r;
            }
        }
        if (count >= RF_SIGNATURE_SHARE * n && !bridge_value(out, found, count)) {
            status = rf_fail_memory(err, "the links between rings");
        }
    }
    rf_free(found);
    return status;
}

/* The evidence between groups: bridges added up. */
static rf_status link_groups(const bridges *all, const suspects *s, rf_graph *graph, rf_error *err)
{
    uint32_t *from = rf_alloc_raw(all->count, sizeof *from);
    uint32_t *to = rf_alloc_raw(all->count, sizeof *to);
    rf_status status = RF_OK;
    if (from == NULL || to == NULL) {
        status = rf_fail_memory(err, "the links between rings");
    } else {
        for (size_t i = 0; i < all->count; i++) {
            from[i] = s->group[all->from[i]];
            to[i] = s->group[all->to[i]];
        }
        status = rf_graph_build(s->groups, all->count, from, to, all->weight, graph, err);
    }
    rf_free(from);
    rf_free(to);
    return status;
}

/* Communities of groups whose evidence, less the allowance, exceeds the density. */
static rf_status cluster_groups(const rf_graph *g, const suspects *s, double allowance,
                                double density, uint64_t seed, uint32_t *community,
                                uint32_t *communities, rf_error *err)
{
    rf_leiden_input input = {.vertices = s->groups,
                             .vertex_weight = s->mass,
                             .resolution = density,
                             .seed = seed,
                             .iterations = 10};
    uint32_t *from = rf_alloc_raw(g->edges, sizeof *from);
    uint32_t *to = rf_alloc_raw(g->edges, sizeof *to);
    double *weight = rf_alloc_raw(g->edges, sizeof *weight);
    rf_status status = RF_OK;
    if (from == NULL || to == NULL || weight == NULL) {
        status = rf_fail_memory(err, "the links between rings");
    } else {
        for (uint32_t v = 0; v < g->vertices; v++) {
            for (uint64_t k = g->start[v]; k < g->start[v + 1]; k++) {
                if (v < g->neighbour[k] && (double)g->weight[k] > allowance) {
                    from[input.edges] = v;
                    to[input.edges] = g->neighbour[k];
                    weight[input.edges++] = (double)g->weight[k] - allowance;
                }
            }
        }
        input.from = from;
        input.to = to;
        input.weight = weight;
        status = rf_leiden(&input, community, communities, err);
    }
    rf_free(from);
    rf_free(to);
    rf_free(weight);
    return status;
}

/* One round: groups become communities of groups. *changed is false when none joined. */
static rf_status join_round(const rf_findings *f, const bridges *all, suspects *s,
                            const rf_join_settings *settings, double chance_density, uint64_t seed,
                            bool *changed, rf_error *err)
{
    rf_graph graph = {0};
    uint32_t communities = s->groups;
    uint32_t *community = rf_alloc(s->groups, sizeof *community);
    rf_status status = community == NULL ? rf_fail_memory(err, "the joined rings")
                                         : link_groups(all, s, &graph, err);
    memset(s->mass, 0, s->groups * sizeof *s->mass);
    for (uint32_t r = 0; r < f->rings; r++) {
        if (s->group[r] != UINT32_MAX) {
            s->mass[s->group[r]] += f->ring[r].size;
        }
    }
    if (status == RF_OK && graph.edges > 0) {
        status = cluster_groups(&graph, s, settings->allowance, settings->contrast * chance_density,
                                seed, community, &communities, err);
        for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
            s->group[r] = s->group[r] == UINT32_MAX ? UINT32_MAX : community[s->group[r]];
        }
    }
    *changed = communities < s->groups;
    s->groups = communities;
    rf_graph_free(&graph);
    rf_free(community);
    return status;
}

/* target[r]: the first ring of r's group, r itself when it is no suspect. */
static rf_status choose_targets(const rf_findings *f, const suspects *s, uint32_t *target,
                                rf_error *err)
{
    uint32_t *first = rf_alloc_raw(s->groups, sizeof *first);
    if (first == NULL) {
        return rf_fail_memory(err, "the joined rings");
    }
    memset(first, 0xff, s->groups * sizeof *first);
    for (uint32_t r = 0; r < f->rings; r++) {
        uint32_t const g = s->group[r];
        target[r] = r;
        if (g != UINT32_MAX) {
            first[g] = first[g] == UINT32_MAX ? r : first[g];
            target[r] = first[g];
        }
    }
    rf_free(first);
    return RF_OK;
}

/* Members move to the target; rings left empty go. When there are none, members are as they were,
 * with their links. */
static rf_status move_members(const rf_population *population, const uint32_t *target,
                              rf_findings *findings, uint32_t *joined, rf_error *err)
{
    uint32_t const before = findings->rings;
    rf_places places;
    rf_status status;
    uint32_t still = 0;
    while (still < before && target[still] == still) {
        still++;
    }
    if (still == before) {
        return RF_OK;
    }
    status = rf_places_of(findings, population->accounts, &places, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < findings->members; i++) {
        places.ring[findings->member[i].account] = target[findings->member[i].ring - 1];
    }
    status = rf_rings_regroup(population, &places, 0, findings, err);
    *joined = before - findings->rings;
    rf_places_free(&places);
    return status;
}

static rf_status join_all(const rf_population *p, const rf_findings *f, const rf_links *links,
                          const uint32_t *ring, const rf_join_settings *settings,
                          double chance_density, uint64_t seed, uint32_t *target, rf_error *err)
{
    suspects s = {0};
    bridges all = {0};
    bool changed = true;
    rf_status status = list_suspects(f, settings->suspect_from, &s, err);
    if (status == RF_OK) {
        status =
            bridge_by_links(f, p->accounts, links, ring, &s, settings->tie_contrast, &all, err);
    }
    if (status == RF_OK) {
        status = bridge_by_values(p, ring, &s, &all, err);
    }
    while (status == RF_OK && changed) {
        status = join_round(f, &all, &s, settings, chance_density, seed, &changed, err);
    }
    if (status == RF_OK) {
        status = choose_targets(f, &s, target, err);
    }
    rf_free(s.group);
    rf_free(s.mass);
    rf_free(all.from);
    rf_free(all.to);
    rf_free(all.weight);
    return status;
}

rf_status rf_rings_join(const rf_population *population, const rf_links *links,
                        const rf_join_settings *settings, double chance_density, uint64_t seed,
                        rf_findings *findings, uint32_t *joined, rf_error *err)
{
    uint32_t *ring = rf_alloc_raw(population->accounts, sizeof *ring);
    uint32_t *target = rf_alloc(findings->rings, sizeof *target);
    rf_status status = RF_OK;
    *joined = 0;
    if (ring == NULL || target == NULL) {
        status = rf_fail_memory(err, "the joined rings");
    } else {
        rf_rings_of_accounts(findings, population->accounts, ring);
        status = join_all(population, findings, links, ring, settings, chance_density, seed, target,
                          err);
    }
    if (status == RF_OK) {
        status = rf_networks_join(findings, target, err);
    }
    if (status == RF_OK) {
        status = move_members(population, target, findings, joined, err);
    }
    rf_free(target);
    rf_free(ring);
    return status;
}
