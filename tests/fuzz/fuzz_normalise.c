/* fuzz_normalise.c - the normalisers over any bytes: what they write, they read as itself. */
#include "base/address.h"
#include "base/clock.h"
#include "base/text.h"
#include "importers/normalise.h"
#include "importers/rejects.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_address(const char *text, size_t length)
{
    rf_address read;
    rf_address again;
    char out[RF_ADDRESS_TEXT];
    if (rf_address_parse(text, length, &read)) {
        size_t const written = rf_address_format(&read, out);
        must(written == strlen(out) && rf_address_parse(out, written, &again));
        must(memcmp(&read, &again, sizeof read) == 0);
        must(rf_address_prefix(&read, out) == strlen(out));
        must(rf_address_scope(&read) != NULL);
    }
}

static void check_texts(const char *text, size_t length)
{
    char first[RF_TEXT_LIMIT];
    char second[RF_TEXT_LIMIT];
    char domain[RF_TEXT_LIMIT];
    rf_card card;
    uint32_t count;
    if (rf_normal_email(text, length, first, domain)) {
        must(rf_normal_email(first, strlen(first), second, domain) && strcmp(first, second) == 0);
    }
    if (rf_normal_phone(text, length, first)) {
        must(rf_normal_phone(first, strlen(first), second) && strcmp(first, second) == 0);
    }
    if (rf_normal_card(text, length, "k", 1, &card)) {
        must(strlen(card.token) == 21 && rf_digits(card.bin, 6, 6, 6) &&
             rf_digits(card.last4, 4, 4, 4));
    }
    if (length < sizeof first) {
        rf_normal_device(text, length, first);
        must(strlen(first) == length);
    }
    (void)rf_normal_count(text, length, 1000, &count);
}

/* No run of 12 digits survives the mask. */
static void check_mask(const char *text, size_t length)
{
    rf_text out = {0};
    size_t run = 0;
    rf_mask_cards(&out, text, length);
    must(out.length == length);
    for (size_t i = 0; i < out.length; i++) {
        char const c = out.bytes[i];
        run = c >= '0' && c <= '9' ? run + 1 : 0;
        must(run < 12);
    }
    rf_text_free(&out);
}

/* The normalisers take texts without NUL, cut from the middle of a buffer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t time;
    char *text = malloc(size + 1);
    size_t length = 0;
    if (text == NULL) {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0) {
            text[length++] = (char)data[i];
        }
    }
    text[length] = '\0';
    check_address(text, length);
    check_texts(text, length);
    check_mask(text, length);
    (void)rf_utf8_valid(text, length);
    if (rf_time_parse(text, length, &time)) {
        must(time >= 0 && time < RF_TIME_END);
    }
    free(text);
    return 0;
}
