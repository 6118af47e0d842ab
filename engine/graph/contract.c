/* contract.c - see contract.h. */
#include "graph/contract.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct pair_weight {
    uint64_t pair; /* the smaller group above the larger */
    double weight;
} pair_weight;

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

/* Joins what heavy edges join; group[] becomes dense, by first vertex. Returns how many there are.
 */
static uint32_t join_heavy(const rf_leiden_input *in, double joining, uint32_t *group)
{
    uint32_t groups = 0;
    for (uint32_t v = 0; v < in->vertices; v++) {
        group[v] = v;
    }
    for (uint64_t i = 0; i < in->edges; i++) {
        if (in->weight[i] > joining) {
            uint32_t const a = root_of(group, in->from[i]);
            uint32_t const b = root_of(group, in->to[i]);
            group[a < b ? b : a] = a < b ? a : b;
        }
    }
    for (uint32_t v = 0; v < in->vertices; v++) { /* roots come before what hangs on them */
        group[v] = group[v] == v ? groups++ : group[group[v]];
    }
    return groups;
}

static int by_pair(const void *left, const void *right)
{
    const pair_weight *a = left;
    const pair_weight *b = right;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

static uint64_t list_pairs(const rf_leiden_input *in, const uint32_t *group, pair_weight *pairs)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < in->edges; i++) {
        uint32_t const a = group[in->from[i]];
        uint32_t const b = group[in->to[i]];
        if (a != b) {
            uint64_t const pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
            pairs[count++] = (pair_weight){pair, in->weight[i]};
        }
    }
    return count;
}

/* The graph of groups; the arrays of *in are replaced, and freed when they were ours. */
static rf_status make_graph(const uint32_t *group, uint32_t groups, rf_contraction *out,
                            rf_error *err)
{
    rf_leiden_input const in = out->rest;
    rf_contraction next = {.from = rf_alloc_raw(in.edges, sizeof *next.from),
                           .to = rf_alloc_raw(in.edges, sizeof *next.to),
                           .weight = rf_alloc_raw(in.edges, sizeof *next.weight),
                           .mass = rf_alloc(groups, sizeof *next.mass)};
    pair_weight *pairs = rf_alloc_raw(in.edges, sizeof *pairs);
    uint64_t count;
    uint64_t edges = 0;
    if (next.from == NULL || next.to == NULL || next.weight == NULL || next.mass == NULL ||
        pairs == NULL) {
        rf_contraction_free(&next);
        rf_free(pairs);
        return rf_fail_memory(err, "the contracted graph");
    }
    count = list_pairs(&in, group, pairs);
    if (count > 1) {
        qsort(pairs, count, sizeof *pairs, by_pair);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (i == 0 || pairs[i].pair != pairs[i - 1].pair) {
            next.from[edges] = (uint32_t)(pairs[i].pair >> 32);
            next.to[edges] = (uint32_t)pairs[i].pair;
            next.weight[edges++] = 0;
        }
        next.weight[edges - 1] += pairs[i].weight;
    }
    for (uint32_t v = 0; v < in.vertices; v++) {
        next.mass[group[v]] += in.vertex_weight[v];
    }
    rf_free(pairs);
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

rf_status rf_contract(const rf_leiden_input *input, rf_contraction *out, rf_error *err)
{
    double const joining = joining_weight(input);
    uint32_t *group = rf_alloc_raw(input->vertices, sizeof *group);
    rf_status status = group == NULL ? rf_fail_memory(err, "the contracted graph") : RF_OK;
    *out = (rf_contraction){.rest = *input};
    while (status == RF_OK) {
        uint32_t const groups = join_heavy(&out->rest, joining, group);
        if (groups == out->rest.vertices) {
            break;
        }
        if (out->group == NULL) {
            out->group = rf_alloc_raw(input->vertices, sizeof *out->group);
            if (out->group == NULL) {
                status = rf_fail_memory(err, "the contracted graph");
                break;
            }
            memcpy(out->group, group, input->vertices * sizeof *group);
        } else {
            for (uint32_t v = 0; v < input->vertices; v++) {
                out->group[v] = group[out->group[v]];
            }
        }
        status = make_graph(group, groups, out, err);
    }
    rf_free(group);
    if (status != RF_OK) {
        rf_contraction_free(out);
    }
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
