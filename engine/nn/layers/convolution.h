/* How to write a layer that convolves, and a method of computing convolutions.
 *
 * A convolution is three products: the outputs, the gradient of the kernel and that of the input.
 * Conv2D and DepthwiseConv2D are one; SeparableConv2D is two, one after the other; Conv2DTranspose
 * takes the gradient of the input for its output. A layer describes its convolution by a struct
 * conv2d_given, and builds, prepares and runs it by the functions below.
 *
 * Each product is computed by a method, a struct conv2d_method, that is chosen from the shapes
 * alone when the layer is built: the first of the product's list in convolution_layer.c that suits.
 * The direct ones (convolution_direct.c) suit all and end the lists. A new method is one file and a
 * line in a list.
 *
 * x {rows, height, width, channels}, W {window height, window width, channels / groups, filters},
 * b {filters}, y {rows, out height, out width, filters}. A group sees its own channels, and its
 * filters are neighbouring columns of W and of y. */
#ifndef DG_NN_LAYERS_CONVOLUTION_H
#define DG_NN_LAYERS_CONVOLUTION_H

#include "engine/nn/activation.h"
#include "engine/nn/layers/window.h"

/* The places of the weights in a pass; the bias may be NULL. */
enum { CONV2D_KERNEL, CONV2D_BIAS };

enum { CONV2D_OUTPUTS, CONV2D_KERNEL_GRADIENT, CONV2D_INPUT_GRADIENT, CONV2D_PRODUCTS };

/* What a convolution is, but for the shape of its input. */
struct conv2d_given {
    int64_t filters, groups;
    const int64_t *kernel_size, *strides, *dilation_rate; /* two each: height, width */
    int padding, activation;                              /* dg_padding, dg_activation */
};

/* For the check() of options: DG_INVALID if the strides and the dilation are both more than 1. */
dg_status dg_conv2d_check_dilation(const int64_t strides[2], const int64_t dilation_rate[2]);

/* Docs of options that layers share. */
#define DG_CONV2D_KERNEL_DOC "height and width of the window, in pixels"
#define DG_CONV2D_STRIDES_DOC "steps of the window down and across, in pixels"
#define DG_CONV2D_PADDING_DOC                                                                      \
    "valid: windows stay within the image; same: zeros around it keep its size"
#define DG_CONV2D_DILATION_DOC                                                                     \
    "distance between neighbouring pixels of a window, down and across; not together with strides"
#define DG_CONV2D_HINTS                                                                            \
    { DG_HINT_TRAINABLE },                                                                         \
        { "input_shape", "put nn.Input { height, width, channels } before it" },                   \
        { DG_HINT_DATA_FORMAT },                                                                   \
        { "in_channels", "the number of input channels is inferred; leave it out" },               \
        { "out_channels", "use filters" }, { "stride", "use strides" },                            \
        { "dilation", "use dilation_rate" },                                                       \
    {                                                                                              \
        "bias", "use use_bias"                                                                     \
    }

/* Follows from what is given and the shape of the input alone. Sizes in floats. */
struct conv2d {
    dg_window window;
    int64_t filters, pixels; /* pixels of an output */
    int64_t groups, group_channels, group_filters;
    int64_t taps; /* elements of a window that one group sees */
    int64_t in_size, out_size;
    dg_activation activation;
    const struct conv2d_method *method[CONV2D_PRODUCTS];
    int64_t room[CONV2D_PRODUCTS]; /* bytes from this struct to what each method has prepared */
};

/* DG_INVALID: the input is no image, or does not suit; or it is too large. */
dg_status dg_conv2d_of(const struct conv2d_given *given, const dg_shape *input, struct conv2d *out);

/* Chooses the methods; returns the bytes of all that is prepared, this struct at its head. */
int64_t dg_conv2d_plan(struct conv2d *c);
/* For any of the products, whose methods are chosen. */
int64_t dg_conv2d_scratch(const struct conv2d *c);

/* The products of one: those of a set, 1 << CONV2D_OUTPUTS | ..., of which the others are never
 * run. `prepared` becomes what dg_conv2d_plan has measured. */
enum { CONV2D_FORWARD = 1 << CONV2D_OUTPUTS, CONV2D_ALL = (1 << CONV2D_PRODUCTS) - 1 };
void dg_conv2d_prepare(const struct conv2d *of, unsigned products, void *prepared);
void dg_conv2d_derive(const float *kernel, unsigned products, void *prepared);
void dg_conv2d_run(const struct conv2d *c, int product, const dg_pass *pass, void *scratch);

/* A layer that is one convolution: all of its build() but the weights, whose places are those
 * above; prepare(), derive(), forward() and backward(). */
dg_status dg_conv2d_build(const struct conv2d_given *given, dg_layer_build *b, struct conv2d *out);
void dg_conv2d_prepare_layer(const struct conv2d_given *given, const dg_layer_build *build,
                             bool training, void *prepared);
void dg_conv2d_derive_layer(float *const *weight, bool training, void *prepared);
dg_status dg_conv2d_forward(const dg_pass *pass);
dg_status dg_conv2d_backward(const dg_pass *pass);

/* One run of a method: all rows of a pass, whose arrays it reads and writes as its product says:
 *     outputs          writes pass->output, from pass->input[0] and the weights, bias included, and
 *                      calls dg_conv2d_finish for each run of rows that it has written
 *     kernel gradient  assigns pass->weight_gradient[CONV2D_KERNEL], the sum over the rows, from
 *                      pass->input[0] and pass->output_gradient
 *     input gradient   assigns pass->input_gradient[0], from pass->output_gradient and the kernel
 * The direct methods multiply in pass->precision. Those by Winograd's algorithm stay with float32:
 * for four 3 x 3 convolutions with batch normalisation they take 0.56 of the instructions of the
 * direct ones in bfloat16, and their transforms would lose too much in factors of 8 bits. */
struct conv2d_run {
    const struct conv2d *c;
    const dg_pass *pass;
    const void *prepared; /* what prepare() left */
    void *scratch;        /* scratch_bytes, of this worker alone, aligned to 64 */
};

struct conv2d_method {
    bool (*suits)(const struct conv2d *c);             /* NULL: always */
    int64_t (*prepared_bytes)(const struct conv2d *c); /* NULL: nothing is prepared */
    int64_t (*scratch_bytes)(const struct conv2d *c);  /* NULL: none */
    /* Fills prepared_bytes, aligned to 64, once for each plan. */
    void (*prepare)(const struct conv2d *c, void *prepared);
    /* Fills those parts of it that follow from the kernel, whenever that has changed; NULL: there
     * are none. */
    void (*derive)(const struct conv2d *c, const float *kernel, void *prepared);
    void (*run)(const struct conv2d_run *run);
};

/* The outputs of rows first .. first+rows-1 are sums with the bias: what the layer does with them
 * then, while they are warm, is its activation. Once for each row, from first to last. */
void dg_conv2d_finish(const struct conv2d_run *run, int64_t first, int64_t rows);

/* Takes `count` elements of four bytes, aligned to 64, from a room of which `used` bytes are taken;
 * `base` NULL only measures. */
void *dg_conv2d_take(void *base, int64_t *used, int64_t count);

/* Groups of so few filters are not worth products of their own: the vectors are better filled by
 * products of columns (engine/tensor/product_columns.h), a column for each filter of all groups.
 * Each then needs its own channels beside those of the others: the image is spread to pixels
 * {channels of a group, filters} whose element (j, f) is channel j of the group of filter f. Where
 * a group has one channel and one filter, it is so already. */
static inline bool dg_conv2d_by_columns(const struct conv2d *c)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    double reach =
        (double)(y->in + dg_window_extent(y) - 1) * (double)(x->in + dg_window_extent(x) - 1);
    double pixel = (double)c->group_channels * (double)c->filters;
    return c->groups > 1 && c->group_filters <= 4 && reach * pixel <= INT32_MAX;
}

/* The image as the direct methods of the first two products read it: spread, if need be, with the
 * zeros around it that its windows reach into. */
struct conv2d_padding {
    int64_t height, width; /* in pixels */
    int64_t depth, step;   /* floats of a pixel; from a channel of a group to the next */
    int64_t size;          /* in floats; 0: it is the image as it is, and no copy is needed */
};
struct conv2d_padding dg_conv2d_padding(const struct conv2d *c);

/* `image` in that form, by way of `room`, which dg_conv2d_clear has filled with zeros. */
void dg_conv2d_clear(const struct conv2d_padding *padding, float *room);
const float *dg_conv2d_pad(const struct conv2d *c, const struct conv2d_padding *padding,
                           const float *image, float *room);

/* Offsets of a grid of height x width pixels, `down` and `across` floats apart, each of `depth`
 * elements, `step` floats apart. */
void dg_conv2d_offsets(int32_t *out, int64_t height, int64_t width, int64_t depth, int64_t down,
                       int64_t across, int64_t step);

/* A class of pixels on one axis of the image, for the gradient of the input: those whose place, the
 * padding before the image counted, leaves one rest when divided by the stride
 * (convolution_input.c). The pixel after n others reads `taps` outputs, as far apart as the window
 * is dilated, from output + n on, by the taps of that rest from the last to the first. */
struct conv2d_rest {
    int64_t first, pixels; /* of the image: from `first` on, a stride apart */
    int64_t taps;          /* of the window; may be 0 */
    int64_t output;        /* may lie before the first */
};

/* How many classes there are on both axes together, and the class of a number. */
int64_t dg_conv2d_rests(const struct conv2d *c);
void dg_conv2d_rest(const struct conv2d *c, int64_t number, struct conv2d_rest *y,
                    struct conv2d_rest *x);

/* The number in the window of the tap (i, j) of a class. */
static inline int64_t dg_conv2d_rest_tap(const struct conv2d *c, int64_t number, int64_t i,
                                         int64_t j)
{
    const dg_window_axis *y = &c->window.y, *x = &c->window.x;
    return (number / x->stride + i * y->stride) * x->size + number % x->stride + j * x->stride;
}

/* dy with the zeros around it that all classes reach into, in pixels. */
struct conv2d_reach {
    int64_t top, left, height, width;
};
struct conv2d_reach dg_conv2d_reach(const struct conv2d *c);

extern const struct conv2d_method dg_conv2d_winograd_outputs, dg_conv2d_winograd_kernel_gradient,
    dg_conv2d_winograd_input_gradient;
extern const struct conv2d_method dg_conv2d_direct_outputs, dg_conv2d_direct_kernel_gradient,
    dg_conv2d_direct_input_gradient;
extern const struct conv2d_method dg_conv2d_pointwise_outputs, dg_conv2d_pointwise_kernel_gradient,
    dg_conv2d_pointwise_input_gradient;

#endif
