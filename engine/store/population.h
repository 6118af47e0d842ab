/* population.h - all facts as plain arrays, read from the store once and sequentially.
 *
 * Numbering. Accounts are numbered by the bytes of their external_id, so that neither the order of
 * imported rows nor the interning of values changes any result. Values keep the order of the store,
 * which does depend on it: nothing may depend on the order of values (sums over values are taken
 * in integers, samples are drawn by account identities).
 *
 * Holdings. A *group* is what can join accounts: a value of a stable signal, or a value on one day
 * for a signal windowed by day. Only groups with two holders or more are kept; the groups of one
 * value stand side by side. Both directions are stored in compressed rows (start offsets + list).
 *
 * All is to be read in one state of the database, whatever others commit meanwhile: between
 * rf_snapshot_begin and rf_snapshot_end, by two threads when there are two connections.
 *
 * Workload: millions of accounts, tens of millions of sightings. Memory: 4 bytes a holding and
 * direction, about 100 bytes an account besides. Time: one pass over each table.
 */
#ifndef RF_STORE_POPULATION_H
#define RF_STORE_POPULATION_H

#include "base/memory.h"
#include "store/allow.h"
#include "store/store.h"

enum { RF_MAX_SIGNALS = 256, RF_MAX_FAMILIES = 64 };

typedef struct rf_signal {
    int64_t row; /* signal.id */
    const char *name;
    const char *family_name;
    uint8_t family; /* families are numbered by name */
    bool link;
    bool windowed;
} rf_signal;

/* A column of texts as codes: 0 is "not known", text[code] otherwise; codes rise with the bytes. */
typedef struct rf_coded {
    uint32_t *code;    /* one an account */
    const char **text; /* text[0] is "" */
    uint32_t texts;
} rf_coded;

typedef struct rf_capability_use {
    uint32_t capability; /* an index into rf_population.capability */
    uint32_t unused;     /* 0: in its place would be whatever was there, and be kept */
    uint64_t requests;
} rf_capability_use;

typedef enum rf_account_status {
    RF_STATUS_UNKNOWN,
    RF_STATUS_ACTIVE,
    RF_STATUS_SUSPENDED,
    RF_STATUS_BANNED,
    RF_STATUS_CLOSED
} rf_account_status;

typedef struct rf_population {
    rf_arena texts;

    uint32_t accounts;
    int64_t *account_row;     /* account.id */
    const char **external_id; /* ascending by bytes */
    uint64_t *identity;       /* a hash of external_id: what samples are drawn by */
    int64_t *created_at;      /* Unix seconds or RF_NO_TIME */
    uint8_t *status;          /* rf_account_status */
    uint64_t *mailbox;        /* a hash of email_key; 0: not known */
    rf_coded email_domain, country, timezone, plan, owner;

    /* usage, from events */
    uint64_t *requests;
    uint32_t *active_days;
    uint16_t *first_use, *last_use; /* days plus one; 0: none is known */
    uint8_t *undated;      /* 1: did something on a day that is not known, or after the year 2148 */
    uint16_t (*hours)[24]; /* days active in each hour (UTC), saturating; NULL when renewed: */
    uint64_t *hour_start;  /* accounts + 1 offsets into hour_use; both are asked by */
    uint16_t *hour_use;    /* rf_population_hours; days above five bits of the hour */
    uint64_t *capability_start; /* accounts + 1 offsets into capability_use */
    rf_capability_use *capability_use;
    const char **capability; /* names, ascending by bytes */
    uint32_t capabilities;

    /* what is held, by signal */
    rf_signal signal[RF_MAX_SIGNALS];
    uint32_t signals;
    uint32_t families;
    const char *family_name[RF_MAX_FAMILIES];
    uint64_t *observed; /* bit f: a link signal of family f was seen for the account */
    uint16_t
        *held[RF_MAX_SIGNALS]; /* distinct values of the signal, saturating; NULL when unused */
    uint8_t *prepaid; /* 1: holds a prepaid, virtual or gift instrument, 2: only such; 0: none */
    uint16_t *funded; /* instruments whose funding is known, saturating */
    uint16_t *unpaid; /* of these, prepaid or virtual, as imported, saturating */

    /* values with a link signal that have at least one group */
    uint32_t values;
    int64_t *value_row;          /* value.id */
    uint8_t *value_signal;       /* an index into signal */
    uint32_t *value_holders;     /* distinct accounts over all days */
    uint32_t *value_group_start; /* values + 1 offsets into groups */
    uint16_t *value_network;     /* of addresses, rf_address_network; 0: it is none */

    uint32_t groups;
    uint32_t *group_value;
    int32_t *group_day;    /* RF_NO_DAY for stable signals and undated sightings */
    uint64_t *group_start; /* groups + 1 offsets into holder */
    uint32_t *holder;      /* account numbers, ascending inside a group */

    uint64_t *account_start; /* accounts + 1 offsets into account_group */
    uint32_t *account_group; /* group numbers, ascending inside an account */

    rf_allowed *allowed; /* values left out because they are known to be good */
    uint32_t alloweds;

    uint64_t sightings;                   /* rows read */
    int64_t last_value;                   /* the greatest value.id */
    int32_t last_sighting, last_activity; /* the latest days; RF_NO_DAY when none is known */
} rf_population;

/* Reads everything, by a second thread too when `other` is not NULL. `override`, when not NULL, may
 * change signal[] (role, family, windowed) before holdings are built: that is how --config reaches
 * here. On success the caller owns *population and ends it with rf_population_free; on failure it
 * is freed. */
typedef rf_status (*rf_signal_override)(void *context, rf_signal *signals, uint32_t count,
                                        rf_error *err);
RF_MUST_USE rf_status rf_population_read(rf_store *store, rf_store *other,
                                         rf_signal_override override, void *context,
                                         rf_population *population, rf_error *err);
void rf_population_free(rf_population *population);

/* The accounts holding group g: pointer to the first and their number. O(1). */
static inline uint32_t rf_group_size(const rf_population *p, uint32_t group)
{
    return (uint32_t)(p->group_start[group + 1] - p->group_start[group]);
}
static inline const uint32_t *rf_group_holders(const rf_population *p, uint32_t group)
{
    return p->holder + p->group_start[group];
}
/* The signal of a group. O(1). */
static inline const rf_signal *rf_group_signal(const rf_population *p, uint32_t group)
{
    return &p->signal[p->value_signal[p->group_value[group]]];
}

/* Days active in each hour (UTC), saturating, of a population that was read or renewed. O(1). */
static inline void rf_population_hours(const rf_population *p, uint32_t account, uint16_t out[24])
{
    for (int h = 0; h < 24; h++) {
        out[h] = p->hours == NULL ? 0 : p->hours[account][h];
    }
    for (uint64_t i = p->hours == NULL ? p->hour_start[account] : 0;
         p->hours == NULL && i < p->hour_start[account + 1]; i++) {
        out[p->hour_use[i] & 31] = (uint16_t)(out[p->hour_use[i] & 31] + (p->hour_use[i] >> 5));
    }
}

/* The number of the family of this name, UINT32_MAX when there is none. O(families). */
uint32_t rf_family_named(const rf_population *population, const char *name);

/* The number of the account with this external_id, or UINT32_MAX. O(log n). */
uint32_t rf_population_find(const rf_population *population, const char *external_id);

#endif
