/* links.c - see links.h. */
#include "evidence/links.h"

#include "base/parallel.h"
#include "base/progress.h"

#include <stdlib.h>
#include <string.h>

enum { ACCOUNT_GRAIN = 1024, BOUND_SCALE = 64 }; /* the accumulator counts 1/1024 bit, rounded up */

/* The links of one block of accounts. */
typedef struct link_block {
    uint32_t *a, *b;
    rf_bits *bits;
    uint8_t *families;
    size_t count, room[4];
    uint64_t pairs, weighed;
} link_block;

/* A thread's working space. */
typedef struct scratch {
    uint32_t *bound;   /* by account, zero outside of a row */
    uint64_t *touched; /* accounts with a bound in this row, each above its first group */
    size_t touched_room;
    rf_pair_evidence evidence;
} scratch;

typedef struct link_task {
    const rf_population *p;
    const rf_calibration *c;
    uint32_t *group_bound; /* scaled; 0 for groups worth nothing or above the cap */
    rf_bits *group_worth;  /* of strange pairs; else NULL */
    uint32_t *hub_bound;   /* by account: what its over-cap groups can add at most */
    uint32_t needed;       /* scaled bound a pair must exceed */
    link_block *block;
    scratch *scratch; /* by worker */
    rf_progress *progress;
} link_task;

static uint32_t scaled_up(rf_bits bits)
{
    return bits <= 0 ? 0 : (uint32_t)(bits + BOUND_SCALE - 1) / BOUND_SCALE;
}

static bool keep(link_block *block, uint32_t a, uint32_t b, int64_t posterior, uint32_t families)
{
    size_t const need = block->count + 1;
    if (!rf_reserve(&block->a, &block->room[0], need, sizeof *block->a) ||
        !rf_reserve(&block->b, &block->room[1], need, sizeof *block->b) ||
        !rf_reserve(&block->bits, &block->room[2], need, sizeof *block->bits) ||
        !rf_reserve(&block->families, &block->room[3], need, sizeof *block->families)) {
        return false;
    }
    block->a[block->count] = a;
    block->b[block->count] = b;
    block->bits[block->count] = (rf_bits)(posterior > INT32_MAX ? INT32_MAX : posterior);
    block->families[block->count] = (uint8_t)families;
    block->count++;
    return true;
}

static int ascending(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Adds up the bounds of all pairs (a, later account); *touched_count is their number. */
static rf_status visit_row(const link_task *task, scratch *s, uint32_t a, size_t *touched_count,
                           rf_error *err)
{
    const rf_population *p = task->p;
    size_t touched = 0;
    for (uint64_t k = p->account_start[a]; k < p->account_start[a + 1]; k++) {
        uint32_t const g = p->account_group[k];
        uint32_t const bound = task->group_bound[g];
        const uint32_t *holders = rf_group_holders(p, g);
        uint32_t i = rf_group_size(p, g);
        if (bound == 0) {
            continue;
        }
        if (!rf_reserve(&s->touched, &s->touched_room, touched + i, sizeof *s->touched)) {
            return rf_fail_memory(err, "the pairs of an account");
        }
        while (i > 0 && holders[i - 1] > a) { /* ascending: walk back from the end */
            uint32_t const b = holders[--i];
            if (s->bound[b] == 0) {
                s->touched[touched++] = (uint64_t)b << 32 | g;
            }
            s->bound[b] += bound;
        }
    }
    *touched_count = touched;
    return RF_OK;
}

/* A candidate is an account above the only group it shares with a, or above UINT32_MAX. Of a
 * strange pair that shares one group there is nothing to find out: it is worth what the group is.
 */
static rf_status weigh_candidate(const link_task *task, scratch *s, link_block *block, uint32_t a,
                                 uint64_t candidate, rf_error *err)
{
    const rf_calibration *c = task->c;
    uint32_t const b = (uint32_t)(candidate >> 32);
    uint32_t const g = (uint32_t)candidate;
    int64_t posterior;
    uint32_t families = 1;
    if (c->strange && g != UINT32_MAX) {
        posterior = (int64_t)rf_bits_from(c->settings.prior_bits) + task->group_worth[g];
    } else {
        rf_status const status = rf_pair_weigh(task->p, c, a, b, &s->evidence, err);
        if (status != RF_OK) {
            return status;
        }
        posterior = s->evidence.posterior;
        families = s->evidence.families;
    }
    return posterior > rf_bits_from(c->settings.threshold_bits) &&
                   !keep(block, a, b, posterior, families)
               ? rf_fail_memory(err, "the links")
               : RF_OK;
}

/* Brings what weighing a candidate reads first, some candidates ahead: it is all over the memory.
 */
static void foresee(const link_task *task, const uint64_t *candidates, size_t count, size_t i)
{
    enum { NEAR = 3, FAR = 8 };
    const rf_population *p = task->p;
    if (i + FAR < count) {
        __builtin_prefetch(&p->account_start[candidates[i + FAR] >> 32]);
    }
    if (i + NEAR < count) {
        const uint32_t *groups = p->account_group + p->account_start[candidates[i + NEAR] >> 32];
        __builtin_prefetch(groups);
        __builtin_prefetch(groups + 16);
    }
}

static rf_status link_row(const link_task *task, scratch *s, link_block *block, uint32_t a,
                          rf_error *err)
{
    size_t touched = 0;
    size_t candidates = 0;
    rf_status status = visit_row(task, s, a, &touched, err);
    for (size_t i = 0; i < touched; i++) {
        uint32_t const b = (uint32_t)(s->touched[i] >> 32);
        uint32_t const g = (uint32_t)s->touched[i];
        uint32_t const hubs =
            task->hub_bound[a] < task->hub_bound[b] ? task->hub_bound[a] : task->hub_bound[b];
        bool const possible = (uint64_t)s->bound[b] + hubs > task->needed;
        if (possible) { /* the group stays when there is nothing else */
            bool const alone = hubs == 0 && s->bound[b] == task->group_bound[g];
            s->touched[candidates++] = (uint64_t)b << 32 | (alone ? g : UINT32_MAX);
        }
        s->bound[b] = 0;
    }
    block->pairs += touched;
    block->weighed += candidates;
    if (candidates > 1) {
        qsort(s->touched, candidates, sizeof *s->touched, ascending);
    }
    for (size_t i = 0; i < candidates && status == RF_OK; i++) {
        foresee(task, s->touched, candidates, i);
        status = weigh_candidate(task, s, block, a, s->touched[i], err);
    }
    return status;
}

static rf_status link_rows(void *context, size_t block, size_t first, size_t end, unsigned worker,
                           rf_error *err)
{
    link_task *task = context;
    scratch *s = &task->scratch[worker];
    rf_status status = RF_OK;
    if (s->bound == NULL) {
        s->bound = rf_alloc(task->p->accounts, sizeof *s->bound);
        if (s->bound == NULL) {
            return rf_fail_memory(err, "the pair step");
        }
    }
    for (size_t a = first; a < end && status == RF_OK; a++) {
        status = link_row(task, s, &task->block[block], (uint32_t)a, err);
    }
    if (worker == 0) {
        rf_progress_show(task->progress, end);
    }
    return status;
}

/* ---- groups above the cap ---- */

static rf_status judge_hubs(const rf_population *p, const rf_calibration *c, rf_links *links,
                            rf_error *err)
{
    size_t hub_room = 0;
    size_t star_room = 0;
    double const prior = c->settings.prior_bits;
    for (uint32_t g = 0; g < p->groups; g++) {
        rf_hub hub = {.group = g};
        if (rf_group_size(p, g) <= c->settings.pair_cap) {
            continue;
        }
        hub.reliability = rf_group_reliability(p, c, g);
        hub.worth = rf_group_worth(p, c, g);
        hub.treatment = hub.reliability >= c->settings.star_from ? RF_HUB_STAR
                        : hub.worth > 0                          ? RF_HUB_ADDS
                                                                 : RF_HUB_IGNORED;
        if (!rf_reserve(&links->hub, &hub_room, links->hubs + (size_t)1, sizeof *links->hub) ||
            !rf_reserve(&links->star, &star_room, links->stars + (size_t)1, sizeof *links->star)) {
            return rf_fail_memory(err, "the hubs");
        }
        links->hub[links->hubs++] = hub;
        if (hub.treatment == RF_HUB_STAR) {
            rf_bits const bits = rf_bits_from(prior) + hub.worth;
            links->star[links->stars++] = (rf_star){g, bits > RF_BIT / 8 ? bits : RF_BIT / 8};
        }
    }
    return RF_OK;
}

static rf_status prepare_bounds(const rf_population *p, const rf_calibration *c, link_task *task,
                                rf_error *err)
{
    task->group_bound = rf_alloc(p->groups, sizeof *task->group_bound);
    task->hub_bound = rf_alloc(p->accounts, sizeof *task->hub_bound);
    task->group_worth = c->strange ? rf_alloc_raw(p->groups, sizeof *task->group_worth) : NULL;
    if (task->group_bound == NULL || task->hub_bound == NULL ||
        (c->strange && task->group_worth == NULL)) {
        return rf_fail_memory(err, "the bounds of the pair step");
    }
    for (uint32_t g = 0; g < p->groups; g++) {
        rf_bits const most = c->strange ? rf_group_worth(p, c, g) : rf_group_bound(p, c, g);
        uint32_t const bound = scaled_up(most);
        if (c->strange) {
            task->group_worth[g] = most;
        }
        if (rf_group_size(p, g) <= c->settings.pair_cap) {
            task->group_bound[g] = bound;
            continue;
        }
        for (uint32_t i = 0; i < rf_group_size(p, g) && bound > 0; i++) {
            task->hub_bound[rf_group_holders(p, g)[i]] += bound;
        }
    }
    return RF_OK;
}

/* ---- joining the blocks ---- */

static rf_status join_blocks(link_block *block, size_t blocks, rf_links *links, rf_error *err)
{
    uint64_t at = 0;
    for (size_t k = 0; k < blocks; k++) {
        links->count += block[k].count;
        links->pairs += block[k].pairs;
        links->weighed += block[k].weighed;
    }
    links->a = rf_alloc_raw(links->count, sizeof *links->a);
    links->b = rf_alloc_raw(links->count, sizeof *links->b);
    links->bits = rf_alloc_raw(links->count, sizeof *links->bits);
    links->families = rf_alloc_raw(links->count, sizeof *links->families);
    if (links->a == NULL || links->b == NULL || links->bits == NULL || links->families == NULL) {
        return rf_fail_memory(err, "the links");
    }
    for (size_t k = 0; k < blocks; k++) {
        size_t const n = block[k].count;
        if (n > 0) {
            memcpy(links->a + at, block[k].a, n * sizeof *links->a);
            memcpy(links->b + at, block[k].b, n * sizeof *links->b);
            memcpy(links->bits + at, block[k].bits, n * sizeof *links->bits);
            memcpy(links->families + at, block[k].families, n * sizeof *links->families);
        }
        at += n;
    }
    return RF_OK;
}

static void free_task(link_task *task, size_t blocks, unsigned threads)
{
    for (size_t k = 0; task->block != NULL && k < blocks; k++) {
        rf_free(task->block[k].a);
        rf_free(task->block[k].b);
        rf_free(task->block[k].bits);
        rf_free(task->block[k].families);
    }
    for (unsigned w = 0; task->scratch != NULL && w < threads; w++) {
        rf_free(task->scratch[w].bound);
        rf_free(task->scratch[w].touched);
        rf_pair_evidence_free(&task->scratch[w].evidence);
    }
    rf_free(task->block);
    rf_free(task->scratch);
    rf_free(task->group_bound);
    rf_free(task->group_worth);
    rf_free(task->hub_bound);
}

rf_status rf_links_find(const rf_population *population, const rf_calibration *calibration,
                        unsigned threads, rf_links *links, rf_error *err)
{
    size_t const blocks = (population->accounts + (size_t)ACCOUNT_GRAIN - 1) / ACCOUNT_GRAIN;
    double const needed = calibration->settings.threshold_bits - calibration->settings.prior_bits;
    rf_progress progress;
    link_task task = {.p = population, .c = calibration, .progress = &progress};
    rf_status status;
    *links = (rf_links){0};
    task.needed =
        needed * (RF_BIT / BOUND_SCALE) < 1 ? 0 : (uint32_t)(needed * (RF_BIT / BOUND_SCALE)) - 1;
    task.block = rf_alloc(blocks, sizeof *task.block);
    task.scratch = rf_alloc(threads, sizeof *task.scratch);
    rf_progress_start(&progress, "comparing accounts", population->accounts);
    if (task.block == NULL || task.scratch == NULL) {
        status = rf_fail_memory(err, "the pair step");
    } else {
        status = prepare_bounds(population, calibration, &task, err);
    }
    if (status == RF_OK) {
        status = judge_hubs(population, calibration, links, err);
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, population->accounts, ACCOUNT_GRAIN, link_rows, &task, err);
    }
    if (status == RF_OK) {
        status = join_blocks(task.block, blocks, links, err);
    }
    rf_progress_end(&progress);
    free_task(&task, blocks, threads);
    if (status != RF_OK) {
        rf_links_free(links);
    }
    return status;
}

void rf_links_free(rf_links *links)
{
    rf_free(links->a);
    rf_free(links->b);
    rf_free(links->bits);
    rf_free(links->families);
    rf_free(links->hub);
    rf_free(links->star);
    *links = (rf_links){0};
}
