/* words.c - see words.h. */
#include "base/words.h"

#include "base/clock.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

void rf_words_number(rf_text *text, int64_t number)
{
    char digits[24];
    size_t length;
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)size);
    length = strlen(digits);
    if (number < 0) {
        rf_text_add(text, "-");
    }
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            rf_text_add(text, ",");
        }
        rf_text_append(text, digits + i, 1);
    }
}

void rf_words_count(rf_text *text, int64_t number, const char *one, const char *many)
{
    rf_words_number(text, number);
    rf_text_printf(text, " %s", number == 1 ? one : many);
}

void rf_words_bits(rf_text *text, double bits)
{
    char number[RF_NUMBER_TEXT];
    rf_fixed_format(bits, 1, number);
    if (number[0] == '\0') {
        rf_text_add(text, "unknown");
        return;
    }
    if (bits >= 0.05) {
        rf_text_add(text, "+");
    }
    if (fabs(bits) >= 1000 && fabs(bits) < 1e15) {
        rf_words_number(text, (int64_t)llround(bits));
        rf_text_add(text, " bits");
    } else {
        rf_text_printf(text, "%s bits", number);
    }
}

void rf_words_share(rf_text *text, double share)
{
    double percent = share * 100;
    char number[RF_NUMBER_TEXT];
    if (!isfinite(percent)) {
        rf_text_add(text, "unknown");
    } else if (percent > 0 && percent < 0.05) {
        rf_text_add(text, "< 0.1 %");
    } else {
        rf_text_printf(text, "%s %%",
                       rf_fixed_format(percent, percent > 0 && percent < 0.95 ? 1 : 0, number));
    }
}

void rf_words_duration(rf_text *text, int64_t seconds)
{
    static const struct {
        int64_t length;
        int64_t from; /* used from this many seconds on */
        const char *one;
        const char *many;
    } UNITS[] = {{604800, 28 * 86400, "week", "weeks"},
                 {86400, 2 * 86400, "day", "days"},
                 {3600, 2 * 3600, "hour", "hours"},
                 {60, 2 * 60, "minute", "minutes"},
                 {1, 0, "second", "seconds"}};
    size_t unit = 0;
    if (seconds < 0) {
        seconds = 0;
    }
    while (seconds < UNITS[unit].from) {
        unit++;
    }
    rf_words_count(text, (seconds + UNITS[unit].length / 2) / UNITS[unit].length, UNITS[unit].one,
                   UNITS[unit].many);
}

void rf_words_days(rf_text *text, int32_t first, int32_t last)
{
    char from[RF_TIME_TEXT];
    char to[RF_TIME_TEXT];
    if (first == RF_NO_DAY || last == RF_NO_DAY || first == last) {
        int32_t day = first == RF_NO_DAY ? last : first;
        if (day == RF_NO_DAY) {
            rf_text_add(text, "at an unknown time");
        } else {
            rf_text_printf(text, "on %s", rf_day_format(day, from));
        }
        return;
    }
    rf_text_printf(text, "from %s to %s", rf_day_format(first, from), rf_day_format(last, to));
}

void rf_words_period(rf_text *text, int64_t first, int64_t last)
{
    rf_words_days(text, rf_day_of(first), rf_day_of(last));
}
