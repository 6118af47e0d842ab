/* normalise.h - one spelling for each observable, whatever the file writes.
 *
 * Every function takes a text without surrounding white space and without control characters,
 * writes a NUL-terminated canonical form, and is idempotent: the canonical form reads as itself.
 * All return false when the text cannot be read as what it should be; then *out is undefined. No
 * allocations, O(length). (Addresses: base/address.h; times: base/clock.h.)
 */
#ifndef RF_IMPORTERS_NORMALISE_H
#define RF_IMPORTERS_NORMALISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RF_TEXT_LIMIT = 512,   /* bytes of an id or attribute */
    RF_VALUE_LIMIT = 4096, /* bytes of a value: devices, templates, ... */
    RF_PHONE_TEXT = 24,
    RF_TOKEN_TEXT = 24 /* "card:0123456789abcdef" */
};

/* The mailbox an e-mail reaches: `key` is lower case, without a plus tag, and for gmail.com and
 * googlemail.com (one domain) without dots; `domain` is the domain in lower case without a final
 * dot. Needs one @ with something on both sides and no spaces; at most RF_TEXT_LIMIT - 1 bytes. */
bool rf_normal_email(const char *text, size_t length, char key[RF_TEXT_LIMIT],
                     char domain[RF_TEXT_LIMIT]);

/* "+" and the digits when the number is international ("+" or "00" first), else the digits as
 * they are: without a country code two countries' numbers cannot be told apart. Spaces, dashes,
 * dots, slashes and parentheses go; "(0)" after a country code goes. 3 to 15 digits. */
bool rf_normal_phone(const char *text, size_t length, char out[RF_PHONE_TEXT]);

typedef struct rf_card {
    char token[RF_TOKEN_TEXT]; /* "card:" and 16 hexadecimal digits */
    char bin[7];
    char last4[5];
} rf_card;

/* True when the text is a full card number (13 to 19 digits, single spaces or dashes between them
 * allowed, with a right Luhn digit): it must never be stored. The token is HMAC-SHA-256 of the
 * digits under `key` (of key_length bytes; may be empty), cut to 64 bits. With an empty key the
 * token only hides the number from a casual eye: a card number is short enough to be found by
 * trying all. */
bool rf_normal_card(const char *text, size_t length, const void *key, size_t key_length,
                    rf_card *card);

/* Fingerprints that are hexadecimal (hashes, UUIDs) become lower case, all others stay as they are.
 * `out` takes length + 1 bytes. */
void rf_normal_device(const char *text, size_t length, char *out);

/* A whole number, digits only, in [1, high]. */
bool rf_normal_count(const char *text, size_t length, uint32_t high, uint32_t *out);

/* ASCII letters to lower or upper case; `out` takes length + 1 bytes and may be the text. */
void rf_lower(const char *text, size_t length, char *out);
void rf_upper(const char *text, size_t length, char *out);

/* `low` to `high` digits and nothing else. */
bool rf_digits(const char *text, size_t length, size_t low, size_t high);

/* True when the bytes are UTF-8 (no surrogates, nothing overlong, at most U+10FFFF). */
bool rf_utf8_valid(const char *text, size_t length);

#endif
