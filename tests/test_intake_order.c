/* test_intake_order.c - texts and counts of an import in order, against sorting by comparison. */
#include "store/intake_intern.h"
#include "store/intake_tally.h"

#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 5000, LONGEST = 60, RECORDS = 4000 };

/* ---- texts ---- */

static const rf_intern *compared;

static int by_tag_and_bytes(const void *left, const void *right)
{
    const rf_intern_text *a = compared->texts[*(const uint32_t *)left];
    const rf_intern_text *b = compared->texts[*(const uint32_t *)right];
    size_t const shorter = a->length < b->length ? a->length : b->length;
    int const order = memcmp(a->bytes, b->bytes, shorter);
    if (a->tag != b->tag) {
        return a->tag < b->tag ? -1 : 1;
    }
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Texts of a few letters or of any bytes, with what all begin with or without. */
static size_t make_text(unsigned long long *seed, int kind, char *out)
{
    static const char begins[] = "the same in all of them, forty bytes ...";
    size_t const first = kind % 2 == 0 ? 0 : sizeof begins - 1;
    size_t const length = kind < 2 ? 18 : 1 + random_below(seed, 19);
    memcpy(out, begins, first);
    for (size_t i = 0; i < length; i++) {
        out[first + i] = (char)(kind < 4 ? "0123456789abcdef"[random_below(seed, kind < 2 ? 16 : 3)]
                                         : (char)(1 + random_below(seed, 255)));
    }
    return first + length;
}

static void add_texts(rf_intern *intern, unsigned long long *seed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[LONGEST];
        uint32_t const tag = random_below(seed, 4) * 3;
        int const kind = (int)(tag / 3) + (int)random_below(seed, 2) * 2;
        size_t const length = make_text(seed, kind, text);
        uint64_t const hash = rf_intern_hash(tag, text, length);
        uint32_t const known = rf_intern_find(intern, tag, text, length, hash);
        if (known == RF_INTERN_NONE) {
            uint32_t const id = random_below(seed, 5) == 0 ? 77 : 0;
            uint32_t const added = rf_intern_add(intern, tag, text, length, hash, id);
            assert_int_not_equal(added, RF_INTERN_NONE);
            assert_int_equal(rf_intern_find(intern, tag, text, length, hash), added);
        }
    }
}

static void texts_are_in_order(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed < 12; seed++) {
        rf_intern intern = {0};
        unsigned long long random = seed;
        for (int turn = 0; turn < 3; turn++) {
            size_t count = 0;
            size_t wanted_count = 0;
            uint32_t *wanted;
            uint32_t *sorted;
            add_texts(&intern, &random, seed == 1 ? 1 : TEXTS / 3);
            wanted = calloc(intern.count + 1, sizeof *wanted);
            assert_non_null(wanted);
            for (uint32_t i = (uint32_t)intern.pending; i < intern.count; i++) {
                if (intern.ids[i] == 0) {
                    wanted[wanted_count++] = i;
                }
            }
            compared = &intern;
            qsort(wanted, wanted_count, sizeof *wanted, by_tag_and_bytes);
            sorted = rf_intern_sorted_new(&intern, &count);
            assert_non_null(sorted);
            assert_int_equal(count, wanted_count);
            assert_memory_equal(sorted, wanted, count * sizeof *wanted);
            for (size_t i = 0; i < count; i++) {
                intern.ids[sorted[i]] = 1;
            }
            intern.pending = intern.count;
            rf_free(sorted);
            free(wanted);
        }
        rf_intern_clear(&intern);
    }
}

/* ---- counts ---- */

static int by_key(const void *left, const void *right)
{
    const rf_tally_record *x = left;
    const rf_tally_record *y = right;
    if (x->a != y->a) {
        return x->a < y->a ? -1 : 1;
    }
    if (x->b != y->b) {
        return x->b < y->b ? -1 : 1;
    }
    return (x->c > y->c) - (x->c < y->c);
}

/* Below `range`, but for a few that are zero, the greatest number or far away. */
static uint32_t some(unsigned long long *seed, uint32_t range, bool wild)
{
    unsigned const kind = random_below(seed, wild ? 40 : 1000000);
    return kind == 0   ? UINT32_MAX
           : kind == 1 ? 0
           : kind == 2 ? UINT32_MAX - range
                       : range + random_below(seed, range);
}

static void check_tally(unsigned long long seed, uint32_t range, bool wild, uint32_t most)
{
    rf_tally tally = {0};
    rf_error err;
    rf_tally_record *plain = calloc(RECORDS, sizeof *plain);
    size_t at = 0;
    rf_tally_sum sum;
    bool found = true;
    assert_non_null(plain);
    for (size_t i = 0; i < RECORDS; i++) {
        plain[i] = (rf_tally_record){some(&seed, range, wild), some(&seed, 5, wild),
                                     some(&seed, 3, wild), 1 + random_below(&seed, most)};
        assert_true(rf_tally_add(&tally, plain[i].a, plain[i].b, plain[i].c, plain[i].n));
    }
    qsort(plain, RECORDS, sizeof *plain, by_key);
    assert_int_equal(rf_tally_begin(&tally, &err), RF_OK);
    while (rf_tally_next(&tally, &sum, &found, &err) == RF_OK && found) {
        uint64_t n = 0;
        rf_tally_record const first = plain[at];
        for (; at < RECORDS && by_key(&plain[at], &first) == 0; at++) {
            n += plain[at].n;
        }
        assert_int_equal(sum.a, first.a);
        assert_int_equal(sum.b, first.b);
        assert_int_equal(sum.c, first.c);
        assert_int_equal(sum.n, n);
    }
    assert_int_equal(at, RECORDS);
    rf_tally_free(&tally);
    free(plain);
}

static void counts_are_in_order(void **state)
{
    static const uint32_t ranges[] = {1, 2, 300, 70000, 1u << 30};
    (void)state;
    for (unsigned long long seed = 1; seed < 6; seed++) {
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
            check_tally(seed, ranges[i], false, 1);
            check_tally(seed, ranges[i], false, 1u << 31); /* sums that do not fit */
            check_tally(seed, ranges[i], true, 1000);      /* keys of more than 64 bits */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_in_order),
        cmocka_unit_test(counts_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
