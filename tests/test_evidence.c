/* test_evidence.c - the evidence of all pairs against a slow second implementation, link by link
 * and to the last unit, on many small random populations read through a real store; and what must
 * not change it: the order of rows, threads, the texts of values, accounts that share nothing. */
#include "crowd.h"
#include "slow_evidence.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct found {
    rf_population p;
    rf_calibration c;
    rf_links l;
} found;

static found *find_links(const crowd *people, const rf_evidence_settings *settings,
                         unsigned threads, unsigned long long order, int pseudonyms)
{
    found *f = calloc(1, sizeof *f);
    rf_error err = {.status = RF_OK};
    assert_non_null(f);
    crowd_read(people, order, pseudonyms, &f->p);
    assert_int_equal(rf_calibrate(&f->p, settings, threads, &f->c, &err), RF_OK);
    assert_int_equal(rf_links_find(&f->p, &f->c, threads, &f->l, &err), RF_OK);
    return f;
}

static void drop(found *f)
{
    rf_links_free(&f->l);
    rf_calibration_free(&f->c);
    rf_population_free(&f->p);
    free(f);
}

static void signal_rows(const crowd *people, const rf_population *p, int64_t *row)
{
    for (uint32_t s = 0; s < people->signals; s++) {
        for (uint32_t k = 0; k < p->signals; k++) {
            if (strcmp(p->signal[k].name, people->signal[s].name) == 0) {
                row[s] = p->signal[k].row;
            }
        }
    }
}

static void same_links(const found *f, const slow_evidence *e)
{
    for (uint64_t i = 0; i < f->l.count && i < e->links; i++) {
        const slow_link *expected = &e->link[i];
        if (f->l.a[i] != expected->a || f->l.b[i] != expected->b ||
            f->l.bits[i] != expected->bits || f->l.families[i] != expected->families) {
            fail_msg("link %u: %u-%u of %d in %u families, expected %u-%u of %lld in %u",
                     (unsigned)i, f->l.a[i], f->l.b[i], f->l.bits[i], f->l.families[i], expected->a,
                     expected->b, expected->bits, expected->families);
        }
    }
    assert_int_equal(f->l.count, e->links);
}

static const slow_hub *slow_hub_of(const slow_evidence *e, const rf_population *p, uint32_t group)
{
    uint32_t const value = p->group_value[group];
    for (uint32_t i = 0; i < e->hubs; i++) {
        /* rows are in the order of the crowd here */
        if ((int64_t)e->hub[i].value + 1 == p->value_row[value] &&
            e->hub[i].day == p->group_day[group]) {
            return &e->hub[i];
        }
    }
    return NULL;
}

static void same_hubs(const found *f, const slow_evidence *e)
{
    uint32_t stars = 0;
    assert_int_equal(f->l.hubs, e->hubs);
    for (uint32_t i = 0; i < f->l.hubs; i++) {
        const rf_hub *hub = &f->l.hub[i];
        const slow_hub *expected = slow_hub_of(e, &f->p, hub->group);
        assert_non_null(expected);
        assert_true(hub->reliability == expected->reliability);
        assert_int_equal(hub->worth, expected->worth);
        assert_int_equal(hub->treatment, expected->treatment);
        if (hub->treatment == RF_HUB_STAR) {
            assert_int_equal(f->l.star[stars].group, hub->group);
            assert_int_equal(f->l.star[stars++].bits, expected->star_bits);
        }
    }
    assert_int_equal(f->l.stars, stars);
}

static void same_learning(const found *f, const slow_evidence *e)
{
    assert_int_equal(f->c.one_family, e->one_family);
    assert_int_equal(f->c.common, e->common);
    assert_int_equal(f->p.families, e->families);
    for (uint32_t k = 0; k < e->families; k++) {
        assert_true(f->c.by_chance[k] == e->chance[k]);
        assert_true(f->c.sensitivity[k] == e->sensitivity[k]);
    }
    for (uint32_t v = 0; v < f->p.values; v++) {
        int64_t const value = f->p.value_row[v] - 1;
        assert_true(f->c.examined[v] == e->examined[value]);
        assert_true(f->c.corroborated[v] == e->corroborated[value]);
    }
    for (uint32_t s = 0; s < e->c->signals; s++) {
        for (uint32_t k = 0; k < f->p.signals; k++) {
            for (uint32_t b = 0;
                 strcmp(f->p.signal[k].name, e->c->signal[s].name) == 0 && b < RF_BUCKETS; b++) {
                assert_true(f->c.bucket[k][b].reliability == e->bucket[s][b]);
            }
        }
    }
}

/* The bound of a group must not be below what a pair gets from its value with that group alone. */
static void bounds_hold(const found *f)
{
    rf_pair_evidence evidence = {0};
    rf_error err = {.status = RF_OK};
    for (uint32_t g = 0; g < f->p.groups; g++) {
        const uint32_t *holders = rf_group_holders(&f->p, g);
        uint32_t const n = rf_group_size(&f->p, g);
        rf_bits const bound = rf_group_bound(&f->p, &f->c, g);
        for (uint32_t i = 0; i < n; i++) {
            for (uint32_t j = i + 1; j < n; j++) {
                assert_int_equal(
                    rf_pair_weigh(&f->p, &f->c, holders[i], holders[j], &evidence, &err), RF_OK);
                for (size_t k = 0; k < evidence.count; k++) {
                    /* the group that is the pair's best day of the value */
                    assert_true(evidence.shared[k].value != f->p.group_value[g] ||
                                evidence.shared[k].fewest != n ||
                                evidence.shared[k].alone <= bound);
                }
            }
        }
    }
    rf_pair_evidence_free(&evidence);
}

static rf_evidence_settings settings_by(unsigned round)
{
    rf_evidence_settings s = rf_evidence_defaults();
    s.pair_cap = round % 3 == 0 ? 1000 : round % 3 == 1 ? 20 : 9;
    s.common_share = round % 4 == 0 ? 0.5 : 0.004;
    s.star_from = round % 2 == 0 ? 0.5 : 0.1;
    s.seed = round;
    s.threshold_bits = round % 5 == 0 ? 2.5 : 0;
    s.prior_bits = round % 7 == 3 ? -12 : s.prior_bits;
    return s;
}

static void judge(const crowd_options *options, unsigned round)
{
    int64_t row[CROWD_SIGNALS] = {0};
    crowd *people = crowd_make(options, round * 1000003U + 7);
    rf_evidence_settings const settings = settings_by(round);
    found *f = find_links(people, &settings, 1 + round % 3, 0, 0);
    slow_evidence *e;
    signal_rows(people, &f->p, row);
    e = slow_evidence_of(people, &settings, row);
    for (uint32_t a = 0; a < people->accounts; a++) {
        assert_string_equal(f->p.external_id[e->rank[a]], people->external_id[a]);
        assert_int_equal(f->p.created_at[e->rank[a]], people->created_at[a]);
        assert_int_equal(f->p.observed[e->rank[a]], e->observed[e->rank[a]]);
    }
    same_learning(f, e);
    same_hubs(f, e);
    same_links(f, e);
    bounds_hold(f);
    free(e);
    drop(f);
    free(people);
}

static void several_families(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 14; round++) {
        judge(&(crowd_options){.accounts = 20 + round * 9,
                               .rings = round % 6,
                               .coincident = 40 + round * 5,
                               .hubs = round % 5},
              round);
    }
}

static void one_family_alone(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        judge(&(crowd_options){.accounts = 25 + round * 9,
                               .rings = round % 4,
                               .coincident = 60,
                               .hubs = round % 3,
                               .one_family = 1 + (int)(round % 2)},
              round);
    }
}

static void many_large_groups(void **state)
{
    (void)state;
    for (unsigned round = 30; round < 36; round++) {
        judge(&(crowd_options){.accounts = 120, .rings = 6, .coincident = 30, .hubs = 14}, round);
    }
}

static void tiny_and_empty(void **state)
{
    (void)state;
    for (uint32_t accounts = 1; accounts < 6; accounts++) {
        judge(&(crowd_options){.accounts = accounts}, accounts);
        judge(&(crowd_options){.accounts = accounts, .coincident = accounts}, accounts);
    }
}

/* ---- what must not matter ---- */

static void equal_links(const found *x, const found *y)
{
    assert_int_equal(x->l.count, y->l.count);
    assert_int_equal(x->l.hubs, y->l.hubs);
    assert_int_equal(x->l.stars, y->l.stars);
    assert_int_equal(x->l.pairs, y->l.pairs);
    for (uint64_t i = 0; i < x->l.count; i++) {
        assert_string_equal(x->p.external_id[x->l.a[i]], y->p.external_id[y->l.a[i]]);
        assert_string_equal(x->p.external_id[x->l.b[i]], y->p.external_id[y->l.b[i]]);
        assert_int_equal(x->l.bits[i], y->l.bits[i]);
        assert_int_equal(x->l.families[i], y->l.families[i]);
    }
}

static crowd *busy_crowd(unsigned long long seed)
{
    return crowd_make(&(crowd_options){.accounts = 90, .rings = 6, .coincident = 80, .hubs = 5},
                      seed);
}

static void rows_threads_and_names_do_not_matter(void **state)
{
    (void)state;
    for (unsigned round = 1; round < 5; round++) {
        static const unsigned threads[] = {2, 3, 7};
        crowd *people = busy_crowd(round);
        rf_evidence_settings settings = settings_by(round);
        found *plain = find_links(people, &settings, 1, 0, 0);
        assert_true(plain->l.count > 50);
        for (int i = 0; i < 3; i++) {
            found *other = find_links(people, &settings, threads[i], 0, 0);
            equal_links(plain, other);
            drop(other);
        }
        for (unsigned order = 1; order < 5; order++) {
            found *other = find_links(people, &settings, 1 + order % 2, order, order % 2 == 0);
            equal_links(plain, other);
            drop(other);
        }
        drop(plain);
        free(people);
    }
}

/* With the prior held fixed, somebody who shares nothing changes nothing. Rarity limits depend on
 * the number of accounts, so there are no common values here. */
static void strangers_do_not_matter(void **state)
{
    (void)state;
    for (unsigned round = 1; round < 9; round++) {
        crowd *people = crowd_make(&(crowd_options){.accounts = 60, .coincident = 150}, round);
        rf_evidence_settings settings = rf_evidence_defaults();
        found *before;
        found *after;
        uint32_t stranger;
        settings.prior_bits = -7;
        before = find_links(people, &settings, 2, 0, 0);
        for (uint32_t g = 0; g < before->p.groups; g++) { /* no samples: all pairs are examined */
            assert_true(rf_group_size(&before->p, g) <= RF_ALL_PAIRS_UP_TO);
        }
        stranger = crowd_add_account(people, "m-stranger", 1700000000);
        crowd_add_sighting(people, crowd_add_value(people, "device", "own"), stranger, 20001);
        after = find_links(people, &settings, 2, 0, 0);
        equal_links(before, after);
        drop(after);
        drop(before);
        free(people);
    }
}

static void explained_pairs_are_the_links(void **state)
{
    crowd *people = busy_crowd(99);
    rf_evidence_settings settings = settings_by(1);
    found *f = find_links(people, &settings, 2, 0, 0);
    rf_pair_evidence evidence = {0};
    rf_error err = {.status = RF_OK};
    (void)state;
    for (uint64_t i = 0; i < f->l.count; i++) {
        int64_t sum;
        /* either way round */
        assert_int_equal(rf_pair_weigh(&f->p, &f->c, f->l.b[i], f->l.a[i], &evidence, &err), RF_OK);
        sum = evidence.prior;
        for (size_t k = 0; k < evidence.count; k++) {
            sum += evidence.shared[k].counted;
            assert_true(evidence.shared[k].counted <= evidence.shared[k].alone);
            assert_true(k == 0 || evidence.shared[k].alone <= evidence.shared[k - 1].alone);
        }
        assert_int_equal(sum, evidence.posterior);
        assert_int_equal(sum, f->l.bits[i]);
        assert_int_equal(evidence.families, f->l.families[i]);
    }
    rf_pair_evidence_free(&evidence);
    drop(f);
    free(people);
}

static void buckets_cover_all_numbers(void **state)
{
    (void)state;
    for (uint32_t n = 2; n < 3000000; n += n < 5000 ? 1 : 997) {
        uint32_t const bucket = rf_bucket_of(n);
        assert_true(bucket < RF_BUCKETS);
        assert_in_range(n, rf_bucket_from(bucket), rf_bucket_to(bucket));
    }
    assert_int_equal(rf_bucket_of(UINT32_MAX), 34);
    assert_int_equal(rf_bucket_to(rf_bucket_of(UINT32_MAX)), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_families),
        cmocka_unit_test(one_family_alone),
        cmocka_unit_test(many_large_groups),
        cmocka_unit_test(tiny_and_empty),
        cmocka_unit_test(rows_threads_and_names_do_not_matter),
        cmocka_unit_test(strangers_do_not_matter),
        cmocka_unit_test(explained_pairs_are_the_links),
        cmocka_unit_test(buckets_cover_all_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
