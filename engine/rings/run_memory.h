/* run_memory.h - what a run found on its way, kept for its updates: links, communities as they were
 * clustered, scores of rings that were judged, rings and members as they were written.
 *
 * Accounts are kept by their row, so that new ones may come between them.
 * Workload: millions of links, 10^5 members, 10^4 rings. Cost: O(of what is kept).
 */
#ifndef RF_RINGS_RUN_MEMORY_H
#define RF_RINGS_RUN_MEMORY_H

#include "rings/chance.h"
#include "rings/grow.h"
#include "rings/kept_links.h"
#include "rings/profile.h"
#include "store/results.h"

/* A ring that was judged, at whatever stage: with these members it has this score. */
typedef struct rf_judged {
    uint64_t members; /* rf_members_hash */
    double score;
    uint32_t final; /* 1: as it was written */
    uint32_t news;  /* of members since: see rings/update.h, in quarters */
} rf_judged;

/* A ring as it was written. */
typedef struct rf_kept_ring {
    uint32_t number, network, cells;
    uint32_t flagged; /* before decisions */
    int64_t life;
    uint64_t judged, links, requests;
    double score, link_bits, inner_bits, q;
    char key[24];
} rf_kept_ring;

typedef enum rf_kept_role { RF_KEPT_CORE, RF_KEPT_FRINGE, RF_KEPT_BRIDGE } rf_kept_role;

/* A member as it was written. */
typedef struct rf_kept_member {
    uint32_t row, ring, cell, network, links;
    uint32_t role; /* rf_kept_role */
    double bits;
    float membership;
    uint32_t account; /* its number in the population, once recalled */
} rf_kept_member;

typedef struct rf_run_memory {
    int64_t run,
        number;     /* the run, and its number in the ledger: of the last update, else the same */
    int64_t import; /* newest import that was taken in */
    int64_t account_row;   /* greatest account.id there was */
    uint32_t *ring, *cell; /* by account: communities as clustered; UINT32_MAX: none */
    rf_judged *judged;     /* ascending by members once recalled */
    size_t judgeds, judged_room;
    rf_kept_links links;
    rf_kept_ring *rings;
    size_t ring_count;
    rf_kept_member *members; /* by account */
    size_t member_count;
    uint32_t *kept_ring; /* by account, once recalled: 1 + its index in rings; 0: in none */
    uint32_t *kept_size; /* members by index in rings, once recalled */
    rf_chance chance;
    rf_habits habits; /* of a full run, or recalled */
    rf_rivals rivals; /* recalled; of a run itself they are kept apart */
} rf_run_memory;      /* all zero bytes is empty */

/* Notes the communities of *findings, just clustered. */
RF_MUST_USE rf_status rf_memory_note_communities(const rf_findings *findings, uint32_t accounts,
                                                 rf_run_memory *memory, rf_error *err);
/* Notes the scores of *findings, just judged. */
RF_MUST_USE rf_status rf_memory_note_scores(const rf_findings *findings, rf_run_memory *memory,
                                            rf_error *err);

/* Keeps what was noted, chance rings, and findings as they are written (links: kept_links.h); run,
 * number and import are those of *memory. In the transaction of the run. */
RF_MUST_USE rf_status rf_memory_keep(rf_store *store, const rf_population *population,
                                     const rf_findings *findings, const rf_chance *chance,
                                     const rf_rivals *rivals, const rf_run_memory *memory,
                                     rf_error *err);

/* The run and the newest import alone; *run is 0 when nothing is kept. */
RF_MUST_USE rf_status rf_memory_peek(rf_store *store, rf_run_memory *memory, rf_error *err);
/* All of it, under the numbers of the population. *good is false when it does not fit. The caller
 * ends *memory with rf_memory_free in any case. */
RF_MUST_USE rf_status rf_memory_recall(rf_store *store, const rf_population *population,
                                       rf_run_memory *memory, bool *good, rf_error *err);
/* NULL when no ring with these members was judged. O(log rings). */
const rf_judged *rf_memory_judged(const rf_run_memory *memory, uint64_t members);
/* The kept ring that more than half of the members were in, if any is, as kept_ring has it; *same
 * is how many were in it. O(size). */
uint32_t rf_memory_kept(const rf_run_memory *memory, const rf_member *members, uint32_t size,
                        uint32_t *same);
void rf_memory_free(rf_run_memory *memory);

#endif
