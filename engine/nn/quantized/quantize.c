/* Making a quantised network of a fitted one. */
#include "engine/nn/quantized/quantized.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/network.h"
#include "engine/nn/quantized/internal.h"
#include "engine/store/recipe.h"
#include "engine/store/sections.h"

enum { SLICE = 64 }; /* rows of the calibration at a time */

/* --- the graph ------------------------------------------------------------------------------ */

static dg_status copy_graph(dg_model *to, const dg_model *from)
{
    for (int i = 0; i < from->node_count; i++) {
        const dg_node *node = &from->nodes[i];
        const dg_layer *layer = &from->layers[node->layer];
        int number;
        DG_TRY(dg_model_add(to, layer->part, node->inputs, node->input, layer->name, &number));
    }
    to->value_count = 0; /* the layout makes room for those that stay */
    to->bytes = from->bytes;
    return dg_model_close(to, from->output);
}

static dg_status copy_names(dg_learner *to, const dg_learner *from)
{
    if (!from->class_names) return DG_OK;
    DG_TRY(dg_alloc_zero(&to->class_names, from->class_count, sizeof *to->class_names));
    for (int64_t i = 0; i < from->class_count; i++)
        DG_TRY(dg_copy_text(&to->class_names[i], from->class_names[i]));
    return DG_OK;
}

/* Metrics that are functions stay behind, as in files. */
static dg_status copy_metrics(dg_learner *to, const dg_learner *from)
{
    dg_metric metrics[DG_MAX_METRICS];
    int count = 0;
    for (int i = 0; i < from->metric_count; i++)
        if (from->metrics[i].type) metrics[count++] = from->metrics[i];
    return dg_learner_set_metrics(to, count, metrics);
}

static dg_status copy_learner(dg_learner *to, const dg_learner *from)
{
    to->fitted = true;
    to->target = from->target;
    to->input_low = from->input_low;
    to->input_high = from->input_high;
    if (from->classes) {
        DG_TRY(dg_alloc(&to->classes, from->class_count, sizeof *to->classes));
        memcpy(to->classes, from->classes, (size_t)from->class_count * sizeof *to->classes);
        to->class_count = from->class_count;
        DG_TRY(copy_names(to, from));
    }
    DG_TRY(copy_metrics(to, from));
    DG_TRY(dg_preparation_copy(to, from));
    return from->recipe ? dg_recipe_copy(&to->recipe, from->recipe) : DG_OK;
}

/* What judges its predictions. */
static void copy_loss(dg_model *to, const dg_model *from)
{
    to->optimizer = from->optimizer ? dg_part_retain(from->optimizer) : NULL;
    to->loss = from->loss ? dg_part_retain(from->loss) : NULL;
    to->epoch = from->epoch;
    to->precision = from->precision;
    memcpy(to->trained_in, from->trained_in, sizeof to->trained_in);
}

/* --- weights -------------------------------------------------------------------------------- */

/* The nearest whole number, ties to even, of |x| < 2^31. */
static double nearest(double x)
{
    const double magic = 0x1.8p52; /* a sum with it has no fraction */
    return (x + magic) - magic;
}

/* Of each weight w of a channel that is folded: w * factor. */
static void quantize_channel(const float *kernel, int64_t k, int64_t n, double factor, float *scale,
                             int8_t *out)
{
    double greatest = 0;
    for (int64_t t = 0; t < k; t++) {
        double w = (double)kernel[t * n] * factor;
        if (fabs(w) > greatest) greatest = fabs(w);
    }
    double unit = greatest / DG_PRODUCT8_MOST;
    *scale = unit > FLT_MIN ? (float)unit : FLT_MIN;
    for (int64_t t = 0; t < k; t++) {
        double q = nearest((double)kernel[t * n] * factor / (double)*scale);
        q = q > DG_PRODUCT8_MOST ? DG_PRODUCT8_MOST : q < -DG_PRODUCT8_MOST ? -DG_PRODUCT8_MOST : q;
        out[t * n] = (int8_t)q;
    }
}

static dg_status quantize_product(dg_quantized *q, const dg_model *from, int index)
{
    int64_t k = dg_int8_depth(from, index), n = dg_int8_channels(from, index);
    int layer = from->nodes[index].layer, fold = q->nodes[index].fold;
    float *weight[DG_MAX_WEIGHTS], *folded[DG_MAX_WEIGHTS];
    DG_OWNED float *factor = NULL;
    DG_OWNED int8_t *kernel = NULL;
    DG_TRY(dg_alloc(&factor, 2 * n, sizeof *factor));
    DG_TRY(dg_alloc(&kernel, k * n, 1));
    float *shift = factor + n;
    for (int64_t j = 0; j < n; j++) factor[j] = 1, shift[j] = 0;
    dg_node_weights(from, index, weight);
    if (fold >= 0) {
        dg_node_weights(from, fold, folded);
        dg_node_type(from, fold)->factors(dg_node_options(from, fold), folded, n, factor, shift);
    }
    const dg_int8_weights *own = &q->weights[layer];
    for (int64_t j = 0; j < n; j++) {
        quantize_channel(weight[0] + j, k, n, (double)factor[j], &own->scale[j], kernel + j);
        own->bias[j] =
            (float)((weight[1] ? (double)weight[1][j] : 0) * (double)factor[j] + (double)shift[j]);
    }
    return dg_quantized_set_kernel(q, layer, kernel);
}

static dg_status quantize_weights(dg_quantized *q, const dg_model *from)
{
    dg_model *to = &q->model;
    for (int i = 0; i < from->weight_count; i++) {
        const dg_weight *weight = &from->weights[i];
        const float *values = dg_model_weight(from, i);
        for (int64_t t = 0; t < weight->size; t++)
            if (!isfinite(values[t]))
                return dg_error(DG_NUMERIC,
                                "quantize: the weight '%s' has a value that is not finite",
                                weight->name);
        if (dg_quantized_has_floats(q, weight->layer))
            memcpy(dg_model_weight(to, i), values, (size_t)weight->size * sizeof *values);
    }
    for (int i = 0; i < to->node_count; i++) {
        bool first = q->nodes[i].role == DG_INT8_PRODUCT && !q->nodes[i].kernel.panels;
        if (first) DG_TRY(quantize_product(q, from, i));
    }
    return DG_OK;
}

/* --- ranges --------------------------------------------------------------------------------- */

/* Takes the values of a node for some rows into its range. */
static dg_status widen(const dg_model *from, int node, const dg_tensor *rows, const dg_job *job,
                       float range[2])
{
    DG_OWNED_TENSOR values = { 0 };
    DG_TRY(dg_model_features(from, rows, node, job, &values));
    const float *value = dg_floats(&values);
    for (int64_t i = 0; i < dg_tensor_count(&values); i++) {
        if (!isfinite(value[i]))
            return dg_error(DG_NUMERIC, "quantize: the layer '%s' gives a value that is not finite",
                            from->layers[from->nodes[node].layer].name);
        if (value[i] < range[0]) range[0] = value[i];
        if (value[i] > range[1]) range[1] = value[i];
    }
    return DG_OK;
}

/* A scale by which the bytes 0 .. 127 reach from `low` to `high`, and 0 is one of them. */
static void set_scale(dg_int8_node *node, float low, float high)
{
    float scale = (high - low) / DG_PRODUCT8_MOST;
    node->scale = isfinite(scale) && scale > FLT_MIN ? scale : scale > 1 ? FLT_MAX / 256 : 1;
    node->zero = (int)nearest(-(double)low / (double)node->scale);
}

static dg_status calibrate_node(dg_quantized *q, const dg_model *from, int index,
                                const dg_tensor *x, const dg_job *job)
{
    float range[2] = { 0, 0 };
    dg_int8_node *node = &q->nodes[index];
    if (index == 0 && x->dtype == DG_UINT8 && !from->base.preparation.count) {
        set_scale(node, 0, from->bytes == DG_BYTES_RAW ? 255 : 1); /* all that a byte can be */
        return DG_OK;
    }
    for (int64_t row = 0; row < x->shape[0]; row += SLICE) {
        DG_OWNED_TENSOR rows = { 0 };
        int64_t end = row + SLICE < x->shape[0] ? row + SLICE : x->shape[0];
        DG_TRY(dg_tensor_slice(&rows, x, 0, row, end));
        DG_TRY(widen(from, node->last, &rows, job, range));
    }
    set_scale(node, range[0], range[1]);
    return DG_OK;
}

static dg_status calibrate(dg_quantized *q, const dg_model *from, const dg_tensor *x,
                           const dg_job *job)
{
    for (int i = 0; i < q->model.node_count; i++) {
        const dg_int8_node *node = &q->nodes[i];
        if (!dg_int8_has_value(node) || !node->bytes || node->role == DG_INT8_BYTES) continue;
        DG_TRY(dg_job_check(job));
        DG_TRY(calibrate_node(q, from, i, x, job));
    }
    return DG_OK;
}

/* --- all of it ------------------------------------------------------------------------------ */

static dg_status check(const dg_model *model, const dg_tensor *x, const dg_job *job)
{
    DG_OWNED_TENSOR rows = { 0 };
    if (model->base.busy) return dg_error(DG_INVALID, "quantize: the model is being fitted");
    if (!model->base.fitted)
        return dg_error(DG_INVALID, "quantize: the model was never fitted: fit it first");
    DG_TRY(dg_learner_check_rows(&model->base, x, "quantize"));
    if (x->shape[0] == 0) return dg_error(DG_INVALID, "quantize: the calibration has no rows");
    DG_TRY(dg_tensor_contiguous(&rows, x));
    return dg_check_finite(&rows, false, "quantize", job);
}

static dg_status fill(dg_quantized *q, const dg_model *model, const dg_tensor *x, const dg_job *job)
{
    DG_TRY(copy_graph(&q->model, model));
    DG_TRY(copy_learner(&q->model.base, &model->base));
    copy_loss(&q->model, model);
    q->penalty = dg_model_penalty(model);
    DG_TRY(dg_quantized_find_roles(q));
    DG_TRY(dg_quantized_make_room(q));
    DG_TRY(quantize_weights(q, model));
    DG_TRY(calibrate(q, model, x, job));
    dg_status status = dg_quantized_set_scales(q);
    return status == DG_OK ? DG_OK : dg_error_context(status, "quantize");
}

dg_status dg_model_quantize(dg_learner **out, const dg_model *model, const dg_tensor *x,
                            const dg_job *job)
{
    dg_quantized *q;
    dg_job room;
    *out = NULL;
    job = dg_job_or_default(job, &room);
    DG_TRY(check(model, x, job));
    DG_TRY(dg_quantized_new(&q, model->base.seed));
    dg_status status = fill(q, model, x, job);
    if (status == DG_OK)
        *out = &q->model.base;
    else
        dg_learner_free(&q->model.base);
    return status;
}
