/* csv_out.c - see csv_out.h. */
#include "base/csv_out.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

rf_csv rf_csv_to_file(FILE *file, bool raw)
{
    return (rf_csv){.file = file, .raw = raw};
}

static void put(rf_csv *csv, const char *bytes, size_t length)
{
    (void)fwrite(bytes, 1, length, csv->file);
}

static void start_cell(rf_csv *csv, bool empty)
{
    if (csv->cells > 0) {
        put(csv, ",", 1);
    }
    csv->blank = csv->cells == 0 && empty;
    csv->cells++;
}

static bool is_formula(const char *bytes, size_t length)
{
    return length > 0 && bytes[0] != '\0' && strchr("=+-@\t\r", bytes[0]) != NULL;
}

static bool needs_quotes(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"' || bytes[i] == ',' || bytes[i] == '\n' || bytes[i] == '\r') {
            return true;
        }
    }
    /* Some readers trim blanks around bare cells. */
    return length > 0 && (strchr(" \t", bytes[0]) != NULL || strchr(" \t", bytes[length - 1]));
}

void rf_csv_bytes(rf_csv *csv, const char *bytes, size_t length)
{
    bool neutralise = !csv->raw && is_formula(bytes, length);
    bool quotes = needs_quotes(bytes, length);
    size_t from = 0; /* bytes before it are written */
    size_t at = 0;
    start_cell(csv, length == 0);
    put(csv, "\"", quotes ? 1 : 0);
    put(csv, "'", neutralise ? 1 : 0);
    while (at < length) {
        uint32_t code = 0;
        size_t size = rf_utf8_read(bytes + at, length - at, &code);
        const char *instead = size == 0 ? RF_UTF8_REPLACEMENT : code == '"' ? "\"\"" : NULL;
        if (instead != NULL) {
            put(csv, bytes + from, at - from);
            put(csv, instead, strlen(instead));
            from = at + 1;
        }
        at += size == 0 ? 1 : size;
    }
    put(csv, bytes + from, at - from);
    put(csv, "\"", quotes ? 1 : 0);
}

void rf_csv_text(rf_csv *csv, const char *text)
{
    rf_csv_bytes(csv, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

void rf_csv_plain(rf_csv *csv, const char *text)
{
    start_cell(csv, text[0] == '\0');
    put(csv, text, strlen(text));
}

void rf_csv_int(rf_csv *csv, int64_t value)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)value);
    rf_csv_plain(csv, number);
}

void rf_csv_real(rf_csv *csv, double value)
{
    char number[RF_NUMBER_TEXT];
    rf_csv_plain(csv, rf_real_format(value, number));
}

void rf_csv_fixed(rf_csv *csv, double value, int decimals)
{
    char number[RF_NUMBER_TEXT];
    rf_csv_plain(csv, rf_fixed_format(value, decimals, number));
}

void rf_csv_empty(rf_csv *csv)
{
    rf_csv_plain(csv, "");
}

void rf_csv_end_row(rf_csv *csv)
{
    if (csv->cells == 1 && csv->blank) {
        put(csv, "\"\"", 2);
    }
    put(csv, "\n", 1);
    csv->cells = 0;
}
