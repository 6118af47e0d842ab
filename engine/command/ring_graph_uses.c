/* ring_graph_uses.c - see ring_graph_uses.h. */
#include "command/ring_graph_uses.h"

#include "store/uses.h"

#include <stdlib.h>
#include <string.h>

static rf_status keep_text(rf_graph_uses *u, rf_statement *row, int column, rf_graph_text *out,
                           rf_error *err)
{
    out->length = rf_column_bytes(row, column);
    out->text = rf_arena_text(&u->texts, rf_column_text(row, column), out->length);
    return out->text == NULL ? rf_fail_memory(err, "the graph of a ring") : RF_OK;
}

static rf_status read_members(rf_store *store, int64_t run, int64_t ring, rf_graph_uses *u,
                              rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT a.id, a.external_id FROM member m JOIN account a ON a.id "
                                  "= m.account WHERE m.run = ?1 AND m.ring = ?2 "
                                  "ORDER BY a.external_id",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, ring);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        if (!rf_reserve(&u->row, &u->room[0], u->members + (size_t)1, sizeof *u->row) ||
            !rf_reserve(&u->id, &u->room[1], u->members + (size_t)1, sizeof *u->id)) {
            status = rf_fail_memory(err, "the graph of a ring");
            break;
        }
        u->row[u->members] = rf_column_int(select, 0);
        status = keep_text(u, select, 1, &u->id[u->members++], err);
    }
    rf_statement_end(select);
    return status;
}

static int by_account(const void *account, const void *total)
{
    int64_t const a = *(const int64_t *)account;
    int64_t const b = ((const rf_use_total *)total)->account;
    return (a > b) - (a < b);
}

/* The members in held[0 .. count) use the value that is last in u->value. */
static rf_status add_uses(rf_uses *reading, const uint64_t *held, size_t count, rf_graph_uses *u,
                          rf_error *err)
{
    rf_graph_value *value = &u->value[u->values - 1];
    const rf_use_total *total = NULL;
    size_t totals = 0;
    rf_status const status = rf_uses_totals(reading, value->row, &total, &totals, err);
    value->holders = (int64_t)totals;
    value->members = (int64_t)count;
    if (status != RF_OK) {
        return status;
    }
    if (!rf_reserve(&u->use, &u->room[3], u->count + count, sizeof *u->use)) {
        return rf_fail_memory(err, "the graph of a ring");
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t const member = (uint32_t)held[i];
        const rf_use_total *t = bsearch(&u->row[member], total, totals, sizeof *t, by_account);
        if (t != NULL) {
            u->use[u->count++] = (rf_graph_use){.member = member,
                                                .value = (uint32_t)u->values - 1,
                                                .first = t->first,
                                                .last = t->last,
                                                .times = t->times};
        }
    }
    return RF_OK;
}

/* Values of link signals that two or more members hold. */
static rf_status read_values(rf_store *store, rf_uses *reading, const uint64_t *held, size_t count,
                             rf_graph_uses *u, rf_error *err)
{
    rf_statement *select = NULL;
    rf_status status = rf_prepare(store,
                                  "SELECT g.name, v.text FROM value v CROSS JOIN signal g ON g.id "
                                  "= v.signal AND g.role = 'link' WHERE v.id = ?",
                                  &select, err);
    for (size_t first = 0, end; first < count && status == RF_OK; first = end) {
        bool row = false;
        for (end = first + 1; end < count && held[end] >> 32 == held[first] >> 32;) {
            end++;
        }
        if (end - first < 2) {
            continue;
        }
        rf_bind_int(select, 1, (int64_t)(held[first] >> 32));
        status = rf_step(select, &row, err);
        if (status == RF_OK && row) {
            rf_graph_value *value;
            if (!rf_reserve(&u->value, &u->room[2], u->values + 1, sizeof *u->value)) {
                status = rf_fail_memory(err, "the graph of a ring");
                break;
            }
            value = &u->value[u->values++];
            *value = (rf_graph_value){.row = (int64_t)(held[first] >> 32)};
            status = keep_text(u, select, 0, &value->signal, err);
            status = status == RF_OK ? keep_text(u, select, 1, &value->text, err) : status;
            rf_reset(select);
            status =
                status == RF_OK ? add_uses(reading, held + first, end - first, u, err) : status;
        }
    }
    rf_statement_end(select);
    return status;
}

/* ---- order ---- */

static int compare(rf_graph_text a, rf_graph_text b)
{
    int const order = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

typedef struct ranked {
    rf_graph_value value;
    uint32_t old;
} ranked;

static int by_text(const void *left, const void *right)
{
    const rf_graph_value *a = &((const ranked *)left)->value;
    const rf_graph_value *b = &((const ranked *)right)->value;
    int const order = compare(a->signal, b->signal);
    return order != 0 ? order : compare(a->text, b->text);
}

static int by_member(const void *left, const void *right)
{
    const rf_graph_use *a = left;
    const rf_graph_use *b = right;
    return a->member != b->member ? (a->member > b->member ? 1 : -1)
                                  : (a->value > b->value) - (a->value < b->value);
}

static rf_status put_in_order(rf_graph_uses *u, rf_error *err)
{
    ranked *order = rf_alloc_raw(u->values, sizeof *order);
    uint32_t *number = rf_alloc_raw(u->values, sizeof *number);
    if (order == NULL || number == NULL) {
        rf_free(order);
        rf_free(number);
        return rf_fail_memory(err, "the graph of a ring");
    }
    for (uint32_t v = 0; v < u->values; v++) {
        order[v] = (ranked){u->value[v], v};
    }
    if (u->values > 1) {
        qsort(order, u->values, sizeof *order, by_text);
    }
    for (uint32_t v = 0; v < u->values; v++) {
        u->value[v] = order[v].value;
        number[order[v].old] = v;
    }
    for (size_t i = 0; i < u->count; i++) {
        u->use[i].value = number[u->use[i].value];
    }
    if (u->count > 1) {
        qsort(u->use, u->count, sizeof *u->use, by_member);
    }
    rf_free(order);
    rf_free(number);
    return RF_OK;
}

rf_status rf_graph_uses_read(rf_store *store, int64_t run, int64_t ring, rf_graph_uses *uses,
                             rf_error *err)
{
    rf_uses *reading = NULL;
    uint64_t *held = NULL;
    size_t count = 0;
    rf_status status;
    *uses = (rf_graph_uses){0};
    status = read_members(store, run, ring, uses, err);
    if (status == RF_OK) {
        status = rf_uses_open(store, &reading, err);
    }
    if (status == RF_OK) {
        status = rf_uses_held(store, uses->row, uses->members, &held, &count, err);
    }
    if (status == RF_OK) {
        status = read_values(store, reading, held, count, uses, err);
    }
    if (status == RF_OK) {
        status = put_in_order(uses, err);
    }
    rf_free(held);
    rf_uses_close(reading);
    return status;
}

void rf_graph_uses_free(rf_graph_uses *uses)
{
    rf_arena_free(&uses->texts);
    rf_free(uses->row);
    rf_free(uses->id);
    rf_free(uses->value);
    rf_free(uses->use);
    *uses = (rf_graph_uses){0};
}
