/* history.c - `ringfence history RING`: what became of one ring from run to run.
 *
 * One row an entry of the ledger, oldest first. The ledger outlives runs, so a ring is told even
 * when the runs that found it are dropped. Workload: a few rows a run.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/output.h"
#include "command/runs.h"
#include "store/ledger.h"

#include <getopt.h>
#include <math.h>
#include <string.h>

typedef struct choice {
    const char *run_text;
    const char *id;
} choice;

/* Of one run: how it stands first, then with what other rings it had to do. */
static const char SQL[] =
    "SELECT run, at, event, other_key, ring, size, joined, gone, shared, overlap, score, flagged "
    "FROM ring_history WHERE ring_key = ?1 ORDER BY run, event IN ('merge', 'merged', 'split',"
    " 'split_off', 'regrowth'), event, other_key";

enum { PROGRAMS = RF_IN_JSON | RF_IN_CSV, PEOPLE = RF_IN_TABLE };

static const rf_field FIELDS[] = {
    {.name = "ring_key", .kind = RF_FIELD_TEXT, .shown = PROGRAMS},
    {.name = "run", .kind = RF_FIELD_INT},
    {.name = "at", .title = "when", .kind = RF_FIELD_TIME},
    {.name = "event", .kind = RF_FIELD_TEXT},
    {.name = "note", .title = "what happened", .kind = RF_FIELD_TEXT, .wrap = true},
    {.name = "ring_id", .title = "ring", .kind = RF_FIELD_INT},
    {.name = "size", .kind = RF_FIELD_INT},
    {.name = "joined", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "gone", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "shared", .kind = RF_FIELD_INT, .shown = PROGRAMS},
    {.name = "overlap", .kind = RF_FIELD_REAL, .decimals = 3, .shown = PROGRAMS},
    {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "flagged", .kind = RF_FIELD_BOOL},
    {.name = "other_key", .kind = RF_FIELD_TEXT, .shown = PROGRAMS},
};

static rf_ring_event event_named(const char *name)
{
    rf_ring_event event = RF_RING_BIRTH;
    while (event < RF_RING_EVENTS && strcmp(name, rf_ring_event_names[event]) != 0) {
        event++;
    }
    return event;
}

static void say_change(rf_text *text, const char *verb, int64_t joined, int64_t gone)
{
    rf_text_printf(text, "%s: ", verb);
    rf_words_number(text, joined);
    rf_text_add(text, " came, ");
    rf_words_number(text, gone);
    rf_text_add(text, " left");
}

/* An entry in words. */
static void say_entry(rf_text *text, rf_statement *row)
{
    const char *other = rf_column_text(row, 3);
    int64_t const joined = rf_column_int(row, 6);
    int64_t const gone = rf_column_int(row, 7);
    int64_t const shared = rf_column_int(row, 8);
    switch (event_named(rf_column_text(row, 2))) {
    case RF_RING_BIRTH:
        rf_text_add(text, "first found");
        break;
    case RF_RING_GROWTH:
        say_change(text, "grew", joined, gone);
        break;
    case RF_RING_SHRINKAGE:
        say_change(text, "shrank", joined, gone);
        break;
    case RF_RING_TURNOVER:
        say_change(text, "as large as before", joined, gone);
        break;
    case RF_RING_UNCHANGED:
        rf_text_add(text, "found as it was");
        break;
    case RF_RING_RETURN:
        say_change(text, "found again after it was not", joined, gone);
        break;
    case RF_RING_DORMANCY:
        rf_text_add(text, "not found");
        break;
    case RF_RING_MERGE:
        rf_words_count(text, shared, "account", "accounts");
        rf_text_printf(text, " of %s, most of that ring, are now in this one", other);
        break;
    case RF_RING_MERGED:
        rf_words_count(text, shared, "account", "accounts");
        rf_text_printf(text, ", most of it, are now in %s", other);
        break;
    case RF_RING_SPLIT:
        rf_words_count(text, shared, "account", "accounts");
        rf_text_printf(text, ", most of it, came out of %s", other);
        break;
    case RF_RING_SPLIT_OFF:
        rf_words_count(text, shared, "account", "accounts");
        rf_text_printf(text, " of it are now %s", other);
        break;
    case RF_RING_REGROWTH:
        rf_text_add(text, "regrown after a ban: ");
        rf_words_count(text, joined, "new account", "new accounts");
        rf_text_add(text, " beside ");
        rf_words_number(text, gone);
        rf_text_printf(text, " banned of %s%s", other[0] == '\0' ? "those it had" : "ring ", other);
        break;
    case RF_RING_EVENTS:
        break;
    }
}

static void write_int(rf_sheet *sheet, rf_statement *row, int column)
{
    if (rf_column_kind(row, column) == RF_NULL) {
        rf_sheet_null(sheet);
    } else {
        rf_sheet_int(sheet, rf_column_int(row, column));
    }
}

static void write_real(rf_sheet *sheet, rf_statement *row, int column)
{
    rf_sheet_real(sheet, rf_column_kind(row, column) == RF_NULL ? (double)NAN
                                                                : rf_column_real(row, column));
}

static void write_entry(rf_sheet *sheet, const char *key, rf_statement *row, rf_text *note)
{
    rf_text_clear(note);
    say_entry(note, row);
    rf_sheet_text(sheet, key);
    rf_sheet_int(sheet, rf_column_int(row, 0));
    rf_sheet_time(sheet, rf_column_kind(row, 1) == RF_NULL ? RF_NO_TIME : rf_column_int(row, 1));
    rf_sheet_text(sheet, rf_column_text(row, 2));
    rf_sheet_text(sheet, rf_text_get(note));
    for (int column = 4; column <= 8; column++) {
        write_int(sheet, row, column);
    }
    write_real(sheet, row, 9);
    write_real(sheet, row, 10);
    if (rf_column_kind(row, 11) == RF_NULL) {
        rf_sheet_null(sheet);
    } else {
        rf_sheet_bool(sheet, rf_column_int(row, 11) != 0);
    }
    rf_sheet_text(sheet, rf_column_kind(row, 3) == RF_NULL ? NULL : rf_column_text(row, 3));
}

static rf_status write_entries(rf_store *store, const char *key, rf_sheet *sheet, rf_error *err)
{
    rf_statement *entries = NULL;
    rf_text note = {0};
    bool row = true;
    rf_status status = rf_prepare(store, SQL, &entries, err);
    if (status == RF_OK) {
        rf_bind_text(entries, 1, key);
    }
    while (status == RF_OK && (status = rf_step(entries, &row, err)) == RF_OK && row) {
        write_entry(sheet, key, entries, &note);
    }
    if (status == RF_OK && rf_text_failed(&note)) {
        status = rf_fail_memory(err, "the history");
    }
    rf_text_free(&note);
    rf_statement_end(entries);
    return status;
}

static rf_status write_history(const rf_globals *globals, rf_store *store, const char *key,
                               rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {.file = stdout,
                                .format = globals->format,
                                .none = "Nothing is recorded: the run was made by a version of the "
                                        "program that kept no ledger."};
    rf_status status;
    if (globals->format == RF_FORMAT_TABLE) {
        (void)printf("Ring %s\n", key);
    }
    status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    if (status == RF_OK) {
        status = write_entries(store, key, sheet, err);
    }
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"run", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *asked = (choice){0};
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        if (option != 'r') {
            return rf_usage_option(err, &rf_command_history, argv, option);
        }
        asked->run_text = optarg;
    }
    if (argc - optind != 1) {
        return rf_usage(err, &rf_command_history, "give one ring: its number or its key");
    }
    asked->id = argv[optind];
    return RF_OK;
}

static rf_status run_history(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    char key[RF_KEY_TEXT];
    rf_store *store = NULL;
    int64_t run = 0;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked.run_text, &run, err);
    }
    if (status == RF_OK) {
        status = rf_ledger_find(store, run, asked.id, key, err);
    }
    if (status == RF_OK) {
        status = write_history(globals, store, key, err);
    }
    rf_store_close(store);
    return status;
}

const rf_command rf_command_history = {
    .name = "history",
    .usage = "history RING [--run R]",
    .summary = "tell what became of one ring from run to run",
    .help =
        "  RING      a ring's number in the run, or the beginning of its ring_key (of any run)\n"
        "  --run R   the run the number belongs to, or latest (default)\n"
        "\n"
        "A ring keeps its ring_key as long as at least half of its members and those of the\n"
        "ring found next, taken together, are in both. Events: birth, growth, shrinkage,\n"
        "turnover, unchanged, dormancy (not found), return, merge and merged, split and\n"
        "split_off, regrowth (half of its members are banned, and new ones are tied to them).\n"
        "\n"
        "example: ringfence history 1 --format json\n",
    .run = run_history,
};
