/* truth.c - see truth.h. The file is read once into texts of an arena; sorting does the rest. */
#include "command/truth.h"

#include "importers/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_ACCOUNT, FIELD_RING, FIELD_SOURCE, TRUTH_FIELDS };

/* The truth as a kind of file, so that --map works as it does for imports. */
static const rf_kind TRUTH_KIND = {
    .name = "truth", .count = 2, .fields = {{.name = "account_id"}, {.name = "ring"}}};

static bool is_honest(const rf_truth_options *options, const char *ring)
{
    return ring == NULL || strcmp(ring, "-1") == 0 ||
           (options->honest != NULL && strcmp(ring, options->honest) == 0);
}

static rf_status take_row(const rf_truth_options *options, rf_truth *truth, const rf_row *row,
                          rf_error *err)
{
    const rf_cell *account = &row->cells[FIELD_ACCOUNT];
    const char *ring = row->cells[FIELD_RING].text;
    const char *source = row->cells[FIELD_SOURCE].text;
    rf_truth_row taken = {.line = row->line};
    if (is_honest(options, ring)) {
        ring = NULL;
    } else if (options->source_column != NULL &&
               (source == NULL || strcmp(source, options->source_value) != 0)) {
        truth->other_source++;
        return RF_OK;
    }
    taken.account = rf_arena_text(&truth->texts, account->text, account->length);
    taken.ring =
        ring == NULL ? NULL : rf_arena_text(&truth->texts, ring, row->cells[FIELD_RING].length);
    if (taken.account == NULL || (ring != NULL && taken.ring == NULL) ||
        !rf_reserve(&truth->row, &truth->room, truth->rows + 1, sizeof *truth->row)) {
        return rf_fail_memory(err, "the truth");
    }
    truth->row[truth->rows++] = taken;
    return RF_OK;
}

static rf_status take_rows(const rf_globals *globals, const rf_truth_options *options,
                           rf_reader *reader, rf_truth *truth, rf_error *err)
{
    enum { SHOWN = 5 };
    rf_row row;
    bool found = true;
    rf_status status = RF_OK;
    while (status == RF_OK && (status = rf_reader_next(reader, &row, &found, err)) == RF_OK &&
           found) {
        if (row.reason[0] == '\0' && row.cells[FIELD_ACCOUNT].text == NULL) {
            (void)snprintf(row.reason, sizeof row.reason, "no account_id");
        }
        if (row.reason[0] == '\0') {
            status = take_row(options, truth, &row, err);
        } else if (truth->rejected++ < SHOWN) {
            rf_say(globals, "%s:%lld: %s", options->path, (long long)row.line, row.reason);
        }
    }
    return status;
}

static rf_status read_rows(const rf_globals *globals, const rf_truth_options *options,
                           rf_truth *truth, rf_error *err)
{
    rf_map map;
    rf_source *source = NULL;
    rf_reader *reader = NULL;
    rf_status status = rf_map_read(&TRUTH_KIND, options->map, &map, err);
    if (status != RF_OK) {
        return status;
    }
    map.columns.mapped[FIELD_RING] = true; /* a truth without rings is a mistake */
    if (options->source_column != NULL) {
        map.columns.count = TRUTH_FIELDS;
        map.columns.fields[FIELD_SOURCE] = "source";
        map.columns.columns[FIELD_SOURCE] = options->source_column;
        map.columns.mapped[FIELD_SOURCE] = true;
    }
    status = rf_source_open(options->path, &source, err);
    if (status == RF_OK) {
        status = rf_reader_open(source, &map.columns, &reader, err);
    }
    if (status == RF_OK) {
        status = take_rows(globals, options, reader, truth, err);
    }
    rf_reader_close(reader);
    rf_source_close(source);
    return status;
}

static int by_account(const void *left, const void *right)
{
    const rf_truth_row *a = left;
    const rf_truth_row *b = right;
    int order = strcmp(a->account, b->account);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Sorts by account and keeps one row each; two rows that disagree are an error. */
static rf_status one_row_each(const char *path, rf_truth *truth, rf_error *err)
{
    size_t kept = 0;
    if (truth->rows > 0) {
        qsort(truth->row, truth->rows, sizeof *truth->row, by_account);
    }
    for (size_t i = 0; i < truth->rows; i++) {
        const rf_truth_row *last = kept == 0 ? NULL : &truth->row[kept - 1];
        const rf_truth_row *row = &truth->row[i];
        if (last == NULL || strcmp(last->account, row->account) != 0) {
            truth->row[kept++] = *row;
        } else if ((last->ring == NULL) != (row->ring == NULL) ||
                   (row->ring != NULL && strcmp(last->ring, row->ring) != 0)) {
            return rf_fail(err, RF_EINPUT,
                           "%s:%lld: account %.100s is in ring \"%.60s\" here and in ring "
                           "\"%.60s\" at line %lld",
                           path, (long long)row->line, row->account,
                           row->ring == NULL ? "" : row->ring, last->ring == NULL ? "" : last->ring,
                           (long long)last->line);
        }
    }
    truth->rows = kept;
    return kept < UINT32_MAX ? RF_OK : rf_fail(err, RF_EINPUT, "%s: too many rows", path);
}

/* Numbers the rings in bytewise order of their names. */
static rf_status number_rings(rf_truth *truth, rf_error *err)
{
    size_t count = 0;
    truth->name = rf_alloc(truth->rows, sizeof *truth->name);
    if (truth->name == NULL) {
        return rf_fail_memory(err, "the truth");
    }
    for (size_t i = 0; i < truth->rows; i++) {
        if (truth->row[i].ring != NULL) {
            truth->name[count++] = truth->row[i].ring;
        }
    }
    qsort(truth->name, count, sizeof *truth->name, by_text);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(truth->name[i], truth->name[truth->names - 1]) != 0) {
            truth->name[truth->names++] = truth->name[i];
        }
    }
    for (size_t i = 0; i < truth->rows; i++) {
        rf_truth_row *row = &truth->row[i];
        if (row->ring != NULL) {
            const char **at =
                bsearch(&row->ring, truth->name, truth->names, sizeof *truth->name, by_text);
            row->number = at == NULL ? 0 : (uint32_t)(at - truth->name) + 1;
        }
    }
    return RF_OK;
}

rf_status rf_truth_read(const rf_globals *globals, const rf_truth_options *options, rf_truth *out,
                        rf_error *err)
{
    rf_status status;
    *out = (rf_truth){0};
    status = read_rows(globals, options, out, err);
    if (status == RF_OK) {
        status = one_row_each(options->path, out, err);
    }
    if (status == RF_OK) {
        status = number_rings(out, err);
    }
    if (status != RF_OK) {
        rf_truth_free(out);
    }
    return status;
}

void rf_truth_free(rf_truth *truth)
{
    rf_arena_free(&truth->texts);
    rf_free(truth->row);
    rf_free(truth->name);
    *truth = (rf_truth){0};
}
