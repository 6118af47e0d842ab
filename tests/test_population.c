/* test_population.c - the same population, read by two connections and by one, whatever the rows of
 * its accounts. */
#include "store/population.h"

#include "crowd.h"
#include "same.h"
#include "store/snapshot.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_with(rf_store *store, bool two, rf_population *p)
{
    rf_store *other = NULL;
    rf_error err = {.status = RF_OK};
    assert_int_equal(rf_snapshot_begin(store, two, &other, &err), RF_OK);
    assert_int_equal(other != NULL, two);
    if (rf_population_read(store, other, NULL, NULL, p, &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(rf_snapshot_end(store, other, &err), RF_OK);
}

static void assert_same_accounts(const rf_population *a, const rf_population *b)
{
    uint32_t const n = a->accounts;
    assert_int_equal(n, b->accounts);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(a->external_id[i], b->external_id[i]);
        assert_true(i == 0 || strcmp(a->external_id[i - 1], a->external_id[i]) < 0);
        assert_string_equal(a->country.text[a->country.code[i]],
                            b->country.text[b->country.code[i]]);
    }
    SAME(account_row, n);
    SAME(identity, n);
    SAME(created_at, n);
    SAME(status, n);
    SAME(mailbox, n);
    SAME(country.code, n);
    SAME(requests, n);
    SAME(active_days, n);
    SAME(hours, n);
    SAME(first_use, n);
    SAME(last_use, n);
    SAME(observed, n);
    SAME(prepaid, n);
    SAME(funded, n);
    SAME(unpaid, n);
    SAME(capability_start, (size_t)n + 1);
    SAME(capability_use, a->capability_start[n]);
    for (uint32_t s = 0; s < a->signals; s++) {
        assert_true((a->held[s] == NULL) == (b->held[s] == NULL));
        if (a->held[s] != NULL) {
            SAME(held[s], n);
        }
    }
}

static void remove_store(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char name[160];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)remove(name);
    }
}

/* A crowd with rows in this order, of which `change` makes something else. */
static void two_read_as_one(unsigned long long order, const char *change)
{
    /* every third account did something; some on two days, with two capabilities */
    static const char activity[] =
        "INSERT INTO value (id, signal, text) SELECT 900000 + n.x, s.id, 'can-' || n.x"
        " FROM signal s, (SELECT 1 AS x UNION SELECT 2) n WHERE s.name = 'capability';"
        "INSERT INTO activity_pack (account, import, part, capability, day, days, events,"
        "  events_span, requests, requests_span, packed)"
        " SELECT a.id, 1, d.x, 900000 + 1 + (a.id + d.x) % 2, 20000 + a.id % 50 + d.x, 1, 1, 1,"
        "  a.id % 9 + d.x, 1, '[' || (a.id % 1000) || ']'"
        " FROM account a, (SELECT 1 AS x UNION SELECT 2) d WHERE a.id % 3 = 0;"
        "UPDATE account SET country = char(65 + id % 7), email_key = 'm' || id % 11,"
        "  status = CASE id % 5 WHEN 0 THEN 'banned' ELSE 'active' END;";
    crowd_options const options = {.accounts = 200, .rings = 5, .coincident = 150, .hubs = 3};
    crowd *c = crowd_make(&options, 31 + order);
    char path[128];
    rf_store *store;
    rf_population one;
    rf_population two;
    rf_error err = {.status = RF_OK};
    (void)snprintf(path, sizeof path, "%s/population-%ld.db",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (long)getpid());
    store = crowd_store(c, path, order, 0);
    if (rf_store_exec(store, "PRAGMA foreign_keys = OFF", &err) != RF_OK ||
        rf_store_exec(store, activity, &err) != RF_OK ||
        rf_store_exec(store, change, &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
    read_with(store, false, &one);
    read_with(store, true, &two);
    assert_true(one.groups > 100);
    assert_true(one.capability_start[one.accounts] > 50);
    assert_same_accounts(&one, &two);
    assert_same_groups(&one, &two);
    assert_int_equal(one.last_sighting, two.last_sighting);
    rf_population_free(&one);
    rf_population_free(&two);
    rf_store_close(store);
    remove_store(path);
    free(c);
}

static void rows_in_order(void **state)
{
    (void)state;
    two_read_as_one(0, "DELETE FROM account WHERE id IN (SELECT a.id FROM account a"
                       " WHERE NOT EXISTS (SELECT 1 FROM sighting s WHERE s.account = a.id))");
}

static void rows_in_any_order(void **state)
{
    (void)state;
    for (unsigned long long order = 1; order < 6; order++) {
        two_read_as_one(order, "");
    }
}

/* Sightings of accounts that are not there: of no use, but harmless. */
static void rows_that_are_gone(void **state)
{
    (void)state;
    two_read_as_one(2, "DELETE FROM account WHERE id % 17 = 3");
    two_read_as_one(3, "DELETE FROM account WHERE id IN (1, 2, 199, 200)");
}

/* Rows too far apart to have something for each. */
static void rows_far_apart(void **state)
{
    (void)state;
    two_read_as_one(4, "INSERT INTO account (id, external_id) VALUES (3000000, 'afar')");
}

/* As many rows without an account as the one way allows. */
static void rows_with_gaps(void **state)
{
    (void)state;
    two_read_as_one(6, "INSERT INTO account (id, external_id) VALUES (9000, 'a'), (90000, 'z')");
}

static void nobody(void **state)
{
    rf_population one;
    char path[128];
    rf_store *store = NULL;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/population-%ld.db",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (long)getpid());
    assert_int_equal(rf_store_open(path, RF_STORE_CREATE, &store, NULL), RF_OK);
    read_with(store, true, &one);
    assert_int_equal(one.accounts, 0);
    assert_int_equal(one.groups, 0);
    rf_population_free(&one);
    rf_store_close(store);
    remove_store(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_order),      cmocka_unit_test(rows_in_any_order),
        cmocka_unit_test(rows_that_are_gone), cmocka_unit_test(rows_far_apart),
        cmocka_unit_test(rows_with_gaps),     cmocka_unit_test(nobody)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
