/* SHA-256 (FIPS 180-4) of bytes that come in pieces of any size.
 *
 *     dg_sha256 hash;
 *     char hex[DG_SHA256_HEX];
 *     dg_sha256_begin(&hash);
 *     dg_sha256_add(&hash, bytes, count);
 *     dg_sha256_end(&hash, hex);
 */
#ifndef DG_BASE_SHA256_H
#define DG_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { DG_SHA256_HEX = 65 }; /* 64 lower-case hexadecimal digits and a NUL */

typedef struct dg_sha256 {
    uint32_t state[8];
    uint64_t count; /* of bytes so far */
    unsigned char block[64];
} dg_sha256;

void dg_sha256_begin(dg_sha256 *hash);
void dg_sha256_add(dg_sha256 *hash, const void *bytes, size_t count);

/* Writes the digest; the struct must then begin anew. */
void dg_sha256_end(dg_sha256 *hash, char hex[DG_SHA256_HEX]);

/* All three for `count` bytes. */
void dg_sha256_of(const void *bytes, size_t count, char hex[DG_SHA256_HEX]);

#endif
