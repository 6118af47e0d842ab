/* intake_imports.c - imports that were: looking one up, taking one back; see intake.h. */
#include "store/intake.h"

#include "base/text.h"
#include "store/kept.h"

#include <string.h>

rf_status rf_intake_find(rf_store *store, const char *digest, const rf_intake_source *source,
                         rf_import_record *found, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(store,
                                  "SELECT id, finished_at FROM import WHERE digest = ?1 AND"
                                  " kind = ?2 AND signal = ?3 AND map = ?4 AND undone_at IS NULL"
                                  " ORDER BY id DESC LIMIT 1",
                                  &statement, err);
    *found = (rf_import_record){0};
    if (status != RF_OK) {
        return status;
    }
    rf_bind_text(statement, 1, digest);
    rf_bind_text(statement, 2, source->kind);
    rf_bind_text(statement, 3, source->signal);
    rf_bind_text(statement, 4, source->map);
    status = rf_step(statement, &row, err);
    if (status == RF_OK && row) {
        found->id = rf_column_int(statement, 0);
        found->finished_at = rf_column_int(statement, 1);
    }
    rf_statement_end(statement);
    return status;
}

rf_status rf_intake_size_seen(rf_store *store, const rf_intake_source *source, uint64_t bytes,
                              bool *seen, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(
        store, "SELECT 1 FROM import WHERE bytes = ?1 AND kind = ?2 AND undone_at IS NULL LIMIT 1",
        &statement, err);
    *seen = false;
    if (status != RF_OK) {
        return status;
    }
    rf_bind_int(statement, 1, (int64_t)bytes);
    rf_bind_text(statement, 2, source->kind);
    status = rf_step(statement, seen, err);
    rf_statement_end(statement);
    return status;
}

/* ---- undo ---- */

/* Runs a statement whose only parameter, if any, is the import; adds the rows it changed. */
static rf_status change(rf_store *store, const char *sql, int64_t import, int64_t *changed,
                        rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status != RF_OK) {
        return status;
    }
    if (rf_parameter_count(statement) > 0) {
        rf_bind_int(statement, 1, import);
    }
    status = rf_run(statement, err);
    if (status == RF_OK && changed != NULL) {
        *changed += rf_store_changes(store);
    }
    rf_statement_end(statement);
    return status;
}

static rf_status change_all(rf_store *store, const char *const *sql, int64_t import,
                            int64_t *changed, rf_error *err)
{
    rf_status status = RF_OK;
    for (; *sql != NULL && status == RF_OK; sql++) {
        status = change(store, *sql, import, changed, err);
    }
    return status;
}

static rf_status check_import(rf_store *store, int64_t import, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    bool undone = false;
    rf_status status =
        rf_prepare(store, "SELECT undone_at FROM import WHERE id = ?1", &statement, err);
    if (status != RF_OK) {
        return status;
    }
    rf_bind_int(statement, 1, import);
    status = rf_step(statement, &row, err);
    undone = status == RF_OK && row && rf_column_kind(statement, 0) != RF_NULL;
    rf_statement_end(statement);
    if (status == RF_OK && !row) {
        return rf_fail(err, RF_EINPUT, "there is no import %lld; `import --list` shows them",
                       (long long)import);
    }
    if (status == RF_OK && undone) {
        return rf_fail(err, RF_EINPUT, "import %lld was undone before", (long long)import);
    }
    return status;
}

/* What the import mentions: only this can become unmentioned or change its merged columns. */
static const char *const gather[] = {
    "CREATE TEMP TABLE undo_account (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE undo_value (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE undo_claimed (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE undo_instrument (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE undo_holding (account INTEGER, value INTEGER, PRIMARY KEY (account, value))"
    " WITHOUT ROWID",
    "INSERT INTO undo_claimed SELECT id FROM account WHERE said_by = ?1"
    " UNION SELECT account FROM account_claim WHERE import = ?1",
    "INSERT INTO undo_instrument SELECT value FROM instrument_claim WHERE import = ?1",
    "INSERT OR IGNORE INTO undo_holding SELECT account, value FROM sighting WHERE import = ?1",
    "INSERT OR IGNORE INTO undo_account SELECT id FROM undo_claimed",
    "INSERT OR IGNORE INTO undo_account SELECT account FROM undo_holding",
    "INSERT OR IGNORE INTO undo_account SELECT account FROM activity WHERE import = ?1",
    "INSERT OR IGNORE INTO undo_account SELECT account FROM label WHERE import = ?1",
    "INSERT OR IGNORE INTO undo_value SELECT value FROM undo_holding",
    "INSERT OR IGNORE INTO undo_value SELECT capability FROM activity WHERE import = ?1",
    NULL};

/* Packs hold many rows of facts, which are counted here. */
static const char *const packs[] = {"DELETE FROM sighting_pack WHERE import = ?1",
                                    "DELETE FROM activity_pack WHERE import = ?1", NULL};
static const char packed_facts[] = "SELECT (SELECT count(*) FROM sighting WHERE import = ?1)"
                                   " + (SELECT count(*) FROM activity WHERE import = ?1)";

static const char *const removals[] = {"DELETE FROM label WHERE import = ?1",
                                       "DELETE FROM account_claim WHERE import = ?1",
                                       "UPDATE account SET said_by = NULL WHERE said_by = ?1",
                                       "DELETE FROM instrument_claim WHERE import = ?1", NULL};

/* Pairs that no other import shows are held no longer; the packs of their accounts are made anew.
 */
static const char *const holdings[] = {
    "CREATE TEMP TABLE undo_kept (account INTEGER, value INTEGER, PRIMARY KEY (account, value))"
    " WITHOUT ROWID",
    "INSERT OR IGNORE INTO undo_kept SELECT s.account, s.value FROM undo_value v"
    " CROSS JOIN sighting s ON s.value = v.id",
    "DELETE FROM undo_holding WHERE (account, value) IN (SELECT account, value FROM undo_kept)",
    "DELETE FROM undo_kept",
    "INSERT INTO undo_kept SELECT h.account, h.value"
    " FROM (SELECT DISTINCT account FROM undo_holding) AS u"
    " CROSS JOIN holding h ON h.account = u.account"
    " WHERE NOT EXISTS (SELECT 1 FROM undo_holding o WHERE o.account = h.account AND"
    "  o.value = h.value)", /* NOT IN would go through all of them for each: one might be NULL */
    "DELETE FROM holding_pack WHERE account IN (SELECT account FROM undo_holding)",
    "INSERT INTO holding_pack (account, value, packed)"
    " SELECT account, first, '[' || group_concat(value - first) || ']'"
    " FROM (SELECT account, value, min(value) OVER (PARTITION BY account, part) AS first"
    "  FROM (SELECT account, value, row_number() OVER (PARTITION BY account ORDER BY value) / 32"
    "   AS part FROM undo_kept))"
    " GROUP BY account, first",
    NULL};

/* A bare column beside max() comes from the row of the maximum: the email's own parts. */
static const char *const merges[] = {
    "UPDATE account SET said_by = iif(id IN (SELECT account FROM account_claim), 0, NULL),"
    " created_at = NULL, email = NULL, email_key = NULL, email_domain = NULL,"
    " country = NULL, timezone = NULL, plan = NULL, status = NULL, owner_id = NULL"
    " WHERE id IN (SELECT id FROM undo_claimed)",
    "UPDATE account SET created_at = c.created_at, country = c.country, timezone = c.timezone,"
    " plan = c.plan, status = c.status, owner_id = c.owner_id"
    " FROM (SELECT account, max(created_at) AS created_at, max(country) AS country,"
    "  max(timezone) AS timezone, max(plan) AS plan, max(status) AS status,"
    "  max(owner_id) AS owner_id FROM account_claim WHERE account IN (SELECT id FROM undo_claimed)"
    "  GROUP BY account) AS c WHERE account.id = c.account",
    "UPDATE account SET email = c.email, email_key = c.email_key, email_domain = c.email_domain"
    " FROM (SELECT account, max(email) AS email, email_key, email_domain FROM account_claim"
    "  WHERE account IN (SELECT id FROM undo_claimed) AND email IS NOT NULL GROUP BY account) AS c"
    " WHERE account.id = c.account",
    "DELETE FROM instrument WHERE value IN (SELECT id FROM undo_instrument)",
    "INSERT INTO instrument (value, kind, bin, last4, country, funding)"
    " SELECT value, max(kind), max(bin), max(last4), max(country), max(funding)"
    " FROM instrument_claim WHERE value IN (SELECT id FROM undo_instrument) GROUP BY value",
    NULL};

static const char *const leftovers[] = {
    "DELETE FROM address_other WHERE value IN (SELECT id FROM undo_value)",
    "DELETE FROM instrument WHERE value IN (SELECT id FROM undo_value)", NULL};

/* Takes everything out of the candidates that some table still mentions, whatever tables there are:
 * foreign keys tell, but for what stands in no key of its own. Derived attributes of a value go
 * with it and do not count. */
static rf_status keep_mentioned(rf_store *store, rf_error *err)
{
    static const char by_themselves[] =
        "DELETE FROM undo_account WHERE id IN (SELECT id FROM account WHERE said_by IS NOT NULL);"
        "DELETE FROM undo_value WHERE id IN (SELECT capability FROM activity)";
    rf_statement *statement = NULL;
    rf_text all = {0};
    bool row = false;
    rf_status status =
        rf_prepare(store,
                   "SELECT m.name, f.\"from\", f.\"table\" FROM main.sqlite_schema AS m,"
                   " pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND"
                   " f.\"table\" IN ('account', 'value') AND m.name NOT IN ('address_other', "
                   "'instrument')",
                   &statement, err);
    while (status == RF_OK && (status = rf_step(statement, &row, err)) == RF_OK && row) {
        rf_text_printf(&all, "DELETE FROM undo_%s WHERE id IN (SELECT \"%s\" FROM \"%s\");",
                       rf_column_text(statement, 2), rf_column_text(statement, 1),
                       rf_column_text(statement, 0));
    }
    rf_statement_end(statement);
    if (status == RF_OK) {
        status = rf_text_failed(&all) ? rf_fail_memory(err, "the undo")
                                      : rf_store_exec(store, rf_text_get(&all), err);
    }
    rf_text_free(&all);
    return status == RF_OK ? rf_store_exec(store, by_themselves, err) : status;
}

static rf_status remove_unmentioned(rf_store *store, int64_t import, rf_undo_summary *summary,
                                    rf_error *err)
{
    rf_status status = keep_mentioned(store, err);
    if (status == RF_OK) {
        status = change_all(store, leftovers, import, NULL, err);
    }
    if (status == RF_OK) {
        status = change(store, "DELETE FROM value WHERE id IN (SELECT id FROM undo_value)", import,
                        &summary->values, err);
    }
    if (status == RF_OK) {
        status = change(store, "DELETE FROM account WHERE id IN (SELECT id FROM undo_account)",
                        import, &summary->accounts, err);
    }
    if (status == RF_OK) { /* a signal that --signal brought and nothing has a value of any more */
        status = change(store,
                        "DELETE FROM signal WHERE id > 7 AND family = name AND role = 'link' AND"
                        " name = (SELECT signal FROM import WHERE id = ?1) AND"
                        " id NOT IN (SELECT signal FROM value) AND"
                        " id NOT IN (SELECT signal FROM calibration)",
                        import, NULL, err);
    }
    return status;
}

static rf_status count_packed(rf_store *store, int64_t import, int64_t *rows, rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, packed_facts, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, import);
        status = rf_step(statement, &row, err);
    }
    if (status == RF_OK && row) {
        *rows += rf_column_int(statement, 0);
    }
    rf_statement_end(statement);
    return status;
}

static rf_status undo(rf_store *store, int64_t import, rf_undo_summary *summary, rf_error *err)
{
    rf_status status = check_import(store, import, err);
    if (status == RF_OK) {
        status = change_all(store, gather, import, NULL, err);
    }
    if (status == RF_OK) {
        status = count_packed(store, import, &summary->rows, err);
    }
    if (status == RF_OK) {
        status = change_all(store, packs, import, NULL, err);
    }
    if (status == RF_OK) {
        status = change_all(store, removals, import, &summary->rows, err);
    }
    if (status == RF_OK) {
        status = change_all(store, holdings, import, NULL, err);
    }
    if (status == RF_OK) {
        status = change_all(store, merges, import, NULL, err);
    }
    if (status == RF_OK) {
        status = remove_unmentioned(store, import, summary, err);
    }
    if (status == RF_OK) {
        status = rf_store_exec(store,
                               "DROP TABLE undo_account; DROP TABLE undo_value;"
                               "DROP TABLE undo_claimed; DROP TABLE undo_instrument;"
                               "DROP TABLE undo_holding; DROP TABLE undo_kept",
                               err);
    }
    if (status == RF_OK) {
        status = change(store, "UPDATE import SET undone_at = unixepoch() WHERE id = ?1", import,
                        NULL, err);
    }
    if (status == RF_OK) { /* what the last run had in its hands is no longer so */
        status = rf_kept_forget(store, err);
    }
    return status;
}

rf_status rf_intake_undo(rf_store *store, int64_t import, rf_undo_summary *summary, rf_error *err)
{
    rf_status ended;
    rf_status status = rf_store_exec(store, "PRAGMA foreign_keys = OFF", err);
    *summary = (rf_undo_summary){0};
    if (status == RF_OK) {
        status = rf_store_begin(store, err);
    }
    if (status == RF_OK) {
        status = undo(store, import, summary, err);
        if (status == RF_OK) {
            status = rf_store_commit(store, err);
        } else {
            rf_store_rollback(store);
        }
    }
    ended = rf_store_exec(store, "PRAGMA foreign_keys = ON", NULL);
    (void)ended;
    return status;
}
