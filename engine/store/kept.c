/* kept.c - see kept.h. */
#include "store/kept.h"

#include "base/memory.h"
#include "base/squeeze.h"
#include "store/store_private.h"

enum { MOST_BYTES = 900000000 };

static int put_bytes(rf_store *store, const char *part, const uint8_t *bytes, size_t count)
{
    sqlite3_stmt *insert = NULL;
    int code = sqlite3_prepare_v2(store->db,
                                  "INSERT INTO kept (part, bytes) VALUES (?1, ?2)"
                                  " ON CONFLICT (part) DO UPDATE SET bytes = excluded.bytes",
                                  -1, &insert, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_bind_text(insert, 1, part, -1, SQLITE_STATIC);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_bind_blob(insert, 2, bytes, (int)count, SQLITE_STATIC);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(insert);
    }
    (void)sqlite3_finalize(insert);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

rf_status rf_kept_put(rf_store *store, const char *part, const void *elements, size_t count,
                      size_t size, rf_error *err)
{
    uint8_t *squeezed = NULL;
    size_t bytes = 0;
    int code;
    if (count > SIZE_MAX / 2 / size) {
        return rf_fail(err, RF_EINPUT, "%s is too large to be kept", part);
    }
    if (!rf_squeeze(elements, count, size, &squeezed, &bytes)) {
        return rf_fail_memory(err, "what is kept of the run");
    }
    if (bytes > MOST_BYTES) {
        rf_free(squeezed);
        return rf_fail(err, RF_EINPUT, "%s is too large to be kept", part);
    }
    code = put_bytes(store, part, squeezed, bytes);
    rf_free(squeezed);
    return code == SQLITE_OK ? RF_OK : rf_store_error(store, code, err);
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

/* All bytes of a row; *out is the caller's. */
static int get_bytes(rf_store *store, int64_t row, uint8_t **out, size_t *bytes)
{
    sqlite3_blob *blob = NULL;
    int code = sqlite3_blob_open(store->db, "main", "kept", "bytes", row, 0, &blob);
    *out = NULL;
    if (code == SQLITE_OK) {
        *bytes = (size_t)sqlite3_blob_bytes(blob);
        *out = rf_alloc_raw(*bytes, 1);
        code = *out == NULL  ? SQLITE_NOMEM
               : *bytes == 0 ? SQLITE_OK
                             : sqlite3_blob_read(blob, *out, (int)*bytes, 0);
    }
    (void)sqlite3_blob_close(blob);
    return code;
}

rf_status rf_kept_get(rf_store *store, const char *part, size_t size, void *out, size_t *count,
                      rf_error *err)
{
    return rf_kept_get_with_room(store, part, size, 0, out, count, err);
}

rf_status rf_kept_get_with_room(rf_store *store, const char *part, size_t size, size_t more,
                                void *out, size_t *count, rf_error *err)
{
    uint8_t *squeezed = NULL;
    void *elements = NULL;
    int64_t row = 0;
    size_t bytes = 0;
    int code = SQLITE_OK;
    rf_status status = find_part(store, part, &row, err);
    *(void **)out = NULL;
    *count = 0;
    if (status != RF_OK || row == 0) {
        return status;
    }
    code = get_bytes(store, row, &squeezed, &bytes);
    if (code != SQLITE_OK) {
        status = rf_store_error(store, code, err);
    } else if (rf_squeezed_count(squeezed, bytes, size, count)) {
        elements = rf_alloc_raw(*count + more, size);
        if (elements == NULL) {
            status = rf_fail_memory(err, "what was kept");
        } else if (!rf_unsqueeze(squeezed, bytes, size, elements)) {
            rf_free(elements);
            elements = NULL;
        }
    }
    rf_free(squeezed);
    *count = elements == NULL ? 0 : *count;
    *(void **)out = elements;
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
