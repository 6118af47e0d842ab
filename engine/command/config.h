/* config.h - the settings of detection from an INI file (--config), each with its bounds.
 *
 *     [evidence]  prior_bits, threshold_bits, pair_cap, common_share, star_from
 *     [levels]    ring_density, cell_factor, network_contrast, min_links, iterations
 *     [score]     rarity_bits, flagged_from, verified_bits, honest_share, last_share
 *     [growth]    grow_from, join_bits, tie_contrast, rounds
 *     [chance]    shuffles, q_most
 *     [signal NAME]  family, role (link or context), windowed (yes or no)
 *
 * An unknown section or key, or a value out of bounds, is an error that names file and line.
 */
#ifndef RF_COMMAND_CONFIG_H
#define RF_COMMAND_CONFIG_H

#include "rings/detect.h"

/* Changes *settings by the file. `signals` has room for RF_MAX_SIGNALS and must live as long as the
 * settings. */
RF_MUST_USE rf_status rf_config_read(const char *path, rf_detect_settings *settings,
                                     rf_signal_setting *signals, rf_error *err);

#endif
