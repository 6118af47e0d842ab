/* communities.c - our communities against igraph's on one edge list, in one run.
 *
 *     communities EDGES modularity|cpm RESOLUTION SEEDS [igraph|igraph=1] [truth=FILE.csv]
 *
 * Reads EDGES once. Runs rf_leiden over the whole graph in one round, with all processors and with
 * one, and rf_cluster as the command calls it (component by component, small ones many times, up
 * to 4,000,000 edges with a last sweep). Then, when asked to, igraph with 0 rounds (what making its
 * graph takes), 1 and 2 (its default), and unless =1 with 5 and until none helps. Everybody begins
 * with the arrays of edges. Each is run with seeds 1 to SEEDS and makes one line: wall and CPU
 * seconds and quality (modularity, or the sum of CPM over all edges' weight), each as median
 * [least-most]; the communities of the last seed; and with FILE, which has a header and lines
 * "node,community", their adjusted Rand index over the nodes that FILE names a community for.
 */
#include "graph/cluster.h"
#include "igraph_leiden.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef rf_status (*method)(const rf_leiden_input *, uint32_t *, uint32_t *, rf_error *);

/* ---- the truth ---- */

static const rf_edges *graph;
static uint32_t *truth; /* by node: a number from 1; 0: not known; NULL: nothing is known */
static uint32_t truths;

static int by_text(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;
    return strcmp(*a, *b);
}

/* The place of a text in ascending ones, or count. */
static size_t place_of(const char *text, char *const *texts, size_t count)
{
    char *const *at = bsearch(&text, texts, count, sizeof *texts, by_text);
    return at == NULL ? count : (size_t)(at - texts);
}

static char *copy_text(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy == NULL) {
        exit(1);
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* The lines that name a community, its two columns one after the other. */
static size_t read_pairs(const char *path, char ***columns)
{
    char line[4096];
    size_t count = 0;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    *columns = NULL;
    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, file) != NULL) {
        size_t const first = strcspn(line, ",\r\n");
        size_t const second = strcspn(line + first + (line[first] == ','), ",\r\n");
        if (line[first] != ',' || second == 0) {
            continue;
        }
        if (!rf_reserve(columns, &room, 2 * count + 2, sizeof **columns)) {
            exit(1);
        }
        (*columns)[2 * count] = copy_text(line, first);
        (*columns)[2 * count++ + 1] = copy_text(line + first + 1, second);
    }
    (void)fclose(file);
    return count;
}

/* Texts in ascending order, for place_of: every `step`-th of `from`. */
static char **ascending(char *const *from, size_t count, size_t step)
{
    char **texts = malloc((count + 1) * sizeof *texts);
    if (texts == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = from[i * step];
    }
    qsort(texts, count, sizeof *texts, by_text);
    return texts;
}

static void read_truth(const char *path)
{
    char **columns;
    size_t const count = read_pairs(path, &columns);
    char **communities = ascending(columns + 1, count, 2);
    char **nodes = ascending(columns, count, 2);
    uint32_t *named = rf_alloc(count + 1, sizeof *named); /* by place in nodes */
    truth = rf_alloc(graph->nodes, sizeof *truth);
    if (truth == NULL || named == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < count; i++) {
        named[place_of(columns[2 * i], nodes, count)] =
            (uint32_t)place_of(columns[2 * i + 1], communities, count) + 1;
    }
    for (uint32_t v = 0; v < graph->nodes; v++) {
        size_t length;
        const char *name = rf_edges_name(graph, v, &length);
        char *copy = copy_text(name, length);
        truth[v] = named[place_of(copy, nodes, count)];
        free(copy);
    }
    truths = (uint32_t)count + 1; /* equal communities: bsearch finds the same place for all */
    rf_free(named);
    rf_free(columns);
}

static double pairs_of(const uint32_t *members, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)members[i] * (members[i] - 1.0) / 2;
    }
    return sum;
}

static int by_number(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Hubert and Arabie (1985). */
static double adjusted_rand(const uint32_t *community, uint32_t communities)
{
    uint64_t *both = rf_alloc(graph->nodes, sizeof *both);
    uint32_t *ours = rf_alloc(communities, sizeof *ours);
    uint32_t *theirs = rf_alloc(truths, sizeof *theirs);
    double together = 0;
    double expected;
    double a;
    double b;
    uint32_t n = 0;
    if (both == NULL || ours == NULL || theirs == NULL) {
        exit(1);
    }
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (truth[v] != 0) {
            both[n++] = (uint64_t)community[v] << 32 | truth[v];
            ours[community[v]]++;
            theirs[truth[v]]++;
        }
    }
    qsort(both, n, sizeof *both, by_number);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && both[end] == both[i]; end++) {
        }
        together += (double)(end - i) * (end - i - 1.0) / 2;
    }
    a = pairs_of(ours, communities);
    b = pairs_of(theirs, truths);
    expected = a * b / ((double)n * (n - 1.0) / 2);
    rf_free(both);
    rf_free(ours);
    rf_free(theirs);
    return (together - expected) / ((a + b) / 2 - expected);
}

/* ---- the runs ---- */

static double cpu_seconds(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void fail(const rf_error *err)
{
    (void)fprintf(stderr, "communities: %s\n", err->text);
    exit(1);
}

/* What one run showed. */
typedef struct figures {
    double wall, cpu, quality, index;
    uint32_t communities;
} figures;

static figures run_once(method find, const rf_leiden_input *in, double weight)
{
    rf_error err = {.status = RF_OK};
    rf_status status;
    uint32_t *community = rf_alloc(in->vertices, sizeof *community);
    figures f = {.wall = rf_seconds(), .cpu = cpu_seconds()};
    if (community == NULL || find(in, community, &f.communities, &err) != RF_OK) {
        fail(&err);
    }
    f.wall = rf_seconds() - f.wall;
    f.cpu = cpu_seconds() - f.cpu;
    f.quality = rf_leiden_quality(in, community, f.communities, &status, &err) / weight;
    f.index = truth == NULL ? 0 : adjusted_rand(community, f.communities);
    rf_free(community);
    return f;
}

static int by_size(const void *left, const void *right)
{
    double const a = *(const double *)left;
    double const b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_spread(const char *name, double *figure, size_t count, int decimals)
{
    qsort(figure, count, sizeof *figure, by_size);
    (void)printf("  %s %.*f [%.*f-%.*f]", name, decimals, figure[count / 2], decimals, figure[0],
                 decimals, figure[count - 1]);
}

static void run(const char *name, method find, rf_leiden_input in, double weight, size_t seeds)
{
    double *wall = rf_alloc(3 * seeds, sizeof *wall);
    double *cpu = wall + seeds;
    double *quality = cpu + seeds;
    figures f = {0};
    if (wall == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < seeds; i++) {
        in.seed = i + 1;
        f = run_once(find, &in, weight);
        wall[i] = f.wall;
        cpu[i] = f.cpu;
        quality[i] = f.quality;
    }
    (void)printf("%-8s threads %u rounds %2d", name, in.threads, in.iterations);
    print_spread("wall", wall, seeds, 3);
    print_spread("CPU", cpu, seeds, 3);
    print_spread("quality", quality, seeds, 7);
    (void)printf("  %u communities", f.communities);
    if (truth != NULL) {
        (void)printf("  ARI %.4f", f.index);
    }
    (void)printf("\n");
    (void)fflush(stdout);
    rf_free(wall);
}

/* rf_cluster as a method. */
static rf_cluster_settings settings;

static rf_status by_components(const rf_leiden_input *in, uint32_t *community,
                               uint32_t *communities, rf_error *err)
{
    double quality;
    settings.seed = in->seed;
    settings.threads = in->threads;
    return rf_cluster(graph, &settings, community, communities, &quality, err);
}

/* Weights of vertices: the sum of their edges', or 1 each; *total is that of all edges. */
static double *weigh_vertices(const rf_edges *e, bool alike, double *total)
{
    rf_error err = {.status = RF_OK};
    double *mass = rf_alloc(e->nodes, sizeof *mass);
    *total = 0;
    if (mass == NULL) {
        (void)rf_fail_memory(&err, "the weights of vertices");
        fail(&err);
    }
    for (uint64_t i = 0; i < e->count; i++) {
        *total += e->weight[i];
        mass[e->from[i]] += e->weight[i];
        mass[e->to[i]] += e->weight[i];
    }
    for (uint32_t v = 0; v < e->nodes && alike; v++) {
        mass[v] = 1;
    }
    return mass;
}

int main(int argc, char **argv)
{
    static const int rounds[] = {0, 1, 2, 5, -1};
    enum { LARGER = 4000000 }; /* as the command has it */
    rf_edges e;
    rf_error err = {.status = RF_OK};
    double started = rf_seconds();
    double weight = 0;
    bool cpm;
    rf_leiden_input in;
    double *mass;
    size_t igraph = 0; /* how many of `rounds` */
    size_t seeds;
    if (argc < 5) {
        (void)fprintf(stderr,
                      "usage: communities EDGES modularity|cpm RESOLUTION SEEDS [igraph|igraph=1]"
                      " [truth=FILE.csv]\n");
        return 2;
    }
    rf_memory_hoard(true); /* as the command has it */
    if (rf_edges_read(argv[1], &e, &err) != RF_OK) {
        fail(&err);
    }
    (void)printf("%u vertices, %llu edges, read in %.2f s\n", e.nodes, (unsigned long long)e.count,
                 rf_seconds() - started);
    cpm = strcmp(argv[2], "cpm") == 0;
    mass = weigh_vertices(&e, cpm, &weight);
    in = (rf_leiden_input){.vertices = e.nodes,
                           .edges = e.count,
                           .from = e.from,
                           .to = e.to,
                           .weight = e.weight,
                           .vertex_weight = mass,
                           .iterations = 1};
    in.resolution = strtod(argv[3], NULL) / (cpm ? 1 : 2 * weight);
    graph = &e;
    for (int i = 5; i < argc; i++) {
        if (strncmp(argv[i], "truth=", 6) == 0) {
            read_truth(argv[i] + 6);
        }
        igraph = strcmp(argv[i], "igraph") == 0     ? sizeof rounds / sizeof rounds[0]
                 : strcmp(argv[i], "igraph=1") == 0 ? 3
                                                    : igraph;
    }
    settings = (rf_cluster_settings){.objective = cpm ? RF_CPM : RF_MODULARITY,
                                     .resolution = strtod(argv[3], NULL),
                                     .iterations = 1,
                                     .polished = e.count <= LARGER};
    seeds = strtoul(argv[4], NULL, 10);
    for (unsigned threads = rf_processors(); threads > 0; threads = threads > 1 ? 1 : 0) {
        in.threads = threads;
        run("leiden", rf_leiden, in, weight, seeds);
        run("cluster", by_components, in, weight, seeds);
    }
    for (size_t i = 0; i < igraph; i++) {
        in.iterations = rounds[i];
        in.threads = 1;
        run("igraph", rf_igraph_leiden, in, weight, seeds);
    }
    rf_free(mass);
    rf_edges_free(&e);
    return 0;
}
