/* ring_graph_data.c - node-link JSON and the pair of CSV files; see ring_graph.h. */
#include "command/ring_graph.h"

/* ---- node-link JSON ---- */

static void json_value(rf_json *json, rf_statement *row, int column, rf_attribute_type type)
{
    switch (type) {
    case RF_ATTRIBUTE_TEXT:
        rf_json_bytes(json, rf_column_text(row, column), rf_column_bytes(row, column));
        break;
    case RF_ATTRIBUTE_INT:
        rf_json_int(json, rf_column_int(row, column));
        break;
    case RF_ATTRIBUTE_REAL:
        rf_json_real(json, rf_column_real(row, column));
        break;
    case RF_ATTRIBUTE_BOOL:
        rf_json_bool(json, rf_column_int(row, column) != 0);
        break;
    }
}

/* What is not known is left out: readers of node-link data expect values of one type. */
static void json_attributes(rf_json *json, rf_statement *row, int first,
                            const rf_attribute *attributes)
{
    for (int i = 0; attributes[i].name != NULL; i++) {
        if (rf_column_kind(row, first + i) != RF_NULL) {
            rf_json_key(json, attributes[i].name);
            json_value(json, row, first + i, attributes[i].type);
        }
    }
}

static void json_id(rf_json *json, const char *key, rf_statement *row, int column)
{
    rf_json_key(json, key);
    rf_json_bytes(json, rf_column_text(row, column), rf_column_bytes(row, column));
}

static void json_begin(rf_graph_output *out, const rf_graph_ring *ring)
{
    rf_json *json = &out->json;
    *json = rf_json_to_file(out->file);
    rf_json_object(json);
    rf_json_key(json, "directed");
    rf_json_bool(json, false);
    rf_json_key(json, "multigraph");
    rf_json_bool(json, false);
    rf_json_key(json, "graph");
    rf_json_object(json);
    rf_json_key(json, "run");
    rf_json_int(json, ring->run);
    rf_json_key(json, "ring_id");
    rf_json_int(json, ring->ring);
    rf_json_key(json, "ring_key");
    rf_json_string(json, ring->key);
    rf_json_key(json, "score");
    rf_json_fixed(json, ring->score, 3);
    rf_json_key(json, "parts");
    rf_json_string(json, ring->parts);
    rf_json_key(json, "flagged");
    rf_json_bool(json, ring->flagged);
    rf_json_object_end(json);
    rf_json_key(json, "nodes");
    rf_json_array(json);
}

static void json_node(rf_graph_output *out, rf_statement *row)
{
    rf_json_object(&out->json);
    json_id(&out->json, "id", row, 0);
    json_attributes(&out->json, row, 1, rf_node_attributes);
    rf_json_object_end(&out->json);
}

static void json_between(rf_graph_output *out)
{
    rf_json_array_end(&out->json);
    rf_json_key(&out->json, "edges");
    rf_json_array(&out->json);
}

static void json_edge(rf_graph_output *out, rf_statement *row)
{
    rf_json_object(&out->json);
    json_id(&out->json, "source", row, 0);
    json_id(&out->json, "target", row, 1);
    json_attributes(&out->json, row, 2, rf_edge_attributes);
    rf_json_object_end(&out->json);
}

static void json_end(rf_graph_output *out)
{
    rf_json_array_end(&out->json);
    rf_json_object_end(&out->json);
    rf_json_finish(&out->json);
}

const rf_graph_format rf_node_link_format = {"json",       json_begin, json_node,
                                             json_between, json_edge,  json_end};

/* ---- a pair of CSV files ---- */

static void csv_value(rf_csv *csv, rf_statement *row, int column, rf_attribute_type type)
{
    if (rf_column_kind(row, column) == RF_NULL) {
        rf_csv_empty(csv);
    } else if (type == RF_ATTRIBUTE_TEXT) {
        rf_csv_bytes(csv, rf_column_text(row, column), rf_column_bytes(row, column));
    } else if (type == RF_ATTRIBUTE_REAL) {
        rf_csv_real(csv, rf_column_real(row, column));
    } else {
        rf_csv_int(csv, rf_column_int(row, column));
    }
}

static void csv_heading(rf_csv *csv, const rf_attribute *attributes)
{
    for (const rf_attribute *a = attributes; a->name != NULL; a++) {
        rf_csv_plain(csv, a->name);
    }
    rf_csv_end_row(csv);
}

static void csv_row(rf_csv *csv, rf_statement *row, int ids, const rf_attribute *attributes)
{
    for (int i = 0; i < ids; i++) {
        rf_csv_bytes(csv, rf_column_text(row, i), rf_column_bytes(row, i));
    }
    for (int i = 0; attributes[i].name != NULL; i++) {
        csv_value(csv, row, ids + i, attributes[i].type);
    }
    rf_csv_end_row(csv);
}

static void csv_begin(rf_graph_output *out, const rf_graph_ring *ring)
{
    (void)ring;
    out->csv_nodes = rf_csv_to_file(out->nodes, out->raw);
    out->csv_edges = rf_csv_to_file(out->file, out->raw);
    rf_csv_plain(&out->csv_nodes, "id");
    csv_heading(&out->csv_nodes, rf_node_attributes);
    rf_csv_plain(&out->csv_edges, "source");
    rf_csv_plain(&out->csv_edges, "target");
    csv_heading(&out->csv_edges, rf_edge_attributes);
}

static void csv_node(rf_graph_output *out, rf_statement *row)
{
    csv_row(&out->csv_nodes, row, 1, rf_node_attributes);
}

static void csv_between(rf_graph_output *out)
{
    (void)out;
}

static void csv_edge(rf_graph_output *out, rf_statement *row)
{
    csv_row(&out->csv_edges, row, 2, rf_edge_attributes);
}

static void csv_end(rf_graph_output *out)
{
    (void)out;
}

const rf_graph_format rf_graph_csv_format = {"csv",       csv_begin, csv_node,
                                             csv_between, csv_edge,  csv_end};
