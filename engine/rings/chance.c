/* chance.c - see chance.h. */
#include "rings/chance.h"

#include "base/clock.h"
#include "base/progress.h"
#include "evidence/shuffle.h"
#include "rings/assemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

rf_chance_settings rf_chance_defaults(void)
{
    return (rf_chance_settings){.shuffles = 3, .q_most = 0.01};
}

/* ---- inner bits ---- */

/* Whether two accounts signed up so close together as hardly any two do by chance. */
static bool together(const rf_population *p, uint32_t a, uint32_t b)
{
    int64_t const from = p->created_at[a];
    int64_t const to = p->created_at[b];
    return from != RF_NO_TIME && to != RF_NO_TIME && llabs(from - to) <= RF_TOGETHER;
}

/* Whether more than one family, or value where only one family is known, speaks for link i; the
 * moment of sign-up is a family here. */
static rf_status crossed(const rf_population *p, const rf_calibration *c, const rf_links *links,
                         uint64_t i, rf_pair_evidence *evidence, bool *yes, rf_error *err)
{
    uint32_t values = 0;
    rf_status status;
    *yes = links->families[i] > 1 || together(p, links->a[i], links->b[i]);
    if (*yes || !c->one_family) {
        return RF_OK;
    }
    status = rf_pair_weigh(p, c, links->a[i], links->b[i], evidence, err);
    for (size_t k = 0; k < evidence->count && status == RF_OK; k++) {
        values += evidence->shared[k].counted > 0;
    }
    *yes = values > 1;
    return status;
}

/* ring[a] of the core members, UINT32_MAX for all others; core[r] is their number. */
static void core_members(const rf_findings *f, uint32_t accounts, uint32_t *ring, uint32_t *core)
{
    rf_rings_of_accounts(f, accounts, ring);
    for (uint32_t i = 0; i < f->members; i++) {
        if (f->member[i].fringe) {
            ring[f->member[i].account] = UINT32_MAX;
        } else {
            core[f->member[i].ring - 1]++;
        }
    }
}

/* In whole units of rf_bits, so that the sum has no order. */
static rf_status measure(const rf_population *p, const rf_calibration *c, const rf_links *links,
                         rf_findings *f, rf_error *err)
{
    rf_bits const most = rf_bits_from(RF_LINK_BITS_MAX);
    rf_pair_evidence evidence = {0};
    uint32_t *ring = rf_alloc_raw(p->accounts, sizeof *ring);
    int64_t *sum = rf_alloc(f->rings, sizeof *sum);
    uint32_t *core = rf_alloc(f->rings, sizeof *core);
    rf_status status = ring == NULL || sum == NULL || core == NULL
                           ? rf_fail_memory(err, "the inner bits of the rings")
                           : RF_OK;
    if (status == RF_OK) {
        core_members(f, p->accounts, ring, core);
    }
    for (uint64_t i = 0; i < links->count && status == RF_OK; i++) {
        uint32_t const r = ring[links->a[i]];
        bool counts = false;
        if (r == UINT32_MAX || r != ring[links->b[i]]) {
            continue;
        }
        status = crossed(p, c, links, i, &evidence, &counts, err);
        if (counts) {
            sum[r] += links->bits[i] < most ? links->bits[i] : most;
        }
    }
    for (uint32_t r = 0; r < f->rings && status == RF_OK; r++) {
        f->ring[r].inner_bits = core[r] == 0 ? 0 : rf_bits_real(sum[r]) / core[r];
    }
    rf_pair_evidence_free(&evidence);
    rf_free(ring);
    rf_free(sum);
    rf_free(core);
    return status;
}

/* ---- by chance ---- */

static rf_status detect_shuffled(const rf_shuffle *shuffle, const rf_calibration *c,
                                 const rf_level_settings *levels, unsigned threads, rf_chance *out,
                                 rf_error *err)
{
    const rf_population *p = &shuffle->population;
    rf_links links = {0};
    rf_findings found = {0};
    double density;
    rf_status status = rf_links_find(p, c, threads, &links, err);
    if (status == RF_OK) {
        status = rf_rings_assemble(p, &links, levels, &found, &density, err);
    }
    if (status == RF_OK) {
        status = measure(p, c, &links, &found, err);
    }
    if (status == RF_OK &&
        !rf_reserve(&out->bits, &out->room, (size_t)out->count + found.rings, sizeof *out->bits)) {
        status = rf_fail_memory(err, "the rings by chance");
    }
    for (uint32_t r = 0; r < found.rings && status == RF_OK; r++) {
        out->bits[out->count++] = found.ring[r].inner_bits;
    }
    rf_findings_free(&found);
    rf_links_free(&links);
    return status;
}

rf_status rf_chance_draw(const rf_population *population, const rf_calibration *calibration,
                         const rf_level_settings *levels, const rf_chance_settings *settings,
                         uint64_t seed, unsigned threads, rf_chance *chance, rf_error *err)
{
    rf_shuffle shuffle;
    rf_progress progress;
    rf_calibration fixed = *calibration; /* borrows its columns */
    rf_level_settings quick = *levels;
    rf_status status;
    *chance = (rf_chance){.shuffles = settings->shuffles};
    if (settings->shuffles == 0) {
        return RF_OK;
    }
    status = rf_shuffle_plan(population, &shuffle, err);
    if (status != RF_OK) {
        return status;
    }
    fixed.strange = true;
    quick.rings_only = true;
    quick.iterations = 1;
    quick.seed = seed;
    quick.threads = threads;
    rf_progress_start(&progress, "shuffling", settings->shuffles);
    for (uint32_t i = 0; i < settings->shuffles && status == RF_OK; i++) {
        rf_progress_show(&progress, i);
        status = rf_shuffle_draw(&shuffle, seed, i, threads, err);
        if (status == RF_OK) {
            status = detect_shuffled(&shuffle, &fixed, &quick, threads, chance, err);
        }
    }
    rf_progress_end(&progress);
    rf_shuffle_free(&shuffle);
    return status;
}

void rf_chance_free(rf_chance *chance)
{
    rf_free(chance->bits);
    *chance = (rf_chance){0};
}

/* ---- q-values ---- */

void rf_chance_q(const double *found, uint32_t count, const double *chance, uint32_t chances,
                 uint32_t shuffles, double *q)
{
    uint32_t above = chances; /* chance rings with at least found[i] */
    double least = 1;
    for (uint32_t i = count; i > 0; i--) { /* from the weakest */
        uint32_t const last = i - 1;
        while (above > 0 && chance[above - 1] < found[last]) {
            above--;
        }
        /* equal rings are counted together: F is that of the last of them */
        if (i == count || found[last] != found[i]) {
            least = fmin(least, (double)above / shuffles / i);
        }
        q[last] = found[last] > 0 ? least : 1;
    }
}

static int descending(const void *left, const void *right)
{
    double const a = *(const double *)left;
    double const b = *(const double *)right;
    return (a < b) - (a > b);
}

/* The first of values[0, count), descending, that is at most `bits`. */
static uint32_t find_bits(const double *values, uint32_t count, double bits)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (values[middle] > bits) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void set_flags(rf_findings *f, const rf_chance_settings *settings,
                      const rf_chance *by_chance)
{
    double least = INFINITY;
    uint32_t above = 0;
    for (uint32_t r = 0; r < f->rings; r++) {
        rf_ring *ring = &f->ring[r];
        ring->flagged = ring->flagged && ring->q <= settings->q_most;
        least = ring->flagged ? fmin(least, ring->inner_bits) : least;
    }
    while (above < by_chance->count && by_chance->bits[above] >= least) {
        above++;
    }
    f->expected = (double)above / by_chance->shuffles;
}

static rf_status compare(rf_findings *f, const rf_chance_settings *settings, rf_chance *by_chance,
                         rf_error *err)
{
    double *found = rf_alloc(f->rings, sizeof *found);
    double *q = rf_alloc(f->rings, sizeof *q);
    rf_status status = found == NULL || q == NULL ? rf_fail_memory(err, "the q-values") : RF_OK;
    if (status == RF_OK) {
        for (uint32_t r = 0; r < f->rings; r++) {
            found[r] = f->ring[r].inner_bits;
        }
        qsort(found, f->rings, sizeof *found, descending);
        if (by_chance->count > 0) {
            qsort(by_chance->bits, by_chance->count, sizeof *by_chance->bits, descending);
        }
        rf_chance_q(found, f->rings, by_chance->bits, by_chance->count, by_chance->shuffles, q);
        for (uint32_t r = 0; r < f->rings; r++) {
            f->ring[r].q = q[find_bits(found, f->rings, f->ring[r].inner_bits)];
        }
        set_flags(f, settings, by_chance);
    }
    rf_free(found);
    rf_free(q);
    return status;
}

rf_status rf_rings_chance(const rf_population *population, const rf_calibration *calibration,
                          const rf_links *links, const rf_chance_settings *settings,
                          rf_chance *chance, rf_findings *findings, rf_error *err)
{
    rf_status const status = measure(population, calibration, links, findings, err);
    findings->shuffles = chance->shuffles;
    for (uint32_t r = 0; r < findings->rings; r++) {
        findings->ring[r].q = (double)NAN;
    }
    return status == RF_OK && chance->shuffles > 0 ? compare(findings, settings, chance, err)
                                                   : status;
}
