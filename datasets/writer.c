/* writer.c - buffered rows.
 *
 * Invariant: before a row begins the buffer has room for the longest one. Tens of millions of
 * fields a run, so the times are written by hand.
 */
#include "writer.h"

#include "names.h"

#include <string.h>

static void add(wg_writer *out, const char *text, size_t length)
{
    memcpy(out->buffer + out->used, text, length);
    out->used += length;
}

static void flush(wg_writer *out)
{
    if (fwrite(out->buffer, 1, out->used, out->file) != out->used) {
        out->failed = true;
    }
    out->used = 0;
}

static void begin_row(wg_writer *out)
{
    out->column = 0;
    out->first = true;
    if (out->used > WG_BUFFER - WG_LONGEST_ROW) {
        flush(out);
    }
    if (out->json) {
        add(out, "{", 1);
    }
}

bool wg_writer_open(wg_writer *out, const char *path, bool json, const char *const *names)
{
    out->file = fopen(path, "wb");
    if (!out->file) {
        return false;
    }
    out->names = names;
    out->json = json;
    out->failed = false;
    out->used = 0;
    if (!json) {
        for (unsigned i = 0; names[i]; i++) {
            add(out, ",", i ? 1 : 0);
            add(out, names[i], strlen(names[i]));
        }
        add(out, "\n", 1);
    }
    begin_row(out);
    return true;
}

/* What stands before a value; false when the value is to be left out. */
static bool begin_field(wg_writer *out, bool empty)
{
    const char *name = out->names[out->column++];
    if (!out->json) {
        add(out, ",", out->column > 1 ? 1 : 0);
        return !empty;
    }
    if (empty) {
        return false;
    }
    add(out, ",\"", out->first ? 0 : 1);
    add(out, "\"", 1);
    add(out, name, strlen(name));
    add(out, "\":", 2);
    out->first = false;
    return true;
}

void wg_put(wg_writer *out, const char *text, size_t length)
{
    if (begin_field(out, length == 0)) {
        add(out, "\"", out->json ? 1 : 0);
        add(out, text, length);
        add(out, "\"", out->json ? 1 : 0);
    }
}

void wg_put_number(wg_writer *out, uint64_t number)
{
    begin_field(out, false);
    out->used += wg_number_text(out->buffer + out->used, number);
}

static char *two(char *p, uint32_t value, char after)
{
    p[0] = (char)('0' + value / 10);
    p[1] = (char)('0' + value % 10);
    p[2] = after;
    return p + 3;
}

void wg_put_time(wg_writer *out, uint32_t when)
{
    char text[24];
    if (!when) {
        wg_put(out, "", 0);
        return;
    }
    /* Days to a date by counting from 1 March 0000, so that leap days come last in their year. */
    uint32_t second = when % 86400, z = when / 86400 + 719468;
    uint32_t era = z / 146097, in_era = z % 146097;
    uint32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * in_year + 2) / 153, day = in_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2 ? 1 : 0);
    char *p = two(text, year / 100, ' ') - 1;
    p = two(p, year % 100, '-');
    p = two(p, month, '-');
    p = two(p, day, 'T');
    p = two(p, second / 3600, ':');
    p = two(p, second / 60 % 60, ':');
    p = two(p, second % 60, 'Z');
    wg_put(out, text, (size_t)(p - text));
}

void wg_end_row(wg_writer *out)
{
    add(out, "}\n", out->json ? 1 : 0);
    add(out, "\n", 1);
    begin_row(out);
}

bool wg_writer_close(wg_writer *out)
{
    if (out->json) {
        out->used--; /* the brace of the row that never came */
    }
    flush(out);
    bool closed = fclose(out->file) == 0;
    return closed && !out->failed;
}
