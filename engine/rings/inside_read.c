/* inside_read.c - reads a ring and weighs its links; see inside.h.
 *
 * Holdings of the members come in one query, are sorted by value, day and member, and only what two
 * members share is kept as a group. How many accounts hold a group is then counted value by value.
 */
#include "rings/inside.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* One member's use of one value on one day. */
typedef struct use {
    int64_t value;
    uint32_t signal, member;
    int32_t day;
} use;

typedef struct group {
    uint32_t value; /* in inside.value */
    int32_t day;
    uint32_t holders;
} group;

typedef struct reader {
    rf_store *store;
    rf_inside *in;
    use *uses;
    size_t count, room;
    uint64_t *observed; /* by member: families */
    uint32_t *held;     /* by member: values of link signals, for one-family stores */
    group *groups;      /* what two members share, by value and day */
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

static rf_status add_use(reader *r, uint32_t member, int64_t value, uint32_t signal, int32_t day,
                         rf_error *err)
{
    const rf_signal *s = &r->in->learned.signal[signal];
    int32_t const when = s->windowed ? day : RF_NO_DAY;
    const use *last = r->count == 0 ? NULL : &r->uses[r->count - 1];
    bool const same_value = last != NULL && last->member == member && last->value == value;
    r->observed[member] |= UINT64_C(1) << s->family;
    r->held[member] += !same_value;
    if (same_value && last->day == when) {
        return RF_OK;
    }
    if (!rf_reserve(&r->uses, &r->room, r->count + 1, sizeof *r->uses)) {
        return rf_fail_memory(err, "what a ring holds");
    }
    r->uses[r->count++] = (use){value, signal, member, when};
    return RF_OK;
}

static rf_status read_uses(reader *r, rf_error *err)
{
    rf_inside *in = r->in;
    rf_statement *select = NULL;
    rf_status status =
        rf_prepare(r->store,
                   "SELECT s.value, v.signal, s.day FROM sighting_by_account s "
                   "CROSS JOIN value v ON v.id = s.value "
                   "WHERE s.account = ?1 AND NOT EXISTS (SELECT 1 FROM run_allowed r "
                   "WHERE r.run = ?2 AND r.value = s.value) ORDER BY s.value, s.day",
                   &select, err);
    r->observed = rf_alloc(in->members, sizeof *r->observed);
    r->held = rf_alloc(in->members, sizeof *r->held);
    if (status == RF_OK && (r->observed == NULL || r->held == NULL)) {
        status = rf_fail_memory(err, "what a ring holds");
    }
    for (uint32_t m = 0; m < in->members && status == RF_OK; m++) {
        bool row = true;
        rf_bind_int(select, 1, in->row[m]);
        rf_bind_int(select, 2, in->learned.run);
        while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
            uint32_t const s = rf_learned_link_signal(&in->learned, rf_column_int(select, 1));
            if (s != UINT32_MAX) {
                status = add_use(r, m, rf_column_int(select, 0), s,
                                 (int32_t)rf_column_int(select, 2), err);
            }
        }
    }
    rf_statement_end(select);
    return status;
}

static int by_group(const void *left, const void *right)
{
    const use *a = left;
    const use *b = right;
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    if (a->day != b->day) {
        return a->day < b->day ? -1 : 1;
    }
    return (a->member > b->member) - (a->member < b->member);
}

/* Keeps the uses of groups that two members share; use.signal becomes the group's number. */
static rf_status list_groups(reader *r, rf_error *err)
{
    rf_inside *in = r->in;
    size_t kept = 0;
    if (r->count > 0) {
        qsort(r->uses, r->count, sizeof *r->uses, by_group);
    }
    for (size_t first = 0, end; first < r->count; first = end) {
        const use u = r->uses[first];
        for (end = first + 1;
             end < r->count && r->uses[end].value == u.value && r->uses[end].day == u.day;) {
            end++;
        }
        if (end - first < 2) {
            continue;
        }
        if (in->values == 0 || in->value[in->values - 1].row != u.value) {
            if (!rf_reserve(&in->value, &r->value_room, in->values + (size_t)1,
                            sizeof *in->value)) {
                return rf_fail_memory(err, "the values of a ring");
            }
            in->value[in->values++] = (rf_inside_value){
                .row = u.value, .signal = u.signal, .family = in->learned.signal[u.signal].family};
        }
        if (!rf_reserve(&r->groups, &r->group_room, r->group_count + (size_t)1,
                        sizeof *r->groups)) {
            return rf_fail_memory(err, "the values of a ring");
        }
        r->groups[r->group_count] = (group){.value = in->values - 1, .day = u.day};
        for (size_t i = first; i < end; i++) {
            r->uses[kept] = r->uses[i];
            r->uses[kept++].signal = r->group_count;
        }
        r->group_count++;
    }
    r->count = kept;
    return RF_OK;
}

/* ---- values ---- */

static rf_status count_holders(reader *r, rf_statement *select, uint32_t first, uint32_t end,
                               rf_error *err)
{
    bool row = true;
    rf_status status = RF_OK;
    uint32_t g = first;
    rf_bind_int(select, 1, r->in->value[r->groups[first].value].row);
    while (status == RF_OK && (status = rf_step(select, &row, err)) == RF_OK && row) {
        int32_t const day = (int32_t)rf_column_int(select, 0);
        while (g < end && r->groups[g].day < day) {
            g++;
        }
        if (g < end && r->groups[g].day == day) {
            r->groups[g].holders = (uint32_t)rf_column_int(select, 1);
        }
    }
    return status;
}

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
    rf_statement *daily = NULL;
    rf_statement *ever = NULL;
    rf_status status = rf_prepare(r->store,
                                  "SELECT v.text, h.treatment, h.holders, w.examined, "
                                  "w.corroborated FROM value v "
                                  "LEFT JOIN hub h ON h.run = ?1 AND h.value = v.id "
                                  "LEFT JOIN value_worth w ON w.run = ?1 AND w.value = v.id "
                                  "WHERE v.id = ?2",
                                  &about, err);
    if (status == RF_OK) {
        status = rf_prepare(r->store,
                            "SELECT day, count(DISTINCT account) FROM sighting WHERE value = ? "
                            "GROUP BY day ORDER BY day",
                            &daily, err);
    }
    if (status == RF_OK) {
        status =
            rf_prepare(r->store, "SELECT -1, count(DISTINCT account) FROM sighting WHERE value = ?",
                       &ever, err);
    }
    for (uint32_t first = 0, end; first < r->group_count && status == RF_OK; first = end) {
        rf_inside_value *value = &r->in->value[r->groups[first].value];
        bool const windowed = r->in->learned.signal[value->signal].windowed;
        uint32_t hub = 0;
        for (end = first + 1;
             end < r->group_count && r->groups[end].value == r->groups[first].value;) {
            end++;
        }
        status = describe(r, about, value, &hub, err);
        if (status == RF_OK && hub > 0 && !windowed) {
            r->groups[first].holders = hub; /* the run counted it already */
        } else if (status == RF_OK) {
            status = count_holders(r, windowed ? daily : ever, first, end, err);
        }
        for (uint32_t g = first; g < end; g++) {
            r->groups[g].holders = r->groups[g].holders < 2 ? 2 : r->groups[g].holders;
            value->holders =
                r->groups[g].holders > value->holders ? r->groups[g].holders : value->holders;
        }
    }
    rf_statement_end(about);
    rf_statement_end(daily);
    rf_statement_end(ever);
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
        uint32_t const value = r->groups[r->uses[i].signal].value;
        r->of_member[r->first[m + 1]++] = r->uses[i].signal;
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
        const group *g = &r->groups[r->uses[i].signal];
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
        status = list_groups(&r, err);
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
    rf_free(r.uses);
    rf_free(r.observed);
    rf_free(r.held);
    rf_free(r.groups);
    rf_free(r.first);
    rf_free(r.of_member);
    return status;
}
