/* baseline.c - the figures of the whole population; see profile.h. */
#include "rings/profile.h"

#include "base/clock.h"
#include "base/parallel.h"
#include "base/radix.h"
#include "rings/timezones.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool allocate(const rf_population *p, rf_baseline *b)
{
    b->traits = rf_alloc(p->accounts, sizeof *b->traits);
    b->known = rf_alloc(p->accounts, sizeof *b->known);
    b->telling_of = rf_alloc(p->accounts, sizeof *b->telling_of);
    b->offset = rf_alloc(p->accounts, sizeof *b->offset);
    b->capability = rf_alloc(p->capabilities, sizeof *b->capability);
    b->created = rf_alloc(p->accounts, sizeof *b->created);
    b->domain_accounts = rf_alloc(p->email_domain.texts, sizeof *b->domain_accounts);
    b->telling_group = rf_alloc(p->groups, sizeof *b->telling_group);
    return b->traits != NULL && b->known != NULL && b->telling_of != NULL && b->offset != NULL &&
           b->capability != NULL && b->created != NULL && b->domain_accounts != NULL &&
           b->telling_group != NULL;
}

/* The requests of the account at the upper quartile of those with usage. */
static rf_status upper_quartile(const rf_population *p, uint64_t *quartile, rf_error *err)
{
    uint64_t *sorted = rf_alloc_raw(p->accounts, sizeof *sorted);
    size_t count = 0;
    *quartile = UINT64_MAX;
    if (sorted == NULL) {
        return rf_fail_memory(err, "the baseline");
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->requests[a] > 0) {
            sorted[count++] = p->requests[a];
        }
    }
    if (count > 0 && !rf_sort_numbers(sorted, count)) {
        rf_free(sorted);
        return rf_fail_memory(err, "the baseline");
    }
    *quartile = count > 0 ? sorted[count * 3 / 4] : UINT64_MAX;
    rf_free(sorted);
    return RF_OK;
}

static void set_trait(rf_baseline *b, uint32_t account, rf_trait trait, bool having)
{
    b->known[account] |= (uint8_t)(1U << trait);
    b->trait[trait].known++;
    if (having) {
        b->traits[account] |= (uint8_t)(1U << trait);
        b->trait[trait].having++;
    }
}

static const uint16_t *held_instruments(const rf_population *p)
{
    for (uint32_t s = 0; s < p->signals; s++) {
        if (strcmp(p->signal[s].name, "instrument") == 0) {
            return p->held[s];
        }
    }
    return NULL;
}

static rf_status learn_traits(const rf_population *p, rf_baseline *b, rf_error *err)
{
    const uint16_t *instruments = held_instruments(p);
    rf_zone *zone = rf_alloc(p->timezone.texts, sizeof *zone);
    bool *zone_known = rf_alloc(p->timezone.texts, sizeof *zone_known);
    uint64_t busy = 0;
    rf_status status = upper_quartile(p, &busy, err);
    if (zone == NULL || zone_known == NULL) {
        status = rf_fail_memory(err, "the baseline");
    }
    for (uint32_t z = 1; status == RF_OK && z < p->timezone.texts; z++) {
        zone_known[z] = rf_zone_find(p->timezone.text[z], &zone[z]);
    }
    for (uint32_t a = 0; status == RF_OK && a < p->accounts; a++) {
        uint32_t const z = p->timezone.code[a];
        const char *country = p->country.text[p->country.code[a]];
        b->offset[a] = zone_known[z] ? (int16_t)zone[z].minutes : INT16_MIN;
        if (p->requests[a] > 0) {
            set_trait(b, a, RF_TRAIT_BUSY, p->requests[a] > busy);
        }
        if (instruments != NULL && instruments[a] > 0) {
            set_trait(b, a, RF_TRAIT_MANY_INSTRUMENTS, instruments[a] >= 2);
            set_trait(b, a, RF_TRAIT_PREPAID, p->prepaid[a] == 2);
        }
        if (zone_known[z] && zone[z].country[0] != '\0' && strlen(country) == 2) {
            set_trait(b, a, RF_TRAIT_ZONE_MISMATCH, strcmp(zone[z].country, country) != 0);
        }
        if (p->status[a] != RF_STATUS_UNKNOWN) {
            set_trait(b, a, RF_TRAIT_BANNED,
                      p->status[a] == RF_STATUS_BANNED || p->status[a] == RF_STATUS_SUSPENDED);
        }
        b->domain_accounts[p->email_domain.code[a]]++;
    }
    rf_free(zone);
    rf_free(zone_known);
    return status;
}

static void learn_telling(const rf_population *p, const rf_calibration *c, rf_baseline *b)
{
    for (uint32_t g = 0; g < p->groups; g++) {
        uint32_t const n = rf_group_size(p, g);
        uint64_t const family = UINT64_C(1) << rf_group_signal(p, g)->family;
        const uint32_t *holders = rf_group_holders(p, g);
        if (rf_group_reliability(p, c, g) < RF_TELLING) {
            continue;
        }
        b->telling_group[g] = 1;
        for (uint32_t i = 0; i < n; i++) {
            b->telling_of[holders[i]] |= family;
        }
    }
    for (uint32_t a = 0; a < p->accounts; a++) {
        for (uint32_t f = 0; f < p->families; f++) {
            b->telling[f] += (uint32_t)(b->telling_of[a] >> f & 1);
        }
    }
}

static rf_status list_sign_ups(const rf_population *p, rf_baseline *b, rf_error *err)
{
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (p->created_at[a] != RF_NO_TIME) {
            b->created[b->created_count++] = p->created_at[a];
        }
    }
    return rf_sort_signed(b->created, b->created_count) ? RF_OK
                                                        : rf_fail_memory(err, "the baseline");
}

static void take_habits(const rf_habits *habits, rf_baseline *b)
{
    memcpy(b->hours, habits->hours, sizeof b->hours);
    b->log_requests_mean = habits->log_requests_mean;
    b->log_requests_deviation = habits->log_requests_deviation;
    b->capability_accounts = habits->capability_accounts;
    memcpy(b->capability, habits->capability, habits->capabilities * sizeof *b->capability);
}

rf_status rf_habits_of(const rf_baseline *baseline, uint32_t capabilities, rf_habits *out,
                       rf_error *err)
{
    const rf_baseline *b = baseline;
    *out = (rf_habits){.log_requests_mean = b->log_requests_mean,
                       .log_requests_deviation = b->log_requests_deviation,
                       .capability_accounts = b->capability_accounts,
                       .capabilities = capabilities,
                       .capability = rf_alloc_raw(capabilities, sizeof *out->capability)};
    if (out->capability == NULL) {
        return rf_fail_memory(err, "the baseline");
    }
    memcpy(out->hours, b->hours, sizeof out->hours);
    memcpy(out->capability, b->capability, capabilities * sizeof *out->capability);
    return RF_OK;
}

static void learn_habits(const rf_population *p, rf_baseline *b)
{
    double sum = 0;
    double squares = 0;
    uint32_t count = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        uint64_t total = 0;
        uint64_t const first = p->capability_start[a];
        uint64_t const end = p->capability_start[a + 1];
        if (p->requests[a] > 0) {
            double const logarithm = log((double)p->requests[a]);
            sum += logarithm;
            squares += logarithm * logarithm;
            count++;
        }
        for (uint64_t i = first; i < end; i++) {
            total += p->capability_use[i].requests;
        }
        for (uint64_t i = first; i < end && total > 0; i++) {
            b->capability[p->capability_use[i].capability] +=
                (double)p->capability_use[i].requests / (double)total;
        }
        b->capability_accounts += total > 0;
        uint16_t hours[24];
        rf_population_hours(p, a, hours);
        for (int h = 0; h < 24 && b->offset[a] != INT16_MIN; h++) {
            int const local = (h + 48 + (b->offset[a] + (b->offset[a] < 0 ? -30 : 30)) / 60) % 24;
            b->hours[local] += hours[h];
        }
    }
    if (count > 1) {
        b->log_requests_mean = sum / count;
        b->log_requests_deviation =
            sqrt(fmax(squares / count - b->log_requests_mean * b->log_requests_mean, 0));
    }
}

/* Two hands: one learns what is shared, the other what accounts are like and do. */
typedef struct learning {
    const rf_population *p;
    const rf_calibration *c;
    const rf_habits *habits; /* NULL: to be learned */
    rf_baseline *b;
} learning;

static rf_status learn_half(void *context, size_t hand, size_t first, size_t end, unsigned worker,
                            rf_error *err)
{
    const learning *l = context;
    rf_status status = RF_OK;
    (void)first;
    (void)end;
    (void)worker;
    if (hand == 0) {
        learn_telling(l->p, l->c, l->b);
        return RF_OK;
    }
    status = learn_traits(l->p, l->b, err);
    if (status == RF_OK && l->habits == NULL) {
        learn_habits(l->p, l->b);
    } else if (status == RF_OK) {
        take_habits(l->habits, l->b);
    }
    return status == RF_OK ? list_sign_ups(l->p, l->b, err) : status;
}

rf_status rf_baseline_learn(const rf_population *population, const rf_calibration *calibration,
                            const rf_habits *habits, unsigned threads, rf_baseline *baseline,
                            rf_error *err)
{
    bool const known = habits != NULL && habits->capability != NULL &&
                       habits->capabilities == population->capabilities;
    learning l = {population, calibration, known ? habits : NULL, baseline};
    rf_status status;
    *baseline = (rf_baseline){.accounts = population->accounts};
    status = allocate(population, baseline) ? rf_parallel(threads, 2, 1, learn_half, &l, err)
                                            : rf_fail_memory(err, "the baseline");
    if (status != RF_OK) {
        rf_baseline_free(baseline);
    }
    return status;
}

void rf_baseline_free(rf_baseline *baseline)
{
    rf_free(baseline->traits);
    rf_free(baseline->known);
    rf_free(baseline->telling_of);
    rf_free(baseline->offset);
    rf_free(baseline->capability);
    rf_free(baseline->created);
    rf_free(baseline->domain_accounts);
    rf_free(baseline->telling_group);
    *baseline = (rf_baseline){0};
}
