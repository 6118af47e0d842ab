/* inside_read.c - reads a ring and weighs its links; see inside.h.
 *
 * What members hold is read member by member and sorted by value. Of a value that two of them hold
 * all uses are read at once, when its days count: they tell which members meet in a group and how
 * many accounts hold it.
 */
#include "rings/inside.h"

#include "store/uses.h"

#include <stdlib.h>
#include <string.h>

/* One member in one group. */
typedef struct use {
    uint32_t group, member;
} use;

/* What two members share: a value, or one on one day. */
typedef struct group {
    uint32_t value;   /* in inside.value */
    uint32_t holders; /* 0: not counted yet */
} group;

typedef struct reader {
    rf_store *store;
    rf_inside *in;
    rf_uses *reading;
    int64_t first_row;   /* of the members, by row id, */
    uint32_t *member_of; /* this and those after it: member + 1, or 0 */
    uint32_t rows;
    use *uses; /* by group */
    size_t count, room;
    uint64_t *observed; /* by member: families */
    uint32_t *held;     /* by member: values of link signals, for one-family stores */
    group *groups;      /* by value, then by day */
    uint32_t group_count;
    size_t group_room, value_room;
    uint64_t *first;     /* members + 1 offsets into of_member */
    uint32_t *of_member; /* groups of each member, ascending */
    size_t link_room[3], term_room;
    uint64_t terms;
    rf_pair_evidence evidence;
} reader;

/* ---- members ---- */

static rf_status read_members(reader *r, int64_t run, rf_error *err)
{
    rf_inside *in = r->in;
    rf_statement *select = NULL;
    bool row = true;
    size_t room[2] = {0, 0};
    rf_status status = rf_prepare(r->store,
                                  "SELECT a.id, a.external_id FROM member m JOIN account a ON a.id "
                                  "= m.account WHERE m.run = ?1 AND m.ring = ?2 "
                                  "ORDER BY a.external_id",
                                  &select, err);
    if (status == RF_OK) {
        rf_bind_int(select, 1, run);
        rf_bind_int(select, 2, in->ring);
    }
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        const char *id =
            rf_arena_text(&in->texts, rf_column_text(select, 1), rf_column_bytes(select, 1));
        if (id == NULL ||
            !rf_reserve(&in->row, &room[0], in->members + (size_t)1, sizeof *in->row) ||
            !rf_reserve(&in->id, &room[1], in->members + (size_t)1, sizeof *in->id)) {
            status = rf_fail_memory(err, "the members of a ring");
            break;
        }
        in->row[in->members] = rf_column_int(select, 0);
        in->id[in->members++] = id;
    }
    rf_statement_end(select);
    return status;
}

/* ---- holdings ---- */

static rf_status number_rows(reader *r, rf_error *err)
{
    const rf_inside *in = r->in;
    int64_t last = in->members == 0 ? 0 : in->row[0];
    r->first_row = last;
    for (uint32_t m = 0; m < in->members; m++) {
        r->first_row = in->row[m] < r->first_row ? in->row[m] : r->first_row;
        last = in->row[m] > last ? in->row[m] : last;
    }
    r->rows = (uint32_t)(last - r->first_row + 1);
    r->member_of = rf_alloc(r->rows, sizeof *r->member_of);
    if (r->member_of == NULL) {
        return rf_fail_memory(err, "the members of a ring");
    }
    for (uint32_t m = 0; m < in->members; m++) {
        r->member_of[in->row[m] - r->first_row] = m + 1;
    }
    return RF_OK;
}

static rf_status add_use(reader *r, uint32_t member, rf_error *err)
{
    if (!rf_reserve(&r->uses, &r->room, r->count + 1, sizeof *r->uses)) {
        return rf_fail_memory(err, "what a ring holds");
    }
    r->uses[r->count++] = (use){r->group_count, member};
    return RF_OK;
}

/* Makes a group of the uses from `first` on, or forgets a single one. */
static rf_status end_group(reader *r, size_t first, int64_t value, uint32_t signal,
                           uint32_t holders, rf_error *err)
{
    rf_inside *in = r->in;
    if (r->count - first < 2) {
        r->count = first;
        return RF_OK;
    }
    if (in->values == 0 || in->value[in->values - 1].row != value) {
        if (!rf_reserve(&in->value, &r->value_room, in->values + (size_t)1, sizeof *in->value)) {
            return rf_fail_memory(err, "the values of a ring");
        }
        in->value[in->values++] = (rf_inside_value){
            .row = value, .signal = signal, .family = in->learned.signal[signal].family};
    }
    if (!rf_reserve(&r->groups, &r->group_room, r->group_count + (size_t)1, sizeof *r->groups)) {
        return rf_fail_memory(err, "the values of a ring");
    }
    r->groups[r->group_count++] = (group){.value = in->values - 1, .holders = holders};
    return RF_OK;
}

/* The days of a windowed value on which two members used it. */
static rf_status add_days(reader *r, int64_t value, uint32_t signal, rf_error *err)
{
    const uint64_t *key = NULL;
    size_t count = 0;
    rf_status status = rf_uses_of_value(r->reading, value, &key, &count, err);
    for (size_t first = 0, end; first < count && status == RF_OK; first = end) {
        size_t const before = r->count;
        for (end = first; end < count && key[end] >> 32 == key[first] >> 32 && status == RF_OK;
             end++) {
            int64_t const at = (int64_t)(key[end] & UINT32_MAX) - r->first_row;
            uint32_t const member = at >= 0 && at < r->rows ? r->member_of[at] : 0;
            if (member > 0) {
                status = add_use(r, member - 1, err);
            }
        }
        if (status == RF_OK) {
            status = end_group(r, before, value, signal, (uint32_t)(end - first), err);
        }
    }
    return status;
}

/* One value that the members in held[0 .. count) hold. */
static rf_status add_value(reader *r, const uint64_t *held, size_t count, uint32_t signal,
                           rf_error *err)
{
    const rf_signal *s = &r->in->learned.signal[signal];
    int64_t const value = (int64_t)(held[0] >> 32);
    size_t const before = r->count;
    rf_status status = RF_OK;
    for (size_t i = 0; i < count; i++) {
        r->observed[held[i] & UINT32_MAX] |= UINT64_C(1) << s->family;
        r->held[held[i] & UINT32_MAX]++;
    }
    if (count > 1 && s->windowed) {
        return add_days(r, value, signal, err);
    }
    for (size_t i = 0; i < count && count > 1 && status == RF_OK; i++) {
        status = add_use(r, (uint32_t)held[i], err);
    }
    return status == RF_OK ? end_group(r, before, value, signal, 0, err) : status;
}

/* Values of the run's link signals that it did not leave out. */
static rf_status read_values(reader *r, const uint64_t *held, size_t count, rf_error *err)
{
    rf_statement *select = NULL;
    rf_status status = rf_prepare(r->store,
                                  "SELECT v.signal FROM value v WHERE v.id = ?1 AND NOT EXISTS "
                                  "(SELECT 1 FROM run_allowed r WHERE r.run = ?2 AND r.value = ?1)",
                                  &select, err);
    for (size_t first = 0, end; first < count && status == RF_OK; first = end) {
        bool row = true;
        for (end = first + 1; end < count && held[end] >> 32 == held[first] >> 32;) {
            end++;
        }
        rf_bind_int(select, 1, (int64_t)(held[first] >> 32));
        rf_bind_int(select, 2, r->in->learned.run);
        while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
            uint32_t const s = rf_learned_link_signal(&r->in->learned, rf_column_int(select, 0));
            if (s != UINT32_MAX) {
                status = add_value(r, held + first, end - first, s, err);
            }
        }
    }
    rf_statement_end(select);
    return status;
}

static rf_status read_uses(reader *r, rf_error *err)
{
    const rf_inside *in = r->in;
    uint64_t *held = NULL;
    size_t count = 0;
    rf_status status = number_rows(r, err);
    r->observed = rf_alloc(in->members, sizeof *r->observed);
    r->held = rf_alloc(in->members, sizeof *r->held);
    if (status == RF_OK && (r->observed == NULL || r->held == NULL)) {
        status = rf_fail_memory(err, "what a ring holds");
    }
    if (status == RF_OK) {
        status = rf_uses_open(r->store, &r->reading, err);
    }
    if (status == RF_OK) {
        status = rf_uses_held(r->store, in->row, in->members, &held, &count, err);
    }
    if (status == RF_OK) {
        status = read_values(r, held, count, err);
    }
    rf_free(held);
    return status;
}

/* ---- values ---- */

static rf_status describe(reader *r, rf_statement *select, rf_inside_value *value,
                          uint32_t *hub_holders, rf_error *err)
{
    bool row = false;
    rf_status status;
    rf_bind_int(select, 1, r->in->learned.run);
    rf_bind_int(select, 2, value->row);
    status = rf_step(select, &row, err);
    if (status == RF_OK && row) {
        value->text =
            rf_arena_text(&r->in->texts, rf_column_text(select, 0), rf_column_bytes(select, 0));
        value->star = rf_column_kind(select, 1) != RF_NULL && rf_column_text(select, 1)[0] == 's';
        *hub_holders = (uint32_t)rf_column_int(select, 2);
        value->examined = (uint32_t)rf_column_int(select, 3);
        value->corroborated = (uint32_t)rf_column_int(select, 4);
        status = value->text == NULL ? rf_fail_memory(err, "the values of a ring")
                                     : rf_step(select, &row, err); /* ready for the next */
    }
    return status;
}

static rf_status describe_values(reader *r, rf_error *err)
{
    rf_statement *about = NULL;
    rf_status status = rf_prepare(r->store,
                                  "SELECT v.text, h.treatment, h.holders, w.examined, "
                                  "w.corroborated FROM value v "
                                  "LEFT JOIN hub h ON h.run = ?1 AND h.value = v.id "
                                  "LEFT JOIN value_worth w ON w.run = ?1 AND w.value = v.id "
                                  "WHERE v.id = ?2",
                                  &about, err);
    for (uint32_t first = 0, end; first < r->group_count && status == RF_OK; first = end) {
        rf_inside_value *value = &r->in->value[r->groups[first].value];
        uint32_t hub = 0;
        status = describe(r, about, value, &hub, err);
        if (status == RF_OK && r->groups[first].holders == 0) { /* not of a day */
            r->groups[first].holders = hub; /* where the run counted it already */
            status = hub > 0
                         ? RF_OK
                         : rf_uses_holders(r->reading, value->row, &r->groups[first].holders, err);
        }
        for (end = first; end < r->group_count && r->groups[end].value == r->groups[first].value;
             end++) {
            group *g = &r->groups[end];
            g->holders = g->holders < 2 ? 2 : g->holders;
            value->holders = g->holders > value->holders ? g->holders : value->holders;
        }
    }
    rf_statement_end(about);
    return status;
}

/* ---- links ---- */

static rf_status list_by_member(reader *r, rf_error *err)
{
    rf_inside *in = r->in;
    uint32_t *seen = rf_alloc_raw(in->members, sizeof *seen);
    r->first = rf_alloc((size_t)in->members + 2, sizeof *r->first);
    r->of_member = rf_alloc_raw(r->count, sizeof *r->of_member);
    if (seen == NULL || r->first == NULL || r->of_member == NULL) {
        rf_free(seen);
        return rf_fail_memory(err, "what a ring holds");
    }
    memset(seen, 0xff, in->members * sizeof *seen);
    for (size_t i = 0; i < r->count; i++) {
        r->first[r->uses[i].member + 2]++;
    }
    for (uint32_t m = 0; m < in->members; m++) {
        r->first[m + 2] += r->first[m + 1];
    }
    for (size_t i = 0; i < r->count; i++) {
        uint32_t const m = r->uses[i].member;
        uint32_t const value = r->groups[r->uses[i].group].value;
        r->of_member[r->first[m + 1]++] = r->uses[i].group;
        in->value[value].members += seen[m] != value;
        seen[m] = value; /* uses come by value */
    }
    rf_free(seen);
    return RF_OK;
}

/* Gathers what both share, as rf_pair_weigh does from a population. */
static rf_status gather(reader *r, uint32_t a, uint32_t b, uint64_t *families, uint32_t *values,
                        rf_error *err)
{
    const rf_calibration *c = &r->in->learned.calibration;
    uint64_t i = r->first[a];
    uint64_t j = r->first[b];
    uint32_t last = UINT32_MAX; /* the corroborating value counted last */
    rf_status status = RF_OK;
    r->evidence.count = 0;
    while (i < r->first[a + 1] && j < r->first[b + 1] && status == RF_OK) {
        uint32_t const left = r->of_member[i];
        uint32_t const right = r->of_member[j];
        if (left == right) {
            const group *g = &r->groups[left];
            const rf_inside_value *value = &r->in->value[g->value];
            rf_shared_value const shared = {.signal = value->signal,
                                            .value = g->value,
                                            .examined = value->examined,
                                            .corroborated = value->corroborated};
            if (g->holders <= c->common) {
                *families |= UINT64_C(1) << value->family;
                *values += g->value != last;
                last = g->value;
            }
            status = rf_pair_add(c, &shared, g->holders, &r->evidence, err);
        }
        i += left <= right;
        j += right <= left;
    }
    return status;
}

/* The pair itself is left out of what the run learned, as far as it was in it. */
static rf_status weigh(reader *r, uint32_t a, uint32_t b, rf_error *err)
{
    const rf_calibration *c = &r->in->learned.calibration;
    uint64_t families = 0;
    uint64_t tells = 0;
    uint64_t corroborated = 0;
    uint32_t values = 0;
    rf_status status = gather(r, a, b, &families, &values, err);
    uint64_t const seen = c->one_family ? (values > 1 ? 3 : values) : families;
    for (uint32_t f = 0; f < r->in->learned.families; f++) {
        uint64_t const this = UINT64_C(1) << f;
        bool const known = c->one_family ? r->held[a] >= 2 && r->held[b] >= 2
                                         : (r->observed[a] & r->observed[b] & ~this) != 0;
        tells |= known ? this : 0;
        corroborated |= rf_corroborates(c, seen, f) ? this : 0;
    }
    for (size_t i = 0; i < r->evidence.count; i++) {
        rf_shared_value *shared = &r->evidence.shared[i];
        uint32_t const f = r->in->learned.signal[shared->signal].family;
        uint32_t const own = (tells >> f & 1) != 0 ? shared->full_groups : 0;
        uint32_t const hits = (corroborated >> f & 1) != 0 ? own : 0;
        shared->examined = shared->examined < own ? own : shared->examined;
        shared->corroborated = shared->corroborated < hits ? hits : shared->corroborated;
    }
    rf_pair_sum(r->in->learned.signal, c, tells, corroborated, &r->evidence);
    return status;
}

static rf_status add_link(reader *r, uint32_t a, uint32_t b, rf_error *err)
{
    rf_inside *in = r->in;
    size_t const need = in->links + (size_t)1;
    if (!rf_reserve(&in->a, &r->link_room[0], need, sizeof *in->a) ||
        !rf_reserve(&in->b, &r->link_room[1], need, sizeof *in->b) ||
        !rf_reserve(&in->start, &r->link_room[2], need + 1, sizeof *in->start)) {
        return rf_fail_memory(err, "the links of a ring");
    }
    in->a[in->links] = a;
    in->b[in->links] = b;
    in->start[in->links++] = r->terms;
    in->start[in->links] = r->terms;
    return RF_OK;
}

static rf_status add_term(reader *r, uint32_t value, rf_bits alone, rf_error *err)
{
    rf_inside *in = r->in;
    if (!rf_reserve(&in->term, &r->term_room, r->terms + 1, sizeof *in->term)) {
        return rf_fail_memory(err, "the links of a ring");
    }
    in->term[r->terms++] = (rf_inside_term){value, alone};
    in->start[in->links] = r->terms;
    in->value[value].bits = alone > in->value[value].bits ? alone : in->value[value].bits;
    return RF_OK;
}

/* Members by row id. */
typedef struct located {
    int64_t row;
    uint32_t member;
} located;

static int by_row(const void *left, const void *right)
{
    const located *a = left;
    const located *b = right;
    return (a->row > b->row) - (a->row < b->row);
}

static int ascending(const void *left, const void *right)
{
    uint32_t const a = *(const uint32_t *)left;
    uint32_t const b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* others[0, *count): the members linked with m that come after it, ascending. */
static rf_status read_others(reader *r, rf_statement *select, const located *places, uint32_t m,
                             uint32_t *others, uint32_t *count, rf_error *err)
{
    bool row = true;
    rf_status status = RF_OK;
    *count = 0;
    rf_bind_int(select, 1, r->in->learned.run);
    rf_bind_int(select, 2, r->in->row[m]);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        located const wanted = {.row = rf_column_int(select, 0)};
        const located *found = bsearch(&wanted, places, r->in->members, sizeof *places, by_row);
        if (found != NULL) {
            others[(*count)++] = found->member;
        }
    }
    if (*count > 1) {
        qsort(others, *count, sizeof *others, ascending);
    }
    return status;
}

static rf_status weigh_link(reader *r, uint32_t a, uint32_t b, rf_error *err)
{
    rf_status status = weigh(r, a, b, err);
    if (status == RF_OK) {
        status = add_link(r, a, b, err);
    }
    for (size_t i = 0; i < r->evidence.count && status == RF_OK; i++) {
        const rf_shared_value *shared = &r->evidence.shared[i];
        if (shared->alone > 0) {
            status = add_term(r, shared->value, shared->alone, err);
        }
    }
    return status;
}

static rf_status read_links(reader *r, rf_error *err)
{
    rf_inside *in = r->in;
    rf_statement *select = NULL;
    located *places = rf_alloc_raw(in->members, sizeof *places);
    uint32_t *others = rf_alloc_raw(in->members, sizeof *others);
    rf_status status =
        places == NULL || others == NULL
            ? rf_fail_memory(err, "the links of a ring")
            : rf_prepare(r->store, "SELECT account_b FROM link WHERE run = ? AND account_a = ?",
                         &select, err);
    if (status == RF_OK) {
        for (uint32_t m = 0; m < in->members; m++) {
            places[m] = (located){in->row[m], m};
        }
        qsort(places, in->members, sizeof *places, by_row);
    }
    for (uint32_t m = 0; m < in->members && status == RF_OK; m++) {
        uint32_t count = 0;
        status = read_others(r, select, places, m, others, &count, err);
        for (uint32_t i = 0; i < count && status == RF_OK; i++) {
            status = weigh_link(r, m, others[i], err);
        }
    }
    rf_statement_end(select);
    rf_free(places);
    rf_free(others);
    return status;
}

/* Every use of a star's group above the cap is an edge to its value. */
static rf_status add_stars(reader *r, rf_error *err)
{
    rf_inside *in = r->in;
    rf_status status = RF_OK;
    for (size_t i = 0; i < r->count && status == RF_OK; i++) {
        const group *g = &r->groups[r->uses[i].group];
        rf_inside_value *value = &in->value[g->value];
        if (value->star && g->holders > in->learned.calibration.settings.pair_cap) {
            value->bits = value->bits > 0 ? value->bits : 1;
            status = add_link(r, r->uses[i].member, in->members + g->value, err);
        }
    }
    return status;
}

/* ---- numbering ---- */

typedef struct ranked {
    const rf_inside *in;
    uint32_t old;
} ranked;

static int by_text(const void *left, const void *right)
{
    const ranked *a = left;
    const ranked *b = right;
    const rf_inside_value *x = &a->in->value[a->old];
    const rf_inside_value *y = &b->in->value[b->old];
    if (x->signal != y->signal) {
        return x->signal < y->signal ? -1 : 1;
    }
    return strcmp(x->text, y->text);
}

/* Values by signal and text, from the order of the store. */
static rf_status number_values(rf_inside *in, rf_error *err)
{
    ranked *order = rf_alloc(in->values, sizeof *order);
    uint32_t *number = rf_alloc(in->values, sizeof *number);
    rf_inside_value *sorted = rf_alloc(in->values, sizeof *sorted);
    if (order == NULL || number == NULL || sorted == NULL) {
        rf_free(order);
        rf_free(number);
        rf_free(sorted);
        return rf_fail_memory(err, "the values of a ring");
    }
    for (uint32_t v = 0; v < in->values; v++) {
        order[v] = (ranked){in, v};
    }
    qsort(order, in->values, sizeof *order, by_text);
    for (uint32_t v = 0; v < in->values; v++) {
        number[order[v].old] = v;
        sorted[v] = in->value[order[v].old];
    }
    for (uint64_t t = 0; in->links > 0 && t < in->start[in->links]; t++) {
        in->term[t].value = number[in->term[t].value];
    }
    for (uint32_t l = 0; l < in->links; l++) {
        in->b[l] = in->b[l] < in->members ? in->b[l] : in->members + number[in->b[l] - in->members];
    }
    rf_free(in->value);
    in->value = sorted;
    rf_free(order);
    rf_free(number);
    return RF_OK;
}

static int by_key(const void *left, const void *right)
{
    uint64_t const a = *(const uint64_t *)left;
    uint64_t const b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The edges of stars, which come last and have no terms, by value and member. */
static rf_status order_stars(rf_inside *in, rf_error *err)
{
    uint32_t first = in->links;
    uint64_t *key;
    while (first > 0 && in->b[first - 1] >= in->members) {
        first--;
    }
    key = rf_alloc_raw(in->links - first, sizeof *key);
    if (key == NULL) {
        return rf_fail_memory(err, "the links of a ring");
    }
    for (uint32_t l = first; l < in->links; l++) {
        key[l - first] = (uint64_t)in->b[l] << 32 | in->a[l];
    }
    qsort(key, in->links - first, sizeof *key, by_key);
    for (uint32_t l = first; l < in->links; l++) {
        in->b[l] = (uint32_t)(key[l - first] >> 32);
        in->a[l] = (uint32_t)key[l - first];
    }
    rf_free(key);
    return RF_OK;
}

rf_status rf_inside_read(rf_store *store, int64_t run, int64_t ring, rf_inside *inside,
                         rf_error *err)
{
    reader r = {.store = store, .in = inside};
    rf_status status;
    *inside = (rf_inside){.ring = ring};
    status = rf_learned_read(store, run, &inside->learned, err);
    inside->threshold = rf_bits_from(inside->learned.calibration.settings.threshold_bits);
    if (status == RF_OK) {
        status = read_members(&r, run, err);
    }
    if (status == RF_OK) {
        status = read_uses(&r, err);
    }
    if (status == RF_OK) {
        status = describe_values(&r, err);
    }
    if (status == RF_OK) {
        status = list_by_member(&r, err);
    }
    if (status == RF_OK) {
        status = read_links(&r, err);
    }
    if (status == RF_OK) {
        status = add_stars(&r, err);
    }
    if (status == RF_OK) {
        status = number_values(inside, err);
    }
    if (status == RF_OK) {
        status = order_stars(inside, err);
    }
    rf_pair_evidence_free(&r.evidence);
    rf_uses_close(r.reading);
    rf_free(r.member_of);
    rf_free(r.uses);
    rf_free(r.observed);
    rf_free(r.held);
    rf_free(r.groups);
    rf_free(r.first);
    rf_free(r.of_member);
    return status;
}
