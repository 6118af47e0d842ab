/* test_attributes.c - what the views address and device derive from the texts of values, against
 * the rules written out once more. */
#include "base/address.h"
#include "base/text.h"
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *device_form(const char *text, size_t length)
{
    size_t hex = 0;
    size_t dashes = 0;
    for (size_t i = 0; i < length; i++) {
        hex += (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        dashes += text[i] == '-' && (i == 8 || i == 13 || i == 18 || i == 23);
    }
    if (length == 36 && hex == 32 && dashes == 4) {
        return "uuid";
    }
    if (length >= 16 && hex == length) {
        return "hash";
    }
    return memchr(text, '/', length) != NULL && memchr(text, ' ', length) != NULL ? "user-agent"
                                                                                  : "other";
}

/* Every line of "text|attributes" is as `rule` says. */
static void check_lines(char *lines, int *seen, void (*rule)(const char *, size_t, const char *))
{
    for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *bar = strchr(line, '|');
        assert_non_null(bar);
        *bar = '\0';
        rule(line, (size_t)(bar - line), bar + 1);
        (*seen)++;
    }
    free(lines);
}

static void device_rule(const char *text, size_t length, const char *form)
{
    assert_string_equal(form, device_form(text, length));
}

static void address_rule(const char *text, size_t length, const char *attributes)
{
    rf_address address;
    char wanted[RF_ADDRESS_TEXT + 40];
    char prefix[RF_ADDRESS_TEXT];
    assert_true(rf_address_parse(text, length, &address));
    (void)rf_address_prefix(&address, prefix);
    (void)snprintf(wanted, sizeof wanted, "%d|%s|%s", address.version, prefix,
                   rf_address_scope(&address));
    assert_string_equal(attributes, wanted);
}

/* Texts near the border between two forms: of hexadecimal digits, dashes and whatever else. */
static void add_device(rf_text *csv, unsigned long long *seed)
{
    static const char letters[] = "0123456789abcdefABg/ -_";
    unsigned const kind = random_below(seed, 4);
    unsigned const length = kind == 0 ? 36 : 14 + random_below(seed, 24);
    unsigned const choice = kind < 2 ? 16 : (unsigned)sizeof letters - 1;
    unsigned const odd = random_below(seed, 3) == 0 ? random_below(seed, length) : length;
    for (unsigned i = 0; i < length; i++) {
        bool const dash = kind == 0 && (i == 8 || i == 13 || i == 18 || i == 23);
        char letter = dash ? '-' : letters[random_below(seed, choice)];
        letter = i == odd ? letters[random_below(seed, (unsigned)sizeof letters - 1)] : letter;
        rf_text_printf(csv, "%c", letter);
    }
}

static void add_address(rf_text *csv, unsigned long long *seed)
{
    static const char *const special[] = {
        "10.1.2.3",  "172.31.9.9",  "172.32.0.1",  "192.168.0.1",    "100.64.0.9",
        "127.0.0.1", "169.254.1.1", "203.0.113.7", "2001:db8::1",    "2a00:1450::9",
        "fe80::1",   "::1",         "fc00::12",    "::ffff:8.8.8.8", "224.0.0.1"};
    unsigned const kind = random_below(seed, 3);
    if (kind == 1) {
        rf_text_printf(csv, "2a00:%x::%x:%x", random_below(seed, 65536), random_below(seed, 65536),
                       random_below(seed, 65536));
    } else if (kind == 0) {
        rf_text_add(csv, special[random_below(seed, sizeof special / sizeof special[0])]);
    } else {
        rf_text_printf(csv, "%u.%u.%u.%u", random_below(seed, 256), random_below(seed, 256),
                       random_below(seed, 256), random_below(seed, 256));
    }
}

static void attributes_follow_from_texts(void **state)
{
    sandbox *box = *state;
    unsigned long long seed = 5;
    rf_text csv = {0};
    int seen = 0;
    rf_text_add(&csv, "account_id,device,ip\n");
    for (int i = 0; i < 20000; i++) {
        rf_text_printf(&csv, "a%d,", i % 50);
        add_device(&csv, &seed);
        rf_text_add(&csv, ",");
        add_address(&csv, &seed);
        rf_text_add(&csv, "\n");
    }
    assert_int_equal(sandbox_import_bytes(box, "events", NULL, rf_text_get(&csv), csv.length, NULL),
                     RF_OK);
    rf_text_free(&csv);
    check_lines(sandbox_query(box, "SELECT v.text, d.form FROM value v LEFT JOIN device d"
                                   " ON d.value = v.id WHERE v.signal = 3"),
                &seen, device_rule);
    assert_in_range(seen, 15000, 20000);
    check_lines(sandbox_query(box, "SELECT v.text, d.version, d.prefix, d.scope FROM value v"
                                   " LEFT JOIN address d ON d.value = v.id WHERE v.signal = 2"),
                &seen, address_rule);
    assert_in_range(seen, 25000, 40000);
    assert_int_equal(sandbox_number(box, "SELECT count(*) FROM address_other WHERE scope = 'global'"
                                         " AND version = 4"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(attributes_follow_from_texts, sandbox_start, sandbox_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
