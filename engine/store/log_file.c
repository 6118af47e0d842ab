/* log_file.c - see log_file.h. */
#define _GNU_SOURCE /* sync_file_range */
#include "store/log_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 19, FRAME_HEADER = 24 };
enum { MOST_A_CALL = 1 << 16 }; /* the usual VFS takes less than 128 KiB */

/* What SQLite sees; the file of the default VFS lies behind it. */
typedef struct log_file {
    sqlite3_file base;
    sqlite3_file *real;
    int hint;                 /* the same file, opened by us; -1: could not be */
    unsigned char *blocks[2]; /* one is being filled, the other written; NULL: there are none */
    int filling;
    size_t used;
    sqlite3_int64 start; /* place in the file of the block being filled */
    bool ends;           /* what is being written ends a transaction */

    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    bool given; /* the other block is being written, from `given_start` on */
    sqlite3_int64 given_start;
    bool ended;
    int code; /* the first failure that nobody was told of */
    int failure;
} log_file;

static sqlite3_vfs *usual;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((log_file *)file)->real;
}

static int write_block(sqlite3_file *real, const unsigned char *bytes, size_t length,
                       sqlite3_int64 start)
{
    int code = SQLITE_OK;
    for (size_t at = 0; at < length && code == SQLITE_OK; at += MOST_A_CALL) {
        size_t const part = length - at < MOST_A_CALL ? length - at : MOST_A_CALL;
        code = real->pMethods->xWrite(real, bytes + at, (int)part, start + (sqlite3_int64)at);
    }
    return code;
}

/* Asks the system to begin with bringing a block to the disk, so that a sync has less to wait for.
 * SQLite holds no lock on the log itself, which closing our own descriptor would give up. */
static void begin_to_sync(const log_file *log, sqlite3_int64 start)
{
#ifdef SYNC_FILE_RANGE_WRITE
    if (log->hint >= 0) { /* only advice */
        (void)sync_file_range(log->hint, start, BLOCK_BYTES, SYNC_FILE_RANGE_WRITE);
    }
#else
    (void)log;
    (void)start;
#endif
}

/* ---- the second thread ---- */

static void *write_blocks(void *context)
{
    log_file *log = context;
    (void)pthread_mutex_lock(&log->lock);
    for (;;) {
        const unsigned char *bytes;
        sqlite3_int64 start;
        int code;
        while (!log->given && !log->ended) {
            (void)pthread_cond_wait(&log->changed, &log->lock);
        }
        if (!log->given) {
            break;
        }
        bytes = log->blocks[1 - log->filling]; /* changes only while nothing is given */
        start = log->given_start;
        (void)pthread_mutex_unlock(&log->lock);
        code = write_block(log->real, bytes, BLOCK_BYTES, start);
        begin_to_sync(log, start);
        (void)pthread_mutex_lock(&log->lock);
        if (code != SQLITE_OK && log->code == SQLITE_OK) {
            log->code = code;
            log->failure = errno;
        }
        log->given = false;
        (void)pthread_cond_broadcast(&log->changed);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return NULL;
}

static bool start_thread(log_file *log)
{
    if (!log->threaded) {
        log->threaded = pthread_create(&log->thread, NULL, write_blocks, log) == 0;
    }
    return log->threaded;
}

/* Waits for the block that was given away; its failure. */
static int settle(log_file *log)
{
    int code;
    if (!log->threaded) {
        return SQLITE_OK;
    }
    (void)pthread_mutex_lock(&log->lock);
    while (log->given) {
        (void)pthread_cond_wait(&log->changed, &log->lock);
    }
    code = log->code;
    log->code = SQLITE_OK;
    if (code != SQLITE_OK) {
        errno = log->failure; /* for messages */
    }
    (void)pthread_mutex_unlock(&log->lock);
    return code;
}

/* ---- the first one ---- */

/* Writes all that waits. */
static int write_waiting(log_file *log)
{
    int code = settle(log);
    if (code == SQLITE_OK && log->used > 0) {
        code = write_block(log->real, log->blocks[log->filling], log->used, log->start);
    }
    log->used = 0;
    return code;
}

/* Gives the full block away and goes on with the other one. */
static int give_away(log_file *log)
{
    int const code = settle(log);
    if (code != SQLITE_OK || !start_thread(log)) {
        return code != SQLITE_OK ? code : write_waiting(log);
    }
    (void)pthread_mutex_lock(&log->lock);
    log->filling = 1 - log->filling;
    log->given = true;
    log->given_start = log->start;
    (void)pthread_cond_broadcast(&log->changed);
    (void)pthread_mutex_unlock(&log->lock);
    log->start += BLOCK_BYTES;
    log->used = 0;
    return SQLITE_OK;
}

static bool have_blocks(log_file *log)
{
    if (log->blocks[0] == NULL) {
        log->blocks[0] = rf_alloc_raw(2, BLOCK_BYTES);
        if (log->blocks[0] != NULL) {
            log->blocks[1] = log->blocks[0] + BLOCK_BYTES;
        }
    }
    return log->blocks[0] != NULL;
}

static int write_log(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 start)
{
    log_file *log = (log_file *)file;
    const unsigned char *from = bytes;
    size_t left = (size_t)amount;
    int code = SQLITE_OK;
    if (amount == FRAME_HEADER) {
        log->ends = (from[4] | from[5] | from[6] | from[7]) != 0;
    }
    if (log->ends || !have_blocks(log)) {
        code = write_waiting(log);
        return code == SQLITE_OK ? log->real->pMethods->xWrite(log->real, bytes, amount, start)
                                 : code;
    }
    if (log->used > 0 && start != log->start + (sqlite3_int64)log->used) {
        code = write_waiting(log);
    }
    if (log->used == 0) {
        log->start = start;
    }
    while (code == SQLITE_OK && left > 0) {
        size_t const room = BLOCK_BYTES - log->used;
        size_t const part = left < room ? left : room;
        memcpy(log->blocks[log->filling] + log->used, from, part);
        log->used += part;
        from += part;
        left -= part;
        if (log->used == BLOCK_BYTES) {
            code = give_away(log);
        }
    }
    return code;
}

static int read_log(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 start)
{
    log_file *log = (log_file *)file;
    bool const waits = log->used > 0 && start < log->start + (sqlite3_int64)log->used &&
                       log->start < start + amount;
    int const code = waits ? write_waiting(log) : settle(log);
    return code == SQLITE_OK ? log->real->pMethods->xRead(log->real, bytes, amount, start) : code;
}

static int close_log(sqlite3_file *file)
{
    log_file *log = (log_file *)file;
    int const written = write_waiting(log);
    int closed;
    if (log->threaded) {
        (void)pthread_mutex_lock(&log->lock);
        log->ended = true;
        (void)pthread_cond_broadcast(&log->changed);
        (void)pthread_mutex_unlock(&log->lock);
        (void)pthread_join(log->thread, NULL);
    }
    (void)pthread_cond_destroy(&log->changed);
    (void)pthread_mutex_destroy(&log->lock);
    rf_free(log->blocks[0]);
    if (log->hint >= 0) {
        (void)close(log->hint);
    }
    closed = log->real->pMethods->xClose(log->real);
    return written != SQLITE_OK ? written : closed;
}

static int truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
    int const code = write_waiting((log_file *)file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xTruncate(real_of(file), size) : code;
}

static int sync_log(sqlite3_file *file, int flags)
{
    int const code = write_waiting((log_file *)file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xSync(real_of(file), flags) : code;
}

static int size_of_log(sqlite3_file *file, sqlite3_int64 *size)
{
    int const code = write_waiting((log_file *)file);
    return code == SQLITE_OK ? real_of(file)->pMethods->xFileSize(real_of(file), size) : code;
}

static int control_log(sqlite3_file *file, int operation, void *argument)
{
    int const code = write_waiting((log_file *)file);
    return code == SQLITE_OK
               ? real_of(file)->pMethods->xFileControl(real_of(file), operation, argument)
               : code;
}

static int lock_log(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_log(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock_of_log(sqlite3_file *file, int *reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int sector_of_log(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int traits_of_log(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static sqlite3_io_methods const methods = {.iVersion = 1,
                                           .xClose = close_log,
                                           .xRead = read_log,
                                           .xWrite = write_log,
                                           .xTruncate = truncate_log,
                                           .xSync = sync_log,
                                           .xFileSize = size_of_log,
                                           .xLock = lock_log,
                                           .xUnlock = unlock_log,
                                           .xCheckReservedLock = check_lock_of_log,
                                           .xFileControl = control_log,
                                           .xSectorSize = sector_of_log,
                                           .xDeviceCharacteristics = traits_of_log};

/* ---- opening ---- */

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *got)
{
    log_file *log = (log_file *)file;
    int code;
    (void)vfs;
    if ((flags & SQLITE_OPEN_WAL) == 0) {
        return usual->xOpen(usual, path, file, flags, got);
    }
    memset(log, 0, sizeof *log);
    log->real = (sqlite3_file *)(log + 1);
    log->real->pMethods = NULL;
    code = usual->xOpen(usual, path, log->real, flags, got);
    if (code == SQLITE_OK) {
        (void)pthread_mutex_init(&log->lock, NULL);
        (void)pthread_cond_init(&log->changed, NULL);
        log->hint = open(path, O_WRONLY | O_CLOEXEC);
        log->base.pMethods = &methods;
    } else if (log->real->pMethods != NULL) {
        (void)log->real->pMethods->xClose(log->real);
    }
    return code;
}

static sqlite3_vfs own; /* the usual one in all but opening */
static bool registered;

static void register_once(void)
{
    usual = sqlite3_vfs_find(NULL);
    if (usual != NULL) {
        own = *usual;
        own.zName = "ringfence";
        own.pNext = NULL;
        own.szOsFile = usual->szOsFile + (int)sizeof(log_file);
        own.xOpen = open_file;
        registered = sqlite3_vfs_register(&own, 0) == SQLITE_OK;
    }
}

const char *rf_log_file_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_once);
    return registered ? own.zName : NULL;
}
