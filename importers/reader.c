/* reader.c - tells the format and keeps what both formats share; see reader.h. */
#include "importers/reader.h"

#include "base/memory.h"
#include "importers/normalise.h"
#include "importers/reader_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LOOK = 4096, MOST_IGNORED = 16 };

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool starts(const char *bytes, size_t length, const char *magic, size_t magic_length)
{
    return length >= magic_length && memcmp(bytes, magic, magic_length) == 0;
}

/* Files that are no text at all get a message that says what they are. */
static rf_status refuse_known(const char *path, const char *bytes, size_t length, rf_error *err)
{
    if (starts(bytes, length, "\x1f\x8b", 2) || starts(bytes, length, "\x28\xb5\x2f\xfd", 4)) {
        return rf_fail(err, RF_EINPUT,
                       "%s: the file is compressed; unpack it, for example `gzip -dc FILE | "
                       "ringfence import KIND -`",
                       path);
    }
    if (starts(bytes, length, "PK\x03\x04", 4)) {
        return rf_fail(err, RF_EINPUT,
                       "%s: the file is a spreadsheet or an archive; save it as CSV (UTF-8)", path);
    }
    if (starts(bytes, length, "\xff\xfe", 2) || starts(bytes, length, "\xfe\xff", 2)) {
        return rf_fail(err, RF_EINPUT,
                       "%s: the text is UTF-16; convert it, for example `iconv -f UTF-16 -t UTF-8 "
                       "FILE`",
                       path);
    }
    return RF_OK;
}

static rf_status look(rf_reader *reader, rf_error *err)
{
    const char *path = rf_source_path(reader->source);
    const char *bytes;
    size_t length;
    size_t at = 0;
    rf_status status = rf_source_peek(reader->source, LOOK, &bytes, &length, err);
    if (status != RF_OK || (status = refuse_known(path, bytes, length, err)) != RF_OK) {
        return status;
    }
    if (starts(bytes, length, "\xef\xbb\xbf", 3)) { /* byte order mark */
        rf_source_skip(reader->source, 3);
        bytes += 3;
        length -= 3;
    }
    while (at < length && blank(bytes[at])) {
        at++;
    }
    if (at == length && length < LOOK - 3) {
        return rf_fail(err, RF_EINPUT,
                       "%s: the file is empty; a CSV file needs at least a header with account_id",
                       path);
    }
    if (at < length && bytes[at] == '[') {
        return rf_fail(err, RF_EINPUT,
                       "%s: this is a JSON array; write one object a line, for example `jq -c "
                       "'.[]' FILE`",
                       path);
    }
    reader->format = at < length && bytes[at] == '{' ? &rf_jsonl_format : &rf_csv_format;
    return RF_OK;
}

rf_status rf_reader_open(rf_source *source, const rf_columns *columns, rf_reader **out,
                         rf_error *err)
{
    rf_status status;
    rf_reader *reader = rf_alloc(1, sizeof *reader);
    *out = NULL;
    if (reader == NULL) {
        return rf_fail_memory(err, "the reader");
    }
    reader->source = source;
    reader->columns = columns;
    reader->buffer = rf_alloc_raw(RF_READER_BUFFER, 1);
    status = reader->buffer == NULL ? rf_fail_memory(err, "the reader") : look(reader, err);
    if (status == RF_OK) {
        status = reader->format->open(reader, err);
    }
    if (status != RF_OK) {
        rf_reader_close(reader);
        return status;
    }
    *out = reader;
    return RF_OK;
}

void rf_reader_close(rf_reader *reader)
{
    if (reader != NULL) {
        if (reader->format != NULL) {
            reader->format->close(reader);
        }
        rf_text_free(&reader->ignored);
        rf_free(reader->buffer);
        rf_free(reader);
    }
}

rf_status rf_reader_next(rf_reader *reader, rf_row *row, bool *found, rf_error *err)
{
    rf_status status = reader->format->next(reader, row, found, err);
    if (status == RF_OK && *found && row->reason[0] == '\0' && row->cells[0].text == NULL) {
        rf_reader_bad(row, "no %s", reader->columns->fields[0]);
    }
    return status;
}

const char *rf_reader_ignored(const rf_reader *reader)
{
    return rf_text_get(&reader->ignored);
}

const size_t *rf_reader_order(const rf_reader *reader, size_t *count)
{
    *count = reader->order_count;
    return reader->order;
}

bool rf_reader_is_json(const rf_reader *reader)
{
    return reader->format == &rf_jsonl_format;
}

/* ---- for the formats ---- */

void rf_reader_start_row(rf_reader *reader, rf_row *row, int64_t line)
{
    row->line = line;
    row->reason[0] = '\0';
    row->split = false;
    memset(row->cells, 0, sizeof row->cells);
    row->raw = NULL;
    row->raw_length = 0;
    reader->used = 0;
}

void rf_reader_bad(rf_row *row, const char *format, ...)
{
    va_list arguments;
    if (row->reason[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(row->reason, sizeof row->reason, format, arguments);
        va_end(arguments);
    }
}

bool rf_reader_blank(const rf_line *line)
{
    for (size_t i = 0; i < line->length; i++) {
        if (!blank(line->bytes[i])) {
            return false;
        }
    }
    return true;
}

static bool has_control(const char *bytes, size_t length, bool free_text)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char const c = (unsigned char)bytes[i];
        if ((c < 0x20 || c == 0x7f) && !(free_text && (c == '\n' || c == '\r' || c == '\t'))) {
            return true;
        }
    }
    return false;
}

void rf_reader_put(rf_reader *reader, rf_row *row, size_t field, const char *bytes, size_t length)
{
    const char *name = reader->columns->fields[field];
    if (length > RF_FIELD_LIMIT) {
        rf_reader_bad(row, "%s is longer than %d KiB", name, RF_FIELD_LIMIT >> 10);
        return;
    }
    while (length > 0 && blank(bytes[0])) {
        bytes++;
        length--;
    }
    while (length > 0 && blank(bytes[length - 1])) {
        length--;
    }
    if (length == 0) {
        return;
    }
    if (has_control(bytes, length, reader->columns->free_text[field])) {
        rf_reader_bad(row, "a control character or line feed in %s", name);
        return;
    }
    if (RF_READER_BUFFER - reader->used <= length) {
        rf_reader_bad(row, "the row is longer than %d KiB", RF_ROW_LIMIT >> 10);
        return;
    }
    memcpy(reader->buffer + reader->used, bytes, length);
    reader->buffer[reader->used + length] = '\0';
    row->cells[field] = (rf_cell){reader->buffer + reader->used, length};
    reader->used += length + 1;
}

void rf_reader_check_bytes(rf_row *row, const char *bytes, size_t length)
{
    if (memchr(bytes, '\0', length) != NULL) {
        rf_reader_bad(row, "a NUL byte");
    } else if (!rf_utf8_valid(bytes, length)) {
        rf_reader_bad(row, "not UTF-8");
    }
}

void rf_reader_ignore(rf_reader *reader, const char *name, size_t length)
{
    if (++reader->ignored_count > MOST_IGNORED) {
        if (reader->ignored_count == MOST_IGNORED + 1) {
            rf_text_add(&reader->ignored, ", and more");
        }
        return;
    }
    rf_text_add(&reader->ignored, reader->ignored_count == 1 ? "" : ", ");
    for (size_t i = 0; i < length && i < 60; i++) {
        bool const hidden = (unsigned char)name[i] < 0x20 || name[i] == 0x7f;
        rf_text_append(&reader->ignored, hidden ? "?" : name + i, 1);
    }
}
