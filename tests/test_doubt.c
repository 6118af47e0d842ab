/* test_doubt.c - flags are taken back where too many honest communities are expected: against the
 * rule written down a second time, over random scores, and in the cases it is made for. */
#include "rings/doubt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

enum { MOST = 400 };

static int descending(const void *left, const void *right)
{
    double const a = ((const rf_ring *)left)->score;
    double const b = ((const rf_ring *)right)->score;
    return (a < b) - (a > b);
}

static rf_findings with(rf_ring *ring, uint32_t rings, double flagged_from)
{
    qsort(ring, rings, sizeof *ring, descending);
    for (uint32_t r = 0; r < rings; r++) {
        ring[r].flagged = ring[r].score >= flagged_from;
    }
    return (rf_findings){.ring = ring, .rings = rings};
}

/* How many honest ones are expected among the rings at least as good as r. */
static double slow_honest(const rf_findings *f, uint32_t r)
{
    double below = f->rings < 500 ? f->rings / 250.0 : 2;
    double series = 0;
    for (uint32_t i = 0; i < f->rings; i++) {
        below += f->ring[i].score < 0 && f->ring[i].score >= -3;
    }
    for (int band = 1; band < 60; band++) { /* each band of three bits holds a share of the last */
        series += pow(2, -0.75 * 3 * band);
    }
    return below * series * pow(2, -0.75 * f->ring[r].score);
}

/* How many pass: by every number that could, and the groups between any two of them. A number
 * passes both limits when no better one is shorter by a group, nor longer by one, that pays. */
static uint32_t slow_number(const rf_findings *f, double share, double last_share)
{
    uint32_t best = 0;
    double honest_best = 0;
    for (uint32_t r = 0; r < f->rings && f->ring[r].score >= 0; r++) {
        double const honest = slow_honest(f, r);
        bool const pays = honest - honest_best < last_share * (r + 1 - best);
        if (honest <= share * (r + 1) && (pays || last_share >= 1)) {
            best = r + 1;
            honest_best = honest;
        }
    }
    return best;
}

static void the_rule_is_kept(void **state)
{
    static rf_ring ring[MOST];
    uint32_t taken = 0;
    uint32_t kept = 0;
    (void)state;
    srand(17);
    for (int round = 0; round < 300; round++) {
        uint32_t const rings = (uint32_t)rand() % MOST;
        double const spread = 2 + rand() % 10;
        double const share = 0.05 * (1 + rand() % 10);
        double const last_share = rand() % 4 == 0 ? 1 : 0.05 * (1 + rand() % 10);
        uint32_t last;
        uint32_t doubted;
        rf_findings f;
        for (uint32_t r = 0; r < rings; r++) {
            ring[r] = (rf_ring){.score = spread * ((double)(rand() % 4000) / 1000 - 3)};
        }
        f = with(ring, rings, 0);
        last = slow_number(&f, share, last_share);
        rf_rings_doubt(&(rf_doubt_settings){share, last_share}, 0, &f, &doubted);
        for (uint32_t r = 0; r < rings; r++) {
            assert_int_equal(ring[r].flagged, r < last);
            taken += ring[r].score >= 0 && !ring[r].flagged;
            kept += ring[r].flagged;
        }
        if (doubted == 0) {
            assert_true(f.flagged_from == 0);
        } else {
            assert_true(last == 0 ? isinf(f.flagged_from) : f.flagged_from == ring[last - 1].score);
        }
    }
    assert_true(taken > 100);
    assert_true(kept > 100);
}

static void fill(rf_ring *ring, uint32_t *rings, uint32_t count, double score)
{
    for (uint32_t i = 0; i < count; i++) {
        ring[(*rings)++] = (rf_ring){.score = score};
    }
}

static uint32_t flagged_of(rf_ring *ring, uint32_t rings)
{
    uint32_t doubted;
    uint32_t flagged = 0;
    rf_doubt_settings const settings = rf_doubt_defaults();
    rf_findings f = with(ring, rings, 0);
    rf_rings_doubt(&settings, 0, &f, &doubted);
    for (uint32_t r = 0; r < rings; r++) {
        flagged += ring[r].flagged;
    }
    return flagged;
}

static void populations_as_they_are(void **state)
{
    rf_ring ring[MOST];
    uint32_t rings = 0;
    (void)state;
    fill(ring, &rings, 20, -1.5); /* offices that look like rings, and no ring */
    fill(ring, &rings, 3, 1.5);
    assert_int_equal(flagged_of(ring, rings), 0);
    fill(ring, &rings, 14, 20); /* clear rings beside them do not make them rings */
    assert_int_equal(flagged_of(ring, rings), 14);
    rings = 0;
    fill(ring, &rings, 10, -1.5); /* few such offices, but of three above one is honest */
    fill(ring, &rings, 3, 1.5);
    fill(ring, &rings, 14, 20);
    assert_int_equal(flagged_of(ring, rings), 14);
    rings = 0;
    fill(ring, &rings, 10, -1.5); /* of three further above one in four */
    fill(ring, &rings, 3, 2.5);
    fill(ring, &rings, 14, 20);
    assert_int_equal(flagged_of(ring, rings), 17);
    rings = 0;
    fill(ring, &rings, 160, -1); /* many honest communities: the doubtful ones stay free */
    fill(ring, &rings, 30, 1);
    fill(ring, &rings, 31, 12);
    assert_int_equal(flagged_of(ring, rings), 31);
    rings = 0;
    fill(ring, &rings, 5, -8); /* small rings by the hundred, and nobody just below */
    fill(ring, &rings, 300, 0.8);
    assert_int_equal(flagged_of(ring, rings), 300);
    rings = 0;
    assert_int_equal(flagged_of(ring, rings), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_is_kept),
        cmocka_unit_test(populations_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
