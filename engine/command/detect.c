/* detect.c - `ringfence detect`: one run over everything imported so far. */
#include "rings/detect.h"
#include "rings/update.h"

#include "command/commands.h"
#include "command/config.h"
#include "command/output.h"
#include "command/replay.h"
#include "command/waiting.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct option LONG_OPTIONS[] = {
    {"resolution", required_argument, NULL, 'g'}, {"min-size", required_argument, NULL, 'm'},
    {"seed", required_argument, NULL, 's'},       {"config", required_argument, NULL, 'c'},
    {"shuffles", required_argument, NULL, 'n'},   {"timings", no_argument, NULL, 't'},
    {"no-labels", no_argument, NULL, 'L'},        {"update", no_argument, NULL, 'u'},
    {"replay", required_argument, NULL, 'r'},     {NULL, 0, NULL, 0}};

/* The file first, so that the command line has the last word. A replay takes all from its run. */
static rf_status find_config(int argc, char **argv, const char **path, const char **replay,
                             rf_error *err)
{
    int letter;
    int options = 0;
    optind = 1;
    while ((letter = getopt_long(argc, argv, ":", LONG_OPTIONS, NULL)) != -1) {
        options++;
        if (letter == 'c') {
            *path = optarg;
        } else if (letter == 'r') {
            *replay = optarg;
        } else if (letter == '?' || letter == ':') {
            return rf_usage_option(err, &rf_command_detect, argv, letter);
        }
    }
    if (*replay != NULL && options > 1) {
        return rf_usage(err, &rf_command_detect,
                        "--replay stands alone: every setting is taken from the run");
    }
    return optind < argc ? rf_usage(err, &rf_command_detect, "unexpected argument %s", argv[optind])
                         : RF_OK;
}

static rf_status read_options(int argc, char **argv, rf_detect_settings *settings, bool *timings,
                              bool *update, rf_error *err)
{
    rf_status status = RF_OK;
    int letter;
    int64_t number = 0;
    optind = 1;
    while (status == RF_OK && (letter = getopt_long(argc, argv, ":", LONG_OPTIONS, NULL)) != -1) {
        switch (letter) {
        case 'g':
            status =
                rf_option_real("--resolution", optarg, 0, 1000, &settings->levels.resolution, err);
            break;
        case 'm':
            status = rf_option_int("--min-size", optarg, 2, 1000000, &number, err);
            settings->levels.min_size = (uint32_t)number;
            break;
        case 's':
            status = rf_option_int("--seed", optarg, 0, INT64_MAX, &number, err);
            settings->seed = (uint64_t)number;
            break;
        case 'n':
            status = rf_option_int("--shuffles", optarg, 0, 1000, &number, err);
            settings->chance.shuffles = (uint32_t)number;
            break;
        case 't':
            *timings = true;
            break;
        case 'L':
            settings->no_labels = true;
            break;
        case 'u':
            *update = true;
            break;
        default:
            break;
        }
    }
    return status;
}

static void print_labels(const rf_detect_summary *s)
{
    if (s->label_fraud + s->label_legit + s->label_disputed == 0) {
        return;
    }
    (void)printf(
        "Used what is known of %u accounts, %u fraud and %u legitimate; it moved %u of the "
        "worths of sharing (compare with --no-labels).",
        s->label_fraud + s->label_legit, s->label_fraud, s->label_legit, s->label_moved);
    if (s->label_disputed > 0) {
        (void)printf(" %u more are disputed and not used.", s->label_disputed);
    }
    (void)printf("\n");
}

/* Where accounts are flagged more often than elsewhere: the cost may not be shared fairly. */
static void print_rates(const rf_flag_rates *rates)
{
    rf_text text = {0};
    for (uint32_t i = 0; i < rates->count; i++) {
        const rf_flag_rate *r = &rates->told[i];
        rf_text_clear(&text);
        rf_text_add(&text, r->zone ? "Stands out: time zone " : "Stands out: country ");
        rf_text_add_safe(&text, r->name, strlen(r->name));
        rf_text_printf(&text, ", %u of %u accounts flagged (%.2f %%, surely %.2f to %.2f %%) in ",
                       r->flagged, r->accounts, 100 * r->rate, 100 * r->low, 100 * r->high);
        rf_words_count(&text, r->rings, "ring", "rings");
        rf_text_printf(&text, "; elsewhere %.2f %%.", 100 * r->elsewhere);
        rf_paragraph(stdout, 0, rf_text_get(&text));
    }
    if (rates->count > 0) {
        (void)printf("%sLook whether that is fair: query country_flag_rates, "
                     "timezone_flag_rates.\n",
                     rates->more > 0 ? "Others stand out, too. " : "");
    }
    rf_text_free(&text);
}

/* Stages, and in each one its parts when there are several. */
static void print_timings(const rf_stopwatch *watch)
{
    for (int i = 0; i < RF_DETECT_STAGES; i++) {
        const char *stage = rf_detect_stage[i];
        double cpu = 0;
        uint32_t parts = 0;
        for (uint32_t k = 0; k < watch->laps; k++) {
            bool const here = strcmp(watch->lap[k].stage, stage) == 0;
            cpu += here ? watch->lap[k].cpu : 0;
            parts += here;
        }
        (void)printf("  %-14s %7.2f s  %7.2f s of processor\n", stage,
                     rf_stopwatch_stage(watch, stage), cpu);
        for (uint32_t k = 0; k < watch->laps && parts > 1; k++) {
            const rf_lap *lap = &watch->lap[k];
            if (strcmp(lap->stage, stage) == 0) {
                (void)printf("    %-12s %7.2f s  %7.2f s\n", lap->part, lap->seconds, lap->cpu);
            }
        }
    }
}

static void print_table(const rf_detect_summary *s, bool timings)
{
    (void)printf("Run %lld: %u accounts, %llu sightings.\n", (long long)s->run, s->accounts,
                 (unsigned long long)s->sightings);
    (void)printf("Compared %llu pairs that share something; %llu are linked by their evidence.\n",
                 (unsigned long long)s->pairs, (unsigned long long)s->links);
    if (s->capped > 0) {
        (void)printf("%u values are too common to be joined pair by pair: %u tell nothing, %u add "
                     "to pairs that others make, %u join their users by themselves (query hubs).\n",
                     s->capped, s->capped_ignored, s->capped_adding, s->stars);
    }
    (void)printf("Found %u communities; %u of them, with %u accounts, are flagged as rings.\n",
                 s->rings, s->flagged_rings, s->flagged_accounts);
    if (s->doubted_rings > 0) {
        (void)printf("Not flagged: %u rings %s, since of those like them too many are expected to "
                     "be honest.\n",
                     s->doubted_rings,
                     isfinite(s->flagged_from) ? "with lower scores" : "with doubtful scores");
    }
    if (s->shuffles > 0) {
        (void)printf("Expected by chance: %.1f communities bound as strongly as the flagged ones "
                     "(%u %s of who holds what).\n",
                     s->expected, s->shuffles, s->shuffles == 1 ? "shuffle" : "shuffles");
    }
    print_labels(s);
    if (s->separated > 0) {
        (void)printf("Kept apart %u pairs judged not to have one operator (separate --list).\n",
                     s->separated);
    }
    print_rates(&s->rates);
    if (s->allowed > 0) {
        (void)printf("Left out %u values that are allowed (allow --list).\n", s->allowed);
    }
    if (s->cleared_rings > 0) {
        (void)printf("Not flagged because they were cleared and are much the same: %u rings "
                     "(decide --list).\n",
                     s->cleared_rings);
    }
    if (timings) {
        print_timings(&s->watch);
    }
    (void)printf("Next: ringfence rings\n");
}

static void print_update(const rf_detect_summary *s, const rf_update_summary *u)
{
    if (u->nothing) {
        (void)printf("Run %lld is up to date: nothing was imported since.\n", (long long)s->run);
        return;
    }
    (void)printf(
        "Run %lld brought up to date with %u %s (update %lld): %u new accounts; %llu links "
        "came, %llu went, %llu changed; %u rings changed, %u are gone.\n",
        (long long)s->run, u->imports, u->imports == 1 ? "import" : "imports", (long long)u->number,
        u->accounts, (unsigned long long)u->links_new, (unsigned long long)u->links_gone,
        (unsigned long long)u->links_changed, u->rings_changed, u->rings_gone);
}

static void json_update(rf_json *json, const rf_update_summary *u)
{
    rf_json_key(json, "update");
    rf_json_object(json);
    rf_json_key(json, "number");
    rf_json_int(json, u->number);
    rf_json_key(json, "imports");
    rf_json_int(json, u->imports);
    rf_json_key(json, "accounts");
    rf_json_int(json, u->accounts);
    rf_json_key(json, "links_new");
    rf_json_int(json, (int64_t)u->links_new);
    rf_json_key(json, "links_gone");
    rf_json_int(json, (int64_t)u->links_gone);
    rf_json_key(json, "links_changed");
    rf_json_int(json, (int64_t)u->links_changed);
    rf_json_key(json, "rings_changed");
    rf_json_int(json, u->rings_changed);
    rf_json_key(json, "rings_gone");
    rf_json_int(json, u->rings_gone);
    rf_json_object_end(json);
}

static void json_rates(rf_json *json, const rf_flag_rates *rates)
{
    rf_json_key(json, "stand_out");
    rf_json_array(json);
    for (uint32_t i = 0; i < rates->count; i++) {
        const rf_flag_rate *r = &rates->told[i];
        rf_json_object(json);
        rf_json_key(json, r->zone ? "timezone" : "country");
        rf_json_string(json, r->name);
        rf_json_key(json, "accounts");
        rf_json_int(json, r->accounts);
        rf_json_key(json, "flagged");
        rf_json_int(json, r->flagged);
        rf_json_key(json, "rings");
        rf_json_int(json, r->rings);
        rf_json_key(json, "rate");
        rf_json_fixed(json, r->rate, 6);
        rf_json_key(json, "rate_low");
        rf_json_fixed(json, r->low, 6);
        rf_json_key(json, "rate_high");
        rf_json_fixed(json, r->high, 6);
        rf_json_key(json, "rate_elsewhere");
        rf_json_fixed(json, r->elsewhere, 6);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}

/* `update` is NULL of a full run; where there was nothing new, only that is told. */
static void print_json(const rf_detect_summary *s, const rf_update_summary *update)
{
    rf_json json = rf_output_json();
    rf_json_object(&json);
    rf_json_key(&json, "run");
    rf_json_int(&json, s->run);
    if (update != NULL) {
        json_update(&json, update);
    }
    if (update != NULL && update->nothing) {
        rf_json_object_end(&json);
        rf_json_finish(&json);
        return;
    }
    rf_json_key(&json, "accounts");
    rf_json_int(&json, s->accounts);
    rf_json_key(&json, "sightings");
    rf_json_int(&json, (int64_t)s->sightings);
    rf_json_key(&json, "pairs");
    rf_json_int(&json, (int64_t)s->pairs);
    rf_json_key(&json, "links");
    rf_json_int(&json, (int64_t)s->links);
    rf_json_key(&json, "rings");
    rf_json_int(&json, s->rings);
    rf_json_key(&json, "flagged_rings");
    rf_json_int(&json, s->flagged_rings);
    rf_json_key(&json, "flagged_accounts");
    rf_json_int(&json, s->flagged_accounts);
    rf_json_key(&json, "flagged_from");
    rf_json_real(&json, isfinite(s->flagged_from) ? s->flagged_from : (double)NAN);
    rf_json_key(&json, "doubted_rings");
    rf_json_int(&json, s->doubted_rings);
    rf_json_key(&json, "allowed_values");
    rf_json_int(&json, s->allowed);
    rf_json_key(&json, "cleared_rings");
    rf_json_int(&json, s->cleared_rings);
    rf_json_key(&json, "shuffles");
    rf_json_int(&json, s->shuffles);
    rf_json_key(&json, "expected_by_chance");
    rf_json_real(&json, s->shuffles > 0 ? s->expected : (double)NAN);
    rf_json_key(&json, "capped");
    rf_json_int(&json, s->capped);
    rf_json_key(&json, "labels");
    rf_json_object(&json);
    rf_json_key(&json, "fraud");
    rf_json_int(&json, s->label_fraud);
    rf_json_key(&json, "legit");
    rf_json_int(&json, s->label_legit);
    rf_json_key(&json, "disputed");
    rf_json_int(&json, s->label_disputed);
    rf_json_key(&json, "moved");
    rf_json_int(&json, s->label_moved);
    rf_json_object_end(&json);
    json_rates(&json, &s->rates);
    rf_json_key(&json, "separated");
    rf_json_int(&json, s->separated);
    rf_json_key(&json, "seconds");
    rf_json_object(&json);
    rf_stopwatch_json(&s->watch, rf_detect_stage, RF_DETECT_STAGES, &json);
    rf_json_object_end(&json);
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

static rf_status print_csv(const rf_detect_summary *s, rf_error *err)
{
    static const rf_field fields[] = {
        {.name = "run", .kind = RF_FIELD_INT},
        {.name = "accounts", .kind = RF_FIELD_INT},
        {.name = "sightings", .kind = RF_FIELD_INT},
        {.name = "pairs", .kind = RF_FIELD_INT},
        {.name = "links", .kind = RF_FIELD_INT},
        {.name = "rings", .kind = RF_FIELD_INT},
        {.name = "flagged_rings", .kind = RF_FIELD_INT},
        {.name = "flagged_accounts", .kind = RF_FIELD_INT},
    };
    rf_sheet_options const how = {.file = stdout, .format = RF_FORMAT_CSV};
    rf_sheet *sheet = NULL;
    rf_status status = rf_sheet_start(&how, fields, sizeof fields / sizeof fields[0], &sheet, err);
    if (status != RF_OK) {
        return status;
    }
    rf_sheet_int(sheet, s->run);
    rf_sheet_int(sheet, s->accounts);
    rf_sheet_int(sheet, (int64_t)s->sightings);
    rf_sheet_int(sheet, (int64_t)s->pairs);
    rf_sheet_int(sheet, (int64_t)s->links);
    rf_sheet_int(sheet, s->rings);
    rf_sheet_int(sheet, s->flagged_rings);
    rf_sheet_int(sheet, s->flagged_accounts);
    return rf_sheet_end(sheet, err);
}

/* An entry that has ended must not be missed: what it left out joins accounts again. */
static rf_status say_expired(const rf_globals *globals, rf_store *store, rf_error *err)
{
    int64_t expired = 0;
    rf_status status =
        rf_store_number(store, "SELECT count(*) FROM allow_latest WHERE expired", &expired, err);
    if (status == RF_OK && expired > 0) {
        rf_say(globals, "%lld %s of the allow-list %s expired and %s ignored (allow --list).",
               (long long)expired, expired == 1 ? "entry" : "entries",
               expired == 1 ? "has" : "have", expired == 1 ? "is" : "are");
    }
    return status;
}

static rf_status run_detect(const rf_globals *globals, int argc, char **argv, rf_error *err)
{
    rf_detect_settings settings = rf_detect_defaults();
    rf_signal_setting *signals = NULL;
    rf_detect_summary summary;
    rf_store *store = NULL;
    const char *config = NULL;
    bool timings = false;
    bool update = false;
    rf_update_summary updated = {0};
    rf_progress progress = {0};
    const char *replay = NULL;
    rf_status status = find_config(argc, argv, &config, &replay, err);
    if (status == RF_OK && replay != NULL) {
        return rf_command_replay(globals, replay, err);
    }
    if (status == RF_OK && config != NULL) {
        signals = rf_alloc(RF_MAX_SIGNALS, sizeof *signals);
        status = signals == NULL ? rf_fail_memory(err, "the configuration")
                                 : rf_config_read(config, &settings, signals, err);
    }
    if (status == RF_OK) {
        status = read_options(argc, argv, &settings, &timings, &update, err);
    }
    settings.threads = globals->threads;
    if (status == RF_OK) {
        status = rf_store_open(globals->db, RF_STORE_WRITE, &store, err);
    }
    if (status == RF_OK) {
        status = say_expired(globals, store, err);
    }
    if (status == RF_OK && update) {
        rf_wait_for_accounts(store, "updating", RF_WAIT_UPDATE, &progress);
        status = rf_detect_update(store, &settings, &summary, &updated, err);
        rf_progress_end(&progress);
    }
    if (status == RF_OK && updated.obstacle[0] != '\0') {
        rf_say(globals, "A full run, since %s.", updated.obstacle);
    }
    if (status == RF_OK && (!update || updated.obstacle[0] != '\0')) {
        update = false;
        rf_wait_for_accounts(store, "detecting",
                             RF_WAIT_DETECT + RF_WAIT_SHUFFLE * settings.chance.shuffles,
                             &progress);
        status = rf_detect(store, &settings, &summary, err);
        rf_progress_end(&progress);
    }
    if (status == RF_OK && globals->format == RF_FORMAT_TABLE) {
        if (update) {
            print_update(&summary, &updated);
        }
        if (!update || !updated.nothing) {
            print_table(&summary, timings);
        }
    } else if (status == RF_OK && globals->format == RF_FORMAT_JSON) {
        print_json(&summary, update ? &updated : NULL);
    } else if (status == RF_OK) {
        status = print_csv(&summary, err);
    }
    rf_store_close(store);
    rf_free(signals);
    return status;
}

const rf_command rf_command_detect = {
    .name = "detect",
    .usage = "detect [--resolution G] [--min-size N] [--seed S] [--shuffles R] [--config FILE]\n"
             "       [--no-labels] [--update] [--timings]\n"
             "detect --replay R",
    .summary = "find communities, judge them, and flag rings: a new run",
    .help =
        "  --resolution G   how finely rings are told apart (default 1; higher: smaller rings)\n"
        "  --min-size N     members of the smallest ring (default 3)\n"
        "  --seed S         of the samples and of the community detection (default 1)\n"
        "  --shuffles R     how often holdings are shuffled to tell what chance would find\n"
        "                   (default 3; 0: never, and flags do not ask for it)\n"
        "  --config FILE    an INI file with every other setting\n"
        "  --no-labels      as if nobody had been labelled or verified, to compare\n"
        "  --update         bring the latest run up to date with what was imported since, if its\n"
        "                   settings are these; otherwise say why not and make a full run\n"
        "  --timings        also say how long each stage took, and its parts\n"
        "  --replay R       run R again, over the facts and with the settings it had, and say\n"
        "                   whether every row comes out the same; nothing is kept\n"
        "\n"
        "example: ringfence --db accounts.db detect\n",
    .run = run_detect,
};
