/* contract.c - see contract.h. */
#include "graph/contract.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct pair_weight {
    uint64_t pair; /* the smaller group above the larger */
    double weight;
} pair_weight;

typedef struct half {
    uint32_t other;
    double weight;
} half;

/* What two sums of weights may differ by and yet be equal. */
#define ROUNDING 1e-9

/* An edge that weighs more joins its ends. */
static double joining_weight(const rf_leiden_input *in)
{
    double mass = 0;
    for (uint32_t v = 0; v < in->vertices; v++) {
        mass += in->vertex_weight[v];
    }
    return in->resolution * mass / 4 * mass;
}

bool rf_contract_to_one(const rf_leiden_input *input)
{
    double const joining = joining_weight(input);
    for (uint64_t i = 0; i < input->edges; i++) {
        if (!(input->weight[i] > joining)) {
            return false;
        }
    }
    return true;
}

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) {
        v = parent[v] = parent[parent[v]];
    }
    return v;
}

static void join(uint32_t *group, uint32_t u, uint32_t v)
{
    uint32_t const a = root_of(group, u);
    uint32_t const b = root_of(group, v);
    group[a < b ? b : a] = a < b ? a : b;
}

/* group[] becomes dense, by first vertex. Returns how many there are. */
static uint32_t number_groups(uint32_t *group, uint32_t vertices)
{
    uint32_t groups = 0;
    for (uint32_t v = 0; v < vertices; v++) { /* roots come before what hangs on them */
        group[v] = group[v] == v ? groups++ : group[group[v]];
    }
    return groups;
}

/* Joins what heavy edges join. Returns the number of groups. */
static uint32_t join_heavy(const rf_leiden_input *in, double joining, uint32_t *group)
{
    for (uint32_t v = 0; v < in->vertices; v++) {
        group[v] = v;
    }
    for (uint64_t i = 0; i < in->edges; i++) {
        if (in->weight[i] > joining) {
            join(group, in->from[i], in->to[i]);
        }
    }
    return number_groups(group, in->vertices);
}

/* Scratch for the largest graph, which is the first. */
typedef struct scratch {
    uint32_t *group;           /* by vertex */
    pair_weight *pairs, *more; /* by edge */
    uint64_t *start;           /* vertices + 2 offsets */
    half *half;                /* two for each edge */
} scratch;

static void scratch_free(scratch *s)
{
    rf_free(s->group);
    rf_free(s->pairs);
    rf_free(s->more);
    rf_free(s->start);
    rf_free(s->half);
    *s = (scratch){0};
}

static rf_status scratch_alloc(const rf_leiden_input *in, scratch *s, rf_error *err)
{
    *s = (scratch){.group = rf_alloc_raw(in->vertices, sizeof *s->group),
                   .pairs = rf_alloc_raw(in->edges, sizeof *s->pairs),
                   .more = rf_alloc_raw(in->edges, sizeof *s->more),
                   .start = rf_alloc_raw((size_t)in->vertices + 2, sizeof *s->start),
                   .half = rf_alloc_raw(2 * in->edges, sizeof *s->half)};
    if (s->group == NULL || s->pairs == NULL || s->more == NULL || s->start == NULL ||
        s->half == NULL) {
        scratch_free(s);
        return rf_fail_memory(err, "the contracted graph");
    }
    return RF_OK;
}

/* Counting sort by the larger group (shift 0) or the smaller one (shift 32); stable. */
static void sort_pairs(pair_weight *to, const pair_weight *from, uint64_t count, int shift,
                       uint32_t groups, uint64_t *start)
{
    memset(start, 0, ((size_t)groups + 1) * sizeof *start);
    for (uint64_t i = 0; i < count; i++) {
        start[(from[i].pair >> shift & UINT32_MAX) + 1]++;
    }
    for (uint32_t k = 0; k < groups; k++) {
        start[k + 1] += start[k];
    }
    for (uint64_t i = 0; i < count; i++) {
        to[start[from[i].pair >> shift & UINT32_MAX]++] = from[i];
    }
}

/* The edges between s->group, ascending, each pair once, into s->pairs; returns how many. */
static uint64_t list_pairs(const rf_leiden_input *in, uint32_t groups, scratch *s)
{
    uint64_t count = 0;
    uint64_t kept = 0;
    bool ascending = true;
    for (uint64_t i = 0; i < in->edges; i++) {
        uint32_t const a = s->group[in->from[i]];
        uint32_t const b = s->group[in->to[i]];
        if (a != b) {
            uint64_t const pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
            ascending = ascending && (count == 0 || s->pairs[count - 1].pair <= pair);
            s->pairs[count++] = (pair_weight){pair, in->weight[i]};
        }
    }
    if (!ascending) {
        sort_pairs(s->more, s->pairs, count, 0, groups, s->start);
        sort_pairs(s->pairs, s->more, count, 32, groups, s->start);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0 && s->pairs[i].pair == s->pairs[kept - 1].pair) {
            s->pairs[kept - 1].weight += s->pairs[i].weight;
        } else {
            s->pairs[kept++] = s->pairs[i];
        }
    }
    return kept;
}

/* ---- two that are alike ---- */

/* The graph in rows, ascending by neighbour. */
typedef struct rows {
    uint64_t *start;
    half *half;
    const double *mass;
    double all; /* of the masses */
    double resolution;
} rows;

/* start[v] is the cursor of row v and ends as the start of row v + 1. */
static void fill_rows(const pair_weight *pairs, uint64_t count, uint32_t vertices, rows *r)
{
    memset(r->start, 0, ((size_t)vertices + 2) * sizeof *r->start);
    for (uint64_t i = 0; i < count; i++) {
        r->start[(pairs[i].pair >> 32) + 2]++;
        r->start[(pairs[i].pair & UINT32_MAX) + 2]++;
    }
    for (uint32_t v = 0; v < vertices; v++) {
        r->start[v + 2] += r->start[v + 1];
    }
    for (uint64_t i = 0; i < count; i++) {
        uint32_t const a = (uint32_t)(pairs[i].pair >> 32);
        uint32_t const b = (uint32_t)pairs[i].pair;
        r->half[r->start[a + 1]++] = (half){b, pairs[i].weight};
        r->half[r->start[b + 1]++] = (half){a, pairs[i].weight};
    }
}

/* Whether the edges of u times `a` and those of v times `b` differ by less than `most`, to all
 * others added up. */
static bool differ_less(const rows *r, uint32_t u, uint32_t v, double a, double b, double most)
{
    const half *i = r->half + r->start[u];
    const half *j = r->half + r->start[v];
    const half *const i_end = r->half + r->start[u + 1];
    const half *const j_end = r->half + r->start[v + 1];
    double sum = 0;
    while (sum < most && (i < i_end || j < j_end)) {
        uint32_t const x = i < i_end ? i->other : UINT32_MAX;
        uint32_t const y = j < j_end ? j->other : UINT32_MAX;
        double const weight = (x <= y ? a * i->weight : 0) - (y <= x ? b * j->weight : 0);
        if (!(x < y ? x == v : y < x && y == u)) {
            sum += fabs(weight);
        }
        i += x <= y;
        j += y <= x;
    }
    return sum < most;
}

/* See contract.h: u's gain by going where v is counts a times, v's b times. */
static bool hold_together(const rows *r, uint32_t u, uint32_t v, double weight, double a, double b)
{
    double const mine = r->mass[u];
    double const yours = r->mass[v];
    double const tilt = a * mine - b * yours;
    double const apart = tilt > 0 ? tilt * (r->all - 2 * mine) : -tilt * (r->all - 2 * yours);
    double const most =
        (a + b) * weight - r->resolution * (apart + a * mine * mine + b * yours * yours);
    return most > 0 && differ_less(r, u, v, a, b, most * (1 - ROUNDING));
}

static bool are_together(const rows *r, uint32_t u, uint32_t v, double weight)
{
    return hold_together(r, u, v, weight, r->mass[v], r->mass[u]) ||
           hold_together(r, u, v, weight, 1, 0) || hold_together(r, u, v, weight, 0, 1);
}

/* As join_heavy, by what two neighbours have in common. */
static uint32_t join_alike(const rf_leiden_input *in, scratch *s)
{
    rows r = {.start = s->start,
              .half = s->half,
              .mass = in->vertex_weight,
              .resolution = in->resolution};
    uint64_t count;
    for (uint32_t v = 0; v < in->vertices; v++) {
        s->group[v] = v;
        r.all += r.mass[v];
    }
    count = list_pairs(in, in->vertices, s);
    fill_rows(s->pairs, count, in->vertices, &r);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t const u = (uint32_t)(s->pairs[i].pair >> 32);
        uint32_t const v = (uint32_t)s->pairs[i].pair;
        if (root_of(s->group, u) != root_of(s->group, v) &&
            are_together(&r, u, v, s->pairs[i].weight)) {
            join(s->group, u, v);
        }
    }
    return number_groups(s->group, in->vertices);
}

/* ---- the smaller graph ---- */

/* The graph of s->group; the arrays of out->rest are replaced, and freed when they were ours. */
static rf_status make_graph(scratch *s, uint32_t groups, rf_contraction *out, rf_error *err)
{
    rf_leiden_input const in = out->rest;
    uint64_t const edges = list_pairs(&in, groups, s);
    rf_contraction next = {.from = rf_alloc_raw(edges, sizeof *next.from),
                           .to = rf_alloc_raw(edges, sizeof *next.to),
                           .weight = rf_alloc_raw(edges, sizeof *next.weight),
                           .mass = rf_alloc(groups, sizeof *next.mass)};
    if (next.from == NULL || next.to == NULL || next.weight == NULL || next.mass == NULL) {
        rf_contraction_free(&next);
        return rf_fail_memory(err, "the contracted graph");
    }
    for (uint64_t i = 0; i < edges; i++) {
        next.from[i] = (uint32_t)(s->pairs[i].pair >> 32);
        next.to[i] = (uint32_t)s->pairs[i].pair;
        next.weight[i] = s->pairs[i].weight;
    }
    for (uint32_t v = 0; v < in.vertices; v++) {
        next.mass[s->group[v]] += in.vertex_weight[v];
    }
    next.group = out->group;
    out->group = NULL;
    next.rest = in;
    rf_contraction_free(out);
    *out = next;
    out->rest.vertices = groups;
    out->rest.edges = edges;
    out->rest.from = out->from;
    out->rest.to = out->to;
    out->rest.weight = out->weight;
    out->rest.vertex_weight = out->mass;
    return RF_OK;
}

/* Which vertices of the input are in which group of groups. */
static rf_status compose(const rf_leiden_input *input, const uint32_t *group, rf_contraction *out,
                         rf_error *err)
{
    if (out->group != NULL) {
        for (uint32_t v = 0; v < input->vertices; v++) {
            out->group[v] = group[out->group[v]];
        }
        return RF_OK;
    }
    out->group = rf_alloc_raw(input->vertices, sizeof *out->group);
    if (out->group == NULL) {
        return rf_fail_memory(err, "the contracted graph");
    }
    memcpy(out->group, group, input->vertices * sizeof *group);
    return RF_OK;
}

rf_status rf_contract(const rf_leiden_input *input, rf_contraction *out, rf_error *err)
{
    double const joining = joining_weight(input);
    scratch s;
    rf_status status = scratch_alloc(input, &s, err);
    *out = (rf_contraction){.rest = *input};
    while (status == RF_OK) {
        uint32_t groups = join_heavy(&out->rest, joining, s.group);
        if (groups == out->rest.vertices) {
            groups = join_alike(&out->rest, &s);
        }
        if (groups == out->rest.vertices) {
            scratch_free(&s);
            return RF_OK;
        }
        status = compose(input, s.group, out, err);
        if (status == RF_OK) {
            status = make_graph(&s, groups, out, err);
        }
    }
    rf_contraction_free(out);
    scratch_free(&s);
    return status;
}

void rf_contraction_free(rf_contraction *contraction)
{
    rf_free(contraction->group);
    rf_free(contraction->from);
    rf_free(contraction->to);
    rf_free(contraction->weight);
    rf_free(contraction->mass);
    *contraction = (rf_contraction){0};
}
