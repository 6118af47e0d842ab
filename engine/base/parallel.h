/* parallel.h - one loop over several threads, with results that do not depend on their number.
 *
 * Invariant: work is cut into the same blocks for any thread count; a block's result may depend on
 * the block alone. Callers keep per-block outputs and join them in block order.
 */
#ifndef RF_BASE_PARALLEL_H
#define RF_BASE_PARALLEL_H

#include "base/status.h"

#include <stddef.h>

/* One block of work, [first, end) of the loop. `worker` is 0..threads-1 and serves to find scratch
 * space of this thread. */
typedef rf_status (*rf_block_fn)(void *context, size_t block, size_t first, size_t end,
                                 unsigned worker, rf_error *err);

/* Runs fn over [0, count) in blocks of `grain`, on up to `threads` threads (at least 1), taking
 * blocks in ascending order. After a failure no new block starts; the failure of the lowest failed
 * block is returned. O(count / grain) scheduling. */
RF_MUST_USE rf_status rf_parallel(unsigned threads, size_t count, size_t grain, rf_block_fn fn,
                                  void *context, rf_error *err);

/* The processors this process may use, at least 1: the default of --threads. */
unsigned rf_processors(void);

#endif
