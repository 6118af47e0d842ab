/* curve.h - precision against recall as more and more accounts are taken, best first.
 *
 * Items are the n accounts of an evaluation (evaluate.h). They are taken in the order in which a
 * run would name them, flagged or not:
 *   ring  accounts in a ring, by the score of their ring in bits, best first;
 *   link  then accounts in no ring that have links, by the bits of their strongest one;
 *   all   then, at once, everybody else.
 * Accounts of equal rank are taken together, so a point never depends on how ties are ordered. A
 * point stands after each rank that has accounts: recall never falls from one to the next, and the
 * last one has every account.
 *
 * Average precision is the area under the curve in steps: the sum over points of the recall gained
 * times the precision there. Nothing is interpolated between points. Zhu, "Recall, precision and
 * average precision", University of Waterloo, 2004.
 *
 * Without true accounts every recall, every precision and the average are 0. O(n + p log p) time
 * for p rings and linked accounts in no ring; 40 bytes for each of them, and as much again while
 * they are sorted. Workload: a few million accounts.
 */
#ifndef RF_RINGS_CURVE_H
#define RF_RINGS_CURVE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef enum rf_curve_kind { RF_CURVE_RING, RF_CURVE_LINK, RF_CURVE_ALL } rf_curve_kind;

typedef struct rf_curve_input {
    uint32_t accounts;
    const uint32_t *truth;     /* of each account: 0 honest */
    const uint32_t *predicted; /* of each account: 0 none, else 1..rings */
    uint32_t rings;
    const double *score;     /* bits of rings + 1 predicted rings; [0] is not looked at */
    const double *strongest; /* of each account: bits of its strongest link, NAN when it has none;
                                looked at for accounts in no ring */
} rf_curve_input;

typedef struct rf_curve_point {
    rf_curve_kind kind;       /* of the last taken */
    double from;              /* its rank in bits; NAN for RF_CURVE_ALL */
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
