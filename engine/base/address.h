/* address.h - IP addresses: reading any usual spelling, writing the one canonical spelling, and
 * what an address says by itself (the network it lies in, its scope).
 *
 * Invariant: a v4-mapped IPv6 address (::ffff:192.0.2.1) is the IPv4 address it carries, so one
 * host has one spelling. Workload: one parse and one format for every imported event; no
 * allocations.
 */
#ifndef RF_BASE_ADDRESS_H
#define RF_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_ADDRESS_TEXT = 64 }; /* holds any address or prefix of ours and its NUL */

typedef struct rf_address {
    int version;       /* 4 or 6 */
    uint8_t bytes[16]; /* network order; the first 4 for version 4 */
} rf_address;

/* Reads `length` bytes: dotted IPv4 (no leading zeros: they may mean octal), IPv6 in any spelling,
 * optionally in [brackets] and with a %zone (dropped), or an unsigned 32-bit decimal whose
 * fraction, if any, is dropped ("732758368.79972"). False for anything else, ports and prefixes
 * included. */
bool rf_address_parse(const char *text, size_t length, rf_address *address);

/* Writes the canonical spelling (dotted; RFC 5952 for IPv6); returns its length. */
size_t rf_address_format(const rf_address *address, char out[RF_ADDRESS_TEXT]);

/* Writes the /24 (IPv4) or /64 (IPv6) it lies in, "192.0.2.0/24"; returns its length. */
size_t rf_address_prefix(const rf_address *address, char out[RF_ADDRESS_TEXT]);

/* The wider network it lies in, as a code: the first 16 bits of IPv4; for IPv6 a hash of the first
 * 32, which a provider is given. Never 0. Two networks have one code once in 65,000 times at most.
 */
uint16_t rf_address_network(const rf_address *address);

/* One of: global, private, shared (carrier NAT, RFC 6598), loopback, link-local, special (reserved,
 * documentation, multicast). A constant. */
const char *rf_address_scope(const rf_address *address);

#endif
