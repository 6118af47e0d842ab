/* decide.c - `ringfence decide`: an investigator confirms, clears or watches a ring.
 *
 * Decisions are added and never taken away: whoever changes their mind decides again.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/judgement.h"
#include "command/output.h"
#include "command/ring_page.h"
#include "command/runs.h"
#include "command/user.h"
#include "store/decisions.h"

#include <getopt.h>
#include <string.h>

typedef struct choice {
    const char *run_text, *id;
    rf_judgement said;
    rf_decided verdict;
    int64_t run, ring;
} choice;

/* ---- the list ---- */

static const char LIST_SQL[] =
    "SELECT id, at, verdict, ring_key, run, ring, size, score, by_whom, reason,"
    " id = (SELECT max(id) FROM decision l WHERE l.ring_key = d.ring_key) "
    "FROM decision d ORDER BY id DESC";

static const rf_field FIELDS[] = {
    {.name = "decision_id", .title = "decision", .kind = RF_FIELD_INT},
    {.name = "at", .title = "when", .kind = RF_FIELD_TIME},
    {.name = "verdict", .kind = RF_FIELD_TEXT},
    {.name = "ring_key", .kind = RF_FIELD_TEXT},
    {.name = "run", .kind = RF_FIELD_INT},
    {.name = "ring_id", .title = "ring", .kind = RF_FIELD_INT},
    {.name = "size", .kind = RF_FIELD_INT},
    {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "by", .kind = RF_FIELD_TEXT},
    {.name = "reason", .kind = RF_FIELD_TEXT, .wrap = true},
    {.name = "counts", .kind = RF_FIELD_BOOL}, /* the latest on its ring */
};

static rf_status write_list(const rf_globals *globals, rf_store *store, rf_error *err)
{
    rf_sheet_options const options = {
        .file = stdout, .format = globals->format, .none = "Nobody has decided anything yet."};
    rf_statement *list = NULL;
    rf_sheet *sheet = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, LIST_SQL, &list, err);
    if (status == RF_OK) {
        status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    }
    while (status == RF_OK && (status = rf_step(list, &row, err)) == RF_OK && row) {
        rf_sheet_int(sheet, rf_column_int(list, 0));
        rf_sheet_time(sheet, rf_column_int(list, 1));
        rf_sheet_text(sheet, rf_column_text(list, 2));
        rf_sheet_text(sheet, rf_column_text(list, 3));
        rf_sheet_int(sheet, rf_column_int(list, 4));
        rf_sheet_int(sheet, rf_column_int(list, 5));
        rf_sheet_int(sheet, rf_column_int(list, 6));
        rf_sheet_real(sheet, rf_column_real(list, 7));
        rf_sheet_bytes(sheet, rf_column_text(list, 8), rf_column_bytes(list, 8));
        rf_sheet_bytes(sheet, rf_column_text(list, 9), rf_column_bytes(list, 9));
        rf_sheet_bool(sheet, rf_column_int(list, 10) != 0);
    }
    rf_statement_end(list);
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

/* ---- deciding ---- */

/* Nothing on standard output: what was decided is told to people, and read by --list. */
static void say_decided(const rf_globals *globals, const choice *asked, int64_t decision)
{
    static const char *const FOLLOWS[RF_DECIDED_COUNT] = {
        [RF_CONFIRMED] = "its members count as reviewed",
        [RF_CLEARED] = "it is not flagged again until more than one in five of its members are new "
                       "or its score has risen by 6 bits",
        [RF_WATCHED] = "it stays flagged, and nobody in it is asked to verify"};
    rf_say(globals, "Ring %lld of run %lld is %s (decision %lld): %s.", (long long)asked->ring,
           (long long)asked->run, rf_decided_names[asked->verdict], (long long)decision,
           FOLLOWS[asked->verdict]);
}

static rf_status decide(const rf_globals *globals, rf_store *store, choice *asked, rf_error *err)
{
    char user[RF_USER_NAME];
    int64_t decision = 0;
    rf_status status = rf_choose_run(store, asked->run_text, &asked->run, err);
    if (status == RF_OK) {
        status = rf_find_ring(store, asked->run, asked->id, &asked->ring, err);
    }
    if (status == RF_OK) {
        const char *by = asked->said.by != NULL ? asked->said.by : rf_user_name(user);
        status = rf_decision_add(store, asked->run, asked->ring, asked->verdict, asked->said.reason,
                                 by, rf_time_now(), &decision, err);
    }
    if (status == RF_OK) {
        say_decided(globals, asked, decision);
    }
    return status;
}

static rf_status read_words(int argc, char **argv, choice *asked, rf_error *err)
{
    static const char *const WORDS[RF_DECIDED_COUNT] = {
        [RF_CONFIRMED] = "confirm", [RF_CLEARED] = "clear", [RF_WATCHED] = "watch"};
    if (asked->said.list) {
        return argc == optind && asked->said.reason == NULL && asked->said.by == NULL
                   ? RF_OK
                   : rf_usage(err, &rf_command_decide, "--list stands alone");
    }
    if (argc - optind != 2) {
        return rf_usage(err, &rf_command_decide,
                        "give a ring and what is decided: confirm, clear or watch");
    }
    asked->id = argv[optind];
    for (rf_decided v = RF_CONFIRMED; v < RF_DECIDED_COUNT; v++) {
        if (strcmp(argv[optind + 1], WORDS[v]) == 0) {
            asked->verdict = v;
            return rf_judgement_has_reason(&asked->said)
                       ? RF_OK
                       : rf_usage(err, &rf_command_decide, "--reason is needed: why?");
        }
    }
    return rf_usage(err, &rf_command_decide, "'%.100s' is none of confirm, clear, watch",
                    argv[optind + 1]);
}

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {
        {"run", required_argument, NULL, 'r'}, RF_JUDGEMENT_OPTIONS, {NULL, 0, NULL, 0}};
    int option;
    *asked = (choice){0};
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            asked->run_text = optarg;
            break;
        default:
            if (!rf_judgement_option(&asked->said, option)) {
                return rf_usage_option(err, &rf_command_decide, argv, option);
            }
        }
    }
    return read_words(argc, argv, asked, err);
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    choice asked;
    rf_store *store = NULL;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_judgement_open(&asked.said, globals, &store, err);
    }
    if (status == RF_OK && asked.said.list) {
        status = write_list(globals, store, err);
    } else if (status == RF_OK) {
        status = decide(globals, store, &asked, err);
    }
    rf_store_close(store);
    return status;
}

const rf_command rf_command_decide = {
    .name = "decide",
    .usage = "decide RING confirm|clear|watch --reason TEXT [--by NAME] [--run R]\n"
             "decide --list",
    .summary = "confirm, clear or watch a ring",
    .help = "  RING           a ring's number in the run, or the beginning of its ring_key\n"
            "  confirm        it is a ring: its members count as reviewed\n"
            "  clear          it is none: not flagged again until more than one in five of its\n"
            "                 members are new or its score has risen by 6 bits\n"
            "  watch          wait and see: still flagged, but nobody is asked to verify\n"
            "  --reason TEXT  why; needed\n"
            "  --by NAME      who decides; default the user's name\n"
            "  --run R        a run's number, or latest (default)\n"
            "  --list         every decision, the latest first\n"
            "\n"
            "Nothing is ever deleted: decide again, the latest decision on a ring counts.\n"
            "\n"
            "example: ringfence decide 3 clear --reason 'the office of Acme, called them'\n",
    .run = run,
};
