/* jsonl_reader.c - JSON Lines by jansson: one object a line; see reader.h. */
#include "base/json.h"
#include "base/memory.h"
#include "importers/reader_format.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MOST_UNKNOWN = 64 };

typedef struct jsonl_state {
    rf_arena names;
    const char *unknown[MOST_UNKNOWN]; /* keys nobody asked for, each told once */
    size_t unknown_count;
} jsonl_state;

static void *counted_alloc(size_t size)
{
    return rf_alloc_raw(size, 1);
}

static rf_status jsonl_open(rf_reader *reader, rf_error *err)
{
    json_set_alloc_funcs(counted_alloc, rf_free);
    reader->state = rf_alloc(1, sizeof(jsonl_state));
    if (reader->state == NULL) {
        return rf_fail_memory(err, "the JSON reader");
    }
    for (size_t field = 0; field < reader->columns->count; field++) {
        reader->order[reader->order_count++] = field;
    }
    return RF_OK;
}

static void note_unknown(rf_reader *reader, const char *key)
{
    jsonl_state *state = reader->state;
    size_t const length = strlen(key);
    for (size_t i = 0; i < state->unknown_count; i++) {
        if (strcmp(state->unknown[i], key) == 0) {
            return;
        }
    }
    if (state->unknown_count < MOST_UNKNOWN) {
        const char *copy = rf_arena_text(&state->names, key, length);
        if (copy != NULL) { /* it is only for a notice */
            state->unknown[state->unknown_count++] = copy;
            rf_reader_ignore(reader, key, length);
        }
    }
}

static void put_value(rf_reader *reader, rf_row *row, size_t field, const json_t *value)
{
    char number[RF_NUMBER_TEXT];
    switch (json_typeof(value)) {
    case JSON_STRING:
        rf_reader_put(reader, row, field, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        rf_reader_put(reader, row, field, number, strlen(number));
        break;
    case JSON_REAL:
        (void)rf_real_format(json_real_value(value), number);
        rf_reader_put(reader, row, field, number, strlen(number));
        break;
    case JSON_NULL:
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_TRUE:
    case JSON_FALSE:
    default:
        rf_reader_bad(row, "%s is neither a text nor a number", reader->columns->fields[field]);
        break;
    }
}

static void read_object(rf_reader *reader, rf_row *row, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool wanted = false;
        for (size_t field = 0; field < reader->columns->count; field++) {
            if (strcmp(key, reader->columns->columns[field]) == 0) {
                put_value(reader, row, field, value);
                wanted = true;
            }
        }
        if (!wanted) {
            note_unknown(reader, key);
        }
    }
    row->split = true;
}

/* The library's own text quotes the input, which may be private; the place is enough. */
static rf_status refuse_json(rf_row *row, const json_error_t *error, rf_error *err)
{
    int const code = (int)json_error_code(error);
    if (code == json_error_out_of_memory || code == json_error_unknown) {
        return rf_fail_memory(err, "a JSON object");
    }
    if (code == json_error_duplicate_key) {
        rf_reader_bad(row, "a key is there twice");
    } else if (code == json_error_null_character || code == json_error_null_byte_in_key) {
        rf_reader_bad(row, "a NUL character");
    } else if (code == json_error_premature_end_of_input) {
        rf_reader_bad(row, "not JSON: it ends too early");
    } else if (code == json_error_numeric_overflow) {
        rf_reader_bad(row, "a number of more than 64 bits, at column %d; put it in quotes",
                      error->column);
    } else {
        rf_reader_bad(row, "not JSON, at column %d", error->column);
    }
    return RF_OK;
}

static rf_status jsonl_next(rf_reader *reader, rf_row *row, bool *found, rf_error *err)
{
    rf_line line;
    json_error_t error = {0}; /* stays unknown (0) when memory runs out */
    json_t *object;
    rf_status status;
    do {
        rf_source_mark(reader->source);
        status = rf_source_line(reader->source, &line, found, err);
        if (status != RF_OK || !*found) {
            return status;
        }
    } while (!line.too_long && rf_reader_blank(&line));
    rf_reader_start_row(reader, row, line.number);
    row->raw = line.bytes;
    row->raw_length = line.length;
    if (line.too_long) {
        rf_reader_bad(row, "the line is longer than %d KiB", RF_ROW_LIMIT >> 10);
        return RF_OK;
    }
    rf_reader_check_bytes(row, line.bytes, line.length);
    if (row->reason[0] != '\0') {
        return RF_OK;
    }
    object = json_loadb(line.bytes, line.length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (object == NULL) {
        return refuse_json(row, &error, err);
    }
    if (json_is_object(object)) {
        read_object(reader, row, object);
    } else {
        rf_reader_bad(row, "not a JSON object");
    }
    json_decref(object);
    return RF_OK;
}

static void jsonl_close(rf_reader *reader)
{
    jsonl_state *state = reader->state;
    if (state != NULL) {
        rf_arena_free(&state->names);
        rf_free(state);
    }
}

const rf_reader_format rf_jsonl_format = {jsonl_open, jsonl_next, jsonl_close};
