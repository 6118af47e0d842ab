/* test_history_command.c - rings from run to run by the program itself: `history`, the queries of
 * the ledger, and `detect --replay`. */
#include "store/embedded.h"
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The events of a ring in one run, as "birth" or "growth merge". */
static void events(fixture *f, const char *key, int64_t run, char *out, size_t room)
{
    char arguments[128];
    json_t *read;
    out[0] = '\0';
    (void)snprintf(arguments, sizeof arguments, "history %s", key);
    read = story_json(f, arguments);
    for (size_t i = 0; i < json_array_size(read); i++) {
        const json_t *one = json_array_get(read, i);
        if (json_integer_value(json_object_get(one, "run")) == run) {
            size_t const at = strlen(out);
            (void)snprintf(out + at, room - at, "%s%s", at == 0 ? "" : " ",
                           json_string_value(json_object_get(one, "event")));
        }
    }
    json_decref(read);
}

static void expect(fixture *f, const char *key, int64_t run, const char *expected)
{
    char found[256];
    events(f, key, run, found, sizeof found);
    if (strcmp(found, expected) != 0) {
        fail_msg("run %lld of %s: '%s', not '%s'", (long long)run, key, found, expected);
    }
}

static void a_ring_grows_and_keeps_its_key(void **state)
{
    fixture *f = *state;
    char key[32];
    char later[32];
    story_crowd(f);
    story_share(f, "a", 1, 6, "x");
    story_run(f, "detect", 0);
    story_key_of(f, "a1", key);
    assert_int_equal(strlen(key), 17);
    expect(f, key, 1, "birth");
    story_share(f, "a", 7, 9, "x");
    story_run(f, "detect", 0);
    story_key_of(f, "a9", later);
    assert_string_equal(key, later);
    expect(f, key, 2, "growth");
    story_run(f, "detect", 0);
    expect(f, key, 3, "unchanged");
    story_run(f, "history 1", 0);
    story_contains(f->output, "grew: 3 came, 0 left");
    story_run(f, "history 1 --format csv", 0);
    story_contains(f->output,
                   "ring_key,run,at,event,note,ring_id,size,joined,gone,shared,overlap,");
    story_run(f, "rings --format json", 0);
    story_contains(f->output, key);
    story_run(f, "query account_rings --param account=a9 --format json", 0);
    story_contains(f->output, "\"since_run\": 2");
    story_run(f, "query ring_changes --param run=2 --format csv", 0);
    story_contains(f->output, "growth,");
}

/* One device joins two rings, and is taken back. */
static void rings_merge_and_split(void **state)
{
    fixture *f = *state;
    char big[32];
    char small[32];
    char now[32];
    story_crowd(f);
    story_share(f, "a", 1, 7, "x");
    story_share(f, "b", 1, 4, "y");
    story_run(f, "detect", 0);
    story_key_of(f, "a1", big);
    story_key_of(f, "b1", small);
    assert_string_not_equal(big, small);
    story_import(f, "payments",
                 "account_id,instrument\na1,z\na2,z\na3,z\na4,z\na5,z\na6,z\na7,z\nb1,z\nb2,z\n"
                 "b3,z\nb4,z\n");
    story_import(f, "events",
                 "account_id,seen_at,template\na1,1,t\na2,1,t\na3,1,t\na4,1,t\na5,1,t\na6,1,t\n"
                 "a7,1,t\nb1,1,t\nb2,1,t\nb3,1,t\nb4,1,t\n");
    story_run(f, "detect", 0);
    story_key_of(f, "b1", now);
    assert_string_equal(now, big);
    expect(f, big, 2, "growth merge");
    expect(f, small, 2, "merged");
    story_run(f, "import --undo 7", 0);
    story_run(f, "import --undo 8", 0);
    story_run(f, "detect", 0);
    story_key_of(f, "b1", now);
    assert_string_equal(now, small); /* it is what it was before */
    expect(f, big, 3, "shrinkage split_off");
    expect(f, small, 3, "return split");
    story_run(f, "history 1 --run 3", 0);
    story_run(f, "query ring_changes --param run=2 --format csv", 0);
    story_contains(f->output, "merge,");
}

static void a_ring_rests_and_returns(void **state)
{
    fixture *f = *state;
    char key[32];
    char now[32];
    char arguments[64];
    story_crowd(f);
    story_share(f, "a", 1, 6, "x"); /* imports 3 and 4 */
    story_run(f, "detect", 0);
    story_key_of(f, "a1", key);
    story_run(f, "import --undo 3", 0);
    story_run(f, "import --undo 4", 0);
    story_run(f, "detect", 0);
    story_key_of(f, "a1", now);
    assert_string_equal(now, "");
    expect(f, key, 2, "dormancy");
    story_run(f, "query dormant_rings --format csv", 0);
    story_contains(f->output, key);
    story_run(f, "detect", 0);
    expect(f, key, 3, "");                          /* told once */
    fixture_sql(f, "DELETE FROM run WHERE id = 1"); /* the ledger outlives runs */
    (void)snprintf(arguments, sizeof arguments, "history %.8s", key);
    story_run(f, arguments, 0);
    story_contains(f->output, "not found");
    story_share(f, "a", 1, 7, "x");
    story_run(f, "detect", 0);
    story_key_of(f, "a7", now);
    assert_string_equal(now, key);
    expect(f, key, 4, "return");
}

static void a_banned_ring_regrows(void **state)
{
    fixture *f = *state;
    char key[32];
    char now[32];
    story_crowd(f);
    story_share(f, "a", 1, 8, "x");
    story_run(f, "detect", 0);
    story_key_of(f, "a1", key);
    story_import(f, "accounts",
                 "account_id,status\na1,banned\na2,banned\na3,banned\na4,banned\na5,banned\n");
    story_run(f, "detect", 0);
    expect(f, key, 2, "unchanged"); /* a ban alone is no regrowth */
    story_share(f, "a", 9, 10, "x");
    story_run(f, "detect", 0);
    expect(f, key, 3, "growth regrowth");
    story_run(f, "query ring_regrowth --format csv", 0);
    story_contains(f->output, key);
    story_run(f, "history 1", 0);
    story_contains(f->output, "regrown after a ban: 2 new accounts beside 5 banned");
    /* So many that the overlap is below one half: a ring of its own, tied to the old one. */
    story_import(f, "accounts",
                 "account_id,status\na6,banned\na7,banned\na8,banned\na9,banned\na10,banned\n");
    story_share(f, "c", 1, 24, "x");
    story_run(f, "detect", 0);
    story_key_of(f, "c1", now);
    assert_string_not_equal(now, key);
    expect(f, now, 4, "birth merge regrowth");
    story_contains(f->output, key);
}

static void histories_that_are_not(void **state)
{
    fixture *f = *state;
    story_run(f, "history 1", 1);
    story_crowd(f);
    story_run(f, "history 1", 1);
    story_contains(f->errors, "detect");
    story_share(f, "a", 1, 6, "x");
    story_run(f, "detect", 0);
    story_run(f, "history", 2);
    story_run(f, "history 1 2", 2);
    story_run(f, "history 99", 1);
    story_contains(f->errors, "no ring '99'");
    story_run(f, "history zzzzz", 1);
}

/* The number of a dropped run is not given again: the ledger still speaks of it. */
static void run_numbers_are_not_given_twice(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_share(f, "a", 1, 6, "x");
    story_run(f, "detect", 0);
    story_run(f, "detect", 0);
    fixture_sql(f, "DELETE FROM run WHERE id = 2");
    story_run(f, "detect", 0);
    assert_int_equal(story_number(f, "SELECT max(id) FROM run"), 3);
    assert_int_equal(story_number(f, "SELECT previous FROM run_record WHERE run = 3"), 2);
}

/* A database as it was before there was a ledger, with two runs in it. */
static void make_old(const fixture *f)
{
    enum { STEPS = 5 };
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    for (int step = 0; step < STEPS; step++) {
        assert_int_equal(sqlite3_exec(db, rf_schema_steps[step].text, NULL, NULL, NULL), SQLITE_OK);
    }
    assert_int_equal(
        sqlite3_exec(db,
                     "INSERT INTO account (id, external_id) VALUES (1, 'a1'), (2, 'a2'), (3, 'a3');"
                     "INSERT INTO run VALUES (1, 7, 8, '0', 1, '{}', 3, 0, 0, 0, 1, 1, 0, '{}'),"
                     " (2, 70, 80, '0', 1, '{}', 3, 0, 0, 0, 1, 1, 0, '{}');"
                     "INSERT INTO ring VALUES (1, 1, '0ld', 1, 2, 1, 0, 0, 5, 1, '', 1, 1, 1),"
                     " (2, 1, '00c0ffee00c0ffee', 1, 3, 1, 0, 0, 5, 1, '', 1, 1, 1);"
                     "INSERT INTO member SELECT 2, id, 1, 1, 1, 'core', 0, 0 FROM account;"
                     "PRAGMA application_id = 1380535879; PRAGMA user_version = 5;",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Rings of the last run before there was a ledger keep their keys. */
static void older_databases_begin_with_their_last_run(void **state)
{
    fixture *f = *state;
    make_old(f);
    story_run(f, "history 1", 4);
    fixture_sql(f, "SELECT 1"); /* whoever writes brings it up to date */
    expect(f, "00c0ffee", 2, "birth");
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_life"), 1);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_member WHERE until_run IS NULL"),
                     3);
    story_run(f, "detect --replay 2", 1);
    story_contains(f->errors, "did not keep");
    story_run(f, "detect", 0);
    expect(f, "00c0ffee", 3, "dormancy");
    assert_int_equal(story_number(f, "SELECT previous FROM run_record WHERE run = 3"), 2);
}

/* ---- replay ---- */

static void a_run_replays_to_the_last_byte(void **state)
{
    fixture *f = *state;
    json_t *read;
    story_crowd(f);
    story_share(f, "a", 1, 6, "x");
    story_import(f, "accounts", "account_id,country,status,email\na1,DE,active,x@a.example\n");
    story_run(f, "detect --seed 42 --resolution 1.3 --min-size 2", 0);
    story_run(f, "detect --replay 1 --threads 1", 0);
    story_contains(f->output, "every row came out the same");
    /* Later imports that change everything: other accounts, merged columns, a new signal. */
    story_share(f, "a", 4, 20, "x");
    story_share(f, "h", 1, 30, "w");
    story_import(f, "sightings --signal fax", "account_id,value\na1,1\na2,1\nh3,1\n");
    story_import(f, "accounts", "account_id,country,status,email\na1,FR,banned,y@b.example\n");
    story_import(f, "labels", "account_id,label\na1,fraud\nh1,legit\n");
    story_run(f, "detect", 0);
    story_run(f, "detect --seed 3", 0);
    for (int run = 1; run <= 3; run++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "detect --replay %d --threads 4", run);
        read = story_json(f, arguments);
        assert_true(json_is_true(json_object_get(read, "identical")));
        assert_true(json_array_size(json_object_get(read, "tables")) >= 11);
        json_decref(read);
    }
    fixture_sql(f, "INSERT INTO verification_request (account, campaign, status, score, reason,"
                   " opened_at, updated_at) SELECT id, 'x', iif(id % 2, 'approved', 'declined'), 1,"
                   " 'x', 1, 1 FROM account"); /* what is known changes without an import, too */
    story_run(f, "detect", 0);
    for (int run = 1; run <= 4; run++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "detect --replay %d", run);
        story_run(f, arguments, 0);
    }
    story_run(f, "detect --no-labels", 0);
    story_run(f, "detect --replay 5", 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM run"), 5); /* nothing is kept */
    assert_int_equal(story_number(f, "SELECT count(*) FROM run_record"), 5);
}

static void a_changed_run_is_found_out(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_share(f, "a", 1, 6, "x");
    story_run(f, "detect", 0);
    fixture_sql(f, "UPDATE link_pack SET bits = bits + 7 WHERE account_a ="
                   " (SELECT min(account_a) FROM link_pack)");
    story_run(f, "detect --replay latest --format csv", 1);
    story_contains(f->errors, "did not come out the same");
    story_contains(f->output, "table,rows,missing,extra\n");
    story_contains(f->output, "\nring,1,0,0\n");
}

static void replays_that_cannot_be(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_share(f, "a", 1, 6, "x");
    story_run(f, "detect", 0);
    story_run(f, "detect --replay 1 --seed 2", 2);
    story_run(f, "detect --replay 5", 1);
    story_contains(f->errors, "no run 5");
    story_run(f, "import --undo 4", 0);
    story_run(f, "detect --replay 1", 1);
    story_contains(f->errors, "import 4");
    story_contains(f->errors, "taken back");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ring_grows_and_keeps_its_key, story_start, story_end),
        cmocka_unit_test_setup_teardown(rings_merge_and_split, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_ring_rests_and_returns, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_banned_ring_regrows, story_start, story_end),
        cmocka_unit_test_setup_teardown(histories_that_are_not, story_start, story_end),
        cmocka_unit_test_setup_teardown(run_numbers_are_not_given_twice, story_start, story_end),
        cmocka_unit_test_setup_teardown(older_databases_begin_with_their_last_run, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(a_run_replays_to_the_last_byte, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_changed_run_is_found_out, story_start, story_end),
        cmocka_unit_test_setup_teardown(replays_that_cannot_be, story_start, story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
