/* intake_tally.c - see intake_tally.h. */
#define _GNU_SOURCE /* mkostemp */
#include "store/intake_tally.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, READ_RECORDS = 1 << 15 };

/* One sorted run being read back. */
typedef struct run_reader {
    rf_tally_record *buffer;
    size_t at;
    size_t filled;
    uint64_t next; /* record of the file to read next */
    uint64_t end;
} run_reader;

/* All runs, the one with the least record first. */
struct rf_tally_merge {
    run_reader *runs;
    size_t *heap; /* of places in `runs` */
    size_t count; /* that are not over */
};

bool rf_tally_add(rf_tally *tally, uint32_t a, uint32_t b, uint32_t c, uint32_t n)
{
    if (tally->count == tally->capacity &&
        !rf_reserve(&tally->records, &tally->capacity, tally->count + 1, sizeof *tally->records)) {
        return false;
    }
    tally->records[tally->count++] = (rf_tally_record){a, b, c, n};
    return true;
}

bool rf_tally_add_event(rf_tally *tally, uint32_t a, uint32_t b, uint32_t c, uint32_t requests)
{
    uint32_t const most = RF_TALLY_EVENT - 1;
    uint32_t event = RF_TALLY_EVENT;
    while (requests > most) {
        if (!rf_tally_add(tally, a, b, c, event + most)) {
            return false;
        }
        requests -= most;
        event = 0;
    }
    return rf_tally_add(tally, a, b, c, event + requests);
}

uint64_t rf_tally_size(const rf_tally *tally)
{
    return tally->count + (tally->runs == 0 ? 0 : tally->run_ends[tally->runs - 1]);
}

static uint32_t key_part(const rf_tally_record *record, int part)
{
    return part == 0 ? record->a : part == 1 ? record->b : record->c;
}

/* Records as single numbers: the parts of the key, from the first on, and n, each in as many bits
 * as its range takes. Zero (nothing) stays zero, and others count from the least of them. */
typedef struct packing {
    uint32_t least[3], most[3];
    uint32_t most_n;
    unsigned bits[3];
    unsigned n_bits;
    unsigned bits_in_all;
} packing;

static unsigned bits_of(uint32_t number)
{
    unsigned bits = 0;
    while (bits < 32 && number >> bits != 0) {
        bits++;
    }
    return bits;
}

static packing look(const rf_tally_record *records, size_t count)
{
    packing found = {.least = {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < count; i++) {
        for (int part = 0; part < 3; part++) {
            uint32_t const here = key_part(&records[i], part);
            uint32_t const from = here == 0 ? UINT32_MAX : here;
            found.least[part] = from < found.least[part] ? from : found.least[part];
            found.most[part] = here > found.most[part] ? here : found.most[part];
        }
        found.most_n |= records[i].n;
    }
    found.n_bits = bits_of(found.most_n);
    found.bits_in_all = found.n_bits;
    for (int part = 0; part < 3; part++) {
        found.bits[part] =
            found.most[part] == 0 ? 0 : bits_of(found.most[part] - found.least[part] + 1);
        found.bits_in_all += found.bits[part];
    }
    return found;
}

static uint64_t packed(const packing *how, const rf_tally_record *record)
{
    uint64_t number = 0;
    for (int part = 0; part < 3; part++) {
        uint32_t const here = key_part(record, part);
        number = number << how->bits[part] | (here == 0 ? 0 : here - how->least[part] + 1);
    }
    return number << how->n_bits | record->n;
}

/* The lowest `bits` of a number, which loses them. */
static uint32_t take_bits(uint64_t *number, unsigned bits)
{
    uint32_t const low = (uint32_t)(*number & ((UINT64_C(1) << bits) - 1));
    *number >>= bits;
    return low;
}

static rf_tally_record unpacked(const packing *how, uint64_t number)
{
    uint32_t const n = take_bits(&number, how->n_bits);
    uint32_t part[3];
    for (int i = 2; i >= 0; i--) {
        uint32_t const here = take_bits(&number, how->bits[i]);
        part[i] = here == 0 ? 0 : here + how->least[i] - 1;
    }
    return (rf_tally_record){part[0], part[1], part[2], n};
}

/* Turns what is counted of each digit into where its numbers begin; false when all are of one digit
 * and nothing is to be moved. */
static bool begin_digits(size_t *starts, size_t count)
{
    size_t sum = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t const here = starts[digit];
        if (here == count) {
            return false;
        }
        starts[digit] = sum;
        sum += here;
    }
    return true;
}

/* One stable counting pass over packed records. */
static bool packed_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift,
                        size_t *starts)
{
    memset(starts, 0, DIGITS * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        starts[from[i] >> shift & (DIGITS - 1)]++;
    }
    if (!begin_digits(starts, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[from[i] >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

/* Sorts records that fit into numbers; `numbers` has room for twice as many. */
static void sort_packed(rf_tally_record *records, size_t count, const packing *how,
                        uint64_t *numbers, size_t *starts)
{
    uint64_t *other = numbers + count;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = packed(how, &records[i]);
    }
    for (unsigned shift = how->n_bits; shift < how->bits_in_all; shift += DIGIT_BITS) {
        if (packed_pass(numbers, other, count, shift, starts)) {
            uint64_t *const swap = numbers;
            numbers = other;
            other = swap;
        }
    }
    for (size_t i = 0; i < count; i++) {
        records[i] = unpacked(how, numbers[i]);
    }
}

/* One stable counting pass over records as they are. */
static bool radix_pass(const rf_tally_record *from, rf_tally_record *to, size_t count, int part,
                       unsigned shift, size_t *starts)
{
    memset(starts, 0, DIGITS * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        starts[key_part(&from[i], part) >> shift & (DIGITS - 1)]++;
    }
    if (!begin_digits(starts, count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[key_part(&from[i], part) >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

/* Sorts records that do not fit; `other` has room for as many. Returns which of the two holds the
 * result. */
static rf_tally_record *sort_wide(rf_tally_record *records, rf_tally_record *other, size_t count,
                                  const packing *how, size_t *starts)
{
    for (int part = 2; part >= 0; part--) {
        for (unsigned shift = 0; shift < 32 && how->most[part] >> shift != 0; shift += DIGIT_BITS) {
            if (radix_pass(records, other, count, part, shift, starts)) {
                rf_tally_record *const swap = records;
                records = other;
                other = swap;
            }
        }
    }
    return records;
}

static rf_status sort_records(rf_tally *tally, rf_error *err)
{
    static_assert(sizeof *tally->records == 2 * sizeof(uint64_t), "room serves both ways to sort");
    size_t const count = tally->count;
    size_t *starts;
    void *room;
    packing how;
    if (count < 2) {
        return RF_OK;
    }
    starts = rf_alloc_raw(DIGITS, sizeof *starts);
    room = rf_alloc_raw(count, sizeof *tally->records);
    if (starts == NULL || room == NULL) {
        rf_free(room);
        rf_free(starts);
        return rf_fail_memory(err, "the sorted counts");
    }
    how = look(tally->records, count);
    if (how.bits_in_all <= 64) {
        sort_packed(tally->records, count, &how, room, starts);
    } else if (sort_wide(tally->records, room, count, &how, starts) == room) {
        rf_tally_record *const old = tally->records;
        tally->records = room;
        tally->capacity = count;
        room = old;
    }
    rf_free(room);
    rf_free(starts);
    return RF_OK;
}

static bool same_key(const rf_tally_record *x, const rf_tally_record *y)
{
    return x->a == y->a && x->b == y->b && x->c == y->c;
}

/* Adds n to what a record holds; false when it does not fit. */
static bool add_up(const rf_tally *tally, rf_tally_record *record, uint32_t n)
{
    uint32_t const low = tally->events ? RF_TALLY_EVENT - 1 : UINT32_MAX;
    uint32_t const high = ~low;
    if ((record->n & low) > low - (n & low) || (record->n & high) > high - (n & high)) {
        return false;
    }
    record->n += n;
    return true;
}

rf_status rf_tally_compact(rf_tally *tally, rf_error *err)
{
    size_t kept = 0;
    rf_status status;
    if (tally->count == tally->sorted) {
        return RF_OK;
    }
    status = sort_records(tally, err);
    if (status != RF_OK) {
        return status;
    }
    for (size_t i = 0; i < tally->count; i++) {
        rf_tally_record *last = kept == 0 ? NULL : &tally->records[kept - 1];
        if (last == NULL || !same_key(last, &tally->records[i]) ||
            !add_up(tally, last, tally->records[i].n)) {
            tally->records[kept++] = tally->records[i];
        }
    }
    tally->count = kept;
    tally->sorted = kept;
    return RF_OK;
}

static uint32_t translated(const uint32_t *ids, uint32_t number)
{
    return ids == NULL ? number : number == UINT32_MAX ? 0 : ids[number];
}

void rf_tally_translate(rf_tally *tally, const uint32_t *ids_a, const uint32_t *ids_b)
{
    enum { AHEAD = 16 };
    tally->sorted = 0;
    for (size_t i = 0; i < tally->count; i++) {
        rf_tally_record *record = &tally->records[i];
        if (i + AHEAD < tally->count && ids_a != NULL) {
            __builtin_prefetch(&ids_a[tally->records[i + AHEAD].a]);
        }
        if (i + AHEAD < tally->count && ids_b != NULL) {
            __builtin_prefetch(&ids_b[tally->records[i + AHEAD].b]);
        }
        record->a = translated(ids_a, record->a);
        record->b = translated(ids_b, record->b);
    }
}

/* A file without a name: it is gone when the program ends, however it ends. */
static rf_status open_file(rf_tally *tally, rf_error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    if (folder == NULL || folder[0] == '\0') {
        folder = access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";
    }
    if (snprintf(path, sizeof path, "%s/ringfence-XXXXXX", folder) >= (int)sizeof path) {
        return rf_fail(err, RF_EIO, "TMPDIR is too long");
    }
    tally->file = mkostemp(path, O_CLOEXEC);
    if (tally->file < 0) {
        return rf_fail(err, RF_EIO, "%s: no temporary file can be made (%s); set TMPDIR", folder,
                       strerror(errno));
    }
    (void)unlink(path);
    return RF_OK;
}

static rf_status write_all(int file, const void *bytes, size_t length, uint64_t offset,
                           rf_error *err)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t const written = pwrite(file, at, length, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return rf_fail(err, RF_EIO,
                           "the temporary file cannot be written (%s); free some space or set "
                           "TMPDIR",
                           strerror(written == 0 ? ENOSPC : errno));
        }
        at += written;
        length -= (size_t)written;
        offset += (uint64_t)written;
    }
    return RF_OK;
}

rf_status rf_tally_spill(rf_tally *tally, rf_error *err)
{
    uint64_t const start = tally->runs == 0 ? 0 : tally->run_ends[tally->runs - 1];
    rf_status status;
    if (tally->count == 0) {
        return RF_OK;
    }
    status = rf_tally_compact(tally, err);
    if (status == RF_OK && !rf_reserve(&tally->run_ends, &tally->run_capacity, tally->runs + 1,
                                       sizeof *tally->run_ends)) {
        status = rf_fail_memory(err, "the list of runs");
    }
    if (status == RF_OK && tally->runs == 0) {
        status = open_file(tally, err);
    }
    if (status != RF_OK) {
        return status;
    }
    tally->run_ends[tally->runs++] = start + tally->count;
    status = write_all(tally->file, tally->records, tally->count * sizeof *tally->records,
                       start * sizeof *tally->records, err);
    tally->count = 0;
    tally->sorted = 0;
    return status;
}

/* Makes sure that a record is in the buffer, unless the run is over. */
static rf_status refill(int file, run_reader *run, rf_error *err)
{
    size_t wanted = READ_RECORDS;
    size_t got = 0;
    if (run->at < run->filled || run->next == run->end) {
        return RF_OK;
    }
    if (run->end - run->next < wanted) {
        wanted = (size_t)(run->end - run->next);
    }
    while (got < wanted * sizeof *run->buffer) {
        ssize_t const part =
            pread(file, (char *)run->buffer + got, wanted * sizeof *run->buffer - got,
                  (off_t)(run->next * sizeof *run->buffer + got));
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part <= 0) {
            return rf_fail(err, RF_EIO, "the temporary file cannot be read back (%s)",
                           strerror(part == 0 ? EIO : errno));
        }
        got += (size_t)part;
    }
    run->at = 0;
    run->filled = wanted;
    run->next += wanted;
    return RF_OK;
}

static bool before(const run_reader *runs, size_t left, size_t right)
{
    assert(runs[left].buffer != NULL && runs[right].buffer != NULL);
    const rf_tally_record *x = &runs[left].buffer[runs[left].at];
    const rf_tally_record *y = &runs[right].buffer[runs[right].at];
    if (x->a != y->a) {
        return x->a < y->a;
    }
    return x->b != y->b ? x->b < y->b : x->c < y->c;
}

static void sift_down(const run_reader *runs, size_t *heap, size_t count, size_t at)
{
    for (;;) {
        size_t best = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            if (before(runs, heap[child], heap[best])) {
                best = child;
            }
        }
        if (best == at) {
            return;
        }
        size_t const swap = heap[at];
        heap[at] = heap[best];
        heap[best] = swap;
        at = best;
    }
}

/* The next record of all runs; false in *found after the last. */
static rf_status next_merged(rf_tally *tally, rf_tally_record *record, bool *found, rf_error *err)
{
    rf_tally_merge *merge = tally->merge;
    run_reader *run;
    rf_status status;
    *found = merge->count > 0;
    if (!*found) {
        return RF_OK;
    }
    run = &merge->runs[merge->heap[0]];
    assert(run->buffer != NULL);
    *record = run->buffer[run->at++];
    status = refill(tally->file, run, err);
    if (run->at == run->filled) {
        merge->heap[0] = merge->heap[--merge->count];
    }
    sift_down(merge->runs, merge->heap, merge->count, 0);
    return status;
}

static rf_status begin_merge(rf_tally *tally, rf_error *err)
{
    rf_tally_merge *merge = rf_alloc(1, sizeof *merge);
    rf_status status = RF_OK;
    tally->merge = merge;
    if (merge == NULL || (merge->runs = rf_alloc(tally->runs, sizeof *merge->runs)) == NULL ||
        (merge->heap = rf_alloc(tally->runs, sizeof *merge->heap)) == NULL) {
        return rf_fail_memory(err, "the merge of counts");
    }
    for (size_t i = 0; i < tally->runs && status == RF_OK; i++) {
        run_reader *run = &merge->runs[i];
        merge->heap[i] = i;
        run->next = i == 0 ? 0 : tally->run_ends[i - 1];
        run->end = tally->run_ends[i];
        run->buffer = rf_alloc_raw(READ_RECORDS, sizeof *run->buffer);
        status = run->buffer == NULL ? rf_fail_memory(err, "the merge of counts")
                                     : refill(tally->file, run, err);
    }
    if (status == RF_OK) {
        merge->count = tally->runs;
        for (size_t at = merge->count; at-- > 0;) {
            sift_down(merge->runs, merge->heap, merge->count, at);
        }
    }
    return status;
}

static void end_merge(rf_tally *tally)
{
    rf_tally_merge *merge = tally->merge;
    if (merge != NULL) {
        for (size_t i = 0; merge->runs != NULL && i < tally->runs; i++) {
            rf_free(merge->runs[i].buffer);
        }
        rf_free(merge->runs);
        rf_free(merge->heap);
        rf_free(merge);
        tally->merge = NULL;
    }
}

rf_status rf_tally_begin(rf_tally *tally, rf_error *err)
{
    rf_status status;
    tally->next = 0;
    if (tally->runs == 0) {
        return rf_tally_compact(tally, err);
    }
    status = rf_tally_spill(tally, err);
    rf_free(tally->records);
    tally->capacity = 1; /* of the record that was read last */
    tally->records = rf_alloc(1, sizeof *tally->records);
    if (status == RF_OK && tally->records == NULL) {
        status = rf_fail_memory(err, "the merge of counts");
    }
    if (status == RF_OK) {
        status = begin_merge(tally, err);
    }
    if (status == RF_OK) {
        bool found;
        status = next_merged(tally, tally->records, &found, err);
        tally->count = found;
    }
    return status;
}

static void add_sum(const rf_tally *tally, rf_tally_sum *sum, uint32_t n)
{
    sum->n += tally->events ? n & (RF_TALLY_EVENT - 1) : n;
    sum->events += tally->events ? n >> RF_TALLY_EVENT_BITS : 0;
}

/* The record to be read next is records[next]; of runs it is the only one there. */
rf_status rf_tally_next(rf_tally *tally, rf_tally_sum *sum, bool *found, rf_error *err)
{
    rf_status status = RF_OK;
    *found = tally->next < tally->count;
    if (!*found) {
        return RF_OK;
    }
    rf_tally_record const first = tally->records[tally->next];
    *sum = (rf_tally_sum){.a = first.a, .b = first.b, .c = first.c};
    while (status == RF_OK && tally->next < tally->count &&
           same_key(&first, &tally->records[tally->next])) {
        add_sum(tally, sum, tally->records[tally->next].n);
        if (tally->merge == NULL) {
            tally->next++;
        } else {
            bool more;
            status = next_merged(tally, tally->records, &more, err);
            tally->count = more;
        }
    }
    return status;
}

void rf_tally_free(rf_tally *tally)
{
    end_merge(tally);
    if (tally->runs > 0) {
        (void)close(tally->file);
    }
    rf_free(tally->run_ends);
    rf_free(tally->records);
    *tally = (rf_tally){.events = tally->events};
}
