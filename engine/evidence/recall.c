/* recall.c - see recall.h. */
#include "evidence/recall.h"

#include "store/kept.h"

#include <string.h>

/* A value as it was last examined. */
typedef struct kept_value {
    int64_t row;
    uint32_t examined, corroborated, seen, lent;
} kept_value;

/* What is no array by value or bucket. */
typedef struct kept_rates {
    double prior_bits;
    double by_chance[RF_MAX_FAMILIES];
    double sensitivity[RF_MAX_FAMILIES];
    uint32_t accounts, common, one_family, signals;
} kept_rates;

static uint32_t holdings_of(const rf_population *p, uint32_t value)
{
    return (uint32_t)(p->group_start[p->value_group_start[value + 1]] -
                      p->group_start[p->value_group_start[value]]);
}

static rf_status keep_values(rf_store *store, const rf_population *p, const rf_calibration *c,
                             const uint32_t *seen, const uint32_t *lent, rf_error *err)
{
    kept_value *value = rf_alloc(p->values, sizeof *value);
    rf_status status = value == NULL ? rf_fail_memory(err, "what is kept of values") : RF_OK;
    for (uint32_t v = 0; v < p->values && status == RF_OK; v++) {
        value[v].row = p->value_row[v];
        value[v].examined = c->examined[v];
        value[v].corroborated = c->corroborated[v];
        value[v].seen = seen == NULL ? holdings_of(p, v) : seen[v];
        value[v].lent = lent == NULL ? 0 : lent[v];
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "calibration.values", value, p->values, sizeof *value, err);
    }
    rf_free(value);
    return status;
}

rf_status rf_calibration_keep(rf_store *store, const rf_population *population,
                              const rf_calibration *calibration, const rf_result_type *type,
                              uint32_t types, rf_error *err)
{
    const rf_population *p = population;
    kept_rates rates = {.prior_bits = calibration->settings.prior_bits,
                        .accounts = calibration->accounts,
                        .common = calibration->common,
                        .one_family = calibration->one_family,
                        .signals = p->signals};
    uint32_t *lent = rf_alloc(p->values, sizeof *lent);
    uint32_t next = 0;
    rf_status status = lent == NULL ? rf_fail_memory(err, "what is kept of values") : RF_OK;
    for (uint32_t v = 0; v < p->values && status == RF_OK; v++) {
        while (next < types && type[next].value_row < p->value_row[v]) {
            next++;
        }
        lent[v] = next < types && type[next].value_row == p->value_row[v] ? type[next].lent : 0;
    }
    memcpy(rates.by_chance, calibration->by_chance, sizeof rates.by_chance);
    memcpy(rates.sensitivity, calibration->sensitivity, sizeof rates.sensitivity);
    if (status == RF_OK) {
        status = rf_kept_put(store, "calibration.rates", &rates, 1, sizeof rates, err);
    }
    if (status == RF_OK) {
        status = rf_kept_put(store, "calibration.buckets", calibration->bucket, p->signals,
                             sizeof *calibration->bucket, err);
    }
    if (status == RF_OK) {
        status = keep_values(store, p, calibration, NULL, lent, err);
    }
    rf_free(lent);
    return status;
}

rf_status rf_recalled_keep(rf_store *store, const rf_population *population,
                           const rf_calibration *calibration, const rf_recalled *recalled,
                           rf_error *err)
{
    return keep_values(store, population, calibration, recalled->seen, recalled->lent, err);
}

void rf_recalled_free(rf_recalled *recalled)
{
    rf_free(recalled->renewed);
    rf_free(recalled->seen);
    rf_free(recalled->lent);
    *recalled = (rf_recalled){0};
}

/* ---- recalling ---- */

static rf_status recall_rates(rf_store *store, const rf_population *p, rf_calibration *c,
                              bool *good, rf_error *err)
{
    kept_rates *rates = NULL;
    size_t count = 0;
    rf_status status = rf_kept_get(store, "calibration.rates", sizeof *rates, &rates, &count, err);
    *good = status == RF_OK && count == 1 && rates->signals == p->signals;
    if (*good) {
        c->settings.prior_bits = rates->prior_bits;
        c->accounts = rates->accounts;
        c->common = rates->common;
        c->one_family = rates->one_family != 0;
        memcpy(c->by_chance, rates->by_chance, sizeof c->by_chance);
        memcpy(c->sensitivity, rates->sensitivity, sizeof c->sensitivity);
    }
    rf_free(rates);
    if (*good) {
        status =
            rf_kept_get(store, "calibration.buckets", sizeof *c->bucket, &c->bucket, &count, err);
        *good = status == RF_OK && count == p->signals;
    }
    return status;
}

/* What is kept of values, by the values of now; `again` lists those to be examined. */
static void match_values(const rf_population *p, const kept_value *kept, size_t count,
                         rf_calibration *c, rf_recalled *out, uint32_t *again)
{
    size_t next = 0;
    for (uint32_t v = 0; v < p->values; v++) {
        uint32_t const now = holdings_of(p, v);
        bool stale = true;
        while (next < count && kept[next].row < p->value_row[v]) {
            next++;
        }
        if (next < count && kept[next].row == p->value_row[v]) {
            c->examined[v] = kept[next].examined;
            c->corroborated[v] = kept[next].corroborated;
            out->seen[v] = kept[next].seen;
            out->lent[v] = kept[next].lent;
            stale = now >= RF_RECALL_GROWTH * kept[next].seen;
        }
        if (stale) {
            out->renewed[v] = 1;
            out->seen[v] = now;
            again[out->examined++] = v;
        }
        for (uint32_t g = p->value_group_start[v]; g < p->value_group_start[v + 1]; g++) {
            c->full_groups[v] += rf_group_size(p, g) <= RF_ALL_PAIRS_UP_TO;
        }
    }
}

static rf_status recall_values(rf_store *store, const rf_population *p, unsigned threads,
                               rf_calibration *c, rf_recalled *out, rf_error *err)
{
    kept_value *kept = NULL;
    size_t count = 0;
    uint32_t *again = rf_alloc_raw(p->values, sizeof *again);
    rf_status status = rf_kept_get(store, "calibration.values", sizeof *kept, &kept, &count, err);
    c->examined = rf_alloc(p->values, sizeof *c->examined);
    c->corroborated = rf_alloc(p->values, sizeof *c->corroborated);
    c->full_groups = rf_alloc(p->values, sizeof *c->full_groups);
    out->renewed = rf_alloc(p->values, sizeof *out->renewed);
    out->seen = rf_alloc(p->values, sizeof *out->seen);
    out->lent = rf_alloc(p->values, sizeof *out->lent);
    if (status == RF_OK && (again == NULL || c->examined == NULL || c->corroborated == NULL ||
                            c->full_groups == NULL || out->renewed == NULL || out->seen == NULL ||
                            out->lent == NULL)) {
        status = rf_fail_memory(err, "the calibration");
    }
    if (status == RF_OK) {
        match_values(p, kept, count, c, out, again);
        status = rf_calibration_examine(p, again, out->examined, threads, c, err);
    }
    for (uint32_t i = 0; i < out->examined && status == RF_OK; i++) {
        c->examined[again[i]] += out->lent[again[i]];
        c->corroborated[again[i]] += out->lent[again[i]];
    }
    rf_free(kept);
    rf_free(again);
    return status;
}

rf_status rf_calibration_recall(rf_store *store, const rf_population *population,
                                const rf_evidence_settings *settings, unsigned threads,
                                rf_calibration *calibration, rf_recalled *recalled, rf_error *err)
{
    rf_status status;
    *calibration = (rf_calibration){.settings = *settings};
    *recalled = (rf_recalled){0};
    status = recall_rates(store, population, calibration, &recalled->good, err);
    if (status == RF_OK && recalled->good) {
        status = recall_values(store, population, threads, calibration, recalled, err);
    }
    if (status != RF_OK) {
        rf_calibration_free(calibration);
        rf_recalled_free(recalled);
    }
    return status;
}
