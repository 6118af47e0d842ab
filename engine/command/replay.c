/* replay.c - see replay.h. */
#include "command/replay.h"

#include "command/output.h"
#include "command/runs.h"
#include "command/waiting.h"
#include "rings/replay.h"

static void print_json(int64_t run, const rf_past_comparison *c)
{
    rf_json json = rf_output_json();
    rf_json_object(&json);
    rf_json_key(&json, "replayed");
    rf_json_int(&json, run);
    rf_json_key(&json, "identical");
    rf_json_bool(&json, c->identical);
    rf_json_key(&json, "tables");
    rf_json_array(&json);
    for (size_t i = 0; i < c->tables; i++) {
        rf_json_object(&json);
        rf_json_key(&json, "table");
        rf_json_string(&json, c->table[i].name);
        rf_json_key(&json, "rows");
        rf_json_int(&json, c->table[i].rows);
        rf_json_key(&json, "missing");
        rf_json_int(&json, c->table[i].missing);
        rf_json_key(&json, "extra");
        rf_json_int(&json, c->table[i].extra);
        rf_json_object_end(&json);
    }
    rf_json_array_end(&json);
    rf_json_object_end(&json);
    rf_json_finish(&json);
}

static rf_status print_sheet(rf_format format, const rf_past_comparison *c, rf_error *err)
{
    static const rf_field FIELDS[] = {{.name = "table", .kind = RF_FIELD_TEXT},
                                      {.name = "rows", .kind = RF_FIELD_INT},
                                      {.name = "missing", .kind = RF_FIELD_INT},
                                      {.name = "extra", .kind = RF_FIELD_INT}};
    rf_sheet_options const how = {.file = stdout, .format = format};
    rf_sheet *sheet = NULL;
    rf_status status = rf_sheet_start(&how, FIELDS, sizeof FIELDS / sizeof FIELDS[0], &sheet, err);
    for (size_t i = 0; i < c->tables && status == RF_OK; i++) {
        rf_sheet_text(sheet, c->table[i].name);
        rf_sheet_int(sheet, c->table[i].rows);
        rf_sheet_int(sheet, c->table[i].missing);
        rf_sheet_int(sheet, c->table[i].extra);
    }
    return status == RF_OK ? rf_sheet_end(sheet, err) : status;
}

rf_status rf_command_replay(const rf_globals *globals, const char *text, rf_error *err)
{
    rf_past_comparison c = {0};
    rf_store *store = NULL;
    rf_progress progress = {0};
    int64_t run = 0;
    rf_status status = rf_store_open(globals->db, RF_STORE_WRITE, &store, err);
    if (status == RF_OK) {
        status = rf_choose_run(store, text, &run, err);
    }
    if (status == RF_OK) {
        rf_wait_for_accounts(store, "replaying", RF_WAIT_REPLAY, &progress);
        status = rf_replay(store, run, globals->threads, &c, err);
        rf_progress_end(&progress);
    }
    if (status == RF_OK && globals->format == RF_FORMAT_JSON) {
        print_json(run, &c);
    } else if (status == RF_OK) {
        status = print_sheet(globals->format, &c, err);
    }
    if (status == RF_OK && c.identical && globals->format == RF_FORMAT_TABLE) {
        (void)printf("Run %lld replayed: every row came out the same. Nothing was kept.\n",
                     (long long)run);
    }
    if (status == RF_OK && !c.identical) {
        status = rf_fail(err, RF_EINPUT,
                         "run %lld did not come out the same: another version of the program made "
                         "it, or its rows were changed",
                         (long long)run);
    }
    rf_past_comparison_free(&c);
    rf_store_close(store);
    return status;
}
