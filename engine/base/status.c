/* status.c - see status.h. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

rf_status rf_fail(rf_error *err, rf_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        err->status = status;
        (void)vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

rf_status rf_fail_memory(rf_error *err, const char *what)
{
    return rf_fail(err, RF_ENOMEM, "out of memory while building %s", what);
}

int rf_exit_code(rf_status status)
{
    switch (status) {
    case RF_OK:
        return 0;
    case RF_EUSAGE:
        return 2;
    case RF_EREJECTS:
        return 3;
    case RF_EDATABASE:
        return 4;
    case RF_ESTOPPED:
        return 130; /* what a shell reports for Ctrl-C */
    case RF_EINPUT:
    case RF_EIO:
    case RF_ENOMEM:
        return 1;
    }
    return 1;
}
