/* curve.c - see curve.h.
 *
 * One array does it all: a point for each ring and each linked account in no ring, with what that
 * one holds; sorted by rank; then points of one rank are added up in place, and counts run on.
 */
#include "rings/curve.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Best first: by kind, then by descending bits. */
static int by_rank(const void *left, const void *right)
{
    const rf_curve_point *a = left;
    const rf_curve_point *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return (a->from < b->from) - (a->from > b->from);
}

static rf_curve_kind kind_of(const rf_curve_input *input, uint32_t account)
{
    if (input->predicted[account] != 0) {
        return RF_CURVE_RING;
    }
    return isnan(input->strongest[account]) ? RF_CURVE_ALL : RF_CURVE_LINK;
}

static size_t linked_outside(const rf_curve_input *input)
{
    size_t count = 0;
    for (uint32_t i = 0; i < input->accounts; i++) {
        count += kind_of(input, i) == RF_CURVE_LINK;
    }
    return count;
}

/* Rings stand at 0..rings - 1, the rest at `rings`, then come the linked accounts. */
static void take_accounts(const rf_curve_input *input, rf_curve *out)
{
    out->point[input->rings] = (rf_curve_point){.kind = RF_CURVE_ALL, .from = 0};
    out->points = (size_t)input->rings + 1;
    for (uint32_t ring = 1; ring <= input->rings; ring++) {
        out->point[ring - 1] = (rf_curve_point){.kind = RF_CURVE_RING, .from = input->score[ring]};
    }
    for (uint32_t i = 0; i < input->accounts; i++) {
        rf_curve_kind const kind = kind_of(input, i);
        size_t at = input->rings;
        if (kind == RF_CURVE_RING) {
            at = input->predicted[i] - 1;
        } else if (kind == RF_CURVE_LINK) {
            at = out->points++;
            out->point[at] = (rf_curve_point){.kind = RF_CURVE_LINK, .from = input->strongest[i]};
        }
        out->point[at].accounts++;
        out->point[at].truth += input->truth[i] != 0;
    }
}

/* Makes one point of those of one rank, leaves out ranks without accounts, and adds up. */
static void run_on(rf_curve *out)
{
    size_t kept = 0;
    rf_curve_point sum = {0};
    for (size_t i = 0; i < out->points; i++) {
        rf_curve_point const own = out->point[i];
        if (own.accounts == 0) {
            continue;
        }
        sum.accounts += own.accounts;
        sum.truth += own.truth;
        if (kept == 0 || by_rank(&out->point[kept - 1], &own) != 0) {
            kept++;
        }
        out->point[kept - 1] = own;
        out->point[kept - 1].accounts = sum.accounts;
        out->point[kept - 1].truth = sum.truth;
    }
    out->points = kept;
}

static void work_out(rf_curve *out)
{
    uint32_t const all = out->points == 0 ? 0 : out->point[out->points - 1].truth;
    uint32_t before = 0;
    for (size_t i = 0; i < out->points; i++) {
        rf_curve_point *point = &out->point[i];
        if (point->kind == RF_CURVE_ALL) {
            point->from = NAN;
        }
        point->precision = (double)point->truth / (double)point->accounts;
        point->recall = all == 0 ? 0 : (double)point->truth / (double)all;
        out->average_precision += (double)(point->truth - before) * point->precision;
        before = point->truth;
    }
    out->average_precision = all == 0 ? 0 : out->average_precision / (double)all;
}

rf_status rf_curve_make(const rf_curve_input *input, rf_curve *out, rf_error *err)
{
    size_t const room = linked_outside(input) + input->rings + 1;
    *out = (rf_curve){.point = rf_alloc_raw(room, sizeof *out->point)};
    if (out->point == NULL) {
        return rf_fail_memory(err, "the curve");
    }
    take_accounts(input, out);
    qsort(out->point, out->points, sizeof *out->point, by_rank);
    run_on(out);
    work_out(out);
    return RF_OK;
}

void rf_curve_free(rf_curve *curve)
{
    rf_free(curve->point);
    *curve = (rf_curve){0};
}

/* The first point of at least this recall; `points` when there is none. */
static size_t first_of(const rf_curve *curve, double recall)
{
    size_t low = 0;
    size_t high = curve->points;
    while (low < high) {
        size_t const middle = low + (high - low) / 2;
        if (curve->point[middle].recall < recall) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

size_t rf_curve_nearest(const rf_curve *curve, double recall)
{
    size_t const above = first_of(curve, recall);
    double below;
    if (above == 0) {
        return 0;
    }
    below = curve->point[above - 1].recall;
    if (above < curve->points && curve->point[above].recall - recall < recall - below) {
        return above;
    }
    return first_of(curve, below);
}
