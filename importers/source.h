/* source.h - the bytes of one file or of standard input, line by line, with their digest.
 *
 * A window of the file is kept in memory: from a mark (the start of the row being read) to what was
 * read ahead. So a reader can go back to the mark when a row turns out broken, and memory is
 * bounded: a row is at most RF_ROW_LIMIT bytes. Every byte is hashed once, as it is read.
 * Workload: gigabytes, lines of ~100 bytes: memchr per line, one read per MiB.
 */
#ifndef RF_IMPORTERS_SOURCE_H
#define RF_IMPORTERS_SOURCE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits of an input, documented in the manual. */
enum {
    RF_FIELD_LIMIT = 64 << 10, /* bytes of a field */
    RF_ROW_LIMIT = 1 << 20     /* bytes of a row, and so of a line */
};

enum { RF_DIGEST_TEXT = 65 }; /* SHA-256 in hexadecimal and its NUL */

typedef struct rf_source rf_source;

typedef struct rf_line {
    const char *bytes; /* with its line feed, if it has one; valid until the next rf_source_line */
    size_t length;
    int64_t number; /* from 1 */
    bool too_long;  /* over RF_ROW_LIMIT; length is then 0 */
} rf_line;

/* Opens a file, or standard input for "-". The caller owns *out. Errors: RF_EINPUT (missing, a
 * folder), RF_EIO. */
RF_MUST_USE rf_status rf_source_open(const char *path, rf_source **out, rf_error *err);
/* The same over bytes in memory, for tests and fuzzing; they must outlive the source. */
RF_MUST_USE rf_status rf_source_open_memory(const void *bytes, size_t length, rf_source **out,
                                            rf_error *err);
void rf_source_close(rf_source *source); /* NULL is fine */

const char *rf_source_path(const rf_source *source);
/* Size of a regular file, 0 when not known. */
uint64_t rf_source_size(const rf_source *source);
/* Bytes read so far. */
uint64_t rf_source_done(const rf_source *source);

/* The first bytes of the file without consuming them: up to `wanted`, fewer at its end. */
RF_MUST_USE rf_status rf_source_peek(rf_source *source, size_t wanted, const char **bytes,
                                     size_t *length, rf_error *err);
/* Skips bytes that were peeked at (a byte order mark). */
void rf_source_skip(rf_source *source, size_t length);

/* The next line; *found is false at the end. All lines since the mark stay in memory together, up
 * to RF_ROW_LIMIT bytes. A line that would go beyond is too_long: as the first one after the mark
 * it is skipped; behind others it is not consumed, and the caller must move the mark. */
RF_MUST_USE rf_status rf_source_line(rf_source *source, rf_line *line, bool *found, rf_error *err);
/* Puts the mark before the next line: what is earlier is forgotten. */
void rf_source_mark(rf_source *source);
/* Everything from the mark to here. */
const char *rf_source_marked(const rf_source *source, size_t *length);
/* Goes back to the end of the first line after the mark, and puts the mark there. */
void rf_source_second_line(rf_source *source);

/* Reads to the end (nothing remains to be read afterwards) and writes the digest of all bytes. */
RF_MUST_USE rf_status rf_source_digest(rf_source *source, char digest[RF_DIGEST_TEXT],
                                       uint64_t *bytes, rf_error *err);
/* The digest of a regular file without a source. */
RF_MUST_USE rf_status rf_file_digest(const char *path, char digest[RF_DIGEST_TEXT], rf_error *err);

#endif
