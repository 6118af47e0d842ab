/* test_allow_command.c - values known to be good: they join nobody, are named where they are
 * shared, and end on their day. */
#include "base/hash.h"
#include "store/allow.h"
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a1..a8 share a card and a device; b1..b6 an address of an office and a template. */
static void tell(fixture *f)
{
    story_crowd(f);
    story_share(f, "a", 1, 8, "x");
    story_import(f, "events",
                 "account_id,seen_at,ip,template\n"
                 "b1,2026-05-01,192.0.2.1,t\nb2,2026-05-01,192.0.2.1,t\n"
                 "b3,2026-05-01,192.0.2.1,t\nb4,2026-05-01,192.0.2.1,t\n"
                 "b5,2026-05-01,192.0.2.1,t\nb6,2026-05-01,192.0.2.1,t\n");
}

static int64_t in_ring(const fixture *f, const char *account)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM member m JOIN account a ON a.id = m.account WHERE"
                   " a.external_id = '%s' AND m.run = (SELECT max(id) FROM run)",
                   account);
    return story_number(f, sql);
}

static void an_allowed_value_joins_nobody(void **state)
{
    fixture *f = *state;
    json_t *read;
    const json_t *allowed;
    tell(f);
    story_run(f, "detect", 0);
    assert_int_equal(in_ring(f, "a1"), 1);
    story_run(f, "allow device dev-x --reason 'a demo unit' --until 2199-12-31 --by ann", 0);
    story_contains(f->errors, "until 2199-12-31");
    assert_int_equal(in_ring(f, "a1"), 1); /* from the next detect on */
    story_run(f, "explain a1 a2", 0);
    assert_null(strstr(f->output, "demo unit"));
    story_run(f, "detect", 0);
    story_contains(f->output, "Left out 1 values that are allowed");
    assert_int_equal(in_ring(f, "a1"), 0); /* the card alone is corroborated by nothing */
    assert_int_equal(story_number(f, "SELECT count(*) FROM value_worth w JOIN value v ON v.id ="
                                     " w.value WHERE w.run = 2 AND v.text = 'dev-x'"),
                     0);
    story_run(f, "explain a1 a2", 0);
    story_contains(f->output, "They share device dev-x, allowed until 2199-12-31: a demo unit.");
    read = story_json(f, "explain a1 a2");
    allowed = json_array_get(json_object_get(read, "allowed"), 0);
    assert_string_equal(json_string_value(json_object_get(allowed, "value")), "dev-x");
    assert_string_equal(json_string_value(json_object_get(allowed, "reason")), "a demo unit");
    assert_string_equal(json_string_value(json_object_get(allowed, "until")), "2199-12-31");
    assert_false(json_is_true(json_object_get(read, "linked")));
    json_decref(read);
    story_run(f, "explain a1", 0);
    /* The earlier run is explained as it was. */
    story_run(f, "explain a1 a2 --run 1", 0);
    story_contains(f->output, "a1 and a2 are linked");
    assert_null(strstr(f->output, "demo unit"));
    story_run(f, "detect --replay 1", 0);
    story_run(f, "detect --replay 2", 0);
}

/* A ring that other values make is told with what was left out of it. */
static void a_ring_names_what_was_left_out(void **state)
{
    fixture *f = *state;
    json_t *read;
    tell(f);
    story_import(f, "events",
                 "account_id,seen_at,ip\na1,2026-05-01,198.51.100.7\na2,2026-05-01,198.51.100.7\n"
                 "a3,2026-05-02,198.51.100.7\n");
    story_run(f, "allow ip 198.51.100.0/24 --reason 'our office'", 0);
    story_run(f, "detect", 0);
    read = story_json(f, "ring 1");
    assert_int_equal(json_array_size(json_object_get(read, "allowed")), 1);
    json_decref(read);
    story_run(f, "ring 1", 0);
    story_contains(f->output, "3 members share ip 198.51.100.7, allowed without end (as "
                              "198.51.100.0/24): our office.");
    assert_int_equal(story_number(f, "SELECT count(*) FROM evidence e JOIN value v ON v.id ="
                                     " e.value WHERE v.text = '198.51.100.7'"),
                     0);
}

static void entries_end_and_are_removed_and_stay(void **state)
{
    fixture *f = *state;
    json_t *read;
    tell(f);
    story_run(f, "allow device dev-x --reason old --until 2020-01-01", 0);
    story_contains(f->errors, "no effect");
    story_run(f, "detect", 0);
    story_contains(f->errors, "1 entry of the allow-list has expired and is ignored");
    assert_int_equal(in_ring(f, "a1"), 1);
    story_run(f, "allow device dev-x --reason again", 0);
    story_run(f, "detect", 0);
    assert_int_equal(in_ring(f, "a1"), 0);
    story_run(f, "allow device dev-x --remove --reason 'sold'", 0);
    story_run(f, "detect", 0);
    assert_int_equal(in_ring(f, "a1"), 1);
    story_run(f, "allow --list", 0);
    story_contains(f->output, "Nothing is allowed");
    read = story_json(f, "allow --list --all");
    assert_int_equal(json_array_size(read), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(read, 0), "state")),
                        "removal");
    assert_string_equal(json_string_value(json_object_get(json_array_get(read, 2), "state")),
                        "replaced");
    json_decref(read);
    for (int run = 1; run <= 3; run++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof arguments, "detect --replay %d", run);
        story_run(f, arguments, 0);
    }
}

static void values_are_canonical(void **state)
{
    fixture *f = *state;
    tell(f);
    story_run(f, "allow ip ::ffff:192.0.2.1 --reason x", 0);
    story_run(f, "allow ip 2001:DB8::1/32 --reason x", 0);
    story_run(f, "allow ip 10.1.2.3/8 --reason x", 0);
    story_run(f, "allow --list --format csv", 0);
    story_contains(f->output, ",ip,192.0.2.1,active,");
    story_contains(f->output, ",ip,2001:db8::/32,active,");
    story_contains(f->output, ",ip,10.0.0.0/8,active,");
}

static void wrong_entries(void **state)
{
    fixture *f = *state;
    tell(f);
    story_run(f, "allow device dev-x", 2);
    story_contains(f->errors, "--reason");
    story_run(f, "allow device --reason x", 2);
    story_run(f, "allow device dev-x --reason x --until soon", 2);
    story_run(f, "allow --list device", 2);
    story_run(f, "allow shoes 43 --reason x", 1);
    story_contains(f->errors, "no signal 'shoes'");
    story_run(f, "allow capability chat --reason x", 1);
    story_run(f, "allow ip 192.0.2.0/33 --reason x", 1);
    story_run(f, "allow ip here --reason x", 1);
    story_run(f, "allow device dev-x --remove", 1);
    story_contains(f->errors, "is not allowed");
    assert_int_equal(story_number(f, "SELECT count(*) FROM allow_entry"), 0);
}

static void entries_cannot_be_taken_away(void **state)
{
    static const char *const TRIES[] = {"DELETE FROM allow_entry", "UPDATE allow_entry SET until ="
                                                                   " 1"};
    fixture *f = *state;
    tell(f);
    story_run(f, "allow device dev-x --reason x", 0);
    for (size_t i = 0; i < sizeof TRIES / sizeof TRIES[0]; i++) {
        rf_store *store = NULL;
        rf_error err = {.status = RF_OK};
        assert_int_equal(rf_store_open(f->db, RF_STORE_WRITE, &store, &err), RF_OK);
        assert_int_not_equal(rf_store_exec(store, TRIES[i], &err), RF_OK);
        rf_store_close(store);
    }
}

/* ---- prefixes, against a slow look at every bit ---- */

static bool same_bits(const rf_address *a, const rf_address *b, int bits)
{
    for (int i = 0; i < bits; i++) {
        if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

static void prefixes_are_what_their_bits_say(void **state)
{
    uint64_t draw = 1;
    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        rf_prefix prefix = {.address = {.version = trial % 2 == 0 ? 4 : 6}};
        rf_address address = {.version = prefix.address.version};
        rf_address whole;
        int const most = address.version == 4 ? 32 : 128;
        draw = rf_mix(draw);
        prefix.bits = (int)(draw % (uint64_t)(most + 1));
        for (int i = 0; i < most / 8; i++) {
            draw = rf_mix(draw);
            prefix.address.bytes[i] = (uint8_t)draw;
            address.bytes[i] = (uint8_t)draw;
        }
        address.bytes[(draw >> 8) % (uint64_t)(most / 8)] ^= (uint8_t)(1 << (draw >> 16 & 7));
        whole = prefix.address;
        rf_address_mask(&prefix.address, prefix.bits);
        assert_true(same_bits(&whole, &prefix.address, prefix.bits));
        assert_true(rf_prefix_holds(&prefix, &whole));
        assert_true(rf_prefix_holds(&prefix, &address) == same_bits(&whole, &address, prefix.bits));
    }
}

/* The values found in a store are those that each entry, looked at alone, holds. */
static void values_found_are_those_entries_hold(void **state)
{
    static const char *const ENTRIES[] = {"10.0.0.0/8",  "10.1.0.0/16",    "10.1.2.3",
                                          "10.1.2.0/24", "192.0.2.128/25", "0.0.0.0/32"};
    fixture *f = *state;
    rf_store *store = NULL;
    rf_allowed *found = NULL;
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    uint32_t count = 0;
    uint32_t expected = 0;
    bool row = true;
    char rows[8192] = "account_id,seen_at,ip\n";
    for (int i = 0; i < 200; i++) {
        uint64_t const bits = rf_mix((uint64_t)i);
        size_t const at = strlen(rows);
        (void)snprintf(rows + at, sizeof rows - at, "x%d,1,%s%d.%d\n", i,
                       i % 4 == 0   ? "10.1."
                       : i % 4 == 1 ? "10.2."
                       : i % 4 == 2 ? "192.0."
                                    : "203.0.",
                       (int)(bits % 4), (int)(bits >> 8 & 255));
    }
    story_import(f, "events", rows);
    story_import(f, "events", "account_id,seen_at,ip\ny,1,10.1.2.3\n");
    for (size_t i = 0; i < sizeof ENTRIES / sizeof ENTRIES[0]; i++) {
        char arguments[128];
        (void)snprintf(arguments, sizeof arguments, "allow ip %s --reason x", ENTRIES[i]);
        story_run(f, arguments, 0);
    }
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_allow_values(store, &found, &count, &err), RF_OK);
    assert_int_equal(
        rf_prepare(store, "SELECT id, text FROM value WHERE signal = 2 ORDER BY id", &select, &err),
        RF_OK);
    while (rf_step(select, &row, &err) == RF_OK && row) {
        const char *text = rf_column_text(select, 1);
        int64_t best = 0; /* exact first, then the longest */
        int longest = -1;
        for (size_t i = 0; i < sizeof ENTRIES / sizeof ENTRIES[0]; i++) {
            rf_prefix prefix;
            rf_address address;
            assert_true(rf_address_parse(text, strlen(text), &address));
            if (strcmp(text, ENTRIES[i]) == 0) {
                best = (int64_t)i + 1;
                longest = 1000;
            } else if (rf_prefix_parse(ENTRIES[i], &prefix) && prefix.bits > longest &&
                       same_bits(&prefix.address, &address, prefix.bits)) {
                best = (int64_t)i + 1;
                longest = prefix.bits;
            }
        }
        if (best != 0) {
            assert_true(expected < count);
            assert_int_equal(found[expected].value_row, rf_column_int(select, 0));
            assert_int_equal(found[expected++].entry, best);
        }
    }
    assert_int_equal(expected, count);
    assert_true(count > 20);
    rf_statement_end(select);
    rf_free(found);
    rf_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_allowed_value_joins_nobody, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_ring_names_what_was_left_out, story_start, story_end),
        cmocka_unit_test_setup_teardown(entries_end_and_are_removed_and_stay, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(values_are_canonical, story_start, story_end),
        cmocka_unit_test_setup_teardown(wrong_entries, story_start, story_end),
        cmocka_unit_test_setup_teardown(entries_cannot_be_taken_away, story_start, story_end),
        cmocka_unit_test(prefixes_are_what_their_bits_say),
        cmocka_unit_test_setup_teardown(values_found_are_those_entries_hold, story_start,
                                        story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
