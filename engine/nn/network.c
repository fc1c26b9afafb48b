/* Networks as learners: their life, and what dg_learner_type asks for. */
#include "engine/nn/network.h"

#include "engine/base/memory.h"
#include "engine/nn/progress.h"
#include "engine/store/sections.h"

dg_status dg_model_new(dg_model **out, uint64_t seed)
{
    dg_learner *learner;
    *out = NULL;
    DG_TRY(dg_learner_create(&learner, &dg_network, NULL, seed));
    *out = (dg_model *)learner;
    return DG_OK;
}

void dg_model_free(dg_model *model)
{
    if (model) dg_learner_free(&model->base);
}

dg_model *dg_model_of(dg_learner *learner)
{
    return learner->type == &dg_network ? (dg_model *)learner : NULL;
}

static void network_begin(dg_learner *learner)
{
    ((dg_model *)learner)->output = -1;
}

void dg_network_free(dg_learner *learner)
{
    dg_model *model = (dg_model *)learner;
    dg_model_forget_recipe(model);
    dg_model_forget_predictor(model);
    if (model->progress) dg_progress_release(model->progress);
    dg_free(model->progress);
    for (int i = 0; i < model->layer_count; i++) dg_part_release(model->layers[i].part);
    dg_free(model->nodes);
    dg_free(model->layers);
    dg_free(model->weights);
    dg_free(model->values);
    dg_free(model->gradients);
}

float dg_network_byte_scale(const dg_learner *learner)
{
    return ((const dg_model *)learner)->bytes == DG_BYTES_RAW ? 1 : 255;
}

static const dg_param params[] = { DG_END };

static const dg_hint fit_hints[] = {
    { "validation_split", "split the set first: set:split { 0.8, 0.2 }, then validation = ..." },
    { "lr", "give it to the optimizer: compile { optimizer = nn.Adam { learning_rate = ... } }" },
    { "batch", "use batch_size = ..." },
    { "nb_epoch", "use epochs = ..." },
    { NULL },
};

static const dg_section *const sections[] = { &dg_optimizer_section, &dg_progress_section, NULL };

const dg_learner_type dg_network = {
    .part = { .kind = "learner",
              .name = "Network",
              .alias = "network",
              .doc = "a graph of layers, trained by gradient descent",
              .params = params },
    .family = "network",
    .fit_params = dg_network_fit_params,
    .fit_size = sizeof(dg_network_fit_options),
    .fit_hints = fit_hints,
    .size = sizeof(dg_model),
    .begin = network_begin,
    .free = dg_network_free,
    .fit = dg_network_fit,
    .predict_proba = dg_network_predict_proba,
    .predict_columns = dg_network_predict_columns,
    .evaluate = dg_network_evaluate,
    .summary = dg_network_summary,
    .byte_scale = dg_network_byte_scale,
    .step = "epoch",
    .resumes = true,
    .takes_weights = true,
    .compiled = true,
    .doubts = dg_network_doubts,
    .products = dg_network_products,
    .describe = dg_network_describe,
    .store = dg_network_store,
    .restore = dg_network_restore,
    .sections = sections,
};
