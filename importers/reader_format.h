/* reader_format.h - what the two formats of reader.h share; included by importers/ only. */
#ifndef RF_IMPORTERS_READER_FORMAT_H
#define RF_IMPORTERS_READER_FORMAT_H

#include "importers/reader.h"

/* A format: opened over a source whose first bytes were looked at, then asked for rows. */
typedef struct rf_reader_format {
    rf_status (*open)(rf_reader *reader, rf_error *err);
    rf_status (*next)(rf_reader *reader, rf_row *row, bool *found, rf_error *err);
    void (*close)(rf_reader *reader);
} rf_reader_format;

extern const rf_reader_format rf_csv_format;
extern const rf_reader_format rf_jsonl_format;

struct rf_reader {
    const rf_reader_format *format;
    rf_source *source;
    const rf_columns *columns;
    void *state;  /* the format's own */
    char *buffer; /* texts of the cells of one row: never more than a row */
    size_t used;
    rf_text ignored;
    size_t ignored_count;
    size_t order[RF_MAX_FIELDS];
    size_t order_count;
};

/* Bytes that hold the cells of any row: numbers of JSON may be written longer than they were. */
enum { RF_READER_BUFFER = RF_ROW_LIMIT + 4096 };

/* Empties the row and starts it at a line. */
void rf_reader_start_row(rf_reader *reader, rf_row *row, int64_t line);
/* Makes the row bad, unless it is already (the first reason is the one to tell). */
void rf_reader_bad(rf_row *row, const char *format, ...) RF_PRINTF(2, 3);
/* True for a line of white space alone: no row. */
bool rf_reader_blank(const rf_line *line);
/* Trims and checks a cell and copies it into the row. */
void rf_reader_put(rf_reader *reader, rf_row *row, size_t field, const char *bytes, size_t length);
/* Rejects bytes that no row may hold: NUL, invalid UTF-8. */
void rf_reader_check_bytes(rf_row *row, const char *bytes, size_t length);
/* Remembers the name of a column nobody asked for. */
void rf_reader_ignore(rf_reader *reader, const char *name, size_t length);

#endif
