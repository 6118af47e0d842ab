/* fuzz_reader.c - the readers over any bytes: they end, tell lines in order, and hand out only
 * cells that are what reader.h promises. */
#include "importers/normalise.h"
#include "importers/reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_row(const rf_row *row, size_t count)
{
    if (row->reason[0] != '\0') {
        require(memchr(row->reason, '\0', RF_REASON) != NULL);
        return;
    }
    require(row->cells[0].text != NULL);
    for (size_t i = 0; i < count; i++) {
        const rf_cell *cell = &row->cells[i];
        if (cell->text != NULL) {
            require(cell->length > 0 && cell->length <= RF_FIELD_LIMIT);
            require(strlen(cell->text) == cell->length);
            require(rf_utf8_valid(cell->text, cell->length));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rf_columns wanted = {.count = 3,
                                      .fields = {"account_id", "plan", "note"},
                                      .columns = {"account_id", "plan", "note"},
                                      .free_text = {false, false, true}};
    rf_error error = {0};
    rf_source *source = NULL;
    rf_reader *reader = NULL;
    rf_row row;
    bool found = true;
    int64_t line = 0;
    rf_status status = rf_source_open_memory(data, size, &source, &error);
    require(status == RF_OK);
    status = rf_reader_open(source, &wanted, &reader, &error);
    require(status == RF_OK || (status == RF_EINPUT && error.text[0] != '\0'));
    while (status == RF_OK && found) {
        status = rf_reader_next(reader, &row, &found, &error);
        require(status == RF_OK);
        if (found) {
            require(row.line > line && row.line <= (int64_t)size + 1);
            line = row.line;
            check_row(&row, wanted.count);
        }
    }
    rf_reader_close(reader);
    rf_source_close(source);
    return 0;
}
