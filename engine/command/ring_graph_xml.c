/* ring_graph_xml.c - GraphML and GEXF; see ring_graph.h.
 *
 * Invariant: what is written is well-formed XML 1.0 whatever the texts hold. White space inside
 * attributes is written as character references, or readers would turn it into blanks.
 */
#include "base/utf8.h"
#include "command/ring_graph.h"

#include <inttypes.h>
#include <string.h>

/* XML 1.0, production 2: Char. */
static bool xml_can_hold(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0xd7ff) ||
           (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

static void write_character(FILE *file, const char *bytes, size_t length, uint32_t code)
{
    switch (code) {
    case '&':
        (void)fputs("&amp;", file);
        break;
    case '<':
        (void)fputs("&lt;", file);
        break;
    case '>':
        (void)fputs("&gt;", file);
        break;
    case '"':
        (void)fputs("&quot;", file);
        break;
    case '\t':
    case '\n':
    case '\r':
        (void)fprintf(file, "&#%u;", (unsigned)code);
        break;
    default:
        (void)fwrite(bytes, 1, length, file);
        break;
    }
}

static void write_text(FILE *file, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        size_t taken = rf_utf8_read(bytes + i, length - i, &code);
        if (taken == 0 || !xml_can_hold(code)) {
            (void)fputs(RF_UTF8_REPLACEMENT, file);
            i += taken == 0 ? 1 : taken;
        } else {
            write_character(file, bytes + i, taken, code);
            i += taken;
        }
    }
}

static void write_column(FILE *file, rf_statement *row, int column)
{
    write_text(file, rf_column_text(row, column), rf_column_bytes(row, column));
}

static void write_value(FILE *file, rf_statement *row, int column, rf_attribute_type type)
{
    char number[RF_NUMBER_TEXT];
    switch (type) {
    case RF_ATTRIBUTE_TEXT:
        write_column(file, row, column);
        break;
    case RF_ATTRIBUTE_INT:
        (void)fprintf(file, "%" PRId64, rf_column_int(row, column));
        break;
    case RF_ATTRIBUTE_REAL:
        (void)fputs(rf_real_format(rf_column_real(row, column), number), file);
        break;
    case RF_ATTRIBUTE_BOOL:
        (void)fputs(rf_column_int(row, column) != 0 ? "true" : "false", file);
        break;
    }
}

/* ---- GraphML ---- */

static const char *graphml_type(rf_attribute_type type)
{
    static const char *const NAMES[] = {[RF_ATTRIBUTE_TEXT] = "string",
                                        [RF_ATTRIBUTE_INT] = "long",
                                        [RF_ATTRIBUTE_REAL] = "double",
                                        [RF_ATTRIBUTE_BOOL] = "boolean"};
    return NAMES[type];
}

static void graphml_keys(FILE *file, const char *domain, const rf_attribute *attributes)
{
    for (const rf_attribute *a = attributes; a->name != NULL; a++) {
        (void)fprintf(file, "  <key id=\"%s_%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n",
                      domain, a->name, domain, a->name, graphml_type(a->type));
    }
}

static const rf_attribute GRAPH_ATTRIBUTES[] = {
    {"run", RF_ATTRIBUTE_INT},    {"ring_id", RF_ATTRIBUTE_INT}, {"ring_key", RF_ATTRIBUTE_TEXT},
    {"score", RF_ATTRIBUTE_REAL}, {"parts", RF_ATTRIBUTE_TEXT},  {"flagged", RF_ATTRIBUTE_BOOL},
    {NULL, RF_ATTRIBUTE_TEXT}};

static void graphml_begin(rf_graph_output *out, const rf_graph_ring *ring)
{
    char number[RF_NUMBER_TEXT];
    FILE *file = out->file;
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"\n"
                "    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
                "    xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns\n"
                "    http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n",
                file);
    graphml_keys(file, "graph", GRAPH_ATTRIBUTES);
    graphml_keys(file, "node", rf_node_attributes);
    graphml_keys(file, "edge", rf_edge_attributes);
    (void)fprintf(file,
                  "  <graph id=\"ring\" edgedefault=\"undirected\">\n"
                  "    <data key=\"graph_run\">%" PRId64 "</data>\n"
                  "    <data key=\"graph_ring_id\">%" PRId64 "</data>\n"
                  "    <data key=\"graph_ring_key\">",
                  ring->run, ring->ring);
    write_text(file, ring->key, strlen(ring->key));
    (void)fprintf(file, "</data>\n    <data key=\"graph_score\">%s</data>\n",
                  rf_fixed_format(ring->score, 3, number));
    (void)fputs("    <data key=\"graph_parts\">", file);
    write_text(file, ring->parts, strlen(ring->parts));
    (void)fprintf(file, "</data>\n    <data key=\"graph_flagged\">%s</data>\n",
                  ring->flagged ? "true" : "false");
}

static void graphml_data(FILE *file, rf_statement *row, int first, const char *domain,
                         const rf_attribute *attributes)
{
    for (int i = 0; attributes[i].name != NULL; i++) {
        if (rf_column_kind(row, first + i) != RF_NULL) {
            (void)fprintf(file, "<data key=\"%s_%s\">", domain, attributes[i].name);
            write_value(file, row, first + i, attributes[i].type);
            (void)fputs("</data>", file);
        }
    }
}

static void graphml_node(rf_graph_output *out, rf_statement *row)
{
    (void)fputs("    <node id=\"", out->file);
    write_column(out->file, row, 0);
    (void)fputs("\">", out->file);
    graphml_data(out->file, row, 1, "node", rf_node_attributes);
    (void)fputs("</node>\n", out->file);
}

static void graphml_between(rf_graph_output *out)
{
    (void)out;
}

static void graphml_edge(rf_graph_output *out, rf_statement *row)
{
    (void)fputs("    <edge source=\"", out->file);
    write_column(out->file, row, 0);
    (void)fputs("\" target=\"", out->file);
    write_column(out->file, row, 1);
    (void)fputs("\">", out->file);
    graphml_data(out->file, row, 2, "edge", rf_edge_attributes);
    (void)fputs("</edge>\n", out->file);
}

static void graphml_end(rf_graph_output *out)
{
    (void)fputs("  </graph>\n</graphml>\n", out->file);
}

const rf_graph_format rf_graphml_format = {"graphml",       graphml_begin, graphml_node,
                                           graphml_between, graphml_edge,  graphml_end};

/* ---- GEXF ---- */

static void gexf_attributes(FILE *file, const char *domain, const rf_attribute *attributes)
{
    (void)fprintf(file, "    <attributes class=\"%s\" mode=\"static\">\n", domain);
    for (const rf_attribute *a = attributes; a->name != NULL; a++) {
        (void)fprintf(file, "      <attribute id=\"%s\" title=\"%s\" type=\"%s\"/>\n", a->name,
                      a->name, graphml_type(a->type));
    }
    (void)fputs("    </attributes>\n", file);
}

static void gexf_begin(rf_graph_output *out, const rf_graph_ring *ring)
{
    FILE *file = out->file;
    (void)fprintf(file,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<gexf xmlns=\"http://www.gexf.net/1.2draft\" version=\"1.2\">\n"
                  "  <meta><creator>Ringfence</creator><description>ring %" PRId64
                  " of run %" PRId64 ", key ",
                  ring->ring, ring->run);
    write_text(file, ring->key, strlen(ring->key));
    (void)fprintf(file, ", %s, score %.3f bits: ", ring->flagged ? "flagged" : "not flagged",
                  ring->score);
    write_text(file, ring->parts, strlen(ring->parts));
    (void)fputs("</description></meta>\n"
                "  <graph defaultedgetype=\"undirected\" mode=\"static\">\n",
                file);
    gexf_attributes(file, "node", rf_node_attributes);
    gexf_attributes(file, "edge", rf_edge_attributes);
    (void)fputs("    <nodes>\n", file);
}

static void gexf_values(FILE *file, rf_statement *row, int first, const rf_attribute *attributes)
{
    (void)fputs("<attvalues>", file);
    for (int i = 0; attributes[i].name != NULL; i++) {
        if (rf_column_kind(row, first + i) != RF_NULL) {
            (void)fprintf(file, "<attvalue for=\"%s\" value=\"", attributes[i].name);
            write_value(file, row, first + i, attributes[i].type);
            (void)fputs("\"/>", file);
        }
    }
    (void)fputs("</attvalues>", file);
}

static void gexf_node(rf_graph_output *out, rf_statement *row)
{
    enum { LABEL = 2 };
    (void)fputs("      <node id=\"", out->file);
    write_column(out->file, row, 0);
    (void)fputs("\" label=\"", out->file);
    write_column(out->file, row, LABEL);
    (void)fputs("\">", out->file);
    gexf_values(out->file, row, 1, rf_node_attributes);
    (void)fputs("</node>\n", out->file);
}

static void gexf_between(rf_graph_output *out)
{
    (void)fputs("    </nodes>\n    <edges>\n", out->file);
}

static void gexf_edge(rf_graph_output *out, rf_statement *row)
{
    enum { WEIGHT = 3 };
    char number[RF_NUMBER_TEXT];
    (void)fprintf(out->file, "      <edge id=\"%" PRId64 "\" source=\"", out->edge++);
    write_column(out->file, row, 0);
    (void)fputs("\" target=\"", out->file);
    write_column(out->file, row, 1);
    (void)fputs("\"", out->file);
    if (rf_column_kind(row, WEIGHT) != RF_NULL) {
        (void)fprintf(out->file, " weight=\"%s\"",
                      rf_real_format(rf_column_real(row, WEIGHT), number));
    }
    (void)fputs(">", out->file);
    gexf_values(out->file, row, 2, rf_edge_attributes);
    (void)fputs("</edge>\n", out->file);
}

static void gexf_end(rf_graph_output *out)
{
    (void)fputs("    </edges>\n  </graph>\n</gexf>\n", out->file);
}

const rf_graph_format rf_gexf_format = {"gexf",       gexf_begin, gexf_node,
                                        gexf_between, gexf_edge,  gexf_end};
