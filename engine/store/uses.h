/* uses.h - what some accounts hold and who used a value, packs read whole.
 *
 * The views sighting and holding give one fact a row, a third of a microsecond each, and reading
 * the uses of every account of a large ring through them parses the packs of a common value once
 * for each member. Here a value is read once, for all who used it.
 *
 * Workload: a ring of 25,000 accounts that hold 250,000 values, of which 48,000 are shared; values
 * with half a million sightings are among them.
 */
#ifndef RF_STORE_USES_H
#define RF_STORE_USES_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* (*held)[0 .. *count): value << 32 | i for every value that accounts[i] (row ids) holds,
 * ascending. The caller frees *held with rf_free. O(what they hold). RF_ENOMEM and what the store
 * says. */
RF_MUST_USE rf_status rf_uses_held(rf_store *store, const int64_t *accounts,
                                   uint32_t accounts_count, uint64_t **held, size_t *count,
                                   rf_error *err);

typedef struct rf_uses rf_uses;

/* On success the caller owns *out (rf_uses_close). */
RF_MUST_USE rf_status rf_uses_open(rf_store *store, rf_uses **out, rf_error *err);
void rf_uses_close(rf_uses *uses); /* NULL is fine */

/* (*use)[0 .. *count): (day + 1) << 32 | account (row id) for every day (-1: not known) and account
 * that used the value, each once, ascending; theirs until the next call. O(sightings). */
RF_MUST_USE rf_status rf_uses_of_value(rf_uses *uses, int64_t value, const uint64_t **use,
                                       size_t *count, rf_error *err);

typedef struct rf_use_total {
    uint32_t account;    /* row id */
    int32_t first, last; /* days; -1: none is known */
    int64_t times;
} rf_use_total;

/* (*total)[0 .. *count): what each account that used the value did with it, ascending by account;
 * theirs until the next call. O(sightings). */
RF_MUST_USE rf_status rf_uses_totals(rf_uses *uses, int64_t value, const rf_use_total **total,
                                     size_t *count, rf_error *err);

/* How many accounts used the value. O(sightings). */
RF_MUST_USE rf_status rf_uses_holders(rf_uses *uses, int64_t value, uint32_t *holders,
                                      rf_error *err);

#endif
