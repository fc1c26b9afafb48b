/* What the writers and the readers of learners' files agree on.
 *
 * Metadata "digits_lua" is an object with these members:
 *   format       1: DG_LEARNER_FORMAT; a change that old programs cannot read raises it
 *   kind         "network", or a learner's alias such as "random_forest"
 *   program      which program wrote it, for people
 *   seed         what was drawn follows from it; a text
 *   classes      null, or the label of each output
 *   class_names  only if there are names: one for each class
 *   input_range  null before the first fit, then [least, greatest] value seen
 * Of a network also:
 *   layers       [{"name", "type", "options", "defaults"}]: see part_json.h
 *   nodes        [{"layer", "inputs"}]: uses of layers, counted from 0, inputs before uses
 *   output       the node whose output is the network's
 *   numbers      true if its one output is a number to be met; else left out
 *   compile      null, or {"optimizer", "loss", "accuracy", "epoch"}; epoch: how many are done
 * and each weight is a tensor of its own, "layer.weight": "conv2d.kernel".
 * Of all others:
 *   row          the shape of a row
 *   learner      {"type", "options", "defaults"}
 * and the tensors are the learner's own. */
#ifndef DG_STORE_LEARNER_JSON_H
#define DG_STORE_LEARNER_JSON_H

#include "engine/nn/model.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

#define DG_LEARNER_KEY "digits_lua"
#define DG_PURPOSE_KEY "digits_lua_for" /* a text of whoever saved it, or not there */

enum { DG_LEARNER_FORMAT = 1 };

/* Whether the path has the ending of this format; false for NULL. */
bool dg_is_foreign(const dg_foreign_format *format, const char *path);

/* engine/store/file_kind.c. What other programs write to files with the ending of `path`, "ONNX";
 * or NULL for endings that none of them claims. */
const char *dg_kind_by_ending(const char *path);

/* DG_FORMAT when the file is known, by its first bytes, to be of another kind than safetensors;
 * the message says of which. Also where it is not safetensors and its name says what it is. */
dg_status dg_check_kind(const char *path);

/* Members of an object that are objects and lists themselves. */
dg_status dg_json_add_object(cJSON *to, const char *name, cJSON **out);
dg_status dg_json_add_list(cJSON *to, const char *name, cJSON **out);

/* engine/store/network_write.c: a network's members of the text, and its tensors. */
dg_status dg_network_describe(cJSON *root, const dg_model *model);
dg_status dg_network_store(const dg_model *model, dg_tensor_file *file);

/* engine/store/network_read.c: the network that both make. */
dg_status dg_network_read(dg_model **out, uint64_t seed, const cJSON *root,
                          const dg_tensor_file *file);

#endif
