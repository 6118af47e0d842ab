/* learned.c - see learned.h. */
#include "rings/learned.h"

#include <string.h>

static rf_status prepare_for_run(rf_store *store, const char *sql, int64_t run, rf_statement **out,
                                 rf_error *err)
{
    rf_status status = rf_prepare(store, sql, out, err);
    if (status == RF_OK) {
        rf_bind_int(*out, 1, run);
    }
    return status;
}

/* The settings; an import after the run began may have changed the facts under it. */
static rf_status read_run(rf_store *store, rf_learned *l, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = prepare_for_run(
        store,
        "SELECT r.started_at, r.finished_at, r.accounts - (SELECT total(accounts) FROM run_update u"
        " WHERE u.run = r.id), r.prior_bits,"
        "       json_extract(r.config, '$.min_links'), json_extract(r.config, '$.min_size'),"
        "       w.threshold_bits, w.pair_cap, w.common, w.one_family,"
        "       EXISTS (SELECT 1 FROM import i WHERE i.finished_at >"
        "               coalesce(r.updated_at, r.started_at)"
        "               OR i.undone_at > coalesce(r.updated_at, r.started_at)) "
        "FROM run r JOIN run_weighing w ON w.run = r.id WHERE r.id = ?",
        l->run, &select, err);
    if (status == RF_OK) {
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && !row) {
        status = rf_fail(err, RF_EINPUT,
                         "run %lld did not keep how it weighed pairs; run `ringfence detect` again",
                         (long long)l->run);
    }
    if (status == RF_OK) {
        l->started_at = rf_column_int(select, 0);
        l->finished_at = rf_column_int(select, 1);
        l->calibration.accounts = (uint32_t)rf_column_int(select, 2);
        l->calibration.settings.prior_bits = rf_column_real(select, 3);
        l->min_links = (uint32_t)rf_column_int(select, 4);
        l->min_size = (uint32_t)rf_column_int(select, 5);
        l->calibration.settings.threshold_bits = rf_column_real(select, 6);
        l->calibration.settings.pair_cap = (uint32_t)rf_column_int(select, 7);
        l->calibration.common = (uint32_t)rf_column_int(select, 8);
        l->calibration.one_family = rf_column_int(select, 9) != 0;
        l->changed = rf_column_int(select, 10) != 0;
    }
    rf_statement_end(select);
    return status;
}

static char *copy_column(rf_learned *l, rf_statement *select, int column)
{
    return rf_arena_text(&l->texts, rf_column_text(select, column),
                         rf_column_bytes(select, column));
}

/* Families are only told apart: any numbering gives the same sums. */
static rf_status number_family(rf_learned *l, rf_signal *signal, rf_error *err)
{
    for (uint32_t s = 0; &l->signal[s] != signal; s++) {
        if (l->signal[s].link && strcmp(l->signal[s].family_name, signal->family_name) == 0) {
            signal->family = l->signal[s].family;
            return RF_OK;
        }
    }
    if (l->families == RF_MAX_FAMILIES) {
        return rf_fail(err, RF_EINPUT, "more than %d families of signals", RF_MAX_FAMILIES);
    }
    signal->family = (uint8_t)l->families++;
    return RF_OK;
}

static rf_status read_signals(rf_store *store, rf_learned *l, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = prepare_for_run(
        store,
        "SELECT g.id, g.name, s.family, s.role = 'link', s.windowed, s.by_chance, s.sensitivity "
        "FROM run_signal s JOIN signal g ON g.id = s.signal WHERE s.run = ? ORDER BY g.name",
        l->run, &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_signal *signal = &l->signal[l->signals];
        if (l->signals == RF_MAX_SIGNALS) {
            status = rf_fail(err, RF_EINPUT, "more than %d signals", RF_MAX_SIGNALS);
            break;
        }
        signal->row = rf_column_int(select, 0);
        signal->name = copy_column(l, select, 1);
        signal->family_name = copy_column(l, select, 2);
        signal->link = rf_column_int(select, 3) != 0;
        signal->windowed = rf_column_int(select, 4) != 0;
        if (signal->name == NULL || signal->family_name == NULL) {
            status = rf_fail_memory(err, "the signals");
            break;
        }
        if (signal->link) {
            status = number_family(l, signal, err);
            l->calibration.by_chance[signal->family] = rf_column_real(select, 5);
            l->calibration.sensitivity[signal->family] = rf_column_real(select, 6);
        }
        l->signals++;
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_buckets(rf_store *store, rf_learned *l, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        prepare_for_run(store,
                        "SELECT signal, holders_from, groups, examined, corroborated, reliability "
                        "FROM calibration WHERE run = ?",
                        l->run, &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint32_t const s = rf_learned_link_signal(l, rf_column_int(select, 0));
        int64_t const from = rf_column_int(select, 1);
        if (s != UINT32_MAX && from >= 2 && from <= UINT32_MAX) {
            l->calibration.bucket[s][rf_bucket_of((uint32_t)from)] =
                (rf_bucket){.groups = (uint64_t)rf_column_int(select, 2),
                            .examined = (uint64_t)rf_column_int(select, 3),
                            .corroborated = (uint64_t)rf_column_real(select, 4),
                            .reliability = rf_column_real(select, 5)};
        }
    }
    rf_statement_end(select);
    return status;
}

/* Buckets in which the run had no group are not kept: they have the reliability of the one before,
 * as calibration leaves it. They matter only for facts that came later. */
static void fill_empty_buckets(rf_learned *l)
{
    for (uint32_t s = 0; s < l->signals; s++) {
        double reliability = 0.5;
        for (uint32_t k = 0; k < RF_BUCKETS; k++) {
            rf_bucket *bucket = &l->calibration.bucket[s][k];
            if (bucket->groups == 0) {
                bucket->reliability = reliability;
            }
            reliability = bucket->reliability;
        }
    }
}

rf_status rf_learned_read(rf_store *store, int64_t run, rf_learned *learned, rf_error *err)
{
    rf_status status;
    *learned = (rf_learned){.run = run};
    learned->calibration.settings = rf_evidence_defaults();
    learned->calibration.bucket =
        rf_alloc((size_t)RF_MAX_SIGNALS, sizeof *learned->calibration.bucket);
    status = learned->calibration.bucket == NULL ? rf_fail_memory(err, "the calibration")
                                                 : read_run(store, learned, err);
    for (uint32_t f = 0; f < RF_MAX_FAMILIES; f++) {
        learned->calibration.sensitivity[f] = 1;
    }
    if (status == RF_OK) {
        status = read_signals(store, learned, err);
    }
    if (status == RF_OK) {
        status = read_buckets(store, learned, err);
    }
    if (status == RF_OK) {
        fill_empty_buckets(learned);
    }
    return status;
}

void rf_learned_free(rf_learned *learned)
{
    rf_calibration_free(&learned->calibration);
    rf_arena_free(&learned->texts);
    *learned = (rf_learned){0};
}

uint32_t rf_learned_link_signal(const rf_learned *learned, int64_t row)
{
    for (uint32_t s = 0; s < learned->signals; s++) {
        if (learned->signal[s].row == row) {
            return learned->signal[s].link ? s : UINT32_MAX;
        }
    }
    return UINT32_MAX;
}
