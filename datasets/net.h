/* net.h - the address plan: access providers, carriers, VPN exits, business lines, hosting.
 *
 * Addresses are computed, not stored: a home is a line of a provider, and the line's address at a
 * time follows from the provider's lease. Two lines never hold one address at once (unless the
 * provider puts several behind one), but an address given back goes to another line at that moment.
 */
#ifndef WG_NET_H
#define WG_NET_H

#include "params.h"
#include "places.h"
#include "rng.h"

#include <stdint.h>

/* An IPv4 address, or with WG_V6 set a packed IPv6 one; 0 is none. Only wg_ip_text unpacks it. */
typedef uint64_t wg_ip;
#define WG_V6 (UINT64_C(1) << 63)

typedef struct wg_home {
    uint16_t provider;
    uint32_t line;
} wg_home;

enum {
    WG_PROVIDERS = 5, /* access providers of a country */
    WG_CARRIERS = 3,  /* mobile carriers of a country */
    WG_VPNS = 8
};

typedef struct wg_provider {
    uint32_t lines;  /* lines it has, with and without accounts */
    uint32_t used;   /* lines given to people so far */
    uint32_t lease;  /* seconds an address stays with a line */
    uint32_t behind; /* lines behind one address: 1 unless it translates */
    uint32_t offset; /* of its first address inside its first /16 */
    uint32_t block;  /* its first /16 */
    uint8_t country;
    bool v6;
} wg_provider;

typedef struct wg_net {
    uint64_t seed;
    uint16_t blocks[65536]; /* public /16s in a random order */
    uint32_t block_count, blocks_used;
    wg_provider providers[WG_COUNTRIES * WG_PROVIDERS];
    struct {
        uint32_t block, addresses;
    } carriers[WG_COUNTRIES * WG_CARRIERS];
    struct {
        uint32_t block, exits;
    } vpns[WG_VPNS];
    uint32_t business, hosting, relay; /* first /16 of each */
    uint32_t business_used, hosting_used;
} wg_net;

void wg_net_open(wg_net *net, const wg_params *params, const wg_options *options);

/* A line for somebody living there; lines run out late and are then shared. */
wg_home wg_net_move_in(wg_net *net, wg_rng *rng, uint8_t country);
/* Any line of that country, perhaps somebody's home: what a residential proxy is. */
wg_home wg_net_any_line(const wg_net *net, wg_rng *rng, uint8_t country);
/* reader tells persons and devices of one line apart under IPv6. */
wg_ip wg_net_home_ip(const wg_net *net, wg_home home, uint32_t when, bool v6, uint64_t reader);
bool wg_net_has_v6(const wg_net *net, wg_home home);
/* The shared address of a carrier's customer; another one every day. */
wg_ip wg_net_carrier_ip(const wg_net *net, uint8_t country, uint32_t carrier, uint32_t when,
                        uint64_t customer);
wg_ip wg_net_vpn_ip(const wg_net *net, wg_rng *rng, uint32_t vpn);
wg_ip wg_net_business_ip(wg_net *net);                 /* a new fixed address */
wg_ip wg_net_hosting_ip(wg_net *net);                  /* a new fixed address in a data centre */
wg_ip wg_net_relay_ip(const wg_net *net, wg_rng *rng); /* one of few shared build machines */

/* Writes at most 45 characters and a zero; returns the length. */
size_t wg_ip_text(char *to, uint64_t seed, wg_ip ip);

#endif
