/* command.c - what all commands share; see command.h. */
#include "command/command.h"

#include "base/progress.h"
#include "base/utf8.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rf_say(const rf_globals *globals, const char *format, ...)
{
    char line[2048];
    rf_text safe = {0};
    va_list arguments;
    if (globals->quiet) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *at = line; *at != '\0';) { /* several lines are fine, other controls not */
        size_t length = strcspn(at, "\n");
        rf_text_add_safe(&safe, at, length);
        rf_text_add(&safe, "\n");
        at += length + (at[length] == '\n');
    }
    rf_progress_hide();
    (void)fputs(rf_text_get(&safe), stderr);
    rf_text_free(&safe);
}

rf_status rf_usage(rf_error *err, const rf_command *command, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return rf_fail(err, RF_EUSAGE, "%s: %s; see `ringfence %s --help`", command->name, text,
                   command->name);
}

rf_status rf_usage_option(rf_error *err, const rf_command *command, char **argv, int returned)
{
    const char *word = argv[optind - 1];
    char letter[3] = {'-', (char)optopt, '\0'};
    if (optopt != 0 && strncmp(word, "--", 2) != 0) {
        word = letter;
    }
    return rf_usage(err, command, returned == ':' ? "%s needs a value" : "unknown option %s", word);
}

rf_status rf_option_int(const char *option, const char *text, int64_t low, int64_t high,
                        int64_t *out, rf_error *err)
{
    char *end = NULL;
    long long value;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < low || value > high) {
        return rf_fail(err, RF_EUSAGE, "%s: '%.200s' is not a whole number from %lld to %lld",
                       option, text, (long long)low, (long long)high);
    }
    *out = value;
    return RF_OK;
}

rf_status rf_option_real(const char *option, const char *text, double low, double high, double *out,
                         rf_error *err)
{
    char *end = NULL;
    double value;
    errno = 0;
    value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(value) || value < low ||
        value > high) {
        return rf_fail(err, RF_EUSAGE, "%s: '%.200s' is not a number from %g to %g", option, text,
                       low, high);
    }
    *out = value;
    return RF_OK;
}

void rf_command_help(const rf_command *command, rf_text *text)
{
    const char *at = command->usage;
    const char *before = "usage: ";
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");
        size_t blanks = strspn(at, " ");
        bool again = strncmp(at, command->name, strlen(command->name)) == 0;
        rf_text_add(text, before);
        rf_text_add(text, again ? "ringfence " : "");
        if (!again && blanks < length) {
            rf_text_add(text, "          ");
        }
        rf_text_append(text, at, length);
        rf_text_add(text, "\n");
        at += length + (at[length] == '\n');
        before = "       ";
    }
    rf_text_printf(text, "\n%s\n", command->summary);
    if (command->help != NULL && command->help[0] != '\0') {
        size_t length = strlen(command->help);
        rf_text_printf(text, "\n%s%s", command->help,
                       command->help[length - 1] == '\n' ? "" : "\n");
    }
}
