/* utf8.h - reading UTF-8 that may be hostile.
 *
 * Invariant: no function trusts its input; overlong forms, surrogates, codes above U+10FFFF and cut
 * sequences are invalid, one byte at a time. Workload: every text that is printed.
 */
#ifndef RF_BASE_UTF8_H
#define RF_BASE_UTF8_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The number of bytes (1..4) of the character at `bytes`, its code in *code; 0 when the bytes there
 * are not UTF-8. `length` is at least 1. O(1). */
size_t rf_utf8_read(const char *bytes, size_t length, uint32_t *code);

/* True for characters that could drive or deceive a terminal or a reader: C0, DEL, C1, line and
 * paragraph separators, direction overrides and isolates, byte order marks, tags. */
bool rf_utf8_is_unsafe(uint32_t code);

/* Appends `length` bytes so that they may be shown to people: unsafe characters as \u001b, invalid
 * bytes as U+FFFD. One line stays one line. O(length). */
void rf_text_add_safe(rf_text *text, const char *bytes, size_t length);

/* As rf_text_add_safe, cut to at most `most` characters (at least 8): the beginning, "...", and the
 * last four characters, so that long values can still be told apart. O(length). */
void rf_text_add_short(rf_text *text, const char *bytes, size_t length, size_t most);

#endif
