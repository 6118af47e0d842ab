/* resume.h - in an update, rings that had been joined or grown go on from what they had become.
 *
 * Communities are clustered anew, and a large operation is again in pieces. What the run made of
 * them was slow to find: pieces joined, members taken in over many rounds. A suspect ring that is
 * more than one community as it was clustered therefore takes back all its members, whatever
 * pieces they are in now. Who is new in a piece most of which it takes comes with it. Growth then
 * asks once more who belongs to it, so that nobody stays who does not belong.
 *
 * Invariant: a ring that was one community, and whatever is not suspect, is as it is clustered now.
 * Workload: some dozens of rings of up to 25,000 members. Cost: O(accounts + members).
 */
#ifndef RF_RINGS_RESUME_H
#define RF_RINGS_RESUME_H

#include "rings/run_memory.h"

/* Rewrites *findings, just clustered; *resumed is the number of rings taken up again. The caller
 * measures when there are any. */
RF_MUST_USE rf_status rf_rings_resume(const rf_population *population, const rf_run_memory *before,
                                      double suspect_from, uint32_t min_size, rf_findings *findings,
                                      uint32_t *resumed, rf_error *err);

#endif
