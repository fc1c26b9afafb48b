/* Dropout: in training, sets a share of the values to zero and makes up for it in the others.
 *
 * Value i of the batch is kept by 16 random bits: those of number i % 8 of Philox's block i / 8. */
#include "engine/base/kernel.h"
#include "engine/base/random.h"
#include "engine/nn/descriptors.h"

typedef struct {
    double rate;
    dg_optional_seed seed;
} dropout_options;

static const dg_param params[] = {
    DG_FLOAT(dropout_options, rate, .required = true, .high = 1, .high_open = true,
             .doc = "fraction of the values set to zero"),
    DG_SEED(dropout_options, seed,
            .doc = "what is dropped follows from this and the fit's seed; default: from the "
                   "latter and the layer's place"),
    DG_END
};

static dg_status build(const void *options, dg_layer_build *b)
{
    (void)options;
    b->output = b->input[0];
    b->cut = DG_CUT_ROWS;
    b->training_only = true;
    b->saved_row_bytes = dg_shape_size(&b->output);
    b->row_flops = 8 * dg_shape_size(&b->output);
    return DG_OK;
}

/* Sixteen blocks from `block` on: the kept numbers of 128 values, as bytes 0 or 1. */
enum { BLOCKS = 16, LANES = 8 };

static inline void draw(uint64_t key, uint64_t block, uint32_t limit, uint8_t *restrict kept)
{
    uint16_t bits[4][2][BLOCKS];
#pragma omp simd
    for (int b = 0; b < BLOCKS; b++) {
        uint32_t word[4];
        dg_philox(key, 0, block + (uint64_t)b, word);
        for (int w = 0; w < 4; w++) {
            bits[w][0][b] = (uint16_t)word[w];
            bits[w][1][b] = (uint16_t)(word[w] >> 16);
        }
    }
    for (int b = 0; b < BLOCKS; b++)
        for (int lane = 0; lane < LANES; lane++)
            kept[b * LANES + lane] = bits[lane / 2][lane % 2][b] >= limit;
}

/* Values first .. first+count-1 of the batch; arrays begin at the first. `limit` in 65536ths. */
DG_KERNEL static void drop(uint64_t key, uint32_t limit, float scale, int64_t first, int64_t count,
                           const float *restrict x, float *restrict y, uint8_t *restrict saved)
{
    uint8_t kept[BLOCKS * LANES];
    for (int64_t i = 0; i < count;) {
        int64_t skip = (first + i) % LANES, some = BLOCKS * LANES - skip;
        if (some > count - i) some = count - i;
        draw(key, (uint64_t)((first + i) / LANES), limit, kept);
        for (int64_t j = 0; j < some; j++) {
            saved[i + j] = kept[skip + j];
            y[i + j] = kept[skip + j] ? x[i + j] * scale : 0;
        }
        i += some;
    }
}

DG_KERNEL static void drop_backward(float scale, int64_t count, const uint8_t *restrict saved,
                                    const float *restrict g, float *restrict out)
{
    for (int64_t i = 0; i < count; i++) out[i] = saved[i] ? g[i] * scale : 0;
}

static dg_status forward(const dg_pass *pass)
{
    const dropout_options *o = pass->options;
    int64_t size = dg_shape_size(&pass->build->output), at = pass->begin * size;
    int64_t count = (pass->end - pass->begin) * size;
    uint32_t limit = (uint32_t)(o->rate * 65536 + 0.5);
    if (limit > 65535) limit = 65535;
    uint64_t key = o->seed.given ? dg_key(o->seed.value, "dropout", pass->key) : pass->key;
    drop(key, limit, (float)(1 / (1 - o->rate)), at, count, pass->input[0] + at,
         pass->output + at, (uint8_t *)pass->saved_rows + at);
    return DG_OK;
}

static dg_status backward(const dg_pass *pass)
{
    const dropout_options *o = pass->options;
    if (!pass->input_gradient[0]) return DG_OK;
    int64_t size = dg_shape_size(&pass->build->output), at = pass->begin * size;
    drop_backward((float)(1 / (1 - o->rate)), (pass->end - pass->begin) * size,
                  (const uint8_t *)pass->saved_rows + at, pass->output_gradient + at,
                  pass->input_gradient[0] + at);
    return DG_OK;
}

static const char *const hints[] = {
    "p", "use rate, the fraction set to zero", "noise_shape", "leave it out: values drop singly",
    NULL
};

const dg_layer_type dg_dropout = {
    .part = { .kind = "layer",
              .name = "Dropout",
              .alias = "dropout",
              .doc = "sets a share of the values to zero while training, so that none is relied "
                     "upon (Srivastava et al. 2014)",
              .example = "nn.Dropout { 0.5 }",
              .params = params,
              .options_size = sizeof(dropout_options),
              .hints = hints },
    .build = build,
    .forward = forward,
    .backward = backward,
};
