/* results_counts.c - see results_counts.h. Workload: 10^5 values, thrice as many rows of rings, in
 * key order. */
#include "store/results_counts.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/feed.h"

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
                rf_text_printf(&to->packed, "%c%lld", to->packed.length == 0 ? '[' : ',',
                               (long long)(account[i] - smallest));
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

rf_status rf_results_write_counts(rf_store *store, const rf_findings *findings, int64_t run,
                                  rf_error *err)
{
    static struct {
        const char *clear, *insert;
        rf_feed_fn next;
    } const tables[] = {
        {"DELETE FROM place WHERE run = ?", "INSERT INTO place SELECT c0, c1, c2, c3, c4 FROM feed",
         next_place},
        /* the feed comes by ring */
        {"DELETE FROM place_ring WHERE run = ?",
         "INSERT INTO place_ring SELECT c0, c1, c2, c3, c4 FROM feed", next_place_ring},
        {"DELETE FROM shared_value WHERE run = ?",
         "INSERT INTO shared_value SELECT c0, c1, c2, c3, c4, c5 FROM feed", next_shared},
        {"DELETE FROM shared_in_ring WHERE run = ?",
         "INSERT INTO shared_in_ring SELECT c0, c1, c2, c3, c4 FROM feed", next_shared_in},
        {"DELETE FROM link_together WHERE run = ?",
         "INSERT INTO link_together SELECT c0, c1, c2, c3 FROM feed", next_together},
        {"DELETE FROM signup WHERE run = ?", "INSERT INTO signup SELECT c0, c1, c2 FROM feed",
         next_signup},
        {"DELETE FROM signup_timing WHERE run = ?",
         "INSERT INTO signup_timing SELECT c0, c1, c2, c3, c4 FROM feed", next_timing},
        {"DELETE FROM suspicion_base WHERE run = ?",
         "INSERT INTO suspicion_base SELECT c0, c1, c2, c3, c4 FROM feed", next_base},
        {"DELETE FROM ring_figures WHERE run = ?",
         "INSERT INTO ring_figures SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12,"
         " c13 FROM feed",
         next_figures},
        {"DELETE FROM ring_common WHERE run = ?",
         "INSERT INTO ring_common SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed", next_common},
        {"DELETE FROM shared_mailbox WHERE run = ?",
         "INSERT INTO shared_mailbox SELECT c0, c1, c2, c3, c4 FROM feed", next_mailbox},
        {"DELETE FROM link_regrown WHERE run = ?",
         "INSERT INTO link_regrown SELECT c0, c1, c2, c3, c4, c5 FROM feed", next_regrown},
    };
    rf_status status = RF_OK;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && status == RF_OK; i++) {
        count_rows to = {.f = findings, .run = run};
        status = for_run(store, run, tables[i].clear, err);
        if (status == RF_OK) {
            status = rf_feed_run(store, tables[i].insert, tables[i].next, &to, err);
        }
        rf_text_free(&to.packed);
    }
    return status == RF_OK ? for_run(store, run, "UPDATE run SET counted = 1 WHERE id = ?", err)
                           : status;
}
