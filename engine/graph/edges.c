/* edges.c - see edges.h.
 *
 * Lines are read from a block buffer that grows only for lines longer than it; cells point into it.
 * Afterwards two counting sorts bring repeated edges side by side.
 */
#include "graph/edges.h"

#include "base/memory.h"
#include "base/progress.h"
#include "graph/names.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, LONGEST_LINE = 1 << 26, CELLS = 16, SHOWN = 80, BLANKS = ' ' };

/* More would overflow where two strengths are multiplied. */
static const double MOST_WEIGHT = 1e150;

typedef struct cell {
    const char *text;
    size_t length;
} cell;

typedef struct reader {
    const char *name; /* of the file, for messages */
    int file;
    char *buffer;
    size_t room, length, at;
    bool ended;
    uint64_t line;      /* of the one just read, from 1 */
    uint64_t bytes;     /* read so far */
    char separator;     /* BLANKS: runs of spaces and tabs */
    size_t weight_cell; /* where weights are */
    bool begun;         /* the first edge was read */
    rf_names names;
    rf_edges *edges;
    size_t room_from, room_to, room_weight;
    rf_progress progress;
} reader;

/* ---- lines ---- */

static rf_status fill(reader *r, rf_error *err)
{
    ssize_t got;
    if (r->at > 0) {
        memmove(r->buffer, r->buffer + r->at, r->length - r->at);
    }
    r->length -= r->at;
    r->at = 0;
    if (r->length + BLOCK > r->room) {
        if (r->length > LONGEST_LINE) {
            return rf_fail(err, RF_EINPUT, "%s:%llu: the line does not end", r->name,
                           (unsigned long long)r->line + 1);
        }
        if (!rf_reserve(&r->buffer, &r->room, r->length + BLOCK, 1)) {
            return rf_fail_memory(err, "the lines of an edge list");
        }
    }
    do {
        got = read(r->file, r->buffer + r->length, r->room - r->length);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return rf_fail(err, RF_EIO, "%s: %s", r->name, strerror(errno));
    }
    r->ended = got == 0;
    r->length += (size_t)got;
    r->bytes += (uint64_t)got;
    rf_progress_show(&r->progress, r->bytes);
    return RF_OK;
}

/* The next line without its end; *line is NULL after the last. */
static rf_status next_line(reader *r, char **line, size_t *length, rf_error *err)
{
    size_t searched = 0;
    const char *end;
    *line = NULL;
    for (;;) {
        end = r->length > r->at + searched
                  ? memchr(r->buffer + r->at + searched, '\n', r->length - r->at - searched)
                  : NULL;
        if (end != NULL || r->ended) {
            break;
        }
        searched = r->length - r->at;
        rf_status const status = fill(r, err);
        if (status != RF_OK) {
            return status;
        }
    }
    if (end == NULL && r->at == r->length) {
        return RF_OK;
    }
    *line = r->buffer + r->at;
    *length = end != NULL ? (size_t)(end - *line) : r->length - r->at;
    r->at += *length + (end != NULL ? 1 : 0);
    r->line++;
    while (*length > 0 && (*line)[*length - 1] == '\r') {
        (*length)--;
    }
    return RF_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* ---- cells ---- */

static size_t split_blanks(const char *at, const char *end, size_t most, cell *cells)
{
    size_t count = 0;
    while (count < most) {
        while (at < end && is_blank(*at)) {
            at++;
        }
        if (at == end) {
            break;
        }
        cells[count].text = at;
        while (at < end && !is_blank(*at)) {
            at++;
        }
        cells[count].length = (size_t)(at - cells[count].text);
        count++;
    }
    return count;
}

/* A cell in double quotes at `at`; a doubled one stands for itself. Returns where it ends. */
static char *quoted_cell(char *at, const char *end, cell *out)
{
    char *to = ++at;
    out->text = at;
    while (at < end && (*at != '"' || (at + 1 < end && at[1] == '"'))) {
        at += *at == '"' ? 1 : 0;
        *to++ = *at++;
    }
    out->length = (size_t)(to - out->text);
    return at < end ? at + 1 : at;
}

static size_t split_cells(char separator, char *at, char *end, size_t most, cell *cells)
{
    size_t count = 0;
    while (count < most) {
        cell *c = &cells[count];
        char *cell_end;
        while (at < end && *at == ' ') {
            at++;
        }
        if (at < end && *at == '"') {
            at = quoted_cell(at, end, c);
            cell_end = at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
        } else {
            cell_end = at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
            c->text = at;
            c->length = (size_t)((cell_end == NULL ? end : cell_end) - at);
            while (c->length > 0 && c->text[c->length - 1] == ' ') {
                c->length--;
            }
        }
        count++;
        if (cell_end == NULL) {
            break;
        }
        at = cell_end + 1;
    }
    return count;
}

static size_t split(const reader *r, char *line, size_t length, size_t most, cell *cells)
{
    return r->separator == BLANKS ? split_blanks(line, line + length, most, cells)
                                  : split_cells(r->separator, line, line + length, most, cells);
}

/* ---- numbers ---- */

/* Up to 15 digits and a point: exact in a double, and so is the power of ten. */
static bool plain_number(const char *text, size_t length, double *number)
{
    static const double ten[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    uint64_t value = 0;
    size_t decimals = 0;
    bool point = false;
    if (length == 0 || length > 15) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned const digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit <= 9) {
            value = value * 10 + digit;
            decimals += point;
        } else if (text[i] == '.' && !point && length > 1) {
            point = true;
        } else {
            return false;
        }
    }
    *number = (double)value / ten[decimals];
    return true;
}

/* Any decimal number, nan and inf included: whether they are allowed is another question. */
static bool read_number(const cell *c, double *number)
{
    char text[64];
    char *end = NULL;
    if (plain_number(c->text, c->length, number)) {
        return true;
    }
    if (c->length == 0 || c->length >= sizeof text || memchr(c->text, 'x', c->length) != NULL ||
        memchr(c->text, 'X', c->length) != NULL) {
        return false; /* strtod would read hexadecimal */
    }
    memcpy(text, c->text, c->length);
    text[c->length] = '\0';
    *number = strtod(text, &end);
    return end == text + c->length;
}

static rf_status wrong_weight(const reader *r, const cell *c, rf_error *err)
{
    int const shown = (int)(c->length < SHOWN ? c->length : SHOWN);
    return rf_fail(err, RF_EINPUT, "%s:%llu: the weight '%.*s' is not a finite number above 0",
                   r->name, (unsigned long long)r->line, shown, c->text);
}

/* ---- the first line ---- */

static char find_separator(const char *line, size_t length)
{
    static const char known[] = {'\t', ';', ','};
    for (size_t i = 0; i < sizeof known; i++) {
        if (memchr(line, known[i], length) != NULL) {
            return known[i];
        }
    }
    return BLANKS;
}

static bool is_word(const cell *c, const char *word)
{
    return c->length == strlen(word) && strncasecmp(c->text, word, c->length) == 0;
}

static bool is_header(const cell *cells, size_t count)
{
    static const char *const names[][2] = {
        {"u", "v"},         {"source", "target"}, {"from", "to"},  {"src", "dst"},
        {"node1", "node2"}, {"node_1", "node_2"}, {"id_1", "id_2"}};
    double number;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && count >= 2; i++) {
        if (is_word(&cells[0], names[i][0]) && is_word(&cells[1], names[i][1])) {
            return true;
        }
    }
    return count >= 3 && cells[2].length > 0 && !read_number(&cells[2], &number);
}

/* Finds the separator and whether the line is a header. Splitting takes quotes apart in place, and
 * the line may have to be read again as an edge: so a copy is split. */
static rf_status begin(reader *r, const char *line, size_t length, bool *header, rf_error *err)
{
    cell cells[CELLS];
    size_t count;
    char *copy = rf_alloc_raw(length, 1);
    if (copy == NULL) {
        return rf_fail_memory(err, "the first line of an edge list");
    }
    memcpy(copy, line, length);
    r->separator = find_separator(line, length);
    r->weight_cell = 2;
    count = split(r, copy, length, CELLS, cells);
    *header = is_header(cells, count);
    for (size_t i = 2; i < count && *header; i++) {
        if (is_word(&cells[i], "weight") || is_word(&cells[i], "w")) {
            r->weight_cell = i;
            break;
        }
    }
    rf_free(copy);
    return RF_OK;
}

/* ---- edges ---- */

static rf_status keep_edge(reader *r, uint32_t u, uint32_t v, double weight, rf_error *err)
{
    rf_edges *e = r->edges;
    size_t const need = (size_t)e->count + 1;
    if (u == v) {
        return RF_OK;
    }
    if (!rf_reserve(&e->from, &r->room_from, need, sizeof *e->from) ||
        !rf_reserve(&e->to, &r->room_to, need, sizeof *e->to) ||
        (e->weighted && !rf_reserve(&e->weight, &r->room_weight, need, sizeof *e->weight))) {
        return rf_fail_memory(err, "the edges");
    }
    e->from[e->count] = u < v ? u : v;
    e->to[e->count] = u < v ? v : u;
    if (e->weighted) {
        e->weight[e->count] = weight;
    }
    e->count++;
    return RF_OK;
}

static rf_status read_weight(reader *r, const cell *cells, size_t count, double *weight,
                             rf_error *err)
{
    bool const given = count > r->weight_cell && cells[r->weight_cell].length > 0;
    if (!r->begun) {
        r->edges->weighted = given;
        r->begun = true;
    }
    *weight = 1;
    if (given != r->edges->weighted) {
        return rf_fail(err, RF_EINPUT, "%s:%llu: %s", r->name, (unsigned long long)r->line,
                       given ? "a weight, but the first edge has none"
                             : "no weight, but the first edge has one");
    }
    if (given &&
        (!read_number(&cells[r->weight_cell], weight) || !isfinite(*weight) || *weight <= 0)) {
        return wrong_weight(r, &cells[r->weight_cell], err);
    }
    return RF_OK;
}

static rf_status read_edge(reader *r, char *line, size_t length, rf_error *err)
{
    cell cells[CELLS];
    size_t const count = split(r, line, length, r->weight_cell + 1, cells);
    uint32_t u = 0;
    uint32_t v = 0;
    double weight;
    rf_status status;
    if (count < 2 || cells[0].length == 0 || cells[1].length == 0) {
        int const shown = (int)(length < SHOWN ? length : SHOWN);
        return rf_fail(err, RF_EINPUT, "%s:%llu: '%.*s' does not name two nodes", r->name,
                       (unsigned long long)r->line, shown, line);
    }
    status = read_weight(r, cells, count, &weight, err);
    if (status == RF_OK) {
        status = rf_names_add(&r->names, cells[0].text, cells[0].length, &u, err);
    }
    if (status == RF_OK) {
        status = rf_names_add(&r->names, cells[1].text, cells[1].length, &v, err);
    }
    return status == RF_OK ? keep_edge(r, u, v, weight, err) : status;
}

static bool says_nothing(const char *line, size_t length)
{
    size_t blank = 0;
    while (blank < length && is_blank(line[blank])) {
        blank++;
    }
    return blank == length || line[blank] == '#' || line[blank] == '%';
}

static rf_status read_lines(reader *r, rf_error *err)
{
    char *line = NULL;
    size_t length = 0;
    bool first = true;
    rf_status status;
    while ((status = next_line(r, &line, &length, err)) == RF_OK && line != NULL) {
        bool header = false;
        if (r->line == 1 && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
            line += 3;
            length -= 3;
        }
        if (says_nothing(line, length)) {
            continue;
        }
        status = first ? begin(r, line, length, &header, err) : RF_OK;
        first = false;
        if (status == RF_OK && !header) {
            status = read_edge(r, line, length, err);
        }
        if (status != RF_OK) {
            break;
        }
    }
    return status;
}

/* ---- repeated edges ---- */

/* Stable counting sort by key. `next` has nodes + 1 elements. */
static void sort_by(const rf_edges *in, const uint32_t *key, uint64_t *next, rf_edges *out)
{
    memset(next, 0, ((size_t)in->nodes + 1) * sizeof *next);
    for (uint64_t i = 0; i < in->count; i++) {
        next[key[i] + 1]++;
    }
    for (uint32_t v = 0; v < in->nodes; v++) {
        next[v + 1] += next[v];
    }
    for (uint64_t i = 0; i < in->count; i++) {
        uint64_t const at = next[key[i]]++;
        out->from[at] = in->from[i];
        out->to[at] = in->to[i];
        if (in->weighted) {
            out->weight[at] = in->weight[i];
        }
    }
}

/* Edges are sorted: repeats stand side by side. */
static void merge_repeats(rf_edges *e)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < e->count; i++) {
        if (kept > 0 && e->from[kept - 1] == e->from[i] && e->to[kept - 1] == e->to[i]) {
            e->weight[kept - 1] += e->weighted ? e->weight[i] : 0;
            continue;
        }
        e->from[kept] = e->from[i];
        e->to[kept] = e->to[i];
        e->weight[kept] = e->weighted ? e->weight[i] : 1;
        kept++;
    }
    e->count = kept;
}

static rf_status order_edges(const char *name, rf_edges *e, rf_error *err)
{
    rf_edges sorted = {.nodes = e->nodes, .count = e->count, .weighted = e->weighted};
    uint64_t *next = rf_alloc_raw((size_t)e->nodes + 2, sizeof *next);
    rf_status status = RF_OK;
    double sum = 0;
    sorted.from = rf_alloc_raw(e->count, sizeof *sorted.from);
    sorted.to = rf_alloc_raw(e->count, sizeof *sorted.to);
    sorted.weight = rf_alloc_raw(e->weighted ? e->count : 0, sizeof *sorted.weight);
    if (next == NULL || sorted.from == NULL || sorted.to == NULL || sorted.weight == NULL) {
        status = rf_fail_memory(err, "the edges");
    } else {
        sort_by(e, e->to, next, &sorted);
        sort_by(&sorted, sorted.from, next, e);
    }
    rf_free(next);
    rf_free(sorted.from);
    rf_free(sorted.to);
    rf_free(sorted.weight);
    if (status == RF_OK && !e->weighted) {
        rf_free(e->weight);
        e->weight = rf_alloc_raw(e->count, sizeof *e->weight);
        status = e->weight == NULL ? rf_fail_memory(err, "the edges") : RF_OK;
    }
    if (status == RF_OK) {
        merge_repeats(e);
    }
    for (uint64_t i = 0; i < e->count && status == RF_OK; i++) {
        sum += e->weight[i];
        if (!isfinite(e->weight[i])) {
            status = rf_fail(err, RF_EINPUT, "%s: the weights of an edge add up to infinity", name);
        }
    }
    if (status == RF_OK && sum > MOST_WEIGHT) {
        status =
            rf_fail(err, RF_EINPUT, "%s: the weights add up to more than %g", name, MOST_WEIGHT);
    }
    return status;
}

/* ---- the whole ---- */

static rf_status open_file(const char *path, reader *r, rf_error *err)
{
    struct stat about;
    r->name = strcmp(path, "-") == 0 ? "standard input" : path;
    r->file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (r->file < 0 || fstat(r->file, &about) != 0) {
        return rf_fail(err, errno == ENOENT || errno == ENOTDIR ? RF_EINPUT : RF_EIO, "%s: %s",
                       r->name, strerror(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return rf_fail(err, RF_EINPUT, "%s: is a folder", r->name);
    }
    rf_progress_start(&r->progress, "reading edges",
                      S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0);
    return RF_OK;
}

/* The names become the edges'. */
static rf_status hand_over_names(reader *r, rf_error *err)
{
    if (r->names.count == 0 &&
        (!rf_reserve(&r->names.bytes, &r->names.byte_room, 1, 1) ||
         !rf_reserve(&r->names.start, &r->names.start_room, 1, sizeof *r->names.start))) {
        return rf_fail_memory(err, "the names of the nodes");
    }
    if (r->names.count == 0) {
        r->names.start[0] = 0;
    }
    r->edges->nodes = r->names.count;
    r->edges->names = r->names.bytes;
    r->edges->name_start = r->names.start;
    r->names.bytes = NULL;
    r->names.start = NULL;
    return RF_OK;
}

rf_status rf_edges_read(const char *path, rf_edges *edges, rf_error *err)
{
    reader r = {.edges = edges, .file = -1};
    rf_status status;
    *edges = (rf_edges){0};
    status = open_file(path, &r, err);
    if (status == RF_OK) {
        status = read_lines(&r, err);
    }
    rf_progress_end(&r.progress);
    if (status == RF_OK) {
        status = hand_over_names(&r, err);
    }
    rf_names_free(&r.names);
    rf_free(r.buffer);
    if (r.file >= 0 && r.file != STDIN_FILENO) {
        (void)close(r.file);
    }
    if (status == RF_OK) {
        status = order_edges(r.name, edges, err);
    }
    if (status != RF_OK) {
        rf_edges_free(edges);
    }
    return status;
}

void rf_edges_free(rf_edges *edges)
{
    rf_free(edges->from);
    rf_free(edges->to);
    rf_free(edges->weight);
    rf_free(edges->names);
    rf_free(edges->name_start);
    *edges = (rf_edges){0};
}
