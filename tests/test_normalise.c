/* test_normalise.c - one spelling for each observable: examples, and on random input that the
 * canonical form reads as itself. */
#include "importers/normalise.h"

#include "base/address.h"
#include "base/hash.h"

#include "import_support.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void address(const char *text, const char *canonical)
{
    rf_address read;
    char out[RF_ADDRESS_TEXT];
    if (!rf_address_parse(text, strlen(text), &read)) {
        assert_null(canonical);
        return;
    }
    assert_non_null(canonical);
    assert_int_equal(rf_address_format(&read, out), strlen(canonical));
    assert_string_equal(out, canonical);
}

/* The spelling of IPv6 against the system's, for addresses with zeros in all places. */
static void addresses_as_the_system_writes_them(void **state)
{
    unsigned long long seed = 6;
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        rf_address read = {.version = 6};
        char wanted[INET6_ADDRSTRLEN];
        char out[RF_ADDRESS_TEXT];
        unsigned const zeros = random_below(&seed, 4); /* of four words, how many are about zero */
        for (int word = 0; word < 8; word++) {
            bool const zero = random_below(&seed, 4) < zeros;
            unsigned const number =
                zero ? 0 : random_below(&seed, 1u << (1 + random_below(&seed, 16)));
            read.bytes[2 * word] = (uint8_t)(number >> 8);
            read.bytes[2 * word + 1] = (uint8_t)number;
        }
        assert_non_null(inet_ntop(AF_INET6, read.bytes, wanted, sizeof wanted));
        assert_int_equal(rf_address_format(&read, out), strlen(wanted));
        assert_string_equal(out, wanted);
    }
}

static void addresses(void **state)
{
    static const char *const bad[] = {"",          "256.1.1.1",  "1.2.3",
                                      "1.2.3.4.5", "1.2.3.4/24", "01.2.3.4",
                                      "1.2.3.04",  "1..2.3",     ".1.2.3",
                                      "1.2.3.",    "4294967296", "-1",
                                      "1.",        "1.x",        "0x10",
                                      "1e5",       "1.2.3.4:80", "[1.2.3.4]",
                                      "::g",       ":::",        "[::1",
                                      "::1]",      "fe80::1%",   "::1/64",
                                      "1.2.3.4 ",  "host",       "99999999999999999999999"};
    (void)state;
    address("1.2.3.4", "1.2.3.4");
    address("0.0.0.0", "0.0.0.0");
    address("255.255.255.255", "255.255.255.255");
    address("732758368.79972", "43.173.1.96");
    address("732758368", "43.173.1.96");
    address("0", "0.0.0.0");
    address("4294967295", "255.255.255.255");
    address("::ffff:1.2.3.4", "1.2.3.4");
    address("::FFFF:0102:0304", "1.2.3.4");
    address("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
    address("[2001:db8::1]", "2001:db8::1");
    address("fe80::1%eth0", "fe80::1");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        address(bad[i], NULL);
    }
}

static void scope(const char *text, const char *prefix, const char *expected)
{
    rf_address read;
    char out[RF_ADDRESS_TEXT];
    assert_true(rf_address_parse(text, strlen(text), &read));
    (void)rf_address_prefix(&read, out);
    assert_string_equal(out, prefix);
    assert_string_equal(rf_address_scope(&read), expected);
}

static void scopes(void **state)
{
    (void)state;
    scope("8.8.4.4", "8.8.4.0/24", "global");
    scope("10.1.2.3", "10.1.2.0/24", "private");
    scope("172.31.255.255", "172.31.255.0/24", "private");
    scope("172.32.0.0", "172.32.0.0/24", "global");
    scope("192.168.0.1", "192.168.0.0/24", "private");
    scope("100.64.0.1", "100.64.0.0/24", "shared");
    scope("100.128.0.1", "100.128.0.0/24", "global");
    scope("127.0.0.1", "127.0.0.0/24", "loopback");
    scope("169.254.1.1", "169.254.1.0/24", "link-local");
    scope("203.0.113.9", "203.0.113.0/24", "special");
    scope("224.0.0.1", "224.0.0.0/24", "special");
    scope("::1", "::/64", "loopback");
    scope("fe80::5", "fe80::/64", "link-local");
    scope("fd00::5", "fd00::/64", "private");
    scope("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "special");
    scope("2a00:1450:4001::5", "2a00:1450:4001::/64", "global");
    scope("ff02::1", "ff02::/64", "special");
}

static uint16_t network(const char *text)
{
    rf_address read;
    assert_true(rf_address_parse(text, strlen(text), &read));
    return rf_address_network(&read);
}

static void networks(void **state)
{
    (void)state;
    assert_int_equal(network("8.9.4.4"), 8 * 256 + 9);
    assert_int_equal(network("8.9.255.1"), network("8.9.4.4"));
    assert_int_equal(network("::ffff:8.9.1.1"), network("8.9.4.4"));
    assert_int_not_equal(network("8.10.4.4"), network("8.9.4.4"));
    assert_int_equal(network("2a00:1450:4001::5"), network("2a00:1450:ffff:1::9"));
    assert_int_not_equal(network("2a00:1451::5"), network("2a00:1450::5"));
    assert_int_not_equal(network("0.0.0.1"), 0);
    assert_int_not_equal(network("::1"), 0);
}

/* Every address, written out, reads as itself. */
static void addresses_round_trip(void **state)
{
    uint64_t seed = 7;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        rf_address made = {.version = i % 2 == 0 ? 4 : 6};
        rf_address read;
        char out[RF_ADDRESS_TEXT];
        for (int at = 0; at < (made.version == 4 ? 4 : 16); at++) {
            seed = rf_mix(seed + 1);
            made.bytes[at] = seed % 3 == 0 ? 0 : (uint8_t)(seed >> 8);
        }
        size_t const length = rf_address_format(&made, out);
        assert_true(rf_address_parse(out, length, &read));
        if (read.version == made.version) { /* else v4-mapped, folded */
            assert_memory_equal(&read, &made, sizeof made);
        }
    }
}

static void email(const char *text, const char *key, const char *domain)
{
    char key_found[RF_TEXT_LIMIT];
    char domain_found[RF_TEXT_LIMIT];
    if (!rf_normal_email(text, strlen(text), key_found, domain_found)) {
        assert_null(key);
        return;
    }
    assert_non_null(key);
    assert_string_equal(key_found, key);
    assert_string_equal(domain_found, domain);
}

static void emails(void **state)
{
    char longest[RF_TEXT_LIMIT + 1];
    (void)state;
    email("Ann@Example.ORG", "ann@example.org", "example.org");
    email("a.b+tag+x@example.org.", "a.b@example.org", "example.org");
    email("A.n.N+t@gmail.com", "ann@gmail.com", "gmail.com");
    email("a.nn@GoogleMail.com", "ann@gmail.com", "googlemail.com");
    email("+tag@x.org", "+tag@x.org", "x.org");
    email("...@gmail.com", "...@gmail.com", "gmail.com");
    email("a@b@c", NULL, NULL);
    email("@b", NULL, NULL);
    email("a@", NULL, NULL);
    email("a@.", NULL, NULL);
    email("a b@c", NULL, NULL);
    email("ab", NULL, NULL);
    email("", NULL, NULL);
    memset(longest, 'a', sizeof longest);
    longest[1] = '@';
    longest[RF_TEXT_LIMIT - 1] = '\0';
    email(longest, longest, longest + 2);
    longest[RF_TEXT_LIMIT - 1] = 'a';
    longest[RF_TEXT_LIMIT] = '\0';
    email(longest, NULL, NULL);
}

static void phone(const char *text, const char *canonical)
{
    char out[RF_PHONE_TEXT];
    if (!rf_normal_phone(text, strlen(text), out)) {
        assert_null(canonical);
        return;
    }
    assert_non_null(canonical);
    assert_string_equal(out, canonical);
}

static void phones(void **state)
{
    (void)state;
    phone("+49 (0)30 123-456", "+4930123456");
    phone("0049/30/123456", "+4930123456");
    phone("(00)49 30 123456", "+4930123456");
    phone("030 123456", "030123456");
    phone("+123456789012345", "+123456789012345");
    phone("+1234567890123456", NULL);
    phone("+12345678901234567", NULL);
    phone("12", NULL);
    phone("+", NULL);
    phone("", NULL);
    phone("12a4", NULL);
    phone("1+234", NULL);
}

static void cards(void **state)
{
    rf_card one;
    rf_card two;
    (void)state;
    assert_true(rf_normal_card("4111 1111 1111 1111", 19, "", 0, &one));
    assert_true(rf_normal_card("4111-1111-1111-1111", 19, "", 0, &two));
    assert_string_equal(one.token, two.token);
    assert_int_equal(strlen(one.token), 21);
    assert_string_equal(one.bin, "411111");
    assert_string_equal(one.last4, "1111");
    assert_true(rf_normal_card("4111111111111111", 16, "k", 1, &two));
    assert_string_not_equal(one.token, two.token);
    assert_false(rf_normal_card("4111111111111112", 16, "", 0, &one)); /* Luhn */
    assert_false(rf_normal_card("4111  111111111111", 18, "", 0, &one));
    assert_false(rf_normal_card("tok_4111111111111111", 20, "", 0, &one));
    assert_false(rf_normal_card("42", 2, "", 0, &one));
    assert_false(rf_normal_card("", 0, "", 0, &one));
    assert_false(rf_normal_card("00000000000000000000", 20, "", 0, &one));
    assert_false(rf_normal_card("000000000000", 12, "", 0, &one));
    assert_true(rf_normal_card("0000000000000", 13, "", 0, &one));
    assert_true(rf_normal_card("0000000000000000000", 19, "", 0, &one));
}

static void counts(void **state)
{
    uint32_t n;
    (void)state;
    assert_true(rf_normal_count("1", 1, 10, &n));
    assert_true(rf_normal_count("10", 2, 10, &n));
    assert_int_equal(n, 10);
    assert_false(rf_normal_count("11", 2, 10, &n));
    assert_false(rf_normal_count("0", 1, 10, &n));
    assert_false(rf_normal_count("-1", 2, 10, &n));
    assert_false(rf_normal_count("", 0, 10, &n));
    assert_false(rf_normal_count("1.0", 3, 10, &n));
    assert_false(rf_normal_count("9999999999", 10, UINT32_MAX, &n));
    assert_false(rf_normal_count("18446744073709551617", 20, UINT32_MAX, &n));
}

static void utf8(void **state)
{
    (void)state;
    assert_true(rf_utf8_valid("", 0));
    assert_true(rf_utf8_valid("plain ascii text, long", 22));
    assert_true(rf_utf8_valid("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9));
    assert_true(rf_utf8_valid("\xf4\x8f\xbf\xbf", 4));
    assert_false(rf_utf8_valid("\xf4\x90\x80\x80", 4)); /* above U+10FFFF */
    assert_false(rf_utf8_valid("\xed\xa0\x80", 3));     /* surrogate */
    assert_false(rf_utf8_valid("\xc0\x80", 2));         /* overlong */
    assert_false(rf_utf8_valid("\xe0\x80\x80", 3));
    assert_false(rf_utf8_valid("\xe2\x82", 2));
    assert_false(rf_utf8_valid("\x80", 1));
    assert_false(rf_utf8_valid("12345678\xff", 9));
}

/* What a normaliser writes, it reads as itself. */
static void canonical_forms_are_fixed(void **state)
{
    static const char alphabet[] = "0123456789+-() ./@abAB.gmail.com";
    uint64_t seed = 1;
    (void)state;
    for (int i = 0; i < 50000; i++) {
        char text[24];
        char first[RF_TEXT_LIMIT];
        char second[RF_TEXT_LIMIT];
        char domain[RF_TEXT_LIMIT];
        size_t const length = (seed = rf_mix(seed + 1)) % (sizeof text - 1);
        for (size_t at = 0; at < length; at++) {
            seed = rf_mix(seed + 1);
            text[at] = alphabet[seed % (sizeof alphabet - 1)];
        }
        text[length] = '\0';
        if (rf_normal_phone(text, length, first)) {
            assert_true(rf_normal_phone(first, strlen(first), second));
            assert_string_equal(first, second);
        }
        if (rf_normal_email(text, length, first, domain)) {
            assert_true(rf_normal_email(first, strlen(first), second, domain));
            assert_string_equal(first, second);
        }
        rf_normal_device(text, length, first);
        rf_normal_device(first, strlen(first), second);
        assert_string_equal(first, second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(addresses_as_the_system_writes_them),
        cmocka_unit_test(scopes),
        cmocka_unit_test(networks),
        cmocka_unit_test(addresses_round_trip),
        cmocka_unit_test(emails),
        cmocka_unit_test(phones),
        cmocka_unit_test(cards),
        cmocka_unit_test(counts),
        cmocka_unit_test(utf8),
        cmocka_unit_test(canonical_forms_are_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
