/* test_import_model.c - a second import, slow and obvious, judges the fast one on random files with
 * good and bad rows. It reads character by character and counts in a list searched from its
 * beginning. */
#include "import_support.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COUNTS = 20000, COLUMNS = 7, CELL = 64 };

typedef struct count {
    char key[200];
    long n;
} count;

typedef struct model {
    count counts[MOST_COUNTS];
    int used;
    int good;
    int bad;
} model;

static void add(model *m, long n, const char *format, ...) RF_PRINTF(3, 4);
static void add(model *m, long n, const char *format, ...)
{
    char key[200];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(key, sizeof key, format, arguments);
    va_end(arguments);
    for (int i = 0; i < m->used; i++) {
        if (strcmp(m->counts[i].key, key) == 0) {
            m->counts[i].n += n;
            return;
        }
    }
    assert_true(m->used < MOST_COUNTS);
    (void)snprintf(m->counts[m->used].key, sizeof m->counts[m->used].key, "%s", key);
    m->counts[m->used++].n = n;
}

/* Reads one row by the letter of RFC 4180; the files here have no line feeds in cells. Returns the
 * number of cells, 0 at the end, -1 for a quote in the wrong place. */
static int read_cells(const char **at, char cells[COLUMNS][CELL])
{
    const char *end = strchr(*at, '\n');
    int cell = 0;
    size_t length = 0;
    int quoted = 0;
    int wrong = 0;
    if (end == NULL) {
        return 0;
    }
    memset(cells, 0, COLUMNS * CELL);
    for (const char *c = *at; c < end; c++) {
        char *text = cells[cell < COLUMNS ? cell : 0];
        if (quoted == 1 && *c == '"' && c[1] == '"') {
            text[length++] = *c++;
        } else if (quoted == 1 && *c == '"') {
            quoted = 2;
        } else if (quoted != 1 && *c == ',') {
            cell++;
            length = 0;
            quoted = 0;
        } else if (quoted == 0 && length == 0 && *c == '"') {
            quoted = 1;
        } else if (quoted == 2 || (quoted == 0 && *c == '"')) {
            wrong = 1;
        } else {
            text[length++] = *c;
        }
    }
    *at = end + 1;
    return wrong || quoted == 1 ? -1 : cell + 1;
}

static int is_address(const char *text)
{
    unsigned a, b, c, d;
    char tail;
    return sscanf(text, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &tail) == 4 && a < 256 && b < 256 &&
           c < 256 && d < 256;
}

/* account_id,seen_at,ip,device,requests,capability,template */
static void model_events(model *m, const char *file)
{
    char cells[COLUMNS][CELL];
    int found;
    (void)read_cells(&file, cells);
    while ((found = read_cells(&file, cells)) != 0) {
        int64_t time = RF_NO_TIME;
        long const requests = cells[4][0] == '\0' ? 1 : atol(cells[4]);
        if (found != COLUMNS || cells[0][0] == '\0' || requests < 1 ||
            (cells[2][0] != '\0' && !is_address(cells[2])) ||
            (cells[1][0] != '\0' && !rf_time_parse(cells[1], strlen(cells[1]), &time))) {
            m->bad++;
            continue;
        }
        int const day = rf_day_of(time);
        m->good++;
        add(m, 1, "events|%s|%d", cells[0], day);
        add(m, requests, "requests|%s|%d", cells[0], day);
        add(m, cells[2][0] != '\0', "ip|%s|%s|%d", cells[0], cells[2], day);
        add(m, cells[3][0] != '\0', "device|%s|%s|%d", cells[0], cells[3], day);
        add(m, cells[5][0] != '\0' ? requests : 0, "capability|%s|%s|%d", cells[0], cells[5], day);
        add(m, cells[6][0] != '\0', "template|%s|%s|%d", cells[0], cells[6], day);
    }
}

static int by_key(const void *left, const void *right)
{
    return strcmp(((const count *)left)->key, ((const count *)right)->key);
}

static char *model_text(model *m)
{
    rf_text text = {0};
    char *copy;
    qsort(m->counts, (size_t)m->used, sizeof m->counts[0], by_key);
    for (int i = 0; i < m->used; i++) {
        if (m->counts[i].n > 0) {
            rf_text_printf(&text, "%s|%ld\n", m->counts[i].key, m->counts[i].n);
        }
    }
    copy = strdup(rf_text_get(&text));
    rf_text_free(&text);
    assert_non_null(copy);
    return copy;
}

static void random_cell(unsigned long long *seed, int column, char *out, size_t room)
{
    unsigned const pick = random_below(seed, 40);
    const char *quote = random_below(seed, 5) == 0 ? "\"" : "";
    out[0] = '\0';
    if (pick == 0) {
        return; /* absent */
    }
    switch (column) {
    case 0:
        (void)snprintf(out, room, "%sacc%u%s", quote, random_below(seed, 40), quote);
        break;
    case 1:
        (void)snprintf(out, room, pick == 1 ? "2026-02-%02u" : "2026-03-%02uT%02u:00:00Z",
                       1 + random_below(seed, 30), random_below(seed, 25));
        break;
    case 2:
        (void)snprintf(out, room, "%s10.0.%u.%u%s", quote, random_below(seed, 2),
                       random_below(seed, 60) * (pick == 2 ? 20 : 1), quote);
        break;
    case 3:
        (void)snprintf(out, room, pick < 6 ? "\"d,\"\"%u\"" : "dev%u", random_below(seed, 30));
        break;
    case 4:
        (void)snprintf(out, room, "%u", random_below(seed, 50));
        break;
    case 5:
        (void)snprintf(out, room, pick == 3 ? "cap\"%u" : "cap%u", random_below(seed, 3));
        break;
    default:
        (void)snprintf(out, room, "%st%u%s", quote, random_below(seed, 9), quote);
        break;
    }
}

static char *random_events(unsigned long long seed, int rows)
{
    rf_text file = {0};
    char *copy;
    rf_text_add(&file, "account_id,seen_at,ip,device,requests,capability,template\n");
    for (int i = 0; i < rows; i++) {
        int const columns = random_below(&seed, 30) == 0 ? 6 : COLUMNS;
        for (int column = 0; column < columns; column++) {
            char cell[CELL];
            random_cell(&seed, column, cell, sizeof cell);
            rf_text_add(&file, column == 0 ? "" : ",");
            rf_text_add(&file, cell);
        }
        rf_text_add(&file, "\n");
    }
    copy = strdup(rf_text_get(&file));
    rf_text_free(&file);
    assert_non_null(copy);
    return copy;
}

static const char facts[] =
    "SELECT 'events|' || external_id || '|' || day, sum(events) AS n FROM usage JOIN account"
    " ON id = account GROUP BY account, day UNION ALL"
    " SELECT 'requests|' || external_id || '|' || day, sum(requests) FROM usage JOIN account"
    " ON id = account GROUP BY account, day UNION ALL"
    " SELECT 'capability|' || external_id || '|' || text || '|' || day, requests"
    " FROM capability_use JOIN account a ON a.id = account JOIN value v ON v.id = capability"
    " UNION ALL"
    " SELECT g.name || '|' || external_id || '|' || text || '|' || day, times FROM sighting"
    " JOIN account a ON a.id = account JOIN value v ON v.id = value JOIN signal g"
    " ON g.id = v.signal ORDER BY 1";

static void agrees(void **state)
{
    static const rf_intake_limits limits[] = {{0, 0, 1}, {64, 0, 0}, {1000, 5000, 1}};
    (void)state;
    for (unsigned turn = 0; turn < 9; turn++) {
        model *m = calloc(1, sizeof *m);
        char *file = random_events(turn * 100000, 900);
        char *wanted;
        char *found;
        void *inner;
        sandbox *box;
        assert_non_null(m);
        assert_int_equal(sandbox_start(&inner), 0);
        box = inner;
        model_events(m, file);
        wanted = model_text(m);
        assert_int_equal(
            sandbox_import_bytes(box, "events", NULL, file, strlen(file), &limits[turn % 3]),
            RF_OK);
        found = sandbox_query(box, facts);
        assert_string_equal(found, wanted);
        assert_int_equal(box->result.rows, m->good);
        assert_int_equal(box->result.rejected, m->bad);
        assert_true(m->bad > 50);
        assert_int_equal(sandbox_end(&inner), 0);
        free(found);
        free(wanted);
        free(file);
        free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
