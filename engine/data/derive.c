/* What is made of datasets: other rows, other classes, other labels. */
#include "engine/data/build.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"

/* --- rows --------------------------------------------------------------------------------- */

struct gather {
    char *to;
    const char *from;
    const int64_t *rows;
    int64_t count, pieces;
    size_t row_bytes;
};

static dg_status gather_piece(void *context, int64_t piece, int worker)
{
    const struct gather *g = context;
    int64_t end = dg_piece_begin(g->count, g->pieces, piece + 1);
    (void)worker;
    for (int64_t i = dg_piece_begin(g->count, g->pieces, piece); i < end; i++)
        memcpy(g->to + (size_t)i * g->row_bytes, g->from + (size_t)g->rows[i] * g->row_bytes,
               g->row_bytes);
    return DG_OK;
}

/* The rows of a contiguous tensor, whose numbers have been checked. */
static dg_status gather_rows(dg_tensor *out, const dg_tensor *from, const int64_t *rows,
                             int64_t count)
{
    int64_t shape[DG_MAX_AXES];
    size_t row_bytes = dg_dtype_size(from->dtype);
    for (int axis = 1; axis < from->axes; axis++) {
        shape[axis] = from->shape[axis];
        row_bytes *= (size_t)shape[axis];
    }
    shape[0] = count;
    DG_TRY(dg_tensor_new(out, from->dtype, from->axes, shape));
    if (row_bytes == 0) return DG_OK;
    struct gather g = { out->data, from->data, rows, count, 1, row_bytes };
    g.pieces = dg_pieces(count, (int64_t)((1 << 20) / row_bytes) + 1, 64);
    dg_job job = dg_job_default();
    return dg_parallel(&job, g.pieces, gather_piece, &g);
}

/* Copies the rows into `set`, all but y of labels. */
static dg_status take_into(dg_dataset *set, const dg_dataset *from, const int64_t *rows,
                           int64_t count)
{
    DG_TRY(gather_rows(&set->x, &from->x, rows, count));
    if (from->weights.storage) DG_TRY(gather_rows(&set->weights, &from->weights, rows, count));
    set->numeric = from->numeric;
    if (from->numeric) return gather_rows(&set->y, &from->y, rows, count);
    if (!from->labelled) return DG_OK;
    set->labelled = true;
    set->one_hot = from->one_hot;
    DG_TRY(gather_rows(&set->labels, &from->labels, rows, count));
    DG_TRY(gather_rows(&set->positions, &from->positions, rows, count));
    return dg_dataset_set_classes(set, from->class_count, from->classes, from->class_names);
}

/* Makes y, and ends the making of the set. */
static dg_status finish(const dg_dataset **out, dg_dataset *set, dg_status status)
{
    if (status == DG_OK) status = dg_dataset_make_y(set);
    return dg_dataset_finish(out, set, status);
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
    DG_TRY(dg_dataset_begin(&taken));
    return finish(out, taken, take_into(taken, set, rows, count));
}

static dg_status head_into(dg_dataset *head, const dg_dataset *set, int64_t n)
{
    DG_TRY(dg_tensor_slice(&head->x, &set->x, 0, 0, n));
    if (set->weights.storage) DG_TRY(dg_tensor_slice(&head->weights, &set->weights, 0, 0, n));
    head->numeric = set->numeric;
    if (set->numeric) return dg_tensor_slice(&head->y, &set->y, 0, 0, n);
    if (!set->labelled) return DG_OK;
    head->labelled = true;
    head->one_hot = set->one_hot;
    DG_TRY(dg_tensor_slice(&head->labels, &set->labels, 0, 0, n));
    DG_TRY(dg_tensor_slice(&head->positions, &set->positions, 0, 0, n));
    return dg_dataset_set_classes(head, set->class_count, set->classes, set->class_names);
}

dg_status dg_dataset_head(const dg_dataset **out, const dg_dataset *set, int64_t n)
{
    int64_t rows = dg_dataset_rows(set);
    dg_dataset *head;
    *out = NULL;
    if (n < 0 || n > rows)
        return dg_error(DG_INVALID, "take: the set has %" PRId64 " rows, found %" PRId64, rows, n);
    DG_TRY(dg_dataset_begin(&head));
    return finish(out, head, head_into(head, set, n));
}

dg_status dg_dataset_shuffle(const dg_dataset **out, const dg_dataset *set, uint64_t seed)
{
    int64_t rows = dg_dataset_rows(set), *order;
    *out = NULL;
    DG_TRY(dg_alloc(&order, rows, sizeof *order));
    dg_random_permutation(dg_key(seed, "shuffle", 0), rows, order);
    dg_status status = dg_dataset_take(out, set, order, rows);
    dg_free(order);
    return status;
}

/* --- labels ------------------------------------------------------------------------------- */

dg_status dg_dataset_one_hot(const dg_dataset **out, const dg_dataset *set)
{
    dg_dataset *encoded;
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, "one_hot"));
    DG_TRY(dg_dataset_begin(&encoded));
    dg_status status = head_into(encoded, set, dg_dataset_rows(set));
    encoded->one_hot = true;
    return finish(out, encoded, status);
}

/* Fills `map`, for each class of `set` its position among the `count` labels wanted or -1. */
static void map_classes(const dg_dataset *set, const int32_t *wanted, int64_t count, int32_t *map)
{
    for (int64_t i = 0; i < set->class_count; i++)
        map[i] = (int32_t)dg_class_position(wanted, count, set->classes[i]);
}

struct only {
    int32_t *wanted; /* ascending, distinct */
    int64_t count;
    int32_t *map;
    int64_t *rows;
    char **names;
};

static dg_status only_into(dg_dataset *kept, const dg_dataset *set, struct only *o)
{
    const int32_t *positions = dg_int32s(&set->positions);
    int64_t found = 0;
    DG_TRY(dg_alloc(&o->map, set->class_count, sizeof *o->map));
    DG_TRY(dg_alloc(&o->rows, dg_dataset_rows(set), sizeof *o->rows));
    map_classes(set, o->wanted, o->count, o->map);
    for (int64_t row = 0; row < dg_dataset_rows(set); row++)
        if (o->map[positions[row]] >= 0) o->rows[found++] = row;
    DG_TRY(take_into(kept, set, o->rows, found));
    for (int64_t i = 0; i < found; i++) {
        int32_t *position = &dg_int32s(&kept->positions)[i];
        *position = o->map[*position];
    }
    if (set->class_names) {
        DG_TRY(dg_alloc(&o->names, o->count, sizeof *o->names));
        for (int64_t i = 0; i < set->class_count; i++)
            if (o->map[i] >= 0) o->names[o->map[i]] = set->class_names[i];
    }
    return dg_dataset_set_classes(kept, o->count, o->wanted, o->names);
}

dg_status dg_dataset_only(const dg_dataset **out, const dg_dataset *set, const int32_t *labels,
                          int64_t count)
{
    char text[128];
    struct only o = { 0 };
    dg_dataset *kept;
    *out = NULL;
    DG_TRY(dg_dataset_want_labels(set, "only"));
    if (count < 1) return dg_error(DG_INVALID, "only: expected at least one label");
    for (int64_t i = 0; i < count; i++)
        if (dg_class_position(set->classes, set->class_count, labels[i]) < 0)
            return dg_error(DG_INVALID, "only: %" PRId32 " is not among the classes %s", labels[i],
                            dg_classes_text(set->classes, set->class_count, text, sizeof text));
    DG_TRY(dg_alloc(&o.wanted, count, sizeof *o.wanted));
    memcpy(o.wanted, labels, (size_t)count * sizeof *labels);
    o.count = dg_sort_distinct(o.wanted, count);
    dg_status status = dg_dataset_begin(&kept);
    if (status == DG_OK) status = finish(out, kept, only_into(kept, set, &o));
    dg_free(o.wanted);
    dg_free(o.map);
    dg_free(o.rows);
    dg_free(o.names);
    return status;
}

/* --- several sets ------------------------------------------------------------------------- */

static dg_status check_weighted(int count, const dg_dataset *const *sets)
{
    bool first = sets[0]->weights.storage != NULL;
    for (int i = 1; i < count; i++)
        if ((sets[i]->weights.storage != NULL) != first)
            return dg_error(DG_INVALID,
                            "concat: set %d has weights, set %d has none: give it some by set:with "
                            "{ weights = ... }, or drop them by set:with { weights = false }",
                            first ? 1 : i + 1, first ? i + 1 : 1);
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
        if (set->numeric != first->numeric && (set->numeric || set->labelled) &&
            (first->numeric || first->labelled))
            return dg_error(DG_INVALID, "concat: y of set %d has numbers, y of set %d labels",
                            set->numeric ? i + 1 : 1, set->numeric ? 1 : i + 1);
        if (set->labelled != first->labelled || set->numeric != first->numeric)
            return dg_error(
                DG_INVALID, "concat: set %d has %s, set %d has none", set->y.axes ? i + 1 : 1,
                set->numeric || first->numeric ? "numbers" : "labels", set->y.axes ? 1 : i + 1);
    }
    return check_weighted(count, sets);
}

/* Joins the tensors that lie at `offset` in each set. */
static dg_status join(dg_tensor *out, int count, const dg_dataset *const *sets, size_t offset)
{
    const dg_tensor **tensors;
    DG_TRY(dg_alloc(&tensors, count, sizeof *tensors));
    for (int i = 0; i < count; i++)
        tensors[i] = (const dg_tensor *)((const char *)sets[i] + offset);
    dg_status status = dg_tensor_concat(out, count, tensors, 0);
    dg_free(tensors);
    return status;
}

/* The names of the united classes: none unless each class has one, and always the same. The names
 * stay those of the sets. */
static dg_status unite_names(int count, const dg_dataset *const *sets, const int32_t *classes,
                             int64_t class_count, char **names, bool *complete)
{
    *complete = true;
    for (int i = 0; i < count; i++)
        for (int64_t j = 0; sets[i]->class_names && j < sets[i]->class_count; j++) {
            char **name = &names[dg_class_position(classes, class_count, sets[i]->classes[j])];
            if (*name && strcmp(*name, sets[i]->class_names[j]) != 0)
                return dg_error(DG_INVALID, "concat: class %" PRId32 " is named '%s' and '%s'",
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
    int32_t *classes;
    char **names = NULL;
    bool complete = false;
    for (int i = 0; i < count; i++) total += sets[i]->class_count;
    DG_TRY(dg_alloc(&classes, total, sizeof *classes));
    total = 0;
    for (int i = 0; i < count; i++)
        for (int64_t j = 0; j < sets[i]->class_count; j++) classes[total++] = sets[i]->classes[j];
    int64_t distinct = dg_sort_distinct(classes, total);
    dg_status status = dg_alloc_zero(&names, distinct, sizeof *names);
    if (status == DG_OK) status = unite_names(count, sets, classes, distinct, names, &complete);
    if (status == DG_OK)
        status = dg_dataset_set_classes(both, distinct, classes, complete ? names : NULL);
    dg_free(classes);
    dg_free(names);
    return status;
}

static dg_status concat_into(dg_dataset *both, int count, const dg_dataset *const *sets)
{
    DG_TRY(join(&both->x, count, sets, offsetof(dg_dataset, x)));
    if (sets[0]->weights.storage)
        DG_TRY(join(&both->weights, count, sets, offsetof(dg_dataset, weights)));
    both->numeric = sets[0]->numeric;
    if (both->numeric) return join(&both->y, count, sets, offsetof(dg_dataset, y));
    if (!sets[0]->labelled) return DG_OK;
    both->labelled = both->one_hot = true;
    for (int i = 0; i < count; i++) both->one_hot = both->one_hot && sets[i]->one_hot;
    DG_TRY(join(&both->labels, count, sets, offsetof(dg_dataset, labels)));
    DG_TRY(unite_classes(both, count, sets));
    int64_t rows = dg_dataset_rows(both);
    DG_TRY(dg_tensor_new(&both->positions, DG_INT32, 1, &rows));
    for (int64_t row = 0; row < rows; row++)
        dg_int32s(&both->positions)[row] = (int32_t)dg_class_position(
            both->classes, both->class_count, dg_int32s(&both->labels)[row]);
    return DG_OK;
}

dg_status dg_dataset_concat(const dg_dataset **out, int count, const dg_dataset *const *sets)
{
    dg_dataset *both;
    *out = NULL;
    if (count < 1) return dg_error(DG_INVALID, "concat: expected at least one set");
    DG_TRY(check_alike(count, sets));
    DG_TRY(dg_dataset_begin(&both));
    return finish(out, both, concat_into(both, count, sets));
}
