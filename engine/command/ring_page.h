/* ring_page.h - everything `ringfence ring` says of one ring, read from the store.
 *
 * Texts live in the page's arena. Members are not read here: they may be many, so the command
 * streams them. Workload: one ring a call; index look-ups by (run, ring). O(members) for the
 * context and the days of use where the run has not counted them (rings/figures.h); of rings of
 * fewer than RF_COMMON_FROM members it never counts the context.
 */
#ifndef RF_COMMAND_RING_PAGE_H
#define RF_COMMAND_RING_PAGE_H

#include "base/memory.h"
#include "base/status.h"
#include "rings/allowed.h"
#include "store/decisions.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { RF_PAGE_ATTRIBUTES = 6, RF_PAGE_COMMON = 3, RF_PAGE_NETWORK = 20 };

typedef struct rf_page_part {
    const char *name;
    double bits;
    double observed; /* NAN when there is no single figure */
    double expected;
    const char *note;
} rf_page_part;

typedef struct rf_page_attribute {
    const char *name; /* "funding" */
    const char *text;
} rf_page_attribute;

typedef struct rf_page_evidence {
    int64_t rank, members, holders;
    const char *signal;
    const char *value;
    double bits;
    int32_t first_day, last_day; /* RF_NO_DAY when not known */
    rf_page_attribute attribute[RF_PAGE_ATTRIBUTES];
    size_t attributes;
} rf_page_evidence;

/* One of the most frequent texts of a context column among the members. */
typedef struct rf_page_common {
    const char *what; /* "country", "timezone", "email_domain" */
    const char *text;
    int64_t accounts;
    double share; /* of the members for which it is known */
} rf_page_common;

typedef struct rf_page_neighbour {
    int64_t ring, size;
    double score;
    bool flagged;
} rf_page_neighbour;

typedef struct rf_ring_page {
    rf_arena arena;
    int64_t run, ring, network, size, cells, links, requests, core, bridges, fringe;
    int64_t shuffles;         /* of the run */
    double flagged_from;      /* the score the run asked for; NAN when not known */
    int64_t neighbours_total; /* other rings of the network; the first are in neighbour */
    int64_t active_days;      /* from the first to the last day of use, 0 when not known */
    int64_t first_created, last_created;
    bool counted;  /* the run tells roles, days of use and half of the sign-ups */
    bool dated;    /* all requests of a counted ring have a day */
    int64_t *born; /* when members were created, ascending, where known; empty when counted */
    size_t borns, born_room;
    int64_t half_first, half_last; /* the shortest time in which half of them were created */
    double link_bits, score;
    double inner_bits, q;   /* NAN when not known */
    bool flagged;           /* and not quiet: see store/decisions.h */
    rf_left_outs left_out;  /* allowed values that members share */
    rf_standings standings; /* the decision on it, if any */
    const char *key;
    const char *looks_like;
    rf_page_part *part; /* largest |bits| first */
    size_t parts, part_room;
    rf_page_evidence *evidence; /* strongest first */
    size_t evidences, evidence_room;
    rf_page_common *common;
    size_t commons, common_room;
    rf_page_neighbour neighbour[RF_PAGE_NETWORK];
    size_t neighbours;
} rf_ring_page;

/* The ring that `id` means in a run: its number, or the beginning of its ring_key. RF_EINPUT when
 * there is none (naming a run that has it, if any) or when several begin so. O(log rings). */
RF_MUST_USE rf_status rf_find_ring(rf_store *store, int64_t run, const char *id, int64_t *ring,
                                   rf_error *err);

/* Reads the page of an existing ring; the caller ends it with rf_ring_page_free also on failure. */
RF_MUST_USE rf_status rf_ring_page_read(rf_store *store, int64_t run, int64_t ring,
                                        rf_ring_page *page, rf_error *err);
void rf_ring_page_free(rf_ring_page *page);

/* A figure or time of a row: NAN or RF_NO_TIME when it is NULL. */
double rf_ring_page_real(rf_statement *statement, int column);
int64_t rf_ring_page_time(rf_statement *statement, int column);

/* Requests per account a day over the days the ring was active; NAN when not known. */
double rf_ring_page_pace(const rf_ring_page *page);

#endif
