/* import.c - see import.h. */
#include "importers/import.h"

#include "base/clock.h"
#include "base/progress.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_A_GLANCE = 4096 }; /* between two looks at the progress */

/* One import in the making. */
typedef struct import_job {
    rf_store *store;
    rf_source *source;
    const rf_import_options *options;
    rf_import_result *result;
    rf_reader *reader;
    rf_importing importing;
    char first_reason[RF_REASON];
    int64_t first_line;
} import_job;

/* ---- --map ---- */

static rf_status unknown_field(const rf_kind *kind, const char *field, rf_error *err)
{
    rf_text names = {0};
    for (size_t i = 0; i < kind->count; i++) {
        rf_text_add(&names, i == 0 ? "" : ", ");
        rf_text_add(&names, kind->fields[i].name);
    }
    (void)rf_fail(err, RF_EUSAGE, "--map: %s has no field \"%.60s\"; its fields are: %s",
                  kind->name, field, rf_text_get(&names));
    rf_text_free(&names);
    return RF_EUSAGE;
}

/* One FIELD=COLUMN, cut out of map->texts. */
static rf_status read_pair(const rf_kind *kind, char *pair, rf_map *map, rf_error *err)
{
    char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair || equals[1] == '\0') {
        return rf_fail(err, RF_EUSAGE, "--map: \"%.60s\" is not FIELD=COLUMN", pair);
    }
    *equals = '\0';
    for (size_t i = 0; i < kind->count; i++) {
        if (strcmp(kind->fields[i].name, pair) == 0) {
            if (map->columns.mapped[i]) {
                return rf_fail(err, RF_EUSAGE, "--map: %s is given twice", pair);
            }
            map->columns.mapped[i] = true;
            map->columns.columns[i] = equals + 1;
            return RF_OK;
        }
    }
    return unknown_field(kind, pair, err);
}

rf_status rf_map_read(const rf_kind *kind, const char *text, rf_map *map, rf_error *err)
{
    size_t put = 0;
    char *at = map->texts;
    *map = (rf_map){.columns = {.count = kind->count}};
    for (size_t i = 0; i < kind->count; i++) {
        map->columns.fields[i] = kind->fields[i].name;
        map->columns.columns[i] = kind->fields[i].name;
        map->columns.free_text[i] = kind->fields[i].free_text;
    }
    if (text != NULL && strlen(text) >= sizeof map->texts) {
        return rf_fail(err, RF_EUSAGE, "--map is longer than %d bytes", RF_MAP_TEXT - 1);
    }
    if (text != NULL) {
        memcpy(map->texts, text, strlen(text) + 1);
    }
    while (text != NULL && at != NULL) {
        char *comma = strchr(at, ',');
        rf_status status;
        if (comma != NULL) {
            *comma = '\0';
        }
        status = read_pair(kind, at, map, err);
        if (status != RF_OK) {
            return status;
        }
        at = comma == NULL ? NULL : comma + 1;
    }
    for (size_t i = 0; i < kind->count; i++) {
        /* a field mapped to itself says nothing; never longer than what was given */
        if (map->columns.mapped[i] && strcmp(map->columns.columns[i], kind->fields[i].name) != 0) {
            put += (size_t)snprintf(map->canonical + put, sizeof map->canonical - put, "%s%s=%s",
                                    put == 0 ? "" : ",", kind->fields[i].name,
                                    map->columns.columns[i]);
        }
    }
    return RF_OK;
}

/* ---- messages ---- */

RF_PRINTF(2, 3)
static void say(const import_job *job, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    if (job->options->say != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        job->options->say(job->options->context, line);
    }
}

static void reject(import_job *job, const rf_row *row)
{
    bool const masked = strcmp(job->options->signal, "instrument") == 0;
    const char *path = rf_source_path(job->source);
    rf_text hidden = {0};
    rf_text safe = {0};
    rf_mask_cards(&hidden, row->reason, strlen(row->reason));
    rf_text_add_safe(&safe, rf_text_get(&hidden), hidden.length);
    if (job->result->rejected == 0) {
        (void)snprintf(job->first_reason, sizeof job->first_reason, "%s", rf_text_get(&safe));
        job->first_line = row->line;
    }
    if (job->result->rejected < RF_SHOWN_REJECTS) {
        say(job, "%s:%lld: %s", path, (long long)row->line, rf_text_get(&safe));
    }
    job->result->rejected++;
    rf_rejects_add(job->options->rejects, job->options->kind, masked, path, job->reader, row);
    rf_text_free(&hidden);
    rf_text_free(&safe);
}

/* ---- the import ---- */

static rf_intake_source describe(const import_job *job)
{
    return (rf_intake_source){.kind = job->options->kind->name,
                              .signal = job->options->signal,
                              .map = job->options->map->canonical,
                              .path = rf_source_path(job->source),
                              .bytes_hint = rf_source_size(job->source)};
}

static rf_status find_same(import_job *job, const char *digest, rf_error *err)
{
    rf_intake_source const source = describe(job);
    rf_import_record found = {0};
    rf_status status;
    if (job->options->again) {
        return RF_OK;
    }
    status = rf_intake_find(job->store, digest, &source, &found, err);
    if (status == RF_OK && found.id != 0) {
        *job->result = (rf_import_result){
            .already_imported = true, .import = found.id, .imported_at = found.finished_at};
    }
    return status;
}

/* A regular file is hashed first only when an import of the same size makes it worth while. */
static rf_status look_back(import_job *job, const char *path, rf_error *err)
{
    rf_intake_source const source = describe(job);
    char digest[RF_DIGEST_TEXT];
    bool seen = false;
    rf_status status = RF_OK;
    if (source.bytes_hint > 0 && !job->options->again) {
        status = rf_intake_size_seen(job->store, &source, source.bytes_hint, &seen, err);
    }
    if (status == RF_OK && seen && path != NULL && strcmp(path, "-") != 0) {
        status = rf_file_digest(path, digest, err);
        if (status == RF_OK) {
            status = find_same(job, digest, err);
        }
    }
    return status;
}

static rf_status take_rows(import_job *job, rf_error *err)
{
    const volatile sig_atomic_t *stop = job->options->stop;
    rf_progress progress;
    rf_row row;
    bool found = true;
    rf_status status = RF_OK;
    char what[160];
    (void)snprintf(what, sizeof what, "importing %.120s", rf_source_path(job->source));
    rf_progress_start(&progress, what, rf_source_size(job->source));
    for (int64_t count = 0; status == RF_OK; count++) {
        if (stop != NULL && *stop != 0) {
            status = rf_fail(err, RF_ESTOPPED, "stopped; the database is as it was before");
            break;
        }
        if (count % ROWS_A_GLANCE == 0) {
            rf_progress_show(&progress, rf_source_done(job->source));
        }
        status = rf_reader_next(job->reader, &row, &found, err);
        if (status != RF_OK || !found) {
            break;
        }
        if (row.reason[0] == '\0') {
            status = job->options->kind->take(&job->importing, &row, err);
        }
        if (row.reason[0] != '\0') {
            reject(job, &row);
        } else if (status == RF_OK) {
            job->result->rows++;
            status = rf_intake_row_end(job->importing.intake, err);
        }
    }
    rf_progress_end(&progress);
    return status;
}

static rf_status check_usable(const import_job *job, rf_error *err)
{
    const char *path = rf_source_path(job->source);
    const char *ignored = rf_reader_ignored(job->reader);
    if (job->result->rows > 0 || job->result->rejected == 0) {
        return RF_OK;
    }
    return rf_fail(err, RF_EINPUT,
                   "%s: nothing usable: every row (%lld) was rejected, the first at line %lld: "
                   "%s%s%.300s%s",
                   path, (long long)job->result->rejected, (long long)job->first_line,
                   job->first_reason,
                   ignored[0] == '\0' ? "" : " (columns nobody asked for: ", ignored,
                   ignored[0] == '\0' ? "" : "; --map FIELD=COLUMN names yours)");
}

static void notices(const import_job *job)
{
    const char *path = rf_source_path(job->source);
    if (rf_reader_ignored(job->reader)[0] != '\0') {
        say(job, "%s: ignored columns: %s", path, rf_reader_ignored(job->reader));
    }
    if (job->result->rows == 0 && job->result->rejected == 0) {
        say(job, "%s: there is a header but no row", path);
    }
    if (job->importing.cards > 0) {
        say(job, "%s: %lld full card numbers were replaced by fingerprints%s", path,
            (long long)job->importing.cards,
            job->options->card_key[0] != '\0'
                ? ""
                : "; set RINGFENCE_CARD_KEY to a secret so that they cannot be found by trial");
    }
}

/* Everything between the beginning and the end of the transaction. */
static rf_status fill(import_job *job, char digest[RF_DIGEST_TEXT], rf_error *err)
{
    rf_status status = RF_OK;
    if (job->options->kind->needs_signal) {
        status = rf_intake_signal(job->importing.intake, job->options->signal,
                                  &job->importing.signal, err);
    }
    if (status == RF_OK) {
        status = take_rows(job, err);
    }
    if (status == RF_OK) {
        status = rf_intake_settle(job->importing.intake, err);
    }
    if (status == RF_OK) {
        status = check_usable(job, err);
    }
    if (status == RF_OK) {
        status = rf_source_digest(job->source, digest, &job->result->bytes, err);
    }
    return status;
}

static rf_status run(import_job *job, rf_error *err)
{
    rf_intake_source const source = describe(job);
    rf_import_result *result = job->result;
    rf_intake_summary summary;
    char digest[RF_DIGEST_TEXT];
    rf_status status = rf_reader_open(job->source, &job->options->map->columns, &job->reader, err);
    if (status == RF_OK) {
        status =
            rf_intake_begin(job->store, &source, job->options->limits, &job->importing.intake, err);
    }
    if (status == RF_OK) {
        status = fill(job, digest, err);
    }
    if (status == RF_OK) {
        status = find_same(job, digest, err);
    }
    if (status == RF_OK && !result->already_imported) {
        status = rf_rejects_check(job->options->rejects, err);
    }
    if (status == RF_OK && !result->already_imported) {
        status = rf_intake_commit(job->importing.intake, digest, result->bytes, result->rows,
                                  result->rejected, &summary, err);
        job->importing.intake = NULL; /* ended, whatever happened */
        if (status == RF_OK) {
            notices(job);
            result->import = summary.import;
            result->accounts_new = summary.accounts_new;
            result->values_new = summary.values_new;
        }
    }
    rf_intake_abort(job->importing.intake);
    rf_reader_close(job->reader);
    return status;
}

static rf_status import_from(rf_store *store, rf_source *source, const char *path,
                             const rf_import_options *options, rf_import_result *result,
                             rf_error *err)
{
    double const started = rf_seconds();
    import_job work = {.store = store, .source = source, .options = options, .result = result};
    rf_status status;
    work.importing.card_key = options->card_key;
    *result = (rf_import_result){0};
    status = look_back(&work, path, err);
    if (status == RF_OK && !result->already_imported) {
        status = run(&work, err);
    }
    result->seconds = rf_seconds() - started;
    return status;
}

rf_status rf_import_source(rf_store *store, rf_source *source, const rf_import_options *options,
                           rf_import_result *result, rf_error *err)
{
    return import_from(store, source, NULL, options, result, err);
}

rf_status rf_import_file(rf_store *store, const char *path, const rf_import_options *options,
                         rf_import_result *result, rf_error *err)
{
    rf_source *source = NULL;
    rf_status status = rf_source_open(path, &source, err);
    *result = (rf_import_result){0};
    if (status == RF_OK) {
        status = import_from(store, source, path, options, result, err);
    }
    rf_source_close(source);
    return status;
}
