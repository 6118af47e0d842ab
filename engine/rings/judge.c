/* judge.c - profiles and scores all rings, and gives everything its final number; see score.h. */
#include "base/progress.h"
#include "rings/score.h"
#include "rings/verified.h"

#include <stdlib.h>
#include <string.h>

enum { EVIDENCE_PER_RING = 40 };

static rf_status judge_one(const rf_population *p, const rf_calibration *c, const rf_baseline *b,
                           const rf_score_settings *settings, rf_profile_scratch *scratch,
                           rf_findings *f, rf_ring *ring, size_t *evidence_room, rf_error *err)
{
    rf_profile profile;
    const rf_member *members = f->member + ring->first_member;
    rf_status status;
    if (!rf_reserve(&f->evidence, evidence_room, (size_t)f->evidences + EVIDENCE_PER_RING,
                    sizeof *f->evidence)) {
        return rf_fail_memory(err, "the evidence of the rings");
    }
    ring->first_evidence = f->evidences;
    status = rf_profile_ring(p, c, b, members, ring->size, scratch, &profile,
                             f->evidence + f->evidences, EVIDENCE_PER_RING, &ring->evidences, err);
    f->evidences += ring->evidences;
    if (status == RF_OK) {
        status = rf_score_ring(p, b, &profile, settings, &f->texts, ring, err);
    }
    if (status == RF_OK && b->labels != NULL) {
        status = rf_verified_judge(b->labels, members, settings, &f->texts, ring, err);
    }
    return status;
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
    rf_ring *ring = rf_alloc(f->rings, sizeof *ring);
    rf_member *member = rf_alloc(f->members, sizeof *member);
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

rf_status rf_rings_judge(const rf_population *population, const rf_calibration *calibration,
                         const rf_baseline *baseline, const rf_score_settings *settings,
                         rf_findings *findings, rf_error *err)
{
    rf_profile_scratch *scratch = NULL;
    size_t evidence_room = 0;
    rf_progress progress;
    rf_status status = rf_profile_scratch_new(population, &scratch, err);
    rf_free(findings->evidence); /* of an earlier judgement */
    findings->evidence = NULL;
    findings->evidences = 0;
    rf_progress_start(&progress, "judging rings", findings->rings);
    for (uint32_t r = 0; r < findings->rings && status == RF_OK; r++) {
        status = judge_one(population, calibration, baseline, settings, scratch, findings,
                           &findings->ring[r], &evidence_room, err);
        rf_progress_show(&progress, r);
    }
    if (status == RF_OK) {
        status = order_rings(findings, err);
    }
    rf_progress_end(&progress);
    rf_profile_scratch_free(scratch);
    return status;
}
