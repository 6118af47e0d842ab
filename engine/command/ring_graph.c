/* ring_graph.c - reads a ring's graph out of the database; see ring_graph.h. */
#include "command/ring_graph.h"

#include "base/text.h"
#include "command/ring_graph_uses.h"

#include <stdio.h>
#include <string.h>

const rf_attribute rf_node_attributes[] = {
    {"type", RF_ATTRIBUTE_TEXT},       /* "account", or the signal of a value */
    {"label", RF_ATTRIBUTE_TEXT},      /* the account's id, the value's text */
    {"created_at", RF_ATTRIBUTE_TEXT}, /* accounts, to requests */
    {"country", RF_ATTRIBUTE_TEXT},
    {"plan", RF_ATTRIBUTE_TEXT},
    {"status", RF_ATTRIBUTE_TEXT},
    {"role", RF_ATTRIBUTE_TEXT},
    {"cell", RF_ATTRIBUTE_INT},
    {"flagged", RF_ATTRIBUTE_BOOL},
    {"requests", RF_ATTRIBUTE_INT},
    {"members", RF_ATTRIBUTE_INT}, /* values: of the ring that used it */
    {"holders", RF_ATTRIBUTE_INT}, /* accounts that used it, in the ring or not */
    {"bits", RF_ATTRIBUTE_REAL},   /* of listed evidence: what sharing it is worth; of accounts:
                                      of their links inside */
    {NULL, RF_ATTRIBUTE_TEXT}};

const rf_attribute rf_edge_attributes[] = {
    {"type", RF_ATTRIBUTE_TEXT},    /* "link", or the signal of the value used */
    {"weight", RF_ATTRIBUTE_REAL},  /* links: bits */
    {"families", RF_ATTRIBUTE_INT}, /* links: of evidence */
    {"times", RF_ATTRIBUTE_INT},    /* uses, to last_seen */
    {"first_seen", RF_ATTRIBUTE_TEXT}, {"last_seen", RF_ATTRIBUTE_TEXT}, {NULL, RF_ATTRIBUTE_TEXT}};

static const char ACCOUNTS_SQL[] =
    "SELECT 'account/' || a.external_id, 'account', a.external_id,"
    "    strftime('%Y-%m-%dT%H:%M:%SZ', a.created_at, 'unixepoch'), a.country, a.plan, a.status,"
    "    m.role, m.cell, r.flagged,"
    "    (SELECT coalesce(sum(u.requests), 0) FROM usage u WHERE u.account = a.id),"
    "    NULL, NULL, m.bits "
    "FROM member m JOIN account a ON a.id = m.account JOIN ring r ON r.run = m.run AND "
    "r.ring = m.ring "
    "WHERE m.run = ?1 AND m.ring = ?2 ORDER BY a.external_id";

/* Of a value: 3 row id, 4 members, 5 holders. */
static const char VALUE_SQL[] =
    "SELECT 'value/' || g.name || '/' || v.text, g.name, v.text,"
    "    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ?4, ?5, e.bits "
    "FROM value v CROSS JOIN signal g ON g.id = v.signal "
    "LEFT JOIN evidence e ON e.value = v.id AND e.run = ?1 AND e.ring = ?2 WHERE v.id = ?3";

static const char LINKS_SQL[] =
    "SELECT 'account/' || a.external_id, 'account/' || b.external_id, 'link', l.bits, l.families,"
    "    NULL, NULL, NULL "
    "FROM member m JOIN link l ON l.run = m.run AND l.account_a = m.account "
    "JOIN member n ON n.run = l.run AND n.account = l.account_b AND n.ring = m.ring "
    "JOIN account a ON a.id = l.account_a JOIN account b ON b.id = l.account_b "
    "WHERE m.run = ?1 AND m.ring = ?2 ORDER BY a.external_id, b.external_id";

/* A row of what is bound: 1 account, 2 signal, 3 value, 4 times, 5 first and 6 last day. */
static const char USE_SQL[] =
    "SELECT 'account/' || ?1, 'value/' || ?2 || '/' || ?3, ?2, NULL, NULL, ?4,"
    "    date(nullif(?5, -1) * 86400, 'unixepoch'), date(nullif(?6, -1) * 86400, 'unixepoch')";

const rf_graph_format *rf_graph_format_find(const char *name)
{
    static const rf_graph_format *const FORMATS[] = {&rf_graphml_format, &rf_gexf_format,
                                                     &rf_node_link_format, &rf_graph_csv_format};
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++) {
        if (strcmp(FORMATS[i]->name, name) == 0) {
            return FORMATS[i];
        }
    }
    return NULL;
}

static rf_status read_ring(rf_store *store, rf_graph_ring *ring, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(store, "SELECT ring_key, score, flagged FROM ring WHERE run = ?1 AND ring = ?2",
                   &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, ring->run);
        rf_bind_int(statement, 2, ring->ring);
        status = rf_step(statement, &row, err);
    }
    if (status == RF_OK && !row) {
        status =
            rf_fail(err, RF_EINPUT, "%s: run %lld has no ring %lld; `ringfence rings` lists them",
                    rf_store_path(store), (long long)ring->run, (long long)ring->ring);
    }
    if (status == RF_OK) {
        (void)snprintf(ring->key, sizeof ring->key, "%s", rf_column_text(statement, 0));
        ring->score = rf_column_real(statement, 1);
        ring->flagged = rf_column_int(statement, 2) != 0;
    }
    rf_statement_end(statement);
    return status;
}

static rf_status read_parts(rf_store *store, rf_graph_ring *ring, rf_text *text, rf_error *err)
{
    rf_statement *parts = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT part, bits FROM score_part WHERE run = ?1 AND ring = ?2 "
                                  "ORDER BY abs(bits) DESC, part",
                                  &parts, err);
    if (status == RF_OK) {
        rf_bind_int(parts, 1, ring->run);
        rf_bind_int(parts, 2, ring->ring);
    }
    while (status == RF_OK && (status = rf_step(parts, &row, err)) == RF_OK && row) {
        rf_text_printf(text, "%s%s %+.3f", text->length == 0 ? "" : "; ", rf_column_text(parts, 0),
                       rf_column_real(parts, 1));
    }
    rf_statement_end(parts);
    if (status == RF_OK && rf_text_failed(text)) {
        status = rf_fail_memory(err, "the parts of the score");
    }
    ring->parts = rf_text_get(text);
    return status;
}

static rf_status each_row(rf_store *store, const char *sql, const rf_graph_ring *ring,
                          rf_graph_output *out, void (*take)(rf_graph_output *, rf_statement *),
                          int64_t *count, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, ring->run);
        rf_bind_int(statement, 2, ring->ring);
    }
    while (status == RF_OK && (status = rf_step(statement, &row, err)) == RF_OK && row) {
        take(out, statement);
        (*count)++;
    }
    rf_statement_end(statement);
    return status;
}

static rf_status each_value(rf_store *store, const rf_graph_uses *uses, const rf_graph_ring *ring,
                            rf_graph_output *out, void (*take)(rf_graph_output *, rf_statement *),
                            int64_t *count, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, VALUE_SQL, &statement, err);
    for (size_t v = 0; v < uses->values && status == RF_OK; v++) {
        bool row = false;
        rf_bind_int(statement, 1, ring->run);
        rf_bind_int(statement, 2, ring->ring);
        rf_bind_int(statement, 3, uses->value[v].row);
        rf_bind_int(statement, 4, uses->value[v].members);
        rf_bind_int(statement, 5, uses->value[v].holders);
        status = rf_step(statement, &row, err);
        if (status == RF_OK && row) {
            take(out, statement);
            (*count)++;
            rf_reset(statement);
        }
    }
    rf_statement_end(statement);
    return status;
}

static rf_status each_use(rf_store *store, const rf_graph_uses *uses, rf_graph_output *out,
                          void (*take)(rf_graph_output *, rf_statement *), int64_t *count,
                          rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, USE_SQL, &statement, err);
    for (size_t i = 0; i < uses->count && status == RF_OK; i++) {
        const rf_graph_use *use = &uses->use[i];
        const rf_graph_value *value = &uses->value[use->value];
        const rf_graph_text *id = &uses->id[use->member];
        bool row = false;
        rf_bind_text_static(statement, 1, id->text, id->length);
        rf_bind_text_static(statement, 2, value->signal.text, value->signal.length);
        rf_bind_text_static(statement, 3, value->text.text, value->text.length);
        rf_bind_int(statement, 4, use->times);
        rf_bind_int(statement, 5, use->first);
        rf_bind_int(statement, 6, use->last);
        status = rf_step(statement, &row, err);
        if (status == RF_OK && row) {
            take(out, statement);
            (*count)++;
            rf_reset(statement);
        }
    }
    rf_statement_end(statement);
    return status;
}

rf_status rf_graph_write(rf_store *store, int64_t run, int64_t ring_id,
                         const rf_graph_format *format, rf_graph_output *out, int64_t *nodes,
                         int64_t *edges, rf_error *err)
{
    rf_graph_ring ring = {.run = run, .ring = ring_id};
    rf_text parts = {0};
    rf_graph_uses uses = {0};
    rf_status status = rf_store_read(store, err);
    if (status == RF_OK) {
        status = read_ring(store, &ring, err);
    }
    *nodes = 0;
    *edges = 0;
    if (status == RF_OK) {
        status = read_parts(store, &ring, &parts, err);
    }
    if (status == RF_OK) {
        status = rf_graph_uses_read(store, run, ring_id, &uses, err);
    }
    if (status == RF_OK) {
        format->begin(out, &ring);
        status = each_row(store, ACCOUNTS_SQL, &ring, out, format->node, nodes, err);
    }
    if (status == RF_OK) {
        status = each_value(store, &uses, &ring, out, format->node, nodes, err);
    }
    if (status == RF_OK) {
        format->between(out);
        status = each_row(store, LINKS_SQL, &ring, out, format->edge, edges, err);
    }
    if (status == RF_OK) {
        status = each_use(store, &uses, out, format->edge, edges, err);
    }
    if (status == RF_OK) {
        format->end(out);
    }
    rf_text_free(&parts);
    rf_graph_uses_free(&uses);
    rf_store_rollback(store);
    return status;
}
