/* story.c - see story.h. */
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int story_start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 0);
    *state = made;
    return 0;
}

int story_end(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

void story_world(const fixture *f, const char *accounts, const char *seed)
{
    const char *named = getenv("WORLDGEN");
    char command[512];
    (void)snprintf(
        command, sizeof command, "'%s' --out '%s/w' --accounts %s --seed %s >/dev/null 2>&1",
        named != NULL && named[0] != '\0' ? named : "build/worldgen", f->folder, accounts, seed);
    assert_int_equal(system(command), 0);
}

void story_import_file(fixture *f, const char *kind, const char *file)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "import %s '%s/w/%s'", kind, f->folder, file);
    story_run(f, arguments, 0);
}

void story_run(fixture *f, const char *arguments, int status)
{
    int const ended = fixture_run(f, arguments);
    if (ended != status) {
        fail_msg("%s: status %d, not %d: %s", arguments, ended, status, f->errors);
    }
}

void story_import(fixture *f, const char *kind, const char *rows)
{
    char path[128];
    char arguments[256];
    FILE *file;
    (void)snprintf(path, sizeof path, "%s/rows.csv", f->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(rows, file);
    (void)fclose(file);
    (void)snprintf(arguments, sizeof arguments, "import %s '%s'", kind, path);
    story_run(f, arguments, 0);
}

void story_share(fixture *f, const char *prefix, int first, int last, const char *value)
{
    char payments[8192] = "account_id,instrument\n";
    char events[8192] = "account_id,seen_at,device\n";
    for (int i = first; i <= last; i++) {
        size_t at = strlen(payments);
        (void)snprintf(payments + at, sizeof payments - at, "%s%d,card-%s\n", prefix, i, value);
        at = strlen(events);
        (void)snprintf(events + at, sizeof events - at, "%s%d,2026-05-01T08:00:00Z,dev-%s\n",
                       prefix, i, value);
    }
    story_import(f, "payments", payments);
    story_import(f, "events", events);
}

void story_crowd(fixture *f)
{
    char payments[8192] = "account_id,instrument\n";
    char events[8192] = "account_id,seen_at,device\n";
    for (int i = 0; i < 120; i++) {
        size_t at = strlen(payments);
        (void)snprintf(payments + at, sizeof payments - at, "h%d,own-%d\n", i, i / 2);
        at = strlen(events);
        (void)snprintf(events + at, sizeof events - at, "h%d,2026-05-02T08:00:00Z,laptop-%d\n", i,
                       (i + 1) / 2);
    }
    story_import(f, "payments", payments);
    story_import(f, "events", events);
}

json_t *story_json(fixture *f, const char *arguments)
{
    char whole[512];
    json_error_t error;
    json_t *read;
    (void)snprintf(whole, sizeof whole, "%s --format json", arguments);
    story_run(f, whole, 0);
    read = json_loads(f->output, 0, &error);
    if (read == NULL) {
        fail_msg("%s: %s: %s", arguments, error.text, f->output);
    }
    return read;
}

void story_key_of(fixture *f, const char *account, char key[32])
{
    rf_store *store = NULL;
    rf_statement *select = NULL;
    rf_error err = {.status = RF_OK};
    bool row = false;
    key[0] = '\0';
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_prepare(store,
                                "SELECT r.ring_key FROM account a JOIN member m ON m.account = a.id"
                                " JOIN ring r ON r.run = m.run AND r.ring = m.ring"
                                " WHERE a.external_id = ? AND m.run = (SELECT max(id) FROM run)",
                                &select, &err),
                     RF_OK);
    rf_bind_text(select, 1, account);
    assert_int_equal(rf_step(select, &row, &err), RF_OK);
    if (row) {
        (void)snprintf(key, 32, "%s", rf_column_text(select, 0));
    }
    rf_statement_end(select);
    rf_store_close(store);
}

int64_t story_number(const fixture *f, const char *sql)
{
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    int64_t found = -1;
    rf_status status = rf_store_open(f->db, RF_STORE_READ, &store, &err);
    if (status == RF_OK) {
        status = rf_store_number(store, sql, &found, &err);
    }
    rf_store_close(store);
    if (status != RF_OK) {
        fail_msg("%s: %s", sql, err.text);
    }
    return found;
}

void story_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}
