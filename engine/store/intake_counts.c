/* intake_counts.c - puts the counts of an intake into the tables, in key order; see
 * intake_private.h. Sightings come by value; the pairs of account and value that they show are
 * turned round meanwhile and become the table holding. */
#include "store/feed.h"
#include "store/intake_private.h"

#include <pthread.h>
#include <stdio.h>

/* Sightings being written. Their distinct pairs are counted for the other direction. */
typedef struct sighting_rows {
    rf_intake *intake;
    uint32_t value; /* of the row before; ids count from 1 */
    uint32_t account;
} sighting_rows;

static rf_status add_holding(rf_intake *intake, uint32_t account, uint32_t value, rf_error *err)
{
    rf_status status = RF_OK;
    if (!rf_tally_add(&intake->holdings, account, value, 0, 1)) {
        return rf_fail_memory(err, "the values that accounts hold");
    }
    if (intake->holdings.count >= intake->limits.counts) {
        status = rf_tally_spill(&intake->holdings, err);
    }
    return status;
}

/* value, account, day, times */
static rf_status next_sighting(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    sighting_rows *to = context;
    rf_intake *intake = to->intake;
    rf_tally_sum sum;
    rf_status status = rf_tally_next(&intake->sightings, &sum, found, err);
    if (status != RF_OK || !*found) {
        return status;
    }
    cells[0].number = sum.a;
    cells[1].number = sum.b;
    cells[2].number = (int64_t)sum.c - 1;
    cells[3].number = (int64_t)sum.n;
    intake->sightings_new++;
    if (sum.a != to->value || sum.b != to->account) {
        to->value = sum.a;
        to->account = sum.b;
        status = add_holding(intake, sum.b, sum.a, err);
    }
    return status;
}

/* Activity being written: the hours of an account, capability and day are one row. */
typedef struct activity_rows {
    rf_intake *intake;
    rf_tally_sum ahead; /* the first count that belongs to the next row */
    bool more;
} activity_rows;

static bool same_day(const rf_tally_sum *x, const rf_tally_sum *y)
{
    return x->a == y->a && x->b == y->b &&
           x->c >> RF_ACTIVITY_HOUR_BITS == y->c >> RF_ACTIVITY_HOUR_BITS;
}

/* account, capability, day, events, requests, hours */
static rf_status next_activity(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    activity_rows *to = context;
    rf_tally_sum const first = to->ahead;
    uint64_t events = 0;
    uint64_t requests = 0;
    uint32_t hours = 0;
    rf_status status = RF_OK;
    *found = to->more;
    while (status == RF_OK && to->more && same_day(&first, &to->ahead)) {
        uint32_t const hour = to->ahead.c & RF_ACTIVITY_HOUR_MASK;
        events += to->ahead.events;
        requests += to->ahead.n;
        hours |= hour < 24 ? UINT32_C(1) << hour : 0;
        status = rf_tally_next(&to->intake->activity, &to->ahead, &to->more, err);
    }
    cells[0].number = first.a;
    cells[1].number = first.b;
    cells[2].number = (int64_t)(first.c >> RF_ACTIVITY_HOUR_BITS) - 1;
    cells[3].number = (int64_t)events;
    cells[4].number = (int64_t)requests;
    cells[5].number = hours;
    return status;
}

/* account, value */
static rf_status next_holding(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    rf_intake *intake = context;
    rf_tally_sum sum;
    rf_status status = rf_tally_next(&intake->holdings, &sum, found, err);
    if (status == RF_OK && *found) {
        cells[0].number = sum.a;
        cells[1].number = sum.b;
    }
    return status;
}

static rf_status write_sightings(rf_intake *intake, rf_error *err)
{
    sighting_rows to = {.intake = intake};
    char sql[128]; /* the import is the same in all rows: a constant costs less than a cell */
    rf_status status = rf_tally_begin(&intake->sightings, err);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO sighting (value, account, day, import, times)"
                   " SELECT c0, c1, c2, %lld, c3 FROM feed",
                   (long long)intake->import);
    if (status == RF_OK) {
        status = rf_feed_run(intake->store, sql, next_sighting, &to, err);
    }
    rf_tally_free(&intake->sightings);
    return status;
}

static rf_status write_activity(rf_intake *intake, rf_error *err)
{
    activity_rows to = {.intake = intake};
    char sql[160];
    rf_status status = rf_tally_begin(&intake->activity, err);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO activity (account, capability, day, import, events, requests,"
                   " hours) SELECT c0, c1, c2, %lld, c3, c4, c5 FROM feed",
                   (long long)intake->import);
    if (status == RF_OK) {
        status = rf_tally_next(&intake->activity, &to.ahead, &to.more, err);
    }
    if (status == RF_OK) {
        status = rf_feed_run(intake->store, sql, next_activity, &to, err);
    }
    rf_tally_free(&intake->activity);
    return status;
}

/* What an earlier import showed is there already. */
static rf_status write_holdings(rf_intake *intake, rf_error *err)
{
    rf_status status = rf_tally_begin(&intake->holdings, err);
    if (status == RF_OK) {
        status = rf_feed_run(intake->store,
                             "INSERT INTO holding (account, value) SELECT c0, c1 FROM feed"
                             " WHERE true ON CONFLICT DO NOTHING",
                             next_holding, intake, err);
    }
    rf_tally_free(&intake->holdings);
    return status;
}

/* What fails here (memory alone can) is found out again when the holdings are read back. */
static void *sort_holdings(void *context)
{
    rf_intake *intake = context;
    rf_error ignored;
    rf_status const sorted = rf_tally_compact(&intake->holdings, &ignored);
    (void)sorted;
    return NULL;
}

rf_status rf_intake_write_counts(rf_intake *intake, rf_error *err)
{
    enum { WORTH_WHILE = 1 << 16 };
    pthread_t thread;
    bool ahead;
    rf_status status = write_sightings(intake, err);
    if (status != RF_OK) {
        return status;
    }
    ahead = intake->holdings.count >= WORTH_WHILE &&
            pthread_create(&thread, NULL, sort_holdings, intake) == 0;
    status = write_activity(intake, err);
    if (ahead) {
        (void)pthread_join(thread, NULL);
    }
    return status == RF_OK ? write_holdings(intake, err) : status;
}
