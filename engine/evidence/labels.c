/* labels.c - see labels.h. */
#include "evidence/labels.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static rf_status take_label(const rf_population *p, rf_statement *row, rf_labels *labels,
                            rf_error *err)
{
    uint32_t const account = rf_population_find(p, rf_column_text(row, 0));
    const char *said = rf_column_text(row, 1);
    if (account == UINT32_MAX) {
        return RF_OK;
    }
    if (labels->of == NULL) {
        labels->of = rf_alloc(p->accounts, sizeof *labels->of);
        if (labels->of == NULL) {
            return rf_fail_memory(err, "the labels");
        }
    }
    if (strcmp(said, "fraud") == 0) {
        labels->of[account] = RF_LABEL_FRAUD;
        labels->fraud++;
    } else if (strcmp(said, "legit") == 0) {
        labels->of[account] = RF_LABEL_LEGIT;
        labels->legit++;
    } else {
        labels->disputed++;
    }
    return RF_OK;
}

rf_status rf_labels_read(rf_store *store, const rf_population *population, rf_labels *labels,
                         rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT a.external_id, l.label FROM account_label l "
                                  "JOIN account a ON a.id = l.account WHERE l.account IN "
                                  "(SELECT account FROM label UNION "
                                  "SELECT account FROM verification_request)",
                                  &select, err);
    *labels = (rf_labels){0};
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        status = take_label(population, select, labels, err);
    }
    rf_statement_end(select);
    if (status != RF_OK) {
        rf_labels_free(labels);
    }
    return status;
}

void rf_labels_free(rf_labels *labels)
{
    rf_free(labels->of);
    *labels = (rf_labels){0};
}

/* ---- what the labelled pairs of a group say ---- */

typedef struct said {
    double speak_for, against;
} said;

typedef struct teacher {
    const rf_population *p;
    const rf_labels *labels;
    const uint32_t *community;
    uint32_t *found; /* communities of the fraud holders of a group, then owners of the legit */
    size_t room;
} teacher;

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Pairs of equal numbers in found[0, count), `nothing` being equal to none. Sorts. */
static double equal_pairs(uint32_t *found, size_t count, uint32_t nothing)
{
    double pairs = 0;
    if (count > 1) {
        qsort(found, count, sizeof *found, ascending);
    }
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && found[end] == found[i];) {
            end++;
        }
        pairs += found[i] == nothing ? 0 : (double)(end - i) * (double)(end - i - 1) / 2;
    }
    return pairs;
}

static rf_status read_group(teacher *t, uint32_t group, said *out, rf_error *err)
{
    const uint32_t *holders = rf_group_holders(t->p, group);
    uint32_t const n = rf_group_size(t->p, group);
    size_t fraud = 0;
    size_t legit = 0;
    size_t owned = 0; /* legit ones whose owner is known */
    *out = (said){0};
    for (uint32_t i = 0; i < n; i++) {
        fraud += t->labels->of[holders[i]] == RF_LABEL_FRAUD;
        legit += t->labels->of[holders[i]] == RF_LABEL_LEGIT;
    }
    if (fraud + legit < 2) {
        return RF_OK;
    }
    if (!rf_reserve(&t->found, &t->room, fraud + legit, sizeof *t->found)) {
        return rf_fail_memory(err, "the labelled pairs");
    }
    for (uint32_t i = 0, f = 0; i < n; i++) {
        if (t->labels->of[holders[i]] == RF_LABEL_FRAUD) {
            t->found[f++] = t->community[holders[i]];
        } else if (t->labels->of[holders[i]] == RF_LABEL_LEGIT &&
                   t->p->owner.code[holders[i]] != 0) {
            t->found[fraud + owned++] = t->p->owner.code[holders[i]];
        }
    }
    out->speak_for = equal_pairs(t->found, fraud, UINT32_MAX);
    out->against = (double)fraud * (double)legit + (double)owned * ((double)owned - 1) / 2 -
                   equal_pairs(t->found + fraud, owned, 0);
    return RF_OK;
}

/* Adds what a value says to its buckets; its groups (days) are pooled, its pairs not independent.
 */
static rf_status read_value(teacher *t, uint32_t value, said (*sum)[RF_BUCKETS], rf_error *err)
{
    said own[RF_BUCKETS] = {{0, 0}};
    rf_status status = RF_OK;
    for (uint32_t g = t->p->value_group_start[value];
         g < t->p->value_group_start[value + 1] && status == RF_OK; g++) {
        uint32_t const k = rf_bucket_of(rf_group_size(t->p, g));
        said one;
        status = read_group(t, g, &one, err);
        own[k].speak_for += one.speak_for;
        own[k].against += one.against;
    }
    for (uint32_t k = 0; k < RF_BUCKETS && status == RF_OK; k++) {
        double const pairs = own[k].speak_for + own[k].against;
        double const weight = pairs > RF_LABEL_VALUE_PAIRS ? RF_LABEL_VALUE_PAIRS / pairs : 1;
        /* in whole 1/4096 of a pair: then the sum has no order, and row ids no say */
        sum[t->p->value_signal[value]][k].speak_for += rint(own[k].speak_for * weight * 4096);
        sum[t->p->value_signal[value]][k].against += rint(own[k].against * weight * 4096);
    }
    return status;
}

/* ---- moving the buckets ---- */

static double log_odds(double p)
{
    return log2(p / (1 - p));
}

double rf_label_moved(double without, double pairs_for, double pairs_against, double prior_bits)
{
    double const least = exp2(prior_bits);
    double const pairs = pairs_for + pairs_against;
    double const with =
        (RF_LABEL_PRIOR_PAIRS * without + pairs_for) / (RF_LABEL_PRIOR_PAIRS + pairs);
    double const from = fmin(fmax(without, least), RF_RELIABILITY_MAX);
    double const to = fmin(fmax(with, least), RF_RELIABILITY_MAX);
    double const moved = fmin(fmax(log_odds(to) - log_odds(from), -RF_LABEL_MOVE), RF_LABEL_MOVE);
    if (!(pairs > 0) || fabs(moved) < 1e-12) {
        return without;
    }
    return 1 / (1 + exp2(-(log_odds(from) + moved)));
}

static rf_status move_buckets(const rf_population *p, rf_calibration *c,
                              said (*const sum)[RF_BUCKETS], rf_label_effect **effect,
                              uint32_t *effects, rf_error *err)
{
    double const turned = 2 * RF_LABEL_WRONG / (1 - RF_LABEL_WRONG);
    size_t room = 0;
    for (uint32_t s = 0; s < p->signals; s++) {
        for (uint32_t k = 0; k < RF_BUCKETS; k++) {
            double const yes = sum[s][k].speak_for / 4096;
            double const no = sum[s][k].against / 4096;
            rf_label_effect one = {.signal = s,
                                   .bucket = k,
                                   .pairs_for = fmax(yes - turned * no, 0),
                                   .pairs_against = fmax(no - turned * yes, 0),
                                   .without = c->bucket[s][k].reliability};
            one.with = rf_label_moved(one.without, one.pairs_for, one.pairs_against,
                                      c->settings.prior_bits);
            if (one.with <= one.without && one.with >= one.without) {
                continue;
            }
            if (!rf_reserve(effect, &room, *effects + (size_t)1, sizeof **effect)) {
                return rf_fail_memory(err, "the labelled pairs");
            }
            (*effect)[(*effects)++] = one;
            c->bucket[s][k].reliability = one.with;
        }
    }
    return RF_OK;
}

rf_status rf_labels_teach(const rf_population *population, const rf_labels *labels,
                          const uint32_t *community, rf_calibration *calibration,
                          rf_label_effect **effect, uint32_t *effects, rf_error *err)
{
    teacher t = {.p = population, .labels = labels, .community = community};
    said(*sum)[RF_BUCKETS];
    rf_status status = RF_OK;
    *effect = NULL;
    *effects = 0;
    if (labels->of == NULL) {
        return RF_OK;
    }
    sum = rf_alloc((size_t)population->signals + 1, sizeof *sum);
    if (sum == NULL) {
        status = rf_fail_memory(err, "the labelled pairs");
    }
    for (uint32_t v = 0; v < population->values && status == RF_OK; v++) {
        status = read_value(&t, v, sum, err);
    }
    if (status == RF_OK) {
        status = move_buckets(population, calibration, sum, effect, effects, err);
    }
    rf_free(t.found);
    rf_free(sum);
    if (status != RF_OK) {
        rf_free(*effect);
        *effect = NULL;
        *effects = 0;
    }
    return status;
}
