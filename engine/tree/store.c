/* Tree learners in files: their trees and their state as tensors. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"
#include "engine/tree/fitting.h"

/* The tensor 'state': objective, base margin (NaN: 'base' {outputs} has one for each output),
 * width, group, best round and out-of-bag score (NaN: none). With oob_score 'drawn' has what rows
 * were drawn from: halves of the seed and of the set's fingerprint, the lower first. */
enum { STATE_SIZE = 6, DRAWN_SIZE = 4 };

/* The margin that all outputs begin with; NaN where they differ. */
static float common_base(const dg_tree_learner *learner)
{
    const float *base = learner->base_margin;
    for (int64_t k = 1; base && k < learner->trees.group; k++)
        if (base[k] != base[0]) return NAN;
    return base ? base[0] : 0;
}

static dg_status store_base(const dg_tree_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR base = { 0 };
    if (!isnan(common_base(learner))) return DG_OK;
    DG_TRY(dg_tensor_new(&base, DG_FLOAT32, 1, &learner->trees.group));
    memcpy(base.data, learner->base_margin, (size_t)learner->trees.group * sizeof(float));
    return dg_tensor_file_add(file, "base", &base);
}

/* A mark: a model that came from XGBoost does not know its options. */
static dg_status store_unknown(const dg_tree_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR mark = { 0 };
    if (!learner->options_unknown) return DG_OK;
    DG_TRY(dg_tensor_zeros(&mark, DG_INT32, 1, (int64_t[]){ 1 }));
    return dg_tensor_file_add(file, "options_unknown", &mark);
}

static dg_status store_drawn(const dg_tree_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR drawn = { 0 };
    const uint64_t numbers[] = { learner->drawn.seed, learner->drawn.set };
    if (!learner->drawn.known) return DG_OK;
    DG_TRY(dg_tensor_new(&drawn, DG_INT32, 1, (int64_t[]){ DRAWN_SIZE }));
    for (int i = 0; i < DRAWN_SIZE; i++)
        dg_int32s(&drawn)[i] = (int32_t)(uint32_t)(numbers[i / 2] >> 32 * (i % 2));
    return dg_tensor_file_add(file, "drawn", &drawn);
}

static dg_status store_state(const dg_tree_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_TENSOR state = { 0 };
    const dg_trees *trees = &learner->trees;
    const float values[STATE_SIZE] = {
        (float)learner->objective,  common_base(learner),
        (float)trees->width,        (float)trees->group,
        (float)learner->best_round, learner->has_oob ? (float)learner->oob_score : NAN
    };
    DG_TRY(store_base(learner, file));
    DG_TRY(store_unknown(learner, file));
    DG_TRY(dg_tensor_new(&state, DG_FLOAT32, 1, (int64_t[]){ STATE_SIZE }));
    memcpy(dg_floats(&state), values, sizeof values);
    DG_TRY(dg_tensor_file_add(file, "state", &state));
    return store_drawn(learner, file);
}

dg_status dg_tree_learner_store(const dg_learner *learner, dg_tensor_file *file)
{
    dg_tensor packed[DG_TREES_TENSORS];
    DG_TRY(dg_trees_pack(&dg_tree_learner_of(learner)->trees, packed));
    dg_status status = DG_OK;
    for (int i = 0; i < DG_TREES_TENSORS; i++) {
        if (status == DG_OK)
            status = dg_tensor_file_add(file, dg_trees_tensor_names[i], &packed[i]);
        dg_tensor_release(&packed[i]);
    }
    DG_TRY(status);
    return store_state(dg_tree_learner_of(learner), file);
}

/* A whole number low .. high that the file has as a float. */
static dg_status whole(float value, const char *what, int64_t low, int64_t high, int64_t *out)
{
    if (!(value >= (float)low && value <= (float)high) || value != floorf(value))
        return dg_error(DG_FORMAT, "'state': %s cannot be %g", what, (double)value);
    *out = (int64_t)value;
    return DG_OK;
}

static dg_status restore_base(dg_tree_learner *learner, const dg_tensor_file *file, float common)
{
    const dg_tensor *base = dg_tensor_file_find(file, "base");
    int64_t outputs = learner->trees.group;
    if (base && (base->dtype != DG_FLOAT32 || base->axes != 1 || base->shape[0] != outputs))
        return dg_error(DG_FORMAT, "the tensor 'base' must be %" PRId64 " float32 numbers",
                        outputs);
    DG_TRY(dg_alloc(&learner->base_margin, outputs, sizeof *learner->base_margin));
    for (int64_t k = 0; k < outputs; k++) {
        float margin = base && isnan(common) ? dg_floats(base)[k] : common;
        if (!isfinite(margin)) return dg_error(DG_FORMAT, "'state': the base is not finite");
        learner->base_margin[k] = margin;
    }
    return DG_OK;
}

static dg_status restore_state(dg_tree_learner *learner, const dg_tensor_file *file)
{
    dg_trees *trees = &learner->trees;
    dg_tensor state = { 0 };
    int64_t objective = 0, classes = learner->base.class_count;
    DG_TRY(dg_tensor_file_want(file, "state", &state));
    if (state.dtype != DG_FLOAT32 || state.axes != 1 || state.shape[0] != STATE_SIZE)
        return dg_error(DG_FORMAT, "the tensor 'state' must be %d float32 numbers", STATE_SIZE);
    const float *value = dg_floats(&state);
    bool averages = dg_objective_averages(learner->objective); /* as a new learner of its type */
    DG_TRY(whole(value[0], "the objective", 0, DG_OBJECTIVE_MEAN, &objective));
    learner->objective = (dg_objective)objective;
    if (dg_objective_averages(learner->objective) != averages)
        return dg_error(DG_FORMAT, "'state': the objective cannot be %" PRId64, objective);
    bool softmax = learner->objective == DG_OBJECTIVE_SOFTMAX;
    bool numbers = dg_objective_target(learner->objective) == DG_TARGET_NUMBERS;
    if (numbers ? classes != 0
                : classes < 1 || (learner->objective == DG_OBJECTIVE_LOGISTIC && classes != 2))
        return dg_error(DG_FORMAT, "'state': the objective cannot have %" PRId64 " classes",
                        classes);
    int64_t width = averages && !numbers ? classes : 1;
    DG_TRY(whole(value[2], "the width", width, width, &trees->width));
    int64_t group = averages ? 0 : softmax ? classes : 1;
    DG_TRY(whole(value[3], "the group", group, group, &trees->group));
    DG_TRY(whole(value[4], "the best round", 0, 1 << 24, &learner->best_round));
    learner->has_oob = value[5] == value[5];
    learner->oob_score = (double)value[5];
    if (numbers) learner->base.target = DG_TARGET_NUMBERS;
    learner->options_unknown = dg_tensor_file_find(file, "options_unknown") != NULL;
    return averages ? DG_OK : restore_base(learner, file, value[1]);
}

/* Files of earlier versions do not have it. */
static dg_status restore_drawn(dg_tree_learner *learner, const dg_tensor_file *file)
{
    const dg_tensor *tensor = dg_tensor_file_find(file, "drawn");
    uint64_t half[DRAWN_SIZE];
    if (!tensor) return DG_OK;
    if (tensor->dtype != DG_INT32 || tensor->axes != 1 || tensor->shape[0] != DRAWN_SIZE)
        return dg_error(DG_FORMAT, "the tensor 'drawn' must be %d int32 numbers", DRAWN_SIZE);
    for (int i = 0; i < DRAWN_SIZE; i++) half[i] = (uint32_t)dg_int32s(tensor)[i];
    learner->drawn = (dg_drawn){ true, half[1] << 32 | half[0], half[3] << 32 | half[2] };
    return DG_OK;
}

/* Importances are sums of gains. Earlier versions wrote gains that rounding had brought below 0, by
 * at most an ulp of the weight of all rows. */
static dg_status check_gains(dg_trees *trees)
{
    for (int64_t t = 0; t < trees->count; t++) {
        dg_tree_fact *fact = trees->tree[t].fact;
        double rounding = 0x1p-51 * (double)fact[0].cover;
        for (int32_t i = 0; i < trees->tree[t].nodes; i++) {
            if (!((double)fact[i].gain >= -rounding))
                return dg_error(DG_FORMAT, "tree %" PRId64 ", node %d: the gain cannot be %g",
                                t + 1, i, (double)fact[i].gain);
            fact[i].gain = fmaxf(fact[i].gain, 0);
        }
    }
    return DG_OK;
}

dg_status dg_tree_learner_restore(dg_learner *learner, const cJSON *root,
                                  const dg_tensor_file *file)
{
    (void)root;
    dg_tree_learner *mine = dg_tree_learner_of(learner);
    dg_tensor packed[DG_TREES_TENSORS];
    mine->trees.features = dg_learner_row_size(learner);
    learner->fitted = true;
    DG_TRY(restore_state(mine, file));
    for (int i = 0; i < DG_TREES_TENSORS; i++)
        DG_TRY(dg_tensor_file_want(file, dg_trees_tensor_names[i], &packed[i]));
    DG_TRY(dg_trees_unpack(&mine->trees, packed));
    int64_t group = mine->trees.group;
    if ((group == 0 && mine->trees.count == 0) || (group && mine->trees.count % group))
        return dg_error(DG_FORMAT,
                        "found %" PRId64 " trees, expected a multiple of %" PRId64
                        ", the trees of a round",
                        mine->trees.count, group);
    if (group) return DG_OK;
    DG_TRY(check_gains(&mine->trees));
    return restore_drawn(mine, file);
}
