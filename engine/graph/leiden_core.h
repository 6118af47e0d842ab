/* leiden_core.h - the parts of Leiden: a graph in rows, moving, refining, aggregating.
 *
 * A round: move vertices between communities until little is gained (leiden_move.c); divide every
 * community into connected parts (leiden_refine.c); make each part a vertex of a smaller graph
 * (leiden_graph.c) that starts from the communities found; again, until nothing merges (leiden.c).
 *
 * Labels: a community is named by a vertex. Only who works on vertex v may found community v, when
 * it is empty; so threads never ask each other for labels.
 *
 * Determinism: work is cut by the size of the graph, never by the number of threads. Threads work
 * on chunks that see their own changes at once and those of other chunks after the step; sums that
 * cross chunks are made in the order of chunks.
 *
 * Only leiden*.c include this.
 */
#ifndef RF_GRAPH_LEIDEN_CORE_H
#define RF_GRAPH_LEIDEN_CORE_H

#include "base/team.h"
#include "graph/leiden.h"

#include <stdbool.h>

/* Rows of neighbours without self-loops; each edge stands in both rows. Rows may have gaps between
 * them. Weights and masses are relative to the largest of
 * the input, or of what it is part of. */
typedef struct rf_lgraph {
    uint32_t vertices;
    uint64_t *start;
    uint32_t *degree;
    uint32_t *neighbour;
    float *weight; /* NULL: all 1 */
    double *mass;  /* vertex weights */
    bool lent;     /* neighbour and weight are the caller's, and not written */
    bool borrowed; /* all arrays are somebody else's, and not written */
} rf_lgraph;

/* What a thread adds up by community label; all zero between uses. */
typedef struct rf_lslot {
    double links; /* weight of the edges from the vertex at hand to the community */
    double mass;  /* change of its mass made by the chunk at hand */
} rf_lslot;

typedef struct rf_lworker {
    rf_lslot *slot;
    int32_t *members; /* change of the number of members by the chunk at hand; all 0 between uses */
    uint32_t *touched; /* labels whose slot is in use */
} rf_lworker;

/* A partition of the vertices of one graph. */
typedef struct rf_lpartition {
    uint32_t *community; /* by vertex: a label */
    double *mass;        /* by label */
    uint32_t *members;   /* by label */
} rf_lpartition;

/* Arrays as long as the largest graph has vertices, used again at every level. */
typedef struct rf_lcore {
    rf_team *team;
    rf_lworker *worker;
    unsigned workers;
    uint64_t seed;
    double resolution; /* for relative weights */
    double noise;      /* of refining: parts are drawn by exp(gain / noise); 0: the best */
    uint64_t turn;     /* another for every refinement */
    bool crowded;      /* how the first graph of parts that is not large is searched: */
    int upper_rounds;  /* so many rounds, or by a crowd */
    rf_lpartition now;
    /* scratch of moving */
    uint32_t *live;               /* communities as the chunk that owns the vertex sees them */
    unsigned char *awake, *later; /* vertices to look at: now, and after the step */
    uint32_t *mover, *before;     /* vertices moved in a step and where they came from, by chunk */
    /* scratch of refining and aggregating; parts are named by vertices, too */
    uint32_t *part;  /* by vertex */
    uint32_t *order; /* vertices by community, or by part */
    uint32_t *first; /* vertices + 1 offsets into order */
    uint32_t *part_members;
    double *part_mass, *part_links; /* by part: mass, and weight of edges to the community's rest */
} rf_lcore;

/* ---- leiden_graph.c ---- */

/* *resolution is that for relative weights. O(edges + vertices). */
RF_MUST_USE rf_status rf_lgraph_build(const rf_leiden_input *input, rf_team *team, rf_lgraph *graph,
                                      double *resolution, rf_error *err);
/* The same from rows. */
RF_MUST_USE rf_status rf_lgraph_from_rows(const rf_leiden_input *input, const rf_leiden_rows *rows,
                                          rf_lgraph *graph, double *resolution, rf_error *err);
void rf_lgraph_free(rf_lgraph *graph);

/* The same graph with order[i] as its vertex i; number is the inverse of order. */
RF_MUST_USE rf_status rf_lgraph_relabel(const rf_lgraph *graph, rf_team *team,
                                        const uint32_t *order, const uint32_t *number,
                                        rf_lgraph *out, rf_error *err);

/* Sorts vertices by key (< vertices) into core->order and core->first, ascending inside a key. */
void rf_lcore_sort(rf_lcore *core, const uint32_t *key, uint32_t vertices);

/* The graph of parts: part[v] < parts, dense. Leaves order and first sorted by part. */
RF_MUST_USE rf_status rf_lgraph_aggregate(const rf_lgraph *graph, rf_lcore *core, uint32_t parts,
                                          rf_lgraph *out, rf_error *err);

/* ---- leiden_move.c ---- */

/* Sweeps over the vertices until none is awake or a sweep gains less than `least` (relative
 * weight), at most `sweeps` times. All vertices are awake at first. Returns what was gained and
 * adds to *moves; core->now is changed. */
double rf_lcore_move(rf_lcore *core, const rf_lgraph *graph, double least, int sweeps);

/* ---- leiden_refine.c ---- */

/* Divides every community of core->now into connected parts: core->part, dense. Returns their
 * number. */
uint32_t rf_lcore_refine(rf_lcore *core, const rf_lgraph *graph);

/* ---- leiden_crowd.c ---- */

/* A better partition of a graph that is not large, in core->now.community, than the one that is
 * there. Threads share the work. RF_ENOMEM. */
RF_MUST_USE rf_status rf_lcore_crowd(rf_lcore *core, const rf_lgraph *graph, rf_error *err);

/* ---- leiden.c ---- */

typedef struct rf_lsearch {
    const uint32_t *start; /* as in rf_leiden_input, never NULL */
    double resolution, noise;
    uint64_t seed;
    int rounds;
} rf_lsearch;

/* `rounds` rounds from `start` by the calling thread alone; community[v] is a label, the name of a
 * vertex in it. May be called from several threads. RF_ENOMEM. */
RF_MUST_USE rf_status rf_lgraph_search(const rf_lgraph *graph, const rf_lsearch *how,
                                       uint32_t *community, rf_error *err);

/* Every community of core->now is named by its first vertex; the names before are below `names`.
 * Needs core->before. Returns how many there are. */
uint32_t rf_lcore_name(rf_lcore *core, uint32_t vertices, uint32_t names);

#endif
