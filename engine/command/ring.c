/* ring.c - `ringfence ring ID`: one ring, told as a colleague would tell it.
 *
 * The page for people goes from the answer to the reasons: a paragraph, the parts of the score, the
 * values that bind the ring, its shape, its members, what is common among them, what to do next.
 * JSON has all of it in one object; CSV has the members.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/left_out.h"
#include "command/output.h"
#include "command/ring_page.h"
#include "command/ring_probe.h"
#include "command/runs.h"
#include "command/standing.h"
#include "store/store.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

enum { MEMBERS_SHOWN = 20, EVIDENCE_SHOWN = 12, VALUE_SHOWN = 44, CELL_SHOWN = 36 };

typedef struct choice {
    const char *run_text;
    const char *id;
    int64_t members; /* -1: not said */
    rf_probe probe;
} choice;

/* ---- members: a sheet in all formats ---- */

/* The accounts of a large ring are scattered over the database: only those are looked up that may
 * be listed, and what they did only of those that are. */
static const char MEMBERS_SQL[] =
    "WITH told AS MATERIALIZED (SELECT * FROM member WHERE run = ?1 AND ring = ?2),"
    "enough (bits) AS MATERIALIZED (SELECT bits FROM told WHERE ?3 > 0 ORDER BY bits DESC"
    " LIMIT 1 OFFSET ?3 - 1),"
    "listed AS MATERIALIZED (SELECT * FROM told CROSS JOIN account a ON a.id = told.account"
    " WHERE bits >= (SELECT bits FROM enough) OR NOT EXISTS (SELECT 1 FROM enough)"
    " ORDER BY bits DESC, external_id LIMIT ?3) "
    "SELECT external_id, role, cell, links, bits, created_at, country, plan, status,"
    " (SELECT total(requests) FROM usage u WHERE u.account = listed.id),"
    " (SELECT v.label FROM account_label v WHERE v.account = listed.id), membership "
    "FROM listed ORDER BY bits DESC, external_id";

static const rf_field MEMBER_FIELDS[] = {
    {.name = "account_id", .title = "account", .kind = RF_FIELD_TEXT},
    {.name = "role", .kind = RF_FIELD_TEXT},
    {.name = "cell_id", .title = "cell", .kind = RF_FIELD_INT},
    {.name = "links", .kind = RF_FIELD_INT},
    {.name = "bits", .kind = RF_FIELD_REAL, .decimals = 1},       /* of its links inside */
    {.name = "membership", .kind = RF_FIELD_REAL, .decimals = 1}, /* docs/scoring.md */
    {.name = "created_at", .title = "created", .kind = RF_FIELD_TIME},
    {.name = "country", .kind = RF_FIELD_TEXT},
    {.name = "plan", .kind = RF_FIELD_TEXT},
    {.name = "status", .kind = RF_FIELD_TEXT},
    {.name = "requests", .kind = RF_FIELD_INT},
    {.name = "label", .title = "known as", .kind = RF_FIELD_TEXT}, /* fraud, legit, disputed */
};
enum { MEMBER_COLUMNS = sizeof MEMBER_FIELDS / sizeof MEMBER_FIELDS[0] };

static const char *text_or_null(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? NULL : rf_column_text(statement, column);
}

static rf_status start_members(rf_store *store, const rf_ring_page *page, int64_t most,
                               rf_statement **out, rf_error *err)
{
    rf_status status = rf_prepare(store, MEMBERS_SQL, out, err);
    if (status == RF_OK) {
        rf_bind_int(*out, 1, page->run);
        rf_bind_int(*out, 2, page->ring);
        rf_bind_int(*out, 3, most);
    }
    return status;
}

/* Members as a table or as CSV. */
static rf_status write_members(rf_store *store, const rf_ring_page *page, int64_t most,
                               rf_format format, rf_error *err)
{
    rf_sheet_options options = {.file = stdout, .format = format};
    rf_statement *members = NULL;
    rf_sheet *sheet = NULL;
    bool row = true;
    rf_status status = start_members(store, page, most, &members, err);
    if (status == RF_OK) {
        status = rf_sheet_start(&options, MEMBER_FIELDS, MEMBER_COLUMNS, &sheet, err);
    }
    while (status == RF_OK && (status = rf_step(members, &row, err)) == RF_OK && row) {
        rf_sheet_bytes(sheet, rf_column_text(members, 0), rf_column_bytes(members, 0));
        rf_sheet_text(sheet, rf_column_text(members, 1));
        rf_sheet_int(sheet, rf_column_int(members, 2));
        rf_sheet_int(sheet, rf_column_int(members, 3));
        rf_sheet_real(sheet, rf_column_real(members, 4));
        rf_sheet_real(sheet, rf_ring_page_real(members, 11));
        rf_sheet_time(sheet, rf_ring_page_time(members, 5));
        rf_sheet_text(sheet, text_or_null(members, 6));
        rf_sheet_text(sheet, text_or_null(members, 7));
        rf_sheet_text(sheet, text_or_null(members, 8));
        rf_sheet_int(sheet, rf_column_int(members, 9));
        rf_sheet_text(sheet, text_or_null(members, 10));
    }
    rf_statement_end(members);
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

/* ---- words ---- */

/* The first paragraph: the answer. */
static void say_summary(const rf_ring_page *page, rf_text *text)
{
    double pace = rf_ring_page_pace(page);
    rf_text_printf(text, "Ring %lld of run %lld holds ", (long long)page->ring,
                   (long long)page->run);
    rf_words_count(text, page->size, "account", "accounts");
    if (page->fringe > 0) {
        rf_text_add(text, ", ");
        rf_words_number(text, page->fringe);
        rf_text_add(text, " of them at its fringe (they fit its profile, but few links tie them)");
    }
    if (page->first_created != RF_NO_TIME || page->last_created != RF_NO_TIME) {
        rf_text_add(text, "; they were created ");
        rf_words_period(text, page->first_created, page->last_created);
    }
    if (page->half_first != RF_NO_TIME) {
        rf_text_add(text, ", half of them within ");
        rf_words_duration(text, page->half_last - page->half_first);
        rf_text_add(text, " ");
        rf_words_period(text, page->half_first, page->half_last);
    }
    rf_text_add(text, ". It scores ");
    rf_words_bits(text, page->score);
    rf_text_add(text, page->flagged ? " and is flagged." : " and is not flagged");
    if (!page->flagged) {
        rf_text_add(text, page->score > 0 && page->score < page->flagged_from
                              ? ": of the communities that score so little, too many are expected "
                                "to be honest."
                              : ".");
    }
    rf_standing_sentence(page->standings.count == 0 ? NULL : &page->standings.one[0], text);
    if (page->looks_like != NULL && page->looks_like[0] != '\0') {
        rf_text_add(text, " The honest explanation that fits it best is: ");
        rf_text_add_safe(text, page->looks_like, strlen(page->looks_like));
        rf_text_add(text, ".");
    }
    if (page->requests > 0) {
        rf_text_add(text, " Together they made ");
        rf_words_count(text, page->requests, "request", "requests");
        if (isfinite(pace)) {
            rf_text_printf(text, ", %.1f per account a day over ", pace);
            rf_words_count(text, page->active_days, "day", "days");
        }
        rf_text_add(text, ".");
    }
}

/* "card, prepaid, bin 411111, last4 1234" */
static void say_attributes(const rf_page_evidence *evidence, rf_text *text)
{
    for (size_t i = 0; i < evidence->attributes; i++) {
        const rf_page_attribute *one = &evidence->attribute[i];
        bool bare = strstr("kind funding type", one->name) != NULL;
        rf_text_printf(text, "%s%s%s", i == 0 ? "" : ", ", bare ? "" : one->name, bare ? "" : " ");
        rf_text_add_short(text, one->text, strlen(one->text), CELL_SHOWN);
    }
}

static void paragraph(rf_text *text, size_t indent)
{
    rf_paragraph(stdout, indent, rf_text_get(text));
    rf_text_clear(text);
}

/* ---- the page for people ---- */

static rf_status show_parts(const rf_ring_page *page, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "bits", .kind = RF_FIELD_TEXT},
        {.name = "part", .kind = RF_FIELD_TEXT},
        {.name = "observed", .title = "seen", .kind = RF_FIELD_REAL, .decimals = 2},
        {.name = "expected", .title = "elsewhere", .kind = RF_FIELD_REAL, .decimals = 2},
        {.name = "note", .title = "in words", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {.file = stdout,
                                .format = RF_FORMAT_TABLE,
                                .none = "Nothing was recorded: this score must not be relied on."};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    rf_heading(stdout, "Why this score (the parts add up to it; positive speaks for one operator)");
    for (size_t i = 0; i < page->parts; i++) {
        char bits[32];
        bool none = fabs(page->part[i].bits) < 0.05;
        (void)snprintf(bits, sizeof bits, none ? "%6.1f" : "%+6.1f",
                       none ? 0.0 : page->part[i].bits);
        rf_sheet_text(sheet, bits);
        rf_sheet_text(sheet, page->part[i].name);
        rf_sheet_real(sheet, page->part[i].observed);
        rf_sheet_real(sheet, page->part[i].expected);
        rf_sheet_text(sheet, page->part[i].note);
    }
    return rf_sheet_end(sheet, err);
}

static rf_status show_evidence(const rf_ring_page *page, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "signal", .kind = RF_FIELD_TEXT},
        {.name = "value", .kind = RF_FIELD_TEXT},
        {.name = "members", .kind = RF_FIELD_INT},
        {.name = "others", .kind = RF_FIELD_INT},
        {.name = "bits", .title = "bits a pair", .kind = RF_FIELD_REAL, .decimals = 1},
        {.name = "first_day", .title = "first", .kind = RF_FIELD_DAY},
        {.name = "last_day", .title = "last", .kind = RF_FIELD_DAY},
        {.name = "attributes", .title = "what it is", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {
        .file = stdout, .format = RF_FORMAT_TABLE, .none = "No shared value was recorded."};
    rf_text text = {0};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    rf_heading(stdout, "What binds it, strongest first");
    for (size_t i = 0; i < page->evidences && i < EVIDENCE_SHOWN; i++) {
        const rf_page_evidence *one = &page->evidence[i];
        rf_sheet_text(sheet, one->signal);
        rf_text_clear(&text);
        rf_text_add_short(&text, one->value, strlen(one->value), VALUE_SHOWN);
        rf_sheet_text(sheet, rf_text_get(&text));
        rf_sheet_int(sheet, one->members);
        rf_sheet_int(sheet, one->holders - one->members);
        rf_sheet_real(sheet, one->bits);
        rf_sheet_day(sheet, one->first_day);
        rf_sheet_day(sheet, one->last_day);
        rf_text_clear(&text);
        say_attributes(one, &text);
        rf_sheet_text(sheet, rf_text_get(&text));
    }
    status = rf_sheet_end(sheet, err);
    if (status == RF_OK && page->evidences > EVIDENCE_SHOWN) {
        rf_text_clear(&text);
        rf_text_printf(&text, "and %zu more: --format json", page->evidences - EVIDENCE_SHOWN);
        paragraph(&text, 0);
    }
    rf_text_free(&text);
    return status;
}

static void show_shape(const rf_ring_page *page)
{
    rf_text text = {0};
    rf_heading(stdout, "Shape");
    rf_words_count(&text, page->links, "link", "links");
    rf_text_add(&text, " of together ");
    rf_words_bits(&text, page->link_bits);
    rf_text_add(&text, " tie its members; they fall into ");
    rf_words_count(&text, page->cells, "cell", "cells");
    rf_ring_say_bonds(page, &text);
    rf_text_printf(&text, ". Its key outside this run is %s. Network %lld holds ", page->key,
                   (long long)page->network);
    if (page->neighbours_total == 0) {
        rf_text_add(&text, "no other ring");
    } else {
        rf_words_count(&text, page->neighbours_total, "other ring", "other rings");
        rf_text_add(&text, ":");
    }
    for (size_t i = 0; i < page->neighbours; i++) {
        const rf_page_neighbour *other = &page->neighbour[i];
        rf_text_printf(&text, "%s %lld (", i == 0 ? "" : ",", (long long)other->ring);
        rf_words_count(&text, other->size, "account", "accounts");
        rf_text_add(&text, ", ");
        rf_words_bits(&text, other->score);
        rf_text_add(&text, other->flagged ? ", flagged)" : ")");
    }
    if (page->neighbours_total > (int64_t)page->neighbours) {
        rf_text_add(&text, " and more");
    }
    rf_text_add(&text, ".");
    paragraph(&text, 0);
    rf_text_free(&text);
}

static rf_status show_members(rf_store *store, const rf_ring_page *page, int64_t most,
                              rf_error *err)
{
    rf_status status;
    if (most == 0) {
        return RF_OK;
    }
    rf_heading(stdout, "Members, most tied first");
    status = write_members(store, page, most, RF_FORMAT_TABLE, err);
    if (status == RF_OK && page->size > most) {
        rf_text text = {0};
        rf_text_add(&text, "and ");
        rf_words_number(&text, page->size - most);
        rf_text_printf(&text, " more: --members %lld", (long long)page->size);
        paragraph(&text, 0);
        rf_text_free(&text);
    }
    return status;
}

static void show_context(const rf_ring_page *page)
{
    static const struct {
        const char *what;
        const char *words;
    } KINDS[] = {
        {"country", "Countries"}, {"timezone", "Time zones"}, {"email_domain", "E-mail domains"}};
    rf_text text = {0};
    if (page->commons == 0) {
        return;
    }
    rf_heading(stdout, "Common among the members");
    for (size_t k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++) {
        int listed = 0;
        for (size_t i = 0; i < page->commons; i++) {
            const rf_page_common *common = &page->common[i];
            if (strcmp(common->what, KINDS[k].what) == 0) {
                rf_text_printf(&text, listed++ == 0 ? "%s: " : ", ", KINDS[k].words);
                rf_text_add_short(&text, common->text, strlen(common->text), CELL_SHOWN);
                rf_text_add(&text, " (");
                rf_words_share(&text, common->share);
                rf_text_add(&text, ")");
            }
        }
        if (listed > 0) {
            paragraph(&text, 0);
        }
    }
    rf_text_free(&text);
}

/* A word for a command line that is shown: quoted when a shell would take it apart. */
static void add_word(rf_text *text, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.@:/+%";
    bool plain = word[0] != '\0' && word[strspn(word, PLAIN)] == '\0';
    rf_text_add(text, plain ? "" : "'");
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            rf_text_add(text, "'\\''");
        } else {
            rf_text_append(text, at, 1);
        }
    }
    rf_text_add(text, plain ? "" : "'");
}

static rf_status show_next(rf_store *store, const rf_ring_page *page, rf_error *err)
{
    rf_statement *members = NULL;
    rf_text text = {0};
    rf_text word = {0};
    bool row = false;
    rf_status status = start_members(store, page, 1, &members, err);
    if (status == RF_OK) {
        status = rf_step(members, &row, err);
    }
    if (status == RF_OK) {
        rf_heading(stdout, "What next");
        if (row) {
            add_word(&word, rf_column_text(members, 0));
            rf_text_add(&text, "  ringfence explain ");
            rf_text_add_safe(&text, rf_text_get(&word), word.length);
            rf_text_add(&text, "   why this account is in it\n");
        }
        rf_text_printf(&text,
                       "  ringfence export ring %lld --to ring-%lld.graphml   its graph\n"
                       "  ringfence query shared_instruments --param ring=%lld   its cards, also "
                       "elsewhere\n"
                       "  ringfence query created_together --param ring=%lld   sign-up bursts\n",
                       (long long)page->ring, (long long)page->ring, (long long)page->ring,
                       (long long)page->ring);
        if (page->flagged) {
            rf_text_add(&text, "  ringfence flag --dry-run   whom to ask for verification\n");
        }
        (void)fputs(rf_text_get(&text), stdout);
    }
    rf_statement_end(members);
    rf_text_free(&word);
    rf_text_free(&text);
    return status;
}

static rf_status show_page(rf_store *store, const rf_ring_page *page, int64_t most, rf_error *err)
{
    rf_text text = {0};
    rf_status status;
    say_summary(page, &text);
    paragraph(&text, 0);
    rf_text_free(&text);
    status = show_parts(page, err);
    if (status == RF_OK) {
        status = show_evidence(page, err);
    }
    if (status == RF_OK) {
        rf_show_left_out(&page->left_out, NULL, EVIDENCE_SHOWN);
        show_shape(page);
        status = show_members(store, page, most, err);
    }
    if (status == RF_OK) {
        show_context(page);
        status = show_next(store, page, err);
    }
    return status;
}

/* ---- JSON ---- */

static void key_int(rf_json *json, const char *key, int64_t value)
{
    rf_json_key(json, key);
    rf_json_int(json, value);
}

static void key_real(rf_json *json, const char *key, double value)
{
    rf_json_key(json, key);
    rf_json_real(json, value);
}

static void key_text(rf_json *json, const char *key, const char *value)
{
    rf_json_key(json, key);
    rf_json_string(json, value);
}

static void json_head(rf_json *json, const rf_ring_page *page)
{
    rf_text text = {0};
    key_int(json, "ring_id", page->ring);
    key_text(json, "ring_key", page->key);
    key_int(json, "run", page->run);
    key_int(json, "network_id", page->network);
    key_int(json, "size", page->size);
    key_int(json, "core", page->core);
    key_int(json, "bridges", page->bridges);
    key_int(json, "fringe", page->fringe);
    key_int(json, "cells", page->cells);
    key_int(json, "links", page->links);
    key_real(json, "link_bits", page->link_bits);
    rf_json_key(json, "score");
    rf_json_fixed(json, page->score, 1);
    rf_json_key(json, "flagged");
    rf_json_bool(json, page->flagged);
    key_real(json, "q", page->q);
    key_real(json, "inner_bits", page->inner_bits);
    key_int(json, "shuffles", page->shuffles);
    key_text(json, "looks_like", page->looks_like);
    rf_json_key(json, "first_created");
    rf_json_time(json, page->first_created);
    rf_json_key(json, "last_created");
    rf_json_time(json, page->last_created);
    rf_json_key(json, "half_created_from");
    rf_json_time(json, page->half_first);
    rf_json_key(json, "half_created_to");
    rf_json_time(json, page->half_last);
    key_int(json, "requests", page->requests);
    key_real(json, "requests_per_account_day", rf_ring_page_pace(page));
    rf_json_key(json, "allowed");
    rf_json_left_out(json, &page->left_out);
    rf_json_key(json, "decision");
    rf_standing_json(json, page->standings.count == 0 ? NULL : &page->standings.one[0]);
    say_summary(page, &text);
    key_text(json, "summary", rf_text_get(&text));
    rf_text_free(&text);
}

static void json_parts(rf_json *json, const rf_ring_page *page)
{
    rf_json_key(json, "parts");
    rf_json_object(json);
    for (size_t i = 0; i < page->parts; i++) {
        key_real(json, page->part[i].name, page->part[i].bits);
    }
    rf_json_object_end(json);
    rf_json_key(json, "part_details");
    rf_json_array(json);
    for (size_t i = 0; i < page->parts; i++) {
        rf_json_object(json);
        key_text(json, "part", page->part[i].name);
        key_real(json, "bits", page->part[i].bits);
        key_real(json, "observed", page->part[i].observed);
        key_real(json, "expected", page->part[i].expected);
        key_text(json, "note", page->part[i].note);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void json_evidence(rf_json *json, const rf_ring_page *page)
{
    rf_json_key(json, "evidence");
    rf_json_array(json);
    for (size_t i = 0; i < page->evidences; i++) {
        const rf_page_evidence *one = &page->evidence[i];
        rf_json_object(json);
        key_int(json, "rank", one->rank);
        key_text(json, "signal", one->signal);
        key_text(json, "value", one->value);
        key_int(json, "members", one->members);
        key_int(json, "holders", one->holders);
        key_real(json, "bits", one->bits);
        rf_json_key(json, "first_day");
        rf_json_day(json, one->first_day);
        rf_json_key(json, "last_day");
        rf_json_day(json, one->last_day);
        rf_json_key(json, "attributes");
        rf_json_object(json);
        for (size_t k = 0; k < one->attributes; k++) {
            key_text(json, one->attribute[k].name, one->attribute[k].text);
        }
        rf_json_object_end(json);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void json_surroundings(rf_json *json, const rf_ring_page *page)
{
    rf_json_key(json, "network_rings");
    rf_json_array(json);
    for (size_t i = 0; i < page->neighbours; i++) {
        rf_json_object(json);
        key_int(json, "ring_id", page->neighbour[i].ring);
        key_int(json, "size", page->neighbour[i].size);
        key_real(json, "score", page->neighbour[i].score);
        rf_json_key(json, "flagged");
        rf_json_bool(json, page->neighbour[i].flagged);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    key_int(json, "network_rings_total", page->neighbours_total);
    rf_json_key(json, "common");
    rf_json_array(json);
    for (size_t i = 0; i < page->commons; i++) {
        rf_json_object(json);
        key_text(json, "what", page->common[i].what);
        key_text(json, "value", page->common[i].text);
        key_int(json, "accounts", page->common[i].accounts);
        key_real(json, "share", page->common[i].share);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static rf_status json_members(rf_json *json, rf_store *store, const rf_ring_page *page,
                              int64_t most, rf_error *err)
{
    rf_statement *members = NULL;
    bool row = true;
    rf_status status = start_members(store, page, most, &members, err);
    rf_json_key(json, "members");
    rf_json_array(json);
    while (status == RF_OK && (status = rf_step(members, &row, err)) == RF_OK && row) {
        rf_json_object(json);
        rf_json_key(json, "account_id");
        rf_json_bytes(json, rf_column_text(members, 0), rf_column_bytes(members, 0));
        key_text(json, "role", rf_column_text(members, 1));
        key_int(json, "cell_id", rf_column_int(members, 2));
        key_int(json, "links", rf_column_int(members, 3));
        key_real(json, "bits", rf_column_real(members, 4));
        key_real(json, "membership", rf_ring_page_real(members, 11));
        rf_json_key(json, "created_at");
        rf_json_time(json, rf_ring_page_time(members, 5));
        key_text(json, "country", text_or_null(members, 6));
        key_text(json, "plan", text_or_null(members, 7));
        key_text(json, "status", text_or_null(members, 8));
        key_int(json, "requests", rf_column_int(members, 9));
        key_text(json, "label", text_or_null(members, 10));
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
    rf_statement_end(members);
    return status;
}

static rf_status write_json(rf_store *store, const rf_ring_page *page, int64_t most, rf_error *err)
{
    rf_json json = rf_output_json();
    rf_status status;
    rf_json_object(&json);
    json_head(&json, page);
    json_parts(&json, page);
    json_evidence(&json, page);
    json_surroundings(&json, page);
    status = json_members(&json, store, page, most, err);
    if (status == RF_OK) {
        rf_json_object_end(&json);
        rf_json_finish(&json);
    }
    return status;
}

/* ---- the command ---- */

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"run", required_argument, NULL, 'r'},
                                            {"members", required_argument, NULL, 'm'},
                                            {"knock-out", no_argument, NULL, RF_PROBE_KNOCK_OUT},
                                            {"stress", no_argument, NULL, RF_PROBE_STRESS},
                                            {"bridges", no_argument, NULL, RF_PROBE_BRIDGES},
                                            {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    *asked = (choice){.members = -1};
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            asked->run_text = optarg;
            break;
        case 'm':
            status = rf_option_int("--members", optarg, 0, INT32_MAX, &asked->members, err);
            break;
        case RF_PROBE_KNOCK_OUT:
        case RF_PROBE_STRESS:
        case RF_PROBE_BRIDGES:
            asked->probe = (rf_probe)option;
            break;
        default:
            status = rf_usage_option(err, &rf_command_ring, argv, option);
        }
    }
    if (status == RF_OK && argc - optind != 1) {
        status = rf_usage(err, &rf_command_ring, "give one ring: its number or its key");
    }
    if (status == RF_OK) {
        asked->id = argv[optind];
    }
    return status;
}

static rf_status run_ring(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    rf_store *store = NULL;
    rf_ring_page page = {0};
    int64_t run = 0;
    int64_t ring = 0;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked.run_text, &run, err);
    }
    if (status == RF_OK) {
        status = rf_find_ring(store, run, asked.id, &ring, err);
    }
    if (status == RF_OK && asked.probe != RF_PROBE_NONE) {
        status = rf_ring_probe(store, run, ring, asked.probe, globals->format, err);
        rf_store_close(store);
        return status;
    }
    if (status == RF_OK) {
        status = rf_ring_page_read(store, run, ring, &page, err);
    }
    if (status == RF_OK && globals->format == RF_FORMAT_TABLE) {
        status = show_page(store, &page, asked.members < 0 ? MEMBERS_SHOWN : asked.members, err);
    } else if (status == RF_OK && globals->format == RF_FORMAT_JSON) {
        status = write_json(store, &page, asked.members, err);
    } else if (status == RF_OK) {
        status = write_members(store, &page, asked.members, RF_FORMAT_CSV, err);
    }
    rf_ring_page_free(&page);
    rf_store_close(store);
    return status;
}

const rf_command rf_command_ring = {
    .name = "ring",
    .usage = "ring ID [--run R] [--members N] [--knock-out | --stress | --bridges]",
    .summary = "tell what one ring is: its score and why, evidence, members",
    .help = "  ID            a ring's number in the run, or the beginning of its ring_key\n"
            "  --run R       a run's number, or latest (default)\n"
            "  --members N   how many members to show; default 20 in a table, all otherwise\n"
            "  --knock-out   the fewest values without which the ring dissolves\n"
            "  --stress      what is left of it without each family of signals, and each two\n"
            "  --bridges     accounts and values without which a part of it falls off\n"
            "\n"
            "With --format json one object with everything; with --format csv the members.\n"
            "\n"
            "example: ringfence ring 1 --members 100\n",
    .run = run_ring,
};
