/* How learners were made. */
#include "engine/store/recipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/kernel.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/base/redirect.h"
#include "engine/base/text.h"
#include "engine/store/part_json.h"

enum { MOST_FITS = 64 };

typedef struct entry {
    char *text; /* JSON */
    int64_t times;
} entry;

struct dg_recipe {
    cJSON *loaded; /* the section of its file, as long as nothing has been added */
    char *start, digest[DG_SHA256_HEX];
    entry fits[MOST_FITS];
    int count;
    int64_t more;
    bool running, interrupted;
};

static const dg_origin *_Atomic origin; /* fits on other threads ask whether there is one */

void dg_recipe_set_origin(const dg_origin *given)
{
    origin = given;
}

/* --- life --------------------------------------------------------------------------------- */

void dg_recipe_free(dg_recipe *recipe)
{
    if (!recipe) return;
    for (int i = 0; i < recipe->count; i++) dg_free(recipe->fits[i].text);
    cJSON_Delete(recipe->loaded);
    dg_free(recipe->start);
    dg_free(recipe);
}

void dg_recipe_free_owned(dg_recipe **recipe)
{
    dg_recipe_free(*recipe);
}

dg_status dg_recipe_read(dg_recipe **out, const cJSON *object)
{
    DG_OWNED_RECIPE *recipe = NULL;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&recipe, 1, sizeof *recipe));
    recipe->loaded = cJSON_Duplicate(object, true);
    DG_TRY(dg_json_made(recipe->loaded));
    DG_TRY(dg_json_keep_numbers(recipe->loaded));
    *out = DG_TAKE(recipe);
    return DG_OK;
}

dg_status dg_recipe_set_start(dg_recipe **recipe, const char *path)
{
    if (!*recipe) DG_TRY(dg_alloc_zero(recipe, 1, sizeof **recipe));
    return dg_copy_text(&(*recipe)->start, path);
}

const char *dg_recipe_start(const dg_recipe *recipe)
{
    return recipe && !recipe->digest[0] ? recipe->start : NULL;
}

/* --- fits --------------------------------------------------------------------------------- */

static dg_status add_set(cJSON *to, const char *name, const dg_dataset *set)
{
    cJSON *object, *shape;
    char hash[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, dg_dataset_fingerprint(set));
    DG_TRY(dg_json_add_object(to, name, &object));
    DG_TRY(dg_json_add_list(object, "shape", &shape));
    for (int i = 0; i < set->x.axes; i++)
        DG_TRY(dg_json_add(shape, NULL, dg_json_integer(set->x.shape[i])));
    DG_TRY(dg_json_add(object, "dtype", cJSON_CreateString(dg_dtype_name(set->x.dtype))));
    return dg_json_add(object, "fingerprint", cJSON_CreateString(hash));
}

static const char *const modes[] = {
    [DG_MODE_AUTO] = "auto", [DG_MODE_MIN] = "min", [DG_MODE_MAX] = "max"
};

static dg_status add_early_stopping(cJSON *to, const dg_fit_options *options)
{
    cJSON *object;
    if (!options->monitor) return DG_OK;
    DG_TRY(dg_json_add_object(to, "early_stopping", &object));
    DG_TRY(dg_json_add(object, "monitor", cJSON_CreateString(options->monitor)));
    DG_TRY(dg_json_add(object, "patience", dg_json_integer(options->patience)));
    DG_TRY(dg_json_add(object, "min_delta", dg_json_number(options->min_delta)));
    DG_TRY(dg_json_add(object, "mode", cJSON_CreateString(modes[options->mode])));
    return dg_json_add(object, "restore_best", cJSON_CreateBool(options->restore_best));
}

static dg_status add_plateau(cJSON *to, const dg_plateau *plateau)
{
    cJSON *object;
    if (!plateau) return DG_OK;
    DG_TRY(dg_json_add_object(to, "reduce_lr_on_plateau", &object));
    if (plateau->monitor)
        DG_TRY(dg_json_add(object, "monitor", cJSON_CreateString(plateau->monitor)));
    DG_TRY(dg_json_add(object, "factor", dg_json_number(plateau->factor)));
    DG_TRY(dg_json_add(object, "patience", dg_json_integer(plateau->patience)));
    DG_TRY(dg_json_add(object, "mode", cJSON_CreateString(modes[plateau->mode])));
    DG_TRY(dg_json_add(object, "min_delta", dg_json_number(plateau->min_delta)));
    DG_TRY(dg_json_add(object, "cooldown", dg_json_integer(plateau->cooldown)));
    return dg_json_add(object, "min_lr", dg_json_number(plateau->min_lr));
}

static dg_status add_options(cJSON *root, const dg_learner *learner, const dg_fit_options *options)
{
    cJSON *own, *list, *step;
    if (options->seeded) DG_TRY(dg_json_add(root, "seed", dg_json_seed(options->seed)));
    if (options->own) {
        DG_TRY(dg_json_add_object(root, "options", &own));
        DG_TRY(dg_options_to_json(own, learner->type->fit_params, options->own));
    }
    DG_TRY(add_early_stopping(root, options));
    DG_TRY(add_plateau(root, options->plateau));
    const char *products = learner->type->products ? learner->type->products(learner) : NULL;
    if (products) DG_TRY(dg_json_add(root, "products", cJSON_CreateString(products)));
    if (options->steps) DG_TRY(dg_json_add_list(root, "preparation", &list));
    for (int i = 0; i < options->steps; i++) {
        DG_TRY(dg_json_add_object(list, NULL, &step));
        DG_TRY(dg_part_to_json(step, options->step[i]));
    }
    return DG_OK;
}

dg_status dg_fit_to_json(cJSON *root, const dg_learner *learner, const dg_dataset *set,
                         const dg_fit_options *options)
{
    DG_TRY(add_options(root, learner, options));
    DG_TRY(add_set(root, "train", set));
    return options->validation ? add_set(root, "validation", options->validation) : DG_OK;
}

static dg_status fit_text(char **out, const dg_learner *learner, const dg_dataset *set,
                          const dg_fit_options *options, bool goes_on)
{
    DG_OWNED_JSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    DG_TRY(dg_json_add(root, "continue", cJSON_CreateBool(goes_on)));
    DG_TRY(dg_fit_to_json(root, learner, set, options));
    return dg_json_text(out, root);
}

/* Of all but what its file says. */
static dg_status copy(dg_recipe *to, const dg_recipe *from)
{
    if (from->start) DG_TRY(dg_copy_text(&to->start, from->start));
    memcpy(to->digest, from->digest, sizeof to->digest);
    for (; to->count < from->count; to->count++) {
        DG_TRY(dg_copy_text(&to->fits[to->count].text, from->fits[to->count].text));
        to->fits[to->count].times = from->fits[to->count].times;
    }
    to->more = from->more;
    to->interrupted = from->interrupted;
    return DG_OK;
}

dg_status dg_recipe_copy(dg_recipe **out, const dg_recipe *recipe)
{
    DG_OWNED_RECIPE *made = NULL;
    *out = NULL;
    DG_TRY(dg_alloc_zero(&made, 1, sizeof *made));
    DG_TRY(copy(made, recipe));
    *out = DG_TAKE(made);
    return DG_OK;
}

/* Adds a fit, whose text it takes over. */
static void add_fit(dg_recipe *recipe, char *text)
{
    entry *last = recipe->count ? &recipe->fits[recipe->count - 1] : NULL;
    bool same = last && !recipe->more && strcmp(last->text, text) == 0;
    if (!same && recipe->count < MOST_FITS) {
        recipe->fits[recipe->count++] = (entry){ text, 1 };
        return;
    }
    if (same)
        last->times++;
    else
        recipe->more++;
    dg_free(text);
}

dg_status dg_recipe_begin(dg_recipe **out, const dg_learner *learner, const dg_dataset *set,
                          const dg_fit_options *options, bool goes_on, const char *digest)
{
    DG_OWNED_RECIPE *recipe = NULL;
    char *text;
    *out = NULL;
    if (!origin) return DG_OK;
    DG_TRY(dg_alloc_zero(&recipe, 1, sizeof *recipe));
    if (goes_on && learner->recipe) DG_TRY(copy(recipe, learner->recipe));
    if (dg_recipe_start(recipe)) snprintf(recipe->digest, sizeof recipe->digest, "%s", digest);
    DG_TRY(fit_text(&text, learner, set, options, goes_on));
    add_fit(recipe, text);
    recipe->running = true;
    *out = DG_TAKE(recipe);
    return DG_OK;
}

void dg_recipe_end(dg_recipe *recipe, dg_status status)
{
    if (!recipe) return;
    recipe->running = false;
    recipe->interrupted |= status == DG_CANCELLED;
}

/* --- writing ------------------------------------------------------------------------------ */

/* A string, or {"hex"} for bytes that JSON cannot hold. */
static dg_status add_bytes(cJSON *to, const char *name, const char *bytes, size_t length)
{
    DG_OWNED char *text = NULL;
    cJSON *object;
    bool plain = dg_is_utf8(bytes, length) && !memchr(bytes, '\0', length);
    DG_TRY(dg_alloc(&text, 2 * (int64_t)length + 1, 1));
    for (size_t i = 0; !plain && i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
    if (plain) memcpy(text, bytes, length);
    text[plain ? length : 2 * length] = '\0';
    if (plain) return dg_json_add(to, name, cJSON_CreateString(text));
    object = cJSON_CreateObject();
    DG_TRY(dg_json_add(to, name, object));
    return dg_json_add(object, "hex", cJSON_CreateString(text));
}

static dg_status add_text(cJSON *to, const char *name, const char *text)
{
    return add_bytes(to, name, text, strlen(text));
}

static dg_status add_words(cJSON *to, const char *name, int count, const char *const *words)
{
    cJSON *list;
    DG_TRY(dg_json_add_list(to, name, &list));
    for (int i = 0; i < count; i++) DG_TRY(add_text(list, NULL, words[i]));
    return DG_OK;
}

static dg_status add_script(cJSON *script, const char *text, size_t length)
{
    char hex[DG_SHA256_HEX];
    dg_sha256_of(text, length, hex);
    DG_TRY(dg_json_add(script, "sha256", cJSON_CreateString(hex)));
    return add_bytes(script, "text", text, length);
}

static dg_status add_modules(cJSON *object)
{
    cJSON *list, *module;
    if (origin->module_count == 0) return DG_OK;
    DG_TRY(dg_json_add_list(object, "modules", &list));
    for (int i = 0; i < origin->module_count; i++) {
        DG_TRY(dg_json_add_object(list, NULL, &module));
        DG_TRY(add_text(module, "path", origin->modules[i].path));
        DG_TRY(dg_json_add(module, "sha256", cJSON_CreateString(origin->modules[i].digest)));
    }
    return DG_OK;
}

static dg_status add_origin(cJSON *object)
{
    cJSON *script;
    if (origin->prompt) DG_TRY(dg_json_add(object, "prompt", cJSON_CreateTrue()));
    if (origin->script) {
        DG_TRY(dg_json_add_object(object, "script", &script));
        DG_TRY(add_text(script, "path", origin->script));
        if (origin->text) DG_TRY(add_script(script, origin->text, (size_t)origin->length));
    }
    DG_TRY(add_modules(object));
    DG_TRY(add_words(object, "before", origin->before_count, origin->before));
    return add_words(object, "arguments", origin->argument_count, origin->arguments);
}

static dg_status add_start(cJSON *object, const dg_recipe *recipe)
{
    cJSON *start;
    if (!recipe || !recipe->start) return DG_OK;
    DG_TRY(dg_json_add_object(object, "start", &start));
    DG_TRY(add_text(start, "file", recipe->start));
    return dg_json_add(start, "sha256", cJSON_CreateString(recipe->digest));
}

static dg_status add_fits(cJSON *object, const dg_recipe *recipe)
{
    cJSON *list;
    DG_TRY(dg_json_add_list(object, "fits", &list));
    for (int i = 0; recipe && i < recipe->count; i++) {
        const char *text = recipe->fits[i].text;
        cJSON *fit;
        DG_TRY(dg_json_parse(&fit, "the recipe", text, strlen(text)));
        DG_TRY(dg_json_add(list, NULL, fit));
        DG_TRY(dg_json_keep_numbers(fit));
        if (recipe->fits[i].times > 1)
            DG_TRY(dg_json_add(fit, "times", dg_json_integer(recipe->fits[i].times)));
    }
    if (recipe && recipe->more) DG_TRY(dg_json_add(object, "more", dg_json_integer(recipe->more)));
    if (recipe && (recipe->interrupted || recipe->running))
        DG_TRY(dg_json_add(object, "ended",
                           cJSON_CreateString(recipe->interrupted ? "interrupted" : "unfinished")));
    return DG_OK;
}

/* The members of the section as they were read, but for what `object` has. */
static dg_status copy_members(cJSON *object, const cJSON *from)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, from)
    {
        if (cJSON_GetObjectItemCaseSensitive(object, member->string)) continue;
        DG_TRY(dg_json_add(object, member->string, cJSON_Duplicate(member, true)));
    }
    return DG_OK;
}

bool dg_recipe_known(const dg_recipe *recipe)
{
    bool copied = recipe && recipe->start && recipe->count == 0;
    return copied ? recipe->loaded != NULL : origin != NULL;
}

dg_status dg_recipe_write(const dg_recipe *recipe, const char *path, const char *digest,
                          cJSON *object)
{
    const char *folder = dg_redirect_folder();
    if (recipe && recipe->loaded) return copy_members(object, recipe->loaded);
    DG_TRY(dg_json_add(object, "kernels", cJSON_CreateString(dg_kernel_name())));
    DG_TRY(dg_json_add(object, "fused", cJSON_CreateBool(dg_kernel_fuses())));
    DG_TRY(add_origin(object));
    if (folder) DG_TRY(add_text(object, "run", folder));
    DG_TRY(dg_json_add(object, "seed", dg_json_seed(dg_seed())));
    DG_TRY(add_text(object, "file", path));
    DG_TRY(add_start(object, recipe));
    DG_TRY(add_fits(object, recipe));
    return dg_json_add(object, "sha256", cJSON_CreateString(digest));
}
