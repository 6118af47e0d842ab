/* igraph_leiden.c - see igraph_leiden.h; the only file that sees igraph. */
#include "igraph_leiden.h"

#include "base/memory.h"

#include <igraph.h>
#include <pthread.h>
#include <string.h>

enum { ROUNDS_AT_MOST = 100 };
#define RANDOMNESS 0.01 /* of the refinement; the authors' value */

static void quiet_igraph(void)
{
    igraph_set_error_handler(igraph_error_handler_ignore); /* the default aborts the process */
    igraph_set_warning_handler(igraph_warning_handler_ignore);
}

static rf_status igraph_failed(igraph_error_t code, rf_error *err)
{
    return code == IGRAPH_ENOMEM
               ? rf_fail_memory(err, "the communities")
               : rf_fail(err, RF_EINPUT, "community detection failed: %s", igraph_strerror(code));
}

/* Round after round while they help. Asked to do so itself, igraph 0.10 takes equal partitions for
 * changed ones on some small graphs and never ends. */
static igraph_error_t run_to_rest(const igraph_t *graph, const rf_leiden_input *input,
                                  const igraph_vector_t *weights,
                                  const igraph_vector_t *vertex_weights,
                                  igraph_vector_int_t *membership)
{
    igraph_real_t before = 0;
    for (int round = 0; round < ROUNDS_AT_MOST; round++) {
        igraph_real_t quality = 0;
        igraph_error_t const code =
            igraph_community_leiden(graph, weights, vertex_weights, input->resolution, RANDOMNESS,
                                    round > 0, 1, membership, NULL, &quality);
        if (code != IGRAPH_SUCCESS) {
            return code;
        }
        if (round > 0 && quality <= before) {
            break;
        }
        before = quality;
    }
    return IGRAPH_SUCCESS;
}

static igraph_error_t run_leiden(const rf_leiden_input *input, const igraph_vector_int_t *ends,
                                 const igraph_vector_t *weights,
                                 const igraph_vector_t *vertex_weights,
                                 igraph_vector_int_t *membership)
{
    igraph_t graph;
    igraph_error_t code = igraph_create(&graph, ends, (igraph_integer_t)input->vertices, false);
    if (code != IGRAPH_SUCCESS) {
        return code;
    }
    code = igraph_rng_seed(igraph_rng_default(), (igraph_uint_t)input->seed);
    if (code == IGRAPH_SUCCESS && input->iterations == 0) { /* the graph alone */
        code = igraph_vector_int_resize(membership, (igraph_integer_t)input->vertices);
        for (uint32_t v = 0; code == IGRAPH_SUCCESS && v < input->vertices; v++) {
            VECTOR(*membership)[v] = (igraph_integer_t)v;
        }
    } else if (code == IGRAPH_SUCCESS) {
        code = input->iterations >= 0
                   ? igraph_community_leiden(&graph, weights, vertex_weights, input->resolution,
                                             RANDOMNESS, false, input->iterations, membership, NULL,
                                             NULL)
                   : run_to_rest(&graph, input, weights, vertex_weights, membership);
    }
    igraph_destroy(&graph);
    return code;
}

rf_status rf_igraph_leiden(const rf_leiden_input *input, uint32_t *community, uint32_t *communities,
                           rf_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    igraph_vector_t weights;
    igraph_vector_t vertex_weights;
    igraph_vector_int_t ends;
    igraph_vector_int_t membership;
    igraph_integer_t *pairs = NULL;
    igraph_error_t code;
    if (input->edges == 0) {
        for (uint32_t v = 0; v < input->vertices; v++) {
            community[v] = v;
        }
        *communities = input->vertices;
        return RF_OK;
    }
    pairs = rf_alloc_raw(2 * input->edges, sizeof *pairs);
    if (pairs == NULL) {
        return rf_fail_memory(err, "the communities");
    }
    (void)pthread_once(&once, quiet_igraph);
    for (uint64_t i = 0; i < input->edges; i++) {
        pairs[2 * i] = (igraph_integer_t)input->from[i];
        pairs[2 * i + 1] = (igraph_integer_t)input->to[i];
    }
    (void)igraph_vector_int_view(&ends, pairs, (igraph_integer_t)(2 * input->edges));
    (void)igraph_vector_view(&weights, input->weight, (igraph_integer_t)input->edges);
    (void)igraph_vector_view(&vertex_weights, input->vertex_weight,
                             (igraph_integer_t)input->vertices);
    code = igraph_vector_int_init(&membership, 0);
    if (code == IGRAPH_SUCCESS) {
        code = run_leiden(input, &ends, &weights, &vertex_weights, &membership);
        for (uint32_t v = 0; code == IGRAPH_SUCCESS && v < input->vertices; v++) {
            community[v] = (uint32_t)VECTOR(membership)[v];
        }
        igraph_vector_int_destroy(&membership);
    }
    rf_free(pairs);
    if (code != IGRAPH_SUCCESS) {
        return igraph_failed(code, err);
    }
    return rf_renumber(community, input->vertices, input->vertices, communities, err);
}
