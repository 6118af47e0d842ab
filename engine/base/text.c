/* text.c - see text.h. */
#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool make_room(rf_text *text, size_t added)
{
    if (text->failed || added >= (size_t)-1 - text->length ||
        !rf_reserve(&text->bytes, &text->capacity, text->length + added + 1, 1)) {
        text->failed = true;
        return false;
    }
    return true;
}

void rf_text_append(rf_text *text, const char *bytes, size_t length)
{
    if (make_room(text, length)) {
        if (length > 0) {
            memcpy(text->bytes + text->length, bytes, length);
        }
        text->length += length;
        text->bytes[text->length] = '\0';
    }
}

void rf_text_add(rf_text *text, const char *added)
{
    rf_text_append(text, added, strlen(added));
}

void rf_text_printf(rf_text *text, const char *format, ...)
{
    va_list arguments;
    va_list again;
    int length;
    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (make_room(text, (size_t)length)) {
        (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void rf_text_clear(rf_text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->bytes != NULL) {
        text->bytes[0] = '\0';
    }
}

const char *rf_text_get(const rf_text *text)
{
    return text->bytes == NULL ? "" : text->bytes;
}

bool rf_text_failed(const rf_text *text)
{
    return text->failed;
}

void rf_text_free(rf_text *text)
{
    rf_free(text->bytes);
    *text = (rf_text){0};
}
