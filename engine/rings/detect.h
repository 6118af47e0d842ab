/* detect.h - one execution of detection over a store: the whole way, from facts to a written run.
 *
 * population -> calibration -> links -> levels -> rings -> shuffles -> score -> join -> grow ->
 * chance
 * -> doubt -> bridges -> ledger -> run. With two threads or more, links are written from the first
 * score on, and bridges, types and counts are told while rings are written. Facts are only read.
 * Same facts, settings and seed: same result, for any thread count and any order of imported rows.
 */
#ifndef RF_RINGS_DETECT_H
#define RF_RINGS_DETECT_H

#include "base/stopwatch.h"
#include "rings/assemble.h"
#include "rings/chance.h"
#include "rings/doubt.h"
#include "rings/grow.h"
#include "rings/join.h"
#include "rings/rates.h"
#include "rings/score.h"
#include "rings/separate.h"

/* What a configuration changes of a signal; see docs for the file format. */
typedef struct rf_signal_setting {
    char name[64];
    char family[64]; /* empty: unchanged */
    int link;        /* 1 link, 0 context, -1 unchanged */
    int windowed;    /* 1 by day, 0 all time, -1 unchanged */
} rf_signal_setting;

typedef struct rf_detect_settings {
    rf_evidence_settings evidence;
    rf_level_settings levels;
    rf_score_settings score;
    rf_join_settings join;
    rf_chance_settings chance;
    rf_grow_settings grow;
    rf_doubt_settings doubt;
    bool no_labels;            /* as if nobody had been labelled */
    rf_signal_setting *signal; /* borrowed */
    uint32_t signals;
    uint64_t seed;
    unsigned threads;
    int64_t replayed; /* the run that is replayed: its past is the one meant; 0: a new run */
    /* When not NULL: called when all is written, and may keep nothing of it (store/results.h). */
    rf_status (*conclude)(void *context, rf_store *store, int64_t run, bool *keep, rf_error *err);
    void *conclude_context;
} rf_detect_settings;

rf_detect_settings rf_detect_defaults(void);

typedef struct rf_detect_summary {
    int64_t run;
    uint32_t accounts, rings, flagged_rings, flagged_accounts;
    uint32_t allowed;       /* values left out because they are known to be good */
    uint32_t doubted_rings; /* not flagged because too many like them are expected to be honest */
    double flagged_from;    /* the score that was asked; INFINITY: none sufficed */
    uint32_t cleared_rings; /* not flagged because somebody cleared them */
    uint64_t sightings, pairs, links;
    uint32_t capped, capped_ignored, capped_adding, stars;          /* values above the cap */
    uint32_t label_fraud, label_legit, label_disputed, label_moved; /* accounts; buckets moved */
    uint32_t separated; /* pairs judged to be of different operators */
    uint32_t shuffles;
    double expected;     /* rings as strongly bound as the flagged ones, by chance */
    rf_stopwatch watch;  /* its laps bear the names of the stages */
    rf_flag_rates rates; /* countries and time zones that stand out */
} rf_detect_summary;

/* The stages, in order. */
enum { RF_DETECT_STAGES = 7 };
extern const char *const rf_detect_stage[RF_DETECT_STAGES];

/* Detects and writes one run. Peak memory: the population's arrays and the links. */
RF_MUST_USE rf_status rf_detect(rf_store *store, const rf_detect_settings *settings,
                                rf_detect_summary *summary, rf_error *err);

#endif
