/* story.h - a small store told import by import, for tests of what happens from run to run: files
 * are written and imported by the program itself, and answers are read back from its output. */
#ifndef RF_TESTS_STORY_H
#define RF_TESTS_STORY_H

#include "fixture.h"

#include <jansson.h>

/* Setup and teardown of a cmocka test: an empty fixture. */
int story_start(void **state);
int story_end(void **state);

/* Imports `rows` (header and lines) of a kind; fails the test unless all are taken. */
void story_import(fixture *f, const char *kind, const char *rows);
/* Accounts FIRST..LAST of `prefix` ("a" makes a1, a2, ...) share one card and one device. */
void story_share(fixture *f, const char *prefix, int first, int last, const char *value);
/* Accounts h0..h119: each shares a card with one other and a device with one more, never both with
 * the same, so that sharing both means something. */
void story_crowd(fixture *f);

/* A generated population of so many accounts in the folder w of the fixture (accounts.csv,
 * payments.csv, events.csv, truth.csv, ...), by $WORLDGEN, else build/worldgen. */
void story_world(const fixture *f, const char *accounts, const char *seed);
/* Imports one of its files. */
void story_import_file(fixture *f, const char *kind, const char *file);

/* Runs the program and fails the test unless it ends with `status`. */
void story_run(fixture *f, const char *arguments, int status);
/* The same with status 0; the output as JSON, to be released. */
json_t *story_json(fixture *f, const char *arguments);
/* The ring_key of the ring that `account` is in, in the latest run; "" for none. */
void story_key_of(fixture *f, const char *account, char key[32]);
/* A number from the store. */
int64_t story_number(const fixture *f, const char *sql);
/* Fails the test unless `part` is in `text`. */
void story_contains(const char *text, const char *part);

#endif
