/* Distances of rows of values. */
#ifndef DG_NEIGHBORS_DISTANCE_H
#define DG_NEIGHBORS_DISTANCE_H

#include "engine/tensor/tensor.h"

/* `count` rows of x {n, values} (bytes or floats, contiguous) as floats: where they lie, or in
 * `room`. */
const float *dg_rows_at(const dg_tensor *x, int64_t values, int64_t first, int64_t count,
                        float *room);

/* The square of the distance of two rows, b NULL: from zero, summed in doubles: exact for bytes. */
double dg_square_distance(const float *a, const float *b, int64_t values);

#endif
