/* judgement.c - see judgement.h. */
#include "command/judgement.h"

#include <string.h>

bool rf_judgement_option(rf_judgement *judgement, int option)
{
    switch (option) {
    case 'y':
        judgement->reason = optarg;
        return true;
    case 'b':
        judgement->by = optarg;
        return true;
    case 'l':
        judgement->list = true;
        return true;
    default:
        return false;
    }
}

bool rf_judgement_has_reason(const rf_judgement *judgement)
{
    const char *reason = judgement->reason;
    return reason != NULL && reason[strspn(reason, " \t\n")] != '\0';
}

rf_status rf_judgement_open(const rf_judgement *judgement, const rf_globals *globals,
                            rf_store **store, rf_error *err)
{
    return rf_store_open(globals->db, judgement->list ? RF_STORE_READ : RF_STORE_WRITE, store, err);
}
