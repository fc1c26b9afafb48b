/* mixup. */
#include "engine/nn/mixup.h"

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"

dg_status dg_mixup_new(dg_mixup *out, double alpha, int64_t rows, int64_t width)
{
    *out = (dg_mixup){ .alpha = alpha, .share = 1 };
    DG_TRY(dg_alloc(&out->partner, rows, sizeof *out->partner));
    DG_TRY(dg_alloc(&out->weights, rows, sizeof *out->weights));
    return dg_alloc(&out->targets, rows * width, sizeof *out->targets);
}

void dg_mixup_release(dg_mixup *mixup)
{
    dg_free(mixup->partner);
    dg_free(mixup->targets);
    dg_free(mixup->weights);
    *mixup = (dg_mixup){ 0 };
}

void dg_mixup_draw(dg_mixup *mixup, uint64_t key, int64_t rows)
{
    double share = dg_random_beta(dg_key(key, "share", 0), mixup->alpha, mixup->alpha);
    mixup->share = (float)(share < 0.5 ? 1 - share : share);
    dg_random_permutation(dg_key(key, "partner", 0), rows, mixup->partner);
}

/* The target of output j of row i. */
static float target_at(const dg_truth *truth, int64_t width, int64_t i, int64_t j)
{
    return truth->positions ? truth->positions[i] == j : truth->targets[i * width + j];
}

dg_truth dg_mixup_truth(const dg_mixup *mixup, const dg_truth *truth, int64_t rows, int64_t width)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t other = mixup->partner[i];
        float share = mixup->share;
        if (truth->weights) {
            float mine = share * truth->weights[i];
            mixup->weights[i] = mine + (1 - share) * truth->weights[other];
            if (mixup->weights[i] > 0) share = mine / mixup->weights[i];
        }
        for (int64_t j = 0; j < width; j++)
            mixup->targets[i * width + j] = share * target_at(truth, width, i, j) +
                                            (1 - share) * target_at(truth, width, other, j);
    }
    return (dg_truth){ .targets = mixup->targets,
                       .weights = truth->weights ? mixup->weights : NULL };
}

/* --- rows --------------------------------------------------------------------------------- */

DG_KERNEL(void, mix_bytes,
          (const uint8_t *restrict other, int64_t count, float divisor, float share,
           float *restrict to),
          (other, count, divisor, share, to))
{
    for (int64_t i = 0; i < count; i++) {
        float there = (float)other[i] / divisor;
        to[i] = DG_FMA(share, to[i] - there, there);
    }
}

DG_KERNEL(void, mix_floats,
          (const float *restrict other, int64_t count, float share, float *restrict to),
          (other, count, share, to))
{
    for (int64_t i = 0; i < count; i++) to[i] = DG_FMA(share, to[i] - other[i], other[i]);
}

void dg_mixup_row(const dg_source *source, int64_t row, int64_t size, float *to)
{
    const dg_mixup *mixup = source->mixup;
    int64_t other = source->first + mixup->partner[row];
    if (source->rows) other = source->rows[other];
    if (source->x->dtype == DG_UINT8)
        mix_bytes(dg_bytes(source->x) + other * size, size, source->raw ? 1 : 255, mixup->share,
                  to);
    else
        mix_floats(dg_floats(source->x) + other * size, size, mixup->share, to);
}
