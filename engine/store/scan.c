/* scan.c - see scan.h. */
#include "store/scan.h"

#include "base/memory.h"
#include "store/pages.h"
#include "store/store_private.h"

#include <string.h>

enum { STORED = 64, UNREAD = 0xff };

struct rf_scan {
    rf_scan_cell cell[RF_SCAN_COLUMNS];
    uint32_t columns;
    rf_statement *select; /* one of the two */
    rf_pages *pages;
    uint8_t cell_of[STORED]; /* by place in the record: the cell to fill, or UNREAD */
    uint32_t places;         /* looked at: the last one is read */
    uint8_t rowid;           /* the cell that is the rowid, or UNREAD */
    rf_store *store;
};

/* ---- which place of a record has which column ---- */

/* Whether `name` is the i-th of a list "a, b, c". */
static bool is_named(const char *list, uint32_t i, const char *name)
{
    size_t const length = strlen(name);
    for (; i > 0 && list != NULL; i--) {
        list = strchr(list, ',');
        list = list == NULL ? NULL : list + 1 + strspn(list + 1, " ");
    }
    return list != NULL && strncmp(list, name, length) == 0 &&
           (list[length] == '\0' || list[length] == ',');
}

static uint32_t count_names(const char *list)
{
    uint32_t count = 1;
    for (; (list = strchr(list, ',')) != NULL; list++) {
        count++;
    }
    return count;
}

typedef struct layout {
    int64_t root;
    uint32_t keys; /* columns of the primary key */
    bool plain;    /* every column is stored as it is declared */
} layout;

static rf_status look_up(rf_store *store, const char *table, layout *found, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        store,
        "SELECT s.rootpage, sum(x.pk > 0), max(x.hidden) = 0 AND count(*) <= 64"
        " FROM main.sqlite_schema s, pragma_table_xinfo(s.name, 'main') x"
        " WHERE s.type = 'table' AND s.name = ? AND s.sql NOT LIKE 'CREATE VIRTUAL%' GROUP BY 1",
        &select, err);
    *found = (layout){0};
    if (status == RF_OK) {
        rf_bind_text(select, 1, table);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        *found = (layout){rf_column_int(select, 0), (uint32_t)rf_column_int(select, 1),
                          rf_column_int(select, 2) != 0};
    }
    rf_statement_end(select);
    return status;
}

/* Tables without rowid store the columns of the key first, others all as declared. *complete says
 * that every column asked for was found. */
static rf_status place_columns(rf_scan *scan, const char *table, const char *columns, uint32_t keys,
                               bool keyed, bool *complete, rf_error *err)
{
    rf_statement *select = NULL;
    uint32_t found = 0;
    uint32_t declared = 0;
    uint32_t others = keys;
    bool row = true;
    rf_status status = rf_prepare(scan->store,
                                  "SELECT name, pk, upper(type) = 'INTEGER', dflt_value IS NULL"
                                  " FROM pragma_table_info(?, 'main')",
                                  &select, err);
    memset(scan->cell_of, UNREAD, sizeof scan->cell_of);
    scan->rowid = UNREAD;
    if (status == RF_OK) {
        rf_bind_text(select, 1, table);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const key = (uint32_t)rf_column_int(select, 1);
        uint32_t const place = !keyed ? declared : key > 0 ? key - 1 : others;
        others += key == 0;
        declared++;
        for (uint8_t i = 0; i < scan->columns; i++) {
            if (!is_named(columns, i, rf_column_text(select, 0)) || rf_column_int(select, 3) == 0) {
                continue; /* records older than a column do not have its default value */
            }
            found++;
            if (!keyed && key > 0 && keys == 1 && rf_column_int(select, 2) != 0) {
                scan->rowid = i;
            } else {
                scan->cell_of[place] = i;
                scan->places = place + 1 > scan->places ? place + 1 : scan->places;
            }
        }
    }
    rf_statement_end(select);
    *complete = found == scan->columns;
    return status;
}

/* ---- records ---- */

static rf_status bad_record(const rf_scan *scan, rf_error *err)
{
    return rf_fail(err, RF_EDATABASE, "%s: the database is corrupt (a record); restore a copy",
                   scan->store->path);
}

static int64_t whole_number(const uint8_t *at, uint32_t bytes)
{
    uint64_t number = bytes > 0 && at[0] >= 0x80 ? UINT64_MAX : 0;
    for (uint32_t i = 0; i < bytes; i++) {
        number = number << 8 | at[i];
    }
    return (int64_t)number;
}

/* Bytes of the content of a cell by its type number below 12. */
static const uint8_t content[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

static void fill_cell(rf_scan_cell *cell, uint64_t type, const uint8_t *at, uint32_t bytes)
{
    *cell = (rf_scan_cell){.kind = RF_NULL, .text = ""};
    if (type >= 12 && (type & 1) == 1) {
        *cell = (rf_scan_cell){RF_TEXT, bytes, 0, (const char *)at};
    } else if (type == 8 || type == 9) {
        *cell = (rf_scan_cell){RF_INT, 0, (int64_t)type - 8, ""};
    } else if (type > 0 && type < 7) {
        *cell = (rf_scan_cell){RF_INT, 0, whole_number(at, bytes), ""};
    }
}

/* A type of the head of a record. Most are one byte. */
static const uint8_t *read_type(const uint8_t *at, const uint8_t *end, uint64_t *type)
{
    *type = 0;
    for (int i = 0; i < 5 && at < end; i++) { /* more than 2^35 cannot be */
        *type = *type << 7 | (*at & 0x7f);
        if ((*at++ & 0x80) == 0) {
            return at;
        }
    }
    return NULL;
}

static rf_status read_record(rf_scan *scan, const rf_record *record, rf_error *err)
{
    const uint8_t *const end = record->bytes + record->length;
    const uint8_t *head_end = end;
    uint64_t head = 0;
    const uint8_t *at = read_type(record->bytes, end, &head);
    const uint8_t *body = record->bytes + head;
    if (at == NULL || head > record->length || body < at) {
        return bad_record(scan, err);
    }
    head_end = body;
    for (uint32_t place = 0; place < scan->places; place++) {
        uint8_t const i = scan->cell_of[place];
        uint64_t type = 0;
        uint64_t bytes;
        if (at < head_end && (at = read_type(at, head_end, &type)) == NULL) {
            return bad_record(scan, err);
        } /* columns that were added later are not in older records: NULL */
        bytes = type < 12 ? content[type] : (type - 12) / 2;
        if (bytes > (uint64_t)(end - body)) {
            return bad_record(scan, err);
        }
        if (i != UNREAD) {
            fill_cell(&scan->cell[i], type, body, (uint32_t)bytes);
        }
        body += bytes;
    }
    if (scan->rowid != UNREAD) {
        scan->cell[scan->rowid] = (rf_scan_cell){RF_INT, 0, record->rowid, ""};
    }
    return RF_OK;
}

/* ---- the same by a statement ---- */

static rf_status prepare_select(rf_scan *scan, const char *table, const char *columns,
                                const char *keys, rf_error *err)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM %s ORDER BY %s", columns, table, keys);
    rf_status const status =
        sql == NULL ? rf_fail_memory(err, table) : rf_prepare(scan->store, sql, &scan->select, err);
    sqlite3_free(sql);
    return status;
}

static rf_status step_select(rf_scan *scan, const rf_scan_cell **cells, rf_error *err)
{
    bool row = false;
    rf_status const status = rf_step(scan->select, &row, err);
    *cells = status == RF_OK && row ? scan->cell : NULL;
    for (int i = 0; *cells != NULL && i < (int)scan->columns; i++) {
        rf_scan_cell *cell = &scan->cell[i];
        *cell = (rf_scan_cell){.kind = rf_column_kind(scan->select, i), .text = ""};
        if (cell->kind == RF_INT) {
            cell->number = rf_column_int(scan->select, i);
        } else if (cell->kind == RF_TEXT) {
            cell->text = rf_column_text(scan->select, i);
            cell->length = (uint32_t)rf_column_bytes(scan->select, i);
        } else {
            cell->kind = RF_NULL;
        }
    }
    return status;
}

rf_status rf_scan_open(rf_store *store, const char *table, const char *columns, const char *keys,
                       rf_scan **out, rf_error *err)
{
    rf_scan *scan = rf_alloc(1, sizeof *scan);
    rf_status status = scan == NULL ? rf_fail_memory(err, table) : RF_OK;
    bool complete = false;
    bool keyed = false;
    layout found = {0};
    *out = scan;
    if (status == RF_OK) {
        scan->store = store;
        scan->columns = count_names(columns);
    }
    if (status == RF_OK && store->still) {
        status = look_up(store, table, &found, err);
    }
    if (status == RF_OK && found.plain) {
        status = rf_pages_open(store, found.root, &scan->pages, &keyed, err);
    }
    if (status == RF_OK && found.plain) {
        status = place_columns(scan, table, columns, found.keys, keyed, &complete, err);
    }
    if (status == RF_OK && !complete) {
        rf_pages_end(scan->pages);
        scan->pages = NULL;
        status = prepare_select(scan, table, columns, keys, err);
    }
    if (status != RF_OK) {
        rf_scan_end(scan);
        *out = NULL;
    }
    return status;
}

rf_status rf_scan_next(rf_scan *scan, const rf_scan_cell **cells, rf_error *err)
{
    rf_record record = {0};
    rf_status status;
    if (scan->pages == NULL) {
        return step_select(scan, cells, err);
    }
    *cells = NULL;
    status = rf_pages_next(scan->pages, &record, err);
    if (status == RF_OK && record.bytes != NULL) {
        status = read_record(scan, &record, err);
        *cells = status == RF_OK ? scan->cell : NULL;
    }
    return status;
}

bool rf_scan_is_direct(const rf_scan *scan)
{
    return scan->pages != NULL;
}

void rf_scan_end(rf_scan *scan)
{
    if (scan != NULL) {
        rf_statement_end(scan->select);
        rf_pages_end(scan->pages);
        rf_free(scan);
    }
}
