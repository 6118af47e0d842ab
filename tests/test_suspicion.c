/* test_suspicion.c - how suspect single accounts are, against a slow, obvious way that counts
 * everybody anew for each account, from the plain tables of a run; one account against all; what
 * is learned of sign-ups against the textbook formula; runs without sign-ups; short memory. */
#include "base/hash.h"
#include "crowd.h"
#include "rings/explain.h"
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { L = RF_TIMING_LEVELS, CROWD = 0, TIED = 1 };

static void close_to(double got, double expected, double slack)
{
    if (!(fabs(got - expected) <= slack)) {
        fail_msg("%.9f instead of %.9f", got, expected);
    }
}

/* ---- the slow way ---- */

typedef struct person {
    int64_t id, quarter, ring; /* quarter -1: not known; ring 0: none */
    double membership;
    double near[4]; /* linked ones within each span */
    double dated;   /* linked ones whose sign-up is known */
    double best;    /* of its links, when it is in no ring */
    double level[2];
    bool tied;
} person;

typedef struct slow_ring {
    int64_t number, size;
    double score, has[2][L], bits[2][L];
    bool flagged;
} slow_ring;

typedef struct slow_link {
    int64_t a, b;
    double bits;
} slow_link;

typedef struct slow_run {
    person *who;
    size_t people;
    slow_ring *ring;
    size_t rings;
    slow_link *link;
    size_t links;
    double anybody, pair, dated;
    int64_t lowest, highest;
    double bits[2][L];
} slow_run;

typedef void (*read_fn)(slow_run *s, size_t at, rf_statement *row);

static size_t read_table(rf_store *store, const char *sql, slow_run *s, read_fn read)
{
    rf_statement *select = NULL;
    rf_error err;
    bool row = true;
    size_t count = 0;
    assert_int_equal(rf_prepare(store, sql, &select, &err), RF_OK);
    while (rf_step(select, &row, &err) == RF_OK && row) {
        read(s, count++, select);
    }
    rf_statement_end(select);
    return count;
}

static void count_row(slow_run *s, size_t at, rf_statement *row)
{
    (void)s;
    (void)at;
    (void)row;
}

static void read_person(slow_run *s, size_t at, rf_statement *row)
{
    person *p = &s->who[at];
    int64_t const created = rf_column_int(row, 1);
    *p = (person){.id = rf_column_int(row, 0), .quarter = -1, .best = -INFINITY};
    if (rf_column_kind(row, 1) != RF_NULL && created >= 0 && created < (INT64_C(900) << 22)) {
        p->quarter = created / 900;
        s->dated++;
        s->lowest = p->quarter < s->lowest ? p->quarter : s->lowest;
        s->highest = p->quarter > s->highest ? p->quarter : s->highest;
    }
    p->ring = rf_column_int(row, 2);
    p->membership = rf_column_kind(row, 3) == RF_NULL ? 60 : rf_column_real(row, 3);
}

static void read_ring(slow_run *s, size_t at, rf_statement *row)
{
    s->ring[at] = (slow_ring){.number = rf_column_int(row, 0),
                              .score = rf_column_real(row, 1),
                              .flagged = rf_column_int(row, 2) != 0,
                              .size = rf_column_int(row, 3)};
}

static void read_link(slow_run *s, size_t at, rf_statement *row)
{
    s->link[at] = (slow_link){rf_column_int(row, 0), rf_column_int(row, 1), rf_column_real(row, 2)};
}

static slow_ring *ring_of(const slow_run *s, int64_t number)
{
    for (size_t r = 0; r < s->rings; r++) {
        if (s->ring[r].number == number) {
            return &s->ring[r];
        }
    }
    return NULL;
}

static person *person_of(const slow_run *s, int64_t id)
{
    for (size_t i = 0; i < s->people; i++) {
        if (s->who[i].id == id) {
            return &s->who[i];
        }
    }
    return NULL;
}

static double weaker(double one, double other)
{
    double const a = fmax(-60, fmin(one, 60));
    double const b = fmax(-60, fmin(other, 60));
    return -log2(exp2(-a) + exp2(-b));
}

/* Others that signed up at most `span` quarters off. */
static double others_within(const slow_run *s, const person *p, int64_t span)
{
    double count = -1;
    for (size_t i = 0; i < s->people; i++) {
        int64_t const off = s->who[i].quarter - p->quarter;
        count += s->who[i].quarter >= 0 && off <= span && -off <= span;
    }
    return count;
}

static double length_of(const slow_run *s, const person *p, int64_t span)
{
    double count = 0;
    for (int64_t q = p->quarter - span; q <= p->quarter + span; q++) {
        count += q >= s->lowest && q <= s->highest;
    }
    return count;
}

static double as_level(double mean)
{
    return fmax(0, fmin(8 + 2 * log2(mean), L - 1));
}

static void measure_levels(const slow_run *s, person *p)
{
    static const int64_t beside[2] = {1, 4};
    static const int64_t tied[4] = {4, 24, 96, 288};
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        double const in = others_within(s, p, beside[i]);
        double const out = others_within(s, p, 288) - in;
        double const inside = length_of(s, p, beside[i]);
        double const outside = length_of(s, p, 288) - inside;
        double const expected = outside > 0 ? (out + 1) * inside / outside : in;
        sum += (in + 1) / (expected + 1);
    }
    p->level[CROWD] = as_level(sum / 2);
    p->tied = p->dated > 0;
    sum = 0;
    for (int i = 0; i < 4 && p->tied; i++) {
        sum += (p->near[i] + 1) / (p->dated * others_within(s, p, tied[i]) / s->dated + 1);
    }
    p->level[TIED] = p->tied ? as_level(sum / 4) : 0;
}

static void meet(const slow_run *s, person *p, const person *other, double bits)
{
    static const int64_t span[4] = {4, 24, 96, 288};
    const slow_ring *ring = ring_of(s, other->ring);
    if (p->quarter >= 0 && other->quarter >= 0) {
        p->dated++;
        for (int i = 0; i < 4; i++) {
            p->near[i] += llabs(p->quarter - other->quarter) <= span[i];
        }
    }
    if (p->ring == 0) {
        p->best = fmax(p->best, weaker(bits, ring == NULL ? s->pair : ring->score));
    }
}

/* The textbook's isotonic regression: the greatest over all starts of the least mean over all ends
 * of the stretches around a level. */
static void slow_learn(const double members[L], const double others[L], double bits[L])
{
    double weight[L];
    double ratio[L];
    double all = 0;
    double sum = 4;
    for (int i = 0; i < L; i++) {
        weight[i] = 0.5;
        ratio[i] = 0;
        for (int k = i - 1; k <= i + 1; k++) {
            int const at = k < 0 ? 0 : k >= L ? L - 1 : k;
            double const mine = k == i ? 0.5 : 0.25;
            weight[i] += mine * others[at];
            ratio[i] += mine * members[at];
        }
        all += weight[i];
        sum += members[i];
    }
    for (int i = 0; i < L; i++) {
        double const usual = weight[i] / all;
        ratio[i] = (ratio[i] + 4 * usual) / sum / usual;
    }
    for (int i = 0; i < L; i++) {
        double greatest = -INFINITY;
        for (int from = 0; from <= i; from++) {
            double least = INFINITY;
            for (int to = i; to < L; to++) {
                double top = 0;
                double below = 0;
                for (int k = from; k <= to; k++) {
                    top += ratio[k] * weight[k];
                    below += weight[k];
                }
                least = fmin(least, top / below);
            }
            greatest = fmax(greatest, least);
        }
        bits[i] = fmax(-4, fmin(log2(greatest), 4));
    }
}

static double witnesses(double n)
{
    return n <= 10 ? n : 10 + 6 * log2(n / 10);
}

/* What all flagged rings but one show of a kind. */
static void learn_without(const slow_run *s, const slow_ring *left_out, int kind,
                          const double others[L], double bits[L])
{
    double members[L] = {0};
    for (size_t r = 0; r < s->rings; r++) {
        const slow_ring *ring = &s->ring[r];
        double size = 0;
        for (int i = 0; i < L; i++) {
            size += ring->has[kind][i];
        }
        for (int i = 0; i < L && size > 0 && ring->flagged && ring != left_out; i++) {
            members[i] += ring->has[kind][i] / size * witnesses(size);
        }
    }
    slow_learn(members, others, bits);
}

static void slow_timing(slow_run *s)
{
    double others[2][L] = {{0}};
    for (size_t i = 0; i < s->people; i++) {
        person *p = &s->who[i];
        slow_ring *ring = ring_of(s, p->ring);
        if (p->quarter < 0) {
            continue;
        }
        measure_levels(s, p);
        for (int kind = 0; kind < (p->tied ? 2 : 1); kind++) {
            double *to = ring != NULL && ring->flagged ? ring->has[kind] : others[kind];
            to[(int)(p->level[kind] + 0.5)]++;
        }
    }
    for (int kind = 0; kind < 2; kind++) {
        learn_without(s, NULL, kind, others[kind], s->bits[kind]);
        for (size_t r = 0; r < s->rings; r++) {
            if (s->ring[r].flagged) {
                learn_without(s, &s->ring[r], kind, others[kind], s->ring[r].bits[kind]);
            }
        }
    }
}

static double slow_bits(const slow_run *s, const person *p)
{
    const slow_ring *ring = ring_of(s, p->ring);
    double const own = ring != NULL ? weaker(ring->score, p->membership) : p->best;
    double sum = log2(exp2(s->anybody) + exp2(own));
    if (p->quarter >= 0) {
        int const kind = p->tied ? TIED : CROWD;
        const double *bits = ring != NULL && ring->flagged ? ring->bits[kind] : s->bits[kind];
        int const below = p->level[kind] < L - 1 ? (int)p->level[kind] : L - 2;
        sum += bits[below] + (bits[below + 1] - bits[below]) * (p->level[kind] - below);
    }
    return sum;
}

static void slow_base(slow_run *s)
{
    double flagged = 0;
    double few = 0;
    double few_flagged = 0;
    double share;
    for (size_t r = 0; r < s->rings; r++) {
        flagged += s->ring[r].flagged ? (double)s->ring[r].size : 0;
        few += s->ring[r].size <= 4;
        few_flagged += s->ring[r].size <= 4 && s->ring[r].flagged;
    }
    share = (flagged + 1) / ((double)s->people + 2);
    s->anybody = log2(share / (1 - share));
    s->pair = log2((few_flagged + share) / (few - few_flagged + 1 - share));
}

static slow_run *slow_read(rf_store *store)
{
    static const char PEOPLE[] = "SELECT a.id, a.created_at, m.ring, m.membership FROM account a "
                                 "LEFT JOIN member m ON m.run = 1 AND m.account = a.id";
    static const char RINGS[] = "SELECT ring, score, flagged, size FROM ring WHERE run = 1";
    static const char LINKS[] = "SELECT account_a, account_b, bits FROM link WHERE run = 1";
    slow_run *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->lowest = INT64_MAX;
    s->highest = -1;
    s->people = read_table(store, PEOPLE, s, count_row);
    s->rings = read_table(store, RINGS, s, count_row);
    s->links = read_table(store, LINKS, s, count_row);
    s->who = calloc(s->people + 1, sizeof *s->who);
    s->ring = calloc(s->rings + 1, sizeof *s->ring);
    s->link = calloc(s->links + 1, sizeof *s->link);
    assert_true(s->who != NULL && s->ring != NULL && s->link != NULL);
    (void)read_table(store, PEOPLE, s, read_person);
    (void)read_table(store, RINGS, s, read_ring);
    (void)read_table(store, LINKS, s, read_link);
    slow_base(s);
    for (size_t i = 0; i < s->links; i++) {
        person *a = person_of(s, s->link[i].a);
        person *b = person_of(s, s->link[i].b);
        meet(s, a, b, s->link[i].bits);
        meet(s, b, a, s->link[i].bits);
    }
    slow_timing(s);
    return s;
}

static void slow_free(slow_run *s)
{
    free(s->who);
    free(s->ring);
    free(s->link);
    free(s);
}

/* ---- the fast way against it ---- */

static rf_store *open_store(const fixture *f)
{
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    return store;
}

/* Everybody by the slow way, and every seventh as explained. */
static void check_run(const fixture *f, double timed_at_least)
{
    rf_store *store = open_store(f);
    rf_error err = {.status = RF_OK};
    rf_ranking ranking = {0};
    slow_run *s = slow_read(store);
    double timed = 0;
    assert_int_equal(rf_ranking_read(store, 1, &ranking, &err), RF_OK);
    for (size_t i = 0; i < s->people; i++) {
        const person *p = &s->who[i];
        double const bits = (double)ranking.bits[p->id] / 65536;
        assert_int_equal(ranking.kind[p->id], p->ring != 0        ? RF_SUSPICION_RING
                                              : isfinite(p->best) ? RF_SUSPICION_LINK
                                                                  : RF_SUSPICION_NONE);
        close_to(bits, slow_bits(s, p), 1e-4);
        if (i % 7 == 0) {
            rf_suspicion_page page;
            assert_int_equal(rf_suspicion_explain(store, 1, p->id, &page, &err), RF_OK);
            assert_int_equal(lround(page.suspicion.bits * 65536), ranking.bits[p->id]);
            close_to(page.suspicion.anybody + page.suspicion.company + page.suspicion.timing_bits,
                     page.suspicion.bits, 1e-12);
            assert_int_equal(page.suspicion.timing.known, p->quarter >= 0);
            timed += fabs(page.suspicion.timing_bits) > 0.1;
        }
    }
    assert_true(timed >= timed_at_least);
    rf_ranking_free(&ranking);
    slow_free(s);
    rf_store_close(store);
}

static void import_file(fixture *f, const char *kind, const char *file)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "import %s '%s/%s'", kind, f->folder, file);
    story_run(f, arguments, 0);
}

static void make_world(fixture *f, const char *folder, int seed, const char *options)
{
    const char *named = getenv("WORLDGEN");
    char command[512];
    (void)snprintf(command, sizeof command, "'%s' --out '%s/%s' --seed %d %s >/dev/null 2>&1",
                   named != NULL && named[0] != '\0' ? named : "build/worldgen", f->folder, folder,
                   seed, options);
    assert_int_equal(system(command), 0);
}

static void agrees_with_the_slow_way(void **state)
{
    fixture *f = *state;
    make_world(f, "w", 23, "--accounts 2500");
    import_file(f, "accounts", "w/accounts.csv");
    import_file(f, "payments", "w/payments.csv");
    import_file(f, "events", "w/events.csv");
    import_file(f, "links", "w/referrals.csv");
    /* some whose sign-up is not known, or cannot be */
    fixture_sql(f, "UPDATE account SET created_at = NULL WHERE id % 17 = 3;"
                   "UPDATE account SET created_at = -5 WHERE id % 97 = 5;"
                   "UPDATE account SET created_at = 5000000000 WHERE id % 97 = 6");
    story_run(f, "detect --shuffles 0", 0);
    assert_true(story_number(f, "SELECT sum(flagged) FROM ring") > 2);
    check_run(f, 50);
    assert_int_equal(story_number(f, "SELECT sum(accounts) FROM signup_quarter"),
                     story_number(f, "SELECT count(*) FROM account WHERE created_at BETWEEN 0 AND "
                                     "3774873599"));
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_quick_check"
                                     " WHERE quick_check <> 'ok'"),
                     0);
    /* an update sees what a run would */
    make_world(f, "v", 24, "--accounts 500 --days 14");
    fixture_sql(f, "CREATE TEMP TABLE t (x)"); /* the file is there to write to */
    import_file(f, "accounts", "v/accounts.csv");
    story_run(f, "detect --update --shuffles 0", 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT accounts FROM suspicion_base"),
                     story_number(f, "SELECT count(*) FROM account"));
    check_run(f, 50);
}

/* ---- bursts that members of rings make ---- */

/* Three rings of six that signed up within minutes each, and a crowd that came over months, some of
 * it in linked pairs. */
static void tell_bursts(fixture *f)
{
    rf_text rows = {0};
    story_crowd(f);
    rf_text_add(&rows, "account_id,created_at\n");
    for (int i = 0; i < 120; i++) {
        rf_text_printf(&rows, "h%d,%lld\n", i, 1770000000LL + (long long)i * 86400 * 2);
    }
    for (int ring = 0; ring < 3; ring++) {
        for (int i = 1; i <= 6; i++) {
            rf_text_printf(&rows, "%c%d,%lld\n", 'a' + ring, i,
                           1771000000LL + ring * 3000000LL + i * 120);
        }
    }
    story_import(f, "accounts", rf_text_get(&rows));
    rf_text_free(&rows);
    for (int i = 0; i < 40; i += 2) {
        char value[16];
        (void)snprintf(value, sizeof value, "p%d", i);
        story_share(f, "h", i, i + 1, value);
    }
    for (int ring = 0; ring < 3; ring++) {
        char const name[2] = {(char)('a' + ring), '\0'};
        char value[16];
        (void)snprintf(value, sizeof value, "%s-one", name);
        story_share(f, name, 1, 6, value);
        (void)snprintf(value, sizeof value, "%s-two", name);
        story_share(f, name, 1, 6, value);
    }
}

static rf_suspicion suspicion_of(const fixture *f, const char *id)
{
    rf_store *store = open_store(f);
    rf_error err = {.status = RF_OK};
    rf_suspicion_page page;
    int64_t row = 0;
    assert_int_equal(rf_find_account(store, id, &row, &err), RF_OK);
    assert_int_equal(rf_suspicion_explain(store, 1, row, &page, &err), RF_OK);
    rf_store_close(store);
    return page.suspicion;
}

static void a_ring_does_not_teach_itself(void **state)
{
    fixture *f = *state;
    tell_bursts(f);
    story_run(f, "detect --shuffles 0", 0);
    assert_int_equal(story_number(f, "SELECT sum(flagged) FROM ring"), 3);
    assert_true(suspicion_of(f, "a1").timing_bits > 0);
    assert_int_equal(suspicion_of(f, "a1").timing.kind, RF_TIMING_TIED);
    assert_int_equal(suspicion_of(f, "a1").timing.observed, 5);
    check_run(f, 1);
    /* with one ring alone there is nobody to learn of its members from */
    fixture_sql(f, "DELETE FROM signup_timing WHERE ring IN (SELECT DISTINCT m.ring FROM member m "
                   "JOIN account a ON a.id = m.account WHERE external_id IN ('b1', 'c1'))");
    close_to(suspicion_of(f, "a1").timing_bits, 0, 1e-12);
    assert_true(suspicion_of(f, "b1").timing_bits > 0);
}

static void explain_tells_it(void **state)
{
    fixture *f = *state;
    json_t *read;
    json_t *suspicion;
    double sum = 0;
    tell_bursts(f);
    story_run(f, "detect --shuffles 0", 0);
    story_run(f, "explain a1", 0);
    story_contains(f->output, "How suspect it is: for the order in which to look, not a reason");
    story_contains(f->output, "of 138 accounts are in flagged rings");
    story_contains(f->output, "5 of the 5 accounts linked to it signed up within");
    story_run(f, "explain h7", 0);
    story_contains(f->output, "company it keeps");
    read = story_json(f, "explain a1 --format json");
    suspicion = json_object_get(read, "suspicion");
    for (size_t i = 0; i < 3; i++) {
        json_t *one = json_array_get(json_object_get(suspicion, "parts"), i);
        sum += json_number_value(json_object_get(one, "bits"));
        assert_true(json_string_length(json_object_get(one, "why")) > 10);
    }
    close_to(json_number_value(json_object_get(suspicion, "bits")), sum, 1e-9);
    suspicion = json_object_get(suspicion, "signed_up_together");
    assert_string_equal(json_string_value(json_object_get(suspicion, "among")), "linked");
    assert_int_equal(json_integer_value(json_object_get(suspicion, "observed")), 5);
    json_decref(read);
    /* a run of a program that kept no sign-ups */
    read = NULL;
    fixture_sql(f, "DELETE FROM signup; DELETE FROM signup_timing; DELETE FROM suspicion_base");
    assert_false(suspicion_of(f, "a1").timing.known);
    assert_true(suspicion_of(f, "a1").company > 0);
    story_run(f, "explain a1", 0);
    story_contains(f->output, "nothing is known of when it signed up");
    story_contains(f->output, "of 138 accounts are in flagged rings");
}

/* ---- pieces ---- */

static void learns_by_the_textbook(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 300; round++) {
        double members[L];
        double others[L];
        double got[L];
        double expected[L];
        for (int i = 0; i < L; i++) {
            uint64_t const dice = rf_mix2(round, (uint64_t)i);
            members[i] = round % 3 == 0 ? 0 : (double)(dice % 8 == 0 ? dice / 8 % 40 : 0);
            others[i] = (double)(dice >> 20 & 1023) * (double)(dice >> 40 & 1);
        }
        rf_timing_learn(members, others, got);
        slow_learn(members, others, expected);
        for (int i = 0; i < L; i++) {
            close_to(got[i], expected[i], 1e-9);
            assert_true(i == 0 || got[i] >= got[i - 1]);
            assert_true(round % 3 != 0 || fabs(got[i]) < 1e-12);
        }
        close_to(rf_timing_bits(got, 0), got[0], 0);
        close_to(rf_timing_bits(got, L - 1), got[L - 1], 1e-12);
        close_to(rf_timing_bits(got, 7.25), got[7] * 0.75 + got[8] * 0.25, 1e-12);
    }
}

static void counts_no_sign_up_at_all(void **state)
{
    static const int32_t nobody[3] = {RF_NO_QUARTER, RF_NO_QUARTER, RF_NO_QUARTER};
    static const int32_t one[1] = {77};
    rf_signups signups;
    rf_ties const ties = {{0}};
    rf_error err;
    (void)state;
    assert_int_equal(rf_signups_count(nobody, 3, &signups, &err), RF_OK);
    assert_false(rf_timing_of(&signups, 5, &ties).known);
    assert_int_equal(rf_signups_within(&signups, 5, 288), 0);
    rf_signups_free(&signups);
    /* alone in the world, nobody is together with anybody */
    assert_int_equal(rf_signups_count(one, 1, &signups, &err), RF_OK);
    assert_true(rf_timing_of(&signups, 77, &ties).known);
    close_to(rf_timing_of(&signups, 77, &ties).level, RF_TIMING_USUAL, 1e-12);
    rf_signups_free(&signups);
    assert_int_equal(rf_quarter_of(-1), RF_NO_QUARTER);
    assert_int_equal(rf_quarter_of(INT64_C(900) << 22), RF_NO_QUARTER);
    assert_int_equal(rf_quarter_of(1799), 1);
}

static void survives_running_out_of_memory(void **state)
{
    fixture *f = *state;
    rf_store *store;
    rf_error err;
    int succeeded = 0;
    tell_bursts(f);
    story_run(f, "detect --shuffles 0", 0);
    store = open_store(f);
    for (long n = 1; succeeded < 2; n++) {
        rf_ranking ranking = {0};
        rf_suspicion_page page;
        rf_status status;
        succeeded = 0;
        assert_true(n < 200);
        rf_memory_fail_after(n);
        status = rf_ranking_read(store, 1, &ranking, &err);
        rf_memory_fail_after(0);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        succeeded += status == RF_OK;
        rf_ranking_free(&ranking);
        rf_memory_fail_after(n);
        status = rf_suspicion_explain(store, 1, 1, &page, &err);
        rf_memory_fail_after(0);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        succeeded += status == RF_OK;
    }
    rf_store_close(store);
}

static void counting_survives_it_too(void **state)
{
    crowd_options const options = {.accounts = 300, .rings = 2};
    crowd *c = crowd_make(&options, 5);
    rf_population population;
    rf_status status = RF_ENOMEM;
    uint32_t *ring = calloc(300, sizeof *ring);
    (void)state;
    assert_non_null(ring);
    crowd_read(c, 0, 0, &population);
    memset(ring, 0xff, 300 * sizeof *ring);
    for (long n = 1; status != RF_OK; n++) {
        rf_findings findings = {0};
        rf_error err;
        assert_int_equal(status, RF_ENOMEM);
        assert_true(n < 100);
        rf_memory_fail_after(n);
        status = rf_timing_count(&population, ring, &findings, &err);
        rf_memory_fail_after(0);
        rf_findings_free(&findings);
    }
    free(ring);
    rf_population_free(&population);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agrees_with_the_slow_way, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_ring_does_not_teach_itself, story_start, story_end),
        cmocka_unit_test_setup_teardown(explain_tells_it, story_start, story_end),
        cmocka_unit_test(learns_by_the_textbook),
        cmocka_unit_test(counts_no_sign_up_at_all),
        cmocka_unit_test_setup_teardown(survives_running_out_of_memory, story_start, story_end),
        cmocka_unit_test(counting_survives_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
