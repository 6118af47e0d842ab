/* test_import.c - what each KIND becomes in the tables, and the promises around an import: the same
 * file twice, any order of rows, tight memory, taking back. */
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const sandbox *box, const char *sql, const char *rows)
{
    char *found = sandbox_query(box, sql);
    assert_string_equal(found, rows);
    free(found);
}

static void good(sandbox *box, const char *kind, const char *text)
{
    rf_status const status = sandbox_import(box, kind, text);
    if (status != RF_OK) {
        fail_msg("%s: %s", kind, box->error.text);
    }
}

static void accounts_merge(void **state)
{
    sandbox *box = *state;
    good(box, "accounts",
         "status,account_id,created_at,email,country,timezone,plan,owner_id\n"
         "active,a1,2026-04-22T08:00:00Z,Ann.B+x@GoogleMail.com,de,Europe/Berlin,pro,o1\n"
         "banned,a1,1776844801,,FR,,,\n"
         ",a2,,,,,,\n");
    expect(box, "SELECT * FROM account ORDER BY external_id",
           "1|a1|1776844801|Ann.B+x@GoogleMail.com|annb@gmail.com|googlemail.com|FR|Europe/Berlin|"
           "pro|banned|o1|1\n2|a2||||||||||1\n");
    good(box, "accounts", "account_id,email,plan\na1,zoe@x.org,basic\na2,q@x.org,\n");
    expect(box, "SELECT external_id, email, email_key, email_domain, plan FROM account",
           "a1|zoe@x.org|zoe@x.org|x.org|pro\na2|q@x.org|q@x.org|x.org|\n");
    assert_int_equal(box->result.accounts_new, 0);
}

static void payments_derive(void **state)
{
    sandbox *box = *state;
    good(box, "payments",
         "account_id,instrument,kind,bin,last4,country,funding,seen_at\n"
         "p1,4111 1111 1111 1111,Card,,,,,2026-01-02\n"
         "p2,4111111111111111,,,,us,Prepaid,\n"
         "p3,tok_9,bank,12345678,42,,,\n"
         "p4,,,,,,,\n");
    assert_int_equal(sandbox_number(box, "SELECT count(*) FROM value"), 2);
    expect(box, "SELECT kind, bin, last4, country, funding FROM instrument ORDER BY last4",
           "bank|12345678|0042||\ncard|411111|1111|US|prepaid\n");
    assert_int_equal(
        sandbox_number(box,
                       "SELECT count(*) FROM value WHERE text GLOB 'card:*' AND length(text) = 21"),
        1);
    expect(box, "SELECT count(*) FROM account", "4\n");
    assert_non_null(strstr(box->said, "2 full card numbers"));
}

static void events_count(void **state)
{
    sandbox *box = *state;
    good(box, "events",
         "account_id,seen_at,ip,device,requests,capability,template\n"
         "e1,2026-04-22 10:00:00,198.51.100.7,Moz/5.0 (X),5,coding,t\n"
         "e1,2026-04-22 23:59:59,::ffff:198.51.100.7,,,coding,\n"
         "e1,,3325256711.25,,,,\n"
         "e2,2026-04-23,2001:DB8::0:1,A0B1C2D3E4F5A6B7,,chat,t\n");
    expect(box, "SELECT account, signal, value, day, times FROM sighting_readable ORDER BY 1,2,3,4",
           "e1|device|Moz/5.0 (X)|2026-04-22|1\n"
           "e1|ip|198.51.100.7||1\n"
           "e1|ip|198.51.100.7|2026-04-22|2\n"
           "e1|template|t|2026-04-22|1\n"
           "e2|device|a0b1c2d3e4f5a6b7|2026-04-23|1\n"
           "e2|ip|2001:db8::1|2026-04-23|1\n"
           "e2|template|t|2026-04-23|1\n");
    expect(box, "SELECT account, day, events, requests, hours FROM usage",
           "1|-1|1|1|0\n1|20565|2|6|8389632\n2|20566|1|1|1\n");
    expect(box, "SELECT account, day, requests FROM capability_use", "1|20565|6\n2|20566|1\n");
    expect(box, "SELECT version, prefix, scope FROM address ORDER BY 1",
           "4|198.51.100.0/24|special\n6|2001:db8::/64|special\n");
    expect(box, "SELECT form FROM device ORDER BY 1", "hash\nuser-agent\n");
}

static void sightings_of_signals(void **state)
{
    sandbox *box = *state;
    good(box, "sightings:phone",
         "account_id,value,times,seen_at\ns1,+49 (0)30 12-34,3,2026-01-01\ns2,0049301234,,\n");
    good(box, "sightings:referral", "account_id,value\ns1,code\ns2,code\ns3,\n");
    expect(box, "SELECT signal, value, sum(times) FROM sighting_readable GROUP BY 1, 2",
           "phone|+49301234|4\nreferral|code|2\n");
    expect(box, "SELECT family, role, windowed FROM signal WHERE name = 'referral'",
           "referral|link|0\n");
    expect(box, "SELECT count(*) FROM account", "3\n");
    assert_false(rf_signal_name_valid("tie"));
    assert_false(rf_signal_name_valid("capability"));
    assert_false(rf_signal_name_valid("Phone"));
    assert_false(rf_signal_name_valid(""));
    assert_false(rf_signal_name_valid("a-b"));
    assert_true(rf_signal_name_valid("a_1"));
}

static void links_and_labels(void **state)
{
    sandbox *box = *state;
    good(box, "links",
         "account_id,other_id,seen_at\nb,a,2026-01-01\na,b,2026-01-01\na,a,\nx\"y,a\\b,\n");
    assert_int_equal(box->result.rejected, 2); /* the tie to oneself, the stray quote */
    good(box, "links", "account_id,other_id\n\"x\"\"y\",a\\b\n");
    expect(box, "SELECT text FROM value ORDER BY 1", "[\"a\",\"b\"]\n[\"a\\\\b\",\"x\\\"y\"]\n");
    expect(box, "SELECT account, times FROM sighting_readable WHERE value LIKE '%\"b\"]'",
           "a|2\nb|2\n");
    good(box, "labels",
         "account_id,label,source,at\na,Fraud,me,\na,fraud,me,\nb,legit,,2026-01-01\nc,bad,,\n");
    assert_int_equal(box->result.rejected, 1);
    expect(box, "SELECT label, source, at FROM label", "fraud|me|\nlegit||1767225600\n");
}

static void same_file_twice(void **state)
{
    sandbox *box = *state;
    const char *text = "account_id,plan\na,x\n";
    char *before;
    char *after;
    good(box, "accounts", text);
    before = sandbox_facts(box);
    good(box, "accounts", text);
    assert_true(box->result.already_imported);
    assert_int_equal(box->result.import, 1);
    after = sandbox_facts(box);
    assert_string_equal(before, after);
    assert_int_equal(sandbox_number(box, "SELECT count(*) FROM import"), 1);
    assert_int_equal(
        sandbox_import_bytes(box, "accounts", "owner_id=plan", text, strlen(text), NULL), RF_OK);
    assert_false(box->result.already_imported); /* another map is another import */
    free(before);
    free(after);
}

static void maps(void **state)
{
    sandbox *box = *state;
    const char *text = "user,account_id,mail\nu1,x,a@b.c\n";
    assert_int_equal(sandbox_import_bytes(box, "accounts", "email=mail,account_id=user", text,
                                          strlen(text), NULL),
                     RF_OK);
    expect(box, "SELECT external_id, email FROM account", "u1|a@b.c\n");
    expect(box, "SELECT map FROM import", "account_id=user,email=mail\n");
    assert_non_null(strstr(box->said, "ignored columns: account_id"));
    assert_int_equal(
        sandbox_import_bytes(box, "accounts", "account_id=nope", text, strlen(text), NULL),
        RF_EINPUT);
    assert_non_null(strstr(box->error.text, "user, account_id, mail"));
    assert_int_equal(sandbox_import_bytes(box, "accounts", "ip=user", text, strlen(text), NULL),
                     RF_EUSAGE);
    assert_non_null(strstr(box->error.text, "created_at"));
    assert_int_equal(sandbox_import_bytes(box, "accounts", "email=a,email=b", text, 4, NULL),
                     RF_EUSAGE);
    assert_int_equal(sandbox_import_bytes(box, "accounts", "email", text, 4, NULL), RF_EUSAGE);
}

/* ---- properties over random files ---- */

enum { ROWS = 400 };

static void random_time(unsigned long long *seed, char out[40])
{
    out[0] = '\0';
    if (random_below(seed, 8) > 0) {
        (void)snprintf(out, 40, "2026-03-%02u %02u:15", 1 + random_below(seed, 9),
                       random_below(seed, 24));
    }
}

static int random_row(unsigned long long *seed, const char *kind, char *to, size_t room)
{
    char time[40];
    random_time(seed, time);
    switch (kind[0]) {
    case 'a':
        return snprintf(to, room, "acc%u,%s,p%u,%s,m%u@x.org\n", random_below(seed, 60), time,
                        random_below(seed, 4), random_below(seed, 2) == 0 ? "active" : "",
                        random_below(seed, 50));
    case 'p':
        return snprintf(to, room, "acc%u,%s,tok%u,%s,1%u\n", random_below(seed, 60), time,
                        random_below(seed, 30), random_below(seed, 2) == 0 ? "prepaid" : "",
                        random_below(seed, 9));
    default:
        return snprintf(to, room, "acc%u,%s,10.0.0.%u,dev%u,%u,cap%u,%s\n", random_below(seed, 60),
                        time, random_below(seed, 40), random_below(seed, 20),
                        1 + random_below(seed, 5), random_below(seed, 3),
                        random_below(seed, 3) == 0 ? "t" : "");
    }
}

static const char *header_of(const char *kind)
{
    return kind[0] == 'a'   ? "account_id,created_at,plan,status,email\n"
           : kind[0] == 'p' ? "account_id,seen_at,instrument,funding,last4\n"
                            : "account_id,seen_at,ip,device,requests,capability,template\n";
}

/* A file of random rows; with `shuffled` the same rows in another order. Freed with free. */
static char *random_file(const char *kind, unsigned long long seed, int shuffled)
{
    enum { ROW = 128 };
    char(*rows)[ROW] = calloc(ROWS, sizeof *rows);
    char *file = calloc(ROWS + 1, ROW);
    unsigned long long order = 99;
    assert_non_null(rows);
    assert_non_null(file);
    for (int i = 0; i < ROWS; i++) {
        (void)random_row(&seed, kind, rows[i], sizeof rows[i]);
    }
    for (unsigned i = ROWS; shuffled && i > 1; i--) {
        unsigned const other = random_below(&order, i);
        char swap[ROW];
        memcpy(swap, rows[other], ROW);
        memcpy(rows[other], rows[i - 1], ROW);
        memcpy(rows[i - 1], swap, ROW);
    }
    strcpy(file, header_of(kind));
    for (size_t i = 0, at = strlen(file); i < ROWS; i++) {
        memcpy(file + at, rows[i], strlen(rows[i]));
        at += strlen(rows[i]);
    }
    free(rows);
    return file;
}

static const char *const kinds[] = {"accounts", "payments", "events"};

static char *facts_of(const char *const *files, const rf_intake_limits *limits)
{
    void *state;
    char *facts;
    sandbox *box;
    assert_int_equal(sandbox_start(&state), 0);
    box = state;
    for (int i = 0; i < 3; i++) {
        if (files[i] != NULL) {
            assert_int_equal(
                sandbox_import_bytes(box, kinds[i], NULL, files[i], strlen(files[i]), limits),
                RF_OK);
        }
    }
    facts = sandbox_facts(box);
    assert_int_equal(sandbox_end(&state), 0);
    return facts;
}

/* Neither the order of rows nor how often memory is given back changes a fact. */
static void order_and_memory_do_not_matter(void **state)
{
    static const rf_intake_limits limits[] = {{7, 0, 1}, {0, 1, 0}, {50, 3000, 1}};
    char *files[3];
    char *shuffled[3];
    char *wanted;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        files[i] = random_file(kinds[i], 1000 * i, 0);
        shuffled[i] = random_file(kinds[i], 1000 * i, 1);
    }
    wanted = facts_of((const char *const *)files, NULL);
    for (size_t i = 0; i < 3; i++) {
        char *found = facts_of((const char *const *)(i % 2 == 0 ? shuffled : files), &limits[i]);
        assert_string_equal(found, wanted);
        free(found);
    }
    free(wanted);
    for (unsigned i = 0; i < 3; i++) {
        free(files[i]);
        free(shuffled[i]);
    }
}

/* Import A, import B, take A back: as if only B had been imported. */
static void undo_is_exact(void **state)
{
    for (unsigned a = 0; a < 3; a++) {
        for (unsigned b = 0; b < 3; b++) {
            char *first = random_file(kinds[a], 11, 0);
            char *second = random_file(kinds[b], 500000, 0);
            const char *alone[3] = {NULL};
            char *wanted;
            char *found;
            void *inner;
            sandbox *box;
            rf_undo_summary gone;
            alone[b] = second;
            wanted = facts_of(alone, NULL);
            assert_int_equal(sandbox_start(&inner), 0);
            box = inner;
            for (unsigned turn = 0; turn < 2; turn++) {
                good(box, kinds[a], first); /* what was undone can be imported again */
                if (turn == 0) {
                    good(box, kinds[b], second);
                }
                assert_int_equal(rf_intake_undo(box->store, turn == 0 ? 1 : 3, &gone, &box->error),
                                 RF_OK);
                found = sandbox_facts(box);
                assert_string_equal(found, wanted);
                free(found);
            }
            assert_int_equal(rf_intake_undo(box->store, 1, &gone, &box->error), RF_EINPUT);
            assert_int_equal(rf_intake_undo(box->store, 77, &gone, &box->error), RF_EINPUT);
            assert_int_equal(rf_intake_undo(box->store, 2, &gone, &box->error), RF_OK);
            assert_int_equal(sandbox_number(box, "SELECT (SELECT count(*) FROM account) +"
                                                 " (SELECT count(*) FROM value)"),
                             0);
            assert_int_equal(sandbox_end(&inner), 0);
            free(first);
            free(second);
            free(wanted);
        }
    }
    (void)state;
}

/* Bare mentions and signals of one's own are taken back as well; results keep what they name. */
static void undo_keeps_what_is_named(void **state)
{
    sandbox *box = *state;
    rf_undo_summary gone;
    good(box, "sightings:referral", "account_id,value\nm1,r1\nm2,\n");
    good(box, "payments", "account_id\nm2\nm3\n");
    good(box, "links", "account_id,other_id\nm4,m5\n");
    assert_int_equal(
        rf_store_exec(box->store,
                      "INSERT INTO verification_request (account, campaign, score, reason,"
                      " opened_at, updated_at) SELECT id, 'c', 1, 'r', 0, 0 FROM account"
                      " WHERE external_id = 'm4'",
                      &box->error),
        RF_OK);
    assert_int_equal(rf_intake_undo(box->store, 1, &gone, &box->error), RF_OK);
    expect(box, "SELECT external_id FROM account ORDER BY 1", "m2\nm3\nm4\nm5\n");
    expect(box, "SELECT count(*) FROM signal WHERE name = 'referral'", "0\n");
    assert_int_equal(rf_intake_undo(box->store, 3, &gone, &box->error), RF_OK);
    expect(box, "SELECT external_id FROM account ORDER BY 1", "m2\nm3\nm4\n");
    free(sandbox_facts(box));
}

static void expect_rejects(sandbox *box, const char *path, const char *expected)
{
    char held[256] = "";
    FILE *file;
    assert_int_equal(rf_rejects_close(&box->rejects, &box->error), RF_OK);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(held, 1, sizeof held - 1, file) < sizeof held - 1);
    (void)fclose(file);
    assert_string_equal(held, expected);
}

/* A file of rejects is replaced by what an import rejects, not by finding nothing to do. */
static void rejects_are_replaced(void **state)
{
    static const char bad[] = "account_id\nr1\n,\n";
    static const char good[] = "account_id\nr1\n";
    sandbox *box = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/rejects", box->folder);
    assert_int_equal(rf_rejects_open(&box->rejects, path, false, &box->error), RF_OK);
    expect_rejects(box, path, "line,reason,text\n");
    assert_int_equal(rf_rejects_open(&box->rejects, path, false, &box->error), RF_OK);
    assert_int_equal(sandbox_import(box, "accounts", bad), RF_OK);
    expect_rejects(box, path, "line,reason,text\n3,2 cells where the header has 1,\",\"\n");
    box->rejects = (rf_rejects){0};
    assert_int_equal(sandbox_import(box, "accounts", good), RF_OK);
    assert_int_equal(rf_rejects_open(&box->rejects, path, false, &box->error), RF_OK);
    assert_int_equal(sandbox_import(box, "accounts", good), RF_OK);
    assert_true(box->result.already_imported);
    expect_rejects(box, path, "line,reason,text\n3,2 cells where the header has 1,\",\"\n");
    assert_int_equal(rf_rejects_open(&box->rejects, path, false, &box->error), RF_OK);
    assert_int_equal(sandbox_import(box, "accounts", "account_id\nr2\n"), RF_OK);
    expect_rejects(box, path, "line,reason,text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accounts_merge, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(payments_derive, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(events_count, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(sightings_of_signals, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(links_and_labels, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(same_file_twice, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(maps, sandbox_start, sandbox_end),
        cmocka_unit_test(order_and_memory_do_not_matter),
        cmocka_unit_test(undo_is_exact),
        cmocka_unit_test_setup_teardown(rejects_are_replaced, sandbox_start, sandbox_end),
        cmocka_unit_test_setup_teardown(undo_keeps_what_is_named, sandbox_start, sandbox_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
