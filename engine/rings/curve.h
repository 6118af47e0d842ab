/* curve.h - precision against recall as more and more accounts are taken, most suspect first.
 *
 * Items are the n accounts of an evaluation (evaluate.h), each with its bits (suspicion.h).
 * Accounts of equal bits are taken together, so a point never depends on how ties are ordered. A
 * point stands after each of the bits that accounts have: recall never falls from one to the next,
 * and the last one has every account.
 *
 * Average precision is the area under the curve in steps: the sum over points of the recall gained
 * times the precision there. Nothing is interpolated between points. Zhu, "Recall, precision and
 * average precision", University of Waterloo, 2004.
 *
 * Without true accounts every recall, every precision and the average are 0. O(n) time; 16 bytes an
 * account while they are sorted, 40 a point. Workload: a few million accounts.
 */
#ifndef RF_RINGS_CURVE_H
#define RF_RINGS_CURVE_H

#include "rings/suspicion.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rf_curve_input {
    uint32_t accounts;
    const uint32_t *truth; /* of each account: 0 honest */
    const int32_t *bits;   /* of each, in units of 1/65536 bit; more is more suspect */
    const uint8_t *kind;   /* of each: rf_suspicion_kind */
} rf_curve_input;

typedef struct rf_curve_point {
    rf_suspicion_kind kind;   /* of the last taken; of several the first named */
    double from;              /* their bits */
    uint32_t accounts, truth; /* taken so far, and how many of them are in true rings */
    double precision, recall; /* truth / accounts, truth / all true accounts */
} rf_curve_point;

typedef struct rf_curve {
    rf_curve_point *point;
    size_t points; /* 0 only without accounts */
    double average_precision;
} rf_curve;

/* Fills *out, to be ended with rf_curve_free; on failure (RF_ENOMEM) it is all zero. */
RF_MUST_USE rf_status rf_curve_make(const rf_curve_input *input, rf_curve *out, rf_error *err);
void rf_curve_free(rf_curve *curve);

/* The point whose recall is nearest to `recall`: the lower of two equally near recalls, and of
 * points of one recall the first, which is the most precise. 0 without points. O(log points). */
size_t rf_curve_nearest(const rf_curve *curve, double recall);

#endif
