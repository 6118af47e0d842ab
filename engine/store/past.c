/* past.c - see past.h. */
#include "store/past.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

/* ---- is everything still there? ---- */

static rf_status check_imports(rf_store *store, int64_t run, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    char when[RF_TIME_TEXT];
    rf_status status = rf_prepare(
        store,
        "SELECT i.id, i.path, i.undone_at, count(*) OVER () FROM run_import r LEFT JOIN import i"
        " ON i.id = r.import WHERE r.run = ?1 ORDER BY i.undone_at IS NULL, r.import LIMIT 1",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && !row) {
        status =
            rf_fail(err, RF_EINPUT,
                    "run %lld cannot be replayed: it was made by a version of the program that "
                    "did not keep which imports a run saw",
                    (long long)run);
    } else if (status == RF_OK && rf_column_kind(select, 2) != RF_NULL) {
        status =
            rf_fail(err, RF_EINPUT,
                    "run %lld cannot be replayed: import %lld (%.200s), which it saw, was taken "
                    "back at %s; import the file again and detect anew",
                    (long long)run, (long long)rf_column_int(select, 0), rf_column_text(select, 1),
                    rf_time_format(rf_column_int(select, 2), when));
    }
    rf_statement_end(select);
    return status;
}

/* An updated run is no longer what a run made: its updates would have to be made again, too. */
static rf_status check_updates(rf_store *store, int64_t run, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    char when[RF_TIME_TEXT];
    rf_status status =
        rf_prepare(store, "SELECT updates, updated_at FROM run WHERE id = ?1", &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row && rf_column_int(select, 0) > 0) {
        status =
            rf_fail(err, RF_EINPUT,
                    "run %lld cannot be replayed: it was updated since with what was imported "
                    "later (detect --update, last at %s), and a replay repeats full runs alone",
                    (long long)run, rf_time_format(rf_column_int(select, 1), when));
    }
    rf_statement_end(select);
    return status;
}

/* Imports that are there now and that the run did not see. */
static rf_status count_later(rf_store *store, int64_t run, int64_t *later, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(store,
                   "SELECT count(*) FROM import WHERE undone_at IS NULL AND id NOT IN"
                   " (SELECT import FROM run_import WHERE run = ?1)",
                   &select, err);
    *later = 0;
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        *later = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

static rf_status check_accounts(rf_store *store, int64_t run, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(store, "SELECT accounts, (SELECT count(*) FROM account) FROM run WHERE id = ?1",
                   &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row && rf_column_int(select, 0) != rf_column_int(select, 1)) {
        status =
            rf_fail(err, RF_EINPUT,
                    "run %lld cannot be replayed: it saw %lld accounts, and the imports it saw "
                    "tell of %lld; imports were taken back around it",
                    (long long)run, (long long)rf_column_int(select, 0),
                    (long long)rf_column_int(select, 1));
    }
    rf_statement_end(select);
    return status;
}

/* ---- what stands in front ---- */

/* Merged as imports merge them: the greater text wins, an email brings its own parts along. */
static const char FRONTS[] =
    "CREATE TEMP VIEW sighting_pack AS SELECT * FROM main.sighting_pack"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "CREATE TEMP VIEW activity_pack AS SELECT * FROM main.activity_pack"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "CREATE TEMP VIEW sighting AS SELECT * FROM main.sighting"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "CREATE TEMP VIEW activity AS SELECT * FROM main.activity"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "CREATE TEMP VIEW label AS SELECT * FROM main.label"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "CREATE TEMP TABLE past_account (id INTEGER PRIMARY KEY);"
    "INSERT INTO past_account SELECT DISTINCT account FROM main.account_said"
    " WHERE import IN (SELECT import FROM temp.past_import);"
    "INSERT OR IGNORE INTO past_account SELECT DISTINCT account FROM temp.sighting;"
    "INSERT OR IGNORE INTO past_account SELECT DISTINCT account FROM temp.activity;"
    "INSERT OR IGNORE INTO past_account SELECT DISTINCT account FROM temp.label;"
    "CREATE TEMP TABLE account (id INTEGER PRIMARY KEY, external_id TEXT, created_at INTEGER,"
    " email TEXT, email_key TEXT, email_domain TEXT, country TEXT, timezone TEXT, plan TEXT,"
    " status TEXT, owner_id TEXT);"
    "INSERT INTO temp.account (id, external_id, created_at, country, timezone, plan, status,"
    " owner_id)"
    " SELECT a.id, a.external_id, max(c.created_at), max(c.country), max(c.timezone), max(c.plan),"
    " max(c.status), max(c.owner_id) FROM temp.past_account p JOIN main.account a ON a.id = p.id"
    " LEFT JOIN main.account_said c ON c.account = a.id AND"
    " c.import IN (SELECT import FROM temp.past_import) GROUP BY a.id;"
    "UPDATE temp.account SET email = c.email, email_key = c.email_key,"
    " email_domain = c.email_domain FROM (SELECT account, max(email) AS email, email_key,"
    " email_domain FROM main.account_said WHERE import IN (SELECT import FROM temp.past_import)"
    " AND email IS NOT NULL GROUP BY account) AS c WHERE temp.account.id = c.account;"
    "CREATE TEMP TABLE instrument (value INTEGER PRIMARY KEY, kind TEXT, bin TEXT, last4 TEXT,"
    " country TEXT, funding TEXT);"
    "INSERT INTO temp.instrument SELECT value, max(kind), max(bin), max(last4), max(country),"
    " max(funding) FROM main.instrument_claim"
    " WHERE import IN (SELECT import FROM temp.past_import) GROUP BY value;"
    "CREATE TEMP VIEW signal AS SELECT * FROM main.signal"
    " WHERE id IN (SELECT signal FROM temp.past_signal);"
    "CREATE TEMP VIEW value AS SELECT * FROM main.value WHERE signal IN"
    " (SELECT id FROM temp.signal WHERE name <> 'capability') UNION ALL"
    " SELECT * FROM main.value WHERE id IN (SELECT capability FROM temp.activity);";

/* What is known of accounts changes without imports: this always stands in front. */
static const char KNOWLEDGE[] =
    "CREATE TEMP VIEW account_label AS SELECT a.id AS account, k.label"
    " FROM temp.past_knowledge k JOIN main.account a ON a.external_id = k.account;"
    "CREATE TEMP VIEW verification_request AS SELECT account FROM temp.account_label;"
    "CREATE TEMP VIEW separation AS SELECT id, account_a, account_b, reason, said_by, said_at,"
    " NULL AS undone_at FROM main.separation"
    " WHERE id IN (SELECT separation FROM temp.past_separation);"
    "CREATE TEMP VIEW allow_active AS SELECT id, signal, value FROM main.allow_entry"
    " WHERE id IN (SELECT entry FROM temp.past_allow);";

static rf_status run_for(rf_store *store, const char *sql, int64_t run, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, run);
        status = rf_run(statement, err);
    }
    rf_statement_end(statement);
    return status;
}

static rf_status put_in_front(rf_store *store, int64_t run, rf_error *err)
{
    rf_status status = rf_store_exec(store,
                                     "CREATE TEMP TABLE past_import (import INTEGER PRIMARY KEY);"
                                     "CREATE TEMP TABLE past_signal (signal INTEGER PRIMARY KEY)",
                                     err);
    if (status == RF_OK) {
        status =
            run_for(store, "INSERT INTO past_import SELECT import FROM run_import WHERE run = ?1",
                    run, err);
    }
    if (status == RF_OK) {
        status =
            run_for(store, "INSERT INTO past_signal SELECT signal FROM run_signal WHERE run = ?1",
                    run, err);
    }
    return status == RF_OK ? rf_store_exec(store, FRONTS, err) : status;
}

static rf_status put_knowledge_in_front(rf_store *store, int64_t run, rf_error *err)
{
    rf_status status =
        rf_store_exec(store,
                      "CREATE TEMP TABLE past_knowledge (account TEXT, label TEXT);"
                      "CREATE TEMP TABLE past_separation (separation INTEGER PRIMARY KEY);"
                      "CREATE TEMP TABLE past_allow (entry INTEGER PRIMARY KEY)",
                      err);
    if (status == RF_OK) {
        status = run_for(store,
                         "INSERT INTO past_knowledge SELECT account, label FROM run_knowledge"
                         " WHERE run = ?1",
                         run, err);
    }
    if (status == RF_OK) {
        status = run_for(store,
                         "INSERT INTO past_separation SELECT separation FROM run_separation"
                         " WHERE run = ?1",
                         run, err);
    }
    if (status == RF_OK) {
        status = run_for(store,
                         "INSERT INTO past_allow SELECT entry FROM run_allow_entry WHERE run = ?1",
                         run, err);
    }
    return status == RF_OK ? rf_store_exec(store, KNOWLEDGE, err) : status;
}

rf_status rf_past_enter(rf_store *store, int64_t run, rf_error *err)
{
    int64_t later = 0;
    rf_status status = check_imports(store, run, err);
    if (status == RF_OK) {
        status = check_updates(store, run, err);
    }
    if (status == RF_OK) {
        status = put_knowledge_in_front(store, run, err);
    }
    if (status == RF_OK) {
        status = count_later(store, run, &later, err);
    }
    if (status == RF_OK && later > 0) {
        status = put_in_front(store, run, err);
    }
    return status == RF_OK ? check_accounts(store, run, err) : status;
}

/* ---- the same? ---- */

void rf_past_comparison_free(rf_past_comparison *comparison)
{
    rf_free(comparison->table);
    rf_arena_free(&comparison->texts);
    *comparison = (rf_past_comparison){0};
}

static rf_status compare_table(rf_store *store, const char *name, const char *key,
                               const char *columns, int64_t run, int64_t other,
                               rf_past_comparison *out, rf_error *err)
{
    rf_text sql = {0};
    rf_statement *select = NULL;
    bool row = false;
    rf_status status;
    rf_text_printf(&sql,
                   "WITH a AS (SELECT %s FROM %s WHERE %s = ?1),"
                   " b AS (SELECT %s FROM %s WHERE %s = ?2) SELECT (SELECT count(*) FROM a),"
                   " (SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT * FROM b)),"
                   " (SELECT count(*) FROM (SELECT * FROM b EXCEPT SELECT * FROM a))",
                   columns, name, key, columns, name, key);
    status = rf_text_failed(&sql) ? rf_fail_memory(err, "the comparison of runs")
                                  : rf_prepare(store, rf_text_get(&sql), &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, other);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        rf_past_table *one;
        if (!rf_reserve(&out->table, &out->table_room, out->tables + 1, sizeof *out->table)) {
            status = rf_fail_memory(err, "the comparison of runs");
        } else {
            one = &out->table[out->tables++];
            *one = (rf_past_table){rf_arena_text(&out->texts, name, strlen(name)),
                                   rf_column_int(select, 0), rf_column_int(select, 1),
                                   rf_column_int(select, 2)};
            status = one->name == NULL ? rf_fail_memory(err, "the comparison of runs") : RF_OK;
            out->identical = out->identical && one->missing == 0 && one->extra == 0;
        }
    }
    rf_statement_end(select);
    rf_text_free(&sql);
    return status;
}

/* Every table that belongs to runs, whatever tables there are: foreign keys tell. */
static const char TABLES_SQL[] =
    "SELECT 'run', 'id', group_concat('\"' || name || '\"') FROM pragma_table_info('run')"
    " WHERE name NOT IN ('id', 'started_at', 'finished_at', 'timings', 'updated_at', 'updates') "
    "UNION ALL "
    "SELECT t.name, 'run', (SELECT group_concat('\"' || c.name || '\"')"
    "  FROM pragma_table_info(t.name) c WHERE c.name <> 'run') "
    "FROM main.sqlite_schema t WHERE t.type = 'table' AND EXISTS ("
    "  SELECT 1 FROM pragma_foreign_key_list(t.name) f"
    "  WHERE f.\"from\" = 'run' AND f.\"table\" IN ('run', 'ring')) "
    "ORDER BY 1";

rf_status rf_past_compare(rf_store *store, int64_t run, int64_t other, rf_past_comparison *out,
                          rf_error *err)
{
    rf_statement *tables = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, TABLES_SQL, &tables, err);
    *out = (rf_past_comparison){.identical = true};
    while (status == RF_OK && (status = rf_step(tables, &row, err)) == RF_OK && row) {
        const char *columns =
            rf_column_kind(tables, 2) == RF_NULL ? "1" : rf_column_text(tables, 2);
        status = compare_table(store, rf_column_text(tables, 0), rf_column_text(tables, 1), columns,
                               run, other, out, err);
    }
    rf_statement_end(tables);
    return status;
}
