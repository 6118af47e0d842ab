/* settings.c - see settings.h. */
#include "rings/settings.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

typedef enum kind { REAL, U32, INT, U64, FLAG } kind;

typedef struct setting {
    const char *name;
    kind kind;
    size_t at;
} setting;

static const setting SETTINGS[] = {
    {"seed", U64, offsetof(rf_detect_settings, seed)},
    {"prior_bits", REAL, offsetof(rf_detect_settings, evidence.prior_bits)},
    {"threshold_bits", REAL, offsetof(rf_detect_settings, evidence.threshold_bits)},
    {"pair_cap", U32, offsetof(rf_detect_settings, evidence.pair_cap)},
    {"common_share", REAL, offsetof(rf_detect_settings, evidence.common_share)},
    {"star_from", REAL, offsetof(rf_detect_settings, evidence.star_from)},
    {"resolution", REAL, offsetof(rf_detect_settings, levels.resolution)},
    {"ring_density", REAL, offsetof(rf_detect_settings, levels.ring_density)},
    {"cell_factor", REAL, offsetof(rf_detect_settings, levels.cell_factor)},
    {"network_contrast", REAL, offsetof(rf_detect_settings, levels.network_contrast)},
    {"min_links", U32, offsetof(rf_detect_settings, levels.min_links)},
    {"min_size", U32, offsetof(rf_detect_settings, levels.min_size)},
    {"iterations", INT, offsetof(rf_detect_settings, levels.iterations)},
    {"rarity_bits", REAL, offsetof(rf_detect_settings, score.prior_bits)},
    {"flagged_from", REAL, offsetof(rf_detect_settings, score.flagged_from)},
    {"verified_bits", REAL, offsetof(rf_detect_settings, score.verified_bits)},
    {"no_labels", FLAG, offsetof(rf_detect_settings, no_labels)},
    {"suspect_from", REAL, offsetof(rf_detect_settings, join.suspect_from)},
    {"allowance", REAL, offsetof(rf_detect_settings, join.allowance)},
    {"contrast", REAL, offsetof(rf_detect_settings, join.contrast)},
    {"tie_contrast", REAL, offsetof(rf_detect_settings, join.tie_contrast)},
    {"shuffles", U32, offsetof(rf_detect_settings, chance.shuffles)},
    {"q_most", REAL, offsetof(rf_detect_settings, chance.q_most)},
    {"grow_from", REAL, offsetof(rf_detect_settings, grow.suspect_from)},
    {"grow_join_bits", REAL, offsetof(rf_detect_settings, grow.join_bits)},
    {"grow_leave_bits", REAL, offsetof(rf_detect_settings, grow.leave_bits)},
    {"grow_stay_bits", REAL, offsetof(rf_detect_settings, grow.stay_bits)},
    {"grow_loyalty", REAL, offsetof(rf_detect_settings, grow.loyalty)},
    {"grow_held", U32, offsetof(rf_detect_settings, grow.held)},
    {"grow_rounds", U32, offsetof(rf_detect_settings, grow.rounds)},
    {"honest_share", REAL, offsetof(rf_detect_settings, doubt.honest_share)},
    {"last_share", REAL, offsetof(rf_detect_settings, doubt.last_share)},
};
enum { COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

/* A setting that is added to one of these and not to the table would be lost to replays: this is
 * where the compiler asks for it. (evidence.seed and levels.seed are set from seed, levels.threads
 * from threads.) */
_Static_assert(sizeof(rf_evidence_settings) == 48, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_level_settings) == 64, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_score_settings) == 24, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_join_settings) == 32, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_chance_settings) == 16, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_doubt_settings) == 16, "list the new setting in SETTINGS");
_Static_assert(sizeof(rf_grow_settings) == 48, "list the new setting in SETTINGS");

static void write_one(rf_json *json, const setting *s, const void *at)
{
    rf_json_key(json, s->name);
    switch (s->kind) {
    case REAL:
        rf_json_real(json, *(const double *)at);
        break;
    case U32:
        rf_json_int(json, *(const uint32_t *)at);
        break;
    case INT:
        rf_json_int(json, *(const int *)at);
        break;
    case U64:
        rf_json_int(json, (int64_t) * (const uint64_t *)at);
        break;
    case FLAG:
        rf_json_bool(json, *(const bool *)at);
        break;
    }
}

/* How many labels there were: a figure of the run, not a setting. */
static void write_labels(rf_json *json, const rf_labels *labels)
{
    rf_json_key(json, "labels");
    rf_json_object(json);
    rf_json_key(json, "fraud");
    rf_json_int(json, labels->fraud);
    rf_json_key(json, "legit");
    rf_json_int(json, labels->legit);
    rf_json_key(json, "disputed");
    rf_json_int(json, labels->disputed);
    rf_json_object_end(json);
}

const char *rf_settings_json(const rf_detect_settings *settings, double prior_bits,
                             const rf_labels *labels, rf_arena *arena)
{
    rf_detect_settings used = *settings;
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    const char *copy;
    used.evidence.prior_bits = prior_bits;
    rf_json_object(&json);
    for (size_t i = 0; i < COUNT; i++) {
        write_one(&json, &SETTINGS[i], (const char *)&used + SETTINGS[i].at);
    }
    if (labels->of != NULL) {
        write_labels(&json, labels);
    }
    rf_json_object_end(&json);
    copy = rf_text_failed(&text) ? NULL : rf_arena_text(arena, rf_text_get(&text), text.length);
    rf_text_free(&text);
    return copy;
}

/* ---- reading ---- */

static void read_one(const setting *s, const char *text, void *at)
{
    switch (s->kind) {
    case REAL:
        *(double *)at = strtod(text, NULL);
        break;
    case U32:
        *(uint32_t *)at = (uint32_t)strtoul(text, NULL, 10);
        break;
    case INT:
        *(int *)at = (int)strtol(text, NULL, 10);
        break;
    case U64:
        *(uint64_t *)at = strtoull(text, NULL, 10);
        break;
    case FLAG:
        *(bool *)at = text[0] == 't';
        break;
    }
}

/* `->` gives a number as it is written: SQLite's own reading of it could differ in the last bit. */
static rf_status read_settings(rf_store *store, int64_t run, rf_detect_settings *settings,
                               rf_error *err)
{
    rf_statement *select = NULL;
    rf_status status =
        rf_prepare(store, "SELECT config -> ('$.' || ?2) FROM run WHERE id = ?1", &select, err);
    for (size_t i = 0; i < COUNT && status == RF_OK; i++) {
        bool row = false;
        rf_bind_int(select, 1, run);
        rf_bind_text(select, 2, SETTINGS[i].name);
        status = rf_step(select, &row, err);
        if (status == RF_OK && !row) {
            status = rf_fail(err, RF_EINPUT, "%s: there is no run %lld", rf_store_path(store),
                             (long long)run);
        } else if (status == RF_OK && rf_column_kind(select, 0) != RF_TEXT) {
            status = rf_fail(err, RF_EINPUT,
                             "run %lld cannot be replayed: it was made by a version of the program "
                             "that did not keep the setting %s",
                             (long long)run, SETTINGS[i].name);
        } else if (status == RF_OK) {
            read_one(&SETTINGS[i], rf_column_text(select, 0), (char *)settings + SETTINGS[i].at);
        }
        if (status == RF_OK) {
            rf_reset(select);
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_signals(rf_store *store, int64_t run, rf_detect_settings *settings,
                              rf_signal_setting *signals, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT g.name, r.family, r.role = 'link', r.windowed FROM"
                                  " run_signal r JOIN signal g ON g.id = r.signal WHERE r.run = ?"
                                  " ORDER BY g.id",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
    }
    settings->signals = 0;
    settings->signal = signals;
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_signal_setting *one = &signals[settings->signals];
        if (settings->signals == RF_MAX_SIGNALS || rf_column_bytes(select, 0) >= sizeof one->name ||
            rf_column_bytes(select, 1) >= sizeof one->family) {
            status = rf_fail(err, RF_EINPUT,
                             "run %lld cannot be replayed: too many signals, or too "
                             "long a name: %.100s",
                             (long long)run, rf_column_text(select, 0));
            break;
        }
        *one = (rf_signal_setting){.link = rf_column_int(select, 2) != 0,
                                   .windowed = rf_column_int(select, 3) != 0};
        memcpy(one->name, rf_column_text(select, 0), rf_column_bytes(select, 0));
        memcpy(one->family, rf_column_text(select, 1), rf_column_bytes(select, 1));
        settings->signals++;
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_settings_of_run(rf_store *store, int64_t run, rf_detect_settings *settings,
                             rf_signal_setting *signals, rf_error *err)
{
    rf_status status = read_settings(store, run, settings, err);
    return status == RF_OK ? read_signals(store, run, settings, signals, err) : status;
}
