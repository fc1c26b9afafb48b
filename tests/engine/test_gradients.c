/* The gradients of whole networks against finite differences of their loss, for each layer and each
 * loss. test_layers.c does the same for layers by themselves, in double precision.
 *
 * The loss is a double, but of float32 outputs, so it is off by about 1e-7. A difference of fourth
 * order over steps of H = 1/32,
 *     (8 (f(+H) - f(-H)) - (f(+2H) - f(-2H))) / 12 H,
 * makes about 3e-6 of that, and leaves about H^4 / 30 times the fifth derivative, no more. A step
 * must not cross a kink: weights stay farther than 2H from zero (L1), units of relu and its kin are
 * held on one side by their biases, and max-pooling sees one channel, whose order a positive factor
 * and a shift do not change. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/memory.h"
#include "engine/base/random.h"
#include "tests/engine/network.h"
#include "tests/engine/support.h"

static const double step = 1.0 / 32, absolute = 2e-5, relative = 2e-4;

enum { ROWS = 6, CLASSES = 3, SAMPLES = 24, DIRECTIONS = 4 };

/* How weights and rows are chosen. */
typedef enum { PLAIN, HELD, ORDERED, BYTES } weights_kind;

typedef struct network_recipe {
    const char *layers; /* "Input shape=4; Dense units=3" */
    weights_kind kind;
} network_recipe;

/* --- building ------------------------------------------------------------------------------- */

static dg_model *build(const char *layers)
{
    dg_model *model = network_of(layers);
    assert_ok(dg_model_finish(model, model->node_count - 1));
    return model;
}

/* From 0.1 to 0.4, of either sign. HELD: small kernels, biases far from zero in turn. ORDERED: the
 * first kernel is positive. */
static void choose_weights(const dg_model *model, weights_kind kind)
{
    for (int i = 0; i < model->weight_count; i++) {
        const dg_weight *weight = &model->weights[i];
        float *w = dg_model_weight(model, i);
        bool bias = strstr(weight->name, ".bias"), last = i >= model->weight_count - 2;
        if (weight->frozen) continue;
        dg_random_uniform(dg_key(7, "weight", (uint64_t)i), 0.1f, 0.4f, 0, weight->size, w);
        for (int64_t k = 0; k < weight->size; k++) {
            if (dg_random_word(9, (uint64_t)(100 * i + k)) & 1) w[k] = -w[k];
            if (kind == ORDERED && i == 0) w[k] = fabsf(w[k]);
            if (kind == HELD && !last) w[k] = bias ? (k % 2 ? 2.0f : -2.0f) : 0.25f * w[k];
        }
    }
}

/* Rows whose values are 0.1 apart, in random order: max-pooling has no ties. */
static const dg_dataset *ordered_set(const dg_model *model)
{
    const dg_dataset *random = network_set(model, ROWS, CLASSES, false, 3), *set;
    int64_t size = dg_dataset_row_size(random), order[64];
    assert_true(size <= 64);
    dg_tensor x;
    assert_ok(dg_tensor_copy(&x, &random->x));
    for (int64_t i = 0; i < ROWS; i++) {
        dg_random_permutation((uint64_t)i, size, order);
        for (int64_t j = 0; j < size; j++)
            dg_floats(&x)[i * size + j] = 0.1f * (float)order[j] - 0.05f * (float)size;
    }
    assert_ok(dg_dataset_new(&set, &x, &random->labels, 0, NULL));
    dg_tensor_release(&x);
    dg_dataset_release(random);
    return set;
}

/* Which parts of the registry the networks had, so that a new layer is not forgotten. */
static bool seen[256];

static void note_parts(const dg_model *model)
{
    for (int i = 0; dg_registry[i]; i++) {
        assert_in_range(i, 0, 255);
        for (int k = 0; k < model->layer_count; k++)
            seen[i] |= model->layers[k].part->type == dg_registry[i];
        seen[i] |= model->loss->type == dg_registry[i];
    }
}

/* --- checking ------------------------------------------------------------------------------- */

typedef struct check {
    dg_model *model;
    const dg_dataset *set;
    const char *what;
    float *values;    /* the weights as they were */
    float *gradients; /* at these */
    float *direction; /* one number for each value */
} check;

static double loss_at(const check *c, double distance)
{
    for (int64_t i = 0; i < c->model->value_count; i++)
        c->model->values[i] = (float)((double)c->values[i] + distance * (double)c->direction[i]);
    dg_job job = { .threads = 2 };
    double loss;
    assert_ok(dg_model_compute_gradients(c->model, c->set, 11, &job, &loss));
    return loss;
}

/* The derivative of the loss in the direction, by the gradient and by differences. */
static void check_direction(const check *c, const char *name, int64_t at)
{
    double expected = (8 * (loss_at(c, step) - loss_at(c, -step)) -
                       (loss_at(c, 2 * step) - loss_at(c, -2 * step))) /
                      (12 * step);
    double found = 0, scale = 0;
    for (int64_t i = 0; i < c->model->value_count; i++) {
        double part = (double)c->direction[i] * (double)c->gradients[i];
        found += part;
        scale = fmax(scale, fabs(part));
    }
    if (!(fabs(found - expected) <= absolute + relative * scale))
        fail_msg("%s: %s[%lld]: the gradient gives %.8g, differences %.8g", c->what, name,
                 (long long)at, found, expected);
}

static void check_weight(check *c, int index, uint64_t *random)
{
    const dg_weight *weight = &c->model->weights[index];
    float largest = 0;
    for (int64_t k = 0; k < weight->size; k++)
        largest = fmaxf(largest, fabsf(c->gradients[weight->offset + k]));
    if (!(largest > 10 * absolute))
        fail_msg("%s: %s has no gradient to speak of", c->what, weight->name);
    for (int n = 0; n < SAMPLES && n < weight->size; n++) {
        int64_t k = weight->size > SAMPLES ? support_random(random, weight->size) : n;
        c->direction[weight->offset + k] = 1;
        check_direction(c, weight->name, k);
        c->direction[weight->offset + k] = 0;
    }
}

/* All weights at once, as far as one weight goes in check_weight. */
static void check_directions(check *c, uint64_t *random)
{
    for (int n = 0; n < DIRECTIONS; n++) {
        for (int i = 0; i < c->model->weight_count; i++) {
            const dg_weight *weight = &c->model->weights[i];
            for (int64_t k = 0; k < weight->size && !weight->frozen; k++)
                c->direction[weight->offset + k] =
                    (float)(support_random(random, 2001) - 1000) / 1e4f;
        }
        check_direction(c, "all weights", n);
    }
    memset(c->direction, 0, sizeof(float) * (size_t)c->model->value_count);
}

static void check_gradients(dg_model *model, const dg_dataset *set, const char *what)
{
    check c = { .model = model, .set = set, .what = what };
    size_t bytes = sizeof(float) * (size_t)model->value_count;
    uint64_t random = 1;
    note_parts(model);
    assert_ok(dg_alloc(&c.values, model->value_count, sizeof(float)));
    assert_ok(dg_alloc(&c.gradients, model->value_count, sizeof(float)));
    assert_ok(dg_alloc_zero(&c.direction, model->value_count, sizeof(float)));
    memcpy(c.values, model->values, bytes);
    loss_at(&c, 0);
    memcpy(c.gradients, model->gradients, bytes);
    for (int i = 0; i < model->weight_count; i++)
        if (!model->weights[i].frozen) check_weight(&c, i, &random);
    check_directions(&c, &random);
    dg_free(c.values);
    dg_free(c.gradients);
    dg_free(c.direction);
}

static void check_network(const network_recipe *recipe, const char *loss)
{
    dg_model *model = build(recipe->layers);
    network_compile(model, "sgd", "", loss);
    choose_weights(model, recipe->kind);
    const dg_dataset *set = recipe->kind == ORDERED
                                ? ordered_set(model)
                                : network_set(model, ROWS, CLASSES, recipe->kind == BYTES, 3);
    char what[600];
    snprintf(what, sizeof what, "%s, %s", recipe->layers, loss);
    check_gradients(model, set, what);
    dg_dataset_release(set);
    dg_model_free(model);
}

/* Each with every loss that there is. */
static void check_networks(const network_recipe *networks, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; dg_registry[k]; k++)
            if (strcmp(dg_registry[k]->kind, "loss") == 0)
                check_network(&networks[i], dg_registry[k]->name);
}

#define CHECK_ALL(networks) check_networks(networks, (int)(sizeof networks / sizeof *networks))
#define TOP "; Dense units=3 activation=softmax"

/* --- the networks --------------------------------------------------------------------------- */

static void test_dense(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=5" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=tanh" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=sigmoid use_bias=false" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=softmax" TOP, PLAIN },
        { "Input shape=4; Dense units=6 activation=relu" TOP, HELD },
        { "Input shape=4; Dense units=6 activation=leaky_relu" TOP, HELD },
        { "Input shape=4; Dense units=6 activation=elu" TOP, HELD },
        { "Input shape=4; Dense units=6 activation=selu" TOP, HELD },
        { "Input shape=4; Dense units=5 activation=gelu" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=silu" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=softplus" TOP, PLAIN },
        { "Input shape=4; Dense units=5 activation=hard_sigmoid" TOP, PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_activation(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=5; Activation activation=tanh" TOP, PLAIN },
        { "Input shape=4; Dense units=5; Activation activation=sigmoid" TOP, PLAIN },
        { "Input shape=4; Dense units=5; Activation activation=softmax" TOP, PLAIN },
        { "Input shape=4; Dense units=6; Activation activation=relu" TOP, HELD },
        { "Input shape=4; Dense units=6; Activation activation=leaky_relu" TOP, HELD },
        { "Input shape=4; Dense units=6; PReLU" TOP, HELD },
        { "Input shape=4; Dense units=6; Activation activation=elu" TOP, HELD },
        { "Input shape=4; Dense units=5; Activation activation=gelu; Activation "
          "activation=silu" TOP,
          PLAIN },
        { "Input shape=4; Dense units=5; Activation activation=softplus" TOP, PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_conv2d(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=6,5,2; Conv2D filters=3 kernel_size=3; Flatten" TOP, PLAIN },
        { "Input shape=6,5,2; Conv2D filters=3 kernel_size=3,2 padding=same activation=tanh; "
          "Flatten" TOP,
          PLAIN },
        { "Input shape=5,5,2; Conv2D filters=4 kernel_size=2 groups=2 activation=tanh; "
          "Conv2D filters=4 kernel_size=2 groups=4; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,2; Conv2D filters=2 kernel_size=2 strides=2 activation=sigmoid; "
          "Flatten" TOP,
          PLAIN },
        { "Input shape=5,5,2; Conv2D filters=3 kernel_size=2 activation=gelu; "
          "Conv2D filters=2 kernel_size=2 activation=silu; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=3 strides=2 padding=same; "
          "Conv2D filters=3 kernel_size=2 use_bias=false activation=tanh; Flatten" TOP,
          PLAIN },
        { "Input shape=5,5,1; Conv2D filters=4 kernel_size=3 activation=relu; "
          "Conv2D filters=2 kernel_size=3 activation=relu; Flatten" TOP,
          HELD },
    };
    CHECK_ALL(networks);
}

static void test_other_convolutions(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=6,6,2; Conv2D filters=3 kernel_size=2 dilation_rate=2 activation=tanh; "
          "Flatten" TOP,
          PLAIN },
        { "Input shape=5,5,2; DepthwiseConv2D kernel_size=2 depth_multiplier=2 activation=tanh; "
          "Flatten" TOP,
          PLAIN },
        { "Input shape=5,5,2; SeparableConv2D filters=3 kernel_size=2 activation=gelu; "
          "SeparableConv2D filters=2 kernel_size=3 strides=2 padding=same; Flatten" TOP,
          PLAIN },
        { "Input shape=3,3,2; Conv2DTranspose filters=2 kernel_size=2 activation=silu; "
          "Conv2DTranspose filters=3 kernel_size=3 strides=2 padding=same; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_pooling(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=1; MaxPooling2D; Flatten" TOP, ORDERED },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=1; MaxPooling2D pool_size=3; "
          "Flatten" TOP,
          ORDERED },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=1; "
          "MaxPooling2D pool_size=3 strides=2 padding=same; Flatten" TOP,
          ORDERED },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=1; GlobalMaxPooling2D" TOP, ORDERED },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=2; AveragePooling2D; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=2; "
          "AveragePooling2D pool_size=3 strides=2 padding=same; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; Conv2D filters=4 kernel_size=2; GlobalAveragePooling2D" TOP, PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_normalisation(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=5 use_bias=false; BatchNormalization; Activation "
          "activation=tanh" TOP,
          PLAIN },
        { "Input shape=4; Dense units=5 use_bias=false; BatchNormalization scale=false "
          "epsilon=0.1" TOP,
          PLAIN },
        { "Input shape=5,4,1; Conv2D filters=3 kernel_size=2 use_bias=false; "
          "BatchNormalization center=false; Flatten" TOP,
          PLAIN },
        { "Input shape=9,9,4; Conv2D filters=24 kernel_size=3 use_bias=false; " /* two pieces */
          "BatchNormalization; Activation activation=tanh; GlobalAveragePooling2D" TOP,
          PLAIN },
        { "Input shape=4; BatchNormalization center=false; Dense units=5 use_bias=false; "
          "BatchNormalization center=false epsilon=1; BatchNormalization epsilon=1" TOP,
          PLAIN },
        { "Input shape=4; Dense units=5; LayerNormalization; Dense units=4 activation=tanh" TOP,
          PLAIN },
        { "Input shape=5,4,1; Conv2D filters=3 kernel_size=2; LayerNormalization axis=-2,-1; "
          "Flatten" TOP,
          PLAIN },
        { "Input shape=5,4,1; Conv2D filters=4 kernel_size=2 activation=tanh; "
          "GroupNormalization groups=2 epsilon=1; Flatten" TOP,
          PLAIN },
        { "Input shape=5,4,1; Conv2D filters=4 kernel_size=2 activation=tanh; "
          "GroupNormalization groups=-1 scale=false epsilon=1; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_images(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4,5,2; Conv2D filters=2 kernel_size=2; ZeroPadding2D padding=1,0,2,0; "
          "Conv2D filters=3 kernel_size=2; Cropping2D cropping=0,0,1,1; Flatten" TOP,
          PLAIN },
        { "Input shape=3,3,2; Conv2D filters=2 kernel_size=2; UpSampling2D; "
          "Conv2D filters=3 kernel_size=2; UpSampling2D size=1,3 interpolation=bilinear; "
          "Conv2D filters=2 kernel_size=3; Flatten" TOP,
          PLAIN },
        { "Input shape=3,4,2; Conv2D filters=3 kernel_size=2; Permute dims=3,1,2; "
          "Conv2D filters=2 kernel_size=2; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

/* The key is the same at every call, and so are the values that dropout takes away. */
static void test_dropout(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=8 activation=tanh; Dropout rate=0.5" TOP, PLAIN },
        { "Input shape=5,4,1; Conv2D filters=3 kernel_size=2; Dropout rate=0.3; Flatten" TOP,
          PLAIN },
        { "Input shape=5,4,1; Conv2D filters=3 kernel_size=2; SpatialDropout2D rate=0.3; "
          "AlphaDropout rate=0.2; GaussianNoise stddev=0.1; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

/* Layers that warp, joined, sampled one by one, and with a branch between. */
static void test_augmentation(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=2 activation=tanh; "
          "RandomTranslation height_factor=0.3 width_factor=0.2; RandomRotation factor=0.2; "
          "RandomZoom height_factor=0.3; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=2 activation=tanh; RandomFlip; "
          "RandomShear x_factor=0.3 y_factor=0.2; RandomErasing; "
          "RandomCrop height=3 width=4; RandomElasticTransform; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; Conv2D filters=2 kernel_size=2 activation=tanh; "
          "RandomTranslation height_factor=0.3 width_factor=0.2 fill_mode=constant fill_value=2.0; "
          "RandomRotation factor=0.2 fill_mode=wrap; RandomZoom height_factor=0.3 "
          "interpolation=nearest fill_mode=nearest; Flatten" TOP,
          PLAIN },
        { "Input shape=6,5,1; RandomRotation factor=0.2; Conv2D filters=2 kernel_size=2; "
          "RandomZoom height_factor=0.5; Conv2D filters=2 kernel_size=1; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_rest(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Rescaling scale=0.5 offset=0.25; Dense units=5 activation=tanh" TOP,
          PLAIN },
        { "Input shape=4; Rescaling scale=0.01 offset=-1; Dense units=5 activation=tanh" TOP,
          BYTES },
        { "Input shape=4; Dense units=5 activation=tanh" TOP, BYTES },
        { "Input shape=12; Dense units=12; Reshape target_shape=3,4,1; "
          "Conv2D filters=2 kernel_size=2; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

static void test_regularizers(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=5 kernel_regularizer=l1" TOP, PLAIN },
        { "Input shape=4; Dense units=5 kernel_regularizer=l2 bias_regularizer=l2" TOP, PLAIN },
        { "Input shape=5,4,1; Conv2D filters=3 kernel_size=2 kernel_regularizer=l2; Flatten" TOP,
          PLAIN },
    };
    CHECK_ALL(networks);
}

/* Where loss and last activation do not fuse. */
static void test_outputs(void **state)
{
    (void)state;
    static const network_recipe networks[] = {
        { "Input shape=4; Dense units=5 activation=tanh; Dense units=3 activation=sigmoid", PLAIN },
        { "Input shape=4; Dense units=5; Dense units=3; Activation activation=softmax", PLAIN },
        { "Input shape=4; Dense units=3 activation=softmax; Rescaling scale=0.5 offset=0.25",
          PLAIN },
    };
    CHECK_ALL(networks);
    static const network_recipe linear = {
        "Input shape=4; Dense units=5 activation=tanh; Dense units=3", PLAIN
    };
    check_network(&linear, "mean_squared_error");
    static const network_recipe normalized = {
        "Input shape=4; Dense units=3 use_bias=false; BatchNormalization", PLAIN
    };
    check_network(&normalized, "mean_squared_error");
}

/* Two branches joined; where their shapes differ, one is repeated. */
static void check_join(const char *name, const char *left, const char *right)
{
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int input = network_add(model, -1, "Input", "shape=4");
    int a = network_add(model, input, "Dense", "units=12 activation=tanh");
    int b = network_add(model, input, "Dense", right);
    a = network_add(model, a, "Reshape", left);
    if (strstr(left, ",")) b = network_add(model, b, "Reshape", "target_shape=1,-1");
    int join = network_join(model, a, b, name, "");
    join = network_join(model, a, join, name, "");
    int last = network_add(model, network_add(model, join, "Flatten", ""), "Dense",
                           "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, last));
    network_compile(model, "sgd", "", "categorical_crossentropy");
    choose_weights(model, PLAIN);
    const dg_dataset *set = network_set(model, ROWS, CLASSES, false, 3);
    check_gradients(model, set, name);
    dg_dataset_release(set);
    dg_model_free(model);
}

static void test_joins(void **state)
{
    (void)state;
    static const char *const names[] = { "Add", "Average", "Multiply" };
    for (int i = 0; i < 3; i++) {
        check_join(names[i], "target_shape=12", "units=12 activation=sigmoid");
        check_join(names[i], "target_shape=3,4", "units=4 activation=sigmoid");
    }
    check_join("Concatenate", "target_shape=12", "units=5 activation=sigmoid");
}

/* A residual block and a layer used twice: gradients from several ways are summed. */
static void test_branches(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int input = network_add(model, -1, "Input", "shape=4"), twice;
    int left = network_add(model, input, "Dense", "units=4 activation=tanh");
    int right = network_add(model, left, "Dense", "units=4 activation=sigmoid");
    const dg_part *shared = network_part("layer", "Dense", "units=4 activation=tanh");
    assert_ok(dg_model_add(model, shared, 1, &right, NULL, &right));
    int join = network_join(model, left, right, "Add", "");
    assert_ok(dg_model_add(model, shared, 1, &join, NULL, &twice));
    dg_part_release(shared);
    int last = network_add(model, twice, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, last));
    network_compile(model, "sgd", "", "categorical_crossentropy");
    choose_weights(model, PLAIN);
    const dg_dataset *set = network_set(model, ROWS, CLASSES, false, 3);
    check_gradients(model, set, "branches");
    dg_dataset_release(set);
    dg_model_free(model);
}

/* One layer that normalizes twice, and what it makes is read twice each time. */
static void test_branches_of_sums(void **state)
{
    (void)state;
    dg_model *model;
    assert_ok(dg_model_new(&model, 1));
    int input = network_add(model, -1, "Input", "shape=4"), first, second;
    int left = network_add(model, input, "Dense", "units=4 activation=tanh");
    const dg_part *shared = network_part("layer", "BatchNormalization", "epsilon=0.1");
    assert_ok(dg_model_add(model, shared, 1, &left, NULL, &first));
    int right = network_add(model, first, "Dense", "units=4 use_bias=false");
    int join = network_join(model, first, right, "Add", "");
    assert_ok(dg_model_add(model, shared, 1, &join, NULL, &second));
    dg_part_release(shared);
    right = network_add(model, second, "Activation", "activation=tanh");
    join = network_join(model, second, right, "Add", "");
    int last = network_add(model, join, "Dense", "units=3 activation=softmax");
    assert_ok(dg_model_finish(model, last));
    network_compile(model, "sgd", "", "categorical_crossentropy");
    choose_weights(model, PLAIN);
    const dg_dataset *set = network_set(model, ROWS, CLASSES, false, 3);
    check_gradients(model, set, "branches of sums");
    dg_dataset_release(set);
    dg_model_free(model);
}

static void test_nothing_forgotten(void **state)
{
    (void)state;
    for (int i = 0; dg_registry[i]; i++) {
        bool wanted =
            strcmp(dg_registry[i]->kind, "layer") == 0 || strcmp(dg_registry[i]->kind, "loss") == 0;
        if (wanted && !seen[i]) fail_msg("no network here has %s", dg_registry[i]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        leaving_nothing(test_dense),
        leaving_nothing(test_activation),
        leaving_nothing(test_conv2d),
        leaving_nothing(test_other_convolutions),
        leaving_nothing(test_pooling),
        leaving_nothing(test_normalisation),
        leaving_nothing(test_images),
        leaving_nothing(test_dropout),
        leaving_nothing(test_augmentation),
        leaving_nothing(test_rest),
        leaving_nothing(test_regularizers),
        leaving_nothing(test_outputs),
        leaving_nothing(test_joins),
        leaving_nothing(test_branches),
        leaving_nothing(test_branches_of_sums),
        leaving_nothing(test_nothing_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
