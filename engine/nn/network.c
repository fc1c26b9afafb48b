/* Networks as learners. */
#include "engine/nn/network.h"

#include "engine/base/memory.h"

#include "engine/nn/plan.h"

static void begin(dg_learner *learner)
{
    ((dg_model *)learner)->output = -1;
}

static const dg_model *model_of(const dg_learner *learner)
{
    return (const dg_model *)learner;
}

dg_model *dg_model_of(dg_learner *learner)
{
    return learner->type == &dg_network ? (dg_model *)learner : NULL;
}

static void release(dg_learner *learner)
{
    dg_model_release((dg_model *)learner);
}

static dg_status fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                     const dg_job *job, dg_fit_result *result)
{
    return dg_model_fit((dg_model *)learner, set, options, job, result);
}

static dg_status predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                               dg_tensor *out)
{
    return dg_model_predict_proba(model_of(learner), x, job, out);
}

static dg_status evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                          dg_scores *out)
{
    return dg_model_evaluate(model_of(learner), set, job, out);
}

static dg_status summary(const dg_learner *learner, char **out)
{
    return dg_model_summary(model_of(learner), out);
}

static float byte_scale(const dg_learner *learner)
{
    return model_of(learner)->bytes == DG_BYTES_RAW ? 1 : 255;
}

static bool doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size)
{
    return dg_model_doubts_bytes(model_of(learner), x, out, size);
}

static const dg_param params[] = { DG_END };

static const dg_hint fit_hints[] = {
    { "validation_split", "split the set first: set:split { 0.8, 0.2 }, then validation = ..." },
    { "lr", "the optimizer has it: compile { optimizer = nn.Adam { learning_rate = ... } }" },
    { "learning_rate",
      "the optimizer has it: compile { optimizer = nn.Adam { learning_rate = ... } }" },
    { "batch", "use batch_size = ..." },
    { "nb_epoch", "use epochs = ..." },
    { NULL },
};

const dg_learner_type dg_network = {
    .part = { .kind = "learner",
              .name = "Network",
              .alias = "network",
              .doc = "a graph of layers, trained by gradient descent",
              .params = params },
    .family = "network",
    .fit_params = dg_network_fit_params,
    .fit_size = sizeof(dg_network_fit),
    .fit_hints = fit_hints,
    .size = sizeof(dg_model),
    .begin = begin,
    .free = release,
    .fit = fit,
    .predict_proba = predict_proba,
    .evaluate = evaluate,
    .summary = summary,
    .byte_scale = byte_scale,
    .step = "epoch",
    .resumes = true,
    .compiled = true,
    .doubts = doubts,
    .describe = dg_network_describe,
    .store = dg_network_store,
    .restore = dg_network_restore,
};
