/* intake_counts.c - puts the counts of an intake into the tables, packed (pack.h) and in key order;
 * see intake_private.h. Sightings come by value; the pairs of account and value that they show are
 * turned round meanwhile and become holdings. */
#include "base/beside.h"
#include "store/feed_ahead.h"
#include "store/intake_private.h"
#include "store/pack.h"

#include <stdio.h>

/* Sightings being written. Their distinct pairs are counted for the other direction. */
typedef struct sighting_rows {
    rf_intake *intake;
    rf_tally_sum ahead; /* the first count that belongs to the next pack */
    bool more;
    uint64_t done;
    uint32_t value; /* of the pack before; ids count from 1 */
    uint32_t part;
    uint32_t account; /* of the count before */
    rf_sighting_pack pack;
    char text[RF_PACK_TEXT];
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

/* Takes counts of one value into a pack until one does not fit. */
static rf_status fill_sightings(sighting_rows *to, uint32_t value, rf_error *err)
{
    rf_intake *intake = to->intake;
    rf_status status = RF_OK;
    to->pack.facts = 0;
    while (
        status == RF_OK && to->more && to->ahead.a == value &&
        rf_sighting_pack_add(
            &to->pack, (rf_packed_sighting){to->ahead.b, (int32_t)to->ahead.c - 1, to->ahead.n})) {
        if (to->account != to->ahead.b) {
            to->account = to->ahead.b;
            status = add_holding(intake, to->account, value, err);
        }
        if (status == RF_OK) {
            status = rf_news_sighting_add(
                &intake->news, (rf_news_sighting){value, to->ahead.b, (int32_t)to->ahead.c - 1},
                err);
        }
        if (status == RF_OK) {
            status = rf_tally_next(&intake->sightings, &to->ahead, &to->more, err);
        }
    }
    intake->sightings_new += to->pack.facts;
    to->done += to->pack.facts;
    rf_progress_show(&intake->progress, to->done);
    return status;
}

/* value, account, part, accounts, day, days, most, packed */
static rf_status next_sightings(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    sighting_rows *to = context;
    const rf_sighting_pack *pack = &to->pack;
    uint32_t const value = to->ahead.a;
    rf_status status;
    *found = to->more;
    if (!to->more) {
        return RF_OK;
    }
    if (value != to->value) {
        to->value = value;
        to->part = 0;
        to->account = 0;
    }
    status = fill_sightings(to, value, err);
    if (status == RF_OK) {
        cells[0].number = value;
        cells[1].number = pack->account;
        cells[2].number = to->part++;
        cells[3].number = (int64_t)pack->last - pack->account + 1;
        cells[4].number = pack->day;
        cells[5].number = (int64_t)pack->last_day - pack->day + 1;
        cells[6].number = (int64_t)pack->most;
        rf_feed_text(&cells[7], to->text, rf_sighting_pack_text(pack, to->text));
    }
    return status;
}

/* ---- activity ---- */

typedef struct activity_rows {
    rf_intake *intake;
    rf_tally_sum ahead; /* the first count that is not in `day` */
    bool more;
    uint64_t done;
    uint32_t of_day;        /* the account of `day`; 0: there is none */
    rf_packed_activity day; /* the first that belongs to the next pack */
    uint32_t account;       /* of the pack before */
    uint32_t part;
    rf_activity_pack pack;
    char text[RF_PACK_TEXT];
} activity_rows;

/* The hours of an account, capability and day are one fact. */
static rf_status next_day(activity_rows *to, rf_error *err)
{
    rf_tally_sum const first = to->ahead;
    rf_packed_activity *day = &to->day;
    rf_status status = RF_OK;
    to->of_day = to->more ? first.a : 0;
    *day = (rf_packed_activity){.capability = first.b,
                                .day = (int32_t)(first.c >> RF_ACTIVITY_HOUR_BITS) - 1};
    while (status == RF_OK && to->more && first.a == to->ahead.a && first.b == to->ahead.b &&
           first.c >> RF_ACTIVITY_HOUR_BITS == to->ahead.c >> RF_ACTIVITY_HOUR_BITS) {
        uint32_t const hour = to->ahead.c & RF_ACTIVITY_HOUR_MASK;
        day->events += to->ahead.events;
        day->requests += to->ahead.n;
        day->hours |= hour < 24 ? UINT32_C(1) << hour : 0;
        status = rf_tally_next(&to->intake->activity, &to->ahead, &to->more, err);
    }
    if (status == RF_OK && to->of_day != 0) {
        status = rf_news_activity_add(&to->intake->news,
                                      (rf_news_activity){.account = to->of_day,
                                                         .capability = day->capability,
                                                         .hours = day->hours,
                                                         .day = day->day,
                                                         .requests = (int64_t)day->requests},
                                      err);
    }
    return status;
}

/* account, part, capability, day, days, events and their span, requests and their span, packed */
static rf_status next_activity(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    activity_rows *to = context;
    rf_activity_pack *pack = &to->pack;
    uint32_t const account = to->of_day;
    rf_status status = RF_OK;
    *found = account != 0;
    pack->facts = 0;
    while (status == RF_OK && account != 0 && to->of_day == account &&
           rf_activity_pack_add(pack, to->day)) {
        status = next_day(to, err);
    }
    if (status != RF_OK || account == 0) {
        return status;
    }
    to->done += pack->facts;
    rf_progress_show(&to->intake->progress, to->done);
    to->part = account == to->account ? to->part + 1 : 0;
    to->account = account;
    cells[0].number = account;
    cells[1].number = to->part;
    cells[2].number = pack->fact[0].capability;
    cells[3].number = pack->day;
    cells[4].number = (int64_t)pack->last_day - pack->day + 1;
    cells[5].number = (int64_t)pack->events;
    cells[6].number = (int64_t)(pack->last_events - pack->events) + 1;
    cells[7].number = (int64_t)pack->requests;
    cells[8].number = (int64_t)(pack->last_requests - pack->requests) + 1;
    rf_feed_text(&cells[9], to->text, rf_activity_pack_text(pack, to->text));
    return RF_OK;
}

bool rf_intake_many(const rf_intake *intake, uint64_t size)
{
    enum { WORTH_WHILE = 1 << 12 };
    return size >= WORTH_WHILE && size >= intake->limits.counts / 256;
}

rf_status rf_intake_feed(rf_intake *intake, uint64_t size, const char *sql, size_t columns,
                         rf_feed_fn next, void *context, rf_error *err)
{
    return rf_intake_many(intake, size)
               ? rf_feed_run_ahead(intake->store, sql, columns, next, context, err)
               : rf_feed_run(intake->store, sql, next, context, err);
}

static rf_status write_sightings(rf_intake *intake, rf_error *err)
{
    sighting_rows to = {.intake = intake};
    uint64_t const size = rf_tally_size(&intake->sightings);
    char sql[192]; /* the import is the same in all rows: a constant costs less than a cell */
    rf_status status;
    rf_progress_start(&intake->progress, "writing sightings", rf_tally_size(&intake->sightings));
    status = rf_tally_begin(&intake->sightings, err);
    (void)snprintf(
        sql, sizeof sql,
        "INSERT OR FAIL INTO sighting_pack (value, account, import, part, accounts, day, days,"
        " most, packed) SELECT c0, c1, %lld, c2, c3, c4, c5, c6, c7 FROM feed",
        (long long)intake->import);
    if (status == RF_OK) {
        status = rf_tally_next(&intake->sightings, &to.ahead, &to.more, err);
    }
    if (status == RF_OK) {
        status = rf_intake_feed(intake, size, sql, 8, next_sightings, &to, err);
    }
    rf_progress_end(&intake->progress);
    rf_tally_free(&intake->sightings);
    return status;
}

static rf_status write_activity(rf_intake *intake, rf_error *err)
{
    activity_rows to = {.intake = intake};
    uint64_t const size = rf_tally_size(&intake->activity);
    char sql[224];
    rf_status status;
    rf_progress_start(&intake->progress, "writing activity", rf_tally_size(&intake->activity));
    status = rf_tally_begin(&intake->activity, err);
    (void)snprintf(
        sql, sizeof sql,
        "INSERT OR FAIL INTO activity_pack (account, import, part, capability, day, days,"
        " events, events_span, requests, requests_span, packed)"
        " SELECT c0, %lld, c1, c2, c3, c4, c5, c6, c7, c8, c9 FROM feed",
        (long long)intake->import);
    if (status == RF_OK) {
        status = rf_tally_next(&intake->activity, &to.ahead, &to.more, err);
    }
    if (status == RF_OK) {
        status = next_day(&to, err);
    }
    if (status == RF_OK) {
        status = rf_intake_feed(intake, size, sql, 10, next_activity, &to, err);
    }
    rf_progress_end(&intake->progress);
    rf_tally_free(&intake->activity);
    return status;
}

static rf_status sort_counts(void *context, rf_error *err)
{
    return rf_tally_compact(context, err);
}

/* Sorts what is written next while `write` writes. */
static rf_status write_and_sort(rf_intake *intake, rf_status (*write)(rf_intake *, rf_error *),
                                rf_tally *next, rf_error *err)
{
    enum { WORTH_WHILE = 1 << 16 };
    rf_beside sorting;
    rf_status written;
    rf_status sorted;
    rf_beside_start(&sorting, next->count >= WORTH_WHILE, sort_counts, next);
    written = write(intake, err);
    sorted = rf_beside_end(&sorting, written == RF_OK ? err : NULL);
    return written == RF_OK ? sorted : written;
}

rf_status rf_intake_write_counts(rf_intake *intake, rf_error *err)
{
    rf_status status = write_and_sort(intake, write_sightings, &intake->activity, err);
    if (status == RF_OK) {
        status = write_and_sort(intake, write_activity, &intake->holdings, err);
    }
    if (status == RF_OK) {
        status = rf_intake_write_holdings(intake, err);
    }
    return status == RF_OK && intake->news.wanted ? rf_news_write(intake->store, &intake->news, err)
                                                  : status;
}
