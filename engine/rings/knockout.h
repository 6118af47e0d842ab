/* knockout.h - the smallest set of values without which a ring dissolves.
 *
 * A ring is *dissolved* when no connected piece of the links left holds half of its members. The
 * score is not asked: it follows from the members. What is left of a link is told by inside.h.
 *
 * Two searches. The greedy one is run from two starts, and the smaller set is kept: all values
 * hidden; and (in rings of up to 100,000 links) those with most votes hidden until the ring
 * dissolves, where each living link of the largest piece spreads its vote over its values, as far
 * as the loss of each would use up its bits above the threshold. Then every value that is not
 * needed is known again, those of fewest members first: no value of what is left can be spared.
 * The exact one deepens by one value at a time. While half of the members are connected, any
 * solution must hide a value of some link of any tree that connects them, so only the values of one
 * such tree (of few values) are tried; a value once tried and found wanting is not hidden again in
 * the branches beside it. It ends with a proof that the answer is smallest, or after a fixed amount
 * of work: then `least` says that no set of fewer values would do.
 *
 * Cost: exact about RF_KNOCKOUT_WORK terms looked at, whatever the ring; greedy O(terms log
 * members) from the first start, O(terms x log values) passes from the second.
 */
#ifndef RF_RINGS_KNOCKOUT_H
#define RF_RINGS_KNOCKOUT_H

#include "rings/inside.h"

#define RF_KNOCKOUT_WORK UINT64_C(60000000)

typedef struct rf_knockout {
    uint32_t *value; /* of inside.value, ascending */
    uint32_t values;
    uint32_t least; /* any set that dissolves the ring has at least so many */
    bool exact;     /* values == least */
    uint32_t links_before, links_after;
    uint32_t largest; /* members of the largest piece left */
} rf_knockout;

/* `work` limits the exact search, 0 for RF_KNOCKOUT_WORK. On success the caller owns *out
 * (rf_knockout_free). A ring that is no piece of half of its members from the start needs nothing.
 */
RF_MUST_USE rf_status rf_ring_knock_out(const rf_inside *inside, uint64_t work, rf_knockout *out,
                                        rf_error *err);
void rf_knockout_free(rf_knockout *knockout);

#endif
