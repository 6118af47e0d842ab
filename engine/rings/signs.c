/* signs.c - from a profile to signs in bits; see signs.h. */
#include "rings/signs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const rf_sign_kind rf_sign_kinds[RF_SIGNS] = {
    [RF_SIGN_DEVICES] = {"shared devices", 10},
    [RF_SIGN_PAYMENT] = {"shared payment", 8},
    [RF_SIGN_CARD_MESH] = {"many cards shared crosswise", 8},
    [RF_SIGN_OTHER_TIES] = {"shared phones and other ties", 14},
    [RF_SIGN_ADDRESSES] = {"shared addresses", 4},
    [RF_SIGN_TEMPLATES] = {"shared query templates", 6},
    [RF_SIGN_PLACES] = {"many meeting places", 12},
    [RF_SIGN_NOTHING_OWN] = {"nothing of their own", 6},
    [RF_SIGN_BURST] = {"sign-up burst", 14},
    [RF_SIGN_INSTRUMENTS] = {"instruments per account", 5},
    [RF_SIGN_PREPAID] = {"prepaid funding", 5},
    [RF_SIGN_NIGHT] = {"active around the clock", 8},
    [RF_SIGN_ZONES] = {"time zone against country", 6},
    [RF_SIGN_VOLUME] = {"requests per account", 4},
    [RF_SIGN_EVENNESS] = {"even volume", 10},
    [RF_SIGN_CAPABILITIES] = {"capability mix", 4},
    [RF_SIGN_BANNED] = {"banned members", 8},
};

/* ---- arithmetic of signs ---- */

double rf_witnesses(double members)
{
    return members <= RF_WITNESSES ? members : RF_WITNESSES + 6 * log2(members / RF_WITNESSES);
}

/* The Kullback-Leibler divergence between two rates, in bits, when `inside` is the greater. */
static double excess_bits(double inside, double outside)
{
    double bits;
    if (inside <= outside) {
        return 0;
    }
    bits = inside * log2(inside / outside);
    if (inside < 1) {
        bits += (1 - inside) * log2((1 - inside) / (1 - outside));
    }
    return bits;
}

/* A rate among members against the rest: shrunk towards it, over a bounded number of witnesses. */
static double rate_bits(double having, double known, double rest_rate)
{
    double const floor_rate = fmin(fmax(rest_rate, 0.001), 0.999);
    double const inside = (having + RF_RATE_SHRINKAGE * floor_rate) / (known + RF_RATE_SHRINKAGE);
    return rf_witnesses(known) * excess_bits(inside, floor_rate);
}

static double rest_rate(rf_trait_count all, rf_trait_count ring)
{
    double const known = (double)all.known - ring.known;
    double const having = (double)all.having - ring.having;
    return (having + 0.5) / (known + 1);
}

static void set_sign(rf_signs *j, rf_sign which, double bits, double observed, double expected)
{
    rf_seen *s = &j->sign[which];
    s->bits = fmin(fmax(bits, 0), rf_sign_kinds[which].most);
    s->observed = observed;
    s->expected = expected;
}

/* ---- the signs ---- */

/* Members bound by a family against how common such binding is in the rest. */
static void binding_sign(rf_signs *j, rf_sign which, uint32_t family, const char *what)
{
    const rf_binding *b = &j->profile->binding[family];
    double const size = j->profile->size;
    double const rest = fmax((double)j->base->accounts - size, 1);
    double const outside = fmax(j->base->telling[family] - (double)b->members, 0);
    double const share = b->members / size;
    set_sign(j, which, rate_bits(b->members, size, (outside + 0.5) / (rest + 1)), share,
             outside / rest);
    (void)snprintf(j->sign[which].words, sizeof j->sign[which].words,
                   "%u of %u members share %s with another member (%u shared, the commonest on %u "
                   "members); %.1f %% of everybody else does",
                   b->members, j->profile->size, what, b->values, b->top, 100 * outside / rest);
}

/* Families that are none of the well-known ones (phones, ties, signals of the user's own) are added
 * up, each with at most half of what all may come to; the words are those of the strongest. */
static void other_ties_sign(rf_signs *j)
{
    double const most = rf_sign_kinds[RF_SIGN_OTHER_TIES].most;
    double sum = 0;
    double best = 0;
    rf_seen strongest = {0};
    for (uint32_t f = 0; f < j->p->families; f++) {
        const char *name = j->p->family_name[f];
        rf_seen *s = &j->sign[RF_SIGN_OTHER_TIES];
        if (strcmp(name, "payment") == 0 || strcmp(name, "device") == 0 ||
            strcmp(name, "address") == 0 || strcmp(name, "template") == 0) {
            continue;
        }
        binding_sign(j, RF_SIGN_OTHER_TIES, f, name);
        sum += fmin(s->bits, most * 0.6);
        if (s->bits > best) {
            best = s->bits;
            strongest = *s;
            j->ties_star = (double)j->profile->binding[f].top / j->profile->binding[f].members;
        }
    }
    j->sign[RF_SIGN_OTHER_TIES] = strongest;
    j->sign[RF_SIGN_OTHER_TIES].bits = fmin(sum, most);
}

/* One company card joins its office as a star; an operator's cards overlap. */
static void card_mesh_sign(rf_signs *j, uint32_t payment)
{
    const rf_binding *b = &j->profile->binding[payment];
    double const beside = b->members > b->top ? b->members - b->top : 0;
    double const share = b->members > 0 ? beside / b->members : 0;
    double const bits = b->values >= 3 ? rf_witnesses(beside) * share : 0;
    set_sign(j, RF_SIGN_CARD_MESH, bits, b->values, 1);
    (void)snprintf(j->sign[RF_SIGN_CARD_MESH].words, sizeof j->sign[RF_SIGN_CARD_MESH].words,
                   "%u instruments are each shared by several members; %.0f members share one that "
                   "is not the commonest",
                   b->values, beside);
}

/* People meet at their place; accounts that one operator moves from proxy to proxy meet wherever
 * he takes them. */
static void places_sign(rf_signs *j)
{
    const rf_profile *p = j->profile;
    double share;
    if (j->address == UINT32_MAX || p->networks <= 0) {
        return;
    }
    share = fmin(2.0 * p->binding[j->address].members / p->size, 1); /* half of them meet: all */
    set_sign(j, RF_SIGN_PLACES, RF_PLACES_BITS * share * log2(p->networks / RF_PLACES), p->networks,
             1);
    (void)snprintf(j->sign[RF_SIGN_PLACES].words, sizeof j->sign[RF_SIGN_PLACES].words,
                   "members meet (one address on one day) as if in %.1f networks alike; people who "
                   "know each other meet in one or two",
                   p->networks);
}

/* How little bound members keep to themselves, of devices and instruments. */
static void nothing_own_sign(rf_signs *j, uint32_t device, uint32_t payment)
{
    double bound = 0;
    double own = 0;
    uint32_t const families[2] = {device, payment};
    for (int i = 0; i < 2; i++) {
        if (families[i] != UINT32_MAX) {
            const rf_binding *b = &j->profile->binding[families[i]];
            bound += b->members;
            own += b->members * b->own;
        }
    }
    if (bound > 0) {
        double const share = own / bound;
        double const cover = fmin(bound / j->profile->size, 1);
        set_sign(j, RF_SIGN_NOTHING_OWN,
                 cover * rf_witnesses(bound) * excess_bits(1 - share * 0.999, 0.6), share, 0.4);
        (void)snprintf(j->sign[RF_SIGN_NOTHING_OWN].words,
                       sizeof j->sign[RF_SIGN_NOTHING_OWN].words,
                       "of the devices and instruments of members who share any, %.0f %% are used "
                       "by no other member",
                       100 * share);
    }
}

static void burst_sign(rf_signs *j)
{
    static const char *const within[RF_BURST_SCALES] = {"a minute", "an hour", "a day", "a week"};
    const rf_profile *p = j->profile;
    double const known = p->created_known;
    for (int s = 0; s < RF_BURST_SCALES && known >= 3; s++) {
        double const expected = p->close_expected[s] / known;
        /* four scales were tried: the best of four is worth log2(4) less */
        double const bits = rate_bits(p->close[s], known, expected) - 2;
        if (bits > j->sign[RF_SIGN_BURST].bits) {
            set_sign(j, RF_SIGN_BURST, bits, p->close[s] / known, expected);
            j->burst_scale = s;
            (void)snprintf(j->sign[RF_SIGN_BURST].words, sizeof j->sign[RF_SIGN_BURST].words,
                           "%u of %.0f members signed up within %s of another member; %.1f would "
                           "by chance",
                           p->close[s], known, within[s], p->close_expected[s]);
        }
    }
}

static void trait_sign(rf_signs *j, rf_sign which, rf_trait trait, const char *words)
{
    rf_trait_count const ring = j->profile->trait[trait];
    double const rest = rest_rate(j->base->trait[trait], ring);
    if (ring.known > 0) {
        set_sign(j, which, rate_bits(ring.having, ring.known, rest),
                 (double)ring.having / ring.known, rest);
        (void)snprintf(j->sign[which].words, sizeof j->sign[which].words,
                       "%u of %u members %s; %.1f %% of everybody else", ring.having, ring.known,
                       words, 100 * rest);
    }
}

/* Activity between midnight and six by the account's own clock. Hours of one account hang together:
 * an account is one witness. */
static void night_sign(rf_signs *j)
{
    double night = 0;
    double all = 0;
    double rest_night = 0;
    double rest_all = 0;
    double share;
    double rest;
    for (int h = 0; h < 24; h++) {
        double const inside = (double)j->profile->hours[h];
        double const outside = (double)j->base->hours[h] - inside;
        all += inside;
        rest_all += outside;
        if (h < 6) {
            night += inside;
            rest_night += outside;
        }
    }
    if (all < 10 || j->profile->hour_accounts < 3 || rest_all < 1) {
        return;
    }
    share = night / all;
    rest = (rest_night + 0.5) / (rest_all + 1);
    set_sign(j, RF_SIGN_NIGHT,
             3 * rate_bits(share * j->profile->hour_accounts, j->profile->hour_accounts, rest),
             share, rest);
    (void)snprintf(j->sign[RF_SIGN_NIGHT].words, sizeof j->sign[RF_SIGN_NIGHT].words,
                   "%.0f %% of active hours lie between midnight and six by the members' own time "
                   "zones; %.0f %% for everybody else",
                   100 * share, 100 * rest);
}

/* Load balancing: members' volumes lie closer together than those of people who know each other do,
 * whose spread is RF_ALIKE of everybody's (the Kullback-Leibler divergence of two normal densities
 * of the logarithm, a witness a member). */
static void evenness_sign(rf_signs *j)
{
    const rf_profile *p = j->profile;
    double const everybody = j->base->log_requests_deviation;
    double inside;
    double ratio;
    if (p->request_accounts < 6 || everybody <= 0) {
        return;
    }
    inside = fmax(p->log_requests_deviation, 0.05);
    ratio = fmin(inside / (RF_ALIKE * everybody), 1);
    set_sign(j, RF_SIGN_EVENNESS,
             rf_witnesses(p->request_accounts) *
                 (-log2(ratio) - (1 - ratio * ratio) / (2 * log(2))),
             inside, everybody);
    (void)snprintf(j->sign[RF_SIGN_EVENNESS].words, sizeof j->sign[RF_SIGN_EVENNESS].words,
                   "requests per member vary by a factor of %.1f; by %.1f for everybody else",
                   exp(inside), exp(everybody));
}

static void capability_sign(rf_signs *j)
{
    const rf_profile *p = j->profile;
    if (p->capability_accounts >= 3 && j->p->capabilities > 0) {
        set_sign(j, RF_SIGN_CAPABILITIES,
                 rf_witnesses(p->capability_accounts) * fmax(p->capability_divergence - 0.1, 0),
                 p->capability_divergence, 0);
        (void)snprintf(j->sign[RF_SIGN_CAPABILITIES].words,
                       sizeof j->sign[RF_SIGN_CAPABILITIES].words,
                       "the mix of capabilities differs by %.2f bits from everybody else's, most "
                       "in %s",
                       p->capability_divergence, j->p->capability[p->top_capability]);
    }
}

/* A domain that most members share, and that is not one of the large mail providers, speaks for an
 * organisation. */
static void judge_domain(rf_signs *j)
{
    const rf_profile *p = j->profile;
    double share;
    uint32_t everywhere;
    if (p->domain_known < 3 || p->domain == 0) {
        return;
    }
    share = (double)p->domain_top / p->domain_known;
    everywhere = j->base->domain_accounts[p->domain];
    if (share < 0.5 ||
        (everywhere > 2 * p->domain_top + 50 && everywhere > j->base->accounts / 200)) {
        return;
    }
    j->favour = -5 * share;
    j->favour_observed = share;
    (void)snprintf(j->favour_words, sizeof j->favour_words,
                   "%u of %u members have an address at %s, which is no public mail provider",
                   p->domain_top, p->domain_known, j->p->email_domain.text[p->domain]);
}

void rf_signs_read(const rf_population *population, const rf_baseline *baseline,
                   const rf_profile *profile, rf_signs *signs)
{
    rf_signs *j = signs;
    uint32_t const device = rf_family_named(population, "device");
    uint32_t const payment = rf_family_named(population, "payment");
    uint32_t const address = rf_family_named(population, "address");
    uint32_t const template = rf_family_named(population, "template");
    *signs = (rf_signs){.p = population,
                        .base = baseline,
                        .profile = profile,
                        .address = address,
                        .payment = payment,
                        .device = device};
    if (device != UINT32_MAX) {
        const rf_binding *b = &j->profile->binding[device];
        binding_sign(j, RF_SIGN_DEVICES, device, "a device");
        j->device_star = b->members > 0 ? (double)b->top / b->members : 0;
    }
    if (payment != UINT32_MAX) {
        binding_sign(j, RF_SIGN_PAYMENT, payment, "a payment instrument");
        card_mesh_sign(j, payment);
    }
    if (address != UINT32_MAX) {
        binding_sign(j, RF_SIGN_ADDRESSES, address, "an address");
        places_sign(j);
    }
    if (template != UINT32_MAX) {
        binding_sign(j, RF_SIGN_TEMPLATES, template, "a query template");
    }
    other_ties_sign(j);
    nothing_own_sign(j, device, payment);
    burst_sign(j);
    trait_sign(j, RF_SIGN_INSTRUMENTS, RF_TRAIT_MANY_INSTRUMENTS, "use two instruments or more");
    trait_sign(j, RF_SIGN_PREPAID, RF_TRAIT_PREPAID,
               "pay with prepaid or virtual instruments only");
    trait_sign(j, RF_SIGN_ZONES, RF_TRAIT_ZONE_MISMATCH, "have a time zone of another country");
    trait_sign(j, RF_SIGN_VOLUME, RF_TRAIT_BUSY, "are among the busiest quarter of accounts");
    trait_sign(j, RF_SIGN_BANNED, RF_TRAIT_BANNED, "are banned or suspended");
    night_sign(j);
    evenness_sign(j);
    capability_sign(j);
    judge_domain(j);
}
