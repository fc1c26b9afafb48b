/* Reading learners from files; engine/store/learner_json.h describes them. */
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "engine/store/learner_json.h"
#include "engine/store/part_json.h"
#include "engine/store/recipe.h"
#include "engine/store/sections.h"

/* --- members of all learners ---------------------------------------------------------------- */

static dg_status read_class_names(dg_learner *learner, const cJSON *names)
{
    const cJSON *item;
    int64_t i = 0;
    if (cJSON_GetArraySize(names) != learner->class_count)
        return dg_error(DG_FORMAT, "'class_names' has %d names, there are %" PRId64 " classes",
                        cJSON_GetArraySize(names), learner->class_count);
    DG_TRY(
        dg_alloc_zero(&learner->class_names, learner->class_count, sizeof *learner->class_names));
    cJSON_ArrayForEach(item, names)
    {
        if (!cJSON_IsString(item))
            return dg_error(DG_FORMAT, "each of 'class_names' must be a string, found %s",
                            dg_json_kind(item));
        DG_TRY(dg_copy_text(&learner->class_names[i++], item->valuestring));
    }
    return DG_OK;
}

static dg_status read_classes(dg_learner *learner, const cJSON *root)
{
    const cJSON *list, *names = cJSON_GetObjectItemCaseSensitive(root, "class_names"), *item;
    int64_t count = 0;
    DG_TRY(dg_json_member(root, "classes", cJSON_Array | cJSON_NULL, &list));
    if (cJSON_IsNull(list)) return DG_OK;
    int size = cJSON_GetArraySize(list);
    if (size == 0) return dg_error(DG_FORMAT, "'classes' has no labels");
    DG_TRY(dg_alloc_zero(&learner->classes, size, sizeof *learner->classes));
    learner->class_count = size;
    learner->target = DG_TARGET_LABELS;
    cJSON_ArrayForEach(item, list)
    {
        int64_t label;
        DG_TRY(dg_json_whole(item, "each of 'classes'", INT32_MIN, INT32_MAX, &label));
        if (count > 0 && label <= learner->classes[count - 1])
            return dg_error(DG_FORMAT,
                            "'classes' must be in ascending order, found %" PRId64 " after %d",
                            label, learner->classes[count - 1]);
        learner->classes[count++] = (int32_t)label;
    }
    return names ? read_class_names(learner, names) : DG_OK;
}

static dg_status read_input_range(dg_learner *learner, const cJSON *root)
{
    const cJSON *list;
    DG_TRY(dg_json_member(root, "input_range", cJSON_Array | cJSON_NULL, &list));
    if (cJSON_IsNull(list)) return DG_OK;
    const cJSON *low = cJSON_GetArrayItem(list, 0), *high = cJSON_GetArrayItem(list, 1);
    if (cJSON_GetArraySize(list) != 2 || !cJSON_IsNumber(low) || !cJSON_IsNumber(high) ||
        !(fabs(low->valuedouble) <= FLT_MAX && fabs(high->valuedouble) <= FLT_MAX))
        return dg_error(DG_FORMAT, "'input_range' must be null or two numbers");
    learner->input_low = (float)low->valuedouble;
    learner->input_high = (float)high->valuedouble;
    learner->fitted = true;
    return DG_OK;
}

static dg_status check_format(const cJSON *root)
{
    const cJSON *format;
    int64_t version;
    if (!cJSON_IsObject(root))
        return dg_error(DG_FORMAT, "must be an object, found %s", dg_json_kind(root));
    DG_TRY(dg_json_member(root, "format", cJSON_Number, &format));
    DG_TRY(dg_json_whole(format, "'format'", 1, INT32_MAX, &version));
    if (version > DG_LEARNER_FORMAT)
        return dg_error(DG_FORMAT,
                        "is of format %" PRId64 ", this program reads %d: a newer digits-lua can "
                        "read the file",
                        version, DG_LEARNER_FORMAT);
    return DG_OK;
}

/* --- learners that are made by name --------------------------------------------------------- */

static dg_status read_row(dg_learner *learner, const cJSON *root)
{
    const cJSON *list, *item;
    int64_t values = 1;
    DG_TRY(dg_json_member(root, "row", cJSON_Array, &list));
    int count = cJSON_GetArraySize(list);
    if (count < 1 || count > DG_MAX_INTS)
        return dg_error(DG_FORMAT, "'row' has %d sizes, expected 1 to %d", count, DG_MAX_INTS);
    cJSON_ArrayForEach(item, list)
    {
        int64_t *size = &learner->row.at[learner->row.count++];
        DG_TRY(dg_json_whole(item, "each of 'row'", 1, INT32_MAX, size));
        if (*size > INT32_MAX / values)
            return dg_error(DG_FORMAT, "'row' has too many values: at most %d", INT32_MAX);
        values *= *size;
    }
    return DG_OK;
}

static void release_options(const dg_part **options)
{
    dg_part_release(*options);
}

static dg_status create_learner(dg_learner **out, const dg_learner_type *type, uint64_t seed,
                                const cJSON *root)
{
    const cJSON *item;
    DG_CLEANUP(release_options) const dg_part *options = NULL;
    if (type->describe) return dg_learner_create(out, type, NULL, seed);
    DG_TRY(dg_json_member(root, "learner", cJSON_Object, &item));
    DG_TRY(dg_part_from_json(&options, "learner", item));
    if (options->type != &type->part)
        return dg_error(DG_FORMAT, "is of kind '%s', but describes a %s", type->part.alias,
                        options->type->name);
    DG_TRY(dg_learner_new(out, options, seed));
    return read_row(*out, root);
}

/* --- all of it ------------------------------------------------------------------------------ */

static dg_status read_learner(dg_learner **out, const cJSON *root, const dg_tensor_file *file)
{
    const cJSON *kind, *text;
    DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file own = { 0 };
    uint64_t seed;
    DG_TRY(check_format(root));
    DG_TRY(dg_json_member(root, "kind", cJSON_String, &kind));
    DG_TRY(dg_json_member(root, "seed", cJSON_String, &text));
    DG_TRY(dg_json_seed_value(text, "'seed'", &seed));
    const dg_descriptor *type = dg_find_descriptor("learner", kind->valuestring);
    if (!type)
        return dg_error(DG_FORMAT, "describes a '%.100s', which this program does not know",
                        kind->valuestring);
    DG_TRY(create_learner(out, (const dg_learner_type *)type, seed, root));
    DG_TRY(read_classes(*out, root));
    DG_TRY(read_input_range(*out, root));
    DG_TRY(dg_sections_check((*out)->type, root, file, &own));
    DG_TRY((*out)->type->restore(*out, root, &own));
    return dg_sections_read(*out, root, file);
}

dg_status dg_learner_get(dg_learner **out, const char *name, const cJSON *root,
                         const dg_tensor_file *file)
{
    const cJSON *object;
    DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file own = { 0 };
    *out = NULL;
    DG_TRY(dg_json_member(root, name, cJSON_Object, &object));
    DG_TRY(dg_tensor_file_view(&own, name, file));
    dg_status status = read_learner(out, object, &own);
    if (status == DG_OK) return DG_OK;
    dg_learner_free(*out);
    *out = NULL;
    return dg_error_context(status, "'%s'", name);
}

static dg_status load_from(dg_learner **out, const dg_tensor_file *file, const char *path)
{
    const char *text = dg_tensor_file_metadata(file, DG_LEARNER_KEY);
    if (!text)
        return dg_error(DG_FORMAT,
                        "%s: has tensors, but no metadata '" DG_LEARNER_KEY
                        "': it was not written by this program",
                        path);
    char what[PATH_MAX + 64];
    snprintf(what, sizeof what, "%s: metadata '" DG_LEARNER_KEY "'", path);
    DG_OWNED_JSON *root = NULL;
    DG_TRY(dg_json_parse(&root, what, text, strlen(text)));
    dg_status status = read_learner(out, root, file);
    if (status == DG_OK) return DG_OK;
    dg_learner_free(*out);
    *out = NULL;
    return dg_error_context(status, "%s", path);
}

dg_status dg_foreign_find(const dg_foreign_format **out, const dg_descriptor *const *parts,
                          const char *path)
{
    const dg_foreign_format *last = NULL;
    *out = NULL;
    for (; *parts; parts++) {
        const dg_learner_type *type = (const dg_learner_type *)*parts;
        if (strcmp(type->part.kind, "learner") != 0) continue;
        const dg_foreign_format *format = dg_foreign_for(type, path);
        if (format && (!format->knows || format->knows(path))) {
            *out = format;
            return DG_OK;
        }
        if (format) last = format;
        for (int k = 0; !format && type->formats && type->formats[k]; k++)
            if (type->formats[k]->check) DG_TRY(type->formats[k]->check(path));
    }
    if (!last) return DG_OK;
    return dg_error(DG_FORMAT, "%s: is neither %s nor in another format whose names end in %s",
                    path, last->name, last->ending);
}

static dg_status read_file(dg_learner **out, const char *path)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    DG_TRY(dg_check_file_kind(path));
    DG_TRY(dg_tensor_file_read(&file, path));
    return load_from(out, &file, path);
}

dg_status dg_learner_load(dg_learner **out, const char *path)
{
    const dg_foreign_format *foreign;
    *out = NULL;
    DG_TRY(dg_foreign_find(&foreign, dg_registry, path));
    DG_TRY(foreign ? foreign->read(out, path) : read_file(out, path));
    dg_status status = dg_recipe_set_start(&(*out)->recipe, path);
    if (status == DG_OK) return DG_OK;
    dg_learner_free(*out);
    *out = NULL;
    return status;
}

static dg_status copy_metadata(char **out, const char *path, const char *key)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    *out = NULL;
    DG_TRY(dg_tensor_file_read(&file, path));
    const char *text = dg_tensor_file_metadata(&file, key);
    return text ? dg_copy_text(out, text) : DG_OK;
}

dg_status dg_learner_purpose(char **out, const char *path)
{
    return copy_metadata(out, path, DG_PURPOSE_KEY);
}

dg_status dg_learner_text(char **out, const char *path)
{
    const dg_foreign_format *foreign;
    *out = NULL;
    DG_TRY(dg_foreign_find(&foreign, dg_registry, path));
    if (foreign) return DG_OK;
    DG_TRY(dg_check_file_kind(path));
    return copy_metadata(out, path, DG_LEARNER_KEY);
}
