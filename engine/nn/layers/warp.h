/* Sampling images elsewhere: what the layers that move, turn, stretch and deform them share.
 *
 * A pixel is read at a place between pixels, by one of two interpolations; places beyond the edges
 * are filled in one of four ways. Both are Keras's (and SciPy's map_coordinates, of order 1 and 0,
 * with a border of any width). */
#ifndef DG_NN_LAYERS_WARP_H
#define DG_NN_LAYERS_WARP_H

#include "engine/nn/layer.h"

typedef enum dg_fill_mode { DG_REFLECT, DG_WRAP, DG_CONSTANT, DG_NEAREST } dg_fill_mode;

/* The options of sampling: the options of a layer that warps begin with them. */
typedef struct dg_sampling {
    int fill_mode;
    int interpolation; /* 0: bilinear, 1: nearest */
    double fill_value;
} dg_sampling;

extern const char *const dg_fill_modes[], *const dg_interpolations[];

/* The parameters for these, in an options struct whose field `sampling` they are. */
#define DG_FILL_MODE(options)                                                                      \
    {                                                                                              \
        .name = "fill_mode", .type = DG_TYPE_CHOICE,                                               \
        .offset = offsetof(options, sampling.fill_mode), .choices = dg_fill_modes,                 \
        .doc = "what lies beyond the edges: reflect (d c b a | a b c d | d c b a), wrap "          \
               "(a b c d | a b c d | a b c d), constant (fill_value), nearest "                    \
               "(a a a a | a b c d | d d d d)"                                                     \
    }
#define DG_INTERPOLATION(options)                                                                  \
    {                                                                                              \
        .name = "interpolation", .type = DG_TYPE_CHOICE,                                           \
        .offset = offsetof(options, sampling.interpolation), .choices = dg_interpolations,         \
        .doc = "how a pixel is read between others"                                                \
    }
#define DG_FILL_VALUE(options)                                                                     \
    {                                                                                              \
        .name = "fill_value", .type = DG_TYPE_FLOAT,                                               \
        .offset = offsetof(options, sampling.fill_value),                                          \
        .doc = "value beyond the edges under fill_mode = \"constant\", on the scale of the "       \
               "layer's input: bytes come as value / 255, or as they are if nn.Rescaling follows"  \
    }
#define DG_WARP_SEED(options)                                                                      \
    DG_SEED(options, seed,                                                                         \
            .doc = "seed for the random numbers, combined with the seed of fit; default: the "     \
                   "layer's place in the model")

bool dg_same_sampling(const dg_sampling *a, const dg_sampling *b);

/* The build() of a layer that warps, or of another that changes images in training only: rows are
 * images {height, width, channels}, of at most 2^20 pixels a side. */
dg_status dg_image_build(const void *options, dg_layer_build *build);

/* The key of the random numbers of a pass: it follows from the seed of the layer or its place, from
 * the seed of fit and from the step. */
uint64_t dg_image_key(const dg_pass *pass, const dg_optional_seed *seed);

/* The first `count` random numbers in [0, 1) for row `row` of the pass: they follow from that key
 * and from the place of the row in the batch. */
void dg_row_random(const dg_pass *pass, const dg_optional_seed *seed, int64_t row, int count,
                   double *out);

/* The number at `u` (0 to 1) of the way from span[0] to span[1]. */
static inline double dg_between(const double span[2], double u)
{
    return span[0] + (span[1] - span[0]) * u;
}

/* Fills `warps` of a pass of a layer that warps, or composes its warps with those that are there:
 * of layers before it. */
void dg_warp_rows(const dg_layer_type *type, const dg_pass *pass, bool join);

/* Samples the image x, {height, width, channels}, for each pixel at a column and a line of its own;
 * and the gradient for x of such a sampling, added to dx. */
void dg_sample_image(const dg_sampling *sampling, const int64_t *shape, const float *columns,
                     const float *lines, const float *x, float *out);
void dg_sample_image_back(const dg_sampling *sampling, const int64_t *shape, const float *columns,
                          const float *lines, const float *g, float *dx);

/* The forward() and backward() of a layer that warps. */
dg_status dg_warp_forward(const dg_pass *pass);
dg_status dg_warp_backward(const dg_pass *pass);

#endif
