/* feed_ahead.c - see feed_ahead.h. */
#include "store/feed_ahead.h"

#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum { BLOCKS = 8, BLOCK_ROWS = 512, BLOCK_BYTES = 1 << 16 };

typedef struct block {
    rf_feed_cell *cells; /* rows of `columns` */
    size_t rows;
    char *bytes; /* of their texts; stays where it is while there are rows */
    size_t used, room;
    bool last; /* no row comes after it */
} block;

typedef struct ahead {
    rf_feed_fn next;
    void *context;
    size_t columns;
    block blocks[BLOCKS]; /* `made` is being filled, `taken` being read, what is between waits */
    rf_status status;     /* of the function; read after the thread has ended */
    rf_error error;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    size_t made;
    size_t taken;
    bool ended; /* nobody wants any more */
} ahead;

/* ---- the second thread ---- */

static size_t text_bytes(const rf_feed_cell *cells, size_t columns)
{
    size_t sum = 0;
    for (size_t i = 0; i < columns; i++) {
        sum += cells[i].kind == RF_TEXT ? cells[i].length : 0;
    }
    return sum;
}

/* Copies a row into a block; *full when it belongs to the next one. */
static rf_status put_row(block *to, const rf_feed_cell *cells, size_t columns, bool *full,
                         rf_error *err)
{
    size_t const bytes = text_bytes(cells, columns);
    rf_feed_cell *row = to->cells + to->rows * columns;
    *full = to->rows == BLOCK_ROWS || (to->rows > 0 && to->room - to->used < bytes);
    if (*full) {
        return RF_OK;
    }
    if (to->room < bytes && !rf_reserve(&to->bytes, &to->room, bytes, 1)) {
        return rf_fail_memory(err, "rows to insert");
    }
    memcpy(row, cells, columns * sizeof *row);
    for (size_t i = 0; i < columns; i++) {
        if (row[i].kind == RF_TEXT) {
            memcpy(to->bytes + to->used, cells[i].text, cells[i].length);
            row[i].text = to->bytes + to->used;
            to->used += cells[i].length;
        }
    }
    to->rows++;
    return RF_OK;
}

/* Hands a block over and waits for a free one; false when nobody wants any more. */
static bool hand_over(ahead *work)
{
    bool going_on;
    (void)pthread_mutex_lock(&work->lock);
    work->made++;
    (void)pthread_cond_broadcast(&work->changed);
    while (work->made - work->taken == BLOCKS && !work->ended) {
        (void)pthread_cond_wait(&work->changed, &work->lock);
    }
    going_on = !work->ended;
    (void)pthread_mutex_unlock(&work->lock);
    return going_on;
}

/* Fills a block; a row that does not fit any more stays `pending`. */
static void fill_block(ahead *work, block *to, rf_feed_cell *cells, bool *pending)
{
    bool full = false;
    bool found = true;
    to->rows = 0;
    to->used = 0;
    while (work->status == RF_OK && found && !full) {
        if (!*pending) {
            work->status = work->next(work->context, cells, &found, &work->error);
            *pending = work->status == RF_OK && found;
        }
        if (*pending) {
            work->status = put_row(to, cells, work->columns, &full, &work->error);
            *pending = full;
        }
    }
    to->last = !found || work->status != RF_OK;
}

static void *make_rows(void *context)
{
    ahead *work = context;
    rf_feed_cell cells[RF_FEED_CELLS] = {0};
    bool pending = false;
    bool last = false;
    for (int i = 0; i < RF_FEED_CELLS; i++) {
        cells[i].kind = RF_INT;
    }
    while (!last) {
        block *to = &work->blocks[work->made % BLOCKS]; /* only this thread changes `made` */
        fill_block(work, to, cells, &pending);
        last = to->last;
        last = !hand_over(work) || last;
    }
    return NULL;
}

/* ---- the reader ---- */

/* Gives the block that was read back and waits for the next one. A thread that waits for room is
 * woken when half of the blocks are free: to wake it costs as much as to make some rows. */
static block *next_block(ahead *work, bool give_back)
{
    block *from;
    (void)pthread_mutex_lock(&work->lock);
    work->taken += give_back;
    if (work->made - work->taken <= BLOCKS / 2) {
        (void)pthread_cond_broadcast(&work->changed);
    }
    while (work->made == work->taken) {
        (void)pthread_cond_wait(&work->changed, &work->lock);
    }
    from = &work->blocks[work->taken % BLOCKS];
    (void)pthread_mutex_unlock(&work->lock);
    return from;
}

typedef struct reader {
    ahead *work;
    block *from; /* NULL before the first row */
    size_t row;
} reader;

static rf_status take_row(void *context, rf_feed_cell *cells, bool *found, rf_error *err)
{
    reader *in = context;
    size_t const columns = in->work->columns;
    (void)err;
    while (in->from == NULL || (in->row == in->from->rows && !in->from->last)) {
        in->from = next_block(in->work, in->from != NULL);
        in->row = 0;
    }
    *found = in->row < in->from->rows;
    if (*found) {
        memcpy(cells, in->from->cells + in->row++ * columns, columns * sizeof *cells);
    }
    return RF_OK;
}

static void end_thread(ahead *work, pthread_t thread)
{
    (void)pthread_mutex_lock(&work->lock);
    work->ended = true;
    (void)pthread_cond_broadcast(&work->changed);
    (void)pthread_mutex_unlock(&work->lock);
    (void)pthread_join(thread, NULL);
}

static bool make_blocks(ahead *work)
{
    bool made = true;
    for (size_t i = 0; i < BLOCKS; i++) {
        block *one = &work->blocks[i];
        one->cells = rf_alloc_raw(BLOCK_ROWS * work->columns, sizeof *one->cells);
        one->bytes = rf_alloc_raw(BLOCK_BYTES, 1);
        one->room = BLOCK_BYTES;
        made = made && one->cells != NULL && one->bytes != NULL;
    }
    return made;
}

static void free_blocks(ahead *work)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        rf_free(work->blocks[i].cells);
        rf_free(work->blocks[i].bytes);
    }
}

rf_status rf_feed_run_ahead(rf_store *store, const char *sql, size_t columns, rf_feed_fn next,
                            void *context, rf_error *err)
{
    ahead work = {.next = next, .context = context, .columns = columns};
    reader in = {.work = &work};
    pthread_t thread;
    rf_status status;
    assert(columns > 0 && columns <= RF_FEED_CELLS);
    if (!make_blocks(&work)) {
        free_blocks(&work);
        return rf_fail_memory(err, "rows to insert");
    }
    (void)pthread_mutex_init(&work.lock, NULL);
    (void)pthread_cond_init(&work.changed, NULL);
    if (pthread_create(&thread, NULL, make_rows, &work) == 0) {
        status = rf_feed_run(store, sql, take_row, &in, err);
        end_thread(&work, thread);
    } else {
        status = rf_feed_run(store, sql, next, context, err);
    }
    (void)pthread_cond_destroy(&work.changed);
    (void)pthread_mutex_destroy(&work.lock);
    free_blocks(&work);
    if (status == RF_OK && work.status != RF_OK) {
        status = work.status;
        if (err != NULL) {
            *err = work.error;
        }
    }
    return status;
}
