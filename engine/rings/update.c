/* update.c - see update.h. */
#include "rings/update.h"

#include "base/clock.h"
#include "base/version.h"
#include "evidence/changes.h"
#include "rings/counts.h"
#include "rings/difference.h"
#include "rings/pipeline.h"
#include "rings/separate.h"
#include "rings/settings.h"
#include "store/decisions.h"
#include "store/snapshot.h"

#include <stdio.h>
#include <string.h>

typedef struct updating {
    rf_pipeline p;
    rf_update_summary *update;
    rf_run_memory before;
    rf_renewal renewal;
    rf_recalled recalled;
    rf_difference difference;
    rf_results_changes changes;
    uint64_t pairs; /* of the run: an update does not count them anew */
} updating;

static void obstruct(updating *u, const char *why)
{
    (void)snprintf(u->update->obstacle, sizeof u->update->obstacle, "%s", why);
}

static bool obstructed(const updating *u)
{
    return u->update->obstacle[0] != '\0';
}

/* ---- may the run be updated? ---- */

/* ?1 the run, ?2 its number in the ledger, ?3 the newest import it has, ?4 the settings. */
static const char CHECK_SQL[] =
    "SELECT r.version, (SELECT max(id) FROM run) = r.id,"
    " json_remove(r.config, '$.labels') = json_remove(json(?4), '$.labels'),"
    " EXISTS (SELECT entry FROM run_allow_entry WHERE run = ?2 EXCEPT SELECT entry FROM"
    "  temp.run_allows) OR EXISTS (SELECT entry FROM temp.run_allows EXCEPT SELECT entry FROM"
    "  run_allow_entry WHERE run = ?2),"
    " EXISTS (SELECT separation FROM run_separation WHERE run = ?2 EXCEPT SELECT separation FROM"
    "  temp.run_parts) OR EXISTS (SELECT separation FROM temp.run_parts EXCEPT SELECT separation"
    "  FROM run_separation WHERE run = ?2),"
    " EXISTS (SELECT account, label FROM run_knowledge WHERE run = ?2 EXCEPT SELECT account, label"
    "  FROM temp.run_knows) OR EXISTS (SELECT account, label FROM temp.run_knows EXCEPT SELECT"
    "  account, label FROM run_knowledge WHERE run = ?2),"
    " (SELECT count(*) FROM temp.run_sees WHERE import > ?3),"
    " (SELECT max(import) FROM temp.run_sees), r.pairs "
    "FROM run r WHERE r.id = ?1";

static void weigh_checks(updating *u, rf_statement *row, int64_t run)
{
    u->update->imports = (uint32_t)rf_column_int(row, 6);
    u->changes.imports = u->update->imports;
    u->changes.import = rf_column_int(row, 7);
    u->pairs = (uint64_t)rf_column_int(row, 8);
    if (strcmp(rf_column_text(row, 0), RF_VERSION) != 0) {
        obstruct(u, "another version of the program made the latest run");
    } else if (rf_column_int(row, 1) == 0) {
        obstruct(u, "what is kept is not of the latest run");
    } else if (rf_column_int(row, 2) == 0) {
        (void)snprintf(u->update->obstacle, sizeof u->update->obstacle,
                       "the settings are not those of run %lld", (long long)run);
    } else if (rf_column_int(row, 3) != 0) {
        obstruct(u, "the allow-list has changed");
    } else if (rf_column_int(row, 4) != 0) {
        obstruct(u, "other accounts are judged to be of different operators");
    } else {
        u->update->nothing = u->update->imports == 0 && rf_column_int(row, 5) == 0;
    }
}

/* The prior is that of the run, unless it was asked for. */
static rf_status check_run(updating *u, rf_store *store, rf_error *err)
{
    const rf_run_memory *b = &u->before;
    rf_statement *select = NULL;
    rf_arena texts = {0};
    rf_labels none = {0};
    double prior = u->p.settings->evidence.prior_bits;
    const char *config;
    bool row = false;
    rf_status status = RF_OK;
    if (isnan(prior)) {
        prior = u->p.calibration.settings.prior_bits;
    }
    config = rf_settings_json(u->p.settings, prior, &none, &texts);
    status = config == NULL ? rf_fail_memory(err, "the settings")
                            : rf_prepare(store, CHECK_SQL, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, b->run);
        rf_bind_int(select, 2, b->number);
        rf_bind_int(select, 3, b->import);
        rf_bind_text(select, 4, config);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        weigh_checks(u, select, b->run);
    } else if (status == RF_OK) {
        obstruct(u, "the run that could be updated is no more");
    }
    rf_statement_end(select);
    rf_arena_free(&texts);
    return status;
}

static rf_status read_prior(updating *u, rf_store *store, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, "SELECT prior_bits FROM run WHERE id = ?", &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, u->before.run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        u->p.calibration.settings.prior_bits = rf_column_real(select, 0);
    }
    rf_statement_end(select);
    return status;
}

/* ---- reading ---- */

/* Accounts of which something else is known by now have news. */
static rf_status mark_known(updating *u, rf_store *store, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(
        store,
        "SELECT account FROM (SELECT account, label FROM run_knowledge WHERE run = ?1 EXCEPT"
        " SELECT account, label FROM temp.run_knows) UNION SELECT account FROM (SELECT account,"
        " label FROM temp.run_knows EXCEPT SELECT account, label FROM run_knowledge WHERE run = "
        "?1)",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, u->before.number);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const a = rf_population_find(&u->p.population, rf_column_text(select, 0));
        if (a != UINT32_MAX) {
            u->renewal.fresh[a] |= RF_NEW_FACTS;
        }
    }
    rf_statement_end(select);
    return status;
}

/* The renewal tells of all accounts that are new since the full run. */
static void mark_new(updating *u)
{
    const rf_population *p = &u->p.population;
    for (uint32_t a = 0; a < p->accounts; a++) {
        bool const known = p->account_row[a] <= u->before.account_row;
        if (known) {
            u->renewal.fresh[a] &= (uint8_t)~RF_NEW_ACCOUNT;
        }
        u->update->accounts += !known;
    }
}

static rf_status read_kept(updating *u, rf_store *store, rf_store *other, rf_error *err)
{
    rf_pipeline *p = &u->p;
    rf_detect_settings own = *p->settings; /* the override takes a plain pointer */
    rf_evidence_settings evidence = own.evidence;
    bool good = false;
    rf_status status = rf_population_renew(store, other, rf_pipeline_override, &own,
                                           u->before.import, &p->population, &u->renewal, err);
    if (status == RF_OK && u->renewal.obstacle != NULL) {
        obstruct(u, u->renewal.obstacle);
        return RF_OK;
    }
    if (status == RF_OK) {
        mark_new(u);
    }
    rf_pipeline_lap(p, RF_READING, "facts");
    if (status == RF_OK && !own.no_labels) {
        status = rf_labels_read(store, &p->population, &p->labels, err);
    }
    if (status == RF_OK) {
        status = mark_known(u, store, err);
    }
    if (status == RF_OK) {
        status = rf_separations_read(store, &p->population, &p->separations, err);
    }
    rf_pipeline_lap(p, RF_READING, "labels");
    evidence.seed = own.seed;
    if (status == RF_OK) {
        status = rf_calibration_recall(store, &p->population, &evidence, own.threads,
                                       &p->calibration, &u->recalled, err);
    }
    rf_pipeline_lap(p, RF_CALIBRATING, "sampling");
    if (status == RF_OK) {
        status = rf_memory_recall(store, &p->population, &u->before, &good, err);
    }
    rf_pipeline_lap(p, RF_READING, "kept");
    if (status == RF_OK && (!good || !u->recalled.good)) {
        obstruct(u, "what an update needs was not kept");
    }
    return status;
}

static rf_status read_all(updating *u, rf_store *store, rf_error *err)
{
    rf_store *other = NULL;
    rf_status ended;
    /* What is kept is read once, in long rows: pages of it need not stay. */
    rf_status status = rf_store_exec(store, "PRAGMA cache_size = -4096", err);
    if (status == RF_OK) {
        status = rf_snapshot_begin(store, u->p.settings->threads > 1, &other, err);
    }
    if (status != RF_OK) {
        return status;
    }
    status = rf_ledger_note_facts(store, err);
    if (status == RF_OK) {
        status = rf_memory_peek(store, &u->before, err);
    }
    u->p.summary->run = u->before.run;
    u->changes.run = u->before.run;
    if (status == RF_OK && u->before.run == 0) {
        obstruct(u, "there is no run that could be updated");
    }
    if (status == RF_OK && !obstructed(u)) {
        status = read_prior(u, store, err);
    }
    if (status == RF_OK && !obstructed(u)) {
        status = check_run(u, store, err);
    }
    if (status == RF_OK && !obstructed(u) && !u->update->nothing) {
        status = read_kept(u, store, other, err);
    }
    ended = rf_snapshot_end(store, other, status == RF_OK ? err : NULL);
    if (status == RF_OK && ended == RF_OK) {
        ended = rf_store_exec(store, "PRAGMA cache_size = -65536", err);
    }
    return status == RF_OK ? ended : status;
}

/* ---- finding ---- */

static rf_status renew_links(updating *u, rf_error *err)
{
    rf_pipeline *p = &u->p;
    uint64_t const count = u->before.links.now.count;
    rf_link_marks const marks = {rf_alloc(p->population.accounts, 1),
                                 rf_alloc(p->population.groups, 1)};
    rf_links reviewed = u->before.links.now; /* with bits and families of its own */
    rf_status status = RF_OK;
    reviewed.bits = rf_alloc_raw(count, sizeof *reviewed.bits);
    reviewed.families = rf_alloc_raw(count, sizeof *reviewed.families);
    if (marks.account == NULL || marks.group == NULL || reviewed.bits == NULL ||
        reviewed.families == NULL) {
        status = rf_fail_memory(err, "the links");
    } else {
        memcpy(reviewed.bits, u->before.links.now.bits, count * sizeof *reviewed.bits);
        memcpy(reviewed.families, u->before.links.now.families, count * sizeof *reviewed.families);
        rf_links_changed(&p->population, &p->calibration, &u->renewal, &u->recalled, &marks);
        status = rf_links_renew(&p->population, &p->calibration, &marks, &reviewed,
                                p->settings->threads, &p->links, err);
    }
    rf_free(marks.account);
    rf_free(marks.group);
    rf_free(reviewed.bits);
    rf_free(reviewed.families);
    rf_pipeline_lap(p, RF_COMPARING, "pairs");
    return status;
}

/* What is read of accounts to judge rings alone makes room for what comes. */
static void drop_judged(rf_population *p)
{
    rf_drop(&p->capability_use);
    rf_drop(&p->capability_start);
    rf_drop(&p->hour_use);
    rf_drop(&p->hour_start);
}

/* Writing asks for rows, names and places of accounts alone: the rest makes room for pages. */
static void drop_counted(rf_population *p)
{
    rf_drop(&p->holder);
    rf_drop(&p->group_start);
    rf_drop(&p->account_group);
    rf_drop(&p->account_start);
    rf_drop(&p->identity);
    rf_drop(&p->mailbox);
    rf_drop(&p->requests);
    rf_drop(&p->observed);
}

static rf_status find(updating *u, rf_error *err)
{
    rf_pipeline *p = &u->p;
    double chance_density = 0;
    rf_status status = renew_links(u, err);
    p->before = &u->before;
    p->rivals = u->before.rivals;
    u->before.rivals = (rf_rivals){0};
    p->fresh = u->renewal.fresh;
    if (status == RF_OK) { /* what separations part is no link of before either */
        rf_separate_links(&p->separations, &p->links);
        status = rf_difference_links(&p->population, &u->before.links.now, &p->links,
                                     &u->difference, err);
        p->touched = u->difference.touched;
    }
    if (status == RF_OK) {
        status = rf_kept_links_compare(&u->before.links, &p->links, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_group(p, &chance_density, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_judge(p, chance_density, err);
    }
    drop_judged(&p->population);
    p->chance = u->before.chance;
    u->before.chance = (rf_chance){0};
    if (status == RF_OK) {
        status = rf_pipeline_check(p, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_fix(p, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_list(p, err);
    }
    p->findings.pairs = u->pairs;
    rf_pipeline_summarise(p);
    return status;
}

/* ---- writing ---- */

/* Counts anew what is shared where a holder came or is in another ring. */
static rf_status count(updating *u, rf_error *err)
{
    const rf_population *p = &u->p.population;
    const rf_findings *f = &u->p.findings;
    uint32_t *number = rf_alloc(p->accounts, sizeof *number);
    uint8_t *only = rf_alloc(p->values, sizeof *only);
    rf_status status =
        number == NULL || only == NULL ? rf_fail_memory(err, "what is counted") : RF_OK;
    for (uint32_t i = 0; i < f->members && status == RF_OK; i++) {
        number[f->member[i].account] = rf_ring_number(f, f->member[i].ring - 1);
    }
    for (uint32_t a = 0; a < p->accounts && status == RF_OK; a++) {
        uint32_t const kept = u->before.kept_ring[a];
        if (number[a] == (kept == 0 ? 0 : u->before.rings[kept - 1].number)) {
            continue;
        }
        for (uint64_t k = p->account_start[a]; k < p->account_start[a + 1]; k++) {
            only[p->group_value[p->account_group[k]]] = 1;
        }
    }
    for (uint32_t g = 0; g < p->groups && status == RF_OK; g++) {
        only[p->group_value[g]] |= u->renewal.grown[g] > 0;
    }
    if (status == RF_OK) {
        status = rf_rings_count(p, only, &u->p.findings, err);
    }
    rf_free(number);
    rf_free(only);
    return status;
}

static rf_status settle(void *context, rf_store *store, rf_error *err)
{
    updating *u = context;
    rf_status status = rf_pipeline_marked(&u->p, err);
    if (status == RF_OK) {
        status = rf_difference_rings(store, &u->p.population, &u->before, &u->p.findings,
                                     &u->difference, err);
    }
    rf_pipeline_lap(&u->p, RF_WRITING, "ledger");
    if (status == RF_OK) {
        status = count(u, err);
    }
    rf_pipeline_lap(&u->p, RF_WRITING, "counting");
    drop_counted(&u->p.population);
    u->changes.ring = u->difference.ring;
    u->changes.member = u->difference.member;
    u->changes.gone = u->difference.gone;
    u->changes.goings = u->difference.goings;
    u->changes.left = u->difference.left;
    u->changes.leavings = u->difference.leavings;
    return status;
}

static rf_status conclude(void *context, rf_store *store, int64_t number, bool *keep, rf_error *err)
{
    updating *u = context;
    rf_pipeline *p = &u->p;
    rf_status status = rf_pipeline_decide(p, store, u->before.run, number, err);
    (void)keep;
    p->memory.run = u->before.run;
    p->memory.number = number;
    p->memory.import = u->changes.import;
    if (status == RF_OK) {
        status = rf_recalled_keep(store, &p->population, &p->calibration, &u->recalled, err);
    }
    if (status == RF_OK) {
        status = rf_kept_links_renew(store, &p->population, &u->before.links, &p->links, err);
    }
    return status == RF_OK ? rf_memory_keep(store, &p->population, &p->findings, &p->chance,
                                            &p->rivals, &p->memory, err)
                           : status;
}

static rf_status write(updating *u, rf_store *store, rf_error *err)
{
    rf_results_hooks const hooks = {.context = u,
                                    .settle = settle,
                                    .conclude = conclude,
                                    .watch = &u->p.summary->watch,
                                    .stage = rf_detect_stage,
                                    .stages = RF_DETECT_STAGES};
    rf_update_summary *out = u->update;
    rf_status status;
    u->changes.started_at = u->p.findings.started_at;
    u->changes.accounts = out->accounts;
    u->changes.worth = u->recalled.renewed;
    u->changes.links = &u->difference.links;
    status = rf_results_update(store, &u->p.findings, &u->changes, &hooks, &out->number, err);
    rf_pipeline_lap(&u->p, RF_WRITING, "commit");
    out->links_new = u->difference.links.fresh;
    out->links_gone = u->difference.links.gone;
    out->links_changed = u->difference.links.changed;
    out->rings_gone = u->difference.goings;
    for (uint32_t r = 0; r < u->p.findings.rings && status == RF_OK; r++) {
        out->rings_changed +=
            u->difference.ring[r] == RF_RING_JUDGED || u->difference.ring[r] == RF_RING_GREW;
    }
    return status;
}

rf_status rf_detect_update(rf_store *store, const rf_detect_settings *settings,
                           rf_detect_summary *summary, rf_update_summary *update, rf_error *err)
{
    updating u = {.p = {.settings = settings, .summary = summary}, .update = update};
    rf_status status;
    *summary = (rf_detect_summary){0};
    *update = (rf_update_summary){0};
    rf_stopwatch_start(&summary->watch);
    rf_memory_hoard(true);
    u.p.findings.started_at = rf_time_now();
    status = read_all(&u, store, err);
    if (status == RF_OK && !obstructed(&u) && !update->nothing) {
        status = find(&u, err);
        if (status == RF_OK) {
            status = write(&u, store, err);
        }
    }
    rf_difference_free(&u.difference);
    rf_recalled_free(&u.recalled);
    rf_renewal_free(&u.renewal);
    rf_memory_free(&u.before);
    rf_pipeline_end(&u.p);
    rf_memory_hoard(false);
    return status;
}
