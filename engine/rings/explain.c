/* explain.c - see explain.h. */
#include "rings/explain.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

/* ---- accounts ---- */

enum { SUGGESTIONS = 3 };

/* Up to three ids that begin with the first `length` bytes of `id`, as "'a', 'b'". */
static rf_status list_alike(rf_store *store, const char *id, size_t length, rf_text *text,
                            rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    rf_status status = rf_prepare(store,
                                  "SELECT external_id FROM account WHERE external_id >= ? "
                                  "ORDER BY external_id LIMIT ?",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_text_static(select, 1, id, length);
        rf_bind_int(select, 2, SUGGESTIONS);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        if (strncmp(rf_column_text(select, 0), id, length) == 0) {
            rf_text_printf(text, "%s'%.100s'", text->length == 0 ? "" : ", ",
                           rf_column_text(select, 0));
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status unknown_account(rf_store *store, const char *id, rf_error *err)
{
    rf_text alike = {0};
    size_t length = strlen(id);
    rf_status status = RF_OK;
    while (status == RF_OK && length > 0 && alike.length == 0) {
        status = list_alike(store, id, length, &alike, err);
        length--;
        while (length > 0 && ((unsigned char)id[length] & 0xc0) == 0x80) {
            length--; /* never inside a character */
        }
    }
    if (status == RF_OK && alike.length > 0) {
        status = rf_fail(err, RF_EINPUT, "%s: there is no account '%.100s'; alike are %s",
                         rf_store_path(store), id, rf_text_get(&alike));
    } else if (status == RF_OK) {
        status =
            rf_fail(err, RF_EINPUT, "%s: there is no account '%.100s'", rf_store_path(store), id);
    }
    rf_text_free(&alike);
    return status;
}

rf_status rf_find_account(rf_store *store, const char *id, int64_t *row, rf_error *err)
{
    rf_statement *select = NULL;
    bool found = false;
    rf_status status =
        rf_prepare(store, "SELECT id FROM account WHERE external_id = ?", &select, err);
    *row = 0;
    if (status == RF_OK) {
        rf_bind_text(select, 1, id);
        status = rf_step(select, &found, err);
    }
    if (status == RF_OK && found) {
        *row = rf_column_int(select, 0);
    }
    rf_statement_end(select);
    return status == RF_OK && !found ? unknown_account(store, id, err) : status;
}

static const char *text_at(rf_arena *texts, rf_statement *select, int column, bool *failed)
{
    const char *copy;
    if (rf_column_kind(select, column) == RF_NULL) {
        return NULL;
    }
    copy = rf_arena_text(texts, rf_column_text(select, column), rf_column_bytes(select, column));
    *failed = *failed || copy == NULL;
    return copy;
}

static bool fill_account(rf_arena *texts, rf_statement *select, rf_explained_account *out)
{
    bool failed = false;
    out->id = text_at(texts, select, 0, &failed);
    out->created_at = rf_column_kind(select, 1) == RF_NULL ? RF_NO_TIME : rf_column_int(select, 1);
    out->country = text_at(texts, select, 2, &failed);
    out->plan = text_at(texts, select, 3, &failed);
    out->status = text_at(texts, select, 4, &failed);
    out->email_domain = text_at(texts, select, 5, &failed);
    out->requests = rf_column_int(select, 6);
    out->active_days = rf_column_int(select, 7);
    out->ring = rf_column_int(select, 8);
    out->ring_key = text_at(texts, select, 9, &failed);
    out->looks_like = text_at(texts, select, 10, &failed);
    out->role = text_at(texts, select, 11, &failed);
    out->cell = rf_column_int(select, 12);
    out->ring_size = rf_column_int(select, 13);
    out->links = rf_column_int(select, 14);
    out->bits = rf_column_real(select, 15);
    out->score = rf_column_real(select, 16);
    out->flagged = rf_column_int(select, 17) != 0;
    return !failed;
}

static rf_status read_account(rf_store *store, int64_t run, int64_t account, rf_arena *texts,
                              rf_explained_account *out, rf_error *err)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        store,
        "SELECT a.external_id, a.created_at, a.country, a.plan, a.status, a.email_domain,"
        "       (SELECT sum(u.requests) FROM usage u WHERE u.account = a.id),"
        "       (SELECT count(DISTINCT u.day) FROM usage u WHERE u.account = a.id AND u.day >= 0),"
        "       m.ring, r.ring_key, r.looks_like, m.role, m.cell, r.size, m.links, m.bits, r.score,"
        "       r.flagged "
        "FROM account a LEFT JOIN member m ON m.run = ?1 AND m.account = a.id "
        "LEFT JOIN ring r ON r.run = ?1 AND r.ring = m.ring WHERE a.id = ?2",
        &select, err);
    *out = (rf_explained_account){.row = account};
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, account);
        status = rf_step(select, &row, err);
    }
    if (status == RF_OK && row && !fill_account(texts, select, out)) {
        status = rf_fail_memory(err, "an account");
    }
    rf_statement_end(select);
    return status;
}

/* ---- one value ---- */

static void explain_value(const rf_learned *learned, const rf_held_value *held,
                          const rf_shared_value *weighed, rf_explained_value *out)
{
    const rf_calibration *c = &learned->calibration;
    const rf_signal *signal = &learned->signal[held->signal];
    uint32_t const k = rf_bucket_of(weighed->fewest);
    *out = (rf_explained_value){
        .signal = signal->name,
        .family = signal->family_name,
        .text = held->text,
        .what = held->what,
        .windowed = signal->windowed,
        .holders = weighed->fewest,
        .holders_from = rf_bucket_from(k),
        .holders_to = rf_bucket_to(k),
        .bucket_examined = c->bucket[held->signal][k].examined,
        .bucket_corroborated = c->bucket[held->signal][k].corroborated,
        .examined = weighed->examined,
        .corroborated = weighed->corroborated,
        .reliability = weighed->reliability,
        .alone = rf_bits_real(weighed->alone),
        .counted = rf_bits_real(weighed->counted),
        .rarity_limited = weighed
                              ->alone<rf_worth(weighed->reliability, c->settings.prior_bits),
                                      .treatment = held->treatment, .too_common = weighed->fewest>
                                  c->settings.pair_cap,
        .all_holders = held->holders,
        .sharing = held->sharing,
        .members = held->members,
    };
}

/* Days of a value known by both (other != NULL), or shared with anybody. */
static rf_status list_days(const rf_held *held, const rf_held_value *value, const rf_held *other,
                           const rf_held_value *others, rf_arena *texts, rf_explained_value *out,
                           rf_error *err)
{
    uint32_t j = 0;
    out->day = rf_arena_take(texts, (size_t)(value->groups + 1) * sizeof *out->day);
    if (out->day == NULL) {
        return rf_fail_memory(err, "the days of a value");
    }
    for (uint32_t i = 0; i < value->groups; i++) {
        const rf_held_group *group = &held->group[value->first_group + i];
        bool shared = group->holders >= 2;
        if (other != NULL) {
            while (j < others->groups && other->group[others->first_group + j].day < group->day) {
                j++;
            }
            shared = j < others->groups && other->group[others->first_group + j].day == group->day;
        }
        if (shared && group->day != RF_NO_DAY) {
            out->day[out->days++] = group->day;
        }
    }
    return RF_OK;
}

static const rf_held_value *find_value(const rf_held *held, int64_t row)
{
    uint32_t low = 0;
    uint32_t high = held->values;
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (held->value[middle].row == row) {
            return &held->value[middle];
        }
        if (held->value[middle].row < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* ---- two accounts ---- */

typedef struct weighing {
    rf_store *store;
    const rf_learned *learned;
    rf_held *a;
    const rf_held *b;
    rf_arena *texts;
    rf_pair_evidence evidence;
    uint64_t families;      /* in which they share a corroborating group */
    uint32_t corroborating; /* values with such a group */
    uint32_t *apart;        /* indexes of a's values that both used, never on one day */
    size_t aparts, apart_room;
    rf_error *err;
} weighing;

static rf_status add_shared_group(weighing *w, uint32_t index, const rf_held_group *group,
                                  bool *corroborates)
{
    const rf_held_value *value = &w->a->value[index];
    uint32_t const holders = group->holders < 2 ? 2 : group->holders;
    rf_shared_value const shared = {.signal = value->signal,
                                    .value = index,
                                    .examined = value->examined,
                                    .corroborated = value->corroborated};
    if (holders <= w->learned->calibration.common) {
        w->families |= UINT64_C(1) << w->learned->signal[value->signal].family;
        *corroborates = true;
    }
    return rf_pair_add(&w->learned->calibration, &shared, holders, &w->evidence, w->err);
}

/* Both hold a's value number `index`: adds the groups they share. */
static rf_status add_common_value(weighing *w, uint32_t index, const rf_held_value *other)
{
    rf_held_value *value = &w->a->value[index];
    rf_status status = RF_OK;
    bool corroborates = false;
    bool shared = false;
    uint32_t j = 0;
    for (uint32_t i = 0; i < value->groups && status == RF_OK; i++) {
        rf_held_group *group = &w->a->group[value->first_group + i];
        while (j < other->groups && w->b->group[other->first_group + j].day < group->day) {
            j++;
        }
        if (j == other->groups || w->b->group[other->first_group + j].day != group->day) {
            continue;
        }
        shared = true;
        status = rf_held_count(w->store, w->learned, w->a, value, w->err);
        if (status == RF_OK) {
            status = add_shared_group(w, index, group, &corroborates);
        }
    }
    w->corroborating += corroborates;
    if (status == RF_OK && !shared) {
        if (!rf_reserve(&w->apart, &w->apart_room, w->aparts + 1, sizeof *w->apart)) {
            return rf_fail_memory(w->err, "the evidence of a pair");
        }
        w->apart[w->aparts++] = index;
    }
    return status;
}

static rf_status gather(weighing *w)
{
    rf_status status = RF_OK;
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < w->a->values && j < w->b->values && status == RF_OK) {
        int64_t const left = w->a->value[i].row;
        int64_t const right = w->b->value[j].row;
        if (left == right) {
            status = add_common_value(w, i, &w->b->value[j]);
        }
        i += left <= right;
        j += right <= left;
    }
    return status;
}

/* What the pair itself was seen as in calibration; then the sum. Facts that came later may hold
 * more groups than the run examined: the pair is then left out as far as it was in. */
static void weigh(weighing *w, uint64_t *tells)
{
    const rf_calibration *c = &w->learned->calibration;
    uint64_t corroborated = 0;
    uint64_t const seen =
        c->one_family ? (w->corroborating > 1 ? 3 : w->corroborating) /* see calibration.h */
                      : w->families;
    *tells = 0;
    for (uint32_t f = 0; f < w->learned->families; f++) {
        uint64_t const this = UINT64_C(1) << f;
        bool const known = c->one_family ? w->a->values >= 2 && w->b->values >= 2
                                         : (w->a->observed & w->b->observed & ~this) != 0;
        *tells |= known ? this : 0;
        corroborated |= rf_corroborates(c, seen, f) ? this : 0;
    }
    for (size_t i = 0; i < w->evidence.count; i++) {
        rf_shared_value *shared = &w->evidence.shared[i];
        uint32_t const f = w->learned->signal[shared->signal].family;
        uint32_t const own = (*tells >> f & 1) != 0 ? shared->full_groups : 0;
        uint32_t const hits = (corroborated >> f & 1) != 0 ? own : 0;
        shared->examined = shared->examined < own ? own : shared->examined;
        shared->corroborated = shared->corroborated < hits ? hits : shared->corroborated;
    }
    rf_pair_sum(w->learned->signal, c, *tells, corroborated, &w->evidence);
    for (size_t i = 0; i < w->evidence.count; i++) { /* for people: without the pair itself */
        rf_shared_value *shared = &w->evidence.shared[i];
        uint32_t const f = w->learned->signal[shared->signal].family;
        uint32_t const own = (*tells >> f & 1) != 0 ? shared->full_groups : 0;
        shared->examined -= own;
        shared->corroborated -= (corroborated >> f & 1) != 0 ? own : 0;
    }
}

static rf_status list_shared(weighing *w, rf_explained_pair *out)
{
    uint8_t halvings[RF_MAX_FAMILIES] = {0};
    rf_status status = RF_OK;
    out->shared = rf_arena_take(w->texts, (w->evidence.count + 1) * sizeof *out->shared);
    if (out->shared == NULL) {
        return rf_fail_memory(w->err, "the evidence of a pair");
    }
    for (size_t i = 0; i < w->evidence.count && status == RF_OK; i++) {
        const rf_shared_value *weighed = &w->evidence.shared[i];
        const rf_held_value *value = &w->a->value[weighed->value];
        const rf_signal *signal = &w->learned->signal[value->signal];
        rf_explained_value *one = &out->shared[out->count++];
        explain_value(w->learned, value, weighed, one);
        one->halvings = halvings[signal->family];
        halvings[signal->family] =
            (uint8_t)(one->halvings > 29 ? 31 : one->halvings + 1U + signal->windowed);
        out->counting += weighed->counted > 0;
        out->by_star =
            out->by_star || (one->treatment != NULL && strcmp(one->treatment, "star") == 0);
        status = list_days(w->a, value, w->b, find_value(w->b, value->row), w->texts, one, w->err);
    }
    return status;
}

static rf_status list_apart(weighing *w, rf_explained_pair *out)
{
    rf_status status = RF_OK;
    out->apart = rf_arena_take(w->texts, (w->aparts + 1) * sizeof *out->apart);
    if (out->apart == NULL) {
        return rf_fail_memory(w->err, "the evidence of a pair");
    }
    for (size_t i = 0; i < w->aparts && status == RF_OK; i++) {
        rf_held_value *value = &w->a->value[w->apart[i]];
        const rf_signal *signal = &w->learned->signal[value->signal];
        status = rf_held_describe(w->store, w->learned, w->a, value, w->err);
        out->apart[out->aparts++] = (rf_explained_value){.signal = signal->name,
                                                         .family = signal->family_name,
                                                         .text = value->text,
                                                         .what = value->what,
                                                         .windowed = signal->windowed,
                                                         .treatment = value->treatment};
    }
    return status;
}

/* What the run kept of the pair. */
static rf_status read_link(weighing *w, rf_explained_pair *out)
{
    rf_statement *select = NULL;
    bool row = false;
    rf_status status = rf_prepare(
        w->store,
        "SELECT bits, families FROM link WHERE run = ?1 AND account_a = ?2 AND account_b = ?3 "
        "UNION ALL "
        "SELECT bits, families FROM link WHERE run = ?1 AND account_a = ?3 AND account_b = ?2",
        &select, w->err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, w->learned->run);
        rf_bind_int(select, 2, w->a->account);
        rf_bind_int(select, 3, w->b->account);
        status = rf_step(select, &row, w->err);
    }
    if (status == RF_OK && row) {
        out->linked = true;
        out->link_bits = rf_column_real(select, 0);
        out->link_families = (uint32_t)rf_column_int(select, 1);
    }
    rf_statement_end(select);
    return status;
}

/* The judgement in force that the two do not have one operator, if there is one. */
static rf_status read_separation(weighing *w, rf_explained_pair *out)
{
    rf_statement *select = NULL;
    bool row = false;
    bool failed = false;
    rf_status status =
        rf_prepare(w->store,
                   "SELECT reason, said_by, said_at FROM separation WHERE account_a = min(?1, ?2) "
                   "AND account_b = max(?1, ?2) AND undone_at IS NULL",
                   &select, w->err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, w->a->account);
        rf_bind_int(select, 2, w->b->account);
        status = rf_step(select, &row, w->err);
    }
    if (status == RF_OK && row) {
        out->separated_why = text_at(w->texts, select, 0, &failed);
        out->separated_by = text_at(w->texts, select, 1, &failed);
        out->separated_at = rf_column_int(select, 2);
        status = failed ? rf_fail_memory(w->err, "a judgement") : RF_OK;
    }
    rf_statement_end(select);
    return status;
}

/* Hubs make no pairs, so a sum above the threshold without a link is no contradiction unless some
 * smaller group would have made the pair. */
static bool differs_from_run(const rf_explained_pair *pair)
{
    if (pair->linked) {
        return pair->posterior < pair->link_bits || pair->posterior > pair->link_bits;
    }
    if (pair->separated_why != NULL) {
        return false; /* kept apart, whatever they share */
    }
    for (size_t i = 0; i < pair->count; i++) {
        if (pair->posterior > pair->threshold && !pair->shared[i].too_common &&
            pair->shared[i].alone > 0) {
            return true;
        }
    }
    return false;
}

static rf_status explain_two(rf_store *store, const rf_learned *learned, rf_held *a,
                             const rf_held *b, rf_arena *texts, rf_explained_pair *out,
                             rf_error *err)
{
    weighing w = {.store = store, .learned = learned, .a = a, .b = b, .texts = texts, .err = err};
    uint64_t tells = 0;
    rf_status status = gather(&w);
    *out = (rf_explained_pair){0};
    if (status == RF_OK) {
        weigh(&w, &tells);
        out->prior = rf_bits_real(w.evidence.prior);
        out->posterior = rf_bits_real(w.evidence.posterior);
        out->threshold = rf_bits_real(rf_bits_from(learned->calibration.settings.threshold_bits));
        out->families = w.evidence.families;
        status = list_shared(&w, out);
    }
    if (status == RF_OK) {
        status = list_apart(&w, out);
    }
    if (status == RF_OK) {
        status = read_link(&w, out);
    }
    if (status == RF_OK) {
        status = read_separation(&w, out);
    }
    out->differs = status == RF_OK && differs_from_run(out);
    rf_pair_evidence_free(&w.evidence);
    rf_free(w.apart);
    return status;
}

rf_status rf_explain_pair(rf_store *store, int64_t run, int64_t one, int64_t other,
                          rf_pair_page *page, rf_error *err)
{
    int64_t const rows[2] = {one, other};
    rf_status status;
    *page = (rf_pair_page){0};
    status = rf_learned_read(store, run, &page->learned, err);
    for (int i = 0; i < 2 && status == RF_OK; i++) {
        status = read_account(store, run, rows[i], &page->texts, &page->account[i], err);
        if (status == RF_OK) {
            status = rf_held_read(store, &page->learned, rows[i], 0, &page->held[i], err);
        }
    }
    if (status == RF_OK) {
        status = explain_two(store, &page->learned, &page->held[0], &page->held[1], &page->texts,
                             &page->pair, err);
    }
    return status == RF_OK ? rf_left_out_of_pair(store, run, one, other, &page->left_out, err)
                           : status;
}

void rf_pair_page_free(rf_pair_page *page)
{
    rf_left_outs_free(&page->left_out);
    rf_held_free(&page->held[0]);
    rf_held_free(&page->held[1]);
    rf_learned_free(&page->learned);
    rf_arena_free(&page->texts);
}

/* ---- one account ---- */

/* Weighs every shared group of the account as for a pair that was not itself examined. */
static rf_status weigh_all(rf_store *store, rf_account_page *page, rf_pair_evidence *evidence,
                           rf_error *err)
{
    rf_held *held = &page->held;
    rf_status status = RF_OK;
    for (uint32_t v = 0; v < held->values && status == RF_OK; v++) {
        rf_held_value *value = &held->value[v];
        rf_shared_value shared = {.signal = value->signal, .value = v};
        status = rf_held_count(store, &page->learned, held, value, err);
        shared.examined = value->examined;
        shared.corroborated = value->corroborated;
        for (uint32_t g = 0; g < value->groups && status == RF_OK; g++) {
            uint32_t const holders = held->group[value->first_group + g].holders;
            if (holders >= 2) {
                status = rf_pair_add(&page->learned.calibration, &shared, holders, evidence, err);
            }
        }
    }
    if (status == RF_OK) {
        rf_pair_sum(page->learned.signal, &page->learned.calibration, 0, 0, evidence);
    }
    return status;
}

static rf_status list_own(rf_account_page *page, rf_error *err)
{
    const rf_held *held = &page->held;
    page->own = rf_arena_take(&page->texts, ((size_t)held->values + 1) * sizeof *page->own);
    if (page->own == NULL) {
        return rf_fail_memory(err, "the values of an account");
    }
    for (uint32_t v = 0; v < held->values; v++) {
        const rf_held_value *value = &held->value[v];
        const rf_signal *signal = &page->learned.signal[value->signal];
        if (value->sharing == 0) {
            page->own[page->owns++] = (rf_explained_value){.signal = signal->name,
                                                           .family = signal->family_name,
                                                           .text = value->text,
                                                           .what = value->what,
                                                           .windowed = signal->windowed,
                                                           .all_holders = value->holders};
        }
    }
    return RF_OK;
}

/* What binds it to the ring first; each part strongest first, as weighed. */
static rf_status list_weighed(rf_account_page *page, const rf_pair_evidence *evidence,
                              rf_error *err)
{
    const rf_held *held = &page->held;
    rf_status status = RF_OK;
    page->shared = rf_arena_take(&page->texts, (evidence->count + 1) * sizeof *page->shared);
    if (page->shared == NULL) {
        return rf_fail_memory(err, "the values of an account");
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < evidence->count && status == RF_OK; i++) {
            const rf_held_value *value = &held->value[evidence->shared[i].value];
            if ((value->members > 0) == (pass == 0)) {
                rf_explained_value *one = &page->shared[page->shares++];
                explain_value(&page->learned, value, &evidence->shared[i], one);
                one->counted = one->alone;
                status = list_days(held, value, NULL, NULL, &page->texts, one, err);
            }
        }
    }
    return status;
}

static rf_status list_values(rf_store *store, rf_account_page *page, rf_error *err)
{
    rf_pair_evidence evidence = {0};
    rf_status status = weigh_all(store, page, &evidence, err);
    if (status == RF_OK) {
        status = list_weighed(page, &evidence, err);
    }
    if (status == RF_OK) {
        status = list_own(page, err);
    }
    rf_pair_evidence_free(&evidence);
    return status;
}

static rf_status explain_neighbours(rf_store *store, rf_account_page *page, rf_error *err)
{
    rf_status status = RF_OK;
    for (size_t i = 0; i < page->neighbours && status == RF_OK; i++) {
        rf_explained_neighbour *one = &page->neighbour[i];
        rf_held held = {0};
        status = rf_held_read(store, &page->learned, one->row, 0, &held, err);
        if (status == RF_OK) {
            status = explain_two(store, &page->learned, &page->held, &held, &page->texts,
                                 &one->pair, err);
        }
        rf_held_free(&held);
    }
    return status;
}

static rf_status list_neighbours(rf_store *store, int64_t most, rf_account_page *page,
                                 rf_error *err)
{
    rf_statement *select = NULL;
    bool row = true;
    bool failed = false;
    rf_status status = rf_prepare(
        store,
        "SELECT a.external_id, l.other, l.bits, l.families, m.ring FROM ("
        "  SELECT account_b AS other, bits, families FROM link WHERE run = ?1 AND account_a = ?2 "
        "  UNION ALL "
        "  SELECT k.account_a, k.bits, k.families FROM link_by_b b CROSS JOIN link k ON"
        "  k.run = b.run AND k.account_a = b.account_a AND k.account_b = b.account_b"
        "  WHERE b.run = ?1 AND b.account_b = ?2) l "
        "JOIN account a ON a.id = l.other "
        "LEFT JOIN member m ON m.run = ?1 AND m.account = l.other "
        "ORDER BY m.ring IS NOT ?3, l.bits DESC, a.external_id",
        &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, page->learned.run);
        rf_bind_int(select, 2, page->account.row);
        rf_bind_int(select, 3, page->account.ring);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int64_t const ring = rf_column_int(select, 4);
        page->links++;
        page->links_inside += ring != 0 && ring == page->account.ring;
        page->links_elsewhere += ring != 0 && ring != page->account.ring;
        if (page->links > most) {
            continue;
        }
        if (!rf_reserve(&page->neighbour, &page->neighbour_room, page->neighbours + 1,
                        sizeof *page->neighbour)) {
            failed = true;
        } else {
            page->neighbour[page->neighbours++] =
                (rf_explained_neighbour){.id = text_at(&page->texts, select, 0, &failed),
                                         .row = rf_column_int(select, 1),
                                         .bits = rf_column_real(select, 2),
                                         .families = (uint32_t)rf_column_int(select, 3),
                                         .ring = ring};
        }
        status = failed ? rf_fail_memory(err, "the neighbours of an account") : RF_OK;
    }
    rf_statement_end(select);
    return status == RF_OK ? explain_neighbours(store, page, err) : status;
}

rf_status rf_explain_account(rf_store *store, int64_t run, int64_t account, int64_t most,
                             rf_account_page *page, rf_error *err)
{
    rf_status status;
    *page = (rf_account_page){0};
    status = rf_learned_read(store, run, &page->learned, err);
    if (status == RF_OK) {
        status = read_account(store, run, account, &page->texts, &page->account, err);
    }
    if (status == RF_OK) {
        status = rf_held_read(store, &page->learned, account, page->account.ring, &page->held, err);
    }
    if (status == RF_OK) {
        status = list_values(store, page, err);
    }
    if (status == RF_OK) {
        status = list_neighbours(store, most, page, err);
    }
    return status == RF_OK ? rf_suspicion_explain(store, run, account, &page->suspicion, err)
                           : status;
}

void rf_account_page_free(rf_account_page *page)
{
    rf_free(page->neighbour);
    rf_held_free(&page->held);
    rf_learned_free(&page->learned);
    rf_arena_free(&page->texts);
}
