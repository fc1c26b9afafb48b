/* Learners as safetensors files: what they learnt as tensors, everything else as one JSON text
 * under the metadata key "digits_lua" (engine/store/learner_json.h says what is in it). */
#ifndef DG_STORE_LEARNER_FILE_H
#define DG_STORE_LEARNER_FILE_H

#include "engine/learner.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

/* A path with the ending of a foreign format of the learner (XGBoost's ".json") is written and read
 * so; any other is a safetensors file. A name that ends as files of other programs do (.onnx, .h5,
 * .npz, .pkl, .pt, .csv ...) is refused; no ending, .safetensors, and endings that nobody claims
 * are not.
 *
 * Keeps all that is needed to predict, and the recipes of a network's compile; whole or not at all.
 * DG_INVALID: a learner other than a network that was never fitted. */
dg_status dg_learner_save(const dg_learner *learner, const char *path);

/* The same, with a text in the file that says what it was saved for. */
dg_status dg_learner_save_for(const dg_learner *learner, const char *path, const char *purpose);

/* That text, to be given back with dg_free; NULL for a file that was saved without. */
dg_status dg_learner_purpose(char **out, const char *path);

/* Whether the foreign format of `path`, if it is one, will have the other program take the learner
 * otherwise than this one does; then a sentence that says so is written to `out`. */
bool dg_learner_save_loses(const dg_learner *learner, const char *path, char *out, size_t size);

/* A learner ready to predict, evaluate and fit (a network that was compiled has a fresh optimizer).
 * Trusts nothing: DG_FORMAT names the file and what is wrong. */
dg_status dg_learner_load(dg_learner **out, const char *path);

/* Whether a path ends as those of learners do: in .safetensors or as another program's format. */
bool dg_is_learner_path(const char *path);

/* --- learners within learners -------------------------------------------------------------- */

/* For types whose learners hold others: adds `learner`, all that its file would have, to what
 * `describe` and `store` of theirs write, as the member `name` of `root` and the tensors
 * "NAME/...". */
dg_status dg_learner_put(const dg_learner *learner, const char *name, cJSON *root,
                         dg_tensor_file *file);

/* For their `restore`: the learner that was put there. */
dg_status dg_learner_get(dg_learner **out, const char *name, const cJSON *root,
                         const dg_tensor_file *file);

#endif
