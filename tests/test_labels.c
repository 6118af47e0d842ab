/* test_labels.c - what people found out about accounts: one word an account, the pairs that speak
 * for and against a tie (against a slow count), the limits, the part of the score, and what a few
 * wrong labels do to a whole detection. */
#include "crowd.h"
#include "evidence/labels.h"
#include "fixture.h"
#include "import_support.h"
#include "rings/detect.h"
#include "rings/verified.h"

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
#include <sys/wait.h>

static void good(rf_status status, const rf_error *err)
{
    if (status != RF_OK) {
        fail_msg("%s", err->text);
    }
}

/* ---- one word an account ---- */

static char *words(const fixture *f)
{
    static char text[64];
    rf_store *store = NULL;
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = true;
    text[0] = '\0';
    good(rf_store_open(f->db, RF_STORE_READ, &store, &err), &err);
    good(rf_prepare(store, "SELECT account, label FROM account_label ORDER BY 1", &select, &err),
         &err);
    while (rf_step(select, &row, &err) == RF_OK && row) {
        size_t const at = strlen(text);
        (void)snprintf(text + at, sizeof text - at, "%lld%c ", (long long)rf_column_int(select, 0),
                       rf_column_text(select, 1)[0]);
    }
    rf_statement_end(select);
    rf_store_close(store);
    return text;
}

/* Account 4 is labelled fraud on 2026-05-11; account 2 was approved on 2026-06-03. */
static void the_latest_word_wins(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    assert_string_equal(words(&f), "2l 4f ");
    fixture_sql(&f, "INSERT INTO label (account, label, source, at, import) VALUES"
                    " (4, 'legit', 'appeal', unixepoch('2026-05-12'), 1),"
                    " (5, 'fraud', 'a', NULL, 1), (5, 'legit', 'b', 0, 1),"
                    " (6, 'fraud', 'a', 7, 1), (6, 'legit', 'b', 7, 1), (6, 'legit', 'b', 6, 1),"
                    " (7, 'fraud', 'a', NULL, 1), (7, 'legit', 'b', NULL, 1),"
                    " (2, 'fraud', 'review', unixepoch('2026-06-02'), 1)");
    assert_string_equal(words(&f), "2l 4l 5l 6d 7d ");
    fixture_sql(&f, "UPDATE verification_request SET status = 'declined' WHERE account = 1;"
                    "UPDATE verification_request SET status = 'expired' WHERE account = 2");
    assert_string_equal(words(&f), "1f 2f 4l 5l 6d 7d ");
    fixture_end(&f);
}

/* ---- what labelled pairs say ---- */

static double slow_pairs(const rf_population *p, const rf_labels *l, const uint32_t *community,
                         uint32_t group, bool speak_for)
{
    const uint32_t *holders = rf_group_holders(p, group);
    double pairs = 0;
    for (uint32_t i = 0; i < rf_group_size(p, group); i++) {
        for (uint32_t j = i + 1; j < rf_group_size(p, group); j++) {
            uint32_t const a = holders[i];
            uint32_t const b = holders[j];
            rf_label const one = rf_label_of(l, a);
            rf_label const two = rf_label_of(l, b);
            bool const both_fraud = one == RF_LABEL_FRAUD && two == RF_LABEL_FRAUD;
            bool const strangers = one == RF_LABEL_LEGIT && two == RF_LABEL_LEGIT &&
                                   p->owner.code[a] != 0 && p->owner.code[b] != 0 &&
                                   p->owner.code[a] != p->owner.code[b];
            bool const mixed = one != RF_LABEL_NONE && two != RF_LABEL_NONE && one != two;
            if (speak_for) {
                pairs += both_fraud && community[a] != UINT32_MAX && community[a] == community[b];
            } else {
                pairs += strangers || mixed;
            }
        }
    }
    return pairs;
}

static double slow_reliability(const rf_population *p, const rf_labels *l,
                               const uint32_t *community, uint32_t signal, uint32_t bucket,
                               double without, double prior)
{
    double yes = 0;
    double no = 0;
    for (uint32_t v = 0; v < p->values; v++) {
        double own[2] = {0, 0};
        double weight;
        for (uint32_t g = p->value_group_start[v]; g < p->value_group_start[v + 1]; g++) {
            if (p->value_signal[v] == signal && rf_bucket_of(rf_group_size(p, g)) == bucket) {
                own[0] += slow_pairs(p, l, community, g, true);
                own[1] += slow_pairs(p, l, community, g, false);
            }
        }
        weight = own[0] + own[1] > 10 ? 10 / (own[0] + own[1]) : 1;
        yes += own[0] * weight;
        no += own[1] * weight;
    }
    return rf_label_moved(without, fmax(yes - no * 0.1 / 0.95, 0), fmax(no - yes * 0.1 / 0.95, 0),
                          prior);
}

static void pairs_are_counted_as_one_would_by_hand(void **state)
{
    uint32_t moved = 0;
    (void)state;
    for (unsigned round = 0; round < 12; round++) {
        unsigned long long seed = 900 + round;
        crowd *people = crowd_make(
            &(crowd_options){
                .accounts = 90 + 20 * round, .rings = 4, .coincident = 90, .hubs = round % 3},
            round);
        rf_population p;
        rf_calibration c;
        rf_calibration plain;
        rf_evidence_settings const settings = rf_evidence_defaults();
        rf_labels labels = {0};
        rf_label_effect *effect = NULL;
        uint32_t effects = 0;
        uint32_t community[CROWD_ACCOUNTS];
        rf_error err = {.status = RF_OK};
        crowd_read(people, round, 0, &p);
        labels.of = rf_alloc(p.accounts, 1);
        assert_non_null(labels.of);
        for (uint32_t a = 0; a < p.accounts; a++) {
            labels.of[a] = (uint8_t)random_below(&seed, 3);
            community[a] = random_below(&seed, 5) == 0 ? UINT32_MAX : random_below(&seed, 4);
            p.owner.code[a] = random_below(&seed, 3);
        }
        good(rf_calibrate(&p, &settings, 1, &plain, &err), &err);
        good(rf_calibrate(&p, &settings, 1, &c, &err), &err);
        good(rf_labels_teach(&p, &labels, community, &c, &effect, &effects, &err), &err);
        for (uint32_t s = 0; s < p.signals; s++) {
            for (uint32_t k = 0; k < RF_BUCKETS; k++) {
                double const expected =
                    slow_reliability(&p, &labels, community, s, k, plain.bucket[s][k].reliability,
                                     c.settings.prior_bits);
                assert_true(fabs(c.bucket[s][k].reliability - expected) < 1e-3);
                assert_int_equal(c.bucket[s][k].corroborated, plain.bucket[s][k].corroborated);
            }
        }
        moved += effects;
        for (uint32_t i = 0; i < effects; i++) {
            assert_true(effect[i].with >= 0 && effect[i].with <= RF_RELIABILITY_MAX + 1e-12);
            assert_true(effect[i].pairs_for >= 0 && effect[i].pairs_against >= 0);
        }
        rf_free(effect);
        rf_labels_free(&labels);
        rf_calibration_free(&c);
        rf_calibration_free(&plain);
        rf_population_free(&p);
        free(people);
    }
    assert_true(moved > 50);
}

static double log_odds(double p)
{
    return log2(p / (1 - p));
}

static void labels_move_a_bucket_by_two_bits_at_most(void **state)
{
    double const prior = -15;
    (void)state;
    for (double p = 0.01; p < RF_RELIABILITY_MAX; p += 0.05) {
        double before = 0;
        assert_true(rf_label_moved(p, 0, 0, prior) == p);
        assert_true(fabs(log_odds(rf_label_moved(p, 1e6, 0, prior)) - log_odds(p)) < 2 + 1e-9);
        assert_true(fabs(log_odds(rf_label_moved(p, 0, 1e6, prior)) - log_odds(p)) < 2 + 1e-9);
        assert_true(rf_label_moved(p, 1e6, 0, prior) <= RF_RELIABILITY_MAX + 1e-12);
        for (double yes = 0; yes < 200; yes += 7) { /* more for it: never less reliable */
            double const with = rf_label_moved(p, yes, 30, prior);
            assert_true(with >= before);
            before = with;
        }
    }
    assert_true(rf_label_moved(0, 0, 50, prior) == 0); /* worth nothing, and stays so */
    assert_true(rf_label_moved(0, 50, 0, prior) <= 4.01 * exp2(prior));
}

/* ---- the part of the score ---- */

static void verified_outcomes_are_bounded(void **state)
{
    rf_labels const labels = {.fraud = 300, .legit = 300};
    double expected = 0;
    (void)state;
    assert_true(fabs(rf_verified_bits(&labels, 0, 0, 8, &expected)) < 1e-9);
    assert_true(rf_verified_bits(&labels, 300, 0, 8, &expected) <= 8);
    assert_true(rf_verified_bits(&labels, 300, 0, 8, &expected) > 6);
    assert_true(rf_verified_bits(&labels, 0, 300, 8, &expected) >= -8);
    assert_true(rf_verified_bits(&labels, 300, 0, 3, &expected) <= 3);
    for (uint32_t fraud = 0; fraud < 40; fraud++) {
        for (uint32_t legit = 0; legit < 40; legit++) {
            double const bits = rf_verified_bits(&labels, fraud, legit, 8, &expected);
            assert_true(bits <= rf_verified_bits(&labels, fraud + 1, legit, 8, &expected) + 1e-9);
            assert_true(bits >= rf_verified_bits(&labels, fraud, legit + 1, 8, &expected) - 1e-9);
            assert_true(expected >= RF_VERIFIED_LEAST && expected <= RF_VERIFIED_MOST);
        }
    }
    /* a wrong label in twenty */
    assert_true(rf_verified_bits(&labels, 19, 1, 8, &expected) > 1.8);
    assert_true(rf_verified_bits(&labels, 1, 19, 8, &expected) < -1.8);
    /* one label alone, even where fraud is hardly ever seen */
    assert_true(rf_verified_bits(&(rf_labels){.fraud = 1, .legit = 9999}, 1, 0, 8, &expected) < 2);
}

/* ---- a whole detection ---- */

static fixture world;

static const char *worldgen(void)
{
    const char *named = getenv("WORLDGEN");
    return named != NULL && named[0] != '\0' ? named : "build/worldgen";
}

static void done(fixture *f, const char *arguments)
{
    int const code = fixture_run(f, arguments);
    if (code != 0) {
        fail_msg("exit status %d of `%s`: %s", code, arguments, f->errors);
    }
}

static int make_world(void **state)
{
    static const char *const FILES[][2] = {{"accounts", "accounts.csv"},
                                           {"payments", "payments.csv"},
                                           {"events", "events.csv"},
                                           {"sightings --signal phone", "phones.csv"},
                                           {"links", "referrals.csv"}};
    char text[512];
    (void)state;
    fixture_start(&world, 0);
    (void)snprintf(text, sizeof text, "'%s' --out '%s/w' --accounts 4000 --seed 21 >/dev/null 2>&1",
                   worldgen(), world.folder);
    assert_int_equal(system(text), 0);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        (void)snprintf(text, sizeof text, "import %s '%s/w/%s'", FILES[i][0], world.folder,
                       FILES[i][1]);
        done(&world, text);
    }
    return 0;
}

static int drop_world(void **state)
{
    (void)state;
    fixture_end(&world);
    return 0;
}

/* Labels one account in `share`, of which one in `wrong` wrongly (0: none). */
static void label_world(unsigned share, unsigned wrong)
{
    char path[160];
    char line[256];
    unsigned long long seed = 4;
    FILE *truth;
    FILE *labels;
    (void)snprintf(path, sizeof path, "%s/w/truth.csv", world.folder);
    truth = fopen(path, "r");
    (void)snprintf(path, sizeof path, "%s/labels.csv", world.folder);
    labels = fopen(path, "w");
    assert_non_null(truth);
    assert_non_null(labels);
    (void)fputs("account_id,label\n", labels);
    assert_non_null(fgets(line, sizeof line, truth)); /* the header */
    while (fgets(line, sizeof line, truth) != NULL) {
        const char *ring = strchr(line, ',');
        bool const turned = wrong != 0 && random_below(&seed, wrong) == 0;
        assert_non_null(ring);
        if (random_below(&seed, share) == 0) {
            (void)fprintf(labels, "%.*s,%s\n", (int)(ring - line), line,
                          (ring[1] != ',') != turned ? "fraud" : "legit");
        }
    }
    (void)fclose(truth);
    (void)fclose(labels);
    fixture_sql(&world, "DELETE FROM label");
    (void)snprintf(path, sizeof path, "import labels --again '%s/labels.csv'", world.folder);
    done(&world, path);
}

typedef struct outcome {
    double precision, recall, flagged;
} outcome;

static double key(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static outcome judged(const char *options)
{
    char text[256];
    json_t *root;
    outcome found;
    (void)snprintf(text, sizeof text, "detect --quiet %s", options);
    done(&world, text);
    (void)snprintf(text, sizeof text, "evaluate --truth '%s/w/truth.csv' --format json",
                   world.folder);
    done(&world, text);
    root = json_loads(world.output, 0, NULL);
    assert_non_null(root);
    found = (outcome){key(root, "precision"), key(root, "recall"), key(root, "flagged_accounts")};
    json_decref(root);
    return found;
}

/* The results of the latest run without its number and times. */
static char *dumped(void)
{
    static const char *const TABLES[] = {"calibration", "link",     "ring",     "member",
                                         "score_part",  "evidence", "run_label"};
    char *all = calloc(1, 1);
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    size_t length = 0;
    good(rf_store_open(world.db, RF_STORE_READ, &store, &err), &err);
    for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++) {
        rf_statement *select = NULL;
        char sql[128];
        bool row = true;
        (void)snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE run = (SELECT id FROM latest_run)",
                       TABLES[t]);
        good(rf_prepare(store, sql, &select, &err), &err);
        while (rf_step(select, &row, &err) == RF_OK && row) {
            for (int c = 1; c < rf_column_count(select); c++) {
                size_t const bytes = rf_column_bytes(select, c);
                all = realloc(all, length + bytes + 2);
                assert_non_null(all);
                memcpy(all + length, rf_column_text(select, c), bytes);
                length += bytes;
                all[length++] = '|';
                all[length] = '\0';
            }
        }
        rf_statement_end(select);
    }
    rf_store_close(store);
    return all;
}

static void without_labels_nothing_changes(void **state)
{
    char *before;
    char *after;
    (void)state;
    fixture_sql(&world, "DELETE FROM label");
    done(&world, "detect");
    assert_null(strstr(world.output, "what is known"));
    before = dumped();
    label_world(5, 0);
    done(&world, "detect");
    assert_non_null(strstr(world.output, "Used what is known of"));
    after = dumped();
    assert_string_not_equal(before, after);
    assert_non_null(strstr(after, "verified outcomes"));
    free(after);
    done(&world, "detect --no-labels");
    assert_null(strstr(world.output, "what is known"));
    after = dumped();
    assert_string_equal(before, after);
    free(after);
    free(before);
}

static void a_few_wrong_labels_do_little(void **state)
{
    outcome none;
    outcome right;
    outcome wrong;
    (void)state;
    label_world(5, 0);
    none = judged("--no-labels");
    right = judged("");
    label_world(5, 20);
    wrong = judged("");
    assert_true(right.recall > none.recall - 0.03 && right.precision > none.precision - 0.03);
    assert_true(wrong.recall > none.recall - 0.03 && wrong.precision > none.precision - 0.03);
    assert_true(fabs(wrong.flagged - right.flagged) < 0.1 * right.flagged);
}

/* The sum that explains a link is the link's, also after labels moved the worths. */
static void links_are_still_explained(void **state)
{
    rf_store *store = NULL;
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = true;
    char pairs[8][64];
    int count = 0;
    (void)state;
    label_world(5, 0);
    done(&world, "detect --threads 2");
    good(rf_store_open(world.db, RF_STORE_READ, &store, &err), &err);
    good(
        rf_prepare(store,
                   "SELECT a.external_id || ' ' || b.external_id FROM link l JOIN account a ON "
                   "a.id = l.account_a JOIN account b ON b.id = l.account_b WHERE l.run = (SELECT "
                   "id FROM latest_run) ORDER BY (l.account_a * 7919 + l.account_b) % 1009 LIMIT 8",
                   &select, &err),
        &err);
    while (rf_step(select, &row, &err) == RF_OK && row) {
        (void)snprintf(pairs[count++], sizeof pairs[0], "%s", rf_column_text(select, 0));
    }
    rf_statement_end(select);
    rf_store_close(store);
    assert_int_equal(count, 8);
    for (int i = 0; i < count; i++) {
        char arguments[640];
        json_t *root;
        (void)snprintf(arguments, sizeof arguments, "explain --format json %s", pairs[i]);
        done(&world, arguments);
        root = json_loads(world.output, 0, NULL);
        assert_non_null(root);
        assert_null(strstr(world.output, "\"differs_from_run\":true"));
        json_decref(root);
    }
}

/* ---- order ---- */

/* The run as one text that does not know row ids. */
static char *told(rf_store *store)
{
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = false;
    char *text;
    good(rf_prepare(store,
                    "SELECT group_concat(x, ' ') FROM (SELECT a.external_id || m.ring || ' ' ||"
                    " r.score AS x FROM member m JOIN ring r USING (run, ring) JOIN account a ON"
                    " a.id = m.account UNION ALL SELECT g.name || holders_from || ' ' ||"
                    " printf('%.15g', reliability) FROM calibration c JOIN signal g ON g.id ="
                    " c.signal UNION ALL SELECT g.name || holders_from || ' ' || pairs_for || ' '"
                    " || pairs_against FROM run_label l JOIN signal g ON g.id = l.signal"
                    " ORDER BY 1)",
                    &select, &err),
         &err);
    good(rf_step(select, &row, &err), &err);
    text = strdup(rf_column_text(select, 0));
    assert_non_null(text);
    rf_statement_end(select);
    return text;
}

static void the_order_of_labels_does_not_matter(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        crowd *people = crowd_make(
            &(crowd_options){.accounts = 200, .rings = 6, .coincident = 80, .hubs = 1}, round);
        char *found[2];
        for (unsigned order = 0; order < 2; order++) {
            char path[160];
            rf_error err = {.status = RF_OK};
            rf_detect_settings settings = rf_detect_defaults();
            rf_detect_summary summary;
            rf_store *store;
            (void)snprintf(path, sizeof path, "%s/o%u-%u.db", world.folder, round, order);
            store = crowd_store(people, path, order * 31, (int)order);
            good(rf_store_exec(store,
                               "INSERT INTO label (account, label, source, import) SELECT id,"
                               " iif(unicode(substr(external_id, -1)) % 3 = 0, 'legit', 'fraud'),"
                               " '', 1 FROM account WHERE unicode(substr(external_id, -2)) % 2 = 0",
                               &err),
                 &err);
            settings.threads = 1 + order;
            good(rf_detect(store, &settings, &summary, &err), &err);
            assert_true(summary.label_fraud > 0 && summary.label_moved > 0);
            found[order] = told(store);
            rf_store_close(store);
        }
        assert_string_equal(found[0], found[1]);
        free(found[0]);
        free(found[1]);
        free(people);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_word_wins),
        cmocka_unit_test(pairs_are_counted_as_one_would_by_hand),
        cmocka_unit_test(labels_move_a_bucket_by_two_bits_at_most),
        cmocka_unit_test(verified_outcomes_are_bounded),
        cmocka_unit_test(without_labels_nothing_changes),
        cmocka_unit_test(a_few_wrong_labels_do_little),
        cmocka_unit_test(links_are_still_explained),
        cmocka_unit_test(the_order_of_labels_does_not_matter),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
