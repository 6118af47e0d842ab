/* replay.c - see replay.h. */
#include "rings/replay.h"

#include "rings/settings.h"

typedef struct rehearsal {
    int64_t run;
    rf_past_comparison *out;
} rehearsal;

static rf_status compare(void *context, rf_store *store, int64_t run, bool *keep, rf_error *err)
{
    rehearsal *r = context;
    *keep = false;
    return rf_past_compare(store, r->run, run, r->out, err);
}

rf_status rf_replay(rf_store *store, int64_t run, unsigned threads, rf_past_comparison *out,
                    rf_error *err)
{
    rf_detect_settings settings = rf_detect_defaults();
    rehearsal r = {run, out};
    rf_detect_summary summary;
    rf_signal_setting *signals = rf_alloc(RF_MAX_SIGNALS, sizeof *signals);
    rf_status status = signals == NULL ? rf_fail_memory(err, "the configuration")
                                       : rf_settings_of_run(store, run, &settings, signals, err);
    *out = (rf_past_comparison){0};
    settings.threads = threads;
    settings.replayed = run;
    settings.conclude = compare;
    settings.conclude_context = &r;
    if (status == RF_OK) {
        status = rf_past_enter(store, run, err);
    }
    if (status == RF_OK) {
        status = rf_detect(store, &settings, &summary, err);
    }
    rf_free(signals);
    return status;
}
