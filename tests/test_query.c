/* test_query.c - every canned query: its head agrees with its statement, it only reads, it answers
 * rightly on a small database made by hand, and those about one account, value or ring do not read
 * whole tables. */
#include "base/memory.h"
#include "base/text.h"
#include "command/canned.h"
#include "fixture.h"
#include "store/embedded.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 1);
    *state = made;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

/* ---- heads ---- */

static void heads_agree_with_statements(void **state)
{
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err;
    rf_arena arena = {0};
    size_t count = 0;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    for (const rf_embedded *at = rf_canned_queries; at->name != NULL; at++, count++) {
        rf_canned query;
        rf_statement *statement = NULL;
        if (rf_canned_read(at->name, at->text, &arena, &query, &err) != RF_OK ||
            rf_prepare(store, query.sql, &statement, &err) != RF_OK ||
            rf_canned_check(&query, statement, &err) != RF_OK) {
            fail_msg("%s", err.text);
        }
        rf_statement_end(statement);
    }
    assert_true(count >= 16);
    rf_arena_free(&arena);
    rf_store_close(store);
}

static void check_bad_head(const char *sql)
{
    rf_arena arena = {0};
    rf_canned query;
    rf_error err;
    assert_int_equal(rf_canned_read("bad", sql, &arena, &query, &err), RF_EINPUT);
    contains(err.text, "queries/bad.sql");
    rf_arena_free(&arena);
}

static void check_disagreement(rf_store *store, const char *sql)
{
    rf_arena arena = {0};
    rf_canned query;
    rf_statement *statement = NULL;
    rf_error err;
    assert_int_equal(rf_canned_read("bad", sql, &arena, &query, &err), RF_OK);
    assert_int_equal(rf_prepare(store, sql, &statement, &err), RF_OK);
    assert_int_equal(rf_canned_check(&query, statement, &err), RF_EINPUT);
    rf_statement_end(statement);
    rf_arena_free(&arena);
}

static void wrong_heads_are_refused(void **state)
{
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err;
    check_bad_head("SELECT 1");
    check_bad_head("-- purpose: x\nSELECT 1");
    check_bad_head("-- purpose: x\n-- column: a\nSELECT 1 AS a");
    check_bad_head("-- purpose: x\n-- colunm: a  one\nSELECT 1 AS a");
    check_bad_head("-- purpose: x\n-- param: =3  three\n-- column: a  one\nSELECT 1 AS a");
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    check_disagreement(store, "-- purpose: x\n-- column: b  one\nSELECT 1 AS a");
    check_disagreement(store, "-- purpose: x\n-- column: a  one\nSELECT 1 AS a, 2 AS b");
    check_disagreement(store, "-- purpose: x\n-- column: a  one\nSELECT :x AS a");
    check_disagreement(store, "-- purpose: x\n-- column: a  one\nSELECT ? AS a");
    check_disagreement(store, "-- purpose: x\n-- param: y=1  no\n-- column: a  one\nSELECT 1 AS a");
    check_disagreement(store, "-- purpose: x\n-- column: a  one\nDELETE FROM run RETURNING 1 AS a");
    rf_store_close(store);
}

static void list_names_them_all(void **state)
{
    fixture *f = *state;
    json_error_t error;
    json_t *read;
    size_t count = 0;
    while (rf_canned_queries[count].name != NULL) {
        count++;
    }
    assert_int_equal(fixture_run(f, "query --list --format json"), 0);
    read = json_loads(f->output, 0, &error);
    assert_int_equal(json_array_size(read), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(read, i);
        assert_string_equal(json_string_value(json_object_get(one, "name")),
                            rf_canned_queries[i].name);
        assert_true(json_array_size(json_object_get(one, "columns")) > 0);
    }
    json_decref(read);
    assert_int_equal(fixture_run(f, "query --list"), 0);
    contains(f->output, "largest_rings");
}

/* ---- answers ---- */

/* A query, its parameters, and what its first row must hold (NULL: no more). */
typedef struct answer {
    const char *name;
    const char *params;
    size_t rows;
    struct {
        const char *column;
        const char *value; /* as JSON */
    } first[4];
} answer;

static const answer ANSWERS[] = {
    {"account",
     "--param account=r1",
     14,
     {{"fact", "\"created\""}, {"value", "\"2026-05-01T08:00:00Z\""}}},
    {"account_rings",
     "--param account=r1",
     1,
     {{"ring_key", "\"c0ffee00c0ffee01\""}, {"since_run", "1"}, {"members", "5"}}},
    {"account_timeline",
     "--param account=r1",
     9,
     {{"day", "\"2026-05-01\""}, {"event", "\"created\""}, {"detail", "\"pro SG\""}}},
    {"calibration",
     "",
     2,
     {{"signal", "\"instrument\""}, {"reliability", "0.9"}, {"bits", "8.25"}}},
    {"corporate_card_rings",
     "",
     2,
     {{"ring_id", "2"}, {"instrument", "\"card-corp\""}, {"top_domain", "\"acme.example\""}}},
    {"country_flag_rates",
     "",
     5,
     {{"country", "\"SG\""}, {"accounts", "4"}, {"flagged", "4"}, {"times_overall", "2"}}},
    {"created_together",
     "",
     6,
     {{"account_a", "\"r1\""}, {"account_b", "\"r2\""}, {"seconds_apart", "120"}, {"ring_a", "1"}}},
    {"device_farms", "", 1, {{"device", "\"dev-1\""}, {"accounts", "5"}, {"in_rings", "5"}}},
    {"dormant_rings",
     "",
     1,
     {{"ring_key", "\"c0ffee00c0ffee03\""}, {"last_found", "0"}, {"runs_found", "1"}}},
    {"honest_lookalikes",
     "",
     1,
     {{"ring_id", "2"},
      {"looks_like", "\"office\""},
      {"speaks_for", "\"shared payment\""},
      {"bits_against", "-10"}}},
    {"hubs",
     "",
     1,
     {{"value", "\"203.0.113.7\""}, {"type", "\"carrier NAT\""}, {"treatment", "\"ignored\""}}},
    {"import_history", "", 2, {{"import_id", "2"}, {"megabytes", "2.5"}, {"seconds", "6"}}},
    {"largest_rings", "", 2, {{"ring_id", "1"}, {"requests_per_account", "100"}}},
    {"lone_accounts", "", 1, {{"account_id", "\"r5\""}, {"links", "2"}}},
    {"new_rings", "--param since=2026-05-30", 2, {{"ring_key", "\"c0ffee00c0ffee01\""}}},
    {"prepaid_rings", "", 1, {{"ring_id", "1"}, {"instruments", "2"}, {"share", "0.5"}}},
    {"regrowth",
     "",
     1,
     {{"account_id", "\"r5\""}, {"banned_account", "\"r4\""}, {"days_after", "10"}}},
    {"ring_changes",
     "--param run=1",
     4,
     {{"event", "\"birth\""}, {"ring_key", "\"c0ffee00c0ffee01\""}, {"joined", "5"}}},
    {"ring_members", "--param ring=1", 5, {{"account_id", "\"r1\""}, {"requests", "200"}}},
    {"ring_regrowth",
     "",
     1,
     {{"ring_key", "\"c0ffee00c0ffee01\""}, {"banned", "3"}, {"fresh", "2"}}},
    {"rings_by_requests",
     "--param since=2026-05-01 --param until=2026-05-10",
     1,
     {{"ring_id", "1"}, {"active_accounts", "4"}, {"requests", "450"}}},
    {"shared_instruments",
     "--param ring=1",
     2,
     {{"instrument", "\"card-2\""}, {"rings", "2"}, {"members", "3"}, {"holders", "3"}}},
    {"shared_mailboxes",
     "",
     1,
     {{"mailbox", "\"ringone@gmail.com\""}, {"accounts", "2"}, {"spellings", "2"}}},
    {"shared_templates",
     "",
     1,
     {{"template", "\"tpl-1\""}, {"members", "3"}, {"holders", "4"}, {"times", "7"}}},
    {"timezone_flag_rates",
     "",
     5,
     {{"timezone", "\"Asia/Shanghai\""}, {"flagged", "2"}, {"flagged_rings", "1"}}},
    {"value_neighbours",
     "--param value=card-1 --param signal=instrument",
     4,
     {{"account_id", "\"r1\""}, {"times", "3"}, {"ring_id", "1"}, {"flagged", "\"yes\""}}},
    {"value_types",
     "--param signal=ip",
     1,
     {{"value", "\"203.0.113.7\""}, {"type", "\"carrier NAT\""}, {"bits", "4.5"}, {"days", "1"}}},
    {"verification_queue",
     "--param now=2026-06-12",
     1,
     {{"account_id", "\"r1\""}, {"days_waiting", "10"}}},
};
enum { ANSWER_COUNT = sizeof ANSWERS / sizeof ANSWERS[0] };

static void check_answer(fixture *f, const answer *expected)
{
    char arguments[256];
    json_error_t error;
    json_t *read;
    const json_t *row;
    (void)snprintf(arguments, sizeof arguments, "query %s %s --format json", expected->name,
                   expected->params);
    if (fixture_run(f, arguments) != 0) {
        fail_msg("%s: %s", expected->name, f->errors);
    }
    read = json_loads(f->output, 0, &error);
    if (json_array_size(read) != expected->rows) {
        fail_msg("%s: not %zu rows: %s", expected->name, expected->rows, f->output);
    }
    row = json_array_get(read, 0);
    for (size_t i = 0; i < 4 && expected->first[i].column != NULL; i++) {
        char *value = json_dumps(json_object_get(row, expected->first[i].column),
                                 JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        if (value == NULL || strcmp(value, expected->first[i].value) != 0) {
            fail_msg("%s: %s is %s, not %s", expected->name, expected->first[i].column,
                     value == NULL ? "missing" : value, expected->first[i].value);
        }
        free(value);
    }
    json_decref(read);
}

static void every_query_answers(void **state)
{
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        assert_non_null(rf_canned_queries[i].name);
        assert_string_equal(rf_canned_queries[i].name, ANSWERS[i].name); /* none is forgotten */
        check_answer(*state, &ANSWERS[i]);
    }
    assert_null(rf_canned_queries[ANSWER_COUNT].name);
}

static void every_query_has_all_formats(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < ANSWER_COUNT; i++) {
        char arguments[256];
        (void)snprintf(arguments, sizeof arguments, "query %s %s", ANSWERS[i].name,
                       ANSWERS[i].params);
        assert_int_equal(fixture_run(f, arguments), 0);
        assert_null(strchr(f->output, '\x1b'));
        (void)snprintf(arguments, sizeof arguments, "query %s %s --format csv", ANSWERS[i].name,
                       ANSWERS[i].params);
        assert_int_equal(fixture_run(f, arguments), 0);
        contains(f->output, ANSWERS[i].first[0].column);
    }
}

/* A list that is cut says so; one that is not, does not. */
static void more_rows_are_told(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "query ring_members --param ring=1 --param limit=3"), 0);
    contains(f->errors, "the first 3 rows, and there are more: --param limit=30");
    assert_int_equal(fixture_run(f, "query ring_members --param ring=1 --param limit=5"), 0);
    assert_null(strstr(f->errors, "there are more"));
    assert_int_equal(fixture_run(f, "--quiet query ring_members --param ring=1 --param limit=3"),
                     0);
    assert_string_equal(f->errors, "");
    assert_int_equal(fixture_run(f, "--format csv query largest_rings --param limit=1"), 0);
    contains(f->errors, "there are more");
    fixture_sql(f, "UPDATE value SET text = printf('%.*c', 300, 'x') WHERE text = 'dev-1'");
    assert_int_equal(fixture_run(f, "query device_farms"), 0);
    assert_null(strstr(f->output,
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
    assert_int_equal(fixture_run(f, "--format csv query device_farms"), 0);
    assert_true(strspn(strstr(f->output, "xx"), "x") == 300);
}

/* Queries that only mention rings beside facts answer before anything was detected. */
static void facts_need_no_run(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "DELETE FROM run");
    assert_int_equal(fixture_run(f, "query account --param account=r1"), 0);
    contains(f->output, "card-1");
    assert_int_equal(fixture_run(f, "query value_neighbours --param value=dev-1"), 0);
    contains(f->output, "r5");
    assert_int_equal(fixture_run(f, "query largest_rings"), 1);
    contains(f->errors, "detect");
}

static void wrong_parameters_are_usage_errors(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "query"), 2);
    assert_int_equal(fixture_run(f, "query nothing_like_it"), 2);
    contains(f->errors, "--list");
    assert_int_equal(fixture_run(f, "query largest_rings --param size=3"), 2);
    contains(f->errors, "it has: run=latest, limit=20");
    assert_int_equal(fixture_run(f, "query largest_rings --param limit"), 2);
    contains(f->errors, "NAME=VALUE");
    assert_int_equal(fixture_run(f, "query account"), 2);
    contains(f->errors, "needs --param account=");
    assert_int_equal(fixture_run(f, "query largest_rings --param run=x"), 2);
    assert_int_equal(fixture_run(f, "query largest_rings --param run=5"), 1);
    assert_int_equal(fixture_run(f, "query --list largest_rings"), 2);
    assert_int_equal(fixture_run(f, "query largest_rings --param limit=many"), 2);
    contains(f->errors, "is no number");
    assert_int_equal(fixture_run(f, "query new_rings --param since=yesterday"), 2);
    contains(f->errors, "is no date");
    assert_int_equal(fixture_run(f, "query ring_members --param ring=99"), 1);
    contains(f->errors, "no ring '99'");
    assert_int_equal(fixture_run(f, "query ring_members --param ring=c0ffee"), 0);
    contains(f->output, "r5");
}

static void values_are_typed_by_look(void **state)
{
    static const struct {
        const char *text;
        const char *type;
    } VALUES[] = {{"7", "integer"}, {"-1", "integer"}, {"0.5", "real"},
                  {"007", "text"},  {"1e3", "text"},   {"1.50", "text"},
                  {"", "text"},     {"nan", "text"},   {"99999999999999999999", "text"},
                  {"0x10", "text"}, {" 7", "text"},    {"2026-05-01", "text"}};
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_statement *statement = NULL;
    rf_error err;
    bool row = false;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_prepare(store, "SELECT typeof(:x)", &statement, &err), RF_OK);
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        rf_canned_bind(statement, 1, VALUES[i].text);
        assert_int_equal(rf_step(statement, &row, &err), RF_OK);
        assert_string_equal(rf_column_text(statement, 0), VALUES[i].type);
        rf_reset(statement);
    }
    rf_statement_end(statement);
    rf_store_close(store);
}

/* ---- plans ---- */

/* No table that grows with the facts is read from one end to the other. */
static void check_plan(rf_store *store, const rf_embedded *query)
{
    static const char *const ALLOWED[] = {"SCAN g",
                                          "SCAN who",
                                          "SCAN fact",
                                          "SCAN happened",
                                          "SCAN used",
                                          "SCAN h",
                                          "SCAN CONSTANT ROW",
                                          "SCAN held",
                                          "SCAN said",
                                          "SCAN uncounted",
                                          "SCAN counted",
                                          "SCAN asked",
                                          "SCAN enough",
                                          "SCAN told",
                                          "SCAN c",
                                          "SCAN l",
                                          "SCAN i",
                                          "SCAN j" /* the numbers of one pack */};
    rf_text sql = {0};
    rf_statement *plan = NULL;
    rf_error err;
    bool row = true;
    rf_text_printf(&sql, "EXPLAIN QUERY PLAN\n%s", query->text);
    assert_int_equal(rf_prepare(store, rf_text_get(&sql), &plan, &err), RF_OK);
    while (rf_step(plan, &row, &err) == RF_OK && row) {
        const char *detail = rf_column_text(plan, 3);
        bool allowed = strncmp(detail, "SCAN", 4) != 0;
        for (size_t i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0]; i++) {
            size_t length = strlen(ALLOWED[i]);
            allowed = allowed || (strncmp(detail, ALLOWED[i], length) == 0 &&
                                  (detail[length] == '\0' || detail[length] == ' '));
        }
        if (!allowed || strstr(detail, "AUTOMATIC") != NULL) {
            fail_msg("%s: %s", query->name, detail);
        }
    }
    rf_statement_end(plan);
    rf_text_free(&sql);
}

static void point_queries_use_indexes(void **state)
{
    static const char *const POINTS[] = {
        "account",          "account_timeline",   "ring_members",
        "value_neighbours", "shared_instruments", "shared_templates"};
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err;
    size_t checked = 0;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    for (size_t i = 0; i < sizeof POINTS / sizeof POINTS[0]; i++) {
        for (const rf_embedded *at = rf_canned_queries; at->name != NULL; at++) {
            if (strcmp(at->name, POINTS[i]) == 0) {
                check_plan(store, at);
                checked++;
            }
        }
    }
    assert_int_equal(checked, sizeof POINTS / sizeof POINTS[0]);
    rf_store_close(store);
}

/* What ANALYZE says of 100,000 accounts. With such figures the planner likes to read a table from
 * one end to the other for a Bloom filter, of rows that it then looks up by key. */
static const char FIGURES[] =
    "ANALYZE; DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES"
    "  ('holding_pack', 'holding_pack', '191784 2 1'), ('address_other', NULL, '40738'),"
    "  ('activity_pack', 'activity_pack', '90720 1 1 1'), ('instrument', NULL, '43272'),"
    "  ('sighting_pack', 'sighting_pack', '800000 1 1 1 1'),"
    "  ('account', 'sqlite_autoindex_account_1', '51305 1'),"
    "  ('signal', 'sqlite_autoindex_signal_1', '7 1'),"
    "  ('value', 'sqlite_autoindex_value_1', '418600 401 1');";

static void no_query_reads_a_table_for_a_filter(void **state)
{
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err;
    fixture_sql(f, FIGURES);
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    for (const rf_embedded *at = rf_canned_queries; at->name != NULL; at++) {
        rf_text sql = {0};
        rf_statement *plan = NULL;
        bool row = true;
        rf_text_printf(&sql, "EXPLAIN QUERY PLAN\n%s", at->text);
        assert_int_equal(rf_prepare(store, rf_text_get(&sql), &plan, &err), RF_OK);
        while (rf_step(plan, &row, &err) == RF_OK && row) {
            const char *detail = rf_column_text(plan, 3);
            if (strncmp(detail, "BLOOM FILTER ON ", 16) == 0 &&
                strncmp(detail + 16, "g ", 2) != 0) {
                fail_msg("%s: %s", at->name, detail); /* g: the table of signals is small */
            }
        }
        rf_statement_end(plan);
        rf_text_free(&sql);
    }
    rf_store_close(store);
}

/* Millions of sightings are searched by value or account, and never read from one end to the other:
 * no cursor over the table is rewound. */
static void no_query_reads_all_sightings(void **state)
{
    enum { ADDRESS, OPCODE, P1, P2, CURSORS = 160 };
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err;
    int64_t root = 0;
    int opened = 0;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(
        rf_store_number(store, "SELECT rootpage FROM sqlite_schema WHERE name = 'sighting_pack'",
                        &root, &err),
        RF_OK);
    for (const rf_embedded *at = rf_canned_queries; at->name != NULL; at++) {
        bool sightings[CURSORS] = {false};
        rf_text sql = {0};
        rf_statement *program = NULL;
        bool row = true;
        rf_text_printf(&sql, "EXPLAIN\n%s", at->text);
        assert_int_equal(rf_prepare(store, rf_text_get(&sql), &program, &err), RF_OK);
        for (int pass = 0; pass < 2; pass++, row = true) { /* cursors may be opened further down */
            while (rf_step(program, &row, &err) == RF_OK && row) {
                const char *opcode = rf_column_text(program, OPCODE);
                int64_t const cursor = rf_column_int(program, P1);
                if (strcmp(opcode, "OpenRead") == 0 && rf_column_int(program, P2) == root) {
                    assert_in_range(cursor, 0, CURSORS - 1);
                    sightings[cursor] = true;
                    opened++;
                } else if ((strcmp(opcode, "Rewind") == 0 || strcmp(opcode, "Last") == 0) &&
                           cursor >= 0 && cursor < CURSORS && sightings[cursor]) {
                    fail_msg("%s reads all sightings", at->name);
                }
            }
            rf_reset(program);
        }
        rf_statement_end(program);
        rf_text_free(&sql);
    }
    assert_true(opened > 0);
    rf_store_close(store);
}

/* ---- cost ---- */

/* Accounts that nobody knows, each with a mailbox, a value, a sighting and some activity. */
static const char STRANGERS[] =
    "PRAGMA foreign_keys = OFF; BEGIN;"
    "CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 3000) SELECT i FROM n;"
    "INSERT INTO account (id, external_id, created_at, email, email_key, country)"
    " SELECT 100000 + i, 'stranger' || i, 1700000000 + i, 's' || i || '@x.example', 's' || i ||"
    " '@x.example', 'SG' FROM n;"
    "INSERT INTO value (id, signal, text) SELECT 100000 + i, 1 + i % 4, 'stranger ' || i FROM n;"
    "INSERT INTO sighting_pack SELECT 100000 + i, 100000 + i, 1, 0, 1, 20000, 1, 1, '[0]' FROM n;"
    "INSERT INTO holding_pack SELECT 100000 + i, 100000 + i, '[0]' FROM n;"
    "INSERT INTO activity_pack SELECT 100000 + i, 1, 0, 0, 20000, 1, 1, 1, 1, 1, '[5]' FROM n;"
    "INSERT INTO instrument (value, funding) SELECT 100000 + i, 'prepaid' FROM n WHERE i % 4 = 0;"
    "COMMIT";

/* What the database did for a query, in steps of its machine; parameters as their heads say. */
static int steps_of(sqlite3 *db, const rf_embedded *query, const char *given)
{
    rf_arena arena = {0};
    rf_canned read;
    rf_error err;
    sqlite3_stmt *statement = NULL;
    int result;
    int steps;
    assert_int_equal(rf_canned_read(query->name, query->text, &arena, &read, &err), RF_OK);
    assert_int_equal(sqlite3_prepare_v2(db, query->text, -1, &statement, NULL), SQLITE_OK);
    for (size_t i = 0; i < read.params; i++) {
        char name[64];
        const char *value = read.param[i].initial == NULL ? given : read.param[i].initial;
        bool const run = strcmp(read.param[i].name, "run") == 0;
        bool const whole = run || strspn(value, "0123456789") == strlen(value);
        (void)snprintf(name, sizeof name, ":%s", read.param[i].name);
        if (value[0] != '\0' && whole) {
            sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, name),
                               run ? 1 : atoll(value));
        } else {
            sqlite3_bind_text(statement, sqlite3_bind_parameter_index(statement, name), value, -1,
                              SQLITE_TRANSIENT);
        }
    }
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    }
    assert_int_equal(result, SQLITE_DONE);
    steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(statement);
    rf_arena_free(&arena);
    return steps;
}

/* Strangers come, and no answer about a counted run gets dearer: it reads none of them. */
static void no_answer_grows_with_facts(void **state)
{
    enum { QUERIES_MOST = 64, NOISE = 1000 };
    const fixture *f = *state;
    sqlite3 *db = NULL;
    int before[QUERIES_MOST];
    int worst = 0;
    fixture_sql(f, "UPDATE run SET counted = 1;"
                   "INSERT INTO place VALUES (1, 'country', 'SG', 1, 1);"
                   "INSERT INTO link_together VALUES (1, 5, 1, 2);"
                   "INSERT INTO ring_figures SELECT run, ring, size, 0, 0, NULL, NULL, size, size,"
                   " requests, 20500, 20600, 1, 1 FROM ring;"
                   "INSERT INTO shared_value SELECT 1, signal, id, 2, 2, 1 FROM value;"
                   "INSERT INTO shared_in_ring SELECT 1, signal, id, 1, 2 FROM value");
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    for (int i = 0; rf_canned_queries[i].name != NULL; i++) {
        assert_true(i < QUERIES_MOST);
        before[i] = steps_of(db, &rf_canned_queries[i], "1");
    }
    fixture_sql(f, STRANGERS);
    for (int i = 0; rf_canned_queries[i].name != NULL; i++) {
        int const after = steps_of(db, &rf_canned_queries[i], "1");
        if (after > before[i] + NOISE) {
            fail_msg("%s: %d steps, and %d with strangers", rf_canned_queries[i].name, before[i],
                     after);
        }
    }
    for (int i = 0; rf_canned_queries[i].name != NULL; i++) { /* and this test can fail */
        fixture_sql(f, "UPDATE run SET counted = 0");
        if (strcmp(rf_canned_queries[i].name, "shared_mailboxes") == 0) {
            worst = steps_of(db, &rf_canned_queries[i], "1");
        }
    }
    assert_true(worst > 3000 + NOISE);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads_agree_with_statements, start, end),
        cmocka_unit_test_setup_teardown(wrong_heads_are_refused, start, end),
        cmocka_unit_test_setup_teardown(list_names_them_all, start, end),
        cmocka_unit_test_setup_teardown(every_query_answers, start, end),
        cmocka_unit_test_setup_teardown(every_query_has_all_formats, start, end),
        cmocka_unit_test_setup_teardown(facts_need_no_run, start, end),
        cmocka_unit_test_setup_teardown(more_rows_are_told, start, end),
        cmocka_unit_test_setup_teardown(wrong_parameters_are_usage_errors, start, end),
        cmocka_unit_test_setup_teardown(values_are_typed_by_look, start, end),
        cmocka_unit_test_setup_teardown(point_queries_use_indexes, start, end),
        cmocka_unit_test_setup_teardown(no_query_reads_a_table_for_a_filter, start, end),
        cmocka_unit_test_setup_teardown(no_query_reads_all_sightings, start, end),
        cmocka_unit_test_setup_teardown(no_answer_grows_with_facts, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
