/* snapshot.c - see snapshot.h. */
#include "store/snapshot.h"

#include "store/store_private.h"

enum { ATTEMPTS = 5, SMALL_CACHE = 2048 /* KiB: what is read once need not be kept */ };

static rf_status start(rf_store *store, int64_t *commits, rf_error *err)
{
    rf_status status = rf_store_exec(store, "BEGIN", err);
    return status == RF_OK ? rf_store_number(store, "PRAGMA data_version", commits, err) : status;
}

/* Moves what the log has into the database file; whether nothing is left in it. Not when others
 * read an older state, and not for a database without a log. */
static bool empty_log(rf_store *store)
{
    int frames = -1;
    int moved = -1;
    return sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, &frames,
                                     &moved) == SQLITE_OK &&
           frames >= 0 && frames == moved;
}

/* Starts alone; what is seen is in the file when it was there and nobody has committed since. */
static rf_status start_one(rf_store *store, bool in_front, rf_error *err)
{
    int64_t before = -1;
    int64_t after = -2;
    bool const known =
        !in_front && rf_store_number(store, "PRAGMA data_version", &before, NULL) == RF_OK;
    bool const empty = known && empty_log(store);
    rf_status const status = start(store, &after, err);
    store->still = status == RF_OK && empty && before == after;
    return status;
}

/* Whether both now see the same; if not, or after a failure, neither is in a transaction. */
static bool start_both(rf_store *store, rf_store *other)
{
    int64_t before = 0;
    int64_t after = 0;
    int64_t ignored = 0;
    bool empty = false;
    bool same = rf_store_number(other, "PRAGMA data_version", &before, NULL) == RF_OK;
    if (same) {
        empty = empty_log(store);
        same = start(store, &ignored, NULL) == RF_OK && start(other, &after, NULL) == RF_OK &&
               before == after;
    }
    store->still = same && empty;
    other->still = store->still;
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
    bool const in_front = something_in_front(store);
    rf_status status;
    *other = NULL;
    if (two && !in_front && (*other = open_other(store)) != NULL) {
        for (int i = 0; i < ATTEMPTS; i++) {
            if (start_both(store, *other)) {
                return RF_OK;
            }
        }
        rf_store_close(*other);
        *other = NULL;
    }
    status = start_one(store, in_front, err);
    if (status != RF_OK) {
        rf_store_rollback(store);
    }
    return status;
}

rf_status rf_snapshot_end(rf_store *store, rf_store *other, rf_error *err)
{
    rf_store_close(other);
    store->still = false;
    return rf_store_commit(store, err);
}
