/* rejects.c - see rejects.h. */
#include "importers/rejects.h"

#include "base/csv_out.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CARD_LEAST = 12, KEPT = 4, MOST_TEXT = 2000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

rf_status rf_rejects_open(rf_rejects *rejects, const char *path, bool name_files, rf_error *err)
{
    int const file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    *rejects = (rf_rejects){.path = path, .name_files = name_files};
    if (file >= 0) {
        rejects->file = fdopen(file, "w");
    }
    if (rejects->file == NULL) {
        int const code = errno;
        if (file >= 0) {
            (void)close(file);
        }
        return rf_fail(err, RF_EIO, "%s: cannot be written (%s)", path, strerror(code));
    }
    return RF_OK;
}

/* Empties the file, if it is one that can be, and writes the header: once. */
static void begin(rf_rejects *rejects)
{
    if (rejects->file != NULL && !rejects->begun) {
        int const emptied = ftruncate(fileno(rejects->file), 0);
        (void)emptied; /* a pipe or terminal */
        rejects->begun = true;
        (void)fputs(rejects->name_files ? "line,reason,text,file\n" : "line,reason,text\n",
                    rejects->file);
    }
}

static rf_status check_written(rf_rejects *rejects, rf_error *err)
{
    if (rejects->failed) {
        return rf_fail_memory(err, "the rejected rows");
    }
    if (rejects->file != NULL && (fflush(rejects->file) != 0 || ferror(rejects->file) != 0)) {
        return rf_fail(err, RF_EIO, "%s: the rejected rows cannot be written (%s)", rejects->path,
                       strerror(errno == 0 ? EIO : errno));
    }
    return RF_OK;
}

rf_status rf_rejects_check(rf_rejects *rejects, rf_error *err)
{
    begin(rejects);
    return check_written(rejects, err);
}

rf_status rf_rejects_close(rf_rejects *rejects, rf_error *err)
{
    struct stat found;
    rf_status status;
    if (rejects->file != NULL && fstat(fileno(rejects->file), &found) == 0 && found.st_size == 0) {
        begin(rejects);
    }
    status = check_written(rejects, err);
    if (rejects->file != NULL) {
        if (fclose(rejects->file) != 0 && status == RF_OK) {
            status = rf_fail(err, RF_EIO, "%s: the rejected rows cannot be written (%s)",
                             rejects->path, strerror(errno));
        }
        rejects->file = NULL;
    }
    return status;
}

/* The end of the run of digits that starts at `at`, and how many digits it has. */
static size_t run_end(const char *text, size_t length, size_t at, size_t *digits)
{
    size_t end = at;
    *digits = 0;
    while (at < length) {
        if (is_digit(text[at])) {
            ++*digits;
            end = ++at;
        } else if ((text[at] == ' ' || text[at] == '-') && at + 1 < length &&
                   is_digit(text[at + 1])) {
            at++;
        } else {
            break;
        }
    }
    return end;
}

void rf_mask_cards(rf_text *out, const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        size_t digits = 0;
        size_t seen = 0;
        size_t end = at + 1;
        if (is_digit(text[at])) {
            end = run_end(text, length, at, &digits);
        }
        if (digits < CARD_LEAST) {
            rf_text_append(out, text + at, end - at);
        }
        for (size_t i = at; i < end && digits >= CARD_LEAST; i++) {
            bool const hidden = is_digit(text[i]) && ++seen <= digits - KEPT;
            rf_text_append(out, hidden ? "*" : text + i, 1);
        }
        at = end;
    }
}

/* Adds a text with its cards masked. People look at rejected rows on a terminal, so what could
 * drive one is written as \u001b; tabs and line feeds are no danger and stay. */
static void add_visible(rf_text *out, rf_text *masked, const char *text, size_t length)
{
    const char *bytes;
    rf_text_clear(masked);
    rf_mask_cards(masked, text, length);
    bytes = rf_text_get(masked);
    for (size_t at = 0; at < masked->length;) {
        uint32_t code = 0;
        size_t const read = rf_utf8_read(bytes + at, masked->length - at, &code);
        size_t const size = read == 0 ? 1 : read;
        if (bytes[at] == '\t' || bytes[at] == '\n') {
            rf_text_append(out, bytes + at, size);
        } else {
            rf_text_add_safe(out, bytes + at, size);
        }
        at += size;
    }
}

/* "************1111", never more than half of it in clear. */
static void add_masked(rf_text *out, const rf_cell *cell)
{
    size_t const kept = cell->length > (size_t)2 * KEPT ? KEPT : 0;
    rf_text_add(out, "****");
    rf_text_append(out, cell->text + (cell->length - kept), kept);
}

/* Joins the known cells as a CSV line, so that it can be mended and imported. */
static void add_cells(rf_text *out, const rf_kind *kind, bool masked_value, const rf_reader *reader,
                      const rf_row *row)
{
    size_t count;
    const size_t *order = rf_reader_order(reader, &count);
    for (size_t i = 0; i < count && out->length < MOST_TEXT; i++) {
        const rf_cell *cell = &row->cells[order[i]];
        const rf_kind_field *field = &kind->fields[order[i]];
        bool const quoted = cell->text != NULL && strpbrk(cell->text, ",\"\n\r") != NULL;
        rf_text_add(out, i == 0 ? "" : ",");
        if (cell->text == NULL || field->privacy == RF_LEFT_OUT) {
            continue;
        }
        if (field->privacy == RF_MASKED || (masked_value && strcmp(field->name, "value") == 0)) {
            add_masked(out, cell);
            continue;
        }
        rf_text_add(out, quoted ? "\"" : "");
        for (size_t at = 0; at < cell->length && at < MOST_TEXT; at++) {
            rf_text_append(out, cell->text + at, 1);
            if (cell->text[at] == '"') {
                rf_text_append(out, "\"", 1);
            }
        }
        rf_text_add(out, quoted ? "\"" : "");
    }
}

/* Whether every column of the file may be shown as it is. */
static bool nothing_private(const rf_kind *kind, bool masked_value, const rf_reader *reader)
{
    size_t count;
    const size_t *order = rf_reader_order(reader, &count);
    for (size_t i = 0; i < count; i++) {
        if (kind->fields[order[i]].privacy != RF_SHOWN) {
            return false;
        }
    }
    return !masked_value && !rf_reader_is_json(reader) && rf_reader_ignored(reader)[0] == '\0';
}

void rf_rejects_add(rf_rejects *rejects, const rf_kind *kind, bool masked_value, const char *source,
                    const rf_reader *reader, const rf_row *row)
{
    rf_csv csv;
    rf_text plain = {0};
    rf_text masked = {0};
    rf_text shown = {0};
    if (rejects->file == NULL) {
        return;
    }
    begin(rejects);
    csv = rf_csv_to_file(rejects->file, false);
    rf_csv_int(&csv, row->line);
    add_visible(&shown, &masked, row->reason, strlen(row->reason));
    rf_csv_text(&csv, rf_text_get(&shown));
    rf_text_clear(&shown);
    if (row->split) {
        add_cells(&plain, kind, masked_value, reader, row);
    } else if (nothing_private(kind, masked_value, reader)) {
        size_t length = row->raw_length < MOST_TEXT ? row->raw_length : MOST_TEXT;
        const char *feed = length == 0 ? NULL : memchr(row->raw, '\n', length);
        length = feed == NULL ? length : (size_t)(feed - row->raw);
        length -= length > 0 && row->raw[length - 1] == '\r';
        rf_text_append(&plain, row->raw, length);
    }
    add_visible(&shown, &masked, rf_text_get(&plain), plain.length);
    rf_csv_bytes(&csv, rf_text_get(&shown), shown.length);
    if (rejects->name_files) {
        rf_csv_text(&csv, source);
    }
    rf_csv_end_row(&csv);
    rejects->failed = rejects->failed || rf_text_failed(&plain) || rf_text_failed(&masked) ||
                      rf_text_failed(&shown);
    rf_text_free(&plain);
    rf_text_free(&masked);
    rf_text_free(&shown);
}
