/* peel.c - see peel.h. */
#include "graph/peel.h"

#include "base/memory.h"

#include <string.h>

rf_status rf_graph_peel(const rf_graph *graph, uint32_t min_links, uint32_t *group, rf_error *err)
{
    const rf_graph *g = graph;
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
        if (group[v] == UINT32_MAX) {
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
        group[v] = UINT32_MAX;
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

rf_status rf_graph_split(const rf_graph *graph, uint32_t *group, uint32_t *groups, rf_error *err)
{
    const rf_graph *g = graph;
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
        if (group[root] == UINT32_MAX || part[root] != UINT32_MAX) {
            continue;
        }
        part[root] = *groups;
        queue[tail++] = root;
        while (head < tail) {
            uint32_t const v = queue[head++];
            for (uint64_t i = g->start[v]; i < g->start[v + 1]; i++) {
                uint32_t const w = g->neighbour[i];
                if (group[w] == group[v] && part[w] == UINT32_MAX) {
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
