/* profile.c - the figures of one ring; see profile.h. */
#include "rings/profile.h"

#include "base/clock.h"
#include "base/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One holding of a member, to be sorted by value. */
typedef struct holding {
    uint32_t value, group, member;
} holding;

struct rf_profile_scratch {
    holding *holdings;
    size_t holding_room;
    uint32_t *shared; /* by family and member: values shared inside; families * size */
    size_t shared_room;
    uint32_t *held;   /* by group: members that hold it, then places; zero between rings */
    uint32_t *groups; /* those that two members or more hold */
    size_t group_room;
    uint64_t *met; /* by member: families in which it shares anything with another, as bits */
    size_t met_room;
    rf_meeting *meeting;
    size_t meetings, meeting_room;
    int64_t *created;
    size_t created_room;
    uint32_t *codes;
    size_t code_room;
    double *mix;    /* by capability */
    uint32_t *seen; /* members of the group at hand */
    size_t seen_room;
    rf_ring_evidence *evidence;
    size_t evidence_room;
};

rf_status rf_profile_scratch_new(const rf_population *population, rf_profile_scratch **out,
                                 rf_error *err)
{
    rf_profile_scratch *s = rf_alloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL || (s->mix = rf_alloc(population->capabilities, sizeof *s->mix)) == NULL ||
        (s->held = rf_alloc(population->groups, sizeof *s->held)) == NULL) {
        rf_profile_scratch_free(s);
        return rf_fail_memory(err, "the ring profiles");
    }
    *out = s;
    return RF_OK;
}

void rf_profile_scratch_free(rf_profile_scratch *scratch)
{
    if (scratch != NULL) {
        rf_free(scratch->holdings);
        rf_free(scratch->held);
        rf_free(scratch->groups);
        rf_free(scratch->shared);
        rf_free(scratch->met);
        rf_free(scratch->meeting);
        rf_free(scratch->created);
        rf_free(scratch->codes);
        rf_free(scratch->mix);
        rf_free(scratch->seen);
        rf_free(scratch->evidence);
        rf_free(scratch);
    }
}

/* ---- binding ---- */

typedef struct binder {
    const rf_population *p;
    const rf_calibration *c;
    const rf_baseline *base;
    rf_profile_scratch *s;
    rf_profile *profile;
    uint32_t size;
    size_t evidences;
} binder;

/* Lists the groups that two members or more hold, ascending, so that those of a value follow each
 * other; *count is their number and *shared that of their holdings. */
static rf_status list_shared(const rf_population *p, const rf_member *members, uint32_t size,
                             rf_profile_scratch *s, size_t *count, size_t *shared, rf_error *err)
{
    *count = 0;
    *shared = 0;
    for (uint32_t m = 0; m < size; m++) {
        uint32_t const a = members[m].account;
        uint64_t const first = p->account_start[a];
        uint64_t const end = p->account_start[a + 1];
        if (!rf_reserve(&s->groups, &s->group_room, *count + (end - first), sizeof *s->groups)) {
            return rf_fail_memory(err, "a ring profile");
        }
        for (uint64_t i = first; i < end; i++) {
            uint32_t const before = s->held[p->account_group[i]]++;
            s->groups[*count] = p->account_group[i];
            *count += before == 1;
            *shared += before == 0 ? 0 : before == 1 ? 2 : 1;
        }
    }
    rf_order_small(s->groups, *count);
    return RF_OK;
}

/* The holdings that members share, by value, group and member: what one member alone holds binds
 * nobody. O(holdings + shared groups, sorted). */
static rf_status gather(const rf_population *p, const rf_member *members, uint32_t size,
                        rf_profile_scratch *s, size_t *count, rf_error *err)
{
    enum { PLACES = 2 }; /* in `held`, places come above what says that a group is not shared */
    size_t groups;
    uint32_t place = PLACES;
    rf_status status = list_shared(p, members, size, s, &groups, count, err);
    if (status == RF_OK &&
        !rf_reserve(&s->holdings, &s->holding_room, *count, sizeof *s->holdings)) {
        status = rf_fail_memory(err, "a ring profile");
    }
    for (size_t i = 0; i < groups && status == RF_OK; i++) {
        uint32_t const n = s->held[s->groups[i]];
        s->held[s->groups[i]] = place;
        place += n;
    }
    for (uint32_t m = 0; m < size && status == RF_OK; m++) {
        uint32_t const a = members[m].account;
        for (uint64_t i = p->account_start[a]; i < p->account_start[a + 1]; i++) {
            uint32_t const g = p->account_group[i];
            if (s->held[g] >= PLACES) {
                s->holdings[s->held[g]++ - PLACES] = (holding){p->group_value[g], g, m};
            }
        }
    }
    for (uint32_t m = 0; m < size; m++) {
        uint32_t const a = members[m].account;
        for (uint64_t i = p->account_start[a]; i < p->account_start[a + 1]; i++) {
            s->held[p->account_group[i]] = 0;
        }
    }
    return status;
}

static rf_status note_evidence(binder *b, uint32_t value, uint32_t members, double reliability,
                               int32_t first_day, int32_t last_day, rf_error *err)
{
    if (!rf_reserve(&b->s->evidence, &b->s->evidence_room, b->evidences + 1,
                    sizeof *b->s->evidence)) {
        return rf_fail_memory(err, "the evidence of a ring");
    }
    b->s->evidence[b->evidences++] = (rf_ring_evidence){
        .value_row = b->p->value_row[value],
        .members = members,
        .holders = b->p->value_holders[value],
        .bits = rf_bits_real(rf_worth(reliability, b->c->settings.prior_bits)),
        .first_day = first_day,
        .last_day = last_day,
    };
    return RF_OK;
}

/* Members of a telling group of an address meet. */
static bool note_meeting(binder *b, uint32_t value, size_t members)
{
    rf_profile_scratch *s = b->s;
    uint16_t const network = b->p->value_network[value];
    if (network == 0) {
        return true;
    }
    if (!rf_reserve(&s->meeting, &s->meeting_room, s->meetings + 1, sizeof *s->meeting)) {
        return false;
    }
    s->meeting[s->meetings++] = (rf_meeting){network, (uint32_t)members - 1};
    return true;
}

static int by_network(const void *left, const void *right)
{
    const rf_meeting *a = left;
    const rf_meeting *b = right;
    return (a->network > b->network) - (a->network < b->network);
}

double rf_networks(rf_meeting *meeting, size_t count)
{
    size_t networks = 0;
    uint32_t most = 0;
    double all = RF_STRAY;
    double entropy = 0;
    if (count == 0) {
        return 0;
    }
    qsort(meeting, count, sizeof *meeting, by_network);
    for (size_t i = 0; i < count; i++) {
        if (networks > 0 && meeting[networks - 1].network == meeting[i].network) {
            meeting[networks - 1].times += meeting[i].times;
        } else {
            meeting[networks++] = meeting[i];
        }
    }
    for (size_t i = 0; i < networks; i++) {
        most = meeting[i].times > most ? meeting[i].times : most;
        all += meeting[i].times;
    }
    for (size_t i = 0; i < networks; i++) {
        bool const first = meeting[i].times == most;
        double const share = (meeting[i].times + (first ? RF_STRAY : 0)) / all;
        most = first ? UINT32_MAX : most;
        entropy -= share * log(share);
    }
    return exp(entropy);
}

/* Members that share the value with another member, each once; holdings[first, end) are of one
 * value. Only groups of two members count, and only telling ones. */
static rf_status bind_value(binder *b, size_t first, size_t end, rf_error *err)
{
    const holding *h = b->s->holdings;
    uint32_t const value = h[first].value;
    uint32_t const family = b->p->signal[b->p->value_signal[value]].family;
    size_t seen = 0;
    uint32_t days = 0;
    uint32_t distinct = 0;
    double reliability = 0;
    int32_t first_day = RF_NO_DAY;
    int32_t last_day = RF_NO_DAY;
    for (size_t i = first, next; i < end; i = next) {
        uint32_t const g = h[i].group;
        for (next = i + 1; next < end && h[next].group == g;) {
            next++;
        }
        if (next - i < 2) {
            continue;
        }
        for (size_t k = i; k < next; k++) {
            b->s->met[h[k].member] |= UINT64_C(1) << family;
        }
        if (b->base->telling_group[g] == 0) {
            continue;
        }
        reliability = fmax(reliability, rf_group_reliability(b->p, b->c, g));
        first_day = first_day == RF_NO_DAY ? b->p->group_day[g] : first_day;
        last_day = b->p->group_day[g];
        if (!note_meeting(b, value, next - i) ||
            !rf_reserve(&b->s->seen, &b->s->seen_room, seen + (next - i), sizeof *b->s->seen)) {
            return rf_fail_memory(err, "a ring profile");
        }
        for (size_t k = i; k < next; k++) {
            b->s->seen[seen++] = h[k].member;
        }
        days++;
    }
    if (seen == 0) {
        return RF_OK;
    }
    if (days > 1) { /* one group is in order */
        rf_order_small(b->s->seen, seen);
    }
    for (size_t i = 0; i < seen; i++) {
        if (i == 0 || b->s->seen[i] != b->s->seen[i - 1]) {
            distinct++;
            b->s->shared[(size_t)family * b->size + b->s->seen[i]]++;
        }
    }
    b->profile->binding[family].values++;
    if (distinct > b->profile->binding[family].top) {
        b->profile->binding[family].top = distinct;
    }
    return note_evidence(b, value, distinct, reliability, first_day, last_day, err);
}

/* Bound members, observed members, and how much bound members keep for themselves. */
static void sum_bindings(binder *b, const rf_member *members)
{
    const rf_population *p = b->p;
    for (uint32_t f = 0; f < p->families; f++) {
        rf_binding *binding = &b->profile->binding[f];
        double held = 0;
        double shared = 0;
        for (uint32_t m = 0; m < b->size; m++) {
            uint32_t const a = members[m].account;
            uint32_t const inside = b->s->shared[(size_t)f * b->size + m];
            binding->observed += (uint32_t)(p->observed[a] >> f & 1);
            binding->met += (uint32_t)(b->s->met[m] >> f & 1);
            if (inside == 0) {
                continue;
            }
            binding->members++;
            shared += inside;
            for (uint32_t s = 0; s < p->signals; s++) {
                if (p->signal[s].link && p->signal[s].family == f && p->held[s] != NULL) {
                    held += p->held[s][a];
                }
            }
        }
        binding->own = held > 0 ? fmax(1 - shared / held, 0) : 0;
    }
}

static rf_status bind_ring(binder *b, const rf_member *members, rf_error *err)
{
    size_t const cells = (size_t)b->p->families * b->size;
    size_t count = 0;
    rf_status status = gather(b->p, members, b->size, b->s, &count, err);
    if (status == RF_OK &&
        (!rf_reserve(&b->s->shared, &b->s->shared_room, cells, sizeof *b->s->shared) ||
         !rf_reserve(&b->s->met, &b->s->met_room, b->size, sizeof *b->s->met))) {
        status = rf_fail_memory(err, "a ring profile");
    }
    if (status != RF_OK) {
        return status;
    }
    if (cells > 0) {
        memset(b->s->shared, 0, cells * sizeof *b->s->shared);
    }
    memset(b->s->met, 0, b->size * sizeof *b->s->met);
    b->s->meetings = 0;
    for (size_t first = 0, end; first < count && status == RF_OK; first = end) {
        end = first + 1;
        while (end < count && b->s->holdings[end].value == b->s->holdings[first].value) {
            end++;
        }
        if (end - first >= 2) {
            status = bind_value(b, first, end, err);
        }
    }
    sum_bindings(b, members);
    for (size_t i = 0; i < b->s->meetings; i++) {
        b->profile->meetings += b->s->meeting[i].times;
    }
    b->profile->networks = rf_networks(b->s->meeting, b->s->meetings);
    return status;
}

/* ---- sign-up ---- */

/* The first sign-up of the whole population at or after `limit`, from `start` on: all before it are
 * earlier. Steps that double, then halving: O(log distance). */
static uint32_t first_at(const rf_baseline *b, uint32_t start, int64_t limit)
{
    uint32_t low = start;
    uint32_t high = start;
    for (uint32_t step = 1; high < b->created_count && b->created[high] < limit; step *= 2) {
        low = high + 1;
        high = step < b->created_count - high ? high + step : b->created_count;
    }
    while (low < high) {
        uint32_t const middle = low + (high - low) / 2;
        if (b->created[middle] < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* How many members signed up close to another one, and how many would if the ring's members had
 * been drawn from the rest: 1 - exp(-expected neighbours), a Poisson approximation. */
static void measure_burst(const rf_baseline *base, const int64_t *created, uint32_t count,
                          rf_profile *profile)
{
    static const int64_t scale[RF_BURST_SCALES] = {60, 3600, 86400, 604800};
    uint32_t const rest = base->created_count - count;
    for (int s = 0; s < RF_BURST_SCALES; s++) {
        uint32_t low = 0;
        uint32_t high = 0;
        uint32_t from = 0; /* sign-ups of everybody within the scale: [from, to) */
        uint32_t to = 0;
        double expected = 0;
        for (uint32_t i = 0; i < count; i++) {
            while (created[i] - created[low] > scale[s]) {
                low++;
            }
            while (high + 1 < count && created[high + 1] - created[i] <= scale[s]) {
                high++;
            }
            profile->close[s] += high - low >= 1;
            from = first_at(base, from, created[i] - scale[s]);
            to = first_at(base, to > from ? to : from, created[i] + scale[s] + 1);
            if (rest > 0) {
                uint32_t const around = to - from - (high - low + 1);
                expected += 1 - exp(-(double)(count - 1) * around / rest);
            }
        }
        profile->close_expected[s] = expected;
    }
}

static rf_status profile_created(const rf_population *p, const rf_baseline *base,
                                 const rf_member *members, uint32_t size, rf_profile_scratch *s,
                                 rf_profile *profile, rf_error *err)
{
    if (!rf_reserve(&s->created, &s->created_room, size, sizeof *s->created)) {
        return rf_fail_memory(err, "a ring profile");
    }
    for (uint32_t m = 0; m < size; m++) {
        if (p->created_at[members[m].account] != RF_NO_TIME) {
            s->created[profile->created_known++] = p->created_at[members[m].account];
        }
    }
    rf_order_signed(s->created, profile->created_known);
    if (profile->created_known > 0) {
        measure_burst(base, s->created, profile->created_known, profile);
    }
    return RF_OK;
}

/* ---- habits ---- */

static void profile_usage(const rf_population *p, const rf_baseline *base, const rf_member *members,
                          uint32_t size, rf_profile *profile)
{
    double sum = 0;
    double squares = 0;
    for (uint32_t m = 0; m < size; m++) {
        uint32_t const a = members[m].account;
        bool active = false;
        for (int t = 0; t < RF_TRAITS; t++) {
            profile->trait[t].known += base->known[a] >> t & 1;
            profile->trait[t].having += base->traits[a] >> t & 1;
        }
        if (p->requests[a] > 0) {
            double const logarithm = log((double)p->requests[a]);
            sum += logarithm;
            squares += logarithm * logarithm;
            profile->request_accounts++;
        }
        uint16_t hours[24];
        rf_population_hours(p, a, hours);
        for (int h = 0; h < 24 && base->offset[a] != INT16_MIN; h++) {
            int const local =
                (h + 48 + (base->offset[a] + (base->offset[a] < 0 ? -30 : 30)) / 60) % 24;
            profile->hours[local] += hours[h];
            active = active || hours[h] > 0;
        }
        profile->hour_accounts += active;
    }
    if (profile->request_accounts > 1) {
        double const n = profile->request_accounts;
        profile->log_requests_mean = sum / n;
        profile->log_requests_deviation =
            sqrt(fmax(squares / n - profile->log_requests_mean * profile->log_requests_mean, 0));
    }
}

/* The Kullback-Leibler divergence, in bits, of the ring's mean capability mix from the rest's. */
static void profile_capabilities(const rf_population *p, const rf_baseline *base,
                                 const rf_member *members, uint32_t size, rf_profile_scratch *s,
                                 rf_profile *profile)
{
    double best = 0;
    uint32_t rest;
    memset(s->mix, 0, p->capabilities * sizeof *s->mix);
    for (uint32_t m = 0; m < size; m++) {
        uint32_t const a = members[m].account;
        double total = 0;
        for (uint64_t i = p->capability_start[a]; i < p->capability_start[a + 1]; i++) {
            total += (double)p->capability_use[i].requests;
        }
        for (uint64_t i = p->capability_start[a]; i < p->capability_start[a + 1] && total > 0;
             i++) {
            s->mix[p->capability_use[i].capability] +=
                (double)p->capability_use[i].requests / total;
        }
        profile->capability_accounts += total > 0;
    }
    rest = base->capability_accounts - profile->capability_accounts;
    for (uint32_t c = 0; c < p->capabilities && profile->capability_accounts > 0; c++) {
        double const inside =
            (s->mix[c] + 0.1) / (profile->capability_accounts + 0.1 * p->capabilities);
        double const outside =
            (base->capability[c] - s->mix[c] + 0.1) / (rest + 0.1 * p->capabilities);
        double const term = inside * log2(inside / outside);
        profile->capability_divergence += term;
        if (term > best) {
            best = term;
            profile->top_capability = c;
        }
    }
}

/* The commonest non-zero code among codes[0, count), sorted here; returns how often. */
static uint32_t commonest(uint32_t *codes, uint32_t count, uint32_t *code)
{
    uint32_t best = 0;
    *code = 0;
    rf_order_small(codes, count);
    for (uint32_t i = 0, j; i < count; i = j) {
        for (j = i + 1; j < count && codes[j] == codes[i];) {
            j++;
        }
        if (codes[i] != 0 && j - i > best) {
            best = j - i;
            *code = codes[i];
        }
    }
    return best;
}

static rf_status profile_texts(const rf_population *p, const rf_member *members, uint32_t size,
                               rf_profile_scratch *s, rf_profile *profile, rf_error *err)
{
    uint32_t code;
    if (!rf_reserve(&s->codes, &s->code_room, size, sizeof *s->codes)) {
        return rf_fail_memory(err, "a ring profile");
    }
    for (uint32_t m = 0; m < size; m++) {
        s->codes[m] = p->email_domain.code[members[m].account];
        profile->domain_known += s->codes[m] != 0;
    }
    profile->domain_top = commonest(s->codes, size, &profile->domain);
    for (uint32_t m = 0; m < size; m++) {
        s->codes[m] = p->country.code[members[m].account];
        profile->country_known += s->codes[m] != 0;
    }
    profile->country_top = commonest(s->codes, size, &code);
    return RF_OK;
}

/* ---- evidence ---- */

/* Strongest: what binds most members, weighed by its worth; ties broken by figures that do not
 * depend on the order of values. */
static int by_strength(const void *left, const void *right)
{
    const rf_ring_evidence *a = left;
    const rf_ring_evidence *b = right;
    double const weight_a = a->bits * (a->members - 1);
    double const weight_b = b->bits * (b->members - 1);
    if (weight_a != weight_b) {
        return weight_a < weight_b ? 1 : -1;
    }
    if (a->holders != b->holders) {
        return a->holders < b->holders ? -1 : 1;
    }
    if (a->first_day != b->first_day) {
        return a->first_day < b->first_day ? -1 : 1;
    }
    return (a->last_day > b->last_day) - (a->last_day < b->last_day);
}

rf_status rf_profile_ring(const rf_population *population, const rf_calibration *calibration,
                          const rf_baseline *baseline, const rf_member *members, uint32_t size,
                          rf_profile_scratch *scratch, rf_profile *profile,
                          rf_ring_evidence *evidence, uint32_t evidence_room, uint32_t *evidences,
                          rf_error *err)
{
    binder b = {.p = population,
                .c = calibration,
                .base = baseline,
                .s = scratch,
                .profile = profile,
                .size = size};
    rf_status status;
    *profile = (rf_profile){.size = size};
    *evidences = 0;
    status = bind_ring(&b, members, err);
    if (status == RF_OK) {
        status = profile_created(population, baseline, members, size, scratch, profile, err);
    }
    if (status == RF_OK) {
        status = profile_texts(population, members, size, scratch, profile, err);
    }
    if (status != RF_OK) {
        return status;
    }
    profile_usage(population, baseline, members, size, profile);
    profile_capabilities(population, baseline, members, size, scratch, profile);
    qsort(scratch->evidence, b.evidences, sizeof *scratch->evidence, by_strength);
    while (*evidences < evidence_room && *evidences < b.evidences) {
        evidence[*evidences] = scratch->evidence[*evidences];
        (*evidences)++;
    }
    return RF_OK;
}
