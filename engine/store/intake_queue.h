/* intake_queue.h - hands batches to the thread that counts them; private to intake*.c.
 *
 * A ring of batches: the importer's thread fills, a second one counts in the same order. Without a
 * second thread (small imports) a batch is counted where it is handed over. While batches are
 * outstanding, the second thread alone uses the store and the tables of the intake; rf_queue_settle
 * gives them back. The first failure is kept and returned by every later call.
 */
#ifndef RF_STORE_INTAKE_QUEUE_H
#define RF_STORE_INTAKE_QUEUE_H

#include "base/status.h"
#include "store/intake_batch.h"

#include <stdbool.h>

typedef struct rf_queue rf_queue;
typedef rf_status (*rf_queue_fn)(void *context, rf_batch *batch, rf_error *err);

/* NULL when out of memory. `threaded` asks for a second thread; without one it works all the same.
 * The caller ends it with rf_queue_end. */
rf_queue *rf_queue_start(rf_queue_fn fn, void *context, bool threaded);
/* The batch to write to; valid until it is handed over. */
rf_batch *rf_queue_batch(rf_queue *queue);
/* Hands it over, and waits for a free one. */
RF_MUST_USE rf_status rf_queue_hand_over(rf_queue *queue, rf_error *err);
/* Hands over what there is and waits until everything is counted. */
RF_MUST_USE rf_status rf_queue_settle(rf_queue *queue, rf_error *err);
/* Drops what is not counted yet, stops the thread and frees everything. NULL is fine. */
void rf_queue_end(rf_queue *queue);

#endif
