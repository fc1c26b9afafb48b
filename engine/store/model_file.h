/* Networks (and, later, other learners) as safetensors files: the weights as tensors, everything
 * else as one JSON text under the metadata key "digits_lua". */
#ifndef DG_STORE_MODEL_FILE_H
#define DG_STORE_MODEL_FILE_H

#include "engine/nn/model.h"

/* Keeps architecture, weights, classes, input range, and the recipes of compile. */
dg_status dg_model_save(const dg_model *model, const char *path);
/* A model ready to predict, evaluate and, if it was compiled, to fit (with a fresh optimizer). */
dg_status dg_model_load(dg_model **out, const char *path);

#endif
