/* progress.h - a progress line for anything that lasts over a second, on a terminal only.
 *
 * It writes to standard error, at most ten times a second, nothing during the first second of the
 * program's work, and wipes its line at the end. When standard error is no terminal, or --quiet is
 * given, it is silent; so is one that is started while another goes on: the outer one tells more.
 *
 * What cannot tell how far it is (one statement of the database, a commit) goes by the clock:
 * rf_progress_expect says how long it should take, and a thread of its own shows the line as long
 * as no other progress is going on, or one that counts has had nothing to say for a second. So a
 * whole command may be expected to take its time, and whoever counts inside of it is shown instead.
 *
 * Started and ended by one thread at a time; shown by one, which may be another in between.
 */
#ifndef RF_BASE_PROGRESS_H
#define RF_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rf_progress {
    const char *what; /* "importing events.csv" */
    uint64_t total;   /* 0: not known, a bare count is shown */
    double started;
    double shown;
    double expected; /* seconds; 0: it counts */
    bool enabled;
    bool visible;
    bool open; /* started and not ended */
} rf_progress;

/* Turns all progress off (--quiet). */
void rf_progress_silence(bool silent);

/* `what` must outlive the progress. */
void rf_progress_start(rf_progress *progress, const char *what, uint64_t total);
/* Says that `done` of total is done. Cheap enough for every few thousand rows. */
void rf_progress_show(rf_progress *progress, uint64_t done);
/* Starts one that goes by the clock; `seconds` are an estimate (see rf_progress_share). One at a
 * time: of a second one nothing is seen. Where no thread can be had, nothing is shown. */
void rf_progress_expect(rf_progress *progress, const char *what, double seconds);
/* Wipes the line of the one by the clock, for a message that is printed meanwhile. */
void rf_progress_hide(void);
/* Wipes the line, of either kind. Safe to call twice, and for one that is all zero. */
void rf_progress_end(rf_progress *progress);

/* How much of what was expected to take so long is done after `elapsed` seconds: in proportion, up
 * to nine tenths; an estimate that was too short leaves ever less, but always something. */
double rf_progress_share(double elapsed, double expected);

#endif
