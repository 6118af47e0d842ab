/* rings.h - what a ring owns and what one of its accounts gets of it.
 *
 * rings.c plans rings and lives their accounts; makes.c, one function a make, fills the pools and
 * deals them out. Only rings.c knows camouflage: a deal says what an account shares when it does
 * not hide.
 */
#ifndef WG_RINGS_H
#define WG_RINGS_H

#include "person.h"

/* What one account has from its ring. */
typedef struct wg_stake {
    uint32_t index, cell; /* its place in the ring; the operator, station or rack it belongs to */
    wg_card cards[3];
    uint32_t card_count;
    uint32_t devices[3], device_count;
    uint32_t phone;
    uint32_t tied_to; /* index of the member it came by; UINT32_MAX for none */
    double own_ip;    /* sessions from an address of its own even without camouflage */
} wg_stake;

typedef struct wg_ring wg_ring;
typedef void (*wg_deal)(wg_world *w, wg_ring *r, wg_stake *s);

struct wg_ring {
    uint16_t number; /* from 1 */
    wg_kind make;
    bool quiet;                      /* ordinary volume, hours, templates and capabilities */
    uint32_t size, community, first; /* first: number of its first account */
    uint64_t key;
    wg_params params;   /* its own habits: the world's, varied a little more */
    uint8_t origin;     /* zone of the operators */
    uint8_t markets[4]; /* countries where it buys lines */
    uint32_t cells;
    /* Pools; each is owned by the ring and freed with it. */
    wg_home *lines;
    uint32_t line_count, line_daily; /* how many of the lines serve on one day */
    wg_ip *fixed;
    uint32_t fixed_count, fixed_days; /* days after which a cell moves to its next fixed address */
    double fixed_use, vpn_use;        /* shares of ring sessions; the rest come by lines */
    double cell_use;                  /* of these, by one of two lines the cell prefers that day */
    uint8_t vpn;
    uint32_t *devices, device_count;
    wg_card *cards;
    uint32_t card_count;
    uint32_t *templates, template_count;
    uint32_t *phones, phone_count;
    uint32_t *waves, wave_count; /* sign-up times */
    uint32_t burst;              /* seconds of one wave */
    uint32_t takeover;           /* of bought accounts: when they begin to move; 0 for none */
    double volume;               /* factor on rows of quiet and slow rings */
    wg_stake before;             /* the deal of the member before this one: for chains */
    wg_deal deal;
};

/* Fills the pools of r by its make and sets r->deal. */
void wg_ring_equip(wg_world *w, wg_ring *r);

#endif
