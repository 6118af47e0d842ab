/* query.c - `ringfence query NAME`: a canned query of queries/, with its parameters by name.
 *
 * Workload: results up to millions of rows, written as they come.
 */
#include "base/clock.h"
#include "command/canned.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/output.h"
#include "command/ring_page.h"
#include "command/runs.h"
#include "command/waiting.h"
#include "store/embedded.h"
#include "store/store.h"

#include <getopt.h>
#include <string.h>

enum { MOST_GIVEN = 32, CELL_SHOWN = 160 };

typedef struct choice {
    const char *name;
    char *given[MOST_GIVEN]; /* "name=value", the arguments themselves */
    size_t givens;
    bool list;
    int64_t limit; /* rows to be shown; 0: all */
} choice;

/* ---- --list ---- */

static void add_params(const rf_canned *query, rf_text *text)
{
    for (size_t i = 0; i < query->params; i++) {
        rf_text_printf(text, "%s%s%s%s", i == 0 ? "" : ", ", query->param[i].name,
                       query->param[i].initial == NULL ? "" : "=",
                       query->param[i].initial == NULL ? "" : query->param[i].initial);
    }
}

static void json_items(rf_json *json, const rf_canned_item *items, size_t count, bool initials)
{
    rf_json_array(json);
    for (size_t i = 0; i < count; i++) {
        rf_json_object(json);
        rf_json_key(json, "name");
        rf_json_string(json, items[i].name);
        if (initials) {
            rf_json_key(json, "default");
            rf_json_string(json, items[i].initial);
        }
        rf_json_key(json, "about");
        rf_json_string(json, items[i].about);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void list_one(rf_sheet *sheet, const rf_canned *query, rf_text *text)
{
    rf_json *json;
    rf_sheet_text(sheet, query->name);
    rf_sheet_text(sheet, query->purpose);
    json = rf_sheet_nested(sheet);
    if (json != NULL) {
        json_items(json, query->param, query->params, true);
        rf_sheet_nested_end(sheet);
    } else {
        rf_text_clear(text);
        add_params(query, text);
        rf_sheet_text(sheet, rf_text_get(text));
    }
    json = rf_sheet_nested(sheet);
    if (json != NULL) {
        json_items(json, query->column, query->columns, false);
        rf_sheet_nested_end(sheet);
    } else {
        rf_sheet_null(sheet);
    }
}

static rf_status list_queries(rf_format format, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "name", .kind = RF_FIELD_TEXT},
        {.name = "purpose", .kind = RF_FIELD_TEXT, .wrap = true},
        {.name = "params", .title = "parameters", .kind = RF_FIELD_TEXT, .wrap = true},
        {.name = "columns", .kind = RF_FIELD_TEXT, .shown = RF_IN_JSON}};
    rf_sheet_options options = {.file = stdout, .format = format};
    rf_arena arena = {0};
    rf_text text = {0};
    rf_sheet *sheet = NULL;
    rf_status status =
        rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (const rf_embedded *at = rf_canned_queries; status == RF_OK && at->name != NULL; at++) {
        rf_canned query;
        status = rf_canned_read(at->name, at->text, &arena, &query, err);
        if (status == RF_OK) {
            list_one(sheet, &query, &text);
        }
    }
    rf_arena_free(&arena);
    rf_text_free(&text);
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

/* ---- parameters ---- */

/* The value given for a parameter, the last one when given twice; NULL when none is. */
static const char *given_value(const choice *asked, const char *name)
{
    const char *value = NULL;
    size_t length = strlen(name);
    for (size_t i = 0; i < asked->givens; i++) {
        if (strncmp(asked->given[i], name, length) == 0 && asked->given[i][length] == '=') {
            value = asked->given[i] + length + 1;
        }
    }
    return value;
}

static rf_status check_given(const choice *asked, const rf_canned *query, rf_error *err)
{
    rf_text known = {0};
    rf_status status = RF_OK;
    add_params(query, &known);
    for (size_t i = 0; status == RF_OK && i < asked->givens; i++) {
        char name[64];
        size_t length = strcspn(asked->given[i], "=");
        (void)snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63),
                       asked->given[i]);
        if (asked->given[i][length] != '=') {
            status = rf_usage(err, &rf_command_query, "--param %s: give it as NAME=VALUE", name);
        } else if (rf_canned_find(query->param, query->params, name) == NULL) {
            status = rf_usage(err, &rf_command_query, "%s has no parameter '%s'; it has: %s",
                              query->name, name, known.length == 0 ? "none" : rf_text_get(&known));
        }
    }
    for (size_t i = 0; status == RF_OK && i < query->params; i++) {
        const rf_canned_item *param = &query->param[i];
        if (param->initial == NULL && given_value(asked, param->name) == NULL) {
            status = rf_usage(err, &rf_command_query, "%s needs --param %s=... (%s)", query->name,
                              param->name, param->about);
        }
    }
    rf_text_free(&known);
    return status;
}

/* Queries that only mention rings beside facts also work before the first run: then run 0. */
static rf_status choose_run(rf_store *store, const char *value, int64_t *run, rf_error *err)
{
    if (value != NULL && strcmp(value, "latest-if-any") == 0) {
        return rf_store_number(store, "SELECT max(id) FROM run", run, err);
    }
    return rf_choose_run(store, value, run, err);
}

static bool is_number(const char *text)
{
    double number;
    return rf_option_real("", text, -1e300, 1e300, &number, NULL) == RF_OK;
}

/* A moment as SQLite's date functions read it; what is none would silently find nothing. */
static rf_status bind_moment(rf_statement *statement, int number, const char *name,
                             const char *value, rf_error *err)
{
    char moment[RF_TIME_TEXT];
    int64_t time = RF_NO_TIME;
    if (strcmp(value, "now") == 0) {
        time = rf_time_now();
    } else if (!rf_time_parse(value, strlen(value), &time)) {
        return rf_usage(err, &rf_command_query, "--param %s: '%.100s' is no date", name, value);
    }
    rf_bind_text(statement, number, rf_time_format(time, moment));
    return RF_OK;
}

static rf_status bind_one(rf_store *store, rf_statement *statement, const rf_canned_item *param,
                          const char *value, int64_t run, rf_error *err)
{
    static const char *const MOMENTS[] = {"since", "until", "now"};
    int64_t ring = 0;
    rf_status status;
    char name[64];
    int number;
    (void)snprintf(name, sizeof name, ":%s", param->name);
    number = rf_parameter(statement, name);
    if (strcmp(param->name, "run") == 0) {
        rf_bind_int(statement, number, run);
        return RF_OK;
    }
    for (size_t i = 0; i < sizeof MOMENTS / sizeof MOMENTS[0]; i++) {
        if (strcmp(param->name, MOMENTS[i]) == 0) {
            return bind_moment(statement, number, param->name, value, err);
        }
    }
    if (strcmp(param->name, "ring") == 0 && strcmp(value, "0") != 0) {
        status = rf_find_ring(store, run, value, &ring, err); /* also by its key */
        rf_bind_int(statement, number, ring);
        return status;
    }
    if (param->initial != NULL && is_number(param->initial) && !is_number(value)) {
        return rf_usage(err, &rf_command_query, "--param %s: '%.100s' is no number", param->name,
                        value);
    }
    rf_canned_bind(statement, number, value);
    return RF_OK;
}

/* One more is asked for than is shown: so it is known whether there are more. */
static void raise_limit(rf_statement *statement, choice *asked, const char *value)
{
    int64_t limit = 0;
    if (rf_option_int("", value, 1, INT32_MAX, &limit, NULL) == RF_OK) {
        asked->limit = limit;
        rf_bind_int(statement, rf_parameter(statement, ":limit"), limit + 1);
    }
}

static rf_status bind_all(rf_store *store, rf_statement *statement, const rf_canned *query,
                          choice *asked, rf_error *err)
{
    const rf_canned_item *of_run = rf_canned_find(query->param, query->params, "run");
    int64_t run = 0;
    rf_status status = RF_OK;
    if (of_run != NULL) {
        const char *value = given_value(asked, "run");
        status = choose_run(store, value == NULL ? of_run->initial : value, &run, err);
    }
    for (size_t i = 0; status == RF_OK && i < query->params; i++) {
        const char *value = given_value(asked, query->param[i].name);
        value = value == NULL ? query->param[i].initial : value;
        status = bind_one(store, statement, &query->param[i], value == NULL ? "" : value, run, err);
        if (status == RF_OK && strcmp(query->param[i].name, "limit") == 0) {
            raise_limit(statement, asked, value);
        }
    }
    return status;
}

/* ---- running ---- */

/* A list of six thousand rings is of no use in a table. */
static void write_text(rf_sheet *sheet, rf_statement *statement, int column, bool cut)
{
    rf_text text = {0};
    if (!cut || rf_column_bytes(statement, column) <= CELL_SHOWN) {
        rf_sheet_bytes(sheet, rf_column_text(statement, column),
                       rf_column_bytes(statement, column));
        return;
    }
    rf_text_add_short(&text, rf_column_text(statement, column), rf_column_bytes(statement, column),
                      CELL_SHOWN);
    rf_sheet_text(sheet, rf_text_get(&text));
    rf_text_free(&text);
}

static void write_row(rf_sheet *sheet, rf_statement *statement, int columns, bool cut)
{
    for (int i = 0; i < columns; i++) {
        switch (rf_column_kind(statement, i)) {
        case RF_INT:
            rf_sheet_int(sheet, rf_column_int(statement, i));
            break;
        case RF_REAL:
            rf_sheet_real(sheet, rf_column_real(statement, i));
            break;
        case RF_TEXT:
        case RF_BLOB:
            write_text(sheet, statement, i, cut);
            break;
        case RF_NULL:
            rf_sheet_null(sheet);
            break;
        }
    }
}

static rf_status write_result(rf_statement *statement, const rf_canned *query,
                              const rf_globals *globals, int64_t limit, rf_progress *progress,
                              rf_error *err)
{
    rf_field fields[RF_CANNED_COLUMNS];
    rf_sheet_options options = {
        .file = stdout, .format = globals->format, .none = "Nothing found."};
    rf_sheet *sheet = NULL;
    bool row = false;
    bool more = false;
    rf_status status = rf_step(statement, &row, err);
    rf_progress_end(progress); /* what follows is seen */
    if (status != RF_OK) {
        return status;
    }
    for (size_t i = 0; i < query->columns; i++) {
        fields[i] = (rf_field){.name = query->column[i].name, .kind = RF_FIELD_ANY, .decimals = -1};
    }
    status = rf_sheet_start(&options, fields, query->columns, &sheet, err);
    for (; status == RF_OK && row; status = rf_step(statement, &row, err)) {
        more = limit > 0 && (int64_t)rf_sheet_count(sheet) == limit;
        if (more) {
            break;
        }
        write_row(sheet, statement, (int)query->columns, globals->format == RF_FORMAT_TABLE);
    }
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    status = rf_sheet_end(sheet, err);
    if (status == RF_OK && more) {
        (void)fflush(stdout);
        rf_say(globals, "These are the first %lld rows, and there are more: --param limit=%lld",
               (long long)limit, (long long)limit * 10);
    }
    return status;
}

static rf_status run_canned(const rf_globals *globals, const rf_canned *query, choice *asked,
                            rf_error *err)
{
    rf_store *store = NULL;
    rf_statement *statement = NULL;
    rf_progress progress = {0};
    rf_status status = check_given(asked, query, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(store, query->sql, &statement, err);
    }
    if (status == RF_OK) {
        status = rf_canned_check(query, statement, err);
    }
    if (status == RF_OK) {
        status = bind_all(store, statement, query, asked, err);
    }
    if (status == RF_OK) {
        rf_wait_for_accounts(store, "asking", RF_WAIT_QUERY, &progress);
        status = write_result(statement, query, globals, asked->limit, &progress, err);
    }
    rf_statement_end(statement);
    rf_store_close(store);
    return status;
}

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"param", required_argument, NULL, 'p'},
                                            {"list", no_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    *asked = (choice){0};
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option == 'l') {
            asked->list = true;
        } else if (option != 'p') {
            status = rf_usage_option(err, &rf_command_query, argv, option);
        } else if (asked->givens == MOST_GIVEN) {
            status = rf_usage(err, &rf_command_query, "more than %d --param", MOST_GIVEN);
        } else {
            asked->given[asked->givens++] = optarg;
        }
    }
    if (status == RF_OK && argc - optind != (asked->list ? 0 : 1)) {
        status = rf_usage(err, &rf_command_query,
                          asked->list ? "--list takes no name"
                                      : "give the name of one query, or --list");
    }
    asked->name = status == RF_OK && !asked->list ? argv[optind] : NULL;
    return status;
}

static rf_status run_query(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    rf_arena arena = {0};
    rf_canned query;
    const rf_embedded *found = rf_canned_queries;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status != RF_OK || asked.list) {
        return status == RF_OK ? list_queries(globals->format, err) : status;
    }
    while (found->name != NULL && strcmp(found->name, asked.name) != 0) {
        found++;
    }
    if (found->name == NULL) {
        return rf_fail(err, RF_EUSAGE,
                       "query: there is no query '%.100s'; `ringfence query --list` names them all",
                       asked.name);
    }
    status = rf_canned_read(found->name, found->text, &arena, &query, err);
    if (status == RF_OK) {
        status = run_canned(globals, &query, &asked, err);
    }
    rf_arena_free(&arena);
    return status;
}

const rf_command rf_command_query = {
    .name = "query",
    .usage = "query NAME [--param NAME=VALUE]...\nquery --list",
    .summary = "answer an investigator's question by a canned query",
    .help =
        "  NAME                 a query; its text is queries/NAME.sql\n"
        "  --param NAME=VALUE   a parameter, where the default is not meant\n"
        "  --list               the queries, what they answer, their parameters\n"
        "\n"
        "Queries only read. The parameter run is the latest run unless given;\n"
        "ring takes a ring's number or the beginning of its ring_key; since, until and now take\n"
        "ISO 8601 dates or times.\n"
        "\n"
        "example: ringfence query account --param account=u-1017\n",
    .run = run_query,
};
