/* Which rows the trees of a forest see, and what these weigh. */
#include "engine/tree/forest_rows.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/tree/stream.h"

/* --- all rows ----------------------------------------------------------------------------- */

/* As trees part the classes, the rows of a node come to lie together, and reading a column for them
 * misses the cache less often. */
dg_status dg_forest_order(dg_forest_rows *rows, const int32_t *position)
{
    int64_t at = 0, *start;
    DG_TRY(dg_alloc(&rows->order, rows->count, sizeof *rows->order));
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
    dg_free(start);
    return DG_OK;
}

/* n / (classes times the weight of the class), for classes that occur in `count`. */
static void balance(const dg_forest_rows *rows, const double *count, double *out)
{
    double sum = 0;
    int64_t occurring = 0;
    for (int64_t c = 0; c < rows->classes; c++) {
        sum += count[c];
        occurring += count[c] > 0;
    }
    for (int64_t c = 0; c < rows->classes; c++)
        out[c] = count[c] > 0 ? sum / ((double)occurring * count[c]) : 1;
}

static dg_status table_weights(const dg_forest_rows *rows, const dg_weights *weights, double *out)
{
    for (int64_t c = 0; c < rows->classes; c++) out[c] = 1;
    for (int64_t i = 0; i < weights->count; i++) {
        int64_t c = 0;
        while (c < rows->classes && rows->labels[c] != weights->table[i].label) c++;
        if (c == rows->classes)
            return dg_error(DG_INVALID,
                            "fit: class_weight has the label %" PRId64
                            ", which is no class of the set",
                            weights->table[i].label);
        out[c] = weights->table[i].weight;
    }
    return DG_OK;
}

dg_status dg_forest_weigh(dg_forest_rows *rows, const dg_weights *by_class, bool each_tree,
                          const dg_tensor *given)
{
    if (given) {
        DG_TRY(dg_alloc(&rows->weight, rows->count, sizeof *rows->weight));
        for (int64_t i = 0; i < rows->count; i++)
            rows->weight[i] = (double)dg_floats(given)[rows->order[i]];
    }
    if (by_class->kind == DG_WEIGHTS_NONE) return DG_OK;
    rows->balanced_trees = by_class->kind == DG_WEIGHTS_WORD && each_tree;
    DG_TRY(dg_alloc_zero(&rows->class_weight, rows->classes, sizeof *rows->class_weight));
    if (by_class->kind == DG_WEIGHTS_TABLE)
        return table_weights(rows, by_class, rows->class_weight);
    for (int64_t i = 0; i < rows->count; i++) rows->class_weight[rows->position[i]] += 1;
    balance(rows, rows->class_weight, rows->class_weight);
    return DG_OK;
}

void dg_forest_rows_release(dg_forest_rows *rows)
{
    dg_free(rows->order);
    dg_free(rows->position);
    dg_free(rows->weight);
    dg_free(rows->class_weight);
    *rows = (dg_forest_rows){ 0 };
}

/* --- one tree's --------------------------------------------------------------------------- */

/* `*out` {count}: how often each row was drawn. */
static dg_status draw(const dg_forest_rows *rows, int64_t tree, int32_t **out)
{
    int32_t *times;
    dg_stream stream = dg_stream_of(dg_key(rows->seed, "bootstrap", (uint64_t)tree));
    DG_TRY(dg_alloc(&times, rows->count, sizeof *times));
    for (int64_t i = 0; i < rows->count; i++) times[i] = !rows->bootstrap;
    for (int64_t i = 0; rows->bootstrap && i < rows->draws; i++)
        times[dg_stream_below(&stream, (uint64_t)rows->count)]++;
    *out = times;
    return DG_OK;
}

static void weigh(const dg_forest_rows *rows, const int32_t *times, const double *class_weight,
                  dg_forest_sample *out)
{
    int64_t count = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        double w = times[i];
        if (rows->weight) w *= rows->weight[i];
        if (class_weight) w *= class_weight[rows->position[i]];
        out->row[count] = (uint32_t)i;
        out->weight[count] = (float)w;
        count += w > 0;
    }
    out->count = count;
}

static dg_status weigh_balanced(const dg_forest_rows *rows, const int32_t *times,
                                dg_forest_sample *out)
{
    double *class_weight;
    DG_TRY(dg_alloc_zero(&class_weight, rows->classes, sizeof *class_weight));
    for (int64_t i = 0; i < rows->count; i++) class_weight[rows->position[i]] += times[i];
    balance(rows, class_weight, class_weight);
    weigh(rows, times, class_weight, out);
    dg_free(class_weight);
    return DG_OK;
}

dg_status dg_forest_draw(const dg_forest_rows *rows, int64_t tree, dg_forest_sample *out)
{
    int32_t *times;
    *out = (dg_forest_sample){ 0 };
    DG_TRY(dg_alloc(&out->row, rows->count + 1, sizeof *out->row));
    DG_TRY(dg_alloc(&out->weight, rows->count + 1, sizeof *out->weight));
    DG_TRY(draw(rows, tree, &times));
    dg_status status = DG_OK;
    if (rows->balanced_trees)
        status = weigh_balanced(rows, times, out);
    else
        weigh(rows, times, rows->class_weight, out);
    dg_free(times);
    return status;
}

void dg_forest_sample_release(dg_forest_sample *sample)
{
    dg_free(sample->row);
    dg_free(sample->weight);
    *sample = (dg_forest_sample){ 0 };
}

dg_status dg_forest_bag(const dg_forest_rows *rows, int64_t tree, uint64_t **out)
{
    int32_t *times;
    *out = NULL;
    DG_TRY(draw(rows, tree, &times));
    dg_status status = dg_alloc_zero(out, rows->count / 64 + 1, sizeof **out);
    for (int64_t i = 0; status == DG_OK && i < rows->count; i++)
        if (times[i]) (*out)[rows->order[i] / 64] |= (uint64_t)1 << (rows->order[i] % 64);
    dg_free(times);
    return status;
}
