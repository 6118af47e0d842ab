/* crowd.c - see crowd.h. */
#include "crowd.h"

#include "store/snapshot.h"

#include "fixture.h"
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const crowd_signal SIGNALS[] = {
    {"instrument", "payment", 0}, {"ip", "address", 1},    {"device", "device", 0},
    {"template", "template", 0},  {"phone", "phone", 0},   {"tie", "tie", 0},
    {"badge", "device", 0},       {"proxy", "address", 0},
};

/* ---- making ---- */

uint32_t crowd_add_account(crowd *c, const char *external_id, int64_t created_at)
{
    assert_true(c->accounts < CROWD_ACCOUNTS);
    (void)snprintf(c->external_id[c->accounts], sizeof c->external_id[0], "%s", external_id);
    c->created_at[c->accounts] = created_at;
    return c->accounts++;
}

uint32_t crowd_add_value(crowd *c, const char *signal, const char *text)
{
    uint32_t s = 0;
    while (s < c->signals && strcmp(c->signal[s].name, signal) != 0) {
        s++;
    }
    assert_true(s < c->signals && c->values < CROWD_VALUES);
    c->value_signal[c->values] = s;
    (void)snprintf(c->text[c->values], sizeof c->text[0], "%s", text);
    return c->values++;
}

void crowd_add_sighting(crowd *c, uint32_t value, uint32_t account, int32_t day)
{
    assert_true(c->sightings < CROWD_SIGHTINGS);
    c->sighting[c->sightings++] = (crowd_sighting){value, account, day};
}

static uint32_t some_value(crowd *c, uint32_t signal)
{
    char text[24];
    (void)snprintf(text, sizeof text, "v%u", c->values * 7919U % 1000003U);
    return crowd_add_value(c, c->signal[signal].name, text);
}

static int32_t some_day(unsigned long long *seed)
{
    return random_below(seed, 12) == 0 ? -1 : 20000 + (int32_t)random_below(seed, 5);
}

/* A run of accounts that share several values, each of them most of the time. */
static void plant_ring(crowd *c, unsigned long long *seed)
{
    uint32_t const size = 3 + random_below(seed, 16);
    uint32_t const first = random_below(seed, c->accounts);
    uint32_t const values = 2 + random_below(seed, 5);
    for (uint32_t k = 0; k < values; k++) {
        uint32_t const value = some_value(c, random_below(seed, c->signals));
        for (uint32_t i = 0; i < size; i++) {
            if (random_below(seed, 4) != 0) {
                crowd_add_sighting(c, value, (first + i) % c->accounts, some_day(seed));
                crowd_add_sighting(c, value, (first + i) % c->accounts, some_day(seed));
            }
        }
    }
}

static void share_at_random(crowd *c, uint32_t sightings, unsigned long long *seed)
{
    uint32_t const value = some_value(c, random_below(seed, c->signals));
    for (uint32_t i = 0; i < sightings; i++) {
        crowd_add_sighting(c, value, random_below(seed, c->accounts), some_day(seed));
    }
}

crowd *crowd_make(const crowd_options *options, unsigned long long seed)
{
    crowd *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->signals = options->one_family == 1 ? 1 : CROWD_SIGNALS;
    memcpy(c->signal, SIGNALS, sizeof SIGNALS);
    if (options->one_family == 1) {
        c->signal[0] = SIGNALS[1];
    }
    for (uint32_t s = 0; s < c->signals && options->one_family == 2; s++) {
        c->signal[s].family = "everything";
    }
    for (uint32_t a = 0; a < options->accounts; a++) {
        char id[24];
        (void)snprintf(id, sizeof id, "%s%u", a % 3 == 0 ? "A" : "z", a * 37 % 1009);
        (void)crowd_add_account(c, id, 1700000000 + (int64_t)a * 997);
    }
    for (uint32_t k = 0; k < options->rings; k++) {
        plant_ring(c, &seed);
    }
    for (uint32_t k = 0; k < options->coincident; k++) {
        share_at_random(c, 1 + random_below(&seed, 6), &seed);
    }
    for (uint32_t k = 0; k < options->hubs; k++) {
        share_at_random(c, c->accounts / 4 + random_below(&seed, c->accounts), &seed);
    }
    return c;
}

/* ---- writing ---- */

static void shuffle(uint32_t *order, uint32_t count, unsigned long long seed)
{
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (uint32_t i = count; seed != 0 && i > 1; i--) {
        uint32_t const j = random_below(&seed, i);
        uint32_t const moved = order[i - 1];
        order[i - 1] = order[j];
        order[j] = moved;
    }
}

static void run_sql(rf_store *store, const char *format, ...) RF_PRINTF(2, 3);
static void run_sql(rf_store *store, const char *format, ...)
{
    char sql[2048];
    rf_error err = {.status = RF_OK};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    if (rf_store_exec(store, sql, &err) != RF_OK) {
        fail_msg("%s: %s", sql, err.text);
    }
}

static void write_values(const crowd *c, rf_store *store, const uint32_t *order,
                         const uint32_t *place, int pseudonyms)
{
    for (uint32_t i = 0; i < c->values; i++) {
        uint32_t const v = order[i];
        char text[48];
        (void)snprintf(text, sizeof text, "%s%s", pseudonyms ? "secret-" : "", c->text[v]);
        if (pseudonyms) {
            (void)snprintf(text, sizeof text, "%08x", c->values * 77U - v * 2654435761U);
        }
        run_sql(store,
                "INSERT INTO value (id, signal, text) SELECT %u, id, '%s' FROM signal WHERE name = "
                "'%s'",
                i + 1, text, c->signal[c->value_signal[v]].name);
    }
    for (uint32_t i = 0; i < c->sightings; i++) {
        const crowd_sighting *s = &c->sighting[i];
        uint32_t const *row = place;
        run_sql(store,
                "INSERT INTO told_sighting VALUES (%u, %u, %d, %u, 1)"
                " ON CONFLICT DO UPDATE SET times = times + 1",
                row[CROWD_ACCOUNTS + s->value] + 1, row[s->account] + 1, s->day, 1 + i % 2);
    }
}

rf_store *crowd_store(const crowd *c, const char *path, unsigned long long order, int pseudonyms)
{
    uint32_t accounts[CROWD_ACCOUNTS];
    uint32_t values[CROWD_VALUES];
    uint32_t place[CROWD_ACCOUNTS + CROWD_VALUES]; /* where each ended up */
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    if (rf_store_open(path, RF_STORE_CREATE, &store, &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
    shuffle(accounts, c->accounts, order);
    shuffle(values, c->values, order * 3);
    run_sql(store,
            "PRAGMA synchronous = OFF; BEGIN;" TELL_FACTS
            "INSERT INTO import (id, kind, signal, map, path, digest, bytes, rows, rejected,"
            " started_at, finished_at) VALUES (1, 'events', '', '', 'a', 'a', 1, 1, 0, 1, 1),"
            " (2, 'events', '', '', 'b', 'b', 1, 1, 0, 1, 1)");
    for (uint32_t s = 0; s < c->signals; s++) {
        run_sql(store,
                "INSERT INTO signal (name, family, role, windowed) VALUES ('%s', '%s', 'link', %d) "
                "ON CONFLICT DO UPDATE SET family = excluded.family, windowed = excluded.windowed",
                c->signal[s].name, c->signal[s].family, c->signal[s].windowed);
    }
    for (uint32_t i = 0; i < c->accounts; i++) {
        uint32_t const a = accounts[i];
        run_sql(store, "INSERT INTO account (id, external_id, created_at) VALUES (%u, '%s', %lld)",
                i + 1, c->external_id[a], (long long)c->created_at[a]);
        place[a] = i;
    }
    for (uint32_t i = 0; i < c->values; i++) {
        place[CROWD_ACCOUNTS + values[i]] = i;
    }
    write_values(c, store, values, place, pseudonyms);
    run_sql(store, PACK_FACTS "COMMIT");
    return store;
}

void crowd_read(const crowd *c, unsigned long long order, int pseudonyms, rf_population *population)
{
    char path[128];
    char extra[160];
    rf_store *store;
    rf_store *other = NULL;
    rf_error err = {.status = RF_OK};
    rf_status status;
    (void)snprintf(path, sizeof path, "%s/crowd-%ld.db",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp", (long)getpid());
    store = crowd_store(c, path, order, pseudonyms);
    status = rf_snapshot_begin(store, order % 2 == 1, &other, &err);
    if (status == RF_OK) {
        status = rf_population_read(store, other, NULL, NULL, population, &err);
    }
    if (status == RF_OK) {
        status = rf_snapshot_end(store, other, &err);
    }
    rf_store_close(store);
    (void)remove(path);
    (void)snprintf(extra, sizeof extra, "%s-wal", path);
    (void)remove(extra);
    (void)snprintf(extra, sizeof extra, "%s-shm", path);
    (void)remove(extra);
    if (status != RF_OK) {
        fail_msg("%s", err.text);
    }
}
