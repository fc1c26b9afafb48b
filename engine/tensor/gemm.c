/* Matrix products by OpenBLAS, one thread per call, called from our own parallel pieces. Cutting
 * the rows or columns of a product changes its last bits, so the cuts depend on the shapes only. */
#include <inttypes.h>
#include <limits.h>

#include "engine/parallel.h"
#include "engine/tensor/blas.h"
#include "engine/tensor/tensor.h"

/* A piece has about this many multiplications and additions: a millisecond or less. */
enum { PIECE_WORK = 32 * 1024 * 1024, LEAST_PIECE = 64, MOST_PIECES = 64 };

/* A float32 matrix as BLAS expects it: one of its strides is 1. */
struct matrix {
    dg_tensor tensor; /* holds the storage */
    int64_t rows, columns, leading;
    CBLAS_TRANSPOSE transposed;
};

/* Whether BLAS can read the view where it is; sets `leading` and `transposed`. */
static bool fits_blas(struct matrix *matrix)
{
    int64_t rows = matrix->rows, columns = matrix->columns;
    int64_t down = matrix->tensor.stride[0], right = matrix->tensor.stride[1];
    if (rows <= 1) down = columns > 1 ? columns : 1; /* an axis of size 1 has no real stride */
    if (columns <= 1) right = 1;
    matrix->transposed = CblasNoTrans;
    matrix->leading = down;
    if (right == 1 && down >= columns && down <= INT_MAX) return true;
    down = rows <= 1 ? 1 : matrix->tensor.stride[0];
    right = columns <= 1 ? rows : matrix->tensor.stride[1];
    matrix->transposed = CblasTrans;
    matrix->leading = right;
    return down == 1 && right >= rows && right <= INT_MAX;
}

/* A matrix, or a row (on the left) or a column (on the right) from one axis. */
static dg_status open_matrix(struct matrix *matrix, const dg_tensor *tensor, bool left)
{
    *matrix = (struct matrix){ .tensor = { 0 } };
    if (tensor->dtype == DG_FLOAT32)
        matrix->tensor = dg_tensor_retain(tensor);
    else
        DG_TRY(dg_tensor_astype(&matrix->tensor, tensor, DG_FLOAT32));
    dg_tensor *view = &matrix->tensor;
    if (view->axes == 1) {
        int from = left ? 1 : 0;
        view->shape[from] = view->shape[0];
        view->stride[from] = view->stride[0];
        view->shape[1 - from] = view->stride[1 - from] = 1;
        view->axes = 2;
    }
    matrix->rows = view->shape[0];
    matrix->columns = view->shape[1];
    if (fits_blas(matrix)) return DG_OK;
    dg_tensor copy;
    DG_TRY(dg_tensor_copy(&copy, view));
    dg_tensor_release(view);
    *view = copy;
    fits_blas(matrix);
    return DG_OK;
}

struct product {
    struct matrix a, b;
    int64_t m, n, k, pieces;
    bool by_columns;
    float *out;
};

static void release_product(struct product *p)
{
    dg_tensor_release(&p->a.tensor);
    dg_tensor_release(&p->b.tensor);
}

/* The first element of row `row`, and of column `column`. */
static const float *at_row(const struct matrix *matrix, int64_t row)
{
    int64_t step = matrix->transposed == CblasTrans ? 1 : matrix->leading;
    return dg_floats(&matrix->tensor) + row * step;
}

static const float *at_column(const struct matrix *matrix, int64_t column)
{
    int64_t step = matrix->transposed == CblasTrans ? matrix->leading : 1;
    return dg_floats(&matrix->tensor) + column * step;
}

static dg_status multiply_piece(void *context, int64_t piece, int worker)
{
    (void)worker;
    const struct product *p = context;
    int64_t all = p->by_columns ? p->n : p->m;
    int64_t begin = dg_piece_begin(all, p->pieces, piece);
    int64_t count = dg_piece_begin(all, p->pieces, piece + 1) - begin;
    int64_t row = p->by_columns ? 0 : begin, column = p->by_columns ? begin : 0;
    dg_blas_multiply(p->a.transposed, p->b.transposed, (int)(p->by_columns ? p->m : count),
                     (int)(p->by_columns ? count : p->n), (int)p->k, at_row(&p->a, row),
                     (int)p->a.leading, at_column(&p->b, column), (int)p->b.leading,
                     p->out + row * p->n + column, (int)p->n);
    return DG_OK;
}

static dg_status multiply(struct product *p)
{
    if (p->m == 0 || p->n == 0 || p->k == 0) return DG_OK;
    p->by_columns = p->n > p->m;
    int64_t longer = p->by_columns ? p->n : p->m;
    double work = (double)p->m * (double)p->n * (double)p->k;
    int64_t pieces = work / PIECE_WORK > MOST_PIECES ? MOST_PIECES : (int64_t)(work / PIECE_WORK);
    int64_t most = dg_pieces(longer, LEAST_PIECE, MOST_PIECES);
    p->pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
    dg_job job = dg_job_default();
    if (job.threads > p->pieces) job.threads = (int)p->pieces;
    DG_TRY(dg_blas_prepare(&job.threads));
    return dg_parallel(&job, p->pieces, multiply_piece, p);
}

static dg_status check_shapes(const dg_tensor *a, const dg_tensor *b)
{
    char one[256], other[256];
    dg_shape_text(a->axes, a->shape, one, sizeof one);
    dg_shape_text(b->axes, b->shape, other, sizeof other);
    if (a->axes < 1 || a->axes > 2 || b->axes < 1 || b->axes > 2)
        return dg_error(DG_INVALID,
                        "matmul needs tensors of one or two axes, found shapes %s and %s", one,
                        other);
    if (a->shape[a->axes - 1] != b->shape[0])
        return dg_error(DG_INVALID,
                        "matmul: shapes %s and %s do not match: the left has %" PRId64
                        " columns, the right has %" PRId64 " rows",
                        one, other, a->shape[a->axes - 1], b->shape[0]);
    for (int i = 0; i < a->axes + b->axes; i++)
        if ((i < a->axes ? a->shape[i] : b->shape[i - a->axes]) > INT_MAX)
            return dg_error(DG_INVALID, "matmul: sizes must be at most %d, found shapes %s and %s",
                            INT_MAX, one, other);
    return DG_OK;
}

dg_status dg_tensor_matmul(dg_tensor *out, const dg_tensor *a, const dg_tensor *b)
{
    DG_CLEANUP(release_product) struct product p = { .m = 0 };
    DG_OWNED_TENSOR result = { 0 };
    int64_t shape[2];
    int axes = 0;
    *out = (dg_tensor){ 0 };
    DG_TRY(check_shapes(a, b));
    DG_TRY(open_matrix(&p.a, a, true));
    DG_TRY(open_matrix(&p.b, b, false));
    p.m = p.a.rows;
    p.n = p.b.columns;
    p.k = p.a.columns;
    if (a->axes == 2) shape[axes++] = p.m;
    if (b->axes == 2) shape[axes++] = p.n;
    /* an empty sum is 0, and BLAS would write nothing */
    DG_TRY(p.k ? dg_tensor_new(&result, DG_FLOAT32, axes, shape)
               : dg_tensor_zeros(&result, DG_FLOAT32, axes, shape));
    p.out = dg_floats(&result);
    DG_TRY(multiply(&p));
    *out = DG_TAKE(result);
    return DG_OK;
}
