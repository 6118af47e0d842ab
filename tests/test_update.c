/* test_update.c - bringing a run up to date: what is renewed is what would be read and found anew,
 * what is written is what a reader expects, and where it cannot be done it is said. */
#include "evidence/changes.h"
#include "rings/kept_links.h"
#include "store/population_kept.h"

#include "base/clock.h"
#include "import_support.h"
#include "same.h"
#include "story.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a population made by chance, told in days ---- */

enum { PEOPLE = 400, DAYS = 8 };

static unsigned drawn;

static unsigned draw(unsigned limit)
{
    drawn = drawn * 1664525U + 1013904223U;
    return (drawn >> 8) % limit;
}

/* What happens on one day: some sign up, most use an address, a device, sometimes a card. Groups of
 * eight share what they use. `again`: a part of it was told by an earlier import already. */
static void tell_day(fixture *f, int day, int again)
{
    static char accounts[65536];
    static char events[262144];
    static char payments[65536];
    size_t a = (size_t)sprintf(accounts, "account_id,created_at,country,plan,email\n");
    size_t e = (size_t)sprintf(events, "account_id,seen_at,ip,device,requests,capability\n");
    size_t p = (size_t)sprintf(payments, "account_id,instrument,kind,funding\n");
    for (int i = 0; i < PEOPLE; i++) {
        int const joined = i * 7919 % PEOPLE % DAYS; /* in no order of names */
        int const crew = i / 40;
        int const shares = i % 5 == 0;
        if (joined > day || (joined == day && again)) {
            continue;
        }
        if (joined == day || draw(20) == 0) {
            a += (size_t)sprintf(accounts + a, "n%03d,2026-01-%02dT0%u:00:00Z,%s,p%u,n@d%u.org\n",
                                 (i * 37) % PEOPLE, 1 + joined, draw(9), i % 2 ? "DE" : "US",
                                 draw(4), draw(30));
        }
        if (draw(3) == 0) {
            continue;
        }
        e += (size_t)sprintf(
            events + e, "n%03d,2026-02-%02dT%02u:00:00Z,10.%u.%u.%u,dev-%u,%u,%s\n",
            (i * 37) % PEOPLE, 1 + day - (draw(9) == 0 && day > 0), draw(24), shares ? 7U : draw(3),
            shares ? (unsigned)crew : draw(40), draw(3), shares ? (unsigned)crew : 100 + draw(350),
            1 + draw(9), draw(2) ? "chat" : "coding");
        if (draw(6) == 0) {
            p += (size_t)sprintf(payments + p, "n%03d,card-%u,card,%s\n", (i * 37) % PEOPLE,
                                 shares ? (unsigned)crew : 50 + draw(300),
                                 draw(2) ? "prepaid" : "credit");
        }
    }
    story_import(f, "accounts", accounts);
    story_import(f, "events", events);
    story_import(f, "payments", payments);
}

static void begin_days(fixture *f, unsigned seed, int days)
{
    drawn = seed;
    for (int day = 0; day < days; day++) {
        tell_day(f, day, 0);
    }
}

/* ---- what is renewed is what would be read ---- */

static void assert_same_texts(const rf_coded *a, const rf_coded *b, uint32_t accounts)
{
    assert_int_equal(a->texts, b->texts);
    for (uint32_t i = 0; i < a->texts; i++) {
        assert_string_equal(a->text[i], b->text[i]);
    }
    SAME(code, accounts);
}

static void assert_same_uses(const rf_population *a, const rf_population *b, uint32_t account)
{
    uint64_t const first = a->capability_start[account];
    uint64_t const end = a->capability_start[account + 1];
    for (uint64_t i = first; i < end; i++) {
        uint64_t k = first;
        while (k < end && b->capability_use[k].capability != a->capability_use[i].capability) {
            k++;
        }
        assert_true(k < end);
        assert_int_equal(a->capability_use[i].requests, b->capability_use[k].requests);
    }
}

static void assert_same_accounts(const rf_population *a, const rf_population *b)
{
    uint32_t const n = a->accounts;
    assert_int_equal(n, b->accounts);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(a->external_id[i], b->external_id[i]);
    }
    SAME(account_row, n);
    SAME(identity, n);
    SAME(created_at, n);
    SAME(status, n);
    SAME(requests, n);
    SAME(active_days, n);
    SAME(observed, n);
    SAME(capability_start, (size_t)n + 1);
    for (uint32_t i = 0; i < n; i++) {
        uint16_t left[24];
        uint16_t right[24];
        assert_same_uses(a, b, i);
        rf_population_hours(a, i, left);
        rf_population_hours(b, i, right);
        assert_memory_equal(left, right, sizeof left);
    }
    for (uint32_t s = 0; s < a->signals; s++) {
        assert_true((a->held[s] == NULL) == (b->held[s] == NULL));
        if (a->held[s] != NULL) {
            SAME(held[s], n);
        }
    }
    assert_same_texts(&a->country, &b->country, n);
    assert_same_texts(&a->email_domain, &b->email_domain, n);
    assert_same_texts(&a->plan, &b->plan, n);
}

static rf_store *open_store(const fixture *f)
{
    rf_store *store = NULL;
    assert_int_equal(rf_store_open(f->db, RF_STORE_WRITE, &store, NULL), RF_OK);
    return store;
}

static void the_population_is_renewed_as_it_would_be_read(void **state)
{
    fixture *f = *state;
    begin_days(f, 11, 4);
    story_run(f, "detect --shuffles 0", 0);
    for (int day = 4; day < DAYS; day++) {
        rf_population a;
        rf_population b;
        rf_renewal renewal;
        rf_store *store;
        tell_day(f, day, 0);
        if (day == 6) {
            tell_day(f, 2, 1); /* of a day that was told before */
        }
        store = open_store(f);
        assert_int_equal(rf_population_read(store, NULL, NULL, NULL, &a, NULL), RF_OK);
        assert_int_equal(rf_population_renew(store, NULL, NULL, NULL, 0, &b, &renewal, NULL),
                         RF_OK);
        assert_null(renewal.obstacle);
        assert_same_accounts(&a, &b);
        assert_same_groups(&a, &b);
        rf_population_free(&a);
        rf_population_free(&b);
        rf_renewal_free(&renewal);
        rf_store_close(store);
    }
}

/* ---- what is linked is what would be linked ---- */

/* Links by what was learned of some days, moved to the account numbers of later ones. */
static void move_links(rf_links *links, const rf_population *from, const rf_population *to)
{
    for (uint64_t i = 0; i < links->count; i++) {
        links->a[i] = rf_population_find(to, from->external_id[links->a[i]]);
        links->b[i] = rf_population_find(to, from->external_id[links->b[i]]);
    }
}

static void renew_one_day(fixture *f, int day, unsigned pair_cap, uint64_t *changed)
{
    rf_evidence_settings settings = rf_evidence_defaults();
    rf_population before;
    rf_population now;
    rf_renewal renewal;
    rf_calibration c;
    rf_calibration later;
    rf_recalled recalled;
    rf_recalled recalled_later;
    rf_links links;
    rf_links renewed;
    rf_links full;
    rf_link_marks marks;
    rf_store *store = open_store(f);
    int64_t since = 0;
    settings.pair_cap = pair_cap;
    assert_int_equal(rf_store_number(store, "SELECT max(id) FROM import", &since, NULL), RF_OK);
    assert_int_equal(rf_population_renew(store, NULL, NULL, NULL, since, &before, &renewal, NULL),
                     RF_OK);
    assert_null(renewal.obstacle);
    assert_int_equal(rf_calibration_recall(store, &before, &settings, 1, &c, &recalled, NULL),
                     RF_OK);
    assert_true(recalled.good);
    c.settings.pair_cap = pair_cap;
    assert_int_equal(rf_links_find(&before, &c, 1, &links, NULL), RF_OK);
    assert_int_equal(rf_recalled_keep(store, &before, &c, &recalled, NULL), RF_OK);
    rf_renewal_free(&renewal);
    rf_store_close(store);
    tell_day(f, day, 0);
    store = open_store(f);
    assert_int_equal(rf_population_renew(store, NULL, NULL, NULL, since, &now, &renewal, NULL),
                     RF_OK);
    assert_int_equal(
        rf_calibration_recall(store, &now, &settings, 1, &later, &recalled_later, NULL), RF_OK);
    move_links(&links, &before, &now);
    marks = (rf_link_marks){calloc(now.accounts, 1), calloc(now.groups, 1)};
    rf_links_changed(&now, &later, &renewal, &recalled_later, &marks);
    assert_int_equal(rf_links_find(&now, &later, 1, &full, NULL), RF_OK);
    assert_int_equal(
        rf_links_renew(&now, &later, &marks, &links, 1 + (unsigned)day % 2, &renewed, NULL), RF_OK);
    assert_same_links(&full, &renewed);
    for (uint32_t a = 0; a < now.accounts; a++) {
        *changed += marks.account[a] < RF_AGAIN_PAIRS;
    }
    free(marks.account);
    free(marks.group);
    rf_links_free(&links);
    rf_links_free(&renewed);
    rf_links_free(&full);
    rf_calibration_free(&c);
    rf_calibration_free(&later);
    rf_recalled_free(&recalled);
    rf_recalled_free(&recalled_later);
    rf_renewal_free(&renewal);
    rf_population_free(&before);
    rf_population_free(&now);
    rf_store_close(store);
}

static void links_are_renewed_as_they_would_be_found(void **state)
{
    fixture *f = *state;
    uint64_t spared = 0;
    begin_days(f, 5, 5);
    story_run(f, "detect --shuffles 0", 0);
    renew_one_day(f, 5, 1000, &spared);
    renew_one_day(f, 6, 1000, &spared);
    renew_one_day(f, 7, 20, &spared); /* many groups come above the cap */
    assert_true(spared > 0);          /* the test sees accounts that were not weighed again */
}

/* ---- links are kept by what differs ---- */

enum { LINKED = 30, TOLD = 12 };

/* Some of all pairs, in order; from `now` to `next` one in `part` is drawn anew. */
static void draw_links(const rf_links *now, rf_links *next, unsigned part)
{
    uint64_t at = 0;
    next->count = 0;
    for (uint32_t a = 0; a < LINKED; a++) {
        for (uint32_t b = a + 1; b < LINKED; b++) {
            bool const there = at < now->count && now->a[at] == a && now->b[at] == b;
            bool const anew = draw(part) == 0;
            if (anew ? draw(3) == 0 : there) {
                next->a[next->count] = a;
                next->b[next->count] = b;
                next->bits[next->count] = anew ? (rf_bits)draw(3) : now->bits[at];
                next->families[next->count++] = anew ? (uint8_t)draw(3) : now->families[at];
            }
            at += there;
        }
    }
}

static rf_links room_for_links(void)
{
    return (rf_links){.a = rf_alloc(LINKED * LINKED, sizeof(uint32_t)),
                      .b = rf_alloc(LINKED * LINKED, sizeof(uint32_t)),
                      .bits = rf_alloc(LINKED * LINKED, sizeof(rf_bits)),
                      .families = rf_alloc(LINKED * LINKED, 1)};
}

/* Day after day, little or much of them another: what is recalled is what was there. */
static void kept_links_are_those_of_the_day_before(void **state)
{
    fixture *f = *state;
    rf_store *store;
    int64_t row[LINKED];
    uint32_t number[LINKED + 1];
    rf_population const p = {.accounts = LINKED, .account_row = row};
    rf_links links[2] = {room_for_links(), room_for_links()};
    uint64_t news = 0;
    drawn = 77;
    story_import(f, "accounts", "account_id\none\n");
    store = open_store(f);
    number[0] = UINT32_MAX;
    for (uint32_t a = 0; a < LINKED; a++) {
        row[a] = 1 + (a * 7) % LINKED;
        number[row[a]] = a;
    }
    draw_links(&links[0], &links[1], 1);
    assert_int_equal(rf_kept_links_put(store, &p, &links[1], NULL), RF_OK);
    for (unsigned day = 1; day <= TOLD; day++) {
        rf_kept_links kept = {0};
        bool good = true;
        assert_int_equal(rf_kept_links_get(store, number, LINKED + 1, &kept, &good, NULL), RF_OK);
        assert_true(good);
        assert_same_links(&links[day % 2], &kept.now);
        news += kept.count;
        draw_links(&links[day % 2], &links[1 - day % 2], day % 5 == 0 ? 2 : 60);
        assert_int_equal(rf_kept_links_compare(&kept, &links[1 - day % 2], NULL), RF_OK);
        assert_int_equal(rf_kept_links_renew(store, &p, &kept, &links[1 - day % 2], NULL), RF_OK);
        rf_kept_links_free(&kept);
    }
    assert_true(news > 0); /* the test sees some that were not kept anew */
    rf_links_free(&links[0]);
    rf_links_free(&links[1]);
    rf_store_close(store);
}

/* ---- what is written ---- */

/* What is counted of values is what the facts say. */
static void assert_counted(fixture *f)
{
    assert_int_equal(
        story_number(f,
                     "SELECT count(*) FROM (SELECT value, ring, members FROM shared_in_ring EXCEPT"
                     " SELECT h.value, m.ring, count(*) FROM holding h JOIN member m ON"
                     " m.account = h.account GROUP BY h.value, m.ring)"),
        0);
    assert_int_equal(
        story_number(
            f, "SELECT count(*) FROM (SELECT h.value, m.ring, count(*) FROM holding h JOIN member m"
               " ON m.account = h.account WHERE h.value IN (SELECT value FROM shared_value)"
               " GROUP BY h.value, m.ring EXCEPT SELECT value, ring, members FROM shared_in_ring)"),
        0);
    assert_int_equal(
        story_number(f, "SELECT count(*) FROM (SELECT value, holders FROM shared_value EXCEPT"
                        " SELECT value, count(*) FROM holding GROUP BY value)"),
        0);
    assert_int_equal(
        story_number(
            f, "SELECT count(*) FROM (SELECT h.value FROM holding h JOIN value v ON v.id = h.value"
               " WHERE v.signal IN (SELECT signal FROM shared_value) GROUP BY h.value"
               " HAVING count(*) > 1 EXCEPT SELECT value FROM shared_value)"),
        0);
    assert_int_equal(
        story_number(f, "SELECT (SELECT count(*) FROM link l JOIN account a ON a.id = l.account_a "
                        "JOIN account b ON b.id ="
                        " l.account_b WHERE abs(a.created_at - b.created_at) <= 600) - (SELECT"
                        " count(*) FROM link_together)"),
        0);
}

static void an_update_writes_what_readers_expect(void **state)
{
    fixture *f = *state;
    int64_t members;
    begin_days(f, 3, 6);
    story_run(f, "detect --shuffles 1", 0);
    tell_day(f, 6, 0);
    story_run(f, "detect --shuffles 1 --update", 0);
    story_contains(f->output, "Run 1 brought up to date with 3 imports");
    assert_int_equal(story_number(f, "SELECT count(*) FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT updates FROM run"), 1);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_quick_check"
                                     " WHERE quick_check <> 'ok'"),
                     0);
    assert_int_equal(story_number(f, "SELECT links - (SELECT count(*) FROM link) FROM run"), 0);
    assert_int_equal(
        story_number(f, "SELECT count(*) - (SELECT count(*) FROM link_by_b) FROM link"), 0);
    assert_int_equal(story_number(f, "SELECT rings - (SELECT count(*) FROM ring) FROM run"), 0);
    assert_int_equal(
        story_number(f, "SELECT count(*) FROM link l LEFT JOIN link_by_b b ON b.run = l.run AND"
                        " b.account_a = l.account_a AND b.account_b = l.account_b"
                        " WHERE b.run IS NULL"),
        0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring r WHERE size <> (SELECT count(*)"
                                     " FROM member m WHERE m.run = r.run AND m.ring = r.ring)"),
                     0);
    assert_int_equal(
        story_number(f, "SELECT count(*) FROM ring r WHERE abs(score - (SELECT sum(bits) FROM"
                        " score_part s WHERE s.run = r.run AND s.ring = r.ring)) > 1e-9"),
        0);
    assert_int_equal(
        story_number(f, "SELECT count(*) FROM ring r WHERE 2 * links <> (SELECT sum(links) FROM"
                        " member m WHERE m.run = r.run AND m.ring = r.ring)"),
        0);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring WHERE ring_key NOT IN"
                                     " (SELECT ring_key FROM ring_life)"),
                     0);
    assert_counted(f);
    members = story_number(f, "SELECT count(*) FROM member");
    assert_int_equal(story_number(f,
                                  "SELECT count(*) FROM member m JOIN ring r ON r.run = m.run AND"
                                  " r.ring = m.ring JOIN ring_life l ON l.ring_key = r.ring_key"
                                  " JOIN account a ON a.id = m.account JOIN ring_member x ON"
                                  " x.life = l.id AND x.account = a.external_id AND"
                                  " x.until_run IS NULL"),
                     members);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_member WHERE until_run IS NULL AND"
                                     " life IN (SELECT id FROM ring_life WHERE ring_key IN"
                                     " (SELECT ring_key FROM ring))"),
                     members);
    story_run(f, "detect --shuffles 1 --update", 0);
    story_contains(f->output, "is up to date");
    assert_int_equal(story_number(f, "SELECT updates FROM run"), 1);
    story_run(f, "detect --replay 1", 1);
    story_contains(f->errors, "updated");
}

/* What one account did changes the rows of those it shares something with, not everybody's. */
static void small_news_write_few_rows(void **state)
{
    static const char *const table[] = {"link_pack",  "link_by_b_pack", "ring",          "member",
                                        "score_part", "evidence",       "shared_in_ring"};
    fixture *f = *state;
    int64_t rows = 0;
    begin_days(f, 5, 7);
    story_run(f, "detect --shuffles 0", 0);
    story_import(f, "events",
                 "account_id,seen_at,device,requests\nn001,2026-02-08T05:00:00Z,dev-3,3\n");
    fixture_sql(f, "CREATE TABLE written (name TEXT)");
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        static const char *const what[] = {"INSERT", "UPDATE", "DELETE"};
        for (int w = 0; w < 3; w++) {
            char sql[256];
            (void)snprintf(sql, sizeof sql,
                           "CREATE TRIGGER %s_%s AFTER %s ON %s BEGIN INSERT INTO written VALUES"
                           " ('%s'); END",
                           table[t], what[w], what[w], table[t], table[t]);
            fixture_sql(f, sql);
        }
    }
    for (size_t t = 0; t < sizeof table / sizeof table[0]; t++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table[t]);
        rows += story_number(f, sql);
    }
    story_run(f, "detect --shuffles 0 --update", 0);
    story_contains(f->output, "Run 1 brought up to date");
    /* those of a device's users; all anew would be `rows` at least */
    assert_in_range(story_number(f, "SELECT count(*) FROM written"), 1, rows / 3);
}

static const char STATE[] =
    "SELECT sum(bits * families) + (SELECT sum(score + size) FROM ring) + (SELECT sum(ring + cell)"
    " FROM member) + (SELECT count(*) FROM ring_event) + (SELECT count(*) FROM ring_member)"
    " + (SELECT count(*) FROM run_record) + (SELECT updates FROM run) + (SELECT sum(length(bytes))"
    " FROM kept) FROM link";

/* What fails last leaves everything as it was, and the update can be made afterwards. */
static void a_failed_update_leaves_nothing(void **state)
{
    fixture *f = *state;
    int64_t before;
    begin_days(f, 17, 6);
    story_run(f, "detect --shuffles 0", 0);
    tell_day(f, 6, 0);
    before = story_number(f, STATE);
    fixture_sql(f, "CREATE TRIGGER fail BEFORE INSERT ON run_update"
                   " BEGIN SELECT raise(ABORT, 'no more'); END");
    story_run(f, "detect --shuffles 0 --update", 4);
    story_contains(f->errors, "no more");
    assert_int_equal(story_number(f, STATE), before);
    assert_int_equal(story_number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    fixture_sql(f, "DROP TRIGGER fail");
    story_run(f, "detect --shuffles 0 --update", 0);
    story_contains(f->output, "brought up to date");
    assert_true(story_number(f, STATE) != before);
}

/* After several days of updates a full run continues the same rings. */
static void keys_last_through_updates(void **state)
{
    fixture *f = *state;
    int64_t accounts;
    begin_days(f, 9, 4);
    story_run(f, "detect --shuffles 0", 0);
    accounts = story_number(f, "SELECT accounts FROM run");
    for (int day = 4; day < DAYS; day++) {
        tell_day(f, day, 0);
        story_run(f, "detect --shuffles 0 --update", 0);
    }
    /* each update tells of those that are new to it: sharing is weighed as among those of the run
     */
    assert_int_equal(story_number(f, "SELECT accounts - (SELECT sum(accounts) FROM run_update)"
                                     " FROM run"),
                     accounts);
    fixture_sql(f, "CREATE TABLE kept_keys AS SELECT ring_key FROM ring WHERE run = 1");
    story_run(f, "detect --shuffles 0", 0);
    assert_true(story_number(f, "SELECT count(*) FROM kept_keys") > 5);
    assert_true(story_number(f,
                             "SELECT 10 * (SELECT count(*) FROM ring WHERE run = 6 AND ring_key IN"
                             " (SELECT ring_key FROM kept_keys)) >="
                             " 8 * (SELECT count(*) FROM kept_keys)") == 1);
    assert_int_equal(story_number(f, "SELECT count(*) FROM ring_event WHERE run = 6 AND"
                                     " event = 'return'"),
                     0);
}

static void threads_change_nothing(void **state)
{
    static const char TABLES[] = "ring member link link_by_b score_part evidence value_worth hub "
                                 "ring_event ring_member ring_life";
    fixture *f = *state;
    char command[1024];
    begin_days(f, 21, 6);
    story_run(f, "detect --shuffles 0", 0);
    tell_day(f, 6, 0);
    fixture_sql(f, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)snprintf(command, sizeof command,
                   "cp %s %s.one && cp %s %s.two && %s --db %s.one --threads 1 detect --update "
                   "--shuffles 0 > /dev/null && %s --db %s.two --threads 3 detect --update "
                   "--shuffles 0 > /dev/null",
                   f->db, f->db, f->db, f->db, fixture_program(), f->db, fixture_program(), f->db);
    assert_int_equal(system(command), 0);
    for (const char *at = TABLES; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        char sql[512];
        int const length = (int)strcspn(at, " ");
        (void)snprintf(sql, sizeof sql,
                       "ATTACH '%s.one' AS one; ATTACH '%s.two' AS two;"
                       "CREATE TABLE IF NOT EXISTS differences (n INTEGER);"
                       "DELETE FROM differences; INSERT INTO differences SELECT count(*) FROM"
                       " (SELECT * FROM one.%.*s EXCEPT SELECT * FROM two.%.*s UNION ALL"
                       " SELECT * FROM two.%.*s EXCEPT SELECT * FROM one.%.*s)",
                       f->db, f->db, length, at, length, at, length, at, length, at);
        fixture_sql(f, sql);
        assert_int_equal(story_number(f, "SELECT n FROM differences"), 0);
    }
}

/* ---- when a full run is due ---- */

static void assert_full(fixture *f, const char *arguments, const char *why)
{
    int64_t const runs = story_number(f, "SELECT count(*) FROM run");
    story_run(f, arguments, 0);
    story_contains(f->errors, "A full run, since");
    story_contains(f->errors, why);
    assert_int_equal(story_number(f, "SELECT count(*) FROM run"), runs + 1);
}

static void a_full_run_is_made_where_one_is_due(void **state)
{
    fixture *f = *state;
    begin_days(f, 13, 6);
    assert_full(f, "detect --update --shuffles 0", "no run that could be updated");
    tell_day(f, 6, 0);
    assert_full(f, "detect --update --shuffles 0 --seed 4", "settings are not those");
    story_run(f, "allow instrument card-3 --reason test", 0);
    assert_full(f, "detect --update --shuffles 0 --seed 4", "allow-list has changed");
    story_run(f, "import --undo 2", 0);
    assert_full(f, "detect --update --shuffles 0 --seed 4", "no run that could be updated");
    fixture_sql(f, "DELETE FROM kept WHERE part = 'group.holder'");
    tell_day(f, 7, 0);
    assert_full(f, "detect --update --shuffles 0 --seed 4", "not kept");
    fixture_sql(f, "UPDATE kept SET bytes = zeroblob(length(bytes)) WHERE part = 'group.start'");
    tell_day(f, 1, 1);
    assert_full(f, "detect --update --shuffles 0 --seed 4", "not kept");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_population_is_renewed_as_it_would_be_read, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(links_are_renewed_as_they_would_be_found, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(kept_links_are_those_of_the_day_before, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(an_update_writes_what_readers_expect, story_start,
                                        story_end),
        cmocka_unit_test_setup_teardown(small_news_write_few_rows, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_failed_update_leaves_nothing, story_start, story_end),
        cmocka_unit_test_setup_teardown(keys_last_through_updates, story_start, story_end),
        cmocka_unit_test_setup_teardown(threads_change_nothing, story_start, story_end),
        cmocka_unit_test_setup_teardown(a_full_run_is_made_where_one_is_due, story_start,
                                        story_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
