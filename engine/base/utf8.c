/* utf8.c - see utf8.h. The decoder follows table 3-7 of the Unicode Standard. */
#include "base/utf8.h"

#include <string.h>

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t rf_utf8_read(const char *bytes, size_t length, uint32_t *code)
{
    const unsigned char *at = (const unsigned char *)bytes;
    uint32_t read;
    if (at[0] < 0x80) {
        *code = at[0];
        return 1;
    }
    if (at[0] >= 0xc2 && at[0] <= 0xdf && length >= 2 && is_tail(at[1])) {
        *code = (uint32_t)(at[0] & 0x1f) << 6 | (uint32_t)(at[1] & 0x3f);
        return 2;
    }
    if (at[0] >= 0xe0 && at[0] <= 0xef && length >= 3 && is_tail(at[1]) && is_tail(at[2])) {
        read = (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 |
               (uint32_t)(at[2] & 0x3f);
        if (read < 0x800 || (read >= 0xd800 && read <= 0xdfff)) {
            return 0;
        }
        *code = read;
        return 3;
    }
    if (at[0] >= 0xf0 && at[0] <= 0xf4 && length >= 4 && is_tail(at[1]) && is_tail(at[2]) &&
        is_tail(at[3])) {
        read = (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3f) << 12 |
               (uint32_t)(at[2] & 0x3f) << 6 | (uint32_t)(at[3] & 0x3f);
        if (read < 0x10000 || read > 0x10ffff) {
            return 0;
        }
        *code = read;
        return 4;
    }
    return 0;
}

bool rf_utf8_is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029 ||
           code == 0x200e || code == 0x200f || code == 0x061c ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff || (code >= 0xe0000 && code <= 0xe007f);
}

/* Appends one character (or one invalid byte) of the input; returns the bytes it took. */
static size_t add_character(rf_text *text, const char *bytes, size_t length)
{
    uint32_t code = 0;
    size_t size = rf_utf8_read(bytes, length, &code);
    if (size == 0) {
        rf_text_add(text, RF_UTF8_REPLACEMENT);
        return 1;
    }
    if (rf_utf8_is_unsafe(code)) {
        rf_text_printf(text, "\\u%04x", (unsigned)code);
    } else {
        rf_text_append(text, bytes, size);
    }
    return size;
}

void rf_text_add_safe(rf_text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        i += add_character(text, bytes + i, length - i);
    }
}

void rf_text_add_short(rf_text *text, const char *bytes, size_t length, size_t most)
{
    enum { TAIL = 4, DOTS = 3 };
    size_t characters = 0;
    size_t seen = 0;
    uint32_t code;
    for (size_t i = 0; i < length; characters++) {
        size_t size = rf_utf8_read(bytes + i, length - i, &code);
        i += size == 0 ? 1 : size;
    }
    for (size_t i = 0; i < length; seen++) {
        size_t size = rf_utf8_read(bytes + i, length - i, &code);
        bool kept = characters <= most || seen < most - TAIL - DOTS || seen >= characters - TAIL;
        if (kept) {
            (void)add_character(text, bytes + i, length - i);
        } else if (seen == most - TAIL - DOTS) {
            rf_text_add(text, "...");
        }
        i += size == 0 ? 1 : size;
    }
}
