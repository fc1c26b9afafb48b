/* Recipes: how a learner was made. Each learner collects its fits; its file gets them as the
 * optional section "recipe" (engine/store/sections.h), so that `digits-lua reproduce` can make it
 * again and compare. Members of the section:
 *   kernels    the level of the kernels, "x86-64-v3"
 *   fused      whether they fuse products and sums; if not, they round differently
 *   prompt     true: it was saved at the prompt, which has no script
 *   script     {"path", "sha256", "text"}; the path as given on the command line, "-" for standard
 *              input
 *   modules    [{"path", "sha256"}]: Lua files that it loaded by `require`
 *   before     the words of the command line before it
 *   arguments  the words after it
 *   run        in a redirected program (engine/base/redirect.h): where to
 *   seed       the process-wide seed
 *   file       the path that it was saved as
 *   start      {"file", "sha256"}: the file that it was loaded from before the first of the fits,
 *              and the digest it then had
 *   fits       since it was last fresh: see dg_recipe_begin
 *   more       how many fits after these were not listed
 *   ended      "interrupted": Ctrl-C ended one of them; "unfinished": it was saved during the last
 *   sha256     the digest that it was saved with (dg_learner_digest)
 * A text that is not UTF-8 is {"hex": its bytes}. A learner that was loaded and saved again without
 * a fit keeps what its file says, if anything: the new file is a copy. */
#ifndef DG_STORE_RECIPE_H
#define DG_STORE_RECIPE_H

#include "engine/base/sha256.h"
#include "engine/learner.h"
#include "engine/store/json.h"

/* A Lua file that the script loaded. */
typedef struct dg_origin_module {
    char *path;
    char digest[DG_SHA256_HEX];
} dg_origin_module;

/* What this process runs. */
typedef struct dg_origin {
    const char *script; /* NULL: none */
    const char *text;   /* of the script; NULL: not known */
    int64_t length;
    int before_count, argument_count, module_count;
    const char *const *before, *const *arguments;
    dg_origin_module *modules;
    bool prompt; /* the script is over, and the user goes on by hand */
} dg_origin;

/* Sets it; without one, fits are not noted and files get no recipes. Borrowed. Call it on the
 * thread that saves. */
void dg_recipe_set_origin(const dg_origin *origin);

/* How one learner was made. */
typedef struct dg_recipe dg_recipe;
void dg_recipe_free(dg_recipe *recipe); /* NULL is allowed */
/* Of all but what its file says. */
dg_status dg_recipe_copy(dg_recipe **out, const dg_recipe *recipe);

/* A local recipe that is freed wherever its scope is left: DG_OWNED_RECIPE *recipe = NULL. */
#define DG_OWNED_RECIPE DG_CLEANUP(dg_recipe_free_owned) dg_recipe
void dg_recipe_free_owned(dg_recipe **recipe);

/* The recipe that is the section `object` of a file; notes that a learner, whose recipe may be
 * NULL, was loaded from the file `path`. */
dg_status dg_recipe_read(dg_recipe **out, const cJSON *object);
dg_status dg_recipe_set_start(dg_recipe **recipe, const char *path);

/* The file that the recipe begins with and whose digest is not known yet, or NULL. */
const char *dg_recipe_start(const dg_recipe *recipe);

/* Before a fit. `*out` becomes the learner's recipe with this fit added; if it does not go on, with
 * this fit alone; NULL without an origin. digest: what the learner had when it was loaded, if
 * dg_recipe_start asks for it.
 * The entry: {"continue", "seed" (if given), "options" (the learner's own), "early_stopping",
 * "products" (what they were computed in, where less than float32 was asked for), "preparation",
 * "train", "validation", "times" (of equal fits in a row)}; of a set {"shape", "dtype",
 * "fingerprint"}. */
dg_status dg_recipe_begin(dg_recipe **out, const dg_learner *learner, const dg_dataset *set,
                          const dg_fit_options *options, bool goes_on, const char *digest);

/* Adds what a fit is asked for: the members of an entry from "seed" to "validation". */
dg_status dg_fit_to_json(cJSON *root, const dg_learner *learner, const dg_dataset *set,
                         const dg_fit_options *options);

/* After it: how it ended; NULL is allowed. */
void dg_recipe_end(dg_recipe *recipe, dg_status status);

/* Whether a file with this recipe (NULL: of a learner without one) gets the section; adds the
 * members. */
bool dg_recipe_known(const dg_recipe *recipe);
dg_status dg_recipe_write(const dg_recipe *recipe, const char *path, const char *digest,
                          cJSON *object);

#endif
