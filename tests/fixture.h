/* fixture.h - a small database, made by hand, with two rings found in it, and a way to run the
 * program.
 *
 * Ring 1 (flagged): r1..r5 share card-1 (prepaid), dev-1 and tpl-1 and signed up minutes apart; r4
 * is banned and r5 came ten days after its last day. Ring 2 (an office, not flagged): s1, s2, @s3
 * share card-corp. card-2 is used in both. 203.0.113.7 is a hub. h1 and h2 are in no ring. Some
 * texts are hostile: @s3 begins a formula, its plan holds an escape sequence.
 */
#ifndef RF_TESTS_FIXTURE_H
#define RF_TESTS_FIXTURE_H

#include "store/store.h"

/* Facts written by hand: tables to tell them in, and how they are packed, each by itself. */
#define TELL_FACTS                                                                                 \
    "CREATE TEMP TABLE told_sighting (value, account, day, import, times,"                         \
    "  PRIMARY KEY (value, account, day, import));"                                                \
    "CREATE TEMP TABLE told_activity (account, capability, day, import, events, requests, hours);"
#define PACK_FACTS                                                                                 \
    "INSERT INTO sighting_pack (value, account, import, part, accounts, day, days, most, packed)"  \
    "  SELECT value, account, import, day, 1, day, 1, times, '[' || (times - 1) || ']'"            \
    "  FROM told_sighting;"                                                                        \
    "INSERT INTO holding_pack (account, value, packed)"                                            \
    "  SELECT DISTINCT account, value, '[0]' FROM told_sighting;"                                  \
    "INSERT INTO activity_pack (account, import, part, capability, day, days, events,"             \
    "  events_span, requests, requests_span, packed)"                                              \
    "  SELECT account, import, row_number() OVER (), capability, day, 1, events, 1, requests, 1,"  \
    "  '[' || hours || ']' FROM told_activity;"                                                    \
    "DROP TABLE told_sighting; DROP TABLE told_activity;"

/* Lets links be told one by one, each in a pack by itself. */
#define TELL_LINKS                                                                                 \
    "CREATE TRIGGER link_told INSTEAD OF INSERT ON link BEGIN INSERT INTO link_pack VALUES ("      \
    "  new.run, new.account_a, new.account_b, new.families + 1,"                                   \
    "  CAST(round(new.bits * 65536) AS INTEGER), 1, '[' || new.families || ']'); END;"             \
    "CREATE TRIGGER link_by_b_told INSTEAD OF INSERT ON link_by_b BEGIN"                           \
    "  INSERT INTO link_by_b_pack VALUES (new.run, new.account_b, new.account_a, '[0]'); END;"

typedef struct fixture {
    char folder[64];
    char db[96];
    char out[96]; /* standard output of the last run */
    char err[96];
    char *output; /* freed by the next run and by fixture_end */
    char *errors;
} fixture;

/* A fresh folder; with facts and a run when `filled`, else no database at all. Fails the test on
 * any trouble. */
void fixture_start(fixture *f, int filled);
void fixture_end(fixture *f);

/* Runs `ringfence --db DB ARGUMENTS` by the shell, with output and errors read; returns its exit
 * status (128 + n after signal n). */
int fixture_run(fixture *f, const char *arguments);

/* Runs SQL on the database of the fixture. */
void fixture_sql(const fixture *f, const char *sql);

/* The program under test: $RINGFENCE, else build/ringfence. */
const char *fixture_program(void);

#endif
