/* net.c - the address plan.
 *
 * Invariant: different owners never get overlapping /16s; nothing lies in private, reserved or
 * documentation blocks. Addresses are random and stand for no real network. Asked once an event
 * row.
 */
#include "net.h"

#include <math.h>

enum { DAY = 86400 };

static bool public_block(uint32_t block)
{
    uint32_t a = block >> 8, b = block & 255;
    return a >= 1 && a < 224 && a != 10 && a != 127 && !(a == 100 && b >= 64 && b < 128) &&
           !(a == 169 && b == 254) && !(a == 172 && b >= 16 && b < 32) && !(a == 192 && b == 168) &&
           !(a == 192 && (b == 0 || b == 88)) && !(a == 198 && (b == 18 || b == 19 || b == 51)) &&
           !(a == 203 && b == 0);
}

static uint32_t take_blocks(wg_net *net, uint32_t addresses)
{
    uint32_t first = net->blocks_used;
    net->blocks_used = (first + addresses / 65536 + 1) % net->block_count;
    return first;
}

static wg_ip v4(const wg_net *net, uint32_t block, uint32_t index)
{
    uint32_t high = net->blocks[(block + (index >> 16)) % net->block_count];
    return (wg_ip)(high << 16 | (index & 0xffff));
}

static void open_providers(wg_net *net, wg_rng *rng, const wg_params *p, double homes_per_weight)
{
    static const double SHARE[WG_PROVIDERS] = {.4, .25, .15, .12, .08};
    for (uint32_t i = 0; i < WG_COUNTRIES * WG_PROVIDERS; i++) {
        wg_provider *v = &net->providers[i];
        v->country = (uint8_t)(i / WG_PROVIDERS);
        double homes = homes_per_weight * wg_countries[v->country].weight * SHARE[i % WG_PROVIDERS];
        v->lines = (uint32_t)(homes * p->home_lines) + 64;
        double days = wg_chance(rng, p->static_lines) ? 200 : wg_lognormal(rng, p->lease_days, .7);
        v->lease = (uint32_t)((days < 1 ? 1 : days) * DAY);
        v->behind = wg_chance(rng, p->home_nat) ? 8u << wg_below(rng, 4) : 1;
        v->v6 = wg_chance(rng, p->v6_share);
        v->offset = wg_below(rng, 200) << 8;
        v->block = take_blocks(net, v->lines + v->offset);
    }
}

static void open_shared(wg_net *net, wg_rng *rng, const wg_params *p, uint32_t accounts)
{
    double weights = 0;
    for (int i = 0; i < WG_COUNTRIES; i++) {
        weights += wg_countries[i].weight;
    }
    for (uint32_t i = 0; i < WG_COUNTRIES * WG_CARRIERS; i++) {
        double users = accounts * p->mobile_people * wg_countries[i / WG_CARRIERS].weight / weights;
        double addresses = users / WG_CARRIERS / p->nat_users;
        net->carriers[i].addresses = 1 + (uint32_t)(addresses * wg_lognormal(rng, 1, .8));
        net->carriers[i].block = take_blocks(net, net->carriers[i].addresses);
    }
    for (int i = 0; i < WG_VPNS; i++) {
        double exits = accounts * p->vpn_people / p->vpn_exit_users / WG_VPNS;
        net->vpns[i].exits = 2 + (uint32_t)(exits * wg_lognormal(rng, 1, .7));
        net->vpns[i].block = take_blocks(net, net->vpns[i].exits);
    }
    net->business = take_blocks(net, 16 << 16);
    net->hosting = take_blocks(net, 16 << 16);
    net->relay = take_blocks(net, 1);
}

void wg_net_open(wg_net *net, const wg_params *params, const wg_options *options)
{
    *net = (wg_net){.seed = wg_hash(options->seed, 0x9e7)};
    for (uint32_t i = 0; i < 65536; i++) {
        uint32_t block = wg_permute(i, 65536, net->seed);
        if (public_block(block)) {
            net->blocks[net->block_count++] = (uint16_t)block;
        }
    }
    double weights = 0;
    for (int i = 0; i < WG_COUNTRIES; i++) {
        weights += wg_countries[i].weight;
    }
    wg_rng rng;
    wg_rng_seed(&rng, net->seed, 1);
    open_providers(net, &rng, params, options->accounts * .85 / weights);
    open_shared(net, &rng, params, options->accounts);
}

static uint16_t pick_provider(wg_rng *rng, uint8_t country)
{
    double x = wg_unit(rng);
    uint32_t k = x < .4 ? 0 : x < .65 ? 1 : x < .8 ? 2 : x < .92 ? 3 : 4;
    return (uint16_t)(country * WG_PROVIDERS + k);
}

wg_home wg_net_move_in(wg_net *net, wg_rng *rng, uint8_t country)
{
    wg_home home = {.provider = pick_provider(rng, country)};
    wg_provider *v = &net->providers[home.provider];
    home.line = wg_permute(v->used++ % v->lines, v->lines, net->seed ^ home.provider);
    return home;
}

wg_home wg_net_any_line(const wg_net *net, wg_rng *rng, uint8_t country)
{
    wg_home home = {.provider = pick_provider(rng, country)};
    home.line = wg_below(rng, net->providers[home.provider].lines);
    return home;
}

bool wg_net_has_v6(const wg_net *net, wg_home home)
{
    return net->providers[home.provider].v6;
}

wg_ip wg_net_home_ip(const wg_net *net, wg_home home, uint32_t when, bool v6, uint64_t reader)
{
    const wg_provider *v = &net->providers[home.provider];
    /* The whole provider renews at once, at its own hour: that keeps lines apart at any time. */
    uint32_t phase = (uint32_t)(wg_hash(net->seed, home.provider) % v->lease);
    uint64_t lease = (when + phase) / v->lease;
    uint64_t key = wg_hash3(net->seed, home.provider, lease);
    if (v6) {
        /* Delegated prefixes live four leases; the interface part is a new random one every day. */
        uint64_t net64 =
            wg_permute(home.line, v->lines, wg_hash3(net->seed ^ 6, home.provider, lease / 4));
        uint64_t host = wg_hash(reader, when / DAY) & 0xffff;
        return WG_V6 | (uint64_t)home.provider << 48 | net64 << 16 | host;
    }
    uint32_t index = wg_permute(home.line, v->lines, key) / v->behind;
    return v4(net, v->block, index + v->offset);
}

wg_ip wg_net_carrier_ip(const wg_net *net, uint8_t country, uint32_t carrier, uint32_t when,
                        uint64_t customer)
{
    uint32_t i = country * (uint32_t)WG_CARRIERS + carrier;
    uint64_t x = wg_hash3(customer, when / DAY, i);
    return v4(net, net->carriers[i].block, (uint32_t)(x % net->carriers[i].addresses) * 7 + 4096);
}

wg_ip wg_net_vpn_ip(const wg_net *net, wg_rng *rng, uint32_t vpn)
{
    return v4(net, net->vpns[vpn].block, wg_zipf(rng, net->vpns[vpn].exits, .8) * 5 + 512);
}

/* Neighbours in one /24 are different customers: an odd factor spreads consecutive numbers. */
static wg_ip spread(const wg_net *net, uint32_t block, uint32_t serial)
{
    return v4(net, block, serial * 40503u % (16u << 16));
}

wg_ip wg_net_business_ip(wg_net *net)
{
    return spread(net, net->business, ++net->business_used);
}

wg_ip wg_net_hosting_ip(wg_net *net)
{
    return spread(net, net->hosting, ++net->hosting_used);
}

wg_ip wg_net_relay_ip(const wg_net *net, wg_rng *rng)
{
    return v4(net, net->relay, wg_zipf(rng, 60, .9) * 3 + 1024);
}

static char *hex_group(char *p, uint32_t group)
{
    static const char HEX[] = "0123456789abcdef";
    int shift = 12;
    while (shift && !(group >> shift)) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        *p++ = HEX[group >> shift & 15];
    }
    return p;
}

static char *decimal_byte(char *p, uint32_t byte)
{
    if (byte >= 100) {
        *p++ = (char)('0' + byte / 100);
    }
    if (byte >= 10) {
        *p++ = (char)('0' + byte / 10 % 10);
    }
    *p++ = (char)('0' + byte % 10);
    return p;
}

size_t wg_ip_text(char *to, uint64_t seed, wg_ip ip)
{
    char *p = to;
    if (ip & WG_V6) {
        uint32_t provider = (uint32_t)(ip >> 48) & 0x7fff, line = (uint32_t)(ip >> 16);
        uint64_t isp = wg_hash3(seed, 0x1596, provider);
        uint64_t host = wg_hash3(seed, ip, 0x406);
        /* 2a00::/11 and the like: global unicast, never 2001:db8::/32 */
        uint32_t groups[8] = {0x2a00u | (uint32_t)(isp & 0x0f),
                              0x1000u | (uint32_t)(isp >> 8 & 0x0fff),
                              line >> 16 | 0x4000u,
                              line & 0xffff,
                              (uint32_t)(host >> 48) | 1u,
                              (uint32_t)(host >> 32) & 0xffff,
                              (uint32_t)(host >> 16) & 0xffff,
                              (uint32_t)(host & 0xffff) | 1u};
        for (int i = 0; i < 8; i++) {
            if (i) {
                *p++ = ':';
            }
            p = hex_group(p, groups[i]);
        }
    } else {
        for (int shift = 24; shift >= 0; shift -= 8) {
            p = decimal_byte(p, (uint32_t)(ip >> shift) & 255);
            if (shift) {
                *p++ = '.';
            }
        }
    }
    *p = 0;
    return (size_t)(p - to);
}
