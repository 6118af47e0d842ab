/* test_base.c - clock, memory, text, hash, arena: every day of the calendar, good and bad times,
 * overflow, and hash values that must never change because samples depend on them. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/order.h"
#include "base/radix.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/stopwatch.h"
#include "base/text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- clock ---- */

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int const leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static void every_day_comes_back(void **state)
{
    int year = 1970;
    int month = 1;
    int day = 1;
    int32_t number = 0;
    (void)state;
    for (; year < 2200; number++) {
        char text[RF_TIME_TEXT];
        char expected[RF_TIME_TEXT];
        int back[3];
        int64_t time = 0;
        rf_date_from_day(number, &back[0], &back[1], &back[2]);
        assert_true(back[0] == year && back[1] == month && back[2] == day);
        assert_int_equal(rf_day_from_date(year, month, day), number);
        (void)snprintf(expected, sizeof expected, "%04u-%02u-%02u", (unsigned)year % 10000,
                       (unsigned)month % 100, (unsigned)day % 100);
        assert_string_equal(rf_day_format(number, text), expected);
        assert_true(rf_time_parse(text, strlen(text), &time));
        assert_int_equal(time, (int64_t)number * RF_SECONDS_PER_DAY);
        assert_int_equal(rf_day_of(time + RF_SECONDS_PER_DAY - 1), number);
        day = day == days_of_month(year, month) ? 1 : day + 1;
        month += day == 1;
        if (month == 13) {
            month = 1;
            year++;
        }
    }
    assert_int_equal((int64_t)number * RF_SECONDS_PER_DAY, RF_TIME_END);
}

static void good_times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t time;
    } good[] = {
        {"1970-01-01", 0},
        {"0", 0},
        {"1776846600", 1776846600},
        {"1776846600.75", 1776846600},
        {" 1776846600 ", 1776846600},
        {"7258118399", 7258118399},
        {"2026-04-22", 1776816000},
        {"2026-04-22T08:30", 1776846600},
        {"2026-04-22 08:30:00", 1776846600},
        {"2026-04-22t08:30:00z", 1776846600},
        {"2026-04-22T08:30:00.999Z", 1776846600},
        {"2026-04-22T08:30:00,5Z", 1776846600},
        {"2026-04-22T10:30:00+02:00", 1776846600},
        {"2026-04-22T10:30:00+0200", 1776846600},
        {"2026-04-22 10:30:00 +02", 1776846600},
        {"2026-04-22T03:00:00-05:30", 1776846600},
        {"2026-04-21T23:30:00-09:00", 1776846600},
        {"2024-02-29", 1709164800},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2016-12-31T23:59:60Z", 1483228799},
        {"2199-12-31T23:59:59Z", 7258118399},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t time = -1;
        if (!rf_time_parse(good[i].text, strlen(good[i].text), &time) || time != good[i].time) {
            fail_msg("'%s' is read as %lld", good[i].text, (long long)time);
        }
    }
}

static void bad_times_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "-1",
        "+5",
        "7258118400",
        "99999999999999999999",
        "12a",
        "1.",
        ".5",
        "1e9",
        "nan",
        "2026-04",
        "2026-4-2",
        "2026-00-10",
        "2026-13-10",
        "2026-04-00",
        "2026-04-31",
        "2025-02-29",
        "2100-02-29",
        "1969-12-31",
        "1970-01-01T00:00:00+00:01",
        "2200-01-01",
        "2199-12-31T23:59:59-00:01",
        "2026-04-22T",
        "2026-04-22T8:30",
        "2026-04-22T24:00",
        "2026-04-22T08:60",
        "2026-04-22T08:30:61",
        "2026-04-22T08:30:00.",
        "2026-04-22T08:30:00+",
        "2026-04-22T08:30:00+2",
        "2026-04-22T08:30:00+19:00",
        "2026-04-22T08:30:00+02:60",
        "2026-04-22T08:30:00Zulu",
        "2026-04-22_08:30",
        "22.04.2026",
        "04/22/2026",
        "2026-04-22T08:30:00 x",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t time = 7;
        if (rf_time_parse(bad[i], strlen(bad[i]), &time)) {
            fail_msg("'%s' is read as %lld", bad[i], (long long)time);
        }
        assert_int_equal(time, 7);
    }
}

static void unknown_times_stay_unknown(void **state)
{
    char text[RF_TIME_TEXT] = "x";
    (void)state;
    assert_string_equal(rf_time_format(RF_NO_TIME, text), "");
    assert_string_equal(rf_day_format(RF_NO_DAY, text), "");
    assert_int_equal(rf_day_of(RF_NO_TIME), RF_NO_DAY);
    assert_int_equal(rf_hour_of(RF_NO_TIME), 0);
    assert_int_equal(rf_hour_of(1776846600), 8);
    assert_string_equal(rf_time_format(1776846600, text), "2026-04-22T08:30:00Z");
}

/* ---- memory ---- */

static void sizes_that_overflow_are_refused(void **state)
{
    uint32_t *array = NULL;
    size_t capacity = 0;
    (void)state;
    assert_null(rf_alloc(SIZE_MAX, 2));
    assert_null(rf_alloc_raw(SIZE_MAX / 4 + 1, 4));
    assert_true(rf_resize(&array, 4, sizeof *array));
    array[3] = 9;
    assert_false(rf_resize(&array, SIZE_MAX / 2, sizeof *array));
    assert_int_equal(array[3], 9); /* as it was */
    rf_free(array);
    array = NULL;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(rf_reserve(&array, &capacity, (size_t)i + 1, sizeof *array));
        array[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(array[i], i);
    }
    assert_false(rf_reserve(&array, &capacity, SIZE_MAX - 1, sizeof *array));
    assert_true(capacity >= 1000 && capacity < 2000);
    rf_free(array);
}

static void nothing_is_still_something(void **state)
{
    void *none = rf_alloc(0, 8);
    uint64_t *zeroed = rf_alloc(100, sizeof *zeroed);
    (void)state;
    assert_non_null(none);
    assert_non_null(zeroed);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(zeroed[i], 0);
    }
    rf_free(none);
    rf_free(zeroed);
    rf_free(NULL);
}

static void allocations_fail_on_request(void **state)
{
    void *first;
    (void)state;
    rf_memory_fail_after(2);
    first = rf_alloc(1, 1);
    assert_non_null(first);
    assert_null(rf_alloc(1, 1));
    assert_null(rf_copy_text("and so on"));
    rf_memory_fail_after(0);
    rf_free(first);
    first = rf_alloc(1, 1);
    assert_non_null(first);
    rf_free(first);
}

static void arenas_join(void **state)
{
    (void)state;
    for (int from = 0; from < 3; from++) {
        for (int to = 0; to < 3; to++) { /* blocks in each */
            rf_arena arena[2] = {{0}};
            char *kept[2][2] = {{NULL}};
            int const blocks[2] = {to, from};
            for (int a = 0; a < 2; a++) {
                for (int i = 0; i < blocks[a]; i++) {
                    kept[a][i] = rf_arena_text(&arena[a], "abc", 3);
                    assert_non_null(kept[a][i]);
                    assert_non_null(rf_arena_take(&arena[a], 2 << 20));
                }
            }
            rf_arena_join(&arena[0], &arena[1]);
            assert_null(arena[1].blocks);
            assert_string_equal(rf_arena_text(&arena[0], "more", 4), "more");
            for (int i = 0; i < 4; i++) {
                assert_true(kept[i / 2][i % 2] == NULL || strcmp(kept[i / 2][i % 2], "abc") == 0);
            }
            rf_arena_free(&arena[0]);
            rf_arena_free(&arena[1]);
        }
    }
}

static void laps_add_up(void **state)
{
    static const char *const stages[] = {"one", "two"};
    rf_stopwatch watch;
    rf_text text = {0};
    rf_json json = rf_json_to_text(&text);
    double sum = 0;
    (void)state;
    rf_stopwatch_start(&watch);
    rf_stopwatch_lap(&watch, "one", "a");
    rf_stopwatch_lap(&watch, "two", "a");
    rf_stopwatch_lap(&watch, "one", "b");
    rf_stopwatch_lap(&watch, "one", "a");
    rf_stopwatch_lap(NULL, "one", "a");
    assert_int_equal(watch.laps, 3);
    for (uint32_t i = 0; i < watch.laps; i++) {
        assert_true(watch.lap[i].seconds >= 0 && watch.lap[i].cpu >= 0);
        sum += watch.lap[i].seconds;
    }
    sum -= rf_stopwatch_stage(&watch, "one") + rf_stopwatch_stage(&watch, "two");
    assert_true(sum > -1e-9 && sum < 1e-9);
    rf_json_object(&json);
    rf_stopwatch_json(&watch, stages, 2, &json);
    rf_json_object_end(&json);
    assert_non_null(strstr(rf_text_get(&text), "\"stage\": \"one\", \"part\": \"b\""));
    rf_text_free(&text);
    for (int i = 0; i < RF_LAPS + 5; i++) { /* too many parts: none is lost, none is written past */
        static const char names[] =
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij";
        rf_stopwatch_lap(&watch, "many", names + i);
    }
    assert_int_equal(watch.laps, RF_LAPS);
}

static void arenas_keep_what_they_hold(void **state)
{
    enum { TEXTS = 20000 };
    static const char *kept[TEXTS];
    rf_arena arena = {0};
    char text[32];
    (void)state;
    for (int i = 0; i < TEXTS; i++) {
        (void)snprintf(text, sizeof text, "text %d", i);
        kept[i] = rf_arena_text(&arena, text, strlen(text));
        assert_non_null(kept[i]);
        assert_int_equal((uintptr_t)kept[i] % _Alignof(max_align_t), 0);
    }
    memset(rf_arena_take(&arena, 3 << 20), 1, 3 << 20); /* larger than a block */
    assert_non_null(rf_arena_take(&arena, 0));
    for (int i = 0; i < TEXTS; i++) {
        (void)snprintf(text, sizeof text, "text %d", i);
        assert_string_equal(kept[i], text);
    }
    assert_null(rf_arena_take(&arena, SIZE_MAX));
    assert_null(rf_arena_text(&arena, "x", SIZE_MAX));
    rf_arena_free(&arena);
    assert_null(arena.blocks);
    assert_string_equal(rf_arena_text(&arena, "again", 5), "again");
    rf_arena_free(&arena);
}

/* ---- text ---- */

static void texts_grow_and_remember_failure(void **state)
{
    rf_text text = {0};
    (void)state;
    assert_string_equal(rf_text_get(&text), "");
    for (int i = 0; i < 100; i++) {
        rf_text_printf(&text, "%d,", i % 10);
    }
    assert_int_equal(text.length, 200);
    assert_int_equal(strlen(rf_text_get(&text)), 200);
    rf_text_clear(&text);
    assert_string_equal(rf_text_get(&text), "");
    rf_text_append(&text, "a\0b", 3);
    rf_text_add(&text, "c");
    assert_int_equal(text.length, 4);
    assert_memory_equal(rf_text_get(&text), "a\0bc", 5);
    rf_text_append(&text, NULL, 0);
    assert_false(rf_text_failed(&text));
    rf_text_append(&text, "x", SIZE_MAX - 2);
    assert_true(rf_text_failed(&text));
    rf_text_add(&text, "lost");
    assert_true(rf_text_failed(&text));
    rf_text_free(&text);
    assert_false(rf_text_failed(&text));
    rf_memory_fail_after(1);
    rf_text_add(&text, "none");
    rf_memory_fail_after(0);
    assert_true(rf_text_failed(&text));
    rf_text_free(&text);
}

/* ---- status ---- */

static void errors_are_cut_not_spilled(void **state)
{
    rf_error err;
    char long_text[3000];
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(rf_fail(&err, RF_EIO, "%s", long_text), RF_EIO);
    assert_int_equal(err.status, RF_EIO);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_int_equal(rf_fail(NULL, RF_EINPUT, "%d", 1), RF_EINPUT);
    assert_int_equal(rf_fail_memory(&err, "a thing"), RF_ENOMEM);
    assert_non_null(strstr(err.text, "a thing"));
    assert_int_equal(rf_exit_code(RF_OK), 0);
    assert_int_equal(rf_exit_code(RF_EINPUT), 1);
    assert_int_equal(rf_exit_code(RF_EIO), 1);
    assert_int_equal(rf_exit_code(RF_ENOMEM), 1);
    assert_int_equal(rf_exit_code(RF_EUSAGE), 2);
    assert_int_equal(rf_exit_code(RF_EREJECTS), 3);
    assert_int_equal(rf_exit_code(RF_EDATABASE), 4);
}

/* ---- hash ---- */

/* Frozen: pairs are sampled by these. rf_mix(0) is the first output of SplitMix64 seeded with 0. */
static void hashes_never_change(void **state)
{
    (void)state;
    assert_int_equal(rf_mix(0), UINT64_C(0xe220a8397b1dcdaf));
    assert_int_equal(rf_mix(1), UINT64_C(0x910a2dec89025cc1));
    assert_int_equal(rf_mix(UINT64_MAX), UINT64_C(0xe4d971771b652c20));
    assert_int_equal(rf_mix2(1, 2), UINT64_C(0xe06dd043328bd285));
    assert_int_equal(rf_mix2(2, 1), UINT64_C(0xbcd9dbb49673066b));
    assert_int_equal(rf_hash_bytes(0, "", 0), UINT64_C(0x5b21f68ffa77f14c));
    assert_int_equal(rf_hash_bytes(0, "acct-1", 6), UINT64_C(0x322a9473d4817e25));
    assert_int_equal(rf_hash_bytes(1, "acct-1", 6), UINT64_C(0x0aa67f9fda649ab1));
    assert_int_equal(rf_hash_bytes(0, "\xff\x00", 2), UINT64_C(0x9774ff4297e14b27));
}

static int by_sign(const void *left, const void *right)
{
    int64_t const a = *(const int64_t *)left;
    int64_t const b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void numbers_are_sorted_as_by_comparing(void **state)
{
    enum { MOST = 3000 };
    int64_t mine[MOST];
    int64_t slow[MOST];
    uint64_t drawn = 1;
    (void)state;
    for (size_t count = 0; count < MOST; count = count * 2 + 1) {
        for (int width = 0; width < 64; width += 7) {
            for (size_t i = 0; i < count; i++) {
                drawn = rf_mix(drawn);
                mine[i] = slow[i] = (int64_t)(drawn << width) >> width;
            }
            qsort(slow, count, sizeof *slow, by_sign);
            assert_true(rf_sort_signed(mine, count));
            assert_memory_equal(mine, slow, count * sizeof *mine);
            assert_true(rf_sort_numbers((uint64_t *)mine, count)); /* those below zero go last */
            for (size_t i = 1; i < count; i++) {
                assert_true((uint64_t)mine[i - 1] <= (uint64_t)mine[i]);
            }
        }
    }
    rf_memory_fail_after(1);
    assert_false(rf_sort_numbers((uint64_t *)mine, 5));
    rf_memory_fail_after(0);
}

/* Whoever computes it, and in whatever pieces the bytes come. */
static void digests_are_those_of_libsodium(void **state)
{
    static unsigned char bytes[5000];
    uint64_t seed = 9;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(seed = rf_mix(seed));
    }
    for (size_t length = 0; length <= sizeof bytes; length += length < 300 ? 1 : 97) {
        unsigned char wanted[RF_SHA256_BYTES];
        (void)crypto_hash_sha256(wanted, bytes, length);
        for (int own = 0; own < 2; own++) {
            unsigned char digest[RF_SHA256_BYTES];
            rf_sha256 hash;
            rf_sha256_start(&hash, own != 0);
            for (size_t at = 0; at < length;) {
                size_t part = (seed = rf_mix(seed)) % 200;
                part = part < length - at ? part : length - at;
                rf_sha256_add(&hash, bytes + at, part);
                at += part;
            }
            rf_sha256_end(&hash, digest);
            assert_memory_equal(digest, wanted, sizeof digest);
        }
    }
}

/* ---- order ---- */

static int compare_numbers(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int compare_signed(const void *left, const void *right)
{
    int64_t const a = *(const int64_t *)left;
    int64_t const b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t pseudo_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state ^ *state >> 29;
}

/* Numbers in several kinds of order: by chance, few different ones, rising, falling, all equal, and
 * such as divide badly by the median of three. */
static uint64_t number_of_kind(int kind, size_t i, size_t count, uint64_t *state)
{
    switch (kind) {
    case 0:
        return pseudo_random(state);
    case 1:
        return pseudo_random(state) % 3;
    case 2:
        return i * 7;
    case 3:
        return count - i;
    case 4:
        return 5;
    case 5: /* an organ pipe */
        return i < count / 2 ? i : count - i;
    default:
        return (i * (i % 2 == 0 ? 1 : count)) << (i % 40);
    }
}

static void numbers_are_put_in_order(void **state)
{
    static const size_t counts[] = {0, 1, 2, 3, 23, 24, 25, 26, 100, 1000, 4097, 50000};
    enum { MOST = 50000, KINDS = 7 };
    uint64_t *given = calloc(MOST, sizeof *given);
    uint64_t *expected = calloc(MOST, sizeof *expected);
    uint64_t *number = calloc(MOST, sizeof *number);
    uint64_t *spare = calloc(MOST, sizeof *spare);
    uint32_t *small = calloc(MOST, sizeof *small);
    uint64_t random = 1;
    (void)state;
    assert_true(given != NULL && expected != NULL && number != NULL && spare != NULL &&
                small != NULL);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        size_t const n = counts[c];
        for (int kind = 0; kind < KINDS; kind++) {
            for (size_t i = 0; i < n; i++) {
                given[i] = number_of_kind(kind, i, n, &random);
                small[i] = (uint32_t)given[i];
            }
            memcpy(expected, given, n * sizeof *given);
            qsort(expected, n, sizeof *expected, compare_numbers);
            memcpy(number, given, n * sizeof *given);
            rf_order_numbers(number, n);
            assert_memory_equal(number, expected, n * sizeof *number);

            memcpy(number, given, n * sizeof *given);
            rf_order_signed((int64_t *)number, n);
            qsort(expected, n, sizeof *expected, compare_signed);
            assert_memory_equal(number, expected, n * sizeof *number);

            rf_order_small(small, n);
            for (size_t i = 0; i < n; i++) {
                expected[i] = (uint32_t)given[i];
            }
            qsort(expected, n, sizeof *expected, compare_numbers);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(small[i], expected[i]);
            }
            /* the lower half tells where each came from: those of equal upper halves stay so */
            for (size_t i = 0; i < n; i++) {
                number[i] = given[i] << 32 | i;
            }
            memcpy(expected, number, n * sizeof *number);
            qsort(expected, n, sizeof *expected, compare_numbers);
            rf_order_upper(number, spare, n);
            assert_memory_equal(number, expected, n * sizeof *number);
        }
    }
    free(given);
    free(expected);
    free(number);
    free(spare);
    free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_put_in_order),
        cmocka_unit_test(numbers_are_sorted_as_by_comparing),
        cmocka_unit_test(digests_are_those_of_libsodium),
        cmocka_unit_test(every_day_comes_back),
        cmocka_unit_test(good_times_are_read),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(unknown_times_stay_unknown),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(nothing_is_still_something),
        cmocka_unit_test(allocations_fail_on_request),
        cmocka_unit_test(arenas_keep_what_they_hold),
        cmocka_unit_test(texts_grow_and_remember_failure),
        cmocka_unit_test(errors_are_cut_not_spilled),
        cmocka_unit_test(arenas_join),
        cmocka_unit_test(laps_add_up),
        cmocka_unit_test(hashes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
