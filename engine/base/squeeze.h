/* squeeze.h - arrays of numbers in fewer bytes, at about the speed of memory.
 *
 * An array of records is taken apart into columns of 1, 2 or 4 bytes, whichever makes it smallest;
 * of every 128 records of a column either the distances from the smallest or those from one to the
 * next are written, in as many bits as the largest of them needs. An array that is not smaller so
 * is copied. Bytes are those of the machine that wrote them.
 *
 * Workload: arrays of 10^6 records of 1 to 96 bytes: counts, offsets, keys in order; a few of
 * doubles and hashes, which stay as they are. What is read back may be damaged: nothing outside of
 * it is read, and nothing but the count of records depends on it.
 */
#ifndef RF_BASE_SQUEEZE_H
#define RF_BASE_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Squeezes count records of `size` bytes (1 to 65,535). *out is the caller's (rf_free), *bytes how
 * long it is: never more than 24 above count * size. False when memory is short. O(count * size).
 */
bool rf_squeeze(const void *records, size_t count, size_t size, uint8_t **out, size_t *bytes);

/* How many records of `size` bytes there are in what was squeezed; false when there are none to be
 * read because it is something else. */
bool rf_squeezed_count(const uint8_t *from, size_t bytes, size_t size, size_t *count);
/* Writes the records that rf_squeezed_count counted. False when what was squeezed is damaged; then
 * they are of no use. O(count * size). */
bool rf_unsqueeze(const uint8_t *from, size_t bytes, size_t size, void *records);

#endif
