/* test_counts.c - what a run counts of everybody: the queries that read it say what they say when
 * they count for themselves, on a generated population and on one in which whatever can be missing
 * is. */
#include "base/text.h"
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
                           "DELETE FROM shared_in_ring; DELETE FROM link_together;"
                           "DELETE FROM ring_figures; DELETE FROM ring_common;"
                           "DELETE FROM shared_mailbox; DELETE FROM link_regrown;"
                           "UPDATE run SET counted = 0;";

/* What is asked; those that name a ring need two. */
static const char *const QUERIES[] = {
    "query country_flag_rates",
    "query country_flag_rates --param min_accounts=50",
    "query timezone_flag_rates",
    "query device_farms",
    "query device_farms --param min_accounts=2 --param limit=3",
    "query device_farms --param min_accounts=1 --param limit=7",
    "query device_farms --param limit=-1",
    "query shared_instruments",
    "query shared_instruments --param limit=2",
    "query shared_instruments --param ring=1",
    "query shared_instruments --param min_members=0 --param limit=-1",
    "query shared_instruments --param min_members=4",
    "query shared_templates",
    "query shared_templates --param limit=5",
    "query shared_templates --param ring=2",
    "query corporate_card_rings",
    "query corporate_card_rings --param min_share=0 --param limit=4",
    "query created_together",
    "query created_together --param minutes=2 --param limit=3",
    "query created_together --param minutes=60",
    "query created_together --param ring=1",
    "query created_together --param limit=-1",
    "query rings_by_requests",
    "query rings_by_requests --param limit=2",
    "query rings_by_requests --param limit=-1",
    "query rings_by_requests --param since=2026-01-20 --param limit=-1",
    "query rings_by_requests --param since=2025-12-15 --param until=2026-01-25 --param limit=3",
    "query rings_by_requests --param until=2000-01-01",
    "query prepaid_rings",
    "query prepaid_rings --param min_share=0 --param limit=-1",
    "query prepaid_rings --param min_share=1",
    "query shared_mailboxes",
    "query shared_mailboxes --param limit=3",
    "query shared_mailboxes --param min_accounts=3 --param limit=-1",
    "query shared_mailboxes --param min_accounts=1 --param limit=5",
    "query shared_mailboxes --param limit=-1",
    "query regrowth",
    "query regrowth --param days=400 --param limit=-1",
    "query regrowth --param days=3",
    "ring 1 --members 3",
    "ring 2 --members 0",
    "--format json ring 1",
    "--format json ring 2",
};
enum { COUNT = sizeof QUERIES / sizeof QUERIES[0] };

/* The output of a question, to be freed; NULL when it asks for a ring that is not there. */
static char *answer(fixture *f, const char *query)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "%s%s",
                   strncmp(query, "query", 5) == 0 ? "--format csv " : "", query);
    if ((strstr(query, "ring=") != NULL || strstr(query, "ring ") != NULL) &&
        story_number(f, "SELECT max(ring) FROM ring") < 2) {
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

static void counted_answers_are_the_slow_ones(void **state)
{
    fixture *f = *state;
    story_world(f, "3000", "21");
    story_import_file(f, "accounts", "accounts.csv");
    story_import_file(f, "payments", "payments.csv");
    story_import_file(f, "events", "events.csv");
    story_run(f, "detect", 0);
    assert_true(story_number(f, "SELECT count(*) FROM link_together") > 10);
    assert_true(story_number(f, "SELECT count(*) FROM place_ring") > 10);
    check_answers(f, 500);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_quick_check"
                                     " WHERE quick_check <> 'ok'"),
                     0);
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

/* A ring large enough for its commonest countries to be counted, with mailboxes in common, a ban,
 * use on days known and not, prepaid cards that several use, and ties among equally common texts.
 */
static void a_large_ring_is_told_from_figures(void **state)
{
    fixture *f = *state;
    rf_text accounts = {0};
    rf_text payments = {0};
    rf_text events = {0};
    story_crowd(f);
    rf_text_add(&accounts, "account_id,created_at,country,timezone,email,status\n");
    rf_text_add(&payments, "account_id,instrument,funding\n");
    rf_text_add(&events, "account_id,seen_at,ip,device,requests\n");
    for (int i = 1; i <= 230; i++) {
        static const char *const COUNTRIES[] = {"SG", "PL", "AT", "", "DE"};
        static const char *const FUNDINGS[] = {"prepaid", "credit", "virtual", "", "Prepaid"};
        rf_text_printf(&accounts,
                       "a%d,2026-%02d-%02dT00:%02d:00Z,%s,Zone/%d,box%d+%d@x.example,%s\n", i,
                       i % 40 == 9 ? 12 : 1, 1 + i % 20, i % 60, COUNTRIES[i % 5], i % 3, i % 90, i,
                       i % 40 == 7 ? "banned" : "active");
        rf_text_printf(&payments, "a%d,card%d,%s\na%d,own%d,%s\n", i, i % 10, FUNDINGS[i % 5], i, i,
                       FUNDINGS[(i + 1) % 5]);
        rf_text_printf(&events, "a%d,2026-01-%02dT0%d:00:00Z,,dev%d,%d\n", i, 1 + i % 25, i % 10,
                       i % 7, i);
    }
    story_import(f, "accounts", rf_text_get(&accounts));
    story_import(f, "payments", rf_text_get(&payments));
    story_import(f, "events", rf_text_get(&events));
    for (int first = 1; first < 230; first += 10) {
        char value[16];
        (void)snprintf(value, sizeof value, "w%d", first);
        story_share(f, "a", first, first + 20 < 230 ? first + 20 : 230, value);
    }
    rf_text_free(&accounts);
    rf_text_free(&payments);
    rf_text_free(&events);
    story_run(f, "detect --shuffles 0", 0);
    assert_true(story_number(f, "SELECT max(size) FROM ring") >= 200);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_common"), 7); /* 3 + 3 + 1 */
    assert_true(story_number(f, "SELECT count(*) FROM link_regrown") > 0);
    assert_true(story_number(f, "SELECT max(prepaid) FROM ring_figures") > 0);
    assert_true(story_number(f, "SELECT sum(mailboxes) FROM shared_mailbox") == 90);
    story_import(f, "events", "account_id,requests\na3,5\na4,7\n");
    story_run(f, "detect --shuffles 0", 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_figures WHERE run = 2 AND"
                                     " requests IS NULL"),
                     1);
    check_answers(f, 200);
}

/* After an update the figures are those that a full run counts. */
static void an_update_counts_alike(void **state)
{
    fixture *f = *state;
    story_crowd(f);
    story_import(f, "accounts",
                 "account_id,created_at,email\na1,2026-01-01T00:00:01Z,a+1@x.example\n"
                 "a2,2026-01-01T00:00:02Z,b@x.example\n");
    story_share(f, "a", 1, 8, "one");
    story_share(f, "a", 1, 6, "two");
    story_run(f, "detect --shuffles 0", 0);
    story_import(f, "accounts",
                 "account_id,created_at,email,status\na3,2026-01-03T00:00:01Z,a+2@x.example,\n"
                 "a9,2026-01-05T00:00:02Z,b+7@x.example,\na2,,,banned\n");
    story_import(f, "payments", "account_id,instrument,funding\na9,one,prepaid\na9,new,virtual\n");
    story_import(f, "events",
                 "account_id,seen_at,device,requests\na9,2026-01-06T00:00:00Z,one,3\n"
                 "a1,2026-01-02T00:00:00Z,one,2\n");
    story_run(f, "detect --shuffles 0 --update", 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT updates FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT sum(mailboxes) FROM shared_mailbox"), 2);
    check_answers(f, 60);
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
    assert_int_equal(story_number(f, "SELECT counted FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT count(*) FROM shared_value"), 0);
    check_answers(f, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counted_answers_are_the_slow_ones, story_start, story_end),
        cmocka_unit_test_setup_teardown(decisions_count, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_large_ring_is_told_from_figures, story_start, story_end),
        cmocka_unit_test_setup_teardown(an_update_counts_alike, story_start, story_end),
        cmocka_unit_test_setup_teardown(nothing_to_count, story_start, story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
