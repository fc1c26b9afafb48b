/* Sections of model files. */
#include "engine/store/sections.h"

#include <string.h>

#include "engine/base/memory.h"

/* --- sections ------------------------------------------------------------------------------ */

/* Required ones first. */
static const dg_section *const known[] = { &dg_preparation_section, &dg_recipe_section, NULL };

static const dg_section *find_section(const char *name)
{
    for (int i = 0; known[i]; i++)
        if (strcmp(known[i]->name, name) == 0) return known[i];
    return NULL;
}

bool dg_sections_required(const dg_learner *learner)
{
    for (int i = 0; known[i]; i++)
        if (known[i]->required && known[i]->has(learner)) return true;
    return false;
}

static dg_status write_one(const dg_section *section, const dg_learner *learner, const char *path,
                           cJSON *list, dg_tensor_file *file)
{
    dg_section_target to = { .path = path };
    cJSON *object;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file own = { 0 };
    DG_TRY(dg_json_add_object(list, section->name, &object));
    DG_TRY(dg_json_add(object, "required", cJSON_CreateBool(section->required)));
    if (!section->required) DG_TRY(dg_tensor_file_digest(file, to.digest));
    DG_TRY(section->write(learner, section->required ? NULL : &to, object, &own));
    return dg_tensor_file_nest(file, section->name, &own);
}

dg_status dg_sections_write(const dg_learner *learner, const char *path, cJSON *root,
                            dg_tensor_file *file)
{
    cJSON *list = NULL;
    for (int i = 0; known[i]; i++) {
        if (!known[i]->has(learner) || (!known[i]->required && !path)) continue;
        if (!list) DG_TRY(dg_json_add_object(root, "sections", &list));
        DG_TRY(write_one(known[i], learner, path, list, file));
    }
    return DG_OK;
}

static dg_status check_one(const cJSON *section)
{
    const cJSON *required;
    if (!cJSON_IsObject(section))
        return dg_error(DG_FORMAT, "must be an object, found %s", dg_json_kind(section));
    DG_TRY(dg_json_member(section, "required", cJSON_True | cJSON_False, &required));
    if (!cJSON_IsTrue(required) || find_section(section->string)) return DG_OK;
    return dg_error(DG_FORMAT, "is required to use the model, but unknown to this program: a newer "
                               "digits-lua can read the file");
}

/* Whether the tensor belongs to one of the sections. */
static bool in_sections(const char *name, const cJSON *sections)
{
    const cJSON *section;
    cJSON_ArrayForEach(section, sections)
    {
        if (dg_tensor_name_after(name, section->string)) return true;
    }
    return false;
}

dg_status dg_sections_check(const cJSON *root, const dg_tensor_file *file, dg_tensor_file *own)
{
    const cJSON *sections = cJSON_GetObjectItemCaseSensitive(root, "sections"), *section;
    *own = (dg_tensor_file){ 0 };
    if (sections && !cJSON_IsObject(sections))
        return dg_error(DG_FORMAT, "'sections' must be an object, found %s",
                        dg_json_kind(sections));
    cJSON_ArrayForEach(section, sections)
    {
        dg_status status = check_one(section);
        if (status != DG_OK)
            return dg_error_context(status, "the section '%.100s'", section->string);
    }
    DG_TRY(dg_alloc(&own->tensors, file->count, sizeof *own->tensors));
    for (int i = 0; i < file->count; i++)
        if (!in_sections(file->tensors[i].name, sections))
            own->tensors[own->count++] = file->tensors[i];
    return DG_OK;
}

dg_status dg_sections_read(dg_learner *learner, const cJSON *root, const dg_tensor_file *file)
{
    const cJSON *section;
    cJSON_ArrayForEach(section, cJSON_GetObjectItemCaseSensitive(root, "sections"))
    {
        const dg_section *kind = find_section(section->string);
        DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file own = { 0 };
        if (!kind) continue;
        DG_TRY(dg_tensor_file_view(&own, kind->name, file));
        dg_status status = kind->read(learner, section, &own);
        if (status != DG_OK) return dg_error_context(status, "the section '%s'", kind->name);
    }
    return DG_OK;
}
