/* honest.c - the honest population: alone, in families, and in the places that look like rings.
 *
 * Invariant: every honest account belongs to at most one community, whose kind the truth file
 * tells. Each make_* function adds one community and returns how many accounts it added. Sizes are
 * cut to what the quota still allows, so small worlds keep one of each kind.
 */
#include "person.h"

#include <math.h>

enum { MOST_DEVICES = 64, MOST_TEMPLATES = 48, WEEK = 7 * WG_DAY };

typedef uint32_t (*make)(wg_world *w, uint32_t most);

static uint32_t at_most(uint32_t n, uint32_t most)
{
    return n < most ? n : most;
}

static void fill_devices(wg_world *w, uint32_t *devices, uint32_t n, bool alike)
{
    uint32_t stock = 1 + wg_zipf(&w->rng, (uint32_t)w->params.common_kinds, w->params.common_zipf);
    for (uint32_t i = 0; i < n; i++) {
        /* Machines bought in one lot may look the same. */
        devices[i] = alike && wg_chance(&w->rng, .3) ? stock : wg_device_new(w);
    }
}

static void fill_templates(wg_world *w, uint32_t *templates, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        templates[i] = wg_template_new(w);
    }
}

static const wg_card *own_card(wg_world *w, const wg_person *p, wg_card *card)
{
    if (!p->pays) {
        return NULL;
    }
    *card = wg_person_card(w, p);
    return card;
}

static uint32_t make_solo(wg_world *w, uint32_t most)
{
    (void)most;
    wg_person p;
    wg_card card;
    wg_person_draw(w, &p, wg_zone_draw(&w->rng));
    wg_person_join(w, &p, wg_created_draw(w), 0, own_card(w, &p, &card));
    return 1;
}

static uint32_t make_corporate_single(wg_world *w, uint32_t most)
{
    (void)most;
    wg_person p;
    wg_card card;
    wg_person_draw(w, &p, wg_zone_draw(&w->rng));
    p.domain = wg_domain_of(WG_DOMAIN_FIRM, ++w->domains);
    p.hours = p.hours == WG_ALWAYS ? WG_ALWAYS : WG_BUSINESS;
    p.place[0] = wg_net_business_ip(&w->net);
    p.place_count = wg_chance(&w->rng, .6);
    p.place_use = .7;
    p.place_weekdays = true;
    wg_person_join(w, &p, wg_created_draw(w), 0, own_card(w, &p, &card));
    return 1;
}

static uint32_t make_household(wg_world *w, uint32_t most)
{
    uint32_t size = 2;
    while (size < 6 && wg_chance(&w->rng, w->params.household_more)) {
        size++;
    }
    size = at_most(size, most);
    uint8_t zone = wg_zone_draw(&w->rng);
    wg_home home = wg_net_move_in(&w->net, &w->rng, wg_zones[zone].country);
    uint32_t community = size > 1 ? wg_community_new(w, WG_HOUSEHOLD, 0) : 0;
    uint32_t tablet = wg_chance(&w->rng, w->params.tablet_share) ? wg_device_draw(w) : 0;
    uint32_t phone = wg_chance(&w->rng, w->params.phone_family) ? ++w->numbers : 0;
    bool one_card = wg_chance(&w->rng, w->params.family_card);
    wg_card family = {0};
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, zone);
        wg_person_moves_in(&p, home);
        p.home_device = tablet;
        p.phone = phone;
        if (p.pays && one_card && !family.serial) {
            family = wg_person_card(w, &p);
        }
        const wg_card *with = p.pays && one_card ? &family : own_card(w, &p, &card);
        wg_person_join(w, &p, wg_created_draw(w), community, with);
    }
    return size;
}

typedef struct {
    wg_kind kind;
    uint8_t zone;
    uint32_t community, created, width; /* sign-ups: a burst of that width, or 0 for spread ones */
    wg_domain domain;
    wg_ip ips[2];
    uint32_t ip_count;
    wg_card cards[2];
    uint32_t card_count;
    double covered;
    uint32_t templates[MOST_TEMPLATES], template_count;
    uint32_t devices[MOST_DEVICES], device_count;
    uint32_t phone, owner;
} group;

static uint32_t group_created(wg_world *w, const group *g)
{
    if (g->width && wg_chance(&w->rng, .85)) {
        return g->created + wg_below(&w->rng, g->width);
    }
    uint32_t created = wg_created_draw(w);
    /* Nobody joins a team long before there is one. */
    return created < g->created ? g->created + wg_below(&w->rng, w->end - g->created) : created;
}

/* Makes p a member: the group's place, mail, prompts; returns who pays. */
static const wg_card *group_member(wg_world *w, const group *g, wg_person *p, wg_card *card)
{
    for (uint32_t i = 0; i < g->ip_count; i++) {
        p->place[i] = g->ips[i];
    }
    p->place_count = g->ip_count;
    p->place_devices = g->devices;
    p->place_device_count = g->device_count;
    p->team_templates = g->templates;
    p->team_template_count = g->template_count;
    p->team_use = w->params.team_use;
    p->phone = g->phone && wg_chance(&w->rng, .4) ? g->phone : 0;
    if (g->domain) {
        p->domain = g->domain;
    }
    if (g->card_count && wg_chance(&w->rng, g->covered)) {
        p->plan = p->heavy && wg_chance(&w->rng, .3) ? WG_API : WG_TEAM;
        return &g->cards[wg_below(&w->rng, g->card_count)];
    }
    return own_card(w, p, card);
}

static uint32_t make_office(wg_world *w, uint32_t most)
{
    const wg_params *q = &w->params;
    uint32_t size = at_most(wg_size(&w->rng, q->office_median, q->office_sigma, 5, 300), most);
    uint8_t zone = wg_zone_draw(&w->rng), country = wg_zones[zone].country;
    group g = {.kind = WG_OFFICE, .created = wg_created_draw(w)};
    if (g.created + 14 * WG_DAY > w->end) {
        g.created = w->end - 14 * WG_DAY;
    }
    g.community = wg_community_new(w, WG_OFFICE, 0);
    g.width = wg_chance(&w->rng, .25) ? 4 * WG_HOUR : wg_chance(&w->rng, .4) ? WEEK : 0;
    g.domain = wg_domain_of(WG_DOMAIN_FIRM, ++w->domains);
    g.ip_count = wg_chance(&w->rng, .25) ? 2 : 1;
    g.ips[0] = wg_net_business_ip(&w->net);
    g.ips[1] = wg_net_business_ip(&w->net);
    if (wg_chance(&w->rng, q->office_pays)) {
        g.card_count = 1;
        g.cards[0] =
            wg_card_new(w, country, wg_chance(&w->rng, .35) ? WG_BANK : WG_CARD, WG_CREDIT);
        g.covered = wg_chance(&w->rng, .4) ? 1 : q->office_covered;
    }
    if (wg_chance(&w->rng, q->team_library)) {
        g.template_count = 3 + wg_below(&w->rng, 30);
        fill_templates(w, g.templates, g.template_count);
    }
    g.device_count = wg_below(&w->rng, 3);
    fill_devices(w, g.devices, g.device_count, true);
    g.phone = wg_chance(&w->rng, q->phone_family) ? ++w->numbers : 0;
    g.owner = wg_chance(&w->rng, .3) ? ++w->owners : 0;
    bool engineers = wg_chance(&w->rng, .2);
    uint32_t remote = wg_chance(&w->rng, .25) ? 30 : 5; /* per cent living elsewhere */
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, wg_below(&w->rng, 100) < remote ? wg_zone_draw(&w->rng) : zone);
        if (engineers && wg_chance(&w->rng, .6)) {
            p.bent = wg_chance(&w->rng, .3) ? WG_AGENTS : WG_CODER;
            p.requests *= 3;
            p.rows *= 1.5;
        }
        const wg_card *with = group_member(w, &g, &p, &card);
        p.hours = p.hours == WG_ALWAYS ? WG_ALWAYS : WG_BUSINESS;
        p.place_use = p.zone == zone ? .75 : .15;
        p.place_weekdays = true;
        p.place_device_use = .08;
        uint32_t account = wg_person_join(w, &p, group_created(w, &g), g.community, with);
        wg_account_at(w, account)->owner = g.owner;
    }
    return size;
}

/* One class: everybody on one morning, one assignment, the same weekly meeting. */
static uint32_t make_class(wg_world *w, const group *campus, uint32_t size)
{
    group g = *campus;
    uint32_t span = w->end - w->options.start;
    g.community = wg_community_new(w, WG_CLASS, 0);
    uint32_t day = w->options.start - 60 * WG_DAY + wg_below(&w->rng, 60 * WG_DAY + span * 3 / 4);
    day -= day % WG_DAY;
    g.created = day + (uint32_t)(9 * WG_HOUR - wg_zones[g.zone].minutes * 60 + WG_DAY) % WG_DAY;
    g.width = wg_chance(&w->rng, .8) ? 2 * WG_HOUR : 3 * WG_DAY;
    g.template_count = 1 + wg_below(&w->rng, 4);
    fill_templates(w, g.templates, g.template_count);
    g.device_count = wg_chance(&w->rng, .4) ? 6 + wg_below(&w->rng, 25) : 0;
    fill_devices(w, g.devices, g.device_count, true);
    uint32_t meeting = 2 + wg_below(&w->rng, 5);
    double use = .3 + .6 * wg_unit(&w->rng);
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, g.zone);
        p.pays = p.pays && wg_chance(&w->rng, .2);
        p.plan = p.pays ? WG_PLUS : WG_FREE;
        const wg_card *with = group_member(w, &g, &p, &card);
        p.domain =
            wg_chance(&w->rng, .65) ? g.domain : wg_domain_free(&w->rng, wg_zones[g.zone].country);
        p.hours = WG_STUDENT;
        p.place_use = .55;
        p.place_device_use = .35;
        p.template_use = use;
        p.team_use = .8;
        p.meetings = meeting;
        wg_person_join(w, &p, group_created(w, &g), g.community, with);
    }
    return size;
}

static uint32_t make_campus(wg_world *w, uint32_t most)
{
    const wg_params *q = &w->params;
    group g = {.kind = WG_CAMPUS, .zone = wg_zone_draw(&w->rng), .ip_count = 1};
    g.created = w->options.start - (uint32_t)(q->history_years * 365) * WG_DAY;
    g.community = wg_community_new(w, WG_CAMPUS, 0);
    g.domain = wg_domain_of(WG_DOMAIN_SCHOOL, ++w->domains);
    g.ip_count = wg_chance(&w->rng, .4) ? 2 : 1;
    g.ips[0] = wg_net_business_ip(&w->net);
    g.ips[1] = wg_net_business_ip(&w->net);
    uint32_t made = 0,
             classes = 1 + wg_round(&w->rng, (q->campus_classes - 1) * 2 * wg_unit(&w->rng));
    for (; classes && made < most; classes--) {
        uint32_t size = wg_size(&w->rng, q->class_median, .6, 20, 250);
        made += make_class(w, &g, at_most(size, most - made));
    }
    uint32_t around = at_most(wg_round(&w->rng, made * q->campus_around), most - made);
    for (uint32_t i = 0; i < around; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, g.zone);
        const wg_card *with = group_member(w, &g, &p, &card);
        p.hours = WG_STUDENT;
        p.place_use = .5;
        wg_person_join(w, &p, wg_created_draw(w), g.community, with);
    }
    return made + around;
}

static void public_habits(wg_world *w, const group *g, wg_person *p)
{
    p->pays = p->pays && wg_chance(&w->rng, .4);
    p->plan = p->pays ? WG_PLUS : WG_FREE;
    p->place_use = .6;
    p->place_device_use = .85;
    p->hours = p->heavy ? p->hours : WG_STUDENT;
    if (g->kind == WG_CAFE) {
        p->place_use = .4;
        p->place_device_use = .6;
    } else if (g->kind == WG_HACKATHON) {
        p->bent = WG_CODER;
        p->requests *= 2;
        p->team_use = .6;
        p->place_use = .5;
        p->place_device_use = .1;
        p->first = g->created;
    } else if (g->kind == WG_LAB) {
        p->no_devices = false;
    }
}

static uint32_t make_public(wg_world *w, uint32_t most)
{
    static const wg_kind KINDS[4] = {WG_LIBRARY, WG_CAFE, WG_LAB, WG_HACKATHON};
    const wg_params *q = &w->params;
    uint32_t size = at_most(wg_size(&w->rng, q->public_median, .7, 8, 400), most);
    group g = {.kind = KINDS[w->communities.count % 4], .zone = wg_zone_draw(&w->rng)};
    g.community = wg_community_new(w, g.kind, 0);
    g.created = w->options.start - (uint32_t)(q->history_years * 365) * WG_DAY;
    g.ip_count = 1;
    g.ips[0] = wg_net_business_ip(&w->net);
    g.device_count = at_most(4 + wg_below(&w->rng, 24), 2 + size / 3);
    if (g.kind == WG_HACKATHON) {
        g.created = w->options.start + wg_below(&w->rng, (w->end - w->options.start) * 3 / 4);
        g.width = 6 * WG_HOUR;
        g.template_count = 6;
    } else if (g.kind == WG_LAB) {
        g.template_count = 3;
        g.domain = wg_domain_of(WG_DOMAIN_SCHOOL, ++w->domains);
    }
    fill_templates(w, g.templates, g.template_count);
    fill_devices(w, g.devices, g.device_count, true);
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, g.zone);
        public_habits(w, &g, &p);
        const wg_card *with = group_member(w, &g, &p, &card);
        uint32_t created = group_created(w, &g);
        uint32_t account = wg_person_settle(w, &p, created, g.community, with);
        if (g.kind == WG_HACKATHON && p.rows > 0) {
            /* Most of what they do, they do on that weekend. */
            p.place_use = .95;
            wg_person_live(w, &p, account, g.created, at_most(g.created + 3 * WG_DAY, w->end));
            p.place_use = 0;
            p.rows *= .3;
        }
        wg_person_live(w, &p, account, w->options.start, w->end);
    }
    return size;
}

/* The hardest honest case: one card, one address, shared machines, the same prompts for a client.
 */
static uint32_t make_agency(wg_world *w, uint32_t most)
{
    const wg_params *q = &w->params;
    uint32_t size = at_most(wg_size(&w->rng, q->agency_median, .6, 4, 40), most);
    bool reseller = wg_chance(&w->rng, .25);
    group g = {.kind = reseller ? WG_RESELLER : WG_AGENCY, .zone = wg_zone_draw(&w->rng)};
    uint8_t country = wg_zones[g.zone].country;
    g.community = wg_community_new(w, g.kind, 0);
    g.created = wg_created_draw(w);
    if (g.created + 14 * WG_DAY > w->end) {
        g.created = w->end - 14 * WG_DAY;
    }
    g.width = wg_chance(&w->rng, .35) ? WG_HOUR * (1 + wg_below(&w->rng, 48)) : 0;
    g.domain = wg_chance(&w->rng, .6) ? wg_domain_of(WG_DOMAIN_FIRM, ++w->domains) : 0;
    g.ip_count = wg_chance(&w->rng, .8) ? 1 : 0;
    g.ips[0] = wg_net_business_ip(&w->net);
    g.card_count = wg_chance(&w->rng, q->agency_one_card) ? 1 : 2;
    for (uint32_t i = 0; i < g.card_count; i++) {
        g.cards[i] =
            wg_card_new(w, country, wg_chance(&w->rng, .15) ? WG_WALLET : WG_CARD, WG_CREDIT);
    }
    g.covered = reseller ? 1 : .9;
    g.device_count = 1 + size / 5;
    fill_devices(w, g.devices, g.device_count, false);
    g.template_count = 4 + wg_below(&w->rng, 20);
    fill_templates(w, g.templates, g.template_count);
    g.phone = wg_chance(&w->rng, 3 * q->phone_family) ? ++w->numbers : 0;
    wg_home studio = wg_net_move_in(&w->net, &w->rng, country);
    bool across = wg_chance(&w->rng, .3);
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, across ? wg_zone_draw(&w->rng) : g.zone);
        const wg_card *with = group_member(w, &g, &p, &card);
        if (!g.ip_count && !across && wg_chance(&w->rng, .5)) {
            wg_person_moves_in(&p, studio);
        }
        if (reseller) { /* the accounts are sold on: the buyers' own homes, devices and hours */
            p.place_use = .08;
            p.place_device_use = .3;
            p.team_use = .1;
            p.domain = wg_domain_free(&w->rng, country);
        } else {
            p.hours = p.hours == WG_ALWAYS || across ? p.hours : WG_BUSINESS;
            p.place_use = across ? .2 : .65;
            p.place_device_use = .6;
            p.requests *= 1.5;
        }
        wg_person_join(w, &p, group_created(w, &g), g.community, with);
    }
    return size;
}

static uint32_t make_coworking(wg_world *w, uint32_t most)
{
    uint32_t size = at_most(wg_size(&w->rng, 35, .6, 10, 160), most);
    group g = {.kind = WG_COWORKING, .zone = wg_zone_draw(&w->rng), .ip_count = 1};
    g.community = wg_community_new(w, WG_COWORKING, 0);
    g.ips[0] = wg_net_business_ip(&w->net);
    for (uint32_t i = 0; i < size; i++) {
        wg_person p;
        wg_card card;
        wg_person_draw(w, &p, g.zone);
        const wg_card *with = group_member(w, &g, &p, &card);
        p.hours = WG_BUSINESS;
        p.place_use = .5;
        if (wg_chance(&w->rng, .5)) {
            p.domain = wg_domain_of(WG_DOMAIN_FIRM, ++w->domains);
        }
        wg_person_join(w, &p, wg_created_draw(w), g.community, with);
    }
    return size;
}

/* parts: at least so many communities share a small quota. */
static void fill(wg_world *w, make one, double share, uint32_t total, uint32_t parts)
{
    uint32_t left = (uint32_t)(share * total), most = left / parts + 1;
    while (left) {
        uint32_t made = one(w, most < left ? most : left);
        left -= made < left ? made : left;
    }
}

void wg_make_honest(wg_world *w)
{
    const wg_params *p = &w->params;
    uint32_t total = w->options.accounts - (uint32_t)w->accounts.count;
    double shares = p->share_office + p->share_campus + p->share_public + p->share_agency +
                    p->share_coworking + p->share_corporate_single + p->share_household;
    if (shares > .9) { /* somebody has to live alone */
        total = (uint32_t)(total * .9 / shares);
    }
    fill(w, make_office, p->share_office, total, 4);
    fill(w, make_campus, p->share_campus, total, 1);
    fill(w, make_public, p->share_public, total, 5);
    fill(w, make_agency, p->share_agency, total, 3);
    fill(w, make_coworking, p->share_coworking, total, 1);
    fill(w, make_corporate_single, p->share_corporate_single, total, 1);
    fill(w, make_household, p->share_household, total, 1);
    while (w->accounts.count < w->options.accounts) {
        make_solo(w, 1);
    }
}
