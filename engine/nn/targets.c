/* Rows against inputs, labels against outputs. */
#include "engine/nn/targets.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/nn/plan.h"

dg_status dg_check_input(const dg_model *model, const dg_tensor *x, const char *who)
{
    const dg_shape *input = &model->nodes[0].build.output;
    int64_t wanted = dg_shape_size(input), found = 1;
    for (int i = 1; i < x->axes; i++) found *= x->shape[i];
    if (x->axes >= 1 && found == wanted) return DG_OK;
    char model_shape[160], set_shape[160];
    dg_shape_text(input->count, input->at, model_shape, sizeof model_shape);
    dg_shape_text(x->axes - (x->axes > 0), x->shape + 1, set_shape, sizeof set_shape);
    return dg_error(DG_INVALID,
                    "%s: the model's Input takes rows of shape %s (%" PRId64
                    " values), the data has rows of shape %s (%" PRId64 " values)",
                    who, model_shape, wanted, set_shape, found);
}

/* --- classes ------------------------------------------------------------------------------ */

static dg_status copy_class_names(dg_model *model, const dg_dataset *set)
{
    DG_TRY(dg_alloc_zero(&model->class_names, model->class_count, sizeof *model->class_names));
    for (int64_t i = 0; i < model->class_count; i++)
        DG_TRY(dg_copy_text(&model->class_names[i], set->class_names[i]));
    return DG_OK;
}

dg_status dg_adopt_classes(dg_model *model, const dg_dataset *set)
{
    if (model->classes) return DG_OK;
    int64_t width = dg_shape_size(&model->nodes[model->output].build.output);
    bool same = set->class_count == width;
    bool within = set->class_count < width && set->class_count > 0 && set->classes[0] >= 0 &&
                  set->classes[set->class_count - 1] < width;
    if (!same && !within)
        return dg_error(DG_INVALID,
                        "fit: the model has %" PRId64 " outputs, the set has %" PRId64
                        " classes (labels %d to %d): the last layer should be nn.Dense { %" PRId64
                        ", activation = \"softmax\" }",
                        width, set->class_count, set->classes[0],
                        set->classes[set->class_count - 1], set->class_count);
    int32_t *classes;
    DG_TRY(dg_alloc(&classes, width, sizeof *classes));
    for (int64_t i = 0; i < width; i++) classes[i] = same ? set->classes[i] : (int32_t)i;
    model->classes = classes;
    model->class_count = width;
    return same && set->class_names ? copy_class_names(model, set) : DG_OK;
}

static int32_t find_class(const dg_model *model, int32_t label)
{
    for (int64_t i = 0; i < model->class_count; i++)
        if (model->classes[i] == label) return (int32_t)i;
    return -1;
}

/* A class that the set lists but no row has does no harm. */
static dg_status check_known(const dg_model *model, const dg_dataset *set, const int32_t *map,
                             const char *who)
{
    const int32_t *positions = dg_int32s(&set->positions);
    for (int64_t i = 0; i < dg_dataset_rows(set); i++)
        if (map[positions[i]] < 0)
            return dg_error(DG_INVALID,
                            "%s: row %" PRId64 " has the label %d, which is none of the %" PRId64
                            " classes of the model (%d to %d)",
                            who, i + 1, set->classes[positions[i]], model->class_count,
                            model->classes[0], model->classes[model->class_count - 1]);
    return DG_OK;
}

dg_status dg_map_classes(int32_t **out, const dg_model *model, const dg_dataset *set,
                         const char *who)
{
    *out = NULL;
    if (!set->labelled) return dg_error(DG_INVALID, "%s: the set has no labels", who);
    DG_TRY(dg_alloc(out, set->class_count, sizeof **out));
    bool known = true;
    for (int64_t i = 0; i < set->class_count; i++) {
        (*out)[i] = find_class(model, set->classes[i]);
        known &= (*out)[i] >= 0;
    }
    dg_status status = known ? DG_OK : check_known(model, set, *out, who);
    if (status == DG_OK) return DG_OK;
    dg_free(*out);
    *out = NULL;
    return status;
}

/* --- ranges ------------------------------------------------------------------------------- */

DG_KERNEL static void byte_range(const uint8_t *x, int64_t count, float *low, float *high)
{
    uint8_t least = 255, most = 0;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

DG_KERNEL static void float_range(const float *x, int64_t count, float *low, float *high)
{
    float least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

void dg_input_range(const dg_model *model, const dg_tensor *x, float *low, float *high)
{
    int64_t count = dg_tensor_count(x);
    *low = *high = 0;
    if (count == 0) return;
    if (x->dtype == DG_UINT8) {
        byte_range(dg_bytes(x), count, low, high);
        float scale = dg_model_takes_raw(model) ? 1 : 255;
        *low /= scale;
        *high /= scale;
    } else {
        float_range(dg_floats(x), count, low, high);
    }
}

/* --- hits --------------------------------------------------------------------------------- */

int64_t dg_argmax(const float *values, int64_t width)
{
    int64_t best = 0;
    for (int64_t i = 1; i < width; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

int64_t dg_count_correct(const float *output, const int32_t *positions, int64_t rows, int64_t width)
{
    int64_t correct = 0;
    for (int64_t i = 0; i < rows; i++)
        correct += dg_argmax(output + i * width, width) == positions[i];
    return correct;
}
