/* replay.h - runs a run again, over the facts, the settings, the seed and the past it had, and
 * tells whether every row comes out the same. Nothing of it is kept.
 *
 * Invariant: a run of the same program replays to the last bit; anything else is a finding.
 */
#ifndef RF_RINGS_REPLAY_H
#define RF_RINGS_REPLAY_H

#include "rings/detect.h"
#include "store/past.h"

/* RF_EINPUT, saying why, when the run cannot be replayed. A difference is no failure: see
 * *out, which the caller ends with rf_past_comparison_free, also on failure. Costs a detection. */
RF_MUST_USE rf_status rf_replay(rf_store *store, int64_t run, unsigned threads,
                                rf_past_comparison *out, rf_error *err);

#endif
