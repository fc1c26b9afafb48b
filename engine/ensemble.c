/* Ensembles. Their members of the JSON text of model files are
 *   members    how many there are
 *   weights    a list of as many numbers
 *   member1, member2 ...   each as the JSON text of a file of its own
 * with the tensors "member1/...", "member2/..." */
#include "engine/ensemble.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/fitting.h"
#include "engine/nn/network.h"
#include "engine/stopping.h"
#include "engine/store/learner_file.h"

enum { MOST_MEMBERS = 1000, NAME_SIZE = 20 };

typedef struct ensemble {
    dg_learner base;
    int count;
    dg_learner **members;
    double *weights;
} ensemble;

static ensemble *of(dg_learner *learner)
{
    return (ensemble *)learner;
}

/* --- life ----------------------------------------------------------------------------------- */

static void ensemble_free(dg_learner *learner)
{
    ensemble *e = of(learner);
    for (int i = 0; i < e->count; i++) dg_learner_free(e->members[i]);
    dg_free(e->members);
    dg_free(e->weights);
}

static dg_status check_count(int64_t count)
{
    if (count >= 1 && count <= MOST_MEMBERS) return DG_OK;
    return dg_error(DG_INVALID, "ensemble: expected 1 to %d members, found %" PRId64, MOST_MEMBERS,
                    count);
}

static dg_status make_room(ensemble *e, int64_t count)
{
    DG_TRY(dg_alloc_zero(&e->members, count, sizeof *e->members));
    DG_TRY(dg_alloc(&e->weights, count, sizeof *e->weights));
    for (int64_t i = 0; i < count; i++) e->weights[i] = 1;
    return DG_OK;
}

static dg_status check_weights(const ensemble *e)
{
    double sum = 0;
    for (int i = 0; i < e->count; i++) {
        if (!(e->weights[i] >= 0 && isfinite(e->weights[i])))
            return dg_error(DG_INVALID,
                            "ensemble: weight %d must be a number of at least 0, found %g", i + 1,
                            e->weights[i]);
        sum += e->weights[i];
    }
    if (sum > 0 && isfinite(sum)) return DG_OK;
    return dg_error(DG_INVALID, "ensemble: one of the weights must be above 0");
}

static dg_status check_alike(const ensemble *e, int place)
{
    const dg_learner *first = e->members[0], *other = e->members[place];
    bool same = first->target == other->target && first->class_count == other->class_count;
    for (int64_t i = 0; same && i < first->class_count; i++)
        same = first->classes[i] == other->classes[i];
    if (!same)
        return dg_error(DG_INVALID,
                        "ensemble: members 1 (%s) and %d (%s) do not predict the same labels",
                        first->type->part.name, place + 1, other->type->part.name);
    if (dg_learner_row_size(first) == dg_learner_row_size(other)) return DG_OK;
    return dg_error(DG_INVALID,
                    "ensemble: member 1 (%s) takes rows of %" PRId64
                    " values, member %d (%s) rows of %" PRId64,
                    first->type->part.name, dg_learner_row_size(first), place + 1,
                    other->type->part.name, dg_learner_row_size(other));
}

/* Whether all are fitted; then they must predict the same. */
static dg_status check_members(const ensemble *e, bool *fitted)
{
    *fitted = true;
    for (int i = 0; i < e->count; i++) *fitted &= e->members[i]->fitted;
    for (int i = 1; *fitted && i < e->count; i++) DG_TRY(check_alike(e, i));
    return DG_OK;
}

/* Takes over what the members predict, once all are fitted; until it has, there is nothing to
 * predict. */
static dg_status join(ensemble *e)
{
    const dg_learner *first = e->members[0];
    bool fitted;
    e->base.fitted = false;
    dg_learner_free_classes(&e->base);
    DG_TRY(check_members(e, &fitted));
    if (!fitted) return DG_OK;
    e->base.row = first->row;
    if (first->target == DG_TARGET_LABELS) {
        const dg_dataset known = { .classes = first->classes,
                                   .class_count = first->class_count,
                                   .class_names = first->class_names };
        DG_TRY(dg_learner_adopt_classes(&e->base, &known));
    }
    e->base.target = first->target;
    e->base.fitted = true;
    return DG_OK;
}

/* That of a member which sees bytes as they are, as the ensemble does; else it is not known. */
static void take_range(ensemble *e)
{
    for (int i = e->count - 1; i >= 0; i--) {
        const dg_learner *member = e->members[i];
        if (member->type->byte_scale && member->type->byte_scale(member) != 1) continue;
        e->base.input_low = member->input_low;
        e->base.input_high = member->input_high;
    }
}

static dg_status fill(ensemble *e, int count, const dg_learner *const *members,
                      const double *weights)
{
    DG_TRY(make_room(e, count));
    for (int i = 0; i < count; i++) {
        dg_status status = dg_learner_copy(&e->members[i], members[i]);
        if (status != DG_OK) return dg_error_context(status, "ensemble: member %d", i + 1);
        e->count++;
        if (weights) e->weights[i] = weights[i];
    }
    DG_TRY(check_weights(e));
    DG_TRY(join(e));
    take_range(e);
    return DG_OK;
}

dg_status dg_ensemble_new(dg_learner **out, int count, const dg_learner *const *members,
                          const double *weights)
{
    *out = NULL;
    DG_TRY(check_count(count));
    DG_TRY(dg_learner_create(out, &dg_ensemble, NULL, members[0]->seed));
    dg_status status = fill(of(*out), count, members, weights);
    if (status == DG_OK) return DG_OK;
    dg_learner_free(*out);
    *out = NULL;
    return status;
}

/* --- fitting -------------------------------------------------------------------------------- */

/* Each on the same rows, one after another; the options of networks go to those that take them. */
static dg_status fit_member(ensemble *e, int place, const dg_dataset *set,
                            const dg_fit_options *options, const dg_job *job)
{
    dg_learner *member = e->members[place];
    dg_fit_result result;
    dg_fit_options own = { .seeded = options->seeded,
                           .seed = dg_key(options->seed, "member", (uint64_t)place) };
    if (options->resume == DG_RESUME_NO) own.resume = DG_RESUME_NO;
    if (member->type->fit_params == dg_ensemble.fit_params) own.own = options->own;
    member->changed = false;
    dg_status status = dg_learner_fit(member, set, &own, job, &result);
    e->base.changed |= member->changed;
    if (status == DG_OK) return DG_OK;
    return dg_error_context(status, "member %d (%s)", place + 1, member->type->part.name);
}

/* Also where one fails, others may have learnt what it does not know: they join again. */
static dg_status fit_members(ensemble *e, const dg_dataset *set, const dg_fit_options *options,
                             const dg_job *job)
{
    char message[DG_ERROR_SIZE];
    dg_status status = DG_OK;
    for (int i = 0; i < e->count && status == DG_OK; i++)
        status = fit_member(e, i, set, options, job);
    if (status == DG_OK) return join(e);
    snprintf(message, sizeof message, "%s", dg_error_message());
    (void)join(e);
    return dg_error(status, "%s", message);
}

static dg_status check_fit(const dg_dataset *set, const dg_fit_options *options, const dg_job *job)
{
    const dg_network_fit_options *own = options->own;
    DG_TRY(dg_stopping_check(options, NULL, set->target));
    if (own && (own->checkpoint || own->resume))
        return dg_error(DG_INVALID, "fit: an Ensemble has no checkpoints: fit its members before "
                                    "it is made of them");
    return dg_check_validation(set, options->validation, NULL, set->target, true, job);
}

static dg_status ensemble_fit(dg_learner *learner, const dg_dataset *set,
                              const dg_fit_options *options, const dg_job *job,
                              dg_fit_result *result)
{
    dg_log log = { .epoch = 1, .epochs = 1 };
    double start = dg_clock();
    DG_TRY(check_fit(set, options, job));
    DG_TRY(fit_members(of(learner), set, options, job));
    learner->changed = true;
    result->best_epoch = 1;
    log.seconds = dg_clock() - start;
    return dg_finish_whole_fit(learner, options, job, &log);
}

/* --- predicting ----------------------------------------------------------------------------- */

static dg_status add_outputs(const dg_learner *member, double weight, const dg_tensor *x,
                             const dg_job *job, int64_t count, double *sum)
{
    DG_OWNED_TENSOR outputs = { 0 };
    DG_TRY(dg_learner_outputs(member, x, job, &outputs));
    if (dg_tensor_count(&outputs) != count)
        return dg_error(DG_INVALID,
                        "predict: a member (%s) gave %" PRId64 " numbers, expected %" PRId64,
                        member->type->part.name, dg_tensor_count(&outputs), count);
    const float *from = dg_floats(&outputs);
    for (int64_t i = 0; i < count; i++) sum[i] += weight * (double)from[i];
    return DG_OK;
}

static dg_status ensemble_predict_proba(const dg_learner *learner, const dg_tensor *x,
                                        const dg_job *job, dg_tensor *out)
{
    const ensemble *e = (const ensemble *)learner;
    int64_t shape[] = { x->shape[0], learner->class_count ? learner->class_count : 1 };
    int64_t count = shape[0] * shape[1];
    DG_OWNED double *sum = NULL;
    DG_OWNED_TENSOR mean = { 0 };
    double total = 0;
    if (!learner->fitted) return dg_error(DG_INVALID, "predict: the model was never fitted");
    DG_TRY(dg_alloc_zero(&sum, count, sizeof *sum));
    DG_TRY(dg_tensor_new(&mean, DG_FLOAT32, 2, shape));
    for (int i = 0; i < e->count; i++) {
        if (e->weights[i] == 0) continue;
        DG_TRY(add_outputs(e->members[i], e->weights[i], x, job, count, sum));
        total += e->weights[i];
    }
    for (int64_t i = 0; i < count; i++) dg_floats(&mean)[i] = (float)(sum[i] / total);
    *out = DG_TAKE(mean);
    return DG_OK;
}

static dg_status ensemble_summary(const dg_learner *learner, char **out)
{
    const ensemble *e = (const ensemble *)learner;
    dg_text text = { 0 };
    dg_describe_learner(learner, &text);
    for (int i = 0; i < e->count; i++) {
        dg_text_add(&text, "\n%d, weight %g: ", i + 1, e->weights[i]);
        dg_describe_learner(e->members[i], &text);
    }
    return dg_text_take(&text, out);
}

static dg_status weights_tensor(const dg_learner *learner, dg_tensor *out)
{
    const ensemble *e = (const ensemble *)learner;
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 1, (int64_t[]){ e->count }));
    for (int i = 0; i < e->count; i++) dg_floats(out)[i] = (float)e->weights[i];
    return DG_OK;
}

/* --- files ---------------------------------------------------------------------------------- */

static void member_name(int place, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "member%d", place + 1);
}

static dg_status put_members(const ensemble *e, cJSON *root, dg_tensor_file *file)
{
    char name[NAME_SIZE];
    for (int i = 0; i < e->count; i++) {
        member_name(i, name);
        dg_status status = dg_learner_put(e->members[i], name, root, file);
        if (status != DG_OK) return dg_error_context(status, "member %d", i + 1);
    }
    return DG_OK;
}

static dg_status ensemble_describe(const dg_learner *learner, cJSON *root)
{
    const ensemble *e = (const ensemble *)learner;
    DG_CLEANUP(dg_tensor_file_release) dg_tensor_file unused = { 0 };
    cJSON *list;
    bool fitted;
    DG_TRY(check_members(e, &fitted)); /* what could not be read is not written */
    DG_TRY(dg_json_add(root, "members", dg_json_integer(e->count)));
    DG_TRY(dg_json_add_list(root, "weights", &list));
    for (int i = 0; i < e->count; i++)
        DG_TRY(dg_json_add(list, NULL, dg_json_number(e->weights[i])));
    return put_members(e, root, &unused);
}

static dg_status ensemble_store(const dg_learner *learner, dg_tensor_file *file)
{
    DG_OWNED_JSON *unused = cJSON_CreateObject();
    DG_TRY(dg_json_made(unused));
    return put_members((const ensemble *)learner, unused, file);
}

static dg_status read_weights(ensemble *e, const cJSON *root, int64_t count)
{
    const cJSON *list, *item;
    int64_t i = 0;
    DG_TRY(dg_json_member(root, "weights", cJSON_Array, &list));
    if (cJSON_GetArraySize(list) != count)
        return dg_error(DG_FORMAT, "'weights' has %d numbers, there are %" PRId64 " members",
                        cJSON_GetArraySize(list), count);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item))
            return dg_error(DG_FORMAT, "each of 'weights' must be a number, found %s",
                            dg_json_kind(item));
        e->weights[i++] = item->valuedouble;
    }
    return DG_OK;
}

static dg_status check_no_more(int64_t count, const dg_tensor_file *file)
{
    char name[NAME_SIZE];
    for (int i = 0; i < file->count; i++) {
        bool known = false;
        for (int k = 0; k < count && !known; k++) {
            member_name(k, name);
            known = dg_tensor_name_after(file->tensors[i].name, name);
        }
        if (!known)
            return dg_error(DG_FORMAT, "has a tensor '%.100s', which belongs to no member",
                            file->tensors[i].name);
    }
    return DG_OK;
}

static dg_status ensemble_restore(dg_learner *learner, const cJSON *root,
                                  const dg_tensor_file *file)
{
    ensemble *e = of(learner);
    const cJSON *item;
    int64_t count;
    char name[NAME_SIZE];
    DG_TRY(dg_json_member(root, "members", cJSON_Number, &item));
    DG_TRY(dg_json_whole(item, "'members'", 1, MOST_MEMBERS, &count));
    DG_TRY(make_room(e, count));
    DG_TRY(read_weights(e, root, count));
    DG_TRY(check_no_more(count, file));
    for (int i = 0; i < count; i++) {
        member_name(i, name);
        DG_TRY(dg_learner_get(&e->members[i], name, root, file));
        e->count++;
    }
    DG_TRY(dg_as_format_error(check_weights(e)));
    return dg_as_format_error(join(e));
}

/* --- as a learner --------------------------------------------------------------------------- */

static const dg_param params[] = { DG_END };

static const dg_attribute attributes[] = {
    { .name = "weights", .doc = "the weight of each member, {members}", .tensor = weights_tensor },
    { NULL },
};

const dg_learner_type dg_ensemble = {
    .part = { .kind = "learner",
              .name = "Ensemble",
              .alias = "ensemble",
              .doc = "learners that predict together, made by digits.ensemble",
              .params = params },
    .fit_params = dg_network_fit_params, /* for those members that are networks */
    .fit_size = sizeof(dg_network_fit_options),
    .size = sizeof(ensemble),
    .free = ensemble_free,
    .fit = ensemble_fit,
    .predict_proba = ensemble_predict_proba,
    .evaluate = dg_evaluate_outputs,
    .summary = ensemble_summary,
    .resumes = true,
    .takes_weights = true,
    .attributes = attributes,
    .describe = ensemble_describe,
    .store = ensemble_store,
    .restore = ensemble_restore,
};
