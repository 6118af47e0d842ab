/* gather.c - the rings of a run or an update are judged, joined and grown, in rounds.
 *
 * Invariant: afterwards every ring has the score of its members as they are; in an update a ring
 * that stands as it was has its score and no parts. Workload and cost: those of judging, joining
 * and growing, three times at most, and only while rings change.
 */
#include "rings/grow.h"
#include "rings/join.h"
#include "rings/pipeline.h"
#include "rings/profile.h"
#include "rings/prune.h"
#include "rings/resume.h"
#include "rings/score.h"
#include "rings/separate.h"
#include "store/population_kept.h"

#include <math.h>

rf_status rf_pipeline_part(rf_pipeline *pipeline, uint32_t min_size, uint32_t *changed,
                           rf_error *err)
{
    rf_pipeline *p = pipeline;
    uint32_t cut = 0;
    rf_status status = rf_separate_rings(&p->population, &p->links, &p->separations, min_size,
                                         &p->findings, &cut, err);
    *changed += cut;
    return status;
}

static rf_status part_fringe(rf_pipeline *p, rf_error *err)
{
    uint32_t left = 0;
    return rf_separate_fringe(&p->population, &p->separations, &p->findings, &left, err);
}

/* News of a member: of whom it shares something with, a whole one; that it did something, or holds
 * what nobody else does, a quarter. News are counted in quarters. */
enum { WHOLE_NEWS = 4 };

static uint32_t news_of(uint8_t fresh)
{
    return (fresh & (RF_NEW_ACCOUNT | RF_NEW_GROUP | RF_NEW_FAMILY)) != 0 ? WHOLE_NEWS : fresh != 0;
}

/* Whether a judgement stands though there are so many news of members: of a ring that is far from
 * suspect or far above what is flagged, until there was a quarter for each. */
static bool stands(const rf_pipeline *p, const rf_judged *known, uint32_t news, uint32_t size)
{
    const rf_detect_settings *s = p->settings;
    double const near =
        fmin(fmin(s->join.suspect_from, s->grow.suspect_from), s->score.flagged_from) -
        RF_UPDATE_MARGIN;
    bool const clear =
        known->score < near || known->score >= s->score.flagged_from + RF_UPDATE_CLEAR;
    return news == 0 || (clear && (uint64_t)known->news + news < size);
}

/* The kept ring that most members come from, 1 + its index; 0: none. To the news of members come
 * those who came to it or left it. */
static uint32_t find_kept(const rf_run_memory *before, const rf_member *members, uint32_t size,
                          const rf_judged **known, uint32_t *news)
{
    uint32_t same;
    uint32_t const kept = rf_memory_kept(before, members, size, &same);
    if (kept != 0) {
        *known = rf_memory_judged(before, before->rings[kept - 1].judged);
        *news += WHOLE_NEWS * (size - same + before->kept_size[kept - 1] - same);
    }
    return kept;
}

/* Gives rings the scores they had, where they are nearly the same; `final`: as they were written,
 * with all that belongs to it. */
static void recall_scores(rf_pipeline *p, bool final)
{
    for (uint32_t r = 0; r < p->findings.rings; r++) {
        rf_ring *ring = &p->findings.ring[r];
        const rf_member *members = p->findings.member + ring->first_member;
        uint64_t const hash = rf_members_hash(&p->population, members, ring->size);
        const rf_judged *known;
        uint32_t news = 0;
        if (ring->judged == hash && ring->parts > 0) {
            continue; /* judged in this update */
        }
        known = rf_memory_judged(p->before, hash);
        for (uint32_t i = 0; i < ring->size; i++) {
            news += news_of(p->fresh[members[i].account]);
        }
        ring->stands = 0;
        if (known == NULL) {
            ring->stands = find_kept(p->before, members, ring->size, &known, &news);
        }
        if (known == NULL || !stands(p, known, news, ring->size) || (final && known->final == 0)) {
            ring->judged = 0;
            ring->stands = 0;
            continue;
        }
        ring->judged = hash;
        ring->news = known->news + news;
        ring->score = known->score;
        ring->flagged = ring->score >= p->settings->score.flagged_from;
        ring->looks_like = "";
        ring->parts = 0;
        ring->evidences = 0;
    }
}

static rf_status judge(rf_pipeline *p, const rf_detect_settings *settings,
                       const rf_baseline *baseline, bool changed, bool final, rf_error *err)
{
    rf_status status =
        changed ? rf_rings_measure(&p->population, &p->links, settings->threads, &p->findings, err)
                : RF_OK;
    if (status == RF_OK && p->before != NULL) {
        recall_scores(p, final);
    }
    if (status == RF_OK) {
        status = rf_rings_judge(&p->population, &p->calibration, baseline, &settings->score,
                                settings->threads, &p->findings, err);
    }
    if (status == RF_OK) {
        status = rf_memory_note_scores(&p->findings, &p->memory, err);
    }
    rf_pipeline_lap(p, RF_JUDGING, "profiling");
    return status;
}

/* Puts the suspect rings together that belong together. */
static rf_status join_rings(rf_pipeline *p, const rf_detect_settings *settings,
                            double chance_density, bool grown, uint32_t *changed, rf_error *err)
{
    rf_join_settings join = settings->join;
    rf_status status;
    join.tie_contrast = grown || p->before != NULL ? join.tie_contrast : 0;
    status = rf_rings_join(&p->population, &p->links, &join, chance_density, settings->seed,
                           &p->findings, changed, err);
    if (status == RF_OK) {
        status = rf_pipeline_part(p, settings->levels.min_size, changed, err);
    }
    rf_pipeline_lap(p, RF_JUDGING, "joining");
    return status;
}

/* Lets suspect rings take in who belongs to them. */
static rf_status grow_rings(rf_pipeline *p, const rf_detect_settings *settings, uint32_t *changed,
                            rf_error *err)
{
    rf_status status;
    if (p->before == NULL) {
        rf_rivals_clear(&p->rivals); /* of the rings before they were joined */
    } else {                         /* what was judged as it was holds accounts as it did */
        rf_free(p->rivals.stands);
        p->rivals.stands = rf_alloc(p->findings.rings, sizeof *p->rivals.stands);
        for (uint32_t r = 0; r < p->findings.rings && p->rivals.stands != NULL; r++) {
            p->rivals.stands[r] = p->findings.ring[r].parts == 0;
        }
        p->rivals.resumed = true;
    }
    status =
        rf_rings_grow(&p->population, &p->calibration, &settings->grow, settings->levels.min_size,
                      settings->threads, &p->rivals, &p->findings, changed, err);
    if (status == RF_OK && *changed > 0) {
        status = part_fringe(p, err);
    }
    if (status == RF_OK) {
        status = rf_pipeline_part(p, settings->levels.min_size, changed, err);
    }
    rf_pipeline_lap(p, RF_JUDGING, "growing");
    return status;
}

/* Complete rings give up what hangs on them by a thread, unless it is as bad by itself. */
static rf_status prune_rings(rf_pipeline *p, const rf_detect_settings *settings,
                             const rf_baseline *baseline, rf_error *err)
{
    uint32_t const min_size = settings->levels.min_size;
    rf_pruned pruned;
    uint32_t returned = 0;
    rf_status status = rf_rings_prune(&p->population, &p->calibration, &p->links, &settings->grow,
                                      &p->rivals, min_size, &p->findings, &pruned, err);
    rf_pipeline_lap(p, RF_JUDGING, "pruning");
    if (status == RF_OK && pruned.cells > 0) {
        status = judge(p, settings, baseline, true, false, err);
    }
    if (status == RF_OK) {
        status = rf_rings_return(&p->population, &pruned, settings->score.flagged_from, min_size,
                                 &p->findings, &returned, err);
    }
    if (status == RF_OK && returned > 0) {
        status = judge(p, settings, baseline, true, false, err);
    }
    rf_pruned_free(&pruned);
    return status;
}

enum { GATHERINGS = 3 };

/* The suspect rings are joined and grown, and judged again whenever they have changed. */
static rf_status gather(rf_pipeline *p, const rf_detect_settings *settings,
                        const rf_baseline *baseline, double chance_density, bool again,
                        uint32_t *changed, rf_error *err)
{
    uint32_t joined = 0;
    uint32_t grown = 0;
    rf_status status = join_rings(p, settings, chance_density, again, &joined, err);
    if (status == RF_OK && joined > 0) {
        status = judge(p, settings, baseline, true, false, err);
    }
    if (status == RF_OK && (joined > 0 || !again)) {
        status = grow_rings(p, settings, &grown, err);
    }
    if (status == RF_OK && grown > 0) {
        status = judge(p, settings, baseline, true, false, err);
    }
    *changed = joined + grown;
    return status;
}

/* What has grown may be near enough to another piece to be joined, and more belongs to the two
 * together: as long as any were joined. */
rf_status rf_pipeline_judge(rf_pipeline *pipeline, double chance_density, rf_error *err)
{
    rf_pipeline *p = pipeline;
    const rf_detect_settings *settings = p->settings;
    rf_baseline baseline = {0};
    uint32_t changed = 1;
    uint32_t resumed = 0;
    rf_status status = rf_baseline_learn(&p->population, &p->calibration,
                                         p->before == NULL ? NULL : &p->before->habits,
                                         settings->threads, &baseline, err);
    baseline.labels = p->labels.of == NULL ? NULL : &p->labels;
    if (status == RF_OK && p->before == NULL) {
        status = rf_habits_of(&baseline, p->population.capabilities, &p->memory.habits, err);
    }
    rf_pipeline_lap(p, RF_JUDGING, "learning");
    if (status == RF_OK && p->before != NULL) {
        status = rf_rings_resume(&p->population, p->before, settings->grow.suspect_from,
                                 settings->levels.min_size, &p->findings, &resumed, err);
    }
    if (status == RF_OK) {
        status = judge(p, settings, &baseline, p->before != NULL, false, err);
    }
    for (uint32_t round = 0; round < GATHERINGS && changed > 0 && status == RF_OK; round++) {
        status = gather(p, settings, &baseline, chance_density, round > 0, &changed, err);
    }
    if (status == RF_OK && settings->grow.rounds > 0) {
        status = prune_rings(p, settings, &baseline, err);
    }
    if (status == RF_OK && p->before != NULL) {
        status = judge(p, settings, &baseline, false, true, err);
    }
    rf_baseline_free(&baseline);
    return status;
}
