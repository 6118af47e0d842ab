/* test_hubs.c - types of shared values: every figure against a slow count over random crowds, one
 * crowd built for each type, threads, allocations that fail. */
#include "crowd.h"
#include "import_support.h"
#include "rings/hub_types.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void good(rf_status status, const rf_error *err)
{
    if (status != RF_OK) {
        fail_msg("%s", err->text);
    }
}

/* ---- texts of accounts, which crowds do not have ---- */

static const char *const MAILS[] = {"",           "big.example", "one.example", "two.example",
                                    "uni.edu",    "uni.ac.uk",   "x.edu.au",    "notedu",
                                    "three.test", "four.test"};
static const char *const COUNTRIES[] = {"", "DE", "FR", "JP", "US", "BR"};
enum { MAIL_COUNT = 10, COUNTRY_COUNT = 6 };

typedef struct borrowed {
    rf_coded mail, country;
} borrowed;

/* The population with codes of our own; given back before it is freed. */
static borrowed lend_texts(rf_population *p)
{
    borrowed const kept = {p->email_domain, p->country};
    p->email_domain = (rf_coded){calloc(p->accounts, sizeof(uint32_t)),
                                 (const char **)(uintptr_t)MAILS, MAIL_COUNT};
    p->country = (rf_coded){calloc(p->accounts, sizeof(uint32_t)),
                            (const char **)(uintptr_t)COUNTRIES, COUNTRY_COUNT};
    return kept;
}

static void give_back(rf_population *p, borrowed kept)
{
    free(p->email_domain.code);
    free(p->country.code);
    p->email_domain = kept.mail;
    p->country = kept.country;
    rf_population_free(p);
}

/* ---- the slow count ---- */

static bool holds(const rf_population *p, uint32_t value, uint32_t account)
{
    for (uint32_t g = p->value_group_start[value]; g < p->value_group_start[value + 1]; g++) {
        for (uint32_t k = 0; k < rf_group_size(p, g); k++) {
            if (rf_group_holders(p, g)[k] == account) {
                return true;
            }
        }
    }
    return false;
}

static uint32_t holders_of(const rf_population *p, uint32_t value, uint32_t *out)
{
    uint32_t count = 0;
    for (uint32_t a = 0; a < p->accounts; a++) {
        if (holds(p, value, a)) {
            out[count++] = a;
        }
    }
    return count;
}

static void same(double slow, double fast, int figure)
{
    if (isnan(slow) != isnan(fast) || fabs(slow - fast) > 1e-9) {
        fail_msg("figure %d: %g, not %g", figure, fast, slow);
    }
}

static double over(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

/* The share of accounts of the hub on a private domain: the commonest, any, and schools. */
static void check_mail(const rf_population *p, const uint32_t *met, uint32_t n,
                       const rf_result_type *hub)
{
    uint32_t most = 0;
    uint32_t own = 0;
    uint32_t known = 0;
    uint32_t school = 0;
    for (uint32_t code = 1; code < MAIL_COUNT; code++) {
        uint32_t here = 0;
        uint32_t all = 0;
        bool const is_school = code >= 4 && code <= 6;
        for (uint32_t k = 0; k < n; k++) {
            here += p->email_domain.code[met[k]] == code;
        }
        for (uint32_t a = 0; a < p->accounts; a++) {
            all += p->email_domain.code[a] == code;
        }
        known += here;
        school += is_school ? here : 0;
        if (is_school || all <= 50 || all <= p->accounts / 200) {
            own += here;
            most = here > most ? here : most;
        }
    }
    same(over(most, known), hub->figure[RF_FIGURE_MAIL], RF_FIGURE_MAIL);
    same(over(own, known), hub->figure[RF_FIGURE_OWN_MAIL], RF_FIGURE_OWN_MAIL);
    same(over(school, known), hub->figure[RF_FIGURE_SCHOOL], RF_FIGURE_SCHOOL);
}

/* Ties by pairs of accounts and values. */
static void check_ties(const rf_population *p, const rf_calibration *c, uint32_t value,
                       const uint32_t *met, uint32_t n, const rf_result_type *hub)
{
    uint32_t tied[4] = {0};
    uint32_t known[4] = {0};
    static const char *const family[4] = {"payment", "device", "template", NULL};
    static const rf_figure figure[4] = {RF_FIGURE_CARDS, RF_FIGURE_DEVICES, RF_FIGURE_PROMPTS,
                                        RF_FIGURE_TIES};
    for (uint32_t k = 0; k < n; k++) {
        bool has[4] = {false};
        for (uint32_t v = 0; v < p->values; v++) {
            const rf_signal *signal = &p->signal[p->value_signal[v]];
            uint32_t here = 0;
            int kind = 0;
            if (v == value || signal->windowed || p->value_holders[v] > c->common ||
                !holds(p, v, met[k])) {
                continue;
            }
            for (uint32_t other = 0; other < n; other++) {
                here += holds(p, v, met[other]);
            }
            while (kind < 3 && strcmp(signal->family_name, family[kind]) != 0) {
                kind++;
            }
            has[kind] = has[kind] || (here >= 2 && 4 * here >= p->value_holders[v]);
        }
        for (int kind = 0; kind < 4; kind++) {
            tied[kind] += has[kind];
            known[kind] += kind == 3;
        }
        for (int kind = 0; kind < 3; kind++) {
            bool any = false;
            for (uint32_t s = 0; s < p->signals; s++) {
                any = any || (strcmp(p->signal[s].family_name, family[kind]) == 0 &&
                              p->held[s] != NULL && p->held[s][met[k]] > 0);
            }
            known[kind] += any;
        }
    }
    for (int kind = 0; kind < 4; kind++) {
        same(over(tied[kind], known[kind]), hub->figure[figure[kind]], figure[kind]);
    }
}

static void check_days(const rf_population *p, uint32_t value, uint32_t n,
                       const rf_result_type *hub)
{
    double visits = 0;
    double weekend = 0;
    uint32_t days = 0;
    uint32_t peak = 0;
    bool const windowed = p->signal[p->value_signal[value]].windowed;
    for (uint32_t g = p->value_group_start[value]; g < p->value_group_start[value + 1]; g++) {
        uint32_t const size = rf_group_size(p, g);
        peak = size > peak ? size : peak;
        if (windowed && p->group_day[g] >= 0) {
            days++;
            visits += size;
            /* 1970-01-03 was a Saturday */
            weekend += (p->group_day[g] + 5) % 7 <= 1 ? size : 0;
        }
    }
    assert_int_equal(hub->days, days);
    assert_int_equal(hub->peak, peak);
    if (days > 0) {
        same(weekend / visits, hub->figure[RF_FIGURE_WEEKEND], RF_FIGURE_WEEKEND);
        assert_true(hub->figure[RF_FIGURE_CROWD] >= visits / days / n - 1e-9);
    } else {
        assert_true(isnan(hub->figure[RF_FIGURE_CROWD]));
        assert_true(isnan(hub->figure[RF_FIGURE_LOYAL]));
    }
}

static void check_hub(const rf_population *p, const rf_calibration *c, uint32_t value,
                      const rf_result_type *hub)
{
    uint32_t met[CROWD_ACCOUNTS];
    uint32_t const n = holders_of(p, value, met);
    uint32_t most = 0;
    uint32_t known = 0;
    assert_int_equal(hub->met, n);
    assert_int_equal(hub->holders, p->value_holders[value]);
    for (uint32_t code = 1; code < COUNTRY_COUNT; code++) {
        uint32_t here = 0;
        for (uint32_t k = 0; k < n; k++) {
            here += p->country.code[met[k]] == code;
        }
        known += here;
        most = here > most ? here : most;
    }
    same(over(most, known), hub->figure[RF_FIGURE_COUNTRY], RF_FIGURE_COUNTRY);
    check_mail(p, met, n, hub);
    check_ties(p, c, value, met, n, hub);
    check_days(p, value, n, hub);
    for (int f = 0; f < RF_FIGURE_FLAGGED; f++) {
        assert_true(f == RF_FIGURE_YEARS || isnan(hub->figure[f]) ||
                    (hub->figure[f] >= 0 && hub->figure[f] <= 1));
    }
}

static void figures_are_the_slow_ones(void **state)
{
    (void)state;
    for (unsigned long long seed = 1; seed <= 6; seed++) {
        crowd_options const options = {.accounts = 150, .rings = 6, .coincident = 150, .hubs = 5};
        rf_evidence_settings const settings = rf_evidence_defaults();
        crowd *c = crowd_make(&options, seed);
        unsigned long long chance = seed;
        rf_population p;
        rf_calibration calibration;
        rf_hubs one = {0};
        rf_hubs three = {0};
        rf_error err = {.status = RF_OK};
        borrowed kept;
        uint32_t hubs = 0;
        crowd_read(c, seed, 0, &p);
        kept = lend_texts(&p);
        for (uint32_t a = 0; a < p.accounts; a++) {
            p.email_domain.code[a] =
                random_below(&chance, 2) ? 1 : random_below(&chance, MAIL_COUNT);
            p.country.code[a] = random_below(&chance, COUNTRY_COUNT);
        }
        good(rf_calibrate(&p, &settings, 1, &calibration, &err), &err);
        good(rf_hubs_type(&p, &calibration, 1, &one, &err), &err);
        good(rf_hubs_type(&p, &calibration, 3, &three, &err), &err);
        for (uint32_t v = 0; v < p.values; v++) {
            hubs += p.value_holders[v] >= RF_HUB_FROM;
        }
        assert_int_equal(one.count, hubs);
        assert_true(hubs > 0);
        for (uint32_t i = 0; i < one.count; i++) {
            check_hub(&p, &calibration, one.value[i], &one.type[i]);
            assert_ptr_equal(one.type[i].type, three.type[i].type);
            assert_memory_equal(&one.type[i].bits, &three.type[i].bits, sizeof(double));
        }
        rf_hubs_free(&one);
        rf_hubs_free(&three);
        rf_calibration_free(&calibration);
        give_back(&p, kept);
        free(c);
    }
}

/* ---- a crowd for each type ---- */

typedef struct scene {
    const char *signal, *type;
    uint32_t people;     /* that use it */
    uint32_t days;       /* each, of the days there are; 0: a stable signal */
    bool weekdays;       /* on no other */
    uint32_t countries;  /* they give */
    uint32_t mail;       /* code of all of them; 0: the large provider */
    bool together;       /* signed up on one morning */
    uint32_t cards;      /* share each, 0: they do not pay; 1: one's own */
    uint32_t devices;    /* likewise */
    uint32_t prompts;    /* likewise */
    uint32_t active_for; /* days active for a day there */
} scene;

static const scene SCENES[] = {
    {"ip", "office", 20, 9, true, 1, 2, false, 20, 1, 0, 2},
    {"ip", "campus", 60, 9, false, 1, 4, true, 0, 1, 30, 2},
    {"ip", "public place", 30, 6, true, 1, 0, false, 0, 1, 0, 2},
    {"ip", "agency", 10, 9, true, 1, 0, false, 10, 3, 4, 2},
    {"ip", "carrier NAT", 120, 2, false, 1, 0, false, 1, 1, 0, 12},
    {"ip", "VPN exit", 200, 6, false, 5, 0, false, 1, 1, 0, 4},
    {"ip", "ring", 14, 2, false, 4, 0, true, 7, 1, 7, 14},
    {"instrument", "company card", 30, 0, false, 1, 2, true, 0, 1, 0, 0},
    {"instrument", "agency", 9, 0, false, 1, 0, false, 0, 3, 3, 0},
    {"instrument", "ring", 80, 0, false, 5, 0, false, 0, 8, 8, 0},
    {"device", "shared computer", 12, 0, false, 1, 0, false, 0, 1, 4, 0},
    {"device", "common", 90, 0, false, 5, 0, false, 1, 1, 0, 0},
    {"device", "ring", 12, 0, false, 5, 0, true, 4, 0, 6, 0},
    {"template", "office", 12, 0, false, 1, 2, false, 12, 1, 6, 0},
    {"template", "campus", 40, 0, false, 1, 4, true, 0, 1, 20, 0},
    {"template", "common", 90, 0, false, 5, 0, false, 1, 1, 0, 0},
};

/* Accounts [first, end) share values of the signal, `each` of them one. */
static void share_values(crowd *c, uint32_t first, uint32_t end, const char *signal, uint32_t each)
{
    char text[24];
    uint32_t value = 0;
    for (uint32_t a = first; a < end && each > 0; a++) {
        if ((a - first) % each == 0) {
            (void)snprintf(text, sizeof text, "%.3s-own-%u", signal, a);
            value = crowd_add_value(c, signal, text);
        }
        crowd_add_sighting(c, value, a, -1);
    }
}

static crowd *build(const scene *s)
{
    static const crowd_signal SIGNALS[] = {{"instrument", "payment", 0},
                                           {"ip", "address", 1},
                                           {"device", "device", 0},
                                           {"template", "template", 0}};
    enum { BASE_DAY = 20000, OTHERS = 300 };
    crowd *c = calloc(1, sizeof *c);
    uint32_t hub;
    assert_non_null(c);
    memcpy(c->signal, SIGNALS, sizeof SIGNALS);
    c->signals = 4;
    for (uint32_t a = 0; a < s->people + OTHERS; a++) {
        char name[24];
        int64_t day = (int64_t)a * 7919 % 1000; /* spread over three years */
        (void)snprintf(name, sizeof name, "a%05u", a);
        day = s->together && a < s->people ? 990 : day;
        (void)crowd_add_account(c, name, (BASE_DAY - 1000 + day) * INT64_C(86400) + a);
    }
    hub = crowd_add_value(c, s->signal, "hub");
    for (uint32_t a = 0; a < s->people; a++) {
        for (uint32_t d = 0; d < (s->days == 0 ? 1 : s->days); d++) {
            int32_t day = BASE_DAY + (int32_t)((a * 13 + d * 7) % (s->days * 7 + 1));
            if (s->weekdays && (day + 5) % 7 <= 1) {
                day += 2;
            }
            crowd_add_sighting(c, hub, a, s->days == 0 ? -1 : day);
        }
    }
    share_values(c, 0, s->people, "instrument", s->cards);
    share_values(c, 0, s->people, "device", s->devices);
    share_values(c, 0, s->people, "template", s->prompts);
    /* everybody else: small households, so that chance is what it is elsewhere */
    share_values(c, s->people, c->accounts, "instrument", 2);
    share_values(c, s->people, c->accounts, "device", 3);
    share_values(c, s->people, c->accounts, "template", 3);
    return c;
}

static void a_crowd_for_each_type(void **state)
{
    rf_evidence_settings const settings = rf_evidence_defaults();
    (void)state;
    for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
        const scene *s = &SCENES[i];
        crowd *c = build(s);
        rf_population p;
        rf_calibration calibration;
        rf_hubs hubs;
        rf_text why = {0};
        rf_error err = {.status = RF_OK};
        borrowed kept;
        uint32_t at = 0;
        crowd_read(c, 0, 0, &p);
        kept = lend_texts(&p);
        for (uint32_t a = 0; a < p.accounts; a++) {
            p.email_domain.code[a] = a < s->people && s->mail > 0 ? s->mail : 1;
            p.country.code[a] = 1 + (a < s->people ? a % s->countries : a % 5);
            p.active_days[a] = s->days * s->active_for;
        }
        good(rf_calibrate(&p, &settings, 1, &calibration, &err), &err);
        good(rf_hubs_type(&p, &calibration, 1, &hubs, &err), &err);
        while (at < hubs.count &&
               (strcmp(p.signal[p.value_signal[hubs.value[at]]].name, s->signal) != 0 ||
                hubs.type[at].holders != s->people)) {
            at++;
        }
        assert_true(at < hubs.count);
        rf_hub_why(p.signal[p.value_signal[hubs.value[at]]].family_name, &hubs.type[at], &why);
        if (strcmp(hubs.type[at].type, s->type) != 0) {
            fail_msg("scene %zu, %s of %s: %s by %.1f before %s; %s", i, s->signal, s->type,
                     hubs.type[at].type, hubs.type[at].bits, hubs.type[at].instead,
                     rf_text_get(&why));
        }
        assert_non_null(strstr(rf_text_get(&why), "accounts"));
        rf_text_free(&why);
        rf_hubs_free(&hubs);
        rf_calibration_free(&calibration);
        give_back(&p, kept);
        free(c);
    }
}

static void nothing_known_is_unknown(void **state)
{
    static const char *const families[] = {"address", "payment", "device", "template", "phone"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        rf_result_type hub = {.holders = 8, .met = 8, .peak = 8};
        for (int f = 0; f < RF_FIGURES; f++) {
            hub.figure[f] = (double)NAN;
        }
        rf_hub_type(families[i], &hub);
        assert_true(hub.bits >= 0 && isfinite(hub.bits));
        assert_non_null(hub.instead);
    }
}

/* ---- what is lent ---- */

static void only_sure_rings_are_lent_to(void **state)
{
    crowd_options const options = {.accounts = 150, .rings = 6, .coincident = 150, .hubs = 5};
    rf_evidence_settings const settings = rf_evidence_defaults();
    crowd *c = crowd_make(&options, 3);
    rf_population p;
    rf_calibration calibration;
    rf_calibration before;
    rf_hubs hubs;
    rf_error err = {.status = RF_OK};
    (void)state;
    crowd_read(c, 0, 0, &p);
    good(rf_calibrate(&p, &settings, 1, &calibration, &err), &err);
    good(rf_calibrate(&p, &settings, 1, &before, &err), &err);
    good(rf_hubs_type(&p, &calibration, 1, &hubs, &err), &err);
    rf_hubs_lend(&hubs, &calibration);
    for (uint32_t i = 0; i < hubs.count; i++) {
        const rf_result_type *hub = &hubs.type[i];
        bool const sure = strcmp(hub->type, "ring") == 0 && hub->bits >= RF_HUB_LENDING;
        uint32_t const v = hubs.value[i];
        assert_int_equal(hub->lent, sure ? RF_HUB_LENT : 0);
        assert_int_equal(calibration.examined[v], before.examined[v] + hub->lent);
        assert_int_equal(calibration.corroborated[v], before.corroborated[v] + hub->lent);
    }
    rf_hubs_free(&hubs);
    rf_calibration_free(&calibration);
    rf_calibration_free(&before);
    rf_population_free(&p);
    free(c);
}

static void allocations_may_fail(void **state)
{
    crowd_options const options = {.accounts = 60, .rings = 3, .coincident = 60, .hubs = 3};
    rf_evidence_settings const settings = rf_evidence_defaults();
    crowd *c = crowd_make(&options, 4);
    rf_population p;
    rf_calibration calibration;
    rf_error err = {.status = RF_OK};
    bool over_with = false;
    (void)state;
    crowd_read(c, 0, 0, &p);
    good(rf_calibrate(&p, &settings, 1, &calibration, &err), &err);
    for (long n = 1; n < 200 && !over_with; n++) {
        rf_findings findings = {0};
        rf_hubs hubs;
        rf_status status;
        err = (rf_error){.status = RF_OK};
        rf_memory_fail_after(n);
        status = rf_hubs_type(&p, &calibration, 1, &hubs, &err);
        if (status == RF_OK) {
            status = rf_hubs_tell(&p, &hubs, &findings, &err);
        }
        rf_memory_fail_after(0);
        over_with = status == RF_OK;
        assert_true(over_with || status == RF_ENOMEM);
        rf_hubs_free(&hubs);
        rf_findings_free(&findings);
    }
    assert_true(over_with);
    rf_calibration_free(&calibration);
    rf_population_free(&p);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_the_slow_ones), cmocka_unit_test(a_crowd_for_each_type),
        cmocka_unit_test(nothing_known_is_unknown),  cmocka_unit_test(only_sure_rings_are_lent_to),
        cmocka_unit_test(allocations_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
