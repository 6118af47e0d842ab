/* bridges.c - see bridges.h. All rings at once: as a graph they are components of their own. */
#include "rings/bridges.h"

#include "graph/cut.h"

#include <string.h>

typedef struct builder {
    const rf_population *p;
    const rf_links *links;
    const rf_findings *f;
    const uint8_t *known; /* by ring: 1: its bridges are known, nothing of it is built; or NULL */
    uint32_t *index;      /* by account: its member, UINT32_MAX for none */
    uint32_t *hub;        /* by ring: its vertex for the star being added */
    uint32_t *from, *to;
    float *weight;
    uint64_t edges;
    uint32_t vertices;
} builder;

static void add_edge(builder *b, uint32_t from, uint32_t to)
{
    b->from[b->edges] = from;
    b->to[b->edges] = to;
    b->weight[b->edges++] = 1;
}

/* A star is one vertex in every ring that it reaches into. */
static void add_star(builder *b, uint32_t group)
{
    const uint32_t *holders = rf_group_holders(b->p, group);
    memset(b->hub, 0xff, b->f->rings * sizeof *b->hub);
    for (uint32_t i = 0; i < rf_group_size(b->p, group); i++) {
        uint32_t const m = b->index[holders[i]];
        uint32_t ring;
        if (m == UINT32_MAX) {
            continue;
        }
        ring = b->f->member[m].ring - 1;
        if (b->hub[ring] == UINT32_MAX) {
            b->hub[ring] = b->vertices++;
        }
        add_edge(b, m, b->hub[ring]);
    }
}

static rf_status build(builder *b, rf_graph *graph, rf_error *err)
{
    uint64_t most = b->links->count;
    for (uint32_t s = 0; s < b->links->stars; s++) {
        most += rf_group_size(b->p, b->links->star[s].group);
    }
    b->index = rf_alloc_raw(b->p->accounts, sizeof *b->index);
    b->hub = rf_alloc_raw(b->f->rings, sizeof *b->hub);
    b->from = rf_alloc_raw(most, sizeof *b->from);
    b->to = rf_alloc_raw(most, sizeof *b->to);
    b->weight = rf_alloc_raw(most, sizeof *b->weight);
    if (b->index == NULL || b->hub == NULL || b->from == NULL || b->to == NULL ||
        b->weight == NULL) {
        return rf_fail_memory(err, "the bridges of the rings");
    }
    memset(b->index, 0xff, b->p->accounts * sizeof *b->index);
    for (uint32_t m = 0; m < b->f->members; m++) {
        if (b->known == NULL || b->known[b->f->member[m].ring - 1] == 0) {
            b->index[b->f->member[m].account] = m;
        }
    }
    b->vertices = b->f->members;
    for (uint64_t i = 0; i < b->links->count; i++) {
        uint32_t const m = b->index[b->links->a[i]];
        uint32_t const k = b->index[b->links->b[i]];
        if (m != UINT32_MAX && k != UINT32_MAX && b->f->member[m].ring == b->f->member[k].ring) {
            add_edge(b, m, k);
        }
    }
    for (uint32_t s = 0; s < b->links->stars; s++) {
        add_star(b, b->links->star[s].group);
    }
    return rf_graph_build(b->vertices, b->edges, b->from, b->to, b->weight, graph, err);
}

static rf_status mark(const rf_population *population, const rf_links *links, const uint8_t *known,
                      rf_findings *findings, rf_error *err)
{
    builder b = {.p = population, .links = links, .f = findings, .known = known};
    rf_graph graph = {0};
    uint8_t *mass = NULL;
    uint32_t *off = NULL;
    rf_status status = build(&b, &graph, err);
    if (status == RF_OK) {
        mass = rf_alloc(graph.vertices, sizeof *mass);
        off = rf_alloc(graph.vertices, sizeof *off);
        status =
            mass == NULL || off == NULL ? rf_fail_memory(err, "the bridges of the rings") : RF_OK;
    }
    if (status == RF_OK) {
        memset(mass, 1, findings->members);
        status = rf_graph_cuts(&graph, mass, off, err);
    }
    for (uint32_t m = 0; m < findings->members && status == RF_OK; m++) {
        rf_member *member = &findings->member[m];
        if (known == NULL || known[member->ring - 1] == 0) {
            member->bridge = !member->fringe && off[m] >= RF_BRIDGE_PART;
        }
    }
    rf_graph_free(&graph);
    rf_free(mass);
    rf_free(off);
    rf_free(b.index);
    rf_free(b.hub);
    rf_free(b.from);
    rf_free(b.to);
    rf_free(b.weight);
    return status;
}

rf_status rf_rings_bridges(const rf_population *population, const rf_links *links,
                           rf_findings *findings, rf_error *err)
{
    return mark(population, links, NULL, findings, err);
}

/* ---- of an update ---- */

/* was: by account, its role as it was written plus one. */
static bool is_as_it_was(const rf_findings *f, uint32_t r, const rf_run_memory *before,
                         const uint8_t *was, const uint8_t *touched)
{
    const rf_ring *ring = &f->ring[r];
    const rf_member *member = f->member + ring->first_member;
    uint32_t same;
    uint32_t const kept = rf_memory_kept(before, member, ring->size, &same);
    bool as_it_was = kept != 0 && same == ring->size && before->kept_size[kept - 1] == same;
    for (uint32_t i = 0; i < ring->size && as_it_was; i++) {
        uint32_t const a = member[i].account;
        as_it_was = touched[a] == 0 && member[i].fringe == (was[a] == RF_KEPT_FRINGE + 1);
    }
    return as_it_was;
}

rf_status rf_rings_bridges_renew(const rf_population *population, const rf_links *links,
                                 const rf_run_memory *before, const uint8_t *touched,
                                 rf_findings *findings, rf_error *err)
{
    rf_findings *f = findings;
    uint8_t *was = rf_alloc(population->accounts, sizeof *was);
    uint8_t *known = rf_alloc(f->rings, sizeof *known);
    rf_status status =
        was == NULL || known == NULL ? rf_fail_memory(err, "the bridges of the rings") : RF_OK;
    for (size_t i = 0; i < before->member_count && status == RF_OK; i++) {
        was[before->members[i].account] = (uint8_t)(before->members[i].role + 1);
    }
    /* who shares a star has no links of its own that would tell of it */
    for (uint32_t r = 0; r < f->rings && status == RF_OK && links->stars == 0; r++) {
        known[r] = is_as_it_was(f, r, before, was, touched);
    }
    for (uint32_t m = 0; m < f->members && status == RF_OK; m++) {
        f->member[m].bridge = was[f->member[m].account] == RF_KEPT_BRIDGE + 1;
    }
    if (status == RF_OK) {
        status = mark(population, links, known, f, err);
    }
    rf_free(was);
    rf_free(known);
    return status;
}
