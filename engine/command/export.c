/* export.c - `ringfence export`: results as files for other programs.
 *
 * Every file appears whole or not at all (base/atomic_file.h); rows are written as they are read.
 */
#include "base/atomic_file.h"
#include "base/memory.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/output.h"
#include "command/ring_graph.h"
#include "command/runs.h"
#include "command/waiting.h"
#include "store/decisions.h"

#include <getopt.h>
#include <string.h>

/* Fixed, so that the same scores are the same bytes. */
enum { SCORE_DECIMALS = 3 };

typedef struct request {
    const char *what; /* assignments or ring */
    const char *to, *run_text, *as;
    int64_t ring, run;
    bool raw;
    rf_progress *progress; /* to be ended before anything is said */
} request;

/* ---- assignments ---- */

static const char ASSIGNMENTS_SQL[] =
    "SELECT a.external_id, m.cell, m.ring, m.network, r.score, r.flagged "
    "FROM account a JOIN member m ON m.run = ?1 AND m.account = a.id "
    "JOIN ring r ON r.run = m.run AND r.ring = m.ring ORDER BY a.external_id";

static rf_status write_assignments(rf_store *store, int64_t run, rf_csv *csv, int64_t *count,
                                   rf_error *err)
{
    static const char *const HEADING[] = {"account_id", "cell_id", "ring_id",
                                          "network_id", "score",   "flagged"};
    rf_statement *rows = NULL;
    rf_standings standings = {0};
    bool row = true;
    rf_status status = rf_standings_read(store, run, 0, &standings, err);
    if (status == RF_OK) {
        status = rf_prepare(store, ASSIGNMENTS_SQL, &rows, err);
    }
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++) {
        rf_csv_plain(csv, HEADING[i]);
    }
    rf_csv_end_row(csv);
    if (status == RF_OK) {
        rf_bind_int(rows, 1, run);
    }
    while (status == RF_OK && (status = rf_step(rows, &row, err)) == RF_OK && row) {
        const rf_standing *standing = rf_standing_of(&standings, rf_column_int(rows, 2));
        rf_csv_bytes(csv, rf_column_text(rows, 0), rf_column_bytes(rows, 0));
        rf_csv_int(csv, rf_column_int(rows, 1));
        rf_csv_int(csv, rf_column_int(rows, 2));
        rf_csv_int(csv, rf_column_int(rows, 3));
        rf_csv_fixed(csv, rf_column_real(rows, 4), SCORE_DECIMALS);
        rf_csv_int(csv, standing != NULL && standing->quiet ? 0 : rf_column_int(rows, 5));
        rf_csv_end_row(csv);
        (*count)++;
    }
    rf_statement_end(rows);
    rf_standings_free(&standings);
    return status;
}

static rf_status export_assignments(const rf_globals *globals, rf_store *store,
                                    const request *asked, rf_error *err)
{
    rf_atomic_file file;
    rf_csv csv;
    int64_t count = 0;
    rf_status status = rf_atomic_open(asked->to, &file, err);
    if (status != RF_OK) {
        return status;
    }
    csv = rf_csv_to_file(file.file, asked->raw);
    status = write_assignments(store, asked->run, &csv, &count, err);
    if (status == RF_OK) {
        status = rf_atomic_commit(&file, err);
    }
    rf_atomic_drop(&file);
    rf_progress_end(asked->progress);
    if (status == RF_OK && strcmp(asked->to, "-") != 0) {
        rf_say(globals, "%s: %lld accounts in rings of run %lld", asked->to, (long long)count,
               (long long)asked->run);
    }
    return status;
}

/* ---- one ring ---- */

/* "ring.csv" -> "ring.nodes.csv", freed with rf_free; NULL when out of memory. */
static char *nodes_path(const char *path)
{
    size_t length = strlen(path);
    size_t ending = length >= 4 && strcmp(path + length - 4, ".csv") == 0 ? 4 : 0;
    rf_text text = {0};
    rf_text_append(&text, path, length - ending);
    rf_text_add(&text, ".nodes.csv");
    if (rf_text_failed(&text)) {
        rf_text_free(&text);
        return NULL;
    }
    return text.bytes;
}

static rf_status choose_format(const request *asked, const rf_graph_format **format, rf_error *err)
{
    const char *dot = strrchr(asked->to, '.');
    const char *name = asked->as != NULL ? asked->as : dot == NULL ? "" : dot + 1;
    *format = rf_graph_format_find(name);
    if (*format == NULL) {
        return rf_usage(err, &rf_command_export,
                        "'%.100s' is no format; end the file in .graphml, .gexf, .json or .csv, or "
                        "name one with --as",
                        name);
    }
    if (*format == &rf_graph_csv_format && strcmp(asked->to, "-") == 0) {
        return rf_usage(err, &rf_command_export,
                        "csv is two files, so it cannot go to standard output");
    }
    return RF_OK;
}

/* The nodes get their name first: edges never appear without them. */
static rf_status commit_both(rf_atomic_file *nodes, rf_atomic_file *file, rf_error *err)
{
    rf_status status = nodes->file == NULL ? RF_OK : rf_atomic_commit(nodes, err);
    return status == RF_OK ? rf_atomic_commit(file, err) : status;
}

static rf_status export_ring(const rf_globals *globals, rf_store *store, const request *asked,
                             rf_error *err)
{
    const rf_graph_format *format = NULL;
    rf_atomic_file file = {0};
    rf_atomic_file nodes = {0};
    rf_graph_output out = {.raw = asked->raw};
    char *second = NULL;
    int64_t node_count = 0;
    int64_t edge_count = 0;
    rf_status status = choose_format(asked, &format, err);
    if (status == RF_OK && format == &rf_graph_csv_format) {
        second = nodes_path(asked->to);
        status =
            second == NULL ? rf_fail_memory(err, asked->to) : rf_atomic_open(second, &nodes, err);
    }
    if (status == RF_OK) {
        status = rf_atomic_open(asked->to, &file, err);
    }
    if (status == RF_OK) {
        out.file = file.file;
        out.nodes = nodes.file;
        status = rf_graph_write(store, asked->run, asked->ring, format, &out, &node_count,
                                &edge_count, err);
    }
    if (status == RF_OK) {
        status = commit_both(&nodes, &file, err);
    }
    rf_atomic_drop(&nodes);
    rf_atomic_drop(&file);
    rf_progress_end(asked->progress);
    if (status == RF_OK && strcmp(asked->to, "-") != 0) {
        rf_say(globals, "%s%s%s: ring %lld of run %lld, %lld nodes, %lld edges", asked->to,
               second == NULL ? "" : " and ", second == NULL ? "" : second, (long long)asked->ring,
               (long long)asked->run, (long long)node_count, (long long)edge_count);
    }
    rf_free(second);
    return status;
}

/* ---- the command ---- */

static rf_status read_words(int count, char **word, request *asked, rf_error *err)
{
    asked->what = count > 0 ? word[0] : "";
    if (strcmp(asked->what, "assignments") == 0 && count == 1) {
        return RF_OK;
    }
    if (strcmp(asked->what, "ring") == 0 && count == 2) {
        return rf_option_int("ring ID", word[1], 1, INT64_MAX, &asked->ring, err);
    }
    return rf_usage(err, &rf_command_export, "say `assignments` or `ring ID`");
}

static rf_status read_arguments(int argc, char **argv, request *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"to", required_argument, NULL, 't'},
                                            {"run", required_argument, NULL, 'r'},
                                            {"as", required_argument, NULL, 'a'},
                                            {"raw", no_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 't':
            asked->to = optarg;
            break;
        case 'r':
            asked->run_text = optarg;
            break;
        case 'a':
            asked->as = optarg;
            break;
        case 'w':
            asked->raw = true;
            break;
        default:
            return rf_usage_option(err, &rf_command_export, argv, option);
        }
    }
    if (asked->to == NULL || asked->to[0] == '\0') {
        return rf_usage(err, &rf_command_export, "--to FILE is missing");
    }
    return read_words(argc - optind, argv + optind, asked, err);
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    request asked = {0};
    rf_store *store = NULL;
    rf_progress progress = {0};
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked.run_text, &asked.run, err);
    }
    if (status == RF_OK) {
        asked.progress = &progress;
        if (asked.ring == 0) {
            rf_wait_for_accounts(store, "exporting", RF_WAIT_EXPORT, &progress);
            status = export_assignments(globals, store, &asked, err);
        } else {
            rf_wait_for_ring(store, asked.run, asked.ring, "exporting", RF_WAIT_GRAPH, &progress);
            status = export_ring(globals, store, &asked, err);
        }
    }
    rf_progress_end(&progress);
    rf_store_close(store);
    return status;
}

const rf_command rf_command_export = {
    .name = "export",
    .usage = "export assignments --to FILE.csv [--run R] [--raw]\n"
             "export ring ID --to FILE.graphml|.gexf|.json|.csv [--as FORMAT] [--run R] [--raw]",
    .summary = "write results to files for other programs",
    .help =
        "assignments: account_id,cell_id,ring_id,network_id,score,flagged for every account in a\n"
        "ring, sorted by account_id. ring: its accounts, the values they share, and their links;\n"
        "FILE.csv holds the edges and FILE.nodes.csv the nodes.\n"
        "\n"
        "  --to FILE    appears whole or not at all; - is standard output\n"
        "  --run R      the run: latest (default) or its number\n"
        "  --as FORMAT  graphml, gexf, json or csv, when the name of the file does not tell\n"
        "  --raw        CSV: leave cells that a spreadsheet would run as formulas as they are\n",
    .run = run,
};
