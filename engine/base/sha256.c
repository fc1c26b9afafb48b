/* SHA-256; names as in FIPS 180-4, section 6.2. */
#include "engine/base/sha256.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "engine/base/kernel.h"

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

static void compress_block(uint32_t H[8], const unsigned char *block)
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

static void compress_plainly(uint32_t H[8], const unsigned char *at, size_t blocks)
{
    for (; blocks; blocks--, at += BLOCK) compress_block(H, at);
}

#if defined(__x86_64__)
/* The same with the instructions for it (Gulley et al., "Intel SHA Extensions", 2013): two rounds
 * each, on the state as the words ABEF and CDGH. */
__attribute__((target("sha,sse4.1"))) static void compress_fast(uint32_t H[8],
                                                                const unsigned char *at,
                                                                size_t blocks)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)H), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(H + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(abcd, efgh, 8), cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
    for (; blocks; blocks--, at += BLOCK) {
        const __m128i before[2] = { abef, cdgh };
        __m128i w[4];
        for (int i = 0; i < 4; i++) {
            w[i] = _mm_loadu_si128((const __m128i *)(at + 16 * i));
            w[i] = _mm_shuffle_epi8(w[i], big_endian);
        }
        for (int i = 0; i < 16; i++) {
            __m128i *own = &w[i % 4], first = w[(i + 1) % 4], last = w[(i + 3) % 4];
            __m128i sum = _mm_add_epi32(*own, _mm_loadu_si128((const __m128i *)(K + 4 * i)));
            __m128i between = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            *own = _mm_add_epi32(_mm_sha256msg1_epu32(*own, first), between);
            *own = _mm_sha256msg2_epu32(*own, last);
        }
        abef = _mm_add_epi32(abef, before[0]);
        cdgh = _mm_add_epi32(cdgh, before[1]);
    }
    abcd = _mm_shuffle_epi32(abef, 0x1b);
    efgh = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)H, _mm_blend_epi16(abcd, efgh, 0xf0));
    _mm_storeu_si128((__m128i *)(H + 4), _mm_alignr_epi8(efgh, abcd, 8));
}

/* Asks the processor once, for that is slow on a virtual machine. */
static bool has_instructions(void)
{
    static atomic_int known; /* 0: not yet; 1: no; 2: yes */
    unsigned a, b = 0, c, d;
    int found = atomic_load_explicit(&known, memory_order_relaxed);
    if (!found) {
        found = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) ? 2 : 1;
        atomic_store_explicit(&known, found, memory_order_relaxed);
    }
    return found == 2 && dg_kernel_level != DG_LEVEL_DEFAULT;
}
#endif

static void compress(uint32_t H[8], const unsigned char *at, size_t blocks)
{
#if defined(__x86_64__)
    if (blocks && has_instructions()) {
        compress_fast(H, at, blocks);
        return;
    }
#endif
    compress_plainly(H, at, blocks);
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
        compress(hash->state, hash->block, 1);
        from += taken;
        count -= taken;
    }
    compress(hash->state, from, count / BLOCK);
    if (count % BLOCK) memcpy(hash->block, from + count / BLOCK * BLOCK, count % BLOCK);
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
