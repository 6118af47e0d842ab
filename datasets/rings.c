/* rings.c - plans the rings and lives their accounts, hiding each sighting with the camouflage
 * chance.
 *
 * Invariant: an account of a ring is a person who, at each sighting and for each value by itself,
 * uses the ring's value unless hidden. Rings come before honest accounts; row order is undone on
 * writing.
 */
#include "rings.h"

#include <math.h>
#include <stdlib.h>

static const wg_kind MAKES[] = {
    WG_PROXY_FARM, WG_STATIONS,   WG_CARD_MESH, WG_DEVICE_FARM, WG_AGED,
    WG_SLOW_BURN,  WG_PHONE_RING, WG_CARD_MESH, WG_DEVICE_FARM, WG_PROXY_FARM,
    WG_AGED,       WG_SLOW_BURN,  WG_STATIONS,  WG_PHONE_RING,  WG_CARD_MESH,
};
enum {
    MAKE_COUNT = sizeof MAKES / sizeof MAKES[0],
    MOST_RINGS = 90,
    MADE = WG_PHONE_RING - WG_PROXY_FARM + 1
};

/* Sizes from the largest down to the smallest, falling a little faster at the top. */
static uint32_t plan_sizes(wg_world *w, uint32_t *sizes)
{
    const wg_params *p = &w->params;
    double scale = w->options.accounts / 60000.0;
    double count = scale < 1 ? p->ring_count * pow(scale, .35) : p->ring_count + 1.1 * log(scale);
    double largest = p->ring_top * w->options.accounts;
    if (w->options.accounts > 1000000) { /* farms do not grow with the service for ever */
        largest *= sqrt(1e6 / w->options.accounts);
        count *= sqrt(w->options.accounts / 1e6);
    }
    uint32_t n = count < 3 ? 3 : count > MOST_RINGS ? MOST_RINGS : (uint32_t)(count + .5);
    double small = p->ring_small;
    if (largest < 2.5 * small) {
        largest = 2.5 * small;
    }
    for (uint32_t i = 0; i < n; i++) {
        double x = largest * pow(small / largest, pow(i / (n - 1.0), p->ring_curve));
        double wobble = exp(.25 * w->options.vary * wg_gauss(&w->rng));
        sizes[i] = (uint32_t)(x * (i ? wobble : 1) + .5);
        sizes[i] = sizes[i] < 6 ? 6 : sizes[i];
    }
    return n;
}

static wg_kind plan_make(wg_world *w, uint32_t rank)
{
    if (wg_chance(&w->rng, w->options.vary * (rank ? 1 : .4))) {
        return (wg_kind)(WG_PROXY_FARM + (int)wg_below(&w->rng, MADE));
    }
    return MAKES[rank % MAKE_COUNT];
}

static void plan_waves(wg_world *w, wg_ring *r)
{
    const wg_params *p = &r->params;
    uint32_t start = w->options.start;
    r->wave_count = 1 + (uint32_t)(r->size / p->wave_accounts);
    r->waves = calloc(r->wave_count, sizeof *r->waves);
    if (!r->waves) {
        wg_die("out of memory", "ring");
    }
    for (uint32_t i = 0; i < r->wave_count; i++) {
        r->waves[i] = start - 120 * WG_DAY + wg_below(&w->rng, 120 * WG_DAY + (w->end - start) / 2);
    }
    /* A quiet ring signs up over weeks; the width of a wave differs from ring to ring. */
    double hours = wg_lognormal(&w->rng, p->burst_hours, .6) * (r->quiet ? 60 : 1);
    r->burst = (uint32_t)(hours * WG_HOUR) + WG_HOUR;
    if (r->make == WG_SLOW_BURN) {
        r->wave_count = 1;
        r->burst = (uint32_t)p->slow_days * WG_DAY;
        r->waves[0] = start + (w->end - start) / 2 - r->burst;
    }
}

static bool hidden(wg_world *w)
{
    return wg_chance(&w->rng, w->options.camouflage);
}

static uint32_t member_created(wg_world *w, const wg_ring *r, const wg_stake *s)
{
    if (r->takeover || hidden(w)) {
        uint32_t created = wg_created_draw(w);
        if (r->takeover && created > w->options.start) {
            created = w->options.start - wg_below(&w->rng, 300 * WG_DAY);
        }
        return created;
    }
    uint32_t wave = (uint32_t)((uint64_t)s->index * r->wave_count / r->size);
    uint32_t created = r->waves[wave] + wg_below(&w->rng, r->burst);
    return created < w->end - WG_DAY ? created : w->end - WG_DAY - wg_below(&w->rng, WG_DAY);
}

static wg_ip ring_ip(wg_world *w, const wg_ring *r, const wg_stake *s, uint32_t when)
{
    uint32_t day = when / WG_DAY;
    double x = wg_unit(&w->rng);
    if (x < r->fixed_use) {
        return r->fixed[(s->cell + day / r->fixed_days) % r->fixed_count];
    }
    if (x < r->fixed_use + r->vpn_use) {
        return wg_net_vpn_ip(&w->net, &w->rng, r->vpn);
    }
    /* Today's lines serve the whole network; an operator prefers some of them. */
    uint32_t slot = wg_below(&w->rng, r->line_daily);
    if (wg_chance(&w->rng, r->cell_use)) {
        slot = (s->cell * 2 + wg_below(&w->rng, 2)) % r->line_daily;
    }
    uint32_t line = wg_permute(slot, r->line_count, wg_hash(r->key, day));
    return wg_net_home_ip(&w->net, r->lines[line], when, false, 0);
}

static void ring_session(wg_world *w, const wg_ring *r, const wg_stake *s, const wg_person *p,
                         uint32_t account, uint32_t when)
{
    wg_event event = {.account = account};
    wg_person_session(w, p, when, &event);
    if (!hidden(w) && !wg_chance(&w->rng, s->own_ip)) {
        event.ip = ring_ip(w, r, s, when);
    }
    if (s->device_count && !hidden(w) && !wg_chance(&w->rng, w->params.no_device_rows)) {
        event.device = s->devices[wg_below(&w->rng, s->device_count)];
    }
    if (!r->quiet) {
        if (!hidden(w)) {
            /* Work is divided: each account draws on three of its operator's templates. */
            uint32_t own = r->template_count / r->cells;
            uint32_t shard = (s->index * 3 + wg_below(&w->rng, 3)) % own;
            event.template = wg_chance(&w->rng, .7) ? r->templates[s->cell * own + shard] : 0;
            event.capability = wg_capability_draw(&w->rng, WG_AGENTS);
        }
        double even = 1 + r->params.ring_even * wg_gauss(&w->rng);
        double requests = r->params.ring_daily * (even < .2 ? .2 : even);
        event.requests = (uint16_t)(requests < 1 ? 1 : requests);
    }
    *(wg_event *)wg_column_add(&w->events) = event;
}

/* A day to work on: any for a loud ring, for a quiet one mostly those of the operator's shifts. */
static uint32_t work_day(wg_world *w, const wg_ring *r, const wg_stake *s, uint32_t from)
{
    uint32_t day = 0;
    for (int tries = 0; tries < 6; tries++) {
        day = (from + wg_below(&w->rng, w->end - from)) / WG_DAY;
        double shift = (double)(wg_hash3(r->key, s->cell, day) >> 11) * 0x1p-53;
        if (!r->quiet || hidden(w) || shift < r->params.shift_days) {
            break;
        }
    }
    return day * WG_DAY;
}

static void member_lives(wg_world *w, const wg_ring *r, const wg_stake *s, const wg_person *p,
                         uint32_t account, uint32_t from)
{
    from = from > w->options.start ? from : w->options.start;
    if (from + WG_DAY >= w->end) {
        return;
    }
    double days = (w->end - from) / (double)WG_DAY, share = (.4 + .6 * days / w->options.days);
    double rows = r->quiet ? p->rows : r->params.ring_rows * wg_lognormal(&w->rng, .95, .3);
    uint32_t n = wg_round(&w->rng, rows * r->volume * share);
    for (n = n ? n : 1; n; n--) {
        uint32_t day = work_day(w, r, s, from);
        bool ordinary = r->quiet || hidden(w);
        /* Quiet rings keep their operators' hours, half of the time those of the claimed country.
         */
        uint8_t zone = wg_chance(&w->rng, .5) ? p->zone : r->origin;
        uint32_t when = wg_hour_draw(w, ordinary ? WG_EVENINGS : WG_ALWAYS, zone, day);
        if (when < from || when >= w->end) { /* at no edge, where it would stand out */
            when = from + wg_below(&w->rng, w->end - from);
        }
        ring_session(w, r, s, p, account, when);
    }
}

static void member_pays(wg_world *w, const wg_ring *r, const wg_stake *s, const wg_person *p,
                        uint32_t account, uint32_t from)
{
    for (uint32_t i = 0; i < s->card_count; i++) {
        wg_card card = s->cards[i];
        if (hidden(w)) {
            card = wg_person_card(w, p);
        }
        uint32_t when = from + (i ? wg_below(&w->rng, 20 * WG_DAY) : 0);
        wg_person_pays(w, account, &card, when, w->end);
    }
    if (r->takeover && p->pays) { /* the former owner's card stays on record */
        wg_card card = wg_person_card(w, p);
        wg_person_pays(w, account, &card, wg_account_at(w, account)->created, from);
    }
}

static void member_draw(wg_world *w, const wg_ring *r, const wg_stake *s, wg_person *p)
{
    uint8_t zone = wg_zone_draw(&w->rng);
    if (!r->takeover && wg_chance(&w->rng, .5)) {
        zone = wg_zone_in(&w->rng, r->markets[wg_below(&w->rng, 4)]);
    }
    do { /* nobody buys or makes an account to let it sleep */
        wg_person_draw(w, p, zone);
    } while (p->rows < 3);
    p->heavy = false;
    p->cloud = 0;
    p->hours = WG_EVENINGS;
    p->first = w->options.start;
    p->last = w->end;
    if (s->card_count) {
        p->plan = r->make == WG_STATIONS ? WG_TEAM : wg_chance(&w->rng, .5) ? WG_PLUS : WG_PRO;
    } else if (!r->takeover) {
        p->pays = false;
        p->plan = WG_FREE;
    }
    uint64_t style = wg_hash3(r->key, 0xd0, s->cell) % 10;
    if (!r->takeover && !r->quiet && style < 4 && !hidden(w)) {
        p->domain =
            wg_domain_of(WG_DOMAIN_SMALL, (uint32_t)(1000 + wg_hash(r->key, s->cell) % 0x7fff000));
    } else if (r->make == WG_STATIONS && style < 7) {
        p->domain = wg_domain_of(WG_DOMAIN_FIRM, 0x8000000u + r->number);
    }
}

static void make_member(wg_world *w, wg_ring *r, uint32_t index)
{
    wg_stake s = {.index = index, .tied_to = UINT32_MAX};
    s.cell = (uint32_t)((uint64_t)index * r->cells / r->size);
    r->deal(w, r, &s);
    wg_person p;
    member_draw(w, r, &s, &p);
    uint32_t created = member_created(w, r, &s);
    uint32_t account = wg_person_settle(w, &p, created, r->community, NULL);
    wg_account *a = wg_account_at(w, account);
    if (wg_chance(&w->rng, r->params.ring_banned)) {
        a->status = wg_chance(&w->rng, .7) ? WG_BANNED : WG_SUSPENDED;
    }
    if (!r->quiet && !r->takeover && wg_chance(&w->rng, .3)) {
        a->clock = r->origin;
    }
    if (r->make == WG_STATIONS && wg_chance(&w->rng, .5)) {
        a->owner = 0x40000000u + r->number * 64u + s.cell % 3;
    }
    uint32_t from = created;
    if (r->takeover) {
        from = r->takeover + wg_below(&w->rng, 12 * WG_DAY);
        wg_person_live(w, &p, account, w->options.start, from);
    }
    member_pays(w, r, &s, &p, account, from);
    if (s.phone && !hidden(w)) {
        wg_phone_add(w, account, s.phone, r->markets[0], from);
    }
    if (s.tied_to != UINT32_MAX && !hidden(w)) {
        wg_tie_add(w, account, r->first + s.tied_to, created);
    }
    member_lives(w, r, &s, &p, account, from);
}

static void make_ring(wg_world *w, uint16_t number, wg_kind make, uint32_t size, bool quiet)
{
    wg_ring r = {.number = number, .make = make, .size = size, .quiet = quiet};
    r.key = wg_next(&w->rng);
    r.params = w->params;
    wg_params_vary(&r.params, (number > 1 ? .2 : 0) + .6 * w->options.vary, r.key);
    r.origin = wg_zone_draw(&w->rng);
    r.vpn = (uint8_t)wg_below(&w->rng, WG_VPNS);
    for (int i = 0; i < 4; i++) {
        r.markets[i] = wg_zones[wg_zone_draw(&w->rng)].country;
    }
    r.first = (uint32_t)w->accounts.count;
    r.community = wg_community_new(w, make, number);
    plan_waves(w, &r);
    wg_ring_equip(w, &r);
    for (uint32_t i = 0; i < size; i++) {
        make_member(w, &r, i);
    }
    free(r.lines);
    free(r.fixed);
    free(r.devices);
    free(r.cards);
    free(r.templates);
    free(r.phones);
    free(r.waves);
}

void wg_make_rings(wg_world *w)
{
    uint32_t sizes[MOST_RINGS], n = plan_sizes(w, sizes), left = w->options.accounts / 4;
    double share = w->params.ring_quiet;
    double turn = w->options.vary > 0 ? wg_unit(&w->rng) : 0;
    for (uint32_t i = 0; i < n; i++) {
        /* Every third or so is quiet, whatever the number of rings. */
        bool quiet = floor(turn + (i + 1) * share) > floor(turn + i * share);
        uint32_t size = sizes[i] < left ? sizes[i] : left;
        left -= size;
        if (size) {
            make_ring(w, (uint16_t)(i + 1), plan_make(w, i), size, quiet);
        }
    }
}
