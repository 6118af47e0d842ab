/* canned.c - see canned.h. */
#include "command/canned.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the head ---- */

/* The text of a line after `mark`, without blanks around it; false when it has no such mark. */
static bool marked(const char *line, size_t length, const char *mark, const char **text,
                   size_t *size)
{
    size_t skipped = strlen(mark);
    if (length < skipped || strncmp(line, mark, skipped) != 0) {
        return false;
    }
    while (skipped < length && line[skipped] == ' ') {
        skipped++;
    }
    *text = line + skipped;
    *size = length - skipped;
    while (*size > 0 && (*text)[*size - 1] == ' ') {
        (*size)--;
    }
    return true;
}

/* "name=default  description" */
static bool read_item(const char *text, size_t size, rf_arena *arena, rf_canned_item *item)
{
    size_t name = 0;
    size_t end = 0;
    *item = (rf_canned_item){0};
    while (end + 1 < size && !(text[end] == ' ' && text[end + 1] == ' ')) {
        end++;
    }
    if (end + 1 >= size || end == 0) {
        return false; /* no description */
    }
    while (name < end && text[name] != '=') {
        name++;
    }
    item->name = rf_arena_text(arena, text, name);
    if (name < end) {
        item->initial = rf_arena_text(arena, text + name + 1, end - name - 1);
    }
    while (text[end] == ' ') {
        end++;
    }
    item->about = rf_arena_text(arena, text + end, size - end);
    return item->name != NULL && item->about != NULL && item->name[0] != '\0';
}

/* Joins the previous purpose and its next line. */
static const char *longer(rf_arena *arena, const char *before, const char *text, size_t size)
{
    size_t length = strlen(before);
    char *both = rf_arena_take(arena, length + size + 2);
    if (both != NULL) {
        memcpy(both, before, length);
        both[length] = ' ';
        memcpy(both + length + 1, text, size);
        both[length + 1 + size] = '\0';
    }
    return both;
}

static bool read_line(const char *line, size_t length, rf_arena *arena, rf_canned *out)
{
    const char *text = NULL;
    size_t size = 0;
    if (marked(line, length, "-- purpose:", &text, &size)) {
        out->purpose = rf_arena_text(arena, text, size);
        return out->purpose != NULL;
    }
    if (marked(line, length, "-- param:", &text, &size)) {
        return out->params < RF_CANNED_PARAMS &&
               read_item(text, size, arena, &out->param[out->params++]);
    }
    if (marked(line, length, "-- column:", &text, &size)) {
        return out->columns < RF_CANNED_COLUMNS &&
               read_item(text, size, arena, &out->column[out->columns++]);
    }
    if (marked(line, length, "--  ", &text, &size) && out->purpose != NULL && out->params == 0 &&
        out->columns == 0) {
        out->purpose = longer(arena, out->purpose, text, size);
        return out->purpose != NULL;
    }
    return false;
}

rf_status rf_canned_read(const char *name, const char *sql, rf_arena *arena, rf_canned *out,
                         rf_error *err)
{
    int number = 1;
    *out = (rf_canned){.name = name, .sql = sql};
    for (const char *line = sql; strncmp(line, "--", 2) == 0; number++) {
        size_t length = strcspn(line, "\n");
        if (!read_line(line, length, arena, out)) {
            return rf_fail(err, RF_EINPUT, "queries/%s.sql:%d: not a line of a query's head: %.*s",
                           name, number, (int)(length < 200 ? length : 200), line);
        }
        line += length + (line[length] == '\n');
    }
    if (out->purpose == NULL || out->columns == 0) {
        return rf_fail(err, RF_EINPUT, "queries/%s.sql: the head has no purpose or no columns",
                       name);
    }
    return RF_OK;
}

const rf_canned_item *rf_canned_find(const rf_canned_item *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i].name, name) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

rf_status rf_canned_check(const rf_canned *query, rf_statement *statement, rf_error *err)
{
    int params = rf_parameter_count(statement);
    int columns = rf_column_count(statement);
    if (!rf_statement_is_read_only(statement)) {
        return rf_fail(err, RF_EINPUT, "queries/%s.sql: would change the database", query->name);
    }
    for (int i = 1; i <= params; i++) {
        const char *name = rf_parameter_name(statement, i);
        if (name == NULL || name[0] != ':' ||
            rf_canned_find(query->param, query->params, name + 1) == NULL) {
            return rf_fail(err, RF_EINPUT, "queries/%s.sql: the head does not tell parameter %s",
                           query->name, name == NULL ? "?" : name);
        }
    }
    if ((size_t)params != query->params) {
        return rf_fail(err, RF_EINPUT, "queries/%s.sql: the head tells of %zu parameters, not %d",
                       query->name, query->params, params);
    }
    for (int i = 0; i < columns && (size_t)i < query->columns; i++) {
        if (strcmp(rf_column_name(statement, i), query->column[i].name) != 0) {
            return rf_fail(err, RF_EINPUT, "queries/%s.sql: column %d is %s, the head says %s",
                           query->name, i + 1, rf_column_name(statement, i), query->column[i].name);
        }
    }
    if ((size_t)columns != query->columns) {
        return rf_fail(err, RF_EINPUT, "queries/%s.sql: the head tells of %zu columns, not %d",
                       query->name, query->columns, columns);
    }
    return RF_OK;
}

/* ---- values ---- */

void rf_canned_bind(rf_statement *statement, int parameter, const char *text)
{
    char again[RF_NUMBER_TEXT];
    char *end = NULL;
    long long whole;
    double real;
    errno = 0;
    whole = strtoll(text, &end, 10);
    (void)snprintf(again, sizeof again, "%lld", whole);
    if (errno == 0 && end != text && *end == '\0' && strcmp(again, text) == 0) {
        rf_bind_int(statement, parameter, whole);
        return;
    }
    errno = 0;
    real = strtod(text, &end);
    if (errno == 0 && end != text && *end == '\0' &&
        strcmp(rf_real_format(real, again), text) == 0 && strchr(text, '.') != NULL) {
        rf_bind_real(statement, parameter, real);
        return;
    }
    rf_bind_text(statement, parameter, text);
}
