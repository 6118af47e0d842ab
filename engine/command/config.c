/* config.c - see config.h. */
#include "command/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum target { TARGET_REAL, TARGET_U32, TARGET_INT } target;

typedef struct key {
    const char *section, *name;
    target kind;
    void *at;
    double low, high;
} key;

enum { KEYS = 21 };

typedef struct reader {
    const char *path;
    rf_detect_settings *settings;
    rf_signal_setting *signals;
    rf_status status;
    rf_error *err;
    FILE *file;
    int line; /* the one being read: inih as packaged does not tell */
    key keys[KEYS];
} reader;

/* fgets for inih, counting lines. */
static char *next_line(char *line, int room, void *stream)
{
    reader *r = stream;
    r->line++;
    return fgets(line, room, r->file);
}

static void list_keys(reader *r)
{
    rf_detect_settings *s = r->settings;
    key const keys[KEYS] = {
        {"evidence", "prior_bits", TARGET_REAL, &s->evidence.prior_bits, -60, -1},
        {"evidence", "threshold_bits", TARGET_REAL, &s->evidence.threshold_bits, -20, 60},
        {"evidence", "pair_cap", TARGET_U32, &s->evidence.pair_cap, 2, 100000},
        {"evidence", "common_share", TARGET_REAL, &s->evidence.common_share, 0, 1},
        {"evidence", "star_from", TARGET_REAL, &s->evidence.star_from, 0, 1},
        {"levels", "ring_density", TARGET_REAL, &s->levels.ring_density, 0, 1000},
        {"levels", "cell_factor", TARGET_REAL, &s->levels.cell_factor, 1, 10000},
        {"levels", "network_contrast", TARGET_REAL, &s->levels.network_contrast, 0, 100000},
        {"levels", "min_links", TARGET_U32, &s->levels.min_links, 1, 100},
        {"levels", "iterations", TARGET_INT, &s->levels.iterations, -1, 1000},
        {"score", "rarity_bits", TARGET_REAL, &s->score.prior_bits, 0, 60},
        {"score", "flagged_from", TARGET_REAL, &s->score.flagged_from, -100, 200},
        {"score", "verified_bits", TARGET_REAL, &s->score.verified_bits, 0, 60},
        {"score", "honest_share", TARGET_REAL, &s->doubt.honest_share, 0, 1},
        {"score", "last_share", TARGET_REAL, &s->doubt.last_share, 0, 1},
        {"growth", "grow_from", TARGET_REAL, &s->grow.suspect_from, -100, 200},
        {"growth", "join_bits", TARGET_REAL, &s->grow.join_bits, -60, 60},
        {"growth", "tie_contrast", TARGET_REAL, &s->join.tie_contrast, 0, 1000000},
        {"growth", "rounds", TARGET_U32, &s->grow.rounds, 0, 100},
        {"chance", "shuffles", TARGET_U32, &s->chance.shuffles, 0, 1000},
        {"chance", "q_most", TARGET_REAL, &s->chance.q_most, 0, 1},
    };
    memcpy(r->keys, keys, sizeof keys);
}

static rf_status set_number(reader *r, const key *k, const char *value)
{
    char *end = NULL;
    double number;
    errno = 0;
    number = strtod(value, &end);
    if (errno != 0 || end == value || *end != '\0' || !(number >= k->low && number <= k->high) ||
        (k->kind != TARGET_REAL && number != (double)(long)number)) {
        return rf_fail(r->err, RF_EINPUT, "%s:%d: %s = %s: expected a%s number from %g to %g",
                       r->path, r->line, k->name, value, k->kind == TARGET_REAL ? "" : " whole",
                       k->low, k->high);
    }
    switch (k->kind) {
    case TARGET_REAL:
        *(double *)k->at = number;
        break;
    case TARGET_U32:
        *(uint32_t *)k->at = (uint32_t)number;
        break;
    case TARGET_INT:
        *(int *)k->at = (int)number;
        break;
    }
    return RF_OK;
}

/* The setting of a signal, new when it was not named before; NULL when there are too many. */
static rf_signal_setting *signal_named(reader *r, const char *name)
{
    rf_signal_setting *setting;
    for (uint32_t i = 0; i < r->settings->signals; i++) {
        if (strcmp(r->signals[i].name, name) == 0) {
            return &r->signals[i];
        }
    }
    if (r->settings->signals == RF_MAX_SIGNALS || strlen(name) >= sizeof setting->name) {
        return NULL;
    }
    setting = &r->signals[r->settings->signals++];
    *setting = (rf_signal_setting){.link = -1, .windowed = -1};
    memcpy(setting->name, name, strlen(name) + 1);
    return setting;
}

static rf_status set_signal(reader *r, const char *name, const char *key_name, const char *value)
{
    rf_signal_setting *setting = signal_named(r, name);
    if (setting == NULL) {
        return rf_fail(r->err, RF_EINPUT, "%s:%d: [signal %.80s]: too long, or too many signals",
                       r->path, r->line, name);
    }
    if (strcmp(key_name, "family") == 0 && value[0] != '\0' &&
        strlen(value) < sizeof setting->family) {
        memcpy(setting->family, value, strlen(value) + 1);
        return RF_OK;
    }
    if (strcmp(key_name, "role") == 0 &&
        (strcmp(value, "link") == 0 || strcmp(value, "context") == 0)) {
        setting->link = value[0] == 'l';
        return RF_OK;
    }
    if (strcmp(key_name, "windowed") == 0 &&
        (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)) {
        setting->windowed = value[0] == 'y';
        return RF_OK;
    }
    return rf_fail(r->err, RF_EINPUT,
                   "%s:%d: %s = %s: a signal has family = NAME, role = link or context, and "
                   "windowed = yes or no",
                   r->path, r->line, key_name, value);
}

/* inih calls this for every setting; 0 stops it. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    reader *r = user;
    if (r->status != RF_OK) {
        return 0;
    }
    if (strncmp(section, "signal ", 7) == 0) {
        r->status = set_signal(r, section + 7, name, value);
        return r->status == RF_OK;
    }
    for (size_t i = 0; i < sizeof r->keys / sizeof r->keys[0]; i++) {
        if (strcmp(r->keys[i].section, section) == 0 && strcmp(r->keys[i].name, name) == 0) {
            r->status = set_number(r, &r->keys[i], value);
            return r->status == RF_OK;
        }
    }
    r->status = rf_fail(r->err, RF_EINPUT, "%s:%d: [%s] %s: no such setting", r->path, r->line,
                        section, name);
    return 0;
}

rf_status rf_config_read(const char *path, rf_detect_settings *settings, rf_signal_setting *signals,
                         rf_error *err)
{
    reader r = {.path = path, .settings = settings, .signals = signals, .err = err};
    int code;
    settings->signal = signals;
    list_keys(&r);
    r.file = fopen(path, "r");
    if (r.file == NULL) {
        return rf_fail(err, RF_EINPUT, "%s: cannot be opened: %s", path, strerror(errno));
    }
    code = ini_parse_stream(next_line, &r, take, &r);
    (void)fclose(r.file);
    if (r.status != RF_OK) {
        return r.status;
    }
    return code == 0 ? RF_OK : rf_fail(err, RF_EINPUT, "%s:%d: not a setting", path, code);
}
