/* components.c - see components.h. */
#include "graph/components.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        v = parent[v] = parent[parent[v]];
    }
    return v;
}

/* Union-find over edges [first, end); the smallest node is the root. */
static void join_ends(const rf_edges *e, uint64_t first, uint64_t last, uint32_t *of)
{
    for (uint32_t v = 0; v < e->nodes; v++) {
        of[v] = v;
    }
    for (uint64_t i = first, end; i < last; i = end) { /* the edges of one node at a time */
        uint32_t root = root_of(of, e->from[i]);
        for (end = i; end < last && e->from[end] == e->from[i]; end++) {
            if (of[e->to[end]] != root) {
                uint32_t const other = root_of(of, e->to[end]);
                uint32_t const least = root < other ? root : other;
                of[root] = of[other] = least;
                root = least;
            }
        }
    }
}

/* What either half of the edges joins is joined; components come numbered by their smallest node.
 * Returns their number. */
static uint32_t join_halves(uint32_t nodes, uint32_t *of, const uint32_t *half)
{
    uint32_t count = 0;
    for (uint32_t v = 0; v < nodes; v++) {
        if (half[v] != v) {
            uint32_t const a = root_of(of, v);
            uint32_t const b = root_of(of, half[v]);
            of[a] = of[b] = a < b ? a : b;
        }
    }
    /* parents are smaller than their children: one ascending pass turns roots into numbers */
    for (uint32_t v = 0; v < nodes; v++) {
        of[v] = of[v] == v ? count++ : of[of[v]];
    }
    return count;
}

/* Counting sort: first[c + 1] is the cursor of c and ends as the beginning of c + 1. */
static void place_nodes(const rf_edges *e, rf_components *out)
{
    uint32_t *first = out->first;
    for (uint32_t v = 0; v < e->nodes; v++) {
        first[out->of[v] + 2]++;
    }
    for (uint32_t c = 0; c < out->count; c++) {
        first[c + 2] += first[c + 1];
    }
    for (uint32_t v = 0; v < e->nodes; v++) {
        out->node[first[out->of[v] + 1]++] = v;
    }
}

static void weigh(const rf_edges *e, rf_components *out)
{
    for (uint32_t c = 0; c < out->count; c++) {
        out->least[c] = HUGE_VAL;
    }
    for (uint64_t i = 0, end; i < e->count; i = end) {
        uint32_t const c = out->of[e->from[i]];
        double least = out->least[c];
        double inside = out->inside[c];
        for (end = i; end < e->count && e->from[end] == e->from[i]; end++) {
            inside += e->weight[end];
            least = e->weight[end] < least ? e->weight[end] : least;
        }
        out->edges[c] += end - i;
        out->inside[c] = inside;
        out->least[c] = least;
    }
}

/* The largest weight, and whether all are that. */
static void scan_weights(const rf_edges *e, rf_components *out)
{
    double most = 0;
    double least = HUGE_VAL;
    for (uint64_t i = 0; i < e->count && (e->weighted || i == 0); i++) {
        most = e->weight[i] > most ? e->weight[i] : most;
        least = e->weight[i] < least ? e->weight[i] : least;
    }
    out->scale = most;
    out->alike = most == least;
}

typedef struct finding {
    const rf_edges *edges;
    rf_components *out;
    uint32_t *half; /* by node: its root by the second half of the edges */
} finding;

static void find_some(void *context, size_t task, unsigned worker)
{
    const finding *f = context;
    const rf_edges *e = f->edges;
    (void)worker;
    if (task == 0) {
        join_ends(e, 0, e->count / 2, f->out->of);
    } else if (task == 1) {
        join_ends(e, e->count / 2, e->count, f->half);
    } else {
        scan_weights(e, f->out);
    }
}

static void describe_some(void *context, size_t task, unsigned worker)
{
    const finding *f = context;
    (void)worker;
    if (task == 0) {
        weigh(f->edges, f->out);
    } else {
        place_nodes(f->edges, f->out);
    }
}

rf_status rf_components_find(const rf_edges *edges, rf_team *team, rf_components *out,
                             rf_error *err)
{
    finding f = {edges, out, rf_alloc_raw(edges->nodes, sizeof *f.half)};
    *out = (rf_components){.of = rf_alloc_raw(edges->nodes, sizeof *out->of)};
    if (out->of == NULL || f.half == NULL) {
        rf_free(f.half);
        rf_components_free(out);
        return rf_fail_memory(err, "the components");
    }
    rf_team_run(team, 3, find_some, &f);
    out->count = join_halves(edges->nodes, out->of, f.half);
    rf_free(f.half);
    out->first = rf_alloc((size_t)out->count + 2, sizeof *out->first);
    out->node = rf_alloc_raw(edges->nodes, sizeof *out->node);
    out->edges = rf_alloc(out->count, sizeof *out->edges);
    out->inside = rf_alloc(out->count, sizeof *out->inside);
    out->least = rf_alloc_raw(out->count, sizeof *out->least);
    if (out->first == NULL || out->node == NULL || out->edges == NULL || out->inside == NULL ||
        out->least == NULL) {
        rf_components_free(out);
        return rf_fail_memory(err, "the components");
    }
    rf_team_run(team, 2, describe_some, &f);
    return RF_OK;
}

/* ---- lists and rows ---- */

/* Edges are taken in blocks, one a thread, that part between nodes. Each block counts what it has
 * to put where and then puts it behind what the blocks before it have: so the order is that of the
 * edges, however many blocks there are. What a block counts at a place is edges to smaller
 * neighbours; of a component in a list, at its first place, all its edges. */
typedef struct builder {
    const rf_edges *edges;
    rf_components *out;
    const rf_component_form *form;
    uint32_t *spot;    /* by node: its place */
    uint32_t *larger;  /* by place: edges to larger neighbours, which one block alone has */
    uint32_t *smaller; /* by block and place */
    uint64_t *begin;   /* blocks + 1 edges */
    unsigned blocks;
} builder;

static void free_builder(builder *b)
{
    rf_free(b->spot);
    rf_free(b->larger);
    rf_free(b->smaller);
    rf_free(b->begin);
}

static rf_status start_builder(builder *b, rf_error *err)
{
    const rf_edges *e = b->edges;
    size_t const nodes = e->nodes;
    b->spot = rf_alloc_raw(nodes, sizeof *b->spot);
    b->larger = rf_alloc(nodes, sizeof *b->larger);
    b->smaller = rf_alloc(nodes * b->blocks, sizeof *b->smaller);
    b->begin = rf_alloc((size_t)b->blocks + 1, sizeof *b->begin);
    if (b->spot == NULL || b->larger == NULL || b->smaller == NULL || b->begin == NULL) {
        return rf_fail_memory(err, "the components");
    }
    for (uint32_t p = 0; p < nodes; p++) {
        b->spot[b->out->node[p]] = p;
    }
    for (unsigned k = 1; k <= b->blocks; k++) {
        uint64_t at = e->count / b->blocks * k;
        at = k == b->blocks ? e->count : at < b->begin[k - 1] ? b->begin[k - 1] : at;
        while (at > 0 && at < e->count && e->from[at] == e->from[at - 1]) {
            at++;
        }
        b->begin[k] = at;
    }
    return RF_OK;
}

static void count_some(void *context, size_t task, unsigned worker)
{
    const builder *b = context;
    const rf_edges *e = b->edges;
    const rf_components *c = b->out;
    uint32_t *smaller = b->smaller + task * e->nodes;
    (void)worker;
    for (uint64_t i = b->begin[task], end; i < b->begin[task + 1]; i = end) {
        uint32_t const part = c->of[e->from[i]];
        for (end = i; end < e->count && e->from[end] == e->from[i]; end++) {
            if (b->form[part] == RF_AS_ROWS) {
                smaller[b->spot[e->to[end]]]++;
            }
        }
        if (b->form[part] == RF_AS_ROWS) {
            b->larger[b->spot[e->from[i]]] = (uint32_t)(end - i);
        } else if (b->form[part] == RF_AS_LIST) {
            smaller[c->first[part]] += (uint32_t)(end - i);
        }
    }
}

/* What blocks counted at a place becomes where each begins, after `at`; returns where they end. */
static uint64_t begin_blocks(const builder *b, uint32_t place)
{
    uint32_t before = 0;
    for (unsigned k = 0; k < b->blocks; k++) {
        uint32_t *smaller = &b->smaller[(size_t)k * b->edges->nodes + place];
        uint32_t const count = *smaller;
        *smaller = before;
        before += count;
    }
    return before;
}

static void set_starts(const builder *b, uint64_t *listed, uint64_t *halves)
{
    rf_components *c = b->out;
    *listed = *halves = 0;
    for (uint32_t k = 0; k < c->count; k++) {
        c->list_start[k] = *listed;
        if (b->form[k] == RF_AS_LIST) {
            *listed += begin_blocks(b, c->first[k]);
        }
        for (uint32_t p = c->first[k]; p < c->first[k + 1]; p++) {
            c->start[p] = *halves;
            if (b->form[k] == RF_AS_ROWS) {
                *halves += begin_blocks(b, p) + b->larger[p];
            }
        }
    }
    c->list_start[c->count] = *listed;
    c->start[b->edges->nodes] = *halves;
}

/* Edges [first, end) of one node, whose component is in rows. */
static void put_into_rows(const builder *b, uint32_t *smaller, uint64_t first, uint64_t end)
{
    const rf_edges *e = b->edges;
    rf_components *c = b->out;
    uint32_t const base = c->first[c->of[e->from[first]]];
    uint32_t const from = b->spot[e->from[first]];
    uint64_t own = c->start[from + 1] - (end - first); /* after the smaller ones */
    for (uint64_t i = first; i < end; i++, own++) {
        uint32_t const to = b->spot[e->to[i]];
        uint64_t const at = c->start[to] + smaller[to]++;
        c->neighbour[own] = to - base;
        c->neighbour[at] = from - base;
        if (c->weight != NULL) {
            float const weight = (float)(e->weight[i] / c->scale);
            c->weight[own] = c->weight[at] = weight < FLT_MIN ? FLT_MIN : weight;
        }
    }
}

static void put_into_list(const builder *b, uint32_t *smaller, uint64_t first, uint64_t end)
{
    const rf_edges *e = b->edges;
    rf_components *c = b->out;
    uint32_t const part = c->of[e->from[first]];
    uint32_t const base = c->first[part];
    uint64_t at = c->list_start[part] + smaller[base];
    smaller[base] += (uint32_t)(end - first);
    for (uint64_t i = first; i < end; i++, at++) {
        c->list_from[at] = b->spot[e->from[i]] - base;
        c->list_to[at] = b->spot[e->to[i]] - base;
        c->list_weight[at] = e->weight[i];
    }
}

static void put_some(void *context, size_t task, unsigned worker)
{
    const builder *b = context;
    const rf_edges *e = b->edges;
    uint32_t *smaller = b->smaller + task * e->nodes;
    (void)worker;
    for (uint64_t i = b->begin[task], end; i < b->begin[task + 1]; i = end) {
        rf_component_form const form = b->form[b->out->of[e->from[i]]];
        for (end = i; end < e->count && e->from[end] == e->from[i]; end++) {
        }
        if (form == RF_AS_ROWS) {
            put_into_rows(b, smaller, i, end);
        } else if (form == RF_AS_LIST) {
            put_into_list(b, smaller, i, end);
        }
    }
}

static rf_status allocate_edges(rf_components *c, uint64_t listed, uint64_t halves, rf_error *err)
{
    c->neighbour = rf_alloc_raw(halves, sizeof *c->neighbour);
    c->weight = c->alike ? NULL : rf_alloc_raw(halves, sizeof *c->weight);
    c->list_from = rf_alloc_raw(listed, sizeof *c->list_from);
    c->list_to = rf_alloc_raw(listed, sizeof *c->list_to);
    c->list_weight = rf_alloc_raw(listed, sizeof *c->list_weight);
    return c->neighbour == NULL || (!c->alike && c->weight == NULL) || c->list_from == NULL ||
                   c->list_to == NULL || c->list_weight == NULL
               ? rf_fail_memory(err, "the components")
               : RF_OK;
}

rf_status rf_components_lay_out(const rf_edges *edges, const rf_component_form *form, rf_team *team,
                                rf_components *components, rf_error *err)
{
    rf_components *c = components;
    builder b = {.edges = edges, .out = c, .form = form, .blocks = rf_team_size(team)};
    uint64_t listed = 0;
    uint64_t halves = 0;
    rf_status status = start_builder(&b, err);
    c->start = rf_alloc_raw((size_t)edges->nodes + 1, sizeof *c->start);
    c->list_start = rf_alloc_raw((size_t)c->count + 1, sizeof *c->list_start);
    if (status == RF_OK && (c->start == NULL || c->list_start == NULL)) {
        status = rf_fail_memory(err, "the components");
    }
    if (status == RF_OK) {
        rf_team_run(team, b.blocks, count_some, &b);
        set_starts(&b, &listed, &halves);
        status = allocate_edges(c, listed, halves, err);
    }
    if (status == RF_OK) {
        rf_team_run(team, b.blocks, put_some, &b);
    }
    free_builder(&b);
    return status;
}

void rf_components_free(rf_components *components)
{
    rf_free(components->first);
    rf_free(components->node);
    rf_free(components->of);
    rf_free(components->edges);
    rf_free(components->inside);
    rf_free(components->least);
    rf_free(components->start);
    rf_free(components->neighbour);
    rf_free(components->weight);
    rf_free(components->list_start);
    rf_free(components->list_from);
    rf_free(components->list_to);
    rf_free(components->list_weight);
    *components = (rf_components){0};
}
