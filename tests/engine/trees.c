/* Tables and learners for tests of trees. */
#include "tests/engine/trees.h"

#include <math.h>

#include "engine/base/random.h"

static double value_at(int label, int64_t column, bool bytes, uint64_t *state)
{
    bool leans = column % 3 == label % 3 && column < 6;
    if (!bytes) return (double)(support_random(state, 1000) + 300 * leans) / 8 - 60;
    return support_random(state, 4) ? 20.0 * leans * (double)support_random(state, 3)
                                    : (double)support_random(state, 200) + 50 * leans;
}

const dg_dataset *tree_set(int64_t rows, int64_t columns, int classes, bool bytes, bool holes,
                           uint64_t seed)
{
    uint64_t state = seed << 32;
    dg_tensor x, y;
    const dg_dataset *set;
    assert_ok(dg_tensor_new(&x, bytes ? DG_UINT8 : DG_FLOAT32, 2, (int64_t[]){ rows, columns }));
    assert_ok(dg_tensor_new(&y, DG_INT32, 1, &rows));
    for (int64_t i = 0; i < rows; i++) {
        int label = i < classes ? (int)i : (int)support_random(&state, classes);
        dg_int32s(&y)[i] = label;
        for (int64_t c = 0; c < columns; c++) {
            double value = value_at(label, c, bytes, &state);
            if (bytes)
                dg_bytes(&x)[i * columns + c] = (uint8_t)value;
            else
                dg_floats(&x)[i * columns + c] =
                    holes && support_random(&state, 8) == 0 ? NAN : (float)value;
        }
    }
    assert_ok(dg_dataset_new(&set, &x, &y, 0, NULL));
    dg_tensor_release(&x);
    dg_tensor_release(&y);
    return set;
}

dg_learner *tree_learner(const char *name, const char *options)
{
    dg_learner *learner;
    const dg_part *part = network_part("learner", name, options);
    assert_ok(dg_learner_new(&learner, part, 7));
    dg_part_release(part);
    return learner;
}

void tree_fit(dg_learner *learner, const dg_dataset *set, int threads)
{
    const dg_job job = { .threads = threads };
    dg_fit_options options = { 0 };
    dg_fit_result result;
    assert_ok(dg_learner_fit(learner, set, &options, &job, &result));
}

dg_tensor tree_chances(const dg_learner *learner, const dg_dataset *set, int threads)
{
    const dg_job job = { .threads = threads };
    dg_tensor out;
    assert_ok(dg_learner_outputs(learner, &set->x, &job, &out));
    for (int64_t i = 0; learner->target != DG_TARGET_NUMBERS && i < out.shape[0]; i++) {
        double sum = 0;
        for (int64_t k = 0; k < out.shape[1]; k++)
            sum += (double)dg_floats(&out)[i * out.shape[1] + k];
        assert_true(fabs(sum - 1) < 1e-5);
    }
    return out;
}
