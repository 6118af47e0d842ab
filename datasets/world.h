/* world.h - the population as it grows: plain columns of small rows that output.c turns into text.
 *
 * An account is its number, 0.. in the order of making. That order and every row order is undone
 * when written. About 60 bytes an account and 32 an event row; a million accounts stay under 400
 * MB.
 */
#ifndef WG_WORLD_H
#define WG_WORLD_H

#include "names.h"
#include "net.h"
#include "params.h"
#include "places.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WG_DAY = 86400, WG_HOUR = 3600 };

/* What an account is, as the truth file says it: honest kinds, then the makes of rings. */
typedef enum wg_kind {
    WG_NONE,
    WG_HOUSEHOLD,
    WG_OFFICE,
    WG_CLASS,
    WG_CAMPUS,
    WG_LIBRARY,
    WG_CAFE,
    WG_LAB,
    WG_HACKATHON,
    WG_AGENCY,
    WG_RESELLER,
    WG_COWORKING,
    WG_PROXY_FARM,
    WG_STATIONS,
    WG_CARD_MESH,
    WG_DEVICE_FARM,
    WG_AGED,
    WG_SLOW_BURN,
    WG_PHONE_RING,
    WG_KINDS
} wg_kind;
extern const char *const wg_kind_names[WG_KINDS];

typedef struct wg_account {
    uint32_t created;   /* Unix seconds */
    uint32_t community; /* 1 + its index, 0 for none */
    wg_domain domain;
    uint32_t owner; /* 0 for none */
    uint8_t zone;   /* where it says it lives */
    uint8_t clock;  /* the zone its clock shows: mostly the same */
    uint8_t plan;
    uint8_t status;
} wg_account;
enum { WG_FREE, WG_PLUS, WG_PRO, WG_TEAM, WG_ENTERPRISE, WG_API, WG_PLANS };
enum { WG_ACTIVE, WG_SUSPENDED, WG_BANNED, WG_CLOSED, WG_STATUSES };

typedef struct wg_community {
    uint8_t kind;
    uint16_t ring; /* number of the ring from 1; 0 for honest ones */
} wg_community;

typedef struct wg_event {
    wg_ip ip;
    uint32_t account, when;
    uint32_t device, template; /* 0 for none */
    uint16_t requests;
    uint8_t capability; /* 0 for none */
} wg_event;
enum {
    WG_CHAT = 1,
    WG_WRITING,
    WG_CODING,
    WG_REASONING,
    WG_AGENTIC,
    WG_VISION,
    WG_DATA,
    WG_TRANSLATION
};

typedef struct wg_card {
    uint32_t serial; /* 0 for no card */
    uint32_t bin;
    uint16_t last4;
    uint8_t country, kind, funding;
} wg_card;
enum { WG_CARD, WG_BANK, WG_WALLET };
enum { WG_CREDIT, WG_DEBIT, WG_PREPAID };

typedef struct wg_payment {
    wg_card card;
    uint32_t account, when;
    bool details; /* bin, last four and country are known */
} wg_payment;

typedef struct wg_phone {
    uint32_t account, number, when;
    uint8_t country, form;
} wg_phone;

typedef struct wg_tie {
    uint32_t account, other, when;
} wg_tie;

/* A column: count rows of equal size. */
typedef struct wg_column {
    void *rows;
    size_t count, room, size;
} wg_column;

typedef struct wg_world {
    wg_options options;
    wg_params params;
    wg_net net;
    wg_rng rng;
    wg_column accounts, communities, events, payments, phones, ties;
    uint32_t end;                                                 /* of the window */
    uint32_t devices, templates, cards, numbers, owners, domains; /* serials given so far */
} wg_world;

/* Ends the program with a message: a generator has no caller who could do better. */
_Noreturn void wg_die(const char *what, const char *name);

void wg_world_open(wg_world *w, const wg_options *options, const wg_params *params);
void wg_world_close(wg_world *w);
/* A new row, zeroed; valid until the next row of that column. */
void *wg_column_add(wg_column *column);

/* Each returns a new number; the account keeps its place in its column. */
uint32_t wg_community_new(wg_world *w, wg_kind kind, uint16_t ring);
wg_account *wg_account_at(const wg_world *w, uint32_t account);
uint32_t wg_device_new(wg_world *w);
/* A device as people have them: a stock fingerprint or one of its own. */
uint32_t wg_device_draw(wg_world *w);
uint32_t wg_template_new(wg_world *w);
uint32_t wg_template_public(wg_world *w);
wg_card wg_card_new(wg_world *w, uint8_t country, uint8_t kind, uint8_t funding);

void wg_pay(wg_world *w, uint32_t account, const wg_card *card, uint32_t when);
void wg_phone_add(wg_world *w, uint32_t account, uint32_t number, uint8_t country, uint32_t when);
void wg_tie_add(wg_world *w, uint32_t account, uint32_t other, uint32_t when);

/* honest.c, rings.c: fill the world. Rings come first, so that they can be told the sizes left. */
void wg_make_honest(wg_world *w);
void wg_make_rings(wg_world *w);
/* output.c: writes the seven files, or ends the program when one cannot be written. */
void wg_write_world(const wg_world *w);

#endif
