/* writer.h - rows of CSV or JSON Lines through one large buffer.
 *
 * Fields are put in the order of the header; an empty field is nothing between two commas in CSV
 * and left out in JSON. The world's texts never hold quotes, commas or controls, so nothing is
 * escaped.
 */
#ifndef WG_WRITER_H
#define WG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { WG_MOST_COLUMNS = 10, WG_BUFFER = 1 << 20, WG_LONGEST_ROW = 2048 };

typedef struct wg_writer {
    FILE *file;
    const char *const *names;
    unsigned column;
    bool json, failed, first; /* first: no field of this row is written yet */
    size_t used;
    char buffer[WG_BUFFER];
} wg_writer;

/* Creates path and writes the header. names: column names, ended by NULL, kept by reference. */
bool wg_writer_open(wg_writer *out, const char *path, bool json, const char *const *names);
void wg_put(wg_writer *out, const char *text, size_t length); /* length 0 is an empty field */
void wg_put_number(wg_writer *out, uint64_t number);
void wg_put_time(wg_writer *out, uint32_t when); /* ISO 8601, UTC; 0 is an empty field */
void wg_end_row(wg_writer *out);
/* True when every byte has reached the file. */
bool wg_writer_close(wg_writer *out);

#endif
