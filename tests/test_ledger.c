/* test_ledger.c - which ring continues which: the matching against a slow obvious one on random
 * sets, under failing allocations, and as it comes out after many runs. */
#include "rings/ledger.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 60, SETS = 24, TRIALS = 3000 };

/* Sets as plain rows of a table: what the checker reads. */
typedef struct world {
    bool in[SETS][ACCOUNTS];
    bool found[SETS];
    uint32_t sets;
} world;

typedef struct lists {
    uint32_t start[SETS + 1];
    uint32_t item[SETS * ACCOUNTS];
} lists;

static rf_sets list(const world *w, lists *l)
{
    uint32_t items = 0;
    for (uint32_t s = 0; s < w->sets; s++) {
        l->start[s] = items;
        for (uint32_t a = 0; a < ACCOUNTS; a++) {
            if (w->in[s][a]) {
                l->item[items++] = a;
            }
        }
    }
    l->start[w->sets] = items;
    return (rf_sets){w->sets, l->start, l->item};
}

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = rf_mix(*state);
    return (uint32_t)(*state % below);
}

/* Sets of now are disjoint; earlier ones may overlap, as long dormant rings do. */
static void make(uint64_t seed, world *before, world *now)
{
    uint64_t state = seed;
    memset(before, 0, sizeof *before);
    memset(now, 0, sizeof *now);
    before->sets = draw(&state, SETS + 1);
    now->sets = draw(&state, SETS + 1);
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        uint32_t const home = draw(&state, SETS);
        if (home < now->sets) {
            now->in[home][a] = true;
        }
        if (home < before->sets && draw(&state, 4) != 0) {
            before->in[home][a] = true;
        } else if (before->sets > 0) {
            before->in[draw(&state, before->sets)][a] = true;
        }
        if (before->sets > 0 && draw(&state, 5) == 0) {
            before->in[draw(&state, before->sets)][a] = true;
        }
    }
    for (uint32_t s = 0; s < before->sets; s++) {
        before->found[s] = draw(&state, 3) != 0;
    }
}

/* The checker: all pairs, the best one again and again, in doubles that are exact at this size. */
static void count(const world *before, uint32_t b, const world *now, uint32_t n, uint32_t *shared,
                  uint32_t *together)
{
    *shared = 0;
    *together = 0;
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        *shared += before->in[b][a] && now->in[n][a];
        *together += before->in[b][a] || now->in[n][a];
    }
}

static bool better(uint32_t shared, uint32_t together, bool found, uint32_t best_shared,
                   uint32_t best_together, bool best_found)
{
    double const overlap = shared / (double)together;
    double const best = best_shared / (double)best_together;
    if (overlap > best + 1e-12 || overlap < best - 1e-12) {
        return overlap > best;
    }
    return shared != best_shared ? shared > best_shared : found && !best_found;
}

static void check_slowly(const world *before, const world *now, uint32_t *continues)
{
    bool used[SETS] = {false};
    for (uint32_t n = 0; n < now->sets; n++) {
        continues[n] = UINT32_MAX;
    }
    for (;;) {
        uint32_t best_b = UINT32_MAX;
        uint32_t best_n = 0;
        uint32_t best_shared = 0;
        uint32_t best_together = 1;
        for (uint32_t b = 0; b < before->sets; b++) {
            for (uint32_t n = 0; n < now->sets; n++) {
                uint32_t shared;
                uint32_t together;
                count(before, b, now, n, &shared, &together);
                if (used[b] || continues[n] != UINT32_MAX || shared == 0 || 2 * shared < together) {
                    continue;
                }
                if (best_b == UINT32_MAX || better(shared, together, before->found[b], best_shared,
                                                   best_together, before->found[best_b])) {
                    best_b = b;
                    best_n = n;
                    best_shared = shared;
                    best_together = together;
                }
            }
        }
        if (best_b == UINT32_MAX) {
            return;
        }
        used[best_b] = true;
        continues[best_n] = best_b;
    }
}

static void compare(const world *before, const world *now, const rf_matching *m)
{
    uint32_t expected[SETS];
    size_t overlaps = 0;
    check_slowly(before, now, expected);
    for (uint32_t n = 0; n < now->sets; n++) {
        assert_int_equal(m->continues[n], expected[n]);
        if (expected[n] != UINT32_MAX) {
            assert_int_equal(m->continued_by[expected[n]], n);
        }
        for (uint32_t b = 0; b < before->sets; b++) {
            uint32_t shared;
            uint32_t together;
            count(before, b, now, n, &shared, &together);
            if (shared > 0) {
                assert_true(overlaps < m->overlaps);
                assert_int_equal(m->overlap[overlaps].now, n);
                assert_int_equal(m->overlap[overlaps].before, b);
                assert_int_equal(m->overlap[overlaps++].shared, shared);
            }
        }
    }
    assert_int_equal(overlaps, m->overlaps);
}

static void matching_is_what_the_checker_finds(void **state)
{
    world before;
    world now;
    lists old;
    lists fresh;
    (void)state;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        rf_matching m;
        rf_error err;
        rf_sets a;
        rf_sets b;
        make(seed, &before, &now);
        a = list(&before, &old);
        b = list(&now, &fresh);
        assert_int_equal(rf_ledger_match(&a, before.found, &b, NULL, ACCOUNTS, &m, &err), RF_OK);
        compare(&before, &now, &m);
        rf_matching_free(&m);
    }
}

static void matching_survives_failing_allocations(void **state)
{
    world before;
    world now;
    lists old;
    lists fresh;
    rf_sets a;
    rf_sets b;
    rf_status status = RF_ENOMEM;
    (void)state;
    make(7, &before, &now);
    a = list(&before, &old);
    b = list(&now, &fresh);
    for (long n = 1; status != RF_OK; n++) {
        rf_matching m;
        rf_error err;
        rf_memory_fail_after(n);
        status = rf_ledger_match(&a, before.found, &b, NULL, ACCOUNTS, &m, &err);
        rf_memory_fail_after(0);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        rf_matching_free(&m);
    }
}

/* Accounts that are gone, and banned ones. */
static void gone_accounts_are_counted_but_not_shared(void **state)
{
    uint32_t const old_start[] = {0, 4};
    uint32_t const old_item[] = {0, 1, RF_NO_ACCOUNT, RF_NO_ACCOUNT};
    uint32_t const new_start[] = {0, 2};
    uint32_t const new_item[] = {0, 1};
    bool const found[] = {true};
    bool const banned[] = {true, false, false};
    rf_sets const old = {1, old_start, old_item};
    rf_sets const now = {1, new_start, new_item};
    rf_matching m;
    rf_error err;
    (void)state;
    assert_int_equal(rf_ledger_match(&old, found, &now, banned, 3, &m, &err), RF_OK);
    assert_int_equal(m.overlaps, 1);
    assert_int_equal(m.overlap[0].shared, 2);
    assert_int_equal(m.overlap[0].shared_banned, 1);
    assert_int_equal(m.continues[0], 0); /* 2 of 4: exactly one half */
    rf_matching_free(&m);
}

/* Two halves of a merged ring go back to what they were, not to the larger one of their sum. */
static void nearer_membership_wins(void **state)
{
    uint32_t const old_start[] = {0, 8, 12}; /* a ring of eight, and the four that were merged in */
    uint32_t const old_item[] = {0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7};
    uint32_t const new_start[] = {0, 4, 8};
    uint32_t const new_item[] = {0, 1, 2, 3, 4, 5, 6, 7};
    bool const found[] = {true, false};
    rf_sets const old = {2, old_start, old_item};
    rf_sets const now = {2, new_start, new_item};
    rf_matching m;
    rf_error err;
    (void)state;
    assert_int_equal(rf_ledger_match(&old, found, &now, NULL, 8, &m, &err), RF_OK);
    assert_int_equal(m.continues[0], 0);
    assert_int_equal(m.continues[1], 1);
    rf_matching_free(&m);
}

static void keys_are_words_and_depend_on_members_alone(void **state)
{
    uint64_t identity[] = {11, 22, 33};
    rf_population const p = {.accounts = 3, .identity = identity};
    rf_member const members[] = {{.account = 0}, {.account = 1}, {.account = 2}};
    char one[RF_KEY_TEXT];
    char same[RF_KEY_TEXT];
    char next[RF_KEY_TEXT];
    (void)state;
    rf_ring_key(&p, members, 3, 0, one);
    rf_ring_key(&p, members, 3, 0, same);
    rf_ring_key(&p, members, 3, 1, next);
    assert_string_equal(one, same);
    assert_string_not_equal(one, next);
    rf_ring_key(&p, members, 2, 0, next);
    assert_string_not_equal(one, next);
    assert_int_equal(strlen(one), RF_KEY_TEXT - 1);
    assert_int_equal(strspn(one, "abdfghijklmnoprstuvz-"), RF_KEY_TEXT - 1);
    assert_int_equal(one[5], '-');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching_is_what_the_checker_finds),
        cmocka_unit_test(matching_survives_failing_allocations),
        cmocka_unit_test(gone_accounts_are_counted_but_not_shared),
        cmocka_unit_test(nearer_membership_wins),
        cmocka_unit_test(keys_are_words_and_depend_on_members_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
