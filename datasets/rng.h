/* rng.h - random numbers that depend on a seed and a stream, and hashes that depend on nothing
 * else.
 *
 * xoshiro256** seeded by splitmix64. Nothing here reads the clock or the address space.
 */
#ifndef WG_RNG_H
#define WG_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wg_rng {
    uint64_t s[4];
} wg_rng;

void wg_rng_seed(wg_rng *rng, uint64_t seed, uint64_t stream);
uint64_t wg_next(wg_rng *rng);
double wg_unit(wg_rng *rng);                /* [0, 1) */
bool wg_chance(wg_rng *rng, double p);      /* true with probability p */
uint32_t wg_below(wg_rng *rng, uint32_t n); /* [0, n); 0 when n is 0 */
double wg_gauss(wg_rng *rng);               /* mean 0, deviation 1 */
double wg_lognormal(wg_rng *rng, double median, double sigma);
uint32_t wg_zipf(wg_rng *rng, uint32_t n, double s); /* [0, n), small ones often */
/* A whole number near x: floor or ceiling, so that the mean is x. */
uint32_t wg_round(wg_rng *rng, double x);
/* A lognormal size by its median, cut to [low, high]. */
uint32_t wg_size(wg_rng *rng, double median, double sigma, uint32_t low, uint32_t high);

uint64_t wg_mix(uint64_t x); /* a bijection of 64 bits */
uint64_t wg_hash(uint64_t a, uint64_t b);
uint64_t wg_hash3(uint64_t a, uint64_t b, uint64_t c);
uint64_t wg_hash_text(const char *text);
/* A permutation of [0, size) chosen by key; O(1) expected, no table. */
uint32_t wg_permute(uint32_t index, uint32_t size, uint64_t key);

#endif
