/* rng.c - xoshiro256**, the distributions the world needs, stateless hashes and permutations.
 *
 * Invariant: equal seed and stream give equal numbers. Called some 10^8 times for a million
 * accounts.
 */
#include "rng.h"

#include <math.h>

static uint64_t rotate(uint64_t x, unsigned k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t wg_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t wg_hash(uint64_t a, uint64_t b)
{
    return wg_mix(wg_mix(a) ^ b);
}

uint64_t wg_hash3(uint64_t a, uint64_t b, uint64_t c)
{
    return wg_mix(wg_hash(a, b) ^ c);
}

uint64_t wg_hash_text(const char *text)
{
    uint64_t h = 0;
    for (; *text; text++) {
        h = wg_hash(h, (uint64_t)(unsigned char)*text);
    }
    return h;
}

void wg_rng_seed(wg_rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t x = wg_hash(seed, stream);
    for (int i = 0; i < 4; i++) {
        x = wg_mix(x);
        rng->s[i] = x;
    }
}

uint64_t wg_next(wg_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double wg_unit(wg_rng *rng)
{
    return (double)(wg_next(rng) >> 11) * 0x1p-53;
}

bool wg_chance(wg_rng *rng, double p)
{
    return wg_unit(rng) < p;
}

uint32_t wg_below(wg_rng *rng, uint32_t n)
{
    return (uint32_t)(((wg_next(rng) >> 32) * n) >> 32);
}

double wg_gauss(wg_rng *rng)
{
    double u = 1 - wg_unit(rng);
    double v = wg_unit(rng);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double wg_lognormal(wg_rng *rng, double median, double sigma)
{
    return median * exp(sigma * wg_gauss(rng));
}

uint32_t wg_zipf(wg_rng *rng, uint32_t n, double s)
{
    if (n < 2) {
        return 0;
    }
    if (fabs(s - 1) < 1e-3) {
        s = 1.001; /* the formula below has its pole there */
    }
    /* The inverse of the continuous distribution: close enough, and needs no table. */
    double e = 1 - s;
    double x = pow(1 - wg_unit(rng) * (1 - pow((double)n + 1, e)), 1 / e) - 1;
    return x < 0 ? 0 : x >= n ? n - 1 : (uint32_t)x;
}

uint32_t wg_round(wg_rng *rng, double x)
{
    double whole = floor(x);
    return (uint32_t)whole + (wg_chance(rng, x - whole) ? 1u : 0u);
}

uint32_t wg_size(wg_rng *rng, double median, double sigma, uint32_t low, uint32_t high)
{
    double x = wg_lognormal(rng, median, sigma);
    return x < low ? low : x > high ? high : (uint32_t)x;
}

uint32_t wg_permute(uint32_t index, uint32_t size, uint64_t key)
{
    if (size < 2) {
        return 0;
    }
    unsigned half = 1;
    while (half < 16 && (1ull << (2 * half)) < size) {
        half++;
    }
    uint32_t mask = (1u << half) - 1;
    /* A Feistel network permutes the next power of four; walking its cycle until the result is
     * small enough permutes exactly [0, size). */
    do {
        uint32_t left = index >> half, right = index & mask;
        for (uint64_t round = 0; round < 4; round++) {
            uint32_t next = left ^ ((uint32_t)wg_hash3(key, round, right) & mask);
            left = right;
            right = next;
        }
        index = (left << half) | right;
    } while (index >= size);
    return index;
}
