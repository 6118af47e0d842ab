/* test_membership.c - how strongly accounts belong to rings, against a second way to say it that
 * loops over all groups and accounts; and that regrouping keeps every list in step. */
#include "base/hash.h"
#include "crowd.h"
#include "rings/grow.h"
#include "rings/membership.h"
#include "rings/regroup.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scene {
    rf_population p;
    rf_calibration c;
    rf_membership_model model;
    uint32_t *in_ring;
    uint8_t *vouches;
    uint32_t member[CROWD_ACCOUNTS];
    uint32_t size;
} scene;

/* Pairs on a card of their own; every other pair lives together. */
static void add_couples(crowd *people)
{
    for (uint32_t i = 0; i < 24; i++) {
        char text[24];
        uint32_t value;
        (void)snprintf(text, sizeof text, "couple-%u", i);
        value = crowd_add_value(people, "instrument", text);
        crowd_add_sighting(people, value, 2 * i, 19700);
        crowd_add_sighting(people, value, 2 * i + 1, 19700);
        if (i % 2 == 0) {
            value = crowd_add_value(people, "ip", text);
            crowd_add_sighting(people, value, 2 * i, 19700);
            crowd_add_sighting(people, value, 2 * i + 1, 19700);
        }
    }
}

/* A crowd read from a store, and a ring of accounts drawn from its first third. */
static scene *stage(int one_family, unsigned long long seed)
{
    scene *s = calloc(1, sizeof *s);
    crowd *people = crowd_make(
        &(crowd_options){
            .accounts = 150, .rings = 6, .coincident = 90, .hubs = 2, .one_family = one_family},
        seed);
    rf_evidence_settings settings = rf_evidence_defaults();
    rf_error err = {.status = RF_OK};
    assert_non_null(s);
    settings.pair_cap = 40;
    if (one_family != 1) {
        add_couples(people);
    }
    crowd_read(people, seed, 0, &s->p);
    free(people);
    assert_int_equal(rf_calibrate(&s->p, &settings, 1, &s->c, &err), RF_OK);
    assert_int_equal(rf_membership_begin(&s->p, &s->c, &s->model, &err), RF_OK);
    s->in_ring = malloc(s->p.accounts * sizeof *s->in_ring);
    s->vouches = calloc(s->p.accounts, sizeof *s->vouches);
    assert_non_null(s->in_ring);
    assert_non_null(s->vouches);
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        uint64_t const drawn = (a + 1) * UINT64_C(0x9e3779b97f4a7c15) * (seed + 3);
        bool const in = (drawn >> 40) % 7 == 0;
        s->in_ring[a] = in ? 7 : (drawn >> 50) % 2 == 0 ? 3 : UINT32_MAX;
        s->vouches[a] = (drawn >> 30) % 2 == 0;
    }
    for (uint32_t g = 0; g < s->p.groups; g += 9) { /* values whose users are all members */
        for (uint32_t i = 0; i < rf_group_size(&s->p, g) && rf_group_size(&s->p, g) < 5; i++) {
            s->in_ring[rf_group_holders(&s->p, g)[i]] = 7;
        }
    }
    for (uint32_t a = 0; a < s->p.accounts; a++) {
        if (s->in_ring[a] == 7) {
            s->member[s->size++] = a;
        }
    }
    return s;
}

static void strike(scene *s)
{
    rf_membership_end(&s->model);
    rf_calibration_free(&s->c);
    rf_population_free(&s->p);
    free(s->in_ring);
    free(s->vouches);
    free(s);
}

static bool holds(const rf_population *p, uint32_t group, uint32_t account)
{
    for (uint32_t i = 0; i < rf_group_size(p, group); i++) {
        if (rf_group_holders(p, group)[i] == account) {
            return true;
        }
    }
    return false;
}

/* The step of a share, by comparing odds with powers of four. */
static int slow_step(double share)
{
    int step = 0;
    for (double odds = 1.0 / 64; step < 5 && share / (1 - share) >= odds; odds *= 4) {
        step++;
    }
    return step;
}

/* How strongly the account shares group g with other members; *vouched: one of them vouches. */
static int slow_strength(const scene *s, uint32_t g, uint32_t account, bool *vouched)
{
    uint32_t const n = rf_group_size(&s->p, g);
    double const worth = rf_bits_real(rf_group_worth(&s->p, &s->c, g));
    double const odds = exp2(worth + s->c.settings.prior_bits);
    double const reliability = (double)(float)(odds / (1 + odds));
    double others = 0;
    *vouched = false;
    if (!holds(&s->p, g, account) || (n > s->c.settings.pair_cap && worth <= 0)) {
        return 0;
    }
    for (uint32_t i = 0; i < s->size; i++) {
        if (holds(&s->p, g, s->member[i])) {
            others += s->member[i] != account;
            *vouched = *vouched || s->vouches[s->member[i]] != 0;
        }
    }
    return others == 0 ? 0 : slow_step((others + 4 * reliability) / (n - 1 + 4));
}

/* The strongest of each slot, or, in a store of one family, the two strongest values. */
static void slow_strengths(const scene *s, uint32_t account, int *strength, int *vouched)
{
    memset(strength, 0, RF_MAX_FAMILIES * sizeof *strength);
    memset(vouched, 0, RF_MAX_FAMILIES * sizeof *vouched);
    for (uint32_t v = 0; v < s->p.values; v++) {
        int best = 0;
        for (uint32_t g = s->p.value_group_start[v]; g < s->p.value_group_start[v + 1]; g++) {
            bool by_voucher;
            int const found = slow_strength(s, g, account, &by_voucher);
            uint32_t const slot = s->c.one_family ? 0 : rf_group_signal(&s->p, g)->family;
            best = found > best ? found : best;
            if (by_voucher && found > vouched[slot]) {
                vouched[slot] = found;
            }
        }
        if (s->c.one_family && best > strength[0]) {
            strength[1] = strength[0];
            strength[0] = best;
        } else if (s->c.one_family) {
            strength[1] = best > strength[1] ? best : strength[1];
        } else {
            uint32_t const slot = s->p.signal[s->p.value_signal[v]].family;
            strength[slot] = best > strength[slot] ? best : strength[slot];
        }
    }
}

/* Whether two accounts were ever at one address on one day. */
static bool slow_met(const rf_population *p, uint32_t a, uint32_t b)
{
    for (uint32_t g = 0; g < p->groups; g++) {
        if (strcmp(rf_group_signal(p, g)->family_name, "address") == 0 && holds(p, g, a) &&
            holds(p, g, b)) {
            return true;
        }
    }
    return false;
}

/* The lower end of the 90 % score interval of a share of n (Wilson 1927), which exceeds one half
 * exactly when the test does. */
static double lower_end(double share, double n)
{
    double const z2 = 1.2816 * 1.2816;
    double const half = sqrt(z2 * share * (1 - share) / n + z2 * z2 / (4 * n * n));
    return (share + z2 / (2 * n) - half) / (1 + z2 / n);
}

/* The bits of the account's value that is the ring's own. */
static double slow_own(const scene *s, uint32_t account, uint32_t *families)
{
    double best = 0;
    for (uint32_t g = 0; g < s->p.groups; g++) {
        double const n = rf_group_size(&s->p, g) - 1.0;
        bool const payment = strcmp(rf_group_signal(&s->p, g)->family_name, "payment") == 0;
        double k = 0;
        double share;
        uint32_t other = UINT32_MAX;
        bool vouched;
        if (rf_group_signal(&s->p, g)->windowed || slow_strength(s, g, account, &vouched) == 0 ||
            !vouched) {
            continue;
        }
        for (uint32_t i = 0; i < s->size; i++) {
            if (s->member[i] != account && holds(&s->p, g, s->member[i])) {
                other = s->member[i];
                k++;
            }
        }
        share = k / n;
        if (payment && n <= 4 && share >= 0.5) {
            bool const family = k == 1 && slow_met(&s->p, account, other);
            best = family ? best : fmax(best, log2((k + 1.5) / (n - k + 0.5)));
            *families += family;
        } else if (k >= 3 && lower_end(share, n) > 0.5) {
            best = fmax(best, log2((k + 0.5) / (n - k + 0.5)));
        }
    }
    return best;
}

static uint8_t found_at(const rf_membership_model *model, const uint8_t *found, size_t place,
                        uint32_t slot)
{
    return place == SIZE_MAX ? 0 : found[place * model->slots + slot];
}

/* Where all members vouch, what vouches is not kept apart: the memberships must be the same. */
static void all_vouching_is_everybody_vouching(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        scene *s = stage(round % 4 == 3, round + 21);
        rf_membership_scratch scratch[2];
        rf_strength_counts counts[2];
        rf_ratios ratios;
        rf_error err = {.status = RF_OK};
        memset(s->vouches, 1, s->p.accounts);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(rf_membership_scratch_begin(&s->model, &scratch[i], &err), RF_OK);
            assert_int_equal(rf_membership_measure(&s->model, i == 0 ? s->vouches : NULL, s->member,
                                                   s->size, &scratch[i], &counts[i], &err),
                             RF_OK);
        }
        assert_memory_equal(&counts[0], &counts[1], sizeof counts[0]);
        assert_int_equal(scratch[0].touched_count, scratch[1].touched_count);
        rf_membership_ratios(&s->model, &counts[0], s->size, &counts[0], s->size, &ratios);
        for (size_t i = 0; i < scratch[0].touched_count; i++) {
            rf_membership const one = rf_membership_of(&s->model, &scratch[0], &ratios, i);
            rf_membership const two = rf_membership_of(&s->model, &scratch[1], &ratios, i);
            assert_int_equal(one.account, two.account);
            assert_memory_equal(&one.bits, &two.bits, sizeof one.bits);
            assert_int_equal(one.held, two.held);
            assert_int_equal(one.vouched, two.vouched);
        }
        rf_membership_scratch_end(&scratch[0]);
        rf_membership_scratch_end(&scratch[1]);
        strike(s);
    }
}

static void memberships_are_those_of_the_definition(void **state)
{
    uint32_t owned = 0;
    uint32_t families = 0; /* whom a card alone would have brought in */
    (void)state;
    for (unsigned round = 0; round < 12; round++) {
        scene *s = stage(round % 4 == 3, round + 1);
        rf_membership_scratch scratch;
        rf_strength_counts counts;
        rf_strength_counts slow = {0};
        rf_ratios ratios;
        rf_error err = {.status = RF_OK};
        uint32_t seen = 0;
        assert_int_equal(rf_membership_scratch_begin(&s->model, &scratch, &err), RF_OK);
        assert_int_equal(rf_membership_measure(&s->model, s->vouches, s->member, s->size, &scratch,
                                               &counts, &err),
                         RF_OK);
        rf_membership_ratios(&s->model, &counts, s->size, &counts, s->size, &ratios);
        for (uint32_t a = 0; a < s->p.accounts; a++) {
            int strength[RF_MAX_FAMILIES];
            int vouched[RF_MAX_FAMILIES];
            double bits = log2((double)s->size / s->p.accounts);
            size_t const place = scratch.place[a] - (size_t)1; /* SIZE_MAX: untouched */
            slow_strengths(s, a, strength, vouched);
            for (uint32_t slot = 0; slot < s->model.slots; slot++) {
                double const ratio = (double)ratios.bits[slot][strength[slot]];
                assert_int_equal(found_at(&s->model, scratch.strength, place, slot),
                                 strength[slot]);
                assert_int_equal(found_at(&s->model, scratch.vouched, place, slot), vouched[slot]);
                bits += strength[slot] > 0 && ratio > 0 ? ratio : 0;
                (s->in_ring[a] == 7 ? slow.inside : slow.outside)[slot][strength[slot]]++;
                seen += strength[slot] > 0;
            }
            if (place != SIZE_MAX) {
                rf_membership const fast = rf_membership_of(&s->model, &scratch, &ratios, place);
                double const own = slow_own(s, a, &families);
                assert_int_equal(fast.account, a);
                assert_true(fabs((double)fast.bits - (own > 0 ? fmax(bits, own) : bits)) < 1e-4);
                assert_true(own == 0 || (fast.held >= 2 && fast.vouched >= 1));
                owned += own > 0;
            }
        }
        assert_true(seen > 20);
        for (uint32_t slot = 0; slot < s->model.slots; slot++) {
            for (uint32_t k = 1; k < RF_STRENGTHS; k++) {
                double const rate = (slow.inside[slot][k] * (1 + 4.0 / s->size)) / (s->size + 4);
                double const elsewhere =
                    (slow.outside[slot][k] + 0.5) / (s->p.accounts - s->size + 1);
                assert_int_equal(counts.inside[slot][k], slow.inside[slot][k]);
                assert_int_equal(counts.outside[slot][k], slow.outside[slot][k]);
                assert_true(
                    fabs((double)ratios.bits[slot][k] - log2(fmax(rate, 1e-6) / elsewhere)) < 1e-3);
            }
        }
        rf_membership_clear(&scratch);
        for (uint32_t a = 0; a < s->p.accounts; a++) {
            assert_int_equal(scratch.place[a], 0);
        }
        for (uint32_t g = 0; g < s->p.groups; g++) {
            assert_int_equal(scratch.members[g], 0);
        }
        rf_membership_scratch_end(&scratch);
        strike(s);
    }
    assert_true(owned > 20);
    assert_true(families > 2);
}

static void what_makes_a_value_the_rings_own(void **state)
{
    (void)state;
    assert_true(rf_own_bits(false, 2, 3) == 0); /* two of two may be a family */
    assert_true(fabs((double)rf_own_bits(true, 2, 3) - log2(3.5 / 0.5)) < 1e-6);
    assert_true(fabs((double)rf_own_bits(true, 1, 2) - log2(2.5 / 0.5)) < 1e-6);
    assert_true(fabs((double)rf_own_bits(true, 2, 5) - log2(3.5 / 2.5)) < 1e-6);
    assert_true(rf_own_bits(true, 1, 4) == 0);
    assert_true(rf_own_bits(true, 3, 7) == 0); /* as any other value */
    assert_true(rf_own_bits(true, 0, 2) == 0);
    assert_true(fabs((double)rf_own_bits(false, 4, 6) - log2(4.5 / 1.5)) < 1e-6);
    assert_true(rf_own_bits(false, 3, 5) == 0);
    assert_true(fabs((double)rf_own_bits(false, 3, 4) - log2(3.5 / 0.5)) < 1e-6);
    assert_true(rf_own_bits(false, 5, 8) == 0);
    assert_true(fabs((double)rf_own_bits(false, 9, 13) - log2(9.5 / 3.5)) < 1e-6);
    assert_true(rf_own_bits(false, 520, 1001) == 0);
    assert_true(rf_own_bits(false, 540, 1001) > 0);
}

/* Findings with rings of given sizes over the first accounts of a scene. */
static void make_rings(rf_findings *f, const rf_population *p, const uint32_t *size, uint32_t rings)
{
    uint32_t at = 0;
    *f = (rf_findings){.rings = rings};
    f->ring = rf_alloc(rings, sizeof *f->ring);
    f->member = rf_alloc(p->accounts, sizeof *f->member);
    assert_non_null(f->ring);
    assert_non_null(f->member);
    for (uint32_t r = 0; r < rings; r++) {
        f->ring[r] = (rf_ring){.network = r + 1, .first_member = at, .size = size[r]};
        for (uint32_t i = 0; i < size[r]; i++, at++) {
            f->member[at] = (rf_member){.account = at,
                                        .account_row = p->account_row[at],
                                        .ring = r + 1,
                                        .cell = r + 1,
                                        .membership = (float)at};
        }
    }
    f->members = at;
}

static void regrouping_keeps_lists_in_step(void **state)
{
    static const uint32_t size[] = {6, 3, 5, 4};
    static const uint32_t target[] = {0, 1, 1, 3};
    scene *s = stage(0, 5);
    rf_findings f;
    rf_places places;
    rf_error err = {.status = RF_OK};
    (void)state;
    make_rings(&f, &s->p, size, 4);
    assert_int_equal(rf_places_of(&f, s->p.accounts, &places, &err), RF_OK);
    assert_int_equal(places.ring[8], 1);
    assert_int_equal(places.ring[18], UINT32_MAX);
    assert_true(isnan(places.membership[18]));
    for (uint32_t a = 0; a < 4; a++) {
        places.ring[a] = UINT32_MAX; /* two are left of the first ring */
    }
    for (uint32_t a = 9; a < 14; a++) {
        places.ring[a] = 1; /* the third joins the second */
    }
    places.ring[60] = 3;
    places.cell[60] = 4;
    places.fringe[60] = 1;
    assert_int_equal(rf_networks_join(&f, target, &err), RF_OK);
    assert_int_equal(rf_rings_regroup(&s->p, &places, 3, &f, &err), RF_OK);
    assert_int_equal(f.rings, 2);
    assert_int_equal(f.members, 8 + 5);
    assert_int_equal(f.ring[0].size, 8);
    assert_int_equal(f.ring[0].network, 2);
    assert_int_equal(f.ring[1].first_member, 8);
    for (uint32_t i = 0; i < f.members; i++) {
        assert_int_equal(f.member[i].ring, i < 8 ? 1 : 2);
        assert_true(i == 0 || i == 8 || f.member[i].account > f.member[i - 1].account);
        assert_int_equal(f.member[i].account_row, s->p.account_row[f.member[i].account]);
    }
    assert_int_equal(f.member[12].account, 60);
    assert_true(f.member[12].fringe);
    assert_true(f.member[3].membership == 9.0F);
    rf_places_free(&places);
    rf_findings_free(&f);
    strike(s);
}

/* Growth with rounds of nothing changes nothing; with rounds, threads change nothing. */
static void growth_does_not_depend_on_threads(void **state)
{
    static const uint32_t size[] = {9, 8, 7, 12};
    uint32_t moved = 0;
    (void)state;
    for (unsigned seed = 20; seed < 30; seed++) {
        scene *s = stage(seed % 3 == 0, seed);
        rf_grow_settings settings = rf_grow_defaults();
        rf_findings f[3];
        uint32_t changed[3];
        settings.join_bits = -3;
        settings.held = 1 + seed % 2;
        for (unsigned t = 0; t < 3; t++) {
            rf_error err = {.status = RF_OK};
            rf_rivals rivals = {0};
            make_rings(&f[t], &s->p, size, 4);
            f[t].ring[3].score = -9; /* not suspect: a rival */
            assert_int_equal(
                rf_rings_grow(&s->p, &s->c, &settings, 3, t + 1, &rivals, &f[t], &changed[t], &err),
                RF_OK);
            rf_rivals_free(&rivals);
            assert_int_equal(changed[t], changed[0]);
            assert_int_equal(f[t].members, f[0].members);
            for (uint32_t i = 0; i < f[t].members; i++) {
                assert_int_equal(f[t].member[i].account, f[0].member[i].account);
                assert_int_equal(f[t].member[i].ring, f[0].member[i].ring);
                assert_int_equal(f[t].member[i].cell, f[0].member[i].cell);
                assert_int_equal(f[t].member[i].fringe, f[0].member[i].fringe);
            }
        }
        moved += changed[0];
        for (unsigned t = 0; t < 3; t++) {
            rf_findings_free(&f[t]);
        }
        rf_rivals none = {0};
        settings.rounds = 0;
        make_rings(&f[0], &s->p, size, 4);
        assert_int_equal(rf_rings_grow(&s->p, &s->c, &settings, 3, 1, &none, &f[0], &changed[0],
                                       &(rf_error){.status = RF_OK}),
                         RF_OK);
        assert_int_equal(changed[0], 0);
        assert_int_equal(f[0].members, 36);
        rf_rivals_free(&none);
        rf_findings_free(&f[0]);
        strike(s);
    }
    assert_true(moved > 20);
}

/* Whoever a community could pull, by whatever ratios, is found again as it was measured. */
static void whoever_could_be_pulled_is_noted(void **state)
{
    uint32_t pulled = 0;
    (void)state;
    for (unsigned seed = 80; seed < 100; seed++) {
        scene *s = stage(false, seed);
        rf_error err = {.status = RF_OK};
        rf_membership_model model = {0};
        rf_membership_scratch scratch = {0};
        rf_membership_scratch view = {0};
        rf_measured *measured = NULL;
        rf_strength_counts counts;
        rf_strength_counts found;
        rf_ratios ratios = {.prior = -2};
        uint32_t const member[] = {seed % 9, 10, 11 + seed % 5, 21, 22, 40};
        uint32_t const held = 1 + seed % 3;
        size_t next = 0;
        assert_int_equal(rf_membership_begin(&s->p, &s->c, &model, &err), RF_OK);
        assert_int_equal(rf_membership_scratch_begin(&model, &scratch, &err), RF_OK);
        assert_int_equal(rf_measured_new(s->p.accounts, &measured, &err), RF_OK);
        assert_false(rf_measured_find(measured, &model, member, 6, &view, &found));
        assert_int_equal(rf_membership_measure(&model, NULL, member, 6, &scratch, &counts, &err),
                         RF_OK);
        assert_int_equal(
            rf_measured_note(measured, &model, member, 6, held, &scratch, &counts, &err), RF_OK);
        assert_false(rf_measured_find(measured, &model, member, 5, &view, &found));
        assert_true(rf_measured_find(measured, &model, member, 6, &view, &found));
        assert_memory_equal(&found, &counts, sizeof found);
        for (uint32_t slot = 0; slot < model.slots; slot++) {
            for (uint32_t step = 1; step < RF_STRENGTHS; step++) {
                ratios.bits[slot][step] = (float)(rf_mix(seed * 100 + slot * 10 + step) % 4);
            }
        }
        for (size_t i = 0; i < scratch.touched_count; i++) {
            rf_membership const m = rf_membership_of(&model, &scratch, &ratios, i);
            bool const there = next < view.touched_count && view.touched[next] == m.account;
            assert_true(there || (i >= 6 && (m.held < held || m.vouched == 0)));
            if (there) {
                rf_membership const again = rf_membership_of(&model, &view, &ratios, next++);
                assert_memory_equal(&again.bits, &m.bits, sizeof m.bits);
                assert_int_equal(again.held, m.held);
                assert_int_equal(again.vouched, m.vouched);
                pulled += i >= 6 && m.held == held;
            }
        }
        assert_int_equal(next, view.touched_count);
        rf_membership_clear(&scratch);
        rf_membership_scratch_end(&scratch);
        rf_membership_end(&model);
        rf_measured_free(measured);
        strike(s);
    }
    assert_true(pulled > 50);
}

/* Communities that were measured before hold accounts exactly as if they were measured now: those
 * that have not changed, beside those that have, with the ratios of other rings. */
static void what_was_measured_need_not_be_again(void **state)
{
    static const uint32_t size[] = {9, 8, 7, 12};
    uint32_t held = 0;
    (void)state;
    for (unsigned seed = 40; seed < 70; seed++) {
        scene *s = stage(seed % 4 == 0, seed);
        rf_grow_settings settings = rf_grow_defaults();
        rf_rivals old = {0};
        settings.join_bits = -6;
        settings.held = 1 + seed % 2;
        settings.rounds = 1 + seed % 3;
        for (uint32_t turn = 0; turn < 4; turn++) {
            rf_error err = {.status = RF_OK};
            rf_rivals fresh = {0};
            rf_findings f[2];
            uint32_t changed[2];
            for (unsigned k = 0; k < 2; k++) {
                make_rings(&f[k], &s->p, size, 4);
                f[k].ring[2].score = -9; /* rivals */
                f[k].ring[3].score = -9;
                f[k].ring[0].score = turn == 2 ? -9 : f[k].ring[0].score;
                f[k].ring[1].score = turn == 1 ? -9 : f[k].ring[1].score;
                if (turn > 1) { /* one of the last two leaves, then the other */
                    f[k].ring[3].size--;
                    f[k].members--;
                }
                if (turn == 3) {
                    f[k].member[f[k].members - 1] = f[k].member[f[k].members];
                }
                assert_int_equal(rf_rings_grow(&s->p, &s->c, &settings, 3, 1 + turn,
                                               k == 0 ? &old : &fresh, &f[k], &changed[k], &err),
                                 RF_OK);
            }
            assert_int_equal(changed[0], changed[1]);
            assert_int_equal(f[0].members, f[1].members);
            for (uint32_t i = 0; i < f[0].members; i++) {
                assert_int_equal(f[0].member[i].account, f[1].member[i].account);
                assert_int_equal(f[0].member[i].ring, f[1].member[i].ring);
                assert_memory_equal(&f[0].member[i].membership, &f[1].member[i].membership,
                                    sizeof(float));
            }
            assert_memory_equal(old.bits, fresh.bits, s->p.accounts * sizeof *old.bits);
            for (uint32_t a = 0; a < s->p.accounts; a++) {
                held += old.bits[a] > 0;
            }
            rf_rivals_free(&fresh);
            rf_rivals_clear(&old);
            rf_findings_free(&f[0]);
            rf_findings_free(&f[1]);
        }
        rf_rivals_free(&old);
        strike(s);
    }
    assert_true(held > 200);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_vouching_is_everybody_vouching),
        cmocka_unit_test(memberships_are_those_of_the_definition),
        cmocka_unit_test(what_makes_a_value_the_rings_own),
        cmocka_unit_test(regrouping_keeps_lists_in_step),
        cmocka_unit_test(growth_does_not_depend_on_threads),
        cmocka_unit_test(whoever_could_be_pulled_is_noted),
        cmocka_unit_test(what_was_measured_need_not_be_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
