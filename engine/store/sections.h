/* Sections of model files: named additions to what the type of the learner stores.
 *
 * The JSON of a learner with sections has the member "sections", {"NAME": {"required": true ...}
 * ...}; the tensors of a section are named "NAME/...". A reader ignores a section that it does not
 * know, unless it is required: then it refuses the file, as does a program older than sections,
 * because such a file is of format 2. Reserved: the name "precision" (optional), which is not
 * written yet. */
#ifndef DG_STORE_SECTIONS_H
#define DG_STORE_SECTIONS_H

#include "engine/base/sha256.h"
#include "engine/learner.h"
#include "engine/store/learner_file.h"
#include "engine/store/json.h"
#include "engine/store/safetensors.h"

/* The file that a section which is not required goes to. */
typedef struct dg_section_target {
    const char *path;
    const dg_save_options *options; /* what is wanted in it */
    char digest[DG_SHA256_HEX];     /* of all tensors that are needed to predict */
} dg_section_target;

/* A kind of section: of all learners, in the list of engine/store/sections.c, or of a type
 * (dg_learner_type.sections). */
typedef struct dg_section {
    const char *name;
    bool required;
    /* Whether the learner has this section, in a file with these options; writes it to an object
     * and a file of its own; reads it from them, and checks everything. A required one is in each
     * file: there `options` and `to` are NULL. */
    bool (*has)(const dg_learner *learner, const dg_save_options *options);
    dg_status (*write)(const dg_learner *learner, const dg_section_target *to, cJSON *object,
                       dg_tensor_file *file);
    dg_status (*read)(dg_learner *learner, const cJSON *object, const dg_tensor_file *file);
} dg_section;

extern const dg_section dg_preparation_section; /* engine/store/preparation.c */
/* Gives `to` the same steps. */
dg_status dg_preparation_copy(dg_learner *to, const dg_learner *from);
extern const dg_section dg_recipe_section; /* engine/store/recipe_section.c */

/* Whether a file with these options has a section of that name beside those that are required. */
bool dg_sections_have(const dg_learner *learner, const dg_save_options *options, const char *name);

/* Whether the file of the learner has a required section. */
bool dg_sections_required(const dg_learner *learner);

/* Adds the sections that the learner has for the file `path`; those that are required if it is
 * NULL. */
dg_status dg_sections_write(const dg_learner *learner, const char *path,
                            const dg_save_options *options, cJSON *root, dg_tensor_file *file);

/* DG_FORMAT for an unknown required section. `*own` becomes a view of the tensors that
 * belong to no section (dg_tensor_file_view_release). */
dg_status dg_sections_check(const dg_learner_type *type, const cJSON *root,
                            const dg_tensor_file *file, dg_tensor_file *own);

/* Reads the known sections, after dg_sections_check. */
dg_status dg_sections_read(dg_learner *learner, const cJSON *root, const dg_tensor_file *file);

#endif
