/* order.h - sorts whole numbers where they are.
 *
 * For what is sorted a hundred thousand times, a few dozen numbers at once: no function is called
 * to compare two, and no memory is asked for, so that nothing can fail. Large arrays of which most
 * bytes are the same are better sorted by radix.h.
 *
 * Method: quicksort by the median of three, short pieces by insertion; a piece that is divided
 * badly too often is sorted as a heap, so that no order of numbers takes more than O(n log n).
 */
#ifndef RF_BASE_ORDER_H
#define RF_BASE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Each sorts ascending. */
void rf_order_numbers(uint64_t *number, size_t count);
void rf_order_signed(int64_t *number, size_t count);
void rf_order_small(uint32_t *number, size_t count);

/* Sorts by the upper 32 bits; of equal ones, those that came first stay first. `spare` has room for
 * as many. O(n) for each byte in which the upper halves differ. */
void rf_order_upper(uint64_t *number, uint64_t *spare, size_t count);

#endif
