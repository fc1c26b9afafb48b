/* Checkpoints of fits, and fits that go on from one.
 *
 * A checkpoint is a model's file with the state of its optimizer and the section "progress"
 * (store_progress.c). Its "run" is what the fit was asked for, and must be the same again:
 *   model     the layers and what the model was compiled with, when the fit began
 *   classes   the labels of its outputs
 *   scores    the names of its scores
 * and what recipes keep of a fit (engine/store/recipe.h): train, validation, early_stopping, seed
 * and those options on which the result depends. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/memory.h"
#include "engine/base/redirect.h"
#include "engine/learner_metrics.h"
#include "engine/nn/network.h"
#include "engine/nn/progress.h"
#include "engine/store/json_difference.h"
#include "engine/store/learner_file.h"
#include "engine/store/recipe.h"

/* --- what the fit was asked for ------------------------------------------------------------- */

/* What does not change the result of the epochs that are done. */
static const char *const free_options[] = { "epochs", "checkpoint", "every", "resume" };

static dg_status add_fit(cJSON *root, const dg_model *model, const dg_dataset *set,
                         const dg_fit_options *options, const dg_network_fit_options *own,
                         uint64_t seed)
{
    dg_fit_options whole = *options;
    whole.own = own;
    whole.seeded = true;
    whole.seed = seed;
    whole.steps = 0; /* the rows are those that were prepared */
    DG_TRY(dg_fit_to_json(root, &model->base, set, &whole));
    cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "options");
    for (size_t i = 0; i < sizeof free_options / sizeof *free_options; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(list, free_options[i]);
    return DG_OK;
}

static dg_status add_model(cJSON *root, const dg_model *model)
{
    const char *names[DG_MAX_SCORE_NAMES];
    cJSON *object, *list;
    DG_TRY(dg_json_add_object(root, "model", &object));
    DG_TRY(dg_network_describe(&model->base, object));
    cJSON_DeleteItemFromObjectCaseSensitive(object, "trained_in");
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "compile"),
                                            "epoch");
    DG_TRY(dg_json_add_list(root, "classes", &list));
    for (int64_t i = 0; i < model->base.class_count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_integer(model->base.classes[i])));
    DG_TRY(dg_json_add_list(root, "scores", &list));
    dg_learner_score_names(&model->base, model->base.target, names);
    for (int i = 0; names[i]; i++) DG_TRY(dg_json_add(list, NULL, cJSON_CreateString(names[i])));
    return DG_OK;
}

dg_status dg_checkpoint_begin(dg_progress *progress, const dg_model *model, const dg_dataset *set,
                              const dg_fit_options *options, const dg_network_fit_options *own,
                              uint64_t seed)
{
    const dg_save_options wanted = { .optimizer = true, .progress = progress };
    if (!own->checkpoint && !own->resume) return DG_OK;
    if (own->resume && options->resume == DG_RESUME_NO)
        return dg_error(DG_INVALID,
                        "fit: resume = \"%s\" goes on with a fit, continue = false "
                        "starts again: leave out one of them",
                        own->resume);
    if (own->checkpoint) {
        dg_status status = dg_learner_check_save(&model->base, own->checkpoint, &wanted);
        if (status != DG_OK) return dg_error_context(status, "fit: checkpoint");
    }
    DG_OWNED_JSON *root = cJSON_CreateObject();
    DG_TRY(dg_json_made(root));
    DG_TRY(add_model(root, model));
    DG_TRY(add_fit(root, model, set, options, own, seed));
    return dg_json_text(&progress->run, root);
}

/* --- going on ------------------------------------------------------------------------------- */

static dg_status check_same_run(const char *path, const char *then, const char *now)
{
    DG_OWNED_JSON *was = NULL;
    DG_OWNED_JSON *is = NULL;
    DG_OWNED char *difference = NULL;
    DG_TRY(dg_json_parse(&was, "run", then, strlen(then)));
    DG_TRY(dg_json_parse(&is, "run", now, strlen(now)));
    DG_TRY(dg_json_difference(&difference, was, is));
    if (!difference) return DG_OK;
    return dg_error(DG_INVALID, "fit: resume: %s belongs to another fit: %s", path, difference);
}

/* The names of scores as the model has them, which outlive the file's. */
static dg_status own_name(const dg_model *model, const char **name)
{
    const char *names[DG_MAX_SCORE_NAMES];
    if (strcmp(*name, dg_rate_score) == 0) {
        *name = dg_rate_score;
        return DG_OK;
    }
    dg_learner_score_names(&model->base, model->base.target, names);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], *name) != 0) continue;
        *name = names[i];
        return DG_OK;
    }
    return dg_error(DG_FORMAT, "fit: resume: the model has no score '%.60s'", *name);
}

static dg_status own_names(const dg_model *model, dg_progress *progress)
{
    for (int64_t i = 0; i < progress->epoch; i++)
        for (int k = 0; k < progress->logs[i].scores; k++)
            DG_TRY(own_name(model, &progress->logs[i].score[k].name));
    return progress->result.nan_score ? own_name(model, &progress->result.nan_score) : DG_OK;
}

/* Whether the arrays of both have the same sizes: they have, unless the file was tampered with. */
static bool same_arrays(const dg_model *a, const dg_model *b)
{
    bool same = a->value_count == b->value_count && a->optimizer->type == b->optimizer->type;
    for (int i = 0; i < DG_MAX_SLOTS; i++) same &= !a->slots[i] == !b->slots[i];
    return same;
}

static dg_status check_run(const dg_progress *progress, const dg_model *model,
                           const dg_learner *loaded, const dg_network_fit_options *own)
{
    const char *path = own->resume;
    const dg_progress *then = NULL;
    if (loaded->type == model->base.type) then = ((const dg_model *)loaded)->progress;
    if (!then)
        return dg_error(DG_INVALID,
                        "fit: resume: %s holds a %s, but not how far its fit had come: give a "
                        "file that fit { checkpoint = ... } wrote",
                        path, loaded->type->part.name);
    DG_TRY(check_same_run(path, then->run, progress->run));
    if (!same_arrays(model, (const dg_model *)loaded))
        return dg_error(DG_FORMAT, "fit: resume: %s: the model is not that of its run", path);
    if (then->epoch <= own->epochs) return DG_OK;
    return dg_error(DG_INVALID,
                    "fit: resume: %s has done %" PRId64 " epochs, more than epochs = %" PRId64,
                    path, then->epoch, own->epochs);
}

/* The state of the run becomes that of the model. Both have the same layers and optimizer. */
static void adopt(dg_progress *progress, dg_model *model, dg_model *loaded)
{
    dg_progress *then = loaded->progress;
    size_t size = (size_t)model->value_count * sizeof(float);
    memcpy(model->values, loaded->values, size);
    for (int i = 0; i < DG_MAX_SLOTS; i++)
        if (model->slots[i]) memcpy(model->slots[i], loaded->slots[i], size);
    dg_part_release(model->optimizer); /* whose options may have changed during the run */
    model->optimizer = dg_part_retain(loaded->optimizer);
    model->step = loaded->step;
    model->epoch = loaded->epoch;
    memcpy(model->trained_in, loaded->trained_in, sizeof model->trained_in);
    model->base.seed = loaded->base.seed;
    model->base.fitted = model->base.changed = true;
    model->changes++;
    if (progress->best_values && then->best_values)
        memcpy(progress->best_values, then->best_values, size);
    progress->epoch = then->epoch;
    progress->logs = DG_TAKE(then->logs);
    progress->seconds = then->seconds;
    progress->result = then->result;
    progress->best_score = then->best_score;
}

/* Whether there is a file to go on from. In a redirected program, what lies there is not its own:
 * it is the run that is done again. */
static dg_status is_there(const dg_network_fit_options *own, bool *there)
{
    struct stat about;
    char room[PATH_MAX];
    bool same = own->checkpoint && strcmp(own->resume, own->checkpoint) == 0;
    if (same && dg_redirect_folder()) {
        const char *path = dg_redirect_read(own->resume, room);
        if (path == own->resume) DG_TRY(dg_redirect_hide(path));
    }
    *there = stat(dg_redirect_read(own->resume, room), &about) == 0 || errno != ENOENT;
    if (*there || same) return DG_OK;
    return dg_error(DG_IO,
                    "fit: resume: there is no file %s; to begin where there is none, give the "
                    "same name as checkpoint",
                    own->resume);
}

static void free_learner(dg_learner **learner)
{
    dg_learner_free(*learner);
}

dg_status dg_checkpoint_resume(dg_progress *progress, dg_model *model,
                               const dg_network_fit_options *own)
{
    DG_CLEANUP(free_learner) dg_learner *loaded = NULL;
    bool there;
    if (!own->resume) return DG_OK;
    DG_TRY(is_there(own, &there));
    if (!there) return DG_OK;
    dg_status status = dg_learner_load(&loaded, own->resume);
    if (status != DG_OK) return dg_error_context(status, "fit: resume");
    DG_TRY(check_run(progress, model, loaded, own));
    DG_TRY(own_names(model, ((dg_model *)loaded)->progress));
    adopt(progress, model, (dg_model *)loaded);
    return DG_OK;
}

/* --- writing -------------------------------------------------------------------------------- */

dg_status dg_checkpoint_write(const dg_progress *progress, const dg_model *model,
                              const dg_network_fit_options *own, bool last)
{
    const dg_save_options wanted = { .optimizer = true, .progress = progress };
    int64_t every = own->every > 0 ? own->every : 1;
    if (!own->checkpoint || (!last && progress->epoch % every != 0)) return DG_OK;
    dg_status status = dg_learner_save_with(&model->base, own->checkpoint, &wanted);
    return status == DG_OK ? DG_OK : dg_error_context(status, "fit: checkpoint");
}
