/* judge.c - profiles and scores all rings, and gives everything its final number; see score.h.
 *
 * Rings are judged in parallel, the largest first, so that none is left alone at the end. Evidence
 * is kept by thread and joined in the order of the rings; notes are written to an arena of the
 * thread's own.
 */
#include "base/hash.h"
#include "base/order.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "rings/score.h"
#include "rings/verified.h"

#include <stdlib.h>
#include <string.h>

enum { EVIDENCE_PER_RING = 40 };

/* The evidence of the rings that a thread has judged. */
typedef struct evidence_block {
    rf_ring_evidence *items;
    size_t count, room;
} evidence_block;

typedef struct judging {
    const rf_population *p;
    const rf_calibration *c;
    const rf_baseline *b;
    const rf_score_settings *settings;
    rf_findings *f;
    uint64_t *order;       /* the numbers of rings, the largest first, below their sizes */
    unsigned *judge;       /* by ring: the worker that has its evidence */
    evidence_block *block; /* by worker, like the next */
    rf_profile_scratch **scratch;
    rf_arena *texts;
    unsigned threads;
    rf_progress *progress;
} judging;

uint64_t rf_members_hash(const rf_population *population, const rf_member *members, uint32_t size)
{
    uint64_t hash = rf_mix(size);
    for (uint32_t i = 0; i < size; i++) {
        hash = rf_mix2(hash, population->identity[members[i].account]);
    }
    return hash == 0 ? 1 : hash;
}

/* The ring is judged as it was before: only its evidence moves. */
static void keep_judgement(const rf_findings *f, rf_ring *ring, evidence_block *block)
{
    if (ring->evidences > 0) {
        memcpy(block->items + block->count, f->evidence + ring->first_evidence,
               ring->evidences * sizeof *block->items);
    }
    ring->first_evidence = (uint32_t)block->count;
    block->count += ring->evidences;
}

static rf_status judge_one(judging *j, rf_ring *ring, evidence_block *block, unsigned worker,
                           rf_error *err)
{
    rf_profile profile;
    const rf_member *members = j->f->member + ring->first_member;
    uint64_t const hash = rf_members_hash(j->p, members, ring->size);
    rf_status status;
    if (!rf_reserve(&block->items, &block->room, block->count + EVIDENCE_PER_RING,
                    sizeof *block->items)) {
        return rf_fail_memory(err, "the evidence of the rings");
    }
    if (ring->judged == hash) {
        keep_judgement(j->f, ring, block);
        return RF_OK;
    }
    ring->first_evidence = (uint32_t)block->count; /* from that of the block */
    status = rf_profile_ring(j->p, j->c, j->b, members, ring->size, j->scratch[worker], &profile,
                             block->items + block->count, EVIDENCE_PER_RING, &ring->evidences, err);
    block->count += ring->evidences;
    if (status == RF_OK) {
        status = rf_score_ring(j->p, j->b, &profile, j->settings, &j->texts[worker], ring, err);
    }
    if (status == RF_OK && j->b->labels != NULL) {
        status =
            rf_verified_judge(j->b->labels, members, j->settings, &j->texts[worker], ring, err);
    }
    ring->judged = hash;
    ring->news = 0;
    ring->stands = 0;
    return status;
}

static rf_status judge_block(void *context, size_t block, size_t first, size_t end, unsigned worker,
                             rf_error *err)
{
    judging *j = context;
    rf_status status = RF_OK;
    (void)block;
    if (j->scratch[worker] == NULL) {
        status = rf_profile_scratch_new(j->p, &j->scratch[worker], err);
    }
    for (size_t i = first; i < end && status == RF_OK; i++) {
        uint32_t const r = (uint32_t)j->order[i];
        j->judge[r] = worker;
        status = judge_one(j, &j->f->ring[r], &j->block[worker], worker, err);
    }
    if (worker == 0) {
        rf_progress_show(j->progress, end);
    }
    return status;
}

/* The evidence of all threads becomes that of the findings, ring by ring. */
static rf_status join_evidence(judging *j, rf_error *err)
{
    rf_findings *f = j->f;
    size_t count = 0;
    rf_ring_evidence *all;
    for (unsigned w = 0; w < j->threads; w++) {
        count += j->block[w].count;
    }
    all = rf_alloc_raw(count, sizeof *all);
    if (all == NULL) {
        return rf_fail_memory(err, "the evidence of the rings");
    }
    rf_free(f->evidence); /* of an earlier judgement */
    f->evidence = all;
    f->evidences = 0;
    for (uint32_t r = 0; r < f->rings; r++) {
        rf_ring *ring = &f->ring[r];
        if (ring->evidences > 0) {
            memcpy(all + f->evidences, j->block[j->judge[r]].items + ring->first_evidence,
                   ring->evidences * sizeof *all);
        }
        ring->first_evidence = f->evidences;
        f->evidences += ring->evidences;
    }
    return RF_OK;
}

static void order_by_size(const rf_findings *f, uint64_t *order)
{
    for (uint32_t r = 0; r < f->rings; r++) {
        order[r] = (uint64_t)(UINT32_MAX - f->ring[r].size) << 32 | r;
    }
    rf_order_numbers(order, f->rings);
}

typedef struct ranked_ring {
    double score;
    uint32_t size, first_account, old;
} ranked_ring;

static int by_score(const void *left, const void *right)
{
    const ranked_ring *a = left;
    const ranked_ring *b = right;
    if (a->score != b->score) {
        return a->score < b->score ? 1 : -1;
    }
    if (a->size != b->size) {
        return a->size < b->size ? 1 : -1;
    }
    return (a->first_account > b->first_account) - (a->first_account < b->first_account);
}

/* Numbers from 1 in order of appearance. */
static void renumber(uint32_t *number, uint32_t *next, uint32_t *value)
{
    if (number[*value] == 0) {
        number[*value] = ++*next;
    }
    *value = number[*value];
}

static uint32_t largest_number(const rf_findings *f)
{
    uint32_t most = f->rings;
    for (uint32_t i = 0; i < f->members; i++) {
        most = f->member[i].cell > most ? f->member[i].cell : most;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        most = f->ring[r].network > most ? f->ring[r].network : most;
    }
    return most;
}

/* Best score first; members, cells and networks follow. */
static rf_status order_rings(rf_findings *f, rf_error *err)
{
    size_t const numbers = (size_t)largest_number(f) + 1;
    ranked_ring *ranked = rf_alloc(f->rings, sizeof *ranked);
    rf_ring *ring = rf_alloc_raw(f->rings, sizeof *ring);
    rf_member *member = rf_alloc_raw(f->members, sizeof *member);
    uint32_t *cell = rf_alloc(numbers, sizeof *cell);
    uint32_t *network = rf_alloc(numbers, sizeof *network);
    uint32_t cells = 0;
    uint32_t networks = 0;
    uint32_t at = 0;
    rf_status status = RF_OK;
    if (ranked == NULL || ring == NULL || member == NULL || cell == NULL || network == NULL) {
        rf_free(ring);
        rf_free(member);
        status = rf_fail_memory(err, "the order of the rings");
        goto done;
    }
    for (uint32_t r = 0; r < f->rings; r++) {
        ranked[r] = (ranked_ring){f->ring[r].score, f->ring[r].size,
                                  f->member[f->ring[r].first_member].account, r};
    }
    qsort(ranked, f->rings, sizeof *ranked, by_score);
    for (uint32_t r = 0; r < f->rings; r++) {
        ring[r] = f->ring[ranked[r].old];
        memcpy(member + at, f->member + ring[r].first_member, ring[r].size * sizeof *member);
        ring[r].first_member = at;
        renumber(network, &networks, &ring[r].network);
        for (uint32_t i = 0; i < ring[r].size; i++, at++) {
            member[at].ring = r + 1;
            renumber(cell, &cells, &member[at].cell);
        }
    }
    rf_free(f->ring);
    rf_free(f->member);
    f->ring = ring;
    f->member = member;
done:
    rf_free(ranked);
    rf_free(cell);
    rf_free(network);
    return status;
}

static void free_judging(judging *j)
{
    for (unsigned w = 0; w < j->threads; w++) {
        if (j->texts != NULL) {
            rf_arena_join(&j->f->texts, &j->texts[w]);
        }
        if (j->scratch != NULL) {
            rf_profile_scratch_free(j->scratch[w]);
        }
    }
    for (unsigned w = 0; j->block != NULL && w < j->threads; w++) {
        rf_free(j->block[w].items);
    }
    rf_free(j->texts);
    rf_free(j->scratch);
    rf_free(j->block);
    rf_free(j->judge);
    rf_free(j->order);
}

rf_status rf_rings_judge(const rf_population *population, const rf_calibration *calibration,
                         const rf_baseline *baseline, const rf_score_settings *settings,
                         unsigned threads, rf_findings *findings, rf_error *err)
{
    rf_progress progress;
    judging j = {.p = population,
                 .c = calibration,
                 .b = baseline,
                 .settings = settings,
                 .f = findings,
                 .order = rf_alloc_raw(findings->rings, sizeof *j.order),
                 .judge = rf_alloc_raw(findings->rings, sizeof *j.judge),
                 .block = rf_alloc(threads, sizeof *j.block),
                 .scratch = rf_alloc(threads, sizeof(rf_profile_scratch *)),
                 .texts = rf_alloc(threads, sizeof *j.texts),
                 .threads = threads,
                 .progress = &progress};
    rf_status status = RF_OK;
    rf_progress_start(&progress, "judging rings", findings->rings);
    if (j.order == NULL || j.judge == NULL || j.block == NULL || j.scratch == NULL ||
        j.texts == NULL) {
        status = rf_fail_memory(err, "the judging of rings");
    }
    if (status == RF_OK) {
        order_by_size(findings, j.order);
        status = rf_parallel(threads, findings->rings, 1, judge_block, &j, err);
    }
    if (status == RF_OK) {
        status = join_evidence(&j, err);
    }
    free_judging(&j);
    if (status == RF_OK) {
        status = order_rings(findings, err);
    }
    rf_progress_end(&progress);
    return status;
}
