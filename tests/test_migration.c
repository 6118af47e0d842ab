/* test_migration.c - databases of earlier schema steps: brought up to date, they hold what they
 * held. */
#include "store/embedded.h"
#include "store/store.h"

#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Three accounts; a1 was spoken of by two imports, a2 by one, a3 by none. On day 10 a1 did one
 * thing, on day 11 two and something without a name. */
static const char old_facts[] =
    "INSERT INTO import (kind, signal, map, path, digest, bytes, rows, rejected, started_at,"
    " finished_at) VALUES ('accounts', '', '', 'x', 'd', 1, 1, 0, 1, 1),"
    " ('accounts', '', '', 'y', 'e', 1, 1, 0, 1, 1), ('events', '', '', 'z', 'f', 1, 1, 0, 1, 1);"
    "INSERT INTO account (id, external_id, country, plan) VALUES (1, 'a1', 'FR', 'pro'),"
    " (2, 'a2', 'DE', NULL), (3, 'a3', NULL, NULL);"
    "INSERT INTO account_claim (account, import, country, plan) VALUES (1, 1, 'DE', 'pro'),"
    " (1, 2, 'FR', NULL), (2, 1, 'DE', NULL);"
    "INSERT INTO value (id, signal, text) VALUES (1, 7, 'chat'), (2, 7, 'coding'), (3, 3, 'dev');"
    "INSERT INTO sighting VALUES (3, 1, 10, 3, 1), (3, 1, 11, 3, 2), (3, 3, 10, 3, 1);"
    "CREATE INDEX sighting_by_account ON sighting (account, value);"
    "INSERT INTO usage VALUES (1, 10, 3, 2, 7, 6), (1, 11, 3, 3, 9, 1), (3, 10, 3, 1, 1, 2);"
    "INSERT INTO capability_use VALUES (1, 1, 10, 3, 7), (1, 1, 11, 3, 4), (1, 2, 11, 3, 3);";

/* A database as the program of schema `steps` left it. */
static void make_old(const char *path, int steps, const char *facts)
{
    char pragmas[120];
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (int step = 0; step < steps; step++) {
        assert_int_equal(sqlite3_exec(db, rf_schema_steps[step].text, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(sqlite3_exec(db, facts, NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(pragmas, sizeof pragmas,
                   "PRAGMA application_id = 1380535879; PRAGMA user_version = %d;"
                   "PRAGMA journal_mode = WAL",
                   steps);
    assert_int_equal(sqlite3_exec(db, pragmas, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void expect(const sandbox *box, const char *sql, const char *wanted)
{
    char *found = sandbox_query(box, sql);
    assert_string_equal(found, wanted);
    free(found);
}

static void third_step_is_brought_up_to_date(void **state)
{
    sandbox *box = *state;
    rf_store_close(box->store);
    box->store = NULL;
    (void)unlink(box->db);
    make_old(box->db, 3, old_facts);
    assert_int_equal(rf_store_open(box->db, RF_STORE_READ, &box->store, &box->error), RF_EDATABASE);
    assert_int_equal(rf_store_open(box->db, RF_STORE_WRITE, &box->store, &box->error), RF_OK);
    free(sandbox_facts(box)); /* checks that tables agree with each other */
    expect(box, "SELECT * FROM activity ORDER BY 1, 2, 3",
           "1|0|11|3|3|2|1\n1|1|10|3|2|7|6\n1|1|11|3|0|4|0\n1|2|11|3|0|3|0\n3|0|10|3|1|1|2\n");
    expect(box, "SELECT account, day, sum(events), sum(requests) FROM usage GROUP BY 1, 2",
           "1|10|2|7\n1|11|3|9\n3|10|1|1\n");
    expect(box, "SELECT * FROM capability_use", "1|1|10|3|7\n1|1|11|3|4\n1|2|11|3|3\n");
    expect(box, "SELECT account, hour, days_active FROM hour_profile WHERE days_active > 0",
           "1|0|1\n1|1|1\n1|2|1\n3|1|1\n");
    expect(box, "SELECT * FROM sighting_by_account WHERE account = 1", "1|3|10|3|1\n1|3|11|3|2\n");
    expect(box, "SELECT external_id, country, plan, said_by FROM account",
           "a1|FR|pro|0\na2|DE||1\na3|||\n");
    expect(box, "SELECT account, import, country, plan FROM account_said ORDER BY 1, 2",
           "1|1|DE|pro\n1|2|FR|\n2|1|DE|\n");
    expect(box, "SELECT count(*) FROM account_claim", "2\n");
}

/* Links of a database of 18 steps: two runs, an account with 70 of them. */
static const char old_links[] =
    "INSERT INTO account (id, external_id) WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    "  WHERE i < 90) SELECT i, 'a' || i FROM n;"
    "INSERT INTO run (id, started_at, finished_at, version, seed, config, accounts, sightings, "
    "pairs,"
    "  links, rings, flagged, prior_bits, timings) VALUES (1, 1, 1, '', 0, '', 1, 1, 1, 1, 0, 0, 0,"
    "  ''), (2, 1, 1, '', 0, '', 1, 1, 1, 1, 0, 0, 0, '');"
    "INSERT INTO link SELECT r.id, 9, b.id, b.id * 77777 / 65536.0, 1 + b.id % 5 FROM run r, "
    "account b"
    "  WHERE b.id > 10 AND b.id <= 80;"
    "INSERT INTO link VALUES (2, 3, 4, -1.5, 2), (2, 4, 1, 0.25, 1), (2, 3, 90, 21.75, 3);"
    "INSERT INTO link_by_b SELECT run, account_b, account_a FROM link;"
    "CREATE TABLE told AS SELECT * FROM link; CREATE TABLE told_by_b AS SELECT * FROM link_by_b;";

static void links_are_packed(void **state)
{
    sandbox *box = *state;
    rf_store_close(box->store);
    box->store = NULL;
    (void)unlink(box->db);
    make_old(box->db, 18, old_links);
    assert_int_equal(rf_store_open(box->db, RF_STORE_WRITE, &box->store, &box->error), RF_OK);
    expect(box,
           "SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM link),"
           " (SELECT count(*) FROM (SELECT * FROM told EXCEPT SELECT * FROM link)),"
           " (SELECT count(*) FROM link_by_b),"
           " (SELECT count(*) FROM (SELECT * FROM told_by_b EXCEPT SELECT * FROM link_by_b))",
           "143|143|0|143|0\n");
    expect(box, "SELECT account_b, bits, families FROM link WHERE run = 2 AND account_a = 3",
           "4|-1.5|2\n90|21.75|3\n");
    expect(box, "SELECT account_a FROM link_by_b WHERE run = 2 AND account_b = 1", "4\n");
    expect(box, "SELECT account_b, families, bits, bits_span FROM link_pack WHERE run = 1",
           "11|6|855547|2411088\n43|6|3344411|2411088\n75|6|5833275|388886\n"); /* 32 each */
    expect(box, "DELETE FROM run WHERE id = 2 RETURNING 1", "1\n");
    expect(box, "SELECT (SELECT count(*) FROM link), (SELECT count(*) FROM link_by_b)", "70|70\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(third_step_is_brought_up_to_date, sandbox_start,
                                        sandbox_end),
        cmocka_unit_test_setup_teardown(links_are_packed, sandbox_start, sandbox_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
