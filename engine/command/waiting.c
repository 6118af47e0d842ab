/* waiting.c - see waiting.h. */
#include "command/waiting.h"

#include <sys/stat.h>

void rf_wait_for_file(const char *path, const char *what, rf_progress *progress)
{
    enum { BYTES_A_SECOND = 40000000 };
    struct stat found = {0};
    if (stat(path, &found) != 0) {
        found.st_size = 0;
    }
    rf_progress_expect(progress, what, (double)found.st_size / BYTES_A_SECOND);
}

void rf_wait_for_accounts(rf_store *store, const char *what, double microseconds,
                          rf_progress *progress)
{
    int64_t accounts = 0;
    if (rf_store_number(store, "SELECT max(id) FROM account", &accounts, NULL) != RF_OK) {
        accounts = 0; /* whoever works with it will say what is wrong */
    }
    rf_progress_expect(progress, what, (double)accounts * microseconds / 1e6);
}

void rf_wait_for_ring(rf_store *store, int64_t run, int64_t ring, const char *what,
                      double microseconds, rf_progress *progress)
{
    rf_statement *select = NULL;
    bool row = false;
    double members = 0;
    if (rf_prepare(store, "SELECT size FROM ring WHERE run = ?1 AND ring = ?2", &select, NULL) ==
        RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, ring);
        if (rf_step(select, &row, NULL) == RF_OK && row) {
            members = (double)rf_column_int(select, 0);
        }
    }
    rf_statement_end(select);
    rf_progress_expect(progress, what, members * microseconds / 1e6);
}
