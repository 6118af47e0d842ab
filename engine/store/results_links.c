/* results_links.c - see results_links.h. */
#include "store/results_links.h"

#include "base/progress.h"
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

static link_key *order_links(const rf_result_links *links)
{
    bool ordered = true;
    link_key *keys = rf_alloc_raw(links->count, sizeof *keys);
    for (uint64_t i = 0; keys != NULL && i < links->count; i++) {
        keys[i] = (link_key){links->account_row[links->a[i]], links->account_row[links->b[i]], i};
        ordered = ordered && (i == 0 || by_key(&keys[i - 1], &keys[i]) < 0);
    }
    if (keys != NULL && !ordered) {
        qsort(keys, links->count, sizeof *keys, by_key);
    }
    return keys;
}

/* The other direction: by number of b, the row ids of its a in ascending order. */
typedef struct by_b {
    uint64_t *start; /* accounts + 1 offsets into a */
    int64_t *a;
} by_b;

static bool turn_links(const rf_findings *f, const link_key *keys, by_b *to)
{
    const rf_result_links *links = &f->links;
    to->start = rf_alloc((size_t)f->accounts + 2, sizeof *to->start);
    to->a = rf_alloc_raw(links->count, sizeof *to->a);
    if (to->start == NULL || to->a == NULL) {
        return false;
    }
    for (uint64_t i = 0; i < links->count; i++) {
        to->start[links->b[i] + 2]++;
    }
    for (uint32_t b = 0; b < f->accounts; b++) {
        to->start[b + 2] += to->start[b + 1];
    }
    for (uint64_t i = 0; i < links->count; i++) { /* start[b + 1] is the cursor of b */
        to->a[to->start[links->b[keys[i].index] + 1]++] = keys[i].a;
    }
    return true;
}

typedef struct link_rows {
    const rf_findings *findings;
    int64_t run;
    const link_key *keys;
    by_b turned;
    uint32_t b; /* whose links are next in turned */
    uint64_t next;
    rf_progress progress;
} link_rows;

/* run, account_a, account_b, bits, families */
static rf_status next_link(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    link_rows *to = context;
    const rf_result_links *links = &to->findings->links;
    const link_key *key = &to->keys[to->next];
    (void)err;
    *found = to->next < links->count;
    if (*found) {
        if (to->next % 4096 == 0) {
            rf_progress_show(&to->progress, to->next);
        }
        cells[0].number = to->run;
        cells[1].number = key->a;
        cells[2].number = key->b;
        rf_feed_real(&cells[3], links->bits[key->index] / 65536.0);
        cells[4].number = links->families[key->index];
        to->next++;
    }
    return RF_OK;
}

/* run, account_b, account_a */
static rf_status next_by_b(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    link_rows *to = context;
    const rf_result_links *links = &to->findings->links;
    (void)err;
    *found = to->next < links->count;
    if (*found) {
        while (to->turned.start[to->b + 1] <= to->next) {
            to->b++;
        }
        cells[0].number = to->run;
        cells[1].number = links->account_row[to->b];
        cells[2].number = to->turned.a[to->next++];
    }
    return RF_OK;
}

rf_status rf_results_write_links(rf_store *store, const rf_findings *findings, int64_t run,
                                 rf_error *err)
{
    link_key *keys = order_links(&findings->links);
    link_rows to = {.findings = findings, .run = run, .keys = keys};
    rf_status status = keys != NULL && turn_links(findings, keys, &to.turned)
                           ? RF_OK
                           : rf_fail_memory(err, "the links");
    rf_progress_start(&to.progress, "writing links", findings->links.count);
    if (status == RF_OK) {
        status = rf_feed_run(store, "INSERT INTO link SELECT c0, c1, c2, c3, c4 FROM feed",
                             next_link, &to, err);
    }
    rf_progress_end(&to.progress);
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
