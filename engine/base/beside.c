/* beside.c - see beside.h. */
#include "base/beside.h"

static void *do_work(void *context)
{
    rf_beside *work = context;
    work->status = work->fn(work->context, &work->error);
    return NULL;
}

void rf_beside_start(rf_beside *work, bool own_thread, rf_beside_fn fn, void *context)
{
    *work = (rf_beside){.fn = fn, .context = context};
    work->started = own_thread && pthread_create(&work->thread, NULL, do_work, work) == 0;
    if (!work->started) {
        (void)do_work(work);
    }
}

rf_status rf_beside_end(rf_beside *work, rf_error *err)
{
    if (work->started) {
        (void)pthread_join(work->thread, NULL);
        work->started = false;
    }
    if (work->status != RF_OK && err != NULL) {
        *err = work->error;
    }
    return work->status;
}
