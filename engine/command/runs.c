/* runs.c - see runs.h. */
#include "command/runs.h"

#include "command/command.h"

#include <string.h>

static rf_status run_exists(rf_store *store, int64_t run, int64_t newest, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, "SELECT 1 FROM run WHERE id = ?", &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, run);
        status = rf_step(statement, &row, err);
    }
    rf_statement_end(statement);
    if (status == RF_OK && !row) {
        status = rf_fail(err, RF_EINPUT, "%s: there is no run %lld; the latest is %lld",
                         rf_store_path(store), (long long)run, (long long)newest);
    }
    return status;
}

rf_status rf_choose_run(rf_store *store, const char *text, int64_t *run, rf_error *err)
{
    int64_t newest = 0;
    int64_t asked = 0;
    rf_status status = RF_OK;
    *run = 0;
    if (text != NULL && strcmp(text, "latest") != 0) {
        status = rf_option_int("--run", text, 1, INT64_MAX, &asked, err);
    }
    if (status == RF_OK) {
        status = rf_store_number(store, "SELECT max(id) FROM run", &newest, err);
    }
    if (status == RF_OK && newest == 0) {
        status = rf_fail(err, RF_EINPUT,
                         "%s: nothing was detected yet; run `ringfence --db %s detect` first",
                         rf_store_path(store), rf_store_path(store));
    }
    if (status == RF_OK && asked != 0) {
        status = run_exists(store, asked, newest, err);
    }
    if (status == RF_OK) {
        *run = asked != 0 ? asked : newest;
    }
    return status;
}
