/* The order in which rows lie, and which of them a tree is grown from. */
#include <math.h>

#include "engine/base/lanes.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/tree/boost.h"

/* --- order -------------------------------------------------------------------------------- */

dg_status dg_boost_order(const dg_dataset *set, uint32_t **out)
{
    int64_t rows = dg_dataset_rows(set), classes = set->class_count, sum = 0;
    DG_OWNED int64_t *next = NULL;
    *out = NULL;
    if (set->target != DG_TARGET_LABELS) return DG_OK;
    const int32_t *position = dg_int32s(&set->positions);
    DG_TRY(dg_alloc_zero(&next, classes + 1, sizeof *next));
    for (int64_t i = 0; i < rows; i++) next[position[i]]++;
    for (int64_t c = 0; c < classes; c++) {
        int64_t here = next[c];
        next[c] = sum;
        sum += here;
    }
    DG_TRY(dg_alloc(out, rows, sizeof **out));
    for (int64_t i = 0; i < rows; i++) (*out)[next[position[i]]++] = (uint32_t)i;
    return DG_OK;
}

/* --- drawing ------------------------------------------------------------------------------ */

#define HESSIAN_FACTOR 0.1f /* XGBoost's kDefaultMvsLambda */

DG_KERNEL(void, size_rows,
          (const float *gradient, const float *hessian, const uint32_t *row, int64_t count,
           float *size),
          (gradient, hessian, row, count, size))
{
    for (int64_t i = 0; i < count; i++) {
        float g = gradient[row[i]], h = hessian[row[i]];
        size[i] = sqrtf(g * g + HESSIAN_FACTOR * (h * h));
    }
}

/* The sum of the sizes below `most`; `*others`: how many are not. */
DG_KERNEL(double, sum_below, (const float *size, int64_t count, double most, double *others),
          (size, count, most, others))
{
    double sum[DG_LANES] = { 0 }, not_below[DG_LANES] = { 0 };
    DG_EACH_LANE(i, l, count, {
        double s = (double)size[i];
        sum[l] += s < most ? s : 0;
        not_below[l] += s < most ? 0 : 1;
    });
    *others = DG_JOIN(not_below);
    return DG_JOIN(sum);
}

/* The size from which on rows are sure to be drawn: that with which min(1, size / it) sums to
 * `wanted` (less than `count`). From above: rows that are too large for one size are so for each
 * smaller one, and are taken out of the sum. */
static double sure_size(const float *size, int64_t count, double wanted)
{
    double sure = INFINITY, others;
    for (;;) {
        double sum = sum_below(size, count, sure, &others);
        double next = sum / (wanted - others);
        if (!(others < wanted) || !(next < sure)) return sure;
        sure = next;
    }
}

/* Random words of rows, four at a time; rows are asked for in ascending order. */
struct words {
    uint64_t key;
    int64_t at; /* the four that are there; -1: none */
    uint32_t word[4];
};

static uint32_t word_of(struct words *words, uint32_t row)
{
    if (words->at != row / 4)
        dg_philox(words->key, 0, (uint64_t)(words->at = row / 4), words->word);
    return words->word[row % 4];
}

static void draw(dg_boost_drawn *out, const uint32_t *from, int64_t count, const float *size,
                 double sure, uint64_t key, const float *gradient, const float *hessian)
{
    struct words words = { .key = key, .at = -1 };
    for (int64_t i = 0; i < count; i++) {
        uint32_t row = from[i];
        double probability = (double)size[i] < sure ? (double)size[i] / sure : 1;
        if ((double)word_of(&words, row) >= probability * 0x1p32) continue;
        out->row[out->count++] = row;
        out->gradient[row] = gradient[row] * (float)(1 / probability);
        out->hessian[row] = hessian[row] * (float)(1 / probability);
        out->gradient_size += fabs((double)out->gradient[row]);
        out->hessian_sum += (double)out->hessian[row];
    }
}

dg_status dg_boost_draw(dg_boost_drawn *out, const uint32_t *from, int64_t count, double part,
                        uint64_t key, const float *gradient, const float *hessian, int64_t rows)
{
    DG_CLEANUP(dg_boost_drawn_free) dg_boost_drawn drawn = { 0 };
    DG_OWNED float *size = NULL;
    DG_TRY(dg_alloc(&size, count, sizeof *size));
    DG_TRY(dg_alloc(&drawn.row, count, sizeof *drawn.row));
    DG_TRY(dg_alloc_zero(&drawn.gradient, rows, sizeof *drawn.gradient));
    DG_TRY(dg_alloc_zero(&drawn.hessian, rows, sizeof *drawn.hessian));
    size_rows(gradient, hessian, from, count, size);
    double sure = sure_size(size, count, part * (double)count);
    draw(&drawn, from, count, size, sure, key, gradient, hessian);
    *out = DG_TAKE(drawn);
    return DG_OK;
}

void dg_boost_drawn_free(dg_boost_drawn *drawn)
{
    dg_free(drawn->row);
    dg_free(drawn->gradient);
    dg_free(drawn->hessian);
    *drawn = (dg_boost_drawn){ 0 };
}
