/* stopwatch.h - where the time of one command went: laps by stage and part.
 *
 * Each lap ends where the next begins, so that the laps sum to the whole. Laps of one stage and
 * part add up. `cpu` is that of all threads of the process.
 *
 * Workload: a few dozen laps a command; not for use from two threads.
 */
#ifndef RF_BASE_STOPWATCH_H
#define RF_BASE_STOPWATCH_H

#include "base/json.h"

enum { RF_LAPS = 48 };

typedef struct rf_lap {
    const char *stage, *part; /* constants */
    double seconds, cpu;
} rf_lap;

typedef struct rf_stopwatch {
    rf_lap lap[RF_LAPS]; /* in order of first appearance */
    uint32_t laps;
    double seconds, cpu; /* when the lap at hand began */
} rf_stopwatch;

void rf_stopwatch_start(rf_stopwatch *watch);
/* Ends a lap: the time since the last one was that of `part` of `stage`. NULL for `watch` is fine.
 * Past RF_LAPS parts the last one takes it all. */
void rf_stopwatch_lap(rf_stopwatch *watch, const char *stage, const char *part);
/* The seconds of all parts of a stage. */
double rf_stopwatch_stage(const rf_stopwatch *watch, const char *stage);
/* Into an open object: the seconds of each stage by its name, and "parts", the laps in order. */
void rf_stopwatch_json(const rf_stopwatch *watch, const char *const *stages, uint32_t count,
                       rf_json *json);

#endif
