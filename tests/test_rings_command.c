/* test_rings_command.c - `rings` and `ring` in their three formats on a small database made by
 * hand; JSON is read back with jansson. */
#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 1);
    *state = made;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static json_t *run_json(fixture *f, const char *arguments)
{
    json_error_t error;
    json_t *read;
    assert_int_equal(fixture_run(f, arguments), 0);
    read = json_loads(f->output, 0, &error);
    if (read == NULL) {
        fail_msg("%s: %s", error.text, f->output);
    }
    return read;
}

static int64_t whole(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static const char *text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_string(value));
    return json_string_value(value);
}

static void rings_as_json(void **state)
{
    json_t *read = run_json(*state, "rings --format json");
    const json_t *first = json_array_get(read, 0);
    const json_t *second = json_array_get(read, 1);
    const json_t *parts = json_object_get(first, "parts");
    assert_int_equal(json_array_size(read), 2);
    assert_int_equal(whole(first, "ring_id"), 1);
    assert_int_equal(whole(first, "size"), 5);
    assert_true(fabs(real(first, "score") - 23.4) < 1e-9);
    assert_true(json_is_true(json_object_get(first, "flagged")));
    assert_int_equal(whole(first, "network_id"), 1);
    assert_string_equal(text(first, "first_created"), "2026-05-01T08:00:00Z");
    assert_string_equal(text(first, "last_created"), "2026-05-20T12:00:00Z");
    assert_int_equal(whole(first, "requests"), 500);
    assert_int_equal(whole(first, "run"), 1);
    assert_int_equal(whole(first, "cells"), 1);
    assert_string_equal(text(first, "ring_key"), "c0ffee00c0ffee01");
    assert_string_equal(text(first, "looks_like"), "shared computer");
    assert_int_equal(json_object_size(parts), 3);
    assert_true(real(parts, "sign-up burst") == 14.0);
    assert_true(json_is_false(json_object_get(second, "flagged")));
    assert_string_equal(text(second, "looks_like"), "office");
    json_decref(read);
}

static void rings_are_chosen(void **state)
{
    json_t *read = run_json(*state, "rings --flagged --format json");
    assert_int_equal(json_array_size(read), 1);
    json_decref(read);
    read = run_json(*state, "rings --min-size 4 --format json");
    assert_int_equal(json_array_size(read), 1);
    json_decref(read);
    read = run_json(*state, "rings --limit 1 --run 1 --format json");
    assert_int_equal(json_array_size(read), 1);
    json_decref(read);
    assert_int_equal(fixture_run(*state, "rings --run 7"), 1);
    contains(((fixture *)*state)->errors, "the latest is 1");
    assert_int_equal(fixture_run(*state, "rings --run first"), 2);
}

static void rings_as_table_and_csv(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "rings"), 0);
    contains(f->output, "sign-up burst +14.0; prepaid funding +11.5");
    contains(f->output, "2026-05-01 - 2026-05-20");
    contains(f->output, "23.4");
    assert_int_equal(fixture_run(f, "rings --format csv"), 0);
    assert_string_equal(
        f->output,
        "ring_id,size,score,flagged,q,network_id,looks_like,first_created,last_created,requests,"
        "parts,cells,links,link_bits,inner_bits,ring_key,run,decision\n"
        "1,5,23.4,1,,1,shared computer,2026-05-01T08:00:00Z,2026-05-20T12:00:00Z,500,"
        "sign-up burst +14.0; prepaid funding +11.5; rings are rare -2.1,1,8,78.0,,"
        "c0ffee00c0ffee01,1,\n"
        "2,3,-4.2,0,,1,office,2026-03-02T09:00:00Z,2026-04-01T09:00:00Z,30,"
        "corporate e-mail domain -10.0; shared payment +5.8,1,3,15.0,,c0de000000000002,1,\n");
}

static void no_rings_and_no_run(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "rings --min-size 99"), 0);
    contains(f->output, "no rings of at least 99 accounts");
    assert_int_equal(fixture_run(f, "rings --min-size 99 --format json"), 0);
    assert_string_equal(f->output, "[]\n");
    assert_int_equal(fixture_run(f, "rings --min-size 99 --format csv"), 0);
    contains(f->output, "ring_id,");
    assert_null(strchr(strchr(f->output, '\n') + 1, '\n'));
    fixture_sql(f, "DELETE FROM run");
    assert_int_equal(fixture_run(f, "rings"), 1);
    contains(f->errors, "detect");
    assert_int_equal(fixture_run(f, "ring 1"), 1);
    contains(f->errors, "detect");
}

static void ring_as_json(void **state)
{
    json_t *read = run_json(*state, "ring 1 --format json");
    const json_t *list = json_object_get(read, "evidence");
    const json_t *one = json_array_get(list, 1);
    assert_int_equal(whole(read, "ring_id"), 1);
    assert_int_equal(whole(read, "core"), 4);
    assert_int_equal(whole(read, "fringe"), 1);
    assert_true(fabs(real(read, "requests_per_account_day") - 5.0) < 1e-9); /* 500 / 5 / 20 days */
    contains(text(read, "summary"), "5 accounts");
    contains(text(read, "summary"), "half of them within 4 minutes on 2026-05-01");
    assert_string_equal(text(read, "half_created_to"), "2026-05-01T08:04:00Z");
    assert_true(real(json_object_get(read, "parts"), "prepaid funding") == 11.5);
    assert_string_equal(text(json_array_get(json_object_get(read, "part_details"), 0), "part"),
                        "sign-up burst");
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(text(one, "value"), "card-1");
    assert_string_equal(text(one, "first_day"), "2026-05-01");
    assert_string_equal(text(json_object_get(one, "attributes"), "funding"), "prepaid");
    assert_string_equal(text(json_object_get(one, "attributes"), "last4"), "1234");
    list = json_object_get(read, "members");
    assert_int_equal(json_array_size(list), 5);
    assert_string_equal(text(json_array_get(list, 0), "account_id"), "r1");
    assert_int_equal(whole(json_array_get(list, 0), "requests"), 200);
    list = json_object_get(read, "network_rings");
    assert_int_equal(whole(json_array_get(list, 0), "ring_id"), 2);
    list = json_object_get(read, "common");
    assert_string_equal(text(json_array_get(list, 0), "value"), "SG");
    assert_true(fabs(real(json_array_get(list, 0), "share") - 0.8) < 1e-9);
    json_decref(read);
}

static void ring_rests_on(void **state)
{
    fixture *f = *state;
    json_t *json;
    assert_int_equal(fixture_run(f, "ring 1 --stress --format json"), 0);
    json = json_loads(f->output, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "without")),
                        "nothing");
    assert_true(json_number_value(json_object_get(json_array_get(json, 0), "score")) == 23.4);
    assert_true(json_is_true(json_object_get(json_array_get(json, 0), "still_flagged")));
    for (size_t i = 0; i < json_array_size(json); i++) { /* prepaid funding goes with payment */
        json_t *row = json_array_get(json, i);
        bool const payment =
            strstr(json_string_value(json_object_get(row, "without")), "payment") != NULL;
        double const score = json_number_value(json_object_get(row, "score"));
        assert_true((score < 12) == payment);
        assert_int_equal(json_integer_value(json_object_get(row, "members")), 5);
    }
    json_decref(json);
    assert_int_equal(fixture_run(f, "ring 1 --knock-out --format json"), 0);
    json = json_loads(f->output, 0, NULL);
    assert_true(json_is_true(json_object_get(json, "exact")));
    assert_true(json_array_size(json_object_get(json, "values")) > 0);
    assert_true(2 * json_integer_value(json_object_get(json, "members_left")) < 5);
    json_decref(json);
    assert_int_equal(fixture_run(f, "ring 1 --knock-out"), 0);
    contains(f->output, "No smaller set of values does it.");
    assert_int_equal(fixture_run(f, "ring 1 --knock-out --format csv"), 0);
    contains(f->output, "signal,value,members,holders,bits\n");
    assert_int_equal(fixture_run(f, "ring 1 --bridges"), 0);
    contains(f->output, "No single account or value");
    assert_int_equal(fixture_run(f, "ring 1 --bridges --format json"), 0);
    assert_string_equal(f->output, "[]\n");
}

static void ring_as_page(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "ring 1 --members 2"), 0);
    contains(f->output, "Ring 1 of run 1 holds 5 accounts, 1 of them at its fringe");
    contains(f->output, "+23.4 bits and is flagged");
    contains(f->output, "500 requests, 5.0 per");
    contains(f->output, "4 of 5 members signed up within an hour");
    contains(f->output, "card, prepaid, country US, bin 41111111, last4 1234");
    contains(f->output, "and 3 more: --members 5");
    contains(f->output, "SG (80 %)");
    contains(f->output, "ringfence explain r1");
    contains(f->output, "1 other ring: 2 (3 accounts, -4.2 bits)");
    assert_int_equal(fixture_run(f, "ring 1 --members 0"), 0);
    assert_null(strstr(f->output, "Members, most tied first"));
}

/* Hostile texts: no escape reaches the terminal, no formula a spreadsheet. */
static void ring_with_hostile_texts(void **state)
{
    fixture *f = *state;
    json_t *read;
    assert_int_equal(fixture_run(f, "ring 2"), 0);
    assert_null(strchr(f->output, '\x1b'));
    contains(f->output, "te\\u001b[31mam");
    assert_int_equal(fixture_run(f, "ring 2 --format csv"), 0);
    contains(f->output, "account_id,role,cell_id,links,bits,membership,created_at,");
    contains(f->output, "\n'@s3,core,2,2,10.0,,2026-04-01T09:00:00Z,DE,");
    read = run_json(f, "ring 2 --format json");
    assert_string_equal(text(json_array_get(json_object_get(read, "members"), 0), "account_id"),
                        "@s3");
    json_decref(read);
}

static void ring_by_key(void **state)
{
    fixture *f = *state;
    json_t *read = run_json(f, "ring c0ffee --format json");
    assert_int_equal(whole(read, "ring_id"), 1);
    json_decref(read);
    assert_int_equal(fixture_run(f, "ring c0"), 1);
    contains(f->errors, "several rings");
    assert_int_equal(fixture_run(f, "ring 99"), 1);
    contains(f->errors, "no ring '99'");
    assert_int_equal(fixture_run(f, "ring"), 2);
    assert_int_equal(fixture_run(f, "ring 1 2"), 2);
    fixture_sql(
        f, "INSERT INTO run SELECT 2, started_at, finished_at, version, seed, config, "
           "accounts, sightings, pairs, links, rings, flagged, prior_bits, timings, 0, NULL, NULL, "
           "NULL, 0, 0 FROM run WHERE id = 1");
    assert_int_equal(fixture_run(f, "ring c0ffee"), 1);
    contains(f->errors, "--run 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rings_as_json, start, end),
        cmocka_unit_test_setup_teardown(rings_are_chosen, start, end),
        cmocka_unit_test_setup_teardown(rings_as_table_and_csv, start, end),
        cmocka_unit_test_setup_teardown(no_rings_and_no_run, start, end),
        cmocka_unit_test_setup_teardown(ring_as_json, start, end),
        cmocka_unit_test_setup_teardown(ring_rests_on, start, end),
        cmocka_unit_test_setup_teardown(ring_as_page, start, end),
        cmocka_unit_test_setup_teardown(ring_with_hostile_texts, start, end),
        cmocka_unit_test_setup_teardown(ring_by_key, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
