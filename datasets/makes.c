/* makes.c - the seven makes of rings: what each pools and how it deals that out to its accounts.
 *
 * Invariant: a pool that is dealt from is not empty. Pools grow with the ring, so a value is used
 * by about as many accounts in a small ring as in a large one.
 */
#include "rings.h"

#include <stdlib.h>

static void *pool(uint32_t count, size_t size)
{
    void *rows = calloc(count ? count : 1, size);
    if (!rows) {
        wg_die("out of memory", "ring");
    }
    return rows;
}

static uint32_t at_least_one(double x)
{
    return x < 1 ? 1 : (uint32_t)x;
}

static void pool_lines(wg_world *w, wg_ring *r, double count, double daily)
{
    r->line_count = at_least_one(count);
    r->line_daily = at_least_one(r->line_count * daily);
    r->lines = pool(r->line_count, sizeof *r->lines);
    for (uint32_t i = 0; i < r->line_count; i++) {
        r->lines[i] = wg_net_any_line(&w->net, &w->rng, r->markets[wg_below(&w->rng, 4)]);
    }
}

static void pool_fixed(wg_world *w, wg_ring *r, double count, uint32_t days, double use)
{
    r->fixed_count = at_least_one(count);
    r->fixed_days = days;
    r->fixed_use = use;
    r->fixed = pool(r->fixed_count, sizeof *r->fixed);
    for (uint32_t i = 0; i < r->fixed_count; i++) {
        r->fixed[i] =
            wg_chance(&w->rng, .5) ? wg_net_business_ip(&w->net) : wg_net_hosting_ip(&w->net);
    }
}

static void pool_devices(wg_world *w, wg_ring *r, double count)
{
    r->device_count = at_least_one(count);
    r->devices = pool(r->device_count, sizeof *r->devices);
    for (uint32_t i = 0; i < r->device_count; i++) {
        r->devices[i] = wg_device_new(w);
    }
}

static void pool_cards(wg_world *w, wg_ring *r, double count, double prepaid)
{
    r->card_count = at_least_one(count);
    r->cards = pool(r->card_count, sizeof *r->cards);
    for (uint32_t i = 0; i < r->card_count; i++) {
        uint8_t funding = wg_chance(&w->rng, prepaid) ? WG_PREPAID
                          : wg_chance(&w->rng, .6)    ? WG_DEBIT
                                                      : WG_CREDIT;
        uint8_t country =
            wg_chance(&w->rng, .6) ? wg_zones[r->origin].country : r->markets[wg_below(&w->rng, 4)];
        r->cards[i] =
            wg_card_new(w, country, wg_chance(&w->rng, .12) ? WG_WALLET : WG_CARD, funding);
    }
}

/* A slot near the member's own place in a pool: neighbours overlap, so the ring hangs together. */
static uint32_t near(wg_world *w, const wg_ring *r, uint32_t index, uint32_t count, uint32_t reach)
{
    uint64_t at = (uint64_t)index * count / r->size + count;
    return (uint32_t)((at + wg_below(&w->rng, 2 * reach + 1) - reach % count) % count);
}

static void deal_cards(wg_world *w, const wg_ring *r, wg_stake *s, double mean, uint32_t reach)
{
    uint32_t n = wg_round(&w->rng, mean);
    s->card_count = n < 1 ? 1 : n > 3 ? 3 : n;
    for (uint32_t i = 0; i < s->card_count; i++) {
        s->cards[i] = r->cards[near(w, r, s->index, r->card_count, reach)];
    }
}

static void deal_device(wg_world *w, const wg_ring *r, wg_stake *s, uint32_t reach)
{
    s->devices[s->device_count++] = r->devices[near(w, r, s->index, r->device_count, reach)];
}

static void deal_farm(wg_world *w, wg_ring *r, wg_stake *s)
{
    if (wg_chance(&w->rng, r->params.ring_paid)) {
        deal_cards(w, r, s, r->params.ring_cards, 6);
    }
    if (wg_chance(&w->rng, r->params.ring_device_reuse)) {
        deal_device(w, r, s, 3);
    }
    s->own_ip = .05;
}

static void equip_farm(wg_world *w, wg_ring *r)
{
    const wg_params *q = &r->params;
    pool_lines(w, r, r->size * q->proxy_pool, q->proxy_daily);
    pool_cards(w, r, r->size * q->ring_cards * q->ring_paid / q->ring_card_accounts,
               q->ring_prepaid);
    pool_devices(w, r, r->size * q->ring_device_reuse / q->ring_device_accounts);
    r->cells = 1 + (uint32_t)(r->size / q->cell_accounts);
    r->vpn_use = .08;
    r->cell_use = .3;
    r->deal = deal_farm;
}

static void deal_station(wg_world *w, wg_ring *r, wg_stake *s)
{
    s->cell = (uint32_t)((uint64_t)s->index * r->cells / r->size);
    s->cards[0] = r->cards[0];
    s->card_count = 1;
    uint32_t each = r->device_count / r->cells;
    for (uint32_t n = 1 + wg_below(&w->rng, 2); n; n--) {
        s->devices[s->device_count++] = r->devices[s->cell * each + wg_below(&w->rng, each)];
    }
    s->own_ip = .1;
}

static void equip_stations(wg_world *w, wg_ring *r)
{
    r->cells = 1 + (uint32_t)(r->size / r->params.station_accounts);
    pool_cards(w, r, 1, 0);
    r->cards[0].funding = WG_CREDIT;
    pool_devices(w, r, r->cells * (3.0 + wg_below(&w->rng, 6)));
    pool_fixed(w, r, r->cells, 400, .8);
    pool_lines(w, r, r->cells, 1);
    r->deal = deal_station;
}

static void deal_mesh(wg_world *w, wg_ring *r, wg_stake *s)
{
    deal_cards(w, r, s, r->params.ring_cards + .8, 2);
    if (wg_chance(&w->rng, .65)) {
        deal_device(w, r, s, 1);
    }
    s->own_ip = .3;
}

static void equip_mesh(wg_world *w, wg_ring *r)
{
    const wg_params *q = &r->params;
    pool_cards(w, r, r->size * (q->ring_cards + .8) / q->ring_card_accounts, q->ring_prepaid * .6);
    pool_devices(w, r, r->size / 14.0);
    pool_lines(w, r, r->size / 22.0, .7);
    r->cells = 1 + r->size / 40;
    r->cell_use = .8;
    r->deal = deal_mesh;
}

static void deal_rack(wg_world *w, wg_ring *r, wg_stake *s)
{
    s->cell = (uint32_t)((uint64_t)s->index * r->cells / r->size);
    deal_device(w, r, s, 1);
    if (wg_chance(&w->rng, .4)) {
        deal_device(w, r, s, 2);
    }
    if (wg_chance(&w->rng, .35)) {
        deal_cards(w, r, s, 1, 1);
    }
    s->own_ip = .05;
}

static void equip_rack(wg_world *w, wg_ring *r)
{
    const wg_params *q = &r->params;
    pool_devices(w, r, r->size * 1.4 / q->rack_accounts);
    pool_cards(w, r, r->size * .35 / 3, q->ring_prepaid);
    pool_fixed(w, r, 2 + r->size / 50.0, 7, .6);
    pool_lines(w, r, 2 + r->size / 30.0, .3);
    r->cells = 1 + r->size / 60;
    r->deal = deal_rack;
}

static void deal_aged(wg_world *w, wg_ring *r, wg_stake *s)
{
    if (wg_chance(&w->rng, .6)) {
        deal_device(w, r, s, 2);
    }
    if (wg_chance(&w->rng, r->params.ring_paid)) {
        deal_cards(w, r, s, 1.2, 3);
    }
    s->own_ip = .1;
}

static void equip_aged(wg_world *w, wg_ring *r)
{
    const wg_params *q = &r->params;
    uint32_t span = w->end - w->options.start;
    r->takeover = w->options.start + span / 10 + wg_below(&w->rng, span * 4 / 10);
    pool_lines(w, r, r->size * q->proxy_pool * .7, q->proxy_daily * 1.2);
    pool_devices(w, r, r->size / 6.0);
    pool_cards(w, r, r->size * q->ring_paid / q->ring_card_accounts, q->ring_prepaid);
    r->cells = 1 + r->size / 100;
    r->vpn_use = .1;
    r->cell_use = .4;
    r->deal = deal_aged;
}

/* Each takes over something of the one before, sparsely: a chain with few loops. */
static void deal_slow(wg_world *w, wg_ring *r, wg_stake *s)
{
    const wg_stake *b = &r->before;
    double take = s->index > 0 ? .82 : 0;
    s->devices[0] = wg_chance(&w->rng, take) ? b->devices[0] : wg_device_new(w);
    s->device_count = 1;
    s->cards[0] =
        wg_chance(&w->rng, take) ? b->cards[0] : wg_card_new(w, r->markets[0], WG_CARD, WG_DEBIT);
    s->phone = wg_chance(&w->rng, take) ? b->phone : ++w->numbers;
    s->cell = (uint32_t)((uint64_t)s->index * r->cells / r->size);
    s->own_ip = .2;
    r->before = *s; /* what this one has on paper goes on, even if it does not show it itself */
    s->card_count = wg_chance(&w->rng, .9) ? 1 : 0;
    s->phone = wg_chance(&w->rng, .75) ? s->phone : 0;
}

static void equip_slow(wg_world *w, wg_ring *r)
{
    pool_lines(w, r, 1 + r->size / 7.0, 1);
    r->cells = 1 + r->size / 14;
    r->cell_use = .9;
    r->volume = .75;
    r->deal = deal_slow;
}

static void deal_phone(wg_world *w, wg_ring *r, wg_stake *s)
{
    s->phone = r->phones[near(w, r, s->index, r->phone_count, 1)];
    if (s->index && wg_chance(&w->rng, .55)) {
        s->tied_to = wg_chance(&w->rng, .6) ? s->index - 1 : wg_below(&w->rng, s->index);
    }
    if (wg_chance(&w->rng, .5)) {
        deal_device(w, r, s, 1);
    }
    s->own_ip = .3;
}

static void equip_phone(wg_world *w, wg_ring *r)
{
    r->phone_count = at_least_one(r->size / r->params.sms_accounts);
    r->phones = pool(r->phone_count, sizeof *r->phones);
    for (uint32_t i = 0; i < r->phone_count; i++) {
        r->phones[i] = ++w->numbers;
    }
    pool_devices(w, r, r->size * .5 / 5);
    pool_lines(w, r, 1 + r->size / 14.0, .5);
    r->cells = 1 + r->size / 50;
    r->vpn_use = .3;
    r->cell_use = .6;
    r->deal = deal_phone;
}

void wg_ring_equip(wg_world *w, wg_ring *r)
{
    static void (*const EQUIP[WG_KINDS])(wg_world *, wg_ring *) = {
        [WG_PROXY_FARM] = equip_farm,  [WG_STATIONS] = equip_stations, [WG_CARD_MESH] = equip_mesh,
        [WG_DEVICE_FARM] = equip_rack, [WG_AGED] = equip_aged,         [WG_SLOW_BURN] = equip_slow,
        [WG_PHONE_RING] = equip_phone,
    };
    r->cells = 1;
    r->volume = 1;
    EQUIP[r->make](w, r);
    r->template_count = r->cells * at_least_one(r->params.ring_templates);
    r->templates = pool(r->template_count, sizeof *r->templates);
    for (uint32_t i = 0; i < r->template_count; i++) {
        r->templates[i] = wg_template_new(w);
    }
}
