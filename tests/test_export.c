/* test_export.c - exported files, read back by other people's readers: igraph for GraphML, jansson
 * for JSON; and files that appear whole or not at all. */
#include "base/atomic_file.h"
#include "base/memory.h"
#include "command/ring_graph.h"
#include "fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <igraph/igraph.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Accounts 5, values shared by two or more members: card-1, card-2, dev-1, tpl-1, 203.0.113.7.
 * Links 8; uses 4 + 2 + 5 + 3 + 5. */
enum { ACCOUNTS = 5, VALUES = 5, LINKS = 8, USES = 19 };

static int start(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    assert_non_null(made);
    fixture_start(made, 1);
    *state = made;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    free(*state);
    return 0;
}

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, text);
    }
}

static const char *path_of(const fixture *f, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", f->folder, name);
    return path;
}

static char *contents(const fixture *f, const char *name)
{
    char path[128];
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path_of(f, name, path), "rb");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    (void)fclose(file);
    return text;
}

static int export_to(fixture *f, const char *what, const char *name, const char *options)
{
    char arguments[512];
    (void)snprintf(arguments, sizeof arguments, "export %s --to '%s/%s' %s", what, f->folder, name,
                   options);
    return fixture_run(f, arguments);
}

static void assignments(void **state)
{
    fixture *f = *state;
    assert_int_equal(fixture_run(f, "export assignments --to -"), 0);
    assert_string_equal(f->output, "account_id,cell_id,ring_id,network_id,score,flagged\n"
                                   "'@s3,2,2,1,-4.250,0\n"
                                   "r1,1,1,1,23.400,1\n"
                                   "r2,1,1,1,23.400,1\n"
                                   "r3,1,1,1,23.400,1\n"
                                   "r4,1,1,1,23.400,1\n"
                                   "r5,1,1,1,23.400,1\n"
                                   "s1,2,2,1,-4.250,0\n"
                                   "s2,2,2,1,-4.250,0\n");
    assert_int_equal(fixture_run(f, "export assignments --raw --to -"), 0);
    contains(f->output, "\n@s3,2,2,1,");
    assert_int_equal(export_to(f, "assignments", "a.csv", ""), 0);
    contains(f->errors, "8 accounts in rings of run 1");
}

static void graphml_reads_back(void **state)
{
    fixture *f = *state;
    char path[128];
    igraph_t graph;
    FILE *file;
    int64_t with_weight = 0;
    assert_int_equal(export_to(f, "ring 1", "ring.graphml", ""), 0);
    contains(f->errors, "10 nodes, 27 edges");
    igraph_set_attribute_table(&igraph_cattribute_table);
    (void)igraph_set_error_handler(igraph_error_handler_ignore);
    file = fopen(path_of(f, "ring.graphml", path), "r");
    assert_non_null(file);
    assert_int_equal(igraph_read_graph_graphml(&graph, file, 0), IGRAPH_SUCCESS);
    (void)fclose(file);
    assert_int_equal(igraph_vcount(&graph), ACCOUNTS + VALUES);
    assert_int_equal(igraph_ecount(&graph), LINKS + USES);
    assert_false(igraph_is_directed(&graph));
    assert_string_equal(VAS(&graph, "id", 0), "account/r1");
    assert_string_equal(VAS(&graph, "label", 3), "r4");
    assert_string_equal(VAS(&graph, "status", 3), "banned");
    assert_string_equal(VAS(&graph, "created_at", 0), "2026-05-01T08:00:00Z");
    assert_true(VAN(&graph, "requests", 0) == 200);
    assert_true(VAB(&graph, "flagged", 0));
    assert_string_equal(VAS(&graph, "type", 5), "device");
    assert_true(GAN(&graph, "ring_id") == 1);
    assert_non_null(strstr(GAS(&graph, "parts"), "sign-up burst +14.000"));
    for (igraph_integer_t e = 0; e < igraph_ecount(&graph); e++) {
        with_weight += strcmp(EAS(&graph, "type", e), "link") == 0 && EAN(&graph, "weight", e) > 0;
    }
    assert_int_equal(with_weight, LINKS);
    igraph_destroy(&graph);
}

static void json_reads_back(void **state)
{
    fixture *f = *state;
    char path[128];
    json_t *root;
    json_t *nodes;
    json_t *edges;
    json_error_t error;
    assert_int_equal(export_to(f, "ring 1", "ring.json", ""), 0);
    root = json_load_file(path_of(f, "ring.json", path), 0, &error);
    assert_non_null(root);
    assert_true(json_is_false(json_object_get(root, "directed")));
    assert_true(json_is_false(json_object_get(root, "multigraph")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "graph"), "ring_id")),
                     1);
    nodes = json_object_get(root, "nodes");
    edges = json_object_get(root, "edges");
    assert_int_equal(json_array_size(nodes), ACCOUNTS + VALUES);
    assert_int_equal(json_array_size(edges), LINKS + USES);
    /* Every edge ends at nodes that are there. */
    for (size_t i = 0; i < json_array_size(edges); i++) {
        const char *target = json_string_value(json_object_get(json_array_get(edges, i), "target"));
        bool there = false;
        for (size_t k = 0; k < json_array_size(nodes); k++) {
            there =
                there || strcmp(json_string_value(json_object_get(json_array_get(nodes, k), "id")),
                                target) == 0;
        }
        assert_true(there);
    }
    json_decref(root);
}

static void csv_pair(void **state)
{
    fixture *f = *state;
    char *nodes;
    char *edges;
    assert_int_equal(export_to(f, "ring 2", "office.csv", ""), 0);
    contains(f->errors, "office.nodes.csv");
    nodes = contents(f, "office.nodes.csv");
    edges = contents(f, "office.csv");
    contains(nodes, "id,type,label,created_at,country,plan,status,role,cell,flagged,requests,");
    contains(nodes, "\naccount/@s3,account,'@s3,"); /* the label would be a formula */
    contains(nodes, "\nvalue/instrument/card-corp,instrument,card-corp,");
    contains(edges, "source,target,type,weight,families,times,first_seen,last_seen\n");
    contains(edges, "\naccount/@s3,account/s1,link,5,1,,,\n");
    contains(edges, "\naccount/s1,value/instrument/card-corp,instrument,,,1,2026-03-08,2026-03-08");
    free(nodes);
    free(edges);
    assert_int_equal(fixture_run(f, "export ring 2 --as csv --to -"), 2);
}

/* Texts that XML cannot hold, or that end it early. */
static void hostile_texts_stay_well_formed(void **state)
{
    fixture *f = *state;
    char path[128];
    igraph_t graph;
    FILE *file;
    fixture_sql(f, "UPDATE value SET text = 'a<b>&\"'']]>' || char(10) || char(1, 65535) ||"
                   " CAST(x'ff80' AS TEXT) WHERE id = 6;"
                   "UPDATE account SET country = '<!--' WHERE id = 1");
    assert_int_equal(export_to(f, "ring 1", "ring.graphml", ""), 0);
    igraph_set_attribute_table(&igraph_cattribute_table);
    (void)igraph_set_error_handler(igraph_error_handler_ignore);
    file = fopen(path_of(f, "ring.graphml", path), "r");
    assert_non_null(file);
    assert_int_equal(igraph_read_graph_graphml(&graph, file, 0), IGRAPH_SUCCESS);
    (void)fclose(file);
    assert_int_equal(igraph_vcount(&graph), ACCOUNTS + VALUES);
    assert_int_equal(igraph_ecount(&graph), LINKS + USES);
    assert_string_equal(VAS(&graph, "country", 0), "<!--");
    assert_string_equal(VAS(&graph, "label", 9),
                        "a<b>&\"']]>\n\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    igraph_destroy(&graph);
    assert_int_equal(export_to(f, "ring 1", "ring.gexf", ""), 0);
    assert_int_equal(export_to(f, "ring 1", "ring.json", ""), 0);
    {
        json_t *root = json_load_file(path_of(f, "ring.json", path), 0, NULL);
        assert_non_null(root);
        json_decref(root);
    }
}

static void gexf_declares_its_types(void **state)
{
    fixture *f = *state;
    char *text;
    assert_int_equal(export_to(f, "ring 1", "ring.gexf", ""), 0);
    text = contents(f, "ring.gexf");
    contains(text, "<gexf xmlns=\"http://www.gexf.net/1.2draft\" version=\"1.2\">");
    contains(text, "<attribute id=\"flagged\" title=\"flagged\" type=\"boolean\"/>");
    contains(text, "<edge id=\"0\" source=\"account/r1\" target=\"account/r2\" weight=\"12.5\">");
    contains(text, "</gexf>\n");
    free(text);
}

static int files_in(const char *folder)
{
    DIR *open = opendir(folder);
    int count = 0;
    assert_non_null(open);
    while (readdir(open) != NULL) {
        count++;
    }
    (void)closedir(open);
    return count;
}

static void failures_leave_nothing(void **state)
{
    fixture *f = *state;
    int before;
    char *kept;
    assert_int_equal(export_to(f, "ring 1", "ring.json", ""), 0);
    before = files_in(f->folder);
    assert_int_equal(export_to(f, "ring 9", "ring.json", ""), 1);
    contains(f->errors, "has no ring 9");
    assert_int_equal(files_in(f->folder), before);
    kept = contents(f, "ring.json");
    contains(kept, "\"ring_id\": 1");
    free(kept);
    assert_int_equal(export_to(f, "ring 1", "no-such-folder/ring.json", ""), 1);
    assert_int_equal(export_to(f, "ring 1", "ring.xyz", ""), 2);
    assert_int_equal(export_to(f, "ring x", "ring.json", ""), 2);
    assert_int_equal(export_to(f, "rings", "ring.json", ""), 2);
    assert_int_equal(fixture_run(f, "export assignments"), 2);
    assert_int_equal(files_in(f->folder), before);
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(fixture_run(f, "export assignments --to /dev/full"), 1);
        contains(f->errors, "/dev/full: could not be written in full");
    }
}

static void atomic_files_keep_modes_and_links(void **state)
{
    fixture *f = *state;
    char path[128];
    char link_path[128];
    struct stat found;
    rf_atomic_file file;
    rf_error err;
    (void)path_of(f, "kept.txt", path);
    (void)path_of(f, "link.txt", link_path);
    assert_int_equal(rf_atomic_open(path, &file, &err), RF_OK);
    assert_int_not_equal(access(path, F_OK), 0); /* not there yet */
    (void)fputs("one", file.file);
    assert_int_equal(rf_atomic_commit(&file, &err), RF_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink("kept.txt", link_path), 0);
    assert_int_equal(rf_atomic_open(link_path, &file, &err), RF_OK);
    (void)fputs("second", file.file);
    assert_int_equal(rf_atomic_commit(&file, &err), RF_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 6);
    assert_int_equal(found.st_mode & 0777, 0640);
    assert_int_equal(lstat(link_path, &found), 0);
    assert_true(S_ISLNK(found.st_mode));
    assert_int_equal(rf_atomic_open(f->folder, &file, &err), RF_EINPUT);
    assert_int_equal(rf_atomic_open(path, &file, &err), RF_OK);
    (void)fputs("given up", file.file);
    rf_atomic_drop(&file);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, 6);
}

static void memory_may_run_out(void **state)
{
    const fixture *f = *state;
    rf_store *store = NULL;
    rf_error err = {.status = RF_OK};
    bool done = false;
    assert_int_equal(rf_store_open(f->db, RF_STORE_READ, &store, &err), RF_OK);
    for (long n = 1; !done; n++) {
        rf_graph_output out = {.file = fopen("/dev/null", "w")};
        int64_t nodes = 0;
        int64_t edges = 0;
        rf_status status;
        assert_non_null(out.file);
        rf_memory_fail_after(n);
        status = rf_graph_write(store, 1, 1, &rf_node_link_format, &out, &nodes, &edges, &err);
        rf_memory_fail_after(0);
        done = status == RF_OK;
        assert_true(done || status == RF_ENOMEM);
        assert_true(!done || (nodes == ACCOUNTS + VALUES && edges == LINKS + USES));
        assert_in_range(n, 1, 1000);
        (void)fclose(out.file);
    }
    rf_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(assignments, start, end),
        cmocka_unit_test_setup_teardown(graphml_reads_back, start, end),
        cmocka_unit_test_setup_teardown(json_reads_back, start, end),
        cmocka_unit_test_setup_teardown(csv_pair, start, end),
        cmocka_unit_test_setup_teardown(hostile_texts_stay_well_formed, start, end),
        cmocka_unit_test_setup_teardown(gexf_declares_its_types, start, end),
        cmocka_unit_test_setup_teardown(failures_leave_nothing, start, end),
        cmocka_unit_test_setup_teardown(memory_may_run_out, start, end),
        cmocka_unit_test_setup_teardown(atomic_files_keep_modes_and_links, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
