/* The progress of a fit in the file that is its checkpoint: the section "progress" has the members
 *   run       what the fit was asked for: see checkpoint.c
 *   epoch     the epochs that are done
 *   seconds   spent on them
 *   stopped   whether early stopping has ended it
 *   best      {"epoch", "score"}: of early stopping, or for the record; epoch 0: there is none
 *   nan       {"score", "epoch", "epochs"}: the first score that was NaN; or left out
 *   history   a list of {"seconds", "scores"} for each epoch
 * and the weights of the best epoch, if they will be wanted, as "best/WEIGHT". Numbers that JSON
 * lacks are the strings "nan", "inf" and "-inf". */
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/network.h"
#include "engine/nn/progress.h"
#include "engine/store/sections.h"

void dg_progress_release(dg_progress *progress)
{
    dg_free(progress->run);
    for (int i = 0; i < progress->name_count; i++) dg_free(progress->names[i]);
    dg_free(progress->logs);
    dg_free(progress->best_values);
    *progress = (dg_progress){ 0 };
}

/* --- writing -------------------------------------------------------------------------------- */

static bool has_progress(const dg_learner *learner, const dg_save_options *options)
{
    (void)learner;
    return options->progress;
}

static dg_status add_number(cJSON *to, const char *name, double number)
{
    if (isfinite(number)) return dg_json_add(to, name, dg_json_number(number));
    const char *word = isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
    return dg_json_add(to, name, cJSON_CreateString(word));
}

static dg_status add_log(cJSON *list, const dg_log *log)
{
    cJSON *object, *scores;
    DG_TRY(dg_json_add_object(list, NULL, &object));
    DG_TRY(add_number(object, "seconds", log->seconds));
    DG_TRY(dg_json_add_object(object, "scores", &scores));
    for (int i = 0; i < log->scores; i++)
        DG_TRY(add_number(scores, log->score[i].name, log->score[i].value));
    return DG_OK;
}

static dg_status add_result(cJSON *object, const dg_progress *progress)
{
    const dg_fit_result *result = &progress->result;
    cJSON *best, *nan;
    DG_TRY(dg_json_add(object, "stopped", cJSON_CreateBool(result->stopped_early)));
    DG_TRY(dg_json_add_object(object, "best", &best));
    DG_TRY(dg_json_add(best, "epoch", dg_json_integer(result->best_epoch)));
    DG_TRY(add_number(best, "score", progress->best_score));
    if (!result->nan_score) return DG_OK;
    DG_TRY(dg_json_add_object(object, "nan", &nan));
    DG_TRY(dg_json_add(nan, "score", cJSON_CreateString(result->nan_score)));
    DG_TRY(dg_json_add(nan, "epoch", dg_json_integer(result->first_nan)));
    return dg_json_add(nan, "epochs", dg_json_integer(result->nan_epochs));
}

static dg_status write_progress(const dg_learner *learner, const dg_section_target *to,
                                cJSON *object, dg_tensor_file *file)
{
    const dg_progress *progress = to->options->progress;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file best = { 0 };
    cJSON *list, *run;
    DG_TRY(dg_json_parse(&run, "run", progress->run, strlen(progress->run)));
    DG_TRY(dg_json_add(object, "run", run));
    DG_TRY(dg_json_keep_numbers(run));
    DG_TRY(dg_json_add(object, "epoch", dg_json_integer(progress->epoch)));
    DG_TRY(add_number(object, "seconds", progress->seconds));
    DG_TRY(add_result(object, progress));
    DG_TRY(dg_json_add_list(object, "history", &list));
    for (int64_t i = 0; i < progress->epoch; i++) DG_TRY(add_log(list, &progress->logs[i]));
    if (!progress->best_values || !progress->result.best_epoch) return DG_OK;
    const dg_model *model = (const dg_model *)learner;
    DG_TRY(dg_network_put_values(model, progress->best_values, 0, &best));
    return dg_tensor_file_nest(file, "best", &best);
}

/* --- reading -------------------------------------------------------------------------------- */

static dg_status read_number(const cJSON *object, const char *name, double *out)
{
    static const struct {
        const char *word;
        double number;
    } words[] = { { "nan", NAN }, { "inf", INFINITY }, { "-inf", -INFINITY } };
    const cJSON *item;
    DG_TRY(dg_json_member(object, name, cJSON_Number | cJSON_String, &item));
    *out = item->valuedouble;
    if (cJSON_IsNumber(item)) return DG_OK;
    for (int i = 0; i < 3; i++) {
        if (strcmp(item->valuestring, words[i].word) != 0) continue;
        *out = words[i].number;
        return DG_OK;
    }
    return dg_error(DG_FORMAT, "'%s' must be a number, found '%.40s'", name, item->valuestring);
}

static dg_status read_whole(const cJSON *object, const char *name, int64_t high, int64_t *out)
{
    const cJSON *item;
    DG_TRY(dg_json_member(object, name, cJSON_Number, &item));
    return dg_json_whole(item, name, 0, high, out);
}

/* The name of a score, kept in `progress`. */
static dg_status keep_name(dg_progress *progress, const char *name, const char **out)
{
    for (int i = 0; i < progress->name_count; i++) {
        *out = progress->names[i];
        if (strcmp(*out, name) == 0) return DG_OK;
    }
    if (progress->name_count == DG_MAX_SCORES)
        return dg_error(DG_FORMAT, "has more than %d scores", DG_MAX_SCORES);
    DG_TRY(dg_copy_text(&progress->names[progress->name_count], name));
    *out = progress->names[progress->name_count++];
    return DG_OK;
}

static dg_status read_log(dg_progress *progress, const cJSON *item, dg_log *log)
{
    const cJSON *scores, *score;
    DG_TRY(read_number(item, "seconds", &log->seconds));
    DG_TRY(dg_json_member(item, "scores", cJSON_Object, &scores));
    cJSON_ArrayForEach(score, scores)
    {
        const char *name;
        double value;
        DG_TRY(keep_name(progress, score->string, &name));
        DG_TRY(read_number(scores, name, &value));
        dg_log_add(log, name, value);
    }
    return DG_OK;
}

static dg_status read_history(const cJSON *object, dg_progress *progress)
{
    const cJSON *list, *item;
    int64_t epoch = 0;
    DG_TRY(dg_json_member(object, "history", cJSON_Array, &list));
    if (cJSON_GetArraySize(list) != progress->epoch)
        return dg_error(DG_FORMAT, "'history' has %d epochs, expected %d", cJSON_GetArraySize(list),
                        (int)progress->epoch);
    cJSON_ArrayForEach(item, list)
    {
        DG_TRY(dg_grow(&progress->logs, epoch, sizeof *progress->logs)); /* a fit appends more */
        dg_log *log = &progress->logs[epoch++];
        *log = (dg_log){ .epoch = epoch };
        dg_status status = read_log(progress, item, log);
        if (status != DG_OK) return dg_error_context(status, "epoch %d", (int)epoch);
    }
    return DG_OK;
}

static dg_status read_result(const cJSON *object, dg_progress *progress)
{
    dg_fit_result *result = &progress->result;
    const cJSON *item, *name, *nan = cJSON_GetObjectItemCaseSensitive(object, "nan");
    DG_TRY(dg_json_member(object, "stopped", cJSON_True | cJSON_False, &item));
    result->stopped_early = cJSON_IsTrue(item);
    DG_TRY(dg_json_member(object, "best", cJSON_Object, &item));
    DG_TRY(read_whole(item, "epoch", progress->epoch, &result->best_epoch));
    DG_TRY(read_number(item, "score", &progress->best_score));
    if (!nan) return DG_OK;
    DG_TRY(dg_json_member(object, "nan", cJSON_Object, &nan));
    DG_TRY(dg_json_member(nan, "score", cJSON_String, &name));
    DG_TRY(keep_name(progress, name->valuestring, &result->nan_score));
    DG_TRY(read_whole(nan, "epoch", progress->epoch, &result->first_nan));
    return read_whole(nan, "epochs", progress->epoch, &result->nan_epochs);
}

static dg_status read_best(const dg_model *model, const dg_tensor_file *file, dg_progress *progress)
{
    DG_CLEANUP(dg_tensor_file_view_release) dg_tensor_file best = { 0 };
    if (!file->count) return DG_OK;
    DG_TRY(dg_tensor_file_view(&best, "best", file));
    if (file->count != model->weight_count || best.count != file->count)
        return dg_error(DG_FORMAT, "has %d tensors, expected the weights of the best epoch: %d",
                        file->count, model->weight_count);
    DG_TRY(dg_alloc_zero(&progress->best_values, model->value_count, sizeof(float)));
    return dg_network_get_values(model, progress->best_values, 0, &best);
}

static dg_status read_progress(dg_learner *learner, const cJSON *object, const dg_tensor_file *file)
{
    dg_model *model = (dg_model *)learner;
    const cJSON *item;
    if (!model->optimizer)
        return dg_error(DG_FORMAT, "belongs to a compiled network, but there is no 'compile'");
    DG_TRY(dg_alloc_zero(&model->progress, 1, sizeof *model->progress));
    dg_progress *progress = model->progress;
    DG_TRY(dg_json_member(object, "run", cJSON_Object, &item));
    DG_OWNED_JSON *run = cJSON_Duplicate(item, true);
    DG_TRY(dg_json_made(run));
    DG_TRY(dg_json_keep_numbers(run));
    DG_TRY(dg_json_text(&progress->run, run));
    DG_TRY(read_whole(object, "epoch", INT32_MAX, &progress->epoch));
    DG_TRY(read_number(object, "seconds", &progress->seconds));
    DG_TRY(read_history(object, progress));
    DG_TRY(read_result(object, progress));
    return read_best(model, file, progress);
}

const dg_section dg_progress_section = {
    .name = "progress",
    .has = has_progress,
    .write = write_progress,
    .read = read_progress,
};
