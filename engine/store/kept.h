/* kept.h - what a run had in its hands, kept in the database as arrays.
 *
 * A part is a named array, squeezed (base/squeeze.h), written and read whole: at about the speed of
 * memory. Arrays are those of the machine that wrote them; the part RF_KEPT_FORMAT says of which
 * kind. They are a convenience: whoever reads them checks them, and begins anew where they do not
 * fit.
 *
 * Invariant: what is kept belongs to the latest run. Undoing an import forgets it.
 * Workload: some thirty arrays of up to some ten million elements; about 250 bytes an account, 80
 * as they are written.
 */
#ifndef RF_STORE_KEPT_H
#define RF_STORE_KEPT_H

#include "store/store.h"

/* Writes `count` elements of `size` bytes under a name, in place of what was there. Inside a
 * transaction of the caller. A part above 900 MB when squeezed is RF_EINPUT. O(bytes). */
RF_MUST_USE rf_status rf_kept_put(rf_store *store, const char *part, const void *elements,
                                  size_t count, size_t size, rf_error *err);

/* Reads a part of elements of `size` bytes: *out (the address of a pointer; rf_free) has *count of
 * them. A part that is not there, or damaged, or of other elements, has none. O(bytes). */
RF_MUST_USE rf_status rf_kept_get(rf_store *store, const char *part, size_t size, void *out,
                                  size_t *count, rf_error *err);

/* The same with room for `more` elements behind those read. */
RF_MUST_USE rf_status rf_kept_get_with_room(rf_store *store, const char *part, size_t size,
                                            size_t more, void *out, size_t *count, rf_error *err);

/* Forgets all parts, and the news that imports told for them. */
RF_MUST_USE rf_status rf_kept_forget(rf_store *store, rf_error *err);

#endif
