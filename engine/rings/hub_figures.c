/* hub_figures.c - see hub_figures.h. */
#include "rings/hub_figures.h"

#include "base/clock.h"
#include "base/order.h"

#include <math.h>
#include <string.h>

enum { SATURDAY = 2, SUNDAY = 3 }; /* day 0 was a Thursday */

/* How often a value was seen, valid only in the round that counted it. */
typedef struct tally {
    uint32_t round, count;
} tally;

struct rf_hub_scratch {
    uint32_t round;
    uint32_t *seen;  /* by account: the round in which it was met */
    tally *of_value; /* by value: holders of the hub that hold it */
    tally *of_code;  /* by e-mail domain or country */
    uint32_t *met;   /* accounts of the hub at hand */
    size_t met_room;
    int64_t *created;
    size_t created_room;
};

/* ---- the ground ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t const length = strlen(text);
    size_t const tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

/* .edu, .edu.au, .ac.uk and the like are given to schools only. */
static bool is_school(const char *domain)
{
    const char *last = strrchr(domain, '.');
    if (last == NULL) {
        return false;
    }
    return ends_with(domain, ".edu") ||
           (strlen(last) == 3 && last - domain > 4 && strncmp(last - 4, ".edu", 4) == 0) ||
           (strlen(last) == 3 && last - domain > 3 && strncmp(last - 3, ".ac", 3) == 0);
}

static bool stable_group(const rf_hub_ground *g, uint32_t group)
{
    return !rf_group_signal(g->p, group)->windowed && rf_group_size(g->p, group) <= g->c->common;
}

/* What is asked of each group is found once, since an account's groups lie all over the memory. */
static rf_status list_stable(rf_hub_ground *g, rf_error *err)
{
    const rf_population *p = g->p;
    uint32_t *value = rf_alloc_raw(p->groups, sizeof *value); /* UINT32_MAX: not stable */
    uint32_t total = 0;
    for (uint32_t i = 0; value != NULL && i < p->groups; i++) {
        bool const stable = stable_group(g, i);
        value[i] = stable ? p->group_value[i] : UINT32_MAX;
        total += stable ? rf_group_size(p, i) : 0;
    }
    g->stable = rf_alloc_raw(total, sizeof *g->stable);
    if (value == NULL || g->stable == NULL) {
        rf_free(value);
        return rf_fail_memory(err, "the types of shared values");
    }
    total = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        g->stable_start[a] = total;
        for (uint64_t i = p->account_start[a]; i < p->account_start[a + 1]; i++) {
            uint32_t const v = value[p->account_group[i]];
            if (v != UINT32_MAX) {
                g->stable[total++] = v;
            }
        }
    }
    g->stable_start[p->accounts] = total;
    rf_free(value);
    return RF_OK;
}

static rf_status count_days(rf_hub_ground *g, rf_error *err)
{
    const rf_population *p = g->p;
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->created_at[a] != RF_NO_TIME) {
            int64_t const day = rf_day_of(p->created_at[a]);
            first = day < first ? day : first;
            last = day > last ? day : last;
        }
    }
    g->first_day = first == INT64_MAX ? 0 : first;
    /* a thousand years at most: what lies beyond counts as nobody's neighbour */
    g->day_count = first == INT64_MAX ? 0 : (uint32_t)fmin((double)(last - first + 1), 400000);
    g->days = rf_alloc(g->day_count, sizeof *g->days);
    if (g->days == NULL) {
        return rf_fail_memory(err, "the types of shared values");
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->created_at[a] != RF_NO_TIME) {
            int64_t const day = rf_day_of(p->created_at[a]) - g->first_day;
            if (day < g->day_count) {
                g->days[day]++;
            }
        }
    }
    return RF_OK;
}

rf_status rf_hub_ground_make(const rf_population *population, const rf_calibration *calibration,
                             rf_hub_ground *ground, rf_error *err)
{
    const rf_population *p = population;
    rf_status status = RF_OK;
    *ground = (rf_hub_ground){.p = p, .c = calibration};
    ground->stable_start = rf_alloc_raw((size_t)p->accounts + 1, sizeof *ground->stable_start);
    ground->domain_accounts = rf_alloc(p->email_domain.texts, sizeof *ground->domain_accounts);
    ground->school = rf_alloc(p->email_domain.texts, sizeof *ground->school);
    if (ground->stable_start == NULL || ground->domain_accounts == NULL || ground->school == NULL) {
        status = rf_fail_memory(err, "the types of shared values");
    }
    for (uint32_t a = 0; status == RF_OK && a < p->accounts; a++) {
        ground->domain_accounts[p->email_domain.code[a]]++;
    }
    for (uint32_t d = 1; status == RF_OK && d < p->email_domain.texts; d++) {
        ground->school[d] = is_school(p->email_domain.text[d]);
    }
    if (status == RF_OK) {
        status = list_stable(ground, err);
    }
    if (status == RF_OK) {
        status = count_days(ground, err);
    }
    if (status != RF_OK) {
        rf_hub_ground_free(ground);
    }
    return status;
}

void rf_hub_ground_free(rf_hub_ground *ground)
{
    rf_free(ground->stable_start);
    rf_free(ground->stable);
    rf_free(ground->days);
    rf_free(ground->domain_accounts);
    rf_free(ground->school);
    *ground = (rf_hub_ground){0};
}

rf_status rf_hub_scratch_new(const rf_hub_ground *ground, rf_hub_scratch **out, rf_error *err)
{
    const rf_population *p = ground->p;
    size_t const codes =
        p->email_domain.texts > p->country.texts ? p->email_domain.texts : p->country.texts;
    rf_hub_scratch *s = rf_alloc(1, sizeof *s);
    *out = NULL;
    if (s != NULL) {
        s->seen = rf_alloc(p->accounts, sizeof *s->seen);
        s->of_value = rf_alloc(p->values, sizeof *s->of_value);
        s->of_code = rf_alloc(codes, sizeof *s->of_code);
    }
    if (s == NULL || s->seen == NULL || s->of_value == NULL || s->of_code == NULL) {
        rf_hub_scratch_free(s);
        return rf_fail_memory(err, "the types of shared values");
    }
    *out = s;
    return RF_OK;
}

void rf_hub_scratch_free(rf_hub_scratch *scratch)
{
    if (scratch != NULL) {
        rf_free(scratch->seen);
        rf_free(scratch->of_value);
        rf_free(scratch->of_code);
        rf_free(scratch->met);
        rf_free(scratch->created);
        rf_free(scratch);
    }
}

/* ---- one hub ---- */

static uint32_t tallied(const rf_hub_scratch *s, const tally *t)
{
    return t->round == s->round ? t->count : 0;
}

static uint32_t count_in(const rf_hub_scratch *s, tally *t)
{
    t->count = tallied(s, t) + 1;
    t->round = s->round;
    return t->count;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

/* Who met whom on which days. */
static rf_status meet(const rf_hub_ground *g, uint32_t value, rf_hub_scratch *s,
                      rf_result_type *hub, rf_error *err)
{
    const rf_population *p = g->p;
    bool const windowed = p->signal[p->value_signal[value]].windowed;
    double visits = 0;
    double weekend = 0;
    double dated = 0;
    double active = 0;
    hub->met = 0;
    hub->days = 0;
    hub->peak = 0;
    for (uint32_t i = p->value_group_start[value]; i < p->value_group_start[value + 1]; i++) {
        uint32_t const n = rf_group_size(p, i);
        const uint32_t *holders = rf_group_holders(p, i);
        if (!rf_reserve(&s->met, &s->met_room, (size_t)hub->met + n, sizeof *s->met)) {
            return rf_fail_memory(err, "the types of shared values");
        }
        for (uint32_t k = 0; k < n; k++) {
            if (s->seen[holders[k]] != s->round) {
                s->seen[holders[k]] = s->round;
                s->met[hub->met++] = holders[k];
            }
        }
        hub->peak = n > hub->peak ? n : hub->peak;
        visits += n;
        if (windowed && p->group_day[i] != RF_NO_DAY) {
            int32_t const weekday = p->group_day[i] % 7;
            hub->days++;
            dated += n;
            weekend += weekday == SATURDAY || weekday == SUNDAY ? n : 0;
        }
    }
    for (uint32_t k = 0; k < hub->met; k++) {
        active += p->active_days[s->met[k]];
    }
    if (hub->days > 0) {
        hub->figure[RF_FIGURE_CROWD] = share(visits, (double)hub->days * hub->met);
        hub->figure[RF_FIGURE_LOYAL] = active > 0 ? fmin(visits / active, 1) : (double)NAN;
        hub->figure[RF_FIGURE_WEEKEND] = share(weekend, dated);
    }
    return RF_OK;
}

/* Chance: neighbours within a day when n accounts are drawn from all, a Poisson approximation. */
static double alone_by_chance(const rf_hub_ground *g, int64_t created, uint32_t n)
{
    int64_t const day = rf_day_of(created) - g->first_day;
    double around = 0;
    for (int64_t d = day - 1; d <= day + 1; d++) {
        around += d >= 0 && d < g->day_count ? g->days[d] : 0;
    }
    return exp(-(n - 1.0) * around * (2.0 / 3) / g->p->accounts);
}

static rf_status sign_ups(const rf_hub_ground *g, rf_hub_scratch *s, rf_result_type *hub,
                          rf_error *err)
{
    uint32_t n = 0;
    double together = 0;
    double alone = 0;
    if (!rf_reserve(&s->created, &s->created_room, hub->met, sizeof *s->created)) {
        return rf_fail_memory(err, "the types of shared values");
    }
    for (uint32_t k = 0; k < hub->met; k++) {
        if (g->p->created_at[s->met[k]] != RF_NO_TIME) {
            s->created[n++] = g->p->created_at[s->met[k]];
        }
    }
    if (n < 3) {
        return RF_OK;
    }
    rf_order_signed(s->created, n);
    for (uint32_t k = 0; k < n; k++) {
        together += (k > 0 && s->created[k] - s->created[k - 1] <= RF_SECONDS_PER_DAY) ||
                    (k + 1 < n && s->created[k + 1] - s->created[k] <= RF_SECONDS_PER_DAY);
        alone += alone_by_chance(g, s->created[k], n);
    }
    /* what is left of those who would be alone by chance */
    hub->figure[RF_FIGURE_TOGETHER] = alone > 0 ? fmax(1 - (n - together) / alone, 0) : 0;
    hub->figure[RF_FIGURE_YEARS] =
        (double)(s->created[n - 1 - n / 10] - s->created[n / 10]) / (365.25 * RF_SECONDS_PER_DAY);
    return RF_OK;
}

static bool large_provider(const rf_hub_ground *g, uint32_t domain)
{
    return g->domain_accounts[domain] > 50 && g->domain_accounts[domain] > g->p->accounts / 200;
}

static void people(const rf_hub_ground *g, rf_hub_scratch *s, rf_result_type *hub)
{
    const rf_population *p = g->p;
    uint32_t known = 0;
    uint32_t most = 0;
    uint32_t mails = 0;
    uint32_t mail = 0;
    uint32_t own = 0;
    uint32_t school = 0;
    s->round++;
    for (uint32_t k = 0; k < hub->met; k++) {
        uint32_t const domain = p->email_domain.code[s->met[k]];
        mails += domain != 0;
        school += domain != 0 && g->school[domain];
        if (domain != 0 && (g->school[domain] || !large_provider(g, domain))) {
            uint32_t const count = count_in(s, &s->of_code[domain]);
            mail = count > mail ? count : mail;
            own++;
        }
    }
    s->round++;
    for (uint32_t k = 0; k < hub->met; k++) {
        uint32_t const country = p->country.code[s->met[k]];
        if (country != 0) {
            uint32_t const count = count_in(s, &s->of_code[country]);
            most = count > most ? count : most;
            known++;
        }
    }
    hub->figure[RF_FIGURE_COUNTRY] = share(most, known);
    hub->figure[RF_FIGURE_MAIL] = share(mail, mails);
    hub->figure[RF_FIGURE_OWN_MAIL] = share(own, mails);
    hub->figure[RF_FIGURE_SCHOOL] = share(school, mails);
}

/* The four kinds of ties that stable values make. */
typedef enum tie_kind { PAYMENT, DEVICE, TEMPLATE, OTHER, TIES } tie_kind;

static tie_kind kind_of(const char *family)
{
    return strcmp(family, "payment") == 0    ? PAYMENT
           : strcmp(family, "device") == 0   ? DEVICE
           : strcmp(family, "template") == 0 ? TEMPLATE
                                             : OTHER;
}

/* Whether enough of a value's holders are here that it says something about them. */
static bool tells_here(const rf_hub_ground *g, const rf_hub_scratch *s, uint32_t other)
{
    uint32_t const here = tallied(s, &s->of_value[other]);
    return here >= 2 && here >= RF_HUB_OWN * g->p->value_holders[other];
}

static void ties(const rf_hub_ground *g, uint32_t value, rf_hub_scratch *s, rf_result_type *hub)
{
    const rf_population *p = g->p;
    tie_kind kind[RF_MAX_SIGNALS];
    uint64_t families[TIES] = {0}; /* as bits */
    uint32_t tied[TIES] = {0};
    uint32_t known[TIES] = {0};
    uint32_t one_card = 0;
    uint32_t prepaid = 0;
    for (uint32_t i = 0; i < p->signals; i++) {
        kind[i] = kind_of(p->signal[i].family_name);
        families[kind[i]] |= UINT64_C(1) << p->signal[i].family;
    }
    s->round++;
    for (uint32_t k = 0; k < hub->met; k++) {
        uint32_t const a = s->met[k];
        for (uint32_t i = g->stable_start[a]; i < g->stable_start[a + 1]; i++) {
            uint32_t const other = g->stable[i];
            uint32_t const count = other == value ? 0 : count_in(s, &s->of_value[other]);
            if (kind[p->value_signal[other]] == PAYMENT && count > one_card) {
                one_card = count;
            }
        }
    }
    for (uint32_t k = 0; k < hub->met; k++) {
        uint32_t const a = s->met[k];
        bool has[TIES] = {false};
        for (uint32_t i = g->stable_start[a]; i < g->stable_start[a + 1]; i++) {
            if (g->stable[i] != value && tells_here(g, s, g->stable[i])) {
                has[kind[p->value_signal[g->stable[i]]]] = true;
            }
        }
        for (int t = 0; t < TIES; t++) {
            tied[t] += has[t];
            known[t] += t == OTHER || (p->observed[a] & families[t]) != 0;
        }
        prepaid += p->prepaid[a] == 2;
    }
    hub->figure[RF_FIGURE_PAYING] =
        families[PAYMENT] == 0 ? (double)NAN : share(known[PAYMENT], hub->met);
    hub->figure[RF_FIGURE_CARDS] = share(tied[PAYMENT], known[PAYMENT]);
    hub->figure[RF_FIGURE_ONE_CARD] = share(one_card > 1 ? one_card : 0, known[PAYMENT]);
    hub->figure[RF_FIGURE_PREPAID] = share(prepaid, known[PAYMENT]);
    hub->figure[RF_FIGURE_DEVICES] = share(tied[DEVICE], known[DEVICE]);
    hub->figure[RF_FIGURE_PROMPTS] = share(tied[TEMPLATE], known[TEMPLATE]);
    hub->figure[RF_FIGURE_TIES] = share(tied[OTHER], known[OTHER]);
}

rf_status rf_hub_look(const rf_hub_ground *ground, uint32_t value, rf_hub_scratch *scratch,
                      rf_result_type *hub, rf_error *err)
{
    const rf_population *p = ground->p;
    const rf_calibration *c = ground->c;
    double const chance = c->by_chance[p->signal[p->value_signal[value]].family];
    rf_status status;
    for (int f = 0; f < RF_FIGURES; f++) {
        hub->figure[f] = (double)NAN;
    }
    hub->value_row = p->value_row[value];
    hub->holders = p->value_holders[value];
    scratch->round++;
    status = meet(ground, value, scratch, hub, err);
    if (status == RF_OK) {
        status = sign_ups(ground, scratch, hub, err);
    }
    if (status != RF_OK) {
        return status;
    }
    people(ground, scratch, hub);
    ties(ground, value, scratch, hub);
    if (c->examined[value] > 0) {
        double const rate = (double)c->corroborated[value] / c->examined[value];
        hub->figure[RF_FIGURE_PAIRS] = fmax(rate - chance, 0);
    }
    return RF_OK;
}
