/* pages.c - see pages.h.
 *
 * A walk down and up the b-tree in key order. Of inner pages the way from the root is kept, one
 * copy a level; leaves are read several at a time where their page numbers follow each other. In a
 * tree of keys inner pages hold records too, each between two children.
 */
#include "store/pages.h"

#include "base/memory.h"
#include "store/store_private.h"

#include <string.h>

enum { LEVELS = 20, RUN = 32, FILE_HEADER = 100 };
enum { INNER_KEYS = 2, INNER_ROWS = 5, LEAF_KEYS = 10, LEAF_ROWS = 13 };

typedef struct level {
    uint8_t *page;   /* a copy */
    uint32_t number; /* of the page */
    uint32_t cells;
    uint32_t next; /* the child to visit, `cells` for the rightmost */
    bool due;      /* the record after the child visited last is still to be given */
} level;

struct rf_pages {
    rf_store *store;
    sqlite3_file *file;
    uint32_t size, usable;              /* bytes of a page, and of its content */
    uint32_t pages;                     /* in the file */
    uint32_t most_row, most_key, least; /* bytes of a record kept on its page */
    bool keyed;
    level path[LEVELS];
    uint32_t depth;
    uint8_t *run; /* RUN pages one after the other */
    uint32_t run_first, run_count;
    const uint8_t *leaf; /* in `run`, NULL when used up */
    uint32_t leaf_number, leaf_cells, leaf_next;
    uint8_t *spare; /* a page of an overflow chain */
    uint8_t *whole; /* a record put together */
    size_t whole_room;
};

static rf_status corrupt(const rf_pages *p, uint32_t page, rf_error *err)
{
    return rf_fail(err, RF_EDATABASE, "%s: the database is corrupt (page %u); restore a copy",
                   p->store->path, (unsigned)page);
}

static uint32_t two_bytes(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t four_bytes(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* A number of one to nine bytes; NULL when it does not end before `end`. */
static const uint8_t *varint(const uint8_t *at, const uint8_t *end, uint64_t *number)
{
    uint64_t sum = 0;
    for (int i = 0; i < 8 && at < end; i++) {
        sum = sum << 7 | (*at & 0x7f);
        if ((*at++ & 0x80) == 0) {
            *number = sum;
            return at;
        }
    }
    if (at >= end) {
        return NULL;
    }
    *number = sum << 8 | *at;
    return at + 1;
}

static rf_status read_pages(rf_pages *p, uint32_t first, uint32_t count, uint8_t *to, rf_error *err)
{
    int code;
    if (first == 0 || first > p->pages || count > p->pages - first + 1) {
        return corrupt(p, first, err);
    }
    code = p->file->pMethods->xRead(p->file, to, (int)(count * p->size),
                                    (sqlite3_int64)(first - 1) * p->size);
    return code == SQLITE_OK ? RF_OK
                             : rf_fail(err, RF_EIO, "%s: reading page %u failed", p->store->path,
                                       (unsigned)first);
}

/* ---- cells ---- */

static uint32_t header_of(uint32_t number)
{
    return number == 1 ? FILE_HEADER : 0;
}

static uint32_t child_of(const level *l, uint32_t usable, uint32_t child)
{
    uint32_t const header = header_of(l->number);
    uint32_t at;
    if (child >= l->cells) {
        return four_bytes(l->page + header + 8);
    }
    at = two_bytes(l->page + header + 12 + (size_t)child * 2);
    return at + 4 <= usable ? four_bytes(l->page + at) : 0;
}

/* Puts the record together whose first `here` bytes are at `at`, where the chain is named too. */
static rf_status follow_chain(rf_pages *p, const uint8_t *at, uint32_t here, uint32_t length,
                              uint32_t page, rf_error *err)
{
    uint32_t next = four_bytes(at + here);
    if (!rf_reserve(&p->whole, &p->whole_room, length, 1)) {
        return rf_fail_memory(err, "a long record");
    }
    memcpy(p->whole, at, here);
    while (here < length) {
        uint32_t const part = length - here < p->usable - 4 ? length - here : p->usable - 4;
        rf_status const status =
            next == 0 ? corrupt(p, page, err) : read_pages(p, next, 1, p->spare, err);
        if (status != RF_OK) {
            return status;
        }
        memcpy(p->whole + here, p->spare + 4, part);
        here += part;
        next = four_bytes(p->spare);
    }
    return RF_OK;
}

/* The record of a cell that begins at offset `at`. */
static rf_status give_cell(rf_pages *p, const uint8_t *page, uint32_t number, uint32_t at,
                           rf_record *record, rf_error *err)
{
    const uint8_t *const end = page + p->usable;
    const uint8_t *from = page + at;
    uint32_t const most = p->keyed ? p->most_key : p->most_row;
    uint64_t length = 0;
    uint64_t rowid = 0;
    uint32_t here;
    rf_status status;
    if (at >= p->usable || (from = varint(from, end, &length)) == NULL || length > INT32_MAX ||
        (!p->keyed && (from = varint(from, end, &rowid)) == NULL)) {
        return corrupt(p, number, err);
    }
    *record = (rf_record){from, (uint32_t)length, (int64_t)rowid};
    if (length <= most) {
        return length <= (uint64_t)(end - from) ? RF_OK : corrupt(p, number, err);
    }
    here = p->least + (uint32_t)(length - p->least) % (p->usable - 4);
    here = here <= most ? here : p->least;
    if ((uint64_t)here + 4 > (uint64_t)(end - from)) {
        return corrupt(p, number, err);
    }
    status = follow_chain(p, from, here, (uint32_t)length, number, err);
    record->bytes = status == RF_OK ? p->whole : NULL;
    return status;
}

/* ---- the walk ---- */

/* How many cells a page has, when they can be there at all. */
static bool count_cells(const rf_pages *p, const uint8_t *page, uint32_t number, bool leaf,
                        uint32_t *cells)
{
    uint32_t const header = header_of(number);
    *cells = two_bytes(page + header + 3);
    return header + (leaf ? 8 : 12) + *cells * 2 <= p->usable;
}

static rf_status enter_leaf(rf_pages *p, uint32_t number, rf_error *err)
{
    const uint8_t *page = p->run + (size_t)(number - p->run_first) * p->size;
    uint8_t const type = page[header_of(number)];
    if (type != (p->keyed ? LEAF_KEYS : LEAF_ROWS) ||
        !count_cells(p, page, number, true, &p->leaf_cells)) {
        return corrupt(p, number, err);
    }
    p->leaf = page;
    p->leaf_number = number;
    p->leaf_next = 0;
    return RF_OK;
}

static rf_status enter_inner(rf_pages *p, uint32_t number, const uint8_t *page, rf_error *err)
{
    level *l = &p->path[p->depth];
    if (p->depth == LEVELS) {
        return corrupt(p, number, err); /* deeper than any tree of that many pages: a circle */
    }
    if (l->page == NULL && (l->page = rf_alloc_raw(p->size, 1)) == NULL) {
        return rf_fail_memory(err, "a page of the database");
    }
    memcpy(l->page, page, p->size);
    l->number = number;
    l->next = 0;
    l->due = false;
    if (page[header_of(number)] != (p->keyed ? INNER_KEYS : INNER_ROWS) ||
        !count_cells(p, l->page, number, false, &l->cells)) {
        return corrupt(p, number, err);
    }
    p->depth++;
    return RF_OK;
}

/* Reads page `number` with those that follow it in the file and among the children of `parent`. */
static rf_status read_run(rf_pages *p, const level *parent, uint32_t number, rf_error *err)
{
    uint32_t count = 1;
    rf_status status;
    while (parent != NULL && count < RUN && parent->next + count <= parent->cells &&
           child_of(parent, p->usable, parent->next + count) == number + count &&
           number + count <= p->pages) {
        count++;
    }
    p->run_count = 0;
    status = read_pages(p, number, count, p->run, err);
    p->run_first = number;
    p->run_count = status == RF_OK ? count : 0;
    return status;
}

static rf_status enter(rf_pages *p, const level *parent, uint32_t number, rf_error *err)
{
    const uint8_t *page;
    uint8_t type;
    if (number - p->run_first >= p->run_count) {
        rf_status const status = read_run(p, parent, number, err);
        if (status != RF_OK) {
            return status;
        }
    }
    page = p->run + (size_t)(number - p->run_first) * p->size;
    type = page[header_of(number)];
    return type == LEAF_KEYS || type == LEAF_ROWS ? enter_leaf(p, number, err)
                                                  : enter_inner(p, number, page, err);
}

rf_status rf_pages_next(rf_pages *p, rf_record *record, rf_error *err)
{
    for (;;) {
        level *l;
        rf_status status;
        if (p->leaf != NULL && p->leaf_next < p->leaf_cells) {
            uint32_t const header = header_of(p->leaf_number);
            uint32_t const at = two_bytes(p->leaf + header + 8 + (size_t)p->leaf_next++ * 2);
            return give_cell(p, p->leaf, p->leaf_number, at, record, err);
        }
        p->leaf = NULL;
        if (p->depth == 0) {
            *record = (rf_record){0};
            return RF_OK;
        }
        l = &p->path[p->depth - 1];
        if (l->due) {
            uint32_t const header = header_of(l->number);
            l->due = false;
            return give_cell(p, l->page, l->number,
                             two_bytes(l->page + header + 12 + (size_t)(l->next - 1) * 2) + 4,
                             record, err);
        }
        if (l->next > l->cells) {
            p->depth--;
            continue;
        }
        status = enter(p, l, child_of(l, p->usable, l->next), err);
        if (status != RF_OK) {
            return status;
        }
        l->due = p->keyed && l->next < l->cells;
        l->next++;
    }
}

/* ---- opening ---- */

/* What the head of the file says of its pages. */
static rf_status measure_file(rf_pages *p, rf_error *err)
{
    uint8_t head[FILE_HEADER];
    sqlite3_int64 bytes = 0;
    uint32_t usable;
    if (sqlite3_file_control(p->store->db, "main", SQLITE_FCNTL_FILE_POINTER, &p->file) !=
            SQLITE_OK ||
        p->file == NULL || p->file->pMethods == NULL ||
        p->file->pMethods->xRead(p->file, head, FILE_HEADER, 0) != SQLITE_OK ||
        p->file->pMethods->xFileSize(p->file, &bytes) != SQLITE_OK) {
        return rf_fail(err, RF_EIO, "%s: reading failed", p->store->path);
    }
    p->size = two_bytes(head + 16) == 1 ? 65536 : two_bytes(head + 16);
    if (p->size < 512 || (p->size & (p->size - 1)) != 0 || head[20] > p->size - 480) {
        return corrupt(p, 1, err);
    }
    p->usable = usable = p->size - head[20];
    p->pages = (uint32_t)(bytes / p->size > UINT32_MAX ? UINT32_MAX : bytes / p->size);
    p->most_row = usable - 35;
    p->most_key = (usable - 12) * 64 / 255 - 23;
    p->least = (usable - 12) * 32 / 255 - 23;
    return RF_OK;
}

rf_status rf_pages_open(rf_store *store, int64_t root, rf_pages **out, bool *keyed, rf_error *err)
{
    rf_pages *p = rf_alloc(1, sizeof *p);
    rf_status status;
    *out = NULL;
    if (p == NULL) {
        return rf_fail_memory(err, "the pages of a table");
    }
    p->store = store;
    status = measure_file(p, err);
    if (status == RF_OK) {
        p->run = rf_alloc_raw(RUN, p->size);
        p->spare = rf_alloc_raw(p->size, 1);
        if (p->run == NULL || p->spare == NULL) {
            status = rf_fail_memory(err, "the pages of a table");
        }
    }
    if (status == RF_OK && (root < 1 || root > p->pages)) {
        status = corrupt(p, 0, err);
    }
    if (status == RF_OK) {
        status = read_run(p, NULL, (uint32_t)root, err);
    }
    if (status == RF_OK) {
        uint8_t const type = p->run[header_of((uint32_t)root)];
        p->keyed = type == INNER_KEYS || type == LEAF_KEYS;
        *keyed = p->keyed;
        status = enter(p, NULL, (uint32_t)root, err);
    }
    if (status == RF_OK) {
        *out = p;
        p = NULL; /* now the caller's */
    }
    rf_pages_end(p);
    return status;
}

void rf_pages_end(rf_pages *pages)
{
    if (pages != NULL) {
        for (uint32_t i = 0; i < LEVELS; i++) {
            rf_free(pages->path[i].page);
        }
        rf_free(pages->run);
        rf_free(pages->spare);
        rf_free(pages->whole);
        rf_free(pages);
    }
}
