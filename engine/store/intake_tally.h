/* intake_tally.h - counts by a triple of numbers, in bounded memory; private to intake*.c.
 *
 * A tally is a bag of records (a, b, c) -> n. They are appended, and sorted and summed only when
 * the array is full or at the end. What does not fit goes to an unlinked temporary file as sorted
 * runs, merged at the end. Workload: 10^7..10^8 records, of which a third may be repetitions.
 *
 * A tally of events counts two things: n then holds events above RF_TALLY_EVENT and requests below.
 */
#ifndef RF_STORE_INTAKE_TALLY_H
#define RF_STORE_INTAKE_TALLY_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_TALLY_EVENT_BITS = 24, RF_TALLY_EVENT = 1 << RF_TALLY_EVENT_BITS };

typedef struct rf_tally_record {
    uint32_t a, b, c;
    uint32_t n; /* sums that do not fit are kept as several records */
} rf_tally_record;

typedef struct rf_tally_merge rf_tally_merge;

typedef struct rf_tally {
    rf_tally_record *records;
    size_t count;
    size_t capacity;
    size_t sorted; /* as many as `count` when nothing was added since they were sorted and summed */
    bool events;   /* n counts two things */
    size_t next;   /* record to be read back */
    rf_tally_merge *merge; /* while runs are read back */
    int file;              /* of the runs; used when runs > 0 */
    uint64_t *run_ends;    /* in records, ascending */
    size_t runs;
    size_t run_capacity;
} rf_tally; /* all zero bytes is empty */

/* Appends; false when out of memory. Amortised O(1). */
RF_MUST_USE bool rf_tally_add(rf_tally *tally, uint32_t a, uint32_t b, uint32_t c, uint32_t n);
/* The same for one event with so many requests. */
RF_MUST_USE bool rf_tally_add_event(rf_tally *tally, uint32_t a, uint32_t b, uint32_t c,
                                    uint32_t requests);

/* Sorts and sums what is in memory. O(n) (radix); O(1) when it was done before. */
RF_MUST_USE rf_status rf_tally_compact(rf_tally *tally, rf_error *err);

/* Replaces a by ids_a[a] and b by ids_b[b] in memory (NULL: as they are). UINT32_MAX is nothing
 * and becomes 0. */
void rf_tally_translate(rf_tally *tally, const uint32_t *ids_a, const uint32_t *ids_b);

/* Sorts and moves what is in memory to the temporary file. RF_EIO when that cannot be written. */
RF_MUST_USE rf_status rf_tally_spill(rf_tally *tally, rf_error *err);

/* How many records were written down and not summed away, in memory and runs. O(1). */
uint64_t rf_tally_size(const rf_tally *tally);

/* What was counted for one triple. */
typedef struct rf_tally_sum {
    uint32_t a, b, c;
    uint64_t n;
    uint64_t events; /* of a tally of events; n is its requests */
} rf_tally_sum;

/* Reading back: begin once, then each triple comes once, ascending by (a, b, c), until *found is
 * false. Nothing can be added any more. O(n log runs); needs as much memory again while sorting. */
RF_MUST_USE rf_status rf_tally_begin(rf_tally *tally, rf_error *err);
RF_MUST_USE rf_status rf_tally_next(rf_tally *tally, rf_tally_sum *sum, bool *found, rf_error *err);

void rf_tally_free(rf_tally *tally);

#endif
