/* igraph_leiden.h - communities by igraph, against which our own are judged. */
#ifndef RF_TESTS_IGRAPH_LEIDEN_H
#define RF_TESTS_IGRAPH_LEIDEN_H

#include "graph/leiden.h"

/* As rf_leiden, with one thread; with 0 iterations it makes igraph's graph and leaves everybody
 * alone. Not from two threads at once: igraph as packaged by Debian keeps global state. */
RF_MUST_USE rf_status rf_igraph_leiden(const rf_leiden_input *input, uint32_t *community,
                                       uint32_t *communities, rf_error *err);

#endif
