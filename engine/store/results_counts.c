/* results_counts.c - see results_counts.h. Workload: 10^5 values, thrice as many rows of rings, in
 * key order. */
#include "store/results_counts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/feed.h"

#include <stdlib.h>
#include <string.h>

typedef struct count_rows {
    const rf_findings *f;
    int64_t run;
    uint32_t next;
    char text[RF_DAY_QUARTERS * 11 + 2]; /* of the row at hand */
    rf_text packed;                      /* the same, of any length */
} count_rows;

/* run, kind, name, accounts, in_rings */
static rf_status next_place(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->places;
    if (*found) {
        const rf_result_place *place = &to->f->place[to->next++];
        cells[0].number = to->run;
        rf_feed_text(&cells[1], place->kind, strlen(place->kind));
        rf_feed_text(&cells[2], place->name, strlen(place->name));
        cells[3].number = place->accounts;
        cells[4].number = place->in_rings;
    }
    return RF_OK;
}

/* run, kind, name, ring, accounts */
static rf_status next_place_ring(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->place_rings;
    if (*found) {
        const rf_result_place_ring *place = &to->f->place_ring[to->next++];
        cells[0].number = to->run;
        rf_feed_text(&cells[1], place->kind, strlen(place->kind));
        rf_feed_text(&cells[2], place->name, strlen(place->name));
        cells[3].number = rf_ring_number(to->f, place->ring - 1);
        cells[4].number = place->accounts;
    }
    return RF_OK;
}

/* run, signal, value, holders, members, rings */
static rf_status next_shared(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->shareds;
    if (*found) {
        const rf_result_shared *value = &to->f->shared[to->next++];
        cells[0].number = to->run;
        cells[1].number = value->signal_row;
        cells[2].number = value->value_row;
        cells[3].number = value->holders;
        cells[4].number = value->members;
        cells[5].number = value->rings;
    }
    return RF_OK;
}

/* run, signal, value, ring, members */
static rf_status next_shared_in(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->shared_ins;
    if (*found) {
        const rf_result_shared_in *in = &to->f->shared_in[to->next++];
        cells[0].number = to->run;
        cells[1].number = to->f->shared[in->shared].signal_row;
        cells[2].number = to->f->shared[in->shared].value_row;
        cells[3].number = rf_ring_number(to->f, in->ring - 1);
        cells[4].number = in->members;
    }
    return RF_OK;
}

/* run, seconds, account_a, account_b */
static rf_status next_together(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->togethers;
    if (*found) {
        const rf_result_together *link = &to->f->together[to->next++];
        cells[0].number = to->run;
        cells[1].number = link->seconds;
        cells[2].number = link->a;
        cells[3].number = link->b;
    }
    return RF_OK;
}

/* "[0,0,12,...]"; returns its length. */
static size_t write_numbers(const uint32_t *number, size_t count, char *text)
{
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        char digits[10];
        size_t length = 0;
        *at++ = i == 0 ? '[' : ',';
        for (uint32_t left = number[i]; length == 0 || left > 0; left /= 10) {
            digits[length++] = (char)('0' + left % 10);
        }
        while (length > 0) {
            *at++ = digits[--length];
        }
    }
    *at++ = ']';
    return (size_t)(at - text);
}

/* run, day, accounts */
static rf_status next_signup(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->signups;
    if (*found) {
        const rf_result_signup *signup = &to->f->signup[to->next++];
        cells[0].number = to->run;
        cells[1].number = signup->day;
        rf_feed_text(&cells[2], to->text,
                     write_numbers(signup->accounts, RF_DAY_QUARTERS, to->text));
    }
    return RF_OK;
}

/* run, ring, tied, level, accounts */
static rf_status next_timing(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->timings;
    if (*found) {
        const rf_result_timing *timing = &to->f->timing[to->next++];
        cells[0].number = to->run;
        cells[1].number = timing->ring == 0 ? 0 : rf_ring_number(to->f, timing->ring - 1);
        cells[2].number = timing->tied;
        cells[3].number = timing->level;
        cells[4].number = timing->accounts;
    }
    return RF_OK;
}

/* run, accounts, flagged, few, few_flagged */
static rf_status next_base(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    const rf_result_base *base = &to->f->base;
    (void)err;
    *found = to->next++ == 0;
    cells[0].number = to->run;
    cells[1].number = base->accounts;
    cells[2].number = base->flagged;
    cells[3].number = base->few;
    cells[4].number = base->few_flagged;
    return RF_OK;
}

/* ---- of rings, mailboxes and banned accounts ---- */

static void feed_known(rf_feed_cell *cell, int64_t number, bool known)
{
    if (known) {
        rf_feed_int(cell, number);
    } else {
        rf_feed_text(cell, NULL, 0);
    }
}

/* the columns of ring_figures */
static rf_status next_figures(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->rings;
    if (*found) {
        const rf_result_figures *ring = &to->f->figures[to->next];
        int64_t const requests = (int64_t)to->f->ring[to->next].requests;
        cells[0].number = to->run;
        cells[1].number = rf_ring_number(to->f, to->next++);
        cells[2].number = ring->core;
        cells[3].number = ring->fringe;
        cells[4].number = ring->bridges;
        feed_known(&cells[5], ring->half_first, ring->half_first != RF_NO_TIME);
        feed_known(&cells[6], ring->half_last, ring->half_last != RF_NO_TIME);
        cells[7].number = ring->active;
        cells[8].number = (int64_t)ring->account_days;
        feed_known(&cells[9], requests, ring->dated);
        feed_known(&cells[10], ring->first_day, ring->first_day != RF_NO_DAY);
        feed_known(&cells[11], ring->last_day, ring->last_day != RF_NO_DAY);
        feed_known(&cells[12], ring->funded, ring->funded >= 0);
        feed_known(&cells[13], ring->unpaid, ring->unpaid >= 0);
    }
    return RF_OK;
}

/* run, ring, kind, nth, name, accounts, known */
static rf_status next_common(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->commons;
    if (*found) {
        const rf_result_common *common = &to->f->common[to->next++];
        cells[0].number = to->run;
        cells[1].number = rf_ring_number(to->f, common->ring - 1);
        rf_feed_text(&cells[2], common->kind, strlen(common->kind));
        cells[3].number = common->nth;
        rf_feed_text(&cells[4], common->name, strlen(common->name));
        cells[5].number = common->accounts;
        cells[6].number = common->known;
    }
    return RF_OK;
}

enum { MAILBOXES_A_ROW = 32 };

/* A character and a number behind it. */
static void add_number(rf_text *to, char before, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    digits[--at] = before;
    rf_text_append(to, digits + at, sizeof digits - at);
}

/* run, accounts, account, mailboxes, packed */
static rf_status next_mailbox(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    const rf_findings *f = to->f;
    *found = to->next < f->mailboxes;
    if (*found) {
        const rf_result_mailbox *box = &f->mailbox[to->next];
        int64_t const smallest = f->mailbox_account[box->first];
        uint32_t count = 0;
        rf_text_clear(&to->packed);
        for (; count < MAILBOXES_A_ROW && to->next < f->mailboxes &&
               f->mailbox[to->next].accounts == box->accounts;
             count++, to->next++) {
            const int64_t *account = f->mailbox_account + f->mailbox[to->next].first;
            for (uint32_t i = 0; i < box->accounts; i++) {
                add_number(&to->packed, to->packed.length == 0 ? '[' : ',',
                           (uint64_t)(account[i] - smallest));
            }
        }
        rf_text_add(&to->packed, "]");
        if (rf_text_failed(&to->packed)) {
            return rf_fail_memory(err, "the shared mailboxes");
        }
        cells[0].number = to->run;
        cells[1].number = box->accounts;
        cells[2].number = smallest;
        cells[3].number = count;
        rf_feed_text(&cells[4], rf_text_get(&to->packed), to->packed.length);
    }
    return RF_OK;
}

/* run, days, account_a, account_b, banned, last_day */
static rf_status next_regrown(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    count_rows *to = context;
    (void)err;
    *found = to->next < to->f->regrowns;
    if (*found) {
        const rf_result_regrown *link = &to->f->regrown[to->next++];
        cells[0].number = to->run;
        cells[1].number = link->days;
        cells[2].number = link->a;
        cells[3].number = link->b;
        cells[4].number = link->banned;
        cells[5].number = link->last_day;
    }
    return RF_OK;
}

static rf_status for_run(rf_store *store, int64_t run, const char *sql, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, run);
        status = rf_run(statement, err);
    }
    rf_statement_end(statement);
    return status;
}

typedef struct counted {
    const char *clear, *insert;
    rf_feed_fn next;
} counted;
enum {
    PLACE,
    PLACE_RING,
    SIGNUP,
    TIMING,
    BASE,
    FIGURES,
    COMMON,
    MAILBOX,
    REGROWN,
    WHOLE, /* tables up to here an update writes whole */
    SHARED = WHOLE,
    SHARED_IN,
    TOGETHER,
    TABLES
};

static const counted tables[TABLES] = {
    {"DELETE FROM place WHERE run = ?", "INSERT INTO place SELECT c0, c1, c2, c3, c4 FROM feed",
     next_place},
    /* the feed comes by ring */
    {"DELETE FROM place_ring WHERE run = ?",
     "INSERT INTO place_ring SELECT c0, c1, c2, c3, c4 FROM feed", next_place_ring},
    {"DELETE FROM signup WHERE run = ?", "INSERT INTO signup SELECT c0, c1, c2 FROM feed",
     next_signup},
    {"DELETE FROM signup_timing WHERE run = ?",
     "INSERT INTO signup_timing SELECT c0, c1, c2, c3, c4 FROM feed", next_timing},
    {"DELETE FROM suspicion_base WHERE run = ?",
     "INSERT INTO suspicion_base SELECT c0, c1, c2, c3, c4 FROM feed", next_base},
    {"DELETE FROM ring_figures WHERE run = ?",
     "INSERT INTO ring_figures SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13"
     " FROM feed",
     next_figures},
    {"DELETE FROM ring_common WHERE run = ?",
     "INSERT INTO ring_common SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed", next_common},
    {"DELETE FROM shared_mailbox WHERE run = ?",
     "INSERT INTO shared_mailbox SELECT c0, c1, c2, c3, c4 FROM feed", next_mailbox},
    {"DELETE FROM link_regrown WHERE run = ?",
     "INSERT INTO link_regrown SELECT c0, c1, c2, c3, c4, c5 FROM feed", next_regrown},
    {"DELETE FROM shared_value WHERE run = ?",
     "INSERT INTO shared_value SELECT c0, c1, c2, c3, c4, c5 FROM feed", next_shared},
    {"DELETE FROM shared_in_ring WHERE run = ?",
     "INSERT INTO shared_in_ring SELECT c0, c1, c2, c3, c4 FROM feed", next_shared_in},
    {"DELETE FROM link_together WHERE run = ?",
     "INSERT INTO link_together SELECT c0, c1, c2, c3 FROM feed", next_together},
};

static rf_status write_table(rf_store *store, const counted *table, const rf_findings *f,
                             int64_t run, rf_error *err)
{
    count_rows to = {.f = f, .run = run};
    rf_status status = for_run(store, run, table->clear, err);
    if (status == RF_OK) {
        status = rf_feed_run(store, table->insert, table->next, &to, err);
    }
    rf_text_free(&to.packed);
    return status;
}

rf_status rf_results_write_counts(rf_store *store, const rf_findings *findings, int64_t run,
                                  rf_error *err)
{
    rf_status status = RF_OK;
    for (size_t i = 0; i < TABLES && status == RF_OK; i++) {
        status = write_table(store, &tables[i], findings, run, err);
    }
    return status == RF_OK ? for_run(store, run, "UPDATE run SET counted = 1 WHERE id = ?", err)
                           : status;
}

/* ---- anew ---- */

typedef struct renewing {
    rf_store *store;
    const rf_findings *f;
    int64_t run;
    rf_statement *value, *rows, *put, *take;
    uint64_t *now; /* of the value at hand: numbers of rings above members, ascending */
    size_t room;
} renewing;

static int by_number(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Puts or takes the row of a value in a ring. */
static rf_status change_row(renewing *r, rf_statement *change, const rf_result_shared *value,
                            uint64_t row, rf_error *err)
{
    rf_bind_int(change, 1, r->run);
    rf_bind_int(change, 2, value->signal_row);
    rf_bind_int(change, 3, value->value_row);
    rf_bind_int(change, 4, (int64_t)(row >> 32));
    if (rf_parameter_count(change) > 4) {
        rf_bind_int(change, 5, (uint32_t)row);
    }
    return rf_run(change, err);
}

/* The rows of a value that are there become those in r->now: most are the same. */
static rf_status renew_rows(renewing *r, const rf_result_shared *value, size_t count, rf_error *err)
{
    size_t next = 0;
    bool row = true;
    rf_status status = RF_OK;
    rf_bind_int(r->rows, 1, r->run);
    rf_bind_int(r->rows, 2, value->signal_row);
    rf_bind_int(r->rows, 3, value->value_row);
    while (status == RF_OK && (status = rf_step(r->rows, &row, err)) == RF_OK && row) {
        uint64_t const ring = (uint64_t)rf_column_int(r->rows, 0);
        uint64_t const old = ring << 32 | (uint64_t)rf_column_int(r->rows, 1);
        while (next < count && r->now[next] >> 32 < ring) {
            next++;
        }
        if (next < count && r->now[next] == old) {
            r->now[next++] = 0; /* there is no ring 0 */
        } else if (next < count && r->now[next] >> 32 == ring) {
            next++; /* to be written over */
        } else if (rf_reserve(&r->now, &r->room, ++count, sizeof *r->now)) {
            r->now[count - 1] = ring << 32; /* no members: to be taken */
            memmove(r->now + next + 1, r->now + next, (count - 1 - next) * sizeof *r->now);
            r->now[next++] = ring << 32;
        } else {
            status = rf_fail_memory(err, "what is counted");
        }
    }
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        if (r->now[i] != 0) {
            status =
                change_row(r, (uint32_t)r->now[i] == 0 ? r->take : r->put, value, r->now[i], err);
        }
    }
    return status;
}

static rf_status prepare_shared(renewing *r, rf_error *err)
{
    rf_status status = rf_prepare(
        r->store, "INSERT OR REPLACE INTO shared_value VALUES (?, ?, ?, ?, ?, ?)", &r->value, err);
    if (status == RF_OK) {
        status = rf_prepare(r->store,
                            "SELECT ring, members FROM shared_in_ring WHERE run = ? AND signal = ?"
                            " AND value = ? ORDER BY ring",
                            &r->rows, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(
            r->store, "INSERT OR REPLACE INTO shared_in_ring VALUES (?, ?, ?, ?, ?)", &r->put, err);
    }
    return status == RF_OK ? rf_prepare(r->store,
                                        "DELETE FROM shared_in_ring WHERE run = ? AND signal = ?"
                                        " AND value = ? AND ring = ?",
                                        &r->take, err)
                           : status;
}

/* The values that are told of; what is told of their rings stands in the same order. */
static rf_status renew_shared(renewing *r, rf_error *err)
{
    const rf_findings *f = r->f;
    uint32_t in = 0;
    rf_status status = prepare_shared(r, err);
    for (uint32_t i = 0; i < f->shareds && status == RF_OK; i++) {
        const rf_result_shared *value = &f->shared[i];
        size_t count = 0;
        if (!rf_reserve(&r->now, &r->room, (size_t)value->rings + 1, sizeof *r->now)) {
            status = rf_fail_memory(err, "what is counted");
            break;
        }
        for (; in < f->shared_ins && f->shared_in[in].shared == i; in++) {
            r->now[count++] = (uint64_t)rf_ring_number(f, f->shared_in[in].ring - 1) << 32 |
                              f->shared_in[in].members;
        }
        if (count > 1) {
            qsort(r->now, count, sizeof *r->now, by_number);
        }
        rf_bind_int(r->value, 1, r->run);
        rf_bind_int(r->value, 2, value->signal_row);
        rf_bind_int(r->value, 3, value->value_row);
        rf_bind_int(r->value, 4, value->holders);
        rf_bind_int(r->value, 5, value->members);
        rf_bind_int(r->value, 6, value->rings);
        status = rf_run(r->value, err);
        if (status == RF_OK) {
            status = renew_rows(r, value, count, err);
        }
    }
    rf_statement_end(r->value);
    rf_statement_end(r->rows);
    rf_statement_end(r->put);
    rf_statement_end(r->take);
    rf_free(r->now);
    return status;
}

static int compare_together(const rf_result_together *x, const rf_result_together *y)
{
    if (x->seconds != y->seconds) {
        return x->seconds < y->seconds ? -1 : 1;
    }
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    return (x->b > y->b) - (x->b < y->b);
}

/* Goes through the rows there are and those there should be side by side: *gone are rows to be
 * taken; `there` marks those that are there, by index into findings->together. */
static rf_status compare_links(rf_store *store, const rf_findings *f, int64_t run,
                               rf_result_together **gone, size_t *goings, uint8_t *there,
                               rf_error *err)
{
    rf_statement *select = NULL;
    size_t room = 0;
    uint32_t next = 0;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT seconds, account_a, account_b FROM link_together"
                                  " WHERE run = ? ORDER BY seconds, account_a, account_b",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_result_together const old = {(uint32_t)rf_column_int(select, 0),
                                        rf_column_int(select, 1), rf_column_int(select, 2)};
        while (next < f->togethers && compare_together(&f->together[next], &old) < 0) {
            next++;
        }
        if (next < f->togethers && compare_together(&f->together[next], &old) == 0) {
            there[next++] = 1;
        } else if (rf_reserve(gone, &room, *goings + 1, sizeof **gone)) {
            (*gone)[(*goings)++] = old;
        } else {
            status = rf_fail_memory(err, "links of who signed up together");
        }
    }
    rf_statement_end(select);
    return status;
}

/* Runs a statement whose parameters are the run and a row of link_together. */
static rf_status change_links(rf_store *store, const char *sql, const rf_result_together *rows,
                              const uint8_t *skip, size_t count, int64_t run, rf_error *err)
{
    rf_statement *change = NULL;
    rf_status status = rf_prepare(store, sql, &change, err);
    for (size_t i = 0; i < count && status == RF_OK; i++) {
        if (skip == NULL || skip[i] == 0) {
            rf_bind_int(change, 1, run);
            rf_bind_int(change, 2, rows[i].seconds);
            rf_bind_int(change, 3, rows[i].a);
            rf_bind_int(change, 4, rows[i].b);
            status = rf_run(change, err);
        }
    }
    rf_statement_end(change);
    return status;
}

static rf_status renew_together(rf_store *store, const rf_findings *f, int64_t run, rf_error *err)
{
    uint8_t *there = rf_alloc(f->togethers, sizeof *there);
    rf_result_together *gone = NULL;
    size_t goings = 0;
    rf_status status = there == NULL ? rf_fail_memory(err, "links of who signed up together")
                                     : compare_links(store, f, run, &gone, &goings, there, err);
    if (status == RF_OK) {
        status = change_links(store,
                              "DELETE FROM link_together WHERE run = ? AND seconds = ? AND"
                              " account_a = ? AND account_b = ?",
                              gone, NULL, goings, run, err);
    }
    if (status == RF_OK) {
        status = change_links(store, "INSERT INTO link_together VALUES (?, ?, ?, ?)", f->together,
                              there, f->togethers, run, err);
    }
    rf_free(there);
    rf_free(gone);
    return status;
}

rf_status rf_results_renew_counts(rf_store *store, const rf_findings *findings, int64_t run,
                                  rf_error *err)
{
    renewing r = {.store = store, .f = findings, .run = run};
    rf_status status = RF_OK;
    for (size_t i = 0; i < WHOLE && status == RF_OK; i++) {
        status = write_table(store, &tables[i], findings, run, err);
    }
    if (status == RF_OK) {
        status = renew_shared(&r, err);
    }
    return status == RF_OK ? renew_together(store, findings, run, err) : status;
}
