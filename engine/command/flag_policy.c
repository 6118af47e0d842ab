/* flag_policy.c - see flag_policy.h.
 *
 * inih as packaged does not tell its handler the line, so the lines are counted as they are given
 * to it: it reads one, then handles it.
 */
#include "command/flag_policy.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum setting_kind { SETTING_REAL, SETTING_INT, SETTING_YES, SETTING_LIST } setting_kind;

enum { SETTINGS = 9 };

typedef struct setting {
    const char *name;
    setting_kind kind;
    void *at;
    double low, high;
    bool given;
} setting;

typedef struct reading {
    const char *path;
    FILE *file;
    int line;
    bool long_line;
    setting settings[SETTINGS];
    rf_status status;
    rf_error *err;
} reading;

rf_policy rf_policy_default(void)
{
    return (rf_policy){.min_score = -1e9,
                       .min_size = 3,
                       .max_accounts = INT64_MAX,
                       .max_honest = (double)INFINITY,
                       .cooldown_days = 90,
                       .whole_rings = true,
                       .include_fringe = true};
}

bool rf_policy_lists(const char *list, const char *word)
{
    size_t const length = strlen(word);
    const char *at = list;
    while (length > 0 && *at != '\0') {
        size_t item;
        at += strspn(at, ", \t");
        item = strcspn(at, ",");
        for (size_t end = item; end > 0 && (at[end - 1] == ' ' || at[end - 1] == '\t'); end--) {
            item = end - 1;
        }
        if (item == length && strncasecmp(at, word, length) == 0) {
            return true;
        }
        at += strcspn(at, ",");
    }
    return false;
}

static void list_settings(reading *r, rf_policy *policy)
{
    setting const settings[SETTINGS] = {
        {"min_score", SETTING_REAL, &policy->min_score, -1e9, 1e9, false},
        {"min_size", SETTING_INT, &policy->min_size, 1, 1e9, false},
        {"max_accounts", SETTING_INT, &policy->max_accounts, 0, 1e9, false},
        {"max_honest", SETTING_REAL, &policy->max_honest, 0, 1e9, false},
        {"cooldown_days", SETTING_INT, &policy->cooldown_days, 0, 36500, false},
        {"whole_rings", SETTING_YES, &policy->whole_rings, 0, 0, false},
        {"include_fringe", SETTING_YES, &policy->include_fringe, 0, 0, false},
        {"exclude_plans", SETTING_LIST, policy->exclude_plans, 0, 0, false},
        {"exclude_countries", SETTING_LIST, policy->exclude_countries, 0, 0, false},
    };
    memcpy(r->settings, settings, sizeof settings);
}

static rf_status wrong(reading *r, const setting *s, const char *value, const char *expected)
{
    return rf_fail(r->err, RF_EINPUT, "%s:%d: %s = %.100s: expected %s", r->path, r->line, s->name,
                   value, expected);
}

static rf_status set_number(reading *r, const setting *s, const char *value)
{
    char expected[96];
    char *end = NULL;
    double number;
    errno = 0;
    number = strtod(value, &end);
    if (errno != 0 || end == value || *end != '\0' || !(number >= s->low && number <= s->high) ||
        (s->kind == SETTING_INT && number != (double)(int64_t)number)) {
        (void)snprintf(expected, sizeof expected, "a%s number from %.0f to %.0f",
                       s->kind == SETTING_INT ? " whole" : "", s->low, s->high);
        return wrong(r, s, value, expected);
    }
    if (s->kind == SETTING_INT) {
        *(int64_t *)s->at = (int64_t)number;
    } else {
        *(double *)s->at = number;
    }
    return RF_OK;
}

static rf_status set(reading *r, const setting *s, const char *value)
{
    bool const yes = strcmp(value, "yes") == 0;
    switch (s->kind) {
    case SETTING_REAL:
    case SETTING_INT:
        return set_number(r, s, value);
    case SETTING_YES:
        if (!yes && strcmp(value, "no") != 0) {
            return wrong(r, s, value, "yes or no");
        }
        *(bool *)s->at = yes;
        return RF_OK;
    case SETTING_LIST:
        break;
    }
    if (strlen(value) >= RF_POLICY_LIST) {
        return wrong(r, s, value, "a shorter list");
    }
    memcpy(s->at, value, strlen(value) + 1);
    return RF_OK;
}

/* inih calls this for every setting; 0 stops it. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    reading *r = user;
    if (r->status != RF_OK) {
        return 0;
    }
    if (strcmp(section, "flag") != 0) {
        r->status =
            rf_fail(r->err, RF_EINPUT, "%s:%d: [%.60s]: settings of a policy stand under [flag]",
                    r->path, r->line, section);
        return 0;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        setting *s = &r->settings[i];
        if (strcmp(s->name, name) == 0) {
            r->status = s->given ? rf_fail(r->err, RF_EINPUT, "%s:%d: %s is given twice", r->path,
                                           r->line, name)
                                 : set(r, s, value);
            s->given = true;
            return r->status == RF_OK;
        }
    }
    r->status = rf_fail(r->err, RF_EINPUT, "%s:%d: %.100s: no such setting of a policy", r->path,
                        r->line, name);
    return 0;
}

/* One line at a time, counted. A line too long for inih would be taken for two. */
static char *next_line(char *text, int room, void *stream)
{
    reading *r = stream;
    char *got = r->long_line ? NULL : fgets(text, room, r->file);
    if (got != NULL) {
        r->line++;
        r->long_line = strchr(got, '\n') == NULL && feof(r->file) == 0;
    }
    return r->long_line ? NULL : got;
}

rf_status rf_policy_read(const char *path, rf_policy *policy, rf_error *err)
{
    reading r = {.path = path, .file = fopen(path, "r"), .err = err};
    int code;
    if (r.file == NULL) {
        return rf_fail(err, RF_EIO, "%s: cannot be read: %s", path, strerror(errno));
    }
    list_settings(&r, policy);
    code = ini_parse_stream(next_line, &r, take, &r);
    if (r.status == RF_OK && ferror(r.file) != 0) {
        r.status = rf_fail(err, RF_EIO, "%s: cannot be read: %s", path, strerror(errno));
    } else if (r.status == RF_OK && r.long_line) {
        r.status = rf_fail(err, RF_EINPUT, "%s:%d: the line is too long", path, r.line);
    } else if (r.status == RF_OK && code != 0) {
        r.status = rf_fail(err, RF_EINPUT, "%s:%d: not a setting (NAME = VALUE)", path, code);
    }
    (void)fclose(r.file);
    return r.status;
}
