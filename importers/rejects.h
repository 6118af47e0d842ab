/* rejects.h - shows and keeps the rows that an import could not read.
 *
 * The first few go to standard error, all to a CSV file (line, reason, text; and file, when several
 * files are imported at once). Rejected rows may hold anything, so: runs of 12 or more digits keep
 * the last four; payment instruments keep their last four characters; templates and columns nobody
 * asked for (they may hold prompts) are left out; a row that could not be split into fields is
 * shown only when the file has no such column. Cells that a spreadsheet would run are neutralised.
 * They never go into the database.
 */
#ifndef RF_IMPORTERS_REJECTS_H
#define RF_IMPORTERS_REJECTS_H

#include "base/status.h"
#include "base/text.h"
#include "importers/kinds.h"
#include "importers/reader.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct rf_rejects {
    FILE *file;       /* NULL: not kept */
    const char *path; /* of that file */
    bool name_files;  /* write the column `file` */
    bool begun;       /* what it held before is gone, the header is written */
    bool failed;      /* memory ran out while writing a row */
} rf_rejects;

/* Makes the file (readable by its owner only). What an older one holds is replaced with the first
 * row or the first rf_rejects_check: not when there turns out to be nothing to import. `path` must
 * outlive it. */
RF_MUST_USE rf_status rf_rejects_open(rf_rejects *rejects, const char *path, bool name_files,
                                      rf_error *err);
/* Closes it, an empty file with a header; RF_EIO when not everything could be written. A rejects
 * that is all zero is fine. */
RF_MUST_USE rf_status rf_rejects_close(rf_rejects *rejects, rf_error *err);

/* Keeps one row. `masked_value`: the field `value` holds instruments. A failed write stays on the
 * file until rf_rejects_check. */
void rf_rejects_add(rf_rejects *rejects, const rf_kind *kind, bool masked_value, const char *source,
                    const rf_reader *reader, const rf_row *row);
/* RF_EIO when something could not be written so far; asked before an import is committed, which is
 * also when a file without rows gets its header. */
RF_MUST_USE rf_status rf_rejects_check(rf_rejects *rejects, rf_error *err);

/* Appends a text with all but the last four digits of each run of 12 or more digits (single spaces
 * and dashes inside it do not end a run) replaced by '*'. O(length). */
void rf_mask_cards(rf_text *out, const char *text, size_t length);

#endif
