/* Makes datasets from tensors: reads labels, finds classes, checks the rest. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/data/build.h"

/* --- rows and targets ------------------------------------------------------------------------ */

static dg_status as_type(dg_tensor *out, const dg_tensor *from, dg_dtype dtype)
{
    return from->dtype == dtype ? dg_tensor_contiguous(out, from)
                                : dg_tensor_astype(out, from, dtype);
}

/* The classes are the distinct labels. */
static dg_status find_classes(dg_dataset *set)
{
    int64_t count;
    DG_OWNED int32_t *classes = NULL;
    DG_TRY(dg_distinct(&classes, &count, &set->labels));
    DG_TRY(dg_dataset_set_classes(set, count, classes, NULL));
    return dg_dataset_find_positions(set);
}

/* Whether all values of a float32 y fit the target. */
static dg_status check_values(const dg_tensor *y, dg_target target)
{
    for (int64_t row = 0; row < y->shape[0]; row++) {
        double value = (double)dg_floats(y)[row];
        if (!isfinite(value))
            return dg_error(DG_INVALID, "%s %" PRId64 " is %g, expected a finite number",
                            target == DG_TARGET_NUMBERS ? "number" : "label", row + 1, value);
        if (target == DG_TARGET_LABELS && !dg_is_label(value))
            return dg_error(DG_INVALID, "label %" PRId64 " is %.9g, expected a 32-bit integer",
                            row + 1, value);
    }
    return DG_OK;
}

/* y: {n} or {n, 1}, contiguous. */
static dg_status read_column(dg_dataset *set, const dg_tensor *y, dg_target target)
{
    int64_t rows = y->shape[0];
    bool floats = y->dtype == DG_FLOAT32;
    if (target == DG_TARGET_NONE) target = floats ? DG_TARGET_NUMBERS : DG_TARGET_LABELS;
    bool numbers = target == DG_TARGET_NUMBERS;
    DG_OWNED_TENSOR column = { 0 };
    if (floats) DG_TRY(check_values(y, target));
    DG_TRY(as_type(&column, y, numbers ? DG_FLOAT32 : DG_INT32));
    DG_TRY(dg_tensor_reshape(numbers ? &set->y : &set->labels, &column, 1, &rows));
    set->target = target;
    return numbers ? DG_OK : find_classes(set);
}

/* y: {n, k}, contiguous float32, each row exactly one 1 and else 0. */
static dg_status read_one_hot(dg_dataset *set, const dg_tensor *y)
{
    int64_t rows = y->shape[0], count = y->shape[1];
    if (count > INT32_MAX)
        return dg_error(DG_INVALID, "one-hot labels with %" PRId64 " classes are too large", count);
    DG_OWNED int32_t *classes = NULL;
    DG_TRY(dg_alloc(&classes, count, sizeof *classes));
    for (int64_t i = 0; i < count; i++) classes[i] = (int32_t)i;
    DG_TRY(dg_dataset_set_classes(set, count, classes, NULL));
    DG_TRY(dg_tensor_new(&set->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++) {
        int64_t ones = 0, at = 0;
        for (int64_t i = 0; i < count; i++) {
            double value = (double)dg_floats(y)[row * count + i];
            if (value != 0 && value != 1)
                return dg_error(DG_INVALID,
                                "row %" PRId64 " of the one-hot labels has the value %g, expected "
                                "0s and one 1 (labels may also be whole numbers: {%" PRId64 "})",
                                row + 1, value, rows);
            if (value == 1) ones++, at = i;
        }
        if (ones != 1)
            return dg_error(DG_INVALID,
                            "row %" PRId64 " of the one-hot labels has %" PRId64
                            " ones, expected one",
                            row + 1, ones);
        dg_int32s(&set->positions)[row] = (int32_t)at;
    }
    set->labels = dg_tensor_retain(&set->positions);
    set->target = DG_TARGET_LABELS;
    set->one_hot = true;
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
    return as_type(&set->x, x, x->dtype == DG_UINT8 ? DG_UINT8 : DG_FLOAT32);
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
    DG_OWNED_TENSOR flat = { 0 };
    DG_TRY(as_type(&flat, y, column ? y->dtype : DG_FLOAT32));
    return column ? read_column(set, &flat, target) : read_one_hot(set, &flat);
}

/* --- what else belongs to rows ---------------------------------------------------------------- */

static dg_status fill_class_names(dg_dataset *set, const dg_dataset_fields *fields)
{
    char text[128];
    if (!fields->class_names) return DG_OK;
    if (set->target != DG_TARGET_LABELS)
        return dg_error(DG_INVALID, "class_names were given, but %s",
                        set->target == DG_TARGET_NUMBERS ? "y has numbers, not labels"
                                                         : "no labels");
    if (fields->name_count != set->class_count)
        return dg_error(DG_INVALID,
                        "%" PRId64 " class_names were given, the labels have %" PRId64
                        " classes: %s",
                        fields->name_count, set->class_count,
                        dg_classes_text(set->classes, set->class_count, text, sizeof text));
    return dg_shared_texts(&set->class_names, fields->name_count, fields->class_names);
}

static dg_status fill_feature_names(dg_dataset *set, const dg_dataset_fields *fields)
{
    int64_t size = dg_dataset_row_size(set);
    if (!fields->feature_names) return DG_OK;
    if (fields->feature_count != size)
        return dg_error(DG_INVALID,
                        "%" PRId64 " feature_names were given, a row has %" PRId64 " values",
                        fields->feature_count, size);
    return dg_shared_texts(&set->feature_names, fields->feature_count, fields->feature_names);
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

/* A tensor must have an entry for each row. */
static dg_status check_column(const dg_dataset *set, const dg_tensor *column, const char *name,
                              const char *entry)
{
    char shape[128];
    int64_t rows = dg_dataset_rows(set);
    if (column->axes == 1 && column->shape[0] == rows) return DG_OK;
    return dg_error(DG_INVALID, "%s has the shape %s, expected {%" PRId64 "}, one %s per row", name,
                    dg_shape_text(column->axes, column->shape, shape, sizeof shape), rows, entry);
}

static dg_status fill_weights(dg_dataset *set, const dg_tensor *weights)
{
    if (!weights) return DG_OK;
    DG_TRY(check_column(set, weights, "weights", "weight"));
    DG_TRY(as_type(&set->weights, weights, DG_FLOAT32));
    return dg_check_weights(&set->weights, "weights");
}

static dg_status fill_groups(dg_dataset *set, const dg_tensor *groups)
{
    if (!groups) return DG_OK;
    DG_TRY(check_column(set, groups, "groups", "group"));
    if (groups->dtype == DG_FLOAT32)
        return dg_error(DG_INVALID, "groups is float32, expected integers, as groups:astype "
                                    "\"int32\" makes them");
    return as_type(&set->groups, groups, DG_INT32);
}

/* All fields but x and y. */
static dg_status fill_rest(dg_dataset *set, const dg_dataset_fields *fields)
{
    if (fields->shape.count) DG_TRY(dg_dataset_shape_rows(set, &fields->shape));
    DG_TRY(fill_weights(set, fields->weights));
    DG_TRY(fill_groups(set, fields->groups));
    DG_TRY(fill_class_names(set, fields));
    return fill_feature_names(set, fields);
}

static dg_status fill(dg_dataset *set, const dg_dataset_fields *fields)
{
    if (!fields->x) return dg_error(DG_INVALID, "x is required (a tensor)");
    DG_TRY(fill_x(set, fields->x));
    if (fields->y) DG_TRY(fill_y(set, fields->y, fields->target));
    return fill_rest(set, fields);
}

dg_status dg_dataset_make(const dg_dataset **out, const dg_dataset_fields *fields)
{
    dg_dataset *set;
    *out = NULL;
    DG_TRY(dg_dataset_begin(&set));
    return dg_dataset_finish(out, set, fill(set, fields));
}

dg_status dg_dataset_new(const dg_dataset **out, const dg_tensor *x, const dg_tensor *y,
                         int64_t name_count, const char *const *class_names)
{
    return dg_dataset_make(
        out, &(dg_dataset_fields){
                 .x = x, .y = y, .name_count = name_count, .class_names = class_names });
}

/* --- with other fields ------------------------------------------------------------------------ */

/* Parts that are kept must have an entry for each row, or for each value of a row. */
static dg_status check_kept(const dg_dataset *fresh, const dg_dataset *set, bool same_y)
{
    int64_t rows = dg_dataset_rows(fresh), size = dg_dataset_row_size(fresh);
    bool groups = fresh->groups.storage && fresh->groups.shape[0] != rows;
    if (same_y && set->target != DG_TARGET_NONE && rows != dg_dataset_rows(set))
        return dg_error(DG_INVALID, "x has %" PRId64 " rows, y has %" PRId64 " labels", rows,
                        dg_dataset_rows(set));
    if (groups || (fresh->weights.storage && fresh->weights.shape[0] != rows)) {
        const char *name = groups ? "groups" : "weights";
        return dg_error(DG_INVALID,
                        "x has %" PRId64 " rows, the set has %" PRId64 " %s: give %s = a tensor "
                        "too, or %s = false for none",
                        rows, dg_dataset_rows(set), name, name, name);
    }
    if (!fresh->feature_names || size == dg_dataset_row_size(set)) return DG_OK;
    return dg_error(DG_INVALID,
                    "a row of x has %" PRId64 " values, the set has %" PRId64 " feature names: "
                    "give feature_names = { ... } too, or feature_names = false for none",
                    size, dg_dataset_row_size(set));
}

/* The first class of `fresh` that `set` does not have, or -1. */
static int64_t find_new_class(const dg_dataset *fresh, const dg_dataset *set)
{
    for (int64_t i = 0; i < fresh->class_count; i++)
        if (dg_class_position(set->classes, set->class_count, fresh->classes[i]) < 0) return i;
    return -1;
}

/* Replaces the classes of `fresh` by those of `set`, which include them. */
static dg_status adopt_classes(dg_dataset *fresh, const dg_dataset *set)
{
    dg_shared_release(fresh->classes);
    fresh->classes = dg_shared_retain(set->classes);
    fresh->class_count = set->class_count;
    dg_tensor_release(&fresh->y);
    return dg_dataset_find_positions(fresh);
}

/* If one-hot labels have as many columns as the set has classes, the columns are these classes. */
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

/* Names that were not replaced stay if each label has one. */
static dg_status keep_names(dg_dataset *fresh, const dg_dataset *set)
{
    if (fresh->target == DG_TARGET_NUMBERS)
        return dg_error(DG_INVALID, "y has numbers now, which have no names: give class_names = "
                                    "false");
    int64_t missing = find_new_class(fresh, set);
    if (missing >= 0)
        return dg_error(DG_INVALID,
                        "the label %" PRId32 " has no name: give class_names = { ... }, or "
                        "class_names = false for none",
                        fresh->classes[missing]);
    fresh->class_names = dg_shared_retain(set->class_names);
    return adopt_classes(fresh, set);
}

static void forget_names(char ***names)
{
    dg_shared_release(*names);
    *names = NULL;
}

/* Replaces y, or reads the old one anew. */
static dg_status replace_y(dg_dataset *fresh, const dg_dataset *set,
                           const dg_dataset_fields *fields)
{
    const dg_tensor *y = fields->y                         ? fields->y
                         : set->target == DG_TARGET_LABELS ? &set->labels
                                                           : &set->y;
    if (!y->storage) return dg_error(DG_INVALID, "target was given, but no y");
    dg_tensor_release(&fresh->y);
    dg_tensor_release(&fresh->labels);
    dg_tensor_release(&fresh->positions);
    dg_shared_release(fresh->classes);
    fresh->classes = NULL;
    fresh->class_count = 0;
    fresh->target = DG_TARGET_NONE;
    fresh->one_hot = false;
    forget_names(&fresh->class_names);
    DG_TRY(fill_y(fresh, y, fields->target));
    DG_TRY(name_columns(fresh, set));
    if (set->class_names && !fields->class_names && !fields->no_names)
        return keep_names(fresh, set);
    return DG_OK;
}

static dg_status with(dg_dataset *fresh, const dg_dataset *set, const dg_dataset_fields *fields)
{
    bool same_y = !fields->y && fields->target == DG_TARGET_NONE;
    if (fields->x) {
        dg_tensor_release(&fresh->x);
        DG_TRY(fill_x(fresh, fields->x));
    }
    if (fields->weights || fields->no_weights) dg_tensor_release(&fresh->weights);
    if (fields->groups || fields->no_groups) dg_tensor_release(&fresh->groups);
    if (fields->no_names) forget_names(&fresh->class_names);
    if (fields->feature_names || fields->no_features) forget_names(&fresh->feature_names);
    DG_TRY(check_kept(fresh, set, same_y));
    if (!same_y) DG_TRY(replace_y(fresh, set, fields));
    bool all_named = fields->class_names && fields->name_count != fresh->class_count &&
                     fields->name_count == set->class_count;
    if (all_named && fresh->target == DG_TARGET_LABELS && find_new_class(fresh, set) < 0)
        DG_TRY(adopt_classes(fresh, set));
    return fill_rest(fresh, fields);
}

dg_status dg_dataset_with(const dg_dataset **out, const dg_dataset *set,
                          const dg_dataset_fields *fields)
{
    dg_dataset *fresh;
    dg_status status = dg_dataset_derive(&fresh, set, dg_column_share, NULL);
    if (status == DG_OK) status = with(fresh, set, fields);
    return dg_dataset_finish(out, fresh, status);
}
