/* Learners as safetensors files: their learnt values as tensors, everything else as one JSON text
 * under the metadata key "digits_lua" (described in engine/store/learner_json.h). */
#ifndef DG_STORE_LEARNER_FILE_H
#define DG_STORE_LEARNER_FILE_H

#include "engine/base/sha256.h"
#include "engine/learner.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

/* A path with the ending of a foreign format of the learner (such as ".json") is written in that
 * format, any other as a safetensors file. A name with the ending of another program's files
 * (.onnx, .h5, .npz, .pkl, .pt, .csv ...) is refused; no ending, .safetensors and unknown endings
 * are accepted.
 *
 * Writes everything that is needed to predict and to continue fitting, with an optimizer that
 * starts anew. The file is written completely or not at all. DG_INVALID: the learner cannot be
 * saved, as it was never fitted. */
dg_status dg_learner_save(const dg_learner *learner, const char *path);

/* What else a file holds, or does without. */
typedef struct dg_save_options {
    bool bare;      /* no recipe (engine/store/recipe.h) */
    bool optimizer; /* the state of the optimizer, so that a fit goes on as if it had not
                            stopped; DG_INVALID for a learner that has none */
    const struct dg_progress
        *progress;       /* of a fit that is under way, for its checkpoint; or NULL */
    const char *purpose; /* a text that says what the file is for; or NULL */
} dg_save_options;

dg_status dg_learner_save_with(const dg_learner *learner, const char *path,
                               const dg_save_options *options);

/* What dg_learner_save_with would refuse before it looks at what was learnt; DG_IO if a file cannot
 * be made there. */
dg_status dg_learner_check_save(const dg_learner *learner, const char *path,
                                const dg_save_options *options);

/* The purpose of a file (free it with dg_free), or NULL for a file without one. */
dg_status dg_learner_purpose(char **out, const char *path);

/* The JSON text that describes the learner in a file (engine/store/learner_json.h; free it with
 * dg_free), or NULL if there is none: the file has another format, or another program wrote it. */
dg_status dg_learner_text(char **out, const char *path);

/* Whether another program will understand the learner differently when it is saved in the foreign
 * format of `path`; then a sentence that says so is written to `out`. */
bool dg_learner_save_loses(const dg_learner *learner, const char *path, char *out, size_t size);

/* A learner that is ready to predict, evaluate and fit. Checks everything: DG_FORMAT names the file
 * and what is wrong. */
dg_status dg_learner_load(dg_learner **out, const char *path);

/* Whether a path has an ending of learners' files: .safetensors, or that of a foreign format. */
bool dg_is_learner_path(const char *path);

/* The digest (dg_tensor_file_digest) of the tensors that its file holds and that it needs to
 * predict. The JSON text, and so options, labels and history, does not count. DG_INVALID: the
 * learner cannot be saved. */
dg_status dg_learner_digest(const dg_learner *learner, char hex[DG_SHA256_HEX]);

/* A learner of its own with the same options, seed and all that was learnt, as if it had been saved
 * and loaded: an optimizer starts anew. One that was not fitted is a new one. */
dg_status dg_learner_copy(dg_learner **out, const dg_learner *learner);

/* --- learners within learners -------------------------------------------------------------- */

/* For types whose learners hold others: adds everything that the file of `learner` would hold to
 * what their `describe` and `store` write, as the member `name` of `root` and the tensors
 * "NAME/...". */
dg_status dg_learner_put(const dg_learner *learner, const char *name, cJSON *root,
                         dg_tensor_file *file);

/* For their `restore`: the learner that dg_learner_put added. */
dg_status dg_learner_get(dg_learner **out, const char *name, const cJSON *root,
                         const dg_tensor_file *file);

#endif
