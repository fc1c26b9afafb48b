/* Probabilities: a number for each class in each row, compared with the true class. */
#include <inttypes.h>
#include <math.h>

#include "engine/data/build.h" /* dg_classes_text */
#include "engine/metrics/labels.h"

/* --- checking ----------------------------------------------------------------------------- */

static dg_status check_shape(const dg_tensor *values, int64_t class_count, const int32_t *classes)
{
    char shape[256];
    if (values->axes != 2 || values->shape[1] < 2)
        return dg_error(DG_INVALID,
                        "the probabilities have the shape %s, expected {rows, classes} with at "
                        "least two classes",
                        dg_shape_text(values->axes, values->shape, shape, sizeof shape));
    if (!classes) return DG_OK;
    if (class_count != values->shape[1])
        return dg_error(DG_INVALID,
                        "there are %" PRId64 " columns of probabilities, but %" PRId64 " classes",
                        values->shape[1], class_count);
    for (int64_t i = 0; i < class_count; i++)
        for (int64_t j = 0; j < i; j++)
            if (classes[i] == classes[j])
                return dg_error(DG_INVALID, "classes has %" PRId32 " twice", classes[i]);
    return DG_OK;
}

static dg_status check_row(const float *p, int64_t columns, int64_t row, dg_score_kind kind)
{
    double sum = 0;
    for (int64_t j = 0; j < columns; j++) {
        if (isnan(p[j]))
            return dg_error(DG_INVALID,
                            "row %" PRId64 " of the probabilities is nan in column %" PRId64,
                            row + 1, j + 1);
        if (kind == DG_SCORES_PROBABILITIES &&
            !(p[j] >= 0 && p[j] <= 1 + (float)DG_PROBABILITY_SLACK))
            return dg_error(DG_INVALID,
                            "row %" PRId64 " of the probabilities is %g in column %" PRId64
                            ", expected 0 to 1",
                            row + 1, p[j], j + 1);
        sum += p[j];
    }
    if (kind == DG_SCORES_PROBABILITIES && !(fabs(sum - 1) <= DG_PROBABILITY_SLACK))
        return dg_error(DG_INVALID,
                        "row %" PRId64 " of the probabilities sums to %g, expected 1 (the last "
                        "layer of a network: activation = \"softmax\")",
                        row + 1, sum);
    return DG_OK;
}

static int64_t column_of(int32_t label, int64_t columns, const int32_t *classes)
{
    if (!classes) return label >= 0 && label < columns ? label : -1;
    for (int64_t j = 0; j < columns; j++)
        if (classes[j] == label) return j;
    return -1;
}

static dg_status unknown_label(int32_t label, int64_t row, int64_t columns, const int32_t *classes)
{
    char list[200];
    if (!classes)
        return dg_error(DG_INVALID,
                        "truth has the label %" PRId32 " in row %" PRId64 ", but the %" PRId64
                        " columns of probabilities are taken for the labels 0 "
                        "to %" PRId64 ": name the label of each column by classes = { ... }",
                        label, row + 1, columns, columns - 1);
    return dg_error(DG_INVALID,
                    "truth has the label %" PRId32 " in row %" PRId64
                    ", which is not one of the classes %s",
                    label, row + 1, dg_classes_text(classes, columns, list, sizeof list));
}

static dg_status as_floats(dg_tensor *out, const dg_tensor *values)
{
    if (values->dtype == DG_FLOAT32) return dg_tensor_contiguous(out, values);
    return dg_tensor_astype(out, values, DG_FLOAT32);
}

static dg_status fill_probabilities(dg_probabilities *out, const dg_tensor *truth,
                                    const dg_tensor *values, const int32_t *classes,
                                    dg_score_kind kind)
{
    DG_TRY(as_floats(&out->values, values));
    out->rows = values->shape[0];
    out->columns = values->shape[1];
    DG_TRY(dg_tensor_new(&out->positions, DG_INT32, 1, &out->rows));
    for (int64_t row = 0; row < out->rows; row++) {
        int32_t label = dg_int32s(truth)[row];
        int64_t column = column_of(label, out->columns, classes);
        if (column < 0) return unknown_label(label, row, out->columns, classes);
        dg_int32s(&out->positions)[row] = (int32_t)column;
        DG_TRY(check_row(dg_floats(&out->values) + row * out->columns, out->columns, row, kind));
    }
    return DG_OK;
}

dg_status dg_probabilities_new(dg_probabilities *out, const dg_tensor *truth,
                               const dg_tensor *values, int64_t class_count, const int32_t *classes,
                               dg_score_kind kind)
{
    *out = (dg_probabilities){ 0 };
    DG_TRY(check_shape(values, class_count, classes));
    DG_TRY(dg_labels_check(truth, "truth", values, "the table of probabilities"));
    dg_status status = fill_probabilities(out, truth, values, classes, kind);
    if (status != DG_OK) dg_probabilities_free(out);
    return status;
}

void dg_probabilities_free(dg_probabilities *probabilities)
{
    dg_tensor_release(&probabilities->values);
    dg_tensor_release(&probabilities->positions);
}

dg_status dg_probabilities_labels(dg_tensor *out, const dg_tensor *values, int64_t class_count,
                                  const int32_t *classes)
{
    DG_OWNED_TENSOR floats = { 0 };
    DG_OWNED_TENSOR labels = { 0 };
    int64_t rows = values->shape[0], columns = values->shape[1];
    *out = (dg_tensor){ 0 };
    DG_TRY(check_shape(values, class_count, classes));
    DG_TRY(as_floats(&floats, values));
    DG_TRY(dg_tensor_new(&labels, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++) {
        const float *p = dg_floats(&floats) + row * columns;
        int32_t best = (int32_t)dg_argmax(p, columns);
        dg_int32s(&labels)[row] = classes ? classes[best] : best;
        DG_TRY(check_row(p, columns, row, DG_SCORES_ANY));
    }
    *out = DG_TAKE(labels);
    return DG_OK;
}
