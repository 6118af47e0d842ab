/* evaluate.c - `ringfence evaluate`: a run against known truth.
 *
 * The truth (truth.h) and the accounts of the database both come in bytewise order of their ids and
 * are merged. For the curve alone all accounts are ranked (rings/suspicion.h). Workload: a million
 * rows.
 */
#include "rings/evaluate.h"
#include "base/memory.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/curve_view.h"
#include "command/output.h"
#include "command/runs.h"
#include "command/truth.h"
#include "command/waiting.h"
#include "importers/import.h"
#include "rings/curve.h"
#include "rings/suspicion.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    rf_truth_options truth;
    const char *source, *run_text;
    char source_column[RF_MAP_TEXT]; /* of COL=VALUE */
    int64_t run;
    bool per_ring, curve;
} request;

/* What is compared: the accounts that both the truth and the database know. */
typedef struct comparison {
    uint32_t *truth, *predicted;
    uint32_t accounts;
    bool *flagged; /* of rings + 1 */
    uint32_t rings;
    int64_t unknown; /* in the truth, not in the database */
    int64_t ignored; /* the other way round */
    /* For the curve alone, else NULL. */
    int32_t *bits; /* how suspect each is, like the next: rings/suspicion.h */
    uint8_t *kind;
    rf_ranking ranking; /* of all accounts of the database */
} comparison;

/* ---- against the run ---- */

static const char ACCOUNTS_SQL[] = "SELECT a.external_id, m.ring, a.id FROM account a "
                                   "LEFT JOIN member m ON m.run = ?1 AND m.account = a.id "
                                   "ORDER BY a.external_id";

static void take_account(comparison *out, uint32_t truth, uint32_t ring, int64_t id)
{
    uint32_t const at = out->accounts++;
    out->truth[at] = truth;
    out->predicted[at] = ring;
    if (out->bits != NULL) {
        bool const ranked = (uint64_t)id < out->ranking.rows; /* else imported meanwhile */
        out->bits[at] = ranked ? out->ranking.bits[id] : INT32_MIN;
        out->kind[at] = ranked ? out->ranking.kind[id] : RF_SUSPICION_NONE;
    }
}

/* Both sides come in bytewise order of the account ids. */
static rf_status merge(rf_store *store, int64_t run, const rf_truth *truth, comparison *out,
                       rf_error *err)
{
    rf_statement *accounts = NULL;
    size_t at = 0;
    bool row = true;
    rf_status status = rf_prepare(store, ACCOUNTS_SQL, &accounts, err);
    if (status == RF_OK) {
        rf_bind_int(accounts, 1, run);
    }
    while (status == RF_OK && (status = rf_step(accounts, &row, err)) == RF_OK && row) {
        const char *id = rf_column_text(accounts, 0);
        int order = -1;
        while (at < truth->rows && (order = strcmp(truth->row[at].account, id)) < 0) {
            out->unknown++;
            at++;
        }
        if (at == truth->rows || order != 0) {
            out->ignored++;
            continue;
        }
        take_account(out, truth->row[at++].number, (uint32_t)rf_column_int(accounts, 1),
                     rf_column_int(accounts, 2));
    }
    out->unknown += (int64_t)(truth->rows - at);
    rf_statement_end(accounts);
    return status;
}

static rf_status read_rings(rf_store *store, int64_t run, comparison *out, rf_error *err)
{
    rf_statement *rings = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store, "SELECT ring, flagged FROM ring WHERE run = ?1", &rings, err);
    if (status == RF_OK) {
        rf_bind_int(rings, 1, run);
    }
    while (status == RF_OK && (status = rf_step(rings, &row, err)) == RF_OK && row) {
        int64_t ring = rf_column_int(rings, 0);
        if (ring >= 1 && ring <= out->rings) {
            out->flagged[ring] = rf_column_int(rings, 1) != 0;
        }
    }
    rf_statement_end(rings);
    return status;
}

static rf_status rank(rf_store *store, int64_t run, size_t rows, comparison *out, rf_error *err)
{
    rf_status const status = rf_ranking_read(store, run, &out->ranking, err);
    if (status != RF_OK) {
        return status;
    }
    out->bits = rf_alloc_raw(rows, sizeof *out->bits);
    out->kind = rf_alloc_raw(rows, sizeof *out->kind);
    return out->bits != NULL && out->kind != NULL ? RF_OK : rf_fail_memory(err, "the curve");
}

static rf_status compare(rf_store *store, const request *asked, const rf_truth *truth,
                         comparison *out, rf_error *err)
{
    rf_statement *most = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, "SELECT max(ring) FROM ring WHERE run = ?1", &most, err);
    if (status == RF_OK) {
        rf_bind_int(most, 1, asked->run);
        status = rf_step(most, &row, err);
    }
    if (status == RF_OK && row) {
        out->rings = (uint32_t)rf_column_int(most, 0);
    }
    rf_statement_end(most);
    if (status != RF_OK) {
        return status;
    }
    out->truth = rf_alloc_raw(truth->rows, sizeof *out->truth);
    out->predicted = rf_alloc_raw(truth->rows, sizeof *out->predicted);
    out->flagged = rf_alloc((size_t)out->rings + 1, sizeof *out->flagged);
    if (out->truth == NULL || out->predicted == NULL || out->flagged == NULL) {
        return rf_fail_memory(err, "the evaluation");
    }
    if (asked->curve) {
        status = rank(store, asked->run, truth->rows, out, err);
    }
    if (status == RF_OK) {
        status = read_rings(store, asked->run, out, err);
    }
    return status == RF_OK ? merge(store, asked->run, truth, out, err) : status;
}

static void comparison_free(comparison *compared)
{
    rf_free(compared->truth);
    rf_free(compared->predicted);
    rf_free(compared->flagged);
    rf_free(compared->bits);
    rf_free(compared->kind);
    rf_ranking_free(&compared->ranking);
    *compared = (comparison){0};
}

/* ---- output ---- */

/* What was found. */
typedef struct result {
    rf_evaluation evaluation;
    rf_curve curve; /* empty unless asked for */
} result;

typedef struct figure {
    const char *name;
    bool is_count;
    int64_t count;
    double share;
} figure;

enum { FIGURES = 13 };

static void list_figures(const rf_evaluation *e, figure out[FIGURES])
{
    figure const list[FIGURES] = {
        {"accounts", true, (int64_t)e->accounts, 0},
        {"true_ring_accounts", true, (int64_t)e->true_ring_accounts, 0},
        {"flagged_accounts", true, (int64_t)e->flagged_accounts, 0},
        {"precision", false, 0, e->precision},
        {"recall", false, 0, e->recall},
        {"f1", false, 0, e->f1},
        {"rings_true", true, e->rings_true, 0},
        {"rings_found", true, e->rings_found, 0},
        {"pair_precision", false, 0, e->pair_precision},
        {"pair_recall", false, 0, e->pair_recall},
        {"b_cubed_precision", false, 0, e->b_cubed_precision},
        {"b_cubed_recall", false, 0, e->b_cubed_recall},
        {"ari", false, 0, e->ari},
    };
    memcpy(out, list, sizeof list);
}

static const rf_field RING_FIELDS[] = {
    {.name = "ring", .title = "true ring", .kind = RF_FIELD_TEXT},
    {.name = "size", .kind = RF_FIELD_INT},
    {.name = "found", .kind = RF_FIELD_BOOL},
    {.name = "flagged", .title = "flagged accounts", .kind = RF_FIELD_INT},
    {.name = "covered", .kind = RF_FIELD_REAL, .decimals = 4},
    {.name = "best_ring", .kind = RF_FIELD_INT},
    {.name = "best_flagged", .kind = RF_FIELD_BOOL},
    {.name = "best_piece", .title = "largest piece", .kind = RF_FIELD_REAL, .decimals = 4},
    {.name = "purity", .title = "its purity", .kind = RF_FIELD_REAL, .decimals = 4},
};

static double part_of(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static rf_status write_rings(rf_format format, const rf_truth *truth, const rf_evaluation *e,
                             rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {
        .file = stdout, .format = format, .none = "The truth names no rings."};
    rf_status status = rf_sheet_start(&options, RING_FIELDS,
                                      sizeof RING_FIELDS / sizeof RING_FIELDS[0], &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < truth->names; i++) {
        const rf_true_ring *ring = &e->ring[i];
        if (ring->size == 0) {
            continue; /* none of it is in the database */
        }
        rf_sheet_text(sheet, truth->name[i]);
        rf_sheet_int(sheet, ring->size);
        rf_sheet_bool(sheet, ring->found);
        rf_sheet_int(sheet, ring->flagged);
        rf_sheet_real(sheet, part_of(ring->covered, ring->size));
        if (ring->best_ring == 0) {
            rf_sheet_null(sheet);
        } else {
            rf_sheet_int(sheet, ring->best_ring);
        }
        rf_sheet_bool(sheet, ring->best_flagged);
        rf_sheet_real(sheet, part_of(ring->best_shared, ring->size));
        rf_sheet_real(sheet, part_of(ring->best_shared, ring->best_size));
    }
    return rf_sheet_end(sheet, err);
}

static void write_ring_json(rf_json *json, const char *name, const rf_true_ring *ring)
{
    rf_json_object(json);
    rf_json_key(json, "ring");
    rf_json_string(json, name);
    rf_json_key(json, "size");
    rf_json_int(json, ring->size);
    rf_json_key(json, "found");
    rf_json_bool(json, ring->found);
    rf_json_key(json, "flagged");
    rf_json_int(json, ring->flagged);
    rf_json_key(json, "covered");
    rf_json_real(json, part_of(ring->covered, ring->size));
    rf_json_key(json, "best_ring");
    if (ring->best_ring == 0) {
        rf_json_null(json);
    } else {
        rf_json_int(json, ring->best_ring);
    }
    rf_json_key(json, "best_flagged");
    rf_json_bool(json, ring->best_flagged);
    rf_json_key(json, "best_piece");
    rf_json_real(json, part_of(ring->best_shared, ring->size));
    rf_json_key(json, "purity");
    rf_json_real(json, part_of(ring->best_shared, ring->best_size));
    rf_json_object_end(json);
}

static void write_json(const request *asked, const rf_truth *truth, const comparison *compared,
                       const result *found)
{
    const rf_evaluation *e = &found->evaluation;
    figure figures[FIGURES];
    rf_json json = rf_output_json();
    list_figures(e, figures);
    rf_json_object(&json);
    for (size_t i = 0; i < FIGURES; i++) {
        rf_json_key(&json, figures[i].name);
        if (figures[i].is_count) {
            rf_json_int(&json, figures[i].count);
        } else {
            rf_json_real(&json, figures[i].share);
        }
    }
    rf_json_key(&json, "run");
    rf_json_int(&json, asked->run);
    rf_json_key(&json, "truth_not_in_database");
    rf_json_int(&json, compared->unknown);
    rf_json_key(&json, "accounts_not_in_truth");
    rf_json_int(&json, compared->ignored);
    rf_json_key(&json, "rings");
    rf_json_array(&json);
    for (uint32_t i = 0; i < truth->names; i++) {
        if (e->ring[i].size > 0) {
            write_ring_json(&json, truth->name[i], &e->ring[i]);
        }
    }
    rf_json_array_end(&json);
    if (asked->curve) {
        rf_curve_json(&json, &found->curve);
    }
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

static void write_csv(const rf_evaluation *e)
{
    figure figures[FIGURES];
    rf_csv csv = rf_csv_to_file(stdout, false);
    list_figures(e, figures);
    for (size_t i = 0; i < FIGURES; i++) {
        rf_csv_plain(&csv, figures[i].name);
    }
    rf_csv_end_row(&csv);
    for (size_t i = 0; i < FIGURES; i++) {
        if (figures[i].is_count) {
            rf_csv_int(&csv, figures[i].count);
        } else {
            rf_csv_real(&csv, figures[i].share);
        }
    }
    rf_csv_end_row(&csv);
}

static void write_for_people(const rf_evaluation *e)
{
    rf_text line = {0};
    rf_words_count(&line, (int64_t)e->accounts, "account", "accounts");
    rf_text_add(&line, " compared, ");
    rf_words_number(&line, (int64_t)e->true_ring_accounts);
    rf_text_add(&line, " of them in true rings; ");
    rf_words_number(&line, (int64_t)e->flagged_accounts);
    rf_text_add(&line, " were flagged, ");
    rf_words_number(&line, (int64_t)e->both);
    rf_text_add(&line, " rightly and ");
    rf_words_number(&line, (int64_t)(e->flagged_accounts - e->both));
    rf_text_add(&line, " wrongly.");
    rf_paragraph(stdout, 0, rf_text_get(&line));
    rf_text_free(&line);
    (void)printf("\n                   precision   recall\n");
    (void)printf("  accounts         %9.4f %8.4f   f1 %.4f\n", e->precision, e->recall, e->f1);
    (void)printf("  pairs            %9.4f %8.4f   adjusted Rand index %.4f\n", e->pair_precision,
                 e->pair_recall, e->ari);
    (void)printf("  B-cubed          %9.4f %8.4f\n", e->b_cubed_precision, e->b_cubed_recall);
    (void)printf("  rings found      %u of %u (80 %% of a ring in flagged rings that are mostly "
                 "its own)\n",
                 e->rings_found, e->rings_true);
}

static rf_status write_tables(const request *asked, const rf_truth *truth, const result *found,
                              rf_error *err)
{
    rf_status status = RF_OK;
    write_for_people(&found->evaluation);
    if (asked->per_ring) {
        (void)putchar('\n');
        status = write_rings(RF_FORMAT_TABLE, truth, &found->evaluation, err);
    }
    if (status == RF_OK && asked->curve) {
        (void)putchar('\n');
        status = rf_curve_show(&found->curve, err);
    }
    return status;
}

static rf_status write_result(const rf_globals *globals, const request *asked,
                              const rf_truth *truth, const comparison *compared,
                              const result *found, rf_error *err)
{
    switch (globals->format) {
    case RF_FORMAT_JSON:
        write_json(asked, truth, compared, found);
        return RF_OK;
    case RF_FORMAT_CSV:
        if (asked->curve) {
            return rf_curve_csv(&found->curve, err);
        }
        if (asked->per_ring) {
            return write_rings(RF_FORMAT_CSV, truth, &found->evaluation, err);
        }
        write_csv(&found->evaluation);
        return RF_OK;
    case RF_FORMAT_TABLE:
        break;
    }
    return write_tables(asked, truth, found, err);
}

static void notices(const rf_globals *globals, const request *asked, const rf_truth *truth,
                    const comparison *compared)
{
    if (truth->rejected > 0) {
        rf_say(globals, "%s: %lld rows could not be read and were left out", asked->truth.path,
               (long long)truth->rejected);
    }
    if (compared->unknown > 0) {
        rf_say(globals, "%s: %lld accounts are not in the database and were ignored",
               asked->truth.path, (long long)compared->unknown);
    }
    if (compared->ignored > 0) {
        rf_say(globals, "%lld accounts of the database are not in the truth and were ignored",
               (long long)compared->ignored);
    }
    if (asked->source != NULL && truth->other_source > 0) {
        rf_say(globals, "%s: %lld accounts in rings of another source were ignored",
               asked->truth.path, (long long)truth->other_source);
    }
}

/* ---- the command ---- */

static rf_status work_out(const request *asked, const rf_truth *truth, const comparison *compared,
                          result *found, rf_error *err)
{
    rf_evaluate_input const input = {.accounts = compared->accounts,
                                     .truth = compared->truth,
                                     .predicted = compared->predicted,
                                     .true_rings = truth->names,
                                     .rings = compared->rings,
                                     .flagged = compared->flagged};
    rf_curve_input const ranked = {.accounts = compared->accounts,
                                   .truth = compared->truth,
                                   .bits = compared->bits,
                                   .kind = compared->kind};
    rf_status status = rf_evaluate(&input, &found->evaluation, err);
    return status == RF_OK && asked->curve ? rf_curve_make(&ranked, &found->curve, err) : status;
}

static rf_status evaluate(const rf_globals *globals, request *asked, rf_truth *truth,
                          comparison *compared, rf_error *err)
{
    rf_store *store = NULL;
    rf_progress progress = {0};
    result found = {0};
    rf_status status = rf_store_open(globals->db, RF_STORE_READ, &store, err);
    if (status == RF_OK) {
        status = rf_choose_run(store, asked->run_text, &asked->run, err);
    }
    if (status == RF_OK) {
        rf_wait_for_accounts(store, "evaluating", RF_WAIT_EVALUATE, &progress);
        status = rf_truth_read(globals, &asked->truth, truth, err);
    }
    if (status == RF_OK) {
        status = compare(store, asked, truth, compared, err);
    }
    if (status == RF_OK && compared->accounts == 0) {
        status = rf_fail(err, RF_EINPUT,
                         "%s: none of its accounts is in the database; is account_id the right "
                         "column (--map account_id=COLUMN)?",
                         asked->truth.path);
    }
    if (status == RF_OK) {
        status = work_out(asked, truth, compared, &found, err);
    }
    rf_progress_end(&progress);
    if (status == RF_OK) {
        notices(globals, asked, truth, compared);
        status = write_result(globals, asked, truth, compared, &found, err);
    }
    rf_evaluation_free(&found.evaluation);
    rf_curve_free(&found.curve);
    rf_store_close(store);
    return status;
}

static rf_status split_source(request *asked, rf_error *err)
{
    const char *equals = asked->source == NULL ? NULL : strchr(asked->source, '=');
    size_t length;
    if (asked->source == NULL) {
        return RF_OK;
    }
    length = equals == NULL ? 0 : (size_t)(equals - asked->source);
    if (length == 0 || length >= sizeof asked->source_column) {
        return rf_usage(err, &rf_command_evaluate, "--source: '%.100s' is not COLUMN=VALUE",
                        asked->source);
    }
    memcpy(asked->source_column, asked->source, length);
    asked->source_column[length] = '\0';
    asked->truth.source_column = asked->source_column;
    asked->truth.source_value = equals + 1;
    return RF_OK;
}

static rf_status read_arguments(int argc, char **argv, rf_format format, request *asked,
                                rf_error *err)
{
    static const struct option OPTIONS[] = {
        {"truth", required_argument, NULL, 't'},  {"run", required_argument, NULL, 'r'},
        {"map", required_argument, NULL, 'm'},    {"honest", required_argument, NULL, 'n'},
        {"source", required_argument, NULL, 's'}, {"per-ring", no_argument, NULL, 'p'},
        {"curve", no_argument, NULL, 'c'},        {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 't':
            asked->truth.path = optarg;
            break;
        case 'r':
            asked->run_text = optarg;
            break;
        case 'm':
            asked->truth.map = optarg;
            break;
        case 'n':
            asked->truth.honest = optarg;
            break;
        case 's':
            asked->source = optarg;
            break;
        case 'p':
            asked->per_ring = true;
            break;
        case 'c':
            asked->curve = true;
            break;
        default:
            return rf_usage_option(err, &rf_command_evaluate, argv, option);
        }
    }
    if (optind < argc) {
        return rf_usage(err, &rf_command_evaluate, "unexpected word '%.100s'", argv[optind]);
    }
    if (asked->truth.path == NULL) {
        return rf_usage(err, &rf_command_evaluate, "--truth FILE.csv is missing");
    }
    if (format == RF_FORMAT_CSV && asked->per_ring && asked->curve) {
        return rf_usage(err, &rf_command_evaluate,
                        "CSV holds one table: --per-ring or --curve, not both");
    }
    return split_source(asked, err);
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    request asked = {0};
    rf_truth truth = {0};
    comparison compared = {0};
    rf_status status = read_arguments(argc, argv, globals->format, &asked, err);
    if (status == RF_OK) {
        status = evaluate(globals, &asked, &truth, &compared, err);
    }
    comparison_free(&compared);
    rf_truth_free(&truth);
    return status;
}

const rf_command rf_command_evaluate = {
    .name = "evaluate",
    .usage = "evaluate --truth FILE.csv [--run R] [--per-ring] [--curve]\n"
             "         [--map FIELD=COLUMN,...] [--honest VALUE] [--source COLUMN=VALUE]",
    .summary = "compare a run with known truth",
    .help =
        "The truth is CSV or JSON Lines with account_id and ring; an empty ring or -1 is honest.\n"
        "\n"
        "  --run R          the run: latest (default) or its number\n"
        "  --per-ring       also how each true ring fared (JSON always has them)\n"
        "  --curve          also precision at every recall, as accounts are taken most suspect "
        "first,\n"
        "                   flagged or not, in a ring or not: by the bits that explain ACCOUNT "
        "shows.\n"
        "                   CSV and JSON have every point (kind, from, accounts, true, precision,\n"
        "                   recall), the table those nearest to recalls of .05, .10, ...; average\n"
        "                   precision is the area under the curve, in steps\n"
        "  --map ...        the file's own column names: --map account_id=user_id,ring=class\n"
        "  --honest VALUE   this ring is honest, too: --honest 0\n"
        "  --source C=V     only true rings on rows where column C is V; rings of other rows are\n"
        "                   ignored, honest accounts are kept\n"
        "\n"
        "Accounts that are in the truth or in the database alone are ignored, with a notice.\n"
        "precision, recall, f1: flagged accounts. A true ring is found when 80 % of it lies in\n"
        "flagged rings whose majority it is. Pairs, B-cubed and the adjusted Rand index compare\n"
        "flagged rings with true ones, every other account standing alone.\n",
    .run = run,
};
