/* import_support.c - see import_support.h. */
#include "import_support.h"

#include "base/hash.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sandbox_start(void **state)
{
    const char *root = getenv("TMPDIR");
    sandbox *box = calloc(1, sizeof *box);
    assert_non_null(box);
    (void)snprintf(box->folder, sizeof box->folder, "%.40s/import-XXXXXX",
                   root == NULL ? "/tmp" : root);
    assert_non_null(mkdtemp(box->folder));
    (void)snprintf(box->db, sizeof box->db, "%s/t.db", box->folder);
    assert_int_equal(rf_store_open(box->db, RF_STORE_CREATE, &box->store, &box->error), RF_OK);
    *state = box;
    return 0;
}

int sandbox_end(void **state)
{
    sandbox *box = *state;
    char command[160];
    rf_store_close(box->store);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", box->folder);
    if (system(command) != 0) {
        return 1;
    }
    free(box);
    return 0;
}

static void remember(void *context, const char *line)
{
    sandbox *box = context;
    size_t const used = strlen(box->said);
    (void)snprintf(box->said + used, sizeof box->said - used, "%s\n", line);
}

rf_status sandbox_import_bytes(sandbox *box, const char *kind, const char *map, const char *bytes,
                               size_t length, const rf_intake_limits *limits)
{
    char name[32];
    const char *colon = strchr(kind, ':');
    rf_source *source = NULL;
    rf_map read;
    rf_import_options options = {.signal = colon == NULL ? "" : colon + 1,
                                 .map = &read,
                                 .card_key = "key",
                                 .rejects = &box->rejects,
                                 .limits = limits,
                                 .stop = &box->stop,
                                 .say = remember,
                                 .context = box};
    rf_status status;
    (void)snprintf(name, sizeof name, "%.*s",
                   (int)(colon == NULL ? strlen(kind) : (size_t)(colon - kind)), kind);
    options.kind = rf_kind_find(name);
    assert_non_null(options.kind);
    box->said[0] = '\0';
    memset(&box->result, 0, sizeof box->result);
    status = rf_map_read(options.kind, map, &read, &box->error);
    if (status == RF_OK) {
        status = rf_source_open_memory(bytes, length, &source, &box->error);
    }
    if (status == RF_OK) {
        status = rf_import_source(box->store, source, &options, &box->result, &box->error);
    }
    rf_source_close(source);
    return status;
}

rf_status sandbox_import(sandbox *box, const char *kind, const char *text)
{
    return sandbox_import_bytes(box, kind, NULL, text, strlen(text), NULL);
}

char *sandbox_query(const sandbox *box, const char *sql)
{
    rf_error error = {0};
    rf_statement *statement = NULL;
    rf_text text = {0};
    bool row = false;
    char *copy;
    if (rf_prepare(box->store, sql, &statement, &error) != RF_OK) {
        fail_msg("%s: %s", sql, error.text);
    }
    while (rf_step(statement, &row, &error) == RF_OK && row) {
        for (int i = 0; i < rf_column_count(statement); i++) {
            rf_text_add(&text, i == 0 ? "" : "|");
            rf_text_add(&text, rf_column_text(statement, i));
        }
        rf_text_add(&text, "\n");
    }
    rf_statement_end(statement);
    copy = strdup(rf_text_get(&text));
    rf_text_free(&text);
    assert_non_null(copy);
    return copy;
}

long long sandbox_number(const sandbox *box, const char *sql)
{
    char *text = sandbox_query(box, sql);
    long long const number = atoll(text);
    free(text);
    return number;
}

char *sandbox_facts(const sandbox *box)
{
    char *sound = sandbox_query(box, "PRAGMA integrity_check");
    assert_string_equal(sound, "ok\n");
    free(sound);
    sound = sandbox_query(box, "PRAGMA foreign_key_check");
    assert_string_equal(sound, "");
    free(sound);
    sound = sandbox_query(box, "SELECT account, value FROM (SELECT account, value FROM holding"
                               " EXCEPT SELECT account, value FROM sighting)"
                               " UNION ALL SELECT account, value FROM (SELECT account, value FROM"
                               " sighting EXCEPT SELECT account, value FROM holding)"
                               " UNION ALL SELECT account, capability FROM activity WHERE"
                               " capability > 0 AND capability NOT IN"
                               " (SELECT id FROM value WHERE signal = 7)");
    assert_string_equal(sound, "");
    free(sound);
    return sandbox_query(
        box,
        "SELECT 'account', external_id, created_at, email, email_key, email_domain, country,"
        " timezone, plan, status, owner_id FROM account"
        " UNION ALL SELECT 'claim', a.external_id, c.created_at, c.email, c.email_key,"
        "  c.email_domain, c.country, c.timezone, c.plan, c.status, c.owner_id"
        "  FROM account_said c JOIN account a ON a.id = c.account"
        " UNION ALL SELECT 'value', g.name, g.family, v.text, d.version, d.prefix, d.scope, e.form,"
        "  i.kind || '/' || i.country || '/' || i.funding, i.bin, i.last4"
        "  FROM value v JOIN signal g ON g.id = v.signal LEFT JOIN address d ON d.value = v.id"
        "  LEFT JOIN device e ON e.value = v.id LEFT JOIN instrument i ON i.value = v.id"
        " UNION ALL SELECT 'instrument', v.text, i.kind, i.bin, i.last4, i.country, i.funding, '',"
        "  '', '', '' FROM instrument i JOIN value v ON v.id = i.value"
        " UNION ALL SELECT 'instrument claim', v.text, i.kind, i.bin, i.last4, i.country,"
        "  i.funding, '', '', '', '' FROM instrument_claim i JOIN value v ON v.id = i.value"
        " UNION ALL SELECT 'sighting', a.external_id, g.name, v.text, s.day, sum(s.times), '', '',"
        "  '', '', '' FROM sighting s JOIN value v ON v.id = s.value JOIN signal g"
        "  ON g.id = v.signal JOIN account a ON a.id = s.account GROUP BY s.value, s.account, s.day"
        " UNION ALL SELECT 'activity', a.external_id, coalesce(v.text, '-'), c.day, sum(c.events),"
        "  sum(c.requests), group_concat(c.hours), '', '', '', '' FROM activity c"
        "  JOIN account a ON a.id = c.account LEFT JOIN value v ON v.id = c.capability"
        "  GROUP BY c.account, c.capability, c.day"
        " UNION ALL SELECT 'holding', a.external_id, g.name, v.text, '', '', '', '', '', '', ''"
        "  FROM holding h JOIN account a ON a.id = h.account JOIN value v ON v.id = h.value"
        "  JOIN signal g ON g.id = v.signal"
        " UNION ALL SELECT 'label', a.external_id, l.label, l.source, l.at, '', '', '', '', '', ''"
        "  FROM label l JOIN account a ON a.id = l.account"
        " UNION ALL SELECT 'signal', name, family, role, windowed, '', '', '', '', '', ''"
        "  FROM signal ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11");
}

unsigned random_below(unsigned long long *seed, unsigned limit)
{
    *seed += 1;
    return (unsigned)(rf_mix(*seed) % limit);
}
