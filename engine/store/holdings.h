/* holdings.h - the part of reading a population that builds groups from sightings; used by
 * population.c alone. */
#ifndef RF_STORE_HOLDINGS_H
#define RF_STORE_HOLDINGS_H

#include "store/population.h"

/* account.id -> account number. After a first import of accounts in order of their external_id the
 * one is the other plus a constant, and millions of look-ups need no memory. */
typedef struct rf_account_map {
    uint32_t *number; /* NULL: id less `first` */
    int64_t first, rows;
} rf_account_map;

static inline uint32_t rf_account_number(const rf_account_map *map, int64_t row)
{
    if (row < map->first || row >= map->rows) {
        return UINT32_MAX;
    }
    return map->number == NULL ? (uint32_t)(row - map->first) : map->number[row];
}

/* An account did something on a day: `day` is one more than it, 0 when it is not known. Days of one
 * account come ascending, each once. */
static inline void rf_note_day(rf_population *p, uint32_t account, uint32_t day)
{
    p->active_days[account] += day != 0;
    if (day == 0 || day > UINT16_MAX) {
        p->undated[account] = 1;
        return;
    }
    if (p->first_use[account] == 0 || day < p->first_use[account]) {
        p->first_use[account] = (uint16_t)day;
    }
    if (day > p->last_use[account]) {
        p->last_use[account] = (uint16_t)day;
    }
}

/* What is known of the funding of an instrument. */
enum {
    RF_FUNDING_PREPAID = 1, /* prepaid, virtual or gift, in any case */
    RF_FUNDING_KNOWN = 2,
    RF_FUNDING_UNPAID = 4 /* "prepaid" or "virtual" */
};
static inline void rf_note_funding(rf_population *p, uint32_t account, unsigned funding)
{
    if ((funding & (RF_FUNDING_KNOWN | RF_FUNDING_UNPAID)) == 0) {
        return; /* most values are no instruments */
    }
    p->funded[account] = (uint16_t)(p->funded[account] + ((funding & RF_FUNDING_KNOWN) != 0 &&
                                                          p->funded[account] < UINT16_MAX));
    p->unpaid[account] = (uint16_t)(p->unpaid[account] + ((funding & RF_FUNDING_UNPAID) != 0 &&
                                                          p->unpaid[account] < UINT16_MAX));
}

/* The network of a value of this signal (rf_population.value_network). */
uint16_t rf_network_of(const rf_signal *signal, const char *text, size_t length);

typedef struct rf_holdings rf_holdings; /* holdings being read */

/* Reading goes in steps, so that the first two can run beside the reading of accounts. The caller
 * ends *out with rf_holdings_end whatever happens.
 * begin: which values there are and what they are; needs the signals and families alone. */
RF_MUST_USE rf_status rf_holdings_begin(rf_store *store, rf_population *population,
                                        rf_holdings **out, rf_error *err);
/* read: fills held, prepaid, funded, unpaid, values and groups. One pass over sightings in key
 * order (value, account, day); O(s log d) for s sightings, d those of one value. Without `map`
 * accounts are not numbered yet: they go by their rows, until rf_holdings_number; *done is false,
 * and nothing was read, when rows are too far apart for that. */
RF_MUST_USE rf_status rf_holdings_read(rf_store *store, const rf_account_map *map,
                                       rf_holdings *holdings, bool *done, rf_error *err);
/* number: what went by rows goes by `map`. *known is false, and all is as before rf_holdings_read,
 * when there are sightings of accounts that the map does not know. O(holdings), and nothing when
 * numbers follow rows. */
RF_MUST_USE rf_status rf_holdings_number(rf_holdings *holdings, const rf_account_map *map,
                                         unsigned threads, bool *known, rf_error *err);
/* turn: fills observed and the other direction of the holdings. O(holdings). */
RF_MUST_USE rf_status rf_holdings_turn(rf_holdings *holdings, rf_error *err);
/* Of `turn`, the other direction alone. */
RF_MUST_USE rf_status rf_holdings_transpose(rf_population *population, rf_error *err);
void rf_holdings_end(rf_holdings *holdings); /* NULL is fine */

#endif
