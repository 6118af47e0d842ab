/* output.c - see output.h. */
#include "command/output.h"

#include "base/clock.h"
#include "base/memory.h"

#include <assert.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    TABLE_BATCH = 2000,
    SEPARATOR = 2,      /* blanks between columns */
    NEVER_CUT = 24,     /* columns up to this width are never cut */
    NARROWEST_WRAP = 24 /* a wrapped column gets at least so much */
};

struct rf_sheet {
    rf_sheet_options options;
    const rf_field *fields;
    size_t count;
    size_t next; /* the column that comes next */
    uint64_t ended;
    rf_json json;
    rf_csv csv;
    struct libscols_table *table;
    struct libscols_line *line;
    size_t lines;    /* in the table now */
    bool *has_words; /* a column's cells so far are not all numbers */
    size_t *widths;  /* of the widest cell of a column so far, in characters */
    bool stress;
    bool failed; /* out of memory */
    rf_text scratch;
};

/* ---- terminal ---- */

bool rf_colour_wanted(FILE *file)
{
    const char *refused = getenv("NO_COLOR");
    return isatty(fileno(file)) == 1 && (refused == NULL || refused[0] == '\0');
}

static size_t terminal_width(FILE *file)
{
    struct winsize size;
    if (isatty(fileno(file)) != 1 || ioctl(fileno(file), TIOCGWINSZ, &size) != 0) {
        return 0;
    }
    return size.ws_col;
}

size_t rf_page_width(FILE *file)
{
    size_t width = terminal_width(file);
    return width == 0 ? 100 : width < 80 ? 80 : width > 160 ? 160 : width;
}

/* The characters shown for `length` bytes of safe text; wide ones count once, which only makes a
 * line a little longer. */
static size_t characters(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    }
    return count;
}

void rf_paragraph(FILE *file, size_t indent, const char *text)
{
    size_t width = rf_page_width(file);
    size_t column = 0;
    const char *at = text + strspn(text, " ");
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        size_t shown = characters(at, length);
        if (column > 0 && column + 1 + shown > width) {
            (void)fputc('\n', file);
            column = 0;
        }
        if (column == 0) {
            (void)fprintf(file, "%*s", (int)indent, "");
            column = indent;
        } else {
            (void)fputc(' ', file);
            column++;
        }
        (void)fwrite(at, 1, length, file);
        column += shown;
        at += length;
        at += strspn(at, " ");
    }
    (void)fputc('\n', file);
}

void rf_heading(FILE *file, const char *text)
{
    bool colour = rf_colour_wanted(file);
    (void)fprintf(file, "\n%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

rf_json rf_output_json(void)
{
    return rf_json_to_file(stdout);
}

/* ---- the table ---- */

static bool is_shown(const rf_sheet *sheet, size_t field)
{
    static const unsigned FORMATS[] = {[RF_FORMAT_TABLE] = RF_IN_TABLE,
                                       [RF_FORMAT_JSON] = RF_IN_JSON,
                                       [RF_FORMAT_CSV] = RF_IN_CSV};
    unsigned shown = sheet->fields[field].shown;
    return shown == 0 || (shown & FORMATS[sheet->options.format]) != 0;
}

static bool is_number(rf_field_kind kind)
{
    return kind == RF_FIELD_INT || kind == RF_FIELD_REAL;
}

static bool add_column(rf_sheet *sheet, size_t field)
{
    const rf_field *known = &sheet->fields[field];
    struct libscols_column *column;
    int flags = is_number(known->kind) ? SCOLS_FL_RIGHT : 0;
    rf_text_clear(&sheet->scratch);
    rf_text_add_safe(&sheet->scratch, known->title != NULL ? known->title : known->name,
                     strlen(known->title != NULL ? known->title : known->name));
    for (size_t i = 0; known->title == NULL && i < sheet->scratch.length; i++) {
        if (sheet->scratch.bytes[i] == '_') {
            sheet->scratch.bytes[i] = ' ';
        }
    }
    column = sheet->scratch.failed
                 ? NULL
                 : scols_table_new_column(sheet->table, rf_text_get(&sheet->scratch), 0, flags);
    if (column == NULL) {
        return false;
    }
    sheet->widths[field] = characters(rf_text_get(&sheet->scratch), sheet->scratch.length);
    return scols_cell_set_color(scols_column_get_header(column), "bold") == 0;
}

static bool start_table(rf_sheet *sheet)
{
    sheet->table = scols_new_table();
    sheet->line = NULL;
    sheet->lines = 0;
    if (sheet->table == NULL || scols_table_set_stream(sheet->table, sheet->options.file) != 0 ||
        scols_table_enable_colors(sheet->table, rf_colour_wanted(sheet->options.file)) != 0 ||
        scols_table_set_column_separator(sheet->table, "  ") != 0) {
        return false;
    }
    for (size_t i = 0; i < sheet->count; i++) {
        sheet->has_words[i] = false;
        sheet->widths[i] = 0;
        if (is_shown(sheet, i) && !add_column(sheet, i)) {
            return false;
        }
    }
    return true;
}

/* Breaks a text at blanks so that no line is wider than `width`, as far as words allow. */
static bool break_lines(rf_text *out, const char *text, size_t width)
{
    size_t column = 0;
    rf_text_clear(out);
    while (*text != '\0') {
        size_t blanks = strspn(text, " ");
        size_t length = strcspn(text + blanks, " ");
        size_t shown = characters(text, blanks + length);
        if (column > 0 && column + shown > width) {
            rf_text_add(out, "\n");
            text += blanks;
            shown -= blanks;
            column = 0;
            blanks = 0;
        }
        rf_text_append(out, text, blanks + length);
        column += shown;
        text += blanks + length;
    }
    return !rf_text_failed(out);
}

static bool wrap_column(rf_sheet *sheet, size_t place, size_t width)
{
    struct libscols_column *column = scols_table_get_column(sheet->table, place);
    if (scols_column_set_flags(column, SCOLS_FL_WRAP) != 0 ||
        scols_column_set_safechars(column, "\n") != 0 ||
        scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) !=
            0) {
        return false;
    }
    for (size_t i = 0; i < sheet->lines; i++) {
        struct libscols_line *line = scols_table_get_line(sheet->table, i);
        const char *text = scols_line_get_column_data(line, column);
        if (text != NULL && (!break_lines(&sheet->scratch, text, width) ||
                             scols_line_set_data(line, place, rf_text_get(&sheet->scratch)) != 0)) {
            return false;
        }
    }
    return true;
}

/* On a terminal, wrapped columns share what the others leave, and only then are wide ones cut. */
static bool fit_terminal(rf_sheet *sheet)
{
    size_t width = terminal_width(sheet->options.file);
    size_t used = 0;
    size_t wrapped = 0;
    size_t place = 0;
    size_t share;
    for (size_t i = 0; i < sheet->count; i++) {
        if (is_shown(sheet, i)) {
            used += (place++ > 0 ? SEPARATOR : 0) + (sheet->fields[i].wrap ? 0 : sheet->widths[i]);
            wrapped += sheet->fields[i].wrap;
        }
    }
    if (width == 0 || wrapped == 0) {
        return true;
    }
    share = width > used ? (width - used) / wrapped : 0;
    share = share < NARROWEST_WRAP ? NARROWEST_WRAP : share;
    place = 0;
    for (size_t i = 0; i < sheet->count; i++) {
        if (is_shown(sheet, i)) {
            if (sheet->fields[i].wrap && sheet->widths[i] > share &&
                !wrap_column(sheet, place, share)) {
                return false;
            }
            place++;
        }
    }
    return true;
}

/* Prints the batch and, unless it was the last, starts the next one. */
static void print_table(rf_sheet *sheet, bool last)
{
    size_t place = 0;
    for (size_t i = 0; i < sheet->count; i++) {
        if (is_shown(sheet, i)) {
            struct libscols_column *column = scols_table_get_column(sheet->table, place++);
            if (sheet->fields[i].kind == RF_FIELD_ANY && !sheet->has_words[i]) {
                (void)scols_column_set_flags(column, SCOLS_FL_RIGHT);
            } else if (sheet->widths[i] > NEVER_CUT && !sheet->fields[i].wrap) {
                (void)scols_column_set_flags(column, SCOLS_FL_TRUNC);
            }
        }
    }
    if (sheet->lines > 0 && !sheet->failed &&
        (!fit_terminal(sheet) || scols_print_table(sheet->table) != 0)) {
        sheet->failed = true;
    }
    scols_unref_table(sheet->table);
    sheet->table = NULL;
    if (!last && !start_table(sheet)) {
        sheet->failed = true;
    }
}

static void table_cell(rf_sheet *sheet, const char *bytes, size_t length, bool number)
{
    size_t place = 0;
    size_t shown;
    for (size_t i = 0; i < sheet->next; i++) {
        place += is_shown(sheet, i);
    }
    if (!sheet->failed && sheet->line == NULL) {
        sheet->line = scols_table_new_line(sheet->table, NULL);
        sheet->failed = sheet->line == NULL;
        if (!sheet->failed && sheet->stress) {
            sheet->failed = scols_line_set_color(sheet->line, "red") != 0;
        }
    }
    sheet->has_words[sheet->next] |= !number && length > 0;
    rf_text_clear(&sheet->scratch);
    rf_text_add_safe(&sheet->scratch, bytes, length);
    shown = characters(rf_text_get(&sheet->scratch), sheet->scratch.length);
    if (shown > sheet->widths[sheet->next]) {
        sheet->widths[sheet->next] = shown;
    }
    sheet->failed = sheet->failed || sheet->scratch.failed ||
                    scols_line_set_data(sheet->line, place, rf_text_get(&sheet->scratch)) != 0;
}

/* ---- rows ---- */

rf_status rf_sheet_start(const rf_sheet_options *options, const rf_field *fields, size_t count,
                         rf_sheet **out, rf_error *err)
{
    rf_sheet *sheet = rf_alloc(1, sizeof *sheet);
    *out = NULL;
    assert(count > 0);
    if (sheet == NULL) {
        return rf_fail_memory(err, "the output");
    }
    *sheet = (rf_sheet){.options = *options, .fields = fields, .count = count};
    sheet->has_words = rf_alloc(count, sizeof *sheet->has_words);
    sheet->widths = rf_alloc(count, sizeof *sheet->widths);
    if (sheet->has_words == NULL || sheet->widths == NULL ||
        (options->format == RF_FORMAT_TABLE && !start_table(sheet))) {
        rf_sheet_drop(sheet);
        return rf_fail_memory(err, "the output");
    }
    if (options->format == RF_FORMAT_JSON) {
        sheet->json = rf_json_to_file(options->file);
        rf_json_array(&sheet->json);
    } else if (options->format == RF_FORMAT_CSV) {
        sheet->csv = rf_csv_to_file(options->file, options->raw);
        for (size_t i = 0; i < count; i++) {
            if (is_shown(sheet, i)) {
                rf_csv_text(&sheet->csv, fields[i].name);
            }
        }
        rf_csv_end_row(&sheet->csv);
    }
    *out = sheet;
    return RF_OK;
}

/* Opens the cell; false when its column is not shown. */
static bool start_cell(rf_sheet *sheet)
{
    if (sheet->next == 0 && sheet->options.format == RF_FORMAT_JSON) {
        rf_json_object(&sheet->json);
    }
    if (!is_shown(sheet, sheet->next)) {
        return false;
    }
    if (sheet->options.format == RF_FORMAT_JSON) {
        rf_json_key(&sheet->json, sheet->fields[sheet->next].name);
    }
    return true;
}

static void end_cell(rf_sheet *sheet)
{
    if (++sheet->next < sheet->count) {
        return;
    }
    sheet->next = 0;
    sheet->ended++;
    if (sheet->options.format == RF_FORMAT_JSON) {
        rf_json_object_end(&sheet->json);
    } else if (sheet->options.format == RF_FORMAT_CSV) {
        rf_csv_end_row(&sheet->csv);
    } else {
        sheet->stress = false;
        sheet->line = NULL;
        if (++sheet->lines == TABLE_BATCH && !sheet->failed) {
            print_table(sheet, false);
        }
    }
}

void rf_sheet_bytes(rf_sheet *sheet, const char *bytes, size_t length)
{
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_bytes(&sheet->json, bytes, length);
        } else if (sheet->options.format == RF_FORMAT_CSV) {
            rf_csv_bytes(&sheet->csv, bytes, length);
        } else {
            table_cell(sheet, bytes, length, false);
        }
    }
    end_cell(sheet);
}

void rf_sheet_text(rf_sheet *sheet, const char *text)
{
    if (text == NULL) {
        rf_sheet_null(sheet);
    } else {
        rf_sheet_bytes(sheet, text, strlen(text));
    }
}

/* A cell that is the same bytes everywhere and needs no escapes. `number`: JSON without quotes. */
static void plain_cell(rf_sheet *sheet, const char *text, bool number)
{
    if (sheet->options.format == RF_FORMAT_CSV) {
        rf_csv_plain(&sheet->csv, text);
    } else {
        table_cell(sheet, text, strlen(text), number);
    }
}

void rf_sheet_int(rf_sheet *sheet, int64_t value)
{
    char number[24];
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_int(&sheet->json, value);
        } else {
            (void)snprintf(number, sizeof number, "%lld", (long long)value);
            plain_cell(sheet, number, true);
        }
    }
    end_cell(sheet);
}

void rf_sheet_real(rf_sheet *sheet, double value)
{
    char number[RF_NUMBER_TEXT];
    int decimals = sheet->fields[sheet->next].decimals;
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            if (decimals < 0) {
                rf_json_real(&sheet->json, value);
            } else {
                rf_json_fixed(&sheet->json, value, decimals);
            }
        } else {
            plain_cell(sheet,
                       decimals < 0 ? rf_real_format(value, number)
                                    : rf_fixed_format(value, decimals, number),
                       true);
        }
    }
    end_cell(sheet);
}

void rf_sheet_bool(rf_sheet *sheet, bool value)
{
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_bool(&sheet->json, value);
        } else if (sheet->options.format == RF_FORMAT_CSV) {
            rf_csv_int(&sheet->csv, value ? 1 : 0);
        } else {
            table_cell(sheet, "yes", value ? 3 : 0, false);
        }
    }
    end_cell(sheet);
}

void rf_sheet_time(rf_sheet *sheet, int64_t time)
{
    char moment[RF_TIME_TEXT];
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_time(&sheet->json, time);
        } else {
            rf_time_format(time, moment);
            if (sheet->options.format == RF_FORMAT_TABLE && moment[0] != '\0') {
                moment[10] = ' ';
                moment[16] = '\0';
            }
            plain_cell(sheet, moment, false);
        }
    }
    end_cell(sheet);
}

void rf_sheet_day(rf_sheet *sheet, int32_t day)
{
    char moment[RF_TIME_TEXT];
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_day(&sheet->json, day);
        } else {
            plain_cell(sheet, rf_day_format(day, moment), false);
        }
    }
    end_cell(sheet);
}

void rf_sheet_null(rf_sheet *sheet)
{
    if (start_cell(sheet)) {
        if (sheet->options.format == RF_FORMAT_JSON) {
            rf_json_null(&sheet->json);
        } else {
            plain_cell(sheet, "", true);
        }
    }
    end_cell(sheet);
}

rf_json *rf_sheet_nested(rf_sheet *sheet)
{
    if (sheet->options.format != RF_FORMAT_JSON || !is_shown(sheet, sheet->next)) {
        return NULL;
    }
    (void)start_cell(sheet);
    return &sheet->json;
}

void rf_sheet_nested_end(rf_sheet *sheet)
{
    end_cell(sheet);
}

void rf_sheet_stress(rf_sheet *sheet)
{
    sheet->stress = true;
}

uint64_t rf_sheet_count(const rf_sheet *sheet)
{
    return sheet->ended;
}

rf_status rf_sheet_end(rf_sheet *sheet, rf_error *err)
{
    bool failed;
    if (sheet == NULL) {
        return RF_OK;
    }
    assert(sheet->next == 0);
    if (sheet->options.format == RF_FORMAT_JSON) {
        rf_json_array_end(&sheet->json);
        rf_json_finish(&sheet->json);
    } else if (sheet->options.format == RF_FORMAT_TABLE && sheet->table != NULL) {
        print_table(sheet, true);
        if (sheet->ended == 0 && sheet->options.none != NULL) {
            rf_paragraph(sheet->options.file, 0, sheet->options.none);
        }
    }
    failed = sheet->failed;
    rf_sheet_drop(sheet);
    return failed ? rf_fail_memory(err, "a table") : RF_OK;
}

void rf_sheet_drop(rf_sheet *sheet)
{
    if (sheet != NULL) {
        if (sheet->table != NULL) {
            scols_unref_table(sheet->table);
        }
        rf_text_free(&sheet->scratch);
        rf_free(sheet->has_words);
        rf_free(sheet->widths);
        rf_free(sheet);
    }
}
