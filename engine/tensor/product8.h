/* The product of quantised layers: C = A B in whole numbers. A is of activations, bytes of 7 bits
 * (0 .. 127); B is of weights, -127 .. 127. The sums are exact: two products fit 16 bits, so no
 * instruction saturates, and DG_PRODUCT8_DEPTH of them fit 32 bits.
 *
 * A sum leaves as a number: y = (float)sum * scale[j] + shift[j], in floats, rounded after the
 * conversion, after the product and after the sum. From there it is either kept, or becomes a byte:
 * min(y, 127), rounded to the nearest whole number, ties to even, and not less than `least`. Every
 * level of kernels gives the same bits, the default one, which has no FMA, among them. One call
 * runs on one thread. */
#ifndef DG_TENSOR_PRODUCT8_H
#define DG_TENSOR_PRODUCT8_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/status.h"

enum {
    DG_PRODUCT8_COLUMNS = 16,    /* of a panel of B */
    DG_PRODUCT8_DEPTH = 1 << 16, /* the greatest k */
    DG_PRODUCT8_SLACK = 16,      /* bytes that may be read behind a row of A */
    DG_PRODUCT8_MOST = 127,      /* the greatest byte of A, and of |B| */
};

/* B {k, n} made ready, in one block of memory: panels of DG_PRODUCT8_COLUMNS columns, within them
 * four rows at a time, of each column its four bytes; what is missing to full panels is 0. */
typedef struct dg_factor8 {
    int64_t k, n;
    int8_t *panels;
    int32_t *begin;       /* {n}: what sums begin with */
    float *scale, *shift; /* {n} */
} dg_factor8;

/* b: {k, n}; begin: zero, as are scale and shift, which the caller fills. */
dg_status dg_factor8_new(dg_factor8 *out, int64_t k, int64_t n, const int8_t *b);
void dg_factor8_free(dg_factor8 *factor);

/* Makes sums begin with -zero times the sum of the column: they are then those of A - zero. */
void dg_factor8_begin(dg_factor8 *factor, int zero);

/* out {k, n}: what the panels were made of. */
void dg_factor8_values(const dg_factor8 *factor, int8_t *out);

/* A {m, k}: row i begins at `at` + row[i], or at + i * row_step if `row` is NULL. It is `runs` runs
 * of k / runs bytes that lie run_step apart; with more than one run, a run is a multiple of 4. */
typedef struct dg_picked8 {
    const uint8_t *at;
    const int32_t *row;
    int64_t row_step;
    int64_t runs, run_step;
} dg_picked8;

typedef struct dg_product8 {
    int64_t m;
    dg_picked8 a;
    const dg_factor8 *b;
    uint8_t *bytes; /* {m, n}; or NULL, */
    float *floats;  /* {m, n} */
    uint8_t least;  /* of bytes: 0 .. 127 */
} dg_product8;

void dg_multiply8(const dg_product8 *product);

/* y * inverse + zero, rounded twice, to a byte as above: how floats become bytes. */
void dg_bytes_of_floats(const float *y, int64_t count, float inverse, float zero, uint8_t *out);

/* (byte - zero) * scale */
void dg_floats_of_bytes(const uint8_t *bytes, int64_t count, int zero, float scale, float *out);

/* Whether the level of kernels in use multiplies bytes by an instruction of its own (VNNI). */
bool dg_product8_has_vnni(void);

#endif
