/* test_end_to_end.c - the whole way on a generated population, by the built programs alone: import
 * everything, detect, read, explain, ask every canned query, export, flag, evaluate. Then what must
 * not change a result (threads, the order of rows), and databases that must be refused. */
#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The population that all tests of this file read; made once. */
static fixture world;

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static int shell(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const char *worldgen(void)
{
    const char *named = getenv("WORLDGEN");
    return named != NULL && named[0] != '\0' ? named : "build/worldgen";
}

static void done(fixture *f, const char *arguments)
{
    int code = fixture_run(f, arguments);
    if (code != 0) {
        fail_msg("exit status %d of `%s`: %s", code, arguments, f->errors);
    }
}

static void import_world(fixture *f, const char *kind, const char *file)
{
    char arguments[512];
    (void)snprintf(arguments, sizeof arguments, "import %s '%s/w/%s'", kind, world.folder, file);
    done(f, arguments);
}

static int make_world(void **state)
{
    char command[512];
    (void)state;
    fixture_start(&world, 0);
    (void)snprintf(command, sizeof command,
                   "'%s' --out '%s/w' --accounts 4000 --seed 11 >/dev/null 2>&1", worldgen(),
                   world.folder);
    assert_int_equal(shell(command), 0);
    import_world(&world, "accounts", "accounts.csv");
    import_world(&world, "payments", "payments.csv");
    import_world(&world, "events", "events.csv");
    import_world(&world, "sightings --signal phone", "phones.csv");
    import_world(&world, "links", "referrals.csv");
    done(&world, "detect");
    return 0;
}

static int drop_world(void **state)
{
    (void)state;
    fixture_end(&world);
    return 0;
}

static json_t *parsed(const fixture *f)
{
    json_error_t error;
    json_t *root = json_loads(f->output, 0, &error);
    if (root == NULL) {
        fail_msg("not JSON, line %d: %s", error.line, error.text);
    }
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_non_null(value);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* ---- the way of an investigator ---- */

static void rings_have_parts_that_add_up(void **state)
{
    json_t *rings;
    (void)state;
    done(&world, "rings --format json");
    rings = parsed(&world);
    assert_true(json_is_array(rings));
    assert_true(json_array_size(rings) > 0);
    for (size_t i = 0; i < json_array_size(rings); i++) {
        json_t *ring = json_array_get(rings, i);
        const char *name;
        json_t *bits;
        double sum = 0;
        json_object_foreach(json_object_get(ring, "parts"), name, bits)
        {
            sum += json_number_value(bits);
        }
        assert_true(sum - number(ring, "score") < 0.1 && number(ring, "score") - sum < 0.1);
        assert_true(number(ring, "size") >= 3);
        assert_true(json_is_boolean(json_object_get(ring, "flagged")));
        (void)number(ring, "ring_id");
        (void)number(ring, "network_id");
        (void)number(ring, "requests");
        assert_non_null(json_object_get(ring, "first_created"));
        assert_non_null(json_object_get(ring, "last_created"));
    }
    json_decref(rings);
}

/* The first two accounts of ring 1 by the assignments. */
static void two_members(char first[64], char second[64])
{
    char line[256];
    char path[160];
    int found = 0;
    FILE *file;
    (void)snprintf(path, sizeof path, "export assignments --to '%s/a.csv'", world.folder);
    done(&world, path);
    (void)snprintf(path, sizeof path, "%s/a.csv", world.folder);
    file = fopen(path, "r");
    assert_non_null(file);
    while (found < 2 && fgets(line, sizeof line, file) != NULL) {
        char id[64];
        long long ring = 0;
        if (sscanf(line, "%63[^,],%*d,%lld,", id, &ring) == 2 && ring == 1) {
            (void)snprintf(found++ == 0 ? first : second, 64, "%s", id);
        }
    }
    (void)fclose(file);
    assert_int_equal(found, 2);
}

static void ring_and_explanations(void **state)
{
    char first[64];
    char second[64];
    char arguments[256];
    (void)state;
    done(&world, "ring 1");
    contains(world.output, "Ring 1");
    done(&world, "ring 1 --format json");
    json_decref(parsed(&world));
    two_members(first, second);
    (void)snprintf(arguments, sizeof arguments, "explain %s", first);
    done(&world, arguments);
    contains(world.output, first);
    (void)snprintf(arguments, sizeof arguments, "explain %s %s", first, second);
    done(&world, arguments);
    contains(world.output, second);
    (void)snprintf(arguments, sizeof arguments, "explain %s --format json", first);
    done(&world, arguments);
    json_decref(parsed(&world));
    assert_int_equal(fixture_run(&world, "explain no-such-account"), 1);
}

/* A value for a parameter without a default. */
static const char *value_of(const char *param, const char *account)
{
    return strcmp(param, "account") == 0 ? account
           : strcmp(param, "ring") == 0  ? "1"
           : strcmp(param, "since") == 0 ? "2026-01-01"
                                         : "x";
}

static void every_canned_query_runs(void **state)
{
    char first[64];
    char second[64];
    json_t *list;
    (void)state;
    two_members(first, second);
    done(&world, "query --list --format json");
    list = parsed(&world);
    assert_true(json_array_size(list) >= 12);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *query = json_array_get(list, i);
        json_t *params = json_object_get(query, "params");
        char arguments[512];
        int length = snprintf(arguments, sizeof arguments, "query %s --format json",
                              json_string_value(json_object_get(query, "name")));
        for (size_t k = 0; k < json_array_size(params); k++) {
            json_t *param = json_array_get(params, k);
            const char *name = json_string_value(json_object_get(param, "name"));
            if (json_is_null(json_object_get(param, "default"))) {
                length += snprintf(arguments + length, sizeof arguments - (size_t)length,
                                   " --param %s=%s", name, value_of(name, first));
            }
        }
        done(&world, arguments);
        json_decref(parsed(&world));
    }
    json_decref(list);
}

static void exports_in_every_format(void **state)
{
    static const char *const ENDINGS[] = {"graphml", "gexf", "json", "csv"};
    (void)state;
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        char arguments[256];
        (void)snprintf(arguments, sizeof arguments, "export ring 1 --to '%s/ring.%s'", world.folder,
                       ENDINGS[i]);
        done(&world, arguments);
        contains(world.errors, "nodes");
    }
}

static void flagging_twice_changes_nothing(void **state)
{
    json_t *answer;
    double asked;
    (void)state;
    done(&world, "flag --dry-run --format json");
    answer = parsed(&world);
    asked = number(answer, "ask");
    assert_true(asked > 0);
    json_decref(answer);
    done(&world, "flag --format json");
    answer = parsed(&world);
    assert_true(number(answer, "opened") == asked);
    json_decref(answer);
    done(&world, "flag --format json");
    answer = parsed(&world);
    assert_true(number(answer, "opened") == 0);
    assert_true(number(answer, "already_open") == asked);
    json_decref(answer);
}

static void the_truth_is_mostly_found(void **state)
{
    char arguments[256];
    json_t *figures;
    (void)state;
    (void)snprintf(arguments, sizeof arguments, "evaluate --truth '%s/w/truth.csv' --format json",
                   world.folder);
    done(&world, arguments);
    figures = parsed(&world);
    assert_true(number(figures, "accounts") == 4000);
    assert_true(number(figures, "precision") >= 0.9);
    assert_true(number(figures, "recall") >= 0.5);
    assert_true(json_array_size(json_object_get(figures, "rings")) ==
                (size_t)number(figures, "rings_true"));
    json_decref(figures);
}

/* ---- what must not matter ---- */

static void same_bytes(const fixture *f, const char *name)
{
    char command[512];
    (void)snprintf(command, sizeof command, "cmp '%s/first.csv' '%s/%s'", world.folder, f->folder,
                   name);
    assert_int_equal(shell(command), 0);
}

static void keep_assignments(fixture *f, const char *name)
{
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments, "export assignments --to '%s/%s'", f->folder, name);
    done(f, arguments);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    done(&world, "--threads 1 detect");
    keep_assignments(&world, "first.csv");
    done(&world, "--threads 2 detect");
    keep_assignments(&world, "second.csv");
    same_bytes(&world, "second.csv");
    done(&world, "--threads 3 detect");
    keep_assignments(&world, "third.csv");
    same_bytes(&world, "third.csv");
}

/* Another order of rows, of files, and of what is seen first. */
static void the_order_of_rows_does_not_matter(void **state)
{
    static const char *const FILES[][2] = {{"links", "referrals.csv"},
                                           {"sightings --signal phone", "phones.csv"},
                                           {"events", "events.csv"},
                                           {"payments", "payments.csv"},
                                           {"accounts", "accounts.csv"}};
    fixture other;
    (void)state;
    fixture_start(&other, 0);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        char command[768];
        (void)snprintf(command, sizeof command,
                       "{ head -n 1 '%s/w/%s'; tail -n +2 '%s/w/%s' | LC_ALL=C sort -r -t, -k2; } "
                       ">'%s/%s'",
                       world.folder, FILES[i][1], world.folder, FILES[i][1], other.folder,
                       FILES[i][1]);
        assert_int_equal(shell(command), 0);
        (void)snprintf(command, sizeof command, "import %s '%s/%s'", FILES[i][0], other.folder,
                       FILES[i][1]);
        done(&other, command);
    }
    done(&other, "--threads 2 detect");
    keep_assignments(&other, "shuffled.csv");
    same_bytes(&other, "shuffled.csv");
    fixture_end(&other);
}

/* ---- databases that must be refused ---- */

static void write_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    (void)fclose(file);
}

static void wrong_databases_are_refused(void **state)
{
    static const char TEXT[] = "This is a text of more than a hundred bytes, and not at all the "
                               "database that somebody took it for when typing its name.";
    static const char *const COMMANDS[] = {"rings", "detect", "flag", "export assignments --to -",
                                           "query largest_rings"};
    fixture f;
    char command[512];
    (void)state;
    fixture_start(&f, 1);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++) {
        write_bytes(f.db, TEXT, sizeof TEXT);
        assert_int_equal(fixture_run(&f, COMMANDS[i]), 4);
        contains(f.errors, "not a Ringfence database");
    }
    fixture_end(&f);
    fixture_start(&f, 1);
    fixture_sql(&f, "PRAGMA user_version = 999");
    assert_int_equal(fixture_run(&f, "rings"), 4);
    contains(f.errors, "newer Ringfence");
    fixture_end(&f);
    fixture_start(&f, 1);
    fixture_sql(&f, "PRAGMA application_id = 12345");
    assert_int_equal(fixture_run(&f, "rings"), 4);
    contains(f.errors, "another program");
    fixture_end(&f);
    fixture_start(&f, 1);
    fixture_sql(&f, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    (void)snprintf(command, sizeof command,
                   "for p in 5 10 15 20 25 30 35; do dd if=/dev/urandom of='%s' bs=4096 seek=$p "
                   "count=4 conv=notrunc 2>/dev/null; done",
                   f.db);
    assert_int_equal(shell(command), 0);
    assert_int_equal(fixture_run(&f, "detect"), 4);
    contains(f.errors, "corrupt");
    fixture_end(&f);
}

static void an_empty_database_has_no_rings(void **state)
{
    fixture f;
    json_t *rings;
    char path[160];
    (void)state;
    fixture_start(&f, 0);
    assert_int_equal(fixture_run(&f, "rings"), 1);
    contains(f.errors, "no such database");
    (void)snprintf(path, sizeof path, "%s/none.csv", f.folder);
    write_bytes(path, "account_id,created_at\n", 22);
    (void)snprintf(path, sizeof path, "import accounts '%s/none.csv'", f.folder);
    done(&f, path);
    assert_int_equal(fixture_run(&f, "rings"), 1);
    contains(f.errors, "detect");
    assert_int_equal(fixture_run(&f, "detect"), 1);
    contains(f.errors, "no accounts yet");
    fixture_sql(&f, "INSERT INTO account (external_id) VALUES ('alone')");
    done(&f, "detect");
    done(&f, "rings --format json");
    rings = parsed(&f);
    assert_int_equal(json_array_size(rings), 0);
    json_decref(rings);
    done(&f, "flag");
    done(&f, "export assignments --to -");
    assert_string_equal(f.output, "account_id,cell_id,ring_id,network_id,score,flagged\n");
    fixture_end(&f);
}

/* Interrupted at any moment, detection has either happened or not. */
static void an_interrupted_run_never_was(void **state)
{
    rf_store *store = NULL;
    rf_error err;
    int64_t before = 0;
    int interrupted = 0;
    (void)state;
    assert_int_equal(rf_store_open(world.db, RF_STORE_READ, &store, &err), RF_OK);
    assert_int_equal(rf_store_number(store, "SELECT max(id) FROM run", &before, &err), RF_OK);
    for (int i = 0; i < 12; i++) {
        char command[512];
        int64_t newest = 0;
        int64_t strays = 0;
        (void)snprintf(
            command, sizeof command, "timeout -s %s %.3f '%s' --db '%s' detect >/dev/null 2>&1",
            i % 2 == 0 ? "INT" : "KILL", 0.01 * (i + 1) * (i + 1), fixture_program(), world.db);
        if (shell(command) == 0) {
            break;
        }
        interrupted++;
        assert_int_equal(rf_store_number(store, "SELECT max(id) FROM run", &newest, &err), RF_OK);
        assert_in_range(newest, before, before + 1); /* killed between its commit and its end */
        before = newest;
        assert_int_equal(rf_store_number(store,
                                         "SELECT (SELECT count(*) FROM link WHERE run > "
                                         "(SELECT max(id) FROM run)) + (SELECT count(*) FROM "
                                         "ring_event WHERE run > (SELECT max(id) FROM run)) + "
                                         "(SELECT count(*) FROM pragma_foreign_key_check)",
                                         &strays, &err),
                         RF_OK);
        assert_int_equal(strays, 0);
    }
    assert_true(interrupted > 0);
    rf_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_have_parts_that_add_up),
        cmocka_unit_test(ring_and_explanations),
        cmocka_unit_test(every_canned_query_runs),
        cmocka_unit_test(exports_in_every_format),
        cmocka_unit_test(flagging_twice_changes_nothing),
        cmocka_unit_test(the_truth_is_mostly_found),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(an_interrupted_run_never_was),
        cmocka_unit_test(wrong_databases_are_refused),
        cmocka_unit_test(an_empty_database_has_no_rings),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
