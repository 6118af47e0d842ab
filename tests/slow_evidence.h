/* slow_evidence.h - the evidence of all pairs of a crowd, by the rules of evidence/worth.h,
 * calibration.h and pair.h, written down a second time in the most obvious way: a table of who
 * holds what, and loops over everything. The judge of the fast implementation. */
#ifndef RF_TESTS_SLOW_EVIDENCE_H
#define RF_TESTS_SLOW_EVIDENCE_H

#include "crowd.h"
#include "evidence/links.h"

enum { SLOW_GROUPS = 4 * CROWD_VALUES };

typedef struct slow_group {
    uint32_t value; /* of the crowd */
    int32_t day;    /* -1: all time, or not known */
    uint32_t size;
    uint8_t holds[CROWD_ACCOUNTS]; /* by rank */
} slow_group;

typedef struct slow_link {
    uint32_t a, b;
    long long bits;
    uint32_t families;
} slow_link;

typedef struct slow_hub {
    uint32_t value;
    int32_t day;
    double reliability;
    long long worth, star_bits;
    rf_hub_treatment treatment;
} slow_hub;

typedef struct slow_evidence {
    const crowd *c;
    rf_evidence_settings settings;
    double prior;
    uint32_t common;
    int one_family;
    uint32_t rank[CROWD_ACCOUNTS];        /* by account of the crowd */
    uint32_t account[CROWD_ACCOUNTS];     /* by rank */
    uint32_t signal_order[CROWD_SIGNALS]; /* rank of a signal by name */
    uint32_t family_of[CROWD_SIGNALS];
    uint32_t families;
    slow_group group[SLOW_GROUPS];
    uint32_t groups; /* by value, then day */
    uint32_t first_group[CROWD_VALUES];
    uint8_t uses[CROWD_VALUES][CROWD_ACCOUNTS]; /* on any day */
    uint64_t observed[CROWD_ACCOUNTS];
    uint32_t used[CROWD_ACCOUNTS];                   /* values */
    uint64_t shared[CROWD_ACCOUNTS][CROWD_ACCOUNTS]; /* families, below `common` */
    uint32_t shared_values[CROWD_ACCOUNTS][CROWD_ACCOUNTS];
    double chance[RF_MAX_FAMILIES], sensitivity[RF_MAX_FAMILIES];
    double ties[RF_MAX_FAMILIES][RF_MAX_FAMILIES], third[RF_MAX_FAMILIES][RF_MAX_FAMILIES];
    double bucket_examined[CROWD_SIGNALS][40], bucket_corroborated[CROWD_SIGNALS][40];
    double bucket[CROWD_SIGNALS][40];
    double examined[CROWD_VALUES], corroborated[CROWD_VALUES];
    slow_link link[CROWD_ACCOUNTS * CROWD_ACCOUNTS / 2];
    uint32_t links;
    slow_hub hub[SLOW_GROUPS];
    uint32_t hubs;
} slow_evidence;

/* Everything, on the heap; freed with free. `signal_row` gives the row id of each signal of the
 * crowd, on which samples depend. */
slow_evidence *slow_evidence_of(const crowd *c, const rf_evidence_settings *settings,
                                const int64_t *signal_row);
/* What one pair gets, and how many families count. */
long long slow_pair(const slow_evidence *e, uint32_t a, uint32_t b, uint32_t *families);

#endif
