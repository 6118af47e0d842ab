/* results.c - see results.h. */
#include "store/results.h"

#include "base/beside.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/radix.h"
#include "base/version.h"
#include "store/results_counts.h"
#include "store/results_links.h"
#include "store/results_private.h"
#include "store/results_types.h"

#include <math.h>
#include <string.h>

void rf_findings_free(rf_findings *findings)
{
    rf_free(findings->ring);
    rf_free(findings->member);
    rf_free(findings->evidence);
    rf_free(findings->signal);
    rf_free(findings->bucket);
    rf_free(findings->label);
    rf_free(findings->worth);
    rf_free(findings->hub);
    rf_free(findings->type);
    rf_free(findings->place);
    rf_free(findings->place_ring);
    rf_free(findings->signup);
    rf_free(findings->timing);
    rf_free(findings->shared);
    rf_free(findings->shared_in);
    rf_free(findings->together);
    rf_free(findings->figures);
    rf_free(findings->common);
    rf_free(findings->mailbox);
    rf_free(findings->mailbox_account);
    rf_free(findings->regrown);
    rf_ledger_entries_free(&findings->ledger);
    rf_arena_free(&findings->ledger_texts);
    rf_arena_free(&findings->texts);
    *findings = (rf_findings){0};
}

static void bind_figure(rf_statement *insert, int parameter, double figure)
{
    if (isnan(figure)) {
        rf_bind_null(insert, parameter);
    } else {
        rf_bind_real(insert, parameter, figure);
    }
}

static rf_status write_run(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    uint32_t flagged = 0;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO run (id, started_at, finished_at, version, seed, config, accounts,"
                   " sightings, pairs, links, rings, flagged, prior_bits, timings, shuffles,"
                   " expected_by_chance, flagged_from)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   &insert, err);
    if (status != RF_OK) {
        return status;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        flagged += f->ring[r].flagged;
    }
    rf_bind_int(insert, 1, run);
    rf_bind_int(insert, 2, f->started_at);
    rf_bind_int(insert, 3, rf_time_now());
    rf_bind_text(insert, 4, RF_VERSION);
    rf_bind_int(insert, 5, (int64_t)f->seed);
    rf_bind_text(insert, 6, f->config);
    rf_bind_int(insert, 7, f->accounts);
    rf_bind_int(insert, 8, (int64_t)f->sightings);
    rf_bind_int(insert, 9, (int64_t)f->pairs);
    rf_bind_int(insert, 10, (int64_t)f->links.count);
    rf_bind_int(insert, 11, f->rings);
    rf_bind_int(insert, 12, flagged);
    rf_bind_real(insert, 13, f->prior_bits);
    rf_bind_text(insert, 14, "{}"); /* note_timings knows more */
    rf_bind_int(insert, 15, f->shuffles);
    bind_figure(insert, 16, f->shuffles == 0 ? (double)NAN : f->expected);
    rf_bind_real(insert, 17, f->flagged_from);
    status = rf_run(insert, err);
    rf_statement_end(insert);
    return status;
}

static rf_status write_calibration(rf_store *store, const rf_findings *f, int64_t run,
                                   rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(
        store, "INSERT INTO calibration VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &insert, err);
    for (uint32_t i = 0; i < f->buckets && status == RF_OK; i++) {
        const rf_result_bucket *b = &f->bucket[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, b->signal_row);
        rf_bind_int(insert, 3, b->holders_from);
        rf_bind_int(insert, 4, b->holders_to);
        rf_bind_int(insert, 5, (int64_t)b->groups);
        rf_bind_int(insert, 6, (int64_t)b->examined);
        rf_bind_real(insert, 7, b->corroborated);
        rf_bind_real(insert, 8, b->by_chance);
        rf_bind_real(insert, 9, b->reliability);
        rf_bind_real(insert, 10, b->bits);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_labels(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store, "INSERT INTO run_label VALUES (?, ?, ?, ?, ?, ?)", &insert, err);
    for (uint32_t i = 0; i < f->labels && status == RF_OK; i++) {
        const rf_result_label *l = &f->label[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, l->signal_row);
        rf_bind_int(insert, 3, l->holders_from);
        rf_bind_real(insert, 4, l->pairs_for);
        rf_bind_real(insert, 5, l->pairs_against);
        rf_bind_real(insert, 6, l->without);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_weighing(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store, "INSERT INTO run_weighing VALUES (?, ?, ?, ?, ?)", &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, run);
        rf_bind_real(insert, 2, f->weighing.threshold_bits);
        rf_bind_int(insert, 3, f->weighing.pair_cap);
        rf_bind_int(insert, 4, f->weighing.common);
        rf_bind_int(insert, 5, f->weighing.one_family);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_signals(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store, "INSERT INTO run_signal VALUES (?, ?, ?, ?, ?, ?, ?)", &insert, err);
    for (uint32_t i = 0; i < f->signals && status == RF_OK; i++) {
        const rf_result_signal *s = &f->signal[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, s->signal_row);
        rf_bind_text(insert, 3, s->family);
        rf_bind_text(insert, 4, s->link ? "link" : "context");
        rf_bind_int(insert, 5, s->windowed);
        bind_figure(insert, 6, s->by_chance);
        bind_figure(insert, 7, s->sensitivity);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

/* Rows of one table being written. */
typedef struct result_rows {
    const rf_findings *findings;
    int64_t run;
    const uint64_t *member; /* in key order: row of the account, place in findings->member below */
    uint32_t next;
} result_rows;

rf_status rf_results_write_hubs(rf_store *store, const rf_findings *findings, int64_t run,
                                rf_error *err)
{
    const rf_findings *f = findings;
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store, "INSERT INTO hub VALUES (?, ?, ?, ?, ?, ?, ?)", &insert, err);
    for (uint32_t i = 0; i < f->hubs && status == RF_OK; i++) {
        const rf_result_hub *h = &f->hub[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, h->value_row);
        rf_bind_int(insert, 3, h->holders);
        rf_bind_int(insert, 4, h->days);
        rf_bind_real(insert, 5, h->reliability);
        rf_bind_real(insert, 6, h->bits);
        rf_bind_text(insert, 7, h->treatment);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

/* Rings, their parts or their evidence on their way to be rows. */
typedef struct ring_rows {
    const rf_findings *f;
    const uint32_t *some; /* indexes of rings; NULL: all */
    uint32_t count;       /* of rings */
    int64_t run;
    uint32_t next, item; /* a ring, and what is next of it */
} ring_rows;

static uint32_t ring_at(const ring_rows *to, uint32_t at)
{
    return to->some == NULL ? at : to->some[at];
}

static void feed_figure(rf_feed_cell *cell, double figure)
{
    rf_feed_real(cell, figure);
    cell->kind = isnan(figure) ? RF_NULL : RF_REAL;
}

static void feed_known(rf_feed_cell *cell, int64_t value, int64_t unknown)
{
    rf_feed_int(cell, value);
    cell->kind = value == unknown ? RF_NULL : RF_INT;
}

static rf_status next_ring(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    ring_rows *to = context;
    (void)err;
    *found = to->next < to->count;
    if (*found) {
        uint32_t const r = ring_at(to, to->next++);
        const rf_ring *ring = &to->f->ring[r];
        cells[0].number = to->run;
        cells[1].number = rf_ring_number(to->f, r);
        rf_feed_text(&cells[2], ring->key, strlen(ring->key));
        cells[3].number = ring->network;
        cells[4].number = ring->size;
        cells[5].number = ring->cells;
        cells[6].number = (int64_t)ring->links;
        rf_feed_real(&cells[7], ring->link_bits);
        rf_feed_real(&cells[8], ring->score);
        cells[9].number = ring->flagged;
        rf_feed_text(&cells[10], ring->looks_like, strlen(ring->looks_like));
        feed_known(&cells[11], ring->first_created, RF_NO_TIME);
        feed_known(&cells[12], ring->last_created, RF_NO_TIME);
        cells[13].number = (int64_t)ring->requests;
        rf_feed_real(&cells[14], ring->inner_bits);
        feed_figure(&cells[15], ring->q);
    }
    return RF_OK;
}

/* run, ring, part, bits, observed, expected, note */
static rf_status next_part(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    ring_rows *to = context;
    (void)err;
    while (to->next < to->count && to->item == to->f->ring[ring_at(to, to->next)].parts) {
        to->next++;
        to->item = 0;
    }
    *found = to->next < to->count;
    if (*found) {
        uint32_t const r = ring_at(to, to->next);
        const rf_score_part *part = &to->f->ring[r].part[to->item++];
        const char *note = part->note == NULL ? "" : part->note;
        cells[0].number = to->run;
        cells[1].number = rf_ring_number(to->f, r);
        rf_feed_text(&cells[2], part->name, strlen(part->name));
        rf_feed_real(&cells[3], part->bits);
        feed_figure(&cells[4], part->observed);
        feed_figure(&cells[5], part->expected);
        rf_feed_text(&cells[6], note, strlen(note));
    }
    return RF_OK;
}

/* run, ring, rank, value, members, holders, bits, first_day, last_day */
static rf_status next_evidence(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    ring_rows *to = context;
    (void)err;
    while (to->next < to->count && to->item == to->f->ring[ring_at(to, to->next)].evidences) {
        to->next++;
        to->item = 0;
    }
    *found = to->next < to->count;
    if (*found) {
        uint32_t const r = ring_at(to, to->next);
        const rf_ring_evidence *e = &to->f->evidence[to->f->ring[r].first_evidence + to->item++];
        cells[0].number = to->run;
        cells[1].number = rf_ring_number(to->f, r);
        cells[2].number = to->item;
        cells[3].number = e->value_row;
        cells[4].number = e->members;
        cells[5].number = e->holders;
        rf_feed_real(&cells[6], e->bits);
        feed_known(&cells[7], e->first_day, RF_NO_DAY);
        feed_known(&cells[8], e->last_day, RF_NO_DAY);
    }
    return RF_OK;
}

rf_status rf_results_write_rings(rf_store *store, const rf_findings *findings, int64_t run,
                                 const uint32_t *some, uint32_t count, rf_error *err)
{
    ring_rows const all = {.f = findings, .some = some, .count = count, .run = run};
    ring_rows to = all;
    rf_status status = rf_feed_run(
        store,
        "INSERT INTO ring (run, ring, ring_key, network, size, cells, links, link_bits, score,"
        " flagged, looks_like, first_created, last_created, requests, inner_bits, q)"
        " SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15 FROM feed",
        next_ring, &to, err);
    to = all;
    if (status == RF_OK) {
        status =
            rf_feed_run(store, "INSERT INTO score_part SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed",
                        next_part, &to, err);
    }
    to = all;
    if (status == RF_OK) {
        status = rf_feed_run(
            store, "INSERT INTO evidence SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8 FROM feed",
            next_evidence, &to, err);
    }
    return status;
}

static rf_status write_rings(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    return rf_results_write_rings(store, f, run, NULL, f->rings, err);
}

/* run, account, ring, cell, network, role, links, bits, membership */
void rf_member_row(const rf_findings *findings, const rf_member *member, int64_t run,
                   rf_feed_cell *cells)
{
    const rf_member *m = member;
    const char *role = m->fringe ? "fringe" : m->bridge ? "bridge" : "core";
    cells[0].number = run;
    cells[1].number = m->account_row;
    cells[2].number = rf_ring_number(findings, m->ring - 1);
    cells[3].number = m->cell;
    cells[4].number = findings->ring[m->ring - 1].network;
    rf_feed_text(&cells[5], role, strlen(role));
    cells[6].number = m->links;
    rf_feed_real(&cells[7], m->bits);
    rf_feed_real(&cells[8], (double)m->membership);
}

static rf_status next_member(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    result_rows *to = context;
    (void)err;
    *found = to->next < to->findings->members;
    if (*found) {
        uint32_t const place = (uint32_t)to->member[to->next++];
        rf_member_row(to->findings, &to->findings->member[place], to->run, cells);
    }
    return RF_OK;
}

/* In key order, whatever the order of accounts is: much faster for a large table. */
static rf_status write_members(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    uint64_t *member = rf_alloc_raw(f->members, sizeof *member);
    result_rows to = {.findings = f, .run = run, .member = member};
    rf_status status = RF_OK;
    for (uint32_t i = 0; i < f->members && member != NULL; i++) {
        member[i] = (uint64_t)f->member[i].account_row << 32 | i; /* rows are kept in 32 bits */
    }
    if (member == NULL || !rf_sort_numbers(member, f->members)) {
        status = rf_fail_memory(err, "the members");
    } else {
        status = rf_feed_run(
            store, "INSERT INTO member SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8 FROM feed",
            next_member, &to, err);
    }
    rf_free(member);
    return status;
}

static rf_status write_allowed(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(store, "INSERT INTO run_allowed VALUES (?, ?, ?)", &insert, err);
    for (uint32_t i = 0; i < f->alloweds && status == RF_OK; i++) {
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, f->allowed[i].value_row);
        rf_bind_int(insert, 3, f->allowed[i].entry);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_ledger(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    return rf_ledger_write(store, run, f->started_at, &f->ledger, err);
}

char *rf_results_timings(const rf_results_hooks *hooks)
{
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    char *copy = NULL;
    rf_json_object(&json);
    rf_stopwatch_json(hooks->watch, hooks->stage, hooks->stages, &json);
    rf_json_object_end(&json);
    if (!rf_text_failed(&text)) {
        copy = rf_copy_text(rf_text_get(&text));
    }
    rf_text_free(&text);
    return copy;
}

/* What has been timed so far: all but the commit. */
static rf_status note_timings(rf_store *store, const rf_results_hooks *hooks, int64_t run,
                              rf_error *err)
{
    char *text = rf_results_timings(hooks);
    rf_statement *update = NULL;
    rf_status status =
        text == NULL ? rf_fail_memory(err, "the timings")
                     : rf_prepare(store, "UPDATE run SET timings = ? WHERE id = ?", &update, err);
    if (status == RF_OK) {
        rf_bind_text(update, 1, text);
        rf_bind_int(update, 2, run);
        status = rf_run(update, err);
    }
    rf_statement_end(update);
    rf_free(text);
    return status;
}

/* ---- the first part: what is final when the accounts are linked ---- */

struct rf_results_writing {
    rf_store *store;
    int64_t run;
    const rf_result_worth *worth;
    uint32_t worths, next_worth;
    rf_result_links links;
    uint32_t accounts;
    rf_results_also also;
    void *context; /* of also */
    bool beside;
    rf_beside work;
};

static rf_status next_worth(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    rf_results_writing *w = context;
    (void)err;
    *found = w->next_worth < w->worths;
    if (*found) {
        const rf_result_worth *worth = &w->worth[w->next_worth++];
        cells[0].number = w->run;
        cells[1].number = worth->value_row;
        cells[2].number = worth->examined;
        cells[3].number = worth->corroborated;
    }
    return RF_OK;
}

static rf_status write_first(void *context, rf_error *err)
{
    rf_results_writing *w = context;
    rf_status status = rf_feed_run(
        w->store, "INSERT INTO value_worth SELECT c0, c1, c2, c3 FROM feed", next_worth, w, err);
    if (status == RF_OK) {
        status = rf_results_write_links(w->store, &w->links, w->accounts, w->run, err);
    }
    if (status == RF_OK && w->also != NULL) {
        status = w->also(w->context, w->store, err);
    }
    return status == RF_OK && w->beside ? rf_store_flush(w->store, err) : status;
}

/* The rows' keys come from the store itself, and their words from tables of the program, so looking
 * each one up again is left out (half of what a member costs); the tests run foreign_key_check and
 * quick_check over what is written. */
rf_status rf_results_begin(rf_store *store, const rf_findings *findings, bool beside,
                           rf_results_also also, void *context, rf_results_writing **out,
                           rf_error *err)
{
    rf_results_writing *w = rf_alloc(1, sizeof *w);
    rf_status status =
        w == NULL
            ? rf_fail_memory(err, "the results")
            : rf_store_exec(store,
                            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON", err);
    *out = w;
    if (status == RF_OK) {
        w->store = store;
        status = rf_store_begin(store, err);
    }
    if (status == RF_OK) {
        status = rf_store_number(store,
                                 "SELECT 1 + max(ifnull((SELECT max(id) FROM run), 0),"
                                 " ifnull((SELECT max(run) FROM run_record), 0))",
                                 &w->run, err);
    }
    if (status != RF_OK) {
        rf_results_abandon(w);
        *out = NULL;
        return status;
    }
    w->worth = findings->worth;
    w->worths = findings->worths;
    w->links = findings->links;
    w->accounts = findings->accounts;
    w->also = also;
    w->context = context;
    w->beside = beside;
    rf_beside_start(&w->work, beside, write_first, w);
    return RF_OK;
}

static rf_status usual_settings(rf_store *store, rf_error *err)
{
    return rf_store_exec(store, "PRAGMA foreign_keys = ON; PRAGMA ignore_check_constraints = OFF",
                         err);
}

void rf_results_abandon(rf_results_writing *writing)
{
    if (writing != NULL) {
        rf_status ignored = rf_beside_end(&writing->work, NULL);
        rf_store_rollback(writing->store);
        if (writing->store != NULL) {
            ignored = usual_settings(writing->store, NULL);
        }
        (void)ignored;
        rf_free(writing);
    }
}

/* ---- all else ---- */

typedef struct writing_step {
    rf_status (*write)(rf_store *, const rf_findings *, int64_t, rf_error *);
    const char *part; /* of the writing, for the stopwatch */
    bool counted;     /* it, and what follows, waits for what is told beside */
} writing_step;

static rf_status write_rest(rf_results_writing *w, const rf_findings *findings,
                            const rf_results_hooks *hooks, rf_error *err)
{
    static writing_step const steps[] = {
        {write_run, "rings", false},       {write_calibration, "rings", false},
        {write_labels, "rings", false},    {write_weighing, "rings", false},
        {write_signals, "rings", false},   {rf_results_write_hubs, "worths", false},
        {write_allowed, "worths", false},  {write_rings, "rings", false},
        {write_ledger, "ledger", false},   {rf_results_write_types, "worths", true},
        {write_members, "members", false}, {rf_results_write_counts, "counts", false}};
    const char *const stage = hooks->watch == NULL ? "" : hooks->stage[hooks->stages - 1];
    size_t const count = sizeof steps / sizeof steps[0];
    rf_store *const store = w->store;
    bool keep = true;
    rf_progress progress;
    rf_status status;
    rf_progress_start(&progress, "writing results", count + 2);
    status = rf_beside_end(&w->work, err);
    rf_progress_show(&progress, 1);
    rf_stopwatch_lap(hooks->watch, stage, "links");
    if (status == RF_OK && hooks->settle != NULL) {
        status = hooks->settle(hooks->context, store, err);
        rf_stopwatch_lap(hooks->watch, stage, "ledger");
    }
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        if (steps[i].counted && hooks->counted != NULL) {
            status = hooks->counted(hooks->context, err);
        }
        if (status == RF_OK) {
            status = steps[i].write(store, findings, w->run, err);
        }
        rf_stopwatch_lap(hooks->watch, stage, steps[i].part);
        rf_progress_show(&progress, i + 2);
    }
    rf_progress_end(&progress);
    if (status == RF_OK && hooks->conclude != NULL) {
        status = hooks->conclude(hooks->context, store, w->run, &keep, err);
    }
    if (status == RF_OK && hooks->watch != NULL) {
        rf_stopwatch_lap(hooks->watch, stage, "conclusion");
        status = note_timings(store, hooks, w->run, err);
    }
    if (status == RF_OK && keep) {
        return rf_store_commit(store, err);
    }
    rf_store_rollback(store);
    return status;
}

/* ANALYZE, bounded, lets the planner use the indexes. */
rf_status rf_results_clean_up(rf_store *store, rf_status status, rf_error *err)
{
    rf_status ended = usual_settings(store, status == RF_OK ? err : NULL);
    if (status == RF_OK && ended == RF_OK) {
        ended = rf_store_exec(store, "PRAGMA analysis_limit = 400; PRAGMA optimize", err);
    }
    return status == RF_OK ? ended : status;
}

rf_status rf_results_finish(rf_results_writing *writing, const rf_findings *findings,
                            const rf_results_hooks *hooks, int64_t *run, rf_error *err)
{
    rf_store *const store = writing->store;
    rf_status const status = write_rest(writing, findings, hooks, err);
    *run = writing->run;
    rf_free(writing);
    return rf_results_clean_up(store, status, err);
}
