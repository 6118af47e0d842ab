/* score.c - signs against honest explanations; see score.h. */
#include "rings/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

rf_score_settings rf_score_defaults(void)
{
    return (rf_score_settings){.prior_bits = 12, .flagged_from = 0, .verified_bits = 8};
}

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

/* What share of a sign an honest explanation accounts for. */
static const double explains[EXPLANATIONS][RF_SIGNS] = {
    [HOUSEHOLD] = {[RF_SIGN_DEVICES] = 1,
                   [RF_SIGN_PAYMENT] = 1,
                   [RF_SIGN_CARD_MESH] = 0.5,
                   [RF_SIGN_OTHER_TIES] = 1,
                   [RF_SIGN_ADDRESSES] = 1,
                   [RF_SIGN_TEMPLATES] = 0.3,
                   [RF_SIGN_NOTHING_OWN] = 0.5,
                   [RF_SIGN_INSTRUMENTS] = 0.5,
                   [RF_SIGN_VOLUME] = 0.5,
                   [RF_SIGN_EVENNESS] = 0.3,
                   [RF_SIGN_CAPABILITIES] = 0.5},
    [OFFICE] = {[RF_SIGN_DEVICES] = 0.2,
                [RF_SIGN_PAYMENT] = 1,
                [RF_SIGN_OTHER_TIES] = 0.5,
                [RF_SIGN_ADDRESSES] = 1,
                [RF_SIGN_TEMPLATES] = 0.8,
                [RF_SIGN_NOTHING_OWN] = 0.3,
                [RF_SIGN_INSTRUMENTS] = 0.3,
                [RF_SIGN_VOLUME] = 0.8,
                [RF_SIGN_EVENNESS] = 0.2,
                [RF_SIGN_CAPABILITIES] = 0.9},
    [CAMPUS_CLASS] = {[RF_SIGN_DEVICES] = 0.2,
                      [RF_SIGN_OTHER_TIES] = 0.1,
                      [RF_SIGN_ADDRESSES] = 1,
                      [RF_SIGN_TEMPLATES] = 1,
                      [RF_SIGN_NOTHING_OWN] = 0.3,
                      [RF_SIGN_VOLUME] = 0.5,
                      [RF_SIGN_EVENNESS] = 0.6,
                      [RF_SIGN_CAPABILITIES] = 1},
    [SHARED_COMPUTER] = {[RF_SIGN_DEVICES] = 1,
                         [RF_SIGN_OTHER_TIES] = 0.1,
                         [RF_SIGN_ADDRESSES] = 1,
                         [RF_SIGN_TEMPLATES] = 0.3,
                         [RF_SIGN_NOTHING_OWN] = 0.5,
                         [RF_SIGN_EVENNESS] = 0.2,
                         [RF_SIGN_CAPABILITIES] = 0.5},
    [AGENCY] = {[RF_SIGN_DEVICES] = 0.9,
                [RF_SIGN_PAYMENT] = 1,
                [RF_SIGN_CARD_MESH] = 0.2,
                [RF_SIGN_OTHER_TIES] = 0.9,
                [RF_SIGN_ADDRESSES] = 1,
                [RF_SIGN_TEMPLATES] = 0.9,
                [RF_SIGN_PLACES] = 0.3,
                [RF_SIGN_NOTHING_OWN] = 0.8,
                [RF_SIGN_INSTRUMENTS] = 0.3,
                [RF_SIGN_ZONES] = 0.2,
                [RF_SIGN_VOLUME] = 0.8,
                [RF_SIGN_EVENNESS] = 0.3,
                [RF_SIGN_CAPABILITIES] = 0.9},
    [STRANGERS] = {[RF_SIGN_DEVICES] = 0.2,
                   [RF_SIGN_ADDRESSES] = 1,
                   [RF_SIGN_TEMPLATES] = 0.5,
                   [RF_SIGN_PLACES] = 0.3,
                   [RF_SIGN_NIGHT] = 0.8,
                   [RF_SIGN_ZONES] = 0.9,
                   [RF_SIGN_INSTRUMENTS] = 0.3,
                   [RF_SIGN_PREPAID] = 0.3,
                   [RF_SIGN_VOLUME] = 0.5,
                   [RF_SIGN_CAPABILITIES] = 0.5},
};

/* The same for a sign-up burst, by how close the sign-ups lie: a minute, an hour, a day, a week.
 * Teams start in one week and classes in one morning; families rarely sign up within the hour. */
static const double explains_burst[EXPLANATIONS][RF_BURST_SCALES] = {
    [HOUSEHOLD] = {0.1, 0.2, 0.5, 0.8}, [OFFICE] = {0.6, 0.7, 0.8, 0.9},
    [CAMPUS_CLASS] = {0.9, 1, 1, 1},    [SHARED_COMPUTER] = {0.1, 0.2, 0.4, 0.7},
    [AGENCY] = {0.1, 0.6, 0.9, 0.97},   [STRANGERS] = {0, 0, 0, 0.2},
};

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
static double never_met(const rf_signs *j)
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
static double no_card(const rf_signs *j)
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
static double one_payer(const rf_signs *j)
{
    const rf_binding *b;
    if (j->payment == UINT32_MAX || j->profile->binding[j->payment].observed < 3) {
        return 0;
    }
    b = &j->profile->binding[j->payment];
    return fmin(fmax(4.0 * b->top / j->profile->size - 2, 0), 1);
}

/* From 0 (most members give one country) to 1: people at one place mostly live in one country. */
static double many_countries(const rf_signs *j)
{
    const rf_profile *p = j->profile;
    if (p->country_known < 4) {
        return 0;
    }
    return fmax(1 - p->country_top / (0.6 * p->country_known), 0) *
           fmin((p->country_known - 2) / 4.0, 1);
}

/* Addresses are known for hardly any member: nothing shows that they are at one place. */
static bool nowhere(const rf_signs *j)
{
    return j->address == UINT32_MAX ||
           4 * j->profile->binding[j->address].observed < j->profile->size;
}

/* Bits as far as members share devices with each other, and not all of them one stock model. */
static double crosswise_devices(const rf_signs *j)
{
    double const bound = j->device == UINT32_MAX ? 0 : j->profile->binding[j->device].members;
    double const share = bound / j->profile->size;
    return bound < 10 ? 0 : 5 * fmax(2 * share - 1, 0) * (1 - j->device_star);
}

/* Fills out[] with those of `which`; unused ones have no bits. */
static void object(const rf_signs *j, honest which, objection out[OBJECTIONS])
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
        out[1] = (objection){j->sign[RF_SIGN_BURST].bits < 3 ? 4 : 1, "classes start together"};
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
        out[0] = (objection){crosswise_devices(j), "strangers do not share devices"};
        break;
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

/* Ten members of a class and more have one fingerprint: the model they were issued. When it is half
 * of the class, all on one device, nothing is explained. */
static double issued_model(const rf_signs *j)
{
    uint32_t const top = j->device == UINT32_MAX ? 0 : j->profile->binding[j->device].top;
    return top >= 10 && 2 * top < j->profile->size ? fmin(2 * j->device_star - 1, 0.8) : 0;
}

/* From 0 to 1, as half or nine tenths of the members use one address: a class that is taught at
 * the machines of one room. */
static double one_room(const rf_signs *j)
{
    double const top = j->address == UINT32_MAX ? 0 : j->profile->binding[j->address].top;
    return fmin(fmax(2.5 * top / j->profile->size - 1.25, 0), 1);
}

static double share_explained(const rf_signs *j, honest which, int s)
{
    double const share = explains[which][s];
    switch (s) {
    case RF_SIGN_BURST:
        return explains_burst[which][j->burst_scale];
    case RF_SIGN_OTHER_TIES:
        return which == HOUSEHOLD ? share : share * j->ties_star;
    case RF_SIGN_DEVICES:
        return which == CAMPUS_CLASS ? fmax(fmax(share, issued_model(j)), 0.7 * one_room(j))
                                     : share;
    default:
        return share;
    }
}

/* Strangers, and people who come to one computer, have no company's address in common. */
static double favour_under(const rf_signs *j, honest which)
{
    return which == STRANGERS || which == SHARED_COMPUTER ? 0 : j->favour;
}

static double score_under(const rf_signs *j, honest which)
{
    objection list[OBJECTIONS];
    double score = favour_under(j, which);
    object(j, which, list);
    score += objected(list);
    for (int s = 0; s < RF_SIGNS; s++) {
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

static rf_status write_parts(const rf_signs *j, honest best, const rf_score_settings *settings,
                             rf_arena *texts, rf_ring *ring, rf_error *err)
{
    char note[640];
    objection list[OBJECTIONS];
    rf_status status = RF_OK;
    object(j, best, list);
    for (int s = 0; s < RF_SIGNS && status == RF_OK; s++) {
        const rf_seen *sign = &j->sign[s];
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
        status = add_part(ring, texts, rf_sign_kinds[s].name, sign->bits * (1 - explained),
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
    if (status == RF_OK && favour_under(j, best) < 0) {
        status = add_part(ring, texts, "corporate e-mail domain", favour_under(j, best),
                          j->favour_observed, (double)NAN, j->favour_words, err);
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
    rf_signs j;
    honest best = HOUSEHOLD;
    rf_status status;
    rf_signs_read(population, baseline, profile, &j);
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
