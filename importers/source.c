/* source.c - see source.h. */
#include "importers/source.h"

#include "base/memory.h"
#include "importers/read_ahead.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 32 << 20 }; /* bytes from which a second thread pays */
enum { READ_BYTES = RF_READ_AHEAD_BLOCK, WINDOW = 2 * RF_ROW_LIMIT + READ_BYTES };

struct rf_source {
    char *path;
    int file; /* -1: in memory */
    const char *memory;
    size_t memory_left;
    uint64_t size;
    uint64_t done;
    bool ended;
    rf_read_ahead *ahead; /* NULL: small, no regular file, or ended */
    rf_sha256 hash;

    char *window;
    size_t mark;  /* start of the row being read */
    size_t at;    /* next byte to hand out */
    size_t end;   /* of what was read */
    int64_t line; /* number of the line at `at` */
    int64_t mark_line;
};

static rf_status new_source(const char *path, rf_source **out, rf_error *err)
{
    rf_source *source = rf_alloc(1, sizeof *source);
    *out = NULL;
    if (source == NULL) {
        return rf_fail_memory(err, path);
    }
    source->file = -1;
    source->line = 1;
    source->mark_line = 1;
    source->path = rf_copy_text(path);
    source->window = rf_alloc_raw(WINDOW, 1);
    if (source->path == NULL || source->window == NULL) {
        rf_source_close(source);
        return rf_fail_memory(err, path);
    }
    rf_sha256_start(&source->hash, true);
    *out = source;
    return RF_OK;
}

static rf_status open_file(const char *path, int *file, uint64_t *size, rf_error *err)
{
    struct stat found;
    *size = 0;
    *file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (*file < 0) {
        return rf_fail(err, RF_EINPUT, "%s: %s", path, strerror(errno));
    }
    if (fstat(*file, &found) != 0) {
        return rf_fail(err, RF_EIO, "%s: %s", path, strerror(errno));
    }
    if (S_ISDIR(found.st_mode)) {
        return rf_fail(err, RF_EINPUT, "%s: is a folder; name the files in it", path);
    }
    if (S_ISREG(found.st_mode) && found.st_size > 0) {
        *size = (uint64_t)found.st_size;
    }
    return RF_OK;
}

rf_status rf_source_open(const char *path, rf_source **out, rf_error *err)
{
    rf_source *source = NULL;
    rf_status status = new_source(path, &source, err);
    *out = NULL;
    if (status != RF_OK || source == NULL) {
        return status;
    }
    status = open_file(path, &source->file, &source->size, err);
    if (status != RF_OK) {
        rf_source_close(source);
        return status;
    }
    if (source->size >= LARGE) {
        source->ahead = rf_read_ahead_start(source->file, &source->hash);
    }
    *out = source;
    return RF_OK;
}

rf_status rf_source_open_memory(const void *bytes, size_t length, rf_source **out, rf_error *err)
{
    rf_source *source = NULL;
    rf_status status = new_source("(memory)", &source, err);
    *out = source;
    if (status == RF_OK && source != NULL) {
        source->memory = bytes;
        source->memory_left = length;
        source->size = length;
    }
    return status;
}

void rf_source_close(rf_source *source)
{
    if (source != NULL) {
        rf_read_ahead_end(source->ahead);
        if (source->file > STDERR_FILENO) {
            (void)close(source->file);
        }
        rf_free(source->window);
        rf_free(source->path);
        rf_free(source);
    }
}

const char *rf_source_path(const rf_source *source)
{
    return source->path;
}

uint64_t rf_source_size(const rf_source *source)
{
    return source->size;
}

uint64_t rf_source_done(const rf_source *source)
{
    return source->done;
}

/* Reads up to `room` bytes to `to`; *got is 0 at the end. */
static rf_status read_some(rf_source *source, char *to, size_t room, size_t *got, rf_error *err)
{
    *got = 0;
    if (source->memory != NULL || source->file < 0) {
        *got = source->memory_left < room ? source->memory_left : room;
        if (*got > 0 && source->memory != NULL) {
            memcpy(to, source->memory, *got);
            source->memory += *got;
            source->memory_left -= *got;
        }
        return RF_OK;
    }
    for (;;) {
        long const part = source->ahead != NULL ? rf_read_ahead_take(source->ahead, to)
                                                : (long)read(source->file, to, room);
        if (part >= 0) {
            *got = (size_t)part;
            return RF_OK;
        }
        if (errno != EINTR) {
            return rf_fail(err, RF_EIO, "%s: %s", source->path, strerror(errno));
        }
    }
}

/* Reads one block behind what is there, moving the mark to the front of the window for it. */
static rf_status read_more(rf_source *source, rf_error *err)
{
    size_t got;
    rf_status status;
    if (source->mark > 0 && WINDOW - source->end < READ_BYTES) {
        memmove(source->window, source->window + source->mark, source->end - source->mark);
        source->at -= source->mark;
        source->end -= source->mark;
        source->mark = 0;
    }
    assert(WINDOW - source->end >= READ_BYTES); /* a row and a line never fill the window */
    status = read_some(source, source->window + source->end, READ_BYTES, &got, err);
    if (status != RF_OK) {
        return status;
    }
    if (source->ahead == NULL) { /* else the other thread has hashed it */
        rf_sha256_add(&source->hash, source->window + source->end, got);
    }
    source->end += got;
    source->done += got;
    source->ended = got == 0;
    return RF_OK;
}

rf_status rf_source_peek(rf_source *source, size_t wanted, const char **bytes, size_t *length,
                         rf_error *err)
{
    while (source->end - source->at < wanted && !source->ended) {
        rf_status status = read_more(source, err);
        if (status != RF_OK) {
            return status;
        }
    }
    *bytes = source->window + source->at;
    *length = source->end - source->at < wanted ? source->end - source->at : wanted;
    return RF_OK;
}

void rf_source_skip(rf_source *source, size_t length)
{
    source->at += length;
    source->mark = source->at;
}

/* Skips to behind the next line feed. */
static rf_status skip_line(rf_source *source, rf_error *err)
{
    for (;;) {
        char *feed = memchr(source->window + source->at, '\n', source->end - source->at);
        if (feed != NULL) {
            source->at = (size_t)(feed - source->window) + 1;
            return RF_OK;
        }
        source->at = source->end;
        if (source->ended) {
            return RF_OK;
        }
        source->mark = source->at;
        rf_status status = read_more(source, err);
        if (status != RF_OK) {
            return status;
        }
    }
}

/* A line longer than a row may be. Inside a row it ends the row; as its first line it is skipped,
 * and its beginning moved to the front of the window, where it stays readable. */
static rf_status refuse_line(rf_source *source, rf_line *line, rf_error *err)
{
    line->too_long = true;
    if (source->at > source->mark) {
        line->length = 0;
        return RF_OK;
    }
    line->length = 0;
    source->line++;
    rf_status status = skip_line(source, err);
    source->mark = source->at;
    return status;
}

rf_status rf_source_line(rf_source *source, rf_line *line, bool *found, rf_error *err)
{
    size_t searched = 0;
    *found = true;
    for (;;) {
        size_t const left = source->end - source->at;
        const char *start = source->window + source->at;
        const char *feed = memchr(start + searched, '\n', left - searched);
        size_t const length = feed != NULL ? (size_t)(feed - start) + 1 : left;
        *line = (rf_line){start, length, source->line, false};
        if (source->at - source->mark + length > RF_ROW_LIMIT) {
            return refuse_line(source, line, err);
        }
        if (feed != NULL || source->ended) {
            *found = length > 0;
            source->at += length;
            source->line += length > 0;
            return RF_OK;
        }
        searched = left;
        rf_status status = read_more(source, err);
        if (status != RF_OK) {
            return status;
        }
    }
}

void rf_source_mark(rf_source *source)
{
    source->mark = source->at;
    source->mark_line = source->line;
}

const char *rf_source_marked(const rf_source *source, size_t *length)
{
    *length = source->at - source->mark;
    return source->window + source->mark;
}

void rf_source_second_line(rf_source *source)
{
    const char *start = source->window + source->mark;
    const char *feed = memchr(start, '\n', source->at - source->mark);
    if (feed != NULL) {
        source->at = (size_t)(feed - source->window) + 1;
        source->line = source->mark_line + 1;
    }
    rf_source_mark(source);
}

static void write_digest(rf_sha256 *hash, char digest[RF_DIGEST_TEXT])
{
    unsigned char bytes[RF_SHA256_BYTES];
    rf_sha256_end(hash, bytes);
    (void)sodium_bin2hex(digest, RF_DIGEST_TEXT, bytes, sizeof bytes);
}

rf_status rf_source_digest(rf_source *source, char digest[RF_DIGEST_TEXT], uint64_t *bytes,
                           rf_error *err)
{
    while (!source->ended) {
        rf_status status;
        source->at = source->end;
        source->mark = source->at;
        status = read_more(source, err);
        if (status != RF_OK) {
            return status;
        }
    }
    *bytes = source->done;
    write_digest(&source->hash, digest);
    return RF_OK;
}

rf_status rf_file_digest(const char *path, char digest[RF_DIGEST_TEXT], rf_error *err)
{
    rf_source *source = NULL;
    uint64_t bytes;
    rf_status status = rf_source_open(path, &source, err);
    if (status == RF_OK && source != NULL) {
        status = rf_source_digest(source, digest, &bytes, err);
    }
    rf_source_close(source);
    return status;
}
