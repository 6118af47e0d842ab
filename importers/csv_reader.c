/* csv_reader.c - CSV by libcsv, one physical line at a time; see reader.h. Lines without quotes are
 * split by commas alone: the same, but faster; and lines of printable ASCII, which nearly all are,
 * without looking at their bytes again and again.
 *
 * Feeding lines singly is what tells line numbers and open quotes: after a line, either the row has
 * ended or a quoted field goes on. libcsv runs in strict mode, so a quote in the wrong place is an
 * error and not a guess.
 */
#include "base/memory.h"
#include "importers/reader_format.h"

#include <assert.h>
#include <csv.h>
#include <string.h>

static_assert(RF_ROW_LIMIT == 1024 << 10, "messages say 1024 KiB");

enum { NOT_WANTED = -1, MOST_COLUMNS = 4096 };

typedef struct csv_state {
    struct csv_parser parser;
    bool parser_ready;
    int targets[MOST_COLUMNS]; /* the field of a column, or NOT_WANTED */
    size_t columns;            /* of the header; 0 while it is read */
    rf_arena names;
    char *name[MOST_COLUMNS];
    size_t name_length[MOST_COLUMNS];

    rf_reader *reader; /* of the row being read: */
    rf_row *row;
    size_t cell;
    bool ended;
    bool broken; /* the quotes make no sense: where the row ends is not known */
    bool failed; /* out of memory */
} csv_state;

static void *counted_realloc(void *block, size_t size)
{
    return rf_resize(&block, size, 1) ? block : NULL;
}

static void reset_parser(csv_state *state)
{
    if (state->parser_ready) {
        csv_free(&state->parser);
    }
    (void)csv_init(&state->parser, CSV_STRICT);
    csv_set_realloc_func(&state->parser, counted_realloc);
    csv_set_free_func(&state->parser, rf_free);
    state->parser_ready = true;
}

static void keep_name(csv_state *state, const char *bytes, size_t length)
{
    char *copy;
    if (state->cell >= MOST_COLUMNS) {
        return;
    }
    while (length > 0 && (*bytes == ' ' || *bytes == '\t')) {
        bytes++;
        length--;
    }
    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\t')) {
        length--;
    }
    copy = rf_arena_text(&state->names, bytes == NULL ? "" : bytes, length);
    state->failed = state->failed || copy == NULL;
    state->name[state->cell] = copy;
    state->name_length[state->cell] = length;
}

/* What breaks the syntax is told rather than what its cells looked like. */
static void broken(csv_state *state, const char *reason)
{
    state->row->reason[0] = '\0';
    rf_reader_bad(state->row, "%s", reason);
    state->broken = true;
}

static void on_cell(void *bytes, size_t length, void *context)
{
    csv_state *state = context;
    if (state->ended) {
        broken(state, "a carriage return inside the line");
    } else if (state->columns == 0) {
        keep_name(state, bytes, length);
    } else if (state->cell < state->columns && state->targets[state->cell] != NOT_WANTED &&
               bytes != NULL) {
        rf_reader_put(state->reader, state->row, (size_t)state->targets[state->cell], bytes,
                      length);
    } else if (length > RF_FIELD_LIMIT) {
        rf_reader_bad(state->row, "a field is longer than %d KiB", RF_FIELD_LIMIT >> 10);
    }
    state->cell++;
}

static void on_row(int terminator, void *context)
{
    csv_state *state = context;
    (void)terminator;
    state->ended = true;
}

/* Printable ASCII without quotes. Without a way out in the middle, so that the compiler looks at
 * many bytes at once. */
static bool clean(const char *bytes, size_t length)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char const c = (unsigned char)bytes[i];
        odd |= (unsigned char)((unsigned char)(c - ' ') > '~' - ' ') | (c == '"');
    }
    return odd == 0;
}

/* What split_plain and rf_reader_put make of a clean line: it is copied whole, and NULs take the
 * place of commas. No cell of it can be too long or hold what it must not. */
static bool split_clean(rf_reader *reader, rf_row *row, const rf_line *line)
{
    csv_state *state = reader->state;
    size_t length = line->length;
    char *at = reader->buffer;
    char *end;
    length -= length > 0 && line->bytes[length - 1] == '\n';
    length -= length > 0 && line->bytes[length - 1] == '\r';
    if (state->columns == 0 || length > RF_FIELD_LIMIT || !clean(line->bytes, length)) {
        return false;
    }
    memcpy(at, line->bytes, length);
    end = at + length;
    for (;;) {
        char *comma = memchr(at, ',', (size_t)(end - at));
        char *next = comma == NULL ? end : comma;
        char *last = next;
        while (at < last && *at == ' ') {
            at++;
        }
        while (last > at && last[-1] == ' ') {
            last--;
        }
        *last = '\0';
        if (last > at && state->cell < state->columns && state->targets[state->cell] >= 0) {
            row->cells[state->targets[state->cell]] = (rf_cell){at, (size_t)(last - at)};
        }
        state->cell++;
        if (comma == NULL) {
            break;
        }
        at = next + 1;
    }
    reader->used = length + 1;
    state->ended = true;
    return true;
}

/* A line that begins a row and holds no quote is cells between commas; libcsv, which looks at each
 * byte by itself, would find the same. False when it is not of that kind. */
static bool split_plain(csv_state *state, const rf_line *line)
{
    const char *at = line->bytes;
    const char *end = at + line->length;
    if (memchr(at, '"', line->length) != NULL) {
        return false;
    }
    end -= end > at && end[-1] == '\n';
    end -= end > at && end[-1] == '\r';
    if (memchr(at, '\r', (size_t)(end - at)) != NULL) {
        return false;
    }
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *last = comma == NULL ? end : comma;
        while (at < last && (*at == ' ' || *at == '\t')) {
            at++;
        }
        while (last > at && (last[-1] == ' ' || last[-1] == '\t')) {
            last--;
        }
        on_cell((void *)(uintptr_t)at, (size_t)(last - at), state);
        if (comma == NULL) {
            break;
        }
        at = comma + 1;
    }
    state->ended = true;
    return true;
}

/* Gives a line to libcsv; a last line without a line feed gets one. */
static void feed(csv_state *state, const rf_line *line, bool first)
{
    bool const whole = line->bytes[line->length - 1] == '\n';
    if (first && split_plain(state, line)) {
        return;
    }
    size_t took = csv_parse(&state->parser, line->bytes, line->length, on_cell, on_row, state);
    if (took == line->length && !whole) {
        took += csv_parse(&state->parser, "\n", 1, on_cell, on_row, state) - 1;
    }
    if (took == line->length) {
        if (state->ended && state->parser.pstate != 0) { /* it is inside a row again */
            broken(state, "a carriage return inside the line");
        }
        return;
    }
    if (csv_error(&state->parser) == CSV_EPARSE) {
        broken(state, "a quote in the wrong place");
    } else {
        state->failed = true;
    }
}

/* Gives lines to libcsv until the row has ended or broken. */
static rf_status feed_row(rf_reader *reader, rf_row *row, rf_line line, rf_error *err)
{
    csv_state *state = reader->state;
    for (bool first = true;; first = false) {
        bool more;
        rf_status status;
        if (line.too_long) {
            broken(state, "the row is longer than 1024 KiB");
            return RF_OK;
        }
        if (first && split_clean(reader, row, &line)) {
            return RF_OK;
        }
        rf_reader_check_bytes(row, line.bytes, line.length);
        feed(state, &line, first);
        if (state->failed) {
            return rf_fail_memory(err, "a CSV row");
        }
        if (state->ended || state->broken) {
            return RF_OK;
        }
        status = rf_source_line(reader->source, &line, &more, err);
        if (status != RF_OK) {
            return status;
        }
        if (!more) {
            broken(state, "a quote is not closed");
            return RF_OK;
        }
    }
}

/* Reads one row, good or bad, that begins at the next line that is not blank. */
static rf_status read_row(rf_reader *reader, rf_row *row, bool *found, rf_error *err)
{
    csv_state *state = reader->state;
    rf_line line;
    rf_status status;
    do { /* blank lines are no rows */
        rf_source_mark(reader->source);
        status = rf_source_line(reader->source, &line, found, err);
        if (status != RF_OK || !*found) {
            return status;
        }
    } while (!line.too_long && rf_reader_blank(&line));
    rf_reader_start_row(reader, row, line.number);
    state->row = row;
    state->cell = 0;
    state->ended = false;
    state->broken = false;
    status = feed_row(reader, row, line, err);
    row->raw = rf_source_marked(reader->source, &row->raw_length);
    if (row->reason[0] != '\0') {
        reset_parser(state); /* whatever quote is open is forgotten */
    }
    return status;
}

static rf_status csv_next(rf_reader *reader, rf_row *row, bool *found, rf_error *err)
{
    csv_state *state = reader->state;
    rf_status status = read_row(reader, row, found, err);
    if (status != RF_OK || !*found) {
        return status;
    }
    if (state->ended && !state->broken) {
        row->split = state->cell == state->columns;
        if (!row->split) {
            row->reason[0] = '\0';
            rf_reader_bad(row, "%zu cells where the header has %zu", state->cell, state->columns);
        }
    }
    if (!row->split) {
        rf_source_second_line(reader->source);
    }
    return RF_OK;
}

/* ---- header ---- */

static void list_names(const csv_state *state, rf_text *list)
{
    for (size_t i = 0; i < state->columns && i < 40; i++) {
        rf_text_add(list, i == 0 ? "" : ", ");
        for (size_t at = 0; at < state->name_length[i] && at < 40; at++) {
            unsigned char const c = (unsigned char)state->name[i][at];
            rf_text_append(list, c < 0x20 || c >= 0x7f ? "?" : state->name[i] + at, 1);
        }
    }
    if (state->columns > 40) {
        rf_text_add(list, ", ...");
    }
}

static rf_status missing(const rf_reader *reader, size_t field, rf_error *err)
{
    const csv_state *state = reader->state;
    const rf_columns *wanted = reader->columns;
    const char *path = rf_source_path(reader->source);
    const char *hint = "";
    rf_text list = {0};
    rf_status status;
    list_names(state, &list);
    if (state->columns == 1 && strpbrk(rf_text_get(&list), ";|") != NULL) {
        hint = "; the columns must be separated by commas";
    } else if (state->columns == 1 && memchr(state->name[0], '\t', state->name_length[0]) != NULL) {
        hint = "; the columns are separated by tabs, but must be by commas";
    }
    if (wanted->mapped[field]) {
        status =
            rf_fail(err, RF_EINPUT,
                    "%s: no column \"%.60s\", which --map gives for %s; the columns are: "
                    "%.600s%s",
                    path, wanted->columns[field], wanted->fields[field], rf_text_get(&list), hint);
    } else {
        status =
            rf_fail(err, RF_EINPUT,
                    "%s: no column %s; the columns are: %.600s%s. If one of them holds it, "
                    "say --map %s=COLUMN",
                    path, wanted->fields[field], rf_text_get(&list), hint, wanted->fields[field]);
    }
    rf_text_free(&list);
    return status;
}

/* Finds the column of each wanted field, and names those nobody wants. */
static rf_status match_columns(rf_reader *reader, rf_error *err)
{
    csv_state *state = reader->state;
    const rf_columns *wanted = reader->columns;
    bool seen[RF_MAX_FIELDS] = {false};
    for (size_t column = 0; column < state->columns; column++) {
        state->targets[column] = NOT_WANTED;
        for (size_t field = 0; field < wanted->count; field++) {
            if (strcmp(state->name[column], wanted->columns[field]) != 0) {
                continue;
            }
            if (seen[field] && state->targets[column] == NOT_WANTED) {
                return rf_fail(err, RF_EINPUT, "%s: two columns are named %.60s",
                               rf_source_path(reader->source), wanted->columns[field]);
            }
            seen[field] = true;
            state->targets[column] = (int)field;
            reader->order[reader->order_count++] = field;
        }
        if (state->targets[column] == NOT_WANTED) {
            rf_reader_ignore(reader, state->name[column], state->name_length[column]);
        }
    }
    for (size_t field = 0; field < wanted->count; field++) {
        if (!seen[field] && (field == 0 || wanted->mapped[field])) {
            return missing(reader, field, err);
        }
    }
    return RF_OK;
}

static rf_status csv_open(rf_reader *reader, rf_error *err)
{
    rf_row row;
    bool found;
    rf_status status;
    const char *path = rf_source_path(reader->source);
    csv_state *state = rf_alloc(1, sizeof *state);
    if (state == NULL) {
        return rf_fail_memory(err, "the CSV reader");
    }
    reader->state = state;
    state->reader = reader;
    reset_parser(state);
    status = read_row(reader, &row, &found, err);
    if (status != RF_OK) {
        return status;
    }
    if (!found) {
        return rf_fail(err, RF_EINPUT, "%s: the file holds nothing but white space", path);
    }
    if (row.reason[0] != '\0') {
        return rf_fail(err, RF_EINPUT,
                       "%s:%lld: this is no CSV header: %s; expected CSV with a header or JSON "
                       "Lines, in UTF-8",
                       path, (long long)row.line, row.reason);
    }
    if (state->cell > MOST_COLUMNS) {
        return rf_fail(err, RF_EINPUT, "%s: the header has %zu columns; at most %d are read", path,
                       state->cell, MOST_COLUMNS);
    }
    state->columns = state->cell;
    return match_columns(reader, err);
}

static void csv_close(rf_reader *reader)
{
    csv_state *state = reader->state;
    if (state != NULL) {
        if (state->parser_ready) {
            csv_free(&state->parser);
        }
        rf_arena_free(&state->names);
        rf_free(state);
    }
}

const rf_reader_format rf_csv_format = {csv_open, csv_next, csv_close};
