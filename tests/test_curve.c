/* test_curve.c - the precision-recall curve against a slow, obvious one that counts everybody anew
 * for each point. */
#include "base/hash.h"
#include "base/memory.h"
#include "rings/curve.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>

enum { MOST = 60 };

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static void close_to(double got, double expected)
{
    if (!(fabs(got - expected) < 1e-9)) {
        fail_msg("%.12f instead of %.12f", got, expected);
    }
}

static double rank_of(const rf_curve_input *in, uint32_t i)
{
    return (double)in->bits[i] / 65536;
}

/* Of accounts of this rank the first kind named. */
static int kind_at(const rf_curve_input *in, double rank)
{
    int kind = RF_SUSPICION_NONE;
    for (uint32_t i = 0; i < in->accounts; i++) {
        if (!(rank_of(in, i) < rank || rank_of(in, i) > rank) && in->kind[i] < kind) {
            kind = in->kind[i];
        }
    }
    return kind;
}

/* Precision and recall among the accounts of at least this rank. */
static void take_down_to(const rf_curve_input *in, double rank, uint32_t *taken, uint32_t *right)
{
    *taken = 0;
    *right = 0;
    for (uint32_t i = 0; i < in->accounts; i++) {
        *taken += rank_of(in, i) >= rank;
        *right += rank_of(in, i) >= rank && in->truth[i] != 0;
    }
}

static uint32_t ranks(const rf_curve_input *in)
{
    uint32_t different = 0;
    for (uint32_t i = 0; i < in->accounts; i++) {
        uint32_t j = 0;
        while (in->bits[j] != in->bits[i]) {
            j++;
        }
        different += j == i;
    }
    return different;
}

/* The mean over true accounts of the precision at their rank. */
static double slow_average(const rf_curve_input *in, uint32_t real)
{
    double sum = 0;
    for (uint32_t i = 0; i < in->accounts; i++) {
        uint32_t taken;
        uint32_t right;
        take_down_to(in, rank_of(in, i), &taken, &right);
        sum += in->truth[i] != 0 ? (double)right / taken : 0;
    }
    return real == 0 ? 0 : sum / real;
}

static void check_nearest(const rf_curve *curve, double recall)
{
    size_t best = 0;
    for (size_t i = 1; i < curve->points; i++) {
        double const now = fabs(curve->point[i].recall - recall);
        best = now < fabs(curve->point[best].recall - recall) ? i : best;
    }
    assert_int_equal(rf_curve_nearest(curve, recall), best);
}

static void check_curve(const rf_curve_input *in)
{
    rf_curve curve;
    uint32_t everybody;
    uint32_t real;
    take_down_to(in, -1e9, &everybody, &real);
    assert_int_equal(rf_curve_make(in, &curve, NULL), RF_OK);
    assert_int_equal(curve.points, ranks(in));
    for (size_t i = 0; i < curve.points; i++) {
        const rf_curve_point *point = &curve.point[i];
        uint32_t taken;
        uint32_t right;
        take_down_to(in, point->from, &taken, &right);
        assert_true(i == 0 || point->from < point[-1].from);
        assert_int_equal(point->kind, kind_at(in, point->from));
        assert_int_equal(point->accounts, taken);
        assert_int_equal(point->truth, right);
        close_to(point->precision, ratio(right, taken));
        close_to(point->recall, ratio(right, real));
    }
    assert_true(curve.points == 0 || curve.point[curve.points - 1].accounts == in->accounts);
    close_to(curve.average_precision, slow_average(in, real));
    for (int step = 0; step <= 40; step++) {
        check_nearest(&curve, step / 40.0);
    }
    rf_curve_free(&curve);
    assert_null(curve.point);
}

static void agrees_with_the_checker(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 3000; round++) {
        uint32_t truth[MOST];
        int32_t bits[MOST];
        uint8_t kind[MOST];
        uint64_t true_of_8 = rf_mix2(round, 2) % 9;   /* 0: none is true; 8: all */
        uint64_t values = 1 + rf_mix2(round, 4) % 40; /* few: ties */
        rf_curve_input in = {.accounts = (uint32_t)(rf_mix2(round, 3) % (MOST + 1)),
                             .truth = truth,
                             .bits = bits,
                             .kind = kind};
        for (uint32_t i = 0; i < in.accounts; i++) {
            uint64_t dice = rf_mix2(round, 100 + i);
            truth[i] = dice % 8 < true_of_8 ? 1 + (uint32_t)(dice / 8 % 5) : 0;
            kind[i] = (uint8_t)(dice / 64 % 3);
            bits[i] = (int32_t)((dice >> 40) % values) * 123457 - 2000000;
        }
        check_curve(&in);
    }
}

static void nobody_and_one_rank(void **state)
{
    static const uint32_t two[4] = {1, 0, 2, 0};
    static const int32_t bits[4] = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    static const uint8_t kind[4] = {RF_SUSPICION_NONE, RF_SUSPICION_LINK, RF_SUSPICION_NONE,
                                    RF_SUSPICION_NONE};
    rf_curve_input in = {.truth = two, .bits = bits, .kind = kind};
    rf_curve curve;
    (void)state;
    assert_int_equal(rf_curve_make(&in, &curve, NULL), RF_OK);
    assert_int_equal(curve.points, 0);
    assert_int_equal(rf_curve_nearest(&curve, 0.5), 0);
    close_to(curve.average_precision, 0);
    rf_curve_free(&curve);
    in.accounts = 4;
    assert_int_equal(rf_curve_make(&in, &curve, NULL), RF_OK);
    assert_int_equal(curve.points, 1);
    assert_int_equal(curve.point[0].kind, RF_SUSPICION_LINK);
    assert_int_equal(curve.point[0].accounts, 4);
    close_to(curve.point[0].from, -32768);
    close_to(curve.point[0].recall, 1);
    close_to(curve.average_precision, 0.5);
    rf_curve_free(&curve);
}

/* No order of accounts is better than another: neither the points nor the last bit of the average
 * may change. */
static void does_not_know_the_order_of_accounts(void **state)
{
    enum { N = 50 };
    uint32_t truth[2][N];
    int32_t bits[2][N];
    uint8_t kind[2][N];
    rf_curve curve[2];
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        uint64_t dice = rf_mix2(77, i);
        truth[0][i] = truth[1][N - 1 - i] = dice % 3 == 0;
        kind[0][i] = kind[1][N - 1 - i] = (uint8_t)(dice / 8 % 3);
        bits[0][i] = bits[1][N - 1 - i] = (int32_t)(dice / 256 % 9) * 1000;
    }
    for (int i = 0; i < 2; i++) {
        rf_curve_input const in = {
            .accounts = N, .truth = truth[i], .bits = bits[i], .kind = kind[i]};
        assert_int_equal(rf_curve_make(&in, &curve[i], NULL), RF_OK);
    }
    assert_int_equal(curve[0].points, 9);
    assert_int_equal(curve[1].points, curve[0].points);
    assert_true(curve[0].average_precision == curve[1].average_precision);
    for (size_t i = 0; i < curve[0].points; i++) {
        assert_int_equal(curve[0].point[i].truth, curve[1].point[i].truth);
        assert_int_equal(curve[0].point[i].kind, curve[1].point[i].kind);
        assert_true(curve[0].point[i].from == curve[1].point[i].from);
    }
    rf_curve_free(&curve[0]);
    rf_curve_free(&curve[1]);
}

static void survives_running_out_of_memory(void **state)
{
    static const uint32_t truth[2] = {0, 1};
    static const int32_t bits[2] = {7, 5};
    static const uint8_t kind[2] = {0};
    rf_curve_input in = {.accounts = 2, .truth = truth, .bits = bits, .kind = kind};
    rf_curve curve;
    rf_error err;
    rf_status status = RF_ENOMEM;
    (void)state;
    for (long n = 1; status != RF_OK; n++) {
        assert_int_equal(status, RF_ENOMEM);
        assert_true(n < 9);
        rf_memory_fail_after(n);
        status = rf_curve_make(&in, &curve, &err);
        rf_memory_fail_after(0);
        assert_true((curve.point == NULL) == (status != RF_OK));
        assert_int_equal(curve.points, status == RF_OK ? 2 : 0);
    }
    rf_curve_free(&curve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_checker),
        cmocka_unit_test(nobody_and_one_rank),
        cmocka_unit_test(does_not_know_the_order_of_accounts),
        cmocka_unit_test(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
