/* The life of a dataset: lists that sets share, how one set is made from another, and classes. */
#include "engine/data/build.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/memory.h"

/* The tensors with an entry for each row; y only if it has numbers, since a y of labels is made
 * from these. */
static const size_t columns[] = {
    offsetof(dg_dataset, x),         offsetof(dg_dataset, y),       offsetof(dg_dataset, labels),
    offsetof(dg_dataset, positions), offsetof(dg_dataset, weights), offsetof(dg_dataset, groups),
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* The lists that do not depend on rows. */
static const size_t shared[] = {
    offsetof(dg_dataset, classes),
    offsetof(dg_dataset, class_names),
    offsetof(dg_dataset, feature_names),
};
enum { SHARED = sizeof shared / sizeof *shared };

static void **list_at(const dg_dataset *set, size_t field)
{
    return (void **)((char *)set + field);
}

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

float dg_dataset_number(const dg_dataset *set, int64_t row)
{
    return set->target == DG_TARGET_NUMBERS ? dg_floats(&set->y)[row]
                                            : (float)dg_int32s(&set->labels)[row];
}

const dg_tensor *dg_dataset_truth(const dg_dataset *set)
{
    return set->target == DG_TARGET_NUMBERS ? &set->y : &set->labels;
}

/* --- lists that sets share ------------------------------------------------------------------ */

struct counted {
    _Alignas(16) int references;
};

dg_status dg_shared_new(void *out, int64_t count, size_t size)
{
    struct counted *memory;
    *(void **)out = NULL;
    DG_TRY(dg_alloc(&memory, count + (int64_t)(sizeof *memory / size) + 1, size));
    memory->references = 1;
    *(void **)out = memory + 1;
    return DG_OK;
}

void *dg_shared_retain(const void *list)
{
    if (list) __atomic_fetch_add(&((struct counted *)list)[-1].references, 1, __ATOMIC_RELAXED);
    return (void *)list;
}

void dg_shared_release(const void *list)
{
    struct counted *memory = list ? (struct counted *)list - 1 : NULL;
    if (memory && __atomic_sub_fetch(&memory->references, 1, __ATOMIC_ACQ_REL) == 0)
        dg_free(memory);
}

dg_status dg_shared_texts(char ***list, int64_t count, const char *const *texts)
{
    char **fresh;
    size_t size = (size_t)count * sizeof *fresh;
    for (int64_t i = 0; i < count; i++) size += strlen(texts[i]) + 1;
    DG_TRY(dg_shared_new(&fresh, (int64_t)size, 1));
    char *to = (char *)(fresh + count);
    for (int64_t i = 0; i < count; i++) {
        fresh[i] = to;
        to = stpcpy(to, texts[i]) + 1;
    }
    dg_shared_release(*list);
    *list = fresh;
    return DG_OK;
}

/* --- targets -------------------------------------------------------------------------------- */

const char *const dg_target_words[] = { "labels", "numbers", NULL };

const char *dg_target_name(dg_target target)
{
    return target == DG_TARGET_NONE ? "none" : dg_target_words[target - 1];
}

dg_status dg_target_error(const char *who, const char *what, dg_target found, const char *fix)
{
    return dg_error(DG_INVALID, "%s: %s is not defined for %s targets: %s", who, what,
                    found == DG_TARGET_NUMBERS ? "numeric" : "class", fix);
}

/* --- life ----------------------------------------------------------------------------------- */

const dg_dataset *dg_dataset_retain(const dg_dataset *set)
{
    __atomic_fetch_add(&((dg_dataset *)set)->references, 1, __ATOMIC_RELAXED);
    return set;
}

void dg_dataset_release(const dg_dataset *const_set)
{
    dg_dataset *set = (dg_dataset *)const_set;
    if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL) > 0) return;
    for (int i = 0; i < COLUMNS; i++) dg_tensor_release(dg_column(set, columns[i]));
    for (int i = 0; i < SHARED; i++) dg_shared_release(*list_at(set, shared[i]));
    dg_free(set);
}

void dg_dataset_release_owned(const dg_dataset **place)
{
    dg_dataset_release(*place);
}

dg_status dg_dataset_begin(dg_dataset **out)
{
    DG_TRY(dg_alloc_zero(out, 1, sizeof **out));
    (*out)->references = 1;
    return DG_OK;
}

dg_status dg_column_share(dg_tensor *out, const dg_dataset *set, size_t field, const void *context)
{
    (void)context;
    *out = dg_tensor_retain(dg_column(set, field));
    return DG_OK;
}

dg_status dg_dataset_derive(dg_dataset **out, const dg_dataset *set, dg_column_maker *make,
                            const void *context)
{
    dg_dataset *fresh;
    DG_TRY(dg_dataset_begin(out));
    fresh = *out;
    *fresh = *set;
    fresh->references = 1;
    fresh->print = 0;
    for (int i = 0; i < COLUMNS; i++) *dg_column(fresh, columns[i]) = (dg_tensor){ 0 };
    for (int i = 0; i < SHARED; i++) dg_shared_retain(*list_at(set, shared[i]));
    dg_status status = DG_OK;
    for (int i = 0; i < COLUMNS && status == DG_OK; i++) {
        bool made_later = columns[i] == offsetof(dg_dataset, y) && set->target != DG_TARGET_NUMBERS;
        if (dg_column(set, columns[i])->storage && !made_later)
            status = make(dg_column(fresh, columns[i]), set, columns[i], context);
    }
    if (status == DG_OK) return DG_OK;
    dg_dataset_release(fresh);
    *out = NULL;
    return status;
}

/* Makes y of labels and positions, one-hot if the set is. */
static dg_status make_y(dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    if (set->target != DG_TARGET_LABELS || set->y.storage) return DG_OK;
    if (!set->one_hot) {
        set->y = dg_tensor_retain(&set->labels);
        return DG_OK;
    }
    DG_TRY(dg_tensor_zeros(&set->y, DG_FLOAT32, 2, (int64_t[]){ rows, set->class_count }));
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t row = 0; row < rows; row++)
        dg_floats(&set->y)[row * set->class_count + positions[row]] = 1;
    return DG_OK;
}

dg_status dg_dataset_finish(const dg_dataset **out, dg_dataset *set, dg_status status)
{
    *out = NULL;
    if (status == DG_OK) status = make_y(set);
    if (status != DG_OK) {
        dg_dataset_release(set);
        return status;
    }
    for (int i = 0; i < COLUMNS; i++) dg_tensor_freeze(dg_column(set, columns[i]));
    *out = set;
    return DG_OK;
}

dg_status dg_dataset_shape_rows(dg_dataset *set, const dg_ints *shape)
{
    int64_t whole[DG_MAX_AXES], product = 1, size = dg_dataset_row_size(set);
    bool fits = shape->count > 0 && shape->count < DG_MAX_AXES;
    whole[0] = dg_dataset_rows(set);
    for (int i = 0; fits && i < shape->count; i++) {
        whole[i + 1] = shape->at[i];
        fits = shape->at[i] > 0 && !__builtin_mul_overflow(product, shape->at[i], &product);
    }
    char text[256];
    if (!fits || product != size)
        return dg_error(DG_INVALID, "the shape %s does not fit the %" PRId64 " values of a row%s",
                        dg_shape_text(shape->count, shape->at, text, sizeof text), size,
                        shape->count < DG_MAX_AXES ? "" : ": it has too many axes");
    DG_OWNED_TENSOR x = set->x;
    return dg_tensor_reshape(&set->x, &x, shape->count + 1, whole);
}

/* --- classes ------------------------------------------------------------------------------ */

static void release_classes(int32_t **place)
{
    dg_shared_release(*place);
}

dg_status dg_dataset_set_classes(dg_dataset *set, int64_t count, const int32_t *classes,
                                 const char *const *names)
{
    DG_CLEANUP(release_classes) int32_t *fresh = NULL;
    char **fresh_names = NULL;
    DG_TRY(dg_shared_new(&fresh, count, sizeof *classes));
    if (count > 0) memcpy(fresh, classes, (size_t)count * sizeof *classes);
    if (names) DG_TRY(dg_shared_texts(&fresh_names, count, names));
    dg_shared_release(set->classes);
    dg_shared_release(set->class_names);
    set->classes = DG_TAKE(fresh);
    set->class_names = fresh_names;
    set->class_count = count;
    return DG_OK;
}

dg_status dg_dataset_find_positions(dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    dg_tensor_release(&set->positions);
    DG_TRY(dg_tensor_new(&set->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++)
        dg_int32s(&set->positions)[row] = (int32_t)dg_class_position(set->classes, set->class_count,
                                                                     dg_int32s(&set->labels)[row]);
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

dg_status dg_distinct(int32_t **out, int64_t *count, const dg_tensor *values)
{
    int64_t rows = values->shape[0];
    DG_TRY(dg_alloc(out, rows, sizeof **out));
    if (rows > 0) memcpy(*out, dg_int32s(values), (size_t)rows * sizeof **out);
    *count = dg_sort_distinct(*out, rows);
    return DG_OK;
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

bool dg_is_label(double value)
{
    return value >= INT32_MIN && value <= INT32_MAX && value == floor(value);
}

void dg_dataset_counts(const dg_dataset *set, int64_t *out)
{
    for (int64_t i = 0; i < set->class_count; i++) out[i] = 0;
    if (set->target != DG_TARGET_LABELS) return;
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t row = 0; row < dg_dataset_rows(set); row++) out[positions[row]]++;
}

dg_status dg_dataset_want_labels(const dg_dataset *set, const char *who)
{
    int64_t row = 0;
    if (set->target == DG_TARGET_LABELS) return DG_OK;
    bool numbers = set->target == DG_TARGET_NUMBERS;
    while (numbers && row < set->y.shape[0] && dg_is_label(dg_floats(&set->y)[row])) row++;
    if (!numbers)
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

bool dg_dataset_seems_numeric(const dg_dataset *set)
{
    int64_t rows = dg_dataset_rows(set);
    return set->target == DG_TARGET_LABELS && !set->one_hot && rows > 40 &&
           4 * set->class_count > rows;
}
