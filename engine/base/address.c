/* address.c - see address.h. Sources: RFC 4291, RFC 5952, RFC 6890 (special-purpose registries). */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_dotted(const char *at, const char *end, uint8_t bytes[4])
{
    for (int part = 0; part < 4; part++) {
        const char *start;
        unsigned number = 0;
        if (part > 0 && (at == end || *at++ != '.')) {
            return false;
        }
        start = at;
        while (at < end && is_digit(*at) && at - start < 3) {
            number = number * 10 + (unsigned)(*at++ - '0');
        }
        if (at == start || number > 255 || (at - start > 1 && *start == '0')) {
            return false;
        }
        bytes[part] = (uint8_t)number;
    }
    return at == end;
}

/* "732758368" or "732758368.79972" */
static bool parse_decimal(const char *at, const char *end, uint8_t bytes[4])
{
    uint64_t number = 0;
    const char *start = at;
    while (at < end && is_digit(*at) && number <= UINT32_MAX) {
        number = number * 10 + (uint64_t)(*at++ - '0');
    }
    if (at == start || number > UINT32_MAX) {
        return false;
    }
    if (at < end) {
        if (*at++ != '.' || at == end) {
            return false;
        }
        while (at < end && is_digit(*at)) {
            at++;
        }
    }
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return at == end;
}

static bool parse_six(const char *at, const char *end, rf_address *address)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN];
    const char *zone;
    if (end - at >= 2 && *at == '[' && end[-1] == ']') {
        at++;
        end--;
    }
    zone = memchr(at, '%', (size_t)(end - at));
    if (zone != NULL) {
        if (zone + 1 == end) {
            return false;
        }
        end = zone;
    }
    if ((size_t)(end - at) >= sizeof copy || memchr(at, '\0', (size_t)(end - at)) != NULL) {
        return false;
    }
    memcpy(copy, at, (size_t)(end - at));
    copy[end - at] = '\0';
    if (inet_pton(AF_INET6, copy, address->bytes) != 1) {
        return false;
    }
    address->version = 6;
    if (memcmp(address->bytes, mapped, sizeof mapped) == 0) {
        address->version = 4;
        memmove(address->bytes, address->bytes + 12, 4);
        memset(address->bytes + 4, 0, 12);
    }
    return true;
}

bool rf_address_parse(const char *text, size_t length, rf_address *address)
{
    const char *end = text + length;
    memset(address, 0, sizeof *address);
    if (length == 0) {
        return false;
    }
    if (memchr(text, ':', length) != NULL) {
        return parse_six(text, end, address);
    }
    address->version = 4;
    return parse_dotted(text, end, address->bytes) || parse_decimal(text, end, address->bytes);
}

/* The first of the longest runs of two zero words or more; 8 when there is none. */
static int longest_zeros(const uint8_t bytes[16], int *length)
{
    int first = 8;
    *length = 1;
    for (int i = 0, end; i < 8; i = end + 1) {
        for (end = i; end < 8 && bytes[2 * end] == 0 && bytes[2 * end + 1] == 0;) {
            end++;
        }
        if (end - i > *length) {
            first = i;
            *length = end - i;
        }
    }
    return first;
}

/* As inet_ntop, which writes each word by way of printf. */
static size_t format_six(const uint8_t bytes[16], char out[RF_ADDRESS_TEXT])
{
    static const uint8_t none[10] = {0};
    char *to = out;
    int zeros;
    int const first = longest_zeros(bytes, &zeros);
    if (memcmp(bytes, none, sizeof none) == 0) { /* may end as IPv4 */
        return inet_ntop(AF_INET6, bytes, out, RF_ADDRESS_TEXT) == NULL ? 0 : strlen(out);
    }
    for (int i = 0; i < 8; i++) {
        unsigned const word = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
        bool begun = false;
        if (i == first) {
            *to++ = ':';
            i += zeros - 1;
            continue;
        }
        if (i > 0) {
            *to++ = ':';
        }
        for (int shift = 12; shift >= 0; shift -= 4) {
            unsigned const digit = word >> shift & 15;
            begun = begun || digit != 0 || shift == 0;
            if (begun) {
                *to++ = "0123456789abcdef"[digit];
            }
        }
    }
    if (first + zeros == 8) {
        *to++ = ':';
    }
    *to = '\0';
    return (size_t)(to - out);
}

size_t rf_address_format(const rf_address *address, char out[RF_ADDRESS_TEXT])
{
    size_t length = 0;
    if (address->version == 6) {
        return format_six(address->bytes, out);
    }
    for (int part = 0; part < 4; part++) {
        unsigned const number = address->bytes[part];
        if (part > 0) {
            out[length++] = '.';
        }
        if (number >= 100) {
            out[length++] = (char)('0' + number / 100);
        }
        if (number >= 10) {
            out[length++] = (char)('0' + number / 10 % 10);
        }
        out[length++] = (char)('0' + number % 10);
    }
    out[length] = '\0';
    return length;
}

size_t rf_address_prefix(const rf_address *address, char out[RF_ADDRESS_TEXT])
{
    rf_address network = *address;
    size_t const kept = address->version == 4 ? 3 : 8;
    size_t length;
    memset(network.bytes + kept, 0, sizeof network.bytes - kept);
    length = rf_address_format(&network, out);
    memcpy(out + length, address->version == 4 ? "/24" : "/64", 4);
    return length + 3;
}

uint16_t rf_address_network(const rf_address *address)
{
    const uint8_t *b = address->bytes;
    uint32_t code = (uint32_t)b[0] << 8 | b[1];
    if (address->version != 4) {
        code = (code << 16 | (uint32_t)b[2] << 8 | b[3]) * UINT32_C(2654435769) >> 16;
    }
    return (uint16_t)(code != 0 ? code : 1);
}

static bool inside(const uint8_t *bytes, uint32_t network, int bits)
{
    uint32_t const number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                            (uint32_t)bytes[2] << 8 | (uint32_t)bytes[3];
    return (number ^ network) >> (32 - bits) == 0;
}

static const char *scope_four(const uint8_t *bytes)
{
    static const struct {
        uint32_t network;
        int bits;
        const char *scope;
    } blocks[] = {
        {0x0a000000, 8, "private"},  {0xac100000, 12, "private"}, {0xc0a80000, 16, "private"},
        {0x64400000, 10, "shared"},  {0x7f000000, 8, "loopback"}, {0xa9fe0000, 16, "link-local"},
        {0x00000000, 8, "special"},  {0xc0000000, 24, "special"}, {0xc0000200, 24, "special"},
        {0xc6120000, 15, "special"}, {0xc6336400, 24, "special"}, {0xcb007100, 24, "special"},
        {0xe0000000, 3, "special"},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (inside(bytes, blocks[i].network, blocks[i].bits)) {
            return blocks[i].scope;
        }
    }
    return "global";
}

const char *rf_address_scope(const rf_address *address)
{
    static const uint8_t loopback[16] = {[15] = 1};
    const uint8_t *bytes = address->bytes;
    if (address->version == 4) {
        return scope_four(bytes);
    }
    if (memcmp(bytes, loopback, sizeof loopback) == 0) {
        return "loopback";
    }
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) {
        return "link-local";
    }
    if ((bytes[0] & 0xfe) == 0xfc) {
        return "private";
    }
    if (inside(bytes, 0x20010db8, 32)) {
        return "special";
    }
    if ((bytes[0] & 0xe0) == 0x20 || inside(bytes, 0x0064ff9b, 32)) {
        return "global";
    }
    return "special";
}
