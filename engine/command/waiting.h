/* waiting.h - how long commands take that cannot tell how far they are, by the size of what they
 * read: a progress line by the clock (base/progress.h), to be ended with rf_progress_end before
 * anything is printed. The figures are those of one processor on a quiet machine, measured at a
 * million accounts; they are estimates, and the line says "about".
 */
#ifndef RF_COMMAND_WAITING_H
#define RF_COMMAND_WAITING_H

#include "base/progress.h"
#include "store/store.h"

#include <stdint.h>

/* Microseconds an account. */
#define RF_WAIT_DETECT 11.0
#define RF_WAIT_SHUFFLE 1.5 /* each */
#define RF_WAIT_UPDATE 5.0
#define RF_WAIT_REPLAY 18.0
#define RF_WAIT_UNDO 20.0
#define RF_WAIT_EXPORT 0.5
#define RF_WAIT_EVALUATE 1.5
#define RF_WAIT_FLAG 2.0
#define RF_WAIT_QUERY 4.0
/* Microseconds a member of a ring. */
#define RF_WAIT_PROBE 60.0
#define RF_WAIT_GRAPH 160.0

/* An import, by the size of the file; of a stream nothing is known. */
void rf_wait_for_file(const char *path, const char *what, rf_progress *progress);
/* By all accounts there are. */
void rf_wait_for_accounts(rf_store *store, const char *what, double microseconds,
                          rf_progress *progress);
/* By the members of a ring. */
void rf_wait_for_ring(rf_store *store, int64_t run, int64_t ring, const char *what,
                      double microseconds, rf_progress *progress);

#endif
