/* words.h - counts, bits, dates and durations in English prose.
 *
 * For sentences that people read; programs get json.h and csv_out.h. Never localised. All functions
 * append to a text, which remembers running out of memory (rf_text_failed).
 */
#ifndef RF_BASE_WORDS_H
#define RF_BASE_WORDS_H

#include "base/text.h"

#include <stdint.h>

/* "2,345" or "-1,000". */
void rf_words_number(rf_text *text, int64_t number);
/* "1 account", "2,345 accounts". */
void rf_words_count(rf_text *text, int64_t number, const char *one, const char *many);
/* "+6.2 bits", "-0.5 bits", "0.0 bits", "+36,870 bits"; "unknown" for NaN. */
void rf_words_bits(rf_text *text, double bits);
/* "12 %" of a share 0..1; below one per cent one decimal, "< 0.1 %" when smaller but not 0. */
void rf_words_share(rf_text *text, double share);
/* A rounded length of time: "40 seconds", "3 minutes", "5 hours", "2 days", "7 weeks". */
void rf_words_duration(rf_text *text, int64_t seconds);
/* "on 2026-04-22", "from 2026-04-22 to 2026-05-01"; with one end not known (RF_NO_TIME) the other
 * alone, with none "at an unknown time". */
void rf_words_period(rf_text *text, int64_t first, int64_t last);
/* The same for days (RF_NO_DAY not known). */
void rf_words_days(rf_text *text, int32_t first, int32_t last);

#endif
