/* beside.h - one piece of work done by a thread of its own, beside what its starter does.
 *
 * Where there is no further thread, because the system gives none or one was not asked for, the
 * work is done at once by the starter: results must not depend on it. What the work reads must not
 * be changed, and what it writes not be read, between start and end.
 */
#ifndef RF_BASE_BESIDE_H
#define RF_BASE_BESIDE_H

#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>

typedef rf_status (*rf_beside_fn)(void *context, rf_error *err);

typedef struct rf_beside {
    rf_beside_fn fn;
    void *context;
    rf_status status;
    rf_error error;
    pthread_t thread;
    bool started;
} rf_beside;

/* Starts fn(context); with `own_thread` beside the caller, if possible. *work must stay where it is
 * until the end. */
void rf_beside_start(rf_beside *work, bool own_thread, rf_beside_fn fn, void *context);
/* Waits for it; its result. Once is enough, more is fine, and so is work that is all zero bytes. */
RF_MUST_USE rf_status rf_beside_end(rf_beside *work, rf_error *err);

#endif
