/* test_evaluate.c - the figures of an evaluation against a slow, obvious second computation over
 * pairs, and the command, its curve too, on a small database. */
#include "base/hash.h"
#include "base/memory.h"
#include "command/commands.h"
#include "fixture.h"
#include "rings/evaluate.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 60 };

/* ---- the checker: everything by its definition, over all pairs ---- */

/* Do two accounts stand in one cluster? Cluster 0 is a singleton. */
static bool together(const uint32_t *cluster, uint32_t i, uint32_t j)
{
    return i == j || (cluster[i] != 0 && cluster[i] == cluster[j]);
}

static double ratio(double part, double whole, bool nothing)
{
    return whole > 0 ? part / whole : nothing ? 1 : 0;
}

typedef struct slow {
    double pairs_true, pairs_predicted, pairs_both, pairs_all;
    double b_precision, b_recall;
} slow;

static slow count_pairs(uint32_t n, const uint32_t *truth, const uint32_t *cluster)
{
    slow s = {0};
    for (uint32_t i = 0; i < n; i++) {
        double in_truth = 0;
        double in_cluster = 0;
        double in_both = 0;
        for (uint32_t j = 0; j < n; j++) {
            bool t = together(truth, i, j);
            bool c = together(cluster, i, j);
            in_truth += t;
            in_cluster += c;
            in_both += t && c;
            if (i < j) {
                s.pairs_true += t;
                s.pairs_predicted += c;
                s.pairs_both += t && c;
                s.pairs_all += 1;
            }
        }
        s.b_precision += in_both / in_cluster;
        s.b_recall += in_both / in_truth;
    }
    return s;
}

/* The adjusted Rand index in its pair-counting form. */
static double slow_ari(const slow *s)
{
    double a = s->pairs_both;
    double b = s->pairs_true - a;
    double c = s->pairs_predicted - a;
    double d = s->pairs_all - a - b - c;
    double below = (a + b) * (b + d) + (a + c) * (c + d);
    return below == 0 ? 1 : 2 * (a * d - b * c) / below;
}

static uint32_t slow_found(const rf_evaluate_input *in)
{
    uint32_t found = 0;
    for (uint32_t t = 1; t <= in->true_rings; t++) {
        uint32_t size = 0;
        uint32_t covered = 0;
        for (uint32_t i = 0; i < in->accounts; i++) {
            uint32_t ring = in->predicted[i];
            uint32_t all = 0;
            uint32_t own = 0;
            if (in->truth[i] != t) {
                continue;
            }
            size++;
            for (uint32_t j = 0; ring != 0 && in->flagged[ring] && j < in->accounts; j++) {
                all += in->predicted[j] == ring;
                own += in->predicted[j] == ring && in->truth[j] == t;
            }
            covered += 2 * own > all;
        }
        found += size > 0 && covered * 10 >= size * 8;
    }
    return found;
}

static void close_to(double got, double expected)
{
    if (!(fabs(got - expected) < 1e-9)) {
        fail_msg("%.12f instead of %.12f", got, expected);
    }
}

static void check(const rf_evaluate_input *in)
{
    rf_evaluation e;
    uint32_t cluster[MOST] = {0};
    uint32_t flagged = 0;
    uint32_t real = 0;
    uint32_t both = 0;
    slow s;
    bool none;
    for (uint32_t i = 0; i < in->accounts; i++) {
        bool f = in->predicted[i] != 0 && in->flagged[in->predicted[i]];
        cluster[i] = f ? in->predicted[i] : 0;
        flagged += f;
        real += in->truth[i] != 0;
        both += f && in->truth[i] != 0;
    }
    s = count_pairs(in->accounts, in->truth, cluster);
    assert_int_equal(rf_evaluate(in, &e, NULL), RF_OK);
    assert_int_equal(e.accounts, in->accounts);
    assert_int_equal(e.flagged_accounts, flagged);
    assert_int_equal(e.true_ring_accounts, real);
    assert_int_equal(e.both, both);
    none = flagged == 0 && real == 0;
    close_to(e.precision, ratio(both, flagged, none));
    close_to(e.recall, ratio(both, real, none));
    assert_int_equal(e.pairs_true, (uint64_t)s.pairs_true);
    assert_int_equal(e.pairs_predicted, (uint64_t)s.pairs_predicted);
    assert_int_equal(e.pairs_both, (uint64_t)s.pairs_both);
    none = s.pairs_true == 0 && s.pairs_predicted == 0;
    close_to(e.pair_precision, ratio(s.pairs_both, s.pairs_predicted, none));
    close_to(e.pair_recall, ratio(s.pairs_both, s.pairs_true, none));
    close_to(e.b_cubed_precision, in->accounts == 0 ? 1 : s.b_precision / in->accounts);
    close_to(e.b_cubed_recall, in->accounts == 0 ? 1 : s.b_recall / in->accounts);
    close_to(e.ari, slow_ari(&s));
    assert_int_equal(e.rings_found, slow_found(in));
    rf_evaluation_free(&e);
}

static void agrees_with_the_checker(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 3000; round++) {
        uint32_t truth[MOST];
        uint32_t predicted[MOST];
        bool flagged[9];
        uint32_t true_rings = (uint32_t)(rf_mix2(round, 1) % 7);
        uint32_t rings = (uint32_t)(rf_mix2(round, 2) % 9);
        rf_evaluate_input in = {.accounts = (uint32_t)(rf_mix2(round, 3) % (MOST + 1)),
                                .truth = truth,
                                .predicted = predicted,
                                .true_rings = true_rings,
                                .rings = rings,
                                .flagged = flagged};
        for (uint32_t i = 0; i < in.accounts; i++) {
            uint64_t dice = rf_mix2(round, 100 + i);
            truth[i] = (uint32_t)(dice % (true_rings + 1));
            predicted[i] = (uint32_t)(dice / 64 % (rings + 1));
            if (dice >> 62 != 0 && truth[i] <= rings) {
                predicted[i] = truth[i]; /* mostly right, so that rings are found */
            }
        }
        for (uint32_t i = 0; i < 9; i++) {
            flagged[i] = rf_mix2(round, 50 + i) % 4 != 0;
        }
        check(&in);
    }
}

static void edge_cases(void **state)
{
    static const uint32_t none[4] = {0};
    static const uint32_t one[4] = {1, 1, 1, 1};
    static const bool flags[2] = {false, true};
    rf_evaluate_input in = {.truth = none, .predicted = none, .flagged = flags};
    rf_evaluation e;
    (void)state;
    check(&in); /* empty */
    in.accounts = 4;
    check(&in); /* all honest, nothing found: perfect */
    assert_int_equal(rf_evaluate(&in, &e, NULL), RF_OK);
    close_to(e.f1, 1);
    close_to(e.ari, 1);
    rf_evaluation_free(&e);
    in.rings = 1;
    in.predicted = one;
    check(&in); /* all honest, all flagged */
    in.true_rings = 1;
    in.truth = one;
    check(&in); /* one ring, found whole */
    in.predicted = none;
    check(&in); /* one ring, nothing found */
}

static void eighty_per_cent_of_a_majority(void **state)
{
    uint32_t truth[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    uint32_t predicted[10] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    static const bool flags[3] = {false, true, true};
    rf_evaluate_input in = {.accounts = 10,
                            .truth = truth,
                            .predicted = predicted,
                            .true_rings = 1,
                            .rings = 2,
                            .flagged = flags};
    rf_evaluation e;
    (void)state;
    assert_int_equal(rf_evaluate(&in, &e, NULL), RF_OK);
    assert_int_equal(e.rings_found, 1);
    assert_int_equal(e.ring[0].covered, 8);
    assert_int_equal(e.ring[0].best_ring, 1);
    rf_evaluation_free(&e);
    predicted[7] = 2; /* a piece of its own still counts */
    assert_int_equal(rf_evaluate(&in, &e, NULL), RF_OK);
    assert_int_equal(e.rings_found, 1);
    assert_int_equal(e.ring[0].best_shared, 7);
    rf_evaluation_free(&e);
    truth[8] = 0;
    truth[9] = 0;
    predicted[8] = 2; /* half honest now: no majority */
    assert_int_equal(rf_evaluate(&in, &e, NULL), RF_OK);
    assert_int_equal(e.ring[0].covered, 7);
    rf_evaluation_free(&e);
}

static void sixty_four_bit_counts(void **state)
{
    enum { MANY = 200000 };
    uint32_t *one = rf_alloc(MANY, sizeof *one);
    static const bool flags[2] = {false, true};
    rf_evaluation e;
    rf_evaluate_input in = {.accounts = MANY,
                            .truth = one,
                            .predicted = one,
                            .true_rings = 1,
                            .rings = 1,
                            .flagged = flags};
    (void)state;
    assert_non_null(one);
    for (size_t i = 0; i < MANY; i++) {
        one[i] = 1;
    }
    assert_int_equal(rf_evaluate(&in, &e, NULL), RF_OK);
    assert_true(e.pairs_both == UINT64_C(19999900000));
    close_to(e.ari, 1);
    close_to(e.b_cubed_recall, 1);
    rf_evaluation_free(&e);
    rf_free(one);
}

static void survives_running_out_of_memory(void **state)
{
    static const uint32_t none[4] = {0};
    static const bool flags[1] = {false};
    rf_evaluate_input in = {.accounts = 4, .truth = none, .predicted = none, .flagged = flags};
    (void)state;
    for (long n = 1; n <= 3; n++) {
        rf_evaluation e;
        rf_error err;
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_evaluate(&in, &e, &err);
        rf_memory_fail_after(0);
        assert_int_equal(status, RF_ENOMEM);
        assert_null(e.ring);
    }
}

/* ---- the command ---- */

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

static void write_truth(const fixture *f, const char *text)
{
    char path[128];
    FILE *file;
    (void)snprintf(path, sizeof path, "%s/truth.csv", f->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static int evaluate(fixture *f, const char *options)
{
    char arguments[512];
    (void)snprintf(arguments, sizeof arguments, "evaluate --truth '%s/truth.csv' %s", f->folder,
                   options);
    return fixture_run(f, arguments);
}

static void command_counts_and_notices(void **state)
{
    fixture *f = *state;
    write_truth(f, "ring,account_id\nA,r1\nA,r2\nA,r3\nA,r4\n,r5\n-1,s1\n,h1\nB,ghost\n");
    assert_int_equal(evaluate(f, "--format json"), 0);
    contains(f->output, "\"accounts\":7");
    contains(f->output, "\"true_ring_accounts\":4");
    contains(f->output, "\"flagged_accounts\":5");
    contains(f->output, "\"precision\":0.8,");
    contains(f->output, "\"recall\":1,");
    contains(f->output, "\"rings_true\":1,\"rings_found\":1,");
    contains(f->output, "\"truth_not_in_database\":1");
    contains(f->output, "\"accounts_not_in_truth\":3");
    contains(f->output, "\"best_ring\":1");
    contains(f->errors, "1 accounts are not in the database");
    assert_int_equal(evaluate(f, "--per-ring"), 0);
    contains(f->output, "rings found      1 of 1");
    contains(f->output, "true ring");
    assert_int_equal(evaluate(f, "--format csv"), 0);
    contains(f->output, "accounts,true_ring_accounts,flagged_accounts,precision");
    contains(f->output, "7,4,5,0.8,1,");
}

/* A truth of other accounts is a mistake, not a perfect result. */
static void command_needs_common_accounts(void **state)
{
    fixture *f = *state;
    write_truth(f, "ring,account_id\nA,ghost\n,spook\n");
    assert_int_equal(evaluate(f, "--format json"), 1);
    contains(f->errors, "none of its accounts is in the database");
    assert_string_equal(f->output, "");
}

static void command_maps_and_sources(void **state)
{
    fixture *f = *state;
    write_truth(f, "user,class,who\nr1,1,x\nr2,1,x\ns1,2,y\nh1,0,\n");
    assert_int_equal(evaluate(f, "--format json"), 1);
    contains(f->errors, "account_id");
    assert_int_equal(evaluate(f, "--map account_id=user,ring=class --format csv"), 0);
    contains(f->output, "\n4,4,2,1,0.5,");
    assert_int_equal(evaluate(f, "--map account_id=user,ring=class --honest 0 --format csv"), 0);
    contains(f->output, "\n4,3,2,1,0.666666666666666");
    assert_int_equal(
        evaluate(f, "--map account_id=user,ring=class --honest 0 --source who=x --format csv"), 0);
    contains(f->output, "\n3,2,2,1,1,1,1,1,");
    assert_int_equal(evaluate(f, "--map account_id=user,nothing=class"), 2);
    assert_int_equal(evaluate(f, "--map account_id=user,ring=class --source who"), 2);
}

static void command_refuses_contradictions(void **state)
{
    fixture *f = *state;
    write_truth(f, "account_id,ring\nr1,A\nr1,A\nr1,B\n");
    assert_int_equal(evaluate(f, ""), 1);
    contains(f->errors, "truth.csv:4: account r1 is in ring \"B\" here and in ring \"A\"");
    assert_int_equal(fixture_run(f, "evaluate"), 2);
    contains(f->errors, "--truth FILE.csv is missing");
    assert_int_equal(fixture_run(f, "evaluate --truth /nonexistent/truth.csv"), 1);
    assert_int_equal(evaluate(f, "--run 7"), 1);
}

/* h1 and h2 get links, h4 and h2 equally strong ones, h3 none but in another run. */
static void tie_outsiders(const fixture *f)
{
    fixture_sql(f, "INSERT INTO account (id, external_id) VALUES (11, 'h3'), (20, 'h4');"
                   "INSERT INTO link VALUES (1, 1, 9, 7.5, 1), (1, 9, 10, 3.25, 1),"
                   "  (1, 5, 10, 2, 1), (1, 20, 10, 3.25, 1);"
                   "INSERT INTO run (id, started_at, finished_at, version, seed, config, accounts,"
                   "  sightings, pairs, links, rings, flagged, prior_bits, timings)"
                   " SELECT 2, started_at, finished_at, version, seed, config, accounts, sightings,"
                   "  pairs, links, 0, 0, prior_bits, timings FROM run WHERE id = 1;"
                   "INSERT INTO link VALUES (2, 10, 11, 50, 1)");
    write_truth(f, "account_id,ring\nr1,A\nr2,A\nr3,A\nr4,A\nr5,\ns1,B\ns2,\nh1,A\nh2,\nh3,B\n"
                   "h4,A\n");
}

static void command_draws_the_curve(void **state)
{
    fixture *f = *state;
    tie_outsiders(f);
    assert_int_equal(evaluate(f, "--run 1 --curve --format csv"), 0);
    /* Half of ten accounts are flagged, so nothing known is 0 bits; no ring has a membership.
     * r1..r5 log2(1 + 2^23.4); h1 the same of its link of 7.5 into their ring; h2 of that of 2; h4
     * is linked to h2, who is in no ring, and of small rings none of one is flagged: -log2 3; s1
     * and s2 are in a ring of -4.25. */
    assert_string_equal(f->output, "kind,from,accounts,true,precision,recall\n"
                                   "ring,23.399993896484375,5,4,0.8,0.5\n"
                                   "link,7.5079193115234375,6,5,0.8333333333333334,0.625\n"
                                   "link,2.321929931640625,7,5,0.7142857142857143,0.625\n"
                                   "link,0.40277099609375,8,6,0.75,0.75\n"
                                   "ring,0.0738983154296875,10,7,0.7,0.875\n"
                                   "none,0,11,8,0.7272727272727273,1\n");
    assert_int_equal(evaluate(f, "--run 1 --curve --format json"), 0);
    contains(f->output, "\"accounts\":11,\"true_ring_accounts\":8,\"flagged_accounts\":5,");
    contains(f->output, "\"average_precision\":0.77632575757575");
    contains(f->output, "\"curve\":[{\"kind\":\"ring\",\"from\":23.39999389648437");
    contains(f->output, "{\"kind\":\"none\",\"from\":0,\"accounts\":11,\"true\":8,");
    assert_int_equal(evaluate(f, "--run 1 --curve --per-ring"), 0);
    contains(f->output, "average precision 0.7763.");
    contains(f->output, "true ring");
    contains(f->output, "\nring 23.40 5 4 0.8000 0.5000\nlink 7.51 6 5 0.8333 0.6250\n"
                        "link 0.40 8 6 0.7500 0.7500\nring 0.07 10 7 0.7000 0.8750\n"
                        "none 0.00 11 8 0.7273 1.0000\n");
    /* h2 and h3 are linked to each other alone: no better than anybody, but linked */
    assert_int_equal(evaluate(f, "--run 2 --curve --format csv"), 0);
    contains(f->output, "recall\nlink,");
    contains(f->output, ",2,1,0.5,0.125\nnone,-");
    contains(f->output, ",11,8,0.7272727272727273,1\n");
}

static void command_draws_it_only_when_asked(void **state)
{
    fixture *f = *state;
    tie_outsiders(f);
    assert_int_equal(evaluate(f, "--run 1 --format json"), 0);
    assert_null(strstr(f->output, "curve"));
    assert_null(strstr(f->output, "average_precision"));
    assert_int_equal(evaluate(f, "--run 1"), 0);
    assert_null(strstr(f->output, "average precision"));
    assert_int_equal(evaluate(f, "--curve --per-ring --format csv"), 2);
    contains(f->errors, "--per-ring or --curve, not both");
    assert_string_equal(f->output, "");
}

/* Runs the command in this process, with the output thrown away. */
static rf_status run_here(const fixture *f, rf_error *err)
{
    char text[256];
    char *arguments[16];
    int count = 0;
    rf_globals const globals = {.db = f->db, .format = RF_FORMAT_JSON, .threads = 1, .quiet = true};
    (void)snprintf(text, sizeof text, "evaluate --source who=x --curve --truth %s/truth.csv",
                   f->folder);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        arguments[count++] = word;
    }
    arguments[count] = NULL;
    optind = 0;
    return rf_command_evaluate.run(&globals, count, arguments, err);
}

static void command_survives_running_out_of_memory(void **state)
{
    fixture *f = *state;
    int const screen = dup(STDOUT_FILENO);
    int const nowhere = open("/dev/null", O_WRONLY);
    rf_status status = RF_ENOMEM;
    long failures = 0;
    bool right = true; /* asserted when the output is back */
    write_truth(f, "account_id,ring,who\nr1,A,x\nr2,A,x\ns1,B,y\nh1,,\nr1,A,x\n");
    assert_true(screen >= 0 && nowhere >= 0);
    (void)fflush(stdout);
    assert_true(dup2(nowhere, STDOUT_FILENO) >= 0);
    for (long n = 1; right && status != RF_OK && n < 1000; n++) {
        rf_error err = {.status = RF_OK};
        rf_memory_fail_after(n);
        status = run_here(f, &err);
        rf_memory_fail_after(0);
        right = status == RF_OK || (status == RF_ENOMEM && err.text[0] != '\0');
        failures += status != RF_OK;
    }
    (void)fflush(stdout);
    assert_true(dup2(screen, STDOUT_FILENO) >= 0);
    (void)close(screen);
    (void)close(nowhere);
    assert_true(right);
    assert_int_equal(status, RF_OK);
    assert_true(failures > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_checker),
        cmocka_unit_test(edge_cases),
        cmocka_unit_test(eighty_per_cent_of_a_majority),
        cmocka_unit_test(sixty_four_bit_counts),
        cmocka_unit_test(survives_running_out_of_memory),
        cmocka_unit_test_setup_teardown(command_counts_and_notices, start, end),
        cmocka_unit_test_setup_teardown(command_needs_common_accounts, start, end),
        cmocka_unit_test_setup_teardown(command_maps_and_sources, start, end),
        cmocka_unit_test_setup_teardown(command_refuses_contradictions, start, end),
        cmocka_unit_test_setup_teardown(command_draws_the_curve, start, end),
        cmocka_unit_test_setup_teardown(command_draws_it_only_when_asked, start, end),
        cmocka_unit_test_setup_teardown(command_survives_running_out_of_memory, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
