/* edges.h - reads an edge list, of any origin, into arrays.
 *
 * Format: one edge a line, `u v` or `u v w`. Columns are parted by tabs, else semicolons, else
 * commas, else blanks, whichever the first line has; parted by blanks, runs of them count as one.
 * Ids are any text without the separator; in the other three formats blanks around a cell are
 * dropped and a cell may stand in double quotes. Lines that are empty or begin with # or % are
 * skipped; a line may end in CR LF; a byte order mark is skipped.
 *
 * Header: the first line is one when its first two cells are known names (u,v source,target from,to
 * src,dst node1,node2 node_1,node_2 id_1,id_2, in any case) or when its third cell is no number. A
 * header cell named weight or w says where the weights are; otherwise they are the third column.
 * Further columns are ignored. The edges are weighted when the first of them has a weight; then all
 * must have one, and none otherwise.
 *
 * Rules: edges have no direction. Repeated edges are added up when weighted and collapsed to one of
 * weight 1 when not. A self-loop is no edge, but names its node. Weights are finite and above 0.
 *
 * Workload: tens of millions of edges in a few seconds; reads in large blocks, so memory is that of
 * the arrays and the names.
 */
#ifndef RF_GRAPH_EDGES_H
#define RF_GRAPH_EDGES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rf_edges {
    uint32_t nodes;      /* numbered in order of their first appearance */
    uint64_t count;      /* edges, each once */
    uint32_t *from, *to; /* from < to; ascending by (from, to) */
    double *weight;      /* 1 when not weighted */
    bool weighted;
    char *names;          /* all names, one after the other, without terminators */
    uint64_t *name_start; /* nodes + 1 offsets */
} rf_edges;

/* Reads the file at `path` ("-": standard input). On success the caller owns *edges
 * (rf_edges_free); on failure it is empty. RF_EINPUT names the file, line and value that is wrong;
 * RF_EIO; RF_ENOMEM. O(bytes + edges + nodes). */
RF_MUST_USE rf_status rf_edges_read(const char *path, rf_edges *edges, rf_error *err);
void rf_edges_free(rf_edges *edges);

/* The name of a node, not terminated, and its length. */
static inline const char *rf_edges_name(const rf_edges *edges, uint32_t node, size_t *length)
{
    *length = (size_t)(edges->name_start[node + 1] - edges->name_start[node]);
    return edges->names + edges->name_start[node];
}

#endif
