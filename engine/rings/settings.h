/* settings.h - every setting of detection as one table: written into the run, and read back from it
 * when the run is replayed.
 *
 * Invariant: the table in settings.c has every member of the settings that changes a result;
 * numbers are written so that they read back to the last bit. Signals are not here: run_signal has
 * each as it was used.
 */
#ifndef RF_RINGS_SETTINGS_H
#define RF_RINGS_SETTINGS_H

#include "rings/detect.h"

/* A JSON object, in the arena; NULL when out of memory. `prior_bits` is the one in use, where the
 * settings leave it to the number of accounts; `labels` is told by its counts. */
const char *rf_settings_json(const rf_detect_settings *settings, double prior_bits,
                             const rf_labels *labels, rf_arena *arena);

/* The settings, seed and signals of a run. `signals` has room for RF_MAX_SIGNALS and must live as
 * long as the settings. RF_EINPUT when the run does not exist or lacks a setting that this program
 * has. */
RF_MUST_USE rf_status rf_settings_of_run(rf_store *store, int64_t run, rf_detect_settings *settings,
                                         rf_signal_setting *signals, rf_error *err);

#endif
