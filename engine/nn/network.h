/* What the files of networks share. dg_network_... are functions of the learner
 * dg_network, with arguments as in dg_learner_type. */
#ifndef DG_NN_NETWORK_H
#define DG_NN_NETWORK_H

#include "engine/nn/model.h"

/* engine/nn/model.c. Closing is dg_model_finish without drawing the weights, which are all zero:
 * for those that a file gives. */
dg_status dg_model_close(dg_model *model, int output);
bool dg_network_doubts(const dg_learner *learner, const dg_tensor *x, char *out, size_t size);

/* engine/nn/compile.c. Restarting: weights as after dg_model_finish, an optimizer as after
 * dg_model_compile. Forgetting: as before dg_model_compile. */
void dg_model_restart(dg_model *model);
void dg_model_forget_recipe(dg_model *model);

const char *dg_network_products(const dg_learner *learner);

/* The activation that the layer of a node applies last: a dg_activation, or -1 if it has none. */
int dg_node_activation(const dg_model *model, int node);

/* Whether the loss is fused with the network's last activation: it is then computed from the input
 * of that activation, and its gradient is with respect to that. A softmax over only a part of the
 * row cannot be fused. */
bool dg_model_fuses_loss(const dg_model *model);

/* The sum of all penalties. */
double dg_model_penalty(const dg_model *model);

/* engine/nn/update.c: where the optimizer keeps running averages of the weights, these become the
 * weights, once a step has been done. */
void dg_model_take_averages(dg_model *model);

/* engine/nn/store.c: networks in model files. */
dg_status dg_network_describe(const dg_learner *learner, struct cJSON *root);
dg_status dg_network_store(const dg_learner *learner, struct dg_tensor_file *file);
dg_status dg_network_restore(dg_learner *learner, const struct cJSON *root,
                             const struct dg_tensor_file *file);
/* Numbers that lie as the weights do, `values`: in files as "WEIGHT" if `number` is 0, else as
 * "WEIGHT/number". Getting them: DG_FORMAT for a missing one and for another type or shape. */
dg_status dg_network_put_values(const dg_model *model, const float *values, int number,
                                struct dg_tensor_file *file);
dg_status dg_network_get_values(const dg_model *model, float *values, int number,
                                const struct dg_tensor_file *file);
extern const struct dg_section dg_optimizer_section; /* engine/nn/store_optimizer.c */
extern const struct dg_section dg_progress_section;  /* engine/nn/store_progress.c */
/* The same as dg_network_restore without the weights, for which there is no room yet; and what
 * stands beside them: the loss, the target. */
dg_status dg_network_restore_graph(dg_model *model, const struct cJSON *root);
dg_status dg_network_restore_rest(dg_model *model, const struct cJSON *root);

/* engine/nn/network.c: what a network owns beyond the dg_learner; what it divides bytes by. */
void dg_network_free(dg_learner *learner);
float dg_network_byte_scale(const dg_learner *learner);

/* engine/nn/fit.c */
extern const dg_param dg_network_fit_params[];
dg_status dg_network_fit(dg_learner *learner, const dg_dataset *set, const dg_fit_options *options,
                         const dg_job *job, dg_fit_result *result);

/* engine/nn/predict.c. The loss includes penalties, as in Keras. */
dg_status dg_network_new_outputs(const dg_model *model, int64_t rows, dg_tensor *out);
dg_status dg_network_predict_proba(const dg_learner *learner, const dg_tensor *x, const dg_job *job,
                                   dg_tensor *out);
dg_status dg_network_predict_columns(const dg_learner *learner, const dg_tensor *x,
                                     const dg_job *job, int32_t *out);
dg_status dg_network_evaluate(const dg_learner *learner, const dg_dataset *set, const dg_job *job,
                              dg_scores *out);

/* Frees what predictions have left for later ones: the graph or the loss changes. */
void dg_model_forget_predictor(dg_model *model);

/* engine/nn/summary.c: the table of layers, output shapes and parameters, as Keras prints it. */
dg_status dg_network_summary(const dg_learner *learner, char **out);

#endif
