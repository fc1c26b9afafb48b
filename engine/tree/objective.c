/* Objectives: kernels over rows, block by block. */
#include "engine/tree/objective.h"

#include <math.h>
#include <string.h>

#include "engine/base/lanes.h"
#include "engine/base/math64.h"
#include "engine/base/memory.h"
#include "engine/tree/softmax.h"

enum { BLOCK = DG_SOFTMAX_BLOCK, PIECE_ROWS = 4096 };

#define LEAST_HESSIAN 1e-16f
#define LEAST_SHARE 1e-6 /* of a class, so that its margin is finite */

/* What a piece sums. */
struct loss_sums {
    double loss, correct, weight;
};

struct derive {
    dg_derivatives *d;
    struct loss_sums *sums; /* {pieces} */
    double *sizes;          /* {pieces, outputs, 2} */
};

/* --- softmax ------------------------------------------------------------------------------ */

/* The derivatives of one output, where y is 1 for rows of `class`; adds their sums to `size`. */
DG_KERNEL(void, derive_class,
          (const float *restrict p, const int32_t *restrict target, int32_t class,
           const float *restrict weight, float factor, int64_t n, float *restrict gradient,
           float *restrict hessian, double *size),
          (p, target, class, weight, factor, n, gradient, hessian, size))
{
    double g_sum[DG_LANES] = { 0 }, h_sum[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, n, {
        float g = (p[i] - (target[i] == class ? 1.0f : 0.0f)) * weight[i];
        float h = factor * p[i] * (1.0f - p[i]) * weight[i];
        h = h < LEAST_HESSIAN ? LEAST_HESSIAN : h;
        gradient[i] = g;
        hessian[i] = h;
        g_sum[l] += (double)fabsf(g);
        h_sum[l] += (double)h;
    });
    size[0] += DG_JOIN(g_sum);
    size[1] += DG_JOIN(h_sum);
}

static void judge_rows(const dg_derivatives *d, const float *p, const int32_t *best, int64_t first,
                       int64_t n, const float *weight, struct loss_sums *sums)
{
    for (int64_t i = 0; i < n; i++) {
        int32_t y = d->target[first + i];
        bool two = d->objective == DG_OBJECTIVE_LOGISTIC;
        float probability = !two ? p[y * BLOCK + i] : y ? p[i] : 1 - p[i];
        int32_t likeliest = two ? p[i] > 0.5f : best[i];
        sums->loss -= (double)weight[i] * dg_log64(fmax((double)probability, 1e-16));
        sums->correct += likeliest == y ? (double)weight[i] : 0;
        sums->weight += (double)weight[i];
    }
}

/* --- the others --------------------------------------------------------------------------- */

static void derive_squares(const dg_derivatives *d, int64_t first, int64_t n, const float *weight,
                           double *size, struct loss_sums *sums)
{
    for (int64_t i = 0; i < n; i++) {
        float error = d->margin[first + i] - d->number[first + i];
        d->gradient[first + i] = error * weight[i];
        d->hessian[first + i] = weight[i];
        size[0] += (double)fabsf(error * weight[i]);
        size[1] += (double)weight[i];
        sums->loss += (double)weight[i] * (double)error * (double)error;
        sums->weight += (double)weight[i];
    }
}

/* --- pieces ------------------------------------------------------------------------------- */

static void derive_block(const struct derive *derive, int64_t first, int64_t n, float *p,
                         double *size, struct loss_sums *sums)
{
    dg_derivatives *d = derive->d;
    float weight[BLOCK];
    int32_t best[BLOCK];
    for (int64_t i = 0; i < n; i++) weight[i] = d->weight ? d->weight[first + i] : 1;
    if (d->objective == DG_OBJECTIVE_SQUARED) {
        derive_squares(d, first, n, weight, size, sums);
        return;
    }
    bool two = d->objective == DG_OBJECTIVE_LOGISTIC;
    if (two)
        dg_sigmoid_block(d->margin + first, n, p);
    else
        dg_softmax_block(d->margin + first, d->rows, d->outputs, n, p, best);
    for (int64_t k = 0; k < d->outputs; k++)
        derive_class(p + k * BLOCK, d->target + first, two ? 1 : (int32_t)k, weight, two ? 1 : 2, n,
                     d->gradient + k * d->rows + first, d->hessian + k * d->rows + first,
                     size + 2 * k);
    judge_rows(d, p, best, first, n, weight, sums);
}

static dg_status derive_piece(void *context, int64_t piece, int worker)
{
    const struct derive *derive = context;
    const dg_derivatives *d = derive->d;
    int64_t begin = piece * PIECE_ROWS;
    int64_t end = begin + PIECE_ROWS < d->rows ? begin + PIECE_ROWS : d->rows;
    DG_OWNED float *p = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&p, d->outputs * BLOCK, sizeof *p));
    for (int64_t first = begin; first < end; first += BLOCK)
        derive_block(derive, first, end - first < BLOCK ? end - first : BLOCK, p,
                     derive->sizes + 2 * piece * d->outputs, &derive->sums[piece]);
    return DG_OK;
}

static void add_up(const struct derive *derive, int64_t pieces)
{
    dg_derivatives *d = derive->d;
    d->loss = d->correct = d->total_weight = 0;
    for (int64_t k = 0; k < d->outputs; k++) d->gradient_size[k] = d->hessian_sum[k] = 0;
    for (int64_t i = 0; i < pieces; i++) {
        d->loss += derive->sums[i].loss;
        d->correct += derive->sums[i].correct;
        d->total_weight += derive->sums[i].weight;
        for (int64_t k = 0; k < d->outputs; k++) {
            d->gradient_size[k] += derive->sizes[2 * (i * d->outputs + k)];
            d->hessian_sum[k] += derive->sizes[2 * (i * d->outputs + k) + 1];
        }
    }
}

dg_status dg_objective_derive(dg_derivatives *d, const dg_job *job)
{
    int64_t pieces = (d->rows + PIECE_ROWS - 1) / PIECE_ROWS;
    DG_OWNED struct loss_sums *sums = NULL;
    DG_OWNED double *sizes = NULL;
    DG_TRY(dg_alloc_zero(&sums, pieces, sizeof *sums));
    DG_TRY(dg_alloc_zero(&sizes, 2 * pieces * d->outputs, sizeof *sizes));
    struct derive derive = { d, sums, sizes };
    DG_TRY(dg_parallel(job, pieces, derive_piece, &derive));
    add_up(&derive, pieces);
    return DG_OK;
}

/* --- probabilities ------------------------------------------------------------------------ */

struct conversion {
    dg_objective objective;
    const float *margin;
    int64_t rows, outputs;
    float *out;
};

static dg_status convert_piece(void *context, int64_t piece, int worker)
{
    const struct conversion *c = context;
    int64_t begin = piece * PIECE_ROWS;
    int64_t end = begin + PIECE_ROWS < c->rows ? begin + PIECE_ROWS : c->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const float *margin = c->margin + i * c->outputs;
        if (c->objective == DG_OBJECTIVE_SOFTMAX) {
            dg_softmax_row(margin, c->outputs, c->out + i * c->outputs);
        } else if (c->objective == DG_OBJECTIVE_LOGISTIC) {
            float p = dg_sigmoidf(*margin);
            c->out[2 * i] = 1 - p;
            c->out[2 * i + 1] = p;
        } else {
            c->out[i] = *margin;
        }
    }
    return DG_OK;
}

float dg_objective_margin(dg_objective objective, double base_score)
{
    if (objective != DG_OBJECTIVE_LOGISTIC) return (float)base_score;
    return (float)-dg_log64(1 / fmin(fmax(base_score, LEAST_SHARE), 1 - LEAST_SHARE) - 1);
}

void dg_objective_fit_base(const dg_derivatives *d, float *base)
{
    double *sum = d->gradient_size; /* of the weight of each class, or of numbers by weight */
    double whole = 0, mean = 0;
    int32_t other = d->objective == DG_OBJECTIVE_LOGISTIC ? 1 : 0; /* class 1 is the output's */
    for (int64_t k = 0; k < d->outputs; k++) sum[k] = 0;
    for (int64_t i = 0; i < d->rows; i++) {
        double w = d->weight ? (double)d->weight[i] : 1;
        whole += w;
        if (d->number)
            *sum += w * (double)d->number[i];
        else if (d->target[i] >= other)
            sum[d->target[i] - other] += w;
    }
    if (d->objective != DG_OBJECTIVE_SOFTMAX) {
        *base = dg_objective_margin(d->objective, *sum / whole);
        return;
    }
    for (int64_t k = 0; k < d->outputs; k++) {
        sum[k] = dg_log64(sum[k] / whole + LEAST_SHARE);
        mean += sum[k] / (double)d->outputs;
    }
    for (int64_t k = 0; k < d->outputs; k++) base[k] = (float)(sum[k] - mean);
}

dg_status dg_objective_probabilities(dg_objective objective, const float *margins, int64_t rows,
                                     int64_t outputs, float *out, const dg_job *job)
{
    struct conversion conversion = { objective, margins, rows, outputs, out };
    return dg_parallel(job, (rows + PIECE_ROWS - 1) / PIECE_ROWS, convert_piece, &conversion);
}
