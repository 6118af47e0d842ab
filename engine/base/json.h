/* json.h - writes one JSON document (RFC 8259), piece by piece, to a file or a text.
 *
 * Invariants: what is written is valid UTF-8 and, once every container is closed, valid JSON; the
 * same calls write the same bytes everywhere (no locale). Memory does not grow with the document.
 * A failed write to a file stays on the file (ferror), one to a text on the text (rf_text_failed):
 * ask once, at the end. Wrong nesting is a programmer mistake (assert).
 *
 * Workload: lists of up to millions of small objects.
 */
#ifndef RF_BASE_JSON_H
#define RF_BASE_JSON_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RF_JSON_DEPTH = 32 }; /* the deepest nesting */

typedef struct rf_json {
    FILE *file; /* one of the two */
    rf_text *text;
    int depth;
    bool keyed; /* a key was written, its value comes next */
    bool in_array[RF_JSON_DEPTH];
    bool not_empty[RF_JSON_DEPTH];
} rf_json;

/* A writer at the start of a document. The file or text stays the caller's. */
rf_json rf_json_to_file(FILE *file);
rf_json rf_json_to_text(rf_text *text);

void rf_json_object(rf_json *json);
void rf_json_object_end(rf_json *json);
void rf_json_array(rf_json *json);
void rf_json_array_end(rf_json *json);

/* The name of the next value; only inside an object. */
void rf_json_key(rf_json *json, const char *key);

/* NULL writes null. Invalid UTF-8 becomes U+FFFD; quotes, backslashes, control characters, DEL and
 * the line separators U+2028/9 are escaped. */
void rf_json_string(rf_json *json, const char *string);
void rf_json_bytes(rf_json *json, const char *bytes, size_t length);
void rf_json_int(rf_json *json, int64_t value);
/* The shortest decimal that reads back as the same double (a negative zero as 0); null for NaN and
 * infinities. */
void rf_json_real(rf_json *json, double value);
/* A fixed number of decimals (0..17); null for NaN and infinities, never "-0.0". */
void rf_json_fixed(rf_json *json, double value, int decimals);
void rf_json_bool(rf_json *json, bool value);
void rf_json_null(rf_json *json);
/* "2026-04-22T08:30:00Z" or null for RF_NO_TIME; "2026-04-22" or null for RF_NO_DAY. */
void rf_json_time(rf_json *json, int64_t time);
void rf_json_day(rf_json *json, int32_t day);

/* The final newline. Every container must be closed. */
void rf_json_finish(rf_json *json);

/* ---- numbers as text, also used by CSV and tables ---- */

enum { RF_NUMBER_TEXT = 352 }; /* the longest double with 17 decimals and its NUL */

/* The shortest decimal that reads back the same; "" for NaN and infinities. Returns out. */
const char *rf_real_format(double value, char out[RF_NUMBER_TEXT]);
/* Fixed decimals (0..17), never "-0.0"; "" for NaN and infinities. Returns out. */
const char *rf_fixed_format(double value, int decimals, char out[RF_NUMBER_TEXT]);

#endif
