/* splits.c - see splits.h. */
#include "rings/splits.h"

#include "graph/cut.h"

#include <string.h>

/* A living link in a node of the tree: a list by node. */
typedef struct entry {
    uint32_t link, next;
} entry;

typedef struct walker {
    const rf_inside *in;
    uint32_t leaves; /* a power of two, at least the number of values */
    uint32_t *head;  /* by node of the tree, from 1; UINT32_MAX ends a list */
    entry *list;
    size_t entries, room;
    uint32_t *root, *size; /* by vertex; size in members */
    uint32_t *height;
    uint32_t *undo; /* roots that were hung under another, in order */
    uint32_t undos;
    uint32_t largest;
    uint32_t whole; /* largest piece when nothing is hidden */
    uint32_t *off;
} walker;

static bool lay_down(walker *w, uint32_t node, uint32_t link)
{
    if (!rf_reserve(&w->list, &w->room, w->entries + 1, sizeof *w->list)) {
        return false;
    }
    w->list[w->entries] = (entry){link, w->head[node]};
    w->head[node] = (uint32_t)w->entries++;
    return true;
}

/* The link lives while a value of [from, to) is hidden. */
static bool lay_interval(walker *w, uint32_t from, uint32_t to, uint32_t link)
{
    uint32_t low = from + w->leaves;
    uint32_t high = to + w->leaves;
    for (; low < high; low /= 2, high /= 2) {
        if ((low & 1) != 0 && !lay_down(w, low++, link)) {
            return false;
        }
        if ((high & 1) != 0 && !lay_down(w, --high, link)) {
            return false;
        }
    }
    return true;
}

/* Values without which the link does not live, ascending; room for all of its terms. */
static uint32_t list_critical(const walker *w, uint8_t *hidden, uint32_t link, uint32_t *critical)
{
    const rf_inside *in = w->in;
    uint32_t count = 0;
    if (in->b[link] >= in->members) {
        critical[count++] = in->b[link] - in->members;
        return count;
    }
    for (uint64_t t = in->start[link]; t < in->start[link + 1]; t++) {
        uint32_t const v = in->term[t].value;
        hidden[v] = 1;
        if (!rf_inside_lives(in, link, hidden)) {
            uint32_t at = count++;
            for (; at > 0 && critical[at - 1] > v; at--) {
                critical[at] = critical[at - 1];
            }
            critical[at] = v;
        }
        hidden[v] = 0;
    }
    return count;
}

static rf_status lay_links(walker *w, rf_error *err)
{
    const rf_inside *in = w->in;
    uint8_t *hidden = rf_alloc(in->values, sizeof *hidden);
    uint32_t *critical = rf_alloc_raw((size_t)in->values + 1, sizeof *critical);
    bool failed = hidden == NULL || critical == NULL;
    for (uint32_t l = 0; l < in->links && !failed; l++) {
        uint32_t from = 0;
        uint32_t count;
        if (!rf_inside_lives(in, l, NULL)) {
            continue;
        }
        count = list_critical(w, hidden, l, critical);
        for (uint32_t i = 0; i < count && !failed; i++) {
            failed = !lay_interval(w, from, critical[i], l);
            from = critical[i] + 1;
        }
        failed = failed || !lay_interval(w, from, w->leaves, l);
    }
    rf_free(hidden);
    rf_free(critical);
    return failed ? rf_fail_memory(err, "the cuts of a ring") : RF_OK;
}

static uint32_t find(const walker *w, uint32_t v)
{
    while (w->root[v] != v) {
        v = w->root[v];
    }
    return v;
}

static void join(walker *w, uint32_t link)
{
    uint32_t a = find(w, w->in->a[link]);
    uint32_t b = find(w, w->in->b[link]);
    if (a == b) {
        return;
    }
    if (w->height[a] < w->height[b]) {
        uint32_t const other = a;
        a = b;
        b = other;
    }
    w->root[b] = a;
    w->size[a] += w->size[b];
    w->height[a] += w->height[a] == w->height[b]; /* an upper bound is enough on the way back */
    w->largest = w->size[a] > w->largest ? w->size[a] : w->largest;
    w->undo[w->undos++] = b;
}

static void part(walker *w, uint32_t undos)
{
    while (w->undos > undos) {
        uint32_t const b = w->undo[--w->undos];
        w->size[w->root[b]] -= w->size[b];
        w->root[b] = b;
    }
}

/* Depth first; the depth is log2 of the number of values. */
static void walk(walker *w, uint32_t node)
{
    uint32_t const undos = w->undos;
    uint32_t const largest = w->largest;
    for (uint32_t e = w->head[node]; e != UINT32_MAX; e = w->list[e].next) {
        join(w, w->list[e].link);
    }
    if (node < w->leaves) {
        walk(w, 2 * node);
        walk(w, 2 * node + 1);
    } else if (node - w->leaves < w->in->values) {
        w->off[node - w->leaves] = w->whole - w->largest;
    }
    part(w, undos);
    w->largest = largest;
}

static rf_status prepare(walker *w, rf_error *err)
{
    size_t const vertices = (size_t)w->in->members + w->in->values;
    w->leaves = 1;
    while (w->leaves < w->in->values) {
        w->leaves *= 2;
    }
    w->head = rf_alloc_raw(2 * (size_t)w->leaves, sizeof *w->head);
    w->root = rf_alloc_raw(vertices, sizeof *w->root);
    w->size = rf_alloc_raw(vertices, sizeof *w->size);
    w->height = rf_alloc(vertices, sizeof *w->height);
    w->undo = rf_alloc_raw(vertices, sizeof *w->undo);
    if (w->head == NULL || w->root == NULL || w->size == NULL || w->height == NULL ||
        w->undo == NULL) {
        return rf_fail_memory(err, "the cuts of a ring");
    }
    memset(w->head, 0xff, 2 * (size_t)w->leaves * sizeof *w->head);
    for (uint32_t v = 0; v < vertices; v++) {
        w->root[v] = v;
        w->size[v] = v < w->in->members;
    }
    w->largest = w->in->members > 0;
    return RF_OK;
}

rf_status rf_ring_value_cuts(const rf_inside *inside, uint32_t *off, rf_error *err)
{
    walker w = {.in = inside, .off = off};
    rf_inside_pieces pieces;
    rf_status status = rf_inside_pieces_new(inside, &pieces, err);
    if (status == RF_OK) {
        rf_inside_split(inside, NULL, &pieces);
        w.whole = pieces.largest;
        status = prepare(&w, err);
    }
    if (status == RF_OK) {
        status = lay_links(&w, err);
    }
    if (status == RF_OK) {
        walk(&w, 1);
    }
    rf_inside_pieces_free(&pieces);
    rf_free(w.head);
    rf_free(w.list);
    rf_free(w.root);
    rf_free(w.size);
    rf_free(w.height);
    rf_free(w.undo);
    return status;
}

rf_status rf_ring_member_cuts(const rf_inside *inside, uint32_t *off, rf_error *err)
{
    uint32_t const vertices = inside->members + inside->values;
    rf_graph graph = {0};
    uint8_t *mass = rf_alloc(vertices, sizeof *mass);
    uint32_t *all = rf_alloc(vertices, sizeof *all);
    float *weight = rf_alloc_raw(inside->links, sizeof *weight);
    rf_status status = mass == NULL || all == NULL || weight == NULL
                           ? rf_fail_memory(err, "the cuts of a ring")
                           : RF_OK;
    for (uint32_t l = 0; l < inside->links && status == RF_OK; l++) {
        weight[l] = 1;
    }
    if (status == RF_OK) {
        memset(mass, 1, inside->members);
        status = rf_graph_build(vertices, inside->links, inside->a, inside->b, weight, &graph, err);
    }
    if (status == RF_OK) {
        status = rf_graph_cuts(&graph, mass, all, err);
    }
    if (status == RF_OK) {
        memcpy(off, all, inside->members * sizeof *off);
    }
    rf_graph_free(&graph);
    rf_free(mass);
    rf_free(all);
    rf_free(weight);
    return status;
}
