/* flag_policy.h - whom `ringfence flag` asks to verify, from an INI file (--policy).
 *
 *     [flag]
 *     min_score = 12              rings below this score (bits) are left alone
 *     min_size = 3                and rings with fewer members
 *     max_accounts = 500          the budget: requests opened at most, best score first
 *     max_honest = 25             honest accounts hit at most, as expected (rings/exposure.h):
 * rings are taken best score first until the next one would exceed it whole_rings = yes yes: a ring
 * that does not fit into the budget is passed over; no: the ring at the budget's end is cut, core
 * members first include_fringe = yes        also members that joined a ring by its profile alone
 *     exclude_plans = enterprise, education
 *     exclude_countries =         both: accounts there are never asked; commas between
 *     cooldown_days = 90          nobody is asked again so soon after a request ended
 *
 * Every setting may be absent. An unknown section or setting, a setting given twice, or a value out
 * of bounds is an error that names file and line.
 */
#ifndef RF_COMMAND_FLAG_POLICY_H
#define RF_COMMAND_FLAG_POLICY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { RF_POLICY_LIST = 1024 };

typedef struct rf_policy {
    double min_score;
    int64_t min_size;
    int64_t max_accounts; /* INT64_MAX: no budget */
    double max_honest;    /* INFINITY: no budget */
    int64_t cooldown_days;
    bool whole_rings;
    bool include_fringe;
    char exclude_plans[RF_POLICY_LIST]; /* as written; see rf_policy_lists */
    char exclude_countries[RF_POLICY_LIST];
} rf_policy;

/* What holds without a file: every flagged ring from 3 members on, cooldown 90 days, no budget. */
rf_policy rf_policy_default(void);

/* Changes *policy by the file. RF_EIO when it cannot be read, RF_EINPUT when it is wrong. */
RF_MUST_USE rf_status rf_policy_read(const char *path, rf_policy *policy, rf_error *err);

/* True when the comma-separated list names the word; letter case does not matter. */
bool rf_policy_lists(const char *list, const char *word);

#endif
