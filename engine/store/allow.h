/* allow.h - values known to be good, and which values of the store they are.
 *
 * An entry names a signal and a value in canonical form, for the signal ip also a prefix of
 * addresses; it holds until a day, or without end. Entries are only added: a removal is an entry,
 * the latest on a value counts. From the next detection on, what is allowed is left out before
 * anything is learned. Of several entries that hold for a value the exact one, then the longest
 * prefix, is named.
 *
 * Workload: up to thousands of entries against millions of values. Exact entries are looked up, one
 * by one; with prefixes, every address is read once and tried at each length there is.
 */
#ifndef RF_STORE_ALLOW_H
#define RF_STORE_ALLOW_H

#include "base/address.h"
#include "base/memory.h"
#include "store/store.h"

enum { RF_ALLOW_TEXT = 512 }; /* the longest value, with its NUL */

/* A value of the store that is allowed. */
typedef struct rf_allowed {
    int64_t value_row;
    int64_t entry; /* allow_entry.id */
} rf_allowed;

/* A prefix of addresses, its bits beyond `bits` zero. */
typedef struct rf_prefix {
    rf_address address;
    int bits;
} rf_prefix;

/* Reads "192.0.2.0/24" or "2001:db8::/32"; false for anything else. Bits beyond the length are
 * cleared. */
bool rf_prefix_parse(const char *text, rf_prefix *prefix);
bool rf_prefix_holds(const rf_prefix *prefix, const rf_address *address);
/* Clears the bits of an address beyond `bits`. */
void rf_address_mask(rf_address *address, int bits);

/* Writes the canonical form of a value of a signal; RF_EINPUT when the store has no such link
 * signal or the value is none of its kind. */
RF_MUST_USE rf_status rf_allow_canonical(rf_store *store, const char *signal, const char *text,
                                         char out[RF_ALLOW_TEXT], rf_error *err);

/* The entry that counts for a canonical value, 0 when there is none; *expired whether its day is
 * past. */
RF_MUST_USE rf_status rf_allow_find(rf_store *store, const char *signal, const char *value,
                                    int64_t *entry, rf_error *err);

/* An entry to be added. */
typedef struct rf_allow_entry {
    const char *signal, *value; /* canonical */
    bool remove;
    const char *reason; /* "" for a removal without one */
    int32_t until;      /* RF_NO_DAY: no end */
    const char *by;
    int64_t at;
} rf_allow_entry;
RF_MUST_USE rf_status rf_allow_add(rf_store *store, const rf_allow_entry *entry, rf_error *err);

/* The values of the store that are allowed now (in a replay: then), by row; *out is freed with
 * rf_free. */
RF_MUST_USE rf_status rf_allow_values(rf_store *store, rf_allowed **out, uint32_t *count,
                                      rf_error *err);

#endif
