/* What the writers and the readers of learners' files agree on.
 *
 * Metadata "digits_lua" is an object with these members:
 *   format       1, or 2 where a section is required; a change that old programs cannot read
 *                raises it: DG_LEARNER_FORMAT is the highest
 *   kind         "network", or a learner's alias such as "random_forest"
 *   program      which program wrote it, for people
 *   seed         what was drawn follows from it; a text
 *   classes      null, or the label of each output
 *   class_names  only if there are names: one for each class
 *   input_range  null before the first fit, then [least, greatest] value seen
 *   sections     only if there are some: see sections.h
 * and, unless the type of the learner has members of its own (networks: engine/nn/store.c),
 *   row          the shape of a row
 *   learner      {"type", "options", "defaults"}
 * The tensors are the learner's own; those of its sections have their names before theirs, and so
 * have those of learners within it (dg_learner_put), whose objects are members of their names. */
#ifndef DG_STORE_LEARNER_JSON_H
#define DG_STORE_LEARNER_JSON_H

#include "engine/learner.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

#define DG_LEARNER_KEY "digits_lua"
#define DG_PURPOSE_KEY "digits_lua_for" /* a text of whoever saved it, or not there */

enum { DG_LEARNER_FORMAT = 2 };

/* The foreign format of the type whose ending the path has, or NULL. */
const dg_foreign_format *dg_foreign_for(const dg_learner_type *type, const char *path);

/* Of the learners among `parts`, which end in NULL: `*out` becomes the format of a file with the
 * ending of some, or NULL where none has it. DG_FORMAT where those that have it do not know the
 * file, or one that any name may have is known and cannot be read. */
dg_status dg_foreign_find(const dg_foreign_format **out, const dg_descriptor *const *parts,
                          const char *path);

/* engine/store/file_kind.c. What other programs write to files with the ending of `path`, "ONNX";
 * or NULL for endings that none of them claims. */
const char *dg_kind_by_ending(const char *path);

/* DG_FORMAT when the file is known, by its first bytes, to be of another kind than safetensors;
 * the message says of which. Also where it is not safetensors and its name says what it is. */
dg_status dg_check_kind(const char *path);

#endif
