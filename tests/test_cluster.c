/* test_cluster.c - reading edge lists and finding their communities: every separator and header,
 * repeats and self-loops, errors that name their line, graphs whose answer is known, and a quality
 * computed again from an adjacency matrix. */
#include "fixture.h"

#include "base/memory.h"
#include "graph/cluster.h"
#include "import_support.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fixture sandbox_folder;

static int make_folder(void **state)
{
    (void)state;
    fixture_start(&sandbox_folder, 0);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    fixture_end(&sandbox_folder);
    return 0;
}

static void write_file(const char *name, const char *bytes, size_t length, char path[160])
{
    FILE *file;
    (void)snprintf(path, 160, "%s/%s", sandbox_folder.folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void read_text(const char *text, rf_edges *edges)
{
    char path[160];
    rf_error err = {.status = RF_OK};
    write_file("edges", text, strlen(text), path);
    if (rf_edges_read(path, edges, &err) != RF_OK) {
        fail_msg("%s", err.text);
    }
}

/* "a-b:1 b-c:2" in the order of the arrays. */
static void expect_edges(const char *text, const char *expected)
{
    rf_edges edges;
    char said[1024] = "";
    read_text(text, &edges);
    for (uint64_t i = 0; i < edges.count; i++) {
        size_t from_length;
        size_t to_length;
        const char *from = rf_edges_name(&edges, edges.from[i], &from_length);
        const char *to = rf_edges_name(&edges, edges.to[i], &to_length);
        size_t const used = strlen(said);
        (void)snprintf(said + used, sizeof said - used, "%s%.*s-%.*s:%g", i == 0 ? "" : " ",
                       (int)from_length, from, (int)to_length, to, edges.weight[i]);
    }
    assert_string_equal(said, expected);
    rf_edges_free(&edges);
}

static void expect_error(const char *text, const char *part)
{
    char path[160];
    rf_edges edges;
    rf_error err = {.status = RF_OK};
    write_file("bad", text, strlen(text), path);
    assert_int_equal(rf_edges_read(path, &edges, &err), RF_EINPUT);
    assert_null(edges.from);
    if (strstr(err.text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, err.text);
    }
}

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("%.17g is not %.17g", value, expected);
    }
}

/* ---- reading ---- */

static void every_separator_is_told(void **state)
{
    (void)state;
    expect_edges("a b\nb c\n", "a-b:1 b-c:1");
    expect_edges("  a   b \n b \t c", "a-b:1 b-c:1");
    expect_edges("a,b\nb,c\n", "a-b:1 b-c:1");
    expect_edges("a;b;2\nb;c;0.5\n", "a-b:2 b-c:0.5");
    expect_edges("a\tb\t2\nb\tc\t1e-3\n", "a-b:2 b-c:0.001");
    expect_edges("a one\tb, two\nb, two\tc\n", "a one-b, two:1 b, two-c:1");
    expect_edges("a , b, 2.5\r\nb, c , 1\r\n", "a-b:2.5 b-c:1");
    expect_edges("\xef\xbb\xbf"
                 "a,b\n",
                 "a-b:1");
    expect_edges("\"a\",\"b\"\n\"say \"\"x\"\"\",\"b\"\n", "a-b:1 b-say \"x\":1");
    expect_edges("\"a,1\",b,3\n", "a,1-b:3");
}

static void comments_and_empty_lines_are_skipped(void **state)
{
    (void)state;
    expect_edges("# about\n% more\n\n   \na b\n#x y\n %z\nb c\n", "a-b:1 b-c:1");
    expect_edges("", "");
    expect_edges("# nothing\n", "");
}

static void headers_are_told(void **state)
{
    (void)state;
    expect_edges("u v\na b\n", "a-b:1");
    expect_edges("Source,Target\na,b\n", "a-b:1");
    expect_edges("from\tto\tstrength\na\tb\t4\n", "a-b:4");
    expect_edges("x,y,weight\na,b,4\n", "a-b:4");
    expect_edges("source,target,type,weight\na,b,9,4\nb,c,9,2\n", "a-b:4 b-c:2");
    expect_edges("# first\nsrc dst\na b\n", "a-b:1");
    expect_edges("x y\na b\n", "x-y:1 a-b:1"); /* two words nobody knows are an edge */
    expect_edges("1,2,3\n2,3,4\n", "1-2:3 2-3:4");
    expect_edges("a,b\nu,v\n", "a-b:1 u-v:1"); /* only the first line can be one */
}

static void repeats_and_loops(void **state)
{
    rf_edges edges;
    (void)state;
    expect_edges("a b\nb a\na b\na c\n", "a-b:1 a-c:1");
    expect_edges("a b 1\nb a 2\na b 0.5\na c 1\n", "a-b:3.5 a-c:1");
    expect_edges("a a\na b\nb b\n", "a-b:1");
    read_text("z z\n7 8\n007 8\n", &edges);
    assert_int_equal(edges.nodes, 4); /* z, 7, 8 and 007, which is another */
    assert_int_equal(edges.count, 2);
    rf_edges_free(&edges);
}

static void errors_name_their_line(void **state)
{
    char path[160];
    rf_edges edges;
    rf_error err = {.status = RF_OK};
    (void)state;
    expect_error("a b 1\nb c 0\n", "bad:2: the weight '0'");
    expect_error("a b 1\n\nb c -3\n", "bad:3: the weight '-3'");
    expect_error("a b nan\n", "bad:1: the weight 'nan'");
    expect_error("a,b,1\nb,c,inf\n", "bad:2: the weight 'inf'");
    expect_error("a,b,1\nb,c,1e999\n", "1e999");
    expect_error("a,b,1\nb,c,0x10\n", "0x10");
    expect_error("a b 1\nb c much\n", "bad:2: the weight 'much'");
    expect_error("a b 1\nb c\n", "bad:2: no weight");
    expect_error("a b\nb c 1\n", "bad:2: a weight");
    expect_error("a b\nalone\n", "bad:2: 'alone' does not name two nodes");
    expect_error("a,b\n,c\n", "bad:2");
    expect_error("a,b,1e308\na,b,1e308\n", "infinity");
    expect_error("a,b,1e150\na,c,1e150\n", "more than 1e+150");
    (void)snprintf(path, sizeof path, "%s/missing", sandbox_folder.folder);
    assert_int_equal(rf_edges_read(path, &edges, &err), RF_EINPUT);
    assert_int_equal(rf_edges_read(sandbox_folder.folder, &edges, &err), RF_EINPUT);
}

/* Lines that straddle the reading blocks, and names of every kind, against what was written. */
static void long_files_come_back_whole(void **state)
{
    enum { LINES = 200000 };
    char path[160];
    FILE *file;
    rf_edges edges;
    rf_error err = {.status = RF_OK};
    uint64_t sum = 0;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/long", sandbox_folder.folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < LINES; i++) {
        (void)fprintf(file, "%d n%d %d\n", i % 70000000 * 331, i, 1 + i % 9);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rf_edges_read(path, &edges, &err), RF_OK);
    assert_int_equal(edges.nodes, 2 * LINES);
    assert_int_equal(edges.count, LINES);
    for (uint64_t i = 0; i < edges.count; i++) {
        char expected[32];
        size_t length;
        const char *name = rf_edges_name(&edges, edges.to[i], &length);
        (void)snprintf(expected, sizeof expected, "n%d", (int)i);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(name, expected, length);
        assert_true(edges.weight[i] == (double)(1 + i % 9));
        sum += edges.from[i];
    }
    assert_int_equal(sum, (uint64_t)LINES * (LINES - 1)); /* 0, 2, 4, ... */
    rf_edges_free(&edges);
}

static void failing_memory_is_told(void **state)
{
    char path[160];
    bool done = false;
    (void)state;
    write_file("memory", "a,b,1\nc,d,2\n5,6,1\n", 18, path);
    for (long n = 1; !done; n++) {
        rf_edges edges;
        uint32_t community[6];
        uint32_t communities;
        double quality;
        rf_cluster_settings const settings = {.resolution = 1, .seed = 1, .iterations = -1};
        rf_error err = {.status = RF_OK};
        rf_memory_fail_after(n);
        rf_status status = rf_edges_read(path, &edges, &err);
        if (status == RF_OK) {
            status = rf_cluster(&edges, &settings, community, &communities, &quality, &err);
        }
        rf_memory_fail_after(0);
        rf_edges_free(&edges);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        assert_in_range(n, 1, 5000);
    }
}

/* ---- communities ---- */

static rf_cluster_settings settings_of(rf_objective objective, double resolution, uint64_t seed)
{
    return (rf_cluster_settings){objective, resolution, seed, .iterations = -1, .threads = 2};
}

/* The definition, from an adjacency matrix. */
static double slow_quality(const rf_edges *e, rf_objective objective, double resolution,
                           const uint32_t *community)
{
    size_t const n = e->nodes;
    double *matrix = calloc(n * n, sizeof *matrix);
    double *strength = calloc(n, sizeof *strength);
    double both_ways = 0;
    double quality = 0;
    assert_non_null(matrix);
    assert_non_null(strength);
    for (uint64_t i = 0; i < e->count; i++) {
        matrix[e->from[i] * n + e->to[i]] += e->weight[i];
        matrix[e->to[i] * n + e->from[i]] += e->weight[i];
    }
    for (size_t v = 0; v < n; v++) {
        for (size_t w = 0; w < n; w++) {
            strength[v] += matrix[v * n + w];
        }
        both_ways += strength[v];
    }
    for (size_t v = 0; v < n; v++) {
        for (size_t w = 0; w < n; w++) {
            if (community[v] != community[w]) {
                continue;
            }
            if (objective == RF_MODULARITY) {
                quality +=
                    (matrix[v * n + w] - resolution * strength[v] * strength[w] / both_ways) /
                    both_ways;
            } else if (v < w) {
                quality += matrix[v * n + w] - resolution;
            }
        }
    }
    free(matrix);
    free(strength);
    return quality;
}

/* Clusters a text and checks what must hold for any; returns the number of communities. */
static uint32_t cluster_text(const char *text, rf_cluster_settings settings, uint32_t *community,
                             double *quality)
{
    rf_edges edges;
    rf_error err = {.status = RF_OK};
    uint32_t communities = 0;
    uint32_t size[64] = {0};
    read_text(text, &edges);
    assert_in_range(edges.nodes, 1, 64);
    assert_int_equal(rf_cluster(&edges, &settings, community, &communities, quality, &err), RF_OK);
    near(*quality, slow_quality(&edges, settings.objective, settings.resolution, community), 1e-9);
    for (uint32_t v = 0; v < edges.nodes; v++) {
        assert_true(community[v] < communities);
        size[community[v]]++;
    }
    for (uint32_t k = 0; k < communities; k++) {
        assert_true(size[k] > 0);
        assert_true(k == 0 || size[k] <= size[k - 1]);
    }
    rf_edges_free(&edges);
    return communities;
}

/* `count` cliques of `size` nodes; neighbours are joined by one edge when `joined`. */
static void write_cliques(char *text, size_t room, int count, int size, int joined)
{
    size_t at = 0;
    for (int c = 0; c < count; c++) {
        for (int i = 0; i < size; i++) {
            for (int j = i + 1; j < size; j++) {
                at += (size_t)snprintf(text + at, room - at, "c%dn%d c%dn%d\n", c, i, c, j);
            }
        }
    }
    for (int c = 0; joined && c + 1 < count; c++) {
        at += (size_t)snprintf(text + at, room - at, "c%dn0 c%dn0\n", c, c + 1);
    }
}

static void cliques_are_communities(void **state)
{
    static const rf_objective objectives[] = {RF_MODULARITY, RF_CPM};
    char text[8192];
    uint32_t community[64];
    double quality;
    (void)state;
    for (int o = 0; o < 2; o++) {
        double const g = objectives[o] == RF_CPM ? 0.3 : 1;
        write_cliques(text, sizeof text, 2, 6, 1);
        assert_int_equal(cluster_text(text, settings_of(objectives[o], g, 1), community, &quality),
                         2);
        for (int v = 0; v < 12; v++) {
            assert_int_equal(community[v], v / 6);
        }
        write_cliques(text, sizeof text, 8, 5, 1);
        assert_int_equal(cluster_text(text, settings_of(objectives[o], g, 1), community, &quality),
                         8);
        for (int v = 0; v < 40; v++) {
            assert_int_equal(community[v], v / 5);
        }
    }
    write_cliques(text, sizeof text, 2, 6, 0);
    assert_int_equal(cluster_text(text, settings_of(RF_MODULARITY, 1, 1), community, &quality), 2);
    near(quality, 0.5, 1e-12);
    assert_int_equal(cluster_text(text, settings_of(RF_CPM, 0.05, 1), community, &quality), 2);
    near(quality, 30 - 0.05 * 30, 1e-12);
}

static void larger_communities_come_first(void **state)
{
    uint32_t community[64];
    double quality;
    (void)state;
    assert_int_equal(cluster_text("a b\nz z\nc d\nd e\nc e\nf g\n",
                                  settings_of(RF_MODULARITY, 1, 1), community, &quality),
                     4);
    assert_int_equal(community[0], 1); /* a */
    assert_int_equal(community[2], 3); /* z */
    assert_int_equal(community[3], 0); /* c */
    assert_int_equal(community[6], 2); /* f */
}

/* Under cpm a component is clustered as if it were alone. */
static void components_do_not_see_each_other(void **state)
{
    unsigned long long seed = 5;
    (void)state;
    for (int round = 0; round < 10; round++) {
        char text[8192];
        uint32_t alone[64];
        uint32_t beside[64];
        double quality;
        size_t at = (size_t)snprintf(text, sizeof text, "v0 v1\n");
        for (int i = 0; i < 70; i++) {
            unsigned const a = random_below(&seed, 25);
            unsigned const b = random_below(&seed, 25);
            at += (size_t)snprintf(text + at, sizeof text - at, "v%u v%u\n", a, b);
        }
        (void)cluster_text(text, settings_of(RF_CPM, 0.3, 3), alone, &quality);
        (void)snprintf(text + at, sizeof text - at, "x1 x2\nx2 x3\nx3 x1\n");
        (void)cluster_text(text, settings_of(RF_CPM, 0.3, 3), beside, &quality);
        for (int v = 0; v < 20; v++) {
            for (int w = 0; w < 20; w++) {
                assert_int_equal(alone[v] == alone[w], beside[v] == beside[w]);
            }
        }
    }
}

/* Components whose nodes and edges come in turns: each is clustered by itself. */
static void interleaved_components_are_kept_apart(void **state)
{
    unsigned long long seed = 11;
    (void)state;
    for (uint32_t parts = 2; parts < 9; parts++) {
        char text[8192];
        uint32_t community[64];
        char names[64][8];
        uint32_t count = 0;
        double quality;
        size_t at = 0;
        rf_edges edges;
        for (uint32_t i = 0; i < 90; i++) {
            uint32_t const part = random_below(&seed, parts);
            at += (size_t)snprintf(text + at, sizeof text - at, "%c%u %c%u\n", (char)('a' + part),
                                   random_below(&seed, 7), (char)('a' + part),
                                   random_below(&seed, 7));
        }
        (void)cluster_text(text, settings_of(parts % 2 == 0 ? RF_CPM : RF_MODULARITY, 0.2, parts),
                           community, &quality);
        read_text(text, &edges);
        for (; count < edges.nodes; count++) {
            size_t length;
            const char *name = rf_edges_name(&edges, count, &length);
            (void)snprintf(names[count], sizeof names[0], "%.*s", (int)length, name);
            for (uint32_t v = 0; v < count; v++) {
                assert_true(names[v][0] == names[count][0] || community[v] != community[count]);
            }
        }
        rf_edges_free(&edges);
    }
}

static void the_quality_is_the_defined_one(void **state)
{
    unsigned long long seed = 77;
    (void)state;
    for (int round = 0; round < 30; round++) {
        char text[8192];
        uint32_t first[64];
        uint32_t second[64];
        double quality;
        double again;
        size_t at = 0;
        rf_cluster_settings const settings = settings_of(round % 2 == 0 ? RF_MODULARITY : RF_CPM,
                                                         0.25 * (1 + round % 5), (uint64_t)round);
        for (int i = 0; i < 120; i++) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%u %u %u.5\n",
                                   random_below(&seed, 40), random_below(&seed, 40),
                                   random_below(&seed, 9));
        }
        (void)cluster_text(text, settings, first, &quality);
        (void)cluster_text(text, settings, second, &again);
        assert_true(quality == again);
        assert_memory_equal(first, second, 30 * sizeof *first);
        assert_true(settings.objective == RF_CPM || quality >= 0);
    }
}

/* In densities of the graph: two triangles and a node, 6 edges on 21 pairs. */
static void cpm_may_be_relative_to_the_graph(void **state)
{
    static const char text[] = "a b\nb c\na c\nd e\ne f\nd f\ng g\n";
    static const double resolutions[] = {0.5, 2, 4};
    uint32_t community[64];
    (void)state;
    for (int i = 0; i < 3; i++) {
        rf_cluster_settings settings = settings_of(RF_CPM, resolutions[i], 1);
        rf_edges edges;
        rf_error err = {.status = RF_OK};
        uint32_t communities;
        double quality;
        settings.relative = true;
        read_text(text, &edges);
        assert_int_equal(rf_cluster(&edges, &settings, community, &communities, &quality, &err),
                         RF_OK);
        assert_int_equal(communities, resolutions[i] * 6 / 21 < 1 ? 3 : 7);
        near(quality, slow_quality(&edges, RF_CPM, resolutions[i] * 6 / 21, community), 1e-12);
        rf_edges_free(&edges);
    }
}

/* ---- the command ---- */

static json_t *run_cluster(const char *arguments)
{
    char command[512];
    json_t *json;
    (void)snprintf(command, sizeof command, "cluster '%s/edges' %s", sandbox_folder.folder,
                   arguments);
    assert_int_equal(fixture_run(&sandbox_folder, command), 0);
    json = json_loads(sandbox_folder.output, 0, NULL);
    assert_non_null(json);
    return json;
}

static void the_command_writes_and_reports(void **state)
{
    static const char *const keys[] = {"nodes",           "edges",   "read_seconds",
                                       "cluster_seconds", "quality", "communities"};
    char arguments[256];
    char text[4096];
    char path[160];
    json_t *json;
    (void)state;
    write_cliques(text, sizeof text, 2, 3, 0);
    write_file("edges", text, strlen(text), path);
    for (int f = 0; f < 3; f++) {
        static const char *const formats[] = {"table", "json", "csv"};
        (void)snprintf(arguments, sizeof arguments, "--format %s --to '%s/out.csv'", formats[f],
                       sandbox_folder.folder);
        json = run_cluster(arguments);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            assert_true(json_is_number(json_object_get(json, keys[k])));
        }
        assert_int_equal(json_integer_value(json_object_get(json, "nodes")), 6);
        assert_int_equal(json_integer_value(json_object_get(json, "edges")), 6);
        assert_int_equal(json_integer_value(json_object_get(json, "communities")), 2);
        near(json_number_value(json_object_get(json, "quality")), 0.5, 1e-12);
        json_decref(json);
    }
    (void)snprintf(arguments, sizeof arguments, "cluster - --objective cpm --to - <'%s/edges'",
                   sandbox_folder.folder);
    assert_int_equal(fixture_run(&sandbox_folder, arguments), 0);
    assert_string_equal(sandbox_folder.output, "node,community\nc0n0,0\nc0n1,0\nc0n2,0\n"
                                               "c1n0,1\nc1n1,1\nc1n2,1\n");
    json = json_loads(sandbox_folder.errors, 0, NULL);
    near(json_number_value(json_object_get(json, "resolution")), 0.05, 1e-12);
    assert_null(json_object_get(json, "relative"));
    json_decref(json);
    (void)snprintf(arguments, sizeof arguments,
                   "--objective cpm --relative --resolution 3 --to '%s/out.csv'",
                   sandbox_folder.folder);
    json = run_cluster(arguments); /* 6 edges on 15 pairs, three times that: more than an edge */
    assert_int_equal(json_integer_value(json_object_get(json, "communities")), 6);
    assert_true(json_is_true(json_object_get(json, "relative")));
    json_decref(json);
}

static void formulas_are_kept_from_spreadsheets(void **state)
{
    char arguments[256];
    char path[160];
    (void)state;
    write_file("edges", "-5 =1+1\n@a -5\n", 14, path);
    (void)snprintf(arguments, sizeof arguments, "cluster '%s' --to -", path);
    assert_int_equal(fixture_run(&sandbox_folder, arguments), 0);
    assert_string_equal(sandbox_folder.output, "node,community\n-5,0\n'=1+1,0\n'@a,0\n");
    (void)snprintf(arguments, sizeof arguments, "cluster '%s' --raw --to -", path);
    assert_int_equal(fixture_run(&sandbox_folder, arguments), 0);
    assert_string_equal(sandbox_folder.output, "node,community\n-5,0\n=1+1,0\n@a,0\n");
}

static void wrong_use_is_told(void **state)
{
    char arguments[256];
    char path[160];
    (void)state;
    write_file("edges", "a b 1\nb c zero\n", 15, path);
    assert_int_equal(fixture_run(&sandbox_folder, "cluster --to x.csv"), 2);
    assert_int_equal(fixture_run(&sandbox_folder, "cluster edges"), 2);
    assert_int_equal(fixture_run(&sandbox_folder, "cluster e --objective best --to x"), 2);
    assert_int_equal(fixture_run(&sandbox_folder, "cluster e --resolution -1 --to x"), 2);
    assert_int_equal(fixture_run(&sandbox_folder, "cluster e --relative --to x"), 2);
    (void)snprintf(arguments, sizeof arguments, "cluster '%s' --to '%s/none.csv'", path,
                   sandbox_folder.folder);
    assert_int_equal(fixture_run(&sandbox_folder, arguments), 1);
    assert_non_null(strstr(sandbox_folder.errors, "edges:2: the weight 'zero'"));
    (void)snprintf(path, sizeof path, "%s/none.csv", sandbox_folder.folder);
    assert_null(fopen(path, "rb")); /* nothing half-written */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_separator_is_told),
        cmocka_unit_test(comments_and_empty_lines_are_skipped),
        cmocka_unit_test(headers_are_told),
        cmocka_unit_test(repeats_and_loops),
        cmocka_unit_test(errors_name_their_line),
        cmocka_unit_test(long_files_come_back_whole),
        cmocka_unit_test(failing_memory_is_told),
        cmocka_unit_test(cliques_are_communities),
        cmocka_unit_test(larger_communities_come_first),
        cmocka_unit_test(components_do_not_see_each_other),
        cmocka_unit_test(interleaved_components_are_kept_apart),
        cmocka_unit_test(the_quality_is_the_defined_one),
        cmocka_unit_test(cpm_may_be_relative_to_the_graph),
        cmocka_unit_test(the_command_writes_and_reports),
        cmocka_unit_test(formulas_are_kept_from_spreadsheets),
        cmocka_unit_test(wrong_use_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
