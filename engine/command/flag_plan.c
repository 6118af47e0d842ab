/* flag_plan.c - see flag_plan.h. */
#include "command/flag_plan.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/decisions.h"

#include <stdlib.h>
#include <string.h>

const char *const rf_verdict_names[RF_VERDICTS] = {
    [RF_ASK] = "ask",
    [RF_ALREADY_OPEN] = "already_open",
    [RF_COOLDOWN] = "cooldown",
    [RF_DECLINED] = "declined",
    [RF_BANNED] = "banned_or_closed",
    [RF_KNOWN_LEGIT] = "known_legit",
    [RF_EXCLUDED] = "excluded",
    [RF_FRINGE_LEFT] = "fringe",
    [RF_OVER_BUDGET] = "over_budget",
    [RF_OVER_HONEST] = "over_honest_budget",
    [RF_RING_CLEARED] = "ring_cleared",
    [RF_RING_WATCHED] = "ring_watched",
};

static const char RINGS_SQL[] =
    "SELECT r.ring, r.ring_key, r.looks_like, r.score, r.size,"
    "    coalesce((SELECT group_concat(p.part || ' ' || printf('%+.1f', p.bits), ', ') FROM"
    "        (SELECT part, bits FROM score_part WHERE run = r.run AND ring = r.ring"
    "         ORDER BY abs(bits) DESC, part) p), '') "
    "FROM ring r WHERE r.run = ?1 AND r.flagged = 1 AND r.score >= ?2 AND r.size >= ?3 "
    "ORDER BY r.score DESC, r.ring";

/* Columns 7..11: open requests, last end, declined ones, the last attempt here, legit by label. */
static const char MEMBERS_SQL[] =
    "SELECT m.account, a.external_id, coalesce(a.country, ''), coalesce(a.timezone, ''),"
    "    coalesce(a.plan, ''), coalesce(a.status, ''), m.role,"
    "    (SELECT count(*) FROM verification_request q WHERE q.account = m.account AND q.status IN"
    "        ('created', 'pending', 'processing', 'needs_review', 'retry_requested')),"
    "    (SELECT max(q.updated_at) FROM verification_request q WHERE q.account = m.account AND"
    "        q.status IN ('approved', 'expired', 'canceled', 'error')),"
    "    (SELECT count(*) FROM verification_request q WHERE q.account = m.account AND"
    "        q.status = 'declined'),"
    "    (SELECT coalesce(max(q.attempt), 0) FROM verification_request q WHERE"
    "        q.account = m.account AND q.campaign = ?3),"
    "    coalesce((SELECT b.label = 'legit' FROM label b WHERE b.account = m.account"
    "        ORDER BY b.at DESC, b.label = 'fraud' DESC LIMIT 1), 0) "
    "FROM member m JOIN account a ON a.id = m.account WHERE m.run = ?1 AND m.ring = ?2 "
    "ORDER BY m.role = 'fringe', m.bits DESC, a.external_id";

static const char *keep(rf_flag_plan *plan, rf_statement *row, int column)
{
    return rf_arena_text(&plan->texts, rf_column_text(row, column), rf_column_bytes(row, column));
}

static rf_verdict judge(const rf_policy *policy, rf_statement *row, int64_t now)
{
    const char *status = rf_column_text(row, 5);
    if (rf_column_int(row, 7) > 0) {
        return RF_ALREADY_OPEN;
    }
    if (strcmp(status, "banned") == 0 || strcmp(status, "closed") == 0) {
        return RF_BANNED;
    }
    if (rf_column_int(row, 9) > 0) {
        return RF_DECLINED;
    }
    if (rf_column_kind(row, 8) != RF_NULL &&
        now - rf_column_int(row, 8) < policy->cooldown_days * RF_SECONDS_PER_DAY) {
        return RF_COOLDOWN;
    }
    if (rf_column_int(row, 11) != 0) {
        return RF_KNOWN_LEGIT;
    }
    if (rf_policy_lists(policy->exclude_plans, rf_column_text(row, 4)) ||
        rf_policy_lists(policy->exclude_countries, rf_column_text(row, 2))) {
        return RF_EXCLUDED;
    }
    if (!policy->include_fringe && strcmp(rf_column_text(row, 6), "fringe") == 0) {
        return RF_FRINGE_LEFT;
    }
    return RF_ASK;
}

static rf_status take_member(rf_flag_plan *plan, const rf_policy *policy, rf_statement *row,
                             int64_t now, rf_error *err)
{
    rf_flag_account taken = {
        .account = rf_column_int(row, 0),
        .external_id = keep(plan, row, 1),
        .country = keep(plan, row, 2),
        .timezone = keep(plan, row, 3),
        .ring = (uint32_t)(plan->rings - 1),
        .attempt = rf_column_int(row, 10) + 1,
        .verdict = judge(policy, row, now),
        .honest = rf_exposure_rate(&plan->exposure, plan->ring[plan->rings - 1].score,
                                   strcmp(rf_column_text(row, 6), "fringe") == 0)};
    if (taken.external_id == NULL || taken.country == NULL || taken.timezone == NULL ||
        !rf_reserve(&plan->account, &plan->account_room, plan->accounts + 1,
                    sizeof *plan->account)) {
        return rf_fail_memory(err, "the plan");
    }
    plan->account[plan->accounts++] = taken;
    return RF_OK;
}

/* The same for the budget of honest accounts: what does not fit is left out, and every later ring,
 * which has a lower score, with it. */
static void keep_honest(rf_flag_plan *plan, const rf_policy *policy, size_t first)
{
    double whole = plan->honest;
    for (size_t i = first; i < plan->accounts; i++) {
        whole += plan->account[i].verdict == RF_ASK ? plan->account[i].honest : 0;
    }
    plan->honest_reached =
        plan->honest_reached || (policy->whole_rings && whole > policy->max_honest);
    for (size_t i = first; i < plan->accounts; i++) {
        rf_flag_account *account = &plan->account[i];
        if (account->verdict != RF_ASK) {
            continue;
        }
        plan->honest_reached =
            plan->honest_reached || plan->honest + account->honest > policy->max_honest;
        if (plan->honest_reached) {
            account->verdict = RF_OVER_HONEST;
        } else {
            plan->honest += account->honest;
            plan->ring[plan->rings - 1].honest += account->honest;
        }
    }
}

/* Takes back what a decision on the ring just read forbids, from its member `first` on. */
static void keep_decision(rf_flag_plan *plan, const rf_standing *standing, size_t first)
{
    rf_verdict const verdict = standing->quiet ? RF_RING_CLEARED : RF_RING_WATCHED;
    for (size_t i = first; i < plan->accounts; i++) {
        if (plan->account[i].verdict == RF_ASK &&
            (standing->quiet || standing->verdict == RF_WATCHED)) {
            plan->account[i].verdict = verdict;
        }
    }
}

/* Takes back what the budget does not allow in the ring just read, from its member `first` on. */
static void keep_budget(rf_flag_plan *plan, const rf_policy *policy, size_t first)
{
    rf_flag_ring *ring = &plan->ring[plan->rings - 1];
    int64_t const left = policy->max_accounts - plan->counts[RF_ASK];
    int64_t asked = 0;
    for (size_t i = first; i < plan->accounts; i++) {
        asked += plan->account[i].verdict == RF_ASK;
    }
    ring->passed_over = asked > left && (policy->whole_rings || left == 0);
    asked = 0;
    for (size_t i = first; i < plan->accounts; i++) {
        rf_flag_account *account = &plan->account[i];
        if (account->verdict == RF_ASK && (ring->passed_over || asked == left)) {
            account->verdict = RF_OVER_BUDGET;
        }
        asked += account->verdict == RF_ASK;
    }
    keep_honest(plan, policy, first);
    for (size_t i = first; i < plan->accounts; i++) {
        ring->counts[plan->account[i].verdict]++;
    }
    for (size_t i = 0; i < RF_VERDICTS; i++) {
        plan->counts[i] += ring->counts[i];
    }
}

static rf_status take_ring(rf_flag_plan *plan, const rf_policy *policy, rf_statement *row,
                           rf_statement *members, const rf_standings *standings, int64_t now,
                           rf_error *err)
{
    size_t const first = plan->accounts;
    const rf_standing *standing = rf_standing_of(standings, rf_column_int(row, 0));
    bool found = true;
    rf_status status = RF_OK;
    rf_flag_ring ring = {.ring = rf_column_int(row, 0),
                         .key = keep(plan, row, 1),
                         .looks_like = keep(plan, row, 2),
                         .score = rf_column_real(row, 3),
                         .size = rf_column_int(row, 4),
                         .parts = keep(plan, row, 5)};
    if (ring.key == NULL || ring.looks_like == NULL || ring.parts == NULL ||
        !rf_reserve(&plan->ring, &plan->ring_room, plan->rings + 1, sizeof *plan->ring)) {
        return rf_fail_memory(err, "the plan");
    }
    plan->ring[plan->rings++] = ring;
    rf_bind_int(members, 1, plan->run);
    rf_bind_int(members, 2, ring.ring);
    rf_bind_text(members, 3, ring.key);
    while (status == RF_OK && (status = rf_step(members, &found, err)) == RF_OK && found) {
        status = take_member(plan, policy, members, now, err);
    }
    if (status == RF_OK && standing != NULL) {
        keep_decision(plan, standing, first);
    }
    if (status == RF_OK) {
        keep_budget(plan, policy, first);
    }
    return status;
}

rf_status rf_flag_plan_make(rf_store *store, int64_t run, const rf_policy *policy, int64_t now,
                            rf_flag_plan *plan, rf_error *err)
{
    rf_statement *rings = NULL;
    rf_statement *members = NULL;
    rf_standings standings = {0};
    bool row = true;
    rf_status status = rf_standings_read(store, run, 0, &standings, err);
    *plan = (rf_flag_plan){.run = run};
    if (status == RF_OK) {
        status = rf_prepare(store, RINGS_SQL, &rings, err);
    }
    if (status == RF_OK) {
        status = rf_exposure_learn(store, &plan->exposure, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(store, MEMBERS_SQL, &members, err);
    }
    if (status == RF_OK) {
        rf_bind_int(rings, 1, run);
        rf_bind_real(rings, 2, policy->min_score);
        rf_bind_int(rings, 3, policy->min_size);
    }
    while (status == RF_OK && (status = rf_step(rings, &row, err)) == RF_OK && row) {
        status = take_ring(plan, policy, rings, members, &standings, now, err);
    }
    rf_standings_free(&standings);
    rf_statement_end(members);
    rf_statement_end(rings);
    return status;
}

void rf_flag_plan_free(rf_flag_plan *plan)
{
    rf_arena_free(&plan->texts);
    rf_free(plan->ring);
    rf_free(plan->account);
    *plan = (rf_flag_plan){0};
}

/* ---- shares ---- */

static int by_name(const void *left, const void *right)
{
    return strcmp(((const rf_flag_share *)left)->name, ((const rf_flag_share *)right)->name);
}

static int by_asked(const void *left, const void *right)
{
    const rf_flag_share *a = left;
    const rf_flag_share *b = right;
    int order = (a->asked < b->asked) - (a->asked > b->asked);
    return order != 0 ? order : by_name(left, right);
}

/* One entry for each place somebody asked is in, by name. */
static size_t tally(const rf_flag_plan *plan, bool country, rf_flag_share *share)
{
    size_t listed = 0;
    size_t count = 0;
    for (size_t i = 0; i < plan->accounts; i++) {
        const rf_flag_account *account = &plan->account[i];
        if (account->verdict == RF_ASK) {
            share[listed++] = (rf_flag_share){country ? account->country : account->timezone, 1, 0};
        }
    }
    qsort(share, listed, sizeof *share, by_name);
    for (size_t i = 0; i < listed; i++) {
        if (count > 0 && strcmp(share[count - 1].name, share[i].name) == 0) {
            share[count - 1].asked++;
        } else {
            share[count++] = share[i];
        }
    }
    return count;
}

rf_status rf_flag_shares(rf_store *store, const rf_flag_plan *plan, const char *column,
                         rf_flag_share **out, size_t *count, int64_t *population, rf_error *err)
{
    bool const country = strcmp(column, "country") == 0;
    rf_statement *places = NULL;
    rf_flag_share *share = rf_alloc_raw((size_t)plan->counts[RF_ASK], sizeof *share);
    bool row = true;
    rf_status status;
    *out = NULL;
    *count = 0;
    *population = 0;
    if (share == NULL) {
        return rf_fail_memory(err, "the shares of countries");
    }
    *count = tally(plan, country, share);
    status = rf_prepare(store,
                        country ? "SELECT coalesce(country, ''), count(*) FROM account GROUP BY 1"
                                : "SELECT coalesce(timezone, ''), count(*) FROM account GROUP BY 1",
                        &places, err);
    while (status == RF_OK && (status = rf_step(places, &row, err)) == RF_OK && row) {
        rf_flag_share const key = {.name = rf_column_text(places, 0)};
        rf_flag_share *found = bsearch(&key, share, *count, sizeof *share, by_name);
        *population += rf_column_int(places, 1);
        if (found != NULL) {
            found->population = rf_column_int(places, 1);
        }
    }
    rf_statement_end(places);
    if (status != RF_OK) {
        rf_free(share);
        return status;
    }
    qsort(share, *count, sizeof *share, by_asked);
    *out = share;
    return RF_OK;
}
