/* test_reader.c - the readers over good, broken and hostile files: every good row is kept, every
 * bad one is told with its line and reason, and nothing grows without bound. */
#include "importers/reader.h"

#include "import_support.h"

#include "base/text.h"
#include "importers/kinds.h"
#include "importers/rejects.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const rf_columns wanted = {.count = 3,
                                  .fields = {"account_id", "plan", "note"},
                                  .columns = {"account_id", "plan", "note"},
                                  .free_text = {false, false, true}};

static void show(rf_text *all, const rf_row *row)
{
    if (row->reason[0] != '\0') {
        rf_text_printf(all, "%lld! %s\n", (long long)row->line, row->reason);
        return;
    }
    rf_text_printf(all, "%lld ", (long long)row->line);
    for (size_t i = 0; i < wanted.count; i++) {
        rf_text_add(all, i == 0 ? "" : "|");
        rf_text_append(all, row->cells[i].text == NULL ? "" : row->cells[i].text,
                       row->cells[i].length);
    }
    rf_text_add(all, "\n");
}

/* All rows as one text, or "error: ..." when the file is refused. Freed with free. */
static char *read_bytes(const char *bytes, size_t length)
{
    rf_error error = {0};
    rf_source *source = NULL;
    rf_reader *reader = NULL;
    rf_row row;
    rf_text all = {0};
    bool found = true;
    char *copy;
    rf_status status = rf_source_open_memory(bytes, length, &source, &error);
    if (status == RF_OK) {
        status = rf_reader_open(source, &wanted, &reader, &error);
    }
    while (status == RF_OK && (status = rf_reader_next(reader, &row, &found, &error)) == RF_OK &&
           found) {
        show(&all, &row);
    }
    if (status != RF_OK) {
        rf_text_printf(&all, "error: %s\n", error.text);
    }
    rf_reader_close(reader);
    rf_source_close(source);
    copy = strdup(rf_text_get(&all));
    rf_text_free(&all);
    assert_non_null(copy);
    return copy;
}

static void expect_bytes(const char *bytes, size_t length, const char *rows)
{
    char *found = read_bytes(bytes, length);
    assert_string_equal(found, rows);
    free(found);
}

#define EXPECT(text, rows) expect_bytes(text, sizeof(text) - 1, rows)

static void refused(const char *text, size_t length, const char *part)
{
    char *found = read_bytes(text, length);
    if (strncmp(found, "error: ", 7) != 0 || strstr(found, part) == NULL) {
        fail_msg("expected \"%s\" in: %s", part, found);
    }
    free(found);
}

#define REFUSED(text, part) refused(text, sizeof(text) - 1, part)

static void good_files(void **state)
{
    (void)state;
    EXPECT("account_id,plan\na,x\nb,\n", "2 a|x|\n3 b||\n");
    EXPECT("\xef\xbb\xbf"
           "plan,zzz,account_id\r\nx,1,a\r\n",
           "2 a|x|\n");
    EXPECT("account_id\na", "2 a||\n");
    EXPECT("\n\naccount_id\n\n  \na\n\n", "6 a||\n");
    EXPECT("account_id,note\n\"a\",\"1\n2\n\"\"3\"\"\"\nb,\n", "2 a||1\n2\n\"3\"\n5 b||\n");
    EXPECT(" account_id , plan\n  a  ,\"  x \"\n", "2 a|x|\n");
    EXPECT("account_id,plan\n", "");
    EXPECT("{\"account_id\":\"a\",\"plan\":1}\n\n{\"note\":null,\"account_id\":2.5}",
           "1 a|1|\n3 2.5||\n");
    EXPECT("\xef\xbb\xbf \n{\"account_id\":12345678901234567}\r\n", "2 12345678901234567||\n");
}

static void bad_rows(void **state)
{
    (void)state;
    EXPECT("account_id,plan\na\nb,c,d\n,x\n   ,\nc,d\n",
           "2! 1 cells where the header has 2\n3! 3 cells where the header has 2\n"
           "4! no account_id\n5! no account_id\n6 c|d|\n");
    EXPECT("account_id,plan\na\0b,c\n\xff,x\nc,d\n", "2! a NUL byte\n3! not UTF-8\n4 c|d|\n");
    EXPECT("account_id,plan\na\x01,c\na,\"c\nd\"\nb,d\n",
           "2! a control character or line feed in account_id\n"
           "3! a control character or line feed in plan\n5 b|d|\n");
    EXPECT("account_id,plan\na,b\rc,d\ne,f\n", "2! a carriage return inside the line\n3 e|f|\n");
    EXPECT("account_id,plan\na,b\r\"c\n\"d\",e\n",
           "2! a carriage return inside the line\n3 d|e|\n");
    EXPECT("{\"account_id\":\"a\"}\n{\"account_id\":\n[]\n3\n\"x\"\n{}\n"
           "{\"account_id\":[1]}\n{\"account_id\":{}}\n{\"account_id\":true}\n"
           "{\"account_id\":\"\\u0000\"}\n{\"account_id\":1,\"account_id\":2}\nnull\n"
           "{\"account_id\":\"z\",\"deep\":[[{}]]}\n",
           "1 a||\n2! not JSON: it ends too early\n3! not a JSON object\n4! not a JSON object\n"
           "5! not a JSON object\n6! no account_id\n7! account_id is neither a text nor a number\n"
           "8! account_id is neither a text nor a number\n"
           "9! account_id is neither a text nor a number\n10! a NUL character\n"
           "11! a key is there twice\n12! not a JSON object\n13 z||\n");
}

/* An open quote costs its own line, not those behind it. */
static void broken_quotes(void **state)
{
    (void)state;
    EXPECT("account_id,plan\na,\"x\nb,y\nc,z\n", "2! a quote is not closed\n3 b|y|\n4 c|z|\n");
    EXPECT("account_id,plan\na,\"x\nb,\"y\"\nc,z\n",
           "2! a quote in the wrong place\n3 b|y|\n4 c|z|\n");
    EXPECT("account_id,plan\na,x\"y\nb,\"x\"y\nc,z\n",
           "2! a quote in the wrong place\n3! a quote in the wrong place\n4 c|z|\n");
    EXPECT("account_id,plan\n\"a,x\nb,y\"\nc,z\n",
           "2! 1 cells where the header has 2\n3! a quote in the wrong place\n4 c|z|\n");
    /* What stands inside a well-formed cell is never read as rows. */
    EXPECT("account_id,plan\na,\"x\nvictim,y\n\"\nc,z\n",
           "2! a control character or line feed in plan\n5 c|z|\n");
}

static void files_of_other_kinds(void **state)
{
    (void)state;
    REFUSED("", "empty");
    REFUSED(" \n\r\n ", "empty");
    REFUSED("\xef\xbb\xbf", "empty");
    REFUSED("\x1f\x8b\x08 rest", "compressed");
    REFUSED("PK\x03\x04 rest", "spreadsheet");
    REFUSED("\xff\xfe"
            "a\0c\0",
            "UTF-16");
    REFUSED("[{\"account_id\":1}]", "JSON array");
    REFUSED("\x80\x00\x12\xfe\n\x01", "no CSV header");
    REFUSED("id,email\na,b\n", "id, email");
    REFUSED("id,email\na,b\n", "--map account_id=COLUMN");
    REFUSED("account_id;plan\na;b\n", "separated by commas");
    REFUSED("account_id\tplan\na\tb\n", "tabs");
    REFUSED("account_id,plan,plan\na,b,c\n", "two columns are named plan");
    REFUSED("account_id,plan\ra,b\r", "carriage return");
    REFUSED("account_id,\"plan\na,b\n", "no CSV header");
}

/* `before`, then `count` times `c`, then `after`. */
static char *long_file(const char *before, char c, size_t count, const char *after, size_t *length)
{
    char *file = malloc(strlen(before) + count + strlen(after) + 1);
    assert_non_null(file);
    *length = strlen(before) + count + strlen(after);
    memcpy(file, before, strlen(before));
    memset(file + strlen(before), c, count);
    memcpy(file + strlen(before) + count, after, strlen(after) + 1);
    return file;
}

/* Limits at limit - 1, limit and limit + 1; a 10 MB field leaves no trace but its rejection. */
static void long_fields(void **state)
{
    static const struct {
        const char *before;
        size_t count;
        const char *reason;
    } cases[] = {{"account_id,note\na,", RF_FIELD_LIMIT - 1, NULL},
                 {"account_id,note\na,", RF_FIELD_LIMIT, NULL},
                 {"account_id,note\na,", RF_FIELD_LIMIT + 1, "note is longer than 64 KiB"},
                 {"account_id,zzz\na,", RF_FIELD_LIMIT + 1, "a field is longer than 64 KiB"},
                 {"account_id,note\na,", RF_ROW_LIMIT - 3, "note is longer than 64 KiB"},
                 {"account_id,note\na,", RF_ROW_LIMIT - 2, "the row is longer than 1024 KiB"},
                 {"account_id,note\na,", 10000000, "the row is longer than 1024 KiB"},
                 {"account_id,note\na,\"", 10000000, "the row is longer than 1024 KiB"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length;
        char line[80];
        char *file = long_file(cases[i].before, 'x', cases[i].count, "\nb,y\n", &length);
        char *found = read_bytes(file, length);
        (void)snprintf(line, sizeof line, "2! %s\n",
                       cases[i].reason == NULL ? "" : cases[i].reason);
        if (cases[i].reason == NULL) {
            assert_int_equal(strncmp(found, "2 a||x", 6), 0);
        } else if (strncmp(found, line, strlen(line)) != 0) {
            fail_msg("case %zu: %.100s", i, found);
        }
        assert_non_null(strstr(found, "\n3 b|"));
        free(found);
        free(file);
    }
}

/* A million lines behind an open quote: bounded work, all of them read. */
static void open_quote_before_much(void **state)
{
    enum { LINES = 300000 };
    rf_text file = {0};
    char *found;
    size_t rows = 0;
    (void)state;
    rf_text_add(&file, "account_id,plan\nq,\"\n");
    for (int i = 0; i < LINES; i++) {
        rf_text_add(&file, "a,bcdef\n");
    }
    found = read_bytes(rf_text_get(&file), file.length);
    assert_int_equal(strncmp(found, "2! the row is longer", 20), 0);
    for (const char *at = found; (at = strchr(at, '\n')) != NULL; at++) {
        rows++;
    }
    assert_int_equal(rows, LINES + 1);
    free(found);
    rf_text_free(&file);
}

/* A file large enough for the second thread: the same lines and the same digest; leaving early ends
 * the thread. */
static void large_files(void **state)
{
    static const char line_text[] = "account_id,some more text to fill the line,1234567890\n";
    size_t const count = ((size_t)33 << 20) / (sizeof line_text - 1);
    char path[] = "/tmp/reader-XXXXXX";
    char by_path[RF_DIGEST_TEXT];
    char by_memory[RF_DIGEST_TEXT];
    rf_error error = {0};
    rf_text file = {0};
    rf_source *source = NULL;
    rf_line line;
    uint64_t bytes;
    bool found = true;
    int const made = mkstemp(path);
    (void)state;
    assert_true(made >= 0);
    for (size_t i = 0; i < count; i++) {
        rf_text_append(&file, line_text, sizeof line_text - 1);
    }
    assert_int_equal(write(made, rf_text_get(&file), file.length), file.length);
    (void)close(made);
    assert_int_equal(rf_source_open_memory(rf_text_get(&file), file.length, &source, &error), 0);
    assert_int_equal(rf_source_digest(source, by_memory, &bytes, &error), RF_OK);
    rf_source_close(source);
    assert_int_equal(rf_source_open(path, &source, &error), RF_OK);
    for (int64_t number = 1; number <= (int64_t)count; number++) {
        rf_source_mark(source);
        assert_int_equal(rf_source_line(source, &line, &found, &error), RF_OK);
        assert_true(found && line.number == number && line.length == sizeof line_text - 1);
    }
    assert_int_equal(rf_source_digest(source, by_path, &bytes, &error), RF_OK);
    rf_source_close(source);
    assert_string_equal(by_path, by_memory);
    assert_int_equal(bytes, file.length);
    assert_int_equal(rf_source_open(path, &source, &error), RF_OK);
    assert_int_equal(rf_source_line(source, &line, &found, &error), RF_OK);
    rf_source_close(source);
    (void)unlink(path);
    rf_text_free(&file);
}

/* Rejects hide card numbers, instruments, templates and columns nobody asked for. */
/* Appends a row of random cells: near the limits of what a clean line may hold. */
static void add_row(rf_text *text, unsigned long long *seed)
{
    static const char letters[] = "ab  ,9z~\x7f\x1f\t\r!-.:_";
    unsigned const cells =
        random_below(seed, 12) == 0 ? random_below(seed, 5) : (unsigned)wanted.count;
    for (unsigned cell = 0; cell < cells; cell++) {
        unsigned const length = random_below(seed, 9);
        unsigned const choice = random_below(seed, 6) == 0 ? (unsigned)sizeof letters - 1 : 7;
        for (unsigned i = 0; i < length; i++) {
            char const letter = letters[random_below(seed, choice)];
            rf_text_append(text, letter == ',' && random_below(seed, 8) != 0 ? "x" : &letter, 1);
        }
        rf_text_add(text, ",");
    }
}

/* Clean lines, lines without quotes and lines for libcsv: a last column nobody asked for decides
 * which way a row goes, and changes nothing else. */
static void all_ways_are_the_same(void **state)
{
    static const char *const last[] = {"e", "\xc3\xa9", "\"e\"", "\"\xc3\xa9\""};
    unsigned long long seed = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        rf_text files[4] = {{0}};
        char *rows[4];
        for (size_t i = 0; i < 4; i++) {
            for (size_t field = 0; field < wanted.count; field++) {
                rf_text_printf(&files[i], "%s,", wanted.columns[field]);
            }
            rf_text_add(&files[i], "more\n");
        }
        for (int row = 0; row < 20; row++) {
            rf_text text = {0};
            const char *const end = random_below(&seed, 3) == 0 ? "\r\n" : "\n";
            add_row(&text, &seed);
            for (size_t i = 0; i < 4; i++) {
                rf_text_printf(&files[i], "%s%s%s", rf_text_get(&text), last[i], end);
            }
            rf_text_free(&text);
        }
        for (size_t i = 0; i < 4; i++) {
            rows[i] = read_bytes(rf_text_get(&files[i]), files[i].length);
            rf_text_free(&files[i]);
            assert_string_equal(rows[i], rows[0]);
        }
        for (size_t i = 0; i < 4; i++) {
            free(rows[i]);
        }
    }
}

static void rejects_hide(void **state)
{
    static const struct {
        const char *text;
        const char *masked;
    } cases[] = {{"4111111111111111", "************1111"},
                 {"4111 1111-1111 1111,x", "**** ****-**** 1111,x"},
                 {"a12345678901b", "a12345678901b"},
                 {"a123456789012b", "a********9012b"},
                 {"12345678901234567890123", "*******************0123"},
                 {"1 2", "1 2"},
                 {"", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rf_text out = {0};
        rf_mask_cards(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(rf_text_get(&out), cases[i].masked);
        rf_text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_are_the_same),
        cmocka_unit_test(good_files),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(broken_quotes),
        cmocka_unit_test(files_of_other_kinds),
        cmocka_unit_test(long_fields),
        cmocka_unit_test(open_quote_before_much),
        cmocka_unit_test(rejects_hide),
        cmocka_unit_test(large_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
