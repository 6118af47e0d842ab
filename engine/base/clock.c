/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int32_t rf_day_from_date(int year, int month, int day)
{
    int const shifted = month <= 2 ? year - 1 : year; /* years start in March: leap day last */
    int const era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int const year_of_era = shifted - era * 400;
    int const day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int const day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void rf_date_from_day(int32_t day, int *year, int *month, int *day_of_month)
{
    int const shifted = day + 719468;
    int const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int const day_of_era = shifted - era * 146097;
    int const year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int const day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int const march_month = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

typedef struct scanner {
    const char *at;
    const char *end;
} scanner;

static bool digits(scanner *in, int count, int *number)
{
    int value = 0;
    if (in->end - in->at < count) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        char const c = in->at[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    in->at += count;
    *number = value;
    return true;
}

static bool literal(scanner *in, char wanted)
{
    if (in->at < in->end && *in->at == wanted) {
        in->at++;
        return true;
    }
    return false;
}

/* A dot and at least one digit; the digits are dropped. */
static bool fraction(scanner *in)
{
    const char *start;
    if (!literal(in, '.') && !literal(in, ',')) {
        return true;
    }
    start = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        in->at++;
    }
    return in->at > start;
}

static bool zone(scanner *in, int *offset)
{
    int hours = 0;
    int minutes = 0;
    int sign;
    *offset = 0;
    if (in->at == in->end || literal(in, 'Z') || literal(in, 'z')) {
        return true;
    }
    sign = *in->at == '-' ? -1 : 1;
    if (!literal(in, '+') && !literal(in, '-')) {
        return false;
    }
    if (!digits(in, 2, &hours)) {
        return false;
    }
    if (in->at < in->end) {
        (void)literal(in, ':');
        if (!digits(in, 2, &minutes)) {
            return false;
        }
    }
    *offset = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes <= 59;
}

static bool clock_time(scanner *in, int *seconds)
{
    int hour;
    int minute;
    int second = 0;
    if (!digits(in, 2, &hour) || !literal(in, ':') || !digits(in, 2, &minute)) {
        return false;
    }
    if (literal(in, ':') && (!digits(in, 2, &second) || !fraction(in))) {
        return false;
    }
    if (second == 60) {
        second = 59;
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 59;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool iso_time(scanner in, int64_t *time)
{
    int year;
    int month;
    int day;
    int seconds = 0;
    int offset = 0;
    int32_t number;
    if (!digits(&in, 4, &year) || !literal(&in, '-') || !digits(&in, 2, &month) ||
        !literal(&in, '-') || !digits(&in, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
        return false;
    }
    number = rf_day_from_date(year, month, day);
    if (in.at < in.end) {
        if (!literal(&in, 'T') && !literal(&in, 't') && !literal(&in, ' ')) {
            return false;
        }
        if (!clock_time(&in, &seconds)) {
            return false;
        }
        (void)literal(&in, ' '); /* "2026-04-22 08:30:00 +02:00" */
        if (!zone(&in, &offset)) {
            return false;
        }
    }
    *time = (int64_t)number * RF_SECONDS_PER_DAY + seconds - offset;
    return in.at == in.end;
}

static bool unix_time(scanner in, int64_t *time)
{
    int64_t value = 0;
    const char *start = in.at;
    while (in.at < in.end && *in.at >= '0' && *in.at <= '9' && value < RF_TIME_END) {
        value = value * 10 + (*in.at++ - '0');
    }
    if (in.at == start || !fraction(&in)) {
        return false;
    }
    *time = value;
    return in.at == in.end;
}

bool rf_time_parse(const char *text, size_t length, int64_t *time)
{
    scanner in = {text, text + length};
    int64_t value;
    while (in.at < in.end && *in.at == ' ') {
        in.at++;
    }
    while (in.end > in.at && in.end[-1] == ' ') {
        in.end--;
    }
    if (in.at == in.end || (!iso_time(in, &value) && !unix_time(in, &value))) {
        return false;
    }
    if (value < 0 || value >= RF_TIME_END) {
        return false;
    }
    *time = value;
    return true;
}

int32_t rf_day_of(int64_t time)
{
    if (time == RF_NO_TIME) {
        return RF_NO_DAY;
    }
    return (int32_t)(time / RF_SECONDS_PER_DAY);
}

int rf_hour_of(int64_t time)
{
    return time == RF_NO_TIME ? 0 : (int)(time % RF_SECONDS_PER_DAY / 3600);
}

const char *rf_day_format(int32_t day, char out[RF_TIME_TEXT])
{
    int year;
    int month;
    int day_of_month;
    out[0] = '\0';
    if (day != RF_NO_DAY) {
        rf_date_from_day(day, &year, &month, &day_of_month);
        (void)snprintf(out, RF_TIME_TEXT, "%04u-%02u-%02u", (unsigned)year % 10000,
                       (unsigned)month % 100, (unsigned)day_of_month % 100);
    }
    return out;
}

const char *rf_time_format(int64_t time, char out[RF_TIME_TEXT])
{
    out[0] = '\0';
    if (time >= 0 && time < RF_TIME_END) {
        unsigned const second = (unsigned)(time % RF_SECONDS_PER_DAY);
        (void)rf_day_format(rf_day_of(time), out);
        (void)snprintf(out + 10, RF_TIME_TEXT - 10, "T%02u:%02u:%02uZ", second / 3600 % 24,
                       second / 60 % 60, second % 60);
    }
    return out;
}

int64_t rf_time_now(void)
{
    return (int64_t)time(NULL);
}

double rf_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
