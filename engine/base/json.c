/* json.c - see json.h.
 *
 * Layout: each element of the outermost container, and each object or array inside an array, starts
 * a line; the rest follows on the line. So a list has one object a line and line tools can cut it.
 */
#include "base/json.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

rf_json rf_json_to_file(FILE *file)
{
    return (rf_json){.file = file};
}

rf_json rf_json_to_text(rf_text *text)
{
    return (rf_json){.text = text};
}

static void put(rf_json *json, const char *bytes, size_t length)
{
    if (json->file != NULL) {
        (void)fwrite(bytes, 1, length, json->file);
    } else {
        rf_text_append(json->text, bytes, length);
    }
}

static void put_text(rf_json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void new_line(rf_json *json, int depth)
{
    put_text(json, "\n");
    for (int i = 0; i < depth; i++) {
        put_text(json, "  ");
    }
}

/* Writes what stands between the value (or key) that comes next and the one before it. */
static void separate(rf_json *json, bool container)
{
    int level = json->depth - 1;
    if (level < 0) {
        return;
    }
    if (json->not_empty[level]) {
        put_text(json, ",");
    }
    if (level == 0 || (container && json->in_array[level])) {
        new_line(json, json->depth);
    } else if (json->not_empty[level]) {
        put_text(json, " ");
    }
    json->not_empty[level] = true;
}

static void start_value(rf_json *json, bool container)
{
    if (json->keyed) {
        json->keyed = false;
        return;
    }
    assert(json->depth == 0 || json->in_array[json->depth - 1]);
    separate(json, container);
}

static void open_container(rf_json *json, bool array)
{
    start_value(json, true);
    assert(json->depth < RF_JSON_DEPTH);
    json->in_array[json->depth] = array;
    json->not_empty[json->depth] = false;
    json->depth++;
    put_text(json, array ? "[" : "{");
}

static void close_container(rf_json *json, bool array)
{
    assert(json->depth > 0 && json->in_array[json->depth - 1] == array && !json->keyed);
    (void)array;
    json->depth--;
    if (json->depth == 0 && json->not_empty[0]) {
        new_line(json, 0);
    }
    put_text(json, array ? "]" : "}");
}

void rf_json_object(rf_json *json)
{
    open_container(json, false);
}

void rf_json_object_end(rf_json *json)
{
    close_container(json, false);
}

void rf_json_array(rf_json *json)
{
    open_container(json, true);
}

void rf_json_array_end(rf_json *json)
{
    close_container(json, true);
}

/* A character's escape, or NULL when it stands for itself. */
static const char *escape_of(uint32_t code, char buffer[8])
{
    switch (code) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (code < 0x20 || code == 0x7f || code == 0x2028 || code == 0x2029) {
            (void)snprintf(buffer, 8, "\\u%04x", (unsigned)code & 0xffffU);
            return buffer;
        }
        return NULL;
    }
}

static void put_string(rf_json *json, const char *bytes, size_t length)
{
    size_t from = 0; /* bytes before it are written */
    size_t at = 0;
    char buffer[8];
    put_text(json, "\"");
    while (at < length) {
        uint32_t code = 0;
        size_t size = rf_utf8_read(bytes + at, length - at, &code);
        const char *instead = size == 0 ? RF_UTF8_REPLACEMENT : escape_of(code, buffer);
        if (instead != NULL) {
            put(json, bytes + from, at - from);
            put_text(json, instead);
            from = at + (size == 0 ? 1 : size);
        }
        at += size == 0 ? 1 : size;
    }
    put(json, bytes + from, at - from);
    put_text(json, "\"");
}

void rf_json_key(rf_json *json, const char *key)
{
    assert(json->depth > 0 && !json->in_array[json->depth - 1] && !json->keyed);
    separate(json, false);
    put_string(json, key, strlen(key));
    put_text(json, ": ");
    json->keyed = true;
}

void rf_json_bytes(rf_json *json, const char *bytes, size_t length)
{
    start_value(json, false);
    put_string(json, bytes, length);
}

void rf_json_string(rf_json *json, const char *string)
{
    if (string == NULL) {
        rf_json_null(json);
    } else {
        rf_json_bytes(json, string, strlen(string));
    }
}

static void put_plain(rf_json *json, const char *text)
{
    start_value(json, false);
    put_text(json, text[0] == '\0' ? "null" : text);
}

void rf_json_int(rf_json *json, int64_t value)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)value);
    put_plain(json, number);
}

void rf_json_real(rf_json *json, double value)
{
    char number[RF_NUMBER_TEXT];
    put_plain(json, rf_real_format(value, number));
}

void rf_json_fixed(rf_json *json, double value, int decimals)
{
    char number[RF_NUMBER_TEXT];
    put_plain(json, rf_fixed_format(value, decimals, number));
}

void rf_json_bool(rf_json *json, bool value)
{
    put_plain(json, value ? "true" : "false");
}

void rf_json_null(rf_json *json)
{
    put_plain(json, "null");
}

static void put_moment(rf_json *json, const char *moment)
{
    rf_json_string(json, moment[0] == '\0' ? NULL : moment);
}

void rf_json_time(rf_json *json, int64_t time)
{
    char moment[RF_TIME_TEXT];
    put_moment(json, rf_time_format(time, moment));
}

void rf_json_day(rf_json *json, int32_t day)
{
    char moment[RF_TIME_TEXT];
    put_moment(json, rf_day_format(day, moment));
}

void rf_json_finish(rf_json *json)
{
    assert(json->depth == 0);
    put_text(json, "\n");
}

const char *rf_real_format(double value, char out[RF_NUMBER_TEXT])
{
    out[0] = '\0';
    if (isfinite(value)) {
        for (int digits = 15; digits <= 17; digits++) {
            (void)snprintf(out, RF_NUMBER_TEXT, "%.*g", digits, value == 0 ? 0.0 : value);
            if (strtod(out, NULL) == value) {
                break;
            }
        }
    }
    return out;
}

const char *rf_fixed_format(double value, int decimals, char out[RF_NUMBER_TEXT])
{
    assert(decimals >= 0 && decimals <= 17);
    out[0] = '\0';
    if (isfinite(value)) {
        (void)snprintf(out, RF_NUMBER_TEXT, "%.*f", decimals, value);
        if (out[0] == '-' && out[strspn(out, "-0.")] == '\0') {
            memmove(out, out + 1, strlen(out));
        }
    }
    return out;
}
