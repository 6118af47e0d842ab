/* results_links.c - see results_links.h. */
#include "store/results_links.h"

#include "base/memory.h"
#include "store/feed.h"

#include <stdlib.h>

/* A link as its key in the table: row ids. */
typedef struct link_key {
    int64_t a, b;
    uint64_t index;
} link_key;

static int by_key(const void *left, const void *right)
{
    const link_key *x = left;
    const link_key *y = right;
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    return (x->b > y->b) - (x->b < y->b);
}

/* Links come by the numbers of their accounts; *keys is NULL when that is the order of rows too. */
static rf_status order_links(const rf_result_links *links, uint32_t accounts, link_key **keys,
                             rf_error *err)
{
    bool ordered = true;
    *keys = NULL;
    for (uint32_t a = 1; a < accounts && ordered; a++) {
        ordered = links->account_row[a - 1] < links->account_row[a];
    }
    if (ordered) {
        return RF_OK;
    }
    *keys = rf_alloc_raw(links->count, sizeof **keys);
    if (*keys == NULL) {
        return rf_fail_memory(err, "the links");
    }
    for (uint64_t i = 0; i < links->count; i++) {
        (*keys)[i] =
            (link_key){links->account_row[links->a[i]], links->account_row[links->b[i]], i};
    }
    if (links->count > 1) {
        qsort(*keys, links->count, sizeof **keys, by_key);
    }
    return RF_OK;
}

static uint64_t link_at(const link_key *keys, uint64_t place)
{
    return keys == NULL ? place : keys[place].index;
}

/* The other direction: by number of b, its a in the order of their rows. */
typedef struct by_b {
    uint64_t *start; /* accounts + 1 offsets into a */
    uint32_t *a;     /* account numbers */
} by_b;

static bool turn_links(const rf_result_links *links, uint32_t accounts, const link_key *keys,
                       by_b *to)
{
    to->start = rf_alloc((size_t)accounts + 2, sizeof *to->start);
    to->a = rf_alloc_raw(links->count, sizeof *to->a);
    if (to->start == NULL || to->a == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < links->count; i++) {
        to->start[links->b[i] + 2]++;
    }
    for (uint32_t b = 0; b < accounts; b++) {
        to->start[b + 2] += to->start[b + 1];
    }
    for (uint64_t i = 0; i < links->count; i++) { /* start[b + 1] is the cursor of b */
        uint64_t const k = link_at(keys, i);
        to->a[to->start[links->b[k] + 1]++] = links->a[k];
    }
    return true;
}

typedef struct link_rows {
    const rf_result_links *links;
    int64_t run;
    const link_key *keys;
    by_b turned;
    uint32_t b; /* whose links are next in turned */
    uint64_t next;
} link_rows;

/* run, account_a, account_b, bits, families */
static rf_status next_link(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    link_rows *to = context;
    const rf_result_links *links = to->links;
    (void)err;
    *found = to->next < links->count;
    if (*found) {
        uint64_t const i = link_at(to->keys, to->next++);
        cells[0].number = to->run;
        cells[1].number = links->account_row[links->a[i]];
        cells[2].number = links->account_row[links->b[i]];
        rf_feed_real(&cells[3], links->bits[i] / 65536.0);
        cells[4].number = links->families[i];
    }
    return RF_OK;
}

/* run, account_b, account_a */
static rf_status next_by_b(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    link_rows *to = context;
    const rf_result_links *links = to->links;
    (void)err;
    *found = to->next < links->count;
    if (*found) {
        while (to->turned.start[to->b + 1] <= to->next) {
            to->b++;
        }
        cells[0].number = to->run;
        cells[1].number = links->account_row[to->b];
        cells[2].number = links->account_row[to->turned.a[to->next++]];
    }
    return RF_OK;
}

rf_status rf_results_write_links(rf_store *store, const rf_result_links *links, uint32_t accounts,
                                 int64_t run, rf_error *err)
{
    link_key *keys = NULL;
    link_rows to = {.links = links, .run = run};
    rf_status status = order_links(links, accounts, &keys, err);
    to.keys = keys;
    if (status == RF_OK && !turn_links(links, accounts, keys, &to.turned)) {
        status = rf_fail_memory(err, "the links");
    }
    if (status == RF_OK) {
        status = rf_feed_run(store, "INSERT INTO link SELECT c0, c1, c2, c3, c4 FROM feed",
                             next_link, &to, err);
    }
    if (status == RF_OK) {
        to.next = 0;
        status = rf_feed_run(store, "INSERT INTO link_by_b SELECT c0, c1, c2 FROM feed", next_by_b,
                             &to, err);
    }
    rf_free(to.turned.start);
    rf_free(to.turned.a);
    rf_free(keys);
    return status;
}
