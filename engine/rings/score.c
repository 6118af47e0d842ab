/* score.c - from a profile to parts in bits; see score.h. */
#include "rings/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

rf_score_settings rf_score_defaults(void)
{
    return (rf_score_settings){.prior_bits = 12, .flagged_from = 0, .verified_bits = 8};
}

typedef enum score_sign {
    SIGN_DEVICES,
    SIGN_PAYMENT,
    SIGN_CARD_MESH,
    SIGN_OTHER_TIES,
    SIGN_ADDRESSES,
    SIGN_TEMPLATES,
    SIGN_NOTHING_OWN,
    SIGN_BURST,
    SIGN_INSTRUMENTS,
    SIGN_PREPAID,
    SIGN_NIGHT,
    SIGN_ZONES,
    SIGN_VOLUME,
    SIGN_EVENNESS,
    SIGN_CAPABILITIES,
    SIGN_BANNED,
    SIGNS
} score_sign;

typedef enum honest {
    HOUSEHOLD,
    OFFICE,
    CAMPUS_CLASS,
    SHARED_COMPUTER,
    AGENCY,
    STRANGERS,
    EXPLANATIONS
} honest;

static const char *const honest_name[EXPLANATIONS] = {
    "household",       "office", "campus class",
    "shared computer", "agency", "strangers behind one network",
};

static const struct {
    const char *name;
    double most; /* bits */
} sign_table[SIGNS] = {
    [SIGN_DEVICES] = {"shared devices", 10},
    [SIGN_PAYMENT] = {"shared payment", 8},
    [SIGN_CARD_MESH] = {"many cards shared crosswise", 8},
    [SIGN_OTHER_TIES] = {"shared phones and other ties", 14},
    [SIGN_ADDRESSES] = {"shared addresses", 4},
    [SIGN_TEMPLATES] = {"shared query templates", 6},
    [SIGN_NOTHING_OWN] = {"nothing of their own", 6},
    [SIGN_BURST] = {"sign-up burst", 14},
    [SIGN_INSTRUMENTS] = {"instruments per account", 5},
    [SIGN_PREPAID] = {"prepaid funding", 5},
    [SIGN_NIGHT] = {"active around the clock", 8},
    [SIGN_ZONES] = {"time zone against country", 6},
    [SIGN_VOLUME] = {"requests per account", 4},
    [SIGN_EVENNESS] = {"even volume", 5},
    [SIGN_CAPABILITIES] = {"capability mix", 4},
    [SIGN_BANNED] = {"banned members", 8},
};

/* What share of a sign an honest explanation accounts for. */
static const double explains[EXPLANATIONS][SIGNS] = {
    [HOUSEHOLD] = {[SIGN_DEVICES] = 1,
                   [SIGN_PAYMENT] = 1,
                   [SIGN_CARD_MESH] = 0.5,
                   [SIGN_OTHER_TIES] = 1,
                   [SIGN_ADDRESSES] = 1,
                   [SIGN_TEMPLATES] = 0.3,
                   [SIGN_NOTHING_OWN] = 0.5,
                   [SIGN_INSTRUMENTS] = 0.5,
                   [SIGN_VOLUME] = 0.5,
                   [SIGN_EVENNESS] = 0.5,
                   [SIGN_CAPABILITIES] = 0.5},
    [OFFICE] = {[SIGN_DEVICES] = 0.2,
                [SIGN_PAYMENT] = 1,
                [SIGN_OTHER_TIES] = 0.3,
                [SIGN_ADDRESSES] = 1,
                [SIGN_TEMPLATES] = 0.8,
                [SIGN_NOTHING_OWN] = 0.3,
                [SIGN_INSTRUMENTS] = 0.3,
                [SIGN_VOLUME] = 0.8,
                [SIGN_EVENNESS] = 0.3,
                [SIGN_CAPABILITIES] = 0.9},
    [CAMPUS_CLASS] = {[SIGN_DEVICES] = 0.2,
                      [SIGN_OTHER_TIES] = 0.1,
                      [SIGN_ADDRESSES] = 1,
                      [SIGN_TEMPLATES] = 1,
                      [SIGN_NOTHING_OWN] = 0.3,
                      [SIGN_VOLUME] = 0.5,
                      [SIGN_EVENNESS] = 0.8,
                      [SIGN_CAPABILITIES] = 1},
    [SHARED_COMPUTER] = {[SIGN_DEVICES] = 1,
                         [SIGN_OTHER_TIES] = 0.1,
                         [SIGN_ADDRESSES] = 1,
                         [SIGN_TEMPLATES] = 0.3,
                         [SIGN_NOTHING_OWN] = 0.5,
                         [SIGN_EVENNESS] = 0.3,
                         [SIGN_CAPABILITIES] = 0.5},
    [AGENCY] = {[SIGN_DEVICES] = 0.9,
                [SIGN_PAYMENT] = 1,
                [SIGN_CARD_MESH] = 0.2,
                [SIGN_OTHER_TIES] = 0.7,
                [SIGN_ADDRESSES] = 1,
                [SIGN_TEMPLATES] = 0.9,
                [SIGN_NOTHING_OWN] = 0.8,
                [SIGN_INSTRUMENTS] = 0.3,
                [SIGN_ZONES] = 0.2,
                [SIGN_VOLUME] = 0.8,
                [SIGN_EVENNESS] = 0.6,
                [SIGN_CAPABILITIES] = 0.9},
    [STRANGERS] = {[SIGN_DEVICES] = 0.2,
                   [SIGN_ADDRESSES] = 1,
                   [SIGN_TEMPLATES] = 0.5,
                   [SIGN_NIGHT] = 0.8,
                   [SIGN_ZONES] = 0.9,
                   [SIGN_INSTRUMENTS] = 0.3,
                   [SIGN_PREPAID] = 0.3,
                   [SIGN_VOLUME] = 0.5,
                   [SIGN_CAPABILITIES] = 0.5},
};

/* The same for a sign-up burst, by how close the sign-ups lie: a minute, an hour, a day, a week.
 * Teams start in one week and classes in one morning; families rarely sign up within the hour. */
static const double explains_burst[EXPLANATIONS][RF_BURST_SCALES] = {
    [HOUSEHOLD] = {0.1, 0.2, 0.5, 0.8}, [OFFICE] = {0.6, 0.7, 0.8, 0.9},
    [CAMPUS_CLASS] = {0.9, 1, 1, 1},    [SHARED_COMPUTER] = {0.1, 0.2, 0.4, 0.7},
    [AGENCY] = {0.1, 0.4, 0.85, 0.95},  [STRANGERS] = {0, 0, 0, 0.2},
};

/* A sign as seen in one ring. */
typedef struct seen {
    double bits; /* S, before any explanation */
    double observed, expected;
    char words[160];
} seen;

typedef struct judge {
    const rf_population *p;
    const rf_baseline *base;
    const rf_profile *profile;
    seen sign[SIGNS];
    uint32_t address; /* the family of addresses, UINT32_MAX when there is none */
    uint32_t payment; /* likewise of payments */
    uint32_t device;  /* the family of devices, UINT32_MAX when there is none */
    int burst_scale;  /* of the sign-up burst: the closest that is as telling as any */
    double favour;    /* corporate e-mail domain: negative bits */
    double favour_observed;
    char favour_words[160];
} judge;

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

static void set_sign(judge *j, score_sign which, double bits, double observed, double expected)
{
    seen *s = &j->sign[which];
    s->bits = fmin(fmax(bits, 0), sign_table[which].most);
    s->observed = observed;
    s->expected = expected;
}

/* ---- the signs ---- */

/* Members bound by a family against how common such binding is in the rest. */
static void binding_sign(judge *j, score_sign which, uint32_t family, const char *what)
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
static void other_ties_sign(judge *j)
{
    double const most = sign_table[SIGN_OTHER_TIES].most;
    double sum = 0;
    double best = 0;
    seen strongest = {0};
    for (uint32_t f = 0; f < j->p->families; f++) {
        const char *name = j->p->family_name[f];
        seen *s = &j->sign[SIGN_OTHER_TIES];
        if (strcmp(name, "payment") == 0 || strcmp(name, "device") == 0 ||
            strcmp(name, "address") == 0 || strcmp(name, "template") == 0) {
            continue;
        }
        binding_sign(j, SIGN_OTHER_TIES, f, name);
        sum += fmin(s->bits, most * 0.6);
        if (s->bits > best) {
            best = s->bits;
            strongest = *s;
        }
    }
    j->sign[SIGN_OTHER_TIES] = strongest;
    j->sign[SIGN_OTHER_TIES].bits = fmin(sum, most);
}

/* One company card joins its office as a star; an operator's cards overlap. */
static void card_mesh_sign(judge *j, uint32_t payment)
{
    const rf_binding *b = &j->profile->binding[payment];
    double const beside = b->members > b->top ? b->members - b->top : 0;
    double const share = b->members > 0 ? beside / b->members : 0;
    double const bits = b->values >= 3 ? rf_witnesses(beside) * share : 0;
    set_sign(j, SIGN_CARD_MESH, bits, b->values, 1);
    (void)snprintf(j->sign[SIGN_CARD_MESH].words, sizeof j->sign[SIGN_CARD_MESH].words,
                   "%u instruments are each shared by several members; %.0f members share one that "
                   "is not the commonest",
                   b->values, beside);
}

/* How little bound members keep to themselves, of devices and instruments. */
static void nothing_own_sign(judge *j, uint32_t device, uint32_t payment)
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
        set_sign(j, SIGN_NOTHING_OWN,
                 cover * rf_witnesses(bound) * excess_bits(1 - share * 0.999, 0.6), share, 0.4);
        (void)snprintf(j->sign[SIGN_NOTHING_OWN].words, sizeof j->sign[SIGN_NOTHING_OWN].words,
                       "of the devices and instruments of members who share any, %.0f %% are used "
                       "by no other member",
                       100 * share);
    }
}

static void burst_sign(judge *j)
{
    static const char *const within[RF_BURST_SCALES] = {"a minute", "an hour", "a day", "a week"};
    const rf_profile *p = j->profile;
    double const known = p->created_known;
    for (int s = 0; s < RF_BURST_SCALES && known >= 3; s++) {
        double const expected = p->close_expected[s] / known;
        /* four scales were tried: the best of four is worth log2(4) less */
        double const bits = rate_bits(p->close[s], known, expected) - 2;
        if (bits > j->sign[SIGN_BURST].bits) {
            set_sign(j, SIGN_BURST, bits, p->close[s] / known, expected);
            j->burst_scale = s;
            (void)snprintf(j->sign[SIGN_BURST].words, sizeof j->sign[SIGN_BURST].words,
                           "%u of %.0f members signed up within %s of another member; %.1f would "
                           "by chance",
                           p->close[s], known, within[s], p->close_expected[s]);
        }
    }
}

static void trait_sign(judge *j, score_sign which, rf_trait trait, const char *words)
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
static void night_sign(judge *j)
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
    set_sign(j, SIGN_NIGHT,
             3 * rate_bits(share * j->profile->hour_accounts, j->profile->hour_accounts, rest),
             share, rest);
    (void)snprintf(j->sign[SIGN_NIGHT].words, sizeof j->sign[SIGN_NIGHT].words,
                   "%.0f %% of active hours lie between midnight and six by the members' own time "
                   "zones; %.0f %% for everybody else",
                   100 * share, 100 * rest);
}

/* Load balancing: members' volumes lie closer together than people's do (normal densities of the
 * logarithm, the ring's spread against the population's). */
static void evenness_sign(judge *j)
{
    const rf_profile *p = j->profile;
    double const everybody = j->base->log_requests_deviation;
    double inside;
    if (p->request_accounts < 6 || everybody <= 0) {
        return;
    }
    inside = fmax(p->log_requests_deviation, 0.05);
    set_sign(j, SIGN_EVENNESS,
             inside < everybody * 0.8
                 ? rf_witnesses(p->request_accounts) * (log2(everybody / inside) - 0.32)
                 : 0,
             inside, everybody);
    (void)snprintf(j->sign[SIGN_EVENNESS].words, sizeof j->sign[SIGN_EVENNESS].words,
                   "requests per member vary by a factor of %.1f; by %.1f for everybody else",
                   exp(inside), exp(everybody));
}

static void capability_sign(judge *j)
{
    const rf_profile *p = j->profile;
    if (p->capability_accounts >= 3 && j->p->capabilities > 0) {
        set_sign(j, SIGN_CAPABILITIES,
                 rf_witnesses(p->capability_accounts) * fmax(p->capability_divergence - 0.1, 0),
                 p->capability_divergence, 0);
        (void)snprintf(j->sign[SIGN_CAPABILITIES].words, sizeof j->sign[SIGN_CAPABILITIES].words,
                       "the mix of capabilities differs by %.2f bits from everybody else's, most "
                       "in %s",
                       p->capability_divergence, j->p->capability[p->top_capability]);
    }
}

/* A domain that most members share, and that is not one of the large mail providers, speaks for an
 * organisation. */
static void judge_domain(judge *j)
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

static void read_signs(judge *j)
{
    uint32_t const device = j->device = rf_family_named(j->p, "device");
    uint32_t const payment = j->payment = rf_family_named(j->p, "payment");
    uint32_t const address = j->address = rf_family_named(j->p, "address");
    uint32_t const template = rf_family_named(j->p, "template");
    if (device != UINT32_MAX) {
        binding_sign(j, SIGN_DEVICES, device, "a device");
    }
    if (payment != UINT32_MAX) {
        binding_sign(j, SIGN_PAYMENT, payment, "a payment instrument");
        card_mesh_sign(j, payment);
    }
    if (address != UINT32_MAX) {
        binding_sign(j, SIGN_ADDRESSES, address, "an address");
    }
    if (template != UINT32_MAX) {
        binding_sign(j, SIGN_TEMPLATES, template, "a query template");
    }
    other_ties_sign(j);
    nothing_own_sign(j, device, payment);
    burst_sign(j);
    trait_sign(j, SIGN_INSTRUMENTS, RF_TRAIT_MANY_INSTRUMENTS, "use two instruments or more");
    trait_sign(j, SIGN_PREPAID, RF_TRAIT_PREPAID, "pay with prepaid or virtual instruments only");
    trait_sign(j, SIGN_ZONES, RF_TRAIT_ZONE_MISMATCH, "have a time zone of another country");
    trait_sign(j, SIGN_VOLUME, RF_TRAIT_BUSY, "are among the busiest quarter of accounts");
    trait_sign(j, SIGN_BANNED, RF_TRAIT_BANNED, "are banned or suspended");
    night_sign(j);
    evenness_sign(j);
    capability_sign(j);
    judge_domain(j);
}

/* ---- the honest explanations ---- */

static double beyond(double size, double usual, double bits_a_doubling)
{
    return size > usual ? bits_a_doubling * log2(size / usual) : 0;
}

/* What speaks against an explanation besides the signs it leaves open. */
typedef struct objection {
    double bits;
    const char *words;
} objection;

enum { OBJECTIONS = 7 };

/* From 0 (members are seen at the same address on the same day) to 1 (they are not): people who
 * know each other meet. Of three members little can be said, of nine a lot. */
static double never_met(const judge *j)
{
    const rf_binding *b;
    if (j->address == UINT32_MAX) {
        return 0;
    }
    b = &j->profile->binding[j->address];
    if (b->observed < 4) {
        return 0;
    }
    return fmax(1 - 2.0 * b->met / b->observed, 0) * fmin((b->observed - 3.0) / 6, 1);
}

/* One card pays for an agency's accounts: bits against it as far as none does. */
static double no_card(const judge *j)
{
    const rf_binding *b;
    if (j->payment == UINT32_MAX || j->profile->binding[j->payment].observed < 3) {
        return 3; /* not known */
    }
    b = &j->profile->binding[j->payment];
    return 5 * fmax(1 - 2.0 * b->top / b->observed, 0);
}

/* From 0 to 1, as one instrument pays for half, or for three quarters and more, of all members:
 * people who work from anywhere, or who bought their accounts from one seller. Operators spread
 * theirs. */
static double one_payer(const judge *j)
{
    const rf_binding *b;
    if (j->payment == UINT32_MAX || j->profile->binding[j->payment].observed < 3) {
        return 0;
    }
    b = &j->profile->binding[j->payment];
    return fmin(fmax(4.0 * b->top / j->profile->size - 2, 0), 1);
}

/* From 0 (most members give one country) to 1: people at one place mostly live in one country. */
static double many_countries(const judge *j)
{
    const rf_profile *p = j->profile;
    if (p->country_known < 4) {
        return 0;
    }
    return fmax(1 - p->country_top / (0.6 * p->country_known), 0) *
           fmin((p->country_known - 2) / 4.0, 1);
}

/* Addresses are known for hardly any member: nothing shows that they are at one place. */
static bool nowhere(const judge *j)
{
    return j->address == UINT32_MAX ||
           4 * j->profile->binding[j->address].observed < j->profile->size;
}

/* Fills out[] with those of `which`; unused ones have no bits. */
static void object(const judge *j, honest which, objection out[OBJECTIONS])
{
    const rf_profile *p = j->profile;
    double const size = p->size;
    bool const no_domain = j->favour >= 0 && p->domain_known >= 3;
    double const one_device =
        j->device == UINT32_MAX ? 0 : p->binding[j->device].top / size; /* share on one device */
    double const all_on_one = one_device >= 0.5 ? one_device : 0;
    double const apart = never_met(j);
    bool const lost = nowhere(j);
    double const mixed = many_countries(j);
    double const payer = one_payer(j);
    double const afar = 1 - 0.8 * payer;
    memset(out, 0, OBJECTIONS * sizeof *out);
    switch (which) {
    case HOUSEHOLD:
        out[0] = (objection){beyond(size, 4, 5), "larger than a household"};
        out[4] = (objection){5 * apart, "members are never at one address"};
        out[5] = (objection){lost ? 2 : 0, "nothing shows that they are at one place"};
        out[6] = (objection){8 * mixed, "members give many countries"};
        break;
    case OFFICE:
        out[0] = (objection){beyond(size, 400, 3), "larger than an office"};
        out[1] = (objection){no_domain ? 3 : 0, "no common company address"};
        out[2] = (objection){5 * all_on_one, "colleagues do not all work on one device"};
        out[4] = (objection){5 * apart, "members are never at one address"};
        out[5] = (objection){lost ? 3 : 0, "nothing shows that they are at one place"};
        out[6] = (objection){5 * mixed, "members give many countries"};
        break;
    case CAMPUS_CLASS:
        out[0] = (objection){beyond(size, 300, 3), "larger than a class"};
        out[1] = (objection){j->sign[SIGN_BURST].bits < 3 ? 4 : 1, "classes start together"};
        out[2] = (objection){7 * all_on_one, "students do not all work on one device"};
        out[4] = (objection){5 * apart, "members are never at one address"};
        out[5] = (objection){lost ? 3 : 0, "nothing shows that they are at one place"};
        out[6] = (objection){6 * mixed, "members give many countries"};
        break;
    case SHARED_COMPUTER:
        out[0] = (objection){beyond(size, 60, 2), "more than a shared computer serves"};
        out[1] = (objection){1, "few places share computers"};
        out[4] = (objection){6 * apart, "members are never at one address"};
        out[5] = (objection){lost ? 3 : 0, "nothing shows that they are at one place"};
        out[6] = (objection){7 * mixed, "members give many countries"};
        break;
    case AGENCY:
        out[0] = (objection){beyond(size, 20, 4), "larger than an agency"};
        out[1] =
            (objection){no_domain ? 3 - payer : 1, "agencies are few and have a company address"};
        out[2] = (objection){no_card(j), "no card in common, as an agency would have"};
        out[3] = (objection){5 * all_on_one, "an agency has more than one device"};
        out[4] = (objection){4 * apart * afar, "members are never at one address"};
        out[5] = (objection){lost ? 3 * afar : 0, "nothing shows that they are at one place"};
        out[6] = (objection){5 * mixed * afar, "members give many countries"};
        break;
    case STRANGERS:
    case EXPLANATIONS:
        break;
    }
}

static double objected(const objection *list)
{
    double bits = 0;
    for (int i = 0; i < OBJECTIONS; i++) {
        bits += list[i].bits;
    }
    return bits;
}

static double share_explained(const judge *j, honest which, int s)
{
    return s == SIGN_BURST ? explains_burst[which][j->burst_scale] : explains[which][s];
}

static double score_under(const judge *j, honest which)
{
    objection list[OBJECTIONS];
    double score = j->favour;
    object(j, which, list);
    score += objected(list);
    for (int s = 0; s < SIGNS; s++) {
        score += j->sign[s].bits * (1 - share_explained(j, which, s));
    }
    return score;
}

static rf_status add_part(rf_ring *ring, rf_arena *texts, const char *name, double bits,
                          double observed, double expected, const char *note, rf_error *err)
{
    rf_score_part *part = &ring->part[ring->parts];
    *part =
        (rf_score_part){name, bits, observed, expected, rf_arena_text(texts, note, strlen(note))};
    if (part->note == NULL) {
        return rf_fail_memory(err, "the parts of a score");
    }
    ring->parts++;
    ring->score += bits;
    return RF_OK;
}

static rf_status write_parts(const judge *j, honest best, const rf_score_settings *settings,
                             rf_arena *texts, rf_ring *ring, rf_error *err)
{
    char note[640];
    objection list[OBJECTIONS];
    rf_status status = RF_OK;
    object(j, best, list);
    for (int s = 0; s < SIGNS && status == RF_OK; s++) {
        const seen *sign = &j->sign[s];
        double const explained = share_explained(j, best, s);
        if (sign->bits <= 0) {
            continue;
        }
        if (explained > 0) {
            (void)snprintf(note, sizeof note, "%s; worth %.1f bits, of which %s explains %.0f %%",
                           sign->words, sign->bits, honest_name[best], 100 * explained);
        } else {
            (void)snprintf(note, sizeof note, "%s", sign->words);
        }
        status = add_part(ring, texts, sign_table[s].name, sign->bits * (1 - explained),
                          sign->observed, sign->expected, note, err);
    }
    if (status == RF_OK && objected(list) > 0) {
        int length = snprintf(note, sizeof note, "as %s:", honest_name[best]);
        for (int i = 0; i < OBJECTIONS; i++) {
            if (list[i].bits > 0) {
                length += snprintf(note + length, sizeof note - (size_t)length, "%s %s (%.1f bits)",
                                   note[length - 1] == ':' ? "" : ";", list[i].words, list[i].bits);
            }
        }
        status = add_part(ring, texts, "unlike its best honest explanation", objected(list),
                          j->profile->size, (double)NAN, note, err);
    }
    if (status == RF_OK && j->favour < 0) {
        status = add_part(ring, texts, "corporate e-mail domain", j->favour, j->favour_observed,
                          (double)NAN, j->favour_words, err);
    }
    if (status == RF_OK) {
        status =
            add_part(ring, texts, "rings are rare", -settings->prior_bits, (double)NAN, (double)NAN,
                     "most groups of accounts that share something are honest", err);
    }
    return status;
}

rf_status rf_score_ring(const rf_population *population, const rf_baseline *baseline,
                        const rf_profile *profile, const rf_score_settings *settings,
                        rf_arena *texts, rf_ring *ring, rf_error *err)
{
    judge j = {.p = population, .base = baseline, .profile = profile};
    honest best = HOUSEHOLD;
    rf_status status;
    read_signs(&j);
    for (int h = 1; h < EXPLANATIONS; h++) {
        if (score_under(&j, (honest)h) < score_under(&j, best)) {
            best = (honest)h;
        }
    }
    ring->score = 0;
    ring->parts = 0;
    ring->looks_like = honest_name[best];
    status = write_parts(&j, best, settings, texts, ring, err);
    ring->flagged = ring->score >= settings->flagged_from;
    return status;
}
