/* team.h - a few threads that stay for many short loops.
 *
 * rf_parallel starts its threads anew for every loop, which costs more than a loop of a tenth of a
 * millisecond. A team is started once; between loops its threads poll for a moment, then sleep.
 * Tasks cannot fail: whoever uses a team has all memory beforehand.
 *
 * Invariant: a loop ends when all its tasks have; a thread that comes late to a loop does not hold
 * it up. What is written before a loop is seen by its tasks, what they write by who comes after.
 * Results must not depend on which worker does a task, nor on their order.
 */
#ifndef RF_BASE_TEAM_H
#define RF_BASE_TEAM_H

#include "base/status.h"

#include <stddef.h>

typedef struct rf_team rf_team;

/* `worker` is 0 .. rf_team_size - 1 and serves to find scratch space of this thread. */
typedef void (*rf_task_fn)(void *context, size_t task, unsigned worker);

/* A team of `threads` (at least 1) with the caller's; with fewer where the system gives no more. On
 * success the caller owns *team (rf_team_end). RF_ENOMEM. */
RF_MUST_USE rf_status rf_team_start(unsigned threads, rf_team **team, rf_error *err);
unsigned rf_team_size(const rf_team *team);

/* Runs fn for every task 0 .. tasks - 1, taken in ascending order. Not from two threads at once. */
void rf_team_run(rf_team *team, size_t tasks, rf_task_fn fn, void *context);
void rf_team_end(rf_team *team); /* NULL is fine */

#endif
