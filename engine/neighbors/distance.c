#include "engine/neighbors/distance.h"

#include "engine/base/lanes.h"
#include "engine/tensor/convert.h"

const float *dg_rows_as_floats(const dg_tensor *x, int64_t values, int64_t first, int64_t count,
                               float *room)
{
    if (x->dtype == DG_FLOAT32) return dg_floats(x) + first * values;
    dg_load_floats(room, (const char *)(dg_bytes(x) + first * values), 1, DG_UINT8, count * values);
    return room;
}

DG_PUBLIC_KERNEL(double, dg_square_distance, (const float *a, const float *b, int64_t values),
                 (a, b, values))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, values, {
        double difference = (double)a[i] - (b ? (double)b[i] : 0);
        lane[l] = DG_FMA(difference, difference, lane[l]);
    });
    return DG_JOIN(lane);
}
