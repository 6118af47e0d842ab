/* communities.c - our communities against igraph's on one edge list, in one run.
 *
 *     communities EDGES modularity|cpm RESOLUTION SEEDS [igraph]
 *
 * Reads EDGES once. Runs rf_leiden over the whole graph with all processors and with one, two
 * rounds, SEEDS times; then, when asked to, igraph once with one round. One line a run: wall
 * seconds, CPU seconds, quality (modularity, or the sum of CPM over all edges' weight),
 * communities; and for all seconds the time it took to read.
 */
#include "graph/edges.h"
#include "igraph_leiden.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/parallel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef rf_status (*method)(const rf_leiden_input *, uint32_t *, uint32_t *, rf_error *);

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

static void run(const char *name, method find, const rf_leiden_input *in, double weight)
{
    rf_error err = {.status = RF_OK};
    rf_status status;
    uint32_t *community = rf_alloc(in->vertices, sizeof *community);
    uint32_t communities = 0;
    double wall = rf_seconds();
    double cpu = cpu_seconds();
    double quality;
    if (community == NULL || find(in, community, &communities, &err) != RF_OK) {
        fail(&err);
    }
    wall = rf_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    quality = rf_leiden_quality(in, community, communities, &status, &err) / weight;
    (void)printf("%-10s seed %-4llu threads %u %8.2f s wall %8.2f s CPU  quality %.6f  %u "
                 "communities\n",
                 name, (unsigned long long)in->seed, in->threads, wall, cpu, quality, communities);
    (void)fflush(stdout);
    rf_free(community);
}

int main(int argc, char **argv)
{
    rf_edges e;
    rf_error err = {.status = RF_OK};
    double started = rf_seconds();
    double weight = 0;
    rf_leiden_input in;
    double *mass;
    if (argc < 5) {
        (void)fprintf(stderr,
                      "usage: communities EDGES modularity|cpm RESOLUTION SEEDS [igraph]\n");
        return 2;
    }
    if (rf_edges_read(argv[1], &e, &err) != RF_OK) {
        fail(&err);
    }
    (void)printf("%u vertices, %llu edges, read in %.2f s\n", e.nodes, (unsigned long long)e.count,
                 rf_seconds() - started);
    mass = rf_alloc(e.nodes, sizeof *mass);
    for (uint64_t i = 0; i < e.count && mass != NULL; i++) {
        weight += e.weight[i];
        mass[e.from[i]] += e.weight[i];
        mass[e.to[i]] += e.weight[i];
    }
    in = (rf_leiden_input){.vertices = e.nodes,
                           .edges = e.count,
                           .from = e.from,
                           .to = e.to,
                           .weight = e.weight,
                           .vertex_weight = mass,
                           .iterations = 1};
    in.resolution = strtod(argv[3], NULL);
    if (strcmp(argv[2], "cpm") == 0) {
        for (uint32_t v = 0; v < e.nodes; v++) {
            mass[v] = 1;
        }
    } else {
        in.resolution /= 2 * weight;
    }
    for (unsigned long seed = 1; seed <= strtoul(argv[4], NULL, 10); seed++) {
        in.seed = seed;
        in.threads = rf_processors();
        run("ringfence", rf_leiden, &in, weight);
        in.threads = 1;
        run("ringfence", rf_leiden, &in, weight);
    }
    if (argc > 5) {
        in.iterations = 1;
        in.seed = 1;
        run("igraph", rf_igraph_leiden, &in, weight);
    }
    rf_free(mass);
    rf_edges_free(&e);
    return 0;
}
