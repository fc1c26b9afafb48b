/* Sums, means, extremes and their positions.
 *
 * A contiguous tensor is (outer, n, inner) around the reduced axis. Elements are read one chunk at
 * a time as doubles, which hold all three types exactly. Each task reduces some of the n for one
 * outer index, and up to DG_CHUNK neighbours of inner at once; long axes are cut into several
 * tasks, whose partial results are combined in order. All cuts follow from the shape. */
#include <math.h>
#include <string.h>

#include "engine/parallel.h"
#include "engine/base/lanes.h"
#include "engine/base/memory.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/shape.h"
#include "engine/tensor/walk.h"

/* Elements of a piece; and the most elements whose integer sum is certain to stay below 2^53. */
enum { GRAIN = 128 * 1024, MOST_PIECES = 64, EXACT = 1 << 21 };

/* The partial result of one task. Integer sums are in `whole`. */
struct partial {
    double number;
    int64_t whole; /* or the position of the extreme */
};

struct reduction {
    dg_reduction op;
    const dg_tensor *tensor;
    int64_t outer, n, inner;
    int64_t blocks, cuts, tasks, pieces; /* of inner; of n */
    const double *means;                 /* outer * inner: for the sum of squares about them */
    struct partial *partials;            /* outer * cuts * inner */
};

static bool is_extreme(dg_reduction op)
{
    return op >= DG_REDUCE_MIN;
}

/* --- kernels -------------------------------------------------------------------------------- */

DG_KERNEL(double, sum_doubles, (const double *x, int64_t n), (x, n))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, n, lane[l] += x[i]);
    return DG_JOIN(lane);
}

DG_KERNEL(double, sum_squares, (const double *x, double mean, int64_t n), (x, mean, n))
{
    double lane[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, n, lane[l] = DG_FMA(x[i] - mean, x[i] - mean, lane[l]));
    return DG_JOIN(lane);
}

/* The least of sign * x; NaN if there is one. */
DG_KERNEL(double, least, (const double *x, double sign, int64_t n), (x, sign, n))
{
    double low = INFINITY, lost = 0;
#pragma omp simd reduction(min : low) reduction(max : lost)
    for (int64_t i = 0; i < n; i++) {
        double value = sign * x[i];
        lost = value != value ? 1 : lost;
        low = value < low ? value : low;
    }
    return lost > 0 ? NAN : low;
}

DG_KERNEL(void, add_columns, (double *sums, const double *x, int64_t n), (sums, x, n))
{
    for (int64_t i = 0; i < n; i++) sums[i] += x[i];
}

DG_KERNEL(void, add_squares, (double *sums, const double *x, const double *means, int64_t n),
          (sums, x, means, n))
{
    for (int64_t i = 0; i < n; i++) sums[i] = DG_FMA(x[i] - means[i], x[i] - means[i], sums[i]);
}

/* `row` becomes the position where sign * x is lower than before, or is the first NaN. */
DG_KERNEL(void, least_columns,
          (double *low, int64_t *place, const double *x, double sign, int64_t row, int64_t n),
          (low, place, x, sign, row, n))
{
    for (int64_t i = 0; i < n; i++) {
        double value = sign * x[i];
        bool better = (value < low[i]) | ((value != value) & (low[i] == low[i]));
        low[i] = better ? value : low[i];
        place[i] = better ? row : place[i];
    }
}

/* --- tasks ---------------------------------------------------------------------------------- */

static const char *address(const struct reduction *r, int64_t outer, int64_t row, int64_t column)
{
    int64_t element = (outer * r->n + row) * r->inner + column;
    return (const char *)r->tensor->data + element * (int64_t)dg_dtype_size(r->tensor->dtype);
}

static void load(const struct reduction *r, double *to, const char *from, int64_t n)
{
    dg_load_doubles(to, from, (int64_t)dg_dtype_size(r->tensor->dtype), r->tensor->dtype, n);
}

static double sign_of(dg_reduction op)
{
    return op == DG_REDUCE_MAX || op == DG_REDUCE_ARGMAX ? -1 : 1;
}

/* Rows begin .. end-1 of one outer index, where inner is 1: contiguous numbers. */
static void reduce_line(const struct reduction *r, int64_t outer, int64_t begin, int64_t end,
                        struct partial *out)
{
    double x[DG_CHUNK], sign = sign_of(r->op);
    bool whole = r->tensor->dtype != DG_FLOAT32;
    *out = (struct partial){ .number = is_extreme(r->op) ? INFINITY : 0, .whole = 0 };
    if (is_extreme(r->op)) out->whole = begin;
    for (int64_t i = begin; i < end; i += DG_CHUNK) {
        int64_t n = end - i < DG_CHUNK ? end - i : DG_CHUNK;
        load(r, x, address(r, outer, i, 0), n);
        if (r->means) {
            out->number += sum_squares(x, r->means[outer], n);
        } else if (!is_extreme(r->op)) {
            double sum = sum_doubles(x, n);
            if (whole)
                out->whole += (int64_t)sum;
            else
                out->number += sum;
        } else {
            double low = least(x, sign, n);
            if (isnan(out->number) || !(low < out->number || isnan(low))) continue;
            int64_t k = 0;
            while (k < n - 1 && !(isnan(low) ? isnan(x[k]) : sign * x[k] == low)) k++;
            out->number = low;
            out->whole = i + k;
        }
    }
}

/* The same for `width` neighbours of inner from `column` on, at most DG_CHUNK of them. */
static void reduce_columns(const struct reduction *r, int64_t outer, int64_t begin, int64_t end,
                           int64_t column, int64_t width, struct partial *out)
{
    double x[DG_CHUNK], numbers[DG_CHUNK], sign = sign_of(r->op);
    int64_t places[DG_CHUNK];
    bool whole = r->tensor->dtype != DG_FLOAT32 && !r->means;
    for (int64_t k = 0; k < width; k++) {
        numbers[k] = is_extreme(r->op) ? INFINITY : 0;
        places[k] = is_extreme(r->op) ? begin : 0;
    }
    for (int64_t i = begin; i < end; i++) {
        load(r, x, address(r, outer, i, column), width);
        if (r->means)
            add_squares(numbers, x, r->means + outer * r->inner + column, width);
        else if (is_extreme(r->op))
            least_columns(numbers, places, x, sign, i, width);
        else
            add_columns(numbers, x, width);
    }
    for (int64_t k = 0; k < width; k++) {
        out[k] = (struct partial){ .number = numbers[k], .whole = places[k] };
        if (whole && !is_extreme(r->op)) out[k].whole = (int64_t)numbers[k];
    }
}

static void run_task(const struct reduction *r, int64_t task)
{
    int64_t block = task % r->blocks, cut = task / r->blocks % r->cuts;
    int64_t outer = task / r->blocks / r->cuts;
    int64_t begin = dg_piece_begin(r->n, r->cuts, cut);
    int64_t end = dg_piece_begin(r->n, r->cuts, cut + 1);
    struct partial *out = r->partials + (outer * r->cuts + cut) * r->inner;
    if (r->inner == 1) {
        reduce_line(r, outer, begin, end, out);
        return;
    }
    int64_t column = dg_piece_begin(r->inner, r->blocks, block);
    int64_t width = dg_piece_begin(r->inner, r->blocks, block + 1) - column;
    reduce_columns(r, outer, begin, end, column, width, out + column);
}

static dg_status reduce_piece(void *context, int64_t piece, int worker)
{
    (void)worker;
    const struct reduction *r = context;
    int64_t end = dg_piece_begin(r->tasks, r->pieces, piece + 1);
    for (int64_t task = dg_piece_begin(r->tasks, r->pieces, piece); task < end; task++)
        run_task(r, task);
    return DG_OK;
}

/* Fills the partials, and adds those of later cuts to the first. */
static dg_status run_tasks(const struct reduction *r)
{
    if (r->tasks == 0) return DG_OK;
    if (r->pieces == 1) {
        reduce_piece((void *)r, 0, 0);
    } else {
        DG_TRY(dg_parallel(NULL, r->pieces, reduce_piece, (void *)r));
    }
    for (int64_t outer = 0; outer < r->outer; outer++) {
        struct partial *first = r->partials + outer * r->cuts * r->inner;
        for (int64_t cut = 1; cut < r->cuts; cut++) {
            const struct partial *next = first + cut * r->inner;
            for (int64_t k = 0; k < r->inner; k++) {
                bool lower = next[k].number < first[k].number ||
                             (isnan(next[k].number) && !isnan(first[k].number));
                if (!is_extreme(r->op)) {
                    first[k].number += next[k].number;
                    first[k].whole += next[k].whole;
                } else if (lower) {
                    first[k] = next[k];
                }
            }
        }
    }
    return DG_OK;
}

static void cut_work(struct reduction *r)
{
    r->blocks = r->inner == 1 ? 1 : (r->inner + DG_CHUNK - 1) / DG_CHUNK;
    int64_t width = r->inner < DG_CHUNK ? r->inner : DG_CHUNK, most = MOST_PIECES;
    r->cuts = 1;
    if (width > 0 && r->n > 0) {
        if (r->outer * r->blocks < MOST_PIECES)
            r->cuts = dg_pieces(r->n, GRAIN / width + 1, MOST_PIECES);
        if (r->inner > 1 && r->n / EXACT >= r->cuts) r->cuts = r->n / EXACT + 1;
    }
    r->tasks = r->outer * r->blocks * r->cuts;
    if (r->tasks < most) most = r->tasks;
    r->pieces = dg_pieces(r->outer * r->n * r->inner, GRAIN, most);
}

/* --- results -------------------------------------------------------------------------------- */

static double sum_of(const struct reduction *r, const struct partial *partial)
{
    return r->tensor->dtype == DG_FLOAT32 ? partial->number : (double)partial->whole;
}

/* A second pass about the means: subtracting squares afterwards would cancel. */
static dg_status run_squares(struct reduction *r)
{
    DG_OWNED double *means = NULL;
    DG_TRY(dg_alloc(&means, r->outer * r->inner, sizeof *means));
    for (int64_t outer = 0; outer < r->outer; outer++)
        for (int64_t k = 0; k < r->inner; k++)
            means[outer * r->inner + k] =
                sum_of(r, &r->partials[outer * r->cuts * r->inner + k]) / (double)r->n;
    r->means = means;
    return run_tasks(r);
}

static dg_status write_result(const struct reduction *r, const struct partial *partial,
                              dg_tensor *out, int64_t at, int origin)
{
    if (r->op == DG_REDUCE_SUM && out->dtype == DG_INT32) {
        if (partial->whole < INT32_MIN || partial->whole > INT32_MAX)
            return dg_error(DG_INVALID,
                            "the sum %lld does not fit int32: convert with astype 'float32' first, "
                            "or take the mean",
                            (long long)partial->whole);
        dg_int32s(out)[at] = (int32_t)partial->whole;
    } else if (r->op == DG_REDUCE_ARGMIN || r->op == DG_REDUCE_ARGMAX) {
        dg_int32s(out)[at] = (int32_t)partial->whole + origin;
    } else if (is_extreme(r->op)) {
        double value = sign_of(r->op) * partial->number + 0.0; /* of 0 and -0, 0 in any order */
        if (out->dtype == DG_UINT8)
            dg_bytes(out)[at] = (uint8_t)value;
        else if (out->dtype == DG_INT32)
            dg_int32s(out)[at] = (int32_t)value;
        else
            dg_floats(out)[at] = (float)value;
    } else {
        double value = r->means ? partial->number : sum_of(r, partial);
        if (r->op != DG_REDUCE_SUM) value /= (double)r->n;
        if (r->op == DG_REDUCE_STD) value = sqrt(value);
        dg_floats(out)[at] = (float)value;
    }
    return DG_OK;
}

static dg_status reduce_contiguous(struct reduction *r, dg_tensor *out, int origin)
{
    cut_work(r);
    if (r->outer * r->inner == 0) return DG_OK;
    DG_OWNED struct partial *partials = NULL;
    DG_TRY(dg_alloc(&partials, r->outer * r->cuts * r->inner, sizeof *partials));
    r->partials = partials;
    DG_TRY(run_tasks(r));
    if (r->op == DG_REDUCE_STD || r->op == DG_REDUCE_VAR) DG_TRY(run_squares(r));
    for (int64_t outer = 0; outer < r->outer; outer++)
        for (int64_t k = 0; k < r->inner; k++)
            DG_TRY(write_result(r, &partials[outer * r->cuts * r->inner + k], out,
                                outer * r->inner + k, origin));
    return DG_OK;
}

static dg_dtype result_type(dg_reduction op, dg_dtype from)
{
    if (op == DG_REDUCE_ARGMIN || op == DG_REDUCE_ARGMAX) return DG_INT32;
    if (is_extreme(op)) return from;
    return op == DG_REDUCE_SUM && from != DG_FLOAT32 ? DG_INT32 : DG_FLOAT32;
}

/* The sizes around the reduced axis, and the shape of the result. */
static dg_status plan_reduction(struct reduction *r, int axis, bool keep, int *axes, int64_t *shape)
{
    const dg_tensor *tensor = r->tensor;
    bool all = axis == DG_ALL_AXES;
    if (!all) DG_TRY(dg_axis_check(tensor, &axis));
    r->outer = r->n = r->inner = 1;
    for (int i = 0; i < tensor->axes; i++) {
        if (all || i == axis) {
            r->n *= tensor->shape[i];
            if (keep) shape[(*axes)++] = 1;
            continue;
        }
        *(i < axis ? &r->outer : &r->inner) *= tensor->shape[i];
        shape[(*axes)++] = tensor->shape[i];
    }
    if (is_extreme(r->op) && r->n == 0 && r->outer * r->inner > 0) {
        char text[256];
        return dg_error(DG_INVALID, "a tensor of shape %s has no elements to take the %s of",
                        dg_shape_text(tensor->axes, tensor->shape, text, sizeof text),
                        sign_of(r->op) < 0 ? "maximum" : "minimum");
    }
    if ((r->op == DG_REDUCE_ARGMIN || r->op == DG_REDUCE_ARGMAX) && r->n > INT32_MAX - 1)
        return dg_error(DG_INVALID, "positions among %lld elements do not fit int32",
                        (long long)r->n);
    return DG_OK;
}

dg_status dg_tensor_reduce(dg_tensor *out, dg_reduction op, const dg_tensor *tensor, int axis,
                           bool keep, int origin)
{
    int axes = 0;
    int64_t shape[DG_MAX_AXES];
    struct reduction r = { .op = op, .tensor = tensor };
    *out = (dg_tensor){ 0 };
    DG_TRY(plan_reduction(&r, axis, keep, &axes, shape));
    DG_OWNED_TENSOR dense = { 0 };
    DG_OWNED_TENSOR result = { 0 };
    DG_TRY(dg_tensor_contiguous(&dense, tensor));
    r.tensor = &dense;
    DG_TRY(dg_tensor_new(&result, result_type(op, tensor->dtype), axes, shape));
    DG_TRY(reduce_contiguous(&r, &result, origin));
    *out = DG_TAKE(result);
    return DG_OK;
}

/* --- results as numbers --------------------------------------------------------------------- */

struct summing {
    dg_dtype dtype;
    double number;
    int64_t whole;
};

static dg_status sum_run(void *context, const dg_run *run)
{
    struct summing *summing = context;
    double x[DG_CHUNK];
    for (int64_t i = 0; i < run->n; i += DG_CHUNK) {
        int64_t n = run->n - i < DG_CHUNK ? run->n - i : DG_CHUNK;
        dg_load_doubles(x, run->data[0] + i * run->stride[0], run->stride[0], summing->dtype, n);
        double sum = sum_doubles(x, n);
        if (summing->dtype == DG_FLOAT32)
            summing->number += sum;
        else
            summing->whole += (int64_t)sum;
    }
    return DG_OK;
}

double dg_tensor_sum(const dg_tensor *tensor)
{
    struct summing summing = { .dtype = tensor->dtype };
    dg_walk walk;
    dg_walk_begin(&walk, 1, &tensor);
    dg_walk_range(&walk, 0, walk.count, sum_run, &summing);
    return tensor->dtype == DG_FLOAT32 ? summing.number : (double)summing.whole;
}

int64_t dg_argmax(const float *values, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

int64_t dg_count_correct(const float *values, const int32_t *positions, int64_t rows, int64_t width)
{
    int64_t correct = 0;
    for (int64_t i = 0; i < rows; i++)
        correct += dg_argmax(values + i * width, width) == positions[i];
    return correct;
}
