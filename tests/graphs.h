/* graphs.h - graphs to find communities in, and the slow truths about a partition of one. */
#ifndef RF_TESTS_GRAPHS_H
#define RF_TESTS_GRAPHS_H

#include "graph/edges.h"
#include "graph/leiden.h"

typedef struct sample {
    const char *name;
    uint32_t *from, *to;
    double *weight, *vertex_weight;
    uint64_t room;
    rf_leiden_input input; /* the arrays above */
} sample;

/* An empty graph; edges are then added one by one. */
sample sample_start(const char *name, uint32_t vertices);
void sample_add(sample *s, uint32_t a, uint32_t b, double weight);
/* Sets vertex weights and resolution: modularity at g, or CPM at g. */
void sample_modularity(sample *s, double g);
void sample_cpm(sample *s, double g);
void sample_free(sample *s);

/* `groups` times `size` vertices; a pair is joined with probability inner, or outer between groups.
 */
sample sample_planted(uint32_t groups, uint32_t size, double inner, double outer, int weighted,
                      uint64_t seed);
sample sample_karate(void); /* Zachary 1977 */
sample sample_clique_ring(uint32_t cliques, uint32_t size);
sample sample_star(uint32_t leaves);
/* Groups of groups of groups. */
sample sample_nested(uint32_t seed);
/* Vertices in groups of 20 to 80 with about ten edges each, three of four inside; for large n. */
sample sample_sparse(uint32_t vertices, int weighted, uint64_t seed);

/* The same graph as rf_edges_read would give it: repeats added up, ascending; nodes are named by
 * their numbers. The caller frees with rf_edges_free. */
rf_edges sample_edges(const sample *s);

/* Fails the test unless community numbers are dense by first vertex and every one is connected
 * (breadth first). */
void check_partition(const sample *s, const uint32_t *community, uint32_t communities);
/* The objective in its other form, over pairs of vertices: O(vertices^2). */
double slow_leiden_quality(const sample *s, const uint32_t *community);

#endif
