/* test_fuzz.c - runs the fuzzing harnesses under any compiler: over their corpus, over the hostile
 * samples, and over repeatable random mutations of both. A broken promise aborts the program. */
#include "base/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LLVMFuzzerTestOneInput fuzz_reader
#include "fuzz/fuzz_reader.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_normalise
#include "fuzz/fuzz_normalise.c"
#undef LLVMFuzzerTestOneInput

enum { MOST_SEEDS = 200, SEED_BYTES = 4096, MUTATIONS = 60 };

typedef struct seeds {
    struct {
        uint8_t bytes[SEED_BYTES];
        size_t length;
    } items[MOST_SEEDS];
    size_t count;
} seeds;

static void read_folder(seeds *all, const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL && all->count < MOST_SEEDS) {
        char name[512];
        FILE *file;
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        file = fopen(name, "rb");
        if (file != NULL) {
            all->items[all->count].length =
                fread(all->items[all->count].bytes, 1, SEED_BYTES, file);
            all->count++;
            (void)fclose(file);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

/* Overwrites, removes, repeats or splices a few bytes. */
static size_t mutate(uint64_t *random, uint8_t *bytes, size_t length)
{
    static const char hard[] = "\"\",\n\r\0\xff\xc3{}[]\\:0+-. @\t=";
    size_t const changes = 1 + (*random = rf_mix(*random + 1)) % 6;
    for (size_t i = 0; i < changes && length > 0; i++) {
        uint64_t const dice = *random = rf_mix(*random + 1);
        size_t const at = (dice >> 8) % length;
        size_t const run = 1 + (dice >> 40) % 16;
        switch (dice % 4) {
        case 0:
            bytes[at] = (uint8_t)hard[(dice >> 32) % (sizeof hard - 1)];
            break;
        case 1:
            bytes[at] = (uint8_t)(dice >> 32);
            break;
        case 2:
            if (at + run < length) {
                memmove(bytes + at, bytes + at + run, length - at - run);
                length -= run;
            }
            break;
        default:
            if (at + run < length && length + run < SEED_BYTES) {
                memmove(bytes + at + run, bytes + at, length - at);
                length += run;
            }
            break;
        }
    }
    return length;
}

static void drive(int (*harness)(const uint8_t *, size_t), const char *corpus, const char *more)
{
    seeds *all = calloc(1, sizeof *all);
    static uint64_t random = 1; /* goes on from call to call */
    assert_non_null(all);
    read_folder(all, corpus);
    assert_true(all->count > 0); /* tests run in the top folder */
    if (more != NULL) {
        read_folder(all, more);
    }
    (void)harness((const uint8_t *)"", 0);
    for (size_t i = 0; i < all->count; i++) {
        (void)harness(all->items[i].bytes, all->items[i].length);
        for (int turn = 0; turn < MUTATIONS; turn++) {
            uint8_t *copy = malloc(SEED_BYTES);
            assert_non_null(copy);
            memcpy(copy, all->items[i].bytes, SEED_BYTES);
            (void)harness(copy, mutate(&random, copy, all->items[i].length));
            free(copy);
        }
    }
    free(all);
}

static void readers(void **state)
{
    (void)state;
    drive(fuzz_reader, "tests/fuzz/corpus/reader", "datasets/samples/bad");
}

static void normalisers(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        drive(fuzz_normalise, "tests/fuzz/corpus/normalise", NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers), cmocka_unit_test(normalisers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
