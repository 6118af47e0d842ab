/* ring_page.c - see ring_page.h. */
#include "command/ring_page.h"

#include "base/clock.h"
#include "rings/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which ring ---- */

static bool is_number(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 18 && strspn(text, "0123456789") == length;
}

static rf_status has_ring(rf_store *store, int64_t run, int64_t ring, bool *found, rf_error *err)
{
    rf_statement *statement = NULL;
    rf_status status =
        rf_prepare(store, "SELECT 1 FROM ring WHERE run = ? AND ring = ?", &statement, err);
    *found = false;
    if (status == RF_OK) {
        rf_bind_int(statement, 1, run);
        rf_bind_int(statement, 2, ring);
        status = rf_step(statement, found, err);
    }
    rf_statement_end(statement);
    return status;
}

/* The rings of this run whose key begins so; when there is none, the newest run that has one. */
static rf_status find_key(rf_store *store, int64_t run, const char *id, int64_t *ring,
                          int64_t *elsewhere, int64_t *found, rf_error *err)
{
    static const char SQL[] =
        "SELECT ring, run FROM ring WHERE ring_key >= ?1 AND ring_key < ?1 || char(1114111) "
        "ORDER BY run = ?2 DESC, run DESC LIMIT 2";
    rf_statement *statement = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, SQL, &statement, err);
    *found = 0;
    *elsewhere = 0;
    if (status == RF_OK) {
        rf_bind_text(statement, 1, id);
        rf_bind_int(statement, 2, run);
    }
    while (status == RF_OK && (status = rf_step(statement, &row, err)) == RF_OK && row) {
        if (rf_column_int(statement, 1) == run) {
            *ring = rf_column_int(statement, 0);
            (*found)++;
        } else if (*elsewhere == 0) {
            *elsewhere = rf_column_int(statement, 1);
        }
    }
    rf_statement_end(statement);
    return status;
}

rf_status rf_find_ring(rf_store *store, int64_t run, const char *id, int64_t *ring, rf_error *err)
{
    bool exists = false;
    int64_t found = 0;
    int64_t elsewhere = 0;
    rf_status status = RF_OK;
    *ring = 0;
    if (is_number(id)) {
        *ring = strtoll(id, NULL, 10);
        status = has_ring(store, run, *ring, &exists, err);
        if (status != RF_OK || exists) {
            return status;
        }
    }
    if (id[0] != '\0') {
        status = find_key(store, run, id, ring, &elsewhere, &found, err);
    }
    if (status != RF_OK || found == 1) {
        return status;
    }
    if (found > 1) {
        return rf_fail(err, RF_EINPUT,
                       "several rings of run %lld have a key that begins with '%.64s'; give more "
                       "of it",
                       (long long)run, id);
    }
    if (elsewhere != 0) {
        return rf_fail(err, RF_EINPUT, "run %lld has no ring '%.64s', but run %lld has: --run %lld",
                       (long long)run, id, (long long)elsewhere, (long long)elsewhere);
    }
    return rf_fail(err, RF_EINPUT, "run %lld has no ring '%.64s'; `ringfence rings` lists them",
                   (long long)run, id);
}

/* ---- reading ---- */

/* A copy of a column in the page's arena; NULL for NULL. A failed copy is found by *failed. */
static const char *text_at(rf_ring_page *page, rf_statement *statement, int column, bool *failed)
{
    const char *copy;
    if (rf_column_kind(statement, column) == RF_NULL) {
        return NULL;
    }
    copy = rf_arena_text(&page->arena, rf_column_text(statement, column),
                         rf_column_bytes(statement, column));
    *failed = *failed || copy == NULL;
    return copy;
}

double rf_ring_page_real(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? (double)NAN
                                                        : rf_column_real(statement, column);
}

int64_t rf_ring_page_time(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? RF_NO_TIME
                                                        : rf_column_int(statement, column);
}

static int32_t day_at(rf_statement *statement, int column)
{
    return rf_column_kind(statement, column) == RF_NULL ? RF_NO_DAY
                                                        : (int32_t)rf_column_int(statement, column);
}

typedef bool (*read_fn)(rf_ring_page *page, rf_statement *statement);

/* Runs a query with ?1 the run and ?2 the ring and hands each row to `read`, which says false when
 * memory ran out. */
static rf_status read_rows(rf_store *store, rf_ring_page *page, const char *sql, read_fn read,
                           rf_error *err)
{
    rf_statement *statement = NULL;
    bool row = true;
    rf_status status = rf_prepare(store, sql, &statement, err);
    if (status == RF_OK) {
        rf_bind_int(statement, 1, page->run);
        rf_bind_int(statement, 2, page->ring);
    }
    while (status == RF_OK && (status = rf_step(statement, &row, err)) == RF_OK && row) {
        if (!read(page, statement)) {
            status = rf_fail_memory(err, "the page of a ring");
        }
    }
    rf_statement_end(statement);
    return status;
}

static bool read_head(rf_ring_page *page, rf_statement *statement)
{
    bool failed = false;
    page->key = text_at(page, statement, 0, &failed);
    page->network = rf_column_int(statement, 1);
    page->size = rf_column_int(statement, 2);
    page->cells = rf_column_int(statement, 3);
    page->links = rf_column_int(statement, 4);
    page->link_bits = rf_column_real(statement, 5);
    page->score = rf_column_real(statement, 6);
    page->flagged = rf_column_int(statement, 7) != 0;
    page->looks_like = text_at(page, statement, 8, &failed);
    page->first_created = rf_ring_page_time(statement, 9);
    page->last_created = rf_ring_page_time(statement, 10);
    page->requests = rf_column_int(statement, 11);
    page->inner_bits = rf_ring_page_real(statement, 12);
    page->q = rf_ring_page_real(statement, 13);
    page->shuffles = rf_column_int(statement, 14);
    page->flagged_from = rf_ring_page_real(statement, 15);
    return !failed;
}

static bool read_roles(rf_ring_page *page, rf_statement *statement)
{
    page->core = rf_column_int(statement, 0);
    page->fringe = rf_column_int(statement, 1);
    page->bridges = rf_column_int(statement, 2);
    return true;
}

static bool read_days(rf_ring_page *page, rf_statement *statement)
{
    page->active_days = rf_column_int(statement, 0);
    return true;
}

static bool read_born(rf_ring_page *page, rf_statement *statement)
{
    if (!rf_reserve(&page->born, &page->born_room, page->borns + 1, sizeof *page->born)) {
        return false;
    }
    page->born[page->borns++] = rf_column_int(statement, 0);
    return true;
}

/* What the run counted. */
static bool read_figures(rf_ring_page *page, rf_statement *statement)
{
    page->counted = true;
    page->core = rf_column_int(statement, 0);
    page->fringe = rf_column_int(statement, 1);
    page->bridges = rf_column_int(statement, 2);
    page->half_first = rf_ring_page_time(statement, 3);
    page->half_last = rf_ring_page_time(statement, 4);
    page->active_days = rf_column_int(statement, 5); /* NULL: 0 */
    page->dated = rf_column_int(statement, 6) != 0;
    return true;
}

static bool read_part(rf_ring_page *page, rf_statement *statement)
{
    bool failed = false;
    rf_page_part *part;
    if (!rf_reserve(&page->part, &page->part_room, page->parts + 1, sizeof *page->part)) {
        return false;
    }
    part = &page->part[page->parts++];
    part->name = text_at(page, statement, 0, &failed);
    part->bits = rf_column_real(statement, 1);
    part->observed = rf_ring_page_real(statement, 2);
    part->expected = rf_ring_page_real(statement, 3);
    part->note = text_at(page, statement, 4, &failed);
    return !failed;
}

static bool read_evidence(rf_ring_page *page, rf_statement *statement)
{
    enum { FIRST_ATTRIBUTE = 8 };
    bool failed = false;
    rf_page_evidence *one;
    if (!rf_reserve(&page->evidence, &page->evidence_room, page->evidences + 1,
                    sizeof *page->evidence)) {
        return false;
    }
    one = &page->evidence[page->evidences++];
    *one = (rf_page_evidence){.rank = rf_column_int(statement, 0),
                              .members = rf_column_int(statement, 3),
                              .holders = rf_column_int(statement, 4),
                              .bits = rf_column_real(statement, 5),
                              .first_day = day_at(statement, 6),
                              .last_day = day_at(statement, 7)};
    one->signal = text_at(page, statement, 1, &failed);
    one->value = text_at(page, statement, 2, &failed);
    for (int i = FIRST_ATTRIBUTE; i < rf_column_count(statement); i++) {
        const char *text = text_at(page, statement, i, &failed);
        if (text != NULL && text[0] != '\0' && one->attributes < RF_PAGE_ATTRIBUTES) {
            const char *name = rf_column_name(statement, i);
            one->attribute[one->attributes].name = rf_arena_text(&page->arena, name, strlen(name));
            one->attribute[one->attributes].text = text;
            failed = failed || one->attribute[one->attributes].name == NULL;
            one->attributes++;
        }
    }
    return !failed;
}

static bool read_common(rf_ring_page *page, rf_statement *statement)
{
    bool failed = false;
    rf_page_common *common;
    if (!rf_reserve(&page->common, &page->common_room, page->commons + 1, sizeof *page->common)) {
        return false;
    }
    common = &page->common[page->commons++];
    common->what = text_at(page, statement, 0, &failed);
    common->text = text_at(page, statement, 1, &failed);
    common->accounts = rf_column_int(statement, 2);
    common->share = rf_column_real(statement, 3);
    return !failed;
}

static bool read_neighbour(rf_ring_page *page, rf_statement *statement)
{
    page->neighbours_total++;
    if (page->neighbours < RF_PAGE_NETWORK) {
        page->neighbour[page->neighbours++] =
            (rf_page_neighbour){.ring = rf_column_int(statement, 0),
                                .size = rf_column_int(statement, 1),
                                .score = rf_column_real(statement, 2),
                                .flagged = rf_column_int(statement, 3) != 0};
    }
    return true;
}

static const char EVIDENCE_SQL[] =
    "SELECT e.rank, g.name, v.text, e.members, e.holders, e.bits,"
    "       nullif(e.first_day, -1), nullif(e.last_day, -1),"
    "       i.kind AS kind, i.funding AS funding, i.country AS country, i.bin AS bin,"
    "       i.last4 AS last4, (SELECT d.prefix FROM address d WHERE d.value = v.id) AS prefix,"
    "       (SELECT nullif(d.scope, 'global') FROM address d WHERE d.value = v.id) AS scope,"
    "       f.form AS form, nullif(t.type, 'unknown') AS type "
    "FROM evidence e JOIN value v ON v.id = e.value JOIN signal g ON g.id = v.signal "
    "LEFT JOIN instrument i ON i.value = v.id "
    "LEFT JOIN device f ON f.value = v.id "
    "LEFT JOIN value_type t ON t.run = e.run AND t.value = e.value "
    "WHERE e.run = ?1 AND e.ring = ?2 ORDER BY e.rank";

/* The three most frequent texts of each context column, with their share among the known. */
static const char COMMON_SQL[] =
    "WITH fact AS MATERIALIZED ("
    "  SELECT a.country, a.timezone, a.email_domain FROM member m JOIN account a ON a.id = "
    "  m.account WHERE m.run = ?1 AND m.ring = ?2),"
    "told (place, what, text) AS ("
    "  SELECT 1, 'country', country FROM fact UNION ALL"
    "  SELECT 2, 'timezone', timezone FROM fact UNION ALL"
    "  SELECT 3, 'email_domain', email_domain FROM fact),"
    "counted AS ("
    "  SELECT place, what, text, count(*) AS accounts,"
    "         row_number() OVER (PARTITION BY place ORDER BY count(*) DESC, text) AS nth,"
    "         sum(count(*)) OVER (PARTITION BY place) AS known"
    "  FROM told WHERE text <> '' GROUP BY place, what, text)"
    "SELECT what, text, accounts, accounts * 1.0 / known FROM counted WHERE nth <= 3 "
    "ORDER BY place, nth";

static const char BORN_SQL[] =
    "SELECT a.created_at FROM member m JOIN account a ON a.id = m.account "
    "WHERE m.run = ?1 AND m.ring = ?2 AND a.created_at IS NOT NULL ORDER BY a.created_at";

static const char NEIGHBOUR_SQL[] = "SELECT ring, size, score, flagged FROM ring "
                                    "WHERE run = ?1 AND ring <> ?2 AND network = "
                                    "      (SELECT network FROM ring WHERE run = ?1 AND ring = ?2) "
                                    "ORDER BY score DESC, ring";

static const char FIGURES_SQL[] =
    "SELECT core, fringe, bridges, half_first, half_last, last_day - first_day + 1,"
    "       requests IS NOT NULL FROM ring_figures WHERE run = ?1 AND ring = ?2";

static const char COUNTED_COMMON_SQL[] =
    "SELECT kind, name, accounts, accounts * 1.0 / known FROM ring_common "
    "WHERE run = ?1 AND ring = ?2 "
    "ORDER BY kind = 'email_domain', kind = 'timezone', nth";

/* Whether a step is needed, by what was read before. */
static bool always(const rf_ring_page *page)
{
    (void)page;
    return true;
}

static bool uncounted(const rf_ring_page *page)
{
    return !page->counted;
}

static bool undated(const rf_ring_page *page)
{
    return !page->counted || !page->dated;
}

static bool has_common(const rf_ring_page *page)
{
    return page->counted && page->size >= RF_COMMON_FROM;
}

static bool wants_common(const rf_ring_page *page)
{
    return !has_common(page);
}

rf_status rf_ring_page_read(rf_store *store, int64_t run, int64_t ring, rf_ring_page *page,
                            rf_error *err)
{
    static const struct {
        const char *sql;
        read_fn read;
        bool (*needed)(const rf_ring_page *page);
    } STEPS[] = {
        {"SELECT ring_key, network, size, cells, links, link_bits, score, flagged, looks_like,"
         "       first_created, last_created, requests, inner_bits, q,"
         "       (SELECT shuffles FROM run WHERE id = ?1),"
         "       (SELECT flagged_from FROM run WHERE id = ?1) FROM ring WHERE run = ?1 AND ring = "
         "?2",
         read_head, always},
        {FIGURES_SQL, read_figures, always},
        {"SELECT count(*) FILTER (WHERE role <> 'fringe'), count(*) FILTER (WHERE role = 'fringe'),"
         "       count(*) FILTER (WHERE role = 'bridge') FROM member WHERE run = ?1 AND ring = ?2",
         read_roles, uncounted},
        {"SELECT max(u.day) - min(u.day) + 1 FROM member m "
         "CROSS JOIN activity u ON u.account = m.account WHERE m.run = ?1 AND m.ring = ?2 AND "
         "u.day >= 0",
         read_days, undated},
        {BORN_SQL, read_born, uncounted},
        {"SELECT part, bits, observed, expected, note FROM score_part "
         "WHERE run = ?1 AND ring = ?2 ORDER BY abs(bits) DESC, part",
         read_part, always},
        {EVIDENCE_SQL, read_evidence, always},
        {COUNTED_COMMON_SQL, read_common, has_common},
        {COMMON_SQL, read_common, wants_common},
        {NEIGHBOUR_SQL, read_neighbour, always},
    };
    rf_status status = RF_OK;
    *page =
        (rf_ring_page){.run = run, .ring = ring, .half_first = RF_NO_TIME, .half_last = RF_NO_TIME};
    for (size_t i = 0; status == RF_OK && i < sizeof STEPS / sizeof STEPS[0]; i++) {
        if (STEPS[i].needed(page)) {
            status = read_rows(store, page, STEPS[i].sql, STEPS[i].read, err);
        }
    }
    if (!page->counted) {
        rf_half_of(page->born, page->borns, &page->half_first, &page->half_last);
    }
    if (status == RF_OK) {
        status = rf_standings_read(store, run, ring, &page->standings, err);
    }
    if (status == RF_OK) {
        status = rf_left_out_of_ring(store, run, ring, &page->left_out, err);
    }
    if (status == RF_OK && page->standings.count > 0) {
        page->flagged = page->flagged && !page->standings.one[0].quiet;
    }
    return status;
}

void rf_ring_page_free(rf_ring_page *page)
{
    rf_free(page->part);
    rf_free(page->evidence);
    rf_free(page->common);
    rf_free(page->born);
    rf_left_outs_free(&page->left_out);
    rf_standings_free(&page->standings);
    rf_arena_free(&page->arena);
    *page = (rf_ring_page){0};
}

double rf_ring_page_pace(const rf_ring_page *page)
{
    return page->active_days > 0 && page->size > 0
               ? (double)page->requests / (double)page->size / (double)page->active_days
               : (double)NAN;
}
