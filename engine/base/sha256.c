/* sha256.c - see sha256.h. */
#include "base/sha256.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static bool supported(void)
{
    enum { SSSE3 = 1 << 9, SSE41 = 1 << 19, SHA = 1 << 29 };
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & SSSE3) == 0 || (c & SSE41) == 0) {
        return false;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & SHA) != 0;
}

/* The instructions want the eight words as a, b, e, f and c, d, g, h, and do two rounds each: what
 * was the first half becomes the second. Four rounds take four words of the schedule. */
__attribute__((target("sha,sse4.1,ssse3"))) static void
compress(uint32_t state[8], const unsigned char *bytes, size_t blocks)
{
    __m128i const order = _mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
    __m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
    __m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
    uint32_t words[4];
    for (; blocks > 0; blocks--, bytes += RF_SHA256_BLOCK) {
        __m128i const before_abef = abef;
        __m128i const before_cdgh = cdgh;
        __m128i w[4];
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i *const now = &w[i % 4];
            if (i < 4) {
                *now = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), order);
            } else {
                __m128i const last = w[(i + 3) % 4];
                __m128i const sum = _mm_add_epi32(_mm_sha256msg1_epu32(*now, w[(i + 1) % 4]),
                                                  _mm_alignr_epi8(last, w[(i + 2) % 4], 4));
                *now = _mm_sha256msg2_epu32(sum, last);
            }
            __m128i const sum = _mm_add_epi32(
                *now, _mm_loadu_si128((const __m128i *)(const void *)&constants[4 * i]));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, before_abef);
        cdgh = _mm_add_epi32(cdgh, before_cdgh);
    }
    _mm_storeu_si128((__m128i *)(void *)words, abef);
    state[5] = words[0];
    state[4] = words[1];
    state[1] = words[2];
    state[0] = words[3];
    _mm_storeu_si128((__m128i *)(void *)words, cdgh);
    state[7] = words[0];
    state[6] = words[1];
    state[3] = words[2];
    state[2] = words[3];
}

#else

static bool supported(void)
{
    return false;
}

static void compress(uint32_t state[8], const unsigned char *bytes, size_t blocks)
{
    (void)state;
    (void)bytes;
    (void)blocks;
}

#endif

void rf_sha256_start(rf_sha256 *hash, bool own)
{
    /* The same of the square roots of the first eight. */
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    *hash = (rf_sha256){.own = own && supported()};
    memcpy(hash->state, first, sizeof first);
    (void)crypto_hash_sha256_init(&hash->other);
}

void rf_sha256_add(rf_sha256 *hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    size_t const kept = hash->length % RF_SHA256_BLOCK;
    if (!hash->own) {
        (void)crypto_hash_sha256_update(&hash->other, at, length);
        return;
    }
    if (length == 0) {
        return;
    }
    hash->length += length;
    if (kept > 0) {
        size_t const missing = RF_SHA256_BLOCK - kept;
        size_t const taken = length < missing ? length : missing;
        memcpy(hash->rest + kept, at, taken);
        at += taken;
        length -= taken;
        if (taken < missing) {
            return;
        }
        compress(hash->state, hash->rest, 1);
    }
    compress(hash->state, at, length / RF_SHA256_BLOCK);
    at += length - length % RF_SHA256_BLOCK;
    memcpy(hash->rest, at, length % RF_SHA256_BLOCK);
}

void rf_sha256_end(rf_sha256 *hash, unsigned char digest[RF_SHA256_BYTES])
{
    unsigned char end[2 * RF_SHA256_BLOCK] = {0};
    size_t const kept = hash->length % RF_SHA256_BLOCK;
    size_t const blocks = kept + 9 > RF_SHA256_BLOCK ? 2 : 1;
    uint64_t const bits = hash->length * 8;
    if (!hash->own) {
        (void)crypto_hash_sha256_final(&hash->other, digest);
        return;
    }
    memcpy(end, hash->rest, kept);
    end[kept] = 0x80;
    for (size_t i = 0; i < 8; i++) {
        end[blocks * RF_SHA256_BLOCK - 1 - i] = (unsigned char)(bits >> 8 * i);
    }
    compress(hash->state, end, blocks);
    for (size_t i = 0; i < RF_SHA256_BYTES; i++) {
        digest[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}
