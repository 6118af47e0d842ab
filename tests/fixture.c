/* fixture.c - see fixture.h. */
#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char ACCOUNTS[] =
    "INSERT INTO import (id, kind, signal, map, path, digest, bytes, rows, rejected, started_at,"
    "                    finished_at, undone_at) VALUES"
    "  (1, 'accounts', '', '', 'accounts.csv', 'aa', 1500, 10, 1, 1777600000, 1777600002, NULL),"
    "  (2, 'events', '', '', 'events.csv', 'bb', 2500000, 30, 0, 1777600003, 1777600009,"
    "   1777600020);"
    "INSERT INTO account (id, external_id, created_at, email, email_key, email_domain, country,"
    "                     timezone, plan, status, owner_id) VALUES"
    "  (1, 'r1', unixepoch('2026-05-01 08:00'), 'ring.one+a@gmail.com', 'ringone@gmail.com',"
    "   'gmail.com', 'SG', 'Asia/Singapore', 'pro', 'active', NULL),"
    "  (2, 'r2', unixepoch('2026-05-01 08:02'), 'ringone+b@gmail.com', 'ringone@gmail.com',"
    "   'gmail.com', 'SG', 'Asia/Shanghai', 'pro', 'active', NULL),"
    "  (3, 'r3', unixepoch('2026-05-01 08:04'), 'r3@mail.example', 'r3@mail.example',"
    "   'mail.example', 'SG', 'Asia/Shanghai', 'pro', 'active', NULL),"
    "  (4, 'r4', unixepoch('2026-05-01 08:06'), NULL, NULL, NULL, 'US', NULL, 'pro', 'banned',"
    "   NULL),"
    "  (5, 'r5', unixepoch('2026-05-20 12:00'), NULL, NULL, NULL, 'SG', NULL, 'pro', 'active',"
    "   NULL),"
    "  (6, 's1', unixepoch('2026-03-02 09:00'), 's1@acme.example', 's1@acme.example',"
    "   'acme.example', 'DE', 'Europe/Berlin', 'team', 'active', 'acme'),"
    "  (7, 's2', unixepoch('2026-03-09 09:00'), 's2@acme.example', 's2@acme.example',"
    "   'acme.example', 'DE', 'Europe/Berlin', 'team', 'active', 'acme'),"
    "  (8, '@s3', unixepoch('2026-04-01 09:00'), 's3@acme.example', 's3@acme.example',"
    "   'acme.example', 'DE', 'Europe/Berlin', 'te' || char(27) || '[31mam', 'active', 'acme'),"
    "  (9, 'h1', unixepoch('2026-02-01 10:00'), 'h1@mail.example', 'h1@mail.example',"
    "   'mail.example', 'FR', 'Europe/Paris', 'free', 'active', NULL),"
    "  (10, 'h2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);";

static const char VALUES[] =
    "INSERT INTO value (id, signal, text) VALUES (1, 1, 'card-1'), (2, 1, 'card-2'),"
    "  (3, 1, 'card-corp'), (4, 3, 'dev-1'), (5, 2, '203.0.113.7'), (6, 4, 'tpl-1'),"
    "  (7, 7, 'coding');"
    "INSERT INTO instrument VALUES (1, 'card', '41111111', '1234', 'US', 'prepaid'),"
    "  (2, 'card', '52222222', '5678', 'US', 'credit'),"
    "  (3, 'card', '53333333', '9012', 'DE', 'corporate');"
    /* 20574 is 2026-05-01 */
    TELL_FACTS "INSERT INTO told_sighting (value, account, day, import, times) VALUES"
    "  (1, 1, 20574, 1, 2), (1, 1, 20575, 2, 1), (1, 2, 20574, 1, 1), (1, 3, -1, 1, 1),"
    "  (1, 4, 20574, 1, 1), (2, 1, 20576, 1, 1), (2, 2, 20576, 1, 1), (2, 6, 20540, 1, 1),"
    "  (3, 6, 20520, 1, 1), (3, 7, 20530, 1, 1), (3, 8, 20545, 1, 1),"
    "  (4, 1, 20574, 1, 3), (4, 2, 20574, 1, 3), (4, 3, 20574, 1, 3), (4, 4, 20574, 1, 3),"
    "  (4, 5, 20593, 1, 3), (6, 1, 20574, 1, 1), (6, 2, 20574, 1, 1), (6, 3, 20574, 1, 4),"
    "  (6, 9, 20500, 1, 1);"
    "INSERT INTO told_sighting SELECT 5, id, 20574, 1, 1 FROM account;"
    "INSERT INTO told_activity VALUES (1, 0, 20574, 1, 5, 100, 1), (1, 0, 20575, 1, 5, 100, 2),"
    "  (2, 0, 20574, 1, 5, 90, 1), (3, 0, 20574, 1, 5, 110, 1), (4, 0, 20583, 1, 5, 50, 1),"
    "  (5, 0, 20593, 1, 5, 50, 1), (6, 0, 20520, 1, 2, 10, 256), (7, 0, 20530, 1, 2, 12, 256),"
    "  (8, 0, -1, 1, 2, 8, 0);" PACK_FACTS "INSERT INTO label (account, label, source, at, import)"
    "  VALUES (4, 'fraud', 'support', unixepoch('2026-05-11'), 1);";

static const char RUN[] =
    "INSERT INTO run (id, started_at, finished_at, version, seed, config, accounts, sightings,"
    "  pairs, links, rings, flagged, prior_bits, timings) VALUES (1, unixepoch('2026-06-01'), "
    "unixepoch('2026-06-01') + 5, '0.1.0', 42,"
    "  '{}', 10, 30, 21, 13, 2, 1, -3.3, '{}');"
    "INSERT INTO calibration VALUES (1, 1, 4, 4, 1, 6, 5.5, 0.01, 0.9, 8.25),"
    "  (1, 3, 5, 5, 1, 10, 9.5, 0.01, 0.93, 9.5);"
    "INSERT INTO run_weighing VALUES (1, 0, 9, 9, 0);"
    "INSERT INTO run_signal SELECT 1, id, family, role, windowed,"
    "  iif(role = 'link', 0.01, NULL), iif(role = 'link', 0.9, NULL) FROM signal;"
    "INSERT INTO value_worth VALUES (1, 1, 6, 6), (1, 2, 3, 1), (1, 3, 3, 0), (1, 4, 10, 9),"
    "  (1, 5, 200, 0), (1, 6, 6, 3);"
    "INSERT INTO hub VALUES (1, 5, 10, 1, 0.001, 0.0, 'ignored');"
    "INSERT INTO value_type (run, value, type, bits, instead, why, holders, met, days, peak, lent,"
    "  cards, pairs, flagged) VALUES (1, 5, 'carrier NAT', 4.5, 'ring',"
    "  '10 accounts, 10 of them on 1 day: 0 % share a device', 10, 10, 1, 10, 0, 0.5, 0.01, 0.5);"
    "INSERT INTO link VALUES (1, 1, 2, 12.5, 3), (1, 1, 3, 11.5, 3), (1, 1, 4, 10.5, 2),"
    "  (1, 1, 5, 6.0, 1), (1, 2, 3, 11.0, 3), (1, 2, 4, 10.0, 2), (1, 3, 4, 10.0, 2),"
    "  (1, 4, 5, 6.5, 1), (1, 6, 7, 5.0, 1), (1, 8, 6, 5.0, 1), (1, 8, 7, 5.0, 1);"
    "INSERT INTO link_by_b SELECT run, account_b, account_a FROM link;"
    "INSERT INTO ring (run, ring, ring_key, network, size, cells, links, link_bits, score,"
    "  flagged, looks_like, first_created, last_created, requests) VALUES"
    "  (1, 1, 'c0ffee00c0ffee01', 1, 5, 1, 8, 78.0, 23.4, 1, 'shared computer',"
    "   unixepoch('2026-05-01 08:00'), unixepoch('2026-05-20 12:00'), 500),"
    "  (1, 2, 'c0de000000000002', 1, 3, 1, 3, 15.0, -4.25, 0, 'office',"
    "   unixepoch('2026-03-02 09:00'), unixepoch('2026-04-01 09:00'), 30);"
    "INSERT INTO member (run, account, ring, cell, network, role, links, bits) VALUES (1, 1, 1, 1, "
    "1, 'core', 4, 40.5), (1, 2, 1, 1, 1, 'core', 3, 33.5),"
    "  (1, 3, 1, 1, 1, 'core', 3, 32.5), (1, 4, 1, 1, 1, 'core', 4, 37.0),"
    "  (1, 5, 1, 1, 1, 'fringe', 2, 12.5), (1, 6, 2, 2, 1, 'core', 2, 10.0),"
    "  (1, 7, 2, 2, 1, 'core', 2, 10.0), (1, 8, 2, 2, 1, 'core', 2, 10.0);"
    "INSERT INTO score_part VALUES"
    "  (1, 1, 'sign-up burst', 14.0, 4, 0.1, '4 of 5 members signed up within an hour'),"
    "  (1, 1, 'prepaid funding', 11.5, 0.5, 0.02, 'half of the cards are prepaid'),"
    "  (1, 1, 'rings are rare', -2.1, NULL, NULL, 'most groups are honest'),"
    "  (1, 2, 'shared payment', 5.75, 1, 0.1, 'one card pays for all'),"
    "  (1, 2, 'corporate e-mail domain', -10.0, 1, 0.05, 'all are at acme.example');"
    "INSERT INTO evidence VALUES (1, 1, 1, 4, 5, 5, 9.5, 20574, 20593),"
    "  (1, 1, 2, 1, 4, 4, 8.25, 20574, 20575), (1, 1, 3, 6, 3, 4, 4.0, 20574, 20574),"
    "  (1, 2, 1, 3, 3, 3, 5.0, 20520, 20545);"
    "INSERT INTO run_record (run, started_at, previous) VALUES (0, unixepoch('2026-05-25'), NULL),"
    "  (1, unixepoch('2026-06-01'), 0);"
    "INSERT INTO run_import VALUES (1, 1);"
    "INSERT INTO ring_life SELECT ring, ring_key, 1 FROM ring;"
    "INSERT INTO ring_life VALUES (3, 'c0ffee00c0ffee03', 0);"
    "INSERT INTO ring_member SELECT m.ring, a.external_id, 1, NULL FROM member m"
    "  JOIN account a ON a.id = m.account;"
    "INSERT INTO ring_event SELECT 1, ring, 'birth', 0, ring, size, size, NULL, NULL, NULL, score,"
    "  flagged FROM ring;"
    "INSERT INTO ring_event VALUES (1, 1, 'regrowth', 0, 1, 5, 2, 3, 3, 0.6, 23.4, 1),"
    "  (0, 3, 'birth', 0, 7, 4, 4, NULL, NULL, NULL, 3.0, 0),"
    "  (1, 3, 'dormancy', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
    "INSERT INTO verification_request (account, campaign, status, run, ring, score, reason,"
    "                                  opened_at, updated_at) VALUES"
    "  (1, 'c0ffee00c0ffee01', 'created', 1, 1, 23.4, 'shares a card with 3 others',"
    "   unixepoch('2026-06-02'), unixepoch('2026-06-02')),"
    "  (2, 'c0ffee00c0ffee01', 'approved', 1, 1, 23.4, 'shares a card with 3 others',"
    "   unixepoch('2026-06-01'), unixepoch('2026-06-03'));";

const char *fixture_program(void)
{
    const char *named = getenv("RINGFENCE");
    return named != NULL && named[0] != '\0' ? named : "build/ringfence";
}

void fixture_sql(const fixture *f, const char *sql)
{
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    rf_status status = rf_store_open(f->db, RF_STORE_CREATE, &store, &err);
    if (status == RF_OK) {
        status = rf_store_exec(store, sql, &err);
    }
    rf_store_close(store);
    if (status != RF_OK) {
        fail_msg("%s", err.text);
    }
}

void fixture_start(fixture *f, int filled)
{
    memset(f, 0, sizeof *f);
    (void)snprintf(f->folder, sizeof f->folder, "%s/ringfence-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->db, sizeof f->db, "%s/test.db", f->folder);
    (void)snprintf(f->out, sizeof f->out, "%s/out", f->folder);
    (void)snprintf(f->err, sizeof f->err, "%s/err", f->folder);
    if (filled) {
        fixture_sql(f, ACCOUNTS);
        fixture_sql(f, VALUES);
        fixture_sql(f, TELL_LINKS);
        fixture_sql(f, RUN);
    }
}

void fixture_end(fixture *f)
{
    char command[128];
    free(f->output);
    free(f->errors);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long length;
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    text = calloc(1, (size_t)length + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)length, file), (size_t)length);
    (void)fclose(file);
    return text;
}

int fixture_run(fixture *f, const char *arguments)
{
    char command[1024];
    int status;
    free(f->output);
    free(f->errors);
    f->output = NULL;
    f->errors = NULL;
    (void)snprintf(command, sizeof command, "'%s' --db '%s' %s >'%s' 2>'%s'", fixture_program(),
                   f->db, arguments, f->out, f->err);
    status = system(command);
    assert_int_not_equal(status, -1);
    f->output = read_all(f->out);
    f->errors = read_all(f->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
