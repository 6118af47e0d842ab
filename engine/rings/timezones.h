/* timezones.h - which country a time zone belongs to, and its distance from UTC.
 *
 * A small table of facts (IANA names, ISO 3166 codes, standard time), enough to say "this account
 * claims Paris but is awake at Paris night". Daylight saving time is left out: an hour does not
 * matter here. A zone not in the table, or one given as an offset (+05:30), has no country.
 */
#ifndef RF_RINGS_TIMEZONES_H
#define RF_RINGS_TIMEZONES_H

#include <stdbool.h>

typedef struct rf_zone {
    int minutes;         /* east of UTC */
    const char *country; /* ISO 3166 alpha-2, or "" when not known */
} rf_zone;

/* False when the text is no zone known here. O(log zones). */
bool rf_zone_find(const char *name, rf_zone *zone);

#endif
