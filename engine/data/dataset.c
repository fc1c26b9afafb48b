/* The life of a dataset, and making one from tensors: labels are read, classes found. */
#include "engine/data/build.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"

int64_t dg_dataset_rows(const dg_dataset *set)
{
    return set->x.shape[0];
}

int64_t dg_dataset_row_size(const dg_dataset *set)
{
    int64_t size = 1;
    for (int axis = 1; axis < set->x.axes; axis++) size *= set->x.shape[axis];
    return size;
}

const dg_dataset *dg_dataset_retain(const dg_dataset *set)
{
    ((dg_dataset *)set)->references++;
    return set;
}

static void free_classes(dg_dataset *set)
{
    if (set->class_names)
        for (int64_t i = 0; i < set->class_count; i++) dg_free(set->class_names[i]);
    dg_free(set->class_names);
    dg_free(set->classes);
    set->class_names = NULL;
    set->classes = NULL;
    set->class_count = 0;
}

void dg_dataset_release(const dg_dataset *const_set)
{
    dg_dataset *set = (dg_dataset *)const_set;
    if (!set || --set->references > 0) return;
    dg_tensor_release(&set->x);
    dg_tensor_release(&set->y);
    dg_tensor_release(&set->labels);
    dg_tensor_release(&set->positions);
    free_classes(set);
    dg_free(set);
}

dg_status dg_dataset_begin(dg_dataset **out)
{
    DG_TRY(dg_alloc_zero(out, 1, sizeof **out));
    (*out)->references = 1;
    return DG_OK;
}

/* --- classes ------------------------------------------------------------------------------ */

dg_status dg_dataset_set_classes(dg_dataset *set, int64_t count, const int32_t *classes,
                                 char *const *names)
{
    dg_dataset fresh = { 0 };
    dg_status status = dg_alloc(&fresh.classes, count, sizeof *classes);
    if (status == DG_OK && count > 0)
        memcpy(fresh.classes, classes, (size_t)count * sizeof *classes);
    if (status == DG_OK && names)
        status = dg_alloc_zero(&fresh.class_names, count, sizeof *fresh.class_names);
    fresh.class_count = count;
    for (int64_t i = 0; names && status == DG_OK && i < count; i++)
        status = dg_copy_text(&fresh.class_names[i], names[i]);
    if (status != DG_OK) {
        free_classes(&fresh);
        return status;
    }
    free_classes(set);
    set->classes = fresh.classes;
    set->class_names = fresh.class_names;
    set->class_count = count;
    return DG_OK;
}

int64_t dg_class_position(const int32_t *classes, int64_t count, int32_t label)
{
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (classes[middle] < label)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && classes[low] == label ? low : -1;
}

static int compare_labels(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

int64_t dg_sort_distinct(int32_t *values, int64_t count)
{
    int64_t distinct = 0;
    if (count > 0) qsort(values, (size_t)count, sizeof *values, compare_labels);
    for (int64_t i = 0; i < count; i++)
        if (distinct == 0 || values[distinct - 1] != values[i]) values[distinct++] = values[i];
    return distinct;
}

const char *dg_classes_text(const int32_t *classes, int64_t count, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{");
    for (int64_t i = 0; i < count && used < size; i++) {
        bool cut = count > 12 && i == 10;
        if (cut) i = count - 1;
        used += (size_t)snprintf(out + used, size - used, "%s%s%" PRId32, i ? ", " : "",
                                 cut ? "... " : "", classes[i]);
    }
    if (used < size) snprintf(out + used, size - used, "}");
    return out;
}

static bool is_label(double value)
{
    return value >= INT32_MIN && value <= INT32_MAX && value == floor(value);
}

void dg_dataset_counts(const dg_dataset *set, int64_t *out)
{
    for (int64_t i = 0; i < set->class_count; i++) out[i] = 0;
    if (!set->labelled) return;
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t row = 0; row < dg_dataset_rows(set); row++) out[positions[row]]++;
}

float dg_dataset_number(const dg_dataset *set, int64_t row)
{
    return set->numeric ? dg_floats(&set->y)[row] : (float)dg_int32s(&set->labels)[row];
}

dg_status dg_dataset_want_labels(const dg_dataset *set, const char *who)
{
    int64_t row = 0;
    if (set->labelled) return DG_OK;
    while (set->numeric && row < set->y.shape[0] && is_label(dg_floats(&set->y)[row])) row++;
    if (set->numeric && row < set->y.shape[0])
        dg_error(DG_INVALID, "label %" PRId64 " is %.9g, expected a whole number of 32 bits",
                 row + 1, (double)dg_floats(&set->y)[row]);
    else
        dg_error(DG_INVALID, "the set has %s", set->numeric ? "numbers, not labels" : "no labels");
    return who ? dg_error_context(DG_INVALID, "%s", who) : DG_INVALID;
}

dg_status dg_dataset_make_y(dg_dataset *set)
{
    if (set->numeric) return DG_OK;
    dg_tensor_release(&set->y);
    if (!set->labelled) return DG_OK;
    if (!set->one_hot) {
        set->y = dg_tensor_retain(&set->labels);
        return DG_OK;
    }
    int64_t rows = dg_dataset_rows(set);
    DG_TRY(dg_tensor_zeros(&set->y, DG_FLOAT32, 2, (int64_t[]){ rows, set->class_count }));
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t row = 0; row < rows; row++)
        dg_floats(&set->y)[row * set->class_count + positions[row]] = 1;
    return DG_OK;
}

/* --- from tensors ------------------------------------------------------------------------- */

static double element(const dg_tensor *tensor, int64_t i)
{
    switch (tensor->dtype) {
    case DG_FLOAT32: return dg_floats(tensor)[i];
    case DG_UINT8: return dg_bytes(tensor)[i];
    case DG_INT32: break;
    }
    return dg_int32s(tensor)[i];
}

/* Classes are the distinct labels, positions follow. */
static dg_status find_classes(dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    const int32_t *labels = dg_int32s(&set->labels);
    int32_t *classes;
    DG_TRY(dg_alloc(&classes, rows, sizeof *classes));
    if (rows > 0) memcpy(classes, labels, (size_t)rows * sizeof *classes);
    int64_t count = dg_sort_distinct(classes, rows);
    dg_status status = dg_dataset_set_classes(set, count, classes, NULL);
    dg_free(classes);
    DG_TRY(status);
    DG_TRY(dg_tensor_new(&set->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++)
        dg_int32s(&set->positions)[row] =
            (int32_t)dg_class_position(set->classes, count, labels[row]);
    return DG_OK;
}

/* Whether y has numbers, not labels. */
static dg_status find_numbers(const dg_tensor *y, bool *out)
{
    *out = false;
    for (int64_t row = 0; y->dtype == DG_FLOAT32 && row < y->shape[0]; row++) {
        double value = element(y, row);
        if (!isfinite(value))
            return dg_error(DG_INVALID, "label %" PRId64 " is %g, expected a finite number",
                            row + 1, value);
        *out |= !is_label(value);
    }
    return DG_OK;
}

/* y: {n} or {n, 1}, contiguous. */
static dg_status read_labels(dg_dataset *set, const dg_tensor *y)
{
    int64_t rows = y->shape[0];
    DG_TRY(find_numbers(y, &set->numeric));
    if (set->numeric) return dg_tensor_reshape(&set->y, y, 1, &rows);
    set->labelled = true;
    if (y->dtype == DG_INT32) {
        DG_TRY(dg_tensor_reshape(&set->labels, y, 1, &rows));
    } else {
        DG_TRY(dg_tensor_new(&set->labels, DG_INT32, 1, &rows));
        for (int64_t row = 0; row < rows; row++)
            dg_int32s(&set->labels)[row] = (int32_t)element(y, row);
    }
    return find_classes(set);
}

/* y: {n, k}, contiguous, each row exactly one 1 and else 0. */
static dg_status read_one_hot(dg_dataset *set, const dg_tensor *y)
{
    int64_t rows = y->shape[0], count = y->shape[1];
    if (count > INT32_MAX)
        return dg_error(DG_INVALID, "one-hot labels of %" PRId64 " classes are too many", count);
    int32_t *classes;
    DG_TRY(dg_alloc(&classes, count, sizeof *classes));
    for (int64_t i = 0; i < count; i++) classes[i] = (int32_t)i;
    dg_status status = dg_dataset_set_classes(set, count, classes, NULL);
    dg_free(classes);
    DG_TRY(status);
    DG_TRY(dg_tensor_new(&set->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++) {
        int64_t ones = 0, at = 0;
        for (int64_t i = 0; i < count; i++) {
            double value = element(y, row * count + i);
            if (value != 0 && value != 1)
                return dg_error(DG_INVALID,
                                "row %" PRId64 " of the one-hot labels holds %g, expected 0s and "
                                "one 1 (labels may also be whole numbers: {%" PRId64 "})",
                                row + 1, value, rows);
            if (value == 1) ones++, at = i;
        }
        if (ones != 1)
            return dg_error(DG_INVALID,
                            "row %" PRId64 " of the one-hot labels holds %" PRId64
                            " ones, expected one",
                            row + 1, ones);
        dg_int32s(&set->positions)[row] = (int32_t)at;
    }
    set->labels = dg_tensor_retain(&set->positions);
    set->labelled = set->one_hot = true;
    if (y->dtype != DG_FLOAT32) return dg_dataset_make_y(set);
    set->y = dg_tensor_retain(y);
    return DG_OK;
}

static dg_status fill_y(dg_dataset *set, const dg_tensor *y)
{
    char shape[128];
    if (y->axes != 1 && y->axes != 2)
        return dg_error(DG_INVALID,
                        "y has the shape %s, expected {rows} or one-hot {rows, classes}",
                        dg_shape_text(y->axes, y->shape, shape, sizeof shape));
    if (y->shape[0] != dg_dataset_rows(set))
        return dg_error(DG_INVALID, "x has %" PRId64 " rows, y has %" PRId64 " labels",
                        dg_dataset_rows(set), y->shape[0]);
    dg_tensor flat;
    DG_TRY(dg_tensor_contiguous(&flat, y));
    bool column = y->axes == 1 || y->shape[1] == 1;
    dg_status status = column ? read_labels(set, &flat) : read_one_hot(set, &flat);
    dg_tensor_release(&flat);
    if (status == DG_OK && column) status = dg_dataset_make_y(set);
    return status;
}

static dg_status fill(dg_dataset *set, const dg_tensor *x, const dg_tensor *y, int64_t name_count,
                      const char *const *class_names)
{
    char shape[128];
    if (x->axes < 2)
        return dg_error(DG_INVALID,
                        "x has the shape %s, expected {rows, ...}, with at least two axes",
                        dg_shape_text(x->axes, x->shape, shape, sizeof shape));
    if (x->dtype == DG_INT32)
        DG_TRY(dg_tensor_astype(&set->x, x, DG_FLOAT32));
    else
        DG_TRY(dg_tensor_contiguous(&set->x, x));
    if (y) DG_TRY(fill_y(set, y));
    if (!class_names) return DG_OK;
    if (!y) return dg_error(DG_INVALID, "class_names were given, but no labels");
    if (name_count != set->class_count)
        return dg_error(DG_INVALID,
                        "%" PRId64 " class_names were given, the labels have %" PRId64
                        " classes: %s",
                        name_count, set->class_count,
                        dg_classes_text(set->classes, set->class_count, shape, sizeof shape));
    int32_t *classes = set->classes;
    set->classes = NULL; /* set_classes frees the old list */
    dg_status status = dg_dataset_set_classes(set, name_count, classes, (char *const *)class_names);
    dg_free(classes);
    return status;
}

dg_status dg_dataset_new(const dg_dataset **out, const dg_tensor *x, const dg_tensor *y,
                         int64_t name_count, const char *const *class_names)
{
    dg_dataset *set;
    *out = NULL;
    DG_TRY(dg_dataset_begin(&set));
    dg_status status = fill(set, x, y, name_count, class_names);
    if (status == DG_OK)
        *out = set;
    else
        dg_dataset_release(set);
    return status;
}
