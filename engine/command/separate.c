/* separate.c - `ringfence separate`: records a person's judgement that two accounts do not have the
 * same operator, lists such judgements and takes them back. Detection keeps to them
 * (rings/separate.h). Judgements are never deleted: one taken back stays, with its end. */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/judgement.h"
#include "command/output.h"
#include "rings/explain.h"

#include <getopt.h>
#include <string.h>

enum { LONGEST = 2000 };

typedef struct request {
    const char *account, *other;
    rf_judgement said;
    int64_t undo; /* 0: no */
} request;

/* ---- list ---- */

static int64_t time_or_none(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? RF_NO_TIME
                                                        : rf_column_int(statement, column);
}

static rf_status list_all(const rf_globals *globals, rf_store *store, rf_error *err)
{
    static const rf_field FIELDS[] = {
        {.name = "id", .kind = RF_FIELD_INT},
        {.name = "account_id", .title = "account", .kind = RF_FIELD_TEXT},
        {.name = "other_id", .title = "other", .kind = RF_FIELD_TEXT},
        {.name = "by", .kind = RF_FIELD_TEXT},
        {.name = "at", .kind = RF_FIELD_TIME},
        {.name = "undone_at", .title = "taken back", .kind = RF_FIELD_TIME},
        {.name = "reason", .kind = RF_FIELD_TEXT, .wrap = true}};
    rf_sheet_options options = {
        .file = stdout, .format = globals->format, .none = "No accounts are kept apart."};
    rf_statement *select = NULL;
    rf_sheet *sheet = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store,
                   "SELECT s.id, a.external_id, b.external_id, s.said_by, s.said_at, s.undone_at,"
                   "       s.reason FROM separation s JOIN account a ON a.id = s.account_a "
                   "JOIN account b ON b.id = s.account_b ORDER BY s.id",
                   &select, err);
    if (status == RF_OK) {
        status = rf_sheet_start(&options, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        bool const swapped = strcmp(rf_column_text(select, 1), rf_column_text(select, 2)) > 0;
        rf_sheet_int(sheet, rf_column_int(select, 0));
        rf_sheet_text(sheet, rf_column_text(select, swapped ? 2 : 1));
        rf_sheet_text(sheet, rf_column_text(select, swapped ? 1 : 2));
        rf_sheet_text(sheet, rf_column_text(select, 3));
        rf_sheet_time(sheet, rf_column_int(select, 4));
        rf_sheet_time(sheet, time_or_none(select, 5));
        rf_sheet_text(sheet, rf_column_text(select, 6));
    }
    rf_statement_end(select);
    if (status != RF_OK) {
        rf_sheet_drop(sheet);
        return status;
    }
    return rf_sheet_end(sheet, err);
}

/* ---- change ---- */

static rf_status insert_pair(rf_store *store, const request *asked, int64_t one, int64_t other,
                             rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO separation (account_a, account_b, reason, said_by, said_at) "
                   "VALUES (min(?1, ?2), max(?1, ?2), ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                   &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, one);
        rf_bind_int(insert, 2, other);
        rf_bind_text(insert, 3, asked->said.reason);
        rf_bind_text(insert, 4, asked->said.by == NULL ? "" : asked->said.by);
        rf_bind_int(insert, 5, rf_time_now());
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status separate(const rf_globals *globals, rf_store *store, const request *asked,
                          rf_error *err)
{
    int64_t one = 0;
    int64_t other = 0;
    rf_status status = rf_find_account(store, asked->account, &one, err);
    if (status == RF_OK) {
        status = rf_find_account(store, asked->other, &other, err);
    }
    if (status == RF_OK && one == other) {
        status = rf_fail(err, RF_EINPUT,
                         "'%.100s' is one and the same account twice; give two different accounts",
                         asked->account);
    }
    if (status == RF_OK) {
        status = insert_pair(store, asked, one, other, err);
    }
    if (status == RF_OK && rf_store_changes(store) == 0) {
        rf_say(globals,
               "'%.100s' and '%.100s' are kept apart already; nothing was changed "
               "(separate --list)",
               asked->account, asked->other);
    } else if (status == RF_OK) {
        rf_say(globals,
               "'%.100s' and '%.100s' are kept apart from the next detection on (judgement %lld)",
               asked->account, asked->other, (long long)rf_store_last_id(store));
    }
    return status;
}

static rf_status take_back(const rf_globals *globals, rf_store *store, int64_t id, rf_error *err)
{
    rf_statement *update = NULL;
    rf_status status = rf_prepare(
        store, "UPDATE separation SET undone_at = ?2 WHERE id = ?1 AND undone_at IS NULL", &update,
        err);
    if (status == RF_OK) {
        rf_bind_int(update, 1, id);
        rf_bind_int(update, 2, rf_time_now());
        status = rf_run(update, err);
    }
    rf_statement_end(update);
    if (status == RF_OK && rf_store_changes(store) == 0) {
        return rf_fail(err, RF_EINPUT,
                       "there is no judgement %lld in force; `separate --list` shows them",
                       (long long)id);
    }
    if (status == RF_OK) {
        rf_say(globals, "judgement %lld is taken back; the next detection may join the two again",
               (long long)id);
    }
    return status;
}

/* ---- the command ---- */

static rf_status check(int argc, char **argv, request *asked, rf_error *err)
{
    int const words = argc - optind;
    if (asked->said.list || asked->undo != 0) {
        return words > 0 || asked->said.reason != NULL || asked->said.by != NULL ||
                       (asked->said.list && asked->undo != 0)
                   ? rf_usage(err, &rf_command_separate, "--list and --undo stand alone")
                   : RF_OK;
    }
    if (words != 2) {
        return rf_usage(err, &rf_command_separate, "give two accounts");
    }
    if (!rf_judgement_has_reason(&asked->said)) {
        return rf_usage(err, &rf_command_separate, "say why: --reason TEXT");
    }
    if (strlen(asked->said.reason) > LONGEST ||
        (asked->said.by != NULL && strlen(asked->said.by) > LONGEST)) {
        return rf_usage(err, &rf_command_separate, "--reason and --by have at most %d bytes",
                        LONGEST);
    }
    asked->account = argv[optind];
    asked->other = argv[optind + 1];
    return RF_OK;
}

static rf_status read_arguments(int argc, char **argv, request *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {
        RF_JUDGEMENT_OPTIONS, {"undo", required_argument, NULL, 'u'}, {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'u':
            status = rf_option_int("--undo", optarg, 1, INT64_MAX, &asked->undo, err);
            break;
        default:
            if (!rf_judgement_option(&asked->said, option)) {
                status = rf_usage_option(err, &rf_command_separate, argv, option);
            }
        }
    }
    return status == RF_OK ? check(argc, argv, asked, err) : status;
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    request asked = {0};
    rf_store *store = NULL;
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_judgement_open(&asked.said, globals, &store, err);
    }
    if (status == RF_OK) {
        status = asked.said.list   ? list_all(globals, store, err)
                 : asked.undo != 0 ? take_back(globals, store, asked.undo, err)
                                   : separate(globals, store, &asked, err);
    }
    rf_store_close(store);
    return status;
}

const rf_command rf_command_separate = {
    .name = "separate",
    .usage = "separate ACCOUNT OTHER --reason TEXT [--by NAME]\n"
             "separate --list\n"
             "separate --undo ID",
    .summary = "record that two accounts do not have one operator",
    .help = "From the next detection on the two are never linked, nor put into one ring: where\n"
            "others tie both, the ring is cut where it is weakest.\n"
            "\n"
            "  --reason TEXT   why; `explain ACCOUNT OTHER` shows it\n"
            "  --by NAME       who judged\n"
            "  --list          the judgements, also those taken back\n"
            "  --undo ID       takes one back\n"
            "\n"
            "example: ringfence separate a1b2c3 d4e5f6 --reason 'siblings, both verified'\n",
    .run = run,
};
