/* snapshot.c - see snapshot.h. */
#include "store/snapshot.h"

#include "store/store_private.h"

enum { ATTEMPTS = 5, SMALL_CACHE = 2048 /* KiB: what is read once need not be kept */ };

static rf_status start(rf_store *store, int64_t *commits, rf_error *err)
{
    rf_status status = rf_store_exec(store, "BEGIN", err);
    return status == RF_OK ? rf_store_number(store, "PRAGMA data_version", commits, err) : status;
}

/* Whether both now see the same; if not, or after a failure, neither is in a transaction. */
static bool start_both(rf_store *store, rf_store *other)
{
    int64_t before = 0;
    int64_t after = 0;
    int64_t ignored = 0;
    bool const same = rf_store_number(other, "PRAGMA data_version", &before, NULL) == RF_OK &&
                      start(store, &ignored, NULL) == RF_OK &&
                      start(other, &after, NULL) == RF_OK && before == after;
    if (!same) {
        rf_store_rollback(store);
        rf_store_rollback(other);
    }
    return same;
}

/* What is temporary belongs to one connection: the other would read what stands behind it. */
static bool something_in_front(rf_store *store)
{
    int64_t count = 0;
    return rf_store_number(store,
                           "SELECT count(*) FROM temp.sqlite_schema WHERE name COLLATE NOCASE IN"
                           " (SELECT name FROM main.sqlite_schema)",
                           &count, NULL) != RF_OK ||
           count > 0;
}

static rf_store *open_other(rf_store *store)
{
    char setting[64];
    int moved = 1;
    rf_store *other = NULL;
    rf_error ignored;
    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
        moved != 0 ||
        rf_store_open(rf_store_path(store), RF_STORE_READ, &other, &ignored) != RF_OK) {
        return NULL;
    }
    (void)sqlite3_snprintf((int)sizeof setting, setting, "PRAGMA cache_size = -%d", SMALL_CACHE);
    if (rf_store_exec(other, setting, NULL) != RF_OK) {
        rf_store_close(other);
        return NULL;
    }
    return other;
}

rf_status rf_snapshot_begin(rf_store *store, bool two, rf_store **other, rf_error *err)
{
    int64_t ignored = 0;
    rf_status status;
    *other = NULL;
    if (two && !something_in_front(store) && (*other = open_other(store)) != NULL) {
        for (int i = 0; i < ATTEMPTS; i++) {
            if (start_both(store, *other)) {
                return RF_OK;
            }
        }
        rf_store_close(*other);
        *other = NULL;
    }
    status = start(store, &ignored, err);
    if (status != RF_OK) {
        rf_store_rollback(store);
    }
    return status;
}

rf_status rf_snapshot_end(rf_store *store, rf_store *other, rf_error *err)
{
    rf_store_close(other);
    return rf_store_commit(store, err);
}
