/* allow.c - `ringfence allow`: values known to be good, with a reason and an end.
 *
 * Entries are added and never taken away; a removal is an entry, too.
 */
#include "store/allow.h"
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/judgement.h"
#include "command/output.h"
#include "command/user.h"

#include <getopt.h>
#include <string.h>

typedef struct choice {
    const char *signal, *value, *until_text;
    rf_judgement said;
    int32_t until;
    bool all, remove;
} choice;

/* ---- the list ---- */

static const char LIST_SQL[] =
    "SELECT e.id, e.signal, e.value, e.reason, e.until, e.by_whom, e.at,"
    " CASE WHEN e.action = 'remove' THEN 'removal' WHEN l.id IS NULL THEN 'replaced'"
    "  WHEN l.expired THEN 'expired' ELSE 'active' END AS state "
    "FROM allow_entry e LEFT JOIN allow_latest l ON l.id = e.id "
    "WHERE ?1 OR l.id IS NOT NULL ORDER BY e.signal, e.value, e.id DESC";

static const rf_field FIELDS[] = {
    {.name = "entry_id", .title = "entry", .kind = RF_FIELD_INT},
    {.name = "signal", .kind = RF_FIELD_TEXT},
    {.name = "value", .kind = RF_FIELD_TEXT},
    {.name = "state", .kind = RF_FIELD_TEXT},
    {.name = "until", .kind = RF_FIELD_DAY},
    {.name = "by", .kind = RF_FIELD_TEXT},
    {.name = "at", .title = "when", .kind = RF_FIELD_TIME},
    {.name = "reason", .kind = RF_FIELD_TEXT, .wrap = true},
};

static rf_status write_list(const rf_globals *globals, rf_store *store, bool all, rf_error *err)
{
    rf_sheet_options const options = {
        .file = stdout, .format = globals->format, .none = "Nothing is allowed."};
    rf_statement *list = NULL;
    rf_sheet *sheet = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, LIST_SQL, &list, err);
    if (status == RF_OK) {
        rf_bind_int(list, 1, all);
        status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    }
    while (status == RF_OK && (status = rf_step(list, &row, err)) == RF_OK && row) {
        rf_sheet_int(sheet, rf_column_int(list, 0));
        rf_sheet_text(sheet, rf_column_text(list, 1));
        rf_sheet_bytes(sheet, rf_column_text(list, 2), rf_column_bytes(list, 2));
        rf_sheet_text(sheet, rf_column_text(list, 7));
        rf_sheet_day(sheet, rf_column_kind(list, 4) == RF_NULL ? RF_NO_DAY
                                                               : (int32_t)rf_column_int(list, 4));
        rf_sheet_bytes(sheet, rf_column_text(list, 5), rf_column_bytes(list, 5));
        rf_sheet_time(sheet, rf_column_int(list, 6));
        rf_sheet_bytes(sheet, rf_column_text(list, 3), rf_column_bytes(list, 3));
    }
    rf_statement_end(list);
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

/* ---- allowing ---- */

static rf_status add_entry(rf_store *store, const choice *asked, const char *value, rf_error *err)
{
    char user[RF_USER_NAME];
    int64_t entry = 0;
    rf_allow_entry const added = {.signal = asked->signal,
                                  .value = value,
                                  .remove = asked->remove,
                                  .reason = asked->said.reason == NULL ? "" : asked->said.reason,
                                  .until = asked->until,
                                  .by =
                                      asked->said.by != NULL ? asked->said.by : rf_user_name(user),
                                  .at = rf_time_now()};
    rf_status status = rf_allow_find(store, asked->signal, value, &entry, err);
    if (status == RF_OK && asked->remove && entry == 0) {
        return rf_fail(err, RF_EINPUT,
                       "%s %s is not allowed; `ringfence allow --list` shows what is",
                       asked->signal, value);
    }
    return status == RF_OK ? rf_allow_add(store, &added, err) : status;
}

static rf_status allow(const rf_globals *globals, rf_store *store, const choice *asked,
                       rf_error *err)
{
    char value[RF_ALLOW_TEXT];
    char day[RF_TIME_TEXT];
    rf_status status = rf_allow_canonical(store, asked->signal, asked->value, value, err);
    if (status == RF_OK) {
        status = add_entry(store, asked, value, err);
    }
    if (status == RF_OK && asked->remove) {
        rf_say(globals, "%s %s is not allowed any more, from the next detect on.", asked->signal,
               value);
    } else if (status == RF_OK) {
        rf_say(globals, "%s %s is allowed %s%s, from the next detect on.", asked->signal, value,
               asked->until == RF_NO_DAY ? "without end" : "until ",
               rf_day_format(asked->until, day));
    }
    if (status == RF_OK && asked->until != RF_NO_DAY && asked->until < rf_day_of(rf_time_now())) {
        rf_say(globals, "That day is past: the entry has no effect.");
    }
    return status;
}

static rf_status check(int argc, char **argv, choice *asked, rf_error *err)
{
    int64_t time = 0;
    asked->until = RF_NO_DAY;
    if (asked->said.list) {
        return argc == optind && !asked->remove && asked->said.reason == NULL
                   ? RF_OK
                   : rf_usage(err, &rf_command_allow, "--list stands alone");
    }
    if (argc - optind != 2) {
        return rf_usage(err, &rf_command_allow, "give a signal and a value: ip 192.0.2.0/24");
    }
    asked->signal = argv[optind];
    asked->value = argv[optind + 1];
    if (!asked->remove && !rf_judgement_has_reason(&asked->said)) {
        return rf_usage(err, &rf_command_allow, "--reason is needed: why?");
    }
    if (asked->until_text != NULL) {
        if (asked->remove || !rf_time_parse(asked->until_text, strlen(asked->until_text), &time)) {
            return rf_usage(err, &rf_command_allow, "--until: '%.100s' is no date (2026-12-31)",
                            asked->until_text);
        }
        asked->until = rf_day_of(time);
    }
    return RF_OK;
}

static rf_status read_arguments(int argc, char **argv, choice *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {RF_JUDGEMENT_OPTIONS,
                                            {"until", required_argument, NULL, 'u'},
                                            {"all", no_argument, NULL, 'a'},
                                            {"remove", no_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;
    *asked = (choice){0};
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'u':
            asked->until_text = optarg;
            break;
        case 'a':
            asked->all = true;
            break;
        case 'r':
            asked->remove = true;
            break;
        default:
            if (!rf_judgement_option(&asked->said, option)) {
                return rf_usage_option(err, &rf_command_allow, argv, option);
            }
        }
    }
    return check(argc, argv, asked, err);
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
        status = write_list(globals, store, asked.all, err);
    } else if (status == RF_OK) {
        status = allow(globals, store, &asked, err);
    }
    rf_store_close(store);
    return status;
}

const rf_command rf_command_allow = {
    .name = "allow",
    .usage = "allow SIGNAL VALUE --reason TEXT [--until DATE] [--by NAME]\n"
             "allow SIGNAL VALUE --remove [--reason TEXT] [--by NAME]\n"
             "allow --list [--all]",
    .summary = "values known to be good: they join nobody",
    .help = "  SIGNAL VALUE   ip 192.0.2.1, ip 192.0.2.0/24, instrument pm_1, device d_1, ...\n"
            "  --reason TEXT  why; needed\n"
            "  --until DATE   the last day on which it holds; default without end\n"
            "  --by NAME      who says so; default the user's name\n"
            "  --remove       not allowed any more\n"
            "  --list         what is allowed, expired entries too; with --all also what was\n"
            "\n"
            "From the next detect on an allowed value makes no links, adds no bits, corroborates\n"
            "nothing and binds no ring. Nothing is ever deleted.\n"
            "\n"
            "example: ringfence allow ip 192.0.2.0/24 --reason 'our office' --until 2026-12-31\n",
    .run = run,
};
