/* test_chance.c - shuffled holdings, against what must be kept, and chance rings, against counting
 * one by one; cut vertices against taking each vertex out. */
#include "base/memory.h"
#include "crowd.h"
#include "evidence/shuffle.h"
#include "graph/cut.h"
#include "import_support.h"
#include "rings/assemble.h"
#include "rings/bridges.h"
#include "rings/chance.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void must(rf_status status, const rf_error *err)
{
    if (status != RF_OK) {
        fail_msg("%s", err->text);
    }
}

/* ---- shuffles ---- */

static void must_be_lawful(const rf_population *before, const rf_population *after)
{
    uint64_t held = 0;
    for (uint32_t g = 0; g < after->groups; g++) {
        const uint32_t *holders = rf_group_holders(after, g);
        assert_int_equal(rf_group_size(before, g), rf_group_size(after, g));
        for (uint32_t i = 0; i < rf_group_size(after, g); i++) {
            assert_true(holders[i] < after->accounts);
            assert_true(i == 0 || holders[i - 1] < holders[i]); /* nobody twice */
        }
    }
    for (uint32_t a = 0; a < after->accounts; a++) {
        for (uint64_t i = after->account_start[a]; i < after->account_start[a + 1]; i++, held++) {
            uint32_t const g = after->account_group[i];
            bool found = false;
            assert_true(i == after->account_start[a] || after->account_group[i - 1] < g);
            for (uint32_t k = 0; k < rf_group_size(after, g); k++) {
                found = found || rf_group_holders(after, g)[k] == a;
            }
            assert_true(found);
        }
    }
    assert_int_equal(held, after->groups == 0 ? 0 : after->group_start[after->groups]);
}

/* How many groups of the signal and day an account holds: what a shuffle must keep. */
static uint32_t degree(const rf_population *p, uint32_t account, uint32_t signal, int32_t day)
{
    uint32_t count = 0;
    for (uint64_t i = p->account_start[account]; i < p->account_start[account + 1]; i++) {
        uint32_t const g = p->account_group[i];
        bool const windowed = p->signal[signal].windowed;
        count +=
            p->value_signal[p->group_value[g]] == signal && (!windowed || p->group_day[g] == day);
    }
    return count;
}

static uint64_t moved(const rf_population *a, const rf_population *b)
{
    uint64_t count = 0;
    for (uint64_t i = 0; a->groups > 0 && i < a->group_start[a->groups]; i++) {
        count += a->holder[i] != b->holder[i];
    }
    return count;
}

static void shuffles_keep_degrees(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed <= 12; seed++) {
        crowd_options const options = {
            .accounts = 30 + (uint32_t)seed * 40, .rings = 6, .coincident = 300, .hubs = 4};
        crowd *c = crowd_make(&options, seed);
        rf_population p;
        rf_shuffle one;
        rf_shuffle two;
        rf_error err = {.status = RF_OK};
        crowd_read(c, 0, 0, &p);
        must(rf_shuffle_plan(&p, &one, &err), &err);
        must(rf_shuffle_plan(&p, &two, &err), &err);
        must(rf_shuffle_draw(&one, seed, 0, 1, &err), &err);
        must_be_lawful(&p, &one.population);
        for (uint32_t g = 0; g < p.groups; g++) {
            uint32_t const s = p.value_signal[p.group_value[g]];
            for (uint32_t a = (uint32_t)(g % 3); a < p.accounts; a += 3) {
                assert_int_equal(degree(&p, a, s, p.group_day[g]),
                                 degree(&one.population, a, s, p.group_day[g]));
            }
        }
        assert_true(moved(&p, &one.population) > 0);
        must(rf_shuffle_draw(&two, seed, 0, 4, &err), &err); /* threads change nothing */
        assert_int_equal(moved(&one.population, &two.population), 0);
        must(rf_shuffle_draw(&two, seed, 1, 1, &err), &err);
        assert_true(moved(&one.population, &two.population) > 0);
        must(rf_shuffle_draw(&two, seed + 1, 0, 1, &err), &err);
        assert_true(moved(&one.population, &two.population) > 0);
        rf_shuffle_free(&one);
        rf_shuffle_free(&two);
        rf_population_free(&p);
        free(c);
    }
}

/* A few values that nearly everybody holds: hardly any arrangement is lawful. */
static void crowded_windows_stay_lawful(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed <= 40; seed++) {
        crowd_options const options = {.accounts = 8};
        crowd *c = crowd_make(&options, seed);
        unsigned long long draw = seed;
        rf_population p;
        rf_shuffle s;
        rf_error err = {.status = RF_OK};
        for (uint32_t v = 0; v < 5; v++) {
            char text[8];
            (void)snprintf(text, sizeof text, "v%u", v);
            uint32_t const value = crowd_add_value(c, c->signal[0].name, text);
            for (uint32_t a = 0; a < c->accounts; a++) {
                if (random_below(&draw, 10) > seed % 4) {
                    crowd_add_sighting(c, value, a, 3);
                }
            }
        }
        crowd_read(c, 0, 0, &p);
        must(rf_shuffle_plan(&p, &s, &err), &err);
        for (uint32_t k = 0; k < 5; k++) {
            must(rf_shuffle_draw(&s, seed, k, 1, &err), &err);
            must_be_lawful(&p, &s.population);
        }
        rf_shuffle_free(&s);
        rf_population_free(&p);
        free(c);
    }
}

static int by_number(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Who holds what, by the names of accounts alone: the sorted hashes of all values' holders. */
static uint64_t picture(const rf_population *p)
{
    uint64_t sum = 0;
    uint64_t *hash = calloc((size_t)p->values + 1, sizeof *hash);
    assert_non_null(hash);
    for (uint32_t v = 0; v < p->values; v++) {
        hash[v] = p->value_signal[v];
        for (uint32_t g = p->value_group_start[v]; g < p->value_group_start[v + 1]; g++) {
            hash[v] = hash[v] * 31 + (uint32_t)p->group_day[g];
            for (uint32_t i = 0; i < rf_group_size(p, g); i++) {
                hash[v] = (hash[v] ^ rf_group_holders(p, g)[i]) * UINT64_C(0x100000001b3);
            }
        }
    }
    qsort(hash, p->values, sizeof *hash, by_number);
    for (uint32_t v = 0; v < p->values; v++) {
        sum = (sum ^ hash[v]) * UINT64_C(0x9e3779b97f4a7c15);
    }
    free(hash);
    return sum;
}

static void rows_may_come_in_any_order(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed <= 4; seed++) {
        crowd_options const options = {.accounts = 150, .rings = 6, .coincident = 200, .hubs = 3};
        crowd *c = crowd_make(&options, seed);
        uint64_t seen[3];
        for (int k = 0; k < 3; k++) {
            rf_population p;
            rf_shuffle s;
            rf_error err = {.status = RF_OK};
            crowd_read(c, (unsigned long long)k * 7, k == 2, &p);
            must(rf_shuffle_plan(&p, &s, &err), &err);
            must(rf_shuffle_draw(&s, 5, 2, 2, &err), &err);
            seen[k] = picture(&s.population);
            rf_shuffle_free(&s);
            rf_population_free(&p);
        }
        assert_true(seen[0] == seen[1]);
        assert_true(seen[0] == seen[2]);
        free(c);
    }
}

/* Strange pairs: all of them weighed, one by one, against the pair step. */
static void strange_links_are_those_of_all_pairs(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed <= 6; seed++) {
        crowd_options const options = {.accounts = 160,
                                       .rings = 8,
                                       .coincident = 250,
                                       .hubs = 3,
                                       .one_family = seed == 5   ? 1
                                                     : seed == 6 ? 2
                                                                 : 0};
        crowd *c = crowd_make(&options, seed);
        rf_evidence_settings settings = rf_evidence_defaults();
        rf_population p;
        rf_calibration calibration;
        rf_links links;
        rf_shuffle s;
        rf_pair_evidence evidence = {0};
        rf_error err = {.status = RF_OK};
        uint64_t at = 0;
        settings.pair_cap = 60;
        crowd_read(c, 0, 0, &p);
        must(rf_calibrate(&p, &settings, 1, &calibration, &err), &err);
        calibration.strange = true;
        must(rf_shuffle_plan(&p, &s, &err), &err);
        must(rf_shuffle_draw(&s, seed, 0, 1, &err), &err);
        must(rf_links_find(&s.population, &calibration, 2, &links, &err), &err);
        for (uint32_t a = 0; a < p.accounts; a++) {
            for (uint32_t b = a + 1; b < p.accounts; b++) {
                bool below = false; /* the cap, and worth something: else nobody asks */
                must(rf_pair_weigh(&s.population, &calibration, a, b, &evidence, &err), &err);
                for (size_t i = 0; i < evidence.count; i++) {
                    below = below || (evidence.shared[i].fewest <= settings.pair_cap &&
                                      evidence.shared[i].alone > 0);
                }
                if (evidence.posterior <= 0 || !below) {
                    continue;
                }
                assert_true(at < links.count);
                assert_int_equal(links.a[at], a);
                assert_int_equal(links.b[at], b);
                assert_int_equal(links.bits[at], evidence.posterior);
                assert_int_equal(links.families[at], evidence.families);
                at++;
            }
        }
        assert_int_equal(at, links.count);
        rf_pair_evidence_free(&evidence);
        rf_links_free(&links);
        rf_shuffle_free(&s);
        rf_calibration_free(&calibration);
        rf_population_free(&p);
        free(c);
    }
}

/* ---- q-values ---- */

static int downwards(const void *left, const void *right)
{
    double const a = *(const double *)left;
    double const b = *(const double *)right;
    return (a < b) - (a > b);
}

static uint32_t at_least(const double *values, uint32_t count, double bits)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        n += values[i] >= bits;
    }
    return n;
}

static void q_values_are_those_of_counting(void **state)
{
    unsigned long long draw = 9;
    (void)state;
    for (int round = 0; round < 300; round++) {
        double found[60];
        double chance[90];
        double q[60];
        uint32_t const n = random_below(&draw, 60);
        uint32_t const m = random_below(&draw, 90);
        uint32_t const shuffles = 1 + random_below(&draw, 5);
        for (uint32_t i = 0; i < n; i++) {
            found[i] = random_below(&draw, 25) / 4.0; /* ties, and zeros */
        }
        for (uint32_t i = 0; i < m; i++) {
            chance[i] = random_below(&draw, 12) / 4.0;
        }
        qsort(found, n, sizeof *found, downwards);
        qsort(chance, m, sizeof *chance, downwards);
        rf_chance_q(found, n, chance, m, shuffles, q);
        for (uint32_t i = 0; i < n; i++) {
            double least = 1;
            for (uint32_t k = 0; k < n; k++) {
                if (found[k] <= found[i]) {
                    least = fmin(least, (double)at_least(chance, m, found[k]) / shuffles /
                                            at_least(found, n, found[k]));
                }
            }
            assert_true(q[i] == (found[i] > 0 ? least : 1));
            assert_true(i == 0 || q[i] >= q[i - 1]);
        }
    }
}

/* ---- cut vertices ---- */

enum { VERTICES = 24 };

static uint32_t spread(uint8_t edge[VERTICES][VERTICES], uint32_t n, uint32_t from,
                       const uint8_t *mass, uint8_t *seen)
{
    uint32_t sum = mass[from];
    seen[from] = 1;
    for (uint32_t w = 0; w < n; w++) {
        if (edge[from][w] && !seen[w]) {
            sum += spread(edge, n, w, mass, seen);
        }
    }
    return sum;
}

static void cuts_are_those_of_taking_out(void **state)
{
    unsigned long long draw = 4;
    (void)state;
    for (int round = 0; round < 400; round++) {
        uint32_t const n = 2 + random_below(&draw, VERTICES - 1);
        uint32_t const edges = random_below(&draw, 2 * n);
        uint8_t edge[VERTICES][VERTICES] = {{0}};
        uint8_t mass[VERTICES];
        uint32_t from[2 * VERTICES];
        uint32_t to[2 * VERTICES];
        float weight[2 * VERTICES];
        uint32_t off[VERTICES] = {0};
        rf_graph graph;
        rf_error err = {.status = RF_OK};
        for (uint32_t i = 0; i < edges; i++) {
            from[i] = random_below(&draw, n);
            to[i] = random_below(&draw, n);
            weight[i] = 1;
            edge[from[i]][to[i]] = edge[to[i]][from[i]] = from[i] != to[i];
        }
        for (uint32_t v = 0; v < n; v++) {
            mass[v] = round % 2 == 0 || random_below(&draw, 4) > 0;
        }
        must(rf_graph_build(n, edges, from, to, weight, &graph, &err), &err);
        must(rf_graph_cuts(&graph, round % 2 == 0 ? NULL : mass, off, &err), &err);
        for (uint32_t v = 0; v < n; v++) {
            uint8_t seen[VERTICES] = {0};
            uint8_t reached[VERTICES] = {0};
            uint32_t const whole = spread(edge, n, v, mass, reached) - mass[v];
            uint32_t most = 0;
            seen[v] = 1;
            for (uint32_t w = 0; w < n; w++) {
                if (reached[w] && !seen[w]) {
                    uint32_t const piece = spread(edge, n, w, mass, seen);
                    most = piece > most ? piece : most;
                }
            }
            assert_int_equal(off[v], whole - most);
        }
        rf_graph_free(&graph);
    }
}

/* Two cliques of four that share one account; one more account hangs on by itself. */
static void the_go_between_is_a_bridge(void **state)
{
    uint32_t a[32];
    uint32_t b[32];
    rf_bits bits[32];
    rf_links links = {.a = a, .b = b, .bits = bits};
    rf_population p = {.accounts = 8};
    rf_member member[8] = {{0}};
    rf_ring ring = {.size = 8};
    rf_findings f = {.ring = &ring, .rings = 1, .member = member, .members = 8};
    rf_error err = {.status = RF_OK};
    (void)state;
    for (uint32_t i = 0; i < 7; i++) {
        for (uint32_t j = i + 1; j < 7; j++) {
            if ((i <= 3 && j <= 3) || (i >= 3 && j >= 3)) {
                a[links.count] = i;
                b[links.count] = j;
                bits[links.count++] = RF_BIT;
            }
        }
    }
    a[links.count] = 0;
    b[links.count] = 7;
    bits[links.count++] = RF_BIT;
    for (uint32_t m = 0; m < 8; m++) {
        member[m] = (rf_member){.account = m, .ring = 1, .fringe = m == 7};
    }
    must(rf_rings_bridges(&p, &links, &f, &err), &err);
    for (uint32_t m = 0; m < 8; m++) {
        assert_int_equal(member[m].bridge, m == 3); /* not 0, which carries one account */
    }
}

/* ---- the whole of it ---- */

typedef struct detected {
    rf_population p;
    rf_calibration c;
    rf_links links;
    rf_findings f;
} detected;

static void detect(const crowd *c, unsigned long long order, detected *d)
{
    rf_evidence_settings const settings = rf_evidence_defaults();
    rf_level_settings const levels = rf_level_defaults();
    double density;
    rf_error err = {.status = RF_OK};
    *d = (detected){.f = {.seed = 1}};
    crowd_read(c, order, order > 0, &d->p);
    must(rf_calibrate(&d->p, &settings, 1, &d->c, &err), &err);
    must(rf_links_find(&d->p, &d->c, 1, &d->links, &err), &err);
    must(rf_rings_assemble(&d->p, &d->links, &levels, &d->f, &density, &err), &err);
    for (uint32_t r = 0; r < d->f.rings; r++) {
        d->f.ring[r].flagged = true;
    }
}

static void detected_free(detected *d)
{
    rf_findings_free(&d->f);
    rf_links_free(&d->links);
    rf_calibration_free(&d->c);
    rf_population_free(&d->p);
}

static rf_status compare_with_chance(detected *d, const rf_level_settings *levels,
                                     const rf_chance_settings *settings, uint64_t seed,
                                     unsigned threads, rf_error *err)
{
    rf_chance chance;
    rf_status status = rf_chance_draw(&d->p, &d->c, levels, settings, seed, threads, &chance, err);
    if (status == RF_OK) {
        status = rf_rings_chance(&d->p, &d->c, &d->links, settings, &chance, &d->f, err);
    }
    rf_chance_free(&chance);
    return status;
}

/* Planted rings stand out, whatever the order of rows and the number of threads; values shared at
 * random do not. */
static void chance_tells_rings_from_coincidence(void **state)
{
    rf_level_settings const levels = rf_level_defaults();
    rf_chance_settings const settings = {.shuffles = 19, .q_most = 0.01};
    uint32_t flagged_by_chance = 0;
    uint32_t by_chance = 0;
    (void)state;
    for (unsigned long long seed = 1; seed <= 16; seed++) {
        crowd_options const options = {
            .accounts = 500, .rings = seed % 2 == 0 ? 8 : 0, .coincident = 500, .hubs = 2};
        crowd *c = crowd_make(&options, seed);
        detected one;
        detected two;
        rf_error err = {.status = RF_OK};
        detect(c, 0, &one);
        detect(c, 11, &two);
        must(compare_with_chance(&one, &levels, &settings, 3, 1, &err), &err);
        must(compare_with_chance(&two, &levels, &settings, 3, 3, &err), &err);
        assert_int_equal(one.f.rings, two.f.rings);
        assert_true(one.f.expected == two.f.expected);
        for (uint32_t r = 0; r < one.f.rings; r++) {
            assert_true(one.f.ring[r].inner_bits == two.f.ring[r].inner_bits);
            assert_true(one.f.ring[r].q == two.f.ring[r].q);
            assert_true(one.f.ring[r].q >= 0 && one.f.ring[r].q <= 1);
            assert_int_equal(one.f.ring[r].flagged, one.f.ring[r].q <= settings.q_most);
            by_chance += seed % 2;
            flagged_by_chance += seed % 2 != 0 && one.f.ring[r].flagged;
        }
        if (seed % 2 == 0) {
            assert_true(one.f.rings > 0);
        }
        detected_free(&one);
        detected_free(&two);
        free(c);
    }
    assert_true(flagged_by_chance * 20 <= by_chance);
}

static void running_out_of_memory_is_a_failure(void **state)
{
    crowd_options const options = {.accounts = 60, .rings = 3, .coincident = 40, .hubs = 1};
    rf_level_settings const levels = rf_level_defaults();
    rf_chance_settings const settings = {.shuffles = 1, .q_most = 0.01};
    crowd *c = crowd_make(&options, 2);
    detected d;
    (void)state;
    detect(c, 0, &d);
    for (long n = 1;; n++) {
        rf_error err = {.status = RF_OK};
        rf_status status;
        rf_memory_fail_after(n);
        status = compare_with_chance(&d, &levels, &settings, 1, 1, &err);
        if (status == RF_OK) {
            status = rf_rings_bridges(&d.p, &d.links, &d.f, &err);
        }
        rf_memory_fail_after(0);
        if (status == RF_OK) {
            break;
        }
        assert_int_equal(status, RF_ENOMEM);
        assert_true(n < 100000);
    }
    detected_free(&d);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shuffles_keep_degrees),
        cmocka_unit_test(crowded_windows_stay_lawful),
        cmocka_unit_test(rows_may_come_in_any_order),
        cmocka_unit_test(strange_links_are_those_of_all_pairs),
        cmocka_unit_test(q_values_are_those_of_counting),
        cmocka_unit_test(chance_tells_rings_from_coincidence),
        cmocka_unit_test(running_out_of_memory_is_a_failure),
        cmocka_unit_test(cuts_are_those_of_taking_out),
        cmocka_unit_test(the_go_between_is_a_bridge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
