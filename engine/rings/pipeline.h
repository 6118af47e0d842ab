/* pipeline.h - the steps of detection, for a full run (detect.c) and an update (update.c); private
 * to both. */
#ifndef RF_RINGS_PIPELINE_H
#define RF_RINGS_PIPELINE_H

#include "base/beside.h"
#include "rings/detect.h"
#include "rings/hub_types.h"
#include "rings/run_memory.h"

/* Bits below what is suspect: there, small news of members do not make an update judge anew. */
#define RF_UPDATE_MARGIN 2.0
/* And bits above what is flagged from which they do not either. */
#define RF_UPDATE_CLEAR 6.0

typedef enum rf_stage {
    RF_READING,
    RF_CALIBRATING,
    RF_COMPARING,
    RF_GROUPING,
    RF_JUDGING,
    RF_SHUFFLING,
    RF_WRITING
} rf_stage;

typedef struct rf_pipeline {
    const rf_detect_settings *settings;
    rf_detect_summary *summary;
    rf_population population;
    rf_calibration calibration;
    rf_hubs hubs;
    rf_links links;
    rf_labels labels;
    rf_label_effect *effect; /* what they moved */
    uint32_t effects;
    rf_separations separations;
    rf_chance chance;
    rf_rivals rivals;
    rf_findings findings;
    rf_store *store;
    rf_results_writing *writing; /* what is final is written beside judging */
    rf_run_memory memory;        /* for updates to come */
    rf_beside telling;           /* what rings do not depend on is found beside writing them */
    /* of an update: */
    const rf_run_memory *before; /* NULL: a full run */
    const uint8_t *fresh;        /* by account: what is new about it */
    const uint8_t *touched;      /* by account: 1 when it has other links */
} rf_pipeline;

/* Notes what was done since the last lap. */
void rf_pipeline_lap(rf_pipeline *pipeline, rf_stage stage, const char *part);
/* Communities among the links, parted where somebody said so. */
RF_MUST_USE rf_status rf_pipeline_group(rf_pipeline *pipeline, double *chance_density,
                                        rf_error *err);
/* Parts rings that hold accounts judged to be of different operators; counts them in *changed. */
RF_MUST_USE rf_status rf_pipeline_part(rf_pipeline *pipeline, uint32_t min_size, uint32_t *changed,
                                       rf_error *err);
/* Judges the rings, and again whenever they have changed: when the suspect ones were joined, and
 * when they were grown. In an update, a ring that was judged with the same members is judged as it
 * was when nothing is new about them: it then has a score, but no parts. */
RF_MUST_USE rf_status rf_pipeline_judge(rf_pipeline *pipeline, double chance_density,
                                        rf_error *err);
/* Tells what chance would find and where honest rings are expected, and begins to mark who holds a
 * ring together; in a full run, to tell types of values and to count everybody as well. *pipeline
 * stays where it is until rf_pipeline_marked or rf_pipeline_end; its members, and of the findings
 * what is marked, told and counted, are not to be read. */
RF_MUST_USE rf_status rf_pipeline_check(rf_pipeline *pipeline, rf_error *err);
/* Waits for that. Once is enough. */
RF_MUST_USE rf_status rf_pipeline_marked(rf_pipeline *pipeline, rf_error *err);
/* Lists links and the worth of values, which are final. */
RF_MUST_USE rf_status rf_pipeline_fix(rf_pipeline *pipeline, rf_error *err);
/* Lists what else belongs to the run besides rings. */
RF_MUST_USE rf_status rf_pipeline_list(rf_pipeline *pipeline, rf_error *err);
/* Fills the summary from the findings. */
void rf_pipeline_summarise(rf_pipeline *pipeline);
/* In the transaction of the run, or of an update of it (`number`): rings that somebody cleared lose
 * their flag, in the store and in the summary; where accounts are flagged more often is told of the
 * others. */
RF_MUST_USE rf_status rf_pipeline_decide(const rf_pipeline *pipeline, rf_store *store, int64_t run,
                                         int64_t number, rf_error *err);
/* What --config changes of signals: an rf_signal_override whose context is rf_detect_settings. */
rf_status rf_pipeline_override(void *settings, rf_signal *signals, uint32_t count, rf_error *err);
void rf_pipeline_end(rf_pipeline *pipeline);

#endif
