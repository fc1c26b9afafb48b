/* The softmax of a linear function for each class, for many rows at once: losses, hits, gradients
 * and probabilities, in doubles and in pieces that depend on the sizes only. */
#ifndef DG_LINEAR_SOFTMAX_H
#define DG_LINEAR_SOFTMAX_H

#include "engine/parallel.h"
#include "engine/tensor/tensor.h"

typedef struct dg_linear_softmax_piece {
    double loss, correct; /* weighted */
    double *gradient;     /* {values + 1, width}; NULL: not wanted */
} dg_linear_softmax_piece;

/* The functions are `theta` {values + 1, width}, whose last row are the intercepts; columns from
 * `classes` on are 0 and do not count. */
typedef struct dg_linear_softmax {
    const dg_tensor *x; /* {rows, ...} contiguous */
    int64_t rows, values, classes, width;
    const int32_t *column; /* {rows}: the column of each label; -1: none. NULL: no labels */
    const float *weight;   /* {rows}; NULL: 1 */
    double weights;        /* their sum */
    int64_t block;         /* how many rows are held as doubles at a time */
    int64_t pieces;
    const double *theta; /* for the bytes or floats of x, unscaled */
    dg_linear_softmax_piece *piece;
    float *proba; /* {rows, classes}; or NULL */
} dg_linear_softmax;

/* What bytes of x are multiplied by: 1 / 255; 1 for floats. */
double dg_linear_softmax_scale(const dg_tensor *x);

/* Sets x, sizes, blocks and pieces; the caller allocates `piece`. */
void dg_linear_softmax_set(dg_linear_softmax *rows, const dg_tensor *x, int64_t classes,
                           bool gradients);

/* The weighted means of the losses and of the hits; gradients are added to those of the pieces. A
 * class without a column has the loss of probability 1e-16. */
dg_status dg_linear_softmax_run(dg_linear_softmax *rows, const double *theta, const dg_job *job,
                                double *loss, double *accuracy);

#endif
