/* sha256.h - the SHA-256 digest of a stream of bytes (FIPS 180-4).
 *
 * Processors with instructions for it are asked for them: four times as fast as libsodium, which
 * does the rest. The result is the same. Workload: gigabytes, in blocks of a MiB.
 */
#ifndef RF_BASE_SHA256_H
#define RF_BASE_SHA256_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RF_SHA256_BYTES = 32, RF_SHA256_BLOCK = 64 };

typedef struct rf_sha256 {
    bool own; /* by the processor; otherwise `other` counts */
    uint32_t state[8];
    uint64_t length;
    unsigned char rest[RF_SHA256_BLOCK]; /* length % 64 bytes */
    crypto_hash_sha256_state other;
} rf_sha256;

/* `own` false leaves everything to libsodium, for the tests. */
void rf_sha256_start(rf_sha256 *hash, bool own);
/* O(length). */
void rf_sha256_add(rf_sha256 *hash, const void *bytes, size_t length);
/* Ends it. */
void rf_sha256_end(rf_sha256 *hash, unsigned char digest[RF_SHA256_BYTES]);

#endif
