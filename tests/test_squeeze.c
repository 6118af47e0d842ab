/* test_squeeze.c - squeezed arrays come back byte by byte, whatever is in them; ordered ones become
 * small, and damaged ones do no harm. */
#include "base/hash.h"
#include "base/memory.h"
#include "base/squeeze.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 3000, MOST_SIZE = 48, HEAD = 24 };

static uint64_t random_bits(void)
{
    static uint64_t at = 5;
    return rf_mix(at++);
}

/* Records of random kinds of 4-byte parts: few bits, ascending, around a base, anything. */
static void fill(uint8_t *records, size_t count, size_t size)
{
    unsigned kind[MOST_SIZE];
    uint32_t last[MOST_SIZE];
    for (size_t c = 0; c < size; c++) {
        kind[c] = (unsigned)(random_bits() % 5);
        last[c] = (uint32_t)random_bits();
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < size; c += size % 4 == 0 ? 4 : 1) {
            uint32_t const any = (uint32_t)random_bits();
            uint32_t const number = kind[c] == 0   ? any
                                    : kind[c] == 1 ? any % 7
                                    : kind[c] == 2 ? last[c] + any % 300
                                    : kind[c] == 3 ? 0x7ffffff0 + any % 40
                                                   : (any % 100 == 0 ? any : 0);
            last[c] = number;
            memcpy(records + i * size + c, &number, size % 4 == 0 ? 4 : 1);
        }
    }
}

static void arrays_come_back(void **state)
{
    static size_t const sizes[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 48};
    uint8_t *records = malloc((size_t)MOST * MOST_SIZE);
    uint8_t *back = malloc((size_t)MOST * MOST_SIZE);
    size_t smaller = 0;
    (void)state;
    assert_true(records != NULL && back != NULL);
    for (size_t round = 0; round < 600; round++) {
        size_t const size = sizes[round % (sizeof sizes / sizeof sizes[0])];
        size_t const count = round % 7 == 0 ? random_bits() % 3 * 128 : random_bits() % MOST;
        uint8_t *squeezed = NULL;
        size_t bytes = 0;
        size_t found = 0;
        fill(records, count, size);
        memset(back, 0xa5, (size_t)MOST * MOST_SIZE);
        assert_true(rf_squeeze(records, count, size, &squeezed, &bytes));
        assert_true(bytes <= count * size + HEAD);
        smaller += bytes < count * size;
        assert_true(rf_squeezed_count(squeezed, bytes, size, &found));
        assert_int_equal(found, count);
        assert_true(rf_unsqueeze(squeezed, bytes, size, back));
        assert_memory_equal(records, back, count * size);
        assert_true(count == MOST || back[count * size] == 0xa5); /* and nothing behind */
        assert_false(rf_squeezed_count(squeezed, bytes, size + 1, &found));
        rf_free(squeezed);
    }
    assert_true(smaller > 200);
    free(records);
    free(back);
}

static size_t squeezed_bytes(const void *records, size_t count, size_t size)
{
    uint8_t *squeezed = NULL;
    size_t bytes = 0;
    assert_true(rf_squeeze(records, count, size, &squeezed, &bytes));
    rf_free(squeezed);
    return bytes;
}

static void order_and_small_numbers_make_them_small(void **state)
{
    static uint64_t wide[MOST];
    static uint32_t number[MOST];
    static uint16_t half[MOST];
    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        wide[i] = UINT64_C(0x100000000) * 7 + 3 * i;
        number[i] = 1000000 + (uint32_t)(random_bits() % 16);
        half[i] = (uint16_t)(i % 2);
    }
    assert_true(squeezed_bytes(wide, MOST, sizeof *wide) < sizeof wide / 12);
    assert_true(squeezed_bytes(number, MOST, sizeof *number) < sizeof number / 6);
    assert_true(squeezed_bytes(half, MOST, sizeof *half) < sizeof half / 8);
    assert_int_equal(squeezed_bytes(NULL, 0, 8), 16);
}

/* Each byte changed, and each length cut: refused or read, and nothing outside is touched (the
 * sanitizer looks on). */
static void damage_does_no_harm(void **state)
{
    enum { COUNT = 300 };
    static uint32_t records[COUNT];
    uint8_t *squeezed = NULL;
    size_t bytes = 0;
    size_t refused = 0;
    (void)state;
    fill((uint8_t *)records, COUNT, sizeof *records);
    for (size_t i = 0; i < COUNT; i++) {
        records[i] %= 100000;
    }
    assert_true(rf_squeeze(records, COUNT, sizeof *records, &squeezed, &bytes));
    for (size_t i = 0; i < 2 * bytes; i++) {
        size_t const length = i < bytes ? bytes : i - bytes;
        uint8_t *copy = malloc(length + (length == 0));
        size_t count = 0;
        assert_non_null(copy);
        memcpy(copy, squeezed, length);
        if (i < bytes) {
            copy[i] ^= (uint8_t)(1 + random_bits() % 255);
        }
        if (rf_squeezed_count(copy, length, sizeof *records, &count) && count < 100000) {
            uint32_t *back = malloc(count * sizeof *back + 1);
            assert_non_null(back);
            refused += !rf_unsqueeze(copy, length, sizeof *records, back);
            free(back);
        } else {
            refused++;
        }
        free(copy);
    }
    assert_true(refused >= bytes); /* every cut, and damage of heads */
    rf_free(squeezed);
}

static void memory_may_be_short(void **state)
{
    static uint32_t const records[4] = {1, 2, 3, 4};
    uint8_t *squeezed = NULL;
    size_t bytes = 0;
    (void)state;
    rf_memory_fail_after(1);
    assert_false(rf_squeeze(records, 4, sizeof *records, &squeezed, &bytes));
    rf_memory_fail_after(0);
    assert_null(squeezed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_come_back),
        cmocka_unit_test(order_and_small_numbers_make_them_small),
        cmocka_unit_test(damage_does_no_harm),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests_name("squeeze", tests, NULL, NULL);
}
