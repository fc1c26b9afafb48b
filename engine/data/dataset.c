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
    dg_tensor_release(&set->weights);
    free_classes(set);
    dg_free(set);
}

dg_status dg_dataset_begin(dg_dataset **out)
{
    DG_TRY(dg_alloc_zero(out, 1, sizeof **out));
    (*out)->references = 1;
    return DG_OK;
}

dg_status dg_dataset_finish(const dg_dataset **out, dg_dataset *set, dg_status status)
{
    if (status != DG_OK) {
        dg_dataset_release(set);
        return status;
    }
    dg_tensor_freeze(&set->x);
    dg_tensor_freeze(&set->y);
    dg_tensor_freeze(&set->labels);
    dg_tensor_freeze(&set->positions);
    dg_tensor_freeze(&set->weights);
    *out = set;
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
    if (!set->numeric)
        dg_error(DG_INVALID, "the set has no labels");
    else if (row < set->y.shape[0])
        dg_error(DG_INVALID,
                 "the set has numbers, not labels: its y is float32, and row %" PRId64
                 " has %.9g, which cannot be a label",
                 row + 1, (double)dg_floats(&set->y)[row]);
    else
        dg_error(DG_INVALID, "the set has numbers, not labels: its y is float32; labels are "
                             "integers, as y:astype \"int32\" makes them (or say target = "
                             "\"labels\")");
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

/* Whether all of a float32 y can be what it is to be. */
static dg_status check_values(const dg_tensor *y, bool numeric)
{
    for (int64_t row = 0; row < y->shape[0]; row++) {
        double value = element(y, row);
        if (!isfinite(value))
            return dg_error(DG_INVALID, "%s %" PRId64 " is %g, expected a finite number",
                            numeric ? "number" : "label", row + 1, value);
        if (!numeric && !is_label(value))
            return dg_error(DG_INVALID,
                            "label %" PRId64 " is %.9g, expected a whole number of 32 bits",
                            row + 1, value);
    }
    return DG_OK;
}

static dg_status read_numbers(dg_dataset *set, const dg_tensor *y)
{
    int64_t rows = y->shape[0];
    set->numeric = true;
    if (y->dtype == DG_FLOAT32) return dg_tensor_reshape(&set->y, y, 1, &rows);
    DG_TRY(dg_tensor_new(&set->y, DG_FLOAT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++) dg_floats(&set->y)[row] = (float)element(y, row);
    return DG_OK;
}

/* y: {n} or {n, 1}, contiguous. */
static dg_status read_column(dg_dataset *set, const dg_tensor *y, dg_target target)
{
    int64_t rows = y->shape[0];
    bool floats = y->dtype == DG_FLOAT32;
    bool numeric = target == DG_TARGET_NUMBERS || (target == DG_TARGET_BY_TYPE && floats);
    if (floats) DG_TRY(check_values(y, numeric));
    if (numeric) return read_numbers(set, y);
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

static dg_status fill_x(dg_dataset *set, const dg_tensor *x)
{
    char shape[128];
    if (x->axes < 2)
        return dg_error(DG_INVALID,
                        "x has the shape %s, expected {rows, ...}, with at least two axes",
                        dg_shape_text(x->axes, x->shape, shape, sizeof shape));
    if (x->dtype == DG_INT32) return dg_tensor_astype(&set->x, x, DG_FLOAT32);
    return dg_tensor_contiguous(&set->x, x);
}

static dg_status fill_y(dg_dataset *set, const dg_tensor *y, dg_target target)
{
    char shape[128];
    if (y->axes != 1 && y->axes != 2)
        return dg_error(DG_INVALID,
                        "y has the shape %s, expected {rows} or one-hot {rows, classes}",
                        dg_shape_text(y->axes, y->shape, shape, sizeof shape));
    if (y->shape[0] != dg_dataset_rows(set))
        return dg_error(DG_INVALID, "x has %" PRId64 " rows, y has %" PRId64 " labels",
                        dg_dataset_rows(set), y->shape[0]);
    bool column = y->axes == 1 || y->shape[1] == 1;
    if (!column && target == DG_TARGET_NUMBERS)
        return dg_error(DG_INVALID,
                        "y has the shape %s, expected one number per row: {rows} (target is "
                        "\"numbers\")",
                        dg_shape_text(y->axes, y->shape, shape, sizeof shape));
    dg_tensor flat;
    DG_TRY(dg_tensor_contiguous(&flat, y));
    dg_status status = column ? read_column(set, &flat, target) : read_one_hot(set, &flat);
    dg_tensor_release(&flat);
    if (status == DG_OK && column) status = dg_dataset_make_y(set);
    return status;
}

static dg_status fill_names(dg_dataset *set, const dg_dataset_parts *parts)
{
    char text[128];
    if (!parts->class_names) return DG_OK;
    if (!set->labelled)
        return dg_error(DG_INVALID, "class_names were given, but %s",
                        set->numeric ? "y has numbers, not labels" : "no labels");
    if (parts->name_count != set->class_count)
        return dg_error(DG_INVALID,
                        "%" PRId64 " class_names were given, the labels have %" PRId64
                        " classes: %s",
                        parts->name_count, set->class_count,
                        dg_classes_text(set->classes, set->class_count, text, sizeof text));
    int32_t *classes = set->classes;
    set->classes = NULL; /* set_classes frees the old list */
    dg_status status =
        dg_dataset_set_classes(set, parts->name_count, classes, (char *const *)parts->class_names);
    dg_free(classes);
    return status;
}

dg_status dg_check_weights(const dg_tensor *weights, const char *who)
{
    int64_t rows = weights->shape[0];
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        double weight = dg_floats(weights)[i];
        if (!(weight >= 0) || isinf(weight))
            return dg_error(DG_INVALID,
                            "%s: row %" PRId64 " has the weight %g, expected a finite number of at "
                            "least 0",
                            who, i + 1, weight);
        sum += weight;
    }
    if (sum > 0 || rows == 0) return DG_OK;
    return dg_error(DG_INVALID, "%s: all rows have the weight 0", who);
}

static dg_status fill_weights(dg_dataset *set, const dg_tensor *weights)
{
    char shape[128];
    if (!weights) return DG_OK;
    if (weights->axes != 1 || weights->shape[0] != dg_dataset_rows(set))
        return dg_error(DG_INVALID,
                        "weights has the shape %s, expected {%" PRId64 "}, a weight for each row",
                        dg_shape_text(weights->axes, weights->shape, shape, sizeof shape),
                        dg_dataset_rows(set));
    DG_TRY(weights->dtype == DG_FLOAT32 ? dg_tensor_contiguous(&set->weights, weights)
                                        : dg_tensor_astype(&set->weights, weights, DG_FLOAT32));
    return dg_check_weights(&set->weights, "weights");
}

static dg_status fill(dg_dataset *set, const dg_dataset_parts *parts)
{
    if (!parts->x) return dg_error(DG_INVALID, "x is required (a tensor)");
    DG_TRY(fill_x(set, parts->x));
    if (parts->y) DG_TRY(fill_y(set, parts->y, parts->target));
    DG_TRY(fill_weights(set, parts->weights));
    return fill_names(set, parts);
}

dg_status dg_dataset_make(const dg_dataset **out, const dg_dataset_parts *parts)
{
    dg_dataset *set;
    *out = NULL;
    DG_TRY(dg_dataset_begin(&set));
    return dg_dataset_finish(out, set, fill(set, parts));
}

dg_status dg_dataset_new(const dg_dataset **out, const dg_tensor *x, const dg_tensor *y,
                         int64_t name_count, const char *const *class_names)
{
    return dg_dataset_make(
        out, &(dg_dataset_parts){
                 .x = x, .y = y, .name_count = name_count, .class_names = class_names });
}

bool dg_dataset_doubts_labels(const dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    return set->labelled && !set->one_hot && rows > 40 && 4 * set->class_count > rows;
}

/* --- with other parts ----------------------------------------------------------------------- */

/* The targets of `set`, for as many rows. */
static dg_status keep_y(dg_dataset *fresh, const dg_dataset *set)
{
    if ((set->labelled || set->numeric) && dg_dataset_rows(fresh) != dg_dataset_rows(set))
        return dg_error(DG_INVALID, "x has %" PRId64 " rows, y has %" PRId64 " labels",
                        dg_dataset_rows(fresh), dg_dataset_rows(set));
    fresh->labelled = set->labelled;
    fresh->numeric = set->numeric;
    fresh->one_hot = set->one_hot;
    fresh->y = dg_tensor_retain(&set->y);
    fresh->labels = dg_tensor_retain(&set->labels);
    fresh->positions = dg_tensor_retain(&set->positions);
    return dg_dataset_set_classes(fresh, set->class_count, set->classes, NULL);
}

static dg_status keep_weights(dg_dataset *fresh, const dg_dataset *set)
{
    if (!set->weights.storage) return DG_OK;
    if (dg_dataset_rows(fresh) != dg_dataset_rows(set))
        return dg_error(DG_INVALID,
                        "x has %" PRId64 " rows, the set has %" PRId64 " weights: give weights = a "
                        "tensor too, or weights = false for none",
                        dg_dataset_rows(fresh), dg_dataset_rows(set));
    fresh->weights = dg_tensor_retain(&set->weights);
    return DG_OK;
}

/* The first class of `fresh` that is none of `set`, or -1. */
static int64_t find_new_class(const dg_dataset *fresh, const dg_dataset *set)
{
    for (int64_t i = 0; i < fresh->class_count; i++)
        if (dg_class_position(set->classes, set->class_count, fresh->classes[i]) < 0) return i;
    return -1;
}

/* Replaces the classes of `fresh` by those of `set`, which are all of them and more. */
static dg_status adopt_classes(dg_dataset *fresh, const dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(fresh);
    dg_tensor_release(&fresh->positions);
    DG_TRY(dg_tensor_new(&fresh->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++)
        dg_int32s(&fresh->positions)[row] = (int32_t)dg_class_position(
            set->classes, set->class_count, dg_int32s(&fresh->labels)[row]);
    DG_TRY(dg_dataset_set_classes(fresh, set->class_count, set->classes, NULL));
    return dg_dataset_make_y(fresh);
}

/* One-hot labels with as many columns as the set has classes: the columns are these classes. */
static dg_status name_columns(dg_dataset *fresh, const dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(fresh);
    if (!fresh->one_hot || fresh->class_count != set->class_count) return DG_OK;
    dg_tensor_release(&fresh->labels);
    DG_TRY(dg_tensor_new(&fresh->labels, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++)
        dg_int32s(&fresh->labels)[row] = set->classes[dg_int32s(&fresh->positions)[row]];
    return dg_dataset_set_classes(fresh, set->class_count, set->classes, NULL);
}

/* Names that were not replaced stay as long as each label has one. */
static dg_status keep_names(dg_dataset *fresh, const dg_dataset *set)
{
    if (fresh->numeric)
        return dg_error(DG_INVALID, "y has numbers now, which have no names: say class_names = "
                                    "false");
    int64_t missing = find_new_class(fresh, set);
    if (missing >= 0)
        return dg_error(DG_INVALID,
                        "the label %" PRId32 " has no name: give class_names = { ... }, or "
                        "class_names = false for none",
                        fresh->classes[missing]);
    DG_TRY(adopt_classes(fresh, set));
    return dg_dataset_set_classes(fresh, set->class_count, set->classes, set->class_names);
}

static dg_status with(dg_dataset *fresh, const dg_dataset *set, const dg_dataset_parts *parts)
{
    bool same_y = !parts->y && parts->target == DG_TARGET_BY_TYPE;
    const dg_tensor *y = parts->y ? parts->y : set->labelled ? &set->labels : &set->y;
    DG_TRY(fill_x(fresh, parts->x ? parts->x : &set->x));
    if (!y->storage && !same_y) return dg_error(DG_INVALID, "target was given, but no y");
    DG_TRY(same_y ? keep_y(fresh, set) : fill_y(fresh, y, parts->target));
    DG_TRY(parts->weights || parts->no_weights ? fill_weights(fresh, parts->weights)
                                               : keep_weights(fresh, set));
    if (!same_y) DG_TRY(name_columns(fresh, set));
    if (set->class_names && !parts->class_names && !parts->no_names) return keep_names(fresh, set);
    bool all_named = parts->class_names && parts->name_count != fresh->class_count &&
                     parts->name_count == set->class_count;
    if (all_named && fresh->labelled && find_new_class(fresh, set) < 0)
        DG_TRY(adopt_classes(fresh, set));
    return fill_names(fresh, parts);
}

dg_status dg_dataset_with(const dg_dataset **out, const dg_dataset *set,
                          const dg_dataset_parts *parts)
{
    dg_dataset *fresh;
    *out = NULL;
    DG_TRY(dg_dataset_begin(&fresh));
    return dg_dataset_finish(out, fresh, with(fresh, set, parts));
}
