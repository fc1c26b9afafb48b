/* Bytes turned from rows to columns, or back. */
#ifndef DG_TREE_TURN_H
#define DG_TREE_TURN_H

#include <stdint.h>
#include <string.h>

enum { DG_TURN = 16 };

/* Sixteen bytes from `at` on of each of sixteen rows: byte i of row r goes to out[i * stride + r],
 * with the bits of `flip` changed. Four times, the first half of the rows is interleaved with the
 * second. */
static inline void dg_turn(const uint8_t *const *row, int64_t at, uint8_t flip, uint8_t *out,
                           int64_t stride)
{
    typedef uint8_t bytes __attribute__((vector_size(DG_TURN), aligned(1), may_alias));
    bytes a[DG_TURN], b[DG_TURN];
    for (int i = 0; i < DG_TURN; i++) a[i] = *(const bytes *)(row[i] + at) ^ flip;
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < DG_TURN / 2; i++) {
            b[2 * i] = __builtin_shufflevector(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                               21, 6, 22, 7, 23);
            b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                                   28, 13, 29, 14, 30, 15, 31);
        }
        memcpy(a, b, sizeof a);
    }
    for (int i = 0; i < DG_TURN; i++) *(bytes *)(out + i * stride) = a[i];
}

#endif
