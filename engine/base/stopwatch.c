/* stopwatch.c - see stopwatch.h. */
#include "base/stopwatch.h"

#include "base/clock.h"

#include <string.h>
#include <time.h>

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void rf_stopwatch_start(rf_stopwatch *watch)
{
    *watch = (rf_stopwatch){.seconds = rf_seconds(), .cpu = cpu_seconds()};
}

void rf_stopwatch_lap(rf_stopwatch *watch, const char *stage, const char *part)
{
    uint32_t i = 0;
    double seconds;
    double cpu;
    if (watch == NULL) {
        return;
    }
    while (i < watch->laps &&
           (strcmp(watch->lap[i].stage, stage) != 0 || strcmp(watch->lap[i].part, part) != 0)) {
        i++;
    }
    if (i == watch->laps && i == RF_LAPS) {
        i--;
    } else if (i == watch->laps) {
        watch->lap[watch->laps++] = (rf_lap){.stage = stage, .part = part};
    }
    seconds = rf_seconds();
    cpu = cpu_seconds();
    watch->lap[i].seconds += seconds - watch->seconds;
    watch->lap[i].cpu += cpu - watch->cpu;
    watch->seconds = seconds;
    watch->cpu = cpu;
}

double rf_stopwatch_stage(const rf_stopwatch *watch, const char *stage)
{
    double sum = 0;
    for (uint32_t i = 0; i < watch->laps; i++) {
        sum += strcmp(watch->lap[i].stage, stage) == 0 ? watch->lap[i].seconds : 0;
    }
    return sum;
}

void rf_stopwatch_json(const rf_stopwatch *watch, const char *const *stages, uint32_t count,
                       rf_json *json)
{
    for (uint32_t i = 0; i < count; i++) {
        rf_json_key(json, stages[i]);
        rf_json_fixed(json, rf_stopwatch_stage(watch, stages[i]), 3);
    }
    rf_json_key(json, "parts");
    rf_json_array(json);
    for (uint32_t i = 0; i < watch->laps; i++) {
        rf_json_object(json);
        rf_json_key(json, "stage");
        rf_json_string(json, watch->lap[i].stage);
        rf_json_key(json, "part");
        rf_json_string(json, watch->lap[i].part);
        rf_json_key(json, "seconds");
        rf_json_fixed(json, watch->lap[i].seconds, 3);
        rf_json_key(json, "cpu_seconds");
        rf_json_fixed(json, watch->lap[i].cpu, 3);
        rf_json_object_end(json);
    }
    rf_json_array_end(json);
}
