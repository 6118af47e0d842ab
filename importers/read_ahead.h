/* read_ahead.h - reads and hashes a large regular file in a second thread, block by block, while
 * the first one works on the blocks before. Private to source.c.
 *
 * A ring of blocks: the thread fills, the owner takes in order. The thread allocates nothing and
 * never waits for anything but the disk and the owner.
 */
#ifndef RF_IMPORTERS_READ_AHEAD_H
#define RF_IMPORTERS_READ_AHEAD_H

#include "base/sha256.h"

#include <stdbool.h>
#include <stddef.h>

enum { RF_READ_AHEAD_BLOCK = 1 << 20 };

typedef struct rf_read_ahead rf_read_ahead;

/* Starts reading `file` (an open regular file) at its position, feeding *hash. NULL when there is
 * no memory or no thread for it: the caller then reads by itself. `file` and `hash` must outlive
 * it. */
rf_read_ahead *rf_read_ahead_start(int file, rf_sha256 *hash);
/* Copies the next block (at most RF_READ_AHEAD_BLOCK bytes) to `to`; its length, 0 at the end, -1
 * with errno set when reading failed. */
long rf_read_ahead_take(rf_read_ahead *ahead, void *to);
/* Stops the thread and frees everything. NULL is fine. */
void rf_read_ahead_end(rf_read_ahead *ahead);

#endif
