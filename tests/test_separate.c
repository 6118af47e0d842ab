/* test_separate.c - accounts judged to have different operators: the cheapest cut against all cuts,
 * rings parted whatever the order of rows, fringe, and the command. */
#include "crowd.h"
#include "fixture.h"
#include "graph/mincut.h"
#include "import_support.h"
#include "rings/detect.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void good(rf_status status, const rf_error *err)
{
    if (status != RF_OK) {
        fail_msg("%s", err->text);
    }
}

/* ---- the cheapest cut ---- */

enum { MOST_EDGES = 40 };

static uint64_t cost_of(unsigned side, uint32_t edges, const uint32_t *from, const uint32_t *to,
                        const uint32_t *weight)
{
    uint64_t cost = 0;
    for (uint32_t i = 0; i < edges; i++) {
        cost += ((side >> from[i] ^ side >> to[i]) & 1) != 0 ? weight[i] : 0;
    }
    return cost;
}

/* Every cut tried; of the cheapest the one with the fewest vertices near s, which is contained in
 * all others. */
static void cuts_are_the_cheapest(void **state)
{
    unsigned long long seed = 5;
    (void)state;
    for (int round = 0; round < 400; round++) {
        uint32_t from[MOST_EDGES];
        uint32_t to[MOST_EDGES];
        uint32_t weight[MOST_EDGES];
        uint32_t const vertices = 2 + random_below(&seed, 8);
        uint32_t const edges = random_below(&seed, MOST_EDGES);
        uint32_t const s = random_below(&seed, vertices);
        uint32_t const t = (s + 1 + random_below(&seed, vertices - 1)) % vertices;
        uint64_t best = UINT64_MAX;
        unsigned best_side = 0;
        uint8_t near[16];
        uint64_t cost = 0;
        rf_error err = {.status = RF_OK};
        for (uint32_t i = 0; i < edges; i++) { /* repeats are fine */
            from[i] = random_below(&seed, vertices);
            to[i] = (from[i] + 1 + random_below(&seed, vertices - 1)) % vertices;
            weight[i] = 1 + random_below(&seed, round % 2 == 0 ? 3 : 2000000);
        }
        for (unsigned side = 0; side < 1U << vertices; side++) {
            uint64_t const tried = cost_of(side, edges, from, to, weight);
            if ((side >> s & 1) == 1 && (side >> t & 1) == 0 &&
                (tried < best ||
                 (tried == best && __builtin_popcount(side) < __builtin_popcount(best_side)))) {
                best = tried;
                best_side = side;
            }
        }
        good(rf_min_cut(vertices, edges, from, to, weight, s, t, near, &cost, &err), &err);
        assert_int_equal(cost, best);
        for (uint32_t v = 0; v < vertices; v++) {
            assert_int_equal(near[v], best_side >> v & 1);
        }
    }
}

/* A long chain of triangles: no recursion, and the cut in its middle. */
static void long_chains_are_cut(void **state)
{
    enum { LINKS = 30000 };
    uint32_t *from = calloc(2 * LINKS, sizeof *from);
    uint32_t *to = calloc(2 * LINKS, sizeof *to);
    uint32_t *weight = calloc(2 * LINKS, sizeof *weight);
    uint8_t *near = calloc(LINKS + 2, 1);
    uint64_t cost = 0;
    uint32_t edges = 0;
    rf_error err = {.status = RF_OK};
    (void)state;
    assert_true(from != NULL && to != NULL && weight != NULL && near != NULL);
    for (uint32_t v = 0; v < LINKS; v++) {
        from[edges] = v;
        to[edges] = v + 1;
        weight[edges++] = v == LINKS / 2 ? 3 : 9;
        if (v != LINKS / 2 - 1 && v != LINKS / 2) {
            from[edges] = v;
            to[edges] = v + 2;
            weight[edges++] = 2;
        }
    }
    good(rf_min_cut(LINKS + 2, edges, from, to, weight, 0, LINKS + 1, near, &cost, &err), &err);
    assert_int_equal(cost, 2); /* the last link alone */
    good(rf_min_cut(LINKS + 2, edges, from, to, weight, 0, LINKS, near, &cost, &err), &err);
    assert_int_equal(cost, 3);
    assert_true(near[LINKS / 2] == 1 && near[LINKS / 2 + 1] == 0);
    free(from);
    free(to);
    free(weight);
    free(near);
}

/* ---- detection ---- */

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

static int64_t number(rf_store *store, const char *sql)
{
    rf_error err = {.status = RF_OK};
    int64_t found = -1;
    good(rf_store_number(store, sql, &found, &err), &err);
    return found;
}

/* Who is with whom, by external ids. */
static char *membership(rf_store *store)
{
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = true;
    size_t length = 0;
    char *text = calloc(1, 1);
    good(rf_prepare(store,
                    "SELECT a.external_id || ' ' || m.ring || ' ' || m.cell || ' ' || m.network ||"
                    " ' ' || m.role || '|' FROM member m JOIN account a ON a.id = m.account"
                    " WHERE m.run = (SELECT id FROM latest_run) ORDER BY 1",
                    &select, &err),
         &err);
    while (rf_step(select, &row, &err) == RF_OK && row) {
        size_t const bytes = rf_column_bytes(select, 0);
        text = realloc(text, length + bytes + 1);
        assert_non_null(text);
        memcpy(text + length, rf_column_text(select, 0), bytes + 1);
        length += bytes;
    }
    rf_statement_end(select);
    return text;
}

static const char TOGETHER[] =
    "SELECT count(*) FROM separation s JOIN member a ON a.account = s.account_a JOIN member b ON "
    "b.account = s.account_b AND b.run = a.run AND b.ring = a.ring "
    "WHERE a.run = (SELECT id FROM latest_run) AND s.undone_at IS NULL";
static const char LINKED[] =
    "SELECT count(*) FROM separation s JOIN link l ON min(l.account_a, l.account_b) = s.account_a "
    "AND max(l.account_a, l.account_b) = s.account_b "
    "WHERE l.run = (SELECT id FROM latest_run) AND s.undone_at IS NULL";

/* Judges `every`-th pair of members of one ring, told by external ids, as of two operators. */
static void judge(rf_store *store, int every)
{
    char sql[640];
    rf_error err = {.status = RF_OK};
    (void)snprintf(sql, sizeof sql,
                   "INSERT OR IGNORE INTO separation (account_a, account_b, reason, said_by,"
                   " said_at) SELECT min(a, b), max(a, b), 'other people', '', 7 FROM ("
                   "SELECT x.account AS a, y.account AS b, row_number() OVER (ORDER BY"
                   " p.external_id, q.external_id) AS place FROM member x"
                   " JOIN member y USING (run, ring) JOIN account p ON p.id = x.account"
                   " JOIN account q ON q.id = y.account WHERE x.run = 1"
                   " AND p.external_id < q.external_id) WHERE place %% %d = 0",
                   every);
    good(rf_store_exec(store, sql, &err), &err);
}

static void separated_accounts_are_never_together(void **state)
{
    int64_t judged = 0;
    (void)state;
    for (unsigned round = 0; round < 10; round++) {
        char *found[2];
        crowd *people = crowd_make(&(crowd_options){.accounts = 120 + round * 14,
                                                    .rings = 4 + round % 5,
                                                    .coincident = 60,
                                                    .hubs = round % 3},
                                   40 + round);
        rf_detect_settings settings = rf_detect_defaults();
        settings.score.flagged_from = -30; /* so that there is fringe */
        settings.join.suspect_from = -40;  /* and joining */
        if (round % 3 == 2) {
            settings.evidence.pair_cap = 15;
            settings.evidence.star_from = 0.2;
        }
        for (unsigned order = 0; order < 2; order++) {
            char path[192];
            rf_detect_summary summary;
            rf_error err = {.status = RF_OK};
            rf_store *store;
            (void)snprintf(path, sizeof path, "%s/%u-%u.db", folder, round, order);
            store = crowd_store(people, path, order * 17, 0);
            good(rf_detect(store, &settings, &summary, &err), &err);
            assert_int_equal(summary.separated, 0);
            judge(store, round % 2 == 0 ? 40 : 3);
            good(rf_detect(store, &settings, &summary, &err), &err);
            judged += summary.separated;
            assert_int_equal(summary.separated, number(store, "SELECT count(*) FROM separation"));
            assert_int_equal(number(store, TOGETHER), 0);
            assert_int_equal(number(store, LINKED), 0);
            assert_int_equal(number(store, "SELECT count(*) FROM ring WHERE size < 3"), 0);
            assert_int_equal(number(store, "SELECT count(*) FROM ring r WHERE size <> (SELECT "
                                           "count(*) FROM member m WHERE m.run = r.run AND m.ring "
                                           "= r.ring)"),
                             0);
            assert_int_equal(number(store, "SELECT count(*) FROM (SELECT 1 FROM member WHERE run = "
                                           "2 GROUP BY cell HAVING count(DISTINCT ring) > 1)"),
                             0);
            found[order] = membership(store);
            good(rf_store_exec(store, "UPDATE separation SET undone_at = 9", &err), &err);
            good(rf_detect(store, &settings, &summary, &err), &err);
            assert_int_equal(summary.separated, 0);
            rf_store_close(store);
        }
        assert_string_equal(found[0], found[1]);
        free(found[0]);
        free(found[1]);
        free(people);
    }
    assert_true(judged > 100);
}

/* Two tight groups tied by two accounts each: parted where they meet, and both stay rings. */
static void the_ring_is_cut_where_it_is_weakest(void **state)
{
    crowd *c = crowd_make(&(crowd_options){.accounts = 0}, 1);
    rf_detect_settings settings = rf_detect_defaults();
    rf_detect_summary summary;
    rf_error err = {.status = RF_OK};
    char path[192];
    rf_store *store;
    uint32_t bridge[2];
    (void)state;
    for (uint32_t i = 0; i < 400; i++) { /* everybody else, with things of their own */
        char id[24];
        uint32_t account;
        (void)snprintf(id, sizeof id, "z%03u", i);
        account = crowd_add_account(c, id, 1690000000 + 7919 * (int64_t)i);
        crowd_add_sighting(c, crowd_add_value(c, "device", id), account, 10);
        crowd_add_sighting(c, crowd_add_value(c, "instrument", id), account, 10);
    }
    for (uint32_t g = 0; g < 2; g++) {
        uint32_t const card = crowd_add_value(c, "instrument", g == 0 ? "card-a" : "card-b");
        uint32_t const device = crowd_add_value(c, "device", g == 0 ? "dev-a" : "dev-b");
        for (uint32_t i = 0; i < (g == 0 ? 9U : 6U); i++) {
            char id[24];
            uint32_t account;
            (void)snprintf(id, sizeof id, "%c%u", g == 0 ? 'a' : 'b', i);
            account = crowd_add_account(c, id, 1690000000);
            crowd_add_sighting(c, card, account, 10);
            crowd_add_sighting(c, device, account, 10);
        }
    }
    bridge[0] = crowd_add_value(c, "instrument", "bridge");
    bridge[1] = crowd_add_value(c, "device", "bridge");
    for (uint32_t i = 0; i < 4; i++) { /* a0, a1, b0, b1 */
        crowd_add_sighting(c, bridge[i / 2], 400 + i % 2, 10);
        crowd_add_sighting(c, bridge[i / 2], 409 + i % 2, 10);
    }
    (void)snprintf(path, sizeof path, "%s/bridge.db", folder);
    store = crowd_store(c, path, 0, 0);
    good(rf_detect(store, &settings, &summary, &err), &err);
    assert_int_equal(number(store, "SELECT max(size) FROM ring"), 15);
    good(rf_store_exec(store,
                       "INSERT INTO separation (account_a, account_b, reason, said_by, said_at)"
                       " SELECT min(a.id, b.id), max(a.id, b.id), 'r', '', 1 FROM account a, "
                       "account b WHERE a.external_id = 'a7' AND b.external_id = 'b5'",
                       &err),
         &err);
    good(rf_detect(store, &settings, &summary, &err), &err);
    assert_int_equal(number(store, "SELECT size FROM member m JOIN ring r USING (run, ring) JOIN "
                                   "account a ON a.id = m.account WHERE run = 2 AND external_id = "
                                   "'a0'"),
                     9);
    assert_int_equal(number(store, "SELECT size FROM member m JOIN ring r USING (run, ring) JOIN "
                                   "account a ON a.id = m.account WHERE run = 2 AND external_id = "
                                   "'b0'"),
                     6);
    rf_store_close(store);
    free(c);
}

/* ---- the command ---- */

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static void judgements_are_made_listed_and_taken_back(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    assert_int_equal(fixture_run(&f, "separate --list"), 0);
    contains(f.output, "No accounts are kept apart.");
    assert_int_equal(fixture_run(&f, "separate r2 r1 --reason 'two sisters' --by kim"), 0);
    contains(f.errors, "from the next detection on");
    assert_int_equal(fixture_run(&f, "separate r1 r2 --reason again"), 0);
    contains(f.errors, "already");
    assert_int_equal(fixture_run(&f, "separate --list --format csv"), 0);
    contains(f.output, "id,account_id,other_id,by,at,undone_at,reason\n1,r1,r2,kim,");
    assert_int_equal(fixture_run(&f, "explain r1 r2"), 0);
    contains(f.output, "by kim: two sisters. This run was before it");
    assert_int_equal(fixture_run(&f, "explain r2 r1 --format json"), 0);
    contains(f.output, "\"reason\": \"two sisters\"");
    assert_int_equal(fixture_run(&f, "explain r1 r3 --format json"), 0);
    contains(f.output, "\"separation\": null");
    assert_int_equal(fixture_run(&f, "detect"), 0);
    contains(f.output, "Kept apart 1 pairs");
    assert_int_equal(fixture_run(&f, "explain r1 r2"), 0);
    contains(f.output, "are not linked");
    contains(f.output, "They are never linked");
    assert_int_equal(fixture_run(&f, "separate --undo 1"), 0);
    assert_int_equal(fixture_run(&f, "detect --replay latest"), 0); /* as it was in force then */
    assert_int_equal(fixture_run(&f, "separate --undo 1"), 1);
    contains(f.errors, "no judgement 1 in force");
    assert_int_equal(fixture_run(&f, "separate r1 r2 --reason 'once more'"), 0);
    assert_int_equal(fixture_run(&f, "separate --list --format json"), 0);
    contains(f.output, "\"id\": 2");
    fixture_end(&f);
}

static void wrong_judgements_are_refused(void **state)
{
    fixture f;
    (void)state;
    fixture_start(&f, 1);
    assert_int_equal(fixture_run(&f, "separate r1 r2"), 2);
    contains(f.errors, "--reason");
    assert_int_equal(fixture_run(&f, "separate r1 --reason x"), 2);
    assert_int_equal(fixture_run(&f, "separate r1 r2 --reason x --list"), 2);
    assert_int_equal(fixture_run(&f, "separate r1 r1 --reason x"), 1);
    contains(f.errors, "same account twice");
    assert_int_equal(fixture_run(&f, "separate r1 nobody --reason x"), 1);
    contains(f.errors, "no account 'nobody'");
    assert_int_equal(fixture_run(&f, "separate --undo 7"), 1);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_are_the_cheapest),
        cmocka_unit_test(long_chains_are_cut),
        cmocka_unit_test(separated_accounts_are_never_together),
        cmocka_unit_test(the_ring_is_cut_where_it_is_weakest),
        cmocka_unit_test(judgements_are_made_listed_and_taken_back),
        cmocka_unit_test(wrong_judgements_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
