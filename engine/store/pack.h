/* pack.h - facts and links packed many a row, as schema/0015_packed_facts.sql and
 * 0021_packed_links.sql describe; private to engine/store.
 *
 * A row of the b-tree costs the database 200 ns, a number of a pack costs 10. Encoding: begin a
 * pack, add facts in key order until one does not fit or belongs to another, then take the columns
 * and the text. Decoding: read the numbers one by one.
 *
 * Invariant: every number is below 2^62, so that SQLite's json_each reads it as an integer; a fact
 * alone always fits. Workload: 10^7 facts, four a pack.
 */
#ifndef RF_STORE_PACK_H
#define RF_STORE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_PACK_FACTS = 32, RF_PACK_TEXT = RF_PACK_FACTS * 20 + 4, RF_PACK_HOURS_BITS = 24 };

typedef struct rf_packed_sighting {
    uint32_t account;
    int32_t day;
    uint64_t times; /* > 0, below 2^62 */
} rf_packed_sighting;

/* Sightings of one value, ascending by account and day. All zero bytes is an empty pack. */
typedef struct rf_sighting_pack {
    uint32_t facts;
    uint32_t account, last;
    int32_t day, last_day;
    uint64_t most;
    rf_packed_sighting fact[RF_PACK_FACTS];
} rf_sighting_pack;

/* False, and nothing changed, when it does not fit. O(1). */
bool rf_sighting_pack_add(rf_sighting_pack *pack, rf_packed_sighting fact);
/* Writes the text of the column `packed`; its length. O(facts). */
size_t rf_sighting_pack_text(const rf_sighting_pack *pack, char out[RF_PACK_TEXT]);

/* Values of one account, ascending. */
typedef struct rf_holding_pack {
    uint32_t facts;
    uint32_t value[RF_PACK_FACTS];
} rf_holding_pack;

bool rf_holding_pack_add(rf_holding_pack *pack, uint32_t value);
size_t rf_holding_pack_text(const rf_holding_pack *pack, char out[RF_PACK_TEXT]);

typedef struct rf_packed_activity {
    uint32_t capability; /* 0: none */
    int32_t day;
    uint64_t events, requests; /* below 2^62 */
    uint32_t hours;            /* 24 bits */
} rf_packed_activity;

/* What one account did, ascending by capability and day. */
typedef struct rf_activity_pack {
    uint32_t facts;
    int32_t day, last_day;
    uint64_t events, last_events; /* least and greatest */
    uint64_t requests, last_requests;
    rf_packed_activity fact[RF_PACK_FACTS];
} rf_activity_pack;

bool rf_activity_pack_add(rf_activity_pack *pack, rf_packed_activity fact);
size_t rf_activity_pack_text(const rf_activity_pack *pack, char out[RF_PACK_TEXT]);

typedef struct rf_packed_link {
    uint32_t account_b;
    int32_t bits; /* in units of 1/65536 bit */
    uint8_t families;
} rf_packed_link;

/* Links of one account, ascending by the other; as schema/0021_packed_links.sql describes. */
typedef struct rf_link_pack {
    uint32_t facts;
    int32_t bits, last_bits; /* least and greatest */
    uint8_t families;        /* greatest */
    rf_packed_link fact[RF_PACK_FACTS];
} rf_link_pack;

bool rf_link_pack_add(rf_link_pack *pack, rf_packed_link fact);
size_t rf_link_pack_text(const rf_link_pack *pack, char out[RF_PACK_TEXT]);

/* The numbers of a text being read back. */
typedef struct rf_pack_numbers {
    const char *at;
    const char *end;
} rf_pack_numbers;

static inline rf_pack_numbers rf_pack_open(const char *text, size_t length)
{
    return (rf_pack_numbers){text, text + length};
}

/* The next number; false at the end, or where the text is not one of ours. */
static inline bool rf_pack_next(rf_pack_numbers *numbers, uint64_t *number)
{
    const char *at = numbers->at;
    uint64_t sum = 0;
    bool found = false;
    while (at < numbers->end && (unsigned char)(*at - '0') > 9) {
        at++;
    }
    for (; at < numbers->end && (unsigned char)(*at - '0') <= 9; at++) {
        sum = sum * 10 + (uint64_t)(*at - '0');
        found = true;
    }
    numbers->at = at;
    *number = sum;
    return found;
}

#endif
