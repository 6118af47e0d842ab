/* hub_types.c - see hub_types.h. */
#include "rings/hub_types.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { HUB_GRAIN = 64, WORDS_MOST = 3 };
#define WORTH_TELLING 0.5 /* bits */

typedef enum hub_kind { KIND_ADDRESS, KIND_PAYMENT, KIND_DEVICE, KIND_OTHER } hub_kind;

typedef enum hub_type {
    TYPE_OFFICE,
    TYPE_CAMPUS,
    TYPE_PUBLIC_PLACE,
    TYPE_AGENCY,
    TYPE_CARRIER_NAT,
    TYPE_VPN_EXIT,
    TYPE_COMPANY_CARD,
    TYPE_SHARED_COMPUTER,
    TYPE_COMMON,
    TYPE_RING,
    TYPES
} hub_type;

static const char *const type_name[TYPES] = {
    "office",   "campus",       "public place",    "agency", "carrier NAT",
    "VPN exit", "company card", "shared computer", "common", "ring",
};

/* What is weighed besides the figures. */
enum {
    FACTOR_SIZE = RF_FIGURES, /* accounts that met there, logarithm */
    FACTOR_PEAK,              /* most on one day, logarithm */
    FACTOR_START,             /* 1: how common the type is, and where its factors are zero */
    FACTORS
};

/* The scale of a factor: below `from` it is -1/2, above `to` 1/2. Its words follow the figure, in
 * per cent unless it is plain. */
static const struct {
    double from, to;
    bool plain;
    const char *words;
} factor_table[FACTORS] = {
    [RF_FIGURE_CROWD] = {0, 0.5, false, " % of them are there on a usual day"},
    [RF_FIGURE_LOYAL] = {0.05, 0.4, false, " % of their active days spent there"},
    [RF_FIGURE_WEEKEND] = {0, 0.2, false, " % of its use on weekends"},
    [RF_FIGURE_YEARS] = {0.2, 2, true, " years between early and late sign-ups"},
    [RF_FIGURE_TOGETHER] = {0, 0.5, false, " % signed up within a day of another"},
    [RF_FIGURE_COUNTRY] = {0.3, 0.9, false, " % in one country"},
    [RF_FIGURE_MAIL] = {0.1, 0.6, false, " % on one private e-mail domain"},
    [RF_FIGURE_OWN_MAIL] = {0.2, 0.7, false, " % on private e-mail domains"},
    [RF_FIGURE_SCHOOL] = {0.1, 0.5, false, " % with a school address"},
    [RF_FIGURE_PAYING] = {0.2, 0.8, false, " % pay"},
    [RF_FIGURE_CARDS] = {0, 0.5, false, " % of payers share a card"},
    [RF_FIGURE_ONE_CARD] = {0.1, 0.6, false, " % of payers on one card"},
    [RF_FIGURE_PREPAID] = {0, 0.3, false, " % of payers prepaid"},
    [RF_FIGURE_DEVICES] = {0, 0.5, false, " % share a device"},
    [RF_FIGURE_PROMPTS] = {0, 0.5, false, " % share a query template"},
    [RF_FIGURE_TIES] = {0, 0.5, false, " % share a phone or another tie"},
    [RF_FIGURE_PAIRS] = {0, 0.3, false, " % of pairs share anything else"},
    [RF_FIGURE_FLAGGED] = {0.1, 0.7, false, " % in flagged rings"},
    [FACTOR_SIZE] = {2, 8, true, NULL},
    [FACTOR_PEAK] = {1, 5, true, NULL},
};

/* The whole of our opinion: bits from one end of the scale to the other. */
static const struct {
    hub_kind kind;
    hub_type type;
    int factor;
    double bits;
} weight_table[] = {
    {KIND_ADDRESS, TYPE_OFFICE, RF_FIGURE_WEEKEND, -6.5},
    {KIND_ADDRESS, TYPE_OFFICE, RF_FIGURE_MAIL, 8},
    {KIND_ADDRESS, TYPE_OFFICE, FACTOR_START, -1.5},
    {KIND_ADDRESS, TYPE_CAMPUS, RF_FIGURE_SCHOOL, 8},
    {KIND_ADDRESS, TYPE_CAMPUS, RF_FIGURE_PROMPTS, 3.5},
    {KIND_ADDRESS, TYPE_CAMPUS, FACTOR_START, 0.5},
    {KIND_ADDRESS, TYPE_PUBLIC_PLACE, RF_FIGURE_LOYAL, 2.5},
    {KIND_ADDRESS, TYPE_PUBLIC_PLACE, RF_FIGURE_WEEKEND, -3.5},
    {KIND_ADDRESS, TYPE_PUBLIC_PLACE, RF_FIGURE_MAIL, -5},
    {KIND_ADDRESS, TYPE_PUBLIC_PLACE, RF_FIGURE_PAYING, -6},
    {KIND_ADDRESS, TYPE_PUBLIC_PLACE, FACTOR_START, -1.5},
    {KIND_ADDRESS, TYPE_AGENCY, RF_FIGURE_CROWD, 5},
    {KIND_ADDRESS, TYPE_AGENCY, RF_FIGURE_ONE_CARD, 7},
    {KIND_ADDRESS, TYPE_AGENCY, RF_FIGURE_DEVICES, 5.5},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_LOYAL, -5},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_COUNTRY, 3.5},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_OWN_MAIL, -2},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_DEVICES, -2.5},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_PROMPTS, -1.5},
    {KIND_ADDRESS, TYPE_CARRIER_NAT, RF_FIGURE_PAIRS, -2.5},
    {KIND_ADDRESS, TYPE_VPN_EXIT, FACTOR_SIZE, 6},
    {KIND_ADDRESS, TYPE_VPN_EXIT, RF_FIGURE_COUNTRY, -8},
    {KIND_ADDRESS, TYPE_RING, RF_FIGURE_LOYAL, -5.5},
    {KIND_ADDRESS, TYPE_RING, RF_FIGURE_TOGETHER, 3},
    {KIND_ADDRESS, TYPE_RING, RF_FIGURE_COUNTRY, -6},
    {KIND_ADDRESS, TYPE_RING, RF_FIGURE_PAYING, 2},
    {KIND_ADDRESS, TYPE_RING, RF_FIGURE_PREPAID, 2},
    {KIND_ADDRESS, TYPE_RING, FACTOR_START, 2.5},
    {KIND_PAYMENT, TYPE_COMPANY_CARD, RF_FIGURE_COUNTRY, 4},
    {KIND_PAYMENT, TYPE_COMPANY_CARD, RF_FIGURE_MAIL, 8},
    {KIND_PAYMENT, TYPE_COMPANY_CARD, RF_FIGURE_OWN_MAIL, 3},
    {KIND_PAYMENT, TYPE_COMPANY_CARD, RF_FIGURE_DEVICES, -7},
    {KIND_PAYMENT, TYPE_COMPANY_CARD, FACTOR_START, -4},
    {KIND_PAYMENT, TYPE_AGENCY, FACTOR_SIZE, -8},
    {KIND_PAYMENT, TYPE_AGENCY, RF_FIGURE_PROMPTS, 2},
    {KIND_PAYMENT, TYPE_AGENCY, RF_FIGURE_PAIRS, -2.5},
    {KIND_PAYMENT, TYPE_AGENCY, FACTOR_START, 1},
    {KIND_PAYMENT, TYPE_RING, RF_FIGURE_YEARS, 4},
    {KIND_PAYMENT, TYPE_RING, RF_FIGURE_COUNTRY, -7.5},
    {KIND_PAYMENT, TYPE_RING, RF_FIGURE_PREPAID, 6.5},
    {KIND_PAYMENT, TYPE_RING, RF_FIGURE_PAIRS, 4},
    {KIND_PAYMENT, TYPE_RING, FACTOR_START, 2.5},
    {KIND_DEVICE, TYPE_SHARED_COMPUTER, RF_FIGURE_COUNTRY, 8},
    {KIND_DEVICE, TYPE_SHARED_COMPUTER, FACTOR_START, -0.5},
    {KIND_DEVICE, TYPE_COMMON, FACTOR_SIZE, 4.5},
    {KIND_DEVICE, TYPE_COMMON, FACTOR_PEAK, 3.5},
    {KIND_DEVICE, TYPE_COMMON, RF_FIGURE_CARDS, -4},
    {KIND_DEVICE, TYPE_COMMON, RF_FIGURE_PAIRS, -8},
    {KIND_DEVICE, TYPE_COMMON, FACTOR_START, -0.5},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_TOGETHER, 3},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_COUNTRY, -4},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_OWN_MAIL, -3.5},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_PAYING, 3},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_PREPAID, 2},
    {KIND_DEVICE, TYPE_RING, RF_FIGURE_PROMPTS, 2.5},
    {KIND_DEVICE, TYPE_RING, FACTOR_START, 1},
    {KIND_OTHER, TYPE_OFFICE, RF_FIGURE_MAIL, 1.5},
    {KIND_OTHER, TYPE_OFFICE, RF_FIGURE_OWN_MAIL, 5},
    {KIND_OTHER, TYPE_OFFICE, RF_FIGURE_CARDS, -3},
    {KIND_OTHER, TYPE_OFFICE, RF_FIGURE_PAIRS, 2},
    {KIND_OTHER, TYPE_OFFICE, FACTOR_START, -2},
    {KIND_OTHER, TYPE_CAMPUS, RF_FIGURE_SCHOOL, 8},
    {KIND_OTHER, TYPE_CAMPUS, RF_FIGURE_PAYING, -6},
    {KIND_OTHER, TYPE_CAMPUS, FACTOR_START, 2.5},
    {KIND_OTHER, TYPE_AGENCY, RF_FIGURE_ONE_CARD, 3},
    {KIND_OTHER, TYPE_AGENCY, RF_FIGURE_DEVICES, 2.5},
    {KIND_OTHER, TYPE_AGENCY, FACTOR_START, -1.5},
    {KIND_OTHER, TYPE_COMMON, FACTOR_SIZE, 8},
    {KIND_OTHER, TYPE_COMMON, RF_FIGURE_TOGETHER, -3},
    {KIND_OTHER, TYPE_COMMON, RF_FIGURE_PROMPTS, -5},
    {KIND_OTHER, TYPE_COMMON, RF_FIGURE_PAIRS, -8},
    {KIND_OTHER, TYPE_COMMON, FACTOR_START, 1},
    {KIND_OTHER, TYPE_RING, RF_FIGURE_COUNTRY, -4},
    {KIND_OTHER, TYPE_RING, RF_FIGURE_PREPAID, 4},
    {KIND_OTHER, TYPE_RING, RF_FIGURE_PROMPTS, 5.5},
    {KIND_OTHER, TYPE_RING, RF_FIGURE_PAIRS, -3},
};
enum { WEIGHTS = sizeof weight_table / sizeof weight_table[0] };

static hub_kind kind_of(const char *family)
{
    return strcmp(family, "address") == 0   ? KIND_ADDRESS
           : strcmp(family, "payment") == 0 ? KIND_PAYMENT
           : strcmp(family, "device") == 0  ? KIND_DEVICE
                                            : KIND_OTHER;
}

/* The factor's figure on its scale. */
static double scaled(const rf_result_type *hub, int factor)
{
    double figure;
    double at;
    if (factor == FACTOR_START) {
        return 1;
    }
    figure = factor == FACTOR_SIZE   ? log2(fmax(hub->met, 1))
             : factor == FACTOR_PEAK ? log2(fmax(hub->peak, 1))
                                     : hub->figure[factor];
    if (isnan(figure)) {
        return 0;
    }
    at = (figure - factor_table[factor].from) /
         (factor_table[factor].to - factor_table[factor].from);
    return fmin(fmax(at, 0), 1) - 0.5;
}

/* Types that are none of this kind of signal stay below all others. */
static void score_types(hub_kind kind, const rf_result_type *hub, double score[TYPES])
{
    for (int t = 0; t < TYPES; t++) {
        score[t] = -INFINITY;
    }
    for (size_t i = 0; i < WEIGHTS; i++) {
        if (weight_table[i].kind == kind) {
            double *of = &score[weight_table[i].type];
            *of =
                (isinf(*of) ? 0 : *of) + weight_table[i].bits * scaled(hub, weight_table[i].factor);
        }
    }
}

/* The two best; of equals the first in the list. */
static void two_best(const double score[TYPES], int *best, int *next)
{
    *best = 0;
    for (int t = 1; t < TYPES; t++) {
        *best = score[t] > score[*best] ? t : *best;
    }
    *next = *best == 0 ? 1 : 0;
    for (int t = 0; t < TYPES; t++) {
        *next = t != *best && score[t] > score[*next] ? t : *next;
    }
}

void rf_hub_type(const char *family, rf_result_type *hub)
{
    double score[TYPES];
    int best;
    int next;
    score_types(kind_of(family), hub, score);
    two_best(score, &best, &next);
    hub->bits = score[best] - score[next];
    hub->type = hub->bits < RF_HUB_SURE ? "unknown" : type_name[best];
    hub->instead = hub->bits < RF_HUB_SURE ? type_name[best] : type_name[next];
}

/* By how many bits each figure speaks for the best type and against the next. */
static void tell(hub_kind kind, const rf_result_type *hub, double told[RF_FIGURES])
{
    double score[TYPES];
    int best;
    int next;
    score_types(kind, hub, score);
    two_best(score, &best, &next);
    memset(told, 0, RF_FIGURES * sizeof *told);
    for (size_t i = 0; i < WEIGHTS; i++) {
        int const factor = weight_table[i].factor;
        if (weight_table[i].kind == kind && factor < RF_FIGURES) {
            double const bits = weight_table[i].bits * scaled(hub, factor);
            told[factor] += (int)weight_table[i].type == best   ? bits
                            : (int)weight_table[i].type == next ? -bits
                                                                : 0;
        }
    }
}

void rf_hub_why(const char *family, const rf_result_type *hub, rf_text *text)
{
    double told[RF_FIGURES];
    tell(kind_of(family), hub, told);
    rf_text_printf(text, "%u accounts", hub->holders);
    if (hub->days > 0) {
        rf_text_printf(text, ", %u of them on %u %s", hub->met, hub->days,
                       hub->days == 1 ? "day" : "days");
    }
    for (int shown = 0; shown < WORDS_MOST; shown++) {
        int most = 0;
        for (int f = 1; f < RF_FIGURES; f++) {
            most = told[f] > told[most] ? f : most;
        }
        if (!(told[most] >= WORTH_TELLING)) {
            break;
        }
        rf_text_printf(
            text, factor_table[most].plain ? "%s%.1f%s" : "%s%.0f%s", shown == 0 ? ": " : ", ",
            hub->figure[most] * (factor_table[most].plain ? 1 : 100), factor_table[most].words);
        told[most] = 0;
    }
}

/* ---- all of them ---- */

typedef struct hub_task {
    const rf_hub_ground *ground;
    const uint32_t *value; /* of each hub */
    rf_hub_scratch **scratch;
    rf_result_type *type;
} hub_task;

static rf_status look_at(void *context, size_t block, size_t first, size_t end, unsigned worker,
                         rf_error *err)
{
    hub_task *task = context;
    const rf_population *p = task->ground->p;
    rf_status status = RF_OK;
    (void)block;
    if (task->scratch[worker] == NULL) {
        status = rf_hub_scratch_new(task->ground, &task->scratch[worker], err);
    }
    for (size_t i = first; i < end && status == RF_OK; i++) {
        rf_result_type *hub = &task->type[i];
        const char *family = p->signal[p->value_signal[task->value[i]]].family_name;
        status = rf_hub_look(task->ground, task->value[i], task->scratch[worker], hub, err);
        if (status == RF_OK) {
            rf_hub_type(family, hub);
        }
    }
    return status;
}

static rf_status type_all(const rf_hub_ground *ground, unsigned threads, rf_hubs *hubs,
                          rf_error *err)
{
    hub_task task = {.ground = ground, .value = hubs->value, .type = hubs->type};
    rf_status status;
    task.scratch = rf_alloc(threads, sizeof(rf_hub_scratch *));
    status = task.scratch == NULL
                 ? rf_fail_memory(err, "the types of shared values")
                 : rf_parallel(threads, hubs->count, HUB_GRAIN, look_at, &task, err);
    for (unsigned w = 0; w < threads && task.scratch != NULL; w++) {
        rf_hub_scratch_free(task.scratch[w]);
    }
    rf_free(task.scratch);
    return status;
}

rf_status rf_hubs_type(const rf_population *population, const rf_calibration *calibration,
                       unsigned threads, rf_hubs *hubs, rf_error *err)
{
    const rf_population *p = population;
    rf_hub_ground ground = {0};
    rf_status status;
    uint32_t count = 0;
    for (uint32_t v = 0; v < p->values; v++) {
        count += p->value_holders[v] >= RF_HUB_FROM;
    }
    *hubs = (rf_hubs){.value = rf_alloc_raw(count, sizeof *hubs->value),
                      .type = rf_alloc(count, sizeof *hubs->type)};
    status = hubs->value == NULL || hubs->type == NULL
                 ? rf_fail_memory(err, "the types of shared values")
                 : rf_hub_ground_make(p, calibration, &ground, err);
    for (uint32_t v = 0; status == RF_OK && v < p->values; v++) {
        if (p->value_holders[v] >= RF_HUB_FROM) {
            hubs->value[hubs->count++] = v;
        }
    }
    if (status == RF_OK) {
        status = type_all(&ground, threads, hubs, err);
    }
    rf_hub_ground_free(&ground);
    if (status != RF_OK) {
        rf_hubs_free(hubs);
    }
    return status;
}

void rf_hubs_free(rf_hubs *hubs)
{
    rf_free(hubs->value);
    rf_free(hubs->type);
    *hubs = (rf_hubs){0};
}

void rf_hubs_lend(rf_hubs *hubs, rf_calibration *calibration)
{
    for (uint32_t i = 0; i < hubs->count; i++) {
        rf_result_type *hub = &hubs->type[i];
        if (hub->type == type_name[TYPE_RING] && hub->bits >= RF_HUB_LENDING) {
            hub->lent = RF_HUB_LENT;
            calibration->examined[hubs->value[i]] += RF_HUB_LENT;
            calibration->corroborated[hubs->value[i]] += RF_HUB_LENT;
        }
    }
}

/* ---- into the findings ---- */

/* Of the accounts that met there, how many are in a flagged ring. */
static double flagged_share(const rf_population *p, uint32_t value, const uint8_t *flagged,
                            uint32_t *seen, uint32_t round)
{
    uint32_t met = 0;
    uint32_t in_rings = 0;
    for (uint32_t g = p->value_group_start[value]; g < p->value_group_start[value + 1]; g++) {
        const uint32_t *holders = rf_group_holders(p, g);
        uint32_t const n = rf_group_size(p, g);
        for (uint32_t k = 0; k < n; k++) {
            if (seen[holders[k]] != round) {
                seen[holders[k]] = round;
                met++;
                in_rings += flagged[holders[k]];
            }
        }
    }
    return met > 0 ? (double)in_rings / met : (double)NAN;
}

static rf_status explain(const rf_population *p, uint32_t value, rf_result_type *hub, rf_text *text,
                         rf_arena *texts, rf_error *err)
{
    rf_text_clear(text);
    rf_hub_why(p->signal[p->value_signal[value]].family_name, hub, text);
    hub->why = rf_arena_text(texts, rf_text_get(text), text->length);
    return hub->why == NULL || rf_text_failed(text)
               ? rf_fail_memory(err, "the types of shared values")
               : RF_OK;
}

rf_status rf_hubs_tell(const rf_population *population, rf_hubs *hubs, rf_findings *findings,
                       rf_error *err)
{
    uint8_t *flagged = rf_alloc(population->accounts, sizeof *flagged);
    uint32_t *seen = rf_alloc(population->accounts, sizeof *seen);
    rf_text text = {0};
    rf_status status =
        flagged == NULL || seen == NULL ? rf_fail_memory(err, "the types of shared values") : RF_OK;
    for (uint32_t m = 0; m < findings->members && status == RF_OK; m++) {
        const rf_member *member = &findings->member[m];
        flagged[member->account] = findings->ring[member->ring - 1].flagged;
    }
    for (uint32_t i = 0; i < hubs->count && status == RF_OK; i++) {
        hubs->type[i].figure[RF_FIGURE_FLAGGED] =
            flagged_share(population, hubs->value[i], flagged, seen, i + 1);
        status = explain(population, hubs->value[i], &hubs->type[i], &text, &findings->texts, err);
    }
    if (status == RF_OK) {
        findings->type = hubs->type;
        findings->types = hubs->count;
        hubs->type = NULL;
    }
    rf_text_free(&text);
    rf_free(flagged);
    rf_free(seen);
    return status;
}
