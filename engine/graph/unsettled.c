/* unsettled.c - see unsettled.h. */
#include "graph/unsettled.h"

#include "base/memory.h"

#include <string.h>

#define ROUNDING 1e-6

/* Weights to communities, of a vertex or of a whole community. */
typedef struct tally {
    double *weight; /* by community; all zero between uses */
    uint32_t *met;  /* those that are not */
    uint32_t count;
} tally;

/* Communities go by the place of their first member. */
typedef struct settler {
    const rf_settling *s;
    uint32_t *of;    /* by member: its community */
    uint32_t *mass;  /* by community */
    uint32_t *first; /* by community: offsets into list; count + 1 */
    uint32_t *list;  /* members by community */
    uint8_t *asked;  /* by community: 1: somebody in it has other edges */
    uint8_t *open;   /* by community: 1: unsettled */
    tally one, all;
} settler;

static void add(tally *t, uint32_t community, double weight)
{
    if (t->weight[community] <= 0) {
        t->met[t->count++] = community;
    }
    t->weight[community] += weight;
}

static void clear(tally *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        t->weight[t->met[i]] = 0;
    }
    t->count = 0;
}

/* Opens the community of a vertex, and all where it would rather be. */
static void ask_vertex(settler *x, uint32_t own)
{
    double const density = x->s->density;
    tally *t = &x->one;
    double stay = t->weight[own] - density * (x->mass[own] - 1.0);
    if (stay < -ROUNDING) {
        x->open[own] = 1; /* by itself */
        stay = 0;
    }
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t const other = t->met[i];
        if (other != own && t->weight[other] - density * x->mass[other] > stay + ROUNDING) {
            x->open[own] = x->open[other] = 1;
        }
    }
    clear(t);
}

static void ask_community(settler *x, uint32_t own)
{
    const rf_settling *s = x->s;
    const rf_graph *g = s->graph;
    for (uint32_t i = x->first[own]; i < x->first[own + 1]; i++) {
        uint32_t const v = s->members[x->list[i]];
        for (uint64_t k = g->start[v]; k < g->start[v + 1]; k++) {
            uint32_t const w = g->neighbour[k];
            uint32_t of;
            if (s->group[w] != s->group[v]) {
                continue;
            }
            of = x->of[s->local[w]];
            if (s->touched[v] != 0) {
                add(&x->one, of, (double)g->weight[k]);
            }
            if (of != own) {
                add(&x->all, of, (double)g->weight[k]);
            }
        }
        if (s->touched[v] != 0) {
            ask_vertex(x, own);
        }
    }
    for (uint32_t i = 0; i < x->all.count; i++) {
        uint32_t const other = x->all.met[i];
        double const cost = s->density * x->mass[own] * x->mass[other];
        if (x->all.weight[other] > cost + ROUNDING) {
            x->open[own] = x->open[other] = 1;
        }
    }
    clear(&x->all);
}

/* Whose community is whose, and how large. */
static void list_communities(settler *x)
{
    const rf_settling *s = x->s;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t const v = s->members[i];
        x->of[i] = s->local[s->start[v]];
        x->mass[x->of[i]]++;
        x->asked[x->of[i]] |= s->touched[v];
    }
    for (uint32_t c = 0; c < s->count; c++) {
        x->first[c + 1] = x->first[c] + x->mass[c];
    }
    for (uint32_t i = 0; i < s->count; i++) {
        x->list[x->first[x->of[i]]++] = i;
    }
    memmove(x->first + 1, x->first, s->count * sizeof *x->first);
    x->first[0] = 0;
}

static bool begin(settler *x)
{
    size_t const n = x->s->count;
    x->of = rf_alloc_raw(n, sizeof *x->of);
    x->mass = rf_alloc(n, sizeof *x->mass);
    x->first = rf_alloc(n + 1, sizeof *x->first);
    x->list = rf_alloc_raw(n, sizeof *x->list);
    x->asked = rf_alloc(n, sizeof *x->asked);
    x->open = rf_alloc(n, sizeof *x->open);
    x->one.weight = rf_alloc(n, sizeof *x->one.weight);
    x->one.met = rf_alloc_raw(n, sizeof *x->one.met);
    x->all.weight = rf_alloc(n, sizeof *x->all.weight);
    x->all.met = rf_alloc_raw(n, sizeof *x->all.met);
    return x->of != NULL && x->mass != NULL && x->first != NULL && x->list != NULL &&
           x->asked != NULL && x->open != NULL && x->one.weight != NULL && x->one.met != NULL &&
           x->all.weight != NULL && x->all.met != NULL;
}

static void end(settler *x)
{
    rf_free(x->of);
    rf_free(x->mass);
    rf_free(x->first);
    rf_free(x->list);
    rf_free(x->asked);
    rf_free(x->open);
    rf_free(x->one.weight);
    rf_free(x->one.met);
    rf_free(x->all.weight);
    rf_free(x->all.met);
}

rf_status rf_unsettled_find(const rf_settling *settling, uint8_t *unsettled, uint32_t *count,
                            rf_error *err)
{
    const rf_settling *s = settling;
    settler x = {.s = s};
    bool const hub = s->count > 0 && s->members[s->count - 1] >= s->first_hub;
    rf_status const status = begin(&x) ? RF_OK : rf_fail_memory(err, "the communities");
    *count = 0;
    if (status == RF_OK) {
        list_communities(&x);
    }
    for (uint32_t c = 0; c < s->count && status == RF_OK && !hub; c++) {
        if (x.asked[c] != 0) {
            ask_community(&x, c);
        }
    }
    for (uint32_t i = 0; i < s->count && status == RF_OK; i++) {
        unsettled[i] = hub || x.open[x.of[i]] != 0;
        *count += unsettled[i];
    }
    end(&x);
    return status;
}
