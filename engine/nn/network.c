/* Networks as learners. */
#include "engine/nn/network.h"

#include "engine/nn/plan.h"

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

static const dg_param params[] = { DG_END };

const dg_learner_type dg_network = {
    .part = { .kind = "learner",
              .name = "Network",
              .alias = "network",
              .doc = "a graph of layers, trained by gradient descent",
              .params = params },
    .free = release,
    .fit = fit,
    .predict_proba = predict_proba,
    .evaluate = evaluate,
    .summary = summary,
    .byte_scale = byte_scale,
    .step = "epoch",
    .resumes = true,
    .takes_numbers = true,
};
