/* links.c - see links.h. */
#include "evidence/links.h"

#include "base/order.h"
#include "base/parallel.h"
#include "base/progress.h"

#include <stdlib.h>
#include <string.h>

enum { ACCOUNT_GRAIN = 1024, BOUND_SCALE = 64 }; /* the accumulator counts 1/1024 bit, rounded up */

/* In a bound: the pair shares a marked group. */
#define MARKED (UINT32_C(1) << 31)

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
    const rf_link_marks *marks; /* rows are visited whole, for marked pairs; NULL: later accounts */
    const uint32_t *row;        /* the rows to be visited; NULL: all */
    uint64_t *asking_start;     /* by group: offsets into `asking`; groups + 1; NULL: none */
    uint32_t *asking;           /* its holders that are RF_AGAIN_HUB or more, ascending */
    const rf_links *before;
    uint8_t *dropped; /* by link of before: no longer one; bits are changed in place */
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

/* MARKED when one of a pair has come to be known better, and the group tells of each of its pairs.
 */
static uint32_t known_better(const link_task *task, uint32_t a, uint32_t b, uint32_t group)
{
    return task->marks != NULL && rf_group_size(task->p, group) <= RF_ALL_PAIRS_UP_TO &&
                   (task->marks->account[a] == RF_AGAIN_KNOWN ||
                    task->marks->account[b] == RF_AGAIN_KNOWN)
               ? MARKED
               : 0;
}

/* What a row goes through. */
typedef enum row_way {
    ROW_ALL,    /* all groups whole */
    ROW_ASKING, /* marked groups whole, of others those who ask as well */
    ROW_MARKED  /* marked groups alone */
} row_way;

/* Who asks less than all pairs needs only marked groups whole. To compare what each pair in them
 * holds may cost less than to add up what all of them share. */
static row_way way_of(const link_task *task, uint32_t a)
{
    enum { COMPARED = 6 }; /* additions that one comparison costs */
    const rf_population *p = task->p;
    uint8_t const own = task->marks == NULL ? RF_AGAIN_ALL : task->marks->account[a];
    uint64_t marked = 0;
    uint64_t all = 0;
    if (own != RF_AGAIN_PAIRS && own != RF_AGAIN_HUB) {
        return ROW_ALL;
    }
    for (uint64_t k = p->account_start[a]; k < p->account_start[a + 1]; k++) {
        uint32_t const g = p->account_group[k];
        uint32_t const size = task->group_bound[g] > 0 ? rf_group_size(p, g) : 0;
        all += size;
        marked += task->marks->group[g] != 0 ? size : 0;
    }
    return COMPARED * marked >= all ? ROW_ALL : own == RF_AGAIN_PAIRS ? ROW_MARKED : ROW_ASKING;
}

/* A pair with two rows is found in that of the account that more is asked of, then of the first. */
static bool is_in_other_row(const link_task *task, uint32_t a, uint32_t b)
{
    uint8_t const own = task->marks->account[a];
    uint8_t const other = task->marks->account[b];
    return b == a || (other >= RF_AGAIN_PAIRS && (other > own || (other == own && b < a)));
}

/* Those in a group whom a row meets there, ascending; returns how many they are. */
static uint32_t whom_to_meet(const link_task *task, uint32_t g, bool marked, row_way way,
                             const uint32_t **whom)
{
    if (marked || way == ROW_ALL) {
        *whom = rf_group_holders(task->p, g);
        return rf_group_size(task->p, g);
    }
    *whom = task->asking + task->asking_start[g];
    return way == ROW_MARKED ? 0 : (uint32_t)(task->asking_start[g + 1] - task->asking_start[g]);
}

/* Adds up the bounds of all pairs (a, later account), or of those that are met; *touched_count is
 * their number. */
static rf_status visit_row(const link_task *task, scratch *s, uint32_t a, row_way way,
                           size_t *touched_count, rf_error *err)
{
    const rf_population *p = task->p;
    size_t touched = 0;
    for (uint64_t k = p->account_start[a]; k < p->account_start[a + 1]; k++) {
        uint32_t const g = p->account_group[k];
        uint32_t const bound = task->group_bound[g];
        uint32_t const mark = task->marks != NULL && task->marks->group[g] != 0 ? MARKED : 0;
        const uint32_t *holders;
        uint32_t i;
        if (bound == 0) {
            continue;
        }
        i = whom_to_meet(task, g, mark != 0, way, &holders);
        if (!rf_reserve(&s->touched, &s->touched_room, touched + i, sizeof *s->touched)) {
            return rf_fail_memory(err, "the pairs of an account");
        }
        while (i > 0 && (task->marks != NULL || holders[i - 1] > a)) { /* ascending: from the end */
            uint32_t const b = holders[--i];
            if (task->marks != NULL && is_in_other_row(task, a, b)) {
                continue;
            }
            if (s->bound[b] == 0) {
                s->touched[touched++] = (uint64_t)b << 32 | g;
            }
            s->bound[b] = (s->bound[b] + bound) | mark | known_better(task, a, b, g);
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
                   !keep(block, a < b ? a : b, a < b ? b : a, posterior, families)
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

/* Whether the pair is one of those to be weighed; `marked`: it shares a group that asks for it. */
static bool is_asked(const rf_link_marks *marks, uint32_t a, uint32_t b, bool marked)
{
    uint8_t const x = marks->account[a];
    uint8_t const y = marks->account[b];
    return x == RF_AGAIN_ALL || y == RF_AGAIN_ALL || (x >= RF_AGAIN_HUB && y >= RF_AGAIN_HUB) ||
           (marked && (x >= RF_AGAIN_PAIRS || y >= RF_AGAIN_PAIRS));
}

/* What visit_row would have added up of a pair, had it gone through all groups. */
static uint32_t bound_of_pair(const link_task *task, uint32_t a, uint32_t b)
{
    const rf_population *p = task->p;
    uint64_t i = p->account_start[a];
    uint64_t j = p->account_start[b];
    uint32_t bound = 0;
    while (i < p->account_start[a + 1] && j < p->account_start[b + 1]) {
        uint32_t const left = p->account_group[i];
        uint32_t const right = p->account_group[j];
        bound += left == right ? task->group_bound[left] : 0;
        i += left <= right;
        j += right <= left;
    }
    return bound;
}

static rf_status link_row(const link_task *task, scratch *s, link_block *block, uint32_t a,
                          rf_error *err)
{
    row_way const way = way_of(task, a);
    size_t touched = 0;
    size_t candidates = 0;
    rf_status status = visit_row(task, s, a, way, &touched, err);
    for (size_t i = 0; i < touched; i++) {
        uint32_t const b = (uint32_t)(s->touched[i] >> 32);
        uint32_t const g = (uint32_t)s->touched[i];
        uint32_t const hubs =
            task->hub_bound[a] < task->hub_bound[b] ? task->hub_bound[a] : task->hub_bound[b];
        bool const whole =
            way == ROW_ALL || (way == ROW_ASKING && task->marks->account[b] >= RF_AGAIN_HUB);
        uint32_t const bound = whole ? s->bound[b] & ~MARKED : bound_of_pair(task, a, b);
        bool const possible = (uint64_t)bound + hubs > task->needed;
        if (possible &&
            (task->marks == NULL || is_asked(task->marks, a, b, (s->bound[b] & MARKED) != 0))) {
            /* the group stays when there is nothing else */
            bool const alone = hubs == 0 && bound == task->group_bound[g];
            s->touched[candidates++] = (uint64_t)b << 32 | (alone ? g : UINT32_MAX);
        }
        s->bound[b] = 0;
    }
    block->pairs += touched;
    block->weighed += candidates;
    rf_order_numbers(s->touched, candidates);
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
    for (size_t i = first; i < end && status == RF_OK; i++) {
        uint32_t const a = task->row == NULL ? (uint32_t)i : task->row[i];
        status = link_row(task, s, &task->block[block], a, err);
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
    rf_free(task->asking_start);
    rf_free(task->asking);
}

/* What the pair step needs, for so many rows, and the hubs. */
static rf_status begin_task(link_task *task, size_t blocks, unsigned threads, rf_links *links,
                            rf_error *err)
{
    double const needed = task->c->settings.threshold_bits - task->c->settings.prior_bits;
    rf_status status;
    task->needed =
        needed * (RF_BIT / BOUND_SCALE) < 1 ? 0 : (uint32_t)(needed * (RF_BIT / BOUND_SCALE)) - 1;
    task->block = rf_alloc(blocks, sizeof *task->block);
    task->scratch = rf_alloc(threads, sizeof *task->scratch);
    if (task->block == NULL || task->scratch == NULL) {
        status = rf_fail_memory(err, "the pair step");
    } else {
        status = prepare_bounds(task->p, task->c, task, err);
    }
    return status == RF_OK ? judge_hubs(task->p, task->c, links, err) : status;
}

static size_t blocks_of(size_t rows)
{
    return (rows + (size_t)ACCOUNT_GRAIN - 1) / ACCOUNT_GRAIN;
}

rf_status rf_links_find(const rf_population *population, const rf_calibration *calibration,
                        unsigned threads, rf_links *links, rf_error *err)
{
    size_t const blocks = blocks_of(population->accounts);
    rf_progress progress;
    link_task task = {.p = population, .c = calibration, .progress = &progress};
    rf_status status;
    *links = (rf_links){0};
    rf_progress_start(&progress, "comparing accounts", population->accounts);
    status = begin_task(&task, blocks, threads, links, err);
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

/* ---- anew, where something has changed ---- */

/* Whether two accounts share a group below the cap that is worth anything (only then are they a
 * pair), whether one of these is marked, and whether any group is that they share. */
static bool is_pair(const link_task *task, uint32_t a, uint32_t b, bool *marked, bool *moved)
{
    const rf_population *p = task->p;
    uint64_t i = p->account_start[a];
    uint64_t j = p->account_start[b];
    bool pair = false;
    *marked = false;
    *moved = false;
    while (i < p->account_start[a + 1] && j < p->account_start[b + 1]) {
        uint32_t const left = p->account_group[i];
        uint32_t const right = p->account_group[j];
        if (left == right) {
            bool const asks = task->marks->group[left] != 0 || known_better(task, a, b, left) != 0;
            *moved = *moved || asks;
            *marked = *marked || (asks && task->group_bound[left] > 0);
            pair = pair || task->group_bound[left] > 0;
        }
        i += left <= right;
        j += right <= left;
    }
    return pair;
}

/* A link of before: dropped (found anew if it still is one), weighed anew, or as it was. */
static rf_status review_link(const link_task *task, uint64_t i, rf_pair_evidence *evidence,
                             rf_error *err)
{
    const rf_links *l = task->before;
    uint8_t const a = task->marks->account[l->a[i]];
    uint8_t const b = task->marks->account[l->b[i]];
    bool marked = false;
    bool moved = false;
    rf_status status;
    if (a < RF_AGAIN_OWN && b < RF_AGAIN_OWN && (a == RF_AGAIN_NOT || b == RF_AGAIN_NOT)) {
        return RF_OK;
    }
    if (a == RF_AGAIN_ALL || b == RF_AGAIN_ALL ||
        !is_pair(task, l->a[i], l->b[i], &marked, &moved) ||
        is_asked(task->marks, l->a[i], l->b[i], marked)) {
        task->dropped[i] = 1;
        return RF_OK;
    }
    if (!moved) { /* all that they share is worth what it was */
        return RF_OK;
    }
    status = rf_pair_weigh(task->p, task->c, l->a[i], l->b[i], evidence, err);
    task->dropped[i] = evidence->posterior <= rf_bits_from(task->c->settings.threshold_bits);
    l->bits[i] = (rf_bits)(evidence->posterior > INT32_MAX ? INT32_MAX : evidence->posterior);
    l->families[i] = (uint8_t)evidence->families;
    return status;
}

static rf_status review(void *context, size_t block, size_t first, size_t end, unsigned worker,
                        rf_error *err)
{
    const link_task *task = context;
    rf_status status = RF_OK;
    (void)block;
    for (size_t i = first; i < end && status == RF_OK; i++) {
        status = review_link(task, i, &task->scratch[worker].evidence, err);
    }
    return status;
}

typedef struct found_link {
    uint64_t pair; /* a above b */
    uint32_t at;
} found_link;

static int by_pair(const void *left, const void *right)
{
    uint64_t const a = ((const found_link *)left)->pair;
    uint64_t const b = ((const found_link *)right)->pair;
    return (a > b) - (a < b);
}

static bool allocate_links(rf_links *links, uint64_t count)
{
    links->count = count;
    links->a = rf_alloc_raw(count, sizeof *links->a);
    links->b = rf_alloc_raw(count, sizeof *links->b);
    links->bits = rf_alloc_raw(count, sizeof *links->bits);
    links->families = rf_alloc_raw(count, sizeof *links->families);
    return links->a != NULL && links->b != NULL && links->bits != NULL && links->families != NULL;
}

static void copy_link(const rf_links *from, uint64_t i, rf_links *to, uint64_t at)
{
    to->a[at] = from->a[i];
    to->b[at] = from->b[i];
    to->bits[at] = from->bits[i];
    to->families[at] = from->families[i];
}

/* What is left of before, and what was found, in order. */
static rf_status merge_links(const link_task *task, const rf_links *found, rf_links *links,
                             rf_error *err)
{
    const rf_links *before = task->before;
    found_link *order = rf_alloc_raw(found->count, sizeof *order);
    uint64_t left = 0;
    uint64_t next = 0;
    uint64_t at = 0;
    for (uint64_t i = 0; i < before->count; i++) {
        left += task->dropped[i] == 0;
    }
    if (order == NULL || !allocate_links(links, left + found->count)) {
        rf_free(order);
        return rf_fail_memory(err, "the links");
    }
    for (uint64_t i = 0; i < found->count; i++) {
        order[i] = (found_link){(uint64_t)found->a[i] << 32 | found->b[i], (uint32_t)i};
    }
    qsort(order, found->count, sizeof *order, by_pair);
    for (uint64_t i = 0; i < before->count; i++) {
        uint64_t const pair = (uint64_t)before->a[i] << 32 | before->b[i];
        for (; next < found->count && order[next].pair < pair; next++) {
            copy_link(found, order[next].at, links, at++);
        }
        if (task->dropped[i] == 0) {
            copy_link(before, i, links, at++);
        }
    }
    for (; next < found->count; next++) {
        copy_link(found, order[next].at, links, at++);
    }
    rf_free(order);
    return RF_OK;
}

static uint32_t *list_rows(const uint8_t *again, uint32_t accounts, uint32_t *rows)
{
    uint32_t *row;
    *rows = 0;
    for (uint32_t a = 0; a < accounts; a++) {
        *rows += again[a] >= RF_AGAIN_PAIRS;
    }
    row = rf_alloc_raw(*rows, sizeof *row);
    *rows = 0;
    for (uint32_t a = 0; a < accounts && row != NULL; a++) {
        if (again[a] >= RF_AGAIN_PAIRS) {
            row[(*rows)++] = a;
        }
    }
    return row;
}

/* Lists by group who asks for others that ask. */
static rf_status list_asking(link_task *task, uint32_t rows, rf_error *err)
{
    const rf_population *p = task->p;
    uint64_t *start = rf_alloc((size_t)p->groups + 2, sizeof *start);
    task->asking_start = start;
    for (int pass = 0; pass < 2 && start != NULL; pass++) {
        for (uint32_t i = 0; i < rows; i++) {
            uint32_t const a = task->row[i];
            for (uint64_t k = p->account_start[a];
                 task->marks->account[a] >= RF_AGAIN_HUB && k < p->account_start[a + 1]; k++) {
                if (pass == 0) {
                    start[p->account_group[k] + 2]++;
                } else {
                    task->asking[start[p->account_group[k] + 1]++] = a;
                }
            }
        }
        for (uint32_t g = 0; g <= p->groups && pass == 0; g++) {
            start[g + 1] += start[g];
        }
        if (pass == 0) {
            task->asking = rf_alloc_raw(start[p->groups + 1], sizeof *task->asking);
            start = task->asking == NULL ? NULL : start;
        }
    }
    return start == NULL ? rf_fail_memory(err, "the pair step") : RF_OK;
}

rf_status rf_links_renew(const rf_population *population, const rf_calibration *calibration,
                         const rf_link_marks *marks, const rf_links *before, unsigned threads,
                         rf_links *links, rf_error *err)
{
    uint32_t rows = 0;
    uint32_t *row = list_rows(marks->account, population->accounts, &rows);
    size_t const blocks = blocks_of(rows);
    rf_progress progress;
    rf_links found = {0};
    link_task task = {.p = population,
                      .c = calibration,
                      .progress = &progress,
                      .marks = marks,
                      .row = row,
                      .before = before,
                      .dropped = rf_alloc(before->count, 1)};
    rf_status status;
    *links = (rf_links){0};
    rf_progress_start(&progress, "comparing accounts", rows);
    status = row == NULL || task.dropped == NULL ? rf_fail_memory(err, "the pair step")
                                                 : begin_task(&task, blocks, threads, links, err);
    if (status == RF_OK) {
        status = list_asking(&task, rows, err);
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, rows, ACCOUNT_GRAIN, link_rows, &task, err);
    }
    if (status == RF_OK) {
        status = rf_parallel(threads, before->count, ACCOUNT_GRAIN, review, &task, err);
    }
    if (status == RF_OK) {
        status = join_blocks(task.block, blocks, &found, err);
    }
    if (status == RF_OK) {
        status = merge_links(&task, &found, links, err);
        links->pairs = found.pairs;
        links->weighed = found.weighed;
    }
    rf_progress_end(&progress);
    free_task(&task, blocks, threads);
    rf_free(task.dropped);
    rf_free(row);
    rf_links_free(&found);
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
