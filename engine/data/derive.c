/* Makes datasets from others: some rows, some classes, one-hot labels, several sets joined. */
#include "engine/data/build.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"

/* --- rows --------------------------------------------------------------------------------- */

/* Some of the rows. */
struct some {
    const int64_t *rows;
    int64_t count;
};

static dg_status take_rows(dg_tensor *out, const dg_dataset *set, size_t field, const void *context)
{
    const struct some *some = context;
    return dg_tensor_take(out, dg_column(set, field), some->rows, some->count);
}

dg_status dg_dataset_take(const dg_dataset **out, const dg_dataset *set, const int64_t *rows,
                          int64_t count)
{
    int64_t size = dg_dataset_rows(set);
    dg_dataset *taken;
    *out = NULL;
    for (int64_t i = 0; i < count; i++)
        if (rows[i] < 0 || rows[i] >= size)
            return dg_error(DG_INVALID,
                            "row %" PRId64 " is out of range: the set has %" PRId64
                            " rows, counted from 1",
                            rows[i] + 1, size);
    dg_status status = dg_dataset_derive(&taken, set, take_rows, &(struct some){ rows, count });
    return dg_dataset_finish(out, taken, status);
}

static dg_status slice_rows(dg_tensor *out, const dg_dataset *set, size_t field,
                            const void *context)
{
    return dg_tensor_slice(out, dg_column(set, field), 0, 0, *(const int64_t *)context);
}

dg_status dg_dataset_head(const dg_dataset **out, const dg_dataset *set, int64_t n)
{
    int64_t rows = dg_dataset_rows(set);
    dg_dataset *head;
    *out = NULL;
    if (n < 0 || n > rows)
        return dg_error(DG_INVALID,
                        "take: n must be from 0 to %" PRId64 ", the number of rows, found "
                        "%" PRId64,
                        rows, n);
    dg_status status = dg_dataset_derive(&head, set, slice_rows, &n);
    return dg_dataset_finish(out, head, status);
}

dg_status dg_dataset_shuffle(const dg_dataset **out, const dg_dataset *set, uint64_t seed)
{
    int64_t rows = dg_dataset_rows(set);
    DG_OWNED int64_t *order = NULL;
    *out = NULL;
    DG_TRY(dg_alloc(&order, rows, sizeof *order));
    dg_random_permutation(dg_key(seed, "shuffle", 0), rows, order);
    return dg_dataset_take(out, set, order, rows);
}

dg_status dg_dataset_reshape(const dg_dataset **out, const dg_dataset *set, const dg_ints *shape)
{
    dg_dataset *fresh;
    dg_status status = dg_dataset_derive(&fresh, set, dg_column_share, NULL);
    if (status == DG_OK) status = dg_dataset_shape_rows(fresh, shape);
    return dg_dataset_finish(out, fresh, status);
}

/* --- labels ------------------------------------------------------------------------------- */

dg_status dg_dataset_one_hot(const dg_dataset **out, const dg_dataset *set)
{
    dg_dataset *encoded;
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, "one_hot"));
    dg_status status = dg_dataset_derive(&encoded, set, dg_column_share, NULL);
    if (status == DG_OK) encoded->one_hot = true;
    return dg_dataset_finish(out, encoded, status);
}

/* Fills `map`, for each class of `set` its position among the `count` labels wanted or -1. */
static void map_classes(const dg_dataset *set, const int32_t *wanted, int64_t count, int32_t *map)
{
    for (int64_t i = 0; i < set->class_count; i++)
        map[i] = (int32_t)dg_class_position(wanted, count, set->classes[i]);
}

/* wanted: `count` labels, ascending and distinct. The caller finishes `*out`, also on failure. */
static dg_status only_into(dg_dataset **out, const dg_dataset *set, const int32_t *wanted,
                           int64_t count)
{
    const int32_t *positions = dg_int32s(&set->positions);
    int64_t found = 0;
    DG_OWNED int32_t *map = NULL;
    DG_OWNED int64_t *rows = NULL;
    DG_OWNED const char **names = NULL;
    DG_TRY(dg_alloc(&map, set->class_count, sizeof *map));
    DG_TRY(dg_alloc(&rows, dg_dataset_rows(set), sizeof *rows));
    map_classes(set, wanted, count, map);
    for (int64_t row = 0; row < dg_dataset_rows(set); row++)
        if (map[positions[row]] >= 0) rows[found++] = row;
    DG_TRY(dg_dataset_derive(out, set, take_rows, &(struct some){ rows, found }));
    for (int64_t i = 0; i < found; i++) {
        int32_t *position = &dg_int32s(&(*out)->positions)[i];
        *position = map[*position];
    }
    if (set->class_names) {
        DG_TRY(dg_alloc(&names, count, sizeof *names));
        for (int64_t i = 0; i < set->class_count; i++)
            if (map[i] >= 0) names[map[i]] = set->class_names[i];
    }
    return dg_dataset_set_classes(*out, count, wanted, names);
}

dg_status dg_dataset_only(const dg_dataset **out, const dg_dataset *set, const int32_t *labels,
                          int64_t count)
{
    char text[128];
    DG_OWNED int32_t *wanted = NULL;
    dg_dataset *kept = NULL;
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, "only"));
    if (count < 1) return dg_error(DG_INVALID, "only: expected at least one label");
    for (int64_t i = 0; i < count; i++)
        if (dg_class_position(set->classes, set->class_count, labels[i]) < 0)
            return dg_error(DG_INVALID, "only: %" PRId32 " is not one of the classes %s", labels[i],
                            dg_classes_text(set->classes, set->class_count, text, sizeof text));
    DG_TRY(dg_alloc(&wanted, count, sizeof *wanted));
    memcpy(wanted, labels, (size_t)count * sizeof *labels);
    dg_status status = only_into(&kept, set, wanted, dg_sort_distinct(wanted, count));
    return dg_dataset_finish(out, kept, status);
}

/* --- several sets ------------------------------------------------------------------------- */

/* All sets must have this column, or none. */
static dg_status check_optional(int count, const dg_dataset *const *sets, size_t field,
                                const char *name)
{
    bool first = dg_column(sets[0], field)->storage != NULL;
    for (int i = 1; i < count; i++)
        if ((dg_column(sets[i], field)->storage != NULL) != first)
            return dg_error(DG_INVALID,
                            "concat: set %d has %s, set %d has none: give it some by set:with "
                            "{ %s = ... }, or drop them by set:with { %s = false }",
                            first ? 1 : i + 1, name, first ? i + 1 : 1, name, name);
    return DG_OK;
}

static dg_status check_alike(int count, const dg_dataset *const *sets)
{
    const dg_dataset *first = sets[0];
    char a[128], b[128];
    for (int i = 1; i < count; i++) {
        const dg_dataset *set = sets[i];
        bool same = set->x.axes == first->x.axes;
        for (int axis = 1; same && axis < first->x.axes; axis++)
            same = set->x.shape[axis] == first->x.shape[axis];
        if (!same)
            return dg_error(DG_INVALID, "concat: set 1 has rows of the shape %s, set %d of %s",
                            dg_shape_text(first->x.axes - 1, first->x.shape + 1, a, sizeof a),
                            i + 1, dg_shape_text(set->x.axes - 1, set->x.shape + 1, b, sizeof b));
        if (set->x.dtype != first->x.dtype)
            return dg_error(DG_INVALID,
                            "concat: set 1 is %s, set %d is %s: convert one (x / 255 makes float32 "
                            "of uint8)",
                            dg_dtype_name(first->x.dtype), i + 1, dg_dtype_name(set->x.dtype));
        if (set->target != first->target) {
            bool swap = first->target < set->target; /* numbers before labels before none */
            const dg_dataset *more = swap ? set : first, *less = swap ? first : set;
            return dg_error(DG_INVALID, "concat: set %d has %s, set %d has %s", swap ? i + 1 : 1,
                            dg_target_name(more->target), swap ? 1 : i + 1,
                            dg_target_name(less->target));
        }
    }
    DG_TRY(check_optional(count, sets, offsetof(dg_dataset, weights), "weights"));
    return check_optional(count, sets, offsetof(dg_dataset, groups), "groups");
}

struct several {
    int count;
    const dg_dataset *const *sets;
};

static dg_status join(dg_tensor *out, const dg_dataset *set, size_t field, const void *context)
{
    const struct several *all = context;
    DG_OWNED const dg_tensor **tensors = NULL;
    (void)set;
    DG_TRY(dg_alloc(&tensors, all->count, sizeof *tensors));
    for (int i = 0; i < all->count; i++) tensors[i] = dg_column(all->sets[i], field);
    return dg_tensor_concat(out, all->count, tensors, 0);
}

/* Finds the names of the united classes, which stay owned by the sets; `*complete`: each class has
 * one. Two names for a class are refused. */
static dg_status unite_names(int count, const dg_dataset *const *sets, const int32_t *classes,
                             int64_t class_count, const char **names, bool *complete)
{
    *complete = true;
    for (int i = 0; i < count; i++)
        for (int64_t j = 0; sets[i]->class_names && j < sets[i]->class_count; j++) {
            const char **name =
                &names[dg_class_position(classes, class_count, sets[i]->classes[j])];
            if (*name && strcmp(*name, sets[i]->class_names[j]) != 0)
                return dg_error(DG_INVALID,
                                "concat: class %" PRId32
                                " is named '%s' in one set and '%s' in another",
                                sets[i]->classes[j], *name, sets[i]->class_names[j]);
            *name = sets[i]->class_names[j];
        }
    for (int64_t i = 0; i < class_count; i++)
        if (!names[i]) *complete = false;
    return DG_OK;
}

static dg_status unite_classes(dg_dataset *both, int count, const dg_dataset *const *sets)
{
    int64_t total = 0;
    DG_OWNED int32_t *classes = NULL;
    DG_OWNED const char **names = NULL;
    bool complete = false;
    for (int i = 0; i < count; i++) total += sets[i]->class_count;
    DG_TRY(dg_alloc(&classes, total, sizeof *classes));
    total = 0;
    for (int i = 0; i < count; i++)
        for (int64_t j = 0; j < sets[i]->class_count; j++) classes[total++] = sets[i]->classes[j];
    int64_t distinct = dg_sort_distinct(classes, total);
    DG_TRY(dg_alloc_zero(&names, distinct, sizeof *names));
    DG_TRY(unite_names(count, sets, classes, distinct, names, &complete));
    return dg_dataset_set_classes(both, distinct, classes, complete ? names : NULL);
}

/* Takes the names of the first set that has some; all others must agree. */
static dg_status unite_feature_names(dg_dataset *both, int count, const dg_dataset *const *sets)
{
    for (int i = 0; i < count; i++) {
        if (!both->feature_names) both->feature_names = dg_shared_retain(sets[i]->feature_names);
        for (int64_t j = 0; sets[i]->feature_names && j < dg_dataset_row_size(both); j++)
            if (strcmp(both->feature_names[j], sets[i]->feature_names[j]) != 0)
                return dg_error(DG_INVALID,
                                "concat: feature %" PRId64
                                " is named '%s' in one set and '%s' in another",
                                j + 1, both->feature_names[j], sets[i]->feature_names[j]);
    }
    return DG_OK;
}

/* Names and classes of the joined rows. */
static dg_status unite(dg_dataset *both, int count, const dg_dataset *const *sets)
{
    DG_TRY(unite_feature_names(both, count, sets));
    for (int i = 0; i < count; i++) both->one_hot &= sets[i]->one_hot;
    if (both->target != DG_TARGET_LABELS) return DG_OK;
    DG_TRY(unite_classes(both, count, sets));
    return dg_dataset_find_positions(both);
}

dg_status dg_dataset_concat(const dg_dataset **out, int count, const dg_dataset *const *sets)
{
    dg_dataset *both;
    *out = NULL;
    if (count < 1) return dg_error(DG_INVALID, "concat: expected at least one set");
    DG_TRY(check_alike(count, sets));
    dg_status status = dg_dataset_derive(&both, sets[0], join, &(struct several){ count, sets });
    if (status == DG_OK) status = unite(both, count, sets);
    return dg_dataset_finish(out, both, status);
}
