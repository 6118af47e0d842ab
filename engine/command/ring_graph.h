/* ring_graph.h - writes one ring as a graph, in the formats that other tools read.
 *
 * Nodes are the ring's accounts and the values that two or more of them used; edges are the kept
 * links between accounts (type "link") and the uses of those values (type: the signal's name). Node
 * ids are "account/ID" and "value/SIGNAL/TEXT", so they are unique and the same in every run.
 * Accounts come in bytewise order of their ids, then values by signal and text; edges likewise.
 *
 *   graphml  with declared types; characters XML cannot hold and invalid UTF-8 become U+FFFD
 *   gexf     1.2draft, the same
 *   json     node-link: directed, multigraph, graph, nodes, edges
 *   csv      nodes and edges in a file each
 *
 * Nothing is cut. Accounts and links are written as they are read; values and their uses are
 * gathered before (24 bytes a use, 100 a value).
 */
#ifndef RF_COMMAND_RING_GRAPH_H
#define RF_COMMAND_RING_GRAPH_H

#include "base/csv_out.h"
#include "base/json.h"
#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum rf_attribute_type {
    RF_ATTRIBUTE_TEXT,
    RF_ATTRIBUTE_INT,
    RF_ATTRIBUTE_REAL,
    RF_ATTRIBUTE_BOOL
} rf_attribute_type;

typedef struct rf_attribute {
    const char *name;
    rf_attribute_type type;
} rf_attribute;

/* Both ended by a NULL name; in the order of the columns behind the ids. */
extern const rf_attribute rf_node_attributes[];
extern const rf_attribute rf_edge_attributes[];

/* What is known of the ring itself: written as attributes of the graph. */
typedef struct rf_graph_ring {
    int64_t run, ring;
    char key[64];
    double score;
    bool flagged;
    const char *parts; /* "sign-up burst +6.2; ...": a score is never shown without them */
} rf_graph_ring;

typedef struct rf_graph_output {
    FILE *file;   /* csv: of the edges */
    FILE *nodes;  /* csv only */
    bool raw;     /* csv: leave formulas as they are */
    int64_t edge; /* edges so far, for formats that number them */
    rf_csv csv_nodes, csv_edges;
    rf_json json;
} rf_graph_output;

/* A format: called in the order begin, node..., between, edge..., end. A node is a row of id and
 * the node attributes, an edge one of source, target and the edge attributes. Failed writes stay on
 * the files. */
typedef struct rf_graph_format {
    const char *name; /* and the ending of its files */
    void (*begin)(rf_graph_output *out, const rf_graph_ring *ring);
    void (*node)(rf_graph_output *out, rf_statement *row);
    void (*between)(rf_graph_output *out);
    void (*edge)(rf_graph_output *out, rf_statement *row);
    void (*end)(rf_graph_output *out);
} rf_graph_format;

extern const rf_graph_format rf_graphml_format;
extern const rf_graph_format rf_gexf_format;
extern const rf_graph_format rf_node_link_format;
extern const rf_graph_format rf_graph_csv_format;

/* NULL when there is none of that name. */
const rf_graph_format *rf_graph_format_find(const char *name);

/* Writes the ring; *nodes and *edges count what was written. RF_EINPUT when the run has no such
 * ring. O(sightings of the members and of the values they share). */
RF_MUST_USE rf_status rf_graph_write(rf_store *store, int64_t run, int64_t ring,
                                     const rf_graph_format *format, rf_graph_output *out,
                                     int64_t *nodes, int64_t *edges, rf_error *err);

#endif
