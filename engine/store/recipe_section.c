/* The recipe of a learner in its file (engine/store/recipe.h). */
#include "engine/base/memory.h"
#include "engine/store/recipe.h"
#include "engine/store/sections.h"

static bool has_recipe(const dg_learner *learner, const dg_save_options *options)
{
    return !options->bare && dg_recipe_known(learner->recipe);
}

static dg_status write_recipe(const dg_learner *learner, const dg_section_target *to, cJSON *object,
                              dg_tensor_file *file)
{
    (void)file;
    return dg_recipe_write(learner->recipe, to->path, to->digest, object);
}

/* Only kept, for copies of the file: what it says is used by `digits-lua reproduce` alone. */
static dg_status read_recipe(dg_learner *learner, const cJSON *object, const dg_tensor_file *file)
{
    (void)file;
    return dg_recipe_read(&learner->recipe, object);
}

const dg_section dg_recipe_section = {
    .name = "recipe",
    .has = has_recipe,
    .write = write_recipe,
    .read = read_recipe,
};
