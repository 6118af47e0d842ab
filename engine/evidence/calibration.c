/* calibration.c - see calibration.h. */
#include "evidence/calibration.h"

#include "base/hash.h"
#include "base/parallel.h"
#include "base/progress.h"

#include <string.h>

enum { VALUE_GRAIN = 2048, RANDOM_PAIRS = 200000, PAIR_GRAIN = 8192 };

rf_evidence_settings rf_evidence_defaults(void)
{
    return (rf_evidence_settings){
        .prior_bits = NAN,
        .threshold_bits = 0,
        .pair_cap = 1000,
        .common_share = 0.004,
        .star_from = 0.5,
        .seed = 1,
    };
}

/* ---- pairs ---- */

static uint64_t shared_values(const rf_population *p, const rf_calibration *c, uint32_t a,
                              uint32_t b)
{
    const uint32_t *i = p->account_group + p->account_start[a];
    const uint32_t *const i_end = p->account_group + p->account_start[a + 1];
    const uint32_t *j = p->account_group + p->account_start[b];
    const uint32_t *const j_end = p->account_group + p->account_start[b + 1];
    uint32_t first = UINT32_MAX;
    while (i < i_end && j < j_end) {
        if (*i == *j) {
            if (rf_group_size(p, *i) <= c->common) {
                uint32_t const value = p->group_value[*i];
                if (first != UINT32_MAX && first != value) {
                    return 3;
                }
                first = value;
            }
            i++;
            j++;
        } else if (*i < *j) {
            i++;
        } else {
            j++;
        }
    }
    return first == UINT32_MAX ? 0 : 1;
}

uint64_t rf_shared_families(const rf_population *population, const rf_calibration *calibration,
                            uint32_t a, uint32_t b)
{
    const rf_population *p = population;
    const uint32_t *i = p->account_group + p->account_start[a];
    const uint32_t *const i_end = p->account_group + p->account_start[a + 1];
    const uint32_t *j = p->account_group + p->account_start[b];
    const uint32_t *const j_end = p->account_group + p->account_start[b + 1];
    uint64_t families = 0;
    if (calibration->one_family) {
        return shared_values(population, calibration, a, b);
    }
    while (i < i_end && j < j_end) {
        uint32_t const left = *i;
        uint32_t const right = *j;
        if (left == right && rf_group_size(p, left) <= calibration->common) {
            families |= UINT64_C(1) << rf_group_signal(p, left)->family;
        }
        i += left <= right; /* no branch that would be foreseen wrongly half of the time */
        j += right <= left;
    }
    return families;
}

static uint32_t values_held(const rf_population *p, uint32_t account)
{
    uint32_t held = 0;
    for (uint32_t s = 0; s < p->signals; s++) {
        held += p->held[s] == NULL ? 0 : p->held[s][account];
    }
    return held;
}

bool rf_pair_tells(const rf_population *population, const rf_calibration *calibration,
                   uint32_t family, uint32_t a, uint32_t b)
{
    if (calibration->one_family) {
        return values_held(population, a) >= 2 && values_held(population, b) >= 2;
    }
    return (population->observed[a] & population->observed[b] & ~(UINT64_C(1) << family)) != 0;
}

/* ---- what chance corroborates ---- */

typedef struct chance_counts {
    uint64_t tells[RF_MAX_FAMILIES];
    uint64_t corroborated[RF_MAX_FAMILIES];
} chance_counts;

typedef struct chance_task {
    const rf_population *p;
    const rf_calibration *c;
    chance_counts *counts; /* by worker: whole numbers, so their sum has no order */
} chance_task;

/* The account that owns holding number `at` when holdings are listed by account. O(log accounts).
 */
static uint32_t owner_of(const rf_population *p, uint64_t at)
{
    uint32_t low = 0;
    uint32_t high = p->accounts;
    while (high - low > 1) {
        uint32_t const middle = low + (high - low) / 2;
        if (p->account_start[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static rf_status count_chance(void *context, size_t block, size_t first, size_t end,
                              unsigned worker, rf_error *err)
{
    chance_task *task = context;
    const rf_population *p = task->p;
    chance_counts *counts = &task->counts[worker];
    uint64_t const holdings = p->account_start[p->accounts];
    (void)block;
    (void)err;
    for (size_t i = first; i < end; i++) {
        uint64_t const draw = rf_mix2(task->c->settings.seed ^ UINT64_C(0x72616e646f6d), i);
        uint32_t const a = owner_of(p, draw % holdings);
        uint32_t const b = owner_of(p, rf_mix(draw) % holdings);
        uint64_t shared;
        if (a == b) {
            continue;
        }
        shared = rf_shared_families(p, task->c, a, b);
        for (uint32_t f = 0; f < p->families; f++) {
            if (rf_pair_tells(p, task->c, f, a, b)) {
                counts->tells[f]++;
                /* With one family, any shared value would corroborate the value in question. */
                counts->corroborated[f] +=
                    task->c->one_family ? shared & 1 : rf_corroborates(task->c, shared, f);
            }
        }
    }
    return RF_OK;
}

static rf_status learn_chance(const rf_population *p, rf_calibration *c, unsigned threads,
                              rf_error *err)
{
    chance_task task = {p, c, rf_alloc(threads, sizeof(chance_counts))};
    rf_status status;
    if (task.counts == NULL) {
        return rf_fail_memory(err, "the calibration");
    }
    /* without holdings nobody shares anything: there is nothing to draw from */
    status = p->accounts < 2 || p->account_start[p->accounts] == 0
                 ? RF_OK
                 : rf_parallel(threads, RANDOM_PAIRS, PAIR_GRAIN, count_chance, &task, err);
    for (uint32_t f = 0; f < p->families; f++) {
        uint64_t tells = 0;
        uint64_t corroborated = 0;
        for (unsigned w = 0; w < threads; w++) {
            tells += task.counts[w].tells[f];
            corroborated += task.counts[w].corroborated[f];
        }
        c->by_chance[f] = (double)corroborated / ((double)tells + 1);
    }
    rf_free(task.counts);
    return status;
}

/* ---- what the groups show ---- */

typedef struct bucket_counts {
    uint64_t groups, examined, corroborated;
} bucket_counts;

/* Pairs that share family f and some h: of these, how many share a third family g as well. */
typedef struct third_counts {
    uint64_t ties[RF_MAX_FAMILIES][RF_MAX_FAMILIES];  /* [f][g]: share f and an h other than g */
    uint64_t third[RF_MAX_FAMILIES][RF_MAX_FAMILIES]; /* of these, share g */
} third_counts;

typedef struct value_task {
    const rf_population *p;
    rf_calibration *c;
    bucket_counts *counts; /* [worker][signal][bucket] */
    third_counts *thirds;  /* [worker] */
    rf_progress *progress;
} value_task;

typedef struct pair_counts {
    uint64_t examined, corroborated;
} pair_counts;

static void count_thirds(const rf_population *p, third_counts *thirds, uint32_t family,
                         uint64_t shared)
{
    uint64_t const others = shared & ~(UINT64_C(1) << family);
    for (uint32_t g = 0; g < p->families; g++) {
        uint64_t const this = UINT64_C(1) << g;
        if (g != family && (others & ~this) != 0) {
            thirds->ties[family][g]++;
            thirds->third[family][g] += (others & this) != 0;
        }
    }
}

static void examine(const value_task *task, third_counts *thirds, uint32_t family, uint32_t a,
                    uint32_t b, pair_counts *counts)
{
    uint64_t shared;
    if (!rf_pair_tells(task->p, task->c, family, a, b)) {
        return;
    }
    shared = rf_shared_families(task->p, task->c, a, b);
    counts->examined++;
    if (rf_corroborates(task->c, shared, family)) {
        counts->corroborated++;
        if (!task->c->one_family) {
            count_thirds(task->p, thirds, family, shared);
        }
    }
}

/* A key of the group that knows its holders but not its value. */
static uint64_t group_key(const value_task *task, uint32_t signal_row, const uint32_t *holders,
                          uint32_t n)
{
    uint64_t key = rf_mix2(task->c->settings.seed, signal_row);
    key = rf_mix2(key, task->p->identity[holders[0]]);
    key = rf_mix2(key, task->p->identity[holders[n / 2]]);
    return rf_mix2(key, task->p->identity[holders[n - 1]]);
}

/* Two different holders of a group, drawn by its key. */
typedef struct drawn {
    uint32_t a, b;
} drawn;

static drawn draw_pair(const uint32_t *holders, uint32_t n, uint64_t key, uint32_t k)
{
    uint64_t const draw = rf_mix2(key, k);
    uint32_t const i = (uint32_t)((draw & UINT32_MAX) * n >> 32);
    uint32_t const step = 1 + (uint32_t)((draw >> 32) * (n - 1) >> 32);
    return (drawn){holders[i], holders[(uint32_t)(((uint64_t)i + step) % n)]};
}

/* What an account holds is all over the memory: it is asked for beforehand, first where it begins,
 * then the list. */
static void foresee_start(const rf_population *p, uint32_t account)
{
    __builtin_prefetch(&p->account_start[account]);
    __builtin_prefetch(&p->observed[account]);
}

static void foresee_list(const rf_population *p, uint32_t account)
{
    const uint32_t *groups = p->account_group + p->account_start[account];
    __builtin_prefetch(groups);
    __builtin_prefetch(groups + 16);
}

/* The small groups after this one. */
static void foresee_groups(const rf_population *p, uint32_t group)
{
    enum { NEAR = 2, FAR = 5 };
    if (group + FAR < p->groups && rf_group_size(p, group + FAR) <= RF_ALL_PAIRS_UP_TO) {
        const uint32_t *holders = rf_group_holders(p, group + FAR);
        for (uint32_t i = 0; i < rf_group_size(p, group + FAR); i++) {
            foresee_start(p, holders[i]);
        }
    }
    if (group + NEAR < p->groups && rf_group_size(p, group + NEAR) <= RF_ALL_PAIRS_UP_TO) {
        const uint32_t *holders = rf_group_holders(p, group + NEAR);
        for (uint32_t i = 0; i < rf_group_size(p, group + NEAR); i++) {
            foresee_list(p, holders[i]);
        }
    }
}

static void examine_drawn(const value_task *task, third_counts *thirds, uint32_t group,
                          pair_counts *counts)
{
    enum { NEAR = 4, FAR = 8 };
    const rf_population *p = task->p;
    const rf_signal *signal = rf_group_signal(p, group);
    const uint32_t *holders = rf_group_holders(p, group);
    uint32_t const n = rf_group_size(p, group);
    uint32_t const samples = rf_sampled_pairs(n);
    uint64_t const key = group_key(task, (uint32_t)signal->row, holders, n);
    drawn ahead[FAR]; /* the pairs k to k + FAR - 1, each at its number modulo FAR */
    for (uint32_t k = 0; k < samples + FAR; k++) {
        if (k >= FAR) {
            drawn const pair = ahead[k % FAR];
            examine(task, thirds, signal->family, pair.a, pair.b, counts);
        }
        ahead[k % FAR] = draw_pair(holders, n, key, k);
        foresee_start(p, ahead[k % FAR].a);
        foresee_start(p, ahead[k % FAR].b);
        if (k >= NEAR) {
            foresee_list(p, ahead[(k - NEAR) % FAR].a);
            foresee_list(p, ahead[(k - NEAR) % FAR].b);
        }
    }
}

static pair_counts examine_group(const value_task *task, third_counts *thirds, uint32_t group)
{
    const rf_signal *signal = rf_group_signal(task->p, group);
    const uint32_t *holders = rf_group_holders(task->p, group);
    uint32_t const n = rf_group_size(task->p, group);
    pair_counts counts = {0};
    if (n <= RF_ALL_PAIRS_UP_TO) {
        foresee_groups(task->p, group);
        for (uint32_t i = 0; i + 1 < n; i++) {
            for (uint32_t j = i + 1; j < n; j++) {
                examine(task, thirds, signal->family, holders[i], holders[j], &counts);
            }
        }
        return counts;
    }
    examine_drawn(task, thirds, group, &counts);
    return counts;
}

static rf_status examine_values(void *context, size_t block, size_t first, size_t end,
                                unsigned worker, rf_error *err)
{
    value_task *task = context;
    const rf_population *p = task->p;
    (void)block;
    (void)err;
    for (size_t v = first; v < end; v++) {
        bucket_counts *counts =
            task->counts + ((size_t)worker * p->signals + p->value_signal[v]) * RF_BUCKETS;
        for (uint32_t g = p->value_group_start[v]; g < p->value_group_start[v + 1]; g++) {
            uint32_t const n = rf_group_size(p, g);
            bucket_counts *bucket = counts + rf_bucket_of(n);
            pair_counts const seen = examine_group(task, &task->thirds[worker], g);
            bucket->groups++;
            bucket->examined += seen.examined;
            bucket->corroborated += seen.corroborated;
            task->c->examined[v] += (uint32_t)seen.examined;
            task->c->corroborated[v] += (uint32_t)seen.corroborated;
            task->c->full_groups[v] += n <= RF_ALL_PAIRS_UP_TO;
        }
    }
    if (worker == 0) {
        rf_progress_show(task->progress, end);
    }
    return RF_OK;
}

/* The values of a list, as examine_values those of all. */
typedef struct list_task {
    value_task values;
    const uint32_t *list;
} list_task;

static rf_status examine_list(void *context, size_t block, size_t first, size_t end,
                              unsigned worker, rf_error *err)
{
    list_task *task = context;
    rf_calibration *c = task->values.c;
    (void)block;
    (void)err;
    for (size_t i = first; i < end; i++) {
        uint32_t const v = task->list[i];
        c->examined[v] = 0;
        c->corroborated[v] = 0;
        for (uint32_t g = task->values.p->value_group_start[v];
             g < task->values.p->value_group_start[v + 1]; g++) {
            pair_counts const seen = examine_group(&task->values, &task->values.thirds[worker], g);
            c->examined[v] += (uint32_t)seen.examined;
            c->corroborated[v] += (uint32_t)seen.corroborated;
        }
    }
    return RF_OK;
}

rf_status rf_calibration_examine(const rf_population *population, const uint32_t *value,
                                 uint32_t values, unsigned threads, rf_calibration *calibration,
                                 rf_error *err)
{
    list_task task = {.values = {.p = population,
                                 .c = calibration,
                                 .thirds = rf_alloc(threads, sizeof(third_counts))},
                      .list = value};
    rf_status const status =
        task.values.thirds == NULL
            ? rf_fail_memory(err, "the calibration")
            : rf_parallel(threads, values, VALUE_GRAIN / 16, examine_list, &task, err);
    rf_free(task.values.thirds);
    return status;
}

/* A real tie that shares f is corroborated unless every other family fails to show. */
static void finish_sensitivity(const rf_population *p, rf_calibration *c,
                               const third_counts *thirds, unsigned threads)
{
    for (uint32_t f = 0; f < p->families; f++) {
        double missed = 1;
        for (uint32_t g = 0; g < p->families; g++) {
            double ties = 0;
            double third = 0;
            for (unsigned w = 0; w < threads; w++) {
                ties += (double)thirds[w].ties[f][g];
                third += (double)thirds[w].third[f][g];
            }
            missed *= g == f ? 1 : 1 - (third + 0.5) / (ties + 1);
        }
        c->sensitivity[f] = c->one_family ? 1 : fmax(1 - missed, RF_SENSITIVITY_LEAST);
    }
}

/* Adds the workers' counts and draws each bucket towards the one before it. */
static void finish_buckets(const rf_population *p, rf_calibration *c, const bucket_counts *counts,
                           unsigned threads)
{
    for (uint32_t s = 0; s < p->signals; s++) {
        double const chance = c->by_chance[p->signal[s].family];
        double const sensitivity = c->sensitivity[p->signal[s].family];
        double rate = 0.5 * sensitivity; /* before anything is seen */
        for (uint32_t k = 0; k < RF_BUCKETS; k++) {
            rf_bucket *bucket = &c->bucket[s][k];
            for (unsigned w = 0; w < threads; w++) {
                const bucket_counts *part = counts + ((size_t)w * p->signals + s) * RF_BUCKETS + k;
                bucket->groups += part->groups;
                bucket->examined += part->examined;
                bucket->corroborated += part->corroborated;
            }
            rate = ((double)bucket->corroborated + RF_BUCKET_WEIGHT * rate) /
                   ((double)bucket->examined + RF_BUCKET_WEIGHT);
            bucket->reliability = fmin(fmax(rate - chance, 0) / sensitivity, RF_RELIABILITY_MAX);
        }
    }
}

static rf_status learn_values(const rf_population *p, rf_calibration *c, unsigned threads,
                              rf_error *err)
{
    value_task task = {
        .p = p,
        .c = c,
        .counts = rf_alloc((size_t)threads * (p->signals + 1) * RF_BUCKETS, sizeof(bucket_counts)),
        .thirds = rf_alloc(threads, sizeof(third_counts)),
    };
    rf_progress progress;
    rf_status status;
    task.progress = &progress;
    rf_progress_start(&progress, "learning what sharing is worth", p->values);
    status = task.counts == NULL || task.thirds == NULL
                 ? rf_fail_memory(err, "the calibration")
                 : rf_parallel(threads, p->values, VALUE_GRAIN, examine_values, &task, err);
    rf_progress_end(&progress);
    if (status == RF_OK) {
        finish_sensitivity(p, c, task.thirds, threads);
        finish_buckets(p, c, task.counts, threads);
    }
    rf_free(task.counts);
    rf_free(task.thirds);
    return status;
}

/* True when no account is known by two families. */
static bool single_family(const rf_population *p)
{
    uint64_t all = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        all |= p->observed[a];
    }
    return (all & (all - 1)) == 0;
}

rf_status rf_calibrate(const rf_population *population, const rf_evidence_settings *settings,
                       unsigned threads, rf_calibration *calibration, rf_error *err)
{
    rf_calibration *c = calibration;
    rf_status status;
    double const common = settings->common_share * population->accounts;
    *c = (rf_calibration){.settings = *settings, .accounts = population->accounts};
    if (isnan(c->settings.prior_bits)) {
        c->settings.prior_bits = population->accounts < 2 ? -1 : -log2(population->accounts);
    }
    c->common = common > settings->pair_cap ? (uint32_t)common : settings->pair_cap;
    c->one_family = single_family(population);
    c->bucket = rf_alloc((size_t)population->signals + 1, sizeof *c->bucket);
    c->examined = rf_alloc(population->values, sizeof *c->examined);
    c->corroborated = rf_alloc(population->values, sizeof *c->corroborated);
    c->full_groups = rf_alloc(population->values, sizeof *c->full_groups);
    if (c->bucket == NULL || c->examined == NULL || c->corroborated == NULL ||
        c->full_groups == NULL) {
        status = rf_fail_memory(err, "the calibration");
    } else {
        status = learn_chance(population, c, threads, err);
    }
    if (status == RF_OK) {
        status = learn_values(population, c, threads, err);
    }
    if (status != RF_OK) {
        rf_calibration_free(c);
    }
    return status;
}

void rf_calibration_free(rf_calibration *calibration)
{
    rf_free(calibration->bucket);
    rf_free(calibration->examined);
    rf_free(calibration->corroborated);
    rf_free(calibration->full_groups);
    *calibration = (rf_calibration){0};
}
