/* allow.c - see allow.h. */
#include "store/allow.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- prefixes ---- */

void rf_address_mask(rf_address *address, int bits)
{
    for (int i = 0; i < 16; i++) {
        int const left = bits - 8 * i;
        if (left <= 0) {
            address->bytes[i] = 0;
        } else if (left < 8) {
            address->bytes[i] = (uint8_t)(address->bytes[i] & (0xff << (8 - left)));
        }
    }
}

bool rf_prefix_parse(const char *text, rf_prefix *prefix)
{
    const char *slash = strchr(text, '/');
    char *end = NULL;
    long bits;
    *prefix = (rf_prefix){0};
    if (slash == NULL || slash[1] < '0' || slash[1] > '9' ||
        !rf_address_parse(text, (size_t)(slash - text), &prefix->address)) {
        return false;
    }
    bits = strtol(slash + 1, &end, 10);
    if (*end != '\0' || bits > (prefix->address.version == 4 ? 32 : 128)) {
        return false;
    }
    prefix->bits = (int)bits;
    rf_address_mask(&prefix->address, prefix->bits);
    return true;
}

bool rf_prefix_holds(const rf_prefix *prefix, const rf_address *address)
{
    rf_address masked = *address;
    rf_address_mask(&masked, prefix->bits);
    return address->version == prefix->address.version &&
           memcmp(masked.bytes, prefix->address.bytes, address->version == 4 ? 4 : 16) == 0;
}

/* ---- entries ---- */

static rf_status check_signal(rf_store *store, const char *signal, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(store, "SELECT 1 FROM signal WHERE name = ? AND role = 'link'", &select, err);
    if (status == RF_OK) {
        rf_bind_text(select, 1, signal);
        status = rf_step(select, &row, err);
    }
    rf_statement_end(select);
    if (status == RF_OK && !row) {
        status =
            rf_fail(err, RF_EINPUT,
                    "%s: there is no signal '%.100s' that joins accounts; there are instrument, "
                    "ip, device, template, phone, and those of import sightings --signal",
                    rf_store_path(store), signal);
    }
    return status;
}

rf_status rf_allow_canonical(rf_store *store, const char *signal, const char *text,
                             char out[RF_ALLOW_TEXT], rf_error *err)
{
    rf_address address;
    rf_prefix prefix;
    char form[RF_ADDRESS_TEXT];
    rf_status status = check_signal(store, signal, err);
    if (status != RF_OK) {
        return status;
    }
    if (strcmp(signal, "ip") == 0 && rf_prefix_parse(text, &prefix)) {
        (void)rf_address_format(&prefix.address, form);
        (void)snprintf(out, RF_ALLOW_TEXT, "%s/%d", form, prefix.bits);
    } else if (strcmp(signal, "ip") == 0 && rf_address_parse(text, strlen(text), &address)) {
        (void)rf_address_format(&address, out);
    } else if (strcmp(signal, "ip") == 0) {
        status = rf_fail(err, RF_EINPUT,
                         "'%.100s' is no address and no prefix of addresses (192.0.2.0/24)", text);
    } else if (text[0] == '\0' || strlen(text) >= RF_ALLOW_TEXT) {
        status = rf_fail(err, RF_EINPUT, "'%.100s' is no value: empty, or too long", text);
    } else {
        (void)snprintf(out, RF_ALLOW_TEXT, "%s", text);
    }
    return status;
}

rf_status rf_allow_find(rf_store *store, const char *signal, const char *value, int64_t *entry,
                        rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        store, "SELECT id FROM allow_latest WHERE signal = ? AND value = ?", &select, err);
    *entry = 0;
    if (status == RF_OK) {
        rf_bind_text(select, 1, signal);
        rf_bind_text(select, 2, value);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        *entry = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_allow_add(rf_store *store, const rf_allow_entry *entry, rf_error *err)
{
    rf_statement *insert = NULL;
    rf_status status =
        rf_prepare(store,
                   "INSERT INTO allow_entry (signal, value, action, reason, until, by_whom, at)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?)",
                   &insert, err);
    if (status == RF_OK) {
        rf_bind_text(insert, 1, entry->signal);
        rf_bind_text(insert, 2, entry->value);
        rf_bind_text(insert, 3, entry->remove ? "remove" : "allow");
        rf_bind_text(insert, 4, entry->reason);
        if (entry->until == RF_NO_DAY) {
            rf_bind_null(insert, 5);
        } else {
            rf_bind_int(insert, 5, entry->until);
        }
        rf_bind_text(insert, 6, entry->by);
        rf_bind_int(insert, 7, entry->at);
        status = rf_run(insert, err);
    }
    rf_statement_end(insert);
    return status;
}

/* ---- which values ---- */

typedef struct ranked_prefix {
    rf_prefix prefix;
    int64_t entry;
} ranked_prefix;

typedef struct finding {
    rf_allowed *value;
    size_t values, value_room;
    ranked_prefix *prefix; /* by version, longest first, then by address */
    size_t prefixes, prefix_room;
} finding;

static int by_prefix(const void *left, const void *right)
{
    const rf_prefix *a = &((const ranked_prefix *)left)->prefix;
    const rf_prefix *b = &((const ranked_prefix *)right)->prefix;
    if (a->address.version != b->address.version) {
        return a->address.version < b->address.version ? -1 : 1;
    }
    if (a->bits != b->bits) {
        return a->bits > b->bits ? -1 : 1;
    }
    return memcmp(a->address.bytes, b->address.bytes, sizeof a->address.bytes);
}

static rf_status add_value(finding *f, int64_t row, int64_t entry, rf_error *err)
{
    if (!rf_reserve(&f->value, &f->value_room, f->values + 1, sizeof *f->value)) {
        return rf_fail_memory(err, "the values that are allowed");
    }
    f->value[f->values++] = (rf_allowed){row, entry};
    return RF_OK;
}

/* Exact entries with their value, where the store has it, and prefixes, which have none. */
static rf_status read_entries(rf_store *store, finding *f, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT e.id, e.signal, e.value, v.id FROM allow_active e"
                                  " JOIN signal g ON g.name = e.signal"
                                  " LEFT JOIN value v ON v.signal = g.id AND v.text = e.value",
                                  &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        ranked_prefix one = {.entry = rf_column_int(select, 0)};
        if (rf_column_kind(select, 3) != RF_NULL) {
            status = add_value(f, rf_column_int(select, 3), one.entry, err);
        } else if (strcmp(rf_column_text(select, 1), "ip") == 0 &&
                   rf_prefix_parse(rf_column_text(select, 2), &one.prefix)) {
            if (!rf_reserve(&f->prefix, &f->prefix_room, f->prefixes + 1, sizeof *f->prefix)) {
                status = rf_fail_memory(err, "the prefixes that are allowed");
            } else {
                f->prefix[f->prefixes++] = one;
            }
        }
    }
    rf_statement_end(select);
    if (f->prefixes > 1) {
        qsort(f->prefix, f->prefixes, sizeof *f->prefix, by_prefix);
    }
    return status;
}

/* The longest prefix that holds the address, 0 for none: a search at each length there is. */
static int64_t entry_of(const finding *f, const rf_address *address)
{
    for (size_t i = 0; i < f->prefixes;) {
        ranked_prefix key = {.prefix = {*address, f->prefix[i].prefix.bits}};
        size_t end = i + 1;
        const ranked_prefix *found;
        while (end < f->prefixes && f->prefix[end].prefix.bits == f->prefix[i].prefix.bits &&
               f->prefix[end].prefix.address.version == f->prefix[i].prefix.address.version) {
            end++;
        }
        rf_address_mask(&key.prefix.address, key.prefix.bits);
        found = f->prefix[i].prefix.address.version == address->version
                    ? bsearch(&key, f->prefix + i, end - i, sizeof *f->prefix, by_prefix)
                    : NULL;
        if (found != NULL) {
            return found->entry;
        }
        i = end;
    }
    return 0;
}

static rf_status read_addresses(rf_store *store, finding *f, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(
        store,
        "SELECT id, text FROM value WHERE signal = (SELECT id FROM signal WHERE name = 'ip')",
        &select, err);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        rf_address address = {0};
        int64_t entry = 0;
        if (rf_address_parse(rf_column_text(select, 1), rf_column_bytes(select, 1), &address)) {
            entry = entry_of(f, &address);
        }
        if (entry != 0) {
            status = add_value(f, rf_column_int(select, 0), entry, err);
        }
    }
    rf_statement_end(select);
    return status;
}

static int by_row(const void *left, const void *right)
{
    const rf_allowed *a = left;
    const rf_allowed *b = right;
    return (a->value_row > b->value_row) - (a->value_row < b->value_row);
}

rf_status rf_allow_values(rf_store *store, rf_allowed **out, uint32_t *count, rf_error *err)
{
    finding f = {0};
    rf_status status = read_entries(store, &f, err);
    size_t const exact = f.values;
    *out = NULL;
    *count = 0;
    if (exact > 1) {
        qsort(f.value, exact, sizeof *f.value, by_row);
    }
    if (status == RF_OK && f.prefixes > 0) {
        status = read_addresses(store, &f, err);
    }
    if (status == RF_OK && f.values > 0) { /* the exact entry is the one that is named */
        size_t kept = exact;
        for (size_t i = exact; i < f.values; i++) {
            if (exact == 0 ||
                bsearch(&f.value[i], f.value, exact, sizeof *f.value, by_row) == NULL) {
                f.value[kept++] = f.value[i];
            }
        }
        qsort(f.value, kept, sizeof *f.value, by_row);
        *count = (uint32_t)kept;
        *out = f.value;
        f.value = NULL;
    }
    rf_free(f.value);
    rf_free(f.prefix);
    return status;
}
