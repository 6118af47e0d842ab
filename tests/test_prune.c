/* test_prune.c - parts that hang on a ring by a thread leave it: against a second way to say which,
 * that looks at every cell and every link by itself, on random rings in random populations. */
#include "crowd.h"

#include "base/memory.h"
#include "import_support.h"
#include "rings/prune.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RINGS = 4, CELLS = 12, LINKS = 60, MIN_SIZE = 3 };

/* Cell c lies in ring c % RINGS. Everybody's cell is drawn, some are in none. */
typedef struct scene {
    rf_population p;
    rf_calibration c;
    rf_rivals rivals;
    rf_findings f;
    rf_links links;
    uint32_t cell[CROWD_ACCOUNTS]; /* 0: in no ring */
    uint32_t size[CELLS + 1];
    uint32_t a[LINKS], b[LINKS];
} scene;

static uint32_t ring_of(uint32_t cell)
{
    return cell % RINGS;
}

static void list_rings(scene *s)
{
    uint32_t at = 0;
    s->f.ring = rf_alloc(RINGS, sizeof *s->f.ring);
    s->f.member = rf_alloc(s->p.accounts, sizeof *s->f.member);
    assert_true(s->f.ring != NULL && s->f.member != NULL);
    s->f.rings = RINGS;
    for (uint32_t r = 0; r < RINGS; r++) {
        s->f.ring[r] =
            (rf_ring){.network = r + 1, .first_member = at, .parts = 1, .score = r == 0 ? -9 : 9};
        for (uint32_t a = 0; a < s->p.accounts; a++) {
            if (s->cell[a] != 0 && ring_of(s->cell[a]) == r) {
                s->f.member[at++] =
                    (rf_member){.account = a, .ring = r + 1, .cell = s->cell[a], .membership = 1};
                s->f.ring[r].size++;
            }
        }
    }
    s->f.members = at;
}

/* Cells follow the values of the population (users of one often are in one) or nothing at all. */
static scene *stage(unsigned long long seed)
{
    scene *s = calloc(1, sizeof *s);
    crowd *people = crowd_make(
        &(crowd_options){.accounts = 150, .rings = 6, .coincident = 90, .hubs = 2}, seed);
    rf_evidence_settings settings = rf_evidence_defaults();
    rf_error err = {.status = RF_OK};
    assert_non_null(s);
    crowd_read(people, seed, 0, &s->p);
    free(people);
    assert_int_equal(rf_calibrate(&s->p, &settings, 1, &s->c, &err), RF_OK);
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        s->cell[a] = random_below(&seed, CELLS + 4);
        s->cell[a] = s->cell[a] > CELLS ? 0 : s->cell[a];
    }
    for (uint32_t g = 0; g < s->p.groups; g += 2) {
        uint32_t const cell = 1 + random_below(&seed, CELLS);
        for (uint32_t i = 0; i < rf_group_size(&s->p, g) && rf_group_size(&s->p, g) < 12; i++) {
            s->cell[rf_group_holders(&s->p, g)[i]] = cell;
        }
    }
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        s->size[s->cell[a]]++;
    }
    for (uint32_t slot = 0; slot < s->p.families; slot++) {
        for (uint32_t k = 0; k < RF_STRENGTHS; k++) {
            s->rivals.pool.inside[slot][k] = 10 + random_below(&seed, 20);
        }
    }
    s->rivals.pool_members = 90;
    s->links = (rf_links){.a = s->a, .b = s->b, .count = 4 + random_below(&seed, LINKS - 4)};
    for (uint64_t i = 0; i < s->links.count; i++) {
        s->a[i] = random_below(&seed, s->p.accounts);
        s->b[i] = random_below(&seed, s->p.accounts);
    }
    list_rings(s);
    return s;
}

static void strike(scene *s)
{
    rf_calibration_free(&s->c);
    rf_population_free(&s->p);
    rf_rivals_free(&s->rivals);
    rf_findings_free(&s->f);
    free(s);
}

/* In how many accounts of one end the links between a cell and the rest of its ring meet. */
static uint32_t slow_ends(const scene *s, uint32_t cell, bool beyond)
{
    uint32_t ends = 0;
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        bool met = false;
        for (uint64_t i = 0; i < s->links.count; i++) {
            for (int turn = 0; turn < 2; turn++) {
                uint32_t const mine = turn == 0 ? s->a[i] : s->b[i];
                uint32_t const other = turn == 0 ? s->b[i] : s->a[i];
                met = met || ((beyond ? other : mine) == a && s->cell[mine] == cell &&
                              s->cell[other] != cell && s->cell[other] != 0 &&
                              ring_of(s->cell[other]) == ring_of(cell));
            }
        }
        ends += met;
    }
    return ends;
}

static bool slow_hangs(const scene *s, uint32_t cell)
{
    uint32_t const mine = slow_ends(s, cell, false);
    uint32_t const beyond = slow_ends(s, cell, true);
    uint32_t largest = cell;
    for (uint32_t c = CELLS; c > 0; c--) {
        if (ring_of(c) == ring_of(cell) && s->size[c] >= s->size[largest]) {
            largest = c;
        }
    }
    return ring_of(cell) != 0 && s->size[cell] >= 6 && (mine <= 1 || beyond <= 1) &&
           largest != cell;
}

/* Whether the rest of the ring would keep fewer than one in five of the cell. */
static bool slow_leaves(const scene *s, uint32_t cell)
{
    rf_membership_model model;
    rf_membership_scratch scratch;
    rf_strength_counts counts;
    rf_ratios ratios;
    rf_error err = {.status = RF_OK};
    uint32_t rest[CROWD_ACCOUNTS];
    uint32_t left = 0;
    uint32_t wanted = 0;
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        if (s->cell[a] != 0 && ring_of(s->cell[a]) == ring_of(cell) && !slow_hangs(s, s->cell[a])) {
            rest[left++] = a;
        }
    }
    assert_int_equal(rf_membership_begin(&s->p, &s->c, &model, &err), RF_OK);
    assert_int_equal(rf_membership_scratch_begin(&model, &scratch, &err), RF_OK);
    assert_int_equal(rf_membership_measure(&model, NULL, rest, left, &scratch, &counts, &err),
                     RF_OK);
    rf_membership_ratios(&model, &counts, left, &s->rivals.pool, s->rivals.pool_members, &ratios);
    for (size_t i = left; i < scratch.touched_count; i++) {
        rf_membership const m = rf_membership_of(&model, &scratch, &ratios, i);
        wanted += s->cell[m.account] == cell && m.held >= 2 && m.bits >= 0;
    }
    rf_membership_clear(&scratch);
    rf_membership_scratch_end(&scratch);
    rf_membership_end(&model);
    return slow_hangs(s, cell) && 5 * wanted < s->size[cell];
}

static uint32_t ring_holding(const scene *s, uint32_t account)
{
    for (uint32_t i = 0; i < s->f.members; i++) {
        if (s->f.member[i].account == account) {
            return s->f.member[i].ring - 1;
        }
    }
    fail();
    return 0;
}

/* Every other part that left scores high by itself: it is where it was when what it left scores
 * high as well; the others are not. *alone counts those that stayed by themselves all the same. */
static uint32_t they_go_back(scene *s, const rf_pruned *pruned, uint32_t *stay_alone)
{
    uint32_t alone = 0;
    rf_error err = {.status = RF_OK};
    uint32_t returned = 0;
    uint32_t expected = 0;
    bool back[CELLS + 1] = {false};
    uint32_t ring_now[RINGS] = {0};
    for (uint32_t r = 0; r < s->f.rings && pruned->cells > 0; r++) {
        const rf_member *first = &s->f.member[s->f.ring[r].first_member];
        bool const left = pruned->stays[first->account] != UINT32_MAX;
        s->f.ring[r].score = (left ? first->cell : s->f.ring[r].size) % 2 == 0 ? 3 : -3;
        back[first->cell] = left && first->cell % 2 == 0;
    }
    for (uint32_t r = 0; r < s->f.rings && pruned->cells > 0; r++) {
        uint32_t const cell = s->f.member[s->f.ring[r].first_member].cell;
        if (back[cell]) { /* to a ring that would itself be flagged */
            uint32_t const stays = pruned->stays[s->f.member[s->f.ring[r].first_member].account];
            uint32_t const home = ring_holding(s, stays);
            back[cell] = s->f.ring[home].score >= 0;
            expected += back[cell];
            alone += !back[cell];
        }
    }
    assert_int_equal(rf_rings_return(&s->p, pruned, 0, MIN_SIZE, &s->f, &returned, &err), RF_OK);
    assert_int_equal(returned, expected);
    for (uint32_t i = 0; i < s->f.members && pruned->cells > 0; i++) {
        const rf_member *m = &s->f.member[i];
        if (pruned->stays[m->account] == UINT32_MAX) {
            ring_now[ring_of(m->cell)] = m->ring;
        }
    }
    for (uint32_t i = 0; i < s->f.members && pruned->cells > 0; i++) {
        const rf_member *m = &s->f.member[i];
        if (pruned->stays[m->account] != UINT32_MAX) {
            assert_true((m->ring == ring_now[ring_of(m->cell)]) == back[m->cell]);
            assert_true(isnan(m->membership) == !back[m->cell]);
        }
    }
    *stay_alone += alone;
    return returned;
}

static void who_leaves_is_who_should(void **state)
{
    uint32_t left = 0;
    uint32_t stayed = 0;
    uint32_t back = 0;
    uint32_t alone = 0;
    (void)state;
    for (unsigned round = 0; round < 120; round++) {
        scene *s = stage(round + 1);
        rf_grow_settings const settings = rf_grow_defaults();
        rf_error err = {.status = RF_OK};
        rf_pruned pruned;
        uint32_t expected = 0;
        uint32_t ring[CROWD_ACCOUNTS];
        bool leaves[CELLS + 1] = {false};
        for (uint32_t c = 1; c <= CELLS; c++) {
            leaves[c] = slow_leaves(s, c);
            expected += leaves[c];
            stayed += slow_hangs(s, c) && !leaves[c];
        }
        left += expected;
        assert_int_equal(rf_rings_prune(&s->p, &s->c, &s->links, &settings, &s->rivals, MIN_SIZE,
                                        &s->f, &pruned, &err),
                         RF_OK);
        assert_int_equal(pruned.cells, expected);
        memset(ring, 0, sizeof ring);
        for (uint32_t i = 0; i < s->f.members; i++) {
            const rf_member *m = &s->f.member[i];
            ring[m->account] = m->ring;
            assert_int_equal(m->cell, s->cell[m->account]);
            assert_true(isnan(m->membership) == leaves[m->cell]);
        }
        for (uint32_t a = 0; a < s->p.accounts;
             a++) { /* two are together when they were, and stay */
            for (uint32_t b = 0; b < a; b++) {
                uint32_t const x = s->cell[a];
                uint32_t const y = s->cell[b];
                bool const both = x != 0 && y != 0 && ring_of(x) == ring_of(y);
                if (ring[a] != 0 && ring[b] != 0) {
                    assert_true((ring[a] == ring[b]) ==
                                (both && (x == y || (!leaves[x] && !leaves[y]))));
                }
            }
        }
        back += they_go_back(s, &pruned, &alone);
        rf_pruned_free(&pruned);
        strike(s);
    }

    assert_true(back > 5);
    assert_true(alone > 5);
    assert_true(left > 10);
    assert_true(stayed > 10);
}

/* Growth may leave an account the cell it came from, in another ring: such a cell stays where it
 * is. */
static void a_cell_in_two_rings_stays(void **state)
{
    uint32_t mixed = 0;
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        scene *s = stage(round + 1);
        rf_grow_settings const settings = rf_grow_defaults();
        rf_error err = {.status = RF_OK};
        rf_pruned pruned;
        uint32_t cell = 1;
        while (cell < CELLS && !slow_leaves(s, cell)) {
            cell++;
        }
        mixed += slow_leaves(s, cell);
        s->f.member[0].cell = cell; /* of another ring: ring 0 is not suspect */
        assert_int_equal(rf_rings_prune(&s->p, &s->c, &s->links, &settings, &s->rivals, MIN_SIZE,
                                        &s->f, &pruned, &err),
                         RF_OK);
        for (uint32_t i = 0; i < s->f.members && pruned.cells > 0; i++) {
            const rf_member *m = &s->f.member[i];
            assert_true(m->cell != cell || pruned.stays[m->account] == UINT32_MAX);
        }
        rf_pruned_free(&pruned);
        strike(s);
    }
    assert_true(mixed > 5);
}

/* Whatever fails, the findings are those before or are complete. */
static void failing_memory_is_told(void **state)
{
    (void)state;
    for (long fails = 1; fails < 200; fails++) {
        scene *s = stage(3);
        rf_grow_settings const settings = rf_grow_defaults();
        rf_error err = {.status = RF_OK};
        rf_pruned pruned;
        rf_status status;
        rf_memory_fail_after(fails);
        status = rf_rings_prune(&s->p, &s->c, &s->links, &settings, &s->rivals, MIN_SIZE, &s->f,
                                &pruned, &err);
        rf_memory_fail_after(0);
        rf_pruned_free(&pruned);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        strike(s);
        if (status == RF_OK) {
            assert_true(fails > 5);
            return;
        }
    }
    fail_msg("it never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_leaves_is_who_should),
        cmocka_unit_test(a_cell_in_two_rings_stays),
        cmocka_unit_test(failing_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
