/* The contents of learners' files, for the writer and the reader.
 *
 * Metadata "digits_lua" is an object with these members:
 *   format       1, or 2 if a section is required; raised by every change that old programs
 *                cannot read: DG_LEARNER_FORMAT is the highest
 *   kind         the alias of the learner's type, such as "random_forest"
 *   program      the program that wrote it, for people
 *   seed         the seed of everything random, as a string
 *   classes      null, or the label of each output
 *   class_names  if there are names: one for each class
 *   input_range  null before the first fit, then [least, greatest] value seen
 *   sections     if there are some: see sections.h
 * and, unless the type of the learner writes members of its own (dg_learner_type.describe),
 *   row          the shape of a row
 *   learner      {"type", "options", "defaults"}
 *
 * The tensors are the learner's own. Those of its sections are named "SECTION/...", those of
 * learners within it (dg_learner_put) "MEMBER/...", where "MEMBER" is the JSON object that
 * describes one. */
#ifndef DG_STORE_LEARNER_JSON_H
#define DG_STORE_LEARNER_JSON_H

#include "engine/learner.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

#define DG_LEARNER_KEY "digits_lua"
#define DG_PURPOSE_KEY "digits_lua_for" /* optional: what the file was saved for */

enum { DG_LEARNER_FORMAT = 2 };

/* The foreign format of the type with the ending of `path`, or NULL. */
const dg_foreign_format *dg_foreign_for(const dg_learner_type *type, const char *path);

/* `*out` becomes the foreign format of the file among those of the learners in `parts` (which end
 * with NULL), or NULL if none has its ending. DG_FORMAT: no format with its ending recognises the
 * file, or a format recognises it by content and cannot read it. */
dg_status dg_foreign_find(const dg_foreign_format **out, const dg_descriptor *const *parts,
                          const char *path);

/* The format of other programs that the ending of `path` belongs to, "ONNX"; NULL for unknown
 * endings (engine/store/file_kind.c). */
const char *dg_file_kind_by_ending(const char *path);

/* DG_FORMAT if the first bytes of the file show that it has another format than safetensors, or if
 * they are not those of safetensors and its ending names another format; the message says which. */
dg_status dg_check_file_kind(const char *path);

#endif
