/* Writing learners to files. engine/store/learner_read.c reads them. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "engine/base/atomic_file.h"
#include "engine/base/memory.h"
#include "engine/store/learner_file.h"
#include "engine/store/learner_json.h"
#include "engine/store/part_json.h"
#include "engine/store/sections.h"

/* --- the JSON text -------------------------------------------------------------------------- */

static dg_status add_classes(cJSON *root, const dg_learner *learner)
{
    cJSON *list;
    if (!learner->classes) return dg_json_add(root, "classes", cJSON_CreateNull());
    DG_TRY(dg_json_add_list(root, "classes", &list));
    for (int64_t i = 0; i < learner->class_count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_integer(learner->classes[i])));
    if (!learner->class_names) return DG_OK;
    DG_TRY(dg_json_add_list(root, "class_names", &list));
    for (int64_t i = 0; i < learner->class_count; i++)
        DG_TRY(dg_json_add(list, NULL, cJSON_CreateString(learner->class_names[i])));
    return DG_OK;
}

static dg_status add_input_range(cJSON *root, const dg_learner *learner)
{
    cJSON *list;
    bool known = learner->fitted && isfinite(learner->input_low) && isfinite(learner->input_high);
    if (!known) return dg_json_add(root, "input_range", cJSON_CreateNull());
    DG_TRY(dg_json_add_list(root, "input_range", &list));
    DG_TRY(dg_json_add(list, NULL, dg_json_number((double)learner->input_low)));
    return dg_json_add(list, NULL, dg_json_number((double)learner->input_high));
}

static dg_status add_row_and_options(cJSON *root, const dg_learner *learner)
{
    cJSON *row, *options;
    if (!learner->fitted) return dg_error(DG_INVALID, "the model was never fitted");
    DG_TRY(dg_json_add_list(root, "row", &row));
    for (int i = 0; i < learner->row.count; i++)
        DG_TRY(dg_json_add(row, NULL, dg_json_integer(learner->row.at[i])));
    DG_TRY(dg_json_add_object(root, "learner", &options));
    return dg_part_to_json(options, learner->options);
}

/* Everything that the file `path` holds of a learner; what it needs, if `path` is NULL. */
static dg_status describe(cJSON *root, const dg_learner *learner, const char *path,
                          const dg_save_options *options, dg_tensor_file *file)
{
    const dg_learner_type *type = learner->type;
    int64_t format = dg_sections_required(learner) ? 2 : 1;
    DG_TRY(dg_json_add(root, "format", dg_json_integer(format)));
    DG_TRY(dg_json_add(root, "kind", cJSON_CreateString(type->part.alias)));
    DG_TRY(dg_json_add(root, "program", cJSON_CreateString("digits-lua " DIGITS_VERSION)));
    DG_TRY(type->describe ? type->describe(learner, root) : add_row_and_options(root, learner));
    DG_TRY(dg_json_add(root, "seed", dg_json_seed(learner->seed)));
    DG_TRY(add_classes(root, learner));
    DG_TRY(add_input_range(root, learner));
    DG_TRY(type->store(learner, file));
    return dg_sections_write(learner, path, options, root, file);
}

dg_status dg_learner_put(const dg_learner *learner, const char *name, cJSON *root,
                         dg_tensor_file *file)
{
    cJSON *object;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file own = { 0 };
    DG_TRY(dg_json_add_object(root, name, &object));
    DG_TRY(describe(object, learner, NULL, NULL, &own));
    return dg_tensor_file_nest(file, name, &own);
}

dg_status dg_learner_digest(const dg_learner *learner, char hex[DG_SHA256_HEX])
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    DG_OWNED_JSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    DG_TRY(describe(root, learner, NULL, NULL, &file));
    return dg_tensor_file_digest(&file, hex);
}

static dg_status learner_text(char **out, const dg_learner *learner, const char *path,
                              const dg_save_options *options, dg_tensor_file *file)
{
    DG_OWNED_JSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    DG_TRY(describe(root, learner, path, options, file));
    return dg_json_text(out, root);
}

/* --- the file ------------------------------------------------------------------------------- */

/* The JSON text that describes the learner, and its tensors. */
static dg_status add_learner(dg_tensor_file *file, const dg_learner *learner, const char *path,
                             const dg_save_options *options)
{
    const char *purpose = options->purpose;
    const int pairs = purpose ? 2 : 1;
    DG_TRY(dg_alloc_zero(&file->keys, pairs, sizeof *file->keys));
    DG_TRY(dg_alloc_zero(&file->values, pairs, sizeof *file->values));
    file->metadata_count = pairs;
    DG_TRY(dg_copy_text(&file->keys[0], DG_LEARNER_KEY));
    DG_TRY(learner_text(&file->values[0], learner, path, options, file));
    if (!purpose) return DG_OK;
    DG_TRY(dg_copy_text(&file->keys[1], DG_PURPOSE_KEY));
    return dg_copy_text(&file->values[1], purpose);
}

const dg_foreign_format *dg_foreign_for(const dg_learner_type *type, const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; type->formats && type->formats[i]; i++) {
        size_t ending = strlen(type->formats[i]->ending);
        if (length >= ending && strcasecmp(path + length - ending, type->formats[i]->ending) == 0)
            return type->formats[i];
    }
    return NULL;
}

bool dg_is_learner_path(const char *path)
{
    const char *ending = strrchr(path, '.');
    bool is = ending && strcasecmp(ending, ".safetensors") == 0;
    const dg_descriptor *type;
    for (int at = 0; !is && (type = dg_next_of_kind("learner", &at));)
        is = dg_foreign_for((const dg_learner_type *)type, path) != NULL;
    return is;
}

/* Refuses a name that suggests another format than the file would have. */
static dg_status refuse_foreign(const dg_learner *learner, const char *path)
{
    const dg_learner_type *type;
    for (int at = 0; (type = (const dg_learner_type *)dg_next_of_kind("learner", &at));) {
        const dg_foreign_format *format = dg_foreign_for(type, path);
        if (!format) continue;
        return dg_error(DG_INVALID,
                        "cannot write %s: %s is for %s, not for a %s: use a name that ends in "
                        ".safetensors",
                        path, format->name, type->part.name, learner->type->part.name);
    }
    const char *kind = dg_file_kind_by_ending(path);
    if (!kind) return DG_OK;
    const dg_foreign_format *own = learner->type->formats ? learner->type->formats[0] : NULL;
    return dg_error(DG_INVALID,
                    "cannot write %s: its ending is that of %s files, but a %s is saved as "
                    "safetensors%s%s: use a name that ends in .safetensors%s%s",
                    path, kind, learner->type->part.name, own ? " or as " : "",
                    own ? own->name : "", own ? " or " : "", own ? own->ending : "");
}

bool dg_learner_save_loses(const dg_learner *learner, const char *path, char *out, size_t size)
{
    const dg_foreign_format *foreign = dg_foreign_for(learner->type, path);
    return foreign && foreign->loses && foreign->loses(learner, out, size);
}

static dg_status refuse_options(const dg_learner *learner, const char *path,
                                const dg_foreign_format *foreign, const dg_save_options *options)
{
    if (options->optimizer && foreign)
        return dg_error(DG_INVALID,
                        "cannot write %s: %s does not hold the state of an optimizer: use a name "
                        "that ends in .safetensors",
                        path, foreign->name);
    if (options->optimizer && !dg_sections_have(learner, options, "optimizer"))
        return dg_error(DG_INVALID,
                        "cannot write %s: the %s has no optimizer, only compiled networks have "
                        "one: leave out optimizer = true",
                        path, learner->type->part.name);
    if (foreign && learner->preparation.count)
        return dg_error(DG_INVALID,
                        "cannot write %s: the model has a preparation, which %s cannot express: "
                        "use a name that ends in .safetensors",
                        path, foreign->name);
    return DG_OK;
}

dg_status dg_learner_check_save(const dg_learner *learner, const char *path,
                                const dg_save_options *options)
{
    DG_CLEANUP(dg_atomic_abandon) dg_atomic_file file = DG_ATOMIC_CLOSED;
    const dg_foreign_format *foreign = dg_foreign_for(learner->type, path);
    DG_TRY(refuse_options(learner, path, foreign, options));
    if (!foreign) DG_TRY(refuse_foreign(learner, path));
    return dg_atomic_open(&file, path);
}

dg_status dg_learner_save_with(const dg_learner *learner, const char *path,
                               const dg_save_options *options)
{
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file file = { 0 };
    const dg_foreign_format *foreign = dg_foreign_for(learner->type, path);
    DG_TRY(refuse_options(learner, path, foreign, options));
    if (foreign) return foreign->write(learner, path);
    DG_TRY(refuse_foreign(learner, path));
    dg_status status = add_learner(&file, learner, path, options);
    if (status == DG_INVALID) return dg_error_context(status, "cannot write %s", path);
    DG_TRY(status);
    return dg_tensor_file_write(&file, path);
}

dg_status dg_learner_save(const dg_learner *learner, const char *path)
{
    return dg_learner_save_with(learner, path, &(dg_save_options){ 0 });
}
