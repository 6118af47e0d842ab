/* test_decide_command.c - what investigators decide about rings, and what follows from it. */
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int made_start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 1);
    *state = made;
    return 0;
}

/* A store in which detection flags the ring of a1...: whatever it scores. */
static void detect(fixture *f)
{
    char path[128];
    char arguments[192];
    FILE *file;
    (void)snprintf(path, sizeof path, "%s/all.ini", f->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("[score]\nflagged_from = -100\n", file);
    (void)fclose(file);
    (void)snprintf(arguments, sizeof arguments, "detect --config '%s'", path);
    story_run(f, arguments, 0);
}

static const json_t *first_ring(const json_t *rings)
{
    assert_true(json_array_size(rings) >= 1);
    return json_array_get(rings, 0);
}

static bool is_flagged(fixture *f)
{
    json_t *read = story_json(f, "rings --limit 1");
    bool const flagged = json_is_true(json_object_get(first_ring(read), "flagged"));
    json_decref(read);
    return flagged;
}

static void a_decision_is_told_at_once(void **state)
{
    fixture *f = *state;
    json_t *read;
    const json_t *decision;
    story_run(f, "decide 1 clear --reason 'a family' --by ann", 0);
    story_contains(f->errors, "cleared");
    assert_string_equal(f->output, "");
    read = story_json(f, "rings");
    decision = json_object_get(first_ring(read), "decision");
    assert_true(json_is_false(json_object_get(first_ring(read), "flagged")));
    assert_string_equal(json_string_value(json_object_get(decision, "verdict")), "cleared");
    assert_string_equal(json_string_value(json_object_get(decision, "by")), "ann");
    assert_true(json_is_true(json_object_get(decision, "quiet")));
    assert_true(json_is_null(json_object_get(json_array_get(read, 1), "decision")));
    json_decref(read);
    story_run(f, "rings", 0);
    story_contains(f->output, "by ann: a family");
    story_run(f, "rings --flagged --format json", 0);
    assert_string_equal(f->output, "[]\n");
    story_run(f, "ring 1", 0);
    story_contains(f->output, "is not flagged. It was cleared on 20");
    story_run(f, "export assignments --to -", 0);
    story_contains(f->output, "\nr1,1,1,1,23.400,0\n");
    read = story_json(f, "ring c0ffee");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(read, "decision"), "reason")),
        "a family");
    json_decref(read);
}

static void the_latest_counts_and_none_is_lost(void **state)
{
    fixture *f = *state;
    json_t *read;
    story_run(f, "decide 1 clear --reason first", 0);
    story_run(f, "decide c0ffee watch --reason second", 0);
    story_run(f, "decide 1 confirm --reason third --by bob", 0);
    assert_true(is_flagged(f));
    read = story_json(f, "decide --list");
    assert_int_equal(json_array_size(read), 3);
    assert_true(json_is_true(json_object_get(json_array_get(read, 0), "counts")));
    assert_true(json_is_false(json_object_get(json_array_get(read, 1), "counts")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(read, 0), "by")), "bob");
    assert_true(strlen(json_string_value(json_object_get(json_array_get(read, 1), "by"))) > 0);
    json_decref(read);
    assert_int_equal(story_number(f, "SELECT count(*) FROM account_decision WHERE verdict ="
                                     " 'confirmed'"),
                     5);
    story_run(f, "decide --list", 0);
    story_contains(f->output, "third");
    story_run(f, "decide --list --format csv", 0);
    story_contains(f->output, "decision_id,at,verdict,ring_key,");
}

static void decisions_cannot_be_taken_away(void **state)
{
    static const char *const TRIES[] = {"DELETE FROM decision", "UPDATE decision SET reason = 'x'",
                                        "DELETE FROM decision_member",
                                        "UPDATE decision_member SET account = 'x'"};
    fixture *f = *state;
    story_run(f, "decide 1 clear --reason why", 0);
    for (size_t i = 0; i < sizeof TRIES / sizeof TRIES[0]; i++) {
        rf_store *store = NULL;
        rf_error err = {.status = RF_OK};
        assert_int_equal(rf_store_open(f->db, RF_STORE_WRITE, &store, &err), RF_OK);
        assert_int_not_equal(rf_store_exec(store, TRIES[i], &err), RF_OK);
        story_contains(err.text, "never");
        rf_store_close(store);
    }
}

static void nobody_is_asked_in_cleared_and_watched_rings(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "DELETE FROM verification_request");
    story_run(f, "decide 1 clear --reason why", 0);
    story_run(f, "flag --dry-run --format json", 0);
    story_contains(f->output, "\"ask\": 0");
    story_contains(f->output, "\"ring_cleared\": 4"); /* the fifth is banned */
    story_run(f, "decide 1 watch --reason why", 0);
    story_run(f, "flag --dry-run --format json", 0);
    story_contains(f->output, "\"ring_watched\": 4");
    story_run(f, "flag --dry-run", 0);
    story_contains(f->output, "in a ring that is watched");
    assert_true(is_flagged(f));
    story_run(f, "decide 1 confirm --reason why", 0);
    story_run(f, "flag --dry-run --format json", 0);
    story_contains(f->output, "\"ask\": 4");
}

static void wrong_decisions(void **state)
{
    fixture *f = *state;
    story_run(f, "decide 1 clear", 2);
    story_contains(f->errors, "--reason");
    story_run(f, "decide 1 clear --reason '  '", 2);
    story_run(f, "decide 1 forget --reason x", 2);
    story_contains(f->errors, "none of confirm, clear, watch");
    story_run(f, "decide 1 --reason x", 2);
    story_run(f, "decide --list 1", 2);
    story_run(f, "decide 77 clear --reason x", 1);
    story_contains(f->errors, "no ring '77'");
    story_run(f, "decide 1 clear --run 9 --reason x", 1);
    assert_int_equal(story_number(f, "SELECT count(*) FROM decision"), 0);
}

/* A reason is text of a person: no escape reaches the terminal. */
static void hostile_reasons(void **state)
{
    fixture *f = *state;
    story_run(f, "decide 1 clear --reason \"$(printf 'x\\033[31my')\"", 0);
    story_run(f, "ring 1", 0);
    assert_null(strchr(f->output, '\x1b'));
    story_run(f, "rings", 0);
    assert_null(strchr(f->output, '\x1b'));
    story_run(f, "decide --list", 0);
    assert_null(strchr(f->output, '\x1b'));
}

/* Ten cleared: two new ones are not many (2 of 12), five are (5 of 15). */
static void a_cleared_ring_is_quiet_until_it_has_changed(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_share(f, "a", 1, 10, "x");
    detect(f);
    assert_true(is_flagged(f));
    story_run(f, "decide 1 clear --reason 'a school' --by ann", 0);
    story_share(f, "a", 11, 12, "x");
    detect(f);
    story_contains(f->output, "cleared and are much the same: 1 rings");
    assert_false(is_flagged(f));
    assert_int_equal(story_number(f, "SELECT flagged FROM ring WHERE run = 2 AND ring = 1"), 0);
    assert_int_equal(story_number(f, "SELECT flagged FROM run WHERE id = 2"), 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_event WHERE run = 2 AND flagged"),
                     0);
    story_share(f, "a", 13, 15, "x");
    detect(f);
    assert_true(is_flagged(f));
    story_run(f, "ring 1", 0);
    story_contains(f->output, "flagged again");
    story_run(f, "rings --format csv", 0);
    story_contains(f->output, "by ann: a school; flagged again since 5 of 15 members are new");
    /* A run knows the decisions there were: replays are not moved by later ones. */
    story_run(f, "decide 1 clear --reason 'a larger school'", 0);
    assert_false(is_flagged(f));
    for (int run = 1; run <= 3; run++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "detect --replay %d", run);
        story_run(f, arguments, 0);
    }
}

static void a_higher_score_is_a_change(void **state)
{
    fixture *f = *state;
    story_run(f, "decide 1 clear --reason why", 0);
    assert_false(is_flagged(f));
    fixture_sql(f, "UPDATE ring SET score = score + 5.9 WHERE ring = 1");
    assert_false(is_flagged(f));
    fixture_sql(f, "UPDATE ring SET score = score + 0.2 WHERE ring = 1");
    assert_true(is_flagged(f));
    story_run(f, "rings --format csv", 0);
    story_contains(f->output, "flagged again since its score rose by +6.1 bits");
}

/* Losing members is no change: what is left was cleared. */
static void a_smaller_ring_stays_quiet(void **state)
{
    fixture *f = *state;
    story_run(f, "decide 1 clear --reason why", 0);
    fixture_sql(f, "DELETE FROM member WHERE ring = 1 AND account > 3;"
                   "UPDATE ring SET size = 3 WHERE ring = 1");
    assert_false(is_flagged(f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_decision_is_told_at_once, made_start, story_end),
        cmocka_unit_test_setup_teardown(the_latest_counts_and_none_is_lost, made_start, story_end),
        cmocka_unit_test_setup_teardown(decisions_cannot_be_taken_away, made_start, story_end),
        cmocka_unit_test_setup_teardown(nobody_is_asked_in_cleared_and_watched_rings, made_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(wrong_decisions, made_start, story_end),
        cmocka_unit_test_setup_teardown(hostile_reasons, made_start, story_end),
        cmocka_unit_test_setup_teardown(a_cleared_ring_is_quiet_until_it_has_changed, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(a_higher_score_is_a_change, made_start, story_end),
        cmocka_unit_test_setup_teardown(a_smaller_ring_stays_quiet, made_start, story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
