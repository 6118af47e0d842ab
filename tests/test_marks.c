/* test_marks.c - marks drawn by chance against links.h, pair by pair: whatever they ask for is
 * found again, and everything else stays. */
#include "evidence/links.h"

#include "import_support.h"
#include "same.h"
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum { PEOPLE = 400, USES = 8 };

static unsigned drawn = 9;

static unsigned draw(unsigned limit)
{
    drawn = drawn * 1664525U + 1013904223U;
    return (drawn >> 8) % limit;
}

/* Everybody uses addresses of some dozens on some days, devices and a card; every fifth person is
 * of a crew of eight that shares what it uses. */
static void tell_people(fixture *f)
{
    static char events[524288];
    static char payments[65536];
    size_t e = (size_t)sprintf(events, "account_id,seen_at,ip,device\n");
    size_t p = (size_t)sprintf(payments, "account_id,instrument\n");
    for (unsigned i = 0; i < PEOPLE; i++) {
        bool const shares = i % 5 == 0;
        for (unsigned k = 0; k < USES; k++) {
            e += (size_t)sprintf(events + e, "n%03u,2026-02-%02uT09:00:00Z,10.%u.%u.%u,dev-%u\n",
                                 i * 37 % PEOPLE, 1 + draw(5), shares ? 7U : draw(3),
                                 shares ? i / 40 : draw(9), draw(3),
                                 shares ? i / 40 : 100 + draw(250));
        }
        p += (size_t)sprintf(payments + p, "n%03u,card-%u\n", i * 37 % PEOPLE,
                             shares ? i / 40 : 50 + draw(300));
    }
    story_import(f, "events", events);
    story_import(f, "payments", payments);
}

static rf_store *open_store(const fixture *f)
{
    rf_store *store = NULL;
    assert_int_equal(rf_store_open(f->db, RF_STORE_WRITE, &store, NULL), RF_OK);
    return store;
}

/* Whether marks ask for a pair, as links.h tells it. */
static bool is_asked_for(const rf_population *p, const rf_calibration *c,
                         const rf_link_marks *marks, uint32_t a, uint32_t b)
{
    uint8_t const x = marks->account[a];
    uint8_t const y = marks->account[b];
    bool const known = x == RF_AGAIN_KNOWN || y == RF_AGAIN_KNOWN;
    bool shares = false;
    for (uint32_t g = 0; g < p->groups; g++) {
        uint32_t const size = rf_group_size(p, g);
        uint32_t both = 0;
        for (uint32_t i = 0; i < size; i++) {
            both += rf_group_holders(p, g)[i] == a || rf_group_holders(p, g)[i] == b;
        }
        shares =
            shares || (both == 2 && size <= c->settings.pair_cap && rf_group_bound(p, c, g) > 0 &&
                       (marks->group[g] != 0 || (known && size <= RF_ALL_PAIRS_UP_TO)));
    }
    return x == RF_AGAIN_ALL || y == RF_AGAIN_ALL || (x >= RF_AGAIN_HUB && y >= RF_AGAIN_HUB) ||
           (shares && (x >= RF_AGAIN_PAIRS || y >= RF_AGAIN_PAIRS));
}

/* Marks are drawn; of the links that they ask for half are left out, and have to be found again. */
static void what_marks_ask_for_is_found(void **state)
{
    static const rf_again again[] = {RF_AGAIN_NOT, RF_AGAIN_NOT,   RF_AGAIN_LINKS,
                                     RF_AGAIN_OWN, RF_AGAIN_PAIRS, RF_AGAIN_HUB,
                                     RF_AGAIN_HUB, RF_AGAIN_KNOWN, RF_AGAIN_ALL};
    fixture *f = *state;
    rf_evidence_settings const settings = rf_evidence_defaults();
    rf_population p;
    rf_calibration c;
    rf_links full;
    uint64_t left_out = 0;
    rf_store *store;
    tell_people(f);
    store = open_store(f);
    assert_int_equal(rf_population_read(store, NULL, NULL, NULL, &p, NULL), RF_OK);
    assert_int_equal(rf_calibrate(&p, &settings, 1, &c, NULL), RF_OK);
    assert_int_equal(rf_links_find(&p, &c, 1, &full, NULL), RF_OK);
    for (unsigned round = 0; round < 12; round++) {
        rf_link_marks const marks = {rf_alloc(p.accounts, 1), rf_alloc(p.groups, 1)};
        rf_links before = {.a = rf_alloc(full.count, sizeof *before.a),
                           .b = rf_alloc(full.count, sizeof *before.b),
                           .bits = rf_alloc(full.count, sizeof *before.bits),
                           .families = rf_alloc(full.count, 1)};
        rf_links renewed;
        for (uint32_t a = 0; a < p.accounts; a++) {
            marks.account[a] = (uint8_t)again[draw(round % 3 == 0 ? 9 : 7)];
        }
        for (uint32_t g = 0; g < p.groups; g++) {
            marks.group[g] = draw(1 + 5 * round) == 0;
        }
        for (uint64_t i = 0; i < full.count; i++) {
            bool const out = draw(2) == 0 && is_asked_for(&p, &c, &marks, full.a[i], full.b[i]);
            before.a[before.count] = full.a[i];
            before.b[before.count] = full.b[i];
            before.bits[before.count] = full.bits[i];
            before.families[before.count] = full.families[i];
            before.count += !out;
            left_out += out;
        }
        assert_int_equal(rf_links_renew(&p, &c, &marks, &before, 1 + round % 2, &renewed, NULL),
                         RF_OK);
        assert_same_links(&full, &renewed);
        rf_free(marks.account);
        rf_free(marks.group);
        rf_links_free(&before);
        rf_links_free(&renewed);
    }
    assert_true(left_out > 100);
    rf_links_free(&full);
    rf_calibration_free(&c);
    rf_population_free(&p);
    rf_store_close(store);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_marks_ask_for_is_found, story_start, story_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
