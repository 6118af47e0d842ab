/* test_snapshot.c - two connections that read one state, while somebody commits all the time. */
#include "store/snapshot.h"

#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

typedef struct writer {
    const sandbox *box;
    atomic_bool stop;
    atomic_int commits;
    long pause; /* nanoseconds between commits */
} writer;

static void *commit_on(void *context)
{
    writer *w = context;
    struct timespec const pause = {0, w->pause};
    rf_store *store = NULL;
    rf_error err;
    if (rf_store_open(w->box->db, RF_STORE_WRITE, &store, &err) != RF_OK) {
        return NULL;
    }
    while (!atomic_load(&w->stop)) {
        if (rf_store_exec(store, "INSERT INTO account (external_id) VALUES (hex(randomblob(9)))",
                          NULL) == RF_OK) {
            atomic_fetch_add(&w->commits, 1);
        }
        (void)nanosleep(&pause, NULL);
    }
    rf_store_close(store);
    return NULL;
}

static long long accounts(rf_store *store)
{
    int64_t number = -1;
    assert_int_equal(rf_store_number(store, "SELECT count(*) FROM account", &number, NULL), RF_OK);
    return number;
}

static void both_see_the_same(void **state)
{
    static const long pauses[] = {0, 200000, 3000000};
    const sandbox *box = *state;
    int pairs = 0;
    for (size_t p = 0; p < sizeof pauses / sizeof pauses[0]; p++) {
        writer w = {.box = box, .pause = pauses[p]};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, commit_on, &w), 0);
        for (int i = 0; i < 100; i++) {
            rf_store *other = NULL;
            rf_error err;
            long long seen;
            assert_int_equal(rf_snapshot_begin(box->store, true, &other, &err), RF_OK);
            seen = accounts(box->store);
            if (other != NULL) {
                assert_int_equal(accounts(other), seen);
                assert_int_equal(accounts(box->store), seen);
                pairs++;
            }
            assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
        }
        while (atomic_load(&w.commits) == 0) {
        }
        atomic_store(&w.stop, true);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(pairs > 0);
}

static void one_when_asked(void **state)
{
    const sandbox *box = *state;
    rf_store *other = NULL;
    rf_error err;
    assert_int_equal(rf_snapshot_begin(box->store, false, &other, &err), RF_OK);
    assert_null(other);
    assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
}

/* A connection sees its own temporary views alone. */
static void one_when_something_stands_in_front(void **state)
{
    const sandbox *box = *state;
    rf_store *other = NULL;
    rf_error err;
    assert_int_equal(rf_store_exec(box->store, "CREATE TEMP TABLE other_name (x)", &err), RF_OK);
    assert_int_equal(rf_snapshot_begin(box->store, true, &other, &err), RF_OK);
    assert_non_null(other);
    assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
    assert_int_equal(
        rf_store_exec(box->store, "CREATE TEMP VIEW Sighting AS SELECT * FROM main.sighting", &err),
        RF_OK);
    assert_int_equal(rf_snapshot_begin(box->store, true, &other, &err), RF_OK);
    assert_null(other);
    assert_int_equal(rf_snapshot_end(box->store, other, &err), RF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_see_the_same, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(one_when_asked, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(one_when_something_stands_in_front, sandbox_start,
                                        sandbox_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
