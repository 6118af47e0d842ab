/* test_explain.c - `explain` on the small database made by hand, in its three formats, and on a
 * generated population: there every explained sum must be the link's bits, to the last unit. */
#include "fixture.h"
#include "rings/explain.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The generated population, detected once with the defaults and once with a configuration. */
static fixture world;

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

static void done(fixture *f, const char *arguments)
{
    int code = fixture_run(f, arguments);
    if (code != 0) {
        fail_msg("exit status %d of `%s`: %s", code, arguments, f->errors);
    }
}

static json_t *run_json(fixture *f, const char *arguments)
{
    json_error_t error;
    json_t *read;
    done(f, arguments);
    read = json_loads(f->output, 0, &error);
    if (read == NULL) {
        fail_msg("%s: %s", error.text, f->output);
    }
    return read;
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

static bool is_true(const json_t *object, const char *key)
{
    assert_true(json_is_boolean(json_object_get(object, key)));
    return json_is_true(json_object_get(object, key));
}

/* ---- by hand ---- */

static void pair_for_people(void **state)
{
    fixture *f = *state;
    done(f, "explain r1 r2");
    contains(f->output, "r1 and r2 are linked: the odds that they have one operator are about "
                        "2^12.5 (5,800 to 1), evidence");
    contains(f->output, "from 3 families.");
    contains(f->output, "of 9 other pairs that share it 8 share something else too");
    contains(f->output, "second payment counts half");
    contains(f->output, "a hub, ignored: it tells nothing");
    contains(f->output, "Two random accounts: -3.3 bits.");
    contains(f->output, "Both are in ring 1 (5 accounts, score +23.4 bits, flagged).");
    done(f, "explain r1 h2");
    contains(f->output, "r1 and h2 are not linked");
    contains(f->output, "3.1 bits are missing");
    contains(f->output, "h2 is in no ring");
    /* The fixture's link bits are made up: that they are not what the facts give is told. */
    done(f, "explain r1 r3");
    contains(f->output, "it kept the pair with +11.5 bits");
}

static void pair_for_programs(void **state)
{
    fixture *f = *state;
    json_t *read = run_json(f, "explain r1 r2 --format json");
    const json_t *shared = json_object_get(read, "shared");
    double sum = real(read, "prior_bits");
    assert_true(is_true(read, "linked"));
    assert_true(is_true(read, "same_ring"));
    assert_false(is_true(read, "facts_changed"));
    assert_true(fabs(real(read, "link_bits") - 12.5) < 1e-9);
    assert_int_equal(json_array_size(shared), 5);
    for (size_t i = 0; i < json_array_size(shared); i++) {
        const json_t *one = json_array_get(shared, i);
        double const alone = real(one, "bits_alone");
        sum += real(one, "bits_counted");
        assert_true(i == 0 || alone <= real(json_array_get(shared, i - 1), "bits_alone"));
        if (strcmp(text(one, "value"), "203.0.113.7") == 0) {
            assert_string_equal(text(one, "hub"), "ignored");
            assert_true(alone < 0.2); /* with ten accounts, nothing is a little */
            assert_string_equal(json_string_value(json_array_get(json_object_get(one, "days"), 0)),
                                "2026-05-01");
        }
    }
    assert_true(fabs(sum - real(read, "posterior_bits")) < 1e-9);
    json_decref(read);
    done(f, "explain r1 r2 --format csv");
    contains(f->output, "signal,family,value,first_day,last_day,days,holders,");
    contains(f->output, "\ninstrument,payment,card-2,,,0,3,2,0,0.400000,2.715,1.358,\n");
}

static void account_for_people(void **state)
{
    fixture *f = *state;
    done(f, "explain r1");
    contains(f->output, "r1 is in ring 1 (5 accounts, score +23.4 bits, flagged) as a core member: "
                        "4 links");
    contains(f->output, "Created 2026-05-01T08:00:00Z, country SG, plan pro, status active");
    contains(f->output, "(100.0 a day).");
    contains(f->output, "r2       12.5");
    contains(f->output, "What binds it to the ring");
    contains(f->output, "card, prepaid, US");
    contains(f->output, "Not counted as others are");
    done(f, "explain r5");
    contains(f->output, "at its fringe");
    done(f, "explain h1");
    contains(f->output, "h1 is in no ring of run 1. No other account shares enough with it");
    contains(f->output, "tpl-1");
    fixture_sql(f, "INSERT INTO link VALUES (1, 9, 6, 2.5, 1)");
    fixture_sql(f, "INSERT INTO link_by_b VALUES (1, 6, 9)");
    done(f, "explain h1");
    contains(f->output, "a single link");
    contains(f->output, "Its strongest links, which were not enough");
    done(f, "explain @s3");
    assert_null(strchr(f->output, '\x1b'));
    contains(f->output, "plan te\\u001b[31mam");
}

static void account_for_programs(void **state)
{
    fixture *f = *state;
    json_t *read = run_json(f, "explain r1 --format json");
    const json_t *neighbours = json_object_get(read, "neighbours");
    const json_t *shared = json_object_get(read, "shared");
    const json_t *ring = json_object_get(json_object_get(read, "account"), "ring");
    assert_int_equal(json_array_size(neighbours), 4);
    assert_string_equal(text(json_array_get(neighbours, 0), "account_id"), "r2");
    assert_true(fabs(real(ring, "ring_id") - 1) < 1e-9);
    assert_string_equal(text(ring, "role"), "core");
    assert_true(fabs(real(json_array_get(shared, 0), "members") - 4) < 1e-9);
    assert_string_equal(text(json_array_get(shared, 0), "value"), "dev-1");
    assert_string_equal(text(json_array_get(json_object_get(read, "hubs"), 0), "treatment"),
                        "ignored");
    json_decref(read);
    done(f, "explain r1 --format csv --neighbours 1");
    contains(f->output, "account_id,bits,families,ring_id,shared\nr2,12.5,3,1,");
    assert_null(strstr(f->output, "\nr3,"));
}

static void wrong_questions(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "explain r9"), 1);
    contains(f->errors, "there is no account 'r9'; alike are 'r1', 'r2', 'r3'");
    assert_int_equal(fixture_run(f, "explain r1 nobody"), 1);
    contains(f->errors, "there is no account 'nobody'");
    assert_int_equal(fixture_run(f, "explain r1 r1"), 1);
    contains(f->errors, "give two different accounts");
    assert_int_equal(fixture_run(f, "explain"), 2);
    assert_int_equal(fixture_run(f, "explain r1 r2 r3"), 2);
    assert_int_equal(fixture_run(f, "explain r1 --run 9"), 1);
    fixture_sql(f, "DELETE FROM run_weighing");
    assert_int_equal(fixture_run(f, "explain r1"), 1);
    contains(f->errors, "run `ringfence detect` again");
}

static void changed_facts_are_told(void **state)
{
    fixture *f = *state;
    done(f, "explain r1");
    assert_null(strstr(f->output, "The facts have changed"));
    fixture_sql(f, "UPDATE import SET undone_at = (SELECT finished_at + 9 FROM run) WHERE id = 2");
    done(f, "explain r1");
    contains(f->output, "The facts have changed since run 1 of 2026-06-01T00:00:00Z");
}

/* ---- the sum is the link's bits ---- */

static void import_world(const char *kind, const char *file)
{
    char arguments[512];
    (void)snprintf(arguments, sizeof arguments, "import %s '%s/w/%s'", kind, world.folder, file);
    done(&world, arguments);
}

/* Hubs, stars, another threshold, families put together, a signal no longer windowed. */
static const char CONFIG[] = "[evidence]\npair_cap = 8\nthreshold_bits = 1.5\nprior_bits = -9.25\n"
                             "common_share = 0.01\n[signal ip]\nwindowed = no\nfamily = place\n"
                             "[signal device]\nfamily = place\n[signal phone]\nrole = context\n";

static int make_world(void **state)
{
    const char *named = getenv("WORLDGEN");
    char command[512];
    FILE *file;
    (void)state;
    fixture_start(&world, 0);
    (void)snprintf(command, sizeof command,
                   "'%s' --out '%s/w' --accounts 3000 --seed 3 >/dev/null 2>&1",
                   named != NULL && named[0] != '\0' ? named : "build/worldgen", world.folder);
    assert_int_equal(system(command), 0);
    import_world("accounts", "accounts.csv");
    import_world("payments", "payments.csv");
    import_world("events", "events.csv");
    import_world("sightings --signal phone", "phones.csv");
    import_world("links", "referrals.csv");
    (void)snprintf(command, sizeof command, "%s/config.ini", world.folder);
    file = fopen(command, "w");
    assert_non_null(file);
    assert_true(fputs(CONFIG, file) >= 0);
    assert_int_equal(fclose(file), 0);
    done(&world, "detect");
    (void)snprintf(command, sizeof command, "detect --config '%s/config.ini'", world.folder);
    done(&world, command);
    return 0;
}

static int drop_world(void **state)
{
    (void)state;
    fixture_end(&world);
    return 0;
}

/* What the query's pairs (account rows, then bits or NULL) are explained as. */
static int compare(rf_store *store, int64_t run, const char *sql, bool linked)
{
    rf_error err = {.status = RF_OK};
    rf_statement *pairs = NULL;
    bool row = true;
    int seen = 0;
    assert_int_equal(rf_prepare(store, sql, &pairs, &err), RF_OK);
    rf_bind_int(pairs, 1, run);
    while (rf_step(pairs, &row, &err) == RF_OK && row) {
        rf_pair_page page = {0};
        bool hubs_only = true;
        int64_t const one = rf_column_int(pairs, 0);
        int64_t const other = rf_column_int(pairs, 1);
        bool const turned = seen % 2 == 1;
        assert_int_equal(
            rf_explain_pair(store, run, turned ? other : one, turned ? one : other, &page, &err),
            RF_OK);
        for (size_t i = 0; i < page.pair.count; i++) {
            const rf_explained_value *v = &page.pair.shared[i];
            hubs_only = hubs_only && (v->too_common || !(v->alone > 0));
        }
        assert_int_equal(page.pair.linked, linked);
        assert_false(page.pair.differs);
        if (linked) {
            assert_true(llround(page.pair.posterior * RF_BIT) ==
                        llround(rf_column_real(pairs, 2) * RF_BIT));
            assert_int_equal(page.pair.families, rf_column_int(pairs, 3));
        } else {
            assert_true(page.pair.posterior <= page.pair.threshold || hubs_only);
        }
        rf_pair_page_free(&page);
        seen++;
    }
    rf_statement_end(pairs);
    return seen;
}

/* Chosen by a hash of their ids, the same every time. */
static void explained_sums_are_the_links(void **state)
{
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    (void)state;
    assert_int_equal(rf_store_open(world.db, RF_STORE_READ, &store, &err), RF_OK);
    for (int64_t run = 1; run <= 2; run++) {
        assert_int_equal(compare(store, run,
                                 "SELECT account_a, account_b, bits, families FROM link WHERE run ="
                                 " ? ORDER BY account_a * 7919 % 1009, account_b LIMIT 200",
                                 true),
                         200);
        /* Nearly all of them share something. */
        assert_int_equal(
            compare(store, run,
                    "SELECT DISTINCT s.account, t.account FROM sighting s JOIN sighting t ON "
                    "t.value = s.value AND t.account > s.account WHERE s.account % 23 = 5 AND NOT "
                    "EXISTS (SELECT 1 FROM link l WHERE l.run = ?1 AND l.account_a IN (s.account, "
                    "t.account) AND l.account_b IN (s.account, t.account)) "
                    "ORDER BY s.account * 7919 % 1009, t.account LIMIT 200",
                    false),
            200);
    }
    rf_store_close(store);
}

static void the_program_says_the_same(void **state)
{
    rf_store *store = NULL;
    rf_statement *one = NULL;
    rf_error err = {.status = RF_OK};
    char arguments[256];
    double bits;
    bool row = false;
    json_t *read;
    (void)state;
    assert_int_equal(rf_store_open(world.db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_prepare(store,
                                "SELECT a.external_id, b.external_id, l.bits FROM link l JOIN "
                                "account a ON a.id = l.account_a JOIN account b ON b.id = "
                                "l.account_b WHERE l.run = 1 ORDER BY l.bits DESC LIMIT 1",
                                &one, &err),
                     RF_OK);
    assert_int_equal(rf_step(one, &row, &err), RF_OK);
    assert_true(row);
    (void)snprintf(arguments, sizeof arguments, "explain '%s' '%s' --run 1 --format json",
                   rf_column_text(one, 0), rf_column_text(one, 1));
    bits = rf_column_real(one, 2);
    rf_statement_end(one);
    rf_store_close(store);
    read = run_json(&world, arguments);
    assert_true(llround(real(read, "posterior_bits") * RF_BIT) == llround(bits * RF_BIT));
    assert_false(is_true(read, "differs_from_run"));
    json_decref(read);
}

int main(void)
{
    const struct CMUnitTest by_hand[] = {
        cmocka_unit_test_setup_teardown(pair_for_people, start, end),
        cmocka_unit_test_setup_teardown(pair_for_programs, start, end),
        cmocka_unit_test_setup_teardown(account_for_people, start, end),
        cmocka_unit_test_setup_teardown(account_for_programs, start, end),
        cmocka_unit_test_setup_teardown(wrong_questions, start, end),
        cmocka_unit_test_setup_teardown(changed_facts_are_told, start, end),
    };
    const struct CMUnitTest generated[] = {
        cmocka_unit_test(explained_sums_are_the_links),
        cmocka_unit_test(the_program_says_the_same),
    };
    int const failed = cmocka_run_group_tests(by_hand, NULL, NULL);
    return failed + cmocka_run_group_tests(generated, make_world, drop_world);
}
