/* lfrgen.c - writes a graph with planted communities for the benchmark of `ringfence cluster`.
 *
 *     lfrgen VERTICES MU SEED EDGES.txt [TRUTH.csv]
 *
 * After Lancichinetti, Fortunato and Radicchi (2008): degrees follow a power law of exponent 2.5
 * between 8 and 400, sizes of communities one of exponent 1.5 between 50 and 1,000; a share MU of
 * each vertex's edges leaves its community. Ends are matched at random (a configuration model),
 * inside each community and over all; loops and repeats are left out. Vertices are numbered at
 * random, so that numbers tell nothing. Same arguments, same graph. A line is `u v`; TRUTH has
 * node,community. Workload: a million vertices, 9.3 million edges in some seconds.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const double DEGREE_LEAST = 8, DEGREE_MOST = 400, DEGREE_EXPONENT = 2.5;
static const double SIZE_LEAST = 50, SIZE_MOST = 1000, SIZE_EXPONENT = 1.5;

typedef struct world {
    uint32_t vertices;
    double mu;
    uint64_t state;
    uint32_t *name;      /* the number a vertex has in the file */
    uint32_t *community; /* by vertex; ascending */
    uint32_t *inner, *outer;
    uint32_t *from, *to;
    size_t edges;
} world;

static uint64_t draw(world *w)
{
    uint64_t x = w->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static double uniform(world *w)
{
    return (double)(draw(w) >> 11) * 0x1p-53;
}

static size_t below(world *w, size_t n)
{
    return (size_t)(uniform(w) * (double)n);
}

/* A power law between two bounds, by its inverse distribution function. */
static double power_law(world *w, double least, double most, double exponent)
{
    double const e = 1 - exponent;
    double const a = pow(least, e);
    return pow(a + uniform(w) * (pow(most, e) - a), 1 / e);
}

static void shuffle(world *w, uint32_t *array, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t const j = below(w, i);
        uint32_t const kept = array[i - 1];
        array[i - 1] = array[j];
        array[j] = kept;
    }
}

static void *take(size_t count, size_t size)
{
    void *block = calloc(count + 1, size);
    if (block == NULL) {
        (void)fprintf(stderr, "lfrgen: out of memory\n");
        exit(1);
    }
    return block;
}

static void plant(world *w)
{
    uint32_t left = 0;
    uint32_t community = 0;
    for (uint32_t v = 0; v < w->vertices; v++) {
        double const degree = power_law(w, DEGREE_LEAST, DEGREE_MOST, DEGREE_EXPONENT);
        double const outer = degree * w->mu;
        double const inner = degree - outer;
        if (left == 0) {
            left = (uint32_t)power_law(w, SIZE_LEAST, SIZE_MOST, SIZE_EXPONENT);
            community++;
        }
        left--;
        w->community[v] = community - 1;
        w->inner[v] = (uint32_t)(inner + uniform(w)); /* rounded at random: unbiased */
        w->outer[v] = (uint32_t)(outer + uniform(w));
        w->name[v] = v;
    }
    shuffle(w, w->name, w->vertices);
}

/* Matches ends pairwise at random. */
static void match(world *w, uint32_t *ends, size_t count)
{
    shuffle(w, ends, count);
    for (size_t i = 0; i + 1 < count; i += 2) {
        uint32_t const a = w->name[ends[i]];
        uint32_t const b = w->name[ends[i + 1]];
        w->from[w->edges] = a < b ? a : b;
        w->to[w->edges++] = a < b ? b : a;
    }
}

static void join(world *w, uint32_t *ends)
{
    size_t count = 0;
    for (uint32_t v = 0; v < w->vertices; v++) {
        for (uint32_t i = 0; i < w->inner[v]; i++) {
            ends[count++] = v;
        }
        if (v + 1 == w->vertices || w->community[v + 1] != w->community[v]) {
            match(w, ends, count);
            count = 0;
        }
    }
    for (uint32_t v = 0; v < w->vertices; v++) {
        for (uint32_t i = 0; i < w->outer[v]; i++) {
            ends[count++] = v;
        }
    }
    match(w, ends, count);
}

/* Rows by smaller end, each sorted; writes every edge once. */
static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static size_t write_edges(const world *w, FILE *file)
{
    size_t *start = take((size_t)w->vertices + 1, sizeof *start);
    uint32_t *row = take(w->edges, sizeof *row);
    size_t written = 0;
    for (size_t i = 0; i < w->edges; i++) {
        start[w->from[i] + 1]++;
    }
    for (uint32_t v = 0; v < w->vertices; v++) {
        start[v + 1] += start[v];
    }
    for (size_t i = w->edges; i-- > 0;) { /* start[v + 1] comes down to the start of v */
        row[--start[w->from[i] + 1]] = w->to[i];
    }
    for (uint32_t v = 0; v < w->vertices; v++) {
        size_t const first = start[v + 1];
        size_t const end = v + 1 < w->vertices ? start[v + 2] : w->edges;
        qsort(row + first, end - first, sizeof *row, ascending);
        for (size_t i = first; i < end; i++) {
            if (row[i] != v && (i == first || row[i] != row[i - 1])) {
                (void)fprintf(file, "%u %u\n", v, row[i]);
                written++;
            }
        }
    }
    free(start);
    free(row);
    return written;
}

static int write_file(const world *w, const char *path, int truth)
{
    FILE *file = fopen(path, "w");
    size_t lines = 0;
    if (file == NULL) {
        perror(path);
        return 1;
    }
    if (truth) {
        (void)fprintf(file, "node,community\n");
        for (uint32_t v = 0; v < w->vertices; v++) {
            (void)fprintf(file, "%u,%u\n", w->name[v], w->community[v]);
        }
    } else {
        lines = write_edges(w, file);
        (void)printf("%u vertices, %zu edges, mu %g\n", w->vertices, lines, w->mu);
    }
    if (fclose(file) != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    world w = {0};
    uint32_t *ends;
    size_t halves = 0;
    if (argc < 5 || argc > 6) {
        (void)fprintf(stderr, "usage: lfrgen VERTICES MU SEED EDGES.txt [TRUTH.csv]\n");
        return 2;
    }
    w.vertices = (uint32_t)strtoul(argv[1], NULL, 10);
    w.mu = strtod(argv[2], NULL);
    w.state = strtoull(argv[3], NULL, 10);
    w.name = take(w.vertices, sizeof *w.name);
    w.community = take(w.vertices, sizeof *w.community);
    w.inner = take(w.vertices, sizeof *w.inner);
    w.outer = take(w.vertices, sizeof *w.outer);
    plant(&w);
    for (uint32_t v = 0; v < w.vertices; v++) {
        halves += w.inner[v] + w.outer[v];
    }
    ends = take(halves, sizeof *ends);
    w.from = take(halves / 2, sizeof *w.from);
    w.to = take(halves / 2, sizeof *w.to);
    join(&w, ends);
    return write_file(&w, argv[4], 0) != 0 || (argc == 6 && write_file(&w, argv[5], 1) != 0);
}
