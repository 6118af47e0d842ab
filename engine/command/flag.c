/* flag.c - `ringfence flag`: opens verification requests for the members of flagged rings.
 *
 * A request asks a person for an ID and a selfie; it is never a verdict. All requests of one call
 * are opened in one transaction, on the disk before the command ends; doing it again opens none.
 */
#include "base/clock.h"
#include "command/command.h"
#include "command/commands.h"
#include "command/flag_plan.h"
#include "command/output.h"
#include "command/runs.h"
#include "command/waiting.h"

#include <getopt.h>
#include <string.h>

typedef struct request {
    const char *policy_path, *run_text;
    const char *max_honest; /* NULL: as the policy says */
    int64_t run;
    bool dry_run;
} request;

/* Who is asked, by one kind of place. */
typedef struct places {
    const char *column, *title;
    rf_flag_share *share;
    size_t count;
    int64_t population;
} places;

enum { PLACES = 2 };

/* ---- opening ---- */

static rf_status open_one(rf_statement *insert, const rf_flag_plan *plan,
                          const rf_flag_account *account, rf_text *reason, int64_t now,
                          rf_error *err)
{
    const rf_flag_ring *ring = &plan->ring[account->ring];
    rf_text_clear(reason);
    rf_text_printf(reason, "one of %lld accounts of ring %s, score %.1f bits (%s)",
                   (long long)ring->size, ring->key, ring->score, ring->parts);
    if (ring->looks_like[0] != '\0') {
        rf_text_printf(reason, "; best honest explanation: %s", ring->looks_like);
    }
    if (rf_text_failed(reason)) {
        return rf_fail_memory(err, "a verification request");
    }
    rf_bind_int(insert, 1, account->account);
    rf_bind_text(insert, 2, ring->key);
    rf_bind_int(insert, 3, account->attempt);
    rf_bind_int(insert, 4, plan->run);
    rf_bind_int(insert, 5, ring->ring);
    rf_bind_real(insert, 6, ring->score);
    rf_bind_text(insert, 7, rf_text_get(reason));
    rf_bind_int(insert, 8, now);
    return rf_run(insert, err);
}

static rf_status open_requests(rf_store *store, const rf_flag_plan *plan, int64_t now,
                               rf_error *err)
{
    rf_statement *insert = NULL;
    rf_text reason = {0};
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO verification_request (account, campaign, attempt, run, ring, score,"
                   " reason, opened_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
                   &insert, err);
    for (size_t i = 0; status == RF_OK && i < plan->accounts; i++) {
        if (plan->account[i].verdict == RF_ASK) {
            status = open_one(insert, plan, &plan->account[i], &reason, now, err);
        }
    }
    rf_text_free(&reason);
    rf_statement_end(insert);
    return status;
}

/* ---- output ---- */

static double share_of(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static void write_counts(rf_json *json, const int64_t *counts)
{
    for (size_t i = 0; i < RF_VERDICTS; i++) {
        rf_json_key(json, rf_verdict_names[i]);
        rf_json_int(json, counts[i]);
    }
}

static void write_json_rings(rf_json *json, const rf_flag_plan *plan)
{
    rf_json_key(json, "rings");
    rf_json_array(json);
    for (size_t i = 0; i < plan->rings; i++) {
        const rf_flag_ring *ring = &plan->ring[i];
        rf_json_object(json);
        rf_json_key(json, "ring_id");
        rf_json_int(json, ring->ring);
        rf_json_key(json, "ring_key");
        rf_json_string(json, ring->key);
        rf_json_key(json, "size");
        rf_json_int(json, ring->size);
        rf_json_key(json, "score");
        rf_json_real(json, ring->score);
        rf_json_key(json, "parts");
        rf_json_string(json, ring->parts);
        rf_json_key(json, "expected_honest");
        rf_json_real(json, ring->honest);
        rf_json_key(json, "passed_over");
        rf_json_bool(json, ring->passed_over);
        write_counts(json, ring->counts);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void write_json_accounts(rf_json *json, const rf_flag_plan *plan)
{
    rf_json_key(json, "accounts");
    rf_json_array(json);
    for (size_t i = 0; i < plan->accounts; i++) {
        const rf_flag_account *account = &plan->account[i];
        rf_json_object(json);
        rf_json_key(json, "account_id");
        rf_json_string(json, account->external_id);
        rf_json_key(json, "ring_id");
        rf_json_int(json, plan->ring[account->ring].ring);
        rf_json_key(json, "verdict");
        rf_json_string(json, rf_verdict_names[account->verdict]);
        rf_json_key(json, "attempt");
        rf_json_int(json, account->attempt);
        rf_json_key(json, "honest");
        rf_json_real(json, account->honest);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

static void write_json(const request *asked, const rf_flag_plan *plan, const places *where)
{
    rf_json json = rf_output_json();
    rf_json_object(&json);
    rf_json_key(&json, "run");
    rf_json_int(&json, plan->run);
    rf_json_key(&json, "dry_run");
    rf_json_bool(&json, asked->dry_run);
    rf_json_key(&json, "opened");
    rf_json_int(&json, asked->dry_run ? 0 : plan->counts[RF_ASK]);
    write_counts(&json, plan->counts);
    rf_json_key(&json, "expected_honest");
    rf_json_real(&json, plan->honest);
    rf_json_key(&json, "honest_told_by");
    rf_json_string(&json, plan->exposure.learned ? "outcomes" : "score");
    rf_json_key(&json, "outcomes");
    rf_json_int(&json, plan->exposure.ended);
    write_json_rings(&json, plan);
    for (size_t k = 0; k < PLACES; k++) {
        rf_json_key(&json, where[k].title);
        rf_json_array(&json);
        for (size_t i = 0; i < where[k].count; i++) {
            rf_json_object(&json);
            rf_json_key(&json, where[k].column);
            rf_json_string(&json, where[k].share[i].name);
            rf_json_key(&json, "asked");
            rf_json_int(&json, where[k].share[i].asked);
            rf_json_key(&json, "accounts");
            rf_json_int(&json, where[k].share[i].population);
            rf_json_object_end(&json);
        }
        rf_json_array_end(&json);
    }
    write_json_accounts(&json, plan);
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

/* CSV: one row a member, with what is done with it. */
static void write_csv(const rf_flag_plan *plan)
{
    static const char *const HEADING[] = {"account_id", "verdict", "ring_id", "ring_key",
                                          "score",      "attempt", "honest"};
    rf_csv csv = rf_csv_to_file(stdout, false);
    for (size_t i = 0; i < sizeof HEADING / sizeof HEADING[0]; i++) {
        rf_csv_plain(&csv, HEADING[i]);
    }
    rf_csv_end_row(&csv);
    for (size_t i = 0; i < plan->accounts; i++) {
        const rf_flag_account *account = &plan->account[i];
        const rf_flag_ring *ring = &plan->ring[account->ring];
        rf_csv_text(&csv, account->external_id);
        rf_csv_plain(&csv, rf_verdict_names[account->verdict]);
        rf_csv_int(&csv, ring->ring);
        rf_csv_text(&csv, ring->key);
        rf_csv_fixed(&csv, ring->score, 3);
        rf_csv_int(&csv, account->attempt);
        rf_csv_fixed(&csv, account->honest, 4);
        rf_csv_end_row(&csv);
    }
}

static const rf_field RING_FIELDS[] = {
    {.name = "ring", .kind = RF_FIELD_INT},
    {.name = "size", .kind = RF_FIELD_INT},
    {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "asked", .kind = RF_FIELD_INT},
    {.name = "asked_before", .kind = RF_FIELD_INT},
    {.name = "left_out", .kind = RF_FIELD_INT},
    {.name = "honest", .title = "honest?", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "parts", .title = "parts of the score", .wrap = true},
};

static rf_status write_rings(const rf_flag_plan *plan, rf_error *err)
{
    rf_sheet *sheet = NULL;
    rf_sheet_options options = {
        .file = stdout, .format = RF_FORMAT_TABLE, .none = "No flagged ring meets the policy."};
    rf_status status = rf_sheet_start(&options, RING_FIELDS,
                                      sizeof RING_FIELDS / sizeof RING_FIELDS[0], &sheet, err);
    for (size_t i = 0; status == RF_OK && i < plan->rings; i++) {
        const rf_flag_ring *ring = &plan->ring[i];
        int64_t before =
            ring->counts[RF_ALREADY_OPEN] + ring->counts[RF_COOLDOWN] + ring->counts[RF_DECLINED];
        rf_sheet_int(sheet, ring->ring);
        rf_sheet_int(sheet, ring->size);
        rf_sheet_real(sheet, ring->score);
        rf_sheet_int(sheet, ring->counts[RF_ASK]);
        rf_sheet_int(sheet, before);
        rf_sheet_int(sheet, ring->size - ring->counts[RF_ASK] - before);
        rf_sheet_real(sheet, ring->honest);
        rf_sheet_text(sheet, ring->parts);
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

/* "DE 40 % (12 % of all accounts), ..." */
static void write_places(const places *where, int64_t asked)
{
    enum { SHOWN = 6 };
    rf_text line = {0};
    rf_text_printf(&line,
                   "By %s: ", strcmp(where->column, "country") == 0 ? "country" : "time zone");
    for (size_t i = 0; i < where->count && i < SHOWN; i++) {
        const rf_flag_share *share = &where->share[i];
        const char *name = share->name[0] == '\0' ? "not known" : share->name;
        rf_text_add(&line, i == 0 ? "" : ", ");
        rf_text_add_safe(&line, name, strlen(name));
        rf_text_add(&line, " ");
        rf_words_share(&line, share_of(share->asked, asked));
        rf_text_add(&line, " (of all accounts ");
        rf_words_share(&line, share_of(share->population, where->population));
        rf_text_add(&line, ")");
    }
    if (where->count > SHOWN) {
        rf_text_add(&line, ", and ");
        rf_words_count(&line, (int64_t)(where->count - SHOWN), "other", "others");
    }
    rf_text_add(&line, ".");
    rf_paragraph(stdout, 0, rf_text_get(&line));
    rf_text_free(&line);
}

static void write_summary(const request *asked, const rf_flag_plan *plan)
{
    static const char *const LEFT[RF_VERDICTS] = {
        [RF_ALREADY_OPEN] = "asked already and not answered yet",
        [RF_COOLDOWN] = "asked recently",
        [RF_DECLINED] = "declined before",
        [RF_BANNED] = "banned or closed",
        [RF_KNOWN_LEGIT] = "known as legitimate",
        [RF_EXCLUDED] = "excluded by plan or country",
        [RF_FRINGE_LEFT] = "fringe",
        [RF_OVER_BUDGET] = "over the budget",
        [RF_OVER_HONEST] = "over the budget of honest accounts",
        [RF_RING_CLEARED] = "in a ring that was cleared",
        [RF_RING_WATCHED] = "in a ring that is watched",
    };
    rf_text line = {0};
    rf_text_add(&line, asked->dry_run ? "Dry run, nothing was changed: would ask " : "Asked ");
    rf_words_count(&line, plan->counts[RF_ASK], "account", "accounts");
    rf_text_add(&line, " in ");
    rf_words_count(&line, (int64_t)plan->rings, "flagged ring", "flagged rings");
    rf_text_add(&line, " to verify.");
    if (plan->counts[RF_ASK] < (int64_t)plan->accounts) {
        const char *between = " Not asked: ";
        for (size_t i = RF_ASK + 1; i < RF_VERDICTS; i++) {
            if (plan->counts[i] > 0) {
                rf_text_add(&line, between);
                rf_words_number(&line, plan->counts[i]);
                rf_text_printf(&line, " %s", LEFT[i]);
                between = ", ";
            }
        }
        rf_text_add(&line, ".");
    }
    rf_paragraph(stdout, 0, rf_text_get(&line));
    rf_text_free(&line);
}

/* How many honest people are expected among those asked, and by what. */
static void write_exposure(const rf_flag_plan *plan)
{
    rf_text line = {0};
    int64_t left = 0;
    for (size_t i = 0; i < plan->rings; i++) {
        left += plan->ring[i].counts[RF_OVER_HONEST] > 0;
    }
    rf_text_printf(&line, "Expected among them: %.1f honest accounts (", plan->honest);
    rf_words_share(&line,
                   plan->counts[RF_ASK] == 0 ? 0 : plan->honest / (double)plan->counts[RF_ASK]);
    if (plan->exposure.learned) {
        rf_text_add(&line, "), by what became of ");
        rf_words_count(&line, plan->exposure.ended, "earlier request", "earlier requests");
        rf_text_add(&line, ".");
    } else {
        rf_text_add(&line, "), by the scores.");
    }
    if (left > 0) {
        rf_text_add(&line, " To stay within the budget of honest accounts ");
        rf_words_number(&line, plan->counts[RF_OVER_HONEST]);
        rf_text_add(&line, plan->counts[RF_OVER_HONEST] == 1 ? " account in " : " accounts in ");
        rf_words_count(&line, left, "ring", "rings");
        rf_text_add(&line, " with the lowest scores are left out.");
    }
    rf_paragraph(stdout, 0, rf_text_get(&line));
    rf_text_free(&line);
}

static rf_status write_result(const rf_globals *globals, const request *asked,
                              const rf_flag_plan *plan, const places *where, rf_error *err)
{
    rf_status status = RF_OK;
    switch (globals->format) {
    case RF_FORMAT_JSON:
        write_json(asked, plan, where);
        return RF_OK;
    case RF_FORMAT_CSV:
        write_csv(plan);
        return RF_OK;
    case RF_FORMAT_TABLE:
        break;
    }
    status = write_rings(plan, err);
    if (status == RF_OK && plan->rings > 0) {
        (void)putchar('\n');
        write_summary(asked, plan);
        write_exposure(plan);
        for (size_t i = 0; i < PLACES && plan->counts[RF_ASK] > 0; i++) {
            write_places(&where[i], plan->counts[RF_ASK]);
        }
    }
    return status;
}

/* ---- the command ---- */

static rf_status find_places(rf_store *store, const rf_flag_plan *plan, places *where,
                             rf_error *err)
{
    rf_status status = RF_OK;
    for (size_t i = 0; status == RF_OK && i < PLACES; i++) {
        status = rf_flag_shares(store, plan, where[i].column, &where[i].share, &where[i].count,
                                &where[i].population, err);
    }
    return status;
}

/* Plans and, unless it is a dry run, opens the requests in the same transaction. */
static rf_status plan_and_open(rf_store *store, request *asked, const rf_policy *policy,
                               rf_flag_plan *plan, places *where, rf_error *err)
{
    int64_t const now = rf_time_now();
    rf_status status = RF_OK;
    if (!asked->dry_run) {
        status = rf_store_exec(store, "PRAGMA synchronous = FULL", err);
        if (status == RF_OK) {
            status = rf_store_begin(store, err);
        }
    }
    if (status == RF_OK) {
        status = rf_choose_run(store, asked->run_text, &asked->run, err);
    }
    if (status == RF_OK) {
        status = rf_flag_plan_make(store, asked->run, policy, now, plan, err);
    }
    if (status == RF_OK) {
        status = find_places(store, plan, where, err);
    }
    if (status == RF_OK && !asked->dry_run) {
        status = open_requests(store, plan, now, err);
        if (status == RF_OK) {
            status = rf_store_commit(store, err);
        }
    }
    rf_store_rollback(store);
    return status;
}

static rf_status read_arguments(int argc, char **argv, request *asked, rf_error *err)
{
    static const struct option OPTIONS[] = {{"policy", required_argument, NULL, 'p'},
                                            {"dry-run", no_argument, NULL, 'd'},
                                            {"run", required_argument, NULL, 'r'},
                                            {"max-honest", required_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'p':
            asked->policy_path = optarg;
            break;
        case 'd':
            asked->dry_run = true;
            break;
        case 'r':
            asked->run_text = optarg;
            break;
        case 'h':
            asked->max_honest = optarg;
            break;
        default:
            return rf_usage_option(err, &rf_command_flag, argv, option);
        }
    }
    return optind < argc ? rf_usage(err, &rf_command_flag, "unexpected word '%.100s'", argv[optind])
                         : RF_OK;
}

static rf_status run(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    request asked = {0};
    rf_policy policy = rf_policy_default();
    rf_flag_plan plan = {0};
    places where[PLACES] = {{.column = "country", .title = "countries"},
                            {.column = "timezone", .title = "timezones"}};
    rf_store *store = NULL;
    rf_progress progress = {0};
    rf_status status = read_arguments(argc, argv, &asked, err);
    if (status == RF_OK && asked.policy_path != NULL) {
        status = rf_policy_read(asked.policy_path, &policy, err);
    }
    if (status == RF_OK && asked.max_honest != NULL) {
        status = rf_option_real("--max-honest", asked.max_honest, 0, 1e9, &policy.max_honest, err);
    }
    if (status == RF_OK) {
        status =
            rf_store_open(globals->db, asked.dry_run ? RF_STORE_READ : RF_STORE_WRITE, &store, err);
    }
    if (status == RF_OK) {
        rf_wait_for_accounts(store, "planning whom to ask", RF_WAIT_FLAG, &progress);
        status = plan_and_open(store, &asked, &policy, &plan, where, err);
        rf_progress_end(&progress);
    }
    if (status == RF_OK) {
        status = write_result(globals, &asked, &plan, where, err);
    }
    for (size_t i = 0; i < PLACES; i++) {
        rf_free(where[i].share);
    }
    rf_flag_plan_free(&plan);
    rf_store_close(store);
    return status;
}

const rf_command rf_command_flag = {
    .name = "flag",
    .usage = "flag [--policy FILE] [--dry-run] [--max-honest N] [--run R]",
    .summary = "ask the accounts of flagged rings to verify themselves",
    .help = "Opens a verification request (government ID and a live selfie) for every member of a\n"
            "flagged ring. Nobody is asked twice: not while a request is open, not after a "
            "decline, not\n"
            "within the cooldown. Banned, closed and known legitimate accounts are left out.\n"
            "\n"
            "  --dry-run      says exactly what would be done, and for whom, and changes nothing\n"
            "  --max-honest N the budget of honest accounts, as expected from the scores and from\n"
            "                 what became of earlier requests: rings are taken best score first\n"
            "  --run R        the run: latest (default) or its number\n"
            "  --policy FILE  an INI file; every setting may be absent:\n"
            "\n"
            "      [flag]\n"
            "      min_score = 12          bits\n"
            "      min_size = 3\n"
            "      max_accounts = 500      the budget, best score first\n"
            "      max_honest = 25         honest accounts hit at most, as expected\n"
            "      whole_rings = yes       no: cut the ring at the end of the budget\n"
            "      include_fringe = yes\n"
            "      exclude_plans = enterprise, education\n"
            "      exclude_countries =\n"
            "      cooldown_days = 90\n"
            "\n"
            "CSV is one row a member with its verdict; JSON has rings, accounts, countries, time "
            "zones.\n",
    .run = run,
};
