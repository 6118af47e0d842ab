/* status.h - how every function of the project says that it failed.
 *
 * A function that can fail returns an rf_status and takes an rf_error, owned by the caller, as its
 * last argument. The status is for programs, the text in rf_error for people: it names what
 * failed, where (file, line, value) and what to do next. Nothing is kept in globals.
 *
 * Invariant: a function that returns anything but RF_OK has filled *err (when err is not NULL).
 */
#ifndef RF_BASE_STATUS_H
#define RF_BASE_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define RF_MUST_USE __attribute__((warn_unused_result))
#define RF_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define RF_MUST_USE
#define RF_PRINTF(text, first)
#endif

typedef enum rf_status {
    RF_OK = 0,
    RF_EINPUT,    /* the input is wrong: a file, a row, a value */
    RF_EIO,       /* the operating system refused: file, disk, pipe */
    RF_ENOMEM,    /* an allocation failed */
    RF_EUSAGE,    /* the command line is wrong */
    RF_EREJECTS,  /* the operation is done, but some rows were rejected */
    RF_EDATABASE, /* the database is busy, corrupt, foreign or newer than the program */
    RF_ESTOPPED   /* the user asked to stop (Ctrl-C); nothing was changed */
} rf_status;

typedef struct rf_error {
    rf_status status;
    char text[1024];
} rf_error;

/* Fills *err (which may be NULL) with a printf-formatted text and returns status, so that a
 * failure reads `return rf_fail(err, RF_EINPUT, "%s:%ld: no account_id", path, line);`.
 * A text too long is cut. */
rf_status rf_fail(rf_error *err, rf_status status, const char *format, ...) RF_PRINTF(3, 4);

/* The same for a failed allocation, naming what was being built. */
rf_status rf_fail_memory(rf_error *err, const char *what);

/* The exit status of the process for a status, as the command-line contract states it:
 * 0 done, 1 bad input or failed operation, 2 wrong usage, 3 rows rejected, 4 database trouble. */
int rf_exit_code(rf_status status);

#endif
