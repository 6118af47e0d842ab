/* intake_tally.h - counts by a triple of numbers, in bounded memory; private to intake*.c.
 *
 * A tally is a bag of records (a, b, c) -> n. They are appended, and sorted and summed only when
 * the array is full or at the end. What does not fit goes to an unlinked temporary file as sorted
 * runs, merged at the end. Workload: 10^7..10^8 records, of which a third may be repetitions.
 */
#ifndef RF_STORE_INTAKE_TALLY_H
#define RF_STORE_INTAKE_TALLY_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rf_tally_record {
    uint32_t a, b, c;
    uint32_t n; /* a sum above 32 bits is kept as several records */
} rf_tally_record;

typedef struct rf_tally {
    rf_tally_record *records;
    size_t count;
    size_t capacity;
    size_t sorted; /* as many as `count` when nothing was added since they were sorted and summed */
    int file;      /* of the runs; used when runs > 0 */
    uint64_t *run_ends; /* in records, ascending */
    size_t runs;
    size_t run_capacity;
} rf_tally; /* all zero bytes is empty */

/* Appends; false when out of memory. Amortised O(1). */
RF_MUST_USE bool rf_tally_add(rf_tally *tally, uint32_t a, uint32_t b, uint32_t c, uint32_t n);

/* Sorts and sums what is in memory. O(n) (radix); O(1) when it was done before. */
RF_MUST_USE rf_status rf_tally_compact(rf_tally *tally, rf_error *err);

/* Replaces a by ids_a[a] and b by ids_b[b] in memory (NULL: as they are). */
void rf_tally_translate(rf_tally *tally, const uint32_t *ids_a, const uint32_t *ids_b);

/* Exchanges a and b in memory: the tally is then drained in the order of what was b. Only for a
 * tally without runs. */
void rf_tally_turn(rf_tally *tally);

/* Sorts and moves what is in memory to the temporary file. RF_EIO when that cannot be written. */
RF_MUST_USE rf_status rf_tally_spill(rf_tally *tally, rf_error *err);

typedef rf_status (*rf_tally_fn)(void *context, uint32_t a, uint32_t b, uint32_t c, uint64_t n,
                                 rf_error *err);
/* Calls fn once for each triple, ascending by (a, b, c), with its sum, then empties the tally.
 * O(n log runs); needs as much memory again while sorting. */
RF_MUST_USE rf_status rf_tally_drain(rf_tally *tally, rf_tally_fn fn, void *context, rf_error *err);
void rf_tally_free(rf_tally *tally);

#endif
