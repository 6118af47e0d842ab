/* uses.c - see uses.h. */
#include "store/uses.h"

#include "base/memory.h"
#include "base/radix.h"
#include "store/pack.h"

#include <stdlib.h>

typedef struct numbers {
    uint64_t *number;
    size_t count, room;
} numbers;

static rf_status add(numbers *list, uint64_t number, rf_error *err)
{
    if (!rf_reserve(&list->number, &list->room, list->count + 1, sizeof *list->number)) {
        return rf_fail_memory(err, "what accounts used");
    }
    list->number[list->count++] = number;
    return RF_OK;
}

/* Ascending, each once. */
static rf_status put_in_order(numbers *list, rf_error *err)
{
    size_t kept = 0;
    if (!rf_sort_numbers(list->number, list->count)) {
        return rf_fail_memory(err, "what accounts used");
    }
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || list->number[i] != list->number[kept - 1]) {
            list->number[kept++] = list->number[i];
        }
    }
    list->count = kept;
    return RF_OK;
}

/* ---- what accounts hold ---- */

static rf_status add_holdings(rf_statement *select, uint32_t account, numbers *list, rf_error *err)
{
    bool row = true;
    rf_status status = RF_OK;
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint64_t const first = (uint64_t)rf_column_int(select, 0);
        rf_pack_numbers pack = rf_pack_open(rf_column_text(select, 1), rf_column_bytes(select, 1));
        for (uint64_t number; status == RF_OK && rf_pack_next(&pack, &number);) {
            status = add(list, (first + number) << 32 | account, err);
        }
    }
    return status;
}

rf_status rf_uses_held(rf_store *store, const int64_t *accounts, uint32_t accounts_count,
                       uint64_t **held, size_t *count, rf_error *err)
{
    numbers list = {0};
    rf_statement *select = NULL;
    rf_status status =
        rf_prepare(store, "SELECT value, packed FROM holding_pack WHERE account = ?", &select, err);
    for (uint32_t i = 0; i < accounts_count && status == RF_OK; i++) {
        rf_bind_int(select, 1, accounts[i]);
        status = add_holdings(select, i, &list, err);
    }
    rf_statement_end(select);
    if (status == RF_OK) {
        status = put_in_order(&list, err);
    }
    if (status != RF_OK) {
        rf_free(list.number);
        list = (numbers){0};
    }
    *held = list.number;
    *count = list.count;
    return status;
}

/* ---- who used a value ---- */

struct rf_uses {
    rf_statement *select;
    numbers found;
    rf_use_total *total;
    size_t totals, total_room;
};

rf_status rf_uses_open(rf_store *store, rf_uses **out, rf_error *err)
{
    rf_uses *uses = rf_alloc(1, sizeof *uses);
    rf_status status =
        uses == NULL
            ? rf_fail_memory(err, "what accounts used")
            : rf_prepare(
                  store,
                  "SELECT account, day, days, most, packed FROM sighting_pack WHERE value = ?",
                  &uses->select, err);
    if (status != RF_OK) {
        rf_uses_close(uses);
        uses = NULL;
    }
    *out = uses;
    return status;
}

void rf_uses_close(rf_uses *uses)
{
    if (uses != NULL) {
        rf_statement_end(uses->select);
        rf_free(uses->found.number);
        rf_free(uses->total);
        rf_free(uses);
    }
}

typedef rf_status (*take_fn)(rf_uses *uses, uint32_t account, int32_t day, int64_t times,
                             rf_error *err);

/* Every sighting of the value, pack by pack. */
static rf_status read_value(rf_uses *uses, int64_t value, take_fn take, rf_error *err)
{
    enum { ACCOUNT, DAY, DAYS, MOST, PACKED };
    rf_statement *select = uses->select;
    bool row = true;
    rf_status status = RF_OK;
    uses->found.count = 0;
    uses->totals = 0;
    rf_bind_int(select, 1, value);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        uint64_t const account = (uint64_t)rf_column_int(select, ACCOUNT);
        int64_t const day = rf_column_int(select, DAY);
        uint64_t const days = (uint64_t)rf_column_int(select, DAYS);
        uint64_t const most = (uint64_t)rf_column_int(select, MOST);
        bool const whole = days > 0 && most > 0;
        rf_pack_numbers pack =
            rf_pack_open(rf_column_text(select, PACKED), rf_column_bytes(select, PACKED));
        for (uint64_t number; status == RF_OK && whole && rf_pack_next(&pack, &number);) {
            uint64_t const when = number / most;
            status =
                take(uses, (uint32_t)(account + when / days),
                     (int32_t)(day + (int64_t)(when % days)), 1 + (int64_t)(number % most), err);
        }
    }
    return status;
}

static rf_status take_day(rf_uses *uses, uint32_t account, int32_t day, int64_t times,
                          rf_error *err)
{
    (void)times;
    return add(&uses->found, (uint64_t)(uint32_t)(day + 1) << 32 | account, err);
}

static rf_status take_account(rf_uses *uses, uint32_t account, int32_t day, int64_t times,
                              rf_error *err)
{
    (void)day;
    (void)times;
    return add(&uses->found, account, err);
}

static void put_to(rf_use_total *to, const rf_use_total *more)
{
    to->times += more->times;
    to->first =
        to->first < 0 || (more->first >= 0 && more->first < to->first) ? more->first : to->first;
    to->last = more->last > to->last ? more->last : to->last;
}

static rf_status take_total(rf_uses *uses, uint32_t account, int32_t day, int64_t times,
                            rf_error *err)
{
    rf_use_total const one = {account, day, day, times};
    if (uses->totals > 0 && uses->total[uses->totals - 1].account == account) {
        put_to(&uses->total[uses->totals - 1], &one);
        return RF_OK;
    }
    if (!rf_reserve(&uses->total, &uses->total_room, uses->totals + 1, sizeof *uses->total)) {
        return rf_fail_memory(err, "what accounts used");
    }
    uses->total[uses->totals++] = one;
    return RF_OK;
}

rf_status rf_uses_of_value(rf_uses *uses, int64_t value, const uint64_t **use, size_t *count,
                           rf_error *err)
{
    rf_status status = read_value(uses, value, take_day, err);
    if (status == RF_OK) {
        status = put_in_order(&uses->found, err);
    }
    *use = uses->found.number;
    *count = uses->found.count;
    return status;
}

static int by_account(const void *left, const void *right)
{
    const rf_use_total *a = left;
    const rf_use_total *b = right;
    return (a->account > b->account) - (a->account < b->account);
}

rf_status rf_uses_totals(rf_uses *uses, int64_t value, const rf_use_total **total, size_t *count,
                         rf_error *err)
{
    rf_status const status = read_value(uses, value, take_total, err);
    bool ascending = true;
    size_t kept = 0;
    for (size_t i = 1; i < uses->totals && ascending; i++) {
        ascending = uses->total[i - 1].account < uses->total[i].account;
    }
    if (!ascending) { /* several imports tell of it */
        qsort(uses->total, uses->totals, sizeof *uses->total, by_account);
        for (size_t i = 0; i < uses->totals; i++) {
            if (kept > 0 && uses->total[kept - 1].account == uses->total[i].account) {
                put_to(&uses->total[kept - 1], &uses->total[i]);
            } else {
                uses->total[kept++] = uses->total[i];
            }
        }
        uses->totals = kept;
    }
    *total = uses->total;
    *count = uses->totals;
    return status;
}

rf_status rf_uses_holders(rf_uses *uses, int64_t value, uint32_t *holders, rf_error *err)
{
    rf_status status = read_value(uses, value, take_account, err);
    if (status == RF_OK) {
        status = put_in_order(&uses->found, err);
    }
    *holders = (uint32_t)uses->found.count;
    return status;
}
