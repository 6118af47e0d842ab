/* runs.h - which run a reading command means (--run latest|N). */
#ifndef RF_COMMAND_RUNS_H
#define RF_COMMAND_RUNS_H

#include "base/status.h"
#include "store/store.h"

#include <stdint.h>

/* `text` is "latest", a run's number, or NULL (latest). RF_EINPUT when there is no run yet (the
 * text says to run `ringfence detect`) or no such run; RF_EUSAGE when it is no number. O(log runs).
 */
RF_MUST_USE rf_status rf_choose_run(rf_store *store, const char *text, int64_t *run, rf_error *err);

#endif
