/* ring_probe.c - see ring_probe.h. */
#include "command/ring_probe.h"

#include "command/output.h"
#include "command/waiting.h"
#include "rings/bridges.h"
#include "rings/knockout.h"
#include "rings/splits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SHOWN = 60 };

/* What the ring came to in its run. */
typedef struct verdict {
    double score, flagged_from;
    bool flagged;
} verdict;

typedef struct part {
    char name[64];
    double bits;
} part;

typedef struct prober {
    rf_store *store;
    rf_inside inside;
    verdict verdict;
    part *part;
    size_t parts, room;
    const char *family[RF_MAX_FAMILIES];
    bool seen[RF_MAX_FAMILIES]; /* a value of it is shared inside */
    rf_format format;
    rf_progress progress; /* until something is printed */
} prober;

/* ---- reading ---- */

static rf_status read_verdict(prober *p, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        p->store,
        "SELECT r.score, ifnull(run.config ->> 'flagged_from', 0), r.flagged FROM ring r "
        "JOIN run ON run.id = r.run WHERE r.run = ?1 AND r.ring = ?2",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, p->inside.learned.run);
        rf_bind_int(select, 2, p->inside.ring);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        p->verdict = (verdict){rf_column_real(select, 0), rf_column_real(select, 1),
                               rf_column_int(select, 2) != 0};
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_parts(prober *p, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(p->store,
                                  "SELECT part, bits FROM score_part WHERE run = ?1 AND ring = ?2 "
                                  "ORDER BY abs(bits) DESC, part",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, p->inside.learned.run);
        rf_bind_int(select, 2, p->inside.ring);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        if (!rf_reserve(&p->part, &p->room, p->parts + 1, sizeof *p->part)) {
            status = rf_fail_memory(err, "the parts of a score");
            break;
        }
        (void)snprintf(p->part[p->parts].name, sizeof p->part->name, "%s",
                       rf_column_text(select, 0));
        p->part[p->parts++].bits = rf_column_real(select, 1);
    }
    rf_statement_end(select);
    return status;
}

static void name_families(prober *p)
{
    const rf_inside *in = &p->inside;
    for (uint32_t s = 0; s < in->learned.signals; s++) {
        if (in->learned.signal[s].link) {
            p->family[in->learned.signal[s].family] = in->learned.signal[s].family_name;
        }
    }
    for (uint32_t v = 0; v < in->values; v++) {
        p->seen[in->value[v].family] = p->seen[in->value[v].family] || in->value[v].bits > 0;
    }
}

/* ---- the page of a ring ---- */

void rf_ring_say_bonds(const rf_ring_page *page, rf_text *text)
{
    if (page->bridges > 0) {
        rf_text_add(text, "; without ");
        rf_words_count(text, page->bridges, "of its members", "of its members");
        rf_text_add(text, ", each a bridge, a part of it falls off");
    }
    if (isfinite(page->inner_bits)) {
        rf_text_printf(text, ". Links that two families make come to %.1f bits a member",
                       page->inner_bits);
    }
    if (isfinite(page->q)) {
        rf_text_printf(text,
                       "; of the rings at least so strongly bound a share of %.4f is expected by "
                       "chance (q, ",
                       page->q);
        rf_words_count(text, page->shuffles, "shuffle)", "shuffles)");
    }
}

/* ---- knock-out ---- */

static const char *signal_name(const rf_inside *in, uint32_t value)
{
    return in->learned.signal[in->value[value].signal].name;
}

static void json_knock_out(const prober *p, const rf_knockout *k)
{
    const rf_inside *in = &p->inside;
    rf_json json = rf_output_json();
    rf_json_object(&json);
    rf_json_key(&json, "ring_id");
    rf_json_int(&json, in->ring);
    rf_json_key(&json, "members");
    rf_json_int(&json, in->members);
    rf_json_key(&json, "members_left");
    rf_json_int(&json, k->largest);
    rf_json_key(&json, "links");
    rf_json_int(&json, k->links_before);
    rf_json_key(&json, "links_left");
    rf_json_int(&json, k->links_after);
    rf_json_key(&json, "exact");
    rf_json_bool(&json, k->exact);
    rf_json_key(&json, "at_least");
    rf_json_int(&json, k->least);
    rf_json_key(&json, "values");
    rf_json_array(&json);
    for (uint32_t i = 0; i < k->values; i++) {
        const rf_inside_value *value = &in->value[k->value[i]];
        rf_json_object(&json);
        rf_json_key(&json, "signal");
        rf_json_string(&json, signal_name(in, k->value[i]));
        rf_json_key(&json, "value");
        rf_json_string(&json, value->text);
        rf_json_key(&json, "members");
        rf_json_int(&json, value->members);
        rf_json_key(&json, "holders");
        rf_json_int(&json, value->holders);
        rf_json_key(&json, "bits");
        rf_json_real(&json, rf_bits_real(value->bits));
        rf_json_object_end(&json);
    }
    rf_json_array_end(&json);
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

static void say_knock_out(const prober *p, const rf_knockout *k)
{
    const rf_inside *in = &p->inside;
    rf_text text = {0};
    rf_text_printf(&text, "Ring %lld of %u members dissolves without ", (long long)in->ring,
                   in->members);
    rf_words_count(&text, k->values, "value", "values");
    rf_text_printf(&text,
                   ": %u of its %u links are left, and no more than %u members hang together. ",
                   k->links_after, k->links_before, k->largest);
    if (k->exact) {
        rf_text_add(&text, "No smaller set of values does it.");
    } else {
        rf_text_printf(&text, "A smaller set may do it, of no fewer than %u.", k->least);
    }
    if (in->learned.changed) {
        rf_text_add(&text, " Facts have changed since the run: links are weighed as they are now.");
    }
    rf_paragraph(stdout, 0, rf_text_get(&text));
    rf_text_free(&text);
}

static rf_status list_values(const prober *p, const rf_knockout *k, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "members", .kind = RF_FIELD_INT},
        {.name = "holders", .kind = RF_FIELD_INT},
        {.name = "bits", .title = "bits a pair", .kind = RF_FIELD_REAL, .decimals = 1}};
    rf_sheet_options options = {.file = stdout, .format = p->format};
    rf_sheet *sheet = NULL;
    rf_text text = {0};
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (uint32_t i = 0; i < k->values && status == RF_OK; i++) {
        const rf_inside_value *value = &p->inside.value[k->value[i]];
        rf_sheet_text(sheet, signal_name(&p->inside, k->value[i]));
        if (p->format == RF_FORMAT_TABLE) {
            rf_text_clear(&text);
            rf_text_add_short(&text, value->text, strlen(value->text), VALUE_SHOWN);
            rf_sheet_text(sheet, rf_text_get(&text));
        } else {
            rf_sheet_text(sheet, value->text);
        }
        rf_sheet_int(sheet, value->members);
        rf_sheet_int(sheet, value->holders);
        rf_sheet_real(sheet, rf_bits_real(value->bits));
    }
    rf_text_free(&text);
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

static rf_status knock_out(prober *p, rf_error *err)
{
    rf_knockout k;
    rf_status status = rf_ring_knock_out(&p->inside, 0, &k, err);
    rf_progress_end(&p->progress);
    if (status != RF_OK) {
        return status;
    }
    if (p->format == RF_FORMAT_JSON) {
        json_knock_out(p, &k);
    } else {
        if (p->format == RF_FORMAT_TABLE) {
            say_knock_out(p, &k);
        }
        status = list_values(p, &k, err);
    }
    rf_knockout_free(&k);
    return status;
}

/* ---- stress ---- */

/* Which part of the score rests on which family; "" stands for any that has no part of its own. A
 * part not listed rests on no family of link signals. */
static const struct {
    const char *part, *family;
} RESTS_ON[] = {{"shared devices", "device"},
                {"shared payment", "payment"},
                {"many cards shared crosswise", "payment"},
                {"instruments per account", "payment"},
                {"prepaid funding", "payment"},
                {"shared addresses", "address"},
                {"shared query templates", "template"},
                {"nothing of their own", "device"},
                {"nothing of their own", "payment"},
                {"shared phones and other ties", ""}};
enum { RESTS = sizeof RESTS_ON / sizeof RESTS_ON[0] };

static bool has_own_part(const char *family)
{
    bool own = false;
    for (size_t i = 0; i < RESTS; i++) {
        own = own || strcmp(RESTS_ON[i].family, family) == 0;
    }
    return own;
}

static bool rests_on(const char *name, const char *family)
{
    const char *wanted = has_own_part(family) ? family : "";
    for (size_t i = 0; i < RESTS; i++) {
        if (strcmp(RESTS_ON[i].part, name) == 0 && strcmp(RESTS_ON[i].family, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* One row: without families f and g (equal: without f alone; UINT32_MAX: with all). */
static void stress_row(const prober *p, uint32_t f, uint32_t g, uint8_t *hidden,
                       rf_inside_pieces *pieces, rf_sheet *sheet)
{
    const rf_inside *in = &p->inside;
    double score = p->verdict.score;
    bool holds;
    rf_text name = {0};
    rf_text gone = {0};
    for (uint32_t v = 0; v < in->values; v++) {
        hidden[v] = in->value[v].family == f || in->value[v].family == g;
    }
    rf_inside_split(in, hidden, pieces);
    holds = 2 * pieces->largest >= in->members;
    for (size_t i = 0; i < p->parts && f != UINT32_MAX; i++) {
        if (rests_on(p->part[i].name, p->family[f]) || rests_on(p->part[i].name, p->family[g])) {
            score -= p->part[i].bits;
            rf_text_printf(&gone, "%s%s %+.1f", gone.length == 0 ? "" : "; ", p->part[i].name,
                           p->part[i].bits);
        }
    }
    if (f == UINT32_MAX) {
        rf_text_add(&name, "nothing");
    } else if (f == g) {
        rf_text_printf(&name, "%s", p->family[f]);
    } else {
        rf_text_printf(&name, "%s, %s", p->family[f], p->family[g]);
    }
    rf_sheet_text(sheet, rf_text_get(&name));
    rf_sheet_int(sheet, pieces->largest);
    rf_sheet_int(sheet, in->members);
    rf_sheet_int(sheet, pieces->links);
    rf_sheet_real(sheet, score);
    rf_sheet_bool(sheet, p->verdict.flagged && holds && score >= p->verdict.flagged_from);
    rf_sheet_text(sheet, rf_text_get(&gone));
    rf_text_free(&name);
    rf_text_free(&gone);
}

static rf_status stress(prober *p, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "without", .kind = RF_FIELD_TEXT},
        {.name = "members_left", .title = "left", .kind = RF_FIELD_INT},
        {.name = "members", .title = "of members", .kind = RF_FIELD_INT},
        {.name = "links_left", .title = "links", .kind = RF_FIELD_INT},
        {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
        {.name = "still_flagged", .kind = RF_FIELD_BOOL},
        {.name = "parts_gone", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {.file = stdout, .format = p->format};
    rf_inside_pieces pieces;
    rf_sheet *sheet = NULL;
    uint8_t *hidden = rf_alloc(p->inside.values, sizeof *hidden);
    rf_status status = rf_inside_pieces_new(&p->inside, &pieces, err);
    if (status == RF_OK && hidden == NULL) {
        status = rf_fail_memory(err, "a ring under stress");
    }
    if (status == RF_OK) {
        status = read_parts(p, err);
    }
    if (status == RF_OK) {
        rf_progress_end(&p->progress); /* rows come one by one */
        status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    }
    if (status == RF_OK) {
        stress_row(p, UINT32_MAX, UINT32_MAX, hidden, &pieces, sheet);
        for (uint32_t f = 0; f < p->inside.learned.families; f++) {
            if (p->seen[f]) {
                stress_row(p, f, f, hidden, &pieces, sheet);
            }
        }
        for (uint32_t f = 0; f < p->inside.learned.families; f++) {
            for (uint32_t g = f + 1; g < p->inside.learned.families && p->seen[f]; g++) {
                if (p->seen[g]) {
                    stress_row(p, f, g, hidden, &pieces, sheet);
                }
            }
        }
        status = rf_sheet_end(sheet, err);
    }
    rf_inside_pieces_free(&pieces);
    rf_free(hidden);
    return status;
}

/* ---- bridges ---- */

typedef struct cut {
    uint32_t off, index; /* members, then values */
} cut;

static int by_loss(const void *left, const void *right)
{
    const cut *a = left;
    const cut *b = right;
    return a->off != b->off ? (a->off < b->off ? 1 : -1)
                            : (a->index > b->index) - (a->index < b->index);
}

static rf_status list_cuts(const prober *p, const cut *cuts, uint32_t count, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "kind", .kind = RF_FIELD_TEXT},
        {.name = "name", .kind = RF_FIELD_TEXT},
        {.name = "members_cut_off", .title = "cuts off", .kind = RF_FIELD_INT},
        {.name = "members", .title = "of members", .kind = RF_FIELD_INT}};
    rf_sheet_options options = {
        .file = stdout,
        .format = p->format,
        .none = "No single account or value holds this ring together: without any of them, fewer "
                "than three members are cut off."};
    const rf_inside *in = &p->inside;
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (uint32_t i = 0; i < count && status == RF_OK; i++) {
        bool const member = cuts[i].index < in->members;
        uint32_t const v = cuts[i].index - in->members;
        rf_sheet_text(sheet, member ? "account" : signal_name(in, v));
        rf_sheet_text(sheet, member ? in->id[cuts[i].index] : in->value[v].text);
        rf_sheet_int(sheet, cuts[i].off);
        rf_sheet_int(sheet, in->members);
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

static rf_status bridges(prober *p, rf_error *err)
{
    const rf_inside *in = &p->inside;
    uint32_t const all = in->members + in->values;
    uint32_t count = 0;
    uint32_t *off = rf_alloc(all, sizeof *off);
    cut *cuts = rf_alloc(all, sizeof *cuts);
    rf_status status =
        off == NULL || cuts == NULL ? rf_fail_memory(err, "the bridges of a ring") : RF_OK;
    if (status == RF_OK) {
        status = rf_ring_member_cuts(in, off, err);
    }
    if (status == RF_OK) {
        status = rf_ring_value_cuts(in, off + in->members, err);
    }
    for (uint32_t i = 0; i < all && status == RF_OK; i++) {
        if (off[i] >= RF_BRIDGE_PART) {
            cuts[count++] = (cut){off[i], i};
        }
    }
    if (status == RF_OK) {
        qsort(cuts, count, sizeof *cuts, by_loss);
        rf_progress_end(&p->progress);
        status = list_cuts(p, cuts, count, err);
    }
    rf_free(off);
    rf_free(cuts);
    return status;
}

rf_status rf_ring_probe(rf_store *store, int64_t run, int64_t ring, rf_probe probe,
                        rf_format format, rf_error *err)
{
    prober p = {.store = store, .format = format};
    rf_status status;
    rf_wait_for_ring(store, run, ring, "taking the ring apart", RF_WAIT_PROBE, &p.progress);
    status = rf_store_read(store, err);
    if (status == RF_OK) {
        status = rf_inside_read(store, run, ring, &p.inside, err);
    }
    if (status == RF_OK) {
        status = read_verdict(&p, err);
    }
    if (status == RF_OK) {
        name_families(&p);
        status = probe == RF_PROBE_KNOCK_OUT ? knock_out(&p, err)
                 : probe == RF_PROBE_STRESS  ? stress(&p, err)
                                             : bridges(&p, err);
    }
    rf_store_rollback(store);
    rf_progress_end(&p.progress);
    rf_free(p.part);
    rf_inside_free(&p.inside);
    return status;
}
