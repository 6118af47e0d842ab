/* test_counts.c - what a run counts of everybody: the queries that read it say what they say when
 * they count for themselves, on a generated population and on one in which whatever can be missing
 * is. */
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DROP[] = "DELETE FROM place; DELETE FROM place_ring; DELETE FROM shared_value;"
                           "DELETE FROM shared_in_ring; DELETE FROM link_together;";

static const char *const QUERIES[] = {
    "country_flag_rates",
    "country_flag_rates --param min_accounts=50",
    "timezone_flag_rates",
    "device_farms",
    "device_farms --param min_accounts=2 --param limit=3",
    "device_farms --param min_accounts=1 --param limit=7",
    "device_farms --param limit=-1",
    "shared_instruments",
    "shared_instruments --param limit=2",
    "shared_instruments --param ring=1",
    "shared_instruments --param min_members=0 --param limit=-1",
    "shared_instruments --param min_members=4",
    "shared_templates",
    "shared_templates --param limit=5",
    "shared_templates --param ring=2",
    "corporate_card_rings",
    "corporate_card_rings --param min_share=0 --param limit=4",
    "created_together",
    "created_together --param minutes=2 --param limit=3",
    "created_together --param minutes=60",
    "created_together --param ring=1",
    "created_together --param limit=-1",
};
enum { COUNT = sizeof QUERIES / sizeof QUERIES[0] };

/* The output of a query, to be freed; NULL when it asks for a ring that is not there. */
static char *answer(fixture *f, const char *query)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "--format csv query %s", query);
    if (strstr(query, "ring=") != NULL && story_number(f, "SELECT count(*) FROM ring") < 2) {
        return NULL;
    }
    story_run(f, arguments, 0);
    return strdup(f->output);
}

/* All answers by what was counted, then without; at least `rows` lines in all. */
static void check_answers(fixture *f, size_t rows)
{
    char *counted[COUNT];
    size_t lines = 0;
    for (size_t i = 0; i < COUNT; i++) {
        counted[i] = answer(f, QUERIES[i]);
        for (const char *c = counted[i]; c != NULL && *c != '\0'; c++) {
            lines += *c == '\n';
        }
    }
    fixture_sql(f, DROP);
    for (size_t i = 0; i < COUNT; i++) {
        char *slow = answer(f, QUERIES[i]);
        if (slow != NULL && strcmp(slow, counted[i]) != 0) {
            fail_msg("%s: counted by the run\n%s\nby itself\n%s", QUERIES[i], counted[i], slow);
        }
        free(slow);
        free(counted[i]);
    }
    assert_true(lines >= rows);
}

static const char *worldgen(void)
{
    const char *named = getenv("WORLDGEN");
    return named != NULL && named[0] != '\0' ? named : "build/worldgen";
}

static void import_file(fixture *f, const char *kind, const char *file)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "import %s '%s/w/%s'", kind, f->folder, file);
    story_run(f, arguments, 0);
}

static void counted_answers_are_the_slow_ones(void **state)
{
    fixture *f = *state;
    char command[512];
    (void)snprintf(command, sizeof command,
                   "'%s' --out '%s/w' --accounts 3000 --seed 21 >/dev/null 2>&1", worldgen(),
                   f->folder);
    assert_int_equal(system(command), 0);
    import_file(f, "accounts", "accounts.csv");
    import_file(f, "payments", "payments.csv");
    import_file(f, "events", "events.csv");
    story_run(f, "detect", 0);
    assert_true(story_number(f, "SELECT count(*) FROM link_together") > 10);
    assert_true(story_number(f, "SELECT count(*) FROM place_ring") > 10);
    check_answers(f, 500);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* A cleared ring is not flagged any more, whatever was counted. */
static void decisions_count(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_import(f, "accounts",
                 "account_id,created_at,country,email\n"
                 "a1,2026-01-01T00:00:01Z,SG,a@acme.example\na2,2026-01-01T00:00:02Z,SG,\n"
                 "a3,2026-01-01T00:09:00Z,,\na4,,,\na5,2026-01-01T00:20:00Z,PL,\n");
    story_share(f, "a", 1, 8, "one");
    story_share(f, "a", 1, 6, "two");
    story_run(f, "detect --shuffles 0", 0);
    assert_true(story_number(f, "SELECT sum(flagged) FROM ring") > 0);
    assert_true(story_number(f, "SELECT sum(accounts) FROM place_ring WHERE kind = 'country'") > 0);
    fixture_sql(f, "UPDATE ring SET flagged = 0");
    story_run(f, "--format csv query country_flag_rates", 0);
    story_contains(f->output, ",0,");
    check_answers(f, 20);
}

/* A store without anything to share, and one without runs. */
static void nothing_to_count(void **state)
{
    fixture *f = *state;
    story_import(f, "accounts", "account_id,country\na,SG\nb,\n");
    story_import(f, "events", "account_id,device,seen_at\na,d1,2026-01-01T00:00:00Z\n");
    story_run(f, "query device_farms --param min_accounts=1", 0);
    story_contains(f->output, "d1");
    story_run(f, "detect", 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM shared_value"), 0);
    check_answers(f, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counted_answers_are_the_slow_ones, story_start, story_end),
        cmocka_unit_test_setup_teardown(decisions_count, story_start, story_end),
        cmocka_unit_test_setup_teardown(nothing_to_count, story_start, story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
