/* Sections of model files: what a learner carries beside what its type stores, each with a name.
 *
 * The JSON of a learner has the member "sections", {"NAME": {"required": true ...} ...}, if it has
 * some; the tensors of a section are named "NAME/...". A reader ignores a section that it does not
 * know, unless it is required: then it refuses the file, as a program from before sections does,
 * for such a file is of format 2. Names that are given away: "preparation" (required), and
 * "precision" and "recipe", which nobody writes yet (optional). */
#ifndef DG_STORE_SECTIONS_H
#define DG_STORE_SECTIONS_H

#include "engine/learner.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

/* A kind of section, in the list of engine/store/sections.c. */
typedef struct dg_section {
    const char *name;
    bool required;
    /* Whether the learner has one; writes it into an object and a file that are its own; reads it
     * from them, trusting nothing. */
    bool (*there)(const dg_learner *learner);
    dg_status (*write)(const dg_learner *learner, cJSON *object, dg_tensor_file *file);
    dg_status (*read)(dg_learner *learner, const cJSON *object, const dg_tensor_file *file);
} dg_section;

extern const dg_section dg_preparation_section; /* engine/store/preparation.c */

/* Whether the file of the learner has a section that is required. */
bool dg_sections_required(const dg_learner *learner);

/* Adds the sections that the learner has. */
dg_status dg_sections_write(const dg_learner *learner, cJSON *root, dg_tensor_file *file);

/* DG_FORMAT for a required section that is unknown. `*own` (dg_free its `tensors`) becomes a view
 * of the tensors that belong to no section. */
dg_status dg_sections_check(const cJSON *root, const dg_tensor_file *file, dg_tensor_file *own);

/* Reads those that are known, after dg_sections_check. */
dg_status dg_sections_read(dg_learner *learner, const cJSON *root, const dg_tensor_file *file);

/* --- names with a prefix ------------------------------------------------------------------- */

/* Adds the tensors of `from` as "NAME/...". DG_INVALID if there are others of such names. */
dg_status dg_tensors_put(dg_tensor_file *file, const char *name, const dg_tensor_file *from);

/* `*out` becomes a view (dg_free its `tensors`) of the tensors "NAME/...", without these letters.
 */
dg_status dg_tensors_get(dg_tensor_file *out, const char *name, const dg_tensor_file *file);

#endif
