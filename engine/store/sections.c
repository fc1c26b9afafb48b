/* Sections of model files. */
#include "engine/store/sections.h"

#include <string.h>

#include "engine/base/memory.h"

/* --- sections ------------------------------------------------------------------------------ */

/* Of all learners. */
static const dg_section *const common[] = { &dg_preparation_section, &dg_recipe_section, NULL };

/* The section at index `i` of those that learners of this type can have; NULL after the last. */
static const dg_section *section_at(const dg_learner_type *type, int i)
{
    const int shared = sizeof common / sizeof *common - 1;
    if (i < shared) return common[i];
    return type->sections ? type->sections[i - shared] : NULL;
}

static const dg_section *find_section(const dg_learner_type *type, const char *name)
{
    const dg_section *section;
    for (int i = 0; (section = section_at(type, i)); i++)
        if (strcmp(section->name, name) == 0) return section;
    return NULL;
}

bool dg_sections_have(const dg_learner *learner, const dg_save_options *options, const char *name)
{
    const dg_section *section = find_section(learner->type, name);
    return section && section->has(learner, options);
}

bool dg_sections_required(const dg_learner *learner)
{
    const dg_section *section;
    for (int i = 0; (section = section_at(learner->type, i)); i++)
        if (section->required && section->has(learner, NULL)) return true;
    return false;
}

static dg_status write_one(const dg_section *section, const dg_learner *learner,
                           const dg_section_target *to, cJSON *list, dg_tensor_file *file)
{
    cJSON *object;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file own = { 0 };
    DG_TRY(dg_json_add_object(list, section->name, &object));
    DG_TRY(dg_json_add(object, "required", cJSON_CreateBool(section->required)));
    DG_TRY(section->write(learner, to, object, &own));
    return dg_tensor_file_nest(file, section->name, &own);
}

/* Those that are required, or (`to` is not NULL) those that are not. */
static dg_status write_some(const dg_learner *learner, dg_section_target *to, cJSON **list,
                            cJSON *root, dg_tensor_file *file)
{
    const dg_section *section;
    for (int i = 0; (section = section_at(learner->type, i)); i++) {
        if (section->required != !to) continue;
        if (!section->has(learner, to ? to->options : NULL)) continue;
        if (to && !to->digest[0]) DG_TRY(dg_tensor_file_digest(file, to->digest));
        if (!*list) DG_TRY(dg_json_add_object(root, "sections", list));
        DG_TRY(write_one(section, learner, to, *list, file));
    }
    return DG_OK;
}

dg_status dg_sections_write(const dg_learner *learner, const char *path,
                            const dg_save_options *options, cJSON *root, dg_tensor_file *file)
{
    cJSON *list = NULL;
    dg_section_target to = { .path = path, .options = options };
    DG_TRY(write_some(learner, NULL, &list, root, file));
    return path ? write_some(learner, &to, &list, root, file) : DG_OK;
}

static dg_status check_one(const dg_learner_type *type, const cJSON *section)
{
    const cJSON *required;
    if (!cJSON_IsObject(section))
        return dg_error(DG_FORMAT, "must be an object, found %s", dg_json_kind(section));
    DG_TRY(dg_json_member(section, "required", cJSON_True | cJSON_False, &required));
    if (!cJSON_IsTrue(required) || find_section(type, section->string)) return DG_OK;
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

dg_status dg_sections_check(const dg_learner_type *type, const cJSON *root,
                            const dg_tensor_file *file, dg_tensor_file *own)
{
    const cJSON *sections = cJSON_GetObjectItemCaseSensitive(root, "sections"), *section;
    *own = (dg_tensor_file){ 0 };
    if (sections && !cJSON_IsObject(sections))
        return dg_error(DG_FORMAT, "'sections' must be an object, found %s",
                        dg_json_kind(sections));
    cJSON_ArrayForEach(section, sections)
    {
        dg_status status = check_one(type, section);
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
        const dg_section *kind = find_section(learner->type, section->string);
        DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file own = { 0 };
        if (!kind) continue;
        DG_TRY(dg_tensor_file_view(&own, kind->name, file));
        dg_status status = kind->read(learner, section, &own);
        if (status != DG_OK) return dg_error_context(status, "the section '%s'", kind->name);
    }
    return DG_OK;
}
