/* Ranking labels by doubt. */
#include "engine/data/doubt.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"

void dg_doubt_release(dg_doubt *doubt)
{
    dg_tensor_release(&doubt->rows);
    dg_tensor_release(&doubt->confidence);
    dg_tensor_release(&doubt->suggested);
}

static dg_status check(const dg_dataset *set, const dg_tensor *chances)
{
    int64_t rows = dg_dataset_rows(set);
    char found[160];
    DG_TRY(dg_dataset_want_labels(set, "label_issues"));
    if (rows == 0) return dg_error(DG_INVALID, "label_issues: the set has no rows");
    if (chances->dtype != DG_FLOAT32 || chances->axes != 2 || chances->shape[0] != rows ||
        chances->shape[1] != set->class_count)
        return dg_error(DG_INVALID,
                        "label_issues: chances must be a float32 tensor of shape {%" PRId64
                        ", %" PRId64 "}, found %s of shape %s",
                        rows, set->class_count, dg_dtype_name(chances->dtype),
                        dg_shape_text(chances->axes, chances->shape, found, sizeof found));
    return DG_OK;
}

/* The mean chance of each class among the rows labelled so. */
static void find_thresholds(const int32_t *positions, const float *chances, int64_t rows,
                            int64_t width, double *threshold, int64_t *count)
{
    for (int64_t i = 0; i < rows; i++) {
        threshold[positions[i]] += (double)chances[i * width + positions[i]];
        count[positions[i]]++;
    }
    for (int64_t k = 0; k < width; k++)
        threshold[k] = count[k] ? threshold[k] / (double)count[k] : INFINITY;
}

/* The class whose threshold the row reaches, the likeliest of them; -1: none. */
static int64_t confident_class(const float *row, const double *threshold, int64_t width)
{
    int64_t best = -1;
    for (int64_t k = 0; k < width; k++)
        if ((double)row[k] >= threshold[k] && (best < 0 || row[k] > row[best])) best = k;
    return best;
}

struct ranked {
    float confidence;
    int64_t row;
};

static int by_doubt(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->confidence != y->confidence) return x->confidence < y->confidence ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static dg_status judge_rows(dg_doubt *out, const dg_dataset *set, const float *chances,
                            const double *threshold, struct ranked *ranked)
{
    int64_t rows = dg_dataset_rows(set), width = set->class_count;
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t i = 0; i < rows; i++) {
        const float *row = chances + i * width;
        int64_t given = positions[i], likeliest = 0;
        for (int64_t k = 0; k < width; k++) {
            if (!isfinite(row[k]))
                return dg_error(DG_INVALID,
                                "label_issues: the chances of row %" PRId64 " are not finite",
                                i + 1);
            if (row[k] > row[likeliest]) likeliest = k;
        }
        int64_t confident = confident_class(row, threshold, width);
        ranked[i] = (struct ranked){ row[given], i };
        dg_floats(&out->confidence)[i] = row[given];
        dg_int32s(&out->suggested)[i] = set->classes[likeliest];
        out->estimate += confident >= 0 && confident != given;
    }
    return DG_OK;
}

static dg_status rank(dg_doubt *out, const dg_dataset *set, const float *chances, int origin,
                      double *threshold, int64_t *count, struct ranked *ranked)
{
    int64_t rows = dg_dataset_rows(set);
    DG_TRY(dg_tensor_new(&out->rows, DG_INT32, 1, &rows));
    DG_TRY(dg_tensor_new(&out->confidence, DG_FLOAT32, 1, &rows));
    DG_TRY(dg_tensor_new(&out->suggested, DG_INT32, 1, &rows));
    find_thresholds(dg_int32s(&set->positions), chances, rows, set->class_count, threshold, count);
    DG_TRY(judge_rows(out, set, chances, threshold, ranked));
    qsort(ranked, (size_t)rows, sizeof *ranked, by_doubt);
    for (int64_t i = 0; i < rows; i++) dg_int32s(&out->rows)[i] = (int32_t)(ranked[i].row + origin);
    return DG_OK;
}

dg_status dg_label_doubt(dg_doubt *out, const dg_dataset *set, const dg_tensor *chances, int origin)
{
    dg_tensor flat;
    double *threshold = NULL;
    int64_t *count = NULL;
    struct ranked *ranked = NULL;
    *out = (dg_doubt){ 0 };
    DG_TRY(check(set, chances));
    DG_TRY(dg_tensor_contiguous(&flat, chances));
    dg_status status = dg_alloc_zero(&threshold, set->class_count, sizeof *threshold);
    if (status == DG_OK) status = dg_alloc_zero(&count, set->class_count, sizeof *count);
    if (status == DG_OK) status = dg_alloc(&ranked, dg_dataset_rows(set), sizeof *ranked);
    if (status == DG_OK)
        status = rank(out, set, dg_floats(&flat), origin, threshold, count, ranked);
    dg_free(threshold);
    dg_free(count);
    dg_free(ranked);
    dg_tensor_release(&flat);
    if (status != DG_OK) dg_doubt_release(out);
    return status;
}
