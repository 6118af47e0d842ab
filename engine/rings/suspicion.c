/* suspicion.c - see suspicion.h. */
#include "rings/suspicion.h"

#include "base/clock.h"

#include <math.h>

static double bounded(double bits)
{
    return fmax(-RF_SUSPICION_BOUND, fmin(bits, RF_SUSPICION_BOUND));
}

/* log2 odds that two things both hold, when each one's failing is rare or the rule. */
static double both(double one, double other)
{
    return -log2(exp2(-bounded(one)) + exp2(-bounded(other)));
}

/* ---- the scale ---- */

static const char BASE_SQL[] = "SELECT accounts, flagged, few, few_flagged FROM suspicion_base "
                               "WHERE run = ?1";
/* For runs that did not keep it. */
static const char OLD_BASE_SQL[] =
    "SELECT (SELECT accounts FROM run WHERE id = ?1), sum(size * flagged), sum(size <= ?2), "
    "sum(size <= ?2 AND flagged) FROM ring WHERE run = ?1";

static rf_status read_base(rf_store *store, const char *sql, int64_t run, rf_suspicion_scale *scale,
                           bool *found, rf_error *err)
{
    rf_statement *select = NULL;
    rf_status status = rf_prepare(store, sql, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        if (sql == OLD_BASE_SQL) {
            rf_bind_int(select, 2, RF_FEW_MEMBERS);
        }
        status = rf_step(select, found, err);
    }
    if (status == RF_OK && *found) {
        double const few = (double)rf_column_int(select, 2);
        double const few_flagged = (double)rf_column_int(select, 3);
        double share;
        scale->accounts = rf_column_int(select, 0);
        scale->flagged = rf_column_int(select, 1);
        share = ((double)scale->flagged + 1) / ((double)scale->accounts + 2);
        scale->anybody = log2(share / (1 - share));
        scale->pair = log2((few_flagged + share) / (few - few_flagged + 1 - share));
    }
    rf_statement_end(select);
    return status;
}

/* Adds a row of counts: ring 0 are all others, which come first. */
static bool take_timing(rf_suspicion_scale *scale, int64_t ring, int tied, int64_t level,
                        double accounts)
{
    if (level < 0 || level >= RF_TIMING_LEVELS) {
        return true;
    }
    if (ring == 0) {
        scale->bits[tied][level] = accounts;
        return true;
    }
    if (scale->rings == 0 || scale->ring[scale->rings - 1].ring != ring) {
        if (!rf_reserve(&scale->ring, &scale->ring_room, scale->rings + 1, sizeof *scale->ring)) {
            return false;
        }
        scale->ring[scale->rings++] = (rf_ring_timing){.ring = ring};
    }
    scale->ring[scale->rings - 1].bits[tied][level] = accounts;
    return true;
}

static rf_status read_timing(rf_store *store, int64_t run, rf_suspicion_scale *scale, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT ring, tied, level, accounts FROM signup_timing "
                                  "WHERE run = ?1 ORDER BY ring, tied, level",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int const tied = rf_column_int(select, 1) != 0 ? RF_TIMING_TIED : RF_TIMING_CROWD;
        int64_t const accounts = rf_column_int(select, 3);
        if (tied == RF_TIMING_CROWD) {
            scale->signups.all += (uint32_t)accounts; /* which counts everybody */
        }
        if (!take_timing(scale, rf_column_int(select, 0), tied, rf_column_int(select, 2),
                         (double)accounts)) {
            status = rf_fail_memory(err, "the times of sign-ups");
        }
    }
    rf_statement_end(select);
    return status;
}

/* Turns counts into bits, in place: those of each ring without what it adds itself. */
static void learn_timing(rf_suspicion_scale *scale, int kind)
{
    double members[RF_TIMING_LEVELS] = {0};
    double others[RF_TIMING_LEVELS];
    for (int i = 0; i < RF_TIMING_LEVELS; i++) {
        others[i] = scale->bits[kind][i];
    }
    for (size_t r = 0; r < scale->rings; r++) {
        double *own = scale->ring[r].bits[kind];
        double size = 0;
        for (int i = 0; i < RF_TIMING_LEVELS; i++) {
            size += own[i];
        }
        for (int i = 0; i < RF_TIMING_LEVELS && size > 0; i++) {
            own[i] *= rf_timing_witnesses(size) / size;
            members[i] += own[i];
        }
    }
    rf_timing_learn(members, others, scale->bits[kind]);
    for (size_t r = 0; r < scale->rings; r++) {
        double *own = scale->ring[r].bits[kind];
        double rest[RF_TIMING_LEVELS];
        for (int i = 0; i < RF_TIMING_LEVELS; i++) {
            rest[i] = fmax(0, members[i] - own[i]);
        }
        rf_timing_learn(rest, others, own);
    }
}

/* The quarter at one end, in the first or last day that has any. */
static rf_status read_end(rf_store *store, int64_t run, const char *sql, int64_t *quarter,
                          rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(store, sql, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row && rf_column_kind(select, 0) != RF_NULL) {
        *quarter = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_ends(rf_store *store, int64_t run, rf_signups *signups, rf_error *err)
{
    rf_status status;
    signups->highest = RF_NO_QUARTER;
    status = read_end(store, run,
                      "SELECT min(quarter) FROM signup_quarter WHERE run = ?1 AND day = "
                      "(SELECT min(day) FROM signup WHERE run = ?1)",
                      &signups->lowest, err);
    return status == RF_OK
               ? read_end(store, run,
                          "SELECT max(quarter) FROM signup_quarter WHERE run = ?1 AND day = "
                          "(SELECT max(day) FROM signup WHERE run = ?1)",
                          &signups->highest, err)
               : status;
}

static rf_status read_counts(rf_store *store, int64_t run, rf_signups *s, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT quarter, accounts FROM signup_quarter "
                                  "WHERE run = ?1 AND day BETWEEN ?2 AND ?3",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, s->first / RF_DAY_QUARTERS);
        rf_bind_int(select, 3, (s->first + s->quarters) / RF_DAY_QUARTERS);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int64_t const at = rf_column_int(select, 0) - s->first;
        if (at >= 0 && at < s->quarters) {
            s->before[at + 1] = (uint32_t)rf_column_int(select, 1);
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_signups(rf_store *store, int64_t run, int64_t quarter, rf_signups *signups,
                              rf_error *err)
{
    rf_signups *s = signups;
    int64_t last;
    rf_status status = read_ends(store, run, s, err);
    if (status != RF_OK) {
        return status;
    }
    s->first = s->lowest;
    last = s->highest;
    if (quarter != RF_NO_QUARTER) {
        s->first = quarter - RF_TIMING_AROUND > 0 ? quarter - RF_TIMING_AROUND : 0;
        last = quarter + RF_TIMING_AROUND;
    }
    s->quarters = (uint32_t)(last - s->first + 1);
    s->before = rf_alloc((size_t)s->quarters + 1, sizeof *s->before);
    status = s->before == NULL ? rf_fail_memory(err, "the times of sign-ups")
                               : read_counts(store, run, s, err);
    for (uint32_t i = 0; status == RF_OK && i < s->quarters; i++) {
        s->before[i + 1] += s->before[i];
    }
    return status;
}

rf_status rf_suspicion_scale_read(rf_store *store, int64_t run, int64_t quarter,
                                  rf_suspicion_scale *scale, rf_error *err)
{
    bool found = false;
    rf_status status;
    *scale = (rf_suspicion_scale){0};
    status = read_base(store, BASE_SQL, run, scale, &found, err);
    if (status == RF_OK && !found) {
        status = read_base(store, OLD_BASE_SQL, run, scale, &found, err);
    }
    if (status == RF_OK) {
        status = read_timing(store, run, scale, err);
    }
    if (status == RF_OK) {
        learn_timing(scale, RF_TIMING_CROWD);
        learn_timing(scale, RF_TIMING_TIED);
        status = read_signups(store, run, quarter, &scale->signups, err);
    }
    return status;
}

void rf_suspicion_scale_free(rf_suspicion_scale *scale)
{
    rf_signups_free(&scale->signups);
    rf_free(scale->ring);
    *scale = (rf_suspicion_scale){0};
}

/* ---- weighing ---- */

bool rf_company_link(const rf_suspicion_scale *scale, double link, int64_t ring, double score,
                     rf_company *company)
{
    double const other = ring != 0 ? score : scale->pair;
    double bits;
    if (fmin(link, other) <= company->best) {
        return false; /* both together are less than either */
    }
    bits = both(link, other);
    if (bits <= company->best) {
        return false;
    }
    company->best = bits;
    return true;
}

/* What a level is worth for a member of `ring`. */
static double bits_of(const rf_suspicion_scale *scale, int64_t ring, const rf_timing *timing)
{
    size_t low = 0;
    size_t high = scale->rings;
    while (low < high) {
        size_t const middle = low + (high - low) / 2;
        if (scale->ring[middle].ring < ring) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < scale->rings && scale->ring[low].ring == ring
               ? rf_timing_bits(scale->ring[low].bits[timing->kind], timing->level)
               : rf_timing_bits(scale->bits[timing->kind], timing->level);
}

rf_suspicion rf_suspicion_weigh(const rf_suspicion_scale *scale, int64_t quarter, int64_t ring,
                                double score, double membership, const rf_company *company)
{
    rf_suspicion out = {.kind = RF_SUSPICION_NONE, .anybody = scale->anybody};
    double own = -INFINITY;
    if (ring != 0) {
        out.kind = RF_SUSPICION_RING;
        own = both(score, isnan(membership) ? RF_SUSPICION_BOUND : membership);
    } else if (isfinite(company->best)) {
        out.kind = RF_SUSPICION_LINK;
        own = company->best;
    }
    if (out.kind != RF_SUSPICION_NONE) {
        out.company = log2(1 + exp2(own - out.anybody));
    }
    out.timing = rf_timing_of(&scale->signups, quarter, &company->ties);
    if (out.timing.known) {
        out.timing_bits = bits_of(scale, ring, &out.timing);
    }
    out.bits = out.anybody + out.company + out.timing_bits;
    return out;
}

/* ---- one account ---- */

static rf_status read_own(rf_store *store, int64_t run, int64_t account, rf_suspicion_page *page,
                          int64_t *quarter, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status =
        rf_prepare(store,
                   "SELECT a.created_at, m.ring, r.score, m.membership FROM account a "
                   "LEFT JOIN member m ON m.run = ?1 AND m.account = a.id "
                   "LEFT JOIN ring r ON r.run = ?1 AND r.ring = m.ring WHERE a.id = ?2",
                   &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, account);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row) {
        *quarter =
            rf_column_kind(select, 0) == RF_NULL ? -1 : rf_quarter_of(rf_column_int(select, 0));
        page->ring = rf_column_int(select, 1);
        page->score = rf_column_real(select, 2);
        page->membership =
            rf_column_kind(select, 3) == RF_NULL ? (double)NAN : rf_column_real(select, 3);
    }
    rf_statement_end(select);
    return status;
}

static const char LINKS_OF_SQL[] =
    "SELECT a.created_at, l.bits, m.ring, r.score FROM ("
    "  SELECT account_b AS other, bits FROM link WHERE run = ?1 AND account_a = ?2 "
    "  UNION ALL "
    "  SELECT k.account_a, k.bits FROM link_by_b b CROSS JOIN link k ON"
    "  k.run = b.run AND k.account_a = b.account_a AND k.account_b = b.account_b"
    "  WHERE b.run = ?1 AND b.account_b = ?2) l "
    "JOIN account a ON a.id = l.other "
    "LEFT JOIN member m ON m.run = ?1 AND m.account = l.other "
    "LEFT JOIN ring r ON r.run = ?1 AND r.ring = m.ring";

static rf_status read_company(rf_store *store, int64_t run, int64_t account, int64_t quarter,
                              const rf_suspicion_scale *scale, rf_suspicion_page *page,
                              rf_company *company, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    bool const alone = page->ring == 0;
    rf_status status = rf_prepare(store, LINKS_OF_SQL, &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, account);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        double const link = rf_column_real(select, 1);
        int64_t const ring = rf_column_int(select, 2);
        double const score = rf_column_real(select, 3);
        if (rf_column_kind(select, 0) != RF_NULL) {
            rf_ties_add(&company->ties, quarter, rf_quarter_of(rf_column_int(select, 0)));
        }
        if (alone && rf_company_link(scale, link, ring, score, company)) {
            page->ring = ring;
            page->score = ring != 0 ? score : scale->pair;
            page->link = link;
        }
    }
    rf_statement_end(select);
    return status;
}

rf_status rf_suspicion_explain(rf_store *store, int64_t run, int64_t account,
                               rf_suspicion_page *page, rf_error *err)
{
    rf_suspicion_scale scale = {0};
    rf_company company = {.best = -INFINITY};
    int64_t quarter = RF_NO_QUARTER;
    int64_t own = 0;
    rf_status status;
    *page = (rf_suspicion_page){0};
    status = read_own(store, run, account, page, &quarter, err);
    own = page->ring;
    if (status == RF_OK) {
        status = rf_suspicion_scale_read(store, run, quarter, &scale, err);
    }
    if (status == RF_OK) {
        status = read_company(store, run, account, quarter, &scale, page, &company, err);
    }
    if (status == RF_OK) {
        page->suspicion =
            rf_suspicion_weigh(&scale, quarter, own, page->score, page->membership, &company);
        page->accounts = scale.accounts;
        page->flagged = scale.flagged;
    }
    rf_suspicion_scale_free(&scale);
    return status;
}
