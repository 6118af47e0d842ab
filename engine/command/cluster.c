/* cluster.c - `ringfence cluster`: communities of any edge list; no database is involved. */
#include "graph/cluster.h"

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/csv_out.h"
#include "base/memory.h"
#include "command/commands.h"
#include "command/output.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of Leiden: while they help; on larger graphs, where one takes long, one, the more thorough
 * where that takes little. */
enum { ROUNDS = -1, LARGE = 1000000, LARGER = 4000000 };

static void choose_rounds(rf_cluster_settings *settings, uint64_t edges)
{
    settings->iterations = edges > LARGE ? 1 : ROUNDS;
    settings->polished = edges <= LARGER;
}

typedef struct request {
    const char *edges, *to;
    rf_cluster_settings settings;
    bool raw;
} request;

typedef struct outcome {
    rf_edges edges;
    uint32_t *community;
    uint32_t communities;
    double quality;
    double read_seconds, cluster_seconds;
    uint64_t altered; /* names that got an apostrophe */
} outcome;

/* ---- the file ---- */

/* A number cannot be a formula: "-5" stays as it is. */
static bool is_number(const char *text, size_t length)
{
    char copy[64];
    char *end = NULL;
    if (length == 0 || length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    (void)strtod(copy, &end);
    return end == copy + length && strspn(copy, "+-.0123456789eE") == length;
}

static void write_rows(outcome *o, bool raw, FILE *file)
{
    rf_csv csv = rf_csv_to_file(file, raw);
    rf_csv raw_csv = rf_csv_to_file(file, true);
    rf_csv_plain(&csv, "node");
    rf_csv_plain(&csv, "community");
    rf_csv_end_row(&csv);
    for (uint32_t v = 0; v < o->edges.nodes; v++) {
        size_t length;
        const char *name = rf_edges_name(&o->edges, v, &length);
        bool const as_is = raw || memchr("=+-@\t\r", name[0], 6) == NULL || is_number(name, length);
        rf_csv *use = as_is ? &raw_csv : &csv;
        o->altered += as_is ? 0 : 1;
        rf_csv_bytes(use, name, length);
        rf_csv_int(use, o->community[v]);
        rf_csv_end_row(use);
    }
}

static rf_status write_file(outcome *o, const request *asked, rf_error *err)
{
    rf_atomic_file file;
    rf_status status = rf_atomic_open(asked->to, &file, err);
    if (status == RF_OK) {
        write_rows(o, asked->raw, file.file);
        status = rf_atomic_commit(&file, err);
        rf_atomic_drop(&file);
    }
    return status;
}

static void print_summary(const outcome *o, const request *asked)
{
    bool const cpm = asked->settings.objective == RF_CPM;
    rf_json json = strcmp(asked->to, "-") == 0 ? rf_json_to_file(stderr) : rf_output_json();
    rf_json_object(&json);
    rf_json_key(&json, "nodes");
    rf_json_int(&json, o->edges.nodes);
    rf_json_key(&json, "edges");
    rf_json_int(&json, (int64_t)o->edges.count);
    rf_json_key(&json, "read_seconds");
    rf_json_fixed(&json, o->read_seconds, 6);
    rf_json_key(&json, "cluster_seconds");
    rf_json_fixed(&json, o->cluster_seconds, 6);
    rf_json_key(&json, "quality");
    rf_json_real(&json, o->quality);
    rf_json_key(&json, "communities");
    rf_json_int(&json, o->communities);
    rf_json_key(&json, "weighted");
    rf_json_bool(&json, o->edges.weighted);
    rf_json_key(&json, "objective");
    rf_json_string(&json, cpm ? "cpm" : "modularity");
    rf_json_key(&json, "resolution");
    rf_json_real(&json, asked->settings.resolution);
    if (asked->settings.relative) {
        rf_json_key(&json, "relative");
        rf_json_bool(&json, true);
    }
    rf_json_key(&json, "seed");
    rf_json_int(&json, (int64_t)asked->settings.seed);
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

/* ---- the command ---- */

static rf_status read_objective(const char *text, rf_objective *objective, rf_error *err)
{
    if (strcmp(text, "modularity") == 0 || strcmp(text, "cpm") == 0) {
        *objective = text[0] == 'c' ? RF_CPM : RF_MODULARITY;
        return RF_OK;
    }
    return rf_usage(err, &rf_command_cluster, "--objective: '%.100s' is none of modularity, cpm",
                    text);
}

static rf_status read_option(int option, char **argv, request *asked, rf_error *err)
{
    int64_t number = 0;
    rf_status status;
    switch (option) {
    case 'o':
        return read_objective(optarg, &asked->settings.objective, err);
    case 'g':
        return rf_option_real("--resolution", optarg, 0, 1e9, &asked->settings.resolution, err);
    case 'd':
        asked->settings.relative = true;
        return RF_OK;
    case 's':
        status = rf_option_int("--seed", optarg, 0, INT64_MAX, &number, err);
        asked->settings.seed = (uint64_t)number;
        return status;
    case 't':
        asked->to = optarg;
        return RF_OK;
    case 'w':
        asked->raw = true;
        return RF_OK;
    default:
        return rf_usage_option(err, &rf_command_cluster, argv, option);
    }
}

static rf_status read_arguments(int argc, char **argv, request *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"objective", required_argument, NULL, 'o'},
                                            {"resolution", required_argument, NULL, 'g'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"to", required_argument, NULL, 't'},
                                            {"relative", no_argument, NULL, 'd'},
                                            {"raw", no_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    rf_status status = RF_OK;
    int option;
    asked->settings = (rf_cluster_settings){.resolution = -1, .seed = 1, .iterations = ROUNDS};
    while (status == RF_OK && (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        status = read_option(option, argv, asked, err);
    }
    if (status != RF_OK) {
        return status;
    }
    if (argc - optind != 1) {
        return rf_usage(err, &rf_command_cluster, "name one file of edges (- is standard input)");
    }
    if (asked->to == NULL || asked->to[0] == '\0') {
        return rf_usage(err, &rf_command_cluster, "--to FILE is missing");
    }
    if (asked->settings.relative && asked->settings.objective != RF_CPM) {
        return rf_usage(err, &rf_command_cluster, "--relative is of --objective cpm");
    }
    asked->edges = argv[optind];
    if (asked->settings.resolution < 0) {
        asked->settings.resolution =
            asked->settings.objective == RF_CPM ? RF_CPM_RESOLUTION : RF_MODULARITY_RESOLUTION;
    }
    return RF_OK;
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    request asked = {0};
    outcome o = {0};
    double started = rf_seconds();
    rf_status status = read_arguments(argc, argv, &asked, err);
    rf_memory_hoard(true);
    if (status == RF_OK) {
        status = rf_edges_read(asked.edges, &o.edges, err);
    }
    o.read_seconds = rf_seconds() - started;
    started = rf_seconds();
    if (status == RF_OK) {
        o.community = rf_alloc(o.edges.nodes, sizeof *o.community);
        asked.settings.threads = globals->threads;
        choose_rounds(&asked.settings, o.edges.count);
        status = o.community == NULL ? rf_fail_memory(err, "the communities")
                                     : rf_cluster(&o.edges, &asked.settings, o.community,
                                                  &o.communities, &o.quality, err);
    }
    o.cluster_seconds = rf_seconds() - started;
    if (status == RF_OK) {
        status = write_file(&o, &asked, err);
    }
    if (status == RF_OK) {
        print_summary(&o, &asked);
    }
    if (status == RF_OK && o.altered > 0) {
        rf_say(globals,
               "%llu names begin like a formula and got an apostrophe; --raw leaves them as they "
               "are",
               (unsigned long long)o.altered);
    }
    rf_free(o.community);
    rf_edges_free(&o.edges);
    rf_memory_hoard(false);
    return status;
}

const rf_command rf_command_cluster = {
    .name = "cluster",
    .usage = "cluster EDGES [--objective modularity|cpm] [--resolution G] [--relative]\n"
             "        [--seed S] --to FILE.csv [--raw]",
    .summary = "find communities in any edge list",
    .help =
        "EDGES has an edge a line, `u v` or `u v weight`, parted by tabs, semicolons, commas or\n"
        "blanks; a header and lines that begin with # or % are fine; - is standard input. Edges\n"
        "have no direction; repeated ones are added up (when there are no weights, they count\n"
        "once); a self-loop only names its node. Writes node,community, in order of first\n"
        "appearance, the largest community as 0, and prints one JSON object with nodes, edges,\n"
        "read_seconds, cluster_seconds, quality and communities (to standard error when the file\n"
        "goes to standard output).\n"
        "\n"
        "  --objective O    modularity (default), or cpm, the constant Potts model. The quality "
        "of\n"
        "                   modularity is the sum of inside/m - G (strength/2m)^2 over "
        "communities,\n"
        "                   that of cpm the sum of inside - G n(n-1)/2\n"
        "  --resolution G   higher: smaller communities (default 1; 0.05 for cpm)\n"
        "  --relative       the resolution of cpm counts in densities of the whole graph (weight "
        "of\n"
        "                   all edges over pairs of nodes), so that it suits graphs of any size\n"
        "  --seed S         of the random order of the search (default 1)\n"
        "  --to FILE        appears whole or not at all; - is standard output\n"
        "  --raw            leave names that a spreadsheet would run as formulas as they are\n"
        "\n"
        "Leiden (Traag, Waltman, van Eck 2019) runs on each connected component, round after "
        "round\n"
        "while they help (at most 100), on graphs of more than 1,000,000 edges one round, up to\n"
        "4,000,000 a thorough one; on components of at most 100,000 edges the best of up to 50\n"
        "runs counts. All threads are used; their number changes nothing.\n"
        "\n"
        "example: ringfence cluster transfers.csv --to communities.csv\n",
    .run = run,
};
