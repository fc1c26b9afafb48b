/* Which rows the trees of a forest see, and their weights. */
#include "engine/tree/forest_rows.h"

#include <string.h>

#include "engine/base/memory.h"
#include "engine/fitting.h"
#include "engine/tree/stream.h"

/* --- all rows ----------------------------------------------------------------------------- */

/* As trees separate the classes, the rows of a node come to lie together, and reading a column for
 * them misses the cache less often. */
static dg_status order_by_class(dg_forest_rows *rows, const int32_t *position)
{
    int64_t at = 0;
    DG_OWNED int64_t *start = NULL;
    DG_TRY(dg_alloc(&rows->position, rows->count, sizeof *rows->position));
    DG_TRY(dg_alloc_zero(&start, rows->classes, sizeof *start));
    for (int64_t i = 0; i < rows->count; i++) start[position[i]]++;
    for (int64_t c = 0; c < rows->classes; c++) {
        int64_t count = start[c];
        start[c] = at;
        at += count;
    }
    for (int64_t i = 0; i < rows->count; i++) {
        int64_t to = start[position[i]]++;
        rows->order[to] = (uint32_t)i;
        rows->position[to] = position[i];
    }
    return DG_OK;
}

dg_status dg_forest_rows_order(dg_forest_rows *rows, const int32_t *position, const float *number)
{
    DG_TRY(dg_alloc(&rows->order, rows->count, sizeof *rows->order));
    if (position) return order_by_class(rows, position);
    DG_TRY(dg_alloc(&rows->number, rows->count, sizeof *rows->number));
    for (int64_t i = 0; i < rows->count; i++) {
        rows->order[i] = (uint32_t)i;
        rows->number[i] = number[i];
    }
    return DG_OK;
}

/* Multiplies the weights by those of the classes. As in scikit-learn, the weights of rows count
 * when a forest balances classes, but not when a single tree does. */
static dg_status weigh_classes(dg_forest_rows *rows, const dg_one_of *by_class)
{
    DG_OWNED double *class_weight = NULL;
    DG_TRY(dg_alloc_zero(&class_weight, rows->classes, sizeof *class_weight));
    for (int64_t i = 0; i < rows->count; i++)
        class_weight[rows->position[i]] += rows->single ? 1 : rows->weight[i];
    DG_TRY(dg_class_weights(class_weight, by_class, rows->classes, rows->labels, class_weight));
    for (int64_t i = 0; i < rows->count; i++) rows->weight[i] *= class_weight[rows->position[i]];
    return DG_OK;
}

dg_status dg_forest_rows_weigh(dg_forest_rows *rows, const dg_one_of *by_class, bool each_tree,
                               const dg_tensor *given)
{
    bool word = by_class->type == DG_VALUE_TEXT;
    rows->balanced_trees = word && each_tree && rows->bootstrap;
    bool classes = by_class->type != DG_VALUE_NIL && !rows->balanced_trees;
    if (!given && !classes) return DG_OK;
    DG_TRY(dg_alloc(&rows->weight, rows->count, sizeof *rows->weight));
    for (int64_t i = 0; i < rows->count; i++)
        rows->weight[i] = given ? (double)dg_floats(given)[rows->order[i]] : 1;
    if (classes) DG_TRY(weigh_classes(rows, by_class));
    if (!rows->bootstrap) return DG_OK;
    DG_TRY(dg_alloc(&rows->until, rows->count, sizeof *rows->until));
    double sum = 0;
    for (int64_t i = 0; i < rows->count; i++) rows->until[i] = sum += rows->weight[i];
    return DG_OK;
}

uint64_t dg_forest_rows_fingerprint(const dg_forest_rows *rows, uint64_t set)
{
    for (int64_t i = 0; rows->until && i < rows->count; i++) {
        uint64_t bits;
        memcpy(&bits, &rows->weight[i], sizeof bits);
        set = dg_key(set, "weight", bits);
    }
    return set;
}

void dg_forest_rows_release(dg_forest_rows *rows)
{
    dg_free(rows->order);
    dg_free(rows->position);
    dg_free(rows->number);
    dg_free(rows->weight);
    dg_free(rows->until);
    *rows = (dg_forest_rows){ 0 };
}

/* --- one tree's --------------------------------------------------------------------------- */

/* A row, drawn by weight: the first whose running sum exceeds a random share of the total. */
static int64_t draw_by_weight(const dg_forest_rows *rows, dg_stream *stream)
{
    uint64_t word = dg_stream_below(stream, (uint64_t)1 << 53);
    double share = (double)word * 0x1p-53 * rows->until[rows->count - 1];
    int64_t low = 0, high = rows->count - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (rows->until[middle] > share)
            high = middle;
        else
            low = middle + 1;
    }
    while (!(rows->weight[low] > 0)) low--; /* rounding has made the share the total */
    return low;
}

/* `*out` {count}: how often each row was drawn. */
static dg_status draw_times(const dg_forest_rows *rows, int64_t tree, int32_t **out)
{
    int32_t *times;
    dg_stream stream = dg_stream_of(dg_key(rows->seed, "bootstrap", (uint64_t)tree));
    DG_TRY(dg_alloc(&times, rows->count, sizeof *times));
    for (int64_t i = 0; i < rows->count; i++) times[i] = !rows->bootstrap;
    for (int64_t i = 0; rows->bootstrap && i < rows->draws; i++) {
        int64_t row = rows->until ? draw_by_weight(rows, &stream)
                                  : (int64_t)dg_stream_below(&stream, (uint64_t)rows->count);
        times[row]++;
    }
    *out = times;
    return DG_OK;
}

/* class_weight: those of this tree's draw, or NULL. */
static void weigh_rows(const dg_forest_rows *rows, const int32_t *times, const double *class_weight,
                       dg_forest_sample *out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        double w = times[i];
        if (rows->weight && !rows->bootstrap) w *= rows->weight[i];
        if (class_weight) w *= class_weight[rows->position[i]];
        out->row[count] = (uint32_t)i;
        out->weight[count] = (float)w;
        count += out->weight[count] > 0;
    }
    out->count = count;
}

static dg_status weigh_rows_balanced(const dg_forest_rows *rows, const int32_t *times,
                                     dg_forest_sample *out)
{
    DG_OWNED double *class_weight = NULL;
    DG_TRY(dg_alloc_zero(&class_weight, rows->classes, sizeof *class_weight));
    for (int64_t i = 0; i < rows->count; i++) class_weight[rows->position[i]] += times[i];
    dg_balance_classes(class_weight, rows->classes, class_weight);
    weigh_rows(rows, times, class_weight, out);
    return DG_OK;
}

dg_status dg_forest_rows_draw(const dg_forest_rows *rows, int64_t tree, dg_forest_sample *out)
{
    DG_OWNED int32_t *times = NULL;
    *out = (dg_forest_sample){ 0 };
    DG_TRY(dg_alloc(&out->row, rows->count + 1, sizeof *out->row));
    DG_TRY(dg_alloc(&out->weight, rows->count + 1, sizeof *out->weight));
    DG_TRY(draw_times(rows, tree, &times));
    if (rows->balanced_trees) return weigh_rows_balanced(rows, times, out);
    weigh_rows(rows, times, NULL, out);
    return DG_OK;
}

void dg_forest_sample_release(dg_forest_sample *sample)
{
    dg_free(sample->row);
    dg_free(sample->weight);
    *sample = (dg_forest_sample){ 0 };
}

dg_status dg_forest_rows_bag(const dg_forest_rows *rows, int64_t tree, uint64_t **out)
{
    DG_OWNED int32_t *times = NULL;
    *out = NULL;
    DG_TRY(draw_times(rows, tree, &times));
    DG_TRY(dg_alloc_zero(out, rows->count / 64 + 1, sizeof **out));
    for (int64_t i = 0; i < rows->count; i++)
        if (times[i]) (*out)[rows->order[i] / 64] |= (uint64_t)1 << (rows->order[i] % 64);
    return DG_OK;
}
