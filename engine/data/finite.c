/* Whether all values are finite. */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "engine/base/kernel.h"
#include "engine/data/dataset.h"

enum { FINITE_ROWS = 256 };

struct finite_check {
    const dg_tensor *x;
    bool holes;
    int64_t values; /* in a row */
    const char *who;
};

DG_INLINE bool is_refused(float value, bool holes)
{
    return (fabsf(value) > FLT_MAX) | (!holes & (value != value));
}

DG_KERNEL(bool, any_refused, (const float *x, int64_t count, bool holes), (x, count, holes))
{
    int found = 0;
#pragma omp simd reduction(| : found)
    for (int64_t i = 0; i < count; i++) found |= is_refused(x[i], holes);
    return found;
}

static dg_status check_finite_piece(void *context, int64_t piece, int worker)
{
    const struct finite_check *f = context;
    int64_t begin = piece * FINITE_ROWS, end = begin + FINITE_ROWS, rows = f->x->shape[0];
    const float *x = dg_floats(f->x);
    (void)worker;
    if (end > rows) end = rows;
    if (!any_refused(x + begin * f->values, (end - begin) * f->values, f->holes)) return DG_OK;
    int64_t at = begin * f->values;
    while (!is_refused(x[at], f->holes)) at++;
    return dg_not_finite(f->who, at / f->values, at % f->values, f->holes);
}

dg_status dg_check_finite(const dg_tensor *x, bool holes, const char *who, const dg_job *job)
{
    int64_t rows = x->shape[0];
    if (x->dtype != DG_FLOAT32 || rows == 0) return DG_OK;
    struct finite_check finite = { x, holes, dg_tensor_count(x) / rows, who };
    return dg_parallel(job, (rows + FINITE_ROWS - 1) / FINITE_ROWS, check_finite_piece, &finite);
}

dg_status dg_not_finite(const char *who, int64_t row, int64_t column, bool holes)
{
    return dg_error(DG_INVALID, "%s: row %" PRId64 ", column %" PRId64 " is %s", who, row + 1,
                    column + 1,
                    holes ? "infinite: this model takes finite numbers, and NaN for missing values"
                          : "NaN or infinite: this model takes finite numbers only");
}
