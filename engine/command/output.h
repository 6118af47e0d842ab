/* output.h - writes rows of typed columns as a table for people, or as JSON or CSV for programs.
 *
 * Cells are given in column order, one call each; a row ends by itself when its last cell is given.
 * The same calls serve the three formats:
 *   table  columns through libsmartcols, fitted to the terminal; control characters, direction
 *          overrides and invalid UTF-8 in values are shown as escapes, so that a hostile value
 *          cannot drive the terminal; colour only on a terminal and without NO_COLOR
 *   json   one array with one object a row, nulls kept
 *   csv    a header, then rows; formulas neutralised in text cells (see base/csv_out.h)
 *
 * Invariants: numbers are never localised; JSON and CSV are written as they come, and a table every
 * 2,000 rows, so memory does not grow with the result. A failed write stays on the file: main.c
 * asks once, at the end.
 */
#ifndef RF_COMMAND_OUTPUT_H
#define RF_COMMAND_OUTPUT_H

#include "base/csv_out.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/words.h"
#include "command/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum rf_field_kind {
    RF_FIELD_TEXT,
    RF_FIELD_INT,
    RF_FIELD_REAL, /* with `decimals` */
    RF_FIELD_BOOL, /* table: yes or nothing; json: true, false; csv: 1, 0 */
    RF_FIELD_TIME, /* table: to the minute; json, csv: 2026-04-22T08:30:00Z */
    RF_FIELD_DAY,
    RF_FIELD_ANY /* told by the cells: right-aligned when all are numbers */
} rf_field_kind;

/* Where a column appears; 0 means everywhere. Cells are given all the same. */
enum { RF_IN_TABLE = 1, RF_IN_JSON = 2, RF_IN_CSV = 4 };

typedef struct rf_field {
    const char *name;  /* JSON key and CSV heading: "ring_id" */
    const char *title; /* heading for people; NULL: the name with blanks for underscores */
    rf_field_kind kind;
    int decimals;   /* for reals: 0..17; -1 the shortest that reads back */
    unsigned shown; /* RF_IN_...; 0: everywhere */
    bool wrap;      /* table: long texts go on over several lines instead of being cut */
} rf_field;

typedef struct rf_sheet rf_sheet;

typedef struct rf_sheet_options {
    FILE *file;
    rf_format format;
    bool raw;         /* CSV: leave formulas as they are */
    const char *none; /* table: the sentence printed when there are no rows; NULL: nothing */
} rf_sheet_options;

/* Starts the output. `fields` (count >= 1) must live until the end. On success the caller ends *out
 * with rf_sheet_end; on failure it is NULL. */
RF_MUST_USE rf_status rf_sheet_start(const rf_sheet_options *options, const rf_field *fields,
                                     size_t count, rf_sheet **out, rf_error *err);
/* The cells. For the next column, of any kind: a number in a text column is fine. A NULL text,
 * RF_NO_TIME, RF_NO_DAY, NaN and infinities are null: an empty cell for tables and CSV. */
void rf_sheet_text(rf_sheet *sheet, const char *text);
void rf_sheet_bytes(rf_sheet *sheet, const char *bytes, size_t length);
void rf_sheet_int(rf_sheet *sheet, int64_t value);
void rf_sheet_real(rf_sheet *sheet, double value);
void rf_sheet_bool(rf_sheet *sheet, bool value);
void rf_sheet_time(rf_sheet *sheet, int64_t time);
void rf_sheet_day(rf_sheet *sheet, int32_t day);
void rf_sheet_null(rf_sheet *sheet);
/* For a column with structure. In JSON it returns the writer, placed behind the key, and the caller
 * writes exactly one value with it; in the other formats, or when the column is not shown in JSON,
 * NULL, and nothing was written: the caller gives the cell as text. */
RF_MUST_USE rf_json *rf_sheet_nested(rf_sheet *sheet);
/* Ends the nested cell. */
void rf_sheet_nested_end(rf_sheet *sheet);
/* Table: shows the row that comes next in the warning colour, where there is colour. */
void rf_sheet_stress(rf_sheet *sheet);
/* Rows ended so far. */
uint64_t rf_sheet_count(const rf_sheet *sheet);

/* Writes what is left, closes the document and frees the sheet (NULL is fine). RF_ENOMEM when a
 * table could not be built. */
RF_MUST_USE rf_status rf_sheet_end(rf_sheet *sheet, rf_error *err);
/* Frees the sheet after a failure, without closing the document. NULL is fine. */
void rf_sheet_drop(rf_sheet *sheet);

/* ---- prose for people ---- */

/* True when the file is a terminal and NO_COLOR is not set (or empty). */
bool rf_colour_wanted(FILE *file);
/* The columns of the terminal, 80..160; 100 when the file is none. */
size_t rf_page_width(FILE *file);
/* Writes a paragraph, broken at blanks to the page width, each line after `indent` blanks, and a
 * newline. The text must be safe already (rf_text_add_safe). */
void rf_paragraph(FILE *file, size_t indent, const char *text);
/* A heading over a part of a page; bold where there is colour. */
void rf_heading(FILE *file, const char *text);

/* One JSON document on standard output for commands that write an object: a writer, to be ended
 * with rf_json_finish. */
rf_json rf_output_json(void);

#endif
