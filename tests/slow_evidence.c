/* slow_evidence.c - see slow_evidence.h. */
#include "slow_evidence.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 65536 };

/* ---- who holds what ---- */

static void number_things(slow_evidence *e)
{
    const crowd *c = e->c;
    for (uint32_t a = 0; a < c->accounts; a++) {
        for (uint32_t b = 0; b < c->accounts; b++) {
            e->rank[a] += strcmp(c->external_id[b], c->external_id[a]) < 0;
        }
        e->account[e->rank[a]] = a;
    }
    for (uint32_t s = 0; s < c->signals; s++) {
        for (uint32_t t = 0; t < c->signals; t++) {
            e->signal_order[s] += strcmp(c->signal[t].name, c->signal[s].name) < 0;
        }
    }
}

/* The families of the signals the crowd has and of those every store has, by name. */
static void number_families(slow_evidence *e)
{
    static const char *const always[] = {"payment",  "address", "device",
                                         "template", "tie",     "phone"};
    const char *name[CROWD_SIGNALS + 6];
    uint32_t names = 0;
    for (uint32_t i = 0; i < e->c->signals + 6; i++) {
        const char *family = i < 6 ? always[i] : e->c->signal[i - 6].family;
        int known = 0;
        for (uint32_t k = 0; k < names; k++) {
            known = known || strcmp(name[k], family) == 0;
        }
        /* a crowd that renames every family leaves none of the usual ones */
        if (!known &&
            !(i < 6 && e->c->signals > 1 && strcmp(e->c->signal[0].family, "everything") == 0)) {
            name[names++] = family;
        }
    }
    e->families = names;
    for (uint32_t s = 0; s < e->c->signals; s++) {
        for (uint32_t k = 0; k < names; k++) {
            e->family_of[s] += strcmp(name[k], e->c->signal[s].family) < 0;
        }
    }
}

static slow_group *group_of(slow_evidence *e, uint32_t value, int32_t day)
{
    for (uint32_t g = 0; g < e->groups; g++) {
        if (e->group[g].value == value && e->group[g].day == day) {
            return &e->group[g];
        }
    }
    assert_true(e->groups < SLOW_GROUPS);
    e->group[e->groups] = (slow_group){.value = value, .day = day};
    return &e->group[e->groups++];
}

static int by_value_and_day(const void *left, const void *right)
{
    const slow_group *a = left;
    const slow_group *b = right;
    if (a->value != b->value) {
        return a->value < b->value ? -1 : 1;
    }
    return (a->day > b->day) - (a->day < b->day);
}

static void gather_groups(slow_evidence *e)
{
    const crowd *c = e->c;
    for (uint32_t i = 0; i < c->sightings; i++) {
        const crowd_sighting *s = &c->sighting[i];
        uint32_t const r = e->rank[s->account];
        uint32_t const signal = c->value_signal[s->value];
        slow_group *g = group_of(e, s->value, c->signal[signal].windowed ? s->day : -1);
        g->size += !g->holds[r];
        g->holds[r] = 1;
        e->used[r] += !e->uses[s->value][r];
        e->uses[s->value][r] = 1;
        e->observed[r] |= UINT64_C(1) << e->family_of[signal];
    }
    qsort(e->group, e->groups, sizeof *e->group, by_value_and_day);
    for (uint32_t g = e->groups; g-- > 0;) {
        e->first_group[e->group[g].value] = g;
    }
}

static int counts(const slow_group *g)
{
    return g->size >= 2;
}

static int both_hold(const slow_group *g, uint32_t a, uint32_t b)
{
    return counts(g) && g->holds[a] && g->holds[b];
}

/* What each pair shares of groups that are not too common to corroborate. */
static void compare_all(slow_evidence *e)
{
    for (uint32_t a = 0; a < e->c->accounts; a++) {
        for (uint32_t b = 0; b < e->c->accounts; b++) {
            uint8_t seen[CROWD_VALUES] = {0};
            for (uint32_t k = 0; k < e->groups; k++) {
                const slow_group *g = &e->group[k];
                if (both_hold(g, a, b) && g->size <= e->common) {
                    e->shared[a][b] |= UINT64_C(1) << e->family_of[e->c->value_signal[g->value]];
                    e->shared_values[a][b] += !seen[g->value];
                    seen[g->value] = 1;
                }
            }
        }
    }
}

/* ---- corroboration ---- */

static int tells(const slow_evidence *e, uint32_t family, uint32_t a, uint32_t b)
{
    if (e->one_family) {
        return e->used[a] >= 2 && e->used[b] >= 2;
    }
    for (uint32_t f = 0; f < e->families; f++) {
        if (f != family && (e->observed[a] >> f & 1) && (e->observed[b] >> f & 1)) {
            return 1;
        }
    }
    return 0;
}

static int corroborated(const slow_evidence *e, uint32_t family, uint32_t a, uint32_t b)
{
    if (e->one_family) {
        return e->shared_values[a][b] >= 2;
    }
    for (uint32_t f = 0; f < e->families; f++) {
        if (f != family && (e->shared[a][b] >> f & 1)) {
            return 1;
        }
    }
    return 0;
}

/* 200,000 pairs, each end the owner of a holding drawn at random, so that busy accounts come often:
 * holdings are listed by account. */
static void learn_chance(slow_evidence *e)
{
    uint32_t *owner = calloc((size_t)SLOW_GROUPS * CROWD_ACCOUNTS, sizeof *owner);
    double telling[RF_MAX_FAMILIES] = {0};
    double hits[RF_MAX_FAMILIES] = {0};
    uint64_t holdings = 0;
    assert_non_null(owner);
    for (uint32_t a = 0; a < e->c->accounts; a++) {
        for (uint32_t g = 0; g < e->groups; g++) {
            if (counts(&e->group[g]) && e->group[g].holds[a]) {
                owner[holdings++] = a;
            }
        }
    }
    for (uint64_t i = 0; i < 200000 && holdings > 0; i++) {
        uint64_t const draw = rf_mix2(e->settings.seed ^ UINT64_C(0x72616e646f6d), i);
        uint32_t const a = owner[draw % holdings];
        uint32_t const b = owner[rf_mix(draw) % holdings];
        for (uint32_t f = 0; f < e->families && a != b; f++) {
            if (tells(e, f, a, b)) {
                telling[f]++;
                hits[f] += e->one_family ? e->shared_values[a][b] > 0 : corroborated(e, f, a, b);
            }
        }
    }
    for (uint32_t f = 0; f < e->families; f++) {
        e->chance[f] = hits[f] / (telling[f] + 1);
    }
    free(owner);
}

static uint32_t bucket_of(uint32_t holders)
{
    uint32_t bucket = 0;
    uint32_t most = 2; /* of the bucket: 2, 3, 4, 5, 6, 7, 15, 31, ... */
    while (holders > most) {
        bucket++;
        most = bucket < 6 ? bucket + 2 : 2 * most + 1;
    }
    return bucket;
}

static void examine(slow_evidence *e, uint32_t value, uint32_t bucket, uint32_t a, uint32_t b)
{
    uint32_t const signal = e->c->value_signal[value];
    uint32_t const family = e->family_of[signal];
    int hit;
    if (!tells(e, family, a, b)) {
        return;
    }
    hit = corroborated(e, family, a, b);
    e->examined[value]++;
    e->corroborated[value] += hit;
    e->bucket_examined[signal][bucket]++;
    e->bucket_corroborated[signal][bucket] += hit;
    for (uint32_t g = 0; g < e->families && hit && !e->one_family; g++) {
        /* they share `family` and another; if g is not that one, does g show as well? */
        uint64_t const others = e->shared[a][b] & ~(UINT64_C(1) << family);
        if (g != family && (others & ~(UINT64_C(1) << g)) != 0) {
            e->ties[family][g]++;
            e->third[family][g] += (others >> g & 1) != 0;
        }
    }
}

static uint64_t identity(const slow_evidence *e, uint32_t rank)
{
    const char *id = e->c->external_id[e->account[rank]];
    return rf_hash_bytes(0, id, strlen(id));
}

/* Up to 11 holders: all pairs. More: two pairs a holder, at least 60, at most 2,000, drawn by a
 * hash of the seed, the signal and the first, middle and last holder. */
static void examine_group(slow_evidence *e, const slow_group *g, int64_t signal_row)
{
    uint32_t holder[CROWD_ACCOUNTS];
    uint32_t n = 0;
    uint32_t samples;
    uint64_t key;
    for (uint32_t a = 0; a < e->c->accounts; a++) {
        if (g->holds[a]) {
            holder[n++] = a;
        }
    }
    for (uint32_t i = 0; i < n && n <= 11; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            examine(e, g->value, bucket_of(n), holder[i], holder[j]);
        }
    }
    samples = 2 * n < 60 ? 60 : 2 * n > 2000 ? 2000 : 2 * n;
    key = rf_mix2(e->settings.seed, (uint64_t)signal_row);
    key = rf_mix2(key, identity(e, holder[0]));
    key = rf_mix2(key, identity(e, holder[n / 2]));
    key = rf_mix2(key, identity(e, holder[n - 1]));
    for (uint32_t k = 0; k < samples && n > 11; k++) {
        uint64_t const draw = rf_mix2(key, k);
        uint64_t const i = (draw & 0xffffffff) * n / 4294967296;
        uint64_t const j = (i + 1 + (draw >> 32) * (n - 1) / 4294967296) % n;
        examine(e, g->value, bucket_of(n), holder[i], holder[j]);
    }
}

static void learn_values(slow_evidence *e, const int64_t *signal_row)
{
    for (uint32_t k = 0; k < e->groups; k++) {
        if (counts(&e->group[k])) {
            examine_group(e, &e->group[k], signal_row[e->c->value_signal[e->group[k].value]]);
        }
    }
    for (uint32_t f = 0; f < e->families; f++) {
        double missed = 1;
        for (uint32_t g = 0; g < e->families; g++) {
            if (g != f) {
                missed *= 1 - (e->third[f][g] + 0.5) / (e->ties[f][g] + 1);
            }
        }
        e->sensitivity[f] = e->one_family ? 1 : 1 - missed < 0.25 ? 0.25 : 1 - missed;
    }
    for (uint32_t s = 0; s < e->c->signals; s++) {
        double const sensitivity = e->sensitivity[e->family_of[s]];
        double rate = 0.5 * sensitivity;
        for (uint32_t k = 0; k < 36; k++) {
            double beyond;
            rate = (e->bucket_corroborated[s][k] + 4 * rate) / (e->bucket_examined[s][k] + 4);
            beyond = rate - e->chance[e->family_of[s]];
            e->bucket[s][k] = (beyond > 0 ? beyond : 0) / sensitivity;
            e->bucket[s][k] = e->bucket[s][k] > 0.95 ? 0.95 : e->bucket[s][k];
        }
    }
}

/* ---- worth ---- */

/* How reliable a value is when `left_out` pairs, `hits` of them corroborated, are not counted. */
static double reliability(const slow_evidence *e, uint32_t value, uint32_t holders, double left_out,
                          double hits)
{
    uint32_t const signal = e->c->value_signal[value];
    uint32_t const family = e->family_of[signal];
    double const examined = e->examined[value] - left_out;
    double const seen = e->corroborated[value] - hits;
    double const doubt = examined > 55 ? sqrt(seen) : 0; /* 55 pairs of 11 holders */
    double beyond = seen - e->chance[family] * examined - doubt;
    double p;
    beyond = beyond > 0 ? beyond / e->sensitivity[family] : 0;
    p = (beyond + 8 * e->bucket[signal][bucket_of(holders)]) / (examined + 8);
    p = p > 0.95 ? 0.95 : p;
    return p < exp2(e->prior) ? exp2(e->prior) : p;
}

static long long worth(const slow_evidence *e, uint32_t value, uint32_t holders, double p)
{
    double const expected = e->chance[e->family_of[e->c->value_signal[value]]] * e->examined[value];
    long long bits = llround((log2(p / (1 - p)) - e->prior) * UNIT);
    if (bits < 0) {
        bits = 0;
    }
    if (holders > 11 && e->corroborated[value] - expected <= 3 * sqrt(expected + 1)) {
        long long const rarity = llround(log2((double)e->c->accounts / holders) * UNIT);
        bits = bits < rarity ? bits : rarity;
    }
    return bits;
}

typedef struct slow_term {
    uint32_t family, signal, holders;
    int windowed;
    long long bits;
} slow_term;

static int stronger(const slow_term *x, const slow_term *y)
{
    if (x->bits != y->bits) {
        return x->bits > y->bits;
    }
    if (x->signal != y->signal) {
        return x->signal < y->signal;
    }
    return x->holders < y->holders;
}

/* The best day of a value that both use, as a term; 0 when they share no group of it. */
static int value_term(const slow_evidence *e, uint32_t value, uint32_t a, uint32_t b,
                      slow_term *term)
{
    uint32_t const signal = e->c->value_signal[value];
    uint32_t const family = e->family_of[signal];
    uint32_t best = 0;
    uint32_t full = 0;
    int known;
    for (uint32_t k = e->first_group[value]; k < e->groups && e->group[k].value == value; k++) {
        const slow_group *g = &e->group[k]; /* day by day */
        if (!both_hold(g, a, b)) {
            continue;
        }
        full += g->size <= 11;
        if (best == 0 ||
            e->bucket[signal][bucket_of(g->size)] > e->bucket[signal][bucket_of(best)]) {
            best = g->size;
        }
    }
    known = tells(e, family, a, b);
    *term = (slow_term){.family = family,
                        .signal = e->signal_order[signal],
                        .holders = best,
                        .windowed = e->c->signal[signal].windowed};
    if (best > 0) {
        double const p = reliability(e, value, best, known ? full : 0,
                                     known && corroborated(e, family, a, b) ? full : 0);
        term->bits = worth(e, value, best, p);
    }
    return best > 0;
}

long long slow_pair(const slow_evidence *e, uint32_t a, uint32_t b, uint32_t *families)
{
    slow_term term[CROWD_VALUES];
    uint32_t terms = 0;
    uint32_t halved[RF_MAX_FAMILIES] = {0};
    uint64_t count = 0;
    long long sum = llround(e->prior * UNIT);
    for (uint32_t v = 0; v < e->c->values; v++) {
        if (!e->uses[v][a] || !e->uses[v][b]) {
            continue;
        }
        terms += (uint32_t)value_term(e, v, a, b, &term[terms]);
    }
    for (uint32_t round = 0; round < terms; round++) {
        uint32_t best = round;
        slow_term chosen;
        for (uint32_t i = round; i < terms; i++) {
            best = stronger(&term[i], &term[best]) ? i : best;
        }
        chosen = term[best];
        term[best] = term[round];
        for (uint32_t i = 0; i < halved[chosen.family]; i++) {
            chosen.bits /= 2;
        }
        sum += chosen.bits;
        halved[chosen.family] += chosen.windowed ? 2 : 1;
        count |= chosen.bits > 0 ? UINT64_C(1) << chosen.family : 0;
    }
    *families = (uint32_t)__builtin_popcountll(count);
    return sum;
}

/* ---- everything ---- */

static void judge_hubs(slow_evidence *e)
{
    for (uint32_t k = 0; k < e->groups; k++) {
        const slow_group *g = &e->group[k];
        slow_hub *hub = &e->hub[e->hubs];
        if (g->size <= e->settings.pair_cap) {
            continue;
        }
        e->hubs++;
        hub->value = g->value;
        hub->day = g->day;
        hub->reliability = reliability(e, g->value, g->size, 0, 0);
        hub->worth = worth(e, g->value, g->size, hub->reliability);
        hub->treatment = hub->reliability >= e->settings.star_from ? RF_HUB_STAR
                         : hub->worth > 0                          ? RF_HUB_ADDS
                                                                   : RF_HUB_IGNORED;
        hub->star_bits = llround(e->prior * UNIT) + hub->worth;
        hub->star_bits = hub->star_bits < UNIT / 8 ? UNIT / 8 : hub->star_bits;
    }
}

static void link_all(slow_evidence *e)
{
    long long const threshold = llround(e->settings.threshold_bits * UNIT);
    for (uint32_t a = 0; a < e->c->accounts; a++) {
        for (uint32_t b = a + 1; b < e->c->accounts; b++) {
            uint32_t families = 0;
            long long bits;
            int joined = 0;
            for (uint32_t k = 0; k < e->groups; k++) {
                joined = joined || (both_hold(&e->group[k], a, b) &&
                                    e->group[k].size <= e->settings.pair_cap);
            }
            if (!joined) {
                continue;
            }
            bits = slow_pair(e, a, b, &families);
            if (bits > threshold) {
                e->link[e->links++] = (slow_link){a, b, bits, families};
            }
        }
    }
}

slow_evidence *slow_evidence_of(const crowd *c, const rf_evidence_settings *settings,
                                const int64_t *signal_row)
{
    slow_evidence *e = calloc(1, sizeof *e);
    uint64_t all = 0;
    uint32_t share;
    assert_non_null(e);
    e->c = c;
    e->settings = *settings;
    e->prior = isnan(settings->prior_bits) ? -log2((double)c->accounts) : settings->prior_bits;
    share = (uint32_t)(settings->common_share * (double)c->accounts);
    e->common = share > settings->pair_cap ? share : settings->pair_cap;
    number_things(e);
    number_families(e);
    gather_groups(e);
    for (uint32_t a = 0; a < c->accounts; a++) {
        all |= e->observed[a];
    }
    e->one_family = __builtin_popcountll(all) <= 1;
    compare_all(e);
    learn_chance(e);
    learn_values(e, signal_row);
    judge_hubs(e);
    link_all(e);
    return e;
}
