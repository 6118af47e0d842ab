/* test_pack.c - packs against rows: whatever is packed is read back by the views, by plain SQL, and
 * by the readers of detection, also where numbers are as large as they get. */
#include "store/pack.h"
#include "store/population_private.h"
#include "store/store.h"

#include "base/hash.h"
#include "base/text.h"
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS = 700 };

static void run_sql(const sandbox *box, const rf_text *sql)
{
    rf_error err;
    if (rf_store_exec(box->store, rf_text_get(sql), &err) != RF_OK) {
        fail_msg("%s: %s", rf_text_get(sql), err.text);
    }
}

static void expect(const sandbox *box, const char *sql, const rf_text *wanted)
{
    char *found = sandbox_query(box, sql);
    assert_string_equal(found, rf_text_get(wanted));
    free(found);
}

/* Now and then a number that is larger than all others together. */
static uint64_t odd_number(unsigned long long *seed, uint64_t usual)
{
    static const uint64_t large[] = {UINT64_C(1) << 20, UINT64_C(1000000000), UINT64_C(1) << 40,
                                     (UINT64_C(1) << 61) + 12345};
    return random_below(seed, 12) == 0 ? large[random_below(seed, 4)] - random_below(seed, 3)
                                       : 1 + random_below(seed, (unsigned)usual);
}

static void write_sightings(rf_text *sql, const rf_sighting_pack *pack, unsigned part)
{
    char text[RF_PACK_TEXT];
    size_t const length = rf_sighting_pack_text(pack, text);
    assert_int_equal(strlen(text), length);
    rf_text_printf(sql,
                   "INSERT INTO sighting_pack VALUES (1, %u, 1, %u, %lld, %d, %d, %llu, '%s');",
                   pack->account, part, (long long)pack->last - pack->account + 1, pack->day,
                   pack->last_day - pack->day + 1, (unsigned long long)pack->most, text);
}

static void sightings_are_read_back(void **state)
{
    const sandbox *box = *state;
    unsigned long long seed = 7;
    for (int round = 0; round < 20; round++) {
        rf_sighting_pack pack = {0};
        rf_text sql = {0};
        rf_text wanted = {0};
        uint64_t account = 1 + random_below(&seed, 5);
        int32_t day = -1;
        unsigned parts = 0;
        rf_text_add(&sql, "PRAGMA foreign_keys = OFF; DELETE FROM sighting_pack;");
        for (int i = 0; i < FACTS && account <= UINT32_MAX; i++) {
            rf_packed_sighting const fact = {(uint32_t)account, day, odd_number(&seed, 3)};
            if (!rf_sighting_pack_add(&pack, fact)) {
                write_sightings(&sql, &pack, parts++);
                pack.facts = 0;
                assert_true(rf_sighting_pack_add(&pack, fact));
            }
            rf_text_printf(&wanted, "1|%llu|%d|1|%llu\n", (unsigned long long)account, day,
                           (unsigned long long)fact.times);
            if (random_below(&seed, 3) == 0) {
                account += odd_number(&seed, 900);
                day = (int32_t)random_below(&seed, 84000) - 1;
            } else {
                day += 1 + (int32_t)random_below(&seed, 30);
            }
        }
        write_sightings(&sql, &pack, parts);
        run_sql(box, &sql);
        expect(box, "SELECT * FROM sighting ORDER BY account, day", &wanted);
        rf_text_free(&sql);
        rf_text_free(&wanted);
    }
}

static void holdings_are_read_back(void **state)
{
    const sandbox *box = *state;
    unsigned long long seed = 3;
    rf_holding_pack pack = {0};
    rf_text sql = {0};
    rf_text wanted = {0};
    char text[RF_PACK_TEXT];
    uint64_t value = 1;
    rf_text_add(&sql, "PRAGMA foreign_keys = OFF;");
    for (int i = 0; i < FACTS && value <= UINT32_MAX; i++) {
        if (!rf_holding_pack_add(&pack, (uint32_t)value)) {
            (void)rf_holding_pack_text(&pack, text);
            rf_text_printf(&sql, "INSERT INTO holding_pack VALUES (1, %u, '%s');", pack.value[0],
                           text);
            pack.facts = 0;
            assert_true(rf_holding_pack_add(&pack, (uint32_t)value));
        }
        rf_text_printf(&wanted, "1|%llu\n", (unsigned long long)value);
        value += 1 + random_below(&seed, 12000000);
    }
    (void)rf_holding_pack_text(&pack, text);
    rf_text_printf(&sql, "INSERT INTO holding_pack VALUES (1, %u, '%s');", pack.value[0], text);
    run_sql(box, &sql);
    expect(box, "SELECT * FROM holding ORDER BY value", &wanted);
    rf_text_free(&sql);
    rf_text_free(&wanted);
}

static void write_activity(rf_text *sql, const rf_activity_pack *pack, unsigned part)
{
    char text[RF_PACK_TEXT];
    (void)rf_activity_pack_text(pack, text);
    rf_text_printf(
        sql,
        "INSERT INTO activity_pack VALUES (1, 1, %u, %u, %d, %d, %llu, %llu, %llu, %llu, '%s');",
        part, pack->fact[0].capability, pack->day, pack->last_day - pack->day + 1,
        (unsigned long long)pack->events,
        (unsigned long long)(pack->last_events - pack->events) + 1,
        (unsigned long long)pack->requests,
        (unsigned long long)(pack->last_requests - pack->requests) + 1, text);
}

static void activity_is_read_back(void **state)
{
    const sandbox *box = *state;
    unsigned long long seed = 11;
    for (int round = 0; round < 20; round++) {
        rf_activity_pack pack = {0};
        rf_text sql = {0};
        rf_text wanted = {0};
        uint64_t capability = 0;
        int32_t day = -1;
        unsigned parts = 0;
        rf_text_add(&sql, "PRAGMA foreign_keys = OFF; DELETE FROM activity_pack;");
        for (int i = 0; i < FACTS && capability <= UINT32_MAX; i++) {
            rf_packed_activity const fact = {(uint32_t)capability, day, odd_number(&seed, 3) - 1,
                                             odd_number(&seed, 90) - 1,
                                             random_below(&seed, 1U << 24)};
            if (!rf_activity_pack_add(&pack, fact)) {
                write_activity(&sql, &pack, parts++);
                pack.facts = 0;
                assert_true(rf_activity_pack_add(&pack, fact));
            }
            rf_text_printf(&wanted, "1|%llu|%d|1|%llu|%llu|%u\n", (unsigned long long)capability,
                           day, (unsigned long long)fact.events, (unsigned long long)fact.requests,
                           fact.hours);
            if (random_below(&seed, 20) == 0) {
                capability += odd_number(&seed, 5);
                day = (int32_t)random_below(&seed, 84000) - 1;
            } else {
                day += 1 + (int32_t)random_below(&seed, 9);
            }
        }
        write_activity(&sql, &pack, parts);
        run_sql(box, &sql);
        expect(box, "SELECT * FROM activity ORDER BY capability, day", &wanted);
        rf_text_free(&sql);
        rf_text_free(&wanted);
    }
}

static void write_links(rf_text *sql, const rf_link_pack *pack)
{
    char text[RF_PACK_TEXT];
    (void)rf_link_pack_text(pack, text);
    rf_text_printf(sql, "INSERT INTO link_pack VALUES (1, 1, %u, %d, %d, %lld, '%s');",
                   pack->fact[0].account_b, pack->families + 1, pack->bits,
                   (long long)pack->last_bits - pack->bits + 1, text);
}

static void links_are_read_back(void **state)
{
    const sandbox *box = *state;
    unsigned long long seed = 13;
    for (int round = 0; round < 20; round++) {
        rf_link_pack pack = {0};
        rf_text sql = {0};
        rf_text wanted = {0};
        uint64_t other = 1 + random_below(&seed, 5);
        rf_text_add(&sql, "PRAGMA foreign_keys = OFF; DELETE FROM link_pack;");
        for (int i = 0; i < FACTS && other <= UINT32_MAX; i++) {
            bool const odd = random_below(&seed, 40) == 0;
            int32_t const bits =
                (int32_t)(odd ? random_below(&seed, 2) == 0 ? INT32_MIN : INT32_MAX
                              : 65536 * 3 - (int32_t)random_below(&seed, 65536 * 20));
            rf_packed_link const fact = {(uint32_t)other, bits,
                                         (uint8_t)(1 + random_below(&seed, odd ? 255 : 4))};
            if (!rf_link_pack_add(&pack, fact)) {
                write_links(&sql, &pack);
                pack.facts = 0;
                assert_true(rf_link_pack_add(&pack, fact));
            }
            rf_text_printf(&wanted, "%llu|%d|%u\n", (unsigned long long)other, bits, fact.families);
            other += round % 2 == 0 ? 1 + random_below(&seed, 900) : odd_number(&seed, 90000);
        }
        write_links(&sql, &pack);
        run_sql(box, &sql);
        expect(box,
               "SELECT account_b, CAST(bits * 65536 AS INTEGER), families FROM link"
               " ORDER BY account_b",
               &wanted);
        rf_text_free(&sql);
        rf_text_free(&wanted);
    }
}

/* Hours as they are kept for updates: few, many days of one, and all there can be. */
static void hours_are_read_back(void **state)
{
    uint16_t use[RF_HOUR_USES];
    uint64_t start[2] = {0};
    rf_population const kept = {.accounts = 1, .hour_start = start, .hour_use = use};
    (void)state;
    for (uint64_t drawn = 0; drawn < 200; drawn++) {
        uint16_t hours[24] = {0};
        uint16_t back[24];
        for (uint64_t h = 0; h < 24; h++) {
            uint64_t const number = rf_mix(drawn * 24 + h);
            uint64_t const days = number % 3 <= drawn % 3 ? number >> 20 >> drawn % 60 % 44 : 0;
            hours[h] = (uint16_t)(drawn == 199 ? UINT16_MAX : days);
        }
        start[1] = rf_hours_put(hours, use);
        assert_true(start[1] <= RF_HOUR_USES);
        rf_population_hours(&kept, 0, back);
        assert_memory_equal(hours, back, sizeof hours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sightings_are_read_back, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(holdings_are_read_back, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(activity_is_read_back, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(links_are_read_back, sandbox_start, sandbox_end),
        cmocka_unit_test(hours_are_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
