/* progress.h - a progress line for anything that lasts over a second, on a terminal only.
 *
 * It writes to standard error, at most ten times a second, nothing during the first second of the
 * program's work, and wipes its line at the end. When standard error is no terminal, or --quiet is
 * given, it is silent; so is one that is started while another goes on: the outer one tells more.
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
/* Wipes the line. Safe to call twice. */
void rf_progress_end(rf_progress *progress);

#endif
