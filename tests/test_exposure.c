/* test_exposure.c - the expected number of honest accounts: from scores, from outcomes, and as a
 * budget of `flag`; and countries whose flag rate stands out. */
#include "fixture.h"
#include "import_support.h"
#include "rings/exposure.h"
#include "rings/rates.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blanks and line ends do not matter: JSON and prose may be laid out as they like. */
static void contains(const char *text, const char *part)
{
    char *kept = calloc(1, strlen(text) + strlen(part) + 2);
    char *looked_for;
    char *at = kept;
    assert_non_null(kept);
    for (; *text != '\0'; text++) {
        at += (*text == ' ' || *text == '\n') ? 0 : (*at = *text, 1);
    }
    looked_for = ++at;
    for (const char *p = part; *p != '\0'; p++) {
        at += *p == ' ' ? 0 : (*at = *p, 1);
    }
    if (strstr(kept, looked_for) == NULL) {
        fail_msg("'%s' is not in: %s", part, kept);
    }
    free(kept);
}

/* ---- rates of honest accounts ---- */

static void never_rises_with_the_score(const rf_exposure *exposure)
{
    double before[2] = {1, 1};
    for (double score = -20; score < 80; score += 0.25) {
        for (int fringe = 0; fringe < 2; fringe++) {
            double const rate = rf_exposure_rate(exposure, score, fringe != 0);
            assert_true(rate >= 0 && rate <= 1);
            assert_true(rate <= before[fringe] + 1e-12);
            before[fringe] = rate;
        }
        assert_true(rf_exposure_rate(exposure, score, true) >=
                    rf_exposure_rate(exposure, score, false));
    }
}

static void scores_tell_without_outcomes(void **state)
{
    rf_exposure none = {0};
    (void)state;
    rf_exposure_finish(&none);
    assert_false(none.learned);
    never_rises_with_the_score(&none);
    assert_true(fabs(rf_exposure_rate(&none, 0, false) - 0.505) < 1e-9);
    assert_true(rf_exposure_rate(&none, 60, false) >= RF_EXPOSURE_CORE);
    assert_true(rf_exposure_rate(&none, 60, false) < RF_EXPOSURE_CORE + 1e-6);
}

static void any_outcomes_give_a_monotone_rate(void **state)
{
    unsigned long long seed = 3;
    (void)state;
    for (int round = 0; round < 300; round++) {
        rf_exposure e = {0};
        unsigned const campaigns = 1 + random_below(&seed, 60);
        for (unsigned i = 0; i < campaigns; i++) {
            rf_exposure_add(&e, (double)random_below(&seed, 400) / 10 - 4, random_below(&seed, 30),
                            random_below(&seed, 30));
        }
        rf_exposure_finish(&e);
        assert_int_equal(e.learned, e.ended >= RF_EXPOSURE_OUTCOMES);
        never_rises_with_the_score(&e);
    }
}

/* Where 30 % were approved whatever the score, the rates come to 30 %. */
static void outcomes_have_the_last_word(void **state)
{
    rf_exposure e = {0};
    (void)state;
    for (int campaign = 0; campaign < 2000; campaign++) {
        rf_exposure_add(&e, campaign % 40, 3, 7);
    }
    rf_exposure_finish(&e);
    assert_true(e.learned);
    for (double score = 1; score < 40; score += 1) {
        assert_true(fabs(rf_exposure_rate(&e, score, false) - 0.3) < 0.03);
    }
}

static void one_campaign_is_one_voice(void **state)
{
    rf_exposure small = {0};
    rf_exposure large = {0};
    (void)state;
    rf_exposure_add(&small, 10, 10, 0);
    rf_exposure_add(&large, 10, 5000, 0);
    assert_true(fabs(small.weight[5] - large.weight[5]) < 1e-9);
    assert_true(fabs(small.honest[5] - large.honest[5]) < 1e-9);
}

/* ---- flag ---- */

static void flag_says_and_keeps_to_the_budget(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    fixture_sql(&f, "DELETE FROM verification_request");
    assert_int_equal(fixture_run(&f, "flag --dry-run"), 0);
    contains(f.output, "Expected among them: 0.0 honest accounts");
    contains(f.output, "by the scores.");
    assert_int_equal(fixture_run(&f, "flag --dry-run --format json --max-honest 0.01"), 0);
    contains(f.output, "\"opened\":0,\"ask\":0,");
    contains(f.output, "\"over_honest_budget\":4");
    assert_int_equal(fixture_run(&f, "flag --dry-run --max-honest 0.01"), 0);
    contains(f.output, "4 accounts in 1 ring");
    assert_int_equal(fixture_run(&f, "flag --dry-run --format json --max-honest 5"), 0);
    contains(f.output, "\"ask\":4,");
    contains(f.output, "\"honest_told_by\":\"score\"");
    /* from r1 to r4 each is honest by .012, the fringe by .05: cut after the third */
    fixture_sql(&f, "UPDATE ring SET score = 60");
    {
        char path[160];
        FILE *policy;
        (void)snprintf(path, sizeof path, "%s/policy.ini", f.folder);
        policy = fopen(path, "w");
        assert_non_null(policy);
        (void)fputs("[flag]\nmax_honest = 0.04\nwhole_rings = no\n", policy);
        (void)fclose(policy);
        (void)snprintf(path, sizeof path, "flag --dry-run --format json --policy '%s/policy.ini'",
                       f.folder);
        assert_int_equal(fixture_run(&f, path), 0);
        contains(f.output, "\"ask\":3,");
    }
    assert_int_equal(fixture_run(&f, "flag --max-honest few"), 2);
    assert_int_equal(fixture_run(&f, "flag --max-honest -1"), 2);
    fixture_end(&f);
}

static void flag_learns_from_outcomes(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    fixture_sql(&f, "DELETE FROM verification_request;"
                    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 799)"
                    " INSERT INTO verification_request (account, campaign, status, score, reason,"
                    " opened_at, updated_at) SELECT 6 + i % 2, 'c' || i,"
                    " iif(i % 4 < 2, 'approved', 'declined'), i % 30, '', 1, 1 FROM n");
    assert_int_equal(fixture_run(&f, "flag --dry-run --format json"), 0);
    contains(f.output, "\"honest_told_by\":\"outcomes\",\"outcomes\":800");
    assert_int_equal(fixture_run(&f, "flag --dry-run"), 0);
    contains(f.output, "by what became of 800 earlier requests");
    contains(f.output, "Expected among them: 1.7 honest accounts"); /* nearly half of four */
    fixture_end(&f);
}

/* ---- countries that stand out ---- */

enum { PEOPLE = 4000, MOST_RINGS = 60 };

typedef struct town {
    uint32_t country[PEOPLE], zone[PEOPLE];
    const char *text[3];
    rf_member member[PEOPLE];
    rf_ring ring[MOST_RINGS];
    rf_population p;
    rf_findings f;
} town;

/* One account in ten lives in country 1; rings of `size` flagged, of which `share` (in per cent) of
 * the members are there. */
static town *make_town(uint32_t rings, uint32_t size, uint32_t share)
{
    town *t = calloc(1, sizeof *t);
    uint32_t next[2] = {0, 1};
    assert_non_null(t);
    t->text[0] = "";
    t->text[1] = "AA";
    t->text[2] = "BB";
    for (uint32_t a = 0; a < PEOPLE; a++) {
        t->country[a] = a % 10 == 0 ? 1 : 2;
        t->zone[a] = 0;
    }
    t->p.accounts = PEOPLE;
    t->p.country = (rf_coded){t->country, t->text, 3};
    t->p.timezone = (rf_coded){t->zone, t->text, 1};
    t->f = (rf_findings){.ring = t->ring, .rings = rings, .member = t->member};
    for (uint32_t r = 0; r < rings; r++) {
        t->ring[r] = (rf_ring){.flagged = true, .first_member = t->f.members, .size = size};
        for (uint32_t i = 0; i < size; i++) {
            bool const there = i * 100 < share * size;
            t->member[t->f.members++].account = there ? next[0] : next[1];
            next[0] += there ? 10 : 0;
            next[1] += there ? 0U : next[1] % 10 == 9 ? 2U : 1U;
        }
    }
    return t;
}

/* The first `quiet` rings were cleared. */
static uint32_t standing_out(uint32_t rings, uint32_t size, uint32_t share, uint32_t quiet)
{
    town *t = make_town(rings, size, share);
    uint8_t *cleared = calloc(rings + 1, 1);
    rf_flag_rates rates;
    rf_error err = {.status = RF_OK};
    uint32_t count;
    assert_non_null(cleared);
    memset(cleared, 1, quiet);
    assert_int_equal(rf_flag_rates_find(&t->p, &t->f, quiet > 0 ? cleared : NULL, &rates, &err),
                     RF_OK);
    free(cleared);
    count = rates.count;
    if (count > 0) {
        assert_string_equal(rates.told[0].name, "AA");
        assert_false(rates.told[0].zone);
        assert_int_equal(rates.told[0].accounts, PEOPLE / 10);
        assert_true(rates.told[0].low <= rates.told[0].rate &&
                    rates.told[0].rate <= rates.told[0].high);
        assert_true(rates.told[0].low > RF_RATE_TIMES * rates.told[0].elsewhere);
    }
    free(t);
    return count;
}

static void many_rings_make_a_country_stand_out(void **state)
{
    (void)state;
    assert_int_equal(standing_out(0, 0, 0, 0), 0);
    assert_int_equal(standing_out(40, 10, 10, 0), 0); /* its share */
    assert_int_equal(standing_out(40, 10, 60, 0), 1); /* six times its share, in forty rings */
    assert_int_equal(standing_out(40, 10, 60, 2), 1);
    assert_int_equal(standing_out(40, 10, 60, 40), 0); /* cleared rings are not flagged */
    assert_int_equal(standing_out(1, 300, 100, 0), 0); /* one operator says little of a country */
    assert_int_equal(standing_out(2, 4, 100, 0), 0);   /* too few */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_tell_without_outcomes),
        cmocka_unit_test(any_outcomes_give_a_monotone_rate),
        cmocka_unit_test(outcomes_have_the_last_word),
        cmocka_unit_test(one_campaign_is_one_voice),
        cmocka_unit_test(flag_says_and_keeps_to_the_budget),
        cmocka_unit_test(flag_learns_from_outcomes),
        cmocka_unit_test(many_rings_make_a_country_stand_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
