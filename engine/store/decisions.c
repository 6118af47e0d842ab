/* decisions.c - see decisions.h. */
#include "store/decisions.h"

#include "base/clock.h"
#include "base/words.h"

#include <stdlib.h>
#include <string.h>

const char *const rf_decided_names[RF_DECIDED_COUNT] = {
    [RF_CONFIRMED] = "confirmed", [RF_CLEARED] = "cleared", [RF_WATCHED] = "watched"};

/* ?1 run, ?2 ring or 0, ?3 the newest decision that is known. */
static const char STANDINGS_SQL[] =
    "SELECT r.ring, d.id, d.verdict, d.at, d.by_whom, d.reason, r.size, d.size, r.score, d.score,"
    " r.flagged, (SELECT count(*) FROM member m JOIN account a ON a.id = m.account"
    "  WHERE m.run = r.run AND m.ring = r.ring AND NOT EXISTS (SELECT 1 FROM decision_member x"
    "   WHERE x.decision = d.id AND x.account = a.external_id)) "
    "FROM ring r JOIN decision d ON d.id = (SELECT max(id) FROM decision WHERE"
    " ring_key = r.ring_key AND id <= ?3) "
    "WHERE r.run = ?1 AND (?2 = 0 OR r.ring = ?2) ORDER BY r.ring";

static rf_decided decided_named(const char *name)
{
    rf_decided verdict = RF_CONFIRMED;
    while (verdict < RF_WATCHED && strcmp(name, rf_decided_names[verdict]) != 0) {
        verdict++;
    }
    return verdict;
}

static rf_status take_standing(rf_statement *row, rf_standings *out, rf_error *err)
{
    rf_standing *s;
    if (!rf_reserve(&out->one, &out->room, out->count + 1, sizeof *out->one)) {
        return rf_fail_memory(err, "the decisions");
    }
    s = &out->one[out->count++];
    *s = (rf_standing){
        .ring = rf_column_int(row, 0),
        .decision = rf_column_int(row, 1),
        .verdict = decided_named(rf_column_text(row, 2)),
        .at = rf_column_int(row, 3),
        .by = rf_arena_text(&out->texts, rf_column_text(row, 4), rf_column_bytes(row, 4)),
        .reason = rf_arena_text(&out->texts, rf_column_text(row, 5), rf_column_bytes(row, 5)),
        .size = rf_column_int(row, 6),
        .size_then = rf_column_int(row, 7),
        .score = rf_column_real(row, 8),
        .score_then = rf_column_real(row, 9),
        .flagged = rf_column_int(row, 10) != 0,
        .fresh = rf_column_int(row, 11)};
    s->changed = 5 * s->fresh > s->size || s->score >= s->score_then + RF_CHANGED_BITS;
    s->quiet = s->verdict == RF_CLEARED && !s->changed;
    return s->by == NULL || s->reason == NULL ? rf_fail_memory(err, "the decisions") : RF_OK;
}

static rf_status read_standings(rf_store *store, int64_t run, int64_t ring, int64_t known,
                                rf_standings *out, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, STANDINGS_SQL, &select, err);
    *out = (rf_standings){0};
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, ring);
        rf_bind_int(select, 3, known);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        status = take_standing(select, out, err);
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_standings_read(rf_store *store, int64_t run, int64_t ring, rf_standings *out,
                            rf_error *err)
{
    return read_standings(store, run, ring, INT64_MAX, out, err);
}

void rf_standings_free(rf_standings *standings)
{
    rf_free(standings->one);
    rf_arena_free(&standings->texts);
    *standings = (rf_standings){0};
}

static int by_ring(const void *left, const void *right)
{
    int64_t const a = ((const rf_standing *)left)->ring;
    int64_t const b = ((const rf_standing *)right)->ring;
    return (a > b) - (a < b);
}

const rf_standing *rf_standing_of(const rf_standings *standings, int64_t ring)
{
    rf_standing const key = {.ring = ring};
    return standings->count == 0
               ? NULL
               : bsearch(&key, standings->one, standings->count, sizeof *standings->one, by_ring);
}

void rf_standing_say(const rf_standing *s, rf_text *text)
{
    char day[RF_TIME_TEXT];
    rf_text_printf(text, "%s on %s by ", rf_decided_names[s->verdict],
                   rf_day_format(rf_day_of(s->at), day));
    rf_text_add(text, s->by);
    rf_text_add(text, ": ");
    rf_text_add(text, s->reason);
    if (!s->changed) {
        return;
    }
    rf_text_add(text, s->verdict == RF_CLEARED && s->flagged ? "; flagged again since "
                                                             : "; changed since then: ");
    if (5 * s->fresh > s->size) {
        rf_words_number(text, s->fresh);
        rf_text_add(text, " of ");
        rf_words_count(text, s->size, "member is", "members are");
        rf_text_add(text, " new");
    } else {
        rf_text_add(text, "its score rose by ");
        rf_words_bits(text, s->score - s->score_then);
    }
}

/* ---- deciding ---- */

static rf_status insert_decision(rf_store *store, int64_t run, int64_t ring, rf_decided verdict,
                                 const char *reason, const char *by, int64_t at, int64_t *decision,
                                 rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO decision (ring_key, verdict, reason, by_whom, at, run, ring, size,"
                   " score) SELECT ring_key, ?3, ?4, ?5, ?6, run, ring, size, score FROM ring"
                   " WHERE run = ?1 AND ring = ?2",
                   &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, ring);
        rf_bind_text(insert, 3, rf_decided_names[verdict]);
        rf_bind_text(insert, 4, reason);
        rf_bind_text(insert, 5, by);
        rf_bind_int(insert, 6, at);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    *decision = rf_store_last_id(store);
    return status;
}

static rf_status insert_members(rf_store *store, int64_t run, int64_t ring, int64_t decision,
                                rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO decision_member (decision, account) SELECT ?3, a.external_id FROM"
                   " member m JOIN account a ON a.id = m.account WHERE m.run = ?1 AND m.ring = ?2",
                   &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, ring);
        rf_bind_int(insert, 3, decision);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

rf_status rf_decision_add(rf_store *store, int64_t run, int64_t ring, rf_decided verdict,
                          const char *reason, const char *by, int64_t at, int64_t *decision,
                          rf_error *err)
{
    rf_status status = rf_store_exec(store, "PRAGMA synchronous = FULL", err);
    if (status == RF_OK) {
        status = rf_store_begin(store, err);
    }
    if (status == RF_OK) {
        status = insert_decision(store, run, ring, verdict, reason, by, at, decision, err);
    }
    if (status == RF_OK) {
        status = insert_members(store, run, ring, *decision, err);
    }
    if (status == RF_OK) {
        return rf_store_commit(store, err);
    }
    rf_store_rollback(store);
    return status;
}

/* ---- detection ---- */

/* The newest decision a run knows: all there are, or those that the replayed run knew. */
static rf_status newest_known(rf_store *store, int64_t replayed, int64_t *known, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(store,
                                  "SELECT iif(?1 = 0, (SELECT max(id) FROM decision),"
                                  " (SELECT decisions FROM run_record WHERE run = ?1))",
                                  &select, err);
    *known = 0;
    if (status == RF_OK) {
        rf_bind_int(select, 1, replayed);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        *known = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

static rf_status change(rf_store *store, const char *sql, int64_t run, int64_t what, rf_error *err)
{
    rf_statement *update = NULL;
    rf_status status = rf_prepare(store, sql, &update, err);
    if (status == RF_OK) {
        rf_bind_int(update, 1, run);
        rf_bind_int(update, 2, what);
        status = rf_run(update, err);
    }
    rf_statement_end(update);
    return status;
}

static rf_status take_flag(rf_store *store, int64_t run, int64_t number, int64_t ring,
                           rf_error *err)
{
    rf_status status =
        change(store, "UPDATE ring SET flagged = 0 WHERE run = ?1 AND ring = ?2", run, ring, err);
    if (status == RF_OK) {
        status = change(store, "UPDATE ring_event SET flagged = 0 WHERE run = ?1 AND ring = ?2",
                        number, ring, err);
    }
    return status;
}

rf_status rf_decisions_apply(rf_store *store, int64_t run, int64_t number, int64_t replayed,
                             rf_quieted *out, rf_error *err)
{
    rf_standings standings = {0};
    int64_t known = 0;
    rf_status status = newest_known(store, replayed, &known, err);
    *out = (rf_quieted){0};
    if (status == RF_OK) {
        status = change(store, "UPDATE run_record SET decisions = ?2 WHERE run = ?1", number, known,
                        err);
    }
    if (status == RF_OK && known > 0) {
        status = read_standings(store, run, 0, known, &standings, err);
    }
    if (status == RF_OK && (out->ring = rf_alloc(standings.count, sizeof *out->ring)) == NULL) {
        status = rf_fail_memory(err, "the decisions");
    }
    for (size_t i = 0; i < standings.count && status == RF_OK; i++) {
        const rf_standing *s = &standings.one[i];
        if (s->quiet && s->flagged) {
            status = take_flag(store, run, number, s->ring, err);
            out->ring[out->rings++] = s->ring;
            out->accounts += (uint32_t)s->size;
        }
    }
    if (status == RF_OK && out->rings > 0) {
        status = change(store, "UPDATE run SET flagged = flagged - ?2 WHERE id = ?1", run,
                        out->rings, err);
    }
    rf_standings_free(&standings);
    return status;
}
