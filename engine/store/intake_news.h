/* intake_news.h - notes what an import brings, for an update of the latest run; private to
 * intake*.c.
 *
 * Facts are ordered by what they are about, so what is new among them cannot be found without
 * reading all. While there is a run that can be updated (store/kept.h has its state), an import
 * that is small against it notes its own rows in the tables news_* (schema/0018_update.sql), in its
 * own transaction. A large one does not: the next detection is then a full one. Cost: O(rows of the
 * import), nothing without such a run.
 */
#ifndef RF_STORE_INTAKE_NEWS_H
#define RF_STORE_INTAKE_NEWS_H

#include "base/status.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An import is small when it has at most a fifth as many rows as the run knew sightings, or
 * RF_NEWS_LEAST. */
enum { RF_NEWS_SHARE = 5, RF_NEWS_LEAST = 20000 };

typedef struct rf_news_sighting {
    uint32_t value, account;
    int32_t day;
} rf_news_sighting;

typedef struct rf_news_activity {
    uint32_t account, capability, hours;
    int32_t day;
    int64_t requests;
} rf_news_activity;

typedef struct rf_news_holding {
    uint32_t value, account;
} rf_news_holding;

typedef struct rf_news {
    bool decided, wanted;
    int64_t import;
    rf_news_sighting *sighting;
    size_t sightings, sighting_room;
    rf_news_activity *activity;
    size_t activities, activity_room;
    rf_news_holding *holding; /* pairs that no earlier import showed */
    size_t holdings, holding_room;
} rf_news; /* all zero bytes: none is wanted */

/* Decides, once, whether news are wanted of an import with so many rows to write. */
RF_MUST_USE rf_status rf_news_begin(rf_store *store, int64_t import, uint64_t rows, rf_news *news,
                                    rf_error *err);
/* Notes one, when any are wanted. */
RF_MUST_USE rf_status rf_news_sighting_add(rf_news *news, rf_news_sighting sighting, rf_error *err);
RF_MUST_USE rf_status rf_news_activity_add(rf_news *news, rf_news_activity activity, rf_error *err);
RF_MUST_USE rf_status rf_news_holding_add(rf_news *news, uint32_t account, uint32_t value,
                                          rf_error *err);
/* Writes what was gathered, and that the import has told its news. */
RF_MUST_USE rf_status rf_news_write(rf_store *store, const rf_news *news, rf_error *err);
void rf_news_free(rf_news *news);

#endif
