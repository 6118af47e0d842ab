/* world.c - columns, serial numbers and the values people draw from common stock.
 *
 * Invariant: serial 0 means none everywhere; stock fingerprints and public templates have the
 * lowest serials, which the written tokens do not show. Rows are only ever added.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const wg_kind_names[WG_KINDS] = {
    "none",      "household",   "office", "class",     "campus",     "library",    "cafe",
    "lab",       "hackathon",   "agency", "reseller",  "coworking",  "proxy_farm", "stations",
    "card_mesh", "device_farm", "aged",   "slow_burn", "phone_ring",
};

void wg_die(const char *what, const char *name)
{
    fprintf(stderr, "worldgen: %s: %s\n", name, what);
    exit(1);
}

void *wg_column_add(wg_column *column)
{
    if (column->count == column->room) {
        size_t room = column->room + column->room / 2 + 1024;
        void *rows =
            room > SIZE_MAX / column->size ? NULL : realloc(column->rows, room * column->size);
        if (!rows) {
            wg_die("out of memory", "rows");
        }
        column->rows = rows;
        column->room = room;
    }
    void *row = (char *)column->rows + column->count++ * column->size;
    memset(row, 0, column->size);
    return row;
}

void wg_world_open(wg_world *w, const wg_options *options, const wg_params *params)
{
    memset(w, 0, sizeof *w);
    w->options = *options;
    w->params = *params;
    w->accounts.size = sizeof(wg_account);
    w->communities.size = sizeof(wg_community);
    w->events.size = sizeof(wg_event);
    w->payments.size = sizeof(wg_payment);
    w->phones.size = sizeof(wg_phone);
    w->ties.size = sizeof(wg_tie);
    w->end = options->start + options->days * WG_DAY;
    w->devices = (uint32_t)params->common_kinds;
    w->templates = (uint32_t)params->public_templates;
    wg_rng_seed(&w->rng, options->seed, 0x3012d);
    wg_net_open(&w->net, params, options);
}

void wg_world_close(wg_world *w)
{
    free(w->accounts.rows);
    free(w->communities.rows);
    free(w->events.rows);
    free(w->payments.rows);
    free(w->phones.rows);
    free(w->ties.rows);
    memset(w, 0, sizeof *w);
}

uint32_t wg_community_new(wg_world *w, wg_kind kind, uint16_t ring)
{
    wg_community *community = wg_column_add(&w->communities);
    community->kind = (uint8_t)kind;
    community->ring = ring;
    return (uint32_t)w->communities.count;
}

wg_account *wg_account_at(const wg_world *w, uint32_t account)
{
    return (wg_account *)w->accounts.rows + account;
}

uint32_t wg_device_new(wg_world *w)
{
    return ++w->devices;
}

uint32_t wg_device_draw(wg_world *w)
{
    if (!wg_chance(&w->rng, w->params.common_devices)) {
        return wg_device_new(w);
    }
    return 1 + wg_zipf(&w->rng, (uint32_t)w->params.common_kinds, w->params.common_zipf);
}

uint32_t wg_template_new(wg_world *w)
{
    return ++w->templates;
}

uint32_t wg_template_public(wg_world *w)
{
    return 1 + wg_zipf(&w->rng, (uint32_t)w->params.public_templates, w->params.public_zipf);
}

wg_card wg_card_new(wg_world *w, uint8_t country, uint8_t kind, uint8_t funding)
{
    wg_card card = {.serial = ++w->cards, .country = country, .kind = kind, .funding = funding};
    /* A country has few issuers; prepaid cards of all the world come from a dozen. */
    uint64_t issuer = funding == WG_PREPAID ? wg_zipf(&w->rng, 12, .8)
                                            : 100 + country * 64u + wg_zipf(&w->rng, 24, .8);
    uint64_t x = wg_hash3(w->options.seed, 0xb19, issuer * 4 + funding);
    card.bin = (uint32_t)((x % 3 ? 400000 : 510000) + x / 3 % 50000);
    card.last4 = (uint16_t)wg_below(&w->rng, 10000);
    return card;
}

void wg_pay(wg_world *w, uint32_t account, const wg_card *card, uint32_t when)
{
    wg_payment *payment = wg_column_add(&w->payments);
    payment->card = *card;
    payment->account = account;
    payment->when = when;
    payment->details = wg_chance(&w->rng, w->params.card_details);
}

void wg_phone_add(wg_world *w, uint32_t account, uint32_t number, uint8_t country, uint32_t when)
{
    if (!w->params.has_phones) {
        return;
    }
    wg_phone *phone = wg_column_add(&w->phones);
    phone->account = account;
    phone->number = number;
    phone->country = country;
    phone->when = when;
    /* One number is mostly typed one way; now and then people add spaces. */
    phone->form = (uint8_t)(wg_hash3(w->options.seed, 0xf02, number) % 5);
    if (wg_chance(&w->rng, .04)) {
        phone->form = (uint8_t)wg_below(&w->rng, 5);
    }
}

void wg_tie_add(wg_world *w, uint32_t account, uint32_t other, uint32_t when)
{
    wg_tie *tie = wg_column_add(&w->ties);
    tie->account = account;
    tie->other = other;
    tie->when = when;
}
