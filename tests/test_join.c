/* test_join.c - pieces of one operation are put together: which rings join, against a second way to
 * say it that looks at all pairs of rings. */
#include "base/memory.h"
#include "rings/join.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 400, RINGS = 40, SIZE = 8, LINKS = 600 };

/* Rings of SIZE accounts each, those behind them in none; links as the test says. */
typedef struct scene {
    rf_population p;
    rf_findings f;
    rf_links links;
} scene;

static void stage(scene *s)
{
    *s = (scene){.p = {.accounts = ACCOUNTS}, .f = {.rings = RINGS, .members = RINGS * SIZE}};
    s->p.account_row = rf_alloc(ACCOUNTS, sizeof *s->p.account_row);
    s->f.ring = rf_alloc(RINGS, sizeof *s->f.ring);
    s->f.member = rf_alloc(ACCOUNTS, sizeof *s->f.member);
    s->links.a = rf_alloc(LINKS, sizeof *s->links.a);
    s->links.b = rf_alloc(LINKS, sizeof *s->links.b);
    s->links.bits = rf_alloc(LINKS, sizeof *s->links.bits);
    s->links.families = rf_alloc(LINKS, sizeof *s->links.families);
    assert_true(s->p.account_row != NULL && s->f.ring != NULL && s->f.member != NULL &&
                s->links.a != NULL && s->links.b != NULL && s->links.bits != NULL &&
                s->links.families != NULL);
    for (uint32_t r = 0; r < RINGS; r++) {
        s->f.ring[r] = (rf_ring){.network = r + 1, .first_member = r * SIZE, .size = SIZE};
        for (uint32_t i = r * SIZE; i < (r + 1) * SIZE; i++) {
            s->f.member[i] = (rf_member){.account = i, .ring = r + 1, .cell = r + 1};
        }
    }
}

static void strike(scene *s)
{
    rf_links_free(&s->links);
    rf_findings_free(&s->f);
    rf_free(s->p.account_row);
}

/* A link of a tenth of a bit: what is counted must tell, not what is weighed. */
static void tie(scene *s, uint32_t a, uint32_t b)
{
    uint64_t const i = s->links.count++;
    assert_true(i < LINKS);
    s->links.a[i] = a < b ? a : b;
    s->links.b[i] = a < b ? b : a;
    s->links.bits[i] = rf_bits_from(0.1);
    s->links.families[i] = 1;
}

static uint32_t join(scene *s, double contrast)
{
    rf_join_settings settings = rf_join_defaults();
    rf_error err = {.status = RF_OK};
    uint32_t joined = 99;
    settings.tie_contrast = contrast;
    assert_int_equal(rf_rings_join(&s->p, &s->links, &settings, 1e-9, 1, &s->f, &joined, &err),
                     RF_OK);
    return joined;
}

/* The member numbered i of ring r. */
static uint32_t at(uint32_t r, uint32_t i)
{
    return r * SIZE + i;
}

static void two_links_of_different_accounts_join(void **state)
{
    scene s;
    (void)state;
    stage(&s);
    tie(&s, at(3, 0), at(7, 0));
    tie(&s, at(3, 1), at(7, 5));
    assert_int_equal(join(&s, 100), 1);
    assert_int_equal(s.f.rings, RINGS - 1);
    assert_int_equal(s.f.ring[3].size, 2 * SIZE);
    strike(&s);
}

static void one_account_tied_to_many_joins_nothing(void **state)
{
    scene s;
    (void)state;
    stage(&s);
    for (uint32_t i = 0; i < SIZE; i++) {
        tie(&s, at(3, 0), at(7, i));
    }
    assert_int_equal(join(&s, 100), 0);
    strike(&s);
}

static void honest_rings_and_single_links_stay_apart(void **state)
{
    scene s;
    (void)state;
    stage(&s);
    tie(&s, at(3, 0), at(7, 0));
    tie(&s, at(3, 1), at(7, 5));
    tie(&s, at(8, 1), at(9, 5));
    s.f.ring[7].score = -9;
    assert_int_equal(join(&s, 100), 0);
    s.f.ring[7].score = 9;
    assert_int_equal(join(&s, 0), 0);      /* not counted at all */
    assert_int_equal(join(&s, 100000), 0); /* not more than chance by so much */
    assert_int_equal(join(&s, 100), 1);
    strike(&s);
}

/* The matched links between two rings, in the order of accounts. */
static uint32_t slow_matched(bool linked[ACCOUNTS][ACCOUNTS], uint32_t from, uint32_t to)
{
    bool used[ACCOUNTS] = {false};
    uint32_t found = 0;
    for (uint32_t a = at(from, 0); a < at(from + 1, 0); a++) {
        for (uint32_t b = at(to, 0); b < at(to + 1, 0); b++) {
            if (linked[a][b] && !used[a] && !used[b]) {
                used[a] = used[b] = true;
                found++;
            }
        }
    }
    return found;
}

static uint32_t root(const uint32_t *group, uint32_t r)
{
    return group[r] == r ? r : root(group, group[r]);
}

/* Rings left when all pairs that are tied are one. */
static uint32_t slow_rings(const scene *s, double contrast)
{
    static uint32_t matched[RINGS][RINGS];
    static bool linked[ACCOUNTS][ACCOUNTS];
    uint32_t group[RINGS];
    uint32_t left = RINGS;
    double tied = 0;
    memset(linked, 0, sizeof linked);
    for (uint64_t i = 0; i < s->links.count; i++) {
        linked[s->links.a[i]][s->links.b[i]] = true;
    }
    for (uint32_t x = 0; x < RINGS; x++) {
        group[x] = x;
        for (uint32_t y = x + 1; y < RINGS; y++) {
            matched[x][y] = slow_matched(linked, x, y);
            tied += matched[x][y] > 0;
        }
    }
    for (uint32_t x = 0; x < RINGS; x++) {
        for (uint32_t y = x + 1; y < RINGS; y++) {
            double const pairs = (double)SIZE * SIZE;
            double const rate = 2 * tied / ((double)s->f.members * s->f.members);
            if (s->f.ring[x].score >= -2 && s->f.ring[y].score >= -2 && matched[x][y] >= 2 &&
                matched[x][y] - 1.0 >= contrast * rate * pairs &&
                root(group, x) != root(group, y)) {
                group[root(group, x)] = root(group, y);
                left--;
            }
        }
    }
    return left;
}

static void rings_join_as_all_pairs_say(void **state)
{
    uint32_t joined = 0;
    (void)state;
    srand(7);
    for (int round = 0; round < 60; round++) {
        double const contrast = round % 3 == 0 ? 5 : 1;
        scene s;
        uint32_t left;
        stage(&s);
        for (uint32_t r = 0; r < RINGS; r++) {
            s.f.ring[r].score = rand() % 4 == 0 ? -5 : 5;
        }
        for (uint32_t i = 0; i < LINKS; i++) {
            uint32_t const a = (uint32_t)rand() % ACCOUNTS;
            uint32_t const near = (a + SIZE + (uint32_t)rand() % (2 * SIZE)) % ACCOUNTS;
            uint32_t const b = rand() % 6 != 0 ? near : (uint32_t)rand() % ACCOUNTS;
            if (a != b && rand() % 4 == 0) {
                tie(&s, a, b);
            }
        }
        left = slow_rings(&s, contrast);
        assert_int_equal(join(&s, contrast), RINGS - left);
        assert_int_equal(s.f.rings, left);
        joined += RINGS - left;
        strike(&s);
    }
    assert_true(joined > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_links_of_different_accounts_join),
        cmocka_unit_test(one_account_tied_to_many_joins_nothing),
        cmocka_unit_test(honest_rings_and_single_links_stay_apart),
        cmocka_unit_test(rings_join_as_all_pairs_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
