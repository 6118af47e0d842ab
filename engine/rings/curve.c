/* curve.c - see curve.h.
 *
 * Each account is one number that ascends from the most suspect on; sorted, accounts of equal bits
 * stand side by side, and counts run on.
 */
#include "rings/curve.h"

#include "base/memory.h"
#include "base/radix.h"

enum { TRUTH_BITS = 1, KIND_BITS = 2 };

static uint64_t pack(const rf_curve_input *input, uint32_t account)
{
    uint64_t const rank = (uint64_t)((int64_t)INT32_MAX - input->bits[account]);
    return (rank << KIND_BITS | input->kind[account]) << TRUTH_BITS | (input->truth[account] != 0);
}

static uint64_t rank_of(uint64_t packed)
{
    return packed >> (KIND_BITS + TRUTH_BITS);
}

static size_t count_ranks(const uint64_t *packed, size_t count)
{
    size_t ranks = 0;
    for (size_t i = 0; i < count; i++) {
        ranks += i == 0 || rank_of(packed[i]) != rank_of(packed[i - 1]);
    }
    return ranks;
}

static void list_points(const uint64_t *packed, size_t count, rf_curve *out)
{
    uint32_t truth = 0;
    for (size_t i = 0, end; i < count; i = end) {
        uint64_t const rank = rank_of(packed[i]);
        for (end = i; end < count && rank_of(packed[end]) == rank; end++) {
            truth += (uint32_t)(packed[end] & 1);
        }
        out->point[out->points++] = (rf_curve_point){
            .kind = (rf_suspicion_kind)(packed[i] >> TRUTH_BITS & ((1U << KIND_BITS) - 1)),
            .from = (double)((int64_t)INT32_MAX - (int64_t)rank) / 65536,
            .accounts = (uint32_t)end,
            .truth = truth};
    }
}

static void work_out(rf_curve *out)
{
    uint32_t const all = out->points == 0 ? 0 : out->point[out->points - 1].truth;
    uint32_t before = 0;
    for (size_t i = 0; i < out->points; i++) {
        rf_curve_point *point = &out->point[i];
        point->precision = (double)point->truth / (double)point->accounts;
        point->recall = all == 0 ? 0 : (double)point->truth / (double)all;
        out->average_precision += (double)(point->truth - before) * point->precision;
        before = point->truth;
    }
    out->average_precision = all == 0 ? 0 : out->average_precision / (double)all;
}

rf_status rf_curve_make(const rf_curve_input *input, rf_curve *out, rf_error *err)
{
    uint64_t *packed = rf_alloc_raw(input->accounts, sizeof *packed);
    bool done = packed != NULL;
    *out = (rf_curve){0};
    for (uint32_t i = 0; done && i < input->accounts; i++) {
        packed[i] = pack(input, i);
    }
    if (done && rf_sort_numbers(packed, input->accounts)) {
        out->point = rf_alloc_raw(count_ranks(packed, input->accounts), sizeof *out->point);
    }
    done = out->point != NULL;
    if (done) {
        list_points(packed, input->accounts, out);
        work_out(out);
    }
    rf_free(packed);
    return done ? RF_OK : rf_fail_memory(err, "the curve");
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
