/* test_flag.c - verification requests: who is asked, by which policy, and never twice. */
#include "command/flag_policy.h"
#include "fixture.h"
#include "store/store.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
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

static char *without_blanks(const char *text)
{
    char *copy = calloc(1, strlen(text) + 1);
    size_t length = 0;
    assert_non_null(copy);
    for (; *text != '\0'; text++) {
        if (*text != ' ' && *text != '\n') {
            copy[length++] = *text;
        }
    }
    return copy;
}

/* Blanks and line ends do not matter: JSON and prose may be laid out as they like. */
static void contains(const char *text, const char *part)
{
    char *squeezed = without_blanks(text);
    char *wanted = without_blanks(part);
    bool found = strstr(squeezed, wanted) != NULL;
    free(squeezed);
    free(wanted);
    if (!found) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static int64_t number(const fixture *f, const char *sql)
{
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    int64_t found = -1;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_store_number(store, sql, &found, &err), RF_OK);
    rf_store_close(store);
    return found;
}

static int64_t requests(const fixture *f)
{
    return number(f, "SELECT count(*) FROM verification_request");
}

static void policy_file(const fixture *f, const char *text)
{
    char path[128];
    FILE *file;
    (void)snprintf(path, sizeof path, "%s/policy.ini", f->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static int flag_by(fixture *f, const char *policy, const char *options)
{
    char arguments[512];
    policy_file(f, policy);
    (void)snprintf(arguments, sizeof arguments, "flag --policy '%s/policy.ini' %s", f->folder,
                   options);
    return fixture_run(f, arguments);
}

/* Of r1..r5, r1 has an open request, r2 was approved long ago, r4 is banned. */
static void asks_each_account_once(void **state)
{
    fixture *f = *state;
    assert_int_equal(requests(f), 2);
    fixture_sql(f, "UPDATE verification_request SET updated_at = unixepoch('2020-01-01')"
                   " WHERE status = 'approved'");
    assert_int_equal(fixture_run(f, "flag --dry-run --format json"), 0);
    contains(f->output, "\"dry_run\":true,\"opened\":0,\"ask\":3,\"already_open\":1");
    contains(f->output, "\"banned_or_closed\":1");
    assert_int_equal(requests(f), 2);
    assert_int_equal(fixture_run(f, "flag --format json"), 0);
    contains(f->output, "\"opened\":3");
    assert_int_equal(requests(f), 5);
    assert_int_equal(number(f, "SELECT attempt FROM verification_request WHERE account = 2 "
                               "ORDER BY id DESC LIMIT 1"),
                     2);
    assert_int_equal(number(f, "SELECT count(*) FROM verification_request WHERE campaign = "
                               "'c0ffee00c0ffee01' AND status = 'created' AND "
                               "reason LIKE '%sign-up burst +14.0%'"),
                     3);
    assert_int_equal(fixture_run(f, "flag --format json"), 0);
    contains(f->output, "\"opened\":0,\"ask\":0,\"already_open\":4");
    assert_int_equal(requests(f), 5);
}

static void cooldown_and_declines(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "UPDATE verification_request SET updated_at = unixepoch() - 86400,"
                   " status = 'approved'");
    assert_int_equal(flag_by(f, "[flag]\ncooldown_days = 2\n", "--dry-run --format json"), 0);
    contains(f->output, "\"cooldown\":2");
    assert_int_equal(flag_by(f, "[flag]\ncooldown_days = 1\n", "--dry-run --format json"), 0);
    contains(f->output, "\"ask\":4,");
    fixture_sql(f, "UPDATE verification_request SET status = 'declined' WHERE account = 1");
    assert_int_equal(flag_by(f, "[flag]\ncooldown_days = 0\n", "--dry-run --format json"), 0);
    contains(f->output, "\"declined\":1");
}

static void policy_chooses(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "DELETE FROM verification_request");
    assert_int_equal(flag_by(f, "[flag]\nmin_score = 23.5\n", "--dry-run --format json"), 0);
    contains(f->output, "\"rings\":[]");
    assert_int_equal(flag_by(f, "[flag]\nmin_size = 6\n", "--dry-run --format json"), 0);
    contains(f->output, "\"rings\":[]");
    assert_int_equal(flag_by(f, "[flag]\ninclude_fringe = no\n", "--dry-run --format json"), 0);
    contains(f->output, "\"fringe\":1");
    assert_int_equal(flag_by(f, "[flag]\nexclude_countries = FR , us\n", "--dry-run --format json"),
                     0);
    contains(f->output, "\"excluded\":");
    assert_int_equal(flag_by(f, "[flag]\nexclude_plans = pro\n", "--dry-run --format json"), 0);
    contains(f->output, "\"ask\":0,");
    fixture_sql(f, "INSERT INTO label (account, label, source, at, import)"
                   " VALUES (3, 'legit', 'support', NULL, 1)");
    assert_int_equal(fixture_run(f, "flag --dry-run --format json"), 0);
    contains(f->output, "\"known_legit\":1");
}

static void budget_cuts_or_passes_over(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "DELETE FROM verification_request");
    assert_int_equal(flag_by(f, "[flag]\nmax_accounts = 4\n", "--dry-run --format json"), 0);
    contains(f->output, "\"ask\":4,");
    assert_int_equal(flag_by(f, "[flag]\nmax_accounts = 3\n", "--dry-run --format json"), 0);
    contains(f->output, "\"over_budget\":4");
    contains(f->output, "\"passed_over\":true");
    assert_int_equal(flag_by(f, "[flag]\nmax_accounts = 3\nwhole_rings = no\n", "--format csv"), 0);
    contains(f->output, "account_id,verdict,ring_id,ring_key,score,attempt,honest\nr1,ask,1,");
    contains(f->output, "\nr5,over_budget,1,"); /* the fringe comes last */
    assert_int_equal(requests(f), 3);
    assert_int_equal(flag_by(f, "[flag]\nmax_accounts = 0\n", "--dry-run --format json"), 0);
    contains(f->output, "\"ask\":0,");
}

static void people_are_told(void **state)
{
    fixture *f = *state;
    fixture_sql(f, "DELETE FROM verification_request");
    assert_int_equal(fixture_run(f, "flag --dry-run"), 0);
    contains(f->output, "Dry run, nothing was changed: would ask 4 accounts in 1 flagged ring");
    contains(f->output, "1 banned or closed");
    contains(f->output, "By country:");
    contains(f->output, "By time zone:");
    assert_int_equal(fixture_run(f, "flag"), 0);
    contains(f->output, "Asked 4 accounts");
}

static void wrong_policies_name_the_line(void **state)
{
    static const struct {
        const char *text, *message;
    } WRONG[] = {
        {"[flag]\n\nmax_account = 5\n", "policy.ini:3: max_account: no such setting"},
        {"# head\n[flag]\nmin_size = few\n", "policy.ini:3: min_size = few: expected a whole"},
        {"[flag]\nmin_size = 0\n", "policy.ini:2: min_size"},
        {"[flag]\nmin_size = 2.5\n", "policy.ini:2: min_size"},
        {"[flag]\nmin_score = nan\n", "policy.ini:2: min_score"},
        {"[flag]\nwhole_rings = maybe\n", "policy.ini:2: whole_rings = maybe: expected yes or no"},
        {"[flag]\nmin_size = 3\nmin_size = 4\n", "policy.ini:3: min_size is given twice"},
        {"[flags]\nmin_size = 3\n", "policy.ini:2: [flags]"},
        {"min_size = 3\n", "policy.ini:1: []"},
        {"[flag]\nnonsense\n", "policy.ini:2: not a setting"},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        assert_int_equal(flag_by(f, WRONG[i].text, ""), 1);
        contains(f->errors, WRONG[i].message);
    }
    assert_int_equal(requests(f), 2);
    assert_int_equal(fixture_run(f, "flag --policy /nonexistent/policy.ini"), 1);
    assert_int_equal(fixture_run(f, "flag everything"), 2);
    assert_int_equal(fixture_run(f, "flag --run 9"), 1);
}

static void lists(void **state)
{
    (void)state;
    assert_true(rf_policy_lists("enterprise, team", "team"));
    assert_true(rf_policy_lists("enterprise ,team", "Enterprise"));
    assert_true(rf_policy_lists(" a ", "a"));
    assert_false(rf_policy_lists("enterprise", "enter"));
    assert_false(rf_policy_lists("", ""));
    assert_false(rf_policy_lists(",,", "a"));
    assert_false(rf_policy_lists("a, b", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_each_account_once, start, end),
        cmocka_unit_test_setup_teardown(cooldown_and_declines, start, end),
        cmocka_unit_test_setup_teardown(policy_chooses, start, end),
        cmocka_unit_test_setup_teardown(budget_cuts_or_passes_over, start, end),
        cmocka_unit_test_setup_teardown(people_are_told, start, end),
        cmocka_unit_test_setup_teardown(wrong_policies_name_the_line, start, end),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
