/* kept.c - see kept.h. */
#include "store/kept.h"

#include "base/memory.h"
#include "store/store_private.h"

enum { MOST_BYTES = 900000000 };

rf_status rf_kept_put(rf_store *store, const char *part, const void *elements, size_t count,
                      size_t size, rf_error *err)
{
    sqlite3_stmt *insert = NULL;
    int code;
    if (count > MOST_BYTES / size) {
        return rf_fail(err, RF_EINPUT, "%s is too large to be kept", part);
    }
    code = sqlite3_prepare_v2(store->db,
                              "INSERT INTO kept (part, bytes) VALUES (?1, ?2)"
                              " ON CONFLICT (part) DO UPDATE SET bytes = excluded.bytes",
                              -1, &insert, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_bind_text(insert, 1, part, -1, SQLITE_STATIC);
    }
    if (code == SQLITE_OK) {
        code = count == 0
                   ? sqlite3_bind_zeroblob(insert, 2, 0)
                   : sqlite3_bind_blob(insert, 2, elements, (int)(count * size), SQLITE_STATIC);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(insert);
    }
    if (code != SQLITE_DONE) {
        rf_status const status = rf_store_error(store, code, err);
        (void)sqlite3_finalize(insert);
        return status;
    }
    (void)sqlite3_finalize(insert);
    return RF_OK;
}

/* The row of a part, 0 when there is none. */
static rf_status find_part(rf_store *store, const char *part, int64_t *row, rf_error *err)
{
    rf_statement *select = NULL;
    bool found = false;
    rf_status status = rf_prepare(store, "SELECT id FROM kept WHERE part = ?", &select, err);
    *row = 0;
    if (status == RF_OK) {
        rf_bind_text(select, 1, part);
        status = rf_step(select, &found, err);
    }
    if (status == RF_OK && found) {
        *row = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_kept_get(rf_store *store, const char *part, size_t size, void *out, size_t *count,
                      rf_error *err)
{
    sqlite3_blob *blob = NULL;
    void *elements = NULL;
    int64_t row = 0;
    int code = SQLITE_OK;
    size_t bytes = 0;
    rf_status status = find_part(store, part, &row, err);
    *(void **)out = NULL;
    *count = 0;
    if (status != RF_OK || row == 0) {
        return status;
    }
    code = sqlite3_blob_open(store->db, "main", "kept", "bytes", row, 0, &blob);
    if (code == SQLITE_OK) {
        bytes = (size_t)sqlite3_blob_bytes(blob) / size * size;
        elements = rf_alloc_raw(bytes, 1);
        code = elements == NULL ? SQLITE_NOMEM
               : bytes == 0     ? SQLITE_OK
                                : sqlite3_blob_read(blob, elements, (int)bytes, 0);
    }
    if (code != SQLITE_OK) {
        status = rf_store_error(store, code, err);
        rf_free(elements);
    } else {
        *(void **)out = elements;
        *count = bytes / size;
    }
    (void)sqlite3_blob_close(blob);
    return status;
}

rf_status rf_kept_forget(rf_store *store, rf_error *err)
{
    return rf_store_exec(store,
                         "DELETE FROM kept; DELETE FROM news_import; DELETE FROM news_holding;"
                         "DELETE FROM news_sighting; DELETE FROM news_activity;"
                         "DELETE FROM news_account",
                         err);
}
