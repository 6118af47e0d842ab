/* exposure.c - see exposure.h. */
#include "rings/exposure.h"

#include <math.h>

/* A band is what lies between two of these; the first and the last are open. */
static const double edge[RF_EXPOSURE_BANDS + 1] = {-2, 0, 2, 4, 6, 8, 12, 16, 24, 40};

static double middle(int band)
{
    return (edge[band] + edge[band + 1]) / 2;
}

static int band_of(double score)
{
    int band = 0;
    while (band + 1 < RF_EXPOSURE_BANDS && score >= edge[band + 1]) {
        band++;
    }
    return band;
}

static double told_by_score(double score)
{
    double const ring = 1 / (1 + exp2(RF_EXPOSURE_SLOPE * score));
    return ring + (1 - ring) * RF_EXPOSURE_CORE;
}

void rf_exposure_add(rf_exposure *exposure, double score, int64_t approved, int64_t declined)
{
    int const band = band_of(score);
    double const all = (double)(approved + declined);
    double const counted = fmin(all, RF_EXPOSURE_CAMPAIGN);
    if (all > 0) {
        exposure->approved += approved;
        exposure->ended += approved + declined;
        exposure->weight[band] += counted;
        exposure->honest[band] += counted * (double)approved / all;
    }
}

/* Pool adjacent violators: the closest rates, by weight, that do not rise. */
static void make_monotone(double *rate, const double *weight)
{
    double pool_rate[RF_EXPOSURE_BANDS];
    double pool_weight[RF_EXPOSURE_BANDS];
    int pool_size[RF_EXPOSURE_BANDS];
    int pools = 0;
    int at = 0;
    for (int b = 0; b < RF_EXPOSURE_BANDS; b++, pools++) {
        pool_rate[pools] = rate[b];
        pool_weight[pools] = weight[b];
        pool_size[pools] = 1;
        while (pools > 0 && pool_rate[pools] > pool_rate[pools - 1]) {
            double const both = pool_weight[pools - 1] + pool_weight[pools];
            pool_rate[pools - 1] = (pool_rate[pools - 1] * pool_weight[pools - 1] +
                                    pool_rate[pools] * pool_weight[pools]) /
                                   both;
            pool_weight[pools - 1] = both;
            pool_size[pools - 1] += pool_size[pools];
            pools--;
        }
    }
    for (int p = 0; p < pools; p++) {
        for (int i = 0; i < pool_size[p]; i++) {
            rate[at++] = pool_rate[p];
        }
    }
}

void rf_exposure_finish(rf_exposure *exposure)
{
    double weight[RF_EXPOSURE_BANDS];
    exposure->learned = exposure->ended >= RF_EXPOSURE_OUTCOMES;
    for (int b = 0; b < RF_EXPOSURE_BANDS; b++) {
        weight[b] = exposure->weight[b] + RF_EXPOSURE_SHRINKAGE;
        exposure->rate[b] =
            (exposure->honest[b] + RF_EXPOSURE_SHRINKAGE * told_by_score(middle(b))) / weight[b];
    }
    make_monotone(exposure->rate, weight);
}

rf_status rf_exposure_learn(rf_store *store, rf_exposure *exposure, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status =
        rf_prepare(store,
                   "SELECT score, sum(status = 'approved'), sum(status = 'declined') "
                   "FROM verification_request WHERE status IN ('approved', 'declined') "
                   "GROUP BY campaign, score ORDER BY campaign, score",
                   &select, err);
    *exposure = (rf_exposure){0};
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_exposure_add(exposure, rf_column_real(select, 0), rf_column_int(select, 1),
                        rf_column_int(select, 2));
    }
    rf_statement_end(select);
    rf_exposure_finish(exposure);
    return status;
}

/* Between the middles of two bands: a straight line. */
static double told_by_outcomes(const rf_exposure *exposure, double score)
{
    int b = 0;
    double share;
    while (b + 1 < RF_EXPOSURE_BANDS && score >= middle(b + 1)) {
        b++;
    }
    if (b + 1 == RF_EXPOSURE_BANDS || score <= middle(b)) {
        return exposure->rate[b];
    }
    share = (score - middle(b)) / (middle(b + 1) - middle(b));
    return exposure->rate[b] + share * (exposure->rate[b + 1] - exposure->rate[b]);
}

double rf_exposure_rate(const rf_exposure *exposure, double score, bool fringe)
{
    double const rate =
        exposure->learned ? told_by_outcomes(exposure, score) : told_by_score(score);
    double const more = fringe ? RF_EXPOSURE_FRINGE - RF_EXPOSURE_CORE : 0;
    return rate + (1 - rate) * more;
}
