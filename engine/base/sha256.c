/* SHA-256; names as in FIPS 180-4, section 6.2. */
#include "engine/base/sha256.h"

#include <string.h>

enum { BLOCK = 64 };

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

static uint32_t load_big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The message schedule W of a block. */
static void expand(uint32_t W[64], const unsigned char *block)
{
    for (int t = 0; t < 16; t++) W[t] = load_big_endian(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        uint32_t x = W[t - 15], y = W[t - 2];
        uint32_t s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3;
        uint32_t s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10;
        W[t] = s1 + W[t - 7] + s0 + W[t - 16];
    }
}

static void compress(uint32_t H[8], const unsigned char *block)
{
    uint32_t W[64], a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    expand(W, block);
    for (int t = 0; t < 64; t++) {
        uint32_t S1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25), choice = (e & f) ^ (~e & g);
        uint32_t S0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        uint32_t T1 = h + S1 + choice + K[t] + W[t], T2 = S0 + majority;
        h = g, g = f, f = e, e = d + T1, d = c, c = b, b = a, a = T1 + T2;
    }
    const uint32_t add[8] = { a, b, c, d, e, f, g, h };
    for (int i = 0; i < 8; i++) H[i] += add[i];
}

void dg_sha256_begin(dg_sha256 *hash)
{
    *hash = (dg_sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                    0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void dg_sha256_add(dg_sha256 *hash, const void *bytes, size_t count)
{
    const unsigned char *from = bytes;
    size_t held = hash->count % BLOCK;
    hash->count += count;
    if (held) {
        size_t missing = BLOCK - held, taken = count < missing ? count : missing;
        memcpy(hash->block + held, from, taken);
        if (taken < missing) return;
        compress(hash->state, hash->block);
        from += taken;
        count -= taken;
    }
    for (; count >= BLOCK; count -= BLOCK, from += BLOCK) compress(hash->state, from);
    if (count) memcpy(hash->block, from, count);
}

void dg_sha256_end(dg_sha256 *hash, char hex[DG_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    static const unsigned char padding[BLOCK] = { 0x80 };
    unsigned char length[8];
    uint64_t bits = hash->count * 8;
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
    dg_sha256_add(hash, padding, 1 + (BLOCK + 55 - hash->count % BLOCK) % BLOCK);
    dg_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < 64; i++) hex[i] = digits[hash->state[i / 8] >> (28 - i % 8 * 4) & 15];
    hex[64] = '\0';
}

void dg_sha256_of(const void *bytes, size_t count, char hex[DG_SHA256_HEX])
{
    dg_sha256 hash;
    dg_sha256_begin(&hash);
    dg_sha256_add(&hash, bytes, count);
    dg_sha256_end(&hash, hex);
}
