/* mincut.c - see mincut.h. Arc 2i goes along edge i, arc 2i + 1 back: each other's reverse. */
#include "graph/mincut.h"

#include "base/memory.h"

#include <string.h>

typedef struct network {
    uint32_t vertices;
    uint64_t *start; /* vertices + 1 offsets into arc */
    uint64_t *arc;   /* leaving each vertex */
    uint32_t *head;  /* by arc */
    uint64_t *room;  /* by arc: what still fits */
    uint32_t *level; /* by vertex: arcs from s, UINT32_MAX when out of reach */
    uint64_t *next;  /* by vertex: the arc to try next */
    uint32_t *queue; /* of the search; of the path: the vertices on it */
    uint64_t *path;  /* arcs from s to where we are */
} network;

static rf_status build(network *n, uint32_t vertices, uint64_t edges, const uint32_t *from,
                       const uint32_t *to, const uint32_t *weight, rf_error *err)
{
    n->vertices = vertices;
    n->start = rf_alloc((size_t)vertices + 2, sizeof *n->start);
    n->arc = rf_alloc_raw(2 * edges, sizeof *n->arc);
    n->head = rf_alloc_raw(2 * edges, sizeof *n->head);
    n->room = rf_alloc_raw(2 * edges, sizeof *n->room);
    n->level = rf_alloc_raw(vertices, sizeof *n->level);
    n->next = rf_alloc_raw(vertices, sizeof *n->next);
    n->queue = rf_alloc_raw(vertices, sizeof *n->queue);
    n->path = rf_alloc_raw(vertices, sizeof *n->path);
    if (n->start == NULL || n->arc == NULL || n->head == NULL || n->room == NULL ||
        n->level == NULL || n->next == NULL || n->queue == NULL || n->path == NULL) {
        return rf_fail_memory(err, "the cut of a ring");
    }
    for (uint64_t i = 0; i < edges; i++) {
        n->start[from[i] + 2]++;
        n->start[to[i] + 2]++;
    }
    for (uint32_t v = 0; v < vertices; v++) {
        n->start[v + 2] += n->start[v + 1];
    }
    for (uint64_t i = 0; i < edges; i++) {
        n->head[2 * i] = to[i];
        n->head[2 * i + 1] = from[i];
        n->room[2 * i] = weight[i];
        n->room[2 * i + 1] = weight[i];
        n->arc[n->start[from[i] + 1]++] = 2 * i;
        n->arc[n->start[to[i] + 1]++] = 2 * i + 1;
    }
    return RF_OK;
}

static void drop(network *n)
{
    rf_free(n->start);
    rf_free(n->arc);
    rf_free(n->head);
    rf_free(n->room);
    rf_free(n->level);
    rf_free(n->next);
    rf_free(n->queue);
    rf_free(n->path);
}

/* Levels of everything s reaches by arcs with room; says whether t is among it. */
static bool search(network *n, uint32_t s, uint32_t t)
{
    uint32_t first = 0;
    uint32_t end = 0;
    memset(n->level, 0xff, n->vertices * sizeof *n->level);
    n->level[s] = 0;
    n->queue[end++] = s;
    while (first < end) {
        uint32_t const v = n->queue[first++];
        for (uint64_t k = n->start[v]; k < n->start[v + 1]; k++) {
            uint32_t const w = n->head[n->arc[k]];
            if (n->room[n->arc[k]] > 0 && n->level[w] == UINT32_MAX) {
                n->level[w] = n->level[v] + 1;
                n->queue[end++] = w;
            }
        }
    }
    return n->level[t] != UINT32_MAX;
}

/* Sends what fits along path[0, length) and returns the place of the first arc that is now full. */
static uint32_t send(network *n, uint32_t length, uint64_t *sent)
{
    uint64_t most = UINT64_MAX;
    uint32_t full = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (n->room[n->path[i]] < most) {
            most = n->room[n->path[i]];
            full = i;
        }
    }
    for (uint32_t i = 0; i < length; i++) {
        n->room[n->path[i]] -= most;
        n->room[n->path[i] ^ 1] += most;
    }
    *sent += most;
    return full;
}

/* One phase: fills every shortest way from s to t. */
static void fill(network *n, uint32_t s, uint32_t t, uint64_t *sent)
{
    uint32_t length = 0;
    uint32_t v = s;
    memcpy(n->next, n->start, n->vertices * sizeof *n->next);
    for (;;) {
        if (v == t) {
            length = send(n, length, sent);
            v = n->head[n->path[length] ^ 1];
        }
        for (; n->next[v] < n->start[v + 1]; n->next[v]++) {
            uint64_t const a = n->arc[n->next[v]];
            if (n->room[a] > 0 && n->level[n->head[a]] == n->level[v] + 1) {
                break;
            }
        }
        if (n->next[v] < n->start[v + 1]) {
            n->path[length] = n->arc[n->next[v]];
            v = n->head[n->path[length++]];
        } else if (length > 0) { /* a dead end: back, and not this way again */
            v = n->head[n->path[--length] ^ 1];
            n->next[v]++;
        } else {
            return;
        }
    }
}

rf_status rf_min_cut(uint32_t vertices, uint64_t edges, const uint32_t *from, const uint32_t *to,
                     const uint32_t *weight, uint32_t s, uint32_t t, uint8_t *near, uint64_t *cost,
                     rf_error *err)
{
    network n = {0};
    rf_status status = build(&n, vertices, edges, from, to, weight, err);
    *cost = 0;
    if (status == RF_OK) {
        while (search(&n, s, t)) {
            fill(&n, s, t, cost);
        }
        for (uint32_t v = 0; v < vertices; v++) {
            near[v] = n.level[v] != UINT32_MAX;
        }
    }
    drop(&n);
    return status;
}
