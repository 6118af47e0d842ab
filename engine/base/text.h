/* text.h - a growable, always NUL-terminated text buffer.
 *
 * Appending remembers an out-of-memory failure instead of reporting each one: build the whole text,
 * then ask rf_text_failed once. Workload: lines of output, SQL, JSON documents.
 */
#ifndef RF_BASE_TEXT_H
#define RF_BASE_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct rf_text {
    char *bytes; /* NULL while empty; use rf_text_get */
    size_t length;
    size_t capacity;
    bool failed;
} rf_text; /* all zero bytes is an empty text */

void rf_text_append(rf_text *text, const char *bytes, size_t length);
void rf_text_add(rf_text *text, const char *added);
void rf_text_printf(rf_text *text, const char *format, ...) RF_PRINTF(2, 3);
/* Empties it, keeping the buffer. */
void rf_text_clear(rf_text *text);
/* Never NULL; valid until the next change. */
const char *rf_text_get(const rf_text *text);
/* True when an append ran out of memory: the text is then incomplete. */
bool rf_text_failed(const rf_text *text);
void rf_text_free(rf_text *text);

#endif
