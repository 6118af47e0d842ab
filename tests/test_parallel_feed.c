/* test_parallel_feed.c - rows made by a second thread are those made by the first; also when either
 * side gives up. */
#include "store/feed_ahead.h"
#include "store/store.h"

#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20000, LONGEST = 200000 };

typedef struct maker {
    unsigned long long seed;
    int64_t row;
    int64_t rows;
    int64_t fails_at; /* -1: never */
    char text[LONGEST];
} maker;

/* number, text or NULL, and a second text of which some are longer than a block */
static rf_status make_row(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    maker *m = context;
    unsigned length = random_below(&m->seed, 40);
    if (m->row == m->fails_at) {
        return rf_fail(err, RF_EIO, "no more rows");
    }
    *found = m->row < m->rows;
    if (!*found) {
        return RF_OK;
    }
    if (random_below(&m->seed, 2000) == 0) {
        length = random_below(&m->seed, LONGEST);
    }
    memset(m->text, 'a' + (int)(m->row % 26), length);
    cells[0].number = m->row++;
    rf_feed_text(&cells[1], random_below(&m->seed, 3) == 0 ? NULL : m->text, length / 2);
    rf_feed_text(&cells[2], m->text, length);
    return RF_OK;
}

static maker *new_maker(int64_t rows, int64_t fails_at)
{
    maker *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->seed = (unsigned long long)rows;
    m->rows = rows;
    m->fails_at = fails_at;
    return m;
}

static const char insert[] = "INSERT INTO row SELECT c0, c1, c2 FROM feed";

static char *rows_in(const sandbox *box)
{
    return sandbox_query(box, "SELECT count(*), sum(n), count(a), sum(length(a)), sum(length(b)),"
                              " sum(n * unicode(b)), max(length(b)) FROM row");
}

static void make_table(const sandbox *box)
{
    rf_error err;
    assert_int_equal(rf_store_exec(box->store,
                                   "DROP TABLE IF EXISTS row;"
                                   "CREATE TABLE row (n INTEGER PRIMARY KEY, a, b)",
                                   &err),
                     RF_OK);
}

static void rows_are_the_same(void **state)
{
    static const int64_t counts[] = {0, 1, 511, 512, 513, 2048, 2049, ROWS};
    const sandbox *box = *state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        rf_error err;
        maker *one = new_maker(counts[i], -1);
        maker *two = new_maker(counts[i], -1);
        char *wanted;
        char *got;
        make_table(box);
        assert_int_equal(rf_feed_run(box->store, insert, make_row, one, &err), RF_OK);
        wanted = rows_in(box);
        make_table(box);
        assert_int_equal(rf_feed_run_ahead(box->store, insert, 3, make_row, two, &err), RF_OK);
        got = rows_in(box);
        assert_string_equal(got, wanted);
        free(got);
        free(wanted);
        free(one);
        free(two);
    }
}

static void failures_are_told(void **state)
{
    static const int64_t rows[] = {0, 1, 700, 5000};
    const sandbox *box = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rf_error err = {0};
        maker *m = new_maker(ROWS, rows[i]);
        make_table(box);
        assert_int_equal(rf_feed_run_ahead(box->store, insert, 3, make_row, m, &err), RF_EIO);
        assert_string_equal(err.text, "no more rows");
        free(m);
    }
}

/* The database refuses a row while the other thread has made many more, or is still at it. */
static void refusals_end_the_thread(void **state)
{
    const sandbox *box = *state;
    for (int64_t refused = 0; refused < ROWS; refused = refused * 3 + 1) {
        rf_error err = {0};
        char sql[64];
        maker *m = new_maker(ROWS, -1);
        make_table(box);
        (void)snprintf(sql, sizeof sql, "INSERT INTO row VALUES (%lld, 1, 1)", (long long)refused);
        assert_int_equal(rf_store_exec(box->store, sql, &err), RF_OK);
        assert_int_equal(rf_feed_run_ahead(box->store, insert, 3, make_row, m, &err), RF_EDATABASE);
        assert_int_equal(sandbox_number(box, "SELECT count(*) FROM row"), 1);
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_the_same, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(failures_are_told, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(refusals_end_the_thread, sandbox_start, sandbox_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
