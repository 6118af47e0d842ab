/* person.c - draws persons and their sessions.
 *
 * Invariant: a session lies inside the window and after the account's creation. Nothing here knows
 * of rings. Volume is heavy-tailed by itself: the largest honest users exceed every ring account.
 */
#include "person.h"

#include <math.h>

static const double BENTS[WG_BENTS][9] = {
    /* chat, writing, coding, reasoning, agentic, vision, data, translation */
    [WG_CASUAL] = {0, .55, .15, .04, .05, .01, .08, .02, .10},
    [WG_WRITER] = {0, .20, .50, .02, .06, .02, .05, .05, .10},
    [WG_CODER] = {0, .12, .04, .55, .10, .12, .02, .04, .01},
    [WG_ANALYST] = {0, .15, .12, .12, .20, .06, .03, .30, .02},
    [WG_AGENTS] = {0, .03, .02, .38, .15, .34, .01, .06, .01},
};

uint8_t wg_capability_draw(wg_rng *rng, wg_bent bent)
{
    double x = wg_unit(rng);
    for (uint8_t c = WG_CHAT; c < WG_TRANSLATION; c++) {
        x -= BENTS[bent][c];
        if (x < 0) {
            return c;
        }
    }
    return WG_TRANSLATION;
}

uint32_t wg_created_draw(wg_world *w)
{
    const wg_params *p = &w->params;
    uint32_t start = w->options.start;
    if (wg_chance(&w->rng, p->born_in_window)) {
        return start + wg_below(&w->rng, w->end - start);
    }
    double age = pow(wg_unit(&w->rng), p->history_growth) * p->history_years * 365.25 * WG_DAY;
    return start - 1 - (uint32_t)age;
}

uint32_t wg_hour_draw(wg_world *w, wg_hours hours, uint8_t zone, uint32_t day)
{
    double hour = 0;
    switch (hours) {
    case WG_EVENINGS:
        hour =
            wg_chance(&w->rng, .55) ? 20 + 2.4 * wg_gauss(&w->rng) : 13 + 3.6 * wg_gauss(&w->rng);
        break;
    case WG_BUSINESS:
        hour = 13.3 + 2.5 * wg_gauss(&w->rng);
        break;
    case WG_STUDENT:
        hour = 16 + 4.2 * wg_gauss(&w->rng);
        break;
    case WG_ALWAYS:
        hour = 24 * wg_unit(&w->rng);
        break;
    }
    double utc = (double)day + hour * WG_HOUR - wg_zones[zone].minutes * 60.0;
    return utc < 0 ? 0 : (uint32_t)utc;
}

static void draw_access(wg_world *w, wg_person *p, uint8_t country)
{
    const wg_params *q = &w->params;
    p->home = (wg_home){.provider = UINT16_MAX}; /* moved in when settled, unless somebody shares */
    p->carrier = (uint8_t)(wg_hash(wg_next(&w->rng), country) % WG_CARRIERS);
    p->lives_mobile = wg_chance(&w->rng, q->mobile_only);
    p->mobile = wg_chance(&w->rng, q->mobile_people) ? q->mobile_sessions : 0;
    p->vpn = (uint8_t)wg_zipf(&w->rng, WG_VPNS, .7);
    p->vpn_use = wg_chance(&w->rng, q->vpn_people) ? q->vpn_sessions : 0;
    p->travel = WG_COUNTRIES;
    if (wg_chance(&w->rng, q->travel_people)) {
        p->travel = wg_zones[wg_zone_draw(&w->rng)].country;
    }
    if (p->heavy && wg_chance(&w->rng, q->cloud_heavy)) {
        p->cloud = wg_chance(&w->rng, .25) ? wg_net_relay_ip(&w->net, &w->rng)
                                           : wg_net_hosting_ip(&w->net);
    }
}

static void draw_devices(wg_world *w, wg_person *p)
{
    const wg_params *q = &w->params;
    p->no_devices = wg_chance(&w->rng, p->heavy ? .3 : q->no_device_people);
    p->device_count = wg_chance(&w->rng, .5) ? 1 : wg_chance(&w->rng, .8) ? 2 : 3;
    for (uint32_t i = 0; i < p->device_count; i++) {
        p->devices[i] = wg_device_draw(w);
    }
    p->change_at = UINT32_MAX;
    if (wg_chance(&w->rng, q->device_change)) {
        p->next_device = wg_device_draw(w);
        p->change_at = w->options.start + wg_below(&w->rng, w->end - w->options.start);
    }
}

static void draw_volume(wg_world *w, wg_person *p)
{
    const wg_params *q = &w->params;
    double mean = q->rows_mean, rows = 0;
    if (!wg_chance(&w->rng, q->dormant_share)) {
        double median = mean * exp(-q->rows_sigma * q->rows_sigma / 2);
        rows = wg_lognormal(&w->rng, median, q->rows_sigma) * (p->heavy ? q->heavy_rows : 1);
    }
    p->rows = rows > q->rows_cap ? q->rows_cap : rows;
    p->requests = wg_lognormal(&w->rng, q->requests_median, .5);
    if (p->heavy) {
        p->requests *= wg_lognormal(&w->rng, q->heavy_requests, .6);
    }
    uint32_t span = w->end - w->options.start;
    p->first = w->options.start;
    p->last = w->end;
    if (wg_chance(&w->rng, q->churn_share)) {
        p->first += wg_below(&w->rng, span / 2);
        p->last = p->first + span / 10 + wg_below(&w->rng, w->end - p->first);
        p->last = p->last > w->end ? w->end : p->last;
    }
}

void wg_person_draw(wg_world *w, wg_person *p, uint8_t zone)
{
    const wg_params *q = &w->params;
    uint8_t country = wg_zones[zone].country;
    *p = (wg_person){.zone = zone, .domain = wg_domain_free(&w->rng, country)};
    if (wg_chance(&w->rng, q->own_domain)) {
        p->domain = wg_domain_of(WG_DOMAIN_SMALL, ++w->domains);
    }
    p->heavy = wg_chance(&w->rng, q->heavy_share);
    p->hours = p->heavy && wg_chance(&w->rng, .6) ? WG_ALWAYS : WG_EVENINGS;
    double x = wg_unit(&w->rng);
    p->bent = p->heavy ? (x < .45   ? WG_AGENTS
                          : x < .85 ? WG_CODER
                                    : WG_ANALYST)
                       : (x < .5    ? WG_CASUAL
                          : x < .7  ? WG_WRITER
                          : x < .85 ? WG_CODER
                                    : WG_ANALYST);
    draw_access(w, p, country);
    draw_devices(w, p);
    draw_volume(w, p);
    p->template_use = q->template_rows;
    if (wg_chance(&w->rng, q->template_own)) {
        p->own_templates[0] = wg_template_new(w);
        p->own_templates[1] = wg_chance(&w->rng, .4) ? wg_template_new(w) : p->own_templates[0];
    }
    p->pays = wg_chance(&w->rng, p->heavy ? .92 : q->paid_share);
    p->prepaid = wg_chance(&w->rng, q->prepaid_share);
    p->plan = !p->pays ? WG_FREE : p->heavy ? (wg_chance(&w->rng, .4) ? WG_API : WG_PRO) : WG_PLUS;
}

void wg_person_moves_in(wg_person *p, wg_home home)
{
    p->home = home;
    p->lives_mobile = false;
}

static bool place_open(const wg_person *p, uint32_t when)
{
    int64_t local = (int64_t)when + wg_zones[p->zone].minutes * 60;
    int64_t hour = local / WG_HOUR % 24, weekday = (local / WG_DAY + 4) % 7;
    return hour >= 7 && hour < 22 && !(p->place_weekdays && (weekday == 0 || weekday == 6));
}

static wg_ip session_ip(wg_world *w, const wg_person *p, uint32_t when, bool *at_place)
{
    uint8_t country = wg_zones[p->zone].country;
    uint64_t reader = wg_hash(p->devices[0], p->home.line);
    *at_place = false;
    if (p->place_count && wg_chance(&w->rng, p->place_use) && place_open(p, when)) {
        *at_place = true;
        return p->place[p->place_count > 1 && wg_chance(&w->rng, .3) ? 1 : 0];
    }
    if (p->cloud && wg_chance(&w->rng, .7)) {
        return p->cloud;
    }
    if (wg_chance(&w->rng, p->vpn_use)) {
        return wg_net_vpn_ip(&w->net, &w->rng, p->vpn);
    }
    if (p->travel < WG_COUNTRIES && wg_chance(&w->rng, .15)) {
        return wg_chance(&w->rng, .5)
                   ? wg_net_carrier_ip(&w->net, p->travel, p->carrier, when, reader)
                   : wg_net_home_ip(&w->net, wg_net_any_line(&w->net, &w->rng, p->travel), when,
                                    false, reader);
    }
    if (p->lives_mobile || wg_chance(&w->rng, p->mobile)) {
        return wg_net_carrier_ip(&w->net, country, p->carrier, when, reader);
    }
    bool v6 = wg_net_has_v6(&w->net, p->home) && wg_chance(&w->rng, .5);
    return wg_net_home_ip(&w->net, p->home, when, v6, reader);
}

static uint32_t session_device(wg_world *w, const wg_person *p, uint32_t when, bool at_place)
{
    if (p->no_devices || wg_chance(&w->rng, w->params.no_device_rows)) {
        return 0;
    }
    if (at_place && p->place_device_count && wg_chance(&w->rng, p->place_device_use)) {
        return p->place_devices[wg_below(&w->rng, p->place_device_count)];
    }
    if (!at_place && p->home_device && wg_chance(&w->rng, .3)) {
        return p->home_device;
    }
    uint32_t i = p->device_count > 1 && wg_chance(&w->rng, .35)
                     ? 1 + wg_below(&w->rng, p->device_count - 1)
                     : 0;
    return i == 0 && when >= p->change_at ? p->next_device : p->devices[i];
}

static uint32_t session_template(wg_world *w, const wg_person *p)
{
    if (!wg_chance(&w->rng, p->template_use)) {
        return 0;
    }
    if (p->team_template_count && wg_chance(&w->rng, p->team_use)) {
        return p->team_templates[wg_zipf(&w->rng, p->team_template_count, .8)];
    }
    if (p->own_templates[0] && wg_chance(&w->rng, .7)) {
        return p->own_templates[wg_below(&w->rng, 2)];
    }
    return wg_chance(&w->rng, .45) ? wg_template_new(w) : wg_template_public(w);
}

void wg_person_session(wg_world *w, const wg_person *p, uint32_t when, wg_event *event)
{
    bool at_place;
    event->when = when;
    event->ip = session_ip(w, p, when, &at_place);
    if (wg_chance(&w->rng, w->params.no_ip_rows)) {
        event->ip = 0;
    }
    event->device = session_device(w, p, when, at_place);
    event->template = session_template(w, p);
    event->capability = wg_capability_draw(&w->rng, p->bent);
    double requests = wg_lognormal(&w->rng, p->requests, w->params.requests_sigma);
    event->requests = (uint16_t)(requests < 1 ? 1 : requests > 20000 ? 20000 : requests);
}

uint32_t wg_person_rows(wg_world *w, const wg_person *p, double days)
{
    double rows = p->rows * days / w->options.days;
    return p->rows > 0 && rows < 1 ? 1 : wg_round(&w->rng, rows);
}

static uint32_t session_time(wg_world *w, const wg_person *p, uint32_t from, uint32_t to)
{
    /* Days are redrawn a few times for people with a week; a late one slips through, as in life. */
    for (int tries = 0;; tries++) {
        uint32_t day = (from + wg_below(&w->rng, to - from)) / WG_DAY * WG_DAY;
        uint32_t weekday = (day / WG_DAY + 4) % 7; /* 0 is Sunday */
        bool weekend = weekday == 0 || weekday == 6;
        bool evening = p->hours == WG_BUSINESS && wg_chance(&w->rng, .2);
        if (p->hours == WG_BUSINESS && weekend && !evening && tries < 4) {
            continue;
        }
        if (p->meetings && weekday != p->meetings - 1 && tries < 2) {
            continue;
        }
        uint32_t when = wg_hour_draw(w, evening ? WG_EVENINGS : p->hours, p->zone, day);
        if (when >= from && when < to) {
            return when;
        }
        if (tries > 8) {
            return from + wg_below(&w->rng, to - from);
        }
    }
}

void wg_person_live(wg_world *w, const wg_person *p, uint32_t account, uint32_t from, uint32_t to)
{
    uint32_t created = wg_account_at(w, account)->created;
    from = from < p->first ? p->first : from;
    from = from <= created ? created + 60 : from;
    to = to > p->last ? p->last : to;
    if (from + WG_HOUR >= to || p->rows <= 0) {
        return;
    }
    /* A short life is a full one: churned people do not use less while they stay. */
    double days = (double)(to - from) / WG_DAY;
    double share = (.4 + .6 * days / w->options.days) * w->options.days;
    for (uint32_t n = wg_person_rows(w, p, share); n; n--) {
        uint32_t when = session_time(w, p, from, to);
        wg_event event = {.account = account};
        wg_person_session(w, p, when, &event);
        *(wg_event *)wg_column_add(&w->events) = event;
    }
}

wg_card wg_person_card(wg_world *w, const wg_person *p)
{
    double x = wg_unit(&w->rng);
    uint8_t kind = x < .86 ? WG_CARD : x < .93 ? WG_WALLET : WG_BANK;
    uint8_t funding = p->prepaid ? WG_PREPAID : wg_chance(&w->rng, .5) ? WG_CREDIT : WG_DEBIT;
    uint8_t country = wg_zones[p->zone].country;
    return wg_card_new(w, country, kind, funding);
}

void wg_person_pays(wg_world *w, uint32_t account, const wg_card *card, uint32_t from, uint32_t to)
{
    if (from >= to) {
        return;
    }
    wg_pay(w, account, card, from);
    if (to > w->options.start && wg_chance(&w->rng, .5)) {
        uint32_t first = from > w->options.start ? from : w->options.start;
        uint32_t when = first + wg_below(&w->rng, 30 * WG_DAY);
        if (when < to) {
            wg_pay(w, account, card, when);
        }
    }
}

uint32_t wg_person_settle(wg_world *w, wg_person *p, uint32_t created, uint32_t community,
                          const wg_card *card)
{
    const wg_params *q = &w->params;
    uint8_t country = wg_zones[p->zone].country;
    if (p->home.provider == UINT16_MAX) {
        p->home = wg_net_move_in(&w->net, &w->rng, country);
    }
    wg_account *a = wg_column_add(&w->accounts);
    uint32_t account = (uint32_t)w->accounts.count - 1;
    *a = (wg_account){.created = created,
                      .community = community,
                      .domain = wg_chance(&w->rng, q->no_mail) ? 0 : p->domain,
                      .zone = p->zone,
                      .clock = wg_chance(&w->rng, .02) ? wg_zone_draw(&w->rng) : p->zone,
                      .plan = p->plan};
    double x = wg_unit(&w->rng);
    a->status = x < q->closed_share                        ? WG_CLOSED
                : x < q->closed_share + q->suspended_share ? WG_SUSPENDED
                                                           : WG_ACTIVE;
    if (card && card->serial) {
        uint32_t change = w->options.start + wg_below(&w->rng, w->end - w->options.start);
        if (wg_chance(&w->rng, q->new_card) && card->kind != WG_BANK && change > created) {
            wg_person_pays(w, account, card, created, change);
            wg_card next = wg_person_card(w, p);
            wg_person_pays(w, account, &next, change, w->end);
        } else {
            wg_person_pays(w, account, card, created, w->end);
        }
    }
    if (wg_chance(&w->rng, q->phone_share)) {
        wg_phone_add(w, account, p->phone ? p->phone : ++w->numbers, country, created);
    }
    return account;
}

uint32_t wg_person_join(wg_world *w, wg_person *p, uint32_t created, uint32_t community,
                        const wg_card *card)
{
    uint32_t account = wg_person_settle(w, p, created, community, card);
    if (account && wg_chance(&w->rng, w->params.referral_share)) {
        /* Half come by somebody close, who was made just before them. */
        uint32_t near = account < 12 ? account : 12;
        uint32_t other = wg_chance(&w->rng, .5) ? account - 1 - wg_below(&w->rng, near)
                                                : wg_below(&w->rng, account);
        wg_tie_add(w, account, other, created);
    }
    wg_person_live(w, p, account, w->options.start, w->end);
    return account;
}
