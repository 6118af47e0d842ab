/* rings.c - `ringfence rings`: the rings of a run, best score first, each with the parts of its
 * score.
 *
 * Workload: up to tens of thousands of rings; rows are written as they are read.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/output.h"
#include "command/runs.h"
#include "command/standing.h"
#include "store/store.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

typedef struct choice {
    const char *run_text;
    int64_t run;
    int64_t min_size;
    int64_t limit; /* -1: all */
    bool flagged;
    bool more;              /* there are more than the limit */
    rf_standings standings; /* what was decided on rings of the run */
} choice;

static const char RINGS_SQL[] =
    "SELECT ring, size, score, flagged, network, looks_like, first_created, last_created, requests,"
    "       cells, links, link_bits, ring_key, q, inner_bits "
    "FROM ring WHERE run = ?1 AND size >= ?2 AND flagged >= ?3 "
    "ORDER BY score DESC, ring";

static const char PARTS_SQL[] = "SELECT part, bits FROM score_part WHERE run = ?1 AND ring = ?2 "
                                "ORDER BY abs(bits) DESC, part";

/* For people: what speaks most for one operator, or else what speaks least against it. */
static const char STRONGEST_SQL[] =
    "SELECT part, bits FROM score_part WHERE run = ?1 AND ring = ?2 "
    "ORDER BY bits DESC, part LIMIT 2";

enum { PROGRAMS = RF_IN_JSON | RF_IN_CSV, PEOPLE = RF_IN_TABLE };
enum { RINGS_SHOWN = 100 }; /* in a table, unless more are asked for */

static const rf_field FIELDS[] = {
    {.name = "ring_id", .title = "ring", .kind = RF_FIELD_INT},
    {.name = "size", .kind = RF_FIELD_INT},
    {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "flagged", .kind = RF_FIELD_BOOL},
    {.name = "q", .kind = RF_FIELD_REAL, .decimals = 3},
    {.name = "network_id", .title = "network", .kind = RF_FIELD_INT},
    {.name = "looks_like", .kind = RF_FIELD_TEXT},
    {.name = "created", .kind = RF_FIELD_TEXT, .shown = PEOPLE},
    {.name = "first_created", .kind = RF_FIELD_TIME, .shown = PROGRAMS},
    {.name = "last_created", .kind = RF_FIELD_TIME, .shown = PROGRAMS},
    {.name = "requests", .kind = RF_FIELD_INT},
    {.name = "parts", .title = "strongest parts of the score", .wrap = true},
    {.name = "cells", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "links", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "link_bits", .kind = RF_FIELD_REAL, .decimals = 1, .shown = PROGRAMS},
    {.name = "inner_bits", .kind = RF_FIELD_REAL, .decimals = 3, .shown = PROGRAMS},
    {.name = "ring_key", .kind = RF_FIELD_TEXT, .shown = PROGRAMS},
    {.name = "run", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "decision", .kind = RF_FIELD_TEXT, .wrap = true}, /* last: see list_rings */
};
enum { COLUMNS = sizeof FIELDS / sizeof FIELDS[0] };

static int64_t time_at(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? RF_NO_TIME
                                                        : rf_column_int(statement, column);
}

static double figure_at(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? (double)NAN
                                                        : rf_column_real(statement, column);
}

/* The parts as an object for JSON, as text otherwise. */
static rf_status write_parts(rf_sheet *sheet, rf_statement *parts, rf_error *err)
{
    rf_text text = {0};
    rf_json *json = rf_sheet_nested(sheet);
    bool row = true;
    int seen = 0;
    rf_status status = RF_OK;
    if (json != NULL) {
        rf_json_object(json);
    }
    while ((status = rf_step(parts, &row, err)) == RF_OK && row) {
        if (json != NULL) {
            rf_json_key(json, rf_column_text(parts, 0));
            rf_json_real(json, rf_column_real(parts, 1));
        } else {
            rf_text_printf(&text, "%s%s %+.1f", seen == 0 ? "" : "; ", rf_column_text(parts, 0),
                           rf_column_real(parts, 1));
        }
        seen++;
    }
    if (json != NULL) {
        rf_json_object_end(json);
        rf_sheet_nested_end(sheet);
    } else {
        rf_sheet_bytes(sheet, rf_text_get(&text), text.length);
    }
    if (status == RF_OK && rf_text_failed(&text)) {
        status = rf_fail_memory(err, "the list of rings");
    }
    rf_text_free(&text);
    return status;
}

static void write_created(rf_sheet *sheet, int64_t first, int64_t last)
{
    char from[RF_TIME_TEXT];
    char to[RF_TIME_TEXT];
    char both[2 * RF_TIME_TEXT + 4];
    rf_day_format(rf_day_of(first), from);
    rf_day_format(rf_day_of(last), to);
    (void)snprintf(both, sizeof both, strcmp(from, to) == 0 ? "%s" : "%s - %s", from, to);
    rf_sheet_text(sheet, both);
}

/* An object for JSON, as text otherwise. */
static void write_decision(rf_sheet *sheet, const rf_standing *standing)
{
    rf_json *json = rf_sheet_nested(sheet);
    rf_text text = {0};
    if (json != NULL) {
        rf_standing_json(json, standing);
        rf_sheet_nested_end(sheet);
        return;
    }
    if (standing != NULL) {
        rf_standing_say(standing, &text);
    }
    rf_sheet_bytes(sheet, rf_text_get(&text), text.length);
    rf_text_free(&text);
}

static rf_status write_ring(rf_sheet *sheet, rf_statement *rings, rf_statement *parts, int64_t run,
                            const rf_standing *standing, rf_error *err)
{
    bool const flagged = rf_column_int(rings, 3) != 0 && (standing == NULL || !standing->quiet);
    rf_status status;
    if (flagged) {
        rf_sheet_stress(sheet);
    }
    rf_sheet_int(sheet, rf_column_int(rings, 0));
    rf_sheet_int(sheet, rf_column_int(rings, 1));
    rf_sheet_real(sheet, rf_column_real(rings, 2));
    rf_sheet_bool(sheet, flagged);
    rf_sheet_real(sheet, figure_at(rings, 13));
    rf_sheet_int(sheet, rf_column_int(rings, 4));
    rf_sheet_text(sheet, rf_column_text(rings, 5));
    write_created(sheet, time_at(rings, 6), time_at(rings, 7));
    rf_sheet_time(sheet, time_at(rings, 6));
    rf_sheet_time(sheet, time_at(rings, 7));
    rf_sheet_int(sheet, rf_column_int(rings, 8));
    rf_bind_int(parts, 1, run);
    rf_bind_int(parts, 2, rf_column_int(rings, 0));
    status = write_parts(sheet, parts, err);
    rf_sheet_int(sheet, rf_column_int(rings, 9));
    rf_sheet_int(sheet, rf_column_int(rings, 10));
    rf_sheet_real(sheet, rf_column_real(rings, 11));
    rf_sheet_real(sheet, figure_at(rings, 14));
    rf_sheet_text(sheet, rf_column_text(rings, 12));
    rf_sheet_int(sheet, run);
    write_decision(sheet, standing);
    return status;
}

static rf_status write_rings(rf_store *store, rf_sheet *sheet, rf_format format, choice *asked,
                             rf_error *err)
{
    rf_statement *rings = NULL;
    rf_statement *parts = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, RINGS_SQL, &rings, err);
    if (status == RF_OK) {
        status =
            rf_prepare(store, format == RF_FORMAT_TABLE ? STRONGEST_SQL : PARTS_SQL, &parts, err);
    }
    if (status == RF_OK) {
        rf_bind_int(rings, 1, asked->run);
        rf_bind_int(rings, 2, asked->min_size);
        rf_bind_int(rings, 3, asked->flagged ? 1 : 0);
    }
    while (status == RF_OK && !asked->more && (status = rf_step(rings, &row, err)) == RF_OK &&
           row) {
        const rf_standing *standing = rf_standing_of(&asked->standings, rf_column_int(rings, 0));
        if (asked->flagged && standing != NULL && standing->quiet) {
            continue;
        }
        asked->more = asked->limit >= 0 && (int64_t)rf_sheet_count(sheet) == asked->limit;
        if (!asked->more) {
            status = write_ring(sheet, rings, parts, asked->run, standing, err);
        }
    }
    rf_statement_end(parts);
    rf_statement_end(rings);
    return status;
}

static rf_status list_rings(const rf_globals *globals, rf_store *store, choice *asked,
                            rf_error *err)
{
    char none[160];
    uint64_t listed;
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {.file = stdout, .format = globals->format, .none = none};
    rf_field fields[COLUMNS];
    rf_status status;
    memcpy(fields, FIELDS, sizeof fields);
    fields[COLUMNS - 1].shown = asked->standings.count > 0 ? 0 : PROGRAMS;
    (void)snprintf(none, sizeof none,
                   asked->min_size > 1 ? "Run %lld found no %srings of at least %lld accounts."
                                       : "Run %lld found no %srings.",
                   (long long)asked->run, asked->flagged ? "flagged " : "",
                   (long long)asked->min_size);
    status = rf_sheet_start(&options, fields, COLUMNS, &sheet, err);
    if (status == RF_OK) {
        status = write_rings(store, sheet, globals->format, asked, err);
    }
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    listed = rf_sheet_count(sheet);
    status = rf_sheet_end(sheet, err);
    if (status == RF_OK && listed > 0 && globals->format == RF_FORMAT_TABLE) {
        (void)fflush(stdout);
        if (asked->more) {
            rf_say(globals, "These are the first %lld rings, and there are more: --limit %lld",
                   (long long)listed, (long long)listed * 10);
        }
        rf_say(globals, "Scores are in bits. One ring in full: ringfence ring ID");
    }
    return status;
}

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"run", required_argument, NULL, 'r'},
                                            {"min-size", required_argument, NULL, 'm'},
                                            {"limit", required_argument, NULL, 'l'},
                                            {"flagged", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    *asked = (choice){.limit = -1, .min_size = 1};
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            asked->run_text = optarg;
            break;
        case 'm':
            status = rf_option_int("--min-size", optarg, 1, INT32_MAX, &asked->min_size, err);
            break;
        case 'l':
            status = rf_option_int("--limit", optarg, 0, INT32_MAX, &asked->limit, err);
            break;
        case 'f':
            asked->flagged = true;
            break;
        default:
            status = rf_usage_option(err, &rf_command_rings, argv, option);
        }
    }
    if (status == RF_OK && optind < argc) {
        status = rf_usage(err, &rf_command_rings, "unexpected argument '%s'", argv[optind]);
    }
    return status;
}

static rf_status run_rings(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    rf_store *store = NULL;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked.run_text, &asked.run, err);
    }
    if (status == RF_OK) {
        status = rf_standings_read(store, asked.run, 0, &asked.standings, err);
    }
    if (status == RF_OK) {
        if (asked.limit < 0 && globals->format == RF_FORMAT_TABLE) {
            asked.limit = RINGS_SHOWN;
        }
        status = list_rings(globals, store, &asked, err);
    }
    rf_standings_free(&asked.standings);
    rf_store_close(store);
    return status;
}

const rf_command rf_command_rings = {
    .name = "rings",
    .usage = "rings [--run R] [--min-size N] [--flagged] [--limit N]",
    .summary = "list the rings of a run, best score first",
    .help = "  --run R        a run's number, or latest (default)\n"
            "  --min-size N   only rings of at least N accounts\n"
            "  --flagged      only flagged rings\n"
            "  --limit N      at most N rings; default 100 in a table, all otherwise\n"
            "\n"
            "The score is in bits and is the sum of its parts; positive parts speak for one\n"
            "operator, negative ones for honest people. Ring numbers belong to their run; the\n"
            "ring_key (json, csv) outlives it.\n"
            "\n"
            "example: ringfence rings --flagged --format json\n",
    .run = run_rings,
};
