/* Permutation importance. */
#include "engine/importance.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"

struct permutation {
    const dg_learner *learner;
    const dg_dataset *set;
    int64_t repeats;
    uint64_t seed;
    double whole; /* the score with all columns in order */
    float *out;
};

/* Greater is better. */
static dg_status score_rows(const dg_learner *learner, const dg_dataset *set, const dg_tensor *x,
                            const dg_job *job, double *out)
{
    DG_OWNED_TENSOR found = { 0 };
    int64_t rows = x->shape[0];
    bool numbers = learner->target == DG_TARGET_NUMBERS;
    double sum = 0;
    DG_TRY(dg_learner_predict(learner, x, job, &found));
    for (int64_t i = 0; i < rows; i++) {
        if (numbers) {
            double error = (double)dg_floats(&found)[i] - (double)dg_dataset_number(set, i);
            sum -= error * error;
        } else {
            sum += dg_int32s(&found)[i] == dg_int32s(&set->labels)[i];
        }
    }
    *out = sum / (double)rows;
    return DG_OK;
}

static void shuffle_column(const dg_tensor *from, dg_tensor *to, int64_t feature,
                           const int64_t *order)
{
    int64_t rows = from->shape[0], values = dg_tensor_count(from) / rows;
    for (int64_t i = 0; i < rows; i++) {
        int64_t a = i * values + feature, b = order[i] * values + feature;
        if (from->dtype == DG_UINT8)
            dg_bytes(to)[a] = dg_bytes(from)[b];
        else
            dg_floats(to)[a] = dg_floats(from)[b];
    }
}

static bool is_constant(const dg_tensor *x, int64_t feature)
{
    int64_t rows = x->shape[0], values = dg_tensor_count(x) / rows;
    size_t size = dg_dtype_size(x->dtype);
    const char *first = (const char *)x->data + (size_t)feature * size;
    for (int64_t i = 1; i < rows; i++)
        if (memcmp(first, first + (size_t)(i * values) * size, size) != 0) return false;
    return true;
}

static dg_status shuffle_feature(const struct permutation *p, int64_t feature, dg_tensor *x,
                                 int64_t *order)
{
    const dg_job alone = { .threads = 1 };
    int64_t rows = x->shape[0];
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < p->repeats; r++) {
        double score;
        uint64_t key = dg_key(p->seed, "permutation", (uint64_t)(feature * p->repeats + r));
        dg_random_permutation(key, rows, order);
        shuffle_column(&p->set->x, x, feature, order);
        DG_TRY(score_rows(p->learner, p->set, x, &alone, &score));
        sum += p->whole - score;
        squares += (p->whole - score) * (p->whole - score);
    }
    double mean = sum / (double)p->repeats, variance = squares / (double)p->repeats - mean * mean;
    p->out[2 * feature] = (float)mean;
    p->out[2 * feature + 1] = (float)sqrt(variance > 0 ? variance : 0);
    return DG_OK;
}

static dg_status permute_piece(void *context, int64_t feature, int worker)
{
    const struct permutation *p = context;
    DG_OWNED_TENSOR x = { 0 };
    DG_OWNED int64_t *order = NULL;
    (void)worker;
    p->out[2 * feature] = p->out[2 * feature + 1] = 0;
    if (is_constant(&p->set->x, feature)) return DG_OK;
    DG_TRY(dg_tensor_copy(&x, &p->set->x));
    DG_TRY(dg_alloc(&order, x.shape[0], sizeof *order));
    return shuffle_feature(p, feature, &x, order);
}

dg_status dg_permutation_importance(const dg_learner *learner, const dg_dataset *set,
                                    int64_t repeats, uint64_t seed, const dg_job *job,
                                    dg_tensor *out)
{
    *out = (dg_tensor){ 0 };
    if (!learner->fitted) return dg_error(DG_INVALID, "the model was never fitted");
    if (repeats < 1)
        return dg_error(DG_INVALID, "repeats must be at least 1, found %" PRId64, repeats);
    if (dg_dataset_rows(set) == 0)
        return dg_error(DG_INVALID, "permutation_importance: the set has no rows");
    if (set->target != DG_TARGET_NUMBERS || learner->target != DG_TARGET_NUMBERS)
        DG_TRY(dg_dataset_want_labels(set, "permutation_importance"));
    DG_TRY(dg_learner_check_rows(learner, &set->x, "permutation_importance"));
    struct permutation p = { .learner = learner, .set = set, .repeats = repeats, .seed = seed };
    int64_t features = dg_dataset_row_size(set);
    DG_TRY(score_rows(learner, set, &set->x, job, &p.whole));
    DG_TRY(dg_tensor_new(out, DG_FLOAT32, 2, (int64_t[]){ features, 2 }));
    p.out = dg_floats(out);
    dg_status status = dg_parallel(job, features, permute_piece, &p);
    if (status != DG_OK) dg_tensor_release(out);
    return status;
}
