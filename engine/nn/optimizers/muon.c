/* Muon (Jordan et al. 2024) in Keras's form: the running mean of a matrix's gradient is made nearly
 * orthogonal by a few steps of an iteration of Newton and Schulz, which takes the place of its
 * singular values by others around 1. Other weights take AdamW's step. */
#include <math.h>

#include "engine/base/memory.h"
#include "engine/nn/optimizers/adam.h"
#include "engine/nn/optimizers/options.h"
#include "engine/tensor/product.h"

typedef struct {
    dg_optimizer_options base;
    dg_adam_rates rates;
    double adam_weight_decay, adam_lr_ratio;
    double momentum, muon_a, muon_b, muon_c, rms_rate;
    int64_t ns_steps;
    bool nesterov, convolutions, exclude_output;
} muon_options;

#define NUMBER(field, ...) DG_FLOAT(muon_options, field, .named_only = true, __VA_ARGS__)

static const dg_param params[] = {
    DG_LEARNING_RATE(0.001),
    { .name = "adam_beta_1",
      .type = DG_TYPE_FLOAT,
      .offset = offsetof(muon_options, rates.beta_1),
      DG_FROM_BELOW(0, 1),
      .default_number = 0.9,
      .doc = "of weights that are not matrices: decay rate of the running mean of the gradient" },
    { .name = "adam_beta_2",
      .type = DG_TYPE_FLOAT,
      .offset = offsetof(muon_options, rates.beta_2),
      DG_FROM_BELOW(0, 1),
      .default_number = 0.999,
      .doc = "of weights that are not matrices: decay rate of the running mean of its square" },
    DG_FLOAT(muon_options, adam_weight_decay, DG_AT_LEAST(0), .default_number = 0.004,
             .doc = "weight_decay of weights that are not matrices"),
    { .name = "epsilon",
      .type = DG_TYPE_FLOAT,
      .offset = offsetof(muon_options, rates.epsilon),
      DG_ABOVE(0),
      .default_number = 1e-7,
      .doc = "of weights that are not matrices: small number added to the root" },
    DG_WEIGHT_DECAY(0.004),
    NUMBER(momentum, DG_FROM_BELOW(0, 1), .default_number = 0.95,
           .doc = "of matrices: decay rate of the running sum of gradients"),
    DG_BOOL(muon_options, nesterov, .named_only = true, .default_number = 1,
            .doc = "look ahead by the momentum"),
    DG_INT(muon_options, ns_steps, DG_WITHIN(0, 100), .named_only = true, .default_number = 5,
           .doc = "steps of the iteration"),
    NUMBER(muon_a, .default_number = 3.4445,
           .doc = "its step makes a s + b s^3 + c s^5 of a singular value s: a,"),
    NUMBER(muon_b, .default_number = -4.775, .doc = "b,"),
    NUMBER(muon_c, .default_number = 2.0315, .doc = "and c"),
    NUMBER(rms_rate, DG_AT_LEAST(0), .default_number = 0.2,
           .doc = "steps are multiplied by this and the root of the longer side of the matrix, so "
                  "that they are as long as Adam's (Liu et al. 2025); 0: by neither"),
    NUMBER(adam_lr_ratio, DG_AT_LEAST(0), .default_number = 1,
           .doc = "the learning rate of weights that are not matrices, divided by learning_rate"),
    DG_BOOL(muon_options, convolutions, .named_only = true, .default_number = 1,
            .doc = "take the kernel of a convolution for a matrix {height * width * inputs, "
                   "outputs}, as Jordan has it; false: as other weights, as in Keras"),
    DG_BOOL(muon_options, exclude_output, .named_only = true,
            .doc = "take no weight of the last layer for a matrix, as Jordan advises"),
    DG_OPTIMIZER_OPTIONS,
    DG_END,
};

/* Of a matrix: the momentum, and what the iteration made of it. Of others: Adam's means. */
static int muon_slots(const void *options)
{
    (void)options;
    return 2;
}

/* --- the iteration ------------------------------------------------------------------------ */

/* {rows, columns}, rows <= columns. */
struct matrix {
    int64_t rows, columns;
    float *x, *turned, *next; /* {rows, columns}, {columns, rows}, {rows, columns} */
    float *square, *mixed;    /* {rows, rows} */
};

static void multiply(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c)
{
    dg_multiply(&(dg_product){ .m = m,
                               .n = n,
                               .k = k,
                               .a = { .at = a, .row_step = k, .depth_step = 1 },
                               .b = b,
                               .b_step = n,
                               .c = c,
                               .c_step = n });
}

/* x = a x + (b s + c s s) x, where s = x x'. */
static void step_matrix(const muon_options *o, struct matrix *m)
{
    float a = (float)o->muon_a, b = (float)o->muon_b, c = (float)o->muon_c;
    dg_transpose(m->rows, m->columns, m->x, m->columns, m->turned, m->rows);
    multiply(m->rows, m->rows, m->columns, m->x, m->turned, m->square);
    multiply(m->rows, m->rows, m->rows, m->square, m->square, m->mixed);
    for (int64_t i = 0; i < m->rows * m->rows; i++)
        m->mixed[i] = b * m->square[i] + c * m->mixed[i];
    multiply(m->rows, m->columns, m->rows, m->mixed, m->x, m->next);
    for (int64_t i = 0; i < m->rows * m->columns; i++) m->x[i] = a * m->x[i] + m->next[i];
}

/* `x` {rows, columns} is made nearly orthogonal. */
static dg_status orthogonalize(const muon_options *o, int64_t rows, int64_t columns, float *x)
{
    bool turns = rows > columns;
    int64_t count = rows * columns, side = turns ? columns : rows;
    DG_OWNED float *memory = NULL;
    DG_TRY(dg_alloc(&memory, (turns ? 3 : 2) * count + 2 * side * side, sizeof *memory));
    struct matrix m = { .rows = side,
                        .columns = turns ? rows : columns,
                        .x = turns ? memory + 2 * count + 2 * side * side : x,
                        .turned = memory,
                        .next = memory + count,
                        .square = memory + 2 * count,
                        .mixed = memory + 2 * count + side * side };
    float norm = (float)sqrt(dg_sum_of_squares(x, count)) + 1e-7f;
    for (int64_t i = 0; i < count; i++) x[i] /= norm;
    if (turns) dg_transpose(rows, columns, x, columns, m.x, rows);
    for (int64_t i = 0; i < o->ns_steps; i++) step_matrix(o, &m);
    if (turns) dg_transpose(columns, rows, m.x, rows, x, columns);
    return DG_OK;
}

/* --- the update --------------------------------------------------------------------------- */

/* Whether a weight is a matrix {rows, columns}. */
static bool is_matrix(const dg_update *whole, int64_t *rows, int64_t *columns)
{
    const muon_options *o = whole->options;
    const dg_ints *shape = whole->shape;
    if (shape->count != 2 && !(shape->count == 4 && o->convolutions)) return false;
    *columns = shape->at[shape->count - 1];
    *rows = whole->count / *columns;
    return !(o->exclude_output && whole->of_output);
}

/* found[0]: of a matrix, what its step is multiplied by; of others 0. */
static dg_status muon_begin(const dg_update *whole, double *found)
{
    const muon_options *o = whole->options;
    float *m = whole->slot[0], *direction = whole->slot[1], momentum = (float)o->momentum;
    int64_t rows, columns;
    if (!is_matrix(whole, &rows, &columns)) return DG_OK;
    for (int64_t i = 0; i < whole->count; i++) {
        float g = whole->gradient[i];
        m[i] = m[i] + (g + m[i] * (momentum - 1));
        direction[i] = o->nesterov ? g + momentum * m[i] : m[i];
    }
    double longer = (double)(rows > columns ? rows : columns);
    found[0] = o->rms_rate > 0 ? sqrt(longer) * o->rms_rate : 1;
    return orthogonalize(o, rows, columns, direction);
}

static void muon_update(const dg_update *u)
{
    const muon_options *o = u->options;
    if (u->found[0] > 0) {
        float rate = (float)(u->learning_rate * u->found[0]);
        for (int64_t i = 0; i < u->count; i++)
            u->weight[i] = u->weight[i] * u->keep - rate * u->slot[1][i];
        return;
    }
    dg_update adam = *u;
    adam.keep = (float)(1 - u->learning_rate * o->adam_weight_decay);
    adam.learning_rate *= o->adam_lr_ratio;
    dg_adam_step(&adam, &o->rates);
}

static const dg_hint hints[] = {
    DG_OPTIMIZER_HINTS, { DG_HINT_EPS },
    { DG_HINT_DECAY },  { "exclude_layers", "use exclude_output = true for the last layer" },
    { NULL },
};

const dg_optimizer_type dg_muon = {
    .part = { .kind = "optimizer",
              .name = "Muon",
              .alias = "muon",
              .doc = "steps of matrices are made nearly orthogonal, other weights take AdamW's "
                     "steps (Jordan et al. 2024)",
              .example = "nn.Muon { learning_rate = 2e-3, exclude_output = true }",
              .params = params,
              .options_size = sizeof(muon_options),
              .check = dg_check_optimizer,
              .hints = hints },
    .slots = muon_slots,
    .begin = muon_begin,
    .update = muon_update,
};
