#include "engine/linear/softmax.h"

#include <math.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/tensor/convert.h"
#include "engine/tensor/product64.h"

enum { MOST_ROWS = 64 }; /* of a block */

double dg_linear_softmax_scale(const dg_tensor *x)
{
    return x->dtype == DG_UINT8 ? 1 / 255.0 : 1;
}

void dg_linear_softmax_set(dg_linear_softmax *r, const dg_tensor *x, int64_t classes,
                           bool gradients)
{
    enum { ROOM = 24 * 1024, LEAST = 4, GRAIN = 256, MOST_PIECES = 64 };
    const int64_t gradient_room = 1 << 23; /* doubles */
    r->x = x;
    r->rows = x->shape[0];
    r->values = 1;
    for (int i = 1; i < x->axes; i++) r->values *= x->shape[i];
    r->classes = classes;
    r->width = (classes + DG_LANES64 - 1) / DG_LANES64 * DG_LANES64;
    r->block = ROOM / r->values;
    r->block = r->block < LEAST ? LEAST : r->block > MOST_ROWS ? MOST_ROWS : r->block;
    int64_t most = gradients ? gradient_room / ((r->values + 1) * r->width) : MOST_PIECES;
    r->pieces = dg_pieces(r->rows, GRAIN, most < 1 ? 1 : most > MOST_PIECES ? MOST_PIECES : most);
}

/* What remains of a row's linear functions when they have become exponentials. */
struct row_facts {
    int64_t best;   /* the column with the greatest */
    int32_t column; /* of the label; -1: none */
    double label;   /* its function, less the greatest */
};

/* Subtracts the greatest of the linear functions `z` of row `row`. */
static struct row_facts subtract_greatest(const dg_linear_softmax *r, int64_t row, double *z)
{
    struct row_facts facts = { .column = r->column ? r->column[row] : -1 };
    for (int64_t c = 1; c < r->classes; c++)
        if (z[c] > z[facts.best]) facts.best = c;
    double most = z[facts.best];
    for (int64_t c = 0; c < r->classes; c++) z[c] -= most;
    if (facts.column >= 0) facts.label = z[facts.column];
    return facts;
}

DG_KERNEL(void, take_exp, (double *z, int64_t count), (z, count))
{
    for (int64_t i = 0; i < count; i++) z[i] = dg_exp64(z[i]);
}

/* Adds the loss of row `row`, whose exponentials are in `z`; z becomes the gradient with respect to
 * the linear functions. */
static void judge_row(const dg_linear_softmax *r, int64_t row, const struct row_facts *facts,
                      double *z, dg_linear_softmax_piece *piece)
{
    double sum = 0;
    for (int64_t c = 0; c < r->classes; c++) sum += z[c];
    for (int64_t c = 0; c < r->classes; c++) z[c] /= sum;
    for (int64_t c = 0; r->proba && c < r->classes; c++)
        r->proba[row * r->classes + c] = (float)z[c];
    if (!r->column) return;
    double weight = r->weight ? (double)r->weight[row] : 1;
    double loss = facts->column >= 0 ? dg_log64(sum) - facts->label : INFINITY;
    piece->correct += facts->column == facts->best ? weight : 0;
    if (!piece->gradient) loss = fmin(loss, -dg_log64(1e-16)); /* as dg_judge_outputs */
    piece->loss += weight > 0 ? weight * loss : 0;
    if (!piece->gradient) return;
    for (int64_t c = 0; c < r->classes; c++) z[c] = weight * (z[c] - (c == facts->column));
    for (int64_t c = r->classes; c < r->width; c++) z[c] = 0;
}

static dg_status softmax_piece(void *context, int64_t index, int worker)
{
    const dg_linear_softmax *r = context;
    dg_linear_softmax_piece *piece = &r->piece[index];
    int64_t values = r->values, width = r->width, size = (int64_t)dg_dtype_size(r->x->dtype);
    int64_t end = dg_piece_begin(r->rows, r->pieces, index + 1);
    const double *intercept = r->theta + values * width;
    struct row_facts facts[MOST_ROWS];
    DG_OWNED double *x = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&x, r->block * (values + width), sizeof *x));
    double *z = x + r->block * values;
    for (int64_t row = dg_piece_begin(r->rows, r->pieces, index); row < end; row += r->block) {
        int64_t count = end - row < r->block ? end - row : r->block;
        dg_load_doubles(x, (const char *)r->x->data + row * values * size, size, r->x->dtype,
                        count * values);
        for (int64_t i = 0; i < count; i++)
            memcpy(z + i * width, intercept, (size_t)width * sizeof *z);
        dg_multiply64(&(dg_product64){ count, width, values, x, values, 1, r->theta, z });
        for (int64_t i = 0; i < count; i++) facts[i] = subtract_greatest(r, row + i, z + i * width);
        take_exp(z, count * width);
        for (int64_t i = 0; i < count; i++) judge_row(r, row + i, &facts[i], z + i * width, piece);
        if (!piece->gradient) continue;
        dg_multiply64(&(dg_product64){ values, width, count, x, 1, values, z, piece->gradient });
        double *last = piece->gradient + values * width;
        for (int64_t i = 0; i < count * width; i++) last[i % width] += z[i];
    }
    return DG_OK;
}

dg_status dg_linear_softmax_run(dg_linear_softmax *r, const double *theta, const dg_job *job,
                                double *loss, double *accuracy)
{
    double correct = 0;
    *loss = 0;
    r->theta = theta;
    for (int64_t i = 0; i < r->pieces; i++) r->piece[i].loss = r->piece[i].correct = 0;
    DG_TRY(dg_parallel(job, r->pieces, softmax_piece, r));
    for (int64_t i = 0; i < r->pieces; i++) {
        *loss += r->piece[i].loss;
        correct += r->piece[i].correct;
    }
    *loss /= r->weights;
    *accuracy = correct / r->weights;
    return DG_OK;
}
