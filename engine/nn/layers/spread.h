/* Values of one shape spread over a larger one, as NumPy and Keras broadcast: shapes are aligned at
 * their last axes, and an axis of size 1, or one that is missing, is repeated. What layers that
 * join branches share, and those that have a weight for several places. */
#ifndef DG_NN_LAYERS_SPREAD_H
#define DG_NN_LAYERS_SPREAD_H

#include "engine/nn/layer.h"

/* How {rows, small} lies in {rows, large}: axes without those of size 1, neighbours that are
 * treated alike as one. */
typedef struct dg_spread {
    int axes; /* at least 2 */
    int64_t size[DG_MAX_INTS + 2];
    int64_t from[DG_MAX_INTS + 2]; /* step in the small one; 0: repeated */
    int64_t to[DG_MAX_INTS + 2];   /* step in the large one */
    int64_t count;                 /* numbers of the small one, all rows together */
    bool whole;                    /* nothing is repeated */
} dg_spread;

dg_spread dg_spread_of(int64_t rows, const dg_shape *small, const dg_shape *large);

/* y, the large one, becomes x, y + x or y * x. */
void dg_spread_copy(const dg_spread *spread, const float *x, float *y);
void dg_spread_add(const dg_spread *spread, const float *x, float *y);
void dg_spread_multiply(const dg_spread *spread, const float *x, float *y);

/* x, the small one, becomes the sum of those numbers of y that it is spread over. */
void dg_spread_sum(const dg_spread *spread, const float *y, float *x);

/* For layers that join inputs element by element: sets the output's shape, to which all inputs are
 * spread, and the cut. DG_INVALID if the shapes of two do not go together. */
dg_status dg_spread_build(dg_layer_build *build);

#endif
