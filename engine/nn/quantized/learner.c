/* Quantised networks as learners: their life, and what dg_learner_type asks for. */
#include "engine/nn/quantized/internal.h"

#include "engine/base/memory.h"
#include "engine/nn/network.h"

dg_status dg_quantized_new(dg_quantized **out, uint64_t seed)
{
    dg_learner *learner;
    *out = NULL;
    DG_TRY(dg_learner_create(&learner, &dg_quantized_network, NULL, seed));
    *out = (dg_quantized *)learner;
    return DG_OK;
}

static void quantized_begin(dg_learner *learner)
{
    ((dg_model *)learner)->output = -1;
}

static void quantized_free(dg_learner *learner)
{
    dg_quantized *q = (dg_quantized *)learner;
    dg_quantized_free_room(q);
    for (int i = 0; q->nodes && i < q->model.node_count; i++) dg_factor8_free(&q->nodes[i].kernel);
    for (int i = 0; q->weights && i < q->model.layer_count; i++) {
        dg_free(q->weights[i].scale);
        dg_free(q->weights[i].bias);
    }
    dg_free(q->nodes);
    dg_free(q->weights);
    dg_network_free(learner);
}

static dg_status quantized_fit(dg_learner *learner, const dg_dataset *set,
                               const dg_fit_options *options, const dg_job *job,
                               dg_fit_result *result)
{
    (void)learner, (void)set, (void)options, (void)job, (void)result;
    return dg_error(DG_INVALID, "fit: " DG_PREDICTS_ONLY);
}

static const dg_param params[] = { DG_END };

const dg_learner_type dg_quantized_network = {
    .part = { .kind = "learner",
              .name = "QuantizedNetwork",
              .alias = "quantized_network",
              .doc = "a network that predicts in int8, made by model:quantize",
              .params = params },
    .family = "quantized",
    .fit_params = dg_network_fit_params, /* which are read before it is refused */
    .fit_size = sizeof(dg_network_fit_options),
    .size = sizeof(dg_quantized),
    .begin = quantized_begin,
    .free = quantized_free,
    .fit = quantized_fit,
    .predict_proba = dg_quantized_predict_proba,
    .evaluate = dg_quantized_evaluate,
    .summary = dg_quantized_summary,
    .byte_scale = dg_network_byte_scale,
    .compiled = true,
    .describe = dg_quantized_describe,
    .store = dg_quantized_store,
    .restore = dg_quantized_restore,
};
