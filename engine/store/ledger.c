/* ledger.c - see ledger.h. */
#include "store/ledger.h"

#include "store/feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const rf_ring_event_names[RF_RING_EVENTS] = {
    [RF_RING_BIRTH] = "birth",         [RF_RING_GROWTH] = "growth",
    [RF_RING_SHRINKAGE] = "shrinkage", [RF_RING_TURNOVER] = "turnover",
    [RF_RING_UNCHANGED] = "unchanged", [RF_RING_RETURN] = "return",
    [RF_RING_DORMANCY] = "dormancy",   [RF_RING_MERGE] = "merge",
    [RF_RING_MERGED] = "merged",       [RF_RING_SPLIT] = "split",
    [RF_RING_SPLIT_OFF] = "split_off", [RF_RING_REGROWTH] = "regrowth",
};

void rf_ledger_entries_free(rf_ledger_entries *entries)
{
    rf_free(entries->birth);
    rf_free(entries->event);
    rf_free(entries->joined);
    rf_free(entries->gone);
    *entries = (rf_ledger_entries){0};
}

void rf_ledger_free(rf_ledger *ledger)
{
    rf_free(ledger->life);
    rf_free(ledger->key);
    rf_free(ledger->found);
    rf_free(ledger->start);
    rf_free(ledger->member);
    rf_arena_free(&ledger->texts);
    *ledger = (rf_ledger){0};
}

/* ---- reading ---- */

static rf_status read_previous(rf_store *store, int64_t before, rf_ledger *ledger, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(store,
                                  "SELECT (SELECT max(run) FROM run_record WHERE run < ?1),"
                                  " (SELECT max(id) FROM ring_life)",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, before);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        ledger->previous = rf_column_int(select, 0);
        ledger->newest = rf_column_int(select, 1);
    }
    rf_statement_end(select);
    return status;
}

typedef struct rooms {
    size_t life, key, found, start, member;
} rooms;

static bool add_life(rf_ledger *l, rooms *room, rf_statement *row)
{
    size_t const need = (size_t)l->lives + 1;
    if (!rf_reserve(&l->life, &room->life, need, sizeof *l->life) ||
        !rf_reserve(&l->key, &room->key, need, sizeof *l->key) ||
        !rf_reserve(&l->found, &room->found, need, sizeof *l->found) ||
        !rf_reserve(&l->start, &room->start, need + 1, sizeof *l->start)) {
        return false;
    }
    l->life[l->lives] = rf_column_int(row, 0);
    l->key[l->lives] = rf_arena_text(&l->texts, rf_column_text(row, 1), rf_column_bytes(row, 1));
    l->found[l->lives] = rf_column_int(row, 2) != 0;
    return l->key[l->lives++] != NULL;
}

/* Found by the run before is what was found last in it or in the updates it had: an update tells of
 * what it has changed alone. */
#define LIVES                                                                                      \
    "SELECT id, ring_key, EXISTS (SELECT 1 FROM ring_event e WHERE e.life = l.id AND"              \
    " e.ring IS NOT NULL AND e.run = (SELECT max(x.run) FROM ring_event x WHERE x.life = l.id"     \
    " AND x.run BETWEEN ifnull((SELECT run FROM run_update WHERE number = ?2), ?2) AND ?2))"       \
    " FROM ring_life l WHERE born_run < ?1"

static rf_status read_lives(rf_store *store, int64_t before, bool some, rf_ledger *l, rooms *room,
                            rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store,
                   some ? LIVES " AND id IN (SELECT life FROM temp.update_life) ORDER BY ring_key"
                        : LIVES " ORDER BY ring_key",
                   &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, before);
        rf_bind_int(select, 2, l->previous);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        if (!add_life(l, room, select)) {
            status = rf_fail_memory(err, "the rings of earlier runs");
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_members(rf_store *store, int64_t before, rf_ledger *l, rooms *room,
                              rf_error *err)
{
    rf_statement *select = NULL;
    uint32_t members = 0;
    rf_status status =
        rf_prepare(store,
                   "SELECT account FROM ring_member WHERE life = ?2 AND since_run < ?1 AND"
                   " (until_run IS NULL OR until_run >= ?1) ORDER BY account",
                   &select, err);
    for (uint32_t i = 0; i < l->lives && status == RF_OK; i++) {
        bool row = true;
        l->start[i] = members;
        rf_bind_int(select, 1, before);
        rf_bind_int(select, 2, l->life[i]);
        while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
            if (!rf_reserve(&l->member, &room->member, (size_t)members + 1, sizeof *l->member) ||
                (l->member[members++] = rf_arena_text(&l->texts, rf_column_text(select, 0),
                                                      rf_column_bytes(select, 0))) == NULL) {
                status = rf_fail_memory(err, "the members of earlier rings");
            }
        }
    }
    rf_statement_end(select);
    if (status == RF_OK && l->lives > 0) {
        l->start[l->lives] = members;
    }
    return status;
}

rf_status rf_ledger_read(rf_store *store, int64_t before, bool some, rf_ledger *ledger,
                         rf_error *err)
{
    rooms room = {0};
    rf_status status;
    *ledger = (rf_ledger){0};
    status = read_previous(store, before, ledger, err);
    if (status == RF_OK) {
        status = read_lives(store, before, some, ledger, &room, err);
    }
    if (status == RF_OK) {
        status = read_members(store, before, ledger, &room, err);
    }
    return status;
}

/* ---- writing ---- */

static void bind_known(rf_statement *insert, int parameter, int64_t value)
{
    if (value < 0) {
        rf_bind_null(insert, parameter);
    } else {
        rf_bind_int(insert, parameter, value);
    }
}

static void bind_figure(rf_statement *insert, int parameter, double value)
{
    if (isnan(value)) {
        rf_bind_null(insert, parameter);
    } else {
        rf_bind_real(insert, parameter, value);
    }
}

static rf_status write_births(rf_store *store, int64_t run, const rf_ledger_entries *entries,
                              rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(
        store, "INSERT INTO ring_life (id, ring_key, born_run) VALUES (?, ?, ?)", &insert, err);
    for (size_t i = 0; i < entries->births && status == RF_OK; i++) {
        rf_bind_int(insert, 1, entries->birth[i].life);
        rf_bind_text(insert, 2, entries->birth[i].key);
        rf_bind_int(insert, 3, run);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_events(rf_store *store, int64_t run, const rf_ledger_entries *entries,
                              rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO ring_event (run, life, event, other, ring, size, joined, gone,"
                   " shared, overlap, score, flagged) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   &insert, err);
    for (size_t i = 0; i < entries->events && status == RF_OK; i++) {
        const rf_ledger_event *e = &entries->event[i];
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, e->life);
        rf_bind_text(insert, 3, rf_ring_event_names[e->event]);
        rf_bind_int(insert, 4, e->other);
        bind_known(insert, 5, e->ring == 0 ? -1 : (int64_t)e->ring);
        bind_known(insert, 6, e->size);
        bind_known(insert, 7, e->joined);
        bind_known(insert, 8, e->gone);
        bind_known(insert, 9, e->shared);
        bind_figure(insert, 10, e->overlap);
        bind_figure(insert, 11, e->score);
        bind_known(insert, 12, e->flagged);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_moves(rf_store *store, const char *sql, int64_t run,
                             const rf_ledger_move *move, size_t moves, rf_error *err)
{
    rf_statement *change = NULL;
    rf_status status = rf_prepare(store, sql, &change, err);
    for (size_t i = 0; i < moves && status == RF_OK; i++) {
        rf_bind_int(change, 1, move[i].life);
        rf_bind_text(change, 2, move[i].account);
        rf_bind_int(change, 3, run);
        status = rf_run(change, err);
    }
    rf_statement_end(change);
    return status;
}

typedef struct joined_rows {
    const rf_ledger_entries *entries;
    int64_t run;
    size_t next;
} joined_rows;

/* life, account, since_run */
static rf_status next_joined(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    joined_rows *to = context;
    (void)err;
    *found = to->next < to->entries->joins;
    if (*found) {
        const rf_ledger_move *move = &to->entries->joined[to->next++];
        cells[0].number = move->life;
        rf_feed_text(&cells[1], move->account, strlen(move->account));
        cells[2].number = to->run;
    }
    return RF_OK;
}

/* What was noted while the facts were read: ?1 is the run. */
static rf_status write_noted(rf_store *store, const char *sql, int64_t run, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(store, sql, &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, run);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

static rf_status write_record(rf_store *store, int64_t run, int64_t started_at, int64_t previous,
                              rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status = rf_prepare(
        store, "INSERT INTO run_record (run, started_at, previous) VALUES (?, ?, nullif(?, 0))",
        &insert, err);
    if (status == RF_OK) {
        rf_bind_int(insert, 1, run);
        rf_bind_int(insert, 2, started_at);
        rf_bind_int(insert, 3, previous);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    if (status == RF_OK) {
        status = write_noted(
            store, "INSERT INTO run_import (run, import) SELECT ?1, import FROM temp.run_sees", run,
            err);
    }
    if (status == RF_OK) {
        status = write_noted(store,
                             "INSERT INTO run_knowledge (run, account, label)"
                             " SELECT ?1, account, label FROM temp.run_knows",
                             run, err);
    }
    if (status == RF_OK) {
        status = write_noted(store,
                             "INSERT INTO run_separation (run, separation)"
                             " SELECT ?1, separation FROM temp.run_parts",
                             run, err);
    }
    if (status == RF_OK) {
        status = write_noted(store,
                             "INSERT INTO run_allow_entry (run, entry)"
                             " SELECT ?1, entry FROM temp.run_allows",
                             run, err);
    }
    return status;
}

rf_status rf_ledger_write(rf_store *store, int64_t run, int64_t started_at,
                          const rf_ledger_entries *entries, rf_error *err)
{
    rf_status status = write_record(store, run, started_at, entries->previous, err);
    if (status == RF_OK) {
        status = write_births(store, run, entries, err);
    }
    if (status == RF_OK) {
        status = write_moves(store,
                             "UPDATE ring_member SET until_run = ?3 WHERE life = ?1 AND"
                             " account = ?2 AND until_run IS NULL",
                             run, entries->gone, entries->goings, err);
    }
    if (status == RF_OK) {
        joined_rows to = {.entries = entries, .run = run};
        status = rf_feed_run(store,
                             "INSERT INTO ring_member (life, account, since_run)"
                             " SELECT c0, c1, c2 FROM feed",
                             next_joined, &to, err);
    }
    return status == RF_OK ? write_events(store, run, entries, err) : status;
}

rf_status rf_ledger_note_facts(rf_store *store, rf_error *err)
{
    return rf_store_exec(store,
                         "CREATE TEMP TABLE IF NOT EXISTS run_sees (import INTEGER PRIMARY KEY);"
                         "DELETE FROM temp.run_sees;"
                         "INSERT INTO temp.run_sees SELECT id FROM import WHERE undone_at IS NULL;"
                         "CREATE TEMP TABLE IF NOT EXISTS run_knows (account TEXT PRIMARY KEY,"
                         " label TEXT) WITHOUT ROWID;"
                         "DELETE FROM temp.run_knows;"
                         "INSERT INTO temp.run_knows SELECT a.external_id, l.label"
                         " FROM account_label l JOIN account a ON a.id = l.account"
                         " WHERE l.account IN (SELECT account FROM label UNION"
                         " SELECT account FROM verification_request);"
                         "CREATE TEMP TABLE IF NOT EXISTS run_parts (separation INTEGER PRIMARY"
                         " KEY);"
                         "DELETE FROM temp.run_parts;"
                         "INSERT INTO temp.run_parts SELECT id FROM separation"
                         " WHERE undone_at IS NULL;"
                         "CREATE TEMP TABLE IF NOT EXISTS run_allows (entry INTEGER PRIMARY KEY);"
                         "DELETE FROM temp.run_allows;"
                         "INSERT INTO temp.run_allows SELECT id FROM allow_active",
                         err);
}

/* ---- looking up ---- */

static bool is_number(const char *text)
{
    size_t const length = strlen(text);
    return length > 0 && length <= 18 && strspn(text, "0123456789") == length;
}

/* The keys a statement with two parameters gives: *found of them, the first in `key`. */
static rf_status find_keys(rf_store *store, const char *sql, int64_t run, const char *id,
                           char key[RF_KEY_TEXT], int *found, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, sql, &select, err);
    *found = 0;
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_text(select, 2, id);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        size_t const length = rf_column_bytes(select, 0);
        if ((*found)++ == 0 && length < RF_KEY_TEXT) {
            memcpy(key, rf_column_text(select, 0), length + 1);
        }
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_ledger_find(rf_store *store, int64_t run, const char *id, char key[RF_KEY_TEXT],
                         rf_error *err)
{
    int found = 0;
    rf_status status = RF_OK;
    key[0] = '\0';
    if (is_number(id)) {
        status = find_keys(
            store, "SELECT ring_key FROM ring WHERE run = ?1 AND ring = CAST(?2 AS INTEGER)", run,
            id, key, &found, err);
    }
    if (status == RF_OK && found == 0 && id[0] != '\0') {
        status = find_keys(store,
                           "SELECT ring_key FROM (SELECT ring_key FROM ring_life UNION"
                           " SELECT ring_key FROM ring WHERE run = ?1)"
                           " WHERE ring_key >= ?2 AND ring_key < ?2 || char(1114111)"
                           " ORDER BY ring_key LIMIT 2",
                           run, id, key, &found, err);
    }
    if (status != RF_OK || found == 1) {
        return status;
    }
    if (found > 1) {
        return rf_fail(err, RF_EINPUT,
                       "several rings have a key that begins with '%.64s'; give more of it", id);
    }
    return rf_fail(err, RF_EINPUT,
                   "run %lld has no ring '%.64s', and no ring of any run has such a key; "
                   "`ringfence rings` lists them",
                   (long long)run, id);
}
