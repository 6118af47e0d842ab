/* test_output.c - JSON, CSV, tables and wording, judged by independent readers: jansson and libcsv.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "command/output.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <csv.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON ---- */

/* What jansson reads of a string that was written from `length` bytes; the caller frees. */
static char *through_json(const char *bytes, size_t length)
{
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    json_error_t error;
    json_t *read;
    char *copy;
    rf_json_array(&json);
    rf_json_bytes(&json, bytes, length);
    rf_json_array_end(&json);
    rf_json_finish(&json);
    assert_false(rf_text_failed(&text));
    read = json_loadb(text.bytes, text.length, JSON_ALLOW_NUL, &error);
    assert_non_null(read);
    copy = calloc(1, json_string_length(json_array_get(read, 0)) + 1);
    assert_non_null(copy);
    memcpy(copy, json_string_value(json_array_get(read, 0)),
           json_string_length(json_array_get(read, 0)));
    json_decref(read);
    rf_text_free(&text);
    return copy;
}

static void check_json_text(const char *written, const char *expected)
{
    char *read = through_json(written, strlen(written));
    assert_string_equal(read, expected);
    free(read);
}

static void json_texts_read_back(void **state)
{
    char every[128];
    char *read;
    (void)state;
    for (int i = 0; i < 127; i++) {
        every[i] = (char)(i + 1);
    }
    every[127] = '\0';
    check_json_text(every, every);
    check_json_text("", "");
    check_json_text("\"\\/", "\"\\/");
    check_json_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check_json_text("\xe2\x80\xa8", "\xe2\x80\xa8");
    read = through_json("a\0b", 3);
    assert_memory_equal(read, "a\0b", 4);
    free(read);
}

static void json_replaces_invalid_bytes(void **state)
{
    (void)state;
    check_json_text("a\xff\x62", "a\xef\xbf\xbd\x62");
    check_json_text("\xc3", "\xef\xbf\xbd");                                 /* cut */
    check_json_text("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    check_json_text("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    check_json_text("\xf4\x90\x80\x80",
                    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* above U+10FFFF */
    check_json_text("\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* Any bytes at all give a document that a strict reader accepts. */
static void json_of_random_bytes_is_valid(void **state)
{
    uint32_t seed = 7;
    char bytes[64];
    (void)state;
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525U + 1013904223U;
            bytes[i] = (char)(seed >> 24);
        }
        free(through_json(bytes, sizeof bytes));
    }
}

static void json_numbers_are_exact(void **state)
{
    static const double REALS[] = {
        0,    0.1,     1.0 / 3, 1e300, 5e-324, -2.5, 123456789.125,
        1e15, -0.0007, 6.02e23, 1e-7,  20.0,   4.35, 2.2250738585072014e-308};
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    json_error_t error;
    json_t *read;
    size_t at = 0;
    (void)state;
    rf_json_array(&json);
    for (size_t i = 0; i < sizeof REALS / sizeof REALS[0]; i++) {
        rf_json_real(&json, REALS[i]);
    }
    rf_json_int(&json, INT64_MAX);
    rf_json_int(&json, INT64_MIN);
    rf_json_real(&json, (double)NAN);
    rf_json_real(&json, (double)INFINITY);
    rf_json_fixed(&json, -0.04, 1);
    rf_json_bool(&json, true);
    rf_json_time(&json, RF_NO_TIME);
    rf_json_time(&json, 1777593600);
    rf_json_day(&json, 20574);
    rf_json_array_end(&json);
    rf_json_finish(&json);
    read = json_loads(rf_text_get(&text), 0, &error);
    assert_non_null(read);
    for (at = 0; at < sizeof REALS / sizeof REALS[0]; at++) {
        assert_true(json_number_value(json_array_get(read, at)) == REALS[at]);
    }
    assert_true(json_integer_value(json_array_get(read, at)) == INT64_MAX);
    assert_true(json_integer_value(json_array_get(read, at + 1)) == INT64_MIN);
    assert_true(json_is_null(json_array_get(read, at + 2)));
    assert_true(json_is_null(json_array_get(read, at + 3)));
    assert_non_null(strstr(rf_text_get(&text), " 0.0,"));
    assert_true(json_is_true(json_array_get(read, at + 5)));
    assert_true(json_is_null(json_array_get(read, at + 6)));
    assert_string_equal(json_string_value(json_array_get(read, at + 7)), "2026-05-01T00:00:00Z");
    assert_string_equal(json_string_value(json_array_get(read, at + 8)), "2026-05-01");
    json_decref(read);
    rf_text_free(&text);
}

static void json_nests(void **state)
{
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    (void)state;
    rf_json_array(&json);
    for (int i = 0; i < 2; i++) {
        rf_json_object(&json);
        rf_json_key(&json, "id");
        rf_json_int(&json, i);
        rf_json_key(&json, "in");
        rf_json_object(&json);
        rf_json_object_end(&json);
        rf_json_object_end(&json);
    }
    rf_json_array_end(&json);
    rf_json_finish(&json);
    assert_string_equal(rf_text_get(&text),
                        "[\n  {\"id\": 0, \"in\": {}},\n  {\"id\": 1, \"in\": {}}\n]\n");
    rf_text_free(&text);
}

static void json_remembers_running_out_of_memory(void **state)
{
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    (void)state;
    rf_memory_fail_after(1);
    rf_json_string(&json, "a text");
    rf_memory_fail_after(0);
    assert_true(rf_text_failed(&text));
    rf_text_free(&text);
}

/* ---- CSV ---- */

typedef struct cells {
    char text[32][128];
    size_t count;
    size_t rows;
} cells;

static void take_cell(void *bytes, size_t length, void *context)
{
    cells *read = context;
    assert_true(read->count < 32 && length < sizeof read->text[0]);
    memcpy(read->text[read->count], bytes, length);
    read->text[read->count++][length] = '\0';
}

static void take_row(int end, void *context)
{
    cells *read = context;
    (void)end;
    read->rows++;
}

/* Writes the texts as one row and reads it with libcsv. */
static void through_csv(const char *const *texts, size_t count, bool raw, cells *read)
{
    struct csv_parser parser;
    char bytes[4096];
    size_t length;
    FILE *file = tmpfile();
    rf_csv csv;
    assert_non_null(file);
    csv = rf_csv_to_file(file, raw);
    for (size_t i = 0; i < count; i++) {
        rf_csv_text(&csv, texts[i]);
    }
    rf_csv_end_row(&csv);
    rewind(file);
    length = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    memset(read, 0, sizeof *read);
    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    assert_int_equal(csv_parse(&parser, bytes, length, take_cell, take_row, read), length);
    assert_int_equal(csv_fini(&parser, take_cell, take_row, read), 0);
    csv_free(&parser);
}

static void csv_reads_back(void **state)
{
    static const char *const TEXTS[] = {
        "plain", "with, comma", "a \"quote\"", "two\nlines", "cr\r\nlf", " blanks around  ",
        "",      "\xc3\xa4",    "\"",          ",",          "'already"};
    enum { COUNT = sizeof TEXTS / sizeof TEXTS[0] };
    cells read;
    (void)state;
    through_csv(TEXTS, COUNT, false, &read);
    assert_int_equal(read.rows, 1);
    assert_int_equal(read.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_string_equal(read.text[i], TEXTS[i]);
    }
    through_csv((const char *const[]){"a\xff"}, 1, false, &read);
    assert_string_equal(read.text[0], "a\xef\xbf\xbd");
}

static void csv_neutralises_formulas(void **state)
{
    static const char *const TEXTS[] = {"=1+1", "+49 30", "-2", "@x", "\tx", "\rx", "a=1"};
    static const char *const SAFE[] = {"'=1+1", "'+49 30", "'-2", "'@x", "'\tx", "'\rx", "a=1"};
    enum { COUNT = sizeof TEXTS / sizeof TEXTS[0] };
    cells read;
    (void)state;
    through_csv(TEXTS, COUNT, false, &read);
    for (size_t i = 0; i < COUNT; i++) {
        assert_string_equal(read.text[i], SAFE[i]);
    }
    through_csv(TEXTS, COUNT, true, &read);
    for (size_t i = 0; i < COUNT; i++) {
        assert_string_equal(read.text[i], TEXTS[i]);
    }
}

static void csv_single_empty_cell_is_a_row(void **state)
{
    static const char *const TEXTS[] = {""};
    cells read;
    (void)state;
    through_csv(TEXTS, 1, false, &read);
    assert_int_equal(read.rows, 1);
    assert_int_equal(read.count, 1);
}

/* ---- sheets ---- */

static const rf_field FIELDS[] = {
    {.name = "text_id", .kind = RF_FIELD_TEXT},
    {.name = "count", .kind = RF_FIELD_INT},
    {.name = "score", .kind = RF_FIELD_REAL, .decimals = 1},
    {.name = "flagged", .kind = RF_FIELD_BOOL},
    {.name = "at", .kind = RF_FIELD_TIME},
    {.name = "day", .kind = RF_FIELD_DAY},
    {.name = "inner", .kind = RF_FIELD_TEXT, .shown = RF_IN_JSON | RF_IN_CSV},
};
enum { COLUMNS = sizeof FIELDS / sizeof FIELDS[0] };

static void write_row(rf_sheet *sheet, const char *text)
{
    rf_json *json;
    rf_sheet_text(sheet, text);
    rf_sheet_int(sheet, -12);
    rf_sheet_real(sheet, -1.25);
    rf_sheet_bool(sheet, true);
    rf_sheet_time(sheet, 1777593600);
    rf_sheet_day(sheet, RF_NO_DAY);
    json = rf_sheet_nested(sheet);
    if (json != NULL) {
        rf_json_array(json);
        rf_json_int(json, 1);
        rf_json_array_end(json);
        rf_sheet_nested_end(sheet);
    } else {
        rf_sheet_text(sheet, "1");
    }
}

/* The whole output of `rows` rows with that text; the caller frees. */
static char *sheet_text(rf_format format, const char *text, int rows)
{
    FILE *file = tmpfile();
    rf_sheet_options options = {.file = file, .format = format, .none = "Nothing at all."};
    rf_sheet *sheet = NULL;
    rf_error err;
    char *bytes;
    long length;
    assert_non_null(file);
    assert_int_equal(rf_sheet_start(&options, FIELDS, COLUMNS, &sheet, &err), RF_OK);
    for (int i = 0; i < rows; i++) {
        write_row(sheet, text);
    }
    assert_int_equal(rf_sheet_count(sheet), rows);
    assert_int_equal(rf_sheet_end(sheet, &err), RF_OK);
    length = ftell(file);
    rewind(file);
    bytes = calloc(1, (size_t)length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    (void)fclose(file);
    return bytes;
}

static void sheet_as_json(void **state)
{
    char *text = sheet_text(RF_FORMAT_JSON, "x\x1b[0m", 2);
    json_error_t error;
    json_t *read = json_loads(text, 0, &error);
    json_t *row;
    (void)state;
    assert_int_equal(json_array_size(read), 2);
    row = json_array_get(read, 1);
    assert_string_equal(json_string_value(json_object_get(row, "text_id")), "x\x1b[0m");
    assert_int_equal(json_integer_value(json_object_get(row, "count")), -12);
    assert_true(json_is_true(json_object_get(row, "flagged")));
    assert_string_equal(json_string_value(json_object_get(row, "at")), "2026-05-01T00:00:00Z");
    assert_true(json_is_null(json_object_get(row, "day")));
    assert_int_equal(json_array_size(json_object_get(row, "inner")), 1);
    json_decref(read);
    free(text);
    text = sheet_text(RF_FORMAT_JSON, "", 0);
    assert_string_equal(text, "[]\n");
    free(text);
}

static void sheet_as_csv(void **state)
{
    char *text = sheet_text(RF_FORMAT_CSV, "=x", 1);
    (void)state;
    assert_string_equal(text, "text_id,count,score,flagged,at,day,inner\n"
                              "'=x,-12,-1.2,1,2026-05-01T00:00:00Z,,1\n");
    free(text);
    text = sheet_text(RF_FORMAT_CSV, NULL, 0);
    assert_string_equal(text, "text_id,count,score,flagged,at,day,inner\n");
    free(text);
}

static void sheet_as_table(void **state)
{
    char *text = sheet_text(RF_FORMAT_TABLE, "evil\x1b]0;x\x07\xe2\x80\xae\xff end", 3);
    (void)state;
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_non_null(strstr(text, "evil\\u001b]0;x\\u0007\\u202e"));
    assert_non_null(strstr(text, "text id"));
    assert_null(strstr(text, "inner"));
    assert_non_null(strstr(text, "2026-05-01 00:00"));
    free(text);
    text = sheet_text(RF_FORMAT_TABLE, "", 0);
    assert_string_equal(text, "Nothing at all.\n");
    free(text);
}

/* A long table comes in batches, and none is lost. */
static void long_table_is_whole(void **state)
{
    char *text = sheet_text(RF_FORMAT_TABLE, "row", 4500);
    size_t lines = 0;
    (void)state;
    for (const char *at = text; (at = strstr(at, "row")) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 4500);
    free(text);
}

static void sheet_without_memory_fails_cleanly(void **state)
{
    (void)state;
    for (long n = 1; n < 12; n++) {
        FILE *file = tmpfile();
        rf_sheet_options options = {.file = file, .format = RF_FORMAT_TABLE};
        rf_sheet *sheet = NULL;
        rf_error err = {.status = RF_OK};
        rf_status status;
        assert_non_null(file);
        rf_memory_fail_after(n);
        status = rf_sheet_start(&options, FIELDS, COLUMNS, &sheet, &err);
        if (status == RF_OK) {
            write_row(sheet, "a text that is longer than any buffer kept from before, and more");
            status = rf_sheet_end(sheet, &err);
        }
        rf_memory_fail_after(0);
        assert_true(status == RF_OK || status == RF_ENOMEM);
        (void)fclose(file);
    }
}

/* ---- words ---- */

#define ASSERT_WORDS(call, expected)                                                               \
    do {                                                                                           \
        rf_text text = {0};                                                                        \
        call;                                                                                      \
        assert_string_equal(rf_text_get(&text), expected);                                         \
        rf_text_free(&text);                                                                       \
    } while (0)

static void words_read_well(void **state)
{
    (void)state;
    ASSERT_WORDS(rf_words_count(&text, 1, "account", "accounts"), "1 account");
    ASSERT_WORDS(rf_words_count(&text, 2345, "account", "accounts"), "2,345 accounts");
    ASSERT_WORDS(rf_words_number(&text, 999), "999");
    ASSERT_WORDS(rf_words_number(&text, INT64_MIN), "-9,223,372,036,854,775,808");
    ASSERT_WORDS(rf_words_bits(&text, 6.24), "+6.2 bits");
    ASSERT_WORDS(rf_words_bits(&text, -0.01), "0.0 bits");
    ASSERT_WORDS(rf_words_bits(&text, (double)NAN), "unknown");
    ASSERT_WORDS(rf_words_share(&text, 0.123), "12 %");
    ASSERT_WORDS(rf_words_share(&text, 0.004), "0.4 %");
    ASSERT_WORDS(rf_words_share(&text, 0.0001), "< 0.1 %");
    ASSERT_WORDS(rf_words_duration(&text, 1), "1 second");
    ASSERT_WORDS(rf_words_duration(&text, 7200), "2 hours");
    ASSERT_WORDS(rf_words_duration(&text, 5 * 86400), "5 days");
    ASSERT_WORDS(rf_words_period(&text, 1777593600, 1777593601), "on 2026-05-01");
    ASSERT_WORDS(rf_words_days(&text, 20574, 20575), "from 2026-05-01 to 2026-05-02");
    ASSERT_WORDS(rf_words_days(&text, RF_NO_DAY, 20575), "on 2026-05-02");
    ASSERT_WORDS(rf_words_period(&text, RF_NO_TIME, RF_NO_TIME), "at an unknown time");
}

static void long_values_are_shortened(void **state)
{
    (void)state;
    ASSERT_WORDS(rf_text_add_short(&text, "0123456789abcdef", 16, 16), "0123456789abcdef");
    ASSERT_WORDS(rf_text_add_short(&text, "0123456789abcdef", 16, 12), "01234...cdef");
    ASSERT_WORDS(rf_text_add_short(&text, "\xc3\xa4\xc3\xa4\xc3\xa4", 6, 8),
                 "\xc3\xa4\xc3\xa4\xc3\xa4");
    ASSERT_WORDS(rf_text_add_safe(&text, "a\nb\x7f", 4), "a\\u000ab\\u007f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_texts_read_back),
        cmocka_unit_test(json_replaces_invalid_bytes),
        cmocka_unit_test(json_of_random_bytes_is_valid),
        cmocka_unit_test(json_numbers_are_exact),
        cmocka_unit_test(json_nests),
        cmocka_unit_test(json_remembers_running_out_of_memory),
        cmocka_unit_test(csv_reads_back),
        cmocka_unit_test(csv_neutralises_formulas),
        cmocka_unit_test(csv_single_empty_cell_is_a_row),
        cmocka_unit_test(sheet_as_json),
        cmocka_unit_test(sheet_as_csv),
        cmocka_unit_test(sheet_as_table),
        cmocka_unit_test(long_table_is_whole),
        cmocka_unit_test(sheet_without_memory_fails_cleanly),
        cmocka_unit_test(words_read_well),
        cmocka_unit_test(long_values_are_shortened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
