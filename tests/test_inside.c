/* test_inside.c - rings taken apart: links weighed anew against those the run kept; knock-outs
 * against all sets of values; cuts against hiding each value. */
#include "base/memory.h"
#include "crowd.h"
#include "import_support.h"
#include "rings/detect.h"
#include "rings/knockout.h"
#include "rings/splits.h"
#include "store/uses.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(rf_status status, const rf_error *err)
{
    if (status != RF_OK) {
        fail_msg("%s", err->text);
    }
}

/* ---- made by chance ---- */

enum { MEMBERS = 9, VALUES = 9, TERMS = 4 };

/* A ring of a few members; a term's value and worth are drawn, links that do not live are left out.
 */
static void make(rf_inside *in, unsigned long long *draw)
{
    rf_learned *l = &in->learned;
    *in = (rf_inside){.members = 3 + random_below(draw, MEMBERS - 2),
                      .values = 2 + random_below(draw, VALUES - 1)};
    l->signals = 3;
    l->families = 2;
    for (uint32_t s = 0; s < 3; s++) {
        l->signal[s] = (rf_signal){.family = s == 2, .windowed = s == 2, .link = true};
    }
    l->calibration.settings.prior_bits = -10;
    in->value = rf_alloc(in->values, sizeof *in->value);
    in->a = rf_alloc(MEMBERS * MEMBERS, sizeof *in->a);
    in->b = rf_alloc(MEMBERS * MEMBERS, sizeof *in->b);
    in->start = rf_alloc(MEMBERS * MEMBERS + 1, sizeof *in->start);
    in->term = rf_alloc(MEMBERS * MEMBERS * TERMS, sizeof *in->term);
    assert_true(in->value != NULL && in->a != NULL && in->b != NULL && in->start != NULL &&
                in->term != NULL);
    for (uint32_t v = 0; v < in->values; v++) {
        uint32_t const s = random_below(draw, 3);
        in->value[v] = (rf_inside_value){.signal = s, .family = s == 2};
    }
    for (uint32_t a = 0; a < in->members; a++) {
        for (uint32_t b = a + 1; b <= in->members; b++) { /* members is the star of value 0 */
            uint64_t at = in->start[in->links];
            uint32_t const terms = b == in->members ? 0 : 1 + random_below(draw, TERMS);
            int32_t alone = 24;
            if (random_below(draw, 3) == 0 || (b == in->members && random_below(draw, 3) != 0)) {
                continue;
            }
            for (uint32_t t = 0; t < terms; t++) {
                uint32_t const v = random_below(draw, in->values);
                bool repeated = false;
                for (uint64_t k = in->start[in->links]; k < at; k++) {
                    repeated = repeated || in->term[k].value == v;
                }
                alone -= (int32_t)random_below(draw, 8);
                if (!repeated && alone > 0) {
                    in->term[at++] = (rf_inside_term){v, alone * RF_BIT};
                    in->value[v].members++;
                }
            }
            in->a[in->links] = a;
            in->b[in->links] = b;
            in->start[in->links + 1] = at;
            in->links += rf_inside_lives(in, in->links, NULL);
        }
    }
}

/* Members of the largest piece, told by spreading from each. */
static uint32_t slow_largest(const rf_inside *in, const uint8_t *hidden)
{
    uint32_t largest = 0;
    for (uint32_t from = 0; from < in->members; from++) {
        uint8_t seen[MEMBERS + VALUES] = {0};
        uint32_t count = 0;
        bool changed = true;
        seen[from] = 1;
        while (changed) {
            changed = false;
            for (uint32_t l = 0; l < in->links; l++) {
                if (seen[in->a[l]] != seen[in->b[l]] && rf_inside_lives(in, l, hidden)) {
                    seen[in->a[l]] = seen[in->b[l]] = 1;
                    changed = true;
                }
            }
        }
        for (uint32_t m = 0; m < in->members; m++) {
            count += seen[m];
        }
        largest = count > largest ? count : largest;
    }
    return largest;
}

static uint32_t smallest_set(const rf_inside *in)
{
    uint32_t best = in->values;
    for (uint32_t set = 0; set < 1U << in->values; set++) {
        uint8_t hidden[VALUES];
        uint32_t const size = (uint32_t)__builtin_popcount(set);
        for (uint32_t v = 0; v < in->values; v++) {
            hidden[v] = set >> v & 1;
        }
        if (size < best && 2 * slow_largest(in, hidden) < in->members) {
            best = size;
        }
    }
    return best;
}

static void knock_outs_are_smallest(void **state)
{
    unsigned long long draw = 3;
    uint32_t largest = 0;
    (void)state;
    for (int round = 0; round < 500; round++) {
        rf_inside in;
        rf_error err = {.status = RF_OK};
        make(&in, &draw);
        uint32_t const best = smallest_set(&in);
        for (uint64_t work = 0; work < 2; work++) { /* all that is needed, and hardly any */
            rf_knockout k;
            uint8_t hidden[VALUES] = {0};
            must(rf_ring_knock_out(&in, work, &k, &err), &err);
            for (uint32_t i = 0; i < k.values; i++) {
                assert_true(i == 0 || k.value[i - 1] < k.value[i]);
                hidden[k.value[i]] = 1;
            }
            assert_int_equal(slow_largest(&in, hidden), k.largest);
            assert_true(2 * k.largest < in.members);
            assert_true(k.least <= best && best <= k.values);
            assert_int_equal(k.exact, k.least == k.values);
            if (work == 0) {
                assert_int_equal(k.values, best);
                assert_true(k.exact);
                assert_int_equal(k.links_before, in.links);
            }
            largest = k.values > largest ? k.values : largest;
            rf_knockout_free(&k);
        }
        rf_inside_free(&in);
    }
    assert_true(largest >= 3);
}

static void cuts_are_those_of_hiding(void **state)
{
    unsigned long long draw = 8;
    uint32_t cut = 0;
    (void)state;
    for (int round = 0; round < 1500; round++) {
        rf_inside in;
        uint32_t off[VALUES];
        uint32_t whole;
        rf_error err = {.status = RF_OK};
        make(&in, &draw);
        whole = slow_largest(&in, NULL);
        must(rf_ring_value_cuts(&in, off, &err), &err);
        for (uint32_t v = 0; v < in.values; v++) {
            uint8_t hidden[VALUES] = {0};
            hidden[v] = 1;
            assert_int_equal(off[v], whole - slow_largest(&in, hidden));
            cut += off[v] > 0;
        }
        rf_inside_free(&in);
    }
    assert_true(cut > 100);
}

/* What is left of a link: the strongest of a family counts fully, the next half (a quarter for
 * windowed signals), and what is hidden makes room for the next. */
static void bits_are_halved_anew(void **state)
{
    rf_inside_value value[4] = {
        {.signal = 0}, {.signal = 0}, {.signal = 2, .family = 1}, {.signal = 2, .family = 1}};
    rf_inside_term term[4] = {{0, 16 * RF_BIT}, {1, 8 * RF_BIT}, {2, 4 * RF_BIT}, {3, 4 * RF_BIT}};
    uint64_t start[2] = {0, 4};
    uint32_t a = 0;
    uint32_t b = 1;
    uint8_t hidden[4] = {0};
    rf_inside in = {.members = 2,
                    .values = 4,
                    .value = value,
                    .links = 1,
                    .a = &a,
                    .b = &b,
                    .start = start,
                    .term = term};
    (void)state;
    in.learned.signal[2] = (rf_signal){.family = 1, .windowed = true};
    in.learned.calibration.settings.prior_bits = -10;
    assert_int_equal(rf_inside_bits(&in, 0, NULL), (-10 + 16 + 4 + 4 + 1) * RF_BIT);
    hidden[0] = 1;
    assert_int_equal(rf_inside_bits(&in, 0, hidden), (-10 + 8 + 4 + 1) * RF_BIT);
    assert_true(rf_inside_lives(&in, 0, hidden));
    hidden[2] = 1;
    assert_int_equal(rf_inside_bits(&in, 0, hidden), (-10 + 8 + 4) * RF_BIT);
    hidden[1] = 1;
    assert_false(rf_inside_lives(&in, 0, hidden));
}

/* ---- from a store ---- */

static double number(rf_store *store, const char *format, ...) RF_PRINTF(2, 3);
static double number(rf_store *store, const char *format, ...)
{
    char sql[512];
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = false;
    double value = -1;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    must(rf_prepare(store, sql, &select, &err), &err);
    must(rf_step(select, &row, &err), &err);
    if (row) {
        value = rf_column_real(select, 0);
    }
    rf_statement_end(select);
    return value;
}

static void same_inside(const rf_inside *x, const rf_inside *y)
{
    assert_int_equal(x->members, y->members);
    assert_int_equal(x->values, y->values);
    assert_int_equal(x->links, y->links);
    for (uint32_t m = 0; m < x->members; m++) {
        assert_string_equal(x->id[m], y->id[m]);
    }
    for (uint32_t v = 0; v < x->values; v++) {
        assert_string_equal(x->value[v].text, y->value[v].text);
        assert_int_equal(x->value[v].members, y->value[v].members);
        assert_int_equal(x->value[v].holders, y->value[v].holders);
        assert_int_equal(x->value[v].bits, y->value[v].bits);
    }
    for (uint32_t l = 0; l < x->links; l++) {
        assert_int_equal(x->a[l], y->a[l]);
        assert_int_equal(x->b[l], y->b[l]);
        assert_int_equal(rf_inside_bits(x, l, NULL), rf_inside_bits(y, l, NULL));
    }
}

static rf_store *detected(const crowd *c, unsigned long long order,
                          const rf_detect_settings *settings)
{
    static int count;
    char path[160];
    rf_store *store;
    rf_detect_summary summary;
    rf_error err = {.status = RF_OK};
    (void)snprintf(path, sizeof path, "%s/inside-%ld-%d.db",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (long)getpid(), count++);
    store = crowd_store(c, path, order, 0);
    must(rf_detect(store, settings, &summary, &err), &err);
    (void)unlink(path); /* while it is open, it stays */
    return store;
}

/* Every link of the run has its bits here. */
static void links_are_those_of_the_run(void **state)
{
    uint32_t stars = 0;
    uint32_t links = 0;
    (void)state;
    for (unsigned long long seed = 1; seed <= 12; seed++) {
        crowd_options const options = {.accounts = 150,
                                       .rings = 8,
                                       .coincident = 120,
                                       .hubs = 3,
                                       .one_family = seed == 11   ? 1
                                                     : seed == 12 ? 2
                                                                  : 0};
        crowd *c = crowd_make(&options, seed);
        rf_detect_settings settings = rf_detect_defaults();
        rf_store *store;
        rf_store *other;
        double rings;
        settings.chance.shuffles = 0;
        if (seed % 3 == 0) {
            settings.evidence.pair_cap = 12;
            settings.evidence.star_from = 0.2;
        }
        store = detected(c, 0, &settings);
        other = detected(c, 17, &settings);
        rings = number(store, "SELECT count(*) FROM ring");
        for (int64_t r = 1; r <= (int64_t)rings; r++) {
            rf_inside in;
            rf_inside again;
            rf_inside_pieces pieces;
            uint32_t pairs = 0;
            rf_error err = {.status = RF_OK};
            must(rf_inside_read(store, 1, r, &in, &err), &err);
            must(rf_inside_read(other, 1, r, &again, &err), &err);
            same_inside(&in, &again);
            for (uint32_t l = 0; l < in.links; l++) {
                if (in.b[l] >= in.members) {
                    stars++;
                    continue;
                }
                pairs++;
                assert_true((double)rf_inside_bits(&in, l, NULL) / RF_BIT ==
                            number(store,
                                   "SELECT bits FROM link JOIN account x ON x.id = account_a JOIN "
                                   "account y ON y.id = account_b WHERE x.external_id = '%s' AND "
                                   "y.external_id = '%s'",
                                   in.id[in.a[l]], in.id[in.b[l]]));
            }
            links += pairs;
            assert_true(pairs == number(store, "SELECT links FROM ring WHERE ring = %d", (int)r));
            must(rf_inside_pieces_new(&in, &pieces, &err), &err);
            rf_inside_split(&in, NULL, &pieces);
            assert_int_equal(pieces.links, in.links);
            assert_true(pieces.largest > 0 && pieces.largest <= in.members);
            rf_inside_pieces_free(&pieces);
            rf_inside_free(&in);
            rf_inside_free(&again);
        }
        rf_store_close(store);
        rf_store_close(other);
        free(c);
    }
    assert_true(links > 300);
    assert_true(stars > 0);
}

static void check_totals(rf_store *store, rf_uses *uses, int value, uint32_t holders)
{
    const rf_use_total *total = NULL;
    size_t count = 0;
    rf_error err = {.status = RF_OK};
    must(rf_uses_totals(uses, value, &total, &count, &err), &err);
    assert_int_equal(holders, count);
    for (size_t i = 0; i < count; i++) {
        int const who = (int)total[i].account;
        assert_true(i == 0 || total[i].account > total[i - 1].account);
        assert_true(total[i].times ==
                    number(store,
                           "SELECT sum(times) FROM sighting WHERE value = %d AND account = %d",
                           value, who));
        assert_true(total[i].first == number(store,
                                             "SELECT coalesce(min(nullif(day, -1)), -1) FROM "
                                             "sighting WHERE value = %d AND account = %d",
                                             value, who));
        assert_true(total[i].last ==
                    number(store, "SELECT max(day) FROM sighting WHERE value = %d AND account = %d",
                           value, who));
    }
}

/* Every value and account, read in bulk and through the views. */
static void uses_are_those_of_the_views(void **state)
{
    crowd_options const options = {
        .accounts = 90, .rings = 6, .coincident = 80, .hubs = 2, .one_family = 0};
    crowd *c = crowd_make(&options, 3);
    rf_detect_settings settings = rf_detect_defaults();
    rf_store *store;
    rf_uses *uses = NULL;
    rf_error err = {.status = RF_OK};
    int64_t account[90];
    uint64_t *held = NULL;
    size_t count = 0;
    size_t all = 0;
    (void)state;
    settings.chance.shuffles = 0;
    store = detected(c, 0, &settings);
    must(rf_uses_open(store, &uses, &err), &err);
    for (int64_t v = 1; v <= (int64_t)number(store, "SELECT max(id) FROM value"); v++) {
        const uint64_t *use = NULL;
        uint32_t holders = 0;
        must(rf_uses_of_value(uses, v, &use, &count, &err), &err);
        assert_true(count == number(store,
                                    "SELECT count(*) FROM (SELECT DISTINCT day, account FROM "
                                    "sighting WHERE value = %d)",
                                    (int)v));
        for (size_t i = 0; i < count; i++) {
            assert_true(i == 0 || use[i] > use[i - 1]);
            assert_true(number(store,
                               "SELECT count(*) > 0 FROM sighting WHERE value = %d AND day = %d "
                               "AND account = %d",
                               (int)v, (int)(use[i] >> 32) - 1, (int)(use[i] & UINT32_MAX)) == 1);
        }
        must(rf_uses_holders(uses, v, &holders, &err), &err);
        check_totals(store, uses, (int)v, holders);
        assert_true(
            holders ==
            number(store, "SELECT count(DISTINCT account) FROM sighting WHERE value = %d", (int)v));
        all += count;
    }
    assert_in_range(all, 200, 100000);
    rf_uses_close(uses);
    for (int64_t a = 0; a < 90; a++) {
        account[a] = 90 - a;
    }
    must(rf_uses_held(store, account, 90, &held, &count, &err), &err);
    assert_true(count ==
                number(store, "SELECT count(*) FROM holding WHERE account BETWEEN 1 AND 90"));
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || held[i] > held[i - 1]);
        assert_true(number(store, "SELECT count(*) FROM holding WHERE account = %d AND value = %d",
                           (int)account[held[i] & UINT32_MAX], (int)(held[i] >> 32)) == 1);
    }
    rf_free(held);
    rf_store_close(store);
    free(c);
}

static void running_out_of_memory_is_a_failure(void **state)
{
    crowd_options const options = {.accounts = 60, .rings = 4, .coincident = 30, .hubs = 1};
    crowd *c = crowd_make(&options, 5);
    rf_detect_settings const settings = rf_detect_defaults();
    rf_store *store = detected(c, 0, &settings);
    bool done = false;
    (void)state;
    assert_true(number(store, "SELECT count(*) FROM ring") > 0);
    for (long n = 1; !done; n++) {
        rf_inside in;
        rf_error err = {.status = RF_OK};
        rf_status status;
        rf_memory_fail_after(n);
        status = rf_inside_read(store, 1, 1, &in, &err);
        if (status == RF_OK) {
            rf_knockout k = {0};
            uint32_t *off = malloc((in.values + in.members) * sizeof *off);
            assert_non_null(off);
            status = rf_ring_knock_out(&in, 0, &k, &err);
            rf_knockout_free(&k);
            if (status == RF_OK) {
                status = rf_ring_value_cuts(&in, off, &err);
            }
            if (status == RF_OK) {
                status = rf_ring_member_cuts(&in, off, &err);
            }
            free(off);
        }
        rf_memory_fail_after(0);
        rf_inside_free(&in);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        assert_in_range(n, 1, 20000);
    }
    rf_store_close(store);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knock_outs_are_smallest),
        cmocka_unit_test(cuts_are_those_of_hiding),
        cmocka_unit_test(bits_are_halved_anew),
        cmocka_unit_test(links_are_those_of_the_run),
        cmocka_unit_test(uses_are_those_of_the_views),
        cmocka_unit_test(running_out_of_memory_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
