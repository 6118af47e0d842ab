/* ranking.c - all accounts by how suspect they are; see suspicion.h.
 *
 * What is read of accounts, members and rings lies in arrays by row id; then the links are gone
 * through once, in whatever order they are kept.
 */
#include "rings/suspicion.h"

#include "base/clock.h"

#include <math.h>

typedef struct reading {
    rf_store *store;
    int64_t run;
    uint64_t rows; /* account row ids below this */
    int32_t *quarter;
    uint32_t *ring; /* 0: in none */
    float *membership;
    rf_company *company;
    double *score; /* by ring */
    uint64_t rings;
    rf_suspicion_scale scale;
    rf_error *err;
} reading;

typedef void (*take_fn)(reading *r, rf_statement *row);

static rf_status read_rows(reading *r, const char *sql, bool of_run, take_fn take)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(r->store, sql, &select, r->err);
    if (status == RF_OK && of_run) {
        rf_bind_int(select, 1, r->run);
    }
    while (status == RF_OK && (status = rf_step(select, &row, r->err)) == RF_OK && row) {
        take(r, select);
    }
    rf_statement_end(select);
    return status;
}

static void take_sizes(reading *r, rf_statement *row)
{
    r->rows = (uint64_t)rf_column_int(row, 0) + 1;
    r->rings = (uint64_t)rf_column_int(row, 1) + 1;
}

static bool there(const reading *r, int64_t account)
{
    return account >= 0 && (uint64_t)account < r->rows;
}

static void take_account(reading *r, rf_statement *row)
{
    int64_t const id = rf_column_int(row, 0);
    if (there(r, id)) {
        r->quarter[id] = rf_column_kind(row, 1) == RF_NULL
                             ? RF_NO_QUARTER
                             : (int32_t)rf_quarter_of(rf_column_int(row, 1));
    }
}

static void take_ring(reading *r, rf_statement *row)
{
    int64_t const ring = rf_column_int(row, 0);
    if (ring > 0 && (uint64_t)ring < r->rings) {
        r->score[ring] = rf_column_real(row, 1);
    }
}

static void take_member(reading *r, rf_statement *row)
{
    int64_t const id = rf_column_int(row, 0);
    int64_t const ring = rf_column_int(row, 1);
    if (there(r, id) && ring > 0 && (uint64_t)ring < r->rings) {
        r->ring[id] = (uint32_t)ring;
        r->membership[id] = rf_column_kind(row, 2) == RF_NULL ? NAN : (float)rf_column_real(row, 2);
    }
}

static void meet(reading *r, int64_t account, int64_t other, double bits)
{
    rf_company *company = &r->company[account];
    uint32_t const ring = r->ring[other];
    rf_ties_add(&company->ties, r->quarter[account], r->quarter[other]);
    if (r->ring[account] == 0) {
        (void)rf_company_link(&r->scale, bits, ring, r->score[ring], company);
    }
}

static void take_link(reading *r, rf_statement *row)
{
    int64_t const a = rf_column_int(row, 0);
    int64_t const b = rf_column_int(row, 1);
    double const bits = rf_column_real(row, 2);
    if (there(r, a) && there(r, b)) {
        meet(r, a, b, bits);
        meet(r, b, a, bits);
    }
}

static rf_status make_room(reading *r)
{
    rf_status const status =
        read_rows(r,
                  "SELECT (SELECT max(id) FROM account), (SELECT max(ring) FROM ring "
                  "WHERE run = ?1)",
                  true, take_sizes);
    if (status != RF_OK) {
        return status;
    }
    r->quarter = rf_alloc_raw(r->rows, sizeof *r->quarter);
    r->ring = rf_alloc(r->rows, sizeof *r->ring);
    r->membership = rf_alloc(r->rows, sizeof *r->membership);
    r->company = rf_alloc(r->rows, sizeof *r->company);
    r->score = rf_alloc(r->rings, sizeof *r->score);
    if (r->quarter == NULL || r->ring == NULL || r->membership == NULL || r->company == NULL ||
        r->score == NULL) {
        return rf_fail_memory(r->err, "the ranks of the accounts");
    }
    for (uint64_t i = 0; i < r->rows; i++) {
        r->quarter[i] = RF_NO_QUARTER;
        r->company[i].best = -INFINITY;
    }
    return RF_OK;
}

static rf_status read_all(reading *r)
{
    rf_status status = make_room(r);
    if (status == RF_OK) {
        status = rf_suspicion_scale_read(r->store, r->run, RF_NO_QUARTER, &r->scale, r->err);
    }
    if (status == RF_OK) {
        status = read_rows(r, "SELECT id, created_at FROM account", false, take_account);
    }
    if (status == RF_OK) {
        status = read_rows(r, "SELECT ring, score FROM ring WHERE run = ?1", true, take_ring);
    }
    if (status == RF_OK) {
        status = read_rows(r, "SELECT account, ring, membership FROM member WHERE run = ?1", true,
                           take_member);
    }
    if (status == RF_OK) {
        status = read_rows(r, "SELECT account_a, account_b, bits FROM link WHERE run = ?1", true,
                           take_link);
    }
    return status;
}

rf_status rf_ranking_read(rf_store *store, int64_t run, rf_ranking *ranking, rf_error *err)
{
    reading r = {.store = store, .run = run, .err = err};
    rf_status status = read_all(&r);
    *ranking = (rf_ranking){.rows = r.rows};
    if (status == RF_OK) {
        ranking->bits = rf_alloc_raw(r.rows, sizeof *ranking->bits);
        ranking->kind = rf_alloc_raw(r.rows, sizeof *ranking->kind);
        if (ranking->bits == NULL || ranking->kind == NULL) {
            status = rf_fail_memory(err, "the ranks of the accounts");
        }
    }
    for (uint64_t i = 0; status == RF_OK && i < r.rows; i++) {
        rf_suspicion const s =
            rf_suspicion_weigh(&r.scale, r.quarter[i], r.ring[i], r.score[r.ring[i]],
                               (double)r.membership[i], &r.company[i]);
        ranking->bits[i] = (int32_t)lround(s.bits * 65536);
        ranking->kind[i] = (uint8_t)s.kind;
    }
    rf_suspicion_scale_free(&r.scale);
    rf_free(r.quarter);
    rf_free(r.ring);
    rf_free(r.membership);
    rf_free(r.company);
    rf_free(r.score);
    return status;
}

void rf_ranking_free(rf_ranking *ranking)
{
    rf_free(ranking->bits);
    rf_free(ranking->kind);
    *ranking = (rf_ranking){0};
}
