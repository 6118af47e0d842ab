/* results_links.c - see results_links.h.
 *
 * Links come by the numbers of their accounts; packs go by rows, which mostly are in the same
 * order. Counting puts them in order, from either side, in one or two passes.
 */
#include "store/results_links.h"

#include "base/memory.h"
#include "base/radix.h"
#include "store/feed.h"
#include "store/pack.h"

#include <stdio.h>

/* The links of some accounts on their way to be packs, from one side. */
typedef struct packing {
    const rf_result_links *links;
    uint32_t accounts;
    int64_t run;
    uint32_t *rank;  /* by number of the account: of its row among all; NULL: the number itself */
    uint64_t *order; /* links in the order of packs */
    uint64_t *spare;
    uint64_t *start; /* for counting, accounts + 1 */
    uint64_t count, next;
    rf_link_pack pack;
    rf_holding_pack pack_by_b;
    char text[RF_PACK_TEXT]; /* of the row at hand */
} packing;

/* ---- order ---- */

static bool rank_accounts(packing *to)
{
    const int64_t *row = to->links->account_row;
    uint64_t *rows;
    bool ordered = true;
    for (uint32_t a = 1; a < to->accounts && ordered; a++) {
        ordered = row[a - 1] < row[a];
    }
    if (ordered) {
        return true;
    }
    rows = rf_alloc_raw(to->accounts, sizeof *rows);
    to->rank = rf_alloc_raw(to->accounts, sizeof *to->rank);
    for (uint32_t a = 0; a < to->accounts && rows != NULL; a++) {
        rows[a] = (uint64_t)row[a] << 32 | a; /* rows are kept in 32 bits, too */
    }
    if (rows == NULL || to->rank == NULL || !rf_sort_numbers(rows, to->accounts)) {
        rf_free(rows);
        return false;
    }
    for (uint32_t i = 0; i < to->accounts; i++) {
        to->rank[(uint32_t)rows[i]] = i;
    }
    rf_free(rows);
    return true;
}

static uint32_t rank_of(const packing *to, uint32_t account)
{
    return to->rank == NULL ? account : to->rank[account];
}

/* Puts the links in the order of one of their accounts, otherwise as they were. */
static void count_by(packing *to, const uint32_t *account)
{
    uint64_t *const from = to->order;
    uint64_t sum = 0;
    for (uint32_t a = 0; a <= to->accounts; a++) {
        to->start[a] = 0;
    }
    for (uint64_t i = 0; i < to->count; i++) {
        to->start[rank_of(to, account[from[i]])]++;
    }
    for (uint32_t a = 0; a <= to->accounts; a++) {
        uint64_t const here = to->start[a];
        to->start[a] = sum;
        sum += here;
    }
    for (uint64_t i = 0; i < to->count; i++) {
        to->spare[to->start[rank_of(to, account[from[i]])]++] = from[i];
    }
    to->order = to->spare;
    to->spare = from;
}

/* Puts the links of each account in the order of the rows of second: nearly all are. */
static void order_each(packing *to, const uint32_t *first, const uint32_t *second)
{
    const int64_t *row = to->links->account_row;
    for (uint64_t i = 1; i < to->count; i++) {
        uint64_t const moved = to->order[i];
        uint64_t at = i;
        while (at > 0 && first[to->order[at - 1]] == first[moved] &&
               row[second[to->order[at - 1]]] > row[second[moved]]) {
            to->order[at] = to->order[at - 1];
            at--;
        }
        to->order[at] = moved;
    }
}

/* The links whose account in `first` is one of `some` (NULL: all), by the rows of first, then of
 * second; of some, by the number of first. */
static void order_links(packing *to, const uint8_t *some, const uint32_t *first,
                        const uint32_t *second)
{
    bool const from_a = first == to->links->a;
    to->count = 0;
    to->next = 0;
    for (uint64_t i = 0; i < to->links->count; i++) {
        if (some == NULL || some[first[i]] != 0) {
            to->order[to->count++] = i;
        }
    }
    if (to->rank != NULL) {
        count_by(to, second);
    }
    if (to->rank != NULL || !from_a) {
        count_by(to, first);
    }
    if (some != NULL) {
        order_each(to, first, second);
    }
}

/* ---- packs ---- */

/* run, account_a, account_b, families, bits, bits_span, packed */
static rf_status next_pack(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    packing *to = context;
    const rf_result_links *links = to->links;
    rf_link_pack *pack = &to->pack;
    (void)err;
    *found = to->next < to->count;
    if (*found) {
        uint32_t const a = links->a[to->order[to->next]];
        pack->facts = 0;
        while (to->next < to->count) {
            uint64_t const i = to->order[to->next];
            if (links->a[i] != a ||
                !rf_link_pack_add(pack, (rf_packed_link){(uint32_t)links->account_row[links->b[i]],
                                                         links->bits[i], links->families[i]})) {
                break;
            }
            to->next++;
        }
        cells[0].number = to->run;
        cells[1].number = links->account_row[a];
        cells[2].number = pack->fact[0].account_b;
        cells[3].number = pack->families + 1;
        cells[4].number = pack->bits;
        cells[5].number = (int64_t)pack->last_bits - pack->bits + 1;
        rf_feed_text(&cells[6], to->text, rf_link_pack_text(pack, to->text));
    }
    return RF_OK;
}

/* run, account_b, account_a, packed */
static rf_status next_pack_by_b(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    packing *to = context;
    const rf_result_links *links = to->links;
    rf_holding_pack *pack = &to->pack_by_b;
    (void)err;
    *found = to->next < to->count;
    if (*found) {
        uint32_t const b = links->b[to->order[to->next]];
        pack->facts = 0;
        while (to->next < to->count) {
            uint64_t const i = to->order[to->next];
            if (links->b[i] != b ||
                !rf_holding_pack_add(pack, (uint32_t)links->account_row[links->a[i]])) {
                break;
            }
            to->next++;
        }
        cells[0].number = to->run;
        cells[1].number = links->account_row[b];
        cells[2].number = pack->value[0];
        rf_feed_text(&cells[3], to->text, rf_holding_pack_text(pack, to->text));
    }
    return RF_OK;
}

/* Packs the links of some accounts as first and of some as second of their pair; NULL: of all. */
static rf_status write_some(rf_store *store, const rf_result_links *links, uint32_t accounts,
                            int64_t run, const uint8_t *some_a, const uint8_t *some_b,
                            rf_error *err)
{
    packing to = {.links = links, .accounts = accounts, .run = run};
    rf_status status = RF_OK;
    to.order = rf_alloc_raw(links->count, sizeof *to.order);
    to.spare = rf_alloc_raw(links->count, sizeof *to.spare);
    to.start = rf_alloc_raw((size_t)accounts + 1, sizeof *to.start);
    if (to.order == NULL || to.spare == NULL || to.start == NULL ||
        (some_a == NULL && !rank_accounts(&to))) {
        status = rf_fail_memory(err, "the links");
    }
    if (status == RF_OK) {
        order_links(&to, some_a, links->a, links->b);
        status =
            rf_feed_run(store, "INSERT INTO link_pack SELECT c0, c1, c2, c3, c4, c5, c6 FROM feed",
                        next_pack, &to, err);
    }
    if (status == RF_OK) {
        order_links(&to, some_b, links->b, links->a);
        status = rf_feed_run(store, "INSERT INTO link_by_b_pack SELECT c0, c1, c2, c3 FROM feed",
                             next_pack_by_b, &to, err);
    }
    rf_free(to.order);
    rf_free(to.spare);
    rf_free(to.start);
    rf_free(to.rank);
    return status;
}

rf_status rf_results_write_links(rf_store *store, const rf_result_links *links, uint32_t accounts,
                                 int64_t run, rf_error *err)
{
    return write_some(store, links, accounts, run, NULL, NULL, err);
}

/* ---- of an update ---- */

typedef struct marked {
    const rf_result_links *links;
    const uint8_t *some;
    uint32_t accounts, next;
} marked;

static rf_status next_marked(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    marked *to = context;
    (void)err;
    while (to->next < to->accounts && to->some[to->next] == 0) {
        to->next++;
    }
    *found = to->next < to->accounts;
    if (*found) {
        cells[0].number = to->links->account_row[to->next++];
    }
    return RF_OK;
}

/* Takes away all packs of some accounts: in one statement, since each that deletes makes a table of
 * its own for what it is to delete. */
static rf_status take_packs(rf_store *store, const char *table, const char *column, int64_t run,
                            marked accounts, rf_error *err)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM %s WHERE run = %lld AND %s IN (SELECT c0 FROM feed)", table,
                   (long long)run, column);
    return rf_feed_run(store, sql, next_marked, &accounts, err);
}

rf_status rf_results_renew_links(rf_store *store, const rf_result_links *links, uint32_t accounts,
                                 int64_t run, const uint8_t *some_a, const uint8_t *some_b,
                                 rf_error *err)
{
    rf_status status =
        take_packs(store, "link_pack", "account_a", run, (marked){links, some_a, accounts, 0}, err);
    if (status == RF_OK) {
        status = take_packs(store, "link_by_b_pack", "account_b", run,
                            (marked){links, some_b, accounts, 0}, err);
    }
    return status == RF_OK ? write_some(store, links, accounts, run, some_a, some_b, err) : status;
}
