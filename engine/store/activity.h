/* activity.h - the part of reading a population that adds up what accounts did; used by
 * population.c alone. */
#ifndef RF_STORE_ACTIVITY_H
#define RF_STORE_ACTIVITY_H

#include "store/holdings.h"

/* Fills requests, active_days, hours, capability and capability_use, which is allocated here as far
 * as it is by capability. A day counts once, and so does an hour of it. One pass over the
 * table activity_pack by account. O(facts + capabilities). */
RF_MUST_USE rf_status rf_activity_read(rf_store *store, rf_population *population,
                                       const rf_account_map *map, rf_error *err);

#endif
