/* Distances between rows of values. */
#ifndef DG_NEIGHBORS_DISTANCE_H
#define DG_NEIGHBORS_DISTANCE_H

#include "engine/tensor/tensor.h"

/* `count` rows of x {n, values} (bytes or floats, contiguous) as floats: in place, or
 * converted in `room`. */
const float *dg_rows_as_floats(const dg_tensor *x, int64_t values, int64_t first, int64_t count,
                               float *room);

/* The square of the distance between two rows (b NULL: between a and 0), summed in doubles, so
 * exact for bytes. */
double dg_square_distance(const float *a, const float *b, int64_t values);

#endif
