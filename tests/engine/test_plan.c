/* Plans: what they promise to layers and optimizers. */
#include "tests/engine/network.h"

static const dg_job two_threads = { .threads = 2 };

static int add(dg_model *model, int input, const dg_descriptor *type)
{
    int node;
    dg_part *part;
    assert_ok(dg_part_begin(type, &part));
    assert_ok(dg_part_finish(part));
    assert_ok(dg_model_add(model, part, 1, &input, NULL, &node));
    dg_part_release(part);
    return node;
}

/* --- what layers prepare ------------------------------------------------------------------ */

/* A layer that multiplies by what it has prepared: the size of its row. */
static int prepared_times;

static dg_status sizing_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->prepared_bytes = sizeof(double);
    b->row_flops = 1 << 20; /* a piece for each row */
    return DG_OK;
}

static void sizing_prepare(const void *options, const dg_layer_build *build, void *prepared)
{
    (void)options;
    assert_true((uintptr_t)prepared % 64 == 0);
    *(double *)prepared = (double)dg_shape_size(&build->input[0]);
    prepared_times++;
}

static void multiply(const dg_pass *pass, const float *from, float *to)
{
    int64_t count = pass->rows * dg_shape_size(&pass->build->output);
    float factor = (float)*(const double *)pass->prepared;
    for (int64_t i = 0; i < count; i++) to[i] = from[i] * factor;
}

static dg_status sizing_forward(const dg_pass *pass)
{
    multiply(pass, pass->input[0], pass->output);
    return DG_OK;
}

static dg_status sizing_backward(const dg_pass *pass)
{
    if (pass->input_gradient[0]) multiply(pass, pass->output_gradient, pass->input_gradient[0]);
    return DG_OK;
}

static const dg_param no_params[] = { DG_END };

static const dg_layer_type sizing = {
    .part = { .kind = "layer", .name = "Sizing", .params = no_params },
    .build = sizing_build,
    .prepare = sizing_prepare,
    .forward = sizing_forward,
    .backward = sizing_backward,
};

static void test_layers_prepare_once_for_each_plan(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=3");
    node = add(model, node, &sizing.part);
    node = add(model, node, &sizing.part);
    int last = node;
    node = network_add(model, node, "Dense", "units=2 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 40, 2, false, 1);
    dg_network_fit own = { .epochs = 2, .batch_size = 10 };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    prepared_times = 0;
    assert_ok(dg_learner_fit(&model->base, set, &options, &two_threads, &result));
    assert_int_equal(prepared_times, 2);
    dg_tensor found;
    assert_ok(dg_model_features(model, &set->x, last, &two_threads, &found));
    for (int64_t i = 0; i < 40 * 3; i++)
        assert_true(dg_floats(&found)[i] == dg_floats(&set->x)[i] * 3 * 3);
    assert_int_equal(prepared_times, 4);
    dg_tensor_release(&found);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_layers_prepare_once_for_each_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
