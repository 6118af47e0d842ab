/* clock.h - times and days, always UTC, never localised.
 *
 * A time is Unix seconds (int64), a day is whole days since 1970-01-01 (int32). RF_NO_TIME and
 * RF_NO_DAY mean "not known". Workload: one parse for every imported row, so no libc calendar
 * calls.
 */
#ifndef RF_BASE_CLOCK_H
#define RF_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_NO_TIME INT64_MIN
#define RF_NO_DAY (-1)
#define RF_SECONDS_PER_DAY 86400
/* Times outside [1970-01-01, 2200-01-01) are taken for mistakes. */
#define RF_TIME_END INT64_C(7258118400)

enum { RF_TIME_TEXT = 21 }; /* "2026-04-22T08:30:00Z" and its NUL */

/* Reads ISO 8601 (`2026-04-22`, then optionally `T` or a space, hh:mm, :ss, a fraction, and `Z`,
 * `+hh:mm`, `+hhmm` or `+hh`; no zone means UTC) or Unix seconds (a fraction is dropped). The whole
 * of `length` bytes must be a time, but for spaces around it. False when it is none, is no date of
 * the calendar, or lies outside [1970, 2200). A leap second reads as the second before it. */
bool rf_time_parse(const char *text, size_t length, int64_t *time);

/* The civil date of a day, and back (proleptic Gregorian; the algorithm counts eras of 400 years).
 */
int32_t rf_day_from_date(int year, int month, int day);
void rf_date_from_day(int32_t day, int *year, int *month, int *day_of_month);

/* The day a time falls on (RF_NO_DAY for RF_NO_TIME), and its hour 0..23 (0 for RF_NO_TIME). */
int32_t rf_day_of(int64_t time);
int rf_hour_of(int64_t time);

/* Writes "2026-04-22T08:30:00Z" or "" for RF_NO_TIME; returns out. */
const char *rf_time_format(int64_t time, char out[RF_TIME_TEXT]);
/* Writes "2026-04-22" or "" for RF_NO_DAY; returns out. */
const char *rf_day_format(int32_t day, char out[RF_TIME_TEXT]);

/* The wall clock as Unix seconds. */
int64_t rf_time_now(void);
/* A monotonic clock in seconds, for durations only. */
double rf_seconds(void);

#endif
