/* pair.c - see pair.h. */
#include "evidence/pair.h"

#include <stdlib.h>

static int strongest_first(const void *left, const void *right)
{
    const rf_shared_value *a = left;
    const rf_shared_value *b = right;
    if (a->alone != b->alone) {
        return a->alone < b->alone ? 1 : -1;
    }
    if (a->signal != b->signal) {
        return a->signal < b->signal ? -1 : 1;
    }
    return (a->fewest > b->fewest) - (a->fewest < b->fewest);
}

/* A handful of values: insertion beats qsort, and large pairs are rare. */
static void sort_shared(rf_shared_value *shared, size_t count)
{
    if (count > 32) {
        qsort(shared, count, sizeof *shared, strongest_first);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        rf_shared_value const moved = shared[i];
        size_t j = i;
        while (j > 0 && strongest_first(&shared[j - 1], &moved) > 0) {
            shared[j] = shared[j - 1];
            j--;
        }
        shared[j] = moved;
    }
}

static uint32_t least_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void rf_pair_sum(const rf_signal *signals, const rf_calibration *calibration, uint64_t tells,
                 uint64_t corroborated, rf_pair_evidence *evidence)
{
    const rf_calibration *c = calibration;
    uint8_t rank[RF_MAX_FAMILIES] = {0};
    uint64_t families = 0;
    evidence->prior = rf_bits_from(c->settings.prior_bits);
    evidence->posterior = evidence->prior;
    for (size_t i = 0; i < evidence->count; i++) {
        rf_shared_value *shared = &evidence->shared[i];
        uint32_t const family = signals[shared->signal].family;
        bool const own = (tells >> family & 1) != 0;
        /* at most what was counted: a pair may have come to share things after that */
        uint32_t const own_pairs = own ? least_of(shared->full_groups, shared->examined) : 0;
        uint32_t const own_hits =
            (corroborated >> family & 1) != 0 ? least_of(own_pairs, shared->corroborated) : 0;
        shared->reliability =
            rf_reliability(shared->examined - own_pairs, shared->corroborated - own_hits,
                           c->by_chance[family], c->sensitivity[family],
                           c->bucket[shared->signal][rf_bucket_of(shared->fewest)].reliability,
                           c->settings.prior_bits);
        shared->alone = rf_worth(shared->reliability, c->settings.prior_bits);
        if (shared->fewest > RF_ALL_PAIRS_UP_TO &&
            !rf_stands_out(shared->examined, shared->corroborated, c->by_chance[family])) {
            shared->alone = rf_rarity_limit(shared->alone, c->accounts, shared->fewest);
        }
    }
    sort_shared(evidence->shared, evidence->count);
    for (size_t i = 0; i < evidence->count; i++) {
        rf_shared_value *shared = &evidence->shared[i];
        uint32_t const family = signals[shared->signal].family;
        shared->counted = rank[family] < 31 ? shared->alone >> rank[family] : 0;
        /* what changes hands daily repeats itself among strangers too: it halves twice */
        rank[family] = (uint8_t)(rank[family] + (signals[shared->signal].windowed ? 2 : 1));
        rank[family] = rank[family] < 31 ? rank[family] : 31;
        if (shared->counted > 0) {
            families |= UINT64_C(1) << family;
        }
        evidence->posterior += shared->counted;
    }
    evidence->families = (uint32_t)__builtin_popcountll(families);
}

rf_status rf_pair_add(const rf_calibration *calibration, const rf_shared_value *value,
                      uint32_t holders, rf_pair_evidence *evidence, rf_error *err)
{
    rf_bucket(*const bucket)[RF_BUCKETS] = calibration->bucket;
    rf_shared_value *last = evidence->count == 0 ? NULL : &evidence->shared[evidence->count - 1];
    if (last == NULL || last->value != value->value) {
        if (!rf_reserve(&evidence->shared, &evidence->capacity, evidence->count + 1,
                        sizeof *evidence->shared)) {
            return rf_fail_memory(err, "the evidence of a pair");
        }
        last = &evidence->shared[evidence->count++];
        *last = (rf_shared_value){.signal = value->signal,
                                  .value = value->value,
                                  .fewest = holders,
                                  .examined = value->examined,
                                  .corroborated = value->corroborated};
    }
    /* The best day: the bucket with the highest reliability, not just the fewest holders. */
    if (bucket[last->signal][rf_bucket_of(holders)].reliability >
        bucket[last->signal][rf_bucket_of(last->fewest)].reliability) {
        last->fewest = holders;
    }
    last->days++;
    last->full_groups += holders <= RF_ALL_PAIRS_UP_TO;
    return RF_OK;
}

static rf_status add_group(const rf_population *p, const rf_calibration *c, uint32_t group,
                           rf_pair_evidence *evidence, rf_error *err)
{
    uint32_t const value = p->group_value[group];
    rf_shared_value const shared = {.signal = p->value_signal[value],
                                    .value = value,
                                    .examined = c->examined[value],
                                    .corroborated = c->corroborated[value]};
    return rf_pair_add(c, &shared, rf_group_size(p, group), evidence, err);
}

rf_status rf_pair_weigh(const rf_population *population, const rf_calibration *calibration,
                        uint32_t a, uint32_t b, rf_pair_evidence *evidence, rf_error *err)
{
    const rf_population *p = population;
    const uint32_t *i = p->account_group + p->account_start[a];
    const uint32_t *const i_end = p->account_group + p->account_start[a + 1];
    const uint32_t *j = p->account_group + p->account_start[b];
    const uint32_t *const j_end = p->account_group + p->account_start[b + 1];
    uint64_t families = 0;
    uint64_t tells = 0;
    uint64_t corroborated = 0;
    rf_status status = RF_OK;
    evidence->count = 0;
    while (i < i_end && j < j_end && status == RF_OK) {
        uint32_t const left = *i;
        uint32_t const right = *j;
        if (left == right) {
            if (rf_group_size(p, left) <= calibration->common) {
                families |= UINT64_C(1) << rf_group_signal(p, left)->family;
            }
            status = add_group(p, calibration, left, evidence, err);
        }
        /* Which list goes on cannot be foreseen, so there is no branch to foresee wrongly. */
        i += left <= right;
        j += right <= left;
    }
    if (calibration->one_family) {
        families = rf_shared_families(p, calibration, a, b);
    }
    for (uint32_t f = 0; f < p->families && !calibration->strange; f++) {
        tells |= (uint64_t)rf_pair_tells(p, calibration, f, a, b) << f;
        corroborated |= (uint64_t)rf_corroborates(calibration, families, f) << f;
    }
    rf_pair_sum(p->signal, calibration, tells, corroborated, evidence);
    return status;
}

void rf_pair_evidence_free(rf_pair_evidence *evidence)
{
    rf_free(evidence->shared);
    *evidence = (rf_pair_evidence){0};
}

/* The worth of a group at a given reliability, limited by its rarity where that applies. */
static rf_bits group_worth(const rf_calibration *c, uint32_t holders, uint32_t value,
                           uint32_t family, double reliability)
{
    rf_bits const worth = rf_worth(reliability, c->settings.prior_bits);
    bool const limited =
        holders > RF_ALL_PAIRS_UP_TO &&
        !rf_stands_out(c->examined[value], c->corroborated[value], c->by_chance[family]);
    return limited ? rf_rarity_limit(worth, c->accounts, holders) : worth;
}

/* What group g can be worth to any pair, its rarity apart. */
static rf_bits most_worth(const rf_population *population, const rf_calibration *c, uint32_t group)
{
    uint32_t const value = population->group_value[group];
    uint32_t const signal = population->value_signal[value];
    uint32_t const family = population->signal[signal].family;
    double const chance = c->by_chance[family];
    double const sensitivity = c->sensitivity[family];
    double const bucket =
        c->bucket[signal][rf_bucket_of(rf_group_size(population, group))].reliability;
    uint32_t const full = c->full_groups[value];
    uint32_t const others = c->examined[value] > full ? c->examined[value] - full : 0;
    /* Leaving a pair out takes at most `full` from examined and, at best, nothing from
     * corroborated; reliability falls with the one and rises with the other. */
    double const left_out = rf_reliability(others, c->corroborated[value], chance, sensitivity,
                                           bucket, c->settings.prior_bits);
    return rf_worth(left_out, c->settings.prior_bits);
}

static bool limited_by_rarity(const rf_population *p, const rf_calibration *c, uint32_t group)
{
    uint32_t const value = p->group_value[group];
    return rf_group_size(p, group) > RF_ALL_PAIRS_UP_TO &&
           !rf_stands_out(c->examined[value], c->corroborated[value],
                          c->by_chance[rf_group_signal(p, group)->family]);
}

rf_bits rf_group_bound(const rf_population *population, const rf_calibration *calibration,
                       uint32_t group)
{
    rf_bits const most = most_worth(population, calibration, group);
    return limited_by_rarity(population, calibration, group)
               ? rf_rarity_limit(most, calibration->accounts, rf_group_size(population, group))
               : most;
}

bool rf_group_size_tells(const rf_population *population, const rf_calibration *calibration,
                         uint32_t group)
{
    rf_bits const most = most_worth(population, calibration, group);
    return limited_by_rarity(population, calibration, group) &&
           rf_rarity_limit(most, calibration->accounts, rf_group_size(population, group)) < most;
}

double rf_group_reliability(const rf_population *population, const rf_calibration *calibration,
                            uint32_t group)
{
    const rf_calibration *c = calibration;
    uint32_t const value = population->group_value[group];
    uint32_t const signal = population->value_signal[value];
    return rf_reliability(
        c->examined[value], c->corroborated[value], c->by_chance[population->signal[signal].family],
        c->sensitivity[population->signal[signal].family],
        c->bucket[signal][rf_bucket_of(rf_group_size(population, group))].reliability,
        c->settings.prior_bits);
}

rf_bits rf_group_worth(const rf_population *population, const rf_calibration *calibration,
                       uint32_t group)
{
    uint32_t const value = population->group_value[group];
    return group_worth(calibration, rf_group_size(population, group), value,
                       rf_group_signal(population, group)->family,
                       rf_group_reliability(population, calibration, group));
}
