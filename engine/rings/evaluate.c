/* evaluate.c - see evaluate.h.
 *
 * Only accounts in both a true and a predicted ring make cells of the contingency table; they are
 * sorted by (true, predicted) and counted in runs. Everything else is a singleton on one side and
 * enters the sums directly.
 */
#include "rings/evaluate.h"

#include "base/memory.h"

#include <stdlib.h>

/* A true ring is found from this share of it on: found when covered * 5 >= size * 4. */
enum { FOUND_OF = 5, FOUND_AT = 4 };

typedef struct scratch {
    uint64_t *cell; /* true ring << 32 | predicted ring, sorted */
    size_t cells;
    uint32_t *ring_size; /* given accounts in each predicted ring */
} scratch;

static uint64_t pairs(uint64_t n)
{
    return n < 2 ? 0 : n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
}

static double share(uint64_t part, uint64_t whole, bool nothing_at_all)
{
    return whole == 0 ? (nothing_at_all ? 1 : 0) : (double)part / (double)whole;
}

static int by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Counts what needs no table, and collects its cells. */
static void count_accounts(const rf_evaluate_input *input, rf_evaluation *out, scratch *work)
{
    for (uint32_t i = 0; i < input->accounts; i++) {
        uint32_t truth = input->truth[i];
        uint32_t ring = input->predicted[i];
        bool flagged = ring != 0 && input->flagged[ring];
        work->ring_size[ring]++;
        out->flagged_accounts += flagged;
        if (truth == 0) {
            continue;
        }
        out->true_ring_accounts++;
        out->both += flagged;
        out->ring[truth - 1].size++;
        out->ring[truth - 1].flagged += flagged;
        if (ring != 0) {
            work->cell[work->cells++] = (uint64_t)truth << 32 | ring;
        }
    }
}

/* One cell: `shared` accounts of a true ring in a predicted one. */
static void take_cell(const rf_evaluate_input *input, const scratch *work, rf_evaluation *out,
                      uint64_t cell, uint32_t shared)
{
    uint32_t ring = (uint32_t)cell;
    rf_true_ring *truth = &out->ring[(cell >> 32) - 1];
    uint32_t size = work->ring_size[ring];
    if (shared > truth->best_shared) { /* cells come by ascending ring */
        truth->best_ring = ring;
        truth->best_shared = shared;
        truth->best_size = size;
        truth->best_flagged = input->flagged[ring];
    }
    if (!input->flagged[ring]) {
        return;
    }
    if ((uint64_t)shared * 2 > size) {
        truth->covered += shared;
    }
    out->pairs_both += pairs(shared);
    out->b_cubed_precision += (double)shared * (double)shared / (double)size;
    out->b_cubed_recall += (double)shared * (double)shared / (double)truth->size;
}

static void take_cells(const rf_evaluate_input *input, const scratch *work, rf_evaluation *out)
{
    for (size_t i = 0; i < work->cells;) {
        size_t end = i + 1;
        while (end < work->cells && work->cell[end] == work->cell[i]) {
            end++;
        }
        take_cell(input, work, out, work->cell[i], (uint32_t)(end - i));
        i = end;
    }
}

/* The accounts that are singletons on one side or both, for the B-cubed sums. */
static void take_singletons(const rf_evaluate_input *input, const scratch *work, rf_evaluation *out)
{
    for (uint32_t i = 0; i < input->accounts; i++) {
        uint32_t truth = input->truth[i];
        uint32_t ring = input->predicted[i];
        bool flagged = ring != 0 && input->flagged[ring];
        if (truth != 0 && flagged) {
            continue; /* in a cell */
        }
        out->b_cubed_precision += flagged ? 1 / (double)work->ring_size[ring] : 1;
        out->b_cubed_recall += truth != 0 ? 1 / (double)out->ring[truth - 1].size : 1;
    }
}

static void sum_up(const rf_evaluate_input *input, const scratch *work, rf_evaluation *out)
{
    uint64_t const all = pairs(out->accounts);
    bool const nothing = out->true_ring_accounts == 0 && out->flagged_accounts == 0;
    bool no_pairs;
    double expected;
    double most;
    for (uint32_t ring = 1; ring <= input->rings; ring++) {
        out->pairs_predicted += input->flagged[ring] ? pairs(work->ring_size[ring]) : 0;
    }
    for (uint32_t i = 0; i < input->true_rings; i++) {
        rf_true_ring *ring = &out->ring[i];
        out->pairs_true += pairs(ring->size);
        ring->found =
            ring->size > 0 && (uint64_t)ring->covered * FOUND_OF >= (uint64_t)ring->size * FOUND_AT;
        out->rings_true += ring->size > 0;
        out->rings_found += ring->found;
    }
    out->precision = share(out->both, out->flagged_accounts, nothing);
    out->recall = share(out->both, out->true_ring_accounts, nothing);
    out->f1 = out->precision + out->recall > 0
                  ? 2 * out->precision * out->recall / (out->precision + out->recall)
                  : 0;
    no_pairs = out->pairs_true == 0 && out->pairs_predicted == 0;
    out->pair_precision = share(out->pairs_both, out->pairs_predicted, no_pairs);
    out->pair_recall = share(out->pairs_both, out->pairs_true, no_pairs);
    out->b_cubed_precision = out->accounts > 0 ? out->b_cubed_precision / (double)out->accounts : 1;
    out->b_cubed_recall = out->accounts > 0 ? out->b_cubed_recall / (double)out->accounts : 1;
    expected = all > 0 ? (double)out->pairs_true / (double)all * (double)out->pairs_predicted : 0;
    most = ((double)out->pairs_true + (double)out->pairs_predicted) / 2;
    /* Both all singletons, or both one cluster: the same partition. */
    out->ari = most - expected == 0 ? 1 : ((double)out->pairs_both - expected) / (most - expected);
}

rf_status rf_evaluate(const rf_evaluate_input *input, rf_evaluation *out, rf_error *err)
{
    scratch work = {0};
    rf_status status = RF_OK;
    *out = (rf_evaluation){.accounts = input->accounts};
    out->ring = rf_alloc(input->true_rings, sizeof *out->ring);
    work.cell = rf_alloc_raw(input->accounts, sizeof *work.cell);
    work.ring_size = rf_alloc((size_t)input->rings + 1, sizeof *work.ring_size);
    if (out->ring == NULL || work.cell == NULL || work.ring_size == NULL) {
        rf_evaluation_free(out);
        status = rf_fail_memory(err, "the evaluation");
        goto done;
    }
    count_accounts(input, out, &work);
    qsort(work.cell, work.cells, sizeof *work.cell, by_value);
    take_cells(input, &work, out);
    take_singletons(input, &work, out);
    sum_up(input, &work, out);
done:
    rf_free(work.cell);
    rf_free(work.ring_size);
    return status;
}

void rf_evaluation_free(rf_evaluation *evaluation)
{
    rf_free(evaluation->ring);
    *evaluation = (rf_evaluation){0};
}
