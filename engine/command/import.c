/* import.c - ringfence import: brings files in, takes imports back, lists them. */
#include "importers/import.h"
#include "base/clock.h"
#include "base/words.h"
#include "command/commands.h"
#include "command/output.h"
#include "command/waiting.h"
#include "importers/normalise.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct import_arguments {
    const char *kind;
    char **files;
    int file_count;
    const char *map;
    const char *signal;
    const char *rejects;
    int64_t undo; /* 0: no */
    bool list;
    bool again;
} import_arguments;

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t stopped;
static rf_store *volatile running; /* its statements are to end when the user stops us */

static void on_interrupt(int number)
{
    rf_store *store = running;
    (void)number;
    stopped = 1;
    if (store != NULL) {
        rf_store_interrupt(store);
    }
}

static void watch(rf_store *store, struct sigaction *before)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND; /* a second Ctrl-C ends the program at once */
    stopped = 0;
    running = store;
    (void)sigaction(SIGINT, &action, before);
}

static void unwatch(const struct sigaction *before)
{
    (void)sigaction(SIGINT, before, NULL);
    running = NULL;
}

/* ---- arguments ---- */

static rf_status read_undo(const char *text, import_arguments *arguments, rf_error *err)
{
    return rf_option_int("--undo", text, 1, INT64_MAX, &arguments->undo, err);
}

static rf_status read_options(int argc, char **argv, import_arguments *arguments, rf_error *err)
{
    static const struct option options[] = {{"map", required_argument, NULL, 'm'},
                                            {"signal", required_argument, NULL, 's'},
                                            {"rejects", required_argument, NULL, 'r'},
                                            {"undo", required_argument, NULL, 'u'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"again", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    int option;
    rf_status status = RF_OK;
    optind = 0;
    opterr = 0;
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'm':
            arguments->map = optarg;
            break;
        case 's':
            arguments->signal = optarg;
            break;
        case 'r':
            arguments->rejects = optarg;
            break;
        case 'u':
            status = read_undo(optarg, arguments, err);
            break;
        case 'l':
            arguments->list = true;
            break;
        case 'a':
            arguments->again = true;
            break;
        default:
            return rf_usage_option(err, &rf_command_import, argv, option);
        }
    }
    if (status == RF_OK && optind < argc) {
        arguments->kind = argv[optind];
        arguments->files = argv + optind + 1;
        arguments->file_count = argc - optind - 1;
    }
    return status;
}

/* The rejects must not overwrite what is being read. */
static rf_status check_rejects(const import_arguments *arguments, rf_error *err)
{
    struct stat rejects;
    struct stat file;
    if (arguments->rejects == NULL || stat(arguments->rejects, &rejects) != 0) {
        return RF_OK;
    }
    for (int i = 0; i < arguments->file_count; i++) {
        if (strcmp(arguments->files[i], "-") != 0 && stat(arguments->files[i], &file) == 0 &&
            file.st_dev == rejects.st_dev && file.st_ino == rejects.st_ino) {
            return rf_usage(err, &rf_command_import, "--rejects names the imported file %s",
                            arguments->files[i]);
        }
    }
    return RF_OK;
}

static rf_status check_arguments(const import_arguments *arguments, const rf_kind **kind,
                                 rf_error *err)
{
    const rf_command *command = &rf_command_import;
    if (arguments->kind == NULL) {
        return rf_usage(err, command, "which KIND? one of %s", rf_kind_names());
    }
    *kind = rf_kind_find(arguments->kind);
    if (*kind == NULL) {
        return rf_usage(err, command, "unknown KIND \"%.60s\"; one of %s", arguments->kind,
                        rf_kind_names());
    }
    if (arguments->file_count == 0) {
        return rf_usage(err, command, "which FILE? - is standard input");
    }
    if ((*kind)->needs_signal && arguments->signal == NULL) {
        return rf_usage(err, command,
                        "sightings of what? say --signal NAME, for example "
                        "--signal phone");
    }
    if (!(*kind)->needs_signal && arguments->signal != NULL) {
        return rf_usage(err, command, "--signal is for sightings only");
    }
    if (arguments->signal != NULL && !rf_signal_name_valid(arguments->signal)) {
        return rf_usage(err, command,
                        "--signal \"%.60s\": a name has letters a-z, digits and _, and begins with "
                        "a letter; ties come by `import links`, capabilities by `import events`",
                        arguments->signal);
    }
    return check_rejects(arguments, err);
}

/* ---- results ---- */

static const rf_field result_fields[] = {{.name = "import", .kind = RF_FIELD_INT},
                                         {.name = "kind"},
                                         {.name = "path"},
                                         {.name = "rows", .kind = RF_FIELD_INT},
                                         {.name = "rejected", .kind = RF_FIELD_INT},
                                         {.name = "accounts_new", .kind = RF_FIELD_INT},
                                         {.name = "values_new", .kind = RF_FIELD_INT},
                                         {.name = "seconds", .kind = RF_FIELD_REAL, .decimals = 3},
                                         {.name = "already_imported", .kind = RF_FIELD_BOOL}};

static void result_sentence(const char *path, const rf_import_result *result)
{
    rf_text text = {0};
    char when[RF_TIME_TEXT];
    rf_text_add_safe(&text, path, strlen(path));
    if (result->already_imported) {
        rf_text_printf(&text,
                       ": already imported as import %lld on %s; nothing to do (--again imports it "
                       "anyway)",
                       (long long)result->import, rf_time_format(result->imported_at, when));
    } else {
        rf_text_add(&text, ": ");
        rf_words_count(&text, result->rows, "row", "rows");
        rf_text_printf(&text, " in %.1f s, ", result->seconds);
        rf_words_number(&text, result->rejected);
        rf_text_add(&text, " rejected; ");
        rf_words_count(&text, result->accounts_new, "new account", "new accounts");
        rf_text_add(&text, ", ");
        rf_words_count(&text, result->values_new, "new value", "new values");
        rf_text_printf(&text, " (import %lld)", (long long)result->import);
    }
    (void)puts(rf_text_get(&text));
    (void)fflush(stdout); /* the next file may take its time */
    rf_text_free(&text);
}

static void result_row(rf_sheet *sheet, const char *kind, const char *path,
                       const rf_import_result *result)
{
    rf_sheet_int(sheet, result->import);
    rf_sheet_text(sheet, kind);
    rf_sheet_text(sheet, path);
    rf_sheet_int(sheet, result->rows);
    rf_sheet_int(sheet, result->rejected);
    rf_sheet_int(sheet, result->accounts_new);
    rf_sheet_int(sheet, result->values_new);
    rf_sheet_real(sheet, result->seconds);
    rf_sheet_bool(sheet, result->already_imported);
}

static void say_line(void *context, const char *line)
{
    rf_say(context, "%s", line);
}

/* ---- importing ---- */

typedef struct totals {
    int64_t rows;
    int64_t rejected;
    int done; /* files */
} totals;

/* Earlier files stay imported when a later one fails: the message says so. */
static rf_status say_which_failed(const import_arguments *arguments, int done, rf_status status,
                                  rf_error *err)
{
    char cause[sizeof err->text];
    if (done == 0 || err == NULL) {
        return status;
    }
    memcpy(cause, err->text, sizeof cause);
    return rf_fail(err, status, "%.700s (the %d file%s before it %s imported, from %.200s on)",
                   cause, done, done == 1 ? "" : "s", done == 1 ? "is" : "are",
                   arguments->files[0]);
}

static rf_status import_files(const rf_globals *globals, rf_store *store,
                              const import_arguments *arguments, const rf_import_options *options,
                              totals *sum, rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options const form = {.file = stdout, .format = globals->format};
    rf_status ended;
    rf_status status = RF_OK;
    if (globals->format != RF_FORMAT_TABLE) {
        status = rf_sheet_start(&form, result_fields,
                                sizeof result_fields / sizeof result_fields[0], &sheet, err);
    }
    for (int i = 0; i < arguments->file_count && status == RF_OK; i++) {
        rf_import_result result;
        rf_progress progress;
        rf_wait_for_file(arguments->files[i], "importing", &progress);
        status = rf_import_file(store, arguments->files[i], options, &result, err);
        rf_progress_end(&progress);
        if (status != RF_OK) {
            status = say_which_failed(arguments, i, status, err);
            break;
        }
        if (sheet != NULL) {
            result_row(sheet, options->kind->name, arguments->files[i], &result);
        } else {
            result_sentence(arguments->files[i], &result);
        }
        sum->rows += result.rows;
        sum->rejected += result.rejected;
        sum->done++;
    }
    ended = rf_sheet_end(sheet, status == RF_OK ? err : NULL);
    return status == RF_OK ? ended : status;
}

static rf_status say_rejected(const import_arguments *arguments, const totals *sum, rf_error *err)
{
    long long const all = sum->rows + sum->rejected;
    if (sum->rejected == 0) {
        return RF_OK;
    }
    if (arguments->rejects != NULL) {
        return rf_fail(err, RF_EREJECTS, "%lld of %lld rows were rejected; they are in %.500s",
                       (long long)sum->rejected, all, arguments->rejects);
    }
    return rf_fail(err, RF_EREJECTS,
                   "%lld of %lld rows were rejected; --rejects FILE keeps them (to see these, take "
                   "the import back with --undo and import again)",
                   (long long)sum->rejected, all);
}

/* So that a mistyped name leaves no database behind. Later files are missed when it is their turn.
 */
static rf_status check_first(const import_arguments *arguments, rf_error *err)
{
    const char *path = arguments->files[0];
    struct stat found;
    if (strcmp(path, "-") != 0 && stat(path, &found) != 0) {
        return rf_fail(err, RF_EINPUT, "%s: %s", path, strerror(errno));
    }
    return RF_OK;
}

static rf_status run_import(const rf_globals *globals, const import_arguments *arguments,
                            rf_error *err)
{
    const char *card_key = getenv("RINGFENCE_CARD_KEY");
    const rf_kind *kind = NULL;
    rf_map map;
    rf_rejects rejects = {0};
    rf_import_options options = {.signal = arguments->signal == NULL ? "" : arguments->signal,
                                 .map = &map,
                                 .again = arguments->again,
                                 .card_key = card_key == NULL ? "" : card_key,
                                 .rejects = &rejects,
                                 .stop = &stopped,
                                 .say = say_line};
    rf_globals spoken = *globals;
    totals sum = {0};
    struct sigaction before;
    rf_store *store = NULL;
    rf_status closed;
    rf_status status = check_arguments(arguments, &kind, err);
    if (status != RF_OK || (status = rf_map_read(kind, arguments->map, &map, err)) != RF_OK) {
        return status;
    }
    options.kind = kind;
    options.context = &spoken;
    status = check_first(arguments, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_CREATE, &store, err);
    }
    if (status == RF_OK && arguments->rejects != NULL) {
        status = rf_rejects_open(&rejects, arguments->rejects, arguments->file_count > 1, err);
    }
    if (status == RF_OK) {
        watch(store, &before);
        status = import_files(globals, store, arguments, &options, &sum, err);
        unwatch(&before);
    }
    closed = rf_rejects_close(&rejects, status == RF_OK ? err : NULL);
    rf_store_close(store);
    status = status == RF_OK ? closed : status;
    return status == RF_OK ? say_rejected(arguments, &sum, err) : status;
}

/* ---- undo and list ---- */

static const rf_field undo_fields[] = {{.name = "import", .kind = RF_FIELD_INT},
                                       {.name = "rows", .kind = RF_FIELD_INT},
                                       {.name = "accounts", .kind = RF_FIELD_INT},
                                       {.name = "values", .kind = RF_FIELD_INT}};

static rf_status show_undo(const rf_globals *globals, int64_t import, const rf_undo_summary *gone,
                           rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options const form = {.file = stdout, .format = globals->format};
    rf_text text = {0};
    rf_status status;
    if (globals->format == RF_FORMAT_TABLE) {
        rf_text_printf(&text, "import %lld is undone: ", (long long)import);
        rf_words_count(&text, gone->rows, "row of facts", "rows of facts");
        rf_text_add(&text, ", ");
        rf_words_count(&text, gone->accounts, "account", "accounts");
        rf_text_add(&text, " and ");
        rf_words_count(&text, gone->values, "value", "values");
        rf_text_add(&text, " removed");
        (void)puts(rf_text_get(&text));
        rf_text_free(&text);
        return RF_OK;
    }
    status = rf_sheet_start(&form, undo_fields, 4, &sheet, err);
    if (status == RF_OK) {
        rf_sheet_int(sheet, import);
        rf_sheet_int(sheet, gone->rows);
        rf_sheet_int(sheet, gone->accounts);
        rf_sheet_int(sheet, gone->values);
        status = rf_sheet_end(sheet, err);
    }
    return status;
}

static rf_status run_undo(const rf_globals *globals, int64_t import, rf_error *err)
{
    rf_undo_summary gone;
    rf_store *store = NULL;
    rf_progress progress = {0};
    struct sigaction before;
    rf_status status = rf_store_open(globals->db, RF_STORE_WRITE, &store, err);
    if (status == RF_OK) {
        rf_wait_for_accounts(store, "taking back", RF_WAIT_UNDO, &progress);
        watch(store, &before);
        status = rf_intake_undo(store, import, &gone, err);
        unwatch(&before);
        rf_progress_end(&progress);
    }
    if (status == RF_OK) {
        status = show_undo(globals, import, &gone, err);
    }
    rf_store_close(store);
    return status;
}

static const rf_field list_fields[] = {
    {.name = "import", .kind = RF_FIELD_INT},
    {.name = "kind"},
    {.name = "signal"},
    {.name = "path"},
    {.name = "rows", .kind = RF_FIELD_INT},
    {.name = "rejected", .kind = RF_FIELD_INT},
    {.name = "accounts_new", .kind = RF_FIELD_INT},
    {.name = "values_new", .kind = RF_FIELD_INT},
    {.name = "finished_at", .title = "when", .kind = RF_FIELD_TIME},
    {.name = "undone_at", .title = "undone", .kind = RF_FIELD_TIME},
    {.name = "map", .shown = RF_IN_JSON | RF_IN_CSV},
    {.name = "bytes", .kind = RF_FIELD_INT, .shown = RF_IN_JSON | RF_IN_CSV},
    {.name = "digest", .shown = RF_IN_JSON | RF_IN_CSV}};

static rf_status list_rows(rf_statement *statement, rf_sheet *sheet, rf_error *err)
{
    int const count = (int)(sizeof list_fields / sizeof list_fields[0]);
    bool row = false;
    rf_status status;
    while ((status = rf_step(statement, &row, err)) == RF_OK && row) {
        for (int i = 0; i < count; i++) {
            if (rf_column_kind(statement, i) == RF_NULL) {
                rf_sheet_null(sheet);
            } else if (list_fields[i].kind == RF_FIELD_TIME) {
                rf_sheet_time(sheet, rf_column_int(statement, i));
            } else if (list_fields[i].kind == RF_FIELD_INT) {
                rf_sheet_int(sheet, rf_column_int(statement, i));
            } else {
                rf_sheet_text(sheet, rf_column_text(statement, i));
            }
        }
    }
    return status;
}

static rf_status run_list(const rf_globals *globals, rf_error *err)
{
    rf_store *store = NULL;
    rf_statement *statement = NULL;
    rf_sheet *sheet = NULL;
    rf_sheet_options const form = {
        .file = stdout, .format = globals->format, .none = "nothing was imported yet"};
    rf_status status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    if (status == RF_OK) {
        status = rf_prepare(store,
                            "SELECT id, kind, signal, path, rows, rejected, accounts_new,"
                            " values_new, finished_at, undone_at, map, bytes, digest"
                            " FROM import ORDER BY id",
                            &statement, err);
    }
    if (status == RF_OK) {
        status = rf_sheet_start(&form, list_fields, sizeof list_fields / sizeof list_fields[0],
                                &sheet, err);
    }
    if (status == RF_OK) {
        status = list_rows(statement, sheet, err);
    }
    if (status == RF_OK) {
        status = rf_sheet_end(sheet, err);
    } else {
        rf_sheet_drop(sheet);
    }
    rf_statement_end(statement);
    rf_store_close(store);
    return status;
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    import_arguments arguments = {0};
    rf_status status = read_options(argc, argv, &arguments, err);
    if (status != RF_OK) {
        return status;
    }
    if ((arguments.list || arguments.undo != 0) && arguments.kind != NULL) {
        return rf_usage(err, &rf_command_import, "--list and --undo take no KIND and no FILE");
    }
    if (arguments.list) {
        return run_list(globals, err);
    }
    return arguments.undo != 0 ? run_undo(globals, arguments.undo, err)
                               : run_import(globals, &arguments, err);
}

const rf_command rf_command_import = {
    .name = "import",
    .usage = "import KIND FILE... [--map FIELD=COLUMN,...] [--signal NAME] [--rejects FILE] "
             "[--again]\n"
             "import --list\n"
             "import --undo ID",
    .summary = "bring in accounts, payments, events, sightings, links or labels",
    .help =
        "Reads CSV with a header or JSON Lines, told by content; - is standard input.\n"
        "Only account_id is required; a column nobody asked for is ignored.\n"
        "\n"
        "  accounts   account_id, created_at, email, country, timezone, plan, status, owner_id\n"
        "  payments   account_id, instrument, kind, bin, last4, country, funding, seen_at\n"
        "  events     account_id, seen_at, ip, device, requests, capability, template\n"
        "  sightings  account_id, value, seen_at, times (of the signal named by --signal)\n"
        "  links      account_id, other_id, seen_at\n"
        "  labels     account_id, label (fraud, legit), source, at\n"
        "\n"
        "  --map FIELD=COLUMN,...  the file's own column names\n"
        "  --signal NAME           what the sightings are of: phone, counterparty, referral, ...\n"
        "  --rejects FILE          keep rejected rows as CSV (line, reason, text)\n"
        "  --again                 import a file even if it was imported before\n"
        "  --list                  the imports so far\n"
        "  --undo ID               take an import back\n"
        "\n"
        "A file is imported wholly or not at all. Rows that cannot be read are rejected and the\n"
        "exit status is 3; it is 1 when no row could be used. Fields may have 64 KiB, rows 1 MiB,\n"
        "ids 512 bytes, values 4096. Full card numbers are never stored, only fingerprints of "
        "them\n"
        "(keyed by $RINGFENCE_CARD_KEY).\n"
        "\n"
        "Example: ringfence import events log.csv --map account_id=user_id,ip=client_address",
    .run = run,
};
