/* normalise.c - see normalise.h. */
#include "importers/normalise.h"

#include <sodium.h>
#include <string.h>

enum { CARD_DIGITS_LEAST = 13, CARD_DIGITS_MOST = 19 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void rf_lower(const char *text, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    }
    out[length] = '\0';
}

void rf_upper(const char *text, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - ('a' - 'A') : text[i]);
    }
    out[length] = '\0';
}

bool rf_digits(const char *text, size_t length, size_t low, size_t high)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
    }
    return length >= low && length <= high;
}

/* The mailbox without its tag, and without dots when the provider ignores them. */
static size_t put_mailbox(const char *mailbox, size_t length, bool dotless, char *key)
{
    size_t put = 0;
    for (size_t i = 0; i < length; i++) {
        if (mailbox[i] == '+' && put > 0) {
            break;
        }
        if (mailbox[i] != '.' || !dotless) {
            key[put++] = mailbox[i];
        }
    }
    if (put == 0) { /* nothing but dots and a tag: it stays as it is */
        memcpy(key, mailbox, length);
        put = length;
    }
    rf_lower(key, put, key);
    return put;
}

bool rf_normal_email(const char *text, size_t length, char key[RF_TEXT_LIMIT],
                     char domain[RF_TEXT_LIMIT])
{
    const char *at = length == 0 ? NULL : memchr(text, '@', length);
    size_t mailbox;
    size_t after;
    bool gmail;
    if (at == NULL || length >= RF_TEXT_LIMIT || memchr(text, ' ', length) != NULL ||
        memchr(at + 1, '@', length - (size_t)(at + 1 - text)) != NULL) {
        return false;
    }
    mailbox = (size_t)(at - text);
    after = length - mailbox - 1;
    if (after > 0 && at[after] == '.') {
        after--;
    }
    if (mailbox == 0 || after == 0) {
        return false;
    }
    rf_lower(at + 1, after, domain);
    if (domain[0] == '.' || domain[after - 1] == '.' || strstr(domain, "..") != NULL) {
        return false; /* an empty label */
    }
    gmail = strcmp(domain, "gmail.com") == 0 || strcmp(domain, "googlemail.com") == 0;
    mailbox = put_mailbox(text, mailbox, gmail, key);
    key[mailbox] = '@';
    memcpy(key + mailbox + 1, gmail ? "gmail.com" : domain, gmail ? sizeof "gmail.com" : after + 1);
    return true;
}

bool rf_normal_phone(const char *text, size_t length, char out[RF_PHONE_TEXT])
{
    size_t put = 0;
    size_t i = 0;
    bool abroad = false;
    if (length > 0 && text[0] == '+') {
        abroad = true;
        i = 1;
    } else if (length > 1 && text[0] == '0' && text[1] == '0') {
        abroad = true;
        i = 2;
    }
    if (abroad) {
        out[put++] = '+';
    }
    for (; i < length; i++) {
        if (abroad && put > 1 && length - i >= 3 && memcmp(text + i, "(0)", 3) == 0) {
            i += 2;
        } else if (is_digit(text[i])) {
            if (put >= 16) {
                return false;
            }
            out[put++] = text[i];
        } else if (text[i] == '\0' || strchr(" -()./", text[i]) == NULL) {
            return false;
        }
    }
    out[put] = '\0';
    if (!abroad && put >= 2 && out[0] == '0' && out[1] == '0') {
        return rf_normal_phone(out, put, out); /* "(00)49..." */
    }
    return rf_digits(out + abroad, put - abroad, 3, 15);
}

static bool luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        if (i % 2 == 1) {
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        }
        sum += digit;
    }
    return sum % 10 == 0;
}

bool rf_normal_card(const char *text, size_t length, const void *key, size_t key_length,
                    rf_card *card)
{
    char digits[CARD_DIGITS_MOST + 1];
    unsigned char hash[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_digit(text[i])) {
            if (count == CARD_DIGITS_MOST) {
                return false;
            }
            digits[count++] = text[i];
        } else if ((text[i] != ' ' && text[i] != '-') || i == 0 || !is_digit(text[i - 1])) {
            return false;
        }
    }
    if (count < CARD_DIGITS_LEAST || !luhn(digits, count)) {
        return false;
    }
    (void)crypto_auth_hmacsha256_init(&state, key, key_length);
    (void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)digits, count);
    (void)crypto_auth_hmacsha256_final(&state, hash);
    memcpy(card->token, "card:", 5);
    (void)sodium_bin2hex(card->token + 5, sizeof card->token - 5, hash, 8);
    memcpy(card->bin, digits, 6);
    card->bin[6] = '\0';
    memcpy(card->last4, digits + count - 4, 4);
    card->last4[4] = '\0';
    return true;
}

void rf_normal_device(const char *text, size_t length, char *out)
{
    static const bool letters[256] = {
        ['-'] = true, ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,
        ['5'] = true, ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true, ['a'] = true,
        ['b'] = true, ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['A'] = true,
        ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true};
    size_t hex = 0;
    while (hex < length && letters[(unsigned char)text[hex]]) {
        hex++;
    }
    if (hex == length && length >= 16) {
        rf_lower(text, length, out);
        return;
    }
    memcpy(out, text, length);
    out[length] = '\0';
}

bool rf_normal_count(const char *text, size_t length, uint32_t high, uint32_t *out)
{
    uint64_t number = 0;
    if (!rf_digits(text, length, 1, 10)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *out = (uint32_t)number;
    return number >= 1 && number <= high;
}

/* How many continuation bytes follow, and the range of the first of them (the rest is 80..BF). */
static int sequence(unsigned char lead, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 2;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 3;
    }
    return 0;
}

bool rf_utf8_valid(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        uint64_t eight;
        unsigned char const lead = (unsigned char)text[i];
        unsigned char low;
        unsigned char high;
        int follow;
        if (length - i >= sizeof eight) { /* nearly all input is ASCII */
            memcpy(&eight, text + i, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        i++;
        if (lead < 0x80) {
            continue;
        }
        follow = sequence(lead, &low, &high);
        if (follow == 0) {
            return false;
        }
        for (; follow > 0; follow--, i++) {
            if (i >= length || (unsigned char)text[i] < low || (unsigned char)text[i] > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}
