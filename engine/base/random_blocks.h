/* Blocks of Philox side by side, for one level of kernels (engine/base/each_level.h): a 64-bit lane
 * has a word of each block in its lower half. The upper halves are left as they are, because a
 * product does not look at them. Of plain loops over 64-bit numbers the compiler makes whole 64-bit
 * products, which take three instructions and more. */

enum { NAME(WORDS) = LANES / 2, NAME(VECTORS) = DG_PHILOX_BLOCKS / NAME(WORDS) };

/* So many vectors at a time that their words stay in registers. */
enum {
    NAME(AT_ONCE) = NAME(VECTORS) < VECTOR_REGISTERS / 8 ? NAME(VECTORS) : VECTOR_REGISTERS / 8
};

typedef uint64_t NAME(wide) __attribute__((vector_size(4 * LANES)));
typedef uint32_t NAME(words) __attribute__((vector_size(2 * LANES), aligned(4), may_alias));

TARGET static void NAME(some_blocks)(uint64_t key, uint64_t first, uint32_t *out)
{
    NAME(wide) c[4][NAME(AT_ONCE)];
    for (int v = 0; v < NAME(AT_ONCE); v++) {
        NAME(wide) place = { 0 };
        for (int l = 0; l < NAME(WORDS); l++) place[l] = first + (uint64_t)(v * NAME(WORDS) + l);
        c[0][v] = place & UINT32_MAX;
        c[1][v] = place >> 32;
        c[2][v] = c[3][v] = (NAME(wide)){ 0 };
    }
    const NAME(wide) m0 = (NAME(wide)){ 0 } + 0xD2511F53u, m1 = (NAME(wide)){ 0 } + 0xCD9E8D57u;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 4
        for (int v = 0; v < NAME(AT_ONCE); v++) {
            NAME(wide) p0 = VECTOR_HALVES_PRODUCT(c[0][v], m0);
            NAME(wide) p1 = VECTOR_HALVES_PRODUCT(c[2][v], m1);
            c[0][v] = p1 >> 32 ^ c[1][v] ^ k0;
            c[1][v] = p1;
            c[2][v] = p0 >> 32 ^ c[3][v] ^ k1;
            c[3][v] = p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int word = 0; word < 4; word++)
        for (int v = 0; v < NAME(AT_ONCE); v++)
            *(NAME(words) *)&out[word * DG_PHILOX_BLOCKS + v * NAME(WORDS)] =
                __builtin_convertvector(c[word][v], NAME(words));
}

TARGET static void NAME(philox_blocks)(uint64_t key, uint64_t first, uint32_t *out)
{
    enum { STEP = NAME(AT_ONCE) * NAME(WORDS) };
    for (int i = 0; i < DG_PHILOX_BLOCKS; i += STEP)
        NAME(some_blocks)(key, first + (uint64_t)i, out + i);
}
