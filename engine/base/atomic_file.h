/* atomic_file.h - a result file that is either wholly there or not at all.
 *
 * What is written goes to a hidden file in the same folder, is synced to the disk and then takes
 * the name; a file that was there before stays untouched until then. A name that is a pipe or a
 * device is written to directly, and "-" is standard output.
 */
#ifndef RF_BASE_ATOMIC_FILE_H
#define RF_BASE_ATOMIC_FILE_H

#include "base/status.h"

#include <stdio.h>

typedef struct rf_atomic_file {
    FILE *file;       /* to write to */
    char *path;       /* the name it will have; NULL: written to directly */
    char *temporary;  /* its name until then */
    const char *name; /* as asked for, for messages */
} rf_atomic_file;     /* all zero bytes: none, and may be dropped */

/* `path` must outlive the file. On failure (RF_EIO, RF_EINPUT for a folder, RF_ENOMEM) *out is all
 * zero. The file gets the mode of the one it replaces, else what the umask leaves. */
RF_MUST_USE rf_status rf_atomic_open(const char *path, rf_atomic_file *out, rf_error *err);

/* Writes what is left and gives the file its name. RF_EIO when anything could not be written; then
 * nothing has changed under that name. Either way *file is all zero afterwards. */
RF_MUST_USE rf_status rf_atomic_commit(rf_atomic_file *file, rf_error *err);

/* Gives it up. Harmless after commit. */
void rf_atomic_drop(rf_atomic_file *file);

#endif
