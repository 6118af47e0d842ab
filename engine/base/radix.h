/* radix.h - sorts whole numbers, byte by byte from the lowest.
 *
 * Workload: a million sign-up times or request counts, of which most bytes are the same. O(n) for
 * each byte in which they differ, against O(n log n) comparisons through a pointer.
 */
#ifndef RF_BASE_RADIX_H
#define RF_BASE_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sorts ascending. False when out of memory; the numbers are then as they were. */
bool rf_sort_numbers(uint64_t *number, size_t count);
/* The same for numbers with a sign. */
bool rf_sort_signed(int64_t *number, size_t count);

#endif
