/* detect.c - see detect.h. */
#include "rings/detect.h"

#include "base/clock.h"
#include "base/text.h"
#include "evidence/recall.h"
#include "rings/bridges.h"
#include "rings/counts.h"
#include "rings/ledger.h"
#include "rings/pipeline.h"
#include "rings/settings.h"
#include "store/decisions.h"
#include "store/population_kept.h"
#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>

const char *const rf_detect_stage[RF_DETECT_STAGES] = {
    "reading", "calibrating", "comparing", "grouping", "judging", "shuffling", "writing"};

rf_detect_settings rf_detect_defaults(void)
{
    return (rf_detect_settings){
        .evidence = rf_evidence_defaults(),
        .levels = rf_level_defaults(),
        .score = rf_score_defaults(),
        .join = rf_join_defaults(),
        .chance = rf_chance_defaults(),
        .grow = rf_grow_defaults(),
        .doubt = rf_doubt_defaults(),
        .seed = 1,
        .threads = 1,
    };
}

rf_status rf_pipeline_override(void *context, rf_signal *signals, uint32_t count, rf_error *err)
{
    const rf_detect_settings *settings = context;
    for (uint32_t i = 0; i < settings->signals; i++) {
        const rf_signal_setting *change = &settings->signal[i];
        uint32_t s = 0;
        while (s < count && strcmp(signals[s].name, change->name) != 0) {
            s++;
        }
        if (s == count) {
            return rf_fail(err, RF_EINPUT,
                           "the configuration names the signal \"%s\", which this database does "
                           "not have",
                           change->name);
        }
        if (change->family[0] != '\0') {
            signals[s].family_name = change->family;
        }
        if (change->link >= 0) {
            signals[s].link = change->link != 0;
        }
        if (change->windowed >= 0) {
            signals[s].windowed = change->windowed != 0;
        }
    }
    return RF_OK;
}

/* ---- what goes into the run besides rings ---- */

static rf_status list_buckets(const rf_population *p, const rf_calibration *c, rf_findings *f,
                              rf_error *err)
{
    f->bucket = rf_alloc((size_t)p->signals * RF_BUCKETS + 1, sizeof *f->bucket);
    if (f->bucket == NULL) {
        return rf_fail_memory(err, "the calibration");
    }
    for (uint32_t s = 0; s < p->signals; s++) {
        for (uint32_t k = 0; k < RF_BUCKETS; k++) {
            const rf_bucket *b = &c->bucket[s][k];
            if (b->groups == 0) {
                continue;
            }
            f->bucket[f->buckets++] = (rf_result_bucket){
                .signal_row = p->signal[s].row,
                .holders_from = rf_bucket_from(k),
                .holders_to = rf_bucket_to(k),
                .groups = b->groups,
                .examined = b->examined,
                .corroborated = (double)b->corroborated,
                .by_chance = c->by_chance[p->signal[s].family],
                .reliability = b->reliability,
                .bits = rf_bits_real(rf_worth(
                    fmax(fmin(b->reliability, RF_RELIABILITY_MAX), exp2(c->settings.prior_bits)),
                    c->settings.prior_bits)),
            };
        }
    }
    return RF_OK;
}

/* How pairs were weighed, so that a link can be explained whatever the configuration was. */
static rf_status list_weighing(const rf_population *p, const rf_calibration *c, rf_findings *f,
                               rf_error *err)
{
    f->weighing = (rf_result_weighing){c->settings.threshold_bits, c->settings.pair_cap, c->common,
                                       c->one_family};
    f->signal = rf_alloc(p->signals, sizeof *f->signal);
    if (f->signal == NULL) {
        return rf_fail_memory(err, "the signals");
    }
    for (uint32_t s = 0; s < p->signals; s++) {
        const rf_signal *signal = &p->signal[s];
        f->signal[f->signals++] = (rf_result_signal){
            .signal_row = signal->row,
            .family = signal->family_name,
            .link = signal->link,
            .windowed = signal->windowed,
            .by_chance = signal->link ? c->by_chance[signal->family] : (double)NAN,
            .sensitivity = signal->link ? c->sensitivity[signal->family] : (double)NAN,
        };
    }
    return RF_OK;
}

static rf_status list_worths(const rf_population *p, const rf_calibration *c, rf_findings *f,
                             rf_error *err)
{
    f->worth = rf_alloc_raw(p->values, sizeof *f->worth);
    if (f->worth == NULL) {
        return rf_fail_memory(err, "the worth of values");
    }
    for (uint32_t v = 0; v < p->values; v++) {
        f->worth[f->worths++] =
            (rf_result_worth){p->value_row[v], c->examined[v], c->corroborated[v]};
    }
    return RF_OK;
}

/* Hubs by value: groups of one value stand side by side. */
static rf_status list_hubs(const rf_population *p, const rf_links *links, rf_findings *f,
                           rf_error *err)
{
    static const char *const treatment[] = {"ignored", "adds", "star"};
    rf_hub_treatment strongest = RF_HUB_IGNORED;
    uint32_t current = UINT32_MAX;
    f->hub = rf_alloc(links->hubs, sizeof *f->hub);
    if (f->hub == NULL) {
        return rf_fail_memory(err, "the hubs");
    }
    for (uint32_t i = 0; i < links->hubs; i++) {
        const rf_hub *hub = &links->hub[i];
        uint32_t const value = p->group_value[hub->group];
        rf_result_hub *out;
        if (value != current) {
            current = value;
            strongest = RF_HUB_IGNORED;
            f->hub[f->hubs++] = (rf_result_hub){.value_row = p->value_row[value]};
        }
        out = &f->hub[f->hubs - 1];
        out->days++;
        out->holders = rf_group_size(p, hub->group) > out->holders ? rf_group_size(p, hub->group)
                                                                   : out->holders;
        out->reliability = fmax(out->reliability, hub->reliability);
        out->bits = fmax(out->bits, rf_bits_real(hub->worth));
        strongest = hub->treatment > strongest ? hub->treatment : strongest;
        out->treatment = treatment[strongest];
    }
    return RF_OK;
}

rf_status rf_pipeline_list(rf_pipeline *pipeline, rf_error *err)
{
    const rf_population *p = &pipeline->population;
    const rf_calibration *c = &pipeline->calibration;
    const rf_links *links = &pipeline->links;
    const rf_detect_settings *settings = pipeline->settings;
    rf_findings *f = &pipeline->findings;
    rf_status status = list_buckets(p, c, f, err);
    if (status == RF_OK) {
        status = list_weighing(p, c, f, err);
    }
    if (status == RF_OK) {
        status = list_hubs(p, links, f, err);
    }
    f->seed = settings->seed;
    f->sightings = p->sightings;
    f->allowed = p->allowed;
    f->alloweds = p->alloweds;
    f->pairs = links->pairs;
    f->prior_bits = c->settings.prior_bits;
    f->config = rf_settings_json(settings, c->settings.prior_bits, &pipeline->labels, &f->texts);
    if (status == RF_OK && f->config == NULL) {
        status = rf_fail_memory(err, "the description of the run");
    }
    return status;
}

static void summarise(const rf_findings *f, rf_detect_summary *out)
{
    out->accounts = f->accounts;
    out->sightings = f->sightings;
    out->pairs = f->pairs;
    out->links = f->links.count;
    out->allowed = f->alloweds;
    out->rings = f->rings;
    out->flagged_from = f->flagged_from;
    out->shuffles = f->shuffles;
    out->expected = f->expected;
    for (uint32_t r = 0; r < f->rings; r++) {
        if (f->ring[r].flagged) {
            out->flagged_rings++;
            out->flagged_accounts += f->ring[r].size;
        }
    }
    for (uint32_t i = 0; i < f->hubs; i++) {
        out->capped++;
        out->capped_ignored += f->hub[i].treatment[0] == 'i';
        out->capped_adding += f->hub[i].treatment[0] == 'a';
        out->stars += f->hub[i].treatment[0] == 's';
    }
}

/* ---- the pipeline ---- */

static int by_number(const void *left, const void *right)
{
    int64_t const a = *(const int64_t *)left;
    int64_t const b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* What was done since the last lap. */
static void lap(rf_pipeline *p, rf_stage stage, const char *part)
{
    rf_stopwatch_lap(&p->summary->watch, rf_detect_stage[stage], part);
}

void rf_pipeline_lap(rf_pipeline *pipeline, rf_stage stage, const char *part)
{
    lap(pipeline, stage, part);
}

void rf_pipeline_summarise(rf_pipeline *pipeline)
{
    rf_detect_summary *summary = pipeline->summary;
    summarise(&pipeline->findings, summary);
    summary->label_fraud = pipeline->labels.fraud;
    summary->label_legit = pipeline->labels.legit;
    summary->label_disputed = pipeline->labels.disputed;
    summary->label_moved = pipeline->effects;
    summary->separated = (uint32_t)pipeline->separations.count;
}

rf_status rf_pipeline_decide(const rf_pipeline *pipeline, rf_store *store, int64_t run,
                             int64_t number, rf_error *err)
{
    const rf_findings *f = &pipeline->findings;
    rf_detect_summary *summary = pipeline->summary;
    uint8_t *quiet = rf_alloc(f->rings, sizeof *quiet);
    rf_quieted lost = {0};
    rf_status status = quiet == NULL ? rf_fail_memory(err, "the decisions")
                                     : rf_decisions_apply(store, run, number,
                                                          pipeline->settings->replayed, &lost, err);
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        int64_t const ring = rf_ring_number(f, r);
        quiet[r] =
            lost.rings > 0 && bsearch(&ring, lost.ring, lost.rings, sizeof ring, by_number) != NULL;
    }
    summary->cleared_rings = lost.rings;
    summary->flagged_rings -= lost.rings;
    summary->flagged_accounts -= lost.accounts;
    if (status == RF_OK) {
        status = rf_flag_rates_find(&pipeline->population, f, quiet, &summary->rates, err);
    }
    rf_free(quiet);
    rf_free(lost.ring);
    return status;
}

static rf_status list_labels(rf_pipeline *p, rf_error *err)
{
    rf_findings *f = &p->findings;
    f->label = rf_alloc(p->effects, sizeof *f->label);
    if (f->label == NULL) {
        return rf_fail_memory(err, "what labels moved");
    }
    for (uint32_t i = 0; i < p->effects; i++) {
        const rf_label_effect *e = &p->effect[i];
        f->label[f->labels++] =
            (rf_result_label){p->population.signal[e->signal].row, rf_bucket_from(e->bucket),
                              e->pairs_for, e->pairs_against, e->without};
    }
    return RF_OK;
}

/* Who holds a ring together, what values are, and everybody counted. */
static rf_status tell_all(rf_pipeline *p, rf_error *err)
{
    rf_status status = rf_rings_bridges(&p->population, &p->links, &p->findings, err);
    if (status == RF_OK) {
        status = rf_hubs_tell(&p->population, &p->hubs, &p->findings, err);
    }
    return status == RF_OK ? rf_rings_count(&p->population, NULL, &p->findings, err) : status;
}

static rf_status tell(void *context, rf_error *err)
{
    rf_pipeline *p = context;
    return p->before == NULL ? tell_all(p, err)
                             : rf_rings_bridges_renew(&p->population, &p->links, p->before,
                                                      p->touched, &p->findings, err);
}

rf_status rf_pipeline_marked(rf_pipeline *pipeline, rf_error *err)
{
    return rf_beside_end(&pipeline->telling, err);
}

rf_status rf_pipeline_check(rf_pipeline *pipeline, rf_error *err)
{
    rf_pipeline *p = pipeline;
    const rf_detect_settings *settings = p->settings;
    rf_status status = rf_rings_chance(&p->population, &p->calibration, &p->links,
                                       &settings->chance, &p->chance, &p->findings, err);
    lap(p, RF_SHUFFLING, "q");
    if (status == RF_OK) {
        rf_rings_doubt(&settings->doubt, settings->score.flagged_from, &p->findings,
                       &p->summary->doubted_rings);
        rf_beside_start(&p->telling, settings->threads > 1, tell, p);
    }
    lap(p, RF_SHUFFLING, "doubt");
    return status;
}

rf_status rf_pipeline_group(rf_pipeline *pipeline, double *chance_density, rf_error *err)
{
    rf_pipeline *p = pipeline;
    rf_level_settings levels = p->settings->levels;
    uint32_t parted = 0;
    rf_status status;
    levels.seed = p->settings->seed;
    levels.threads = p->settings->threads;
    rf_separate_links(&p->separations, &p->links);
    if (p->before == NULL) {
        status = rf_rings_assemble(&p->population, &p->links, &levels, &p->findings, chance_density,
                                   err);
    } else {
        rf_level_start const start = {p->before->ring, p->before->cell, p->touched};
        levels.iterations = 1;
        status = rf_rings_reassemble(&p->population, &p->links, &levels, &start, &p->findings,
                                     chance_density, err);
    }
    if (status == RF_OK) {
        status = rf_memory_note_communities(&p->findings, p->population.accounts, &p->memory, err);
    }
    lap(p, RF_GROUPING, "communities");
    if (status == RF_OK) {
        status = rf_pipeline_part(p, levels.min_size, &parted, err);
    }
    if (status == RF_OK && parted > 0) {
        status =
            rf_rings_measure(&p->population, &p->links, p->settings->threads, &p->findings, err);
    }
    lap(p, RF_GROUPING, "separating");
    return status;
}

/* Links and the communities among them. */
static rf_status link_and_group(rf_pipeline *p, double *chance_density, rf_error *err)
{
    rf_status status =
        rf_links_find(&p->population, &p->calibration, p->settings->threads, &p->links, err);
    lap(p, RF_COMPARING, "pairs");
    return status == RF_OK ? rf_pipeline_group(p, chance_density, err) : status;
}

/* Labelled pairs are told apart by the communities found without labels; when they move anything,
 * the accounts are linked and grouped once more. */
static rf_status learn_labels(rf_pipeline *p, double *chance_density, rf_error *err)
{
    uint32_t *ring = rf_alloc_raw(p->population.accounts, sizeof *ring);
    rf_status status = ring == NULL ? rf_fail_memory(err, "the labelled pairs") : RF_OK;
    if (status == RF_OK) {
        rf_rings_of_accounts(&p->findings, p->population.accounts, ring);
        status = rf_labels_teach(&p->population, &p->labels, ring, &p->calibration, &p->effect,
                                 &p->effects, err);
    }
    rf_free(ring);
    lap(p, RF_CALIBRATING, "labels");
    if (status == RF_OK && p->effects > 0) {
        int64_t const started_at = p->findings.started_at;
        rf_links_free(&p->links);
        rf_findings_free(&p->findings);
        p->findings.started_at = started_at;
        status = link_and_group(p, chance_density, err);
    }
    return status;
}

rf_status rf_pipeline_fix(rf_pipeline *pipeline, rf_error *err)
{
    rf_pipeline *p = pipeline;
    const rf_links *links = &p->links;
    rf_findings *f = &p->findings;
    f->accounts = p->population.accounts;
    f->links = (rf_result_links){links->count, links->a,        links->b,
                                 links->bits,  links->families, p->population.account_row};
    return list_worths(&p->population, &p->calibration, f, err);
}

/* Keeps what an update needs, as far as it is final before rings are judged. */
static rf_status keep_first(void *context, rf_store *store, rf_error *err)
{
    const rf_pipeline *p = context;
    rf_status const status = rf_population_keep(store, &p->population, err);
    return status == RF_OK ? rf_kept_links_put(store, &p->population, &p->links, err) : status;
}

/* Links, and what was learned to weigh them, are as they will be: writing begins. */
static rf_status begin_writing(rf_pipeline *p, rf_error *err)
{
    rf_status const status = rf_pipeline_fix(p, err);
    return status == RF_OK ? rf_results_begin(p->store, &p->findings, p->settings->threads > 1,
                                              p->settings->replayed == 0 ? keep_first : NULL, p,
                                              &p->writing, err)
                           : status;
}

static rf_status find_rings(rf_pipeline *p, const rf_detect_settings *settings, rf_error *err)
{
    rf_evidence_settings evidence = settings->evidence;
    double chance_density = 0;
    rf_status status;
    evidence.seed = settings->seed;
    status = rf_calibrate(&p->population, &evidence, settings->threads, &p->calibration, err);
    lap(p, RF_CALIBRATING, "sampling");
    if (status == RF_OK) {
        status = rf_hubs_type(&p->population, &p->calibration, settings->threads, &p->hubs, err);
    }
    if (status == RF_OK) {
        rf_hubs_lend(&p->hubs, &p->calibration);
    }
    lap(p, RF_CALIBRATING, "types");
    if (status == RF_OK) {
        status = link_and_group(p, &chance_density, err);
    }
    if (status == RF_OK && p->labels.of != NULL) {
        status = learn_labels(p, &chance_density, err);
    }
    if (status == RF_OK) {
        rf_level_settings levels = settings->levels;
        levels.seed = settings->seed;
        levels.threads = settings->threads;
        status = rf_chance_draw(&p->population, &p->calibration, &levels, &settings->chance,
                                settings->seed, settings->threads, &p->chance, err);
        lap(p, RF_SHUFFLING, "chance");
    }
    if (status == RF_OK) {
        status = begin_writing(p, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_judge(p, chance_density, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_list(p, err);
    }
    if (status == RF_OK) {
        status = list_labels(p, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_check(p, err);
    }
    return status;
}

/* One reading transaction, so that the facts are those that are noted for a replay. */
static rf_status read_facts(rf_store *store, rf_detect_settings *settings, rf_pipeline *p,
                            rf_error *err)
{
    rf_store *other = NULL;
    rf_status ended;
    /* A replay sees the past through temporary views, which belong to one connection. */
    bool const two = settings->threads > 1 && settings->replayed == 0;
    rf_status status = rf_snapshot_begin(store, two, &other, err);
    if (status != RF_OK) {
        return status;
    }
    status = rf_ledger_note_facts(store, err);
    if (status == RF_OK) {
        status =
            rf_population_read(store, other, rf_pipeline_override, settings, &p->population, err);
    }
    lap(p, RF_READING, "facts");
    if (status == RF_OK && !settings->no_labels) {
        status = rf_labels_read(store, &p->population, &p->labels, err);
    }
    if (status == RF_OK) {
        status = rf_separations_read(store, &p->population, &p->separations, err);
    }
    ended = rf_snapshot_end(store, other, status == RF_OK ? err : NULL);
    lap(p, RF_READING, "labels");
    return status == RF_OK ? ended : status;
}

/* In the transaction of the run: what the rings are to earlier runs. The ledger has the entries of
 * a run that is replayed already. */
static rf_status settle(void *context, rf_store *store, rf_error *err)
{
    rf_pipeline *p = context;
    int64_t const replayed = p->settings->replayed;
    rf_status status = rf_rings_settle(store, &p->population, replayed != 0 ? replayed : INT64_MAX,
                                       false, &p->findings, err);
    if (replayed != 0) {
        rf_ledger_entries_free(&p->findings.ledger);
    }
    return status;
}

/* What is told beside what is written first is there. */
static rf_status counted(void *context, rf_error *err)
{
    rf_pipeline *p = context;
    rf_status const status = rf_pipeline_marked(p, err);
    lap(p, RF_WRITING, "counting");
    return status;
}

/* And what else it needs. */
static rf_status keep_rest(rf_store *store, const rf_pipeline *p, int64_t run, rf_error *err)
{
    rf_run_memory memory = p->memory; /* borrowed */
    rf_status status =
        rf_store_number(store, "SELECT max(import) FROM temp.run_sees", &memory.import, err);
    memory.run = run;
    memory.number = run;
    if (status == RF_OK) {
        status = rf_calibration_keep(store, &p->population, &p->calibration, p->findings.type,
                                     p->findings.types, err);
    }
    return status == RF_OK ? rf_memory_keep(store, &p->population, &p->findings, &p->chance,
                                            &p->rivals, &memory, err)
                           : status;
}

static rf_status conclude(void *context, rf_store *store, int64_t run, bool *keep, rf_error *err)
{
    rf_pipeline *p = context;
    rf_status status = rf_pipeline_decide(p, store, run, run, err);
    if (status == RF_OK && p->settings->replayed == 0) {
        status = keep_rest(store, p, run, err);
        lap(p, RF_WRITING, "keeping");
    }
    if (status == RF_OK && p->settings->conclude != NULL) {
        status = p->settings->conclude(p->settings->conclude_context, store, run, keep, err);
    }
    rf_pipeline_end(p); /* all is written: the commit has the memory */
    rf_memory_hoard(false);
    return status;
}

void rf_pipeline_end(rf_pipeline *pipeline)
{
    rf_status const ignored = rf_pipeline_marked(pipeline, NULL);
    (void)ignored;
    rf_memory_free(&pipeline->memory);
    rf_chance_free(&pipeline->chance);
    rf_rivals_free(&pipeline->rivals);
    rf_findings_free(&pipeline->findings);
    rf_free(pipeline->effect);
    pipeline->effect = NULL;
    rf_separations_free(&pipeline->separations);
    rf_labels_free(&pipeline->labels);
    rf_links_free(&pipeline->links);
    rf_hubs_free(&pipeline->hubs);
    rf_calibration_free(&pipeline->calibration);
    rf_population_free(&pipeline->population);
}

rf_status rf_detect(rf_store *store, const rf_detect_settings *settings, rf_detect_summary *summary,
                    rf_error *err)
{
    rf_pipeline p = {.settings = settings, .summary = summary, .store = store};
    rf_results_hooks const hooks = {.context = &p,
                                    .settle = settle,
                                    .counted = counted,
                                    .conclude = conclude,
                                    .watch = &summary->watch,
                                    .stage = rf_detect_stage,
                                    .stages = RF_DETECT_STAGES};
    rf_detect_settings own = *settings; /* the override takes a plain pointer */
    rf_status status;
    *summary = (rf_detect_summary){0};
    rf_stopwatch_start(&summary->watch);
    rf_memory_hoard(true);
    p.findings.started_at = rf_time_now();
    status = read_facts(store, &own, &p, err);
    if (status == RF_OK && p.population.accounts == 0) {
        status = rf_fail(err, RF_EINPUT, "%s: there are no accounts yet; import some first",
                         rf_store_path(store));
    }
    if (status == RF_OK) {
        status = find_rings(&p, settings, err);
    }
    if (status == RF_OK) {
        rf_pipeline_summarise(&p);
        status = rf_results_finish(p.writing, &p.findings, &hooks, &summary->run, err);
        p.writing = NULL; /* ended, whatever became of it */
    }
    lap(&p, RF_WRITING, "commit");
    rf_results_abandon(p.writing);
    rf_pipeline_end(&p);
    rf_memory_hoard(false);
    return status;
}
