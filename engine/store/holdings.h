/* holdings.h - the part of reading a population that builds groups from sightings; used by
 * population.c alone. */
#ifndef RF_STORE_HOLDINGS_H
#define RF_STORE_HOLDINGS_H

#include "store/population.h"

/* account.id -> account number. */
typedef struct rf_account_map {
    uint32_t *number;
    int64_t rows;
} rf_account_map;

static inline uint32_t rf_account_number(const rf_account_map *map, int64_t row)
{
    return row >= 0 && row < map->rows ? map->number[row] : UINT32_MAX;
}

/* Fills held, observed, prepaid, values, groups and both directions of the holdings. One pass over
 * sighting in key order (value, account, day); O(s log d) for s sightings, d those of one value. */
RF_MUST_USE rf_status rf_holdings_read(rf_store *store, const rf_account_map *map,
                                       rf_population *population, rf_error *err);

#endif
