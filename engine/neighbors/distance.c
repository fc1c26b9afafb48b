#include "engine/neighbors/distance.h"

#include "engine/base/kernel.h"
#include "engine/tensor/convert.h"

const float *dg_rows_as_floats(const dg_tensor *x, int64_t values, int64_t first, int64_t count,
                               float *room)
{
    if (x->dtype == DG_FLOAT32) return dg_floats(x) + first * values;
    dg_load_floats(room, (const char *)(dg_bytes(x) + first * values), 1, DG_UINT8, count * values);
    return room;
}

/* Eight sums, whatever the processor. */
DG_KERNEL double dg_square_distance(const float *a, const float *b, int64_t values)
{
    enum { SUMS = 8 };
    static const float zero[SUMS];
    double sum[SUMS] = { 0 };
    int64_t i = 0;
    for (; i + SUMS <= values; i += SUMS) {
        const float *other = b ? b + i : zero;
        for (int k = 0; k < SUMS; k++) {
            double difference = (double)a[i + k] - (double)other[k];
            sum[k] += difference * difference;
        }
    }
    for (; i < values; i++) {
        double difference = (double)a[i] - (b ? (double)b[i] : 0);
        sum[i % SUMS] += difference * difference;
    }
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}
