/* hash.h - fixed, seeded 64-bit mixing for sampling and hash tables.
 *
 * Not cryptographic: file digests use libsodium. The functions are part of the determinism promise
 * (which pairs are sampled depends on them), so they must never change between versions.
 * Source: the SplitMix64 finaliser (Steele, Lea, Flood 2014) and FNV-1a (Fowler, Noll, Vo).
 */
#ifndef RF_BASE_HASH_H
#define RF_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A bijection of 64 bits in which every input bit moves every output bit. */
static inline uint64_t rf_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Folds a further number into a hash. */
static inline uint64_t rf_mix2(uint64_t hash, uint64_t x)
{
    return rf_mix(hash ^ rf_mix(x));
}

/* The hash of `length` bytes under a seed. O(length). */
static inline uint64_t rf_hash_bytes(uint64_t seed, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ rf_mix(seed);
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return rf_mix(hash);
}

#endif
