/* Ranks labels by doubt. */
#include "engine/data/label_issues.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"

static const double SLACK = 1e-3;     /* of the sum of a row */
static const double NEAR = 1e-6;      /* of a threshold, as in cleanlab */
static const double LEAST = 1e-12;    /* a probability of 0 counts as this */
static const double PSEUDO_COUNT = 1; /* added to the mean off the diagonal */

void dg_label_issues_release(dg_label_issues *found)
{
    dg_tensor_release(&found->rows);
    dg_tensor_release(&found->issues);
    dg_tensor_release(&found->confidence);
    dg_tensor_release(&found->quality);
    dg_tensor_release(&found->suggested);
}

/* A row, and the logarithm of the odds that its label is wrong. */
struct doubt_rank {
    double doubt;
    int32_t row;
};

struct doubt_work {
    int64_t rows, width;
    const int32_t *given;       /* rows: positions of classes */
    const float *probabilities; /* rows * width */
    double *threshold;          /* width */
    int32_t *confident;         /* rows: positions, or -1 */
    double *noise; /* width * width: the confident joint, then Q; a row for a given class */
    struct doubt_rank *ranked; /* rows */
};

/* --- what is given ------------------------------------------------------------------------ */

static dg_status check(const dg_dataset *set, const dg_tensor *probabilities)
{
    int64_t rows = dg_dataset_rows(set);
    char found[160];
    DG_TRY(dg_dataset_want_labels(set, "label_issues"));
    if (rows == 0) return dg_error(DG_INVALID, "label_issues: the set has no rows");
    if (probabilities->dtype != DG_FLOAT32 || probabilities->axes != 2 ||
        probabilities->shape[0] != rows || probabilities->shape[1] != set->class_count)
        return dg_error(
            DG_INVALID,
            "label_issues: probabilities must be a float32 tensor of shape {%" PRId64 ", %" PRId64
            "}, found %s of shape %s",
            rows, set->class_count, dg_dtype_name(probabilities->dtype),
            dg_shape_text(probabilities->axes, probabilities->shape, found, sizeof found));
    return DG_OK;
}

static dg_status check_rows(const struct doubt_work *w)
{
    for (int64_t i = 0; i < w->rows; i++) {
        const float *p = w->probabilities + i * w->width;
        double sum = 0;
        for (int64_t k = 0; k < w->width; k++) {
            if (!isfinite(p[k]))
                return dg_error(DG_INVALID,
                                "label_issues: the probabilities of row %" PRId64 " are not finite",
                                i + 1);
            if (p[k] < 0)
                return dg_error(DG_INVALID,
                                "label_issues: a probability of row %" PRId64
                                " is %g, expected 0 to 1",
                                i + 1, (double)p[k]);
            sum += (double)p[k];
        }
        if (fabs(sum - 1) > SLACK)
            return dg_error(DG_INVALID,
                            "label_issues: the probabilities of row %" PRId64
                            " sum to %g, expected 1",
                            i + 1, sum);
    }
    return DG_OK;
}

/* --- the confident joint ------------------------------------------------------------------ */

/* The mean probability of each class in the rows with its label; infinite if there are none. */
static dg_status find_thresholds(struct doubt_work *w)
{
    DG_OWNED int64_t *count = NULL;
    DG_TRY(dg_alloc_zero(&count, w->width, sizeof *count));
    for (int64_t i = 0; i < w->rows; i++) {
        w->threshold[w->given[i]] += (double)w->probabilities[i * w->width + w->given[i]];
        count[w->given[i]]++;
    }
    for (int64_t k = 0; k < w->width; k++)
        w->threshold[k] = count[k] ? w->threshold[k] / (double)count[k] : INFINITY;
    return DG_OK;
}

/* Finds confident classes, and counts them in the joint. */
static void find_confident(struct doubt_work *w)
{
    for (int64_t i = 0; i < w->rows; i++) {
        const float *p = w->probabilities + i * w->width;
        int64_t best = -1;
        for (int64_t k = 0; k < w->width; k++)
            if ((double)p[k] >= w->threshold[k] - NEAR && (best < 0 || p[k] > p[best])) best = k;
        w->confident[i] = (int32_t)best;
        if (best >= 0) w->noise[w->given[i] * w->width + best]++;
    }
}

/* Makes Q of the confident joint. */
static void estimate_noise(struct doubt_work *w)
{
    int64_t n = w->width;
    double off = 0;
    for (int64_t i = 0; i < n * n; i++)
        if (i / n != i % n) off += w->noise[i];
    double more = PSEUDO_COUNT + (n > 1 ? off / ((double)n * (double)(n - 1)) : 0);
    for (int64_t k = 0; k < n; k++) {
        double sum = 0;
        for (int64_t g = 0; g < n; g++) sum += w->noise[g * n + k] += more;
        for (int64_t g = 0; g < n; g++) w->noise[g * n + k] /= sum;
    }
}

/* --- ranking ------------------------------------------------------------------------------ */

static int by_doubt(const void *a, const void *b)
{
    const struct doubt_rank *x = a, *y = b;
    if (x->doubt != y->doubt) return x->doubt > y->doubt ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_issue(const struct doubt_work *w, int64_t row)
{
    return w->confident[row] >= 0 && w->confident[row] != w->given[row];
}

static void judge_rows(dg_label_issues *out, const dg_dataset *set, struct doubt_work *w)
{
    for (int64_t i = 0; i < w->rows; i++) {
        const float *p = w->probabilities + i * w->width;
        const double *noise = w->noise + w->given[i] * w->width;
        int64_t given = w->given[i], best = 0;
        double right = fmax((double)p[given], LEAST) * noise[given], wrong = 0;
        for (int64_t k = 0; k < w->width; k++) {
            if (k != given) wrong += fmax((double)p[k], LEAST) * noise[k];
            if (p[k] > p[best]) best = k;
        }
        if (is_issue(w, i)) best = w->confident[i];
        w->ranked[i] = (struct doubt_rank){ wrong / right, (int32_t)i };
        dg_floats(&out->confidence)[i] = p[given];
        dg_floats(&out->quality)[i] = (float)(right / (right + wrong));
        dg_int32s(&out->suggested)[i] = set->classes[best];
    }
    qsort(w->ranked, (size_t)w->rows, sizeof *w->ranked, by_doubt);
}

static dg_status write_rows(dg_label_issues *out, const struct doubt_work *w, int origin)
{
    int64_t count = 0, next = 0;
    for (int64_t i = 0; i < w->rows; i++) count += is_issue(w, i);
    DG_TRY(dg_tensor_new(&out->issues, DG_INT32, 1, &count));
    for (int64_t i = 0; i < w->rows; i++) {
        int32_t row = w->ranked[i].row;
        dg_int32s(&out->rows)[i] = row + origin;
        if (is_issue(w, row)) dg_int32s(&out->issues)[next++] = row + origin;
    }
    return DG_OK;
}

static dg_status judge(dg_label_issues *out, const dg_dataset *set, struct doubt_work *w,
                       int origin)
{
    DG_TRY(check_rows(w));
    DG_TRY(dg_alloc_zero(&w->threshold, w->width, sizeof *w->threshold));
    DG_TRY(dg_alloc(&w->confident, w->rows, sizeof *w->confident));
    DG_TRY(dg_alloc_zero(&w->noise, w->width * w->width, sizeof *w->noise));
    DG_TRY(dg_alloc(&w->ranked, w->rows, sizeof *w->ranked));
    DG_TRY(dg_tensor_new(&out->rows, DG_INT32, 1, &w->rows));
    DG_TRY(dg_tensor_new(&out->confidence, DG_FLOAT32, 1, &w->rows));
    DG_TRY(dg_tensor_new(&out->quality, DG_FLOAT32, 1, &w->rows));
    DG_TRY(dg_tensor_new(&out->suggested, DG_INT32, 1, &w->rows));
    DG_TRY(find_thresholds(w));
    find_confident(w);
    estimate_noise(w);
    judge_rows(out, set, w);
    return write_rows(out, w, origin);
}

static void doubt_work_release(struct doubt_work *w)
{
    dg_free(w->threshold);
    dg_free(w->confident);
    dg_free(w->noise);
    dg_free(w->ranked);
}

dg_status dg_find_label_issues(dg_label_issues *out, const dg_dataset *set,
                               const dg_tensor *probabilities, int origin)
{
    DG_OWNED_TENSOR flat = { 0 };
    *out = (dg_label_issues){ 0 };
    DG_TRY(check(set, probabilities));
    DG_TRY(dg_tensor_contiguous(&flat, probabilities));
    DG_CLEANUP(doubt_work_release)
    struct doubt_work w = { .rows = dg_dataset_rows(set),
                            .width = set->class_count,
                            .given = dg_int32s(&set->positions),
                            .probabilities = dg_floats(&flat) };
    dg_status status = judge(out, set, &w, origin);
    if (status != DG_OK) dg_label_issues_release(out);
    return status;
}
