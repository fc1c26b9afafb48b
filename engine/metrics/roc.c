/* Receiver operating characteristics, one class against the rest. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/base/memory.h"
#include "engine/metrics/labels.h"

struct scored {
    float score;
    bool positive;
};

static int by_score_falling(const void *left, const void *right)
{
    float a = ((const struct scored *)left)->score, b = ((const struct scored *)right)->score;
    return (a < b) - (a > b);
}

/* One column's scores, falling, in room for all rows; returns how many are positive. */
static int64_t sort_column(struct scored *out, const dg_probabilities *probabilities,
                           int64_t column)
{
    int64_t positives = 0;
    for (int64_t row = 0; row < probabilities->rows; row++) {
        bool positive = dg_int32s(&probabilities->positions)[row] == column;
        out[row] = (struct scored){
            dg_floats(&probabilities->values)[row * probabilities->columns + column], positive
        };
        positives += positive;
    }
    qsort(out, (size_t)probabilities->rows, sizeof *out, by_score_falling);
    return positives;
}

/* The end of the run of equal scores that begins at `begin`; adds its positives. */
static int64_t run_end(const struct scored *sorted, int64_t begin, int64_t rows, int64_t *positives)
{
    int64_t end = begin;
    for (; end < rows && sorted[end].score == sorted[begin].score; end++)
        *positives += sorted[end].positive;
    return end;
}

/* Twice the pairs of a positive before a negative, ties as one half: exact in 64 bits. */
static double area_of(const struct scored *sorted, int64_t rows, int64_t positives)
{
    int64_t twice = 0, seen = 0, negatives = rows - positives;
    if (positives == 0 || negatives == 0) return NAN;
    for (int64_t begin = 0; begin < rows;) {
        int64_t before = seen, end = run_end(sorted, begin, rows, &seen);
        twice += (end - begin - (seen - before)) * (before + seen);
        begin = end;
    }
    return (double)twice / (2 * (double)positives * (double)negatives);
}

/* --- areas -------------------------------------------------------------------------------- */

struct areas {
    const dg_probabilities *probabilities;
    double *out;
};

static dg_status column_area(void *context, int64_t column, int worker)
{
    const struct areas *areas = context;
    DG_OWNED struct scored *sorted = NULL;
    (void)worker;
    DG_TRY(dg_alloc(&sorted, areas->probabilities->rows, sizeof *sorted));
    int64_t positives = sort_column(sorted, areas->probabilities, column);
    areas->out[column] = area_of(sorted, areas->probabilities->rows, positives);
    return DG_OK;
}

dg_status dg_roc_areas(double *out, const dg_probabilities *probabilities, const dg_job *job)
{
    struct areas areas = { probabilities, out };
    return dg_parallel(job, probabilities->columns, column_area, &areas);
}

static dg_status undefined(const dg_probabilities *probabilities, int64_t column,
                           const int32_t *classes)
{
    int64_t positives = 0;
    for (int64_t row = 0; row < probabilities->rows; row++)
        positives += dg_int32s(&probabilities->positions)[row] == column;
    return dg_error(DG_INVALID, "truth has %s label %" PRId64 ", so it has no curve",
                    positives ? "only the" : "no row of",
                    classes ? (int64_t)classes[column] : column);
}

static const char *const words[] = { "macro", "weighted", "none", NULL };

static const dg_param params[] = {
    DG_CHOICE(dg_average_options, average, .choices = words,
              .doc = "macro: the mean of labels; weighted: by their rows; none: a table, t[label], "
                     "with NaN for a label that truth does not have"),
    DG_END,
};

/* The mean of areas, or weighted by rows; of two columns the area of the second. */
static dg_status roc_auc_score(const void *options, const dg_judged *judged, double *out)
{
    const dg_probabilities *probabilities = &judged->probabilities;
    bool weighted = ((const dg_average_options *)options)->average == DG_WEIGHTED;
    DG_OWNED double *areas = NULL;
    double sum = 0, weights = 0;
    if (dg_averages_nothing(options)) return dg_roc_areas(out, probabilities, NULL);
    DG_TRY(dg_alloc(&areas, probabilities->columns, sizeof *areas));
    DG_TRY(dg_roc_areas(areas, probabilities, NULL));
    for (int64_t j = probabilities->columns == 2; j < probabilities->columns; j++) {
        if (isnan(areas[j])) {
            dg_status status = undefined(probabilities, j, judged->classes);
            return dg_error(status, "%s; average = \"none\" gives the areas of the others",
                            dg_error_message());
        }
        double weight = weighted ? 0 : 1;
        for (int64_t row = 0; row < probabilities->rows && weighted; row++)
            weight += dg_int32s(&probabilities->positions)[row] == j;
        sum += weight * areas[j];
        weights += weight;
    }
    *out = sum / weights;
    return DG_OK;
}

const dg_metric_type dg_roc_auc = {
    DG_METRIC("roc_auc", "The area under the ROC curves, each label against the rest.",
              .params = params, .options_size = sizeof(dg_average_options),
              .peers = (const char *const[]){ "auc", NULL }),
    .of = DG_OF_PROBABILITIES,
    DG_GREATER_IS_BETTER(0, 1),
    .by_label = dg_averages_nothing,
    .compute = roc_auc_score,
};

/* --- a curve ------------------------------------------------------------------------------ */

struct roc_point {
    int64_t false_positives, true_positives;
    float threshold;
};

/* A point after each run of equal scores; returns how many. */
static int64_t find_points(struct roc_point *out, const struct scored *sorted, int64_t rows)
{
    int64_t count = 0, positives = 0;
    for (int64_t begin = 0; begin < rows;) {
        int64_t end = run_end(sorted, begin, rows, &positives);
        out[count++] = (struct roc_point){ end - positives, positives, sorted[begin].score };
        begin = end;
    }
    return count;
}

/* Leaves out points with the same step before and after them; returns how many remain. */
static int64_t drop_straight(struct roc_point *points, int64_t count)
{
    int64_t kept = 0;
    struct roc_point before = { 0 };
    for (int64_t i = 0; i < count; i++) {
        struct roc_point here = points[i], after = points[i + 1 < count ? i + 1 : i];
        bool straight = i > 0 && i < count - 1 &&
                        here.false_positives - before.false_positives ==
                            after.false_positives - here.false_positives &&
                        here.true_positives - before.true_positives ==
                            after.true_positives - here.true_positives;
        if (!straight) points[kept++] = here;
        before = here;
    }
    return kept;
}

static dg_status write_curve(dg_roc *out, const struct roc_point *points, int64_t count)
{
    int64_t size = count + 1;
    const struct roc_point *last = &points[count - 1];
    DG_TRY(dg_tensor_new(&out->false_positives, DG_FLOAT32, 1, &size));
    DG_TRY(dg_tensor_new(&out->true_positives, DG_FLOAT32, 1, &size));
    DG_TRY(dg_tensor_new(&out->thresholds, DG_FLOAT32, 1, &size));
    float *fpr = dg_floats(&out->false_positives), *tpr = dg_floats(&out->true_positives);
    fpr[0] = tpr[0] = 0;
    dg_floats(&out->thresholds)[0] = INFINITY;
    for (int64_t i = 0; i < count; i++) {
        fpr[i + 1] = (float)((double)points[i].false_positives / (double)last->false_positives);
        tpr[i + 1] = (float)((double)points[i].true_positives / (double)last->true_positives);
        dg_floats(&out->thresholds)[i + 1] = points[i].threshold;
    }
    return DG_OK;
}

static dg_status curve(dg_roc *out, const dg_probabilities *probabilities, int64_t column,
                       const int32_t *classes, struct scored *sorted, struct roc_point *points)
{
    int64_t positives = sort_column(sorted, probabilities, column);
    out->area = area_of(sorted, probabilities->rows, positives);
    if (isnan(out->area)) return undefined(probabilities, column, classes);
    int64_t count = find_points(points, sorted, probabilities->rows);
    return write_curve(out, points, drop_straight(points, count));
}

dg_status dg_roc_curve(dg_roc *out, const dg_probabilities *probabilities, int64_t column,
                       const int32_t *classes)
{
    DG_OWNED struct scored *sorted = NULL;
    DG_OWNED struct roc_point *points = NULL;
    *out = (dg_roc){ 0 };
    DG_TRY(dg_alloc(&sorted, probabilities->rows, sizeof *sorted));
    DG_TRY(dg_alloc(&points, probabilities->rows, sizeof *points));
    dg_status status = curve(out, probabilities, column, classes, sorted, points);
    if (status == DG_OK) return DG_OK;
    dg_tensor_release(&out->false_positives);
    dg_tensor_release(&out->true_positives);
    dg_tensor_release(&out->thresholds);
    return status;
}
