/* intake_rows.c - see intake_rows.h. */
#include "store/intake_rows.h"

#include "base/memory.h"
#include "base/text.h"

#include <assert.h>

enum { ROWS = 256 };

typedef enum cell_kind { CELL_NULL, CELL_INT, CELL_TEXT } cell_kind;

typedef struct cell {
    cell_kind kind;
    int64_t number; /* or the length of the text */
    const char *text;
} cell;

struct rf_rows {
    rf_statement *many;
    rf_statement *one;
    int columns;
    int filled; /* cells */
    cell *cells;
};

static rf_status prepare(rf_store *store, const char *head, const char *row, const char *tail,
                         int count, rf_statement **out, rf_error *err)
{
    rf_text sql = {0};
    rf_status status;
    rf_text_add(&sql, head);
    for (int i = 0; i < count; i++) {
        rf_text_add(&sql, i == 0 ? "" : ",");
        rf_text_add(&sql, row);
    }
    rf_text_add(&sql, tail);
    status = rf_text_failed(&sql) ? rf_fail_memory(err, "a statement")
                                  : rf_prepare(store, rf_text_get(&sql), out, err);
    rf_text_free(&sql);
    return status;
}

rf_status rf_rows_open(rf_store *store, const char *head, const char *row, const char *tail,
                       int columns, rf_rows **out, rf_error *err)
{
    rf_status status = RF_OK;
    rf_rows *rows = rf_alloc(1, sizeof *rows);
    *out = NULL;
    if (rows == NULL) {
        return rf_fail_memory(err, "rows to insert");
    }
    rows->columns = columns;
    rows->cells = rf_alloc((size_t)columns * ROWS, sizeof *rows->cells);
    if (rows->cells == NULL) {
        status = rf_fail_memory(err, "rows to insert");
    }
    if (status == RF_OK) {
        status = prepare(store, head, row, tail, ROWS, &rows->many, err);
    }
    if (status == RF_OK) {
        status = prepare(store, head, row, tail, 1, &rows->one, err);
    }
    if (status == RF_OK) {
        *out = rows;
        rows = NULL;
    }
    rf_rows_end(rows);
    return status;
}

void rf_rows_int(rf_rows *rows, int64_t value)
{
    rows->cells[rows->filled++] = (cell){CELL_INT, value, NULL};
}

void rf_rows_text(rf_rows *rows, const char *text, size_t length)
{
    rows->cells[rows->filled++] =
        (cell){text == NULL ? CELL_NULL : CELL_TEXT, (int64_t)length, text};
}

static void bind(rf_statement *statement, const cell *cells, int count)
{
    for (int i = 0; i < count; i++) {
        switch (cells[i].kind) {
        case CELL_NULL:
            rf_bind_null(statement, i + 1);
            break;
        case CELL_INT:
            rf_bind_int(statement, i + 1, cells[i].number);
            break;
        case CELL_TEXT:
            rf_bind_text_static(statement, i + 1, cells[i].text, (size_t)cells[i].number);
            break;
        }
    }
}

rf_status rf_rows_end_row(rf_rows *rows, rf_error *err)
{
    assert(rows->filled % rows->columns == 0);
    if (rows->filled < rows->columns * ROWS) {
        return RF_OK;
    }
    bind(rows->many, rows->cells, rows->filled);
    rows->filled = 0;
    return rf_run(rows->many, err);
}

rf_status rf_rows_flush(rf_rows *rows, rf_error *err)
{
    rf_status status = RF_OK;
    for (int at = 0; at < rows->filled && status == RF_OK; at += rows->columns) {
        bind(rows->one, rows->cells + at, rows->columns);
        status = rf_run(rows->one, err);
    }
    rows->filled = 0;
    return status;
}

void rf_rows_end(rf_rows *rows)
{
    if (rows != NULL) {
        rf_statement_end(rows->many);
        rf_statement_end(rows->one);
        rf_free(rows->cells);
        rf_free(rows);
    }
}
