/* intake_news.c - see intake_news.h. */
#include "store/intake_news.h"

#include "base/memory.h"
#include "store/feed.h"

rf_status rf_news_begin(rf_store *store, int64_t import, uint64_t rows, rf_news *news,
                        rf_error *err)
{
    int64_t known = 0;
    rf_status status;
    if (news->decided) {
        return RF_OK;
    }
    status = rf_store_number(store,
                             "SELECT sightings FROM run WHERE id = (SELECT max(id) FROM run) AND"
                             " EXISTS (SELECT 1 FROM kept)",
                             &known, err);
    *news = (rf_news){.import = import,
                      .decided = true,
                      .wanted = status == RF_OK && known > 0 &&
                                (rows <= RF_NEWS_LEAST || rows <= (uint64_t)known / RF_NEWS_SHARE)};
    return status;
}

static rf_status noted(bool kept, rf_error *err)
{
    return kept ? RF_OK : rf_fail_memory(err, "the news of the import");
}

rf_status rf_news_sighting_add(rf_news *news, rf_news_sighting sighting, rf_error *err)
{
    bool const kept = !news->wanted || rf_reserve(&news->sighting, &news->sighting_room,
                                                  news->sightings + 1, sizeof *news->sighting);
    if (kept && news->wanted) {
        news->sighting[news->sightings++] = sighting;
    }
    return noted(kept, err);
}

rf_status rf_news_activity_add(rf_news *news, rf_news_activity activity, rf_error *err)
{
    bool const kept = !news->wanted || rf_reserve(&news->activity, &news->activity_room,
                                                  news->activities + 1, sizeof *news->activity);
    if (kept && news->wanted) {
        news->activity[news->activities++] = activity;
    }
    return noted(kept, err);
}

rf_status rf_news_holding_add(rf_news *news, uint32_t account, uint32_t value, rf_error *err)
{
    bool const kept = !news->wanted || rf_reserve(&news->holding, &news->holding_room,
                                                  news->holdings + 1, sizeof *news->holding);
    if (kept && news->wanted) {
        news->holding[news->holdings++] = (rf_news_holding){value, account};
    }
    return noted(kept, err);
}

typedef struct news_rows {
    const rf_news *news;
    size_t next;
} news_rows;

/* value, day, account, import */
static rf_status next_sighting(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    news_rows *to = context;
    (void)err;
    *found = to->next < to->news->sightings;
    if (*found) {
        const rf_news_sighting *one = &to->news->sighting[to->next++];
        cells[0].number = one->value;
        cells[1].number = one->day;
        cells[2].number = one->account;
        cells[3].number = to->news->import;
    }
    return RF_OK;
}

/* value, account, import */
static rf_status next_holding(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    news_rows *to = context;
    (void)err;
    *found = to->next < to->news->holdings;
    if (*found) {
        const rf_news_holding *one = &to->news->holding[to->next++];
        cells[0].number = one->value;
        cells[1].number = one->account;
        cells[2].number = to->news->import;
    }
    return RF_OK;
}

/* account, day, capability, import, requests, hours */
static rf_status next_activity(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    news_rows *to = context;
    (void)err;
    *found = to->next < to->news->activities;
    if (*found) {
        const rf_news_activity *one = &to->news->activity[to->next++];
        cells[0].number = one->account;
        cells[1].number = one->day;
        cells[2].number = one->capability;
        cells[3].number = to->news->import;
        cells[4].number = one->requests;
        cells[5].number = one->hours;
    }
    return RF_OK;
}

rf_status rf_news_write(rf_store *store, const rf_news *news, rf_error *err)
{
    news_rows sightings = {.news = news};
    news_rows activities = {.news = news};
    news_rows holdings = {.news = news};
    rf_statement *insert = NULL;
    rf_status status =
        rf_feed_run(store,
                    "INSERT OR IGNORE INTO news_sighting (value, day, account, import)"
                    " SELECT c0, c1, c2, c3 FROM feed CROSS JOIN value v ON v.id = c0"
                    " WHERE v.signal IN (SELECT id FROM signal WHERE windowed AND role = 'link')",
                    next_sighting, &sightings, err);
    if (status == RF_OK) {
        status = rf_feed_run(store,
                             "INSERT INTO news_activity (account, day, capability, import,"
                             " requests, hours) SELECT c0, c1, c2, c3, c4, c5 FROM feed",
                             next_activity, &activities, err);
    }
    if (status == RF_OK) {
        status = rf_feed_run(store,
                             "INSERT INTO news_holding (value, account, import)"
                             " SELECT c0, c1, c2 FROM feed",
                             next_holding, &holdings, err);
    }
    if (status == RF_OK) {
        status = rf_prepare(store, "INSERT INTO news_import (import) VALUES (?)", &insert, err);
    }
    if (status == RF_OK) {
        rf_bind_int(insert, 1, news->import);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

void rf_news_free(rf_news *news)
{
    rf_free(news->sighting);
    rf_free(news->activity);
    rf_free(news->holding);
    *news = (rf_news){0};
}
