/* results_private.h - rows of results, for a whole run and for an update; used by results*.c. */
#ifndef RF_STORE_RESULTS_PRIVATE_H
#define RF_STORE_RESULTS_PRIVATE_H

#include "store/feed.h"
#include "store/results.h"

/* Statements that write a ring, a part of its score, and a piece of its evidence. */
typedef struct rf_ring_writer {
    rf_statement *ring, *part, *evidence;
} rf_ring_writer;

RF_MUST_USE rf_status rf_ring_writer_begin(rf_store *store, rf_ring_writer *writer, rf_error *err);
/* Writes a ring with its parts and evidence; there must be none of that number. */
RF_MUST_USE rf_status rf_ring_write(const rf_findings *findings, uint32_t index, int64_t run,
                                    const rf_ring_writer *writer, rf_error *err);
void rf_ring_writer_end(rf_ring_writer *writer);

/* The row of a member. */
void rf_member_row(const rf_findings *findings, const rf_member *member, int64_t run,
                   rf_feed_cell *cells);
/* The hubs of a run; those it had must be gone. */
RF_MUST_USE rf_status rf_results_write_hubs(rf_store *store, const rf_findings *findings,
                                            int64_t run, rf_error *err);
/* Timings so far, as JSON; to be freed with rf_free. NULL when out of memory. */
char *rf_results_timings(const rf_results_hooks *hooks);
/* After a transaction that wrote results, with what became of it. */
rf_status rf_results_clean_up(rf_store *store, rf_status status, rf_error *err);

#endif
