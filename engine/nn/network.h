/* What engine/nn/network.c joins into the learner dg_network. Arguments as in dg_learner_type. */
#ifndef DG_NN_NETWORK_H
#define DG_NN_NETWORK_H

#include "engine/nn/model.h"

/* engine/nn/model.c: what is the network's own, and the memory of the struct. */
void dg_model_release(dg_model *model);

/* engine/nn/model.c: weights as after dg_model_finish, an optimizer as after dg_model_compile. */
void dg_model_restart(dg_model *model);

/* engine/nn/store.c: networks in model files. */
dg_status dg_network_describe(const dg_learner *learner, struct cJSON *root);
dg_status dg_network_store(const dg_learner *learner, struct dg_tensor_file *file);
dg_status dg_network_restore(dg_learner *learner, const struct cJSON *root,
                             const struct dg_tensor_file *file);

/* engine/nn/fit.c */
extern const dg_param dg_network_fit_params[];
dg_status dg_model_fit(dg_model *model, const dg_dataset *set, const dg_fit_options *options,
                       const dg_job *job, dg_fit_result *result);

/* engine/nn/predict.c */
dg_status dg_model_predict_proba(const dg_model *model, const dg_tensor *x, const dg_job *job,
                                 dg_tensor *out);
/* The loss includes penalties, as in Keras. */
dg_status dg_model_evaluate(const dg_model *model, const dg_dataset *set, const dg_job *job,
                            dg_scores *out);

/* engine/nn/summary.c: the table of layers, output shapes and parameters, as Keras prints it. */
dg_status dg_model_summary(const dg_model *model, char **out);

#endif
