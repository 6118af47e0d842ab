/* intake_holdings.c - puts the pairs of account and value that an intake showed into the table
 * holding_pack, unless an earlier import showed them; see intake_private.h.
 *
 * What accounts hold already is read in blocks of accounts, before the packs of these are inserted:
 * a statement that reads a table while it is written to would have to find its place again each
 * time. It steps from account to account, and seeks where they are far apart: so the cost follows
 * the new data, or the table where the new data touch most of it. */
#include "store/feed.h"
#include "store/intake_private.h"
#include "store/pack.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_PAIRS = 1 << 14, NEAR = 8 };

typedef struct pair {
    uint32_t account;
    uint32_t value;
} pair;

typedef struct holding_rows {
    rf_intake *intake;
    uint64_t done;
    rf_store *before;    /* the database as it was before this import; NULL: its own is read */
    rf_statement *known; /* packs from an account on; NULL: nobody holds anything */
    pair *pairs;         /* a block of them; those known are taken out */
    size_t count, room;
    size_t next;
    uint32_t *held; /* values known of one account */
    size_t held_count, held_room;
    rf_tally_sum ahead;
    bool more;
    rf_holding_pack pack;
    char text[RF_PACK_TEXT];
} holding_rows;

static int by_value(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Whole accounts, so that no pack begins where another one ends. */
static rf_status read_block(holding_rows *to, rf_error *err)
{
    rf_status status = RF_OK;
    uint32_t last = 0;
    to->count = 0;
    to->next = 0;
    while (status == RF_OK && to->more && (to->count < BLOCK_PAIRS || to->ahead.a == last)) {
        if (!rf_reserve(&to->pairs, &to->room, to->count + 1, sizeof *to->pairs)) {
            return rf_fail_memory(err, "the values that accounts hold");
        }
        last = to->ahead.a;
        to->pairs[to->count++] = (pair){last, to->ahead.b};
        status = rf_tally_next(&to->intake->holdings, &to->ahead, &to->more, err);
    }
    return status;
}

/* Adds the values of the pack the statement stands on. */
static rf_status note_held(holding_rows *to, rf_error *err)
{
    uint32_t const first = (uint32_t)rf_column_int(to->known, 1);
    rf_pack_numbers numbers =
        rf_pack_open(rf_column_text(to->known, 2), rf_column_bytes(to->known, 2));
    uint64_t number;
    while (rf_pack_next(&numbers, &number)) {
        if (!rf_reserve(&to->held, &to->held_room, to->held_count + 1, sizeof *to->held)) {
            return rf_fail_memory(err, "the values that accounts hold");
        }
        to->held[to->held_count++] = first + (uint32_t)number;
    }
    return RF_OK;
}

/* Stands on the first pack of `account` or a later one, or at the end. */
static rf_status go_to(holding_rows *to, uint32_t account, bool *row, rf_error *err)
{
    rf_status status = RF_OK;
    for (int steps = 0; status == RF_OK && *row && rf_column_int(to->known, 0) < account; steps++) {
        if (steps == NEAR) {
            rf_reset(to->known);
            rf_bind_int(to->known, 1, account);
        }
        status = rf_step(to->known, row, err);
    }
    return status;
}

/* Takes out of pairs[first, end), all of one account, what is in `held`; *kept counts up. */
static void keep_new(holding_rows *to, size_t first, size_t end, size_t *kept)
{
    size_t at = 0;
    if (to->held_count > 1) {
        qsort(to->held, to->held_count, sizeof *to->held, by_value);
    }
    for (size_t i = first; i < end; i++) {
        while (at < to->held_count && to->held[at] < to->pairs[i].value) {
            at++;
        }
        if (at == to->held_count || to->held[at] != to->pairs[i].value) {
            to->pairs[(*kept)++] = to->pairs[i];
        }
    }
}

static rf_status take_known_out(holding_rows *to, rf_error *err)
{
    rf_status status;
    bool row = false;
    size_t kept = 0;
    if (to->known == NULL || to->count == 0) {
        return RF_OK;
    }
    rf_bind_int(to->known, 1, to->pairs[0].account);
    status = rf_step(to->known, &row, err);
    for (size_t first = 0, end; first < to->count && status == RF_OK; first = end) {
        uint32_t const account = to->pairs[first].account;
        end = first + 1;
        while (end < to->count && to->pairs[end].account == account) {
            end++;
        }
        to->held_count = 0;
        status = go_to(to, account, &row, err);
        while (status == RF_OK && row && rf_column_int(to->known, 0) == account) {
            status = note_held(to, err);
            if (status == RF_OK) {
                status = rf_step(to->known, &row, err);
            }
        }
        keep_new(to, first, end, &kept);
    }
    rf_reset(to->known);
    to->count = kept;
    return status;
}

/* account, value, packed */
static rf_status next_holding(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    holding_rows *to = context;
    rf_status status = RF_OK;
    uint32_t account;
    while (status == RF_OK && to->next == to->count && to->more) {
        status = read_block(to, err);
        if (status == RF_OK) {
            status = take_known_out(to, err);
        }
    }
    *found = to->next < to->count;
    if (status != RF_OK || !*found) {
        return status;
    }
    account = to->pairs[to->next].account;
    to->pack.facts = 0;
    while (to->next < to->count && to->pairs[to->next].account == account &&
           rf_holding_pack_add(&to->pack, to->pairs[to->next].value)) {
        status = rf_news_holding_add(&to->intake->news, account, to->pairs[to->next++].value, err);
        if (status != RF_OK) {
            return status;
        }
    }
    to->done += to->pack.facts;
    rf_progress_show(&to->intake->progress, to->done);
    cells[0].number = account;
    cells[1].number = to->pack.value[0];
    rf_feed_text(&cells[2], to->text, rf_holding_pack_text(&to->pack, to->text));
    return RF_OK;
}

/* Many rows are made in a second thread (rf_intake_feed), which must not touch the store: what is
 * known is then read through a connection of its own, and so as it was before this import. */
static rf_status look_for_known(holding_rows *to, bool ahead, rf_error *err)
{
    int64_t any = 0;
    rf_store *store = to->intake->store;
    rf_status status =
        rf_store_number(store, "SELECT EXISTS (SELECT 1 FROM holding_pack)", &any, err);
    if (status == RF_OK && any != 0 && ahead) {
        status = rf_store_open(rf_store_path(store), RF_STORE_READ, &to->before, err);
    }
    if (status == RF_OK && any != 0) {
        status = rf_prepare(to->before == NULL ? store : to->before,
                            "SELECT account, value, packed FROM holding_pack WHERE account >= ?1"
                            " ORDER BY account, value",
                            &to->known, err);
    }
    return status;
}

rf_status rf_intake_write_holdings(rf_intake *intake, rf_error *err)
{
    holding_rows to = {.intake = intake};
    uint64_t const size = rf_tally_size(&intake->holdings);
    rf_status status;
    rf_progress_start(&intake->progress, "writing holdings", size);
    status = rf_tally_begin(&intake->holdings, err);
    if (status == RF_OK) {
        status = look_for_known(&to, rf_intake_many(intake, size), err);
    }
    if (status == RF_OK) {
        status = rf_tally_next(&intake->holdings, &to.ahead, &to.more, err);
    }
    if (status == RF_OK) {
        status = rf_intake_feed(intake, size,
                                "INSERT OR FAIL INTO holding_pack (account, value, packed)"
                                " SELECT c0, c1, c2 FROM feed",
                                3, next_holding, &to, err);
    }
    rf_progress_end(&intake->progress);
    rf_statement_end(to.known);
    rf_store_close(to.before);
    rf_free(to.pairs);
    rf_free(to.held);
    rf_tally_free(&intake->holdings);
    return status;
}
