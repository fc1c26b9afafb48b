/* Plans: what they promise to layers and optimizers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/learner_metrics.h"
#include "engine/nn/optimizers/options.h"
#include "engine/nn/plan.h"
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

static void sizing_prepare(const void *options, const dg_layer_build *build, bool training,
                           void *prepared)
{
    (void)options;
    (void)training;
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
    dg_network_fit_options own = { .epochs = 2, .batch_size = 10 };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    prepared_times = 0;
    assert_ok(dg_learner_fit(&model->base, set, &options, &two_threads, &result));
    assert_int_equal(prepared_times, 2);
    dg_tensor found;
    assert_ok(dg_model_features(model, &set->x, last, &two_threads, &found));
    for (int64_t i = 0; i < 40 * 3; i++)
        assert_true(dg_floats(&found)[i] == dg_floats(&set->x)[i] * 3 * 3);
    assert_int_equal(prepared_times, 6); /* each thread has a plan of its own */
    dg_tensor_release(&found);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* --- weight gradients --------------------------------------------------------------------- */

/* A layer with a weight for each value, which notes whether it is asked for their gradient. */
static struct {
    dg_cut cut;
    _Atomic int asked, spared;
} watch;

static dg_status watching_build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = watch.cut;
    b->row_flops = 1 << 20; /* a piece for each row */
    dg_build_weight(b, 0, "scale", b->output, NULL, NULL);
    return DG_OK;
}

static dg_status watching_forward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    memcpy(pass->output, pass->input[0], (size_t)(pass->rows * size) * sizeof(float));
    return DG_OK;
}

static dg_status watching_backward(const dg_pass *pass)
{
    int64_t size = dg_shape_size(&pass->build->output);
    float *dw = pass->weight_gradient[0], *dx = pass->input_gradient[0];
    (*(dw ? &watch.asked : &watch.spared))++;
    for (int64_t i = 0; dw && i < size; i++) dw[i] = 1;
    if (dx) memcpy(dx, pass->output_gradient, (size_t)(pass->rows * size) * sizeof(float));
    return DG_OK;
}

static const dg_layer_type watching = {
    .part = { .kind = "layer", .name = "Watching", .params = no_params },
    .build = watching_build,
    .forward = watching_forward,
    .backward = watching_backward,
};

static void expect_asked(dg_model *model, const dg_dataset *set, bool trainable)
{
    double loss;
    watch.asked = watch.spared = 0;
    assert_ok(dg_model_set_trainable(model, 2, trainable));
    assert_ok(dg_model_compute_gradients(model, set, 0, &two_threads, &loss));
    int pieces = watch.cut == DG_CUT_ROWS ? 10 : 1;
    assert_int_equal(watch.asked, trainable ? pieces : 0);
    assert_int_equal(watch.spared, trainable ? 0 : pieces);
}

/* Neither where pieces of the batch leave their parts, nor where it is computed as a whole. */
static void test_frozen_layers_are_not_asked_for_gradients(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        dg_model *model;
        watch.cut = i ? DG_CUT_BATCH : DG_CUT_ROWS;
        assert_ok(dg_model_new(&model, 1));
        int node = network_add(model, -1, "Input", "shape=3");
        node = network_add(model, node, "Dense", "units=4");
        node = add(model, node, &watching.part);
        node = network_add(model, node, "Dense", "units=2 activation=softmax");
        assert_ok(dg_model_finish(model, node));
        network_compile(model, "SGD", "", "categorical_crossentropy");
        const dg_dataset *set = network_set(model, 10, 2, false, 1);
        expect_asked(model, set, true);
        expect_asked(model, set, false);
        expect_asked(model, set, true);
        dg_dataset_release(set);
        dg_model_free(model);
    }
}

/* --- optimizers that look at a weight as a whole ------------------------------------------ */

static const dg_param unit_params[] = { DG_LEARNING_RATE(0.5), DG_OPTIMIZER_OPTIONS, DG_END };

static int no_slots(const void *options)
{
    (void)options;
    return 0;
}

static dg_status unit_begin(const dg_update *whole, double *found)
{
    assert_true(found[0] == 0 && found[1] == 0 && whole->found[0] == 0);
    found[0] = (double)whole->count;
    for (int64_t i = 0; i < whole->count; i++)
        found[1] += (double)whole->gradient[i] * (double)whole->gradient[i];
    found[1] = sqrt(found[1]);
    return DG_OK;
}

/* Makes the step of the whole weight as long as the learning rate. */
static void unit_update(const dg_update *update)
{
    if (update->count > update->found[0]) return;
    for (int64_t i = 0; i < update->count; i++)
        update->weight[i] -=
            (float)(update->learning_rate * (double)update->gradient[i] / update->found[1]);
}

static const dg_optimizer_type unit = {
    .part = { .kind = "optimizer",
              .name = "Unit",
              .params = unit_params,
              .options_size = sizeof(dg_optimizer_options) },
    .slots = no_slots,
    .begin = unit_begin,
    .update = unit_update,
};

/* 150 x 100 numbers: more than go into one update. */
static dg_model *for_unit(void)
{
    dg_model *model;
    dg_part *recipe;
    dg_metric accuracy;
    assert_ok(dg_model_new(&model, 1));
    int node = network_add(model, -1, "Input", "shape=150");
    node = network_add(model, node, "Dense", "units=100 activation=tanh kernel_regularizer=l2");
    node = network_add(model, node, "BatchNormalization", "");
    node = network_add(model, node, "Dense", "units=2 activation=softmax");
    assert_ok(dg_model_finish(model, node));
    assert_ok(dg_part_begin(&unit.part, &recipe));
    assert_ok(dg_part_finish(recipe));
    const dg_part *loss = network_part("loss", "categorical_crossentropy", "");
    assert_ok(dg_metric_find(&accuracy, "accuracy"));
    assert_ok(dg_model_compile(model, recipe, loss, 1, &accuracy));
    dg_part_release(recipe);
    dg_part_release(loss);
    return model;
}

static void fit_steps(dg_model *model, const dg_dataset *set, int steps, int threads)
{
    dg_network_fit_options own = { .epochs = steps, .batch_size = dg_dataset_rows(set) };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    dg_job job = { .threads = threads };
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
}

static void test_optimizers_see_whole_weights(void **state)
{
    (void)state;
    dg_model *model = for_unit(), *other = for_unit();
    const dg_dataset *set = network_set(model, 30, 2, false, 1);
    float *before;
    double loss;
    assert_ok(dg_model_compute_gradients(model, set, 0, &two_threads, &loss));
    assert_ok(dg_alloc(&before, model->value_count, sizeof *before));
    memcpy(before, model->values, (size_t)model->value_count * sizeof *before);
    fit_steps(model, set, 1, 2);
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        double length = 0;
        for (int64_t k = 0; k < weight->size; k++) {
            double moved =
                (double)dg_model_weight(model, i)[k] - (double)before[weight->offset + k];
            length += moved * moved;
            if (weight->frozen) continue;
            assert_true(moved * (double)dg_model_gradient(model, i)[k] <= 0);
        }
        if (!weight->frozen) assert_true(fabs(sqrt(length) - 0.5) < 1e-4);
    }
    fit_steps(model, set, 4, 2);
    fit_steps(other, set, 1, 1);
    fit_steps(other, set, 4, 1);
    assert_memory_equal(model->values, other->values, (size_t)model->value_count * sizeof *before);
    dg_free(before);
    dg_dataset_release(set);
    dg_model_free(model);
    dg_model_free(other);
}

/* --- who owns a plan ---------------------------------------------------------------------- */

/* The memory of a plan is given back when its fit ends; gradients, classes and the like remain. */
/* --- sums over the batch ------------------------------------------------------------------ */

/* A network fitted for two epochs, on these threads. */
static dg_model *fitted(const char *layers, int64_t rows, int64_t batch, int threads)
{
    dg_model *model = network_of(layers);
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "SGD", "learning_rate=0.1", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, rows, 3, false, 1);
    dg_network_fit_options own = { .epochs = 2, .batch_size = batch };
    dg_fit_options options = { .own = &own };
    dg_fit_result result;
    dg_job job = { .threads = threads };
    assert_ok(dg_learner_fit(&model->base, set, &options, &job, &result));
    dg_dataset_release(set);
    return model;
}

static void expect_equal(dg_model *a, dg_model *b)
{
    assert_int_equal(a->value_count, b->value_count);
    assert_memory_equal(a->values, b->values, sizeof(float) * (size_t)a->value_count);
    for (int64_t i = 0; i < a->value_count; i++) assert_true(isfinite(a->values[i]));
    dg_model_free(a);
    dg_model_free(b);
}

#define TOP "Flatten; Dense units=3 activation=softmax"

/* Pieces of one row and of several, batches of one row, and a last batch of fewer. */
static void test_sums_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const char *const networks[] = {
        "Input shape=10,10,4; Conv2D filters=33 kernel_size=3,3 padding=same; BatchNormalization; "
        "Activation activation=relu; MaxPooling2D; Conv2D filters=9 kernel_size=3,3; "
        "BatchNormalization; Activation activation=relu;" TOP,
        "Input shape=10,10,4; BatchNormalization; BatchNormalization scale=false;" TOP,
        "Input shape=9; Dense units=40; BatchNormalization; Activation activation=relu; "
        "Dense units=3; BatchNormalization center=false; Activation activation=softmax",
    };
    static const int64_t batches[] = { 1, 20, 57 };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        for (int k = 0; k < 3; k++)
            for (int threads = 2; threads <= 5; threads += 3)
                expect_equal(fitted(networks[i], 58, batches[k], 1),
                             fitted(networks[i], 58, batches[k], threads));
}

/* What a relu is by itself it is within the layer that it follows, and backward within the pooling
 * that follows it. */
static void test_a_relu_within_a_layer_is_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *first, *then;
    } networks[] = {
        { "Conv2D filters=5 kernel_size=3,3; BatchNormalization; ", "Activation activation=relu;" },
        { "Conv2D filters=5 kernel_size=3,3 activation=relu; ", "MaxPooling2D;" },
        { "Conv2D filters=5 kernel_size=3,3; Activation activation=relu; ", "MaxPooling2D;" },
        { "Conv2D filters=5 kernel_size=3,3 activation=relu; ",
          "MaxPooling2D pool_size=3 strides=1 padding=same;" },
        { "Conv2D filters=5 kernel_size=3,3 activation=relu; ", "GlobalMaxPooling2D;" },
    };
    static const char *const middle[] = { "", "Rescaling scale=1; " };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        char text[2][300];
        for (int k = 0; k < 2; k++)
            snprintf(text[k], sizeof text[k], "Input shape=6,6,2; %s%s%s" TOP, networks[i].first,
                     middle[k], networks[i].then);
        expect_equal(fitted(text[0], 58, 20, 2), fitted(text[1], 58, 20, 2));
    }
}

static int64_t plan_bytes(const char *activation)
{
    char text[200];
    snprintf(text, sizeof text,
             "Input shape=12,12,1; Conv2D filters=8 kernel_size=5,5 activation=%s; "
             "MaxPooling2D; " TOP,
             activation);
    dg_model *model = network_of(text);
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    int64_t before = dg_memory_live();
    dg_plan *plan;
    assert_ok(dg_plan_new(&plan, model, 512, true, 2));
    int64_t bytes = dg_memory_live() - before;
    dg_plan_free(plan);
    dg_model_free(model);
    return bytes;
}

/* Where the pooling takes its derivative, what a relu makes is not kept. */
static void test_a_relu_before_pooling_is_not_kept(void **state)
{
    (void)state;
    int64_t output = 512 * 8 * 8 * 8 * 4;
    assert_true(plan_bytes("tanh") - plan_bytes("relu") > output / 2);
}

static void test_a_plan_ends_with_its_fit(void **state)
{
    (void)state;
    dg_model *model = network_of("Input shape=12,12,4; Conv2D filters=8 kernel_size=5,5; Flatten; "
                                 "Dense units=3 activation=softmax");
    assert_ok(dg_model_finish(model, model->node_count - 1));
    network_compile(model, "SGD", "", "categorical_crossentropy");
    const dg_dataset *set = network_set(model, 64, 3, false, 1);
    int64_t before = dg_memory_live(), output = 64 * 8 * 8 * 8 * 4;
    fit_steps(model, set, 1, 1);
    assert_true(dg_memory_live() - before < output / 2);
    dg_dataset_release(set);
    dg_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_layers_prepare_once_for_each_plan),
        leaving_nothing(test_frozen_layers_are_not_asked_for_gradients),
        leaving_nothing(test_optimizers_see_whole_weights),
        leaving_nothing(test_a_plan_ends_with_its_fit),
        leaving_nothing(test_sums_do_not_depend_on_threads),
        leaving_nothing(test_a_relu_within_a_layer_is_the_same),
        leaving_nothing(test_a_relu_before_pooling_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
