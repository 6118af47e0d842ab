/* test_rings.c - rings from links to judgement: what must hold in any run, on random populations
 * and told by plain SQL over what was written; how plainly fake and plainly honest groups score;
 * in how many networks members meet; time zones. */
#include "crowd.h"

#include "import_support.h"
#include "rings/detect.h"
#include "rings/profile.h"
#include "rings/timezones.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[128];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/ringfence-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(folder) == NULL;
}

static int drop_folder(void **state)
{
    char command[160];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static double real(rf_store *store, const char *sql)
{
    rf_statement *statement = NULL;
    rf_error err = {.status = RF_OK};
    bool row = false;
    double value = (double)NAN;
    if (rf_prepare(store, sql, &statement, &err) != RF_OK ||
        rf_step(statement, &row, &err) != RF_OK) {
        fail_msg("%s: %s", sql, err.text);
    }
    if (row && rf_column_kind(statement, 0) != RF_NULL) {
        value = rf_column_real(statement, 0);
    }
    rf_statement_end(statement);
    return value;
}

static rf_store *detected(const crowd *people, const char *sql, const rf_detect_settings *settings)
{
    static int count;
    char path[192];
    rf_store *store;
    rf_detect_summary summary;
    rf_error err = {.status = RF_OK};
    (void)snprintf(path, sizeof path, "%s/%d.db", folder, count++);
    store = crowd_store(people, path, 0, 0);
    if (rf_store_exec(store, sql, &err) != RF_OK ||
        rf_detect(store, settings, &summary, &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
    return store;
}

/* ---- what must hold in any run ---- */

/* Each counts what is wrong. */
static const char *const WRONG[] = {
    /* ids are dense, best score first, ties by size */
    "SELECT count(*) FROM ring r WHERE r.ring < 1 OR r.ring > (SELECT count(*) FROM ring)",
    "SELECT count(*) FROM ring a JOIN ring b ON b.ring = a.ring + 1 WHERE b.score > a.score",
    /* the parts add up */
    "SELECT count(*) FROM ring r WHERE abs(score - (SELECT total(bits) FROM score_part s WHERE "
    "s.ring = r.ring)) > 1e-9",
    "SELECT count(*) FROM ring WHERE score <> score OR looks_like = ''",
    /* members: nobody twice (a key), and the counts are those of the members */
    "SELECT count(*) FROM ring r WHERE size <> (SELECT count(*) FROM member m WHERE m.ring = "
    "r.ring)",
    "SELECT count(*) FROM ring r WHERE cells <> (SELECT count(DISTINCT cell) FROM member m WHERE "
    "m.ring = r.ring)",
    "SELECT count(*) FROM ring WHERE size < 3",
    /* levels nest, and are numbered from 1 without gaps */
    "SELECT count(*) FROM member m JOIN ring r USING (ring) WHERE m.network <> r.network",
    "SELECT count(*) FROM (SELECT 1 FROM member GROUP BY cell HAVING count(DISTINCT ring) > 1)",
    "SELECT count(*) FROM (SELECT 1) WHERE (SELECT ifnull(max(network), 0) FROM ring) <> (SELECT "
    "count(DISTINCT network) FROM ring)",
    /* first and last sign-up */
    "SELECT count(*) FROM ring r WHERE first_created IS NOT (SELECT min(created_at) FROM member m "
    "JOIN account a ON a.id = m.account WHERE m.ring = r.ring) OR last_created IS NOT (SELECT "
    "max(created_at) FROM member m JOIN account a ON a.id = m.account WHERE m.ring = r.ring)",
    /* both directions of links */
    "SELECT count(*) FROM (SELECT run, account_a, account_b FROM link EXCEPT SELECT run, "
    "account_a, "
    "account_b FROM link_by_b UNION ALL SELECT run, account_a, account_b FROM link_by_b EXCEPT "
    "SELECT run, account_a, account_b FROM link)",
    "SELECT (SELECT count(*) FROM link) <> (SELECT count(*) FROM link_by_b)",
    /* links inside, told from the links themselves */
    "SELECT count(*) FROM ring r WHERE links <> (SELECT count(*) FROM link l JOIN member a ON "
    "a.account = l.account_a JOIN member b ON b.account = l.account_b WHERE a.ring = r.ring AND "
    "b.ring = r.ring)",
    "SELECT count(*) FROM ring r WHERE abs(link_bits - (SELECT total(min(l.bits, 30)) FROM link l "
    "JOIN member a ON a.account = l.account_a JOIN member b ON b.account = l.account_b WHERE "
    "a.ring = r.ring AND b.ring = r.ring)) > 0.001",
    /* evidence: ranked without gaps, and counted right */
    "SELECT count(*) FROM (SELECT 1 FROM evidence GROUP BY ring HAVING max(rank) <> count(*))",
    "SELECT count(*) FROM evidence e WHERE members > holders OR members < 2 OR first_day > "
    "last_day",
    "SELECT count(*) FROM evidence e WHERE holders <> (SELECT count(DISTINCT account) FROM "
    "sighting s WHERE s.value = e.value)",
    /* by day, only those count who met somebody */
    "SELECT count(*) FROM evidence e JOIN value v ON v.id = e.value JOIN signal g ON g.id = "
    "v.signal WHERE g.windowed = 0 AND members <> (SELECT count(DISTINCT s.account) FROM sighting "
    "s JOIN member m ON m.account = s.account WHERE s.value = e.value AND "
    "m.ring = e.ring)",
    /* what is flagged stands out from chance; inner bits are of links, a share of all */
    "SELECT count(*) FROM ring JOIN run ON run.id = ring.run WHERE ring.flagged AND q > config ->> "
    "'q_most'",
    "SELECT count(*) FROM ring WHERE q < 0 OR q > 1 OR inner_bits < 0 OR q IS NULL",
    "SELECT count(*) FROM ring a JOIN ring b WHERE a.inner_bits > b.inner_bits AND a.q > b.q",
    "SELECT count(*) FROM ring r WHERE (SELECT count(*) FROM member m WHERE m.ring = r.ring AND "
    "m.role = 'fringe') = 0 AND inner_bits * size > link_bits + 0.001",
};

static void nothing_is_wrong(rf_store *store)
{
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        if (real(store, WRONG[i]) != 0) {
            fail_msg("%g of: %s", real(store, WRONG[i]), WRONG[i]);
        }
    }
}

static void every_run_is_sound(void **state)
{
    double rings = 0;
    double fringe = 0;
    (void)state;
    for (unsigned round = 0; round < 24; round++) {
        crowd *people = crowd_make(&(crowd_options){.accounts = 60 + round * 9,
                                                    .rings = 3 + round % 9,
                                                    .coincident = 40 + round * 4,
                                                    .hubs = round % 3},
                                   500 + round);
        rf_detect_settings settings = rf_detect_defaults();
        rf_store *store;
        settings.seed = round;
        settings.score.flagged_from = round % 2 == 0 ? -30 : 0;
        settings.join.suspect_from = round % 4 < 2 ? -40 : 0;
        settings.chance.q_most = round % 2 == 0 ? 1 : 0.01;
        settings.join.allowance = round % 4 == 1 ? 0.5 : 8;
        if (round % 3 == 2) {
            settings.evidence.pair_cap = 15;
            settings.evidence.star_from = 0.2;
        }
        store =
            detected(people, "UPDATE account SET created_at = NULL WHERE id % 11 = 0", &settings);
        nothing_is_wrong(store);
        rings += real(store, "SELECT count(*) FROM ring");
        fringe += real(store, "SELECT count(*) FROM member WHERE role = 'fringe'");
        rf_store_close(store);
        free(people);
    }
    assert_true(rings > 60);
    assert_true(fringe > 0);
}

/* ---- how groups score ---- */

enum { HOUR = 3600, DAY = 24 * HOUR, START = 1690000000 };

typedef struct group {
    const char *name;
    uint32_t first, size;
} group;

/* An account with a name of its group. */
static uint32_t join_group(crowd *c, group *g, int64_t created_at)
{
    char id[24];
    uint32_t account;
    (void)snprintf(id, sizeof id, "%s-%03u", g->name, g->size);
    account = crowd_add_account(c, id, created_at);
    g->first = g->size++ == 0 ? account : g->first;
    return account;
}

static uint32_t named_value(crowd *c, const char *signal, const char *what, uint32_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%s-%u", what, number);
    return crowd_add_value(c, signal, text);
}

static void give_own(crowd *c, const char *signal, uint32_t account)
{
    crowd_add_sighting(c, named_value(c, signal, "own", account), account, 19700);
}

/* People with a card and a device of their own, who now and then meet at an address. */
static void add_strangers(crowd *c, uint32_t count, unsigned long long *seed)
{
    group g = {.name = "person"};
    uint32_t cafe = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t const a = join_group(
            c, &g, START + (int64_t)random_below(seed, 400) * DAY + random_below(seed, DAY));
        give_own(c, "instrument", a);
        give_own(c, "device", a);
        cafe = i % 5 == 0 ? named_value(c, "ip", "cafe", i) : cafe;
        crowd_add_sighting(c, cafe, a, 19700 + (int32_t)random_below(seed, 3));
    }
}

/* 40 accounts on ten devices and eight cards, made within an hour. */
static group add_ring(crowd *c)
{
    group g = {.name = "ring"};
    uint32_t device[10];
    uint32_t card[8];
    for (uint32_t i = 0; i < 10; i++) {
        device[i] = named_value(c, "device", "farm", i);
    }
    for (uint32_t i = 0; i < 8; i++) {
        card[i] = named_value(c, "instrument", "stolen", i);
    }
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t const a = join_group(c, &g, START + 200 * DAY + i * 80);
        crowd_add_sighting(c, device[i % 10], a, 19700);
        crowd_add_sighting(c, device[(i * 3 + 1) % 10], a, 19701);
        crowd_add_sighting(c, card[i % 8], a, 19700);
        crowd_add_sighting(c, card[(i * 5 + 2) % 8], a, 19700);
    }
    return g;
}

static group add_household(crowd *c)
{
    group g = {.name = "family"};
    uint32_t const card = crowd_add_value(c, "instrument", "family");
    uint32_t const tablet = crowd_add_value(c, "device", "tablet");
    uint32_t const home = crowd_add_value(c, "ip", "home");
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t const a = join_group(c, &g, START + i * 90 * DAY);
        crowd_add_sighting(c, card, a, 19700);
        crowd_add_sighting(c, tablet, a, 19700);
        crowd_add_sighting(c, home, a, 19700);
        give_own(c, "device", a);
    }
    return g;
}

static group add_office(crowd *c)
{
    group g = {.name = "office"};
    uint32_t const card = crowd_add_value(c, "instrument", "corporate");
    uint32_t const nat = crowd_add_value(c, "ip", "office");
    for (uint32_t i = 0; i < 14; i++) {
        uint32_t const a = join_group(c, &g, START + i * 20 * DAY + i * HOUR);
        crowd_add_sighting(c, card, a, 19700);
        crowd_add_sighting(c, nat, a, 19700);
        give_own(c, "device", a);
    }
    return g;
}

static group add_class(crowd *c)
{
    group g = {.name = "class"};
    uint32_t const task = crowd_add_value(c, "template", "homework");
    uint32_t const nat = crowd_add_value(c, "ip", "campus");
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t const a = join_group(c, &g, START + 100 * DAY + i * 100);
        crowd_add_sighting(c, task, a, 19600);
        crowd_add_sighting(c, nat, a, 19600);
        give_own(c, "device", a);
        give_own(c, "instrument", a);
    }
    return g;
}

/* The score of the ring that holds most of a group; -INFINITY when no ring holds half of it. */
static double score_of(rf_store *store, const group *g)
{
    char sql[256];
    double score;
    (void)snprintf(sql, sizeof sql,
                   "SELECT r.score FROM member m JOIN account a ON a.id = m.account JOIN ring r "
                   "USING (ring) WHERE a.external_id LIKE '%s-%%' GROUP BY r.ring HAVING 2 * "
                   "count(*) >= %u",
                   g->name, g->size);
    score = real(store, sql);
    return isnan(score) ? -(double)INFINITY : score;
}

static void fakes_score_above_honest_people(void **state)
{
    (void)state;
    for (unsigned long long round = 1; round < 4; round++) {
        unsigned long long seed = round;
        crowd *c = crowd_make(&(crowd_options){.accounts = 0}, round);
        rf_detect_settings const settings = rf_detect_defaults();
        group ring;
        group honest[3];
        rf_store *store;
        add_strangers(c, 480, &seed);
        ring = add_ring(c);
        honest[0] = add_household(c);
        honest[1] = add_office(c);
        honest[2] = add_class(c);
        store = detected(c,
                         "UPDATE account SET email_domain = CASE WHEN external_id LIKE 'office-%' "
                         "THEN 'acme.example' WHEN external_id LIKE 'class-%' THEN "
                         "'campus.example' ELSE 'mail.example' END",
                         &settings);
        nothing_is_wrong(store);
        assert_true(score_of(store, &ring) > 5);
        for (int i = 0; i < 3; i++) {
            double const score = score_of(store, &honest[i]);
            if (score > -2 || score > score_of(store, &ring) - 10) {
                fail_msg("%s scores %g, the ring %g", honest[i].name, score,
                         score_of(store, &ring));
            }
        }
        assert_true(real(store, "SELECT count(*) FROM member m JOIN ring r USING (ring) JOIN "
                                "account a ON a.id = m.account WHERE r.flagged AND a.external_id "
                                "NOT LIKE 'ring-%'") == 0);
        rf_store_close(store);
        free(c);
    }
}

/* ---- where members meet ---- */

static double slow_networks(const rf_meeting *meeting, size_t count)
{
    double times[16] = {0};
    double all = RF_STRAY;
    double entropy = 0;
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        times[meeting[i].network] += meeting[i].times;
        all += meeting[i].times;
    }
    for (size_t n = 0; n < 16; n++) {
        most = times[n] > times[most] ? n : most;
    }
    times[most] += RF_STRAY;
    for (size_t n = 0; n < 16; n++) {
        entropy += times[n] > 0 ? times[n] / all * log(all / times[n]) : 0;
    }
    return count == 0 ? 0 : exp(entropy);
}

static void networks_are_those_of_the_definition(void **state)
{
    unsigned long long seed = 5;
    (void)state;
    assert_true(rf_networks(NULL, 0) == 0);
    for (int round = 0; round < 500; round++) {
        rf_meeting meeting[40];
        size_t const count = 1 + random_below(&seed, 40);
        for (size_t i = 0; i < count; i++) {
            meeting[i] = (rf_meeting){1 + random_below(&seed, 1 + (uint32_t)round % 15),
                                      1 + random_below(&seed, 9)};
        }
        double const slow = slow_networks(meeting, count);
        double const fast = rf_networks(meeting, count);
        assert_true(fabs(fast - slow) < 1e-9);
        assert_true(fast > 1 - 1e-9 && fast < 15 + 1e-9);
    }
}

/* 24 people with a company card and tablets, who meet on each of 30 days: in `places` networks. */
static group add_meeting(crowd *c, const char *name, uint32_t places)
{
    group g = {.name = name};
    uint32_t device[4];
    char text[24];
    uint32_t const card = crowd_add_value(c, "instrument", name);
    for (uint32_t i = 0; i < 4; i++) {
        device[i] = named_value(c, "device", name, i);
    }
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t const a = join_group(c, &g, START + i * 11 * DAY);
        crowd_add_sighting(c, card, a, 19700);
        crowd_add_sighting(c, device[i % 4], a, 19700);
    }
    for (uint32_t day = 0; day < 30; day++) {
        (void)snprintf(text, sizeof text, "11.%u.%u.%u", day % places, (unsigned)name[0], day);
        uint32_t const ip = crowd_add_value(c, "ip", text);
        for (uint32_t i = 0; i < 4; i++) {
            crowd_add_sighting(c, ip, g.first + (day * 4 + i * 5) % 24, 19650 + (int32_t)day);
        }
    }
    return g;
}

static void meeting_everywhere_is_a_sign(void **state)
{
    unsigned long long seed = 3;
    crowd *c = crowd_make(&(crowd_options){.accounts = 0}, 1);
    rf_detect_settings const settings = rf_detect_defaults();
    rf_store *store;
    group here;
    group everywhere;
    (void)state;
    add_strangers(c, 480, &seed);
    here = add_meeting(c, "home", 1);
    everywhere = add_meeting(c, "roam", 12);
    store = detected(c, "UPDATE account SET email_domain = 'mail.example'", &settings);
    nothing_is_wrong(store);
    assert_true(real(store, "SELECT count(*) FROM score_part WHERE part = 'many meeting places'") ==
                1);
    assert_true(real(store, "SELECT observed FROM score_part WHERE part = 'many meeting places'") >
                8);
    assert_true(score_of(store, &everywhere) > score_of(store, &here) + 4);
    rf_store_close(store);
    free(c);
}

/* ---- time zones ---- */

static void zones_are_known(void **state)
{
    static const struct {
        const char *name;
        int minutes;
        const char *country;
    } known[] = {
        {"Europe/Paris", 60, "FR"},      {"Africa/Abidjan", 0, "CI"},
        {"Asia/Kolkata", 330, "IN"},     {"America/St_Johns", -210, "CA"},
        {"Asia/Kathmandu", 345, "NP"},   {"Australia/Adelaide", 570, "AU"},
        {"Pacific/Auckland", 720, "NZ"}, {"America/New_York", -300, "US"},
    };
    static const char *const unknown[] = {"",      "Europe/Atlantis", "europe/paris",
                                          "Paris", "+25:00",          "+5x"};
    rf_zone zone;
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!rf_zone_find(known[i].name, &zone)) {
            fail_msg("%s is not known", known[i].name);
        }
        assert_int_equal(zone.minutes, known[i].minutes);
        assert_string_equal(zone.country, known[i].country);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        if (rf_zone_find(unknown[i], &zone)) {
            fail_msg("'%s' is read as a zone", unknown[i]);
        }
    }
    assert_true(rf_zone_find("+05:30", &zone));
    assert_int_equal(zone.minutes, 330);
    assert_string_equal(zone.country, "");
    assert_true(rf_zone_find("-03:00", &zone));
    assert_int_equal(zone.minutes, -180);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_sound),
        cmocka_unit_test(fakes_score_above_honest_people),
        cmocka_unit_test(networks_are_those_of_the_definition),
        cmocka_unit_test(meeting_everywhere_is_a_sign),
        cmocka_unit_test(zones_are_known),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
