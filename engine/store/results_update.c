/* results_update.c - see results_update.h. */
#include "store/results_update.h"

#include "base/clock.h"
#include "store/results_counts.h"
#include "store/results_links.h"
#include "store/results_private.h"

#include <stdio.h>

/* Rows of one table being written. */
typedef struct rows {
    const rf_findings *findings;
    const rf_results_changes *changes;
    size_t next;
    const uint32_t *member;         /* by account: its place among the members plus one */
    rf_member_change member_change; /* of those that are told */
} rows;

/* Runs a statement whose parameters are the run and a number. */
static rf_status change(rf_store *store, const char *sql, int64_t run, int64_t what, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, run);
        if (rf_parameter_count(statement) > 1) {
            rf_bind_int(statement, 2, what);
        }
        status = rf_run(statement, err);
    }
    rf_statement_end(statement);
    return status;
}

/* ---- links ---- */

static rf_status write_links(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                             rf_error *err)
{
    return rf_results_renew_links(store, &f->links, f->accounts, c->run, c->links->a, c->links->b,
                                  err);
}

/* ---- values ---- */

static rf_status next_worth(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    rows *to = context;
    (void)err;
    while (to->next < to->findings->worths && to->changes->worth[to->next] == 0) {
        to->next++;
    }
    *found = to->next < to->findings->worths;
    if (*found) {
        const rf_result_worth *worth = &to->findings->worth[to->next++];
        cells[0].number = to->changes->run;
        cells[1].number = worth->value_row;
        cells[2].number = worth->examined;
        cells[3].number = worth->corroborated;
    }
    return RF_OK;
}

static rf_status write_values(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                              rf_error *err)
{
    rows to = {.findings = f, .changes = c};
    rf_statement *allowed = NULL;
    rf_status status =
        rf_feed_run(store, "INSERT OR REPLACE INTO value_worth SELECT c0, c1, c2, c3 FROM feed",
                    next_worth, &to, err);
    if (status == RF_OK) {
        status = change(store, "DELETE FROM hub WHERE run = ?", c->run, 0, err);
    }
    if (status == RF_OK) {
        status = rf_results_write_hubs(store, f, c->run, err);
    }
    if (status == RF_OK) {
        status =
            rf_prepare(store, "INSERT OR IGNORE INTO run_allowed VALUES (?, ?, ?)", &allowed, err);
    }
    for (uint32_t i = 0; i < f->alloweds && status == RF_OK; i++) {
        rf_bind_int(allowed, 1, c->run);
        rf_bind_int(allowed, 2, f->allowed[i].value_row);
        rf_bind_int(allowed, 3, f->allowed[i].entry);
        status = rf_run(allowed, err);
    }
    rf_statement_end(allowed);
    return status;
}

/* ---- rings ---- */

/* Ring numbers being told. */
typedef struct numbers {
    const uint32_t *number;
    uint32_t count, next;
} numbers;

static rf_status next_number_told(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    numbers *to = context;
    (void)err;
    *found = to->next < to->count;
    if (*found) {
        cells[0].number = to->number[to->next++];
    }
    return RF_OK;
}

static rf_status take_rings(rf_store *store, int64_t run, const uint32_t *number, uint32_t count,
                            rf_error *err)
{
    static const char *const table[] = {"score_part", "evidence", "ring"};
    rf_status status = RF_OK;
    for (size_t t = 0; t < sizeof table / sizeof table[0] && status == RF_OK && count > 0; t++) {
        numbers to = {number, count, 0};
        char sql[128];
        (void)snprintf(sql, sizeof sql,
                       "DELETE FROM %s WHERE run = %lld AND ring IN (SELECT c0 FROM feed)",
                       table[t], (long long)run);
        status = rf_feed_run(store, sql, next_number_told, &to, err);
    }
    return status;
}

static void bind_time(rf_statement *update, int parameter, int64_t time)
{
    if (time == RF_NO_TIME) {
        rf_bind_null(update, parameter);
    } else {
        rf_bind_int(update, parameter, time);
    }
}

/* What changes with its members, of a ring whose score stays. */
static rf_status grow_rings(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                            rf_error *err)
{
    rf_statement *update = NULL;
    rf_status status = rf_prepare(store,
                                  "UPDATE ring SET ring_key = ?3, size = ?4, first_created = ?5,"
                                  " last_created = ?6 WHERE run = ?1 AND ring = ?2",
                                  &update, err);
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        const rf_ring *ring = &f->ring[r];
        if (c->ring[r] != RF_RING_GREW) {
            continue;
        }
        rf_bind_int(update, 1, c->run);
        rf_bind_int(update, 2, rf_ring_number(f, r));
        rf_bind_text(update, 3, ring->key);
        rf_bind_int(update, 4, ring->size);
        bind_time(update, 5, ring->first_created);
        bind_time(update, 6, ring->last_created);
        status = rf_run(update, err);
    }
    rf_statement_end(update);
    return status;
}

static rf_status next_moved(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    rows *to = context;
    const rf_findings *f = to->findings;
    const uint8_t *change = to->changes->ring;
    (void)err;
    while (to->next < f->rings && change[to->next] != RF_RING_MOVED &&
           change[to->next] != RF_RING_GREW) {
        to->next++;
    }
    *found = to->next < f->rings;
    if (*found) {
        const rf_ring *ring = &f->ring[to->next];
        cells[0].number = to->changes->run;
        cells[1].number = rf_ring_number(f, (uint32_t)to->next++);
        cells[2].number = ring->network;
        cells[3].number = ring->cells;
        cells[4].number = (int64_t)ring->links;
        rf_feed_real(&cells[5], ring->link_bits);
        cells[6].number = ring->flagged;
        cells[7].number = (int64_t)ring->requests;
        rf_feed_real(&cells[8], ring->inner_bits);
        rf_feed_real(&cells[9], ring->q); /* what is no number is NULL */
    }
    return RF_OK;
}

/* The figures of rings whose scores stay. LIMIT: a feed is read once, whatever the plan is. */
static rf_status move_rings(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                            rf_error *err)
{
    rows to = {.findings = f, .changes = c};
    return rf_feed_run(store,
                       "UPDATE ring SET network = c2, cells = c3, links = c4, link_bits = c5,"
                       " flagged = c6, requests = c7, inner_bits = c8, q = c9"
                       " FROM (SELECT * FROM feed LIMIT -1) WHERE run = c0 AND ring = c1",
                       next_moved, &to, err);
}

static rf_status write_rings(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                             rf_error *err)
{
    uint32_t *number = rf_alloc_raw(f->rings, sizeof *number);
    uint32_t *judged = rf_alloc_raw(f->rings, sizeof *judged);
    uint32_t count = 0;
    rf_status status = number == NULL || judged == NULL
                           ? rf_fail_memory(err, "the rings")
                           : take_rings(store, c->run, c->gone, c->goings, err);
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        if (c->ring[r] == RF_RING_JUDGED) {
            judged[count] = r;
            number[count++] = rf_ring_number(f, r);
        }
    }
    if (status == RF_OK) {
        status = take_rings(store, c->run, number, count, err);
    }
    if (status == RF_OK) {
        status = rf_results_write_rings(store, f, c->run, judged, count, err);
    }
    rf_free(number);
    rf_free(judged);
    if (status == RF_OK) {
        status = grow_rings(store, f, c, err);
    }
    return status == RF_OK ? move_rings(store, f, c, err) : status;
}

/* By number of the account, which is nearly the order of the table. */
static rf_status next_member(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    rows *to = context;
    const rf_findings *f = to->findings;
    (void)err;
    while (to->next < f->accounts &&
           (to->member[to->next] == 0 ||
            to->changes->member[to->member[to->next] - 1] != to->member_change)) {
        to->next++;
    }
    *found = to->next < f->accounts;
    if (*found) {
        rf_member_row(f, &f->member[to->member[to->next++] - 1], to->changes->run, cells);
    }
    return RF_OK;
}

static rf_status take_leavers(rf_store *store, const rf_results_changes *c, rf_error *err)
{
    rf_statement *leave = NULL;
    rf_status status =
        rf_prepare(store, "DELETE FROM member WHERE run = ? AND account = ?", &leave, err);
    for (uint32_t i = 0; i < c->leavings && status == RF_OK; i++) {
        rf_bind_int(leave, 1, c->run);
        rf_bind_int(leave, 2, c->left[i]);
        status = rf_run(leave, err);
    }
    rf_statement_end(leave);
    return status;
}

/* Who stays in its ring keeps its place in the index by ring. */
static rf_status write_members(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                               rf_error *err)
{
    uint32_t *member = rf_alloc(f->accounts, sizeof *member);
    rows came = {.findings = f, .changes = c, .member = member, .member_change = RF_MEMBER_CAME};
    rows moved = came;
    rf_status status =
        member == NULL ? rf_fail_memory(err, "the members") : take_leavers(store, c, err);
    moved.member_change = RF_MEMBER_MOVED;
    for (uint32_t i = 0; i < f->members && status == RF_OK; i++) {
        member[f->member[i].account] = i + 1;
    }
    if (status == RF_OK) {
        status = rf_feed_run(store,
                             "INSERT OR REPLACE INTO member SELECT c0, c1, c2, c3, c4, c5, c6, c7,"
                             " c8 FROM feed",
                             next_member, &came, err);
    }
    if (status == RF_OK) {
        status = rf_feed_run(store,
                             "UPDATE member SET cell = c3, network = c4, role = c5, links = c6,"
                             " bits = c7, membership = c8 FROM (SELECT * FROM feed LIMIT -1)"
                             " WHERE run = c0 AND account = c1",
                             next_member, &moved, err);
    }
    rf_free(member);
    return status;
}

/* ---- the run ---- */

static rf_status next_number(rf_store *store, int64_t *number, rf_error *err)
{
    return rf_store_number(store,
                           "SELECT 1 + max(ifnull((SELECT max(id) FROM run), 0),"
                           " ifnull((SELECT max(run) FROM run_record), 0))",
                           number, err);
}

static rf_status write_run(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                           rf_error *err)
{
    rf_statement *update = NULL;
    uint32_t flagged = 0;
    rf_status status = rf_prepare(
        store,
        "UPDATE run SET accounts = ?2, sightings = ?3, links = ?4, rings = ?5, flagged = ?6,"
        " expected_by_chance = ?7, flagged_from = ?8, updated_at = ?9, updates = updates + 1"
        " WHERE id = ?1",
        &update, err);
    for (uint32_t r = 0; r < f->rings; r++) {
        flagged += f->ring[r].flagged;
    }
    if (status == RF_OK) {
        rf_bind_int(update, 1, c->run);
        rf_bind_int(update, 2, f->accounts);
        rf_bind_int(update, 3, (int64_t)f->sightings);
        rf_bind_int(update, 4, (int64_t)f->links.count);
        rf_bind_int(update, 5, f->rings);
        rf_bind_int(update, 6, flagged);
        if (f->shuffles == 0) {
            rf_bind_null(update, 7);
        } else {
            rf_bind_real(update, 7, f->expected);
        }
        rf_bind_real(update, 8, f->flagged_from);
        rf_bind_int(update, 9, rf_time_now());
        status = rf_run(update, err);
    }
    rf_statement_end(update);
    return status;
}

static rf_status write_update(rf_store *store, const rf_results_changes *c, int64_t number,
                              uint32_t rings, const rf_results_hooks *hooks, rf_error *err)
{
    rf_statement *insert = NULL;
    char *timings = rf_results_timings(hooks);
    rf_status status =
        timings == NULL
            ? rf_fail_memory(err, "the timings")
            : rf_prepare(store,
                         "INSERT INTO run_update VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, number);
        rf_bind_int(insert, 2, c->run);
        rf_bind_int(insert, 3, c->started_at);
        rf_bind_int(insert, 4, rf_time_now());
        rf_bind_int(insert, 5, c->imports);
        rf_bind_int(insert, 6, c->import);
        rf_bind_int(insert, 7, c->accounts);
        rf_bind_int(insert, 8, (int64_t)c->links->fresh);
        rf_bind_int(insert, 9, (int64_t)c->links->gone);
        rf_bind_int(insert, 10, (int64_t)c->links->changed);
        rf_bind_int(insert, 11, rings);
        rf_bind_text(insert, 12, timings);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    rf_free(timings);
    return status;
}

static rf_status write_all(rf_store *store, const rf_findings *f, const rf_results_changes *c,
                           const rf_results_hooks *hooks, int64_t *number, rf_error *err)
{
    const char *const stage = hooks->stage[hooks->stages - 1];
    bool keep = true;
    uint32_t judged = 0;
    rf_status status = hooks->settle(hooks->context, store, err);
    if (status == RF_OK) {
        status = next_number(store, number, err);
    }
    if (status == RF_OK) {
        status = write_run(store, f, c, err);
    }
    if (status == RF_OK) {
        status = write_values(store, f, c, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "worths");
        status = write_links(store, f, c, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "links");
        status = write_rings(store, f, c, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "rings");
        status = write_members(store, f, c, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "members");
        status = rf_results_renew_counts(store, f, c->run, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "counts");
        status = rf_ledger_write(store, *number, c->started_at, &f->ledger, err);
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "ledger");
        status = hooks->conclude(hooks->context, store, *number, &keep, err);
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        judged += c->ring[r] == RF_RING_JUDGED || c->ring[r] == RF_RING_GREW;
    }
    if (status == RF_OK) {
        rf_stopwatch_lap(hooks->watch, stage, "keeping");
        status = write_update(store, c, *number, judged + c->goings, hooks, err);
    }
    return status;
}

rf_status rf_results_update(rf_store *store, const rf_findings *findings,
                            const rf_results_changes *changes, const rf_results_hooks *hooks,
                            int64_t *number, rf_error *err)
{
    rf_status status =
        rf_store_exec(store, "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -196608", err);
    if (status == RF_OK) {
        status = rf_store_begin(store, err);
    }
    if (status == RF_OK) {
        status = write_all(store, findings, changes, hooks, number, err);
        if (status == RF_OK) {
            status = rf_store_commit(store, err);
        } else {
            rf_store_rollback(store);
        }
    }
    return rf_results_clean_up(store, status, err);
}
