/* test_resume.c - in an update, suspect rings that were joined or grown take back their members:
 * who is in which ring then, against a second way to say it that looks at all pairs. */
#include "base/memory.h"
#include "rings/resume.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 240, COMMUNITIES = 24, KEPT = 30, NOBODY = -1 };

/* By account: the community it was clustered in, the ring it was written in (a number), and the
 * community it is clustered in now; NOBODY: in none. */
typedef struct world {
    int community[ACCOUNTS], kept[ACCOUNTS], now[ACCOUNTS];
    uint32_t clusters;
    double score[KEPT]; /* by number of a kept ring */
} world;

static unsigned drawn;

static int draw(int limit)
{
    drawn = drawn * 1664525U + 1013904223U;
    return (int)(drawn >> 8) % limit;
}

static void make_world(world *w, unsigned seed)
{
    drawn = seed;
    w->clusters = COMMUNITIES;
    for (int k = 0; k < KEPT; k++) {
        w->score[k] = draw(2) == 0 ? 5 : -9;
    }
    for (int a = 0; a < ACCOUNTS; a++) {
        int const c = draw(COMMUNITIES);
        w->community[a] = draw(6) == 0 ? NOBODY : c;
        /* communities 0 to 7 stay rings, of the others two make one; some take strangers in */
        w->kept[a] = w->community[a] == NOBODY ? (draw(3) == 0 ? 10 + draw(4) : NOBODY)
                     : c < 8                   ? 1 + c
                                               : 9 + (c - 8) / 2;
        w->now[a] = draw(8) != 0 ? w->community[a] : draw(4) == 0 ? NOBODY : c;
    }
}

/* ---- the slow way ---- */

static bool is_whole(const world *w, int kept)
{
    for (int a = 0; a < ACCOUNTS; a++) {
        for (int b = 0; b < ACCOUNTS; b++) {
            bool const together = w->community[a] != NOBODY && w->community[a] == w->community[b];
            if (w->kept[a] == kept && (w->kept[b] == kept) != together) {
                return false;
            }
        }
    }
    return true;
}

static int kept_ring(const world *w, int account)
{
    int const kept = w->kept[account];
    return kept != NOBODY && w->score[kept] >= -2 && !is_whole(w, kept) ? kept : NOBODY;
}

/* Where the account should be: a resumed ring above all communities, or the community of now. */
static int expected(const world *w, const int *resumed, int account)
{
    int size = 0;
    int in[KEPT] = {0};
    if (resumed[account] != NOBODY) {
        return COMMUNITIES + resumed[account];
    }
    for (int b = 0; b < ACCOUNTS && w->now[account] != NOBODY; b++) {
        size += w->now[b] == w->now[account];
        if (w->now[b] == w->now[account] && resumed[b] != NOBODY) {
            in[resumed[b]]++;
        }
    }
    for (int k = 0; k < KEPT && w->community[account] == NOBODY; k++) {
        if (2 * in[k] > size) {
            return COMMUNITIES + k;
        }
    }
    return w->now[account];
}

/* ---- the fast way ---- */

static void tell_before(const world *w, rf_run_memory *before)
{
    *before = (rf_run_memory){.ring = rf_alloc(ACCOUNTS, sizeof *before->ring),
                              .cell = rf_alloc(ACCOUNTS, sizeof *before->cell),
                              .rings = rf_alloc(KEPT, sizeof *before->rings),
                              .members = rf_alloc(ACCOUNTS, sizeof *before->members)};
    assert_true(before->ring != NULL && before->cell != NULL && before->rings != NULL &&
                before->members != NULL);
    for (uint32_t k = 1; k < KEPT; k++) {
        before->rings[before->ring_count++] = (rf_kept_ring){.number = k, .score = w->score[k]};
    }
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        before->ring[a] = (uint32_t)w->community[a];
        before->cell[a] = (uint32_t)w->community[a];
        if (w->kept[a] != NOBODY) {
            before->members[before->member_count++] =
                (rf_kept_member){.account = a,
                                 .ring = (uint32_t)w->kept[a],
                                 .cell = (uint32_t)w->kept[a],
                                 .role = w->community[a] == NOBODY,
                                 .membership = 3};
        }
    }
}

static void tell_now(const world *w, rf_findings *f)
{
    *f = (rf_findings){.rings = w->clusters,
                       .ring = rf_alloc(w->clusters, sizeof *f->ring),
                       .member = rf_alloc(ACCOUNTS, sizeof *f->member)};
    assert_true(f->ring != NULL && f->member != NULL);
    for (uint32_t r = 0; r < w->clusters; r++) {
        f->ring[r] = (rf_ring){.network = r + 1, .first_member = f->members};
        for (uint32_t a = 0; a < ACCOUNTS; a++) {
            if (w->now[a] == (int)r) {
                f->member[f->members++] = (rf_member){.account = a, .ring = r + 1, .cell = r + 1};
                f->ring[r].size++;
            }
        }
    }
}

static void assert_resumed(const world *w, const rf_findings *f)
{
    int resumed[ACCOUNTS];
    int place[ACCOUNTS];
    int size[COMMUNITIES + KEPT] = {0};
    int found[ACCOUNTS];
    for (int a = 0; a < ACCOUNTS; a++) {
        resumed[a] = kept_ring(w, a);
        found[a] = NOBODY;
    }
    for (int a = 0; a < ACCOUNTS; a++) {
        place[a] = expected(w, resumed, a);
        if (place[a] != NOBODY) {
            size[place[a]]++;
        }
    }
    for (uint32_t i = 0; i < f->members; i++) {
        const rf_member *m = &f->member[i];
        found[m->account] = (int)m->ring;
        assert_true(m->cell > 0);
        assert_int_equal(m->fringe,
                         resumed[m->account] != NOBODY && w->community[m->account] == NOBODY);
    }
    for (int a = 0; a < ACCOUNTS; a++) {
        bool const in = place[a] != NOBODY && size[place[a]] >= 3;
        assert_int_equal(found[a] != NOBODY, in);
        for (int b = 0; b < ACCOUNTS && in; b++) {
            assert_int_equal(found[a] == found[b], place[a] == place[b]);
        }
    }
}

static void rings_take_back_their_members(void **state)
{
    uint32_t all = 0;
    (void)state;
    for (unsigned seed = 1; seed <= 60; seed++) {
        rf_population p = {.accounts = ACCOUNTS};
        rf_error err = {.status = RF_OK};
        rf_run_memory before;
        rf_findings f;
        world w;
        uint32_t resumed = 0;
        p.account_row = rf_alloc(ACCOUNTS, sizeof *p.account_row);
        assert_non_null(p.account_row);
        make_world(&w, seed);
        tell_before(&w, &before);
        tell_now(&w, &f);
        assert_int_equal(rf_rings_resume(&p, &before, -2, 3, &f, &resumed, &err), RF_OK);
        if (resumed > 0) {
            assert_resumed(&w, &f);
        }
        all += resumed;
        rf_findings_free(&f);
        rf_memory_free(&before);
        rf_free(p.account_row);
    }
    assert_true(all > 60);
}

static void out_of_memory_is_told(void **state)
{
    rf_population p = {.accounts = ACCOUNTS};
    rf_run_memory before;
    rf_findings f;
    world w;
    uint32_t resumed = 0;
    rf_status status = RF_ENOMEM;
    (void)state;
    p.account_row = rf_alloc(ACCOUNTS, sizeof *p.account_row);
    make_world(&w, 1);
    tell_before(&w, &before);
    for (long fail = 1; status != RF_OK; fail++) {
        rf_error err = {.status = RF_OK};
        tell_now(&w, &f);
        rf_memory_fail_after(fail);
        status = rf_rings_resume(&p, &before, -2, 3, &f, &resumed, &err);
        rf_memory_fail_after(0);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        rf_findings_free(&f);
        assert_true(fail < 100);
    }
    rf_memory_free(&before);
    rf_free(p.account_row);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_take_back_their_members),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
