/* names.h - numbers texts in order of their first appearance; used by edges.c.
 *
 * Small whole numbers ("0", "17") find their entry in a plain array, everything else in a hash
 * table with open addressing. Workload: two look-ups for each of tens of millions of edges.
 */
#ifndef RF_GRAPH_NAMES_H
#define RF_GRAPH_NAMES_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rf_names {
    uint32_t count;
    char *bytes;     /* all names, one after the other */
    uint64_t *start; /* count + 1 offsets; NULL while count is 0 */
    size_t byte_room, start_room;
    uint32_t *direct; /* by number: 0 unknown, else the name's number + 1 */
    size_t direct_size;
    uint64_t *slot; /* high half: part of the hash; low half: 0 empty, else number + 1 */
    size_t slots;   /* a power of two */
    size_t hashed;
} rf_names; /* all zero bytes is empty */

/* The number of a name, new or known, in *number. RF_ENOMEM, or RF_EINPUT beyond 2^32 - 2 names.
 * Amortised O(length). */
RF_MUST_USE rf_status rf_names_add(rf_names *names, const char *text, size_t length,
                                   uint32_t *number, rf_error *err);
void rf_names_free(rf_names *names);

#endif
